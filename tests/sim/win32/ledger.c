/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "win32.h"

struct entry
{
    struct entry *next;
    enum win_resource kind;
    uintptr_t key;
    const char *what;
    const void *caller;
};
#define BUCKETS 4096
static struct entry *buckets[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t counts[WIN_RESOURCES];
static const char *const names[WIN_RESOURCES] = {
    "handle",       "heap block",     "LocalAlloc block",       "VirtualAlloc region", "module",
    "registry key", "service handle", "device information set", "software device",     "COM reference",
    "thread"};

static struct entry **
find(enum win_resource kind, uintptr_t key)
{
    struct entry **at = &buckets[(key >> 4 ^ key ^ (unsigned)kind * 31) % BUCKETS];
    while (*at && ((*at)->kind != kind || (*at)->key != key))
        at = &(*at)->next;
    return at;
}

void
win_ledger_add(enum win_resource kind, uintptr_t key, const char *what, const void *caller)
{
    struct entry *entry = malloc(sizeof *entry);
    pthread_mutex_lock(&lock);
    struct entry **at = find(kind, key);
    *entry = (struct entry){*at, kind, key, what, caller};
    *at = entry;
    counts[kind]++;
    pthread_mutex_unlock(&lock);
}

bool
win_ledger_remove(enum win_resource kind, uintptr_t key)
{
    pthread_mutex_lock(&lock);
    struct entry **at = find(kind, key), *entry = *at;
    if (entry) {
        *at = entry->next;
        counts[kind]--;
    }
    pthread_mutex_unlock(&lock);
    free(entry);
    return entry != NULL;
}

bool
win_ledger_has(enum win_resource kind, uintptr_t key)
{
    pthread_mutex_lock(&lock);
    bool has = *find(kind, key) != NULL;
    pthread_mutex_unlock(&lock);
    return has;
}

size_t
win_ledger_count(enum win_resource kind)
{
    return counts[kind];
}

size_t
win_ledger_report(void)
{
    size_t left = 0;
    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct entry *entry = buckets[i]; entry; entry = entry->next, left++) {
            struct sim_image *image = sim_image_of(entry->caller);
            fprintf(stderr, "left behind: %s 0x%zx from %s, called at %s+0x%zx\n", names[entry->kind],
                    (size_t)entry->key, entry->what, image ? sim_image_name(image) : "?",
                    image ? (size_t)((const char *)entry->caller - (const char *)sim_image_base(image)) : 0);
        }
    return left;
}
