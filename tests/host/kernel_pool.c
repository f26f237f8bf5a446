/* SPDX-License-Identifier: MIT
 *
 * Pool, ledger, faults, and how a broken rule ends the program. Pool is malloc, so that AddressSanitizer sees
 * what is done to it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

typedef struct pool_header
{
    ULONG tag;
    ULONG magic;
    SIZE_T size;
} pool_header;

#define POOL_MAGIC 0x6C6F6F70u

static long ledger[LEDGER_KINDS];
static const char *const ledger_names[LEDGER_KINDS] = {
    "pool blocks",
    "MDLs",
    "locked ranges",
    "mappings",
    "NBLs",
    "NBL pools",
    "objects",
    "handles",
    "work items",
    "devices",
    "configurations",
    "process notifications",
    "blocks of user memory",
    "NBLs held by the stack",
};

static long fault_countdown;
static const char *fault_what;

static const char *label = "";
static uint64_t label_number;

void
host_set_label(const char *what, uint64_t number)
{
    label = what;
    label_number = number;
}

void
host_print_label(void)
{
    if (*label)
        fprintf(stderr, "%s %llu: ", label, (unsigned long long)label_number);
}

void
host_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    host_print_label();
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}

void
ledger_add(host_ledger kind, long delta)
{
    if (__atomic_add_fetch(&ledger[kind], delta, __ATOMIC_RELAXED) < 0)
        host_fail("more %s given back than taken", ledger_names[kind]);
}

long
ledger_get(host_ledger kind)
{
    return __atomic_load_n(&ledger[kind], __ATOMIC_RELAXED);
}

void
ledger_check_empty(void)
{
    bool empty = true;
    for (int kind = 0; kind < LEDGER_KINDS; kind++)
        if (ledger_get(kind)) {
            fprintf(stderr, "left over: %ld %s\n", ledger_get(kind), ledger_names[kind]);
            empty = false;
        }
    if (!empty)
        host_fail("the ledger is not empty");
}

void
fault_arm(unsigned long k)
{
    fault_what = NULL;
    __atomic_store_n(&fault_countdown, (long)k, __ATOMIC_RELAXED);
}

bool
fault_fired(const char **what)
{
    if (what)
        *what = fault_what;
    return fault_what != NULL;
}

bool
fault_here(const char *what)
{
    if (__atomic_load_n(&fault_countdown, __ATOMIC_RELAXED) <= 0 ||
        __atomic_sub_fetch(&fault_countdown, 1, __ATOMIC_RELAXED) != 0)
        return false;
    fault_what = what;
    return true;
}

PVOID NTAPI
ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    host_check(host_irql() <= DISPATCH_LEVEL);
    host_check(PoolType == NonPagedPool || PoolType == NonPagedPoolNx);
    host_check(Tag != 0 && NumberOfBytes != 0);
    sched_point();
    if (fault_here("ExAllocatePoolWithTag"))
        return NULL;
    pool_header *header = malloc(sizeof(*header) + NumberOfBytes);
    header->tag = Tag;
    header->magic = POOL_MAGIC;
    header->size = NumberOfBytes;
    memset(header + 1, 0xCD, NumberOfBytes);
    ledger_add(LEDGER_POOL, 1);
    return header + 1;
}

VOID NTAPI
ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    host_check(host_irql() <= DISPATCH_LEVEL);
    host_check(P != NULL);
    pool_header *header = (pool_header *)P - 1;
    host_check(header->magic == POOL_MAGIC && header->tag == Tag);
    header->magic = 0;
    memset(P, 0xDD, header->size);
    ledger_add(LEDGER_POOL, -1);
    free(header);
}
