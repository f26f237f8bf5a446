/* SPDX-License-Identifier: MIT
 * The INF reader: what it understands, what it derives from the decorations, what it refuses. */
#include "fixture.h"
#include "inf.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static INF *Inf;
static INF_PACKAGE Package;
static FIXTURE_REPORT Report;

static void
Open(const char *Text, size_t Size)
{
    FixtureBeginReport(&Report);
    Inf = InfOpen((const uint8_t *)Text, Size, &Report.Report);
}

static void
Close(void)
{
    InfFreePackage(&Package);
    InfClose(Inf);
    FixtureEndReport(&Report);
    FixtureFreeReport(&Report);
}

/* Opens and derives; Words have to be in the findings, or NULL: there are none. */
static void
Expect(const char *Text, const char *Words)
{
    Open(Text, strlen(Text));
    if (Inf)
        (void)!InfReadPackage(Inf, &Package, &Report.Report);
    fflush(Report.Report.Out);
    if (!Words && Report.Report.Findings)
        fail_msg("unexpected: %s", Report.Text);
    if (Words && (!Report.Report.Findings || !strstr(Report.Text, Words)))
        fail_msg("'%s' is not among the findings: %s", Words, Report.Text);
}

static const char *
Value(const char *Section, const char *Key)
{
    return InfFindValue(InfFindSection(Inf, Section), Key);
}

static void
reader_values_quotes_comments_strings(void **State)
{
    static const char Text[] =
        "; first\r\n[A] ; comment\r\nk1 = v1 ; comment\r\n K2=\" quoted ; \"\"x\"\" \", second\r\n"
        "k3 = %name%!%missing%, 100%%\r\nk4 = one \\\r\n two\r\n[a]\r\nk5=merged\r\n"
        "[Strings]\r\nNAME = \"Na,me\"\r\n";

    (void)State;
    Open(Text, strlen(Text));
    assert_non_null(Inf);
    assert_string_equal(Value("A", "K1"), "v1");
    assert_string_equal(Value("a", "k2"), " quoted ; \"x\" ");
    assert_string_equal(InfFindSection(Inf, "A")->Lines[1].Values[1], "second");
    assert_string_equal(Value("A", "k3"), "Na,me!%missing%");
    assert_string_equal(InfFindSection(Inf, "A")->Lines[2].Values[1], "100%");
    assert_string_equal(Value("A", "k4"), "one  two");
    assert_string_equal(Value("A", "k5"), "merged");
    assert_null(Value("A", "k6"));
    assert_null(InfFindSection(Inf, "B"));
    Close();
}

static void
reader_utf16_is_decoded(void **State)
{
    static const char Text[] = "[A]\nk=v";
    char Wide[2 * sizeof(Text) + 2] = "\xff\xfe";

    (void)State;
    for (size_t Index = 0; Text[Index]; ++Index)
        Wide[2 + 2 * Index] = Text[Index];
    Open(Wide, 2 + 2 * strlen(Text));
    assert_non_null(Inf);
    assert_string_equal(Value("A", "k"), "v");
    Close();
}

static void
reader_malformed_text_is_refused(void **State)
{
    static const struct
    {
        const char *Text, *Words;
    } Cases[] = {
        {"k=v\n[A]\n", "line 1: text before the first section"},
        {"[A]\nk=\"v\n", "line 2: a quote is not closed"},
        {"[A\n", "line 1: malformed section name"},
        {"[]\n", "line 1: malformed section name"},
    };
    char *Long = malloc(6000);

    (void)State;
    for (size_t Index = 0; Index < sizeof(Cases) / sizeof(Cases[0]); ++Index) {
        Expect(Cases[Index].Text, Cases[Index].Words);
        assert_null(Inf);
        Close();
    }
    assert_non_null(Long);
    memset(Long, 'x', 5999);
    Long[5999] = 0;
    memcpy(Long, "[A]\n", 4);
    Expect(Long, "line 2: longer than");
    Close();
    Open("[A]\0k=v", 7);
    assert_null(Inf);
    Close();
    free(Long);
}

/* A thousand %names% on each line. Each looks through [Strings], so that their number bounds the time. */
static void
reader_substitutions_are_bounded(void **State)
{
    size_t Used = 4;
    char *Text = calloc(1, 20 * 2100);

    (void)State;
    assert_non_null(Text);
    memcpy(Text, "[A]\n", Used);
    for (unsigned Line = 0; Line < 17; ++Line) {
        for (unsigned Name = 0; Name < 1000; ++Name)
            Used += (size_t)sprintf(Text + Used, "%%a");
        Used += (size_t)sprintf(Text + Used, "%%\n");
        if (Line == 15) {
            Open(Text, Used);
            assert_non_null(Inf);
            Close();
        }
    }
    Expect(Text, "the strings are too many");
    assert_null(Inf);
    Close();
    free(Text);
}

/* The package that a manufacturer line with that decoration makes. */
static void
ExpectSystems(const char *Decorations, const char *Models, uint16_t Machine, unsigned Systems)
{
    char Text[1024];

    snprintf(Text, sizeof(Text),
             "[Version]\nCatalogFile=x.cat\nDriverVer=1/2/"
             "2026,1.0.0.0\n[Manufacturer]\nV=M,%s\n%s[SourceDisksFiles]\n"
             "x.sys=1\n",
             Decorations, Models);
    Expect(Text, NULL);
    assert_int_equal(Package.Machine, Machine);
    assert_int_equal(Package.Systems, Systems);
    Close();
}

static void
package_systems_follow_from_decorations(void **State)
{
    const unsigned To10 = INF_SYSTEM_7 | INF_SYSTEM_8 | INF_SYSTEM_81 | INF_SYSTEM_10;

    (void)State;
    ExpectSystems("NTamd64.6.1", "[M.NTamd64.6.1]\nD=I,h\n", PE_MACHINE_AMD64, To10);
    ExpectSystems("NTx86", "[M.NTx86]\nD=I,h\n", PE_MACHINE_X86, To10);
    ExpectSystems("NTamd64.6.2", "[M.NTamd64.6.2]\nD=I,h\n", PE_MACHINE_AMD64, To10 & ~INF_SYSTEM_7);
    ExpectSystems("NTamd64.10.0", "[M.NTamd64.10.0]\nD=I,h\n", PE_MACHINE_AMD64, INF_SYSTEM_10);
    ExpectSystems("NTamd64.10.0...17763", "[M.NTamd64.10.0...17763]\nD=I,h\n", PE_MACHINE_AMD64,
                  INF_SYSTEM_10_RS5);
    ExpectSystems("NTamd64.10.0...16299", "[M.NTamd64.10.0...16299]\nD=I,h\n", PE_MACHINE_AMD64,
                  INF_SYSTEM_10);
    ExpectSystems("NTarm64.10.0", "[M.NTarm64.10.0]\nD=I,h\n", PE_MACHINE_ARM64,
                  INF_SYSTEM_10 | INF_SYSTEM_10_RS5);
    ExpectSystems("NTarm.6.1", "[M.NTarm.6.1]\nD=I,h\n", PE_MACHINE_ARM, To10 & ~INF_SYSTEM_7);
    /* An empty models section takes a range of systems out again. */
    ExpectSystems("NTamd64.6.1,NTamd64.10.0", "[M.NTamd64.6.1]\nD=I,h\n[M.NTamd64.10.0]\n", PE_MACHINE_AMD64,
                  To10 & ~INF_SYSTEM_10);
}

static void
package_files_and_ids_are_lower_case_and_once(void **State)
{
    (void)State;
    Expect(FixtureInf7, NULL);
    assert_int_equal(Package.FileCount, 1);
    assert_string_equal(Package.Files[0], "demo.sys");
    assert_int_equal(Package.HardwareIdCount, 2);
    assert_string_equal(Package.HardwareIds[0], "demo");
    assert_string_equal(Package.HardwareIds[1], "root\\demo");
    assert_string_equal(Package.CatalogName, "Demo.cat");
    assert_string_equal(Package.DriverDate, "01/01/2026");
    assert_string_equal(Package.DriverVersion, "1.2.3.0");
    Close();
}

static void
package_without_what_it_needs_is_refused(void **State)
{
#define VERSION "[Version]\nCatalogFile=x.cat\nDriverVer=1/2/2026,1.0.0.0\n"
#define MAKER   "[Manufacturer]\nV=M,NTamd64.10.0\n"
#define MODELS  "[M.NTamd64.10.0]\nD=I,h\n"
#define FILES   "[SourceDisksFiles]\nx.sys=1\n"
    static const struct
    {
        const char *Text, *Words;
    } Cases[] = {
        {VERSION MODELS FILES, "[Manufacturer] should name one manufacturer"},
        {MAKER MODELS FILES, "there is no [Version] section"},
        {"[Version]\nDriverVer=1/2/2026,1.0.0.0\n" MAKER MODELS FILES, "names no catalog"},
        {"[Version]\nCatalogFile=x.cat\n" MAKER MODELS FILES, "no DriverVer"},
        {"[Version]\nCatalogFile=..\\x.cat\nDriverVer=1/2/2026,1.0.0.0\n" MAKER MODELS FILES,
         "names no catalog"},
        {VERSION MAKER FILES, "serves no system"},
        {VERSION MAKER "[M.NTamd64.10.0]\nD=I\n" FILES, "names no hardware id"},
        {VERSION MAKER MODELS, "[SourceDisksFiles] names no file"},
        {VERSION MAKER MODELS "[SourceDisksFiles]\n../x.sys=1\n", "no plain name"},
        {VERSION "[Manufacturer]\nV=M,NTamd64.10.0,NTarm64.10.0\n" MODELS FILES,
         "more than one architecture"},
        {VERSION "[Manufacturer]\nV=M,NTia64.6.0\n" MODELS FILES, "'NTia64.6.0', which is not understood"},
        {VERSION "[Manufacturer]\nV=M,NTamd64.10.0.x\n" MODELS FILES, "which is not understood"},
    };

    (void)State;
    for (size_t Index = 0; Index < sizeof(Cases) / sizeof(Cases[0]); ++Index) {
        Expect(Cases[Index].Text, Cases[Index].Words);
        Close();
    }
}

int
main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(reader_values_quotes_comments_strings),
        cmocka_unit_test(reader_utf16_is_decoded),
        cmocka_unit_test(reader_malformed_text_is_refused),
        cmocka_unit_test(reader_substitutions_are_bounded),
        cmocka_unit_test(package_systems_follow_from_decorations),
        cmocka_unit_test(package_files_and_ids_are_lower_case_and_once),
        cmocka_unit_test(package_without_what_it_needs_is_refused),
    };

    return cmocka_run_group_tests_name("inf", Tests, NULL, NULL);
}
