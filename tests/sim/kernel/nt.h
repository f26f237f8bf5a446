/* SPDX-License-Identifier: MIT
 * The WDM structures that a driver sees, with the layout that Windows gives them for the architecture this
 * simulator was compiled for. Declared here from the documentation, independently of the driver's own
 * headers, and asserted below: a wrong offset on one side shows as a failing test instead of hiding in both.
 *
 * Past 500 lines: the assertions at the end belong to the structures that they check.
 *
 * ULONG and LONG are 32 bits on every Windows; 64-bit members are aligned to 8 even on x86, where the host's
 * compiler would use 4 (IO_STACK_LOCATION on x86 is the one that is packed to 4). */
#ifndef SIM_NT_H
#define SIM_NT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t UCHAR, BOOLEAN, KIRQL;
typedef int8_t CHAR, CCHAR, KPROCESSOR_MODE;
typedef int16_t SHORT, CSHORT;
typedef uint16_t USHORT, WCHAR;
typedef int32_t LONG, NTSTATUS, KPRIORITY;
typedef uint32_t ULONG, ACCESS_MASK, DEVICE_TYPE;
typedef int64_t LONGLONG __attribute__((aligned(8))), LONG64 __attribute__((aligned(8)));
typedef uint64_t ULONGLONG __attribute__((aligned(8))), ULONG64 __attribute__((aligned(8)));
typedef uintptr_t ULONG_PTR, SIZE_T, PFN_NUMBER, KSPIN_LOCK, KAFFINITY, EX_SPIN_LOCK_WORD;
typedef intptr_t LONG_PTR;
typedef void VOID, *PVOID, *HANDLE;
typedef UCHAR *PUCHAR;
typedef USHORT *PUSHORT;
typedef WCHAR *PWSTR, *PWCH;
typedef ULONG *PULONG;
typedef BOOLEAN *PBOOLEAN;
typedef HANDLE *PHANDLE;
typedef KSPIN_LOCK *PKSPIN_LOCK;

#define SIM_64BIT (UINTPTR_MAX > 0xFFFFFFFFu)
#if UINTPTR_MAX > 0xFFFFFFFFu
#define MEMORY_ALLOCATION_ALIGNMENT 16
#else
#define MEMORY_ALLOCATION_ALIGNMENT 8
#endif
#define PAGE_SIZE          4096u
#define NT_MEMORY_ALIGNED  __attribute__((aligned(MEMORY_ALLOCATION_ALIGNMENT)))
#define NT_POINTER_ALIGNED __attribute__((aligned(sizeof(void *))))

typedef union _LARGE_INTEGER
{
    struct
    {
        ULONG LowPart;
        LONG HighPart;
    };
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef struct _GUID
{
    ULONG Data1;
    USHORT Data2, Data3;
    UCHAR Data4[8];
} GUID;

typedef struct _LIST_ENTRY
{
    struct _LIST_ENTRY *Flink, *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _UNICODE_STRING
{
    USHORT Length, MaximumLength; /* bytes */
    PWSTR Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef UNICODE_STRING NDIS_STRING, *PNDIS_STRING;

typedef union _SLIST_HEADER
{
    ULONG64 Alignment[MEMORY_ALLOCATION_ALIGNMENT / 8];
} NT_MEMORY_ALIGNED SLIST_HEADER, *PSLIST_HEADER;

typedef struct _OBJECT_ATTRIBUTES
{
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor, SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

typedef struct _CLIENT_ID
{
    HANDLE UniqueProcess, UniqueThread;
} CLIENT_ID;

typedef struct _IO_STATUS_BLOCK
{
    union
    {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

typedef struct _OSVERSIONINFOW
{
    ULONG dwOSVersionInfoSize, dwMajorVersion, dwMinorVersion, dwBuildNumber, dwPlatformId;
    WCHAR szCSDVersion[128];
} OSVERSIONINFOW;
typedef struct _OSVERSIONINFOEXW
{
    ULONG dwOSVersionInfoSize, dwMajorVersion, dwMinorVersion, dwBuildNumber, dwPlatformId;
    WCHAR szCSDVersion[128];
    USHORT wServicePackMajor, wServicePackMinor, wSuiteMask;
    UCHAR wProductType, wReserved;
} OSVERSIONINFOEXW;

/* ---- Dispatcher objects and locks ---- */

enum
{
    NotificationEvent = 0,
    SynchronizationEvent = 1,
    ThreadObject_ = 6,
    ProcessObject_ = 3,
    SemaphoreObject_ = 5
};

typedef struct _DISPATCHER_HEADER
{
    UCHAR Type;     /* one of the numbers above */
    UCHAR Absolute; /* here, and only here: mark of the model, see wait.c */
    UCHAR Size;     /* in ULONGs */
    UCHAR Inserted;
    LONG SignalState;
    LIST_ENTRY WaitListHead;
} DISPATCHER_HEADER;

typedef struct _KEVENT
{
    DISPATCHER_HEADER Header;
} KEVENT, *PKEVENT, *PRKEVENT;

typedef struct _KSEMAPHORE
{
    DISPATCHER_HEADER Header;
    LONG Limit;
} KSEMAPHORE, *PKSEMAPHORE;

typedef struct _KDPC
{
    PVOID Opaque[8];
} KDPC, *PKDPC;

typedef struct _KDEVICE_QUEUE
{
    SHORT Type, Size;
    LIST_ENTRY DeviceListHead;
    KSPIN_LOCK Lock;
    ULONG_PTR Busy;
} KDEVICE_QUEUE;

typedef struct _KSPIN_LOCK_QUEUE
{
    struct _KSPIN_LOCK_QUEUE *Next;
    PKSPIN_LOCK Lock;
} KSPIN_LOCK_QUEUE;
typedef struct _KLOCK_QUEUE_HANDLE
{
    KSPIN_LOCK_QUEUE LockQueue;
    KIRQL OldIrql;
} KLOCK_QUEUE_HANDLE, *PKLOCK_QUEUE_HANDLE;

typedef struct _FAST_MUTEX
{
    LONG Count; /* 1 = free */
    PVOID Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX, KGUARDED_MUTEX;

typedef struct _EX_RUNDOWN_REF
{
    ULONG_PTR Count;
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;

typedef struct _WORK_QUEUE_ITEM
{
    LIST_ENTRY List;
    PVOID WorkerRoutine, Parameter;
} WORK_QUEUE_ITEM;

/* ---- Memory descriptor lists; the page numbers follow the structure ---- */

typedef struct _MDL
{
    struct _MDL *Next;
    CSHORT Size, MdlFlags;
    PVOID Process, MappedSystemVa, StartVa;
    ULONG ByteCount, ByteOffset;
} MDL, *PMDL;

enum
{
    MDL_MAPPED_TO_SYSTEM_VA = 0x1,
    MDL_PAGES_LOCKED = 0x2,
    MDL_SOURCE_IS_NONPAGED_POOL = 0x4,
    MDL_ALLOCATED_FIXED_SIZE = 0x8,
    MDL_PARTIAL = 0x10,
    MDL_PARTIAL_HAS_BEEN_MAPPED = 0x20,
    MDL_IO_PAGE_READ = 0x40,
    MDL_WRITE_OPERATION = 0x80,
    MDL_MAPPING_CAN_FAIL = 0x2000,
};

/* ---- I/O ---- */

struct _IRP;
struct _DEVICE_OBJECT;
struct _DRIVER_OBJECT;

typedef struct _FILE_OBJECT
{
    CSHORT Type, Size;
    struct _DEVICE_OBJECT *DeviceObject;
    PVOID Vpb, FsContext, FsContext2, SectionObjectPointer, PrivateCacheMap;
    NTSTATUS FinalStatus;
    struct _FILE_OBJECT *RelatedFileObject;
    BOOLEAN LockOperation, DeletePending, ReadAccess, WriteAccess, DeleteAccess, SharedRead, SharedWrite,
        SharedDelete;
    ULONG Flags;
    UNICODE_STRING FileName;
    LARGE_INTEGER CurrentByteOffset;
    ULONG Waiters, Busy;
    PVOID LastLock;
    KEVENT Lock, Event;
    PVOID CompletionContext;
    KSPIN_LOCK IrpListLock;
    LIST_ENTRY IrpList;
    PVOID FileObjectExtension;
} FILE_OBJECT, *PFILE_OBJECT;

typedef struct _DEVICE_OBJECT
{
    CSHORT Type;
    USHORT Size;
    LONG ReferenceCount;
    struct _DRIVER_OBJECT *DriverObject;
    struct _DEVICE_OBJECT *NextDevice, *AttachedDevice;
    struct _IRP *CurrentIrp;
    PVOID Timer;
    ULONG Flags, Characteristics;
    PVOID Vpb, DeviceExtension;
    DEVICE_TYPE DeviceType;
    CCHAR StackSize;
    union
    {
        LIST_ENTRY ListEntry;
        PVOID WaitContextBlock[SIM_64BIT ? 9 : 10];
    } Queue;
    ULONG AlignmentRequirement;
    KDEVICE_QUEUE DeviceQueue;
    KDPC Dpc;
    ULONG ActiveThreadCount;
    PVOID SecurityDescriptor;
    KEVENT DeviceLock;
    USHORT SectorSize, Spare1;
    PVOID DeviceObjectExtension, Reserved;
} NT_MEMORY_ALIGNED DEVICE_OBJECT, *PDEVICE_OBJECT;

#define IRP_MJ_MAXIMUM_FUNCTION 0x1b
typedef struct _DRIVER_OBJECT
{
    CSHORT Type, Size;
    PDEVICE_OBJECT DeviceObject;
    ULONG Flags;
    PVOID DriverStart;
    ULONG DriverSize;
    PVOID DriverSection, DriverExtension;
    UNICODE_STRING DriverName;
    PUNICODE_STRING HardwareDatabase;
    PVOID FastIoDispatch, DriverInit, DriverStartIo, DriverUnload;
    PVOID MajorFunction[IRP_MJ_MAXIMUM_FUNCTION + 1];
} DRIVER_OBJECT, *PDRIVER_OBJECT;

typedef struct _IO_STACK_LOCATION
{
    UCHAR MajorFunction, MinorFunction, Flags, Control;
    union
    {
        struct
        {
            PVOID SecurityContext;
            ULONG Options;
            USHORT FileAttributes NT_POINTER_ALIGNED;
            USHORT ShareAccess;
            ULONG EaLength NT_POINTER_ALIGNED;
        } Create;
        struct
        {
            ULONG Length;
            ULONG Key NT_POINTER_ALIGNED;
            int64_t ByteOffset; /* packed to 4 on x86, so not a LARGE_INTEGER */
        } Read, Write;
        struct
        {
            ULONG OutputBufferLength;
            ULONG InputBufferLength NT_POINTER_ALIGNED;
            ULONG IoControlCode NT_POINTER_ALIGNED;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        PVOID Others[4];
    } Parameters;
    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PVOID CompletionRoutine, Context;
} IO_STACK_LOCATION, *PIO_STACK_LOCATION;

typedef struct _IRP
{
    CSHORT Type;
    USHORT Size;
    PMDL MdlAddress;
    ULONG Flags;
    union
    {
        struct _IRP *MasterIrp;
        PVOID SystemBuffer;
    } AssociatedIrp;
    LIST_ENTRY ThreadListEntry;
    IO_STATUS_BLOCK IoStatus;
    KPROCESSOR_MODE RequestorMode;
    BOOLEAN PendingReturned;
    CHAR StackCount, CurrentLocation;
    BOOLEAN Cancel;
    KIRQL CancelIrql;
    CCHAR ApcEnvironment;
    UCHAR AllocationFlags;
    PIO_STATUS_BLOCK UserIosb;
    PKEVENT UserEvent;
    union
    {
        struct
        {
            PVOID UserApcRoutine, UserApcContext;
        } AsynchronousParameters;
        LARGE_INTEGER AllocationSize;
    } Overlay;
    PVOID CancelRoutine;
    PVOID UserBuffer;
    union
    {
        struct
        {
            PVOID DriverContext[4];
            PVOID Thread;
            PVOID AuxiliaryBuffer;
            LIST_ENTRY ListEntry;
            PIO_STACK_LOCATION CurrentStackLocation;
            PFILE_OBJECT OriginalFileObject;
        } Overlay;
        PVOID Apc[SIM_64BIT ? 11 : 12];
    } Tail;
} NT_MEMORY_ALIGNED IRP, *PIRP;

enum
{
    IRP_MJ_CREATE = 0,
    IRP_MJ_CLOSE = 2,
    IRP_MJ_READ = 3,
    IRP_MJ_WRITE = 4,
    IRP_MJ_DEVICE_CONTROL = 0x0e,
    IRP_MJ_CLEANUP = 0x12,
    IRP_MJ_POWER = 0x16,
    IRP_MJ_SYSTEM_CONTROL = 0x17,
    IRP_MJ_PNP = 0x1b,
};
enum
{
    SL_PENDING_RETURNED = 1
};
enum
{
    DO_BUFFERED_IO = 4,
    DO_EXCLUSIVE = 8,
    DO_DIRECT_IO = 0x10,
    DO_DEVICE_INITIALIZING = 0x80
};
enum
{
    FILE_DEVICE_SECURE_OPEN = 0x100
};
enum
{
    FO_CLEANUP_COMPLETE = 0x4000,
    FO_HANDLE_CREATED = 0x40000,
    FO_SYNCHRONOUS_IO = 2
};

typedef struct _KEY_VALUE_PARTIAL_INFORMATION
{
    ULONG TitleIndex, Type, DataLength;
    UCHAR Data[1];
} KEY_VALUE_PARTIAL_INFORMATION;

/* ---- Status codes of the model ---- */

#define STATUS_SUCCESS                ((NTSTATUS)0)
#define STATUS_WAIT_0                 ((NTSTATUS)0)
#define STATUS_TIMEOUT                ((NTSTATUS)0x00000102)
#define STATUS_PENDING                ((NTSTATUS)0x00000103)
#define STATUS_BUFFER_OVERFLOW        ((NTSTATUS)0x80000005)
#define STATUS_UNSUCCESSFUL           ((NTSTATUS)0xC0000001)
#define STATUS_NOT_IMPLEMENTED        ((NTSTATUS)0xC0000002)
#define STATUS_INFO_LENGTH_MISMATCH   ((NTSTATUS)0xC0000004)
#define STATUS_ACCESS_VIOLATION       ((NTSTATUS)0xC0000005)
#define STATUS_INVALID_HANDLE         ((NTSTATUS)0xC0000008)
#define STATUS_INVALID_CID            ((NTSTATUS)0xC000000B)
#define STATUS_INVALID_PARAMETER      ((NTSTATUS)0xC000000D)
#define STATUS_NO_SUCH_DEVICE         ((NTSTATUS)0xC000000E)
#define STATUS_INVALID_DEVICE_REQUEST ((NTSTATUS)0xC0000010)
#define STATUS_END_OF_FILE            ((NTSTATUS)0xC0000011)
#define STATUS_ACCESS_DENIED          ((NTSTATUS)0xC0000022)
#define STATUS_BUFFER_TOO_SMALL       ((NTSTATUS)0xC0000023)
#define STATUS_OBJECT_TYPE_MISMATCH   ((NTSTATUS)0xC0000024)
#define STATUS_OBJECT_NAME_INVALID    ((NTSTATUS)0xC0000033)
#define STATUS_OBJECT_NAME_NOT_FOUND  ((NTSTATUS)0xC0000034)
#define STATUS_OBJECT_NAME_COLLISION  ((NTSTATUS)0xC0000035)
#define STATUS_INSUFFICIENT_RESOURCES ((NTSTATUS)0xC000009A)
#define STATUS_NOT_SUPPORTED          ((NTSTATUS)0xC00000BB)
#define STATUS_CANCELLED              ((NTSTATUS)0xC0000120)
#define STATUS_CANNOT_DELETE          ((NTSTATUS)0xC0000121)
#define STATUS_INVALID_DEVICE_STATE   ((NTSTATUS)0xC0000184)
#define STATUS_NOT_FOUND              ((NTSTATUS)0xC0000225)
#define STATUS_ALREADY_INITIALIZED    ((NTSTATUS)0xC0000510)
#define STATUS_PROCESS_IS_TERMINATING ((NTSTATUS)0xC000010A)
#define STATUS_DRIVER_UNABLE_TO_LOAD  ((NTSTATUS)0xC000026C)
#define NT_SUCCESS(status)            ((NTSTATUS)(status) >= 0)

/* ---- Layout: offsets for 64 bits, 32 bits ---- */

#define NT_PICK(wide, narrow) (SIM_64BIT ? (wide) : (narrow))
#define NT_AT(type, member, wide, narrow)                                                                    \
    _Static_assert(offsetof(type, member) == NT_PICK(wide, narrow), #type "." #member)
#define NT_SIZE(type, wide, narrow) _Static_assert(sizeof(type) == NT_PICK(wide, narrow), "sizeof " #type)

NT_SIZE(LARGE_INTEGER, 8, 8);
_Static_assert(_Alignof(LARGE_INTEGER) == 8, "align LARGE_INTEGER");
NT_SIZE(GUID, 16, 16);
NT_SIZE(UNICODE_STRING, 16, 8);
NT_SIZE(SLIST_HEADER, 16, 8);
NT_SIZE(OBJECT_ATTRIBUTES, 48, 24);
NT_AT(OBJECT_ATTRIBUTES, Attributes, 24, 12);
NT_SIZE(IO_STATUS_BLOCK, 16, 8);
NT_SIZE(OSVERSIONINFOW, 276, 276);
NT_SIZE(OSVERSIONINFOEXW, 284, 284);
NT_SIZE(DISPATCHER_HEADER, 24, 16);
NT_AT(DISPATCHER_HEADER, SignalState, 4, 4);
NT_AT(DISPATCHER_HEADER, WaitListHead, 8, 8);
NT_SIZE(KEVENT, 24, 16);
NT_SIZE(KSEMAPHORE, 32, 20);
NT_SIZE(KDPC, 64, 32);
NT_SIZE(KLOCK_QUEUE_HANDLE, 24, 12);
NT_AT(KLOCK_QUEUE_HANDLE, OldIrql, 16, 8);
NT_SIZE(FAST_MUTEX, 56, 32);
NT_SIZE(EX_RUNDOWN_REF, 8, 4);
NT_SIZE(WORK_QUEUE_ITEM, 32, 16);
NT_SIZE(MDL, 48, 28);
NT_AT(MDL, Size, 8, 4);
NT_AT(MDL, MdlFlags, 10, 6);
NT_AT(MDL, Process, 16, 8);
NT_AT(MDL, MappedSystemVa, 24, 12);
NT_AT(MDL, StartVa, 32, 16);
NT_AT(MDL, ByteCount, 40, 20);
NT_AT(MDL, ByteOffset, 44, 24);
NT_SIZE(FILE_OBJECT, 216, 128);
NT_AT(FILE_OBJECT, DeviceObject, 8, 4);
NT_AT(FILE_OBJECT, FsContext, 24, 12);
NT_AT(FILE_OBJECT, FsContext2, 32, 16);
NT_AT(FILE_OBJECT, Flags, 80, 44);
NT_AT(FILE_OBJECT, FileName, 88, 48);
NT_SIZE(DEVICE_OBJECT, 336, 184);
NT_AT(DEVICE_OBJECT, ReferenceCount, 4, 4);
NT_AT(DEVICE_OBJECT, DriverObject, 8, 8);
NT_AT(DEVICE_OBJECT, NextDevice, 16, 12);
NT_AT(DEVICE_OBJECT, AttachedDevice, 24, 16);
NT_AT(DEVICE_OBJECT, CurrentIrp, 32, 20);
NT_AT(DEVICE_OBJECT, Flags, 48, 28);
NT_AT(DEVICE_OBJECT, Characteristics, 52, 32);
NT_AT(DEVICE_OBJECT, DeviceExtension, 64, 40);
NT_AT(DEVICE_OBJECT, DeviceType, 72, 44);
NT_AT(DEVICE_OBJECT, StackSize, 76, 48);
NT_AT(DEVICE_OBJECT, AlignmentRequirement, 152, 92);
NT_AT(DEVICE_OBJECT, SecurityDescriptor, 272, 152);
NT_AT(DEVICE_OBJECT, DeviceObjectExtension, 312, 176);
NT_SIZE(DRIVER_OBJECT, 336, 168);
NT_AT(DRIVER_OBJECT, DeviceObject, 8, 4);
NT_AT(DRIVER_OBJECT, DriverStart, 24, 12);
NT_AT(DRIVER_OBJECT, DriverExtension, 48, 24);
NT_AT(DRIVER_OBJECT, DriverName, 56, 28);
NT_AT(DRIVER_OBJECT, FastIoDispatch, 80, 40);
NT_AT(DRIVER_OBJECT, DriverInit, 88, 44);
NT_AT(DRIVER_OBJECT, DriverUnload, 104, 52);
NT_AT(DRIVER_OBJECT, MajorFunction, 112, 56);
NT_SIZE(IRP, 208, 112);
NT_AT(IRP, MdlAddress, 8, 4);
NT_AT(IRP, Flags, 16, 8);
NT_AT(IRP, AssociatedIrp.SystemBuffer, 24, 12);
NT_AT(IRP, IoStatus, 48, 24);
NT_AT(IRP, IoStatus.Information, 56, 28);
NT_AT(IRP, RequestorMode, 64, 32);
NT_AT(IRP, PendingReturned, 65, 33);
NT_AT(IRP, StackCount, 66, 34);
NT_AT(IRP, CurrentLocation, 67, 35);
NT_AT(IRP, Cancel, 68, 36);
NT_AT(IRP, CancelIrql, 69, 37);
NT_AT(IRP, UserIosb, 72, 40);
NT_AT(IRP, UserEvent, 80, 44);
NT_AT(IRP, CancelRoutine, 104, 56);
NT_AT(IRP, UserBuffer, 112, 60);
NT_AT(IRP, Tail.Overlay.DriverContext, 120, 64);
NT_AT(IRP, Tail.Overlay.Thread, 152, 80);
NT_AT(IRP, Tail.Overlay.ListEntry, 168, 88);
NT_AT(IRP, Tail.Overlay.CurrentStackLocation, 184, 96);
NT_AT(IRP, Tail.Overlay.OriginalFileObject, 192, 100);
/* Two kinds of 32 bits: arm keeps the union aligned to 8, x86 does not. */
#if defined(__arm__)
#define NT_ARM(x86_offset, arm_offset) (arm_offset)
#else
#define NT_ARM(x86_offset, arm_offset) (x86_offset)
#endif
NT_SIZE(IO_STACK_LOCATION, 72, NT_ARM(36, 40));
NT_AT(IO_STACK_LOCATION, Parameters.DeviceIoControl.OutputBufferLength, 8, NT_ARM(4, 8));
NT_AT(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength, 16, NT_ARM(8, 12));
NT_AT(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 24, NT_ARM(12, 16));
NT_AT(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer, 32, NT_ARM(16, 20));
NT_AT(IO_STACK_LOCATION, Parameters.Read.ByteOffset, 24, NT_ARM(12, 16));
NT_AT(IO_STACK_LOCATION, Parameters.Create.SecurityContext, 8, NT_ARM(4, 8));
NT_AT(IO_STACK_LOCATION, Parameters.Create.Options, 16, NT_ARM(8, 12));
NT_AT(IO_STACK_LOCATION, Parameters.Create.ShareAccess, 26, NT_ARM(14, 18));
NT_AT(IO_STACK_LOCATION, DeviceObject, 40, NT_ARM(20, 24));
NT_AT(IO_STACK_LOCATION, FileObject, 48, NT_ARM(24, 28));
NT_AT(IO_STACK_LOCATION, CompletionRoutine, 56, NT_ARM(28, 32));
NT_AT(IO_STACK_LOCATION, Context, 64, NT_ARM(32, 36));
NT_AT(KEY_VALUE_PARTIAL_INFORMATION, Data, 12, 12);

#endif
