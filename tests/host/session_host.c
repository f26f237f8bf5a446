/* SPDX-License-Identifier: MIT
 *
 * api/session.c, as it is, and the end of the process that it keeps its slots for.
 */
#include "api/session.c"

#include "host.h"
#include "session_host.h"

void
session_process_end(void)
{
    for (unsigned int index = 0; index < SESSION_SLOTS && Slots[index]; index++) {
        SESSION *session = Slots[index];
        host_check(!session->Taken && !session->Memory && session->State == SESSION_FREE);
        host_handle_close(session->PacketCame);
        host_handle_close(session->PacketSent);
        host_user_free(session);
        Slots[index] = NULL;
    }
}
