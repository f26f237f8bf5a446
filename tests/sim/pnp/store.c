/* SPDX-License-Identifier: MIT
 * The driver store: staging copies the INF and every file that it names; matching orders packages by rank,
 * then date, then version, as Windows does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "model.h"

#define SP_COPY_NOOVERWRITE 8u

struct pnp_package *pnp_packages;

struct pnp_package *
pnp_package_find(const char *published)
{
    struct pnp_package *package = pnp_packages;
    while (package && !sim_same_text(package->published, published))
        package = package->next;
    return package;
}

static bool
copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
    char buffer[4096];
    size_t got;
    bool good = in && out;
    while (good && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
        good = fwrite(buffer, 1, got, out) == got;
    if (in)
        fclose(in);
    if (out && fclose(out) != 0)
        good = false;
    return good;
}

static char *
beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    return sim_format("%.*s/%s", (int)(slash - path), path, name);
}

static bool
same_content(const char *left, const char *right)
{
    FILE *a = fopen(left, "rb"), *b = fopen(right, "rb");
    bool same = a && b;
    for (int c = 0; same && c != EOF;) {
        c = fgetc(a);
        same = c == fgetc(b);
    }
    if (a)
        fclose(a);
    if (b)
        fclose(b);
    return same;
}

/* DriverVer = mm/dd/yyyy[,w.x.y.z] */
static bool
parse_version(const char *date, const char *version, uint64_t *file_time, uint64_t *number)
{
    unsigned month, day, year, part[4] = {0};
    if (!date || sscanf(date, "%u/%u/%u", &month, &day, &year) != 3 || month < 1 || month > 12 || day < 1 ||
        day > 31 || year < 1601)
        return false;
    /* Days since 1601-01-01, counted here: time_t of 32 bits ends in 2038. */
    static const unsigned before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    uint64_t past = year - 1601;
    uint64_t days = past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] + day - 1;
    if (month > 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        days++;
    *file_time = days * 864000000000ull;
    if (version && sscanf(version, "%u.%u.%u.%u", part, part + 1, part + 2, part + 3) < 1)
        return false;
    *number = (uint64_t)(part[0] & 0xFFFF) << 48 | (uint64_t)(part[1] & 0xFFFF) << 32 |
              (part[2] & 0xFFFF) << 16 | (part[3] & 0xFFFF);
    return true;
}

static void
free_package(struct pnp_package *package)
{
    if (package->inf)
        inf_free(package->inf);
    free(package->published);
    free(package->original);
    free(package->directory);
    free(package->provider);
    free(package);
}

/* The class, provider and version that every package of a device has to state. */
static uint32_t
read_header(struct pnp_package *package, const char *host_inf)
{
    uint32_t error;
    package->inf = inf_read(host_inf, &error);
    if (error)
        return error;
    const char *guid = inf_value(package->inf, "Version", "ClassGuid", 0);
    const char *provider = inf_value(package->inf, "Version", "Provider", 0);
    if (!guid || !sim_guid_parse(guid, package->class_guid) || !provider || !*provider)
        return (uint32_t)ERROR_INVALID_CLASS;
    package->provider = strdup(provider);
    if (!parse_version(inf_value(package->inf, "Version", "DriverVer", 0),
                       inf_value(package->inf, "Version", "DriverVer", 1), &package->date, &package->version))
        return (uint32_t)ERROR_GENERAL_SYNTAX;
    return 0;
}

/* Every file of SourceDisksFiles, and the catalog. */
static uint32_t
copy_payload(struct pnp_package *package, const char *host_inf)
{
    const struct inf_section *files = inf_section(package->inf, "SourceDisksFiles");
    const char *catalog = inf_value(package->inf, "Version", "CatalogFile", 0);
    uint32_t error = 0;
    for (const struct inf_line *line = files ? files->lines : NULL; line && !error; line = line->next) {
        char *from = beside(host_inf, line->key ? line->key : line->fields[0]);
        char *to = sim_format("%s/%s", package->directory, line->key ? line->key : line->fields[0]);
        if (!copy_file(from, to))
            error = ERROR_FILE_NOT_FOUND;
        free(from);
        free(to);
    }
    if (!error && catalog) {
        char *from = beside(host_inf, catalog), *to = sim_format("%s/%s", package->directory, catalog);
        if (!copy_file(from, to) && sim_machine_conditions.catalog_required)
            error = (uint32_t)ERROR_NO_CATALOG_FOR_OEM_INF;
        free(from);
        free(to);
    } else if (!error && sim_machine_conditions.catalog_required) {
        error = (uint32_t)ERROR_NO_CATALOG_FOR_OEM_INF;
    }
    if (!error) {
        char *to = sim_format("%s/%s", package->directory, package->original);
        if (!copy_file(host_inf, to))
            error = ERROR_ACCESS_DENIED;
        free(to);
    }
    return error;
}

static void
remove_directory(const char *directory)
{
    char *command = sim_format("rm -rf '%s'", directory);
    if (system(command) != 0)
        sim_log("cannot remove %s", directory);
    free(command);
}

/* Whether the package that is staged is the same as what lies at the INF's place. */
static bool
is_same_package(const struct pnp_package *package, const char *host_inf)
{
    char *staged = sim_format("%s/%s", package->directory, package->original);
    bool same = same_content(host_inf, staged);
    const struct inf_section *files = inf_section(package->inf, "SourceDisksFiles");
    free(staged);
    for (const struct inf_line *line = files ? files->lines : NULL; line && same; line = line->next) {
        const char *name = line->key ? line->key : line->fields[0];
        char *left = beside(host_inf, name), *right = sim_format("%s/%s", package->directory, name);
        same = same_content(left, right);
        free(left);
        free(right);
    }
    return same;
}

static uint32_t
stage(const char *host_inf, uint32_t style, const char **published)
{
    static unsigned serial = 3; /* other vendors' packages came first */
    const char *name = strrchr(host_inf, '/') + 1;
    struct pnp_package *package = pnp_packages;
    while (package && !(sim_same_text(package->original, name) && is_same_package(package, host_inf)))
        package = package->next;
    if (package) {
        *published = package->published;
        return style & SP_COPY_NOOVERWRITE ? ERROR_FILE_EXISTS : ERROR_SUCCESS;
    }
    package = calloc(1, sizeof *package);
    package->original = strdup(name);
    uint32_t error = read_header(package, host_inf);
    if (!error) {
        package->published = sim_format("oem%u.inf", serial++);
        package->directory = sim_format("%s/Windows/System32/DriverStore/FileRepository/%s_%s_%08x",
                                        sim_machine_root(), name, sim_arch_name(sim_arch), pnp_random());
        mkdir(package->directory, 0700);
        error = copy_payload(package, host_inf);
        if (error)
            remove_directory(package->directory);
    }
    if (error) {
        free_package(package);
        return error;
    }
    char *in_inf = sim_format("%s/Windows/INF/%s", sim_machine_root(), package->published);
    copy_file(host_inf, in_inf);
    free(in_inf);
    package->next = pnp_packages;
    pnp_packages = package;
    *published = package->published;
    sim_log("staged %s as %s", name, package->published);
    return 0;
}

uint32_t
pnp_stage(const char *host_inf, uint32_t style, const char **published)
{
    *published = NULL;
    uint32_t error = sim_machine_conditions.staging_fails;
    if (!error)
        error = stage(host_inf, style, published);
    pnp_log_stage(host_inf, error);
    return error;
}

/* A device need not be present to use an INF. The flag to delete by force does not help a package that runs
 * from the store (directory 13), nor on ARM. */
uint32_t
pnp_unstage(const char *published, bool force)
{
    struct pnp_package *package = pnp_package_find(published);
    if (!package)
        return ERROR_FILE_NOT_FOUND;
    const struct inf_section *directories = inf_section(package->inf, "DestinationDirs");
    for (const struct inf_line *line = directories ? directories->lines : NULL; line; line = line->next)
        if (line->count && strcmp(line->fields[0], "13") == 0)
            force = false;
    if (sim_arch == SIM_ARM || sim_arch == SIM_ARM64)
        force = false;
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        if (node->package == package && !force)
            return (uint32_t)ERROR_INF_IN_USE_BY_DEVICES;
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        if (node->package == package)
            node->package = NULL;
    struct pnp_package **at = &pnp_packages;
    while (*at != package)
        at = &(*at)->next;
    *at = package->next;
    char *in_inf = sim_format("%s/Windows/INF/%s", sim_machine_root(), package->published);
    unlink(in_inf);
    free(in_inf);
    remove_directory(package->directory);
    free_package(package);
    return 0;
}

/* ---- Matching ---- */

struct search
{
    struct pnp_package *package;
    const char *ids;
    struct pnp_match best;
    bool found;
};

static void
search_models(void *context, const char *manufacturer, const char *section)
{
    struct search *search = context;
    (void)manufacturer;
    for (const struct inf_line *line = inf_section(search->package->inf, section)->lines; line;
         line = line->next)
        for (unsigned i = 1; i < line->count; i++) {
            unsigned place = 0;
            for (const char *id = search->ids; *id; id += strlen(id) + 1, place++) {
                /* Later ids of the device and compatible ids of the line rank worse. */
                unsigned rank = place * 0x100 + (i - 1) + 1;
                if (sim_same_text(id, line->fields[i]) && (!search->found || rank < search->best.rank)) {
                    search->best = (struct pnp_match){search->package, line, line->fields[i], rank};
                    search->found = true;
                }
            }
        }
}

static int
better(const void *left, const void *right)
{
    const struct pnp_match *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->package->date != b->package->date)
        return a->package->date > b->package->date ? -1 : 1;
    if (a->package->version != b->package->version)
        return a->package->version > b->package->version ? -1 : 1;
    return 0;
}

unsigned
pnp_match(const char *hardware_ids, struct pnp_match **matches)
{
    unsigned count = 0;
    *matches = NULL;
    for (struct pnp_package *package = pnp_packages; package && hardware_ids; package = package->next) {
        struct search search = {.package = package, .ids = hardware_ids};
        inf_models(package->inf, search_models, &search);
        if (!search.found)
            continue;
        *matches = realloc(*matches, (count + 1) * sizeof **matches);
        (*matches)[count++] = search.best;
    }
    if (count)
        qsort(*matches, count, sizeof **matches, better);
    return count;
}
