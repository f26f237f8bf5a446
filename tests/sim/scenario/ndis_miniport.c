/* SPDX-License-Identifier: MIT */
#include "ndis_miniport.h"

#include <stdlib.h>
#include "scenario.h"

struct test_miniport test_miniport;
#define tm test_miniport

void (*test_tamper)(enum test_structure which, void *structure);

static void
tamper(enum test_structure which, void *structure)
{
    if (test_tamper)
        test_tamper(which, structure);
}

uint64_t
test_ndis_call(const char *name, unsigned words, const uintptr_t *args)
{
    for (size_t i = 0; i < sim_ndis_imports.count; i++) {
        if (!strcmp(sim_ndis_imports.rows[i].name, name))
            return sim_call_words(sim_import_address(&sim_ndis_imports.rows[i]), SIM_STDCALL, words, args);
    }
    sim_fail(__FILE__, __LINE__, "ndis.sys has no %s", name);
}

/* ---- What it does besides its handlers ---- */

static void
indicate_link(uint32_t state)
{
    NDIS_LINK_STATE link = {.Header = {NDIS_OBJECT_TYPE_DEFAULT, 1, sizeof(link)},
                            .MediaConnectState = state,
                            .MediaDuplexState = MediaDuplexStateFull,
                            .XmitLinkSpeed = NDIS_LINK_SPEED_UNKNOWN,
                            .RcvLinkSpeed = NDIS_LINK_SPEED_UNKNOWN};
    NDIS_STATUS_INDICATION status = {.Header = {NDIS_OBJECT_TYPE_STATUS_INDICATION, 1, sizeof(status)},
                                     .SourceHandle = tm.wrong == STATUS_HANDLE ? &link : (void *)tm.adapter,
                                     .StatusCode = NDIS_STATUS_LINK_STATE,
                                     .StatusBuffer = &link,
                                     .StatusBufferSize = tm.wrong == STATUS_SIZE ? 8 : sizeof(link)};
    if (tm.wrong == STATUS_HEADER)
        status.Header.Size--;
    tamper(TEST_LINK, &link);
    tamper(TEST_STATUS, &status);
    if (tm.wrong == STATUS_LOCK)
        sim_thread()->locks_held++;
    NDIS(NdisMIndicateStatusEx, SIM_WORD(tm.adapter), SIM_WORD(&status));
}

void
test_miniport_indicate_status(void)
{
    indicate_link(MediaConnectStateConnected);
}

static NET_BUFFER_LIST *
prepare_nbl(void)
{
    NET_BUFFER_LIST *nbl = tm.nbl;
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    memset(tm.data, 0, 60);
    tm.data[0] = tm.wrong == RECEIVE_VERSION ? 0x60 : 0x45;
    nbl->Next = NULL;
    nbl->Status = NDIS_STATUS_SUCCESS;
    nbl->SourceHandle = tm.wrong == RECEIVE_HANDLE ? tm.pool : (void *)tm.adapter;
    nbl->NblFlags = tm.wrong == RECEIVE_NO_FAMILY ? 0 : NDIS_NBL_FLAGS_IS_IPV4;
    memset(nbl->NetBufferListInfo, 0, 18 * sizeof(void *));
    nbl->NetBufferListInfo[NetBufferListFrameType] =
        (void *)(uintptr_t)(tm.wrong == RECEIVE_FRAME_TYPE ? 0x0800 : 8);
    if (tm.wrong == RECEIVE_STALE)
        nbl->NetBufferListInfo[TcpIpChecksumNetBufferListInfo] = (void *)(uintptr_t)4;
    nb->Next = tm.wrong == RECEIVE_TWO_NBS ? nb : NULL;
    nb->MdlChain = nb->CurrentMdl = tm.mdl;
    nb->CurrentMdlOffset = 0;
    nb->DataOffset = tm.wrong == RECEIVE_OFFSET ? 4 : 0;
    nb->DataLength = tm.wrong == RECEIVE_LONG        ? 1501
                     : tm.wrong == RECEIVE_SHORT_MDL ? 61
                     : tm.wrong == RECEIVE_EMPTY     ? 0
                                                     : 60;
    return nbl;
}

/* A second NBL, of another family, behind the first; nobody frees it. */
static void
add_ipv6(NET_BUFFER_LIST *first)
{
    uint8_t *data = sim_pool_allocate(60, 1, NULL);
    memset(data, 0, 60);
    data[0] = 0x60;
    MDL *mdl = (MDL *)(uintptr_t)NDIS(NdisAllocateMdl, SIM_WORD(tm.adapter), SIM_WORD(data), SIM_WORD(60));
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)(uintptr_t)NDIS(NdisAllocateNetBufferAndNetBufferList,
                                                              SIM_WORD(tm.pool), SIM_WORD(16), SIM_WORD(0),
                                                              SIM_WORD(mdl), SIM_WORD(0), SIM_WORD(60));
    nbl->SourceHandle = tm.adapter;
    nbl->NblFlags = NDIS_NBL_FLAGS_IS_IPV6;
    nbl->NetBufferListInfo[NetBufferListFrameType] = (void *)(uintptr_t)0xDD86;
    first->Next = nbl;
}

void
test_miniport_indicate(uint32_t flags)
{
    NET_BUFFER_LIST *nbl = prepare_nbl(), *foreign = NULL;
    if (tm.wrong == RECEIVE_FOREIGN) {
        foreign = malloc(ndis_nbl_size() + sizeof(NET_BUFFER));
        memcpy(foreign, nbl, ndis_nbl_size() + sizeof(NET_BUFFER));
        nbl = foreign;
    }
    if (tm.wrong == RECEIVE_LOCK)
        sim_thread()->locks_held++;
    if (tm.wrong == RECEIVE_ETHER_TYPE)
        flags |= 0x1000; /* no flag that is documented */
    if (tm.wrong == RECEIVE_MIXED) {
        flags |= NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE;
        add_ipv6(nbl);
    }
    NDIS(NdisMIndicateReceiveNetBufferLists, SIM_WORD(tm.adapter), SIM_WORD(nbl),
         SIM_WORD(tm.wrong == RECEIVE_PORT),
         SIM_WORD(tm.wrong == RECEIVE_COUNT || tm.wrong == RECEIVE_MIXED ? 2 : 1), SIM_WORD(flags));
    if (tm.wrong == RECEIVE_TWICE) {
        prepare_nbl(); /* traps: it is held, and out of reach */
        NDIS(NdisMIndicateReceiveNetBufferLists, SIM_WORD(tm.adapter), SIM_WORD(nbl), SIM_WORD(0),
             SIM_WORD(1), SIM_WORD(flags));
    }
    if (tm.wrong == RECEIVE_FREES)
        NDIS(NdisFreeNetBufferList, SIM_WORD(nbl));
    if (tm.wrong == RECEIVE_CHANGES)
        tm.data[59]++;
    if (tm.wrong == RECEIVE_TOUCH)
        nbl->Status = 0;
}

static NDIS_STATUS
send_status(void)
{
    if (tm.removed && tm.wrong != REMOVED_ACCEPTS)
        return NDIS_STATUS_NOT_ACCEPTED;
    if (tm.paused && tm.wrong != PAUSED_STATUS)
        return NDIS_STATUS_PAUSED;
    return tm.low_power && tm.wrong != SLEEP_ACCEPTS ? NDIS_STATUS_LOW_POWER_STATE : NDIS_STATUS_SUCCESS;
}

void
test_miniport_complete(void)
{
    NET_BUFFER_LIST *chain = tm.queued;
    tm.queued = NULL;
    if (!chain)
        return;
    NET_BUFFER *nb = chain->FirstNetBuffer;
    if (tm.wrong == SEND_LINKS)
        chain->FirstNetBuffer = NULL;
    if (tm.wrong == SEND_LENGTH)
        nb->DataLength--;
    if (tm.wrong == SEND_MDL)
        nb->MdlChain->ByteCount--;
    if (tm.wrong == SEND_RESERVED)
        chain->ProtocolReserved[0] = NULL;
    if (tm.wrong == SEND_NB_RESERVED)
        nb->ProtocolReserved[0] = NULL;
    if (tm.wrong == SEND_FLAGS)
        chain->NblFlags ^= NDIS_NBL_FLAGS_IS_IPV6;
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next) {
        nbl->MiniportReserved[0] = nbl->Scratch = NULL; /* what is its own it may change */
        if (tm.wrong != SEND_NO_STATUS)
            nbl->Status = send_status();
    }
    if (tm.wrong == SEND_LOCK)
        sim_thread()->locks_held++;
    NDIS(NdisMSendNetBufferListsComplete, SIM_WORD(tm.adapter), SIM_WORD(chain),
         SIM_WORD(tm.wrong == SEND_FLAG ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0));
    if (tm.wrong == SEND_TWICE)
        NDIS(NdisMSendNetBufferListsComplete, SIM_WORD(tm.adapter), SIM_WORD(chain), SIM_WORD(0));
    if (tm.wrong == SEND_TOUCH)
        chain->Next = NULL;
}

/* ---- Handlers ---- */

static uint64_t
tm_initialize(struct sim_frame *frame)
{
    static uint32_t oids[] = {
        OID_GEN_CURRENT_PACKET_FILTER,
        OID_GEN_CURRENT_LOOKAHEAD,
        OID_GEN_INTERRUPT_MODERATION,
        OID_GEN_MAXIMUM_TOTAL_SIZE,
        OID_GEN_TRANSMIT_BLOCK_SIZE,
        OID_GEN_RECEIVE_BLOCK_SIZE,
        OID_GEN_TRANSMIT_BUFFER_SPACE,
        OID_GEN_RECEIVE_BUFFER_SPACE,
        OID_GEN_XMIT_OK,
        OID_GEN_RCV_OK,
        OID_GEN_VENDOR_ID,
        OID_GEN_VENDOR_DESCRIPTION,
        OID_GEN_VENDOR_DRIVER_VERSION,
        OID_GEN_STATISTICS,
    };
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration = {
        .Header = {NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, 2,
                   NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2},
        .MiniportAdapterContext = &tm,
        .AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK |
                          NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND |
                          NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND |
                          (tm.wrong == ATTRIBUTES_HARDWARE ? NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE : 0),
    };
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general = {
        .Header = {NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, 2,
                   NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2},
        .MediaType = tm.wrong == ATTRIBUTES_MEDIUM ? 0 : NdisMediumIP,
        .MtuSize = 1500,
        .LookaheadSize = 1500,
        .MediaConnectState = MediaConnectStateDisconnected,
        .MediaDuplexState = MediaDuplexStateFull,
        .SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_BROADCAST,
        .AccessType = 2,
        .ConnectionType = NET_IF_CONNECTION_DEDICATED,
        .IfType = IF_TYPE_PROP_VIRTUAL,
        .SupportedOidList = oids,
        .SupportedOidListLength = (uint32_t)sizeof(oids) - (tm.wrong == ATTRIBUTES_OID_BYTES     ? 1
                                                            : tm.wrong == ATTRIBUTES_OID_MISSING ? 4
                                                                                                 : 0),
    };
    tamper(TEST_REGISTRATION, &registration);
    tamper(TEST_GENERAL, &general);
    tm.adapter = (struct sim_adapter *)frame->arg[0];
    tm.paused = true;
    if (tm.wrong == STATUS_EARLY)
        test_miniport_indicate_status();
    if (tm.wrong == ATTRIBUTES_ORDER)
        NDIS(NdisMSetMiniportAttributes, SIM_WORD(tm.adapter), SIM_WORD(&general));
    NDIS(NdisMSetMiniportAttributes, SIM_WORD(tm.adapter), SIM_WORD(&registration));
    if (tm.wrong != ATTRIBUTES_NONE)
        NDIS(NdisMSetMiniportAttributes, SIM_WORD(tm.adapter), SIM_WORD(&general));
    if (tm.wrong == INITIALIZE_PENDS)
        return NDIS_STATUS_PENDING;
    if (tm.wrong == INITIALIZE_STATUS)
        return (uint32_t)NDIS_STATUS_INVALID_DATA;

    NET_BUFFER_LIST_POOL_PARAMETERS pool = {
        .Header = {NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1},
        .fAllocateNetBuffer = tm.wrong != POOL_WITHOUT_NB,
        .ContextSize = tm.wrong == POOL_CONTEXT ? 4 : 16,
        .PoolTag = 1,
    };
    tamper(TEST_POOL, &pool);
    tm.pool = (void *)(uintptr_t)NDIS(NdisAllocateNetBufferListPool, SIM_WORD(tm.adapter), SIM_WORD(&pool));
    tm.data = sim_pool_allocate(60, 1, NULL);
    tm.mdl = (MDL *)(uintptr_t)NDIS(NdisAllocateMdl, SIM_WORD(tm.adapter), SIM_WORD(tm.data), SIM_WORD(60));
    tm.nbl = (NET_BUFFER_LIST *)(uintptr_t)NDIS(
        NdisAllocateNetBufferAndNetBufferList, SIM_WORD(tm.pool), SIM_WORD(16), SIM_WORD(0),
        SIM_WORD(tm.wrong == NBL_WITHOUT_MDL ? NULL : tm.mdl), SIM_WORD(0), SIM_WORD(60));
    if (tm.wrong == INITIALIZE_INDICATES)
        test_miniport_indicate(0);
    return NDIS_STATUS_SUCCESS;
}

static uint64_t
tm_halt(struct sim_frame *frame)
{
    (void)frame;
    if (tm.wrong == HALT_LINK_STATE)
        test_miniport_indicate_status();
    if (tm.wrong == POOL_LEFT)
        NDIS(NdisFreeNetBufferListPool, SIM_WORD(tm.pool));
    NDIS(NdisFreeNetBufferList, SIM_WORD(tm.nbl));
    if (tm.wrong == NBL_FREED_TWICE)
        NDIS(NdisFreeNetBufferList, SIM_WORD(tm.nbl));
    NDIS(NdisFreeMdl, SIM_WORD(tm.mdl));
    NDIS(NdisFreeNetBufferListPool, SIM_WORD(tm.pool));
    sim_pool_free(tm.data);
    return 0;
}

static uint64_t
tm_unload(struct sim_frame *frame)
{
    (void)frame;
    if (tm.wrong != UNLOAD_WITHOUT_DEREGISTER)
        NDIS(NdisMDeregisterMiniportDriver, SIM_WORD(tm.miniport));
    return 0;
}

static uint64_t
tm_pause(struct sim_frame *frame)
{
    (void)frame;
    if (tm.wrong == PAUSE_FAILS)
        return (uint32_t)NDIS_STATUS_FAILURE;
    tm.paused = tm.wrong != PAUSED_ACCEPTS;
    if (tm.wrong == HANDLER_IRQL)
        sim_irql_raise(DISPATCH_LEVEL_);
    if (tm.wrong == HANDLER_LOCK)
        sim_thread()->locks_held++;
    if (tm.wrong == PAUSE_TWICE) {
        NDIS(NdisMPauseComplete, SIM_WORD(tm.adapter));
        NDIS(NdisMPauseComplete, SIM_WORD(tm.adapter));
    }
    if (tm.wrong != PAUSE_BEFORE_SENDS)
        test_miniport_complete();
    if (tm.wrong != PAUSE_NEVER)
        NDIS(NdisMPauseComplete, SIM_WORD(tm.adapter));
    return NDIS_STATUS_PENDING;
}

static uint64_t
tm_restart(struct sim_frame *frame)
{
    (void)frame;
    tm.paused = false;
    if (tm.wrong == ATTRIBUTES_LATE) {
        NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration = {
            .Header = {NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, 2,
                       NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2}};
        NDIS(NdisMSetMiniportAttributes, SIM_WORD(tm.adapter), SIM_WORD(&registration));
    }
    if (tm.wrong == RESTART_TWICE || tm.wrong == RESTART_PENDS)
        NDIS(NdisMRestartComplete, SIM_WORD(tm.adapter),
             SIM_WORD(tm.wrong == RESTART_PENDS ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS));
    return NDIS_STATUS_SUCCESS;
}

static void
set_power(uint32_t state)
{
    tm.low_power = state != NdisDeviceStateD0;
    if (tm.low_power && tm.wrong != SLEEP_LINK)
        indicate_link(MediaConnectStateUnknown);
}

static NDIS_STATUS
set(NDIS_OID_REQUEST *request)
{
    uint32_t length = request->DATA.SET_INFORMATION.InformationBufferLength;
    if (length < sizeof(uint32_t)) {
        request->DATA.SET_INFORMATION.BytesNeeded = tm.wrong == OID_NOT_NEEDED ? 1 : sizeof(uint32_t);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (request->DATA.Oid == OID_PNP_SET_POWER)
        set_power(*(uint32_t *)request->DATA.SET_INFORMATION.InformationBuffer);
    request->DATA.SET_INFORMATION.BytesRead = tm.wrong == OID_READ ? 0 : length;
    if (tm.wrong == OID_LOCK)
        sim_thread()->locks_held++;
    if (tm.wrong == OID_TWICE || tm.wrong == OID_PENDS || tm.wrong == OID_LOCK)
        NDIS(NdisMOidRequestComplete, SIM_WORD(tm.adapter), SIM_WORD(request),
             SIM_WORD(tm.wrong == OID_PENDS ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS));
    return NDIS_STATUS_SUCCESS;
}

static uint64_t
tm_oid(struct sim_frame *frame)
{
    NDIS_OID_REQUEST *request = (NDIS_OID_REQUEST *)frame->arg[1];
    uint32_t oid = request->DATA.Oid, length = request->DATA.QUERY_INFORMATION.InformationBufferLength;
    if (tm.removed && tm.wrong != REMOVED_ANSWERS)
        return NDIS_STATUS_NOT_ACCEPTED;
    if (oid >> 24 == 0xFF && tm.wrong != OID_UNKNOWN_ANSWERED)
        return (uint32_t)NDIS_STATUS_NOT_SUPPORTED;
    if (request->RequestType == NDIS_SET)
        return (uint32_t)set(request);
    if (oid == OID_PNP_QUERY_POWER)
        return (uint32_t)(tm.wrong == SLEEP_REFUSED ? NDIS_STATUS_FAILURE : NDIS_STATUS_SUCCESS);
    if (tm.wrong == OID_NEVER)
        return NDIS_STATUS_PENDING;
    if (tm.wrong == OID_LISTED && oid == OID_GEN_VENDOR_ID)
        return (uint32_t)NDIS_STATUS_NOT_SUPPORTED;
    NDIS_STATISTICS_INFO statistics = {.Header = {NDIS_OBJECT_TYPE_DEFAULT, 1, sizeof(statistics)}};
    uint32_t number = 1500, size = oid == OID_GEN_STATISTICS ? sizeof(statistics) : sizeof(number);
    if (length < size || (tm.wrong == OID_FAILS_AND_WRITES && oid == OID_GEN_VENDOR_ID)) {
        request->DATA.QUERY_INFORMATION.BytesNeeded = tm.wrong == OID_NOT_NEEDED ? 0 : size;
        request->DATA.QUERY_INFORMATION.BytesWritten = length < size ? 0 : 4;
        return (uint32_t)NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    memcpy(request->DATA.QUERY_INFORMATION.InformationBuffer, size > 4 ? (void *)&statistics : &number, size);
    request->DATA.QUERY_INFORMATION.BytesWritten = tm.wrong == OID_WRITTEN ? size - 1 : size;
    return NDIS_STATUS_SUCCESS;
}

static uint64_t
tm_send(struct sim_frame *frame)
{
    tm.queued = (NET_BUFFER_LIST *)frame->arg[1];
    if (!tm.keep_sends || tm.paused || tm.low_power || tm.removed)
        test_miniport_complete();
    return 0;
}

static uint64_t
tm_return(struct sim_frame *frame)
{
    if ((NET_BUFFER_LIST *)frame->arg[1] != tm.nbl)
        sim_fail(__FILE__, __LINE__, "another NBL comes back than was indicated");
    tm.returned++;
    return 0;
}

static uint64_t
tm_event(struct sim_frame *frame)
{
    tm.removed |=
        ((NET_DEVICE_PNP_EVENT *)frame->arg[1])->DevicePnPEvent == NdisDevicePnPEventSurpriseRemoved;
    return 0;
}

static uint64_t
tm_ignore(struct sim_frame *frame)
{
    (void)frame;
    return 0;
}

#define HANDLER(name, words)                                                                                 \
    static const struct sim_import name##_row = {"(miniport)", #name, name, words, 0,    SIM_STDCALL,        \
                                                 0xFF,         0,     31,   0,     NULL, ""}
HANDLER(tm_initialize, 3);
HANDLER(tm_halt, 2);
HANDLER(tm_unload, 1);
HANDLER(tm_pause, 2);
HANDLER(tm_restart, 2);
HANDLER(tm_oid, 2);
HANDLER(tm_send, 4);
HANDLER(tm_return, 3);
HANDLER(tm_event, 2);
HANDLER(tm_ignore, 2);

/* ---- Life ---- */

static NDIS_STATUS
register_driver(void)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS c = {
        .Header = {NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS, tm.wrong == REGISTER_REVISION ? 1 : 2,
                   (uint16_t)(NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 -
                              (tm.wrong == REGISTER_SIZE ? sizeof(void *) : 0))},
        .MajorNdisVersion = 6,
        .MinorNdisVersion = 30,
        .InitializeHandlerEx = sim_import_address(&tm_initialize_row),
        .HaltHandlerEx = sim_import_address(&tm_halt_row),
        .UnloadHandler = sim_import_address(&tm_unload_row),
        .PauseHandler = sim_import_address(&tm_pause_row),
        .RestartHandler = sim_import_address(&tm_restart_row),
        .OidRequestHandler = sim_import_address(&tm_oid_row),
        .SendNetBufferListsHandler = sim_import_address(&tm_send_row),
        .ReturnNetBufferListsHandler = sim_import_address(&tm_return_row),
        .CancelSendHandler = tm.wrong == REGISTER_HANDLER ? NULL : sim_import_address(&tm_ignore_row),
        .ResetHandlerEx = tm.wrong == REGISTER_RESET ? sim_import_address(&tm_ignore_row) : NULL,
        .DevicePnPEventNotifyHandler = sim_import_address(&tm_event_row),
        .ShutdownHandlerEx = sim_import_address(&tm_ignore_row),
        .CancelOidRequestHandler = sim_import_address(&tm_ignore_row),
        .DirectOidRequestHandler = tm.wrong == REGISTER_DIRECT ? sim_import_address(&tm_ignore_row) : NULL,
    };
    static UNICODE_STRING path;
    tamper(TEST_CHARACTERISTICS, &c);
    return (NDIS_STATUS)NDIS(NdisMRegisterMiniportDriver, SIM_WORD(tm.driver), SIM_WORD(&path), SIM_WORD(&tm),
                             SIM_WORD(&c), SIM_WORD(&tm.miniport));
}

void
test_miniport_register(enum wrong wrong)
{
    memset(&tm, 0, sizeof(tm));
    tm.wrong = wrong;
    tm.driver = calloc(1, sizeof(*tm.driver));
    EXPECT_EQ((uint32_t)register_driver(), NDIS_STATUS_SUCCESS);
    if (wrong == REGISTER_TWICE)
        register_driver();
    if (wrong == REGISTER_UNLOAD_ROUTINE)
        tm.driver->DriverUnload = sim_import_address(&tm_unload_row);
    if (wrong == REGISTER_DISPATCH)
        tm.driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = sim_import_address(&tm_ignore_row);
}

struct sim_adapter *
test_miniport_start(enum wrong wrong)
{
    NDIS_STATUS status;
    test_miniport_register(wrong);
    struct sim_adapter *adapter = ndis_adapter_start(tm.miniport, NULL, &status);
    EXPECT_EQ((uint32_t)status, NDIS_STATUS_SUCCESS);
    return adapter;
}

void
test_miniport_stop(void)
{
    sim_adapter_remove(tm.adapter);
    SIM_CALL(tm.driver->DriverUnload, SIM_WORD(tm.driver));
    free(tm.driver);
}
