/* SPDX-License-Identifier: MIT
 * Device information sets: elements that stand for devices of the machine, or that were created only to
 * search drivers for some hardware id. DiUninstallDevice of newdev acts on the former. */
#include <stdlib.h>
#include <string.h>
#include "nt_client.h"
#include "rows.h"

#define SET_FIRST          0x00800000u
#define DICD_GENERATE_ID   1u
#define SPDRP_HARDWAREID   1u
#define SPDIT_COMPATDRIVER 2u
#define DIOD_CANCEL_REMOVE 4u

/* setupapi.h packs to 1 on 32 bits and to 8 on 64. */
#if __SIZEOF_POINTER__ == 4
#pragma pack(push, 1)
#else
#pragma pack(push, 8)
#endif
struct devinfo_data
{
    uint32_t size;
    uint8_t class_guid[16];
    uint32_t node;
    uintptr_t reserved;
};
struct driver_data
{
    uint32_t size, type;
    uintptr_t reserved;
    uint16_t description[256], manufacturer[256], provider[256];
    uint32_t date[2];
    uint64_t version;
};
struct driver_detail
{
    uint32_t size, inf_date[2], compatible_offset, compatible_length;
    uintptr_t reserved;
    uint16_t section[256], inf[260], description[256], hardware_id[1];
};
#pragma pack(pop)
_Static_assert(sizeof(struct devinfo_data) == (sizeof(void *) == 8 ? 32 : 28), "SP_DEVINFO_DATA");
_Static_assert(sizeof(struct driver_data) == (sizeof(void *) == 8 ? 1568 : 1564), "SP_DRVINFO_DATA_V2");
_Static_assert(sizeof(struct driver_detail) == (sizeof(void *) == 8 ? 1584 : 1570), "SP_DRVINFO_DETAIL_DATA");

struct driver
{
    char *inf, *description, *manufacturer, *provider, *section, *hardware_id;
    uint64_t date, version;
};
struct element
{
    struct element *next;
    uint32_t node; /* of the machine; 0 for one that was only created */
    uint32_t number;
    char *hardware_ids;
    struct driver *drivers;
    unsigned driver_count;
    bool built;
};
struct set
{
    struct set *next;
    uintptr_t handle;
    uint8_t class_guid[16];
    bool has_class;
    struct element *elements;
    unsigned numbers;
};
static struct set *sets;
static uintptr_t next_set = SET_FIRST;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct set *
find_set(uintptr_t handle)
{
    pthread_mutex_lock(&lock);
    struct set *set = sets;
    while (set && set->handle != handle)
        set = set->next;
    pthread_mutex_unlock(&lock);
    if (!set)
        win_fail(ERROR_INVALID_HANDLE, 0);
    return set;
}

static struct element *
find_element(struct set *set, const struct devinfo_data *data)
{
    struct element *element = NULL;
    if (!data || data->size != sizeof *data) {
        win_fail(ERROR_INVALID_PARAMETER, 0);
        return NULL;
    }
    for (element = set->elements; element; element = element->next)
        if (element->number == data->reserved)
            return element;
    win_fail(ERROR_INVALID_PARAMETER, 0);
    return NULL;
}

static void
describe(const struct set *set, const struct element *element, struct devinfo_data *data)
{
    if (!data)
        return;
    memcpy(data->class_guid, set->class_guid, 16);
    data->node = element->node ? element->node : 0x4000 + element->number;
    data->reserved = element->number;
}

static struct element *
add_element(struct set *set)
{
    struct element *element = calloc(1, sizeof *element);
    element->number = ++set->numbers;
    element->next = set->elements;
    set->elements = element;
    return element;
}

static void
drop_drivers(struct element *element)
{
    for (unsigned i = 0; i < element->driver_count; i++) {
        struct driver *driver = &element->drivers[i];
        free(driver->inf);
        free(driver->description);
        free(driver->manufacturer);
        free(driver->provider);
        free(driver->section);
        free(driver->hardware_id);
    }
    free(element->drivers);
    element->drivers = NULL;
    element->driver_count = 0;
    element->built = false;
}

WIN_FUNCTION(SetupDiCreateDeviceInfoList)
{
    struct set *set = calloc(1, sizeof *set);
    if (frame->arg[0]) {
        memcpy(set->class_guid, (const void *)frame->arg[0], 16);
        set->has_class = true;
    }
    pthread_mutex_lock(&lock);
    set->handle = next_set;
    next_set += 16;
    set->next = sets;
    sets = set;
    pthread_mutex_unlock(&lock);
    win_ledger_add(WIN_DEVICE_SET, set->handle, "SetupDiCreateDeviceInfoList", frame->return_address);
    return win_done(set->handle);
}

WIN_FUNCTION(SetupDiDestroyDeviceInfoList)
{
    struct set *set = find_set(frame->arg[0]);
    if (!set)
        return 0;
    pthread_mutex_lock(&lock);
    struct set **at = &sets;
    while (*at != set)
        at = &(*at)->next;
    *at = set->next;
    pthread_mutex_unlock(&lock);
    while (set->elements) {
        struct element *element = set->elements;
        set->elements = element->next;
        drop_drivers(element);
        free(element->hardware_ids);
        free(element);
    }
    win_ledger_remove(WIN_DEVICE_SET, set->handle);
    free(set);
    return win_done(1);
}

WIN_FUNCTION(SetupDiCreateDeviceInfoW)
{
    struct set *set = find_set(frame->arg[0]);
    struct devinfo_data *data = (void *)frame->arg[6];
    if (!set)
        return 0;
    if (!win_elevated())
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    if ((uint32_t)frame->arg[5] != DICD_GENERATE_ID)
        sim_stop("unmodelled", "SetupDiCreateDeviceInfoW without DICD_GENERATE_ID");
    if (set->has_class && memcmp(set->class_guid, (const void *)frame->arg[2], 16) != 0)
        return WIN_FALSE(ERROR_CLASS_MISMATCH);
    if (data && data->size != sizeof *data)
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    char *name = sim_utf8_from((const uint16_t *)frame->arg[1]);
    bool valid = *name && !strchr(name, '\\');
    free(name);
    if (!valid)
        return WIN_FALSE(ERROR_INVALID_DEVINST_NAME);
    struct element *element = add_element(set);
    describe(set, element, data);
    return win_done(1);
}

WIN_FUNCTION(SetupDiOpenDeviceInfoW)
{
    struct set *set = find_set(frame->arg[0]);
    struct devinfo_data *data = (void *)frame->arg[4];
    struct wire_reply reply;
    if (!set)
        return 0;
    if (data && data->size != sizeof *data)
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    char *id = sim_utf8_from((const uint16_t *)frame->arg[1]);
    uint32_t result =
        pnp_ask(WIRE_CM_LOCATE, NT_ARGS(CM_LOCATE_DEVNODE_PHANTOM), id, strlen(id) + 1, &reply, NULL, NULL);
    free(id);
    if (result)
        return WIN_FALSE(ERROR_NO_SUCH_DEVINST);
    struct element *element = set->elements;
    while (element && element->node != (uint32_t)reply.result[0])
        element = element->next;
    if (!element) {
        element = add_element(set);
        element->node = (uint32_t)reply.result[0];
    }
    describe(set, element, data);
    return win_done(1);
}

WIN_FUNCTION(SetupDiSetDeviceRegistryPropertyW)
{
    struct set *set = find_set(frame->arg[0]);
    struct element *element = set ? find_element(set, (const void *)frame->arg[1]) : NULL;
    if (!element)
        return 0;
    if ((uint32_t)frame->arg[2] != SPDRP_HARDWAREID || element->node)
        sim_stop("unmodelled", "SetupDiSetDeviceRegistryPropertyW of property %u", (uint32_t)frame->arg[2]);
    const uint16_t *list = (const uint16_t *)frame->arg[3];
    size_t units = (uint32_t)frame->arg[4] / 2;
    if (units < 2 || list[units - 1] || list[units - 2])
        return WIN_FALSE(ERROR_INVALID_DATA);
    free(element->hardware_ids);
    element->hardware_ids = sim_multi_from(list);
    return win_done(1);
}

/* ---- Drivers that match an element ---- */

static char *
copy_text(struct blob *blob)
{
    const char *text = blob_get(blob, NULL);
    return strdup(text ? text : "");
}

WIN_FUNCTION(SetupDiBuildDriverInfoList)
{
    struct set *set = find_set(frame->arg[0]);
    struct element *element = set ? find_element(set, (const void *)frame->arg[1]) : NULL;
    if (!element)
        return 0;
    if ((uint32_t)frame->arg[2] != SPDIT_COMPATDRIVER || element->node)
        sim_stop("unmodelled", "SetupDiBuildDriverInfoList of type %u", (uint32_t)frame->arg[2]);
    if (element->built)
        return win_done(1);
    char *ids = element->hardware_ids, *answer;
    size_t size;
    pnp_ask(WIRE_PACKAGES, NULL, ids ? ids : "", ids ? sim_multi_size(ids) : 1, NULL, &answer, &size);
    struct blob blob = blob_read(answer, size);
    while (blob.at < blob.size) {
        element->drivers = realloc(element->drivers, (element->driver_count + 1) * sizeof *element->drivers);
        struct driver *driver = &element->drivers[element->driver_count++];
        driver->inf = copy_text(&blob);
        driver->description = copy_text(&blob);
        driver->manufacturer = copy_text(&blob);
        driver->provider = copy_text(&blob);
        driver->section = copy_text(&blob);
        driver->hardware_id = copy_text(&blob);
        driver->date = blob_get_number(&blob);
        driver->version = blob_get_number(&blob);
    }
    free(answer);
    element->built = true;
    return win_done(1);
}

WIN_FUNCTION(SetupDiDestroyDriverInfoList)
{
    struct set *set = find_set(frame->arg[0]);
    struct element *element = set ? find_element(set, (const void *)frame->arg[1]) : NULL;
    if (!element)
        return 0;
    if ((uint32_t)frame->arg[2] != SPDIT_COMPATDRIVER)
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    drop_drivers(element);
    return win_done(1);
}

/* Copies up to the field's size, always ended. */
static void
put_text(uint16_t *to, size_t units, const char *from)
{
    uint16_t *wide = sim_utf16_from(from);
    size_t length = sim_utf16_length(wide);
    if (length > units - 1)
        length = units - 1;
    memcpy(to, wide, length * 2);
    to[length] = 0;
    free(wide);
}

WIN_FUNCTION(SetupDiEnumDriverInfoW)
{
    struct set *set = find_set(frame->arg[0]);
    struct element *element = set ? find_element(set, (const void *)frame->arg[1]) : NULL;
    struct driver_data *data = (void *)frame->arg[4];
    uint32_t index = (uint32_t)frame->arg[3];
    if (!element)
        return 0;
    if (!data || data->size != sizeof *data || (uint32_t)frame->arg[2] != SPDIT_COMPATDRIVER)
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    if (index >= element->driver_count)
        return WIN_FALSE(ERROR_NO_MORE_ITEMS);
    const struct driver *driver = &element->drivers[index];
    data->type = SPDIT_COMPATDRIVER;
    data->reserved = index + 1;
    put_text(data->description, 256, driver->description);
    put_text(data->manufacturer, 256, driver->manufacturer);
    put_text(data->provider, 256, driver->provider);
    memcpy(data->date, &driver->date, 8);
    memcpy(&data->version, &driver->version, 8);
    return win_done(1);
}

WIN_FUNCTION(SetupDiGetDriverInfoDetailW)
{
    struct set *set = find_set(frame->arg[0]);
    struct element *element = set ? find_element(set, (const void *)frame->arg[1]) : NULL;
    const struct driver_data *data = (const void *)frame->arg[2];
    struct driver_detail *detail = (void *)frame->arg[3];
    uint32_t size = (uint32_t)frame->arg[4];
    if (!element)
        return 0;
    if (!data || data->size != sizeof *data || data->reserved < 1 || data->reserved > element->driver_count)
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    const struct driver *driver = &element->drivers[data->reserved - 1];
    size_t id_length = sim_utf16_count(driver->hardware_id) + 1;
    size_t needed = offsetof(struct driver_detail, hardware_id) + (id_length + 1) * 2;
    if (needed < sizeof *detail)
        needed = sizeof *detail;
    if (frame->arg[5])
        *(uint32_t *)frame->arg[5] = (uint32_t)needed;
    if (!detail)
        return WIN_FALSE(size ? ERROR_INVALID_PARAMETER : ERROR_INSUFFICIENT_BUFFER);
    if (size < sizeof *detail || detail->size != sizeof *detail)
        return WIN_FALSE(size < sizeof *detail ? ERROR_INVALID_PARAMETER
                                               : 1784 /* ERROR_INVALID_USER_BUFFER */);
    char *inf = sim_format("C:\\Windows\\INF\\%s", driver->inf);
    memcpy(detail->inf_date, &driver->date, 8);
    detail->compatible_offset = 0;
    detail->compatible_length = 0;
    put_text(detail->section, 256, driver->section);
    put_text(detail->inf, 260, inf);
    put_text(detail->description, 256, driver->description);
    free(inf);
    detail->hardware_id[0] = 0;
    /* What does not fit whole is left out and said so; the rest has been given. */
    if (size < needed)
        return WIN_FALSE(ERROR_INSUFFICIENT_BUFFER);
    put_text(detail->hardware_id, id_length, driver->hardware_id);
    if (needed > sizeof *detail)
        detail->hardware_id[id_length] = 0;
    detail->compatible_offset = (uint32_t)id_length;
    return win_done(1);
}

/* ---- newdev ---- */

WIN_FUNCTION(DiUninstallDevice)
{
    struct set *set = find_set(frame->arg[1]);
    struct element *element = set ? find_element(set, (const void *)frame->arg[2]) : NULL;
    if (!element)
        return 0;
    if ((uint32_t)frame->arg[3])
        return WIN_FALSE(ERROR_INVALID_FLAGS);
    if (win_wow64())
        return WIN_FALSE(ERROR_IN_WOW64);
    if (!win_elevated())
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    if (!frame->arg[4])
        sim_stop("documented", "DiUninstallDevice without NeedReboot may show a dialog");
    struct wire_reply reply;
    uint32_t error = pnp_ask(WIRE_UNINSTALL, NT_ARGS(element->node), NULL, 0, &reply, NULL, NULL);
    if (error)
        return WIN_FALSE(error);
    *(uint32_t *)frame->arg[4] = (uint32_t)reply.result[0];
    return win_done(1);
}

#define SETUP "setupapi.dll"
#define PAGE  "win32/api/setupapi/nf-setupapi-"
static const struct sim_import rows[] = {
    WIN_ROW(SETUP, SetupDiCreateDeviceInfoList, 2, SIM_SINCE_WIN7, WIN_INVALID,
            PAGE "setupdicreatedeviceinfolist"),
    WIN_ROW(SETUP, SetupDiDestroyDeviceInfoList, 1, SIM_SINCE_WIN7, WIN_NEVER,
            PAGE "setupdidestroydeviceinfolist"),
    WIN_ROW(SETUP, SetupDiCreateDeviceInfoW, 7, SIM_SINCE_WIN7, WIN_ZERO, PAGE "setupdicreatedeviceinfow"),
    WIN_ROW(SETUP, SetupDiOpenDeviceInfoW, 5, SIM_SINCE_WIN7, WIN_ZERO, PAGE "setupdiopendeviceinfow"),
    WIN_ROW(SETUP, SetupDiSetDeviceRegistryPropertyW, 5, SIM_SINCE_WIN7, WIN_ZERO,
            PAGE "setupdisetdeviceregistrypropertyw"),
    WIN_ROW(SETUP, SetupDiBuildDriverInfoList, 3, SIM_SINCE_WIN7, WIN_ZERO,
            PAGE "setupdibuilddriverinfolist"),
    WIN_ROW(SETUP, SetupDiDestroyDriverInfoList, 3, SIM_SINCE_WIN7, WIN_NEVER,
            PAGE "setupdidestroydriverinfolist"),
    WIN_ROW(SETUP, SetupDiEnumDriverInfoW, 5, SIM_SINCE_WIN7, WIN_ZERO, PAGE "setupdienumdriverinfow"),
    WIN_ROW(SETUP, SetupDiGetDriverInfoDetailW, 6, SIM_SINCE_WIN7, WIN_ZERO,
            PAGE "setupdigetdriverinfodetailw"),
    WIN_ROW("newdev.dll", DiUninstallDevice, 5, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/newdev/nf-newdev-diuninstalldevice"),
};
const struct sim_import_table win_setupapi_set = WIN_TABLE(rows);
