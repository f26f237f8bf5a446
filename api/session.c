/* SPDX-License-Identifier: MIT
 *
 * A session handle is not a pointer: it names a slot and a generation of it. Slots, with their locks and
 * events, are used again but not freed before the DLL is unloaded, so that a thread which comes late, with
 * the handle of a session that another thread has ended, finds a lock to take and learns that the session is
 * over, instead of touching freed memory.
 *
 *     state          Receive, Allocate     Release, Send          left by
 *     SESSION_FREE   ERROR_HANDLE_EOF      ignored                WintunStartSession
 *     SESSION_LIVE   work                  work                   WintunEndSession
 *     SESSION_ENDED  ERROR_HANDLE_EOF      give back, no signal   the last packet given back
 *
 * Each direction has a lock of its own, held for a few loads and stores and never across a copy or a call to
 * the system. State and Generation change under both locks (Receive's is taken first), so either lock is
 * enough to read them. The memory of the rings belongs to SESSION_LIVE and to every packet that a client
 * holds.
 *
 * Packets are given back or sent in any order, but the ring has one Head and one Tail. Between the published
 * offset and the private one lie the packets that clients hold; bit 31 of a packet's Size, which no valid
 * size has, tells which of them are done with (receive) or still being written (send). The driver reads
 * neither region.
 *
 * The event is auto-reset and wakes one thread; every thread that is told of the end signals it again, so
 * that the end reaches each waiter in turn.
 *
 * One file for both directions and their common end, though a long one: they share the locks and the states.
 */
#include "session.h"

#define SESSION_SLOTS      1024u
#define SESSION_INDEX_MASK 0xFFFFu
#define SESSION_GENERATION 16
#define SESSION_MARK       0x80000000u
#define SESSION_PAGE       0x1000u

typedef enum _SESSION_STATE
{
    SESSION_FREE,
    SESSION_LIVE,
    SESSION_ENDED
} SESSION_STATE;

/* One direction. Private and Published are offsets of packets in the ring, Published behind or at Private;
 * the clients hold what lies between them. */
typedef struct _SESSION_SIDE
{
    SRWLOCK Lock;       /* guards the fields below */
    TUN_RING *Ring;     /* of this direction */
    uint32_t Capacity;  /* of Ring */
    uint32_t Private;   /* receive: the next packet to hand out; send: where the next one is allocated */
    uint32_t Published; /* receive: Head; send: Tail, as last stored in the ring */
    uint32_t Limit;     /* receive: Tail as last read and found valid */
    uint32_t Held;      /* packets between Published and Private that clients have not given back */
    DWORD Final;        /* the error that ends this direction, or ERROR_SUCCESS */
} SESSION_SIDE;

typedef struct _SESSION
{
    _Alignas(64) SESSION_SIDE Receive; /* the ring "Send" of the registration: the driver produces */
    _Alignas(64) SESSION_SIDE Send;    /* the ring "Receive" of the registration: the driver consumes */
    _Alignas(64) SESSION_STATE State;  /* written under both locks */
    uint32_t Generation;               /* written under both locks */
    uint32_t Index;                    /* constant */
    BOOL Taken;                        /* under SlotsLock: from SessionTake to SessionDrop */
    uint32_t Users; /* atomic: what keeps Taken and Memory: being live or ending, and, once ended, each side
                       that clients hold packets of */
    HANDLE PacketCame; /* constant: auto-reset; the driver and every end signal it */
    HANDLE PacketSent; /* constant: auto-reset; signalled when the driver waits for packets */
    HANDLE Control;    /* from start to end; written while no other thread can use it */
    VOID *Memory;      /* both rings */
} SESSION;

/* Slots[i] is written once, under SlotsLock and in order of i, before a handle that names it is given out. */
static SESSION *Slots[SESSION_SLOTS];
static SRWLOCK SlotsLock;

static WINTUN_SESSION_HANDLE
SessionHandle(const SESSION *Session)
{
    return (WINTUN_SESSION_HANDLE)(uintptr_t)(Session->Generation << SESSION_GENERATION |
                                              (Session->Index + 1));
}

/* The slot that a handle names, of whatever generation, or NULL with ERROR_INVALID_HANDLE. */
static SESSION *
SessionFind(WINTUN_SESSION_HANDLE Handle)
{
    uintptr_t Value = (uintptr_t)Handle;
    uint32_t Index = (uint32_t)(Value & SESSION_INDEX_MASK) - 1;
    SESSION *Session = NULL;

    if (Index < SESSION_SLOTS && Value == (uint32_t)Value)
        Session = __atomic_load_n(&Slots[Index], __ATOMIC_ACQUIRE);
    if (!Session)
        SetLastError(ERROR_INVALID_HANDLE);
    return Session;
}

/* Under either lock: the state of the session that the handle names, which is over if the slot has gone on.
 */
static SESSION_STATE
SessionState(const SESSION *Session, WINTUN_SESSION_HANDLE Handle)
{
    return Handle == SessionHandle(Session) ? Session->State : SESSION_FREE;
}

/* Under no lock. */
static VOID
SessionSignal(HANDLE Event)
{
    DWORD LastError = GetLastError();
    SetEvent(Event);
    SetLastError(LastError);
}

static VOID
SessionLockBoth(SESSION *Session)
{
    AcquireSRWLockExclusive(&Session->Receive.Lock);
    AcquireSRWLockExclusive(&Session->Send.Lock);
}

static VOID
SessionUnlockBoth(SESSION *Session)
{
    ReleaseSRWLockExclusive(&Session->Send.Lock);
    ReleaseSRWLockExclusive(&Session->Receive.Lock);
}

/* Takes a free slot or makes one; no other thread can name it before it is live. */
static SESSION *
SessionTake(VOID)
{
    SESSION *Session = NULL;
    uint32_t Index;

    AcquireSRWLockExclusive(&SlotsLock);
    for (Index = 0; Index < SESSION_SLOTS && Slots[Index]; ++Index) {
        if (!Slots[Index]->Taken) {
            Session = Slots[Index];
            goto cleanupLock;
        }
    }
    if (Index == SESSION_SLOTS) {
        SetLastError(ERROR_NO_SYSTEM_RESOURCES);
        goto cleanupLock;
    }
    Session = VirtualAlloc(NULL, sizeof(*Session), MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    if (!Session)
        goto cleanupLock;
    Session->Index = Index;
    Session->PacketCame = CreateEventW(NULL, FALSE, FALSE, NULL);
    Session->PacketSent = Session->PacketCame ? CreateEventW(NULL, FALSE, FALSE, NULL) : NULL;
    if (!Session->PacketSent) {
        DWORD LastError = GetLastError();
        if (Session->PacketCame)
            CloseHandle(Session->PacketCame);
        VirtualFree(Session, 0, MEM_RELEASE);
        SetLastError(LastError);
        Session = NULL;
        goto cleanupLock;
    }
    __atomic_store_n(&Slots[Index], Session, __ATOMIC_RELEASE);

cleanupLock:
    if (Session) {
        Session->Taken = TRUE;
        __atomic_store_n(&Session->Users, 1, __ATOMIC_RELAXED);
    }
    ReleaseSRWLockExclusive(&SlotsLock);
    return Session;
}

/* Under no lock: one of the Users is done; the last one frees the rings and gives the slot back. No packet is
 * held then, so nobody can read the ring pointers with a handle of this generation. */
static VOID
SessionDrop(SESSION *Session)
{
    if (__atomic_sub_fetch(&Session->Users, 1, __ATOMIC_ACQ_REL))
        return;

    DWORD LastError = GetLastError();
    AcquireSRWLockExclusive(&SlotsLock);
    SessionLockBoth(Session);
    VOID *Memory = Session->Memory;
    Session->Memory = NULL;
    Session->Receive.Ring = NULL;
    Session->Send.Ring = NULL;
    Session->State = SESSION_FREE;
    Session->Generation = (Session->Generation + 1) & SESSION_INDEX_MASK;
    SessionUnlockBoth(Session);
    Session->Taken = FALSE;
    ReleaseSRWLockExclusive(&SlotsLock);
    if (Memory)
        VirtualFree(Memory, 0, MEM_RELEASE);
    SetLastError(LastError);
}

/* Gives the session its rings, zeroed: the driver's producer ring first. */
static BOOL
SessionAllocateRings(SESSION *Session, DWORD Capacity)
{
    SIZE_T Stride = ((SIZE_T)RingSizeOf(Capacity) + SESSION_PAGE - 1) & ~(SIZE_T)(SESSION_PAGE - 1);
    SESSION_SIDE *Sides[2] = {&Session->Receive, &Session->Send};

    Session->Memory = VirtualAlloc(NULL, 2 * Stride, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    if (!Session->Memory)
        return FALSE;
    SessionLockBoth(Session);
    for (unsigned int Index = 0; Index < 2; ++Index) {
        Sides[Index]->Ring = (TUN_RING *)((BYTE *)Session->Memory + Index * Stride);
        Sides[Index]->Capacity = Capacity;
        Sides[Index]->Private = Sides[Index]->Published = Sides[Index]->Limit = 0;
        Sides[Index]->Held = 0;
        Sides[Index]->Final = ERROR_SUCCESS;
    }
    SessionUnlockBoth(Session);
    return TRUE;
}

WINTUN_SESSION_HANDLE WINAPI
WintunStartSession(WINTUN_ADAPTER_HANDLE Adapter, DWORD Capacity)
{
    DWORD LastError;

    if (!Adapter || !RingCapacityIsValid(Capacity)) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    SESSION *Session = SessionTake();
    if (!Session)
        return NULL;
    if (!SessionAllocateRings(Session, Capacity)) {
        LastError = GetLastError();
        goto cleanupSession;
    }
    Session->Control = AdapterOpenControl(Adapter);
    if (Session->Control == INVALID_HANDLE_VALUE) {
        LastError = GetLastError();
        goto cleanupSession;
    }
    TUN_REGISTER_RINGS Rings = {
        .Send = {RingSizeOf(Capacity), Session->Receive.Ring, Session->PacketCame},
        .Receive = {RingSizeOf(Capacity), Session->Send.Ring, Session->PacketSent},
    };
    if (!ControlRegisterRings(Session->Control, &Rings)) {
        LastError = GetLastError();
        LoggerWrite(WINTUN_LOG_ERR, L"Cannot register rings with the adapter (error 0x%x)", LastError);
        goto cleanupControl;
    }
    SessionLockBoth(Session);
    Session->State = SESSION_LIVE;
    WINTUN_SESSION_HANDLE Handle = SessionHandle(Session);
    SessionUnlockBoth(Session);
    SetLastError(ERROR_SUCCESS);
    return Handle;

cleanupControl:
    CloseHandle(Session->Control);
cleanupSession:
    SessionDrop(Session);
    SetLastError(LastError);
    return NULL;
}

DWORD WINAPI
WintunEndSession(WINTUN_SESSION_HANDLE Handle)
{
    if (!Handle)
        return TRUE;
    SESSION *Session = SessionFind(Handle);
    if (!Session)
        return TRUE;
    SessionLockBoth(Session);
    if (SessionState(Session, Handle) != SESSION_LIVE) {
        SessionUnlockBoth(Session);
        return TRUE;
    }
    Session->State = SESSION_ENDED;
    __atomic_add_fetch(&Session->Users, !!Session->Receive.Held + !!Session->Send.Held, __ATOMIC_RELAXED);
    SessionUnlockBoth(Session);

    /* The driver lets go of the rings before the last handle is closed, so before the memory can be freed. */
    DWORD LastError = GetLastError();
    CloseHandle(Session->Control);
    SetEvent(Session->PacketCame);
    SessionDrop(Session);
    SetLastError(LastError);
    return TRUE;
}

HANDLE WINAPI
WintunGetReadWaitEvent(WINTUN_SESSION_HANDLE Handle)
{
    SESSION *Session = SessionFind(Handle);
    if (!Session)
        return NULL;
    AcquireSRWLockExclusive(&Session->Receive.Lock);
    BOOL Live = SessionState(Session, Handle) == SESSION_LIVE;
    ReleaseSRWLockExclusive(&Session->Receive.Lock);
    if (!Live) {
        SetLastError(ERROR_HANDLE_EOF);
        return NULL;
    }
    return Session->PacketCame;
}

/* Under the side's lock: whether Packet is one that clients hold, and where. */
static BOOL
SideFindPacket(const SESSION_SIDE *Side, const BYTE *Packet, uint32_t *Offset)
{
    uintptr_t Distance = (uintptr_t)Packet - (uintptr_t)RingPacketData(Side->Ring, 0);

    if (Distance >= Side->Capacity || !RingOffsetIsValid((uint32_t)Distance, Side->Capacity))
        return FALSE;
    *Offset = (uint32_t)Distance;
    return RingContent(Side->Published, *Offset, Side->Capacity) <
           RingContent(Side->Published, Side->Private, Side->Capacity);
}

/* Under the side's lock: moves Published past the packets whose mark says that they are done with. FALSE if a
 * client has written over a packet's header. */
static BOOL
SideAdvance(SESSION_SIDE *Side, uint32_t DoneMark)
{
    while (Side->Published != Side->Private) {
        uint32_t Size = RingReadPacketSize(Side->Ring, Side->Published);
        if ((Size & SESSION_MARK) != DoneMark)
            break;
        Size &= ~SESSION_MARK;
        if (!RingPacketIsWhole(Size, RingContent(Side->Published, Side->Private, Side->Capacity)))
            return FALSE;
        Side->Published = RingAdvance(Side->Published, RingPacketSpan(Size), Side->Capacity);
    }
    return TRUE;
}

/* Under Receive's lock: reads Tail anew when the packets seen so far are used up. Returns ERROR_SUCCESS if
 * there is a packet at Private. */
static DWORD
ReceiveRefresh(SESSION_SIDE *Side)
{
    if (Side->Final || Side->Private != Side->Limit)
        return Side->Final;
    uint32_t Tail = RingLoadTailAcquire(Side->Ring);
    if (Tail == RING_CLOSED)
        return Side->Final = ERROR_HANDLE_EOF;
    if (!RingOffsetIsValid(Tail, Side->Capacity))
        return Side->Final = ERROR_INVALID_DATA;
    Side->Limit = Tail;
    return Tail == Side->Private ? ERROR_NO_MORE_ITEMS : ERROR_SUCCESS;
}

BYTE *WINAPI
WintunReceivePacket(WINTUN_SESSION_HANDLE Handle, DWORD *PacketSize)
{
    if (!PacketSize) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    SESSION *Session = SessionFind(Handle);
    if (!Session)
        return NULL;
    SESSION_SIDE *Side = &Session->Receive;
    BYTE *Packet = NULL;
    DWORD Error = ERROR_HANDLE_EOF;

    AcquireSRWLockExclusive(&Side->Lock);
    if (SessionState(Session, Handle) == SESSION_LIVE)
        Error = ReceiveRefresh(Side);
    if (!Error) {
        uint32_t Size = RingReadPacketSize(Side->Ring, Side->Private);
        if (RingPacketIsWhole(Size, RingContent(Side->Private, Side->Limit, Side->Capacity))) {
            Packet = RingPacketData(Side->Ring, Side->Private);
            *PacketSize = Size;
            Side->Private = RingAdvance(Side->Private, RingPacketSpan(Size), Side->Capacity);
            ++Side->Held;
        } else {
            Error = Side->Final = ERROR_INVALID_DATA;
        }
    }
    ReleaseSRWLockExclusive(&Side->Lock);

    if (!Packet) {
        if (Error != ERROR_NO_MORE_ITEMS)
            SetEvent(Session->PacketCame);
        SetLastError(Error);
    }
    return Packet;
}

DWORD WINAPI
WintunReleaseReceivePacket(WINTUN_SESSION_HANDLE Handle, const BYTE *Packet)
{
    SESSION *Session = SessionFind(Handle);
    if (!Session)
        return TRUE;
    SESSION_SIDE *Side = &Session->Receive;
    SESSION_STATE State;
    BOOL IsOurs = FALSE, IsLast = FALSE;
    uint32_t Offset, Size;

    AcquireSRWLockExclusive(&Side->Lock);
    State = SessionState(Session, Handle);
    if (State != SESSION_FREE && SideFindPacket(Side, Packet, &Offset)) {
        Size = RingReadPacketSize(Side->Ring, Offset);
        IsOurs = !(Size & SESSION_MARK);
    }
    if (IsOurs) {
        RingWritePacketSize(Side->Ring, Offset, Size | SESSION_MARK);
        IsLast = !--Side->Held;
    }
    if (IsOurs && State == SESSION_LIVE && Offset == Side->Published) {
        if (!SideAdvance(Side, SESSION_MARK))
            Side->Final = ERROR_INVALID_DATA;
        RingStoreHeadRelease(Side->Ring, Side->Published);
    }
    ReleaseSRWLockExclusive(&Side->Lock);

    if (!IsOurs)
        SetLastError(ERROR_INVALID_PARAMETER);
    else if (IsLast && State == SESSION_ENDED)
        SessionDrop(Session);
    return TRUE;
}

/* Under Send's lock: whether a packet of Span bytes fits, or which error says why not. Reads Head, and the
 * Tail of the other ring, where the driver says that it is leaving. */
static DWORD
SendReserve(const SESSION *Session, SESSION_SIDE *Side, uint32_t Span)
{
    if (Side->Final)
        return Side->Final;
    uint32_t Head = RingLoadHeadAcquire(Side->Ring);
    if (!RingOffsetIsValid(Head, Side->Capacity) || RingLoadTailAcquire(Session->Receive.Ring) == RING_CLOSED)
        return Side->Final = ERROR_HANDLE_EOF;
    return Span <= RingSpace(Head, Side->Private, Side->Capacity) ? ERROR_SUCCESS : ERROR_BUFFER_OVERFLOW;
}

BYTE *WINAPI
WintunAllocateSendPacket(WINTUN_SESSION_HANDLE Handle, DWORD PacketSize)
{
    if (PacketSize > RING_MAX_PACKET) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    SESSION *Session = SessionFind(Handle);
    if (!Session)
        return NULL;
    SESSION_SIDE *Side = &Session->Send;
    BYTE *Packet = NULL;
    DWORD Error = ERROR_HANDLE_EOF;

    AcquireSRWLockExclusive(&Side->Lock);
    if (SessionState(Session, Handle) == SESSION_LIVE)
        Error = SendReserve(Session, Side, RingPacketSpan(PacketSize));
    if (!Error) {
        RingWritePacketSize(Side->Ring, Side->Private, PacketSize | SESSION_MARK);
        Packet = RingPacketData(Side->Ring, Side->Private);
        Side->Private = RingAdvance(Side->Private, RingPacketSpan(PacketSize), Side->Capacity);
        ++Side->Held;
    }
    ReleaseSRWLockExclusive(&Side->Lock);

    if (!Packet)
        SetLastError(Error);
    return Packet;
}

DWORD WINAPI
WintunSendPacket(WINTUN_SESSION_HANDLE Handle, const BYTE *Packet)
{
    SESSION *Session = SessionFind(Handle);
    if (!Session)
        return TRUE;
    SESSION_SIDE *Side = &Session->Send;
    SESSION_STATE State;
    BOOL IsOurs = FALSE, IsLast = FALSE, Signal = FALSE;
    uint32_t Offset, Size;

    AcquireSRWLockExclusive(&Side->Lock);
    State = SessionState(Session, Handle);
    if (State != SESSION_FREE && SideFindPacket(Side, Packet, &Offset)) {
        Size = RingReadPacketSize(Side->Ring, Offset);
        IsOurs = !!(Size & SESSION_MARK);
    }
    if (IsOurs) {
        RingWritePacketSize(Side->Ring, Offset, Size & ~SESSION_MARK);
        IsLast = !--Side->Held;
    }
    if (IsOurs && State == SESSION_LIVE && Offset == Side->Published) {
        if (!SideAdvance(Side, 0))
            Side->Final = ERROR_HANDLE_EOF;
        RingStoreTailRelease(Side->Ring, Side->Published);
        Signal = RingConsumerIsAlertable(Side->Ring);
    }
    ReleaseSRWLockExclusive(&Side->Lock);

    if (Signal)
        SessionSignal(Session->PacketSent);
    if (!IsOurs)
        SetLastError(ERROR_INVALID_PARAMETER);
    else if (IsLast && State == SESSION_ENDED)
        SessionDrop(Session);
    return TRUE;
}

VOID
SessionUnload(VOID)
{
    for (uint32_t Index = 0; Index < SESSION_SLOTS && Slots[Index]; ++Index) {
        /* A session that was never ended keeps its rings registered, and so its memory. */
        if (Slots[Index]->Taken)
            continue;
        CloseHandle(Slots[Index]->PacketCame);
        CloseHandle(Slots[Index]->PacketSent);
        VirtualFree(Slots[Index], 0, MEM_RELEASE);
    }
}
