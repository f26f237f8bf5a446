/* SPDX-License-Identifier: MIT
 *
 * What NDIS answers from the attributes it never asks for here. The information buffer may be somebody else's
 * to write: a set reads each value once, a query writes and does not read back.
 */
#include "oid.h"
#include "driver.h"
#include "product.h"
#include "ring.h"

#define OID_VENDOR_NONE 0xFFFFFFu /* the documented value without an IEEE-assigned code */

const NDIS_OID OidSupported[] = {
    OID_GEN_CURRENT_PACKET_FILTER,
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
    OID_PNP_SET_POWER,
    OID_PNP_QUERY_POWER,
    OID_PM_PARAMETERS,
};
const ULONG OidSupportedLength = sizeof(OidSupported);

static NDIS_STATUS
OidAnswer(NDIS_OID_REQUEST *Request, const VOID *Value, ULONG Size)
{
    Request->DATA.QUERY_INFORMATION.BytesWritten = 0;
    Request->DATA.QUERY_INFORMATION.BytesNeeded = Size;
    if (Request->DATA.QUERY_INFORMATION.InformationBufferLength < Size)
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    RtlCopyMemory(Request->DATA.QUERY_INFORMATION.InformationBuffer, Value, Size);
    Request->DATA.QUERY_INFORMATION.BytesWritten = Size;
    Request->DATA.QUERY_INFORMATION.BytesNeeded = 0;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
OidAnswerNumber(NDIS_OID_REQUEST *Request, ULONG Value)
{
    return OidAnswer(Request, &Value, sizeof(Value));
}

/* Counters that were 32-bit once: the low half is an answer too, but says that there is more. */
static NDIS_STATUS
OidAnswerCounter(NDIS_OID_REQUEST *Request, ULONG64 Value)
{
    UINT Length = Request->DATA.QUERY_INFORMATION.InformationBufferLength;

    if (Length >= sizeof(Value))
        return OidAnswer(Request, &Value, sizeof(Value));
    Request->DATA.QUERY_INFORMATION.BytesWritten = 0;
    Request->DATA.QUERY_INFORMATION.BytesNeeded = sizeof(Value);
    if (Length < sizeof(ULONG))
        return NDIS_STATUS_INVALID_LENGTH;
    ULONG Low = (ULONG)Value;
    RtlCopyMemory(Request->DATA.QUERY_INFORMATION.InformationBuffer, &Low, sizeof(Low));
    Request->DATA.QUERY_INFORMATION.BytesWritten = sizeof(Low);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
OidQuery(TUN_ADAPTER *Adapter, NDIS_OID_REQUEST *Request)
{
    switch (Request->DATA.Oid) {
    case OID_GEN_INTERRUPT_MODERATION: {
        NDIS_INTERRUPT_MODERATION_PARAMETERS Parameters = {
            .Header = {NDIS_OBJECT_TYPE_DEFAULT, NDIS_INTERRUPT_MODERATION_PARAMETERS_REVISION_1,
                       NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1},
            .InterruptModeration = NdisInterruptModerationNotSupported,
        };
        return OidAnswer(Request, &Parameters, sizeof(Parameters));
    }
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
    case OID_GEN_TRANSMIT_BLOCK_SIZE:
    case OID_GEN_RECEIVE_BLOCK_SIZE:
    case OID_GEN_CURRENT_LOOKAHEAD:
        return OidAnswerNumber(Request, ADAPTER_MTU);
    case OID_GEN_TRANSMIT_BUFFER_SPACE:
    case OID_GEN_RECEIVE_BUFFER_SPACE:
        return OidAnswerNumber(Request, RING_MAX_CAPACITY);
    case OID_GEN_CURRENT_PACKET_FILTER:
        return OidAnswerNumber(Request, Adapter->PacketFilter);
    case OID_GEN_VENDOR_ID:
        return OidAnswerNumber(Request, OID_VENDOR_NONE);
    case OID_GEN_VENDOR_DESCRIPTION:
        return OidAnswer(Request, PRODUCT_DESCRIPTION, sizeof(PRODUCT_DESCRIPTION));
    case OID_GEN_VENDOR_DRIVER_VERSION:
        return OidAnswerNumber(Request, (PRODUCT_VERSION_MAJOR << 16) | PRODUCT_VERSION_MINOR);
    case OID_GEN_XMIT_OK:
        return OidAnswerCounter(Request, StatisticsPackets(&Adapter->Statistics.Out));
    case OID_GEN_RCV_OK:
        return OidAnswerCounter(Request, StatisticsPackets(&Adapter->Statistics.In));
    case OID_GEN_STATISTICS: {
        NDIS_STATISTICS_INFO Info;
        StatisticsQuery(&Adapter->Statistics, &Info);
        return OidAnswer(Request, &Info, sizeof(Info));
    }
    case OID_PNP_QUERY_POWER:
        Request->DATA.QUERY_INFORMATION.BytesWritten = 0;
        return NDIS_STATUS_SUCCESS;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

static NDIS_STATUS
OidReadNumber(NDIS_OID_REQUEST *Request, ULONG *Value)
{
    Request->DATA.SET_INFORMATION.BytesRead = 0;
    Request->DATA.SET_INFORMATION.BytesNeeded = 0;
    if (Request->DATA.SET_INFORMATION.InformationBufferLength < sizeof(*Value)) {
        Request->DATA.SET_INFORMATION.BytesNeeded = sizeof(*Value);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    RtlCopyMemory(Value, Request->DATA.SET_INFORMATION.InformationBuffer, sizeof(*Value));
    Request->DATA.SET_INFORMATION.BytesRead = sizeof(*Value);
    return NDIS_STATUS_SUCCESS;
}

/* Nothing was advertised, so there is nothing to turn on. */
static NDIS_STATUS
OidSetPowerParameters(NDIS_OID_REQUEST *Request)
{
    NDIS_PM_PARAMETERS Parameters;
    ULONG Size = NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1;

    Request->DATA.SET_INFORMATION.BytesRead = 0;
    Request->DATA.SET_INFORMATION.BytesNeeded = Size;
    if (Request->DATA.SET_INFORMATION.InformationBufferLength < Size)
        return NDIS_STATUS_INVALID_LENGTH;
    RtlCopyMemory(&Parameters, Request->DATA.SET_INFORMATION.InformationBuffer, Size);
    if (Parameters.Header.Type != NDIS_OBJECT_TYPE_DEFAULT ||
        Parameters.Header.Revision < NDIS_PM_PARAMETERS_REVISION_1 || Parameters.Header.Size < Size)
        return NDIS_STATUS_INVALID_PARAMETER;
    if (Parameters.EnabledWoLPacketPatterns || Parameters.EnabledProtocolOffloads)
        return NDIS_STATUS_INVALID_PARAMETER;
    Request->DATA.SET_INFORMATION.BytesRead = Size;
    Request->DATA.SET_INFORMATION.BytesNeeded = 0;
    Request->SupportedRevision = NDIS_PM_PARAMETERS_REVISION_1;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
OidSet(TUN_ADAPTER *Adapter, NDIS_OID_REQUEST *Request)
{
    ULONG Value;
    NDIS_STATUS Status;

    switch (Request->DATA.Oid) {
    case OID_GEN_CURRENT_PACKET_FILTER:
        Status = OidReadNumber(Request, &Value);
        if (Status != NDIS_STATUS_SUCCESS)
            return Status;
        if (Value & ~(ULONG)ADAPTER_FILTERS) {
            Request->DATA.SET_INFORMATION.BytesRead = 0;
            return NDIS_STATUS_NOT_SUPPORTED;
        }
        /* Kept to be told. A TUN delivers what its client writes: there is no wire to filter. */
        Adapter->PacketFilter = Value;
        return NDIS_STATUS_SUCCESS;
    case OID_GEN_CURRENT_LOOKAHEAD:
        /* Whole packets are indicated, whatever is asked for. */
        return OidReadNumber(Request, &Value);
    case OID_GEN_INTERRUPT_MODERATION:
        Request->DATA.SET_INFORMATION.BytesRead = 0;
        return NDIS_STATUS_INVALID_DATA;
    case OID_PM_PARAMETERS:
        return OidSetPowerParameters(Request);
    case OID_PNP_SET_POWER:
        Status = OidReadNumber(Request, &Value);
        if (Status != NDIS_STATUS_SUCCESS)
            return Status;
        AdapterSetPower(Adapter, Value > NdisDeviceStateD0);
        return NDIS_STATUS_SUCCESS;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

NDIS_STATUS NTAPI
OidRequest(NDIS_HANDLE Context, PNDIS_OID_REQUEST Request)
{
    TUN_ADAPTER *Adapter = Context;
    BOOLEAN Power = Request->DATA.Oid == OID_PNP_SET_POWER || Request->DATA.Oid == OID_PNP_QUERY_POWER;

    /* A power request cannot be refused, whatever happened to the device. */
    if (!Power && (ReadNoFence(&Adapter->Blocked) & ADAPTER_REMOVED))
        return NDIS_STATUS_NOT_ACCEPTED;
    switch (Request->RequestType) {
    case NdisRequestQueryInformation:
    case NdisRequestQueryStatistics:
        return OidQuery(Adapter, Request);
    case NdisRequestSetInformation:
        return OidSet(Adapter, Request);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

/* Nothing is ever pending. */
VOID NTAPI
OidCancelRequest(NDIS_HANDLE Context, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(RequestId);
}

NDIS_STATUS NTAPI
OidDirectRequest(NDIS_HANDLE Context, PNDIS_OID_REQUEST Request)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Request);
    return NDIS_STATUS_NOT_SUPPORTED;
}

VOID NTAPI
OidCancelDirectRequest(NDIS_HANDLE Context, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(RequestId);
}
