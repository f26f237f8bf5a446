/* SPDX-License-Identifier: MIT
 * The manager's thread: steps in the order of their times, each after a delay that the seed decides, so that
 * what belongs together arrives in any order that Windows allows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "model.h"

#define UNLOAD_RETRY_MS 10

pthread_mutex_t pnp_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t pnp_changed;

struct step
{
    struct step *next;
    enum pnp_step what;
    uint32_t node;
    unsigned generation;
    uint64_t due; /* ms */
};
static struct step *steps;
static bool busy, stopping, running;
static struct sim_task *task;
static uint64_t random_state;

uint32_t
pnp_random(void)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(random_state >> 33);
}

static uint64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
insert(enum pnp_step what, uint32_t node, unsigned generation, uint64_t due)
{
    struct step *step = malloc(sizeof *step), **at = &steps;
    while (*at && (*at)->due <= due)
        at = &(*at)->next;
    *step = (struct step){*at, what, node, generation, due};
    *at = step;
    pthread_cond_broadcast(&pnp_changed);
}

void
pnp_schedule(enum pnp_step what, struct pnp_node *node, bool soon)
{
    unsigned delay =
        soon || !sim_machine_conditions.delay_ms ? 0 : pnp_random() % (sim_machine_conditions.delay_ms + 1);
    insert(what, node ? node->number : 0, node ? node->generation : 0, now_ms() + delay);
}

bool
pnp_manager_idle(void)
{
    /* An image that a handle keeps loaded is no step that is due. */
    struct step *step = steps;
    while (step && step->what == STEP_UNLOAD)
        step = step->next;
    return !busy && !step;
}

static void
enumerate(struct pnp_node *node, unsigned generation)
{
    /* The removal of the device's last presence comes first. */
    if (node->present || node->leaving) {
        insert(STEP_ENUMERATE, node->number, generation, now_ms() + 1);
        return;
    }
    node->present = true;
    node->enumerated = true;
    node->status = DN_HAS_PROBLEM;
    node->problem = CM_PROB_NOT_CONFIGURED;
    pnp_schedule(STEP_INSTALL, node, false);
}

static void
surprise(struct pnp_node *node)
{
    if (node->present) {
        pnp_remove(node, true);
        pnp_removals++;
    }
    node->present = node->enumerated = node->leaving = false;
    node->status = node->problem = 0;
    pnp_schedule(STEP_UNLOAD, NULL, false);
}

static void
take(const struct step *step)
{
    struct pnp_node *node = pnp_node_number(step->node);
    if (step->what == STEP_UNLOAD) {
        if (!pnp_unload_idle_drivers() && !stopping)
            insert(STEP_UNLOAD, 0, 0, now_ms() + UNLOAD_RETRY_MS);
        return;
    }
    if (!node)
        return;
    bool current = node->generation == step->generation && !node->leaving;
    switch (step->what) {
    case STEP_ENUMERATE:
        if (node->generation == step->generation)
            enumerate(node, step->generation);
        break;
    case STEP_INSTALL:
        if (!current || !node->present)
            break;
        if (!pnp_install(node)) {
            node->problem = CM_PROB_FAILED_INSTALL;
            pnp_log_device(node, false);
            break;
        }
        node->problem =
            sim_persona->system & SIM_SINCE_WIN10 ? CM_PROB_NEED_CLASS_CONFIG : CM_PROB_NOT_CONFIGURED;
        if (!sim_machine_conditions.class_config_hangs)
            pnp_schedule(STEP_CONFIGURE, node, false);
        else
            pnp_log_device(node, true);
        break;
    case STEP_CONFIGURE:
        if (!current || !node->present)
            break;
        pnp_configure(node);
        pnp_schedule(STEP_START, node, false);
        break;
    case STEP_START:
        if (!current || !node->present)
            break;
        pnp_start(node);
        pnp_log_device(node, false);
        if (!node->adapter)
            break;
        if (!sim_machine_conditions.ipv4_off)
            pnp_schedule(STEP_IPV4, node, false);
        if (!sim_machine_conditions.ipv6_off)
            pnp_schedule(STEP_IPV6, node, false);
        break;
    case STEP_IPV4:
        node->ipv4 = current && node->adapter;
        break;
    case STEP_IPV6:
        node->ipv6 = current && node->adapter;
        break;
    case STEP_SURPRISE:
        surprise(node);
        break;
    case STEP_UNINSTALL:
        if (node->present)
            pnp_remove(node, false);
        pnp_node_delete(node);
        pnp_schedule(STEP_UNLOAD, NULL, false);
        break;
    default:
        break;
    }
}

static void
run(void *context)
{
    (void)context;
    pthread_mutex_lock(&pnp_lock);
    while (!stopping) {
        uint64_t now = now_ms();
        if (!steps || steps->due > now) {
            struct timespec until;
            uint64_t due = steps ? steps->due : now + 1000;
            until = (struct timespec){(time_t)(due / 1000), (long)(due % 1000) * 1000000};
            pthread_cond_timedwait(&pnp_changed, &pnp_lock, &until);
            continue;
        }
        struct step *step = steps;
        steps = step->next;
        busy = true;
        take(step);
        busy = false;
        free(step);
        pthread_cond_broadcast(&pnp_changed);
    }
    pthread_mutex_unlock(&pnp_lock);
    sim_stack_release();
}

bool
pnp_wait_gone(uint32_t number, unsigned timeout_ms)
{
    uint64_t end = now_ms() + timeout_ms;
    while (pnp_node_number(number)) {
        struct timespec until = {(time_t)(end / 1000), (long)(end % 1000) * 1000000};
        if (pthread_cond_timedwait(&pnp_changed, &pnp_lock, &until) == ETIMEDOUT)
            return false;
    }
    return true;
}

void
pnp_manager_start(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pnp_changed, &attributes);
    random_state = (sim_option_seed + 1) * 0x9E3779B97F4A7C15ull;
    stopping = false;
    running = true;
    task = sim_spawn(run, NULL);
}

void
pnp_manager_stop(void)
{
    pthread_mutex_lock(&pnp_lock);
    stopping = true;
    pthread_cond_broadcast(&pnp_changed);
    pthread_mutex_unlock(&pnp_lock);
    if (running)
        sim_join(task);
    running = false;
    while (steps) {
        struct step *step = steps;
        steps = step->next;
        free(step);
    }
}
