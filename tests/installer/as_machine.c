/* SPDX-License-Identifier: MIT
 * Runs a 32-bit program, and what it starts, as if Windows were another one: what kernel32 answers about the machine
 * is changed in the memory of each 32-bit process before its first instruction. Everything else is as it would be
 * without. IsWow64Process stays as it is: Wine asks it itself where to look in the registry.
 *
 *   as_machine arm64 <program> <arguments>     Windows 10 or later on ARM64
 *   as_machine old <program> <arguments>       before Windows 10 1709, which brought IsWow64Process2
 *   as_machine hold <dll>                      loads a DLL and keeps it loaded until standard input ends
 *
 * Source: IsWow64Process2 (Microsoft, Win32 reference). Exit code: the program's, or 250 and up. */
#include <windows.h>

#define PROCESSES 16

enum
{
    EXIT_USAGE = 250,
    EXIT_START,
    EXIT_PATCH
};

/* IsWow64Process2: *pProcessMachine = I386, and *pNativeMachine, which may be NULL, = ARM64; TRUE. */
static const BYTE IsWow64Process2OnArm64[] = {
    0x8B, 0x44, 0x24, 0x08,       /* mov eax, [esp+8] */
    0x66, 0xC7, 0x00, 0x4C, 0x01, /* mov word [eax], 0x014C */
    0x8B, 0x44, 0x24, 0x0C,       /* mov eax, [esp+12] */
    0x85, 0xC0,                   /* test eax, eax */
    0x74, 0x05,                   /* jz +5 */
    0x66, 0xC7, 0x00, 0x64, 0xAA, /* mov word [eax], 0xAA64 */
    0x31, 0xC0, 0x40,             /* eax = 1 */
    0xC2, 0x0C, 0x00              /* ret 12 */
};

/* kernel32 lies at one address in every process; that its bytes are ours before they are changed proves it. */
static BOOL
Patch(HANDLE Process, const void *Address, const BYTE *Bytes, SIZE_T Size)
{
    BYTE There[64];
    SIZE_T Done;
    DWORD Protection;
    if (!ReadProcessMemory(Process, Address, There, Size, &Done) || Done != Size)
        return FALSE;
    for (SIZE_T Index = 0; Index < Size; Index++)
        if (There[Index] != ((const BYTE *)Address)[Index])
            return FALSE;
    return VirtualProtectEx(Process, (void *)(ULONG_PTR)Address, Size, PAGE_EXECUTE_READWRITE, &Protection) &&
           WriteProcessMemory(Process, (void *)(ULONG_PTR)Address, Bytes, Size, &Done) && Done == Size;
}

/* Where the name of an export stands in kernel32's table of names. */
static const char *
ExportName(const BYTE *Module, const char *Wanted)
{
    const IMAGE_NT_HEADERS *Headers = (const void *)(Module + ((const IMAGE_DOS_HEADER *)Module)->e_lfanew);
    const IMAGE_EXPORT_DIRECTORY *Exports =
        (const void *)(Module +
                       Headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress);
    const DWORD *Names = (const void *)(Module + Exports->AddressOfNames);
    for (DWORD Index = 0; Index < Exports->NumberOfNames; Index++)
        if (!lstrcmpA((const char *)Module + Names[Index], Wanted))
            return (const char *)Module + Names[Index];
    return NULL;
}

static BOOL
PatchMachine(HANDLE Process, BOOL Arm64)
{
    BOOL Wow64;
    /* What the system itself starts, Wine to make a menu entry for example, has 64 bits. */
    if (!IsWow64Process(Process, &Wow64))
        return FALSE;
    if (!Wow64)
        return TRUE;
    HMODULE Kernel = GetModuleHandleW(L"kernel32.dll");
    if (Arm64)
        return Patch(Process, (const void *)GetProcAddress(Kernel, "IsWow64Process2"), IsWow64Process2OnArm64,
                     sizeof(IsWow64Process2OnArm64));
    /* Its last letter changes, so that nobody finds it and the table stays sorted. */
    const char *Name = ExportName((const BYTE *)Kernel, "IsWow64Process2");
    return Name && Patch(Process, Name + 14, (const BYTE *)"0", 1);
}

/* The debug loop: every process is patched at its loader's breakpoint. */
static UINT
Run(WCHAR *CommandLine, BOOL Arm64)
{
    STARTUPINFOW Startup = {.cb = sizeof(Startup)};
    PROCESS_INFORMATION First;
    struct
    {
        DWORD Id;
        HANDLE Handle;
        BOOL Patched;
    } Processes[PROCESSES];
    DWORD Count = 0, Running = 0;
    UINT ExitCode = EXIT_START;
    if (!CreateProcessW(NULL, CommandLine, NULL, NULL, FALSE, DEBUG_PROCESS, NULL, NULL, &Startup, &First))
        return EXIT_START;
    do {
        DEBUG_EVENT Event;
        DWORD Answer = DBG_CONTINUE;
        if (!WaitForDebugEvent(&Event, INFINITE))
            return EXIT_START;
        switch (Event.dwDebugEventCode) {
        case CREATE_PROCESS_DEBUG_EVENT:
            if (Count == PROCESSES)
                return EXIT_START;
            Processes[Count].Id = Event.dwProcessId;
            Processes[Count].Handle = Event.u.CreateProcessInfo.hProcess;
            /* A file that the debugger holds could not be deleted by the uninstaller. */
            CloseHandle(Event.u.CreateProcessInfo.hFile);
            Processes[Count++].Patched = FALSE;
            Running++;
            break;
        case EXCEPTION_DEBUG_EVENT:
            Answer = DBG_EXCEPTION_NOT_HANDLED;
            for (DWORD Index = 0; Index < Count; Index++) {
                if (Processes[Index].Id != Event.dwProcessId || Processes[Index].Patched)
                    continue;
                if (!PatchMachine(Processes[Index].Handle, Arm64)) {
                    TerminateProcess(Processes[Index].Handle, EXIT_PATCH);
                    return EXIT_PATCH;
                }
                Processes[Index].Patched = TRUE;
                Answer = DBG_CONTINUE;
            }
            break;
        case LOAD_DLL_DEBUG_EVENT:
            CloseHandle(Event.u.LoadDll.hFile);
            break;
        case EXIT_PROCESS_DEBUG_EVENT:
            Running--;
            if (Event.dwProcessId == First.dwProcessId)
                ExitCode = Event.u.ExitProcess.dwExitCode;
            break;
        }
        ContinueDebugEvent(Event.dwProcessId, Event.dwThreadId, Answer);
    } while (Running);
    return ExitCode;
}

static WCHAR *
NextArgument(WCHAR *At)
{
    BOOL Quoted = FALSE;
    for (; *At && (Quoted || *At != L' '); At++)
        if (*At == L'"')
            Quoted = !Quoted;
    while (*At == L' ')
        At++;
    return At;
}

static BOOL
Starts(const WCHAR *At, const WCHAR *Word)
{
    while (*Word && *At == *Word)
        At++, Word++;
    return !*Word && *At == L' ';
}

VOID WINAPI Entry(VOID);
VOID WINAPI
Entry(VOID)
{
    WCHAR *Mode = NextArgument(GetCommandLineW());
    WCHAR *Rest = NextArgument(Mode);
    if (Starts(Mode, L"hold")) {
        BYTE Byte;
        DWORD Read;
        if (!LoadLibraryW(Rest))
            ExitProcess(EXIT_START);
        while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &Byte, 1, &Read, NULL) && Read)
            ;
        ExitProcess(0);
    }
    if (!*Rest || !(Starts(Mode, L"arm64") || Starts(Mode, L"old")))
        ExitProcess(EXIT_USAGE);
    ExitProcess(Run(Rest, Starts(Mode, L"arm64")));
}
