/* SPDX-License-Identifier: MIT
 * Sessions through the DLL: packets in both directions, full rings, ends of every kind, hygiene of the last
 * error. */
#include "dll_machine.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPACITY 0x20000u
#define STRAY    0x1234u

static uintptr_t
create(const char *name)
{
    uintptr_t adapter = client_create(name);
    if (!adapter)
        sim_fail(__FILE__, __LINE__, "WintunCreateAdapter fails with error %u", client_last_error());
    return adapter;
}

static uintptr_t
start(uintptr_t adapter, uint32_t capacity)
{
    uintptr_t session = (uintptr_t)SIM_CALL(dll.StartSession, adapter, capacity);
    if (!session)
        sim_fail(__FILE__, __LINE__, "WintunStartSession fails with error %u", client_last_error());
    return session;
}

/* Waits for the client to be where the scenario goes on, and for its adapter. */
static struct sim_adapter *
ready(struct sim_process *client, const char *connection)
{
    for (unsigned i = 0; i < 60000 && !mark_is_set("ready"); i++)
        if (sim_process_wait(client, 1) >= 0)
            dll_finish(client);
    EXPECT(mark_is_set("ready"));
    struct sim_adapter *adapter = sim_machine_adapter(connection, 5000);
    EXPECT(adapter != NULL);
    return adapter;
}

/* ---- Pings ---- */

CLIENT_PROGRAM(program_answers_pings)
{
    uint32_t size, count = (uint32_t)atoi(argv[1]);
    (void)argc;
    client_begin();
    uintptr_t adapter = create("Ping"), session = start(adapter, CAPACITY);
    mark_set("ready");
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *packet = client_receive(session, &size, 30000);
        EXPECT(packet != NULL);
        uint8_t *answer = client_allocate(session, size);
        EXPECT(answer != NULL);
        memcpy(answer, packet, size);
        memcpy(answer + 12, packet + 16, 4);
        memcpy(answer + 16, packet + 12, 4);
        answer[20] = 0;
        /* The type went from 8 to 0, so the checksum grows by 0x0800. */
        uint32_t sum = ((uint32_t)answer[22] << 8 | answer[23]) + 0x0800;
        sum = (sum & 0xFFFF) + (sum >> 16);
        answer[22] = (uint8_t)(sum >> 8);
        answer[23] = (uint8_t)sum;
        EXPECT((uint32_t)SIM_CALL(dll.SendPacket, session, SIM_WORD(answer)) != 0);
        EXPECT((uint32_t)SIM_CALL(dll.ReleaseReceivePacket, session, SIM_WORD(packet)) != 0);
    }
    EXPECT(mark_wait("done", 60000));
    SIM_CALL(dll.EndSession, session);
    client_close(adapter);
    client_end();
    return 0;
}

static struct
{
    atomic_uint answers, wrong;
} pings;

static void
take_answer(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    uint8_t expected[128];
    unsigned sequence = atomic_load(&pings.answers);
    (void)context;
    uint32_t size = dll_make_ping(expected, 0x0A060708, 0x0A060707, (uint16_t)sequence, 56);
    uint32_t sum = ((uint32_t)expected[22] << 8 | expected[23]) + 0x0800;
    sum = (sum & 0xFFFF) + (sum >> 16);
    expected[20] = 0;
    expected[22] = (uint8_t)(sum >> 8);
    expected[23] = (uint8_t)sum;
    if (is_ipv6 || length != size || memcmp(data, expected, size) != 0)
        atomic_fetch_add(&pings.wrong, 1);
    atomic_fetch_add(&pings.answers, 1);
}

SIM_SCENARIO_ON(dll_pings_are_answered, DLL_SYSTEMS, 0)
{
    enum
    {
        COUNT = 200
    };
    uint8_t packet[128];
    char count[16];
    sim_machine_start();
    snprintf(count, sizeof count, "%u", COUNT);
    struct sim_process *client = dll_start("program_answers_pings", count);
    struct sim_adapter *adapter = ready(client, "Ping");
    EXPECT(sim_adapter_link_up(adapter));
    sim_stack_on_receive(adapter, take_answer, NULL);
    for (unsigned i = 0; i < COUNT; i++) {
        struct sim_packet ping = {packet, dll_make_ping(packet, 0x0A060707, 0x0A060708, (uint16_t)i, 56)};
        EXPECT_EQ(sim_stack_send(adapter, &ping, 1, NULL, true, NULL), 1);
        for (unsigned wait = 0; wait < 30000 && atomic_load(&pings.answers) <= i; wait++)
            usleep(1000);
        EXPECT_EQ(atomic_load(&pings.answers), i + 1);
    }
    EXPECT_EQ(atomic_load(&pings.wrong), 0);
    mark_set("done");
    dll_finish(client);
    dll_machine_end();
}

/* ---- Starting: what is refused, and the last error ---- */

CLIENT_PROGRAM(program_session_start)
{
    static const uint32_t wrong[] = {0, 1, 0x10000, 0x1FFFF, 0x20001, 0x30000, 0x8000000, 0xFFFFFFFF};
    uint32_t size;
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = create("Start");
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        EXPECT_EQ(SIM_CALL(dll.StartSession, adapter, wrong[i]), 0);
        EXPECT_EQ(client_last_error(), ERROR_INVALID_PARAMETER);
    }
    client_set_last_error(STRAY);
    uintptr_t session = start(adapter, CAPACITY);
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);
    EXPECT_EQ(SIM_CALL(dll.StartSession, adapter, CAPACITY), 0);
    EXPECT_EQ(client_last_error(), 1247 /* ERROR_ALREADY_INITIALIZED */);

    EXPECT_EQ(SIM_CALL(dll.ReceivePacket, session, SIM_WORD(&size)), 0);
    EXPECT_EQ(client_last_error(), ERROR_NO_MORE_ITEMS);
    EXPECT_EQ(SIM_CALL(dll.AllocateSendPacket, session, 0x10000), 0);
    EXPECT_EQ(client_last_error(), ERROR_INVALID_PARAMETER);
    client_set_last_error(STRAY);
    uintptr_t packet = (uintptr_t)SIM_CALL(dll.AllocateSendPacket, session, 40);
    EXPECT(packet != 0);
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);
    dll_make_numbered((uint8_t *)packet, 40, 1, 1);
    client_set_last_error(STRAY);
    EXPECT((uint32_t)SIM_CALL(dll.SendPacket, session, packet) != 0);
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);
    client_set_last_error(STRAY);
    EXPECT(SIM_CALL(dll.GetReadWaitEvent, session) != 0);
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);
    client_set_last_error(STRAY);
    EXPECT((uint32_t)SIM_CALL(dll.EndSession, session) != 0);
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);

    /* Again, with the largest rings, a few times. */
    for (unsigned i = 0; i < 3; i++) {
        session = start(adapter, i == 2 ? 0x4000000 : CAPACITY << i);
        SIM_CALL(dll.EndSession, session);
    }
    client_set_last_error(STRAY);
    client_close(adapter);
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);
    client_close(0);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_session_start_and_last_error, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_session_start", NULL);
    dll_machine_end();
}

/* ---- Full rings ---- */

CLIENT_PROGRAM(program_full_ring)
{
    enum
    {
        SIZE = 1400,
        MOST = 200
    };
    uint8_t *packets[MOST];
    uint32_t count = 0, size, sender, number;
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = create("Full"), session = start(adapter, CAPACITY);
    mark_set("ready");
    EXPECT(mark_wait("sent", 60000));
    /* The driver's ring is full: what fitted is there in order, the rest was dropped. */
    uint32_t expected = 0;
    for (uint8_t *packet; (packet = client_receive(session, &size, 0)); expected++) {
        EXPECT(dll_check_numbered(packet, size, &sender, &number));
        EXPECT_EQ(number, expected);
        SIM_CALL(dll.ReleaseReceivePacket, session, SIM_WORD(packet));
    }
    EXPECT(expected >= CAPACITY / 1416 && expected < 200);
    /* Ours: what is allocated and not sent fills it. */
    while ((packets[count] = (uint8_t *)(uintptr_t)SIM_CALL(dll.AllocateSendPacket, session, SIZE)))
        EXPECT(++count < MOST);
    EXPECT_EQ(client_last_error(), ERROR_BUFFER_OVERFLOW);
    EXPECT(count >= CAPACITY / (SIZE + 16));
    /* Written and sent the first, then from the last to the second: they arrive in the order of allocation, and none before it is
     * sent. */
    for (uint32_t i = 0; i < count; i++)
        memset(packets[i], 0, SIZE);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t which = i ? count - i : 0;
        dll_make_numbered(packets[which], SIZE, 7, which);
        SIM_CALL(dll.SendPacket, session, SIM_WORD(packets[which]));
    }
    uint8_t *packet = client_allocate(session, SIZE);
    EXPECT(packet != NULL);
    dll_make_numbered(packet, SIZE, 7, count);
    SIM_CALL(dll.SendPacket, session, SIM_WORD(packet));
    mark_set("filled");
    EXPECT(mark_wait("done", 60000));
    SIM_CALL(dll.EndSession, session);
    client_close(adapter);
    client_end();
    return 0;
}

static atomic_uint full_next, full_wrong;

static void
take_in_order(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    uint32_t sender, number;
    (void)context;
    if (is_ipv6 || !dll_check_numbered(data, length, &sender, &number) || sender != 7 || number != full_next)
        atomic_fetch_add(&full_wrong, 1);
    atomic_fetch_add(&full_next, 1);
}

SIM_SCENARIO_ON(dll_full_rings_drop_and_keep_order, DLL_SYSTEMS, 0)
{
    enum
    {
        COUNT = 200,
        SIZE = 1400
    };
    static uint8_t packets[COUNT][SIZE];
    unsigned taken = 0;
    sim_machine_start();
    struct sim_process *client = dll_start("program_full_ring", NULL);
    struct sim_adapter *adapter = ready(client, "Full");
    sim_stack_on_receive(adapter, take_in_order, NULL);
    for (unsigned i = 0; i < COUNT; i++) {
        struct sim_packet packet = {packets[i], SIZE};
        NDIS_STATUS status;
        dll_make_numbered(packets[i], SIZE, 3, i);
        taken += sim_stack_send(adapter, &packet, 1, NULL, true, &status);
    }
    EXPECT(taken > 0 && taken < COUNT);
    mark_set("sent");
    for (unsigned i = 0; i < 60000 && !mark_is_set("filled"); i++)
        if (sim_process_wait(client, 1) >= 0)
            dll_finish(client);
    for (unsigned i = 0; i < 10000 && atomic_load(&full_next) < CAPACITY / (SIZE + 16) + 1; i++)
        usleep(1000);
    EXPECT(atomic_load(&full_next) >= CAPACITY / (SIZE + 16) + 1);
    EXPECT_EQ(atomic_load(&full_wrong), 0);
    mark_set("done");
    dll_finish(client);
    dll_machine_end();
}

/* ---- Ends ---- */

static uintptr_t waiting_session;
static uint32_t waiting_error;
static atomic_bool waiting;

static void
wait_for_packet(void *context)
{
    uint32_t size;
    (void)context;
    atomic_store(&waiting, true);
    EXPECT(client_receive(waiting_session, &size, 30000) == NULL);
    waiting_error = client_last_error();
}

CLIENT_PROGRAM(program_waits_for_the_end)
{
    bool pulled = strcmp(argv[1], "pulled") == 0, closed = strcmp(argv[1], "closed") == 0;
    (void)argc;
    client_begin();
    uintptr_t adapter = create("End");
    waiting_session = start(adapter, CAPACITY);
    struct win_task *reader = win_spawn(wait_for_packet, NULL);
    while (!atomic_load(&waiting))
        usleep(100);
    usleep(20000);
    mark_set("ready");
    if (closed)
        client_close(adapter);
    else if (!pulled)
        SIM_CALL(dll.EndSession, waiting_session);
    win_join(reader);
    EXPECT_EQ(waiting_error, ERROR_HANDLE_EOF);
    if (pulled || closed) {
        EXPECT_EQ(SIM_CALL(dll.AllocateSendPacket, waiting_session, 40), 0);
        EXPECT_EQ(client_last_error(), ERROR_HANDLE_EOF);
        SIM_CALL(dll.EndSession, waiting_session);
    }
    if (!closed)
        client_close(adapter);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_reader_wakes_when_its_session_ends, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_waits_for_the_end", "ended");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_reader_wakes_when_its_adapter_is_closed, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_waits_for_the_end", "closed");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_reader_wakes_when_its_device_is_pulled, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    struct sim_process *client = dll_start("program_waits_for_the_end", "pulled");
    sim_machine_pull(ready(client, "End"));
    dll_finish(client);
    dll_machine_end();
}

CLIENT_PROGRAM(program_ends_holding_packets)
{
    uint32_t size, sender, number;
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = create("Hold"), session = start(adapter, CAPACITY);
    mark_set("ready");
    uint8_t *received = client_receive(session, &size, 30000);
    uint8_t *allocated = client_allocate(session, 100);
    EXPECT(received && allocated);
    SIM_CALL(dll.EndSession, session);
    /* Both stay until they are given back. */
    EXPECT(dll_check_numbered(received, size, &sender, &number));
    memset(allocated, 0, 100);
    SIM_CALL(dll.SendPacket, session, SIM_WORD(allocated));
    SIM_CALL(dll.ReleaseReceivePacket, session, SIM_WORD(received));
    /* Given back twice, and what was never a packet: ignored, and told. */
    uint8_t *const none[] = {allocated, received, received + 4, NULL};
    for (unsigned i = 0; i < 4; i++) {
        client_set_last_error(STRAY);
        EXPECT((uint32_t)SIM_CALL(dll.SendPacket, session, SIM_WORD(none[i])) != 0);
        EXPECT_EQ(client_last_error(), ERROR_INVALID_PARAMETER);
        client_set_last_error(STRAY);
        EXPECT((uint32_t)SIM_CALL(dll.ReleaseReceivePacket, session, SIM_WORD(none[i])) != 0);
        EXPECT_EQ(client_last_error(), ERROR_INVALID_PARAMETER);
    }
    EXPECT((uint32_t)SIM_CALL(dll.ReleaseReceivePacket, 0, SIM_WORD(received)) != 0);
    EXPECT_EQ(client_last_error(), ERROR_INVALID_HANDLE);
    EXPECT((uint32_t)SIM_CALL(dll.EndSession, session) != 0);
    EXPECT_EQ(SIM_CALL(dll.GetReadWaitEvent, session), 0);
    EXPECT_EQ(client_last_error(), ERROR_HANDLE_EOF);
    /* A new session on the same adapter is another one. */
    session = start(adapter, CAPACITY);
    SIM_CALL(dll.EndSession, session);
    client_close(adapter);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_session_ends_while_packets_are_held, DLL_SYSTEMS, 0)
{
    uint8_t data[100];
    struct sim_packet packet = {data, sizeof data};
    sim_machine_start();
    struct sim_process *client = dll_start("program_ends_holding_packets", NULL);
    struct sim_adapter *adapter = ready(client, "Hold");
    dll_make_numbered(data, sizeof data, 1, 1);
    sim_stack_send(adapter, &packet, 1, NULL, true, NULL);
    dll_finish(client);
    dll_machine_end();
}

/* ---- A client that is killed, its adapter owned by another process ---- */

CLIENT_PROGRAM(program_owner)
{
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = create("Owned");
    mark_set("ready");
    EXPECT(mark_wait("done", 120000));
    client_close(adapter);
    client_end();
    return 0;
}

CLIENT_PROGRAM(program_user)
{
    uint32_t size;
    (void)argc;
    client_begin();
    uintptr_t adapter = client_open("Owned");
    EXPECT(adapter != 0);
    uintptr_t session = start(adapter, CAPACITY);
    mark_set(argv[1]);
    /* Until it is killed, or a packet tells it to end. */
    uint8_t *packet = client_receive(session, &size, 60000);
    EXPECT(packet != NULL);
    SIM_CALL(dll.ReleaseReceivePacket, session, SIM_WORD(packet));
    SIM_CALL(dll.EndSession, session);
    client_close(adapter);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_killed_client_frees_the_adapter, DLL_SYSTEMS, 0)
{
    uint8_t data[64];
    struct sim_packet packet = {data, sizeof data};
    sim_machine_start();
    struct sim_process *owner = dll_start("program_owner", NULL);
    struct sim_adapter *adapter = ready(owner, "Owned");
    dll_make_numbered(data, sizeof data, 1, 1);
    for (unsigned i = 0; i < 3; i++) {
        char mark[16];
        snprintf(mark, sizeof mark, "user%u", i);
        struct sim_process *user = dll_start("program_user", mark);
        for (unsigned wait = 0; wait < 60000 && !mark_is_set(mark); wait++)
            if (sim_process_wait(user, 1) >= 0)
                dll_finish(user);
        EXPECT(sim_adapter_link_up(adapter));
        if (i < 2) {
            sim_process_kill(user);
        } else {
            EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, NULL), 1);
            dll_finish(user);
        }
        for (unsigned wait = 0; wait < 5000 && sim_adapter_link_up(adapter); wait++)
            usleep(1000);
        EXPECT(!sim_adapter_link_up(adapter));
    }
    mark_set("done");
    dll_finish(owner);
    dll_machine_end();
}
