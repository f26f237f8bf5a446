/* SPDX-License-Identifier: MIT
 * A time stamper on loopback for tests: HTTP around `openssl ts -reply`, with faults on demand.
 *
 * usage: tsa PORT-FILE CONFIG [FAULTS] [LOG]
 * Listens on 127.0.0.1 at a port of the system's choice, which it writes to PORT-FILE. The first FAULTS
 * requests get HTTP status 500. Each request adds a line to LOG. Ends when its parent does, or after five
 * minutes. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static char Request[1 << 16];

/* Reads a request of at most sizeof(Request); returns the offset of its body, or -1. */
static long
ReadRequest(int Connection, size_t *Size)
{
    size_t Used = 0, Need = sizeof(Request);
    long Body = -1;

    while (Used < Need && Used < sizeof(Request) - 1) {
        ssize_t Got = read(Connection, Request + Used, sizeof(Request) - 1 - Used);

        if (Got <= 0)
            return -1;
        Used += (size_t)Got;
        Request[Used] = 0;
        if (Body < 0) {
            char *End = strstr(Request, "\r\n\r\n"), *Length;

            if (!End)
                continue;
            Body = End + 4 - Request;
            Length = strcasestr(Request, "\r\nContent-Length:");
            if (!Length)
                return -1;
            Need = (size_t)Body + strtoul(Length + 17, NULL, 10);
            if (strcasestr(Request, "Expect: 100-continue"))
                (void)!write(Connection, "HTTP/1.1 100 Continue\r\n\r\n", 25);
        }
    }
    *Size = Used;
    return Body;
}

static bool
MakeReply(const char *Config, long Body, size_t Size)
{
    FILE *Query = fopen("query.tsq", "wb");
    char Command[1024];
    bool Ok = Query && fwrite(Request + Body, 1, Size - (size_t)Body, Query) == Size - (size_t)Body;

    if (Query)
        fclose(Query);
    snprintf(Command, sizeof(Command),
             "openssl ts -reply -config '%s' -queryfile query.tsq -out reply.tsr >ts.log 2>&1", Config);
    return Ok && system(Command) == 0;
}

static void
SendReply(int Connection, bool Ok)
{
    FILE *Reply = Ok ? fopen("reply.tsr", "rb") : NULL;
    static char Buffer[1 << 16];
    size_t Size = Reply ? fread(Buffer, 1, sizeof(Buffer), Reply) : 0;
    char Header[256];
    int Length =
        snprintf(Header, sizeof(Header),
                 "HTTP/1.1 %s\r\nContent-Type: application/timestamp-reply\r\nContent-Length: %zu\r\n"
                 "Connection: close\r\n\r\n",
                 Reply ? "200 OK" : "500 Internal Server Error", Size);

    if (Reply)
        fclose(Reply);
    (void)!write(Connection, Header, (size_t)Length);
    (void)!write(Connection, Buffer, Size);
}

int
main(int Count, char **Arguments)
{
    struct sockaddr_in Address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t AddressSize = sizeof(Address);
    int Faults = Count > 3 ? atoi(Arguments[3]) : 0, Listener = socket(AF_INET, SOCK_STREAM, 0);
    FILE *Port;

    if (Count < 3)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    alarm(300);
    if (Listener < 0 || bind(Listener, (struct sockaddr *)&Address, sizeof(Address)) || listen(Listener, 8) ||
        getsockname(Listener, (struct sockaddr *)&Address, &AddressSize))
        return 1;
    Port = fopen(Arguments[1], "w");
    if (!Port)
        return 1;
    fprintf(Port, "%u\n", ntohs(Address.sin_port));
    fclose(Port);
    for (;;) {
        int Connection = accept(Listener, NULL, NULL);
        size_t Size;
        long Body = Connection < 0 ? -1 : ReadRequest(Connection, &Size);
        bool Ok = Body > 0 && Faults-- <= 0 && MakeReply(Arguments[2], Body, Size);
        FILE *Log = Count > 4 ? fopen(Arguments[4], "a") : NULL;

        if (Log) {
            fprintf(Log, "%s\n", Ok ? "stamped" : "refused");
            fclose(Log);
        }
        if (Connection >= 0) {
            SendReply(Connection, Ok);
            shutdown(Connection, SHUT_WR);
            close(Connection);
        }
    }
}
