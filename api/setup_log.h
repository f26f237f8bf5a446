/* SPDX-License-Identifier: MIT
 *
 * %SystemRoot%\INF\setupapi.dev.log, in which Windows writes down what it does to install devices and packages: it
 * has the reason for most failures. What it says of ours goes into the log of the program.
 */
#ifndef SETUP_LOG_H
#define SETUP_LOG_H

#include <winsock2.h>
#include <windows.h>

/* How long the log is now, before an operation begins; 0 if it cannot be read. Preserves GetLastError. */
DWORD64 SetupLogMark(VOID);

/* Logs as warnings what Windows has written since about our devices and packages, some twenty lines at most. A log
 * that is not there or cannot be read is no error and nothing is said. Preserves GetLastError. */
VOID SetupLogQuote(DWORD64 Mark);

#endif
