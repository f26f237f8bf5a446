/* SPDX-License-Identifier: MIT
 * What building a send and taking it back share. */
#ifndef SIM_NDIS_SEND_BATCH_H
#define SIM_NDIS_SEND_BATCH_H

#include "ndis_model.h"

/* What is in the Status of an NBL that is handed over: no status at all. */
#define STATUS_GARBAGE ((NDIS_STATUS)0x5A5A5A5A)

/* An MDL that the kernel model makes, because it is not mapped yet or cannot be. */
struct foreign
{
    struct foreign *next;
    MDL *mdl;
    MDL was;
    void *chunk;
};

/* One call of sim_stack_send; lives until its last NBL is completed and its caller has looked. */
struct ndis_batch
{
    struct sim_adapter *adapter;
    NDIS_STATUS *statuses; /* the caller's, or NULL */
    struct foreign *foreign;
    _Atomic unsigned references, remaining, succeeded, paused, low_power, not_accepted;
};

/* An NBL of `count` packets, the index-th of its batch. */
NET_BUFFER_LIST *ndis_build_nbl(struct ndis_batch *batch, unsigned index, const struct sim_packet *packets,
                                unsigned count, const struct sim_send_options *options, uint64_t *seed);
/* The record of an MDL that is no object of ndis_object_allocate. */
struct foreign *ndis_foreign_of(const struct ndis_batch *batch, const MDL *mdl);

#endif
