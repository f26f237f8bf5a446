/* SPDX-License-Identifier: MIT
 *
 * Objects, handles and registry keys. PASSIVE unless said otherwise.
 */
#ifndef WDK_OB_H
#define WDK_OB_H

#include "types.h"

typedef struct _OBJECT_ATTRIBUTES
{
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

#define OBJ_CASE_INSENSITIVE 0x00000040u
#define OBJ_KERNEL_HANDLE    0x00000200u

static inline void
InitializeObjectAttributes(POBJECT_ATTRIBUTES Attributes, PUNICODE_STRING Name, ULONG Flags,
                           HANDLE RootDirectory, PVOID SecurityDescriptor)
{
    Attributes->Length = sizeof(*Attributes);
    Attributes->RootDirectory = RootDirectory;
    Attributes->ObjectName = Name;
    Attributes->Attributes = Flags;
    Attributes->SecurityDescriptor = SecurityDescriptor;
    Attributes->SecurityQualityOfService = NULL;
}

#define SYNCHRONIZE        0x00100000u
#define EVENT_MODIFY_STATE 0x0002u
#define KEY_QUERY_VALUE    0x0001u
#define KEY_SET_VALUE      0x0002u
#define KEY_READ           0x20019u

/* Variables that the kernel exports, each of type POBJECT_TYPE. As documented they are used through a
 * pointer, which is the slot of the import table. */
#if defined(_WIN32) && defined(__i386__)
#define WDK_IMPORTED_VARIABLE(Name) __asm__("__imp__" #Name)
#elif defined(_WIN32)
#define WDK_IMPORTED_VARIABLE(Name) __asm__("__imp_" #Name)
#else
#define WDK_IMPORTED_VARIABLE(Name)
#endif
extern POBJECT_TYPE *ExEventObjectType WDK_IMPORTED_VARIABLE(ExEventObjectType);
extern POBJECT_TYPE *PsThreadType WDK_IMPORTED_VARIABLE(PsThreadType);
extern POBJECT_TYPE *PsProcessType WDK_IMPORTED_VARIABLE(PsProcessType);

NTSYSAPI NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                                  POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                                  PVOID *Object, PVOID HandleInformation);
NTSYSAPI LONG_PTR FASTCALL ObfReferenceObject(PVOID Object); /* <= DISPATCH */
NTSYSAPI LONG_PTR FASTCALL
ObfDereferenceObject(PVOID Object); /* <= DISPATCH, PASSIVE if it may be the last */
#define ObReferenceObject(Object)   ObfReferenceObject(Object)
#define ObDereferenceObject(Object) ObfDereferenceObject(Object)
NTSYSAPI NTSTATUS NTAPI ZwClose(HANDLE Handle);
NTSYSAPI NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout);

typedef enum _KEY_VALUE_INFORMATION_CLASS
{
    KeyValueBasicInformation = 0,
    KeyValueFullInformation = 1,
    KeyValuePartialInformation = 2
} KEY_VALUE_INFORMATION_CLASS;

typedef struct _KEY_VALUE_PARTIAL_INFORMATION
{
    ULONG TitleIndex;
    ULONG Type;
    ULONG DataLength;
    UCHAR Data[1]; /* DataLength bytes */
} KEY_VALUE_PARTIAL_INFORMATION, *PKEY_VALUE_PARTIAL_INFORMATION;

#define REG_SZ     1u
#define REG_BINARY 3u
#define REG_DWORD  4u

NTSYSAPI NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                                  POBJECT_ATTRIBUTES ObjectAttributes);
NTSYSAPI NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                                        KEY_VALUE_INFORMATION_CLASS InformationClass, PVOID Information,
                                        ULONG Length, PULONG ResultLength);
NTSYSAPI NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex,
                                      ULONG Type, PVOID Data, ULONG DataSize);

#endif
