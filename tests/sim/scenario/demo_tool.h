/* SPDX-License-Identifier: MIT
 * What the scenarios of `make demo` share: arguments "name=value", an adapter bridged into a namespace, its
 * counters. */
#ifndef SIM_DEMO_TOOL_H
#define SIM_DEMO_TOOL_H

#include "../ndis/ndis_control.h"
#include "netns.h"

/* The scenario's argument, or the value to take without it. */
unsigned demo_argument(const char *name, unsigned otherwise);
/* With "show=1" the scenario tells on screen what it does. */
bool demo_shows(void);
void demo_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Skips the scenario if a namespace cannot be had. */
struct netns *demo_namespace(void);
void demo_need_program(const char *name, const char *package);

struct demo_link
{
    struct netns *ns;
    struct sim_adapter *adapter;
    struct sim_bridge *bridge;
    const char *device;
    int tun;
};
/* A TUN device of that name with this MTU, up, bridged to the adapter. */
void demo_link_start(struct demo_link *link, struct netns *ns, const char *device,
                     struct sim_adapter *adapter, unsigned mtu);
void demo_link_stop(struct demo_link *link);
/* One line for each direction, from the driver's own statistics. */
void demo_print_counters(const struct demo_link *link, const char *title);
/* The adapter with that connection name once its link is up. */
struct sim_adapter *demo_wait_adapter(const char *connection, struct sim_process *owner);

#endif
