/* SPDX-License-Identifier: MIT
 * The ICMP functions of iphlpapi.dll: pings by the system's stack. Options are not modelled. */
#include <stdlib.h>
#include <string.h>
#include "nt_client.h"
#include "rows.h"

enum
{
    IP_BUF_TOO_SMALL = 11001
};

/* ICMP_ECHO_REPLY of this process's word size, with IP_OPTION_INFORMATION at its end. */
struct icmp_echo_reply
{
    uint32_t address, status, round_trip;
    uint16_t data_size, reserved;
    void *data;
    struct
    {
        uint8_t ttl, tos, flags, size;
        void *data;
    } options;
};
_Static_assert(sizeof(struct icmp_echo_reply) == (sizeof(void *) == 8 ? 40 : 28), "ICMP_ECHO_REPLY");

WIN_FUNCTION(IcmpCreateFile)
{
    struct win_handle handle = {.kind = WIN_OBJECT_ICMP, .fd = -1};
    return win_done(win_handle_add(handle, "IcmpCreateFile", frame->return_address));
}

static bool
is_icmp(uint64_t value)
{
    struct win_handle handle;
    if (!win_handle_find(value, &handle))
        return false;
    if (handle.kind != WIN_OBJECT_ICMP)
        win_fail(ERROR_INVALID_PARAMETER, 0);
    return handle.kind == WIN_OBJECT_ICMP;
}

WIN_FUNCTION(IcmpCloseHandle)
{
    if (!is_icmp(frame->arg[0]))
        return 0;
    win_handle_close(frame->arg[0]);
    return win_done(1);
}

WIN_FUNCTION(IcmpSendEcho)
{
    struct icmp_echo_reply *reply = (void *)frame->arg[5];
    uint32_t size = (uint16_t)frame->arg[3], room = (uint32_t)frame->arg[6];
    uint32_t address = (uint32_t)frame->arg[1];
    char *answer;
    size_t answer_size;
    if (frame->arg[4])
        sim_stop("unmodelled", "IcmpSendEcho with options");
    if (!is_icmp(frame->arg[0]))
        return 0;
    if (!reply || (size && !frame->arg[2]))
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    /* One reply with the request's data and, in any case, an ICMP error of 8 bytes. */
    if (room < sizeof *reply + (size > 8 ? size : 8))
        return WIN_FALSE(IP_BUF_TOO_SMALL);
    uint32_t status = pnp_ask(WIRE_ICMP_ECHO, NT_ARGS(address, (uint32_t)frame->arg[7]),
                              (const void *)frame->arg[2], size, NULL, &answer, &answer_size);
    if (status) {
        free(answer);
        return WIN_FALSE(status);
    }
    if (answer_size > room - sizeof *reply)
        answer_size = room - sizeof *reply;
    *reply = (struct icmp_echo_reply){
        .address = address, .data_size = (uint16_t)answer_size, .data = reply + 1, .options.ttl = 64};
    memcpy(reply + 1, answer, answer_size);
    free(answer);
    return win_done(1);
}

#define IP   "iphlpapi.dll"
#define PAGE "win32/api/icmpapi/nf-icmpapi-"
static const struct sim_import rows[] = {
    WIN_ROW(IP, IcmpCreateFile, 0, SIM_SINCE_WIN7, WIN_INVALID, PAGE "icmpcreatefile"),
    WIN_ROW(IP, IcmpCloseHandle, 1, SIM_SINCE_WIN7, WIN_NEVER, PAGE "icmpclosehandle"),
    WIN_ROW(IP, IcmpSendEcho, 8, SIM_SINCE_WIN7, WIN_ZERO, PAGE "icmpsendecho"),
};
const struct sim_import_table win_icmp = WIN_TABLE(rows);
