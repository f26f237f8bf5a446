/* SPDX-License-Identifier: MIT
 * The IP helper: interfaces by GUID and LUID, their rows, addresses. Functions return an error code and leave
 * the last error alone. */
#include <stdlib.h>
#include <string.h>
#include "nt_client.h"
#include "rows.h"

enum
{
    AF_INET_ = 2,
    AF_INET6_ = 23
};

/* MIB_IPINTERFACE_ROW, 168 bytes on every architecture. */
struct ip_interface_row
{
    uint16_t family;
    uint64_t luid __attribute__((aligned(8)));
    uint32_t index, max_reassembly;
    uint64_t identifier __attribute__((aligned(8)));
    uint32_t min_router_interval, max_router_interval;
    uint8_t advertising, forwarding, weak_send, weak_receive, automatic_metric, neighbor_detection, managed,
        other, advertise_default;
    uint32_t router_discovery, dad_transmits, base_reachable, retransmit, path_mtu_timeout, local_behavior,
        local_timeout, zone_indices[16], site_prefix, metric, mtu;
    uint8_t connected, wake_patterns, neighbor_discovery, router_discovery_support;
    uint32_t reachable;
    uint8_t transmit_offload, receive_offload, disable_default_routes;
};
_Static_assert(sizeof(struct ip_interface_row) == 168, "MIB_IPINTERFACE_ROW");
_Static_assert(offsetof(struct ip_interface_row, mtu) == 152, "MIB_IPINTERFACE_ROW.NlMtu");

/* MIB_UNICASTIPADDRESS_ROW, 80 bytes. */
struct unicast_row
{
    union
    {
        uint16_t family;
        struct
        {
            uint16_t family, port;
            uint8_t address[4];
        } v4;
        struct
        {
            uint16_t family, port;
            uint32_t flow;
            uint8_t address[16];
            uint32_t scope;
        } v6;
    } address;
    uint64_t luid __attribute__((aligned(8)));
    uint32_t index, prefix_origin, suffix_origin, valid_lifetime, preferred_lifetime;
    uint8_t prefix_length, skip_as_source;
    uint32_t dad_state, scope;
    uint64_t created __attribute__((aligned(8)));
};
_Static_assert(sizeof(struct unicast_row) == 80, "MIB_UNICASTIPADDRESS_ROW");
_Static_assert(offsetof(struct unicast_row, prefix_length) == 60,
               "MIB_UNICASTIPADDRESS_ROW.OnLinkPrefixLength");

WIN_FUNCTION(ConvertInterfaceGuidToLuid)
{
    struct wire_reply reply;
    if (!frame->arg[0] || !frame->arg[1])
        return ERROR_INVALID_PARAMETER;
    uint32_t error = pnp_ask(WIRE_GUID_TO_LUID, NULL, (const void *)frame->arg[0], 16, &reply, NULL, NULL);
    if (!error)
        memcpy((void *)frame->arg[1], &reply.result[0], 8);
    return error;
}

WIN_FUNCTION(ConvertInterfaceLuidToAlias)
{
    uint64_t luid;
    char *alias;
    if (!frame->arg[0] || !frame->arg[1])
        return ERROR_INVALID_PARAMETER;
    memcpy(&luid, (const void *)frame->arg[0], 8);
    uint32_t error = pnp_ask(WIRE_LUID_TO_ALIAS, NT_ARGS(luid), NULL, 0, NULL, &alias, NULL);
    uint16_t *wide = sim_utf16_from(alias);
    size_t units = sim_utf16_length(wide) + 1;
    if (!error && frame->arg[2] < units)
        error = ERROR_NOT_ENOUGH_MEMORY;
    if (!error)
        memcpy((void *)frame->arg[1], wide, units * 2);
    free(wide);
    free(alias);
    return error;
}

WIN_FUNCTION(GetIpInterfaceEntry)
{
    struct ip_interface_row *row = (void *)frame->arg[0];
    struct wire_reply reply;
    if (!row || (row->family != AF_INET_ && row->family != AF_INET6_))
        return ERROR_INVALID_PARAMETER;
    uint32_t error =
        pnp_ask(WIRE_IP_ROW, NT_ARGS(row->luid, row->index, row->family), NULL, 0, &reply, NULL, NULL);
    if (error)
        return error;
    uint16_t family = row->family;
    memset(row, 0, sizeof *row);
    row->family = family;
    row->luid = reply.result[0];
    row->index = (uint32_t)reply.result[1];
    row->mtu = (uint32_t)reply.result[2];
    row->metric = 5;
    row->connected = reply.result[3] != 0;
    row->automatic_metric = 1;
    /* What SetIpInterfaceEntry refuses for IPv4, as documented. */
    row->site_prefix = family == AF_INET_ ? 32 : 64;
    return ERROR_SUCCESS;
}

WIN_FUNCTION(InitializeUnicastIpAddressEntry)
{
    struct unicast_row *row = (void *)frame->arg[0];
    memset(row, 0, sizeof *row);
    row->prefix_origin = row->suffix_origin = 1 << 4; /* IpPrefixOriginUnchanged, IpSuffixOriginUnchanged */
    row->valid_lifetime = row->preferred_lifetime = 0xFFFFFFFFu;
    row->prefix_length = 255;
    return 0;
}

WIN_FUNCTION(CreateUnicastIpAddressEntry)
{
    const struct unicast_row *row = (const void *)frame->arg[0];
    if (!row)
        return ERROR_INVALID_PARAMETER;
    uint16_t family = row->address.family;
    if (!win_elevated())
        return ERROR_ACCESS_DENIED;
    if ((family != AF_INET_ && family != AF_INET6_) || row->preferred_lifetime > row->valid_lifetime)
        return ERROR_INVALID_PARAMETER;
    unsigned bits = family == AF_INET_ ? 32 : 128;
    if (row->prefix_length > bits && row->prefix_length != 255)
        return ERROR_INVALID_PARAMETER;
    return pnp_ask(
        WIRE_ADDRESS_ADD,
        NT_ARGS(row->luid, row->index, family, row->prefix_length == 255 ? bits : row->prefix_length),
        family == AF_INET_ ? row->address.v4.address : row->address.v6.address, bits / 8, NULL, NULL, NULL);
}

#define IP   "iphlpapi.dll"
#define PAGE "win32/api/netioapi/nf-netioapi-"
static const struct sim_import rows[] = {
    WIN_ROW(IP, ConvertInterfaceGuidToLuid, 2, SIM_SINCE_WIN7, WIN_CODE, PAGE "convertinterfaceguidtoluid"),
    WIN_ROW(IP, ConvertInterfaceLuidToAlias, 3, SIM_SINCE_WIN7, WIN_CODE, PAGE "convertinterfaceluidtoalias"),
    WIN_ROW(IP, GetIpInterfaceEntry, 1, SIM_SINCE_WIN7, WIN_CODE, PAGE "getipinterfaceentry"),
    WIN_ROW(IP, InitializeUnicastIpAddressEntry, 1, SIM_SINCE_WIN7, WIN_NEVER,
            PAGE "initializeunicastipaddressentry"),
    WIN_ROW(IP, CreateUnicastIpAddressEntry, 1, SIM_SINCE_WIN7, WIN_CODE, PAGE "createunicastipaddressentry"),
};
const struct sim_import_table win_iphlpapi = WIN_TABLE(rows);
