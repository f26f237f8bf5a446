/* SPDX-License-Identifier: MIT
 *
 * Basic types, calling conventions and small macros of the Windows kernel interface.
 */
#ifndef WDK_TYPES_H
#define WDK_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* On x86 each import and each callback is stdcall (a few imports fastcall), and says so; elsewhere there is
 * one convention only. */
#if defined(__i386__)
#define NTAPI    __attribute__((stdcall))
#define FASTCALL __attribute__((fastcall))
#else
#define NTAPI
#define FASTCALL
#endif

#if defined(_WIN32)
#define NTSYSAPI __declspec(dllimport)
#else
#define NTSYSAPI
#endif

#if defined(__LP64__) || defined(_WIN64)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#else
#define MEMORY_ALLOCATION_ALIGNMENT 8
#endif

#define DECLSPEC_ALIGN(Bytes)     __attribute__((aligned(Bytes)))
#define DECLSPEC_NORETURN         __attribute__((noreturn))
#define UNREFERENCED_PARAMETER(P) ((void)(P))
#define FIELD_OFFSET(Type, Field) ((LONG)offsetof(Type, Field))
#define CONTAINING_RECORD(Address, Type, Field)                                                              \
    ((Type *)(void *)((UCHAR *)(void *)(Address)-offsetof(Type, Field)))
#define RTL_NUMBER_OF(Array) (sizeof(Array) / sizeof((Array)[0]))

#define VOID void
typedef void *PVOID, *HANDLE, **PHANDLE;
typedef char CHAR, CCHAR, *PCHAR;
typedef const char *PCSTR;
typedef unsigned char UCHAR, BOOLEAN, KIRQL, *PUCHAR, *PBOOLEAN, *PKIRQL;
typedef short SHORT, CSHORT;
typedef unsigned short USHORT, *PUSHORT;
typedef int INT, LONG, *PLONG;
typedef unsigned int UINT, ULONG, *PULONG;
typedef long long LONGLONG, LONG64, *PLONGLONG;
typedef unsigned long long ULONGLONG, ULONG64, *PULONGLONG;
typedef uint8_t UINT8;
typedef uint16_t UINT16;
typedef uint32_t UINT32;
typedef uint64_t UINT64;
typedef intptr_t LONG_PTR, INT_PTR;
typedef uintptr_t ULONG_PTR, UINT_PTR, *PULONG_PTR;
typedef size_t SIZE_T, *PSIZE_T;
typedef __WCHAR_TYPE__ WCHAR, *PWSTR, *PWCH;
typedef const WCHAR *PCWSTR;
typedef LONG NTSTATUS, *PNTSTATUS;
typedef CHAR KPROCESSOR_MODE;
typedef ULONG ACCESS_MASK;
typedef ULONG_PTR KAFFINITY;

_Static_assert(sizeof(WCHAR) == 2, "build for the host with -fshort-wchar");
_Static_assert(sizeof(ULONG) == 4, "ULONG");

#ifndef TRUE
#define FALSE 0
#define TRUE  1
#endif

#define MAXUSHORT 0xFFFFu
#define MAXULONG  0xFFFFFFFFu
#define MAXLONG   0x7FFFFFFF

typedef union _LARGE_INTEGER
{
    struct
    {
        ULONG LowPart;
        LONG HighPart;
    };
    struct
    {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, PHYSICAL_ADDRESS, *PLARGE_INTEGER;

typedef struct _GUID
{
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID, *PGUID;
typedef const GUID *LPCGUID;

typedef struct _UNICODE_STRING
{
    USHORT Length;        /* in bytes, without a terminator */
    USHORT MaximumLength; /* in bytes */
    PWSTR Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

#define RTL_CONSTANT_STRING(Text)                                                                            \
    {                                                                                                        \
        sizeof(Text) - sizeof((Text)[0]), sizeof(Text), (Text)                                               \
    }

typedef struct _LIST_ENTRY
{
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY
{
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

/* Declared for its size and alignment only. */
#if MEMORY_ALLOCATION_ALIGNMENT == 16
typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER
{
    struct
    {
        ULONGLONG Alignment;
        ULONGLONG Region;
    };
} SLIST_HEADER, *PSLIST_HEADER;
#else
typedef union DECLSPEC_ALIGN(8) _SLIST_HEADER
{
    ULONGLONG Alignment;
} SLIST_HEADER, *PSLIST_HEADER;
#endif

struct _IRP;
struct _OBJECT_ATTRIBUTES;
typedef struct _OBJECT_TYPE *POBJECT_TYPE;
typedef struct _KTHREAD *PKTHREAD, *PRKTHREAD, *PETHREAD;
typedef struct _KPROCESS *PEPROCESS, *PRKPROCESS;
typedef struct _SECURITY_DESCRIPTOR *PSECURITY_DESCRIPTOR;

typedef struct _CLIENT_ID
{
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

#define PASSIVE_LEVEL  0
#define APC_LEVEL      1
#define DISPATCH_LEVEL 2

enum
{
    KernelMode = 0,
    UserMode = 1
};

#endif
