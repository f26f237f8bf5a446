/* SPDX-License-Identifier: MIT
 * What the files of the NDIS model share: drivers, adapters and their states, the objects that change owners.
 *
 * Serialisation: adapter->lock guards the fields marked (lock) and is a leaf: nothing is called with it held.
 * adapter->transition admits one PnP operation at a time, adapter->oid_turn one OID request; both are held
 * across calls into the miniport. */
#ifndef SIM_NDIS_MODEL_H
#define SIM_NDIS_MODEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include "ndis_control.h"

/* ---- Drivers (registration.c) ---- */

struct sim_miniport
{
    uint32_t magic;
    bool registered;
    DRIVER_OBJECT *driver;
    void *driver_context;
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS handlers;
    uint32_t version; /* as NdisGetVersion writes it: what the driver registered for */
    _Atomic unsigned adapters;
    struct sim_miniport *next;
};
struct sim_miniport *ndis_miniport_of(const void *handle); /* NULL if it is no driver handle */
struct sim_miniport *ndis_miniport_find(const DRIVER_OBJECT *driver);
/* Stops if the driver has replaced what NDIS owns in its driver object. */
void ndis_check_driver_object(const struct sim_miniport *miniport);

/* ---- Adapters (adapter.c) ---- */

/* Who may follow whom:
 *   HALTED -> INITIALIZING -> PAUSED (or HALTED on failure); PAUSED -> RESTARTING -> RUNNING (or PAUSED on
 * failure); RUNNING -> PAUSING -> PAUSED; PAUSED -> HALTING -> HALTED. */
enum ndis_state
{
    NDIS_HALTED,
    NDIS_INITIALIZING,
    NDIS_PAUSED,
    NDIS_RESTARTING,
    NDIS_RUNNING,
    NDIS_PAUSING,
    NDIS_HALTING
};

struct sim_adapter
{
    uint32_t magic;
    struct sim_miniport *miniport;
    struct sim_adapter_options options;
    char *keywords; /* name\0value\0...\0\0 */
    uint64_t luid;
    _Atomic bool gone; /* removed, or never started: its LUID is free for others */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* any of the (lock) fields */
    pthread_mutex_t transition;
    pthread_mutex_t oid_turn;

    _Atomic int state;
    _Atomic bool
        pause_returned;     /* Pause was called and its handler has returned: new sends are refused at once */
    _Atomic unsigned power; /* 0 = D0 ... 3 = D3 */
    _Atomic bool removed;   /* surprise removal was announced */
    bool completion_due;    /* (lock) Pause or Restart returned PENDING, or may yet */
    bool completed;         /* (lock) NdisMPauseComplete or NdisMRestartComplete came */
    NDIS_STATUS completion_status; /* (lock) */
    _Atomic unsigned epoch;        /* counts changes of state and of power */
    unsigned calls; /* (lock) Send, Return and CancelSend calls in progress: HaltEx waits for them */

    /* from NdisMSetMiniportAttributes, in InitializeEx */
    bool registration_set, general_set;
    void *context;
    uint32_t attribute_flags;
    bool wakes_on_link_change; /* 6.30 and later */
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;
    uint32_t oid_list[128];
    unsigned oid_count;
    uint32_t max_total_size; /* what the miniport answered; MtuSize until then */

    _Atomic int media_state;
    struct sim_thread *halting_thread; /* set before state becomes NDIS_HALTING */

    /* the request under way: (lock) */
    NDIS_OID_REQUEST *request;
    bool request_completed;
    NDIS_STATUS request_status;

    /* outstanding */
    _Atomic int sends_out;    /* NBLs with the miniport */
    _Atomic int sends_called; /* NBLs, completed or not, of Send calls that have not returned */
    _Atomic unsigned send_calls;
    _Atomic int receives_out; /* NBLs with the stack */
    _Atomic int indicating;   /* indicate calls under way */

    /* the stack above (stack_send.c, stack_receive.c) */
    sim_receive_fn receive;
    void *receive_context;
    _Atomic bool hold;
    NET_BUFFER_LIST **held; /* (lock) */
    unsigned held_count, held_room;
    _Atomic unsigned reenter;
    _Atomic uint64_t random;
    struct
    {
        _Atomic uint64_t indications, packets, bytes, resources, longest_chain, sends, sent_packets,
            completions;
    } counts;

    struct sim_adapter *next;
};
/* The adapter of a handle that the miniport passes; stops if it is none or its HaltEx has returned. */
struct sim_adapter *ndis_adapter_of(const void *handle, const char *function);
struct sim_adapter *ndis_adapter_start(struct sim_miniport *miniport,
                                       const struct sim_adapter_options *options, NDIS_STATUS *status);
/* Admission of a call into the data path: false once HaltEx is due. Pairs with ndis_adapter_leave. */
bool ndis_adapter_enter(struct sim_adapter *adapter);
void ndis_adapter_leave(struct sim_adapter *adapter);
/* Operations; adapter->transition is held. */
void ndis_pause(struct sim_adapter *adapter, uint32_t reason);
NDIS_STATUS ndis_restart(struct sim_adapter *adapter);
NDIS_STATUS ndis_initialize(struct sim_adapter *adapter);
void ndis_halt(struct sim_adapter *adapter, unsigned action);
void ndis_notify(struct sim_adapter *adapter, uint32_t event, void *information, uint32_t length);
/* NBLs that the miniport keeps from Send calls that have returned. */
int ndis_sends_kept(const struct sim_adapter *adapter);
const char *ndis_state_name(int state);
/* adapter->lock is held: waits for a change, false after the time-out of a PnP operation. */
bool ndis_wait(struct sim_adapter *adapter, const struct timespec *deadline);
struct timespec ndis_deadline(unsigned seconds);
uint64_t ndis_random(struct sim_adapter *adapter);

/* ---- Calls into the miniport (call_miniport.c) ---- */

/* Checks that the handler leaves IRQL and spin locks as they were. */
uint64_t ndis_call(const char *handler_name, const void *handler, unsigned words, const uintptr_t *args);
#define NDIS_CALL(name, handler, ...)                                                                        \
    ndis_call(name, (const void *)(handler),                                                                 \
              (unsigned)(sizeof((uintptr_t[]){__VA_ARGS__}) / sizeof(uintptr_t)),                            \
              (const uintptr_t[]){__VA_ARGS__})
/* Stops when the import's caller holds a spin lock that the miniport's own paths may want. */
void ndis_check_no_locks(const char *function);
/* A DISPATCH_LEVEL flag that does not tell the truth. */
void ndis_check_dispatch_flag(const char *function, uint32_t flags);
void ndis_check_header(const char *what, const NDIS_OBJECT_HEADER *header, uint8_t type, uint8_t revision_min,
                       uint8_t revision_max, size_t size);

/* ---- OID requests (oid.c) ---- */

enum
{
    NDIS_QUERY = NdisRequestQueryInformation,
    NDIS_SET = NdisRequestSetInformation
};
NDIS_STATUS ndis_request(struct sim_adapter *adapter, int type, uint32_t oid, void *buffer, uint32_t length,
                         uint32_t *done, uint32_t *needed);
/* What NDIS itself and the first protocol ask of an adapter that has just been initialised. */
void ndis_request_at_start(struct sim_adapter *adapter);

/* ---- NBLs, NBs and MDLs of both directions (objects.c) ---- */

enum ndis_kind
{
    NDIS_FREE,
    NDIS_NBL,
    NDIS_NB,
    NDIS_MDL
};
enum ndis_owner
{
    NDIS_NOBODY,
    NDIS_DRIVER,
    NDIS_STACK
};

struct ndis_batch;
struct ndis_object
{
    uint8_t kind;
    _Atomic uint8_t owner;
    bool protected_page;
    bool offload;    /* an NBL of the stack that asks for one */
    uint32_t digest; /* of the data of an NBL that the stack keeps */
    uint16_t size;
    uint8_t *address;
    void *pool;                         /* of objects that the driver allocated */
    struct sim_adapter *adapter;        /* while it is with the other side */
    struct ndis_batch *batch;           /* of objects that the stack sends */
    unsigned index;                     /* in its batch */
    uint8_t was[400];                   /* what was handed over, to compare when it comes back */
    uint8_t nb_was[sizeof(NET_BUFFER)]; /* of the NB inside an NBL's object */
    void *chunk;                        /* an MDL's memory */
    struct ndis_object *link;
};
struct ndis_object *ndis_object_allocate(enum ndis_kind kind, size_t size);
/* The object whose address this is; NULL if it is not the address of a live one of that kind. */
struct ndis_object *ndis_object_of(const void *address, enum ndis_kind kind);
/* Nobody may touch it until it is opened again. */
void ndis_object_shut(struct ndis_object *object);
void ndis_object_open(struct ndis_object *object);
/* Poisons it; for the first of them the page becomes inaccessible, so that a late touch traps. */
void ndis_object_free(struct ndis_object *object);
/* For sim_install_fault_handler: true if the address lies in one. */
bool ndis_object_explain(const void *address, char *text, size_t size);
/* Packet memory that ends at a guard page; any alignment. */
void *ndis_chunk_allocate(size_t size, void **chunk);
void ndis_chunk_free(void *chunk);

/* Bytes of a NET_BUFFER_LIST with all the slots that this system's NDIS allocates, which no header shows. */
size_t ndis_nbl_size(void);
unsigned ndis_nbl_slots(void);
/* Copies DataLength bytes of an NB to `to`; stops if MDLs do not cover them. */
void ndis_nb_copy(const NET_BUFFER *nb, uint8_t *to, const char *function);
/* The address of an MDL's first byte; NULL if it cannot be mapped. */
uint8_t *ndis_mdl_address(MDL *mdl);

/* ---- Import rows ---- */

extern const struct sim_import_table sim_ndis_imports;
#define NDIS_ROW(name) uint64_t ndis_##name(struct sim_frame *frame)
NDIS_ROW(NdisMRegisterMiniportDriver);
NDIS_ROW(NdisMDeregisterMiniportDriver);
NDIS_ROW(NdisSetOptionalHandlers);
NDIS_ROW(NdisMSetMiniportAttributes);
NDIS_ROW(NdisMIndicateReceiveNetBufferLists);
NDIS_ROW(NdisMSendNetBufferListsComplete);
NDIS_ROW(NdisMIndicateStatusEx);
NDIS_ROW(NdisMOidRequestComplete);
NDIS_ROW(NdisMPauseComplete);
NDIS_ROW(NdisMRestartComplete);
NDIS_ROW(NdisMSleep);
NDIS_ROW(NdisAllocateNetBufferListPool);
NDIS_ROW(NdisFreeNetBufferListPool);
NDIS_ROW(NdisAllocateNetBufferAndNetBufferList);
NDIS_ROW(NdisAllocateNetBufferList);
NDIS_ROW(NdisFreeNetBufferList);
NDIS_ROW(NdisAllocateNetBuffer);
NDIS_ROW(NdisFreeNetBuffer);
NDIS_ROW(NdisAllocateNetBufferPool);
NDIS_ROW(NdisFreeNetBufferPool);
NDIS_ROW(NdisAllocateMdl);
NDIS_ROW(NdisFreeMdl);
NDIS_ROW(NdisGetDataBuffer);
NDIS_ROW(NdisAllocateMemoryWithTagPriority);
NDIS_ROW(NdisFreeMemory);
NDIS_ROW(NdisOpenConfigurationEx);
NDIS_ROW(NdisReadConfiguration);
NDIS_ROW(NdisCloseConfiguration);
NDIS_ROW(NdisRegisterDeviceEx);
NDIS_ROW(NdisDeregisterDeviceEx);
NDIS_ROW(NdisGetDeviceReservedExtension);
NDIS_ROW(NdisGetVersion);
NDIS_ROW(NdisGetSystemUpTimeEx);
NDIS_ROW(NdisInitializeEvent);
NDIS_ROW(NdisSetEvent);
NDIS_ROW(NdisResetEvent);
NDIS_ROW(NdisWaitEvent);
NDIS_ROW(NdisAllocateRWLock);
NDIS_ROW(NdisFreeRWLock);
NDIS_ROW(NdisAcquireRWLockRead);
NDIS_ROW(NdisAcquireRWLockWrite);
NDIS_ROW(NdisReleaseRWLock);
NDIS_ROW(NdisAllocateIoWorkItem);
NDIS_ROW(NdisQueueIoWorkItem);
NDIS_ROW(NdisFreeIoWorkItem);
NDIS_ROW(NdisWriteErrorLogEntry);

#endif
