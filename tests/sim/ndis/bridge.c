/* SPDX-License-Identifier: MIT
 * An adapter's link to a Linux TUN device, so that Linux's own stack plays the stack above the miniport: what Linux
 * routes into the device goes down as chains of NBLs, one chain per burst; what the miniport indicates is written to
 * the device in the indicating thread. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "ndis_model.h"

#define BURST    64u
#define MAX_SIZE 0x10000u

struct sim_bridge
{
    struct sim_adapter *adapter;
    int tun, stop;
    pthread_t thread;
    uint8_t *buffers; /* BURST of MAX_SIZE */
    _Atomic uint64_t down, down_bytes, bursts, up, up_bytes, up_refused;
};

static void
to_linux(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    struct sim_bridge *bridge = context;
    (void)is_ipv6;
    ssize_t written;
    do
        written = write(bridge->tun, data, length);
    while (written < 0 && errno == EINTR);
    /* A device that is down, or a malformed packet: Linux drops it, as a stack does. */
    if (written == (ssize_t)length) {
        bridge->up++;
        bridge->up_bytes += length;
    } else
        bridge->up_refused++;
}

static unsigned
read_burst(struct sim_bridge *bridge, struct sim_packet packets[BURST])
{
    unsigned count = 0;
    while (count < BURST) {
        uint8_t *buffer = bridge->buffers + (size_t)count * MAX_SIZE;
        ssize_t length = read(bridge->tun, buffer, MAX_SIZE);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            break;
        packets[count++] = (struct sim_packet){buffer, (uint32_t)length};
        bridge->down_bytes += (uint64_t)length;
    }
    return count;
}

static void *
from_linux(void *context)
{
    struct sim_bridge *bridge = context;
    struct pollfd fds[2] = {{bridge->tun, POLLIN, 0}, {bridge->stop, POLLIN, 0}};
    struct sim_send_options options = {.at_dispatch = true};
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        if (fds[1].revents)
            break;
        struct sim_packet packets[BURST];
        unsigned count = read_burst(bridge, packets);
        if (!count)
            continue;
        bridge->down += count;
        bridge->bursts++;
        options.at_dispatch = bridge->bursts & 1;
        sim_stack_send(bridge->adapter, packets, count, &options, false, NULL);
    }
    sim_stack_release();
    return NULL;
}

struct sim_bridge *
sim_bridge_start(struct sim_adapter *adapter, int tun_fd)
{
    struct sim_bridge *bridge = calloc(1, sizeof(*bridge));
    bridge->adapter = adapter;
    bridge->tun = tun_fd;
    bridge->stop = eventfd(0, EFD_CLOEXEC);
    bridge->buffers = malloc((size_t)BURST * MAX_SIZE);
    fcntl(tun_fd, F_SETFL, fcntl(tun_fd, F_GETFL) | O_NONBLOCK);
    sim_stack_on_receive(adapter, to_linux, bridge);
    if (pthread_create(&bridge->thread, NULL, from_linux, bridge))
        sim_stop("the model has threads", "none for a bridge");
    return bridge;
}

struct sim_bridge_counts
sim_bridge_counts(const struct sim_bridge *bridge)
{
    return (struct sim_bridge_counts){
        .down = bridge->down,
        .down_bytes = bridge->down_bytes,
        .bursts = bridge->bursts,
        .up = bridge->up,
        .up_bytes = bridge->up_bytes,
        .up_refused = bridge->up_refused,
    };
}

void
sim_bridge_stop(struct sim_bridge *bridge)
{
    uint64_t one = 1;
    if (write(bridge->stop, &one, sizeof(one)) != sizeof(one))
        sim_stop("the model has events", "an eventfd does not take 1");
    pthread_join(bridge->thread, NULL);
    sim_stack_on_receive(bridge->adapter, NULL, NULL);
    while (bridge->adapter->indicating) /* the callback may be at work still */
        usleep(1000);
    close(bridge->stop);
    free(bridge->buffers);
    free(bridge);
}
