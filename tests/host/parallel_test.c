/* SPDX-License-Identifier: MIT
 *
 * Many packets by many threads, natively: the driver's send path, the rings, the session's readers and
 * writers, the driver's receive thread. PACKETS in the environment sets how many in all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ring.h"
#include "tests/unit/random.h"
#include "traffic.h"

#define CLIENT 1000u
/* Few packets go through a small ring, so that they too come round to the same bytes many times. */
#define CAPACITY (HOST_PACKETS > 1000000 ? 0x400000u : RING_MIN_CAPACITY)

static uint64_t seed, packets = HOST_PACKETS;

static void
run(traffic_config config, uint32_t capacity)
{
    sched_begin(0);
    host_enter_process(HOST_SYSTEM_PROCESS);
    assert_int_equal(host_driver_load(NDIS_RUNTIME_VERSION_630), STATUS_SUCCESS);
    config.adapter = host_adapter_create(7);
    assert_non_null(config.adapter);
    config.seed = seed;
    /* The sinks are there before anything can be indicated. */
    host_enter_process(CLIENT);
    config.session = WintunStartSession((WINTUN_ADAPTER_HANDLE)7, capacity);
    assert_non_null(config.session);
    assert_int_equal(host_adapter_link(config.adapter), MediaConnectStateConnected);
    host_adapter_restart(config.adapter);

    uint64_t begin = sched_time();
    traffic *t = traffic_start(&config);
    traffic_result result = traffic_finish(t);
    double seconds = (double)(sched_time() - begin) / 1e7;
    uint64_t through = result.read + result.received;
    print_message("%llu packets in %.1f s (%.2f million/s), %llu dropped for want of room, %llu lent\n",
                  (unsigned long long)through, seconds, (double)through / seconds / 1e6,
                  (unsigned long long)result.dropped, (unsigned long long)result.lent);
    assert_true(through >= config.out + config.in - 2 * TRAFFIC_THREADS);

    NDIS_STATISTICS_INFO info;
    assert_int_equal(host_adapter_query(config.adapter, OID_GEN_STATISTICS, &info, sizeof(info), NULL),
                     NDIS_STATUS_SUCCESS);
    assert_int_equal(info.ifHCOutUcastPkts, result.sent);
    assert_int_equal(info.ifOutDiscards, result.dropped);
    assert_int_equal(info.ifHCInUcastPkts, result.received);

    WintunEndSession(config.session);
    traffic_free(t);
    assert_int_equal(host_adapter_link(config.adapter), MediaConnectStateDisconnected);
    session_process_end();
    host_adapter_pause(config.adapter);
    host_enter_process(HOST_SYSTEM_PROCESS);
    host_adapter_halt(config.adapter);
    host_driver_unload();
    sched_end();
}

static void
parallel_senders_to_parallel_readers_lose_nothing(void **unused)
{
    (void)unused;
    run((traffic_config){.senders = 4, .readers = 4, .out = packets * 30 / 100, .largest = 65535}, CAPACITY);
}

static void
parallel_writers_to_stack_lose_nothing(void **unused)
{
    (void)unused;
    run((traffic_config){.writers = 4, .in = packets * 30 / 100, .largest = 65535}, CAPACITY);
}

static void
both_directions_at_once_lose_nothing(void **unused)
{
    (void)unused;
    run((traffic_config){.senders = 4,
                         .readers = 4,
                         .writers = 4,
                         .out = packets * 15 / 100,
                         .in = packets * 15 / 100,
                         .largest = 9000},
        CAPACITY / 4 > RING_MIN_CAPACITY ? CAPACITY / 4 : RING_MIN_CAPACITY);
}

/* With one reader the order of each sender is that of the ring, and every break of it is seen. */
static void
one_reader_sees_each_sender_in_order(void **unused)
{
    (void)unused;
    run((traffic_config){.senders = 4, .readers = 1, .out = packets * 8 / 100, .largest = 2000},
        CAPACITY / 4 > RING_MIN_CAPACITY ? CAPACITY / 4 : RING_MIN_CAPACITY);
}

static void
smallest_ring_with_largest_packets_loses_nothing(void **unused)
{
    (void)unused;
    run((traffic_config){.senders = 2,
                         .readers = 2,
                         .writers = 2,
                         .out = packets / 100,
                         .in = packets / 100,
                         .largest = 65535},
        RING_MIN_CAPACITY);
}

int
main(void)
{
    const char *given = getenv("PACKETS");
    if (given)
        packets = strtoull(given, NULL, 0);
    seed = random_seed("parallel_test");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parallel_senders_to_parallel_readers_lose_nothing),
        cmocka_unit_test(parallel_writers_to_stack_lose_nothing),
        cmocka_unit_test(both_directions_at_once_lose_nothing),
        cmocka_unit_test(one_reader_sees_each_sender_in_order),
        cmocka_unit_test(smallest_ring_with_largest_packets_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
