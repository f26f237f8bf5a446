/* SPDX-License-Identifier: MIT
 * Device objects and their names. A device that is deleted loses its name at once; the object stays until its
 * last open file and queued work item are gone, and IRPs on those still reach its dispatch table. Its
 * extension is gone at once: the documentation says so for devices of NDIS, and that is the harder case. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static pthread_mutex_t Lock =
    PTHREAD_MUTEX_INITIALIZER; /* guards Devices, counts and drivers' lists of devices */
static struct device *Devices;

static uint16_t
upper(uint16_t character)
{
    return character >= 'a' && character <= 'z' ? character - 32 : character;
}

static size_t
length_of(const uint16_t *text)
{
    size_t length = 0;
    while (text && text[length])
        length++;
    return length;
}

static uint16_t *
copy_of(const uint16_t *text)
{
    size_t size = (length_of(text) + 1) * sizeof *text;
    return text ? memcpy(malloc(size), text, size) : NULL;
}

/* Length of `prefix` if text begins with it, else 0. */
static size_t
begins(const uint16_t *text, size_t length, const char *prefix)
{
    size_t i = 0;
    for (; prefix[i]; i++) {
        if (i == length || upper(text[i]) != upper((uint16_t)(uint8_t)prefix[i]))
            return 0;
    }
    return i;
}

/* What follows the directory of global DOS device names; NULL if the text names none. */
static const uint16_t *
dos_name(const uint16_t *text, size_t length)
{
    static const char *const directories[] = {
        "\\\\.\\Global\\",        "\\\\.\\",        "\\\\?\\Global\\", "\\\\?\\", "\\??\\Global\\", "\\??\\",
        "\\DosDevices\\Global\\", "\\DosDevices\\", "\\GLOBAL??\\",    NULL};
    for (unsigned i = 0; directories[i]; i++) {
        size_t skipped = begins(text, length, directories[i]);
        if (skipped)
            return text + skipped;
    }
    return NULL;
}

static struct device *
find(const DEVICE_OBJECT *object)
{
    struct device *device = Devices;
    while (device && device->object != object)
        device = device->next;
    return device;
}

struct device *
device_of(const DEVICE_OBJECT *object)
{
    pthread_mutex_lock(&Lock);
    struct device *device = find(object);
    pthread_mutex_unlock(&Lock);
    if (!device)
        sim_stop("device", "%p is no device object, or is gone", (const void *)object);
    return device;
}

static bool
same_name(const uint16_t *name, const uint16_t *text, size_t length)
{
    if (!name || length_of(name) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (upper(name[i]) != upper(text[i]))
            return false;
    }
    return true;
}

/* Under the lock: a name that exists ends at the text's end or before a backslash. */
static bool
names(const uint16_t *name, const uint16_t *text, size_t length, size_t *used)
{
    size_t size = length_of(name);
    if (!name || length < size || !same_name(name, text, size) || (length > size && text[size] != '\\'))
        return false;
    *used = size;
    return true;
}

struct device *
device_open(const uint16_t *path, size_t length, const uint16_t **rest, size_t *rest_length)
{
    const uint16_t *dos = dos_name(path, length);
    const uint16_t *text = dos ? dos : path;
    size_t left = length - (size_t)(text - path), used = 0;
    pthread_mutex_lock(&Lock);
    struct device *device = Devices;
    while (device && (device->deleted || !names(dos ? device->link : device->name, text, left, &used)))
        device = device->next;
    if (device)
        device->object->ReferenceCount++;
    pthread_mutex_unlock(&Lock);
    *rest = text + used;
    *rest_length = left - used;
    return device;
}

NTSTATUS
sim_device_create(DRIVER_OBJECT *driver, const uint16_t *name, const uint16_t *link, const uint16_t *sddl,
                  void *const dispatch[28], size_t extension_size, DEVICE_OBJECT **result)
{
    struct device *device = calloc(1, sizeof *device);
    DEVICE_OBJECT *object = guarded_allocate(sizeof *object, 0x69766544, NULL);
    memset(object, 0, sizeof *object);
    object->Type = 3;
    object->Size = sizeof *object;
    object->DriverObject = driver;
    object->StackSize = 1;
    object->DeviceType = 0x17; /* FILE_DEVICE_NETWORK */
    device->object = object;
    device->driver = driver;
    device->security = security_parse(sddl);
    device->name = copy_of(name);
    device->link = copy_of(link ? dos_name(link, length_of(link)) : NULL);
    device->own_dispatch = dispatch != NULL;
    if (dispatch)
        memcpy(device->dispatch, dispatch, sizeof device->dispatch);
    if (extension_size) {
        device->extension = guarded_allocate(extension_size, 0x45766544, NULL);
        memset(device->extension, 0, extension_size);
        object->DeviceExtension = device->extension;
    }
    if (link && !device->link)
        sim_stop("device", "the symbolic name of a device lies in no directory of DOS devices");
    pthread_mutex_lock(&Lock);
    bool taken = false;
    for (const struct device *other = Devices; other && !taken; other = other->next)
        taken = !other->deleted &&
                ((name && same_name(other->name, name, length_of(name))) ||
                 (device->link && same_name(other->link, device->link, length_of(device->link))));
    if (!taken) {
        device->next = Devices;
        Devices = device;
        object->NextDevice = driver->DeviceObject;
        driver->DeviceObject = object;
    }
    pthread_mutex_unlock(&Lock);
    if (taken) {
        if (device->extension)
            guarded_free(device->extension, "model");
        guarded_free(object, "model");
        security_free(device->security);
        free(device->name);
        free(device->link);
        free(device);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    sim_ledger_add(SIM_DEVICE, object, sizeof *object, "device object", NULL);
    *result = object;
    return STATUS_SUCCESS;
}

/* Under the lock, of a deleted device that nothing refers to. */
static void
unlink_device(struct device *device)
{
    struct device **link = &Devices;
    while (*link != device)
        link = &(*link)->next;
    *link = device->next;
    DEVICE_OBJECT **object = &device->driver->DeviceObject;
    while (*object != device->object)
        object = &(*object)->NextDevice;
    *object = device->object->NextDevice;
}

static void
free_device(struct device *device)
{
    sim_ledger_remove(SIM_DEVICE, device->object, "device deleted");
    guarded_free(device->object, "deletion of the device");
    security_free(device->security);
    free(device->name);
    free(device->link);
    free(device);
}

void
sim_device_delete(DEVICE_OBJECT *object)
{
    pthread_mutex_lock(&Lock);
    struct device *device = find(object);
    if (!device || device->deleted)
        sim_stop("device", "device object %p is deleted twice, or none", (void *)object);
    device->deleted = true;
    void *extension = device->extension;
    device->extension = NULL;
    bool last = object->ReferenceCount == 0;
    if (last)
        unlink_device(device);
    pthread_mutex_unlock(&Lock);
    if (extension)
        guarded_free(extension, "deletion of the device");
    if (last)
        free_device(device);
}

void
device_reference(DEVICE_OBJECT *object)
{
    pthread_mutex_lock(&Lock);
    if (!find(object))
        sim_stop("device", "%p is no device object, or is gone", (void *)object);
    object->ReferenceCount++;
    pthread_mutex_unlock(&Lock);
}

void
device_release(DEVICE_OBJECT *object)
{
    pthread_mutex_lock(&Lock);
    struct device *device = find(object);
    if (!device || object->ReferenceCount <= 0)
        sim_stop("device", "device object %p is released too often", (void *)object);
    bool last = --object->ReferenceCount == 0 && device->deleted;
    if (last)
        unlink_device(device);
    pthread_mutex_unlock(&Lock);
    if (last)
        free_device(device);
}
