/* SPDX-License-Identifier: MIT
 * sign-tool verify, and the small verbs that read images. */
#include "file.h"
#include "pe.h"
#include "verbs.h"
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char Usage[] =
    "usage: sign-tool verify [OPTION]... PATH...\n"
    "PATH is a folder, a zip archive, an image, an INF with its package beside it, a catalog, or a cabinet.\n"
    "  --trust FILE          chains may end at these certificates (PEM or DER; may be repeated)\n"
    "  --system-trust        and at those that this machine trusts\n"
    "  --any-root            check content and signatures, whoever signed\n"
    "  --unsigned            leave signatures out; catalogs may be missing\n"
    "  --require-timestamp   a signature without a time stamp is a finding\n"
    "  --crl FILE            certificates that are listed here (PEM or DER; may be repeated) are revoked\n"
    "  --containers FOLDER   keep copies of setups and cabinets there, for who unpacks them\n"
    "  --version X.Y.Z       the version that everything has to carry\n"
    "  --quiet               findings only\n"
    "Exit code 0: no findings, 1: findings, 2: wrong usage.\n";

/* For who checks the containers: the version that all had. */
static bool
WriteVersion(const VERIFY *Verify, REPORT *Report)
{
    const char *Text = Verify->Version ? Verify->Version : Verify->Found;
    char *Path = FileJoin(Verify->Containers, "version");
    bool Ok = Path && FileWrite(Path, (const uint8_t *)Text, strlen(Text), Report);

    free(Path);
    return Ok;
}

int
VerbVerify(int Count, char **Arguments)
{
    VERIFY Verify = {.Out = stdout};
    REPORT Report = {.Out = stdout, .Subject = "verify"};
    int Index = 1, Result = 2;

    Verify.Trust.Time = time(NULL);
    for (; Index < Count && !strncmp(Arguments[Index], "--", 2); ++Index) {
        const char *Option = Arguments[Index], *Value = Index + 1 < Count ? Arguments[Index + 1] : NULL;

        if (!strcmp(Option, "--system-trust"))
            Verify.Trust.SystemRoots = true;
        else if (!strcmp(Option, "--any-root"))
            Verify.Trust.AnyRoot = true;
        else if (!strcmp(Option, "--unsigned"))
            Verify.Unsigned = true;
        else if (!strcmp(Option, "--require-timestamp"))
            Verify.Trust.RequireTimestamp = true;
        else if (!strcmp(Option, "--quiet"))
            Verify.Quiet = true;
        else if (!strcmp(Option, "--version") && Value)
            Verify.Version = Arguments[++Index];
        else if (!strcmp(Option, "--containers") && Value)
            Verify.Containers = Arguments[++Index];
        else if (!strcmp(Option, "--crl") && Value) {
            if (!TrustAddList(&Verify.Trust, Arguments[++Index], &Report))
                goto cleanupTrust;
        } else if (!strcmp(Option, "--trust") && Value) {
            if (!TrustAddFile(&Verify.Trust, Arguments[++Index], &Report))
                goto cleanupTrust;
        } else {
            fputs(Usage, stderr);
            goto cleanupTrust;
        }
    }
    if (Index == Count) {
        fputs(Usage, stderr);
        goto cleanupTrust;
    }
    if (!Verify.Unsigned && !Verify.Trust.AnyRoot && !Verify.Trust.Roots && !Verify.Trust.SystemRoots) {
        fprintf(stderr,
                "verify: name who is trusted: --trust FILE, --system-trust, --any-root or --unsigned\n");
        goto cleanupTrust;
    }
    for (; Index < Count; ++Index)
        VerifyPath(&Verify, Arguments[Index]);
    if (Verify.Containers && !WriteVersion(&Verify, &Report))
        goto cleanupTrust;
    printf("%u images, %u driver packages, %u archives: %u finding%s\n", Verify.Images, Verify.Packages,
           Verify.Archives, Verify.Findings, Verify.Findings == 1 ? "" : "s");
    Result = Verify.Findings ? 1 : 0;
    if (!Verify.Images && !Verify.Packages && !Verify.Catalogs && !Verify.ContainerCount &&
        !Verify.Findings) {
        printf("nothing there to verify\n");
        Result = 1;
    }

cleanupTrust:
    TrustFree(&Verify.Trust);
    return Result;
}

static bool
OpenImage(const char *Path, FILE_BYTES *Bytes, PE_IMAGE *Image, REPORT *Report)
{
    const char *Error;

    if (!FileRead(Path, Bytes, Report))
        return false;
    if (PeOpen(Image, Bytes->Data, Bytes->Size, &Error))
        return true;
    ReportFinding(Report, "%s", Error);
    FileFree(Bytes);
    return false;
}

/* sign-tool hash IMAGE...: the SHA-256 Authenticode hash, which a signature leaves as it is. */
int
VerbHash(int Count, char **Arguments)
{
    int Result = Count > 1 ? 0 : 2;

    for (int Index = 1; Index < Count; ++Index) {
        REPORT Report = {.Out = stderr, .Subject = Arguments[Index]};
        uint8_t Digest[EVP_MAX_MD_SIZE];
        FILE_BYTES Bytes;
        PE_IMAGE Image;
        unsigned Size;

        if (!OpenImage(Arguments[Index], &Bytes, &Image, &Report)) {
            Result = 1;
            continue;
        }
        if (PeHash(&Image, EVP_sha256(), Digest, &Size)) {
            for (unsigned Byte = 0; Byte < Size; ++Byte)
                printf("%02x", Digest[Byte]);
            printf("  %s %s\n", PeMachineName(Image.Machine) ? PeMachineName(Image.Machine) : "unknown",
                   Arguments[Index]);
        }
        FileFree(&Bytes);
    }
    return Result;
}

static void
Set32(uint8_t *Data, uint32_t Value)
{
    for (unsigned Index = 0; Index < 4; ++Index)
        Data[Index] = (uint8_t)(Value >> 8 * Index);
}

/* sign-tool strip IN OUT: the image without signature, padding to 8 kept, checksum set: one form for
 * comparisons. */
int
VerbStrip(int Count, char **Arguments)
{
    REPORT Report = {.Out = stderr, .Subject = Count == 3 ? Arguments[1] : "strip"};
    FILE_BYTES Bytes;
    PE_IMAGE Image;
    const char *Error;
    uint8_t *Grown;
    bool Ok;

    if (Count != 3) {
        fprintf(stderr, "usage: sign-tool strip IN OUT\n");
        return 2;
    }
    if (!OpenImage(Arguments[1], &Bytes, &Image, &Report))
        return 1;
    Grown = calloc(1, Bytes.Size + 8);
    if (!Grown)
        return 1;
    memcpy(Grown, Bytes.Data, Bytes.Size);
    FileFree(&Bytes);
    if (Image.CertificateOffset)
        Image.Size = Image.CertificateOffset;
    Image.Size = (Image.Size + 7) & ~(size_t)7;
    Image.Data = Grown;
    memset(Grown + Image.Directories + PE_DIRECTORY_CERTIFICATE * 8, 0, 8);
    Set32(Grown + Image.CheckSumOffset, PeComputeCheckSum(&Image));
    Ok = PeOpen(&Image, Grown, Image.Size, &Error) && FileWrite(Arguments[2], Grown, Image.Size, &Report);
    free(Grown);
    return Ok ? 0 : 1;
}

/* sign-tool extract IMAGE FOLDER: writes the packages in the resources to FOLDER/1, FOLDER/2 ... */
int
VerbExtract(int Count, char **Arguments)
{
    REPORT Report = {.Out = stderr, .Subject = Count == 3 ? Arguments[1] : "extract"};
    EMBEDDED *Packages = calloc(EMBEDDED_MAX, sizeof(*Packages));
    unsigned Found = 0;
    FILE_BYTES Bytes;
    PE_IMAGE Image;
    bool Ok;

    if (Count != 3 || !Packages) {
        fprintf(stderr, "usage: sign-tool extract IMAGE FOLDER (FOLDER/1 and so on have to be there)\n");
        free(Packages);
        return 2;
    }
    if (!OpenImage(Arguments[1], &Bytes, &Image, &Report)) {
        free(Packages);
        return 1;
    }
    Ok = EmbeddedLoad(Packages, &Found, &Image, &Report);
    for (unsigned Index = 0; Index < Found; ++Index) {
        for (unsigned File = 0; Ok && File < Packages[Index].FileCount; ++File) {
            char Path[4096];

            snprintf(Path, sizeof(Path), "%.3000s/%u/%s", Arguments[2], Index + 1,
                     Packages[Index].Files[File].Name);
            Ok = FileWrite(Path, Packages[Index].Files[File].Data, Packages[Index].Files[File].Size, &Report);
        }
        PackageFree(&Packages[Index].Package);
    }
    printf("%u\n", Found);
    FileFree(&Bytes);
    free(Packages);
    return Ok ? 0 : 1;
}

/* sign-tool check-signature [--require-timestamp] FILE: content, signature and time stamp of an image or a catalog
 * that was signed just now, and whether the signer's certificate is fit for it; whoever issued it. */
int
VerbCheckSignature(int Count, char **Arguments)
{
    bool Timestamp = Count == 3 && !strcmp(Arguments[1], "--require-timestamp");
    const char *Path = Arguments[Timestamp ? 2 : 1], *Error;
    REPORT Report = {.Out = stderr, .Subject = Path, .Quiet = true};
    TRUST Trust = {.AnyRoot = true, .SignsNow = true, .RequireTimestamp = Timestamp, .Time = time(NULL)};
    FILE_BYTES Bytes;
    PE_IMAGE Image;

    if (Count != (Timestamp ? 3 : 2)) {
        fprintf(stderr, "usage: sign-tool check-signature [--require-timestamp] FILE\n");
        return 2;
    }
    if (!FileRead(Path, &Bytes, &Report))
        return 1;
    if (Bytes.Size && Bytes.Data[0] == 0x30)
        SignatureCheckCatalog(Bytes.Data, Bytes.Size, &Trust, &Report);
    else if (PeOpen(&Image, Bytes.Data, Bytes.Size, &Error))
        SignatureCheckImage(&Image, &Trust, &Report);
    else
        ReportFinding(&Report, "%s", Error);
    FileFree(&Bytes);
    return Report.Findings ? 1 : 0;
}
