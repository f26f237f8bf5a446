/* SPDX-License-Identifier: MIT
 * Both sides of the connection: a message is its structure and its data in one packet, with at most one fd.
 */
#include "wire.h"

#include "../machine/machine.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RANGES      16
#define RANGE_SHIFT 12

union control
{
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

static bool
send_message(int connection, void *header, size_t header_size, const void *data, size_t data_size, int fd)
{
    struct iovec parts[2] = {{header, header_size}, {(void *)data, data_size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = data_size ? 2 : 1};
    union control control;
    ssize_t done;
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *item = CMSG_FIRSTHDR(&message);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(item), &fd, sizeof fd);
    }
    do
        done = sendmsg(connection, &message, MSG_NOSIGNAL);
    while (done < 0 && errno == EINTR);
    return done == (ssize_t)(header_size + data_size);
}

/* Bytes of data received; -1 at the end of the connection. */
static ssize_t
receive_message(int connection, void *header, size_t header_size, void *data, size_t max, int *fd)
{
    struct iovec parts[2] = {{header, header_size}, {data, max}};
    union control control;
    struct msghdr message = {
        .msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t done;
    *fd = -1;
    do
        done = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    while (done < 0 && errno == EINTR);
    if (done <= 0)
        return -1;
    struct cmsghdr *item = CMSG_FIRSTHDR(&message);
    if (item && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(item), sizeof *fd);
    if ((size_t)done < header_size || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        sim_stop("wire", "a message of %zd bytes was cut or is too short", done);
    return done - (ssize_t)header_size;
}

/* ---- Process side ---- */

void
wire_ask(int connection, struct wire_call *call, const void *data, int fd_in, struct wire_reply *reply,
         void *data_out, size_t *out_size, int *fd_out)
{
    uint8_t unused[8];
    int fd;
    if (call->data_size > WIRE_MAX_DATA)
        sim_stop("wire", "call 0x%x with %u bytes of data", call->number, call->data_size);
    if (!send_message(connection, call, sizeof *call, data, data ? call->data_size : 0, fd_in))
        sim_stop("wire", "call 0x%x cannot be sent: %s", call->number, strerror(errno));
    size_t max = data_out && out_size ? *out_size : 0;
    ssize_t size = receive_message(connection, reply, sizeof *reply, max ? data_out : unused,
                                   max ? max : sizeof unused, &fd);
    if (size < 0)
        sim_stop("wire", "the kernel went away during call 0x%x", call->number);
    if ((size_t)size != reply->data_size || (size_t)size > max)
        sim_stop("wire", "reply to 0x%x has %zd bytes of data, says %u, room for %zu", call->number, size,
                 reply->data_size, max);
    if (out_size)
        *out_size = (size_t)size;
    if (fd_out)
        *fd_out = fd;
    else if (fd >= 0)
        close(fd);
}

/* ---- Kernel side ---- */

static wire_server_fn Servers[RANGES]; /* written before the first process starts */

void
wire_register_server(enum wire_range range, wire_server_fn serve)
{
    Servers[(unsigned)range >> RANGE_SHIFT] = serve;
}

wire_server_fn
wire_server(uint32_t number)
{
    return number >> RANGE_SHIFT < RANGES ? Servers[number >> RANGE_SHIFT] : NULL;
}

bool
wire_receive_call(int connection, struct wire_call *call, void *data, int *fd_in)
{
    ssize_t size = receive_message(connection, call, sizeof *call, data, WIRE_MAX_DATA, fd_in);
    if (size >= 0 && (size_t)size != call->data_size)
        sim_stop("wire", "call 0x%x has %zd bytes of data, says %u", call->number, size, call->data_size);
    return size >= 0;
}

bool
wire_send_reply(int connection, struct wire_reply *reply, const void *data, int fd_out)
{
    if (reply->data_size > WIRE_MAX_DATA)
        sim_stop("wire", "a reply of %u bytes", reply->data_size);
    bool sent = send_message(connection, reply, sizeof *reply, data, reply->data_size, fd_out);
    if (fd_out >= 0)
        close(fd_out);
    return sent;
}
