/* SPDX-License-Identifier: MIT
 * What pe.c and pe_bind.c share while an image is being loaded. */
#ifndef SIM_PE_INTERNAL_H
#define SIM_PE_INTERNAL_H

#include "arch.h"
#include "pe_format.h"

#include <stdarg.h>

struct pe_loading
{
    struct sim_image *image;
    struct pe_optional optional;
    size_t section_headers; /* offset in the file */
    unsigned sections_done; /* for messages */
    const struct sim_import_table *const *tables;
    char *error;
    size_t error_size;
};

/* Writes the error line; always false. */
bool pe_refuse(struct pe_loading *load, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Address of `size` bytes at an rva; NULL if they are not all in the image. */
const void *pe_at(const struct pe_loading *load, uint32_t rva, uint32_t size);

/* The steps, in this order, while the whole image is writable. Each is false after pe_refuse. */
bool pe_relocate(struct pe_loading *load);
bool pe_bind_imports(struct pe_loading *load);
bool pe_load_config(struct pe_loading *load);
bool pe_register_tables(struct pe_loading *load);

#endif
