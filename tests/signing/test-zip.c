/* SPDX-License-Identifier: MIT
 * Archives: read whole, and refused when they lie. */
#include "fixture.h"
#include "zip.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>

static uint8_t Zip[4096];
static size_t ZipSize;

static void
Put(unsigned Size, uint32_t Value)
{
    for (unsigned Index = 0; Index < Size; ++Index)
        Zip[ZipSize++] = (uint8_t)(Value >> 8 * Index);
}

static void
PutText(const char *Text)
{
    memcpy(Zip + ZipSize, Text, strlen(Text));
    ZipSize += strlen(Text);
}

/* An archive with stored entries of these names, each with the content "data of NAME". */
static void
Make(const char *First, const char *Second)
{
    const char *Names[] = {First, Second};
    uint32_t Locals[2], Crc[2], Size[2];
    size_t Directory;
    unsigned Count = Second ? 2 : 1;

    ZipSize = 0;
    for (unsigned Index = 0; Index < Count; ++Index) {
        char Data[64];

        snprintf(Data, sizeof(Data), "data of %s", Names[Index]);
        Locals[Index] = (uint32_t)ZipSize;
        Size[Index] = (uint32_t)strlen(Data);
        Crc[Index] = (uint32_t)crc32(0, (const Bytef *)Data, Size[Index]);
        Put(4, 0x04034b50);
        Put(2, 20), Put(2, 0), Put(2, 0), Put(4, 0);
        Put(4, Crc[Index]), Put(4, Size[Index]), Put(4, Size[Index]);
        Put(2, (uint32_t)strlen(Names[Index])), Put(2, 0);
        PutText(Names[Index]);
        PutText(Data);
    }
    Directory = ZipSize;
    for (unsigned Index = 0; Index < Count; ++Index) {
        Put(4, 0x02014b50);
        Put(2, 20), Put(2, 20), Put(2, 0), Put(2, 0), Put(4, 0);
        Put(4, Crc[Index]), Put(4, Size[Index]), Put(4, Size[Index]);
        Put(2, (uint32_t)strlen(Names[Index])), Put(2, 0), Put(2, 0), Put(2, 0), Put(2, 0), Put(4, 0);
        Put(4, Locals[Index]);
        PutText(Names[Index]);
    }
    Put(4, 0x06054b50);
    Put(2, 0), Put(2, 0), Put(2, Count), Put(2, Count);
    Put(4, (uint32_t)(ZipSize - Directory - 12)), Put(4, (uint32_t)Directory), Put(2, 0);
}

static void
Expect(const char *Words)
{
    FIXTURE_REPORT Report;
    TREE Tree;
    bool Ok;

    FixtureBeginReport(&Report);
    Ok = TreeLoadZip(&Tree, Zip, ZipSize, &Report.Report);
    FixtureEndReport(&Report);
    TreeFree(&Tree);
    if (Ok != !Words || (Words && !strstr(Report.Text, Words)))
        fail_msg("not '%s' but: %s", Words ? Words : "(good)", Report.Text);
    FixtureFreeReport(&Report);
}

static void
zip_files_come_out_sorted(void **State)
{
    FIXTURE_REPORT Report;
    TREE Tree;

    (void)State;
    Make("b/two", "a/one");
    FixtureBeginReport(&Report);
    assert_true(TreeLoadZip(&Tree, Zip, ZipSize, &Report.Report));
    assert_int_equal(Tree.Count, 2);
    assert_string_equal(Tree.Files[0].Path, "a/one");
    assert_memory_equal(Tree.Files[1].Data, "data of b/two", Tree.Files[1].Size);
    assert_non_null(TreeFind(&Tree, "b/two"));
    assert_null(TreeFind(&Tree, "b"));
    TreeFree(&Tree);
    FixtureEndReport(&Report);
    FixtureFreeReport(&Report);
}

static void
zip_unsafe_names_are_refused(void **State)
{
    static const char *const Names[] = {"../x", "a/../../x", "/x", "C:x", "a\\x", ".."};

    (void)State;
    for (size_t Index = 0; Index < sizeof(Names) / sizeof(Names[0]); ++Index) {
        Make("good", Names[Index]);
        Expect("whose name is not safe");
    }
    Make("a..b/..c", NULL);
    Expect(NULL);
}

static void
zip_damage_is_refused(void **State)
{
    (void)State;
    Make("a", "b");
    Zip[31] ^= 1; /* data of the first */
    Expect("a cannot be unpacked");
    Make("a", "b");
    Zip[30] = 'c'; /* the local name is another than the directory's */
    Expect("a cannot be unpacked");
    Make("a", "b");
    Zip[ZipSize - 22 - 2 * 47 + 24] ^= 1; /* unpacked size of a stored entry, in both places */
    Zip[22] ^= 1;
    Expect("a claims a size that it cannot have");
    Make("a", "a");
    Expect("twice");
    Make("a", NULL);
    --ZipSize;
    Expect("not a zip archive");
}

/* Flags, method, checksum and sizes stand in the local header too; tools differ in which they believe. */
static void
zip_two_stories_are_refused(void **State)
{
    (void)State;
    for (unsigned At = 8; At < 26; At += At == 8 ? 6 : 4) {
        Make("name", NULL);
        Zip[At] ^= 1;
        Expect("name cannot be unpacked");
    }
    Make("name", NULL);
    Zip[6] ^= 8;
    Expect("name cannot be unpacked");
}

/* A size that a few bytes can never inflate to is refused before it is allocated. */
static void
zip_lying_size_is_refused(void **State)
{
    size_t Entry;

    (void)State;
    Make("a", NULL);
    for (Entry = 0; memcmp(Zip + Entry, "PK\1\2", 4); ++Entry)
        ;
    Zip[8] = Zip[Entry + 10] = 8;
    Zip[25] = Zip[Entry + 27] = 0x10;
    Expect("a claims a size that it cannot have");
}

static void
zip_every_changed_byte_is_survived(void **State)
{
    (void)State;
    Make("a", "b/c");
    for (size_t At = 0; At < ZipSize; ++At)
        for (unsigned Bit = 0; Bit < 8; ++Bit) {
            FIXTURE_REPORT Report;
            uint8_t *Exact = malloc(ZipSize);
            TREE Tree;

            assert_non_null(Exact);
            memcpy(Exact, Zip, ZipSize);
            Exact[At] ^= (uint8_t)(1u << Bit);
            FixtureBeginReport(&Report);
            (void)!TreeLoadZip(&Tree, Exact, ZipSize, &Report.Report);
            TreeFree(&Tree);
            FixtureEndReport(&Report);
            FixtureFreeReport(&Report);
            free(Exact);
        }
}

int
main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(zip_files_come_out_sorted), cmocka_unit_test(zip_unsafe_names_are_refused),
        cmocka_unit_test(zip_damage_is_refused),     cmocka_unit_test(zip_two_stories_are_refused),
        cmocka_unit_test(zip_lying_size_is_refused), cmocka_unit_test(zip_every_changed_byte_is_survived),
    };

    return cmocka_run_group_tests_name("zip", Tests, NULL, NULL);
}
