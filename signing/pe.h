/* SPDX-License-Identifier: MIT
 * PE images as untrusted bytes: headers, the Authenticode hash, the checksum, resources. Every offset is
 * checked against the size of the file before it is followed; PeOpen refuses what Windows would not map
 * either. */
#ifndef SIGNING_PE_H
#define SIGNING_PE_H

#include "report.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#define PE_MACHINE_X86   0x014c
#define PE_MACHINE_ARM   0x01c4
#define PE_MACHINE_AMD64 0x8664
#define PE_MACHINE_ARM64 0xaa64

#define PE_SUBSYSTEM_NATIVE 1

#define PE_DIRECTORY_EXPORT      0
#define PE_DIRECTORY_IMPORT      1
#define PE_DIRECTORY_RESOURCE    2
#define PE_DIRECTORY_CERTIFICATE 4
#define PE_DIRECTORY_DEBUG       6
#define PE_DIRECTORY_IAT         12

#define PE_SCN_EXECUTE 0x20000000u
#define PE_SCN_WRITE   0x80000000u

#define PE_DLL_DYNAMIC_BASE 0x0040
#define PE_DLL_NX_COMPAT    0x0100

#define PE_RT_RCDATA  10
#define PE_RT_VERSION 16

typedef struct
{
    const uint8_t *Data; /* owned by the caller, outlives the PE_IMAGE */
    size_t Size;
    size_t OptionalHeader, Directories, Sections, CheckSumOffset;
    uint32_t DirectoryCount, SectionCount;
    uint16_t Machine, Subsystem, Characteristics, DllCharacteristics;
    uint32_t SectionAlignment, FileAlignment, CheckSum, SizeOfImage, SizeOfHeaders;
    size_t CertificateOffset, CertificateSize; /* both 0 when unsigned; else the table ends the file */
} PE_IMAGE;

typedef struct
{
    char Name[9];
    uint32_t VirtualAddress, VirtualSize, RawOffset, RawSize, Flags;
} PE_SECTION;

/* One leaf of the resource tree. An id of 0 with a Name is a named entry; names are UTF-8, upper case as
 * stored. */
typedef struct
{
    uint32_t Type, Id, Language;
    char TypeName[64], Name[64];
    const uint8_t *Data;
    size_t Size;
} PE_RESOURCE;

/* False with *Error set (a static string) when the bytes are no well-formed image. */
bool PeOpen(PE_IMAGE *Image, const uint8_t *Data, size_t Size, const char **Error);

/* "amd64", "x86", "arm64", "arm" or NULL. */
const char *PeMachineName(uint16_t Machine);

/* False when there is no such directory or it is empty. */
bool PeGetDirectory(const PE_IMAGE *Image, unsigned Index, uint32_t *Address, uint32_t *Size);

/* Index below Image->SectionCount. */
void PeGetSection(const PE_IMAGE *Image, unsigned Index, PE_SECTION *Section);

/* The Authenticode hash: checksum, certificate directory entry and certificate table left out, zero-padded
 * to 8. */
bool PeHash(const PE_IMAGE *Image, const EVP_MD *Md, uint8_t Digest[EVP_MAX_MD_SIZE], unsigned *DigestSize);

/* What the CheckSum field should hold. */
uint32_t PeComputeCheckSum(const PE_IMAGE *Image);

/* The PKCS#7 blob number Index of the certificate table: 1, 0 past the last, -1 when the table is malformed. */
int PeGetCertificate(const PE_IMAGE *Image, unsigned Index, const uint8_t **Data, size_t *Size);

/* Maps Size bytes at a virtual address to file data; NULL when they are not wholly inside one section's raw
 * data. */
const uint8_t *PeMap(const PE_IMAGE *Image, uint32_t Address, size_t Size);

/* Calls Callback for each leaf, ends early when it returns false. False when the tree is malformed. */
bool PeWalkResources(const PE_IMAGE *Image, bool (*Callback)(void *Context, const PE_RESOURCE *Resource),
                     void *Context);

typedef struct
{
    uint16_t File[4], Product[4];
    char CompanyName[128], ProductName[128], FileDescription[128], OriginalFilename[128], FileVersion[64];
} PE_VERSION;

/* Reads the version resource; false when there is none or it is malformed. */
bool PeGetVersion(const PE_IMAGE *Image, PE_VERSION *Version);

/* What Windows asks of an image's layout (memory integrity, checksum, execute protection); one finding per
 * breach. */
void PeCheckRules(const PE_IMAGE *Image, REPORT *Report);

#endif
