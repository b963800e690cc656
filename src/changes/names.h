/* SPDX-License-Identifier: Apache-2.0 */
/* The sorted names in a directory, in as many pieces as the memory limit requires. */
#pragma once

#include "base/util.h"

typedef struct Names {
        char *text;      /* names with their NULs */
        uint32_t *order; /* offsets into text, sorted by name */
        size_t len, n, next;
        int64_t cookie; /* beginning of the next piece (d_off of getdents64(2)) */
        bool more;      /* there may be another piece */
} Names;

/** Maximum size of all names in memory, for all directories on the way down. */
#define NAMES_BUDGET ((size_t)24 << 20)

/** names_begin - initialize; no name has been read. */
void names_begin(Names *names);

/**
 * names_next - get the next name, reading another piece if necessary.
 *
 * @fd: the directory, not O_PATH; may be another descriptor of it each time. @used: bytes in all Names.
 * @ret: valid until the next call; NULL at the end.
 *
 * Returns 0 or -errno of getdents64(2).
 */
int names_next(Names *names, int fd, size_t *used, const char **ret);

void names_clear(Names *names, size_t *used);
