/* SPDX-License-Identifier: MIT
 *
 * The types of windows.h that the DLL's pure functions (text, versions, sections of a log) are written with, for
 * tests of them on the host: 16-bit characters (-fshort-wchar), 32-bit DWORD. CompareStringOrdinal and the last error
 * are the test's own.
 */
#ifndef TEST_WINDOWS_H
#define TEST_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#define VOID  void
#define TRUE  1
#define FALSE 0

typedef int BOOL;
typedef unsigned char BYTE;
typedef uint16_t USHORT;
typedef uint16_t WORD;
typedef uint32_t DWORD;
typedef uint64_t DWORD64;
typedef wchar_t WCHAR;
typedef const WCHAR *LPCWSTR;
typedef const char *LPCSTR;

_Static_assert(sizeof(WCHAR) == 2, "wide characters have 16 bits");

typedef struct _GUID
{
    DWORD Data1;
    USHORT Data2, Data3;
    BYTE Data4[8];
} GUID;

#define ARRAYSIZE(Array) (sizeof(Array) / sizeof((Array)[0]))
#define CSTR_EQUAL       2

DWORD GetLastError(void);
void SetLastError(DWORD Error);
int CompareStringOrdinal(LPCWSTR Left, int LeftLength, LPCWSTR Right, int RightLength, BOOL IgnoreCase);

#endif
