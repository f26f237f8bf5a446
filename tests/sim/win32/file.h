/* SPDX-License-Identifier: MIT
 * Between the files that make up CreateFileW, and what a security descriptor of this model says. */
#ifndef SIM_WIN32_FILE_H
#define SIM_WIN32_FILE_H

#include "win32.h"

/* CreateFileW for what lies on C:\. */
uint64_t win_create_file(struct sim_frame *frame);
/* Writes down what protects an object: made with it, or "set " to it later. */
void win_note_security(const char *path, const char *how, const char *sddl);
/* The SDDL that ConvertStringSecurityDescriptorToSecurityDescriptorW made this descriptor from. */
const char *win_descriptor_text(const void *descriptor);

#endif
