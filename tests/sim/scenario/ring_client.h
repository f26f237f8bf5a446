/* SPDX-License-Identifier: MIT
 * A small client of the driver's rings that lives in the kernel process, in a fake Windows process of its
 * own: for scenarios that test the driver without the DLL. Also the packets that such scenarios send, which
 * prove by their content who sent them, in which order, and that no byte changed. */
#ifndef SIM_RING_CLIENT_H
#define SIM_RING_CLIENT_H

#include <pthread.h>
#include "../ndis/ndis_control.h"
#include "driver/ioctl.h"

struct ring_client
{
    struct sim_process *process;
    uint64_t device, send_event, receive_event;
    uint32_t capacity;
    TUN_RING *send, *receive;                      /* user addresses, which the kernel process maps alike */
    uint32_t send_head, receive_tail;              /* what this side owns */
    pthread_mutex_t reader, writer;                /* several threads may read, several may write */
    _Atomic uint64_t reads, writes, full, wakeups; /* wakeups: waits that ended with a signal */
};

/* The control device of an adapter, as a DOS path with a terminator. */
void ring_client_path(uint32_t luid_index, uint16_t path[64]);
/* A process, its rings and events; not opened yet. */
struct ring_client *ring_client_create(uint32_t capacity);
/* Opens the adapter's device and registers. The handle stays open if registering fails. */
NTSTATUS ring_client_register(struct ring_client *client, uint32_t luid_index);
/* Both; the scenario fails if one does. */
struct ring_client *ring_client_open(struct sim_adapter *adapter, uint32_t capacity);
/* Closes the device (the driver ends the rings); the process goes on and may register again. */
void ring_client_disconnect(struct ring_client *client);
/* Disconnects if need be, ends the process, frees everything. */
void ring_client_close(struct ring_client *client);

/* Driver to client. Copies the next packet to data (64 KiB); false if there is none. */
bool ring_client_read(struct ring_client *client, uint8_t *data, uint32_t *length);
/* Waits for a packet as a version-1 client does: by the event. False after the time-out or at the ring's end.
 */
bool ring_client_wait(struct ring_client *client, uint8_t *data, uint32_t *length, unsigned timeout_ms);
/* Client to driver; false if the ring is full. Signals as the interface demands. */
bool ring_client_write(struct ring_client *client, const void *data, uint32_t length);
/* Waits for room. */
void ring_client_write_wait(struct ring_client *client, const void *data, uint32_t length);
/* Whether the driver has ended the ring. */
bool ring_client_ended(const struct ring_client *client);

/* ---- The driver with one adapter and one client ---- */

struct ring_fixture
{
    struct sim_driver *driver;
    struct sim_adapter *adapter;
    struct ring_client *client; /* NULL for capacity 0 */
};
void ring_fixture_start(struct ring_fixture *fixture, uint32_t capacity);
/* Client away, adapter removed, driver unloaded; what is NULL is done already. */
void ring_fixture_stop(struct ring_fixture *fixture);
/* What the adapter counts. */
NDIS_STATISTICS_INFO ring_fixture_statistics(const struct ring_fixture *fixture);

/* ---- Packets ---- */

#define TEST_PACKET_MIN_V4 40u
#define TEST_PACKET_MIN_V6 60u
/* A UDP packet of IP version 4 or 6 with a pattern that depends on sender and sequence. */
void test_packet_make(uint8_t *data, uint32_t length, unsigned version, uint32_t sender, uint64_t sequence);
/* Fails the scenario if a byte is not as made. */
void test_packet_check(const uint8_t *data, uint32_t length, uint32_t *sender, uint64_t *sequence);

#endif
