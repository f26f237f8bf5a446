/* SPDX-License-Identifier: MIT
 * What scenarios of the DLL share: a machine with the processes on it. */
#ifndef SIM_DLL_MACHINE_H
#define SIM_DLL_MACHINE_H

#include "../kernel/kernel.h"
#include "../pnp/pnp.h"
#include "client_dll.h"
#include "product.h"
#include "scenario.h"

/* The systems on which the DLL creates adapters. */
#define DLL_SYSTEMS (SIM_WIN10 | SIM_WIN11)

/* Of processes and packets that take their time; longer under emulation. */
unsigned dll_patience(void);

struct sim_process *dll_start(const char *program, const char *argument);
/* Runs the program to its end, which must be a success. */
void dll_run(const char *program, const char *argument);
void dll_finish(struct sim_process *process);
/* No device, phantom or driver of ours is left, and the machine stops. */
void dll_machine_end(void);
/* The same but for this number of phantoms. */
void dll_machine_end_with(unsigned phantoms);

/* An ICMP echo request of IPv4 with checksums; returns its length. */
uint32_t dll_make_ping(uint8_t *packet, uint32_t source, uint32_t destination, uint16_t sequence,
                       uint32_t payload);
/* An IPv4 packet (protocol 253, for experiments) that carries sender and number; `size` at least 32. */
void dll_make_numbered(uint8_t *packet, uint32_t size, uint32_t sender, uint32_t number);
/* Checks such a packet whole. */
bool dll_check_numbered(const uint8_t *packet, uint32_t size, uint32_t *sender, uint32_t *number);

#endif
