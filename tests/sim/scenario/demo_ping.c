/* SPDX-License-Identifier: MIT
 * Linux pings the example program: out of a network namespace through a TUN device, the driver, the DLL, the
 * program and back. The arguments "count=N", "mtu=N", "show=1". */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "demo_tool.h"
#include "dll_machine.h"

static struct demo_link demo_link;
static _Atomic bool pinging;
static unsigned count;

/* The program's own lines go to a file: two for each ping. */
static struct sim_process *
start_example(char log_path[32])
{
    strcpy(log_path, "/tmp/demo-XXXXXX");
    int log = mkstemp(log_path), screen = dup(1);
    fflush(stdout);
    dup2(log, 1);
    struct sim_process *process = dll_start("exe", NULL);
    dup2(screen, 1);
    close(log);
    close(screen);
    return process;
}

static void
add_address(void *context, unsigned family, const uint8_t *a, unsigned prefix)
{
    if (family != 4)
        return;
    ++*(unsigned *)context;
    demo_say("  the program has set %u.%u.%u.%u/%u; Linux takes it for the TUN device\n", a[0], a[1], a[2],
             a[3], prefix);
    EXPECT_EQ(netns_run(demo_link.ns, NULL, 0, "ip addr add %u.%u.%u.%u/%u dev %s", a[0], a[1], a[2], a[3],
                        prefix, demo_link.device),
              0);
}

static void *
show_progress(void *unused)
{
    (void)unused;
    while (pinging) {
        struct sim_bridge_counts counts = sim_bridge_counts(demo_link.bridge);
        demo_say("\r  ping: %llu packets down, %llu up ", (unsigned long long)counts.down,
                 (unsigned long long)counts.up);
        usleep(250000);
    }
    demo_say("\n");
    return NULL;
}

static void
show_lines(const char *path, unsigned lines)
{
    char line[256];
    FILE *file = fopen(path, "r");
    while (file && lines && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\r\n")] = 0;
        if (strstr(line, "ICMP") || strstr(line, "10.6.7")) {
            demo_say("  | %s\n", line);
            lines--;
        }
    }
    if (file)
        fclose(file);
}

static unsigned
received_in(const char *ping_output)
{
    const char *at = strstr(ping_output, " received");
    while (at && at > ping_output && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return at ? (unsigned)strtoul(at, NULL, 10) : 0;
}

SIM_SCENARIO_ON(demo_pings_cross_the_example, DLL_SYSTEMS, SIM_NEEDS_ROOT)
{
    static char output[65536];
    char log_path[32];
    unsigned addresses = 0;
    pthread_t progress;
    count = demo_argument("count", 20);
    if (!sim_option_exe)
        sim_skip("needs --exe FILE");
    demo_need_program("ping", "iputils-ping");
    struct netns *ns = demo_namespace();
    sim_machine_start();
    demo_say("  starting %s\n", sim_option_exe);
    struct sim_process *process = start_example(log_path);
    struct sim_adapter *adapter = demo_wait_adapter("Demo", process);
    demo_link_start(&demo_link, ns, "demo0", adapter, demo_argument("mtu", 1500));
    sim_machine_addresses(adapter, add_address, &addresses);
    EXPECT_EQ(addresses, 1);

    demo_say("  ping -c %u 10.6.7.8\n", count);
    pinging = true;
    if (demo_shows())
        pthread_create(&progress, NULL, show_progress, NULL);
    int status = netns_run(ns, output, sizeof(output), "exec ping -q -n -i 0.005 -W 5 -c %u 10.6.7.8", count);
    pinging = false;
    if (demo_shows())
        pthread_join(progress, NULL);
    const char *summary = strstr(output, "---");
    demo_say("%s", summary ? summary : output);
    if (status != 0 || received_in(output) != count)
        sim_fail(__FILE__, __LINE__, "not every ping was answered (status %d): %s", status, output);

    demo_print_counters(&demo_link, "Demo");
    demo_say("  the first lines of the program:\n");
    show_lines(log_path, 4);
    demo_link_stop(&demo_link);
    kill(sim_process_linux_id(process), SIGINT);
    dll_finish(process);
    unlink(log_path);
    dll_machine_end();
    netns_destroy(ns);
}
