/* SPDX-License-Identifier: MIT
 * Lock order: an edge for each pair "held, then taken". A new edge that closes a cycle is a deadlock waiting
 * for its moment, found without having to happen. */
#include "internal.h"
#include "lock_order.h"

#define EDGES 4096

static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct edge
{
    const void *held, *taken, *caller;
} Edges[EDGES];
static unsigned Count;

static bool
reaches(const void *from, const void *to, unsigned depth)
{
    for (unsigned i = 0; i < Count; i++) {
        if (Edges[i].held == from &&
            (Edges[i].taken == to || (depth && reaches(Edges[i].taken, to, depth - 1))))
            return true;
    }
    return false;
}

void
lock_order_add(const void *held, const void *taken, const void *caller)
{
    pthread_mutex_lock(&Lock);
    for (unsigned i = 0; i < Count; i++) {
        if (Edges[i].held == held && Edges[i].taken == taken) {
            pthread_mutex_unlock(&Lock);
            return;
        }
    }
    bool cycle = reaches(taken, held, 8);
    if (Count < EDGES)
        Edges[Count++] = (struct edge){held, taken, caller};
    pthread_mutex_unlock(&Lock);
    if (cycle)
        sim_stop("lock-order", "lock %p is taken with %p held, and elsewhere the other way round", taken,
                 held);
}

void
locks_forget_range(const void *memory, size_t size)
{
    uintptr_t from = (uintptr_t)memory;
    const struct thread *thread = thread_self();
    for (unsigned i = 0; i < thread->seen.locks_held; i++) {
        if ((uintptr_t)thread->held[i].lock - from < size)
            sim_stop("lock", "memory freed with the held lock %p in it", thread->held[i].lock);
    }
    pthread_mutex_lock(&Lock);
    for (unsigned i = 0; i < Count;) {
        if ((uintptr_t)Edges[i].held - from < size || (uintptr_t)Edges[i].taken - from < size)
            Edges[i] = Edges[--Count];
        else
            i++;
    }
    pthread_mutex_unlock(&Lock);
}
