/* SPDX-License-Identifier: MIT
 * CreateThread, and what the loader does as a thread of an image begins and ends. */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "rows.h"
#include "thread.h"

struct image_thread
{
    const void *start;
    uintptr_t parameter;
    int ended; /* eventfd, a duplicate of the handle's */
};

static void
run(void *context)
{
    struct image_thread thread = *(struct image_thread *)context;
    uint64_t one = 1;
    free(context);
    win_modules_thread(true);
    SIM_CALL(thread.start, thread.parameter);
    win_modules_thread(false);
    win_ledger_remove(WIN_THREAD, (uintptr_t)thread.ended);
    if (write(thread.ended, &one, sizeof one) != sizeof one)
        sim_stop("process-thread", "cannot signal the end of a thread");
    close(thread.ended);
}

WIN_FUNCTION(CreateThread)
{
    uint32_t flags = (uint32_t)frame->arg[4], id;
    if (frame->arg[0] || (flags & ~0x10000u /* STACK_SIZE_PARAM_IS_A_RESERVATION */))
        sim_stop("unmodelled", "CreateThread with attributes or flags 0x%x", flags);
    struct image_thread *thread = malloc(sizeof *thread);
    int ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    *thread = (struct image_thread){(const void *)frame->arg[2], frame->arg[3], dup(ended)};
    win_ledger_add(WIN_THREAD, (uintptr_t)thread->ended, "CreateThread", frame->return_address);
    pthread_t host = win_thread_start(run, thread, &id);

    pthread_detach(host);
    if (frame->arg[5])
        *(uint32_t *)frame->arg[5] = id;
    return win_done(win_handle_add((struct win_handle){.kind = WIN_OBJECT_THREAD, .fd = ended},
                                   "CreateThread", frame->return_address));
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, CreateThread, 6, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/processthreadsapi/nf-processthreadsapi-createthread"),
};
const struct sim_import_table win_kernel32_thread = WIN_TABLE(rows);
