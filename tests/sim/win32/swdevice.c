/* SPDX-License-Identifier: MIT
 * Software devices. The creation callback comes on a thread of the system, maybe before SwDeviceCreate
 * returns, and never after SwDeviceClose has; on Windows 8 closing inside it never ends, which is a stop
 * here. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "nt_client.h"
#include "rows.h"
#include "thread.h"

#define POLL_US 2000

/* SW_DEVICE_CREATE_INFO, DEVPROPERTY as documented. */
struct create_info
{
    uint32_t size;
    const uint16_t *instance, *hardware_ids, *compatible_ids;
    const void *container;
    uint32_t capabilities;
    const uint16_t *description, *location;
    const void *security;
};
struct property
{
    uint8_t key[20];
    uint32_t store;
    const uint16_t *locale;
    uint32_t type, size;
    const void *data;
};
_Static_assert(sizeof(struct create_info) == (sizeof(void *) == 8 ? 72 : 36), "SW_DEVICE_CREATE_INFO");
_Static_assert(sizeof(struct property) == (sizeof(void *) == 8 ? 48 : 40), "DEVPROPERTY");

struct device
{
    uint64_t kernel;
    const void *callback;
    uintptr_t context;
    pthread_t watcher;
    bool closing;     /* atomic */
    bool in_callback; /* atomic */
};

static void
watch(void *argument)
{
    struct device *device = argument;
    struct wire_reply reply = {0};
    char *id = NULL;
    while (!__atomic_load_n(&device->closing, __ATOMIC_SEQ_CST)) {
        pnp_ask(WIRE_SW_POLL, NT_ARGS(device->kernel), NULL, 0, &reply, &id, NULL);
        if (reply.result[0])
            break;
        free(id);
        id = NULL;
        usleep(POLL_US);
    }
    __atomic_store_n(&device->in_callback, true, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&device->closing, __ATOMIC_SEQ_CST) && reply.result[0]) {
        uint16_t *wide = sim_utf16_from(id);
        uint32_t result = (uint32_t)reply.result[1];
        win_modules_thread(true);
        SIM_CALL(device->callback, (uintptr_t)device, result, device->context,
                 SIM_WORD(result ? NULL : wide));
        win_modules_thread(false);
        free(wide);
    }
    __atomic_store_n(&device->in_callback, false, __ATOMIC_SEQ_CST);
    free(id);
}

WIN_FUNCTION(SwDeviceCreate)
{
    const struct create_info *info = (const void *)frame->arg[2];
    const struct property *properties = (const void *)frame->arg[4];
    uint32_t count = (uint32_t)frame->arg[3];
    if (!frame->arg[0] || !frame->arg[1] || !info || info->size != sizeof *info || !info->instance ||
        !frame->arg[5] || !frame->arg[7] || (count && !properties))
        return E_INVALIDARG;
    if (!win_elevated())
        return E_ACCESSDENIED;
    char *parent = sim_utf8_from((const uint16_t *)frame->arg[1]);
    if (!sim_same_text(parent, "HTREE\\ROOT\\0"))
        sim_stop("unmodelled", "SwDeviceCreate below %s", parent);
    if (info->security || info->location)
        sim_stop("unmodelled", "SwDeviceCreate with security or location");
    struct blob blob = {0};
    char *enumerator = sim_utf8_from((const uint16_t *)frame->arg[0]),
         *instance = sim_utf8_from(info->instance);
    char *hardware = sim_multi_from(info->hardware_ids), *compatible = sim_multi_from(info->compatible_ids);
    char *description = sim_utf8_from(info->description);
    blob_put_text(&blob, enumerator);
    blob_put_text(&blob, parent);
    blob_put_text(&blob, instance);
    blob_put(&blob, hardware, hardware ? sim_multi_size(hardware) : 0);
    blob_put(&blob, compatible, compatible ? sim_multi_size(compatible) : 0);
    blob_put_text(&blob, description);
    for (uint32_t i = 0; i < count; i++) {
        if (properties[i].store || properties[i].locale)
            sim_stop("unmodelled", "a property of another store or locale");
        blob_put(&blob, properties[i].key, sizeof properties[i].key);
        blob_put_number(&blob, properties[i].type);
        blob_put(&blob, properties[i].size ? properties[i].data : "", properties[i].size);
    }
    struct wire_reply reply;
    uint32_t result =
        pnp_ask(WIRE_SW_CREATE, NT_ARGS(info->capabilities), blob.data, blob.size, &reply, NULL, NULL);
    free(blob.data);
    free(enumerator);
    free(parent);
    free(instance);
    free(hardware);
    free(compatible);
    free(description);
    if (result)
        return result;
    struct device *device = calloc(1, sizeof *device);
    device->kernel = reply.result[0];
    device->callback = (const void *)frame->arg[5];
    device->context = frame->arg[6];
    win_ledger_add(WIN_SOFTWARE_DEVICE, (uintptr_t)device, "SwDeviceCreate", frame->return_address);
    /* The handle is there before the callback can be, which may come before this returns. */
    *(uintptr_t *)frame->arg[7] = (uintptr_t)device;
    device->watcher = win_thread_start(watch, device, NULL);
    if (win_thread()->noise++ % 2)
        usleep(3 * POLL_US);
    return S_OK;
}

WIN_FUNCTION(SwDeviceClose)
{
    struct device *device = (struct device *)frame->arg[0];
    if (!win_ledger_remove(WIN_SOFTWARE_DEVICE, (uintptr_t)device))
        sim_stop("software-device", "SwDeviceClose of %p, which is not open", (void *)device);
    __atomic_store_n(&device->closing, true, __ATOMIC_SEQ_CST);
    if (pthread_equal(pthread_self(), device->watcher)) {
        if (sim_persona->system == SIM_WIN8)
            sim_stop("software-device", "SwDeviceClose inside its callback never returns on Windows 8");
        sim_stop("unmodelled", "SwDeviceClose inside its callback");
    }
    pthread_join(device->watcher, NULL);
    nt_ask(WIRE_SW_CLOSE, NT_ARGS(device->kernel), NULL, 0, -1, NULL, NULL, NULL, NULL);
    free(device);
    return 0;
}

#define CM "cfgmgr32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(CM, SwDeviceCreate, 8, SIM_SINCE_WIN8, WIN_CODE, "win32/api/swdevice/nf-swdevice-swdevicecreate"),
    WIN_ROW(CM, SwDeviceClose, 1, SIM_SINCE_WIN8, WIN_NEVER, "win32/api/swdevice/nf-swdevice-swdeviceclose"),
};
const struct sim_import_table win_swdevice = WIN_TABLE(rows);
