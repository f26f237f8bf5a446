/* SPDX-License-Identifier: MIT
 * A DLL that a program maps by itself, from bytes in its memory, as some programs do that carry it within them: the
 * loader of the process never hears of it. */
#ifndef SIM_MEMORY_IMAGE_H
#define SIM_MEMORY_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct memory_image
{
    uint8_t *base;
    size_t size;
    uintptr_t entry, exports;
};

/* Maps headers and sections, relocates, resolves imports from System32 alone, checks the function table, protects the
 * sections and calls DllMain. What such a program cannot give an image fails the scenario: TLS, delayed imports,
 * libraries from elsewhere. */
struct memory_image memory_image_load(const void *file, size_t size);
/* By the export table; NULL if there is no such function. Forwarders fail the scenario. */
const void *memory_image_export(const struct memory_image *image, const char *name);
unsigned memory_image_export_count(const struct memory_image *image);
/* Calls DllMain and leaves the pages inaccessible: what comes late traps. */
void memory_image_unload(struct memory_image *image);

#endif
