/* SPDX-License-Identifier: Apache-2.0 */
/* The files and directories on the host that an apply of this sandbox wrote, and those that it moved, in the
 * state in which it knew them: unless they changed since, they are not conflicts. */
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

/** applied_has - return whether a file or directory is unchanged since it was added. */
bool applied_has(const Applied *a, const struct stat *st);

/** applied_add - add a file or directory; applied_has() knows it at once, applied_flush() writes it at the
 * latest. Returns 0 or -errno. */
int applied_add(Applied *a, int sandbox_fd, const struct stat *st);
int applied_flush(Applied *a);

void applied_clear(Applied *a);
