/* SPDX-License-Identifier: MIT
 * TCP between two network namespaces whose only connection is a program: it opens two adapters with the DLL
 * and copies every packet of the one to the other. Both directions, IPv4 and IPv6. The arguments "seconds=N"
 * for each transfer, "mtu=N", "show=1". */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../win32/errors.h"
#include "demo_tool.h"
#include "dll_machine.h"

#define CAPACITY 0x400000u

/* ---- The wire: a Windows process ---- */

struct wire
{
    const char *name;
    uintptr_t from, to;
    uint64_t packets, bytes, dropped, wakeups;
};

/* A wire that is full for long loses packets, as a switch does. */
static uint8_t *
find_room(uintptr_t session, uint32_t size)
{
    for (unsigned tries = 0; tries < 200; tries++) {
        uint8_t *packet = (uint8_t *)(uintptr_t)SIM_CALL(dll.AllocateSendPacket, session, size);
        if (packet)
            return packet;
        EXPECT_EQ(client_last_error(), ERROR_BUFFER_OVERFLOW);
        sched_yield();
    }
    return NULL;
}

static void
copy_packets(void *context)
{
    struct wire *wire = context;
    uintptr_t event = (uintptr_t)SIM_CALL(dll.GetReadWaitEvent, wire->from);
    uint32_t size;
    while (!mark_is_set("stop")) {
        uint8_t *packet = (uint8_t *)(uintptr_t)SIM_CALL(dll.ReceivePacket, wire->from, SIM_WORD(&size));
        if (!packet) {
            EXPECT_EQ(client_last_error(), ERROR_NO_MORE_ITEMS);
            if ((uint32_t)client_call("kernel32.dll", "WaitForSingleObject", event, 100) == 0)
                wire->wakeups++;
            continue;
        }
        do {
            uint8_t *copy = find_room(wire->to, size);
            if (copy) {
                memcpy(copy, packet, size);
                SIM_CALL(dll.SendPacket, wire->to, SIM_WORD(copy));
                wire->packets++;
                wire->bytes += size;
            } else
                wire->dropped++;
            SIM_CALL(dll.ReleaseReceivePacket, wire->from, SIM_WORD(packet));
            packet = (uint8_t *)(uintptr_t)SIM_CALL(dll.ReceivePacket, wire->from, SIM_WORD(&size));
        } while (packet);
    }
}

CLIENT_PROGRAM(program_wire)
{
    bool show = argc > 1 && atoi(argv[1]);
    client_begin();
    uintptr_t left = client_create("Left"), right = client_create("Right");
    EXPECT(left != 0 && right != 0);
    uintptr_t left_session = (uintptr_t)SIM_CALL(dll.StartSession, left, CAPACITY);
    uintptr_t right_session = (uintptr_t)SIM_CALL(dll.StartSession, right, CAPACITY);
    EXPECT(left_session != 0 && right_session != 0);
    struct wire wires[2] = {{.name = "left to right", .from = left_session, .to = right_session},
                            {.name = "right to left", .from = right_session, .to = left_session}};
    struct win_task *tasks[2];
    for (unsigned i = 0; i < 2; i++)
        tasks[i] = win_spawn(copy_packets, &wires[i]);
    for (unsigned i = 0; i < 2; i++)
        win_join(tasks[i]);
    for (unsigned i = 0; show && i < 2; i++)
        printf("  wire, %s  %9llu packets %12llu bytes %6llu dropped, %llu wakeups\n", wires[i].name,
               (unsigned long long)wires[i].packets, (unsigned long long)wires[i].bytes,
               (unsigned long long)wires[i].dropped, (unsigned long long)wires[i].wakeups);
    fflush(stdout);
    SIM_CALL(dll.EndSession, left_session);
    SIM_CALL(dll.EndSession, right_session);
    client_close(left);
    client_close(right);
    client_end();
    return 0;
}

/* ---- The transfers ---- */

static struct demo_link left, right;

static void
transfer(const char *family, const char *address, bool reverse, unsigned seconds)
{
    static char output[65536];
    char command[256];
    uint64_t before = sim_bridge_counts(left.bridge).up_bytes + sim_bridge_counts(right.bridge).up_bytes;
    demo_say("\n  %s, %s\n", family, reverse ? "right to left" : "left to right");
    snprintf(command, sizeof(command), "exec timeout %u iperf3 -c %s -t %u -i 1 --forceflush %s",
             seconds + 60, address, seconds, reverse ? "-R" : "");
    int status = netns_run(left.ns, demo_shows() ? NULL : output, sizeof(output), "%s", command);
    uint64_t moved =
        sim_bridge_counts(left.bridge).up_bytes + sim_bridge_counts(right.bridge).up_bytes - before;
    if (status != 0)
        sim_fail(__FILE__, __LINE__, "iperf3 ended with %d: %s", status, output);
    /* What iperf3 reports as received came through both adapters. */
    EXPECT(moved > 64 * 1024);
}

/* Waits until nothing moves any more, or the counters would tell of packets that are still on their way. */
static void
settle(void)
{
    uint64_t last = 0, now = 1;
    while (now != last) {
        last = now;
        usleep(300000);
        now = sim_stack_counts(left.adapter).packets + sim_stack_counts(right.adapter).packets +
              sim_bridge_counts(left.bridge).down + sim_bridge_counts(right.bridge).down;
    }
}

SIM_SCENARIO_ON(demo_tcp_crosses_two_adapters, DLL_SYSTEMS, SIM_NEEDS_ROOT)
{
    unsigned seconds = demo_argument("seconds", 1), mtu = demo_argument("mtu", 1500);
    demo_need_program("iperf3", "iperf3");
    struct netns *left_ns = demo_namespace(), *right_ns = demo_namespace();
    sim_machine_start();
    struct sim_process *process = dll_start("program_wire", demo_shows() ? "1" : "0");
    struct sim_adapter *left_adapter = demo_wait_adapter("Left", process);
    struct sim_adapter *right_adapter = demo_wait_adapter("Right", process);
    demo_link_start(&left, left_ns, "left0", left_adapter, mtu);
    demo_link_start(&right, right_ns, "right0", right_adapter, mtu);
    EXPECT_EQ(netns_run(left_ns, NULL, 0,
                        "ip addr add 10.6.8.1/24 dev left0 && ip addr add fd06:7:8::1/64 dev left0 nodad"),
              0);
    EXPECT_EQ(netns_run(right_ns, NULL, 0,
                        "ip addr add 10.6.8.2/24 dev right0 && ip addr add fd06:7:8::2/64 dev right0 nodad"),
              0);
    pid_t server = netns_start(right_ns, "exec iperf3 -s");
    EXPECT(server > 0);
    EXPECT_EQ(netns_run(right_ns, NULL, 0,
                        "i=0; until ss -ltn 2>/dev/null | grep -q :5201; do i=$((i+1)); [ $i -lt 100 ]; "
                        "sleep 0.1; done"),
              0);
    transfer("IPv4", "10.6.8.2", false, seconds);
    transfer("IPv4", "10.6.8.2", true, seconds);
    transfer("IPv6", "fd06:7:8::2", false, seconds);
    transfer("IPv6", "fd06:7:8::2", true, seconds);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);

    settle();
    demo_say("\n");
    demo_print_counters(&left, "adapter Left");
    demo_print_counters(&right, "adapter Right");
    demo_link_stop(&left);
    demo_link_stop(&right);
    mark_set("stop");
    dll_finish(process);
    dll_machine_end();
    netns_destroy(left_ns);
    netns_destroy(right_ns);
}
