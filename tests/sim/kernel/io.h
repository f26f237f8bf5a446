/* SPDX-License-Identifier: MIT
 * Requests, for the files of the I/O model: io.c makes and completes IRPs, io_process.c those that a
 * process asks for, file.c opens and closes files. */
#ifndef SIM_IO_H
#define SIM_IO_H

#include "internal.h"

struct file
{
    FILE_OBJECT object; /* first: the body of the object */
    struct device *device;
    bool opened; /* CREATE succeeded: CLEANUP and CLOSE are due */
    uint16_t *name;
};

/* An IRP of the calling thread with room for max(in, out) bytes of SystemBuffer if `buffered`. */
struct request *request_create(struct sim_process *process, struct file *file, unsigned major, uint8_t mode);
void request_give_buffer(struct request *request, const void *in, uint32_t in_size, uint32_t out_size);
/* Sends it to the device, checks what its dispatch routine returns. STATUS_PENDING: not complete yet. */
NTSTATUS request_send(struct request *request);
/* Until it is complete; cancels it if the calling thread's process dies meanwhile. */
NTSTATUS request_wait(struct request *request);
bool request_is_complete(const struct request *request);
void request_free(struct request *request);
/* Of an IRP that is outstanding. */
struct request *request_of(const IRP *irp, const char *function);

#endif
