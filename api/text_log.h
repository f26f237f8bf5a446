/* SPDX-License-Identifier: MIT
 *
 * SetupAPI's text log, as documented: lines in sections, each of them
 *
 *     >>>  [title - instance]
 *     >>>  time Section start
 *     !!!  an error     (a warning has "!  ", other lines begin with blanks)
 *     <<<  [time: Section end]
 *     <<<  [Exit Status(0x00000000)]
 *
 * Only bytes are looked at here; no function calls the system.
 */
#ifndef TEXT_LOG_H
#define TEXT_LOG_H

#include <winsock2.h>
#include <windows.h>

/* A line within the log, without its end. */
typedef struct _TEXT_LOG_LINE
{
    const char *Text;
    DWORD Length;
} TEXT_LOG_LINE;

/* Picks what is worth quoting from a part of a log, which may begin and end in the middle of a section: of each
 * section that has one of the Keys in a line, as a word of its own and in any case, and that reports an error or a
 * warning, failed, or has no end yet, the title, the errors and warnings, and the last line. Returns how many lines
 * there are; if they are more than Capacity, Lines has the last Capacity of them. */
DWORD TextLogPick(const char *Log, DWORD Size, const LPCSTR *Keys, DWORD KeyCount, TEXT_LOG_LINE *Lines,
                  DWORD Capacity);

/* Converts a line, which is UTF-8 or ASCII; what is neither, and control characters, become '?' and blanks. Cuts what
 * does not fit; always terminated. */
VOID TextLogWiden(const TEXT_LOG_LINE *Line, WCHAR *Buffer, DWORD Capacity);

#endif
