/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor's files share: the one that begins a run, and the one that sees it to its end. */
#pragma once

#include "run/disk.h"
#include "run/limits.h"
#include "run/mount_watch.h"
#include "run/nethelper.h"
#include "run/relay.h"
#include "run/run.h"
#include "run/stages.h"
#include "state/kept.h"
#include "state/live.h"
#include "state/state.h"

#include <signal.h>

#define OVERLAYS_MAX 4

typedef struct Overlay {
        size_t index; /* of its operation in the plan */
        int channel;  /* to hand it its device */
        int joiner;   /* pidfd of the process that starts it; FD_NONE: it has ended */
        int pidfd;
        int log; /* memfd: its stderr */
        bool stopped;
} Overlay;

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
        Overlay overlays[OVERLAYS_MAX];
        size_t n_overlays;
        MountWatch mounts;
        Limits limits;
        DiskWatch disk;
        bool cgroup_awaited; /* the setup stage waits for its control group */
        bool overlays_begun; /* see overlays_begin() */
        size_t fuse_index;   /* the one that waits for its device until helpers have a group */
        int fuse_fd;         /* that device, FD_NONE: none */
        unsigned ended_late; /* how often the time was up */
        NetHelper net;
        bool net_awaited; /* the setup stage waits for it */
        bool may_start;   /* the setup stage waits for nothing more: what comes is the init's */
        int ended_by;     /* a signal that ended the run without the payload's doing; 0: none */
        bool stopped;     /* the payload, when last heard of */
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
        bool overlay_died;
        Error error; /* what a stage reported */
        int init_status;
} Supervisor;

/** supervisor_prepare - all that can fail before any child exists. 0 or -errno with @err. */
int supervisor_prepare(Supervisor *s, Error *err);

/**
 * supervisor_start - the setup stage, its maps, its control groups and network asked for, and a hold on its
 * user namespace: without it nobody could remove the files of its ids later. 0 or -errno with @err.
 */
int supervisor_start(Supervisor *s, Error *err);

/** supervisor_kill - end all processes of the run; fuse-overlayfs first, as a stopped one would leave
 * payloads waiting in the kernel for ever. */
void supervisor_kill(Supervisor *s);

/**
 * overlays_begin - begin to start the servers of all OP_FUSE operations, once helpers have a control group;
 * nothing the second time. Their namespaces are made while the sandbox's id maps are written.
 *
 * Returns 0 or -errno with s->error.
 */
int overlays_begin(Supervisor *s);

/** overlays_let_go_on - the maps are written: those that were begun go on. 0 or -errno with s->error. */
int overlays_let_go_on(Supervisor *s);

/** overlays_serve - the setup stage has made the mount of operation @index: its server gets @fuse_fd, which
 * stays the caller's. 0 or -errno with s->error. */
int overlays_serve(Supervisor *s, size_t index, int fuse_fd);

/** overlay_ended - after poll(2) of its pidfd: reap it; when it was not to end, end the sandbox with
 * s->error. */
void overlay_ended(Supervisor *s, Overlay *o);

/** overlays_look_for_dying - the payload lost its file system: give the server that closed its files a moment
 * to end, so that the cause is reported. */
void overlays_look_for_dying(Supervisor *s);

/** overlays_look_for_stopped - after SIGCHLD: a stopped server hangs the payload, and nobody would know why.
 */
void overlays_look_for_stopped(Supervisor *s);

/** overlays_are_stopped - whether one is, as far as overlays_look_for_stopped() saw. */
bool overlays_are_stopped(const Supervisor *s);

/** overlays_end - kill and reap those that still run. */
void overlays_end(Supervisor *s);
