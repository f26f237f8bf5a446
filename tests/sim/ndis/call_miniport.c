/* SPDX-License-Identifier: MIT
 * Calls into the miniport, and the preconditions that many services share. */
#include "ndis_model.h"

uint64_t
ndis_call(const char *handler_name, const void *handler, unsigned words, const uintptr_t *args)
{
    struct sim_thread *thread = sim_thread();
    uint8_t irql = thread->irql;
    unsigned locks = thread->locks_held;
    uint64_t result = sim_call_words(handler, SIM_STDCALL, words, args);
    if (thread->irql != irql)
        sim_stop("a miniport handler returns at the IRQL at which it was called",
                 "%s came at %u and returned at %u", handler_name, irql, thread->irql);
    if (thread->locks_held != locks)
        sim_stop("a miniport handler releases the spin locks that it acquired", "%s returned with %d more",
                 handler_name, (int)(thread->locks_held - locks));
    return result;
}

void
ndis_check_no_locks(const char *function)
{
    unsigned held = sim_locks_held();
    if (held)
        sim_stop("no spin lock is held across a call by which NDIS may come back into the miniport",
                 "%s was called with %u held", function, held);
}

void
ndis_check_dispatch_flag(const char *function, uint32_t flags)
{
    /* The bit has the same value for every call (dispatch-irql-tracking). */
    if ((flags & NDIS_SEND_FLAGS_DISPATCH_LEVEL) && sim_irql() != DISPATCH_LEVEL_)
        sim_stop("the DISPATCH_LEVEL flag is set only at DISPATCH_LEVEL", "%s at IRQL %u", function,
                 sim_irql());
}

void
ndis_check_header(const char *what, const NDIS_OBJECT_HEADER *header, uint8_t type, uint8_t revision_min,
                  uint8_t revision_max, size_t size)
{
    if (header->Type != type)
        sim_stop("a structure carries its documented Header.Type", "%s has 0x%x, not 0x%x", what,
                 header->Type, type);
    if (header->Revision < revision_min || header->Revision > revision_max)
        sim_stop("a structure carries a Header.Revision of the version that was registered",
                 "%s has revision %u, not %u to %u", what, header->Revision, revision_min, revision_max);
    if (header->Size != size)
        sim_stop("Header.Size is the size of the revision that Header.Revision names", "%s has %u, not %zu",
                 what, header->Size, size);
}
