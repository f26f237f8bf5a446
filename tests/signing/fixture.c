/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_SECTION                                                                                      \
    "[Version]\r\nSignature=\"$Windows NT$\"\r\nClass=Net\r\nProvider=%Vendor%\r\nCatalogFile=Demo.cat\r\n"  \
    "DriverVer=01/01/2026,1.2.3.0\r\n"
#define COMMON_SECTIONS                                                                                      \
    "[SourceDisksFiles]\r\nDemo.sys=1\r\n[Strings]\r\nVendor=\"Demo, Inc.\"\r\nName=\"Demo\"\r\n"

const char FixtureInf7[] =
    VERSION_SECTION "[Manufacturer]\r\n%Vendor%=Models,NTamd64.6.1,NTamd64.10.0...16299\r\n"
                    "[Models.NTamd64.6.1]\r\n%Name%=Install,Demo\r\n"
                    "[Models.NTamd64.10.0...16299]\r\n%Name%=Install,Demo,ROOT\\Demo\r\n" COMMON_SECTIONS;
const char FixtureInf10[] =
    VERSION_SECTION "[Manufacturer]\r\n%Vendor%=Models,NTamd64.10.0\r\n"
                    "[Models.NTamd64.10.0]\r\n%Name%=Install,Demo\r\n" COMMON_SECTIONS;
const char FixtureInfArm64[] =
    VERSION_SECTION "[Manufacturer]\r\n%Vendor%=Models,NTarm64.10.0\r\n"
                    "[Models.NTarm64.10.0]\r\n%Name%=Install,Demo\r\n" COMMON_SECTIONS;

static void
Set16(uint8_t *Data, unsigned Value)
{
    Data[0] = (uint8_t)Value;
    Data[1] = (uint8_t)(Value >> 8);
}

static void
Set32(uint8_t *Data, uint32_t Value)
{
    Set16(Data, Value & 0xffff);
    Set16(Data + 2, Value >> 16);
}

void
FixtureMakeImage(uint8_t Image[FIXTURE_IMAGE_SIZE], uint16_t Machine)
{
    uint8_t *Pe = Image + 0x40, *Optional = Pe + 24, *Section = Optional + 240;

    memset(Image, 0, FIXTURE_IMAGE_SIZE);
    memcpy(Image, "MZ", 2);
    Set32(Image + 0x3c, 0x40);
    memcpy(Pe, "PE\0\0", 4);
    Set16(Pe + 4, Machine);
    Set16(Pe + 6, 1);             /* sections */
    Set16(Pe + 20, 240);          /* size of the optional header */
    Set16(Pe + 22, 0x22);         /* executable, large addresses */
    Set16(Optional, 0x20b);       /* PE32+ */
    Set32(Optional + 16, 0x1000); /* entry */
    Set32(Optional + 32, 0x1000); /* section alignment */
    Set32(Optional + 36, 0x200);  /* file alignment */
    Set32(Optional + 56, 0x2000); /* size of the image */
    Set32(Optional + 60, 0x200);  /* size of the headers */
    Set16(Optional + 68, PE_SUBSYSTEM_NATIVE);
    Set16(Optional + 70, 0x160); /* high entropy, dynamic base, NX */
    Set32(Optional + 108, 16);   /* directories */
    memcpy(Section, ".text", 5);
    Set32(Section + 8, 0x10);
    Set32(Section + 12, 0x1000);
    Set32(Section + 16, 0x200);
    Set32(Section + 20, 0x200);
    Set32(Section + 36, 0x60000020);
    Image[FIXTURE_CODE] = 0xc3;
    FixtureSetChecksum(Image, FIXTURE_IMAGE_SIZE);
}

void
FixtureSetChecksum(uint8_t *Image, size_t Size)
{
    PE_IMAGE Opened;
    const char *Error;

    if (PeOpen(&Opened, Image, Size, &Error))
        Set32(Image + FIXTURE_CHECKSUM, PeComputeCheckSum(&Opened));
}

void
FixtureMakePackage(FIXTURE_PACKAGE *Package, const char *Inf, uint16_t Machine)
{
    FixtureMakeImage(Package->Image, Machine);
    snprintf(Package->Inf, sizeof(Package->Inf), "%s", Inf);
    Package->Files[0] = (PACKAGE_FILE){"demo.inf", (const uint8_t *)Package->Inf, strlen(Package->Inf)};
    Package->Files[1] = (PACKAGE_FILE){"demo.sys", Package->Image, sizeof(Package->Image)};
}

void
FixtureBeginReport(FIXTURE_REPORT *Report)
{
    Report->Text = NULL;
    Report->Report = (REPORT){.Out = open_memstream(&Report->Text, &Report->Size), .Subject = "test"};
}

unsigned
FixtureEndReport(FIXTURE_REPORT *Report)
{
    fclose(Report->Report.Out);
    return Report->Report.Findings;
}

void
FixtureFreeReport(FIXTURE_REPORT *Report)
{
    free(Report->Text);
}
