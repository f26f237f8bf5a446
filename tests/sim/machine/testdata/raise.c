/* SPDX-License-Identifier: MIT
 * Exceptions raised by an import and handled here, one and more frames up. What runs is told through
 * TestNote. RaiseClobber (assembly) keeps all nonvolatile registers on its stack, spoils them and raises. */
#include "test_driver.h"

#define NOINLINE __attribute__((noinline))
#define EXPORT   __declspec(dllexport)

/* Raises the status from a frame that has changed every nonvolatile register. */
void STDCALL RaiseClobber(UINT32 status);

/* The only status that the inner filter takes. */
#define FILTERED 0xe0000002u

#include "raise_forms.h"

EXPORT UINTPTR STDCALL
RaiseOne(UINT32 status)
{
    __try {
        TestRaise(status);
        TestNote(1);
    } __except (1) {
        return (UINT32)_exception_code();
    }
    return 0;
}

/* The driver's shape: the result is a local that the handler changes. */
EXPORT UINTPTR STDCALL
RaiseStatus(UINT32 status, UINTPTR a, UINTPTR b, UINTPTR c, UINTPTR d, UINTPTR e, UINTPTR f, UINTPTR g)
{
    UINT32 result = 0;
    UINTPTR kept[3] = {a * 3, b * 5, c * 7};
    __try {
        RaiseClobber(status);
    } __except (1) {
        result = _exception_code();
    }
    return result == status ? TestSix(a, b, c, d, e, f) + g + kept[0] + kept[1] + kept[2] : 0;
}

static NOINLINE UINTPTR
WithFinally(UINT32 status, UINTPTR number)
{
    volatile UINTPTR local = number + 1;
    __try {
        RaiseClobber(status);
        local += 10;
    } __finally {
        TestNote((UINT32)(local + 100 * (UINTPTR)_abnormal_termination()));
    }
    return local;
}

/* Two frames, the inner one with a termination handler that reads a local of its function. */
EXPORT UINTPTR STDCALL
RaiseFinally(UINT32 status)
{
    UINTPTR result = 0;
    __try {
        result = WithFinally(status, 7);
        TestNote(1);
    } __except (1) {
        TestNote(2);
        result = 99;
    }
    TestNote(3);
    return result;
}

static NOINLINE int
Filter(UINT32 code, UINTPTR number)
{
    TestNote((UINT32)number);
    return code == FILTERED ? 1 : 0;
}

static NOINLINE UINTPTR
InnerTry(UINT32 status, UINTPTR number)
{
    volatile UINTPTR local = number;
    UINTPTR result = 5;
    __try {
        __try {
            RaiseClobber(status);
        } __finally {
            TestNote(20);
        }
        result = 6;
    } __except (Filter((UINT32)_exception_code(), local + 10)) {
        result = 7;
    }
    return result;
}

/* Filters that are code: FILTERED is taken by the inner function, all else by the outer one. */
EXPORT UINTPTR STDCALL
RaiseFilter(UINT32 status)
{
    UINTPTR result;
    __try {
        result = InnerTry(status, 1);
    } __except (1) {
        result = 8;
    }
    return result;
}

/* A frame of variable size has a frame pointer that is not the stack pointer. */
static NOINLINE UINTPTR
Variable(UINT32 status, UINTPTR count)
{
    UINTPTR *array = __builtin_alloca(count * sizeof(UINTPTR));
    volatile UINTPTR local = count;
    for (UINTPTR i = 0; i < count; i++)
        array[i] = i;
    __try {
        RaiseClobber(status);
    } __except (1) {
        return local + array[count - 1];
    }
    return 0;
}

EXPORT UINTPTR STDCALL
RaiseVariable(UINT32 status, UINTPTR count)
{
    return Variable(status, count) + 1;
}

static NOINLINE UINTPTR STDCALL
CaughtInside(UINTPTR status)
{
    return RaiseOne((UINT32)status) + 1;
}

/* Caught in a call back that an import made, then once more outside. */
EXPORT UINTPTR STDCALL
RaiseNested(UINT32 status)
{
    UINTPTR inner = TestCallBack(CaughtInside, status);
    __try {
        TestRaise((UINT32)inner);
    } __except (1) {
        return (UINT32)_exception_code();
    }
    return 0;
}

EXPORT UINTPTR STDCALL
RaiseUncaught(UINTPTR status)
{
    TestRaise((UINT32)status);
    return 1;
}

EXPORT UINTPTR STDCALL
RaiseThroughHost(UINT32 status)
{
    __try {
        TestCallBack(RaiseUncaught, status);
    } __except (1) {
        return 1;
    }
    return 0;
}

EXPORT UINTPTR STDCALL
RaiseForm(UINT32 status, UINTPTR which)
{
    __try {
        Forms[which](status);
    } __except (1) {
        return (UINT32)_exception_code();
    }
    return 0;
}

/* The registration of x86 must still be there after the first landing. */
EXPORT UINTPTR STDCALL
RaiseTwice(UINT32 status)
{
    UINTPTR count = 0;
    __try {
        TestRaise(status);
    } __except (1) {
        count++;
    }
    __try {
        TestRaise(status + 1);
    } __except ((UINT32)_exception_code() == status + 1) {
        count++;
    }
    return count;
}

EXPORT UINT32 STDCALL
DriverEntry(void *object, void *path)
{
    (void)object;
    (void)path;
    return 0;
}
