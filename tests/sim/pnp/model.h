/* SPDX-License-Identifier: MIT
 * What the files of the device manager share. One lock guards all of it; the manager's thread drops the lock
 * while it loads drivers and runs miniports, and alone does that, so the order of device operations is the
 * queue's. */
#ifndef SIM_PNP_MODEL_H
#define SIM_PNP_MODEL_H

#include <pthread.h>
#include "../wire/blob.h"
#include "../wire/text.h"
#include "../win32/errors.h"
#include "../scenario/scenario.h"
#include "inf.h"
#include "pnp.h"

extern pthread_mutex_t pnp_lock;
extern pthread_cond_t pnp_changed;

/* ---- Packages (store.c) ---- */

struct pnp_package
{
    struct pnp_package *next;
    char *published; /* oem7.inf */
    char *original;  /* name.inf */
    char *directory; /* in the store, host's path */
    struct inf *inf;
    char *provider;
    uint8_t class_guid[16];
    uint64_t date, version; /* FILETIME; four words, most significant first */
};
extern struct pnp_package *pnp_packages;
/* The INF at the host's path; Win32 error; *published (not to be freed) also with ERROR_FILE_EXISTS. */
uint32_t pnp_stage(const char *host_inf, uint32_t style, const char **published);
uint32_t pnp_unstage(const char *published, bool force);
struct pnp_package *pnp_package_find(const char *published);
/* The best package for a list of hardware ids, or the next best after `after`; *match is the models line. */
struct pnp_match
{
    struct pnp_package *package;
    const struct inf_line *line;
    const char *hardware_id;
    unsigned rank;
};
/* All matches, best first; the caller frees the array. */
unsigned pnp_match(const char *hardware_ids, struct pnp_match **matches);

/* ---- Services (service.c) ---- */

struct pnp_service
{
    struct pnp_service *next;
    char *name, *binary;
    uint32_t type, start, state;
    bool deleted;
    unsigned number;
};
struct pnp_service *pnp_service_find(const char *name);
struct pnp_service *pnp_service_number(unsigned number);
struct pnp_service *pnp_service_add(const char *name, const char *binary, uint32_t type, uint32_t start,
                                    uint32_t state);
void pnp_services_clear(void);

/* ---- Devices (node.c) ---- */

struct pnp_value
{
    struct pnp_value *next;
    char *name;
    uint8_t key[20]; /* of a property */
    uint32_t type, size;
    uint8_t *data;
};
struct pnp_driver
{
    struct pnp_driver *next;
    char *service, *path;
    struct sim_driver *driver;
    unsigned adapters;
};
struct pnp_address
{
    unsigned family, prefix;
    uint8_t address[16];
};
struct pnp_node
{
    struct pnp_node *next;
    uint32_t number;
    char *id, *enumerator; /* "SWD\Name\instance", "SWD\Name" */
    char *hardware_ids, *description;
    bool present, enumerated, leaving;
    unsigned generation; /* of its presence; a step of an earlier one is void */
    uint32_t status, problem;
    struct pnp_package *package;
    char *section, *matching_id;
    struct pnp_value *properties, *software;
    bool has_software;
    struct pnp_driver *driver;
    struct sim_adapter *adapter;
    uint8_t guid[16];
    bool has_guid, ipv4, ipv6;
    char *connection; /* NULL until the class is configured */
    uint32_t mtu4, mtu6;
    struct pnp_address addresses[8];
    unsigned address_count;
};
extern struct pnp_node *pnp_nodes;
extern unsigned pnp_removals;
struct pnp_node *pnp_node_find(const char *id);
struct pnp_node *pnp_node_number(uint32_t number);
struct pnp_node *pnp_node_of_luid(uint64_t luid);
struct pnp_node *pnp_node_of_guid(const uint8_t guid[16]);
/* New, or the phantom of that id. */
struct pnp_node *pnp_node_make(const char *enumerator, const char *instance);
void pnp_node_delete(struct pnp_node *node);
/* Properties and registry values; set replaces, size 0 with type 0 deletes. */
struct pnp_value *pnp_property(struct pnp_node *node, const uint8_t key[20]);
void pnp_property_set(struct pnp_node *node, const uint8_t key[20], uint32_t type, const void *data,
                      size_t size);
struct pnp_value *pnp_value(struct pnp_node *node, const char *name);
void pnp_value_set(struct pnp_node *node, const char *name, uint32_t type, const void *data, size_t size);
void pnp_value_set_text(struct pnp_node *node, const char *name, const char *text);
/* A property that the system keeps; false if this is none or has no value yet. Data into the blob's only
 * part. */
bool pnp_system_property(struct pnp_node *node, const uint8_t key[20], uint32_t *type, struct blob *data);

/* ---- Steps (manager.c) ---- */

enum pnp_step
{
    STEP_ENUMERATE,
    STEP_INSTALL,
    STEP_CONFIGURE,
    STEP_START,
    STEP_IPV4,
    STEP_IPV6,
    STEP_SURPRISE,
    STEP_UNINSTALL,
    STEP_UNLOAD,
};
/* Lock held. `soon`: without delay. */
void pnp_schedule(enum pnp_step step, struct pnp_node *node, bool soon);
/* Lock held: waits until the node of that number is gone or the time is over. */
bool pnp_wait_gone(uint32_t number, unsigned timeout_ms);
unsigned pnp_drivers_loaded(void);
void pnp_manager_start(void);
void pnp_manager_stop(void);
/* Lock held: no step is due or under way. */
bool pnp_manager_idle(void);
uint32_t pnp_random(void);
extern void (*pnp_arrived)(struct sim_adapter *adapter, const char *connection);
extern void (*pnp_leaving)(struct sim_adapter *adapter);

/* ---- Installing and starting (install.c), in the manager's thread, lock held ---- */

/* Chooses a package and does what its INF says; false if there is none. */
bool pnp_install(struct pnp_node *node);
void pnp_configure(struct pnp_node *node);
/* These drop the lock while driver code runs. */
void pnp_start(struct pnp_node *node);
void pnp_remove(struct pnp_node *node, bool surprise);
/* False as long as something holds the image. */
bool pnp_unload_idle_drivers(void);

/* ---- setupapi.dev.log (setup_log.c), lock held ---- */

/* A section with a line of trouble, or NULL; without an end if what it is about hangs. */
void pnp_log_section(const char *title, const char *instance, const char *trouble, uint32_t status,
                     bool hangs);
/* The installation of a device as it is now, and the staging of an INF. */
void pnp_log_device(const struct pnp_node *node, bool hangs);
void pnp_log_stage(const char *host_inf, uint32_t error);

/* ---- Software devices (software.c) ---- */

uint32_t pnp_software_create(struct sim_process *process, struct blob *request, uint64_t *handle);
bool pnp_software_poll(struct sim_process *process, uint64_t handle, uint32_t *result, const char **id);
void pnp_software_close(struct sim_process *process, uint64_t handle);
void pnp_software_process_ended(struct sim_process *process);
unsigned pnp_software_open(void);

/* ---- Network (network.c) ---- */

bool pnp_connection_name_free(const char *name);
char *pnp_connection_new_name(void);
uint32_t pnp_rename(const uint8_t guid[16], const char *name);
void pnp_connections(struct blob *blob);
void pnp_connections_clear(void);

/* ---- Pings (echo.c) ---- */

/* Lock held, and let go of while the answer is waited for. 0 and the answer's payload, or the status that IcmpSendEcho
 * leaves as the last error. */
uint32_t pnp_echo(const uint8_t destination[4], const void *payload, uint32_t size, uint32_t timeout_ms,
                  void *answer, uint32_t *answer_size);

/* ---- Serving processes (server.c), the disk (machine.c) ---- */

void pnp_serve_start(void);
/* The host's path of a Windows path; to be freed. */
char *pnp_host_path(const char *path);

#endif
