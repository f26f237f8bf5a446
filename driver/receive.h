/* SPDX-License-Identifier: MIT
 *
 * Client to stack: the thread that drains the receive ring.
 */
#ifndef RECEIVE_H
#define RECEIVE_H

#include "wdk.h"

/* The thread of one registration, which is its argument; ends when its Stop event is set. */
KSTART_ROUTINE ReceiveThread;

#endif
