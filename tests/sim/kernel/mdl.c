/* SPDX-License-Identifier: MIT
 * Memory descriptor lists. The structure is what drivers read; beside each MDL the model keeps what its page
 * numbers would say: which memory is locked, and where it is mapped. A mapping of user pages is a second mmap
 * of their memfd, and unmapping leaves its range inaccessible, so that late access traps. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BUCKETS    1024
#define QUARANTINE (SIM_64BIT ? (size_t)64 << 30 : (size_t)160 << 20)

struct record
{
    struct record *next;
    MDL *mdl;
    bool model; /* made by sim_mdl_describe */
    enum sim_mdl_kind kind;
    void *data; /* what it describes, if that is kernel memory */
    struct segment *segments;
    unsigned count; /* of locked segments */
    struct sim_process *process;
    uint8_t *mapping; /* of whole pages; NULL if not mapped by the model */
    size_t mapping_size;
    unsigned mapped; /* 0 or 1; for kernel memory too */
};

/* Address space of mappings that are no more; it stays inaccessible until QUARANTINE is full. */
struct gone
{
    struct gone *next;
    uint8_t *memory;
    size_t size;
};

static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct record *Buckets[BUCKETS];
static struct gone *Oldest, **Newest = &Oldest;
static size_t Held;

static struct record **
link_of(const MDL *mdl)
{
    struct record **link = &Buckets[((uintptr_t)mdl >> 4) * 2654435761u % BUCKETS];
    while (*link && (*link)->mdl != mdl)
        link = &(*link)->next;
    return link;
}

static struct record *
find(const MDL *mdl, const char *function)
{
    pthread_mutex_lock(&Lock);
    struct record *record = *link_of(mdl);
    pthread_mutex_unlock(&Lock);
    if (!record)
        sim_stop("mdl", "%s: %p is no MDL, or was freed", function, (const void *)mdl);
    return record;
}

static MDL *
create(uintptr_t address, size_t length, const void *caller)
{
    size_t pages = (address % PAGE_SIZE + length + PAGE_SIZE - 1) / PAGE_SIZE;
    size_t size = sizeof(MDL) + pages * sizeof(PFN_NUMBER);
    MDL *mdl = guarded_allocate(size, 0x206C644D, caller);
    *mdl = (MDL){.Size = (CSHORT)size,
                 .StartVa = (void *)(address & ~(uintptr_t)(PAGE_SIZE - 1)),
                 .ByteCount = (ULONG)length,
                 .ByteOffset = (ULONG)(address % PAGE_SIZE)};
    struct record *record = calloc(1, sizeof *record);
    record->mdl = mdl;
    pthread_mutex_lock(&Lock);
    struct record **link = link_of(mdl);
    record->next = *link;
    *link = record;
    pthread_mutex_unlock(&Lock);
    return mdl;
}

static void
destroy(MDL *mdl, const char *function)
{
    pthread_mutex_lock(&Lock);
    struct record **link = link_of(mdl), *record = *link;
    if (record)
        *link = record->next;
    pthread_mutex_unlock(&Lock);
    free(record);
    guarded_free(mdl, function);
}

MDL *
sim_mdl_describe(void *data, size_t length, enum sim_mdl_kind kind)
{
    MDL *mdl = create((uintptr_t)data, length, NULL);
    struct record *record = find(mdl, "sim_mdl_describe");
    record->model = true;
    record->kind = kind;
    record->data = data;
    mdl->MdlFlags = kind == SIM_MDL_MAPPED ? MDL_SOURCE_IS_NONPAGED_POOL : MDL_PAGES_LOCKED;
    if (kind == SIM_MDL_MAPPED)
        mdl->MappedSystemVa = data;
    return mdl;
}

void
sim_mdl_free(MDL *mdl)
{
    if (!find(mdl, "sim_mdl_free")->model)
        sim_stop("model", "sim_mdl_free of %p, which a driver allocated", (void *)mdl);
    destroy(mdl, "its owner above the driver");
}

static uint64_t
row_IoAllocateMdl(struct sim_frame *frame)
{
    uint32_t length = (uint32_t)frame->arg[1];
    IRP *irp = (IRP *)frame->arg[4];
    if (length == 0)
        sim_stop("mdl", "IoAllocateMdl of 0 bytes");
    if (length > 0xFFFFFFFFu - PAGE_SIZE || frame->arg[0] + length < frame->arg[0])
        return 0;
    MDL *mdl = create(frame->arg[0], length, frame->return_address);
    sim_ledger_add(SIM_MDL, mdl, length, "MDL", frame->return_address);
    if (irp) {
        MDL **end = &irp->MdlAddress;
        while ((UCHAR)frame->arg[2] && *end)
            end = &(*end)->Next;
        *end = mdl;
    }
    return (uintptr_t)mdl;
}

static uint64_t
row_IoFreeMdl(struct sim_frame *frame)
{
    MDL *mdl = (MDL *)frame->arg[0];
    struct record *record = find(mdl, "IoFreeMdl");
    if (record->model)
        sim_stop("mdl", "IoFreeMdl of %p, which the driver did not allocate", (void *)mdl);
    if (record->segments || record->process)
        sim_stop("mdl", "MDL %p is freed with its pages locked", (void *)mdl);
    if (mdl->MdlFlags & MDL_PAGES_LOCKED)
        sim_stop("mdl", "MDL %p is freed while its flags say that its pages are locked", (void *)mdl);
    sim_ledger_remove(SIM_MDL, mdl, "IoFreeMdl");
    destroy(mdl, "IoFreeMdl");
    return 0;
}

/* ---- Locking ---- */

static uint64_t
row_MmProbeAndLockPages(struct sim_frame *frame)
{
    enum
    {
        IoReadAccess = 0,
        IoWriteAccess,
        IoModifyAccess
    };
    MDL *mdl = (MDL *)frame->arg[0];
    uint8_t mode = (uint8_t)frame->arg[1];
    uint32_t operation = (uint32_t)frame->arg[2];
    struct record *record = find(mdl, "MmProbeAndLockPages");
    struct sim_process *process = sim_thread()->process;
    uint64_t address = (uintptr_t)mdl->StartVa + (uint64_t)mdl->ByteOffset;
    if (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        sim_stop("mdl", "MmProbeAndLockPages of MDL %p, which describes locked pages already", (void *)mdl);
    if (mode > 1 || operation > IoModifyAccess)
        sim_stop("mdl", "MmProbeAndLockPages with mode %u, operation %u", mode, operation);
    if (sim_fault_here()) {
        sim_raise(frame, (uint32_t)STATUS_INSUFFICIENT_RESOURCES);
        sim_stop("bugcheck", "MmProbeAndLockPages raised and nothing handled it (0x1E)");
    }
    bool write = operation != IoReadAccess;
    if (region_pin(process, address, mdl->ByteCount, write, &record->segments, &record->count)) {
        if (sim_irql() > APC)
            sim_stop("irql", "MmProbeAndLockPages of pageable memory at IRQL %u", sim_irql());
    } else if (mode == 0 && guarded_contains((void *)(uintptr_t)address, mdl->ByteCount)) {
        record->data = (void *)(uintptr_t)address;
    } else {
        sim_raise(frame, (uint32_t)STATUS_ACCESS_VIOLATION);
        sim_stop("bugcheck", "MmProbeAndLockPages raised and nothing handled it (0x1E)");
    }
    record->process = process;
    atomic_fetch_add(&process->locked_pages,
                     (unsigned)((mdl->ByteOffset + (uint64_t)mdl->ByteCount + PAGE_SIZE - 1) / PAGE_SIZE));
    mdl->Process = process;
    mdl->MdlFlags |= MDL_PAGES_LOCKED | (write ? MDL_WRITE_OPERATION : 0);
    sim_ledger_add(SIM_LOCKED_PAGES, mdl, mdl->ByteCount, "locked pages", frame->return_address);
    return 0;
}

static void
unmap(struct record *record, const char *function)
{
    MDL *mdl = record->mdl;
    if (!record->mapped)
        sim_stop("mdl", "%s: MDL %p is not mapped", function, (void *)mdl);
    record->mapped = 0;
    mdl->MdlFlags &= (CSHORT)~MDL_MAPPED_TO_SYSTEM_VA;
    sim_ledger_remove(SIM_MAPPING, mdl, function);
    if (!record->mapping)
        return;
    struct gone *gone = malloc(sizeof *gone);
    *gone = (struct gone){NULL, record->mapping, record->mapping_size};
    if (mmap(record->mapping, record->mapping_size, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
        sim_stop("model", "a mapping could not be taken away");
    record->mapping = NULL;
    pthread_mutex_lock(&Lock);
    *Newest = gone;
    Newest = &gone->next;
    Held += gone->size;
    while (Held > QUARANTINE) {
        struct gone *oldest = Oldest;
        Oldest = oldest->next;
        if (!Oldest)
            Newest = &Oldest;
        Held -= oldest->size;
        munmap(oldest->memory, oldest->size);
        free(oldest);
    }
    pthread_mutex_unlock(&Lock);
}

static uint64_t
row_MmUnlockPages(struct sim_frame *frame)
{
    MDL *mdl = (MDL *)frame->arg[0];
    struct record *record = find(mdl, "MmUnlockPages");
    if (!record->process)
        sim_stop("mdl", "MmUnlockPages of MDL %p, whose pages are not locked", (void *)mdl);
    if (record->mapped)
        unmap(record, "MmUnlockPages");
    atomic_fetch_sub(&record->process->locked_pages,
                     (unsigned)((mdl->ByteOffset + (uint64_t)mdl->ByteCount + PAGE_SIZE - 1) / PAGE_SIZE));
    for (unsigned i = 0; i < record->count; i++)
        backing_release(record->segments[i].backing);
    free(record->segments);
    record->segments = NULL;
    record->count = 0;
    record->process = NULL;
    record->data = NULL;
    mdl->MdlFlags &= (CSHORT) ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    sim_ledger_remove(SIM_LOCKED_PAGES, mdl, "MmUnlockPages");
    return 0;
}

/* ---- Mapping ---- */

static uint8_t *
map_segments(struct record *record, size_t size, bool writable)
{
    uint8_t *memory =
        mmap(NULL, size + 2 * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    uint8_t *at = memory + PAGE_SIZE;
    for (unsigned i = 0; i < record->count; i++) {
        const struct segment *segment = &record->segments[i];
        if (mmap(at, segment->size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED | MAP_FIXED,
                 segment->backing->fd, (off_t)segment->offset) == MAP_FAILED)
            sim_stop("model", "pages of a process could not be mapped");
        at += segment->size;
    }
    record->mapping = memory;
    record->mapping_size = size + 2 * PAGE_SIZE;
    return memory + PAGE_SIZE;
}

static uint64_t
row_MmMapLockedPagesSpecifyCache(struct sim_frame *frame)
{
    enum
    {
        NO_WRITE = (int)0x80000000,
        NO_EXECUTE = 0x40000000
    };
    MDL *mdl = (MDL *)frame->arg[0];
    struct record *record = find(mdl, "MmMapLockedPagesSpecifyCache");
    uint32_t priority = (uint32_t)frame->arg[5];
    if ((uint8_t)frame->arg[1] != 0)
        sim_stop("model", "mapping into user space is not modelled");
    if (frame->arg[3] != 0)
        sim_stop("mdl", "a requested address for a mapping into system space");
    if ((uint32_t)frame->arg[4])
        sim_stop("mdl", "BugCheckOnFailure must be FALSE: a failing mapping would stop the machine");
    if ((uint32_t)frame->arg[2] > 2)
        sim_stop("mdl", "cache type %u is unknown", (unsigned)frame->arg[2]);
    if (priority & (NO_WRITE | NO_EXECUTE) && sim_persona->system == SIM_WIN7)
        sim_stop("mdl", "mapping flags 0x%x exist from Windows 8 on", priority);
    priority &= ~(uint32_t)(NO_WRITE | NO_EXECUTE);
    if (priority != 0 && priority != 16 && priority != 32)
        sim_stop("mdl", "mapping priority %u is unknown", priority);
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL) || record->mapped)
        sim_stop("mdl", "MDL %p is mapped already", (void *)mdl);
    if (!(mdl->MdlFlags & MDL_PAGES_LOCKED))
        sim_stop("mdl", "MDL %p is to be mapped, but its pages are not locked", (void *)mdl);
    if (record->kind == SIM_MDL_UNMAPPABLE)
        return 0;
    uint8_t *address;
    if (record->count) {
        size_t size = (mdl->ByteOffset + (size_t)mdl->ByteCount + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
        address = map_segments(record, size, !((uint32_t)frame->arg[5] & (uint32_t)NO_WRITE));
        if (!address)
            return 0;
        address += mdl->ByteOffset;
    } else {
        address = record->data;
    }
    record->mapped = 1;
    mdl->MappedSystemVa = address;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    /* An MDL of somebody else is unmapped by its owner. */
    if (record->model)
        record->mapped = 0;
    else
        sim_ledger_add(SIM_MAPPING, mdl, mdl->ByteCount, "mapping", frame->return_address);
    return (uintptr_t)address;
}

static uint64_t
row_MmUnmapLockedPages(struct sim_frame *frame)
{
    MDL *mdl = (MDL *)frame->arg[1];
    struct record *record = find(mdl, "MmUnmapLockedPages");
    if (record->mapped && (uintptr_t)mdl->MappedSystemVa != frame->arg[0])
        sim_stop("mdl", "MDL %p is mapped at %p, not at %p", (void *)mdl, mdl->MappedSystemVa,
                 (void *)frame->arg[0]);
    unmap(record, "MmUnmapLockedPages");
    return 0;
}

static uint64_t
row_MmBuildMdlForNonPagedPool(struct sim_frame *frame)
{
    MDL *mdl = (MDL *)frame->arg[0];
    struct record *record = find(mdl, "MmBuildMdlForNonPagedPool");
    uint8_t *address = (uint8_t *)mdl->StartVa + mdl->ByteOffset;
    if (mdl->MdlFlags &
        (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL))
        sim_stop("mdl", "MmBuildMdlForNonPagedPool of MDL %p, which is built already", (void *)mdl);
    if (!guarded_contains(address, mdl->ByteCount) && !sim_image_of(address))
        sim_stop("mdl", "MmBuildMdlForNonPagedPool of %p, %u bytes, which is no pool", (void *)address,
                 mdl->ByteCount);
    record->data = address;
    mdl->MappedSystemVa = address;
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    return 0;
}

bool
mdl_explain(const void *address, char *text, size_t size)
{
    for (const struct gone *gone = Oldest; gone; gone = gone->next) {
        uintptr_t offset = (uintptr_t)address - (uintptr_t)gone->memory;
        if (offset >= gone->size)
            continue;
        snprintf(text, size, "offset %lld of a mapping of user pages that was taken away",
                 (long long)offset - (long long)PAGE_SIZE);
        return true;
    }
    return false;
}

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, IoAllocateMdl, 5, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, SIM_FAILS_NULL,
        "nf-wdm-ioallocatemdl"),
    ROW(NTOSKRNL, IoFreeMdl, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0, "nf-wdm-iofreemdl"),
    ROW(NTOSKRNL, MmProbeAndLockPages, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, SIM_FAILS_INSIDE,
        "nf-wdm-mmprobeandlockpages"),
    ROW(NTOSKRNL, MmUnlockPages, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-mmunlockpages"),
    ROW(NTOSKRNL, MmMapLockedPagesSpecifyCache, 6, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH,
        SIM_FAILS_NULL, "nf-wdm-mmmaplockedpagesspecifycache"),
    ROW(NTOSKRNL, MmUnmapLockedPages, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-mmunmaplockedpages"),
    ROW(NTOSKRNL, MmBuildMdlForNonPagedPool, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-mmbuildmdlfornonpagedpool"),
};
TABLE(sim_mdl_imports, Rows);
