/* SPDX-License-Identifier: MIT
 *
 * The ring's ordered accesses as a model, explored exhaustively: every interleaving of a producer and a
 * consumer whose loads and stores a weakly ordered machine may execute out of order. With the orderings of
 * ring.h no packet is read before it is written, none is overwritten before it is read, and nobody sleeps
 * over a packet; with any one of them taken away the explorer finds the execution that goes wrong.
 *
 * The machine: each side fetches its operations in program order into a window and executes them from it in
 * any order that the enabled reorderings allow, against one memory. Acquire loads keep later operations
 * behind them, release stores earlier ones before them, a fence both, accesses to one location their own
 * order. A branch waits for the value it tests but not for stores; a call into the kernel (signal, wait)
 * waits for everything before it. The ring is as small as it can be: one packet fits, so that a second one
 * has to wait for Head.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* What of ring.h is in place. */
#define FENCE_W1   0x01u /* RingArmAlertable: store Alertable, fence, load Tail */
#define FENCE_W2   0x02u /* RingConsumerIsAlertable: store Tail, fence, load Alertable */
#define RELEASE_S2 0x04u /* RingStoreTailRelease */
#define ACQUIRE_R1 0x08u /* RingLoadTailAcquire */
#define RELEASE_R2 0x10u /* RingStoreHeadRelease */
#define ACQUIRE_S1 0x20u /* RingLoadHeadAcquire */
#define RECHECK    0x40u /* the load of Tail after RingArmAlertable */
#define PROTOCOL   0x7Fu
/* Not of ring.h: the consumer's wait may time out, as the driver's does. */
#define TIMEOUT 0x80u

/* Which pairs the machine may swap: earlier and later of load (L) and store (S). */
#define SWAP_SL 1u
#define SWAP_SS 2u
#define SWAP_LL 4u
#define SWAP_LS 8u
#define TSO     SWAP_SL
#define WEAK    (SWAP_SL | SWAP_SS | SWAP_LL | SWAP_LS)

enum location
{
    HEAD,
    TAIL,
    ALERTABLE,
    DATA,
    LOCATIONS
};

enum operation
{
    STORE,        /* location = value */
    LOAD,         /* reg[value] = location */
    FENCE,        /* */
    AWAIT,        /* a load that is repeated until it yields value */
    BRANCH_EQUAL, /* if reg[value] == location (as a number) go to target */
    GOTO,
    CHECK,  /* reg[value] is location (as a number), or the execution is wrong */
    SIGNAL, /* sets the event */
    WAIT,   /* for the event, and takes it */
    END
};

typedef struct instruction
{
    uint8_t operation, location, value, target;
    bool acquire, release;
} instruction;

#define PACKETS   3
#define WINDOW    6
#define REGISTERS 2
#define PROGRAM   64
#define PENDING   0xFFu

/* All of it bytes, so that equal states are equal memory. */
typedef struct side
{
    uint8_t pc, count;
    uint8_t window[WINDOW]; /* fetched and not executed yet */
    uint8_t registers[REGISTERS];
} side;

typedef struct state
{
    uint8_t memory[LOCATIONS];
    uint8_t event;
    side sides[2];
} state;

typedef struct explorer
{
    const instruction *programs[2];
    unsigned int options, swaps;
    state *seen; /* open addressing; a slot is free while its used bit is clear */
    uint8_t *used;
    size_t slots, count;
    state *stack;
    size_t depth, room;
    bool lost_wakeup, bad_data;
    size_t finished;
} explorer;

/* Packets are numbered from 1. Tail counts those published, Head those consumed; DATA holds a packet's
 * number. */
static void
write_programs(unsigned int options, instruction producer[PROGRAM], instruction consumer[PROGRAM])
{
    unsigned int n = 0;
    for (uint8_t packet = 1; packet <= PACKETS; packet++) {
        if (packet > 1)
            producer[n++] = (instruction){AWAIT, HEAD, (uint8_t)(packet - 1), 0, options & ACQUIRE_S1, false};
        producer[n++] = (instruction){STORE, DATA, packet, 0, false, false};
        producer[n++] = (instruction){STORE, TAIL, packet, 0, false, options & RELEASE_S2};
        if (options & FENCE_W2)
            producer[n++] = (instruction){.operation = FENCE};
        producer[n++] = (instruction){LOAD, ALERTABLE, 0, 0, false, false};
        producer[n] = (instruction){BRANCH_EQUAL, 0, 0, (uint8_t)(n + 2), false, false};
        n++;
        producer[n++] = (instruction){.operation = SIGNAL};
    }
    producer[n++] = (instruction){.operation = END};

    n = 0;
    for (uint8_t packet = 1; packet <= PACKETS; packet++) {
        uint8_t again = (uint8_t)n, branch_found, branch_found_late = 0;
        consumer[n++] = (instruction){LOAD, TAIL, 0, 0, options & ACQUIRE_R1, false};
        /* Read ahead of the branch, as a machine that speculates does. */
        consumer[n++] = (instruction){LOAD, DATA, 1, 0, false, false};
        branch_found = (uint8_t)n;
        /* One packet fits: Tail is the number before this packet's, or this packet's. */
        consumer[n++] = (instruction){BRANCH_EQUAL, packet, 0, 0, false, false};
        consumer[n++] = (instruction){STORE, ALERTABLE, 1, 0, false, false};
        if (options & FENCE_W1)
            consumer[n++] = (instruction){.operation = FENCE};
        if (options & RECHECK) {
            consumer[n++] = (instruction){LOAD, TAIL, 0, 0, options & ACQUIRE_R1, false};
            branch_found_late = (uint8_t)n;
            consumer[n++] = (instruction){BRANCH_EQUAL, packet, 0, 0, false, false};
        }
        consumer[n++] = (instruction){.operation = WAIT};
        if (branch_found_late)
            consumer[branch_found_late].target = (uint8_t)n;
        consumer[n++] = (instruction){STORE, ALERTABLE, 0, 0, false, false};
        consumer[n++] = (instruction){.operation = GOTO, .target = again};
        consumer[branch_found].target = (uint8_t)n;
        /* What was read is looked at last: a copy depends on no branch. */
        consumer[n++] = (instruction){STORE, HEAD, packet, 0, false, options & RELEASE_R2};
        consumer[n++] = (instruction){CHECK, packet, 1, 0, false, false};
    }
    consumer[n++] = (instruction){.operation = END};
}

static bool
is_load(const instruction *i)
{
    return i->operation == LOAD || i->operation == AWAIT;
}

/* Whether `later` may execute while `earlier` of the same side has not. */
static bool
may_pass(const explorer *e, const instruction *earlier, const instruction *later)
{
    if (earlier->operation == FENCE || later->operation == FENCE)
        return false;
    if (earlier->location == later->location || earlier->acquire || later->release)
        return false;
    if (is_load(earlier))
        return e->swaps & (is_load(later) ? SWAP_LL : SWAP_LS);
    return e->swaps & (is_load(later) ? SWAP_SL : SWAP_SS);
}

/* Fetches what needs no decision: into the window up to a branch, check or call that has to wait. */
static void
fetch(explorer *e, state *s, unsigned int who)
{
    side *me = &s->sides[who];
    for (;;) {
        const instruction *next = &e->programs[who][me->pc];
        switch (next->operation) {
        case STORE:
        case LOAD:
        case FENCE:
        case AWAIT:
            if (me->count == WINDOW)
                return;
            if (next->operation == LOAD)
                me->registers[next->value] = PENDING;
            me->window[me->count++] = me->pc++;
            break;
        case BRANCH_EQUAL:
            if (me->registers[next->value] == PENDING)
                return;
            me->pc = me->registers[next->value] == next->location ? next->target : (uint8_t)(me->pc + 1);
            break;
        case CHECK:
            if (me->registers[next->value] == PENDING)
                return;
            if (me->registers[next->value] != next->location)
                e->bad_data = true;
            me->pc++;
            break;
        case GOTO:
            me->pc = next->target;
            break;
        default:
            return;
        }
    }
}

static size_t
state_hash(const state *s)
{
    const uint8_t *bytes = (const uint8_t *)s;
    uint64_t hash = 14695981039346656037ull;
    for (size_t i = 0; i < sizeof(*s); i++)
        hash = (hash ^ bytes[i]) * 1099511628211ull;
    return (size_t)(hash ^ (hash >> 29));
}

static void
push(explorer *e, const state *s)
{
    size_t slot = state_hash(s) % e->slots;
    while (e->used[slot]) {
        if (!memcmp(&e->seen[slot], s, sizeof(*s)))
            return;
        slot = (slot + 1) % e->slots;
    }
    assert_true(++e->count < e->slots / 2);
    e->used[slot] = 1;
    e->seen[slot] = *s;
    if (e->depth == e->room) {
        e->room = e->room ? e->room * 2 : 1024;
        e->stack = realloc(e->stack, e->room * sizeof(*e->stack));
        assert_non_null(e->stack);
    }
    e->stack[e->depth++] = *s;
}

/* Executes the operation at `index` of the window, if it can be. */
static bool
execute(explorer *e, state *s, unsigned int who, unsigned int index)
{
    side *me = &s->sides[who];
    const instruction *program = e->programs[who], *now = &program[me->window[index]];
    for (unsigned int i = 0; i < index; i++)
        if (!may_pass(e, &program[me->window[i]], now))
            return false;
    switch (now->operation) {
    case STORE:
        s->memory[now->location] = now->value;
        break;
    case LOAD:
        me->registers[now->value] = s->memory[now->location];
        break;
    case AWAIT:
        if (s->memory[now->location] != now->value)
            return false;
        break;
    }
    memmove(&me->window[index], &me->window[index + 1], me->count - index - 1);
    me->window[--me->count] = 0;
    return true;
}

/* Every state that one step of one side leads to. Returns their number. */
static unsigned int
expand(explorer *e, const state *from)
{
    unsigned int successors = 0;
    for (unsigned int who = 0; who < 2; who++) {
        const side *me = &from->sides[who];
        for (unsigned int index = 0; index < me->count; index++) {
            state s = *from;
            if (execute(e, &s, who, index)) {
                fetch(e, &s, who);
                push(e, &s);
                successors++;
            }
        }
        uint8_t operation = e->programs[who][me->pc].operation;
        if (me->count || (operation != SIGNAL && operation != WAIT))
            continue;
        if (operation == WAIT && !from->event && !(e->options & TIMEOUT))
            continue;
        state s = *from;
        s.event = operation == SIGNAL;
        s.sides[who].pc++;
        fetch(e, &s, who);
        push(e, &s);
        successors++;
    }
    return successors;
}

typedef struct verdict
{
    bool lost_wakeup, bad_data;
    size_t states, finished;
} verdict;

static verdict
explore(unsigned int options, unsigned int swaps)
{
    instruction producer[PROGRAM], consumer[PROGRAM];
    explorer e = {.programs = {producer, consumer}, .options = options, .swaps = swaps, .slots = 1u << 20};
    state start;

    write_programs(options, producer, consumer);
    e.seen = calloc(e.slots, sizeof(*e.seen));
    e.used = calloc(e.slots, 1);
    memset(&start, 0, sizeof(start));
    fetch(&e, &start, 0);
    fetch(&e, &start, 1);
    push(&e, &start);
    while (e.depth) {
        state s = e.stack[--e.depth];
        if (expand(&e, &s))
            continue;
        if (producer[s.sides[0].pc].operation == END && consumer[s.sides[1].pc].operation == END)
            e.finished++;
        else
            e.lost_wakeup = true; /* the only thing that can stop for good is a wait that nobody ends */
    }
    verdict v = {e.lost_wakeup, e.bad_data, e.count, e.finished};
    free(e.seen);
    free(e.used);
    free(e.stack);
    return v;
}

static void
protocol_on_a_weak_machine_loses_nothing(void **unused)
{
    (void)unused;
    verdict v = explore(PROTOCOL, WEAK);
    print_message("%zu states\n", v.states);
    assert_false(v.lost_wakeup);
    assert_false(v.bad_data);
    assert_true(v.finished > 0);
    /* The model did reorder: there is more to explore than on a machine in order. */
    assert_true(v.states > explore(PROTOCOL, 0).states);
}

static void
without_consumer_fence_a_wakeup_is_lost(void **unused)
{
    (void)unused;
    assert_true(explore(PROTOCOL & ~FENCE_W1, WEAK).lost_wakeup);
    assert_true(explore(PROTOCOL & ~FENCE_W1, TSO).lost_wakeup);
}

static void
without_producer_fence_a_wakeup_is_lost(void **unused)
{
    (void)unused;
    assert_true(explore(PROTOCOL & ~FENCE_W2, WEAK).lost_wakeup);
    assert_true(explore(PROTOCOL & ~FENCE_W2, TSO).lost_wakeup);
}

static void
without_second_look_at_tail_a_wakeup_is_lost(void **unused)
{
    (void)unused;
    assert_true(explore(PROTOCOL & ~RECHECK, WEAK).lost_wakeup);
    assert_true(explore(PROTOCOL & ~RECHECK, 0).lost_wakeup);
}

/* Existing clients publish without the fence: the driver's wait has a time-out, after which it looks again.
 */
static void
wait_with_timeout_survives_a_client_without_fence(void **unused)
{
    (void)unused;
    verdict v = explore((PROTOCOL & ~FENCE_W2) | TIMEOUT, WEAK);
    assert_false(v.lost_wakeup);
    assert_false(v.bad_data);
    assert_true(v.finished > 0);
}

static void
without_release_of_tail_unwritten_data_is_read(void **unused)
{
    (void)unused;
    assert_true(explore(PROTOCOL & ~RELEASE_S2, WEAK).bad_data);
    assert_false(explore(PROTOCOL & ~RELEASE_S2, TSO).bad_data);
}

static void
without_acquire_of_tail_unwritten_data_is_read(void **unused)
{
    (void)unused;
    assert_true(explore(PROTOCOL & ~ACQUIRE_R1, WEAK).bad_data);
    assert_false(explore(PROTOCOL & ~ACQUIRE_R1, TSO).bad_data);
}

static void
without_acquire_of_head_unread_data_is_overwritten(void **unused)
{
    (void)unused;
    assert_true(explore(PROTOCOL & ~ACQUIRE_S1, WEAK).bad_data);
}

static void
without_release_of_head_unread_data_is_overwritten(void **unused)
{
    (void)unused;
    assert_true(explore(PROTOCOL & ~RELEASE_R2, WEAK).bad_data);
    assert_false(explore(PROTOCOL & ~RELEASE_R2, TSO).bad_data);
}

static void
machine_in_order_needs_no_fence(void **unused)
{
    (void)unused;
    verdict v = explore(RECHECK, 0);
    assert_false(v.lost_wakeup);
    assert_false(v.bad_data);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocol_on_a_weak_machine_loses_nothing),
        cmocka_unit_test(without_consumer_fence_a_wakeup_is_lost),
        cmocka_unit_test(without_producer_fence_a_wakeup_is_lost),
        cmocka_unit_test(without_second_look_at_tail_a_wakeup_is_lost),
        cmocka_unit_test(wait_with_timeout_survives_a_client_without_fence),
        cmocka_unit_test(without_release_of_tail_unwritten_data_is_read),
        cmocka_unit_test(without_acquire_of_tail_unwritten_data_is_read),
        cmocka_unit_test(without_acquire_of_head_unread_data_is_overwritten),
        cmocka_unit_test(without_release_of_head_unread_data_is_overwritten),
        cmocka_unit_test(machine_in_order_needs_no_fence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
