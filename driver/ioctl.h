/* SPDX-License-Identifier: MIT
 *
 * The control interface of an adapter: the only definition of the IOCTL codes and structures, shared by driver,
 * DLL and tests. The device of the adapter whose LUID has NetLuidIndex %u is \\.\Global\<product>%u; it is opened
 * for read and write with full sharing and admits SYSTEM and Administrators only.
 *
 * The includer has declared the Windows basic types (driver/wdk or windows.h).
 */
#ifndef IOCTL_H
#define IOCTL_H

#include "ring.h"

#define TUN_DEVICE_TYPE 51820u

/* CTL_CODE(TUN_DEVICE_TYPE, Function, METHOD_BUFFERED, Access) */
#define TUN_CTL_CODE(Function, Access) ((TUN_DEVICE_TYPE << 16) | ((Access) << 14) | ((Function) << 2))
#define TUN_ACCESS_READ                1u
#define TUN_ACCESS_READ_WRITE          3u

/* Registers the caller's two rings with the adapter; they live until the last handle to this open closes, the
 * adapter goes or the process that owns the memory ends. Input TUN_REGISTER_RINGS of the caller's own word size
 * (TUN_REGISTER_RINGS_32 from a 32-bit process), no output. One registration per adapter at a time.
 *
 *   STATUS_INVALID_PARAMETER    a size, alignment or overlap that no ring can have; Head or Tail out of range
 *   STATUS_INFO_LENGTH_MISMATCH the input is shorter than the structure of the caller's word size
 *   STATUS_ACCESS_VIOLATION     the memory is not the caller's to read and write
 *   STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED  of an event handle
 *   STATUS_ALREADY_INITIALIZED  somebody's rings are registered
 *   STATUS_INVALID_DEVICE_STATE the adapter is going away
 *   STATUS_INSUFFICIENT_RESOURCES
 */
#define TUN_IOCTL_REGISTER_RINGS TUN_CTL_CODE(0x970u, TUN_ACCESS_READ_WRITE)

/* Tells which adapter a handle belongs to. No input; output TUN_ADAPTER_IDENTITY.
 *   STATUS_BUFFER_TOO_SMALL     the output is shorter than the structure
 *   STATUS_INVALID_DEVICE_STATE the adapter is going away
 */
#define TUN_IOCTL_QUERY_IDENTITY TUN_CTL_CODE(0x971u, TUN_ACCESS_READ)

_Static_assert(TUN_IOCTL_REGISTER_RINGS == 0xCA6CE5C0u, "the interface fixes this code");

typedef struct _TUN_REGISTER_RINGS
{
    struct
    {
        ULONG RingSize;   /* RingSizeOf(capacity) */
        TUN_RING *Ring;   /* multiple of RING_ALIGNMENT */
        HANDLE TailMoved; /* event; needs EVENT_MODIFY_STATE */
    } Send, Receive;
} TUN_REGISTER_RINGS;

/* What a 32-bit process hands to a 64-bit driver: handles are sign-extended, pointers zero-extended. */
typedef struct _TUN_REGISTER_RINGS_32
{
    struct
    {
        ULONG RingSize;
        ULONG Ring;
        ULONG TailMoved;
    } Send, Receive;
} TUN_REGISTER_RINGS_32;

/* Same layout for every word size. */
typedef struct _TUN_ADAPTER_IDENTITY
{
    ULONG64 NetLuid;
    GUID NetCfgInstanceId; /* zero if the adapter's key has none yet */
    ULONG DriverVersion;   /* (major << 16) | minor */
    ULONG Reserved;        /* zero */
} TUN_ADAPTER_IDENTITY;

_Static_assert(sizeof(TUN_REGISTER_RINGS) == (sizeof(void *) == 8 ? 48 : 24), "TUN_REGISTER_RINGS");
_Static_assert(sizeof(TUN_REGISTER_RINGS_32) == 24, "TUN_REGISTER_RINGS_32");
_Static_assert(sizeof(TUN_ADAPTER_IDENTITY) == 32, "TUN_ADAPTER_IDENTITY");

#endif
