/* SPDX-License-Identifier: MIT
 * Loading and running PE images of the simulator's own architecture: one machine for kernel images and for
 * those of a process. Image code runs on guarded stacks of its own; every import switches back to the host's
 * stack. */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "import.h"
#include "persona.h"

/* ---- Images (pe.c) ---- */

struct sim_image;

/* Maps the file as the loader of Windows would (sections with their protections, relocated away from its
 * preferred base, imports bound, exception table registered) and prints one line "loaded <file> <sha256>".
 * NULL on failure, with one line in error that names what was wrong: a missing import is refused by name. */
struct sim_image *sim_image_load(const char *path, const struct sim_import_table *const *tables, char *error,
                                 size_t error_size);
/* The same from memory; `name` is for messages. */
struct sim_image *sim_image_map(const char *name, const void *file, size_t size,
                                const struct sim_import_table *const *tables, char *error, size_t error_size);
void *sim_image_entry(const struct sim_image *image);
void *sim_image_export(const struct sim_image *image, const char *name);
void *sim_image_base(const struct sim_image *image);
size_t sim_image_size(const struct sim_image *image);
/* Whether the address lies in the image (any image: sim_image_of). */
struct sim_image *sim_image_of(const void *address);
const char *sim_image_name(const struct sim_image *image);
/* Discardable sections (INIT) become inaccessible, as after DriverEntry. */
void sim_image_discard_init(struct sim_image *image);
/* Unmaps and leaves the range inaccessible for the rest of the process: late callbacks trap. */
void sim_image_unload(struct sim_image *image);

/* ---- Stacks and calls (call.c, call_<arch>.S) ---- */

/* Usable bytes of the image stacks that threads get: kernel 12 KiB (32-bit) or 24 KiB (64-bit), half of it
 * used up beforehand; processes 1 MiB. Set before the first call. */
void sim_stack_configure(size_t usable, size_t used_up);

/* Calls a function of an image (or a sim_import_address) with machine words, on the calling thread's image
 * stack (made at first use). May nest: an import may call back into an image. On x86 the stack pointer after
 * the call is checked against `convention`; on 32 bits a narrower result is in the low
 * half, and the upper one holds anything. */
uint64_t sim_call_words(const void *function, enum sim_convention convention, unsigned words,
                        const uintptr_t *args);

/* SIM_CALL(fn, a, b, ...): stdcall with up to 12 word arguments; arguments are converted to uintptr_t. */
#define SIM_CALL(function, ...)                                                                              \
    sim_call_words((const void *)(function), SIM_STDCALL,                                                    \
                   (unsigned)(sizeof((uintptr_t[]){0, ##__VA_ARGS__}) / sizeof(uintptr_t) - 1),              \
                   (const uintptr_t[]){0, ##__VA_ARGS__} + 1)
#define SIM_WORD(x) ((uintptr_t)(x))

/* Releases the calling thread's image stack; at thread end. Reports the deepest use. */
void sim_stack_release(void);
size_t sim_stack_deepest(void);

/* ---- Exceptions (exception_<arch>.c) ---- */

/* Raises `code` out of the import call `frame`, as RtlRaiseStatus inside that function would: searches the
 * image's frames for a handler by .pdata and scope tables (fs:[0] chain on x86), unwinds and continues there.
 * Returns only if no handler takes it; the caller then reports a bugcheck. */
void sim_raise(struct sim_frame *frame, uint32_t code);

/* Rows for the language handlers that images import (__C_specific_handler, _except_handler3): part of the
 * machine, not of a kernel model. */
extern const struct sim_import_table sim_exception_imports;

/* ---- Trouble ---- */

/* Says what is wrong (file and line of the model are not printed, the rule broken is), marks this process
 * failed and ends it with status 3. Anything that would be a bugcheck or a verifier stop comes here. Never
 * returns. */
_Noreturn void sim_stop(const char *rule, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One line of the log, to standard error, with process and thread. Quiet unless SIM_VERBOSE is set. */
void sim_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* SIGSEGV, SIGBUS, SIGILL, SIGFPE on an alternate stack: prints the image and section offset that faulted,
 * then status 3. `explain` (may be NULL) adds what the model knows about the address (guard page of which
 * allocation, unmapped MDL, ...). */
void sim_install_fault_handler(void (*explain)(const void *address, char *text, size_t size));

#endif
