/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a run's supervisor share: its begin, its messages, its loop, its end. */
#pragma once

#include "run/disk.h"
#include "run/helper_net.h"
#include "run/helper_overlay.h"
#include "run/limits.h"
#include "run/mount_watch.h"
#include "run/run.h"
#include "run/session.h"
#include "run/stages.h"
#include "state/kept.h"
#include "state/live.h"
#include "state/state.h"

#define OVERLAYS_MAX 4

typedef struct Supervisor {
        Session session; /* the first member */
        const Plan *plan;
        const RunOptions *options;
        RunReport *report;
        SeccompFilter filter;
        RunDir run;
        int home;         /* the home that is kept, locked; FD_NONE: none */
        int placeholders; /* an extra lower for fuse-overlayfs, FD_NONE: none */
        char *placeholders_path;
        StageContext stage;
        int userns;
        int ns[NS_MAX]; /* the namespaces, for those that join; FD_NONE: none */
        LiveRecord record;
        pid_t init_pid;
        LiveFile live;
        NetHelper net;
        OverlayHelper overlays[OVERLAYS_MAX];
        size_t n_overlays;
        MountWatch mounts;
        Limits limits;
        DiskWatch disk;
        bool cgroup_awaited; /* the setup stage waits for its control group */
        size_t fuse_index;   /* the one that waits for its device until helpers have a group */
        int fuse_fd;         /* that device, FD_NONE: none */
        int told_missing;    /* the operation that was last told of, -1: none */
        unsigned ended_late; /* how often the time was up */
        bool run_removed, run_counted;
} Supervisor;

/** supervisor_of - the run that a session is of. */
static inline Supervisor *supervisor_of(Session *s)
{
        return (Supervisor *)(void *)s;
}

/** supervisor_prepare - all that can fail before any child exists. 0 or -errno with @err. */
int supervisor_prepare(Supervisor *s, Error *err);

/**
 * supervisor_start - the setup stage, its maps, its control groups and network asked for, and a hold on its
 * user namespace: without it nobody could remove the files of its ids later. 0 or -errno with @err.
 */
int supervisor_start(Supervisor *s, Error *err);

/** supervisor_groups_are_ready - go on with what has waited for the control groups, once they are there. */
void supervisor_groups_are_ready(Supervisor *s);

/** supervisor_let_start - let the payload start when it waits for that and its network is there. */
void supervisor_let_start(Supervisor *s);

/** supervisor_started, supervisor_ended - the payload exists; it has ended, and @last: nothing else is left.
 */
void supervisor_started(Session *session);
void supervisor_ended(Session *session, bool last);

/** supervisor_teardown - undo all; fills the report with what is known only then. */
void supervisor_teardown(Supervisor *s);

/** supervisor_conclude - what the run came to, into its report. 0 or -errno with @err. */
int supervisor_conclude(Supervisor *s, Error *err);
