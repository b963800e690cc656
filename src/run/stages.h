/* SPDX-License-Identifier: Apache-2.0 */
/* The stages: processes of a run, each with its own privileges. A stage's main function never returns into
 * its caller's code. */
#pragma once

#include "base/channel.h"
#include "spec/namespace.h"
#include "mech/seccomp.h"
#include "plan/plan.h"
#include "run/streams.h"

/** The parameters of stages. They do not change after the first stage starts. */
typedef struct StageContext {
        const Plan *plan; /* NULL in a stage that joins, which only uses the following parts */
        const PlanIdentity *identity;
        const PlanResources *resources;
        const PlanPrivileges *privileges;
        const PlanPayload *payload; /* the plan's command, or another one in its sandbox */
        const char *host_name;      /* host name of the sandbox's UTS namespace */
        const SeccompFilter *filter;
        int channel;          /* this stage's end */
        bool network;         /* create a tap device */
        bool net_made;        /* the network namespace was created together with the others */
        bool watch_mounts;    /* send the mounts to the supervisor */
        int run_fd;           /* the run directory, opened by the supervisor; FD_NONE: none */
        int home_fd;          /* the kept home, opened by the supervisor; FD_NONE: none */
        const char *run_name; /* name of the run directory in plan->storage.runs_dir */
        bool run_is_spare;    /* directories of layers may exist in it */
        int tty_fds;          /* bit N: descriptor N (0-2) is a terminal, and is replaced by a pty */
} StageContext;

/** stage_set_dumpable - set whether other processes with the same ids may inspect this one
 * (PR_SET_DUMPABLE(2const)). Returns 0 or -errno with @err. */
int stage_set_dumpable(bool dumpable, Error *err);

/** stage_leave_session - start a new session, unless the payload has the caller's. Returns 0 or -errno with
 * @err. */
int stage_leave_session(const StageContext *ctx, Error *err);

/** stage_has_terminal - return whether standard input is a terminal: then the pty is a controlling terminal,
 * otherwise it only accepts output. */
bool stage_has_terminal(const StageContext *ctx);

/** stage_make_terminal - open a pty if any of descriptors 0-2 is a terminal, make it the controlling terminal
 * if standard input is one, and send its master to the supervisor or to the terminal socket. @ret_slave: its
 * other side; untouched if there is none. Returns 0 or -errno with @err. */
int stage_make_terminal(const StageContext *ctx, int *ret_slave, Error *err);

/** stage_take_terminal - in the payload's process: replace the terminals among descriptors 0 to 2 by the
 * other side of the pty (FD_NONE: none), and make the process group the terminal's foreground. Returns 0 or
 * -errno with @err. */
int stage_take_terminal(const StageContext *ctx, int slave, Error *err);

/** stage_send_namespaces - send descriptors of the namespaces in @mask (bits NS_*) to the supervisor, of the
 * process whose directory in /proc is @process. Returns 0 or -errno with @err. */
int stage_send_namespaces(const StageContext *ctx, int process, unsigned mask, Error *err);

/** stage_start_payload - start the payload's stage as a child. @proc: a procfs in which this process is
 * visible. Returns its pid, or -errno with @err. */
pid_t stage_start_payload(const StageContext *ctx, int proc, int slave, Error *err);

/** stage_become_payload - become the payload's stage. Returns the exit status, or -errno with @err if that
 * failed earlier. Everything else is like stage_start_payload(). */
int stage_become_payload(const StageContext *ctx, int proc, int slave, Error *err);

/** stage_setup_main - run the supervisor's child in all new namespaces; it becomes init. Returns the exit
 * status. */
int stage_setup_main(const StageContext *ctx);

/**
 * stage_join_main - run the child of "kurung exec": join the sandbox and start another payload there. Returns
 * the exit status.
 *
 * @userns, @ns: results of live_open_namespaces().
 */
int stage_join_main(const StageContext *ctx, int userns, const int ns[NS_MAX]);

/** stage_init_main - wait for @payload as pid 1 of the sandbox. @sockets: the channel of the net helper, to
 * make sockets for it; FD_NONE: none. @held: of stage_hold(); NULL: nothing. Returns the exit status. */
int stage_init_main(const StageContext *ctx, pid_t payload, int sockets, const int *held);

/** stage_hold - lock the files and take the descriptor that init holds for the caller. @ret_fds: owned by the
 * caller, also on failure; as many as there are files, and one. Returns 0 or -errno with @err. */
int stage_hold(const PlanPayload *payload, int **ret_fds, Error *err);

/** stage_keep_held - close all descriptors but two channels (FD_NONE: none) and those of stage_hold() (NULL:
 * there are none). Returns 0 or -errno. */
int stage_keep_held(int channel, int sockets, const PlanPayload *payload, const int *held);

/** stage_reaper_main - like stage_init_main(), for an independent sandbox: wait for its last process. Returns
 * the payload's exit status. */
int stage_reaper_main(const StageContext *ctx, pid_t payload, const int *held);

/** stage_payload_main - become the payload by exec. Returns the exit status if exec fails. */
int stage_payload_main(const StageContext *ctx, int slave_fd);

/** A kind of program that serves the files of an overlay (run/overlay_server.h). */
typedef struct OverlayServer OverlayServer;

/** The parameters of the stage that becomes the server of an overlay. */
typedef struct OverlayStage {
        const StageContext *ctx;
        const OverlayServer *server;
        size_t index;                  /* index of the operation to serve */
        const char *program;           /* absolute path */
        int userns;                    /* the sandbox's user namespace */
        int placeholders;              /* an additional lower, opened by the supervisor; FD_NONE: none */
        const char *placeholders_path; /* its path */
        int channel;   /* this stage's end: MSG_STARTED to the supervisor, MSG_FUSE_DEVICE from it */
        int owners;    /* its channel to the process that knows owners; FD_NONE: none */
        int log;       /* its stderr */
        bool confined; /* true, except in the tests' own program */
} OverlayStage;

/**
 * stage_overlay_main - main function of the supervisor's child that joins the sandbox's user namespace, and
 * starts the process that becomes the server as another child of the supervisor: sends MSG_STARTED with
 * its pid and pidfd, or MSG_ERROR. Returns the exit status.
 */
int stage_overlay_main(const OverlayStage *stage);

/** stage_owners_main - tell the server of a view the owners of files, in the host's user namespace, until it
 * closes its end of @channel. Returns the exit status. */
int stage_owners_main(int channel);
