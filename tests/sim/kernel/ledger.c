/* SPDX-License-Identifier: MIT
 * The ledger: one entry for everything that can leak or be given back twice, with who took it. Entries are
 * kept in a hash by kind and key; a key may be there several times (references to one object). */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

#define BUCKETS 4096
#define SHARDS  16

struct entry
{
    struct entry *next;
    const void *key, *caller;
    size_t size;
    const char *what;
    uint64_t sequence;
    enum sim_resource kind;
};

/* Each lock guards the buckets whose number is congruent to its own. */
static pthread_mutex_t Locks[SHARDS];
static struct entry *Buckets[BUCKETS];
static _Atomic size_t Counts[SIM_RESOURCES];
static _Atomic uint64_t Sequence;

static const char *const Names[SIM_RESOURCES] = {
    [SIM_POOL] = "pool",
    [SIM_MDL] = "MDL",
    [SIM_LOCKED_PAGES] = "locked pages",
    [SIM_MAPPING] = "mapping",
    [SIM_REFERENCE] = "reference",
    [SIM_HANDLE] = "handle",
    [SIM_THREAD] = "thread",
    [SIM_WORK_ITEM] = "work item",
    [SIM_IRP] = "IRP",
    [SIM_LOCK] = "lock",
    [SIM_NOTIFY] = "notify routine",
    [SIM_DEVICE] = "device",
    [SIM_NBL] = "NBL",
    [SIM_NBL_POOL] = "NBL pool",
    [SIM_NDIS_OBJECT] = "NDIS object",
};

__attribute__((constructor)) static void
initialise(void)
{
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_init(&Locks[i], NULL);
}

static unsigned
bucket_of(enum sim_resource kind, const void *key)
{
    uint64_t hash =
        ((uint64_t)(uintptr_t)key >> 3) * 0x9E3779B97F4A7C15ull + (uint64_t)kind * 0x632BE59BD9B4E019ull;
    return (unsigned)(hash >> 40) % BUCKETS;
}

void
sim_ledger_add(enum sim_resource kind, const void *key, size_t size, const char *what, const void *caller)
{
    struct entry *entry = malloc(sizeof *entry);
    if (!entry)
        sim_stop("model", "out of memory");
    unsigned bucket = bucket_of(kind, key);
    *entry = (struct entry){NULL, key, caller, size, what, atomic_fetch_add(&Sequence, 1), kind};
    pthread_mutex_lock(&Locks[bucket % SHARDS]);
    entry->next = Buckets[bucket];
    Buckets[bucket] = entry;
    pthread_mutex_unlock(&Locks[bucket % SHARDS]);
    atomic_fetch_add(&Counts[kind], 1);
}

void
sim_ledger_remove(enum sim_resource kind, const void *key, const char *what)
{
    unsigned bucket = bucket_of(kind, key);
    pthread_mutex_lock(&Locks[bucket % SHARDS]);
    struct entry **link = &Buckets[bucket];
    while (*link && ((*link)->key != key || (*link)->kind != kind))
        link = &(*link)->next;
    struct entry *entry = *link;
    if (entry)
        *link = entry->next;
    pthread_mutex_unlock(&Locks[bucket % SHARDS]);
    if (!entry)
        sim_stop("ledger", "%s: %s %p was given back already or never taken", what, Names[kind], key);
    atomic_fetch_sub(&Counts[kind], 1);
    free(entry);
}

bool
sim_ledger_has(enum sim_resource kind, const void *key)
{
    unsigned bucket = bucket_of(kind, key);
    pthread_mutex_lock(&Locks[bucket % SHARDS]);
    const struct entry *entry = Buckets[bucket];
    while (entry && (entry->key != key || entry->kind != kind))
        entry = entry->next;
    pthread_mutex_unlock(&Locks[bucket % SHARDS]);
    return entry != NULL;
}

size_t
sim_ledger_count(enum sim_resource kind)
{
    return atomic_load(&Counts[kind]);
}

/* Prints the entries that an image took, or all if image is NULL. */
static size_t
report(const struct sim_image *image)
{
    size_t left = 0;
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
        pthread_mutex_lock(&Locks[bucket % SHARDS]);
        for (const struct entry *entry = Buckets[bucket]; entry; entry = entry->next) {
            const struct sim_image *taker = entry->caller ? sim_image_of(entry->caller) : NULL;
            if (image && taker != image)
                continue;
            if (++left > 40)
                continue;
            if (taker)
                fprintf(stderr, "left: %s %p, %zu bytes, %s, taken at %s+0x%zx\n", Names[entry->kind],
                        entry->key, entry->size, entry->what, sim_image_name(taker),
                        (size_t)((const char *)entry->caller - (const char *)sim_image_base(taker)));
            else
                fprintf(stderr, "left: %s %p, %zu bytes, %s\n", Names[entry->kind], entry->key, entry->size,
                        entry->what);
        }
        pthread_mutex_unlock(&Locks[bucket % SHARDS]);
    }
    if (left > 40)
        fprintf(stderr, "left: %zu more\n", left - 40);
    return left;
}

size_t
sim_ledger_report(void)
{
    return report(NULL);
}

size_t
sim_ledger_report_image(const struct sim_image *image)
{
    return report(image);
}
