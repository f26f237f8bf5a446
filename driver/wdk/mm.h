/* SPDX-License-Identifier: MIT
 *
 * Pool, memory descriptor lists and probing.
 */
#ifndef WDK_MM_H
#define WDK_MM_H

#include "types.h"

#define PAGE_SIZE  0x1000u
#define PAGE_SHIFT 12

typedef enum _POOL_TYPE
{
    NonPagedPool = 0,
    PagedPool = 1,
    NonPagedPoolNx = 0x200 /* Windows 8 and later */
} POOL_TYPE;

typedef enum _EX_POOL_PRIORITY
{
    LowPoolPriority = 0,
    NormalPoolPriority = 16,
    HighPoolPriority = 32
} EX_POOL_PRIORITY;

typedef enum _LOCK_OPERATION
{
    IoReadAccess = 0,
    IoWriteAccess = 1,
    IoModifyAccess = 2
} LOCK_OPERATION;

typedef enum _MEMORY_CACHING_TYPE
{
    MmNonCached = 0,
    MmCached = 1
} MEMORY_CACHING_TYPE;

typedef enum _MM_PAGE_PRIORITY
{
    LowPagePriority = 0,
    NormalPagePriority = 16,
    HighPagePriority = 32
} MM_PAGE_PRIORITY;

#define MdlMappingNoWrite   0x80000000u /* Windows 8 and later */
#define MdlMappingNoExecute 0x40000000u /* Windows 8 and later */

#define MDL_MAPPED_TO_SYSTEM_VA     0x0001
#define MDL_PAGES_LOCKED            0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_MAPPING_CAN_FAIL        0x2000

typedef struct _MDL
{
    struct _MDL *Next;
    CSHORT Size;
    CSHORT MdlFlags;
    PEPROCESS Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount;
    ULONG ByteOffset;
} MDL, *PMDL;

/* <= DISPATCH for non-paged pool */
NTSYSAPI PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag);
NTSYSAPI VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag);

/* Flags of ExAllocatePool2, which is looked up at run time (Windows 10 2004 and later). */
#define POOL_FLAG_UNINITIALIZED 0x0000000000000002ull
#define POOL_FLAG_NON_PAGED     0x0000000000000040ull
typedef PVOID(NTAPI *EX_ALLOCATE_POOL2)(ULONG64 Flags, SIZE_T NumberOfBytes, ULONG Tag);

NTSYSAPI PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer,
                                  BOOLEAN ChargeQuota, struct _IRP *Irp); /* <= DISPATCH */
NTSYSAPI VOID NTAPI IoFreeMdl(PMDL Mdl);                                  /* <= DISPATCH */
NTSYSAPI VOID NTAPI MmBuildMdlForNonPagedPool(PMDL Mdl);
/* <= APC for pageable addresses; raises an exception on failure */
NTSYSAPI VOID NTAPI MmProbeAndLockPages(PMDL Mdl, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation);
NTSYSAPI VOID NTAPI MmUnlockPages(PMDL Mdl); /* <= DISPATCH */
/* <= DISPATCH for KernelMode; NULL on failure if BugCheckOnFailure is FALSE */
NTSYSAPI PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL Mdl, KPROCESSOR_MODE AccessMode,
                                                  MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                                  ULONG BugCheckOnFailure, ULONG Priority);
NTSYSAPI VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL Mdl);               /* <= DISPATCH */
NTSYSAPI PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName); /* PASSIVE */

/* <= APC; raise an exception on failure */
NTSYSAPI VOID NTAPI ProbeForRead(const volatile void *Address, SIZE_T Length, ULONG Alignment);
NTSYSAPI VOID NTAPI ProbeForWrite(volatile void *Address, SIZE_T Length, ULONG Alignment);

#define MmGetMdlByteCount(Mdl)      ((Mdl)->ByteCount)
#define MmGetMdlByteOffset(Mdl)     ((Mdl)->ByteOffset)
#define MmGetMdlVirtualAddress(Mdl) ((PVOID)((UCHAR *)(Mdl)->StartVa + (Mdl)->ByteOffset))

/* The system address of what an MDL describes, mapping it if it is not mapped yet; NULL on failure. <=
 * DISPATCH */
static inline PVOID
MmGetSystemAddressForMdlSafe(PMDL Mdl, ULONG Priority)
{
    if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return Mdl->MappedSystemVa;
    return MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, Priority);
}

#endif
