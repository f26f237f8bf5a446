/* SPDX-License-Identifier: MIT
 * x86: raising out of an import. */
#include "arch.h"

const struct sim_import_table sim_exception_imports = {0};

void
sim_raise(struct sim_frame *frame, uint32_t code)
{
    sim_stop("exception", "0x%x raised by %s: no dispatch on this architecture yet", code, frame->row->name);
}
