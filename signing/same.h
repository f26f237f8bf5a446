/* SPDX-License-Identifier: MIT
 * Whether two builds are the same but for their signatures. What may differ is listed in same.c, nothing else
 * may. */
#ifndef SIGNING_SAME_H
#define SIGNING_SAME_H

#include "report.h"
#include "zip.h"

#include <stddef.h>
#include <stdint.h>

/* Each difference that signatures do not explain is a finding. Signed and unsigned compare too. */
void SameBytes(const char *Path, const uint8_t *A, size_t SizeA, const uint8_t *B, size_t SizeB,
               REPORT *Report);

/* The same for all files of two trees; *Count grows by the pairs compared, *Skipped by those that cannot be
 * taken apart (setups hold signed files compressed). */
void SameTrees(const TREE *A, const TREE *B, unsigned *Count, unsigned *Skipped, REPORT *Report);

#endif
