/* SPDX-License-Identifier: MIT
 *
 * The DLL's entry. It must work when a program maps the image from memory, and under the loader lock nothing
 * may be done; so there is nothing to start, nothing to stop, and every module makes what it needs when it
 * needs it.
 */
#include "main.h"

static HMODULE Module;

BOOL WINAPI
DllMain(HINSTANCE Instance, DWORD Reason, VOID *Reserved)
{
    (VOID) Reserved;
    if (Reason == DLL_PROCESS_ATTACH)
        Module = Instance;
    return TRUE;
}

HMODULE
MainModule(VOID)
{
    return Module;
}
