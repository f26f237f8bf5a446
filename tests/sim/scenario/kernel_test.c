/* SPDX-License-Identifier: MIT */
#include "kernel_test.h"

#include <unistd.h>

const uint16_t kernel_device_path[] = u"\\\\.\\Global\\Test";
DRIVER_OBJECT kernel_driver;

uint64_t
kernel_call(const char *name, unsigned words, const uintptr_t *args)
{
    const struct sim_import *row = sim_import_find(sim_driver_tables, NTOSKRNL, name);
    if (!row)
        row = sim_import_find(sim_driver_tables, HAL, name);
    if (!row)
        sim_fail(__FILE__, __LINE__, "the model has no %s on this system", name);
    return sim_call_words(sim_import_address(row), row->convention, words, args);
}

uint8_t
kernel_spin_acquire(KSPIN_LOCK *lock)
{
#if defined(__i386__)
    return (uint8_t)KERNEL(KfAcquireSpinLock, POINTER(lock));
#else
    return (uint8_t)KERNEL(KeAcquireSpinLockRaiseToDpc, POINTER(lock));
#endif
}

void
kernel_spin_release(KSPIN_LOCK *lock, uint8_t irql)
{
#if defined(__i386__)
    KERNEL(KfReleaseSpinLock, POINTER(lock), irql);
#else
    KERNEL(KeReleaseSpinLock, POINTER(lock), irql);
#endif
}

void
kernel_lower_irql(uint8_t irql)
{
#if defined(__i386__) || defined(__arm__)
    KERNEL(KfLowerIrql, irql);
#else
    KERNEL(KeLowerIrql, irql);
#endif
}

DEVICE_OBJECT *
kernel_device(void *dispatch)
{
    void *table[28];
    DEVICE_OBJECT *device;
    for (unsigned i = 0; i < 28; i++)
        table[i] = dispatch;
    EXPECT_EQ((uint32_t)sim_device_create(&kernel_driver, u"\\Device\\Test", u"\\DosDevices\\Global\\Test",
                                          u"D:P(A;;GA;;;SY)(A;;GA;;;BA)", table, 64, &device),
              STATUS_SUCCESS);
    return device;
}

static void
run_case(void *context)
{
    alarm(60);
    ((const struct kernel_case *)context)->run();
}

void
kernel_expect_stops(const struct kernel_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        machine_expect_stop(run_case, (void *)(uintptr_t)&cases[i], cases[i].text);
}
