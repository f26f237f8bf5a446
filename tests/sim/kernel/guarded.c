/* SPDX-License-Identifier: MIT
 * Memory with an inaccessible page on either side. A small allocation ends where the page behind begins, so
 * that an overrun traps at once; one of a page or more begins on a page, as Windows' pool does. What is freed
 * stays inaccessible for a long while, so that late use traps too, and is remembered for the message. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BUCKETS    4096
#define FRESH      0xA5 /* what new memory holds */
#define SLACK      0x5A /* what surrounds it inside its pages */
#define QUARANTINE (SIM_64BIT ? (size_t)512 << 20 : (size_t)96 << 20)

struct block
{
    struct block *next;     /* in its bucket, or in quarantine */
    uint8_t *base, *memory; /* base: the guard page before */
    size_t pages, size;     /* pages: accessible ones */
    uint32_t tag;
    const void *caller;
    const char *freed;
};

static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct block *Buckets[BUCKETS];
static struct block *Oldest, **Newest = &Oldest; /* freed ones, still reserved */
static size_t Held;                              /* address space in quarantine */

static unsigned
bucket_of(const void *memory)
{
    return (unsigned)(((uint64_t)(uintptr_t)memory >> 3) * 0x9E3779B97F4A7C15ull >> 40) % BUCKETS;
}

/* A freed block of the same extent that has been in quarantine long enough; saves reserving anew. */
static struct block *
recycle(size_t pages)
{
    if (Held < QUARANTINE || !Oldest || Oldest->pages != pages)
        return NULL;
    struct block *block = Oldest;
    Oldest = block->next;
    if (!Oldest)
        Newest = &Oldest;
    Held -= (block->pages + 2) * PAGE_SIZE;
    return block;
}

void *
guarded_allocate(size_t size, uint32_t tag, const void *caller)
{
    size_t pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
    if (pages == 0)
        pages = 1;
    pthread_mutex_lock(&Lock);
    struct block *block = recycle(pages);
    pthread_mutex_unlock(&Lock);
    if (!block) {
        block = calloc(1, sizeof *block);
        block->base = mmap(NULL, (pages + 2) * PAGE_SIZE, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (block->base == MAP_FAILED)
            sim_stop("model", "out of address space for %zu bytes", size);
    }
    uint8_t *data = block->base + PAGE_SIZE;
    if (mprotect(data, pages * PAGE_SIZE, PROT_READ | PROT_WRITE) != 0)
        sim_stop("model", "out of memory for %zu bytes", size);
    block->pages = pages;
    block->size = size;
    block->tag = tag;
    block->caller = caller;
    block->freed = NULL;
    block->memory = data;
    if (size < PAGE_SIZE)
        block->memory += (PAGE_SIZE - size) & ~(size_t)(MEMORY_ALLOCATION_ALIGNMENT - 1);
    memset(data, SLACK, (size_t)(block->memory - data));
    memset(block->memory, FRESH, size);
    memset(block->memory + size, SLACK, (size_t)(data + pages * PAGE_SIZE - block->memory) - size);
    unsigned bucket = bucket_of(block->memory);
    pthread_mutex_lock(&Lock);
    block->next = Buckets[bucket];
    Buckets[bucket] = block;
    pthread_mutex_unlock(&Lock);
    return block->memory;
}

static void
check_slack(const struct block *block, const char *what)
{
    const uint8_t *data = block->base + PAGE_SIZE, *end = data + block->pages * PAGE_SIZE;
    for (const uint8_t *byte = data; byte < block->memory; byte++) {
        if (*byte != SLACK)
            sim_stop("pool", "%s: byte %zd before allocation %p of %zu bytes was written", what,
                     block->memory - byte, (void *)block->memory, block->size);
    }
    for (const uint8_t *byte = block->memory + block->size; byte < end; byte++) {
        if (*byte != SLACK)
            sim_stop("pool", "%s: byte %zd of allocation %p of %zu bytes was written", what,
                     byte - block->memory, (void *)block->memory, block->size);
    }
}

static struct block *
find(const void *memory)
{
    struct block *block = Buckets[bucket_of(memory)];
    while (block && block->memory != memory)
        block = block->next;
    return block;
}

void
guarded_free(void *memory, const char *what)
{
    pthread_mutex_lock(&Lock);
    struct block **link = &Buckets[bucket_of(memory)];
    while (*link && (*link)->memory != memory)
        link = &(*link)->next;
    struct block *block = *link;
    if (block)
        *link = block->next;
    pthread_mutex_unlock(&Lock);
    if (!block)
        sim_stop("pool", "%s: %p is no allocation, or was freed already", what, memory);
    check_slack(block, what);
    locks_forget_range(memory, block->size);
    waits_check_range(memory, block->size);
    size_t bytes = block->pages * PAGE_SIZE;
    mprotect(block->base + PAGE_SIZE, bytes, PROT_NONE);
    madvise(block->base + PAGE_SIZE, bytes, MADV_DONTNEED);
    block->freed = what;
    block->next = NULL;
    pthread_mutex_lock(&Lock);
    *Newest = block;
    Newest = &block->next;
    Held += bytes + 2 * PAGE_SIZE;
    struct block *gone = NULL;
    /* A block of a common size is left for recycle() to find. */
    while (Held > QUARANTINE + QUARANTINE / 8 && Oldest) {
        struct block *oldest = Oldest;
        Oldest = oldest->next;
        if (!Oldest)
            Newest = &Oldest;
        Held -= (oldest->pages + 2) * PAGE_SIZE;
        oldest->next = gone;
        gone = oldest;
    }
    pthread_mutex_unlock(&Lock);
    while (gone) {
        struct block *next = gone->next;
        munmap(gone->base, (gone->pages + 2) * PAGE_SIZE);
        free(gone);
        gone = next;
    }
}

size_t
guarded_size(const void *memory)
{
    pthread_mutex_lock(&Lock);
    const struct block *block = find(memory);
    size_t size = block ? block->size : 0;
    pthread_mutex_unlock(&Lock);
    return size;
}

uint32_t
guarded_tag(const void *memory)
{
    pthread_mutex_lock(&Lock);
    const struct block *block = find(memory);
    uint32_t tag = block ? block->tag : 0;
    pthread_mutex_unlock(&Lock);
    return tag;
}

bool
guarded_contains(const void *memory, size_t size)
{
    uintptr_t from = (uintptr_t)memory;
    bool found = false;
    pthread_mutex_lock(&Lock);
    for (unsigned bucket = 0; bucket < BUCKETS && !found; bucket++) {
        for (const struct block *block = Buckets[bucket]; block && !found; block = block->next)
            found = from >= (uintptr_t)block->memory && from - (uintptr_t)block->memory <= block->size &&
                    size <= block->size - (from - (uintptr_t)block->memory);
    }
    pthread_mutex_unlock(&Lock);
    return found;
}

static bool
explain_block(const struct block *block, uintptr_t at, char *text, size_t size)
{
    uintptr_t base = (uintptr_t)block->base, end = base + (block->pages + 2) * PAGE_SIZE;
    if (at < base || at >= end)
        return false;
    char tag[5] = {(char)block->tag, (char)(block->tag >> 8), (char)(block->tag >> 16),
                   (char)(block->tag >> 24), 0};
    snprintf(text, size, "offset %lld of the %s of %zu bytes with tag '%s'%s%s",
             (long long)at - (long long)(uintptr_t)block->memory,
             block->freed ? "freed allocation" : "allocation", block->size, tag,
             block->freed ? ", freed by " : "", block->freed ? block->freed : "");
    return true;
}

/* Runs in the fault handler: takes no lock, for the thread that faulted may hold it. */
bool
guarded_explain(const void *address, char *text, size_t size)
{
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
        for (const struct block *block = Buckets[bucket]; block; block = block->next) {
            if (explain_block(block, (uintptr_t)address, text, size))
                return true;
        }
    }
    for (const struct block *block = Oldest; block; block = block->next) {
        if (explain_block(block, (uintptr_t)address, text, size))
            return true;
    }
    return false;
}
