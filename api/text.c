/* SPDX-License-Identifier: MIT */
#include "text.h"

typedef struct _TEXT_WRITER
{
    WCHAR *Buffer;
    DWORD Capacity, Length;
    BOOL IsCut;
} TEXT_WRITER;

static VOID
WriterPut(TEXT_WRITER *Writer, WCHAR Character)
{
    if (Writer->Length + 1 < Writer->Capacity)
        Writer->Buffer[Writer->Length++] = Character;
    else
        Writer->IsCut = TRUE;
}

static VOID
WriterPutText(TEXT_WRITER *Writer, LPCWSTR Text)
{
    for (Text = Text ? Text : L"(none)"; *Text; ++Text)
        WriterPut(Writer, *Text);
}

static VOID
WriterPutHex(TEXT_WRITER *Writer, DWORD Value, DWORD Digits)
{
    while (Digits--)
        WriterPut(Writer, L"0123456789abcdef"[Value >> (4 * Digits) & 0xF]);
}

static VOID
WriterPutDecimal(TEXT_WRITER *Writer, DWORD Value)
{
    WCHAR Digits[10];
    DWORD Count = 0;
    do {
        Digits[Count++] = (WCHAR)(L'0' + Value % 10);
        Value /= 10;
    } while (Value);
    while (Count--)
        WriterPut(Writer, Digits[Count]);
}

static VOID
WriterPutGuid(TEXT_WRITER *Writer, const GUID *Guid)
{
    WriterPut(Writer, L'{');
    WriterPutHex(Writer, Guid->Data1, 8);
    WriterPut(Writer, L'-');
    WriterPutHex(Writer, Guid->Data2, 4);
    WriterPut(Writer, L'-');
    WriterPutHex(Writer, Guid->Data3, 4);
    WriterPut(Writer, L'-');
    for (DWORD Index = 0; Index < 8; ++Index) {
        if (Index == 2)
            WriterPut(Writer, L'-');
        WriterPutHex(Writer, Guid->Data4[Index], 2);
    }
    WriterPut(Writer, L'}');
}

DWORD
TextFormatArguments(WCHAR *Buffer, DWORD Capacity, LPCWSTR Format, va_list Arguments)
{
    TEXT_WRITER Writer = {Buffer, Capacity, 0, FALSE};

    if (!Capacity)
        return 0;
    for (; *Format; ++Format) {
        if (*Format != L'%' || !Format[1]) {
            WriterPut(&Writer, *Format);
            continue;
        }
        switch (*++Format) {
        case L's':
            WriterPutText(&Writer, va_arg(Arguments, LPCWSTR));
            break;
        case L'u':
            WriterPutDecimal(&Writer, va_arg(Arguments, DWORD));
            break;
        case L'x':
            WriterPutHex(&Writer, va_arg(Arguments, DWORD), 8);
            break;
        case L'g':
            WriterPutGuid(&Writer, va_arg(Arguments, const GUID *));
            break;
        default:
            WriterPut(&Writer, *Format);
        }
    }
    /* The first half of a character whose second did not fit. */
    if (Writer.IsCut && Writer.Length && (Buffer[Writer.Length - 1] & 0xFC00) == 0xD800)
        --Writer.Length;
    Buffer[Writer.Length] = 0;
    return Writer.IsCut ? Capacity : Writer.Length;
}

DWORD
TextFormat(WCHAR *Buffer, DWORD Capacity, LPCWSTR Format, ...)
{
    va_list Arguments;
    va_start(Arguments, Format);
    DWORD Length = TextFormatArguments(Buffer, Capacity, Format, Arguments);
    va_end(Arguments);
    return Length;
}

DWORD
TextLength(LPCWSTR Text)
{
    DWORD Length = 0;
    while (Text[Length])
        ++Length;
    return Length;
}

BOOL
TextIsEqual(LPCWSTR Left, LPCWSTR Right)
{
    DWORD LastError = GetLastError();
    BOOL IsEqual = CompareStringOrdinal(Left, -1, Right, -1, TRUE) == CSTR_EQUAL;
    SetLastError(LastError);
    return IsEqual;
}

BOOL
TextCopy(WCHAR *Buffer, DWORD Capacity, LPCWSTR Source)
{
    DWORD Length = TextLength(Source);
    if (Length >= Capacity)
        return FALSE;
    for (DWORD Index = 0; Index <= Length; ++Index)
        Buffer[Index] = Source[Index];
    return TRUE;
}

BOOL
GuidIsEqual(const GUID *Left, const GUID *Right)
{
    const BYTE *A = (const BYTE *)Left, *B = (const BYTE *)Right;
    for (DWORD Index = 0; Index < sizeof(GUID); ++Index) {
        if (A[Index] != B[Index])
            return FALSE;
    }
    return TRUE;
}

/* Reads Digits hexadecimal digits. */
static BOOL
ParseHex(LPCWSTR *Text, DWORD Digits, DWORD *Value)
{
    *Value = 0;
    for (; Digits; --Digits, ++*Text) {
        WCHAR Character = **Text;
        DWORD Digit;
        if (Character >= L'0' && Character <= L'9')
            Digit = Character - L'0';
        else if (Character >= L'a' && Character <= L'f')
            Digit = Character - L'a' + 10u;
        else if (Character >= L'A' && Character <= L'F')
            Digit = Character - L'A' + 10u;
        else
            return FALSE;
        *Value = *Value << 4 | Digit;
    }
    return TRUE;
}

static BOOL
ParseCharacter(LPCWSTR *Text, WCHAR Expected)
{
    if (**Text != Expected)
        return FALSE;
    ++*Text;
    return TRUE;
}

BOOL
GuidParse(LPCWSTR Text, GUID *Guid)
{
    DWORD Value;

    if (!ParseCharacter(&Text, L'{') || !ParseHex(&Text, 8, &Guid->Data1))
        return FALSE;
    if (!ParseCharacter(&Text, L'-') || !ParseHex(&Text, 4, &Value))
        return FALSE;
    Guid->Data2 = (USHORT)Value;
    if (!ParseCharacter(&Text, L'-') || !ParseHex(&Text, 4, &Value))
        return FALSE;
    Guid->Data3 = (USHORT)Value;
    for (DWORD Index = 0; Index < 8; ++Index) {
        if ((Index == 0 || Index == 2) && !ParseCharacter(&Text, L'-'))
            return FALSE;
        if (!ParseHex(&Text, 2, &Value))
            return FALSE;
        Guid->Data4[Index] = (BYTE)Value;
    }
    return ParseCharacter(&Text, L'}') && !*Text;
}
