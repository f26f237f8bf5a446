/* SPDX-License-Identifier: MIT
 * Text to sections, lines and values. The size of the input bounds all that is allocated here. */
#include "inf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Setup refuses longer lines; the other limits only keep hostile input cheap. */
#define MAX_LINE_LENGTH 4096
#define MAX_INF_SIZE    (256u << 10)
#define MAX_SECTIONS    1024
#define MAX_LINES       8192
#define MAX_LOOKUPS     16384 /* of %strings%, each of which may look at every line */

/* Text as UTF-8 with a final NUL, or NULL. */
static char *
Decode(const uint8_t *Data, size_t Size)
{
    char *Text;
    size_t Used = 0;

    if (Size >= 2 && Data[0] == 0xff && Data[1] == 0xfe) {
        Text = malloc(Size / 2 * 3 + 1);
        for (size_t Index = 2; Text && Index + 1 < Size; Index += 2) {
            unsigned Unit = Data[Index] | (unsigned)Data[Index + 1] << 8;

            if (Unit < 0x80) {
                Text[Used++] = (char)Unit;
            } else if (Unit < 0x800) {
                Text[Used++] = (char)(0xc0 | Unit >> 6);
                Text[Used++] = (char)(0x80 | (Unit & 0x3f));
            } else {
                Text[Used++] = (char)(0xe0 | Unit >> 12);
                Text[Used++] = (char)(0x80 | (Unit >> 6 & 0x3f));
                Text[Used++] = (char)(0x80 | (Unit & 0x3f));
            }
        }
    } else {
        size_t Skip = Size >= 3 && !memcmp(Data, "\xef\xbb\xbf", 3) ? 3 : 0;

        Text = malloc(Size + 1);
        if (Text)
            memcpy(Text, Data + Skip, Size - Skip);
        Used = Size - Skip;
    }
    if (Text)
        Text[Used] = 0;
    if (Text && strlen(Text) != Used) {
        free(Text);
        Text = NULL;
    }
    return Text;
}

/* One more element for an array that grows by doubling; Count is the number in use. */
static void *
Grow(void *Array, unsigned Count, size_t Size)
{
    if (Count & (Count - 1))
        return Array;
    return realloc(Array, (Count ? 2 * (size_t)Count : 1) * Size);
}

static INF_SECTION *
AddSection(INF *Inf, const char *Name)
{
    INF_SECTION *Grown = (INF_SECTION *)InfFindSection(Inf, Name);

    if (Grown)
        return Grown;
    if (Inf->Count == MAX_SECTIONS)
        return NULL;
    Grown = Grow(Inf->Sections, Inf->Count, sizeof(*Grown));
    if (!Grown)
        return NULL;
    Inf->Sections = Grown;
    Grown += Inf->Count;
    memset(Grown, 0, sizeof(*Grown));
    Grown->Name = strdup(Name);
    if (!Grown->Name)
        return NULL;
    ++Inf->Count;
    return Grown;
}

/* Blanks out the comment and the blanks at the end. False when a quote stays open. */
static bool
TrimLine(char *Line)
{
    bool Quoted = false;
    char *End = Line;

    for (; *End && (Quoted || *End != ';'); ++End)
        Quoted ^= *End == '"';
    while (End > Line && isspace((unsigned char)End[-1]))
        --End;
    *End = 0;
    return !Quoted;
}

static char *
SkipBlanks(char *Text)
{
    while (isspace((unsigned char)*Text))
        ++Text;
    return Text;
}

/* Takes one value off *Text: up to a comma outside quotes, blanks around it dropped, "" in quotes is a quote.
 */
static char *
TakeValue(char **Text)
{
    char *From = SkipBlanks(*Text), *End = From, *Value;
    size_t Used = 0, Keep = 0;
    bool Quoted = false;

    for (; *End && (Quoted || *End != ','); ++End)
        Quoted ^= *End == '"';
    Value = malloc((size_t)(End - From) + 1);
    Quoted = false;
    if (!Value)
        return NULL;
    for (; *From && (Quoted || *From != ','); ++From) {
        if (*From == '"' && Quoted && From[1] == '"') {
            Value[Used++] = *From++;
            Keep = Used;
        } else if (*From == '"') {
            Quoted = !Quoted;
            Keep = Used;
        } else {
            Value[Used++] = *From;
            if (Quoted || !isspace((unsigned char)*From))
                Keep = Used;
        }
    }
    Value[Keep] = 0;
    *Text = From;
    return Value;
}

static bool
AddLine(INF_SECTION *Section, char *Text)
{
    INF_LINE *Lines = Grow(Section->Lines, Section->Count, sizeof(*Lines)), *Line;
    char *Equals = Text, *Value, **Values;
    bool Quoted = false;

    if (!Lines)
        return false;
    Section->Lines = Lines;
    Line = Lines + Section->Count++;
    memset(Line, 0, sizeof(*Line));
    for (; *Equals && (Quoted || *Equals != '='); ++Equals)
        Quoted ^= *Equals == '"';
    if (*Equals) {
        *Equals = 0;
        Line->Key = TakeValue(&Text);
        if (!Line->Key)
            return false;
        Text = Equals + 1;
    }
    for (;; ++Text) {
        Value = TakeValue(&Text);
        Values = Value ? Grow(Line->Values, Line->Count, sizeof(*Values)) : NULL;
        if (!Values) {
            free(Value);
            return false;
        }
        Line->Values = Values;
        Values[Line->Count++] = Value;
        if (*Text != ',')
            return true;
    }
}

/* Replaces %name% from [Strings]; %% is a per cent sign, an unknown name stays as it is. Not recursive.
 * NULL when memory is short, or after too many of them. */
static char *
Substitute(const INF_SECTION *Strings, char *Value, unsigned *Lookups)
{
    size_t Size = strlen(Value) + 1, Used = 0;
    char *Result, *Name, *End;
    const char *Text;

    if (!strchr(Value, '%'))
        return Value;
    Result = malloc(Size);
    for (const char *From = Value; Result && *From; ++From) {
        char One[2] = {*From, 0};

        Text = One;
        End = *From == '%' ? strchr(From + 1, '%') : NULL;
        if (End == From + 1) {
            From = End;
        } else if (End) {
            Name = ++*Lookups <= MAX_LOOKUPS ? strndup(From + 1, (size_t)(End - From - 1)) : NULL;
            if (!Name) {
                free(Result);
                Result = NULL;
                break;
            }
            Text = Strings ? InfFindValue(Strings, Name) : NULL;
            free(Name);
            if (Text)
                From = End;
            else
                Text = One;
        }
        Size += strlen(Text);
        if (Size > MAX_INF_SIZE) {
            free(Result);
            Result = NULL;
            break;
        }
        Name = realloc(Result, Size);
        if (!Name) {
            free(Result);
            Result = NULL;
            break;
        }
        Result = Name;
        memcpy(Result + Used, Text, strlen(Text));
        Used += strlen(Text);
    }
    if (Result)
        Result[Used] = 0;
    free(Value);
    return Result;
}

static bool
SubstituteAll(INF *Inf)
{
    const INF_SECTION *Strings = InfFindSection(Inf, "Strings");
    unsigned Lookups = 0;
    size_t Total = 0;

    for (unsigned Section = 0; Section < Inf->Count; ++Section) {
        if (&Inf->Sections[Section] == Strings)
            continue;
        for (unsigned Line = 0; Line < Inf->Sections[Section].Count; ++Line) {
            INF_LINE *Entry = &Inf->Sections[Section].Lines[Line];

            if (Entry->Key && !(Entry->Key = Substitute(Strings, Entry->Key, &Lookups)))
                return false;
            for (unsigned Value = 0; Value < Entry->Count; ++Value) {
                Entry->Values[Value] = Substitute(Strings, Entry->Values[Value], &Lookups);
                if (!Entry->Values[Value] || (Total += strlen(Entry->Values[Value])) > 4 * MAX_INF_SIZE)
                    return false;
            }
        }
    }
    return true;
}

static bool
ParseLine(INF *Inf, INF_SECTION **Section, char *Line, unsigned Number, REPORT *Report)
{
    char *End;

    Line = SkipBlanks(Line);
    if (!*Line)
        return true;
    if (*Line == '[') {
        End = strchr(Line, ']');
        if (!End || End == Line + 1 || End[1]) {
            ReportFinding(Report, "line %u: malformed section name", Number);
            return false;
        }
        *End = 0;
        *Section = AddSection(Inf, Line + 1);
        if (!*Section)
            ReportFinding(Report, "line %u: too many sections", Number);
        return *Section != NULL;
    }
    if (!*Section) {
        ReportFinding(Report, "line %u: text before the first section", Number);
        return false;
    }
    if (Number <= MAX_LINES && AddLine(*Section, Line))
        return true;
    ReportFinding(Report, "line %u: too many lines", Number);
    return false;
}

INF *
InfOpen(const uint8_t *Data, size_t Size, REPORT *Report)
{
    char *Text = Size <= MAX_INF_SIZE ? Decode(Data, Size) : NULL;
    INF *Inf = calloc(1, sizeof(*Inf));
    INF_SECTION *Section = NULL;
    char *Line = Text, *Next, *Joined = NULL;
    bool Ok = Text && Inf;

    if (!Ok)
        ReportFinding(Report, "not readable as text of at most %u bytes", MAX_INF_SIZE);
    for (unsigned Number = 1; Ok && Line; Line = Next, ++Number) {
        size_t Length = strcspn(Line, "\r\n");

        if (Length > MAX_LINE_LENGTH) {
            ReportFinding(Report, "line %u: longer than %u characters", Number, MAX_LINE_LENGTH);
            Ok = false;
            break;
        }
        Next = Line[Length] ? Line + Length + 1 : NULL;
        if (Line[Length] == '\r' && Line[Length + 1] == '\n')
            ++Next;
        Line[Length] = 0;
        if (!TrimLine(Line)) {
            ReportFinding(Report, "line %u: a quote is not closed", Number);
            Ok = false;
            break;
        }
        Length = strlen(Line);
        /* A backslash at the end joins the next line: move this one up to it. */
        if (Length && Line[Length - 1] == '\\' && Next) {
            size_t Gap = (size_t)(Next - Line) - (Length - 1);

            Joined = Line + Gap;
            memmove(Joined, Line, Length - 1);
            Next = Joined;
            continue;
        }
        Ok = ParseLine(Inf, &Section, Line, Number, Report);
    }
    if (Ok && !SubstituteAll(Inf)) {
        ReportFinding(Report, "the strings are too many or too long");
        Ok = false;
    }
    free(Text);
    if (!Ok) {
        InfClose(Inf);
        return NULL;
    }
    return Inf;
}

void
InfClose(INF *Inf)
{
    if (!Inf)
        return;
    for (unsigned Section = 0; Section < Inf->Count; ++Section) {
        for (unsigned Line = 0; Line < Inf->Sections[Section].Count; ++Line) {
            INF_LINE *Entry = &Inf->Sections[Section].Lines[Line];

            for (unsigned Value = 0; Value < Entry->Count; ++Value)
                free(Entry->Values[Value]);
            free(Entry->Values);
            free(Entry->Key);
        }
        free(Inf->Sections[Section].Lines);
        free(Inf->Sections[Section].Name);
    }
    free(Inf->Sections);
    free(Inf);
}

const INF_SECTION *
InfFindSection(const INF *Inf, const char *Name)
{
    for (unsigned Index = 0; Index < Inf->Count; ++Index)
        if (!strcasecmp(Inf->Sections[Index].Name, Name))
            return &Inf->Sections[Index];
    return NULL;
}

const char *
InfFindValue(const INF_SECTION *Section, const char *Key)
{
    for (unsigned Index = 0; Section && Index < Section->Count; ++Index)
        if (Section->Lines[Index].Key && !strcasecmp(Section->Lines[Index].Key, Key) &&
            Section->Lines[Index].Count)
            return Section->Lines[Index].Values[0];
    return NULL;
}
