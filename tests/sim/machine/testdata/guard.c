/* SPDX-License-Identifier: MIT
 * Indirect calls under control flow guard. */
#include "test_driver.h"

typedef UINTPTR(STDCALL *TARGET)(UINTPTR a, UINTPTR b, UINTPTR c, UINTPTR d, UINTPTR e);

static UINTPTR STDCALL
Sum(UINTPTR a, UINTPTR b, UINTPTR c, UINTPTR d, UINTPTR e)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e;
}

static TARGET volatile Target = Sum;

/* Calls a function whose address is taken, `beyond` bytes after its begin. */
__declspec(dllexport) UINTPTR STDCALL GuardCall(UINTPTR beyond, UINTPTR a, UINTPTR b)
{
    TARGET target = (TARGET)((UINTPTR)Target + beyond);
    return target(a, b, 3, 4, 5) + a + b;
}

/* Arguments stay in the registers in which they came while the check runs. */
__declspec(dllexport) UINTPTR STDCALL GuardForward(UINTPTR a, UINTPTR b, UINTPTR c, UINTPTR d, UINTPTR e)
{
    return Target(a, b, c, d, e);
}

/* Imports called through a pointer are in no image and pass. */
static UINTPTR(STDCALL *volatile Import)(UINTPTR, UINTPTR, UINTPTR, UINTPTR, UINTPTR, UINTPTR);

__declspec(dllexport) UINTPTR STDCALL GuardImport(void)
{
    Import = TestSix;
    return Import(1, 2, 3, 4, 5, 6);
}

extern void *__guard_check_icall_fptr;

/* Whether the pointer that checks go through still is the image's own. */
__declspec(dllexport) UINTPTR STDCALL GuardPointer(void)
{
    return (UINTPTR) * (void *volatile *)&__guard_check_icall_fptr;
}

UINT32 STDCALL
DriverEntry(void *object, void *path)
{
    (void)object;
    (void)path;
    return 0;
}
