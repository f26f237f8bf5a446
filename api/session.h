/* SPDX-License-Identifier: MIT
 *
 * Sessions: the client's end of an adapter's two rings. These are exports; wintun.h describes them. Those
 * that are VOID there return nonzero here, as one language binding reads the result.
 */
#ifndef SESSION_H
#define SESSION_H

#include "seam.h"

WINTUN_SESSION_HANDLE WINAPI WintunStartSession(WINTUN_ADAPTER_HANDLE Adapter, DWORD Capacity);
DWORD WINAPI WintunEndSession(WINTUN_SESSION_HANDLE Handle);
HANDLE WINAPI WintunGetReadWaitEvent(WINTUN_SESSION_HANDLE Handle);
BYTE *WINAPI WintunReceivePacket(WINTUN_SESSION_HANDLE Handle, DWORD *PacketSize);
DWORD WINAPI WintunReleaseReceivePacket(WINTUN_SESSION_HANDLE Handle, const BYTE *Packet);
BYTE *WINAPI WintunAllocateSendPacket(WINTUN_SESSION_HANDLE Handle, DWORD PacketSize);
DWORD WINAPI WintunSendPacket(WINTUN_SESSION_HANDLE Handle, const BYTE *Packet);

/* Frees the slots of sessions that have ended. No other thread is in the DLL or waits for one of its events. */
VOID SessionUnload(VOID);

#endif
