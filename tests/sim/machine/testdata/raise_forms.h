/* SPDX-License-Identifier: MIT
 * What raise.c and raise_arm.c share. */
#ifndef RAISE_FORMS_H
#define RAISE_FORMS_H

/* Forms of unwind data in assembly; the last of amd64 has a handler that must not be found. */
#if defined(__i386__)
static void (*const Forms[])(UINT32 status) = {0};
enum
{
    FORMS = 0
};
#else
void Unwind1(UINT32 status);
void Unwind2(UINT32 status);
#if defined(__x86_64__)
void Unwind3(UINT32 status);
void UnwindInEpilogue(UINT32 status);
static void (*const Forms[])(UINT32 status) = {Unwind1, Unwind2, Unwind3, UnwindInEpilogue};
#elif defined(__arm__)
void Unwind3(UINT32 status);
void Unwind4(UINT32 status);
static void (*const Forms[])(UINT32 status) = {Unwind1, Unwind2, Unwind3, Unwind4};
#else
static void (*const Forms[])(UINT32 status) = {Unwind1, Unwind2};
#endif
enum
{
    FORMS = sizeof Forms / sizeof Forms[0]
};
#endif

EXPORT UINTPTR STDCALL
RaiseForms(void)
{
    return FORMS;
}

#endif
