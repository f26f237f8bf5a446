/* SPDX-License-Identifier: MIT
 *
 * What is picked from SetupAPI's text log: sections of ours that report trouble, and nothing of anybody else's; logs
 * that begin, end and break off anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "text_log.h"

#define LINES 8u

static const LPCSTR Keys[] = {"\\Ours\\", "ours.inf"};

static const char Good[] = ">>>  [Device Install (Hardware initiated) - SWD\\Ours\\{1}]\r\n"
                           ">>>  2026/11/21 08:00:00.000: Section start\r\n"
                           "     dvi: installed\r\n"
                           "<<<  [2026/11/21 08:00:01.000: Section end]\r\n"
                           "<<<  [Exit Status(0x00000000)]\r\n\r\n";
static const char Bad[] = ">>>  [Device Install (Hardware initiated) - SWD\\OURS\\{2}]\r\n"
                          ">>>  2026/11/21 08:00:02.000: Section start\r\n"
                          "     dvi: no trouble here\r\n"
                          "!    dvi: a warning\r\n"
                          "!!!  dvi: an error\r\n"
                          "<<<  [2026/11/21 08:00:03.000: Section end]\r\n"
                          "<<<  [Exit Status(0x00000005)]\r\n\r\n";
static const char Others[] = ">>>  [Device Install - SWD\\Theirs\\{3}]\r\n"
                             ">>>  2026/11/21 08:00:04.000: Section start\r\n"
                             "!!!  inf: C:\\notours.inf and SWD\\OursToo\\{3}\r\n"
                             "<<<  [2026/11/21 08:00:05.000: Section end]\r\n"
                             "<<<  [Exit Status(0x00000005)]\r\n\r\n";

/* Picks from a copy that ends where AddressSanitizer sees one byte too many, and compares with lines, NULL at the end. */
static void
expect_picked(const char *log, DWORD total, const char *const *expected)
{
    TEXT_LOG_LINE lines[LINES];
    DWORD size = (DWORD)strlen(log), shown = total < LINES ? total : LINES;
    char *copy = malloc(size ? size : 1);
    memcpy(copy, log, size);
    assert_int_equal(TextLogPick(copy, size, Keys, 2, lines, LINES), total);
    for (DWORD i = 0; i < shown; i++) {
        assert_non_null(expected[i]);
        assert_int_equal(lines[i].Length, strlen(expected[i]));
        assert_memory_equal(lines[i].Text, expected[i], lines[i].Length);
    }
    assert_null(expected[shown]);
    free(copy);
}
#define EXPECT_PICKED(log, total, ...) expect_picked(log, total, (const char *const[]){__VA_ARGS__, NULL})
#define EXPECT_NOTHING(log)            expect_picked(log, 0, (const char *const[]){NULL})

static char *
join(const char *first, const char *second, const char *third)
{
    char *text = malloc(strlen(first) + strlen(second) + strlen(third) + 1);
    strcpy(text, first);
    strcat(text, second);
    return strcat(text, third);
}

static void
trouble_of_ours_is_picked_and_nothing_else(void **state)
{
    char *log = join(Good, Others, Bad), *other = join(Bad, Others, Good);
    (void)state;
    EXPECT_NOTHING("");
    EXPECT_NOTHING(Good);
    EXPECT_NOTHING(Others);
    EXPECT_PICKED(Bad, 4, ">>>  [Device Install (Hardware initiated) - SWD\\OURS\\{2}]",
                  "!    dvi: a warning", "!!!  dvi: an error", "<<<  [Exit Status(0x00000005)]");
    EXPECT_PICKED(log, 4, ">>>  [Device Install (Hardware initiated) - SWD\\OURS\\{2}]",
                  "!    dvi: a warning", "!!!  dvi: an error", "<<<  [Exit Status(0x00000005)]");
    EXPECT_PICKED(other, 4, ">>>  [Device Install (Hardware initiated) - SWD\\OURS\\{2}]",
                  "!    dvi: a warning", "!!!  dvi: an error", "<<<  [Exit Status(0x00000005)]");
    free(log);
    free(other);
}

static void
key_in_the_body_makes_a_section_ours(void **state)
{
    (void)state;
    EXPECT_PICKED(">>>  [SetupCopyOEMInf - C:\\x\\y.inf]\n     inf: copies C:\\x\\Ours.inf_amd64\n<<<  [Exit "
                  "Status(0xe0000247)]\n",
                  2, ">>>  [SetupCopyOEMInf - C:\\x\\y.inf]", "<<<  [Exit Status(0xe0000247)]");
}

static void
success_with_a_warning_is_quoted_and_without_is_not(void **state)
{
    (void)state;
    EXPECT_NOTHING(
        ">>>  [Setup - ours.inf]\n     sto: fine\n<<<  Section end\n<<<  [Exit status: SUCCESS]\n");
    EXPECT_PICKED(">>>  [Setup - ours.inf]\n!    sto: hm\n<<<  [Exit status: SUCCESS]\n", 3,
                  ">>>  [Setup - ours.inf]", "!    sto: hm", "<<<  [Exit status: SUCCESS]");
    EXPECT_PICKED(">>>  [Setup - ours.inf]\n<<<  [Exit status: FAILURE(0x00000490)]\n", 2,
                  ">>>  [Setup - ours.inf]", "<<<  [Exit status: FAILURE(0x00000490)]");
}

static void
section_without_an_end_is_quoted_with_its_last_line(void **state)
{
    (void)state;
    EXPECT_PICKED(
        ">>>  [Device Install - SWD\\Ours\\{1}]\n>>>  time Section start\n     dvi: waits for a service", 2,
        ">>>  [Device Install - SWD\\Ours\\{1}]", "     dvi: waits for a service");
    /* Another one begins meanwhile. */
    EXPECT_PICKED(">>>  [Device Install - SWD\\Ours\\{1}]\n     dvi: waits\n>>>  [Other]\n!!!  bad\n<<<  "
                  "[Exit Status(0x5)]\n",
                  2, ">>>  [Device Install - SWD\\Ours\\{1}]", "     dvi: waits");
}

static void
log_that_begins_inside_a_section_is_read(void **state)
{
    (void)state;
    EXPECT_PICKED("half a line\n!!!  sig: ours.inf is not signed\n<<<  [Exit Status(0xe0000247)]\n", 3,
                  "half a line", "!!!  sig: ours.inf is not signed", "<<<  [Exit Status(0xe0000247)]");
}

static void
too_many_lines_leave_the_last_ones(void **state)
{
    char log[1024] = ">>>  [Setup - ours.inf]\n";
    const char *expected[LINES + 1] = {NULL};
    static char lines[20][16];
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        lines[i][0] = 0;
        strcat(lines[i], "!!!  line ");
        lines[i][10] = (char)('a' + i);
        lines[i][11] = 0;
        strcat(log, lines[i]);
        strcat(log, "\n");
    }
    strcat(log, "<<<  [Exit Status(0x1)]\n");
    for (unsigned i = 0; i + 1 < LINES; i++)
        expected[i] = lines[20 - (LINES - 1) + i];
    expected[LINES - 1] = "<<<  [Exit Status(0x1)]";
    expect_picked(log, 22, expected);
}

static void
log_cut_anywhere_is_read_within_its_bounds(void **state)
{
    char *log = join(Bad, Others, Good);
    DWORD size = (DWORD)strlen(log);
    TEXT_LOG_LINE lines[LINES];
    (void)state;
    for (DWORD from = 0; from <= size; from += 3)
        for (DWORD to = from; to <= size; to++) {
            char *copy = malloc(to - from ? to - from : 1);
            memcpy(copy, log + from, to - from);
            DWORD count = TextLogPick(copy, to - from, Keys, 2, lines, LINES);
            for (DWORD i = 0; i < count && i < LINES; i++)
                assert_true(lines[i].Text >= copy && lines[i].Text + lines[i].Length <= copy + (to - from));
            free(copy);
        }
    free(log);
}

static void
expect_wide(const char *text, DWORD capacity, LPCWSTR expected)
{
    TEXT_LOG_LINE line = {text, (DWORD)strlen(text)};
    WCHAR *buffer = malloc(capacity * sizeof(WCHAR));
    TextLogWiden(&line, buffer, capacity);
    for (DWORD i = 0; i == 0 || expected[i - 1]; i++)
        assert_int_equal(buffer[i], expected[i]);
    free(buffer);
}

static void
line_becomes_wide_text(void **state)
{
    static const WCHAR emoji[] = {L'a', 0xD83D, 0xDE00, L'b', 0};
    (void)state;
    expect_wide("", 1, L"");
    expect_wide("plain\ttext\x7F", 16, L"plain text ");
    expect_wide("T\xC3\xBCr \xE2\x82\xAC", 16, L"T\x00FCr \x20AC");
    expect_wide("a\xF0\x9F\x98\x80"
                "b",
                16, emoji);
    /* ANSI, cut, overlong, a surrogate, beyond Unicode. */
    expect_wide("T\xFCr", 16, L"T?r");
    expect_wide("\xE2\x82", 16, L"??");
    expect_wide("\xC0\xAF", 16, L"??");
    expect_wide("\xED\xA0\x80", 16, L"???");
    expect_wide("\xF5\x80\x80\x80", 16, L"????");
    expect_wide("\xFF\x80", 16, L"??");
    /* Cut, and never within a character. */
    expect_wide("abc", 3, L"ab");
    expect_wide("abc", 1, L"");
    expect_wide("a\xF0\x9F\x98\x80"
                "b",
                3, L"a");
    expect_wide("a\xF0\x9F\x98\x80"
                "b",
                4, (const WCHAR[]){L'a', 0xD83D, 0xDE00, 0});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trouble_of_ours_is_picked_and_nothing_else),
        cmocka_unit_test(key_in_the_body_makes_a_section_ours),
        cmocka_unit_test(success_with_a_warning_is_quoted_and_without_is_not),
        cmocka_unit_test(section_without_an_end_is_quoted_with_its_last_line),
        cmocka_unit_test(log_that_begins_inside_a_section_is_read),
        cmocka_unit_test(too_many_lines_leave_the_last_ones),
        cmocka_unit_test(log_cut_anywhere_is_read_within_its_bounds),
        cmocka_unit_test(line_becomes_wide_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
