/* SPDX-License-Identifier: MIT
 *
 * Control devices: opening, IOCTLs, and what closing the last handle does. Every IRP is completed inside its
 * dispatch routine, exactly once; a driver that pends one breaks a check.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host_objects.h"

#define DEVICES_MAX 32

struct host_device
{
    DEVICE_OBJECT object;
    PDRIVER_DISPATCH functions[IRP_MJ_MAXIMUM_FUNCTION + 1]; /* a copy: the driver's may go */
    uint32_t number;                                         /* at the end of its name */
    volatile LONG holders; /* files, and the driver until it deletes the device */
    bool listed;           /* may be opened */
};

typedef struct host_file
{
    FILE_OBJECT object;
    host_device *device;
    uint32_t process;
} host_file;

/* An IRP with its one stack location. */
typedef struct host_irp
{
    IRP irp;
    IO_STACK_LOCATION stack;
    uint32_t process;
    bool completed;
} host_irp;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over the list */
static host_device *devices[DEVICES_MAX];

host_device *
host_device_create(PDRIVER_DISPATCH *functions, PCUNICODE_STRING name)
{
    host_device *device = NULL;
    host_check(!posix_memalign((void **)&device, 64, sizeof(*device)));
    memset(device, 0, sizeof(*device));
    memcpy(device->functions, functions, sizeof(device->functions));
    for (USHORT i = 0; i < name->Length / sizeof(WCHAR); i++) {
        WCHAR c = name->Buffer[i];
        device->number = c >= '0' && c <= '9' ? device->number * 10 + (uint32_t)(c - '0') : 0;
    }
    device->holders = 1;
    device->listed = true;
    ledger_add(LEDGER_DEVICE, 1);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < DEVICES_MAX; i++)
        if (!devices[i]) {
            devices[i] = device;
            pthread_mutex_unlock(&lock);
            return device;
        }
    host_fail("too many devices");
}

PDEVICE_OBJECT
host_device_object(host_device *device)
{
    return &device->object;
}

static void
device_release(host_device *device)
{
    if (InterlockedDecrement(&device->holders))
        return;
    ledger_add(LEDGER_DEVICE, -1);
    free(device);
}

/* Open files keep it, and their IRPs still come. */
void
host_device_delete(host_device *device)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < DEVICES_MAX; i++)
        if (devices[i] == device)
            devices[i] = NULL;
    pthread_mutex_unlock(&lock);
    device_release(device);
}

VOID FASTCALL
IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    UNREFERENCED_PARAMETER(PriorityBoost);
    host_irp *irp = CONTAINING_RECORD(Irp, host_irp, irp);
    host_check(!irp->completed && host_irql() <= DISPATCH_LEVEL);
    host_check(Irp->IoStatus.Status != STATUS_PENDING);
    irp->completed = true;
}

static NTSTATUS
file_request(host_file *file, host_irp *irp, UCHAR major)
{
    irp->stack.MajorFunction = major;
    irp->stack.FileObject = &file->object;
    irp->stack.DeviceObject = &file->device->object;
    irp->irp.StackCount = irp->irp.CurrentLocation = 1;
    irp->irp.Tail.Overlay.CurrentStackLocation = &irp->stack;
    irp->irp.RequestorMode = UserMode;
    irp->process = host_process();
    host_check(host_irql() == PASSIVE_LEVEL && file->device->functions[major]);
    sched_point();
    NTSTATUS status = file->device->functions[major](&file->device->object, &irp->irp);
    host_check(host_irql() == PASSIVE_LEVEL);
    host_check(irp->completed && status == irp->irp.IoStatus.Status);
    return status;
}

/* CLOSE; nobody has a reference any more. */
static void
file_destroy(void *body)
{
    host_file *file = body;
    host_irp irp = {0};
    if (!file->device)
        return;
    file_request(file, &irp, IRP_MJ_CLOSE);
    device_release(file->device);
}

void
file_last_handle_closed(void *body)
{
    host_irp irp = {0};
    file_request(body, &irp, IRP_MJ_CLEANUP);
}

HANDLE
host_control_open(uint32_t luid_index, NTSTATUS *status)
{
    host_device *device = NULL;
    host_irp irp = {0};

    pthread_mutex_lock(&lock);
    for (int i = 0; i < DEVICES_MAX && !device; i++)
        if (devices[i] && devices[i]->number == luid_index) {
            device = devices[i];
            InterlockedIncrement(&device->holders);
        }
    pthread_mutex_unlock(&lock);
    if (!device) {
        *status = STATUS_OBJECT_NAME_NOT_FOUND;
        return NULL;
    }
    host_file *file = object_create(HOST_FILE, sizeof(*file), file_destroy);
    file->device = device;
    file->process = host_process();
    *status = file_request(file, &irp, IRP_MJ_CREATE);
    if (!NT_SUCCESS(*status)) {
        /* A file that was never opened gets no CLOSE. */
        file->device = NULL;
        ObfDereferenceObject(file);
        device_release(device);
        return NULL;
    }
    return handle_create(file, false);
}

NTSTATUS
host_control(HANDLE control, ULONG code, void *buffer, ULONG input, ULONG output, ULONG_PTR *information)
{
    NTSTATUS status;
    host_irp irp = {0};
    host_file *file = handle_reference(control, HOST_FILE, &status);
    if (!file)
        return status;
    /* METHOD_BUFFERED: a copy of the system's, as long as the longer of both. */
    ULONG length = input > output ? input : output;
    void *system = length ? malloc(length) : NULL;
    if (system)
        memcpy(system, buffer, input);
    irp.irp.AssociatedIrp.SystemBuffer = system;
    irp.stack.Parameters.DeviceIoControl.IoControlCode = code;
    irp.stack.Parameters.DeviceIoControl.InputBufferLength = input;
    irp.stack.Parameters.DeviceIoControl.OutputBufferLength = output;
    status = file_request(file, &irp, IRP_MJ_DEVICE_CONTROL);
    host_check(irp.irp.IoStatus.Information <= output);
    if (NT_SUCCESS(status) && irp.irp.IoStatus.Information)
        memcpy(buffer, system, irp.irp.IoStatus.Information);
    if (information)
        *information = irp.irp.IoStatus.Information;
    free(system);
    ObfDereferenceObject(file);
    return status;
}

PEPROCESS NTAPI
IoGetRequestorProcess(PIRP Irp)
{
    return process_object(CONTAINING_RECORD(Irp, host_irp, irp)->process);
}

BOOLEAN NTAPI
IoIs32bitProcess(PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    return FALSE;
}
