/* SPDX-License-Identifier: MIT
 * What connects an image with where it is and with others: relocations, imports, control flow guard's
 * pointers, and the function table. */
#include "pe_internal.h"

#include <string.h>

/* ---- Relocations ---- */

/* A movw/movt pair of Thumb-2: 16 bits each, scattered over imm4:i:imm3:imm8. */
static uint32_t
thumb_immediate(const uint16_t *at)
{
    return (uint32_t)(at[0] & 0xf) << 12 | (uint32_t)(at[0] >> 10 & 1) << 11 |
           (uint32_t)(at[1] >> 12 & 7) << 8 | (at[1] & 0xff);
}

static void
thumb_set_immediate(uint16_t *at, uint32_t value)
{
    at[0] = (uint16_t)((at[0] & 0xfbf0) | (value >> 12 & 0xf) | (value >> 11 & 1) << 10);
    at[1] = (uint16_t)((at[1] & 0x8f00) | (value >> 8 & 7) << 12 | (value & 0xff));
}

static bool
relocate_one(struct pe_loading *load, uint32_t rva, unsigned type, uint64_t delta)
{
    uint8_t *at = (uint8_t *)pe_at(load, rva, 8);
    uint64_t wide;
    uint32_t narrow;
    if (type == PE_REL_ABSOLUTE)
        return true;
    if (!at)
        return pe_refuse(load, "relocation at 0x%x lies outside the image", rva);
    if (type == PE_REL_DIR64 && sizeof(void *) == 8) {
        memcpy(&wide, at, 8);
        wide += delta;
        memcpy(at, &wide, 8);
        return true;
    }
    if (type == PE_REL_HIGHLOW && sizeof(void *) == 4) {
        memcpy(&narrow, at, 4);
        narrow += (uint32_t)delta;
        memcpy(at, &narrow, 4);
        return true;
    }
    if (type == PE_REL_THUMB_MOV32 && sim_arch == SIM_ARM) {
        uint16_t code[4];
        memcpy(code, at, 8);
        narrow = (thumb_immediate(code) | thumb_immediate(code + 2) << 16) + (uint32_t)delta;
        thumb_set_immediate(code, narrow & 0xffff);
        thumb_set_immediate(code + 2, narrow >> 16);
        memcpy(at, code, 8);
        return true;
    }
    return pe_refuse(load, "relocation type %u at 0x%x", type, rva);
}

bool
pe_relocate(struct pe_loading *load)
{
    struct pe_directory directory = load->optional.directory[PE_DIR_RELOC];
    uint64_t delta = (uintptr_t)load->image->base - load->image->preferred;
    uint32_t end = directory.rva + directory.size;
    if (directory.size && !pe_at(load, directory.rva, directory.size))
        return pe_refuse(load, "relocations lie outside the image");
    for (uint32_t at = directory.rva; at < end;) {
        uint32_t block[2];
        if (end - at < 8)
            return pe_refuse(load, "relocation block cut off");
        memcpy(block, load->image->base + at, 8);
        if (block[1] < 8 || block[1] > end - at || block[1] % 4 != 0)
            return pe_refuse(load, "relocation block of %u bytes", block[1]);
        for (uint32_t i = 8; i < block[1]; i += 2) {
            uint16_t entry;
            memcpy(&entry, load->image->base + at + i, 2);
            if (!relocate_one(load, block[0] + (entry & 0xfff), entry >> 12, delta))
                return false;
        }
        at += block[1];
    }
    return true;
}

/* ---- Imports ---- */

void *(*sim_import_from_image)(const char *module, const char *name);

static const struct sim_import_table *const Machine[] = {&sim_exception_imports, NULL};

static const char *
string_at(const struct pe_loading *load, uint32_t rva)
{
    const struct sim_image *image = load->image;
    if (rva == 0 || rva >= image->size || !memchr(image->base + rva, 0, image->size - rva))
        return NULL;
    return (const char *)image->base + rva;
}

static bool
bind_one(struct pe_loading *load, const char *module, uintptr_t lookup, uintptr_t *slot)
{
    if (lookup >> (sizeof(uintptr_t) * 8 - 1))
        return pe_refuse(load, "imports %s by ordinal %u", module, (unsigned)(lookup & 0xffff));
    const char *name = string_at(load, (uint32_t)lookup + 2);
    if (!name)
        return pe_refuse(load, "a name imported from %s lies outside the image", module);
    const struct sim_import *row = sim_import_find(load->tables, module, name);
    if (!row)
        row = sim_import_find(Machine, module, name);
    if (!row && sim_import_from_image && (*slot = (uintptr_t)sim_import_from_image(module, name)) != 0)
        return true;
    if (!row)
        return pe_refuse(load, "imports %s from %s, which %s does not export", name, module,
                         sim_persona->name);
    *slot = (uintptr_t)sim_import_address(row);
    return true;
}

static bool
bind_module(struct pe_loading *load, const struct pe_import_descriptor *descriptor)
{
    const char *module = string_at(load, descriptor->name);
    uint32_t lookup = descriptor->lookup ? descriptor->lookup : descriptor->address;
    if (!module)
        return pe_refuse(load, "the name of an imported module lies outside the image");
    for (uint32_t at = 0;; at += sizeof(uintptr_t)) {
        const uintptr_t *wanted = pe_at(load, lookup + at, sizeof *wanted);
        uintptr_t *slot = (uintptr_t *)pe_at(load, descriptor->address + at, sizeof *slot);
        if (!wanted || !slot)
            return pe_refuse(load, "imports from %s lie outside the image", module);
        if (*wanted == 0)
            return true;
        if (!bind_one(load, module, *wanted, slot))
            return false;
    }
}

static const struct sim_section *
section_of(const struct sim_image *image, uint32_t rva)
{
    for (unsigned i = 0; i < image->section_count; i++) {
        if (rva - image->sections[i].rva < image->sections[i].size)
            return &image->sections[i];
    }
    return NULL;
}

bool
pe_bind_imports(struct pe_loading *load)
{
    struct pe_directory directory = load->optional.directory[PE_DIR_IMPORT];
    if (load->optional.directory[PE_DIR_DELAY_IMPORT].size)
        return pe_refuse(load, "has delayed imports");
    if (load->optional.directory[PE_DIR_TLS].size)
        return pe_refuse(load, "has thread-local storage");
    if (directory.rva == 0)
        return true;
    /* Memory integrity refuses drivers whose import table is in executable memory. */
    struct pe_directory table = load->optional.directory[PE_DIR_IAT];
    const struct sim_section *section = section_of(load->image, table.rva ? table.rva : directory.rva);
    if (load->image->native && (!section || (section->flags & PE_SECTION_EXECUTE)))
        return pe_refuse(load, "import address table in executable section %s",
                         section ? section->name : "?");
    for (uint32_t at = directory.rva;; at += sizeof(struct pe_import_descriptor)) {
        const struct pe_import_descriptor *descriptor = pe_at(load, at, sizeof *descriptor);
        if (!descriptor)
            return pe_refuse(load, "the import directory lies outside the image");
        if (descriptor->name == 0)
            return true;
        if (!bind_module(load, descriptor))
            return false;
    }
}

/* ---- Load configuration ---- */

enum
{
    CHECK_FUNCTION = sizeof(void *) == 8 ? 0x70 : 0x48,
    DISPATCH_FUNCTION = sizeof(void *) == 8 ? 0x78 : 0x4c,
    FUNCTION_TABLE = sizeof(void *) == 8 ? 0x80 : 0x50,
    FUNCTION_COUNT = sizeof(void *) == 8 ? 0x88 : 0x54,
    GUARD_FLAGS = sizeof(void *) == 8 ? 0x90 : 0x58,
};

static bool
set_guard_pointer(struct pe_loading *load, uintptr_t variable, void (*function)(void))
{
    uintptr_t offset = variable - (uintptr_t)load->image->base;
    uintptr_t *slot = offset <= UINT32_MAX ? (uintptr_t *)pe_at(load, (uint32_t)offset, sizeof *slot) : NULL;
    if (variable == 0)
        return true;
    if (!slot)
        return pe_refuse(load, "a guard function pointer lies outside the image");
    *slot = (uintptr_t)function;
    return true;
}

/* The security cookie stays as the image has it: Windows 7 does not touch that of a driver, so images must
 * make their own. Guard pointers are set by systems that know control flow guard; elsewhere the image's own
 * stand. */
bool
pe_load_config(struct pe_loading *load)
{
    struct pe_directory directory = load->optional.directory[PE_DIR_LOAD_CONFIG];
    uint32_t size, flags;
    uintptr_t check, dispatch, table, count;
    if (directory.rva == 0 || !(load->optional.dll_characteristics & PE_DLL_GUARD_CF) ||
        !(sim_persona->system & SIM_SINCE_WIN10))
        return true;
    const uint8_t *config = pe_at(load, directory.rva, 4);
    if (!config)
        return pe_refuse(load, "the load configuration lies outside the image");
    memcpy(&size, config, 4);
    if (size < GUARD_FLAGS + 4 || !pe_at(load, directory.rva, size))
        return true;
    memcpy(&flags, config + GUARD_FLAGS, 4);
    if (!(flags & PE_GUARD_INSTRUMENTED))
        return true;
    memcpy(&check, config + CHECK_FUNCTION, sizeof check);
    memcpy(&dispatch, config + DISPATCH_FUNCTION, sizeof dispatch);
    memcpy(&table, config + FUNCTION_TABLE, sizeof table);
    memcpy(&count, config + FUNCTION_COUNT, sizeof count);
    struct sim_image *image = load->image;
    uintptr_t rva = table - (uintptr_t)image->base, stride = 4 + (flags >> PE_GUARD_STRIDE_SHIFT);
    if (!table || count > image->size / stride || rva > image->size || count * stride > image->size - rva)
        return pe_refuse(load, "the table of guarded functions lies outside the image");
    image->guard_table = image->base + rva;
    image->guard_count = count;
    image->guard_stride = stride;
    return set_guard_pointer(load, check, sim_guard_check) &&
           (sim_arch != SIM_AMD64 || set_guard_pointer(load, dispatch, sim_guard_dispatch));
}

/* ---- Tables that are looked at later ---- */

bool
pe_register_tables(struct pe_loading *load)
{
    struct sim_image *image = load->image;
    struct pe_directory functions = load->optional.directory[PE_DIR_EXCEPTION];
    struct pe_directory exports = load->optional.directory[PE_DIR_EXPORT];
    uint32_t entry = sim_arch == SIM_AMD64 ? 12 : 8, last = 0;
    image->export_rva = exports.rva;
    image->export_size = exports.size;
    if (sim_arch == SIM_X86 || functions.rva == 0)
        return true;
    image->pdata = pe_at(load, functions.rva, functions.size);
    image->pdata_size = functions.size;
    if (!image->pdata || functions.size % entry != 0)
        return pe_refuse(load, "function table of %u bytes", functions.size);
    for (uint32_t at = 0; at < functions.size; at += entry) {
        uint32_t begin;
        memcpy(&begin, image->pdata + at, 4);
        if (begin <= last && at)
            return pe_refuse(load, "function table out of order at 0x%x", begin);
        last = begin;
    }
    return true;
}
