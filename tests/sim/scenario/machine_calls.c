/* SPDX-License-Identifier: MIT
 * Calls between host and image: conventions, stack arguments, nesting, what is caught. */
#include "machine_test.h"

/* A word result; on 32 bits the other return register holds anything. */
#define CALL(name, words, ...) (uintptr_t)SIM_CALL(machine_test_export(image, name, words), __VA_ARGS__)

SIM_SCENARIO(machine_calls_pass_arguments_and_results)
{
    struct sim_image *image = machine_test_load("basic.sys");
    EXPECT_EQ((uint32_t)SIM_CALL(sim_image_entry(image), 0, 0), 42);
    sim_image_discard_init(image);
    EXPECT_EQ(CALL("BasicSum", 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 385);
    /* 7 + 2*2 + 3*3 + ... + 6*6; 7 + 20 + 300; 1 + 4 + 9 + 16 + 25; 1000 */
    EXPECT_EQ(CALL("BasicImports", 1, 7), 97 + 327 + 55 + 1000);
    EXPECT_EQ(SIM_CALL(machine_test_export(image, "BasicWide", 2), 0x12345678, 0xffffffff),
              0x1234567900000000);
    EXPECT_EQ(CALL("BasicNested", 1, 3), 48 + 4);
    EXPECT_EQ(CALL("BasicData", 1, 0), 'a' + 5);
    EXPECT_EQ(CALL("BasicData", 1, 1), 'b' + 6);
    sim_image_unload(image);
}
