/* SPDX-License-Identifier: MIT
 * The example as a whole program: it creates its adapter, sets its address, answers pings, ends on Ctrl+C. */
#include "dll_machine.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static atomic_uint answers, others;

static void
take(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    (void)is_ipv6;
    /* An echo reply from 10.6.7.8 to 10.6.7.7. */
    if (length == 28 + 56 && data[9] == 1 && data[15] == 8 && data[19] == 7 && data[20] == 0)
        atomic_fetch_add(&answers, 1);
    else
        atomic_fetch_add(&others, 1);
}

static void
check_address(void *context, unsigned family, const uint8_t *address, unsigned prefix)
{
    static const uint8_t expected[] = {10, 6, 7, 7};
    if (family == 4 && prefix == 24 && memcmp(address, expected, 4) == 0)
        ++*(unsigned *)context;
}

static void
run_example(const char *argument, bool interrupt)
{
    uint8_t packet[128];
    unsigned addresses = 0;
    if (!sim_option_exe)
        sim_skip("no --exe");
    sim_machine_start();
    struct sim_process *process = dll_start("exe", argument);
    struct sim_adapter *adapter = NULL;
    for (unsigned i = 0; i < 600 && !(adapter && sim_adapter_link_up(adapter)); i++) {
        adapter = sim_machine_adapter("Demo", 50);
        if (sim_process_wait(process, 1) >= 0)
            dll_finish(process);
    }
    EXPECT(adapter != NULL && sim_adapter_link_up(adapter));
    sim_machine_addresses(adapter, check_address, &addresses);
    EXPECT_EQ(addresses, 1);
    sim_stack_on_receive(adapter, take, NULL);
    for (unsigned i = 0; i < 20; i++) {
        struct sim_packet ping = {packet, dll_make_ping(packet, 0x0A060707, 0x0A060708, (uint16_t)i, 56)};
        EXPECT_EQ(sim_stack_send(adapter, &ping, 1, NULL, true, NULL), 1);
        for (unsigned wait = 0; wait < 10000 && atomic_load(&answers) <= i; wait++)
            usleep(1000);
        EXPECT_EQ(atomic_load(&answers), i + 1);
    }
    /* Not for it: printed and nothing more. */
    struct sim_packet stray = {packet, dll_make_ping(packet, 0x0A060707, 0x0A060709, 0, 56)};
    sim_stack_send(adapter, &stray, 1, NULL, true, NULL);
    if (interrupt)
        kill(sim_process_linux_id(process), SIGINT);
    dll_finish(process);
    EXPECT_EQ(atomic_load(&answers), 20);
    EXPECT_EQ(atomic_load(&others), 0);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_example_answers_pings_until_ctrl_c, DLL_SYSTEMS, 0)
{
    run_example(NULL, true);
}

SIM_SCENARIO_ON(dll_example_ends_after_its_time, DLL_SYSTEMS, 0)
{
    run_example("5", false);
}
