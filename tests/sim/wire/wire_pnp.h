/* SPDX-License-Identifier: MIT
 * What a process asks of the device manager, the service manager, the network stack's tables and the
 * connections folder, all of which live in the kernel process. Text is UTF-8 with its end; several things
 * come as a blob (blob.h). wire_reply.status is a Win32 error, a CONFIGRET for the calls named CM, an HRESULT
 * for SW. */
#ifndef SIM_WIRE_PNP_H
#define SIM_WIRE_PNP_H

#include "wire.h"

enum wire_pnp
{
    /* blob: enumerator, parent, instance, hardware ids, compatible ids, description, then properties as
     * (key 20 bytes, type, data) -> r0 handle */
    WIRE_SW_CREATE = WIRE_PNP,
    WIRE_SW_POLL,  /* a0 handle -> r0 done, r1 HRESULT, data instance id */
    WIRE_SW_CLOSE, /* a0 handle */

    WIRE_CM_LOCATE,       /* a0 phantoms too, data instance id -> r0 node */
    WIRE_CM_STATUS,       /* a0 node -> r0 status, r1 problem */
    WIRE_CM_GET_PROPERTY, /* a0 node, data key -> r0 type, data */
    WIRE_CM_SET_PROPERTY, /* a0 node, a1 type, blob: key, data */
    WIRE_CM_LIST,         /* a0 flags, data filter -> data list of strings */
    WIRE_CM_OPEN_KEY,     /* a0 node, a1 1 = software, a2 create -> r0 key */
    WIRE_REG_QUERY,       /* a0 key, data name -> r0 type, data as in the registry */

    WIRE_STAGE,     /* a0 style, data path of the INF -> data published name; also with ERROR_FILE_EXISTS */
    WIRE_UNSTAGE,   /* a0 force, data published name */
    WIRE_PACKAGES,  /* data hardware ids -> blob of (inf, description, manufacturer, provider, section,
                       hardware id, date, version) per match, best first */
    WIRE_UNINSTALL, /* a0 node -> r0 reboot needed */
    WIRE_REMOVE_DRIVER, /* a0 keep the package, data path or name of the INF -> r0 reboot needed */

    WIRE_GUID_TO_LUID,  /* data GUID -> r0 LUID */
    WIRE_LUID_TO_ALIAS, /* a0 LUID -> data name */
    WIRE_IP_ROW,        /* a0 LUID, a1 index, a2 family -> r0 LUID, r1 index, r2 MTU */
    WIRE_ADDRESS_ADD,   /* a0 LUID, a1 index, a2 family, a3 prefix length, data address */
    WIRE_ICMP_ECHO, /* a0 destination as in a packet, a1 ms, data payload -> data payload; status of IP helper */

    WIRE_CONNECTIONS, /* -> blob of (GUID, name, device name) */
    WIRE_RENAME,      /* blob: GUID, name */

    WIRE_SERVICE_OPEN,   /* data name -> r0 service */
    WIRE_SERVICE_QUERY,  /* a0 service -> r0 start type, r1 state, r2 type, data binary path */
    WIRE_SERVICE_DELETE, /* a0 service */
};

/* The kinds of elevation and machine that a process is started with are in its environment: SIM_ROOT (the
 * directory that is C:\), SIM_ELEVATED (0 or 1). */

#endif
