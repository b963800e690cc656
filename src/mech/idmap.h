/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps of the new user namespace (user_namespaces(7)). */
#pragma once

#include "plan/plan.h"

/** newuidmap(1) or newgidmap(1), running. */
typedef struct IdmapHelper {
        const char *program;
        int pidfd;
        int output; /* memfd: what it says on stderr */
} IdmapHelper;

/** The maps of one process while they are written. */
typedef struct IdmapJob {
        IdmapHelper uid, gid;
} IdmapJob;

#define IDMAP_JOB_NONE                                                                                       \
        ((IdmapJob){.uid = {.pidfd = FD_NONE, .output = FD_NONE},                                            \
                    .gid = {.pidfd = FD_NONE, .output = FD_NONE}})

/**
 * idmap_begin - begin to write both maps of the process @pid, which waits in its new user namespace: by
 * newuidmap(1) and newgidmap(1), side by side and with an empty environment, or the one-line map by
 * ourselves.
 *
 * @job: IDMAP_JOB_NONE; idmap_finish() ends it, also after a failure. Returns 0 or -errno with @err.
 */
int idmap_begin(const PlanIdentity *identity, pid_t pid, IdmapJob *job, Error *err);

/** idmap_finish - wait until both are written. 0 or -errno with @err, which holds what the helper said. */
int idmap_finish(IdmapJob *job, Error *err);

/** idmap_write - both: begin, and wait until it is done. 0 or -errno with @err. */
int idmap_write(const PlanIdentity *identity, pid_t pid, Error *err);

/**
 * idmap_write_identity - each id that is mapped in the calling process's user namespace is the same in a new
 * one below it.
 *
 * @process: the directory in /proc of a process in that. Returns 0 or -errno with @err.
 */
int idmap_write_identity(const PlanIdentity *identity, int process, Error *err);

/**
 * idmap_apply - in the namespace, maps written: drop the supplementary groups (where a map by newgidmap
 * allows it) and become identity->uid and identity->gid. Capabilities are kept. 0 or -errno with @err.
 */
int idmap_apply(const PlanIdentity *identity, Error *err);
