/* SPDX-License-Identifier: MIT
 * Software devices: a device is enumerated as long as its creator's handle is open. Closing it, by
 * SwDeviceClose or by the end of the process, begins a surprise removal that leaves a phantom. */
#include <stdlib.h>
#include <string.h>
#include "model.h"

struct software
{
    struct software *next;
    struct sim_process *process;
    uint64_t handle;
    uint32_t node;
    unsigned generation;
    uint32_t result; /* HRESULT of the callback, if it is decided already */
    bool refused;
};
static struct software *opened;

static bool
valid_instance(const char *id)
{
    /* No backslash, printable, no comma: as device ids must be. */
    for (const char *at = id; *at; at++)
        if (*at <= ' ' || *at == ',' || *at == '\\' || (uint8_t)*at > 0x7F)
            return false;
    return *id && strlen(id) < 160;
}

uint32_t
pnp_software_create(struct sim_process *process, struct blob *request, uint64_t *handle)
{
    static uint64_t handles;
    const char *enumerator = blob_get(request, NULL), *parent = blob_get(request, NULL);
    const char *instance = blob_get(request, NULL);
    size_t size;
    const char *hardware = blob_get(request, &size);
    blob_get(request, NULL); /* compatible ids */
    const char *description = blob_get(request, NULL);
    (void)parent;
    if (!enumerator || !instance || !valid_instance(enumerator) || !valid_instance(instance))
        return E_INVALIDARG;
    struct pnp_node *node = pnp_node_make(enumerator, instance);
    struct software *software = calloc(1, sizeof *software);
    *software =
        (struct software){.next = opened, .process = process, .handle = ++handles, .node = node->number};
    opened = software;
    *handle = software->handle;
    if (node->present && !node->leaving) {
        software->refused = true;
        software->result = HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS);
        return S_OK;
    }
    /* A removal that is still under way comes first: the queue keeps the order. */
    node->generation++;
    software->generation = node->generation;
    node->enumerated = false;
    free(node->hardware_ids);
    node->hardware_ids = NULL;
    if (hardware) {
        node->hardware_ids = malloc(size);
        memcpy(node->hardware_ids, hardware, size);
    }
    if (description) {
        free(node->description);
        node->description = strdup(description);
    }
    while (request->at < request->size) {
        const uint8_t *key = blob_get(request, NULL);
        uint32_t type = (uint32_t)blob_get_number(request);
        const void *data = blob_get(request, &size);
        pnp_property_set(node, key, type, data, size);
    }
    if (!sim_machine_conditions.never_enumerates)
        pnp_schedule(STEP_ENUMERATE, node, false);
    return S_OK;
}

static struct software **
find(struct sim_process *process, uint64_t handle)
{
    struct software **at = &opened;
    while (*at && !((*at)->process == process && (*at)->handle == handle))
        at = &(*at)->next;
    return at;
}

bool
pnp_software_poll(struct sim_process *process, uint64_t handle, uint32_t *result, const char **id)
{
    struct software *software = *find(process, handle);
    struct pnp_node *node = software ? pnp_node_number(software->node) : NULL;
    *result = S_OK;
    *id = "";
    if (!software || !node)
        return false;
    *result = software->result;
    *id = node->id;
    return software->refused || (node->enumerated && node->generation == software->generation);
}

void
pnp_software_close(struct sim_process *process, uint64_t handle)
{
    struct software **at = find(process, handle), *software = *at;
    if (!software)
        return;
    *at = software->next;
    struct pnp_node *node = pnp_node_number(software->node);
    if (node && !software->refused && node->generation == software->generation) {
        /* What its creation has under way is void from now on. */
        node->generation++;
        node->leaving = true;
        pnp_schedule(STEP_SURPRISE, node, false);
    }
    free(software);
}

void
pnp_software_process_ended(struct sim_process *process)
{
    for (;;) {
        struct software *software = opened;
        while (software && software->process != process)
            software = software->next;
        if (!software)
            return;
        pnp_software_close(process, software->handle);
    }
}

unsigned
pnp_software_open(void)
{
    unsigned count = 0;
    for (struct software *software = opened; software; software = software->next)
        count++;
    return count;
}
