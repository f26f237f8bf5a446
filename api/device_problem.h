/* SPDX-License-Identifier: MIT
 *
 * Why a device does not start: PnP's problem codes, and services without which no network device comes up.
 */
#ifndef DEVICE_PROBLEM_H
#define DEVICE_PROBLEM_H

#include "system.h"

typedef enum _PROBLEM_CLASS
{
    PROBLEM_PENDING, /* comes and goes while a device is set up: wait */
    PROBLEM_REBIND,  /* no driver was bound, or a damaged one: worth another try with the package staged anew
                      */
    PROBLEM_FINAL
} PROBLEM_CLASS;

PROBLEM_CLASS ProblemClass(ULONG Problem);

LPCWSTR ProblemText(ULONG Problem);

/* Logs the state of each service that network devices need. Returns the name of one that is disabled, or
 * NULL. */
LPCWSTR ProblemReportServices(VOID);

#endif
