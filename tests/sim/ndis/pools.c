/* SPDX-License-Identifier: MIT
 * NBL and NB pools of the driver, the objects from them, and MDLs by NdisAllocateMdl. */
#include <stdlib.h>
#include "ndis_model.h"

#define POOL_MAGIC 0x506f6f6cu

struct pool
{
    uint32_t magic;
    bool lists; /* an NBL pool; otherwise of NBs alone */
    bool with_nb;
    uint16_t context_size;
    uint32_t data_size, tag;
    _Atomic unsigned objects;
    struct pool *next;
};
static struct pool *pools; /* never freed: a stale handle is recognised */
static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;

static struct pool *
pool_of(const void *handle, bool lists, const char *function)
{
    pthread_mutex_lock(&pools_lock);
    struct pool *pool = pools;
    while (pool && pool != handle)
        pool = pool->next;
    pthread_mutex_unlock(&pools_lock);
    if (!pool || pool->magic != POOL_MAGIC || pool->lists != lists)
        sim_stop("NDIS gets back the handles that it gave out", "%s with %p, which is no such pool", function,
                 handle);
    return pool;
}

/* Miniports pass their adapter's handle or their driver's. */
static void
check_ndis_handle(const void *handle, const char *function)
{
    if (!ndis_miniport_of(handle))
        ndis_adapter_of(handle, function);
}

static void
check_multiple(uint32_t value, const char *what)
{
    if (value % MEMORY_ALLOCATION_ALIGNMENT)
        sim_stop("context sizes are multiples of MEMORY_ALLOCATION_ALIGNMENT", "%s is %u", what, value);
}

static struct pool *
create_pool(bool lists, uint32_t tag, uint32_t data_size, const char *what, const void *caller)
{
    struct pool *pool = calloc(1, sizeof(*pool));
    pool->magic = POOL_MAGIC;
    pool->lists = lists;
    pool->tag = tag;
    pool->data_size = data_size;
    sim_ledger_add(SIM_NBL_POOL, pool, 0, what, caller);
    pthread_mutex_lock(&pools_lock);
    pool->next = pools;
    pools = pool;
    pthread_mutex_unlock(&pools_lock);
    return pool;
}

static void
destroy_pool(struct pool *pool, const char *function)
{
    if (pool->objects)
        sim_stop("a pool is freed when everything from it was", "%s with %u left", function, pool->objects);
    sim_ledger_remove(SIM_NBL_POOL, pool, function);
    pool->magic = 0;
}

uint64_t
ndis_NdisAllocateNetBufferListPool(struct sim_frame *frame)
{
    const NET_BUFFER_LIST_POOL_PARAMETERS *p = (const NET_BUFFER_LIST_POOL_PARAMETERS *)frame->arg[1];
    check_ndis_handle((const void *)frame->arg[0], "NdisAllocateNetBufferListPool");
    bool second = p->Header.Revision == 2 && sim_persona->ndis_version >= NDIS_RUNTIME_VERSION_687;
    ndis_check_header("NET_BUFFER_LIST_POOL_PARAMETERS", &p->Header, NDIS_OBJECT_TYPE_DEFAULT, 1,
                      second ? 2 : 1,
                      second ? NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_2
                             : NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    check_multiple(p->ContextSize, "ContextSize");
    if (p->ProtocolId & ~NDIS_PROTOCOL_ID_MASK)
        sim_stop("ProtocolId is a documented value", "0x%x", p->ProtocolId);
    if (p->DataSize && !p->fAllocateNetBuffer)
        sim_stop("a pool that gives data gives NET_BUFFERs too", "DataSize %u without fAllocateNetBuffer",
                 p->DataSize);
    if (!p->PoolTag)
        sim_stop("pool memory carries a tag", "PoolTag is 0");
    struct pool *pool =
        create_pool(true, p->PoolTag, p->DataSize, "NdisAllocateNetBufferListPool", frame->return_address);
    pool->with_nb = p->fAllocateNetBuffer;
    pool->context_size = p->ContextSize;
    return SIM_WORD(pool);
}

uint64_t
ndis_NdisFreeNetBufferListPool(struct sim_frame *frame)
{
    destroy_pool(pool_of((const void *)frame->arg[0], true, "NdisFreeNetBufferListPool"),
                 "NdisFreeNetBufferListPool");
    return 0;
}

uint64_t
ndis_NdisAllocateNetBufferPool(struct sim_frame *frame)
{
    const NET_BUFFER_POOL_PARAMETERS *p = (const NET_BUFFER_POOL_PARAMETERS *)frame->arg[1];
    check_ndis_handle((const void *)frame->arg[0], "NdisAllocateNetBufferPool");
    ndis_check_header("NET_BUFFER_POOL_PARAMETERS", &p->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, 1,
                      NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1);
    return SIM_WORD(
        create_pool(false, p->PoolTag, p->DataSize, "NdisAllocateNetBufferPool", frame->return_address));
}

uint64_t
ndis_NdisFreeNetBufferPool(struct sim_frame *frame)
{
    destroy_pool(pool_of((const void *)frame->arg[0], false, "NdisFreeNetBufferPool"),
                 "NdisFreeNetBufferPool");
    return 0;
}

/* ---- Objects ---- */

/* A NET_BUFFER that starts DataOffset bytes into the chain. */
static void
fill_nb(NET_BUFFER *nb, MDL *chain, uint32_t offset, size_t length, void *pool)
{
    if (!chain && (offset || length))
        sim_stop("a NET_BUFFER without MDLs has no offset and no length", "%u, %zu", offset, length);
    memset(nb, 0, sizeof(*nb));
    nb->MdlChain = nb->CurrentMdl = chain;
    nb->DataOffset = nb->CurrentMdlOffset = offset;
    nb->DataLength = (uint32_t)length;
    nb->NdisPoolHandle = pool;
    while (nb->CurrentMdl && nb->CurrentMdlOffset >= nb->CurrentMdl->ByteCount && nb->CurrentMdl->Next) {
        nb->CurrentMdlOffset -= nb->CurrentMdl->ByteCount;
        nb->CurrentMdl = nb->CurrentMdl->Next;
    }
}

/* One block as NDIS makes it: NBL with hidden slots, its context, an NB if the pool gives one. */
static NET_BUFFER_LIST *
allocate_list(struct pool *pool, uint16_t context_size, uint16_t back_fill, bool with_nb, const void *caller,
              const char *function)
{
    check_multiple(context_size, "ContextSize");
    check_multiple(back_fill, "ContextBackFill");
    uint16_t room = pool->context_size > context_size + back_fill ? pool->context_size
                                                                  : (uint16_t)(context_size + back_fill);
    size_t nbl_size = ndis_nbl_size();
    size_t context_bytes = room ? sizeof(NET_BUFFER_LIST_CONTEXT) + room : 0;
    struct ndis_object *object =
        ndis_object_allocate(NDIS_NBL, nbl_size + context_bytes + (with_nb ? sizeof(NET_BUFFER) : 0));
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)object->address;
    memset(nbl, 0, nbl_size);
    nbl->NdisPoolHandle = pool;
    if (room) {
        NET_BUFFER_LIST_CONTEXT *context = (NET_BUFFER_LIST_CONTEXT *)(object->address + nbl_size);
        context->Next = NULL;
        context->Size = room;
        context->Offset = (uint16_t)(room - context_size); /* what is in use is at the end */
        nbl->Context = context;
    }
    if (with_nb)
        nbl->FirstNetBuffer = (NET_BUFFER *)(object->address + nbl_size + context_bytes);
    object->pool = pool;
    object->owner = NDIS_DRIVER;
    pool->objects++;
    sim_ledger_add(SIM_NBL, nbl, object->size, function, caller);
    return nbl;
}

uint64_t
ndis_NdisAllocateNetBufferAndNetBufferList(struct sim_frame *frame)
{
    struct pool *pool = pool_of((const void *)frame->arg[0], true, "NdisAllocateNetBufferAndNetBufferList");
    if (!pool->with_nb || pool->data_size)
        sim_stop(
            "NdisAllocateNetBufferAndNetBufferList takes a pool with fAllocateNetBuffer and without DataSize",
            "DataSize %u", pool->data_size);
    NET_BUFFER_LIST *nbl = allocate_list(pool, (uint16_t)frame->arg[1], (uint16_t)frame->arg[2], true,
                                         frame->return_address, "NdisAllocateNetBufferAndNetBufferList");
    fill_nb(nbl->FirstNetBuffer, (MDL *)frame->arg[3], (uint32_t)frame->arg[4], frame->arg[5], pool);
    return SIM_WORD(nbl);
}

uint64_t
ndis_NdisAllocateNetBufferList(struct sim_frame *frame)
{
    struct pool *pool = pool_of((const void *)frame->arg[0], true, "NdisAllocateNetBufferList");
    if (pool->data_size)
        sim_stop("the model gives no data with an NBL", "DataSize %u", pool->data_size);
    NET_BUFFER_LIST *nbl = allocate_list(pool, (uint16_t)frame->arg[1], (uint16_t)frame->arg[2],
                                         pool->with_nb, frame->return_address, "NdisAllocateNetBufferList");
    if (nbl->FirstNetBuffer)
        fill_nb(nbl->FirstNetBuffer, NULL, 0, 0, pool);
    return SIM_WORD(nbl);
}

uint64_t
ndis_NdisFreeNetBufferList(struct sim_frame *frame)
{
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)frame->arg[0];
    struct ndis_object *object = ndis_object_of(nbl, NDIS_NBL);
    if (!object || !object->pool)
        sim_stop("a driver frees what it allocated, once", "NdisFreeNetBufferList of %p", (void *)nbl);
    if (object->owner != NDIS_DRIVER)
        sim_stop("a driver frees an NBL that it owns", "%p is with the stack", (void *)nbl);
    sim_ledger_remove(SIM_NBL, nbl, "NdisFreeNetBufferList");
    ((struct pool *)object->pool)->objects--;
    ndis_object_free(object);
    return 0;
}

uint64_t
ndis_NdisAllocateNetBuffer(struct sim_frame *frame)
{
    struct pool *pool = pool_of((const void *)frame->arg[0], false, "NdisAllocateNetBuffer");
    struct ndis_object *object = ndis_object_allocate(NDIS_NB, sizeof(NET_BUFFER));
    fill_nb((NET_BUFFER *)object->address, (MDL *)frame->arg[1], (uint32_t)frame->arg[2], frame->arg[3],
            pool);
    object->pool = pool;
    object->owner = NDIS_DRIVER;
    pool->objects++;
    sim_ledger_add(SIM_NBL, object->address, object->size, "NdisAllocateNetBuffer", frame->return_address);
    return SIM_WORD(object->address);
}

uint64_t
ndis_NdisFreeNetBuffer(struct sim_frame *frame)
{
    struct ndis_object *object = ndis_object_of((const void *)frame->arg[0], NDIS_NB);
    if (!object || !object->pool)
        sim_stop("a driver frees what it allocated, once", "NdisFreeNetBuffer of %p", (void *)frame->arg[0]);
    sim_ledger_remove(SIM_NBL, object->address, "NdisFreeNetBuffer");
    ((struct pool *)object->pool)->objects--;
    ndis_object_free(object);
    return 0;
}

/* ---- MDLs ---- */

uint64_t
ndis_NdisAllocateMdl(struct sim_frame *frame)
{
    uint8_t *address = (uint8_t *)frame->arg[1];
    uint32_t length = (uint32_t)frame->arg[2];
    check_ndis_handle((const void *)frame->arg[0], "NdisAllocateMdl");
    uintptr_t offset = (uintptr_t)address % PAGE_SIZE;
    size_t pages = (offset + length + PAGE_SIZE - 1) / PAGE_SIZE;
    struct ndis_object *object = ndis_object_allocate(NDIS_MDL, sizeof(MDL) + pages * sizeof(PFN_NUMBER));
    MDL *mdl = (MDL *)object->address;
    *mdl = (MDL){
        .Size = (CSHORT)object->size,
        .MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL,
        .MappedSystemVa = address,
        .StartVa = address - offset,
        .ByteCount = length,
        .ByteOffset = (ULONG)offset,
    };
    object->owner = NDIS_DRIVER;
    sim_ledger_add(SIM_MDL, mdl, length, "NdisAllocateMdl", frame->return_address);
    return SIM_WORD(mdl);
}

uint64_t
ndis_NdisFreeMdl(struct sim_frame *frame)
{
    struct ndis_object *object = ndis_object_of((const void *)frame->arg[0], NDIS_MDL);
    if (!object || object->owner != NDIS_DRIVER)
        sim_stop("a driver frees what it allocated, once", "NdisFreeMdl of %p", (void *)frame->arg[0]);
    sim_ledger_remove(SIM_MDL, (void *)frame->arg[0], "NdisFreeMdl");
    ndis_object_free(object);
    return 0;
}

/* ---- Reading and moving the data start ---- */

uint64_t
ndis_NdisGetDataBuffer(struct sim_frame *frame)
{
    const NET_BUFFER *nb = (const NET_BUFFER *)frame->arg[0];
    uint32_t needed = (uint32_t)frame->arg[1];
    uint8_t *storage = (uint8_t *)frame->arg[2];
    uint32_t multiple = (uint32_t)frame->arg[3], align_offset = (uint32_t)frame->arg[4];

    if (!needed || needed > nb->DataLength)
        return 0;
    MDL *mdl = nb->CurrentMdl;
    uint32_t offset = nb->CurrentMdlOffset;
    while (offset == mdl->ByteCount && mdl->Next) {
        mdl = mdl->Next;
        offset = 0;
    }
    if (mdl->ByteCount - offset >= needed) {
        uint8_t *address = ndis_mdl_address(mdl);
        if (!address)
            return 0;
        if (multiple <= 1 || (uintptr_t)(address + offset) % multiple == align_offset)
            return SIM_WORD(address + offset);
    }
    if (!storage)
        return 0;
    for (uint32_t done = 0; done < needed; mdl = mdl->Next, offset = 0) {
        uint32_t part = mdl->ByteCount - offset < needed - done ? mdl->ByteCount - offset : needed - done;
        const uint8_t *address = part ? ndis_mdl_address(mdl) : storage;
        if (!address)
            return 0;
        memcpy(storage + done, address + offset, part);
        done += part;
    }
    return SIM_WORD(storage);
}
