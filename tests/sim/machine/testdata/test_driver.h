/* SPDX-License-Identifier: MIT
 * What the test images import, from a table of the scenario that loads them. */
#ifndef TEST_DRIVER_H
#define TEST_DRIVER_H

#if defined(__i386__)
#define STDCALL  __attribute__((stdcall))
#define FASTCALL __attribute__((fastcall))
#define CDECL    __attribute__((cdecl))
#else
#define STDCALL
#define FASTCALL
#define CDECL
#endif
#define IMPORT __declspec(dllimport)

typedef unsigned long long UINT64;
typedef unsigned int UINT32;
typedef __SIZE_TYPE__ UINTPTR;

/* Returns a weighted sum of its arguments, 1*a + 2*b + ... */
IMPORT UINTPTR STDCALL TestSix(UINTPTR a, UINTPTR b, UINTPTR c, UINTPTR d, UINTPTR e, UINTPTR f);
IMPORT UINTPTR FASTCALL TestFast(UINTPTR a, UINTPTR b, UINTPTR c);
IMPORT UINTPTR CDECL TestVariadic(UINTPTR count, ...);
/* a << 32 | b, in the wide return registers */
IMPORT UINT64 STDCALL TestWide(UINT32 a, UINT32 b);
/* Calls the function back with the context and returns what it does. */
IMPORT UINTPTR STDCALL TestCallBack(UINTPTR(STDCALL *function)(UINTPTR context), UINTPTR context);
/* Raises the status out of the call; 0 returns. */
IMPORT void STDCALL TestRaise(UINT32 status);
IMPORT void STDCALL TestNote(UINT32 what);
extern IMPORT UINTPTR TestData;

#endif
