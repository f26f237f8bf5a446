/* SPDX-License-Identifier: MIT
 * Reading an INF: sections of lines, "key = field, field, ..." or "field, field, ...", with strings put in.
 * Section names are merged if they occur twice, as documented. */
#ifndef SIM_INF_H
#define SIM_INF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inf_line
{
    struct inf_line *next;
    char *key; /* NULL if the line has none */
    char **fields;
    unsigned count;
};
struct inf_section
{
    struct inf_section *next;
    char *name;
    struct inf_line *lines;
};
struct inf
{
    struct inf_section *sections;
    char *text; /* as read */
    size_t size;
};

/* NULL with *error (a SetupAPI code). */
struct inf *inf_read(const char *host_path, uint32_t *error);
void inf_free(struct inf *inf);
const struct inf_section *inf_section(const struct inf *inf, const char *name);
const struct inf_line *inf_line(const struct inf *inf, const char *section, const char *key);
/* The n-th field of the line with that key, or NULL. */
const char *inf_value(const struct inf *inf, const char *section, const char *key, unsigned field);
/* The models sections that apply to this machine, the best decoration of each manufacturer: calls back for
 * each. */
void inf_models(const struct inf *inf,
                void (*each)(void *context, const char *manufacturer, const char *section), void *context);
/* The install section with the decoration that applies ("Install.NTamd64", "Install.NT", "Install"); to be
 * freed, NULL if there is none. */
char *inf_install_section(const struct inf *inf, const char *name);

#endif
