/* SPDX-License-Identifier: MIT
 *
 * The image's entry and the stack cookie; loadconfig.S has the rest. Not part of the host's build.
 */
#include "runtime.h"

/* DRIVER_OVERRAN_STACK_BUFFER */
#define RUNTIME_BUGCHECK 0xF7u

/* ---- Stack cookie ---- */

#if defined(_WIN64)
#define RUNTIME_COOKIE 0x00002B992DDFA232ull
#else
#define RUNTIME_COOKIE 0xBB40E64Eu
#endif

ULONG_PTR __security_cookie = RUNTIME_COOKIE;

/* Called in each protected function's epilogue. Fastcall on x86, as the compiler expects it. */
VOID FASTCALL
__security_check_cookie(ULONG_PTR Cookie)
{
    if (Cookie != __security_cookie)
        KeBugCheckEx(RUNTIME_BUGCHECK, Cookie, __security_cookie, ~__security_cookie, 0);
}

/* The image's entry. Not protected itself, for it changes the cookie that its own frame would be checked
 * against. The time since start in units of 100 ns, spread over the word, and two addresses that the system
 * chooses. */
__attribute__((no_stack_protector)) NTSTATUS NTAPI RUNTIME_INIT
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ULONGLONG Time = KeQueryUnbiasedInterruptTime();
    ULONG_PTR Seed = (ULONG_PTR)Time ^ (ULONG_PTR)(Time >> 17);
    Seed ^= Seed << 13;
    Seed ^= Seed >> 7;
    Seed ^= Seed << 17;
    __security_cookie ^= Seed ^ (ULONG_PTR)DriverObject ^ ((ULONG_PTR)&Time << 5);
    return DriverMain(DriverObject, RegistryPath);
}
