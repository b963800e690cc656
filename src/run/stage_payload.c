/* SPDX-License-Identifier: Apache-2.0 */
/* Gives up all privileges and executes the payload. */
#include "base/caps.h"
#include "base/defence.h"
#include "base/process.h"
#include "mech/landlock.h"
#include "mech/rlimits.h"
#include "run/stages.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static int take_terminal(const StageContext *ctx, int slave, Error *err)
{
        /* A group of its own in init's session: so it is no orphaned group, and can be stopped (setpgid(2)).
         */
        if (defence_is_on(DEFENCE_PTY) && setpgid(0, 0) < 0)
                return error_set_errno(err, errno, "cannot create a process group");
        if (slave < 0)
                return 0;
        (void)signal(SIGTTOU, SIG_IGN);
        if (stage_has_terminal(ctx) && tcsetpgrp(slave, getpgrp()) < 0)
                return error_set_errno(err, errno, "cannot become the foreground group");
        for (int fd = 0; fd < 3; fd++)
                if ((ctx->tty_fds & (1 << fd)) && dup2(slave, fd) < 0)
                        return error_set_errno(err, errno, "cannot replace descriptor %d by the pty", fd);
        return 0;
}

static int no_new_privileges(const PlanPrivileges *privileges, Error *err)
{
        if (!privileges->no_new_privileges || !defence_is_on(DEFENCE_NO_NEW_PRIVILEGES))
                return 0;
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
                       ? error_set_errno(err, errno, "cannot set no_new_privs")
                       : 0;
}

static int restrict_self(const StageContext *ctx, Error *err)
{
        const PlanPrivileges *privileges = ctx->privileges;
        int r = defence_is_on(DEFENCE_CAPABILITIES)
                        ? caps_apply(privileges->capabilities, ctx->identity->uid == 0, err)
                        : 0;
        if (r == 0)
                r = no_new_privileges(privileges, err);
        if (r == 0 && privileges->landlock_scope && defence_is_on(DEFENCE_LANDLOCK))
                r = landlock_apply_scope(err);
        return r;
}

/* As execvpe(3) finds it, but with the errno that a shell would report. */
static int exec_payload(const PlanPayload *payload, Error *err)
{
        char *const *argv = payload->argv.items;
        /* execvpe(3) looks at $PATH of the environment it is called in: the payload's own. */
        if (defence_is_on(DEFENCE_ENVIRONMENT))
                environ = payload->env.items;
        (void)execvpe(argv[0], argv, environ);
        int e = errno;
        bool missing = e == ENOENT || e == ENOTDIR;
        struct stat st;
        /* A script whose interpreter is missing is ENOENT, too: say which. */
        if (missing && strchr(argv[0], '/') && stat(argv[0], &st) == 0)
                (void)error_set(
                        err, e,
                        "cannot execute '%s': its interpreter or loader does not exist inside the sandbox",
                        argv[0]);
        else
                (void)error_set_errno(err, e, "cannot execute '%s'", argv[0]);
        return error_set_exit(err, missing ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/*
 * payload
 *   has: the root, the ids, all capabilities until restrict_self().
 *   must: give up everything that the plan does not name, seccomp last, and exec.
 *   must not: keep a descriptor but 0-2, or a signal disposition of the caller's.
 */
int stage_payload_main(const StageContext *ctx, int slave)
{
        Error err = {0};
        int r = take_terminal(ctx, slave, &err);
        process_restore_umask();
        process_reset_signals();
        if (r == 0)
                r = rlimits_apply(ctx->resources, &err);
        if (r == 0)
                r = restrict_self(ctx, &err);
        if (r == 0 && defence_is_on(DEFENCE_SECCOMP))
                r = seccomp_apply(ctx->filter, &err);
        if (r == 0)
                r = exec_payload(ctx->payload, &err);
        return channel_fail(ctx->channel, &err, r, "the payload's stage");
}
