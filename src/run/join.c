/* SPDX-License-Identifier: Apache-2.0 */
/* Supervises a command that joins a running sandbox. */
#include "run/join.h"

#include "base/clock.h"
#include "base/defence.h"
#include "base/log.h"
#include "base/process.h"
#include "mech/cgroup.h"
#include "mech/scope.h"
#include "run/limits.h"
#include "run/relay.h"
#include "run/signals.h"
#include "run/stages.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* Between the second Ctrl-C and SIGKILL. */
#define SECOND_INTERRUPT_US 1000000

typedef struct Join {
        const Live *live;
        const PlanPayload *payload;
        SeccompFilter filter;
        int userns, ns[NS_MAX];
        int signals; /* signalfd */
        int stops;   /* readable once SIGTSTP has come */
        sigset_t signals_before;
        int channel;
        int child; /* pidfd of the stage; FD_NONE once it has ended */
        Streams streams;
        Relay relay;
        bool ended;
        int status;
        unsigned interrupts;
        uint64_t kill_at_us; /* when a command that does not listen is killed; 0: it is not to be */
        bool stopped;        /* the command, when last heard of */
        Error error;         /* what the stage reported */
} Join;

static int prepare(Join *j, Error *err)
{
        const LiveRecord *record = &j->live->record;
        int r = defence_is_on(DEFENCE_CORE) ? process_forbid_core_dumps() : 0;
        if (r < 0)
                return error_set_errno(err, r, "limiting core dumps");
        r = streams_prepare(&j->streams, err);
        if (r < 0)
                return r;
        r = live_open_namespaces(j->live, &j->userns, j->ns, err);
        if (r == 0)
                r = seccomp_prepare(&record->plan.privileges, record->plan.storage.state_dir, &j->filter,
                                    err);
        /* Of another kurung, or its file is another by now. */
        if (r == 0 && defence_is_on(DEFENCE_JOIN) && !str_eq(j->filter.key, record->filter))
                r = error_set(err, ESTALE,
                              "the system call filter of the sandbox %s can't be had any more: kurung or the "
                              "filter's file is not what it was at its start",
                              j->live->name);
        return r < 0 ? r : signals_take(NULL, 0, &j->signals_before, &j->signals, &j->stops, err);
}

/* The limits hold the command, too, before it does anything. */
static int hold(const Join *j, pid_t pid, Error *err)
{
        const LiveRecord *record = &j->live->record;
        Cgroup cg = CGROUP_NOTHING;
        if (!record->cgroup) {
                limits_apply_weak(&record->plan.resources, pid);
                return 0;
        }
        int r = cgroup_open_payload(&cg, record->cgroup);
        if (r == 0)
                r = cgroup_join(&cg, pid);
        cgroup_clear(&cg);
        /* From a session's group to one of the user manager's only that can move it. */
        if ((r == -EACCES || r == -EPERM) && record->unit && record->plan.resources.user_manager)
                return scope_attach(record->plan.resources.user_manager, record->unit, "/payload", pid, err);
        return r < 0 ? error_set_errno(err, r, "moving the command into the control group %s", record->cgroup)
                     : 0;
}

static int start(Join *j, Error *err)
{
        int ends[2];
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "making a channel");
        CLEANUP_FD int ours = ends[0], theirs = ends[1];
        StageContext ctx = {
                .plan = &j->live->record.plan,
                .payload = j->payload,
                .filter = &j->filter,
                .channel = theirs,
                .run_fd = FD_NONE,
                .home_fd = FD_NONE,
                .streams = &j->streams,
                .tty_fds = defence_is_on(DEFENCE_PTY) ? streams_terminals(&j->streams) : 0,
        };
        pid_t pid = process_clone(0, &j->child);
        if (pid == 0) {
                int own[NS_MAX + 2];
                memcpy(own, j->ns, sizeof(j->ns));
                own[NS_MAX] = theirs;
                own[NS_MAX + 1] = j->userns;
                if (streams_take(&j->streams) < 0)
                        _exit(EXIT_KURUNG_FAILED);
                (void)process_keep_only(own, ARRAY_LEN(own));
                _exit(stage_join_main(&ctx, j->userns, j->ns));
        }
        if (pid < 0)
                return error_set_errno(err, (int)pid, "starting the joining process");
        streams_given(&j->streams);
        j->channel = TAKE_FD(ours);
        r = hold(j, pid, err);
        if (r == 0 && (r = channel_send(j->channel, MSG_SYNC, SYNC_CGROUP, FD_NONE)) < 0)
                (void)error_set_errno(err, r, "talking to the joining process");
        if (r < 0)
                (void)process_signal(j->child, SIGKILL);
        return r;
}

static void tell_stage(Join *j, int sig)
{
        if (sig == SIGCONT)
                j->stopped = false;
        if (j->channel >= 0)
                (void)channel_send(j->channel, MSG_SIGNAL, sig, FD_NONE);
}

/* As the supervisor of a run (supervisor.c): only what was typed, or sent to us, stops us. */
static void stop_like_command(Join *j)
{
        relay_suspend(&j->relay);
        (void)kill(0, SIGTSTP);
        signals_stop_self(true, FD_NONE);
        relay_resume(&j->relay);
        tell_stage(j, SIGCONT);
}

static void stop_as_told(Join *j)
{
        tell_stage(j, SIGTSTP);
        relay_suspend(&j->relay);
        signals_stop_self(false, FD_NONE);
        relay_resume(&j->relay);
        tell_stage(j, SIGCONT);
}

static void look_at_typed(Join *j)
{
        if (relay_take_interrupt(&j->relay) && j->stopped) {
                relay_drop_typed(&j->relay);
                tell_stage(j, SIGINT);
                tell_stage(j, SIGCONT);
        } else if (j->stopped && relay_take_suspend(&j->relay)) {
                relay_drop_typed(&j->relay);
                stop_like_command(j);
        }
}

static void handle_message(Join *j)
{
        Message m;
        CLEANUP_FD int fd = FD_NONE;
        if (channel_receive(j->channel, &m, &fd) <= 0) {
                j->channel = fd_close(j->channel);
                return;
        }
        switch (m.type) {
        case MSG_ERROR:
                (void)error_take(&j->error, &m.error, "the joining process");
                break;
        case MSG_TERMINAL:
                relay_start(&j->relay, TAKE_FD(fd));
                break;
        case MSG_STOPPED:
                j->stopped = true;
                if (relay_take_suspend(&j->relay) || !defence_is_on(DEFENCE_STOPS))
                        stop_like_command(j);
                break;
        case MSG_EXIT:
        case MSG_EXIT_LAST:
                j->ended = true;
                j->status = m.value;
                break;
        default:
                break;
        }
}

static void handle_signal(Join *j)
{
        struct signalfd_siginfo info;
        if (read(j->signals, &info, sizeof(info)) != sizeof(info))
                return;
        int sig = (int)info.ssi_signo;
        if (sig == SIGTTIN || sig == SIGTTOU)
                return;
        if (sig == SIGCONT)
                relay_resume(&j->relay);
        if (sig == SIGWINCH)
                relay_resize(&j->relay);
        if (sig == SIGWINCH && j->relay.master >= 0 && !j->relay.only_output)
                return;
        /* The second one is for a command that does not listen; it has a moment, as in supervisor.c. */
        if (sig == SIGINT && ++j->interrupts == 2)
                j->kill_at_us = clock_us() + SECOND_INTERRUPT_US;
        else if (sig == SIGINT && j->interrupts > 2)
                (void)process_signal(j->child, SIGKILL);
        tell_stage(j, sig);
        if (j->stopped && signals_is_fatal(sig))
                tell_stage(j, SIGCONT);
}

static void supervise(Join *j, int *ret_status)
{
        enum { SIGNALS, STOPS, CHANNEL, CHILD, STREAM, RELAY = STREAM + STREAMS, N = RELAY + RELAY_POLLS };
        log_set_patience(0, FD_NONE);
        while (j->child >= 0) {
                struct pollfd fds[N];
                fds[SIGNALS] = (struct pollfd){.fd = j->signals, .events = POLLIN};
                fds[STOPS] = (struct pollfd){.fd = j->stops, .events = POLLIN};
                fds[CHANNEL] = (struct pollfd){.fd = j->channel, .events = POLLIN};
                fds[CHILD] = (struct pollfd){.fd = j->child, .events = POLLIN};
                int timeout = clock_sooner(streams_poll_prepare(&j->streams, fds + STREAM),
                                           relay_poll_prepare(&j->relay, fds + RELAY));
                if (poll(fds, N, clock_sooner(timeout, clock_until(j->kill_at_us))) < 0) {
                        if (errno == EINTR)
                                continue;
                        return;
                }
                if (fds[STOPS].revents)
                        stop_as_told(j);
                if (fds[SIGNALS].revents)
                        handle_signal(j);
                if (fds[CHANNEL].revents)
                        handle_message(j);
                streams_poll_handle(&j->streams, fds + STREAM);
                relay_poll_handle(&j->relay, fds + RELAY);
                look_at_typed(j);
                if (clock_until(j->kill_at_us) == 0) {
                        j->kill_at_us = 0;
                        (void)process_signal(j->child, SIGKILL);
                }
                /* What it said before its end is read first. */
                if (fds[CHILD].revents && j->channel < 0) {
                        (void)process_wait(j->child, ret_status);
                        j->child = fd_close(j->child);
                }
        }
}

static void teardown(Join *j)
{
        if (j->child >= 0) {
                (void)process_signal(j->child, SIGKILL);
                (void)process_wait(j->child, NULL);
                j->child = fd_close(j->child);
        }
        relay_stop(&j->relay, &j->streams,
                   (StreamsEnd){.success = j->ended && j->status == 0,
                                .patient = j->ended && WIFEXITED(j->status),
                                .signals = j->signals,
                                .stops = j->stops,
                                .over = j->live->pidfd},
                   &j->error);
        j->channel = fd_close(j->channel);
        j->userns = fd_close(j->userns);
        for (size_t i = 0; i < NS_MAX; i++)
                j->ns[i] = fd_close(j->ns[i]);
        seccomp_filter_clear(&j->filter);
        if (j->signals >= 0)
                (void)sigprocmask(SIG_SETMASK, &j->signals_before, NULL);
        log_stop_watching();
        j->signals = fd_close(j->signals);
        j->stops = fd_close(j->stops);
}

/*
 * exec's supervisor
 *   has: the user's own id, the host's namespaces, the caller's terminal.
 *   must: see that what is joined is a sandbox of ours, hold the command with its limits, pass on signals and
 * terminal.
 *   must not: enter the sandbox itself.
 */
int join_run(const Live *live, const PlanPayload *payload, int *ret_exit, Error *err)
{
        Join j = {
                .live = live,
                .payload = payload,
                .userns = FD_NONE,
                .ns = {[0 ... NS_MAX - 1] = FD_NONE},
                .signals = FD_NONE,
                .stops = FD_NONE,
                .channel = FD_NONE,
                .child = FD_NONE,
                .streams = STREAMS_NONE,
                .relay = {.master = FD_NONE},
        };
        int status = 0;
        int r = prepare(&j, &j.error);
        if (r == 0)
                r = start(&j, &j.error);
        if (r == 0)
                supervise(&j, &status);
        else
                (void)error_ensure(&j.error, r, "joining the sandbox");
        teardown(&j);
        if (j.error.errnum != 0) {
                *err = j.error;
                return -j.error.errnum;
        }
        if (!j.ended && !WIFSIGNALED(status))
                return error_set(err, EIO, "the joining process ended without a word (status %d)",
                                 process_exit_code(status));
        /* A stage that was killed: the sandbox has ended, and all in it. */
        *ret_exit = process_exit_code(j.ended ? j.status : status);
        return 0;
}
