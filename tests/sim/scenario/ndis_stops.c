/* SPDX-License-Identifier: MIT
 * Tests of the NDIS model itself: a miniport that breaks one rule is stopped with that rule, and one that
 * breaks none is not. Every case runs in a child, since a stop ends its process. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ndis_miniport.h"
#include "scenario.h"

static const uint8_t packet[20] = {0x45, 0, 0, 20};
static const struct sim_packet one = {packet, sizeof(packet)};

/* ---- Ways in which a case runs ---- */

static void
just_register(enum wrong wrong)
{
    test_miniport_register(wrong);
}

static void
live(enum wrong wrong)
{
    test_miniport_start(wrong);
    test_miniport_stop();
}

static void
send_one(enum wrong wrong)
{
    sim_stack_send(test_miniport_start(wrong), &one, 1, NULL, false, NULL);
}

static void
send_for_ever(enum wrong wrong)
{
    struct sim_adapter *adapter = test_miniport_start(wrong);
    test_miniport.keep_sends = true;
    sim_ndis_patience = 1;
    sim_stack_send(adapter, &one, 1, NULL, true, NULL);
}

static void
send_for_offload(enum wrong wrong)
{
    struct sim_send_options options = {.offload_slot = TcpIpChecksumNetBufferListInfo, .offload = 4};
    sim_stack_send(test_miniport_start(wrong), &one, 1, &options, true, NULL);
}

static void
pause_for_ever(enum wrong wrong)
{
    struct sim_adapter *adapter = test_miniport_start(wrong);
    sim_ndis_patience = 1;
    sim_adapter_pause(adapter, NDIS_PAUSE_NDIS_INTERNAL);
}

static void
pause_inside(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)data;
    (void)length;
    (void)is_ipv6;
    sim_adapter_pause(context, NDIS_PAUSE_NDIS_INTERNAL);
}

static void
pause_in_indication(enum wrong wrong)
{
    struct sim_adapter *adapter = test_miniport_start(wrong);
    sim_stack_on_receive(adapter, pause_inside, adapter);
    test_miniport_indicate(0);
}

static void
pause_with_send(enum wrong wrong)
{
    struct sim_adapter *adapter = test_miniport_start(wrong);
    test_miniport.keep_sends = true;
    sim_stack_send(adapter, &one, 1, NULL, false, NULL);
    sim_adapter_pause(adapter, NDIS_PAUSE_NDIS_INTERNAL);
}

static void
send_when_paused(enum wrong wrong)
{
    struct sim_adapter *adapter = test_miniport_start(wrong);
    test_miniport.keep_sends = wrong == PAUSED_ACCEPTS;
    sim_adapter_pause(adapter, NDIS_PAUSE_NDIS_INTERNAL);
    sim_stack_send(adapter, &one, 1, NULL, false, NULL);
}

static void
indicate(enum wrong wrong)
{
    test_miniport_start(wrong);
    test_miniport_indicate(0);
}

static void
indicate_to_holder(enum wrong wrong)
{
    sim_stack_hold(test_miniport_start(wrong), true);
    test_miniport_indicate(0);
    if (wrong == PAUSE_BEFORE_RETURNS)
        sim_adapter_pause(test_miniport.adapter, NDIS_PAUSE_NDIS_INTERNAL);
}

static void
indicate_when_paused(enum wrong wrong)
{
    sim_adapter_pause(test_miniport_start(wrong), NDIS_PAUSE_NDIS_INTERNAL);
    test_miniport_indicate(0);
}

static void
sleep_and(enum wrong wrong)
{
    sim_adapter_set_power(test_miniport_start(wrong), 3);
    if (wrong == SLEEP_INDICATES)
        test_miniport_indicate(0);
    else
        test_miniport_indicate_status();
}

static void
release_held(enum wrong wrong)
{
    indicate_to_holder(wrong);
    sim_stack_release_held(test_miniport.adapter, 0);
}

static void
just_sleep(enum wrong wrong)
{
    struct sim_adapter *adapter = test_miniport_start(wrong);
    test_miniport.keep_sends = true;
    sim_stack_send(adapter, &one, 1, NULL, false, NULL);
    sim_adapter_set_power(adapter, 3);
}

static void
send_asleep(enum wrong wrong)
{
    struct sim_adapter *adapter = test_miniport_start(wrong);
    sim_adapter_set_power(adapter, 3);
    sim_stack_send(adapter, &one, 1, NULL, true, NULL);
}

static void
send_when_removed(enum wrong wrong)
{
    struct sim_adapter *adapter = test_miniport_start(wrong);
    sim_adapter_announce_removal(adapter);
    sim_stack_send(adapter, &one, 1, NULL, true, NULL);
}

static void
query_when_removed(enum wrong wrong)
{
    uint32_t answer;
    struct sim_adapter *adapter = test_miniport_start(wrong);
    sim_adapter_announce_removal(adapter);
    sim_adapter_query(adapter, OID_GEN_VENDOR_ID, &answer, sizeof(answer), NULL, NULL);
}

static void
query_for_ever(enum wrong wrong)
{
    sim_ndis_patience = 1;
    test_miniport_start(wrong);
}

static void
indicate_status(enum wrong wrong)
{
    test_miniport_start(wrong);
    test_miniport_indicate_status();
}

static void
query_short(enum wrong wrong)
{
    uint8_t answer;
    sim_adapter_query(test_miniport_start(wrong), OID_GEN_VENDOR_ID, &answer, 1, NULL, NULL);
}

static void
set_short(enum wrong wrong)
{
    uint8_t value = 0;
    sim_adapter_set(test_miniport_start(wrong), OID_GEN_CURRENT_LOOKAHEAD, &value, 1, NULL);
}

static void
sleep_at_dispatch(enum wrong wrong)
{
    test_miniport_register(wrong);
    sim_irql_raise(DISPATCH_LEVEL_);
    NDIS(NdisMSleep, SIM_WORD(1));
}

static void
lock_twice(enum wrong wrong)
{
    uint8_t state[2][16];
    test_miniport_register(wrong);
    void *lock = (void *)(uintptr_t)NDIS(NdisAllocateRWLock, SIM_WORD(test_miniport.miniport));
    NDIS(NdisAcquireRWLockRead, SIM_WORD(lock), SIM_WORD(state[0]), SIM_WORD(0));
    NDIS(NdisAcquireRWLockRead, SIM_WORD(lock), SIM_WORD(state[1]), SIM_WORD(0));
}

static void
call_after_halt(enum wrong wrong)
{
    test_miniport_start(wrong);
    test_miniport_stop();
    test_miniport_indicate_status();
}

static void
make_device(enum wrong wrong)
{
    static void *dispatch[28];
    static uint16_t name_text[] = u"\\Device\\ModelTest", sddl_text[] = u"D:P(A;;GA;;;SY)";
    UNICODE_STRING name = {sizeof(name_text) - 2, sizeof(name_text), name_text};
    UNICODE_STRING sddl = {sizeof(sddl_text) - 2, sizeof(sddl_text), sddl_text};
    NDIS_DEVICE_OBJECT_ATTRIBUTES attributes = {
        .Header = {NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES, 1, sizeof(attributes)},
        .DeviceName = &name,
        .MajorFunctions = dispatch,
        .DefaultSDDLString = wrong == DEVICE_OPEN_TO_ALL ? NULL : &sddl,
    };
    static const uint8_t guid[16];
    DEVICE_OBJECT *object;
    void *handle = NULL;
    if (wrong == DEVICE_CLASS)
        attributes.DeviceClassGuid = (void *)(uintptr_t)guid;
    test_miniport_register(wrong);
    if (wrong == DEVICE_PNP)
        dispatch[IRP_MJ_PNP] = test_miniport.driver->DriverUnload;
    NDIS(NdisRegisterDeviceEx, SIM_WORD(test_miniport.miniport), SIM_WORD(&attributes), SIM_WORD(&object),
         SIM_WORD(&handle));
    if (wrong == DEVICE_EXTENSION)
        *(void **)object->DeviceExtension = handle;
    NDIS(NdisDeregisterDeviceEx, SIM_WORD(handle));
    NDIS(NdisDeregisterDeviceEx, SIM_WORD(handle));
}

static void
use_configuration(enum wrong wrong)
{
    NDIS_CONFIGURATION_OBJECT object = {
        .Header = {NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT, 1, NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1},
        .NdisHandle = test_miniport_start(wrong)};
    void *handle;
    NDIS(NdisOpenConfigurationEx, SIM_WORD(&object), SIM_WORD(&handle));
    NDIS(NdisCloseConfiguration, SIM_WORD(handle));
    NDIS(NdisCloseConfiguration, SIM_WORD(handle));
}

static void
use_work_item(enum wrong wrong)
{
    test_miniport_register(wrong);
    void *item = (void *)(uintptr_t)NDIS(NdisAllocateIoWorkItem, SIM_WORD(test_miniport.miniport));
    if (wrong == WORK_FREED)
        NDIS(NdisFreeIoWorkItem, SIM_WORD(item));
    NDIS(NdisFreeIoWorkItem, SIM_WORD(item));
    NDIS(NdisFreeIoWorkItem, SIM_WORD(item));
}

/* ---- The cases ---- */

static const struct
{
    enum wrong wrong;
    void (*run)(enum wrong wrong);
    const char *rule;
} cases[] = {
    {REGISTER_REVISION, just_register, "Header.Revision of the version"},
    {REGISTER_SIZE, just_register, "Header.Size is the size"},
    {REGISTER_HANDLER, just_register, "every required handler"},
    {REGISTER_RESET, just_register, "CheckForHang and Reset NULL"},
    {REGISTER_DIRECT, just_register, "direct OID handlers"},
    {REGISTER_TWICE, just_register, "registers once"},
    {REGISTER_UNLOAD_ROUTINE, live, "does not set DriverUnload"},
    {REGISTER_DISPATCH, live, "owns the dispatch table"},
    {UNLOAD_WITHOUT_DEREGISTER, live, "calls NdisMDeregisterMiniportDriver"},
    {ATTRIBUTES_ORDER, live, "registration attributes come first"},
    {ATTRIBUTES_NONE, live, "only after the general attributes"},
    {ATTRIBUTES_MEDIUM, live, "agree with *MediaType"},
    {ATTRIBUTES_OID_BYTES, live, "SupportedOidListLength is in bytes"},
    {ATTRIBUTES_OID_MISSING, live, "mandatory general OIDs"},
    {ATTRIBUTES_LATE, live, "during MiniportInitializeEx"},
    {ATTRIBUTES_HARDWARE, live, "no hardware device"},
    {INITIALIZE_PENDS, live, "does not pend"},
    {INITIALIZE_STATUS, live, "fails with NDIS_STATUS_NOT_ACCEPTED, RESOURCES or FAILURE"},
    {INITIALIZE_INDICATES, live, "only between Restart and the end of Pause"},
    {PAUSE_FAILS, live, "MiniportPause cannot fail"},
    {PAUSE_TWICE, live, "operation is completed once"},
    {PAUSE_NEVER, pause_for_ever, "a pending PnP operation is completed"},
    {NOTHING, pause_in_indication, "every receive indication has returned"},
    {PAUSE_BEFORE_SENDS, pause_with_send, "every send was completed"},
    {PAUSE_BEFORE_RETURNS, indicate_to_holder, "every indicated NET_BUFFER_LIST was returned"},
    {PAUSED_INDICATES, indicate_when_paused, "only between Restart and the end of Pause"},
    {PAUSED_ACCEPTS, send_when_paused, "may not send completes sends at once"},
    {PAUSED_STATUS, send_when_paused, "completes sends with NDIS_STATUS_PAUSED"},
    {RESTART_TWICE, live, "operation is completed once"},
    {RESTART_PENDS, live, "Restart is completed with a final status"},
    {NOTHING, send_for_ever, "completes each NBL that it was sent"},
    {NOTHING, send_for_offload, "an offload that it does not offer"},
    {SEND_NB_RESERVED, send_one, "members of a NET_BUFFER that are its own"},
    {SEND_FLAGS, send_one, "members of a NET_BUFFER_LIST that are its own"},
    {SEND_TWICE, send_one, "completes each NBL that it was sent, once"},
    {SEND_NO_STATUS, send_one, "carries a documented status"},
    {SEND_LINKS, send_one, "come back as they were"},
    {SEND_LENGTH, send_one, "come back as they were"},
    {SEND_MDL, send_one, "come back as they were"},
    {SEND_RESERVED, send_one, "members of a NET_BUFFER_LIST that are its own"},
    {SEND_LOCK, send_one, "no spin lock is held"},
    {SEND_FLAG, send_one, "DISPATCH_LEVEL flag"},
    {SEND_TOUCH, send_one, "completed, returned or freed"},
    {RECEIVE_COUNT, indicate, "length of the chain"},
    {RECEIVE_HANDLE, indicate, "SourceHandle is the miniport's handle"},
    {RECEIVE_TWO_NBS, indicate, "exactly one NET_BUFFER"},
    {RECEIVE_LONG, indicate, "no longer than OID_GEN_MAXIMUM_TOTAL_SIZE"},
    {RECEIVE_NO_FAMILY, indicate, "flagged as IPv4 or IPv6"},
    {RECEIVE_FRAME_TYPE, indicate, "network byte order"},
    {RECEIVE_STALE, indicate, "no stale out-of-band data"},
    {RECEIVE_VERSION, indicate, "what its flags say"},
    {RECEIVE_ETHER_TYPE, indicate, "receive flags are documented"},
    {RECEIVE_PORT, indicate, "PortNumber is 0"},
    {RECEIVE_LOCK, indicate, "no spin lock is held"},
    {RECEIVE_FOREIGN, indicate, "come from a pool of NDIS"},
    {RECEIVE_SHORT_MDL, indicate, "hold DataLength bytes"},
    {RECEIVE_OFFSET, indicate, "where CurrentMdl and CurrentMdlOffset say"},
    {RECEIVE_EMPTY, indicate, "no longer than OID_GEN_MAXIMUM_TOTAL_SIZE"},
    {RECEIVE_MIXED, indicate, "SINGLE_ETHER_TYPE is set only when it is true"},
    {RECEIVE_CHANGES, release_held, "stays as it is until it is returned"},
    {RECEIVE_TWICE, indicate_to_holder, "belongs to the stack"},
    {RECEIVE_TOUCH, indicate_to_holder, "belongs to the stack"},
    {RECEIVE_FREES, indicate_to_holder, "frees an NBL that it owns"},
    {SLEEP_INDICATES, sleep_and, "no packets in low power"},
    {SLEEP_STATUS, sleep_and, "no status in low power"},
    {SLEEP_LINK, sleep_and, "says that it is unknown before it sleeps"},
    {SLEEP_REFUSED, sleep_and, "grants every power state"},
    {NOTHING, just_sleep, "in low power every send was completed"},
    {SLEEP_ACCEPTS, send_asleep, "low power LOW_POWER_STATE"},
    {REMOVED_ACCEPTS, send_when_removed, "answers NDIS_STATUS_NOT_ACCEPTED"},
    {REMOVED_ANSWERS, query_when_removed, "answers NDIS_STATUS_NOT_ACCEPTED"},
    {POOL_WITHOUT_NB, live, "takes a pool with fAllocateNetBuffer"},
    {POOL_CONTEXT, live, "multiples of MEMORY_ALLOCATION_ALIGNMENT"},
    {POOL_LEFT, live, "everything from it was"},
    {NBL_WITHOUT_MDL, live, "without MDLs has no offset"},
    {NBL_FREED_TWICE, live, "frees what it allocated, once"},
    {HALT_LINK_STATE, live, "in MiniportHaltEx"},
    {HALT_LATE_CALL, call_after_halt, "whose MiniportHaltEx has returned"},
    {HANDLER_IRQL, live, "at which it was called"},
    {HANDLER_LOCK, live, "no spin lock is held"},
    {OID_TWICE, live, "OID request is completed once"},
    {OID_NEVER, query_for_ever, "pending OID request is completed"},
    {OID_PENDS, live, "completed with a final status"},
    {OID_LOCK, live, "no spin lock is held"},
    {OID_NOT_NEEDED, set_short, "BytesNeeded how much it needs"},
    {OID_WRITTEN, live, "writes BytesWritten bytes"},
    {OID_READ, live, "says in BytesRead how much it read"},
    {OID_FAILS_AND_WRITES, live, "a query that fails writes nothing"},
    {OID_NOT_NEEDED, query_short, "BytesNeeded how much it needs"},
    {OID_UNKNOWN_ANSWERED, live, "does not know with NDIS_STATUS_NOT_SUPPORTED"},
    {OID_LISTED, live, "supports the OIDs that it lists"},
    {STATUS_HEADER, indicate_status, "Header.Size is the size"},
    {STATUS_HANDLE, indicate_status, "SourceHandle is the miniport's handle"},
    {STATUS_EARLY, live, "after it has set its registration attributes"},
    {STATUS_SIZE, indicate_status, "carries an NDIS_LINK_STATE"},
    {STATUS_LOCK, indicate_status, "no spin lock is held"},
    {NOTHING, sleep_at_dispatch, "NdisMSleep called at IRQL 2"},
    {NOTHING, lock_twice, "is taken by the thread that holds it"},
    {DEVICE_CLASS, make_device, "DeviceClassGuid of NDIS_DEVICE_OBJECT_ATTRIBUTES is NULL"},
    {DEVICE_EXTENSION, make_device, "leaves the DeviceExtension"},
    {DEVICE_OPEN_TO_ALL, make_device, "states who may open it"},
    {DEVICE_PNP, make_device, "no PnP and no power IRPs"},
    {DEVICE_TWICE, make_device, "deregistered once"},
    {CONFIGURATION_STALE, use_configuration, "no open configuration"},
    {WORK_FREED, use_work_item, "no work item"},
};

/* Runs one case in a child and gives what it wrote to standard error. */
static int
run_case(void (*run)(enum wrong wrong), enum wrong wrong, char *text, size_t size)
{
    int fds[2], status;
    size_t used = 0;
    if (pipe(fds))
        sim_fail(__FILE__, __LINE__, "no pipe");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        dup2(fds[1], STDERR_FILENO);
        run(wrong);
        _exit(sim_ledger_report() ? 4 : 0);
    }
    close(fds[1]);
    for (ssize_t got; used + 1 < size && (got = read(fds[0], text + used, size - used - 1)) > 0;
         used += (size_t)got)
        ;
    text[used] = 0;
    close(fds[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

SIM_SCENARIO_ON(ndis_rule_broken_stops, SIM_SINCE_WIN8, 0)
{
    static char text[8192];
    unsigned bad = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status = run_case(cases[i].run, cases[i].wrong, text, sizeof(text));
        if (status == 3 && strstr(text, cases[i].rule))
            continue;
        fprintf(stderr, "case %zu should stop with \"%s\", but ended with %d: %s\n", i, cases[i].rule, status,
                text);
        bad++;
    }
    EXPECT_EQ(bad, 0);
}

static void
obey(enum wrong wrong)
{
    struct sim_adapter *adapter = test_miniport_start(wrong);
    struct sim_packet chain[10];
    for (int i = 0; i < 10; i++)
        chain[i] = one;
    struct sim_send_options options = {.packets_per_nbl = 3, .max_mdls = 4, .at_dispatch = true};
    for (unsigned seed = 1; seed < 200; seed++) {
        options.seed = seed;
        EXPECT_EQ(sim_stack_send(adapter, chain, 10, &options, true, NULL), 4);
        test_miniport_indicate(seed & 1 ? NDIS_RECEIVE_FLAGS_RESOURCES : 0);
        for (unsigned i = 0; !(seed & 1) && test_miniport.returned < seed / 2; i++) {
            EXPECT(i < 10000);
            usleep(1000);
        }
    }
    test_miniport.keep_sends = true;
    sim_stack_send(adapter, chain, 10, &options, false, NULL);
    sim_adapter_pause(adapter, NDIS_PAUSE_NDIS_INTERNAL);
    EXPECT_EQ(sim_stack_send(adapter, chain, 10, &options, true, NULL), 0);
    EXPECT_EQ(sim_adapter_restart(adapter), NDIS_STATUS_SUCCESS);
    test_miniport.keep_sends = false;
    sim_stack_reenter(adapter, 5);
    EXPECT_EQ(sim_stack_send(adapter, chain, 1, NULL, true, NULL), 1);
    test_miniport_indicate_status();
    EXPECT(sim_adapter_link_up(adapter));
    sim_adapter_set_power(adapter, 3);
    sim_adapter_set_power(adapter, 0);
    sim_stack_hold(adapter, true);
    test_miniport_indicate(0);
    EXPECT_EQ(sim_stack_release_held(adapter, 7), 1);
    test_miniport_stop();
}

SIM_SCENARIO_ON(ndis_rules_obeyed_pass, SIM_SINCE_WIN8, 0)
{
    obey(NOTHING);
}
