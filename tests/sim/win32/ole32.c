/* SPDX-License-Identifier: MIT
 * COM as far as one object needs it: the connection manager (netcon.c). */
#include <string.h>
#include <sys/random.h>
#include "netcon.h"
#include "rows.h"

#define COINIT_APARTMENTTHREADED 2u

WIN_FUNCTION(CoInitializeEx)
{
    uint32_t mode = (uint32_t)frame->arg[1];
    static __thread uint32_t apartment;
    struct win_thread *thread = win_thread();
    if (frame->arg[0])
        return E_INVALIDARG;
    if (thread->com_depth && ((apartment ^ mode) & COINIT_APARTMENTTHREADED))
        return RPC_E_CHANGED_MODE;
    apartment = mode;
    return thread->com_depth++ ? S_FALSE : S_OK;
}

WIN_FUNCTION(CoUninitialize)
{
    (void)frame;
    if (!win_thread()->com_depth)
        sim_stop("com", "CoUninitialize without CoInitializeEx on this thread");
    win_thread()->com_depth--;
    return 0;
}

WIN_FUNCTION(CoCreateInstance)
{
    void **object = (void **)frame->arg[4];
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!win_thread()->com_depth)
        return CO_E_NOTINITIALIZED;
    return win_connection_manager_create((const uint8_t *)frame->arg[0], (const uint8_t *)frame->arg[3],
                                         (uint32_t)frame->arg[2], frame->return_address, object);
}

/* A random GUID: version 4 of RFC 4122. */
WIN_FUNCTION(CoCreateGuid)
{
    uint8_t *guid = (uint8_t *)frame->arg[0];
    if (!guid)
        return E_INVALIDARG;
    if (getrandom(guid, 16, 0) != 16)
        return E_FAIL;
    guid[7] = (guid[7] & 0x0F) | 0x40;
    guid[8] = (guid[8] & 0x3F) | 0x80;
    return S_OK;
}

#define OLE "ole32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(OLE, CoInitializeEx, 2, SIM_SINCE_WIN7, WIN_CODE,
            "win32/api/combaseapi/nf-combaseapi-coinitializeex"),
    WIN_ROW(OLE, CoUninitialize, 0, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/combaseapi/nf-combaseapi-couninitialize"),
    WIN_ROW(OLE, CoCreateGuid, 1, SIM_SINCE_WIN7, WIN_CODE,
            "win32/api/combaseapi/nf-combaseapi-cocreateguid"),
    WIN_ROW(OLE, CoCreateInstance, 5, SIM_SINCE_WIN7, WIN_CODE,
            "win32/api/combaseapi/nf-combaseapi-cocreateinstance"),
};
const struct sim_import_table win_ole32 = WIN_TABLE(rows);
