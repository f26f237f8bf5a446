/* SPDX-License-Identifier: MIT
 * The stack above the miniport, sending: hands over chains of NBLs, which send_build.c makes, and checks each as
 * it comes back. */
#include <stdlib.h>
#include "send_batch.h"

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
        struct foreign *foreign = ndis_foreign_of(batch, mdl);
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
        nbl->NblFlags != was->NblFlags || nbl->Flags != was->Flags ||
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
    if (object->offload && status == NDIS_STATUS_SUCCESS)
        sim_stop("a miniport sends nothing that asks for an offload that it does not offer",
                 "the NBL at %p completes with success", (void *)nbl);
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

/* While nothing changed around the call, a miniport that may not send refused all, at once, and said why: paused,
 * asleep (a miniport that sleeps without a pause is only that), or removed. */
static void
check_refused(const struct sim_adapter *adapter, const struct ndis_batch *batch, unsigned nbls)
{
    if (batch->remaining)
        sim_stop("a miniport that may not send completes sends at once", "%u of %u are outstanding",
                 batch->remaining, nbls);
    unsigned allowed =
        adapter->state == NDIS_RUNNING || adapter->state == NDIS_RESTARTING ? 0 : batch->paused;
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
        *link = ndis_build_nbl(batch, i, packets + first, here, o, &seed);
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

    bool removed = adapter->removed;
    unsigned epoch = adapter->epoch;
    unsigned power = adapter->power;
    bool refusing = power || ((adapter->state == NDIS_PAUSED || adapter->state == NDIS_PAUSING) &&
                              adapter->pause_returned);
    call_miniport(adapter, chain, o->at_dispatch);
    adapter->sends_called -= (int)nbls;
    if (refusing && epoch == adapter->epoch && power == adapter->power)
        check_refused(adapter, batch, nbls);
    if (removed && batch->not_accepted + batch->paused != nbls)
        sim_stop("after its removal was announced a miniport answers NDIS_STATUS_NOT_ACCEPTED",
                 "%u of %u sends have another status", nbls - batch->not_accepted - batch->paused, nbls);

    if (wait && batch->remaining) {
        struct timespec deadline = ndis_deadline(sim_ndis_patience);
        pthread_mutex_lock(&adapter->lock);
        while (batch->remaining) {
            if (!ndis_wait(adapter, &deadline))
                sim_stop("a miniport completes each NBL that it was sent", "%u of %u were not within %u s",
                         batch->remaining, nbls, sim_ndis_patience);
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
    struct timespec deadline = ndis_deadline(sim_ndis_patience);
    pthread_mutex_lock(&adapter->lock);
    while (adapter->sends_out) {
        if (!ndis_wait(adapter, &deadline))
            sim_stop("a miniport completes each NBL that it was sent", "%d were not within %u s",
                     adapter->sends_out, sim_ndis_patience);
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
