/* SPDX-License-Identifier: MIT
 *
 * Layer-3 tunnel adapters for Windows: create a network adapter, then exchange whole IP packets with the
 * system through rings in shared memory.
 *
 * Load wintun.dll at run time and resolve the functions by name; each one has a function type here:
 *
 *     static WINTUN_CREATE_ADAPTER_FUNC *WintunCreateAdapter;
 *     WintunCreateAdapter = (WINTUN_CREATE_ADAPTER_FUNC *)GetProcAddress(Library, "WintunCreateAdapter");
 *
 * Errors. A function that fails returns NULL, FALSE or 0 and leaves the cause, never 0, in GetLastError. One
 * that succeeds leaves GetLastError as it was or sets it to ERROR_SUCCESS. What a function lists under
 * "Errors" are the causes to act upon; a system function that fails underneath may hand up its own code
 * beside them.
 *
 * Threads. Every function may be called from any thread at any time; what each one promises beyond that is
 * said where it is described. No function may be called from DllMain.
 *
 * Rights. Adapters, sessions and the driver take a member of Administrators with an elevated token, or
 * SYSTEM; everybody else gets ERROR_ACCESS_DENIED at once.
 *
 * Every function here is there since version 0.1 of the DLL.
 */
#ifndef WINTUN_H
#define WINTUN_H

#include <winsock2.h>
#include <windows.h>
#include <ws2ipdef.h>
#include <ifdef.h>
#include <ipexport.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef MAX_ADAPTER_NAME
#define MAX_ADAPTER_NAME 128
#endif

/* An adapter that WintunCreateAdapter or WintunOpenAdapter has returned. */
typedef struct _WINTUN_ADAPTER *WINTUN_ADAPTER_HANDLE;

/* A session that WintunStartSession has returned. */
typedef struct _WINTUN_SESSION *WINTUN_SESSION_HANDLE;

/* The capacity of a ring, in bytes: a power of two from the one to the other. */
#define WINTUN_MIN_RING_CAPACITY 0x20000   /* 128 KiB */
#define WINTUN_MAX_RING_CAPACITY 0x4000000 /* 64 MiB */

/* The largest packet, in bytes, its IP header included. */
#define WINTUN_MAX_IP_PACKET_SIZE 0xFFFF

typedef enum _WINTUN_LOGGER_LEVEL
{
    WINTUN_LOG_INFO = 0, /* what was done */
    WINTUN_LOG_WARN = 1, /* something is not as it was asked for, and the work goes on */
    WINTUN_LOG_ERR = 2   /* why the call that runs is about to fail */
} WINTUN_LOGGER_LEVEL;

/* Receives a line of log.
 *
 * Level      what kind of line it is
 * Timestamp  when, in units of 100 ns since 1601-01-01 00:00 UTC (as FILETIME)
 * Message    one line of text without a line end, zero-terminated; valid until the callback returns
 *
 * Called on the thread that called the function which has something to say, before that function returns;
 * several threads may be in it at once. No internal lock is held, but the machine-wide lock of adapter
 * creation may be: from within the callback, WintunCreateAdapter, WintunOpenAdapter and WintunDeleteDriver then
 * fail with ERROR_POSSIBLE_DEADLOCK, and WintunCloseAdapter removes the adapter but leaves what Windows
 * remembers of it to the next creation. GetLastError is preserved around the callback. */
typedef VOID(CALLBACK *WINTUN_LOGGER_CALLBACK)(WINTUN_LOGGER_LEVEL Level, DWORD64 Timestamp, LPCWSTR Message);

/* Sets the process-wide logger; without one the lines are dropped.
 *
 * NewLogger  the callback, or NULL for none
 *
 * When the function returns, the former callback has ended on other threads, unless one has been in it for
 * longer than a second. */
typedef VOID(WINAPI WINTUN_SET_LOGGER_FUNC)(WINTUN_LOGGER_CALLBACK NewLogger);

/* Creates a network adapter. It exists until WintunCloseAdapter is called for the handle or the process ends.
 *
 * Name           the name of the network connection, 1 to MAX_ADAPTER_NAME - 1 characters, none of
 *                \ / : * ? " < > | and no control character. If another connection has it, "Name 1", "Name 2"
 *                and so on is taken and logged; where the system refuses to name connections (Windows Server),
 *                a warning is logged and the adapter works under the name that the system gave it.
 *                WintunOpenAdapter finds it by Name all the same.
 * TunnelType     what kind of tunnel this is, in the same characters and length; part of the adapter's
 *                description
 * RequestedGUID  the adapter's GUID, so that the system recognises the network the next time, or NULL for a
 *                random one. A GUID that is in use is replaced by a random one, and that is logged.
 *
 * Returns the adapter, ready to be configured and opened, or NULL.
 *
 * Errors: ERROR_INVALID_PARAMETER    Name or TunnelType is NULL
 *         ERROR_INVALID_NAME         Name or TunnelType is empty or has a character that is not allowed
 *         ERROR_BUFFER_OVERFLOW      Name or TunnelType is too long
 *         ERROR_ACCESS_DENIED        the caller is not elevated
 *         ERROR_NOT_SUPPORTED        this system, or this process's architecture on it, is not supported yet
 *         ERROR_DEVICE_NOT_AVAILABLE the device did not come up; the log says which problem code it has
 *         ERROR_NO_COMPAT_DRIVERS    the system binds no driver, or a damaged one, even when staged anew
 *         ERROR_SERVICE_DISABLED     a service that network devices need is disabled; the log says which
 *         ERROR_TIMEOUT              another process holds the machine-wide lock, or PnP does not answer
 *         ERROR_POSSIBLE_DEADLOCK    called from within the logger
 *         ERROR_DIRECTORY            the folder of the lock is a link or a file
 *         ERROR_NOT_ENOUGH_MEMORY
 *         and whatever the system says when it refuses the driver package, among them TRUST_E_NOSIGNATURE and
 *         ERROR_AUTHENTICODE_PUBLISHER_NOT_TRUSTED
 *
 * Creations on one machine take place one after the other. Takes seconds at the first time. When it fails, the
 * log ends with what Windows wrote about it in setupapi.dev.log. */
typedef WINTUN_ADAPTER_HANDLE(WINAPI WINTUN_CREATE_ADAPTER_FUNC)(LPCWSTR Name, LPCWSTR TunnelType,
                                                                 const GUID *RequestedGUID);

/* Opens an adapter that exists, made by this process or another one.
 *
 * Name  the name it was created under, or the one that its connection has now; case does not matter
 *
 * Returns the adapter, or NULL. To close the handle does not remove the adapter.
 *
 * Errors: ERROR_INVALID_PARAMETER, ERROR_INVALID_NAME, ERROR_BUFFER_OVERFLOW  as for WintunCreateAdapter
 *         ERROR_ACCESS_DENIED        the caller is not elevated
 *         ERROR_FILE_NOT_FOUND       there is no adapter of that name
 *         ERROR_DEVICE_NOT_AVAILABLE it is there but does not work
 *         ERROR_TIMEOUT, ERROR_POSSIBLE_DEADLOCK, ERROR_DIRECTORY, ERROR_NOT_ENOUGH_MEMORY  as there */
typedef WINTUN_ADAPTER_HANDLE(WINAPI WINTUN_OPEN_ADAPTER_FUNC)(LPCWSTR Name);

/* Closes an adapter; if the handle is from WintunCreateAdapter, removes it.
 *
 * Adapter  the handle, which is invalid afterwards, or NULL
 *
 * Sessions of a removed adapter, of whatever process, end with ERROR_HANDLE_EOF; they are still to be ended
 * with WintunEndSession. No other call may use the handle meanwhile. An adapter that is already gone is no
 * error. Returns when the device is gone; if another process holds the machine-wide lock, or the device does not go
 * away, after a bounded time (a minute, 15 seconds) with a warning in the log. */
typedef VOID(WINAPI WINTUN_CLOSE_ADAPTER_FUNC)(WINTUN_ADAPTER_HANDLE Adapter);

/* Removes the driver from the system: its packages from the driver store, the service and the file.
 *
 * Returns TRUE, also if there was no driver, or FALSE.
 *
 * Errors: ERROR_DEVICE_IN_USE     an adapter exists; the log says which
 *         ERROR_ACCESS_DENIED     the caller is not elevated
 *         ERROR_NOT_SUPPORTED, ERROR_TIMEOUT, ERROR_POSSIBLE_DEADLOCK, ERROR_DIRECTORY, ERROR_NOT_ENOUGH_MEMORY
 *                                 as for WintunCreateAdapter */
typedef BOOL(WINAPI WINTUN_DELETE_DRIVER_FUNC)(VOID);

/* Tells the LUID of an adapter, which the IP Helper functions take.
 *
 * Adapter  the adapter
 * Luid     receives the LUID; zero if Adapter is NULL */
typedef VOID(WINAPI WINTUN_GET_ADAPTER_LUID_FUNC)(WINTUN_ADAPTER_HANDLE Adapter, NET_LUID *Luid);

/* Tells the version of the driver that runs, which may differ from that of the DLL.
 *
 * Returns (major << 16) | minor, or 0. A caller that is not elevated, and so may not ask the driver, is told the version
 * of the package that an adapter was installed from.
 *
 * Errors: ERROR_FILE_NOT_FOUND  the driver is not loaded, as no adapter exists */
typedef DWORD(WINAPI WINTUN_GET_RUNNING_DRIVER_VERSION_FUNC)(VOID);

/* Starts a session: takes over the packets of an adapter, whose media state becomes "connected".
 *
 * Adapter   the adapter
 * Capacity  of each of the two rings, in bytes: a power of two from WINTUN_MIN_RING_CAPACITY to
 *           WINTUN_MAX_RING_CAPACITY. Memory of more than twice this size is locked while the session runs.
 *
 * Returns the session, to be ended with WintunEndSession, or NULL. It does not need the adapter's handle any
 * more.
 *
 * Errors: ERROR_INVALID_PARAMETER    Capacity is out of range or not a power of two, or Adapter is NULL
 *         ERROR_ALREADY_INITIALIZED  the adapter has a session, of this process or another one
 *         ERROR_ACCESS_DENIED        the caller is not elevated
 *         ERROR_FILE_NOT_FOUND, ERROR_DEVICE_NOT_AVAILABLE  the adapter is gone
 *         ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_SYSTEM_RESOURCES */
typedef WINTUN_SESSION_HANDLE(WINAPI WINTUN_START_SESSION_FUNC)(WINTUN_ADAPTER_HANDLE Adapter,
                                                                DWORD Capacity);

/* Ends a session.
 *
 * Session  the session, or NULL; one that has been ended already is ignored
 *
 * Threads that wait for its event wake, and find ERROR_HANDLE_EOF. Packets that were received or allocated
 * but not yet given back stay readable and writable, and are given back as ever; what is sent now goes
 * nowhere. The session's memory is freed with the last of them. */
typedef VOID(WINAPI WINTUN_END_SESSION_FUNC)(WINTUN_SESSION_HANDLE Session);

/* Tells the event that is signalled when packets have come, or the session is over.
 *
 * Session  the session
 *
 * Returns an auto-reset event, which belongs to the session and is not to be closed, or NULL. Wait for it
 * when WintunReceivePacket says ERROR_NO_MORE_ITEMS. It may be signalled without need.
 *
 * Errors: ERROR_HANDLE_EOF  the session has been ended
 *         ERROR_INVALID_HANDLE */
typedef HANDLE(WINAPI WINTUN_GET_READ_WAIT_EVENT_FUNC)(WINTUN_SESSION_HANDLE Session);

/* Takes the next packet that the system sends through the adapter. Does not wait.
 *
 * Session     the session
 * PacketSize  receives the size of the packet, in bytes
 *
 * Returns the IPv4 or IPv6 packet, to be given back with WintunReleaseReceivePacket, or NULL. The caller may
 * write to it meanwhile. Several threads may receive at once; each packet goes to one of them.
 *
 * Errors: ERROR_NO_MORE_ITEMS      there is none now; wait for the event and try again
 *         ERROR_HANDLE_EOF         the adapter or the session is going away; final
 *         ERROR_INVALID_DATA       the ring is corrupt; final
 *         ERROR_INVALID_PARAMETER  PacketSize is NULL
 *         ERROR_INVALID_HANDLE */
typedef BYTE *(WINAPI WINTUN_RECEIVE_PACKET_FUNC)(WINTUN_SESSION_HANDLE Session, DWORD *PacketSize);

/* Gives back a packet that WintunReceivePacket returned, on any thread and in any order. Its room in the ring
 * is free again once those before it have been given back too.
 *
 * Session  the session
 * Packet   the packet, which is invalid afterwards; what is no packet of the session is ignored, and GetLastError has
 *          ERROR_INVALID_PARAMETER or ERROR_INVALID_HANDLE */
typedef VOID(WINAPI WINTUN_RELEASE_RECEIVE_PACKET_FUNC)(WINTUN_SESSION_HANDLE Session, const BYTE *Packet);

/* Allocates room for a packet that the system is to receive from the adapter. Does not wait.
 *
 * Session     the session
 * PacketSize  the exact size of the packet, in bytes, at most WINTUN_MAX_IP_PACKET_SIZE
 *
 * Returns where to write the packet, to be given to WintunSendPacket, or NULL. Packets reach the system in
 * the order of the calls of this function: one that is not sent holds up those behind it.
 *
 * Errors: ERROR_BUFFER_OVERFLOW    the ring is full now; drop the packet or try again
 *         ERROR_HANDLE_EOF         the adapter or the session is going away; final
 *         ERROR_INVALID_PARAMETER  PacketSize is too large
 *         ERROR_INVALID_HANDLE */
typedef BYTE *(WINAPI WINTUN_ALLOCATE_SEND_PACKET_FUNC)(WINTUN_SESSION_HANDLE Session, DWORD PacketSize);

/* Sends a packet that WintunAllocateSendPacket allocated, on any thread and in any order.
 *
 * Session  the session
 * Packet   the packet, which is invalid afterwards; what is none is ignored as by WintunReleaseReceivePacket */
typedef VOID(WINAPI WINTUN_SEND_PACKET_FUNC)(WINTUN_SESSION_HANDLE Session, const BYTE *Packet);

#ifdef __cplusplus
}
#endif

#endif
