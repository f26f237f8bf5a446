/* SPDX-License-Identifier: MIT
 * OID requests: one at a time per adapter, each answered exactly once, by the handler's result or later. */
#include <stdlib.h>
#include "ndis_model.h"

NDIS_STATUS
ndis_request(struct sim_adapter *adapter, int type, uint32_t oid, void *buffer, uint32_t length,
             uint32_t *done, uint32_t *needed)
{
    pthread_mutex_lock(&adapter->oid_turn);
    int state = adapter->state;
    if (state == NDIS_HALTED || state == NDIS_INITIALIZING || state == NDIS_HALTING) {
        pthread_mutex_unlock(&adapter->oid_turn);
        return NDIS_STATUS_NOT_ACCEPTED;
    }
    if (adapter->power && oid != OID_PNP_SET_POWER) { /* the only request that reaches a sleeping miniport */
        pthread_mutex_unlock(&adapter->oid_turn);
        return NDIS_STATUS_LOW_POWER_STATE;
    }
    bool is_set = type == NDIS_SET;
    /* Guarded copies: an answer that is longer than the buffer traps. */
    NDIS_OID_REQUEST *request = sim_pool_allocate(sizeof(*request), 0x716f444e, NULL);
    uint8_t *information = sim_pool_allocate(length ? length : 1, 0x626f444e, NULL);
    uint8_t *guarded = information + (length ? 0 : 1);
    memset(request, 0xC5, sizeof(*request));
    if (is_set)
        memcpy(guarded, buffer, length);
    else if (oid == OID_PNP_QUERY_POWER) /* a query with a question in its buffer */
        memcpy(guarded, buffer, length);
    else
        memset(guarded, 0xA7, length);
    bool second = adapter->miniport->version >= NDIS_RUNTIME_VERSION_650;
    request->Header = (NDIS_OBJECT_HEADER){
        NDIS_OBJECT_TYPE_OID_REQUEST, second ? 2 : 1,
        (uint16_t)(second ? NDIS_SIZEOF_OID_REQUEST_REVISION_2 : NDIS_SIZEOF_OID_REQUEST_REVISION_1)};
    request->RequestType = type;
    request->PortNumber = 0;
    request->Timeout = 0;
    request->RequestId = request;
    request->RequestHandle = adapter;
    request->DATA.QUERY_INFORMATION.Oid = oid;
    request->DATA.QUERY_INFORMATION.InformationBuffer = guarded;
    request->DATA.QUERY_INFORMATION.InformationBufferLength = length;
    request->DATA.QUERY_INFORMATION.BytesWritten = 0;
    request->DATA.QUERY_INFORMATION.BytesNeeded = 0;
    if (type == NdisRequestMethod) {
        request->DATA.METHOD_INFORMATION.InputBufferLength = length;
        request->DATA.METHOD_INFORMATION.OutputBufferLength = length;
        request->DATA.METHOD_INFORMATION.BytesWritten = request->DATA.METHOD_INFORMATION.BytesRead = 0;
        request->DATA.METHOD_INFORMATION.BytesNeeded = 0;
    }

    bool removed = adapter->removed;
    pthread_mutex_lock(&adapter->lock);
    adapter->request = request;
    adapter->request_completed = false;
    pthread_mutex_unlock(&adapter->lock);
    NDIS_STATUS status =
        (NDIS_STATUS)NDIS_CALL("MiniportOidRequest", adapter->miniport->handlers.OidRequestHandler,
                               SIM_WORD(adapter->context), SIM_WORD(request));
    pthread_mutex_lock(&adapter->lock);
    if (status == NDIS_STATUS_PENDING) {
        struct timespec deadline = ndis_deadline(sim_ndis_patience);
        while (!adapter->request_completed) {
            if (!ndis_wait(adapter, &deadline))
                sim_stop("a pending OID request is completed", "0x%08x was not within %u s", oid,
                         sim_ndis_patience);
        }
        status = adapter->request_status;
    } else if (adapter->request_completed)
        sim_stop("an OID request is completed once", "0x%08x by NdisMOidRequestComplete and by status 0x%x",
                 oid, status);
    adapter->request = NULL;
    pthread_mutex_unlock(&adapter->lock);

    uint32_t got_done = request->DATA.QUERY_INFORMATION.BytesWritten;
    uint32_t got_needed = request->DATA.QUERY_INFORMATION.BytesNeeded;
    if (type == NdisRequestMethod) {
        got_done = request->DATA.METHOD_INFORMATION.BytesWritten;
        got_needed = request->DATA.METHOD_INFORMATION.BytesNeeded;
    }
    bool power = oid == OID_PNP_SET_POWER || oid == OID_PNP_QUERY_POWER;
    if (removed && !power && status != NDIS_STATUS_NOT_ACCEPTED)
        sim_stop("after its removal was announced a miniport answers NDIS_STATUS_NOT_ACCEPTED",
                 "OID 0x%08x: status 0x%x", oid, status);
    if (got_done > length)
        sim_stop("BytesWritten and BytesRead do not exceed the buffer", "0x%08x: %u of %u", oid, got_done,
                 length);
    if (status != NDIS_STATUS_SUCCESS && !is_set && got_done)
        sim_stop("a query that fails writes nothing and says so in BytesWritten",
                 "0x%08x: %u with status 0x%x", oid, got_done, status);
    if ((status == NDIS_STATUS_BUFFER_TOO_SHORT || status == NDIS_STATUS_INVALID_LENGTH) &&
        got_needed <= length)
        sim_stop("a request with too short a buffer says in BytesNeeded how much it needs",
                 "0x%08x: %u for a buffer of %u", oid, got_needed, length);
    if (is_set && status == NDIS_STATUS_SUCCESS && length && !got_done)
        sim_stop("a set that succeeds says in BytesRead how much it read", "0x%08x: nothing of %u", oid,
                 length);
    if (!is_set && status == NDIS_STATUS_SUCCESS) {
        for (uint32_t i = got_done; i < length && oid != OID_PNP_QUERY_POWER; i++) {
            if (guarded[i] != 0xA7)
                sim_stop("a query writes BytesWritten bytes", "0x%08x wrote at %u, past %u", oid, i,
                         got_done);
        }
        memcpy(buffer, guarded, got_done);
    }
    if (done)
        *done = got_done;
    if (needed)
        *needed = got_needed;
    sim_pool_free(request);
    sim_pool_free(information);
    pthread_mutex_unlock(&adapter->oid_turn);
    return status;
}

/* ---- What comes beside the requests in turn ---- */

#define OID_UNKNOWN 0xFF765432u /* of the range that vendors define; nobody did */
#define NOBODYS_ID  ((uintptr_t)0x1D1D1D1Cu)

static void
expect_unsupported(const char *what, NDIS_STATUS status)
{
    if (status != NDIS_STATUS_NOT_SUPPORTED)
        sim_stop("a miniport answers what it does not know with NDIS_STATUS_NOT_SUPPORTED", "%s: status 0x%x",
                 what, status);
}

/* A direct request is not serialised and may come at DISPATCH_LEVEL. */
static void
request_directly(struct sim_adapter *adapter)
{
    const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *handlers = &adapter->miniport->handlers;
    if (!handlers->DirectOidRequestHandler)
        return;
    NDIS_OID_REQUEST *request = sim_pool_allocate(sizeof *request, 0x716f444e, NULL);
    uint8_t *information = sim_pool_allocate(4, 0x626f444e, NULL);
    memset(request, 0xC5, sizeof *request);
    request->Header =
        (NDIS_OBJECT_HEADER){NDIS_OBJECT_TYPE_OID_REQUEST, 1, NDIS_SIZEOF_OID_REQUEST_REVISION_1};
    request->RequestType = NDIS_QUERY;
    request->PortNumber = 0;
    request->RequestId = request;
    request->DATA.QUERY_INFORMATION.Oid = OID_UNKNOWN;
    request->DATA.QUERY_INFORMATION.InformationBuffer = information;
    request->DATA.QUERY_INFORMATION.InformationBufferLength = 4;
    request->DATA.QUERY_INFORMATION.BytesWritten = request->DATA.QUERY_INFORMATION.BytesNeeded = 0;
    sim_irql_raise(DISPATCH_LEVEL_);
    NDIS_STATUS status = (NDIS_STATUS)NDIS_CALL("MiniportDirectOidRequest", handlers->DirectOidRequestHandler,
                                                SIM_WORD(adapter->context), SIM_WORD(request));
    NDIS_CALL("MiniportCancelDirectOidRequest", handlers->CancelDirectOidRequestHandler,
              SIM_WORD(adapter->context), NOBODYS_ID);
    sim_irql_lower(PASSIVE_LEVEL_);
    expect_unsupported("a direct request", status);
    sim_pool_free(request);
    sim_pool_free(information);
}

/* What is to be cancelled may have been completed just before: that nothing has the id is normal. */
static void
cancel_nothing(struct sim_adapter *adapter)
{
    const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *handlers = &adapter->miniport->handlers;
    sim_irql_raise(DISPATCH_LEVEL_);
    NDIS_CALL("MiniportCancelOidRequest", handlers->CancelOidRequestHandler, SIM_WORD(adapter->context),
              NOBODYS_ID);
    NDIS_CALL("MiniportCancelSend", handlers->CancelSendHandler, SIM_WORD(adapter->context), NOBODYS_ID);
    sim_irql_lower(PASSIVE_LEVEL_);
}

uint64_t
ndis_NdisMOidRequestComplete(struct sim_frame *frame)
{
    struct sim_adapter *adapter = ndis_adapter_of((const void *)frame->arg[0], "NdisMOidRequestComplete");
    NDIS_OID_REQUEST *request = (NDIS_OID_REQUEST *)frame->arg[1];
    NDIS_STATUS status = (NDIS_STATUS)frame->arg[2];

    ndis_check_no_locks("NdisMOidRequestComplete");
    if (status == NDIS_STATUS_PENDING)
        sim_stop("an OID request is completed with a final status", "NDIS_STATUS_PENDING");
    pthread_mutex_lock(&adapter->lock);
    if (!request || request != adapter->request || adapter->request_completed)
        sim_stop("an OID request is completed once", "%p is not under way", (void *)request);
    adapter->request_completed = true;
    adapter->request_status = status;
    pthread_cond_broadcast(&adapter->changed);
    pthread_mutex_unlock(&adapter->lock);
    return 0;
}

static bool
is_supported(const struct sim_adapter *adapter, uint32_t oid)
{
    for (unsigned i = 0; i < adapter->oid_count; i++) {
        if (adapter->oid_list[i] == oid)
            return true;
    }
    return false;
}

static void
set_must_succeed(struct sim_adapter *adapter, uint32_t oid, uint32_t value)
{
    NDIS_STATUS status = ndis_request(adapter, NDIS_SET, oid, &value, sizeof(value), NULL, NULL);
    if (status != NDIS_STATUS_SUCCESS && is_supported(adapter, oid))
        sim_stop("a miniport supports the OIDs that it lists", "set 0x%08x to 0x%x: status 0x%x", oid, value,
                 status);
}

void
ndis_request_at_start(struct sim_adapter *adapter)
{
    static const uint32_t queries[] = {
        OID_GEN_MAXIMUM_TOTAL_SIZE,
        OID_GEN_TRANSMIT_BUFFER_SPACE,
        OID_GEN_RECEIVE_BUFFER_SPACE,
        OID_GEN_TRANSMIT_BLOCK_SIZE,
        OID_GEN_RECEIVE_BLOCK_SIZE,
        OID_GEN_VENDOR_ID,
        OID_GEN_VENDOR_DRIVER_VERSION,
        OID_GEN_XMIT_OK,
        OID_GEN_RCV_OK,
        OID_GEN_VENDOR_DESCRIPTION,
        OID_GEN_INTERRUPT_MODERATION,
        OID_GEN_STATISTICS,
    };
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        uint8_t answer[512] = {0};
        uint32_t done;
        NDIS_STATUS status =
            ndis_request(adapter, NDIS_QUERY, queries[i], answer, sizeof(answer), &done, NULL);
        if (status != NDIS_STATUS_SUCCESS)
            sim_stop("a miniport supports the OIDs that it lists", "query 0x%08x: status 0x%x", queries[i],
                     status);
        if (queries[i] == OID_GEN_MAXIMUM_TOTAL_SIZE)
            memcpy(&adapter->max_total_size, answer, sizeof(uint32_t));
        if (queries[i] == OID_GEN_STATISTICS)
            ndis_check_header("NDIS_STATISTICS_INFO", (const void *)answer, NDIS_OBJECT_TYPE_DEFAULT, 1, 1,
                              NDIS_SIZEOF_STATISTICS_INFO_REVISION_1);
    }
    if (adapter->max_total_size < adapter->general.MtuSize)
        sim_stop("OID_GEN_MAXIMUM_TOTAL_SIZE covers MtuSize", "%u < %u", adapter->max_total_size,
                 adapter->general.MtuSize);
    uint32_t value = 0;
    expect_unsupported("a query of an unknown OID",
                       ndis_request(adapter, NDIS_QUERY, OID_UNKNOWN, &value, sizeof(value), NULL, NULL));
    expect_unsupported("a set of an unknown OID",
                       ndis_request(adapter, NDIS_SET, OID_UNKNOWN, &value, sizeof(value), NULL, NULL));
    request_directly(adapter);
    cancel_nothing(adapter);
    set_must_succeed(adapter, OID_GEN_CURRENT_LOOKAHEAD, adapter->general.LookaheadSize);
    set_must_succeed(
        adapter, OID_GEN_CURRENT_PACKET_FILTER,
        adapter->general.SupportedPacketFilters &
            (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_ALL_MULTICAST));
}

NDIS_STATUS
sim_adapter_query(struct sim_adapter *adapter, uint32_t oid, void *buffer, uint32_t length, uint32_t *written,
                  uint32_t *needed)
{
    return ndis_request(adapter, NDIS_QUERY, oid, buffer, length, written, needed);
}

NDIS_STATUS
sim_adapter_set(struct sim_adapter *adapter, uint32_t oid, const void *buffer, uint32_t length,
                uint32_t *needed)
{
    return ndis_request(adapter, NDIS_SET, oid, (void *)(uintptr_t)buffer, length, NULL, needed);
}
