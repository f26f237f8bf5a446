/* SPDX-License-Identifier: MIT
 * Images: hash, checksum, the rules of Windows one by one, and images that are not well-formed. */
#include "fixture.h"
#include "pe.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint8_t Bytes[FIXTURE_IMAGE_SIZE + 64];

static void
Make(void)
{
    memset(Bytes, 0, sizeof(Bytes));
    FixtureMakeImage(Bytes, PE_MACHINE_AMD64);
}

/* Checks the rules; Words have to be the only finding, or NULL: there is none. */
static void
ExpectRule(const char *Words)
{
    FIXTURE_REPORT Report;
    const char *Error;
    PE_IMAGE Image;

    assert_true(PeOpen(&Image, Bytes, FIXTURE_IMAGE_SIZE, &Error));
    FixtureBeginReport(&Report);
    PeCheckRules(&Image, &Report.Report);
    FixtureEndReport(&Report);
    if (Report.Report.Findings != (Words ? 1 : 0) || (Words && !strstr(Report.Text, Words)))
        fail_msg("not '%s' but: %s", Words ? Words : "(none)", Report.Text);
    FixtureFreeReport(&Report);
}

static void
ExpectMalformed(size_t Size, const char *Words)
{
    const char *Error;
    PE_IMAGE Image;

    assert_false(PeOpen(&Image, Bytes, Size, &Error));
    assert_string_equal(Error, Words);
}

static void
rules_good_image_has_no_findings(void **State)
{
    (void)State;
    Make();
    ExpectRule(NULL);
}

static void
rules_writable_and_executable_section_is_found(void **State)
{
    (void)State;
    Make();
    Bytes[FIXTURE_SECTION_FLAGS + 3] |= 0x80;
    FixtureSetChecksum(Bytes, FIXTURE_IMAGE_SIZE);
    ExpectRule("section .text is both writable and executable");
}

static void
rules_section_alignment_below_a_page_is_found(void **State)
{
    (void)State;
    Make();
    Bytes[FIXTURE_SECTION_ALIGN + 1] = 0x08;
    FixtureSetChecksum(Bytes, FIXTURE_IMAGE_SIZE);
    ExpectRule("section alignment 0x800 is no multiple of 0x1000");
}

static void
rules_imports_in_executable_section_are_found(void **State)
{
    (void)State;
    Make();
    Bytes[FIXTURE_DIRECTORIES + PE_DIRECTORY_IMPORT * 8 + 1] = 0x10; /* 0x1000, the section */
    Bytes[FIXTURE_DIRECTORIES + PE_DIRECTORY_IMPORT * 8 + 4] = 0x08;
    FixtureSetChecksum(Bytes, FIXTURE_IMAGE_SIZE);
    ExpectRule("the import table lies in executable section .text");
}

static void
rules_wrong_checksum_of_driver_is_found(void **State)
{
    (void)State;
    Make();
    Bytes[FIXTURE_CHECKSUM] ^= 1;
    ExpectRule("the checksum is");
    memset(Bytes + FIXTURE_CHECKSUM, 0, 4);
    ExpectRule("the checksum is 0x0");
}

static void
rules_unknown_machine_is_found(void **State)
{
    (void)State;
    Make();
    Bytes[FIXTURE_MACHINE] = 0;
    FixtureSetChecksum(Bytes, FIXTURE_IMAGE_SIZE);
    ExpectRule("is none that is supported");
}

/* The hash is `osslsigncode extract-data`'s for the same file. */
static void
hash_is_the_authenticode_hash(void **State)
{
    static const uint8_t Golden[] = {0x87, 0xad, 0x9c, 0x98, 0xf7, 0xe3, 0xaf, 0xdc, 0x50, 0x25, 0xb1,
                                     0x11, 0x5f, 0x71, 0x24, 0xb2, 0xac, 0x0d, 0xef, 0x75, 0x28, 0xb5,
                                     0x12, 0x6b, 0x85, 0xc7, 0x10, 0x88, 0x1b, 0x30, 0xed, 0x0a};
    uint8_t Digest[EVP_MAX_MD_SIZE];
    const char *Error;
    PE_IMAGE Image;
    unsigned Size;

    (void)State;
    Make();
    assert_true(PeOpen(&Image, Bytes, FIXTURE_IMAGE_SIZE, &Error));
    assert_true(PeHash(&Image, EVP_sha256(), Digest, &Size));
    assert_int_equal(Size, 32);
    assert_memory_equal(Digest, Golden, 32);
    Bytes[FIXTURE_CHECKSUM] ^= 0xff;
    assert_true(PeHash(&Image, EVP_sha256(), Digest, &Size));
    assert_memory_equal(Digest, Golden, 32);
    Bytes[FIXTURE_CODE] ^= 1;
    assert_true(PeHash(&Image, EVP_sha256(), Digest, &Size));
    assert_memory_not_equal(Digest, Golden, 32);
}

static void
open_malformed_image_is_refused(void **State)
{
    (void)State;
    Make();
    ExpectMalformed(63, "not a PE image");
    Bytes[0x3c] = 0x10;
    ExpectMalformed(FIXTURE_IMAGE_SIZE, "not a PE image");
    Make();
    Bytes[0x3f] = 0xff;
    ExpectMalformed(FIXTURE_IMAGE_SIZE, "not a PE image");
    Make();
    Bytes[0x46] = 0xff; /* sections */
    ExpectMalformed(FIXTURE_IMAGE_SIZE, "the headers are cut off");
    Make();
    Bytes[0x58] = 0; /* magic */
    ExpectMalformed(FIXTURE_IMAGE_SIZE, "the optional header is malformed");
    Make();
    Bytes[FIXTURE_DIRECTORIES - 4] = 17;
    ExpectMalformed(FIXTURE_IMAGE_SIZE, "the optional header is malformed");
    Make();
    Bytes[0x148 + 17] = 0x10; /* raw size of the section */
    ExpectMalformed(FIXTURE_IMAGE_SIZE, "a section reaches past the end of the file");
    Make();
    Bytes[FIXTURE_CERTIFICATE_DIR + 1] = 0x03;
    Bytes[FIXTURE_CERTIFICATE_DIR + 4] = 0x80;
    ExpectMalformed(FIXTURE_IMAGE_SIZE, "the certificate table does not end the file");
}

/* Every length and every changed header byte: an answer, never a crash (the sanitizers watch). */
static void
open_every_cut_and_header_byte_is_survived(void **State)
{
    FIXTURE_REPORT Report;
    const char *Error;
    PE_IMAGE Image;
    PE_VERSION Version;

    (void)State;
    FixtureBeginReport(&Report);
    for (size_t Size = 0; Size <= FIXTURE_IMAGE_SIZE; ++Size) {
        uint8_t *Exact = malloc(Size + 1);

        assert_non_null(Exact);
        Make();
        memcpy(Exact, Bytes, Size);
        if (PeOpen(&Image, Exact, Size, &Error))
            PeCheckRules(&Image, &Report.Report);
        free(Exact);
    }
    for (size_t At = 0; At < 0x200; ++At)
        for (unsigned Value = 0; Value < 256; Value += 85) {
            Make();
            Bytes[At] = (uint8_t)Value;
            if (PeOpen(&Image, Bytes, FIXTURE_IMAGE_SIZE, &Error)) {
                PeCheckRules(&Image, &Report.Report);
                (void)!PeGetVersion(&Image, &Version);
            }
        }
    assert_true(FixtureEndReport(&Report) > 0);
    FixtureFreeReport(&Report);
}

int
main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(rules_good_image_has_no_findings),
        cmocka_unit_test(rules_writable_and_executable_section_is_found),
        cmocka_unit_test(rules_section_alignment_below_a_page_is_found),
        cmocka_unit_test(rules_imports_in_executable_section_are_found),
        cmocka_unit_test(rules_wrong_checksum_of_driver_is_found),
        cmocka_unit_test(rules_unknown_machine_is_found),
        cmocka_unit_test(hash_is_the_authenticode_hash),
        cmocka_unit_test(open_malformed_image_is_refused),
        cmocka_unit_test(open_every_cut_and_header_byte_is_survived),
    };

    return cmocka_run_group_tests_name("pe", Tests, NULL, NULL);
}
