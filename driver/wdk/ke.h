/* SPDX-License-Identifier: MIT
 *
 * Kernel synchronisation, threads, time and the executive's locks. Every prototype names the IRQL at which it
 * may be called.
 */
#ifndef WDK_KE_H
#define WDK_KE_H

#include "types.h"

typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;

typedef struct _DISPATCHER_HEADER
{
    UCHAR Type;
    UCHAR Reserved[3];
    LONG SignalState;
    LIST_ENTRY WaitListHead;
} DISPATCHER_HEADER;

typedef struct _KEVENT
{
    DISPATCHER_HEADER Header;
} KEVENT, *PKEVENT, *PRKEVENT;

typedef struct _KSPIN_LOCK_QUEUE
{
    struct _KSPIN_LOCK_QUEUE *volatile Next;
    PKSPIN_LOCK volatile Lock;
} KSPIN_LOCK_QUEUE;

typedef struct _KLOCK_QUEUE_HANDLE
{
    KSPIN_LOCK_QUEUE LockQueue;
    KIRQL OldIrql;
} KLOCK_QUEUE_HANDLE, *PKLOCK_QUEUE_HANDLE;

typedef struct _FAST_MUTEX
{
    LONG Count;
    PVOID Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX;

typedef struct _EX_RUNDOWN_REF
{
    union
    {
        ULONG_PTR Count;
        PVOID Ptr;
    };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;

/* Attached-process state of KeStackAttachProcess; opaque. */
typedef struct _KAPC_STATE
{
    LIST_ENTRY ApcListHead[2];
    PRKPROCESS Process;
    UCHAR Flags[3 + sizeof(PVOID) / 2];
} KAPC_STATE, *PKAPC_STATE, *PRKAPC_STATE;

typedef enum _EVENT_TYPE
{
    NotificationEvent = 0,
    SynchronizationEvent = 1
} EVENT_TYPE;

typedef enum _KWAIT_REASON
{
    Executive = 0,
    UserRequest = 6
} KWAIT_REASON;

typedef enum _WAIT_TYPE
{
    WaitAll = 0,
    WaitAny = 1
} WAIT_TYPE;

#define THREAD_WAIT_OBJECTS   3 /* waits on more objects need a block array */
#define IO_NO_INCREMENT       0
#define EVENT_INCREMENT       1
#define IO_NETWORK_INCREMENT  2
#define LOW_REALTIME_PRIORITY 16

typedef void(NTAPI KSTART_ROUTINE)(PVOID StartContext);
typedef KSTART_ROUTINE *PKSTART_ROUTINE;
typedef void(NTAPI CREATE_PROCESS_NOTIFY_ROUTINE)(HANDLE ParentId, HANDLE ProcessId, BOOLEAN Create);
typedef CREATE_PROCESS_NOTIFY_ROUTINE *PCREATE_PROCESS_NOTIFY_ROUTINE;

/* ---- Events and waits ---- */

NTSYSAPI VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State); /* any IRQL */
NTSYSAPI LONG NTAPI KeSetEvent(PRKEVENT Event, LONG Increment, BOOLEAN Wait); /* <= DISPATCH if !Wait */
NTSYSAPI VOID NTAPI KeClearEvent(PRKEVENT Event);                             /* <= DISPATCH */
NTSYSAPI LONG NTAPI KeResetEvent(PRKEVENT Event);                             /* <= DISPATCH */
NTSYSAPI LONG NTAPI KeReadStateEvent(PRKEVENT Event);                         /* <= DISPATCH */

/* <= APC; <= DISPATCH with a zero timeout. Timeout in 100 ns: negative is relative, NULL waits for ever. */
NTSYSAPI NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                              BOOLEAN Alertable, PLARGE_INTEGER Timeout);
NTSYSAPI NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Objects[], WAIT_TYPE WaitType,
                                                 KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                                 BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                                 PVOID WaitBlockArray);
NTSYSAPI NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                               PLARGE_INTEGER Interval); /* <= APC */

NTSYSAPI VOID NTAPI KeEnterCriticalRegion(VOID); /* <= APC */
NTSYSAPI VOID NTAPI KeLeaveCriticalRegion(VOID); /* <= APC */
NTSYSAPI VOID NTAPI KeFlushQueuedDpcs(VOID);     /* PASSIVE */

/* 100 ns units without the time slept; any IRQL; Windows 7 and later. */
NTSYSAPI ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID);
NTSYSAPI ULONG NTAPI KeQueryActiveProcessorCount(KAFFINITY *ActiveProcessors); /* <= DISPATCH */
NTSYSAPI DECLSPEC_NORETURN VOID NTAPI KeBugCheckEx(ULONG Code, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3,
                                                   ULONG_PTR P4);

/* ---- Spin locks: <= DISPATCH to acquire, DISPATCH while held; not recursive ---- */

static inline void
KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    *SpinLock = 0;
}

#if defined(__i386__)
NTSYSAPI KIRQL FASTCALL KfAcquireSpinLock(PKSPIN_LOCK SpinLock);
NTSYSAPI VOID FASTCALL KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);
NTSYSAPI VOID FASTCALL KefAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);
NTSYSAPI VOID FASTCALL KefReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock);
#define KeAcquireSpinLockRaiseToDpc(SpinLock)   KfAcquireSpinLock(SpinLock)
#define KeReleaseSpinLock(SpinLock, NewIrql)    KfReleaseSpinLock(SpinLock, NewIrql)
#define KeAcquireSpinLockAtDpcLevel(SpinLock)   KefAcquireSpinLockAtDpcLevel(SpinLock)
#define KeReleaseSpinLockFromDpcLevel(SpinLock) KefReleaseSpinLockFromDpcLevel(SpinLock)
#else
NTSYSAPI KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock);
NTSYSAPI VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);
NTSYSAPI VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);
NTSYSAPI VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock);
#endif
#define KeAcquireSpinLock(SpinLock, OldIrql) (*(OldIrql) = KeAcquireSpinLockRaiseToDpc(SpinLock))

NTSYSAPI VOID FASTCALL KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle);
NTSYSAPI VOID FASTCALL KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle);
NTSYSAPI VOID FASTCALL KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                                                PKLOCK_QUEUE_HANDLE LockHandle);
NTSYSAPI VOID FASTCALL KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle);

/* ---- Fast mutexes: <= APC, and APC while held; not recursive ---- */

static inline void
ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    FastMutex->Count = 1;
    FastMutex->Owner = NULL;
    FastMutex->Contention = 0;
    KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}

NTSYSAPI VOID FASTCALL ExAcquireFastMutex(PFAST_MUTEX FastMutex);
NTSYSAPI VOID FASTCALL ExReleaseFastMutex(PFAST_MUTEX FastMutex);
NTSYSAPI VOID FASTCALL ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex); /* inside a critical region */
NTSYSAPI VOID FASTCALL ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex);

/* ---- Rundown protection: acquire and release <= DISPATCH, wait <= APC ---- */

NTSYSAPI VOID FASTCALL ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef);
NTSYSAPI VOID FASTCALL ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef);
NTSYSAPI BOOLEAN FASTCALL ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef);
NTSYSAPI VOID FASTCALL ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef);
NTSYSAPI VOID FASTCALL ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef);
NTSYSAPI VOID FASTCALL ExRundownCompleted(PEX_RUNDOWN_REF RunRef);

/* ---- Threads and processes ---- */

#define THREAD_ALL_ACCESS 0x1FFFFFu

/* PASSIVE */
NTSYSAPI NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                             struct _OBJECT_ATTRIBUTES *ObjectAttributes,
                                             HANDLE ProcessHandle, PCLIENT_ID ClientId,
                                             PKSTART_ROUTINE StartRoutine, PVOID StartContext);
/* PASSIVE, from the thread that ends; does not return if it succeeds */
NTSYSAPI NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus);
NTSYSAPI LONG NTAPI KeSetPriorityThread(PKTHREAD Thread, LONG Priority); /* PASSIVE */
NTSYSAPI PEPROCESS NTAPI IoGetCurrentProcess(VOID);                      /* <= APC */
#define PsGetCurrentProcess() IoGetCurrentProcess()
NTSYSAPI HANDLE NTAPI PsGetCurrentProcessId(VOID);
NTSYSAPI HANDLE NTAPI PsGetProcessId(PEPROCESS Process);
NTSYSAPI VOID NTAPI KeStackAttachProcess(PRKPROCESS Process, PRKAPC_STATE ApcState); /* <= APC */
NTSYSAPI VOID NTAPI KeUnstackDetachProcess(PRKAPC_STATE ApcState);                   /* <= APC */
/* PASSIVE; the callback runs at PASSIVE inside a critical region, in the dying process when Create is FALSE
 */
NTSYSAPI NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine,
                                                        BOOLEAN Remove);

#endif
