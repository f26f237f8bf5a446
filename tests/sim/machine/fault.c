/* SPDX-License-Identifier: MIT
 * The ends of a run: a broken rule, and a fault of the machine. Both print what is known and leave with
 * status 3 at once, since nothing after them can be trusted. */
#include "arch.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALTERNATE_SIZE 65536

enum
{
    STATUS_RULE_BROKEN = 3
};

static void (*Explain)(const void *address, char *text, size_t size);

static void
say(const char *text, size_t size)
{
    while (size) {
        ssize_t done = write(STDERR_FILENO, text, size);
        if (done <= 0)
            return;
        text += done;
        size -= (size_t)done;
    }
}

void
sim_stop(const char *rule, const char *format, ...)
{
    char text[1024];
    int used = snprintf(text, sizeof text, "STOP %s: ", rule);
    va_list args;
    va_start(args, format);
    used += vsnprintf(text + used, sizeof text - (size_t)used - 1, format, args);
    va_end(args);
    if (used > (int)sizeof text - 2)
        used = sizeof text - 2;
    text[used++] = '\n';
    say(text, (size_t)used);
    _exit(STATUS_RULE_BROKEN);
}

void
sim_log(const char *format, ...)
{
    static int verbose = -1;
    char text[1024];
    if (verbose < 0)
        verbose = getenv("SIM_VERBOSE") != NULL;
    if (!verbose)
        return;
    int used = snprintf(text, sizeof text, "[%d:%d] ", (int)getpid(), (int)syscall(SYS_gettid));
    va_list args;
    va_start(args, format);
    used += vsnprintf(text + used, sizeof text - (size_t)used - 1, format, args);
    va_end(args);
    if (used > (int)sizeof text - 2)
        used = sizeof text - 2;
    text[used++] = '\n';
    say(text, (size_t)used);
}

void
sim_describe(const void *address, char *text, size_t size)
{
    for (const struct sim_image *image = sim_image_first(); image; image = image->next) {
        uintptr_t offset = (uintptr_t)address - (uintptr_t)image->base;
        const char *section = "headers";
        if (offset >= image->size)
            continue;
        for (unsigned i = 0; i < image->section_count; i++) {
            if (offset - image->sections[i].rva < image->sections[i].size)
                section = image->sections[i].name;
        }
        snprintf(text, size, "%s+0x%lx (%s%s)", image->name, (unsigned long)offset, section,
                 image->unloaded ? ", unloaded" : "");
        return;
    }
    const struct sim_stack *stack = sim_stack_of(address);
    if (stack && (uintptr_t)address < stack->bottom)
        snprintf(text, size, "%p (below an image stack of %lu bytes: overflow)", address,
                 (unsigned long)(stack->top - stack->bottom));
    else
        snprintf(text, size, "%p", address);
}

#if defined(__x86_64__)
#define REG_CX REG_RCX
#elif defined(__i386__)
#define REG_CX REG_ECX
#endif

static const void *
faulting_instruction(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (const void *)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__i386__)
    return (const void *)context->uc_mcontext.gregs[REG_EIP];
#elif defined(__aarch64__)
    return (const void *)context->uc_mcontext.pc;
#else
    return (const void *)context->uc_mcontext.arm_pc;
#endif
}

/* __fastfail is an instruction of its own on each architecture, its reason in the first register. Writes what
 * it says; leaves the text alone at any other fault. */
static void
explain_fast_fail(const ucontext_t *context, const uint8_t *at, char *text, size_t size)
{
#if defined(__x86_64__) || defined(__i386__)
    static const uint8_t instruction[] = {0xcd, 0x29};
#elif defined(__aarch64__)
    static const uint8_t instruction[] = {0x60, 0x00, 0x3e, 0xd4}; /* brk #0xf003 */
#else
    static const uint8_t instruction[] = {0xfb, 0xde}; /* udf #0xfb */
#endif
    if (!sim_image_of(at) || memcmp(at, instruction, sizeof instruction) != 0)
        return;
#if defined(__x86_64__) || defined(__i386__)
    unsigned long reason = (unsigned long)context->uc_mcontext.gregs[REG_CX];
#elif defined(__aarch64__)
    unsigned long reason = context->uc_mcontext.regs[0];
#else
    unsigned long reason = context->uc_mcontext.arm_r0;
#endif
    snprintf(text, size, "fast fail %lu%s", reason, reason == 2 ? ", a stack cookie was overwritten" : "");
}

static void
on_fault(int signal_number, siginfo_t *info, void *context)
{
    static volatile sig_atomic_t entered;
    char at[200], address[200], extra[300] = "", text[1024];
    if (entered++)
        _exit(STATUS_RULE_BROKEN);
    sim_describe(faulting_instruction(context), at, sizeof at);
    sim_describe(info->si_addr, address, sizeof address);
    /* Not after a fault of fetching the instruction, which may not be readable. */
    if (signal_number != SIGSEGV || info->si_code == SI_KERNEL)
        explain_fast_fail(context, faulting_instruction(context), extra, sizeof extra);
    if (Explain && !extra[0])
        Explain(info->si_addr, extra, sizeof extra);
    int used = snprintf(text, sizeof text, "STOP fault: %s at %s, address %s%s%s\n", strsignal(signal_number),
                        at, address, extra[0] ? ": " : "", extra);
    say(text, used < (int)sizeof text ? (size_t)used : sizeof text - 1);
    _exit(STATUS_RULE_BROKEN);
}

static __thread void *Alternate;
static pthread_key_t AlternateKey;
static pthread_once_t AlternateOnce = PTHREAD_ONCE_INIT;

static void
drop_alternate(void *memory)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    munmap(memory, ALTERNATE_SIZE);
}

static void
make_alternate_key(void)
{
    pthread_key_create(&AlternateKey, drop_alternate);
}

/* A stack of its own for each thread: an image stack that overflowed cannot hold the handler. */
void
sim_fault_thread(void)
{
    if (Alternate)
        return;
    pthread_once(&AlternateOnce, make_alternate_key);
    Alternate = mmap(NULL, ALTERNATE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = {.ss_sp = Alternate, .ss_size = ALTERNATE_SIZE};
    sigaltstack(&stack, NULL);
    pthread_setspecific(AlternateKey, Alternate);
}

void
sim_install_fault_handler(void (*explain)(const void *address, char *text, size_t size))
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    Explain = explain;
    sim_fault_thread();
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}
