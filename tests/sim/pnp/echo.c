/* SPDX-License-Identifier: MIT
 * The stack's own pings: an echo request (RFC 792) goes down through the adapter on whose network the destination
 * lies, and the answer comes back up. One at a time. While an adapter serves them, what it indicates goes here. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "model.h"

#define FAMILY_IPV4 2
#define HEADERS     28u /* IPv4 without options, ICMP */
#define MAX_PAYLOAD (0xFFFFu - HEADERS)
enum
{
    ICMP_REPLY = 0,
    ICMP_REQUEST = 8,
    PROTOCOL_ICMP = 1,
    /* ipexport.h */
    IP_DEST_NET_UNREACHABLE = 11002,
    IP_PACKET_TOO_BIG = 11009,
    IP_REQ_TIMED_OUT = 11010
};

static struct
{
    pthread_mutex_t turn, lock;
    pthread_cond_t answered;
    uint8_t source[4], destination[4];
    uint16_t sequence; /* of the request that is waited for */
    bool waiting, here;
    uint8_t payload[MAX_PAYLOAD];
    uint32_t payload_size;
} echo = {.turn = PTHREAD_MUTEX_INITIALIZER,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .answered = PTHREAD_COND_INITIALIZER};

static void
put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t
checksum(const uint8_t *data, uint32_t size)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < size; i++)
        sum += i & 1 ? data[i] : (uint32_t)data[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

static void
take(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    pthread_mutex_lock(&echo.lock);
    if (echo.waiting && !is_ipv6 && length >= HEADERS && data[0] == 0x45 && data[9] == PROTOCOL_ICMP &&
        (uint32_t)(data[2] << 8 | data[3]) == length && !checksum(data, 20) &&
        !checksum(data + 20, length - 20) && memcmp(data + 12, echo.destination, 4) == 0 &&
        memcmp(data + 16, echo.source, 4) == 0 && data[20] == ICMP_REPLY &&
        (data[26] << 8 | data[27]) == echo.sequence) {
        echo.payload_size = length - HEADERS;
        memcpy(echo.payload, data + HEADERS, echo.payload_size);
        echo.here = true;
        echo.waiting = false;
        pthread_cond_signal(&echo.answered);
    }
    pthread_mutex_unlock(&echo.lock);
}

static uint32_t
make_request(uint8_t *packet, const void *payload, uint32_t size)
{
    memset(packet, 0, HEADERS);
    packet[0] = 0x45;
    put16(packet + 2, HEADERS + size);
    put16(packet + 4, echo.sequence);
    packet[8] = 128;
    packet[9] = PROTOCOL_ICMP;
    memcpy(packet + 12, echo.source, 4);
    memcpy(packet + 16, echo.destination, 4);
    put16(packet + 10, checksum(packet, 20));
    packet[20] = ICMP_REQUEST;
    put16(packet + 26, echo.sequence);
    memcpy(packet + HEADERS, payload, size);
    put16(packet + 22, checksum(packet + 20, size + 8));
    return HEADERS + size;
}

static bool
same_network(const struct pnp_address *address, const uint8_t destination[4])
{
    for (unsigned bit = 0; bit < address->prefix; bit++)
        if ((address->address[bit / 8] ^ destination[bit / 8]) & (0x80 >> bit % 8))
            return false;
    return true;
}

/* pnp_lock held. */
static struct pnp_node *
route(const uint8_t destination[4], const uint8_t **source)
{
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        for (unsigned i = 0; node->adapter && !node->leaving && i < node->address_count; i++)
            if (node->addresses[i].family == FAMILY_IPV4 && same_network(&node->addresses[i], destination) &&
                sim_adapter_link_up(node->adapter)) {
                *source = node->addresses[i].address;
                return node;
            }
    return NULL;
}

static bool
wait_answer(uint32_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&echo.lock);
    while (!echo.here && pthread_cond_timedwait(&echo.answered, &echo.lock, &until) != ETIMEDOUT) {
    }
    echo.waiting = false;
    bool here = echo.here;
    pthread_mutex_unlock(&echo.lock);
    return here;
}

uint32_t
pnp_echo(const uint8_t destination[4], const void *payload, uint32_t size, uint32_t timeout_ms, void *answer,
         uint32_t *answer_size)
{
    static uint8_t packet[HEADERS + MAX_PAYLOAD];
    const uint8_t *source;
    uint32_t status = 0;
    pthread_mutex_unlock(&pnp_lock);
    pthread_mutex_lock(&echo.turn);
    pthread_mutex_lock(&pnp_lock);
    struct pnp_node *node = route(destination, &source);
    if (!node)
        status = IP_DEST_NET_UNREACHABLE;
    else if (size > MAX_PAYLOAD || size + HEADERS > node->mtu4)
        status = IP_PACKET_TOO_BIG; /* fragments are not modelled */
    if (!status) {
        pthread_mutex_lock(&echo.lock);
        memcpy(echo.source, source, 4);
        memcpy(echo.destination, destination, 4);
        echo.sequence++;
        echo.here = false;
        echo.waiting = true;
        pthread_mutex_unlock(&echo.lock);
        struct sim_packet request = {packet, make_request(packet, payload, size)};
        sim_stack_on_receive(node->adapter, take, NULL);
        sim_stack_send(node->adapter, &request, 1, NULL, true, NULL);
    }
    pthread_mutex_unlock(&pnp_lock);
    if (!status && !wait_answer(timeout_ms))
        status = IP_REQ_TIMED_OUT;
    if (!status) {
        memcpy(answer, echo.payload, echo.payload_size);
        *answer_size = echo.payload_size;
    }
    pthread_mutex_unlock(&echo.turn);
    pthread_mutex_lock(&pnp_lock);
    return status;
}
