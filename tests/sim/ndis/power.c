/* SPDX-License-Identifier: MIT
 * Sleep and waking of an adapter: up to NDIS 6.20 paused first, from 6.30 on as its attributes say, halted if it has no
 * power capabilities and does not object (power-management-enhancements-in-ndis-6-30). */
#include "ndis_model.h"

static void
request_power(struct sim_adapter *adapter, int type, uint32_t oid, uint32_t state)
{
    NDIS_STATUS status = ndis_request(adapter, type, oid, &state, sizeof(state), NULL, NULL);
    if (status != NDIS_STATUS_SUCCESS)
        sim_stop("a miniport grants every power state", "OID 0x%08x: status 0x%x", oid, status);
}

static void
sleep_adapter(struct sim_adapter *adapter, unsigned d_state)
{
    bool pauses = adapter->miniport->version < NDIS_RUNTIME_VERSION_630 ||
                  !(adapter->attribute_flags & NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND);
    bool halts = !adapter->general.PowerManagementCapabilitiesEx &&
                 !(adapter->attribute_flags & NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND);
    uint32_t wanted = NdisDeviceStateD0 + d_state;
    if ((pauses || halts) && adapter->state == NDIS_RUNNING)
        ndis_pause(adapter, NDIS_PAUSE_LOW_POWER);
    if (halts) {
        ndis_halt(adapter, NdisHaltDevicePoweredDown);
        adapter->power = d_state;
        return;
    }
    request_power(adapter, NDIS_QUERY, OID_PNP_QUERY_POWER, wanted);
    request_power(adapter, NDIS_SET, OID_PNP_SET_POWER, wanted);
    adapter->power = d_state;
    adapter->epoch++;
    if (!adapter->wakes_on_link_change && adapter->media_state != MediaConnectStateUnknown)
        sim_stop(
            "a miniport that cannot wake on a change of its link says that it is unknown before it sleeps",
            "connect state %d", adapter->media_state);
    if (adapter->indicating)
        sim_stop("in low power every receive indication has returned", "%d have not", adapter->indicating);
    int kept = ndis_sends_kept(adapter);
    if (kept)
        sim_stop("in low power every send was completed", "%d were not", kept);
}

static void
wake_adapter(struct sim_adapter *adapter)
{
    adapter->power = 0;
    adapter->epoch++;
    if (adapter->state == NDIS_HALTED) {
        if (ndis_initialize(adapter) != NDIS_STATUS_SUCCESS)
            sim_stop("an adapter that was halted for sleep initialises again", "it does not");
    } else
        request_power(adapter, NDIS_SET, OID_PNP_SET_POWER, NdisDeviceStateD0);
    if (adapter->state == NDIS_PAUSED)
        ndis_restart(adapter);
    uint32_t on_battery = 0;
    ndis_notify(adapter, NdisDevicePnPEventPowerProfileChanged, &on_battery, sizeof(on_battery));
}

void
sim_adapter_set_power(struct sim_adapter *adapter, unsigned d_state)
{
    pthread_mutex_lock(&adapter->transition);
    if (d_state && !adapter->power)
        sleep_adapter(adapter, d_state);
    else if (!d_state && adapter->power)
        wake_adapter(adapter);
    pthread_mutex_unlock(&adapter->transition);
}
