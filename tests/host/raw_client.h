/* SPDX-License-Identifier: MIT
 *
 * A client that registers rings by itself, as programs do that never load the DLL.
 */
#ifndef HOST_RAW_CLIENT_H
#define HOST_RAW_CLIENT_H

#include "host.h"
#include "ioctl.h"

typedef struct raw_client
{
    uint8_t *memory;
    HANDLE events[2], control;
    TUN_REGISTER_RINGS rings; /* good ones, RING_MIN_CAPACITY each */
} raw_client;

static inline raw_client
raw_client_open(uint32_t luid_index)
{
    raw_client c;
    NTSTATUS status;
    uint32_t size = RingSizeOf(RING_MIN_CAPACITY);
    c.memory = host_user_allocate(2 * size + PAGE_SIZE);
    c.events[0] = host_event_create(SynchronizationEvent);
    c.events[1] = host_event_create(SynchronizationEvent);
    c.control = host_control_open(luid_index, &status);
    host_check(c.control);
    c.rings = (TUN_REGISTER_RINGS){
        .Send = {size, (TUN_RING *)(void *)c.memory, c.events[0]},
        .Receive = {size, (TUN_RING *)(void *)(c.memory + size), c.events[1]},
    };
    return c;
}

static inline NTSTATUS
raw_client_register(raw_client *c)
{
    TUN_REGISTER_RINGS copy = c->rings;
    return host_control(c->control, TUN_IOCTL_REGISTER_RINGS, &copy, sizeof(copy), 0, NULL);
}

static inline void
raw_client_close(raw_client *c)
{
    host_handle_close(c->control);
    host_handle_close(c->events[0]);
    host_handle_close(c->events[1]);
    host_user_free(c->memory);
}

#endif
