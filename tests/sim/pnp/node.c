/* SPDX-License-Identifier: MIT
 * Device nodes and what is kept with them: properties and the values of the driver key. Lock held throughout.
 */
#include <stdlib.h>
#include <string.h>
#include "model.h"

struct pnp_node *pnp_nodes;
unsigned pnp_removals;

struct pnp_node *
pnp_node_find(const char *id)
{
    struct pnp_node *node = pnp_nodes;
    while (node && !sim_same_text(node->id, id))
        node = node->next;
    return node;
}

struct pnp_node *
pnp_node_number(uint32_t number)
{
    struct pnp_node *node = pnp_nodes;
    while (node && node->number != number)
        node = node->next;
    return node;
}

struct pnp_node *
pnp_node_of_luid(uint64_t luid)
{
    struct pnp_node *node = pnp_nodes;
    while (node && !(node->adapter && sim_adapter_luid(node->adapter) == luid))
        node = node->next;
    return node;
}

struct pnp_node *
pnp_node_of_guid(const uint8_t guid[16])
{
    struct pnp_node *node = pnp_nodes;
    while (node && !(node->has_guid && memcmp(node->guid, guid, 16) == 0))
        node = node->next;
    return node;
}

struct pnp_node *
pnp_node_make(const char *enumerator, const char *instance)
{
    static uint32_t numbers;
    char *id = sim_format("SWD\\%s\\%s", enumerator, instance);
    struct pnp_node *node = pnp_node_find(id);
    if (node) {
        free(id);
        return node;
    }
    node = calloc(1, sizeof *node);
    node->number = ++numbers;
    node->id = id;
    node->enumerator = sim_format("SWD\\%s", enumerator);
    node->next = pnp_nodes;
    pnp_nodes = node;
    return node;
}

static void
free_values(struct pnp_value **values)
{
    while (*values) {
        struct pnp_value *value = *values;
        *values = value->next;
        free(value->name);
        free(value->data);
        free(value);
    }
}

void
pnp_node_delete(struct pnp_node *node)
{
    struct pnp_node **at = &pnp_nodes;
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    free_values(&node->properties);
    free_values(&node->software);
    free(node->id);
    free(node->enumerator);
    free(node->hardware_ids);
    free(node->description);
    free(node->section);
    free(node->matching_id);
    free(node->connection);
    free(node);
}

struct pnp_value *
pnp_property(struct pnp_node *node, const uint8_t key[20])
{
    struct pnp_value *value = node->properties;
    while (value && memcmp(value->key, key, 20) != 0)
        value = value->next;
    return value;
}

void
pnp_property_set(struct pnp_node *node, const uint8_t key[20], uint32_t type, const void *data, size_t size)
{
    struct pnp_value **at = &node->properties;
    while (*at && memcmp((*at)->key, key, 20) != 0)
        at = &(*at)->next;
    struct pnp_value *old = *at;
    if (old) {
        *at = old->next;
        free(old->data);
        free(old);
    }
    if (type == DEVPROP_TYPE_EMPTY)
        return;
    struct pnp_value *value = calloc(1, sizeof *value);
    memcpy(value->key, key, 20);
    value->type = type;
    value->size = (uint32_t)size;
    value->data = malloc(size ? size : 1);
    memcpy(value->data, data, size);
    value->next = node->properties;
    node->properties = value;
}

struct pnp_value *
pnp_value(struct pnp_node *node, const char *name)
{
    struct pnp_value *value = node->software;
    while (value && !sim_same_text(value->name, name))
        value = value->next;
    return value;
}

void
pnp_value_set(struct pnp_node *node, const char *name, uint32_t type, const void *data, size_t size)
{
    struct pnp_value *value = pnp_value(node, name);
    if (!value) {
        value = calloc(1, sizeof *value);
        value->name = strdup(name);
        value->next = node->software;
        node->software = value;
    }
    free(value->data);
    value->type = type;
    value->size = (uint32_t)size;
    value->data = malloc(size ? size : 1);
    memcpy(value->data, data, size);
}

void
pnp_value_set_text(struct pnp_node *node, const char *name, const char *text)
{
    uint16_t *wide = sim_utf16_from(text);
    pnp_value_set(node, name, REG_SZ, wide, (sim_utf16_count(text) + 1) * 2);
    free(wide);
}
