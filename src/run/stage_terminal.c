/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the session and the terminal of a stage (credentials(7), pty(7)). */
#include "base/defence.h"
#include "base/fds.h"
#include "mech/tty.h"
#include "run/stages.h"

#include <signal.h>
#include <stdio.h>

bool stage_has_terminal(const StageContext *ctx)
{
        return ctx->tty_fds & 1;
}

int stage_leave_session(const StageContext *ctx, Error *err)
{
        if (ctx->payload->terminal == TERMINAL_INHERIT || !defence_is_on(DEFENCE_PTY))
                return 0;
        return setsid() < 0 ? error_set_errno(err, errno, "cannot start a session") : 0;
}

/* The name is for people: the descriptor holds the pty. */
static int pass_master(const StageContext *ctx, int master, Error *err)
{
        static const char name[] = "/dev/ptmx";
        if (ctx->payload->terminal != TERMINAL_SOCKET) {
                int r = channel_send(ctx->channel, MSG_TERMINAL, 0, master);
                return r < 0 ? error_set_errno(err, r, "cannot pass the pty") : 0;
        }
        int r = fds_send(ctx->payload->terminal_socket, name, strlen(name), &master, 1, 0);
        return r < 0 ? error_set_errno(err, r, "cannot send the pty to descriptor %d",
                                       ctx->payload->terminal_socket)
                     : 0;
}

int stage_make_terminal(const StageContext *ctx, int *ret_slave, Error *err)
{
        CLEANUP_FD int master = FD_NONE, slave = FD_NONE;
        if (ctx->tty_fds == 0)
                return 0;
        int like = ctx->payload->terminal == TERMINAL_SOCKET ? FD_NONE : ffs(ctx->tty_fds) - 1;
        int r = tty_open(like, !stage_has_terminal(ctx), &master, &slave, err);
        if (r < 0)
                return r;
        r = stage_has_terminal(ctx) ? tty_make_controlling(slave) : 0;
        if (r < 0)
                return error_set_errno(err, r, "cannot make the pty the controlling terminal");
        r = pass_master(ctx, master, err);
        if (r == 0)
                *ret_slave = TAKE_FD(slave);
        return r;
}

int stage_take_terminal(const StageContext *ctx, int slave, Error *err)
{
        /* A process group of its own in init's session: so the group is not orphaned, and can be stopped
         * (setpgid(2)). */
        bool beside_init = ctx->payload->init == INIT_KURUNG && ctx->payload->terminal != TERMINAL_INHERIT;
        if (beside_init && defence_is_on(DEFENCE_PTY) && setpgid(0, 0) < 0)
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
