/* SPDX-License-Identifier: MIT
 * Setups and cabinets: files with files in them that are unpacked by other tools than this one. */
#ifndef SIGNING_CONTAINER_H
#define SIGNING_CONTAINER_H

#include "verify.h"

/* ".exe" for a setup made by NSIS, ".cab" for a cabinet, NULL for anything else. */
const char *ContainerKind(const uint8_t *Data, size_t Size);

/* Puts a copy of a setup or a cabinet into Verify->Containers, for who unpacks it, and a line "<copy><tab><path>"
 * into the file "list" there. Without that folder it notes that nobody looks inside. True if it was one. */
bool ContainerKeep(VERIFY *Verify, const char *Path, const uint8_t *Data, size_t Size, REPORT *Report);

/* Adds "<SHA-256> <path>" to the file "seen" in Verify->Containers, if that is set. */
void ContainerNoteFile(VERIFY *Verify, const char *Path, const uint8_t *Data, size_t Size);

#endif
