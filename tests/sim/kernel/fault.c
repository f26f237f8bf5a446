/* SPDX-License-Identifier: MIT
 * What happens around every import of a driver: the IRQL check of its row, a fault if it is the one to fail,
 * and seeded preemption. */
#include "internal.h"
#include "hooks.h"

#include <sched.h>
#include <time.h>

static _Atomic unsigned Armed, Count;
static _Atomic bool Fired;
static _Atomic uint64_t Seed, Generation;

void
sim_fault_arm(unsigned k)
{
    atomic_store(&Count, 0);
    atomic_store(&Fired, false);
    atomic_store(&Armed, k);
}

unsigned
sim_fault_count(void)
{
    return atomic_load(&Count);
}

bool
sim_fault_fired(void)
{
    return atomic_load(&Fired);
}

bool
sim_fault_here(void)
{
    unsigned number = atomic_fetch_add(&Count, 1) + 1;
    if (number != atomic_load(&Armed))
        return false;
    atomic_store(&Fired, true);
    return true;
}

/* ---- Preemption ---- */

void
sim_preempt_seed(uint64_t seed)
{
    atomic_store(&Seed, seed);
    atomic_fetch_add(&Generation, 1);
}

static void
preempt(struct thread *thread, uint64_t seed)
{
    uint64_t generation = atomic_load_explicit(&Generation, memory_order_relaxed);
    if (thread->random_generation != generation) {
        thread->random_generation = generation;
        thread->random = (uint32_t)(seed ^ seed >> 32 ^ thread->id * 2654435761u) | 1;
    }
    thread->random = thread->random * 1664525u + 1013904223u;
    uint32_t dice = thread->random >> 20;
    if (dice < 17) {
        /* One in so many is long enough for others to go a long way. */
        struct timespec pause = {0, (long)(thread->random >> 8 & 0xFFFF) * (dice ? 1 : 40)};
        nanosleep(&pause, NULL);
    } else if (dice < 400) {
        sched_yield();
    }
}

/* ---- Hooks ---- */

static int
before(struct sim_frame *frame, uint64_t *result)
{
    const struct sim_import *row = frame->row;
    struct thread *thread = thread_self();
    uint8_t irql = thread->seen.irql;
    if (irql < row->irql_min || irql > row->irql_max)
        sim_stop("irql", "%s called at IRQL %u, allowed are %u to %u (%s)", row->name, irql, row->irql_min,
                 row->irql_max, row->source);
    uint64_t seed = atomic_load_explicit(&Seed, memory_order_relaxed);
    if (seed)
        preempt(thread, seed);
    if (!(row->failures & (SIM_FAILS_NULL | SIM_FAILS_RESOURCES)) || notify_is_removal(frame) ||
        !sim_fault_here())
        return 0;
    sim_log("fault injected into %s", row->name);
    *result = row->failures & SIM_FAILS_NULL ? 0 : (uint32_t)STATUS_INSUFFICIENT_RESOURCES;
    return 1;
}

static void
after(struct sim_frame *frame, uint64_t result)
{
    uint64_t seed = atomic_load_explicit(&Seed, memory_order_relaxed);
    (void)frame;
    (void)result;
    if (seed)
        preempt(thread_self(), seed);
}

__attribute__((constructor)) static void
initialise(void)
{
    sim_import_hooks.before = before;
    sim_import_hooks.after = after;
}
