/* SPDX-License-Identifier: MIT
 * Four threads send and four receive through one session, both directions at once: nothing is lost, doubled,
 * damaged, or out of order for its sender. The number of packets per direction is the scenario's argument. */
#include "dll_machine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SENDERS  4u
#define CAPACITY 0x40000u
/* Senders of the stack from this one on send chains, of which a full ring may drop one and take a later,
 * smaller one: sent again, such a packet comes late, so only the others' order is checked in that direction.
 */
#define CHAINS_FROM 2u

static uint32_t
size_of(uint32_t sender, uint32_t number)
{
    uint32_t x = (number * 2654435761u) ^ (sender << 13);
    return 32 + (x >> 8) % ((x & 0x3F) == 0 ? 9000 : 200);
}

/* Who has seen which numbers of each sender; readers in parallel see a sender's packets in pieces, so a
 * reader checks that its own piece rises, and the bits that none is missing or double. */
static struct
{
    uint32_t count; /* per sender */
    _Atomic uint32_t *seen[SENDERS];
    atomic_uint total, wrong;
} table;

static void
prepare_table(uint32_t count)
{
    table.count = count;
    for (unsigned i = 0; i < SENDERS; i++)
        table.seen[i] = calloc(count / 32 + 1, 4);
}

static void
note(const uint8_t *packet, uint32_t size, uint32_t *last, unsigned ordered)
{
    uint32_t sender = 0, number = 0;
    if (!dll_check_numbered(packet, size, &sender, &number) || sender >= SENDERS || number >= table.count ||
        size != size_of(sender, number) || (sender < ordered && number + 1 <= last[sender])) {
        atomic_fetch_add(&table.wrong, 1);
        return;
    }
    last[sender] = number + 1;
    if (atomic_fetch_or(&table.seen[sender][number / 32], 1u << number % 32) & 1u << number % 32)
        atomic_fetch_add(&table.wrong, 1);
    atomic_fetch_add(&table.total, 1);
}

/* ---- Client ---- */

static uintptr_t session;

static void
send_all(void *context)
{
    uint32_t sender = (uint32_t)(uintptr_t)context;
    for (uint32_t i = 0; i < table.count; i++) {
        uint32_t size = size_of(sender, i);
        uint8_t *packet = client_allocate(session, size);
        EXPECT(packet != NULL);
        dll_make_numbered(packet, size, sender, i);
        SIM_CALL(dll.SendPacket, session, SIM_WORD(packet));
    }
}

static void
receive_all(void *context)
{
    uint32_t last[SENDERS] = {0}, size;
    (void)context;
    while (atomic_load(&table.total) < table.count * SENDERS && !atomic_load(&table.wrong)) {
        /* One event serves all readers and wakes one of them, so nobody waits long. */
        uint8_t *packet = client_receive(session, &size, 20);
        if (!packet) {
            EXPECT_EQ(client_last_error(), WAIT_TIMEOUT);
            if (mark_is_set("stop"))
                break;
            continue;
        }
        note(packet, size, last, CHAINS_FROM);
        SIM_CALL(dll.ReleaseReceivePacket, session, SIM_WORD(packet));
    }
}

CLIENT_PROGRAM(program_parallel)
{
    struct win_task *tasks[2 * SENDERS];
    (void)argc;
    prepare_table((uint32_t)atoi(argv[1]) / SENDERS);
    client_begin();
    uintptr_t adapter = client_create("Parallel");
    EXPECT(adapter != 0);
    session = (uintptr_t)SIM_CALL(dll.StartSession, adapter, CAPACITY);
    EXPECT(session != 0);
    mark_set("ready");
    EXPECT(mark_wait("go", 60000));
    for (uintptr_t i = 0; i < SENDERS; i++) {
        tasks[2 * i] = win_spawn(send_all, (void *)i);
        tasks[2 * i + 1] = win_spawn(receive_all, NULL);
    }
    for (unsigned i = 0; i < 2 * SENDERS; i++)
        win_join(tasks[i]);
    EXPECT_EQ(atomic_load(&table.wrong), 0);
    EXPECT_EQ(atomic_load(&table.total), table.count * SENDERS);
    mark_set("received");
    EXPECT(mark_wait("done", 600000));
    SIM_CALL(dll.EndSession, session);
    client_close(adapter);
    client_end();
    return 0;
}

/* ---- Stack ---- */

static struct sim_adapter *adapter;
static pthread_mutex_t indicated = PTHREAD_MUTEX_INITIALIZER;
static uint32_t last_indicated[SENDERS];

static void
take(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    (void)is_ipv6;
    pthread_mutex_lock(&indicated);
    note(data, length, last_indicated, SENDERS);
    pthread_mutex_unlock(&indicated);
}

static atomic_bool stopping;

static void
send_stack(void *context)
{
    uint32_t sender = (uint32_t)(uintptr_t)context;
    uint8_t *data = malloc(16 * 9300);
    for (uint32_t i = 0; i < table.count && !atomic_load(&stopping);) {
        struct sim_packet packets[16];
        NDIS_STATUS status[16];
        unsigned chain = sender < CHAINS_FROM ? 1 : 1 + (i * 7 + sender) % 16;
        if (chain > table.count - i)
            chain = table.count - i;
        for (unsigned p = 0; p < chain; p++) {
            uint32_t size = size_of(sender, i + p);
            dll_make_numbered(data + p * 9300, size, sender, i + p);
            packets[p] = (struct sim_packet){data + p * 9300, size};
        }
        sim_stack_send(adapter, packets, chain, NULL, true, status);
        /* What the ring had no room for goes again. */
        for (unsigned p = 0; p < chain; p++)
            while (status[p] != 0 && !atomic_load(&stopping)) {
                sim_stack_send(adapter, &packets[p], 1, NULL, true, &status[p]);
            }
        i += chain;
    }
    free(data);
}

/* The first packets that have not come, to say what they have in common. */
static void
report_missing(void)
{
    unsigned shown = 0;
    for (uint32_t sender = 0; sender < SENDERS; sender++)
        for (uint32_t i = 0; i < table.count && shown < 20; i++)
            if (!(table.seen[sender][i / 32] & 1u << i % 32)) {
                fprintf(stderr, "missing: packet %u of sender %u, %u bytes\n", i, sender, size_of(sender, i));
                shown++;
            }
}

static void
run_parallel(uint32_t count)
{
    struct sim_task *tasks[SENDERS];
    char text[16];
    sim_machine_start();
    prepare_table(count / SENDERS);
    snprintf(text, sizeof text, "%u", count);
    struct sim_process *client = dll_start("program_parallel", text);
    for (unsigned i = 0; i < 60000 && !mark_is_set("ready"); i++)
        if (sim_process_wait(client, 1) >= 0)
            dll_finish(client);
    adapter = sim_machine_adapter("Parallel", 5000);
    EXPECT(adapter != NULL);
    sim_stack_on_receive(adapter, take, NULL);
    mark_set("go");
    for (uintptr_t i = 0; i < SENDERS; i++)
        tasks[i] = sim_spawn(send_stack, (void *)i);
    int status = -1;
    while (!mark_is_set("received") && status < 0)
        status = sim_process_wait(client, 5);
    if (status >= 0)
        sim_fail(__FILE__, __LINE__, "the client ended with status %d", status);
    for (unsigned i = 0; i < SENDERS; i++)
        sim_join(tasks[i]);
    for (unsigned i = 0; i < 60000 && atomic_load(&table.total) < table.count * SENDERS; i++)
        usleep(1000);
    report_missing();
    EXPECT_EQ(atomic_load(&table.wrong), 0);
    EXPECT_EQ(atomic_load(&table.total), table.count * SENDERS);
    mark_set("done");
    dll_finish(client);
    dll_machine_end();
}

/* 200,000 packets each way; with an argument, so many. */
SIM_SCENARIO_ON(dll_parallel_packets_none_lost, DLL_SYSTEMS, 0)
{
    run_parallel(sim_scenario_argc > 0 ? (uint32_t)atoi(sim_scenario_argv[0]) : 200000);
}

/* Ten million each way natively, one under emulation. */
SIM_SCENARIO_ON(dll_parallel_packets_ten_million_none_lost, DLL_SYSTEMS, SIM_LONG)
{
    const char *emulator = getenv("SIM_EMULATOR");
    run_parallel(emulator && *emulator ? 1000000 : 10000000);
}
