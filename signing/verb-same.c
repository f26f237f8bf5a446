/* SPDX-License-Identifier: MIT
 * sign-tool same: compares two releases, or two files, and shows that they differ in signatures alone. */
#include "file.h"
#include "same.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool
Load(const char *Path, TREE *Tree, REPORT *Report)
{
    struct stat Status;
    FILE_BYTES Bytes;
    bool Ok;

    memset(Tree, 0, sizeof(*Tree));
    if (!stat(Path, &Status) && S_ISDIR(Status.st_mode))
        return TreeLoadFolder(Tree, Path, Report);
    if (!FileRead(Path, &Bytes, Report))
        return false;
    Ok = TreeLoadZip(Tree, Bytes.Data, Bytes.Size, Report);
    FileFree(&Bytes);
    return Ok;
}

static bool
IsTree(const char *Path)
{
    size_t Length = strlen(Path);
    struct stat Status;

    return (!stat(Path, &Status) && S_ISDIR(Status.st_mode)) ||
           (Length > 4 && !strcmp(Path + Length - 4, ".zip"));
}

int
VerbSame(int Count, char **Arguments)
{
    REPORT Report = {.Out = stdout, .Subject = "same"};
    unsigned Pairs = 0, Skipped = 0;
    TREE A = {0}, B = {0};
    FILE_BYTES First, Second = {0};

    if (Count != 3) {
        fprintf(stderr, "usage: sign-tool same A B     two folders, two zip archives or two files\n");
        return 2;
    }
    if (IsTree(Arguments[1])) {
        if (Load(Arguments[1], &A, &Report) && Load(Arguments[2], &B, &Report))
            SameTrees(&A, &B, &Pairs, &Skipped, &Report);
        TreeFree(&A);
        TreeFree(&B);
    } else if (FileRead(Arguments[1], &First, &Report) && FileRead(Arguments[2], &Second, &Report)) {
        ++Pairs;
        SameBytes(Arguments[1], First.Data, First.Size, Second.Data, Second.Size, &Report);
        FileFree(&First);
        FileFree(&Second);
    }
    printf("%u files compared, %u left out: %u difference%s beyond signatures\n", Pairs, Skipped,
           Report.Findings, Report.Findings == 1 ? "" : "s");
    return Report.Findings || !Pairs ? 1 : 0;
}
