/* SPDX-License-Identifier: MIT
 * Run-time library: strings, versions, memory, debug prints, and the helpers that x86 compilers call. */
#include "internal.h"

#include <string.h>

static unsigned
count_of(const uint16_t *text)
{
    unsigned count = 0;
    while (text[count])
        count++;
    return count;
}

static uint16_t
upper(uint16_t character)
{
    return character >= 'a' && character <= 'z' ? character - 32 : character;
}

static uint64_t
row_RtlInitUnicodeString(struct sim_frame *frame)
{
    const uint16_t *source = (const uint16_t *)frame->arg[1];
    unsigned size = source ? count_of(source) * 2 : 0;
    if (size > 0xFFFC)
        sim_stop("rtl", "RtlInitUnicodeString of %u bytes", size);
    OUT(UNICODE_STRING, frame->arg[0]) =
        (UNICODE_STRING){(USHORT)size, (USHORT)(source ? size + 2 : 0), (PWSTR)source};
    return 0;
}

static uint64_t
row_RtlCopyUnicodeString(struct sim_frame *frame)
{
    UNICODE_STRING *to = (UNICODE_STRING *)frame->arg[0];
    const UNICODE_STRING *from = (const UNICODE_STRING *)frame->arg[1];
    USHORT size = from ? from->Length : 0;
    if (size > to->MaximumLength)
        size = to->MaximumLength;
    if (size)
        memmove(to->Buffer, from->Buffer, size);
    to->Length = size;
    if (size + 2 <= to->MaximumLength)
        to->Buffer[size / 2] = 0;
    return 0;
}

static NTSTATUS
append(UNICODE_STRING *to, const uint16_t *from, unsigned size)
{
    if (to->Length + size > to->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    memmove((uint8_t *)to->Buffer + to->Length, from, size);
    to->Length = (USHORT)(to->Length + size);
    if (to->Length + 2 <= to->MaximumLength)
        to->Buffer[to->Length / 2] = 0;
    return STATUS_SUCCESS;
}

static uint64_t
row_RtlAppendUnicodeStringToString(struct sim_frame *frame)
{
    const UNICODE_STRING *from = (const UNICODE_STRING *)frame->arg[1];
    return (uint32_t)append((UNICODE_STRING *)frame->arg[0], from->Buffer, from->Length);
}

static uint64_t
row_RtlAppendUnicodeToString(struct sim_frame *frame)
{
    const uint16_t *from = (const uint16_t *)frame->arg[1];
    return (uint32_t)append((UNICODE_STRING *)frame->arg[0], from, from ? count_of(from) * 2 : 0);
}

static uint64_t
row_RtlEqualUnicodeString(struct sim_frame *frame)
{
    const UNICODE_STRING *one = (const UNICODE_STRING *)frame->arg[0],
                         *two = (const UNICODE_STRING *)frame->arg[1];
    bool fold = (UCHAR)frame->arg[2] != 0;
    if (one->Length != two->Length)
        return 0;
    for (unsigned i = 0; i < one->Length / 2u; i++) {
        uint16_t a = one->Buffer[i], b = two->Buffer[i];
        if (a != b && (!fold || upper(a) != upper(b)))
            return 0;
    }
    return 1;
}

static uint64_t
row_RtlIntegerToUnicodeString(struct sim_frame *frame)
{
    uint32_t value = (uint32_t)frame->arg[0], base = (uint32_t)frame->arg[1];
    UNICODE_STRING *to = (UNICODE_STRING *)frame->arg[2];
    uint16_t digits[33];
    unsigned count = 0;
    if (base == 0)
        base = 10;
    if (base != 2 && base != 8 && base != 10 && base != 16)
        return (uint32_t)STATUS_INVALID_PARAMETER;
    do
        digits[count++] = (uint16_t) "0123456789ABCDEF"[value % base];
    while ((value /= base) != 0);
    if (count * 2 > to->MaximumLength)
        return (uint32_t)STATUS_BUFFER_OVERFLOW;
    for (unsigned i = 0; i < count; i++)
        to->Buffer[i] = digits[count - 1 - i];
    to->Length = (USHORT)(count * 2);
    if (to->Length + 2 <= to->MaximumLength)
        to->Buffer[count] = 0;
    return STATUS_SUCCESS;
}

static int
hex_digit(uint16_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    character = upper(character);
    return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

/* {01234567-89ab-cdef-0123-456789abcdef} */
static uint64_t
row_RtlGUIDFromString(struct sim_frame *frame)
{
    static const char shape[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
    const UNICODE_STRING *text = (const UNICODE_STRING *)frame->arg[0];
    GUID *guid = (GUID *)frame->arg[1];
    uint8_t bytes[16];
    unsigned digits = 0;
    if (text->Length / 2u < sizeof shape - 1)
        return (uint32_t)STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < sizeof shape - 1; i++) {
        int digit = hex_digit(text->Buffer[i]);
        if (shape[i] != 'x' ? text->Buffer[i] != (uint16_t)shape[i] : digit < 0)
            return (uint32_t)STATUS_INVALID_PARAMETER;
        if (shape[i] == 'x') {
            bytes[digits / 2] = (uint8_t)(digits % 2 ? bytes[digits / 2] << 4 | digit : digit);
            digits++;
        }
    }
    guid->Data1 = (uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    guid->Data2 = (uint16_t)(bytes[4] << 8 | bytes[5]);
    guid->Data3 = (uint16_t)(bytes[6] << 8 | bytes[7]);
    memcpy(guid->Data4, bytes + 8, 8);
    return STATUS_SUCCESS;
}

static uint64_t
row_RtlGetVersion(struct sim_frame *frame)
{
    OSVERSIONINFOEXW *version = (OSVERSIONINFOEXW *)frame->arg[0];
    ULONG size = version->dwOSVersionInfoSize;
    if (size != sizeof(OSVERSIONINFOW) && size != sizeof(OSVERSIONINFOEXW))
        sim_stop("rtl", "RtlGetVersion with a structure of %u bytes", size);
    memset(version, 0, size);
    version->dwOSVersionInfoSize = size;
    version->dwMajorVersion = sim_persona->major;
    version->dwMinorVersion = sim_persona->minor;
    version->dwBuildNumber = sim_persona->build;
    version->dwPlatformId = 2;
    if (size == sizeof(OSVERSIONINFOEXW))
        version->wProductType = sim_persona->system == SIM_SERVER ? 3 : 1;
    return STATUS_SUCCESS;
}

static uint64_t
row_RtlCompareMemory(struct sim_frame *frame)
{
    const uint8_t *one = (const uint8_t *)frame->arg[0], *two = (const uint8_t *)frame->arg[1];
    size_t same = 0;
    while (same < frame->arg[2] && one[same] == two[same])
        same++;
    return same;
}

static uint64_t
row_memcpy(struct sim_frame *frame)
{
    memcpy((void *)frame->arg[0], (const void *)frame->arg[1], frame->arg[2]);
    return frame->arg[0];
}

static uint64_t
row_memmove(struct sim_frame *frame)
{
    memmove((void *)frame->arg[0], (const void *)frame->arg[1], frame->arg[2]);
    return frame->arg[0];
}

static uint64_t
row_memset(struct sim_frame *frame)
{
    memset((void *)frame->arg[0], (int)frame->arg[1], frame->arg[2]);
    return frame->arg[0];
}

static uint64_t
row_memcmp(struct sim_frame *frame)
{
    return (uint32_t)memcmp((const void *)frame->arg[0], (const void *)frame->arg[1], frame->arg[2]);
}

/* Only the format: its arguments are the driver's, and printing is all that they are for. */
static uint64_t
row_DbgPrint(struct sim_frame *frame)
{
    sim_log("DbgPrint: %s", (const char *)frame->arg[0]);
    return STATUS_SUCCESS;
}

static uint64_t
row_DbgPrintEx(struct sim_frame *frame)
{
    sim_log("DbgPrintEx: %s", (const char *)frame->arg[2]);
    return STATUS_SUCCESS;
}

#if defined(__i386__)
/* 64-bit arithmetic, which the compiler leaves to functions. */
static uint64_t
pair(const struct sim_frame *frame, unsigned first)
{
    return frame->arg[first] | (uint64_t)frame->arg[first + 1] << 32;
}

#define ARITHMETIC(function, type, operation)                                                                \
    static uint64_t row_##function(struct sim_frame *frame)                                                  \
    {                                                                                                        \
        return (uint64_t)((type)pair(frame, 0) operation(type) pair(frame, 2));                              \
    }
ARITHMETIC(_alldiv, int64_t, /)
ARITHMETIC(_allrem, int64_t, %)
ARITHMETIC(_allmul, int64_t, *)
ARITHMETIC(_aulldiv, uint64_t, /)
ARITHMETIC(_aullrem, uint64_t, %)
#endif

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, RtlInitUnicodeString, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-rtlinitunicodestring"),
    ROW(NTOSKRNL, RtlCopyUnicodeString, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-rtlcopyunicodestring"),
    ROW(NTOSKRNL, RtlAppendUnicodeStringToString, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-wdm-rtlappendunicodestringtostring"),
    ROW(NTOSKRNL, RtlAppendUnicodeToString, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-wdm-rtlappendunicodetostring"),
    ROW(NTOSKRNL, RtlEqualUnicodeString, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-wdm-rtlequalunicodestring"),
    ROW(NTOSKRNL, RtlIntegerToUnicodeString, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-wdm-rtlintegertounicodestring"),
    ROW(NTOSKRNL, RtlGUIDFromString, 2, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0,
        "nf-wdm-rtlguidfromstring"),
    ROW(NTOSKRNL, RtlGetVersion, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, PASSIVE, 0, "nf-wdm-rtlgetversion"),
    ROW(NTOSKRNL, RtlCompareMemory, 3, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-wdm-rtlcomparememory"),
    ROW(NTOSKRNL, memcpy, 3, SIM_CDECL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "run-time library"),
    ROW(NTOSKRNL, memmove, 3, SIM_CDECL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "run-time library"),
    ROW(NTOSKRNL, memset, 3, SIM_CDECL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "run-time library"),
    ROW(NTOSKRNL, memcmp, 3, SIM_CDECL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "run-time library"),
    ROW(NTOSKRNL, DbgPrint, 1, SIM_CDECL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "nf-wdm-dbgprint"),
    ROW(NTOSKRNL, DbgPrintEx, 3, SIM_CDECL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "nf-wdm-dbgprintex"),
#if defined(__i386__)
    ROW(NTOSKRNL, _alldiv, 4, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "run-time library"),
    ROW(NTOSKRNL, _allrem, 4, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "run-time library"),
    ROW(NTOSKRNL, _allmul, 4, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "run-time library"),
    ROW(NTOSKRNL, _aulldiv, 4, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "run-time library"),
    ROW(NTOSKRNL, _aullrem, 4, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "run-time library"),
#endif
};
TABLE(sim_rtl_imports, Rows);
