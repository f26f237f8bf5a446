/* SPDX-License-Identifier: MIT
 *
 * User memory and MDLs. Locking and mapping move nothing: the driver sees the memory where the client has it,
 * so that ThreadSanitizer sees both sides of every access. What is kept are the counts.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host_objects.h"

#define REGIONS_MAX 256

static struct region
{
    uint8_t *memory;
    size_t size;
    uint32_t process;
    long locked;
} regions[REGIONS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *
host_user_allocate(size_t size)
{
    size = (size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
    void *memory = aligned_alloc(PAGE_SIZE, size);
    host_check(memory);
    memset(memory, 0, size);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < REGIONS_MAX; i++)
        if (!regions[i].memory) {
            regions[i] = (struct region){memory, size, host_process(), 0};
            pthread_mutex_unlock(&lock);
            ledger_add(LEDGER_USER_MEMORY, 1);
            return memory;
        }
    host_fail("too many regions");
}

void
host_user_free(void *memory)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < REGIONS_MAX; i++)
        if (regions[i].memory == memory) {
            host_check(!regions[i].locked);
            regions[i].memory = NULL;
            pthread_mutex_unlock(&lock);
            ledger_add(LEDGER_USER_MEMORY, -1);
            free(memory);
            return;
        }
    host_fail("memory is freed that is none of a process");
}

void
user_memory_free_all(uint32_t process)
{
    for (int i = 0; i < REGIONS_MAX; i++) {
        pthread_mutex_lock(&lock);
        void *memory = regions[i].memory && regions[i].process == process ? regions[i].memory : NULL;
        pthread_mutex_unlock(&lock);
        if (memory)
            host_user_free(memory);
    }
}

/* The region of the current process, or of any, that holds all of the range. */
static struct region *
region_of(const uint8_t *address, size_t size, bool any)
{
    for (int i = 0; i < REGIONS_MAX; i++) {
        struct region *region = &regions[i];
        if (region->memory && (any || region->process == host_process()) && address >= region->memory &&
            size <= region->size && (size_t)(address - region->memory) <= region->size - size)
            return region;
    }
    return NULL;
}

/* ---- MDLs ---- */

static PMDL
mdl_create(void *address, ULONG length)
{
    PMDL mdl = calloc(1, sizeof(*mdl));
    mdl->StartVa = (void *)((uintptr_t)address & ~(uintptr_t)(PAGE_SIZE - 1));
    mdl->ByteOffset = (ULONG)((uintptr_t)address & (PAGE_SIZE - 1));
    mdl->ByteCount = length;
    ledger_add(LEDGER_MDL, 1);
    return mdl;
}

PMDL NTAPI
IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota,
              struct _IRP *Irp)
{
    host_check(host_irql() <= DISPATCH_LEVEL && !SecondaryBuffer && !ChargeQuota && !Irp);
    return fault_here("IoAllocateMdl") ? NULL : mdl_create(VirtualAddress, Length);
}

VOID NTAPI
IoFreeMdl(PMDL Mdl)
{
    host_check(host_irql() <= DISPATCH_LEVEL);
    host_check(!(Mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA)));
    ledger_add(LEDGER_MDL, -1);
    free(Mdl);
}

/* MmProbeAndLockPages with a status in place of the exception. */
NTSTATUS ProbeHostAndLockPages(PMDL Mdl, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation);

NTSTATUS
ProbeHostAndLockPages(PMDL Mdl, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    host_check(host_irql() <= APC_LEVEL && AccessMode == UserMode && Operation == IoWriteAccess);
    host_check(!(Mdl->MdlFlags & MDL_PAGES_LOCKED));
    sched_point();
    if (fault_here("MmProbeAndLockPages"))
        return STATUS_ACCESS_VIOLATION;
    pthread_mutex_lock(&lock);
    struct region *region = region_of(MmGetMdlVirtualAddress(Mdl), Mdl->ByteCount, false);
    if (region)
        region->locked++;
    pthread_mutex_unlock(&lock);
    if (!region)
        return STATUS_ACCESS_VIOLATION;
    Mdl->Process = IoGetCurrentProcess();
    Mdl->MdlFlags |= MDL_PAGES_LOCKED;
    ledger_add(LEDGER_LOCKED, 1);
    return STATUS_SUCCESS;
}

VOID NTAPI
MmUnlockPages(PMDL Mdl)
{
    host_check(host_irql() <= DISPATCH_LEVEL);
    host_check((Mdl->MdlFlags & MDL_PAGES_LOCKED) && !(Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA));
    pthread_mutex_lock(&lock);
    struct region *region = region_of(MmGetMdlVirtualAddress(Mdl), Mdl->ByteCount, true);
    host_check(region && region->locked > 0);
    region->locked--;
    pthread_mutex_unlock(&lock);
    Mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
    ledger_add(LEDGER_LOCKED, -1);
}

PVOID NTAPI
MmMapLockedPagesSpecifyCache(PMDL Mdl, KPROCESSOR_MODE AccessMode, MEMORY_CACHING_TYPE CacheType,
                             PVOID RequestedAddress, ULONG BugCheckOnFailure, ULONG Priority)
{
    UNREFERENCED_PARAMETER(Priority);
    host_check(host_irql() <= DISPATCH_LEVEL && AccessMode == KernelMode && CacheType == MmCached);
    host_check(!RequestedAddress && !BugCheckOnFailure);
    host_check((Mdl->MdlFlags & MDL_PAGES_LOCKED) && !(Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA));
    if (fault_here("MmMapLockedPagesSpecifyCache"))
        return NULL;
    Mdl->MappedSystemVa = MmGetMdlVirtualAddress(Mdl);
    Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    ledger_add(LEDGER_MAPPED, 1);
    return Mdl->MappedSystemVa;
}

VOID NTAPI
MmUnmapLockedPages(PVOID BaseAddress, PMDL Mdl)
{
    host_check(host_irql() <= DISPATCH_LEVEL);
    host_check((Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) && Mdl->MappedSystemVa == BaseAddress);
    Mdl->MdlFlags &= ~MDL_MAPPED_TO_SYSTEM_VA;
    Mdl->MappedSystemVa = NULL;
    ledger_add(LEDGER_MAPPED, -1);
}

PMDL NTAPI
NdisAllocateMdl(NDIS_HANDLE NdisHandle, PVOID VirtualAddress, UINT Length)
{
    host_check(NdisHandle && host_irql() <= DISPATCH_LEVEL);
    if (fault_here("NdisAllocateMdl"))
        return NULL;
    PMDL mdl = mdl_create(VirtualAddress, Length);
    mdl->MappedSystemVa = VirtualAddress;
    mdl->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    return mdl;
}

VOID NTAPI
NdisFreeMdl(PMDL Mdl)
{
    host_check(Mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL);
    IoFreeMdl(Mdl);
}
