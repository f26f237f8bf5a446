/* SPDX-License-Identifier: MIT
 * What the scenarios of the kernel model share: calling its imports as a driver would, and routines of C code
 * that the model calls as a driver's. */
#ifndef SIM_KERNEL_TEST_H
#define SIM_KERNEL_TEST_H

#include "../kernel/internal.h"
#include "machine_test.h"

/* Calls an import of ntoskrnl or hal by name, with machine words. */
uint64_t kernel_call(const char *name, unsigned words, const uintptr_t *args);
#define KERNEL(name, ...)                                                                                    \
    kernel_call(#name, (unsigned)(sizeof((uintptr_t[]){0, ##__VA_ARGS__}) / sizeof(uintptr_t) - 1),          \
                (const uintptr_t[]){0, ##__VA_ARGS__} + 1)
#define POINTER(x) ((uintptr_t)(x))

/* Spin locks have other names on x86. */
uint8_t kernel_spin_acquire(KSPIN_LOCK *lock);
void kernel_spin_release(KSPIN_LOCK *lock, uint8_t irql);
void kernel_lower_irql(uint8_t irql);

/* Defines a routine that can be handed to the model as code of a driver: its address is KERNEL_CODE(name). */
#define KERNEL_ROUTINE(routine, argument_words)                                                              \
    static uint64_t routine(struct sim_frame *frame);                                                        \
    static const struct sim_import routine##_row = {.module = "test",                                        \
                                                    .name = #routine,                                        \
                                                    .fn = routine,                                           \
                                                    .words = argument_words,                                 \
                                                    .convention = SIM_STDCALL,                               \
                                                    .systems = SIM_SINCE_WIN7,                               \
                                                    .irql_max = HIGH};                                       \
    static uint64_t routine(struct sim_frame *frame)
#define KERNEL_CODE(name) sim_import_address(&name##_row)

/* A device of no driver with the IRP routine `dispatch` for everything; \\.\Global\Test and all rights for
 * administrators. */
DEVICE_OBJECT *kernel_device(void *dispatch);
extern const uint16_t kernel_device_path[];
extern DRIVER_OBJECT kernel_driver;

/* A rule that is broken, and part of what the model says of it. Each case runs in a child process, which it stops. */
struct kernel_case
{
    void (*run)(void);
    const char *text;
};
void kernel_expect_stops(const struct kernel_case *cases, size_t count);

#endif
