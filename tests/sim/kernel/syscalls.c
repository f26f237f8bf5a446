/* SPDX-License-Identifier: MIT
 * The server of system calls: wire_nt.h says what each does. Runs in the serving thread, so that a driver
 * sees the calling thread of the calling process. */
#include "internal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../wire/wire_nt.h"
#include "process_start.h"

struct call
{
    struct sim_process *process;
    const struct wire_call *in;
    const uint8_t *data;
    int fd_in; /* the handler that uses it sets it to -1 */
    struct wire_reply *reply;
    uint8_t *out;
    int *fd_out;
};

/* The fd by which a process waits for an object, a duplicate; -1 if it has none. */
static int
waitable(void *body, uint64_t *kind)
{
    switch (object_type_of(body)) {
    case OBJECT_EVENT: {
        const struct event_object *event = body;
        *kind = event->event.Header.Type == SynchronizationEvent ? WIRE_OBJECT_EVENT_AUTO
                                                                 : WIRE_OBJECT_EVENT_MANUAL;
        return dup(event->fd);
    }
    case OBJECT_PROCESS:
        *kind = WIRE_OBJECT_PROCESS;
        return dup(((struct sim_process *)body)->exit_fd);
    case OBJECT_THREAD:
        *kind = WIRE_OBJECT_THREAD;
        return -1;
    default:
        *kind = WIRE_OBJECT_FILE;
        return -1;
    }
}

/* A process by handle or WIRE_CURRENT_PROCESS, referenced. */
static NTSTATUS
process_by(const struct call *call, uint64_t handle, uint32_t access, struct sim_process **process)
{
    void *body;
    if (handle == WIRE_CURRENT_PROCESS) {
        object_reference(call->process);
        *process = call->process;
        return STATUS_SUCCESS;
    }
    NTSTATUS status = handle_reference(call->process, handle, OBJECT_PROCESS, access, 1, &body, NULL);
    *process = body;
    return status;
}

/* ---- The process itself ---- */

static NTSTATUS
attach(struct call *call)
{
    if (call->in->arg[0] != call->process->bits)
        sim_stop("wire", "process %u says that it has %u bits", call->process->id,
                 (unsigned)call->in->arg[0]);
    call->reply->result[0] = call->process->id;
    call->reply->result[1] = thread_self()->id;
    call->reply->result[2] = call->process->elevated;
    call->reply->result[3] = call->process->parent_id;
    return STATUS_SUCCESS;
}

static NTSTATUS
add_thread(struct call *call)
{
    if (call->fd_in < 0)
        return STATUS_INVALID_PARAMETER;
    call->reply->result[0] = process_serve(call->process, call->fd_in);
    call->fd_in = -1;
    return STATUS_SUCCESS;
}

static NTSTATUS
query_system(struct call *call)
{
    uint64_t *result = call->reply->result;
    result[0] = sim_persona->major;
    result[1] = sim_persona->minor;
    result[2] = sim_persona->build;
    result[3] = sim_persona->system;
    result[4] = sim_arch;
    result[5] = call->process->elevated;
    result[6] = sim_persona->ndis_version;
    return STATUS_SUCCESS;
}

/* ---- Memory ---- */

static NTSTATUS
allocate(struct call *call)
{
    const uint64_t *arg = call->in->arg;
    if (call->fd_in < 0 || (arg[2] != 0 && arg[2] != 1 && arg[2] != 3))
        return STATUS_INVALID_PARAMETER;
    struct backing *backing = backing_create(call->fd_in);
    call->fd_in = -1;
    return region_add(call->process, arg[0], arg[1], (unsigned)arg[2], backing, arg[3]);
}

static NTSTATUS
protect(struct call *call)
{
    const uint64_t *arg = call->in->arg;
    unsigned old = 0;
    NTSTATUS status = region_protect(call->process, arg[0], arg[1], (unsigned)arg[2], &old);
    call->reply->result[0] = old;
    return status;
}

/* ---- I/O ---- */

static NTSTATUS
open_device(struct call *call)
{
    const uint64_t *arg = call->in->arg;
    uint16_t path[512];
    if (call->in->data_size > sizeof path)
        return STATUS_OBJECT_NAME_INVALID;
    memcpy(path, call->data, call->in->data_size);
    return io_open(call->process, path, call->in->data_size / 2, (uint32_t)arg[0], (uint32_t)arg[1],
                   arg[2] & 1, &call->reply->result[0]);
}

static NTSTATUS
request(struct call *call, unsigned major)
{
    const uint64_t *arg = call->in->arg;
    uint32_t out_size = major == IRP_MJ_WRITE ? 0 : (uint32_t)arg[2];
    uint64_t information = 0;
    if (major == IRP_MJ_READ)
        out_size = (uint32_t)arg[1];
    if (out_size > WIRE_MAX_DATA)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status =
        io_request(call->process, arg[0], major, (uint32_t)arg[1], call->data, call->in->data_size, call->out,
                   out_size, (arg[3] & WIRE_IO_ASYNC) != 0, arg[4], &call->reply->result[1], &information);
    call->reply->result[0] = information;
    if (status != STATUS_PENDING && (uint32_t)status < 0xC0000000u && out_size)
        call->reply->data_size = (uint32_t)(information < out_size ? information : out_size);
    return status;
}

static NTSTATUS
result_of(struct call *call)
{
    uint64_t information = 0;
    NTSTATUS status = io_result(call->process, call->in->arg[0], call->in->arg[1] & 1, call->out,
                                WIRE_MAX_DATA, &information, &call->reply->data_size);
    call->reply->result[0] = information;
    return status;
}

/* ---- Handles ---- */

static NTSTATUS
duplicate(struct call *call)
{
    const uint64_t *arg = call->in->arg;
    struct sim_process *from, *to;
    void *body;
    uint32_t granted = 0;
    NTSTATUS status = process_by(call, arg[0], 0x40, &from);
    if (status != STATUS_SUCCESS)
        return status;
    status = process_by(call, arg[2], 0x40, &to);
    if (status == STATUS_SUCCESS) {
        status = handle_reference(from, arg[1], -1, 0, 1, &body, &granted);
        if (status == STATUS_SUCCESS && (to->terminating || to->ended)) {
            object_dereference(body);
            status = STATUS_PROCESS_IS_TERMINATING;
        }
        if (status == STATUS_SUCCESS) {
            uint32_t access = arg[4] & 2 ? granted : security_map((uint32_t)arg[3]);
            call->reply->result[0] = handle_create(to, body, access, false, NULL);
            if (!call->reply->result[0])
                status = STATUS_PROCESS_IS_TERMINATING;
            int fd = waitable(body, &call->reply->result[1]);
            if (to == call->process)
                *call->fd_out = fd;
            else if (fd >= 0)
                close(fd);
            object_dereference(body);
            if (arg[4] & 1)
                handle_close(from, arg[1]);
        }
        object_dereference(to);
    }
    object_dereference(from);
    return status;
}

static NTSTATUS
query_handle(struct call *call)
{
    void *body;
    uint32_t granted;
    NTSTATUS status = handle_reference(call->process, call->in->arg[0], -1, 0, 1, &body, &granted);
    if (status != STATUS_SUCCESS)
        return status;
    *call->fd_out = waitable(body, &call->reply->result[0]);
    call->reply->result[1] = granted;
    object_dereference(body);
    return STATUS_SUCCESS;
}

static NTSTATUS
create_event(struct call *call)
{
    struct event_object *event = event_object_create(call->in->arg[0] & 1, call->in->arg[1] & 1);
    call->reply->result[0] = handle_create(call->process, event, 0x1F0003, false, NULL);
    *call->fd_out = dup(event->fd);
    object_dereference(event);
    return STATUS_SUCCESS;
}

/* ---- Other processes ---- */

static NTSTATUS
open_process(struct call *call)
{
    struct sim_process *process = process_find((uint32_t)call->in->arg[0]);
    uint64_t kind;
    if (!process || process->ended)
        return STATUS_INVALID_CID;
    if (process->elevated && !call->process->elevated)
        return STATUS_ACCESS_DENIED;
    call->reply->result[0] = handle_create(call->process, process, (uint32_t)call->in->arg[1], false, NULL);
    *call->fd_out = waitable(process, &kind);
    return STATUS_SUCCESS;
}

static NTSTATUS
query_process(struct call *call)
{
    struct sim_process *process;
    NTSTATUS status = process_by(call, call->in->arg[0], 0, &process);
    if (status != STATUS_SUCCESS)
        return status;
    uint64_t *result = call->reply->result;
    result[0] = process->id;
    result[1] = sim_process_is_wow64(process);
    result[2] = process->ended;
    result[3] = (uint64_t)process->exit_status;
    result[4] = process->elevated;
    result[5] = (uint64_t)process->linux_pid;
    object_dereference(process);
    return STATUS_SUCCESS;
}

static NTSTATUS
terminate_process(struct call *call)
{
    struct sim_process *process;
    NTSTATUS status = process_by(call, call->in->arg[0], 1, &process);
    if (status != STATUS_SUCCESS)
        return status;
    if (process->linux_pid > 0 && !process->ended)
        kill(process->linux_pid, SIGKILL);
    object_dereference(process);
    return STATUS_SUCCESS;
}

static NTSTATUS
start_process(struct call *call)
{
    const char *words[34];
    unsigned count = 0;
    uint64_t kind;
    const char *at = (const char *)call->data, *end = at + call->in->data_size;
    if (at == end || end[-1] != 0)
        return STATUS_INVALID_PARAMETER;
    for (; at < end && count < 33; at += strlen(at) + 1)
        words[count++] = at;
    words[count] = NULL;
    struct sim_process *process =
        process_start((enum sim_arch)call->in->arg[0], words[0], words + 1,
                      call->in->arg[1] && call->process->elevated, call->process->id, call->fd_in);
    if (!process)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    call->reply->result[0] = handle_create(call->process, process, 0x1FFFFF, false, NULL);
    call->reply->result[1] = process->id;
    *call->fd_out = waitable(process, &kind);
    return STATUS_SUCCESS;
}

/* ---- Dispatch ---- */

static NTSTATUS
dispatch(struct call *call)
{
    const uint64_t *arg = call->in->arg;
    switch (call->in->number) {
    case NT_ATTACH:
        return attach(call);
    case NT_THREAD:
        return add_thread(call);
    case NT_SYSTEM:
        return query_system(call);
    case NT_EXIT:
        return STATUS_SUCCESS;
    case NT_ALLOCATE:
        return allocate(call);
    case NT_FREE:
        return region_remove(call->process, arg[0]);
    case NT_PROTECT:
        return protect(call);
    case NT_OPEN_DEVICE:
        return open_device(call);
    case NT_IOCTL:
        return request(call, IRP_MJ_DEVICE_CONTROL);
    case NT_READ:
        return request(call, IRP_MJ_READ);
    case NT_WRITE:
        return request(call, IRP_MJ_WRITE);
    case NT_IO_RESULT:
        return result_of(call);
    case NT_CANCEL_IO:
        return io_cancel(call->process, arg[0], arg[1], arg[2] & 1);
    case NT_CLOSE:
        return handle_close(call->process, arg[0]);
    case NT_DUPLICATE:
        return duplicate(call);
    case NT_WAITABLE:
        return query_handle(call);
    case NT_CREATE_EVENT:
        return create_event(call);
    case NT_OPEN_PROCESS:
        return open_process(call);
    case NT_QUERY_PROCESS:
        return query_process(call);
    case NT_TERMINATE_PROCESS:
        return terminate_process(call);
    case NT_START_PROCESS:
        return start_process(call);
    default:
        return STATUS_NOT_IMPLEMENTED;
    }
}

static void
serve(struct sim_process *process, const struct wire_call *in, const void *data, int fd_in,
      struct wire_reply *reply, void *out, int *fd_out)
{
    struct call call = {process, in, data, fd_in, reply, out, fd_out};
    reply->status = (uint32_t)dispatch(&call);
    if (call.fd_in >= 0)
        close(call.fd_in);
}

__attribute__((constructor)) static void
initialise(void)
{
    wire_register_server(WIRE_NT, serve);
}
