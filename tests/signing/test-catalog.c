/* SPDX-License-Identifier: MIT
 * The catalog writer against pinned bytes, the reader and the comparison against every way to spoil a
 * catalog. Longer than other files because each way is a test of its own. */
#include "fixture.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static FIXTURE_PACKAGE Package;
static CATALOG Expected, Actual;
static uint8_t *Der;
static size_t DerSize;

/* Describes and encodes the catalog of a fixture. */
static void
Make(const char *Inf, uint16_t Machine)
{
    FIXTURE_REPORT Report;
    uint8_t Identifier[16];

    for (unsigned Index = 0; Index < 16; ++Index)
        Identifier[Index] = (uint8_t)Index;
    FixtureMakePackage(&Package, Inf, Machine);
    FixtureBeginReport(&Report);
    assert_true(
        CatalogDescribe(&Expected, "demo.inf", Package.Files, 2, FIXTURE_TIME, Identifier, &Report.Report));
    OPENSSL_free(Der);
    assert_true(CatalogEncode(&Expected, &Der, &DerSize, &Report.Report));
    assert_int_equal(FixtureEndReport(&Report), 0);
    FixtureFreeReport(&Report);
}

/* Describes the package as it now is, reads Der, compares. Words, or the words beside
 * them, have to occur in the findings; without words there must be none. */
static void
ExpectEither(const char *Words, const char *OrElse)
{
    FIXTURE_REPORT Report;

    FixtureBeginReport(&Report);
    if (CatalogDescribe(&Expected, "demo.inf", Package.Files, 2, FIXTURE_TIME, NULL, &Report.Report) &&
        CatalogDecode(&Actual, Der, DerSize, &Report.Report))
        CatalogCompare(&Expected, &Actual, &Report.Report);
    FixtureEndReport(&Report);
    if (!Words && Report.Report.Findings)
        fail_msg("unexpected: %s", Report.Text);
    if (Words && (!Report.Report.Findings || (!strstr(Report.Text, Words) && !strstr(Report.Text, OrElse))))
        fail_msg("'%s' is not among the findings: %s", Words, Report.Text);
    FixtureFreeReport(&Report);
}

static void
ExpectFinding(const char *Words)
{
    ExpectEither(Words, Words);
}

/* Encodes a changed model. */
static void
Encode(CATALOG *Catalog)
{
    FIXTURE_REPORT Report;

    FixtureBeginReport(&Report);
    OPENSSL_free(Der);
    assert_true(CatalogEncode(Catalog, &Der, &DerSize, &Report.Report));
    FixtureEndReport(&Report);
    FixtureFreeReport(&Report);
}

static size_t
ReadGolden(const char *Name, uint8_t *Bytes, size_t Size)
{
    char Path[1024], Line[512];
    size_t Used = 0;
    FILE *File;

    snprintf(Path, sizeof(Path), "%s/%s", SOURCE_FOLDER, Name);
    File = fopen(Path, "r");
    assert_non_null(File);
    while (fgets(Line, sizeof(Line), File)) {
        Line[strcspn(Line, "#\n")] = 0;
        for (char *At = Line; *At;) {
            if (isspace((unsigned char)*At)) {
                ++At;
                continue;
            }
            assert_true(Used < Size);
            Bytes[Used++] = (uint8_t)strtoul(At, &At, 16);
        }
    }
    fclose(File);
    return Used;
}

static void
CompareGolden(const char *Name)
{
    static uint8_t Golden[8192];

    assert_int_equal(ReadGolden(Name, Golden, sizeof(Golden)), DerSize);
    assert_memory_equal(Golden, Der, DerSize);
}

static void
writer_windows7_package_gives_version1_golden(void **State)
{
    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    CompareGolden("golden-v1.txt");
}

static void
writer_windows10_package_gives_version2_golden(void **State)
{
    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    CompareGolden("golden-v2.txt");
}

static void
writer_same_package_gives_same_identifier(void **State)
{
    CATALOG *Again = malloc(sizeof(*Again));
    FIXTURE_REPORT Report;

    (void)State;
    assert_non_null(Again);
    FixtureMakePackage(&Package, FixtureInf10, PE_MACHINE_AMD64);
    FixtureBeginReport(&Report);
    for (unsigned Index = 0; Index < 2; ++Index)
        assert_true(CatalogDescribe(Index ? Again : &Expected, "demo.inf", Package.Files, 2, FIXTURE_TIME,
                                    NULL, &Report.Report));
    assert_memory_equal(Again->ListIdentifier, Expected.ListIdentifier, 16);
    Package.Image[FIXTURE_CODE] ^= 1;
    assert_true(CatalogDescribe(Again, "demo.inf", Package.Files, 2, FIXTURE_TIME, NULL, &Report.Report));
    assert_memory_not_equal(Again->ListIdentifier, Expected.ListIdentifier, 16);
    FixtureEndReport(&Report);
    FixtureFreeReport(&Report);
    free(Again);
}

static void
writer_arm64_names_client_and_server(void **State)
{
    (void)State;
    Make(FixtureInfArm64, PE_MACHINE_ARM64);
    assert_string_equal(Expected.Extensions[0].Name, "OS");
    assert_string_equal(Expected.Extensions[0].Value,
                        "Server_v100_ARM64,_v100_ARM64_RS5,Server_v100_ARM64_RS5");
    assert_string_equal(Expected.Members[0].OsAttribute, "2:10.0");
}

static void
reader_own_catalogs_have_no_findings(void **State)
{
    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    ExpectFinding(NULL);
    Make(FixtureInf10, PE_MACHINE_AMD64);
    ExpectFinding(NULL);
    Make(FixtureInfArm64, PE_MACHINE_ARM64);
    ExpectFinding(NULL);
}

static void
verifier_signing_the_driver_keeps_membership(void **State)
{
    uint8_t Signed[FIXTURE_IMAGE_SIZE + 16] = {0};

    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    /* A certificate table at the end, its directory entry and the checksum: none of it is hashed. */
    memcpy(Signed, Package.Image, FIXTURE_IMAGE_SIZE);
    Signed[FIXTURE_CERTIFICATE_DIR + 1] = FIXTURE_IMAGE_SIZE >> 8;
    Signed[FIXTURE_CERTIFICATE_DIR + 4] = 16;
    Signed[FIXTURE_IMAGE_SIZE] = 16;
    FixtureSetChecksum(Signed, sizeof(Signed));
    Package.Files[1].Data = Signed;
    Package.Files[1].Size = sizeof(Signed);
    ExpectFinding(NULL);
}

static void
verifier_bit_changed_in_sys_is_found(void **State)
{
    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    Package.Image[FIXTURE_CODE + 5] ^= 0x10;
    ExpectFinding("demo.sys is not in the catalog with the hash that it has (SHA-256)");
    Make(FixtureInf7, PE_MACHINE_AMD64);
    Package.Image[FIXTURE_CODE + 5] ^= 0x10;
    ExpectFinding("demo.sys is not in the catalog with the hash that it has (SHA-1)");
}

static void
verifier_bit_changed_in_inf_is_found(void **State)
{
    char *At;

    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    At = strstr(Package.Inf, "Class=Net");
    assert_non_null(At);
    At[6] ^= 0x20;
    ExpectFinding("demo.inf is not in the catalog with the hash that it has");
}

static void
verifier_line_ends_changed_in_inf_are_found(void **State)
{
    size_t Used = 0;

    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    for (size_t Index = 0; Package.Inf[Index]; ++Index)
        if (Package.Inf[Index] != '\r')
            Package.Inf[Used++] = Package.Inf[Index];
    Package.Inf[Used] = 0;
    Package.Files[0].Size = Used;
    ExpectFinding("demo.inf is not in the catalog with the hash that it has");
}

static void
verifier_member_removed_is_found(void **State)
{
    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    --Expected.MemberCount;
    Encode(&Expected);
    ExpectFinding("is not in the catalog with the hash that it has");
}

static void
verifier_sha1_member_of_version2_removed_is_found(void **State)
{
    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    for (unsigned Index = 0; Index < Expected.MemberCount; ++Index)
        if (Expected.Members[Index].TagSize == 20) {
            memmove(&Expected.Members[Index], &Expected.Members[Index + 1],
                    (Expected.MemberCount - Index - 1) * sizeof(Expected.Members[0]));
            --Expected.MemberCount;
            break;
        }
    Encode(&Expected);
    ExpectFinding("with the hash that it has (SHA-1)");
}

static void
verifier_member_added_is_found(void **State)
{
    CATALOG_MEMBER *Added;

    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    Added = &Expected.Members[Expected.MemberCount];
    *Added = Expected.Members[Expected.MemberCount - 1];
    memset(Added->Tag, 0xff, Added->TagSize);
    ++Expected.MemberCount;
    Encode(&Expected);
    ExpectFinding("with a hash that no file of the package has");
}

static void
verifier_digest_other_than_tag_is_found(void **State)
{
    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    Expected.Members[1].Digest[3] ^= 1;
    Encode(&Expected);
    ExpectFinding("the hash in the catalog is not that of the file");
}

static void
verifier_member_without_indirect_data_is_found(void **State)
{
    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    Expected.Members[0].Indirect = CATALOG_KIND_NONE;
    Encode(&Expected);
    ExpectFinding("lacks an attribute or has one too many");
}

static void
verifier_members_out_of_order_are_found(void **State)
{
    CATALOG_MEMBER First;

    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    First = Expected.Members[0];
    Expected.Members[0] = Expected.Members[1];
    Expected.Members[1] = First;
    Encode(&Expected);
    ExpectFinding("out of order");
}

/* Swaps the first two attributes of a member in the encoding, which no template would do. */
static void
MissortFirstSet(void)
{
    static const uint8_t NameOid[] = {0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0c, 0x02, 0x01};
    uint8_t First[64];
    size_t At = 0, FirstSize, SecondSize;

    /* The first attribute begins two bytes before the first such identifier: 30 34 06 0a ... */
    while (memcmp(Der + At, NameOid, sizeof(NameOid)))
        assert_true(++At + sizeof(NameOid) < DerSize);
    At -= 2;
    assert_int_equal(Der[At], 0x30);
    FirstSize = 2 + (size_t)Der[At + 1];
    assert_int_equal(Der[At + FirstSize], 0x30);
    SecondSize = 2 + (size_t)Der[At + FirstSize + 1];
    assert_true(FirstSize <= sizeof(First) && Der[At + FirstSize + 1] < 0x80);
    memcpy(First, Der + At, FirstSize);
    memmove(Der + At, Der + At + FirstSize, SecondSize);
    memcpy(Der + At + SecondSize, First, FirstSize);
}

static void
verifier_missorted_set_is_found(void **State)
{
    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    MissortFirstSet();
    ExpectFinding("is not sorted as DER asks");
}

static void
verifier_malformed_time_is_found(void **State)
{
    static const uint8_t Time[] = {0x17, 0x0d};
    size_t At = 0;

    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    while (memcmp(Der + At, Time, 2))
        assert_true(++At + 2 < DerSize);
    Der[At + 14] = 'X';
    ExpectFinding("malformed");
}

/* The NULL of the member form with its length in long form, 05 81 00: a byte more in everything around it. */
static void
verifier_lax_der_is_found(void **State)
{
    static const size_t Around[] = {0, 15, 19, 28, 43, 47};
    uint8_t *Lax;

    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    for (unsigned Index = 0; Index < sizeof(Around) / sizeof(Around[0]); ++Index) {
        assert_int_equal(Der[Around[Index] + 1], 0x82);
        assert_int_not_equal(++Der[Around[Index] + 3], 0);
    }
    assert_int_equal(Der[98], 0x30);
    ++Der[99];
    assert_int_equal(Der[112], 0x05);
    Lax = OPENSSL_malloc(DerSize + 1);
    assert_non_null(Lax);
    memcpy(Lax, Der, 113);
    Lax[113] = 0x81;
    memcpy(Lax + 114, Der + 113, DerSize - 113);
    OPENSSL_free(Der);
    Der = Lax;
    ++DerSize;
    /* Some versions of libcrypto decode it, others refuse to. */
    ExpectEither("not in strict DER", "the list in the catalog is malformed");
}

static void
verifier_os_attribute_of_member_is_compared(void **State)
{
    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    strcpy(Expected.Members[0].OsAttribute, "2:6.1,2:6.2,2:6.3");
    Encode(&Expected);
    ExpectFinding("the system attribute is '2:6.1,2:6.2,2:6.3' and should be '2:6.1,2:6.2,2:6.3,2:10.0'");
}

static void
verifier_os_of_catalog_is_compared(void **State)
{
    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    strcpy(Expected.Extensions[0].Value, "_v100_X64");
    Encode(&Expected);
    ExpectFinding("the catalog says OS = '_v100_X64', the INF OS = '_v100_X64,Server_v100_X64'");
}

static void
verifier_hardware_id_is_compared(void **State)
{
    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    strcpy(Expected.Extensions[1].Value, "other");
    Encode(&Expected);
    ExpectFinding("HWID1 = 'other'");
}

static void
verifier_version1_for_windows10_package_is_found(void **State)
{
    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    memcpy(Package.Inf, FixtureInf10, strlen(FixtureInf10) + 1);
    Package.Files[0].Size = strlen(FixtureInf10);
    ExpectFinding("the catalog is of version 1, the package asks for version 2");
}

static void
verifier_swapped_architecture_is_found(void **State)
{
    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    FixtureMakeImage(Package.Image, PE_MACHINE_ARM64);
    ExpectFinding("demo.sys is for arm64, the INF for amd64");
}

static void
verifier_image_declared_flat_is_found(void **State)
{
    (void)State;
    Make(FixtureInf7, PE_MACHINE_AMD64);
    for (unsigned Index = 0; Index < Expected.MemberCount; ++Index)
        Expected.Members[Index].Info = CATALOG_KIND_FLAT;
    Encode(&Expected);
    ExpectFinding("demo.sys: the member info says it is no image");
}

static void
writer_missing_file_is_an_error(void **State)
{
    FIXTURE_REPORT Report;

    (void)State;
    FixtureMakePackage(&Package, FixtureInf10, PE_MACHINE_AMD64);
    FixtureBeginReport(&Report);
    assert_false(
        CatalogDescribe(&Expected, "demo.inf", Package.Files, 1, FIXTURE_TIME, NULL, &Report.Report));
    assert_int_equal(FixtureEndReport(&Report), 1);
    assert_non_null(strstr(Report.Text, "the INF names demo.sys, which is missing"));
    FixtureFreeReport(&Report);
}

static unsigned
CheckPlatform(const char *Words)
{
    FIXTURE_REPORT Report;

    FixtureBeginReport(&Report);
    CatalogCheckPlatform(Der, DerSize, Package.Files, 2, &Report.Report);
    FixtureEndReport(&Report);
    if (Words && !strstr(Report.Text, Words))
        fail_msg("not '%s' but: %s", Words, Report.Text);
    FixtureFreeReport(&Report);
    return Report.Report.Findings;
}

/* What a signing service adds and words otherwise is its own affair; which files it vouches for is not. */
static void
platform_catalog_may_word_but_not_omit(void **State)
{
    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    strcpy(Expected.Extensions[0].Value, "Universal");
    strcpy(Expected.Members[0].OsAttribute, "2:10.0.19041");
    Encode(&Expected);
    assert_int_equal(CheckPlatform(NULL), 0);
    Package.Image[FIXTURE_CODE + 1] ^= 1;
    assert_int_equal(CheckPlatform("demo.sys is not in the catalog"), 1);
    Package.Inf[0] ^= 1;
    assert_int_equal(CheckPlatform("demo.inf is not in the catalog"), 2);
    Make(FixtureInf7, PE_MACHINE_AMD64);
    assert_int_equal(CheckPlatform(NULL), 0);
    MissortFirstSet();
    assert_int_equal(CheckPlatform("the list is not in strict DER"), 1);
    Make(FixtureInf7, PE_MACHINE_AMD64);
    DerSize -= 10;
    assert_int_equal(CheckPlatform("not a catalog"), 1);
}

/* Every single byte of a catalog changed in turn: the reader must notice or the content must be as free as
 * time and identifier are. Never a crash. */
static void
verifier_every_changed_byte_is_found_or_free(void **State)
{
    size_t Free = 0;

    (void)State;
    Make(FixtureInf10, PE_MACHINE_AMD64);
    for (size_t At = 0; At < DerSize; ++At) {
        FIXTURE_REPORT Report;

        Der[At] ^= 0x01;
        FixtureBeginReport(&Report);
        assert_true(
            CatalogDescribe(&Expected, "demo.inf", Package.Files, 2, FIXTURE_TIME, NULL, &Report.Report));
        if (CatalogDecode(&Actual, Der, DerSize, &Report.Report))
            CatalogCompare(&Expected, &Actual, &Report.Report);
        Free += FixtureEndReport(&Report) == 0;
        FixtureFreeReport(&Report);
        Der[At] ^= 0x01;
    }
    /* The 16 bytes of the identifier, and the digits of the time but two: the day 00 and the month 00 do not
     * exist. */
    assert_int_equal(Free, 16 + 12 - 2);
}

static int
TearDown(void **State)
{
    (void)State;
    OPENSSL_free(Der);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(writer_windows7_package_gives_version1_golden),
        cmocka_unit_test(writer_windows10_package_gives_version2_golden),
        cmocka_unit_test(writer_same_package_gives_same_identifier),
        cmocka_unit_test(writer_arm64_names_client_and_server),
        cmocka_unit_test(writer_missing_file_is_an_error),
        cmocka_unit_test(reader_own_catalogs_have_no_findings),
        cmocka_unit_test(verifier_signing_the_driver_keeps_membership),
        cmocka_unit_test(verifier_bit_changed_in_sys_is_found),
        cmocka_unit_test(verifier_bit_changed_in_inf_is_found),
        cmocka_unit_test(verifier_line_ends_changed_in_inf_are_found),
        cmocka_unit_test(verifier_member_removed_is_found),
        cmocka_unit_test(verifier_sha1_member_of_version2_removed_is_found),
        cmocka_unit_test(verifier_member_added_is_found),
        cmocka_unit_test(verifier_digest_other_than_tag_is_found),
        cmocka_unit_test(verifier_member_without_indirect_data_is_found),
        cmocka_unit_test(verifier_members_out_of_order_are_found),
        cmocka_unit_test(verifier_missorted_set_is_found),
        cmocka_unit_test(verifier_malformed_time_is_found),
        cmocka_unit_test(verifier_lax_der_is_found),
        cmocka_unit_test(verifier_os_attribute_of_member_is_compared),
        cmocka_unit_test(verifier_os_of_catalog_is_compared),
        cmocka_unit_test(verifier_hardware_id_is_compared),
        cmocka_unit_test(verifier_version1_for_windows10_package_is_found),
        cmocka_unit_test(verifier_swapped_architecture_is_found),
        cmocka_unit_test(verifier_image_declared_flat_is_found),
        cmocka_unit_test(platform_catalog_may_word_but_not_omit),
        cmocka_unit_test(verifier_every_changed_byte_is_found_or_free),
    };

    return cmocka_run_group_tests_name("catalog", Tests, NULL, TearDown);
}
