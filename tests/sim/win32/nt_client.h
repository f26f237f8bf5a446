/* SPDX-License-Identifier: MIT
 * The process's end of its connections to the kernel process: one per thread, made at the thread's first
 * call. */
#ifndef SIM_NT_CLIENT_H
#define SIM_NT_CLIENT_H

#include "../wire/wire_nt.h"
#include "../wire/wire_pnp.h"
#include "../wire/blob.h"

/* One call; args beyond those given are zero. Returns reply.status. `out`/`out_size`/`fd_out` may be NULL. */
uint32_t nt_ask(uint32_t number, const uint64_t args[WIRE_ARGS], const void *data, size_t size, int fd_in,
                struct wire_reply *reply, void *out, size_t *out_size, int *fd_out);
#define NT_ARGS(...) ((const uint64_t[WIRE_ARGS]){__VA_ARGS__})

/* A call to the device manager whose data is a blob or a string; reply data in a buffer that the caller
 * frees, ended by an extra zero byte (and *out_size without it). Any of reply, out and out_size may be NULL.
 */
uint32_t pnp_ask(uint32_t number, const uint64_t args[WIRE_ARGS], const void *data, size_t size,
                 struct wire_reply *reply, char **out, size_t *out_size);

void nt_attach(void);
/* The Win32 error that RtlNtStatusToDosError gives. */
uint32_t win_error_from_status(uint32_t status);

#endif
