/* SPDX-License-Identifier: MIT
 * wintun.dll as a client of the simulator uses it: loaded from C:\Program, every export called through
 * SIM_CALL. */
#ifndef SIM_CLIENT_DLL_H
#define SIM_CLIENT_DLL_H

#include "../win32/client.h"
#include "../wire/text.h"

struct client_dll
{
    void *module;
    const void *CreateAdapter, *OpenAdapter, *CloseAdapter, *DeleteDriver, *GetAdapterLUID,
        *GetRunningDriverVersion, *SetLogger, *StartSession, *EndSession, *GetReadWaitEvent, *ReceivePacket,
        *ReleaseReceivePacket, *AllocateSendPacket, *SendPacket;
};
extern struct client_dll dll;

/* Puts the DLL under test into C:\Program under `name` (NULL: wintun.dll), loads it, resolves all exports and
 * sets the logger. */
struct client_dll client_dll_load(const char *name);
/* The exports of a DLL that is there already, as `find` finds them, and the logger set. */
struct client_dll client_dll_resolve(void *module, const void *(*find)(void *module, const char *name));
void client_set_logger(const struct client_dll *library);
/* Ends with the DLL's pages gone. */
void client_dll_free(struct client_dll *library);
/* Both for the one DLL that most clients have. */
void client_begin(void);
void client_end(void);

/* Handles and packets as numbers. Names in UTF-8. */
uintptr_t client_create(const char *name);
uintptr_t client_create_with(const char *name, const char *type, const uint8_t *guid);
uintptr_t client_open(const char *name);
void client_close(uintptr_t adapter);
/* A packet, waiting for it up to the time; NULL with the last error of the call, or WAIT_TIMEOUT. */
uint8_t *client_receive(uintptr_t session, uint32_t *size, uint32_t timeout_ms);
/* Room for a packet, trying again as long as the ring is full; NULL with another error. */
uint8_t *client_allocate(uintptr_t session, uint32_t size);

/* Lines that the DLL has logged so far; whether one has the text, and how many have. */
bool client_logged(const char *text);
unsigned client_log_count(const char *text);
void client_log_clear(void);
/* Called within the callback for each line, on whatever thread; NULL for none. */
void client_on_log(void (*called)(const char *text));

/* Marks on the machine's disk by which a client and its scenario keep step. */
void mark_set(const char *name);
bool mark_is_set(const char *name);
bool mark_wait(const char *name, unsigned timeout_ms);
void mark_clear(const char *name);

#endif
