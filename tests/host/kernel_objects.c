/* SPDX-License-Identifier: MIT
 *
 * Objects with a reference count, handles to them, processes and system threads. An object ends with its last
 * reference; a handle is one reference and belongs to a process.
 */
#include <pthread.h>
#include <stdlib.h>

#include "host_objects.h"

#define HANDLES_MAX 4096

typedef struct handle_slot
{
    host_object *object;
    uint32_t process;
    bool modify; /* granted EVENT_MODIFY_STATE */
} handle_slot;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over the table */
static handle_slot handles[HANDLES_MAX];

static struct _OBJECT_TYPE
{
    host_object_type type;
} types[] = {{HOST_EVENT}, {HOST_THREAD}, {HOST_FILE}};
static POBJECT_TYPE event_type = &types[HOST_EVENT], thread_type = &types[HOST_THREAD];
POBJECT_TYPE *ExEventObjectType = &event_type;
POBJECT_TYPE *PsThreadType = &thread_type;

static __thread uint32_t current_process = HOST_SYSTEM_PROCESS;
/* Their addresses stand for the process objects. */
static char process_objects[65536];

/* ---- Objects ---- */

void *
object_create(host_object_type type, size_t size, void (*destroy)(void *body))
{
    host_object *object = calloc(1, sizeof(*object) + size);
    object->type = type;
    object->references = 1;
    object->destroy = destroy;
    ledger_add(LEDGER_OBJECT, 1);
    return object->body;
}

LONG_PTR FASTCALL
ObfReferenceObject(PVOID Object)
{
    return InterlockedIncrement(&object_of(Object)->references);
}

LONG_PTR FASTCALL
ObfDereferenceObject(PVOID Object)
{
    host_object *object = object_of(Object);
    LONG left = InterlockedDecrement(&object->references);
    host_check(left >= 0);
    if (!left) {
        if (object->destroy)
            object->destroy(object->body);
        ledger_add(LEDGER_OBJECT, -1);
        free(object);
    }
    return left;
}

/* ---- Handles ---- */

/* Takes over the caller's reference. */
HANDLE
handle_create(void *body, bool kernel)
{
    pthread_mutex_lock(&lock);
    for (uintptr_t i = 0; i < HANDLES_MAX; i++)
        if (!handles[i].object) {
            handles[i] = (handle_slot){object_of(body), kernel ? HOST_SYSTEM_PROCESS : current_process, true};
            pthread_mutex_unlock(&lock);
            ledger_add(LEDGER_HANDLE, 1);
            return (HANDLE)((i + 1) * 4);
        }
    host_fail("no handle is left");
}

static handle_slot *
slot_of(HANDLE handle)
{
    uintptr_t index = (uintptr_t)handle / 4 - 1;
    return (uintptr_t)handle % 4 || index >= HANDLES_MAX || !handles[index].object ? NULL : &handles[index];
}

/* The object with a reference of its own, or NULL. */
void *
handle_reference(HANDLE handle, host_object_type type, NTSTATUS *status)
{
    void *body = NULL;
    pthread_mutex_lock(&lock);
    handle_slot *slot = slot_of(handle);
    if (!slot) {
        *status = STATUS_INVALID_HANDLE;
    } else if (slot->object->type != type) {
        *status = STATUS_OBJECT_TYPE_MISMATCH;
    } else {
        *status = STATUS_SUCCESS;
        body = slot->object->body;
        InterlockedIncrement(&slot->object->references);
    }
    pthread_mutex_unlock(&lock);
    return body;
}

void
host_handle_close(HANDLE handle)
{
    pthread_mutex_lock(&lock);
    handle_slot *slot = slot_of(handle);
    if (!slot)
        host_fail("a handle is closed that is not open");
    host_object *object = slot->object;
    slot->object = NULL;
    pthread_mutex_unlock(&lock);
    ledger_add(LEDGER_HANDLE, -1);
    if (object->type == HOST_FILE)
        file_last_handle_closed(object->body);
    ObfDereferenceObject(object->body);
}

NTSTATUS NTAPI
ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                          KPROCESSOR_MODE AccessMode, PVOID *Object, PVOID HandleInformation)
{
    NTSTATUS status;
    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(AccessMode);
    host_check(host_irql() == PASSIVE_LEVEL && ObjectType && !HandleInformation);
    sched_point();
    if (fault_here("ObReferenceObjectByHandle"))
        return STATUS_INSUFFICIENT_RESOURCES;
    *Object = handle_reference(Handle, ObjectType->type, &status);
    return status;
}

NTSTATUS NTAPI
ZwClose(HANDLE Handle)
{
    host_check(host_irql() == PASSIVE_LEVEL);
    host_handle_close(Handle);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    NTSTATUS status;
    void *body = handle_reference(Handle, HOST_THREAD, &status);
    if (!body)
        return status;
    status = KeWaitForSingleObject(body, Executive, KernelMode, Alertable, Timeout);
    ObfDereferenceObject(body);
    return status;
}

HANDLE
host_event_create(EVENT_TYPE type)
{
    KEVENT *event = object_create(HOST_EVENT, sizeof(*event), NULL);
    KeInitializeEvent(event, type, FALSE);
    return handle_create(event, false);
}

/* Without a reference: for a handle that the caller keeps open. */
PKEVENT
host_event_of(HANDLE handle)
{
    NTSTATUS status;
    PKEVENT event = handle_reference(handle, HOST_EVENT, &status);
    host_check(event);
    ObfDereferenceObject(event);
    return event;
}

/* ---- Processes ---- */

static PCREATE_PROCESS_NOTIFY_ROUTINE notify_routine;

void
host_enter_process(uint32_t id)
{
    current_process = id;
}

uint32_t
host_process(void)
{
    return current_process;
}

HANDLE NTAPI
PsGetCurrentProcessId(VOID)
{
    return (HANDLE)(uintptr_t)current_process;
}

PEPROCESS
process_object(uint32_t id)
{
    return (PEPROCESS)(void *)&process_objects[id % sizeof(process_objects)];
}

PEPROCESS NTAPI
IoGetCurrentProcess(VOID)
{
    return process_object(current_process);
}

NTSTATUS NTAPI
PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine, BOOLEAN Remove)
{
    host_check(host_irql() == PASSIVE_LEVEL);
    if (Remove) {
        host_check(notify_routine == NotifyRoutine);
        notify_routine = NULL;
        ledger_add(LEDGER_NOTIFY, -1);
        return STATUS_SUCCESS;
    }
    if (fault_here("PsSetCreateProcessNotifyRoutine"))
        return STATUS_INVALID_PARAMETER; /* the 64 slots are taken */
    host_check(!notify_routine);
    notify_routine = NotifyRoutine;
    ledger_add(LEDGER_NOTIFY, 1);
    return STATUS_SUCCESS;
}

void
host_process_die(uint32_t id)
{
    uint32_t before = current_process;
    current_process = id;
    if (notify_routine) {
        KeEnterCriticalRegion();
        notify_routine((HANDLE)(uintptr_t)HOST_SYSTEM_PROCESS, (HANDLE)(uintptr_t)id, FALSE);
        KeLeaveCriticalRegion();
    }
    /* Its address space goes now; handles, and with them CLEANUP, come afterwards. */
    user_memory_free_all(id);
    for (uintptr_t i = 0; i < HANDLES_MAX; i++) {
        pthread_mutex_lock(&lock);
        bool close = handles[i].object && handles[i].process == id;
        pthread_mutex_unlock(&lock);
        if (close)
            host_handle_close((HANDLE)((i + 1) * 4));
    }
    current_process = before;
}

/* ---- System threads ---- */

typedef struct host_thread
{
    KEVENT ended; /* first, so that a wait on the object is a wait for this */
    sched_thread *thread;
    PKSTART_ROUTINE routine;
    PVOID context;
    bool terminated;
} host_thread;

static __thread host_thread *current_thread;

static void
thread_destroy(void *body)
{
    sched_join(((host_thread *)body)->thread);
}

static void
thread_run(void *body)
{
    current_thread = body;
    current_thread->routine(current_thread->context);
    host_check(current_thread->terminated);
    host_check(host_irql() == PASSIVE_LEVEL);
    KeSetEvent(&current_thread->ended, IO_NO_INCREMENT, FALSE);
}

NTSTATUS NTAPI
PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess, struct _OBJECT_ATTRIBUTES *ObjectAttributes,
                     HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                     PVOID StartContext)
{
    UNREFERENCED_PARAMETER(DesiredAccess);
    host_check(host_irql() == PASSIVE_LEVEL && !ProcessHandle && !ClientId);
    host_check(ObjectAttributes && (ObjectAttributes->Attributes & OBJ_KERNEL_HANDLE));
    sched_point();
    if (fault_here("PsCreateSystemThread"))
        return STATUS_INSUFFICIENT_RESOURCES;
    host_thread *thread = object_create(HOST_THREAD, sizeof(*thread), thread_destroy);
    KeInitializeEvent(&thread->ended, NotificationEvent, FALSE);
    thread->routine = StartRoutine;
    thread->context = StartContext;
    /* Before the thread runs: the caller may close the handle before it gets going. */
    *ThreadHandle = handle_create(thread, true);
    thread->thread = sched_start("system thread", thread_run, thread);
    return STATUS_SUCCESS;
}

/* In Windows it does not return; here the thread's routine returns right after it. */
NTSTATUS NTAPI
PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    UNREFERENCED_PARAMETER(ExitStatus);
    host_check(current_thread && host_irql() == PASSIVE_LEVEL);
    current_thread->terminated = true;
    return STATUS_SUCCESS;
}
