/* SPDX-License-Identifier: MIT
 *
 * The interlocked operations, on the compiler's atomics. Those without a suffix are full barriers as
 * documented: on ARM an acquire-release exclusive pair alone lets a later load pass the store, hence the
 * fence.
 */
#ifndef WDK_INTERLOCKED_H
#define WDK_INTERLOCKED_H

#include "types.h"

/* The scheduler of the host tests gives way here, as at RING_ACCESS_POINT. */
#ifndef WDK_ACCESS_POINT
#define WDK_ACCESS_POINT() ((void)0)
#endif

#if defined(__arm__) || defined(__aarch64__)
#define WDK_FULL_BARRIER() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#else
#define WDK_FULL_BARRIER() ((void)0)
#endif

#define KeMemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)

#if defined(__i386__) || defined(__x86_64__)
#define YieldProcessor() __builtin_ia32_pause()
#else
#define YieldProcessor() __asm__ volatile("yield" ::: "memory")
#endif

#define WDK_DEFINE_INTERLOCKED(Suffix, Type)                                                                 \
    static inline Type InterlockedIncrement##Suffix(volatile Type *Addend)                                   \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        Type Result = __atomic_add_fetch(Addend, 1, __ATOMIC_SEQ_CST);                                       \
        WDK_FULL_BARRIER();                                                                                  \
        return Result;                                                                                       \
    }                                                                                                        \
    static inline Type InterlockedDecrement##Suffix(volatile Type *Addend)                                   \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        Type Result = __atomic_sub_fetch(Addend, 1, __ATOMIC_SEQ_CST);                                       \
        WDK_FULL_BARRIER();                                                                                  \
        return Result;                                                                                       \
    }                                                                                                        \
    static inline Type InterlockedExchange##Suffix(volatile Type *Target, Type Value)                        \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        Type Result = __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);                                  \
        WDK_FULL_BARRIER();                                                                                  \
        return Result;                                                                                       \
    }                                                                                                        \
    static inline Type InterlockedExchangeAdd##Suffix(volatile Type *Addend, Type Value)                     \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        Type Result = __atomic_fetch_add(Addend, Value, __ATOMIC_SEQ_CST);                                   \
        WDK_FULL_BARRIER();                                                                                  \
        return Result;                                                                                       \
    }                                                                                                        \
    static inline Type InterlockedOr##Suffix(volatile Type *Target, Type Value)                              \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        Type Result = __atomic_fetch_or(Target, Value, __ATOMIC_SEQ_CST);                                    \
        WDK_FULL_BARRIER();                                                                                  \
        return Result;                                                                                       \
    }                                                                                                        \
    static inline Type InterlockedAnd##Suffix(volatile Type *Target, Type Value)                             \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        Type Result = __atomic_fetch_and(Target, Value, __ATOMIC_SEQ_CST);                                   \
        WDK_FULL_BARRIER();                                                                                  \
        return Result;                                                                                       \
    }                                                                                                        \
    static inline Type InterlockedCompareExchange##Suffix(volatile Type *Target, Type Value, Type Comparand) \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        __atomic_compare_exchange_n(Target, &Comparand, Value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);       \
        WDK_FULL_BARRIER();                                                                                  \
        return Comparand;                                                                                    \
    }

/* clang-format off */
WDK_DEFINE_INTERLOCKED(, LONG)
WDK_DEFINE_INTERLOCKED(64, LONG64)
/* clang-format on */

static inline PVOID
InterlockedExchangePointer(PVOID volatile *Target, PVOID Value)
{
    WDK_ACCESS_POINT();
    PVOID Result = __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
    WDK_FULL_BARRIER();
    return Result;
}

static inline PVOID
InterlockedCompareExchangePointer(PVOID volatile *Target, PVOID Value, PVOID Comparand)
{
    WDK_ACCESS_POINT();
    __atomic_compare_exchange_n(Target, &Comparand, Value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    WDK_FULL_BARRIER();
    return Comparand;
}

/* Ordered plain accesses. The 64-bit ones are atomic on every target; on 32-bit ones a load may cost an
 * exclusive pair. */
#define WDK_DEFINE_ACCESS(Suffix, Type)                                                                      \
    static inline Type ReadAcquire##Suffix(const volatile Type *Source)                                      \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        return __atomic_load_n(Source, __ATOMIC_ACQUIRE);                                                    \
    }                                                                                                        \
    static inline Type ReadNoFence##Suffix(const volatile Type *Source)                                      \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        return __atomic_load_n(Source, __ATOMIC_RELAXED);                                                    \
    }                                                                                                        \
    static inline void WriteRelease##Suffix(volatile Type *Destination, Type Value)                          \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);                                              \
    }                                                                                                        \
    static inline void WriteNoFence##Suffix(volatile Type *Destination, Type Value)                          \
    {                                                                                                        \
        WDK_ACCESS_POINT();                                                                                  \
        __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);                                              \
    }

/* clang-format off */
WDK_DEFINE_ACCESS(, LONG)
WDK_DEFINE_ACCESS(ULong, ULONG)
WDK_DEFINE_ACCESS(64, LONG64)
WDK_DEFINE_ACCESS(Pointer, PVOID)
/* clang-format on */

#endif
