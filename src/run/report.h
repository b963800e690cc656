/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a run. */
#pragma once

#include "mech/cgroup.h"
#include "run/net_report.h"
#include "state/dropped.h"

#include <time.h>

typedef enum RunEnd {
        RUN_EXITED,
        RUN_SIGNALLED,
        RUN_OUT_OF_MEMORY, /* the payload, killed by the kernel at its memory limit */
        RUN_RUNTIME_MAX,   /* ended at RuntimeMaxSec= */
        RUN_DISK_FULL,     /* killed before a disk was full */
        RUN_DISK_MAX,      /* held more than DiskMax= or DiskInodesMax=, and killed unless disk_late */
        RUN_FAILED,        /* by an error of kurung's: nothing is known of the payload's end */
} RunEnd;

/** A process that the kernel killed at the memory limit. */
typedef struct RunKilled {
        char name[17]; /* as proc_pid_comm(5) has it: chosen by the payload */
        pid_t pid;     /* inside; 0: not known */
} RunKilled;

#define RUN_KILLED_MAX 8

typedef struct RunReport {
        char name[64];      /* the sandbox's */
        bool kept;          /* what was written is there, under that name */
        bool told_to_end;   /* by SIGTERM or SIGHUP to kurung */
        RunDropped dropped; /* when that was asked for, and it is not kept */
        RunEnd end;
        bool began;         /* the payload was started */
        int exit_code;      /* what kurung exits with */
        char disk_end[256]; /* RUN_DISK_FULL, RUN_DISK_MAX: why, for people */
        bool disk_late;     /* RUN_DISK_MAX: seen when the payload had ended, which was not killed for it */
        int signal;         /* that ended the payload, 0: none */
        struct timespec started; /* CLOCK_REALTIME */
        uint64_t duration_us;
        bool has_groups; /* use is what control groups counted; else the kernel's count for ended children */
        CgroupUse use;
        RunKilled killed[RUN_KILLED_MAX]; /* those that were seen; use.memory.oom_kill has the number */
        size_t n_killed;
        NetReport network; /* what it tried to reach, with a network of ours */
} RunReport;

/** run_report_clear - free it. */
void run_report_clear(RunReport *report);
