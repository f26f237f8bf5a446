/* SPDX-License-Identifier: MIT
 * Requests of a process: DeviceIoControl, ReadFile, WriteFile and the results of those that stay pending. */
#include "io.h"

#include <stdlib.h>
#include <string.h>

static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* guards both */
static struct request *Finished; /* asynchronous ones whose result was not fetched yet, complete or not */
static uint64_t NextId = 1;

/* Fills the stack location and the buffers, as the device and the control code want them. */
static void
prepare(struct request *request, unsigned major, uint32_t code, const void *in, uint32_t in_size,
        uint32_t out_size)
{
    enum
    {
        METHOD_BUFFERED,
        METHOD_IN_DIRECT,
        METHOD_OUT_DIRECT,
        METHOD_NEITHER
    };
    IRP *irp = request->irp;
    IO_STACK_LOCATION *stack = irp->Tail.Overlay.CurrentStackLocation;
    ULONG flags = request->device->object->Flags;
    unsigned method;
    if (major == IRP_MJ_DEVICE_CONTROL) {
        stack->Parameters.DeviceIoControl.IoControlCode = code;
        stack->Parameters.DeviceIoControl.InputBufferLength = in_size;
        stack->Parameters.DeviceIoControl.OutputBufferLength = out_size;
        method = code & 3;
    } else {
        stack->Parameters.Read.Length = major == IRP_MJ_READ ? out_size : in_size;
        method = flags & DO_BUFFERED_IO ? METHOD_BUFFERED
                 : flags & DO_DIRECT_IO ? METHOD_OUT_DIRECT
                                        : METHOD_NEITHER;
    }
    if (out_size) {
        request->out = calloc(1, out_size);
        request->out_size = out_size;
    }
    if (method == METHOD_BUFFERED) {
        request_give_buffer(request, in, in_size, out_size);
    } else if (method == METHOD_NEITHER) {
        /* Addresses of the caller, which the model does not have: a driver must not believe them anyway. */
        if (in_size)
            stack->Parameters.DeviceIoControl.Type3InputBuffer = (void *)(uintptr_t)0x10000;
        irp->UserBuffer = out_size ? (void *)(uintptr_t)0x20000 : NULL;
    } else {
        if (major == IRP_MJ_DEVICE_CONTROL)
            request_give_buffer(request, in, in_size, 0);
        uint32_t direct = major == IRP_MJ_WRITE ? in_size : out_size;
        if (direct) {
            if (major == IRP_MJ_WRITE) {
                request->out = malloc(in_size);
                memcpy(request->out, in, in_size);
            }
            request->mdl = irp->MdlAddress = sim_mdl_describe(request->out, direct, SIM_MDL_UNMAPPED);
        }
    }
}

NTSTATUS
io_request(struct sim_process *process, uint64_t handle, unsigned major, uint32_t code, const void *in,
           uint32_t in_size, void *out, uint32_t out_size, bool asynchronous, uint64_t event, uint64_t *id,
           uint64_t *information)
{
    void *body, *event_body = NULL;
    uint32_t granted;
    uint32_t need = major == IRP_MJ_READ ? 1 : major == IRP_MJ_WRITE ? 2 : code >> 14 & 3;
    NTSTATUS status = handle_reference(process, handle, OBJECT_FILE, 0, 1, &body, &granted);
    *information = 0;
    if (status != STATUS_SUCCESS)
        return status;
    struct file *file = body;
    if (need & ~granted)
        status = STATUS_ACCESS_DENIED;
    else if (event)
        status = handle_reference(process, event, OBJECT_EVENT, 2, 1, &event_body, NULL);
    if (status != STATUS_SUCCESS) {
        object_dereference(file);
        return status;
    }
    struct request *request = request_create(process, file, major, sim_thread()->previous_mode);
    request->asynchronous = asynchronous;
    request->event = event_body;
    if (event_body)
        sim_ke_reset_event(event_body);
    prepare(request, major, code, in, in_size, out_size);
    pthread_mutex_lock(&Lock);
    request->id = NextId++;
    pthread_mutex_unlock(&Lock);
    /* An asynchronous request gives this reference back when it completes. */
    if (asynchronous)
        object_reference(file);
    status = request_send(request);
    if (status == STATUS_PENDING && asynchronous) {
        *id = request->id;
        pthread_mutex_lock(&Lock);
        request->next_finished = Finished;
        Finished = request;
        pthread_mutex_unlock(&Lock);
        object_dereference(file);
        return STATUS_PENDING;
    }
    if (status == STATUS_PENDING)
        status = request_wait(request);
    *information = request->information;
    if (out && (uint32_t)status < 0xC0000000u)
        memcpy(out, request->out, request->information < out_size ? request->information : out_size);
    request_free(request);
    object_dereference(file);
    return status;
}

NTSTATUS
io_result(struct sim_process *process, uint64_t id, bool wait, void *out, uint32_t out_size,
          uint64_t *information, uint32_t *given)
{
    pthread_mutex_lock(&Lock);
    struct request **link = &Finished;
    while (*link && ((*link)->id != id || (*link)->process != process))
        link = &(*link)->next_finished;
    struct request *request = *link;
    bool complete = request && request_is_complete(request);
    pthread_mutex_unlock(&Lock);
    if (!request)
        return STATUS_NOT_FOUND;
    if (!complete && !wait)
        return STATUS_PENDING;
    NTSTATUS status = request_wait(request);
    pthread_mutex_lock(&Lock);
    for (link = &Finished; *link != request;)
        link = &(*link)->next_finished;
    *link = request->next_finished;
    pthread_mutex_unlock(&Lock);
    *information = request->information;
    *given = 0;
    if (request->out && request->out_size && (uint32_t)status < 0xC0000000u) {
        *given =
            (uint32_t)(request->information < request->out_size ? request->information : request->out_size);
        if (*given > out_size)
            *given = out_size;
        memcpy(out, request->out, *given);
    }
    request_free(request);
    return status;
}

/* Results that nobody will fetch; every IRP of the process is complete by now. */
void
io_forget_process(struct sim_process *process)
{
    pthread_mutex_lock(&Lock);
    for (struct request **link = &Finished; *link;) {
        struct request *request = *link;
        if (request->process != process || !request_is_complete(request)) {
            link = &request->next_finished;
            continue;
        }
        *link = request->next_finished;
        request_free(request);
    }
    pthread_mutex_unlock(&Lock);
}
