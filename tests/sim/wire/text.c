/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "text.h"

size_t
sim_utf16_length(const uint16_t *text)
{
    size_t n = 0;
    while (text[n])
        n++;
    return n;
}

char *
sim_utf8_from_n(const uint16_t *text, size_t length)
{
    char *result = malloc(length * 3 + 1), *out = result;
    for (size_t i = 0; i < length; i++) {
        uint32_t c = text[i];
        if ((c & 0xFC00) == 0xD800 && i + 1 < length && (text[i + 1] & 0xFC00) == 0xDC00)
            c = 0x10000 + ((c & 0x3FF) << 10) + (text[++i] & 0x3FF);
        if (c < 0x80) {
            *out++ = (char)c;
        } else if (c < 0x800) {
            *out++ = (char)(0xC0 | c >> 6);
            *out++ = (char)(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            *out++ = (char)(0xE0 | c >> 12);
            *out++ = (char)(0x80 | (c >> 6 & 0x3F));
            *out++ = (char)(0x80 | (c & 0x3F));
        } else {
            *out++ = (char)(0xF0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3F));
            *out++ = (char)(0x80 | (c >> 6 & 0x3F));
            *out++ = (char)(0x80 | (c & 0x3F));
        }
    }
    *out = 0;
    return result;
}

char *
sim_utf8_from(const uint16_t *text)
{
    return text ? sim_utf8_from_n(text, sim_utf16_length(text)) : NULL;
}

uint16_t *
sim_utf16_from(const char *text)
{
    if (!text)
        return NULL;
    uint16_t *result = malloc((strlen(text) + 1) * 2), *out = result;
    for (const uint8_t *in = (const uint8_t *)text; *in;) {
        uint32_t c = *in++;
        unsigned more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
        c &= more == 0 ? 0x7F : 0x3F >> more;
        for (; more && *in; more--)
            c = c << 6 | (*in++ & 0x3F);
        if (c < 0x10000) {
            *out++ = (uint16_t)c;
        } else {
            *out++ = (uint16_t)(0xD800 | (c - 0x10000) >> 10);
            *out++ = (uint16_t)(0xDC00 | (c & 0x3FF));
        }
    }
    *out = 0;
    return result;
}

size_t
sim_utf16_count(const char *text)
{
    size_t n = 0;
    for (const uint8_t *in = (const uint8_t *)text; *in; in++)
        n += (*in & 0xC0) != 0x80 ? (*in >= 0xF0 ? 2 : 1) : 0;
    return n;
}

char *
sim_multi_from(const uint16_t *list)
{
    if (!list)
        return NULL;
    size_t n = 0;
    while (list[n])
        n += sim_utf16_length(list + n) + 1;
    char *result = sim_utf8_from_n(list, n);
    /* The conversion ended it once more, which makes the empty string behind the last. */
    return result;
}

size_t
sim_multi_size(const char *list)
{
    size_t n = 0;
    while (list[n])
        n += strlen(list + n) + 1;
    return n + 1;
}

bool
sim_multi_has(const char *list, const char *item)
{
    for (; list && *list; list += strlen(list) + 1)
        if (sim_same_text(list, item))
            return true;
    return false;
}

bool
sim_same_text(const char *left, const char *right)
{
    return left && right && strcasecmp(left, right) == 0;
}

bool
sim_starts_with(const char *text, const char *prefix)
{
    return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

char *
sim_format(const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    return text;
}

void
sim_guid_text(const uint8_t g[16], char text[39])
{
    snprintf(text, 39, "{%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X}", g[3], g[2],
             g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
}

bool
sim_guid_parse(const char *text, uint8_t guid[16])
{
    unsigned v[16];
    int end = 0;
    if (strlen(text) != 38 ||
        sscanf(text, "{%2x%2x%2x%2x-%2x%2x-%2x%2x-%2x%2x-%2x%2x%2x%2x%2x%2x}%n", v + 3, v + 2, v + 1, v,
               v + 5, v + 4, v + 7, v + 6, v + 8, v + 9, v + 10, v + 11, v + 12, v + 13, v + 14, v + 15,
               &end) != 16 ||
        end != 38)
        return false;
    for (unsigned i = 0; i < 16; i++)
        guid[i] = (uint8_t)v[i];
    return true;
}
