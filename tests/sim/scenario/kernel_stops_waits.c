/* SPDX-License-Identifier: MIT
 * Tests of the kernel model itself, like kernel_stops.c: each rule of threads, events and work items is broken once. */
#include <string.h>
#include <unistd.h>
#include "kernel_test.h"

static KSPIN_LOCK one;

/* ---- Threads ---- */

KERNEL_ROUTINE(keep_region, 1)
{
    (void)frame;
    KERNEL(KeEnterCriticalRegion);
    return 0;
}

static void
thread_ends_in_critical_region(void)
{
    HANDLE handle;
    KERNEL(PsCreateSystemThread, POINTER(&handle), 0, 0, 0, 0, POINTER(KERNEL_CODE(keep_region)), 0);
    sleep(20);
}

KERNEL_ROUTINE(keep_irql, 1)
{
    (void)frame;
    sim_irql_raise(APC);
    return 0;
}

static void
thread_ends_at_apc_level(void)
{
    HANDLE handle;
    KERNEL(PsCreateSystemThread, POINTER(&handle), 0, 0, 0, 0, POINTER(KERNEL_CODE(keep_irql)), 0);
    sleep(20);
}

KERNEL_ROUTINE(keep_lock, 1)
{
    (void)frame;
    kernel_spin_acquire(&one);
    kernel_lower_irql(DISPATCH);
    return 0;
}

static void
thread_ends_with_lock(void)
{
    HANDLE handle;
    KERNEL(PsCreateSystemThread, POINTER(&handle), 0, 0, 0, 0, POINTER(KERNEL_CODE(keep_lock)), 0);
    sleep(20);
}

/* ---- Events ---- */

static void
event_uninitialised(void)
{
    KEVENT event;
    memset(&event, 0xA5, sizeof event);
    KERNEL(KeSetEvent, POINTER(&event), 0, 0);
}

static void
event_of_unknown_type(void)
{
    KEVENT event;
    KERNEL(KeInitializeEvent, POINTER(&event), 7, 0);
}

static void
event_set_with_wait(void)
{
    KEVENT event;
    KERNEL(KeInitializeEvent, POINTER(&event), 0, 0);
    KERNEL(KeSetEvent, POINTER(&event), 0, 1);
}

static void
wait_for_no_object(void)
{
    uint8_t nothing[64];
    memset(nothing, 0xA5, sizeof nothing);
    KERNEL(KeWaitForSingleObject, POINTER(nothing), 0, 0, 0, 0);
}

static void
wait_for_none(void)
{
    KERNEL(KeWaitForMultipleObjects, 0, 0, 1, 0, 0, 0, 0, 0);
}

static _Atomic bool about_to_wait;

KERNEL_ROUTINE(wait_for_context, 1)
{
    about_to_wait = true;
    KERNEL(KeWaitForSingleObject, frame->arg[0], 0, 0, 0, 0);
    return 0;
}

static void
event_freed_while_waited_for(void)
{
    KEVENT *event = (KEVENT *)(uintptr_t)KERNEL(ExAllocatePoolWithTag, 0, sizeof *event, 0x74736554);
    HANDLE handle;
    KERNEL(KeInitializeEvent, POINTER(event), 0, 0);
    KERNEL(PsCreateSystemThread, POINTER(&handle), 0, 0, 0, 0, POINTER(KERNEL_CODE(wait_for_context)),
           POINTER(event));
    while (!about_to_wait)
        usleep(1000);
    usleep(500000);
    KERNEL(ExFreePoolWithTag, POINTER(event), 0x74736554);
}

/* ---- Work items ---- */

static void
sleep_long(void *unused)
{
    (void)unused;
    sleep(20);
}

KERNEL_ROUTINE(do_nothing, 2)
{
    (void)frame;
    return 0;
}

KERNEL_ROUTINE(return_at_apc_level, 2)
{
    (void)frame;
    sim_irql_raise(APC);
    return 0;
}

static void
work_item_returns_at_apc_level(void)
{
    uintptr_t item = (uintptr_t)KERNEL(IoAllocateWorkItem, POINTER(kernel_device(KERNEL_CODE(do_nothing))));
    KERNEL(IoQueueWorkItem, item, POINTER(KERNEL_CODE(return_at_apc_level)), 1, 0);
    sleep(20);
}

static void
work_item_freed_while_queued(void)
{
    uintptr_t item = (uintptr_t)KERNEL(IoAllocateWorkItem, POINTER(kernel_device(KERNEL_CODE(do_nothing))));
    for (unsigned i = 0; i < 3; i++)
        sim_queue_work(sleep_long, NULL);
    KERNEL(IoQueueWorkItem, item, POINTER(KERNEL_CODE(do_nothing)), 1, 0);
    KERNEL(IoFreeWorkItem, item);
}

static void
work_item_queued_twice(void)
{
    uintptr_t item = (uintptr_t)KERNEL(IoAllocateWorkItem, POINTER(kernel_device(KERNEL_CODE(do_nothing))));
    for (unsigned i = 0; i < 3; i++)
        sim_queue_work(sleep_long, NULL);
    KERNEL(IoQueueWorkItem, item, POINTER(KERNEL_CODE(do_nothing)), 1, 0);
    KERNEL(IoQueueWorkItem, item, POINTER(KERNEL_CODE(do_nothing)), 1, 0);
}

static void
work_item_freed_twice(void)
{
    uintptr_t item = (uintptr_t)KERNEL(IoAllocateWorkItem, POINTER(kernel_device(KERNEL_CODE(do_nothing))));
    KERNEL(IoFreeWorkItem, item);
    KERNEL(IoFreeWorkItem, item);
}

/* ---- The cases ---- */

static const struct kernel_case Cases[] = {
    {thread_ends_in_critical_region, "returned inside a critical region"},
    {thread_ends_at_apc_level, "ended at IRQL 1"},
    {thread_ends_with_lock, "returned with lock"},
    {event_of_unknown_type, "KeInitializeEvent with type 7"},
    {event_set_with_wait, "KeSetEvent with Wait TRUE"},
    {wait_for_no_object, "is no object that can be waited for"},
    {wait_for_none, "a wait for 0 objects"},
    {event_uninitialised, "is no initialised event"},
    {event_freed_while_waited_for, "which a thread waits for"},
    {work_item_returns_at_apc_level, "returned at IRQL 1"},
    {work_item_freed_while_queued, "is freed while it is queued"},
    {work_item_queued_twice, "is queued twice"},
    {work_item_freed_twice, "is no work item"},
};

SIM_SCENARIO(kernel_wait_rule_broken_stops)
{
    kernel_expect_stops(Cases, sizeof Cases / sizeof Cases[0]);
}
