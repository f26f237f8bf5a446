/* SPDX-License-Identifier: MIT
 * The resource tree of an image (three levels: type, name, language) and its version resource. */
#include "pe.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ENTRIES 4096

typedef struct
{
    const PE_IMAGE *Image;
    const uint8_t *Root;
    size_t Size;
    unsigned Budget; /* entries still allowed, so that a tree whose nodes share children ends */
    bool Stopped;
    bool (*Callback)(void *Context, const PE_RESOURCE *Resource);
    void *Context;
} RESOURCE_WALK;

static uint32_t
Get16(const uint8_t *Data)
{
    return Data[0] | (uint32_t)Data[1] << 8;
}

static uint32_t
Get32(const uint8_t *Data)
{
    return Get16(Data) | Get16(Data + 2) << 16;
}

/* UTF-16LE to UTF-8, cut to the buffer; unpaired surrogates become '?'. Count is in UTF-16 units. */
static void
CopyText(const uint8_t *Text, size_t Count, char *Buffer, size_t Size)
{
    size_t Used = 0;

    for (size_t Index = 0; Index < Count && Used + 4 < Size; ++Index) {
        uint32_t Unit = Get16(Text + 2 * Index);

        if (Unit < 0x80) {
            Buffer[Used++] = (char)Unit;
        } else if (Unit < 0x800) {
            Buffer[Used++] = (char)(0xc0 | Unit >> 6);
            Buffer[Used++] = (char)(0x80 | (Unit & 0x3f));
        } else if (Unit >= 0xd800 && Unit < 0xe000) {
            Buffer[Used++] = '?';
        } else {
            Buffer[Used++] = (char)(0xe0 | Unit >> 12);
            Buffer[Used++] = (char)(0x80 | (Unit >> 6 & 0x3f));
            Buffer[Used++] = (char)(0x80 | (Unit & 0x3f));
        }
    }
    Buffer[Used] = 0;
}

static bool
ReadIdentifier(const RESOURCE_WALK *Walk, uint32_t Value, uint32_t *Id, char Name[64])
{
    size_t Offset = Value & 0x7fffffff, Count;

    *Id = 0;
    Name[0] = 0;
    if (!(Value & 0x80000000)) {
        *Id = Value;
        return true;
    }
    if (Walk->Size < 2 || Offset > Walk->Size - 2)
        return false;
    Count = Get16(Walk->Root + Offset);
    if (Count * 2 > Walk->Size - Offset - 2)
        return false;
    CopyText(Walk->Root + Offset + 2, Count, Name, 64);
    return true;
}

static bool
WalkLeaf(RESOURCE_WALK *Walk, size_t Offset, PE_RESOURCE *Resource)
{
    if (Walk->Size < 16 || Offset > Walk->Size - 16)
        return false;
    Resource->Size = Get32(Walk->Root + Offset + 4);
    Resource->Data = PeMap(Walk->Image, Get32(Walk->Root + Offset), Resource->Size);
    if (!Resource->Data)
        return false;
    Walk->Stopped = !Walk->Callback(Walk->Context, Resource);
    return true;
}

static bool
WalkDirectory(RESOURCE_WALK *Walk, size_t Offset, unsigned Level, PE_RESOURCE *Resource)
{
    size_t Count;

    if (Walk->Size < 16 || Offset > Walk->Size - 16)
        return false;
    Count = Get16(Walk->Root + Offset + 12) + Get16(Walk->Root + Offset + 14);
    Offset += 16;
    if (Count * 8 > Walk->Size - Offset || Count > Walk->Budget)
        return false;
    Walk->Budget -= (unsigned)Count;
    for (size_t Index = 0; Index < Count && !Walk->Stopped; ++Index) {
        uint32_t Name = Get32(Walk->Root + Offset + 8 * Index);
        uint32_t Child = Get32(Walk->Root + Offset + 8 * Index + 4);
        char Ignored[64];

        if (!ReadIdentifier(Walk, Name,
                            Level == 0   ? &Resource->Type
                            : Level == 1 ? &Resource->Id
                                         : &Resource->Language,
                            Level == 0   ? Resource->TypeName
                            : Level == 1 ? Resource->Name
                                         : Ignored))
            return false;
        /* The top bit says "directory": set on the upper two levels, clear on the third. */
        if ((Level < 2) != (Child >> 31))
            return false;
        if (!(Level < 2 ? WalkDirectory(Walk, Child & 0x7fffffff, Level + 1, Resource)
                        : WalkLeaf(Walk, Child, Resource)))
            return false;
    }
    return true;
}

bool
PeWalkResources(const PE_IMAGE *Image, bool (*Callback)(void *Context, const PE_RESOURCE *Resource),
                void *Context)
{
    RESOURCE_WALK Walk = {.Image = Image, .Budget = MAX_ENTRIES, .Callback = Callback, .Context = Context};
    PE_RESOURCE Resource = {0};
    uint32_t Address, Size;

    if (!PeGetDirectory(Image, PE_DIRECTORY_RESOURCE, &Address, &Size))
        return true;
    Walk.Root = PeMap(Image, Address, Size);
    Walk.Size = Size;
    return Walk.Root && WalkDirectory(&Walk, 0, 0, &Resource);
}

static bool
FindVersion(void *Context, const PE_RESOURCE *Resource)
{
    if (Resource->Type != PE_RT_VERSION)
        return true;
    *(PE_RESOURCE *)Context = *Resource;
    return false;
}

static bool
KeyEquals(const uint8_t *Key, size_t Count, const char *Text)
{
    size_t Index = 0;

    for (; Index < Count && Text[Index]; ++Index)
        if (Get16(Key + 2 * Index) != (unsigned char)Text[Index])
            return false;
    return Index == Count && !Text[Index];
}

static void
StoreString(PE_VERSION *Version, const uint8_t *Key, size_t KeyCount, const uint8_t *Value, size_t ValueCount)
{
    struct
    {
        const char *Name;
        char *Buffer;
        size_t Size;
    } Known[] = {
        {"CompanyName", Version->CompanyName, sizeof(Version->CompanyName)},
        {"ProductName", Version->ProductName, sizeof(Version->ProductName)},
        {"FileDescription", Version->FileDescription, sizeof(Version->FileDescription)},
        {"OriginalFilename", Version->OriginalFilename, sizeof(Version->OriginalFilename)},
        {"FileVersion", Version->FileVersion, sizeof(Version->FileVersion)},
    };

    while (ValueCount && !Get16(Value + 2 * (ValueCount - 1)))
        --ValueCount;
    for (size_t Index = 0; Index < sizeof(Known) / sizeof(Known[0]); ++Index)
        if (KeyEquals(Key, KeyCount, Known[Index].Name))
            CopyText(Value, ValueCount, Known[Index].Buffer, Known[Index].Size);
}

/* A block: length, value length, kind (1 text), key with NUL, padding to 4, value, padding to 4, children.
 * Level 0 is VS_VERSION_INFO, 1 StringFileInfo, 2 a language, 3 a string. */
static bool
ReadBlock(PE_VERSION *Version, const uint8_t *Base, size_t Offset, size_t End, unsigned Level, size_t *Next)
{
    size_t Length, ValueLength, Key, KeyCount = 0, Value, Child;

    if (End - Offset < 6)
        return false;
    Length = Get16(Base + Offset);
    ValueLength = Get16(Base + Offset + 2);
    if (Length < 6 || Length > End - Offset)
        return false;
    if (Get16(Base + Offset + 4) == 1)
        ValueLength *= 2;
    End = Offset + Length;
    *Next = (End + 3) & ~(size_t)3;
    Key = Offset + 6;
    for (;; ++KeyCount) {
        if (Key + 2 * KeyCount + 2 > End)
            return false;
        if (!Get16(Base + Key + 2 * KeyCount))
            break;
    }
    Value = (Key + 2 * KeyCount + 2 + 3) & ~(size_t)3;
    if (Value >= End)
        return true;
    if (ValueLength > End - Value)
        ValueLength = End - Value;
    if (Level == 0) {
        if (!KeyEquals(Base + Key, KeyCount, "VS_VERSION_INFO") || ValueLength < 52 ||
            Get32(Base + Value) != 0xfeef04bd)
            return false;
        for (unsigned Index = 0; Index < 4; ++Index) {
            static const unsigned Order[4] = {2, 0, 6, 4};

            Version->File[Index] = (uint16_t)Get16(Base + Value + 8 + Order[Index]);
            Version->Product[Index] = (uint16_t)Get16(Base + Value + 16 + Order[Index]);
        }
    } else if (Level == 3) {
        StoreString(Version, Base + Key, KeyCount, Base + Value, ValueLength / 2);
        return true;
    } else if (Level == 1 && !KeyEquals(Base + Key, KeyCount, "StringFileInfo")) {
        return true;
    }
    for (Child = (Value + ValueLength + 3) & ~(size_t)3; Child < End;)
        if (!ReadBlock(Version, Base, Child, End, Level + 1, &Child))
            return false;
    return true;
}

bool
PeGetVersion(const PE_IMAGE *Image, PE_VERSION *Version)
{
    PE_RESOURCE Resource = {0};
    size_t Next;

    memset(Version, 0, sizeof(*Version));
    return PeWalkResources(Image, FindVersion, &Resource) && Resource.Data &&
           ReadBlock(Version, Resource.Data, 0, Resource.Size, 0, &Next);
}
