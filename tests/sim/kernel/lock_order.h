/* SPDX-License-Identifier: MIT
 * Bookkeeping of the locks that threads hold; lock.c and whoever models locks above it. */
#ifndef SIM_LOCK_ORDER_H
#define SIM_LOCK_ORDER_H

#include "internal.h"

enum lock_kind
{
    LOCK_SPIN,
    LOCK_QUEUED,
    LOCK_SHARED,
    LOCK_EXCLUSIVE
};

/* Stops on recursion and on a cycle in the order of taking; before waiting for the lock. */
void lock_note_taking(const void *lock, const void *caller);
void lock_note_taken(const void *lock, enum lock_kind kind, uint8_t old_irql, const void *caller);
/* Stops if the thread does not hold it in this way; returns the IRQL noted. */
uint8_t lock_note_release(const void *lock, enum lock_kind kind);
/* A spin lock of the model, which raises to DISPATCH_LEVEL and shows in the books like any other. */
uint8_t spin_lock_take(KSPIN_LOCK *lock, const void *caller);
void spin_lock_leave(KSPIN_LOCK *lock); /* and lowers */
void spin_lock_drop(KSPIN_LOCK *lock);  /* without lowering */
void lock_order_add(const void *held, const void *taken, const void *caller);

#endif
