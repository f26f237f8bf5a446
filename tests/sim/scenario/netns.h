/* SPDX-License-Identifier: MIT
 * Network namespaces of Linux for scenarios that bridge adapters to it. They have no name and are held by
 * file descriptors alone, so nothing can be left behind, however the simulator ends. Needs root. */
#ifndef SIM_NETNS_H
#define SIM_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct netns;
/* NULL if this system lacks something, then *missing says what. */
struct netns *netns_create(const char **missing);
void netns_destroy(struct netns *ns);
/* A TUN device in it, for sim_bridge_start; -1 with errno. */
int netns_open_tun(struct netns *ns, const char *name);
/* Runs a shell command in it and returns its exit status. Its output goes to ours, or to `output` if that is
 * not NULL. */
int netns_run(struct netns *ns, char *output, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same without waiting; SIGTERM ends it. Its output goes nowhere. */
pid_t netns_start(struct netns *ns, const char *command);
/* Whether a program is on the PATH. */
bool netns_has_program(const char *name);

#endif
