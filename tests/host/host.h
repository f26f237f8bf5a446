/* SPDX-License-Identifier: MIT
 *
 * The host front end: driver and session compiled for Linux, in one process with one view of the shared
 * memory, above a small model of the kernel and of NDIS. This header is what the tests steer it by; what the
 * driver calls is declared by driver/wdk.
 *
 * The model is faithful where the driver could go wrong (who owns what, when a call may be made, what may
 * fail) and knows nothing of machine code or structure layouts: that is the simulator's part (tests/sim).
 */
#ifndef HOST_H
#define HOST_H

#include "wdk.h"
#include "scheduler.h"

/* Ends the program with a message: a rule was broken, by the driver or by the test. */
void host_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* What a failure message says beside what failed: which seed, which fault. */
void host_set_label(const char *what, uint64_t number);
void host_print_label(void);
#define host_check(Condition) ((Condition) ? (void)0 : host_fail("%s:%d: %s", __FILE__, __LINE__, #Condition))

/* ---- Ledger (kernel_pool.c): everything that can leak ---- */

typedef enum host_ledger
{
    LEDGER_POOL,
    LEDGER_MDL,
    LEDGER_LOCKED,
    LEDGER_MAPPED,
    LEDGER_NBL,
    LEDGER_NBL_POOL,
    LEDGER_OBJECT,
    LEDGER_HANDLE,
    LEDGER_WORK_ITEM,
    LEDGER_DEVICE,
    LEDGER_CONFIGURATION,
    LEDGER_NOTIFY,
    LEDGER_USER_MEMORY,
    LEDGER_HELD, /* receive NBLs that the stack holds */
    LEDGER_KINDS
} host_ledger;

void ledger_add(host_ledger kind, long delta);
long ledger_get(host_ledger kind);
/* Nothing may be left: prints what is and fails. */
void ledger_check_empty(void);

/* ---- Faults: the k-th fallible call from now on fails, once; 0 is none ---- */

void fault_arm(unsigned long k);
/* Whether the armed fault came, and what failed. */
bool fault_fired(const char **what);
/* For the model: a fallible call; true if it is to fail. */
bool fault_here(const char *what);

/* ---- IRQL and process of the calling thread ---- */

KIRQL host_irql(void);
void host_set_irql(KIRQL irql);
/* A thread belongs to the System process until it says otherwise. */
#define HOST_SYSTEM_PROCESS 4u
void host_enter_process(uint32_t id);
uint32_t host_process(void);
/* The process ends: its notification, then its handles. None of its threads runs any more. */
void host_process_die(uint32_t id);

/* ---- Objects and handles (kernel_objects.c) ---- */

HANDLE host_event_create(EVENT_TYPE type);
PKEVENT host_event_of(HANDLE handle);
void host_handle_close(HANDLE handle);
/* Memory that a process may have locked; freeing it while it is locked is an error. */
void *host_user_allocate(size_t size);
void host_user_free(void *memory);

/* ---- The driver and its adapters (ndis_miniport.c) ---- */

typedef struct host_adapter host_adapter;

/* Called by the driver's thread or whoever indicates. With resources set the NBLs are only lent for the call.
 */
typedef void host_receive_sink(void *context, NET_BUFFER_LIST *chain, ULONG count, bool resources);
/* Every NBL of a chain that the driver completes, one by one. */
typedef void host_send_sink(void *context, NET_BUFFER_LIST *nbl);

/* NDIS version as NdisGetVersion returns it. */
NTSTATUS host_driver_load(ULONG ndis_version);
void host_driver_unload(void);

/* Initialize; NULL if the driver refuses. It is paused. */
host_adapter *host_adapter_create(uint32_t luid_index);
void host_adapter_set_sinks(host_adapter *adapter, host_receive_sink *receive, host_send_sink *send,
                            void *context);
void host_adapter_restart(host_adapter *adapter);
void host_adapter_pause(host_adapter *adapter);
void host_adapter_set_power(host_adapter *adapter, bool low);
void host_adapter_surprise_remove(host_adapter *adapter);
/* From paused; the adapter is gone afterwards. */
void host_adapter_halt(host_adapter *adapter);
void host_adapter_send(host_adapter *adapter, NET_BUFFER_LIST *chain, bool dispatch);
void host_adapter_return(host_adapter *adapter, NET_BUFFER_LIST *chain);
NDIS_STATUS host_adapter_query(host_adapter *adapter, NDIS_OID oid, void *buffer, ULONG size, ULONG *written);
/* What the driver indicated last. */
NET_IF_MEDIA_CONNECT_STATE host_adapter_link(host_adapter *adapter);

/* ---- Control device (kernel_io.c) ---- */

/* A handle, or NULL with the status. */
HANDLE host_control_open(uint32_t luid_index, NTSTATUS *status);
NTSTATUS host_control(HANDLE control, ULONG code, void *buffer, ULONG input, ULONG output,
                      ULONG_PTR *information);

/* For the model: devices of a driver. */
typedef struct host_device host_device;
host_device *host_device_create(PDRIVER_DISPATCH *functions, PCUNICODE_STRING name);
void host_device_delete(host_device *device);
PDEVICE_OBJECT host_device_object(host_device *device);

/* ---- Sends (ndis_buffers.c) ---- */

/* An NBL of one NB per size, each over the same memory one after the other, split into MDLs of at most part
 * bytes (0: one MDL). MDLs describe memory of the caller's. */
NET_BUFFER_LIST *host_nbl_create(uint8_t *memory, const uint32_t *sizes, unsigned int count, uint32_t part);
void host_nbl_free(NET_BUFFER_LIST *nbl);

#endif
