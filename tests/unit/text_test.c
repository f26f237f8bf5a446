/* SPDX-License-Identifier: MIT
 *
 * The DLL's text: formatting up to the last character of a buffer and not past it, names of 127 characters, characters
 * outside ASCII, GUIDs. Buffers end where AddressSanitizer sees one character too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "text.h"

/* ---- What text.c takes of Windows ---- */

#define STRAY 0x1234u
static DWORD last_error = STRAY;

DWORD
GetLastError(void)
{
    return last_error;
}

void
SetLastError(DWORD error)
{
    last_error = error;
}

static WCHAR
fold(WCHAR c)
{
    return c >= L'a' && c <= L'z' ? (WCHAR)(c - 32) : c;
}

/* As documented: 1, 2, 3 for less, equal, greater, and a last error that nobody promised to keep. */
int
CompareStringOrdinal(LPCWSTR left, int left_length, LPCWSTR right, int right_length, BOOL ignore_case)
{
    assert_true(left_length == -1 && right_length == -1 && ignore_case);
    last_error = 0xDEAD;
    while (*left && fold(*left) == fold(*right))
        ++left, ++right;
    return fold(*left) == fold(*right) ? CSTR_EQUAL : fold(*left) < fold(*right) ? 1 : 3;
}

/* ---- Helpers ---- */

static WCHAR *
exact(DWORD capacity)
{
    WCHAR *buffer = malloc(capacity ? capacity * sizeof(WCHAR) : 1);
    for (DWORD i = 0; i < capacity; i++)
        buffer[i] = 0xBEEF;
    return buffer;
}

static void
assert_text(LPCWSTR actual, LPCWSTR expected)
{
    DWORD i = 0;
    for (; expected[i] && actual[i] == expected[i]; i++)
        ;
    if (actual[i] != expected[i])
        fail_msg("character %u is U+%04X and not U+%04X", i, actual[i], expected[i]);
}

/* What the format gives without a limit, and at every capacity below it: a prefix, terminated, and reported as cut. */
#define EVERY_CAPACITY(expected, ...)                                                                        \
    do {                                                                                                     \
        const WCHAR *wanted_ = expected;                                                                     \
        DWORD length_ = TextLength(wanted_);                                                                 \
        for (DWORD capacity_ = 1; capacity_ <= length_ + 2; capacity_++) {                                   \
            WCHAR *buffer_ = exact(capacity_);                                                               \
            DWORD got_ = TextFormat(buffer_, capacity_, __VA_ARGS__);                                        \
            DWORD written_ = TextLength(buffer_);                                                            \
            assert_int_equal(got_, length_ < capacity_ ? length_ : capacity_);                               \
            assert_int_equal(written_, length_ < capacity_ ? length_ : capacity_ - 1);                       \
            assert_memory_equal(buffer_, wanted_, written_ * sizeof(WCHAR));                                 \
            free(buffer_);                                                                                   \
        }                                                                                                    \
    } while (0)

/* ---- Formatting ---- */

static const GUID Sample = {0x01234567, 0x89ab, 0xcdef, {0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe}};
#define SAMPLE_TEXT L"{01234567-89ab-cdef-1032-547698badcfe}"

static void
format_each_kind_at_every_capacity(void **state)
{
    (void)state;
    EVERY_CAPACITY(L"plain", L"plain");
    EVERY_CAPACITY(L"a text b", L"a %s b", L"text");
    EVERY_CAPACITY(L"(none)", L"%s", (LPCWSTR)NULL);
    EVERY_CAPACITY(L"0 7 4294967295", L"%u %u %u", 0u, 7u, 0xFFFFFFFFu);
    EVERY_CAPACITY(L"00000000 0xdeadbeef", L"%x 0x%x", 0u, 0xDEADBEEFu);
    EVERY_CAPACITY(SAMPLE_TEXT L"!", L"%g!", &Sample);
    EVERY_CAPACITY(L"100% sure 5%", L"100%% sure %u%", 5u);
    EVERY_CAPACITY(L"a z b", L"a %z b");
}

static void
format_of_no_capacity_writes_nothing(void **state)
{
    (void)state;
    WCHAR guard[2] = {0xBEEF, 0xBEEF};
    assert_int_equal(TextFormat(guard + 1, 0, L"%s", L"text"), 0);
    assert_int_equal(guard[0], 0xBEEF);
    assert_int_equal(guard[1], 0xBEEF);
}

static void
format_empty_text_fits_in_one(void **state)
{
    (void)state;
    WCHAR one = 0xBEEF;
    assert_int_equal(TextFormat(&one, 1, L"%s", L""), 0);
    assert_int_equal(one, 0);
    assert_int_equal(TextFormat(&one, 1, L"x"), 1);
    assert_int_equal(one, 0);
}

static void
format_longest_name_with_suffix_is_cut_or_whole(void **state)
{
    WCHAR name[128], taken[128], wider[130];
    (void)state;
    for (DWORD i = 0; i < 127; i++)
        name[i] = (WCHAR)(L'a' + i % 26);
    name[127] = 0;
    assert_int_equal(TextFormat(taken, 128, L"%s", name), 127);
    assert_text(taken, name);
    assert_int_equal(TextFormat(taken, 128, L"%s %u", name, 1u), 128);
    assert_text(taken, name);
    assert_int_equal(TextFormat(wider, 130, L"%s %u", name, 9u), 129);
    assert_int_equal(wider[128], L'9');
    /* One shorter than the longest has no room for " 1" either, two shorter has. */
    assert_int_equal(TextFormat(taken, 128, L"%s %u", name + 1, 1u), 128);
    assert_int_equal(TextFormat(taken, 128, L"%s %u", name + 2, 1u), 127);
}

static void
format_outside_ascii_is_kept(void **state)
{
    (void)state;
    EVERY_CAPACITY(L"T\x00FCr \x20AC", L"%s", L"T\x00FCr \x20AC");
}

static void
format_never_cuts_a_surrogate_pair(void **state)
{
    static const WCHAR pair[] = {L'a', 0xD83D, 0xDE00, 0}; /* U+1F600 */
    WCHAR buffer[4];
    (void)state;
    assert_int_equal(TextFormat(buffer, 4, L"%s", pair), 3);
    assert_text(buffer, pair);
    assert_int_equal(TextFormat(buffer, 3, L"%s", pair), 3);
    assert_text(buffer, L"a");
    assert_int_equal(TextFormat(buffer, 2, L"%s", pair), 2);
    assert_text(buffer, L"a");
}

/* ---- Copies and comparisons ---- */

static void
copy_fits_with_its_end_or_not_at_all(void **state)
{
    WCHAR *buffer = exact(5);
    (void)state;
    assert_true(TextCopy(buffer, 5, L"four"));
    assert_text(buffer, L"four");
    assert_false(TextCopy(buffer, 5, L"fives"));
    assert_text(buffer, L"four");
    assert_true(TextCopy(buffer, 1, L""));
    assert_int_equal(buffer[0], 0);
    assert_false(TextCopy(buffer, 0, L""));
    free(buffer);
}

static void
equal_ignores_case_and_keeps_the_last_error(void **state)
{
    (void)state;
    last_error = STRAY;
    assert_true(TextIsEqual(L"Demo", L"dEMO"));
    assert_false(TextIsEqual(L"Demo", L"Demo "));
    assert_false(TextIsEqual(L"", L"a"));
    assert_int_equal(last_error, STRAY);
}

/* ---- GUIDs ---- */

static void
guid_text_round_trips(void **state)
{
    WCHAR text[GUID_TEXT_LENGTH];
    GUID parsed;
    (void)state;
    assert_int_equal(TextFormat(text, ARRAYSIZE(text), L"%g", &Sample), GUID_TEXT_LENGTH - 1);
    assert_text(text, SAMPLE_TEXT);
    assert_true(GuidParse(text, &parsed));
    assert_true(GuidIsEqual(&parsed, &Sample));
    assert_true(GuidParse(L"{01234567-89AB-CDEF-1032-547698BADCFE}", &parsed));
    assert_true(GuidIsEqual(&parsed, &Sample));
    parsed.Data4[7] ^= 1;
    assert_false(GuidIsEqual(&parsed, &Sample));
}

static void
guid_that_is_none_is_refused(void **state)
{
    WCHAR text[GUID_TEXT_LENGTH + 1];
    GUID guid;
    (void)state;
    assert_false(GuidParse(L"", &guid));
    assert_false(GuidParse(L"01234567-89ab-cdef-1032-547698badcfe", &guid));
    assert_false(GuidParse(SAMPLE_TEXT L" ", &guid));
    /* Each character missing, and each one wrong. */
    for (DWORD i = 0; i < GUID_TEXT_LENGTH - 1; i++) {
        DWORD to = 0;
        for (DWORD from = 0; from < GUID_TEXT_LENGTH; from++)
            if (from != i)
                text[to++] = SAMPLE_TEXT[from];
        assert_false(GuidParse(text, &guid));
        TextCopy(text, ARRAYSIZE(text), SAMPLE_TEXT);
        text[i] = L'g';
        assert_false(GuidParse(text, &guid));
        text[i] = 0;
        assert_false(GuidParse(text, &guid));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_each_kind_at_every_capacity),
        cmocka_unit_test(format_of_no_capacity_writes_nothing),
        cmocka_unit_test(format_empty_text_fits_in_one),
        cmocka_unit_test(format_longest_name_with_suffix_is_cut_or_whole),
        cmocka_unit_test(format_outside_ascii_is_kept),
        cmocka_unit_test(format_never_cuts_a_surrogate_pair),
        cmocka_unit_test(copy_fits_with_its_end_or_not_at_all),
        cmocka_unit_test(equal_ignores_case_and_keeps_the_last_error),
        cmocka_unit_test(guid_text_round_trips),
        cmocka_unit_test(guid_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
