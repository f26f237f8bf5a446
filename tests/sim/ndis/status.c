/* SPDX-License-Identifier: MIT
 * NdisMIndicateStatusEx: what a miniport may indicate, and when. */
#include "ndis_model.h"

static void
link_state(struct sim_adapter *adapter, const NDIS_STATUS_INDICATION *indication)
{
    const NDIS_LINK_STATE *link = indication->StatusBuffer;
    if (!link || indication->StatusBufferSize < NDIS_SIZEOF_LINK_STATE_REVISION_1)
        sim_stop("NDIS_STATUS_LINK_STATE carries an NDIS_LINK_STATE", "%u bytes",
                 indication->StatusBufferSize);
    ndis_check_header("NDIS_LINK_STATE", &link->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, 1,
                      NDIS_SIZEOF_LINK_STATE_REVISION_1);
    if (link->MediaConnectState > MediaConnectStateDisconnected ||
        link->MediaDuplexState > MediaDuplexStateFull)
        sim_stop("connect and duplex state are documented values", "%u, %u", link->MediaConnectState,
                 link->MediaDuplexState);
    /* A request on another thread may have begun before HaltEx and be just about to indicate: no miniport can
     * rule that out, so only what HaltEx itself does breaks the rule. */
    if (adapter->state == NDIS_HALTING && adapter->halting_thread == sim_thread())
        sim_stop("a miniport does not indicate its link state in MiniportHaltEx", "state %u",
                 link->MediaConnectState);
    pthread_mutex_lock(&adapter->lock);
    adapter->media_state = (int)link->MediaConnectState;
    pthread_cond_broadcast(&adapter->changed);
    pthread_mutex_unlock(&adapter->lock);
}

uint64_t
ndis_NdisMIndicateStatusEx(struct sim_frame *frame)
{
    struct sim_adapter *adapter = ndis_adapter_of((const void *)frame->arg[0], "NdisMIndicateStatusEx");
    const NDIS_STATUS_INDICATION *indication = (const NDIS_STATUS_INDICATION *)frame->arg[1];

    ndis_check_no_locks("NdisMIndicateStatusEx");
    if (!adapter->registration_set)
        sim_stop("a miniport indicates status after it has set its registration attributes",
                 "0x%x comes before", indication->StatusCode);
    if (adapter->power)
        sim_stop("a miniport indicates no status in low power", "0x%x in D%u", indication->StatusCode,
                 adapter->power);
    ndis_check_header("NDIS_STATUS_INDICATION", &indication->Header, NDIS_OBJECT_TYPE_STATUS_INDICATION, 1, 1,
                      NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    if (indication->SourceHandle != adapter)
        sim_stop("SourceHandle is the miniport's handle", "a status indication has %p",
                 indication->SourceHandle);
    if (indication->PortNumber)
        sim_stop("PortNumber is 0 unless ports were created", "a status indication has %u",
                 indication->PortNumber);
    if (indication->StatusBufferSize && !indication->StatusBuffer)
        sim_stop("a status indication has the buffer whose size it states", "%u bytes at NULL",
                 indication->StatusBufferSize);
    if (indication->DestinationHandle || indication->RequestId)
        sim_stop("DestinationHandle and RequestId answer an OID request", "status 0x%x answers none",
                 indication->StatusCode);
    if (indication->StatusCode == NDIS_STATUS_LINK_STATE)
        link_state(adapter, indication);
    else
        sim_log("ndis: status 0x%x indicated", indication->StatusCode);
    return 0;
}
