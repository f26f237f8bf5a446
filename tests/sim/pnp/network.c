/* SPDX-License-Identifier: MIT
 * The connections folder: names of connections are unique on the machine, and also the aliases of interfaces.
 */
#include <stdlib.h>
#include <string.h>
#include "model.h"

#define ERROR_NOT_READY_ 21u
#define ERROR_DUP_NAME_  52u

struct foreign
{
    struct foreign *next;
    char *name;
    uint8_t guid[16];
};
static struct foreign *foreigners;

bool
pnp_connection_name_free(const char *name)
{
    for (struct foreign *foreign = foreigners; foreign; foreign = foreign->next)
        if (sim_same_text(foreign->name, name))
            return false;
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        if (node->connection && sim_same_text(node->connection, name))
            return false;
    return true;
}

char *
pnp_connection_new_name(void)
{
    const char *base = sim_persona->system & SIM_WIN7 ? "Local Area Connection" : "Ethernet";
    char *name = strdup(base);
    for (unsigned i = 2; !pnp_connection_name_free(name); i++) {
        free(name);
        name = sim_format("%s %u", base, i);
    }
    return name;
}

static bool
name_is_valid(const char *name)
{
    return *name && sim_utf16_count(name) < 256 && !strpbrk(name, "\t\\/:*?\"<>|");
}

uint32_t
pnp_rename(const uint8_t guid[16], const char *name)
{
    struct pnp_node *node = pnp_node_of_guid(guid);
    if (!node || !node->connection)
        return ERROR_FILE_NOT_FOUND;
    if (!name_is_valid(name))
        return ERROR_INVALID_PARAMETER;
    if (sim_machine_conditions.rename_failures) {
        sim_machine_conditions.rename_failures--;
        return ERROR_NOT_READY_;
    }
    if (!sim_same_text(node->connection, name) && !pnp_connection_name_free(name))
        return ERROR_DUP_NAME_;
    free(node->connection);
    node->connection = strdup(name);
    return 0;
}

void
pnp_connections(struct blob *blob)
{
    for (struct foreign *foreign = foreigners; foreign; foreign = foreign->next) {
        blob_put(blob, foreign->guid, 16);
        blob_put_text(blob, foreign->name);
        blob_put_text(blob, "Some Vendor Gigabit Network Connection");
    }
    for (struct pnp_node *node = pnp_nodes; node; node = node->next)
        if (node->connection && node->present) {
            blob_put(blob, node->guid, 16);
            blob_put_text(blob, node->connection);
            blob_put_text(blob, node->description ? node->description : "");
        }
}

void
pnp_connections_clear(void)
{
    while (foreigners) {
        struct foreign *foreign = foreigners;
        foreigners = foreign->next;
        free(foreign->name);
        free(foreign);
    }
}

void
sim_machine_add_connection(const char *name)
{
    struct foreign *foreign = calloc(1, sizeof *foreign);
    pthread_mutex_lock(&pnp_lock);
    foreign->name = strdup(name);
    for (unsigned i = 0; i < 16; i++)
        foreign->guid[i] = (uint8_t)pnp_random();
    foreign->next = foreigners;
    foreigners = foreign;
    pthread_mutex_unlock(&pnp_lock);
}
