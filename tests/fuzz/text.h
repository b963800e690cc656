/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A copy that ends with a NUL, and may hold others; owned. A target without memory has nothing to say. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
        char *text = malloc(size + 1);
        if (!text)
                abort();
        memcpy(text, data, size);
        text[size] = '\0';
        return text;
}
