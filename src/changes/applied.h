/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of the host are as an apply of this sandbox left them: their change since is no conflict. */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

#define APPLIED_FILE "applied"

typedef struct Applied {
        int fd; /* FD_NONE: none yet */
        uint64_t *slots;
        size_t n, room; /* a power of two */
        uint64_t pending[512];
        size_t n_pending;
} Applied;

#define APPLIED_NONE ((Applied){.fd = FD_NONE})

/** applied_load - what earlier applies left. 0 or -errno. */
int applied_load(Applied *a, int sandbox_fd);

/** applied_has - whether a file is exactly as it was put there. */
bool applied_has(const Applied *a, const struct stat *st);

/** applied_add - note a file that was put there; written by applied_flush() at the latest. 0 or -errno. */
int applied_add(Applied *a, int sandbox_fd, const struct stat *st);
int applied_flush(Applied *a);

void applied_clear(Applied *a);
