/* SPDX-License-Identifier: MIT
 * Each ordered access of driver/ring.h as a function of its own, for machine_code.sh to look at. */
#include "ring.h"

uint32_t AccessLoadTailAcquire(const TUN_RING *Ring);
uint32_t
AccessLoadTailAcquire(const TUN_RING *Ring)
{
    return RingLoadTailAcquire(Ring);
}

uint32_t AccessLoadHeadAcquire(const TUN_RING *Ring);
uint32_t
AccessLoadHeadAcquire(const TUN_RING *Ring)
{
    return RingLoadHeadAcquire(Ring);
}

void AccessStoreTailRelease(TUN_RING *Ring, uint32_t Tail);
void
AccessStoreTailRelease(TUN_RING *Ring, uint32_t Tail)
{
    RingStoreTailRelease(Ring, Tail);
}

void AccessStoreHeadRelease(TUN_RING *Ring, uint32_t Head);
void
AccessStoreHeadRelease(TUN_RING *Ring, uint32_t Head)
{
    RingStoreHeadRelease(Ring, Head);
}

void AccessArmAlertable(TUN_RING *Ring);
void
AccessArmAlertable(TUN_RING *Ring)
{
    RingArmAlertable(Ring);
}

bool AccessConsumerIsAlertable(const TUN_RING *Ring);
bool
AccessConsumerIsAlertable(const TUN_RING *Ring)
{
    return RingConsumerIsAlertable(Ring);
}
