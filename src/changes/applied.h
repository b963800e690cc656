/* SPDX-License-Identifier: Apache-2.0 */
/* The files on the host that an earlier apply of this sandbox wrote and that did not change since: they are
 * not conflicts. */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

#define APPLIED_FILE "applied"

typedef struct Applied {
        int fd; /* FD_NONE: none yet */
        uint64_t *slots;
        size_t n, room; /* room: a power of two */
        uint64_t pending[512];
        size_t n_pending;
} Applied;

#define APPLIED_NONE ((Applied){.fd = FD_NONE})

/** applied_load - load the list of earlier applies. Returns 0 or -errno. */
int applied_load(Applied *a, int sandbox_fd);

/** applied_has - return whether a file is unchanged since it was applied. */
bool applied_has(const Applied *a, const struct stat *st);

/** applied_add - add an applied file; applied_flush() writes it at the latest. Returns 0 or -errno. */
int applied_add(Applied *a, int sandbox_fd, const struct stat *st);
int applied_flush(Applied *a);

void applied_clear(Applied *a);
