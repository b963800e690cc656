/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of a run: its control groups, from the request to the final counters; its time limit; and the
 * processes that the kernel killed for memory. A part of the supervisor.
 */
#pragma once

#include "mech/cgroup.h"
#include "mech/scope.h"
#include "run/report.h"

#include <poll.h>

typedef struct Limits {
        const PlanResources *resources;
        pid_t setup;
        pid_t helper; /* the net helper; 0: none */
        Cgroup cgroup;
        Scope scope;
        bool ready;           /* no answer is pending */
        uint64_t deadline_us; /* CLOCK_MONOTONIC: the time at which the wait for a scope ends */
        int timer;            /* timerfd of RuntimeMaxSec=; FD_NONE: none */
        bool time_is_up;
        CgroupMemoryEvents seen;
        uint64_t looked_us; /* time of the last search for the largest process */
        pid_t largest;      /* the process with the most memory, which the kernel will kill */
        RunKilled largest_who;
        RunKilled killed[RUN_KILLED_MAX];
        size_t n_killed;
} Limits;

#define LIMITS_NOTHING ((Limits){.cgroup = CGROUP_NOTHING, .timer = FD_NONE})

/**
 * limits_begin - request the limits of @resources, without waiting for the user manager.
 *
 * @argv: the command, for systemctl(1). @name: the sandbox's name. @setup: the setup stage, which becomes
 * init and the parent of the payload.
 * @helper: a running helper; 0: none.
 *
 * Returns 0, or -errno with @err if an explicit limit cannot be enforced.
 */
int limits_begin(Limits *l, const PlanResources *resources, const StrList *argv, const char *name,
                 pid_t setup, pid_t helper, Error *err);

/** limits_set_oom_score - set the plan's OOM score adjustment (proc_pid_oom_score_adj(5)) of @setup and its
 * descendants. Returns 0 or -errno with @err: -EACCES if this would lower it without privilege. */
int limits_set_oom_score(const PlanResources *resources, pid_t setup, Error *err);

/** limits_apply_weak - limit @pid without groups. Such limits are weaker, as a notice of the plan says. */
void limits_apply_weak(const PlanResources *resources, pid_t pid);

/** limits_start_clock - start the time of RuntimeMaxSec=. Returns 0 or -errno with @err. */
int limits_start_clock(Limits *l, Error *err);

#define LIMITS_POLLS 3

/** limits_poll_prepare - fill LIMITS_POLLS entries. Returns the maximum wait in milliseconds; -1: no
 * limit. */
int limits_poll_prepare(const Limits *l, struct pollfd fds[LIMITS_POLLS]);

/**
 * limits_poll_handle - handle the results of poll(2), and update l->ready and l->time_is_up.
 *
 * Returns 0, or -errno with @err if an explicit limit cannot be enforced.
 */
int limits_poll_handle(Limits *l, const struct pollfd fds[LIMITS_POLLS], Error *err);

/** limits_more_time - set the next time limit, in @us microseconds, and clear l->time_is_up. */
void limits_more_time(Limits *l, uint64_t us);

/** limits_kill - send SIGKILL to all processes in the payload's group. */
void limits_kill(const Limits *l);

/** limits_end - fill the resources in @report, and remove the groups. All processes inside have exited. */
void limits_end(Limits *l, RunReport *report);
