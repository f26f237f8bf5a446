/* SPDX-License-Identifier: MIT
 *
 * INetConnection::Rename is the documented way, and there is none on servers or in Windows Sandbox. It needs
 * COM, whose apartment is a property of the thread, and the caller's belongs to the caller; so this has a
 * thread of its own, which logs nothing but hands its result over. Should the system hold that thread for
 * ever, its structure is freed by whichever side leaves last.
 */
#include "naming.h"
#include "logger.h"
#include "text.h"

#define NAMING_WAIT_MS   10000u /* for the thread */
#define NAMING_FINISH_MS 30000u
#define NAMING_RETRY_MS  3000u /* for the system to be ready */
#define NAMING_SLEEP_MS  50u
#define NAMING_SUFFIXES  10u

typedef struct _NAMING
{
    DWORD Users; /* atomic: the caller and the thread */
    GUID Guid;
    WCHAR Wanted[MAX_ADAPTER_NAME];
    DWORD Start; /* ticks */
    /* Written by the thread, read by the caller after the thread has ended. */
    WCHAR Taken[MAX_ADAPTER_NAME];
    HRESULT Result;
    LPCWSTR Step;
} NAMING;

static const CLSID ConnectionManager = {
    0xba126ad1, 0x2166, 0x11d1, {0xb1, 0xd0, 0x00, 0x80, 0x5f, 0xc1, 0x27, 0x0e}};
static const IID ConnectionManagerInterface = {
    0xc08956a2, 0x1cd3, 0x11d1, {0xb1, 0xc5, 0x00, 0x80, 0x5f, 0xc1, 0x27, 0x0e}};

/* One walk through all connections. *Ours receives the connection with this GUID, or NULL, with a reference,
 * and *IsNamed whether it has the name; *IsTaken receives whether another connection has it. */
static HRESULT
NamingSearch(INetConnectionManager *Manager, const GUID *Guid, LPCWSTR Name, INetConnection **Ours,
             BOOL *IsNamed, BOOL *IsTaken)
{
    IEnumNetConnection *Enumerator;
    INetConnection *Connection;
    ULONG Fetched;

    *Ours = NULL;
    *IsNamed = *IsTaken = FALSE;
    HRESULT Result = Manager->lpVtbl->EnumConnections(Manager, NCME_DEFAULT, &Enumerator);
    if (Result != S_OK)
        return FAILED(Result) ? Result : S_FALSE; /* S_FALSE: there is no connection at all */
    while ((Result = Enumerator->lpVtbl->Next(Enumerator, 1, &Connection, &Fetched)) == S_OK && Fetched) {
        NETCON_PROPERTIES *Properties = NULL;
        BOOL IsOurs = FALSE;
        if (SUCCEEDED(Connection->lpVtbl->GetProperties(Connection, &Properties)) && Properties) {
            BOOL HasName = Properties->pszwName && TextIsEqual(Properties->pszwName, Name);
            IsOurs = GuidIsEqual(&Properties->guidId, Guid) && !*Ours;
            *(IsOurs ? IsNamed : IsTaken) |= HasName;
            System.NcFreeNetconProperties(Properties);
        }
        if (IsOurs)
            *Ours = Connection;
        else
            Connection->lpVtbl->Release(Connection);
    }
    Enumerator->lpVtbl->Release(Enumerator);
    if (FAILED(Result) && *Ours) {
        (*Ours)->lpVtbl->Release(*Ours);
        *Ours = NULL;
    }
    return FAILED(Result) ? Result : S_OK;
}

/* Tries one name once. S_OK: the connection has it. S_FALSE: somebody else has it. */
static HRESULT
NamingTry(NAMING *Naming, INetConnectionManager *Manager, LPCWSTR Name)
{
    INetConnection *Ours;
    BOOL IsNamed, IsTaken;

    Naming->Step = L"list network connections";
    HRESULT Result = NamingSearch(Manager, &Naming->Guid, Name, &Ours, &IsNamed, &IsTaken);
    if (FAILED(Result))
        return Result;
    if (!Ours) {
        Naming->Step = L"find the adapter among the network connections";
        return HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
    }
    Naming->Step = L"rename the network connection";
    if (IsTaken)
        Result = S_FALSE;
    else if (!IsNamed)
        Result = Ours->lpVtbl->Rename(Ours, Name);
    Ours->lpVtbl->Release(Ours);
    /* Somebody may have taken the name since, or hold it with a connection that is not listed. */
    if (Result == HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS) ||
        Result == HRESULT_FROM_WIN32(ERROR_FILE_EXISTS) || Result == HRESULT_FROM_WIN32(ERROR_DUP_NAME))
        Result = S_FALSE;
    return Result;
}

/* The system lists a new connection late, and refuses to rename it for a while after that. */
static HRESULT
NamingRetry(NAMING *Naming, INetConnectionManager *Manager, LPCWSTR Name)
{
    for (;;) {
        HRESULT Result = NamingTry(Naming, Manager, Name);
        BOOL IsFinal =
            SUCCEEDED(Result) || Result == E_NOTIMPL || Result == E_ACCESSDENIED || Result == E_INVALIDARG;
        if (IsFinal || GetTickCount() - Naming->Start >= NAMING_RETRY_MS)
            return Result;
        Sleep(NAMING_SLEEP_MS);
    }
}

static HRESULT
NamingRun(NAMING *Naming)
{
    INetConnectionManager *Manager;

    Naming->Step = L"reach the connection manager";
    HRESULT Result =
        System.CoCreateInstance(&ConnectionManager, NULL, CLSCTX_LOCAL_SERVER | CLSCTX_INPROC_SERVER,
                                &ConnectionManagerInterface, (VOID **)&Manager);
    if (FAILED(Result))
        return Result;
    Result = S_FALSE;
    for (DWORD Suffix = 0; Result == S_FALSE && Suffix < NAMING_SUFFIXES; ++Suffix) {
        if (!Suffix)
            TextCopy(Naming->Taken, ARRAYSIZE(Naming->Taken), Naming->Wanted);
        else if (TextFormat(Naming->Taken, ARRAYSIZE(Naming->Taken), L"%s %u", Naming->Wanted, Suffix) >=
                 ARRAYSIZE(Naming->Taken))
            break;
        Result = NamingRetry(Naming, Manager, Naming->Taken);
    }
    if (Result == S_FALSE)
        Result = HRESULT_FROM_WIN32(ERROR_DUP_NAME);
    Manager->lpVtbl->Release(Manager);
    return Result;
}

static VOID
NamingDrop(NAMING *Naming)
{
    if (!__atomic_sub_fetch(&Naming->Users, 1, __ATOMIC_ACQ_REL))
        HeapFree(GetProcessHeap(), 0, Naming);
}

static DWORD WINAPI
NamingThread(VOID *Argument)
{
    NAMING *Naming = Argument;

    Naming->Step = L"start COM";
    Naming->Result = System.CoInitializeEx(NULL, COINIT_MULTITHREADED | COINIT_DISABLE_OLE1DDE);
    if (SUCCEEDED(Naming->Result)) {
        Naming->Result = NamingRun(Naming);
        System.CoUninitialize();
    }
    NamingDrop(Naming);
    return 0;
}

HANDLE
NamingApply(const GUID *Guid, LPCWSTR Name)
{
    DWORD LastError = GetLastError();
    HANDLE Thread = NULL;

    if (!SystemRequireOrWarn(SYSTEM_OLE32) || !SystemRequireOrWarn(SYSTEM_NETSHELL))
        goto done;
    NAMING *Naming = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*Naming));
    if (!Naming) {
        LoggerWrite(WINTUN_LOG_WARN, L"Cannot name the network connection %s (error 0x%x)", Name,
                    (DWORD)ERROR_NOT_ENOUGH_MEMORY);
        goto done;
    }
    Naming->Users = 2;
    Naming->Guid = *Guid;
    Naming->Start = GetTickCount();
    TextCopy(Naming->Wanted, ARRAYSIZE(Naming->Wanted), Name);
    Thread = CreateThread(NULL, 0, NamingThread, Naming, 0, NULL);
    if (!Thread) {
        LoggerWrite(WINTUN_LOG_WARN, L"Cannot name the network connection %s (error 0x%x)", Name,
                    GetLastError());
        HeapFree(GetProcessHeap(), 0, Naming);
        goto done;
    }
    if (WaitForSingleObject(Thread, NAMING_WAIT_MS) != WAIT_OBJECT_0) {
        LoggerWrite(WINTUN_LOG_WARN, L"Cannot name the network connection %s: the system does not answer",
                    Name);
        NamingDrop(Naming);
        goto done;
    }
    CloseHandle(Thread);
    Thread = NULL;
    if (FAILED(Naming->Result))
        LoggerWrite(WINTUN_LOG_WARN, L"Cannot name the network connection %s: cannot %s (result 0x%x)", Name,
                    Naming->Step, (DWORD)Naming->Result);
    else if (!TextIsEqual(Naming->Taken, Name))
        LoggerWrite(WINTUN_LOG_WARN, L"The name %s is taken; the network connection is called %s", Name,
                    Naming->Taken);
    NamingDrop(Naming);

done:
    SetLastError(LastError);
    return Thread;
}

VOID
NamingFinish(HANDLE Thread)
{
    if (!Thread)
        return;
    if (WaitForSingleObject(Thread, NAMING_FINISH_MS) != WAIT_OBJECT_0)
        LoggerWrite(WINTUN_LOG_WARN, L"The system still holds the thread that was to name a connection");
    CloseHandle(Thread);
}
