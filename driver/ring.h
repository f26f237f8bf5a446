/* SPDX-License-Identifier: MIT
 *
 * The shared ring between driver and client: the only definition of its layout, of the arithmetic on it and of
 * every ordered access to it. Compiled by the driver, the DLL and the tests alike; calls no system.
 *
 *            Head                    Tail
 *             v                       v
 *   +---------+-----------------------+----------+ - - - - - - - - +
 *   |  free   | packet | packet | ... |   free   |  trailing space |
 *   +---------+-----------------------+----------+ - - - - - - - - +
 *   0                                         Capacity    Capacity + RING_TRAILING
 *
 * One producer side writes Tail and the data between Tail and Head; one consumer side writes Head and Alertable.
 * Offsets are multiples of RING_ALIGNMENT below Capacity; Head == Tail is empty, so one alignment unit always
 * stays free. A packet that begins below Capacity may run on into the trailing space: it never wraps inside.
 *
 * The client maps the ring for writing. The driver therefore reads every field once, through the accessors below,
 * and validates the value that it read. The orderings are argued in docs/ring-protocol.md, whose step numbers
 * stand beside each accessor.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_ALIGNMENT    4u
#define RING_MIN_CAPACITY 0x20000u
#define RING_MAX_CAPACITY 0x4000000u
#define RING_MAX_PACKET   0xFFFFu
/* Room past Capacity for the part of a packet that begins just below it. */
#define RING_TRAILING 0x10000u
/* The producer or consumer has left for good; stored in Send.Tail on close, in Receive.Head on corruption. */
#define RING_CLOSED 0xFFFFFFFFu

typedef struct _TUN_RING
{
    uint32_t Head;     /* written by the consumer */
    uint32_t Tail;     /* written by the producer */
    int32_t Alertable; /* written by the consumer: nonzero while it waits to be signalled */
    uint8_t Data[];    /* Capacity + RING_TRAILING bytes */
} TUN_RING;

typedef struct _TUN_PACKET
{
    uint32_t Size; /* of Data, at most RING_MAX_PACKET */
    uint8_t Data[];
} TUN_PACKET;

_Static_assert(offsetof(TUN_RING, Tail) == 4, "TUN_RING.Tail");
_Static_assert(offsetof(TUN_RING, Alertable) == 8, "TUN_RING.Alertable");
_Static_assert(offsetof(TUN_RING, Data) == 12, "TUN_RING.Data");
_Static_assert(offsetof(TUN_PACKET, Data) == 4, "TUN_PACKET.Data");

/* Every access to shared memory passes this point; the scheduler of the host tests gives way here. */
#ifndef RING_ACCESS_POINT
#define RING_ACCESS_POINT() ((void)0)
#endif

/* ---- Arithmetic; no access to shared memory ---- */

static inline bool
RingCapacityIsValid(uint32_t Capacity)
{
    return Capacity >= RING_MIN_CAPACITY && Capacity <= RING_MAX_CAPACITY && !(Capacity & (Capacity - 1));
}

/* Bytes of a whole TUN_RING with this capacity. */
static inline uint32_t
RingSizeOf(uint32_t Capacity)
{
    return (uint32_t)offsetof(TUN_RING, Data) + Capacity + RING_TRAILING;
}

/* The capacity of a ring of RingSize bytes, or 0 if no valid ring has that size. */
static inline uint32_t
RingCapacityOf(uint32_t RingSize)
{
    uint32_t Capacity = RingSize - (uint32_t)offsetof(TUN_RING, Data) - RING_TRAILING;
    return RingSize > RingSizeOf(0) && RingCapacityIsValid(Capacity) ? Capacity : 0;
}

/* Bytes that a packet of Size bytes takes in a ring, its header and padding included. Size <= RING_MAX_PACKET. */
static inline uint32_t
RingPacketSpan(uint32_t Size)
{
    return ((uint32_t)offsetof(TUN_PACKET, Data) + Size + RING_ALIGNMENT - 1) & ~(RING_ALIGNMENT - 1);
}

static inline bool
RingOffsetIsValid(uint32_t Offset, uint32_t Capacity)
{
    return Offset < Capacity && !(Offset & (RING_ALIGNMENT - 1));
}

static inline uint32_t
RingAdvance(uint32_t Offset, uint32_t Bytes, uint32_t Capacity)
{
    return (Offset + Bytes) & (Capacity - 1);
}

/* Bytes from Head up to Tail. Both valid. */
static inline uint32_t
RingContent(uint32_t Head, uint32_t Tail, uint32_t Capacity)
{
    return (Tail - Head) & (Capacity - 1);
}

/* Bytes that a producer at Tail may still take. Both valid. */
static inline uint32_t
RingSpace(uint32_t Head, uint32_t Tail, uint32_t Capacity)
{
    return (Head - Tail - RING_ALIGNMENT) & (Capacity - 1);
}

/* ---- Ordered access ---- */

/* Consumer, R1: pairs with RingStoreTailRelease (S2); the data below the Tail that it returns is visible. */
static inline uint32_t
RingLoadTailAcquire(const TUN_RING *Ring)
{
    RING_ACCESS_POINT();
    return __atomic_load_n(&Ring->Tail, __ATOMIC_ACQUIRE);
}

/* Producer, S2: pairs with RingLoadTailAcquire (R1); publishes everything written below Tail. */
static inline void
RingStoreTailRelease(TUN_RING *Ring, uint32_t Tail)
{
    RING_ACCESS_POINT();
    __atomic_store_n(&Ring->Tail, Tail, __ATOMIC_RELEASE);
}

/* Producer, S1: pairs with RingStoreHeadRelease (R2); the consumer has ended reading what lies before Head, so
 * that space may be overwritten. */
static inline uint32_t
RingLoadHeadAcquire(const TUN_RING *Ring)
{
    RING_ACCESS_POINT();
    return __atomic_load_n(&Ring->Head, __ATOMIC_ACQUIRE);
}

/* Consumer, R2: pairs with RingLoadHeadAcquire (S1); gives back what lies before Head. */
static inline void
RingStoreHeadRelease(TUN_RING *Ring, uint32_t Head)
{
    RING_ACCESS_POINT();
    __atomic_store_n(&Ring->Head, Head, __ATOMIC_RELEASE);
}

/* The consumer's half of the wakeup: W1, before it waits. W1 stores Alertable, then a full fence, then the caller
 * loads Tail again (R1). Pairs with RingConsumerIsAlertable (W2): of the two loads at least one sees the other
 * side's store, so either the consumer finds the packet or the producer finds Alertable set. */
static inline void
RingArmAlertable(TUN_RING *Ring)
{
    RING_ACCESS_POINT();
    __atomic_store_n(&Ring->Alertable, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* After the wait; needs no order: a signal too many is harmless. */
static inline void
RingDisarmAlertable(TUN_RING *Ring)
{
    RING_ACCESS_POINT();
    __atomic_store_n(&Ring->Alertable, 0, __ATOMIC_RELAXED);
}

/* The producer's half of the wakeup: W2, after S2. A full fence between the store of Tail and the load of
 * Alertable; pairs with RingArmAlertable (W1). */
static inline bool
RingConsumerIsAlertable(const TUN_RING *Ring)
{
    RING_ACCESS_POINT();
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&Ring->Alertable, __ATOMIC_RELAXED) != 0;
}

/* The Size of the packet at Offset, read once. Offset is valid and lies in what R1 made visible; the value is
 * whatever the other side wrote there and is not to be read again. */
static inline uint32_t
RingReadPacketSize(const TUN_RING *Ring, uint32_t Offset)
{
    RING_ACCESS_POINT();
    return __atomic_load_n((const uint32_t *)(const void *)(Ring->Data + Offset), __ATOMIC_RELAXED);
}

/* Producer, into space it owns; published by S2. */
static inline void
RingWritePacketSize(TUN_RING *Ring, uint32_t Offset, uint32_t Size)
{
    RING_ACCESS_POINT();
    __atomic_store_n((uint32_t *)(void *)(Ring->Data + Offset), Size, __ATOMIC_RELAXED);
}

static inline uint8_t *
RingPacketData(TUN_RING *Ring, uint32_t Offset)
{
    return Ring->Data + Offset + offsetof(TUN_PACKET, Data);
}

/* ---- Validation of what a peer wrote ---- */

/* Whether a packet of Size bytes, read at the front of Content bytes, lies wholly inside them. */
static inline bool
RingPacketIsWhole(uint32_t Size, uint32_t Content)
{
    return Size <= RING_MAX_PACKET && RingPacketSpan(Size) <= Content;
}

#endif
