/* SPDX-License-Identifier: MIT
 * An adapter's life as adapter-states-of-a-miniport-driver describes it: start, pause, restart, power,
 * removal. One operation at a time; each checks what the miniport must have done when it is over. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "ndis_model.h"

#define ADAPTER_MAGIC 0x41646170u

unsigned sim_ndis_patience = 120;

static struct sim_adapter *adapters; /* never freed: a handle of a halted adapter is recognised */
static pthread_mutex_t adapters_lock = PTHREAD_MUTEX_INITIALIZER;

const char *
ndis_state_name(int state)
{
    static const char *const names[] = {"Halted",  "Initializing", "Paused", "Restarting",
                                        "Running", "Pausing",      "Halting"};
    return names[state];
}

struct sim_adapter *
ndis_adapter_of(const void *handle, const char *function)
{
    pthread_mutex_lock(&adapters_lock);
    struct sim_adapter *adapter = adapters;
    while (adapter && adapter != handle)
        adapter = adapter->next;
    pthread_mutex_unlock(&adapters_lock);
    if (!adapter)
        sim_stop("NDIS gets back the handles that it gave out", "%s with %p, which is no adapter's", function,
                 handle);
    if (adapter->state == NDIS_HALTED)
        sim_stop("no call names an adapter whose MiniportHaltEx has returned", "%s", function);
    return adapter;
}

/* The smallest index that no adapter has: one that has gone leaves its index to the next. adapters_lock is held. */
static uint32_t
free_luid_index(void)
{
    uint32_t index = 1;
    for (const struct sim_adapter *adapter = adapters; adapter;) {
        bool taken = !adapter->gone && sim_adapter_luid_index(adapter) == index;
        index += taken;
        adapter = taken ? adapters : adapter->next;
    }
    return index;
}

struct timespec
ndis_deadline(unsigned seconds)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += seconds;
    return deadline;
}

bool
ndis_wait(struct sim_adapter *adapter, const struct timespec *deadline)
{
    return pthread_cond_timedwait(&adapter->changed, &adapter->lock, deadline) != ETIMEDOUT;
}

uint64_t
ndis_random(struct sim_adapter *adapter)
{
    /* splitmix64 */
    uint64_t x = atomic_fetch_add(&adapter->random, 0x9E3779B97F4A7C15u) + 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

bool
ndis_adapter_enter(struct sim_adapter *adapter)
{
    pthread_mutex_lock(&adapter->lock);
    int state = adapter->state;
    bool admitted = state != NDIS_HALTED && state != NDIS_INITIALIZING && state != NDIS_HALTING;
    if (admitted)
        adapter->calls++;
    pthread_mutex_unlock(&adapter->lock);
    return admitted;
}

void
ndis_adapter_leave(struct sim_adapter *adapter)
{
    pthread_mutex_lock(&adapter->lock);
    if (--adapter->calls == 0)
        pthread_cond_broadcast(&adapter->changed);
    pthread_mutex_unlock(&adapter->lock);
}

static void
set_state(struct sim_adapter *adapter, enum ndis_state state)
{
    pthread_mutex_lock(&adapter->lock);
    sim_log("ndis: adapter %u %s -> %s", sim_adapter_luid_index(adapter), ndis_state_name(adapter->state),
            ndis_state_name(state));
    adapter->state = state;
    adapter->epoch++;
    pthread_cond_broadcast(&adapter->changed);
    pthread_mutex_unlock(&adapter->lock);
}

static void
expect_state(const struct sim_adapter *adapter, enum ndis_state state, const char *operation)
{
    if (adapter->state != (int)state)
        sim_stop("a scenario asks for operations that the adapter's state allows", "%s in state %s",
                 operation, ndis_state_name(adapter->state));
    if (sim_irql() != PASSIVE_LEVEL_)
        sim_stop("PnP operations run at PASSIVE_LEVEL", "%s at %u", operation, sim_irql());
}

/* ---- Asynchronous completion of Pause and Restart ---- */

static void
begin_operation(struct sim_adapter *adapter, enum ndis_state state)
{
    pthread_mutex_lock(&adapter->lock);
    adapter->completion_due = true;
    adapter->completed = false;
    pthread_mutex_unlock(&adapter->lock);
    set_state(adapter, state);
}

static NDIS_STATUS
end_operation(struct sim_adapter *adapter, NDIS_STATUS status, const char *operation)
{
    pthread_mutex_lock(&adapter->lock);
    if (status == NDIS_STATUS_PENDING) {
        struct timespec deadline = ndis_deadline(sim_ndis_patience);
        while (!adapter->completed) {
            if (!ndis_wait(adapter, &deadline))
                sim_stop("a pending PnP operation is completed",
                         "%s was not within %u s; %d sends, %d receives and %d indications are outstanding",
                         operation, sim_ndis_patience, adapter->sends_out, adapter->receives_out,
                         adapter->indicating);
        }
        status = adapter->completion_status;
    } else if (adapter->completed)
        sim_stop("a PnP operation is completed once", "%s by its completion function and by status 0x%x",
                 operation, status);
    adapter->completion_due = false;
    pthread_mutex_unlock(&adapter->lock);
    return status;
}

static void
complete(struct sim_adapter *adapter, enum ndis_state state, NDIS_STATUS status, const char *function)
{
    ndis_check_no_locks(function);
    pthread_mutex_lock(&adapter->lock);
    if (adapter->state != (int)state || !adapter->completion_due || adapter->completed)
        sim_stop("a PnP operation is completed once, while it is under way", "%s in state %s", function,
                 ndis_state_name(adapter->state));
    adapter->completed = true;
    adapter->completion_status = status;
    pthread_cond_broadcast(&adapter->changed);
    pthread_mutex_unlock(&adapter->lock);
}

/* NBLs that the miniport keeps. A Send call that races with the transition and has not returned is not
 * accepted: it may still be about to be refused, and nobody can wait for a call that has hardly begun. What
 * it completes is judged when it does (stack_send.c). */
int
ndis_sends_kept(const struct sim_adapter *adapter)
{
    int kept;
    unsigned calls;
    do {
        calls = adapter->send_calls;
        int called = adapter->sends_called;
        kept = adapter->sends_out - called;
    } while (calls != adapter->send_calls);
    return kept > 0 ? kept : 0;
}

/* What has to be over when a Pause completes (nc-ndis-miniport_pause). */
static void
check_paused(const struct sim_adapter *adapter)
{
    if (adapter->indicating)
        sim_stop("a Pause completes when every receive indication has returned", "%d have not",
                 adapter->indicating);
    if (adapter->receives_out)
        sim_stop("a Pause completes when every indicated NET_BUFFER_LIST was returned", "%d were not",
                 adapter->receives_out);
    int kept = ndis_sends_kept(adapter);
    if (kept)
        sim_stop("a Pause completes when every send was completed", "%d were not", kept);
}

uint64_t
ndis_NdisMPauseComplete(struct sim_frame *frame)
{
    struct sim_adapter *adapter = ndis_adapter_of((const void *)frame->arg[0], "NdisMPauseComplete");
    check_paused(adapter);
    complete(adapter, NDIS_PAUSING, NDIS_STATUS_SUCCESS, "NdisMPauseComplete");
    return 0;
}

uint64_t
ndis_NdisMRestartComplete(struct sim_frame *frame)
{
    struct sim_adapter *adapter = ndis_adapter_of((const void *)frame->arg[0], "NdisMRestartComplete");
    NDIS_STATUS status = (NDIS_STATUS)frame->arg[1];
    if (status == NDIS_STATUS_PENDING)
        sim_stop("a Restart is completed with a final status", "NDIS_STATUS_PENDING");
    complete(adapter, NDIS_RESTARTING, status, "NdisMRestartComplete");
    return 0;
}

/* ---- Operations; adapter->transition is held ---- */

void
ndis_pause(struct sim_adapter *adapter, uint32_t reason)
{
    expect_state(adapter, NDIS_RUNNING, "pause");
    begin_operation(adapter, NDIS_PAUSING);
    NDIS_MINIPORT_PAUSE_PARAMETERS parameters = {
        {NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_MINIPORT_PAUSE_PARAMETERS_REVISION_1}, 0, reason};
    NDIS_STATUS status = (NDIS_STATUS)NDIS_CALL("MiniportPause", adapter->miniport->handlers.PauseHandler,
                                                SIM_WORD(adapter->context), SIM_WORD(&parameters));
    if (status != NDIS_STATUS_SUCCESS && status != NDIS_STATUS_PENDING)
        sim_stop("MiniportPause cannot fail", "it returned 0x%x", status);
    adapter->pause_returned = true;
    if (status == NDIS_STATUS_SUCCESS)
        check_paused(adapter);
    end_operation(adapter, status, "Pause");
    set_state(adapter, NDIS_PAUSED);
}

NDIS_STATUS
ndis_restart(struct sim_adapter *adapter)
{
    expect_state(adapter, NDIS_PAUSED, "restart");
    struct
    {
        NDIS_RESTART_ATTRIBUTES head;
        NDIS_RESTART_GENERAL_ATTRIBUTES general; /* from head.Data on */
    } memory;
    NDIS_RESTART_GENERAL_ATTRIBUTES general = {
        .Header = {NDIS_OBJECT_TYPE_RESTART_GENERAL_ATTRIBUTES, 2,
                   NDIS_SIZEOF_RESTART_GENERAL_ATTRIBUTES_REVISION_2},
        .MtuSize = adapter->general.MtuSize,
        .MaxXmitLinkSpeed = adapter->general.MaxXmitLinkSpeed,
        .MaxRcvLinkSpeed = adapter->general.MaxRcvLinkSpeed,
        .LookaheadSize = adapter->general.LookaheadSize,
        .SupportedPacketFilters = adapter->general.SupportedPacketFilters,
        .AccessType = adapter->general.AccessType,
        .ConnectionType = adapter->general.ConnectionType,
        .SupportedStatistics = adapter->general.SupportedStatistics,
    };
    memset(&memory, 0, sizeof(memory));
    memory.head.Oid = OID_GEN_MINIPORT_RESTART_ATTRIBUTES;
    memory.head.DataLength = sizeof(general);
    memcpy(memory.head.Data, &general, sizeof(general));
    NDIS_MINIPORT_RESTART_PARAMETERS parameters = {
        {NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_MINIPORT_RESTART_PARAMETERS_REVISION_1}, NULL, 0};
    if (ndis_random(adapter) & 1)
        parameters.RestartAttributes = &memory.head; /* both forms are normal */

    adapter->pause_returned = false;
    begin_operation(adapter, NDIS_RESTARTING);
    NDIS_STATUS status = (NDIS_STATUS)NDIS_CALL("MiniportRestart", adapter->miniport->handlers.RestartHandler,
                                                SIM_WORD(adapter->context), SIM_WORD(&parameters));
    status = end_operation(adapter, status, "Restart");
    if (status != NDIS_STATUS_SUCCESS) {
        check_paused(adapter);
        adapter->pause_returned = true;
    }
    set_state(adapter, status == NDIS_STATUS_SUCCESS ? NDIS_RUNNING : NDIS_PAUSED);
    return status;
}

NDIS_STATUS
ndis_initialize(struct sim_adapter *adapter)
{
    struct sim_miniport *miniport = adapter->miniport;
    NDIS_MINIPORT_INIT_PARAMETERS parameters = {
        .Header = {NDIS_OBJECT_TYPE_MINIPORT_INIT_PARAMETERS, 1,
                   NDIS_SIZEOF_MINIPORT_INIT_PARAMETER_REVISION_1},
        .IfIndex = sim_adapter_luid_index(adapter) + 10,
        .NetLuid = {.Value = adapter->luid},
    };
    adapter->registration_set = adapter->general_set = false;
    ndis_check_driver_object(miniport);
    miniport->adapters++;
    set_state(adapter, NDIS_INITIALIZING);
    NDIS_STATUS status =
        (NDIS_STATUS)NDIS_CALL("MiniportInitializeEx", miniport->handlers.InitializeHandlerEx,
                               SIM_WORD(adapter), SIM_WORD(miniport->driver_context), SIM_WORD(&parameters));
    if (status == NDIS_STATUS_PENDING)
        sim_stop("MiniportInitializeEx does not pend", "it returned NDIS_STATUS_PENDING");
    if (status != NDIS_STATUS_SUCCESS && status != NDIS_STATUS_NOT_ACCEPTED &&
        status != NDIS_STATUS_RESOURCES && status != NDIS_STATUS_FAILURE)
        sim_stop("MiniportInitializeEx fails with NDIS_STATUS_NOT_ACCEPTED, RESOURCES or FAILURE",
                 "it returned 0x%x", status);
    if (status == NDIS_STATUS_SUCCESS && !adapter->general_set)
        sim_stop("MiniportInitializeEx succeeds only after the general attributes are set", "they are not");
    if (adapter->receives_out || adapter->sends_out)
        sim_stop("no data passes before MiniportInitializeEx has returned", "%d receives",
                 adapter->receives_out);
    if (status != NDIS_STATUS_SUCCESS) {
        set_state(adapter, NDIS_HALTED);
        miniport->adapters--;
        return status;
    }
    adapter->pause_returned = true; /* it is born paused */
    set_state(adapter, NDIS_PAUSED);
    ndis_request_at_start(adapter);
    return status;
}

void
ndis_halt(struct sim_adapter *adapter, unsigned action)
{
    expect_state(adapter, NDIS_PAUSED, "halt");
    pthread_mutex_lock(&adapter->oid_turn); /* no request is outstanding */
    adapter->halting_thread = sim_thread();
    set_state(adapter, NDIS_HALTING);
    pthread_mutex_lock(&adapter->lock);
    struct timespec deadline = ndis_deadline(sim_ndis_patience);
    while (adapter->calls) {
        if (!ndis_wait(adapter, &deadline))
            sim_stop("calls into the data path return", "%u had not before MiniportHaltEx", adapter->calls);
    }
    pthread_mutex_unlock(&adapter->lock);
    NDIS_CALL("MiniportHaltEx", adapter->miniport->handlers.HaltHandlerEx, SIM_WORD(adapter->context),
              SIM_WORD(action));
    if (adapter->receives_out || adapter->sends_out || adapter->indicating)
        sim_stop("nothing is outstanding after MiniportHaltEx", "%d receives, %d sends, %d indications",
                 adapter->receives_out, adapter->sends_out, adapter->indicating);
    set_state(adapter, NDIS_HALTED);
    pthread_mutex_unlock(&adapter->oid_turn);
    adapter->miniport->adapters--;
}

void
ndis_notify(struct sim_adapter *adapter, uint32_t event, void *information, uint32_t length)
{
    NET_DEVICE_PNP_EVENT notification = {
        .Header = {NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NET_DEVICE_PNP_EVENT_REVISION_1},
        .DevicePnPEvent = event,
        .InformationBuffer = information,
        .InformationBufferLength = length,
    };
    NDIS_CALL("MiniportDevicePnPEventNotify", adapter->miniport->handlers.DevicePnPEventNotifyHandler,
              SIM_WORD(adapter->context), SIM_WORD(&notification));
}

/* ---- Controls ---- */

static char *
copy_keywords(const char *keywords)
{
    size_t size = 1;
    for (const char *at = keywords; at && *at; at += strlen(at) + 1)
        size += strlen(at) + 1;
    char *copy = calloc(1, size);
    if (size > 1)
        memcpy(copy, keywords, size - 1);
    return copy;
}

struct sim_adapter *
ndis_adapter_start(struct sim_miniport *miniport, const struct sim_adapter_options *options,
                   NDIS_STATUS *status)
{
    struct sim_adapter *adapter = calloc(1, sizeof(*adapter));
    adapter->magic = ADAPTER_MAGIC;
    adapter->miniport = miniport;
    if (options)
        adapter->options = *options;
    adapter->keywords = copy_keywords(adapter->options.keywords);
    adapter->options.keywords = adapter->keywords;
    pthread_mutex_init(&adapter->lock, NULL);
    pthread_cond_init(&adapter->changed, NULL);
    pthread_mutex_init(&adapter->transition, NULL);
    pthread_mutex_init(&adapter->oid_turn, NULL);
    pthread_mutex_lock(&adapters_lock);
    uint32_t index = adapter->options.luid_index ? adapter->options.luid_index : free_luid_index();
    adapter->luid = (uint64_t)IF_TYPE_PROP_VIRTUAL << 48 | (uint64_t)(index & 0xFFFFFF) << 24;
    adapter->random = index;
    adapter->next = adapters;
    adapters = adapter;
    pthread_mutex_unlock(&adapters_lock);

    pthread_mutex_lock(&adapter->transition);
    NDIS_STATUS result = ndis_initialize(adapter);
    if (result == NDIS_STATUS_SUCCESS && !adapter->options.stays_paused)
        ndis_restart(adapter);
    adapter->gone = result != NDIS_STATUS_SUCCESS;
    pthread_mutex_unlock(&adapter->transition);
    if (status)
        *status = result;
    return result == NDIS_STATUS_SUCCESS ? adapter : NULL;
}

struct sim_adapter *
sim_adapter_start(struct sim_driver *driver, const struct sim_adapter_options *options, NDIS_STATUS *status)
{
    struct sim_miniport *miniport = ndis_miniport_find(sim_driver_object(driver));
    if (!miniport)
        sim_stop("DriverEntry registers the miniport", "NdisMRegisterMiniportDriver was not called");
    return ndis_adapter_start(miniport, options, status);
}

uint64_t
sim_adapter_luid(const struct sim_adapter *adapter)
{
    return adapter->luid;
}

uint32_t
sim_adapter_luid_index(const struct sim_adapter *adapter)
{
    return (uint32_t)(adapter->luid >> 24) & 0xFFFFFF;
}

bool
sim_adapter_link_up(const struct sim_adapter *adapter)
{
    return adapter->media_state == MediaConnectStateConnected;
}

uint32_t
sim_adapter_mtu(const struct sim_adapter *adapter)
{
    return adapter->general.MtuSize;
}

NDIS_STATUS
sim_adapter_restart(struct sim_adapter *adapter)
{
    pthread_mutex_lock(&adapter->transition);
    NDIS_STATUS status = ndis_restart(adapter);
    pthread_mutex_unlock(&adapter->transition);
    return status;
}

void
sim_adapter_pause(struct sim_adapter *adapter, uint32_t reason)
{
    pthread_mutex_lock(&adapter->transition);
    ndis_pause(adapter, reason);
    pthread_mutex_unlock(&adapter->transition);
}

void
sim_adapter_remove(struct sim_adapter *adapter)
{
    pthread_mutex_lock(&adapter->transition);
    if (adapter->state == NDIS_RUNNING)
        ndis_pause(adapter, NDIS_PAUSE_MINIPORT_DEVICE_REMOVE);
    ndis_halt(adapter, adapter->removed ? NdisHaltDeviceSurpriseRemoved : NdisHaltDeviceDisabled);
    adapter->gone = true;
    pthread_mutex_unlock(&adapter->transition);
}

void
sim_adapter_announce_removal(struct sim_adapter *adapter)
{
    pthread_mutex_lock(&adapter->transition);
    ndis_notify(adapter, NdisDevicePnPEventSurpriseRemoved, NULL, 0);
    adapter->removed = true;
    pthread_mutex_unlock(&adapter->transition);
}

void
sim_adapter_surprise_remove(struct sim_adapter *adapter)
{
    sim_adapter_announce_removal(adapter);
    sim_adapter_remove(adapter);
}

void
sim_adapter_shutdown(struct sim_adapter *adapter)
{
    NDIS_CALL("MiniportShutdownEx", adapter->miniport->handlers.ShutdownHandlerEx, SIM_WORD(adapter->context),
              SIM_WORD(NdisShutdownPowerOff));
}
