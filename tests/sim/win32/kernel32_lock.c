/* SPDX-License-Identifier: MIT
 * Slim reader/writer locks. The whole state is the pointer-sized word of the image, zero when free: bit 31 a
 * writer, below it the number of readers. Waiters park at one of a few shared places chosen by the word's
 * address. */
#include <stdint.h>
#include "rows.h"

#define WRITER 0x80000000u
#define PLACES 64

static struct place
{
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned waiters; /* under lock; read without it by a release */
} places[PLACES];

__attribute__((constructor)) static void
prepare(void)
{
    for (unsigned i = 0; i < PLACES; i++) {
        pthread_mutex_init(&places[i].lock, NULL);
        pthread_cond_init(&places[i].changed, NULL);
    }
}

static struct place *
place_of(const void *word)
{
    return &places[((uintptr_t)word >> 3) * 2654435761u >> 7 & (PLACES - 1)];
}

static bool
try_exclusive(uint32_t *word)
{
    uint32_t idle = 0;
    return __atomic_compare_exchange_n(word, &idle, WRITER, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

WIN_FUNCTION(AcquireSRWLockExclusive)
{
    uint32_t *word = (uint32_t *)frame->arg[0];
    for (unsigned spin = 0; spin < 64; spin++)
        if (try_exclusive(word))
            return 0;
    struct place *place = place_of(word);
    pthread_mutex_lock(&place->lock);
    __atomic_fetch_add(&place->waiters, 1, __ATOMIC_SEQ_CST);
    while (!try_exclusive(word))
        pthread_cond_wait(&place->changed, &place->lock);
    __atomic_fetch_sub(&place->waiters, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&place->lock);
    return 0;
}

WIN_FUNCTION(ReleaseSRWLockExclusive)
{
    uint32_t *word = (uint32_t *)frame->arg[0];
    uint32_t held = WRITER;
    if (!__atomic_compare_exchange_n(word, &held, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        sim_stop("srw-release", "release of a lock that nobody holds exclusively (0x%x)", held);
    struct place *place = place_of(word);
    /* Pairs with the increment before the last try of a waiter: one of the two sees the other. */
    if (__atomic_load_n(&place->waiters, __ATOMIC_SEQ_CST)) {
        pthread_mutex_lock(&place->lock);
        pthread_cond_broadcast(&place->changed);
        pthread_mutex_unlock(&place->lock);
    }
    return 0;
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, AcquireSRWLockExclusive, 1, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/synchapi/nf-synchapi-acquiresrwlockexclusive"),
    WIN_ROW(K32, ReleaseSRWLockExclusive, 1, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/synchapi/nf-synchapi-releasesrwlockexclusive"),
};
const struct sim_import_table win_kernel32_lock = WIN_TABLE(rows);
