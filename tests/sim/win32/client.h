/* SPDX-License-Identifier: MIT
 * What a SIM_PROGRAM, which is C code of the simulator inside a simulated process, may use beside SIM_CALL.
 */
#ifndef SIM_WIN32_CLIENT_H
#define SIM_WIN32_CLIENT_H

#include "../scenario/scenario.h"
#include "win32.h"

/* A SIM_PROGRAM that runs as a Windows process with all of win32 around it. */
#define CLIENT_PROGRAM(program_name)                                                                         \
    static int program_name##_client(int argc, char **argv);                                                 \
    SIM_PROGRAM(program_name)                                                                                \
    {                                                                                                        \
        return sim_win32_run(program_name##_client, argc, argv);                                             \
    }                                                                                                        \
    static int program_name##_client(int argc, char **argv)

/* Another thread of the process, with its own image stack and connection. Joining it is the caller's duty. */
struct win_task;
struct win_task *win_spawn(void (*run)(void *context), void *context);
void win_join(struct win_task *task);

/* The thread's last error, as the image would read it. */
uint32_t client_last_error(void);
void client_set_last_error(uint32_t code);

/* Calls an import of the process by name, as an image would: client_call("kernel32.dll", "SetEvent", handle).
 */
#define client_call(module, name, ...) SIM_CALL(client_function(module, name), ##__VA_ARGS__)
void *client_function(const char *module, const char *name);

#endif
