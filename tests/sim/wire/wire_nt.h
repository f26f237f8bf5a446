/* SPDX-License-Identifier: MIT
 * The system calls of the NT kernel model. kernel/syscalls.c serves them, win32/ asks. A reply's status is an
 * NTSTATUS; what is not named below is zero. Handles travel as 64 bits: multiples of 4, below 2^31, per process;
 * WIRE_CURRENT_PROCESS stands for the caller itself wherever a process handle is asked for.
 * Strings are UTF-16 without a terminator, in the data part. */
#ifndef SIM_WIRE_NT_H
#define SIM_WIRE_NT_H

#include "wire.h"

#define WIRE_CURRENT_PROCESS (~0ull)

/* What a handle stands for, in replies. */
enum wire_object
{
    WIRE_OBJECT_EVENT_AUTO = 1, /* wait: poll for POLLIN, then a non-blocking read that must succeed */
    WIRE_OBJECT_EVENT_MANUAL,   /* wait: poll for POLLIN */
    WIRE_OBJECT_PROCESS,        /* wait: poll for POLLIN or POLLHUP */
    WIRE_OBJECT_THREAD,
    WIRE_OBJECT_FILE,
};

enum wire_nt_call
{
    /* First call on the inherited connection. arg: [0] bits of the word (32, 64), [1] Linux process id.
     * result: [0] process id, [1] thread id, [2] 1 if elevated, [3] process id of the parent (0: the system). */
    NT_ATTACH = WIRE_NT + 1,
    /* A further thread; fd_in: the kernel's end of its connection. result: [0] thread id. */
    NT_THREAD,
    /* data: none. result: [0] major, [1] minor, [2] build, [3] enum sim_system, [4] enum sim_arch of the kernel,
     * [5] 1 if elevated, [6] NDIS version. */
    NT_SYSTEM,
    /* The process is ending in order: [0] exit status. Reply, then the process ends itself. */
    NT_EXIT,

    /* Memory that a driver may see. The process has mapped it already; fd_in: the memfd. arg: [0] address,
     * [1] size (both multiples of the page), [2] 1 = readable, 3 = readable and writable, [3] offset in the memfd. */
    NT_ALLOCATE = WIRE_NT + 0x10,
    NT_FREE,    /* [0] address of a whole allocation; the process unmaps after the reply */
    NT_PROTECT, /* [0] address, [1] size within one allocation, [2] 0 = none, 1, 3; result [0]: the old one */

    /* data: path as CreateFile takes it (\\.\Global\Name, \\.\Name, \\?\...) or an NT path (\Device\..., \??\...).
     * arg: [0] desired access, [1] share access, [2] 1 = opened for overlapped use. result: [0] handle. */
    NT_OPEN_DEVICE = WIRE_NT + 0x20,
    /* arg: [0] handle, [1] control code, [2] size of the output buffer, [3] WIRE_IO_... flags, [4] event handle or 0;
     * data: input. result: [0] Information, [1] request id if the status is STATUS_PENDING (0x103). data: output.
     * Without WIRE_IO_ASYNC the call returns when the request is complete. */
    NT_IOCTL,
    NT_READ,  /* arg: [0] handle, [2] size, [3], [4] as NT_IOCTL; replies alike */
    NT_WRITE, /* arg: [0] handle, [3], [4] as NT_IOCTL; data: what to write */
    /* Result of a request that was pending: [0] request id, [1] 1 = wait for it. status STATUS_PENDING if it is not
     * complete yet, else its own; result [0] Information; data: output. A complete request is forgotten. */
    NT_IO_RESULT,
    /* arg: [0] handle, [1] request id or 0 for all of the handle, [2] 1 = those of every thread (CancelIoEx), 0 = of
     * the calling one (CancelIo). STATUS_NOT_FOUND if there was none. */
    NT_CANCEL_IO,

    NT_CLOSE = WIRE_NT + 0x30, /* [0] handle */
    /* arg: [0] source process, [1] handle, [2] target process, [3] desired access, [4] 1 = close the source,
     * 2 = same access. result: [0] handle in the target, [1] enum wire_object; an fd as NT_WAITABLE gives it if the
     * target is the caller and the object can be waited for. */
    NT_DUPLICATE,
    /* What a handle is: [0] handle. result: [0] enum wire_object, [1] granted access; an fd to wait on, if any. */
    NT_WAITABLE,
    /* arg: [0] 1 = manual reset, [1] 1 = signalled. result: [0] handle; fd: the eventfd (non-blocking).
     * SetEvent writes 1 to it, ResetEvent reads it empty. */
    NT_CREATE_EVENT,
    /* arg: [0] process id, [1] desired access. result: [0] handle; an fd as NT_WAITABLE gives it. */
    NT_OPEN_PROCESS,
    /* arg: [0] process handle. result: [0] process id, [1] 1 if WOW64, [2] 1 if it has ended, [3] exit status,
     * [4] 1 if elevated, [5] Linux process id. */
    NT_QUERY_PROCESS,
    /* arg: [0] process handle, [1] exit status. Ends another process as TerminateProcess does. */
    NT_TERMINATE_PROCESS,
    /* Starts `sim process <program> <args...>`. arg: [0] enum sim_arch, [1] 1 = keep the caller's elevation,
     * 0 = not elevated; data: program and arguments in UTF-8, each ended by NUL. fd_in: becomes its standard input
     * and output, or -1. result: [0] process handle, [1] process id; an fd as NT_WAITABLE gives it. */
    NT_START_PROCESS,
};

#define WIRE_IO_ASYNC 1 /* reply STATUS_PENDING if the driver does; the event is set on completion */

#endif
