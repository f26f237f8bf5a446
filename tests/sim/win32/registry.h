/* SPDX-License-Identifier: MIT
 * Keys that cfgmgr32 opens and advapi32 reads. */
#ifndef SIM_WIN32_REGISTRY_H
#define SIM_WIN32_REGISTRY_H

#include <stdint.h>

uintptr_t win_key_handle(uint32_t key, const void *caller);

#endif
