/* SPDX-License-Identifier: Apache-2.0 */
/* Watches a run until it ends, and undoes it. */
#include "run/supervisor_internal.h"

#include "base/clock.h"
#include "base/defence.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/process.h"
#include "plan/plan_text.h"
#include "run/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* Between SIGTERM and SIGKILL when the time is up. */
#define GRACE_US 5000000

/* Between the second Ctrl-C and SIGKILL. */
#define SECOND_INTERRUPT_US 1000000

void supervisor_kill(Supervisor *s)
{
        s->killed = true;
        helpers_kill(&s->helpers);
        if (s->init >= 0)
                (void)process_signal(s->init, SIGKILL);
        limits_kill(&s->limits);
}

/* The setup stage has made the mount of an operation: its server gets the other side. */
static int serve_overlay(Supervisor *s)
{
        CLEANUP_FD int fd = TAKE_FD(s->fuse_fd);
        for (size_t i = 0; i < s->n_overlays; i++) {
                if (s->overlays[i].stage.index != s->fuse_index || s->overlays[i].served)
                        continue;
                overlay_helper_serve(&s->overlays[i], fd);
                int r = channel_send(s->channel, MSG_SYNC, SYNC_ROOTFS, FD_NONE);
                return r < 0 ? error_set_errno(&s->error, r, "talking to the setup stage") : 0;
        }
        return error_set(&s->error, EPROTO, "the setup stage asked for an overlay that is not in the plan");
}

/* What waited for the control groups: helpers are born in theirs, the setup stage goes on in its own. */
static void groups_are_ready(Supervisor *s)
{
        if (!s->limits.ready)
                return;
        if (helpers_start(&s->helpers, false, &s->error) < 0 || helpers_mapped(&s->helpers, &s->error) < 0)
                supervisor_kill(s);
        if (s->fuse_fd >= 0 && serve_overlay(s) < 0)
                supervisor_kill(s);
        if (s->cgroup_awaited && s->channel >= 0) {
                s->cgroup_awaited = false;
                (void)channel_send(s->channel, MSG_SYNC, SYNC_CGROUP, FD_NONE);
        }
}

/* Has the init pass a signal on, once there is one. */
static void tell_init(Supervisor *s, int sig)
{
        if (sig == SIGCONT)
                s->stopped = false;
        if (s->may_start && s->channel >= 0)
                (void)channel_send(s->channel, MSG_SIGNAL, sig, FD_NONE);
}

/* What would end the payload ends the run where there is none yet: it can't have a handler. */
static void pass_on(Supervisor *s, int sig)
{
        bool fatal = signals_is_fatal(sig);
        if (fatal && !s->may_start) {
                s->ended_by = s->ended_by ? s->ended_by : sig;
                supervisor_kill(s);
                return;
        }
        tell_init(s, sig);
        /* A stopped process does not hear. */
        if (fatal && s->stopped)
                tell_init(s, SIGCONT);
}

/* Lets the payload start once its network is there. */
static void go_on_with_network(Supervisor *s)
{
        if (!s->net_awaited || !net_helper_lets_start(&s->net))
                return;
        s->net_awaited = false;
        (void)channel_send(s->channel, MSG_SYNC, SYNC_EXEC, FD_NONE);
        s->may_start = true;
}

/* Nothing that ends now is the reason for an end of the sandbox: it is the other way round. */
static bool is_ending(const Supervisor *s)
{
        return s->killed || s->payload_ended || s->init < 0 || s->error.errnum != 0;
}

static void look_for_dying(Supervisor *s)
{
        if (helpers_look_for_dying(&s->helpers, is_ending(s), &s->error) < 0)
                supervisor_kill(s);
}

/*
 * We stop only when the caller's side asks for it. Here the suspend character was typed at the terminal that
 * we relay, and has stopped the payload: so are the rest of our group (a pipeline), as the terminal would
 * have done it, and we, until somebody continues us.
 */
static void stop_like_payload(Supervisor *s)
{
        relay_suspend(&s->relay);
        (void)kill(0, SIGTSTP);
        signals_stop_self(true, s->limits.timer);
        relay_resume(&s->relay);
        tell_init(s, SIGCONT);
}

/* And here the caller's terminal, which we do not relay, or kill(1) has sent SIGTSTP. */
static void stop_as_told(Supervisor *s)
{
        tell_init(s, SIGTSTP);
        relay_suspend(&s->relay);
        signals_stop_self(false, s->limits.timer);
        relay_resume(&s->relay);
        tell_init(s, SIGCONT);
}

/* A payload that stops itself stops nobody else. */
static void payload_stopped(Supervisor *s)
{
        s->stopped = true;
        if (relay_take_suspend(&s->relay) || !defence_is_on(DEFENCE_STOPS)) {
                stop_like_payload(s);
        } else if (s->relay.raw && !s->told_stopped) {
                s->told_stopped = true;
                log_notice("the command has stopped itself: Ctrl-Z suspends kurung, Ctrl-C ends the command");
        }
}

/* What was typed at a payload that does not listen. */
static void look_at_typed(Supervisor *s)
{
        bool interrupt = relay_take_interrupt(&s->relay);
        if (interrupt && helpers_are_stopped(&s->helpers)) {
                s->ended_by = SIGINT;
                supervisor_kill(s);
        } else if (interrupt && s->stopped) {
                relay_drop_typed(&s->relay);
                pass_on(s, SIGINT);
        } else if (s->stopped && relay_take_suspend(&s->relay)) {
                relay_drop_typed(&s->relay);
                stop_like_payload(s);
        }
}

/* The plan as people read it, for "kurung inspect". */
static int print_plan(const Plan *plan, StrList *ret)
{
        CLEANUP_FREE char *text = NULL;
        char *save = NULL;
        size_t len;
        int r = 0;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return -ENOMEM;
        plan_print(plan, out);
        if (fclose(out) != 0)
                return -ENOMEM;
        for (char *l = strtok_r(text, "\n", &save); r == 0 && l; l = strtok_r(NULL, "\n", &save))
                r = strlist_add(ret, l);
        return r;
}

/* From now on others find it by its name. One that can't be found runs all the same. */
static void record_start(Supervisor *s)
{
        LiveRecord *record = &s->record;
        Error err = {0};
        record->started = s->report->started;
        record->kept = s->plan->storage.keep;
        record->userns = s->userns;
        record->filter = s->filter.key;
        record->cgroup = cgroup_payload_path(&s->limits.cgroup);
        record->unit = record->cgroup && s->limits.scope.unit[0] ? s->limits.scope.unit : NULL;
        record->work_dir = (char *)(uintptr_t)s->options->work_dir;
        if (s->options->spec)
                record->spec = *s->options->spec;
        if (live_write(s->plan, s->report->name, record, &s->live, &err) < 0)
                log_detail("the sandbox %s can't be found by its name: %s", s->report->name, err.text);
        free(record->cgroup);
}

static void take_namespaces(Supervisor *s, int mask, const int *fds, size_t n)
{
        size_t at = 0;
        for (size_t i = 0; i < NS_MAX && at < n; i++) {
                if (!(mask & (1 << i)))
                        continue;
                fd_close(s->record.ns[i]);
                s->record.ns[i] = fds[at++];
        }
        while (at < n)
                fd_close(fds[at++]);
}

static void drop_namespaces(Supervisor *s)
{
        for (size_t i = 0; i < NS_MAX; i++)
                s->record.ns[i] = fd_close(s->record.ns[i]);
}

static bool is_lost_file_system(int errnum)
{
        return errnum == EIO || errnum == ENOTCONN || errnum == ECONNABORTED;
}

/* What goes with the run's directory, before that is removed. */
static void count_dropped(Supervisor *s)
{
        if (!s->options->count_dropped || s->run_counted || helpers_have_died(&s->helpers) ||
            s->payload_pid == 0)
                return;
        s->run_counted = true;
        dropped_count(s->plan, s->options->work_dir, s->run.fd, &s->report->dropped);
}

/* Who names what is to be hidden would believe it hidden. */
static void tell_missing(const Plan *plan, size_t index)
{
        const PlanOp *op = index < plan->root.n_ops ? &plan->root.ops[index] : NULL;
        if (op && op->origin)
                log_notice("%s: nothing is at %s that could be hidden%s", op->origin, op->dest,
                           strpbrk(op->dest, "*?[") ? " (wildcards are not expanded)" : "");
}

static void handle_message(Supervisor *s)
{
        Message m;
        int fds[CHANNEL_FDS_MAX];
        size_t n = 0;
        int r = channel_receive_fds(s->channel, &m, fds, &n);
        if (r > 0 && m.type == MSG_NAMESPACES) {
                take_namespaces(s, m.value, fds, n);
                return;
        }
        CLEANUP_FD int fd = r > 0 && n > 0 ? fds[0] : FD_NONE;
        for (size_t i = 1; r > 0 && i < n; i++)
                fd_close(fds[i]);
        if (r <= 0) {
                s->channel = fd_close(s->channel);
                return;
        }
        switch (m.type) {
        case MSG_ERROR:
                if (is_lost_file_system(m.error.errnum))
                        look_for_dying(s);
                (void)error_take(&s->error, &m.error, "a stage of the sandbox");
                break;
        case MSG_FUSE_DEVICE:
                s->fuse_index = (size_t)m.value;
                fd_close(s->fuse_fd);
                s->fuse_fd = TAKE_FD(fd);
                groups_are_ready(s);
                break;
        case MSG_TERMINAL:
                relay_start(&s->relay, TAKE_FD(fd));
                break;
        case MSG_TAP:
                net_helper_pass_tap(&s->net, TAKE_FD(fd));
                break;
        case MSG_MOUNTS:
                if (mount_watch_begin(&s->mounts, TAKE_FD(fd), &s->error) < 0)
                        supervisor_kill(s);
                break;
        case MSG_MISSING:
                tell_missing(s->plan, (size_t)m.value);
                break;
        case MSG_STOPPED:
                payload_stopped(s);
                break;
        case MSG_EXIT_LAST:
        case MSG_EXIT:
                if (WIFSIGNALED(m.value) && WTERMSIG(m.value) == SIGBUS)
                        look_for_dying(s);
                s->payload_ended = true;
                s->payload_status = m.value;
                mount_watch_end(&s->mounts);
                if (m.type == MSG_EXIT)
                        break;
                net_helper_finish(&s->net);
                /* Nobody writes any more: while the kernel takes the namespaces apart, which it does for who
                 * holds them last, we remove what was written. */
                drop_namespaces(s);
                if (s->n_overlays == 0 && s->run.fd >= 0 && !s->plan->storage.keep) {
                        count_dropped(s);
                        s->run_removed = run_dir_remove(&s->run, s->userns, NULL) == 0;
                }
                break;
        case MSG_SYNC:
                s->cgroup_awaited = s->cgroup_awaited || m.value == SYNC_CGROUP;
                groups_are_ready(s);
                s->net_awaited = s->net_awaited || m.value == SYNC_NETNS;
                go_on_with_network(s);
                break;
        case MSG_STARTED:
                s->payload_pid = m.value;
                record_start(s);
                break;
        case MSG_NAMESPACES:
        case MSG_SIGNAL:
                break;
        }
}

static void handle_signal(Supervisor *s)
{
        struct signalfd_siginfo info;
        if (read(s->signals, &info, sizeof(info)) != sizeof(info))
                return;
        int sig = (int)info.ssi_signo;
        if (sig == LIVE_SIGNAL_END) {
                s->interrupts = 2;
                supervisor_kill(s);
                return;
        }
        switch (sig) {
        case SIGCHLD:
                helpers_look_for_stopped(&s->helpers);
                return;
        case SIGTTIN:
        case SIGTTOU:
                return;
        case SIGCONT:
                relay_resume(&s->relay);
                break;
        case SIGWINCH:
                relay_resize(&s->relay);
                if (s->relay.master >= 0 && !s->relay.only_output)
                        return; /* the pty tells its foreground group itself */
                break;
        case SIGINT:
                if (helpers_are_stopped(&s->helpers)) {
                        s->ended_by = SIGINT;
                        supervisor_kill(s);
                        return;
                }
                /* The second one is for a payload that does not listen. Not at once: timeout(1) and npm(1)
                 * send one to us and one to our group, and both mean the same. */
                if (++s->interrupts == 2)
                        s->kill_at_us = clock_us() + SECOND_INTERRUPT_US;
                else if (s->interrupts > 2)
                        supervisor_kill(s);
                break;
        case SIGTERM:
        case SIGHUP:
                s->report->told_to_end = true;
                break;
        default:
                break;
        }
        pass_on(s, sig);
}

/* RuntimeMaxSec=: asked to end first, as systemd does. */
static void time_is_up(Supervisor *s)
{
        if (!s->may_start) {
                s->ended_late = 2;
                s->limits.time_is_up = false;
                pass_on(s, SIGTERM);
                return;
        }
        if (s->ended_late++ > 0) {
                supervisor_kill(s);
                return;
        }
        limits_more_time(&s->limits, GRACE_US);
        tell_init(s, SIGTERM);
        tell_init(s, SIGCONT);
}

static void handle_limits(Supervisor *s, const struct pollfd *fds)
{
        bool waited = !s->limits.ready;
        if (limits_poll_handle(&s->limits, fds, &s->error) < 0)
                supervisor_kill(s);
        else if (waited)
                groups_are_ready(s);
        if (s->limits.time_is_up)
                time_is_up(s);
}

/* A mount has gone that hides or protects something: nothing inside goes on. */
static void look_at_mounts(Supervisor *s, bool by_rename)
{
        Error err = {0};
        int r = by_rename ? mount_watch_look_at_renames(&s->mounts, &err)
                          : mount_watch_look(&s->mounts, &s->plan->root, &err);
        if (r == 0)
                return;
        mount_watch_end(&s->mounts);
        if (s->error.errnum == 0)
                s->error = err;
        supervisor_kill(s);
}

static void supervise(Supervisor *s)
{
        enum {
                SIGNALS,
                STOPS,
                CHANNEL,
                INIT,
                MOUNTS,
                RENAMES,
                HELPERS,
                LIMITS = HELPERS + HELPER_POLLS,
                DISK = LIMITS + LIMITS_POLLS,
                STREAM = DISK + DISK_POLLS,
                RELAY = STREAM + STREAMS,
                N = RELAY + RELAY_POLLS
        };
        log_set_patience(0, FD_NONE);
        while (s->init >= 0) {
                struct pollfd fds[N];
                fds[SIGNALS] = (struct pollfd){.fd = s->signals, .events = POLLIN};
                fds[STOPS] = (struct pollfd){.fd = s->stops, .events = POLLIN};
                fds[CHANNEL] = (struct pollfd){.fd = s->channel, .events = POLLIN};
                fds[INIT] = (struct pollfd){.fd = s->init, .events = POLLIN};
                fds[MOUNTS] = (struct pollfd){.fd = s->mounts.fd, .events = POLLPRI};
                fds[RENAMES] = (struct pollfd){.fd = s->mounts.renames, .events = POLLIN};
                helpers_poll_prepare(&s->helpers, fds + HELPERS);
                int timeout = limits_poll_prepare(&s->limits, fds + LIMITS);
                disk_poll_prepare(&s->disk, fds + DISK);
                timeout = clock_sooner(timeout, streams_poll_prepare(&s->streams, fds + STREAM));
                timeout = clock_sooner(timeout, relay_poll_prepare(&s->relay, fds + RELAY));
                timeout = clock_sooner(timeout, clock_until(s->kill_at_us));
                if (poll(fds, N, timeout) < 0) {
                        if (errno == EINTR)
                                continue;
                        supervisor_kill(s);
                        break;
                }
                if (fds[STOPS].revents)
                        stop_as_told(s);
                if (fds[SIGNALS].revents)
                        handle_signal(s);
                if (fds[CHANNEL].revents)
                        handle_message(s);
                if (fds[MOUNTS].revents && s->mounts.fd >= 0)
                        look_at_mounts(s, false);
                if (fds[RENAMES].revents && s->mounts.renames >= 0)
                        look_at_mounts(s, true);
                handle_limits(s, fds + LIMITS);
                /* A disk that fills up has no time for a polite end. */
                if (disk_poll_handle(&s->disk, fds + DISK, s->userns))
                        supervisor_kill(s);
                if (helpers_handle_messages(&s->helpers, fds + HELPERS, &s->error) < 0)
                        supervisor_kill(s);
                go_on_with_network(s);
                streams_poll_handle(&s->streams, fds + STREAM);
                relay_poll_handle(&s->relay, fds + RELAY);
                look_at_typed(s);
                if (clock_until(s->kill_at_us) == 0) {
                        s->kill_at_us = 0;
                        supervisor_kill(s);
                }
                /* What init said before its end is read first. */
                if (fds[INIT].revents && s->channel < 0) {
                        (void)process_wait(s->init, &s->init_status);
                        s->init = fd_close(s->init);
                }
                if (helpers_handle_ends(&s->helpers, fds + HELPERS, is_ending(s), &s->error) < 0)
                        supervisor_kill(s);
        }
}

/* What a payload wrote is kept, whatever else went wrong; a run that never came to one has nothing worth it.
 */
static void end_kept(Supervisor *s)
{
        Error err = {0};
        bool nothing = !helpers_have_died(&s->helpers) && (s->error.errnum != 0 || !s->may_start) &&
                       !dropped_any(s->plan, s->run.fd);
        if (nothing && !s->plan->storage.resume) {
                if (run_dir_remove(&s->run, s->userns, &err) < 0)
                        log_notice("%s", err.text);
                return;
        }
        s->report->kept = true;
        int code = process_exit_code(s->payload_ended ? s->payload_status : s->init_status);
        if (kept_end(&s->run, code, s->userns, &err) < 0)
                log_notice("%s", err.text);
        if (!s->options->keep_name && !s->plan->storage.resume && !s->options->quiet_name)
                log_notice("kept as %s: \"kurung diff %s\" shows what changed", s->run.name, s->run.name);
}

/* fuse-overlayfs has failed, and the payload's work is not lost with it: a kept sandbox now. */
static bool keep_what_is_left(Supervisor *s)
{
        Error err = {0};
        CLEANUP_FREE char *path = NULL;
        if (kept_from_run(s->plan, s->options->spec, s->options->work_dir, EXIT_KURUNG_FAILED, s->userns,
                          &s->run, &path, &err) < 0) {
                log_notice("what it had written could not be kept: %s", err.text);
                return false;
        }
        log_notice(
                "\"kurung diff %s\" shows what it had written, \"kurung discard %s\" removes it; kept in %s",
                s->run.name, s->run.name, path);
        return true;
}

static void teardown(Supervisor *s)
{
        if (s->init >= 0) {
                supervisor_kill(s);
                (void)process_wait(s->init, &s->init_status);
                s->init = fd_close(s->init);
        }
        /* Early: what is typed from now on is for others. Who stops us finds us until all is written. */
        relay_stop(&s->relay, &s->streams,
                   (StreamsEnd){.success = s->payload_ended && s->payload_status == 0,
                                .patient = s->payload_ended && WIFEXITED(s->payload_status),
                                .signals = s->signals,
                                .stops = s->stops,
                                .over = s->limits.timer},
                   &s->error);
        live_remove(&s->live);
        strlist_clear(&s->record.text);
        Error not_served = {0};
        int served = helpers_stop(&s->helpers, &not_served);
        if (s->payload_pid != 0 && s->error.errnum == 0)
                disk_look_last(&s->disk, s->userns);
        s->report->disk_late = s->disk.late;
        (void)disk_tell(&s->disk, s->report->disk_end, sizeof(s->report->disk_end));
        disk_clear(&s->disk);
        if (served < 0 && s->payload_ended && s->error.errnum == 0)
                s->error = not_served;
        mount_watch_end(&s->mounts);
        s->fuse_fd = fd_close(s->fuse_fd);
        limits_end(&s->limits, s->report);
        if (s->run.fd >= 0 && s->plan->storage.keep) {
                end_kept(s);
        } else if (s->run.fd >= 0) {
                bool kept = helpers_have_died(&s->helpers) && s->payload_pid != 0 && keep_what_is_left(s);
                if (!kept)
                        count_dropped(s);
                if (!kept && !s->run_removed && run_dir_remove(&s->run, s->userns, NULL) < 0)
                        log_notice("what the run wrote could not be removed: %s/%s",
                                   s->plan->storage.state_dir, s->run.name);
        }
        if (s->plan->storage.state_dir)
                run_dir_clear_stale(s->plan->storage.state_dir, s->userns);
        run_dir_clear(&s->run);
        s->home = fd_close(s->home);
        drop_namespaces(s);
        seccomp_filter_clear(&s->filter);
        s->placeholders = fd_close(s->placeholders);
        free(s->placeholders_path);
        s->userns = fd_close(s->userns);
        s->channel = fd_close(s->channel);
        /* One that came too late must not end us once it is let through. */
        (void)signal(LIVE_SIGNAL_END, SIG_IGN);
        if (s->signals >= 0)
                (void)sigprocmask(SIG_SETMASK, &s->signals_before, NULL);
        log_stop_watching();
        s->signals = fd_close(s->signals);
        s->stops = fd_close(s->stops);
}

/* The kernel was quicker than our look at the group (limits.c): it was the command, whose end we know all the
 * same. Its name is that of proc_pid_comm(5) after execve(2). */
static void name_starved(const Supervisor *s, RunReport *report)
{
        RunKilled *killed = &report->killed[report->n_killed++];
        (void)snprintf(killed->name, sizeof(killed->name), "%.15s",
                       path_name(s->plan->payload.argv.items[0]));
        killed->pid = s->payload_pid;
}

/* What the run came to. */
static int conclude(const Supervisor *s, Error *err)
{
        RunReport *report = s->report;
        report->began = s->may_start;
        if (s->error.errnum != 0 && s->ended_by == 0) {
                *err = s->error;
                report->exit_code = err->exit_code;
                return -s->error.errnum;
        }
        /* init is in the payload's group: at its limit the kernel may choose it, too. */
        int status = s->payload_ended ? s->payload_status : s->ended_by ? s->ended_by : s->init_status;
        bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        bool starved = killed && report->has_groups && report->use.memory.oom_kill != UINT64_MAX &&
                       report->use.memory.oom_kill > 0;
        if (!s->payload_ended && s->ended_by == 0 && WIFSIGNALED(s->init_status) && s->interrupts < 2 &&
            s->ended_late < 2 && !starved && (s->disk.end == DISK_FINE || s->disk.late))
                return error_set(err, EIO, "the sandbox was killed (signal %d)", WTERMSIG(s->init_status));
        /* No status of a payload and no error: nobody may take that for a success. */
        if (!s->payload_ended && !WIFSIGNALED(s->init_status))
                return error_set(err, EIO, "the setup stage ended without a word (status %d)",
                                 process_exit_code(s->init_status));
        if (starved && s->payload_ended && report->n_killed == 0)
                name_starved(s, report);
        report->exit_code = process_exit_code(status);
        report->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        report->end = s->disk.end == DISK_FULL   ? RUN_DISK_FULL
                      : s->disk.end != DISK_FINE ? RUN_DISK_MAX
                      : s->ended_late > 0        ? RUN_RUNTIME_MAX
                      : starved                  ? RUN_OUT_OF_MEMORY
                      : WIFSIGNALED(status)      ? RUN_SIGNALLED
                                                 : RUN_EXITED;
        /* It did not come to its end, whatever it made of being told to. */
        if (s->ended_late > 0 && report->exit_code == 0)
                report->exit_code = 128 + SIGTERM;
        return 0;
}

/*
 * supervisor
 *   has: the user's own id, the host's namespaces, the caller's terminal.
 *   must: prepare what can fail before a child exists, watch every stage through its pidfd, undo all at the
 * end. must not: enter the sandbox, or trust what comes from it but through the channel.
 */
int run_plan(const Plan *plan, const RunOptions *options, RunReport *ret, Error *err)
{
        Supervisor s = {
                .plan = plan,
                .report = ret,
                .options = options,
                .record = LIVE_RECORD_NONE,
                .live = LIVE_FILE_NONE,
                .home = FD_NONE,
                .run = RUN_DIR_NONE,
                .placeholders = FD_NONE,
                .signals = FD_NONE,
                .stops = FD_NONE,
                .channel = FD_NONE,
                .userns = FD_NONE,
                .init = FD_NONE,
                .fuse_fd = FD_NONE,
                .mounts = MOUNT_WATCH_NONE,
                .limits = LIMITS_NOTHING,
                .disk = DISK_WATCH_NOTHING,
                .net = NET_HELPER_NONE,
                .streams = STREAMS_NONE,
                .relay = {.master = FD_NONE},
        };
        struct timespec begin, end;
        *ret = (RunReport){.end = RUN_FAILED, .exit_code = EXIT_KURUNG_FAILED};
        (void)clock_gettime(CLOCK_REALTIME, &ret->started);
        (void)clock_gettime(CLOCK_MONOTONIC, &begin);
        int r = supervisor_prepare(&s, &s.error);
        if (r == 0)
                r = supervisor_start(&s, &s.error);
        /* Now, as the setup stage has work to do and we have not. */
        if (r == 0 && print_plan(plan, &s.record.text) < 0)
                r = error_no_memory(&s.error);
        if (r == 0)
                r = limits_start_clock(&s.limits, &s.error);
        if (r == 0)
                r = disk_begin(&s.disk, plan, s.run.fd, s.home, &s.error);
        if (r == 0) {
                groups_are_ready(&s);
                supervise(&s);
        } else {
                (void)error_ensure(&s.error, r, "starting the sandbox");
        }
        teardown(&s);
        ret->network = s.net.report;
        (void)clock_gettime(CLOCK_MONOTONIC, &end);
        ret->duration_us =
                (uint64_t)((end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
        return conclude(&s, err);
}

void run_report_clear(RunReport *report)
{
        net_report_clear(&report->network);
}
