/* SPDX-License-Identifier: MIT
 * The data of a call that carries several things: each as its length (4 bytes) and its bytes. A reader that
 * runs out gets NULL and length 0; a missing thing (NULL) is told apart from an empty one. */
#ifndef SIM_BLOB_H
#define SIM_BLOB_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOB_MISSING 0xFFFFFFFFu

struct blob
{
    uint8_t *data;
    size_t size, capacity, at;
};

static inline void
blob_put(struct blob *blob, const void *data, size_t size)
{
    uint32_t length = data ? (uint32_t)size : BLOB_MISSING;
    if (!data)
        size = 0;
    if (blob->size + 4 + size > blob->capacity) {
        blob->capacity = (blob->size + 4 + size) * 2;
        blob->data = realloc(blob->data, blob->capacity);
    }
    memcpy(blob->data + blob->size, &length, 4);
    if (size)
        memcpy(blob->data + blob->size + 4, data, size);
    blob->size += 4 + size;
}

/* With the end of the string, so that the reader may use it in place. */
static inline void
blob_put_text(struct blob *blob, const char *text)
{
    blob_put(blob, text, text ? strlen(text) + 1 : 0);
}

static inline void
blob_put_number(struct blob *blob, uint64_t number)
{
    blob_put(blob, &number, sizeof number);
}

static inline struct blob
blob_read(const void *data, size_t size)
{
    return (struct blob){(uint8_t *)data, size, 0, 0};
}

static inline const void *
blob_get(struct blob *blob, size_t *size)
{
    uint32_t length = BLOB_MISSING;
    if (blob->at + 4 <= blob->size)
        memcpy(&length, blob->data + blob->at, 4);
    blob->at += 4;
    if (length == BLOB_MISSING || blob->at + length > blob->size) {
        if (size)
            *size = 0;
        return NULL;
    }
    const void *data = blob->data + blob->at;
    blob->at += length;
    if (size)
        *size = length;
    return data;
}

static inline uint64_t
blob_get_number(struct blob *blob)
{
    uint64_t number = 0;
    size_t size;
    const void *data = blob_get(blob, &size);
    if (data && size == sizeof number)
        memcpy(&number, data, size);
    return number;
}

#endif
