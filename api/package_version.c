/* SPDX-License-Identifier: MIT */
#include "package_version.h"
#include "product.h"

#define DAY_UNITS 864000000000u /* of 100 ns */

static DWORD
DaysOfMonth(DWORD Year, DWORD Month)
{
    static const BYTE Days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    BOOL IsLeap = Year % 4 == 0 && (Year % 100 != 0 || Year % 400 == 0);
    return Days[Month - 1] + (DWORD)(Month == 2 && IsLeap);
}

DWORD64
VersionDate(DWORD Year, DWORD Month, DWORD Day)
{
    /* Years begin in March here, so that the leap day is the last one; 1601-01-01 is day 584694 of such a
     * count. */
    DWORD Shift = Month <= 2;
    DWORD Years = Year - Shift, Months = Month + 12 * Shift - 3;
    DWORD Days = 365 * Years + Years / 4 - Years / 100 + Years / 400 + (153 * Months + 2) / 5 + Day - 1;
    return (DWORD64)(Days - 584694) * DAY_UNITS;
}

BOOL
VersionParseDate(LPCSTR Text, DWORD64 *Date)
{
    DWORD Parts[3] = {0}, Part = 0, Digits = 0;

    for (; *Text; ++Text) {
        if (*Text == '/' && Digits && Part < 2) {
            ++Part;
            Digits = 0;
        } else if (*Text >= '0' && *Text <= '9' && Digits < 4) {
            Parts[Part] = Parts[Part] * 10 + (DWORD)(*Text - '0');
            ++Digits;
        } else {
            return FALSE;
        }
    }
    if (Part != 2 || Parts[2] < 1601 || Parts[0] < 1 || Parts[0] > 12 || Parts[1] < 1 ||
        Parts[1] > DaysOfMonth(Parts[2], Parts[0]))
        return FALSE;
    *Date = VersionDate(Parts[2], Parts[0], Parts[1]);
    return TRUE;
}

VOID
VersionOwn(PACKAGE_VERSION *Own)
{
    if (!VersionParseDate(PRODUCT_DRIVER_DATE, &Own->Date))
        Own->Date = 0; /* a test sees to it that the product definition has a date */
    Own->Version = (DWORD64)PRODUCT_VERSION_MAJOR << 48 | (DWORD64)PRODUCT_VERSION_MINOR << 32 |
                   (DWORD64)PRODUCT_VERSION_PATCH << 16;
}

int
VersionCompare(const PACKAGE_VERSION *Left, const PACKAGE_VERSION *Right)
{
    if (Left->Date != Right->Date)
        return Left->Date < Right->Date ? -1 : 1;
    if (Left->Version != Right->Version)
        return Left->Version < Right->Version ? -1 : 1;
    return 0;
}

DWORD
VersionParseShort(LPCWSTR Text)
{
    DWORD Parts[2] = {0}, Part = 0, Digits = 0;

    for (; *Text; ++Text) {
        if (*Text >= L'0' && *Text <= L'9') {
            Parts[Part] = Parts[Part] * 10 + (DWORD)(*Text - L'0');
            ++Digits;
            if (Parts[Part] > 0xFFFF)
                return 0;
        } else if (*Text == L'.' && Digits) {
            if (++Part == 2)
                break;
            Digits = 0;
        } else {
            return 0;
        }
    }
    return Part == 2 || (Part == 1 && Digits) ? Parts[0] << 16 | Parts[1] : 0;
}
