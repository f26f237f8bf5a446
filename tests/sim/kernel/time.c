/* SPDX-License-Identifier: MIT
 * Time, and the few questions about processors. Interrupt time runs from the start of the simulator. */
#include "internal.h"

#include <time.h>
#include <unistd.h>
#include "wait.h"

static uint64_t
row_KeQueryUnbiasedInterruptTime(struct sim_frame *frame)
{
    (void)frame;
    return (uint64_t)wait_now();
}

static uint64_t
row_KeQueryInterruptTimePrecise(struct sim_frame *frame)
{
    OUT(uint64_t, frame->arg[0]) = (uint64_t)wait_now();
    return (uint64_t)wait_now();
}

static uint64_t
row_KeQuerySystemTime(struct sim_frame *frame)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    OUT(int64_t, frame->arg[0]) = ((int64_t)now.tv_sec + 11644473600ll) * 10000000 + now.tv_nsec / 100;
    return 0;
}

static uint64_t
row_KeDelayExecutionThread(struct sim_frame *frame)
{
    int64_t interval = OUT(int64_t, frame->arg[2]);
    KEVENT never;
    sim_ke_initialize_event(&never, true, false);
    if (interval != 0)
        sim_ke_wait(&never, &interval);
    return STATUS_SUCCESS;
}

#if !defined(__aarch64__)
static uint64_t
row_KeQueryPerformanceCounter(struct sim_frame *frame)
{
    if (frame->arg[0])
        OUT(int64_t, frame->arg[0]) = 10000000;
    return (uint64_t)wait_now();
}

static uint64_t
row_KeStallExecutionProcessor(struct sim_frame *frame)
{
    int64_t until = wait_now() + (int64_t)(uint32_t)frame->arg[0] * 10;
    while (wait_now() < until)
        ;
    return 0;
}
#endif

static uint64_t
row_KeQueryActiveProcessorCount(struct sim_frame *frame)
{
    if (frame->arg[0])
        OUT(KAFFINITY, frame->arg[0]) = 0xF;
    return 4;
}

static uint64_t
row_KeQueryActiveProcessorCountEx(struct sim_frame *frame)
{
    (void)frame;
    return 4;
}

static uint64_t
row_KeQueryTimeIncrement(struct sim_frame *frame)
{
    (void)frame;
    return 156250;
}

#define row_KeQuerySystemTimePrecise row_KeQuerySystemTime
#define row_KeQueryInterruptTime     row_KeQueryUnbiasedInterruptTime

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, KeQueryUnbiasedInterruptTime, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-wdm-kequeryunbiasedinterrupttime"),
    ROW(NTOSKRNL, KeQueryInterruptTimePrecise, 1, SIM_STDCALL, SIM_SINCE_WIN8, PASSIVE, HIGH, 0,
        "nf-wdm-kequeryinterrupttimeprecise"),
    ROW(NTOSKRNL, KeQuerySystemTimePrecise, 1, SIM_STDCALL, SIM_SINCE_WIN8, PASSIVE, HIGH, 0,
        "nf-wdm-kequerysystemtimeprecise"),
#if defined(__i386__) || defined(__arm__) /* reads of the shared page elsewhere */
    ROW(NTOSKRNL, KeQuerySystemTime, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-wdm-kequerysystemtime-r1"),
    ROW(NTOSKRNL, KeQueryInterruptTime, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-wdm-kequeryinterrupttime"),
#endif
#if !defined(__aarch64__) /* which module has it there is not published */
    ROW(HAL, KeQueryPerformanceCounter, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-ntifs-kequeryperformancecounter"),
    ROW(HAL, KeStallExecutionProcessor, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-ntifs-kestallexecutionprocessor"),
#endif
    ROW(NTOSKRNL, KeDelayExecutionThread, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-kedelayexecutionthread"),
    ROW(NTOSKRNL, KeQueryActiveProcessorCount, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-kequeryactiveprocessorcount"),
    ROW(NTOSKRNL, KeQueryActiveProcessorCountEx, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-wdm-kequeryactiveprocessorcountex"),
    ROW(NTOSKRNL, KeQueryTimeIncrement, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-ntddk-kequerytimeincrement"),
};
TABLE(sim_time_imports, Rows);
