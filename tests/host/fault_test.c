/* SPDX-License-Identifier: MIT
 *
 * The k-th fallible call fails, for every k of a whole life: load, adapter, session, traffic, and back.
 * Whatever fails has to fail cleanly, leave nothing behind, and work when it is tried again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "traffic.h"
#include "raw_client.h"
#include "tests/unit/random.h"

#define CLIENT  1000u
#define LUID    7u
#define ADAPTER ((WINTUN_ADAPTER_HANDLE)(uintptr_t)LUID)

static uint64_t seed;

/* Runs step, and once more if it failed because of the fault. */
#define TRY_TWICE(Step)                                                                                      \
    do {                                                                                                     \
        if (!(Step)) {                                                                                       \
            host_check(fault_fired(NULL));                                                                   \
            if (!(Step))                                                                                     \
                host_fail("the second try fails as well");                                                   \
        }                                                                                                    \
    } while (0)

static host_adapter *adapter;
static WINTUN_SESSION_HANDLE session;

static bool
load(void)
{
    return NT_SUCCESS(host_driver_load(NDIS_RUNTIME_VERSION_630));
}

static bool
create(void)
{
    adapter = host_adapter_create(LUID);
    return adapter != NULL;
}

static bool
start(void)
{
    SetLastError(ERROR_SUCCESS);
    session = WintunStartSession(ADAPTER, RING_MIN_CAPACITY);
    /* A failure always has a cause. */
    host_check(session || GetLastError() != ERROR_SUCCESS);
    /* A failed start leaves the link as it was. */
    host_check(host_adapter_link(adapter) ==
               (session ? MediaConnectStateConnected : MediaConnectStateDisconnected));
    return session != NULL;
}

/* Returns whether the fault came. */
static bool
live_with_fault(unsigned long k, const char **what)
{
    sched_begin(0);
    host_enter_process(HOST_SYSTEM_PROCESS);
    fault_arm(k);
    TRY_TWICE(load());
    TRY_TWICE(create());
    host_enter_process(CLIENT);
    TRY_TWICE(start());
    host_adapter_restart(adapter);
    traffic_config config = {.seed = seed,
                             .adapter = adapter,
                             .session = session,
                             .senders = 1,
                             .readers = 1,
                             .writers = 1,
                             .out = 50,
                             .in = 50,
                             .largest = 3000};
    traffic *t = traffic_start(&config);
    traffic_finish(t);
    WintunEndSession(session);
    TRY_TWICE(start());
    WintunEndSession(session);
    traffic_free(t);
    bool fired = fault_fired(what);
    fault_arm(0);
    session_process_end();
    host_adapter_pause(adapter);
    host_enter_process(HOST_SYSTEM_PROCESS);
    host_adapter_halt(adapter);
    host_driver_unload();
    sched_end();
    return fired;
}

static void
every_fallible_call_may_fail_once(void **unused)
{
    (void)unused;
    struct
    {
        const char *what;
        unsigned long times;
    } failed[32] = {{0}};
    unsigned long k = 1, step = 1;
    const char *what;

    while (host_set_label("fault", k), live_with_fault(k, &what)) {
        unsigned int i = 0;
        if (step > 1 && strcmp(what, "NdisAllocateMdl") &&
            strcmp(what, "NdisAllocateNetBufferAndNetBufferList")) {
            k -= step - 1; /* past the arena: go back to where the sampling left it */
            step = 1;
            continue;
        }
        while (failed[i].what && strcmp(failed[i].what, what))
            i++;
        failed[i].what = what;
        failed[i].times++;
        /* The buffers of the arena are all alike: a sample of them is enough, of both kinds of call. */
        if (failed[i].times == 8 && !strcmp(what, "NdisAllocateMdl") && !getenv("EVERY_FAULT"))
            step = 37;
        k += step;
    }
    for (unsigned int i = 0; failed[i].what; i++)
        print_message("%5lu  %s\n", failed[i].times, failed[i].what);
    assert_true(k > 1000); /* the arena alone has an MDL and an NBL for each of its buffers */
}

/* ---- What a client may pass ---- */

static void
bad_registrations_are_refused_one_by_one(void **unused)
{
    (void)unused;
    sched_begin(0);
    host_enter_process(HOST_SYSTEM_PROCESS);
    assert_true(load() && create());
    host_enter_process(CLIENT);
    raw_client r = raw_client_open(LUID);
    TUN_REGISTER_RINGS good = r.rings;
    TUN_RING *send = good.Send.Ring, *receive = good.Receive.Ring;
    TUN_ADAPTER_IDENTITY identity;
    ULONG_PTR written;

#define REFUSED(Change, Expected)                                                                            \
    do {                                                                                                     \
        r.rings = good;                                                                                      \
        Change;                                                                                              \
        assert_int_equal((ULONG)raw_client_register(&r), (ULONG)(Expected));                                 \
        memset(r.memory, 0, 2 * good.Send.RingSize);                                                         \
    } while (0)
    REFUSED(r.rings.Send.RingSize = 0, STATUS_INVALID_PARAMETER);
    REFUSED(r.rings.Send.RingSize = 0xFFFFFFFFu, STATUS_INVALID_PARAMETER);
    REFUSED(r.rings.Send.RingSize += 4, STATUS_INVALID_PARAMETER);
    REFUSED(r.rings.Receive.RingSize = RingSizeOf(RING_MAX_CAPACITY * 2), STATUS_INVALID_PARAMETER);
    REFUSED(r.rings.Send.Ring = NULL, STATUS_INVALID_PARAMETER);
    REFUSED(r.rings.Send.Ring = (TUN_RING *)(void *)(r.memory + 1), STATUS_INVALID_PARAMETER);
    REFUSED(r.rings.Receive.Ring = (TUN_RING *)(void *)(r.memory + 4), STATUS_INVALID_PARAMETER);
    REFUSED(r.rings.Receive.Ring = send, STATUS_INVALID_PARAMETER);
    REFUSED(r.rings.Send.Ring = (TUN_RING *)(uintptr_t)0xFFFFFFFFFFFFFF00ull, STATUS_INVALID_PARAMETER);
    REFUSED(r.rings.Send.TailMoved = NULL, STATUS_INVALID_HANDLE);
    REFUSED(r.rings.Receive.TailMoved = r.control, STATUS_OBJECT_TYPE_MISMATCH);
    REFUSED(r.rings.Receive.RingSize = RingSizeOf(RING_MAX_CAPACITY), STATUS_ACCESS_VIOLATION);
    REFUSED(RingStoreHeadRelease(send, RING_MIN_CAPACITY), STATUS_INVALID_PARAMETER);
    REFUSED(RingStoreTailRelease(send, 2), STATUS_INVALID_PARAMETER);
    REFUSED(RingStoreHeadRelease(receive, RING_CLOSED), STATUS_INVALID_PARAMETER);
    REFUSED(RingStoreTailRelease(receive, 1u << 31), STATUS_INVALID_PARAMETER);
#undef REFUSED

    r.rings = good;
    assert_int_equal(
        (ULONG)host_control(r.control, TUN_IOCTL_REGISTER_RINGS, &r.rings, sizeof(r.rings) - 1, 0, NULL),
        (ULONG)STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal((ULONG)host_control(r.control, TUN_IOCTL_REGISTER_RINGS + 0x100, NULL, 0, 0, NULL),
                     (ULONG)STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(
        (ULONG)host_control(r.control, TUN_IOCTL_QUERY_IDENTITY, &identity, 0, sizeof(identity) - 1, NULL),
        (ULONG)STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(
        host_control(r.control, TUN_IOCTL_QUERY_IDENTITY, &identity, 0, sizeof(identity), &written), 0);
    assert_int_equal(written, sizeof(identity));
    assert_int_equal(identity.NetCfgInstanceId.Data1, 0x01234567);

    /* After all that the good one works, once. */
    assert_int_equal(raw_client_register(&r), STATUS_SUCCESS);
    assert_int_equal((ULONG)raw_client_register(&r), (ULONG)STATUS_ALREADY_INITIALIZED);
    raw_client_close(&r);
    host_enter_process(HOST_SYSTEM_PROCESS);
    host_adapter_halt(adapter);
    host_driver_unload();
    sched_end();
}

/* ---- A client that writes nonsense into its rings ends its own session and nothing else ---- */

typedef void nonsense(TUN_RING *receive);

static void
tail_out_of_range(TUN_RING *receive)
{
    RingStoreTailRelease(receive, RING_MIN_CAPACITY);
}

static void
tail_unaligned(TUN_RING *receive)
{
    RingStoreTailRelease(receive, 6);
}

static void
packet_longer_than_the_content(TUN_RING *receive)
{
    RingWritePacketSize(receive, 0, 100);
    RingStoreTailRelease(receive, 100);
}

static void
packet_of_impossible_size(TUN_RING *receive)
{
    RingWritePacketSize(receive, 0, 0xFFFFFFF0u);
    RingStoreTailRelease(receive, 1000);
}

static void
ignore_receive(void *context, NET_BUFFER_LIST *chain, ULONG count, bool resources)
{
    (void)context;
    (void)count;
    if (!resources)
        host_adapter_return(adapter, chain);
}

static void
client_nonsense_ends_its_session(void **unused)
{
    (void)unused;
    static nonsense *const ways[] = {tail_out_of_range, tail_unaligned, packet_longer_than_the_content,
                                     packet_of_impossible_size};
    sched_begin(0);
    host_enter_process(HOST_SYSTEM_PROCESS);
    assert_true(load() && create());
    host_adapter_set_sinks(adapter, ignore_receive, NULL, NULL);
    host_adapter_restart(adapter);
    for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        host_enter_process(CLIENT);
        raw_client r = raw_client_open(LUID);
        assert_int_equal(raw_client_register(&r), STATUS_SUCCESS);
        ways[i](r.rings.Receive.Ring);
        KeSetEvent(host_event_of(r.events[1]), 0, FALSE);
        /* The driver says that it will not read on. */
        uint64_t end = sched_time() + 50000000;
        while (RingLoadHeadAcquire(r.rings.Receive.Ring) != RING_CLOSED) {
            if (sched_time() > end)
                fail_msg("way %u goes unnoticed", i);
            sched_relax();
        }
        raw_client_close(&r);
    }
    host_enter_process(HOST_SYSTEM_PROCESS);
    host_adapter_pause(adapter);
    host_adapter_halt(adapter);
    host_driver_unload();
    sched_end();
}

int
main(void)
{
    seed = random_seed("fault_test");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fallible_call_may_fail_once),
        cmocka_unit_test(bad_registrations_are_refused_one_by_one),
        cmocka_unit_test(client_nonsense_ends_its_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
