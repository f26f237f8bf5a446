/* SPDX-License-Identifier: MIT
 * Guarded blocks: they end at an inaccessible page and are inaccessible once freed. */
#ifndef SIM_WIN32_MEMORY_H
#define SIM_WIN32_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void *win_block_allocate(size_t size, bool zero);
void win_block_free(void *block);

#endif
