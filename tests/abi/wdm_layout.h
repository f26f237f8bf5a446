/* SPDX-License-Identifier: MIT
 *
 * What the binary interface of the NT kernel fixes, as compile-time checks, for amd64 and arm64 (first
 * number), x86 (second) and arm (third). Include after a set of declarations, as with ndis_layout.h; define
 * ABI_ARM as 1 when the 32-bit target is arm.
 */
#include <stddef.h>

#ifndef ABI_ARM
#if defined(__arm__)
#define ABI_ARM 1
#else
#define ABI_ARM 0
#endif
#endif

#define ABI_OF(For64, ForX86, ForArm) (sizeof(void *) == 8 ? (For64) : ABI_ARM ? (ForArm) : (ForX86))
#define ABI_OFFSET(Type, Field, For64, ForX86, ForArm)                                                       \
    _Static_assert(offsetof(Type, Field) == ABI_OF(For64, ForX86, ForArm), #Type "." #Field)
#define ABI_SIZE(Type, For64, ForX86, ForArm)                                                                \
    _Static_assert(sizeof(Type) == ABI_OF(For64, ForX86, ForArm), "sizeof " #Type)
#define ABI_ALIGN(Type, For64, ForX86, ForArm)                                                               \
    _Static_assert(_Alignof(Type) == ABI_OF(For64, ForX86, ForArm), "alignment of " #Type)

ABI_SIZE(IRP, 208, 112, 112);
ABI_ALIGN(IRP, 16, 8, 8);
ABI_OFFSET(IRP, MdlAddress, 8, 4, 4);
ABI_OFFSET(IRP, Flags, 16, 8, 8);
ABI_OFFSET(IRP, AssociatedIrp.SystemBuffer, 24, 12, 12);
ABI_OFFSET(IRP, IoStatus, 48, 24, 24);
ABI_OFFSET(IRP, IoStatus.Information, 56, 28, 28);
ABI_OFFSET(IRP, RequestorMode, 64, 32, 32);
ABI_OFFSET(IRP, PendingReturned, 65, 33, 33);
ABI_OFFSET(IRP, StackCount, 66, 34, 34);
ABI_OFFSET(IRP, CurrentLocation, 67, 35, 35);
ABI_OFFSET(IRP, Cancel, 68, 36, 36);
ABI_OFFSET(IRP, CancelIrql, 69, 37, 37);
ABI_OFFSET(IRP, UserIosb, 72, 40, 40);
ABI_OFFSET(IRP, UserEvent, 80, 44, 44);
ABI_OFFSET(IRP, CancelRoutine, 104, 56, 56);
ABI_OFFSET(IRP, UserBuffer, 112, 60, 60);
ABI_OFFSET(IRP, Tail.Overlay.DriverContext, 120, 64, 64);
ABI_OFFSET(IRP, Tail.Overlay.Thread, 152, 80, 80);
ABI_OFFSET(IRP, Tail.Overlay.ListEntry, 168, 88, 88);
ABI_OFFSET(IRP, Tail.Overlay.CurrentStackLocation, 184, 96, 96);
ABI_OFFSET(IRP, Tail.Overlay.OriginalFileObject, 192, 100, 100);

ABI_SIZE(IO_STACK_LOCATION, 72, 36, 40);
ABI_ALIGN(IO_STACK_LOCATION, 8, 4, 8);
ABI_OFFSET(IO_STACK_LOCATION, MajorFunction, 0, 0, 0);
ABI_OFFSET(IO_STACK_LOCATION, MinorFunction, 1, 1, 1);
ABI_OFFSET(IO_STACK_LOCATION, Flags, 2, 2, 2);
ABI_OFFSET(IO_STACK_LOCATION, Control, 3, 3, 3);
ABI_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.OutputBufferLength, 8, 4, 8);
ABI_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength, 16, 8, 12);
ABI_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 24, 12, 16);
ABI_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer, 32, 16, 20);
ABI_OFFSET(IO_STACK_LOCATION, Parameters.Read.Length, 8, 4, 8);
ABI_OFFSET(IO_STACK_LOCATION, Parameters.Read.ByteOffset, 24, 12, 16);
ABI_OFFSET(IO_STACK_LOCATION, Parameters.Create.SecurityContext, 8, 4, 8);
ABI_OFFSET(IO_STACK_LOCATION, Parameters.Create.Options, 16, 8, 12);
ABI_OFFSET(IO_STACK_LOCATION, Parameters.Create.ShareAccess, 26, 14, 18);
ABI_OFFSET(IO_STACK_LOCATION, DeviceObject, 40, 20, 24);
ABI_OFFSET(IO_STACK_LOCATION, FileObject, 48, 24, 28);
ABI_OFFSET(IO_STACK_LOCATION, CompletionRoutine, 56, 28, 32);
ABI_OFFSET(IO_STACK_LOCATION, Context, 64, 32, 36);

ABI_SIZE(DEVICE_OBJECT, 336, 184, 184);
ABI_ALIGN(DEVICE_OBJECT, 16, 8, 8);
ABI_OFFSET(DEVICE_OBJECT, Type, 0, 0, 0);
ABI_OFFSET(DEVICE_OBJECT, Size, 2, 2, 2);
ABI_OFFSET(DEVICE_OBJECT, ReferenceCount, 4, 4, 4);
ABI_OFFSET(DEVICE_OBJECT, DriverObject, 8, 8, 8);
ABI_OFFSET(DEVICE_OBJECT, NextDevice, 16, 12, 12);
ABI_OFFSET(DEVICE_OBJECT, AttachedDevice, 24, 16, 16);
ABI_OFFSET(DEVICE_OBJECT, CurrentIrp, 32, 20, 20);
ABI_OFFSET(DEVICE_OBJECT, Flags, 48, 28, 28);
ABI_OFFSET(DEVICE_OBJECT, Characteristics, 52, 32, 32);
ABI_OFFSET(DEVICE_OBJECT, DeviceExtension, 64, 40, 40);
ABI_OFFSET(DEVICE_OBJECT, DeviceType, 72, 44, 44);
ABI_OFFSET(DEVICE_OBJECT, StackSize, 76, 48, 48);
ABI_OFFSET(DEVICE_OBJECT, AlignmentRequirement, 152, 92, 92);
ABI_OFFSET(DEVICE_OBJECT, SecurityDescriptor, 272, 152, 152);
ABI_OFFSET(DEVICE_OBJECT, DeviceObjectExtension, 312, 176, 176);

ABI_SIZE(DRIVER_OBJECT, 336, 168, 168);
ABI_ALIGN(DRIVER_OBJECT, 8, 4, 4);
ABI_OFFSET(DRIVER_OBJECT, DeviceObject, 8, 4, 4);
ABI_OFFSET(DRIVER_OBJECT, Flags, 16, 8, 8);
ABI_OFFSET(DRIVER_OBJECT, DriverStart, 24, 12, 12);
ABI_OFFSET(DRIVER_OBJECT, DriverSize, 32, 16, 16);
ABI_OFFSET(DRIVER_OBJECT, DriverExtension, 48, 24, 24);
ABI_OFFSET(DRIVER_OBJECT, DriverName, 56, 28, 28);
ABI_OFFSET(DRIVER_OBJECT, FastIoDispatch, 80, 40, 40);
ABI_OFFSET(DRIVER_OBJECT, DriverInit, 88, 44, 44);
ABI_OFFSET(DRIVER_OBJECT, DriverStartIo, 96, 48, 48);
ABI_OFFSET(DRIVER_OBJECT, DriverUnload, 104, 52, 52);
ABI_OFFSET(DRIVER_OBJECT, MajorFunction, 112, 56, 56);

ABI_SIZE(FILE_OBJECT, 216, 128, 128);
ABI_ALIGN(FILE_OBJECT, 8, 8, 8);
ABI_OFFSET(FILE_OBJECT, DeviceObject, 8, 4, 4);
ABI_OFFSET(FILE_OBJECT, FsContext, 24, 12, 12);
ABI_OFFSET(FILE_OBJECT, FsContext2, 32, 16, 16);
ABI_OFFSET(FILE_OBJECT, FileName, 88, 48, 48);
ABI_OFFSET(FILE_OBJECT, Flags, 80, 44, 44);

ABI_SIZE(MDL, 48, 28, 28);
ABI_ALIGN(MDL, 8, 4, 4);
ABI_OFFSET(MDL, Next, 0, 0, 0);
ABI_OFFSET(MDL, Size, 8, 4, 4);
ABI_OFFSET(MDL, MdlFlags, 10, 6, 6);
ABI_OFFSET(MDL, Process, 16, 8, 8);
ABI_OFFSET(MDL, MappedSystemVa, 24, 12, 12);
ABI_OFFSET(MDL, StartVa, 32, 16, 16);
ABI_OFFSET(MDL, ByteCount, 40, 20, 20);
ABI_OFFSET(MDL, ByteOffset, 44, 24, 24);

ABI_SIZE(IO_STATUS_BLOCK, 16, 8, 8);
ABI_ALIGN(IO_STATUS_BLOCK, 8, 4, 4);
ABI_OFFSET(IO_STATUS_BLOCK, Status, 0, 0, 0);
ABI_OFFSET(IO_STATUS_BLOCK, Information, 8, 4, 4);

ABI_SIZE(KEVENT, 24, 16, 16);
ABI_ALIGN(KEVENT, 8, 4, 4);

ABI_SIZE(FAST_MUTEX, 56, 32, 32);
ABI_ALIGN(FAST_MUTEX, 8, 4, 4);

ABI_SIZE(KLOCK_QUEUE_HANDLE, 24, 12, 12);
ABI_ALIGN(KLOCK_QUEUE_HANDLE, 8, 4, 4);
ABI_OFFSET(KLOCK_QUEUE_HANDLE, LockQueue, 0, 0, 0);
ABI_OFFSET(KLOCK_QUEUE_HANDLE, OldIrql, 16, 8, 8);

ABI_SIZE(EX_RUNDOWN_REF, 8, 4, 4);
ABI_ALIGN(EX_RUNDOWN_REF, 8, 4, 4);

ABI_SIZE(UNICODE_STRING, 16, 8, 8);
ABI_ALIGN(UNICODE_STRING, 8, 4, 4);
ABI_OFFSET(UNICODE_STRING, Buffer, 8, 4, 4);

ABI_SIZE(OBJECT_ATTRIBUTES, 48, 24, 24);
ABI_ALIGN(OBJECT_ATTRIBUTES, 8, 4, 4);
ABI_OFFSET(OBJECT_ATTRIBUTES, RootDirectory, 8, 4, 4);
ABI_OFFSET(OBJECT_ATTRIBUTES, ObjectName, 16, 8, 8);
ABI_OFFSET(OBJECT_ATTRIBUTES, Attributes, 24, 12, 12);
ABI_OFFSET(OBJECT_ATTRIBUTES, SecurityDescriptor, 32, 16, 16);

ABI_SIZE(OSVERSIONINFOW, 276, 276, 276);
ABI_ALIGN(OSVERSIONINFOW, 4, 4, 4);
ABI_OFFSET(OSVERSIONINFOW, dwMajorVersion, 4, 4, 4);
ABI_OFFSET(OSVERSIONINFOW, dwMinorVersion, 8, 8, 8);
ABI_OFFSET(OSVERSIONINFOW, dwBuildNumber, 12, 12, 12);

ABI_SIZE(SLIST_HEADER, 16, 8, 8);
ABI_ALIGN(SLIST_HEADER, 16, 8, 8);

ABI_SIZE(LIST_ENTRY, 16, 8, 8);
ABI_ALIGN(LIST_ENTRY, 8, 4, 4);

ABI_SIZE(DISPATCHER_HEADER, 24, 16, 16);
ABI_ALIGN(DISPATCHER_HEADER, 8, 4, 4);
ABI_OFFSET(DISPATCHER_HEADER, Type, 0, 0, 0);
ABI_OFFSET(DISPATCHER_HEADER, SignalState, 4, 4, 4);
ABI_OFFSET(DISPATCHER_HEADER, WaitListHead, 8, 8, 8);

ABI_SIZE(KEY_VALUE_PARTIAL_INFORMATION, 16, 16, 16);
ABI_ALIGN(KEY_VALUE_PARTIAL_INFORMATION, 4, 4, 4);
ABI_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Type, 4, 4, 4);
ABI_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, DataLength, 8, 8, 8);
ABI_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data, 12, 12, 12);

#undef ABI_OF
#undef ABI_OFFSET
#undef ABI_SIZE
#undef ABI_ALIGN
