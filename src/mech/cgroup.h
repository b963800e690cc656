/* SPDX-License-Identifier: Apache-2.0 */
/* The control groups of a run (cgroups(7), the kernel's Documentation/admin-guide/cgroup-v2.rst). */
#pragma once

#include "plan/plan.h"

#define CGROUP_DISKS_MAX 8

/** The use of one disk. */
typedef struct CgroupDisk {
        unsigned major, minor;
        uint64_t read_bytes, write_bytes;
} CgroupDisk;

/** How often memory reached a limit: memory.events. */
typedef struct CgroupMemoryEvents {
        uint64_t high, max, oom, oom_kill;
} CgroupMemoryEvents;

/** The resources that the payload's group used; UINT64_MAX if the kernel or a controller does not report
 * them. */
typedef struct CgroupUse {
        uint64_t memory_peak; /* bytes; Linux 5.19 */
        uint64_t swap_peak;   /* bytes; Linux 6.5 */
        uint64_t cpu_us, cpu_user_us, cpu_system_us;
        uint64_t throttled_us, throttled_n;
        uint64_t tasks_peak;    /* Linux 6.1 */
        uint64_t tasks_refused; /* forks that failed because of TasksMax= */
        CgroupMemoryEvents memory;
        CgroupDisk disks[CGROUP_DISKS_MAX];
        size_t n_disks;
} CgroupUse;

/** A run's groups: OUTER/payload with the limits, and OUTER/helpers without limits. */
typedef struct Cgroup {
        int outer;   /* directory of OUTER, locked (flock(2)) during the run */
        int payload; /* FD_NONE until cgroup_fill() */
        int helpers;
        int base;            /* CGROUP_DELEGATED: the parent of OUTER */
        char outer_name[64]; /* CGROUP_DELEGATED: OUTER's name in base */
        bool left_base;      /* kurung was in base, and returns there at the end */
        int memory_events;   /* memory.events of the payload, for poll(2) with POLLPRI; FD_NONE: none */
} Cgroup;

#define CGROUP_NOTHING                                                                                       \
        ((Cgroup){.outer = FD_NONE,                                                                          \
                  .payload = FD_NONE,                                                                        \
                  .helpers = FD_NONE,                                                                        \
                  .base = FD_NONE,                                                                           \
                  .memory_events = FD_NONE})

/** cgroup_make_outer - CGROUP_DELEGATED: create OUTER, "kurung-NAME", below resources->cgroup_base; remove
 * those of killed runs. Returns 0 or -errno with @err. */
int cgroup_make_outer(Cgroup *cg, const PlanResources *resources, const char *name, Error *err);

/** cgroup_open_outer - CGROUP_SCOPE: use the group of @pid, which is in a scope, as OUTER. Returns 0 or
 * -errno with @err. */
int cgroup_open_outer(Cgroup *cg, pid_t pid, Error *err);

/**
 * cgroup_fill - create the two groups, move @setup to the payload's and @helper (0: none) and all other
 * processes of the outer group to the helpers', and write the limits. Also moves the calling process if it is
 * in a parent of the groups.
 *
 * @notices: gets a line for each default that cannot be set. An explicit limit is an error.
 *
 * Returns 0 or -errno with @err.
 */
int cgroup_fill(Cgroup *cg, const PlanResources *resources, pid_t setup, pid_t helper, StrList *notices,
                Error *err);

/** cgroup_memory_events - read memory.events. Returns false if there are none. */
bool cgroup_memory_events(const Cgroup *cg, CgroupMemoryEvents *ret);

/**
 * cgroup_each_process - call @each for every process in the payload's group, but not in groups below it
 * (Delegate=yes), until it returns false.
 *
 * @each: gets the pid in the caller's namespace.
 */
void cgroup_each_process(const Cgroup *cg, bool (*each)(pid_t pid, void *userdata), void *userdata);

/** cgroup_payload_path - return the path of the payload's group; owned. NULL: none. */
char *cgroup_payload_path(const Cgroup *cg);

/** cgroup_open_payload - open the group of another run by that path, to read its use or to join it. Returns 0
 * or -errno. */
int cgroup_open_payload(Cgroup *cg, const char *path);

/** cgroup_join - move @pid into the payload's group. Returns 0 or -errno. */
int cgroup_join(const Cgroup *cg, pid_t pid);

/** cgroup_kill - send SIGKILL to all processes in the payload's group and below it; before Linux 5.14, which
 * has no cgroup.kill, one by one while they are frozen, in at most 65536 groups and for at most a second. */
void cgroup_kill(const Cgroup *cg);

/** cgroup_read_use - read the use of the payload's group. Everything is unknown if there is no group. */
void cgroup_read_use(const Cgroup *cg, CgroupUse *ret);

/** cgroup_remove - wait until all processes of the payload have exited, remove the groups, and return to the
 * original group. systemd removes the rest of a scope after kurung has exited. */
void cgroup_remove(Cgroup *cg);

/** cgroup_clear - close the descriptors. */
void cgroup_clear(Cgroup *cg);
