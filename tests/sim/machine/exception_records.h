/* SPDX-License-Identifier: MIT
 * What the unwinding of arm and arm64 shares (exception_records.c) and what each does in its own way. */
#ifndef SIM_EXCEPTION_RECORDS_H
#define SIM_EXCEPTION_RECORDS_H

#include "exception.h"

struct unwinding
{
    const struct sim_image *image;
    CONTEXT *context;
    uintptr_t frame;
    unsigned next; /* arm64: pairs that save_next codes added to the one that follows */
};

/* The codes of a full record, for a call `offset` bytes behind the function's start: in a prologue, codes count from
 * its end, and those of instructions not yet run are passed over. */
void sim_unwind_codes(struct unwinding *u, const uint8_t *codes, unsigned size, uint32_t offset);
void sim_unwind_packed(struct unwinding *u, uint32_t data);
/* Goes on at the return address that unwinding has put into the link register. */
void sim_context_return(CONTEXT *context);

#endif
