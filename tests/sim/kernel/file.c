/* SPDX-License-Identifier: MIT
 * Files: opening a device by name, with the security check that its descriptor asks for; CLEANUP when the
 * last handle goes, CLOSE when the last reference does. */
#include "io.h"

#include <stdlib.h>
#include <string.h>

/* IO_SECURITY_CONTEXT */
struct security_context
{
    PVOID SecurityQos, AccessState;
    ACCESS_MASK DesiredAccess;
    ULONG FullCreateOptions;
};

NTSTATUS
io_open(struct sim_process *process, const uint16_t *path, size_t length, uint32_t access, uint32_t share,
        bool overlapped, uint64_t *handle)
{
    const uint16_t *rest;
    size_t rest_length;
    if (length == 0 || length > 32767)
        return STATUS_OBJECT_NAME_INVALID;
    struct device *device = device_open(path, length, &rest, &rest_length);
    if (!device)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    DEVICE_OBJECT *object = device->object;
    /* A name below the device belongs to its driver: only FILE_DEVICE_SECURE_OPEN makes the I/O manager check
     * the device's descriptor for it too. Nothing says that NDIS sets it, so it counts only if the driver
     * did. */
    uint32_t granted = security_map(access);
    if (rest_length == 0 || (object->Characteristics & FILE_DEVICE_SECURE_OPEN))
        granted = security_check(device->security, process, access);
    if (granted == 0 && access != 0) {
        device_release(object);
        return STATUS_ACCESS_DENIED;
    }
    struct file *file = object_create(OBJECT_FILE, sizeof *file);
    FILE_OBJECT *seen = &file->object;
    file->device = device;
    seen->Type = 5;
    seen->Size = sizeof *seen;
    seen->DeviceObject = object;
    seen->Flags = overlapped ? 0 : FO_SYNCHRONOUS_IO;
    seen->ReadAccess = (granted & 1) != 0;
    seen->WriteAccess = (granted & 2) != 0;
    seen->SharedRead = share & 1;
    seen->SharedWrite = (share & 2) != 0;
    if (rest_length) {
        file->name = guarded_allocate(rest_length * sizeof *rest, 0x6D4E6F49, NULL);
        memcpy(file->name, rest, rest_length * sizeof *rest);
        seen->FileName = (UNICODE_STRING){(USHORT)(rest_length * 2), (USHORT)(rest_length * 2), file->name};
    }
    struct security_context context = {.DesiredAccess = granted};
    struct request *request = request_create(process, file, IRP_MJ_CREATE, 1);
    IO_STACK_LOCATION *stack = request->irp->Tail.Overlay.CurrentStackLocation;
    stack->Parameters.Create.SecurityContext = &context;
    stack->Parameters.Create.Options = 1u << 24 | (overlapped ? 0 : 0x20); /* FILE_OPEN */
    stack->Parameters.Create.ShareAccess = (USHORT)share;
    NTSTATUS status = request_send(request);
    if (status == STATUS_PENDING)
        status = request_wait(request);
    request_free(request);
    if (NT_SUCCESS(status)) {
        file->opened = true;
        seen->Flags |= FO_HANDLE_CREATED;
        *handle = handle_create(process, file, granted, false, NULL);
        sim_ledger_add(SIM_HANDLE, file, 0, "open device", NULL);
    }
    object_dereference(file);
    return status;
}

static void
send_simple(struct file *file, struct sim_process *process, unsigned major)
{
    struct request *request = request_create(process, file, major, 0);
    NTSTATUS status = request_send(request);
    if (status == STATUS_PENDING)
        status = request_wait(request);
    request_free(request);
}

void
file_last_handle(void *body, struct sim_process *process)
{
    struct file *file = body;
    sim_ledger_remove(SIM_HANDLE, file, "last handle closed");
    send_simple(file, process, IRP_MJ_CLEANUP);
    file->object.Flags |= FO_CLEANUP_COMPLETE;
}

void
file_destroy(void *body)
{
    struct file *file = body;
    if (file->opened)
        send_simple(file, sim_thread()->process, IRP_MJ_CLOSE);
    if (file->name)
        guarded_free(file->name, "close of the file");
    device_release(file->device->object);
}
