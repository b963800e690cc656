/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the files of a run's supervisor: its beginning, its messages, its loop, its end. */
#pragma once

#include "run/disk.h"
#include "run/guard.h"
#include "run/helper_net.h"
#include "run/helper_overlay.h"
#include "run/limits.h"
#include "run/mount_watch.h"
#include "run/nested.h"
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
        int home;         /* the kept home, locked; FD_NONE: none */
        int placeholders; /* an additional lower for fuse-overlayfs; FD_NONE: none */
        char *placeholders_path;
        StageContext stage;
        int userns;
        int ns[NS_MAX]; /* the namespaces, for processes that join; FD_NONE: none */
        LiveRecord record;
        pid_t init_pid;
        LiveFile live;
        NetHelper net;
        OverlayHelper overlays[OVERLAYS_MAX];
        size_t n_overlays;
        MountWatch mounts;
        Guard guard;
        Nested nested;
        Limits limits;
        DiskWatch disk;
        bool cgroup_awaited; /* the setup stage waits for its control group */
        size_t fuse_index;   /* the operation that waits for its server until helpers have a group */
        int fuse_fd;         /* its device; FD_NONE: none */
        int told_missing;    /* the last operation that was reported missing; -1: none */
        unsigned ended_late; /* how often the time limit was reached */
        bool run_removed, run_counted;
} Supervisor;

/** supervisor_of - return the run of a session. */
static inline Supervisor *supervisor_of(Session *s)
{
        return (Supervisor *)(void *)s;
}

/** supervisor_remember_written - remember the directories that receive the payload's writes, if the changes
 * are
 * @kept also the working directory (written_remember()). A failure is a notice: it must not lose a run's
 * changes. */
void supervisor_remember_written(const Supervisor *s, bool kept);

/** supervisor_may_be_spare - return whether a run of @plan can take and leave a spare run directory
 * (state/spare.h). */
bool supervisor_may_be_spare(const Plan *plan);

/** supervisor_prepare - do everything that can fail before any child exists. Returns 0 or -errno with
 * @err. */
int supervisor_prepare(Supervisor *s, Error *err);

/**
 * supervisor_start - start the setup stage, request its maps, control groups and network, and open its user
 * namespace: without that descriptor nobody could remove the files of its ids later. Returns 0 or -errno with
 * @err.
 */
int supervisor_start(Supervisor *s, Error *err);

/** supervisor_groups_are_ready - continue everything that waited for the control groups, once they exist. */
void supervisor_groups_are_ready(Supervisor *s);

/** supervisor_let_start - let the payload start if the setup stage waits for that, and the network is
 * ready. */
void supervisor_let_start(Supervisor *s);

/** supervisor_started, supervisor_ended - called when the payload exists, and when it has exited. @last: no
 * other process is left. */
void supervisor_started(Session *session);
void supervisor_ended(Session *session, bool last);

/** supervisor_teardown - undo everything, and fill the parts of the report that are known only then. */
void supervisor_teardown(Supervisor *s);

/** supervisor_conclude - fill the rest of the report. Returns 0 or -errno with @err. */
int supervisor_conclude(Supervisor *s, Error *err);
