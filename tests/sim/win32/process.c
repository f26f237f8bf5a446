/* SPDX-License-Identifier: MIT
 * A simulated process from beginning to end. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client.h"
#include "nt_client.h"
#include "process.h"

#define USABLE_STACK (1024 * 1024)

uint16_t *win_command_line;

/* Creation times, by which a process that has ended is told from a later one of the same id, lie in a file
 * each. */
static void
note_creation(void)
{
    if (!getenv("SIM_ROOT"))
        return;
    char *folder = sim_format("%s/.process", win_root()), *path = sim_format("%s/%u", folder, win_process_id);
    uint64_t now = win_system_time();
    mkdir(folder, 0700);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, &now, sizeof now) != sizeof now)
        sim_stop("process-files", "cannot write %s", path);
    close(fd);
    free(path);
    free(folder);
}

uint64_t
win_process_created(uint32_t process_id)
{
    char *path = sim_format("%s/.process/%u", win_root(), process_id);
    uint64_t created = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, &created, sizeof created) != sizeof created)
        created = 0;
    if (fd >= 0)
        close(fd);
    free(path);
    return created;
}

/* ---- Injected failures and what every import passes ---- */

static struct
{
    const char *function; /* NULL: any that can fail */
    unsigned left;
    uint32_t code;
    const char *happened;
} injection;
static pthread_mutex_t injection_lock = PTHREAD_MUTEX_INITIALIZER;

void
win_inject(const char *function, unsigned nth, uint32_t code)
{
    pthread_mutex_lock(&injection_lock);
    injection.function = function;
    injection.left = nth;
    injection.code = code;
    injection.happened = NULL;
    pthread_mutex_unlock(&injection_lock);
}

const char *
win_injected(void)
{
    return injection.happened;
}

/* What a DllMain may do is documented: synchronisation, memory and little more; no loading, no device work.
 */
static bool
allowed_in_dllmain(const struct sim_import *row)
{
    static const char *const forbidden[] = {
        "LoadLibraryExW", "FreeLibrary",     "CreateThread", "WaitForSingleObject",
        "CreateFileW",    "DeviceIoControl", "Sleep",        "ExitProcess"};
    if (strcmp(row->module, "kernel32.dll") != 0)
        return false;
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        if (strcmp(row->name, forbidden[i]) == 0)
            return false;
    return true;
}

/* A code that the function may return for want of something, for faults that are not chosen one by one. */
static uint32_t
plausible(const struct sim_import *row)
{
    if (strncmp(row->name, "CM_", 3) == 0)
        return CR_FAILURE;
    if (strncmp(row->name, "Sw", 2) == 0 || strcmp(row->module, "ole32.dll") == 0 ||
        strcmp(row->module, "netcon") == 0)
        return 0x8007000Eu; /* E_OUTOFMEMORY */
    return strcmp(row->name, "GetProcAddress") == 0 ? ERROR_PROC_NOT_FOUND
                                                    : 1450; /* ERROR_NO_SYSTEM_RESOURCES */
}

static int
before(struct sim_frame *frame, uint64_t *result)
{
    const struct sim_import *row = frame->row;
    if (win_thread()->in_dllmain && !allowed_in_dllmain(row))
        sim_stop("loader-lock", "%s!%s called from DllMain", row->module, row->name);
    if (!injection.left || row->failures == WIN_NEVER ||
        (injection.function && strcmp(row->name, injection.function) != 0))
        return 0;
    pthread_mutex_lock(&injection_lock);
    bool now = injection.left && --injection.left == 0;
    if (now)
        injection.happened = row->name;
    pthread_mutex_unlock(&injection_lock);
    if (!now)
        return 0;
    uint32_t code = injection.code ? injection.code : plausible(row);
    sim_log("%s fails with 0x%x", row->name, code);
    switch (row->failures) {
    case WIN_ZERO:
        *result = win_fail(code, 0);
        return 1;
    case WIN_INVALID:
        *result = win_fail(code, WIN_INVALID_HANDLE);
        return 1;
    case WIN_FAILED:
        *result = win_fail(code, WAIT_FAILED);
        return 1;
    case WIN_CODE:
        *result = code;
        return 1;
    case WIN_NULL:
        *result = 0;
        return 1;
    default:
        sim_stop("injection", "%s cannot fail", row->name);
    }
}

/* ---- Life ---- */

_Noreturn void
win_exit_process(uint32_t code)
{
    win_modules_process_detach();
    nt_ask(NT_EXIT, NT_ARGS(code), NULL, 0, -1, NULL, NULL, NULL, NULL);
    fflush(NULL);
    _exit((int)code);
}

static uint16_t *
make_command_line(int argc, char **argv)
{
    char *line = strdup("");
    for (int i = 0; i < argc; i++) {
        char *longer = sim_format(strchr(argv[i], ' ') || !*argv[i] ? "%s%s\"%s\"" : "%s%s%s", line,
                                  i ? " " : "", argv[i]);
        free(line);
        line = longer;
    }
    uint16_t *result = sim_utf16_from(line);
    free(line);
    return result;
}

int
sim_win32_run(int (*run)(int argc, char **argv), int argc, char **argv)
{
    sigset_t control;
    signal(SIGPIPE, SIG_IGN);
    /* The kernel process may wait for it by itself. */
    sigemptyset(&control);
    sigaddset(&control, SIGINT);
    sigaddset(&control, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &control, NULL);
    sim_stack_configure(USABLE_STACK, 0);
    sim_import_hooks.before = before;
    sim_import_from_image = win_import_from_image;
    sim_install_fault_handler(NULL);
    nt_attach();
    note_creation();
    win_command_line = make_command_line(argc, argv);
    int status = run(argc, argv);
    if (status == 0) {
        size_t left = win_ledger_report();
        if (left) {
            fprintf(stderr, "process ledger: %zu left behind\n", left);
            status = 3;
        }
    }
    win_exit_process((uint32_t)status);
}
