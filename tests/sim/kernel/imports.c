/* SPDX-License-Identifier: MIT
 * All tables that a driver is bound to, looking up routines by name, and what explains a fault. */
#include "internal.h"
#include "hooks.h"

extern const struct sim_import_table sim_ndis_imports;
bool ndis_object_explain(const void *address, char *text, size_t size); /* ndis/objects.c */

const struct sim_import_table *const sim_driver_tables[] = {
    &sim_pool_imports,    &sim_irql_imports,      &sim_lock_imports,
    &sim_wait_imports,    &sim_thread_imports,    &sim_work_imports,
    &sim_rundown_imports, &sim_mutex_imports,     &sim_time_imports,
    &sim_mdl_imports,     &sim_memory_imports,    &sim_ob_imports,
    &sim_ps_imports,      &sim_rtl_imports,       &sim_io_imports,
    &sim_ndis_imports,    &sim_exception_imports, NULL};

void
sim_kernel_explain(const void *address, char *text, size_t size)
{
    if (!guarded_explain(address, text, size) && !ndis_object_explain(address, text, size))
        mdl_explain(address, text, size);
}

/* ---- Rows that fit nowhere else ---- */

/* Looks in ntoskrnl and in hal, as documented; data exports too. */
static uint64_t
row_MmGetSystemRoutineAddress(struct sim_frame *frame)
{
    const UNICODE_STRING *wanted = (const UNICODE_STRING *)frame->arg[0];
    char name[128];
    unsigned length = wanted->Length / 2u;
    if (length >= sizeof name)
        return 0;
    for (unsigned i = 0; i < length; i++)
        name[i] = (char)wanted->Buffer[i];
    name[length] = 0;
    const struct sim_import *row = sim_import_find(sim_driver_tables, NTOSKRNL, name);
    if (!row)
        row = sim_import_find(sim_driver_tables, HAL, name);
    return row ? (uintptr_t)sim_import_address(row) : 0;
}

static uint64_t
row_KeBugCheckEx(struct sim_frame *frame)
{
    sim_stop("bugcheck", "the driver called KeBugCheckEx(0x%x, 0x%zx, 0x%zx, 0x%zx, 0x%zx)",
             (unsigned)frame->arg[0], (size_t)frame->arg[1], (size_t)frame->arg[2], (size_t)frame->arg[3],
             (size_t)frame->arg[4]);
}

static uint64_t
row_KeBugCheck(struct sim_frame *frame)
{
    sim_stop("bugcheck", "the driver called KeBugCheck(0x%x)", (unsigned)frame->arg[0]);
}

static uint64_t
row_KeFlushQueuedDpcs(struct sim_frame *frame)
{
    (void)frame;
    return 0;
}

/* Raises in the current process's memory, and outside of user memory altogether. */
static uint64_t
probe(struct sim_frame *frame, bool write)
{
    uintptr_t address = frame->arg[0], alignment = frame->arg[2];
    if (frame->arg[1] == 0)
        return 0;
    if (alignment && address & (alignment - 1)) {
        sim_raise(frame, 0x80000002u); /* STATUS_DATATYPE_MISALIGNMENT */
        sim_stop("bugcheck", "%s raised and nothing handled it (0x1E)", frame->row->name);
    }
    if (!region_check(sim_thread()->process, address, frame->arg[1], write)) {
        sim_raise(frame, (uint32_t)STATUS_ACCESS_VIOLATION);
        sim_stop("bugcheck", "%s raised and nothing handled it (0x1E)", frame->row->name);
    }
    return 0;
}

static uint64_t
row_ProbeForRead(struct sim_frame *frame)
{
    return probe(frame, false);
}

static uint64_t
row_ProbeForWrite(struct sim_frame *frame)
{
    return probe(frame, true);
}

static uint64_t
row_ExRaiseStatus(struct sim_frame *frame)
{
    sim_raise(frame, (uint32_t)frame->arg[0]);
    sim_stop("bugcheck", "ExRaiseStatus(0x%08x) and nothing handled it (0x1E)", (unsigned)frame->arg[0]);
}

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, MmGetSystemRoutineAddress, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-wdm-mmgetsystemroutineaddress"),
    ROW(NTOSKRNL, KeBugCheckEx, 5, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "nf-wdm-kebugcheckex"),
    ROW(NTOSKRNL, KeBugCheck, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "nf-ntddk-kebugcheck"),
    ROW(NTOSKRNL, KeFlushQueuedDpcs, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-wdm-keflushqueueddpcs"),
    ROW(NTOSKRNL, ProbeForRead, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0, "nf-wdm-probeforread"),
    ROW(NTOSKRNL, ProbeForWrite, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0, "nf-wdm-probeforwrite"),
    ROW(NTOSKRNL, ExRaiseStatus, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-ntddk-exraisestatus"),
};
TABLE(sim_memory_imports, Rows);
