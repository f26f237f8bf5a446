/* SPDX-License-Identifier: MIT */
#include "dll_machine.h"

#include <string.h>

unsigned
dll_patience(void)
{
    return 60000;
}

struct sim_process *
dll_start(const char *program, const char *argument)
{
    const char *args[] = {argument, NULL};
    struct sim_process *process = sim_process_start(sim_arch, program, args);
    EXPECT(process != NULL);
    return process;
}

void
dll_finish(struct sim_process *process)
{
    int status = sim_process_wait(process, dll_patience());
    if (status == 77)
        sim_skip("the client cannot run here");
    EXPECT_EQ(status, 0);
}

void
dll_run(const char *program, const char *argument)
{
    dll_finish(dll_start(program, argument));
}

void
dll_machine_end_with(unsigned phantoms)
{
    EXPECT(sim_machine_settle(PRODUCT_HARDWARE_ID, dll_patience()));
    struct sim_machine_counts counts = sim_machine_counts(PRODUCT_HARDWARE_ID);
    EXPECT_EQ(counts.present, 0);
    EXPECT_EQ(counts.phantoms, phantoms);
    EXPECT_EQ(counts.started, 0);
    sim_machine_stop();
}

void
dll_machine_end(void)
{
    dll_machine_end_with(0);
}

/* ---- Packets ---- */

static uint16_t
sum(const uint8_t *data, uint32_t size)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i + 1 < size; i += 2)
        total += (uint32_t)data[i] << 8 | data[i + 1];
    if (size & 1)
        total += (uint32_t)data[size - 1] << 8;
    while (total >> 16)
        total = (total & 0xFFFF) + (total >> 16);
    return (uint16_t)~total;
}

static void
put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

static void
make_header(uint8_t *packet, uint32_t size, uint8_t protocol, uint32_t source, uint32_t destination)
{
    memset(packet, 0, 20);
    packet[0] = 0x45;
    put16(packet + 2, size);
    packet[8] = 64;
    packet[9] = protocol;
    put32(packet + 12, source);
    put32(packet + 16, destination);
    put16(packet + 10, sum(packet, 20));
}

uint32_t
dll_make_ping(uint8_t *packet, uint32_t source, uint32_t destination, uint16_t sequence, uint32_t payload)
{
    uint32_t size = 28 + payload;
    make_header(packet, size, 1, source, destination);
    memset(packet + 20, 0, 8);
    packet[20] = 8;
    put16(packet + 24, 0x7007);
    put16(packet + 26, sequence);
    for (uint32_t i = 0; i < payload; i++)
        packet[28 + i] = (uint8_t)(i * 7 + sequence);
    put16(packet + 22, sum(packet + 20, 8 + payload));
    return size;
}

void
dll_make_numbered(uint8_t *packet, uint32_t size, uint32_t sender, uint32_t number)
{
    make_header(packet, size, 253, 0x0A060000 + sender, 0x0A060708);
    memcpy(packet + 20, &sender, 4);
    memcpy(packet + 24, &number, 4);
    memcpy(packet + 28, &size, 4);
    for (uint32_t i = 32; i < size; i++)
        packet[i] = (uint8_t)(number * 31 + i + sender);
}

bool
dll_check_numbered(const uint8_t *packet, uint32_t size, uint32_t *sender, uint32_t *number)
{
    uint32_t length;
    if (size < 32 || packet[0] != 0x45 || packet[9] != 253)
        return false;
    memcpy(sender, packet + 20, 4);
    memcpy(number, packet + 24, 4);
    memcpy(&length, packet + 28, 4);
    if (length != size)
        return false;
    for (uint32_t i = 32; i < size; i++)
        if (packet[i] != (uint8_t)(*number * 31 + i + *sender))
            return false;
    return true;
}
