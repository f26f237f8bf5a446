/* SPDX-License-Identifier: MIT
 * The machine from start to stop: its disk, its services, its manager; and what scenarios ask of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "model.h"

struct sim_machine_conditions sim_machine_conditions;
static char *root;

const char *
sim_machine_root(void)
{
    if (!root)
        sim_stop("scenario", "no machine was started");
    return root;
}

char *
pnp_host_path(const char *path)
{
    if (strncmp(path, "\\\\?\\", 4) == 0)
        path += 4;
    if (!sim_starts_with(path, "C:\\"))
        return NULL;
    /* The process that names a file has made it under that very name; only what the machine made may differ.
     */
    char *host = sim_format("%s/%s", root, path + 3);
    for (char *at = host + strlen(root); *at; at++)
        if (*at == '\\')
            *at = '/';
    return host;
}

static void
make_disk(void)
{
    static const char *const folders[] = {"Windows",
                                          "Windows/INF",
                                          "Windows/Temp",
                                          "Windows/System32",
                                          "Windows/System32/drivers",
                                          "Windows/System32/DriverStore",
                                          "Windows/System32/DriverStore/FileRepository",
                                          "ProgramData",
                                          "Program"};
    char name[] = "/tmp/sim-machine-XXXXXX";
    if (!mkdtemp(name))
        sim_stop("scenario", "no directory for C:");
    root = strdup(name);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = sim_format("%s/%s", root, folders[i]);
        mkdir(path, 0700);
        free(path);
    }
    setenv("SIM_ROOT", root, 1);
}

#define FOREIGN_ENUMERATOR "OtherVendor"
#define FOREIGN_INSTANCE   "{0c6f5e2b-37f1-4d2a-8f38-6f0f3f9e55aa}"

/* The phantom of somebody else's device, which nobody may touch. */
static void
add_foreign(void)
{
    struct pnp_node *node = pnp_node_make(FOREIGN_ENUMERATOR, FOREIGN_INSTANCE);
    node->hardware_ids = calloc(1, sizeof "OtherVendorTunnel" + 1);
    strcpy(node->hardware_ids, "OtherVendorTunnel");
    node->description = strdup("Other Vendor Tunnel");
}

void
sim_machine_start(void)
{
    sim_machine_conditions = (struct sim_machine_conditions){.delay_ms = 15};
    make_disk();
    pnp_services_clear();
    pnp_manager_start();
    add_foreign();
    sim_machine_set_service("PlugPlay", 3, 4);
    sim_machine_set_service("DeviceInstall", 3, 1);
    if (sim_persona->system & SIM_SINCE_WIN10)
        sim_machine_set_service("NetSetupSvc", 3, 1);
    sim_machine_add_connection(sim_persona->system & SIM_WIN7 ? "Local Area Connection" : "Ethernet");
    pnp_serve_start();
}

static struct timespec
deadline(unsigned timeout_ms)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t ns = (uint64_t)time.tv_nsec + (uint64_t)timeout_ms * 1000000;
    return (struct timespec){time.tv_sec + (time_t)(ns / 1000000000), (long)(ns % 1000000000)};
}

void
sim_machine_idle(void)
{
    pthread_mutex_lock(&pnp_lock);
    while (!pnp_manager_idle())
        pthread_cond_wait(&pnp_changed, &pnp_lock);
    pthread_mutex_unlock(&pnp_lock);
}

void
sim_machine_stop(void)
{
    sim_machine_idle();
    pthread_mutex_lock(&pnp_lock);
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        if (node->present)
            sim_stop("machine-clean", "device %s is present, and no process owns it", node->id);
    if (pnp_software_open())
        sim_stop("machine-clean", "%u handles of software devices are open", pnp_software_open());
    struct timespec until = deadline(5000);
    while (pnp_drivers_loaded())
        if (pthread_cond_timedwait(&pnp_changed, &pnp_lock, &until) == ETIMEDOUT)
            sim_stop("machine-clean", "a driver stays loaded without adapters");
    if (!pnp_node_find("SWD\\" FOREIGN_ENUMERATOR "\\" FOREIGN_INSTANCE))
        sim_stop("machine-clean", "another vendor's device was uninstalled");
    while (pnp_nodes)
        pnp_node_delete(pnp_nodes);
    pthread_mutex_unlock(&pnp_lock);
    pnp_manager_stop();
    while (pnp_packages)
        pnp_unstage(pnp_packages->published, false);
    pnp_services_clear();
    pnp_connections_clear();
    char *command = sim_format("rm -rf '%s'", root);
    if (system(command) != 0)
        sim_log("cannot remove %s", root);
    free(command);
    free(root);
    root = NULL;
    pnp_arrived = NULL;
    pnp_leaving = NULL;
}

struct sim_adapter *
sim_machine_adapter(const char *connection, unsigned timeout_ms)
{
    struct timespec until = deadline(timeout_ms);
    struct sim_adapter *adapter = NULL;
    pthread_mutex_lock(&pnp_lock);
    while (!adapter) {
        for (struct pnp_node *node = pnp_nodes; node && !adapter; node = node->next)
            if (node->adapter && !node->leaving &&
                (!connection || sim_same_text(node->connection, connection)))
                adapter = node->adapter;
        /* A name may change without a step. */
        struct timespec soon = deadline(20);
        if (!adapter && pthread_cond_timedwait(&pnp_changed, &pnp_lock, &soon) == ETIMEDOUT &&
            (soon.tv_sec > until.tv_sec || (soon.tv_sec == until.tv_sec && soon.tv_nsec > until.tv_nsec)))
            break;
    }
    pthread_mutex_unlock(&pnp_lock);
    return adapter;
}

void
sim_machine_on_adapter(void (*arrived)(struct sim_adapter *adapter, const char *connection),
                       void (*leaving)(struct sim_adapter *adapter))
{
    pnp_arrived = arrived;
    pnp_leaving = leaving;
}

struct sim_machine_counts
sim_machine_counts(const char *hardware_id)
{
    struct sim_machine_counts counts = {0};
    pthread_mutex_lock(&pnp_lock);
    for (struct pnp_node *node = pnp_nodes; node; node = node->next) {
        if (!sim_multi_has(node->hardware_ids, hardware_id))
            continue;
        counts.present += node->present;
        counts.phantoms += !node->present;
        counts.started += node->adapter != NULL;
    }
    char *ids = calloc(1, strlen(hardware_id) + 2);
    struct pnp_match *matches;
    strcpy(ids, hardware_id);
    counts.packages = pnp_match(ids, &matches);
    free(matches);
    free(ids);
    counts.drivers_loaded = pnp_drivers_loaded();
    counts.removals = pnp_removals;
    pthread_mutex_unlock(&pnp_lock);
    return counts;
}

bool
sim_machine_settle(const char *hardware_id, unsigned timeout_ms)
{
    struct timespec until = deadline(timeout_ms);
    bool settled = false;
    pthread_mutex_lock(&pnp_lock);
    for (;;) {
        bool present = false;
        for (struct pnp_node *node = pnp_nodes; node; node = node->next)
            present |= node->present && sim_multi_has(node->hardware_ids, hardware_id);
        settled = !present && pnp_manager_idle();
        if (settled || pthread_cond_timedwait(&pnp_changed, &pnp_lock, &until) == ETIMEDOUT)
            break;
    }
    pthread_mutex_unlock(&pnp_lock);
    return settled;
}

void
sim_machine_addresses(struct sim_adapter *adapter,
                      void (*each)(void *context, unsigned family, const uint8_t *address, unsigned prefix),
                      void *context)
{
    struct pnp_address copy[8];
    unsigned count = 0;
    pthread_mutex_lock(&pnp_lock);
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        if (node->adapter == adapter) {
            count = node->address_count;
            memcpy(copy, node->addresses, sizeof copy);
        }
    pthread_mutex_unlock(&pnp_lock);
    for (unsigned i = 0; i < count; i++)
        each(context, copy[i].family == 2 ? 4 : 6, copy[i].address, copy[i].prefix);
}

const char *
sim_machine_stage(const char *host_inf)
{
    const char *published = NULL;
    pthread_mutex_lock(&pnp_lock);
    pnp_stage(host_inf, 0, &published);
    pthread_mutex_unlock(&pnp_lock);
    return published;
}

void
sim_machine_pull(struct sim_adapter *adapter)
{
    pthread_mutex_lock(&pnp_lock);
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        if (node->adapter == adapter) {
            node->leaving = true;
            pnp_schedule(STEP_SURPRISE, node, true);
        }
    pthread_mutex_unlock(&pnp_lock);
}
