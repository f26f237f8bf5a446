/* SPDX-License-Identifier: MIT
 *
 * Events and waits, spin locks, fast mutexes, IRQL.
 *
 * As in Windows, whoever sets an event is done with it before any waiter can go on: setting and taking happen
 * under one of a set of locks that stand for the dispatcher's. So a waiter may free what contains the event
 * at once.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

#define STRIPES      64u
#define WAIT_OBJECTS 3

/* One per event that a thread waits for; on the event's list while it sleeps. */
typedef struct wait_node
{
    struct wait_node *next;
    int *word; /* of the thread */
} wait_node;

static pthread_mutex_t stripes[STRIPES] = {[0 ... STRIPES - 1] = PTHREAD_MUTEX_INITIALIZER};
static __thread KIRQL current_irql;

/* ---- IRQL ---- */

KIRQL
host_irql(void)
{
    return current_irql;
}

void
host_set_irql(KIRQL irql)
{
    current_irql = irql;
}

/* ---- Events ---- */

static pthread_mutex_t *
stripe_of(const KEVENT *event)
{
    return &stripes[((uintptr_t)event >> 4) * 2654435761u % STRIPES];
}

/* The head of an event's list of wait_nodes lives where Windows has one, too. */
static wait_node **
waiters_of(KEVENT *event)
{
    return (wait_node **)(void *)&event->Header.WaitListHead.Flink;
}

VOID NTAPI
KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    *Event = (KEVENT){.Header = {.Type = (UCHAR)Type, .SignalState = State}};
}

static LONG
event_change(PRKEVENT event, LONG state)
{
    pthread_mutex_t *stripe = stripe_of(event);
    pthread_mutex_lock(stripe);
    LONG before = event->Header.SignalState;
    event->Header.SignalState = state;
    if (state)
        for (wait_node *node = *waiters_of(event); node; node = node->next) {
            __atomic_store_n(node->word, 1, __ATOMIC_RELEASE);
            syscall(SYS_futex, node->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
        }
    pthread_mutex_unlock(stripe);
    return before;
}

LONG NTAPI
KeSetEvent(PRKEVENT Event, LONG Increment, BOOLEAN Wait)
{
    UNREFERENCED_PARAMETER(Increment);
    host_check(!Wait && host_irql() <= DISPATCH_LEVEL);
    sched_point();
    LONG before = event_change(Event, 1);
    sched_point();
    return before;
}

LONG NTAPI
KeResetEvent(PRKEVENT Event)
{
    host_check(host_irql() <= DISPATCH_LEVEL);
    sched_point();
    return event_change(Event, 0);
}

VOID NTAPI
KeClearEvent(PRKEVENT Event)
{
    KeResetEvent(Event);
}

LONG NTAPI
KeReadStateEvent(PRKEVENT Event)
{
    pthread_mutex_t *stripe = stripe_of(Event);
    sched_point();
    pthread_mutex_lock(stripe);
    LONG state = Event->Header.SignalState;
    pthread_mutex_unlock(stripe);
    return state;
}

/* ---- Waits ---- */

/* Takes the event if it is set. */
static bool
event_take(PRKEVENT event)
{
    pthread_mutex_t *stripe = stripe_of(event);
    pthread_mutex_lock(stripe);
    bool taken = event->Header.SignalState != 0;
    if (taken && event->Header.Type == SynchronizationEvent)
        event->Header.SignalState = 0;
    pthread_mutex_unlock(stripe);
    return taken;
}

static void
event_leave(PRKEVENT event, wait_node *node)
{
    pthread_mutex_t *stripe = stripe_of(event);
    pthread_mutex_lock(stripe);
    for (wait_node **link = waiters_of(event); *link; link = &(*link)->next)
        if (*link == node) {
            *link = node->next;
            break;
        }
    pthread_mutex_unlock(stripe);
}

typedef struct wait_request
{
    ULONG count;
    PRKEVENT *events;
} wait_request;

static bool
any_is_set(void *argument)
{
    wait_request *request = argument;
    for (ULONG i = 0; i < request->count; i++)
        if (request->events[i]->Header.SignalState)
            return true;
    return false;
}

/* Sleeps until one of the events may be set or the time is over. */
static void
wait_natively(wait_request *request, uint64_t deadline)
{
    wait_node nodes[WAIT_OBJECTS];
    int word = 0;
    ULONG joined = 0;
    for (; joined < request->count; joined++) {
        nodes[joined].word = &word;
        KEVENT *event = request->events[joined];
        pthread_mutex_t *stripe = stripe_of(event);
        pthread_mutex_lock(stripe);
        bool set = event->Header.SignalState != 0;
        if (!set) {
            nodes[joined].next = *waiters_of(event);
            *waiters_of(event) = &nodes[joined];
        }
        pthread_mutex_unlock(stripe);
        if (set)
            break;
    }
    while (joined == request->count && !__atomic_load_n(&word, __ATOMIC_ACQUIRE)) {
        uint64_t now = sched_time();
        if (now >= deadline)
            break;
        struct timespec rest = {.tv_sec = (time_t)((deadline - now) / 10000000u),
                                .tv_nsec = (long)((deadline - now) % 10000000u) * 100};
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, deadline == UINT64_MAX ? NULL : &rest, NULL, 0);
    }
    for (ULONG i = 0; i < joined; i++)
        event_leave(request->events[i], &nodes[i]);
}

NTSTATUS NTAPI
KeWaitForMultipleObjects(ULONG Count, PVOID Objects[], WAIT_TYPE WaitType, KWAIT_REASON WaitReason,
                         KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                         PVOID WaitBlockArray)
{
    wait_request request = {Count, (PRKEVENT *)Objects};
    bool poll = Timeout && !Timeout->QuadPart;

    UNREFERENCED_PARAMETER(WaitReason);
    UNREFERENCED_PARAMETER(WaitBlockArray);
    host_check(Count >= 1 && Count <= WAIT_OBJECTS && (WaitType == WaitAny || Count == 1));
    host_check(WaitMode == KernelMode && !Alertable);
    host_check(host_irql() < DISPATCH_LEVEL || (poll && host_irql() == DISPATCH_LEVEL));
    host_check(!Timeout || Timeout->QuadPart <= 0); /* nobody here needs absolute times */
    uint64_t deadline = Timeout ? sched_time() + (uint64_t)-Timeout->QuadPart : UINT64_MAX;

    sched_point();
    for (;;) {
        for (ULONG i = 0; i < Count; i++)
            if (event_take(request.events[i]))
                return STATUS_WAIT_0 + (NTSTATUS)i;
        if (poll || (Timeout && sched_time() >= deadline))
            return STATUS_TIMEOUT;
        if (sched_is_seeded())
            sched_block("an event", any_is_set, &request, Timeout ? (int64_t)(deadline - sched_time()) : -1);
        else
            wait_natively(&request, deadline);
    }
}

NTSTATUS NTAPI
KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                      PLARGE_INTEGER Timeout)
{
    return KeWaitForMultipleObjects(1, &Object, WaitAny, WaitReason, WaitMode, Alertable, Timeout, NULL);
}

/* ---- Spin locks ---- */

static bool
spin_lock_is_free(void *lock)
{
    return !__atomic_load_n((PKSPIN_LOCK)lock, __ATOMIC_RELAXED);
}

static void
spin_lock_take(PKSPIN_LOCK lock)
{
    sched_point();
    for (unsigned int spins = 0;; spins++) {
        KSPIN_LOCK seen = 0;
        if (__atomic_compare_exchange_n(lock, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return;
        if (sched_is_seeded())
            sched_block("a spin lock", spin_lock_is_free, lock, -1);
        else if (spins < 100)
            YieldProcessor();
        else
            sched_relax();
    }
}

static void
spin_lock_give(PKSPIN_LOCK lock)
{
    host_check(__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) != 0);
    sched_point();
}

KIRQL NTAPI
KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    KIRQL old = host_irql();
    host_check(old <= DISPATCH_LEVEL);
    host_set_irql(DISPATCH_LEVEL);
    spin_lock_take(SpinLock);
    return old;
}

VOID NTAPI
KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    host_check(host_irql() == DISPATCH_LEVEL && NewIrql <= DISPATCH_LEVEL);
    spin_lock_give(SpinLock);
    host_set_irql(NewIrql);
}

VOID NTAPI
KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    host_check(host_irql() == DISPATCH_LEVEL);
    spin_lock_take(SpinLock);
}

VOID NTAPI
KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    host_check(host_irql() == DISPATCH_LEVEL);
    spin_lock_give(SpinLock);
}

/* ---- Fast mutexes ---- */

static __thread int critical_regions;

VOID NTAPI
KeEnterCriticalRegion(VOID)
{
    critical_regions++;
}

VOID NTAPI
KeLeaveCriticalRegion(VOID)
{
    host_check(critical_regions-- > 0);
}

VOID FASTCALL
ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    host_check(critical_regions > 0 && host_irql() <= APC_LEVEL);
    host_check(__atomic_load_n(&FastMutex->Owner, __ATOMIC_RELAXED) != (PVOID)&critical_regions);
    if (InterlockedDecrement(&FastMutex->Count) != 0)
        KeWaitForSingleObject(&FastMutex->Event, Executive, KernelMode, FALSE, NULL);
    __atomic_store_n(&FastMutex->Owner, (PVOID)&critical_regions, __ATOMIC_RELAXED);
}

VOID FASTCALL
ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    host_check(__atomic_load_n(&FastMutex->Owner, __ATOMIC_RELAXED) == (PVOID)&critical_regions);
    __atomic_store_n(&FastMutex->Owner, NULL, __ATOMIC_RELAXED);
    if (InterlockedIncrement(&FastMutex->Count) <= 0)
        KeSetEvent(&FastMutex->Event, IO_NO_INCREMENT, FALSE);
}
