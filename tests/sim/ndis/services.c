/* SPDX-License-Identifier: MIT
 * Small services of NDIS: version, memory, sleep, events, work items, reader-writer locks. */
#include <stdlib.h>
#include <time.h>
#include "../kernel/lock_order.h"
#include "ndis_model.h"

uint64_t
ndis_NdisGetVersion(struct sim_frame *frame)
{
    (void)frame;
    return sim_persona->ndis_version;
}

uint64_t
ndis_NdisGetSystemUpTimeEx(struct sim_frame *frame)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t milliseconds = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    memcpy((void *)frame->arg[0], &milliseconds, sizeof(milliseconds));
    return 0;
}

uint64_t
ndis_NdisAllocateMemoryWithTagPriority(struct sim_frame *frame)
{
    if (!ndis_miniport_of((const void *)frame->arg[0]))
        ndis_adapter_of((const void *)frame->arg[0], "NdisAllocateMemoryWithTagPriority");
    return SIM_WORD(
        sim_pool_allocate((uint32_t)frame->arg[1], (uint32_t)frame->arg[2], frame->return_address));
}

uint64_t
ndis_NdisFreeMemory(struct sim_frame *frame)
{
    sim_pool_free((void *)frame->arg[0]);
    return 0;
}

uint64_t
ndis_NdisMSleep(struct sim_frame *frame)
{
    uint32_t microseconds = (uint32_t)frame->arg[0];
    struct timespec time = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
    nanosleep(&time, NULL);
    return 0;
}

uint64_t
ndis_NdisWriteErrorLogEntry(struct sim_frame *frame)
{
    sim_log("ndis: error log entry 0x%x", (uint32_t)frame->arg[1]);
    return 0;
}

/* ---- Events; NDIS_EVENT is a KEVENT ---- */

uint64_t
ndis_NdisInitializeEvent(struct sim_frame *frame)
{
    sim_ke_initialize_event((KEVENT *)frame->arg[0], true, false);
    return 0;
}

uint64_t
ndis_NdisSetEvent(struct sim_frame *frame)
{
    sim_ke_set_event((KEVENT *)frame->arg[0]);
    return 0;
}

uint64_t
ndis_NdisResetEvent(struct sim_frame *frame)
{
    sim_ke_reset_event((KEVENT *)frame->arg[0]);
    return 0;
}

uint64_t
ndis_NdisWaitEvent(struct sim_frame *frame)
{
    uint32_t milliseconds = (uint32_t)frame->arg[1];
    int64_t timeout = -(int64_t)milliseconds * 10000;
    return sim_ke_wait((void *)frame->arg[0], milliseconds ? &timeout : NULL) == STATUS_SUCCESS;
}

/* ---- Work items ---- */

struct work_item
{
    void *routine, *context;
    _Atomic int state; /* idle, queued, running */
};
enum
{
    IDLE,
    QUEUED
};

uint64_t
ndis_NdisAllocateIoWorkItem(struct sim_frame *frame)
{
    if (!ndis_miniport_of((const void *)frame->arg[0]))
        ndis_adapter_of((const void *)frame->arg[0], "NdisAllocateIoWorkItem");
    struct work_item *item = calloc(1, sizeof(*item));
    sim_ledger_add(SIM_WORK_ITEM, item, 0, "NdisAllocateIoWorkItem", frame->return_address);
    return SIM_WORD(item);
}

static struct work_item *
work_item_of(uintptr_t handle, const char *function)
{
    if (!sim_ledger_has(SIM_WORK_ITEM, (void *)handle))
        sim_stop("NDIS gets back the handles that it gave out", "%s with %p, which is no work item", function,
                 (void *)handle);
    return (struct work_item *)handle;
}

static void
run_work_item(void *context)
{
    struct work_item *item = context;
    void *routine = item->routine, *routine_context = item->context;
    /* From here on it may be queued again or freed, by the routine itself too. */
    item->state = IDLE;
    NDIS_CALL("NDIS_IO_WORKITEM_FUNCTION", routine, SIM_WORD(routine_context), SIM_WORD(item));
}

uint64_t
ndis_NdisQueueIoWorkItem(struct sim_frame *frame)
{
    struct work_item *item = work_item_of(frame->arg[0], "NdisQueueIoWorkItem");
    int idle = IDLE;
    if (!atomic_compare_exchange_strong(&item->state, &idle, QUEUED))
        sim_stop("a work item is queued when it is not queued already", "NdisQueueIoWorkItem of %p",
                 (void *)item);
    item->routine = (void *)frame->arg[1];
    item->context = (void *)frame->arg[2];
    sim_queue_work(run_work_item, item);
    return 0;
}

uint64_t
ndis_NdisFreeIoWorkItem(struct sim_frame *frame)
{
    struct work_item *item = work_item_of(frame->arg[0], "NdisFreeIoWorkItem");
    if (item->state == QUEUED)
        sim_stop("a work item is freed when it is not queued", "NdisFreeIoWorkItem of %p", (void *)item);
    sim_ledger_remove(SIM_WORK_ITEM, item, "NdisFreeIoWorkItem");
    free(item);
    return 0;
}

/* ---- Reader-writer locks ---- */

struct lock_state /* LOCK_STATE_EX */
{
    uint8_t old_irql, state, flags;
};
enum
{
    AT_DISPATCH = 1
}; /* NDIS_RWL_AT_DISPATCH_LEVEL */

uint64_t
ndis_NdisAllocateRWLock(struct sim_frame *frame)
{
    /* Windows 7 takes the driver's handle only. */
    if (!ndis_miniport_of((const void *)frame->arg[0])) {
        if (sim_persona->system == SIM_WIN7)
            sim_stop("on Windows 7 NdisAllocateRWLock takes the handle of NdisMRegisterMiniportDriver",
                     "%p is none", (void *)frame->arg[0]);
        ndis_adapter_of((const void *)frame->arg[0], "NdisAllocateRWLock");
    }
    pthread_rwlock_t *lock = calloc(1, sizeof(*lock));
    pthread_rwlock_init(lock, NULL);
    sim_ledger_add(SIM_NDIS_OBJECT, lock, 0, "NdisAllocateRWLock", frame->return_address);
    return SIM_WORD(lock);
}

uint64_t
ndis_NdisFreeRWLock(struct sim_frame *frame)
{
    pthread_rwlock_t *lock = (pthread_rwlock_t *)frame->arg[0];
    sim_ledger_remove(SIM_NDIS_OBJECT, lock, "NdisFreeRWLock");
    if (pthread_rwlock_trywrlock(lock))
        sim_stop("a lock is freed when nobody holds it", "NdisFreeRWLock of %p", (void *)lock);
    free(lock);
    return 0;
}

static uint64_t
acquire(struct sim_frame *frame, bool write)
{
    pthread_rwlock_t *lock = (pthread_rwlock_t *)frame->arg[0];
    struct lock_state *state = (struct lock_state *)frame->arg[1];
    uint8_t irql = sim_irql();
    if (!sim_ledger_has(SIM_NDIS_OBJECT, lock))
        sim_stop("NDIS gets back the handles that it gave out", "%p is no lock", (void *)lock);
    if ((frame->arg[2] & AT_DISPATCH) && irql != DISPATCH_LEVEL_)
        sim_stop("the DISPATCH_LEVEL flag is set only at DISPATCH_LEVEL", "a reader-writer lock at %u", irql);
    if (irql < DISPATCH_LEVEL_)
        sim_irql_raise(DISPATCH_LEVEL_);
    state->old_irql = irql;
    state->state = write ? 2 : 1;
    lock_note_taking(lock, frame->return_address);
    if (write)
        pthread_rwlock_wrlock(lock);
    else
        pthread_rwlock_rdlock(lock);
    lock_note_taken(lock, write ? LOCK_EXCLUSIVE : LOCK_SHARED, irql, frame->return_address);
    return 0;
}

uint64_t
ndis_NdisAcquireRWLockRead(struct sim_frame *frame)
{
    return acquire(frame, false);
}

uint64_t
ndis_NdisAcquireRWLockWrite(struct sim_frame *frame)
{
    return acquire(frame, true);
}

uint64_t
ndis_NdisReleaseRWLock(struct sim_frame *frame)
{
    struct lock_state *state = (struct lock_state *)frame->arg[1];
    if (state->state != 1 && state->state != 2)
        sim_stop("a reader-writer lock is released with the state of its acquisition", "state %u",
                 state->state);
    lock_note_release((void *)frame->arg[0], state->state == 2 ? LOCK_EXCLUSIVE : LOCK_SHARED);
    state->state = 0;
    pthread_rwlock_unlock((pthread_rwlock_t *)frame->arg[0]);
    if (state->old_irql < sim_irql())
        sim_irql_lower(state->old_irql);
    return 0;
}
