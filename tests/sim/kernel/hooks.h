/* SPDX-License-Identifier: MIT
 * What the hooks around imports ask of other files. */
#ifndef SIM_HOOKS_H
#define SIM_HOOKS_H

#include "internal.h"

/* Whether the call gives something back and so cannot fail for want of memory (ps.c). */
bool notify_is_removal(const struct sim_frame *frame);
bool mdl_explain(const void *address, char *text, size_t size);

#endif
