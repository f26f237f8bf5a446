/* SPDX-License-Identifier: MIT
 * Beginning threads of the process; for the files of this folder. */
#ifndef SIM_WIN32_THREAD_H
#define SIM_WIN32_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* The calling host thread becomes a thread of the process with this connection. */
void win_thread_adopt(int connection, uint32_t id);
/* Announces a thread to the kernel over the caller's connection and starts it; join it. The system's own
 * threads (callbacks) and those of images are made alike. */
pthread_t win_thread_start(void (*run)(void *context), void *context, uint32_t *id);

#endif
