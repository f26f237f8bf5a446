/* SPDX-License-Identifier: MIT
 * Processes: creation, context, and the end of one as Windows brings it about. In the last thread of the
 * process, at PASSIVE_LEVEL: notify routines (in a critical region), then the handles that are left are
 * closed (CLEANUP and CLOSE), then the address space goes and must have no locked page. */
#include "internal.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "wait.h"

#define MAX_LISTENERS 8

struct sim_process *sim_system_process;

static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list and the states of processes */
static struct sim_process *Processes;
static uint32_t NextId = 0x1000;
static void (*Listeners[MAX_LISTENERS])(struct sim_process *process);

static struct sim_process *
make(uint32_t id, unsigned bits, bool elevated, uint32_t parent)
{
    struct sim_process *process = object_create(OBJECT_PROCESS, sizeof *process);
    process->header.Type = ProcessObject_;
    process->header.Size = sizeof *process / 4;
    process->header.WaitListHead.Flink = process->header.WaitListHead.Blink = &process->header.WaitListHead;
    process->id = id;
    process->parent_id = parent;
    process->bits = bits;
    process->elevated = elevated;
    process->exit_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    process->handles = handle_table_create();
    pthread_mutex_init(&process->memory_lock, NULL);
    return process;
}

__attribute__((constructor)) static void
initialise(void)
{
    sim_system_process = make(4, SIM_64BIT ? 64 : 32, true, 0);
}

struct sim_process *
process_create(unsigned bits, bool elevated, uint32_t parent)
{
    pthread_mutex_lock(&Lock);
    uint32_t id = NextId;
    NextId += 4;
    pthread_mutex_unlock(&Lock);
    struct sim_process *process = make(id, bits, elevated, parent);
    pthread_mutex_lock(&Lock);
    process->next = Processes;
    Processes = process;
    pthread_mutex_unlock(&Lock);
    process_notify(process, true);
    return process;
}

struct sim_process *
process_find(uint32_t id)
{
    pthread_mutex_lock(&Lock);
    struct sim_process *process = Processes;
    while (process && process->id != id)
        process = process->next;
    pthread_mutex_unlock(&Lock);
    return process;
}

void
process_destroy(void *body)
{
    /* The list keeps every process until the simulator ends, so that its result can be asked for. */
    sim_stop("object", "process %u is dereferenced too often", ((struct sim_process *)body)->id);
}

uint32_t
sim_process_id(const struct sim_process *process)
{
    return process->id;
}

bool
sim_process_is_wow64(const struct sim_process *process)
{
    return SIM_64BIT && process->bits == 32;
}

bool
sim_process_is_elevated(const struct sim_process *process)
{
    return process->elevated;
}

void
sim_process_on_exit(void (*ended)(struct sim_process *process))
{
    for (unsigned i = 0; i < MAX_LISTENERS; i++) {
        if (!Listeners[i]) {
            Listeners[i] = ended;
            return;
        }
    }
    sim_stop("model", "too many listeners for the end of processes");
}

/* ---- Context ---- */

struct sim_process *
process_enter(struct sim_process *process, uint8_t mode, uint8_t *old_mode)
{
    struct sim_thread *thread = sim_thread();
    struct sim_process *previous = thread->process;
    *old_mode = thread->previous_mode;
    thread->process = process;
    thread->previous_mode = mode;
    ((struct thread_object *)thread->object)->process = process;
    return previous;
}

void
process_leave(struct sim_process *previous, uint8_t old_mode)
{
    struct sim_thread *thread = sim_thread();
    thread->process = previous;
    thread->previous_mode = old_mode;
    ((struct thread_object *)thread->object)->process = previous;
}

/* ---- The end ---- */

void
process_end(struct sim_process *process, int exit_status)
{
    uint8_t old_mode;
    struct sim_process *previous = process_enter(process, 0, &old_mode);
    io_cancel_thread(thread_self());
    pthread_mutex_lock(&Lock);
    process->terminating = true;
    pthread_mutex_unlock(&Lock);
    process_notify(process, false);
    handle_close_all(process);
    io_forget_process(process);
    unsigned locked = atomic_load(&process->locked_pages);
    if (locked)
        sim_stop("process-has-locked-pages", "process %u ended with %u pages locked (0x76)", process->id,
                 locked);
    region_remove_all(process);
    process_leave(previous, old_mode);
    for (unsigned i = 0; i < MAX_LISTENERS && Listeners[i]; i++)
        Listeners[i](process);
    pthread_mutex_lock(&Lock);
    process->ended = true;
    process->exit_status = exit_status;
    pthread_mutex_unlock(&Lock);
    uint64_t one = 1;
    if (write(process->exit_fd, &one, sizeof one) < 0)
        sim_stop("model", "the end of a process could not be signalled");
    dispatcher_signal(&process->header, 1);
}

int
sim_process_wait(struct sim_process *process, unsigned timeout_ms)
{
    int64_t timeout = -(int64_t)timeout_ms * 10000;
    if (sim_ke_wait(process, &timeout) == STATUS_TIMEOUT)
        return -1;
    pthread_mutex_lock(&Lock);
    int status = process->exit_status;
    pthread_mutex_unlock(&Lock);
    return status;
}

/* ---- A process without a Linux process ---- */

struct sim_process *
sim_process_fake_as(unsigned bits, bool elevated)
{
    struct sim_process *process = process_create(bits, elevated, sim_system_process->id);
    process->fake = true;
    return process;
}

struct sim_process *
sim_process_fake(void)
{
    return sim_process_fake_as(SIM_64BIT ? 64 : 32, true);
}

void
sim_process_exit_fake(struct sim_process *process)
{
    process_end(process, 0);
}

uint64_t
sim_event_create(struct sim_process *process, bool manual, bool initial)
{
    struct event_object *event = event_object_create(manual, initial);
    uint64_t handle = handle_create(process, event, 0x1F0003, false, NULL);
    object_dereference(event);
    return handle;
}

uint64_t
sim_event_create_as(struct sim_process *process, bool manual, bool initial, uint32_t access)
{
    struct event_object *event = event_object_create(manual, initial);
    uint64_t handle = handle_create(process, event, access, false, NULL);
    object_dereference(event);
    return handle;
}

static KEVENT *
event_of(struct sim_process *process, uint64_t handle)
{
    void *body;
    if (handle_reference(process, handle, OBJECT_EVENT, 0, 0, &body, NULL) != STATUS_SUCCESS)
        sim_stop("model", "0x%llx is no event of process %u", (unsigned long long)handle, process->id);
    return body;
}

bool
sim_event_wait(struct sim_process *process, uint64_t handle, unsigned timeout_ms)
{
    KEVENT *event = event_of(process, handle);
    int64_t timeout = -(int64_t)timeout_ms * 10000;
    bool signalled = sim_ke_wait(event, &timeout) == STATUS_WAIT_0;
    object_dereference(event);
    return signalled;
}

void
sim_event_set(struct sim_process *process, uint64_t handle)
{
    KEVENT *event = event_of(process, handle);
    sim_ke_set_event(event);
    object_dereference(event);
}

NTSTATUS
sim_duplicate(struct sim_process *from, uint64_t handle, struct sim_process *to, uint64_t *result)
{
    void *body;
    uint32_t access = 0;
    NTSTATUS status = handle_reference(from, handle, -1, 0, 1, &body, &access);
    if (status != STATUS_SUCCESS)
        return status;
    if (to->terminating || to->ended) {
        object_dereference(body);
        return STATUS_PROCESS_IS_TERMINATING;
    }
    *result = handle_create(to, body, access, false, NULL);
    object_dereference(body);
    return *result ? STATUS_SUCCESS : STATUS_PROCESS_IS_TERMINATING;
}

static size_t
length_of(const uint16_t *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

NTSTATUS
sim_open(struct sim_process *process, const uint16_t *dos_path, uint32_t access, uint64_t *handle)
{
    uint8_t old_mode;
    struct sim_process *previous = process_enter(process, 1, &old_mode);
    NTSTATUS status = io_open(process, dos_path, length_of(dos_path), access, 3, false, handle);
    process_leave(previous, old_mode);
    return status;
}

NTSTATUS
sim_ioctl(struct sim_process *process, uint64_t handle, uint32_t code, const void *in, uint32_t in_size,
          void *out, uint32_t out_size, uint32_t *returned)
{
    uint8_t old_mode;
    uint64_t information = 0;
    struct sim_process *previous = process_enter(process, 1, &old_mode);
    NTSTATUS status = io_request(process, handle, IRP_MJ_DEVICE_CONTROL, code, in, in_size, out, out_size,
                                 false, 0, NULL, &information);
    process_leave(previous, old_mode);
    if (returned)
        *returned = (uint32_t)information;
    return status;
}

NTSTATUS
sim_ioctl_as(struct sim_process *requestor, struct sim_process *current, uint8_t mode, uint64_t handle,
             uint32_t code, const void *in, uint32_t in_size)
{
    uint8_t old_mode;
    uint64_t information = 0;
    struct sim_process *previous = process_enter(current, mode, &old_mode);
    NTSTATUS status = io_request(requestor, handle, IRP_MJ_DEVICE_CONTROL, code, in, in_size, NULL, 0, false,
                                 0, NULL, &information);
    process_leave(previous, old_mode);
    return status;
}

NTSTATUS
sim_close(struct sim_process *process, uint64_t handle)
{
    uint8_t old_mode;
    struct sim_process *previous = process_enter(process, 1, &old_mode);
    NTSTATUS status = handle_close(process, handle);
    process_leave(previous, old_mode);
    return status;
}
