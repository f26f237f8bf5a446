/* SPDX-License-Identifier: MIT
 * Registry keys, which live in the kernel process; they are opened by CM_Open_DevNode_Key alone. */
#include <stdlib.h>
#include <string.h>
#include "nt_client.h"
#include "registry.h"
#include "rows.h"

#define KEY_FIRST 0x00700000u

uintptr_t
win_key_handle(uint32_t key, const void *caller)
{
    /* Each opening has a handle of its own. */
    static uint32_t openings;
    uintptr_t handle =
        KEY_FIRST + 4096 * (__atomic_add_fetch(&openings, 1, __ATOMIC_RELAXED) & 0x3FF) + key * 4;
    win_ledger_add(WIN_KEY, handle, "CM_Open_DevNode_Key", caller);
    return handle;
}

WIN_FUNCTION(RegQueryValueExW)
{
    if (!win_ledger_has(WIN_KEY, frame->arg[0]))
        sim_stop("registry-key", "0x%zx is no open key", (size_t)frame->arg[0]);
    if (frame->arg[2])
        return ERROR_INVALID_PARAMETER;
    uint32_t *type = (uint32_t *)frame->arg[3], *size = (uint32_t *)frame->arg[5];
    uint8_t *data = (uint8_t *)frame->arg[4];
    if (data && !size)
        return ERROR_INVALID_PARAMETER;
    struct wire_reply reply;
    char *name = sim_utf8_from((const uint16_t *)frame->arg[1]), *value;
    size_t length;
    uint32_t error = pnp_ask(WIRE_REG_QUERY, NT_ARGS((frame->arg[0] - KEY_FIRST) % 4096 / 4), name,
                             strlen(name) + 1, &reply, &value, &length);
    free(name);
    if (!error && type)
        *type = (uint32_t)reply.result[0];
    if (!error && size) {
        if (data && *size < length)
            error = ERROR_MORE_DATA;
        else if (data)
            memcpy(data, value, length);
        *size = (uint32_t)length;
    }
    free(value);
    return error;
}

WIN_FUNCTION(RegCloseKey)
{
    return win_ledger_remove(WIN_KEY, frame->arg[0]) ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}

#define ADVAPI "advapi32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(ADVAPI, RegQueryValueExW, 6, SIM_SINCE_WIN7, WIN_CODE,
            "win32/api/winreg/nf-winreg-regqueryvalueexw"),
    WIN_ROW(ADVAPI, RegCloseKey, 1, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/winreg/nf-winreg-regclosekey"),
};
const struct sim_import_table win_advapi32_registry = WIN_TABLE(rows);
