/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds repositories below a directory of the host that a sandbox could write to, but not the settings of its
 * own repository. git at the top runs git in a repository below that its index names (gitmodules(7)), and the
 * index must be writable for a commit; so these have to be named once the sandbox has ended.
 */
#pragma once

#include "plan/plan.h"

#include <time.h>

typedef struct Nested {
        int top;          /* O_PATH; FD_NONE: nothing is to be found */
        const char *path; /* borrowed from the plan */
        struct timespec began;
} Nested;

#define NESTED_NONE ((Nested){.top = FD_NONE})

/** nested_prepare - before any process of the sandbox exists, hold the shared directory whose settings of git
 * are read-only or must not be created. @root: outlives @n. Returns 0 or -errno with @err. */
int nested_prepare(Nested *n, const PlanRoot *root, Error *err);

/** nested_tell - after all processes of the sandbox have exited: print an error line for each of the first
 * repositories below that were made, moved or written since nested_prepare(), and for what could not be read.
 * A change of data below objects or refs does not count. */
void nested_tell(const Nested *n);

/** nested_clear - free @n. */
void nested_clear(Nested *n);
