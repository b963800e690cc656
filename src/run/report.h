/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a run. */
#pragma once

#include "mech/cgroup.h"
#include "run/net_report.h"
#include "state/dropped.h"

#include <time.h>

typedef enum RunEnd {
        RUN_EXITED,
        RUN_SIGNALLED,
        RUN_OUT_OF_MEMORY, /* the kernel killed the payload at its memory limit */
        RUN_RUNTIME_MAX,   /* it was ended at RuntimeMaxSec= */
        RUN_DISK_FULL,     /* it was killed before a disk was full */
        RUN_DISK_MAX,      /* it exceeded DiskMax= or DiskInodesMax=, and was killed unless disk_late */
        RUN_FAILED,        /* kurung failed: the payload's end is unknown */
} RunEnd;

/** A process that the kernel killed at the memory limit. */
typedef struct RunKilled {
        char name[17]; /* like proc_pid_comm(5); the payload chooses it */
        pid_t pid;     /* inside; 0: unknown */
} RunKilled;

#define RUN_KILLED_MAX 8

typedef struct RunReport {
        char name[64];      /* the sandbox's name */
        bool kept;          /* the changes are kept under that name */
        bool told_to_end;   /* kurung received SIGTERM or SIGHUP */
        RunDropped dropped; /* only if requested, and if the sandbox is not kept */
        RunEnd end;
        bool began;              /* the payload started */
        int exit_code;           /* kurung's exit status */
        char disk_end[256];      /* RUN_DISK_FULL, RUN_DISK_MAX: the reason, for people */
        bool disk_late;          /* RUN_DISK_MAX: detected after the payload's exit, without killing it */
        int signal;              /* the signal that killed the payload; 0: none */
        struct timespec started; /* CLOCK_REALTIME */
        uint64_t duration_us;
        bool has_groups; /* use has the counters of control groups; otherwise those of the kernel for exited
                            children */
        CgroupUse use;
        RunKilled killed[RUN_KILLED_MAX]; /* the known ones; use.memory.oom_kill has their number */
        size_t n_killed;
        NetReport network; /* the attempted connections, with Mode=slirp */
} RunReport;

/** run_report_clear - free the memory of @report. */
void run_report_clear(RunReport *report);
