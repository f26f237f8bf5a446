/* SPDX-License-Identifier: MIT
 * What the loader refuses, and that it says why; what becomes of parts of an image that are gone. */
#include "machine_test.h"

#include "../machine/pe_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A test image in memory, to be damaged. */
struct damaged
{
    uint8_t *file;
    size_t size;
    uint8_t *header; /* COFF header */
    uint8_t *optional;
    uint8_t *sections;
};

static struct damaged
damaged_begin(void)
{
    struct damaged image;
    uint32_t at;
    uint16_t optional_size;
    image.file = machine_test_read("basic.sys", &image.size);
    memcpy(&at, image.file + 60, 4);
    image.header = image.file + at + 4;
    image.optional = image.header + 20;
    memcpy(&optional_size, image.header + 16, 2);
    image.sections = image.optional + optional_size;
    return image;
}

/* Makes the checksum right again, so that it is not what is refused: the loader says what it should be. */
static void
damaged_seal(struct damaged *image)
{
    char error[256] = "";
    sim_image_map("seal", image->file, image->size, machine_test_tables, error, sizeof error);
    const char *wanted = strstr(error, "should be 0x");
    if (wanted) {
        uint32_t sum = (uint32_t)strtoul(wanted + 10, NULL, 16);
        memcpy(image->optional + 64, &sum, 4);
    }
}

static void
expect_refusal(struct damaged *image, const struct sim_import_table *const *tables, const char *text)
{
    char error[256] = "";
    EXPECT(!sim_image_map("damaged.sys", image->file, image->size, tables, error, sizeof error));
    if (!strstr(error, text))
        sim_fail(__FILE__, __LINE__, "refused with \"%s\", expected \"%s\"", error, text);
    free(image->file);
}

static uint32_t
section_flags(struct damaged *image, unsigned index, uint32_t set)
{
    uint32_t flags;
    memcpy(&flags, image->sections + 40 * index + 36, 4);
    uint32_t changed = flags | set;
    memcpy(image->sections + 40 * index + 36, &changed, 4);
    return flags;
}

static uint8_t *
directory(struct damaged *image, unsigned index)
{
    return image->optional + (sizeof(void *) == 8 ? 112 : 96) + 8 * index;
}

/* Where an rva lies in the file. */
static uint8_t *
at_rva(struct damaged *image, uint32_t rva)
{
    uint16_t count;
    memcpy(&count, image->header + 2, 2);
    for (unsigned i = 0; i < count; i++) {
        uint32_t fields[4]; /* virtual size, rva, raw size, raw offset */
        memcpy(fields, image->sections + 40 * i + 8, sizeof fields);
        if (rva - fields[1] < fields[2])
            return image->file + fields[3] + (rva - fields[1]);
    }
    sim_fail(__FILE__, __LINE__, "rva 0x%x is in no section", rva);
}

SIM_SCENARIO(loader_missing_import_is_named)
{
    static const struct sim_import rows[] = {
        {"test.sys", "TestSix", NULL, 6, 0, SIM_STDCALL, SIM_SINCE_WIN7, 0, 2, 0, NULL, "this file"},
    };
    static const struct sim_import_table table = {rows, 1};
    static const struct sim_import_table *const tables[] = {&table, NULL};
    struct damaged image = damaged_begin();
    expect_refusal(&image, tables, "from test.sys, which");
}

/* The same row exists on one system and not on another. */
SIM_SCENARIO_ON(loader_import_newer_than_system_is_refused, SIM_WIN7, 0)
{
    struct sim_import rows[16];
    EXPECT(machine_test_imports.count <= 16);
    memcpy(rows, machine_test_imports.rows, machine_test_imports.count * sizeof rows[0]);
    const struct sim_import_table table = {rows, machine_test_imports.count};
    const struct sim_import_table *const tables[] = {&table, NULL};
    struct damaged image = damaged_begin(), again = damaged_begin();
    char error[256] = "";
    EXPECT(sim_image_map("good.sys", image.file, image.size, tables, error, sizeof error));
    for (unsigned i = 0; i < machine_test_imports.count; i++) {
        if (strcmp(rows[i].name, "TestWide") == 0)
            rows[i].systems = SIM_SINCE_WIN8;
    }
    expect_refusal(&again, tables, "imports TestWide from test.sys, which win7 does not export");
    free(image.file);
}

SIM_SCENARIO(loader_import_by_ordinal_is_refused)
{
    struct damaged image = damaged_begin();
    uint32_t rva, lookup;
    memcpy(&rva, directory(&image, PE_DIR_IMPORT), 4);
    memcpy(&lookup, at_rva(&image, rva), 4);
    uint8_t *entry = at_rva(&image, lookup);
    uintptr_t ordinal = (uintptr_t)1 << (sizeof ordinal * 8 - 1) | 7;
    memcpy(entry, &ordinal, sizeof ordinal);
    damaged_seal(&image);
    expect_refusal(&image, machine_test_tables, "imports test.sys by ordinal 7");
}

SIM_SCENARIO(loader_writable_code_is_refused)
{
    struct damaged image = damaged_begin();
    section_flags(&image, 0, PE_SECTION_WRITE);
    damaged_seal(&image);
    expect_refusal(&image, machine_test_tables, "section .text is writable and executable");
}

SIM_SCENARIO(loader_executable_import_table_is_refused)
{
    struct damaged image = damaged_begin();
    section_flags(&image, 1, PE_SECTION_EXECUTE);
    damaged_seal(&image);
    expect_refusal(&image, machine_test_tables, "import address table in executable section .rdata");
}

SIM_SCENARIO(loader_wrong_checksum_is_refused)
{
    struct damaged image = damaged_begin();
    image.optional[64] ^= 1;
    expect_refusal(&image, machine_test_tables, "checksum");
    image = damaged_begin();
    image.file[image.size - 1] ^= 1;
    expect_refusal(&image, machine_test_tables, "checksum");
}

SIM_SCENARIO(loader_other_machine_is_refused)
{
    struct damaged image = damaged_begin();
    image.header[0] ^= 0x10;
    expect_refusal(&image, machine_test_tables, "is for machine");
}

SIM_SCENARIO(loader_broken_structure_is_refused)
{
    struct damaged image = damaged_begin();
    image.header[18] |= PE_FILE_RELOCS_STRIPPED;
    expect_refusal(&image, machine_test_tables, "relocations are stripped");
    image = damaged_begin();
    image.optional[32] = 0, image.optional[33] = 2; /* section alignment 0x200 */
    expect_refusal(&image, machine_test_tables, "section alignment");
    image = damaged_begin();
    memset(image.sections + 12, 0, 4);
    damaged_seal(&image);
    expect_refusal(&image, machine_test_tables, "section .text lies at");
    image = damaged_begin();
    uint32_t rva;
    memcpy(&rva, directory(&image, PE_DIR_RELOC), 4);
    at_rva(&image, rva)[9] = 0x50; /* type 5 */
    damaged_seal(&image);
    expect_refusal(&image, machine_test_tables, "relocation type 5");
    for (unsigned length = 0; length < 1024; length += 7) {
        image = damaged_begin();
        image.size = length;
        expect_refusal(&image, machine_test_tables, "damaged.sys: ");
    }
}

/* ---- What is gone ---- */

static void
call_entry(void *image)
{
    SIM_CALL(sim_image_entry(image), 0, 0);
}

static void
call_export(void *function)
{
    SIM_CALL(function, 1);
}

SIM_SCENARIO(loader_discarded_init_traps)
{
    struct sim_image *image = machine_test_load("basic.sys");
    EXPECT_EQ((uint32_t)SIM_CALL(sim_image_entry(image), 0, 0), 42);
    sim_image_discard_init(image);
    machine_expect_stop(call_entry, image, "(INIT)");
    EXPECT_EQ((uintptr_t)SIM_CALL(machine_test_export(image, "BasicNested", 1), 3), 52);
}

SIM_SCENARIO(loader_unloaded_image_traps)
{
    struct sim_image *image = machine_test_load("basic.sys");
    void *function = machine_test_export(image, "BasicNested", 1);
    EXPECT(sim_image_of(function) == image);
    sim_image_unload(image);
    EXPECT(!sim_image_of(function));
    machine_expect_stop(call_export, function, "(.text, unloaded)");
    /* Nothing else may come to lie there. */
    struct sim_image *again = machine_test_load("basic.sys");
    EXPECT(sim_image_base(again) != sim_image_base(image));
}

SIM_SCENARIO(loader_read_only_data_traps)
{
    struct sim_image *image = machine_test_load("basic.sys");
    machine_expect_stop(call_export, machine_test_export(image, "BasicWriteConst", 0), "(.rdata)");
}

SIM_SCENARIO(loader_missing_export_is_null)
{
    struct sim_image *image = machine_test_load("basic.sys");
    EXPECT(!sim_image_export(image, "Nothing"));
    EXPECT(!sim_image_export(image, ""));
}
