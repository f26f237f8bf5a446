/* SPDX-License-Identifier: MIT
 * The network connections folder: INetConnectionManager, IEnumNetConnection, INetConnection. */
#ifndef SIM_WIN32_NETCON_H
#define SIM_WIN32_NETCON_H

#include <stdint.h>

/* An HRESULT; the object is a COM pointer that images call through. */
uint32_t win_connection_manager_create(const uint8_t class_id[16], const uint8_t interface_id[16],
                                       uint32_t context, const void *caller, void **object);

#endif
