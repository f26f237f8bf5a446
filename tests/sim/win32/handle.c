/* SPDX-License-Identifier: MIT
 * The handles of the process. Objects that the kernel model knows keep its number, so that a driver can be
 * handed them; those of this process alone (files, threads) have numbers that the kernel never gives out. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "nt_client.h"
#include "win32.h"

#define OWN_FIRST 0x40000004u

static struct win_handle *table;
static size_t count, capacity;
static uint32_t next_own = OWN_FIRST;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

uint32_t
win_handle_add(struct win_handle handle, const char *what, const void *caller)
{
    pthread_mutex_lock(&lock);
    if (handle.kernel) {
        handle.value = (uint32_t)handle.kernel;
    } else {
        /* A number is not used again soon, so that a stale handle is found out. */
        handle.value = next_own;
        next_own += 4;
    }
    if (count == capacity) {
        capacity = capacity ? capacity * 2 : 64;
        table = realloc(table, capacity * sizeof *table);
    }
    table[count++] = handle;
    pthread_mutex_unlock(&lock);
    win_ledger_add(WIN_HANDLE, handle.value, what, caller);
    return handle.value;
}

static struct win_handle *
find(uint64_t value)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].value == value)
            return &table[i];
    return NULL;
}

bool
win_handle_find(uint64_t value, struct win_handle *handle)
{
    pthread_mutex_lock(&lock);
    struct win_handle *entry = find(value);
    if (entry)
        *handle = *entry;
    pthread_mutex_unlock(&lock);
    if (!entry)
        win_fail(ERROR_INVALID_HANDLE, 0);
    return entry != NULL;
}

uint32_t
win_handle_close(uint64_t value)
{
    pthread_mutex_lock(&lock);
    struct win_handle *entry = find(value), handle;
    if (entry) {
        handle = *entry;
        *entry = table[--count];
    }
    pthread_mutex_unlock(&lock);
    if (!entry)
        return ERROR_INVALID_HANDLE;
    win_ledger_remove(WIN_HANDLE, handle.value);
    if (handle.fd >= 0)
        close(handle.fd);
    if (handle.delete_on_close)
        unlink(handle.path);
    free(handle.path);
    if (handle.kernel)
        return win_error_from_status(
            nt_ask(NT_CLOSE, NT_ARGS(handle.kernel), NULL, 0, -1, NULL, NULL, NULL, NULL));
    return 0;
}
