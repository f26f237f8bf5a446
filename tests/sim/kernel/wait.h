/* SPDX-License-Identifier: MIT
 * Waiting, for the other files of the kernel model. */
#ifndef SIM_WAIT_H
#define SIM_WAIT_H

#include "internal.h"

/* STATUS_WAIT_0 + index, or STATUS_TIMEOUT. timeout as sim_ke_wait. */
NTSTATUS wait_for(DISPATCHER_HEADER **objects, unsigned count, bool wait_all, const int64_t *timeout);
/* Sets an object's state and wakes who waits for it. */
void dispatcher_signal(DISPATCHER_HEADER *object, LONG state);
/* Monotonic clock in 100 ns. */
int64_t wait_now(void);
void waiter_free(struct waiter *waiter);

#endif
