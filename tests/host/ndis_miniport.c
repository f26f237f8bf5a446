/* SPDX-License-Identifier: MIT
 *
 * NDIS towards one miniport driver: registration, the states of its adapters, requests, status and data. Only
 * what a miniport may do in the present state passes.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "driver/runtime.h"
#include "host.h"

#define WORKERS_MAX 64

typedef enum adapter_state
{
    STATE_INITIALIZING,
    STATE_PAUSED,
    STATE_RESTARTING,
    STATE_RUNNING,
    STATE_PAUSING,
    STATE_HALTING
} adapter_state;

struct host_adapter
{
    NDIS_HANDLE context;
    uint32_t luid_index;
    volatile LONG state;
    volatile LONG low_power;
    volatile LONG sends; /* NBLs that the driver owns */
    volatile LONG held;  /* NBLs that the stack holds */
    volatile LONG link;
    volatile LONG attributes;
    host_receive_sink *receive;
    host_send_sink *send;
    void *sink_context;
};

typedef struct work_item
{
    NDIS_IO_WORKITEM_ROUTINE routine;
    PVOID context;
    volatile LONG queued; /* and not yet begun */
} work_item;

static NDIS_MINIPORT_DRIVER_CHARACTERISTICS characteristics;
static bool registered;
static ULONG version;
static DRIVER_OBJECT driver_object;
static sched_thread *workers[WORKERS_MAX];
static pthread_mutex_t workers_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread bool in_halt; /* the thread that is inside HaltEx */

static LONG
state_of(host_adapter *adapter)
{
    return __atomic_load_n(&adapter->state, __ATOMIC_ACQUIRE);
}

static void
set_state(host_adapter *adapter, adapter_state state)
{
    __atomic_store_n(&adapter->state, (LONG)state, __ATOMIC_RELEASE);
}

/* ---- The driver ---- */

UINT NTAPI
NdisGetVersion(VOID)
{
    return version;
}

NDIS_STATUS NTAPI
NdisMRegisterMiniportDriver(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath,
                            NDIS_HANDLE MiniportDriverContext,
                            PNDIS_MINIPORT_DRIVER_CHARACTERISTICS Characteristics,
                            PNDIS_HANDLE NdisMiniportDriverHandle)
{
    UNREFERENCED_PARAMETER(MiniportDriverContext);
    host_check(DriverObject == &driver_object && RegistryPath && !registered);
    host_check(Characteristics->Header.Type == NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS);
    host_check(Characteristics->Header.Revision == 2);
    host_check(Characteristics->Header.Size == NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2);
    host_check(Characteristics->MajorNdisVersion == 6 &&
               Characteristics->MinorNdisVersion <= (version & 0xFFFF));
    host_check(!Characteristics->CheckForHangHandlerEx && !Characteristics->ResetHandlerEx);
    if (fault_here("NdisMRegisterMiniportDriver"))
        return NDIS_STATUS_RESOURCES;
    characteristics = *Characteristics;
    registered = true;
    *NdisMiniportDriverHandle = &characteristics;
    return NDIS_STATUS_SUCCESS;
}

VOID NTAPI
NdisMDeregisterMiniportDriver(NDIS_HANDLE NdisMiniportDriverHandle)
{
    host_check(NdisMiniportDriverHandle == &characteristics && registered);
    registered = false;
}

NTSTATUS
host_driver_load(ULONG ndis_version)
{
    UNICODE_STRING path = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\Host");
    version = ndis_version;
    return DriverMain(&driver_object, &path);
}

static void
join_workers(void)
{
    for (int i = 0; i < WORKERS_MAX; i++) {
        pthread_mutex_lock(&workers_lock);
        sched_thread *worker = workers[i];
        workers[i] = NULL;
        pthread_mutex_unlock(&workers_lock);
        if (worker)
            sched_join(worker);
    }
}

void
host_driver_unload(void)
{
    characteristics.UnloadHandler(&driver_object);
    host_check(!registered);
    join_workers();
    ledger_check_empty();
}

/* ---- Attributes, configuration, control device ---- */

NDIS_STATUS NTAPI
NdisMSetMiniportAttributes(NDIS_HANDLE NdisMiniportHandle, PNDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes)
{
    host_adapter *adapter = NdisMiniportHandle;
    host_check(state_of(adapter) == STATE_INITIALIZING && host_irql() == PASSIVE_LEVEL);
    if (fault_here("NdisMSetMiniportAttributes"))
        return NDIS_STATUS_RESOURCES;
    if (Attributes->RegistrationAttributes.Header.Type ==
        NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES) {
        host_check(adapter->attributes == 0);
        adapter->context = Attributes->RegistrationAttributes.MiniportAdapterContext;
    } else {
        host_check(adapter->attributes == 1);
        host_check(Attributes->GeneralAttributes.MediaType == NdisMediumIP);
        adapter->link = (LONG)Attributes->GeneralAttributes.MediaConnectState;
    }
    adapter->attributes++;
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NTAPI
NdisOpenConfigurationEx(PNDIS_CONFIGURATION_OBJECT ConfigObject, PNDIS_HANDLE ConfigurationHandle)
{
    host_check(ConfigObject->NdisHandle && host_irql() == PASSIVE_LEVEL);
    if (fault_here("NdisOpenConfigurationEx"))
        return NDIS_STATUS_RESOURCES;
    *ConfigurationHandle = calloc(1, sizeof(NDIS_CONFIGURATION_PARAMETER));
    ledger_add(LEDGER_CONFIGURATION, 1);
    return NDIS_STATUS_SUCCESS;
}

VOID NTAPI
NdisReadConfiguration(PNDIS_STATUS Status, PNDIS_CONFIGURATION_PARAMETER *ParameterValue,
                      NDIS_HANDLE ConfigurationHandle, PNDIS_STRING Keyword,
                      NDIS_PARAMETER_TYPE ParameterType)
{
    static WCHAR id[] = L"{01234567-89ab-cdef-0123-456789abcdef}";
    NDIS_CONFIGURATION_PARAMETER *parameter = ConfigurationHandle;
    UNREFERENCED_PARAMETER(Keyword);
    if (fault_here("NdisReadConfiguration")) {
        *Status = NDIS_STATUS_FAILURE;
        return;
    }
    host_check(ParameterType == NdisParameterString);
    parameter->ParameterType = NdisParameterString;
    parameter->ParameterData.StringData = (UNICODE_STRING){sizeof(id) - sizeof(WCHAR), sizeof(id), id};
    *ParameterValue = parameter;
    *Status = NDIS_STATUS_SUCCESS;
}

VOID NTAPI
NdisCloseConfiguration(NDIS_HANDLE ConfigurationHandle)
{
    free(ConfigurationHandle);
    ledger_add(LEDGER_CONFIGURATION, -1);
}

NDIS_STATUS NTAPI
NdisRegisterDeviceEx(NDIS_HANDLE NdisObjectHandle, PNDIS_DEVICE_OBJECT_ATTRIBUTES DeviceObjectAttributes,
                     PDEVICE_OBJECT *DeviceObject, PNDIS_HANDLE NdisDeviceHandle)
{
    host_check(NdisObjectHandle == &characteristics && host_irql() == PASSIVE_LEVEL);
    host_check(DeviceObjectAttributes->Header.Size == NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1);
    host_check(DeviceObjectAttributes->DefaultSDDLString && !DeviceObjectAttributes->DeviceClassGuid);
    if (fault_here("NdisRegisterDeviceEx"))
        return NDIS_STATUS_RESOURCES;
    host_device *device =
        host_device_create(DeviceObjectAttributes->MajorFunctions, DeviceObjectAttributes->DeviceName);
    *DeviceObject = host_device_object(device);
    *NdisDeviceHandle = device;
    return NDIS_STATUS_SUCCESS;
}

VOID NTAPI
NdisDeregisterDeviceEx(NDIS_HANDLE NdisDeviceHandle)
{
    host_check(host_irql() == PASSIVE_LEVEL);
    host_device_delete(NdisDeviceHandle);
}

/* ---- Work items ---- */

NDIS_HANDLE NTAPI
NdisAllocateIoWorkItem(NDIS_HANDLE NdisObjectHandle)
{
    host_check(NdisObjectHandle);
    if (fault_here("NdisAllocateIoWorkItem"))
        return NULL;
    ledger_add(LEDGER_WORK_ITEM, 1);
    return calloc(1, sizeof(work_item));
}

VOID NTAPI
NdisFreeIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle)
{
    work_item *item = NdisIoWorkItemHandle;
    host_check(!__atomic_load_n(&item->queued, __ATOMIC_ACQUIRE));
    ledger_add(LEDGER_WORK_ITEM, -1);
    free(item);
}

static void
work_run(void *argument)
{
    work_item *item = argument;
    NDIS_IO_WORKITEM_ROUTINE routine = item->routine;
    PVOID context = item->context;
    /* From here on it may be queued anew or, if the routine says so, freed. */
    __atomic_store_n(&item->queued, 0, __ATOMIC_RELEASE);
    routine(context, item);
    host_check(host_irql() == PASSIVE_LEVEL);
}

VOID NTAPI
NdisQueueIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle, NDIS_IO_WORKITEM_ROUTINE Routine, PVOID WorkItemContext)
{
    work_item *item = NdisIoWorkItemHandle;
    host_check(host_irql() <= DISPATCH_LEVEL);
    host_check(!__atomic_exchange_n(&item->queued, 1, __ATOMIC_ACQ_REL));
    item->routine = Routine;
    item->context = WorkItemContext;
    sched_thread *worker = sched_start("work item", work_run, item);
    pthread_mutex_lock(&workers_lock);
    for (int i = 0; i < WORKERS_MAX; i++)
        if (!workers[i]) {
            workers[i] = worker;
            pthread_mutex_unlock(&workers_lock);
            return;
        }
    host_fail("too many work items in one run");
}

/* ---- States ---- */

host_adapter *
host_adapter_create(uint32_t luid_index)
{
    host_adapter *adapter = calloc(1, sizeof(*adapter));
    NDIS_MINIPORT_INIT_PARAMETERS parameters = {
        .Header = {NDIS_OBJECT_TYPE_MINIPORT_INIT_PARAMETERS, 1, sizeof(parameters)},
        .IfIndex = luid_index,
    };
    parameters.NetLuid.Info.NetLuidIndex = luid_index;
    parameters.NetLuid.Info.IfType = IF_TYPE_PROP_VIRTUAL;
    adapter->luid_index = luid_index;
    set_state(adapter, STATE_INITIALIZING);
    NDIS_STATUS status = characteristics.InitializeHandlerEx(adapter, &characteristics, &parameters);
    host_check(status != NDIS_STATUS_PENDING);
    if (status != NDIS_STATUS_SUCCESS) {
        free(adapter);
        return NULL;
    }
    host_check(adapter->attributes == 2);
    set_state(adapter, STATE_PAUSED);
    return adapter;
}

void
host_adapter_set_sinks(host_adapter *adapter, host_receive_sink *receive, host_send_sink *send, void *context)
{
    adapter->receive = receive;
    adapter->send = send;
    adapter->sink_context = context;
}

void
host_adapter_restart(host_adapter *adapter)
{
    NDIS_MINIPORT_RESTART_PARAMETERS parameters = {.Header = {NDIS_OBJECT_TYPE_DEFAULT, 1, 20}};
    host_check(state_of(adapter) == STATE_PAUSED);
    set_state(adapter, STATE_RESTARTING);
    host_check(characteristics.RestartHandler(adapter->context, &parameters) == NDIS_STATUS_SUCCESS);
    set_state(adapter, STATE_RUNNING);
}

void
host_adapter_pause(host_adapter *adapter)
{
    NDIS_MINIPORT_PAUSE_PARAMETERS parameters = {.Header = {NDIS_OBJECT_TYPE_DEFAULT, 1, 12}};
    host_check(state_of(adapter) == STATE_RUNNING);
    set_state(adapter, STATE_PAUSING);
    host_check(characteristics.PauseHandler(adapter->context, &parameters) == NDIS_STATUS_SUCCESS);
    host_check(!__atomic_load_n(&adapter->held, __ATOMIC_ACQUIRE));
    set_state(adapter, STATE_PAUSED);
}

static NDIS_STATUS
request(host_adapter *adapter, NDIS_REQUEST_TYPE type, NDIS_OID oid, void *buffer, ULONG size, ULONG *written)
{
    NDIS_OID_REQUEST oid_request = {.Header = {NDIS_OBJECT_TYPE_OID_REQUEST, 1, sizeof(oid_request)}};
    oid_request.RequestType = type;
    oid_request.DATA.QUERY_INFORMATION.Oid = oid;
    oid_request.DATA.QUERY_INFORMATION.InformationBuffer = buffer;
    oid_request.DATA.QUERY_INFORMATION.InformationBufferLength = size;
    NDIS_STATUS status = characteristics.OidRequestHandler(adapter->context, &oid_request);
    host_check(status != NDIS_STATUS_PENDING);
    if (written)
        *written = oid_request.DATA.QUERY_INFORMATION.BytesWritten;
    return status;
}

NDIS_STATUS
host_adapter_query(host_adapter *adapter, NDIS_OID oid, void *buffer, ULONG size, ULONG *written)
{
    return request(adapter, NdisRequestQueryInformation, oid, buffer, size, written);
}

void
host_adapter_set_power(host_adapter *adapter, bool low)
{
    ULONG power = low ? NdisDeviceStateD3 : NdisDeviceStateD0;
    /* Nothing may be indicated from when the request for low power returns until that for D0 comes. */
    if (!low)
        __atomic_store_n(&adapter->low_power, 0, __ATOMIC_RELEASE);
    host_check(request(adapter, NdisRequestSetInformation, OID_PNP_SET_POWER, &power, sizeof(power), NULL) ==
               NDIS_STATUS_SUCCESS);
    if (low)
        __atomic_store_n(&adapter->low_power, 1, __ATOMIC_RELEASE);
}

void
host_adapter_surprise_remove(host_adapter *adapter)
{
    NET_DEVICE_PNP_EVENT event = {.Header = {NDIS_OBJECT_TYPE_DEFAULT, 1, 44},
                                  .DevicePnPEvent = NdisDevicePnPEventSurpriseRemoved};
    characteristics.DevicePnPEventNotifyHandler(adapter->context, &event);
}

void
host_adapter_halt(host_adapter *adapter)
{
    host_check(state_of(adapter) == STATE_PAUSED);
    host_check(!__atomic_load_n(&adapter->sends, __ATOMIC_ACQUIRE) &&
               !__atomic_load_n(&adapter->held, __ATOMIC_ACQUIRE));
    set_state(adapter, STATE_HALTING);
    in_halt = true;
    characteristics.HaltHandlerEx(adapter->context, NdisHaltDeviceDisabled);
    in_halt = false;
    free(adapter);
}

VOID NTAPI
NdisMIndicateStatusEx(NDIS_HANDLE MiniportAdapterHandle, PNDIS_STATUS_INDICATION StatusIndication)
{
    host_adapter *adapter = MiniportAdapterHandle;
    host_check(host_irql() == PASSIVE_LEVEL || host_irql() == DISPATCH_LEVEL);
    /* Another thread may have been on its way here when HaltEx was called, and HaltEx waits for it. */
    host_check(!in_halt && !__atomic_load_n(&adapter->low_power, __ATOMIC_ACQUIRE));
    host_check(state_of(adapter) != STATE_INITIALIZING);
    host_check(StatusIndication->Header.Size == NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    host_check(StatusIndication->StatusCode == NDIS_STATUS_LINK_STATE);
    const NDIS_LINK_STATE *link = StatusIndication->StatusBuffer;
    host_check(StatusIndication->StatusBufferSize == sizeof(*link));
    /* Only changes are worth an indication. */
    host_check(__atomic_exchange_n(&adapter->link, (LONG)link->MediaConnectState, __ATOMIC_ACQ_REL) !=
               (LONG)link->MediaConnectState);
    sched_point();
}

NET_IF_MEDIA_CONNECT_STATE
host_adapter_link(host_adapter *adapter)
{
    return (NET_IF_MEDIA_CONNECT_STATE)__atomic_load_n(&adapter->link, __ATOMIC_ACQUIRE);
}

/* ---- Data ---- */

void
host_adapter_send(host_adapter *adapter, NET_BUFFER_LIST *chain, bool dispatch)
{
    LONG count = 0;
    KIRQL before = host_irql();
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next)
        count++;
    __atomic_add_fetch(&adapter->sends, count, __ATOMIC_ACQ_REL);
    if (dispatch)
        host_set_irql(DISPATCH_LEVEL);
    characteristics.SendNetBufferListsHandler(adapter->context, chain, NDIS_DEFAULT_PORT_NUMBER,
                                              dispatch ? NDIS_SEND_FLAGS_DISPATCH_LEVEL : 0);
    host_check(host_irql() == (dispatch ? DISPATCH_LEVEL : before));
    host_set_irql(before);
}

VOID NTAPI
NdisMSendNetBufferListsComplete(NDIS_HANDLE MiniportAdapterHandle, PNET_BUFFER_LIST NetBufferList,
                                ULONG SendCompleteFlags)
{
    host_adapter *adapter = MiniportAdapterHandle;
    host_check(host_irql() <= DISPATCH_LEVEL);
    host_check(!(SendCompleteFlags & NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL) ||
               host_irql() == DISPATCH_LEVEL);
    while (NetBufferList) {
        NET_BUFFER_LIST *nbl = NetBufferList;
        NetBufferList = nbl->Next;
        nbl->Next = NULL;
        host_check(nbl->Status != (NDIS_STATUS)0xDEADBEEF && nbl->Status != NDIS_STATUS_PENDING);
        adapter->send(adapter->sink_context, nbl);
        host_check(__atomic_sub_fetch(&adapter->sends, 1, __ATOMIC_ACQ_REL) >= 0);
    }
}

VOID NTAPI
NdisMIndicateReceiveNetBufferLists(NDIS_HANDLE MiniportAdapterHandle, PNET_BUFFER_LIST NetBufferLists,
                                   NDIS_PORT_NUMBER PortNumber, ULONG NumberOfNetBufferLists,
                                   ULONG ReceiveFlags)
{
    host_adapter *adapter = MiniportAdapterHandle;
    bool resources = ReceiveFlags & NDIS_RECEIVE_FLAGS_RESOURCES;
    ULONG count = 0;
    LONG state = state_of(adapter);

    host_check(host_irql() == PASSIVE_LEVEL && PortNumber == NDIS_DEFAULT_PORT_NUMBER);
    host_check(state == STATE_RESTARTING || state == STATE_RUNNING || state == STATE_PAUSING);
    host_check(!__atomic_load_n(&adapter->low_power, __ATOMIC_ACQUIRE));
    for (NET_BUFFER_LIST *nbl = NetBufferLists; nbl; nbl = nbl->Next, count++) {
        NET_BUFFER *nb = nbl->FirstNetBuffer;
        host_check(nb && !nb->Next && nbl->SourceHandle == adapter && nb->DataLength);
        host_check(nb->CurrentMdl == nb->MdlChain &&
                   nb->CurrentMdlOffset + nb->DataLength <= nb->MdlChain->ByteCount);
    }
    host_check(count && count == NumberOfNetBufferLists);
    if (!resources) {
        __atomic_add_fetch(&adapter->held, (LONG)count, __ATOMIC_ACQ_REL);
        ledger_add(LEDGER_HELD, (long)count);
    }
    sched_point();
    adapter->receive(adapter->sink_context, NetBufferLists, count, resources);
    sched_point();
}

/* Upper layers leave traces in what they return. */
void
host_adapter_return(host_adapter *adapter, NET_BUFFER_LIST *chain)
{
    LONG count = 0;
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next, count++) {
        nbl->NblFlags = 0xFFFFFFFFu;
        nbl->Status = (NDIS_STATUS)0xDEADBEEF;
        memset(nbl->NetBufferListInfo, 0xA5, sizeof(nbl->NetBufferListInfo));
        nbl->FirstNetBuffer->DataLength = 0;
        nbl->FirstNetBuffer->CurrentMdlOffset = 7;
    }
    /* Before: the driver may end a pause as soon as it has them. */
    ledger_add(LEDGER_HELD, -count);
    __atomic_sub_fetch(&adapter->held, count, __ATOMIC_ACQ_REL);
    sched_point();
    characteristics.ReturnNetBufferListsHandler(adapter->context, chain, 0);
}
