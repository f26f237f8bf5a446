/* SPDX-License-Identifier: MIT
 * The connection between a process and the kernel: data of every size, an fd each way, the end. And the
 * digest that names loaded files. */
#include "machine_test.h"

#include "../machine/arch.h"
#include "../wire/wire.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t Sent[WIRE_MAX_DATA], Received[WIRE_MAX_DATA];

/* Answers each call with its data reversed, its arguments plus one, and the other end of the pipe it got. */
static void *
serve(void *connection_)
{
    int connection = *(int *)connection_, fd;
    static uint8_t data[WIRE_MAX_DATA], reversed[WIRE_MAX_DATA];
    struct wire_call call;
    while (wire_receive_call(connection, &call, data, &fd)) {
        struct wire_reply reply = {.status = call.number, .data_size = call.data_size};
        for (unsigned i = 0; i < WIRE_ARGS; i++)
            reply.result[i] = call.arg[i] + 1;
        for (uint32_t i = 0; i < call.data_size; i++)
            reversed[i] = data[call.data_size - 1 - i];
        int fd_out = -1;
        if (fd >= 0) {
            int pipes[2];
            EXPECT_EQ(write(fd, "in", 2), 2);
            close(fd);
            EXPECT_EQ(pipe(pipes), 0);
            EXPECT_EQ(write(pipes[1], "out", 3), 3);
            close(pipes[1]);
            fd_out = pipes[0];
        }
        EXPECT(wire_send_reply(connection, &reply, reversed, fd_out));
        EXPECT(fd_out < 0 || fcntl(fd_out, F_GETFD) < 0); /* closed once it was sent */
    }
    close(connection);
    return NULL;
}

SIM_SCENARIO(wire_carries_data_and_descriptors)
{
    static const uint32_t sizes[] = {0, 1, 7, 4096, 65535, WIRE_MAX_DATA};
    int ends[2], pipes[2], fd;
    pthread_t thread;
    char text[8];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    EXPECT_EQ(pthread_create(&thread, NULL, serve, &ends[1]), 0);
    for (uint32_t i = 0; i < WIRE_MAX_DATA; i++)
        Sent[i] = (uint8_t)(i * 31 >> 3);
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct wire_call call = {.number = 0x1000 + i, .data_size = sizes[i], .arg = {UINT64_MAX - 1, i}};
        struct wire_reply reply;
        size_t size = sizeof Received;
        wire_ask(ends[0], &call, Sent, -1, &reply, Received, &size, &fd);
        EXPECT_EQ(reply.status, 0x1000 + i);
        EXPECT_EQ(reply.result[0], UINT64_MAX);
        EXPECT_EQ(reply.result[1], i + 1);
        EXPECT_EQ(size, sizes[i]);
        EXPECT(fd == -1);
        for (uint32_t j = 0; j < size; j++)
            EXPECT_EQ(Received[j], Sent[size - 1 - j]);
    }
    EXPECT_EQ(pipe(pipes), 0);
    struct wire_call call = {.number = 5};
    struct wire_reply reply;
    wire_ask(ends[0], &call, NULL, pipes[1], &reply, NULL, NULL, &fd);
    EXPECT_EQ(read(pipes[0], text, 2), 2);
    EXPECT(memcmp(text, "in", 2) == 0);
    EXPECT_EQ(read(fd, text, sizeof text), 3);
    EXPECT(memcmp(text, "out", 3) == 0);
    close(ends[0]);
    EXPECT_EQ(pthread_join(thread, NULL), 0);
}

static void
ask_nobody(void *connection)
{
    struct wire_call call = {.number = 0x77};
    struct wire_reply reply;
    wire_ask(*(int *)connection, &call, NULL, -1, &reply, NULL, NULL, NULL);
}

static void
ask_for_too_little(void *connection)
{
    struct wire_call call = {.number = 1, .data_size = 9};
    struct wire_reply reply;
    size_t size = 4;
    wire_ask(*(int *)connection, &call, Sent, -1, &reply, Received, &size, NULL);
}

static void
ask_served(void *unused)
{
    int ends[2];
    pthread_t thread;
    (void)unused;
    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
    pthread_create(&thread, NULL, serve, &ends[1]);
    ask_for_too_little(&ends[0]);
}

SIM_SCENARIO(wire_end_of_kernel_ends_process)
{
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    close(ends[1]);
    machine_expect_stop(ask_nobody, &ends[0], "call 0x77");
    machine_expect_stop(ask_served, NULL, "was cut");
    close(ends[0]);
}

static void
expect_digest(const char *text, size_t size, const char *wanted)
{
    uint8_t digest[32];
    char hex[65];
    sim_sha256(text, size, digest);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    if (strcmp(hex, wanted) != 0)
        sim_fail(__FILE__, __LINE__, "digest of %zu bytes is %s, not %s", size, hex, wanted);
}

/* The examples of FIPS 180-4, and the lengths around the padding's edges as sha256sum has them. */
SIM_SCENARIO(machine_digest_is_sha256)
{
    static char many[1000000];
    memset(many, 'a', sizeof many);
    expect_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect_digest(many, sizeof many, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    expect_digest(many, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    expect_digest(many, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}
