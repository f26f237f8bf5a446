/* SPDX-License-Identifier: MIT
 * The device manager of a machine as scenarios see it. sim_machine_start makes a machine whose C:\ is a
 * directory of its own (SIM_ROOT) and whose device manager serves the processes started from then on; devices
 * come and go as those processes ask, each step later by a delay that the seed decides.
 *
 * Not modelled: signatures (a catalog is there or not), class installers, INF directives beyond those of a network
 * adapter's package, vetoes of removal, restarts of the machine, policies. */
#ifndef SIM_PNP_H
#define SIM_PNP_H

#include "../kernel/kernel.h"
#include "../ndis/ndis_control.h"

/* The conditions of the machine; set after sim_machine_start, before the process that is to meet them. */
struct sim_machine_conditions
{
    unsigned delay_ms;        /* each step comes within this time; 15 to begin with */
    bool ipv4_off, ipv6_off;  /* no interface row of that family appears */
    bool guid_ignored;        /* NetCfgInstanceId is another than the one in the instance id */
    bool class_config_hangs;  /* problem 56 for good, as with the network setup service disabled */
    bool never_enumerates;    /* the creation callback does not come */
    bool start_fails;         /* problem 10 */
    bool signature_refused;   /* problem 52 */
    bool catalog_required;    /* a package without its catalog is not staged */
    unsigned rename_failures; /* so many renames fail with "not ready" first */
    bool no_instance_guid;    /* NetCfgInstanceId never arrives */
    uint32_t staging_fails;   /* no package is staged: this error */
    /* Of setupapi.dev.log: it is not written; it begins anew at the next section, once; each section has so many
     * warnings. */
    bool no_setup_log, setup_log_restarts;
    unsigned setup_log_warnings;
};
extern struct sim_machine_conditions sim_machine_conditions;

void sim_machine_start(void);
/* Waits for what is under way, removes what devices are left, unloads drivers, deletes C:\. Devices that no
 * process owns any longer but that are present are an error, as phantoms are not. */
void sim_machine_stop(void);
const char *sim_machine_root(void);

/* ---- What is there ---- */

/* The running adapter whose connection has this name (NULL: any), waiting for it; NULL after the time-out. It
 * stays until its device goes. */
struct sim_adapter *sim_machine_adapter(const char *connection, unsigned timeout_ms);
/* Called in the device manager's thread when an adapter has started, and before one is removed. */
void sim_machine_on_adapter(void (*arrived)(struct sim_adapter *adapter, const char *connection),
                            void (*leaving)(struct sim_adapter *adapter));
struct sim_machine_counts
{
    unsigned present, phantoms, started, packages, drivers_loaded, removals;
};
/* Of the devices and packages whose hardware id or enumerator is this. */
struct sim_machine_counts sim_machine_counts(const char *hardware_id);
/* Waits until no device of the id is present and no step is due. */
bool sim_machine_settle(const char *hardware_id, unsigned timeout_ms);
/* Waits until no step is due. */
void sim_machine_idle(void);
/* "prefix length and address" lists as programs have set them: calls back for each address of the adapter. */
void sim_machine_addresses(struct sim_adapter *adapter,
                           void (*each)(void *context, unsigned family, const uint8_t *address,
                                        unsigned prefix),
                           void *context);

/* ---- Making it unclean ---- */

/* A connection of somebody else's adapter. */
void sim_machine_add_connection(const char *name);
/* Changes a service's start type (4 = disabled) and state (1 = stopped, 4 = running), adding it if need be.
 */
void sim_machine_set_service(const char *name, unsigned start, unsigned state);
bool sim_machine_has_service(const char *name);
/* Stages the INF at a path of the host with the files beside it; the published name, or NULL. */
const char *sim_machine_stage(const char *host_inf);
/* Pulls a device out: surprise removal of the adapter under its owner's feet. */
void sim_machine_pull(struct sim_adapter *adapter);

#endif
