/* SPDX-License-Identifier: MIT
 * The NDIS model as scenarios, device manager and bridge see it: adapters and their life, the stack above
 * them. Every call checks what Microsoft documents for a miniport and stops with the rule that was broken. */
#ifndef SIM_NDIS_CONTROL_H
#define SIM_NDIS_CONTROL_H

#include "../kernel/kernel.h"
#include "ndis_types.h"

struct sim_adapter;

/* Seconds within which a miniport completes an operation, a request or a send; generous, for emulation. */
extern unsigned sim_ndis_patience;

struct sim_adapter_options
{
    uint8_t net_cfg_instance_id[16]; /* GUID, also in the adapter's configuration */
    uint32_t luid_index;             /* 0: the smallest free one */
    /* more configuration keywords: "name\0value\0...\0\0" in UTF-8, numbers in decimal; may be NULL */
    const char *keywords;
    bool stays_paused; /* InitializeEx alone: a restart or the end is left to the scenario */
};

/* Calls hook in the thread of the driver whenever it has made a control device and is not told yet, and whenever
 * it is about to give one up: when a client comes too early or too late. NULL: no more. */
void sim_ndis_on_device(void (*hook)(void *context, bool going), void *context);
/* AddDevice, InitializeEx, then Restart, as a started device node. NULL with *status if InitializeEx failed.
 */
struct sim_adapter *sim_adapter_start(struct sim_driver *driver, const struct sim_adapter_options *options,
                                      NDIS_STATUS *status);
uint64_t sim_adapter_luid(const struct sim_adapter *adapter);
uint32_t sim_adapter_luid_index(const struct sim_adapter *adapter);
bool sim_adapter_link_up(const struct sim_adapter *adapter);
/* What InitializeEx reported; MTU in bytes. */
uint32_t sim_adapter_mtu(const struct sim_adapter *adapter);

NDIS_STATUS sim_adapter_restart(struct sim_adapter *adapter);
void sim_adapter_pause(struct sim_adapter *adapter, uint32_t reason); /* returns when complete */
void sim_adapter_set_power(struct sim_adapter *adapter,
                           unsigned d_state); /* 0 = D0, 3 = D3; pauses if it must */
/* Disable or orderly removal: pause, HaltEx(DeviceDisabled). The adapter is gone afterwards. */
void sim_adapter_remove(struct sim_adapter *adapter);
/* The event alone, as systems before Windows 8 send it long before the removal: then sim_adapter_remove. */
void sim_adapter_announce_removal(struct sim_adapter *adapter);
void sim_adapter_shutdown(struct sim_adapter *adapter);
/* Surprise removal, Windows 8+ order: event, pause, HaltEx(SurpriseRemoved). Gone afterwards. */
void sim_adapter_surprise_remove(struct sim_adapter *adapter);

NDIS_STATUS sim_adapter_query(struct sim_adapter *adapter, uint32_t oid, void *buffer, uint32_t length,
                              uint32_t *written, uint32_t *needed);
NDIS_STATUS sim_adapter_set(struct sim_adapter *adapter, uint32_t oid, const void *buffer, uint32_t length,
                            uint32_t *needed);

/* ---- The stack above ---- */

/* A packet of an NBL: data and how it is cut into MDLs. */
struct sim_packet
{
    const void *data;
    uint32_t length;
};
struct sim_send_options
{
    unsigned packets_per_nbl; /* NBs in each NBL; 0 = 1 */
    unsigned max_mdls;        /* cut each packet into 1..max_mdls random MDLs; 0 = 1 */
    uint64_t seed;            /* of the cutting and of offsets */
    bool at_dispatch;         /* call Send at DISPATCH_LEVEL with the flag set */
    bool fail_mapping;        /* mapping of these MDLs fails */
    /* an out-of-band slot, TcpIpChecksumNetBufferListInfo or TcpLargeSendNetBufferListInfo, that asks the miniport
     * to complete the packet; 0: none */
    unsigned offload_slot;
    uint32_t offload; /* what is in it */
    void *cancel_id;
};
/* One Send call with a chain of NBLs; waits until all of them are completed unless `wait` is false. statuses
 * (may be NULL) gets one NDIS_STATUS per NBL. Returns the number completed with success. */
unsigned sim_stack_send(struct sim_adapter *adapter, const struct sim_packet *packets, unsigned count,
                        const struct sim_send_options *options, bool wait, NDIS_STATUS *statuses);
/* Waits until no NBL of this adapter is outstanding in the send direction. */
void sim_stack_drain(struct sim_adapter *adapter);
void sim_adapter_cancel_send(struct sim_adapter *adapter, void *cancel_id);

/* Called for every indicated packet, in the indicating thread, at its IRQL; the data is contiguous for the
 * call. */
typedef void (*sim_receive_fn)(void *context, const uint8_t *data, uint32_t length, bool is_ipv6);
void sim_stack_on_receive(struct sim_adapter *adapter, sim_receive_fn receive, void *context);
/* Keep indicated NBLs instead of returning them; release gives all back, shuffled and in several calls if
 * seed is not 0. While they are held the miniport cannot touch them without a fault. */
void sim_stack_hold(struct sim_adapter *adapter, bool hold);
unsigned sim_stack_release_held(struct sim_adapter *adapter, uint64_t seed);
unsigned sim_stack_held(struct sim_adapter *adapter);
/* So many times a completion sends one small packet more from inside the completion. */
void sim_stack_reenter(struct sim_adapter *adapter, unsigned times);
/* Indications, packets, bytes, resource-flag indications, longest chain. */
struct sim_stack_counts
{
    uint64_t indications, packets, bytes, resources, longest_chain, sends, sent_packets, completions;
};
struct sim_stack_counts sim_stack_counts(const struct sim_adapter *adapter);

/* ---- Bridge to a Linux TUN device (bridge.c) ---- */

/* Attaches: what Linux sends to the TUN goes down as NBLs, what the driver indicates goes to the TUN. fd is a
 * TUN device opened with IFF_TUN | IFF_NO_PI. Runs until sim_bridge_stop. */
struct sim_bridge;
struct sim_bridge *sim_bridge_start(struct sim_adapter *adapter, int tun_fd);
/* Packets and bytes in both directions, seen from the driver: down is what Linux sent. */
struct sim_bridge_counts
{
    uint64_t down, down_bytes, bursts, up, up_bytes, up_refused;
};
struct sim_bridge_counts sim_bridge_counts(const struct sim_bridge *bridge);
void sim_bridge_stop(struct sim_bridge *bridge);

#endif
