/* SPDX-License-Identifier: MIT
 * IRPs: made here, sent to a device's dispatch table, completed exactly once. A request is what the I/O
 * manager remembers of an IRP; the IRP itself is gone the moment it is completed, so that touching it
 * afterwards traps. */
#include "io.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lock_order.h"
#include "wait.h"

#define WAIT_SECONDS 60 /* Windows gives up on an IRP that cannot be cancelled after 5 minutes */

static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below, and the state of requests */
static pthread_cond_t Completed = PTHREAD_COND_INITIALIZER;
static struct request *Outstanding; /* IRPs with a driver */
static KSPIN_LOCK CancelLock;

static struct request *
find(const IRP *irp)
{
    struct request *request = Outstanding;
    while (request && request->irp != irp)
        request = request->next;
    return request;
}

struct request *
request_of(const IRP *irp, const char *function)
{
    pthread_mutex_lock(&Lock);
    struct request *request = find(irp);
    pthread_mutex_unlock(&Lock);
    if (!request)
        sim_stop("irp", "%s: %p is no IRP that is outstanding", function, (const void *)irp);
    return request;
}

struct request *
request_create(struct sim_process *process, struct file *file, unsigned major, uint8_t mode)
{
    struct request *request = calloc(1, sizeof *request);
    size_t size = sizeof(IRP) + sizeof(IO_STACK_LOCATION);
    IRP *irp = guarded_allocate(size, 0x20707249, NULL);
    IO_STACK_LOCATION *stack = (IO_STACK_LOCATION *)(irp + 1);
    memset(irp, 0, size);
    irp->Type = 6;
    irp->Size = (USHORT)size;
    irp->StackCount = 1;
    irp->CurrentLocation = 1;
    irp->RequestorMode = (KPROCESSOR_MODE)mode;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp->Tail.Overlay.Thread = sim_thread()->object;
    irp->Tail.Overlay.CurrentStackLocation = stack;
    irp->Tail.Overlay.OriginalFileObject = &file->object;
    stack->MajorFunction = (UCHAR)major;
    stack->DeviceObject = file->device->object;
    stack->FileObject = &file->object;
    request->irp = irp;
    request->file = &file->object;
    request->device = file->device;
    request->thread = thread_self();
    request->process = process;
    return request;
}

void
request_give_buffer(struct request *request, const void *in, uint32_t in_size, uint32_t out_size)
{
    uint32_t size = in_size > out_size ? in_size : out_size;
    if (size) {
        /* What the caller did not fill keeps the pool's pattern: a driver that returns it leaks kernel
         * memory. */
        request->system_buffer = guarded_allocate(size, 0x20206F49, NULL);
        if (in_size)
            memcpy(request->system_buffer, in, in_size);
    }
    request->irp->AssociatedIrp.SystemBuffer = request->system_buffer;
}

void
request_free(struct request *request)
{
    free(request->out);
    free(request);
}

NTSTATUS
request_send(struct request *request)
{
    IRP *irp = request->irp;
    struct device *device = request->device;
    unsigned major = ((IO_STACK_LOCATION *)irp->Tail.Overlay.CurrentStackLocation)->MajorFunction;
    void *routine = device->own_dispatch ? device->dispatch[major] : device->driver->MajorFunction[major];
    sim_ledger_add(SIM_IRP, irp, 0, "IRP", NULL);
    pthread_mutex_lock(&Lock);
    request->next = Outstanding;
    Outstanding = request;
    pthread_mutex_unlock(&Lock);
    uint8_t irql = sim_irql();
    NTSTATUS status;
    if (!routine) {
        /* As the I/O manager's own routine for an entry that a driver left out. */
        pthread_mutex_lock(&Lock);
        struct request **link = &Outstanding;
        while (*link != request)
            link = &(*link)->next;
        *link = request->next;
        request->complete = true;
        request->status = STATUS_INVALID_DEVICE_REQUEST;
        pthread_mutex_unlock(&Lock);
        sim_ledger_remove(SIM_IRP, irp, "IRP");
        if (request->system_buffer)
            guarded_free(request->system_buffer, "I/O manager");
        guarded_free(irp, "I/O manager");
        if (request->event)
            object_dereference(request->event);
        if (request->asynchronous)
            object_dereference(request->file);
        return request->status;
    }
    status = (NTSTATUS)SIM_CALL(routine, SIM_WORD(device->object), SIM_WORD(irp));
    if (sim_irql() != irql)
        sim_stop("irql", "dispatch routine %u was called at IRQL %u and returned at %u", major, irql,
                 sim_irql());
    thread_check_clean("dispatch routine", routine);
    pthread_mutex_lock(&Lock);
    bool complete = request->complete;
    bool marked = complete ? request->pending_marked
                           : (irp->Tail.Overlay.CurrentStackLocation->Control & SL_PENDING_RETURNED) != 0;
    NTSTATUS completed = request->status;
    pthread_mutex_unlock(&Lock);
    if (status == STATUS_PENDING && !marked)
        sim_stop("irp", "dispatch routine %u returned STATUS_PENDING for an IRP that was not marked pending",
                 major);
    if (status != STATUS_PENDING && marked)
        sim_stop("irp", "dispatch routine %u returned 0x%08x for an IRP that was marked pending", major,
                 status);
    if (status != STATUS_PENDING && !complete)
        sim_stop("irp", "dispatch routine %u returned 0x%08x and did not complete its IRP", major, status);
    if (status != STATUS_PENDING && status != completed)
        sim_stop("irp", "dispatch routine %u returned 0x%08x for an IRP completed with 0x%08x", major, status,
                 completed);
    return status;
}

/* ---- Completion ---- */

static uint64_t
row_IofCompleteRequest(struct sim_frame *frame)
{
    IRP *irp = (IRP *)frame->arg[0];
    if (sim_locks_held())
        sim_stop("irp", "IoCompleteRequest with a spin lock held");
    pthread_mutex_lock(&Lock);
    struct request **link = &Outstanding;
    while (*link && (*link)->irp != irp)
        link = &(*link)->next;
    struct request *request = *link;
    if (!request)
        sim_stop("irp", "IRP %p is completed, which is not outstanding: completed twice, or never sent",
                 (void *)irp);
    NTSTATUS status = irp->IoStatus.Status;
    ULONG_PTR information = irp->IoStatus.Information;
    if (status == STATUS_PENDING)
        sim_stop("irp", "IRP %p is completed with STATUS_PENDING", (void *)irp);
    if (irp->CancelRoutine)
        sim_stop("irp", "IRP %p is completed with a cancel routine set", (void *)irp);
    if (request->out_size && (uint32_t)status < 0xC0000000u && information > request->out_size)
        sim_stop("irp", "IRP %p says %zu bytes of output where the caller has room for %u", (void *)irp,
                 (size_t)information, request->out_size);
    request->pending_marked = (irp->Tail.Overlay.CurrentStackLocation->Control & SL_PENDING_RETURNED) != 0;
    if (request->out && request->system_buffer && (uint32_t)status < 0xC0000000u)
        memcpy(request->out, request->system_buffer, information);
    *link = request->next;
    request->status = status;
    request->information = information;
    void *buffer = request->system_buffer, *event = request->event;
    MDL *mdl = request->mdl;
    request->event = NULL;
    request->irp = NULL;
    request->complete = true;
    bool fetched_later = request->asynchronous;
    FILE_OBJECT *file = request->file;
    pthread_cond_broadcast(&Completed);
    pthread_mutex_unlock(&Lock);
    /* `request` may be gone from here on. */
    sim_ledger_remove(SIM_IRP, irp, "IoCompleteRequest");
    if (buffer)
        guarded_free(buffer, "IoCompleteRequest");
    if (mdl)
        sim_mdl_free(mdl);
    guarded_free(irp, "IoCompleteRequest");
    if (event) {
        sim_ke_set_event(event);
        object_dereference(event);
    }
    if (fetched_later)
        object_dereference(file);
    return 0;
}

/* ---- Waiting and cancelling ---- */

static bool
connection_is_dead(const struct thread *thread)
{
    struct pollfd end = {thread->connection, POLLRDHUP, 0};
    return thread->connection >= 0 && poll(&end, 1, 0) == 1 && (end.revents & (POLLRDHUP | POLLHUP));
}

/* By the IRP, which may have been completed meanwhile and its request be gone; addresses of IRPs are not
 * reused soon. */
static void
cancel(const IRP *which)
{
    uint8_t old = spin_lock_take(&CancelLock, NULL);
    void *routine = NULL;
    IRP *irp = NULL;
    DEVICE_OBJECT *object = NULL;
    pthread_mutex_lock(&Lock);
    struct request *request = find(which);
    if (request) {
        object = request->device->object;
        irp = request->irp;
        irp->Cancel = 1;
        routine = __atomic_exchange_n(&irp->CancelRoutine, NULL, __ATOMIC_ACQ_REL);
        if (routine)
            irp->CancelIrql = old;
    }
    pthread_mutex_unlock(&Lock);
    if (!routine) {
        spin_lock_leave(&CancelLock);
        return;
    }
    /* The routine owns the IRP now and releases the cancel spin lock. */
    SIM_CALL(routine, SIM_WORD(object), SIM_WORD(irp));
    if (sim_irql() != old || sim_locks_held())
        sim_stop("irp", "cancel routine %p did not release the cancel spin lock to the IRQL it was taken at",
                 routine);
}

/* Under the lock, which it drops while it sleeps. */
static void
sleep_for_completion(long milliseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += milliseconds * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&Completed, &Lock, &until);
}

bool
request_is_complete(const struct request *request)
{
    pthread_mutex_lock(&Lock);
    bool complete = request->complete;
    pthread_mutex_unlock(&Lock);
    return complete;
}

NTSTATUS
request_wait(struct request *request)
{
    bool cancelled = false;
    int64_t give_up = 0;
    pthread_mutex_lock(&Lock);
    const IRP *irp = request->irp;
    while (!request->complete) {
        sleep_for_completion(20);
        if (request->complete)
            break;
        pthread_mutex_unlock(&Lock);
        if (!cancelled && connection_is_dead(thread_self())) {
            cancelled = true;
            give_up = wait_now() + WAIT_SECONDS * 10000000ll;
            cancel(irp);
        }
        if (cancelled && wait_now() > give_up)
            sim_stop("irp", "an IRP of a thread that ended was cancelled and not completed");
        pthread_mutex_lock(&Lock);
    }
    NTSTATUS status = request->status;
    pthread_mutex_unlock(&Lock);
    return status;
}

void
io_cancel_thread(struct thread *thread)
{
    int64_t give_up = wait_now() + WAIT_SECONDS * 10000000ll;
    for (;;) {
        pthread_mutex_lock(&Lock);
        struct request *request = Outstanding;
        while (request && request->thread != thread)
            request = request->next;
        const IRP *irp = request ? request->irp : NULL;
        bool asked = irp && irp->Cancel;
        if (asked)
            sleep_for_completion(5);
        pthread_mutex_unlock(&Lock);
        if (!irp)
            return;
        if (!asked)
            cancel(irp);
        if (wait_now() > give_up)
            sim_stop("irp", "an IRP of a thread that ended was cancelled and not completed");
    }
}

NTSTATUS
io_cancel(struct sim_process *process, uint64_t handle, uint64_t id, bool every_thread)
{
    void *file;
    const struct thread *self = thread_self();
    NTSTATUS status = handle_reference(process, handle, OBJECT_FILE, 0, 1, &file, NULL);
    if (status != STATUS_SUCCESS)
        return status;
    status = STATUS_NOT_FOUND;
    for (;;) {
        pthread_mutex_lock(&Lock);
        struct request *request = Outstanding;
        while (request && (request->file != file || request->irp->Cancel || (id && request->id != id) ||
                           (!every_thread && request->thread != self) || request->process != process))
            request = request->next;
        const IRP *irp = request ? request->irp : NULL;
        pthread_mutex_unlock(&Lock);
        if (!irp)
            break;
        status = STATUS_SUCCESS;
        cancel(irp);
    }
    object_dereference(file);
    return status;
}

/* ---- Imports ---- */

static uint64_t
row_IoAcquireCancelSpinLock(struct sim_frame *frame)
{
    OUT(KIRQL, frame->arg[0]) = spin_lock_take(&CancelLock, frame->return_address);
    return 0;
}

static uint64_t
row_IoReleaseCancelSpinLock(struct sim_frame *frame)
{
    uint8_t to = (uint8_t)frame->arg[0];
    spin_lock_drop(&CancelLock);
    sim_irql_lower(to);
    return 0;
}

static uint64_t
row_IoGetRequestorProcess(struct sim_frame *frame)
{
    return (uintptr_t)request_of((const IRP *)frame->arg[0], "IoGetRequestorProcess")->process;
}

static uint64_t
row_IoGetRequestorProcessId(struct sim_frame *frame)
{
    return request_of((const IRP *)frame->arg[0], "IoGetRequestorProcessId")->process->id;
}

#if UINTPTR_MAX > 0xFFFFFFFFu
static uint64_t
row_IoIs32bitProcess(struct sim_frame *frame)
{
    const IRP *irp = (const IRP *)frame->arg[0];
    const struct sim_process *process =
        irp ? request_of(irp, "IoIs32bitProcess")->process : sim_thread()->process;
    return process->bits == 32;
}
#endif

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, IofCompleteRequest, 2, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-iocompleterequest"),
    ROW(NTOSKRNL, IoAcquireCancelSpinLock, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-ioacquirecancelspinlock"),
    ROW(NTOSKRNL, IoReleaseCancelSpinLock, 1, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-ioreleasecancelspinlock"),
    ROW(NTOSKRNL, IoGetRequestorProcess, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-ntifs-iogetrequestorprocess"),
    ROW(NTOSKRNL, IoGetRequestorProcessId, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-ntifs-iogetrequestorprocessid"),
#if UINTPTR_MAX > 0xFFFFFFFFu /* nothing to ask on a kernel of 32 bits */
    ROW(NTOSKRNL, IoIs32bitProcess, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-ntddk-iois32bitprocess"),
#endif
};
TABLE(sim_io_imports, Rows);
