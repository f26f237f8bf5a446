/* SPDX-License-Identifier: MIT
 * Checks of adapters: names, creation, opening, what is left of them. */
#include "selftest.h"

WINTUN_ADAPTER_HANDLE SelftestAdapter;

/* Why no adapter can be made, once that is known. */
static DWORD MakeError;

BOOL
AdapterMake(VOID)
{
    if (SelftestAdapter)
        return TRUE;
    if (!MakeError) {
        DWORD Start = GetTickCount();
        SelftestAdapter = Wintun.CreateAdapter(SELFTEST_NAME, L"Selftest", NULL);
        if (SelftestAdapter) {
            ReportPrint("      made in %u ms", GetTickCount() - Start);
            return TRUE;
        }
        MakeError = GetLastError();
        /* Not every system is supported yet, and who is not elevated is told so: neither is a failure. */
        if (MakeError != ERROR_NOT_SUPPORTED && MakeError != ERROR_ACCESS_DENIED)
            EXPECT_EQUAL(MakeError, ERROR_SUCCESS);
    }
    ReportSkip("no adapter: error 0x%x (%u)", MakeError, MakeError);
    return FALSE;
}

static VOID
ExpectNoAdapter(LPCWSTR Name, LPCWSTR Type, DWORD Wanted)
{
    WINTUN_ADAPTER_HANDLE Adapter = Wintun.CreateAdapter(Name, Type, NULL);

    if (!EXPECT(!Adapter))
        Wintun.CloseAdapter(Adapter);
    else
        EXPECT_EQUAL(GetLastError(), Wanted);
}

VOID
CheckBadNames(VOID)
{
    WCHAR Long[MAX_ADAPTER_NAME + 1];

    for (DWORD Index = 0; Index < MAX_ADAPTER_NAME; ++Index)
        Long[Index] = L'n';
    Long[MAX_ADAPTER_NAME] = 0;
    ExpectNoAdapter(NULL, L"Selftest", ERROR_INVALID_PARAMETER);
    ExpectNoAdapter(SELFTEST_NAME, NULL, ERROR_INVALID_PARAMETER);
    ExpectNoAdapter(L"", L"Selftest", ERROR_INVALID_NAME);
    ExpectNoAdapter(L"a\\b", L"Selftest", ERROR_INVALID_NAME);
    ExpectNoAdapter(L"a\"b", L"Selftest", ERROR_INVALID_NAME);
    ExpectNoAdapter(Long, L"Selftest", ERROR_BUFFER_OVERFLOW);
}

VOID
CheckMissingAdapter(VOID)
{
    EXPECT(!Wintun.OpenAdapter(L"Selftest that nobody made"));
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_NOT_FOUND);
}

VOID
CheckAdapterIsMade(VOID)
{
    NET_LUID Luid;

    if (!AdapterMake())
        return;
    Luid.Value = 0;
    Wintun.GetAdapterLUID(SelftestAdapter, &Luid);
    EXPECT_EQUAL(Luid.Info.IfType, IF_TYPE_PROP_VIRTUAL);
    EXPECT(Luid.Info.NetLuidIndex != 0);
    DWORD Version = Wintun.GetRunningDriverVersion();
    EXPECT(Version != 0);
    ReportPrint("      driver %u.%u", Version >> 16, Version & 0xFFFF);
}

VOID
CheckAdapterIsOpenedByName(VOID)
{
    NET_LUID Made, Opened;

    if (!AdapterMake())
        return;
    WINTUN_ADAPTER_HANDLE Adapter = Wintun.OpenAdapter(SELFTEST_NAME);
    if (!EXPECT(Adapter))
        return;
    Wintun.GetAdapterLUID(SelftestAdapter, &Made);
    Wintun.GetAdapterLUID(Adapter, &Opened);
    EXPECT(Made.Value == Opened.Value);
    /* The adapter stays: the handle is not from WintunCreateAdapter. */
    Wintun.CloseAdapter(Adapter);
    Adapter = Wintun.OpenAdapter(SELFTEST_NAME);
    EXPECT(Adapter);
    Wintun.CloseAdapter(Adapter);
}

/* Closes the adapter that the other checks have used. */
VOID
CheckAdapterIsGone(VOID)
{
    if (!AdapterMake())
        return;
    Wintun.CloseAdapter(SelftestAdapter);
    SelftestAdapter = NULL;
    EXPECT(!Wintun.OpenAdapter(SELFTEST_NAME));
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_NOT_FOUND);
}

VOID
CheckDriverIsDeleted(VOID)
{
    if (MakeError) {
        ReportSkip("no adapter was ever made");
        return;
    }
    EXPECT(Wintun.DeleteDriver());
    EXPECT_EQUAL(Wintun.GetRunningDriverVersion(), 0);
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_NOT_FOUND);
    if (!AdapterMake())
        EXPECT(SelftestAdapter);
    Wintun.CloseAdapter(SelftestAdapter);
    SelftestAdapter = NULL;
}
