/* SPDX-License-Identifier: MIT
 * Builds NBLs in the shapes that protocols and filters make: several NBs, any split over MDLs, MDLs of no bytes, data
 * that begins inside or behind one, MDLs not mapped yet. */
#include <stdlib.h>
#include "send_batch.h"

static uint32_t
next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static void
remember(struct ndis_object *object, size_t size)
{
    memcpy(object->was, object->address, size);
}

/* An MDL over `size` bytes, the first `skip` of which are not the packet's. */
static MDL *
make_mdl(struct ndis_batch *batch, size_t skip, const uint8_t *data, size_t part, size_t tail,
         enum sim_mdl_kind kind)
{
    size_t size = skip + part + tail;
    void *chunk;
    uint8_t *memory = ndis_chunk_allocate(size ? size : 1, &chunk);
    memset(memory, 0xEE, skip);
    memcpy(memory + skip, data, part);
    memset(memory + skip + part, 0xEE, tail);
    if (kind != SIM_MDL_MAPPED && size) {
        struct foreign *foreign = calloc(1, sizeof(*foreign));
        foreign->mdl = sim_mdl_describe(memory, size, kind);
        foreign->chunk = chunk;
        foreign->next = batch->foreign;
        batch->foreign = foreign;
        return foreign->mdl;
    }
    struct ndis_object *object = ndis_object_allocate(NDIS_MDL, sizeof(MDL) + 20 * sizeof(PFN_NUMBER));
    object->chunk = chunk;
    uintptr_t offset = (uintptr_t)memory % PAGE_SIZE;
    MDL *mdl = (MDL *)object->address;
    *mdl = (MDL){
        .Size = (CSHORT)object->size,
        .MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL,
        .MappedSystemVa = memory,
        .StartVa = memory - offset,
        .ByteCount = (ULONG)size,
        .ByteOffset = (ULONG)offset,
    };
    object->batch = batch;
    object->adapter = batch->adapter;
    return mdl;
}

static enum sim_mdl_kind
mapping_of(const struct sim_send_options *o, bool failing, uint64_t *seed)
{
    if (failing)
        return SIM_MDL_UNMAPPABLE;
    return o->max_mdls > 1 && next_random(seed) % 4 == 0 ? SIM_MDL_UNMAPPED : SIM_MDL_MAPPED;
}

struct foreign *
ndis_foreign_of(const struct ndis_batch *batch, const MDL *mdl)
{
    struct foreign *foreign = batch->foreign;
    while (foreign && foreign->mdl != mdl)
        foreign = foreign->next;
    if (!foreign)
        sim_stop("the NET_BUFFERs and MDLs of a send come back as they were", "%p is no MDL of this send",
                 (const void *)mdl);
    return foreign;
}

static void
fill_nb(struct ndis_batch *batch, NET_BUFFER *nb, const struct sim_packet *packet,
        const struct sim_send_options *o, uint64_t *seed)
{
    unsigned pieces = 1;
    bool shaped = o->max_mdls > 1;
    if (shaped)
        pieces = 1 + next_random(seed) % o->max_mdls;
    bool failed = !o->fail_mapping;

    memset(nb, 0, sizeof(*nb));
    MDL **link = &nb->MdlChain;
    /* What lies before the data: nothing, part of the first MDL, or whole MDLs that an upper layer has
     * stepped over. */
    size_t skip = shaped ? next_random(seed) % 48 : 0;
    if (shaped && next_random(seed) % 4 == 0) {
        *link = make_mdl(batch, 16 + skip, packet->data, 0, 0, SIM_MDL_MAPPED);
        nb->DataOffset = (*link)->ByteCount;
        if (next_random(seed) % 2) { /* the position at the end of one MDL is the start of the next */
            nb->CurrentMdl = *link;
            nb->CurrentMdlOffset = (*link)->ByteCount;
        }
        link = &(*link)->Next;
        skip = 0;
    }
    nb->DataOffset += (uint32_t)skip;
    const uint8_t *data = packet->data;
    uint32_t left = packet->length;
    for (unsigned i = 0; i < pieces; i++) {
        uint32_t part = i + 1 == pieces ? left : next_random(seed) % (left + 1);
        size_t tail = i + 1 == pieces && shaped ? next_random(seed) % 32 : 0; /* beyond DataLength */
        if (shaped && next_random(seed) % 4 == 0) {                           /* an MDL of no bytes */
            *link = make_mdl(batch, 0, data, 0, 0, SIM_MDL_MAPPED);
            if (!nb->CurrentMdl && !skip)
                nb->CurrentMdl = *link;
            link = &(*link)->Next;
        }
        bool fail = !failed && part;
        failed |= fail;
        *link = make_mdl(batch, i == 0 ? skip : 0, data, part, tail, mapping_of(o, fail, seed));
        if (!nb->CurrentMdl) {
            nb->CurrentMdl = *link;
            nb->CurrentMdlOffset = (uint32_t)skip;
        }
        link = &(*link)->Next;
        data += part;
        left -= part;
    }
    if (shaped && next_random(seed) % 4 == 0)
        *link = make_mdl(batch, 8, data, 0, 0, SIM_MDL_MAPPED); /* no part of the data at all */
    nb->DataLength = packet->length;
    memset(nb->MiniportReserved, 0x6B, sizeof(nb->MiniportReserved));
    memset(nb->ProtocolReserved, 0x71, sizeof(nb->ProtocolReserved));
    nb->NdisPoolHandle = batch;
    for (MDL *mdl = nb->MdlChain; mdl; mdl = mdl->Next) {
        struct ndis_object *object = ndis_object_of(mdl, NDIS_MDL);
        if (object)
            remember(object, sizeof(*mdl));
        else
            ndis_foreign_of(batch, mdl)->was = *mdl;
    }
}

static void
set_family(NET_BUFFER_LIST *nbl, const struct sim_packet *packet)
{
    uint8_t version = packet->length ? *(const uint8_t *)packet->data >> 4 : 0;
    nbl->NblFlags = version == 6 ? NDIS_NBL_FLAGS_IS_IPV6 : version == 4 ? NDIS_NBL_FLAGS_IS_IPV4 : 0;
    uint16_t type = version == 6 ? NDIS_ETH_TYPE_IPV6 : NDIS_ETH_TYPE_IPV4;
    nbl->NetBufferListInfo[NetBufferListFrameType] = (void *)(uintptr_t)(uint16_t)(type << 8 | type >> 8);
}

NET_BUFFER_LIST *
ndis_build_nbl(struct ndis_batch *batch, unsigned index, const struct sim_packet *packets, unsigned count,
               const struct sim_send_options *o, uint64_t *seed)
{
    size_t nbl_size = ndis_nbl_size();
    struct ndis_object *object = ndis_object_allocate(NDIS_NBL, nbl_size + sizeof(NET_BUFFER));
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)object->address;
    memset(nbl, 0, nbl_size);
    nbl->NdisPoolHandle = batch;
    nbl->SourceHandle = batch; /* the protocol's business */
    nbl->Status = STATUS_GARBAGE;
    nbl->Scratch = (void *)(uintptr_t)0x6B6B6B6B;
    memset(nbl->MiniportReserved, 0x6B, sizeof(nbl->MiniportReserved));
    memset(nbl->ProtocolReserved, 0x71, sizeof(nbl->ProtocolReserved));
    set_family(nbl, &packets[0]);
    nbl->NetBufferListInfo[NetBufferListCancelId] = o->cancel_id;
    if (o->offload)
        nbl->NetBufferListInfo[o->offload_slot] = (void *)(uintptr_t)o->offload;
    object->offload = o->offload != 0;

    NET_BUFFER **link = &nbl->FirstNetBuffer;
    for (unsigned i = 0; i < count; i++) {
        NET_BUFFER *nb = (NET_BUFFER *)(object->address + nbl_size);
        if (i)
            nb = (NET_BUFFER *)ndis_object_allocate(NDIS_NB, sizeof(NET_BUFFER))->address;
        fill_nb(batch, nb, &packets[i], o, seed);
        *link = nb;
        link = &nb->Next;
    }
    memcpy(object->nb_was, nbl->FirstNetBuffer, sizeof(NET_BUFFER));
    for (NET_BUFFER *nb = nbl->FirstNetBuffer->Next; nb; nb = nb->Next)
        remember(ndis_object_of(nb, NDIS_NB), sizeof(*nb));
    object->batch = batch;
    object->index = index;
    memcpy(object->was, nbl, nbl_size);
    return nbl;
}
