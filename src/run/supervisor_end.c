/* SPDX-License-Identifier: Apache-2.0 */
/* Undoes a run, keeps its changes if requested, and fills the report. */
#include "run/supervisor_internal.h"

#include "base/fds.h"
#include "base/log.h"
#include "base/path.h"
#include "base/process.h"
#include "base/timings.h"
#include "state/spare.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static void drop_namespaces(Supervisor *s)
{
        for (size_t i = 0; i < NS_MAX; i++)
                s->ns[i] = fd_close(s->ns[i]);
}

/*
 * Returns whether the kernel may take the namespaces apart after the end of kurung: no process is in them
 * then, and nobody uses their layers again. A server of an overlay ends only when its mount is gone.
 */
static bool may_outlive(const Supervisor *s)
{
        return s->n_overlays == 0 && !s->plan->storage.keep;
}

/* Counts the changes in the run directory before it is removed. */
static void count_dropped(Supervisor *s)
{
        if (!s->options->count_dropped || s->run_counted || helpers_have_died(&s->session.helpers) ||
            s->session.payload_pid == 0)
                return;
        s->run_counted = true;
        dropped_count(s->plan, s->run.fd, &s->report->dropped);
}

/* Called when no process inside is left. */
static int release_run_dir(Supervisor *s)
{
        return supervisor_may_be_spare(s->plan) && spare_give(&s->run, &s->plan->root)
                       ? 0
                       : run_dir_remove(&s->run, s->userns, NULL);
}

void supervisor_ended(Session *session, bool last)
{
        Supervisor *s = supervisor_of(session);
        timings_reached("wait for the command");
        mount_watch_end(&s->mounts);
        if (!last)
                return;
        net_helper_finish(&s->net);
        /* No process writes any more. If something waits for it, closing the last descriptors makes the
         * kernel destroy the namespaces; meanwhile the supervisor removes the written files. */
        if (!may_outlive(s))
                drop_namespaces(s);
        if (s->n_overlays == 0 && s->run.fd >= 0 && !s->plan->storage.keep) {
                count_dropped(s);
                /* A process that joined (exec) is not a child of init, and may write until init has ended: a
                 * spare must not have that. What is removed, it cannot write any more. */
                s->run_removed =
                        !supervisor_may_be_spare(s->plan) && run_dir_remove(&s->run, s->userns, NULL) == 0;
        }
        timings_reached("remove the run directory");
}

/* Without the record, apply finds conflicts that may be none. */
static void record_host(const Supervisor *s)
{
        Error err = {0};
        if (kept_record_host(&s->run, s->plan->storage.resume, &err) < 0)
                log_notice("%s", err.text);
}

/* The payload's changes are kept even if the run failed; a run that never started a payload has no changes to
 * keep. */
static void end_kept(Supervisor *s)
{
        Error err = {0};
        bool nothing = !helpers_have_died(&s->session.helpers) &&
                       (s->session.error.errnum != 0 || s->session.state < SESSION_STARTING) &&
                       !dropped_any(s->plan, s->run.fd);
        if (nothing && !s->plan->storage.resume) {
                if (run_dir_remove(&s->run, s->userns, &err) < 0)
                        log_notice("%s", err.text);
                return;
        }
        s->report->kept = true;
        int code = process_exit_code(s->session.payload_ended ? s->session.payload_status
                                                              : s->session.stage_status);
        record_host(s);
        if (kept_end(&s->run, code, s->userns, &err) < 0)
                log_notice("%s", err.text);
        if (!s->options->keep_name && !s->plan->storage.resume && !s->options->quiet_name)
                log_notice("kept as %s: \"kurung diff %s\" shows the changes", s->run.name, s->run.name);
}

/* fuse-overlayfs failed: the payload's changes become a kept sandbox, so that they are not lost. An apply can
 * bring its links to the working directory then, so that it is remembered first. */
static bool keep_what_is_left(Supervisor *s)
{
        Error err = {0};
        CLEANUP_FREE char *path = NULL;
        supervisor_remember_written(s, true);
        if (kept_from_run(s->plan, s->options->spec, s->options->work_dir, EXIT_KURUNG_FAILED, s->userns,
                          &s->run, &path, &err) < 0) {
                log_notice("cannot keep its changes: %s", err.text);
                return false;
        }
        record_host(s);
        log_notice("\"kurung diff %s\" shows its changes, \"kurung discard %s\" removes them; kept in %s",
                   s->run.name, s->run.name, path);
        return true;
}

/* Keeps the run directory, or removes it with its files. */
static void end_run_dir(Supervisor *s)
{
        if (s->plan->storage.keep) {
                end_kept(s);
                return;
        }
        bool kept =
                helpers_have_died(&s->session.helpers) && s->session.payload_pid != 0 && keep_what_is_left(s);
        if (kept)
                return;
        count_dropped(s);
        if (!s->run_removed && release_run_dir(s) < 0)
                log_notice("cannot remove the files of the run: '%s/%s'", s->plan->storage.state_dir,
                           s->run.name);
}

void supervisor_teardown(Supervisor *s)
{
        Session *session = &s->session;
        session_end(session, s->limits.timer);
        Error planted = {0};
        if (guard_end(&s->guard, &planted) < 0 && session->error.errnum == 0)
                session->error = planted;
        if (session->payload_pid != 0)
                nested_tell(&s->nested);
        nested_clear(&s->nested);
        live_remove(&s->live);
        live_record_clear(&s->record);
        Error not_served = {0};
        int served = helpers_stop(&session->helpers, &not_served);
        if (session->payload_pid != 0 && session->error.errnum == 0)
                disk_look_last(&s->disk, s->userns);
        s->report->disk_late = s->disk.late;
        (void)disk_tell(&s->disk, s->report->disk_end, sizeof(s->report->disk_end));
        disk_clear(&s->disk);
        if (served < 0 && session->payload_ended && session->error.errnum == 0)
                session->error = not_served;
        mount_watch_end(&s->mounts);
        s->fuse_fd = fd_close(s->fuse_fd);
        limits_end(&s->limits, s->report);
        if (s->run.fd >= 0)
                end_run_dir(s);
        if (s->plan->storage.state_dir)
                run_dir_clear_stale(s->plan->storage.state_dir, s->userns);
        run_dir_clear(&s->run);
        s->home = fd_close(s->home);
        /* The setup stage has been waited for, so that these are the last references. */
        if (may_outlive(s))
                fds_abandon(s->ns, NS_MAX);
        else
                drop_namespaces(s);
        seccomp_filter_clear(&s->filter);
        s->placeholders = fd_close(s->placeholders);
        free(s->placeholders_path);
        s->userns = fd_close(s->userns);
        /* A late signal must not kill kurung once it is unblocked. */
        (void)signal(LIVE_SIGNAL_END, SIG_IGN);
        session_clear(session);
}

/* The kernel was faster than the check of the group (limits.c): the killed process is the command, whose end
 * is known. Its name is that of proc_pid_comm(5) after execve(2). */
static void name_starved(const Supervisor *s, RunReport *report)
{
        RunKilled *killed = &report->killed[report->n_killed++];
        (void)snprintf(killed->name, sizeof(killed->name), "%.15s",
                       path_name(s->plan->payload.argv.items[0]));
        killed->pid = s->session.payload_pid;
}

int supervisor_conclude(Supervisor *s, Error *err)
{
        const Session *session = &s->session;
        RunReport *report = s->report;
        report->began = session->state >= SESSION_STARTING;
        report->told_to_end = session->told_to_end;
        if (session->error.errnum != 0 && session->ended_by == 0) {
                *err = session->error;
                report->exit_code = err->exit_code;
                return -err->errnum;
        }
        /* init is in the payload's group: at its memory limit, the kernel may kill init as well. */
        int stage = session->stage_status;
        int status = session->payload_ended ? session->payload_status
                     : session->ended_by    ? session->ended_by
                                            : stage;
        bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        bool starved = killed && report->has_groups && report->use.memory.oom_kill != UINT64_MAX &&
                       report->use.memory.oom_kill > 0;
        if (!session->payload_ended && session->ended_by == 0 && WIFSIGNALED(stage) &&
            session->interrupts < 2 && s->ended_late < 2 && !starved &&
            (s->disk.end == DISK_FINE || s->disk.late))
                return error_set(err, EIO, "the sandbox was killed by signal %d", WTERMSIG(stage));
        /* There is neither a status of the payload nor an error: this must not count as success. */
        if (!session->payload_ended && !WIFSIGNALED(stage))
                return error_set(err, EIO, "the setup stage exited without an error message (status %d)",
                                 process_exit_code(stage));
        if (starved && session->payload_ended && report->n_killed == 0)
                name_starved(s, report);
        report->exit_code = process_exit_code(status);
        report->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        report->end = s->disk.end == DISK_FULL   ? RUN_DISK_FULL
                      : s->disk.end != DISK_FINE ? RUN_DISK_MAX
                      : s->ended_late > 0        ? RUN_RUNTIME_MAX
                      : starved                  ? RUN_OUT_OF_MEMORY
                      : WIFSIGNALED(status)      ? RUN_SIGNALLED
                                                 : RUN_EXITED;
        /* A command that was ended at the time limit did not succeed, even if SIGTERM made it exit with 0. */
        if (s->ended_late > 0 && report->exit_code == 0)
                report->exit_code = 128 + SIGTERM;
        return 0;
}
