/* SPDX-License-Identifier: MIT
 *
 * Traffic through driver and session in both directions at once. Each packet carries its sender, its number
 * and a pattern made from both; whoever gets it checks all of that and that it never came before.
 *
 *   senders -> SendNetBufferLists -> ring -> WintunReceivePacket -> readers    ("out" of the machine)
 *   writers -> WintunSendPacket -> ring -> driver's thread -> the stack's sink ("in")
 */
#ifndef HOST_TRAFFIC_H
#define HOST_TRAFFIC_H

#include "host.h"
#include "session_host.h"

#define TRAFFIC_THREADS 4

typedef struct traffic_config
{
    uint64_t seed;
    host_adapter *adapter;
    WINTUN_SESSION_HANDLE session;
    unsigned int senders, readers, writers;
    /* Packets that must get through in each direction; the threads of a direction share them. */
    uint64_t out, in;
    /* Whether sessions or the adapter may end meanwhile: then threads stop by themselves and loss is no
     * error. */
    bool lossy;
    uint32_t largest; /* packet size; at least TRAFFIC_SMALLEST */
} traffic_config;

#define TRAFFIC_SMALLEST 60u

typedef struct traffic traffic;

typedef struct traffic_result
{
    uint64_t sent, dropped, read; /* out */
    uint64_t written, received;   /* in */
    uint64_t lent;                /* received with NDIS_RECEIVE_FLAGS_RESOURCES */
} traffic_result;

/* Sets the adapter's sinks. One at a time per adapter. */
traffic *traffic_start(const traffic_config *config);
/* Waits until all is through, checks that nothing is lost, doubled or out of order. */
traffic_result traffic_finish(traffic *t);
/* Once nothing can be indicated to it any more. */
void traffic_free(traffic *t);
/* For lossy runs: the threads end as soon as they can. */
void traffic_stop(traffic *t);
#endif
