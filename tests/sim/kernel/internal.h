/* SPDX-License-Identifier: MIT
 * What the files of the kernel model share below kernel.h: import tables, threads with all that the model
 * knows of them, objects and handles, memory, processes. */
#ifndef SIM_KERNEL_INTERNAL_H
#define SIM_KERNEL_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "kernel.h"

/* ---- Import tables ---- */

#define NTOSKRNL "ntoskrnl.exe"
#define HAL      "hal.dll"
/* hal exports on x86 what ntoskrnl exports on amd64; of arm64 nothing is published but ntoskrnl. */
#if defined(__i386__)
#define HAL_ON_X86 HAL
#else
#define HAL_ON_X86 NTOSKRNL
#endif
#if defined(__i386__) || defined(__arm__)
#define HAL_ON_32 HAL
#else
#define HAL_ON_32 NTOSKRNL
#endif

/* Function rows: module, function, words, convention, systems, lowest and highest IRQL, failures, page. */
#define ROW(in, function, argument_words, how, since, low, high, fails, page)                                \
    {                                                                                                        \
        .module = in, .name = #function, .fn = row_##function, .words = argument_words, .convention = how,   \
        .systems = since, .irql_min = low, .irql_max = high, .failures = fails, .source = page               \
    }
#define TABLE(table, rows_) const struct sim_import_table table = {rows_, sizeof rows_ / sizeof rows_[0]}

extern const struct sim_import_table sim_pool_imports, sim_irql_imports, sim_lock_imports, sim_wait_imports,
    sim_thread_imports, sim_work_imports, sim_rundown_imports, sim_mutex_imports, sim_time_imports,
    sim_mdl_imports, sim_memory_imports, sim_ob_imports, sim_ps_imports, sim_rtl_imports, sim_io_imports;
/* All tables that a driver is bound to, NULL-terminated. */
extern const struct sim_import_table *const sim_driver_tables[];

enum
{
    PASSIVE = 0,
    APC = 1,
    DISPATCH = 2,
    HIGH = 31
};
#define OUT(type, word) (*(type *)(word))

/* ---- Threads (thread.c) ---- */

#define MAX_HELD_LOCKS 16
struct held_lock
{
    const void *lock;
    uint8_t kind, old_irql;
    const void *caller;
};
struct thread
{
    struct sim_thread seen; /* first: what sim_thread() returns */
    struct held_lock held[MAX_HELD_LOCKS];
    unsigned critical_region, id, guarded_mutexes;
    struct waiter *waiter; /* wait.c, made at first use */
    struct sim_process *attached_from[4];
    unsigned attached;
    int connection;           /* of the process thread that it serves; -1 if none */
    struct request *requests; /* io.c, under its lock */
    void *exit_jump;          /* jmp_buf of a system thread */
    bool in_notify;
    uint32_t random;
    uint64_t random_generation;
};
struct thread *thread_self(void);
unsigned thread_next_id(void);
struct thread_object
{
    DISPATCHER_HEADER header;
    struct thread *thread; /* NULL once it has ended */
    struct sim_process *process;
    unsigned id;
    LONG priority;
};
/* Image code was left: nothing that belongs to the thread may be left behind by it. */
void thread_check_clean(const char *where, const void *code);

/* ---- Pool (pool.c) ---- */

/* Guarded memory outside the ledger, for objects of the model that images see. */
void *guarded_allocate(size_t size, uint32_t tag, const void *caller);
void guarded_free(void *memory, const char *what);
/* Size of a live allocation, 0 if there is none at that address. */
size_t guarded_size(const void *memory);
bool guarded_contains(const void *memory, size_t size);
/* Called with a range that is about to become inaccessible. */
void locks_forget_range(const void *memory, size_t size);
void waits_check_range(const void *memory, size_t size);
bool guarded_explain(const void *address, char *text, size_t size);

/* ---- Objects (ob.c) ---- */

enum object_type
{
    OBJECT_EVENT,
    OBJECT_THREAD,
    OBJECT_PROCESS,
    OBJECT_FILE,
    OBJECT_KEY,
    OBJECT_TYPES
};
/* The body's memory has one reference, the maker's. */
void *object_create(enum object_type type, size_t body_size);
void object_reference(void *body);
void object_dereference(void *body);
enum object_type object_type_of(const void *body);
/* 0 if the process has ended and takes no handles any more. */
uint64_t handle_create(struct sim_process *process, void *body, uint32_t access, bool kernel,
                       const void *caller);
/* A reference to what the handle stands for, or a status. `mode` 1 = user. */
NTSTATUS handle_reference(struct sim_process *process, uint64_t handle, int type, uint32_t access,
                          uint8_t mode, void **body, uint32_t *granted);
NTSTATUS handle_close(struct sim_process *process, uint64_t handle);
void handle_close_all(struct sim_process *process);
struct handle_table;
struct handle_table *handle_table_create(void);
/* What a type does when its last handle goes, and when its last reference goes. */
void file_last_handle(void *body, struct sim_process *process);
void file_destroy(void *body);
void event_destroy(void *body);
void process_destroy(void *body);

/* An event that processes share: state is in the eventfd. */
struct event_object
{
    KEVENT event;
    int fd;
};
struct event_object *event_object_create(bool manual, bool signalled);
#define SHARED_EVENT 0xE5 /* in Header.Absolute */

/* ---- Processes and their memory (process.c, address_space.c) ---- */

struct region;
struct sim_process
{
    DISPATCHER_HEADER header; /* first: a process can be waited for, and this is the PEPROCESS */
    uint32_t id, parent_id;
    unsigned bits;
    bool fake, elevated, ended, terminating;
    int linux_pid, exit_status, exit_fd;
    unsigned threads; /* serving threads, under the process lock */
    struct handle_table *handles;
    pthread_mutex_t memory_lock;
    struct region *regions; /* under memory_lock */
    _Atomic unsigned locked_pages;
    struct sim_process *next;
};
struct sim_process *process_create(unsigned bits, bool elevated, uint32_t parent);
struct sim_process *process_find(uint32_t id);
/* Notification, CLEANUP and CLOSE of what is open, check of locked pages; in the context of the last thread.
 */
void process_end(struct sim_process *process, int exit_status);
void process_notify(struct sim_process *process, bool create);
/* The calling thread runs in another process until process_leave. */
struct sim_process *process_enter(struct sim_process *process, uint8_t mode, uint8_t *old_mode);
void process_leave(struct sim_process *previous, uint8_t old_mode);

/* Memory shared with a process. A backing is a memfd that closes with its last reference. */
struct backing
{
    _Atomic unsigned references;
    int fd;
};
struct segment
{
    struct backing *backing;
    uint64_t offset;
    size_t size;
};
struct backing *backing_create(int fd);
void backing_release(struct backing *backing);
NTSTATUS region_add(struct sim_process *process, uint64_t address, uint64_t size, unsigned access,
                    struct backing *backing, uint64_t offset);
NTSTATUS region_remove(struct sim_process *process, uint64_t address);
NTSTATUS region_protect(struct sim_process *process, uint64_t address, uint64_t size, unsigned access,
                        unsigned *old);
void region_remove_all(struct sim_process *process);
/* The whole pages of a range, referenced; false if a page is not there or not so accessible. */
bool region_pin(struct sim_process *process, uint64_t address, uint64_t size, bool write,
                struct segment **segments, unsigned *count);
bool region_check(struct sim_process *process, uint64_t address, uint64_t size, bool write);

/* ---- I/O (driver.c, device.c, io.c, security.c) ---- */

struct device
{
    DEVICE_OBJECT *object;
    DRIVER_OBJECT *driver;
    uint16_t *name, *link; /* link without its directory; NULL if it has none */
    struct security *security;
    void *dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
    bool own_dispatch, deleted;
    void *extension;
    struct device *next;
};
/* Finds the device of a path and references it; *rest is what follows its name. */
struct device *device_open(const uint16_t *path, size_t length, const uint16_t **rest, size_t *rest_length);
struct device *device_of(const DEVICE_OBJECT *object);
void device_reference(DEVICE_OBJECT *object);
void device_release(DEVICE_OBJECT *object);

struct security;
struct security *security_parse(const uint16_t *sddl);
void security_free(struct security *security);
/* Specific rights granted for the desired ones, generic ones mapped; 0 if denied. */
uint32_t security_check(const struct security *security, const struct sim_process *process, uint32_t desired);
uint32_t security_map(uint32_t generic);

struct request
{
    IRP *irp;
    FILE_OBJECT *file;
    struct device *device;
    struct thread *thread;
    struct sim_process *process;
    uint64_t id, handle;
    NTSTATUS status;
    ULONG_PTR information;
    bool complete, pending_marked, asynchronous;
    void *event; /* event object to set on completion, referenced */
    void *system_buffer;
    MDL *mdl;
    uint8_t *out; /* what goes back to the caller */
    uint32_t out_size;
    struct request *next, *next_finished;
};
NTSTATUS io_open(struct sim_process *process, const uint16_t *path, size_t length, uint32_t access,
                 uint32_t share, bool overlapped, uint64_t *handle);
/* A request of the calling thread. STATUS_PENDING only if `asynchronous`; then *id names it. */
NTSTATUS io_request(struct sim_process *process, uint64_t handle, unsigned major, uint32_t code,
                    const void *in, uint32_t in_size, void *out, uint32_t out_size, bool asynchronous,
                    uint64_t event, uint64_t *id, uint64_t *information);
NTSTATUS io_result(struct sim_process *process, uint64_t id, bool wait, void *out, uint32_t out_size,
                   uint64_t *information, uint32_t *given);
NTSTATUS io_cancel(struct sim_process *process, uint64_t handle, uint64_t id, bool every_thread);
/* At thread end: cancels and waits. */
void io_cancel_thread(struct thread *thread);
void io_forget_process(struct sim_process *process);
NTSTATUS device_call(struct device *device, IRP *irp, unsigned major);

#endif
