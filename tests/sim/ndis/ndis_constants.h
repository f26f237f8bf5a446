/* SPDX-License-Identifier: MIT
 * Numbers of the NDIS 6 interface that the model uses, from Microsoft's documentation. */
#ifndef SIM_NDIS_CONSTANTS_H
#define SIM_NDIS_CONSTANTS_H

#include <stdint.h>

typedef int32_t NDIS_STATUS;

/* Header.Type */
enum
{
    NDIS_OBJECT_TYPE_DEFAULT = 0x80,
    NDIS_OBJECT_TYPE_MINIPORT_INIT_PARAMETERS = 0x81,
    NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES = 0x85,
    NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS = 0x8A,
    NDIS_OBJECT_TYPE_OID_REQUEST = 0x96,
    NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS = 0x97,
    NDIS_OBJECT_TYPE_STATUS_INDICATION = 0x98,
    NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES = 0x9E,
    NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES = 0x9F,
    NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES = 0xA0,
    NDIS_OBJECT_TYPE_RESTART_GENERAL_ATTRIBUTES = 0xA2,
    NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT = 0xA9,
};

/* NdisGetVersion: major << 16 | minor in decimal */
#define NDIS_RUNTIME_VERSION_620 0x00060014u
#define NDIS_RUNTIME_VERSION_630 0x0006001Eu
#define NDIS_RUNTIME_VERSION_650 0x00060032u
#define NDIS_RUNTIME_VERSION_680 0x00060050u
#define NDIS_RUNTIME_VERSION_682 0x00060052u
#define NDIS_RUNTIME_VERSION_687 0x00060057u

/* Registration attributes: AttributeFlags */
#define NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE            0x001u
#define NDIS_MINIPORT_ATTRIBUTES_NDIS_WDM                   0x002u
#define NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK         0x004u
#define NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND         0x020u
#define NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER                 0x040u
#define NDIS_MINIPORT_ATTRIBUTES_CONTROLS_DEFAULT_PORT      0x080u
#define NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND        0x100u
#define NDIS_MINIPORT_ATTRIBUTES_REGISTER_BUGCHECK_CALLBACK 0x400u

#define NDIS_INTERMEDIATE_DRIVER 0x01u
#define NDIS_WDM_DRIVER          0x02u

/* General attributes */
#define NdisMediumIP                   19u
#define NdisPhysicalMediumUnspecified  0u
#define IF_TYPE_PROP_VIRTUAL           53u
#define NET_IF_ACCESS_LOOPBACK         1u
#define NET_IF_ACCESS_MAXIMUM          5u
#define NET_IF_DIRECTION_MAXIMUM       3u
#define NET_IF_CONNECTION_DEDICATED    1u
#define NET_IF_CONNECTION_MAXIMUM      4u
#define NDIS_LINK_SPEED_UNKNOWN        0xFFFFFFFFFFFFFFFFull
#define NDIS_MAX_PHYS_ADDRESS_LENGTH   32u
#define NDIS_PACKET_TYPE_DIRECTED      0x01u
#define NDIS_PACKET_TYPE_MULTICAST     0x02u
#define NDIS_PACKET_TYPE_ALL_MULTICAST 0x04u
#define NDIS_PACKET_TYPE_BROADCAST     0x08u
#define NDIS_PACKET_TYPE_PROMISCUOUS   0x20u

/* MediaConnectState, MediaDuplexState */
enum
{
    MediaConnectStateUnknown,
    MediaConnectStateConnected,
    MediaConnectStateDisconnected
};
enum
{
    MediaDuplexStateUnknown,
    MediaDuplexStateHalf,
    MediaDuplexStateFull
};

enum
{
    NDIS_PAUSE_NDIS_INTERNAL = 0x01,
    NDIS_PAUSE_LOW_POWER = 0x02,
    NDIS_PAUSE_BIND_PROTOCOL = 0x04,
    NDIS_PAUSE_UNBIND_PROTOCOL = 0x08,
    NDIS_PAUSE_ATTACH_FILTER = 0x10,
    NDIS_PAUSE_DETACH_FILTER = 0x20,
    NDIS_PAUSE_FILTER_RESTART_STACK = 0x40,
    NDIS_PAUSE_MINIPORT_DEVICE_REMOVE = 0x80,
};

/* HaltAction, ShutdownAction */
enum
{
    NdisHaltDeviceDisabled,
    NdisHaltDeviceInstanceDeInitialized,
    NdisHaltDevicePoweredDown,
    NdisHaltDeviceSurpriseRemoved,
    NdisHaltDeviceFailed,
    NdisHaltDeviceInitializationFailed,
    NdisHaltDeviceStopped,
};
enum
{
    NdisShutdownPowerOff,
    NdisShutdownBugCheck
};

/* NET_DEVICE_PNP_EVENT.DevicePnPEvent */
enum
{
    NdisDevicePnPEventQueryRemoved,
    NdisDevicePnPEventRemoved,
    NdisDevicePnPEventSurpriseRemoved,
    NdisDevicePnPEventQueryStopped,
    NdisDevicePnPEventStopped,
    NdisDevicePnPEventPowerProfileChanged,
    NdisDevicePnPEventFilterListChanged,
};

/* NDIS_DEVICE_POWER_STATE */
enum
{
    NdisDeviceStateUnspecified,
    NdisDeviceStateD0,
    NdisDeviceStateD1,
    NdisDeviceStateD2,
    NdisDeviceStateD3
};

/* NDIS_OID_REQUEST.RequestType */
enum
{
    NdisRequestQueryInformation = 0,
    NdisRequestSetInformation = 1,
    NdisRequestQueryStatistics = 2,
    NdisRequestMethod = 12,
};

/* Flags of send, complete, receive, return */
#define NDIS_SEND_FLAGS_DISPATCH_LEVEL          0x001u
#define NDIS_SEND_FLAGS_CHECK_FOR_LOOPBACK      0x002u
#define NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL 0x001u
#define NDIS_RETURN_FLAGS_DISPATCH_LEVEL        0x001u
#define NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL       0x001u
#define NDIS_RECEIVE_FLAGS_RESOURCES            0x002u
#define NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE    0x100u
#define NDIS_RECEIVE_FLAGS_SINGLE_VLAN          0x200u
#define NDIS_RECEIVE_FLAGS_PERFECT_FILTERED     0x400u
#define NDIS_RECEIVE_FLAGS_SINGLE_QUEUE         0x800u

#define NDIS_NBL_FLAGS_IS_IPV4 0x200u
#define NDIS_NBL_FLAGS_IS_IPV6 0x400u

/* NetBufferListInfo slots */
enum
{
    TcpIpChecksumNetBufferListInfo = 0,
    TcpLargeSendNetBufferListInfo = 2,
    NetBufferListCancelId = 5,
    NetBufferListFrameType = 7,
};
#define NDIS_ETH_TYPE_IPV4 0x0800u
#define NDIS_ETH_TYPE_IPV6 0x86DDu

#define NDIS_PROTOCOL_ID_MASK 0x0Fu

enum
{
    NdisParameterInteger,
    NdisParameterHexInteger,
    NdisParameterString,
    NdisParameterMultiString,
    NdisParameterBinary
};

/* Status codes. Those of the kernel: 0xC001xxxx where user mode has 0xC023xxxx. */
#define NDIS_STATUS_SUCCESS             ((NDIS_STATUS)0x00000000)
#define NDIS_STATUS_PENDING             ((NDIS_STATUS)0x00000103)
#define NDIS_STATUS_NOT_ACCEPTED        ((NDIS_STATUS)0x00010003)
#define NDIS_STATUS_LINK_STATE          ((NDIS_STATUS)0x40010017)
#define NDIS_STATUS_FAILURE             ((NDIS_STATUS)0xC0000001)
#define NDIS_STATUS_INVALID_PARAMETER   ((NDIS_STATUS)0xC000000D)
#define NDIS_STATUS_RESOURCES           ((NDIS_STATUS)0xC000009A)
#define NDIS_STATUS_NOT_SUPPORTED       ((NDIS_STATUS)0xC00000BB)
#define NDIS_STATUS_INVALID_STATE       ((NDIS_STATUS)0xC0000184)
#define NDIS_STATUS_BAD_VERSION         ((NDIS_STATUS)0xC0010004)
#define NDIS_STATUS_BAD_CHARACTERISTICS ((NDIS_STATUS)0xC0010005)
#define NDIS_STATUS_REQUEST_ABORTED     ((NDIS_STATUS)0xC001000C)
#define NDIS_STATUS_RESET_IN_PROGRESS   ((NDIS_STATUS)0xC001000D)
#define NDIS_STATUS_INVALID_PACKET      ((NDIS_STATUS)0xC001000F)
#define NDIS_STATUS_INVALID_LENGTH      ((NDIS_STATUS)0xC0010014)
#define NDIS_STATUS_INVALID_DATA        ((NDIS_STATUS)0xC0010015)
#define NDIS_STATUS_BUFFER_TOO_SHORT    ((NDIS_STATUS)0xC0010016)
#define NDIS_STATUS_INVALID_OID         ((NDIS_STATUS)0xC0010017)
#define NDIS_STATUS_SEND_ABORTED        ((NDIS_STATUS)0xC023000C)
#define NDIS_STATUS_MEDIA_DISCONNECTED  ((NDIS_STATUS)0xC023001F)
#define NDIS_STATUS_PAUSED              ((NDIS_STATUS)0xC023002A)
#define NDIS_STATUS_LOW_POWER_STATE     ((NDIS_STATUS)0xC023002F)

#define OID_GEN_SUPPORTED_LIST              0x00010101u
#define OID_GEN_TRANSMIT_BUFFER_SPACE       0x00010108u
#define OID_GEN_RECEIVE_BUFFER_SPACE        0x00010109u
#define OID_GEN_TRANSMIT_BLOCK_SIZE         0x0001010Au
#define OID_GEN_RECEIVE_BLOCK_SIZE          0x0001010Bu
#define OID_GEN_VENDOR_ID                   0x0001010Cu
#define OID_GEN_VENDOR_DESCRIPTION          0x0001010Du
#define OID_GEN_CURRENT_PACKET_FILTER       0x0001010Eu
#define OID_GEN_CURRENT_LOOKAHEAD           0x0001010Fu
#define OID_GEN_MAXIMUM_TOTAL_SIZE          0x00010111u
#define OID_GEN_VENDOR_DRIVER_VERSION       0x00010116u
#define OID_GEN_LINK_PARAMETERS             0x00010208u
#define OID_GEN_INTERRUPT_MODERATION        0x00010209u
#define OID_GEN_MINIPORT_RESTART_ATTRIBUTES 0x0001021Du
#define OID_GEN_XMIT_OK                     0x00020101u
#define OID_GEN_RCV_OK                      0x00020102u
#define OID_GEN_STATISTICS                  0x00020106u
#define OID_PNP_SET_POWER                   0xFD010101u
#define OID_PNP_QUERY_POWER                 0xFD010102u
#define OID_PM_PARAMETERS                   0xFD010109u

#endif
