/* SPDX-License-Identifier: MIT
 * Objects and handles. A header with counts lies before each body; a handle table belongs to a process,
 * kernel handles to the system process. The last handle to go tells the type (CLEANUP of a file), the last
 * reference frees the body, which then is inaccessible. */
#include "internal.h"

#include <stdlib.h>

#define MAGIC          0x4F626A48u
#define KERNEL_HANDLES ((uintptr_t)(SIM_64BIT ? 0xFFFFFFFF80000000ull : 0x80000000ull))

struct object_header
{
    uint32_t magic;
    enum object_type type;
    _Atomic long references, handles;
} __attribute__((aligned(MEMORY_ALLOCATION_ALIGNMENT)));

struct handle_entry
{
    void *body; /* NULL: free */
    uint32_t access;
    const void *caller;
};
struct handle_table
{
    pthread_mutex_t lock; /* guards all below */
    bool closed;          /* its process has ended */
    struct handle_entry *entries;
    unsigned count,
        next; /* next: where the search for a free one begins, so that values are not reused at once */
};

static const char *const TypeNames[OBJECT_TYPES] = {"Event", "Thread", "Process", "File", "Key"};

static struct object_header *
header_of(const void *body)
{
    struct object_header *header = (struct object_header *)body - 1;
    if (((uintptr_t)body & (MEMORY_ALLOCATION_ALIGNMENT - 1)) || header->magic != MAGIC)
        sim_stop("object", "%p is no object", body);
    return header;
}

void *
object_create(enum object_type type, size_t body_size)
{
    /* Rounded, so that the header before the body stays aligned at the end of the page. */
    size_t size = (sizeof(struct object_header) + body_size + MEMORY_ALLOCATION_ALIGNMENT - 1) &
                  ~(size_t)(MEMORY_ALLOCATION_ALIGNMENT - 1);
    struct object_header *header = guarded_allocate(size, 0x20206A62 + (uint32_t)type, NULL);
    header->magic = MAGIC;
    header->type = type;
    atomic_init(&header->references, 1);
    atomic_init(&header->handles, 0);
    __builtin_memset(header + 1, 0, size - sizeof *header);
    return header + 1;
}

enum object_type
object_type_of(const void *body)
{
    return header_of(body)->type;
}

void
object_reference(void *body)
{
    if (atomic_fetch_add(&header_of(body)->references, 1) <= 0)
        sim_stop("object", "a %s that is being deleted is referenced", TypeNames[header_of(body)->type]);
}

static void
destroy(void *body)
{
    switch (header_of(body)->type) {
    case OBJECT_EVENT:
        event_destroy(body);
        break;
    case OBJECT_FILE:
        file_destroy(body);
        break;
    case OBJECT_PROCESS:
        process_destroy(body);
        break;
    default:
        break;
    }
    guarded_free(header_of(body), "its last dereference");
}

void
object_dereference(void *body)
{
    long before = atomic_fetch_sub(&header_of(body)->references, 1);
    if (before <= 0)
        sim_stop("object", "%s %p is dereferenced too often", TypeNames[header_of(body)->type], body);
    if (before > 1)
        return;
    /* Deleting a file calls its driver, which wants PASSIVE_LEVEL. */
    if (header_of(body)->type == OBJECT_FILE && sim_irql() > PASSIVE)
        sim_queue_work(destroy, body);
    else
        destroy(body);
}

/* ---- Handles ---- */

struct handle_table *
handle_table_create(void)
{
    struct handle_table *table = calloc(1, sizeof *table);
    pthread_mutex_init(&table->lock, NULL);
    return table;
}

uint64_t
handle_create(struct sim_process *process, void *body, uint32_t access, bool kernel, const void *caller)
{
    struct handle_table *table = (kernel ? sim_system_process : process)->handles;
    object_reference(body);
    atomic_fetch_add(&header_of(body)->handles, 1);
    pthread_mutex_lock(&table->lock);
    if (table->closed) {
        pthread_mutex_unlock(&table->lock);
        atomic_fetch_sub(&header_of(body)->handles, 1);
        object_dereference(body);
        return 0;
    }
    unsigned i = 0;
    while (i < table->count && table->entries[(table->next + i) % table->count].body)
        i++;
    if (i == table->count) {
        unsigned grown = table->count ? 2 * table->count : 64;
        table->entries = realloc(table->entries, grown * sizeof *table->entries);
        for (unsigned fresh = table->count; fresh < grown; fresh++)
            table->entries[fresh].body = NULL;
        table->next = table->count;
        table->count = grown;
        i = 0;
    }
    i = (table->next + i) % table->count;
    table->next = (i + 1) % table->count;
    table->entries[i] = (struct handle_entry){body, access, caller};
    pthread_mutex_unlock(&table->lock);
    uint64_t value = ((uint64_t)i + 1) * 4;
    if (kernel) {
        value |= KERNEL_HANDLES;
        sim_ledger_add(SIM_HANDLE, (const void *)(uintptr_t)value, 0, TypeNames[header_of(body)->type],
                       caller);
    }
    return value;
}

/* The table that a value belongs to, and its index there; false if it can be no handle. */
static bool
locate(struct sim_process *process, uint64_t handle, uint8_t mode, struct handle_table **table,
       unsigned *index)
{
    /* A kernel of 32 bits may have sign-extended it on the way here. */
    if (!SIM_64BIT)
        handle = (uint32_t)handle;
    bool kernel = handle >= KERNEL_HANDLES;
    uint64_t value = kernel ? handle - KERNEL_HANDLES : handle;
    if ((kernel && mode != 0) || value < 4 || value >= 0x40000000)
        return false;
    *table = (kernel ? sim_system_process : process)->handles;
    *index = (unsigned)(value / 4) - 1; /* the two lowest bits are the application's */
    return true;
}

NTSTATUS
handle_reference(struct sim_process *process, uint64_t handle, int type, uint32_t access, uint8_t mode,
                 void **body, uint32_t *granted)
{
    enum
    {
        CURRENT_PROCESS = -1,
        CURRENT_THREAD = -2
    };
    struct handle_table *table;
    unsigned index;
    void *found = NULL;
    uint32_t rights = 0xFFFFFFFF;
    int64_t value = SIM_64BIT ? (int64_t)handle : (int32_t)handle;
    if (value == CURRENT_PROCESS || value == CURRENT_THREAD) {
        found = value == CURRENT_PROCESS ? (void *)process : sim_thread()->object;
        if (type >= 0 && (int)object_type_of(found) != type)
            return STATUS_OBJECT_TYPE_MISMATCH;
        object_reference(found);
        *body = found;
        return STATUS_SUCCESS;
    }
    if (!locate(process, handle, mode, &table, &index))
        return STATUS_INVALID_HANDLE;
    NTSTATUS status = STATUS_INVALID_HANDLE;
    pthread_mutex_lock(&table->lock);
    if (index < table->count && table->entries[index].body) {
        found = table->entries[index].body;
        rights = table->entries[index].access;
        if (type >= 0 && (int)object_type_of(found) != type)
            status = STATUS_OBJECT_TYPE_MISMATCH;
        else if (mode != 0 && (access & ~rights))
            status = STATUS_ACCESS_DENIED;
        else
            status = STATUS_SUCCESS;
        if (status == STATUS_SUCCESS)
            object_reference(found);
    }
    pthread_mutex_unlock(&table->lock);
    if (status == STATUS_SUCCESS) {
        *body = found;
        if (granted)
            *granted = rights;
    }
    return status;
}

static void
drop_handle(struct sim_process *process, void *body)
{
    if (atomic_fetch_sub(&header_of(body)->handles, 1) == 1 && header_of(body)->type == OBJECT_FILE)
        file_last_handle(body, process);
    object_dereference(body);
}

NTSTATUS
handle_close(struct sim_process *process, uint64_t handle)
{
    struct handle_table *table;
    unsigned index;
    void *body = NULL;
    if (!locate(process, handle, 0, &table, &index))
        return STATUS_INVALID_HANDLE;
    pthread_mutex_lock(&table->lock);
    if (index < table->count) {
        body = table->entries[index].body;
        table->entries[index].body = NULL;
    }
    pthread_mutex_unlock(&table->lock);
    if (!body)
        return STATUS_INVALID_HANDLE;
    if (table == sim_system_process->handles)
        sim_ledger_remove(SIM_HANDLE, (const void *)((uintptr_t)handle & ~(uintptr_t)3), "handle closed");
    drop_handle(process, body);
    return STATUS_SUCCESS;
}

void
handle_close_all(struct sim_process *process)
{
    struct handle_table *table = process->handles;
    for (unsigned i = 0;; i++) {
        void *body = NULL;
        pthread_mutex_lock(&table->lock);
        table->closed = true;
        bool more = i < table->count;
        if (more) {
            body = table->entries[i].body;
            table->entries[i].body = NULL;
        }
        pthread_mutex_unlock(&table->lock);
        if (!more)
            break;
        if (body)
            drop_handle(process, body);
    }
}

/* ---- Imports ---- */

/* The exported variables hold pointers to type objects, which are opaque: here their numbers, one up. */
static void *ExEventObjectType = (void *)(uintptr_t)(OBJECT_EVENT + 0x1000);
static void *PsThreadType = (void *)(uintptr_t)(OBJECT_THREAD + 0x1000);
static void *PsProcessType = (void *)(uintptr_t)(OBJECT_PROCESS + 0x1000);
static void *IoFileObjectType = (void *)(uintptr_t)(OBJECT_FILE + 0x1000);

static int
type_of_pointer(uintptr_t pointer, const char *function)
{
    if (pointer == 0)
        return -1;
    if (pointer < 0x1000 || pointer >= 0x1000 + OBJECT_TYPES)
        sim_stop("object",
                 "%s with an object type %p that is none (the exported variable is a pointer to it)",
                 function, (void *)pointer);
    return (int)(pointer - 0x1000);
}

static uint64_t
row_ObReferenceObjectByHandle(struct sim_frame *frame)
{
    uint8_t mode = (uint8_t)frame->arg[3];
    int type = type_of_pointer(frame->arg[2], "ObReferenceObjectByHandle");
    void *body = NULL;
    uint32_t granted = 0;
    if (mode != 0 && type < 0)
        sim_stop("object", "ObReferenceObjectByHandle of a user's handle without an object type");
    OUT(void *, frame->arg[4]) = NULL;
    NTSTATUS status = handle_reference(sim_thread()->process, (uint64_t)(intptr_t)frame->arg[0], type,
                                       (uint32_t)frame->arg[1], mode, &body, &granted);
    if (status != STATUS_SUCCESS)
        return (uint32_t)status;
    sim_ledger_add(SIM_REFERENCE, body, 0, TypeNames[object_type_of(body)], frame->return_address);
    OUT(void *, frame->arg[4]) = body;
    if (frame->arg[5]) {
        OUT(uint32_t, frame->arg[5]) = 0;
        OUT(uint32_t, frame->arg[5] + 4) = granted;
    }
    return STATUS_SUCCESS;
}

static uint64_t
row_ObReferenceObjectByPointer(struct sim_frame *frame)
{
    void *body = (void *)frame->arg[0];
    int type = type_of_pointer(frame->arg[2], "ObReferenceObjectByPointer");
    if (type >= 0 && (int)object_type_of(body) != type)
        return (uint32_t)STATUS_OBJECT_TYPE_MISMATCH;
    object_reference(body);
    sim_ledger_add(SIM_REFERENCE, body, 0, TypeNames[object_type_of(body)], frame->return_address);
    return STATUS_SUCCESS;
}

static uint64_t
row_ObfReferenceObject(struct sim_frame *frame)
{
    void *body = (void *)frame->arg[0];
    object_reference(body);
    sim_ledger_add(SIM_REFERENCE, body, 0, TypeNames[object_type_of(body)], frame->return_address);
    return (uint64_t)atomic_load(&header_of(body)->references);
}

static uint64_t
row_ObfDereferenceObject(struct sim_frame *frame)
{
    void *body = (void *)frame->arg[0];
    long left = atomic_load(&header_of(body)->references) - 1;
    sim_ledger_remove(SIM_REFERENCE, body, "ObfDereferenceObject");
    object_dereference(body);
    return (uint64_t)left;
}

static uint64_t
row_ZwClose(struct sim_frame *frame)
{
    uint64_t handle = (uint64_t)frame->arg[0];
    NTSTATUS status = handle_close(sim_thread()->process, handle);
    if (status != STATUS_SUCCESS)
        sim_stop("handle", "ZwClose of 0x%zx, which is no open handle", (size_t)frame->arg[0]);
    return (uint32_t)status;
}

static uint64_t
row_ZwWaitForSingleObject(struct sim_frame *frame)
{
    void *body;
    NTSTATUS status =
        handle_reference(sim_thread()->process, (uint64_t)(intptr_t)frame->arg[0], -1, 0, 0, &body, NULL);
    if (status != STATUS_SUCCESS)
        return (uint32_t)status;
    if (object_type_of(body) > OBJECT_PROCESS)
        sim_stop("model", "ZwWaitForSingleObject for a file or a key is not modelled");
    status = sim_ke_wait(body, (const int64_t *)frame->arg[2]);
    object_dereference(body);
    return (uint32_t)status;
}

#define VARIABLE(variable, page)                                                                             \
    {                                                                                                        \
        .module = NTOSKRNL, .name = #variable, .convention = SIM_DATA, .systems = SIM_SINCE_WIN7,            \
        .data = &variable, .source = page                                                                    \
    }

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, ObReferenceObjectByHandle, 6, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE,
        SIM_FAILS_RESOURCES, "nf-wdm-obreferenceobjectbyhandle"),
    ROW(NTOSKRNL, ObReferenceObjectByPointer, 4, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-obreferenceobjectbypointer"),
    ROW(NTOSKRNL, ObfReferenceObject, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-obreferenceobject"),
    ROW(NTOSKRNL, ObfDereferenceObject, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-obdereferenceobject"),
    ROW(NTOSKRNL, ZwClose, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0, "nf-ntifs-ntclose"),
    ROW(NTOSKRNL, ZwWaitForSingleObject, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-ntifs-zwwaitforsingleobject"),
    VARIABLE(ExEventObjectType, "nf-wdm-obreferenceobjectbyhandle"),
    VARIABLE(PsThreadType, "nf-wdm-obreferenceobjectbyhandle"),
    VARIABLE(PsProcessType, "nf-wdm-obreferenceobjectbyhandle"),
    VARIABLE(IoFileObjectType, "nf-wdm-obreferenceobjectbyhandle"),
};
TABLE(sim_ob_imports, Rows);
