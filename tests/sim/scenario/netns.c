/* SPDX-License-Identifier: MIT
 * A namespace belongs to a thread, and what a thread starts begins in its namespace: so each call here runs
 * on a thread of its own, which enters the namespace first. */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct netns
{
    int fd;
};

struct visit
{
    struct netns *ns;
    void (*act)(struct visit *visit);
    const char *text;
    char *output;
    size_t size;
    int result;
};

static void *
visit_thread(void *context)
{
    struct visit *visit = context;
    if (visit->ns->fd >= 0 && setns(visit->ns->fd, CLONE_NEWNET) != 0)
        visit->result = -1;
    else
        visit->act(visit);
    return NULL;
}

static int
visit_netns(struct visit visit)
{
    pthread_t thread;
    visit.result = -1;
    if (pthread_create(&thread, NULL, visit_thread, &visit) != 0)
        return -1;
    pthread_join(thread, NULL);
    return visit.result;
}

static void
make(struct visit *visit)
{
    if (unshare(CLONE_NEWNET) == 0)
        visit->result = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

struct netns *
netns_create(const char **missing)
{
    struct netns *ns = malloc(sizeof(*ns));
    ns->fd = -1;
    *missing = NULL;
    if (geteuid() != 0)
        *missing = "needs root, to make network namespaces";
    else if (access("/dev/net/tun", R_OK | W_OK) != 0)
        *missing = "needs /dev/net/tun";
    else if (!netns_has_program("ip"))
        *missing = "needs ip (iproute2)";
    else {
        ns->fd = visit_netns((struct visit){.ns = ns, .act = make});
        if (ns->fd < 0)
            *missing = "needs the right to make network namespaces";
    }
    if (*missing) {
        free(ns);
        return NULL;
    }
    netns_run(ns, NULL, 0, "ip link set lo up");
    return ns;
}

void
netns_destroy(struct netns *ns)
{
    close(ns->fd);
    free(ns);
}

static void
open_tun(struct visit *visit)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", visit->text);
    if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) != 0) {
        close(fd);
        fd = -1;
    }
    visit->result = fd;
}

int
netns_open_tun(struct netns *ns, const char *name)
{
    return visit_netns((struct visit){.ns = ns, .act = open_tun, .text = name});
}

/* Child: never returns. */
static void
become_shell(const char *command, int output)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (output >= 0) {
        dup2(output, 1);
        dup2(output, 2);
    }
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static void
run(struct visit *visit)
{
    int fds[2] = {-1, -1}, status;
    size_t used = 0;
    if (visit->output && pipe2(fds, O_CLOEXEC) != 0)
        return;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        become_shell(visit->text, fds[1]);
    if (visit->output) {
        close(fds[1]);
        for (ssize_t got; (got = read(fds[0], visit->output + used, visit->size - used - 1)) > 0;)
            used += (size_t)got;
        visit->output[used] = 0;
        close(fds[0]);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    visit->result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
netns_run(struct netns *ns, char *output, size_t size, const char *format, ...)
{
    char command[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    return visit_netns((struct visit){.ns = ns, .act = run, .text = command, .output = output, .size = size});
}

static void
start(struct visit *visit)
{
    pid_t child = fork();
    if (child == 0)
        become_shell(visit->text, open("/dev/null", O_WRONLY));
    visit->result = child;
}

pid_t
netns_start(struct netns *ns, const char *command)
{
    return visit_netns((struct visit){.ns = ns, .act = start, .text = command});
}

bool
netns_has_program(const char *name)
{
    char path[256];
    static const char *const folders[] = {"/usr/bin", "/bin", "/usr/sbin", "/sbin"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folders[i], name);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}
