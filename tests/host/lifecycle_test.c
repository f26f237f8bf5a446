/* SPDX-License-Identifier: MIT
 *
 * Everything that begins and ends while packets pass: sessions, pause and restart, power, removal, the death
 * of a client. Run under the seeded scheduler for many seeds (SEEDS=first:last in the environment; a single
 * seed replays a failure), or natively for ThreadSanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "traffic.h"
#include "ioctl.h"
#include "tests/unit/random.h"

#define CLIENT   1000u
#define DOOMED   2000u
#define LUID     7u
#define CAPACITY RING_MIN_CAPACITY
#define ADAPTER  ((WINTUN_ADAPTER_HANDLE)(uintptr_t)LUID)

static uint64_t first_seed = 1, last_seed = HOST_SEEDS;

/* What one run of a scenario has. */
typedef struct scene
{
    uint64_t seed, random;
    host_adapter *adapter;
} scene;

static scene
scene_begin(uint64_t seed)
{
    scene s = {.seed = seed, .random = random_stream(seed, 5)};
    sched_begin(HOST_SEEDED ? seed : 0);
    host_enter_process(HOST_SYSTEM_PROCESS);
    assert_int_equal(host_driver_load(seed % 3 ? NDIS_RUNTIME_VERSION_630 : NDIS_RUNTIME_VERSION_620), 0);
    s.adapter = host_adapter_create(LUID);
    assert_non_null(s.adapter);
    host_enter_process(CLIENT);
    return s;
}

/* The adapter is halted. */
static void
scene_end(void)
{
    session_process_end();
    host_enter_process(HOST_SYSTEM_PROCESS);
    host_driver_unload();
    sched_end();
}

static void
for_each_seed(void (*scenario)(uint64_t seed))
{
    for (uint64_t seed = first_seed; seed <= last_seed; seed++) {
        host_set_label("seed", seed);
        scenario(seed);
    }
}

static void
relax(scene *s, uint32_t bound)
{
    for (uint32_t i = random_below(&s->random, bound); i; i--)
        sched_relax();
}

static traffic_config
both_ways(scene *s, WINTUN_SESSION_HANDLE session, uint64_t packets)
{
    return (traffic_config){.seed = s->seed,
                            .adapter = s->adapter,
                            .session = session,
                            .senders = 2,
                            .readers = 2,
                            .writers = 2,
                            .out = packets,
                            .in = packets,
                            .largest = 3000};
}

static void
pause_and_power(scene *s)
{
    if (random_below(&s->random, 2)) {
        host_adapter_pause(s->adapter);
        relax(s, 50);
        host_adapter_restart(s->adapter);
    } else {
        host_adapter_set_power(s->adapter, true);
        relax(s, 50);
        host_adapter_set_power(s->adapter, false);
    }
}

/* ---- Pause, restart and power under traffic: nothing is lost but what was refused ---- */

static void
pausing(uint64_t seed)
{
    scene s = scene_begin(seed);
    WINTUN_SESSION_HANDLE session = WintunStartSession(ADAPTER, CAPACITY);
    assert_non_null(session);
    host_adapter_restart(s.adapter);
    traffic_config config = both_ways(&s, session, 100);
    traffic *t = traffic_start(&config);
    for (uint32_t i = 1 + random_below(&s.random, 4); i; i--) {
        relax(&s, 100);
        pause_and_power(&s);
    }
    traffic_finish(t);
    assert_int_equal(host_adapter_link(s.adapter), MediaConnectStateConnected);
    WintunEndSession(session);
    traffic_free(t);
    host_adapter_pause(s.adapter);
    host_adapter_halt(s.adapter);
    scene_end();
}

static void
pause_and_power_under_traffic_lose_nothing(void **unused)
{
    (void)unused;
    for_each_seed(pausing);
}

/* ---- A session ends under traffic, and the next one begins ---- */

static void
disconnecting(uint64_t seed)
{
    scene s = scene_begin(seed);
    host_adapter_restart(s.adapter);
    for (uint32_t sessions = 1 + random_below(&s.random, 3); sessions; sessions--) {
        WINTUN_SESSION_HANDLE session = WintunStartSession(ADAPTER, CAPACITY);
        assert_non_null(session);
        assert_null(WintunStartSession(ADAPTER, CAPACITY));
        assert_int_equal(GetLastError(), ERROR_ALREADY_INITIALIZED);
        traffic_config config = both_ways(&s, session, 1000);
        config.lossy = true;
        traffic *t = traffic_start(&config);
        relax(&s, 300);
        WintunEndSession(session);
        assert_int_equal(host_adapter_link(s.adapter), MediaConnectStateDisconnected);
        traffic_stop(t);
        traffic_finish(t);
        traffic_free(t);
        /* Late calls with a handle whose session is over. */
        DWORD size;
        assert_null(WintunReceivePacket(session, &size));
        assert_int_equal(GetLastError(), ERROR_HANDLE_EOF);
        assert_null(WintunAllocateSendPacket(session, 100));
        WintunEndSession(session);
    }
    host_adapter_pause(s.adapter);
    host_adapter_halt(s.adapter);
    scene_end();
}

static void
session_ends_under_traffic(void **unused)
{
    (void)unused;
    for_each_seed(disconnecting);
}

/* ---- Removal with a session open ---- */

static void
removing(uint64_t seed)
{
    scene s = scene_begin(seed);
    WINTUN_SESSION_HANDLE session = WintunStartSession(ADAPTER, CAPACITY);
    assert_non_null(session);
    host_adapter_restart(s.adapter);
    traffic_config config = both_ways(&s, session, 1000);
    config.lossy = true;
    traffic *t = traffic_start(&config);
    relax(&s, 300);
    if (random_below(&s.random, 2)) {
        host_adapter_surprise_remove(s.adapter);
        relax(&s, 50);
    }
    /* NDIS passes no sends after the pause, and the test's senders know nothing of that. */
    traffic_stop(t);
    bool early = random_below(&s.random, 2);
    if (early)
        host_adapter_pause(s.adapter);
    traffic_finish(t);
    if (!early)
        host_adapter_pause(s.adapter);
    host_adapter_halt(s.adapter);
    traffic_free(t);

    DWORD size;
    BYTE *packet;
    while ((packet = WintunReceivePacket(session, &size)) != NULL)
        WintunReleaseReceivePacket(session, packet);
    assert_int_equal(GetLastError(), ERROR_HANDLE_EOF);
    assert_null(WintunAllocateSendPacket(session, 100));
    assert_int_equal(GetLastError(), ERROR_HANDLE_EOF);
    assert_null(WintunStartSession(ADAPTER, CAPACITY));
    WintunEndSession(session);
    scene_end();
}

static void
adapter_goes_with_a_session_open(void **unused)
{
    (void)unused;
    for_each_seed(removing);
}

/* ---- A client dies: its memory goes at once, whatever is under way ---- */

static void
register_doomed(scene *s)
{
    NTSTATUS status;
    host_enter_process(DOOMED);
    uint8_t *memory = host_user_allocate(2 * RingSizeOf(CAPACITY) + PAGE_SIZE);
    uint32_t offset = random_below(&s->random, 100) * 4;
    TUN_REGISTER_RINGS rings = {
        .Send = {RingSizeOf(CAPACITY), (TUN_RING *)(void *)(memory + offset),
                 host_event_create(SynchronizationEvent)},
        .Receive = {RingSizeOf(CAPACITY), (TUN_RING *)(void *)(memory + offset + RingSizeOf(CAPACITY)),
                    host_event_create(NotificationEvent)},
    };
    HANDLE control = host_control_open(LUID, &status);
    assert_non_null(control);
    assert_int_equal(host_control(control, TUN_IOCTL_REGISTER_RINGS, &rings, sizeof(rings), 0, NULL),
                     STATUS_SUCCESS);
    /* A second handle in another process does not keep its memory. */
    host_enter_process(CLIENT);
}

static void
dying_thread(void *unused)
{
    (void)unused;
    host_process_die(DOOMED);
}

static void
dying(uint64_t seed)
{
    scene s = scene_begin(seed);
    host_adapter_restart(s.adapter);
    for (uint32_t clients = 1 + random_below(&s.random, 2); clients; clients--) {
        register_doomed(&s);
        traffic_config config = both_ways(&s, NULL, 1000);
        config.readers = config.writers = 0;
        config.in = 0;
        config.lossy = true;
        traffic *t = traffic_start(&config);
        relax(&s, 100);
        sched_thread *death = sched_start("death", dying_thread, NULL);
        if (random_below(&s.random, 2))
            pause_and_power(&s);
        sched_join(death);
        traffic_stop(t);
        traffic_finish(t);
        traffic_free(t);
        /* The adapter is free for the next one, as soon as the work item has run. */
        WINTUN_SESSION_HANDLE session = NULL;
        while (!session) {
            session = WintunStartSession(ADAPTER, CAPACITY);
            if (!session)
                assert_int_equal(GetLastError(), ERROR_ALREADY_INITIALIZED);
            sched_relax();
        }
        WintunEndSession(session);
    }
    host_adapter_pause(s.adapter);
    host_adapter_halt(s.adapter);
    scene_end();
}

static void
client_dies_under_traffic(void **unused)
{
    (void)unused;
    for_each_seed(dying);
}

/* The adapter is halted while the client dies: either may be first. */
static void
dying_while_halting(uint64_t seed)
{
    scene s = scene_begin(seed);
    host_adapter_restart(s.adapter);
    register_doomed(&s);
    sched_thread *death = sched_start("death", dying_thread, NULL);
    relax(&s, 30);
    if (random_below(&s.random, 2))
        host_adapter_surprise_remove(s.adapter);
    host_adapter_pause(s.adapter);
    host_adapter_halt(s.adapter);
    sched_join(death);
    scene_end();
}

static void
client_dies_while_the_adapter_goes(void **unused)
{
    (void)unused;
    for_each_seed(dying_while_halting);
}

/* ---- All at once ---- */

typedef struct director
{
    scene scene;
    volatile LONG stop;
} director;

static void
director_thread(void *argument)
{
    director *d = argument;
    while (!ReadAcquire(&d->stop)) {
        pause_and_power(&d->scene);
        relax(&d->scene, 80);
    }
}

static void
mixing(uint64_t seed)
{
    scene s = scene_begin(seed);
    host_adapter_restart(s.adapter);
    director d = {.scene = s};
    d.scene.random = random_stream(seed, 6);
    sched_thread *thread = sched_start("director", director_thread, &d);
    for (uint32_t round = 0; round < 3; round++) {
        WINTUN_SESSION_HANDLE session = WintunStartSession(ADAPTER, CAPACITY);
        assert_non_null(session);
        traffic_config config = both_ways(&s, session, 60);
        config.lossy = random_below(&s.random, 2);
        traffic *t = traffic_start(&config);
        if (config.lossy) {
            relax(&s, 200);
            WintunEndSession(session);
            traffic_stop(t);
            traffic_finish(t);
        } else {
            traffic_finish(t);
            WintunEndSession(session);
        }
        traffic_free(t);
    }
    InterlockedExchange(&d.stop, 1);
    sched_join(thread);
    host_adapter_pause(s.adapter);
    host_adapter_halt(s.adapter);
    scene_end();
}

static void
sessions_come_and_go_while_the_adapter_changes(void **unused)
{
    (void)unused;
    for_each_seed(mixing);
}

static void
seed_replays_the_whole_run(void **unused)
{
    (void)unused;
    if (!HOST_SEEDED)
        skip();
    for (uint64_t seed = first_seed; seed < first_seed + 3; seed++) {
        mixing(seed);
        uint64_t way = sched_fingerprint();
        mixing(seed);
        assert_true(sched_fingerprint() == way);
        mixing(seed + 1);
        assert_false(sched_fingerprint() == way);
    }
}

int
main(void)
{
    const char *given = getenv("SEEDS");
    if (given) {
        char *rest;
        first_seed = last_seed = strtoull(given, &rest, 0);
        if (*rest == ':')
            last_seed = strtoull(rest + 1, NULL, 0);
    }
    print_message("seeds %llu to %llu\n", (unsigned long long)first_seed, (unsigned long long)last_seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pause_and_power_under_traffic_lose_nothing),
        cmocka_unit_test(session_ends_under_traffic),
        cmocka_unit_test(adapter_goes_with_a_session_open),
        cmocka_unit_test(client_dies_under_traffic),
        cmocka_unit_test(client_dies_while_the_adapter_goes),
        cmocka_unit_test(sessions_come_and_go_while_the_adapter_changes),
        cmocka_unit_test(seed_replays_the_whole_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
