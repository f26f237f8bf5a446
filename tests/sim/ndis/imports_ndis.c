/* SPDX-License-Identifier: MIT
 * What ndis.sys exports to miniports, as far as it is modelled. IRQL ranges are those of each page's
 * requirements; words are machine words on x86, four bytes each. All are in every system from Windows 7 on.
 */
#include "ndis_model.h"

#define ROW(function, argument_words, low, high, fails, page)                                                \
    {                                                                                                        \
        "ndis.sys", #function, ndis_##function, argument_words, 0, SIM_STDCALL, SIM_SINCE_WIN7, low, high,   \
            fails, NULL, page                                                                                \
    }

enum
{
    PASSIVE = PASSIVE_LEVEL_,
    DISPATCH = DISPATCH_LEVEL_,
    HIGH = HIGH_LEVEL_
};

static const struct sim_import rows[] = {
    ROW(NdisMRegisterMiniportDriver, 5, PASSIVE, PASSIVE, SIM_FAILS_RESOURCES,
        "nf-ndis-ndismregisterminiportdriver"),
    ROW(NdisMDeregisterMiniportDriver, 1, PASSIVE, PASSIVE, 0, "nf-ndis-ndismderegisterminiportdriver"),
    ROW(NdisSetOptionalHandlers, 2, PASSIVE, PASSIVE, SIM_FAILS_RESOURCES, "nf-ndis-ndissetoptionalhandlers"),
    ROW(NdisMSetMiniportAttributes, 2, PASSIVE, PASSIVE, SIM_FAILS_RESOURCES,
        "nf-ndis-ndismsetminiportattributes"),
    ROW(NdisMIndicateReceiveNetBufferLists, 5, PASSIVE, DISPATCH, 0,
        "nf-ndis-ndismindicatereceivenetbufferlists"),
    ROW(NdisMSendNetBufferListsComplete, 3, PASSIVE, DISPATCH, 0, "nf-ndis-ndismsendnetbufferlistscomplete"),
    ROW(NdisMIndicateStatusEx, 2, PASSIVE, DISPATCH, 0, "nf-ndis-ndismindicatestatusex"),
    ROW(NdisMOidRequestComplete, 3, PASSIVE, DISPATCH, 0, "nf-ndis-ndismoidrequestcomplete"),
    ROW(NdisMPauseComplete, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndismpausecomplete"),
    ROW(NdisMRestartComplete, 2, PASSIVE, DISPATCH, 0, "nf-ndis-ndismrestartcomplete"),
    ROW(NdisMSleep, 1, PASSIVE, 1, 0, "nf-ndis-ndismsleep"),
    ROW(NdisAllocateNetBufferListPool, 2, PASSIVE, DISPATCH, SIM_FAILS_NULL,
        "nf-ndis-ndisallocatenetbufferlistpool"),
    ROW(NdisFreeNetBufferListPool, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndisfreenetbufferlistpool"),
    ROW(NdisAllocateNetBufferPool, 2, PASSIVE, DISPATCH, SIM_FAILS_NULL, "nf-ndis-ndisallocatenetbufferpool"),
    ROW(NdisFreeNetBufferPool, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndisfreenetbufferpool"),
    ROW(NdisAllocateNetBufferAndNetBufferList, 6, PASSIVE, DISPATCH, SIM_FAILS_NULL,
        "nf-ndis-ndisallocatenetbufferandnetbufferlist"),
    ROW(NdisAllocateNetBufferList, 3, PASSIVE, DISPATCH, SIM_FAILS_NULL, "nf-ndis-ndisallocatenetbufferlist"),
    ROW(NdisFreeNetBufferList, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndisfreenetbufferlist"),
    ROW(NdisAllocateNetBuffer, 4, PASSIVE, DISPATCH, SIM_FAILS_NULL, "nf-ndis-ndisallocatenetbuffer"),
    ROW(NdisFreeNetBuffer, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndisfreenetbuffer"),
    ROW(NdisAllocateMdl, 3, PASSIVE, DISPATCH, SIM_FAILS_NULL, "nf-ndis-ndisallocatemdl"),
    ROW(NdisFreeMdl, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndisfreemdl"),
    ROW(NdisGetDataBuffer, 5, PASSIVE, DISPATCH, SIM_FAILS_NULL, "nf-nblapi-ndisgetdatabuffer"),
    ROW(NdisAllocateMemoryWithTagPriority, 4, PASSIVE, DISPATCH, SIM_FAILS_NULL,
        "nf-ndis-ndisallocatememorywithtagpriority"),
    ROW(NdisFreeMemory, 3, PASSIVE, DISPATCH, 0, "nf-ndis-ndisfreememory"),
    ROW(NdisOpenConfigurationEx, 2, PASSIVE, PASSIVE, SIM_FAILS_RESOURCES, "nf-ndis-ndisopenconfigurationex"),
    ROW(NdisReadConfiguration, 5, PASSIVE, PASSIVE, SIM_FAILS_INSIDE, "nf-ndis-ndisreadconfiguration"),
    ROW(NdisCloseConfiguration, 1, PASSIVE, PASSIVE, 0, "nf-ndis-ndiscloseconfiguration"),
    ROW(NdisRegisterDeviceEx, 4, PASSIVE, PASSIVE, SIM_FAILS_RESOURCES, "nf-ndis-ndisregisterdeviceex"),
    ROW(NdisDeregisterDeviceEx, 1, PASSIVE, PASSIVE, 0, "nf-ndis-ndisderegisterdeviceex"),
    ROW(NdisGetDeviceReservedExtension, 1, PASSIVE, HIGH, 0, "nf-ndis-ndisgetdevicereservedextension"),
    ROW(NdisGetVersion, 0, PASSIVE, HIGH, 0, "nf-ndis-ndisgetversion"),
    ROW(NdisGetSystemUpTimeEx, 1, PASSIVE, HIGH, 0, "nf-ndis-ndisgetsystemuptimeex"),
    ROW(NdisInitializeEvent, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndisinitializeevent"),
    ROW(NdisSetEvent, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndissetevent"),
    ROW(NdisResetEvent, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndisresetevent"),
    ROW(NdisWaitEvent, 2, PASSIVE, PASSIVE, 0, "nf-ndis-ndiswaitevent"),
    ROW(NdisAllocateIoWorkItem, 1, PASSIVE, DISPATCH, SIM_FAILS_NULL, "nf-ndis-ndisallocateioworkitem"),
    ROW(NdisQueueIoWorkItem, 3, PASSIVE, DISPATCH, 0, "nf-ndis-ndisqueueioworkitem"),
    ROW(NdisFreeIoWorkItem, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndisfreeioworkitem"),
    ROW(NdisAllocateRWLock, 1, PASSIVE, DISPATCH, SIM_FAILS_NULL, "nf-ndis-ndisallocaterwlock"),
    ROW(NdisFreeRWLock, 1, PASSIVE, DISPATCH, 0, "nf-ndis-ndisfreerwlock"),
    ROW(NdisAcquireRWLockRead, 3, PASSIVE, DISPATCH, 0, "nf-ndis-ndisacquirerwlockread"),
    ROW(NdisAcquireRWLockWrite, 3, PASSIVE, DISPATCH, 0, "nf-ndis-ndisacquirerwlockwrite"),
    ROW(NdisReleaseRWLock, 2, PASSIVE, DISPATCH, 0, "nf-ndis-ndisreleaserwlock"),
    {"ndis.sys", "NdisWriteErrorLogEntry", ndis_NdisWriteErrorLogEntry, 3, 0, SIM_CDECL, SIM_SINCE_WIN7,
     PASSIVE, DISPATCH, 0, NULL, "nf-ndis-ndiswriteerrorlogentry"},
};

const struct sim_import_table sim_ndis_imports = {rows, sizeof(rows) / sizeof(rows[0])};
