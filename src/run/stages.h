/* SPDX-License-Identifier: Apache-2.0 */
/* The stages: processes of a run, each with its own privileges. A stage's main never returns to its caller's
 * flow. */
#pragma once

#include "base/channel.h"
#include "spec/namespace.h"
#include "mech/seccomp.h"
#include "plan/plan.h"
#include "run/streams.h"

/** What stages are born with. Nothing in it changes after the first one is born. */
typedef struct StageContext {
        const Plan *plan; /* NULL in a stage that joins: what it takes are these parts */
        const PlanIdentity *identity;
        const PlanResources *resources;
        const PlanPrivileges *privileges;
        const PlanPayload *payload; /* what is executed: the plan's, or another in its sandbox */
        const char *host_name;      /* set in the sandbox's UTS namespace */
        const SeccompFilter *filter;
        int channel;          /* this stage's end */
        bool network;         /* a tap device is to be made */
        bool watch_mounts;    /* the supervisor is to see them */
        int run_fd;           /* the run's directory as the supervisor opened it, FD_NONE: none */
        int home_fd;          /* the kept home as the supervisor opened it, FD_NONE: none */
        const char *run_name; /* its name in plan->storage.runs_dir */
        int tty_fds;          /* bit N: descriptor N (0-2) is a terminal, and is replaced by a pty */
} StageContext;

/** stage_set_dumpable - whether others with our ids may look into this process (PR_SET_DUMPABLE(2const)). 0
 * or -errno with @err. */
int stage_set_dumpable(bool dumpable, Error *err);

/** stage_leave_session - a session of its own, unless the payload has the caller's. 0 or -errno with @err. */
int stage_leave_session(const StageContext *ctx, Error *err);

/** stage_has_terminal - whether standard input is a terminal: the pty is a controlling terminal then, else it
 * only takes output. */
bool stage_has_terminal(const StageContext *ctx);

/** stage_make_terminal - open a pty where any of 0-2 is a terminal, take it as controlling terminal where
 * standard input is one, send its master to the supervisor or to who is to have it. @ret_slave: its other
 * side; left alone where there is none. 0 or -errno with @err. */
int stage_make_terminal(const StageContext *ctx, int *ret_slave, Error *err);

/** stage_take_terminal - in the payload's process: the other side of the pty, FD_NONE: none, becomes 0 to 2,
 * and its group the terminal's foreground. 0 or -errno with @err. */
int stage_take_terminal(const StageContext *ctx, int slave, Error *err);

/** stage_send_namespaces - give the supervisor a hold on those of @mask (bit NS_*) of the process whose
 * directory in /proc @process is. 0 or -errno with @err. */
int stage_send_namespaces(const StageContext *ctx, int process, unsigned mask, Error *err);

/** stage_start_payload - start the payload's stage as a child. @proc: a procfs in which this process is
 * visible. Returns its pid, or -errno with @err. */
pid_t stage_start_payload(const StageContext *ctx, int proc, int slave, Error *err);

/** stage_become_payload - be the payload's stage. Returns what to _exit with, or -errno with @err when it did
 * not come to that. The rest is as with stage_start_payload(). */
int stage_become_payload(const StageContext *ctx, int proc, int slave, Error *err);

/** stage_setup_main - child of the supervisor in all new namespaces; becomes init. Returns what to _exit
 * with. */
int stage_setup_main(const StageContext *ctx);

/**
 * stage_join_main - child of "kurung exec"; joins the sandbox and starts a further payload there. Returns
 * what to _exit with.
 *
 * @userns, @ns: what live_open_namespaces() gave.
 */
int stage_join_main(const StageContext *ctx, int userns, const int ns[NS_MAX]);

/** stage_init_main - pid 1 of the sandbox, @payload its one child of interest. Returns what to _exit with. */
int stage_init_main(const StageContext *ctx, pid_t payload);

/** stage_payload_main - becomes the payload by exec; returns what to _exit with when that failed. */
int stage_payload_main(const StageContext *ctx, int slave_fd);

/** What the stage is born with that becomes fuse-overlayfs. */
typedef struct OverlayStage {
        const StageContext *ctx;
        size_t index;                  /* of the OP_FUSE operation that is served */
        const char *program;           /* absolute */
        int userns;                    /* the sandbox's user namespace */
        int placeholders;              /* an extra lower, as the supervisor opened it, or FD_NONE */
        const char *placeholders_path; /* its path */
        int channel;   /* this stage's end: MSG_STARTED to the supervisor, MSG_FUSE_DEVICE from it */
        int log;       /* its stderr */
        bool confined; /* always, but in the tests' own program */
} OverlayStage;

/**
 * stage_overlay_main - child of the supervisor that joins the sandbox's user namespace, and leaves there, as
 * the supervisor's child, the process that becomes fuse-overlayfs: MSG_STARTED has its pid and pidfd, or
 * MSG_ERROR comes. Returns what to _exit with.
 */
int stage_overlay_main(const OverlayStage *stage);
