/* SPDX-License-Identifier: MIT
 *
 * The services of ndis.sys. Every prototype names the IRQL at which it may be called.
 */
#ifndef WDK_NDIS_FUNCTIONS_H
#define WDK_NDIS_FUNCTIONS_H

#include "ndis_miniport.h"

/* ---- Registration: PASSIVE ---- */

NTSYSAPI NDIS_STATUS NTAPI NdisMRegisterMiniportDriver(PDRIVER_OBJECT DriverObject,
                                                       PUNICODE_STRING RegistryPath,
                                                       NDIS_HANDLE MiniportDriverContext,
                                                       PNDIS_MINIPORT_DRIVER_CHARACTERISTICS Characteristics,
                                                       PNDIS_HANDLE NdisMiniportDriverHandle);
NTSYSAPI VOID NTAPI NdisMDeregisterMiniportDriver(NDIS_HANDLE NdisMiniportDriverHandle);
NTSYSAPI NDIS_STATUS NTAPI NdisMSetMiniportAttributes(NDIS_HANDLE NdisMiniportHandle,
                                                      PNDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes);
NTSYSAPI UINT NTAPI NdisGetVersion(VOID);
NTSYSAPI NDIS_STATUS NTAPI NdisRegisterDeviceEx(NDIS_HANDLE NdisObjectHandle,
                                                PNDIS_DEVICE_OBJECT_ATTRIBUTES DeviceObjectAttributes,
                                                PDEVICE_OBJECT *DeviceObject, PNDIS_HANDLE NdisDeviceHandle);
NTSYSAPI VOID NTAPI NdisDeregisterDeviceEx(NDIS_HANDLE NdisDeviceHandle);
NTSYSAPI PVOID NTAPI NdisGetDeviceReservedExtension(PDEVICE_OBJECT DeviceObject); /* any IRQL */
NTSYSAPI VOID NTAPI NdisMGetDeviceProperty(NDIS_HANDLE MiniportHandle, PDEVICE_OBJECT *PhysicalDeviceObject,
                                           PDEVICE_OBJECT *FunctionalDeviceObject,
                                           PDEVICE_OBJECT *NextDeviceObject, PVOID *AllocatedResources,
                                           PVOID *AllocatedResourcesTranslated);

/* ---- Configuration: PASSIVE ---- */

NTSYSAPI NDIS_STATUS NTAPI NdisOpenConfigurationEx(PNDIS_CONFIGURATION_OBJECT ConfigObject,
                                                   PNDIS_HANDLE ConfigurationHandle);
/* What it returns stays valid until the configuration is closed. */
NTSYSAPI VOID NTAPI NdisReadConfiguration(PNDIS_STATUS Status, PNDIS_CONFIGURATION_PARAMETER *ParameterValue,
                                          NDIS_HANDLE ConfigurationHandle, PNDIS_STRING Keyword,
                                          NDIS_PARAMETER_TYPE ParameterType);
NTSYSAPI VOID NTAPI NdisCloseConfiguration(NDIS_HANDLE ConfigurationHandle);

/* ---- Data path and requests: <= DISPATCH, no lock held ---- */

NTSYSAPI VOID NTAPI NdisMIndicateReceiveNetBufferLists(NDIS_HANDLE MiniportAdapterHandle,
                                                       PNET_BUFFER_LIST NetBufferLists,
                                                       NDIS_PORT_NUMBER PortNumber,
                                                       ULONG NumberOfNetBufferLists, ULONG ReceiveFlags);
NTSYSAPI VOID NTAPI NdisMSendNetBufferListsComplete(NDIS_HANDLE MiniportAdapterHandle,
                                                    PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags);
NTSYSAPI VOID NTAPI NdisMIndicateStatusEx(NDIS_HANDLE MiniportAdapterHandle,
                                          PNDIS_STATUS_INDICATION StatusIndication);
NTSYSAPI VOID NTAPI NdisMOidRequestComplete(NDIS_HANDLE MiniportAdapterHandle, PNDIS_OID_REQUEST OidRequest,
                                            NDIS_STATUS Status);
NTSYSAPI VOID NTAPI NdisMDirectOidRequestComplete(NDIS_HANDLE MiniportAdapterHandle,
                                                  PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status);
NTSYSAPI VOID NTAPI NdisMPauseComplete(NDIS_HANDLE MiniportAdapterHandle);
NTSYSAPI VOID NTAPI NdisMRestartComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status);
NTSYSAPI NDIS_STATUS NTAPI NdisMRemoveMiniport(NDIS_HANDLE MiniportHandle);

/* ---- Buffers: <= DISPATCH ---- */

NTSYSAPI NDIS_HANDLE NTAPI NdisAllocateNetBufferListPool(NDIS_HANDLE NdisHandle,
                                                         PNET_BUFFER_LIST_POOL_PARAMETERS Parameters);
NTSYSAPI VOID NTAPI NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle);
NTSYSAPI PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferAndNetBufferList(NDIS_HANDLE PoolHandle,
                                                                      USHORT ContextSize,
                                                                      USHORT ContextBackFill, PMDL MdlChain,
                                                                      ULONG DataOffset, SIZE_T DataLength);
NTSYSAPI VOID NTAPI NdisFreeNetBufferList(PNET_BUFFER_LIST NetBufferList);
NTSYSAPI PMDL NTAPI NdisAllocateMdl(NDIS_HANDLE NdisHandle, PVOID VirtualAddress, UINT Length);
NTSYSAPI VOID NTAPI NdisFreeMdl(PMDL Mdl);
/* NULL if the data spans MDLs and Storage is NULL, or if a mapping fails. */
NTSYSAPI PVOID NTAPI NdisGetDataBuffer(PNET_BUFFER NetBuffer, ULONG BytesNeeded, PVOID Storage,
                                       UINT AlignMultiple, UINT AlignOffset);
NTSYSAPI PVOID NTAPI NdisAllocateMemoryWithTagPriority(NDIS_HANDLE NdisHandle, UINT Length, ULONG Tag,
                                                       EX_POOL_PRIORITY Priority);
NTSYSAPI VOID NTAPI NdisFreeMemory(PVOID VirtualAddress, UINT Length, UINT MemoryFlags);

/* ---- Events, sleeping, work items, timers, locks ---- */

NTSYSAPI VOID NTAPI NdisMSleep(ULONG MicrosecondsToSleep); /* < DISPATCH */
NTSYSAPI VOID NTAPI NdisInitializeEvent(PNDIS_EVENT Event);
NTSYSAPI VOID NTAPI NdisSetEvent(PNDIS_EVENT Event);                    /* <= DISPATCH */
NTSYSAPI VOID NTAPI NdisResetEvent(PNDIS_EVENT Event);                  /* <= DISPATCH */
NTSYSAPI BOOLEAN NTAPI NdisWaitEvent(PNDIS_EVENT Event, UINT MsToWait); /* PASSIVE; 0 waits for ever */
NTSYSAPI NDIS_HANDLE NTAPI NdisAllocateIoWorkItem(NDIS_HANDLE NdisObjectHandle); /* <= DISPATCH */
NTSYSAPI VOID NTAPI NdisQueueIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle, NDIS_IO_WORKITEM_ROUTINE Routine,
                                        PVOID WorkItemContext);           /* <= DISPATCH */
NTSYSAPI VOID NTAPI NdisFreeIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle); /* <= DISPATCH */
NTSYSAPI NDIS_STATUS NTAPI NdisAllocateTimerObject(NDIS_HANDLE NdisHandle,
                                                   PNDIS_TIMER_CHARACTERISTICS TimerCharacteristics,
                                                   PNDIS_HANDLE TimerObject);
NTSYSAPI BOOLEAN NTAPI NdisSetTimerObject(NDIS_HANDLE TimerObject, LARGE_INTEGER DueTime,
                                          LONG MillisecondsPeriod, PVOID FunctionContext);
NTSYSAPI BOOLEAN NTAPI NdisCancelTimerObject(NDIS_HANDLE TimerObject);
NTSYSAPI VOID NTAPI NdisFreeTimerObject(NDIS_HANDLE TimerObject);

/* On Windows 7 the handle must be that of NdisMRegisterMiniportDriver. */
NTSYSAPI PNDIS_RW_LOCK_EX NTAPI NdisAllocateRWLock(NDIS_HANDLE NdisHandle);
NTSYSAPI VOID NTAPI NdisFreeRWLock(PNDIS_RW_LOCK_EX Lock);
NTSYSAPI VOID NTAPI NdisAcquireRWLockRead(PNDIS_RW_LOCK_EX Lock, PLOCK_STATE_EX LockState, UCHAR Flags);
NTSYSAPI VOID NTAPI NdisAcquireRWLockWrite(PNDIS_RW_LOCK_EX Lock, PLOCK_STATE_EX LockState, UCHAR Flags);
NTSYSAPI VOID NTAPI NdisReleaseRWLock(PNDIS_RW_LOCK_EX Lock, PLOCK_STATE_EX LockState);

/* Varargs, hence cdecl on x86 too. */
NTSYSAPI VOID NdisWriteErrorLogEntry(NDIS_HANDLE NdisAdapterHandle, ULONG ErrorCode,
                                     ULONG NumberOfErrorValues, ...);

#endif
