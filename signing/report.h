/* SPDX-License-Identifier: MIT
 * Findings: everything that a check has to say goes through one REPORT, a line per finding, in words. */
#ifndef SIGNING_REPORT_H
#define SIGNING_REPORT_H

#include <stdbool.h>
#include <stdio.h>

typedef struct
{
    FILE *Out;
    const char *Subject; /* what is being checked, the prefix of each line; owned by the caller */
    unsigned Findings;
    bool Quiet; /* notes are left out, findings never */
} REPORT;

/* Counts and prints one finding. */
void ReportFinding(REPORT *Report, const char *Format, ...) __attribute__((format(printf, 2, 3)));

/* Prints what is worth knowing and no fault. */
void ReportNote(REPORT *Report, const char *Format, ...) __attribute__((format(printf, 2, 3)));

/* A printable copy of untrusted bytes: control characters become '?'. Returns Buffer. */
const char *ReportPrintable(const char *Text, char *Buffer, size_t Size);

#endif
