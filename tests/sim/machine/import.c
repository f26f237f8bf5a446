/* SPDX-License-Identifier: MIT
 * Finding the row of an import, and the stubs that images call. */
#include "arch.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

/* Each stub has a page of its own: it is written before it becomes executable and never again after, whatever
 * other threads run meanwhile. */
#define PAGE  4096u
#define SLOTS 8192u

static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* guards Slots */
static struct
{
    const struct sim_import *row;
    void *address;
} Slots[SLOTS];

const struct sim_import *
sim_import_find(const struct sim_import_table *const *tables, const char *module, const char *name)
{
    for (; tables && *tables; tables++) {
        for (size_t i = 0; i < (*tables)->count; i++) {
            const struct sim_import *row = &(*tables)->rows[i];
            if ((row->systems & sim_persona->system) && strcmp(row->name, name) == 0 &&
                strcasecmp(row->module, module) == 0)
                return row;
        }
    }
    return NULL;
}

static void *
make_stub(const struct sim_import *row)
{
    uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t entry;
    if (page == MAP_FAILED)
        sim_stop("machine", "no memory for the stub of %s", row->name);
    size_t size = sim_arch_stub(page, row, &entry);
    if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) != 0)
        sim_stop("machine", "the stub of %s cannot be made executable", row->name);
    __builtin___clear_cache((char *)page, (char *)page + size);
    return page + entry;
}

void *
sim_import_address(const struct sim_import *row)
{
    if (row->convention == SIM_DATA)
        return row->data;
    size_t slot = ((uintptr_t)row >> 4) * 2654435761u % SLOTS;
    pthread_mutex_lock(&Lock);
    for (unsigned tries = 0; Slots[slot].row && Slots[slot].row != row; tries++) {
        if (tries == SLOTS)
            sim_stop("machine", "too many imports");
        slot = (slot + 1) % SLOTS;
    }
    if (!Slots[slot].row) {
        Slots[slot].address = make_stub(row);
        Slots[slot].row = row;
    }
    void *address = Slots[slot].address;
    pthread_mutex_unlock(&Lock);
    return address;
}
