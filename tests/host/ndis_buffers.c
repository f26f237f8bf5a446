/* SPDX-License-Identifier: MIT
 *
 * NBL pools for the driver's receives, and the NBLs that the tests send.
 */
#include <stdlib.h>
#include <string.h>

#include "host.h"

typedef struct nbl_pool
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;
    volatile LONG count;
} nbl_pool;

/* As from one of NDIS's pools: longer than what driver/wdk shows, and the slots beyond are not the driver's.
 */
typedef struct pool_nbl
{
    NET_BUFFER_LIST nbl;
    PVOID more_slots[9];
    NET_BUFFER nb;
    NET_BUFFER_LIST_CONTEXT context; /* and what follows it */
} pool_nbl;

NDIS_HANDLE NTAPI
NdisAllocateNetBufferListPool(NDIS_HANDLE NdisHandle, PNET_BUFFER_LIST_POOL_PARAMETERS Parameters)
{
    host_check(NdisHandle && host_irql() <= DISPATCH_LEVEL);
    host_check(Parameters->Header.Type == NDIS_OBJECT_TYPE_DEFAULT && Parameters->Header.Revision == 1);
    host_check(Parameters->Header.Size == NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    host_check(Parameters->ContextSize % MEMORY_ALLOCATION_ALIGNMENT == 0 && Parameters->PoolTag);
    if (fault_here("NdisAllocateNetBufferListPool"))
        return NULL;
    nbl_pool *pool = calloc(1, sizeof(*pool));
    pool->parameters = *Parameters;
    ledger_add(LEDGER_NBL_POOL, 1);
    return pool;
}

VOID NTAPI
NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle)
{
    nbl_pool *pool = PoolHandle;
    host_check(pool->count == 0);
    ledger_add(LEDGER_NBL_POOL, -1);
    free(pool);
}

PNET_BUFFER_LIST NTAPI
NdisAllocateNetBufferAndNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize, USHORT ContextBackFill,
                                      PMDL MdlChain, ULONG DataOffset, SIZE_T DataLength)
{
    nbl_pool *pool = PoolHandle;
    host_check(host_irql() <= DISPATCH_LEVEL);
    host_check(pool->parameters.fAllocateNetBuffer && !pool->parameters.DataSize);
    host_check(ContextSize % MEMORY_ALLOCATION_ALIGNMENT == 0 && !ContextBackFill);
    host_check(MdlChain || (!DataOffset && !DataLength));
    if (fault_here("NdisAllocateNetBufferAndNetBufferList"))
        return NULL;
    size_t size = sizeof(pool_nbl) + ContextSize;
    pool_nbl *made = NULL;
    host_check(!posix_memalign((void **)&made, 16, size));
    memset(made, 0, size);
    made->nbl.FirstNetBuffer = &made->nb;
    made->nbl.Context = &made->context;
    made->nbl.NdisPoolHandle = pool;
    made->context.Size = ContextSize;
    made->nb.CurrentMdl = made->nb.MdlChain = MdlChain;
    made->nb.DataOffset = made->nb.CurrentMdlOffset = DataOffset;
    made->nb.stDataLength = DataLength;
    InterlockedIncrement(&pool->count);
    ledger_add(LEDGER_NBL, 1);
    return &made->nbl;
}

VOID NTAPI
NdisFreeNetBufferList(PNET_BUFFER_LIST NetBufferList)
{
    pool_nbl *made = CONTAINING_RECORD(NetBufferList, pool_nbl, nbl);
    nbl_pool *pool = NetBufferList->NdisPoolHandle;
    host_check(NetBufferList->FirstNetBuffer == &made->nb);
    InterlockedDecrement(&pool->count);
    ledger_add(LEDGER_NBL, -1);
    free(made);
}

/* ---- What the stack sends ---- */

/* Appends MDLs over the next `size` bytes; some begin with bytes that are none of the data. */
static void
nb_fill(NET_BUFFER *nb, uint8_t *memory, uint32_t size, uint32_t part)
{
    PMDL *link = &nb->MdlChain;
    nb->DataLength = size;
    do {
        uint32_t length = part && part < size ? part : size;
        PMDL mdl = calloc(1, sizeof(*mdl));
        mdl->MappedSystemVa = memory;
        mdl->ByteCount = length;
        mdl->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
        *link = mdl;
        link = &mdl->Next;
        memory += length;
        size -= length;
    } while (size);
    nb->CurrentMdl = nb->MdlChain;
}

NET_BUFFER_LIST *
host_nbl_create(uint8_t *memory, const uint32_t *sizes, unsigned int count, uint32_t part)
{
    NET_BUFFER_LIST *nbl = NULL;
    host_check(!posix_memalign((void **)&nbl, 16, sizeof(pool_nbl)));
    memset(nbl, 0, sizeof(pool_nbl));
    NET_BUFFER **link = &nbl->FirstNetBuffer;
    for (unsigned int i = 0; i < count; i++) {
        NET_BUFFER *nb = NULL;
        host_check(!posix_memalign((void **)&nb, 16, sizeof(*nb)));
        memset(nb, 0, sizeof(*nb));
        nb_fill(nb, memory, sizes[i], part);
        memory += sizes[i];
        *link = nb;
        link = &nb->Next;
    }
    /* What a driver must not take for an answer. */
    nbl->Status = (NDIS_STATUS)0xDEADBEEF;
    nbl->Scratch = (PVOID)(uintptr_t)0xFEFEFEFE;
    nbl->MiniportReserved[0] = nbl->MiniportReserved[1] = nbl;
    return nbl;
}

void
host_nbl_free(NET_BUFFER_LIST *nbl)
{
    for (NET_BUFFER *nb = nbl->FirstNetBuffer, *next; nb; nb = next) {
        next = nb->Next;
        for (PMDL mdl = nb->MdlChain, after; mdl; mdl = after) {
            after = mdl->Next;
            free(mdl);
        }
        free(nb);
    }
    free(nbl);
}
