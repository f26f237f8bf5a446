/* SPDX-License-Identifier: MIT
 * Processes that are Linux processes: starting one, a thread of the kernel for each of its connections, and
 * noticing its end. The serving thread is the process's thread as drivers see it. */
#include "internal.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../wire/wire.h"
#include "process_start.h"

#define CONNECTION    3 /* fd of the first connection in the new process */
#define MAX_ARGUMENTS 32
#define STATUS_KILLED 137

extern char **environ;

static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER; /* guards the thread counts of processes */

/* ---- Serving ---- */

struct service
{
    struct sim_process *process;
    int connection;
    unsigned id; /* of the thread */
};

static void
serve_call(struct sim_process *process, const struct wire_call *call, const void *data, int fd_in,
           struct wire_reply *reply, void *out, int *fd_out)
{
    wire_server_fn server = wire_server(call->number);
    memset(reply, 0, sizeof *reply);
    *fd_out = -1;
    if (server) {
        server(process, call, data, fd_in, reply, out, fd_out);
        return;
    }
    if (fd_in >= 0)
        close(fd_in);
    reply->status = (uint32_t)STATUS_NOT_IMPLEMENTED;
}

/* Waits for the Linux process, which has closed its connections and so is dying. */
static int
reap(struct sim_process *process)
{
    int state;
    if (process->linux_pid <= 0)
        return 0;
    for (unsigned i = 0; waitpid(process->linux_pid, &state, WNOHANG) == 0; i++) {
        if (i == 5000)
            kill(process->linux_pid, SIGKILL);
        usleep(1000);
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

static void *
serve(void *argument)
{
    struct service service = *(struct service *)argument;
    struct sim_process *process = service.process;
    struct thread *thread = thread_self();
    uint8_t *data = malloc(WIRE_MAX_DATA), *out = malloc(WIRE_MAX_DATA), old_mode;
    struct wire_call call;
    int fd_in, fd_out;
    free(argument);
    thread->id = ((struct thread_object *)thread->seen.object)->id = service.id;
    thread->connection = service.connection;
    process_enter(process, 1, &old_mode);
    while (wire_receive_call(service.connection, &call, data, &fd_in)) {
        struct wire_reply reply;
        serve_call(process, &call, data, fd_in, &reply, out, &fd_out);
        if (sim_irql() != PASSIVE || sim_locks_held())
            sim_stop("irql", "a system call returned at IRQL %u with %u locks held", sim_irql(),
                     sim_locks_held());
        if (!wire_send_reply(service.connection, &reply, out, fd_out))
            break;
    }
    io_cancel_thread(thread);
    free(data);
    free(out);
    pthread_mutex_lock(&Lock);
    bool last = --process->threads == 0;
    pthread_mutex_unlock(&Lock);
    if (last)
        process_end(process, reap(process));
    thread->connection = -1;
    process_leave(sim_system_process, 0);
    close(service.connection);
    return NULL;
}

unsigned
process_serve(struct sim_process *process, int connection)
{
    unsigned id = thread_next_id();
    struct service *service = malloc(sizeof *service);
    pthread_t thread;
    *service = (struct service){process, connection, id};
    pthread_mutex_lock(&Lock);
    process->threads++;
    pthread_mutex_unlock(&Lock);
    if (pthread_create(&thread, NULL, serve, service) != 0)
        sim_stop("model", "no thread to be had");
    pthread_detach(thread);
    return id;
}

/* ---- Starting ---- */

/* The simulator of an architecture lies beside ours, in the folder of its name; SIM_PATH_<ARCH> says
 * otherwise. */
static void
find_simulator(enum sim_arch arch, char *path, size_t size)
{
    char variable[32], self[PATH_MAX];
    snprintf(variable, sizeof variable, "SIM_PATH_%s", sim_arch_name(arch));
    for (char *at = variable; *at; at++)
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 32) : *at;
    const char *given = getenv(variable);
    if (given) {
        snprintf(path, size, "%s", given);
        return;
    }
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        sim_stop("model", "/proc/self/exe cannot be read");
    self[length] = 0;
    if (arch == sim_arch) {
        snprintf(path, size, "%s", self);
        return;
    }
    char *file = strrchr(self, '/');
    *file = 0;
    char *folder = strrchr(self, '/');
    *folder = 0;
    if ((size_t)snprintf(path, size, "%s/%s/%s", self, sim_arch_name(arch), file + 1) >= size)
        sim_stop("model", "the simulator's path is too long");
}

/* The program that runs code of another machine; SIM_EMULATOR_ARM64 and SIM_EMULATOR_ARM say otherwise, also
 * "". */
static const char *
emulator_of(enum sim_arch arch)
{
    const char *given = NULL;
    if (arch == SIM_ARM64) {
        given = getenv("SIM_EMULATOR_ARM64");
        return given ? given : "qemu-aarch64-static";
    }
    if (arch == SIM_ARM) {
        given = getenv("SIM_EMULATOR_ARM");
        return given ? given : "qemu-arm-static";
    }
    return "";
}

struct sim_process *
process_start(enum sim_arch arch, const char *program, const char *const *args, bool elevated,
              uint32_t parent, int standard)
{
    char path[PATH_MAX];
    const char *emulator = emulator_of(arch), *argv[MAX_ARGUMENTS + 5];
    unsigned count = 0;
    int ends[2], pid;
    find_simulator(arch, path, sizeof path);
    if (*emulator)
        argv[count++] = emulator;
    else if (access(path, X_OK) != 0)
        return NULL;
    argv[count++] = path;
    argv[count++] = "process";
    argv[count++] = program;
    for (unsigned i = 0; args && args[i] && i < MAX_ARGUMENTS; i++)
        argv[count++] = args[i];
    argv[count] = NULL;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return NULL;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], CONNECTION);
    if (standard >= 0) {
        posix_spawn_file_actions_adddup2(&actions, standard, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, standard, STDOUT_FILENO);
    }
    unsigned bits = arch == SIM_AMD64 || arch == SIM_ARM64 ? 64 : 32;
    struct sim_process *process = process_create(bits, elevated, parent);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    process->linux_pid = failed ? 0 : pid;
    if (failed) {
        /* Windows would have created the process object, too, and then ended it. */
        close(ends[0]);
        process_end(process, failed);
        errno = failed;
        return NULL;
    }
    process_serve(process, ends[0]);
    return process;
}

struct sim_process *
sim_process_start(enum sim_arch arch, const char *program, const char *const *args)
{
    return process_start(arch, program, args, true, sim_system_process->id, -1);
}

struct sim_process *
sim_process_start_as(enum sim_arch arch, const char *program, const char *const *args, bool elevated)
{
    return process_start(arch, program, args, elevated, sim_system_process->id, -1);
}

void
sim_process_kill(struct sim_process *process)
{
    if (process->linux_pid > 0 && !process->ended)
        kill(process->linux_pid, SIGKILL);
    if (sim_process_wait(process, 60000) < 0)
        sim_stop("model", "process %u was killed and does not end", process->id);
}

int
sim_process_linux_id(const struct sim_process *process)
{
    return process->linux_pid;
}
