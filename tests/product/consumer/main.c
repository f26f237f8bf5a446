/* SPDX-License-Identifier: MIT
 * A program outside the project's tree, built with nothing but the SDK: linked with the import library, as
 * opposed to the example, which looks the functions up. Makes an adapter, has a session, ends. */
#include <winsock2.h>
#include <windows.h>
#include <ws2ipdef.h>
#include <iphlpapi.h>
#include <wintun.h>

/* The header gives types, so that a program may name its pointers like the functions; who links declares them
 * so. */
WINTUN_CREATE_ADAPTER_FUNC WintunCreateAdapter;
WINTUN_CLOSE_ADAPTER_FUNC WintunCloseAdapter;
WINTUN_GET_ADAPTER_LUID_FUNC WintunGetAdapterLUID;
WINTUN_GET_RUNNING_DRIVER_VERSION_FUNC WintunGetRunningDriverVersion;
WINTUN_START_SESSION_FUNC WintunStartSession;
WINTUN_END_SESSION_FUNC WintunEndSession;
WINTUN_ALLOCATE_SEND_PACKET_FUNC WintunAllocateSendPacket;
WINTUN_SEND_PACKET_FUNC WintunSendPacket;

/* Exit code: the number of the step that failed. */
static int
Run(void)
{
    NET_LUID Luid = {0};
    WINTUN_ADAPTER_HANDLE Adapter = WintunCreateAdapter(L"Consumer", L"Test", NULL);
    if (!Adapter)
        return 1;
    WintunGetAdapterLUID(Adapter, &Luid);
    WINTUN_SESSION_HANDLE Session = WintunStartSession(Adapter, WINTUN_MIN_RING_CAPACITY);
    if (!Session || !Luid.Value)
        return 2;
    BYTE *Packet = WintunAllocateSendPacket(Session, 20);
    if (!Packet)
        return 3;
    for (int Index = 0; Index < 20; Index++)
        Packet[Index] = Index == 0 ? 0x45 : Index == 3 ? 20 : 0;
    WintunSendPacket(Session, Packet);
    if (!WintunGetRunningDriverVersion())
        return 4;
    WintunEndSession(Session);
    WintunCloseAdapter(Adapter);
    return 0;
}

VOID WINAPI Entry(VOID);
VOID WINAPI
Entry(VOID)
{
    ExitProcess((UINT)Run());
}
