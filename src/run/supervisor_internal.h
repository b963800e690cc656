/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor's files share: the one that begins a run, and the one that sees it to its end. */
#pragma once

#include "run/disk.h"
#include "run/helper_net.h"
#include "run/helper_overlay.h"
#include "run/limits.h"
#include "run/mount_watch.h"
#include "run/relay.h"
#include "run/run.h"
#include "run/stages.h"
#include "state/kept.h"
#include "state/live.h"
#include "state/state.h"

#include <signal.h>

#define OVERLAYS_MAX 4

typedef struct Supervisor {
        const Plan *plan;
        RunReport *report;
        SeccompFilter filter;
        RunDir run;
        const RunOptions *options;
        LiveRecord record; /* of what the supervisor holds while it runs */
        LiveFile live;
        int home;         /* the home that is kept, locked; FD_NONE: none */
        int placeholders; /* an extra lower for fuse-overlayfs, FD_NONE: none */
        char *placeholders_path;
        int signals; /* signalfd */
        int stops;   /* readable once SIGTSTP has come */
        sigset_t signals_before;
        StageContext stage;
        int channel;
        int userns;
        int init; /* pidfd; FD_NONE once it has ended */
        HelperList helpers;
        OverlayHelper overlays[OVERLAYS_MAX];
        size_t n_overlays;
        NetHelper net;
        MountWatch mounts;
        Limits limits;
        DiskWatch disk;
        bool cgroup_awaited; /* the setup stage waits for its control group */
        size_t fuse_index;   /* the one that waits for its device until helpers have a group */
        int fuse_fd;         /* that device, FD_NONE: none */
        unsigned ended_late; /* how often the time was up */
        bool net_awaited;    /* the setup stage waits for it */
        bool may_start;      /* the setup stage waits for nothing more: what comes is the init's */
        int ended_by;        /* a signal that ended the run without the payload's doing; 0: none */
        bool stopped;        /* the payload, when last heard of */
        bool told_stopped;
        Streams streams;
        Relay relay;
        unsigned interrupts; /* how often Ctrl-C was asked for without a terminal of our own */
        uint64_t kill_at_us; /* when a payload that does not listen is killed; 0: it is not to be */
        bool killed;         /* all that the sandbox consists of was, by us */
        bool payload_ended;
        bool run_removed, run_counted;
        int payload_status;
        pid_t payload_pid; /* inside; 0: not born */
        Error error;       /* what a stage reported */
        int init_status;
} Supervisor;

/** supervisor_prepare - all that can fail before any child exists. 0 or -errno with @err. */
int supervisor_prepare(Supervisor *s, Error *err);

/**
 * supervisor_start - the setup stage, its maps, its control groups and network asked for, and a hold on its
 * user namespace: without it nobody could remove the files of its ids later. 0 or -errno with @err.
 */
int supervisor_start(Supervisor *s, Error *err);

/** supervisor_kill - end all processes of the run, and the helpers that its file system hangs on. */
void supervisor_kill(Supervisor *s);
