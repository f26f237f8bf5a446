/* SPDX-License-Identifier: MIT
 * Trees of files in memory: a folder, or a zip archive (stored or deflated, no encryption, no zip64). */
#ifndef SIGNING_ZIP_H
#define SIGNING_ZIP_H

#include "report.h"

#include <stddef.h>
#include <stdint.h>

#define TREE_MAX_FILES 4096
#define TREE_MAX_BYTES (512u << 20) /* of all files together, unpacked */

typedef struct
{
    char *Path; /* with '/', relative to the tree's root */
    uint8_t *Data;
    size_t Size;
} TREE_FILE;

typedef struct
{
    TREE_FILE *Files; /* in the order of their paths */
    unsigned Count;
    size_t Bytes;
} TREE;

/* False with findings; free either way. */
bool TreeLoadFolder(TREE *Tree, const char *Folder, REPORT *Report);

/* Unpacks, checking sizes and CRCs. Names that would leave the folder they are unpacked to are findings. */
bool TreeLoadZip(TREE *Tree, const uint8_t *Data, size_t Size, REPORT *Report);

void TreeFree(TREE *Tree);

const TREE_FILE *TreeFind(const TREE *Tree, const char *Path);

#endif
