/* SPDX-License-Identifier: MIT
 * Tests of the kernel model itself with a second process: its system calls, one by one, and its death in the
 * middle of a request. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../wire/wire_nt.h"
#include "kernel_test.h"

#define CONNECTION 3

/* ---- The process ---- */

static struct wire_reply reply;
static uint8_t reply_data[WIRE_MAX_DATA];
static int reply_fd;

static uint32_t
ask(uint32_t number, const uint64_t *args, unsigned count, const void *data, size_t size, int fd)
{
    struct wire_call call = {.number = number, .data_size = (uint32_t)size};
    size_t out = sizeof reply_data;
    memcpy(call.arg, args, count * sizeof *args);
    wire_ask(CONNECTION, &call, data, fd, &reply, reply_data, &out, &reply_fd);
    return reply.status;
}
#define ASK_WITH(number, data, size, fd, ...)                                                                \
    ask(number, (const uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / 8, data, size, fd)
#define ASK(number, ...) ASK_WITH(number, NULL, 0, -1, __VA_ARGS__)
/* The exit status of a process has 8 bits: the line goes to standard error. */
#define MUST(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s, status 0x%08x\n", __FILE__, __LINE__, #condition, reply.status);     \
            exit(40);                                                                                        \
        }                                                                                                    \
    } while (0)

static uint64_t
open_test_device(uint32_t access)
{
    static const uint16_t path[] = u"\\\\.\\Global\\Test";
    MUST(ASK_WITH(NT_OPEN_DEVICE, path, sizeof path - 2, -1, access, 3, 1) == 0);
    return reply.result[0];
}

static bool
readable(int fd)
{
    struct pollfd ready = {fd, POLLIN, 0};
    return poll(&ready, 1, 0) == 1;
}

static void
try_events(void)
{
    uint64_t value = 1;
    MUST(ASK(NT_CREATE_EVENT, 0, 1) == 0);
    uint64_t event = reply.result[0];
    int fd = reply_fd;
    MUST(fd >= 0 && readable(fd) && read(fd, &value, 8) == 8 && !readable(fd));
    MUST(ASK(NT_WAITABLE, event) == 0 && reply.result[0] == WIRE_OBJECT_EVENT_AUTO);
    int other = reply_fd;
    MUST(write(fd, &value, 8) == 8 && readable(other));
    /* A duplicate with fewer rights is the same event. */
    MUST(ASK(NT_DUPLICATE, WIRE_CURRENT_PROCESS, event, WIRE_CURRENT_PROCESS, 0x100000, 0) == 0);
    uint64_t weak = reply.result[0];
    MUST(readable(reply_fd));
    MUST(ASK(NT_WAITABLE, weak) == 0 && reply.result[1] == 0x100000);
    MUST(ASK(NT_CLOSE, event) == 0 && ASK(NT_CLOSE, event) == (uint32_t)STATUS_INVALID_HANDLE);
    MUST(ASK(NT_CLOSE, weak) == 0);
}

static void
try_memory(void)
{
    int fd = memfd_create("test", 0);
    MUST(ftruncate(fd, 3 * 4096) == 0);
    uint8_t *memory = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    MUST(ASK_WITH(NT_ALLOCATE, NULL, 0, fd, (uintptr_t)memory, 3 * 4096, 3, 0) == 0);
    MUST(ASK(NT_PROTECT, (uintptr_t)memory + 4096, 4096, 1) == 0 && reply.result[0] == 3);
    MUST(ASK(NT_PROTECT, (uintptr_t)memory, 3 * 4096 + 1, 1) != 0);
    MUST(ASK(NT_FREE, (uintptr_t)memory + 4096) != 0 && ASK(NT_FREE, (uintptr_t)memory) == 0);
    MUST(ASK(NT_FREE, (uintptr_t)memory) != 0);
}

static void
try_requests(void)
{
    uint64_t device = open_test_device(0xC0000000u), reader = open_test_device(0x80000000u);
    MUST(ASK_WITH(NT_IOCTL, "abcd", 4, -1, device, 0x0022E000, 8, 0, 0) == 0);
    MUST(reply.result[0] == 4 && reply.data_size == 4 && reply_data[0] == (uint8_t) ~'a');
    MUST(ASK_WITH(NT_IOCTL, "abcd", 4, -1, reader, 0x0022E000, 8, 0, 0) == (uint32_t)STATUS_ACCESS_DENIED);
    MUST(ASK_WITH(NT_WRITE, "abcdef", 6, -1, device, 0, 0, 0, 0) == 0 && reply.result[0] == 6);
    MUST(ASK(NT_READ, device, 10, 0, 0, 0) == 0 && reply.data_size == 10 && reply_data[9] == 9);
    /* A request that stays pending until it is cancelled. */
    MUST(ASK(NT_CREATE_EVENT, 1, 1) == 0);
    uint64_t event = reply.result[0];
    int done = reply_fd;
    MUST(ASK(NT_IOCTL, device, 0x0022E004, 4, WIRE_IO_ASYNC, event) == STATUS_PENDING);
    uint64_t id = reply.result[1];
    MUST(!readable(done) && ASK(NT_IO_RESULT, id, 0) == STATUS_PENDING);
    MUST(ASK(NT_CANCEL_IO, device, id, 1) == 0);
    MUST(readable(done) && ASK(NT_IO_RESULT, id, 1) == (uint32_t)STATUS_CANCELLED);
    MUST(ASK(NT_IO_RESULT, id, 1) == (uint32_t)STATUS_NOT_FOUND);
    MUST(ASK(NT_CLOSE, device) == 0);
    MUST(ASK_WITH(NT_IOCTL, "abcd", 4, -1, device, 0x0022E000, 8, 0, 0) == (uint32_t)STATUS_INVALID_HANDLE);
}

static void
try_processes(uint64_t id)
{
    char arguments[] = "kernel_process\0exit 7";
    MUST(ASK(NT_QUERY_PROCESS, WIRE_CURRENT_PROCESS) == 0 && reply.result[0] == id && reply.result[2] == 0);
    MUST(ASK(NT_OPEN_PROCESS, 0x7FFFFFF0, 0x100000) == (uint32_t)STATUS_INVALID_CID);
    MUST(ASK_WITH(NT_START_PROCESS, arguments, sizeof arguments, -1, sim_arch, 0) == 0);
    uint64_t child = reply.result[0], child_id = reply.result[1];
    struct pollfd ended = {reply_fd, POLLIN, 0};
    MUST(ASK(NT_OPEN_PROCESS, child_id, 0x100000) == 0 || reply.status == (uint32_t)STATUS_INVALID_CID);
    MUST(poll(&ended, 1, 60000) == 1);
    MUST(ASK(NT_QUERY_PROCESS, child) == 0 && reply.result[2] == 1 && reply.result[3] == 7 &&
         reply.result[4] == 0);
    char sleeper[] = "kernel_process\0sleep";
    MUST(ASK_WITH(NT_START_PROCESS, sleeper, sizeof sleeper, -1, sim_arch, 1) == 0);
    child = reply.result[0];
    ended.fd = reply_fd;
    MUST(poll(&ended, 1, 100) == 0);
    MUST(ASK(NT_TERMINATE_PROCESS, child, 1) == 0);
    MUST(poll(&ended, 1, 60000) == 1);
}

SIM_PROGRAM(kernel_process)
{
    if (argc < 2)
        return 41;
    MUST(ASK(NT_ATTACH, sizeof(void *) * 8, (uint64_t)getpid()) == 0);
    uint64_t id = reply.result[0], elevated = reply.result[2];
    MUST(ASK(NT_SYSTEM, 0) == 0);
    MUST(reply.result[2] == sim_persona->build && reply.result[3] == sim_persona->system);
    MUST(ASK(0x0FFF, 0) == (uint32_t)STATUS_NOT_IMPLEMENTED);
    if (strcmp(argv[1], "exit 7") == 0)
        return elevated ? 42 : 7;
    if (strcmp(argv[1], "request") == 0)
        ASK(NT_IOCTL, open_test_device(0xC0000000u), 0x0022E004, 4, 0, 0);
    while (strcmp(argv[1], "sleep") == 0)
        pause();
    try_events();
    try_memory();
    try_requests();
    try_processes(id);
    return 0;
}

/* ---- The device that it opens, and the scenarios ---- */

static _Atomic unsigned pending, cancelled, cleanups, closes;

KERNEL_ROUTINE(cancel_request, 2)
{
    IRP *irp = (IRP *)frame->arg[1];
    KERNEL(IoReleaseCancelSpinLock, irp->CancelIrql);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    cancelled++;
    KERNEL(IofCompleteRequest, POINTER(irp), 0);
    return 0;
}

KERNEL_ROUTINE(dispatch_request, 2)
{
    IRP *irp = (IRP *)frame->arg[1];
    IO_STACK_LOCATION *stack = irp->Tail.Overlay.CurrentStackLocation;
    uint8_t *buffer = irp->AssociatedIrp.SystemBuffer;
    uint32_t length = stack->Parameters.Read.Length;
    irp->IoStatus.Information = 0;
    switch (stack->MajorFunction) {
    case IRP_MJ_DEVICE_CONTROL:
        if (stack->Parameters.DeviceIoControl.IoControlCode == 0x0022E004) {
            stack->Control |= SL_PENDING_RETURNED;
            __atomic_store_n(&irp->CancelRoutine, KERNEL_CODE(cancel_request), __ATOMIC_RELEASE);
            pending++;
            return STATUS_PENDING;
        }
        length = stack->Parameters.DeviceIoControl.InputBufferLength;
        for (uint32_t i = 0; i < length; i++)
            buffer[i] = (uint8_t)~buffer[i];
        irp->IoStatus.Information = length;
        break;
    case IRP_MJ_READ:
        for (uint32_t i = 0; i < length; i++)
            buffer[i] = (uint8_t)i;
        irp->IoStatus.Information = length;
        break;
    case IRP_MJ_WRITE:
        EXPECT(memcmp(buffer, "abcdef", length) == 0);
        irp->IoStatus.Information = length;
        break;
    case IRP_MJ_CLEANUP:
        cleanups++;
        EXPECT(sim_thread()->process != sim_system_process);
        break;
    case IRP_MJ_CLOSE:
        closes++;
        break;
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    KERNEL(IofCompleteRequest, POINTER(irp), 0);
    return STATUS_SUCCESS;
}

SIM_SCENARIO(kernel_system_calls_do_what_they_say)
{
    DEVICE_OBJECT *device = kernel_device(KERNEL_CODE(dispatch_request));
    device->Flags |= DO_BUFFERED_IO;
    struct sim_process *process =
        sim_process_start(sim_arch, "kernel_process", (const char *const[]){"all", NULL});
    EXPECT(process != NULL);
    EXPECT_EQ(sim_process_wait(process, 60000), 0);
    EXPECT_EQ(cleanups, 2);
    EXPECT_EQ(closes, 2);
    sim_device_delete(device);
}

SIM_SCENARIO(kernel_process_killed_in_a_request_has_it_cancelled)
{
    DEVICE_OBJECT *device = kernel_device(KERNEL_CODE(dispatch_request));
    struct sim_process *process =
        sim_process_start(sim_arch, "kernel_process", (const char *const[]){"request", NULL});
    EXPECT(process != NULL);
    for (unsigned i = 0; pending == 0; i++) {
        EXPECT(i < 60000);
        usleep(1000);
    }
    sim_process_kill(process);
    EXPECT_EQ(sim_process_wait(process, 0), 137);
    EXPECT_EQ(cancelled, 1);
    EXPECT_EQ(closes, 1);
    sim_device_delete(device);
}

/* ---- What is called when a process ends, and in which order ---- */

static unsigned order[8], events;

KERNEL_ROUTINE(note_process, 3)
{
    if (!(uint8_t)frame->arg[2]) {
        order[events++] = 1;
        EXPECT(sim_thread()->process->id == (uint32_t)frame->arg[1]);
        EXPECT(KERNEL(KeAreApcsDisabled) != 0);
        EXPECT_EQ(sim_irql(), PASSIVE);
    }
    return 0;
}

KERNEL_ROUTINE(note_request, 2)
{
    IRP *irp = (IRP *)frame->arg[1];
    unsigned major = irp->Tail.Overlay.CurrentStackLocation->MajorFunction;
    if (major == IRP_MJ_CLEANUP || major == IRP_MJ_CLOSE)
        order[events++] = 0x100 + major;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    KERNEL(IofCompleteRequest, POINTER(irp), 0);
    return STATUS_SUCCESS;
}

SIM_SCENARIO(kernel_process_end_notifies_then_cleans_up_then_closes)
{
    DEVICE_OBJECT *device = kernel_device(KERNEL_CODE(note_request));
    struct sim_process *process = sim_process_fake();
    uint64_t handle;
    KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(note_process)), 0);
    EXPECT_EQ((uint32_t)sim_open(process, kernel_device_path, 0xC0000000u, &handle), STATUS_SUCCESS);
    sim_process_exit_fake(process);
    EXPECT_EQ(events, 3);
    EXPECT_EQ(order[0], 1);
    EXPECT_EQ(order[1], 0x100 + IRP_MJ_CLEANUP);
    EXPECT_EQ(order[2], 0x100 + IRP_MJ_CLOSE);
    KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(note_process)), 1);
    sim_device_delete(device);
}
