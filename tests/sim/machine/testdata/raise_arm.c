/* SPDX-License-Identifier: MIT
 * raise.c for arm, on the scopes of try_arm.S: the same functions with the same results. */
#include "test_driver.h"

#define NOINLINE __attribute__((noinline))
#define EXPORT   __declspec(dllexport)
#define FILTERED 0xe0000002u

#include "raise_forms.h"

void RaiseClobber(UINT32 status);
UINTPTR TryExcept(UINTPTR (*body)(void *), void *context, int (*filter)(UINT32 code, void *),
                  UINTPTR (*handler)(UINT32 code, void *));
UINTPTR TryFinally(UINTPTR (*body)(void *), void *context, void (*last)(UINT32 abnormal, void *));

/* What a body shares with its filter and handlers. */
struct shared
{
    UINT32 status;
    UINTPTR number, local, result;
};

static int
Always(UINT32 code, void *context)
{
    (void)code;
    (void)context;
    return 1;
}

static UINTPTR
TakeCode(UINT32 code, void *context)
{
    (void)context;
    return code;
}

static UINTPTR
RaiseAndNote(void *context)
{
    TestRaise(((struct shared *)context)->status);
    TestNote(1);
    return 0;
}

EXPORT UINTPTR
RaiseOne(UINT32 status)
{
    struct shared shared = {.status = status};
    return TryExcept(RaiseAndNote, &shared, Always, TakeCode);
}

static UINTPTR
Clobber(void *context)
{
    RaiseClobber(((struct shared *)context)->status);
    return 0;
}

EXPORT UINTPTR
RaiseStatus(UINT32 status, UINTPTR a, UINTPTR b, UINTPTR c, UINTPTR d, UINTPTR e, UINTPTR f, UINTPTR g)
{
    struct shared shared = {.status = status};
    UINTPTR kept[3] = {a * 3, b * 5, c * 7};
    UINTPTR result = TryExcept(Clobber, &shared, Always, TakeCode);
    return result == status ? TestSix(a, b, c, d, e, f) + g + kept[0] + kept[1] + kept[2] : 0;
}

static UINTPTR
ClobberAndAdd(void *context)
{
    struct shared *shared = context;
    RaiseClobber(shared->status);
    shared->local += 10;
    return 0;
}

static void
NoteLocal(UINT32 abnormal, void *context)
{
    TestNote(((struct shared *)context)->local + 100 * abnormal);
}

static NOINLINE UINTPTR
WithFinally(UINT32 status, UINTPTR number)
{
    struct shared shared = {.status = status, .local = number + 1};
    TryFinally(ClobberAndAdd, &shared, NoteLocal);
    return shared.local;
}

static UINTPTR
FinallyBody(void *context)
{
    UINTPTR result = WithFinally(((struct shared *)context)->status, 7);
    TestNote(1);
    return result;
}

static UINTPTR
FinallyHandler(UINT32 code, void *context)
{
    (void)code;
    (void)context;
    TestNote(2);
    return 99;
}

EXPORT UINTPTR
RaiseFinally(UINT32 status)
{
    struct shared shared = {.status = status};
    UINTPTR result = TryExcept(FinallyBody, &shared, Always, FinallyHandler);
    TestNote(3);
    return result;
}

static int
Filter(UINT32 code, void *context)
{
    TestNote(((struct shared *)context)->local + 10);
    return code == FILTERED;
}

static void
NoteTwenty(UINT32 abnormal, void *context)
{
    (void)abnormal;
    (void)context;
    TestNote(20);
}

static UINTPTR
InnerFinally(void *context)
{
    TryFinally(Clobber, context, NoteTwenty);
    return 6;
}

static UINTPTR
ReturnSeven(UINT32 code, void *context)
{
    (void)code;
    (void)context;
    return 7;
}

static UINTPTR
ReturnEight(UINT32 code, void *context)
{
    (void)code;
    (void)context;
    return 8;
}

static UINTPTR
InnerTry(void *context)
{
    return TryExcept(InnerFinally, context, Filter, ReturnSeven);
}

EXPORT UINTPTR
RaiseFilter(UINT32 status)
{
    struct shared shared = {.status = status, .local = 1};
    return TryExcept(InnerTry, &shared, Always, ReturnEight);
}

static NOINLINE UINTPTR
Variable(UINT32 status, UINTPTR count)
{
    struct shared shared = {.status = status};
    UINTPTR *array = __builtin_alloca(count * sizeof(UINTPTR));
    for (UINTPTR i = 0; i < count; i++)
        array[i] = i;
    if (TryExcept(Clobber, &shared, Always, TakeCode) == 0)
        return 0;
    return count + array[count - 1];
}

EXPORT UINTPTR
RaiseVariable(UINT32 status, UINTPTR count)
{
    return Variable(status, count) + 1;
}

static NOINLINE UINTPTR
CaughtInside(UINTPTR status)
{
    return RaiseOne(status) + 1;
}

EXPORT UINTPTR
RaiseNested(UINT32 status)
{
    struct shared shared = {.status = TestCallBack(CaughtInside, status)};
    return TryExcept(RaiseAndNote, &shared, Always, TakeCode);
}

EXPORT UINTPTR
RaiseUncaught(UINTPTR status)
{
    TestRaise(status);
    return 1;
}

static UINTPTR
ThroughHost(void *context)
{
    return TestCallBack(RaiseUncaught, ((struct shared *)context)->status);
}

EXPORT UINTPTR
RaiseThroughHost(UINT32 status)
{
    struct shared shared = {.status = status};
    return TryExcept(ThroughHost, &shared, Always, TakeCode);
}

static UINTPTR
CallForm(void *context)
{
    struct shared *shared = context;
    Forms[shared->number](shared->status);
    return 0;
}

EXPORT UINTPTR
RaiseForm(UINT32 status, UINTPTR which)
{
    struct shared shared = {.status = status, .number = which};
    return TryExcept(CallForm, &shared, Always, TakeCode);
}

EXPORT UINTPTR
RaiseTwice(UINT32 status)
{
    return (RaiseOne(status) == status) + (RaiseOne(status + 1) == status + 1);
}

EXPORT UINT32
DriverEntry(void *object, void *path)
{
    (void)object;
    (void)path;
    return 0;
}
