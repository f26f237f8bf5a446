/* SPDX-License-Identifier: MIT
 * Checks of finished things from the outside: images, driver packages, whole releases. Nothing of the build
 * is needed, so that a user can run them on what was downloaded. */
#ifndef SIGNING_VERIFY_H
#define SIGNING_VERIFY_H

#include "package.h"
#include "signature.h"
#include "zip.h"

typedef struct
{
    TRUST Trust;
    bool Unsigned; /* signatures are not looked at, catalogs may be missing */
    const char
        *Version; /* "1.2.3" that everything has to carry, or NULL: the first one found, kept in Found */
    char Found[64];
    unsigned Images, Packages, Catalogs, Archives; /* how many were examined */
    unsigned Depth, Helpers;                       /* archives in archives, images in images: where we are */
    uint64_t Unpacked;      /* bytes out of archives in trees, so that a small file cannot keep us busy */
    const char *Containers; /* folder for what others unpack, see container.h; or NULL */
    unsigned ContainerCount;
    bool Quiet;
    FILE *Out;
    unsigned Findings;
} VERIFY;

/* Checks an image and the driver packages in its resources. Path is for messages; a folder of it that is
 * named like an architecture has to be right. */
void VerifyImage(VERIFY *Verify, const char *Path, const uint8_t *Data, size_t Size);

/* Checks a package: catalog against INF and files, signatures, the driver's image and version. */
void VerifyPackage(VERIFY *Verify, const char *Path, const PACKAGE *Package);

/* Checks every file of a tree: images, packages, archives, and SHA256SUMS against the rest. */
void VerifyTree(VERIFY *Verify, const char *Path, const TREE *Tree);

/* Whatever Path is: a folder, a zip archive, an image, an INF with its package, a catalog alone. */
void VerifyPath(VERIFY *Verify, const char *Path);

/* The driver packages in an image's resources, in the order of the resources. A package begins with its
 * driver; INF and catalog follow. False with findings; each of *Count packages is to be freed. */
#define EMBEDDED_MAX 8
typedef struct
{
    PACKAGE Package;
    PACKAGE_FILE Files[3];
    unsigned FileCount;
    char InfName[80], SysName[80];
} EMBEDDED;
bool EmbeddedLoad(EMBEDDED Packages[EMBEDDED_MAX], unsigned *Count, const PE_IMAGE *Image, REPORT *Report);

/* Images in the resources that are no drivers: helpers of other architectures. */
void EmbeddedWalkImages(const PE_IMAGE *Image, REPORT *Report,
                        void (*Callback)(void *Context, const PE_RESOURCE *Resource), void *Context);

#endif
