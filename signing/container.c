/* SPDX-License-Identifier: MIT */
#include "container.h"
#include "file.h"
#include "pe.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* What follows the flags in the header of NSIS's data, which follows the stub. */
static const uint8_t SetupMark[] = {0xef, 0xbe, 0xad, 0xde, 'N', 'u', 'l', 'l',
                                    's',  'o',  'f',  't',  'I', 'n', 's', 't'};

const char *
ContainerKind(const uint8_t *Data, size_t Size)
{
    if (Size > 36 && !memcmp(Data, "MSCF", 4))
        return ".cab";
    if (Size > 64 && Data[0] == 'M' && Data[1] == 'Z' && memmem(Data, Size, SetupMark, sizeof(SetupMark)))
        return ".exe";
    return NULL;
}

/* One line more in a file of the folder. */
static void
AddLine(const VERIFY *Verify, const char *Name, const char *First, char Between, const char *Second,
        REPORT *Report)
{
    char *Path = FileJoin(Verify->Containers, Name), Clean[1024];
    FILE *File = Path ? fopen(Path, "a") : NULL;
    bool Ok =
        File && fprintf(File, "%s%c%s\n", First, Between, ReportPrintable(Second, Clean, sizeof(Clean))) > 0;

    if (File)
        Ok = fclose(File) == 0 && Ok;
    if (!Ok)
        ReportFinding(Report, "cannot write to the folder %s", Verify->Containers);
    free(Path);
}

bool
ContainerKeep(VERIFY *Verify, const char *Path, const uint8_t *Data, size_t Size, REPORT *Report)
{
    const char *Kind = ContainerKind(Data, Size);
    char Name[32], *Copy;

    if (!Kind)
        return false;
    if (!Verify->Containers) {
        ReportNote(Report, "is a %s; what is in it is not looked at here",
                   *(Kind + 1) == 'c' ? "cabinet" : "setup");
        return true;
    }
    snprintf(Name, sizeof(Name), "%u%s", ++Verify->ContainerCount, Kind);
    Copy = FileJoin(Verify->Containers, Name);
    if (Copy && FileWrite(Copy, Data, Size, Report))
        AddLine(Verify, "list", Name, '\t', Path, Report);
    free(Copy);
    return true;
}

void
ContainerNoteFile(VERIFY *Verify, const char *Path, const uint8_t *Data, size_t Size)
{
    REPORT Report = {.Out = Verify->Out, .Subject = Path};
    uint8_t Digest[EVP_MAX_MD_SIZE];
    char Hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    unsigned Length = 0;

    if (!Verify->Containers || !EVP_Digest(Data, Size, Digest, &Length, EVP_sha256(), NULL))
        return;
    for (unsigned Index = 0; Index < Length; ++Index)
        snprintf(Hex + 2 * Index, 3, "%02x", Digest[Index]);
    AddLine(Verify, "seen", Hex, ' ', Path, &Report);
    Verify->Findings += Report.Findings;
}
