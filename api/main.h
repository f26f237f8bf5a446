/* SPDX-License-Identifier: MIT */
#ifndef MAIN_H
#define MAIN_H

#include <winsock2.h>
#include <windows.h>

BOOL WINAPI DllMain(HINSTANCE Instance, DWORD Reason, VOID *Reserved);

/* The DLL's base address, as DllMain was told. */
HMODULE MainModule(VOID);

#endif
