/* SPDX-License-Identifier: MIT
 *
 * The data path one call at a time: what fits and what does not, which status whoever is refused gets, odd
 * chains of buffers, what a client's broken packets do, and requests with buffers of every length. Long, because it is
 * many small cases over one fixture.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "host.h"
#include "raw_client.h"
#include "session_host.h"

#define LUID    7u
#define ADAPTER ((WINTUN_ADAPTER_HANDLE)(uintptr_t)LUID)

typedef struct fixture
{
    host_adapter *adapter;
    WINTUN_SESSION_HANDLE session;
    NDIS_STATUS statuses[4096];
    unsigned int completed;
    unsigned int reenter; /* so many completions send once more */
    unsigned int received, lent;
    bool hold; /* keep what is received */
    NET_BUFFER_LIST *held;
    volatile LONG waiting; /* readers that are about to wait */
    uint8_t last[RING_MAX_PACKET];
    uint32_t last_size;
} fixture;

static uint8_t packet_memory[4 * RING_MAX_PACKET];

static void
send_sink(void *context, NET_BUFFER_LIST *nbl)
{
    fixture *f = context;
    f->statuses[f->completed++ % 4096] = nbl->Status;
    if (f->reenter) {
        f->reenter--;
        nbl->Status = (NDIS_STATUS)0xDEADBEEF;
        host_adapter_send(f->adapter, nbl, false);
        return;
    }
    host_nbl_free(nbl);
}

static void
receive_sink(void *context, NET_BUFFER_LIST *chain, ULONG count, bool resources)
{
    fixture *f = context;
    NET_BUFFER *nb = chain->FirstNetBuffer;
    f->last_size = nb->DataLength;
    memcpy(f->last, nb->CurrentMdl->MappedSystemVa, nb->DataLength);
    if (resources) {
        f->lent += count;
    } else if (f->hold) {
        NET_BUFFER_LIST *end = chain;
        while (end->Next)
            end = end->Next;
        end->Next = f->held;
        f->held = chain;
    } else {
        host_adapter_return(f->adapter, chain);
    }
    __atomic_add_fetch(&f->received, count, __ATOMIC_RELEASE);
}

static int
begin(void **state)
{
    fixture *f = calloc(1, sizeof(*f));
    sched_begin(0);
    host_enter_process(HOST_SYSTEM_PROCESS);
    assert_int_equal(host_driver_load(NDIS_RUNTIME_VERSION_630), 0);
    f->adapter = host_adapter_create(LUID);
    assert_non_null(f->adapter);
    host_adapter_set_sinks(f->adapter, receive_sink, send_sink, f);
    host_enter_process(1000);
    f->session = WintunStartSession(ADAPTER, RING_MIN_CAPACITY);
    assert_non_null(f->session);
    host_adapter_restart(f->adapter);
    memset(packet_memory, 0, sizeof(packet_memory));
    *state = f;
    return 0;
}

static int
end(void **state)
{
    fixture *f = *state;
    if (f->session)
        WintunEndSession(f->session);
    session_process_end();
    host_adapter_pause(f->adapter);
    host_enter_process(HOST_SYSTEM_PROCESS);
    host_adapter_halt(f->adapter);
    host_driver_unload();
    sched_end();
    free(f);
    return 0;
}

/* One NBL with one packet of this size, its first byte first. */
static NET_BUFFER_LIST *
packet(uint32_t size, uint8_t first)
{
    packet_memory[0] = first;
    return host_nbl_create(packet_memory, &size, 1, 0);
}

static NDIS_STATUS
send_one(fixture *f, NET_BUFFER_LIST *nbl)
{
    unsigned int before = f->completed;
    host_adapter_send(f->adapter, nbl, false);
    assert_int_equal(f->completed, before + 1);
    return f->statuses[before % 4096];
}

static unsigned int
read_all(fixture *f)
{
    unsigned int count = 0;
    DWORD size;
    BYTE *data;
    while ((data = WintunReceivePacket(f->session, &size)) != NULL) {
        WintunReleaseReceivePacket(f->session, data);
        count++;
    }
    assert_int_equal(GetLastError(), ERROR_NO_MORE_ITEMS);
    return count;
}

static void
full_ring_holds_exactly_its_capacity(void **state)
{
    fixture *f = *state;
    /* Twice, so that the second round begins somewhere else. A span of 64, and one unit stays free. */
    for (int round = 0; round < 2; round++) {
        unsigned int taken = 0;
        while (taken < 4096 && send_one(f, packet(60, 0x45)) == NDIS_STATUS_SUCCESS)
            taken++;
        assert_int_equal(f->statuses[(f->completed - 1) % 4096], NDIS_STATUS_RESOURCES);
        assert_int_equal(taken, (RING_MIN_CAPACITY - 4) / 64);
        assert_int_equal(read_all(f), taken);
    }
    /* Filled to the last unit: spans of 64 and one of 60. */
    for (unsigned int i = 0; i < (RING_MIN_CAPACITY - 4) / 64; i++)
        assert_int_equal(send_one(f, packet(60, 0x45)), NDIS_STATUS_SUCCESS);
    assert_int_equal(send_one(f, packet(57, 0x45)), NDIS_STATUS_RESOURCES);
    assert_int_equal(send_one(f, packet(56, 0x45)), NDIS_STATUS_SUCCESS);
    assert_int_equal(send_one(f, packet(20, 0x45)), NDIS_STATUS_RESOURCES);
    assert_int_equal(read_all(f), (RING_MIN_CAPACITY - 4) / 64 + 1);
}

static void
chain_that_fits_in_part_is_dropped_nbl_by_nbl(void **state)
{
    fixture *f = *state;
    static const uint32_t sizes[] = {60000, 60000, 60000, 1000, 60000, 20};
    NET_BUFFER_LIST *chain = NULL, **link = &chain;
    for (unsigned int i = 0; i < 6; i++) {
        *link = packet(sizes[i], 0x45);
        link = &(*link)->Next;
    }
    host_adapter_send(f->adapter, chain, true);
    assert_int_equal(f->completed, 6);
    for (unsigned int i = 0; i < 6; i++)
        assert_int_equal(f->statuses[i], i == 2 || i == 4 ? NDIS_STATUS_RESOURCES : NDIS_STATUS_SUCCESS);
    assert_int_equal(read_all(f), 4);
}

/* All NBs of an NBL or none. */
static void
nbl_is_never_sent_in_part(void **state)
{
    fixture *f = *state;
    static const uint32_t sizes[] = {60000, 60000, 60000};
    packet_memory[0] = packet_memory[60000] = packet_memory[120000] = 0x45;
    assert_int_equal(send_one(f, host_nbl_create(packet_memory, sizes, 3, 0)), NDIS_STATUS_RESOURCES);
    assert_int_equal(read_all(f), 0);
    assert_int_equal(send_one(f, host_nbl_create(packet_memory, sizes, 2, 1000)), NDIS_STATUS_SUCCESS);
    assert_int_equal(read_all(f), 2);
}

/* Its packets are all the same memory. Their sum is a little more than 32 bits hold: what is left of it would fit. */
static void
nbl_whose_length_overflows_is_refused(void **state)
{
    enum
    {
        SPAN = (4 + RING_MAX_PACKET + 3) & ~3,
        PACKETS = (int)(0x100000000ull / SPAN + 1)
    };
    static const uint32_t sizes[PACKETS];
    fixture *f = *state;
    NDIS_STATISTICS_INFO info;
    packet_memory[0] = 0x45;
    NET_BUFFER_LIST *nbl = host_nbl_create(packet_memory, sizes, PACKETS, 0);
    for (NET_BUFFER *nb = nbl->FirstNetBuffer; nb; nb = nb->Next)
        nb->DataLength = nb->CurrentMdl->ByteCount = RING_MAX_PACKET;
    assert_int_equal(send_one(f, nbl), NDIS_STATUS_RESOURCES);
    assert_int_equal(read_all(f), 0);
    assert_int_equal(host_adapter_query(f->adapter, OID_GEN_STATISTICS, &info, sizeof(info), NULL), 0);
    assert_int_equal(info.ifOutDiscards, PACKETS);
}

static void
what_is_no_ip_packet_is_refused(void **state)
{
    fixture *f = *state;
    assert_int_equal(send_one(f, packet(19, 0x45)), NDIS_STATUS_INVALID_LENGTH);
    assert_int_equal(send_one(f, packet(RING_MAX_PACKET + 1, 0x45)), NDIS_STATUS_INVALID_LENGTH);
    assert_int_equal(send_one(f, packet(100, 0x55)), NDIS_STATUS_INVALID_PACKET);
    assert_int_equal(send_one(f, packet(39, 0x60)), NDIS_STATUS_INVALID_PACKET);
    NET_BUFFER_LIST *offload = packet(100, 0x45);
    offload->NetBufferListInfo[TcpLargeSendNetBufferListInfo] = (PVOID)(uintptr_t)1460;
    assert_int_equal(send_one(f, offload), NDIS_STATUS_INVALID_PACKET);
    NET_BUFFER_LIST *short_mdl = packet(100, 0x45);
    short_mdl->FirstNetBuffer->DataLength = 101;
    assert_int_equal(send_one(f, short_mdl), NDIS_STATUS_INVALID_PACKET);
    assert_int_equal(send_one(f, packet(RING_MAX_PACKET, 0x45)), NDIS_STATUS_SUCCESS);
    assert_int_equal(send_one(f, packet(40, 0x60)), NDIS_STATUS_SUCCESS);
    assert_int_equal(read_all(f), 2);
}

/* Data that begins behind the first MDL's last byte, empty MDLs, and bytes that are no data at the end. */
static void
odd_mdl_chains_are_followed(void **state)
{
    fixture *f = *state;
    uint32_t size = 300;
    DWORD got;
    for (uint32_t i = 0; i < 400; i++)
        packet_memory[i] = (uint8_t)i;
    packet_memory[100] = 0x45;
    NET_BUFFER_LIST *nbl = host_nbl_create(packet_memory, &size, 1, 100);
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    PMDL empty = calloc(1, sizeof(*empty));
    empty->MappedSystemVa = packet_memory;
    empty->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    empty->Next = nb->MdlChain->Next;
    nb->MdlChain->Next = empty;
    nb->CurrentMdlOffset = nb->DataOffset = 100;
    nb->DataLength = 150;
    assert_int_equal(send_one(f, nbl), NDIS_STATUS_SUCCESS);
    BYTE *data = WintunReceivePacket(f->session, &got);
    assert_non_null(data);
    assert_int_equal(got, 150);
    assert_memory_equal(data, packet_memory + 100, 150);
    WintunReleaseReceivePacket(f->session, data);
}

static void
completion_may_send_again(void **state)
{
    fixture *f = *state;
    f->reenter = 3;
    packet_memory[0] = 0x45;
    host_adapter_send(f->adapter, packet(100, 0x45), false);
    assert_int_equal(f->completed, 4);
    assert_int_equal(read_all(f), 4);
}

static void
refusals_say_why(void **state)
{
    fixture *f = *state;
    host_adapter_pause(f->adapter);
    assert_int_equal(send_one(f, packet(100, 0x45)), NDIS_STATUS_PAUSED);
    host_adapter_restart(f->adapter);
    host_adapter_set_power(f->adapter, true);
    assert_int_equal(send_one(f, packet(100, 0x45)), NDIS_STATUS_LOW_POWER_STATE);
    host_adapter_set_power(f->adapter, false);
    assert_int_equal(send_one(f, packet(100, 0x45)), NDIS_STATUS_SUCCESS);
    assert_int_equal(read_all(f), 1);
    WintunEndSession(f->session);
    assert_int_equal(send_one(f, packet(100, 0x45)), NDIS_STATUS_MEDIA_DISCONNECTED);
    f->session = WintunStartSession(ADAPTER, RING_MIN_CAPACITY);
    assert_non_null(f->session);
    host_adapter_surprise_remove(f->adapter);
    assert_int_equal(send_one(f, packet(100, 0x45)), NDIS_STATUS_NOT_ACCEPTED);
}

/* ---- Client to stack ---- */

static void
wait_received(fixture *f, unsigned int count)
{
    uint64_t deadline = sched_time() + 100000000;
    while (__atomic_load_n(&f->received, __ATOMIC_ACQUIRE) < count) {
        if (sched_time() > deadline)
            fail_msg("%u of %u packets after ten seconds", f->received, count);
        sched_relax();
    }
}

static void
client_send(fixture *f, uint8_t first, uint32_t size)
{
    BYTE *data = WintunAllocateSendPacket(f->session, size);
    assert_non_null(data);
    for (uint32_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 7 + size);
    if (size)
        data[0] = first;
    WintunSendPacket(f->session, data);
}

static void
packets_that_are_none_are_counted_and_skipped(void **state)
{
    fixture *f = *state;
    NDIS_STATISTICS_INFO info;
    client_send(f, 0x45, 0);
    client_send(f, 0x45, 19);
    client_send(f, 0x44, 100); /* a header of 16 bytes */
    client_send(f, 0x4F, 59);  /* a header of 60 bytes */
    client_send(f, 0x60, 39);
    client_send(f, 0x75, 100);
    client_send(f, 0x60, 40);
    wait_received(f, 1);
    assert_int_equal(f->last_size, 40);
    assert_int_equal(host_adapter_query(f->adapter, OID_GEN_STATISTICS, &info, sizeof(info), NULL), 0);
    assert_int_equal(info.ifInErrors, 6);
}

static void
every_size_arrives_whole(void **state)
{
    fixture *f = *state;
    static const uint32_t sizes[] = {20, 21, 2047, 2048, 2049, 16383, 16384, 16385, 65534, 65535};
    for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        client_send(f, 0x45, sizes[i]);
        wait_received(f, i + 1);
        assert_int_equal(f->last_size, sizes[i]);
        for (uint32_t at = 1; at < sizes[i]; at++)
            if (f->last[at] != (uint8_t)(at * 7 + sizes[i]))
                fail_msg("byte %u of %u is wrong", at, sizes[i]);
    }
}

/* Twice as many as there are buffers: the later ones are lent for the call only. */
static void
stack_that_gives_nothing_back_stalls_nobody(void **state)
{
    fixture *f = *state;
    f->hold = true;
    for (unsigned int i = 0; i < 3000; i++) {
        client_send(f, 0x45, i % 50 ? 100 : 20000);
        if (i % 100 == 99)
            wait_received(f, i + 1);
    }
    assert_true(f->lent > 0 && f->lent < 3000);
    /* Later ones are ordinary again. */
    f->hold = false;
    host_adapter_return(f->adapter, f->held);
    unsigned int lent = f->lent;
    client_send(f, 0x45, 100);
    wait_received(f, 3001);
    assert_int_equal(f->lent, lent);
}

/* After it has waited for a while the driver is woken by the event, not by its time-out, which grows to a
 * second. */
static void
idle_driver_is_woken_by_a_packet(void **state)
{
    fixture *f = *state;
    for (unsigned int i = 0; i < 20; i++) {
        uint64_t until = sched_time() + 100000 * (i % 4);
        while (sched_time() < until)
            sched_relax();
        client_send(f, 0x45, 100);
        wait_received(f, i + 1);
    }
}

/* Waits for ever, as a client may; ends when it is told that the adapter goes. */
static void
patient_reader(void *argument)
{
    fixture *f = argument;
    HANDLE event = WintunGetReadWaitEvent(f->session);
    DWORD size;
    while (!WintunReceivePacket(f->session, &size) && GetLastError() == ERROR_NO_MORE_ITEMS) {
        InterlockedIncrement(&f->waiting);
        HostWaitForEvent(event, 0xFFFFFFFFu);
    }
    host_check(GetLastError() == ERROR_HANDLE_EOF);
}

static void
start_readers(fixture *f, sched_thread *readers[3])
{
    for (int i = 0; i < 3; i++)
        readers[i] = sched_start("reader", patient_reader, f);
    while (ReadAcquire(&f->waiting) < 3)
        sched_relax();
    /* Time to get from there into the wait; too little makes the test weaker, not wrong. */
    uint64_t until = sched_time() + 200000;
    while (sched_time() < until)
        sched_relax();
}

static void
removal_wakes_every_reader(void **state)
{
    fixture *f = *state;
    sched_thread *readers[3];
    start_readers(f, readers);
    host_adapter_surprise_remove(f->adapter);
    for (int i = 0; i < 3; i++)
        sched_join(readers[i]);
}

static void
end_of_session_wakes_every_reader(void **state)
{
    fixture *f = *state;
    sched_thread *readers[3];
    start_readers(f, readers);
    WintunEndSession(f->session);
    for (int i = 0; i < 3; i++)
        sched_join(readers[i]);
    f->session = NULL;
}

/* ---- Clients without the DLL ---- */

static raw_client
begin_raw(fixture *f)
{
    WintunEndSession(f->session);
    f->session = NULL;
    raw_client c = raw_client_open(LUID);
    assert_int_equal(raw_client_register(&c), STATUS_SUCCESS);
    return c;
}

static void
raw_put(raw_client *c, uint32_t *tail)
{
    TUN_RING *ring = c->rings.Receive.Ring;
    RingWritePacketSize(ring, *tail, 100);
    memset(RingPacketData(ring, *tail), 0x45, 100);
    *tail = RingAdvance(*tail, RingPacketSpan(100), RING_MIN_CAPACITY);
    RingStoreTailRelease(ring, *tail);
}

static bool
raw_is_alertable(raw_client *c)
{
    uint64_t deadline = sched_time() + 100000000;
    while (!RingConsumerIsAlertable(c->rings.Receive.Ring)) {
        if (sched_time() > deadline)
            return false;
        sched_relax();
    }
    return true;
}

static void
waiting_driver_says_so_and_is_woken(void **state)
{
    fixture *f = *state;
    raw_client c = begin_raw(f);
    uint32_t tail = 0;
    for (unsigned int i = 0; i < 20; i++) {
        assert_true(raw_is_alertable(&c));
        raw_put(&c, &tail);
        KeSetEvent(host_event_of(c.events[1]), 0, FALSE);
        wait_received(f, i + 1);
    }
    raw_client_close(&c);
}

/* A client without the full fence may miss that the driver waits: it is found all the same, a little later.
 */
static void
packet_without_a_signal_is_found(void **state)
{
    fixture *f = *state;
    raw_client c = begin_raw(f);
    uint32_t tail = 0;
    for (unsigned int i = 0; i < 3; i++) {
        assert_true(raw_is_alertable(&c));
        raw_put(&c, &tail);
        wait_received(f, i + 1);
    }
    raw_client_close(&c);
}

/* A client that never says that it waits is signalled at each publication. */
static void
client_that_is_never_alertable_is_signalled(void **state)
{
    fixture *f = *state;
    raw_client c = begin_raw(f);
    for (unsigned int i = 0; i < 5; i++) {
        assert_int_equal(send_one(f, packet(100, 0x45)), NDIS_STATUS_SUCCESS);
        assert_true(HostWaitForEvent(c.events[0], 0));
        assert_false(HostWaitForEvent(c.events[0], 0));
    }
    host_handle_close(c.control);
    /* It left. */
    assert_int_equal(RingLoadTailAcquire(c.rings.Send.Ring), RING_CLOSED);
    assert_true(HostWaitForEvent(c.events[0], 0));
    host_handle_close(c.events[0]);
    host_handle_close(c.events[1]);
    host_user_free(c.memory);
}

/* ---- Requests ---- */

static void
queries_fit_buffers_of_every_length(void **state)
{
    fixture *f = *state;
    static const NDIS_OID oids[] = {OID_GEN_CURRENT_PACKET_FILTER,
                                    OID_GEN_CURRENT_LOOKAHEAD,
                                    OID_GEN_INTERRUPT_MODERATION,
                                    OID_GEN_MAXIMUM_TOTAL_SIZE,
                                    OID_GEN_TRANSMIT_BLOCK_SIZE,
                                    OID_GEN_RECEIVE_BLOCK_SIZE,
                                    OID_GEN_TRANSMIT_BUFFER_SPACE,
                                    OID_GEN_RECEIVE_BUFFER_SPACE,
                                    OID_GEN_VENDOR_ID,
                                    OID_GEN_VENDOR_DESCRIPTION,
                                    OID_GEN_VENDOR_DRIVER_VERSION,
                                    OID_GEN_XMIT_OK,
                                    OID_GEN_RCV_OK,
                                    OID_GEN_STATISTICS,
                                    OID_PNP_QUERY_POWER,
                                    OID_GEN_LINK_PARAMETERS};
    for (unsigned int i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
        bool answered = false;
        for (ULONG size = 0; size <= sizeof(NDIS_STATISTICS_INFO) + 1; size++) {
            /* The exact length, for AddressSanitizer. */
            uint8_t *buffer = malloc(size ? size : 1);
            ULONG written = 0xFFFF;
            NDIS_STATUS status = host_adapter_query(f->adapter, oids[i], buffer, size, &written);
            answered |= status == NDIS_STATUS_SUCCESS;
            if (status == NDIS_STATUS_SUCCESS)
                assert_true(written <= size);
            else if (status != NDIS_STATUS_NOT_SUPPORTED)
                assert_true(status == NDIS_STATUS_BUFFER_TOO_SHORT || status == NDIS_STATUS_INVALID_LENGTH);
            free(buffer);
        }
        assert_int_equal(answered, oids[i] != OID_GEN_LINK_PARAMETERS);
    }
}

int
main(void)
{
#define TEST(Name) cmocka_unit_test_setup_teardown(Name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(full_ring_holds_exactly_its_capacity),
        TEST(chain_that_fits_in_part_is_dropped_nbl_by_nbl),
        TEST(nbl_is_never_sent_in_part),
        TEST(nbl_whose_length_overflows_is_refused),
        TEST(what_is_no_ip_packet_is_refused),
        TEST(odd_mdl_chains_are_followed),
        TEST(completion_may_send_again),
        TEST(refusals_say_why),
        TEST(packets_that_are_none_are_counted_and_skipped),
        TEST(every_size_arrives_whole),
        TEST(stack_that_gives_nothing_back_stalls_nobody),
        TEST(idle_driver_is_woken_by_a_packet),
        TEST(removal_wakes_every_reader),
        TEST(end_of_session_wakes_every_reader),
        TEST(waiting_driver_says_so_and_is_woken),
        TEST(packet_without_a_signal_is_found),
        TEST(client_that_is_never_alertable_is_signalled),
        TEST(queries_fit_buffers_of_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
