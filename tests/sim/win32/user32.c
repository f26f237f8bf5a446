/* SPDX-License-Identifier: MIT
 * wvsprintfA: at most 1024 bytes are written, and only these conversions are documented: c, C, d, hc, hC, hd,
 * hs, hS, hu, i, lc, lC, ld, li, ls, lS, lu, lx, lX, p, s, S, u, x, X, with -, #, 0, width and precision. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rows.h"

#define LIMIT 1024

/* The images' va_list is a pointer to machine words on all four architectures; a 64-bit value would take two
 * on 32 bits, but no documented conversion has one. */
WIN_FUNCTION(wvsprintfA)
{
    char *out = (char *)frame->arg[0];
    const char *format = (const char *)frame->arg[1];
    const uintptr_t *next = (const uintptr_t *)frame->arg[2];
    size_t used = 0;
    while (*format && used < LIMIT) {
        char text[LIMIT + 1], spec[24] = "%";
        size_t length = 1;
        if (*format != '%' || format[1] == '%') {
            text[0] = *format;
            format += *format == '%' ? 2 : 1;
            length = 1;
        } else {
            bool wide = false, is_long = false;
            format++;
            while (strchr("-#0123456789.", *format) && *format && length < 16)
                spec[length++] = *format++;
            while (*format == 'l' || *format == 'h' || *format == 'w') {
                wide = *format != 'h';
                is_long = *format == 'l';
                format++;
            }
            (void)is_long;
            char kind = *format++;
            spec[length] = kind == 'i' ? 'd' : kind;
            spec[length + 1] = 0;
            switch (kind) {
            case 'd':
            case 'i':
                length = (size_t)snprintf(text, sizeof text, spec, (int)(int32_t)*next++);
                break;
            case 'u':
            case 'x':
            case 'X':
            case 'c':
                length = (size_t)snprintf(text, sizeof text, spec, (unsigned)*next++);
                break;
            case 'p':
                length =
                    (size_t)snprintf(text, sizeof text, "%0*zX", (int)sizeof(void *) * 2, (size_t)*next++);
                break;
            case 'S':
                wide = !wide;
                spec[strlen(spec) - 1] = 's';
                /* fall through */
            case 's': {
                char *narrow = wide ? sim_utf8_from((const uint16_t *)*next) : NULL;
                length = (size_t)snprintf(text, sizeof text, spec, wide ? narrow : (const char *)*next);
                next++;
                free(narrow);
                break;
            }
            default:
                sim_stop("documented", "wvsprintfA has no conversion '%c'", kind);
            }
            if (length > LIMIT)
                length = LIMIT;
        }
        if (length > LIMIT - used)
            length = LIMIT - used;
        memcpy(out + used, text, length);
        used += length;
    }
    out[used] = 0;
    return win_done(used);
}

static const struct sim_import rows[] = {
    WIN_ROW("user32.dll", wvsprintfA, 3, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/winuser/nf-winuser-wvsprintfa"),
};
const struct sim_import_table win_user32 = WIN_TABLE(rows);
