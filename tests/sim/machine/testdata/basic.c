/* SPDX-License-Identifier: MIT
 * Calls in and out of an image: conventions, stack arguments, nesting, relocations, sections. */
#include "test_driver.h"

typedef UINTPTR(STDCALL *CALLBACK)(UINTPTR context);

static UINTPTR STDCALL
Twice(UINTPTR context)
{
    return context < 40 ? TestCallBack(Twice, context * 2) + 1 : context;
}

/* Relocated pointers, in data and in code. */
static const char *const Names[] = {"alpha", "beta"};
static CALLBACK volatile Table[] = {Twice};
static UINTPTR Counter = 5;

__declspec(dllexport) UINTPTR STDCALL BasicSum(UINTPTR a, UINTPTR b, UINTPTR c, UINTPTR d, UINTPTR e,
                                               UINTPTR f, UINTPTR g, UINTPTR h, UINTPTR i, UINTPTR j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

__declspec(dllexport) UINTPTR STDCALL BasicImports(UINTPTR seed)
{
    UINTPTR result = TestSix(seed, 2, 3, 4, 5, 6);
    result += TestFast(seed, 10, 100);
    result += TestVariadic(5, (UINTPTR)1, (UINTPTR)2, (UINTPTR)3, (UINTPTR)4, (UINTPTR)5);
    result += TestData;
    return result;
}

__declspec(dllexport) UINT64 STDCALL BasicWide(UINT32 a, UINT32 b)
{
    return TestWide(a, b) + 1;
}

__declspec(dllexport) UINTPTR STDCALL BasicNested(UINTPTR context)
{
    return Table[0](context);
}

__declspec(dllexport) UINTPTR STDCALL BasicData(UINTPTR index)
{
    return (UINTPTR)Names[index & 1][0] + Counter++;
}

__declspec(dllexport) UINTPTR STDCALL BasicWriteConst(void)
{
    *(volatile char *)Names[0] = 'x';
    return 1;
}

__declspec(dllexport) UINTPTR STDCALL BasicRecurse(UINTPTR depth)
{
    volatile UINTPTR frame[16];
    frame[depth & 15] = depth;
    return depth ? BasicRecurse(depth - 1) + frame[depth & 15] : 0;
}

__attribute__((section("INIT"))) UINT32 STDCALL
DriverEntry(void *object, void *path)
{
    (void)object;
    (void)path;
    return 42;
}
