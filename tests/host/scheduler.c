/* SPDX-License-Identifier: MIT
 *
 * Seeded mode is a baton: each thread has a word to sleep on, and whoever holds the baton wakes the next one
 * and goes to sleep on its own. Predicates of blocked threads are evaluated by the one who looks for the next
 * thread. Virtual time moves when nobody can run, and now and then by itself, so that time-outs race with
 * everything else.
 */
#include "scheduler.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "tests/unit/random.h"

#define THREADS_MAX 64
/* No run takes ten minutes of its own time, unless everybody but a thread that polls is blocked. */
#define TIME_MAX (600 * 10000000ull)

struct sched_thread
{
    pthread_t native;
    const char *name;
    void (*routine)(void *);
    void *argument;
    int index;
    bool done; /* by the baton; in native mode by pthread_join */
    /* While it is blocked. */
    const char *what;
    bool (*ready)(void *);
    void *ready_argument;
    int64_t deadline; /* negative: none */
    int baton;        /* the word it sleeps on: 1 when it is its turn */
};

static struct
{
    bool seeded;
    uint64_t random;
    unsigned int stride;  /* one point in so many is a switch */
    uint64_t fingerprint; /* of the threads chosen, in order */
    uint64_t now;
    sched_thread *threads[THREADS_MAX]; /* all that are not joined yet */
    sched_thread *current;
} sched;

static sched_thread first_thread = {.name = "main"};
static __thread sched_thread *self;

static void
baton_wait(sched_thread *thread)
{
    while (!__atomic_exchange_n(&thread->baton, 0, __ATOMIC_ACQ_REL))
        syscall(SYS_futex, &thread->baton, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void
baton_give(sched_thread *thread)
{
    sched.current = thread;
    __atomic_store_n(&thread->baton, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &thread->baton, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static bool
thread_can_run(const sched_thread *thread)
{
    if (thread->done)
        return false;
    if (!thread->ready || (thread->deadline >= 0 && (uint64_t)thread->deadline <= sched.now))
        return true;
    return thread->ready(thread->ready_argument);
}

/* Everybody waits for something that has no end. */
static void
report_deadlock(void)
{
    host_print_label();
    fprintf(stderr, "seeded scheduler: nobody makes progress\n");
    for (int i = 0; i < THREADS_MAX; i++)
        if (sched.threads[i] && !sched.threads[i]->done)
            fprintf(stderr, "  %-12s waits for %s\n", sched.threads[i]->name,
                    sched.threads[i]->ready ? sched.threads[i]->what : "its turn");
    abort();
}

static sched_thread *
pick(void)
{
    for (;;) {
        sched_thread *able[THREADS_MAX];
        uint32_t count = 0;
        int64_t earliest = -1;
        for (int i = 0; i < THREADS_MAX; i++) {
            sched_thread *thread = sched.threads[i];
            if (!thread || thread->done)
                continue;
            if (thread_can_run(thread))
                able[count++] = thread;
            else if (thread->deadline >= 0 && (earliest < 0 || thread->deadline < earliest))
                earliest = thread->deadline;
        }
        if (sched.now > TIME_MAX)
            report_deadlock();
        if (count) {
            sched_thread *next = able[random_below(&sched.random, count)];
            sched.fingerprint = (sched.fingerprint ^ (uint64_t)next->index) * 1099511628211ull + 1;
            return next;
        }
        if (earliest < 0)
            report_deadlock();
        sched.now = (uint64_t)earliest;
    }
}

/* The caller holds the baton and gets it back. */
static void
switch_away(void)
{
    sched_thread *next = pick();
    if (next == self)
        return;
    baton_give(next);
    baton_wait(self);
}

void
sched_begin(uint64_t seed)
{
    memset(&sched, 0, sizeof(sched));
    self = &first_thread;
    self->index = 0;
    sched.seeded = seed != 0;
    sched.random = random_stream(seed, 77);
    sched.stride = 1u << (1 + random_below(&sched.random, 6));
    sched.threads[0] = sched.current = self;
}

void
sched_end(void)
{
    for (int i = 1; i < THREADS_MAX; i++)
        if (sched.threads[i]) {
            fprintf(stderr, "thread %s was never joined\n", sched.threads[i]->name);
            abort();
        }
    sched.seeded = false;
}

bool
sched_is_seeded(void)
{
    return sched.seeded;
}

static void *
thread_main(void *argument)
{
    self = argument;
    if (sched.seeded)
        baton_wait(self);
    self->routine(self->argument);
    if (sched.seeded) {
        self->done = true;
        baton_give(pick());
    }
    return NULL;
}

sched_thread *
sched_start(const char *name, void (*routine)(void *), void *argument)
{
    sched_thread *thread = calloc(1, sizeof(*thread));
    thread->name = name;
    thread->routine = routine;
    thread->argument = argument;
    thread->deadline = -1;
    if (sched.seeded) {
        for (int i = 1; i < THREADS_MAX && !thread->index; i++)
            if (!sched.threads[i]) {
                thread->index = i;
                sched.threads[i] = thread;
            }
        if (!thread->index)
            abort();
    }
    int error = pthread_create(&thread->native, NULL, thread_main, thread);
    if (error) {
        fprintf(stderr, "pthread_create: %s\n", strerror(error));
        abort();
    }
    sched_point();
    return thread;
}

static bool
thread_is_done(void *thread)
{
    return ((sched_thread *)thread)->done;
}

void
sched_join(sched_thread *thread)
{
    if (sched.seeded) {
        sched_block(thread->name, thread_is_done, thread, -1);
        sched.threads[thread->index] = NULL;
    }
    pthread_join(thread->native, NULL);
    free(thread);
}

void
sched_point(void)
{
    if (!sched.seeded)
        return;
    if (!random_below(&sched.random, 512))
        sched.now += random_below(&sched.random, 200000);
    if (!random_below(&sched.random, sched.stride))
        switch_away();
}

void
sched_relax(void)
{
    if (sched.seeded) {
        sched.now += 100;
        switch_away();
    } else {
        sched_yield();
    }
}

bool
sched_block(const char *what, bool (*ready)(void *), void *argument, int64_t timeout)
{
    self->what = what;
    self->ready = ready;
    self->ready_argument = argument;
    self->deadline = timeout < 0 ? -1 : (int64_t)sched.now + timeout;
    if (!random_below(&sched.random, sched.stride) || !thread_can_run(self))
        switch_away();
    self->ready = NULL;
    self->deadline = -1;
    return ready(argument);
}

uint64_t
sched_fingerprint(void)
{
    return sched.fingerprint;
}

uint64_t
sched_time(void)
{
    if (sched.seeded)
        return sched.now;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 10000000ull + (uint64_t)now.tv_nsec / 100;
}
