/* SPDX-License-Identifier: MIT */
#include "memory_image.h"
#include "../machine/pe_format.h"
#include "../win32/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum
{
    PROCESS_DETACH,
    PROCESS_ATTACH
};
#define THUMB ((uintptr_t)(sim_arch == SIM_ARM ? 1 : 0))

/* What of the headers is needed, read from the mapped image as such a program reads it. */
struct headers
{
    const struct pe_file_header *file;
    const uint8_t *optional;
    const struct pe_directory *directories;
    const struct pe_section_header *sections;
};

static uint32_t
word_at(const void *at)
{
    uint32_t word;
    memcpy(&word, at, 4);
    return word;
}

static struct headers
headers_of(const uint8_t *base)
{
    struct headers headers;
    uint32_t at = word_at(base + 60);
    EXPECT(memcmp(base, "MZ", 2) == 0 && memcmp(base + at, "PE\0\0", 4) == 0);
    headers.file = (const struct pe_file_header *)(base + at + 4);
    headers.optional = (const uint8_t *)(headers.file + 1);
    headers.directories = (const struct pe_directory *)(headers.optional + (sizeof(void *) == 8 ? 112 : 96));
    headers.sections = (const struct pe_section_header *)(headers.optional + headers.file->optional_size);
    return headers;
}

static void
copy_sections(struct memory_image *image, const uint8_t *file, size_t size)
{
    struct headers headers = headers_of(image->base);
    for (unsigned i = 0; i < headers.file->sections; i++) {
        const struct pe_section_header *section = &headers.sections[i];
        uint32_t bytes =
            section->raw_size < section->virtual_size ? section->raw_size : section->virtual_size;
        EXPECT(section->raw_offset + bytes <= size && section->rva + bytes <= image->size);
        memcpy(image->base + section->rva, file + section->raw_offset, bytes);
    }
}

/* The 16 bits in a movw or movt of Thumb-2, which lie in four pieces; `add` is added to the pair. */
static void
relocate_thumb(uint16_t *code, uint32_t add)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 2; i++)
        value |= (((code[2 * i] & 0xFu) << 12) | (code[2 * i] >> 10 & 1u) << 11 |
                  (code[2 * i + 1] >> 12 & 7u) << 8 | (code[2 * i + 1] & 0xFFu))
                 << 16 * i;
    value += add;
    for (unsigned i = 0; i < 2; i++, value >>= 16) {
        code[2 * i] = (uint16_t)((code[2 * i] & ~0x40Fu) | (value >> 12 & 0xF) | (value >> 11 & 1) << 10);
        code[2 * i + 1] = (uint16_t)((code[2 * i + 1] & ~0x70FFu) | (value >> 8 & 7) << 12 | (value & 0xFF));
    }
}

static void
relocate(struct memory_image *image)
{
    struct headers headers = headers_of(image->base);
    struct pe_directory table = headers.directories[PE_DIR_RELOC];
    uintptr_t preferred = 0;
    memcpy(&preferred, headers.optional + (sizeof(void *) == 8 ? 24 : 28), sizeof preferred);
    uintptr_t delta = (uintptr_t)image->base - preferred;
    EXPECT(delta != 0 && table.size != 0);
    for (uint32_t at = table.rva; at < table.rva + table.size;) {
        uint32_t page = word_at(image->base + at), bytes = word_at(image->base + at + 4);
        EXPECT(bytes >= 8);
        for (uint32_t i = 8; i < bytes; i += 2) {
            uint16_t entry = *(const uint16_t *)(image->base + at + i);
            uint8_t *target = image->base + page + (entry & 0xFFF);
            uintptr_t value;
            switch (entry >> 12) {
            case PE_REL_ABSOLUTE:
                break;
            case PE_REL_THUMB_MOV32:
                relocate_thumb((uint16_t *)target, (uint32_t)delta);
                break;
            case PE_REL_HIGHLOW:
            case PE_REL_DIR64:
                EXPECT_EQ(entry >> 12, sizeof(void *) == 8 ? PE_REL_DIR64 : PE_REL_HIGHLOW);
                memcpy(&value, target, sizeof value);
                value += delta;
                memcpy(target, &value, sizeof value);
                break;
            default:
                sim_fail(__FILE__, __LINE__, "relocation of type %u", entry >> 12);
            }
        }
        at += bytes;
    }
}

static void
resolve_imports(struct memory_image *image)
{
    struct headers headers = headers_of(image->base);
    const struct pe_import_descriptor *library =
        (const struct pe_import_descriptor *)(image->base + headers.directories[PE_DIR_IMPORT].rva);
    EXPECT(headers.directories[PE_DIR_IMPORT].size != 0);
    for (; library->name; library++) {
        char *path = sim_format("C:\\Windows\\System32\\%s", (const char *)image->base + library->name);
        uint32_t error;
        void *module = win_load_library(path, 0, NULL, &error);
        if (!module)
            sim_fail(__FILE__, __LINE__, "there is no %s", path);
        const uintptr_t *name = (const uintptr_t *)(image->base + library->lookup);
        uintptr_t *slot = (uintptr_t *)(image->base + library->address);
        for (; *name; name++, slot++) {
            EXPECT(!(*name >> (sizeof *name * 8 - 1)));
            *slot = (uintptr_t)win_get_proc_address(module, (const char *)image->base + *name + 2);
            if (!*slot)
                sim_fail(__FILE__, __LINE__, "%s has no %s", path, (const char *)image->base + *name + 2);
        }
        free(path);
    }
}

/* The table that such a program registers (RtlAddFunctionTable): sorted, and within the image. x86 has none. */
static void
check_function_table(const struct memory_image *image)
{
    struct pe_directory table = headers_of(image->base).directories[PE_DIR_EXCEPTION];
    uint32_t step = sim_arch == SIM_AMD64 ? 12 : 8, last = 0;
    if (sim_arch == SIM_X86)
        return;
    EXPECT(table.size != 0 && table.size % step == 0);
    for (uint32_t at = 0; at < table.size; at += step) {
        uint32_t begin = word_at(image->base + table.rva + at) & ~(uint32_t)THUMB;
        EXPECT(begin >= last && begin < image->size);
        last = begin + 1;
    }
}

static void
protect(const struct memory_image *image)
{
    struct headers headers = headers_of(image->base);
    for (unsigned i = 0; i < headers.file->sections; i++) {
        const struct pe_section_header *section = &headers.sections[i];
        uint8_t *start = image->base + section->rva;
        int how = PROT_READ | (section->flags & PE_SECTION_WRITE ? PROT_WRITE : 0) |
                  (section->flags & PE_SECTION_EXECUTE ? PROT_EXEC : 0);
        EXPECT_EQ(mprotect(start, section->virtual_size, how), 0);
        __builtin___clear_cache((char *)start, (char *)start + section->virtual_size);
    }
}

static void
call_entry(const struct memory_image *image, uintptr_t reason)
{
    win_thread()->in_dllmain = true;
    EXPECT((uint32_t)SIM_CALL(image->entry, SIM_WORD(image->base), reason, 0) != 0);
    win_thread()->in_dllmain = false;
}

struct memory_image
memory_image_load(const void *file, size_t size)
{
    struct memory_image image = {0};
    struct headers headers = headers_of(file);
    image.size = word_at(headers.optional + 56);
    image.base = mmap(NULL, image.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(image.base != MAP_FAILED);
    memcpy(image.base, file, word_at(headers.optional + 60));
    headers = headers_of(image.base);
    EXPECT_EQ(headers.directories[PE_DIR_TLS].size, 0);
    EXPECT_EQ(headers.directories[PE_DIR_DELAY_IMPORT].size, 0);
    image.entry = (uintptr_t)(image.base + word_at(headers.optional + 16)) | THUMB;
    image.exports = headers.directories[PE_DIR_EXPORT].rva;
    copy_sections(&image, file, size);
    relocate(&image);
    resolve_imports(&image);
    check_function_table(&image);
    protect(&image);
    call_entry(&image, PROCESS_ATTACH);
    return image;
}

const void *
memory_image_export(const struct memory_image *image, const char *name)
{
    struct pe_directory directory = headers_of(image->base).directories[PE_DIR_EXPORT];
    struct pe_export_directory exports;
    memcpy(&exports, image->base + image->exports, sizeof exports);
    for (uint32_t i = 0; i < exports.name_count; i++) {
        uint16_t ordinal;
        if (strcmp((const char *)image->base + word_at(image->base + exports.names + 4 * i), name) != 0)
            continue;
        memcpy(&ordinal, image->base + exports.ordinals + 2 * i, sizeof ordinal);
        uint32_t function = word_at(image->base + exports.functions + 4 * ordinal);
        if (function - directory.rva < directory.size)
            sim_fail(__FILE__, __LINE__, "%s is forwarded", name);
        return (const void *)((uintptr_t)(image->base + function) | THUMB);
    }
    return NULL;
}

unsigned
memory_image_export_count(const struct memory_image *image)
{
    struct pe_export_directory exports;
    memcpy(&exports, image->base + image->exports, sizeof exports);
    return exports.name_count;
}

void
memory_image_unload(struct memory_image *image)
{
    call_entry(image, PROCESS_DETACH);
    EXPECT_EQ(mprotect(image->base, image->size, PROT_NONE), 0);
    image->base = NULL;
}
