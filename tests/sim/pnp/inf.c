/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../machine/persona.h"
#include "../win32/errors.h"
#include "../wire/text.h"
#include "inf.h"

#define MAX_FIELDS 64

static struct inf_section *
find_section(const struct inf *inf, const char *name)
{
    struct inf_section *section = inf->sections;
    while (section && !sim_same_text(section->name, name))
        section = section->next;
    return section;
}

const struct inf_section *
inf_section(const struct inf *inf, const char *name)
{
    return find_section(inf, name);
}

const struct inf_line *
inf_line(const struct inf *inf, const char *section_name, const char *key)
{
    const struct inf_section *section = find_section(inf, section_name);
    const struct inf_line *line = section ? section->lines : NULL;
    while (line && !(line->key && sim_same_text(line->key, key)))
        line = line->next;
    return line;
}

const char *
inf_value(const struct inf *inf, const char *section, const char *key, unsigned field)
{
    const struct inf_line *line = inf_line(inf, section, key);
    return line && field < line->count ? line->fields[field] : NULL;
}

/* ---- Text ---- */

static char *
trimmed(const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from))
        from++;
    while (to > from && isspace((unsigned char)to[-1]))
        to--;
    return strndup(from, (size_t)(to - from));
}

/* Reads a field up to a comma outside quotes; "" inside quotes is one quote. */
static char *
take_field(const char **at)
{
    const char *from = *at;
    char *result, *out;
    bool quoted = false, had_quotes = false;
    while (isspace((unsigned char)*from))
        from++;
    result = out = malloc(strlen(from) + 1);
    for (; *from && (quoted || *from != ','); from++) {
        if (*from == '"' && quoted && from[1] == '"')
            *out++ = *from++;
        else if (*from == '"')
            quoted = !quoted, had_quotes = true;
        else
            *out++ = *from;
    }
    while (!had_quotes && out > result && isspace((unsigned char)out[-1]))
        out--;
    *out = 0;
    *at = *from ? from + 1 : from;
    return result;
}

static char *
strip_comment(char *line)
{
    bool quoted = false;
    for (char *at = line; *at; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == ';' && !quoted) {
            *at = 0;
            break;
        }
    }
    return line;
}

static const char *
equals_of(const char *line)
{
    bool quoted = false;
    for (; *line; line++) {
        if (*line == '"')
            quoted = !quoted;
        else if (*line == '=' && !quoted)
            return line;
    }
    return NULL;
}

static struct inf_line *
parse_line(const char *text)
{
    struct inf_line *line = calloc(1, sizeof *line);
    const char *equals = equals_of(text);
    line->fields = calloc(MAX_FIELDS, sizeof *line->fields);
    if (equals) {
        char *key = trimmed(text, equals);
        const char *at = key;
        line->key = take_field(&at);
        free(key);
        text = equals + 1;
    }
    while (isspace((unsigned char)*text))
        text++;
    while (*text && line->count < MAX_FIELDS) {
        line->fields[line->count++] = take_field(&text);
    }
    return line;
}

/* %name% is a string, %% a percent sign, %12% and its like a directory and left alone. */
static char *
substitute(const struct inf *inf, char *text)
{
    char *result = strdup("");
    for (const char *at = text; *at;) {
        const char *end = *at == '%' ? strchr(at + 1, '%') : NULL;
        char *piece;
        if (end == at + 1) {
            piece = strdup("%");
        } else if (end) {
            char *name = strndup(at + 1, (size_t)(end - at - 1));
            const char *value = inf_value(inf, "Strings", name, 0);
            piece = value ? strdup(value) : strndup(at, (size_t)(end + 1 - at));
            free(name);
        } else {
            piece = strndup(at, 1);
        }
        at = end ? end + 1 : at + 1;
        char *longer = sim_format("%s%s", result, piece);
        free(piece);
        free(result);
        result = longer;
    }
    free(text);
    return result;
}

/* ---- Files ---- */

static char *
read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    text = calloc(1, *size + 2);
    if (fread(text, 1, *size, file) != *size)
        *size = 0;
    fclose(file);
    return text;
}

struct inf *
inf_read(const char *host_path, uint32_t *error)
{
    struct inf *inf = calloc(1, sizeof *inf);
    struct inf_section *section = NULL;
    inf->text = read_all(host_path, &inf->size);
    *error = inf->text ? 0 : ERROR_FILE_NOT_FOUND;
    char *copy = NULL;
    if (inf->text && inf->size >= 2 && (uint8_t)inf->text[0] == 0xFF && (uint8_t)inf->text[1] == 0xFE)
        copy = sim_utf8_from_n((const uint16_t *)(inf->text + 2), inf->size / 2 - 1);
    else if (inf->text)
        copy = strdup(inf->text);
    for (char *rest = copy, *raw; !*error && (raw = strsep(&rest, "\n"));) {
        char *line = trimmed(strip_comment(raw), raw + strlen(raw));
        if (*line == '[') {
            char *close = strchr(line, ']');
            if (close) {
                *close = 0;
                section = find_section(inf, line + 1);
            }
            if (close && !section) {
                section = calloc(1, sizeof *section);
                section->name = strdup(line + 1);
                section->next = inf->sections;
                inf->sections = section;
            }
            if (!close)
                *error = (uint32_t)ERROR_GENERAL_SYNTAX;
        } else if (*line && section) {
            struct inf_line **at = &section->lines;
            while (*at)
                at = &(*at)->next;
            *at = parse_line(line);
        } else if (*line) {
            *error = (uint32_t)ERROR_GENERAL_SYNTAX;
        }
        free(line);
    }
    free(copy);
    for (section = inf->sections; section && !*error; section = section->next)
        for (struct inf_line *line = section->lines; line && !sim_same_text(section->name, "Strings");
             line = line->next) {
            if (line->key)
                line->key = substitute(inf, line->key);
            for (unsigned i = 0; i < line->count; i++)
                line->fields[i] = substitute(inf, line->fields[i]);
        }
    const char *signature = *error ? NULL : inf_value(inf, "Version", "Signature", 0);
    if (!*error && !sim_same_text(signature, "$Windows NT$") && !sim_same_text(signature, "$Chicago$"))
        *error = (uint32_t)ERROR_WRONG_INF_STYLE;
    if (*error) {
        inf_free(inf);
        return NULL;
    }
    return inf;
}

void
inf_free(struct inf *inf)
{
    while (inf->sections) {
        struct inf_section *section = inf->sections;
        inf->sections = section->next;
        while (section->lines) {
            struct inf_line *line = section->lines;
            section->lines = line->next;
            for (unsigned i = 0; i < line->count; i++)
                free(line->fields[i]);
            free(line->fields);
            free(line->key);
            free(line);
        }
        free(section->name);
        free(section);
    }
    free(inf->text);
    free(inf);
}

/* ---- Decorations: NT[arch][.[major][.[minor][.[type][.[suite][.build]]]]] ---- */

static const char *
arch_decoration(void)
{
    static const char *const names[] = {
        [SIM_AMD64] = "amd64", [SIM_X86] = "x86", [SIM_ARM64] = "arm64", [SIM_ARM] = "arm"};
    return names[sim_arch];
}

/* How well a decoration fits this machine: 0 not at all; more for a later version. */
static uint64_t
fits(const char *decoration)
{
    const char *at = decoration, *arch = arch_decoration();
    if (!sim_starts_with(at, "NT"))
        return 0;
    at += 2;
    if (*at && *at != '.') {
        if (!sim_starts_with(at, arch) || (at[strlen(arch)] && at[strlen(arch)] != '.'))
            return 0;
        at += strlen(arch);
    }
    unsigned part[5] = {0}; /* major, minor, type, suite, build */
    for (unsigned i = 0; *at == '.' && i < 5; i++) {
        char *end;
        part[i] = (unsigned)strtoul(at + 1, &end, 0);
        at = end;
    }
    if (*at || part[2] || part[3])
        return 0;
    uint64_t wanted = (uint64_t)part[0] << 48 | (uint64_t)part[1] << 32 | part[4];
    uint64_t machine =
        (uint64_t)sim_persona->major << 48 | (uint64_t)sim_persona->minor << 32 | sim_persona->build;
    return wanted > machine ? 0 : wanted + 1;
}

void
inf_models(const struct inf *inf, void (*each)(void *context, const char *manufacturer, const char *section),
           void *context)
{
    const struct inf_section *manufacturers = inf_section(inf, "Manufacturer");
    for (const struct inf_line *line = manufacturers ? manufacturers->lines : NULL; line; line = line->next) {
        const char *best = NULL;
        uint64_t best_fit = 0;
        if (!line->count)
            continue;
        for (unsigned i = 1; i < line->count; i++) {
            uint64_t fit = fits(line->fields[i]);
            if (fit > best_fit) {
                best_fit = fit;
                best = line->fields[i];
            }
        }
        /* Undecorated models are for x86 alone on systems of today. */
        if (!best && (line->count > 1 || sim_arch != SIM_X86))
            continue;
        char *section = best ? sim_format("%s.%s", line->fields[0], best) : strdup(line->fields[0]);
        if (inf_section(inf, section))
            each(context, line->key ? line->key : line->fields[0], section);
        free(section);
    }
}

char *
inf_install_section(const struct inf *inf, const char *name)
{
    char *candidates[] = {sim_format("%s.NT%s", name, arch_decoration()), sim_format("%s.NT", name),
                          strdup(name)};
    char *result = NULL;
    for (unsigned i = 0; i < 3; i++) {
        if (!result && inf_section(inf, candidates[i]))
            result = candidates[i];
        else
            free(candidates[i]);
    }
    return result;
}
