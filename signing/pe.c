/* SPDX-License-Identifier: MIT */
#include "pe.h"

#include <string.h>

#define MAX_SECTIONS 96

static uint16_t
Get16(const uint8_t *Data)
{
    return (uint16_t)(Data[0] | Data[1] << 8);
}

static uint32_t
Get32(const uint8_t *Data)
{
    return Data[0] | (uint32_t)Data[1] << 8 | (uint32_t)Data[2] << 16 | (uint32_t)Data[3] << 24;
}

static bool
Inside(size_t Limit, size_t Offset, size_t Size)
{
    return Offset <= Limit && Size <= Limit - Offset;
}

const char *
PeMachineName(uint16_t Machine)
{
    switch (Machine) {
    case PE_MACHINE_AMD64:
        return "amd64";
    case PE_MACHINE_X86:
        return "x86";
    case PE_MACHINE_ARM64:
        return "arm64";
    case PE_MACHINE_ARM:
        return "arm";
    default:
        return NULL;
    }
}

static bool
PeOpenOptionalHeader(PE_IMAGE *Image, size_t HeaderSize, const char **Error)
{
    const uint8_t *Header = Image->Data + Image->OptionalHeader;
    uint16_t Magic = Get16(Header);
    size_t Fixed = Magic == 0x20b ? 112 : 96;

    *Error = "the optional header is malformed";
    if ((Magic != 0x10b && Magic != 0x20b) || HeaderSize < Fixed)
        return false;
    Image->SectionAlignment = Get32(Header + 32);
    Image->FileAlignment = Get32(Header + 36);
    Image->SizeOfImage = Get32(Header + 56);
    Image->SizeOfHeaders = Get32(Header + 60);
    Image->CheckSumOffset = Image->OptionalHeader + 64;
    Image->CheckSum = Get32(Header + 64);
    Image->Subsystem = Get16(Header + 68);
    Image->DllCharacteristics = Get16(Header + 70);
    Image->DirectoryCount = Get32(Header + Fixed - 4);
    Image->Directories = Image->OptionalHeader + Fixed;
    return Image->DirectoryCount <= 16 && Image->DirectoryCount * 8u <= HeaderSize - Fixed;
}

static bool
PeOpenCertificates(PE_IMAGE *Image, const char **Error)
{
    const uint8_t *Entry = Image->Data + Image->Directories + PE_DIRECTORY_CERTIFICATE * 8;

    *Error = "there is no room for a signature in the data directories";
    if (Image->DirectoryCount <= PE_DIRECTORY_CERTIFICATE)
        return false;
    Image->CertificateOffset = Get32(Entry);
    Image->CertificateSize = Get32(Entry + 4);
    if (!Image->CertificateOffset && !Image->CertificateSize)
        return true;
    *Error = "the certificate table does not end the file";
    return Image->CertificateOffset % 8 == 0 && Image->CertificateSize >= 8 &&
           Image->CertificateOffset >= Image->Sections + Image->SectionCount * 40u &&
           Inside(Image->Size, Image->CertificateOffset, Image->CertificateSize) &&
           Image->CertificateOffset + Image->CertificateSize == Image->Size;
}

bool
PeOpen(PE_IMAGE *Image, const uint8_t *Data, size_t Size, const char **Error)
{
    size_t Pe, OptionalSize;
    PE_SECTION Section;

    memset(Image, 0, sizeof(*Image));
    Image->Data = Data;
    Image->Size = Size;
    *Error = "not a PE image";
    if (Size < 64 || Size > UINT32_MAX || Data[0] != 'M' || Data[1] != 'Z')
        return false;
    Pe = Get32(Data + 0x3c);
    if (Pe < 64 || !Inside(Size, Pe, 24) || memcmp(Data + Pe, "PE\0\0", 4))
        return false;
    Image->Machine = Get16(Data + Pe + 4);
    Image->SectionCount = Get16(Data + Pe + 6);
    OptionalSize = Get16(Data + Pe + 20);
    Image->Characteristics = Get16(Data + Pe + 22);
    Image->OptionalHeader = Pe + 24;
    Image->Sections = Image->OptionalHeader + OptionalSize;
    *Error = "the headers are cut off";
    if (!Inside(Size, Image->OptionalHeader, OptionalSize) || OptionalSize < 2)
        return false;
    if (Image->SectionCount > MAX_SECTIONS || !Inside(Size, Image->Sections, Image->SectionCount * 40u))
        return false;
    if (!PeOpenOptionalHeader(Image, OptionalSize, Error) || !PeOpenCertificates(Image, Error))
        return false;
    for (unsigned Index = 0; Index < Image->SectionCount; ++Index) {
        PeGetSection(Image, Index, &Section);
        *Error = "a section reaches past the end of the file";
        if (Section.RawSize && !Inside(Image->CertificateOffset ? Image->CertificateOffset : Size,
                                       Section.RawOffset, Section.RawSize))
            return false;
    }
    *Error = NULL;
    return true;
}

bool
PeGetDirectory(const PE_IMAGE *Image, unsigned Index, uint32_t *Address, uint32_t *Size)
{
    const uint8_t *Entry = Image->Data + Image->Directories + Index * 8;

    if (Index >= Image->DirectoryCount)
        return false;
    *Address = Get32(Entry);
    *Size = Get32(Entry + 4);
    return *Address && *Size;
}

void
PeGetSection(const PE_IMAGE *Image, unsigned Index, PE_SECTION *Section)
{
    const uint8_t *Entry = Image->Data + Image->Sections + Index * 40;

    memcpy(Section->Name, Entry, 8);
    Section->Name[8] = 0;
    Section->VirtualSize = Get32(Entry + 8);
    Section->VirtualAddress = Get32(Entry + 12);
    Section->RawSize = Get32(Entry + 16);
    Section->RawOffset = Get32(Entry + 20);
    Section->Flags = Get32(Entry + 36);
}

bool
PeHash(const PE_IMAGE *Image, const EVP_MD *Md, uint8_t Digest[EVP_MAX_MD_SIZE], unsigned *DigestSize)
{
    static const uint8_t Zeros[8];
    EVP_MD_CTX *Context = EVP_MD_CTX_new();
    size_t Entry = Image->Directories + PE_DIRECTORY_CERTIFICATE * 8;
    size_t End = Image->CertificateOffset ? Image->CertificateOffset : Image->Size;
    bool Ok;

    if (!Context)
        return false;
    Ok = EVP_DigestInit_ex(Context, Md, NULL) &&
         EVP_DigestUpdate(Context, Image->Data, Image->CheckSumOffset) &&
         EVP_DigestUpdate(Context, Image->Data + Image->CheckSumOffset + 4,
                          Entry - Image->CheckSumOffset - 4) &&
         EVP_DigestUpdate(Context, Image->Data + Entry + 8, End - Entry - 8) &&
         EVP_DigestUpdate(Context, Zeros, (8 - End % 8) % 8) &&
         EVP_DigestFinal_ex(Context, Digest, DigestSize);
    EVP_MD_CTX_free(Context);
    return Ok;
}

uint32_t
PeComputeCheckSum(const PE_IMAGE *Image)
{
    uint64_t Sum = 0;

    for (size_t Offset = 0; Offset < Image->Size; Offset += 2) {
        unsigned Low = Image->Data[Offset], High = Offset + 1 < Image->Size ? Image->Data[Offset + 1] : 0;

        if (Offset == Image->CheckSumOffset || Offset == Image->CheckSumOffset + 2)
            continue;
        Sum += Low | High << 8;
    }
    while (Sum >> 16)
        Sum = (Sum & 0xffff) + (Sum >> 16);
    return (uint32_t)(Sum + Image->Size);
}

int
PeGetCertificate(const PE_IMAGE *Image, unsigned Index, const uint8_t **Data, size_t *Size)
{
    size_t Offset = Image->CertificateOffset;

    /* Each entry: length (with this header), revision, type, then the blob, aligned to 8. */
    while (Offset && Offset < Image->Size) {
        size_t Length = Inside(Image->Size, Offset, 8) ? Get32(Image->Data + Offset) : 0;

        if (Length < 8 || !Inside(Image->Size, Offset, Length))
            return -1;
        if (!Index--) {
            *Data = Image->Data + Offset + 8;
            *Size = Length - 8;
            return Get16(Image->Data + Offset + 6) == 2 ? 1 : -1;
        }
        Offset += (Length + 7) & ~(size_t)7;
    }
    return 0;
}

const uint8_t *
PeMap(const PE_IMAGE *Image, uint32_t Address, size_t Size)
{
    PE_SECTION Section;

    for (unsigned Index = 0; Index < Image->SectionCount; ++Index) {
        PeGetSection(Image, Index, &Section);
        if (Section.RawSize && Address >= Section.VirtualAddress &&
            Inside(Section.RawSize, Address - Section.VirtualAddress, Size))
            return Image->Data + Section.RawOffset + (Address - Section.VirtualAddress);
    }
    return NULL;
}

static void
PeCheckSectionRules(const PE_IMAGE *Image, REPORT *Report)
{
    uint32_t Address, Size;
    PE_SECTION Section;

    for (unsigned Index = 0; Index < Image->SectionCount; ++Index) {
        PeGetSection(Image, Index, &Section);
        if ((Section.Flags & PE_SCN_WRITE) && (Section.Flags & PE_SCN_EXECUTE))
            ReportFinding(Report, "section %s is both writable and executable", Section.Name);
        if (!(Section.Flags & PE_SCN_EXECUTE) || Image->Subsystem != PE_SUBSYSTEM_NATIVE)
            continue;
        for (unsigned Directory = 0; Directory < 16; ++Directory)
            if ((Directory == PE_DIRECTORY_IMPORT || Directory == PE_DIRECTORY_IAT) &&
                PeGetDirectory(Image, Directory, &Address, &Size) && Address >= Section.VirtualAddress &&
                Address - Section.VirtualAddress < Section.VirtualSize)
                ReportFinding(Report, "the import table lies in executable section %s", Section.Name);
    }
}

void
PeCheckRules(const PE_IMAGE *Image, REPORT *Report)
{
    uint32_t CheckSum = PeComputeCheckSum(Image);
    bool Driver = Image->Subsystem == PE_SUBSYSTEM_NATIVE;

    if (!PeMachineName(Image->Machine))
        ReportFinding(Report, "machine 0x%04x is none that is supported", Image->Machine);
    if (Image->SectionAlignment == 0 || Image->SectionAlignment % 0x1000)
        ReportFinding(Report, "section alignment 0x%x is no multiple of 0x1000", Image->SectionAlignment);
    /* User-mode images may leave it 0; for a driver Windows 7 checks it. */
    if (Image->CheckSum != CheckSum && (Driver || Image->CheckSum))
        ReportFinding(Report, "the checksum is 0x%x and should be 0x%x", Image->CheckSum, CheckSum);
    if (!(Image->DllCharacteristics & PE_DLL_NX_COMPAT) && !Driver)
        ReportFinding(Report, "not marked as compatible with data execution prevention");
    if (!(Image->DllCharacteristics & PE_DLL_DYNAMIC_BASE) && !Driver)
        ReportFinding(Report, "not marked as relocatable (dynamic base)");
    PeCheckSectionRules(Image, Report);
}
