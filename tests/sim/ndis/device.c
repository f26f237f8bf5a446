/* SPDX-License-Identifier: MIT
 * Control devices of a miniport: NdisRegisterDeviceEx over the kernel model's devices. */
#include <stdlib.h>
#include "ndis_model.h"

#define NDIS_EXTENSION 64 /* NDIS's own part of the device extension comes first */
#define NDIS_MARK      0x4E

struct device
{
    DEVICE_OBJECT *object;
    uint8_t *reserved;
    bool live;
    struct device *next;
};
static struct device *devices; /* never freed: a stale handle is recognised */
static pthread_mutex_t devices_lock = PTHREAD_MUTEX_INITIALIZER;

static void (*device_hook)(void *context, bool going);
static void *device_hook_context;

void
sim_ndis_on_device(void (*hook)(void *context, bool going), void *context)
{
    device_hook = hook;
    device_hook_context = context;
}

static uint16_t *
copy_string(const UNICODE_STRING *string)
{
    if (!string)
        return NULL;
    if (string->Length % 2 || string->Length > string->MaximumLength || (string->Length && !string->Buffer))
        sim_stop("a UNICODE_STRING is well-formed", "Length %u, MaximumLength %u", string->Length,
                 string->MaximumLength);
    uint16_t *copy = calloc(1, string->Length + sizeof(uint16_t));
    memcpy(copy, string->Buffer, string->Length);
    return copy;
}

uint64_t
ndis_NdisRegisterDeviceEx(struct sim_frame *frame)
{
    struct sim_miniport *miniport = ndis_miniport_of((const void *)frame->arg[0]);
    const NDIS_DEVICE_OBJECT_ATTRIBUTES *a = (const NDIS_DEVICE_OBJECT_ATTRIBUTES *)frame->arg[1];
    if (!miniport || !miniport->registered)
        sim_stop("NdisRegisterDeviceEx gets the handle of NdisMRegisterMiniportDriver", "%p is none",
                 (void *)frame->arg[0]);
    ndis_check_header("NDIS_DEVICE_OBJECT_ATTRIBUTES", &a->Header, NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES,
                      1, 1, NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1);
    if (!a->DeviceName || !a->MajorFunctions)
        sim_stop("a control device has a name and a dispatch table", "one of them is NULL");
    if (!a->DefaultSDDLString)
        sim_stop("a named control device states who may open it", "DefaultSDDLString is NULL");
    if (a->DeviceClassGuid)
        sim_stop("DeviceClassGuid of NDIS_DEVICE_OBJECT_ATTRIBUTES is NULL", "it is set");
    if (a->MajorFunctions[IRP_MJ_PNP] || a->MajorFunctions[IRP_MJ_POWER])
        sim_stop("a control device gets no PnP and no power IRPs", "it has a dispatch entry for them");

    struct device *device = calloc(1, sizeof(*device));
    uint16_t *name = copy_string(a->DeviceName), *link = copy_string(a->SymbolicName);
    uint16_t *sddl = copy_string(a->DefaultSDDLString);
    NTSTATUS status = sim_device_create(miniport->driver, name, link, sddl, a->MajorFunctions,
                                        NDIS_EXTENSION + a->ExtensionSize, &device->object);
    free(name);
    free(link);
    free(sddl);
    if (!NT_SUCCESS(status)) {
        free(device);
        return (uint32_t)status;
    }
    memset(device->object->DeviceExtension, NDIS_MARK, NDIS_EXTENSION);
    device->reserved = (uint8_t *)device->object->DeviceExtension + NDIS_EXTENSION;
    device->live = true;
    pthread_mutex_lock(&devices_lock);
    device->next = devices;
    devices = device;
    pthread_mutex_unlock(&devices_lock);
    sim_ledger_add(SIM_NDIS_OBJECT, device, 0, "NdisRegisterDeviceEx", frame->return_address);
    if (device_hook)
        device_hook(device_hook_context, false);
    *(DEVICE_OBJECT **)frame->arg[2] = device->object;
    *(void **)frame->arg[3] = device;
    return NDIS_STATUS_SUCCESS;
}

uint64_t
ndis_NdisDeregisterDeviceEx(struct sim_frame *frame)
{
    if (device_hook)
        device_hook(device_hook_context, true);
    pthread_mutex_lock(&devices_lock);
    struct device *device = devices;
    while (device && device != (void *)frame->arg[0])
        device = device->next;
    bool live = device && device->live;
    if (live)
        device->live = false;
    pthread_mutex_unlock(&devices_lock);
    if (!live)
        sim_stop("a control device is deregistered once, by its handle", "%p is no live device's",
                 (void *)frame->arg[0]);
    for (const uint8_t *own = device->reserved - NDIS_EXTENSION; own < device->reserved; own++) {
        if (*own != NDIS_MARK)
            sim_stop("a driver leaves the DeviceExtension of its control device alone",
                     "byte %d of it was written", (int)(own - (device->reserved - NDIS_EXTENSION)));
    }
    sim_ledger_remove(SIM_NDIS_OBJECT, device, "NdisDeregisterDeviceEx");
    sim_device_delete(device->object);
    return 0;
}

uint64_t
ndis_NdisGetDeviceReservedExtension(struct sim_frame *frame)
{
    pthread_mutex_lock(&devices_lock);
    struct device *device = devices;
    while (device && device->object != (void *)frame->arg[0])
        device = device->next;
    bool live = device && device->live;
    pthread_mutex_unlock(&devices_lock);
    if (!live)
        sim_stop("the reserved extension of a control device goes with NdisDeregisterDeviceEx",
                 "%p is no live device", (void *)frame->arg[0]);
    return SIM_WORD(device->reserved);
}
