/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a plan: a session whose stage is setup, with limits, disks and mounts to watch. */
#include "run/supervisor_internal.h"

#include "base/process.h"
#include "base/timings.h"
#include "plan/plan_text.h"
#include "state/spare.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

/* Time between SIGTERM and SIGKILL at RuntimeMaxSec=. */
#define GRACE_US 5000000

enum {
        POLL_MOUNTS,
        POLL_RENAMES,
        POLL_GUARD,
        POLL_LIMITS,
        POLL_DISK = POLL_LIMITS + LIMITS_POLLS,
        POLLS = POLL_DISK + DISK_POLLS
};

_Static_assert(POLLS <= SESSION_OWN_POLLS, "a session has room for them");

/* helpers_kill() was called before: a stopped fuse-overlayfs would leave payloads waiting in the kernel
 * forever. */
static void kill_sandbox(Session *session)
{
        if (session->stage >= 0)
                (void)process_signal(session->stage, SIGKILL);
        limits_kill(&supervisor_of(session)->limits);
}

/* At RuntimeMaxSec=, sends SIGTERM first, like systemd. */
static void time_is_up(Supervisor *s)
{
        Session *session = &s->session;
        if (session->state < SESSION_STARTING) {
                s->ended_late = 2;
                s->limits.time_is_up = false;
                session_pass_on(session, SIGTERM);
                return;
        }
        if (s->ended_late++ > 0) {
                session_kill(session);
                return;
        }
        limits_more_time(&s->limits, GRACE_US);
        session_tell(session, SIGTERM);
        session_tell(session, SIGCONT);
}

static void handle_limits(Supervisor *s, const struct pollfd *fds)
{
        bool waited = !s->limits.ready;
        if (limits_poll_handle(&s->limits, fds, &s->session.error) < 0)
                session_kill(&s->session);
        else if (waited)
                supervisor_groups_are_ready(s);
        if (s->limits.time_is_up)
                time_is_up(s);
}

static void end_with(Supervisor *s, const Error *err)
{
        if (s->session.error.errnum == 0)
                s->session.error = *err;
        session_kill(&s->session);
}

/* A path was created that must not be: the sandbox ends. What is there is renamed once all processes have
 * exited. */
static void look_at_guard(Supervisor *s)
{
        Error err = {0};
        if (guard_look(&s->guard, &err) == 0)
                return;
        guard_stop(&s->guard);
        end_with(s, &err);
}

/* A mount that hides or protects something has disappeared: the sandbox ends. */
static void look_at_mounts(Supervisor *s, bool by_rename)
{
        Error err = {0};
        int r = by_rename ? mount_watch_look_at_renames(&s->mounts, &err)
                          : mount_watch_look(&s->mounts, &s->plan->root, &err);
        if (r == 0)
                return;
        mount_watch_end(&s->mounts);
        end_with(s, &err);
}

static int poll_prepare(Session *session, struct pollfd fds[SESSION_OWN_POLLS])
{
        const Supervisor *s = supervisor_of(session);
        fds[POLL_MOUNTS] = (struct pollfd){.fd = s->mounts.fd, .events = POLLPRI};
        fds[POLL_RENAMES] = (struct pollfd){.fd = s->mounts.renames, .events = POLLIN};
        fds[POLL_GUARD] = (struct pollfd){.fd = s->guard.fd, .events = POLLIN};
        disk_poll_prepare(&s->disk, fds + POLL_DISK);
        return limits_poll_prepare(&s->limits, fds + POLL_LIMITS);
}

static void poll_handle(Session *session, const struct pollfd fds[SESSION_OWN_POLLS])
{
        Supervisor *s = supervisor_of(session);
        if (fds[POLL_MOUNTS].revents && s->mounts.fd >= 0)
                look_at_mounts(s, false);
        if (fds[POLL_RENAMES].revents && s->mounts.renames >= 0)
                look_at_mounts(s, true);
        if (fds[POLL_GUARD].revents && s->guard.fd >= 0)
                look_at_guard(s);
        handle_limits(s, fds + POLL_LIMITS);
        /* When a disk fills up, there is no time for SIGTERM. */
        if (disk_poll_handle(&s->disk, fds + POLL_DISK, s->userns))
                session_kill(session);
        /* The net helper may have become ready. */
        supervisor_let_start(s);
}

static const SessionOps run_ops = {
        .sender = SENDER_SETUP,
        .kill = kill_sandbox,
        .started = supervisor_started,
        .ended = supervisor_ended,
        .poll_prepare = poll_prepare,
        .poll_handle = poll_handle,
};

/* The kernel then kills the sandbox together with the supervisor (PR_SET_PDEATHSIG(2const)). */
static int tie_to_caller(const Plan *plan, Error *err)
{
        if (!plan->payload.independent || !plan->payload.die_with_parent ||
            prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
                return 0;
        return error_set_errno(err, errno, "cannot set the parent-death signal");
}

/* Runs until the sandbox can continue without the supervisor. */
static int begin(Supervisor *s, Error *err)
{
        s->session.terminal = s->plan->payload.terminal;
        s->session.stage_is_payload = s->plan->payload.init == INIT_PAYLOAD;
        s->session.independent = s->plan->payload.independent;
        int r = tie_to_caller(s->plan, err);
        if (r == 0)
                r = supervisor_prepare(s, err);
        timings_reached("prepare");
        if (r == 0)
                r = supervisor_start(s, err);
        /* Now, while the setup stage works and the supervisor would wait. */
        if (r == 0 && !s->plan->storage.stateless)
                r = live_record_make(s->plan, s->options->spec, s->options->work_dir, &s->record, err);
        if (r == 0)
                r = limits_start_clock(&s->limits, err);
        s->session.timer = s->limits.timer;
        if (r == 0 && supervisor_may_be_spare(s->plan))
                spare_clean(s->plan->storage.state_dir);
        return r < 0 ? r : disk_begin(&s->disk, s->plan, s->run.fd, s->home, err);
}

#define SUPERVISOR_OF(p, o, r)                                                                               \
        ((Supervisor){.session = SESSION_OF(&run_ops),                                                       \
                      .plan = (p),                                                                           \
                      .options = (o),                                                                        \
                      .report = (r),                                                                         \
                      .run = RUN_DIR_NONE,                                                                   \
                      .home = FD_NONE,                                                                       \
                      .placeholders = FD_NONE,                                                               \
                      .userns = FD_NONE,                                                                     \
                      .ns = {[0 ... NS_MAX - 1] = FD_NONE},                                                  \
                      .record = LIVE_RECORD_NONE,                                                            \
                      .live = LIVE_FILE_NONE,                                                                \
                      .net = NET_HELPER_NONE,                                                                \
                      .mounts = MOUNT_WATCH_NONE,                                                            \
                      .guard = GUARD_NONE,                                                                   \
                      .nested = NESTED_NONE,                                                                 \
                      .limits = LIMITS_NOTHING,                                                              \
                      .disk = DISK_WATCH_NOTHING,                                                            \
                      .fuse_fd = FD_NONE,                                                                    \
                      .told_missing = -1})

/* Supervises the sandbox from its beginning to its end. */
static void carry(Supervisor *s)
{
        int r = begin(s, &s->session.error);
        if (r == 0) {
                supervisor_groups_are_ready(s);
                session_supervise(&s->session);
        } else {
                (void)error_ensure(&s->session.error, r, "starting the sandbox");
        }
}

/*
 * supervisor
 *   has: the user's own id, the host's namespaces, the caller's terminal.
 *   must: do everything that can fail before a child exists, watch every stage through its pidfd, undo
 *     everything at the end.
 *   must not: enter the sandbox, or trust data from it except through the channel.
 */
int run_plan(const Plan *plan, const RunOptions *options, RunReport *ret, Error *err)
{
        Supervisor s = SUPERVISOR_OF(plan, options, ret);
        struct timespec begun, end;
        *ret = (RunReport){.end = RUN_FAILED, .exit_code = EXIT_KURUNG_FAILED};
        if (plan->payload.detached)
                return error_set(err, EINVAL, "a detached command is started by run_start()");
        (void)clock_gettime(CLOCK_REALTIME, &ret->started);
        (void)clock_gettime(CLOCK_MONOTONIC, &begun);
        carry(&s);
        timings_reached("wait for the end of init");
        supervisor_teardown(&s);
        timings_reached("undo the run");
        ret->network = s.net.report;
        (void)clock_gettime(CLOCK_MONOTONIC, &end);
        ret->duration_us =
                (uint64_t)((end.tv_sec - begun.tv_sec) * 1000000 + (end.tv_nsec - begun.tv_nsec) / 1000);
        return supervisor_conclude(&s, err);
}

/* Refuses everything that needs a supervisor while the sandbox exists. */
static int check_detached(const Plan *plan, Error *err)
{
        const PlanResources *resources = &plan->resources;
        const char *what = plan->network.mode == NETWORK_SLIRP ? "a network of its own (Mode=slirp)"
                           : plan->root.fuse_overlayfs         ? "fuse-overlayfs"
                           : plan->root.view                   ? "a view of the host's system"
                           : plan->root.needs_run_dir          ? "directories of kurung's own"
                           : plan->storage.home_name           ? "a kept home"
                           : resources->cgroup != CGROUP_NONE  ? "limits"
                           : resources->disk_max || resources->disk_inodes_max || resources->runtime_max_us
                                   ? "limits of disk space or time"
                                   : NULL;
        if (!plan->payload.detached)
                return error_set(err, EINVAL, "only a detached command can be created without a start");
        return what ? error_set(err, ENOTSUP, "cannot detach a sandbox that has %s", what) : 0;
}

int run_create(const Plan *plan, const RunOptions *options, pid_t *ret_pid, Error *err)
{
        RunReport report = {0};
        Supervisor s = SUPERVISOR_OF(plan, options, &report);
        int r = check_detached(plan, err);
        if (r < 0)
                return r;
        s.session.leave = true;
        carry(&s);
        Session *session = &s.session;
        bool created = session->stage >= 0 && session->state == SESSION_RUNNING &&
                       session->error.errnum == 0 && !session->killed;
        if (created)
                session->stage = fd_close(session->stage);
        supervisor_teardown(&s);
        run_report_clear(&report);
        *ret_pid = s.init_pid;
        if (created)
                return 0;
        *err = session->error;
        return error_ensure(err, session->ended_by ? -EINTR : -EIO, "creating the sandbox");
}

int run_start(int socket, Error *err)
{
        Message m;
        int r = channel_receive(socket, &m, NULL);
        if (r > 0 && m.type == MSG_ERROR)
                return error_take(err, &m.error, "the sandbox");
        if (r > 0)
                r = -EPROTO;
        return r < 0 ? error_set_errno(err, r, "cannot start the command") : 0;
}

void run_report_clear(RunReport *report)
{
        net_report_clear(&report->network);
}
