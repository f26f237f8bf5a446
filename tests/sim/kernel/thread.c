/* SPDX-License-Identifier: MIT
 * Threads: what the model knows of each thread of the simulator, system threads of drivers, and threads that
 * a scenario starts. Every Linux thread that calls an image or an import is a thread of Windows. */
#include "internal.h"

#include <setjmp.h>
#include <stdlib.h>
#include "wait.h"

static __thread struct thread *Self;
static pthread_key_t EndKey;
static pthread_once_t EndOnce = PTHREAD_ONCE_INIT;
static _Atomic unsigned NextId = 4;

static void
end_thread(void *memory)
{
    struct thread *thread = memory;
    struct thread_object *object = thread->seen.object;
    __atomic_store_n(&object->thread, NULL, __ATOMIC_RELEASE);
    Self = thread; /* the destructor of thread-local data runs after them */
    dispatcher_signal(&object->header, 1);
    object_dereference(object);
    waiter_free(thread->waiter);
    Self = NULL;
    free(thread);
}

static void
make_key(void)
{
    pthread_key_create(&EndKey, end_thread);
}

unsigned
thread_next_id(void)
{
    return atomic_fetch_add(&NextId, 4);
}

static struct thread *
thread_create(struct sim_process *process)
{
    struct thread *thread = calloc(1, sizeof *thread);
    struct thread_object *object = object_create(OBJECT_THREAD, sizeof *object);
    thread->id = thread_next_id();
    thread->connection = -1;
    thread->seen.process = process;
    thread->seen.object = object;
    object->header = (DISPATCHER_HEADER){.Type = ThreadObject_, .Size = sizeof *object / 4};
    object->header.WaitListHead.Flink = object->header.WaitListHead.Blink = &object->header.WaitListHead;
    object->thread = thread;
    object->process = process;
    object->id = thread->id;
    object->priority = 8;
    return thread;
}

static void
thread_adopt(struct thread *thread)
{
    pthread_once(&EndOnce, make_key);
    Self = thread;
    pthread_setspecific(EndKey, thread);
}

struct thread *
thread_self(void)
{
    if (!Self)
        thread_adopt(thread_create(sim_system_process));
    return Self;
}

struct sim_thread *
sim_thread(void)
{
    return &thread_self()->seen;
}

unsigned
sim_locks_held(void)
{
    return thread_self()->seen.locks_held;
}

void
thread_check_clean(const char *where, const void *code)
{
    const struct thread *thread = thread_self();
    if (thread->seen.locks_held)
        sim_stop("lock", "%s %p returned with lock %p held", where, code,
                 thread->held[thread->seen.locks_held - 1].lock);
    if (thread->critical_region)
        sim_stop("thread", "%s %p returned inside a critical region", where, code);
    if (thread->attached)
        sim_stop("thread", "%s %p returned attached to another process", where, code);
}

/* ---- Threads of scenarios ---- */

struct sim_task
{
    pthread_t pthread;
    void (*run)(void *context);
    void *context;
};

static void *
task_main(void *argument)
{
    struct sim_task *task = argument;
    task->run(task->context);
    thread_check_clean("task", (const void *)task->run);
    return NULL;
}

struct sim_task *
sim_spawn(void (*run)(void *context), void *context)
{
    struct sim_task *task = malloc(sizeof *task);
    task->run = run;
    task->context = context;
    if (pthread_create(&task->pthread, NULL, task_main, task) != 0)
        sim_stop("model", "no thread to be had");
    return task;
}

void
sim_join(struct sim_task *task)
{
    pthread_join(task->pthread, NULL);
    free(task);
}

/* ---- System threads ---- */

struct start
{
    struct thread *thread;
    const void *routine;
    uintptr_t context;
};

static void *
system_thread_main(void *argument)
{
    struct start start = *(struct start *)argument;
    jmp_buf leave;
    free(argument);
    thread_adopt(start.thread);
    start.thread->exit_jump = &leave;
    if (_setjmp(leave) == 0)
        SIM_CALL(start.routine, start.context);
    thread_check_clean("system thread", start.routine);
    if (sim_irql() != PASSIVE)
        sim_stop("irql", "system thread %p ended at IRQL %u", start.routine, sim_irql());
    sim_stack_release();
    sim_ledger_remove(SIM_THREAD, start.thread->seen.object, "thread end");
    return NULL;
}

static uint64_t
row_PsCreateSystemThread(struct sim_frame *frame)
{
    const OBJECT_ATTRIBUTES *attributes = (const OBJECT_ATTRIBUTES *)frame->arg[2];
    struct sim_process *process = sim_system_process;
    if (attributes && attributes->Length != sizeof *attributes)
        return (uint32_t)STATUS_INVALID_PARAMETER;
    if (frame->arg[3] == (uintptr_t)-1)
        process = sim_thread()->process;
    else if (frame->arg[3])
        sim_stop("model", "a system thread in the process of handle 0x%zx is not modelled",
                 (size_t)frame->arg[3]);
    struct start *start = malloc(sizeof *start);
    struct thread *thread = thread_create(process);
    struct thread_object *object = thread->seen.object;
    *start = (struct start){thread, (const void *)frame->arg[5], frame->arg[6]};
    uint64_t handle = handle_create(NULL, object, (uint32_t)frame->arg[1], true, frame->return_address);
    OUT(HANDLE, frame->arg[0]) = (HANDLE)(uintptr_t)handle;
    if (frame->arg[4])
        OUT(CLIENT_ID, frame->arg[4]) =
            (CLIENT_ID){(HANDLE)(uintptr_t)process->id, (HANDLE)(uintptr_t)object->id};
    sim_ledger_add(SIM_THREAD, object, 0, "system thread", frame->return_address);
    pthread_t pthread;
    pthread_attr_t attribute;
    pthread_attr_init(&attribute);
    pthread_attr_setdetachstate(&attribute, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&pthread, &attribute, system_thread_main, start) != 0)
        sim_stop("model", "no thread to be had");
    pthread_attr_destroy(&attribute);
    return STATUS_SUCCESS;
}

static uint64_t
row_PsTerminateSystemThread(struct sim_frame *frame)
{
    struct thread *thread = thread_self();
    (void)frame;
    if (!thread->exit_jump)
        return (uint32_t)STATUS_INVALID_PARAMETER;
    _longjmp(thread->exit_jump, 1);
}

/* ---- What threads can be asked ---- */

static uint64_t
row_KeGetCurrentThread(struct sim_frame *frame)
{
    (void)frame;
    return (uintptr_t)sim_thread()->object;
}

static uint64_t
row_PsGetCurrentThreadId(struct sim_frame *frame)
{
    (void)frame;
    return thread_self()->id;
}

static uint64_t
row_PsGetThreadId(struct sim_frame *frame)
{
    return ((struct thread_object *)frame->arg[0])->id;
}

static uint64_t
row_PsIsSystemThread(struct sim_frame *frame)
{
    return ((struct thread_object *)frame->arg[0])->process == sim_system_process;
}

static uint64_t
row_KeSetPriorityThread(struct sim_frame *frame)
{
    struct thread_object *object = (struct thread_object *)frame->arg[0];
    LONG priority = (LONG)frame->arg[1], old = object->priority;
    if (object->header.Type != ThreadObject_)
        sim_stop("thread", "KeSetPriorityThread of %p, which is no thread", (void *)object);
    if (priority < 1 || priority > 31)
        sim_stop("thread", "KeSetPriorityThread to %d", priority);
    object->priority = priority;
    return (uint64_t)old;
}

static uint64_t
row_KeEnterCriticalRegion(struct sim_frame *frame)
{
    (void)frame;
    thread_self()->critical_region++;
    return 0;
}

static uint64_t
row_KeLeaveCriticalRegion(struct sim_frame *frame)
{
    (void)frame;
    if (thread_self()->critical_region-- == 0)
        sim_stop("thread", "KeLeaveCriticalRegion outside a critical region");
    return 0;
}

static uint64_t
row_KeAreApcsDisabled(struct sim_frame *frame)
{
    (void)frame;
    return thread_self()->critical_region != 0 || sim_irql() >= APC;
}

#define row_PsGetCurrentThread row_KeGetCurrentThread

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, PsCreateSystemThread, 7, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, SIM_FAILS_RESOURCES,
        "nf-wdm-pscreatesystemthread"),
    ROW(NTOSKRNL, PsTerminateSystemThread, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-wdm-psterminatesystemthread"),
    ROW(NTOSKRNL, KeGetCurrentThread, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-kegetcurrentthread"),
    ROW(NTOSKRNL, PsGetCurrentThread, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "psgetcurrentthread"),
    ROW(NTOSKRNL, PsGetCurrentThreadId, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-ntddk-psgetcurrentthreadid"),
    ROW(NTOSKRNL, PsGetThreadId, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-ntifs-psgetthreadid"),
    ROW(NTOSKRNL, PsIsSystemThread, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-ntifs-psissystemthread"),
    ROW(NTOSKRNL, KeSetPriorityThread, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-wdm-kesetprioritythread"),
    ROW(NTOSKRNL, KeEnterCriticalRegion, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-ntddk-keentercriticalregion"),
    ROW(NTOSKRNL, KeLeaveCriticalRegion, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-ntddk-keleavecriticalregion"),
    ROW(NTOSKRNL, KeAreApcsDisabled, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-keareapcsdisabled"),
};
TABLE(sim_thread_imports, Rows);
