/* SPDX-License-Identifier: MIT
 * Events, waits, Sleep. An event is an eventfd that the kernel model knows too: setting and waiting need no
 * call. */
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#include "nt_client.h"
#include "rows.h"

#define MAXIMUM_WAIT_OBJECTS 64

uint64_t
win_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

WIN_FUNCTION(CreateEventW)
{
    struct wire_reply reply;
    int fd;
    bool manual = (uint32_t)frame->arg[1] != 0;
    if (frame->arg[0] || frame->arg[3])
        sim_stop("unmodelled", "CreateEventW with attributes or a name");
    uint32_t status = nt_ask(NT_CREATE_EVENT, NT_ARGS(manual, (uint32_t)frame->arg[2] != 0), NULL, 0, -1,
                             &reply, NULL, NULL, &fd);
    if (status)
        return WIN_FALSE(win_error_from_status(status));
    uint32_t value = win_handle_add(
        (struct win_handle){.kind = WIN_OBJECT_EVENT, .manual = manual, .fd = fd, .kernel = reply.result[0]},
        "CreateEventW", frame->return_address);
    /* Documented: zero after a success that opened nothing that existed. */
    return win_fail(ERROR_SUCCESS, value);
}

static bool
find_event(uint64_t value, struct win_handle *handle)
{
    if (!win_handle_find(value, handle))
        return false;
    if (handle->kind != WIN_OBJECT_EVENT) {
        win_fail(ERROR_INVALID_HANDLE, 0);
        return false;
    }
    return true;
}

WIN_FUNCTION(SetEvent)
{
    struct win_handle handle;
    uint64_t one = 1;
    if (!find_event(frame->arg[0], &handle))
        return 0;
    if (write(handle.fd, &one, sizeof one) != sizeof one && errno != EAGAIN)
        sim_stop("process-event", "cannot set an event: errno %d", errno);
    return win_done(1);
}

WIN_FUNCTION(ResetEvent)
{
    struct win_handle handle;
    uint64_t value;
    if (!find_event(frame->arg[0], &handle))
        return 0;
    if (read(handle.fd, &value, sizeof value) != sizeof value && errno != EAGAIN)
        sim_stop("process-event", "cannot reset an event: errno %d", errno);
    return win_done(1);
}

/* Takes what a successful wait takes; false if another thread was quicker. */
static bool
take(const struct win_handle *handle)
{
    uint64_t value;
    if (handle->kind != WIN_OBJECT_EVENT || handle->manual)
        return true;
    return read(handle->fd, &value, sizeof value) == sizeof value;
}

static uint64_t
wait(const struct win_handle *handles, unsigned count, bool all, uint32_t milliseconds)
{
    struct pollfd fds[MAXIMUM_WAIT_OBJECTS];
    uint64_t end = win_now_ms() + milliseconds;
    for (;;) {
        uint64_t now = win_now_ms();
        int left = milliseconds == INFINITE_TIME ? -1
                   : now >= end                  ? 0
                   : end - now > 0x7FFFFFFF      ? 0x7FFFFFFF
                                                 : (int)(end - now);
        for (unsigned i = 0; i < count; i++)
            fds[i] = (struct pollfd){handles[i].fd, POLLIN, 0};
        int ready = poll(fds, count, left);
        if (ready < 0 && errno != EINTR)
            sim_stop("process-wait", "poll fails with errno %d", errno);
        if (ready > 0 && !all) {
            for (unsigned i = 0; i < count; i++)
                if (fds[i].revents && take(&handles[i]))
                    return win_done(WAIT_OBJECT_0 + i);
        } else if (ready == (int)count) {
            /* Not atomic among several waiters, which Windows is; one waiter per set is all that is modelled.
             */
            for (unsigned i = 0; i < count; i++)
                take(&handles[i]);
            return win_done(WAIT_OBJECT_0);
        } else if (ready > 0) {
            usleep(500);
        }
        if (milliseconds != INFINITE_TIME && win_now_ms() >= end && ready <= 0)
            return win_done(WAIT_TIMEOUT);
    }
}

static bool
find_waitable(uint64_t value, struct win_handle *handle)
{
    if (!win_handle_find(value, handle))
        return false;
    if (handle->fd < 0 || handle->kind == WIN_OBJECT_FILE || handle->kind == WIN_OBJECT_CONSOLE)
        sim_stop("unmodelled", "a wait on a handle that is no event, process or thread");
    return true;
}

WIN_FUNCTION(WaitForSingleObject)
{
    struct win_handle handle;
    if (!find_waitable(frame->arg[0], &handle))
        return WAIT_FAILED;
    return wait(&handle, 1, false, (uint32_t)frame->arg[1]);
}

WIN_FUNCTION(WaitForMultipleObjects)
{
    struct win_handle handles[MAXIMUM_WAIT_OBJECTS];
    unsigned count = (uint32_t)frame->arg[0];
    const uintptr_t *values = (const uintptr_t *)frame->arg[1];
    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS)
        return win_fail(ERROR_INVALID_PARAMETER, WAIT_FAILED);
    for (unsigned i = 0; i < count; i++)
        if (!find_waitable(values[i], &handles[i]))
            return WAIT_FAILED;
    return wait(handles, count, (uint32_t)frame->arg[2] != 0, (uint32_t)frame->arg[3]);
}

WIN_FUNCTION(Sleep)
{
    uint32_t milliseconds = (uint32_t)frame->arg[0];
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    if (milliseconds == 0)
        sched_yield();
    while (milliseconds && nanosleep(&time, &time) != 0 && errno == EINTR)
        ;
    return win_done(0);
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, CreateEventW, 4, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/synchapi/nf-synchapi-createeventw"),
    WIN_ROW(K32, SetEvent, 1, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/synchapi/nf-synchapi-setevent"),
    WIN_ROW(K32, ResetEvent, 1, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/synchapi/nf-synchapi-resetevent"),
    WIN_ROW(K32, WaitForSingleObject, 2, SIM_SINCE_WIN7, WIN_FAILED,
            "win32/api/synchapi/nf-synchapi-waitforsingleobject"),
    WIN_ROW(K32, WaitForMultipleObjects, 4, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/synchapi/nf-synchapi-waitformultipleobjects"),
    WIN_ROW(K32, Sleep, 1, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/synchapi/nf-synchapi-sleep"),
};
const struct sim_import_table win_kernel32_sync = WIN_TABLE(rows);
