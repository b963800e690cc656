/* SPDX-License-Identifier: Apache-2.0 */
/* A progress line on a terminal for operations that take longer than a second. */
#pragma once

#include "base/util.h"

#include <time.h>

typedef struct Progress {
        const char *what; /* the operation: "applying" */
        bool shown;       /* standard error is a terminal */
        struct timespec begun, last;
        uint64_t files_total, bytes_total; /* 0: unknown */
        bool drawn;
} Progress;

/** progress_begin - start measuring time. */
void progress_begin(Progress *p, const char *what);

/** progress_update - redraw the line, at most ten times a second. */
void progress_update(Progress *p, uint64_t files, uint64_t bytes);

/** progress_pause - erase the line, so that other output can be written. */
void progress_pause(Progress *p);

/** progress_line - format the line, also for tests. Returns @out. */
char *progress_line(const Progress *p, uint64_t files, uint64_t bytes, double seconds, char *out,
                    size_t room);
