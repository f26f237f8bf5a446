/* SPDX-License-Identifier: MIT
 * The driver and clients that are processes of their own: what is left when one ends in order, by force, in
 * the middle of traffic, or with its handle in another process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../wire/wire_nt.h"
#include "driver_fixture.h"
#include "product.h"

#define CONNECTION 3
#define RING_BYTES RingSizeOf(RING_MIN_CAPACITY)

/* ---- The client: system calls alone, without Win32 ---- */

static uint32_t
ask(uint32_t number, const uint64_t *args, unsigned count, const void *data, uint32_t size, int fd,
    uint64_t *result, int *fd_out)
{
    struct wire_call call = {.number = number, .data_size = size};
    struct wire_reply reply;
    memcpy(call.arg, args, count * sizeof *args);
    wire_ask(CONNECTION, &call, data, fd, &reply, NULL, NULL, fd_out);
    if (result)
        *result = reply.result[0];
    return reply.status;
}
#define ASK(number, data, size, fd, result, fd_out, ...)                                                     \
    ask(number, (const uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / 8, data, size, fd,      \
        result, fd_out)

static TUN_RING *
make_ring(void)
{
    int fd = memfd_create("ring", MFD_CLOEXEC);
    size_t size = (RING_BYTES + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        exit(20);
    void *ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED || ASK(NT_ALLOCATE, NULL, 0, fd, NULL, NULL, (uintptr_t)ring, size, 3, 0) != 0)
        exit(21);
    return ring;
}

struct rings
{
    uint64_t device, events[2];
    int fds[2];
    TUN_RING *send, *receive;
};

static uint32_t
open_and_register(struct rings *rings, const char *index)
{
    char path[64];
    uint16_t wide[64];
    int length = snprintf(path, sizeof path, "\\\\.\\Global\\" PRODUCT_NAME "%s", index);
    for (int i = 0; i < length; i++)
        wide[i] = (uint8_t)path[i];
    if (ASK(NT_ATTACH, NULL, 0, -1, NULL, NULL, sizeof(void *) * 8, (uint64_t)getpid()) != 0)
        exit(22);
    if (ASK(NT_OPEN_DEVICE, wide, (uint32_t)length * 2, -1, &rings->device, NULL, 0xC0000000u, 3, 0) != 0)
        exit(23);
    for (unsigned i = 0; i < 2; i++) {
        if (ASK(NT_CREATE_EVENT, NULL, 0, -1, &rings->events[i], &rings->fds[i], 0, 0) != 0)
            exit(24);
    }
    rings->send = make_ring();
    rings->receive = make_ring();
    TUN_REGISTER_RINGS request = {
        .Send = {RING_BYTES, rings->send, (HANDLE)(uintptr_t)rings->events[0]},
        .Receive = {RING_BYTES, rings->receive, (HANDLE)(uintptr_t)rings->events[1]}};
    return ASK(NT_IOCTL, &request, sizeof request, -1, NULL, NULL, rings->device, TUN_IOCTL_REGISTER_RINGS, 0,
               0, 0);
}

static bool
put_packet(struct rings *rings, uint32_t length)
{
    TUN_RING *ring = rings->receive;
    uint32_t head = __atomic_load_n(&ring->Head, __ATOMIC_ACQUIRE), tail = ring->Tail;
    uint32_t need = 4 + ((length + 3) & ~3u);
    if (head == RING_CLOSED || ((head - tail - 4) & (RING_MIN_CAPACITY - 1)) < need)
        return false;
    TUN_PACKET *packet = (TUN_PACKET *)(ring->Data + tail);
    packet->Size = length;
    memset(packet->Data, 0, length);
    packet->Data[0] = 0x45;
    packet->Data[2] = (uint8_t)(length >> 8);
    packet->Data[3] = (uint8_t)length;
    __atomic_store_n(&ring->Tail, (tail + need) & (RING_MIN_CAPACITY - 1), __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ring->Alertable, __ATOMIC_SEQ_CST)) {
        uint64_t signal = 1;
        if (write(rings->fds[1], &signal, sizeof signal) < 0)
            exit(25);
    }
    return true;
}

/* Modes: hold (until killed), traffic (in both directions, until killed), exit (leaves all open), close. */
SIM_PROGRAM(ring_process)
{
    struct rings rings;
    if (argc < 3)
        return 26;
    uint32_t status = open_and_register(&rings, argv[1]);
    if (status != 0) {
        fprintf(stderr, "registration: 0x%08x\n", status);
        return 27;
    }
    if (strcmp(argv[2], "close") == 0) {
        if (ASK(NT_CLOSE, NULL, 0, -1, NULL, NULL, rings.device) != 0)
            return 28;
        return rings.send->Tail == RING_CLOSED ? 0 : 29;
    }
    if (strcmp(argv[2], "exit") == 0)
        return 0;
    while (strcmp(argv[2], "hold") == 0)
        pause();
    for (uint32_t i = 0;; i++) {
        /* The head follows the tail at once: what comes is not looked at. */
        uint32_t tail = __atomic_load_n(&rings.send->Tail, __ATOMIC_ACQUIRE);
        __atomic_store_n(&rings.send->Head, tail, __ATOMIC_RELEASE);
        if (tail == RING_CLOSED)
            return 0;
        if (!put_packet(&rings, 100 + i % 1300))
            usleep(200);
    }
}

/* ---- Scenarios ---- */

static void
wait_for_link(struct sim_adapter *adapter, bool up)
{
    for (unsigned i = 0; sim_adapter_link_up(adapter) != up; i++) {
        if (i == 30000)
            sim_fail(__FILE__, __LINE__, "the link did not go %s in 30 seconds", up ? "up" : "down");
        usleep(1000);
    }
}

static struct sim_process *
start(enum sim_arch arch, struct sim_adapter *adapter, const char *mode)
{
    char index[16];
    snprintf(index, sizeof index, "%u", sim_adapter_luid_index(adapter));
    struct sim_process *process =
        sim_process_start(arch, "ring_process", (const char *const[]){index, mode, NULL});
    EXPECT(process != NULL);
    return process;
}

SIM_SCENARIO(process_that_closes_ends_its_rings)
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    struct sim_process *process = start(sim_arch, adapter, "close");
    EXPECT_EQ(sim_process_wait(process, 60000), 0);
    EXPECT(!sim_adapter_link_up(adapter));
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

SIM_SCENARIO(process_that_exits_leaves_nothing)
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    for (unsigned i = 0; i < 3; i++) {
        struct sim_process *process = start(sim_arch, adapter, "exit");
        EXPECT_EQ(sim_process_wait(process, 60000), 0);
        wait_for_link(adapter, false);
    }
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

SIM_SCENARIO(process_that_is_killed_leaves_nothing)
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    for (unsigned i = 0; i < 3; i++) {
        struct sim_process *process = start(sim_arch, adapter, "hold");
        wait_for_link(adapter, true);
        sim_process_kill(process);
        EXPECT_EQ(sim_process_wait(process, 0), 137);
        wait_for_link(adapter, false);
        EXPECT_EQ(sim_ledger_count(SIM_LOCKED_PAGES), 0);
        EXPECT_EQ(sim_ledger_count(SIM_MAPPING), 0);
    }
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

/* ---- In the middle of traffic ---- */

static _Atomic bool Sending;
static struct sim_adapter *Target;

static void
send_all_the_time(void *unused)
{
    uint8_t data[600] = {0x45, 0, 600 >> 8, 600 & 0xFF};
    struct sim_packet packets[8];
    struct sim_send_options options = {.packets_per_nbl = 2, .max_mdls = 3};
    (void)unused;
    for (unsigned i = 0; i < 8; i++)
        packets[i] = (struct sim_packet){data, sizeof data};
    while (__atomic_load_n(&Sending, __ATOMIC_ACQUIRE)) {
        options.seed++;
        options.at_dispatch = options.seed & 1;
        sim_stack_send(Target, packets, 8, &options, true, NULL);
    }
}

static void
kill_in_traffic(enum sim_arch arch, unsigned rounds)
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    uint32_t random = (uint32_t)sim_option_seed | 1;
    Target = adapter;
    Sending = true;
    struct sim_task *senders[2] = {sim_spawn(send_all_the_time, NULL), sim_spawn(send_all_the_time, NULL)};
    for (unsigned i = 0; i < rounds; i++) {
        struct sim_process *process = start(arch, adapter, "traffic");
        wait_for_link(adapter, true);
        random = random * 1664525u + 1013904223u;
        usleep((random >> 16) % 30000);
        sim_process_kill(process);
        wait_for_link(adapter, false);
    }
    Sending = false;
    sim_join(senders[0]);
    sim_join(senders[1]);
    EXPECT(sim_stack_counts(adapter).packets > 0);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

SIM_SCENARIO(process_killed_in_traffic_leaves_nothing)
{
    kill_in_traffic(sim_arch, sim_arch == SIM_AMD64 || sim_arch == SIM_X86 ? 12 : 3);
}

SIM_SCENARIO(process_killed_in_traffic_under_preemption_leaves_nothing)
{
    sim_preempt_seed(sim_option_seed);
    kill_in_traffic(sim_arch, sim_arch == SIM_AMD64 || sim_arch == SIM_X86 ? 6 : 2);
}

/* A client of 32 bits under a kernel of 64. */
SIM_SCENARIO(process_of_32_bits_registers_under_64)
{
    enum sim_arch narrow = sim_arch == SIM_AMD64 ? SIM_X86 : SIM_ARM;
    if (sim_arch != SIM_AMD64 && sim_arch != SIM_ARM64)
        sim_skip("a kernel of 32 bits has no WOW64");
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    struct sim_process *process = start(narrow, adapter, "hold");
    EXPECT(sim_process_is_wow64(process));
    wait_for_link(adapter, true);
    sim_process_kill(process);
    wait_for_link(adapter, false);
    EXPECT_EQ(sim_process_wait(start(narrow, adapter, "close"), 60000), 0);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

/* Whoever else holds the handle, the rings die with the process whose memory they are. */
SIM_SCENARIO(process_killed_with_handle_elsewhere_ends_rings)
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    struct sim_process *process = start(sim_arch, adapter, "hold"), *other = sim_process_fake();
    uint64_t copy;
    wait_for_link(adapter, true);
    EXPECT_EQ((uint32_t)sim_duplicate(process, 4, other, &copy), STATUS_SUCCESS);
    sim_process_kill(process);
    EXPECT_EQ(sim_ledger_count(SIM_LOCKED_PAGES), 0);
    wait_for_link(adapter, false);
    /* The adapter is free for the next one while the dead one's handle is open. */
    struct fake_client client;
    fake_open(&client, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    EXPECT(sim_adapter_link_up(adapter));
    EXPECT_EQ((uint32_t)sim_close(other, copy), STATUS_SUCCESS);
    EXPECT(sim_adapter_link_up(adapter));
    fake_exit(&client);
    EXPECT(!sim_adapter_link_up(adapter));
    sim_process_exit_fake(other);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}
