/* SPDX-License-Identifier: MIT
 * The adapter's configuration as NdisReadConfiguration sees it: the keywords that the scenario gave, and what
 * the class installer puts there. */
#include <stdio.h>
#include <stdlib.h>
#include "ndis_model.h"

#define CONFIGURATION_MAGIC 0x436f6e66u

struct value
{
    struct value *next;
    NDIS_CONFIGURATION_PARAMETER parameter;
    uint16_t text[];
};
struct configuration
{
    uint32_t magic;
    struct sim_adapter *adapter;
    struct value *values; /* live until the configuration is closed */
};

uint64_t
ndis_NdisOpenConfigurationEx(struct sim_frame *frame)
{
    const NDIS_CONFIGURATION_OBJECT *object = (const NDIS_CONFIGURATION_OBJECT *)frame->arg[0];
    ndis_check_header("NDIS_CONFIGURATION_OBJECT", &object->Header, NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT, 1,
                      1, NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1);
    struct configuration *configuration = calloc(1, sizeof(*configuration));
    configuration->magic = CONFIGURATION_MAGIC;
    configuration->adapter = ndis_adapter_of(object->NdisHandle, "NdisOpenConfigurationEx");
    sim_ledger_add(SIM_NDIS_OBJECT, configuration, 0, "NdisOpenConfigurationEx", frame->return_address);
    *(void **)frame->arg[1] = configuration;
    return NDIS_STATUS_SUCCESS;
}

static struct configuration *
configuration_of(uintptr_t handle, const char *function)
{
    struct configuration *configuration = (struct configuration *)handle;
    if (!sim_ledger_has(SIM_NDIS_OBJECT, configuration) || configuration->magic != CONFIGURATION_MAGIC)
        sim_stop("NDIS gets back the handles that it gave out", "%s with %p, which is no open configuration",
                 function, (void *)handle);
    return configuration;
}

/* Registry value names know no case. */
static bool
same_name(const UNICODE_STRING *name, const char *keyword)
{
    unsigned length = name->Length / 2;
    if (strlen(keyword) != length)
        return false;
    for (unsigned i = 0; i < length; i++) {
        if ((name->Buffer[i] | 0x20) != ((unsigned char)keyword[i] | 0x20))
            return false;
    }
    return true;
}

static const char *
find_keyword(const struct sim_adapter *adapter, const UNICODE_STRING *name, char *guid, size_t size)
{
    if (same_name(name, "NetCfgInstanceId")) {
        const uint8_t *g = adapter->options.net_cfg_instance_id;
        static const uint8_t none[16];
        if (!memcmp(g, none, sizeof(none)))
            return NULL;
        snprintf(guid, size, "{%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X}", g[3],
                 g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14],
                 g[15]);
        return guid;
    }
    for (const char *at = adapter->keywords; *at;) {
        const char *value = at + strlen(at) + 1;
        if (same_name(name, at))
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

uint64_t
ndis_NdisReadConfiguration(struct sim_frame *frame)
{
    NDIS_STATUS *status = (NDIS_STATUS *)frame->arg[0];
    struct configuration *configuration = configuration_of(frame->arg[2], "NdisReadConfiguration");
    const UNICODE_STRING *name = (const UNICODE_STRING *)frame->arg[3];
    uint32_t type = (uint32_t)frame->arg[4];
    char guid[40];
    const char *text = find_keyword(configuration->adapter, name, guid, sizeof(guid));

    if (type > NdisParameterBinary)
        sim_stop("NdisReadConfiguration is asked for a documented type", "%u", type);
    if (sim_fault_here()) {
        *status = NDIS_STATUS_RESOURCES;
        return 0;
    }
    if (!text) {
        *status = NDIS_STATUS_FAILURE;
        return 0;
    }
    size_t length = strlen(text);
    struct value *value = calloc(1, sizeof(*value) + (length + 1) * sizeof(uint16_t));
    value->next = configuration->values;
    configuration->values = value;
    value->parameter.ParameterType = type;
    if (type == NdisParameterInteger || type == NdisParameterHexInteger)
        value->parameter.ParameterData.IntegerData =
            (uint32_t)strtoul(text, NULL, type == NdisParameterInteger ? 10 : 16);
    else {
        for (size_t i = 0; i < length; i++)
            value->text[i] = (unsigned char)text[i];
        value->parameter.ParameterData.StringData =
            (UNICODE_STRING){.Length = (uint16_t)(length * 2),
                             .MaximumLength = (uint16_t)(length * 2 + 2),
                             .Buffer = value->text};
    }
    *(NDIS_CONFIGURATION_PARAMETER **)frame->arg[1] = &value->parameter;
    *status = NDIS_STATUS_SUCCESS;
    return 0;
}

uint64_t
ndis_NdisCloseConfiguration(struct sim_frame *frame)
{
    struct configuration *configuration = configuration_of(frame->arg[0], "NdisCloseConfiguration");
    sim_ledger_remove(SIM_NDIS_OBJECT, configuration, "NdisCloseConfiguration");
    struct value *next;
    for (struct value *value = configuration->values; value; value = next) {
        next = value->next;
        free(value);
    }
    configuration->magic = 0;
    free(configuration);
    return 0;
}
