/* SPDX-License-Identifier: MIT */
#include "zip.h"
#include "file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define MAX_DEPTH 16

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

/* Takes over Path and Data. */
static bool
AddFile(TREE *Tree, char *Path, uint8_t *Data, size_t Size, REPORT *Report)
{
    TREE_FILE *Files = Tree->Count < TREE_MAX_FILES && Path && Data && Size <= TREE_MAX_BYTES - Tree->Bytes
                           ? realloc(Tree->Files, (Tree->Count + 1) * sizeof(*Files))
                           : NULL;

    if (!Files) {
        ReportFinding(Report, "too many or too large files");
        free(Path);
        free(Data);
        return false;
    }
    Tree->Files = Files;
    Files[Tree->Count].Path = Path;
    Files[Tree->Count].Data = Data;
    Files[Tree->Count++].Size = Size;
    Tree->Bytes += Size;
    return true;
}

static int
CompareFiles(const void *A, const void *B)
{
    return strcmp(((const TREE_FILE *)A)->Path, ((const TREE_FILE *)B)->Path);
}

static void
SortTree(TREE *Tree)
{
    if (Tree->Count)
        qsort(Tree->Files, Tree->Count, sizeof(Tree->Files[0]), CompareFiles);
}

static bool
LoadFolder(TREE *Tree, const char *Root, const char *Below, unsigned Depth, REPORT *Report)
{
    char *Folder = FileJoin(Root, Below), *Path, *Relative;
    DIR *Directory = Folder ? opendir(Folder) : NULL;
    struct dirent *Entry;
    struct stat Status;
    FILE_BYTES Bytes;
    bool Ok = Directory != NULL && Depth < MAX_DEPTH;

    if (!Ok)
        ReportFinding(Report, "cannot read the folder %s", Folder ? Folder : Root);
    while (Ok && (Entry = readdir(Directory)) != NULL) {
        if (!strcmp(Entry->d_name, ".") || !strcmp(Entry->d_name, ".."))
            continue;
        Path = FileJoin(Folder, Entry->d_name);
        Relative = FileJoin(Below, Entry->d_name);
        if (!Path || !Relative || lstat(Path, &Status)) {
            ReportFinding(Report, "cannot read %s", Entry->d_name);
            Ok = false;
        } else if (S_ISDIR(Status.st_mode)) {
            Ok = LoadFolder(Tree, Root, Relative, Depth + 1, Report);
        } else if (!S_ISREG(Status.st_mode)) {
            ReportFinding(Report, "%s is no plain file", Relative);
        } else if ((Ok = FileRead(Path, &Bytes, Report)) != false) {
            Ok = AddFile(Tree, Relative, Bytes.Data, Bytes.Size, Report);
            Relative = NULL;
        }
        free(Path);
        free(Relative);
    }
    if (Directory)
        closedir(Directory);
    free(Folder);
    return Ok;
}

bool
TreeLoadFolder(TREE *Tree, const char *Folder, REPORT *Report)
{
    bool Ok;

    memset(Tree, 0, sizeof(*Tree));
    Ok = LoadFolder(Tree, Folder, "", 0, Report);
    SortTree(Tree);
    return Ok;
}

static bool
IsSafePath(const char *Path)
{
    const char *Part = Path;

    if (!*Path || *Path == '/' || strpbrk(Path, "\\:"))
        return false;
    for (; Part; Part = strchr(Part, '/')) {
        Part += *Part == '/';
        if (!strncmp(Part, "..", 2) && (Part[2] == '/' || !Part[2]))
            return false;
    }
    return true;
}

static bool
Inflate(const uint8_t *Packed, size_t PackedSize, uint8_t *Data, size_t Size)
{
    z_stream Stream = {0};
    bool Ok;

    if (inflateInit2(&Stream, -MAX_WBITS) != Z_OK)
        return false;
    Stream.next_in = (Bytef *)Packed;
    Stream.avail_in = (uInt)PackedSize;
    Stream.next_out = Data;
    Stream.avail_out = (uInt)Size;
    Ok = inflate(&Stream, Z_FINISH) == Z_STREAM_END && Stream.total_out == Size;
    inflateEnd(&Stream);
    return Ok;
}

/* One entry of the central directory, with its local header followed. */
static bool
LoadEntry(TREE *Tree, const uint8_t *Zip, size_t ZipSize, const uint8_t *Entry, REPORT *Report)
{
    uint32_t Flags = Get16(Entry + 8), Method = Get16(Entry + 10), Crc = Get32(Entry + 16);
    size_t PackedSize = Get32(Entry + 20), Size = Get32(Entry + 24), Local = Get32(Entry + 42), Start;
    size_t NameSize = Get16(Entry + 28);
    char *Path = strndup((const char *)Entry + 46, NameSize);
    uint8_t *Data = NULL;
    bool Ok;

    if (!Path || strlen(Path) != NameSize || !IsSafePath(Path)) {
        ReportFinding(Report, "the archive has an entry whose name is not safe: '%s'", Path ? Path : "");
        free(Path);
        return false;
    }
    if (Path[NameSize - 1] == '/') {
        free(Path);
        return true;
    }
    Ok = !(Flags & 1) && (Method == 0 || Method == 8) && Local <= ZipSize && ZipSize - Local >= 30 &&
         Get32(Zip + Local) == 0x04034b50;
    if (Ok) {
        Start = Local + 30 + Get16(Zip + Local + 26) + Get16(Zip + Local + 28);
        Ok = Start <= ZipSize && PackedSize <= ZipSize - Start && Size <= TREE_MAX_BYTES - Tree->Bytes &&
             Get16(Zip + Local + 26) == NameSize && Start >= Local + 30 + NameSize &&
             !memcmp(Zip + Local + 30, Path, NameSize);
        /* Some tools follow the local header: it may not tell them another story. Flag 8: it leaves it out. */
        Ok = Ok && Get16(Zip + Local + 8) == Method && (Get16(Zip + Local + 6) & 8) == (Flags & 8) &&
             ((Flags & 8) || !memcmp(Zip + Local + 14, Entry + 16, 12));
    }
    /* Deflate cannot shrink further than 1 : 1032, which bounds what a lying size makes us allocate. */
    if (Ok && (Method == 0 ? PackedSize != Size : Size / 1040 > PackedSize)) {
        ReportFinding(Report, "%s claims a size that it cannot have", Path);
        free(Path);
        return false;
    }
    Data = Ok ? malloc(Size + 1) : NULL;
    if (Data && Method == 0)
        memcpy(Data, Zip + Start, Size);
    else if (Data)
        Ok = Inflate(Zip + Start, PackedSize, Data, Size);
    if (!Data || !Ok || crc32(0, Data, (uInt)Size) != Crc) {
        ReportFinding(Report, "%s cannot be unpacked: damaged, encrypted or of an unknown method", Path);
        free(Path);
        free(Data);
        return false;
    }
    Data[Size] = 0;
    return AddFile(Tree, Path, Data, Size, Report);
}

static bool
FindDirectory(const uint8_t *Data, size_t Size, size_t *Offset, unsigned *Count)
{
    /* The end record, 22 bytes and a comment of at most 65535, sought from the end. */
    for (size_t Back = 22; Back <= Size && Back <= 22 + 65535; ++Back) {
        const uint8_t *End = Data + Size - Back;

        if (Get32(End) != 0x06054b50 || Get16(End + 20) != Back - 22)
            continue;
        *Count = Get16(End + 10);
        *Offset = Get32(End + 16);
        return *Offset <= Size - Back && Get32(End + 12) <= Size - Back - *Offset && Get16(End + 4) == 0;
    }
    return false;
}

bool
TreeLoadZip(TREE *Tree, const uint8_t *Data, size_t Size, REPORT *Report)
{
    size_t Offset, Length;
    unsigned Count;
    bool Ok = true;

    memset(Tree, 0, sizeof(*Tree));
    if (Size > FILE_MAX_SIZE || !FindDirectory(Data, Size, &Offset, &Count)) {
        ReportFinding(Report, "not a zip archive");
        return false;
    }
    for (; Ok && Count; --Count, Offset += Length) {
        Ok = Offset <= Size && Size - Offset >= 46 && Get32(Data + Offset) == 0x02014b50;
        Length =
            Ok ? 46 + Get16(Data + Offset + 28) + Get16(Data + Offset + 30) + Get16(Data + Offset + 32) : 0;
        if (!Ok || Length > Size - Offset) {
            ReportFinding(Report, "the directory of the archive is damaged");
            Ok = false;
        } else {
            Ok = LoadEntry(Tree, Data, Size, Data + Offset, Report);
        }
    }
    SortTree(Tree);
    for (unsigned Index = 1; Ok && Index < Tree->Count; ++Index)
        if (!strcmp(Tree->Files[Index].Path, Tree->Files[Index - 1].Path)) {
            ReportFinding(Report, "the archive has %s twice", Tree->Files[Index].Path);
            Ok = false;
        }
    return Ok;
}

void
TreeFree(TREE *Tree)
{
    for (unsigned Index = 0; Index < Tree->Count; ++Index) {
        free(Tree->Files[Index].Path);
        free(Tree->Files[Index].Data);
    }
    free(Tree->Files);
    memset(Tree, 0, sizeof(*Tree));
}

const TREE_FILE *
TreeFind(const TREE *Tree, const char *Path)
{
    for (unsigned Index = 0; Index < Tree->Count; ++Index)
        if (!strcmp(Tree->Files[Index].Path, Path))
            return &Tree->Files[Index];
    return NULL;
}
