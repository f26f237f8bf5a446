/* SPDX-License-Identifier: MIT
 * x86: what each row of the import tables pops, against what the driver's and the DLL's import libraries
 * declare. The two were written from the documentation by themselves; a wrong number shifts a caller's stack,
 * which functions with a frame pointer can hide. */
#include "../kernel/internal.h"
#include "../win32/win32.h"
#include "machine_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One declared symbol of x86: name@bytes is stdcall, @name@bytes fastcall, a bare name cdecl, data apart. */
struct declared
{
    char name[80];
    enum sim_convention convention;
    unsigned words;
};

static struct declared
parse(const char *symbol)
{
    struct declared declared = {.convention = SIM_CDECL};
    bool fast = symbol[0] == '@';
    const char *name = symbol + fast, *bytes = strchr(name, '@'), *data = strstr(name, "=DATA");
    const char *end = bytes ? bytes : data ? data : name + strlen(name);
    snprintf(declared.name, sizeof declared.name, "%.*s", (int)(end - name), name);
    if (bytes) {
        declared.convention = fast ? SIM_FASTCALL : SIM_STDCALL;
        declared.words = (unsigned)atoi(bytes + 1) / 4;
    }
    if (data)
        declared.convention = SIM_DATA;
    return declared;
}

static void
compare(const struct declared *declared, const struct sim_import *row)
{
    /* Undecorated: the compiler's arithmetic helpers (_alldiv and its kin) pop their two 64-bit operands all
     * the same. */
    bool helper = strncmp(declared->name, "_al", 3) == 0 || strncmp(declared->name, "_au", 3) == 0;
    if (helper) {
        EXPECT(row->convention == SIM_STDCALL && row->words == 4);
        return;
    }
    /* What the caller pops needs no number. */
    bool same = row->convention == declared->convention &&
                (row->convention == SIM_CDECL || row->words == declared->words);
    if (!same)
        sim_fail(__FILE__, __LINE__, "%s: declared with convention %u and %u words, the row has %u and %u",
                 declared->name, declared->convention, declared->words, row->convention, row->words);
}

SIM_SCENARIO(imports_pop_what_is_declared)
{
    char line[256], symbol[100], module[16];
    unsigned driver = 0, library = 0;
    size_t size;
    if (sim_arch != SIM_X86)
        sim_skip("only on x86 does the callee pop");
    char *text = (char *)machine_test_read("imports.txt", &size);
    text[size] = 0;
    for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n")) {
        if (at[0] == '#' || sscanf(at, "%99s %15s", symbol, module) != 2 || strcmp(module, "-") == 0)
            continue;
        struct declared declared = parse(symbol);
        const char *exporter = strcmp(module, "ndis") == 0  ? "ndis.sys"
                               : strcmp(module, "hal") == 0 ? "hal.dll"
                                                            : "ntoskrnl.exe";
        const struct sim_import *row = sim_import_find(sim_driver_tables, exporter, declared.name);
        if (!row)
            continue; /* declared, and no driver that is loaded here uses it, or the loader would say so */
        compare(&declared, row);
        driver++;
    }
    free(text);
    text = (char *)machine_test_read("kernel32.def", &size);
    text[size] = 0;
    for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n")) {
        snprintf(line, sizeof line, "%s", at);
        if (line[0] == ';' || strncmp(line, "LIBRARY", 7) == 0 || strncmp(line, "EXPORTS", 7) == 0)
            continue;
        struct declared declared = parse(line);
        const struct sim_import *row = sim_import_find(win_tables, "kernel32.dll", declared.name);
        if (!row)
            sim_fail(__FILE__, __LINE__, "the DLL imports %s, which has no row", declared.name);
        compare(&declared, row);
        library++;
    }
    free(text);
    printf("%u imports of drivers and %u of the DLL compared\n", driver, library);
    EXPECT(driver >= 60);
    EXPECT(library >= 30);
}

/* ---- What the DLL looks up at run time ---- */

/* One row of SYSTEM_FUNCTION_TABLE in api/system.h, its lines joined: module, function, first system, result,
 * (arguments). No argument there is wider than a word of x86. */
static bool
parse_function(const char *text, struct declared *declared, char module[16], char since[40])
{
    char result[40];
    int at = 0;
    if (sscanf(text, "Function(%15[A-Z0-9], %79[A-Za-z0-9_], %39[A-Z0-9_], %39[A-Za-z0-9_ *], %n", module,
               declared->name, since, result, &at) != 4 ||
        text[at] != '(')
        return false;
    const char *end = strchr(text + at, ')');
    declared->convention = SIM_STDCALL;
    declared->words = strncmp(text + at, "(VOID)", 6) != 0;
    for (const char *c = text + at; c < end; c++)
        declared->words += *c == ',';
    return true;
}

static unsigned
systems_since(const char *since)
{
    if (strcmp(since, "SYSTEM_WINDOWS_7") == 0)
        return SIM_SINCE_WIN7;
    if (strcmp(since, "SYSTEM_WINDOWS_8") == 0)
        return SIM_SINCE_WIN8;
    if (strncmp(since, "SYSTEM_WINDOWS_10", 17) == 0)
        return SIM_SINCE_WIN10;
    sim_fail(__FILE__, __LINE__, "%s is a system that this test does not know", since);
}

static const struct sim_import *
find_anywhere(const char *library, const char *name)
{
    for (size_t i = 0; win_tables[i]; i++)
        for (size_t k = 0; k < win_tables[i]->count; k++) {
            const struct sim_import *row = &win_tables[i]->rows[k];
            if (strcmp(row->module, library) == 0 && strcmp(row->name, name) == 0)
                return row;
        }
    return NULL;
}

static void
compare_function(const char *text)
{
    struct declared declared;
    char module[16], since[40], library[24];
    if (!parse_function(text, &declared, module, since))
        sim_fail(__FILE__, __LINE__, "not understood: %.60s", text);
    for (size_t i = 0; i <= strlen(module); i++)
        module[i] = (char)(module[i] >= 'A' && module[i] <= 'Z' ? module[i] | 0x20 : module[i]);
    snprintf(library, sizeof library, "%s.dll", module);
    const struct sim_import *row = find_anywhere(library, declared.name);
    if (!row)
        sim_fail(__FILE__, __LINE__, "the DLL looks up %s in %s, which has no such row", declared.name,
                 library);
    compare(&declared, row);
    if (row->systems != systems_since(since))
        sim_fail(__FILE__, __LINE__, "the DLL expects %s since %s, the row is of systems 0x%x", declared.name,
                 since, row->systems);
}

/* Module, first system and number of arguments. */
SIM_SCENARIO(imports_looked_up_are_as_documented)
{
    unsigned count = 0;
    size_t size;
    char *text = (char *)machine_test_read("system.h", &size);
    text[size] = 0;
    for (char *at = text; (at = strstr(at, "\\\n")) != NULL;)
        at[0] = at[1] = ' ';
    char *table = strstr(text, "#define SYSTEM_FUNCTION_TABLE(Function)");
    EXPECT(table != NULL);
    table[strcspn(table, "\n")] = 0;
    /* Lines were joined: runs of blanks say nothing. */
    char *to = table;
    for (const char *from = table; *from; from++)
        if (*from != ' ' || (to > table && to[-1] != ' '))
            *to++ = *from;
    *to = 0;
    for (char *at = strchr(table, ')'); (at = strstr(at, "Function(")) != NULL; at += strlen("Function(")) {
        compare_function(at);
        count++;
    }
    free(text);
    printf("%u functions compared\n", count);
    EXPECT(count >= 40);
}
