/* SPDX-License-Identifier: MIT
 *
 * Each sender numbers its packets. What became of each is kept in bitmaps, so that every single packet is
 * accounted for; its order is checked where it is well defined: in each reader by itself, and in the sink,
 * which sees the whole ring in order.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/random.h"
#include "packet_pattern.h"
#include "traffic.h"

#define HOLD_MAX 8u
#define SLACK    8u /* numbers per packet wanted: the rest is dropped and not sent again */
/* More than the driver has buffers, so that it has to fall back on its reserve. */
#define STACK_HOLDS 100000u

/* What a sender remembers of an NBL; in ProtocolReserved[0]. */
typedef struct sent_nbl
{
    uint64_t first;
    uint32_t sender, count;
    uint8_t data[];
} sent_nbl;

typedef struct sender_state
{
    traffic *owner;
    unsigned int index;
    uint64_t quota, limit; /* packets wanted, numbers there are */
    uint64_t *accepted;    /* bit per number: completed with success */
    uint64_t *seen;        /* bit per number: a reader got it */
    volatile LONG64 sent, dropped, pending;
} sender_state;

struct traffic
{
    traffic_config config;
    sender_state senders[TRAFFIC_THREADS];
    uint64_t expected[TRAFFIC_THREADS]; /* in: the next number of each writer; the sink only */
    sched_thread *threads[3 * TRAFFIC_THREADS + 1];
    unsigned int thread_count;
    volatile LONG senders_running, writers_running, next_index[3];
    volatile LONG stop;
    volatile LONG64 read, written, received, lent;
    pthread_mutex_t held_lock;
    NET_BUFFER_LIST *held;
    unsigned int held_count;
    volatile LONG returner_stop;
    uint64_t sink_random;
};

static uint32_t
random_size(const traffic *t, uint64_t *random)
{
    uint32_t bits = (uint32_t)random_next(random), top = 200;
    if (!(bits & 0xFFF))
        top = t->config.largest;
    else if (!(bits & 0xFF))
        top = 9000;
    else if (!(bits & 0xF))
        top = 1500;
    if (top > t->config.largest)
        top = t->config.largest;
    return TRAFFIC_SMALLEST + random_below(random, top - TRAFFIC_SMALLEST + 1);
}

/* Whether the bit was set before. */
static bool
bit_set(uint64_t *bits, uint64_t number)
{
    uint64_t mask = 1ull << (number % 64);
    return __atomic_fetch_or(&bits[number / 64], mask, __ATOMIC_RELAXED) & mask;
}

static bool
stopping(traffic *t)
{
    return ReadAcquire(&t->stop) != 0;
}

static uint64_t
stream(traffic *t, unsigned int number)
{
    return random_stream(t->config.seed, 100 + number);
}

/* ---- Out: senders and readers ---- */

static void wake_reader(traffic *t);

/* Any thread that the driver completes from. */
static void
send_sink(void *context, NET_BUFFER_LIST *nbl)
{
    traffic *t = context;
    sent_nbl *sent = nbl->ProtocolReserved[0];
    sender_state *sender = &t->senders[sent->sender];
    NDIS_STATUS status = nbl->Status;

    if (status == NDIS_STATUS_SUCCESS) {
        for (uint32_t i = 0; i < sent->count; i++)
            host_check(!bit_set(sender->accepted, sent->first + i));
        InterlockedExchangeAdd64(&sender->sent, sent->count);
    } else {
        host_check(status == NDIS_STATUS_RESOURCES || status == NDIS_STATUS_PAUSED ||
                   status == NDIS_STATUS_LOW_POWER_STATE ||
                   (t->config.lossy &&
                    (status == NDIS_STATUS_MEDIA_DISCONNECTED || status == NDIS_STATUS_NOT_ACCEPTED)));
        InterlockedExchangeAdd64(&sender->dropped, sent->count);
    }
    host_nbl_free(nbl);
    free(sent);
    InterlockedExchangeAdd64(&sender->pending, -1);
}

static NET_BUFFER_LIST *
make_nbl(sender_state *sender, uint64_t *number, uint64_t *random)
{
    uint32_t sizes[3], total = 0, count = 1 + random_below(random, 8) / 6 + random_below(random, 8) / 7;
    for (uint32_t i = 0; i < count; i++)
        total += sizes[i] = random_size(sender->owner, random);
    sent_nbl *sent = malloc(sizeof(*sent) + total);
    *sent = (sent_nbl){*number, sender->index, count};
    uint8_t *data = sent->data;
    for (uint32_t i = 0; i < count; i++) {
        packet_fill(data, sender->index, (*number)++, sizes[i]);
        data += sizes[i];
    }
    uint32_t part = random_below(random, 4) ? 0 : 1 + random_below(random, 100);
    NET_BUFFER_LIST *nbl = host_nbl_create(sent->data, sizes, count, part && total / part < 64 ? part : 0);
    nbl->ProtocolReserved[0] = sent;
    return nbl;
}

static void
sender_thread(void *argument)
{
    traffic *t = argument;
    sender_state *sender = &t->senders[InterlockedIncrement(&t->next_index[0]) - 1];
    uint64_t random = stream(t, sender->index), number = 0;

    while ((uint64_t)ReadNoFence64(&sender->sent) < sender->quota && !stopping(t)) {
        LONG64 dropped = ReadNoFence64(&sender->dropped);
        NET_BUFFER_LIST *chain = NULL, **link = &chain;
        uint64_t wanted = sender->quota - (uint64_t)ReadNoFence64(&sender->sent);
        uint32_t nbls = 1 + random_below(&random, 6);
        host_check(number + 3 * nbls < sender->limit);
        InterlockedExchangeAdd64(&sender->pending, 1);
        for (uint32_t i = 0; i < nbls && (uint64_t)i < wanted; i++) {
            *link = make_nbl(sender, &number, &random);
            link = &(*link)->Next;
            InterlockedExchangeAdd64(&sender->pending, 1);
        }
        host_adapter_send(t->config.adapter, chain, !random_below(&random, 4));
        InterlockedExchangeAdd64(&sender->pending, -1);
        /* A full ring: wait until somebody has read. */
        for (LONG64 read = ReadNoFence64(&t->read); ReadNoFence64(&sender->dropped) != dropped &&
                                                    ReadNoFence64(&t->read) - read < 16 && !stopping(t) &&
                                                    ReadNoFence64(&t->read) < (LONG64)t->config.out;) {
            sched_relax();
            if (!random_below(&random, 64))
                break;
        }
    }
    /* Another sender may still have our last chains in hand. */
    while (ReadAcquire64(&sender->pending))
        sched_relax();
    if (!InterlockedDecrement(&t->senders_running))
        wake_reader(t);
}

static LONG64
total_sent(traffic *t)
{
    LONG64 total = 0;
    for (unsigned int i = 0; i < t->config.senders; i++)
        total += ReadNoFence64(&t->senders[i].sent);
    return total;
}

static void
release_one(traffic *t, BYTE **held, unsigned int *count, uint64_t *random)
{
    unsigned int which = random_below(random, *count);
    WintunReleaseReceivePacket(t->config.session, held[which]);
    held[which] = held[--*count];
}

/* Once all senders have ended, one reader tells the next that there is no more to come. */
static void
wake_reader(traffic *t)
{
    HANDLE event = t->config.readers ? WintunGetReadWaitEvent(t->config.session) : NULL;
    if (event)
        SetEvent(event);
}

static void
reader_thread(void *argument)
{
    traffic *t = argument;
    uint64_t random = stream(t, 16 + (unsigned int)InterlockedIncrement(&t->next_index[1]));
    uint64_t next[TRAFFIC_THREADS] = {0};
    BYTE *held[HOLD_MAX];
    unsigned int count = 0, hold = 1 + random_below(&random, HOLD_MAX);

    for (;;) {
        DWORD size;
        BYTE *packet = WintunReceivePacket(t->config.session, &size);
        if (packet) {
            meta m = packet_verify(packet, size);
            sender_state *sender = &t->senders[m.sender];
            if (m.number < next[m.sender])
                host_fail("packet %llu of sender %u comes after %llu", (unsigned long long)m.number, m.sender,
                          (unsigned long long)next[m.sender] - 1);
            next[m.sender] = m.number + 1;
            host_check(m.number < sender->limit && !bit_set(sender->seen, m.number));
            held[count++] = packet;
            InterlockedExchangeAdd64(&t->read, 1);
            if (count == hold)
                release_one(t, held, &count, &random);
            continue;
        }
        DWORD error = GetLastError();
        while (count)
            release_one(t, held, &count, &random);
        if (error == ERROR_HANDLE_EOF) {
            host_check(t->config.lossy);
            return;
        }
        host_check(error == ERROR_NO_MORE_ITEMS);
        if (!ReadAcquire(&t->senders_running) &&
            (t->config.lossy || ReadNoFence64(&t->read) == total_sent(t))) {
            wake_reader(t);
            return;
        }
        /* For ever: whoever publishes a packet, or ends the session, has to wake us. */
        HANDLE event = WintunGetReadWaitEvent(t->config.session);
        if (event)
            HostWaitForEvent(event, 0xFFFFFFFFu);
    }
}

/* ---- In: writers and the stack ---- */

static void
send_one(traffic *t, BYTE **held, unsigned int *count, uint64_t *random)
{
    unsigned int which = random_below(random, *count);
    WintunSendPacket(t->config.session, held[which]);
    held[which] = held[--*count];
}

static void
writer_thread(void *argument)
{
    traffic *t = argument;
    unsigned int index = (unsigned int)InterlockedIncrement(&t->next_index[2]) - 1;
    uint64_t random = stream(t, 32 + index);
    uint64_t quota = t->config.in / t->config.writers, number = 0;
    BYTE *held[HOLD_MAX];
    unsigned int count = 0;
    bool ended = false;

    while (number < quota && !stopping(t) && !ended) {
        uint32_t size = random_size(t, &random);
        BYTE *packet = WintunAllocateSendPacket(t->config.session, size);
        if (packet) {
            packet_fill(packet, index, number++, size);
            held[count++] = packet;
            if (count == HOLD_MAX || !random_below(&random, 3))
                send_one(t, held, &count, &random);
            continue;
        }
        DWORD error = GetLastError();
        ended = error == ERROR_HANDLE_EOF;
        host_check(error == ERROR_BUFFER_OVERFLOW || (ended && t->config.lossy));
        /* What we hold is what others may be waiting for. */
        while (count)
            send_one(t, held, &count, &random);
        sched_relax();
    }
    while (count)
        send_one(t, held, &count, &random);
    InterlockedExchangeAdd64(&t->written, (LONG64)number);
    InterlockedDecrement(&t->writers_running);
}

static void
return_held(traffic *t)
{
    pthread_mutex_lock(&t->held_lock);
    NET_BUFFER_LIST *chain = t->held;
    t->held = NULL;
    t->held_count = 0;
    pthread_mutex_unlock(&t->held_lock);
    if (chain)
        host_adapter_return(t->config.adapter, chain);
}

/* The driver's receive thread, which sees the ring in order. */
static void
receive_sink(void *context, NET_BUFFER_LIST *chain, ULONG count, bool resources)
{
    traffic *t = context;
    NET_BUFFER_LIST *back = NULL, *next;

    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = next) {
        next = nbl->Next;
        NET_BUFFER *nb = nbl->FirstNetBuffer;
        const uint8_t *data = nb->CurrentMdl->MappedSystemVa;
        meta m = packet_verify(data + nb->CurrentMdlOffset, nb->DataLength);
        bool four = data[nb->CurrentMdlOffset] >> 4 == 4;
        host_check(nbl->NblFlags == (four ? NDIS_NBL_FLAGS_IS_IPV4 : NDIS_NBL_FLAGS_IS_IPV6));
        host_check(nbl->NetBufferListInfo[NetBufferListFrameType] ==
                   (PVOID)(uintptr_t)(four ? 0x0008 : 0xDD86));
        if (m.number != t->expected[m.sender])
            host_fail("writer %u: packet %llu comes where %llu is next", m.sender,
                      (unsigned long long)m.number, (unsigned long long)t->expected[m.sender]);
        t->expected[m.sender]++;
        if (resources)
            continue;
        pthread_mutex_lock(&t->held_lock);
        bool hold = !ReadNoFence(&t->returner_stop) && t->held_count < STACK_HOLDS &&
                    random_next(&t->sink_random) % 8;
        if (hold) {
            nbl->Next = t->held;
            t->held = nbl;
            t->held_count++;
        }
        pthread_mutex_unlock(&t->held_lock);
        if (!hold) {
            nbl->Next = back;
            back = nbl;
        }
    }
    if (resources)
        InterlockedExchangeAdd64(&t->lent, count);
    if (back)
        host_adapter_return(t->config.adapter, back);
    InterlockedExchangeAdd64(&t->received, count);
}

/* Gives back what the stack holds, whenever it comes round. */
static void
returner_thread(void *argument)
{
    traffic *t = argument;
    uint64_t random = stream(t, 48);
    while (!ReadAcquire(&t->returner_stop)) {
        if (!random_below(&random, 4))
            return_held(t);
        for (uint32_t i = random_below(&random, 16); i; i--)
            sched_relax();
    }
    return_held(t);
}

/* ---- Steering ---- */

static void
start_thread(traffic *t, const char *name, void (*routine)(void *))
{
    t->threads[t->thread_count++] = sched_start(name, routine, t);
}

traffic *
traffic_start(const traffic_config *config)
{
    traffic *t = calloc(1, sizeof(*t));
    t->config = *config;
    pthread_mutex_init(&t->held_lock, NULL);
    t->sink_random = stream(t, 49);
    t->senders_running = (LONG)config->senders;
    t->writers_running = (LONG)config->writers;
    for (unsigned int i = 0; i < config->senders; i++) {
        sender_state *sender = &t->senders[i];
        sender->owner = t;
        sender->index = i;
        sender->quota = config->out / config->senders;
        sender->limit = sender->quota * SLACK + 100000;
        sender->accepted = calloc(sender->limit / 64 + 1, 8);
        sender->seen = calloc(sender->limit / 64 + 1, 8);
    }
    host_adapter_set_sinks(config->adapter, receive_sink, send_sink, t);
    start_thread(t, "returner", returner_thread);
    for (unsigned int i = 0; i < config->readers; i++)
        start_thread(t, "reader", reader_thread);
    for (unsigned int i = 0; i < config->writers; i++)
        start_thread(t, "writer", writer_thread);
    for (unsigned int i = 0; i < config->senders; i++)
        start_thread(t, "sender", sender_thread);
    return t;
}

void
traffic_stop(traffic *t)
{
    InterlockedExchange(&t->stop, 1);
}

traffic_result
traffic_finish(traffic *t)
{
    traffic_result result = {0};
    /* threads[0] is the returner, which the others may depend on. */
    for (unsigned int i = 1; i < t->thread_count; i++)
        sched_join(t->threads[i]);
    while (!t->config.lossy && ReadAcquire64(&t->received) < ReadAcquire64(&t->written))
        sched_relax();
    /* From here on the stack keeps nothing, whatever still comes. */
    pthread_mutex_lock(&t->held_lock);
    InterlockedExchange(&t->returner_stop, 1);
    pthread_mutex_unlock(&t->held_lock);
    sched_join(t->threads[0]);
    return_held(t);

    for (unsigned int i = 0; i < t->config.senders; i++) {
        sender_state *sender = &t->senders[i];
        result.sent += (uint64_t)ReadAcquire64(&sender->sent);
        result.dropped += (uint64_t)ReadAcquire64(&sender->dropped);
        for (uint64_t word = 0; word <= sender->limit / 64; word++) {
            uint64_t lost = sender->accepted[word] & ~sender->seen[word];
            uint64_t unasked = sender->seen[word] & ~sender->accepted[word];
            if ((lost && !t->config.lossy) || unasked)
                host_fail("sender %u: around number %llu packets were %s", i, (unsigned long long)word * 64,
                          unasked ? "read that were refused" : "lost");
        }
    }
    result.read = (uint64_t)ReadAcquire64(&t->read);
    result.written = (uint64_t)ReadAcquire64(&t->written);
    result.received = (uint64_t)ReadAcquire64(&t->received);
    result.lent = (uint64_t)ReadAcquire64(&t->lent);
    host_check(t->config.lossy || (result.read == result.sent && result.received == result.written));
    host_check(result.read <= result.sent && result.received <= result.written);
    return result;
}

void
traffic_free(traffic *t)
{
    for (unsigned int i = 0; i < t->config.senders; i++) {
        free(t->senders[i].accepted);
        free(t->senders[i].seen);
    }
    pthread_mutex_destroy(&t->held_lock);
    free(t);
}
