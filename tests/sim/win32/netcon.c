/* SPDX-License-Identifier: MIT
 * Objects whose methods are rows, so that calls through their tables pass like any import. A connection is a
 * snapshot: its name and GUID are those of the time of the enumeration; Rename goes to the machine. */
#include <stdlib.h>
#include <string.h>
#include "memory.h"
#include "netcon.h"
#include "nt_client.h"
#include "rows.h"

enum kind
{
    MANAGER,
    ENUMERATOR,
    CONNECTION,
    KINDS
};
#define MAX_METHODS 10

struct connection
{
    uint8_t guid[16];
    char *name, *device;
};
struct object
{
    void **table; /* what the image calls through; first */
    enum kind kind;
    unsigned references;
    struct connection *list; /* enumerator: all; connection: its one */
    unsigned count, next;
};

static const uint8_t iid_unknown[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};
/* BA126AD1-2166-11D1-B1D0-00805FC1270E */
static const uint8_t clsid_manager[16] = {0xD1, 0x6A, 0x12, 0xBA, 0x66, 0x21, 0xD1, 0x11,
                                          0xB1, 0xD0, 0x00, 0x80, 0x5F, 0xC1, 0x27, 0x0E};
/* C08956A0-, A1-, A2-1CD3-11D1-B1C5-00805FC1270E */
static const uint8_t iids[KINDS][16] = {
    [MANAGER] = {0xA2, 0x56, 0x89, 0xC0, 0xD3, 0x1C, 0xD1, 0x11, 0xB1, 0xC5, 0x00, 0x80, 0x5F, 0xC1, 0x27,
                 0x0E},
    [ENUMERATOR] = {0xA0, 0x56, 0x89, 0xC0, 0xD3, 0x1C, 0xD1, 0x11, 0xB1, 0xC5, 0x00, 0x80, 0x5F, 0xC1, 0x27,
                    0x0E},
    [CONNECTION] = {0xA1, 0x56, 0x89, 0xC0, 0xD3, 0x1C, 0xD1, 0x11, 0xB1, 0xC5, 0x00, 0x80, 0x5F, 0xC1, 0x27,
                    0x0E},
};

static struct object *
this_object(struct sim_frame *frame)
{
    struct object *object = (struct object *)frame->arg[0];
    if (!win_ledger_has(WIN_COM, (uintptr_t)object))
        sim_stop("com", "%s of an object that is released", frame->row->name);
    return object;
}

static struct object *new_object(enum kind kind, const void *caller);

static void
drop(struct object *object)
{
    for (unsigned i = 0; i < object->count; i++) {
        free(object->list[i].name);
        free(object->list[i].device);
    }
    free(object->list);
    win_ledger_remove(WIN_COM, (uintptr_t)object);
    win_block_free(object);
}

WIN_FUNCTION(QueryInterface)
{
    struct object *object = this_object(frame);
    void **result = (void **)frame->arg[2];
    const uint8_t *wanted = (const uint8_t *)frame->arg[1];
    if (!result)
        return E_POINTER;
    *result = NULL;
    if (memcmp(wanted, iid_unknown, 16) != 0 && memcmp(wanted, iids[object->kind], 16) != 0)
        return E_NOINTERFACE;
    __atomic_add_fetch(&object->references, 1, __ATOMIC_RELAXED);
    *result = object;
    return S_OK;
}

WIN_FUNCTION(AddRef)
{
    return __atomic_add_fetch(&this_object(frame)->references, 1, __ATOMIC_RELAXED);
}

WIN_FUNCTION(Release)
{
    struct object *object = this_object(frame);
    unsigned left = __atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL);
    if (!left)
        drop(object);
    return left;
}

WIN_FUNCTION(NotModelled)
{
    sim_stop("unmodelled", "a method of the network connections that no image was known to call (%p)",
             frame->return_address);
}

WIN_FUNCTION(EnumConnections)
{
    this_object(frame);
    struct object **result = (struct object **)frame->arg[2];
    char *answer;
    size_t size;
    if (!result)
        return E_POINTER;
    struct object *object = new_object(ENUMERATOR, frame->return_address);
    pnp_ask(WIRE_CONNECTIONS, NULL, NULL, 0, NULL, &answer, &size);
    struct blob blob = blob_read(answer, size);
    while (blob.at < blob.size) {
        object->list = realloc(object->list, (object->count + 1) * sizeof *object->list);
        struct connection *connection = &object->list[object->count++];
        memcpy(connection->guid, blob_get(&blob, NULL), 16);
        connection->name = strdup(blob_get(&blob, NULL));
        connection->device = strdup(blob_get(&blob, NULL));
    }
    free(answer);
    *result = object;
    return S_OK;
}

WIN_FUNCTION(Next)
{
    struct object *object = this_object(frame);
    struct object **results = (struct object **)frame->arg[2];
    uint32_t wanted = (uint32_t)frame->arg[1], given = 0;
    for (; given < wanted && object->next < object->count; given++) {
        struct connection *from = &object->list[object->next++];
        struct object *connection = new_object(CONNECTION, frame->return_address);
        connection->list = malloc(sizeof *connection->list);
        connection->count = 1;
        memcpy(connection->list->guid, from->guid, 16);
        connection->list->name = strdup(from->name);
        connection->list->device = strdup(from->device);
        results[given] = connection;
    }
    if (frame->arg[3])
        *(uint32_t *)frame->arg[3] = given;
    return given == wanted ? S_OK : S_FALSE;
}

WIN_FUNCTION(Reset)
{
    this_object(frame)->next = 0;
    return S_OK;
}

struct properties /* NETCON_PROPERTIES */
{
    uint8_t guid[16];
    uint16_t *name, *device;
    uint32_t status, media_type, character;
    uint8_t this_class[16], ui_class[16];
};

static uint16_t *
block_text(const char *text)
{
    uint16_t *wide = sim_utf16_from(text);
    size_t size = (sim_utf16_length(wide) + 1) * 2;
    uint16_t *block = win_block_allocate(size, false);
    memcpy(block, wide, size);
    free(wide);
    return block;
}

WIN_FUNCTION(GetProperties)
{
    struct object *object = this_object(frame);
    struct properties *properties = win_block_allocate(sizeof *properties, true);
    memcpy(properties->guid, object->list->guid, 16);
    properties->name = block_text(object->list->name);
    properties->device = block_text(object->list->device);
    properties->status = 2;     /* NCS_CONNECTED */
    properties->media_type = 1; /* NCM_LAN */
    win_ledger_add(WIN_LOCAL, (uintptr_t)properties, "INetConnection::GetProperties", frame->return_address);
    *(struct properties **)frame->arg[1] = properties;
    return S_OK;
}

WIN_FUNCTION(NcFreeNetconProperties)
{
    struct properties *properties = (struct properties *)frame->arg[0];
    if (!properties)
        return 0;
    if (!win_ledger_remove(WIN_LOCAL, (uintptr_t)properties))
        sim_stop("heap-free", "NcFreeNetconProperties of what GetProperties did not give");
    win_block_free(properties->name);
    win_block_free(properties->device);
    win_block_free(properties);
    return 0;
}

WIN_FUNCTION(Rename)
{
    struct object *object = this_object(frame);
    if (!frame->arg[1])
        return E_POINTER;
    char *name = sim_utf8_from((const uint16_t *)frame->arg[1]);
    struct blob blob = {0};
    blob_put(&blob, object->list->guid, 16);
    blob_put_text(&blob, name);
    uint32_t error = win_elevated() ? pnp_ask(WIRE_RENAME, NULL, blob.data, blob.size, NULL, NULL, NULL)
                                    : ERROR_ACCESS_DENIED;
    free(blob.data);
    free(name);
    return HRESULT_FROM_WIN32(error);
}

/* ---- Tables of methods ---- */

#define METHOD(method, count, how)                                                                           \
    {                                                                                                        \
        .module = "netcon", .name = #method, .fn = win_##method, .words = count, .convention = SIM_STDCALL,  \
        .systems = SIM_SINCE_WIN7, .failures = how,                                                          \
        .source = "https://learn.microsoft.com/en-us/windows/win32/api/netcon/"                              \
    }
enum
{
    QUERY,
    ADD,
    RELEASE,
    ENUM,
    NEXT,
    RESET,
    PROPERTIES,
    RENAME,
    NONE0,
    NONE1,
    NONE2,
    METHODS
};
static const struct sim_import methods[METHODS] = {
    [QUERY] = METHOD(QueryInterface, 3, WIN_CODE),
    [ADD] = METHOD(AddRef, 1, WIN_NEVER),
    [RELEASE] = METHOD(Release, 1, WIN_NEVER),
    [ENUM] = METHOD(EnumConnections, 3, WIN_CODE),
    [NEXT] = METHOD(Next, 4, WIN_CODE),
    [RESET] = METHOD(Reset, 1, WIN_NEVER),
    [PROPERTIES] = METHOD(GetProperties, 2, WIN_CODE),
    [RENAME] = METHOD(Rename, 2, WIN_CODE),
    [NONE0] = METHOD(NotModelled, 1, WIN_NEVER),
    [NONE1] = METHOD(NotModelled, 2, WIN_NEVER),
    [NONE2] = METHOD(NotModelled, 3, WIN_NEVER),
};
/* In the order of the interfaces' declarations. */
static const uint8_t layout[KINDS][MAX_METHODS] = {
    [MANAGER] = {QUERY, ADD, RELEASE, ENUM},
    [ENUMERATOR] = {QUERY, ADD, RELEASE, NEXT, NONE1 /* Skip */, RESET, NONE1 /* Clone */},
    [CONNECTION] = {QUERY, ADD, RELEASE, NONE0 /* Connect */, NONE0 /* Disconnect */, NONE0 /* Delete */,
                    NONE2 /* Duplicate */, PROPERTIES, NONE1 /* GetUiObjectClassId */, RENAME},
};

static struct object *
new_object(enum kind kind, const void *caller)
{
    static void *tables[KINDS][MAX_METHODS];
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool made;
    pthread_mutex_lock(&lock);
    for (unsigned k = 0; k < KINDS && !made; k++)
        for (unsigned m = 0; m < MAX_METHODS; m++)
            tables[k][m] = sim_import_address(&methods[layout[k][m]]);
    made = true;
    pthread_mutex_unlock(&lock);
    struct object *object = win_block_allocate(sizeof *object, true);
    object->table = tables[kind];
    object->kind = kind;
    object->references = 1;
    win_ledger_add(WIN_COM, (uintptr_t)object, "COM object", caller);
    return object;
}

uint32_t
win_connection_manager_create(const uint8_t class_id[16], const uint8_t interface_id[16], uint32_t context,
                              const void *caller, void **object)
{
    /* The folder is a local server, and servers without the client features lack it. */
    if (memcmp(class_id, clsid_manager, 16) != 0 || !(context & 4) || sim_persona->system == SIM_SERVER)
        return REGDB_E_CLASSNOTREG;
    if (memcmp(interface_id, iids[MANAGER], 16) != 0 && memcmp(interface_id, iid_unknown, 16) != 0)
        return E_NOINTERFACE;
    *object = new_object(MANAGER, caller);
    return S_OK;
}

static const struct sim_import rows[] = {
    WIN_ROW("netshell.dll", NcFreeNetconProperties, 1, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/netcon/nf-netcon-ncfreenetconproperties"),
};
const struct sim_import_table win_netcon = WIN_TABLE(rows);
