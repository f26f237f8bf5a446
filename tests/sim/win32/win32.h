/* SPDX-License-Identifier: MIT
 * The Windows process around the images that run in it, as the files of this folder see it. One simulated
 * process is one Linux process; what the kernel model must know of goes through nt_client.h.
 *
 * Last error: each function ends with one of win_done (success: the thread's last error is scrambled, as
 * Windows does not promise to keep it), win_fail (the last error is the code) or a plain return, which is for
 * functions that never touch it: those that return an error code (CONFIGRET, HRESULT, LSTATUS) and those
 * documented so. */
#ifndef SIM_WIN32_H
#define SIM_WIN32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../machine/machine.h"
#include "../wire/text.h"
#include "errors.h"

/* ---- Import rows ---- */

/* `words` of a 32-bit image; no function here takes a 64-bit argument by value. `how` is how it reports
 * failure. */
#define WIN_ROW(dll, function, count, since, how, page)                                                      \
    {                                                                                                        \
        .module = dll, .name = #function, .fn = win_##function, .words = count, .convention = SIM_STDCALL,   \
        .systems = since, .failures = how, .source = "https://learn.microsoft.com/en-us/windows/" page       \
    }
#define WIN_FUNCTION(function) static uint64_t win_##function(struct sim_frame *frame)

/* How a row fails when a failure is injected; 0: it cannot. */
enum win_failure
{
    WIN_NEVER,
    WIN_ZERO,    /* 0, FALSE or NULL, and the last error */
    WIN_INVALID, /* INVALID_HANDLE_VALUE, and the last error */
    WIN_CODE,    /* returns the code, last error untouched */
    WIN_NULL,    /* NULL, last error untouched */
    WIN_FAILED,  /* WAIT_FAILED, and the last error */
};

/* All that a process may import; ends with NULL. */
extern const struct sim_import_table *const win_tables[];
/* Systems libraries that exist beside those with rows. */
bool win_system_library(const char *file_name);

/* The n-th call (1-based) from now on of the named function, or of any that can fail (NULL), fails with the code, or
 * with a plausible one (0). nth 0 turns it off. */
void win_inject(const char *function, unsigned nth, uint32_t code);
const char *win_injected(void); /* the function that failed so, or NULL */

/* ---- Threads (thread.c) ---- */

struct win_thread
{
    uint32_t id;
    uint32_t last_error;
    uint32_t noise; /* state of the scrambler */
    int connection; /* to the kernel; -1 until the first call */
    bool in_dllmain;
    unsigned com_depth; /* CoInitializeEx calls that succeeded */
};
struct win_thread *win_thread(void);
uint64_t win_done(uint64_t result);
uint64_t win_fail(uint32_t code, uint64_t result);
#define WIN_FALSE(code)    win_fail(code, 0)
#define WIN_INVALID_HANDLE (~(uintptr_t)0)

/* ---- Ledger (ledger.c): what images of this process have taken and must give back before it ends ---- */

enum win_resource
{
    WIN_HANDLE,
    WIN_HEAP,
    WIN_LOCAL,
    WIN_VIRTUAL,
    WIN_MODULE,
    WIN_KEY,
    WIN_SERVICE,
    WIN_DEVICE_SET,
    WIN_SOFTWARE_DEVICE,
    WIN_COM,
    WIN_THREAD,
    WIN_RESOURCES
};
void win_ledger_add(enum win_resource kind, uintptr_t key, const char *what, const void *caller);
bool win_ledger_remove(enum win_resource kind, uintptr_t key);
bool win_ledger_has(enum win_resource kind, uintptr_t key);
size_t win_ledger_count(enum win_resource kind);
size_t win_ledger_report(void);

/* ---- Handles (handle.c) ---- */

enum win_object
{
    WIN_OBJECT_EVENT,
    WIN_OBJECT_PROCESS,
    WIN_OBJECT_THREAD,
    WIN_OBJECT_DEVICE,
    WIN_OBJECT_FILE,
    WIN_OBJECT_CONSOLE,
    WIN_OBJECT_ICMP
};
struct win_handle
{
    uint32_t value;
    enum win_object kind;
    bool manual;     /* events */
    int fd;          /* to wait on (event, process, thread) or to read and write (file); -1 none */
    uint64_t kernel; /* the kernel's handle; 0 if the object is this process's own */
    bool delete_on_close;
    char *path;   /* host's, files */
    void *object; /* threads */
    uint32_t access;
};
/* Adds a handle; its value is the kernel's, or one of this process's own range. */
uint32_t win_handle_add(struct win_handle handle, const char *what, const void *caller);
/* A copy of the entry; false with ERROR_INVALID_HANDLE set if there is none. */
bool win_handle_find(uint64_t value, struct win_handle *handle);
uint32_t win_handle_close(uint64_t value); /* Win32 error */

/* ---- Files (path.c, kernel32_file.c) ---- */

/* The host's path of a Windows path (C:\..., \\?\C:\..., C:/...), case-insensitive in what exists; NULL if it
 * does not lie on C:. */
char *win_host_path(const uint16_t *path);
char *win_host_path_utf8(const char *path);
const char *win_root(void);
uint32_t win_error_from_errno(int error);

/* ---- Modules (module.c) ---- */

/* The directory of the running program, "C:\Program". */
extern const char *win_application_directory;
void *win_load_library(const char *path, uint32_t flags, const void *caller, uint32_t *error);
/* A static import of one image from another: found in the program's folder, loaded first, there until the process
 * ends. NULL if there is none. */
void *win_import_from_image(const char *name, const char *function);
bool win_free_library(void *module, uint32_t *error);
void *win_get_proc_address(void *module, const char *name);
/* DLL_THREAD_ATTACH and DETACH to all images, by the thread that begins or ends. */
void win_modules_thread(bool attach);
void win_modules_process_detach(void);

/* ---- Process (process.c) ---- */

extern uint32_t win_process_id;
extern uint16_t *win_command_line;
bool win_elevated(void);
bool win_wow64(void);
enum sim_arch win_native_arch(void);
_Noreturn void win_exit_process(uint32_t code);

/* The life of the process: attaches to the kernel at fd 3, runs the program, checks the ledger, ends. Never
 * returns; the type is that of a program. */
int sim_win32_run(int (*run)(int argc, char **argv), int argc, char **argv);

#endif
