/* SPDX-License-Identifier: MIT
 * Tests of the NDIS model itself, like ndis_stops.c: a miniport that obeys every rule but for one field of a structure
 * that it hands over, or one call out of place, is stopped with that rule. */
#include "machine_test.h"
#include "ndis_miniport.h"
#include "scenario.h"

#include <unistd.h>

static const uint8_t packet[20] = {0x45, 0, 0, 20};
static const struct sim_packet one = {packet, sizeof(packet)};

/* ---- One field ---- */

#define FIELD(name, which, type, statement)                                                                  \
    static void name(enum test_structure structure, void *memory)                                            \
    {                                                                                                        \
        type *s = memory;                                                                                    \
        if (structure == (which)) {                                                                          \
            statement;                                                                                       \
        }                                                                                                    \
    }
#define CHARACTERISTICS(name, statement)                                                                     \
    FIELD(name, TEST_CHARACTERISTICS, NDIS_MINIPORT_DRIVER_CHARACTERISTICS, statement)
#define REGISTRATION(name, statement)                                                                        \
    FIELD(name, TEST_REGISTRATION, NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, statement)
#define GENERAL(name, statement)                                                                             \
    FIELD(name, TEST_GENERAL, NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, statement)
#define POOL(name, statement)   FIELD(name, TEST_POOL, NET_BUFFER_LIST_POOL_PARAMETERS, statement)
#define STATUS(name, statement) FIELD(name, TEST_STATUS, NDIS_STATUS_INDICATION, statement)
#define LINK(name, statement)   FIELD(name, TEST_LINK, NDIS_LINK_STATE, statement)

CHARACTERISTICS(type_of_header, s->Header.Type++)
CHARACTERISTICS(major_version, s->MajorNdisVersion = 5)
CHARACTERISTICS(flags, s->Flags = 0x80)
REGISTRATION(no_context, s->MiniportAdapterContext = NULL)
REGISTRATION(hang_time, s->CheckForHangTimeInSeconds = 2)
REGISTRATION(interface_type, s->InterfaceType = 5)
GENERAL(no_oids, s->SupportedOidListLength = 0)
GENERAL(oid_of_ndis, *s->SupportedOidList = OID_GEN_MINIPORT_RESTART_ATTRIBUTES)
GENERAL(oid_twice, s->SupportedOidList[1] = s->SupportedOidList[0])
GENERAL(mtu, s->MtuSize = 100)
GENERAL(transmit_speed, s->XmitLinkSpeed = s->MaxXmitLinkSpeed + 1)
GENERAL(receive_speed, s->RcvLinkSpeed = s->MaxRcvLinkSpeed + 1)
GENERAL(connect_state, s->MediaConnectState = 7)
GENERAL(access_type, s->AccessType = 0)
GENERAL(address_length, s->MacAddressLength = 33)
GENERAL(connector, s->IfConnectorPresent = 1)
GENERAL(old_power, s->PowerManagementCapabilities = (void *)s)
GENERAL(larger_mtu, s->MtuSize = 2000)
POOL(pool_tag, s->PoolTag = 0)
POOL(pool_protocol, s->ProtocolId = 0x80)
POOL(pool_data, s->fAllocateNetBuffer = 0; s->DataSize = 100)
POOL(pool_type, s->Header.Type = 0x81)
STATUS(status_port, s->PortNumber = 1)
STATUS(status_buffer, s->StatusBuffer = NULL)
STATUS(status_answer, s->RequestId = s)
LINK(link_header, s->Header.Size = 8)
LINK(link_duplex, s->MediaDuplexState = 9)

/* The static list that a case has spoilt is its child's alone. */
static const struct field_case
{
    void (*change)(enum test_structure which, void *structure);
    const char *rule;
} Fields[] = {
    {type_of_header, "documented Header.Type"},
    {major_version, "an NDIS 6 miniport says so"},
    {flags, "characteristics carry documented flags only"},
    {no_context, "gives its adapter context"},
    {hang_time, "names no time for it"},
    {interface_type, "InterfaceType is NdisInterfaceInternal"},
    {no_oids, "lists the OIDs that it supports"},
    {oid_of_ndis, "holds OIDs that the driver supports"},
    {oid_twice, "names an OID once"},
    {mtu, "MtuSize is a size that IP can use"},
    {transmit_speed, "maximum: transmit"},
    {receive_speed, "maximum: receive"},
    {connect_state, "connect and duplex state are documented values"},
    {access_type, "access, direction and connection type"},
    {address_length, "MacAddressLength fits its array"},
    {connector, "has no connector"},
    {old_power, "go into PowerManagementCapabilitiesEx"},
    {larger_mtu, "OID_GEN_MAXIMUM_TOTAL_SIZE covers MtuSize"},
    {pool_tag, "pool memory carries a tag"},
    {pool_protocol, "ProtocolId is a documented value"},
    {pool_data, "gives NET_BUFFERs too"},
    {pool_type, "documented Header.Type"},
    {status_port, "a status indication has 1"},
    {status_buffer, "has the buffer whose size it states"},
    {status_answer, "answer an OID request"},
    {link_header, "Header.Size is the size"},
    {link_duplex, "connect and duplex state are documented values"},
};

static void
run_field(void *context)
{
    const struct field_case *field = context;
    alarm(60);
    test_tamper = field->change;
    test_miniport_start(NOTHING);
    test_miniport_indicate_status();
}

SIM_SCENARIO_ON(ndis_wrong_field_stops, SIM_SINCE_WIN8, 0)
{
    for (size_t i = 0; i < sizeof Fields / sizeof Fields[0]; i++)
        machine_expect_stop(run_field, (void *)(uintptr_t)&Fields[i], Fields[i].rule);
}

/* ---- One call out of place ---- */

static void
complete_nothing(void)
{
    test_miniport_start(NOTHING);
    NDIS(NdisMSendNetBufferListsComplete, SIM_WORD(test_miniport.adapter), SIM_WORD(0), SIM_WORD(0));
}

static void
complete_for_another(void)
{
    struct sim_adapter *adapter = test_miniport_start(NOTHING);
    test_miniport.keep_sends = true;
    sim_stack_send(adapter, &one, 1, NULL, false, NULL);
    NET_BUFFER_LIST *sent = test_miniport.queued;
    NDIS_STATUS status;
    sent->Status = NDIS_STATUS_SUCCESS;
    struct sim_adapter *other = ndis_adapter_start(test_miniport.miniport, NULL, &status);
    NDIS(NdisMSendNetBufferListsComplete, SIM_WORD(other), SIM_WORD(sent), SIM_WORD(0));
}

static void
complete_unasked(void)
{
    uint8_t request[sizeof(NDIS_OID_REQUEST)];
    test_miniport_start(NOTHING);
    NDIS(NdisMOidRequestComplete, SIM_WORD(test_miniport.adapter), SIM_WORD(request), SIM_WORD(0));
}

static void
pause_complete_unasked(void)
{
    test_miniport_start(NOTHING);
    NDIS(NdisMPauseComplete, SIM_WORD(test_miniport.adapter));
}

static void
deregister_with_adapter(void)
{
    test_miniport_start(NOTHING);
    NDIS(NdisMDeregisterMiniportDriver, SIM_WORD(test_miniport.miniport));
}

static void
deregister_twice(void)
{
    test_miniport_register(NOTHING);
    NDIS(NdisMDeregisterMiniportDriver, SIM_WORD(test_miniport.miniport));
    NDIS(NdisMDeregisterMiniportDriver, SIM_WORD(test_miniport.miniport));
}

static void
unload_with_adapter(void)
{
    test_miniport_start(NOTHING);
    SIM_CALL(test_miniport.driver->DriverUnload, SIM_WORD(test_miniport.driver));
}

static void
call_ndis_dispatch(void)
{
    test_miniport_register(NOTHING);
    SIM_CALL(test_miniport.driver->MajorFunction[0], 0, 0);
}

static void
foreign_handle(void)
{
    test_miniport_start(NOTHING);
    NDIS(NdisMIndicateStatusEx, SIM_WORD(&one), 0);
}

static void
foreign_pool(void)
{
    test_miniport_start(NOTHING);
    NDIS(NdisFreeNetBufferListPool, SIM_WORD(test_miniport.miniport));
}

static void
free_mdl_twice(void)
{
    test_miniport_start(NOTHING);
    NDIS(NdisFreeMdl, SIM_WORD(test_miniport.mdl));
    NDIS(NdisFreeMdl, SIM_WORD(test_miniport.mdl));
}

static void
sleep_long(void *unused)
{
    (void)unused;
    sleep(20);
}

static uintptr_t
queued_work_item(void)
{
    test_miniport_register(NOTHING);
    uintptr_t item = (uintptr_t)NDIS(NdisAllocateIoWorkItem, SIM_WORD(test_miniport.miniport));
    for (unsigned i = 0; i < 3; i++)
        sim_queue_work(sleep_long, NULL);
    NDIS(NdisQueueIoWorkItem, item, SIM_WORD(test_miniport.driver->DriverUnload), 0);
    return item;
}

static void
work_item_queued_twice(void)
{
    uintptr_t item = queued_work_item();
    NDIS(NdisQueueIoWorkItem, item, SIM_WORD(test_miniport.driver->DriverUnload), 0);
}

static void
work_item_freed_queued(void)
{
    uintptr_t item = queued_work_item();
    NDIS(NdisFreeIoWorkItem, item);
}

static uint8_t lock_state[16];

static uintptr_t
held_lock(void)
{
    test_miniport_register(NOTHING);
    uintptr_t lock = (uintptr_t)NDIS(NdisAllocateRWLock, SIM_WORD(test_miniport.miniport));
    NDIS(NdisAcquireRWLockWrite, lock, SIM_WORD(lock_state), 0);
    return lock;
}

static void
lock_freed_held(void)
{
    uintptr_t lock = held_lock();
    NDIS(NdisFreeRWLock, lock);
}

static void
lock_released_twice(void)
{
    uintptr_t lock = held_lock();
    NDIS(NdisReleaseRWLock, lock, SIM_WORD(lock_state));
    NDIS(NdisReleaseRWLock, lock, SIM_WORD(lock_state));
}

static void
lock_flag(void)
{
    test_miniport_register(NOTHING);
    uintptr_t lock = (uintptr_t)NDIS(NdisAllocateRWLock, SIM_WORD(test_miniport.miniport));
    NDIS(NdisAcquireRWLockRead, lock, SIM_WORD(lock_state), 1);
}

static void
lock_of_an_adapter_on_windows_7(void)
{
    test_miniport_start(NOTHING);
    sim_persona = sim_persona_find("win7");
    NDIS(NdisAllocateRWLock, SIM_WORD(test_miniport.adapter));
}

static void
lock_unallocated(void)
{
    test_miniport_register(NOTHING);
    NDIS(NdisAcquireRWLockRead, SIM_WORD(&one), SIM_WORD(lock_state), 0);
}

static void
sleep_inside(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)data;
    (void)length;
    (void)is_ipv6;
    sim_adapter_set_power(context, 3);
}

static void
sleep_in_indication(void)
{
    struct sim_adapter *adapter = test_miniport_start(NOTHING);
    sim_stack_on_receive(adapter, sleep_inside, adapter);
    test_miniport_indicate(0);
}

static void
indicate_inside(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    (void)data;
    (void)length;
    (void)is_ipv6;
    test_miniport_indicate(0);
}

static void
indicate_in_indication(void)
{
    struct sim_adapter *adapter = test_miniport_start(NOTHING);
    sim_stack_on_receive(adapter, indicate_inside, adapter);
    test_miniport_indicate(0);
}

static const struct call_case
{
    void (*run)(void);
    const char *rule;
} Calls[] = {
    {complete_nothing, "names at least one NBL"},
    {complete_for_another, "completed by the adapter that it was given to"},
    {complete_unasked, "is not under way"},
    {pause_complete_unasked, "completed once, while it is under way"},
    {deregister_with_adapter, "deregisters when no adapter is left"},
    {deregister_twice, "gets a registered driver's handle"},
    {unload_with_adapter, "comes when no adapter is left"},
    {call_ndis_dispatch, "functional device are NDIS's"},
    {foreign_handle, "which is no adapter's"},
    {foreign_pool, "which is no such pool"},
    {free_mdl_twice, "frees what it allocated, once"},
    {work_item_queued_twice, "queued when it is not queued already"},
    {work_item_freed_queued, "freed when it is not queued"},
    {lock_freed_held, "freed when nobody holds it"},
    {lock_released_twice, "with the state of its acquisition"},
    {lock_of_an_adapter_on_windows_7, "on Windows 7 NdisAllocateRWLock takes the handle"},
    {lock_unallocated, "is no lock"},
    {sleep_in_indication, "in low power every receive indication has returned"},
    {indicate_in_indication, "indicates NBLs that it owns"},
    {lock_flag, "a reader-writer lock at 0"},
};

static void
run_call(void *context)
{
    alarm(60);
    ((const struct call_case *)context)->run();
}

SIM_SCENARIO_ON(ndis_call_out_of_place_stops, SIM_SINCE_WIN8, 0)
{
    for (size_t i = 0; i < sizeof Calls / sizeof Calls[0]; i++)
        machine_expect_stop(run_call, (void *)(uintptr_t)&Calls[i], Calls[i].rule);
}
