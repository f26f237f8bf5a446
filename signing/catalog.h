/* SPDX-License-Identifier: MIT
 * Security catalogs of driver packages: the model, the writer, the reader, and the comparison of the two.
 *
 * Version 1 lists each file by SHA-1 and is the only form that Windows 7 reads; version 2 (Windows 8 and
 * later) lists it by SHA-256 and once more by SHA-1. A package that serves Windows 7 gets version 1, all
 * others 2. */
#ifndef SIGNING_CATALOG_H
#define SIGNING_CATALOG_H

#include "inf.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CATALOG_MAX_MEMBERS 128

/* A file of a package, in memory. Names compare without regard to case. */
typedef struct
{
    const char *Name;
    const uint8_t *Data;
    size_t Size;
} PACKAGE_FILE;

typedef enum
{
    CATALOG_KIND_NONE, /* the catalog does not say */
    CATALOG_KIND_PE,
    CATALOG_KIND_FLAT
} CATALOG_KIND;

typedef struct
{
    uint8_t Tag[96]; /* the hash, raw (version 2) or as UTF-16LE text with NUL (version 1) */
    size_t TagSize;
    char File[128];
    char OsAttribute[128];
    CATALOG_KIND Info;     /* what the member info says */
    CATALOG_KIND Indirect; /* what the indirect data says, NONE when there is no indirect data */
    uint8_t Digest[32];    /* in the indirect data */
    size_t DigestSize;
} CATALOG_MEMBER;

typedef struct
{
    char Name[16];
    char Value[512];
} CATALOG_EXTENSION;

typedef struct
{
    unsigned Version;
    uint8_t ListIdentifier[16];
    time_t Time;
    CATALOG_MEMBER Members[CATALOG_MAX_MEMBERS];
    unsigned MemberCount;
    CATALOG_EXTENSION Extensions[80]; /* in the order of the catalog: OS, HWIDn ... HWID1 */
    unsigned ExtensionCount;
} CATALOG;

/* Describes the catalog that the package should have, members sorted by tag. Files must hold the INF and
 * every file that it names. ListIdentifier NULL derives one from the content, so that equal packages give
 * equal catalogs. False with findings. */
bool CatalogDescribe(CATALOG *Catalog, const char *InfName, const PACKAGE_FILE *Files, unsigned FileCount,
                     time_t Time, const uint8_t *ListIdentifier, REPORT *Report);

/* The unsigned form (SignedData without signers). The caller frees *Der with OPENSSL_free. */
bool CatalogEncode(const CATALOG *Catalog, uint8_t **Der, size_t *Size, REPORT *Report);

/* Reads a catalog, signed or not. Reports whatever departs from the one form that Windows accepts: lax DER,
 * sets and members out of order, unknown attributes. False when nothing could be read; findings alone leave
 * it true. */
bool CatalogDecode(CATALOG *Catalog, const uint8_t *Der, size_t Size, REPORT *Report);

/* One finding for each difference between what a catalog should say and what it says. Time and list
 * identifier are free. */
void CatalogCompare(const CATALOG *Expected, const CATALOG *Actual, REPORT *Report);

/* Whether the signer's certificate is one of the platform's hardware program. */
bool CatalogIsPlatform(const uint8_t *Der, size_t Size);

/* What remains to be asked of such a catalog: order, and a member for each of the files. */
void CatalogCheckPlatform(const uint8_t *Der, size_t Size, const PACKAGE_FILE *Files, unsigned Count,
                          REPORT *Report);

#endif
