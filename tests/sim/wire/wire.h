/* SPDX-License-Identifier: MIT
 * The protocol between a simulated process and the kernel process: what a system call carries. Fixed widths,
 * so that a process of 32 bits can live under a kernel of 64 (WOW64).
 *
 * One SOCK_SEQPACKET connection per thread of the process; the kernel serves each with a thread of its own,
 * which is the calling thread as drivers see it (context, previous mode). The first connection is inherited
 * as fd 3 and further ones are socketpairs handed over with WIRE_THREAD. A connection that ends ends its
 * thread; all of them ended (SIGKILL included) ends the process, and the kernel does what Windows does then:
 * process notification, CLEANUP and CLOSE of the handles left, check for locked pages.
 *
 * Events are eventfds, handed out with SCM_RIGHTS, so that signalling and waiting cost no round trip: an
 * auto-reset wait is poll and a non-blocking read, SetEvent a write. User memory that a driver may see is a
 * memfd per allocation, made by the process and handed over with WIRE_ALLOCATE; the kernel maps it again when
 * a driver maps a locked MDL, so that unmapping is real. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ranges of call numbers; each owner keeps its numbers in its own header. */
enum wire_range
{
    WIRE_NT = 0x0000,  /* wire_nt.h: kernel/syscalls.c serves, win32/nt_client.c asks */
    WIRE_PNP = 0x1000, /* wire_pnp.h: pnp/ serves, win32/ asks */
};

#define WIRE_MAX_DATA 0x10000
#define WIRE_ARGS     8

struct wire_call
{
    uint32_t number;
    uint32_t data_size; /* bytes that follow the structure */
    uint64_t arg[WIRE_ARGS];
};
struct wire_reply
{
    uint32_t status; /* NTSTATUS, or a Win32 error for WIRE_PNP */
    uint32_t data_size;
    uint64_t result[WIRE_ARGS];
};

/* Process side: sends the call with data (and fd_in if >= 0), waits for the reply; data_out gets at most
 * *out_size bytes and *out_size the number given; *fd_out (if not NULL) an fd that came along, or -1. */
void wire_ask(int connection, struct wire_call *call, const void *data, int fd_in, struct wire_reply *reply,
              void *data_out, size_t *out_size, int *fd_out);

/* Kernel side: one server per range. `thread` context is sim_thread(). The handler fills reply, puts reply
 * data into out (WIRE_MAX_DATA bytes), an fd to pass in *fd_out. */
struct sim_process;
typedef void (*wire_server_fn)(struct sim_process *process, const struct wire_call *call, const void *data,
                               int fd_in, struct wire_reply *reply, void *out, int *fd_out);
void wire_register_server(enum wire_range range, wire_server_fn serve);

/* What wire_register_server is made of, for the threads that serve: one message each way.
 * An fd that comes in belongs to the server function; the one it gives out is closed once it has been sent,
 * so a server that keeps its own gives a duplicate. */
wire_server_fn wire_server(uint32_t number); /* of the number's range; NULL if none */
/* Waits for a call; data must hold WIRE_MAX_DATA bytes. False at the end of the connection. */
bool wire_receive_call(int connection, struct wire_call *call, void *data, int *fd_in);
/* False if the process is gone. */
bool wire_send_reply(int connection, struct wire_reply *reply, const void *data, int fd_out);

#endif
