/* SPDX-License-Identifier: MIT
 *
 * Wide strings and GUIDs, without a C runtime. No function here touches GetLastError.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdarg.h>
#include <winsock2.h>
#include <windows.h>

/* Writes at most Capacity characters with the terminator, always terminated. Knows %s (LPCWSTR; NULL is
 * "(none)"), %u (DWORD, decimal), %x (DWORD, eight hexadecimal digits), %g (const GUID *, in braces) and %%.
 * Returns the length, or Capacity if the text was cut, never between the halves of a surrogate pair. A Capacity
 * of 0 takes nothing: nothing is written. */
DWORD TextFormatArguments(WCHAR *Buffer, DWORD Capacity, LPCWSTR Format, va_list Arguments);
DWORD TextFormat(WCHAR *Buffer, DWORD Capacity, LPCWSTR Format, ...);

DWORD TextLength(LPCWSTR Text);

/* Whether two strings are equal to the system, which ignores case by its own table, as for names of devices.
 */
BOOL TextIsEqual(LPCWSTR Left, LPCWSTR Right);

/* Copies Source, FALSE if it does not fit. */
BOOL TextCopy(WCHAR *Buffer, DWORD Capacity, LPCWSTR Source);

BOOL GuidIsEqual(const GUID *Left, const GUID *Right);

/* Parses "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}". */
BOOL GuidParse(LPCWSTR Text, GUID *Guid);

#define GUID_TEXT_LENGTH 39 /* with braces and terminator */

#endif
