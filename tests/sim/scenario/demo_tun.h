/* SPDX-License-Identifier: MIT
 * TUN devices of Linux, each in the network namespace where its packets are to come and go. */
#ifndef SIM_DEMO_TUN_H
#define SIM_DEMO_TUN_H

#include <stdbool.h>

struct demo_tun
{
    int fd;
    char device[16], space[64]; /* space: a name below /run/netns, or "" for ours */
};

/* The n-th of SIM_TUN, which lists "device" or "namespace/device", separated by commas; made if it is not
 * there. Skips the scenario if SIM_TUN does not name it, fails if it cannot be had. */
void demo_tun_open(unsigned n, struct demo_tun *tun);
/* ip(8) in the device's namespace. */
void demo_tun_ip(const struct demo_tun *tun, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
