/* SPDX-License-Identifier: MIT */
#include "demo_tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "scenario.h"

/* On a thread of its own, as a namespace is a property of the thread. */
static void *
open_in_namespace(void *context)
{
    struct demo_tun *tun = context;
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    tun->fd = -1;
    if (*tun->space) {
        char path[96];
        snprintf(path, sizeof path, "/run/netns/%s", tun->space);
        int space = open(path, O_RDONLY | O_CLOEXEC);
        if (space < 0 || setns(space, CLONE_NEWNET) != 0) {
            fprintf(stderr, "namespace %s: %s\n", tun->space, strerror(errno));
            return NULL;
        }
        close(space);
    }
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    memcpy(request.ifr_name, tun->device, sizeof tun->device);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        fprintf(stderr, "TUN device %s: %s\n", tun->device, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    tun->fd = fd;
    return NULL;
}

void
demo_tun_open(unsigned n, struct demo_tun *tun)
{
    const char *list = getenv("SIM_TUN");
    pthread_t thread;
    for (; list && n; n--) {
        list = strchr(list, ',');
        list = list ? list + 1 : NULL;
    }
    if (!list || !*list)
        sim_skip("SIM_TUN names no TUN device for it");
    size_t length = strcspn(list, ",");
    const char *slash = memchr(list, '/', length);
    const char *device = slash ? slash + 1 : list;
    snprintf(tun->space, sizeof tun->space, "%.*s", slash ? (int)(slash - list) : 0, list);
    snprintf(tun->device, sizeof tun->device, "%.*s", (int)(list + length - device), device);
    if (pthread_create(&thread, NULL, open_in_namespace, tun) != 0)
        sim_fail(__FILE__, __LINE__, "no thread");
    pthread_join(thread, NULL);
    if (tun->fd < 0)
        sim_fail(__FILE__, __LINE__, "no TUN device %s", tun->device);
}

void
demo_tun_ip(const struct demo_tun *tun, const char *format, ...)
{
    char command[512];
    va_list args;
    int used = *tun->space ? snprintf(command, sizeof command, "ip -n %s ", tun->space)
                           : snprintf(command, sizeof command, "ip ");
    va_start(args, format);
    vsnprintf(command + used, sizeof command - (size_t)used, format, args);
    va_end(args);
    if (system(command) != 0)
        sim_fail(__FILE__, __LINE__, "failed: %s", command);
}
