/* SPDX-License-Identifier: MIT
 * The stack above the miniport, receiving: checks each indication, hands the packets on, and gives NBLs back
 * in all the ways that the documentation allows: inside the call, later, on another thread, split, mixed, out
 * of order. */
#include <stdlib.h>
#include "ndis_model.h"

#define KNOWN_FLAGS                                                                                          \
    (NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL | NDIS_RECEIVE_FLAGS_RESOURCES |                                      \
     NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE | NDIS_RECEIVE_FLAGS_SINGLE_VLAN |                                 \
     NDIS_RECEIVE_FLAGS_PERFECT_FILTERED | NDIS_RECEIVE_FLAGS_SINGLE_QUEUE)

/* ---- What the stack keeps ---- */

/* FNV-1a of the packet. */
static uint32_t
digest(const NET_BUFFER_LIST *nbl)
{
    static _Thread_local uint8_t packet[0x10000];
    uint32_t value = 2166136261u;
    ndis_nb_copy(nbl->FirstNetBuffer, packet, "a packet that the stack keeps");
    for (uint32_t i = 0; i < nbl->FirstNetBuffer->DataLength; i++)
        value = (value ^ packet[i]) * 16777619u;
    return value;
}

static void
remember(NET_BUFFER_LIST *const *lists, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ndis_object_of(lists[i], NDIS_NBL)->digest = digest(lists[i]);
}

static void
check_kept(NET_BUFFER_LIST *const *lists, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (ndis_object_of(lists[i], NDIS_NBL)->digest != digest(lists[i]))
            sim_stop("an indicated packet stays as it is until it is returned",
                     "that of the NBL at %p was changed", (void *)lists[i]);
    }
}

/* ---- Giving back ---- */

/* Whatever upper layers may leave in an NBL that was theirs. */
static void
scramble(struct sim_adapter *adapter, NET_BUFFER_LIST *nbl)
{
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    uint64_t noise = ndis_random(adapter) | 1;
    memset(nbl->ProtocolReserved, (int)noise, sizeof(nbl->ProtocolReserved));
    memset(nbl->MiniportReserved, (int)noise, sizeof(nbl->MiniportReserved));
    memset(nbl->NetBufferListInfo, (int)noise, ndis_nbl_slots() * sizeof(void *));
    nbl->Scratch = (void *)(uintptr_t)noise;
    nbl->NblFlags = (uint32_t)noise;
    nbl->Status = (NDIS_STATUS)noise;
    nb->CurrentMdl = nb->MdlChain = (MDL *)(uintptr_t)noise;
    nb->CurrentMdlOffset = nb->DataOffset = nb->DataLength = (uint32_t)noise;
    memset(nb->ProtocolReserved, (int)noise, sizeof(nb->ProtocolReserved));
    memset(nb->MiniportReserved, (int)noise, sizeof(nb->MiniportReserved));
}

static void
return_lists(struct sim_adapter *adapter, NET_BUFFER_LIST **lists, unsigned count)
{
    if (!count)
        return;
    for (unsigned i = 0; i < count; i++) {
        struct ndis_object *object = ndis_object_of(lists[i], NDIS_NBL);
        scramble(adapter, lists[i]);
        lists[i]->Next = i + 1 < count ? lists[i + 1] : NULL;
        object->adapter = NULL;
        object->owner = NDIS_DRIVER;
    }
    uint8_t irql = sim_irql();
    bool raise = irql < DISPATCH_LEVEL_ && (ndis_random(adapter) & 1);
    if (raise)
        sim_irql_raise(DISPATCH_LEVEL_);
    /* The flag is a permission, not a duty. */
    bool flag = sim_irql() == DISPATCH_LEVEL_ && (ndis_random(adapter) & 1);
    NET_BUFFER_LIST *first = lists[0];
    adapter->receives_out -=
        (int)count; /* before the call: it may be the last thing that a Pause waits for */
    NDIS_CALL("MiniportReturnNetBufferLists", adapter->miniport->handlers.ReturnNetBufferListsHandler,
              SIM_WORD(adapter->context), SIM_WORD(first),
              SIM_WORD(flag ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL : 0));
    if (raise)
        sim_irql_lower(irql);
}

static void
shuffle(struct sim_adapter *adapter, NET_BUFFER_LIST **lists, unsigned count)
{
    for (unsigned i = count; i > 1; i--) {
        unsigned j = (unsigned)(ndis_random(adapter) % i);
        NET_BUFFER_LIST *list = lists[i - 1];
        lists[i - 1] = lists[j];
        lists[j] = list;
    }
}

/* In one to three calls. */
static void
return_split(struct sim_adapter *adapter, NET_BUFFER_LIST **lists, unsigned count)
{
    while (count) {
        unsigned part = ndis_random(adapter) % 3 ? count : 1 + (unsigned)(ndis_random(adapter) % count);
        return_lists(adapter, lists, part);
        lists += part;
        count -= part;
    }
}

/* ---- A thread of the stack that returns late ---- */

struct late
{
    struct late *next;
    struct sim_adapter *adapter;
    unsigned count;
    NET_BUFFER_LIST *lists[];
};
static struct late *late_first, **late_last = &late_first;
static pthread_mutex_t late_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t late_change = PTHREAD_COND_INITIALIZER;
static bool late_running;

static void *
late_thread(void *unused)
{
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&late_lock);
        while (!late_first)
            pthread_cond_wait(&late_change, &late_lock);
        struct late *late = late_first;
        late_first = late->next;
        if (!late_first)
            late_last = &late_first;
        pthread_mutex_unlock(&late_lock);
        /* HaltEx waits for this call: the adapter was entered when it was queued. */
        check_kept(late->lists, late->count);
        return_split(late->adapter, late->lists, late->count);
        ndis_adapter_leave(late->adapter);
        free(late);
    }
    return NULL;
}

/* Caller has entered the adapter. */
static void
return_late(struct sim_adapter *adapter, NET_BUFFER_LIST *const *lists, unsigned count)
{
    struct late *late = malloc(sizeof(*late) + count * sizeof(*lists));
    late->next = NULL;
    late->adapter = adapter;
    late->count = count;
    memcpy(late->lists, lists, count * sizeof(*lists));
    remember(lists, count);
    pthread_mutex_lock(&late_lock);
    if (!late_running) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, late_thread, NULL))
            sim_stop("the model has threads", "none for late returns");
        pthread_detach(thread);
        late_running = true;
    }
    *late_last = late;
    late_last = &late->next;
    pthread_cond_signal(&late_change);
    pthread_mutex_unlock(&late_lock);
}

static void
keep(struct sim_adapter *adapter, NET_BUFFER_LIST *const *lists, unsigned count)
{
    remember(lists, count);
    for (unsigned i = 0; i < count; i++)
        ndis_object_shut(ndis_object_of(lists[i], NDIS_NBL));
    pthread_mutex_lock(&adapter->lock);
    if (adapter->held_count + count > adapter->held_room) {
        adapter->held_room = (adapter->held_count + count) * 2;
        adapter->held = realloc(adapter->held, adapter->held_room * sizeof(*adapter->held));
    }
    memcpy(adapter->held + adapter->held_count, lists, count * sizeof(*lists));
    adapter->held_count += count;
    pthread_cond_broadcast(&adapter->changed);
    pthread_mutex_unlock(&adapter->lock);
}

/* ---- Indications ---- */

static bool
check_list(struct sim_adapter *adapter, NET_BUFFER_LIST *nbl)
{
    struct ndis_object *object = ndis_object_of(nbl, NDIS_NBL);
    if (!object || !object->pool)
        sim_stop("indicated NBLs come from a pool of NDIS and were not freed", "%p", (void *)nbl);
    uint8_t owner = NDIS_DRIVER;
    if (!atomic_compare_exchange_strong(&object->owner, &owner, NDIS_STACK))
        sim_stop("a miniport indicates NBLs that it owns", "%p was indicated and not returned", (void *)nbl);
    object->adapter = adapter;
    if (nbl->SourceHandle != adapter)
        sim_stop("SourceHandle is the miniport's handle", "an indicated NBL has %p", nbl->SourceHandle);
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    if (!nb || nb->Next)
        sim_stop("an indicated NBL has exactly one NET_BUFFER", "it has %s", nb ? "more" : "none");
    if (!nb->DataLength || nb->DataLength > adapter->max_total_size)
        sim_stop("an indicated packet is no longer than OID_GEN_MAXIMUM_TOTAL_SIZE says", "%u of %u",
                 nb->DataLength, adapter->max_total_size);
    uint32_t offset = nb->CurrentMdlOffset;
    for (const MDL *mdl = nb->MdlChain; mdl && mdl != nb->CurrentMdl; mdl = mdl->Next)
        offset += mdl->ByteCount;
    if (nb->DataOffset != offset)
        sim_stop("DataOffset of a NET_BUFFER is where CurrentMdl and CurrentMdlOffset say", "%u, and not %u",
                 nb->DataOffset, offset);
    uint32_t family = nbl->NblFlags & (NDIS_NBL_FLAGS_IS_IPV4 | NDIS_NBL_FLAGS_IS_IPV6);
    uint16_t type = family == NDIS_NBL_FLAGS_IS_IPV4   ? NDIS_ETH_TYPE_IPV4
                    : family == NDIS_NBL_FLAGS_IS_IPV6 ? NDIS_ETH_TYPE_IPV6
                                                       : 0;
    if (!type)
        sim_stop("an indicated raw IP packet is flagged as IPv4 or IPv6", "NblFlags 0x%x", nbl->NblFlags);
    uintptr_t frame = (uintptr_t)nbl->NetBufferListInfo[NetBufferListFrameType];
    if (frame != (uint16_t)(type << 8 | type >> 8))
        sim_stop("NetBufferListFrameType is the packet's type in network byte order", "0x%zx for type 0x%04x",
                 (size_t)frame, type);
    /* Out-of-band slots that nobody filled are zero, or the stack acts on what is in them. */
    for (unsigned i = 0; i < 16; i++) {
        if (i != NetBufferListFrameType && nbl->NetBufferListInfo[i])
            sim_stop("an indicated NBL has no stale out-of-band data", "slot %u holds %p", i,
                     nbl->NetBufferListInfo[i]);
    }
    return family == NDIS_NBL_FLAGS_IS_IPV6;
}

static void
deliver(struct sim_adapter *adapter, const NET_BUFFER_LIST *nbl, bool ipv6)
{
    static _Thread_local uint8_t packet[0x10000];
    const NET_BUFFER *nb = nbl->FirstNetBuffer;
    ndis_nb_copy(nb, packet, "NdisMIndicateReceiveNetBufferLists");
    if (packet[0] >> 4 != (ipv6 ? 6 : 4))
        sim_stop("an indicated packet is what its flags say", "version nibble %u, flagged IPv%u",
                 packet[0] >> 4, ipv6 ? 6 : 4);
    adapter->counts.packets++;
    adapter->counts.bytes += nb->DataLength;
    if (adapter->receive)
        adapter->receive(adapter->receive_context, packet, nb->DataLength, ipv6);
}

static void
check_indication(struct sim_adapter *adapter, const NET_BUFFER_LIST *chain, uint32_t port, uint32_t count,
                 uint32_t flags)
{
    ndis_check_no_locks("NdisMIndicateReceiveNetBufferLists");
    ndis_check_dispatch_flag("NdisMIndicateReceiveNetBufferLists", flags);
    int state = adapter->state;
    if (state != NDIS_RUNNING && state != NDIS_RESTARTING && state != NDIS_PAUSING)
        sim_stop("a miniport indicates packets only between Restart and the end of Pause", "state %s",
                 ndis_state_name(state));
    if (adapter->power)
        sim_stop("a miniport indicates no packets in low power", "D%u", adapter->power);
    if (port)
        sim_stop("PortNumber is 0 unless ports were created", "an indication has %u", port);
    if (flags & ~KNOWN_FLAGS)
        sim_stop("receive flags are documented ones", "0x%x", flags);
    unsigned length = 0;
    for (; chain && length <= count; chain = chain->Next)
        length++;
    if (!count || length != count)
        sim_stop("NumberOfNetBufferLists is the length of the chain", "%u, and there are %s%u", count,
                 length > count ? "more than " : "", length > count ? count : length);
}

uint64_t
ndis_NdisMIndicateReceiveNetBufferLists(struct sim_frame *frame)
{
    struct sim_adapter *adapter =
        ndis_adapter_of((const void *)frame->arg[0], "NdisMIndicateReceiveNetBufferLists");
    NET_BUFFER_LIST *chain = (NET_BUFFER_LIST *)frame->arg[1];
    uint32_t count = (uint32_t)frame->arg[3], flags = (uint32_t)frame->arg[4];
    bool lent = flags & NDIS_RECEIVE_FLAGS_RESOURCES;

    adapter->indicating++;
    check_indication(adapter, chain, (uint32_t)frame->arg[2], count, flags);
    NET_BUFFER_LIST *small[64], **lists = count <= 64 ? small : malloc(count * sizeof(*lists));
    unsigned v6 = 0, n = 0;
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next)
        lists[n++] = nbl;
    adapter->receives_out += (int)(lent ? 0 : count);
    for (unsigned i = 0; i < count; i++) {
        bool ipv6 = check_list(adapter, lists[i]);
        v6 += ipv6;
        deliver(adapter, lists[i], ipv6);
    }
    if ((flags & NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE) && v6 && v6 != count)
        sim_stop("SINGLE_ETHER_TYPE is set only when it is true", "%u of %u packets are IPv6", v6, count);
    adapter->counts.indications++;
    adapter->counts.resources += lent;
    uint64_t longest = adapter->counts.longest_chain;
    while (count > longest && !atomic_compare_exchange_weak(&adapter->counts.longest_chain, &longest, count))
        ;

    if (lent) { /* the miniport's again when this returns, in any condition */
        for (unsigned i = 0; i < count; i++) {
            struct ndis_object *object = ndis_object_of(lists[i], NDIS_NBL);
            scramble(adapter, lists[i]);
            object->adapter = NULL;
            object->owner = NDIS_DRIVER;
        }
    } else if (adapter->hold)
        keep(adapter, lists, count);
    else if (ndis_random(adapter) % 4 == 0 && ndis_adapter_enter(adapter))
        return_late(adapter, lists, count);
    else {
        if (ndis_random(adapter) % 4 == 0)
            shuffle(adapter, lists, count);
        return_split(adapter, lists, count);
    }
    if (lists != small)
        free(lists);
    adapter->indicating--;
    return 0;
}

/* ---- Controls ---- */

void
sim_stack_on_receive(struct sim_adapter *adapter, sim_receive_fn receive, void *context)
{
    adapter->receive = NULL;
    adapter->receive_context = context;
    adapter->receive = receive;
}

void
sim_stack_hold(struct sim_adapter *adapter, bool hold)
{
    adapter->hold = hold;
}

unsigned
sim_stack_release_held(struct sim_adapter *adapter, uint64_t seed)
{
    if (!ndis_adapter_enter(adapter))
        return 0;
    pthread_mutex_lock(&adapter->lock);
    NET_BUFFER_LIST **held = adapter->held;
    unsigned count = adapter->held_count;
    adapter->held = NULL;
    adapter->held_count = adapter->held_room = 0;
    pthread_mutex_unlock(&adapter->lock);
    for (unsigned i = 0; i < count; i++)
        ndis_object_open(ndis_object_of(held[i], NDIS_NBL));
    check_kept(held, count);
    if (seed) {
        adapter->random += seed;
        shuffle(adapter, held, count);
        return_split(adapter, held, count);
    } else
        return_lists(adapter, held, count);
    free(held);
    ndis_adapter_leave(adapter);
    return count;
}

unsigned
sim_stack_held(struct sim_adapter *adapter)
{
    pthread_mutex_lock(&adapter->lock);
    unsigned count = adapter->held_count;
    pthread_mutex_unlock(&adapter->lock);
    return count;
}

struct sim_stack_counts
sim_stack_counts(const struct sim_adapter *adapter)
{
    return (struct sim_stack_counts){
        .indications = adapter->counts.indications,
        .packets = adapter->counts.packets,
        .bytes = adapter->counts.bytes,
        .resources = adapter->counts.resources,
        .longest_chain = adapter->counts.longest_chain,
        .sends = adapter->counts.sends,
        .sent_packets = adapter->counts.sent_packets,
        .completions = adapter->counts.completions,
    };
}
