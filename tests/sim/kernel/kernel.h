/* SPDX-License-Identifier: MIT
 * The kernel model as its neighbours (NDIS model, device manager, scenarios) see it. Windows' own functions
 * are rows of kernel/imports_*.c; what stands here are the controls around them. Structures with Windows'
 * layout are in nt.h (WDM) and ndis/ndis_types.h, both asserted by tests/abi/ndis_layout.h. */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include "../machine/machine.h"
#include "nt.h"

/* ---- Ledger (ledger.c): all that can leak or be done twice ---- */

enum sim_resource
{
    SIM_POOL,
    SIM_MDL,
    SIM_LOCKED_PAGES,
    SIM_MAPPING,
    SIM_REFERENCE,
    SIM_HANDLE,
    SIM_THREAD,
    SIM_WORK_ITEM,
    SIM_IRP,
    SIM_LOCK,
    SIM_NOTIFY,
    SIM_DEVICE,
    SIM_NBL,
    SIM_NBL_POOL,
    SIM_NDIS_OBJECT,
    SIM_RESOURCES
};
void sim_ledger_add(enum sim_resource kind, const void *key, size_t size, const char *what,
                    const void *caller);
/* Stops with "freed twice / never taken" if the key is not there. */
void sim_ledger_remove(enum sim_resource kind, const void *key, const char *what);
bool sim_ledger_has(enum sim_resource kind, const void *key);
size_t sim_ledger_count(enum sim_resource kind);
/* Number of entries left, each printed with its caller; 0 is clean. */
size_t sim_ledger_report(void);
/* The same for what one image took and has not given back. */
size_t sim_ledger_report_image(const struct sim_image *image);

/* ---- IRQL and locks (irql.c, lock.c): per simulated thread ---- */

enum
{
    PASSIVE_LEVEL_ = 0,
    APC_LEVEL_ = 1,
    DISPATCH_LEVEL_ = 2,
    HIGH_LEVEL_ = 31
};
uint8_t sim_irql(void);
uint8_t sim_irql_raise(uint8_t to); /* returns the old one; stops if lower */
void sim_irql_lower(uint8_t to);
/* Spin locks that this thread holds; a model that calls out checks for zero. */
unsigned sim_locks_held(void);

/* ---- Threads (thread.c) ---- */

struct sim_process;
struct sim_thread
{
    uint8_t irql;
    unsigned locks_held;
    struct sim_process *process; /* in whose context it runs; the system process for system threads */
    uint8_t previous_mode;       /* 0 kernel, 1 user */
    void *object;                /* its thread object */
};
struct sim_thread *sim_thread(void); /* never NULL: made at first use */
/* A thread of the host that plays a processor or a protocol; joined by sim_join. */
struct sim_task;
struct sim_task *sim_spawn(void (*run)(void *context), void *context);
void sim_join(struct sim_task *task);
/* A piece of work in a worker thread of the system process, as a work item runs. */
void sim_queue_work(void (*run)(void *context), void *context);
/* Seeded preemption at imports: 0 turns it off. */
void sim_preempt_seed(uint64_t seed);

/* ---- Waiting (wait.c): what the imports of these names do, for the other models ---- */

void sim_ke_initialize_event(KEVENT *event, bool manual, bool signalled);
bool sim_ke_set_event(KEVENT *event); /* returns whether it was signalled */
bool sim_ke_reset_event(KEVENT *event);
/* timeout in 100 ns as Windows takes it: NULL for ever, negative relative. STATUS_SUCCESS or STATUS_TIMEOUT.
 */
NTSTATUS sim_ke_wait(void *object, const int64_t *timeout);

/* ---- Faults (fault.c) ---- */

/* From now on the k-th fallible call (1-based) of an image fails, once; 0 turns it off. */
void sim_fault_arm(unsigned k);
/* Fallible calls since arming; whether the armed one was reached. */
unsigned sim_fault_count(void);
bool sim_fault_fired(void);
/* For rows with SIM_FAILS_INSIDE: counts one fallible call; true if it is the armed one. */
bool sim_fault_here(void);

/* ---- Memory (pool.c, mdl.c, address_space.c) ---- */

void *sim_pool_allocate(size_t size, uint32_t tag, const void *caller); /* guard page behind it */
void sim_pool_free(void *memory);
/* An MDL over memory of the model, as a protocol hands it to a miniport: already mapped, mapped when asked,
 * or impossible to map. */
enum sim_mdl_kind
{
    SIM_MDL_MAPPED,
    SIM_MDL_UNMAPPED,
    SIM_MDL_UNMAPPABLE
};
MDL *sim_mdl_describe(void *data, size_t length, enum sim_mdl_kind kind);
void sim_mdl_free(MDL *mdl);
/* What explains a fault at an address; for sim_install_fault_handler. */
void sim_kernel_explain(const void *address, char *text, size_t size);

/* ---- Drivers, devices and IRPs (driver.c, io.c) ---- */

struct sim_driver; /* a loaded image with its DRIVER_OBJECT */
struct sim_driver *sim_driver_load(const char *sys_path, NTSTATUS *status, char *error, size_t error_size);
DRIVER_OBJECT *sim_driver_object(struct sim_driver *driver);
struct sim_image *sim_driver_image(struct sim_driver *driver);
/* Calls DriverUnload, checks that nothing is left (ledger of everything taken since load), unmaps. */
void sim_driver_unload(struct sim_driver *driver);

/* Used by the NDIS model for NdisRegisterDeviceEx: creates a named device whose IRPs go to `dispatch` (28
 * entries, functions of the image). Names are full NT names, \Device\... and \DosDevices\... */
NTSTATUS sim_device_create(DRIVER_OBJECT *driver, const uint16_t *name, const uint16_t *link,
                           const uint16_t *sddl, void *const dispatch[28], size_t extension_size,
                           DEVICE_OBJECT **device);
/* As IoDeleteDevice: the name goes at once, the object when its last reference does. */
void sim_device_delete(DEVICE_OBJECT *device);

/* ---- Processes (process.c): each a Linux process of its own; see wire/wire.h ---- */

/* Starts `simulator process <program> <args...>`; arch may differ from the kernel's (WOW64). NULL with errno.
 */
struct sim_process *sim_process_start(enum sim_arch arch, const char *program, const char *const *args);
struct sim_process *sim_process_start_as(enum sim_arch arch, const char *program, const char *const *args,
                                         bool elevated);
int sim_process_wait(struct sim_process *process, unsigned timeout_ms); /* exit status; -1 on time-out */
void sim_process_kill(struct sim_process *process); /* SIGKILL; then as Windows ends a process */
uint32_t sim_process_id(const struct sim_process *process);
bool sim_process_is_wow64(const struct sim_process *process);
/* The Linux process, to send it signals: SIGINT is Ctrl+C. */
int sim_process_linux_id(const struct sim_process *process);
/* Called for each process that has ended, after its handles were closed: for servers that keep state by
 * process. */
void sim_process_on_exit(void (*ended)(struct sim_process *process));
extern struct sim_process *sim_system_process;
bool sim_process_is_elevated(const struct sim_process *process);

/* In the kernel process itself, for scenarios that need no second process: handles of a kernel-side "process"
 * whose user memory is ordinary memory registered with sim_user_memory. */
struct sim_process *sim_process_fake(void); /* of the kernel's word size, elevated */
struct sim_process *sim_process_fake_as(unsigned bits, bool elevated);
void *sim_user_allocate(struct sim_process *process, size_t size, bool writable);
void sim_user_free(struct sim_process *process, void *memory);
/* 0 none, 1 read, 3 read and write; what a driver that probes the pages finds. */
void sim_user_protect(struct sim_process *process, void *memory, size_t size, unsigned access);
NTSTATUS sim_open(struct sim_process *process, const uint16_t *dos_path, uint32_t access, uint64_t *handle);
NTSTATUS sim_ioctl(struct sim_process *process, uint64_t handle, uint32_t code, const void *in,
                   uint32_t in_size, void *out, uint32_t out_size, uint32_t *returned);
/* What no program can do, but a driver: a request in another process's name, or of kernel mode (0). */
NTSTATUS sim_ioctl_as(struct sim_process *requestor, struct sim_process *current, uint8_t mode,
                      uint64_t handle, uint32_t code, const void *in, uint32_t in_size);
NTSTATUS sim_close(struct sim_process *process, uint64_t handle);
uint64_t sim_event_create(struct sim_process *process, bool manual, bool initial);
uint64_t sim_event_create_as(struct sim_process *process, bool manual, bool initial, uint32_t access);
bool sim_event_wait(struct sim_process *process, uint64_t handle, unsigned timeout_ms);
void sim_event_set(struct sim_process *process, uint64_t handle);
NTSTATUS sim_duplicate(struct sim_process *from, uint64_t handle, struct sim_process *to, uint64_t *result);
void sim_process_exit_fake(struct sim_process *process); /* notification, CLEANUP, CLOSE, locked-page check */
/* Slots for process notify routines that other drivers hold; there are 64. */
void sim_notify_slots_taken(unsigned count);

#endif
