/* SPDX-License-Identifier: MIT
 * Hostile input to everything that reads files: catalogs, signatures, images, INFs, archives. What must hold
 * is that nothing crashes, hangs or leaks; whether findings are right is for other tests.
 *
 * With libFuzzer (`make fuzz-signing`) this is its target. Without (FUZZ_SEEDED) it mutates given seed files
 * in an order that a number decides: fuzz-seeded SECONDS SEED FILE... A failure prints the round;
 * REPLAY=round repeats it. */
#include "fixture.h"
#include "same.h"
#include "verify.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
TryCatalog(const uint8_t *Data, size_t Size, REPORT *Report, const TRUST *Trust)
{
    static FIXTURE_PACKAGE Package;
    static CATALOG Expected, Actual;

    if (!Package.Files[0].Data) {
        FixtureMakePackage(&Package, FixtureInf7, PE_MACHINE_AMD64);
        CatalogDescribe(&Expected, "demo.inf", Package.Files, 2, FIXTURE_TIME, NULL, Report);
    }
    if (CatalogDecode(&Actual, Data, Size, Report))
        CatalogCompare(&Expected, &Actual, Report);
    CatalogIsPlatform(Data, Size);
    CatalogCheckPlatform(Data, Size, Package.Files, 2, Report);
    SignatureCheckCatalog(Data, Size, Trust, Report);
}

/* The input as the INF of a package, and what the writer makes of it. */
static void
TryInf(const uint8_t *Data, size_t Size, REPORT *Report)
{
    static uint8_t Image[FIXTURE_IMAGE_SIZE];
    static CATALOG Catalog;
    PACKAGE_FILE Files[] = {{"demo.inf", Data, Size}, {"demo.sys", Image, sizeof(Image)}};
    uint8_t *Der;
    size_t DerSize;

    if (!Image[0])
        FixtureMakeImage(Image, PE_MACHINE_AMD64);
    if (CatalogDescribe(&Catalog, "demo.inf", Files, 2, FIXTURE_TIME, NULL, Report) &&
        CatalogEncode(&Catalog, &Der, &DerSize, Report))
        OPENSSL_free(Der);
}

/* The input compared with itself but for a byte in the middle. */
static void
TrySame(const uint8_t *Data, size_t Size, REPORT *Report)
{
    uint8_t *Other = malloc(Size);

    if (!Other)
        abort();
    memcpy(Other, Data, Size);
    Other[Size / 2] ^= 1;
    SameBytes("fuzz", Data, Size, Other, Size, Report);
    free(Other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size)
{
    static FILE *Sink;
    REPORT Report = {.Subject = "fuzz"};
    TREE Tree;

    if (!Sink)
        Sink = fopen("/dev/null", "w");
    if (!Sink)
        abort();
    Report.Out = Sink;
    if (Size > 2 && Data[0] != 'P')
        TrySame(Data, Size, &Report);
    VERIFY Verify = {.Out = Sink, .Trust = {.Time = FIXTURE_TIME}};
    /* An image or an archive is one by its first bytes; text and DER are tried on the rest. */
    if (Size > 2 && Data[0] == 'M' && Data[1] == 'Z') {
        VerifyImage(&Verify, "fuzz", Data, Size);
    } else if (Size > 2 && Data[0] == 'P' && Data[1] == 'K') {
        if (TreeLoadZip(&Tree, Data, Size, &Report))
            VerifyTree(&Verify, "fuzz", &Tree);
        TreeFree(&Tree);
    } else if (Size > 2 && Data[0] == 0x30) {
        TryCatalog(Data, Size, &Report, &Verify.Trust);
    } else {
        TryInf(Data, Size, &Report);
    }
    return 0;
}

#ifdef FUZZ_SEEDED

#define MAX_FUZZ_INPUT (1u << 18)

static uint64_t State;

static uint32_t
Random(uint32_t Below)
{
    State = State * 6364136223846793005u + 1442695040888963407u;
    return Below ? (uint32_t)(State >> 33) % Below : 0;
}

/* One mutation in place; returns the new size. Half of them keep to the front, where headers are. */
static size_t
Mutate(uint8_t *Data, size_t Size, const FILE_BYTES *Other)
{
    static const uint8_t Interesting[] = {0,    1,    2,    0x7f, 0x80, 0x81, 0x82, 0x84,
                                          0xff, 0x30, 0x31, '"',  '%',  '[',  ','};
    uint32_t Range = Random(2) ? (uint32_t)Size : (uint32_t)(Size < 1024 ? Size : 1024);
    size_t At = Random(Range), Length = 1 + Random(16);

    if (!Size)
        return 0;
    switch (Random(7)) {
    case 0:
        Data[At] ^= (uint8_t)(1u << Random(8));
        break;
    case 1:
        Data[At] = Interesting[Random(sizeof(Interesting))];
        break;
    case 2: /* a 32-bit field */
        for (unsigned Index = 0; Index < 4 && At + Index < Size; ++Index)
            Data[At + Index] = Random(3) ? Interesting[Random(9)] : (uint8_t)Random(256);
        break;
    case 3: /* bytes taken out */
        if (At + Length < Size) {
            memmove(Data + At, Data + At + Length, Size - At - Length);
            Size -= Length;
        }
        break;
    case 4: /* bytes doubled */
        if (At + Length < Size && Size + Length < MAX_FUZZ_INPUT) {
            memmove(Data + At + Length, Data + At, Size - At);
            Size += Length;
        }
        break;
    case 5: /* a piece of another seed */
        Length = 1 + Random(256);
        if (Other->Size > Length && At + Length < Size)
            memcpy(Data + At, Other->Data + Random((uint32_t)(Other->Size - Length)), Length);
        break;
    default: /* cut off */
        if (!Random(4))
            Size = At;
        break;
    }
    return Size;
}

static void
RunRound(uint64_t Round, uint64_t Seed, const FILE_BYTES *Seeds, unsigned Count)
{
    static uint8_t Work[MAX_FUZZ_INPUT];
    const FILE_BYTES *From;
    unsigned Times;
    uint8_t *Exact;
    size_t Size;

    State = Seed * 0x9e3779b97f4a7c15u + Round;
    Random(1);
    From = &Seeds[Random(Count)];
    Size = From->Size < MAX_FUZZ_INPUT ? From->Size : MAX_FUZZ_INPUT;
    memcpy(Work, From->Data, Size);
    for (Times = 1 + Random(8); Times; --Times)
        Size = Mutate(Work, Size, &Seeds[Random(Count)]);
    /* A block of exactly this size, so that the sanitizer sees a read past its end. */
    Exact = malloc(Size ? Size : 1);
    if (!Exact)
        abort();
    memcpy(Exact, Work, Size);
    LLVMFuzzerTestOneInput(Exact, Size);
    free(Exact);
}

static volatile uint64_t Current;

void __asan_on_error(void);

void
__asan_on_error(void)
{
    fprintf(stderr, "fuzz-seeded: round %llu\n", (unsigned long long)Current);
}

int
main(int Count, char **Arguments)
{
    static FILE_BYTES Seeds[64];
    REPORT Report = {.Out = stderr, .Subject = "fuzz-seeded"};
    unsigned SeedCount = 0;
    time_t End;

    if (Count < 4)
        return 2;
    for (int Index = 3; Index < Count && SeedCount < 64; ++Index)
        if (!FileRead(Arguments[Index], &Seeds[SeedCount++], &Report))
            return 2;
    if (getenv("REPLAY")) {
        RunRound(strtoull(getenv("REPLAY"), NULL, 10), strtoull(Arguments[2], NULL, 10), Seeds, SeedCount);
        return 0;
    }
    End = time(NULL) + atoi(Arguments[1]);
    for (Current = 0; time(NULL) < End; ++Current) {
        time_t Begin = time(NULL);

        RunRound(Current, strtoull(Arguments[2], NULL, 10), Seeds, SeedCount);
        if (time(NULL) - Begin > 10) {
            fprintf(stderr, "fuzz-seeded: round %llu took more than ten seconds\n",
                    (unsigned long long)Current);
            return 1;
        }
    }
    printf("%llu rounds over %u seeds\n", (unsigned long long)Current, SeedCount);
    for (unsigned Index = 0; Index < SeedCount; ++Index)
        FileFree(&Seeds[Index]);
    return Current < 100;
}

#endif
