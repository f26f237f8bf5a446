/* SPDX-License-Identifier: MIT
 *
 * Log lines, handed to the program's callback. Called on threads of the program alone, never with an internal
 * lock held; the threads and callbacks that the DLL or the system starts hand their findings to the caller
 * instead.
 */
#ifndef LOGGER_H
#define LOGGER_H

#include "wintun.h"

/* Formats (see TextFormatArguments) and delivers one line. Preserves GetLastError. */
VOID LoggerWrite(WINTUN_LOGGER_LEVEL Level, LPCWSTR Format, ...);

/* Delivers "<line>: <reason> (error 0x...)" as an error and sets GetLastError to Error. Returns FALSE, so
 * that a failing path can say return LoggerFail(...). */
BOOL LoggerFail(DWORD Error, LPCWSTR Format, ...);

#endif
