/* SPDX-License-Identifier: MIT
 * What `make demo` runs: adapters made through the DLL, each joined to a TUN device. Both run until SIGINT
 * and print "ready" when packets pass, a line of counts every second if SIM_PROGRESS is set, and a summary at
 * the end.
 *
 *   SIM_TUN=<tun>        sim ... run demo_example   example.exe; the addresses that it sets go to the TUN device
 *   SIM_TUN=<tun>,<tun>  sim ... run demo_wire      two adapters and a program that copies packets between them
 *
 * A TUN device is named as in demo_tun.h; demo_wire leaves addresses to the caller. */
#include "dll_machine.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "demo_tun.h"

#define ADAPTERS 2u

static struct link
{
    struct demo_tun tun;
    struct sim_adapter *adapter;
    struct sim_bridge *bridge;
    struct sim_bridge_counts counts; /* once the bridge has stopped */
    struct sim_stack_counts stack;
} links[ADAPTERS];
static unsigned link_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* links, against the device manager's thread */

/* The adapter goes: its bridge first. */
static void
leave(struct sim_adapter *adapter)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < link_count; i++)
        if (links[i].adapter == adapter && links[i].bridge) {
            links[i].counts = sim_bridge_counts(links[i].bridge);
            links[i].stack = sim_stack_counts(adapter);
            sim_bridge_stop(links[i].bridge);
            links[i].bridge = NULL;
        }
    pthread_mutex_unlock(&lock);
}

static void
join(unsigned n, const char *connection, struct sim_process *process)
{
    struct sim_adapter *adapter = NULL;
    for (unsigned i = 0; i < 300 && !adapter; i++) {
        adapter = sim_machine_adapter(connection, 100);
        if (!adapter && sim_process_wait(process, 1) >= 0)
            sim_fail(__FILE__, __LINE__, "the program has ended");
    }
    EXPECT(adapter != NULL);
    pthread_mutex_lock(&lock);
    links[n].adapter = adapter;
    links[n].bridge = sim_bridge_start(adapter, links[n].tun.fd);
    pthread_mutex_unlock(&lock);
    demo_tun_ip(&links[n].tun, "link set %s mtu %u up", links[n].tun.device,
                sim_adapter_mtu(adapter) > 65521 ? 65521 : sim_adapter_mtu(adapter));
}

static void
add_address(void *context, unsigned family, const uint8_t *address, unsigned prefix)
{
    const struct link *link = context;
    char text[INET6_ADDRSTRLEN];
    inet_ntop(family == 4 ? AF_INET : AF_INET6, address, text, sizeof text);
    demo_tun_ip(&link->tun, "address add %s/%u dev %s", text, prefix, link->tun.device);
}

static void
print_counts(const char *what)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < link_count; i++) {
        struct sim_bridge_counts c = links[i].bridge ? sim_bridge_counts(links[i].bridge) : links[i].counts;
        struct sim_stack_counts s = links[i].bridge ? sim_stack_counts(links[i].adapter) : links[i].stack;
        printf("%s %s: to driver %llu packets %llu bytes in %llu sends; from driver %llu packets %llu bytes "
               "in %llu "
               "indications, %llu refused\n",
               what, links[i].tun.device, (unsigned long long)c.down, (unsigned long long)c.down_bytes,
               (unsigned long long)s.sends, (unsigned long long)c.up, (unsigned long long)c.up_bytes,
               (unsigned long long)s.indications, (unsigned long long)c.up_refused);
    }
    pthread_mutex_unlock(&lock);
    fflush(stdout);
}

/* Until SIGINT or SIGTERM, or the process ends by itself, which is its status. */
static int
live(const sigset_t *signals, struct sim_process *process)
{
    struct timespec second = {1, 0};
    for (;;) {
        int number = sigtimedwait(signals, NULL, &second);
        if (number == SIGINT || number == SIGTERM)
            return -1;
        if (getenv("SIM_PROGRESS"))
            print_counts("now");
        int status = sim_process_wait(process, 1);
        if (status >= 0)
            return status;
    }
}

static void
begin(unsigned count, sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    for (unsigned i = 0; i < count; i++)
        demo_tun_open(i, &links[i].tun);
    link_count = count;
    sim_machine_start();
    sim_machine_on_adapter(NULL, leave);
}

static void
end(struct sim_process *process, int status)
{
    if (status < 0)
        status = sim_process_wait(process, dll_patience());
    EXPECT_EQ(status, 0);
    dll_machine_end();
    print_counts("total");
    for (unsigned i = 0; i < link_count; i++)
        close(links[i].tun.fd);
}

SIM_SCENARIO_ON(demo_example, DLL_SYSTEMS, SIM_NEEDS_ROOT | SIM_ON_REQUEST)
{
    sigset_t signals;
    begin(1, &signals);
    struct sim_process *process = dll_start("exe", NULL);
    join(0, "Demo", process);
    /* The program sets its address, then starts its session, which brings the link up. */
    for (unsigned i = 0; i < 3000 && !sim_adapter_link_up(links[0].adapter); i++)
        usleep(10000);
    sim_machine_addresses(links[0].adapter, add_address, &links[0]);
    printf("ready\n");
    fflush(stdout);
    int status = live(&signals, process);
    if (status < 0)
        kill(sim_process_linux_id(process), SIGINT);
    end(process, status);
}

/* ---- The wire ---- */

struct direction
{
    uintptr_t from, to;
    atomic_ullong packets, dropped;
};

static void
copy_packets(void *context)
{
    struct direction *direction = context;
    uint32_t size;
    for (;;) {
        uint8_t *packet = client_receive(direction->from, &size, 100);
        if (!packet) {
            if (client_last_error() != WAIT_TIMEOUT || mark_is_set("stop"))
                return;
            continue;
        }
        uint8_t *copy = NULL;
        for (unsigned attempt = 0; attempt < 100 && !copy; attempt++) {
            copy = (uint8_t *)(uintptr_t)SIM_CALL(dll.AllocateSendPacket, direction->to, size);
            if (!copy)
                sched_yield();
        }
        if (copy) {
            memcpy(copy, packet, size);
            SIM_CALL(dll.SendPacket, direction->to, SIM_WORD(copy));
            atomic_fetch_add(&direction->packets, 1);
        } else {
            atomic_fetch_add(&direction->dropped, 1);
        }
        SIM_CALL(dll.ReleaseReceivePacket, direction->from, SIM_WORD(packet));
    }
}

CLIENT_PROGRAM(wire)
{
    struct direction there = {0}, back = {0};
    (void)argc;
    (void)argv;
    /* The scenario says when to stop, also if the terminal's Ctrl+C reaches both. */
    signal(SIGINT, SIG_IGN);
    client_begin();
    uintptr_t a = client_create("Wire A"), b = client_create("Wire B");
    EXPECT(a != 0 && b != 0);
    there.from = back.to = (uintptr_t)SIM_CALL(dll.StartSession, a, 0x400000);
    there.to = back.from = (uintptr_t)SIM_CALL(dll.StartSession, b, 0x400000);
    EXPECT(there.from != 0 && there.to != 0);
    mark_set("ready");
    struct win_task *task = win_spawn(copy_packets, &there);
    copy_packets(&back);
    win_join(task);
    printf("wire: A to B %llu packets, %llu dropped; B to A %llu packets, %llu dropped\n",
           atomic_load(&there.packets), atomic_load(&there.dropped), atomic_load(&back.packets),
           atomic_load(&back.dropped));
    fflush(stdout);
    SIM_CALL(dll.EndSession, there.from);
    SIM_CALL(dll.EndSession, there.to);
    client_close(a);
    client_close(b);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(demo_wire, DLL_SYSTEMS, SIM_NEEDS_ROOT | SIM_ON_REQUEST)
{
    sigset_t signals;
    begin(2, &signals);
    struct sim_process *process = dll_start("wire", NULL);
    join(0, "Wire A", process);
    join(1, "Wire B", process);
    for (unsigned i = 0; i < 60000 && !mark_is_set("ready"); i++)
        usleep(1000);
    printf("ready\n");
    fflush(stdout);
    int status = live(&signals, process);
    mark_set("stop");
    end(process, status);
}
