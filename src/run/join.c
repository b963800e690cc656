/* SPDX-License-Identifier: Apache-2.0 */
/* Runs another command in a running sandbox: a session whose stage is join. */
#include "run/join.h"

#include "base/defence.h"
#include "base/process.h"
#include "mech/cgroup.h"
#include "mech/scope.h"
#include "run/limits.h"
#include "run/session.h"
#include "run/stages.h"

#include <signal.h>
#include <sys/wait.h>

typedef struct Join {
        Session session; /* the first member */
        const Live *live;
        SeccompFilter filter;
        StageContext stage;
        int userns, ns[NS_MAX];
} Join;

static int prepare_join(Join *j, Error *err)
{
        const LiveRecord *record = &j->live->record;
        int r = session_prepare(&j->session, err);
        if (r == 0)
                r = live_open_namespaces(j->live, &j->userns, j->ns, err);
        if (r == 0)
                r = seccomp_prepare(&record->privileges, record->state_dir, &j->filter, err);
        /* Another version of kurung started the sandbox, or the filter's file has changed. */
        if (r == 0 && defence_is_on(DEFENCE_JOIN) && !str_eq(j->filter.key, record->filter))
                r = error_set(err, ESTALE,
                              "the system call filter of the sandbox '%s' is no longer available: kurung or "
                              "the filter's file changed since the sandbox started",
                              j->live->name);
        return r < 0 ? r : session_take_signals(&j->session, NULL, 0, err);
}

/* Applies the sandbox's limits to the command before it does anything. */
static int hold(const Join *j, pid_t pid, Error *err)
{
        const LiveRecord *record = &j->live->record;
        Cgroup cg = CGROUP_NOTHING;
        if (!record->cgroup) {
                limits_apply_weak(&record->resources, pid);
                return 0;
        }
        int r = cgroup_open_payload(&cg, record->cgroup);
        if (r == 0)
                r = cgroup_join(&cg, pid);
        cgroup_clear(&cg);
        /* Only the user manager may move a process from a session's group to one of the manager's. */
        if ((r == -EACCES || r == -EPERM) && record->unit && record->resources.user_manager)
                return scope_attach(record->resources.user_manager, record->unit, "/payload", pid, err);
        return r < 0 ? error_set_errno(err, r, "cannot move the command into the control group '%s'",
                                       record->cgroup)
                     : 0;
}

static int join_main(void *userdata)
{
        const Join *j = userdata;
        return stage_join_main(&j->stage, j->userns, j->ns);
}

static int start(Join *j, const PlanPayload *payload, Error *err)
{
        Session *session = &j->session;
        CLEANUP_FD int theirs = FD_NONE;
        int r = session_make_channel(session, &theirs, err);
        if (r < 0)
                return r;
        j->stage = (StageContext){
                .identity = &j->live->record.identity,
                .resources = &j->live->record.resources,
                .privileges = &j->live->record.privileges,
                .payload = payload,
                .filter = &j->filter,
                .channel = theirs,
                .run_fd = FD_NONE,
                .home_fd = FD_NONE,
                .tty_fds = defence_is_on(DEFENCE_PTY) ? streams_terminals(&session->streams) : 0,
        };
        const PlanNamespaces none = {0};
        int own[NS_MAX + 2];
        memcpy(own, j->ns, sizeof(j->ns));
        own[NS_MAX] = theirs;
        own[NS_MAX + 1] = j->userns;
        pid_t pid = session_clone_stage(session, &none, join_main, j, own, ARRAY_LEN(own), err);
        if (pid < 0)
                return pid;
        r = hold(j, pid, err);
        if (r < 0)
                return r;
        session_enter(session, SESSION_STARTING);
        r = session_sync(session, SYNC_CGROUP);
        return r < 0 ? error_set_errno(err, r, "cannot communicate with the joining process") : 0;
}

/* The processes of the stage die with it (PR_SET_PDEATHSIG(2const)). */
static void kill_stage(Session *session)
{
        if (session->stage >= 0)
                (void)process_signal(session->stage, SIGKILL);
}

static const SessionOps join_ops = {.sender = SENDER_JOIN, .kill = kill_stage};

static void teardown(Join *j)
{
        session_end(&j->session, j->live->pidfd);
        j->userns = fd_close(j->userns);
        for (size_t i = 0; i < NS_MAX; i++)
                j->ns[i] = fd_close(j->ns[i]);
        seccomp_filter_clear(&j->filter);
        session_clear(&j->session);
}

/*
 * exec's supervisor
 *   has: the user's own id, the host's namespaces, the caller's terminal.
 *   must: check that the process to join is a sandbox of the user, apply the sandbox's limits to the command,
 *     pass on signals and the terminal.
 *   must not: enter the sandbox itself.
 */
int join_run(const Live *live, const PlanPayload *payload, int *ret_exit, Error *err)
{
        Join j = {
                .session = SESSION_OF(&join_ops),
                .live = live,
                .userns = FD_NONE,
                .ns = {[0 ... NS_MAX - 1] = FD_NONE},
        };
        Session *session = &j.session;
        int r = prepare_join(&j, &session->error);
        if (r == 0)
                r = start(&j, payload, &session->error);
        if (r == 0)
                session_supervise(session);
        else
                (void)error_ensure(&session->error, r, "joining the sandbox");
        teardown(&j);
        if (session->error.errnum != 0) {
                *err = session->error;
                return -err->errnum;
        }
        int status = session->payload_ended ? session->payload_status : session->stage_status;
        if (!session->payload_ended && !WIFSIGNALED(status))
                return error_set(err, EIO, "the joining process exited without an error message (status %d)",
                                 process_exit_code(status));
        /* A killed stage means that the sandbox has ended, with all processes in it. */
        *ret_exit = process_exit_code(status);
        return 0;
}
