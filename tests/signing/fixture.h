/* SPDX-License-Identifier: MIT
 * A small driver package in memory for the tests: an image built by hand, an INF, and what to break in them.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "package.h"
#include "pe.h"

#include <stdio.h>

#define FIXTURE_IMAGE_SIZE 0x400
#define FIXTURE_TIME       1767225600 /* 2026-01-01 00:00:00 UTC */

/* Offsets in the image that tests patch. */
#define FIXTURE_MACHINE         0x44
#define FIXTURE_CHECKSUM        0x98
#define FIXTURE_SECTION_FLAGS   (0x148 + 36)
#define FIXTURE_CODE            0x200
#define FIXTURE_SECTION_ALIGN   0x78
#define FIXTURE_DIRECTORIES     0xc8
#define FIXTURE_CERTIFICATE_DIR (FIXTURE_DIRECTORIES + 4 * 8)

/* Fills a 64-bit native image with one executable section and a right checksum. */
void FixtureMakeImage(uint8_t Image[FIXTURE_IMAGE_SIZE], uint16_t Machine);

/* Sets the checksum anew after a patch. */
void FixtureSetChecksum(uint8_t *Image, size_t Size);

/* INFs of a package "demo": Windows 7 and later on amd64 (catalog version 1), 10 on amd64, 10 on arm64. */
extern const char FixtureInf7[], FixtureInf10[], FixtureInfArm64[];

typedef struct
{
    uint8_t Image[FIXTURE_IMAGE_SIZE];
    char Inf[2048];
    PACKAGE_FILE Files[2]; /* demo.inf, demo.sys */
} FIXTURE_PACKAGE;

void FixtureMakePackage(FIXTURE_PACKAGE *Package, const char *Inf, uint16_t Machine);

/* Reports collected in memory. */
typedef struct
{
    REPORT Report;
    char *Text;
    size_t Size;
} FIXTURE_REPORT;

void FixtureBeginReport(FIXTURE_REPORT *Report);

/* The number of findings; Text stays until FixtureFreeReport. */
unsigned FixtureEndReport(FIXTURE_REPORT *Report);

void FixtureFreeReport(FIXTURE_REPORT *Report);

#endif
