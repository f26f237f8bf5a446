/* SPDX-License-Identifier: MIT
 * NBLs, NBs and MDLs of both directions, and packet memory.
 *
 * Every object has pages of its own, ends at a guard page, and has its record outside of them, so that an
 * overrun traps and a stray write cannot change what the model believes. A freed one is poisoned; the first
 * ones of a run become inaccessible as well, so that a late read traps and not only a late write. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "ndis_model.h"

#define OBJECTS       24576u
#define STRIDE        (2u * PAGE_SIZE) /* one page and its guard */
#define PROTECTED_MAX 30000u           /* frees that take the page away; a system call each */
#define POISON        0xDF

static uint8_t *region;
static struct ndis_object objects[OBJECTS];
static struct ndis_object *free_first, *free_last; /* oldest first */
static unsigned protected_count;
static pthread_mutex_t objects_lock = PTHREAD_MUTEX_INITIALIZER;

static void
reserve_region(void)
{
    region =
        mmap(NULL, (size_t)OBJECTS * STRIDE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        sim_stop("the model has memory", "no address space for NBLs");
    for (unsigned i = 0; i < OBJECTS; i++) {
        objects[i].protected_page = true;
        objects[i].link = i + 1 < OBJECTS ? &objects[i + 1] : NULL;
    }
    free_first = &objects[0];
    free_last = &objects[OBJECTS - 1];
}

static uint8_t *
page_of(const struct ndis_object *object)
{
    return region + (size_t)(object - objects) * STRIDE;
}

static void
check_poison(const struct ndis_object *object)
{
    for (unsigned i = 0; i < object->size; i++) {
        if (object->address[i] != POISON)
            sim_stop("an NBL, NB or MDL is not written after it was completed, returned or freed",
                     "byte %u of the one at %p", i, (void *)object->address);
    }
}

struct ndis_object *
ndis_object_allocate(enum ndis_kind kind, size_t size)
{
    size = (size + MEMORY_ALLOCATION_ALIGNMENT - 1) & ~(size_t)(MEMORY_ALLOCATION_ALIGNMENT - 1);
    if (size > PAGE_SIZE)
        sim_stop("an NBL with its context fits a page of the model", "%zu bytes", size);
    pthread_mutex_lock(&objects_lock);
    if (!region)
        reserve_region();
    struct ndis_object *object = free_first;
    if (!object)
        sim_stop("the model has enough NBLs", "%u are in use", OBJECTS);
    free_first = object->link;
    if (!free_first)
        free_last = NULL;
    pthread_mutex_unlock(&objects_lock);

    if (object->protected_page) {
        if (mprotect(page_of(object), PAGE_SIZE, PROT_READ | PROT_WRITE))
            sim_stop("the model has memory", "no page for an NBL");
        object->protected_page = false;
    }
    if (object->size)
        check_poison(object);
    unsigned index = (unsigned)(object - objects);
    memset(object, 0, sizeof(*object));
    object->size = (uint16_t)size;
    object->address = region + (size_t)index * STRIDE + PAGE_SIZE - size;
    memset(object->address, 0xC5, size);
    object->kind = (uint8_t)kind;
    return object;
}

struct ndis_object *
ndis_object_of(const void *address, enum ndis_kind kind)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)region;
    if (!region || offset >= (size_t)OBJECTS * STRIDE)
        return NULL;
    struct ndis_object *object = &objects[offset / STRIDE];
    return object->kind == kind && object->address == address ? object : NULL;
}

void
ndis_object_free(struct ndis_object *object)
{
    object->owner = NDIS_NOBODY;
    object->kind = NDIS_FREE;
    memset(object->address, POISON, object->size);
    pthread_mutex_lock(&objects_lock);
    bool protect = protected_count < PROTECTED_MAX;
    protected_count += protect;
    pthread_mutex_unlock(&objects_lock);
    if (protect) {
        mprotect(page_of(object), PAGE_SIZE, PROT_NONE);
        object->protected_page = true;
    }
    pthread_mutex_lock(&objects_lock);
    object->link = NULL;
    if (protect) { /* oldest first: it stays inaccessible for long */
        if (free_last)
            free_last->link = object;
        else
            free_first = object;
        free_last = object;
    } else {
        object->link = free_first;
        free_first = object;
        if (!free_last)
            free_last = object;
    }
    pthread_mutex_unlock(&objects_lock);
}

bool
ndis_object_explain(const void *address, char *text, size_t size)
{
    static const char *const kinds[] = {"freed object", "NET_BUFFER_LIST", "NET_BUFFER", "MDL"};
    uintptr_t offset = (uintptr_t)address - (uintptr_t)region;
    if (!region || offset >= (size_t)OBJECTS * STRIDE)
        return false;
    const struct ndis_object *object = &objects[offset / STRIDE];
    if (offset % STRIDE >= PAGE_SIZE)
        snprintf(text, size, "%u bytes past the end of an NDIS object (%s)",
                 (unsigned)(offset % STRIDE - PAGE_SIZE), kinds[object->kind]);
    else if (object->kind == NDIS_FREE)
        snprintf(text, size, "an NDIS object that was completed, returned or freed");
    else
        snprintf(text, size, "a %s that belongs to the %s", kinds[object->kind],
                 object->owner == NDIS_STACK ? "stack" : "driver");
    return true;
}

/* ---- Packet memory ---- */

struct chunk
{
    struct chunk *link;
    uint8_t *memory; /* followed by a guard page */
    unsigned class;
};
static const size_t chunk_sizes[] = {PAGE_SIZE, 4 * PAGE_SIZE, 18 * PAGE_SIZE};
#define CHUNK_CLASSES (sizeof(chunk_sizes) / sizeof(chunk_sizes[0]))
static struct chunk *free_chunks[CHUNK_CLASSES];
static pthread_mutex_t chunks_lock = PTHREAD_MUTEX_INITIALIZER;

void *
ndis_chunk_allocate(size_t size, void **handle)
{
    unsigned class = 0;
    while (class < CHUNK_CLASSES && chunk_sizes[class] < size)
        class ++;
    if (class == CHUNK_CLASSES)
        sim_stop("a piece of a packet is at most 72 KiB", "%zu bytes", size);
    pthread_mutex_lock(&chunks_lock);
    struct chunk *chunk = free_chunks[class];
    if (chunk)
        free_chunks[class] = chunk->link;
    pthread_mutex_unlock(&chunks_lock);
    if (!chunk) {
        chunk = calloc(1, sizeof(*chunk));
        chunk->class = class;
        chunk->memory = mmap(NULL, chunk_sizes[class] + PAGE_SIZE, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (chunk->memory == MAP_FAILED)
            sim_stop("the model has memory", "none for packets");
        mprotect(chunk->memory + chunk_sizes[class], PAGE_SIZE, PROT_NONE);
    }
    *handle = chunk;
    return chunk->memory + chunk_sizes[class] - size;
}

void
ndis_chunk_free(void *handle)
{
    struct chunk *chunk = handle;
    if (!chunk)
        return;
    /* Enough to spoil what a late reader would copy: the end of it, where small packets lie. */
    memset(chunk->memory + chunk_sizes[chunk->class] - PAGE_SIZE / 2, POISON, PAGE_SIZE / 2);
    pthread_mutex_lock(&chunks_lock);
    chunk->link = free_chunks[chunk->class];
    free_chunks[chunk->class] = chunk;
    pthread_mutex_unlock(&chunks_lock);
}

/* ---- Layout that depends on the system ---- */

unsigned
ndis_nbl_slots(void)
{
    uint32_t version = sim_persona->ndis_version;
    bool wide = sizeof(void *) == 8;
    if (version >= NDIS_RUNTIME_VERSION_682)
        return 27 + 2;
    if (version >= NDIS_RUNTIME_VERSION_650)
        return (wide ? 26 : 21) + 2;
    if (version >= NDIS_RUNTIME_VERSION_630)
        return (wide ? 24 : 21) + 2;
    return 19; /* Windows 7: one more than its headers show */
}

size_t
ndis_nbl_size(void)
{
    size_t size = sizeof(NET_BUFFER_LIST) + ndis_nbl_slots() * sizeof(void *);
    return (size + MEMORY_ALLOCATION_ALIGNMENT - 1) & ~(size_t)(MEMORY_ALLOCATION_ALIGNMENT - 1);
}

/* ---- Reading packets ---- */

uint8_t *
ndis_mdl_address(MDL *mdl)
{
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return mdl->MappedSystemVa;
    return NULL;
}

void
ndis_nb_copy(const NET_BUFFER *nb, uint8_t *to, const char *function)
{
    uint32_t left = nb->DataLength, offset = nb->CurrentMdlOffset;
    for (MDL *mdl = nb->CurrentMdl; left; mdl = mdl->Next) {
        if (!mdl)
            sim_stop("the MDLs of a NET_BUFFER hold DataLength bytes", "%s: %u bytes are missing", function,
                     left);
        if (offset > mdl->ByteCount)
            sim_stop("CurrentMdlOffset lies in CurrentMdl", "%s: %u of %u", function, offset, mdl->ByteCount);
        uint32_t part = mdl->ByteCount - offset < left ? mdl->ByteCount - offset : left;
        const uint8_t *address = ndis_mdl_address(mdl);
        if (!address)
            sim_stop("indicated MDLs describe memory that has a system address", "%s: MdlFlags 0x%x",
                     function, (unsigned)(uint16_t)mdl->MdlFlags);
        memcpy(to, address + offset, part);
        to += part;
        left -= part;
        offset = 0;
    }
}

void
ndis_object_shut(struct ndis_object *object)
{
    mprotect(page_of(object), PAGE_SIZE, PROT_NONE);
}

void
ndis_object_open(struct ndis_object *object)
{
    mprotect(page_of(object), PAGE_SIZE, PROT_READ | PROT_WRITE);
}
