/* SPDX-License-Identifier: MIT
 *
 * Threads of the host's kernel model, in one of two modes. Native: plain threads, for speed and for the
 * sanitizers. Seeded: one thread runs at a time, and a generator decides at every yield point who goes on, so
 * that a run can be replayed from its seed. A seeded run in which everybody is blocked for good ends with a
 * report of who waits for what.
 */
#ifndef HOST_SCHED_H
#define HOST_SCHED_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sched_thread sched_thread;

/* Begins a run; the caller becomes its first thread. Seed 0 is native. */
void sched_begin(uint64_t seed);
/* All other threads have been joined. */
void sched_end(void);
bool sched_is_seeded(void);

sched_thread *sched_start(const char *name, void (*routine)(void *), void *argument);
void sched_join(sched_thread *thread);

/* A point at which another thread may go on; cheap in native mode. */
void sched_point(void);
/* Gives way although nothing is known to have changed: what a loop that polls calls. */
void sched_relax(void);

/* Seeded mode only: returns when ready(argument) is true, which nothing changes before the caller runs on.
 * Timeout in 100 ns, negative for ever; false if it has passed. */
bool sched_block(const char *what, bool (*ready)(void *), void *argument, int64_t timeout);

/* Of the way that the last seeded run took: the same for the same seed. */
uint64_t sched_fingerprint(void);

/* 100 ns; virtual in seeded mode. */
uint64_t sched_time(void);

#endif
