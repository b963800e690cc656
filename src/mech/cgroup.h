/* SPDX-License-Identifier: Apache-2.0 */
/* The control groups of a run (cgroups(7), the kernel's Documentation/admin-guide/cgroup-v2.rst). */
#pragma once

#include "plan/plan.h"

#define CGROUP_DISKS_MAX 8

/** What a disk was used for. */
typedef struct CgroupDisk {
        unsigned major, minor;
        uint64_t read_bytes, write_bytes;
} CgroupDisk;

/** How often memory ran into a limit: memory.events. */
typedef struct CgroupMemoryEvents {
        uint64_t high, max, oom, oom_kill;
} CgroupMemoryEvents;

/** What the payload's group used; UINT64_MAX where the kernel or a controller does not tell. */
typedef struct CgroupUse {
        uint64_t memory_peak; /* bytes; Linux 5.19 */
        uint64_t swap_peak;   /* bytes; Linux 6.5 */
        uint64_t cpu_us, cpu_user_us, cpu_system_us;
        uint64_t throttled_us, throttled_n;
        uint64_t tasks_peak;    /* Linux 6.1 */
        uint64_t tasks_refused; /* forks that TasksMax= refused */
        CgroupMemoryEvents memory;
        CgroupDisk disks[CGROUP_DISKS_MAX];
        size_t n_disks;
} CgroupUse;

/**
 * A run's groups: OUTER/payload, with the limits, and OUTER/helpers, without.
 */
typedef struct Cgroup {
        int outer;   /* their parent's directory, locked (flock(2)) while the run lives */
        int payload; /* FD_NONE until cgroup_fill() */
        int helpers;
        int base;            /* CGROUP_DELEGATED: the group that holds OUTER */
        char outer_name[64]; /* CGROUP_DELEGATED: OUTER's name in it */
        bool left_base;      /* we were in base, and go back at the end */
        int memory_events;   /* memory.events of the payload, for poll(2) with POLLPRI; FD_NONE: none */
} Cgroup;

#define CGROUP_NOTHING                                                                                       \
        ((Cgroup){.outer = FD_NONE,                                                                          \
                  .payload = FD_NONE,                                                                        \
                  .helpers = FD_NONE,                                                                        \
                  .base = FD_NONE,                                                                           \
                  .memory_events = FD_NONE})

/** cgroup_make_outer - CGROUP_DELEGATED: make OUTER, "kurung-NAME", below resources->cgroup_base; remove
 * those of runs that were killed. 0 or -errno with @err. */
int cgroup_make_outer(Cgroup *cg, const PlanResources *resources, const char *name, Error *err);

/** cgroup_open_outer - CGROUP_SCOPE: take the group that @pid is in, a scope's, for OUTER. 0 or -errno with
 * @err. */
int cgroup_open_outer(Cgroup *cg, pid_t pid, Error *err);

/**
 * cgroup_fill - make the two groups, move ourselves, @helper (0: none) and @setup there, and write the
 * limits.
 *
 * @notices: a line is added for each default that could not be set. A limit that was asked for is an error.
 *
 * Returns 0 or -errno with @err.
 */
int cgroup_fill(Cgroup *cg, const PlanResources *resources, pid_t setup, pid_t helper, StrList *notices,
                Error *err);

/** cgroup_memory_events - read them. false: there are none. */
bool cgroup_memory_events(const Cgroup *cg, CgroupMemoryEvents *ret);

/**
 * cgroup_each_process - call @each for every process in the payload's group, also below it, until it returns
 * false.
 *
 * @each: gets the pid in our namespace.
 */
void cgroup_each_process(const Cgroup *cg, bool (*each)(pid_t pid, void *userdata), void *userdata);

/** cgroup_payload_path - the path of the payload's group; owned. NULL: there is none. */
char *cgroup_payload_path(const Cgroup *cg);

/** cgroup_open_payload - open the group of another run by that path, to read what it uses. 0 or -errno. */
int cgroup_open_payload(Cgroup *cg, const char *path);

/** cgroup_join - move @pid into the payload's group. 0 or -errno. */
int cgroup_join(const Cgroup *cg, pid_t pid);

/** cgroup_kill - SIGKILL to all in the payload's group. */
void cgroup_kill(const Cgroup *cg);

/** cgroup_read_use - what the payload's group used. All is "not told" when there is no group. */
void cgroup_read_use(const Cgroup *cg, CgroupUse *ret);

/** cgroup_remove - wait for the payload's end, remove the groups and go back to where we were. Of a scope
 * systemd removes the rest, once we have ended. */
void cgroup_remove(Cgroup *cg);

/** cgroup_clear - close the descriptors. */
void cgroup_clear(Cgroup *cg);
