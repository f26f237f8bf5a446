/* SPDX-License-Identifier: MIT
 * Security descriptors, as far as a device needs them: a DACL read from SDDL, generic rights mapped as for
 * files, and two tokens: an elevated administrator (or SYSTEM) and a plain user. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ACES 16

/* Groups, by the two letters of SDDL. */
enum
{
    SYSTEM = 1,
    ADMINISTRATORS = 2,
    EVERYONE = 4,
    USERS = 8,
    AUTHENTICATED = 16,
    INTERACTIVE = 32,
    OTHER = 64
};

struct security
{
    unsigned count;
    bool no_dacl;
    struct
    {
        bool deny;
        uint32_t access, group;
    } aces[MAX_ACES];
};

#define GENERIC_READ_    0x80000000u
#define GENERIC_WRITE_   0x40000000u
#define GENERIC_EXECUTE_ 0x20000000u
#define GENERIC_ALL_     0x10000000u
#define MAXIMUM_ALLOWED_ 0x02000000u

uint32_t
security_map(uint32_t access)
{
    uint32_t mapped = access & 0x0FFFFFFFu & ~MAXIMUM_ALLOWED_;
    if (access & GENERIC_READ_)
        mapped |= 0x120089;
    if (access & GENERIC_WRITE_)
        mapped |= 0x120116;
    if (access & GENERIC_EXECUTE_)
        mapped |= 0x1200A0;
    if (access & GENERIC_ALL_)
        mapped |= 0x1F01FF;
    return mapped;
}

static uint32_t
rights_of(const char *text)
{
    static const struct
    {
        char name[3];
        uint32_t access;
    } names[] = {{"GA", GENERIC_ALL_},     {"GR", GENERIC_READ_}, {"GW", GENERIC_WRITE_},
                 {"GX", GENERIC_EXECUTE_}, {"FA", 0x1F01FF},      {"FR", 0x120089},
                 {"FW", 0x120116},         {"FX", 0x1200A0},      {"RC", 0x20000},
                 {"SD", 0x10000},          {"WD", 0x40000},       {"WO", 0x80000}};
    uint32_t access = 0;
    if (text[0] == '0' && text[1] == 'x')
        return security_map((uint32_t)strtoul(text, NULL, 16));
    for (; text[0] && text[1]; text += 2) {
        size_t i = 0;
        while (i < sizeof names / sizeof names[0] && memcmp(names[i].name, text, 2) != 0)
            i++;
        if (i == sizeof names / sizeof names[0])
            sim_stop("sddl", "right '%.2s' is unknown", text);
        access |= security_map(names[i].access);
    }
    return access;
}

static uint32_t
group_of(const char *text)
{
    static const struct
    {
        char name[3];
        uint32_t group;
    } names[] = {{"SY", SYSTEM},        {"BA", ADMINISTRATORS}, {"WD", EVERYONE}, {"BU", USERS},
                 {"AU", AUTHENTICATED}, {"IU", INTERACTIVE},    {"LS", OTHER},    {"NS", OTHER}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, text) == 0)
            return names[i].group;
    }
    if (strncmp(text, "S-1-", 4) == 0)
        return OTHER;
    sim_stop("sddl", "account '%s' is unknown", text);
}

/* One ACE: type;flags;rights;object;inherited object;account */
static void
parse_ace(struct security *security, char *text)
{
    char *fields[6] = {text};
    unsigned count = 1;
    for (char *at = text; *at; at++) {
        if (*at == ';') {
            *at = 0;
            if (count == 6)
                sim_stop("sddl", "an ACE has too many fields");
            fields[count++] = at + 1;
        }
    }
    if (count != 6 || security->count == MAX_ACES)
        sim_stop("sddl", "ACE '%s' has %u fields", text, count);
    bool deny = strcmp(fields[0], "D") == 0;
    if (!deny && strcmp(fields[0], "A") != 0)
        sim_stop("sddl", "ACE type '%s' is unknown", fields[0]);
    security->aces[security->count].deny = deny;
    security->aces[security->count].access = rights_of(fields[2]);
    security->aces[security->count++].group = group_of(fields[5]);
}

struct security *
security_parse(const uint16_t *sddl)
{
    struct security *security = calloc(1, sizeof *security);
    char text[1024];
    size_t length = 0;
    if (!sddl) {
        security->no_dacl = true;
        return security;
    }
    while (sddl[length] && length < sizeof text - 1) {
        text[length] = (char)sddl[length];
        length++;
    }
    text[length] = 0;
    char *at = strstr(text, "D:");
    if (!at)
        sim_stop("sddl", "'%s' has no DACL", text);
    at += 2;
    at += strspn(at, "PARI");
    while (*at == '(') {
        char *end = strchr(at, ')');
        if (!end)
            sim_stop("sddl", "an ACE does not end");
        *end = 0;
        parse_ace(security, at + 1);
        at = end + 1;
    }
    if (*at && strncmp(at, "S:", 2) != 0)
        sim_stop("sddl", "'%s' is not understood", at);
    return security;
}

void
security_free(struct security *security)
{
    free(security);
}

uint32_t
security_check(const struct security *security, const struct sim_process *process, uint32_t desired)
{
    uint32_t groups = EVERYONE | USERS | AUTHENTICATED | INTERACTIVE;
    uint32_t want = security_map(desired), allowed = 0, denied = 0;
    if (process == sim_system_process)
        return want;
    if (process->elevated)
        groups |= ADMINISTRATORS;
    if (security->no_dacl)
        return desired & MAXIMUM_ALLOWED_ ? 0x1F01FF : want;
    for (unsigned i = 0; i < security->count; i++) {
        if (!(security->aces[i].group & groups))
            continue;
        if (security->aces[i].deny)
            denied |= security->aces[i].access & ~allowed;
        else
            allowed |= security->aces[i].access & ~denied;
    }
    if (desired & MAXIMUM_ALLOWED_)
        return allowed;
    return (want & ~allowed) == 0 ? want : 0;
}
