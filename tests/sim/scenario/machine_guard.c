/* SPDX-License-Identifier: MIT
 * Control flow guard: what checks go through on systems with and without it, and that it checks. */
#include "machine_test.h"

#define CALL(name, words, ...) (uintptr_t) SIM_CALL(machine_test_export(image, name, words), ##__VA_ARGS__)

static bool
has_guard(void)
{
    return (sim_persona->system & SIM_SINCE_WIN10) != 0;
}

SIM_SCENARIO(guard_pointers_follow_system)
{
    struct sim_image *image = machine_test_load("guard.sys");
    EXPECT_EQ(sim_image_of((void *)CALL("GuardPointer", 0)) == image, !has_guard());
    /* 1 + 4 + 9 + 16 + 25 + 1 + 2, and 1 + 4 + 9 + 16 + 25 + 36 */
    EXPECT_EQ(CALL("GuardCall", 3, 0, 1, 2), 58);
    EXPECT_EQ(CALL("GuardForward", 5, 10, 20, 30, 40, 50), 550);
    EXPECT_EQ(CALL("GuardImport", 0), 91);
}

static void
call_beyond(void *context)
{
    struct sim_image *image = context;
    (void)CALL("GuardCall", 3, 4, 1, 2);
}

SIM_SCENARIO_ON(guard_call_into_function_stops, SIM_SINCE_WIN10, 0)
{
    struct sim_image *image = machine_test_load("guard.sys");
    machine_expect_stop(call_beyond, image, "STOP control flow guard: an indirect call goes to guard.sys+0x");
}
