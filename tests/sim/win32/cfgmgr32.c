/* SPDX-License-Identifier: MIT
 * The configuration manager. Its functions return a CONFIGRET and never touch the last error. */
#include <stdlib.h>
#include <string.h>
#include "nt_client.h"
#include "registry.h"
#include "rows.h"

#define KEY_SIZE 20 /* DEVPROPKEY: a GUID and a number */

WIN_FUNCTION(CM_Locate_DevNodeW)
{
    struct wire_reply reply;
    uint32_t flags = (uint32_t)frame->arg[2];
    if (!frame->arg[0])
        return CR_INVALID_POINTER;
    if (flags & ~0x7u)
        return CR_INVALID_FLAG;
    if (!frame->arg[1])
        sim_stop("unmodelled", "CM_Locate_DevNodeW of the root");
    char *id = sim_utf8_from((const uint16_t *)frame->arg[1]);
    uint32_t result = pnp_ask(WIRE_CM_LOCATE, NT_ARGS(flags & CM_LOCATE_DEVNODE_PHANTOM), id, strlen(id) + 1,
                              &reply, NULL, NULL);
    free(id);
    if (!result)
        *(uint32_t *)frame->arg[0] = (uint32_t)reply.result[0];
    return result;
}

WIN_FUNCTION(CM_Get_DevNode_Status)
{
    struct wire_reply reply;
    if (!frame->arg[0] || !frame->arg[1])
        return CR_INVALID_POINTER;
    if ((uint32_t)frame->arg[3])
        return CR_INVALID_FLAG;
    uint32_t result = pnp_ask(WIRE_CM_STATUS, NT_ARGS((uint32_t)frame->arg[2]), NULL, 0, &reply, NULL, NULL);
    if (!result) {
        *(uint32_t *)frame->arg[0] = (uint32_t)reply.result[0];
        *(uint32_t *)frame->arg[1] = (uint32_t)reply.result[1];
    }
    return result;
}

WIN_FUNCTION(CM_Get_DevNode_PropertyW)
{
    struct wire_reply reply;
    uint32_t *type = (uint32_t *)frame->arg[2], *size = (uint32_t *)frame->arg[4];
    if (!frame->arg[1] || !type || !size || (!frame->arg[3] && *size))
        return CR_INVALID_POINTER;
    if ((uint32_t)frame->arg[5])
        return CR_INVALID_FLAG;
    char *data;
    size_t length;
    uint32_t result = pnp_ask(WIRE_CM_GET_PROPERTY, NT_ARGS((uint32_t)frame->arg[0]),
                              (const void *)frame->arg[1], KEY_SIZE, &reply, &data, &length);
    if (result == CR_SUCCESS) {
        *type = (uint32_t)reply.result[0];
        if (*size < length)
            result = CR_BUFFER_SMALL;
        else
            memcpy((void *)frame->arg[3], data, length);
        *size = (uint32_t)length;
    } else if (result == CR_NO_SUCH_VALUE) {
        *type = DEVPROP_TYPE_EMPTY;
        *size = 0;
    }
    free(data);
    return result;
}

WIN_FUNCTION(CM_Set_DevNode_PropertyW)
{
    if (!frame->arg[1])
        return CR_INVALID_POINTER;
    if ((uint32_t)frame->arg[5])
        return CR_INVALID_FLAG;
    if (!win_elevated())
        return CR_ACCESS_DENIED;
    struct blob blob = {0};
    blob_put(&blob, (const void *)frame->arg[1], KEY_SIZE);
    blob_put(&blob, frame->arg[3] ? (const void *)frame->arg[3] : "", (uint32_t)frame->arg[4]);
    uint32_t result = pnp_ask(WIRE_CM_SET_PROPERTY, NT_ARGS((uint32_t)frame->arg[0], (uint32_t)frame->arg[2]),
                              blob.data, blob.size, NULL, NULL, NULL);
    free(blob.data);
    return result;
}

/* The list as UTF-16 with its two ends; its length in units. */
static uint32_t
list(const uint16_t *filter, uint32_t flags, uint16_t **result, size_t *length)
{
    char *name = sim_utf8_from(filter), *names;
    size_t size;
    uint32_t status =
        pnp_ask(WIRE_CM_LIST, NT_ARGS(flags), name, name ? strlen(name) + 1 : 0, NULL, &names, &size);
    free(name);
    *length = 0;
    *result = malloc(size * 2 + 4);
    for (const char *at = names; !status && at < names + size && *at; at += strlen(at) + 1) {
        uint16_t *wide = sim_utf16_from(at);
        size_t units = sim_utf16_length(wide) + 1;
        memcpy(*result + *length, wide, units * 2);
        *length += units;
        free(wide);
    }
    if (*length == 0)
        (*result)[(*length)++] = 0;
    (*result)[(*length)++] = 0;
    free(names);
    return status;
}

WIN_FUNCTION(CM_Get_Device_ID_List_SizeW)
{
    uint16_t *ids;
    size_t length;
    if (!frame->arg[0])
        return CR_INVALID_POINTER;
    uint32_t result = list((const uint16_t *)frame->arg[1], (uint32_t)frame->arg[2], &ids, &length);
    free(ids);
    *(uint32_t *)frame->arg[0] = result ? 0 : (uint32_t)length;
    return result;
}

WIN_FUNCTION(CM_Get_Device_ID_ListW)
{
    uint16_t *ids;
    size_t length;
    if (!frame->arg[1])
        return CR_INVALID_POINTER;
    uint32_t result = list((const uint16_t *)frame->arg[0], (uint32_t)frame->arg[3], &ids, &length);
    if (!result && length > (uint32_t)frame->arg[2])
        result = CR_BUFFER_SMALL;
    if (!result)
        memcpy((void *)frame->arg[1], ids, length * 2);
    free(ids);
    return result;
}

/* RegDisposition_OpenAlways is 0, RegDisposition_OpenExisting 1; CM_REGISTRY_SOFTWARE is 1. */
WIN_FUNCTION(CM_Open_DevNode_Key)
{
    struct wire_reply reply;
    uint32_t flags = (uint32_t)frame->arg[5];
    if (!frame->arg[4])
        return CR_INVALID_POINTER;
    if (flags & ~1u || (uint32_t)frame->arg[2])
        sim_stop("unmodelled", "CM_Open_DevNode_Key with flags 0x%x", flags);
    if (((uint32_t)frame->arg[1] & 0x2 /* KEY_SET_VALUE */) && !win_elevated())
        return CR_ACCESS_DENIED;
    uint32_t result =
        pnp_ask(WIRE_CM_OPEN_KEY, NT_ARGS((uint32_t)frame->arg[0], flags & 1, (uint32_t)frame->arg[3] == 0),
                NULL, 0, &reply, NULL, NULL);
    if (!result)
        *(uintptr_t *)frame->arg[4] = win_key_handle((uint32_t)reply.result[0], frame->return_address);
    return result;
}

#define CM   "cfgmgr32.dll"
#define PAGE "win32/api/cfgmgr32/nf-cfgmgr32-"
static const struct sim_import rows[] = {
    WIN_ROW(CM, CM_Locate_DevNodeW, 3, SIM_SINCE_WIN7, WIN_CODE, PAGE "cm_locate_devnodew"),
    WIN_ROW(CM, CM_Get_DevNode_Status, 4, SIM_SINCE_WIN7, WIN_CODE, PAGE "cm_get_devnode_status"),
    WIN_ROW(CM, CM_Get_DevNode_PropertyW, 6, SIM_SINCE_WIN7, WIN_CODE, PAGE "cm_get_devnode_propertyw"),
    WIN_ROW(CM, CM_Set_DevNode_PropertyW, 6, SIM_SINCE_WIN7, WIN_CODE, PAGE "cm_set_devnode_propertyw"),
    WIN_ROW(CM, CM_Get_Device_ID_List_SizeW, 3, SIM_SINCE_WIN7, WIN_CODE, PAGE "cm_get_device_id_list_sizew"),
    WIN_ROW(CM, CM_Get_Device_ID_ListW, 4, SIM_SINCE_WIN7, WIN_CODE, PAGE "cm_get_device_id_listw"),
    WIN_ROW(CM, CM_Open_DevNode_Key, 6, SIM_SINCE_WIN7, WIN_CODE, PAGE "cm_open_devnode_key"),
};
const struct sim_import_table win_cfgmgr32 = WIN_TABLE(rows);
