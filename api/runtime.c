/* SPDX-License-Identifier: MIT
 *
 * What the compiler calls on its own, as the DLL has no C runtime. Plain loops: nothing here is on the data
 * path, which copies no packet.
 */
#include <stddef.h>

/* Keeps the compiler from making these loops into calls to the very functions that they implement. */
#define RUNTIME_FUNCTION __attribute__((no_builtin, used))

RUNTIME_FUNCTION void *
memcpy(void *restrict Destination, const void *restrict Source, size_t Size)
{
    unsigned char *To = Destination;
    const unsigned char *From = Source;
    while (Size--)
        *To++ = *From++;
    return Destination;
}

RUNTIME_FUNCTION void *
memmove(void *Destination, const void *Source, size_t Size)
{
    unsigned char *To = Destination;
    const unsigned char *From = Source;
    if (To <= From || To >= From + Size)
        return memcpy(Destination, Source, Size);
    while (Size--)
        To[Size] = From[Size];
    return Destination;
}

RUNTIME_FUNCTION void *
memset(void *Destination, int Value, size_t Size)
{
    unsigned char *To = Destination;
    while (Size--)
        *To++ = (unsigned char)Value;
    return Destination;
}

RUNTIME_FUNCTION int
memcmp(const void *Left, const void *Right, size_t Size)
{
    const unsigned char *A = Left, *B = Right;
    for (; Size; --Size, ++A, ++B) {
        if (*A != *B)
            return *A < *B ? -1 : 1;
    }
    return 0;
}
