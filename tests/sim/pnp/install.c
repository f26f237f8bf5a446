/* SPDX-License-Identifier: MIT
 * Installing a network device from its package, configuring its class, loading its driver, starting and
 * removing its adapter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "model.h"

#define PROBLEM(node, code)    ((node)->status |= DN_HAS_PROBLEM, (node)->problem = (code))
#define SERVICE_KERNEL_DRIVER  1u
#define SERVICE_STOPPED        1u
#define SERVICE_RUNNING        4u
#define SPSVCINST_ASSOCSERVICE 2u

void (*pnp_arrived)(struct sim_adapter *adapter, const char *connection);
void (*pnp_leaving)(struct sim_adapter *adapter);
static struct pnp_driver *drivers;

/* ---- What the INF says ---- */

/* Where a CopyFiles section puts its files: "12" or "13". */
static const char *
directory_of(const struct inf *inf, const char *section)
{
    const char *id = inf_value(inf, "DestinationDirs", section, 0);
    return id ? id : inf_value(inf, "DestinationDirs", "DefaultDestDir", 0);
}

/* A path that begins with %12% or %13%, on the host. */
static char *
expand(const struct pnp_package *package, const char *path)
{
    if (strncmp(path, "%13%\\", 5) == 0)
        return sim_format("%s/%s", package->directory, path + 5);
    if (strncmp(path, "%12%\\", 5) == 0)
        return sim_format("%s/Windows/System32/drivers/%s", sim_machine_root(), path + 5);
    return NULL;
}

static bool
copy_files(struct pnp_package *package, const char *section)
{
    const struct inf_line *copy = inf_line(package->inf, section, "CopyFiles");
    for (unsigned i = 0; copy && i < copy->count; i++) {
        const struct inf_section *files = inf_section(package->inf, copy->fields[i]);
        const char *where = directory_of(package->inf, copy->fields[i]);
        for (const struct inf_line *line = files ? files->lines : NULL; line; line = line->next) {
            if (!where || strcmp(where, "12") != 0)
                continue;
            char *command = sim_format("cp '%s/%s' '%s/Windows/System32/drivers/'", package->directory,
                                       line->fields[0], sim_machine_root());
            bool copied = system(command) == 0;
            free(command);
            if (!copied)
                return false;
        }
        if (!files || !where)
            return false;
    }
    return true;
}

/* HKR, subkey, name, flags, value. */
static void
add_registry(struct pnp_node *node, const struct inf *inf, const char *section)
{
    const struct inf_line *add = inf_line(inf, section, "AddReg");
    for (unsigned i = 0; add && i < add->count; i++) {
        const struct inf_section *values = inf_section(inf, add->fields[i]);
        for (const struct inf_line *line = values ? values->lines : NULL; line; line = line->next) {
            if (line->count < 3 || !sim_same_text(line->fields[0], "HKR"))
                continue;
            char *name = *line->fields[1] ? sim_format("%s\\%s", line->fields[1], line->fields[2])
                                          : strdup(line->fields[2]);
            unsigned long flags = line->count > 3 ? strtoul(line->fields[3], NULL, 0) : 0;
            const char *value = line->count > 4 ? line->fields[4] : "";
            if (flags & 0x10001) {
                uint32_t number = (uint32_t)strtoul(value, NULL, 0);
                pnp_value_set(node, name, REG_DWORD, &number, 4);
            } else {
                pnp_value_set_text(node, name, value);
            }
            free(name);
        }
    }
}

/* The service that the device gets: AddService with SPSVCINST_ASSOCSERVICE in "<section>.Services". */
static bool
add_service(struct pnp_node *node, struct pnp_package *package, const char *section)
{
    char *services = sim_format("%s.Services", section);
    const struct inf_line *add = inf_line(package->inf, services, "AddService");
    free(services);
    if (!add || add->count < 3 || !(strtoul(add->fields[1], NULL, 0) & SPSVCINST_ASSOCSERVICE))
        return false;
    const char *binary = inf_value(package->inf, add->fields[2], "ServiceBinary", 0);
    const char *type = inf_value(package->inf, add->fields[2], "ServiceType", 0);
    const char *start = inf_value(package->inf, add->fields[2], "StartType", 0);
    char *path = binary ? expand(package, binary) : NULL;
    if (!path || !type || !start)
        return false;
    pnp_service_add(add->fields[0], path, (uint32_t)strtoul(type, NULL, 0), (uint32_t)strtoul(start, NULL, 0),
                    SERVICE_STOPPED);
    free(path);
    uint16_t *wide = sim_utf16_from(add->fields[0]);
    pnp_value_set(node, ".service", REG_SZ, wide, (sim_utf16_count(add->fields[0]) + 1) * 2);
    free(wide);
    return true;
}

/* What an INF of a network adapter has to say about it. */
static bool
copy_media(struct pnp_node *node, const struct inf *inf, const char *section)
{
    static const char *const names[] = {"Characteristics", "*IfType", "*MediaType", "*PhysicalMediaType"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = inf_value(inf, section, names[i], 0);
        if (!text)
            return false;
        uint32_t number = (uint32_t)strtoul(text, NULL, 0);
        pnp_value_set(node, names[i], REG_DWORD, &number, 4);
    }
    return true;
}

bool
pnp_install(struct pnp_node *node)
{
    struct pnp_match *matches;
    bool done = false;
    /* A device that comes back keeps the driver that it had. */
    if (node->package)
        return true;
    unsigned count = pnp_match(node->hardware_ids, &matches);
    if (count) {
        struct pnp_package *package = matches[0].package;
        char *section = inf_install_section(package->inf, matches[0].line->fields[0]);
        node->has_software = true;
        if (section && copy_media(node, package->inf, section) && copy_files(package, section) &&
            add_service(node, package, section)) {
            add_registry(node, package->inf, section);
            free(node->section);
            node->section = strdup(section);
            free(node->matching_id);
            node->matching_id = strdup(matches[0].hardware_id);
            free(node->description);
            node->description = strdup(matches[0].line->key ? matches[0].line->key : "");
            pnp_value_set_text(node, "DriverDesc", node->description);
            pnp_value_set_text(node, "InfPath", package->published);
            node->package = package;
            done = true;
        }
        free(section);
    }
    free(matches);
    return done;
}

/* The class gives the interface its GUID and the connection its name. */
void
pnp_configure(struct pnp_node *node)
{
    const char *instance = strrchr(node->id, '\\') + 1;
    char text[39];
    if (!node->has_guid) {
        bool asked = sim_guid_parse(instance, node->guid) && !sim_machine_conditions.guid_ignored;
        /* An interface of that GUID that exists keeps it. */
        if (asked && pnp_node_of_guid(node->guid))
            asked = false;
        for (unsigned i = 0; !asked && i < 16; i++)
            node->guid[i] = (uint8_t)(pnp_random() >> 3);
        node->has_guid = true;
    }
    if (!node->connection)
        node->connection = pnp_connection_new_name();
    sim_guid_text(node->guid, text);
    if (!sim_machine_conditions.no_instance_guid)
        pnp_value_set_text(node, "NetCfgInstanceId", text);
}

/* ---- Drivers ---- */

static const char *
service_of(struct pnp_node *node)
{
    static char name[64];
    struct pnp_value *value = pnp_value(node, ".service");
    char *text = value ? sim_utf8_from((const uint16_t *)value->data) : strdup("");
    snprintf(name, sizeof name, "%s", text);
    free(text);
    return name;
}

unsigned
pnp_drivers_loaded(void)
{
    unsigned count = 0;
    for (struct pnp_driver *driver = drivers; driver; driver = driver->next)
        count++;
    return count;
}

bool
pnp_unload_idle_drivers(void)
{
    bool all = true;
    for (struct pnp_driver **at = &drivers; *at;) {
        struct pnp_driver *driver = *at;
        if (driver->adapters) {
            at = &driver->next;
            continue;
        }
        /* A control device that a handle keeps alive keeps the image. */
        if (sim_driver_object(driver->driver)->DeviceObject) {
            all = false;
            at = &driver->next;
            continue;
        }
        *at = driver->next;
        struct pnp_service *service = pnp_service_find(driver->service);
        if (service)
            service->state = SERVICE_STOPPED;
        pthread_mutex_unlock(&pnp_lock);
        sim_driver_unload(driver->driver);
        pthread_mutex_lock(&pnp_lock);
        free(driver->service);
        free(driver->path);
        free(driver);
        at = &drivers;
    }
    return all;
}

/* The image of the node's service; NULL with the problem set. */
static struct pnp_driver *
load(struct pnp_node *node)
{
    struct pnp_service *service = pnp_service_find(service_of(node));
    struct pnp_driver *driver = drivers;
    char error[256] = "";
    NTSTATUS status = 0;
    if (!service) {
        PROBLEM(node, CM_PROB_DRIVER_SERVICE_KEY_INVALID);
        return NULL;
    }
    if (sim_machine_conditions.signature_refused) {
        PROBLEM(node, CM_PROB_UNSIGNED_DRIVER);
        return NULL;
    }
    pnp_unload_idle_drivers();
    for (driver = drivers; driver; driver = driver->next)
        if (sim_same_text(driver->service, service->name)) {
            if (strcmp(driver->path, service->binary) == 0)
                return driver;
            PROBLEM(node, CM_PROB_DRIVER_FAILED_PRIOR_UNLOAD);
            return NULL;
        }
    char *path = strdup(service->binary);
    pthread_mutex_unlock(&pnp_lock);
    struct sim_driver *loaded = sim_driver_load(path, &status, error, sizeof error);
    pthread_mutex_lock(&pnp_lock);
    if (!loaded) {
        sim_log("cannot load %s: 0x%x %s", path, (unsigned)status, error);
        PROBLEM(node, CM_PROB_DRIVER_FAILED_LOAD);
        free(path);
        return NULL;
    }
    service = pnp_service_find(service_of(node));
    if (service)
        service->state = SERVICE_RUNNING;
    driver = malloc(sizeof *driver);
    *driver = (struct pnp_driver){
        .next = drivers, .service = strdup(service_of(node)), .path = path, .driver = loaded};
    drivers = driver;
    return driver;
}

/* name\0value\0...\0\0 of the driver key's plain values. */
static char *
keywords_of(struct pnp_node *node)
{
    char *text = calloc(1, 2048), *out = text;
    for (struct pnp_value *value = node->software; value; value = value->next) {
        uint32_t number;
        if (strchr(value->name, '\\') || *value->name == '.')
            continue;
        char *data;
        if (value->type == REG_DWORD) {
            memcpy(&number, value->data, 4);
            data = sim_format("%u", number);
        } else {
            data = sim_utf8_from((const uint16_t *)value->data);
        }
        if ((size_t)(out - text) + strlen(value->name) + strlen(data) + 3 < 2048 && *data) {
            out = stpcpy(out, value->name) + 1;
            out = stpcpy(out, data) + 1;
        }
        free(data);
    }
    return text;
}

void
pnp_start(struct pnp_node *node)
{
    NDIS_STATUS status = 0;
    uint32_t number = node->number;
    struct pnp_driver *driver = sim_machine_conditions.start_fails ? NULL : load(node);
    if (!driver) {
        if (sim_machine_conditions.start_fails)
            PROBLEM(node, CM_PROB_FAILED_START);
        return;
    }
    struct sim_adapter_options options = {0};
    char *keywords = keywords_of(node);
    options.keywords = keywords;
    memcpy(options.net_cfg_instance_id, node->guid, 16);
    driver->adapters++;
    pthread_mutex_unlock(&pnp_lock);
    struct sim_adapter *adapter = sim_adapter_start(driver->driver, &options, &status);
    pthread_mutex_lock(&pnp_lock);
    free(keywords);
    node = pnp_node_number(number);
    if (!adapter) {
        sim_log("%s does not start: 0x%x", node->id, (unsigned)status);
        driver->adapters--;
        PROBLEM(node, CM_PROB_FAILED_START);
        return;
    }
    uint32_t index = sim_adapter_luid_index(adapter);
    node->adapter = adapter;
    node->driver = driver;
    node->status = DN_DRIVER_LOADED | DN_STARTED;
    node->problem = 0;
    node->mtu4 = node->mtu6 = sim_adapter_mtu(adapter);
    pnp_value_set(node, "NetLuidIndex", REG_DWORD, &index, 4);
    if (pnp_arrived) {
        char *connection = strdup(node->connection);
        pthread_mutex_unlock(&pnp_lock);
        pnp_arrived(adapter, connection);
        pthread_mutex_lock(&pnp_lock);
        free(connection);
    }
}

void
pnp_remove(struct pnp_node *node, bool surprise)
{
    struct sim_adapter *adapter = node->adapter;
    if (!adapter)
        return;
    node->ipv4 = node->ipv6 = false;
    node->address_count = 0;
    node->status &= ~(uint32_t)DN_STARTED;
    pthread_mutex_unlock(&pnp_lock);
    if (pnp_leaving)
        pnp_leaving(adapter);
    if (surprise)
        sim_adapter_surprise_remove(adapter);
    else
        sim_adapter_remove(adapter);
    pthread_mutex_lock(&pnp_lock);
    node->adapter = NULL;
    node->driver->adapters--;
    node->driver = NULL;
    node->status &= ~(uint32_t)DN_DRIVER_LOADED;
}
