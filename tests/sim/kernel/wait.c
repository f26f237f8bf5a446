/* SPDX-License-Identifier: MIT
 * Events and waits on dispatcher objects. The state of an object is its SignalState, in memory of the driver
 * or of the model; one lock guards all of them and the list of waiting threads, as the dispatcher's lock did
 * in Windows. Events that processes share (Header.Absolute == SHARED_EVENT) are the exception: their state is
 * an eventfd, which both sides signal and consume without asking each other. A thread that waits for one of
 * those polls. */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "wait.h"

#define MAXIMUM_WAIT_OBJECTS 64
#define THREAD_WAIT_OBJECTS  3

struct waiter
{
    struct waiter *next;
    pthread_cond_t wake;
    int wake_fd; /* -1 until a wait needs to poll */
    bool queued, polls, wait_all;
    unsigned count;
    int result; /* index of the object that ended the wait, -1 so far */
    DISPATCHER_HEADER **objects;
};

static pthread_mutex_t Dispatcher = PTHREAD_MUTEX_INITIALIZER; /* SignalState of all objects; Waiters */
static struct waiter *Waiters, **LastWaiter = &Waiters;        /* first come, first served */

static bool
is_shared(const DISPATCHER_HEADER *object)
{
    return object->Absolute == SHARED_EVENT && object->Type <= SynchronizationEvent;
}

static int
shared_fd(const DISPATCHER_HEADER *object)
{
    return ((const struct event_object *)object)->fd;
}

/* A satisfied wait takes the signal of what is not a notification. */
static void
consume(DISPATCHER_HEADER *object)
{
    if (object->Type == SynchronizationEvent)
        object->SignalState = 0;
    else if (object->Type == SemaphoreObject_)
        object->SignalState--;
}

static bool
consume_shared(DISPATCHER_HEADER *object)
{
    uint64_t value;
    if (object->Type == SynchronizationEvent)
        return read(shared_fd(object), &value, sizeof value) == (ssize_t)sizeof value;
    struct pollfd ready = {shared_fd(object), POLLIN, 0};
    return poll(&ready, 1, 0) == 1;
}

/* Under the lock: whether the waiter's wait is over by its objects of the first kind. */
static bool
try_satisfy(struct waiter *waiter)
{
    unsigned ready = 0;
    for (unsigned i = 0; i < waiter->count; i++) {
        DISPATCHER_HEADER *object = waiter->objects[i];
        if (is_shared(object) || object->SignalState <= 0)
            continue;
        ready++;
        if (!waiter->wait_all) {
            consume(object);
            waiter->result = (int)i;
            return true;
        }
    }
    if (!waiter->wait_all || ready < waiter->count)
        return false;
    for (unsigned i = 0; i < waiter->count; i++)
        consume(waiter->objects[i]);
    waiter->result = 0;
    return true;
}

static void
unqueue(struct waiter *waiter)
{
    struct waiter **link = &Waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (LastWaiter == &waiter->next)
        LastWaiter = link;
    waiter->queued = false;
}

/* Under the lock, after an object became signalled. */
static void
wake_waiters(const DISPATCHER_HEADER *object)
{
    for (struct waiter *waiter = Waiters, *next; waiter && object->SignalState > 0; waiter = next) {
        next = waiter->next;
        bool concerned = false;
        for (unsigned i = 0; i < waiter->count && !concerned; i++)
            concerned = waiter->objects[i] == object;
        if (!concerned || !try_satisfy(waiter))
            continue;
        unqueue(waiter);
        if (waiter->polls) {
            uint64_t one = 1;
            if (write(waiter->wake_fd, &one, sizeof one) < 0)
                sim_stop("model", "a wake-up could not be written");
        } else {
            pthread_cond_signal(&waiter->wake);
        }
    }
}

void
waits_check_range(const void *memory, size_t size)
{
    pthread_mutex_lock(&Dispatcher);
    for (const struct waiter *waiter = Waiters; waiter; waiter = waiter->next) {
        for (unsigned i = 0; i < waiter->count; i++) {
            if ((uintptr_t)waiter->objects[i] - (uintptr_t)memory < size)
                sim_stop("wait", "memory freed with object %p in it, which a thread waits for",
                         (void *)waiter->objects[i]);
        }
    }
    pthread_mutex_unlock(&Dispatcher);
}

void
dispatcher_signal(DISPATCHER_HEADER *object, LONG state)
{
    pthread_mutex_lock(&Dispatcher);
    object->SignalState = state;
    wake_waiters(object);
    pthread_mutex_unlock(&Dispatcher);
}

/* ---- Events ---- */

void
sim_ke_initialize_event(KEVENT *event, bool manual, bool signalled)
{
    event->Header.Type = manual ? NotificationEvent : SynchronizationEvent;
    event->Header.Absolute = 0;
    event->Header.Size = sizeof(KEVENT) / 4;
    event->Header.Inserted = 0;
    event->Header.SignalState = signalled;
    event->Header.WaitListHead.Flink = event->Header.WaitListHead.Blink = &event->Header.WaitListHead;
}

static KEVENT *
checked(KEVENT *event)
{
    if (event->Header.Type > SynchronizationEvent || event->Header.Size != sizeof(KEVENT) / 4)
        sim_stop("wait", "%p is no initialised event", (void *)event);
    return event;
}

bool
sim_ke_set_event(KEVENT *event)
{
    checked(event);
    if (is_shared(&event->Header)) {
        uint64_t one = 1;
        struct pollfd ready = {shared_fd(&event->Header), POLLIN, 0};
        bool was = poll(&ready, 1, 0) == 1;
        /* Written even if it was signalled: who consumed it meanwhile must see what came before this call. */
        if (write(ready.fd, &one, sizeof one) < 0 && errno != EAGAIN)
            sim_stop("model", "a shared event could not be signalled");
        return was;
    }
    pthread_mutex_lock(&Dispatcher);
    bool was = event->Header.SignalState != 0;
    event->Header.SignalState = 1;
    if (!was)
        wake_waiters(&event->Header);
    pthread_mutex_unlock(&Dispatcher);
    return was;
}

bool
sim_ke_reset_event(KEVENT *event)
{
    checked(event);
    if (is_shared(&event->Header)) {
        uint64_t value;
        return read(shared_fd(&event->Header), &value, sizeof value) == (ssize_t)sizeof value;
    }
    pthread_mutex_lock(&Dispatcher);
    bool was = event->Header.SignalState != 0;
    event->Header.SignalState = 0;
    pthread_mutex_unlock(&Dispatcher);
    return was;
}

struct event_object *
event_object_create(bool manual, bool signalled)
{
    struct event_object *event = object_create(OBJECT_EVENT, sizeof *event);
    sim_ke_initialize_event(&event->event, manual, false);
    event->event.Header.Absolute = SHARED_EVENT;
    event->fd = eventfd(signalled, EFD_NONBLOCK | EFD_CLOEXEC);
    if (event->fd < 0)
        sim_stop("model", "no eventfd to be had");
    return event;
}

void
event_destroy(void *body)
{
    close(((struct event_object *)body)->fd);
}

/* ---- Waiting ---- */

int64_t
wait_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 10000000 + now.tv_nsec / 100;
}

/* The moment, in 100 ns of the monotonic clock, at which a time-out of Windows' form is over. */
static int64_t
deadline_of(int64_t timeout)
{
    if (timeout <= 0)
        return timeout < -((int64_t)1 << 60) ? INT64_MAX : wait_now() - timeout;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t system = ((int64_t)now.tv_sec + 11644473600ll) * 10000000 + now.tv_nsec / 100;
    return wait_now() + (timeout - system);
}

static struct waiter *
waiter_of_thread(void)
{
    struct thread *thread = thread_self();
    if (!thread->waiter) {
        struct waiter *waiter = calloc(1, sizeof *waiter);
        pthread_condattr_t monotonic;
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&waiter->wake, &monotonic);
        waiter->wake_fd = -1;
        thread->waiter = waiter;
    }
    return thread->waiter;
}

void
waiter_free(struct waiter *waiter)
{
    if (!waiter)
        return;
    if (waiter->wake_fd >= 0)
        close(waiter->wake_fd);
    pthread_cond_destroy(&waiter->wake);
    free(waiter);
}

/* Nothing shared to wait for: sleep until the waiter is satisfied. */
static void
block_on_condition(struct waiter *waiter, int64_t deadline)
{
    struct timespec until = {deadline / 10000000, deadline % 10000000 * 100};
    while (waiter->result < 0) {
        if (deadline == INT64_MAX)
            pthread_cond_wait(&waiter->wake, &Dispatcher);
        else if (pthread_cond_timedwait(&waiter->wake, &Dispatcher, &until) == ETIMEDOUT)
            break;
    }
}

static void
block_on_poll(struct waiter *waiter, int64_t deadline)
{
    struct pollfd fds[MAXIMUM_WAIT_OBJECTS + 1];
    unsigned index[MAXIMUM_WAIT_OBJECTS + 1], count = 1;
    fds[0] = (struct pollfd){waiter->wake_fd, POLLIN, 0};
    for (unsigned i = 0; i < waiter->count; i++) {
        if (is_shared(waiter->objects[i])) {
            fds[count] = (struct pollfd){shared_fd(waiter->objects[i]), POLLIN, 0};
            index[count++] = i;
        }
    }
    while (waiter->result < 0) {
        int64_t left = deadline == INT64_MAX ? 0 : deadline - wait_now();
        struct timespec timeout = {left / 10000000, left % 10000000 * 100};
        if (left < 0)
            break;
        pthread_mutex_unlock(&Dispatcher);
        ppoll(fds, count, deadline == INT64_MAX ? NULL : &timeout, NULL);
        pthread_mutex_lock(&Dispatcher);
        for (unsigned i = 1; i < count && waiter->result < 0; i++) {
            if (fds[i].revents && consume_shared(waiter->objects[index[i]]))
                waiter->result = (int)index[i];
        }
    }
    /* The wake-up of a wait that is over must not end the next one. */
    uint64_t value;
    while (read(waiter->wake_fd, &value, sizeof value) == (ssize_t)sizeof value)
        ;
}

NTSTATUS
wait_for(DISPATCHER_HEADER **objects, unsigned count, bool wait_all, const int64_t *timeout)
{
    struct waiter *waiter = waiter_of_thread();
    bool polls = false;
    waiter->objects = objects;
    waiter->count = count;
    waiter->wait_all = wait_all && count > 1;
    waiter->result = -1;
    for (unsigned i = 0; i < count; i++)
        polls |= is_shared(objects[i]);
    if (polls && waiter->wait_all)
        sim_stop("model", "waiting for all of several objects is not modelled for events of a process");
    if (polls && waiter->wake_fd < 0)
        waiter->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    waiter->polls = polls;

    pthread_mutex_lock(&Dispatcher);
    if (!try_satisfy(waiter)) {
        for (unsigned i = 0; polls && i < count && waiter->result < 0; i++) {
            if (is_shared(objects[i]) && consume_shared(objects[i]))
                waiter->result = (int)i;
        }
    }
    if (waiter->result < 0 && (!timeout || *timeout != 0)) {
        int64_t deadline = timeout ? deadline_of(*timeout) : INT64_MAX;
        waiter->next = NULL;
        waiter->queued = true;
        *LastWaiter = waiter;
        LastWaiter = &waiter->next;
        if (polls)
            block_on_poll(waiter, deadline);
        else
            block_on_condition(waiter, deadline);
        if (waiter->queued)
            unqueue(waiter);
    }
    int result = waiter->result;
    waiter->objects = NULL;
    waiter->count = 0;
    pthread_mutex_unlock(&Dispatcher);
    return result < 0 ? STATUS_TIMEOUT : STATUS_WAIT_0 + result;
}

NTSTATUS
sim_ke_wait(void *object, const int64_t *timeout)
{
    DISPATCHER_HEADER *objects[1] = {object};
    return wait_for(objects, 1, false, timeout);
}

/* ---- Imports ---- */

static uint64_t
row_KeInitializeEvent(struct sim_frame *frame)
{
    if ((uint32_t)frame->arg[1] > SynchronizationEvent)
        sim_stop("wait", "KeInitializeEvent with type %u", (unsigned)frame->arg[1]);
    sim_ke_initialize_event((KEVENT *)frame->arg[0], frame->arg[1] == NotificationEvent,
                            (UCHAR)frame->arg[2] != 0);
    return 0;
}

static uint64_t
row_KeSetEvent(struct sim_frame *frame)
{
    if ((UCHAR)frame->arg[2])
        sim_stop("wait", "KeSetEvent with Wait TRUE: the model does not follow it by a wait");
    return sim_ke_set_event((KEVENT *)frame->arg[0]);
}

static uint64_t
row_KeResetEvent(struct sim_frame *frame)
{
    return sim_ke_reset_event((KEVENT *)frame->arg[0]);
}

static uint64_t
row_KeClearEvent(struct sim_frame *frame)
{
    sim_ke_reset_event((KEVENT *)frame->arg[0]);
    return 0;
}

static uint64_t
row_KeReadStateEvent(struct sim_frame *frame)
{
    KEVENT *event = checked((KEVENT *)frame->arg[0]);
    if (!is_shared(&event->Header))
        return (uint64_t)__atomic_load_n(&event->Header.SignalState, __ATOMIC_ACQUIRE);
    struct pollfd ready = {shared_fd(&event->Header), POLLIN, 0};
    return poll(&ready, 1, 0) == 1;
}

static void
check_wait(const int64_t *timeout, uint8_t mode, DISPATCHER_HEADER **objects, unsigned count)
{
    if (sim_irql() > APC && (!timeout || *timeout != 0))
        sim_stop("irql", "a wait with a time-out other than zero at IRQL %u", sim_irql());
    if (mode > 1)
        sim_stop("wait", "wait mode %u is unknown", mode);
    for (unsigned i = 0; i < count; i++) {
        uint8_t type = objects[i]->Type;
        if (type != NotificationEvent && type != SynchronizationEvent && type != ThreadObject_ &&
            type != ProcessObject_ && type != SemaphoreObject_)
            sim_stop("wait", "%p is no object that can be waited for", (void *)objects[i]);
    }
}

static uint64_t
row_KeWaitForSingleObject(struct sim_frame *frame)
{
    DISPATCHER_HEADER *object = (DISPATCHER_HEADER *)frame->arg[0];
    const int64_t *timeout = (const int64_t *)frame->arg[4];
    check_wait(timeout, (uint8_t)frame->arg[2], &object, 1);
    return (uint32_t)wait_for(&object, 1, false, timeout);
}

static uint64_t
row_KeWaitForMultipleObjects(struct sim_frame *frame)
{
    enum
    {
        WaitAll = 0,
        WaitAny = 1
    };
    unsigned count = (unsigned)frame->arg[0];
    DISPATCHER_HEADER **objects = (DISPATCHER_HEADER **)frame->arg[1];
    const int64_t *timeout = (const int64_t *)frame->arg[6];
    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS || (count > THREAD_WAIT_OBJECTS && !frame->arg[7]))
        sim_stop("wait", "a wait for %u objects%s", count, frame->arg[7] ? "" : " without wait blocks");
    if ((uint32_t)frame->arg[2] > WaitAny)
        sim_stop("wait", "wait type %u is unknown", (unsigned)frame->arg[2]);
    check_wait(timeout, (uint8_t)frame->arg[4], objects, count);
    return (uint32_t)wait_for(objects, count, frame->arg[2] == WaitAll, timeout);
}

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, KeInitializeEvent, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-wdm-keinitializeevent"),
    ROW(NTOSKRNL, KeSetEvent, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0, "nf-wdm-kesetevent"),
    ROW(NTOSKRNL, KeResetEvent, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0, "nf-wdm-keresetevent"),
    ROW(NTOSKRNL, KeClearEvent, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0, "nf-wdm-keclearevent"),
    ROW(NTOSKRNL, KeReadStateEvent, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-kereadstateevent"),
    ROW(NTOSKRNL, KeWaitForSingleObject, 5, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-kewaitforsingleobject"),
    ROW(NTOSKRNL, KeWaitForMultipleObjects, 8, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-kewaitformultipleobjects"),
};
TABLE(sim_wait_imports, Rows);
