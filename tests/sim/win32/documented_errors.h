/* SPDX-License-Identifier: MIT
 * With which codes the functions of this folder are documented to fail, for injecting each of them. */
#ifndef SIM_WIN32_DOCUMENTED_ERRORS_H
#define SIM_WIN32_DOCUMENTED_ERRORS_H

#include "win32.h"

/* Up to the first 0. Win32 codes, or CONFIGRETs, or HRESULTs, as the function returns them. */
struct win_documented_errors
{
    const char *function;
    uint32_t codes[12];
};
/* Ends with a NULL function. */
extern const struct win_documented_errors win_documented_errors[];

/* The name of a function that can fail and is not in the table, or of one in the table that cannot; NULL if there is
 * none. HeapAlloc has no code, and methods of COM objects have no row. */
const char *win_undocumented_errors(void);

#endif
