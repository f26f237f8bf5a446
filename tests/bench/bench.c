/* SPDX-License-Identifier: MIT
 *
 * What a packet costs in driver and session, compiled for the host, beside the copy that it takes in any case. Each
 * figure is a median of rounds that take turns, so that a slow moment of the machine meets all of them; what is worth
 * reading is the ratios. Nothing here says how fast the driver is on Windows, whose kernel is only a thin model here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "session_host.h"

#define CLIENT   1000u
#define CAPACITY 0x400000u
#define PACKETS  256u /* of a round's step: they fit into the ring */
#define STEPS    40u
#define ROUNDS   15u
#define LARGEST  9000u

enum figure
{
    COPY,        /* memcpy into a buffer as large as the ring */
    SEND_SINGLE, /* SendNetBufferLists, an NBL a call */
    SEND_CHAIN,  /* the same, 64 NBLs a call */
    READ,        /* WintunReceivePacket, WintunReleaseReceivePacket */
    WRITE,       /* WintunAllocateSendPacket, memcpy, WintunSendPacket; the driver's thread reads meanwhile */
    WRITE_TO_END, /* until the last of those is indicated */
    FIGURES
};
static const char *const names[FIGURES] = {
    "a copy alone",        "sent singly to the ring", "sent in chains of 64",
    "read by the program", "written by the program",  "written and indicated",
};

static uint8_t *flat, *source;
static volatile LONG64 indicated;

static uint64_t
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
take_received(void *context, NET_BUFFER_LIST *chain, ULONG count, bool resources)
{
    InterlockedExchangeAdd64(&indicated, count);
    if (!resources)
        host_adapter_return(context, chain);
}

static void
take_sent(void *context, NET_BUFFER_LIST *nbl)
{
    (void)context;
    host_check(nbl->Status == NDIS_STATUS_SUCCESS);
}

static uint64_t
time_copy(uint32_t size)
{
    uint64_t begin = now();
    for (uint32_t i = 0, at = 0; i < PACKETS; i++, at += size + 4)
        memcpy(flat + at, source + (size_t)i * size, size);
    return now() - begin;
}

static uint64_t
time_send(host_adapter *adapter, uint32_t size, uint32_t chain)
{
    static NET_BUFFER_LIST *nbls[PACKETS];
    for (uint32_t i = 0; i < PACKETS; i++)
        nbls[i] = host_nbl_create(source + (size_t)i * size, &size, 1, 0);
    for (uint32_t i = 0; i + 1 < PACKETS; i++)
        nbls[i]->Next = (i + 1) % chain ? nbls[i + 1] : NULL;
    uint64_t begin = now();
    for (uint32_t i = 0; i < PACKETS; i += chain)
        host_adapter_send(adapter, nbls[i], true);
    uint64_t end = now();
    for (uint32_t i = 0; i < PACKETS; i++)
        host_nbl_free(nbls[i]);
    return end - begin;
}

static uint64_t
time_read(WINTUN_SESSION_HANDLE session)
{
    DWORD size;
    uint64_t begin = now();
    for (uint32_t i = 0; i < PACKETS; i++) {
        BYTE *packet = WintunReceivePacket(session, &size);
        host_check(packet);
        WintunReleaseReceivePacket(session, packet);
    }
    uint64_t end = now();
    host_check(!WintunReceivePacket(session, &size));
    return end - begin;
}

static void
time_write(WINTUN_SESSION_HANDLE session, uint32_t size, uint64_t *written, uint64_t *through)
{
    LONG64 wanted = indicated + PACKETS;
    uint64_t begin = now();
    for (uint32_t i = 0; i < PACKETS; i++) {
        BYTE *packet = WintunAllocateSendPacket(session, size);
        host_check(packet);
        memcpy(packet, source + (size_t)i * size, size);
        WintunSendPacket(session, packet);
    }
    *written += now() - begin;
    while (ReadNoFence64(&indicated) < wanted) {
    }
    *through += now() - begin;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void
measure(host_adapter *adapter, WINTUN_SESSION_HANDLE session, uint32_t size)
{
    double figures[FIGURES][ROUNDS];
    for (uint32_t i = 0; i < PACKETS; i++)
        source[(size_t)i * size] = 0x45;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint64_t sum[FIGURES] = {0};
        for (uint32_t step = 0; step < STEPS; step++) {
            sum[COPY] += time_copy(size);
            sum[SEND_SINGLE] += time_send(adapter, size, 1);
            sum[READ] += time_read(session);
            sum[SEND_CHAIN] += time_send(adapter, size, 64);
            time_read(session);
            time_write(session, size, &sum[WRITE], &sum[WRITE_TO_END]);
        }
        for (int i = 0; i < FIGURES; i++)
            figures[i][round] = (double)sum[i] / (STEPS * PACKETS);
    }
    printf("\npackets of %u bytes            ns each   by the copy\n", size);
    for (int i = 0; i < FIGURES; i++)
        qsort(figures[i], ROUNDS, sizeof(double), compare);
    for (int i = 0; i < FIGURES; i++)
        printf("  %-28s %8.0f   %10.2f\n", names[i], figures[i][ROUNDS / 2],
               figures[i][ROUNDS / 2] / figures[COPY][ROUNDS / 2]);
}

int
main(void)
{
    static const uint32_t sizes[] = {64, 1400, LARGEST};
    flat = malloc(CAPACITY);
    source = malloc((size_t)PACKETS * LARGEST);
    memset(flat, 1, CAPACITY);
    memset(source, 2, (size_t)PACKETS * LARGEST);

    sched_begin(0);
    host_enter_process(HOST_SYSTEM_PROCESS);
    host_check(host_driver_load(NDIS_RUNTIME_VERSION_630) == STATUS_SUCCESS);
    host_adapter *adapter = host_adapter_create(7);
    host_check(adapter);
    host_adapter_set_sinks(adapter, take_received, take_sent, adapter);
    host_enter_process(CLIENT);
    WINTUN_SESSION_HANDLE session = WintunStartSession((WINTUN_ADAPTER_HANDLE)7, CAPACITY);
    host_check(session);
    host_adapter_restart(adapter);

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        measure(adapter, session, sizes[i]);

    WintunEndSession(session);
    session_process_end();
    host_adapter_pause(adapter);
    host_enter_process(HOST_SYSTEM_PROCESS);
    host_adapter_halt(adapter);
    host_driver_unload();
    sched_end();
    ledger_check_empty();
    free(flat);
    free(source);
    return 0;
}
