/* SPDX-License-Identifier: MIT
 * NdisMSetMiniportAttributes: what a miniport says about an adapter during InitializeEx, checked field by
 * field. */
#include "ndis_model.h"

static void
check_order(const struct sim_adapter *adapter, bool allowed, const char *what)
{
    if (adapter->state != NDIS_INITIALIZING)
        sim_stop("attributes are set during MiniportInitializeEx", "%s in state %s", what,
                 ndis_state_name(adapter->state));
    if (!allowed)
        sim_stop("registration attributes come first and once, then general ones, then others",
                 "%s out of order", what);
}

static void
set_registration(struct sim_adapter *adapter, const NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *a)
{
    check_order(adapter, !adapter->registration_set && !adapter->general_set, "registration attributes");
    uint8_t revision = adapter->miniport->version >= NDIS_RUNTIME_VERSION_630 ? 2 : 1;
    ndis_check_header("NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES", &a->Header,
                      NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, revision, revision,
                      NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1);
    if (!a->MiniportAdapterContext)
        sim_stop("a miniport gives its adapter context with the registration attributes", "it is NULL");
    if (a->AttributeFlags & (NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE | NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER))
        sim_stop("a virtual miniport is no hardware device and no bus master", "AttributeFlags 0x%x",
                 a->AttributeFlags);
    uint32_t newer =
        NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND | NDIS_MINIPORT_ATTRIBUTES_REGISTER_BUGCHECK_CALLBACK;
    if (adapter->miniport->version < NDIS_RUNTIME_VERSION_630 && (a->AttributeFlags & newer))
        sim_stop("NO_PAUSE_ON_SUSPEND and REGISTER_BUGCHECK_CALLBACK came with NDIS 6.30",
                 "AttributeFlags 0x%x", a->AttributeFlags);
    if (a->CheckForHangTimeInSeconds)
        sim_stop("a miniport without CheckForHang names no time for it", "%u s",
                 a->CheckForHangTimeInSeconds);
    if (a->InterfaceType != 0) /* NdisInterfaceInternal */
        sim_stop("a virtual miniport's InterfaceType is NdisInterfaceInternal", "%d", a->InterfaceType);
    adapter->context = a->MiniportAdapterContext;
    adapter->attribute_flags = a->AttributeFlags;
    adapter->registration_set = true;
}

/* OIDs that NDIS answers itself, that no driver lists. */
static bool
is_listable(uint32_t oid)
{
    return (oid & 0xFFFF0000u) != 0x00010000u || oid != OID_GEN_MINIPORT_RESTART_ATTRIBUTES;
}

static void
check_oid_list(const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *a, struct sim_adapter *adapter)
{
    if (!a->SupportedOidList || !a->SupportedOidListLength)
        sim_stop("a miniport lists the OIDs that it supports", "the list is empty");
    if (a->SupportedOidListLength % sizeof(uint32_t))
        sim_stop("SupportedOidListLength is in bytes", "%u is no multiple of 4", a->SupportedOidListLength);
    unsigned count = a->SupportedOidListLength / sizeof(uint32_t);
    if (count > sizeof(adapter->oid_list) / sizeof(adapter->oid_list[0]))
        sim_stop("the model takes up to 128 OIDs", "%u are listed", count);
    for (unsigned i = 0; i < count; i++) {
        uint32_t oid = a->SupportedOidList[i];
        if (!is_listable(oid))
            sim_stop("SupportedOidList holds OIDs that the driver supports", "0x%08x is none of a driver",
                     oid);
        for (unsigned j = 0; j < i; j++) {
            if (adapter->oid_list[j] == oid)
                sim_stop("SupportedOidList names an OID once", "0x%08x is there twice", oid);
        }
        adapter->oid_list[i] = oid;
    }
    adapter->oid_count = count;
    static const uint32_t mandatory[] = {
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
        OID_GEN_STATISTICS,
        OID_GEN_VENDOR_ID,
        OID_GEN_VENDOR_DESCRIPTION,
        OID_GEN_VENDOR_DRIVER_VERSION,
    };
    for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++) {
        bool found = false;
        for (unsigned j = 0; j < count; j++)
            found |= adapter->oid_list[j] == mandatory[i];
        if (!found)
            sim_stop("a miniport supports the mandatory general OIDs", "0x%08x is not listed", mandatory[i]);
    }
}

static void
set_general(struct sim_adapter *adapter, const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *a)
{
    check_order(adapter, adapter->registration_set && !adapter->general_set, "general attributes");
    uint8_t revision = adapter->miniport->version >= NDIS_RUNTIME_VERSION_620 ? 2 : 1;
    size_t size = revision == 2 ? NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2
                                : NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1;
    ndis_check_header("NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES", &a->Header,
                      NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, revision, revision, size);
    /* What the INF says (*MediaType, *PhysicalMediaType, *IfType) has to be said here again. */
    if (a->MediaType != NdisMediumIP || a->PhysicalMediumType != NdisPhysicalMediumUnspecified ||
        a->IfType != IF_TYPE_PROP_VIRTUAL)
        sim_stop("general attributes agree with *MediaType, *PhysicalMediaType and *IfType of the INF",
                 "medium %u, physical medium %u, interface type %u", a->MediaType, a->PhysicalMediumType,
                 a->IfType);
    if (a->MtuSize < 576 || a->MtuSize > 0xFFFF)
        sim_stop("MtuSize is a size that IP can use", "%u", a->MtuSize);
    if (a->MaxXmitLinkSpeed != NDIS_LINK_SPEED_UNKNOWN && a->XmitLinkSpeed != NDIS_LINK_SPEED_UNKNOWN &&
        a->XmitLinkSpeed > a->MaxXmitLinkSpeed)
        sim_stop("a link speed does not exceed its maximum", "transmit");
    if (a->MaxRcvLinkSpeed != NDIS_LINK_SPEED_UNKNOWN && a->RcvLinkSpeed != NDIS_LINK_SPEED_UNKNOWN &&
        a->RcvLinkSpeed > a->MaxRcvLinkSpeed)
        sim_stop("a link speed does not exceed its maximum", "receive");
    if (a->MediaConnectState > MediaConnectStateDisconnected || a->MediaDuplexState > MediaDuplexStateFull)
        sim_stop("connect and duplex state are documented values", "%u, %u", a->MediaConnectState,
                 a->MediaDuplexState);
    if (a->AccessType < NET_IF_ACCESS_LOOPBACK || a->AccessType >= NET_IF_ACCESS_MAXIMUM ||
        a->DirectionType >= NET_IF_DIRECTION_MAXIMUM || a->ConnectionType < NET_IF_CONNECTION_DEDICATED ||
        a->ConnectionType >= NET_IF_CONNECTION_MAXIMUM)
        sim_stop("access, direction and connection type are documented values", "%u, %u, %u", a->AccessType,
                 a->DirectionType, a->ConnectionType);
    if (a->MacAddressLength > NDIS_MAX_PHYS_ADDRESS_LENGTH)
        sim_stop("MacAddressLength fits its array", "%u", a->MacAddressLength);
    if (a->IfConnectorPresent)
        sim_stop("a virtual interface has no connector", "IfConnectorPresent is set");
    if (a->PowerManagementCapabilities)
        sim_stop("from 6.20 on power capabilities go into PowerManagementCapabilitiesEx",
                 "the old pointer is set");
    if (a->PowerManagementCapabilitiesEx) {
        bool second = adapter->miniport->version >= NDIS_RUNTIME_VERSION_630;
        ndis_check_header("NDIS_PM_CAPABILITIES", &a->PowerManagementCapabilitiesEx->Header,
                          NDIS_OBJECT_TYPE_DEFAULT, second ? 2 : 1, second ? 2 : 1,
                          second ? NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2
                                 : NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1);
        adapter->wakes_on_link_change =
            second && a->PowerManagementCapabilitiesEx->MinLinkChangeWakeUp != NdisDeviceStateUnspecified;
    }
    check_oid_list(a, adapter);

    memcpy(&adapter->general, a, size);
    /* What pointers led to lives only during the call. */
    adapter->general.SupportedOidList = NULL;
    adapter->general.RecvScaleCapabilities = NULL;
    adapter->general.PowerManagementCapabilitiesEx = a->PowerManagementCapabilitiesEx ? (void *)-1 : NULL;
    adapter->max_total_size = a->MtuSize;
    adapter->media_state = (int)a->MediaConnectState;
    adapter->general_set = true;
}

uint64_t
ndis_NdisMSetMiniportAttributes(struct sim_frame *frame)
{
    struct sim_adapter *adapter = ndis_adapter_of((const void *)frame->arg[0], "NdisMSetMiniportAttributes");
    const NDIS_OBJECT_HEADER *header = (const NDIS_OBJECT_HEADER *)frame->arg[1];

    switch (header->Type) {
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES:
        set_registration(adapter, (const void *)header);
        return NDIS_STATUS_SUCCESS;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES:
        set_general(adapter, (const void *)header);
        return NDIS_STATUS_SUCCESS;
    default:
        check_order(adapter, adapter->general_set, "further attributes");
        sim_log("ndis: attributes of type 0x%x are not modelled", header->Type);
        return (uint32_t)NDIS_STATUS_NOT_SUPPORTED;
    }
}
