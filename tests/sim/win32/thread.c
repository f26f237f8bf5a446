/* SPDX-License-Identifier: MIT
 * Threads of the process: every host thread that runs image code or talks to the kernel was begun here. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"
#include "nt_client.h"
#include "thread.h"

static __thread struct win_thread *current;

struct win_thread *
win_thread(void)
{
    if (!current)
        sim_stop("process-thread", "a host thread that is no thread of the process calls into the model");
    return current;
}

void
win_thread_adopt(int connection, uint32_t id)
{
    current = calloc(1, sizeof *current);
    current->id = id;
    current->connection = connection;
    current->noise = id * 2654435761u + 1;
}

uint64_t
win_fail(uint32_t code, uint64_t result)
{
    win_thread()->last_error = code;
    return result;
}

/* A call that succeeds may leave anything behind; these are codes that a caller could mistake for its own. */
uint64_t
win_done(uint64_t result)
{
    static const uint32_t stray[] = {0,
                                     ERROR_INVALID_HANDLE,
                                     ERROR_NO_MORE_ITEMS,
                                     ERROR_ALREADY_EXISTS,
                                     ERROR_INSUFFICIENT_BUFFER,
                                     ERROR_IO_PENDING,
                                     ERROR_HANDLE_EOF,
                                     ERROR_PROC_NOT_FOUND};
    struct win_thread *thread = win_thread();
    thread->noise = thread->noise * 1664525u + 1013904223u;
    thread->last_error = stray[thread->noise >> 29];
    return result;
}

struct win_start
{
    void (*run)(void *context);
    void *context;
    int connection;
    uint32_t id;
};

static void *
begin(void *argument)
{
    struct win_start start = *(struct win_start *)argument;
    free(argument);
    win_thread_adopt(start.connection, start.id);
    start.run(start.context);
    sim_stack_release();
    close(current->connection);
    free(current);
    current = NULL;
    return NULL;
}

pthread_t
win_thread_start(void (*run)(void *context), void *context, uint32_t *id)
{
    int pair[2];
    struct wire_reply reply;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        sim_stop("process-thread", "no socket pair for a thread");
    nt_ask(NT_THREAD, NULL, NULL, 0, pair[1], &reply, NULL, NULL, NULL);
    close(pair[1]);
    struct win_start *start = malloc(sizeof *start);
    *start = (struct win_start){run, context, pair[0], (uint32_t)reply.result[0]};
    if (id)
        *id = start->id;
    pthread_t thread;
    if (pthread_create(&thread, NULL, begin, start) != 0)
        sim_stop("process-thread", "no host thread");
    return thread;
}

/* ---- For programs ---- */

struct win_task
{
    pthread_t thread;
    void (*run)(void *context);
    void *context;
};

static void
run_task(void *context)
{
    struct win_task *task = context;
    win_modules_thread(true);
    task->run(task->context);
    win_modules_thread(false);
}

struct win_task *
win_spawn(void (*run)(void *context), void *context)
{
    struct win_task *task = malloc(sizeof *task);
    *task = (struct win_task){.run = run, .context = context};
    task->thread = win_thread_start(run_task, task, NULL);
    return task;
}

void
win_join(struct win_task *task)
{
    pthread_join(task->thread, NULL);
    free(task);
}

uint32_t
client_last_error(void)
{
    return win_thread()->last_error;
}

void
client_set_last_error(uint32_t code)
{
    win_thread()->last_error = code;
}

void *
client_function(const char *module, const char *name)
{
    const struct sim_import *row = sim_import_find(win_tables, module, name);
    return row ? sim_import_address(row) : NULL;
}
