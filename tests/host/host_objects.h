/* SPDX-License-Identifier: MIT
 *
 * Objects, between the files of the host's kernel model.
 */
#ifndef HOST_OBJECTS_H
#define HOST_OBJECTS_H

#include "host.h"

typedef enum host_object_type
{
    HOST_EVENT,
    HOST_THREAD,
    HOST_FILE
} host_object_type;

typedef struct host_object
{
    host_object_type type;
    volatile LONG references;
    void (*destroy)(void *body);
    _Alignas(16) unsigned char body[];
} host_object;

static inline host_object *
object_of(void *body)
{
    return CONTAINING_RECORD(body, host_object, body);
}

/* With one reference, which is the caller's. */
void *object_create(host_object_type type, size_t size, void (*destroy)(void *body));
HANDLE handle_create(void *body, bool kernel);
void *handle_reference(HANDLE handle, host_object_type type, NTSTATUS *status);

/* kernel_io.c: CLEANUP. */
void file_last_handle_closed(void *file);

PEPROCESS process_object(uint32_t id);

/* kernel_memory.c: the address space of a process ends; nothing of it may be locked. */
void user_memory_free_all(uint32_t process);

#endif
