/* SPDX-License-Identifier: MIT
 *
 * Dates and versions of driver packages: every day of eight centuries against a calendar that counts one by one, what
 * is no date, and who wins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "package_version.h"
#include "product.h"

#define DAY 864000000000ull

static int
is_leap(unsigned year)
{
    return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
}

static unsigned
days_of(unsigned year, unsigned month)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static void
date_counts_every_day_from_1601_to_2400(void **state)
{
    uint64_t count = 0;
    (void)state;
    for (unsigned year = 1601; year <= 2400; year++)
        for (unsigned month = 1; month <= 12; month++)
            for (unsigned day = 1; day <= days_of(year, month); day++, count++)
                if (VersionDate(year, month, day) != count * DAY)
                    fail_msg("%04u-%02u-%02u is not day %llu", year, month, day, (unsigned long long)count);
}

static void
date_known_values(void **state)
{
    (void)state;
    assert_int_equal(VersionDate(1601, 1, 1), 0);
    /* The epoch of Unix, as Microsoft documents it. */
    assert_int_equal(VersionDate(1970, 1, 1), 116444736000000000ull);
    assert_int_equal(VersionDate(2000, 3, 1) - VersionDate(2000, 2, 28), 2 * DAY);
    assert_int_equal(VersionDate(2100, 3, 1) - VersionDate(2100, 2, 28), DAY);
}

static void
date_is_parsed_or_refused(void **state)
{
    static const char *const wrong[] = {
        "",           "1",           "11/21",        "11/21/",     "/11/2026",   "11//2026",   "11/21/2026 ",
        "00/21/2026", "13/21/2026",  "11/00/2026",   "11/31/2026", "02/29/2100", "02/30/2024", "11/21/1600",
        "11-21-2026", "11/21/20261", "11/21/2026/1", "a1/21/2026"};
    DWORD64 date = 1;
    char text[32];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (VersionParseDate(wrong[i], &date))
            fail_msg("\"%s\" is taken for a date", wrong[i]);
        assert_int_equal(date, 1);
    }
    for (unsigned year = 1999; year <= 2101; year++)
        for (unsigned month = 1; month <= 12; month++)
            for (unsigned day = 1; day <= days_of(year, month); day++) {
                snprintf(text, sizeof text, "%02u/%02u/%04u", month, day, year);
                assert_true(VersionParseDate(text, &date));
                assert_int_equal(date, VersionDate(year, month, day));
            }
    assert_true(VersionParseDate("2/9/2024", &date));
    assert_int_equal(date, VersionDate(2024, 2, 9));
}

static void
own_package_is_the_product_definition(void **state)
{
    PACKAGE_VERSION own;
    unsigned month, day, year;
    (void)state;
    VersionOwn(&own);
    assert_int_equal(sscanf(PRODUCT_DRIVER_DATE, "%u/%u/%u", &month, &day, &year), 3);
    assert_int_equal(own.Date, VersionDate(year, month, day));
    assert_int_not_equal(own.Date, 0);
    assert_int_equal(own.Version >> 48, PRODUCT_VERSION_MAJOR);
    assert_int_equal(own.Version >> 32 & 0xFFFF, PRODUCT_VERSION_MINOR);
    assert_int_equal(own.Version >> 16 & 0xFFFF, PRODUCT_VERSION_PATCH);
    assert_int_equal(own.Version & 0xFFFF, 0);
}

static void
date_goes_before_version(void **state)
{
    const PACKAGE_VERSION base = {VersionDate(2026, 11, 21), 0x0001000200030004};
    PACKAGE_VERSION other = base;
    (void)state;
    assert_int_equal(VersionCompare(&base, &other), 0);
    other.Version++;
    assert_true(VersionCompare(&base, &other) < 0 && VersionCompare(&other, &base) > 0);
    /* A later date wins over any version, a high major one included. */
    other = (PACKAGE_VERSION){VersionDate(2026, 11, 20), 0xFFFFFFFFFFFFFFFF};
    assert_true(VersionCompare(&base, &other) > 0 && VersionCompare(&other, &base) < 0);
    /* No sign and no 32-bit difference decides. */
    other = (PACKAGE_VERSION){base.Date, 0x8001000200030004};
    assert_true(VersionCompare(&base, &other) < 0 && VersionCompare(&other, &base) > 0);
    other = (PACKAGE_VERSION){base.Date + (1ull << 32), base.Version};
    assert_true(VersionCompare(&base, &other) < 0 && VersionCompare(&other, &base) > 0);
    other = (PACKAGE_VERSION){base.Date, base.Version + (1ull << 32)};
    assert_true(VersionCompare(&base, &other) < 0 && VersionCompare(&other, &base) > 0);
}

static void
short_version_has_two_numbers(void **state)
{
    static const WCHAR *const none[] = {L"",    L"1",   L"1.",   L".1",      L"1..2",    L"a.b",
                                        L"1.x", L"1,2", L"-1.2", L"65536.1", L"1.65536", L"4294967297.1"};
    (void)state;
    assert_int_equal(VersionParseShort(L"0.1.0.0"), 1);
    assert_int_equal(VersionParseShort(L"9.8.7.6"), 9 << 16 | 8);
    assert_int_equal(VersionParseShort(L"9.8"), 9 << 16 | 8);
    assert_int_equal(VersionParseShort(L"65535.65535.1"), 0xFFFFFFFF);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (VersionParseShort(none[i]))
            fail_msg("text %zu is taken for a version", i);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(date_counts_every_day_from_1601_to_2400),
        cmocka_unit_test(date_known_values),
        cmocka_unit_test(date_is_parsed_or_refused),
        cmocka_unit_test(own_package_is_the_product_definition),
        cmocka_unit_test(date_goes_before_version),
        cmocka_unit_test(short_version_has_two_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
