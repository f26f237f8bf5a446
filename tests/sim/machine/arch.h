/* SPDX-License-Identifier: MIT
 * What the parts of the machine share below machine.h: an image stack, the registers that cross the border
 * between host and image, and what each architecture implements (arch_<arch>.c, call_<arch>.S). */
#ifndef SIM_MACHINE_ARCH_H
#define SIM_MACHINE_ARCH_H

#include "machine.h"

/* Every image stack lies in a block of this size and alignment, so that assembly finds the header from the
 * stack pointer alone and needs no thread-local storage. The first page is the header, the top is the stack,
 * all between is inaccessible. */
#define SIM_STACK_BLOCK 0x200000

/* Nonvolatile registers, stack pointer and argument registers, as the assembly stores and loads them. In an
 * import, the state of the calling image; into an image, what its function finds; out of it, what it left. */
#if defined(__x86_64__)
struct sim_registers
{
    uint64_t rbx, rbp, rsi, rdi, r12, r13, r14, r15;
    uint64_t rsp; /* in an import: where the return address is */
    uint64_t rcx, rdx, r8, r9;
    uint64_t pad;
    _Alignas(16) uint64_t xmm[10][2]; /* xmm6 to xmm15 */
};
#elif defined(__i386__)
struct sim_registers
{
    uint32_t ebx, ebp, esi, edi;
    uint32_t ecx, edx;
    uint32_t esp;   /* in an import this slot is the return address and the arguments follow it */
    uint32_t chain; /* into an image: what fs:[0] was before */
};
#elif defined(__aarch64__)
struct sim_registers
{
    uint64_t x19[10]; /* x19 to x28 */
    uint64_t fp, lr;
    uint64_t sp;
    uint64_t pad;
    uint64_t arg[8]; /* x0 to x7 */
    uint64_t d[8];   /* d8 to d15 */
};
#elif defined(__arm__)
struct sim_registers
{
    uint64_t d[8];   /* d8 to d15 */
    uint32_t r4[8];  /* r4 to r11 */
    uint32_t sp, lr; /* in an import, sp is where the stack arguments begin */
    uint32_t arg[4]; /* r0 to r3 */
};
#endif

struct sim_stack
{
    uintptr_t host_sp;                      /* where imports switch to; written on each way into an image */
    uintptr_t teb;                          /* the image's thread block; see sim_arch_thread */
    _Alignas(16) struct sim_registers left; /* what the last function that returned left */
    uintptr_t image_sp;                     /* where the next call into an image may begin, downwards */
    uintptr_t top, bottom;                  /* of the usable part */
    uintptr_t start;                        /* image_sp with no call in progress */
};

/* The calling thread's stack, made at first use. */
struct sim_stack *sim_stack(void);
/* The stack of any thread that the address lies in, for messages; NULL if none. */
const struct sim_stack *sim_stack_of(const void *address);

/* ---- Assembly ---- */

/* Loads `in`, calls the function on in's stack, stores what it left and returns its result. */
uint64_t sim_enter_image(struct sim_stack *stack, const struct sim_registers *in, const void *function);
/* Where stubs of imports jump to; calls sim_import_dispatch on the host's stack. */
void sim_import_entry(void);
uint64_t sim_import_dispatch(const struct sim_import *row, struct sim_registers *registers);
/* What control flow guard's pointers lead to: a check that stops or returns, a dispatch that also jumps
 * (amd64). */
void sim_guard_check(void);
void sim_guard_dispatch(void);
void sim_guard_target(uintptr_t target);

/* ---- Each architecture ---- */

/* Places words as arguments: registers in `in`, the rest on the image stack below `sp`. */
void sim_arch_arguments(struct sim_registers *in, uintptr_t sp, enum sim_convention convention,
                        unsigned words, const uintptr_t *args);
/* Nonvolatile registers get values that a test for equality recognises. */
void sim_arch_poison(struct sim_registers *in);
/* Stops if the function did not preserve what it must, or did not pop what it must. */
void sim_arch_check(const void *function, const struct sim_registers *in, const struct sim_registers *left,
                    enum sim_convention convention, unsigned words);
/* Arguments and return address of an import call. */
void sim_arch_frame(struct sim_frame *frame, struct sim_registers *registers, unsigned words);
/* After the import: what the return pops. */
void sim_arch_leave(const struct sim_import *row, struct sim_registers *registers, unsigned words);
/* Stack pointer of the image at the import, the lowest byte it uses. */
uintptr_t sim_arch_sp(const struct sim_registers *registers);
/* Machine code that loads row where sim_import_entry expects it and goes there; returns its size. The address
 * to call is at code + *entry. */
size_t sim_arch_stub(uint8_t *code, const struct sim_import *row, size_t *entry);
/* Points the thread's thread register at stack->teb. */
void sim_arch_thread(struct sim_stack *stack);

/* ---- Images (pe.c), for unwinding ---- */

struct sim_image
{
    char name[128];
    uint8_t *base;
    size_t size;
    uint64_t preferred;
    uint32_t entry;
    bool native; /* a kernel image */
    bool unloaded;
    const uint8_t *pdata; /* function table, ascending; NULL if the image has none */
    uint32_t pdata_size;
    uint32_t export_rva, export_size;
    const uint8_t
        *guard_table; /* functions whose address is taken, ascending; NULL if the image is not guarded */
    size_t guard_count, guard_stride;
    struct sim_section
    {
        char name[9];
        uint32_t rva, size, flags;
    } * sections;
    unsigned section_count;
    struct sim_image *next;
};

/* "name+offset (section)" of an address in an image, or of no image. For messages; async-signal-safe enough.
 */
void sim_describe(const void *address, char *text, size_t size);
/* The calling thread gets a stack for the fault handler; at its first way into an image. */
void sim_fault_thread(void);
/* The first image; the list only grows. */
struct sim_image *sim_image_first(void);

void sim_sha256(const void *data, size_t size, uint8_t digest[32]);

#endif
