/* SPDX-License-Identifier: MIT
 * VirtualAlloc, the process heap and LocalFree. Every region of VirtualAlloc is a memfd that the kernel model
 * knows, so that a driver can lock it. Heap blocks end at an inaccessible page and become inaccessible when
 * freed. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "memory.h"
#include "nt_client.h"
#include "rows.h"

#define PAGE        0x1000u
#define GRANULARITY 0x10000u
/* Where the search for free addresses begins and ends: below what a process of Windows 7 may use, and for 32
 * bits below 2 GiB, as images are not marked for large addresses. */
#define LOWEST  0x20000000u
#define HIGHEST (sizeof(void *) == 8 ? (uintptr_t)0x70000000000ull : (uintptr_t)0x7F000000u)

enum
{
    MEM_COMMIT = 0x1000,
    MEM_RESERVE = 0x2000,
    MEM_RELEASE = 0x8000
};
enum
{
    PAGE_NOACCESS = 1,
    PAGE_READONLY = 2,
    PAGE_READWRITE = 4
};
enum
{
    HEAP_NO_SERIALIZE = 1,
    HEAP_ZERO_MEMORY = 8
};

struct region
{
    struct region *next;
    uint8_t *base;
    size_t size;
};
static struct region *regions;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uintptr_t next_address = LOWEST;

/* Address space for `size` bytes and a guard page, at a multiple of 64 KiB; nothing of it accessible. */
static uint8_t *
reserve(size_t size)
{
    size = (size + PAGE + GRANULARITY - 1) & ~(size_t)(GRANULARITY - 1);
    for (unsigned attempt = 0; attempt < 20000; attempt++) {
        if (next_address > HIGHEST - size)
            next_address = LOWEST;
        uint8_t *at =
            mmap((void *)next_address, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == (void *)next_address) {
            next_address += size;
            return at;
        }
        if (at != MAP_FAILED)
            munmap(at, size);
        next_address += attempt < 64 ? GRANULARITY : 0x400000;
    }
    return NULL;
}

static uint64_t
allocate(size_t size, uint32_t protect, const void *caller)
{
    size_t rounded = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
    int fd = memfd_create("VirtualAlloc", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)rounded) != 0)
        sim_stop("process-memory", "no memfd of %zu bytes", rounded);
    pthread_mutex_lock(&lock);
    uint8_t *base = reserve(rounded);
    int host = protect == PAGE_READWRITE ? PROT_READ | PROT_WRITE : PROT_READ;
    if (base && mmap(base, rounded, host, MAP_SHARED | MAP_FIXED, fd, 0) != base)
        base = NULL;
    if (base) {
        struct region *region = malloc(sizeof *region);
        *region = (struct region){regions, base, rounded};
        regions = region;
    }
    pthread_mutex_unlock(&lock);
    if (!base) {
        close(fd);
        return win_fail(ERROR_NOT_ENOUGH_MEMORY, 0);
    }
    nt_ask(NT_ALLOCATE, NT_ARGS((uintptr_t)base, rounded, protect == PAGE_READWRITE ? 3 : 1, 0), NULL, 0, fd,
           NULL, NULL, NULL, NULL);
    close(fd);
    win_ledger_add(WIN_VIRTUAL, (uintptr_t)base, "VirtualAlloc", caller);
    return win_done((uintptr_t)base);
}

WIN_FUNCTION(VirtualAlloc)
{
    size_t size = frame->arg[1];
    uint32_t type = (uint32_t)frame->arg[2], protect = (uint32_t)frame->arg[3];
    if (frame->arg[0] || type != (MEM_COMMIT | MEM_RESERVE) ||
        (protect != PAGE_READWRITE && protect != PAGE_READONLY))
        sim_stop("unmodelled", "VirtualAlloc(%p, %zu, 0x%x, 0x%x)", (void *)frame->arg[0], size, type,
                 protect);
    if (size == 0)
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    return allocate(size, protect, frame->return_address);
}

WIN_FUNCTION(VirtualFree)
{
    uint8_t *base = (uint8_t *)frame->arg[0];
    if (frame->arg[2] != MEM_RELEASE)
        sim_stop("unmodelled", "VirtualFree of type 0x%zx", (size_t)frame->arg[2]);
    if (frame->arg[1])
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    pthread_mutex_lock(&lock);
    struct region **at = &regions, *region = NULL;
    while (*at && (*at)->base != base)
        at = &(*at)->next;
    if (*at) {
        region = *at;
        *at = region->next;
    }
    pthread_mutex_unlock(&lock);
    if (!region)
        return WIN_FALSE(ERROR_INVALID_ADDRESS);
    win_ledger_remove(WIN_VIRTUAL, (uintptr_t)base);
    nt_ask(NT_FREE, NT_ARGS((uintptr_t)base), NULL, 0, -1, NULL, NULL, NULL, NULL);
    munmap(base, (region->size + PAGE + GRANULARITY - 1) & ~(size_t)(GRANULARITY - 1));
    free(region);
    return win_done(1);
}

/* ---- Blocks: [header page | ... block | slack below 16 bytes][guard page] ---- */

struct block
{
    size_t size, mapped;
    uint64_t magic;
};
#define BLOCK_MAGIC 0x626C6F636B5F5F31ull
#define SLACK       0xA5

void *
win_block_allocate(size_t size, bool zero)
{
    size_t rounded = (size + 15) & ~(size_t)15;
    size_t mapped = (sizeof(struct block) + rounded + PAGE - 1) & ~(size_t)(PAGE - 1);
    uint8_t *base = mmap(NULL, mapped + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    mprotect(base + mapped, PAGE, PROT_NONE);
    *(struct block *)base = (struct block){size, mapped, BLOCK_MAGIC};
    uint8_t *block = base + mapped - rounded;
    memset(block, zero ? 0 : 0xBA, size);
    memset(block + size, SLACK, rounded - size);
    return block;
}

void
win_block_free(void *memory)
{
    uint8_t *block = memory;
    uint8_t *base = (uint8_t *)((uintptr_t)block & ~(uintptr_t)(PAGE - 1));
    /* The header is on the first page; a block of several pages is found by walking back. */
    while (((struct block *)base)->magic != BLOCK_MAGIC)
        base -= PAGE;
    struct block header = *(struct block *)base;
    for (size_t i = header.size; i < ((header.size + 15) & ~(size_t)15); i++)
        if (block[i] != SLACK)
            sim_stop("heap-overrun", "byte %zu behind a block of %zu bytes was written", i - header.size,
                     header.size);
    munmap(base, header.mapped + PAGE);
}

#define PROCESS_HEAP 0x00550000u

WIN_FUNCTION(GetProcessHeap)
{
    (void)frame;
    return PROCESS_HEAP;
}

/* Documented not to set the last error when it fails. */
WIN_FUNCTION(HeapAlloc)
{
    if (frame->arg[0] != PROCESS_HEAP)
        sim_stop("heap-handle", "HeapAlloc of heap %p", (void *)frame->arg[0]);
    if (frame->arg[1] & ~(uintptr_t)HEAP_ZERO_MEMORY)
        sim_stop("unmodelled", "HeapAlloc with flags 0x%zx", (size_t)frame->arg[1]);
    void *block = win_block_allocate(frame->arg[2], frame->arg[1] & HEAP_ZERO_MEMORY);
    if (block)
        win_ledger_add(WIN_HEAP, (uintptr_t)block, "HeapAlloc", frame->return_address);
    return (uintptr_t)block;
}

WIN_FUNCTION(HeapFree)
{
    if (frame->arg[0] != PROCESS_HEAP || frame->arg[1])
        sim_stop("heap-handle", "HeapFree of heap %p, flags 0x%zx", (void *)frame->arg[0],
                 (size_t)frame->arg[1]);
    if (!frame->arg[2])
        return win_done(1);
    if (!win_ledger_remove(WIN_HEAP, frame->arg[2]))
        sim_stop("heap-free", "HeapFree of %p, which is no block of the heap or free already",
                 (void *)frame->arg[2]);
    win_block_free((void *)frame->arg[2]);
    return win_done(1);
}

WIN_FUNCTION(LocalFree)
{
    if (!frame->arg[0])
        return win_done(0);
    if (!win_ledger_remove(WIN_LOCAL, frame->arg[0]))
        sim_stop("heap-free", "LocalFree of %p, which no function gave out", (void *)frame->arg[0]);
    win_block_free((void *)frame->arg[0]);
    return win_done(0);
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, VirtualAlloc, 4, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/memoryapi/nf-memoryapi-virtualalloc"),
    WIN_ROW(K32, VirtualFree, 3, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/memoryapi/nf-memoryapi-virtualfree"),
    WIN_ROW(K32, GetProcessHeap, 0, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/heapapi/nf-heapapi-getprocessheap"),
    WIN_ROW(K32, HeapAlloc, 3, SIM_SINCE_WIN7, WIN_NULL, "win32/api/heapapi/nf-heapapi-heapalloc"),
    WIN_ROW(K32, HeapFree, 3, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/heapapi/nf-heapapi-heapfree"),
    WIN_ROW(K32, LocalFree, 1, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/winbase/nf-winbase-localfree"),
};
const struct sim_import_table win_kernel32_memory = WIN_TABLE(rows);
