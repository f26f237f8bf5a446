/* SPDX-License-Identifier: MIT
 * Device properties that the system keeps, computed from the node. */
#include <stdlib.h>
#include <string.h>
#include "model.h"

/* DEVPKEY_Device_... by the format id of their group and the number in it (devpkey.h). */
enum which
{
    DESCRIPTION,
    HARDWARE_IDS,
    SERVICE,
    CLASS_GUID,
    DRIVER_KEY,
    INSTANCE_ID,
    STATUS,
    PROBLEM,
    PROBLEM_STATUS,
    DRIVER_DATE,
    DRIVER_VERSION,
    DRIVER_DESC,
    INF_PATH,
    INF_SECTION,
    MATCHING_ID,
    PROVIDER,
    IS_PRESENT
};
#define GROUP_DEVICE "{a45c254e-df1c-4efd-8020-67d146a850e0}"
#define GROUP_STATUS "{4340a6c5-93fa-4706-972c-7b648008a5a7}"
#define GROUP_DRIVER "{a8b865dd-2e3d-4094-ad97-e593a70c75d6}"
static const struct
{
    const char *group;
    uint32_t number;
    enum which which;
    unsigned systems;
} keys[] = {
    {GROUP_DEVICE, 2, DESCRIPTION, SIM_SINCE_WIN7},
    {GROUP_DEVICE, 3, HARDWARE_IDS, SIM_SINCE_WIN7},
    {GROUP_DEVICE, 6, SERVICE, SIM_SINCE_WIN7},
    {GROUP_DEVICE, 10, CLASS_GUID, SIM_SINCE_WIN7},
    {GROUP_DEVICE, 11, DRIVER_KEY, SIM_SINCE_WIN7},
    {"{78c34fc8-104a-4aca-9ea4-524d52996e57}", 256, INSTANCE_ID, SIM_SINCE_WIN7},
    {GROUP_STATUS, 2, STATUS, SIM_SINCE_WIN7},
    {GROUP_STATUS, 3, PROBLEM, SIM_SINCE_WIN7},
    {GROUP_STATUS, 12, PROBLEM_STATUS, SIM_SINCE_WIN8},
    {GROUP_DRIVER, 2, DRIVER_DATE, SIM_SINCE_WIN7},
    {GROUP_DRIVER, 3, DRIVER_VERSION, SIM_SINCE_WIN7},
    {GROUP_DRIVER, 4, DRIVER_DESC, SIM_SINCE_WIN7},
    {GROUP_DRIVER, 5, INF_PATH, SIM_SINCE_WIN7},
    {GROUP_DRIVER, 6, INF_SECTION, SIM_SINCE_WIN7},
    {GROUP_DRIVER, 8, MATCHING_ID, SIM_SINCE_WIN7},
    {GROUP_DRIVER, 9, PROVIDER, SIM_SINCE_WIN7},
    {"{540b947e-8b40-45bc-a8a2-6a0b894cbda2}", 5, IS_PRESENT, SIM_SINCE_WIN8},
};

static bool
put_text(struct blob *data, const char *text)
{
    if (!text)
        return false;
    uint16_t *wide = sim_utf16_from(text);
    blob_put(data, wide, (sim_utf16_count(text) + 1) * 2);
    free(wide);
    return true;
}

static bool
put_number(struct blob *data, const void *number, size_t size)
{
    blob_put(data, number, size);
    return true;
}

static bool
put_list(struct blob *data, const char *list)
{
    uint16_t units[1024];
    size_t used = 0;
    if (!list)
        return false;
    for (; *list; list += strlen(list) + 1) {
        uint16_t *wide = sim_utf16_from(list);
        memcpy(units + used, wide, (sim_utf16_count(list) + 1) * 2);
        used += sim_utf16_count(list) + 1;
        free(wide);
    }
    units[used++] = 0;
    blob_put(data, units, used * 2);
    return true;
}

bool
pnp_system_property(struct pnp_node *node, const uint8_t key[20], uint32_t *type, struct blob *data)
{
    uint8_t group[16];
    uint32_t number, zero = 0;
    const struct pnp_package *package = node->package;
    memcpy(&number, key + 16, 4);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!sim_guid_parse(keys[i].group, group) || memcmp(group, key, 16) != 0 ||
            number != keys[i].number || !(keys[i].systems & sim_persona->system))
            continue;
        *type = DEVPROP_TYPE_STRING;
        switch (keys[i].which) {
        case DESCRIPTION:
            return put_text(data, node->description);
        case HARDWARE_IDS:
            *type = DEVPROP_TYPE_STRING_LIST;
            return put_list(data, node->hardware_ids);
        case SERVICE: {
            struct pnp_value *value = pnp_value(node, ".service");
            return package && value && put_number(data, value->data, value->size);
        }
        case CLASS_GUID:
            *type = DEVPROP_TYPE_GUID;
            return package && put_number(data, package->class_guid, 16);
        case DRIVER_KEY: {
            char text[64];
            if (!node->has_software)
                return false;
            memcpy(text, "{4d36e972-e325-11ce-bfc1-08002be10318}\\0000", 44);
            text[42] = (char)('0' + node->number % 10);
            text[41] = (char)('0' + node->number / 10 % 10);
            return put_text(data, text);
        }
        case INSTANCE_ID:
            return put_text(data, node->id);
        case STATUS:
            *type = DEVPROP_TYPE_UINT32;
            return node->present && put_number(data, &node->status, 4);
        case PROBLEM:
            *type = DEVPROP_TYPE_UINT32;
            return node->present && put_number(data, &node->problem, 4);
        case PROBLEM_STATUS:
            *type = DEVPROP_TYPE_NTSTATUS;
            return node->present && put_number(data, &zero, 4);
        case DRIVER_DATE:
            *type = DEVPROP_TYPE_FILETIME;
            return package && put_number(data, &package->date, 8);
        case DRIVER_VERSION: {
            char *text = package ? sim_format("%u.%u.%u.%u", (unsigned)(package->version >> 48),
                                              (unsigned)(package->version >> 32 & 0xFFFF),
                                              (unsigned)(package->version >> 16 & 0xFFFF),
                                              (unsigned)(package->version & 0xFFFF))
                                 : NULL;
            bool given = put_text(data, text);
            free(text);
            return given;
        }
        case DRIVER_DESC:
            return package && put_text(data, node->description);
        case INF_PATH:
            return package && put_text(data, package->published);
        case INF_SECTION:
            return package && put_text(data, node->section);
        case MATCHING_ID:
            return package && put_text(data, node->matching_id);
        case PROVIDER:
            return package && put_text(data, package->provider);
        case IS_PRESENT: {
            uint8_t present = node->present ? 0xFF : 0; /* DEVPROP_TRUE is -1 */
            *type = DEVPROP_TYPE_BOOLEAN;
            return put_number(data, &present, 1);
        }
        }
    }
    return false;
}
