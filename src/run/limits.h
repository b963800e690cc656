/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of a run: its control groups, from asking for them to what they counted; its time; and who was
 * killed for memory. A part of the supervisor.
 */
#pragma once

#include "mech/cgroup.h"
#include "mech/scope.h"
#include "run/report.h"

#include <poll.h>

typedef struct Limits {
        const PlanResources *resources;
        pid_t setup;
        pid_t helper; /* the net helper, 0: none */
        Cgroup cgroup;
        Scope scope;
        bool ready;           /* nothing is waited for any more */
        uint64_t deadline_us; /* CLOCK_MONOTONIC: a scope that has not come by then does not come */
        int timer;            /* timerfd of RuntimeMaxSec=, FD_NONE: none */
        bool time_is_up;
        CgroupMemoryEvents seen;
        uint64_t looked_us; /* when we last looked for the largest */
        pid_t largest;      /* the process that has the most memory: whom the kernel will choose */
        RunKilled largest_who;
        RunKilled killed[RUN_KILLED_MAX];
        size_t n_killed;
} Limits;

#define LIMITS_NOTHING ((Limits){.cgroup = CGROUP_NOTHING, .timer = FD_NONE})

/**
 * limits_begin - ask for what @resources takes, without waiting for the user manager.
 *
 * @argv: the command, for what systemctl(1) shows. @name: the sandbox's. @setup: the setup stage, which
 * becomes init and has the payload as its child.
 * @helper: a helper that runs already, 0: none.
 *
 * Returns 0 or -errno with @err when a limit that was asked for can't be had.
 */
int limits_begin(Limits *l, const PlanResources *resources, const StrList *argv, const char *name,
                 pid_t setup, pid_t helper, Error *err);

/** limits_set_oom_score - what the plan has of it (proc_pid_oom_score_adj(5)), for @setup and all that it
 * starts. 0 or -errno with @err: -EACCES where it would be lowered without privilege. */
int limits_set_oom_score(const PlanResources *resources, pid_t setup, Error *err);

/** limits_apply_weak - what holds @pid where there are no groups; weaker, and the plan has said so. */
void limits_apply_weak(const PlanResources *resources, pid_t pid);

/** limits_start_clock - RuntimeMaxSec= counts from now on. 0 or -errno with @err. */
int limits_start_clock(Limits *l, Error *err);

#define LIMITS_POLLS 3

/** limits_poll_prepare - fill LIMITS_POLLS entries. Returns milliseconds to wait at most, -1: no limit. */
int limits_poll_prepare(const Limits *l, struct pollfd fds[LIMITS_POLLS]);

/**
 * limits_poll_handle - go on with what has come. Afterwards l->ready and l->time_is_up tell.
 *
 * Returns 0 or -errno with @err when a limit that was asked for can't be had.
 */
int limits_poll_handle(Limits *l, const struct pollfd fds[LIMITS_POLLS], Error *err);

/** limits_more_time - the next end of time, in @us microseconds; clears l->time_is_up. */
void limits_more_time(Limits *l, uint64_t us);

/** limits_kill - SIGKILL to all in the payload's group. */
void limits_kill(const Limits *l);

/** limits_end - fill what @report has of resources, and take the groups away. All inside has ended. */
void limits_end(Limits *l, RunReport *report);
