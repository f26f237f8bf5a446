/* SPDX-License-Identifier: MIT
 * Loading and unloading drivers: the image, its DRIVER_OBJECT, DriverEntry, and the check that an unloaded
 * driver has given everything back. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UNLOAD_SECONDS 60

struct sim_driver
{
    DRIVER_OBJECT *object;
    struct sim_image *image;
    struct sim_driver *next;
    uint16_t *path;
};

static uint16_t *
widen(const char *text)
{
    size_t length = strlen(text);
    uint16_t *wide = guarded_allocate((length + 1) * sizeof *wide, 0x6C767244, NULL);
    for (size_t i = 0; i <= length; i++)
        wide[i] = (uint8_t)text[i];
    return wide;
}

static void
discard(struct sim_driver *driver)
{
    sim_image_unload(driver->image);
    guarded_free(driver->object->DriverName.Buffer, "unload");
    guarded_free(driver->path, "unload");
    guarded_free(driver->object, "unload");
    free(driver);
}

struct sim_driver *
sim_driver_load(const char *sys_path, NTSTATUS *status, char *error, size_t error_size)
{
    *status = STATUS_DRIVER_UNABLE_TO_LOAD;
    struct sim_image *image = sim_image_load(sys_path, sim_driver_tables, error, error_size);
    if (!image)
        return NULL;
    char name[200], base[100];
    const char *file = strrchr(sys_path, '/');
    snprintf(base, sizeof base, "%s", file ? file + 1 : sys_path);
    char *dot = strrchr(base, '.');
    if (dot)
        *dot = 0;
    struct sim_driver *driver = calloc(1, sizeof *driver);
    DRIVER_OBJECT *object = guarded_allocate(sizeof *object, 0x69767244, NULL);
    memset(object, 0, sizeof *object);
    driver->object = object;
    driver->image = image;
    snprintf(name, sizeof name, "\\Driver\\%s", base);
    uint16_t *wide = widen(name);
    object->Type = 4;
    object->Size = sizeof *object;
    object->DriverStart = sim_image_base(image);
    object->DriverSize = (ULONG)sim_image_size(image);
    object->DriverInit = sim_image_entry(image);
    object->DriverName = (UNICODE_STRING){(USHORT)(strlen(name) * 2), (USHORT)(strlen(name) * 2 + 2), wide};
    snprintf(name, sizeof name, "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services\\%s", base);
    driver->path = widen(name);
    UNICODE_STRING *path = guarded_allocate(sizeof *path, 0x69767244, NULL);
    *path = (UNICODE_STRING){(USHORT)(strlen(name) * 2), (USHORT)(strlen(name) * 2), driver->path};

    uint8_t old_mode;
    struct sim_process *previous = process_enter(sim_system_process, 0, &old_mode);
    *status = (NTSTATUS)SIM_CALL(object->DriverInit, SIM_WORD(object), SIM_WORD(path));
    if (sim_irql() != PASSIVE)
        sim_stop("irql", "DriverEntry returned at IRQL %u", sim_irql());
    thread_check_clean("DriverEntry", object->DriverInit);
    process_leave(previous, old_mode);
    /* The registry path lives only as long as the call. */
    guarded_free(path, "return of DriverEntry");
    if (!NT_SUCCESS(*status)) {
        snprintf(error, error_size, "DriverEntry of %s returned 0x%08x", base, *status);
        if (sim_ledger_report_image(image))
            sim_stop("leak", "DriverEntry failed and left what it had taken");
        if (object->DeviceObject)
            sim_stop("leak", "DriverEntry failed and left a device object");
        discard(driver);
        return NULL;
    }
    sim_image_discard_init(image);
    return driver;
}

DRIVER_OBJECT *
sim_driver_object(struct sim_driver *driver)
{
    return driver->object;
}

struct sim_image *
sim_driver_image(struct sim_driver *driver)
{
    return driver->image;
}

void
sim_driver_unload(struct sim_driver *driver)
{
    struct timespec pause = {0, 1000000};
    /* Devices that work items or closing handles still hold keep Windows from unloading: it waits. */
    for (unsigned i = 0; __atomic_load_n(&driver->object->DeviceObject, __ATOMIC_ACQUIRE); i++) {
        if (i > UNLOAD_SECONDS * 1000u / 2)
            sim_stop("unload", "a device object remains: the driver can never be unloaded");
        nanosleep(&pause, NULL);
    }
    if (!driver->object->DriverUnload)
        sim_stop("unload", "the driver has no unload routine");
    uint8_t old_mode;
    struct sim_process *previous = process_enter(sim_system_process, 0, &old_mode);
    SIM_CALL(driver->object->DriverUnload, SIM_WORD(driver->object));
    if (sim_irql() != PASSIVE)
        sim_stop("irql", "DriverUnload returned at IRQL %u", sim_irql());
    thread_check_clean("DriverUnload", driver->object->DriverUnload);
    process_leave(previous, old_mode);
    size_t left = sim_ledger_report_image(driver->image);
    if (left)
        sim_stop("leak", "the driver was unloaded and left %zu things that it had taken", left);
    discard(driver);
}
