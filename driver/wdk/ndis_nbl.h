/* SPDX-License-Identifier: MIT
 *
 * NET_BUFFER_LIST and NET_BUFFER, their accessors and pool parameters.
 *
 * The real structures are longer than what stands here: only NDIS's pools make them, and sizeof of a
 * NET_BUFFER_LIST means nothing. Slots that an older NDIS lacks are not named.
 */
#ifndef WDK_NDIS_NBL_H
#define WDK_NDIS_NBL_H

#include "mm.h"
#include "ndis_constants.h"

typedef struct _NDIS_OBJECT_HEADER
{
    UCHAR Type;
    UCHAR Revision;
    USHORT Size; /* through the last member of the revision: the NDIS_SIZEOF_ macros, not sizeof */
} NDIS_OBJECT_HEADER, *PNDIS_OBJECT_HEADER;

#define NDIS_SIZEOF_THROUGH_FIELD(Type, Field) (offsetof(Type, Field) + sizeof(((Type *)0)->Field))

/* The slots that every NDIS since 6.20 has at the same place for both word sizes. */
typedef enum _NDIS_NET_BUFFER_LIST_INFO
{
    TcpIpChecksumNetBufferListInfo = 0,
    TcpLargeSendNetBufferListInfo = 2,
    Ieee8021QNetBufferListInfo = 4,
    NetBufferListCancelId = 5,
    NetBufferListProtocolId = 7,
    NetBufferListFrameType = 7,
    NetBufferListHashValue = 8,
    NetBufferListHashInfo = 9,
    MaxNetBufferListInfo620 = 18
} NDIS_NET_BUFFER_LIST_INFO;

/* Requests in slot 0 on the send side, results on the receive side. */
typedef union _NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO
{
    struct
    {
        ULONG IsIPv4 : 1;
        ULONG IsIPv6 : 1;
        ULONG TcpChecksum : 1;
        ULONG UdpChecksum : 1;
        ULONG IpHeaderChecksum : 1;
        ULONG Reserved : 11;
        ULONG TcpHeaderOffset : 10;
    } Transmit;
    struct
    {
        ULONG TcpChecksumFailed : 1;
        ULONG UdpChecksumFailed : 1;
        ULONG IpChecksumFailed : 1;
        ULONG TcpChecksumSucceeded : 1;
        ULONG UdpChecksumSucceeded : 1;
        ULONG IpChecksumSucceeded : 1;
        ULONG Loopback : 1;
        ULONG TcpChecksumValueInvalid : 1;
        ULONG IpChecksumValueInvalid : 1;
    } Receive;
    PVOID Value;
} NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO;

typedef struct DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) _NET_BUFFER
{
    union
    {
        struct
        {
            struct _NET_BUFFER *Next;
            PMDL CurrentMdl; /* where the data begins */
            ULONG CurrentMdlOffset;
            union
            {
                ULONG DataLength;
                SIZE_T stDataLength;
            };
            PMDL MdlChain;
            ULONG DataOffset; /* of the data from the front of MdlChain */
        };
        SLIST_HEADER Link;
    };
    USHORT ChecksumBias;
    USHORT Reserved;
    NDIS_HANDLE NdisPoolHandle;
    DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) PVOID NdisReserved[2];
    DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) PVOID ProtocolReserved[6];
    DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT)
    PVOID MiniportReserved[4]; /* the miniport's while it owns the NB */
    PHYSICAL_ADDRESS DataPhysicalAddress;
    union
    {
        PVOID SharedMemoryInfo;
        PVOID ScatterGatherList;
    };
} NET_BUFFER, *PNET_BUFFER;

typedef struct DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) _NET_BUFFER_LIST_CONTEXT
{
    struct _NET_BUFFER_LIST_CONTEXT *Next;
    USHORT Size;
    USHORT Offset;
    DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) UCHAR ContextData[];
} NET_BUFFER_LIST_CONTEXT, *PNET_BUFFER_LIST_CONTEXT;

typedef struct DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) _NET_BUFFER_LIST
{
    union
    {
        struct
        {
            struct _NET_BUFFER_LIST *Next;
            PNET_BUFFER FirstNetBuffer;
        };
        SLIST_HEADER Link;
    };
    PNET_BUFFER_LIST_CONTEXT Context;
    struct _NET_BUFFER_LIST *ParentNetBufferList;
    NDIS_HANDLE NdisPoolHandle;
    DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) PVOID NdisReserved[2];
    DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) PVOID ProtocolReserved[4];
    DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT)
    PVOID MiniportReserved[2]; /* the miniport's while it owns the NBL */
    PVOID Scratch;             /* likewise */
    NDIS_HANDLE SourceHandle;
    ULONG NblFlags;
    LONG ChildRefCount;
    ULONG Flags;
    union
    {
        NDIS_STATUS Status;
        ULONG NdisReserved2;
    };
    PVOID NetBufferListInfo[MaxNetBufferListInfo620]; /* more follow */
} NET_BUFFER_LIST, *PNET_BUFFER_LIST;

#define NET_BUFFER_LIST_NEXT_NBL(Nbl)          ((Nbl)->Next)
#define NET_BUFFER_LIST_FIRST_NB(Nbl)          ((Nbl)->FirstNetBuffer)
#define NET_BUFFER_LIST_INFO(Nbl, Id)          ((Nbl)->NetBufferListInfo[Id])
#define NET_BUFFER_LIST_FLAGS(Nbl)             ((Nbl)->Flags)
#define NET_BUFFER_LIST_NBL_FLAGS(Nbl)         ((Nbl)->NblFlags)
#define NET_BUFFER_LIST_STATUS(Nbl)            ((Nbl)->Status)
#define NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl) ((Nbl)->MiniportReserved)
#define NET_BUFFER_LIST_CONTEXT_DATA_START(Nbl)                                                              \
    ((PUCHAR)(Nbl)->Context + offsetof(NET_BUFFER_LIST_CONTEXT, ContextData) + (Nbl)->Context->Offset)
#define NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(Nbl) NET_BUFFER_LIST_INFO(Nbl, NetBufferListCancelId)
#define NdisSetNblFlag(Nbl, Bits)               ((Nbl)->NblFlags |= (Bits))
#define NdisClearNblFlag(Nbl, Bits)             ((Nbl)->NblFlags &= ~(Bits))
#define NdisTestNblFlag(Nbl, Bits)              (((Nbl)->NblFlags & (Bits)) != 0)

#define NET_BUFFER_NEXT_NB(Nb)            ((Nb)->Next)
#define NET_BUFFER_FIRST_MDL(Nb)          ((Nb)->MdlChain)
#define NET_BUFFER_DATA_LENGTH(Nb)        ((Nb)->DataLength)
#define NET_BUFFER_DATA_OFFSET(Nb)        ((Nb)->DataOffset)
#define NET_BUFFER_CURRENT_MDL(Nb)        ((Nb)->CurrentMdl)
#define NET_BUFFER_CURRENT_MDL_OFFSET(Nb) ((Nb)->CurrentMdlOffset)
#define NET_BUFFER_MINIPORT_RESERVED(Nb)  ((Nb)->MiniportReserved)

typedef struct _NET_BUFFER_LIST_POOL_PARAMETERS
{
    NDIS_OBJECT_HEADER Header;
    UCHAR ProtocolId;
    BOOLEAN fAllocateNetBuffer;
    USHORT ContextSize; /* a multiple of MEMORY_ALLOCATION_ALIGNMENT */
    ULONG PoolTag;
    ULONG DataSize;
    ULONG Flags; /* revision 2 */
} NET_BUFFER_LIST_POOL_PARAMETERS, *PNET_BUFFER_LIST_POOL_PARAMETERS;

#define NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1                                               \
    NDIS_SIZEOF_THROUGH_FIELD(NET_BUFFER_LIST_POOL_PARAMETERS, DataSize)

#endif
