/* SPDX-License-Identifier: MIT
 * Checks of the control device without the DLL: who it is, what it refuses, rings registered by hand, rings that lie. */
#include "selftest.h"
#include "ioctl.h"
#include "packet.h"
#include "product.h"

#define CAPACITY WINTUN_MIN_RING_CAPACITY
#define PATIENCE 10000 /* ms */

typedef struct _RINGS
{
    TUN_REGISTER_RINGS Request;
    BYTE *Memory;
} RINGS;

static HANDLE
OpenDevice(LPCWSTR Suffix)
{
    CHAR Number[16];
    WCHAR Path[64];
    NET_LUID Luid;
    DWORD Length = 0;

    Wintun.GetAdapterLUID(SelftestAdapter, &Luid);
    for (LPCWSTR From = L"\\\\.\\Global\\" PRODUCT_WIDEN(PRODUCT_DEVICE_NAME); *From; ++From)
        Path[Length++] = *From;
    TextFormat(Number, "%u", (DWORD)Luid.Info.NetLuidIndex);
    for (LPCSTR From = Number; *From; ++From)
        Path[Length++] = (WCHAR)*From;
    for (; *Suffix; ++Suffix)
        Path[Length++] = *Suffix;
    Path[Length] = 0;
    HANDLE Device =
        CreateFileW(Path, GENERIC_READ | GENERIC_WRITE,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    return Device == INVALID_HANDLE_VALUE ? NULL : Device;
}

static DWORD
Control(HANDLE Device, DWORD Code, VOID *In, DWORD InSize, VOID *Out, DWORD OutSize)
{
    DWORD Returned;

    return DeviceIoControl(Device, Code, In, InSize, Out, OutSize, &Returned, NULL) ? ERROR_SUCCESS
                                                                                    : GetLastError();
}

VOID
CheckIdentity(VOID)
{
    TUN_ADAPTER_IDENTITY Identity = {0};
    NET_LUID Luid;

    if (!AdapterMake())
        return;
    HANDLE Device = OpenDevice(L"");
    if (!EXPECT(Device))
        return;
    Wintun.GetAdapterLUID(SelftestAdapter, &Luid);
    EXPECT_EQUAL(Control(Device, TUN_IOCTL_QUERY_IDENTITY, NULL, 0, &Identity, sizeof(Identity)),
                 ERROR_SUCCESS);
    EXPECT(Identity.NetLuid == Luid.Value);
    EXPECT_EQUAL(Identity.DriverVersion, Wintun.GetRunningDriverVersion());
    EXPECT_EQUAL(Control(Device, TUN_IOCTL_QUERY_IDENTITY, NULL, 0, &Identity, sizeof(Identity) - 1),
                 ERROR_INSUFFICIENT_BUFFER);
    EXPECT_EQUAL(Control(Device, TUN_IOCTL_QUERY_IDENTITY + 4, NULL, 0, &Identity, sizeof(Identity)),
                 ERROR_INVALID_FUNCTION);
    CloseHandle(Device);
    HANDLE Named = OpenDevice(L"\\file");
    if (!EXPECT(!Named))
        CloseHandle(Named);
}

static BOOL
RingsMake(RINGS *Rings)
{
    SIZE_T Size = RingSizeOf(CAPACITY);

    Rings->Memory = VirtualAlloc(NULL, Size * 2, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    Rings->Request.Send.TailMoved = CreateEventW(NULL, FALSE, FALSE, NULL);
    Rings->Request.Receive.TailMoved = CreateEventW(NULL, FALSE, FALSE, NULL);
    Rings->Request.Send.RingSize = Rings->Request.Receive.RingSize = (ULONG)Size;
    Rings->Request.Send.Ring = (TUN_RING *)Rings->Memory;
    Rings->Request.Receive.Ring = (TUN_RING *)(Rings->Memory + Size);
    return EXPECT(Rings->Memory && Rings->Request.Send.TailMoved && Rings->Request.Receive.TailMoved);
}

static VOID
RingsFree(RINGS *Rings)
{
    if (Rings->Request.Send.TailMoved)
        CloseHandle(Rings->Request.Send.TailMoved);
    if (Rings->Request.Receive.TailMoved)
        CloseHandle(Rings->Request.Receive.TailMoved);
    if (Rings->Memory)
        VirtualFree(Rings->Memory, 0, MEM_RELEASE);
}

/* The open device of the adapter under test and good rings for it, or NULL. */
static HANDLE
Begin(RINGS *Rings)
{
    if (!AdapterMake())
        return NULL;
    HANDLE Device = OpenDevice(L"");
    if (!EXPECT(Device))
        return NULL;
    if (RingsMake(Rings))
        return Device;
    RingsFree(Rings);
    CloseHandle(Device);
    return NULL;
}

static VOID
ExpectRefused(HANDLE Device, TUN_REGISTER_RINGS Request, DWORD Size, DWORD Wanted)
{
    EXPECT_EQUAL(Control(Device, TUN_IOCTL_REGISTER_RINGS, &Request, Size, NULL, 0), Wanted);
}

VOID
CheckRefusedRegistrations(VOID)
{
    static const TUN_REGISTER_RINGS Zero;
    RINGS Rings;
    TUN_REGISTER_RINGS Request;

    HANDLE Device = Begin(&Rings);
    if (!Device)
        return;
    ExpectRefused(Device, Zero, sizeof(Zero), ERROR_INVALID_PARAMETER);
    ExpectRefused(Device, Rings.Request, sizeof(Request) - 1, ERROR_BAD_LENGTH);

    Request = Rings.Request;
    Request.Send.RingSize = CAPACITY;
    ExpectRefused(Device, Request, sizeof(Request), ERROR_INVALID_PARAMETER);

    Request = Rings.Request;
    Request.Receive.Ring = Request.Send.Ring;
    ExpectRefused(Device, Request, sizeof(Request), ERROR_INVALID_PARAMETER);

    Request = Rings.Request;
    Request.Send.Ring = (TUN_RING *)(Rings.Memory + 2);
    ExpectRefused(Device, Request, sizeof(Request), ERROR_INVALID_PARAMETER);

    /* Not the caller's: the kernel's half of the address space, and nothing at all. */
    Request = Rings.Request;
    Request.Receive.Ring = (TUN_RING *)((ULONG_PTR)0 - 0x400000);
    ExpectRefused(Device, Request, sizeof(Request), ERROR_NOACCESS);
    BYTE *Hole = VirtualAlloc(NULL, RingSizeOf(CAPACITY), MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    VirtualFree(Hole, 0, MEM_RELEASE);
    Request.Receive.Ring = (TUN_RING *)Hole;
    ExpectRefused(Device, Request, sizeof(Request), ERROR_NOACCESS);

    /* No event, and a handle of another kind. */
    Request = Rings.Request;
    Request.Receive.TailMoved = NULL;
    ExpectRefused(Device, Request, sizeof(Request), ERROR_INVALID_HANDLE);
    Request.Receive.TailMoved = Device;
    ExpectRefused(Device, Request, sizeof(Request), ERROR_INVALID_HANDLE);

    /* None of these left anything behind. */
    ExpectRefused(Device, Rings.Request, sizeof(Request), ERROR_SUCCESS);
    CloseHandle(Device);
    RingsFree(&Rings);
}

VOID
CheckOwnRings(VOID)
{
    RINGS Rings;

    HANDLE Device = Begin(&Rings);
    if (!Device)
        return;
    TUN_RING *Send = Rings.Request.Send.Ring, *Receive = Rings.Request.Receive.Ring;
    EXPECT_EQUAL(Control(Device, TUN_IOCTL_REGISTER_RINGS, &Rings.Request, sizeof(Rings.Request), NULL, 0),
                 ERROR_SUCCESS);
    EXPECT_EQUAL(Control(Device, TUN_IOCTL_REGISTER_RINGS, &Rings.Request, sizeof(Rings.Request), NULL, 0),
                 ERROR_ALREADY_INITIALIZED);
    WINTUN_SESSION_HANDLE Session = Wintun.StartSession(SelftestAdapter, CAPACITY);
    if (!EXPECT(!Session))
        Wintun.EndSession(Session);
    else
        EXPECT_EQUAL(GetLastError(), ERROR_ALREADY_INITIALIZED);

    /* A packet of 4 GiB ends these rings and nothing else. */
    RingWritePacketSize(Receive, 0, MAXDWORD);
    RingStoreTailRelease(Receive, 64);
    SetEvent(Rings.Request.Receive.TailMoved);
    for (DWORD Waited = 0; RingLoadHeadAcquire(Receive) != RING_CLOSED && Waited < PATIENCE; Waited += 10)
        Sleep(10);
    EXPECT_EQUAL(RingLoadHeadAcquire(Receive), RING_CLOSED);

    while (WaitForSingleObject(Rings.Request.Send.TailMoved, 0) == WAIT_OBJECT_0) {
    }
    CloseHandle(Device);
    EXPECT_EQUAL(WaitForSingleObject(Rings.Request.Send.TailMoved, PATIENCE), WAIT_OBJECT_0);
    EXPECT_EQUAL(RingLoadTailAcquire(Send), RING_CLOSED);
    RingsFree(&Rings);
}
