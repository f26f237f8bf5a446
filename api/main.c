/* SPDX-License-Identifier: MIT
 *
 * The DLL's entry. It must work when a program maps the image from memory, and under the loader lock hardly
 * anything may be done; so there is nothing to start, and every module makes what it needs when it needs it.
 * What is undone here is memory and events alone: adapters, devices and the driver are never touched. The
 * image's own base, where it is needed, is __ImageBase.
 */
#include "session.h"

BOOL WINAPI DllMain(HINSTANCE Instance, DWORD Reason, VOID *Reserved);

BOOL WINAPI
DllMain(HINSTANCE Instance, DWORD Reason, VOID *Reserved)
{
    (VOID) Instance;
    /* Reserved is NULL if the DLL is unloaded, and not if the process ends, which frees everything by itself.
     */
    if (Reason == DLL_PROCESS_DETACH && !Reserved)
        SessionUnload();
    return TRUE;
}
