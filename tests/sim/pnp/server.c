/* SPDX-License-Identifier: MIT
 * Serves what processes ask (wire_pnp.h). Calls that wait for the manager's thread let go of the lock
 * meanwhile. */
#include <stdlib.h>
#include <string.h>
#include "../wire/wire_pnp.h"
#include "model.h"

#define UNINSTALL_TIMEOUT_MS 30000u
#define FILTER_KNOWN                                                                                         \
    (CM_GETIDLIST_FILTER_ENUMERATOR | CM_GETIDLIST_FILTER_SERVICE | CM_GETIDLIST_FILTER_PRESENT |            \
     CM_GETIDLIST_FILTER_CLASS)
enum
{
    FAMILY_IPV4 = 2,
    FAMILY_IPV6 = 23
};

struct request
{
    struct sim_process *process;
    const struct wire_call *call;
    const void *data;
    struct wire_reply *reply;
    void *out;
};

static void
give(struct request *request, const void *data, size_t size)
{
    if (size > WIRE_MAX_DATA)
        sim_stop("unmodelled", "an answer of %zu bytes", size);
    memcpy(request->out, data, size);
    request->reply->data_size = (uint32_t)size;
}

static void
give_text(struct request *request, const char *text)
{
    give(request, text, strlen(text) + 1);
}

/* The data as a string; what came without its end is none. */
static const char *
text_of(struct request *request)
{
    size_t size = request->call->data_size;
    return size && ((const char *)request->data)[size - 1] == 0 ? request->data : "";
}

/* ---- Devices ---- */

static uint32_t
locate(struct request *request)
{
    struct pnp_node *node = pnp_node_find(text_of(request));
    if (!node || (!node->present && !request->call->arg[0]))
        return CR_NO_SUCH_DEVNODE;
    request->reply->result[0] = node->number;
    return CR_SUCCESS;
}

static uint32_t
status(struct request *request)
{
    struct pnp_node *node = pnp_node_number((uint32_t)request->call->arg[0]);
    /* A node that is not present has no status: documented as "no such device node". */
    if (!node || !node->present)
        return CR_NO_SUCH_DEVNODE;
    request->reply->result[0] = node->status;
    request->reply->result[1] = node->problem;
    return CR_SUCCESS;
}

static uint32_t
get_property(struct request *request)
{
    struct pnp_node *node = pnp_node_number((uint32_t)request->call->arg[0]);
    struct blob data = {0};
    uint32_t type;
    if (!node)
        return CR_INVALID_DEVNODE;
    struct pnp_value *value = pnp_property(node, request->data);
    if (value) {
        request->reply->result[0] = value->type;
        give(request, value->data, value->size);
    } else if (pnp_system_property(node, request->data, &type, &data)) {
        request->reply->result[0] = type;
        give(request, data.data + 4, data.size - 4);
    } else {
        return CR_NO_SUCH_VALUE;
    }
    free(data.data);
    return CR_SUCCESS;
}

static uint32_t
set_property(struct request *request)
{
    struct pnp_node *node = pnp_node_number((uint32_t)request->call->arg[0]);
    struct blob blob = blob_read(request->data, request->call->data_size);
    size_t size;
    const uint8_t *key = blob_get(&blob, NULL);
    const void *data = blob_get(&blob, &size);
    if (!node)
        return CR_INVALID_DEVNODE;
    pnp_property_set(node, key, (uint32_t)request->call->arg[1], data, size);
    return CR_SUCCESS;
}

static bool
passes(struct pnp_node *node, const char *filter, uint64_t flags)
{
    if ((flags & CM_GETIDLIST_FILTER_PRESENT) && !node->present)
        return false;
    if (flags & CM_GETIDLIST_FILTER_ENUMERATOR) {
        /* "SWD", or "SWD\Name" with a device id behind the enumerator. */
        size_t length = strlen(filter);
        return sim_starts_with(node->id, filter) && (node->id[length] == '\\' || node->id[length] == 0);
    }
    if (flags & CM_GETIDLIST_FILTER_CLASS) {
        uint8_t guid[16];
        return node->package && sim_guid_parse(filter, guid) &&
               memcmp(guid, node->package->class_guid, 16) == 0;
    }
    return !(flags & CM_GETIDLIST_FILTER_SERVICE);
}

static uint32_t
list(struct request *request)
{
    char *out = request->out;
    const char *filter = text_of(request);
    uint64_t flags = request->call->arg[0];
    if (flags & ~(uint64_t)FILTER_KNOWN)
        return CR_INVALID_FLAG;
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        if (passes(node, filter, flags))
            out = stpcpy(out, node->id) + 1;
    request->reply->data_size = (uint32_t)(out - (char *)request->out);
    return CR_SUCCESS;
}

static uint32_t
open_key(struct request *request)
{
    struct pnp_node *node = pnp_node_number((uint32_t)request->call->arg[0]);
    if (!node)
        return CR_INVALID_DEVNODE;
    if (!request->call->arg[1])
        sim_stop("unmodelled", "the hardware key of a device");
    if (!node->has_software && !request->call->arg[2])
        return CR_NO_SUCH_REGISTRY_KEY;
    node->has_software = true;
    request->reply->result[0] = node->number;
    return CR_SUCCESS;
}

static uint32_t
query_value(struct request *request)
{
    struct pnp_node *node = pnp_node_number((uint32_t)request->call->arg[0]);
    const char *name = text_of(request);
    struct pnp_value *value = node && *name != '.' ? pnp_value(node, name) : NULL;
    if (!node)
        return 1018; /* ERROR_KEY_DELETED */
    if (!value)
        return ERROR_FILE_NOT_FOUND;
    request->reply->result[0] = value->type;
    give(request, value->data, value->size);
    return 0;
}

static uint32_t
uninstall(struct request *request)
{
    struct pnp_node *node = pnp_node_number((uint32_t)request->call->arg[0]);
    if (!node)
        return (uint32_t)ERROR_NO_SUCH_DEVINST;
    pnp_schedule(STEP_UNINSTALL, node, true);
    if (!pnp_wait_gone((uint32_t)request->call->arg[0], UNINSTALL_TIMEOUT_MS))
        sim_stop("uninstall", "a device is not gone after %u ms", UNINSTALL_TIMEOUT_MS);
    return 0;
}

/* ---- Packages ---- */

static uint32_t
stage(struct request *request)
{
    const char *published = NULL;
    char *path = pnp_host_path(text_of(request));
    uint32_t error =
        path ? pnp_stage(path, (uint32_t)request->call->arg[0], &published) : ERROR_PATH_NOT_FOUND;
    free(path);
    if (published)
        give_text(request, published);
    return error;
}

static uint32_t
packages(struct request *request)
{
    struct pnp_match *matches;
    struct blob blob = {0};
    unsigned count = pnp_match(request->data, &matches);
    for (unsigned i = 0; i < count; i++) {
        blob_put_text(&blob, matches[i].package->published);
        blob_put_text(&blob, matches[i].line->key);
        blob_put_text(&blob, matches[i].package->provider);
        blob_put_text(&blob, matches[i].package->provider);
        blob_put_text(&blob, matches[i].line->fields[0]);
        blob_put_text(&blob, matches[i].hardware_id);
        blob_put_number(&blob, matches[i].package->date);
        blob_put_number(&blob, matches[i].package->version);
    }
    give(request, blob.data, blob.size);
    free(blob.data);
    free(matches);
    return 0;
}

/* Takes the package off every device that has it, present or not; those get what else matches, or nothing. */
static uint32_t
remove_driver(struct request *request)
{
    struct pnp_package *package = pnp_package_find(text_of(request));
    if (!package)
        return ERROR_FILE_NOT_FOUND;
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        if (node->package == package) {
            if (node->adapter)
                sim_stop("unmodelled", "DiUninstallDriverW of a package in use by an adapter that runs");
            node->package = NULL;
        }
    return request->call->arg[0] ? 0 : pnp_unstage(text_of(request), false);
}

/* ---- Network ---- */

static struct pnp_node *
interface_of(uint64_t luid, uint64_t index)
{
    struct pnp_node *node = pnp_nodes;
    if (luid)
        return pnp_node_of_luid(luid);
    while (node && !(node->adapter && sim_adapter_luid_index(node->adapter) == index))
        node = node->next;
    return node;
}

static uint32_t
ip_row(struct request *request)
{
    const uint64_t *arg = request->call->arg;
    struct pnp_node *node = interface_of(arg[0], arg[1]);
    bool has = node && (arg[2] == FAMILY_IPV4 ? node->ipv4 : node->ipv6);
    if (!node)
        return ERROR_FILE_NOT_FOUND;
    if (!has)
        return ERROR_NOT_FOUND;
    request->reply->result[0] = sim_adapter_luid(node->adapter);
    request->reply->result[1] = sim_adapter_luid_index(node->adapter);
    request->reply->result[2] = arg[2] == FAMILY_IPV4 ? node->mtu4 : node->mtu6;
    request->reply->result[3] = sim_adapter_link_up(node->adapter);
    return 0;
}

static uint32_t
add_address(struct request *request)
{
    const uint64_t *arg = request->call->arg;
    struct pnp_node *node = interface_of(arg[0], arg[1]);
    if (!node)
        return ERROR_FILE_NOT_FOUND;
    if (!(arg[2] == FAMILY_IPV4 ? node->ipv4 : node->ipv6))
        return ERROR_NOT_FOUND;
    for (unsigned i = 0; i < node->address_count; i++)
        if (node->addresses[i].family == arg[2] &&
            memcmp(node->addresses[i].address, request->data, request->call->data_size) == 0)
            return ERROR_OBJECT_ALREADY_EXISTS;
    if (node->address_count == sizeof node->addresses / sizeof *node->addresses)
        return ERROR_NOT_ENOUGH_MEMORY;
    struct pnp_address *address = &node->addresses[node->address_count++];
    address->family = (unsigned)arg[2];
    address->prefix = (unsigned)arg[3];
    memcpy(address->address, request->data, request->call->data_size);
    pthread_cond_broadcast(&pnp_changed);
    return 0;
}

static uint32_t
guid_to_luid(struct request *request)
{
    struct pnp_node *node = request->call->data_size == 16 ? pnp_node_of_guid(request->data) : NULL;
    if (!node || !node->adapter)
        return ERROR_INVALID_PARAMETER;
    request->reply->result[0] = sim_adapter_luid(node->adapter);
    return 0;
}

static uint32_t
luid_to_alias(struct request *request)
{
    struct pnp_node *node = pnp_node_of_luid(request->call->arg[0]);
    if (!node || !node->connection)
        return ERROR_INVALID_PARAMETER;
    give_text(request, node->connection);
    return 0;
}

static uint32_t
rename_connection(struct request *request)
{
    struct blob blob = blob_read(request->data, request->call->data_size);
    const uint8_t *guid = blob_get(&blob, NULL);
    const char *name = blob_get(&blob, NULL);
    return guid && name ? pnp_rename(guid, name) : ERROR_INVALID_PARAMETER;
}

/* ---- Services ---- */

static uint32_t
service_query(struct request *request)
{
    struct pnp_service *service = pnp_service_number((unsigned)request->call->arg[0]);
    if (!service || service->deleted)
        return ERROR_SERVICE_MARKED_FOR_DELETE;
    request->reply->result[0] = service->start;
    request->reply->result[1] = service->state;
    request->reply->result[2] = service->type;
    give_text(request, service->binary);
    return 0;
}

static uint32_t
answer(struct request *request)
{
    const struct wire_call *call = request->call;
    struct blob blob = blob_read(request->data, call->data_size);
    struct pnp_service *service;
    const char *id;
    uint32_t result;
    switch (call->number) {
    case WIRE_SW_CREATE:
        return pnp_software_create(request->process, &blob, &request->reply->result[0]);
    case WIRE_SW_POLL:
        request->reply->result[0] = pnp_software_poll(request->process, call->arg[0], &result, &id);
        request->reply->result[1] = result;
        give_text(request, id);
        return 0;
    case WIRE_SW_CLOSE:
        pnp_software_close(request->process, call->arg[0]);
        return 0;
    case WIRE_CM_LOCATE:
        return locate(request);
    case WIRE_CM_STATUS:
        return status(request);
    case WIRE_CM_GET_PROPERTY:
        return get_property(request);
    case WIRE_CM_SET_PROPERTY:
        return set_property(request);
    case WIRE_CM_LIST:
        return list(request);
    case WIRE_CM_OPEN_KEY:
        return open_key(request);
    case WIRE_REG_QUERY:
        return query_value(request);
    case WIRE_STAGE:
        return stage(request);
    case WIRE_UNSTAGE:
        return pnp_unstage(text_of(request), call->arg[0] != 0);
    case WIRE_PACKAGES:
        return packages(request);
    case WIRE_UNINSTALL:
        return uninstall(request);
    case WIRE_REMOVE_DRIVER:
        return remove_driver(request);
    case WIRE_GUID_TO_LUID:
        return guid_to_luid(request);
    case WIRE_LUID_TO_ALIAS:
        return luid_to_alias(request);
    case WIRE_IP_ROW:
        return ip_row(request);
    case WIRE_ADDRESS_ADD:
        return add_address(request);
    case WIRE_ICMP_ECHO:
        return pnp_echo((const uint8_t *)&call->arg[0], request->data, call->data_size,
                        (uint32_t)call->arg[1], request->out, &request->reply->data_size);
    case WIRE_CONNECTIONS:
        blob = (struct blob){0};
        pnp_connections(&blob);
        give(request, blob.data, blob.size);
        free(blob.data);
        return 0;
    case WIRE_RENAME:
        return rename_connection(request);
    case WIRE_SERVICE_OPEN:
        service = pnp_service_find(text_of(request));
        request->reply->result[0] = service ? service->number : 0;
        return service ? 0 : ERROR_SERVICE_DOES_NOT_EXIST;
    case WIRE_SERVICE_QUERY:
        return service_query(request);
    case WIRE_SERVICE_DELETE:
        service = pnp_service_number((unsigned)call->arg[0]);
        if (!service || service->deleted)
            return ERROR_SERVICE_MARKED_FOR_DELETE;
        service->deleted = true;
        return 0;
    default:
        sim_stop("protocol", "unknown call 0x%x", call->number);
    }
}

static void
serve(struct sim_process *process, const struct wire_call *call, const void *data, int fd_in,
      struct wire_reply *reply, void *out, int *fd_out)
{
    struct request request = {process, call, data, reply, out};
    (void)fd_in;
    *fd_out = -1;
    pthread_mutex_lock(&pnp_lock);
    reply->status = answer(&request);
    pthread_mutex_unlock(&pnp_lock);
}

static void
ended(struct sim_process *process)
{
    pthread_mutex_lock(&pnp_lock);
    pnp_software_process_ended(process);
    pthread_mutex_unlock(&pnp_lock);
}

void
pnp_serve_start(void)
{
    wire_register_server(WIRE_PNP, serve);
    sim_process_on_exit(ended);
}
