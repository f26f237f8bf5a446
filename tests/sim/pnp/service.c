/* SPDX-License-Identifier: MIT
 * The list of services and drivers that the service manager keeps. */
#include <stdlib.h>
#include <string.h>
#include "model.h"

static struct pnp_service *services;
static unsigned numbers;

struct pnp_service *
pnp_service_find(const char *name)
{
    struct pnp_service *service = services;
    while (service && !(sim_same_text(service->name, name) && !service->deleted))
        service = service->next;
    return service;
}

struct pnp_service *
pnp_service_number(unsigned number)
{
    struct pnp_service *service = services;
    while (service && service->number != number)
        service = service->next;
    return service;
}

struct pnp_service *
pnp_service_add(const char *name, const char *binary, uint32_t type, uint32_t start, uint32_t state)
{
    struct pnp_service *service = pnp_service_find(name);
    if (!service) {
        service = calloc(1, sizeof *service);
        service->number = ++numbers;
        service->name = strdup(name);
        service->next = services;
        services = service;
    }
    free(service->binary);
    service->binary = strdup(binary);
    service->type = type;
    service->start = start;
    service->state = state;
    return service;
}

void
pnp_services_clear(void)
{
    while (services) {
        struct pnp_service *service = services;
        services = service->next;
        free(service->name);
        free(service->binary);
        free(service);
    }
}

void
sim_machine_set_service(const char *name, unsigned start, unsigned state)
{
    pthread_mutex_lock(&pnp_lock);
    pnp_service_add(name, "C:\\Windows\\system32\\svchost.exe -k netsvcs", 0x20, start, state);
    pthread_mutex_unlock(&pnp_lock);
}

bool
sim_machine_has_service(const char *name)
{
    pthread_mutex_lock(&pnp_lock);
    bool has = pnp_service_find(name) != NULL;
    pthread_mutex_unlock(&pnp_lock);
    return has;
}
