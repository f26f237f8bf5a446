/* SPDX-License-Identifier: MIT
 * NDIS 6 structures as drivers see them, with Windows' layout for the word size that the simulator is
 * compiled for. Declared from the documentation, independently of the driver's own declarations; ndis_types.c
 * asserts every offset against tests/abi/ndis_layout.h. The file is long because it is one flat list. */
#ifndef SIM_NDIS_TYPES_H
#define SIM_NDIS_TYPES_H

#include <stdint.h>
#include "../kernel/nt.h"
#include "ndis_constants.h"

/* 64-bit members are 8-aligned on every Windows target, which the i386 ABI of Linux does not do by itself. */
typedef uint64_t NDIS_U64 __attribute__((aligned(8)));
#define NDIS_ALIGNED __attribute__((aligned(2 * sizeof(void *))))

typedef struct
{
    uint8_t Type;
    uint8_t Revision;
    uint16_t Size;
} NDIS_OBJECT_HEADER;

typedef union
{
    NDIS_U64 Value;
    struct
    {
        NDIS_U64 Reserved : 24;
        NDIS_U64 NetLuidIndex : 24;
        NDIS_U64 IfType : 16;
    } Info;
} NET_LUID;

/* ---- Packets ---- */

typedef struct NET_BUFFER_SHARED_MEMORY
{
    struct NET_BUFFER_SHARED_MEMORY *NextSharedMemorySegment;
    uint32_t SharedMemoryFlags;
    void *SharedMemoryHandle;
    uint32_t SharedMemoryOffset;
    uint32_t SharedMemoryLength;
} NET_BUFFER_SHARED_MEMORY;

typedef struct NET_BUFFER
{
    union
    {
        struct
        {
            struct NET_BUFFER *Next;
            MDL *CurrentMdl;
            uint32_t CurrentMdlOffset;
            union
            {
                uint32_t DataLength;
                size_t stDataLength;
            };
            MDL *MdlChain;
            uint32_t DataOffset;
        };
        struct
        {
            uintptr_t Region[2] NDIS_ALIGNED; /* where an SLIST_HEADER lies */
        } Link;
    };
    uint16_t ChecksumBias;
    uint16_t Reserved;
    void *NdisPoolHandle;
    void *NdisReserved[2] NDIS_ALIGNED;
    void *ProtocolReserved[6] NDIS_ALIGNED;
    void *MiniportReserved[4] NDIS_ALIGNED;
    NDIS_U64 DataPhysicalAddress;
    union
    {
        NET_BUFFER_SHARED_MEMORY *SharedMemoryInfo;
        void *ScatterGatherList;
    };
} NET_BUFFER;

typedef struct NET_BUFFER_LIST_CONTEXT
{
    struct NET_BUFFER_LIST_CONTEXT *Next;
    uint16_t Size;
    uint16_t Offset;
    uint8_t ContextData[] NDIS_ALIGNED;
} NET_BUFFER_LIST_CONTEXT;

/* The head only: how many NetBufferListInfo slots follow depends on the system (sim_nbl_slots). */
typedef struct NET_BUFFER_LIST
{
    union
    {
        struct
        {
            struct NET_BUFFER_LIST *Next;
            NET_BUFFER *FirstNetBuffer;
        };
        struct
        {
            uintptr_t Region[2] NDIS_ALIGNED;
        } Link;
    };
    NET_BUFFER_LIST_CONTEXT *Context;
    struct NET_BUFFER_LIST *ParentNetBufferList;
    void *NdisPoolHandle;
    void *NdisReserved[2] NDIS_ALIGNED;
    void *ProtocolReserved[4] NDIS_ALIGNED;
    void *MiniportReserved[2] NDIS_ALIGNED;
    void *Scratch;
    void *SourceHandle;
    uint32_t NblFlags;
    int32_t ChildRefCount;
    uint32_t Flags;
    union
    {
        NDIS_STATUS Status;
        uint32_t NdisReserved2;
    };
    void *NetBufferListInfo[];
} NET_BUFFER_LIST;

typedef union
{
    struct
    {
        uint32_t IsIPv4 : 1;
        uint32_t IsIPv6 : 1;
        uint32_t TcpChecksum : 1;
        uint32_t UdpChecksum : 1;
        uint32_t IpHeaderChecksum : 1;
        uint32_t Reserved : 11;
        uint32_t TcpHeaderOffset : 10;
    } Transmit;
    struct
    {
        uint32_t TcpChecksumFailed : 1;
        uint32_t UdpChecksumFailed : 1;
        uint32_t IpChecksumFailed : 1;
        uint32_t TcpChecksumSucceeded : 1;
        uint32_t UdpChecksumSucceeded : 1;
        uint32_t IpChecksumSucceeded : 1;
        uint32_t Loopback : 1;
    } Receive;
    void *Value;
} NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint8_t ProtocolId;
    uint8_t fAllocateNetBuffer;
    uint16_t ContextSize;
    uint32_t PoolTag;
    uint32_t DataSize;
    uint32_t Flags;
} NET_BUFFER_LIST_POOL_PARAMETERS;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t PoolTag;
    uint32_t DataSize;
    uint32_t Flags;
} NET_BUFFER_POOL_PARAMETERS;

/* ---- Driver and adapter ---- */

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint8_t MajorNdisVersion;
    uint8_t MinorNdisVersion;
    uint8_t MajorDriverVersion;
    uint8_t MinorDriverVersion;
    uint32_t Flags;
    void *SetOptionsHandler;
    void *InitializeHandlerEx;
    void *HaltHandlerEx;
    void *UnloadHandler;
    void *PauseHandler;
    void *RestartHandler;
    void *OidRequestHandler;
    void *SendNetBufferListsHandler;
    void *ReturnNetBufferListsHandler;
    void *CancelSendHandler;
    void *CheckForHangHandlerEx;
    void *ResetHandlerEx;
    void *DevicePnPEventNotifyHandler;
    void *ShutdownHandlerEx;
    void *CancelOidRequestHandler;
    void *DirectOidRequestHandler;
    void *CancelDirectOidRequestHandler;
    void *SynchronousOidRequestHandler;
} NDIS_MINIPORT_DRIVER_CHARACTERISTICS;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t Flags;
    void *AllocatedResources;
    void *IMDeviceInstanceContext;
    void *MiniportAddDeviceContext;
    uint32_t IfIndex;
    NET_LUID NetLuid;
    void *DefaultPortAuthStates;
    void *PciDeviceCustomProperties;
} NDIS_MINIPORT_INIT_PARAMETERS;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    void *MiniportAdapterContext;
    uint32_t AttributeFlags;
    uint32_t CheckForHangTimeInSeconds;
    int32_t InterfaceType;
} NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t CapabilitiesFlags;
    uint32_t NumberOfInterruptMessages;
    uint32_t NumberOfReceiveQueues;
    uint16_t NumberOfIndirectionTableEntries;
} NDIS_RECEIVE_SCALE_CAPABILITIES;

typedef struct
{
    uint32_t Flags;
    struct
    {
        uint32_t MinMagicPacketWakeUp;
        uint32_t MinPatternWakeUp;
        uint32_t MinLinkChangeWakeUp;
    } WakeUpCapabilities;
} NDIS_PNP_CAPABILITIES;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t Flags;
    uint32_t SupportedWoLPacketPatterns;
    uint32_t NumTotalWoLPatterns;
    uint32_t MaxWoLPatternSize;
    uint32_t MaxWoLPatternOffset;
    uint32_t MaxWoLPacketSaveBuffer;
    uint32_t SupportedProtocolOffloads;
    uint32_t NumArpOffloadIPv4Addresses;
    uint32_t NumNSOffloadIPv6Addresses;
    uint32_t MinMagicPacketWakeUp;
    uint32_t MinPatternWakeUp;
    uint32_t MinLinkChangeWakeUp;
    uint32_t SupportedWakeUpEvents;
    uint32_t MediaSpecificWakeUpEvents;
} NDIS_PM_CAPABILITIES;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t EnabledWoLPacketPatterns;
    uint32_t EnabledProtocolOffloads;
    uint32_t WakeUpFlags;
    uint32_t MediaSpecificWakeUpEvents;
} NDIS_PM_PARAMETERS;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t Flags;
    uint32_t MediaType;
    uint32_t PhysicalMediumType;
    uint32_t MtuSize;
    NDIS_U64 MaxXmitLinkSpeed;
    NDIS_U64 XmitLinkSpeed;
    NDIS_U64 MaxRcvLinkSpeed;
    NDIS_U64 RcvLinkSpeed;
    uint32_t MediaConnectState;
    uint32_t MediaDuplexState;
    uint32_t LookaheadSize;
    NDIS_PNP_CAPABILITIES *PowerManagementCapabilities;
    uint32_t MacOptions;
    uint32_t SupportedPacketFilters;
    uint32_t MaxMulticastListSize;
    uint16_t MacAddressLength;
    uint8_t PermanentMacAddress[32];
    uint8_t CurrentMacAddress[32];
    NDIS_RECEIVE_SCALE_CAPABILITIES *RecvScaleCapabilities;
    uint32_t AccessType;
    uint32_t DirectionType;
    uint32_t ConnectionType;
    uint16_t IfType;
    uint8_t IfConnectorPresent;
    uint32_t SupportedStatistics;
    uint32_t SupportedPauseFunctions;
    uint32_t DataBackFillSize;
    uint32_t ContextBackFillSize;
    uint32_t *SupportedOidList;
    uint32_t SupportedOidListLength;
    uint32_t AutoNegotiationFlags;
    NDIS_PM_CAPABILITIES *PowerManagementCapabilitiesEx;
} NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t Flags;
    uint32_t PauseReason;
} NDIS_MINIPORT_PAUSE_PARAMETERS;

typedef struct NDIS_RESTART_ATTRIBUTES
{
    struct NDIS_RESTART_ATTRIBUTES *Next;
    uint32_t Oid;
    uint32_t DataLength;
    uint8_t Data[1] NDIS_ALIGNED;
} NDIS_RESTART_ATTRIBUTES;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    NDIS_RESTART_ATTRIBUTES *RestartAttributes;
    uint32_t Flags;
} NDIS_MINIPORT_RESTART_PARAMETERS;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t MtuSize;
    NDIS_U64 MaxXmitLinkSpeed;
    NDIS_U64 MaxRcvLinkSpeed;
    uint32_t LookaheadSize;
    uint32_t MacOptions;
    uint32_t SupportedPacketFilters;
    uint32_t MaxMulticastListSize;
    NDIS_RECEIVE_SCALE_CAPABILITIES *RecvScaleCapabilities;
    uint32_t AccessType;
    uint32_t Flags;
    uint32_t ConnectionType;
    uint32_t SupportedStatistics;
    uint32_t DataBackFillSize;
    uint32_t ContextBackFillSize;
    uint32_t *SupportedOidList;
    uint32_t SupportedOidListLength;
    uint32_t MaxLookaheadSizeAccessed;
} NDIS_RESTART_GENERAL_ATTRIBUTES;

/* ---- Requests, status, events ---- */

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    int32_t RequestType;
    uint32_t PortNumber;
    uint32_t Timeout;
    void *RequestId;
    void *RequestHandle;
    union
    {
        uint32_t Oid; /* the first member of each of them */
        struct
        {
            uint32_t Oid;
            void *InformationBuffer;
            uint32_t InformationBufferLength;
            uint32_t BytesWritten;
            uint32_t BytesNeeded;
        } QUERY_INFORMATION;
        struct
        {
            uint32_t Oid;
            void *InformationBuffer;
            uint32_t InformationBufferLength;
            uint32_t BytesRead;
            uint32_t BytesNeeded;
        } SET_INFORMATION;
        struct
        {
            uint32_t Oid;
            void *InformationBuffer;
            uint32_t InputBufferLength;
            uint32_t OutputBufferLength;
            uint32_t MethodId;
            uint32_t BytesWritten;
            uint32_t BytesRead;
            uint32_t BytesNeeded;
        } METHOD_INFORMATION;
    } DATA;
    uint8_t NdisReserved[16 * sizeof(void *)];
    uint8_t MiniportReserved[2 * sizeof(void *)];
    uint8_t SourceReserved[2 * sizeof(void *)];
    uint8_t SupportedRevision;
    uint8_t Reserved1;
    uint16_t Reserved2;
    uint32_t SwitchId;
    uint32_t VPortId;
    uint32_t Flags;
} NDIS_OID_REQUEST;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    void *SourceHandle;
    uint32_t PortNumber;
    NDIS_STATUS StatusCode;
    uint32_t Flags;
    void *DestinationHandle;
    void *RequestId;
    void *StatusBuffer;
    uint32_t StatusBufferSize;
    uint32_t Guid[4];
    void *NdisReserved[4];
} NDIS_STATUS_INDICATION;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t MediaConnectState;
    uint32_t MediaDuplexState;
    NDIS_U64 XmitLinkSpeed;
    NDIS_U64 RcvLinkSpeed;
    uint32_t PauseFunctions;
    uint32_t AutoNegotiationFlags;
} NDIS_LINK_STATE;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t SupportedStatistics;
    NDIS_U64 ifInDiscards;
    NDIS_U64 ifInErrors;
    NDIS_U64 ifHCInOctets;
    NDIS_U64 ifHCInUcastPkts;
    NDIS_U64 ifHCInMulticastPkts;
    NDIS_U64 ifHCInBroadcastPkts;
    NDIS_U64 ifHCOutOctets;
    NDIS_U64 ifHCOutUcastPkts;
    NDIS_U64 ifHCOutMulticastPkts;
    NDIS_U64 ifHCOutBroadcastPkts;
    NDIS_U64 ifOutErrors;
    NDIS_U64 ifOutDiscards;
    NDIS_U64 ifHCInUcastOctets;
    NDIS_U64 ifHCInMulticastOctets;
    NDIS_U64 ifHCInBroadcastOctets;
    NDIS_U64 ifHCOutUcastOctets;
    NDIS_U64 ifHCOutMulticastOctets;
    NDIS_U64 ifHCOutBroadcastOctets;
} NDIS_STATISTICS_INFO;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t Flags;
    uint32_t InterruptModeration;
} NDIS_INTERRUPT_MODERATION_PARAMETERS;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t PortNumber;
    uint32_t DevicePnPEvent;
    void *InformationBuffer;
    uint32_t InformationBufferLength;
    uint8_t NdisReserved[2 * sizeof(void *)];
} NET_DEVICE_PNP_EVENT;

/* ---- Services ---- */

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    UNICODE_STRING *DeviceName;
    UNICODE_STRING *SymbolicName;
    void **MajorFunctions;
    uint32_t ExtensionSize;
    UNICODE_STRING *DefaultSDDLString;
    void *DeviceClassGuid;
} NDIS_DEVICE_OBJECT_ATTRIBUTES;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    void *NdisHandle;
    uint32_t Flags;
} NDIS_CONFIGURATION_OBJECT;

typedef struct
{
    uint32_t ParameterType;
    union
    {
        uint32_t IntegerData;
        UNICODE_STRING StringData;
        struct
        {
            uint16_t Length;
            void *Buffer;
        } BinaryData;
    } ParameterData;
} NDIS_CONFIGURATION_PARAMETER;

typedef struct
{
    NDIS_OBJECT_HEADER Header;
    uint32_t AllocationTag;
    void *TimerFunction;
    void *FunctionContext;
} NDIS_TIMER_CHARACTERISTICS;

/* Size of a structure through its last member of a revision: what Header.Size carries, not sizeof. */
#define NDIS_THROUGH(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

#define NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1                                               \
    NDIS_THROUGH(NDIS_MINIPORT_DRIVER_CHARACTERISTICS, CancelOidRequestHandler)
#define NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2                                               \
    NDIS_THROUGH(NDIS_MINIPORT_DRIVER_CHARACTERISTICS, CancelDirectOidRequestHandler)
#define NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_3                                               \
    NDIS_THROUGH(NDIS_MINIPORT_DRIVER_CHARACTERISTICS, SynchronousOidRequestHandler)
#define NDIS_SIZEOF_MINIPORT_INIT_PARAMETER_REVISION_1                                                       \
    NDIS_THROUGH(NDIS_MINIPORT_INIT_PARAMETERS, PciDeviceCustomProperties)
#define NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1                                      \
    NDIS_THROUGH(NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, InterfaceType)
#define NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2                                      \
    NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1
#define NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1                                           \
    NDIS_THROUGH(NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, AutoNegotiationFlags)
#define NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2                                           \
    NDIS_THROUGH(NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, PowerManagementCapabilitiesEx)
#define NDIS_SIZEOF_MINIPORT_PAUSE_PARAMETERS_REVISION_1                                                     \
    NDIS_THROUGH(NDIS_MINIPORT_PAUSE_PARAMETERS, PauseReason)
#define NDIS_SIZEOF_MINIPORT_RESTART_PARAMETERS_REVISION_1                                                   \
    NDIS_THROUGH(NDIS_MINIPORT_RESTART_PARAMETERS, Flags)
#define NDIS_SIZEOF_RESTART_GENERAL_ATTRIBUTES_REVISION_1                                                    \
    NDIS_THROUGH(NDIS_RESTART_GENERAL_ATTRIBUTES, SupportedOidListLength)
#define NDIS_SIZEOF_RESTART_GENERAL_ATTRIBUTES_REVISION_2                                                    \
    NDIS_THROUGH(NDIS_RESTART_GENERAL_ATTRIBUTES, MaxLookaheadSizeAccessed)
#define NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1                                               \
    NDIS_THROUGH(NET_BUFFER_LIST_POOL_PARAMETERS, DataSize)
#define NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_2                                               \
    NDIS_THROUGH(NET_BUFFER_LIST_POOL_PARAMETERS, Flags)
#define NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1 NDIS_THROUGH(NET_BUFFER_POOL_PARAMETERS, DataSize)
#define NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_2 NDIS_THROUGH(NET_BUFFER_POOL_PARAMETERS, Flags)
#define NDIS_SIZEOF_OID_REQUEST_REVISION_1                NDIS_THROUGH(NDIS_OID_REQUEST, Reserved2)
#define NDIS_SIZEOF_OID_REQUEST_REVISION_2                NDIS_THROUGH(NDIS_OID_REQUEST, Flags)
#define NDIS_SIZEOF_STATUS_INDICATION_REVISION_1          NDIS_THROUGH(NDIS_STATUS_INDICATION, NdisReserved)
#define NDIS_SIZEOF_LINK_STATE_REVISION_1                 NDIS_THROUGH(NDIS_LINK_STATE, AutoNegotiationFlags)
#define NDIS_SIZEOF_STATISTICS_INFO_REVISION_1            NDIS_THROUGH(NDIS_STATISTICS_INFO, ifHCOutBroadcastOctets)
#define NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1                                               \
    NDIS_THROUGH(NDIS_INTERRUPT_MODERATION_PARAMETERS, InterruptModeration)
#define NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1 NDIS_THROUGH(NDIS_PM_CAPABILITIES, MinLinkChangeWakeUp)
#define NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2                                                          \
    NDIS_THROUGH(NDIS_PM_CAPABILITIES, MediaSpecificWakeUpEvents)
#define NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1 NDIS_THROUGH(NDIS_PM_PARAMETERS, WakeUpFlags)
#define NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_2 NDIS_THROUGH(NDIS_PM_PARAMETERS, MediaSpecificWakeUpEvents)
#define NDIS_SIZEOF_RECEIVE_SCALE_CAPABILITIES_REVISION_1                                                    \
    NDIS_THROUGH(NDIS_RECEIVE_SCALE_CAPABILITIES, NumberOfReceiveQueues)
#define NDIS_SIZEOF_NET_DEVICE_PNP_EVENT_REVISION_1 NDIS_THROUGH(NET_DEVICE_PNP_EVENT, NdisReserved)
#define NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1                                                      \
    NDIS_THROUGH(NDIS_DEVICE_OBJECT_ATTRIBUTES, DeviceClassGuid)
#define NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1  NDIS_THROUGH(NDIS_CONFIGURATION_OBJECT, Flags)
#define NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1 NDIS_THROUGH(NDIS_TIMER_CHARACTERISTICS, FunctionContext)

#endif
