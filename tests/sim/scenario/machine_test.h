/* SPDX-License-Identifier: MIT
 * What the scenarios of the machine share: test images (machine/testdata) and the functions that those
 * import. */
#ifndef SIM_MACHINE_TEST_H
#define SIM_MACHINE_TEST_H

#include "scenario.h"

/* Rows of "test.sys"; see machine/testdata/test_driver.h. */
extern const struct sim_import_table machine_test_imports;
extern const struct sim_import_table *const machine_test_tables[];

/* What TestNote was told, in order. */
extern uint32_t machine_notes[32];
extern unsigned machine_note_count;

/* Loads <folder of the simulator>/testdata/<name>; an error fails the scenario. */
struct sim_image *machine_test_load(const char *name);
/* The file itself, for scenarios that damage it; malloc'ed. */
uint8_t *machine_test_read(const char *name, size_t *size);
/* An export taking so many words; x86 decorates. Fails the scenario if there is none. */
void *machine_test_export(struct sim_image *image, const char *name, unsigned words);

/* Runs `body` in a child process, and fails the scenario unless it stops (status 3) with `text` in what it
 * says. */
void machine_expect_stop(void (*body)(void *context), void *context, const char *text);

#endif
