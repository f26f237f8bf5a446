/* SPDX-License-Identifier: MIT
 * Text between a simulated process (UTF-16) and the model (UTF-8). A lone surrogate survives the round trip.
 * Case is folded for ASCII alone, which is all that device and file names of the tests need. */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t sim_utf16_length(const uint16_t *text);
/* Allocates the result; NULL stays NULL. */
char *sim_utf8_from(const uint16_t *text);
char *sim_utf8_from_n(const uint16_t *text, size_t length);
uint16_t *sim_utf16_from(const char *text);
/* The number of UTF-16 units of a UTF-8 string, without its end. */
size_t sim_utf16_count(const char *text);
/* A list of strings, each with its end and an empty one behind the last, in either form. */
char *sim_multi_from(const uint16_t *list);
size_t sim_multi_size(const char *list);
bool sim_multi_has(const char *list, const char *item);

bool sim_same_text(const char *left, const char *right);
bool sim_starts_with(const char *text, const char *prefix);
/* printf into allocated memory. */
char *sim_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* GUIDs: 16 bytes as in memory on Windows; text in braces. */
void sim_guid_text(const uint8_t guid[16], char text[39]);
bool sim_guid_parse(const char *text, uint8_t guid[16]);

#endif
