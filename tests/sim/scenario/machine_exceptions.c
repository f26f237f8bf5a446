/* SPDX-License-Identifier: MIT
 * Exceptions that an import raises: which handlers run, in which order, and what the registers hold
 * afterwards. That nonvolatile registers survive is checked on every return from an image. */
#include "machine_test.h"

#define CALL(name, words, ...) (uintptr_t) SIM_CALL(machine_test_export(image, name, words), __VA_ARGS__)

enum
{
    ACCESS_VIOLATION = 0xc0000005,
    FILTERED = 0xe0000002
};

#define EXPECT_NOTES(...) expect_notes((const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4)
static void
expect_notes(const uint32_t *notes, unsigned count)
{
    EXPECT_EQ(machine_note_count, count);
    for (unsigned i = 0; i < count; i++)
        EXPECT_EQ(machine_notes[i], notes[i]);
    machine_note_count = 0;
}

SIM_SCENARIO(machine_exception_one_frame_is_handled)
{
    struct sim_image *image = machine_test_load("raise.sys");
    EXPECT_EQ(CALL("RaiseOne", 1, 0), 0);
    EXPECT_NOTES(1);
    EXPECT_EQ(CALL("RaiseOne", 1, ACCESS_VIOLATION), ACCESS_VIOLATION);
    EXPECT_EQ(machine_note_count, 0);
}

SIM_SCENARIO(machine_exception_two_frames_keep_registers)
{
    struct sim_image *image = machine_test_load("raise.sys");
    /* 1 + 4 + 9 + 16 + 25 + 36 + 7, and 3 + 10 + 21 of the locals */
    EXPECT_EQ(CALL("RaiseStatus", 8, ACCESS_VIOLATION, 1, 2, 3, 4, 5, 6, 7), 98 + 34);
    EXPECT_EQ(CALL("RaiseVariable", 2, ACCESS_VIOLATION, 10), 10 + 9 + 1);
    EXPECT_EQ(CALL("RaiseVariable", 2, 0, 10), 1);
}

SIM_SCENARIO(machine_exception_finally_runs_in_unwind)
{
    struct sim_image *image = machine_test_load("raise.sys");
    EXPECT_EQ(CALL("RaiseFinally", 1, ACCESS_VIOLATION), 99);
    EXPECT_NOTES(8 + 100, 2, 3);
    EXPECT_EQ(CALL("RaiseFinally", 1, 0), 18);
    EXPECT_NOTES(18, 1, 3);
}

SIM_SCENARIO(machine_exception_filter_decides)
{
    struct sim_image *image = machine_test_load("raise.sys");
    EXPECT_EQ(CALL("RaiseFilter", 1, FILTERED), 7);
    EXPECT_NOTES(11, 20);
    EXPECT_EQ(CALL("RaiseFilter", 1, ACCESS_VIOLATION), 8);
    EXPECT_NOTES(11, 20);
    EXPECT_EQ(CALL("RaiseFilter", 1, 0), 6);
    EXPECT_NOTES(20);
}

SIM_SCENARIO(machine_exception_unwinds_every_form)
{
    struct sim_image *image = machine_test_load("raise.sys");
    unsigned forms = (unsigned)CALL("RaiseForms", 0);
    EXPECT_EQ(forms, sim_arch == SIM_X86 ? 0 : sim_arch == SIM_ARM64 ? 2 : 4);
    for (unsigned i = 0; i < forms; i++)
        EXPECT_EQ(CALL("RaiseForm", 2, ACCESS_VIOLATION, i), ACCESS_VIOLATION);
}

SIM_SCENARIO(machine_exception_nests_and_repeats)
{
    struct sim_image *image = machine_test_load("raise.sys");
    for (unsigned i = 0; i < 2000; i++)
        EXPECT_EQ(CALL("RaiseNested", 1, ACCESS_VIOLATION + i), ACCESS_VIOLATION + i + 1);
    EXPECT_EQ(CALL("RaiseTwice", 1, ACCESS_VIOLATION), 2);
}

static void
raise_uncaught(void *image_)
{
    struct sim_image *image = image_;
    (void)CALL("RaiseUncaught", 1, ACCESS_VIOLATION);
}

static void
raise_through_host(void *image_)
{
    struct sim_image *image = image_;
    (void)CALL("RaiseThroughHost", 1, ACCESS_VIOLATION);
}

SIM_SCENARIO(machine_exception_without_handler_stops)
{
    struct sim_image *image = machine_test_load("raise.sys");
    machine_expect_stop(raise_uncaught, image, "exception not handled: 0xc0000005");
    /* A handler beyond a function of the model is not reached. */
    machine_expect_stop(raise_through_host, image, "exception not handled: 0xc0000005");
}
