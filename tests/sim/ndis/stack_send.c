/* SPDX-License-Identifier: MIT
 * The stack above the miniport, sending: builds chains of NBLs in the shapes that protocols and filters make,
 * hands them over, and checks each as it comes back. */
#include <stdlib.h>
#include "ndis_model.h"

#define DRAIN_TIMEOUT  120
#define STATUS_GARBAGE ((NDIS_STATUS)0x5A5A5A5A)

/* An MDL that the kernel model makes, because it is not mapped yet or cannot be. */
struct foreign
{
    struct foreign *next;
    MDL *mdl;
    MDL was;
    void *chunk;
};

/* One call of sim_stack_send; lives until its last NBL is completed and its caller has looked. */
struct ndis_batch
{
    struct sim_adapter *adapter;
    NDIS_STATUS *statuses; /* the caller's, or NULL */
    struct foreign *foreign;
    _Atomic unsigned references, remaining, succeeded, paused, low_power, not_accepted;
};

static void
batch_release(struct ndis_batch *batch)
{
    if (atomic_fetch_sub(&batch->references, 1) != 1)
        return;
    while (batch->foreign) {
        struct foreign *next = batch->foreign->next;
        free(batch->foreign);
        batch->foreign = next;
    }
    free(batch);
}

static uint32_t
next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* ---- Building ---- */

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

static struct foreign *
foreign_of(const struct ndis_batch *batch, const MDL *mdl)
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
            foreign_of(batch, mdl)->was = *mdl;
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

/* An NBL of `count` packets. */
static NET_BUFFER_LIST *
make_nbl(struct ndis_batch *batch, unsigned index, const struct sim_packet *packets, unsigned count,
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

/* ---- Completion ---- */

static bool
is_send_status(NDIS_STATUS status)
{
    static const NDIS_STATUS documented[] = {
        NDIS_STATUS_SUCCESS,         NDIS_STATUS_INVALID_LENGTH,     NDIS_STATUS_RESOURCES,
        NDIS_STATUS_PAUSED,          NDIS_STATUS_SEND_ABORTED,       NDIS_STATUS_RESET_IN_PROGRESS,
        NDIS_STATUS_LOW_POWER_STATE, NDIS_STATUS_NOT_ACCEPTED,       NDIS_STATUS_FAILURE,
        NDIS_STATUS_INVALID_PACKET,  NDIS_STATUS_MEDIA_DISCONNECTED,
    };
    for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++) {
        if (status == documented[i])
            return true;
    }
    return false;
}

static void
check_nb(const NET_BUFFER *nb, const NET_BUFFER *was)
{
    if (nb->Next != was->Next || nb->MdlChain != was->MdlChain || nb->DataOffset != was->DataOffset)
        sim_stop("the NET_BUFFERs and MDLs of a send come back as they were",
                 "links of the NET_BUFFER at %p differ", (const void *)nb);
    if (nb->CurrentMdl != was->CurrentMdl || nb->CurrentMdlOffset != was->CurrentMdlOffset ||
        nb->DataLength != was->DataLength)
        sim_stop("the NET_BUFFERs and MDLs of a send come back as they were",
                 "the data of the NET_BUFFER at %p differs", (const void *)nb);
    if (memcmp(nb->ProtocolReserved, was->ProtocolReserved, sizeof(nb->ProtocolReserved)) ||
        memcmp(nb->NdisReserved, was->NdisReserved, sizeof(nb->NdisReserved)) ||
        nb->NdisPoolHandle != was->NdisPoolHandle)
        sim_stop("a miniport writes only the members of a NET_BUFFER that are its own",
                 "the one at %p was changed", (const void *)nb);
}

static void
check_mdl(const MDL *mdl, const MDL *was)
{
    if (mdl->Next != was->Next || mdl->ByteCount != was->ByteCount || mdl->ByteOffset != was->ByteOffset ||
        mdl->StartVa != was->StartVa)
        sim_stop("the NET_BUFFERs and MDLs of a send come back as they were", "the MDL at %p differs",
                 (const void *)mdl);
}

static void
release_nb(const struct ndis_batch *batch, const NET_BUFFER *nb)
{
    MDL *next;
    for (MDL *mdl = nb->MdlChain; mdl; mdl = next) {
        struct ndis_object *object = ndis_object_of(mdl, NDIS_MDL);
        next = mdl->Next;
        if (object) {
            check_mdl(mdl, (const MDL *)(const void *)object->was);
            ndis_chunk_free(object->chunk);
            ndis_object_free(object);
            continue;
        }
        struct foreign *foreign = foreign_of(batch, mdl);
        check_mdl(mdl, &foreign->was);
        ndis_chunk_free(foreign->chunk);
        foreign->mdl = NULL;
        sim_mdl_free(mdl);
    }
}

static void
check_nbl(const NET_BUFFER_LIST *nbl, const NET_BUFFER_LIST *was)
{
    if (nbl->FirstNetBuffer != was->FirstNetBuffer)
        sim_stop("the NET_BUFFERs and MDLs of a send come back as they were",
                 "the first of the NBL at %p differs", (const void *)nbl);
    if (nbl->Context != was->Context || nbl->ParentNetBufferList != was->ParentNetBufferList ||
        nbl->NdisPoolHandle != was->NdisPoolHandle || nbl->SourceHandle != was->SourceHandle ||
        nbl->ChildRefCount != was->ChildRefCount ||
        memcmp(nbl->NdisReserved, was->NdisReserved, sizeof(nbl->NdisReserved)) ||
        memcmp(nbl->ProtocolReserved, was->ProtocolReserved, sizeof(nbl->ProtocolReserved)) ||
        memcmp(nbl->NetBufferListInfo, was->NetBufferListInfo, ndis_nbl_slots() * sizeof(void *)))
        sim_stop("a miniport writes only the members of a NET_BUFFER_LIST that are its own",
                 "the one at %p was changed", (const void *)nbl);
    if (!is_send_status(nbl->Status))
        sim_stop("a completed NBL carries a documented status", "0x%x%s", nbl->Status,
                 nbl->Status == STATUS_GARBAGE ? ", what was in it before" : "");
}

/* Takes one NBL back; returns its successor in the chain. */
static NET_BUFFER_LIST *
take_back(struct sim_adapter *adapter, NET_BUFFER_LIST *nbl, struct ndis_batch **batch_out)
{
    struct ndis_object *object = ndis_object_of(nbl, NDIS_NBL);
    if (!object || !object->batch)
        sim_stop("a miniport completes each NBL that it was sent, once", "%p is none or was completed before",
                 (void *)nbl);
    uint8_t owner = NDIS_DRIVER;
    if (!atomic_compare_exchange_strong(&object->owner, &owner, NDIS_STACK))
        sim_stop("a miniport completes each NBL that it was sent, once", "%p was completed before",
                 (void *)nbl);
    if (object->adapter != adapter)
        sim_stop("a send is completed by the adapter that it was given to", "%p was not", (void *)nbl);
    struct ndis_batch *batch = object->batch;
    NET_BUFFER_LIST *next = nbl->Next;
    check_nbl(nbl, (const NET_BUFFER_LIST *)(const void *)object->was);
    NDIS_STATUS status = nbl->Status;
    NET_BUFFER *following;
    for (NET_BUFFER *nb = nbl->FirstNetBuffer; nb; nb = following) {
        struct ndis_object *nb_object = ndis_object_of(nb, NDIS_NB);
        following = nb->Next;
        if (nb_object)
            check_nb(nb, (const NET_BUFFER *)(const void *)nb_object->was);
        else
            check_nb(nb, (const NET_BUFFER *)(const void *)object->nb_was);
        release_nb(batch, nb);
        if (nb_object)
            ndis_object_free(nb_object);
    }
    if (batch->statuses)
        batch->statuses[object->index] = status;
    if (adapter->state == NDIS_PAUSED && status == NDIS_STATUS_SUCCESS)
        sim_stop("a paused miniport completes sends with NDIS_STATUS_PAUSED", "one completes with success");
    batch->succeeded += status == NDIS_STATUS_SUCCESS;
    batch->paused += status == NDIS_STATUS_PAUSED;
    batch->low_power += status == NDIS_STATUS_LOW_POWER_STATE;
    batch->not_accepted += status == NDIS_STATUS_NOT_ACCEPTED;
    ndis_object_free(object);
    *batch_out = batch;
    return next;
}

/* Sends again from inside a completion, as a protocol with a queue does. */
static void
reenter(struct sim_adapter *adapter)
{
    static _Thread_local unsigned depth;
    static const uint8_t packet[20] = {0x45, 0, 0, 20, [8] = 1, [9] = 253, [12] = 127, [19] = 1};
    unsigned left = adapter->reenter;
    if (!left || depth >= 3 || !atomic_compare_exchange_strong(&adapter->reenter, &left, left - 1))
        return;
    depth++;
    struct sim_packet one = {packet, sizeof(packet)};
    struct sim_send_options options = {.at_dispatch = sim_irql() == DISPATCH_LEVEL_};
    sim_stack_send(adapter, &one, 1, &options, false, NULL);
    depth--;
}

uint64_t
ndis_NdisMSendNetBufferListsComplete(struct sim_frame *frame)
{
    struct sim_adapter *adapter =
        ndis_adapter_of((const void *)frame->arg[0], "NdisMSendNetBufferListsComplete");
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)frame->arg[1];

    ndis_check_no_locks("NdisMSendNetBufferListsComplete");
    ndis_check_dispatch_flag("NdisMSendNetBufferListsComplete", (uint32_t)frame->arg[2]);
    if (!nbl)
        sim_stop("a completion names at least one NBL", "the chain is empty");
    adapter->counts.completions++;
    int count = 0;
    while (nbl) {
        struct ndis_batch *batch;
        nbl = take_back(adapter, nbl, &batch);
        count++;
        if (atomic_fetch_sub(&batch->remaining, 1) == 1) {
            pthread_mutex_lock(&adapter->lock);
            pthread_cond_broadcast(&adapter->changed);
            pthread_mutex_unlock(&adapter->lock);
        }
        batch_release(batch);
    }
    reenter(adapter);
    if (atomic_fetch_sub(&adapter->sends_out, count) == count) {
        pthread_mutex_lock(&adapter->lock);
        pthread_cond_broadcast(&adapter->changed);
        pthread_mutex_unlock(&adapter->lock);
    }
    return 0;
}

/* ---- Controls ---- */

/* While nothing changed around the call, a miniport that may not send refused all, at once, and said why. */
static void
check_refused(const struct sim_adapter *adapter, const struct ndis_batch *batch, unsigned nbls)
{
    if (batch->remaining)
        sim_stop("a miniport that may not send completes sends at once", "%u of %u are outstanding",
                 batch->remaining, nbls);
    unsigned allowed = batch->paused;
    if (adapter->power)
        allowed += batch->low_power;
    if (adapter->removed)
        allowed += batch->not_accepted;
    if (allowed != nbls)
        sim_stop("a paused miniport completes sends with NDIS_STATUS_PAUSED (low power LOW_POWER_STATE, "
                 "removed NOT_ACCEPTED)",
                 "%u of %u have another status", nbls - allowed, nbls);
}

static void
call_miniport(struct sim_adapter *adapter, NET_BUFFER_LIST *chain, bool at_dispatch)
{
    uint8_t irql = sim_irql();
    if (at_dispatch && irql < DISPATCH_LEVEL_)
        sim_irql_raise(DISPATCH_LEVEL_);
    NDIS_CALL("MiniportSendNetBufferLists", adapter->miniport->handlers.SendNetBufferListsHandler,
              SIM_WORD(adapter->context), SIM_WORD(chain), SIM_WORD(0),
              SIM_WORD(at_dispatch ? NDIS_SEND_FLAGS_DISPATCH_LEVEL : 0));
    if (at_dispatch && irql < DISPATCH_LEVEL_)
        sim_irql_lower(irql);
}

unsigned
sim_stack_send(struct sim_adapter *adapter, const struct sim_packet *packets, unsigned count,
               const struct sim_send_options *options, bool wait, NDIS_STATUS *statuses)
{
    static const struct sim_send_options plain;
    const struct sim_send_options *o = options ? options : &plain;
    unsigned per_nbl = o->packets_per_nbl ? o->packets_per_nbl : 1;
    unsigned nbls = (count + per_nbl - 1) / per_nbl;
    uint64_t seed = o->seed * 2 + 1;
    if (!count || !ndis_adapter_enter(adapter))
        return 0;

    struct ndis_batch *batch = calloc(1, sizeof(*batch));
    batch->adapter = adapter;
    batch->statuses = statuses;
    batch->remaining = nbls;
    batch->references = nbls + 1;
    NET_BUFFER_LIST *chain = NULL, **link = &chain;
    for (unsigned i = 0; i < nbls; i++) {
        unsigned first = i * per_nbl, here = count - first < per_nbl ? count - first : per_nbl;
        *link = make_nbl(batch, i, packets + first, here, o, &seed);
        link = &(*link)->Next;
    }
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next) {
        struct ndis_object *object = ndis_object_of(nbl, NDIS_NBL);
        object->adapter = adapter;
        object->owner = NDIS_DRIVER;
    }
    adapter->counts.sends++;
    adapter->counts.sent_packets += count;
    adapter->sends_called += (int)nbls;
    adapter->send_calls++;
    adapter->sends_out += (int)nbls;

    unsigned epoch = adapter->epoch;
    bool refusing =
        (adapter->state == NDIS_PAUSED || adapter->state == NDIS_PAUSING) && adapter->pause_returned;
    call_miniport(adapter, chain, o->at_dispatch);
    adapter->sends_called -= (int)nbls;
    if (refusing && epoch == adapter->epoch)
        check_refused(adapter, batch, nbls);

    if (wait && batch->remaining) {
        struct timespec deadline = ndis_deadline(DRAIN_TIMEOUT);
        pthread_mutex_lock(&adapter->lock);
        while (batch->remaining) {
            if (!ndis_wait(adapter, &deadline))
                sim_stop("a miniport completes each NBL that it was sent", "%u of %u were not within %u s",
                         batch->remaining, nbls, DRAIN_TIMEOUT);
        }
        pthread_mutex_unlock(&adapter->lock);
    }
    unsigned succeeded = batch->succeeded;
    batch_release(batch);
    ndis_adapter_leave(adapter);
    return succeeded;
}

void
sim_stack_drain(struct sim_adapter *adapter)
{
    struct timespec deadline = ndis_deadline(DRAIN_TIMEOUT);
    pthread_mutex_lock(&adapter->lock);
    while (adapter->sends_out) {
        if (!ndis_wait(adapter, &deadline))
            sim_stop("a miniport completes each NBL that it was sent", "%d were not within %u s",
                     adapter->sends_out, DRAIN_TIMEOUT);
    }
    pthread_mutex_unlock(&adapter->lock);
}

void
sim_adapter_cancel_send(struct sim_adapter *adapter, void *cancel_id)
{
    if (!ndis_adapter_enter(adapter))
        return;
    NDIS_CALL("MiniportCancelSend", adapter->miniport->handlers.CancelSendHandler, SIM_WORD(adapter->context),
              SIM_WORD(cancel_id));
    ndis_adapter_leave(adapter);
}

void
sim_stack_reenter(struct sim_adapter *adapter, unsigned times)
{
    adapter->reenter = times;
}
