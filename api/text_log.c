/* SPDX-License-Identifier: MIT */
#include "text_log.h"

/* The line at *At, which moves behind its end; FALSE at the end of the log. */
static BOOL
LineNext(const char *Log, DWORD Size, DWORD *At, TEXT_LOG_LINE *Line)
{
    DWORD End = *At;

    if (*At >= Size)
        return FALSE;
    while (End < Size && Log[End] != '\n')
        ++End;
    *Line = (TEXT_LOG_LINE){Log + *At, End - *At};
    *At = End < Size ? End + 1 : End;
    while (Line->Length && (Line->Text[Line->Length - 1] == '\r' || Line->Text[Line->Length - 1] == ' '))
        --Line->Length;
    return TRUE;
}

static BOOL
LineBegins(const TEXT_LOG_LINE *Line, LPCSTR Prefix)
{
    DWORD Index = 0;
    for (; Prefix[Index]; ++Index) {
        if (Index >= Line->Length || Line->Text[Index] != Prefix[Index])
            return FALSE;
    }
    return TRUE;
}

static char
Fold(char Character)
{
    return Character >= 'A' && Character <= 'Z' ? (char)(Character + ('a' - 'A')) : Character;
}

static BOOL
IsLetterOrDigit(char Character)
{
    Character = Fold(Character);
    return (Character >= 'a' && Character <= 'z') || (Character >= '0' && Character <= '9') ||
           Character == '_';
}

/* Whether the line has the word, and not as the end of a longer one. */
static BOOL
LineHas(const TEXT_LOG_LINE *Line, LPCSTR Word)
{
    for (DWORD Start = 0; Start < Line->Length; ++Start) {
        DWORD Index = 0;
        if (Start && IsLetterOrDigit(Word[0]) && IsLetterOrDigit(Line->Text[Start - 1]))
            continue;
        while (Word[Index] && Start + Index < Line->Length &&
               Fold(Line->Text[Start + Index]) == Fold(Word[Index]))
            ++Index;
        if (!Word[Index])
            return TRUE;
    }
    return FALSE;
}

/* ">>>  [title - instance]"; the line after it begins with a time. */
static BOOL
LineIsTitle(const TEXT_LOG_LINE *Line)
{
    DWORD Index = 3;
    if (!LineBegins(Line, ">>>"))
        return FALSE;
    while (Index < Line->Length && Line->Text[Index] == ' ')
        ++Index;
    return Index < Line->Length && Line->Text[Index] == '[';
}

static BOOL
LineIsTrouble(const TEXT_LOG_LINE *Line)
{
    return LineBegins(Line, "!");
}

/* "[Exit Status(0x...)]", or "[Exit status: ...]" in later systems. */
static BOOL
LineIsExit(const TEXT_LOG_LINE *Line)
{
    return LineBegins(Line, "<<<") && LineHas(Line, "[exit");
}

/* What one section is about. */
typedef struct _SECTION
{
    DWORD Start, End;    /* offsets of its first line and behind its last one */
    TEXT_LOG_LINE Title; /* the first line of all if the section's own is not there */
    TEXT_LOG_LINE Last;  /* the exit, or what came last so far */
    BOOL IsOurs;         /* has one of the keys */
    BOOL IsWorthy;       /* reports trouble, failed or has no end */
} SECTION;

/* Reads the section at At; FALSE at the end of the log. */
static BOOL
SectionRead(const char *Log, DWORD Size, DWORD At, const LPCSTR *Keys, DWORD KeyCount, SECTION *Section)
{
    TEXT_LOG_LINE Line;
    BOOL HasEnd = FALSE;

    *Section = (SECTION){.Start = At, .End = At};
    while (!HasEnd && LineNext(Log, Size, &At, &Line)) {
        BOOL IsFirst = Section->End == Section->Start;
        if (!IsFirst && LineIsTitle(&Line))
            break; /* the next one, and this one has no end: it goes on elsewhere, or began before the log did */
        if (IsFirst)
            Section->Title = Line;
        Section->End = At;
        Section->Last = Line;
        for (DWORD Index = 0; Index < KeyCount; ++Index)
            Section->IsOurs |= LineHas(&Line, Keys[Index]);
        Section->IsWorthy |= LineIsTrouble(&Line);
        HasEnd = LineIsExit(&Line);
    }
    if (HasEnd)
        Section->IsWorthy |= !LineHas(&Section->Last, "0x00000000") && !LineHas(&Section->Last, "success");
    else
        Section->IsWorthy = TRUE;
    return Section->End != Section->Start;
}

typedef struct _PICK
{
    TEXT_LOG_LINE *Lines;
    DWORD Capacity, Count;
} PICK;

static VOID
PickAdd(PICK *Pick, const TEXT_LOG_LINE *Line)
{
    if (Pick->Count++ < Pick->Capacity) {
        Pick->Lines[Pick->Count - 1] = *Line;
        return;
    }
    for (DWORD Index = 1; Index < Pick->Capacity; ++Index)
        Pick->Lines[Index - 1] = Pick->Lines[Index];
    Pick->Lines[Pick->Capacity - 1] = *Line;
}

DWORD
TextLogPick(const char *Log, DWORD Size, const LPCSTR *Keys, DWORD KeyCount, TEXT_LOG_LINE *Lines,
            DWORD Capacity)
{
    PICK Pick = {Lines, Capacity, 0};
    SECTION Section;
    TEXT_LOG_LINE Line;

    for (DWORD At = 0; SectionRead(Log, Size, At, Keys, KeyCount, &Section); At = Section.End) {
        if (!Section.IsOurs || !Section.IsWorthy)
            continue;
        for (DWORD Inner = Section.Start; LineNext(Log, Section.End, &Inner, &Line);) {
            if (LineIsTrouble(&Line) || Line.Text == Section.Title.Text || Line.Text == Section.Last.Text)
                PickAdd(&Pick, &Line);
        }
    }
    return Pick.Count;
}

/* The character at *At, which moves behind it. */
static DWORD
Decode(const TEXT_LOG_LINE *Line, DWORD *At)
{
    static const DWORD Least[] = {0, 0x80, 0x800, 0x10000};
    BYTE First = (BYTE)Line->Text[(*At)++];
    DWORD Following = First >= 0xF0 && First < 0xF8   ? 3
                      : First >= 0xE0 && First < 0xF0 ? 2
                      : First >= 0xC0 && First < 0xE0 ? 1
                                                      : 0;

    if (First < ' ' || First == 0x7F)
        return L' ';
    if (First < 0x80)
        return First;
    DWORD Character = First & (0x3Fu >> Following);
    for (DWORD Index = 0; Index < Following; ++Index) {
        if (*At + Index >= Line->Length || ((BYTE)Line->Text[*At + Index] & 0xC0) != 0x80)
            return L'?';
        Character = Character << 6 | ((BYTE)Line->Text[*At + Index] & 0x3Fu);
    }
    if (!Following || Character < Least[Following] || Character > 0x10FFFF ||
        (Character & 0xFFFFF800) == 0xD800)
        return L'?';
    *At += Following;
    return Character;
}

VOID
TextLogWiden(const TEXT_LOG_LINE *Line, WCHAR *Buffer, DWORD Capacity)
{
    DWORD Length = 0;

    for (DWORD At = 0; At < Line->Length;) {
        DWORD Character = Decode(Line, &At);
        if (Length + 1 + (Character > 0xFFFF) >= Capacity)
            break;
        if (Character > 0xFFFF) {
            Buffer[Length++] = (WCHAR)(0xD800 + ((Character - 0x10000) >> 10));
            Buffer[Length++] = (WCHAR)(0xDC00 + (Character & 0x3FF));
        } else {
            Buffer[Length++] = (WCHAR)Character;
        }
    }
    Buffer[Length] = 0;
}
