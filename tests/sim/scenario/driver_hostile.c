/* SPDX-License-Identifier: MIT
 * Registrations that must be refused, and what a handle is worth when its adapter is gone. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "driver_fixture.h"

static struct sim_driver *driver;
static struct sim_adapter *adapter;

static void
begin(void)
{
    driver = fixture_load();
    adapter = fixture_adapter(driver, 1);
}

static void
end(void)
{
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

/* Refused, nothing left behind, and the same client can still register properly. */
static void
expect_refused(struct fake_client *client, const TUN_REGISTER_RINGS *request, NTSTATUS status,
               const char *what)
{
    NTSTATUS got = fake_send_request(client, request, sizeof *request);
    if (got != status)
        sim_fail(__FILE__, __LINE__, "%s: 0x%08x, expected 0x%08x", what, (unsigned)got, (unsigned)status);
    if (sim_ledger_count(SIM_LOCKED_PAGES) || sim_ledger_count(SIM_MAPPING) || sim_ledger_count(SIM_THREAD) ||
        sim_adapter_link_up(adapter))
        sim_fail(__FILE__, __LINE__, "%s: something is left", what);
}

SIM_SCENARIO(registration_with_bad_ring_is_refused)
{
    struct fake_client client;
    TUN_REGISTER_RINGS good, bad;
    begin();
    fake_open(&client, sim_process_fake(), adapter);
    fake_request(&client, &good);
    uint8_t *send = (uint8_t *)good.Send.Ring;
    size_t pages = (client.ring_size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
#define REFUSED(status, what, change)                                                                        \
    do {                                                                                                     \
        bad = good;                                                                                          \
        change;                                                                                              \
        expect_refused(&client, &bad, status, what);                                                         \
    } while (0)
    REFUSED(STATUS_INVALID_PARAMETER, "no size", bad.Send.RingSize = 0);
    REFUSED(STATUS_INVALID_PARAMETER, "a size that is no power of two", bad.Receive.RingSize += 4);
    REFUSED(STATUS_INVALID_PARAMETER, "too small", bad.Send.RingSize = RingSizeOf(RING_MIN_CAPACITY / 2));
    REFUSED(STATUS_INVALID_PARAMETER, "too large", bad.Receive.RingSize = RingSizeOf(RING_MAX_CAPACITY * 2u));
    REFUSED(STATUS_INVALID_PARAMETER, "no ring", bad.Send.Ring = NULL);
    REFUSED(STATUS_INVALID_PARAMETER, "misaligned", bad.Send.Ring = (TUN_RING *)(send + 2));
    REFUSED(STATUS_INVALID_PARAMETER, "at the end of memory",
            bad.Send.Ring = (TUN_RING *)(UINTPTR_MAX - 4095));
    REFUSED(STATUS_INVALID_PARAMETER, "the same ring twice", bad.Receive.Ring = bad.Send.Ring);
    REFUSED(STATUS_INVALID_PARAMETER, "overlapping",
            bad.Receive.Ring = (TUN_RING *)(send + client.ring_size - 4));
    REFUSED(STATUS_ACCESS_VIOLATION, "not there", bad.Send.Ring = (TUN_RING *)(uintptr_t)0x10000);
    REFUSED(STATUS_ACCESS_VIOLATION, "past its end", bad.Send.Ring = (TUN_RING *)(send + PAGE_SIZE));
    REFUSED(STATUS_ACCESS_VIOLATION, "kernel memory",
            bad.Receive.Ring = (TUN_RING *)sim_driver_object(driver));
    sim_user_protect(client.process, send, pages, 1);
    REFUSED(STATUS_ACCESS_VIOLATION, "read-only", (void)0);
    sim_user_protect(client.process, send, pages, 3);
    sim_user_protect(client.process, send + pages - PAGE_SIZE, PAGE_SIZE, 0);
    REFUSED(STATUS_ACCESS_VIOLATION, "last page inaccessible", (void)0);
    sim_user_protect(client.process, send + pages - PAGE_SIZE, PAGE_SIZE, 3);
    client.send->Tail = 2;
    REFUSED(STATUS_INVALID_PARAMETER, "misaligned tail", (void)0);
    client.send->Tail = RING_MIN_CAPACITY;
    REFUSED(STATUS_INVALID_PARAMETER, "tail out of range", (void)0);
    client.send->Tail = 0;
    client.send->Head = RING_CLOSED;
    REFUSED(STATUS_INVALID_PARAMETER, "head out of range", (void)0);
    client.send->Head = 0;
    client.receive->Head = RING_CLOSED;
    REFUSED(STATUS_INVALID_PARAMETER, "head out of range", (void)0);
    client.receive->Head = 0;
    client.receive->Tail = RING_MIN_CAPACITY;
    REFUSED(STATUS_INVALID_PARAMETER, "tail out of range", (void)0);
    client.receive->Tail = 0;
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    fake_exit(&client);
    end();
}

SIM_SCENARIO(registration_with_bad_event_is_refused)
{
    struct fake_client client;
    TUN_REGISTER_RINGS good, bad;
    begin();
    fake_open(&client, sim_process_fake(), adapter);
    fake_request(&client, &good);
    uint64_t weak = sim_event_create_as(client.process, false, false, 0x100000);
#define HANDLE_OF(value) ((HANDLE)(uintptr_t)(value))
    REFUSED(STATUS_INVALID_HANDLE, "no handle", bad.Send.TailMoved = NULL);
    REFUSED(STATUS_INVALID_HANDLE, "unused handle", bad.Receive.TailMoved = HANDLE_OF(0x7FF0));
    REFUSED(STATUS_OBJECT_TYPE_MISMATCH, "a file", bad.Send.TailMoved = HANDLE_OF(client.handle));
    REFUSED(STATUS_OBJECT_TYPE_MISMATCH, "this process", bad.Receive.TailMoved = HANDLE_OF((intptr_t)-1));
    REFUSED(STATUS_ACCESS_DENIED, "may only be waited for", bad.Receive.TailMoved = HANDLE_OF(weak));
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    fake_exit(&client);
    end();
}

SIM_SCENARIO(registration_with_short_input_is_refused)
{
    struct fake_client client;
    uint8_t request[sizeof(TUN_REGISTER_RINGS)];
    begin();
    fake_open(&client, sim_process_fake(), adapter);
    size_t size = fake_request(&client, request);
    for (size_t given = 0; given < size; given++) {
        NTSTATUS status = fake_send_request(&client, request, given);
        if (status != STATUS_INFO_LENGTH_MISMATCH)
            sim_fail(__FILE__, __LINE__, "%zu bytes: 0x%08x", given, (unsigned)status);
    }
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    fake_exit(&client);
    end();
}

SIM_SCENARIO(registration_of_a_second_client_is_refused)
{
    struct fake_client client, second, third;
    begin();
    fake_open(&client, sim_process_fake(), adapter);
    fake_open(&second, client.process, adapter);
    fake_open(&third, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)fake_register(&client), (uint32_t)STATUS_ALREADY_INITIALIZED);
    EXPECT_EQ((uint32_t)fake_register(&second), (uint32_t)STATUS_ALREADY_INITIALIZED);
    EXPECT_EQ((uint32_t)fake_register(&third), (uint32_t)STATUS_ALREADY_INITIALIZED);
    EXPECT(sim_adapter_link_up(adapter));
    EXPECT_EQ((uint32_t)sim_close(client.process, client.handle), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)fake_register(&third), STATUS_SUCCESS);
    fake_exit(&client);
    EXPECT(sim_adapter_link_up(adapter));
    fake_exit(&third);
    EXPECT(!sim_adapter_link_up(adapter));
    end();
}

/* Rings that touch do not overlap, whichever is first. */
SIM_SCENARIO(registration_of_adjacent_rings_is_accepted)
{
    struct fake_client client;
    TUN_REGISTER_RINGS request;
    begin();
    fake_open(&client, sim_process_fake(), adapter);
    fake_request(&client, &request);
    uint8_t *memory = sim_user_allocate(client.process, 2 * (size_t)client.ring_size, true);
    for (unsigned send_first = 0; send_first < 2; send_first++) {
        struct fake_client again;
        EXPECT_EQ((uint32_t)fake_try_open(&again, client.process, adapter, "", 0xC0000000u), STATUS_SUCCESS);
        memset(memory, 0, 2 * (size_t)client.ring_size);
        request.Send.Ring = (TUN_RING *)(memory + (send_first ? 0 : client.ring_size));
        request.Receive.Ring = (TUN_RING *)(memory + (send_first ? client.ring_size : 0));
        EXPECT_EQ((uint32_t)fake_send_request(&again, &request, sizeof request), STATUS_SUCCESS);
        EXPECT_EQ((uint32_t)sim_close(client.process, again.handle), STATUS_SUCCESS);
        EXPECT_EQ(request.Send.Ring->Tail, RING_CLOSED);
        EXPECT_EQ(request.Receive.Ring->Head, RING_CLOSED);
    }
    fake_exit(&client);
    end();
}

static _Atomic unsigned arrived;

static void
count(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    (void)data;
    (void)is_ipv6;
    EXPECT_EQ(length, 100);
    arrived++;
}

/* Rings go on from where their offsets say, with what is in them. */
SIM_SCENARIO(registration_of_rings_in_use_goes_on_from_their_offsets)
{
    enum
    {
        FIRST = RING_MIN_CAPACITY - 52 /* the second packet begins behind the wrap */
    };
    static uint8_t data[1000] = {0x45, 0, 1000 >> 8, 1000 & 0xFF};
    struct sim_packet packet = {data, sizeof data};
    struct fake_client client;
    NDIS_STATUS status;
    begin();
    arrived = 0;
    sim_stack_on_receive(adapter, count, NULL);
    fake_open(&client, sim_process_fake(), adapter);
    client.receive->Head = client.receive->Tail = FIRST;
    for (unsigned i = 0; i < 5; i++)
        fake_put(&client, 100, i);
    client.send->Head = 2000; /* not read yet: from here to the end and on to Tail */
    client.send->Tail = 900;
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    for (unsigned i = 0; arrived < 5 || client.receive->Head != client.receive->Tail; i++) {
        EXPECT(i < 30000);
        usleep(1000);
    }
    EXPECT_EQ(arrived, 5);
    EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, &status), 1);
    EXPECT_EQ(client.send->Tail, 900 + 1004);
    EXPECT_EQ(((const TUN_PACKET *)(client.send->Data + 900))->Size, sizeof data);
    EXPECT(memcmp(client.send->Data + 904, data, sizeof data) == 0);
    EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, &status), 0); /* 92 bytes are free */
    EXPECT_EQ((uint32_t)status, (uint32_t)NDIS_STATUS_RESOURCES);
    packet.length = 88;
    EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, &status), 1);
    EXPECT_EQ(client.send->Tail, 2000 - 4);
    fake_exit(&client);
    end();
}

/* The ring begins in the middle of a page: what is locked and mapped must cover its end. */
SIM_SCENARIO(registration_of_ring_inside_a_page_covers_it)
{
    struct fake_client client;
    TUN_REGISTER_RINGS request;
    begin();
    fake_open(&client, sim_process_fake(), adapter);
    fake_request(&client, &request);
    uint8_t *send = sim_user_allocate(client.process, client.ring_size + PAGE_SIZE, true);
    for (unsigned offset = 4; offset < PAGE_SIZE; offset += offset < 64 ? 4 : 996) {
        request.Send.Ring = (TUN_RING *)(send + offset);
        request.Send.Ring->Head = request.Send.Ring->Tail = RING_MIN_CAPACITY - 4;
        client.receive->Head = client.receive->Tail = 0;
        EXPECT_EQ((uint32_t)fake_send_request(&client, &request, sizeof request), STATUS_SUCCESS);
        /* A packet of the greatest size at the very end of the ring. */
        static uint8_t data[RING_MAX_PACKET] = {0x45, 0, 0xFF, 0xFF};
        data[RING_MAX_PACKET - 1] = (uint8_t)offset;
        struct sim_packet packet = {data, sizeof data};
        EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, NULL), 1);
        const TUN_PACKET *got = (const TUN_PACKET *)(request.Send.Ring->Data + RING_MIN_CAPACITY - 4);
        EXPECT_EQ(got->Size, RING_MAX_PACKET);
        EXPECT(memcmp(got->Data, data, RING_MAX_PACKET) == 0);
        EXPECT_EQ((uint32_t)sim_close(client.process, client.handle), STATUS_SUCCESS);
        EXPECT_EQ(request.Send.Ring->Tail, RING_CLOSED);
        struct fake_client again;
        EXPECT_EQ((uint32_t)fake_try_open(&again, client.process, adapter, "", 0xC0000000u), STATUS_SUCCESS);
        client.handle = again.handle;
    }
    fake_exit(&client);
    end();
}

SIM_SCENARIO(request_that_is_unknown_is_refused)
{
    struct fake_client client;
    uint8_t data[64] = {0};
    begin();
    fake_open(&client, sim_process_fake(), adapter);
    for (unsigned method = 1; method < 4; method++) {
        EXPECT(!NT_SUCCESS(sim_ioctl(client.process, client.handle, TUN_IOCTL_REGISTER_RINGS | method, data,
                                     sizeof data, data, sizeof data, NULL)));
    }
    for (uint32_t function = 0x960; function < 0x990; function++) {
        if (function == 0x970 || function == 0x971)
            continue;
        NTSTATUS status = sim_ioctl(client.process, client.handle, TUN_CTL_CODE(function, 0), data,
                                    sizeof data, data, sizeof data, NULL);
        EXPECT_EQ((uint32_t)status, (uint32_t)STATUS_INVALID_DEVICE_REQUEST);
    }
    fake_exit(&client);
    end();
}

SIM_SCENARIO(query_identity_tells_the_adapter)
{
    struct fake_client client;
    struct
    {
        TUN_ADAPTER_IDENTITY identity;
        uint8_t behind[8];
    } out;
    uint32_t returned;
    begin();
    fake_open(&client, sim_process_fake(), adapter);
    for (uint32_t size = 0; size < sizeof out.identity; size++) {
        EXPECT_EQ((uint32_t)sim_ioctl(client.process, client.handle, TUN_IOCTL_QUERY_IDENTITY, NULL, 0, &out,
                                      size, &returned),
                  (uint32_t)STATUS_BUFFER_TOO_SMALL);
    }
    memset(&out, 0xEE, sizeof out);
    EXPECT_EQ((uint32_t)sim_ioctl(client.process, client.handle, TUN_IOCTL_QUERY_IDENTITY, NULL, 0, &out,
                                  sizeof out, &returned),
              STATUS_SUCCESS);
    EXPECT_EQ(returned, sizeof out.identity);
    EXPECT_EQ(out.identity.NetLuid, sim_adapter_luid(adapter));
    EXPECT_EQ(out.identity.Reserved, 0);
    EXPECT_EQ(out.behind[0], 0xEE);
    fake_exit(&client);
    end();
}

/* ---- Opens ---- */

SIM_SCENARIO(open_below_the_device_is_refused)
{
    struct fake_client client;
    begin();
    struct sim_process *process = sim_process_fake();
    EXPECT(!NT_SUCCESS(fake_try_open(&client, process, adapter, "\\x", 0xC0000000u)));
    EXPECT(!NT_SUCCESS(fake_try_open(&client, process, adapter, "\\", 0xC0000000u)));
    EXPECT(NT_SUCCESS(fake_try_open(&client, process, adapter, "", 0xC0000000u)));
    sim_process_exit_fake(process);
    end();
}

SIM_SCENARIO(open_by_a_plain_user_is_denied)
{
    struct fake_client client;
    begin();
    struct sim_process *process = sim_process_fake_as(SIM_64BIT ? 64 : 32, false);
    EXPECT_EQ((uint32_t)fake_try_open(&client, process, adapter, "", 0xC0000000u),
              (uint32_t)STATUS_ACCESS_DENIED);
    EXPECT_EQ((uint32_t)fake_try_open(&client, process, adapter, "", 0x80000000u),
              (uint32_t)STATUS_ACCESS_DENIED);
    EXPECT(!NT_SUCCESS(fake_try_open(&client, process, adapter, "\\x", 0x80000000u)));
    sim_process_exit_fake(process);
    end();
}

SIM_SCENARIO(registration_needs_read_and_write_access)
{
    struct fake_client client, reader;
    begin();
    fake_open(&client, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_try_open(&reader, client.process, adapter, "", 0x80000000u), STATUS_SUCCESS);
    struct fake_client as_reader = client;
    as_reader.handle = reader.handle;
    EXPECT_EQ((uint32_t)fake_register(&as_reader), (uint32_t)STATUS_ACCESS_DENIED);
    fake_exit(&client);
    end();
}

/* Handles and addresses mean what they mean in the process that asks, and only what user mode asks is
 * probed. */
SIM_SCENARIO(registration_is_user_modes_and_the_current_processes)
{
    struct fake_client client;
    uint8_t request[sizeof(TUN_REGISTER_RINGS)];
    begin();
    struct sim_process *other = sim_process_fake();
    fake_open(&client, sim_process_fake(), adapter);
    uint32_t size = (uint32_t)fake_request(&client, request);
    EXPECT_EQ((uint32_t)sim_ioctl_as(client.process, client.process, 0, client.handle,
                                     TUN_IOCTL_REGISTER_RINGS, request, size),
              (uint32_t)STATUS_ACCESS_DENIED);
    EXPECT_EQ((uint32_t)sim_ioctl_as(client.process, other, 1, client.handle, TUN_IOCTL_REGISTER_RINGS,
                                     request, size),
              (uint32_t)STATUS_ACCESS_DENIED);
    EXPECT(!sim_adapter_link_up(adapter));
    EXPECT_EQ((uint32_t)sim_ioctl_as(client.process, client.process, 1, client.handle,
                                     TUN_IOCTL_REGISTER_RINGS, request, size),
              STATUS_SUCCESS);
    fake_exit(&client);
    sim_process_exit_fake(other);
    end();
}

/* A structure of 32 bits from a process of 64 and the reverse. */
SIM_SCENARIO(registration_goes_by_the_word_size_of_the_caller)
{
    struct fake_client narrow;
    if (!SIM_64BIT)
        sim_skip("a kernel of 32 bits has no WOW64");
    begin();
    fake_open(&narrow, sim_process_fake_as(32, true), adapter);
    TUN_REGISTER_RINGS wide = {
        .Send = {narrow.ring_size, narrow.send, (HANDLE)(uintptr_t)narrow.send_event},
        .Receive = {narrow.ring_size, narrow.receive, (HANDLE)(uintptr_t)narrow.receive_event}};
    expect_refused(&narrow, &wide, STATUS_INVALID_PARAMETER, "the wide structure from a process of 32 bits");
    TUN_REGISTER_RINGS_32 small, pseudo;
    fake_request(&narrow, &small);
    /* (HANDLE)-1 is the process itself also when it is as short as a process of 32 bits has it; the rings lie
     * on either side of 2 GiB. */
    for (unsigned i = 0; i < 2; i++) {
        pseudo = small;
        *(i ? &pseudo.Send.TailMoved : &pseudo.Receive.TailMoved) = 0xFFFFFFFF;
        EXPECT_EQ((uint32_t)fake_send_request(&narrow, &pseudo, sizeof pseudo),
                  (uint32_t)STATUS_OBJECT_TYPE_MISMATCH);
    }
    EXPECT((small.Send.Ring ^ small.Receive.Ring) & 0x80000000u);
    EXPECT_EQ((uint32_t)fake_register(&narrow), STATUS_SUCCESS);
    EXPECT(sim_adapter_link_up(adapter));
    EXPECT_EQ((uint32_t)sim_close(narrow.process, narrow.handle), STATUS_SUCCESS);
    struct fake_client again; /* with the rings on the other sides */
    EXPECT_EQ((uint32_t)fake_try_open(&again, narrow.process, adapter, "", 0xC0000000u), STATUS_SUCCESS);
    memset(narrow.send, 0, sizeof *narrow.send);
    memset(narrow.receive, 0, sizeof *narrow.receive);
    pseudo = small;
    pseudo.Send.Ring = small.Receive.Ring;
    pseudo.Receive.Ring = small.Send.Ring;
    EXPECT_EQ((uint32_t)fake_send_request(&again, &pseudo, sizeof pseudo), STATUS_SUCCESS);
    fake_exit(&narrow);
    struct fake_client client;
    fake_open(&client, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_send_request(&client, &small, sizeof small),
              (uint32_t)STATUS_INFO_LENGTH_MISMATCH);
    fake_exit(&client);
    end();
}
