/* SPDX-License-Identifier: MIT
 * A miniport in C inside the simulator, for testing the NDIS model itself: it obeys every rule that the model
 * checks, except the one that a test tells it to break. */
#ifndef SIM_NDIS_MINIPORT_H
#define SIM_NDIS_MINIPORT_H

#include "../ndis/ndis_model.h"

/* What it does wrong; each name says where. */
enum wrong
{
    NOTHING,
    REGISTER_REVISION,
    REGISTER_SIZE,
    REGISTER_HANDLER,
    REGISTER_RESET,
    REGISTER_DIRECT,
    REGISTER_TWICE,
    REGISTER_UNLOAD_ROUTINE,
    REGISTER_DISPATCH,
    UNLOAD_WITHOUT_DEREGISTER,
    ATTRIBUTES_ORDER,
    ATTRIBUTES_NONE,
    ATTRIBUTES_MEDIUM,
    ATTRIBUTES_OID_BYTES,
    ATTRIBUTES_OID_MISSING,
    ATTRIBUTES_LATE,
    ATTRIBUTES_HARDWARE,
    INITIALIZE_PENDS,
    INITIALIZE_STATUS,
    INITIALIZE_INDICATES,
    PAUSE_FAILS,
    PAUSE_TWICE,
    PAUSE_NEVER,
    PAUSE_BEFORE_SENDS,
    PAUSE_BEFORE_RETURNS,
    PAUSED_INDICATES,
    PAUSED_ACCEPTS,
    PAUSED_STATUS,
    RESTART_TWICE,
    RESTART_PENDS,
    SEND_TWICE,
    SEND_NO_STATUS,
    SEND_LINKS,
    SEND_LENGTH,
    SEND_RESERVED,
    SEND_NB_RESERVED,
    SEND_FLAGS,
    SEND_LOCK,
    SEND_FLAG,
    SEND_TOUCH,
    SEND_MDL,
    RECEIVE_COUNT,
    RECEIVE_HANDLE,
    RECEIVE_TWO_NBS,
    RECEIVE_LONG,
    RECEIVE_NO_FAMILY,
    RECEIVE_FRAME_TYPE,
    RECEIVE_STALE,
    RECEIVE_VERSION,
    RECEIVE_TWICE,
    RECEIVE_ETHER_TYPE,
    RECEIVE_PORT,
    RECEIVE_LOCK,
    RECEIVE_FREES,
    RECEIVE_TOUCH,
    RECEIVE_FOREIGN,
    RECEIVE_SHORT_MDL,
    RECEIVE_OFFSET,
    RECEIVE_EMPTY,
    RECEIVE_MIXED,
    RECEIVE_CHANGES,
    SLEEP_INDICATES,
    SLEEP_STATUS,
    SLEEP_LINK,
    SLEEP_REFUSED,
    SLEEP_ACCEPTS,
    REMOVED_ACCEPTS,
    REMOVED_ANSWERS,
    POOL_CONTEXT,
    POOL_LEFT,
    POOL_WITHOUT_NB,
    NBL_WITHOUT_MDL,
    NBL_FREED_TWICE,
    HALT_LINK_STATE,
    HALT_LATE_CALL,
    HANDLER_IRQL,
    HANDLER_LOCK,
    OID_TWICE,
    OID_NEVER,
    OID_PENDS,
    OID_LOCK,
    OID_WRITTEN,
    OID_READ,
    OID_FAILS_AND_WRITES,
    OID_NOT_NEEDED,
    OID_LISTED,
    OID_UNKNOWN_ANSWERED,
    STATUS_HEADER,
    STATUS_HANDLE,
    STATUS_EARLY,
    STATUS_SIZE,
    STATUS_LOCK,
    DEVICE_OPEN_TO_ALL,
    DEVICE_PNP,
    DEVICE_TWICE,
    DEVICE_CLASS,
    DEVICE_EXTENSION,
    CONFIGURATION_STALE,
    WORK_FREED,
};

/* Structures that it hands to NDIS, for tests that change one field of one of them. */
enum test_structure
{
    TEST_CHARACTERISTICS,
    TEST_REGISTRATION,
    TEST_GENERAL,
    TEST_POOL,
    TEST_STATUS,
    TEST_LINK
};
/* NULL, or what changes it; outlives test_miniport_register. */
extern void (*test_tamper)(enum test_structure which, void *structure);

struct test_miniport
{
    enum wrong wrong;
    DRIVER_OBJECT *driver;
    struct sim_miniport *miniport;
    struct sim_adapter *adapter;
    void *pool;
    MDL *mdl;
    uint8_t *data;           /* what mdl describes */
    NET_BUFFER_LIST *nbl;    /* its one receive NBL */
    NET_BUFFER_LIST *queued; /* sends kept until test_miniport_complete */
    bool keep_sends, paused, low_power, removed;
    unsigned returned;
};
extern struct test_miniport test_miniport;

/* Registers, starts an adapter (NULL if it must not get that far). */
void test_miniport_register(enum wrong wrong);
struct sim_adapter *test_miniport_start(enum wrong wrong);
/* Removes the adapter and unloads. */
void test_miniport_stop(void);
/* Indicates one IPv4 packet with its one NBL. */
void test_miniport_indicate(uint32_t flags);
/* Completes the sends that it has kept. */
void test_miniport_complete(void);
void test_miniport_indicate_status(void);
/* Calls a row of ndis.sys by its name as an image would. */
uint64_t test_ndis_call(const char *name, unsigned words, const uintptr_t *args);
#define NDIS(function, ...)                                                                                  \
    test_ndis_call(#function, (unsigned)(sizeof((uintptr_t[]){__VA_ARGS__}) / sizeof(uintptr_t)),            \
                   (const uintptr_t[]){__VA_ARGS__})

#endif
