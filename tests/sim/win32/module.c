/* SPDX-License-Identifier: MIT
 * The loader of the process: images from C:\ run through sim_image_load, libraries of the system are handles
 * whose functions are rows. One loader lock; DllMain runs under it and may call only what is documented as
 * safe there. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "rows.h"

enum
{
    DLL_PROCESS_DETACH,
    DLL_PROCESS_ATTACH,
    DLL_THREAD_ATTACH,
    DLL_THREAD_DETACH
};
enum
{
    LOAD_WITH_ALTERED_SEARCH_PATH = 0x8,
    LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR = 0x100,
    LOAD_LIBRARY_SEARCH_APPLICATION_DIR = 0x200,
    LOAD_LIBRARY_SEARCH_SYSTEM32 = 0x800,
    LOAD_LIBRARY_SEARCH_DEFAULT_DIRS = 0x1000,
};
#define SEARCH_FLAGS 0x1F00u

struct module
{
    struct module *next;
    char *path; /* as Windows sees it */
    const char *name;
    void *base;
    struct sim_image *image; /* NULL: a library of the system */
    unsigned references;
};
static struct module *modules;
static pthread_mutex_t loader_lock;
const char *win_application_directory = "C:\\Program";

__attribute__((constructor)) static void
prepare(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&loader_lock, &attributes);
}

static const char *
file_name(const char *path)
{
    const char *name = path;
    for (; *path; path++)
        if (*path == '\\' || *path == '/')
            name = path + 1;
    return name;
}

static struct module *
find(const void *base)
{
    struct module *module = modules;
    while (module && module->base != base)
        module = module->next;
    return module;
}

static bool
call_entry(struct module *module, uintptr_t reason, uintptr_t reserved)
{
    void *entry = sim_image_entry(module->image);
    struct win_thread *thread = win_thread();
    bool outer = thread->in_dllmain;
    if (!entry)
        return true;
    thread->in_dllmain = true;
    bool result = (uint32_t)SIM_CALL(entry, SIM_WORD(module->base), reason, reserved) != 0;
    thread->in_dllmain = outer;
    return result;
}

/* A library of the system: an address that nothing else has, and that faults when read. */
static struct module *
load_system(const char *path)
{
    void *base = mmap(NULL, 0x10000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct module *module = malloc(sizeof *module);
    *module = (struct module){.path = strdup(path), .base = base, .references = 1, .next = modules};
    module->name = file_name(module->path);
    modules = module;
    return module;
}

static struct module *
load_image(const char *path, const char *host, const void *caller, uint32_t *error)
{
    char why[256] = "";
    struct sim_image *image = sim_image_load(host, win_tables, why, sizeof why);
    if (!image) {
        sim_log("LoadLibrary of %s: %s", path, why);
        *error = strstr(why, "import") ? ERROR_PROC_NOT_FOUND : ERROR_BAD_EXE_FORMAT;
        return NULL;
    }
    struct module *module = malloc(sizeof *module);
    *module = (struct module){.path = strdup(path),
                              .base = sim_image_base(image),
                              .image = image,
                              .references = 1,
                              .next = modules};
    module->name = file_name(module->path);
    modules = module;
    win_ledger_add(WIN_MODULE, (uintptr_t)module->base, "LoadLibraryExW", caller);
    if (!call_entry(module, DLL_PROCESS_ATTACH, 0)) {
        *error = ERROR_DLL_INIT_FAILED;
        win_ledger_remove(WIN_MODULE, (uintptr_t)module->base);
        modules = module->next;
        sim_image_unload(image);
        free(module->path);
        free(module);
        return NULL;
    }
    return module;
}

static char *
existing(const char *directory, const char *name)
{
    char *path = sim_format("%s\\%s", directory, name), *host = win_host_path_utf8(path);
    bool found = host && access(host, F_OK) == 0;
    free(host);
    if (found)
        return path;
    free(path);
    return NULL;
}

/* Where a name without a folder is found: the program's folder comes first unless the flags say otherwise. */
static char *
search(const char *name, uint32_t flags)
{
    uint32_t where = flags & SEARCH_FLAGS ? flags : LOAD_LIBRARY_SEARCH_DEFAULT_DIRS;
    char *path = NULL;
    char *file = strchr(name, '.') ? strdup(name) : sim_format("%s.dll", name);
    if (where & (LOAD_LIBRARY_SEARCH_APPLICATION_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS))
        path = existing(win_application_directory, file);
    if (!path && where & (LOAD_LIBRARY_SEARCH_SYSTEM32 | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS) &&
        win_system_library(file))
        path = sim_format("C:\\Windows\\system32\\%s", file);
    free(file);
    return path;
}

void *
win_load_library(const char *name, uint32_t flags, const void *caller, uint32_t *error)
{
    struct module *module;
    bool has_folder = file_name(name) != name;
    *error = 0;
    if ((flags & SEARCH_FLAGS) && (flags & LOAD_WITH_ALTERED_SEARCH_PATH)) {
        *error = ERROR_INVALID_PARAMETER;
        return NULL;
    }
    pthread_mutex_lock(&loader_lock);
    char *path = has_folder ? strdup(name) : search(name, flags);
    for (module = modules; module && path; module = module->next)
        if (sim_same_text(module->path, path))
            break;
    if (!path) {
        module = NULL;
        *error = ERROR_MOD_NOT_FOUND;
    } else if (module) {
        module->references++;
        if (module->image)
            win_ledger_add(WIN_MODULE, (uintptr_t)module->base, "LoadLibraryExW", caller);
    } else if (sim_starts_with(path, "C:\\Windows\\system32\\") && win_system_library(file_name(path))) {
        module = load_system(path);
    } else {
        char *host = win_host_path_utf8(path);
        if (!host || access(host, R_OK) != 0)
            *error = ERROR_MOD_NOT_FOUND;
        else
            module = load_image(path, host, caller, error);
        free(host);
    }
    free(path);
    void *base = module ? module->base : NULL;
    pthread_mutex_unlock(&loader_lock);
    return base;
}

bool
win_free_library(void *base, uint32_t *error)
{
    pthread_mutex_lock(&loader_lock);
    struct module *module = find(base);
    *error = module ? 0 : ERROR_MOD_NOT_FOUND;
    if (module && module->image)
        win_ledger_remove(WIN_MODULE, (uintptr_t)base);
    if (module && --module->references == 0 && module->image) {
        call_entry(module, DLL_PROCESS_DETACH, 0);
        struct module **at = &modules;
        while (*at != module)
            at = &(*at)->next;
        *at = module->next;
        sim_image_unload(module->image);
        free(module->path);
        free(module);
    }
    pthread_mutex_unlock(&loader_lock);
    return *error == 0;
}

void *
win_get_proc_address(void *base, const char *name)
{
    pthread_mutex_lock(&loader_lock);
    struct module *module = find(base);
    void *address = NULL;
    if (module && module->image) {
        address = sim_image_export(module->image, name);
    } else if (module) {
        char file[64] = "";
        for (size_t i = 0; module->name[i] && i < sizeof file - 1; i++)
            file[i] = (char)(module->name[i] | (module->name[i] >= 'A' && module->name[i] <= 'Z' ? 0x20 : 0));
        const struct sim_import *row = sim_import_find(win_tables, file, name);
        address = row ? sim_import_address(row) : NULL;
    }
    pthread_mutex_unlock(&loader_lock);
    return address;
}

void *
win_import_from_image(const char *name, const char *function)
{
    uint32_t error;
    void *base = win_load_library(name, LOAD_LIBRARY_SEARCH_APPLICATION_DIR, NULL, &error);
    struct module *module = base ? find(base) : NULL;
    if (!module || !module->image)
        return NULL;
    win_ledger_remove(WIN_MODULE, (uintptr_t)base);
    return sim_image_export(module->image, function);
}

void
win_modules_thread(bool attach)
{
    pthread_mutex_lock(&loader_lock);
    for (struct module *module = modules; module; module = module->next)
        if (module->image)
            call_entry(module, attach ? DLL_THREAD_ATTACH : DLL_THREAD_DETACH, 0);
    pthread_mutex_unlock(&loader_lock);
}

void
win_modules_process_detach(void)
{
    pthread_mutex_lock(&loader_lock);
    for (struct module *module = modules; module; module = module->next)
        if (module->image)
            call_entry(module, DLL_PROCESS_DETACH, 1);
    pthread_mutex_unlock(&loader_lock);
}

WIN_FUNCTION(LoadLibraryExW)
{
    uint32_t error, flags = (uint32_t)frame->arg[2];
    if (frame->arg[1])
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    char *name = sim_utf8_from((const uint16_t *)frame->arg[0]);
    void *module = win_load_library(name, flags, frame->return_address, &error);
    free(name);
    return module ? win_done((uintptr_t)module) : WIN_FALSE(error);
}

WIN_FUNCTION(FreeLibrary)
{
    uint32_t error;
    return win_free_library((void *)frame->arg[0], &error) ? win_done(1) : WIN_FALSE(error);
}

WIN_FUNCTION(GetProcAddress)
{
    if (frame->arg[1] < 0x10000)
        sim_stop("unmodelled", "GetProcAddress by ordinal");
    void *address = win_get_proc_address((void *)frame->arg[0], (const char *)frame->arg[1]);
    return address ? win_done((uintptr_t)address) : WIN_FALSE(ERROR_PROC_NOT_FOUND);
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, LoadLibraryExW, 3, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/libloaderapi/nf-libloaderapi-loadlibraryexw"),
    WIN_ROW(K32, FreeLibrary, 1, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/libloaderapi/nf-libloaderapi-freelibrary"),
    WIN_ROW(K32, GetProcAddress, 2, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/libloaderapi/nf-libloaderapi-getprocaddress"),
};
const struct sim_import_table win_kernel32_module = WIN_TABLE(rows);
