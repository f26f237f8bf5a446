/* SPDX-License-Identifier: MIT
 * The parts of the PE/COFF format that the loader reads, after Microsoft's "PE Format" page. All
 * little-endian, as is every host that the simulator runs on. */
#ifndef SIM_PE_FORMAT_H
#define SIM_PE_FORMAT_H

#include <stdint.h>

enum
{
    PE_MACHINE_X86 = 0x14c,
    PE_MACHINE_ARM = 0x1c4, /* Thumb-2 */
    PE_MACHINE_AMD64 = 0x8664,
    PE_MACHINE_ARM64 = 0xaa64,
    PE_FILE_RELOCS_STRIPPED = 0x0001,
    PE_FILE_EXECUTABLE = 0x0002,
    PE_MAGIC_32 = 0x10b,
    PE_MAGIC_64 = 0x20b,
    PE_SUBSYSTEM_NATIVE = 1,
    PE_DLL_GUARD_CF = 0x4000,
    PE_SECTION_DISCARDABLE = 0x02000000,
    PE_SECTION_EXECUTE = 0x20000000,
    PE_SECTION_READ = 0x40000000,
    PE_GUARD_INSTRUMENTED = 0x100,
    PE_GUARD_STRIDE_SHIFT = 28,
};
#define PE_SECTION_WRITE 0x80000000u

enum
{
    PE_DIR_EXPORT,
    PE_DIR_IMPORT,
    PE_DIR_RESOURCE,
    PE_DIR_EXCEPTION,
    PE_DIR_SECURITY,
    PE_DIR_RELOC,
    PE_DIR_DEBUG,
    PE_DIR_ARCHITECTURE,
    PE_DIR_GLOBAL,
    PE_DIR_TLS,
    PE_DIR_LOAD_CONFIG,
    PE_DIR_BOUND,
    PE_DIR_IAT,
    PE_DIR_DELAY_IMPORT,
    PE_DIR_CLR,
    PE_DIRS = 16
};

enum
{
    PE_REL_ABSOLUTE = 0,
    PE_REL_HIGHLOW = 3,
    PE_REL_THUMB_MOV32 = 7,
    PE_REL_DIR64 = 10,
};

struct pe_directory
{
    uint32_t rva, size;
};

struct pe_file_header
{
    uint16_t machine, sections;
    uint32_t time, symbols, symbol_count;
    uint16_t optional_size, characteristics;
};

/* Both forms of the optional header, by members that the loader needs. */
struct pe_optional
{
    uint16_t magic, subsystem, dll_characteristics;
    uint32_t entry, section_alignment, file_alignment, image_size, headers_size, checksum, directories;
    uint32_t checksum_offset; /* in the file */
    uint64_t base;
    struct pe_directory directory[PE_DIRS];
};

struct pe_section_header
{
    char name[8];
    uint32_t virtual_size, rva, raw_size, raw_offset, relocations, lines;
    uint16_t relocation_count, line_count;
    uint32_t flags;
};

struct pe_import_descriptor
{
    uint32_t lookup, time, forwarder, name, address;
};

struct pe_export_directory
{
    uint32_t flags, time;
    uint16_t major, minor;
    uint32_t name, ordinal_base, function_count, name_count, functions, names, ordinals;
};

#endif
