/* SPDX-License-Identifier: MIT
 *
 * A network of one: creates the adapter "Demo" with the address 10.6.7.7/24, answers pings to 10.6.7.8 and
 * prints every packet that passes, until Ctrl+C. Run it as administrator with wintun.dll beside it, and in
 * another window
 *
 *     ping 10.6.7.8
 *
 * With a number on the command line it ends by itself after so many seconds. The exit code is 0, or the
 * system's error code.
 *
 * Only Win32 is used and no C runtime, so that any compiler builds it; the linker is told that ExampleMain is
 * the entry point. In a program of your own, main is as good.
 */
#include <winsock2.h>
#include <windows.h>
#include <ws2ipdef.h>
#include <iphlpapi.h>
#include <netioapi.h>
#include "wintun.h"
#include "packet.h"

#define OUR_ADDRESS   0x0A060707u /* 10.6.7.7, of this computer on the adapter */
#define OTHER_ADDRESS 0x0A060708u /* 10.6.7.8, which this program plays */
#define PREFIX_LENGTH 24
#define RING_CAPACITY 0x400000 /* 4 MiB */

/* Always the same, so that Windows knows the network again the next time. Make one of your own. */
static const GUID AdapterGuid = {
    0x3fe4ed54, 0x86d7, 0x4b12, {0x91, 0x5c, 0x2a, 0x43, 0xd5, 0x9e, 0x70, 0xb8}};

static WINTUN_CREATE_ADAPTER_FUNC *WintunCreateAdapter;
static WINTUN_CLOSE_ADAPTER_FUNC *WintunCloseAdapter;
static WINTUN_GET_ADAPTER_LUID_FUNC *WintunGetAdapterLUID;
static WINTUN_SET_LOGGER_FUNC *WintunSetLogger;
static WINTUN_START_SESSION_FUNC *WintunStartSession;
static WINTUN_END_SESSION_FUNC *WintunEndSession;
static WINTUN_GET_READ_WAIT_EVENT_FUNC *WintunGetReadWaitEvent;
static WINTUN_RECEIVE_PACKET_FUNC *WintunReceivePacket;
static WINTUN_RELEASE_RECEIVE_PACKET_FUNC *WintunReleaseReceivePacket;
static WINTUN_ALLOCATE_SEND_PACKET_FUNC *WintunAllocateSendPacket;
static WINTUN_SEND_PACKET_FUNC *WintunSendPacket;

static HANDLE QuitEvent;     /* manual-reset: set by Ctrl+C */
static volatile LONG IsOver; /* the same, for where nothing waits */

static VOID
Print(LPCSTR Format, ...)
{
    CHAR Line[1024 + 3];
    va_list Arguments;
    DWORD Written;

    va_start(Arguments, Format);
    int Length = wvsprintfA(Line, Format, Arguments);
    va_end(Arguments);
    Line[Length++] = '\r';
    Line[Length++] = '\n';
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), Line, (DWORD)Length, &Written, NULL);
}

/* Prints what failed and why, and returns why. */
static DWORD
PrintError(LPCSTR What, DWORD Error)
{
    Print("%s failed: error 0x%x (%u)", What, Error, Error);
    return Error;
}

static VOID CALLBACK
PrintLog(WINTUN_LOGGER_LEVEL Level, DWORD64 Timestamp, LPCWSTR Message)
{
    static const LPCSTR Levels[] = {"info", "warning", "error"};

    (VOID) Timestamp;
    Print("[%s] %.900ls", Levels[Level], Message);
}

static BOOL WINAPI
HandleControl(DWORD Event)
{
    if (Event != CTRL_C_EVENT && Event != CTRL_BREAK_EVENT)
        return FALSE;
    IsOver = TRUE;
    SetEvent(QuitEvent);
    return TRUE;
}

static BOOL
ResolveFunction(HMODULE Library, LPCSTR Name, VOID *Target)
{
    *(FARPROC *)Target = GetProcAddress(Library, Name);
    return *(FARPROC *)Target != NULL;
}

/* wintun.dll, from the program's own folder and nowhere else, or NULL. */
static HMODULE
LoadWintun(VOID)
{
    HMODULE Library = LoadLibraryExW(L"wintun.dll", NULL,
                                     LOAD_LIBRARY_SEARCH_APPLICATION_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!Library)
        return NULL;
    if (ResolveFunction(Library, "WintunCreateAdapter", &WintunCreateAdapter) &&
        ResolveFunction(Library, "WintunCloseAdapter", &WintunCloseAdapter) &&
        ResolveFunction(Library, "WintunGetAdapterLUID", &WintunGetAdapterLUID) &&
        ResolveFunction(Library, "WintunSetLogger", &WintunSetLogger) &&
        ResolveFunction(Library, "WintunStartSession", &WintunStartSession) &&
        ResolveFunction(Library, "WintunEndSession", &WintunEndSession) &&
        ResolveFunction(Library, "WintunGetReadWaitEvent", &WintunGetReadWaitEvent) &&
        ResolveFunction(Library, "WintunReceivePacket", &WintunReceivePacket) &&
        ResolveFunction(Library, "WintunReleaseReceivePacket", &WintunReleaseReceivePacket) &&
        ResolveFunction(Library, "WintunAllocateSendPacket", &WintunAllocateSendPacket) &&
        ResolveFunction(Library, "WintunSendPacket", &WintunSendPacket))
        return Library;
    DWORD LastError = GetLastError();
    FreeLibrary(Library);
    SetLastError(LastError);
    return NULL;
}

/* Gives the adapter its address; the route to 10.6.7.0/24 comes with it. */
static DWORD
SetAddress(WINTUN_ADAPTER_HANDLE Adapter)
{
    MIB_UNICASTIPADDRESS_ROW Row;

    InitializeUnicastIpAddressEntry(&Row);
    WintunGetAdapterLUID(Adapter, &Row.InterfaceLuid);
    Row.Address.Ipv4.sin_family = AF_INET;
    /* Network byte order, without a library for it. */
    Row.Address.Ipv4.sin_addr.S_un.S_un_b.s_b1 = (BYTE)(OUR_ADDRESS >> 24);
    Row.Address.Ipv4.sin_addr.S_un.S_un_b.s_b2 = (BYTE)(OUR_ADDRESS >> 16);
    Row.Address.Ipv4.sin_addr.S_un.S_un_b.s_b3 = (BYTE)(OUR_ADDRESS >> 8);
    Row.Address.Ipv4.sin_addr.S_un.S_un_b.s_b4 = (BYTE)OUR_ADDRESS;
    Row.OnLinkPrefixLength = PREFIX_LENGTH;
    Row.DadState = IpDadStatePreferred;
    DWORD Error = CreateUnicastIpAddressEntry(&Row);
    return Error == ERROR_OBJECT_ALREADY_EXISTS ? ERROR_SUCCESS : Error;
}

/* Prints a packet and, if it is a ping to us, answers it. The answer is written straight into the ring. */
static VOID
HandlePacket(WINTUN_SESSION_HANDLE Session, const BYTE *Packet, DWORD Size)
{
    CHAR Text[160];

    PacketDescribe(Packet, Size, Text);
    Print("received %s", Text);
    if (!PacketIsPing(Packet, Size, OTHER_ADDRESS))
        return;
    BYTE *Answer = WintunAllocateSendPacket(Session, Size);
    if (!Answer) {
        /* A full ring (ERROR_BUFFER_OVERFLOW) loses a packet, as networks do. */
        PrintError("WintunAllocateSendPacket", GetLastError());
        return;
    }
    PacketAnswerPing(Packet, Size, Answer);
    /* After WintunSendPacket the packet is not ours any more. */
    PacketDescribe(Answer, Size, Text);
    WintunSendPacket(Session, Answer);
    Print("answered %s", Text);
}

/* Receives until Ctrl+C, an error or the end of the time. */
static DWORD
Run(WINTUN_SESSION_HANDLE Session, DWORD Milliseconds)
{
    HANDLE Events[] = {QuitEvent, WintunGetReadWaitEvent(Session)};
    DWORD Start = GetTickCount();

    while (!IsOver) {
        DWORD Elapsed = GetTickCount() - Start, Size;
        if (Milliseconds != INFINITE && Elapsed >= Milliseconds)
            break;
        BYTE *Packet = WintunReceivePacket(Session, &Size);
        if (Packet) {
            HandlePacket(Session, Packet, Size);
            WintunReleaseReceivePacket(Session, Packet);
            continue;
        }
        DWORD Error = GetLastError();
        if (Error != ERROR_NO_MORE_ITEMS)
            return PrintError("WintunReceivePacket", Error);
        DWORD Wait = Milliseconds == INFINITE ? INFINITE : Milliseconds - Elapsed;
        if (WaitForMultipleObjects(2, Events, FALSE, Wait) == WAIT_FAILED)
            return PrintError("WaitForMultipleObjects", GetLastError());
    }
    return ERROR_SUCCESS;
}

static DWORD
RunAdapter(DWORD Milliseconds)
{
    DWORD Error;

    WINTUN_ADAPTER_HANDLE Adapter = WintunCreateAdapter(L"Demo", L"Example", &AdapterGuid);
    if (!Adapter)
        return PrintError("WintunCreateAdapter", GetLastError());
    Error = SetAddress(Adapter);
    if (Error) {
        PrintError("CreateUnicastIpAddressEntry", Error);
        goto cleanupAdapter;
    }
    WINTUN_SESSION_HANDLE Session = WintunStartSession(Adapter, RING_CAPACITY);
    if (!Session) {
        Error = PrintError("WintunStartSession", GetLastError());
        goto cleanupAdapter;
    }
    Print("Answering pings to 10.6.7.8; Ctrl+C ends.");
    Error = Run(Session, Milliseconds);
    WintunEndSession(Session);

cleanupAdapter:
    /* Removes the adapter, as we have created it. */
    WintunCloseAdapter(Adapter);
    return Error;
}

/* The number at the end of the command line as milliseconds, or INFINITE. */
static DWORD
ReadDuration(VOID)
{
    DWORD Seconds = 0;
    LPCWSTR Last = L"";

    for (LPCWSTR Text = GetCommandLineW(); *Text; ++Text) {
        if (Text[0] == L' ' && Text[1] != L' ')
            Last = Text + 1;
    }
    if (!*Last)
        return INFINITE;
    for (; *Last >= L'0' && *Last <= L'9' && Seconds < 1000000; ++Last)
        Seconds = Seconds * 10 + (DWORD)(*Last - L'0');
    return *Last ? INFINITE : Seconds * 1000;
}

VOID ExampleMain(VOID);

VOID
ExampleMain(VOID)
{
    DWORD Error;

    HMODULE Library = LoadWintun();
    if (!Library)
        ExitProcess(PrintError("Loading wintun.dll", GetLastError()));
    WintunSetLogger(PrintLog);
    QuitEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!QuitEvent || !SetConsoleCtrlHandler(HandleControl, TRUE)) {
        Error = PrintError("Preparing for Ctrl+C", GetLastError());
    } else {
        Error = RunAdapter(ReadDuration());
        SetConsoleCtrlHandler(HandleControl, FALSE);
    }
    if (QuitEvent)
        CloseHandle(QuitEvent);
    WintunSetLogger(NULL);
    FreeLibrary(Library);
    if (!Error)
        Print("Ended.");
    ExitProcess(Error);
}
