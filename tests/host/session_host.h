/* SPDX-License-Identifier: MIT
 *
 * The session functions for the host's tests.
 */
#ifndef SESSION_HOST_H
#define SESSION_HOST_H

#include "api/session.h"

/* Every session has ended, every packet is given back: the slots go, as they do with their process. */
void session_process_end(void);

#endif
