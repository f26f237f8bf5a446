/* SPDX-License-Identifier: MIT
 * Token membership and security descriptors from text. A descriptor of this model is a valid empty header
 * followed by the text that it was made from; nothing here reads one but the model. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "file.h"
#include "memory.h"
#include "rows.h"

#define HEADER_SIZE 40
#define MARK        0x4C444453u /* "SDDL" behind the header */

#define SE_FILE_OBJECT    1u
#define OWNER_INFORMATION 1u
#define PROTECTED_DACL    0x80000004u /* PROTECTED_DACL_SECURITY_INFORMATION and DACL_SECURITY_INFORMATION */
#define WRITE_DAC         0x40000u
#define WRITE_OWNER       0x80000u

static const char *
skip_sid(const char *at)
{
    static const char *const names[] = {"SY", "BA", "BU", "WD", "AU", "IU",
                                        "CO", "OW", "LS", "NS", "AN", "BG"};
    if (strncmp(at, "S-1-", 4) == 0) {
        at += 4;
        while (isdigit((unsigned char)*at) || *at == '-')
            at++;
        return at;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(at, names[i], 2) == 0)
            return at + 2;
    return NULL;
}

static const char *
skip_letters(const char *at)
{
    while (isalnum((unsigned char)*at))
        at++;
    return at;
}

/* (type;flags;rights;object;inherit object;sid) */
static const char *
skip_ace(const char *at)
{
    if (*at++ != '(')
        return NULL;
    const char *type = at;
    at = skip_letters(at);
    if (at == type || *at++ != ';')
        return NULL;
    at = skip_letters(at);
    if (*at++ != ';')
        return NULL;
    at = skip_letters(at);
    if (strncmp(at, ";;;", 3) != 0)
        return NULL;
    at = skip_sid(at + 3);
    return at && *at == ')' ? at + 1 : NULL;
}

static bool
sddl_is_valid(const char *at)
{
    while (at && *at) {
        char part = *at;
        if (at[1] != ':')
            return false;
        at += 2;
        if (part == 'O' || part == 'G') {
            at = skip_sid(at);
        } else if (part == 'D' || part == 'S') {
            while (*at == 'P' || *at == 'A' || *at == 'R' || *at == 'I')
                at++;
            while (at && *at == '(')
                at = skip_ace(at);
        } else {
            return false;
        }
    }
    return at != NULL;
}

WIN_FUNCTION(ConvertStringSecurityDescriptorToSecurityDescriptorW)
{
    if ((uint32_t)frame->arg[1] != 1 || !frame->arg[0] || !frame->arg[2])
        return WIN_FALSE(
            (uint32_t)frame->arg[1] != 1 ? 1305 /* ERROR_UNKNOWN_REVISION */ : ERROR_INVALID_PARAMETER);
    char *text = sim_utf8_from((const uint16_t *)frame->arg[0]);
    if (!sddl_is_valid(text)) {
        free(text);
        return WIN_FALSE(ERROR_INVALID_ACL);
    }
    size_t length = strlen(text) + 1;
    uint8_t *descriptor = win_block_allocate(HEADER_SIZE + 4 + length, true);
    uint32_t mark = MARK;
    descriptor[0] = 1; /* SECURITY_DESCRIPTOR_REVISION */
    memcpy(descriptor + HEADER_SIZE, &mark, 4);
    memcpy(descriptor + HEADER_SIZE + 4, text, length);
    free(text);
    win_ledger_add(WIN_LOCAL, (uintptr_t)descriptor, "ConvertStringSecurityDescriptorToSecurityDescriptorW",
                   frame->return_address);
    *(void **)frame->arg[2] = descriptor;
    if (frame->arg[3])
        *(uint32_t *)frame->arg[3] = (uint32_t)(HEADER_SIZE + 4 + length);
    return win_done(1);
}

const char *
win_descriptor_text(const void *descriptor)
{
    uint32_t mark;
    memcpy(&mark, (const uint8_t *)descriptor + HEADER_SIZE, 4);
    if (mark != MARK)
        sim_stop("unmodelled", "a security descriptor that was not made from text");
    return (const char *)descriptor + HEADER_SIZE + 4;
}

/* SID: revision, count, 6 bytes of authority, count sub-authorities. */
WIN_FUNCTION(CheckTokenMembership)
{
    static const uint8_t administrators[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};
    static const uint8_t system[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    const uint8_t *sid = (const uint8_t *)frame->arg[1];
    if (frame->arg[0])
        sim_stop("unmodelled", "CheckTokenMembership of a token");
    if (sid[0] != 1 || sid[1] > 15)
        return WIN_FALSE(1337 /* ERROR_INVALID_SID */);
    bool is_administrators = memcmp(sid, administrators, sizeof administrators) == 0;
    if (!is_administrators && memcmp(sid, system, sizeof system) != 0)
        sim_stop("unmodelled", "CheckTokenMembership of a group that is not Administrators");
    *(uint32_t *)frame->arg[2] = is_administrators && win_elevated();
    return win_done(1);
}

/* Owner and list of a descriptor are told by where they would be in its header. */
#define OWNER_AT 8
#define DACL_AT  16

WIN_FUNCTION(GetSecurityDescriptorOwner)
{
    uint8_t *descriptor = (uint8_t *)frame->arg[0];
    *(void **)frame->arg[1] =
        strncmp(win_descriptor_text(descriptor), "O:", 2) == 0 ? descriptor + OWNER_AT : NULL;
    *(uint32_t *)frame->arg[2] = 0;
    return win_done(1);
}

WIN_FUNCTION(GetSecurityDescriptorDacl)
{
    uint8_t *descriptor = (uint8_t *)frame->arg[0];
    bool present = strstr(win_descriptor_text(descriptor), "D:") != NULL;
    *(uint32_t *)frame->arg[1] = present;
    if (present) {
        *(void **)frame->arg[2] = descriptor + DACL_AT;
        *(uint32_t *)frame->arg[3] = 0;
    }
    return win_done(1);
}

/* Of files, owner and list together, from one descriptor. */
WIN_FUNCTION(SetSecurityInfo)
{
    struct win_handle handle;
    const uint8_t *descriptor = (const uint8_t *)frame->arg[3] - OWNER_AT;
    if (!win_handle_find(frame->arg[0], &handle) || handle.kind != WIN_OBJECT_FILE)
        return ERROR_INVALID_HANDLE;
    if ((uint32_t)frame->arg[1] != SE_FILE_OBJECT ||
        (uint32_t)frame->arg[2] != (OWNER_INFORMATION | PROTECTED_DACL) || !frame->arg[3] ||
        descriptor != (const uint8_t *)frame->arg[5] - DACL_AT || frame->arg[4] || frame->arg[6])
        sim_stop("unmodelled", "SetSecurityInfo of type %u, 0x%x", (uint32_t)frame->arg[1],
                 (uint32_t)frame->arg[2]);
    if ((handle.access & (WRITE_DAC | WRITE_OWNER)) != (WRITE_DAC | WRITE_OWNER) || !win_elevated())
        return ERROR_ACCESS_DENIED;
    win_note_security(handle.path, "set ", win_descriptor_text(descriptor));
    return ERROR_SUCCESS;
}

#define ADVAPI "advapi32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(ADVAPI, ConvertStringSecurityDescriptorToSecurityDescriptorW, 4, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/sddl/nf-sddl-convertstringsecuritydescriptortosecuritydescriptorw"),
    WIN_ROW(ADVAPI, GetSecurityDescriptorOwner, 3, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/securitybaseapi/nf-securitybaseapi-getsecuritydescriptorowner"),
    WIN_ROW(ADVAPI, GetSecurityDescriptorDacl, 4, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/securitybaseapi/nf-securitybaseapi-getsecuritydescriptordacl"),
    WIN_ROW(ADVAPI, SetSecurityInfo, 7, SIM_SINCE_WIN7, WIN_CODE,
            "win32/api/aclapi/nf-aclapi-setsecurityinfo"),
    WIN_ROW(ADVAPI, CheckTokenMembership, 3, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/securitybaseapi/nf-securitybaseapi-checktokenmembership"),
};
const struct sim_import_table win_advapi32_security = WIN_TABLE(rows);
