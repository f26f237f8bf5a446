/* SPDX-License-Identifier: MIT
 * Function tables and full .xdata records of arm and arm64, which differ in a few numbers. Walks begin at calls, and a
 * call is never part of an epilogue, so that only bodies and prologues are unwound. */
#if defined(__aarch64__) || defined(__arm__)
#include "exception_records.h"

#include <string.h>

#if defined(__aarch64__)
enum
{
    UNIT = 4, /* bytes of a length's unit; a call is as long */
    THUMB = 0,
    EPILOGUES = 22, /* where the header's fields begin */
    WORDS = 27,
    FRAGMENT = 32 /* no such bit */
};
#else
enum
{
    UNIT = 2,
    THUMB = 1,
    EPILOGUES = 23,
    WORDS = 28,
    FRAGMENT = 22 /* no prologue: every code applies */
};
#endif

struct runtime_function
{
    uint32_t begin, data;
};

uintptr_t
sim_scope_pc(uintptr_t return_address)
{
    return return_address - UNIT;
}

static uint32_t
start_of(const struct runtime_function *function)
{
    return function->begin & ~(uint32_t)THUMB;
}

static const struct runtime_function *
find_function(const struct sim_image *image, uint32_t rva)
{
    const struct runtime_function *functions = (const struct runtime_function *)image->pdata, *found = NULL;
    size_t low = 0, high = image->pdata_size / sizeof *functions;
    while (functions && low < high) {
        size_t middle = (low + high) / 2;
        if (rva < start_of(&functions[middle])) {
            high = middle;
        } else {
            found = &functions[middle];
            low = middle + 1;
        }
    }
    if (!found)
        return NULL;
    uint32_t length = found->data >> 2 & 0x7ff;
    if ((found->data & 3) == 0) {
        memcpy(&length, image->base + found->data, 4);
        length &= 0x3ffff;
    }
    return rva - start_of(found) < length * UNIT ? found : NULL;
}

/* One flag of the record stands for both kinds of handler. */
static void
unwind_full(struct unwinding *u, const uint8_t *record, uint32_t offset, struct unwound *out)
{
    uint32_t header, extended;
    memcpy(&header, record, 4);
    unsigned epilogues = header >> EPILOGUES & 31, words = header >> WORDS;
    bool fragment = (uint64_t)header >> FRAGMENT & 1, single = header >> 21 & 1, handled = header >> 20 & 1;
    record += 4;
    if (header >> 18 & 3)
        sim_stop("unwind data", "version %u in %s", header >> 18 & 3, u->image->name);
    if (epilogues == 0 && words == 0) {
        memcpy(&extended, record, 4);
        epilogues = extended & 0xffff;
        words = extended >> 16 & 0xff;
        record += 4;
    }
    if (!single)
        record += 4 * epilogues;
    sim_unwind_codes(u, record, words * 4, fragment ? UINT32_MAX : offset);
    if (handled) {
        uint32_t handler;
        memcpy(&handler, record + words * 4, 4);
        out->handler = u->image->base + (handler | THUMB);
        out->handler_data = record + words * 4 + 4;
    }
}

void
sim_unwind_frame(struct sim_image *image, CONTEXT *context, uint32_t want, struct unwound *out)
{
    uint32_t rva = (uint32_t)(context->Pc - UNIT - (uintptr_t)image->base);
    const struct runtime_function *function = find_function(image, rva);
    struct unwinding u = {.image = image, .context = context, .frame = context->Sp};
    (void)want;
    *out = (struct unwound){.entry = function};
    if (!function)
        sim_stop("unwind data", "%s+0x%x called an import and has none", image->name, rva);
    switch (function->data & 3) {
    case 0:
        unwind_full(&u, image->base + function->data, rva - start_of(function), out);
        break;
    case 1: /* with prologue */
    case 2: /* a fragment without */
        sim_unwind_packed(&u, function->data);
        break;
    default:
        sim_stop("unwind data", "entry 0x%x in %s", function->data, image->name);
    }
    out->frame = u.frame;
    sim_context_return(context);
}

#endif
