/* SPDX-License-Identifier: MIT
 * Miniport drivers: NdisMRegisterMiniportDriver, its reverse, and what NDIS owns of the driver object. */
#include <stdlib.h>
#include "ndis_model.h"

#define MINIPORT_MAGIC 0x4d696e69u

static struct sim_miniport *miniports;
static pthread_mutex_t miniports_lock = PTHREAD_MUTEX_INITIALIZER;

/* What NDIS puts into the driver object: IRPs to the functional device are its own affair. */
static uint64_t
fdo_dispatch(struct sim_frame *frame)
{
    (void)frame;
    sim_stop("IRPs to the adapter's functional device are NDIS's", "an image called NDIS's dispatch routine");
}

static uint64_t
driver_unload(struct sim_frame *frame)
{
    struct sim_miniport *miniport = ndis_miniport_find((const DRIVER_OBJECT *)frame->arg[0]);
    if (!miniport)
        sim_stop("a driver that was registered is unloaded by NDIS",
                 "DriverUnload of an unknown driver object");
    if (miniport->adapters)
        sim_stop("MiniportDriverUnload comes when no adapter is left", "%u are", miniport->adapters);
    ndis_check_driver_object(miniport);
    NDIS_CALL("MiniportDriverUnload", miniport->handlers.UnloadHandler, SIM_WORD(frame->arg[0]));
    if (miniport->registered)
        sim_stop("MiniportDriverUnload calls NdisMDeregisterMiniportDriver", "it returned without");
    return 0;
}

static const struct sim_import fdo_dispatch_row = {"ndis.sys",
                                                   "(dispatch)",
                                                   fdo_dispatch,
                                                   2,
                                                   0,
                                                   SIM_STDCALL,
                                                   0xFF,
                                                   0,
                                                   2,
                                                   0,
                                                   NULL,
                                                   "ndis-processing-of-plug-and-play-events"};
static const struct sim_import add_device_row = {"ndis.sys",
                                                 "(AddDevice)",
                                                 fdo_dispatch,
                                                 2,
                                                 0,
                                                 SIM_STDCALL,
                                                 0xFF,
                                                 0,
                                                 0,
                                                 0,
                                                 NULL,
                                                 "nf-ndis-ndismregisterminiportdriver"};
static const struct sim_import driver_unload_row = {"ndis.sys",
                                                    "(DriverUnload)",
                                                    driver_unload,
                                                    1,
                                                    0,
                                                    SIM_STDCALL,
                                                    0xFF,
                                                    0,
                                                    0,
                                                    0,
                                                    NULL,
                                                    "unloading-a-miniport-driver"};

struct sim_miniport *
ndis_miniport_of(const void *handle)
{
    pthread_mutex_lock(&miniports_lock);
    struct sim_miniport *miniport = miniports;
    while (miniport && miniport != handle)
        miniport = miniport->next;
    pthread_mutex_unlock(&miniports_lock);
    return miniport;
}

struct sim_miniport *
ndis_miniport_find(const DRIVER_OBJECT *driver)
{
    pthread_mutex_lock(&miniports_lock);
    struct sim_miniport *miniport = miniports;
    while (miniport && (miniport->driver != driver || !miniport->registered))
        miniport = miniport->next;
    pthread_mutex_unlock(&miniports_lock);
    return miniport;
}

void
ndis_check_driver_object(const struct sim_miniport *miniport)
{
    const DRIVER_OBJECT *driver = miniport->driver;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        if (driver->MajorFunction[i] != sim_import_address(&fdo_dispatch_row))
            sim_stop("NDIS owns the dispatch table of a miniport's driver object", "entry 0x%x was replaced",
                     i);
    }
    if (driver->DriverUnload != sim_import_address(&driver_unload_row))
        sim_stop("a miniport driver does not set DriverUnload; MiniportDriverUnload does its work",
                 "it was replaced");
}

static void
check_handlers(const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c)
{
    const struct
    {
        const char *name;
        const void *handler;
    } required[] = {
        {"InitializeHandlerEx", c->InitializeHandlerEx},
        {"HaltHandlerEx", c->HaltHandlerEx},
        {"UnloadHandler", c->UnloadHandler},
        {"PauseHandler", c->PauseHandler},
        {"RestartHandler", c->RestartHandler},
        {"OidRequestHandler", c->OidRequestHandler},
        {"SendNetBufferListsHandler", c->SendNetBufferListsHandler},
        {"ReturnNetBufferListsHandler", c->ReturnNetBufferListsHandler},
        {"CancelSendHandler", c->CancelSendHandler},
        {"DevicePnPEventNotifyHandler", c->DevicePnPEventNotifyHandler},
        {"ShutdownHandlerEx", c->ShutdownHandlerEx},
        {"CancelOidRequestHandler", c->CancelOidRequestHandler},
    };
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (!required[i].handler)
            sim_stop("a miniport supplies every required handler", "%s is NULL", required[i].name);
    }
    if (c->CheckForHangHandlerEx || c->ResetHandlerEx)
        sim_stop("a virtual miniport leaves CheckForHang and Reset NULL", "one of them is set");
    if (c->Header.Revision >= 2 && !c->DirectOidRequestHandler != !c->CancelDirectOidRequestHandler)
        sim_stop("the direct OID handlers are supplied both or not at all", "one of them is NULL");
}

/* The revision of the characteristics belongs to the version: 1 for 6.0, 2 for 6.1 to 6.79, 3 from 6.80 on.
 */
static size_t
characteristics_size(const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c, uint8_t *revision)
{
    unsigned minor = c->MinorNdisVersion;
    *revision = minor >= 80 ? 3 : minor >= 1 ? 2 : 1;
    switch (*revision) {
    case 1:
        return NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1;
    case 2:
        return NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    default:
        return NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_3;
    }
}

uint64_t
ndis_NdisMRegisterMiniportDriver(struct sim_frame *frame)
{
    DRIVER_OBJECT *driver = (DRIVER_OBJECT *)frame->arg[0];
    const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c =
        (const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *)frame->arg[3];
    void **handle = (void **)frame->arg[4];

    if (!driver || !frame->arg[1] || !c || !handle)
        sim_stop("NdisMRegisterMiniportDriver gets the arguments of DriverEntry", "one of them is NULL");
    if (ndis_miniport_find(driver))
        sim_stop("a driver registers once", "it is registered already");
    uint32_t version = (uint32_t)c->MajorNdisVersion << 16 | c->MinorNdisVersion;
    if (c->MajorNdisVersion != 6)
        sim_stop("an NDIS 6 miniport says so", "MajorNdisVersion is %u", c->MajorNdisVersion);
    if (version > sim_persona->ndis_version) {
        sim_log("ndis: version 6.%u is more than this system has", c->MinorNdisVersion);
        return (uint32_t)NDIS_STATUS_BAD_VERSION;
    }
    if ((sim_arch == SIM_ARM || sim_arch == SIM_ARM64) && version < NDIS_RUNTIME_VERSION_630)
        sim_stop("ARM systems know NDIS 6.30 and later only", "the driver registers for 6.%u",
                 c->MinorNdisVersion);
    uint8_t revision;
    size_t size = characteristics_size(c, &revision);
    ndis_check_header("NDIS_MINIPORT_DRIVER_CHARACTERISTICS", &c->Header,
                      NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS, revision, revision, size);
    if (c->Flags & ~(NDIS_INTERMEDIATE_DRIVER | NDIS_WDM_DRIVER))
        sim_stop("characteristics carry documented flags only", "Flags is 0x%x", c->Flags);

    struct sim_miniport *miniport = calloc(1, sizeof(*miniport));
    miniport->magic = MINIPORT_MAGIC;
    miniport->driver = driver;
    miniport->driver_context = (void *)frame->arg[2];
    miniport->version = version;
    memcpy(&miniport->handlers, c, size); /* of later revisions the rest stays NULL */
    check_handlers(&miniport->handlers);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = sim_import_address(&fdo_dispatch_row);
    driver->DriverUnload = sim_import_address(&driver_unload_row);
    if (driver->DriverExtension) /* DRIVER_EXTENSION: DriverObject, AddDevice, ... */
        ((void **)driver->DriverExtension)[1] = sim_import_address(&add_device_row);
    miniport->registered = true;
    sim_ledger_add(SIM_NDIS_OBJECT, miniport, 0, "NdisMRegisterMiniportDriver", frame->return_address);
    *handle = miniport;
    pthread_mutex_lock(&miniports_lock);
    miniport->next = miniports;
    miniports = miniport;
    pthread_mutex_unlock(&miniports_lock);

    if (c->SetOptionsHandler) {
        NDIS_STATUS status = (NDIS_STATUS)NDIS_CALL("MiniportSetOptions", c->SetOptionsHandler,
                                                    SIM_WORD(miniport), SIM_WORD(miniport->driver_context));
        if (status != NDIS_STATUS_SUCCESS) {
            miniport->registered = false;
            sim_ledger_remove(SIM_NDIS_OBJECT, miniport, "NdisMRegisterMiniportDriver");
            return (uint32_t)status;
        }
    }
    return NDIS_STATUS_SUCCESS;
}

uint64_t
ndis_NdisMDeregisterMiniportDriver(struct sim_frame *frame)
{
    struct sim_miniport *miniport = ndis_miniport_of((const void *)frame->arg[0]);
    if (!miniport || !miniport->registered)
        sim_stop("NdisMDeregisterMiniportDriver gets a registered driver's handle", "%p is none",
                 (void *)frame->arg[0]);
    if (miniport->adapters)
        sim_stop("a driver deregisters when no adapter is left", "%u are", miniport->adapters);
    miniport->registered = false;
    sim_ledger_remove(SIM_NDIS_OBJECT, miniport, "NdisMDeregisterMiniportDriver");
    return 0;
}

uint64_t
ndis_NdisSetOptionalHandlers(struct sim_frame *frame)
{
    const NDIS_OBJECT_HEADER *header = (const NDIS_OBJECT_HEADER *)frame->arg[1];
    if (!ndis_miniport_of((const void *)frame->arg[0]))
        sim_stop("NdisSetOptionalHandlers gets a driver's handle", "%p is none", (void *)frame->arg[0]);
    sim_log("ndis: optional handlers of type 0x%x are accepted and never called", header->Type);
    return NDIS_STATUS_SUCCESS;
}
