/* SPDX-License-Identifier: MIT
 * Driver packages: staging and removing them. The store itself is the kernel process's. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "nt_client.h"
#include "rows.h"

#define SPOST_PATH             1u
#define SP_COPY_DELETESOURCE   1u
#define SP_COPY_REPLACEONLY    2u
#define SP_COPY_NOOVERWRITE    8u
#define SUOI_FORCEDELETE       1u
#define DIURFLAG_NO_REMOVE_INF 1u

static bool non_interactive;

static uint64_t
give_name(struct sim_frame *frame, const char *name)
{
    char *path = sim_format("C:\\Windows\\INF\\%s", name);
    uint16_t *wide = sim_utf16_from(path), *out = (uint16_t *)frame->arg[4];
    size_t units = sim_utf16_length(wide) + 1;
    uint32_t error = 0;
    if (frame->arg[6])
        *(uint32_t *)frame->arg[6] = (uint32_t)units;
    if (out && (uint32_t)frame->arg[5] < units)
        error = ERROR_INSUFFICIENT_BUFFER;
    else if (out)
        memcpy(out, wide, units * 2);
    if (!error && out && frame->arg[7])
        *(uint16_t **)frame->arg[7] = out + strlen("C:\\Windows\\INF\\");
    free(wide);
    free(path);
    return error;
}

WIN_FUNCTION(SetupCopyOEMInfW)
{
    uint32_t style = (uint32_t)frame->arg[3];
    if (!frame->arg[0])
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    if ((uint32_t)frame->arg[2] > SPOST_PATH || (style & ~SP_COPY_NOOVERWRITE))
        sim_stop("unmodelled", "SetupCopyOEMInfW of media type %u, style 0x%x", (uint32_t)frame->arg[2],
                 style);
    if (!win_elevated())
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    if (!non_interactive)
        sim_stop("documented", "staging outside non-interactive mode may show a dialog");
    char *path = sim_utf8_from((const uint16_t *)frame->arg[0]), *name;
    uint32_t error = pnp_ask(WIRE_STAGE, NT_ARGS(style), path, strlen(path) + 1, NULL, &name, NULL);
    free(path);
    if (!error || error == ERROR_FILE_EXISTS) {
        uint32_t too_small = (uint32_t)give_name(frame, name);
        if (too_small)
            error = too_small;
    }
    free(name);
    return error ? WIN_FALSE(error) : win_done(1);
}

WIN_FUNCTION(SetupUninstallOEMInfW)
{
    if (frame->arg[2])
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    if (!win_elevated())
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    char *name = sim_utf8_from((const uint16_t *)frame->arg[0]);
    uint32_t error = strchr(name, '\\') ? ERROR_INVALID_PARAMETER : 0;
    if (!error)
        error = pnp_ask(WIRE_UNSTAGE, NT_ARGS((uint32_t)frame->arg[1] & SUOI_FORCEDELETE), name,
                        strlen(name) + 1, NULL, NULL, NULL);
    free(name);
    return error ? WIN_FALSE(error) : win_done(1);
}

/* Returns the mode that was; documented without an error. */
WIN_FUNCTION(SetupSetNonInteractiveMode)
{
    bool before = __atomic_exchange_n(&non_interactive, (uint32_t)frame->arg[0] != 0, __ATOMIC_SEQ_CST);
    return win_done(before);
}

WIN_FUNCTION(DiUninstallDriverW)
{
    uint32_t flags = (uint32_t)frame->arg[2];
    if (flags & ~DIURFLAG_NO_REMOVE_INF)
        return WIN_FALSE(ERROR_INVALID_FLAGS);
    if (win_wow64())
        return WIN_FALSE(ERROR_IN_WOW64);
    if (!win_elevated())
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    if (!frame->arg[3])
        sim_stop("documented", "DiUninstallDriverW without NeedReboot may show a dialog");
    struct wire_reply reply;
    char *path = sim_utf8_from((const uint16_t *)frame->arg[1]);
    const char *prefix = "C:\\Windows\\INF\\";
    uint32_t error = ERROR_FILE_NOT_FOUND;
    if (sim_starts_with(path, prefix))
        error = pnp_ask(WIRE_REMOVE_DRIVER, NT_ARGS(flags), path + strlen(prefix),
                        strlen(path + strlen(prefix)) + 1, &reply, NULL, NULL);
    free(path);
    if (error)
        return WIN_FALSE(error);
    *(uint32_t *)frame->arg[3] = (uint32_t)reply.result[0];
    return win_done(1);
}

#define SETUP "setupapi.dll"
#define PAGE  "win32/api/setupapi/nf-setupapi-"
static const struct sim_import rows[] = {
    WIN_ROW(SETUP, SetupCopyOEMInfW, 8, SIM_SINCE_WIN7, WIN_ZERO, PAGE "setupcopyoeminfw"),
    WIN_ROW(SETUP, SetupUninstallOEMInfW, 3, SIM_SINCE_WIN7, WIN_ZERO, PAGE "setupuninstalloeminfw"),
    WIN_ROW(SETUP, SetupSetNonInteractiveMode, 1, SIM_SINCE_WIN7, WIN_NEVER,
            PAGE "setupsetnoninteractivemode"),
    WIN_ROW("newdev.dll", DiUninstallDriverW, 4, SIM_SINCE_WIN10, WIN_ZERO,
            "win32/api/newdev/nf-newdev-diuninstalldriverw"),
};
const struct sim_import_table win_setupapi_package = WIN_TABLE(rows);
