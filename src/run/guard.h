/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guards paths that a profile makes read-only, do not exist, and could be created in a directory of the host
 * that the sandbox shares writable, such as .git/hooks. Nothing can be mounted there without creating
 * something on the host. The supervisor watches the directory instead: the sandbox ends at once if the path
 * appears, and what appeared is renamed.
 */
#pragma once

#include "plan/plan.h"

/** One missing path: the directory that exists, and the first name below it that does not. */
typedef struct GuardPath {
        int dir; /* O_PATH */
        int watch;
        char *name;
        char *path;         /* of the name, for messages */
        bool is_above;      /* it is a directory that would hold the guarded path */
        const char *origin; /* borrowed from the plan */
} GuardPath;

typedef struct Guard {
        int fd; /* inotify(7), to poll for POLLIN; FD_NONE: nothing is watched */
        GuardPath *items;
        size_t n, room;
} Guard;

#define GUARD_NONE ((Guard){.fd = FD_NONE})

/**
 * guard_prepare - before any process of the sandbox exists, watch the directories of the missing paths of
 * optional read-only shares in @root, which outlives @g.
 *
 * Returns 0; -errno with @err if a path cannot be guarded, or was created since it was looked up.
 */
int guard_prepare(Guard *g, const PlanRoot *root, Error *err);

/** guard_look - after poll(2) of @g->fd for POLLIN: -EPERM with @err if a guarded path was created, or its
 * directory replaced; otherwise 0 or -errno with @err. */
int guard_look(Guard *g, Error *err);

/** guard_stop - stop watching. */
void guard_stop(Guard *g);

/**
 * guard_end - after all processes of the sandbox have exited: rename what was created at guarded paths to
 * "NAME.kurung-N", with a notice, and free @g.
 *
 * Returns 0; -EPERM with @err if something was created.
 */
int guard_end(Guard *g, Error *err);
