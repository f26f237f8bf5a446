/* SPDX-License-Identifier: MIT
 * Control flow guard: what an indirect call of a guarded image is checked against, the image's own table of
 * functions whose address is taken. The assembly of each architecture (guard_<arch>.S) saves what the check
 * must preserve, moves to the host's stack and comes here. */
#include "arch.h"

#include <string.h>

/* Entries are an rva and as many bytes more as the flags of the load configuration say. */
static bool
listed(const struct sim_image *image, uint32_t rva)
{
    size_t low = 0, high = image->guard_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        uint32_t entry;
        memcpy(&entry, image->guard_table + middle * image->guard_stride, sizeof entry);
        if (sim_arch == SIM_ARM)
            entry &= ~1u;
        if (entry == rva)
            return true;
        if (entry < rva)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Targets outside of guarded images are imports, or fault by themselves. */
void
sim_guard_target(uintptr_t target)
{
    const struct sim_image *image = sim_image_of((const void *)target);
    if (!image || !image->guard_table)
        return;
    if (sim_arch == SIM_ARM && !(target & 1))
        sim_stop("control flow guard", "a call leaves Thumb for %#lx in %s", (unsigned long)target,
                 image->name);
    uintptr_t code = sim_arch == SIM_ARM ? target & ~(uintptr_t)1 : target;
    char where[200];
    if (listed(image, (uint32_t)(code - (uintptr_t)image->base)))
        return;
    sim_describe((const void *)code, where, sizeof where);
    sim_stop("control flow guard", "an indirect call goes to %s, which is no function whose address is taken",
             where);
}
