/* SPDX-License-Identifier: MIT
 * The verbs of sign-tool. Each gets its own arguments (argv[0] is the verb), prints what it has to say and
 * returns the exit code: 0 good, 1 findings, 2 wrong usage. */
#ifndef SIGNING_VERBS_H
#define SIGNING_VERBS_H

#include <stdbool.h>
#include <time.h>

int VerbCatalog(int Count, char **Arguments);

int VerbCheckKey(int Count, char **Arguments);

int VerbCheckSignature(int Count, char **Arguments);

int VerbVerify(int Count, char **Arguments);

int VerbHash(int Count, char **Arguments);

int VerbSame(int Count, char **Arguments);

int VerbStrip(int Count, char **Arguments);

int VerbExtract(int Count, char **Arguments);

/* The build's point in time: SOURCE_DATE_EPOCH, or now. False with a message when it is no number. */
bool VerbGetTime(time_t *Time);

#endif
