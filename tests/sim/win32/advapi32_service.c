/* SPDX-License-Identifier: MIT
 * The service manager: the services live in the kernel process. */
#include <stdlib.h>
#include <string.h>
#include "nt_client.h"
#include "rows.h"

#define SC_HANDLE_MANAGER    0x00600000u
#define SC_HANDLE_SERVICE    0x00600010u /* + 16 * service */
#define SERVICE_QUERY_CONFIG 1u
#define SERVICE_QUERY_STATUS 4u
#define DELETE_ACCESS        0x10000u

static uint32_t
service_of(uintptr_t handle)
{
    if (handle < SC_HANDLE_SERVICE || !win_ledger_has(WIN_SERVICE, handle))
        sim_stop("service-handle", "0x%zx is no handle of a service", (size_t)handle);
    return (uint32_t)((handle & 0xFFFFF) - 0x10) / 16;
}

WIN_FUNCTION(OpenSCManagerW)
{
    if (frame->arg[0] || frame->arg[1])
        sim_stop("unmodelled", "OpenSCManagerW of another machine or database");
    /* Connecting and looking up is everybody's right; more needs an administrator. */
    if (((uint32_t)frame->arg[2] & ~5u) && !win_elevated())
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    win_ledger_add(WIN_SERVICE, SC_HANDLE_MANAGER, "OpenSCManagerW", frame->return_address);
    return win_done(SC_HANDLE_MANAGER);
}

WIN_FUNCTION(OpenServiceW)
{
    if (frame->arg[0] != SC_HANDLE_MANAGER || !win_ledger_has(WIN_SERVICE, SC_HANDLE_MANAGER))
        return WIN_FALSE(ERROR_INVALID_HANDLE);
    if (((uint32_t)frame->arg[2] & DELETE_ACCESS) && !win_elevated())
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    struct wire_reply reply;
    char *name = sim_utf8_from((const uint16_t *)frame->arg[1]);
    uint32_t error = pnp_ask(WIRE_SERVICE_OPEN, NULL, name, strlen(name) + 1, &reply, NULL, NULL);
    free(name);
    if (error)
        return WIN_FALSE(error);
    uintptr_t handle = SC_HANDLE_SERVICE + 16 * (uintptr_t)reply.result[0];
    win_ledger_add(WIN_SERVICE, handle, "OpenServiceW", frame->return_address);
    return win_done(handle);
}

/* QUERY_SERVICE_CONFIGW: three DWORDs, path, group, DWORD tag, dependencies, account, display name. */
WIN_FUNCTION(QueryServiceConfigW)
{
    struct
    {
        uint32_t type, start, error_control;
        uint16_t *path, *group;
        uint32_t tag;
        uint16_t *dependencies, *account, *display;
    } *config = (void *)frame->arg[1];
    struct wire_reply reply;
    char *path;
    uint32_t error =
        pnp_ask(WIRE_SERVICE_QUERY, NT_ARGS(service_of(frame->arg[0])), NULL, 0, &reply, &path, NULL);
    if (error) {
        free(path);
        return WIN_FALSE(error);
    }
    uint16_t *wide = sim_utf16_from(path);
    size_t length = (sim_utf16_length(wide) + 1) * 2, needed = sizeof *config + length + 4 * 2;
    *(uint32_t *)frame->arg[3] = (uint32_t)needed;
    bool fits = (uint32_t)frame->arg[2] >= needed;
    if (fits) {
        uint16_t *text = (uint16_t *)(config + 1);
        memset(config, 0, needed);
        config->type = (uint32_t)reply.result[2];
        config->start = (uint32_t)reply.result[0];
        config->error_control = 1;
        memcpy(text, wide, length);
        config->path = text;
        config->group = config->dependencies = config->account = config->display = text + length / 2;
    }
    free(wide);
    free(path);
    return fits ? win_done(1) : WIN_FALSE(ERROR_INSUFFICIENT_BUFFER);
}

/* SERVICE_STATUS: type, state, controls, exit code, specific exit code, check point, wait hint. */
WIN_FUNCTION(QueryServiceStatus)
{
    struct wire_reply reply;
    uint32_t *status = (uint32_t *)frame->arg[1];
    uint32_t error =
        pnp_ask(WIRE_SERVICE_QUERY, NT_ARGS(service_of(frame->arg[0])), NULL, 0, &reply, NULL, NULL);
    if (error)
        return WIN_FALSE(error);
    memset(status, 0, 28);
    status[0] = (uint32_t)reply.result[2];
    status[1] = (uint32_t)reply.result[1];
    return win_done(1);
}

WIN_FUNCTION(DeleteService)
{
    uint32_t error =
        pnp_ask(WIRE_SERVICE_DELETE, NT_ARGS(service_of(frame->arg[0])), NULL, 0, NULL, NULL, NULL);
    return error ? WIN_FALSE(error) : win_done(1);
}

WIN_FUNCTION(CloseServiceHandle)
{
    if (!win_ledger_remove(WIN_SERVICE, frame->arg[0]))
        return WIN_FALSE(ERROR_INVALID_HANDLE);
    return win_done(1);
}

#define ADVAPI "advapi32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(ADVAPI, OpenSCManagerW, 3, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/winsvc/nf-winsvc-openscmanagerw"),
    WIN_ROW(ADVAPI, OpenServiceW, 3, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/winsvc/nf-winsvc-openservicew"),
    WIN_ROW(ADVAPI, QueryServiceConfigW, 4, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/winsvc/nf-winsvc-queryserviceconfigw"),
    WIN_ROW(ADVAPI, QueryServiceStatus, 2, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/winsvc/nf-winsvc-queryservicestatus"),
    WIN_ROW(ADVAPI, DeleteService, 1, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/winsvc/nf-winsvc-deleteservice"),
    WIN_ROW(ADVAPI, CloseServiceHandle, 1, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/winsvc/nf-winsvc-closeservicehandle"),
};
const struct sim_import_table win_advapi32_service = WIN_TABLE(rows);
