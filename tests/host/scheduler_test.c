/* SPDX-License-Identifier: MIT
 *
 * The seeded scheduler by itself: it finds races and lost wakeups that are planted, and a seed replays them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "host.h"

#define SEEDS 200u

static int counter;
static uint64_t trace;

static void
increment_badly(void *argument)
{
    for (int i = 0; i < 5; i++) {
        int seen = counter;
        trace = (trace * 1099511628211ull) ^ (uintptr_t)argument;
        sched_point();
        counter = seen + 1;
        sched_point();
    }
}

/* Three threads that forget each other's work. */
static int
race(uint64_t seed)
{
    sched_thread *threads[3];
    counter = 0;
    trace = 14695981039346656037ull;
    sched_begin(seed);
    for (uintptr_t i = 0; i < 3; i++)
        threads[i] = sched_start("incrementer", increment_badly, (void *)(i + 1));
    for (int i = 0; i < 3; i++)
        sched_join(threads[i]);
    sched_end();
    return counter;
}

static void
lost_update_is_found_and_replayed(void **unused)
{
    (void)unused;
    unsigned int lost = 0, different = 0;
    uint64_t before = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        int result = race(seed);
        uint64_t way = trace;
        lost += result != 15;
        different += way != before;
        before = way;
        assert_int_equal(race(seed), result);
        assert_true(trace == way);
    }
    assert_true(lost > SEEDS / 10);
    assert_true(different > SEEDS / 2);
}

/* ---- A wakeup that can be lost: looks, and only then says that it waits ---- */

static int work, waiting;
static KEVENT event;

static void
careless_consumer(void *unused)
{
    (void)unused;
    if (!work) {
        sched_point();
        waiting = 1;
        sched_point();
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    }
}

static void
producer(void *unused)
{
    (void)unused;
    sched_point();
    work = 1;
    sched_point();
    if (waiting)
        KeSetEvent(&event, 0, FALSE);
}

static void
lose_wakeup(uint64_t seed)
{
    work = waiting = 0;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    sched_begin(seed);
    sched_thread *consumer = sched_start("consumer", careless_consumer, NULL);
    sched_thread *other = sched_start("producer", producer, NULL);
    sched_join(other);
    sched_join(consumer);
    sched_end();
}

/* Whether the run ends with the scheduler's report. */
static bool
is_reported(uint64_t seed)
{
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        struct rlimit none = {0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(9);
        lose_wakeup(seed);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGABRT);
    return WIFSIGNALED(status);
}

static void
lost_wakeup_is_reported_for_some_seeds_and_again(void **unused)
{
    (void)unused;
    unsigned int reported = 0;
    for (uint64_t seed = 1; seed <= 60; seed++)
        if (is_reported(seed)) {
            reported++;
            assert_true(is_reported(seed));
        }
    assert_true(reported > 0 && reported < 60);
}

/* ---- Time passes by itself only while nobody can go on ---- */

static void
sleeper(void *milliseconds)
{
    LARGE_INTEGER timeout = {.QuadPart = -(LONGLONG)(uintptr_t)milliseconds * 10000};
    KEVENT never;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    host_check(KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, &timeout) == STATUS_TIMEOUT);
    trace = trace * 10 + (uintptr_t)milliseconds / 1000;
}

static void
time_outs_come_in_order_without_waiting_for_real(void **unused)
{
    (void)unused;
    static const uintptr_t order[3] = {3000, 1000, 2000};
    for (uint64_t seed = 1; seed <= 50; seed++) {
        sched_thread *threads[3];
        trace = 0;
        sched_begin(seed);
        for (int i = 0; i < 3; i++)
            threads[i] = sched_start("sleeper", sleeper, (void *)order[i]);
        for (int i = 0; i < 3; i++)
            sched_join(threads[i]);
        sched_end();
        assert_int_equal(trace, 123);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_update_is_found_and_replayed),
        cmocka_unit_test(lost_wakeup_is_reported_for_some_seeds_and_again),
        cmocka_unit_test(time_outs_come_in_order_without_waiting_for_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
