/* SPDX-License-Identifier: Apache-2.0 */
/* The names in a directory, sorted, in as many pieces as memory wants. */
#pragma once

#include "base/util.h"

typedef struct Names {
        char *text;      /* names with their NULs */
        uint32_t *order; /* offsets into text, sorted by name */
        size_t len, n, next;
        int64_t cookie; /* where the next piece begins (d_off of getdents64(2)) */
        bool more;      /* there may be another piece */
} Names;

/** All names that are held at a time, of all directories on the way down. */
#define NAMES_BUDGET ((size_t)24 << 20)

/** names_begin - nothing is held, and all is yet to come. */
void names_begin(Names *names);

/**
 * names_next - the next name, reading another piece where one is due.
 *
 * @fd: the directory, not O_PATH; may be another descriptor of it each time. @used: bytes that all Names
 * hold.
 * @ret: valid until the next call; NULL at the end.
 *
 * Returns 0 or -errno of getdents64(2).
 */
int names_next(Names *names, int fd, size_t *used, const char **ret);

void names_clear(Names *names, size_t *used);
