/* SPDX-License-Identifier: MIT
 * Pool, as drivers allocate it: guarded memory, entered in the ledger, with its tag. */
#include "internal.h"

#include <string.h>

uint32_t guarded_tag(const void *memory);

void *
sim_pool_allocate(size_t size, uint32_t tag, const void *caller)
{
    void *memory = guarded_allocate(size, tag, caller);
    sim_ledger_add(SIM_POOL, memory, size, "pool", caller);
    return memory;
}

void
sim_pool_free(void *memory)
{
    sim_ledger_remove(SIM_POOL, memory, "pool freed");
    guarded_free(memory, "free");
}

static void
check_tag(uint32_t tag, const char *function)
{
    if (tag == 0 || tag == 0x20202020)
        sim_stop("pool", "%s with tag 0x%x; a tag has one to four printable characters", function, tag);
    for (unsigned i = 0; i < 4; i++) {
        uint8_t character = (uint8_t)(tag >> 8 * i);
        if (character < 0x20 || character > 0x7e)
            sim_stop("pool", "%s with tag 0x%08x; its characters must lie between 0x20 and 0x7e", function,
                     tag);
    }
}

/* Who may touch paged memory, and when, is decided at each access, where the model does not look. */
static _Noreturn void
refuse_paged(void)
{
    if (sim_irql() > APC)
        sim_stop("irql", "paged pool allocated at IRQL %u", sim_irql());
    sim_stop("unmodelled", "paged pool: nobody would see it touched at DISPATCH_LEVEL");
}

/* Pool types beyond these are reserved or ask for cache alignment, which a guarded block does not give. */
enum
{
    NonPagedPool = 0,
    PagedPool = 1,
    NonPagedPoolNx = 0x200
};

static uint64_t
row_ExAllocatePoolWithTag(struct sim_frame *frame)
{
    uint32_t type = (uint32_t)frame->arg[0], tag = (uint32_t)frame->arg[2];
    size_t size = frame->arg[1];
    check_tag(tag, "ExAllocatePoolWithTag");
    if (type == NonPagedPoolNx && sim_persona->system == SIM_WIN7)
        sim_stop("pool", "NonPagedPoolNx exists from Windows 8 on, this is %s", sim_persona->name);
    if (type != NonPagedPool && type != PagedPool && type != NonPagedPoolNx)
        sim_stop("pool", "pool type 0x%x is unknown", type);
    if (type == PagedPool)
        refuse_paged();
    if (size == 0)
        sim_stop("pool", "an allocation of 0 bytes");
    if (size > (SIM_64BIT ? (size_t)2 << 30 : (size_t)256 << 20))
        return 0;
    return (uintptr_t)sim_pool_allocate(size, tag, frame->return_address);
}

static uint64_t
free_pool(struct sim_frame *frame, uint32_t tag, const char *function)
{
    void *memory = (void *)frame->arg[0];
    if (!sim_ledger_has(SIM_POOL, memory))
        sim_stop("pool", "%s: %p is no allocation, or was freed already", function, memory);
    uint32_t taken = guarded_tag(memory);
    if (tag && tag != taken)
        sim_stop("pool", "%s with tag 0x%08x of memory allocated with tag 0x%08x", function, tag, taken);
    sim_pool_free(memory);
    return 0;
}

static uint64_t
row_ExFreePoolWithTag(struct sim_frame *frame)
{
    return free_pool(frame, (uint32_t)frame->arg[1], "ExFreePoolWithTag");
}

static uint64_t
row_ExFreePool(struct sim_frame *frame)
{
    return free_pool(frame, 0, "ExFreePool");
}

static uint64_t
row_ExAllocatePool2(struct sim_frame *frame)
{
    enum
    {
        QUOTA = 1,
        UNINITIALIZED = 2,
        NON_PAGED = 0x40,
        NON_PAGED_EXECUTE = 0x80,
        PAGED = 0x100
    };
    unsigned next = SIM_64BIT ? 1 : 2;
    uint64_t flags = SIM_64BIT ? frame->arg[0] : frame->arg[0] | (uint64_t)frame->arg[1] << 32;
    size_t size = frame->arg[next];
    uint32_t tag = (uint32_t)frame->arg[next + 1];
    unsigned kind = flags & (NON_PAGED | NON_PAGED_EXECUTE | PAGED);
    check_tag(tag, "ExAllocatePool2");
    if (kind == 0 || (kind & (kind - 1)) || (uint32_t)flags & ~(QUOTA | UNINITIALIZED | kind | 0x28u))
        sim_stop("pool", "ExAllocatePool2 with flags 0x%llx", (unsigned long long)flags);
    if (kind == PAGED)
        refuse_paged();
    if (size == 0)
        return 0;
    void *memory = sim_pool_allocate(size, tag, frame->return_address);
    if (!(flags & UNINITIALIZED))
        memset(memory, 0, size);
    return (uintptr_t)memory;
}

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, ExAllocatePoolWithTag, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, SIM_FAILS_NULL,
        "nf-wdm-exallocatepoolwithtag"),
    ROW(NTOSKRNL, ExFreePoolWithTag, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-exfreepoolwithtag"),
    ROW(NTOSKRNL, ExFreePool, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0, "nf-ntddk-exfreepool"),
    {.module = NTOSKRNL,
     .name = "ExAllocatePool2",
     .fn = row_ExAllocatePool2,
     .words = 4,
     .words64 = 3,
     .convention = SIM_STDCALL,
     .systems = SIM_SINCE_WIN10,
     .irql_min = PASSIVE,
     .irql_max = DISPATCH,
     .failures = SIM_FAILS_NULL,
     .source = "nf-wdm-exallocatepool2"},
};
TABLE(sim_pool_imports, Rows);
