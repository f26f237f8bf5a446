/* SPDX-License-Identifier: MIT
 * Image stacks, calls into images, and the way out of them through imports.
 *
 * A thread has two stacks: the host's, and one for image code, guarded and of the size that Windows gives.
 * They alternate: sim_call_words leaves the host's stack pointer in the stack's header and switches; the stub
 * of an import switches back to it, so that each nesting level runs below the one that called it. image_sp is
 * kept for the way in: it is the image's stack pointer in the import that is in progress, and `start` if none
 * is. */
#include "exception.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct sim_import_hooks sim_import_hooks;

#define PAGE 4096u
/* One readable page lies above the stack, so that reading stack arguments past the last stays in the block.
 */
#define RED_ZONE   128u
#define MAX_STACKS 1024

static size_t Usable = 24 * 1024, UsedUp;
static _Atomic size_t Deepest;
static __thread struct sim_stack *Stack;
static pthread_key_t ReleaseKey;
static pthread_once_t ReleaseOnce = PTHREAD_ONCE_INIT;
static struct sim_stack
    *_Atomic Stacks[MAX_STACKS]; /* a slot is written by the thread that takes or leaves it */

void
sim_stack_configure(size_t usable, size_t used_up)
{
    Usable = usable;
    UsedUp = used_up;
}

static void
release_at_exit(void *unused)
{
    (void)unused;
    sim_stack_release();
}

static void
make_key(void)
{
    pthread_key_create(&ReleaseKey, release_at_exit);
}

static void *
reserve_block(void)
{
    uint8_t *raw =
        mmap(NULL, 2 * SIM_STACK_BLOCK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (raw == MAP_FAILED)
        sim_stop("machine", "no address space for an image stack");
    uint8_t *block = (uint8_t *)(((uintptr_t)raw + SIM_STACK_BLOCK - 1) & ~(uintptr_t)(SIM_STACK_BLOCK - 1));
    if (block > raw)
        munmap(raw, (size_t)(block - raw));
    munmap(block + SIM_STACK_BLOCK, (size_t)(raw + SIM_STACK_BLOCK - block));
    return block;
}

struct sim_stack *
sim_stack(void)
{
    if (Stack)
        return Stack;
    pthread_once(&ReleaseOnce, make_key);
    uint8_t *block = reserve_block();
    size_t usable = (Usable + PAGE - 1) & ~(size_t)(PAGE - 1);
    if (usable > SIM_STACK_BLOCK - 4 * PAGE)
        sim_stop("machine", "an image stack of %zu bytes is too large", Usable);
    uint8_t *bottom = block + SIM_STACK_BLOCK - PAGE - usable;
    mprotect(block, PAGE, PROT_READ | PROT_WRITE);
    mprotect(bottom, usable + PAGE, PROT_READ | PROT_WRITE);
    void *teb = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (teb == MAP_FAILED)
        sim_stop("machine", "no memory for a thread block");
    Stack = (struct sim_stack *)block;
    Stack->bottom = (uintptr_t)bottom;
    Stack->top = (uintptr_t)bottom + usable;
    Stack->start = Stack->image_sp = Stack->top - (UsedUp & ~(size_t)15);
    Stack->teb = (uintptr_t)teb;
    sim_arch_thread(Stack);
    sim_fault_thread();
    for (unsigned i = 0; i < MAX_STACKS; i++) {
        struct sim_stack *none = NULL;
        if (atomic_compare_exchange_strong(&Stacks[i], &none, Stack))
            break;
    }
    pthread_setspecific(ReleaseKey, Stack);
    return Stack;
}

const struct sim_stack *
sim_stack_of(const void *address)
{
    uintptr_t block = (uintptr_t)address & ~(uintptr_t)(SIM_STACK_BLOCK - 1);
    for (unsigned i = 0; i < MAX_STACKS; i++) {
        if (block && (uintptr_t)atomic_load(&Stacks[i]) == block)
            return (const struct sim_stack *)block;
    }
    return NULL;
}

/* A fresh stack is zero, so the lowest byte that is not tells how deep images went. */
static void
measure(const struct sim_stack *stack)
{
    const uintptr_t *word = (const uintptr_t *)stack->bottom;
    while ((uintptr_t)word < stack->start && *word == 0)
        word++;
    size_t used = stack->start - (uintptr_t)word, deepest = atomic_load(&Deepest);
    while (used > deepest && !atomic_compare_exchange_weak(&Deepest, &deepest, used))
        ;
}

void
sim_stack_release(void)
{
    struct sim_stack *stack = Stack;
    if (!stack)
        return;
    measure(stack);
    for (unsigned i = 0; i < MAX_STACKS; i++) {
        struct sim_stack *mine = stack;
        if (atomic_compare_exchange_strong(&Stacks[i], &mine, NULL))
            break;
    }
    Stack = NULL;
    pthread_setspecific(ReleaseKey, NULL);
    munmap((void *)stack->teb, 2 * PAGE);
    munmap(stack, SIM_STACK_BLOCK);
}

size_t
sim_stack_deepest(void)
{
    if (Stack)
        measure(Stack);
    return atomic_load(&Deepest);
}

uint64_t
sim_call_from(const struct sim_registers *base, const void *function, enum sim_convention convention,
              unsigned words, const uintptr_t *args)
{
    struct sim_stack *stack = sim_stack();
    uintptr_t outer_host = stack->host_sp, outer_image = stack->image_sp;
    struct sim_registers in = *base;
    sim_arch_arguments(&in, outer_image - (outer_image == stack->start ? 0 : RED_ZONE), convention, words,
                       args);
    uint64_t result = sim_enter_image(stack, &in, function);
    struct sim_registers left = stack->left;
    sim_arch_check(function, &in, &left, convention, words);
    stack->host_sp = outer_host;
    stack->image_sp = outer_image;
    return result;
}

uint64_t
sim_call_words(const void *function, enum sim_convention convention, unsigned words, const uintptr_t *args)
{
    struct sim_registers base;
    sim_arch_poison(&base);
    return sim_call_from(&base, function, convention, words, args);
}

uint64_t
sim_import_dispatch(const struct sim_import *row, struct sim_registers *registers)
{
    struct sim_frame frame;
    uint64_t result = 0;
    unsigned words = sizeof(void *) == 8 && row->words64 ? row->words64 : row->words;
    frame.row = row;
    frame.registers = registers;
    sim_stack()->image_sp = sim_arch_sp(registers);
    sim_arch_frame(&frame, registers, words);
    if (!sim_import_hooks.before || !sim_import_hooks.before(&frame, &result))
        result = row->fn(&frame);
    if (sim_import_hooks.after)
        sim_import_hooks.after(&frame, result);
    sim_arch_leave(row, registers, words);
    return result;
}
