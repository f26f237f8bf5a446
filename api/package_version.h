/* SPDX-License-Identifier: MIT
 *
 * Dates and versions of driver packages, as numbers that compare as Plug and Play compares them. No function here
 * calls the system.
 */
#ifndef PACKAGE_VERSION_H
#define PACKAGE_VERSION_H

#include <winsock2.h>
#include <windows.h>

typedef struct _PACKAGE_VERSION
{
    DWORD64 Date;    /* in units of 100 ns since 1601-01-01, as FILETIME; midnight */
    DWORD64 Version; /* four 16-bit parts, the major one on top */
} PACKAGE_VERSION;

/* Midnight of a date of the Gregorian calendar, from 1601 on. */
DWORD64 VersionDate(DWORD Year, DWORD Month, DWORD Day);

/* Reads the date of a DriverVer, MM/DD/YYYY. FALSE if it is no date. */
BOOL VersionParseDate(LPCSTR Text, DWORD64 *Date);

/* The package in this DLL, from the product definition, as in DriverVer of its INF. */
VOID VersionOwn(PACKAGE_VERSION *Own);

/* As PnP ranks packages that match equally well, by date and then by version: negative if the left one loses,
 * 0 if they are the same. */
int VersionCompare(const PACKAGE_VERSION *Left, const PACKAGE_VERSION *Right);

/* (major << 16) | minor of "<major>.<minor>...", or 0 if the text does not begin with two numbers of at most 16 bits. */
DWORD VersionParseShort(LPCWSTR Text);

#endif
