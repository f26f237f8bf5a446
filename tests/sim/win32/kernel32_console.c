/* SPDX-License-Identifier: MIT
 * The console: standard handles, control handlers, the command line, ExitProcess. SIGINT is Ctrl+C: as on
 * Windows the handlers run on a thread of their own, the last one added first. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "rows.h"
#include "thread.h"

#define STD_OUTPUT_HANDLE     (-11)
#define STD_ERROR_HANDLE      (-12)
#define CTRL_C_EVENT          0
#define STATUS_CONTROL_C_EXIT 0xC000013Au
#define MAX_HANDLERS          8

static uintptr_t handlers[MAX_HANDLERS];
static unsigned handler_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int signal_pipe[2] = {-1, -1};

WIN_FUNCTION(GetStdHandle)
{
    static uint32_t made[2];
    int32_t which = (int32_t)frame->arg[0];
    if (which != STD_OUTPUT_HANDLE && which != STD_ERROR_HANDLE)
        return win_fail(ERROR_INVALID_HANDLE, WIN_INVALID_HANDLE);
    unsigned index = which == STD_ERROR_HANDLE;
    pthread_mutex_lock(&lock);
    if (!made[index]) {
        made[index] = win_handle_add(
            (struct win_handle){.kind = WIN_OBJECT_CONSOLE, .fd = dup(1 + (int)index)}, "GetStdHandle", NULL);
        /* Belongs to the process, not to who asked. */
        win_ledger_remove(WIN_HANDLE, made[index]);
    }
    pthread_mutex_unlock(&lock);
    return win_done(made[index]);
}

static void
on_signal(int number)
{
    int saved = errno;
    (void)number;
    if (write(signal_pipe[1], "c", 1) < 0) {
    }
    errno = saved;
}

static void
serve_control(void *context)
{
    char byte;
    (void)context;
    for (;;) {
        ssize_t got = read(signal_pipe[0], &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != 1)
            return;
        pthread_mutex_lock(&lock);
        uintptr_t copy[MAX_HANDLERS];
        unsigned count = handler_count;
        for (unsigned i = 0; i < count; i++)
            copy[i] = handlers[i];
        pthread_mutex_unlock(&lock);
        bool handled = false;
        win_modules_thread(true);
        while (count && !handled)
            handled = (uint32_t)SIM_CALL(copy[--count], CTRL_C_EVENT) != 0;
        win_modules_thread(false);
        if (!handled)
            win_exit_process(STATUS_CONTROL_C_EXIT);
    }
}

WIN_FUNCTION(SetConsoleCtrlHandler)
{
    uint32_t error = 0;
    if (!frame->arg[0])
        sim_stop("unmodelled", "SetConsoleCtrlHandler without a handler");
    pthread_mutex_lock(&lock);
    if ((uint32_t)frame->arg[1]) {
        if (handler_count == MAX_HANDLERS)
            error = ERROR_NOT_ENOUGH_MEMORY;
        else
            handlers[handler_count++] = frame->arg[0];
    } else {
        unsigned i = handler_count;
        while (i && handlers[i - 1] != frame->arg[0])
            i--;
        if (!i)
            error = ERROR_INVALID_PARAMETER;
        else
            for (handler_count--; i <= handler_count; i++)
                handlers[i - 1] = handlers[i];
    }
    if (!error && signal_pipe[0] < 0) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        if (pipe2(signal_pipe, O_CLOEXEC) != 0)
            sim_stop("process-console", "no pipe");
        pthread_detach(win_thread_start(serve_control, NULL, NULL));
        sigaction(SIGINT, &action, NULL);
    }
    pthread_mutex_unlock(&lock);
    return error ? WIN_FALSE(error) : win_done(1);
}

WIN_FUNCTION(GetCommandLineW)
{
    (void)frame;
    return (uintptr_t)win_command_line;
}

WIN_FUNCTION(ExitProcess)
{
    win_exit_process((uint32_t)frame->arg[0]);
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, GetStdHandle, 1, SIM_SINCE_WIN7, WIN_INVALID, "console/getstdhandle"),
    WIN_ROW(K32, SetConsoleCtrlHandler, 2, SIM_SINCE_WIN7, WIN_ZERO, "console/setconsolectrlhandler"),
    WIN_ROW(K32, GetCommandLineW, 0, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/processenv/nf-processenv-getcommandlinew"),
    WIN_ROW(K32, ExitProcess, 1, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/processthreadsapi/nf-processthreadsapi-exitprocess"),
};
const struct sim_import_table win_kernel32_console = WIN_TABLE(rows);
