/* SPDX-License-Identifier: MIT
 * Work items: worker threads of the system process, and the items that drivers queue. An item keeps its
 * device object referenced from the call that queues it until its routine has returned. */
#include "internal.h"

#include <stdlib.h>

#define WORKERS 3

struct work
{
    struct work *next;
    void (*run)(void *context);
    void *context;
};

static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static pthread_cond_t Ready = PTHREAD_COND_INITIALIZER;
static struct work *First, **Last = &First;
static unsigned Workers, Idle;

static void *
worker_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&Lock);
    for (;;) {
        while (!First) {
            Idle++;
            pthread_cond_wait(&Ready, &Lock);
            Idle--;
        }
        struct work *work = First;
        First = work->next;
        if (!First)
            Last = &First;
        pthread_mutex_unlock(&Lock);
        work->run(work->context);
        if (sim_irql() != PASSIVE)
            sim_stop("irql", "a work item returned at IRQL %u", sim_irql());
        thread_check_clean("work item", (const void *)work->run);
        free(work);
        pthread_mutex_lock(&Lock);
    }
    return NULL;
}

/* A child of fork has none of its parent's threads. */
static void
forget_workers(void)
{
    pthread_mutex_init(&Lock, NULL);
    pthread_cond_init(&Ready, NULL);
    Workers = Idle = 0;
}

__attribute__((constructor)) static void
initialise(void)
{
    pthread_atfork(NULL, NULL, forget_workers);
}

void
sim_queue_work(void (*run)(void *context), void *context)
{
    struct work *work = malloc(sizeof *work);
    *work = (struct work){NULL, run, context};
    pthread_mutex_lock(&Lock);
    *Last = work;
    Last = &work->next;
    if (Idle == 0 && Workers < WORKERS) {
        pthread_t worker;
        Workers++;
        if (pthread_create(&worker, NULL, worker_main, NULL) != 0)
            sim_stop("model", "no thread to be had");
        pthread_detach(worker);
    }
    pthread_cond_signal(&Ready);
    pthread_mutex_unlock(&Lock);
}

/* ---- IO_WORKITEM: opaque to drivers ---- */

struct work_item
{
    DEVICE_OBJECT *device;
    void *routine;
    uintptr_t context;
    bool extended;
    _Atomic bool queued;
};

static struct work_item *
checked(uintptr_t word, const char *function)
{
    struct work_item *item = (struct work_item *)word;
    if (!sim_ledger_has(SIM_WORK_ITEM, item))
        sim_stop("work-item", "%s: %p is no work item, or was freed", function, (void *)item);
    return item;
}

static uint64_t
row_IoAllocateWorkItem(struct sim_frame *frame)
{
    struct work_item *item = guarded_allocate(sizeof *item, 0x6D497949, frame->return_address);
    *item = (struct work_item){.device = (DEVICE_OBJECT *)frame->arg[0]};
    device_of(item->device);
    sim_ledger_add(SIM_WORK_ITEM, item, sizeof *item, "work item", frame->return_address);
    return (uintptr_t)item;
}

static uint64_t
row_IoFreeWorkItem(struct sim_frame *frame)
{
    struct work_item *item = checked(frame->arg[0], "IoFreeWorkItem");
    if (atomic_load(&item->queued))
        sim_stop("work-item", "work item %p is freed while it is queued", (void *)item);
    sim_ledger_remove(SIM_WORK_ITEM, item, "IoFreeWorkItem");
    guarded_free(item, "IoFreeWorkItem");
    return 0;
}

/* The routine may free or queue its item, which is not touched after this point. */
static void
run_item(void *context)
{
    struct work_item *item = context, copy = *item;
    uint8_t old_mode;
    struct sim_process *previous = process_enter(sim_system_process, 0, &old_mode);
    atomic_store(&item->queued, false);
    if (copy.extended)
        SIM_CALL(copy.routine, SIM_WORD(copy.device), copy.context, SIM_WORD(item));
    else
        SIM_CALL(copy.routine, SIM_WORD(copy.device), copy.context);
    if (sim_irql() != PASSIVE)
        sim_stop("irql", "work item routine %p returned at IRQL %u", copy.routine, sim_irql());
    thread_check_clean("work item routine", copy.routine);
    process_leave(previous, old_mode);
    device_release(copy.device);
}

static uint64_t
queue(struct sim_frame *frame, bool extended)
{
    struct work_item *item = checked(frame->arg[0], "IoQueueWorkItem");
    if (atomic_exchange(&item->queued, true))
        sim_stop("work-item", "work item %p is queued twice", (void *)item);
    item->routine = (void *)frame->arg[1];
    item->context = frame->arg[3];
    item->extended = extended;
    device_reference(item->device);
    sim_queue_work(run_item, item);
    return 0;
}

static uint64_t
row_IoQueueWorkItem(struct sim_frame *frame)
{
    return queue(frame, false);
}

static uint64_t
row_IoQueueWorkItemEx(struct sim_frame *frame)
{
    return queue(frame, true);
}

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, IoAllocateWorkItem, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, SIM_FAILS_NULL,
        "nf-wdm-ioallocateworkitem"),
    ROW(NTOSKRNL, IoFreeWorkItem, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-iofreeworkitem"),
    ROW(NTOSKRNL, IoQueueWorkItem, 4, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-ioqueueworkitem"),
    ROW(NTOSKRNL, IoQueueWorkItemEx, 4, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-ioqueueworkitemex"),
};
TABLE(sim_work_imports, Rows);
