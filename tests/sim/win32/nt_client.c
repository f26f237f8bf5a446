/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>
#include "nt_client.h"
#include "thread.h"
#include "win32.h"

#define FIRST_CONNECTION 3

uint32_t win_process_id;
static uint64_t system_facts[WIRE_ARGS];

uint32_t
nt_ask(uint32_t number, const uint64_t args[WIRE_ARGS], const void *data, size_t size, int fd_in,
       struct wire_reply *reply, void *out, size_t *out_size, int *fd_out)
{
    struct wire_call call = {.number = number, .data_size = (uint32_t)size};
    struct wire_reply own;
    if (args)
        memcpy(call.arg, args, sizeof call.arg);
    if (!reply)
        reply = &own;
    wire_ask(win_thread()->connection, &call, data, fd_in, reply, out, out_size, fd_out);
    return reply->status;
}

uint32_t
pnp_ask(uint32_t number, const uint64_t args[WIRE_ARGS], const void *data, size_t size,
        struct wire_reply *reply, char **out, size_t *out_size)
{
    struct wire_reply own;
    size_t given = WIRE_MAX_DATA;
    char *buffer = malloc(WIRE_MAX_DATA + 2);
    uint32_t status = nt_ask(number, args, data, size, -1, reply ? reply : &own, buffer, &given, NULL);
    buffer[given] = 0;
    if (out)
        *out = buffer;
    else
        free(buffer);
    if (out_size)
        *out_size = given;
    return status;
}

void
nt_attach(void)
{
    struct wire_reply reply;
    win_thread_adopt(FIRST_CONNECTION, 0);
    if (nt_ask(NT_ATTACH, NT_ARGS(sizeof(void *) * 8, (uint64_t)getpid()), NULL, 0, -1, &reply, NULL, NULL,
               NULL) != 0)
        sim_stop("process-attach", "the kernel refuses the process: 0x%x", reply.status);
    win_process_id = (uint32_t)reply.result[0];
    win_thread()->id = (uint32_t)reply.result[1];
    nt_ask(NT_SYSTEM, NULL, NULL, 0, -1, &reply, NULL, NULL, NULL);
    memcpy(system_facts, reply.result, sizeof system_facts);
}

bool
win_elevated(void)
{
    return system_facts[5] != 0;
}

enum sim_arch
win_native_arch(void)
{
    return (enum sim_arch)system_facts[4];
}

bool
win_wow64(void)
{
    enum sim_arch native = win_native_arch();
    return sizeof(void *) == 4 && (native == SIM_AMD64 || native == SIM_ARM64);
}

uint32_t
win_error_from_status(uint32_t status)
{
    static const struct
    {
        uint32_t status, error;
    } map[] = {
        {0x00000000, ERROR_SUCCESS},
        {0x00000103, ERROR_IO_PENDING},
        {0x80000005, ERROR_MORE_DATA},
        {0xC0000001, 31 /* ERROR_GEN_FAILURE */},
        {0xC0000002, ERROR_INVALID_FUNCTION},
        {0xC0000004, 24 /* ERROR_BAD_LENGTH */},
        {0xC0000005, ERROR_NOACCESS},
        {0xC0000008, ERROR_INVALID_HANDLE},
        {0xC000000B, ERROR_INVALID_PARAMETER},
        {0xC000000D, ERROR_INVALID_PARAMETER},
        {0xC000000E, ERROR_FILE_NOT_FOUND},
        {0xC000000F, ERROR_FILE_NOT_FOUND},
        {0xC0000010, ERROR_INVALID_FUNCTION},
        {0xC0000017, ERROR_NOT_ENOUGH_MEMORY},
        {0xC0000022, ERROR_ACCESS_DENIED},
        {0xC0000023, ERROR_INSUFFICIENT_BUFFER},
        {0xC0000024, ERROR_INVALID_HANDLE},
        {0xC0000033, ERROR_INVALID_NAME},
        {0xC0000034, ERROR_FILE_NOT_FOUND},
        {0xC0000035, ERROR_ALREADY_EXISTS},
        {0xC000003A, ERROR_PATH_NOT_FOUND},
        {0xC000003B, 161 /* ERROR_BAD_PATHNAME */},
        {0xC0000043, ERROR_SHARING_VIOLATION},
        {0xC000009A, 1450 /* ERROR_NO_SYSTEM_RESOURCES */},
        {0xC00000A1, 1453 /* ERROR_WORKING_SET_QUOTA */},
        {0xC00000B5, 121 /* ERROR_SEM_TIMEOUT */},
        {0xC00000BB, ERROR_NOT_SUPPORTED},
        {0xC00000E8, 1784 /* ERROR_INVALID_USER_BUFFER */},
        {0xC0000120, 995 /* ERROR_OPERATION_ABORTED */},
        {0xC0000056, 303 /* ERROR_DELETE_PENDING */},
        {0xC0000184, 22 /* ERROR_BAD_COMMAND */},
        {0xC00002B6, 433 /* ERROR_NO_SUCH_DEVICE */},
        {0xC000009D, 1167 /* ERROR_DEVICE_NOT_CONNECTED */},
        {0xC000009E, 21 /* ERROR_NOT_READY */},
        {0xC00000A3, 21 /* ERROR_NOT_READY */},
        {0xC0000206, 1784 /* ERROR_INVALID_USER_BUFFER */},
        {0xC0000225, ERROR_NOT_FOUND},
        {0xC0000510, 1247 /* ERROR_ALREADY_INITIALIZED */},
    };
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (map[i].status == status)
            return map[i].error;
    return 317; /* ERROR_MR_MID_NOT_FOUND, what the system gives for a status without a code */
}
