/* SPDX-License-Identifier: MIT
 * The image loader: checks the file as strictly as the strictest Windows does (memory integrity, Windows 7's
 * checksum), maps it, and gives every section its own protection and no more. Binding is in pe_bind.c.
 *
 * The list of images only grows and entries are complete before they are linked, so that a fault handler may
 * walk it without a lock. */
#include "pe_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096u

static struct sim_image *_Atomic Images;
static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* one writer of Images at a time */

struct sim_image *
sim_image_first(void)
{
    return atomic_load(&Images);
}

bool
pe_refuse(struct pe_loading *load, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(load->error, load->error_size, "%s: %s", load->image->name, text);
    return false;
}

const void *
pe_at(const struct pe_loading *load, uint32_t rva, uint32_t size)
{
    const struct sim_image *image = load->image;
    return rva <= image->size && size <= image->size - rva ? image->base + rva : NULL;
}

static uint16_t
machine_wanted(void)
{
    static const uint16_t machines[] = {PE_MACHINE_AMD64, PE_MACHINE_X86, PE_MACHINE_ARM64, PE_MACHINE_ARM};
    return machines[sim_arch];
}

/* The sum that ImageHlp's CheckSumMappedFile makes: 16-bit words with end-around carry, its own field as
 * zero, plus the size of the file. */
static uint32_t
checksum(const uint8_t *file, size_t size, size_t field)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i += 2) {
        uint32_t word = file[i] | (i + 1 < size ? (uint32_t)file[i + 1] << 8 : 0);
        if (i - field < 4)
            word = 0;
        sum += word;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ((sum & 0xffff) + (sum >> 16)) + (uint32_t)size;
}

static void
read_optional(struct pe_optional *out, const uint8_t *header, size_t offset)
{
    memset(out, 0, sizeof *out);
    memcpy(&out->magic, header, 2);
    bool wide = out->magic == PE_MAGIC_64;
    memcpy(&out->entry, header + 16, 4);
    memcpy(&out->base, header + (wide ? 24 : 28), wide ? 8 : 4);
    memcpy(&out->section_alignment, header + 32, 4);
    memcpy(&out->file_alignment, header + 36, 4);
    memcpy(&out->image_size, header + 56, 4);
    memcpy(&out->headers_size, header + 60, 4);
    memcpy(&out->checksum, header + 64, 4);
    out->checksum_offset = (uint32_t)offset + 64;
    memcpy(&out->subsystem, header + 68, 2);
    memcpy(&out->dll_characteristics, header + 70, 2);
    memcpy(&out->directories, header + (wide ? 108 : 92), 4);
}

static bool
read_headers(struct pe_loading *load, const uint8_t *file, size_t size)
{
    struct pe_file_header header;
    struct pe_optional *optional = &load->optional;
    uint32_t at;
    if (size < 64 || memcmp(file, "MZ", 2) != 0)
        return pe_refuse(load, "not a PE file");
    memcpy(&at, file + 60, 4);
    if (at > size || size - at < 4 + sizeof header + 240 || memcmp(file + at, "PE\0\0", 4) != 0)
        return pe_refuse(load, "not a PE file");
    memcpy(&header, file + at + 4, sizeof header);
    if (header.machine != machine_wanted())
        return pe_refuse(load, "is for machine 0x%x, this is %s", header.machine, sim_arch_name(sim_arch));
    at += 4 + sizeof header;
    read_optional(optional, file + at, at);
    if (optional->magic != (sizeof(void *) == 8 ? PE_MAGIC_64 : PE_MAGIC_32))
        return pe_refuse(load, "optional header of the wrong form 0x%x", optional->magic);
    if (!(header.characteristics & PE_FILE_EXECUTABLE) || (header.characteristics & PE_FILE_RELOCS_STRIPPED))
        return pe_refuse(load, "not executable, or its relocations are stripped");
    uint32_t fixed = optional->magic == PE_MAGIC_64 ? 112 : 96;
    if (optional->directories > PE_DIRS || header.optional_size != fixed + optional->directories * 8)
        return pe_refuse(load, "optional header of %u bytes with %u directories", header.optional_size,
                         optional->directories);
    memcpy(optional->directory, file + at + fixed, optional->directories * 8);
    load->section_headers = at + header.optional_size;
    load->image->section_count = header.sections;
    load->image->native = optional->subsystem == PE_SUBSYSTEM_NATIVE;
    if (optional->section_alignment % PAGE != 0 || optional->section_alignment == 0)
        return pe_refuse(load, "section alignment 0x%x is not a multiple of a page",
                         optional->section_alignment);
    if (optional->image_size == 0 || optional->image_size % PAGE != 0 || optional->headers_size > size ||
        optional->image_size > 0x10000000 || optional->entry >= optional->image_size ||
        header.sections * sizeof(struct pe_section_header) + load->section_headers > optional->headers_size)
        return pe_refuse(load, "sizes in the headers contradict each other");
    uint32_t sum = checksum(file, size, optional->checksum_offset);
    if (load->image->native && sum != optional->checksum)
        return pe_refuse(load, "checksum 0x%x is wrong, should be 0x%x", optional->checksum, sum);
    return true;
}

static bool
check_section(struct pe_loading *load, const struct pe_section_header *header, uint32_t *next, size_t size)
{
    struct sim_image *image = load->image;
    uint32_t bytes = header->virtual_size ? header->virtual_size : header->raw_size;
    const char *name = image->sections[load->sections_done].name;
    if (header->rva != *next || header->rva >= image->size || bytes > image->size - header->rva || bytes == 0)
        return pe_refuse(load, "section %s lies at 0x%x, expected at 0x%x", name, header->rva, *next);
    if (header->raw_size && (header->raw_offset > size || header->raw_size > size - header->raw_offset))
        return pe_refuse(load, "section %s lies outside the file", name);
    if ((header->flags & PE_SECTION_WRITE) && (header->flags & PE_SECTION_EXECUTE))
        return pe_refuse(load, "section %s is writable and executable", name);
    uint32_t alignment = load->optional.section_alignment;
    *next = (header->rva + bytes + alignment - 1) / alignment * alignment;
    return true;
}

/* Copies headers and sections into memory that is still writable. */
static bool
copy_sections(struct pe_loading *load, const uint8_t *file, size_t size)
{
    struct sim_image *image = load->image;
    uint32_t alignment = load->optional.section_alignment;
    uint32_t next = (load->optional.headers_size + alignment - 1) / alignment * alignment;
    image->sections = calloc(image->section_count + 1, sizeof *image->sections);
    memcpy(image->base, file, load->optional.headers_size);
    for (unsigned i = 0; i < image->section_count; i++) {
        struct pe_section_header header;
        memcpy(&header, file + load->section_headers + i * sizeof header, sizeof header);
        struct sim_section *section = &image->sections[i];
        memcpy(section->name, header.name, 8);
        load->sections_done = i;
        if (!check_section(load, &header, &next, size))
            return false;
        section->rva = header.rva;
        section->size = header.virtual_size ? header.virtual_size : header.raw_size;
        section->flags = header.flags;
        uint32_t copy = header.raw_size < section->size ? header.raw_size : section->size;
        memcpy(image->base + header.rva, file + header.raw_offset, copy);
    }
    if (next != image->size)
        return pe_refuse(load, "sections end at 0x%x, the image at 0x%zx", next, image->size);
    return true;
}

static bool
protect_sections(struct pe_loading *load)
{
    struct sim_image *image = load->image;
    int failed = mprotect(image->base, image->size, PROT_NONE);
    failed |= mprotect(image->base, load->optional.headers_size, PROT_READ);
    for (unsigned i = 0; i < image->section_count; i++) {
        const struct sim_section *section = &image->sections[i];
        int protection = ((section->flags & PE_SECTION_READ) ? PROT_READ : 0) |
                         ((section->flags & PE_SECTION_WRITE) ? PROT_WRITE : 0) |
                         ((section->flags & PE_SECTION_EXECUTE) ? PROT_EXEC : 0);
        failed |= mprotect(image->base + section->rva, section->size, protection);
        if (section->flags & PE_SECTION_EXECUTE)
            __builtin___clear_cache((char *)image->base + section->rva,
                                    (char *)image->base + section->rva + section->size);
    }
    return failed ? pe_refuse(load, "protections: %s", strerror(errno)) : true;
}

/* Memory for the image, never where it would like to be, so that a forgotten relocation shows. */
static bool
reserve(struct pe_loading *load)
{
    struct sim_image *image = load->image;
    image->size = load->optional.image_size;
    image->preferred = load->optional.base;
    for (int tries = 0; tries < 2; tries++) {
        void *memory = mmap(NULL, image->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return pe_refuse(load, "no memory: %s", strerror(errno));
        image->base = memory;
        if ((uintptr_t)memory != image->preferred)
            return true;
    }
    return pe_refuse(load, "no other address than the preferred one");
}

struct sim_image *
sim_image_map(const char *name, const void *file, size_t size, const struct sim_import_table *const *tables,
              char *error, size_t error_size)
{
    struct sim_image *image = calloc(1, sizeof *image);
    struct pe_loading load = {.image = image, .tables = tables, .error = error, .error_size = error_size};
    const char *slash = strrchr(name, '/');
    snprintf(image->name, sizeof image->name, "%s", slash ? slash + 1 : name);
    if (!read_headers(&load, file, size) || !reserve(&load))
        goto cleanupImage;
    image->entry = load.optional.entry;
    if (!copy_sections(&load, file, size) || !pe_relocate(&load) || !pe_bind_imports(&load) ||
        !pe_load_config(&load) || !pe_register_tables(&load) || !protect_sections(&load))
        goto cleanupMapping;
    pthread_mutex_lock(&Lock);
    image->next = Images;
    Images = image;
    pthread_mutex_unlock(&Lock);
    uint8_t digest[32];
    char hex[65];
    sim_sha256(file, size, digest);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    printf("loaded %s %s\n", name, hex);
    fflush(stdout);
    return image;

cleanupMapping:
    munmap(image->base, image->size);
cleanupImage:
    free(image->sections);
    free(image);
    return NULL;
}

struct sim_image *
sim_image_load(const char *path, const struct sim_import_table *const *tables, char *error, size_t error_size)
{
    struct sim_image *image = NULL;
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    size_t size = (size_t)status.st_size;
    void *file = mmap(NULL, size ? size : 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
    } else {
        image = sim_image_map(path, file, size, tables, error, error_size);
        munmap(file, size ? size : 1);
    }
    close(fd);
    return image;
}

void *
sim_image_entry(const struct sim_image *image)
{
    uintptr_t thumb = sim_arch == SIM_ARM ? 1 : 0;
    return image->entry ? (void *)((uintptr_t)(image->base + image->entry) | thumb) : NULL;
}

void *
sim_image_export(const struct sim_image *image, const char *name)
{
    struct pe_loading load = {.image = (struct sim_image *)image};
    const struct pe_export_directory *exports = pe_at(&load, image->export_rva, sizeof *exports);
    if (image->export_rva == 0 || !exports)
        return NULL;
    const uint32_t *names = pe_at(&load, exports->names, exports->name_count * 4);
    const uint16_t *ordinals = pe_at(&load, exports->ordinals, exports->name_count * 2);
    const uint32_t *functions = pe_at(&load, exports->functions, exports->function_count * 4);
    for (uint32_t i = 0; names && ordinals && functions && i < exports->name_count; i++) {
        if (names[i] >= image->size || ordinals[i] >= exports->function_count ||
            strcmp((const char *)image->base + names[i], name) != 0)
            continue;
        uint32_t rva = functions[ordinals[i]];
        if (rva - image->export_rva < image->export_size || rva == 0 || rva >= image->size)
            return NULL; /* a forwarder, which nothing here exports */
        uintptr_t thumb = 0;
        for (unsigned s = 0; s < image->section_count && sim_arch == SIM_ARM; s++) {
            const struct sim_section *section = &image->sections[s];
            if (rva - section->rva < section->size && (section->flags & PE_SECTION_EXECUTE))
                thumb = 1;
        }
        return (void *)((uintptr_t)(image->base + rva) | thumb);
    }
    return NULL;
}

void *
sim_image_base(const struct sim_image *image)
{
    return image->base;
}

size_t
sim_image_size(const struct sim_image *image)
{
    return image->size;
}

const char *
sim_image_name(const struct sim_image *image)
{
    return image->name;
}

struct sim_image *
sim_image_of(const void *address)
{
    for (struct sim_image *image = Images; image; image = image->next) {
        if (!image->unloaded && (uintptr_t)address - (uintptr_t)image->base < image->size)
            return image;
    }
    return NULL;
}

void
sim_image_discard_init(struct sim_image *image)
{
    for (unsigned i = 0; i < image->section_count; i++) {
        const struct sim_section *section = &image->sections[i];
        if (section->flags & PE_SECTION_DISCARDABLE)
            mmap(image->base + section->rva, section->size, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
}

void
sim_image_unload(struct sim_image *image)
{
    if (image->unloaded)
        sim_stop("image unloaded twice", "%s", image->name);
    image->unloaded = true;
    mmap(image->base, image->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}
