/* SPDX-License-Identifier: MIT
 * The user memory of a process, as the kernel knows it: allocations backed by memfds, with a protection per
 * page. A pinned range keeps its memfds open, so that locked pages outlive the allocation and the process's
 * mapping. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct region
{
    struct region *next;
    uint64_t address, size, offset;
    struct backing *backing;
    uint8_t *access; /* per page: 0 none, 1 read, 3 read and write */
};

struct backing *
backing_create(int fd)
{
    struct backing *backing = malloc(sizeof *backing);
    atomic_init(&backing->references, 1);
    backing->fd = fd;
    return backing;
}

void
backing_release(struct backing *backing)
{
    if (atomic_fetch_sub(&backing->references, 1) != 1)
        return;
    close(backing->fd);
    free(backing);
}

/* The region that an address lies in; under memory_lock. */
static struct region *
region_of(struct sim_process *process, uint64_t address)
{
    struct region *region = process->regions;
    while (region && address - region->address >= region->size)
        region = region->next;
    return region;
}

/* Takes over the caller's reference of the backing. */
NTSTATUS
region_add(struct sim_process *process, uint64_t address, uint64_t size, unsigned access,
           struct backing *backing, uint64_t offset)
{
    if (size == 0 || address % PAGE_SIZE || size % PAGE_SIZE || address + size < address) {
        backing_release(backing);
        return STATUS_INVALID_PARAMETER;
    }
    struct region *region = malloc(sizeof *region);
    *region = (struct region){NULL, address, size, offset, backing, malloc(size / PAGE_SIZE)};
    memset(region->access, (int)access, size / PAGE_SIZE);
    pthread_mutex_lock(&process->memory_lock);
    for (const struct region *other = process->regions; other; other = other->next) {
        if (address < other->address + other->size && other->address < address + size)
            sim_stop("model", "process %u has memory at 0x%llx already", process->id,
                     (unsigned long long)address);
    }
    region->next = process->regions;
    process->regions = region;
    pthread_mutex_unlock(&process->memory_lock);
    return STATUS_SUCCESS;
}

static void
region_free(struct region *region)
{
    backing_release(region->backing);
    free(region->access);
    free(region);
}

NTSTATUS
region_remove(struct sim_process *process, uint64_t address)
{
    pthread_mutex_lock(&process->memory_lock);
    struct region **link = &process->regions;
    while (*link && (*link)->address != address)
        link = &(*link)->next;
    struct region *region = *link;
    if (region)
        *link = region->next;
    pthread_mutex_unlock(&process->memory_lock);
    if (!region)
        return STATUS_INVALID_PARAMETER;
    region_free(region);
    return STATUS_SUCCESS;
}

void
region_remove_all(struct sim_process *process)
{
    pthread_mutex_lock(&process->memory_lock);
    struct region *region = process->regions;
    process->regions = NULL;
    pthread_mutex_unlock(&process->memory_lock);
    while (region) {
        struct region *next = region->next;
        region_free(region);
        region = next;
    }
}

NTSTATUS
region_protect(struct sim_process *process, uint64_t address, uint64_t size, unsigned access, unsigned *old)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    pthread_mutex_lock(&process->memory_lock);
    struct region *region = region_of(process, address);
    if (region && size && size <= region->size - (address - region->address)) {
        uint64_t first = (address - region->address) / PAGE_SIZE;
        uint64_t last = (address - region->address + size - 1) / PAGE_SIZE;
        *old = region->access[first];
        memset(region->access + first, (int)access, last - first + 1);
        status = STATUS_SUCCESS;
    }
    pthread_mutex_unlock(&process->memory_lock);
    return status;
}

/* Under memory_lock: the part of [address, end) that one region covers with the access asked for; 0 if none.
 */
static uint64_t
accessible(const struct region *region, uint64_t address, uint64_t end, unsigned need)
{
    uint64_t covered = region->address + region->size - address;
    if (covered > end - address)
        covered = end - address;
    for (uint64_t at = address; at < address + covered; at += PAGE_SIZE - at % PAGE_SIZE) {
        if ((region->access[(at - region->address) / PAGE_SIZE] & need) != need)
            return 0;
    }
    return covered;
}

static bool
walk(struct sim_process *process, uint64_t address, uint64_t size, bool write, struct segment **segments,
     unsigned *count)
{
    uint64_t end = address + size;
    unsigned need = write ? 3 : 1;
    if (end < address)
        return false;
    while (address < end) {
        struct region *region = region_of(process, address);
        uint64_t covered = region ? accessible(region, address, end, need) : 0;
        if (covered == 0)
            return false;
        if (segments) {
            *segments = realloc(*segments, (*count + 1) * sizeof **segments);
            atomic_fetch_add(&region->backing->references, 1);
            (*segments)[(*count)++] = (struct segment){
                region->backing, region->offset + (address - region->address), (size_t)covered};
        }
        address += covered;
    }
    return true;
}

bool
region_pin(struct sim_process *process, uint64_t address, uint64_t size, bool write,
           struct segment **segments, unsigned *count)
{
    uint64_t first = address & ~(uint64_t)(PAGE_SIZE - 1);
    uint64_t last = address + size + PAGE_SIZE - 1;
    if (last < address)
        return false;
    last &= ~(uint64_t)(PAGE_SIZE - 1);
    *segments = NULL;
    *count = 0;
    pthread_mutex_lock(&process->memory_lock);
    bool pinned = walk(process, first, last - first, write, segments, count);
    pthread_mutex_unlock(&process->memory_lock);
    if (!pinned) {
        for (unsigned i = 0; i < *count; i++)
            backing_release((*segments)[i].backing);
        free(*segments);
        *segments = NULL;
    }
    return pinned;
}

bool
region_check(struct sim_process *process, uint64_t address, uint64_t size, bool write)
{
    pthread_mutex_lock(&process->memory_lock);
    bool good = size == 0 || walk(process, address, size, write, NULL, NULL);
    pthread_mutex_unlock(&process->memory_lock);
    return good;
}

/* ---- Memory of a process that is only pretended ---- */

/* Address space with an inaccessible page on either side; for a process of 32 bits under 64 by turns below and
 * above 2 GiB, as one that is aware of large addresses may have it. */
static uint8_t *
reserve(const struct sim_process *process, size_t size)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    size_t whole = size + 2 * PAGE_SIZE;
    void *memory = MAP_FAILED;
    if (!SIM_64BIT || process->bits == 64) {
        memory = mmap(NULL, whole, PROT_NONE, flags, -1, 0);
    } else {
        static _Atomic unsigned turn;
        uintptr_t first = turn++ & 1 ? 0xA0000000u : 0x20000000u;
        for (uintptr_t at = first; memory == MAP_FAILED && at < first + 0x50000000u; at += 0x40000) {
            memory = mmap((void *)at, whole, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);
            if (memory != MAP_FAILED && memory != (void *)at) {
                munmap(memory, whole);
                memory = MAP_FAILED;
            }
        }
    }
    if (memory == MAP_FAILED)
        sim_stop("model", "no address space for a process");
    return (uint8_t *)memory + PAGE_SIZE;
}

/* The pages of the process lie in this Linux process too; a driver gets a second view of them, as of any
 * other. */
void *
sim_user_allocate(struct sim_process *process, size_t size, bool writable)
{
    int fd = memfd_create("user", MFD_CLOEXEC);
    size = (size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        sim_stop("model", "no memory for a process");
    void *memory = reserve(process, size);
    if (mmap(memory, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
        sim_stop("model", "no memory for a process");
    if (region_add(process, (uintptr_t)memory, size, writable ? 3 : 1, backing_create(fd), 0) !=
        STATUS_SUCCESS)
        sim_stop("model", "memory of a process could not be entered");
    return memory;
}

void
sim_user_free(struct sim_process *process, void *memory)
{
    pthread_mutex_lock(&process->memory_lock);
    const struct region *region = region_of(process, (uintptr_t)memory);
    size_t size = region ? (size_t)region->size : 0;
    pthread_mutex_unlock(&process->memory_lock);
    if (region_remove(process, (uintptr_t)memory) != STATUS_SUCCESS)
        sim_stop("model", "process %u has no memory at %p", process->id, memory);
    munmap((uint8_t *)memory - PAGE_SIZE, size + 2 * PAGE_SIZE);
}

void
sim_user_protect(struct sim_process *process, void *memory, size_t size, unsigned access)
{
    unsigned old;
    if (region_protect(process, (uintptr_t)memory, size, access, &old) != STATUS_SUCCESS)
        sim_stop("model", "process %u has no memory at %p", process->id, memory);
}
