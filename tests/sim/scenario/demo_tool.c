/* SPDX-License-Identifier: MIT */
#include "demo_tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../pnp/pnp.h"
#include "scenario.h"

unsigned
demo_argument(const char *name, unsigned otherwise)
{
    size_t length = strlen(name);
    for (int i = 0; i < sim_scenario_argc; i++) {
        if (!strncmp(sim_scenario_argv[i], name, length) && sim_scenario_argv[i][length] == '=')
            return (unsigned)strtoul(sim_scenario_argv[i] + length + 1, NULL, 0);
    }
    return otherwise;
}

bool
demo_shows(void)
{
    return demo_argument("show", 0);
}

void
demo_say(const char *format, ...)
{
    va_list args;
    if (!demo_shows())
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    fflush(stdout);
}

struct netns *
demo_namespace(void)
{
    const char *missing;
    struct netns *ns = netns_create(&missing);
    if (!ns)
        sim_skip(missing);
    return ns;
}

void
demo_need_program(const char *name, const char *package)
{
    static char reason[128];
    if (netns_has_program(name))
        return;
    snprintf(reason, sizeof(reason), "needs %s (%s)", name, package);
    sim_skip(reason);
}

struct sim_adapter *
demo_wait_adapter(const char *connection, struct sim_process *owner)
{
    for (unsigned i = 0; i < 1200; i++) {
        struct sim_adapter *adapter = sim_machine_adapter(connection, 50);
        if (adapter && sim_adapter_link_up(adapter))
            return adapter;
        int status = sim_process_wait(owner, 1);
        if (status == 77)
            sim_skip("the client cannot run here");
        if (status >= 0)
            sim_fail(__FILE__, __LINE__, "the client ended with %d before its adapter was up", status);
    }
    sim_fail(__FILE__, __LINE__, "no adapter \"%s\" with its link up within a minute", connection);
}

void
demo_link_start(struct demo_link *link, struct netns *ns, const char *device, struct sim_adapter *adapter,
                unsigned mtu)
{
    *link = (struct demo_link){.ns = ns, .adapter = adapter, .device = device};
    link->tun = netns_open_tun(ns, device);
    if (link->tun < 0)
        sim_skip("needs a TUN device in a network namespace");
    EXPECT_EQ(netns_run(ns, NULL, 0, "ip link set %s mtu %u up", device, mtu), 0);
    link->bridge = sim_bridge_start(adapter, link->tun);
}

void
demo_link_stop(struct demo_link *link)
{
    sim_bridge_stop(link->bridge);
    close(link->tun);
}

void
demo_print_counters(const struct demo_link *link, const char *title)
{
    NDIS_STATISTICS_INFO s;
    uint32_t written;
    struct sim_bridge_counts bridge = sim_bridge_counts(link->bridge);
    struct sim_stack_counts stack = sim_stack_counts(link->adapter);
    EXPECT_EQ((uint32_t)sim_adapter_query(link->adapter, OID_GEN_STATISTICS, &s, sizeof(s), &written, NULL),
              0);
    uint64_t out = s.ifHCOutUcastPkts + s.ifHCOutMulticastPkts + s.ifHCOutBroadcastPkts;
    uint64_t in = s.ifHCInUcastPkts + s.ifHCInMulticastPkts + s.ifHCInBroadcastPkts;
    demo_say("  %-14s to the client   %9llu packets %12llu bytes %6llu dropped, in %llu chains\n", title,
             (unsigned long long)out, (unsigned long long)s.ifHCOutOctets,
             (unsigned long long)(s.ifOutDiscards + s.ifOutErrors), (unsigned long long)bridge.bursts);
    demo_say("  %-14s from the client %9llu packets %12llu bytes %6llu dropped, in %llu chains\n", "",
             (unsigned long long)in, (unsigned long long)s.ifHCInOctets,
             (unsigned long long)(s.ifInDiscards + s.ifInErrors), (unsigned long long)stack.indications);
    /* What Linux handed down went to the driver, packet by packet. */
    EXPECT_EQ(out + s.ifOutDiscards + s.ifOutErrors, bridge.down);
}
