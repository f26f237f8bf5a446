/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client_dll.h"

#define MAX_LINES 512

struct client_dll dll;

/* ---- The logger: a row of its own, whose 64-bit time takes two words on 32 bits, from an even one on arm
 * ---- */

static char *lines[MAX_LINES];
static unsigned line_count;
static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*hook)(const char *text); /* set while nothing logs */

#if __SIZEOF_POINTER__ == 8
enum
{
    LOGGER_WORDS = 3,
    LOGGER_MESSAGE = 2
};
#elif defined(__arm__)
enum
{
    LOGGER_WORDS = 5,
    LOGGER_MESSAGE = 4
};
#else
enum
{
    LOGGER_WORDS = 4,
    LOGGER_MESSAGE = 3
};
#endif

static uint64_t
log_line(struct sim_frame *frame)
{
    static const char *const levels[] = {"info", "warning", "error"};
    char *text = sim_utf8_from((const uint16_t *)frame->arg[LOGGER_MESSAGE]);
    EXPECT((uint32_t)frame->arg[0] < 3);
    sim_log("[%s] %s", levels[(uint32_t)frame->arg[0]], text);
    pthread_mutex_lock(&lines_lock);
    if (line_count < MAX_LINES)
        lines[line_count++] = text;
    else
        free(text);
    pthread_mutex_unlock(&lines_lock);
    if (hook)
        hook(text);
    /* A callback does what it likes to the last error. */
    client_set_last_error(0xDEAD);
    return 0;
}

static const struct sim_import logger_row = {.module = "client",
                                             .name = "Logger",
                                             .fn = log_line,
                                             .words = LOGGER_WORDS,
                                             .convention = SIM_STDCALL,
                                             .systems = SIM_SINCE_WIN7,
                                             .source = "wintun.h"};

void
client_on_log(void (*called)(const char *text))
{
    hook = called;
}

unsigned
client_log_count(const char *text)
{
    unsigned count = 0;
    pthread_mutex_lock(&lines_lock);
    for (unsigned i = 0; i < line_count; i++)
        count += strstr(lines[i], text) != NULL;
    pthread_mutex_unlock(&lines_lock);
    return count;
}

bool
client_logged(const char *text)
{
    return client_log_count(text) != 0;
}

void
client_log_clear(void)
{
    pthread_mutex_lock(&lines_lock);
    while (line_count)
        free(lines[--line_count]);
    pthread_mutex_unlock(&lines_lock);
}

/* ---- Loading ---- */

static void
install(const char *name)
{
    char *target = sim_format("%s/Program/%s", win_root(), name),
         *temporary = sim_format("%s.%u", target, win_process_id);
    char buffer[65536];
    ssize_t got;
    int in = open(sim_option_dll, O_RDONLY | O_CLOEXEC),
        out = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (in < 0 || out < 0)
        sim_fail(__FILE__, __LINE__, "cannot copy the DLL %s", sim_option_dll);
    while ((got = read(in, buffer, sizeof buffer)) > 0)
        EXPECT(write(out, buffer, (size_t)got) == got);
    close(in);
    close(out);
    /* Several processes may do this at once, and only whole files may be seen. */
    EXPECT(rename(temporary, target) == 0);
    free(temporary);
    free(target);
}

void
client_set_logger(const struct client_dll *library)
{
    SIM_CALL(library->SetLogger, SIM_WORD(sim_import_address(&logger_row)));
}

struct client_dll
client_dll_resolve(void *module, const void *(*find)(void *module, const char *name))
{
    struct client_dll library = {.module = module};
    const struct
    {
        const char *name;
        const void **target;
    } exports[] = {
        {"WintunCreateAdapter", &library.CreateAdapter},
        {"WintunOpenAdapter", &library.OpenAdapter},
        {"WintunCloseAdapter", &library.CloseAdapter},
        {"WintunDeleteDriver", &library.DeleteDriver},
        {"WintunGetAdapterLUID", &library.GetAdapterLUID},
        {"WintunGetRunningDriverVersion", &library.GetRunningDriverVersion},
        {"WintunSetLogger", &library.SetLogger},
        {"WintunStartSession", &library.StartSession},
        {"WintunEndSession", &library.EndSession},
        {"WintunGetReadWaitEvent", &library.GetReadWaitEvent},
        {"WintunReceivePacket", &library.ReceivePacket},
        {"WintunReleaseReceivePacket", &library.ReleaseReceivePacket},
        {"WintunAllocateSendPacket", &library.AllocateSendPacket},
        {"WintunSendPacket", &library.SendPacket},
    };
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++)
        if (!(*exports[i].target = find(module, exports[i].name)))
            sim_fail(__FILE__, __LINE__, "the DLL has no %s", exports[i].name);
    client_set_logger(&library);
    return library;
}

static const void *
find_export(void *module, const char *name)
{
    return win_get_proc_address(module, name);
}

struct client_dll
client_dll_load(const char *name)
{
    uint32_t error;
    if (!sim_option_dll)
        sim_skip("no --dll");
    if (!name)
        name = "wintun.dll";
    install(name);
    char *path = sim_format("C:\\Program\\%s", name);
    void *module = win_load_library(path, 0, NULL, &error);
    free(path);
    if (!module)
        sim_fail(__FILE__, __LINE__, "the DLL does not load: error %u", error);
    return client_dll_resolve(module, find_export);
}

void
client_dll_free(struct client_dll *library)
{
    uint32_t error;
    SIM_CALL(library->SetLogger, 0);
    EXPECT(win_free_library(library->module, &error));
    memset(library, 0, sizeof *library);
}

void
client_begin(void)
{
    dll = client_dll_load(NULL);
}

void
client_end(void)
{
    client_dll_free(&dll);
    client_log_clear();
}

/* ---- Calls ---- */

uintptr_t
client_create_with(const char *name, const char *type, const uint8_t *guid)
{
    uint16_t *wide_name = sim_utf16_from(name), *wide_type = sim_utf16_from(type);
    uintptr_t adapter =
        (uintptr_t)SIM_CALL(dll.CreateAdapter, SIM_WORD(wide_name), SIM_WORD(wide_type), SIM_WORD(guid));
    free(wide_name);
    free(wide_type);
    return adapter;
}

uintptr_t
client_create(const char *name)
{
    return client_create_with(name, "Test", NULL);
}

uintptr_t
client_open(const char *name)
{
    uint16_t *wide = sim_utf16_from(name);
    uintptr_t adapter = (uintptr_t)SIM_CALL(dll.OpenAdapter, SIM_WORD(wide));
    free(wide);
    return adapter;
}

void
client_close(uintptr_t adapter)
{
    /* VOID in the header, but one binding reads the register. */
    EXPECT((uint32_t)SIM_CALL(dll.CloseAdapter, adapter) != 0);
}

uint8_t *
client_receive(uintptr_t session, uint32_t *size, uint32_t timeout_ms)
{
    uintptr_t event = (uintptr_t)SIM_CALL(dll.GetReadWaitEvent, session);
    for (;;) {
        uint8_t *packet = (uint8_t *)(uintptr_t)SIM_CALL(dll.ReceivePacket, session, SIM_WORD(size));
        if (packet || client_last_error() != ERROR_NO_MORE_ITEMS)
            return packet;
        if ((uint32_t)client_call("kernel32.dll", "WaitForSingleObject", event, timeout_ms) == WAIT_TIMEOUT) {
            client_set_last_error(WAIT_TIMEOUT);
            return NULL;
        }
    }
}

uint8_t *
client_allocate(uintptr_t session, uint32_t size)
{
    for (;;) {
        uint8_t *packet = (uint8_t *)(uintptr_t)SIM_CALL(dll.AllocateSendPacket, session, size);
        if (packet || client_last_error() != ERROR_BUFFER_OVERFLOW)
            return packet;
        usleep(50);
    }
}

/* ---- Marks ---- */

static char *
mark_path(const char *name)
{
    const char *root = getenv("SIM_ROOT");
    return sim_format("%s/.mark-%s", root ? root : "/nonexistent", name);
}

void
mark_set(const char *name)
{
    char *path = mark_path(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    EXPECT(fd >= 0);
    close(fd);
    free(path);
}

bool
mark_is_set(const char *name)
{
    char *path = mark_path(name);
    bool set = access(path, F_OK) == 0;
    free(path);
    return set;
}

void
mark_clear(const char *name)
{
    char *path = mark_path(name);
    unlink(path);
    free(path);
}

bool
mark_wait(const char *name, unsigned timeout_ms)
{
    for (unsigned waited = 0; waited < timeout_ms * 2; waited++) {
        if (mark_is_set(name))
            return true;
        usleep(500);
    }
    return mark_is_set(name);
}
