/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps of the new user namespace (user_namespaces(7)). */
#pragma once

#include "plan/plan.h"

/** A running newuidmap(1) or newgidmap(1). */
typedef struct IdmapProgram {
        const char *program;
        int pidfd;
        int output; /* memfd for its stderr */
} IdmapProgram;

/** The state while the maps of a process are written. */
typedef struct IdmapJob {
        IdmapProgram uid, gid;
} IdmapJob;

#define IDMAP_JOB_NONE                                                                                       \
        ((IdmapJob){.uid = {.pidfd = FD_NONE, .output = FD_NONE},                                            \
                    .gid = {.pidfd = FD_NONE, .output = FD_NONE}})

/**
 * idmap_begin - start to write both maps of the process @pid, which waits in its new user namespace: by
 * newuidmap(1) and newgidmap(1), concurrently and with an empty environment, or directly for a map of one
 * line.
 *
 * @job: IDMAP_JOB_NONE; idmap_finish() ends it, also after a failure. Returns 0 or -errno with @err.
 */
int idmap_begin(const PlanIdentity *identity, pid_t pid, IdmapJob *job, Error *err);

/** idmap_finish - wait until both maps are written. Returns 0 or -errno with @err, which has the program's
 * message. */
int idmap_finish(IdmapJob *job, Error *err);

/** idmap_write - write both maps and wait. Returns 0 or -errno with @err. */
int idmap_write(const PlanIdentity *identity, pid_t pid, Error *err);

/**
 * idmap_write_identity - map each id of the calling process's user namespace to itself in a new one below it.
 *
 * @process: the directory in /proc of a process in the new one. Returns 0 or -errno with @err.
 */
int idmap_write_identity(const PlanIdentity *identity, int process, Error *err);

/**
 * idmap_apply - inside the namespace, after the maps are written: set the supplementary groups, or drop them
 * if the map allows it, and switch to identity->uid and identity->gid. Capabilities are kept. Returns 0 or
 * -errno with @err.
 */
int idmap_apply(const PlanIdentity *identity, Error *err);
