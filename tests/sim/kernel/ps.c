/* SPDX-License-Identifier: MIT
 * What drivers ask and are told of processes: notify routines, the current process, attaching to another. */
#include "internal.h"

#include <sched.h>

#define NOTIFY_SLOTS 64 /* Windows Vista and later */

static pthread_rwlock_t NotifyLock =
    PTHREAD_RWLOCK_INITIALIZER; /* read while routines run, written to change Notify */
static void *Notify[NOTIFY_SLOTS];
static unsigned Taken; /* slots that other drivers hold */

void
process_notify(struct sim_process *process, bool create)
{
    struct thread *self = thread_self();
    pthread_rwlock_rdlock(&NotifyLock);
    for (unsigned i = 0; i < NOTIFY_SLOTS; i++) {
        if (!Notify[i])
            continue;
        unsigned region = self->critical_region++;
        self->in_notify = true;
        SIM_CALL(Notify[i], SIM_WORD(process->parent_id), SIM_WORD(process->id), SIM_WORD(create));
        self->in_notify = false;
        if (sim_irql() != PASSIVE)
            sim_stop("irql", "process notify routine %p returned at IRQL %u", Notify[i], sim_irql());
        if (self->critical_region != region + 1)
            sim_stop("thread", "process notify routine %p did not leave its critical regions", Notify[i]);
        self->critical_region = region;
        thread_check_clean("process notify routine", Notify[i]);
    }
    pthread_rwlock_unlock(&NotifyLock);
}

void
sim_notify_slots_taken(unsigned count)
{
    Taken = count;
}

static uint64_t
row_PsSetCreateProcessNotifyRoutine(struct sim_frame *frame)
{
    void *routine = (void *)frame->arg[0];
    bool remove = (UCHAR)frame->arg[1] != 0;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    unsigned used = Taken, free_slot = NOTIFY_SLOTS, found = NOTIFY_SLOTS;
    if (thread_self()->in_notify)
        sim_stop("notify", "PsSetCreateProcessNotifyRoutine inside a notify routine waits for itself");
    pthread_rwlock_wrlock(&NotifyLock);
    for (unsigned i = 0; i < NOTIFY_SLOTS; i++) {
        used += Notify[i] != NULL;
        if (!Notify[i])
            free_slot = i;
        if (Notify[i] == routine)
            found = i;
    }
    if (remove && found < NOTIFY_SLOTS) {
        Notify[found] = NULL;
        status = STATUS_SUCCESS;
    } else if (!remove && found == NOTIFY_SLOTS && used < NOTIFY_SLOTS) {
        Notify[free_slot] = routine;
        status = STATUS_SUCCESS;
    }
    pthread_rwlock_unlock(&NotifyLock);
    if (status == STATUS_SUCCESS && remove)
        sim_ledger_remove(SIM_NOTIFY, routine, "PsSetCreateProcessNotifyRoutine");
    else if (status == STATUS_SUCCESS)
        sim_ledger_add(SIM_NOTIFY, routine, 0, "process notify routine", frame->return_address);
    else if (remove)
        sim_stop("notify", "notify routine %p is removed but was not registered", routine);
    return (uint32_t)status;
}

/* Removal cannot fail for want of memory; only registration is subject to fault injection. */
bool
notify_is_removal(const struct sim_frame *frame)
{
    return frame->row->fn == row_PsSetCreateProcessNotifyRoutine && (UCHAR)frame->arg[1];
}

static uint64_t
row_IoGetCurrentProcess(struct sim_frame *frame)
{
    (void)frame;
    return (uintptr_t)sim_thread()->process;
}

/* The process of the thread, whatever it is attached to. */
static uint64_t
row_PsGetCurrentProcessId(struct sim_frame *frame)
{
    const struct thread *self = thread_self();
    (void)frame;
    return (self->attached ? self->attached_from[0] : self->seen.process)->id;
}

static uint64_t
row_PsGetProcessId(struct sim_frame *frame)
{
    const struct sim_process *process = (const struct sim_process *)frame->arg[0];
    if (object_type_of(process) != OBJECT_PROCESS)
        sim_stop("object", "PsGetProcessId of %p, which is no process", (const void *)process);
    return process->id;
}

static uint64_t
row_ExGetPreviousMode(struct sim_frame *frame)
{
    (void)frame;
    return sim_thread()->previous_mode;
}

static uint64_t
row_KeStackAttachProcess(struct sim_frame *frame)
{
    struct thread *self = thread_self();
    struct sim_process *process = (struct sim_process *)frame->arg[0];
    if (object_type_of(process) != OBJECT_PROCESS)
        sim_stop("object", "KeStackAttachProcess to %p, which is no process", (void *)process);
    if (process->ended)
        sim_stop("process", "KeStackAttachProcess to process %u, whose address space is gone", process->id);
    if (self->attached == sizeof self->attached_from / sizeof self->attached_from[0])
        sim_stop("thread", "attached to processes too deep");
    OUT(PVOID, frame->arg[1]) = self->seen.process;
    self->attached_from[self->attached++] = self->seen.process;
    self->seen.process = process;
    return 0;
}

static uint64_t
row_KeUnstackDetachProcess(struct sim_frame *frame)
{
    struct thread *self = thread_self();
    if (self->attached == 0 || OUT(PVOID, frame->arg[0]) != (PVOID)self->attached_from[self->attached - 1])
        sim_stop("thread", "KeUnstackDetachProcess without the state that KeStackAttachProcess gave");
    self->seen.process = self->attached_from[--self->attached];
    return 0;
}

#define row_PsGetCurrentProcess row_IoGetCurrentProcess

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, PsSetCreateProcessNotifyRoutine, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE,
        SIM_FAILS_RESOURCES, "nf-ntddk-pssetcreateprocessnotifyroutine"),
    ROW(NTOSKRNL, IoGetCurrentProcess, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-wdm-iogetcurrentprocess"),
    ROW(NTOSKRNL, PsGetCurrentProcess, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "psgetcurrentprocess"),
    ROW(NTOSKRNL, PsGetCurrentProcessId, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-ntddk-psgetcurrentprocessid"),
    ROW(NTOSKRNL, PsGetProcessId, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-ntddk-psgetprocessid"),
    ROW(NTOSKRNL, ExGetPreviousMode, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-exgetpreviousmode"),
    ROW(NTOSKRNL, KeStackAttachProcess, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-ntifs-kestackattachprocess"),
    ROW(NTOSKRNL, KeUnstackDetachProcess, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-ntifs-keunstackdetachprocess"),
};
TABLE(sim_ps_imports, Rows);
