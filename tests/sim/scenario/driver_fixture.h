/* SPDX-License-Identifier: MIT
 * A loaded driver, adapters, and a client in a pretended process, for scenarios about the driver's life. */
#ifndef SIM_DRIVER_FIXTURE_H
#define SIM_DRIVER_FIXTURE_H

#include "../ndis/ndis_control.h"
#include "scenario.h"
#include "ioctl.h"

/* The driver under test; fails if it cannot be loaded. */
struct sim_driver *fixture_load(void);
void fixture_unload(struct sim_driver *driver);
/* A running adapter with that LUID index. */
struct sim_adapter *fixture_adapter(struct sim_driver *driver, uint32_t luid_index);

/* A client with two rings of the smallest capacity, not registered yet. */
struct fake_client
{
    struct sim_process *process;
    struct sim_adapter *adapter;
    uint64_t handle, send_event, receive_event;
    TUN_RING *send, *receive;
    uint32_t ring_size;
};
/* Opens the adapter's device; fails if that fails. */
void fake_open(struct fake_client *client, struct sim_process *process, struct sim_adapter *adapter);
NTSTATUS fake_try_open(struct fake_client *client, struct sim_process *process, struct sim_adapter *adapter,
                       const char *suffix, uint32_t access);
NTSTATUS fake_register(const struct fake_client *client);
/* The structure that fake_register sends, for those that want it wrong. */
size_t fake_request(const struct fake_client *client, void *request);
NTSTATUS fake_send_request(const struct fake_client *client, const void *request, size_t size);
/* Whether the driver has marked the send ring as closed. */
bool fake_ended(const struct fake_client *client);
/* A packet of `length` bytes into the receive ring, signalled. */
void fake_put(const struct fake_client *client, uint32_t length, uint32_t mark);
/* Ends the process as Windows would. */
void fake_exit(struct fake_client *client);

#endif
