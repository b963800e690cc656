/* SPDX-License-Identifier: Apache-2.0 */
/* Joins a sandbox's namespaces and starts a command there. */
#include "base/defence.h"
#include "base/process.h"
#include "mech/idmap.h"
#include "mech/rootfs.h"
#include "run/stages.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

static int die_with_parent(Error *err)
{
        return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0
                       ? error_set_errno(err, errno, "cannot set the parent-death signal")
                       : 0;
}

/* The user namespace comes first: it gives the capabilities for joining the others (setns(2)). */
static int join_namespaces(int userns, const int ns[NS_MAX], Error *err)
{
        if (setns(userns, CLONE_NEWUSER) < 0)
                return error_set_errno(err, errno, "cannot join the sandbox's user namespace");
        for (size_t i = 0; i < NS_MAX; i++)
                if (ns[i] >= 0 && setns(ns[i], namespace_kinds[i].flag) < 0)
                        return error_set_errno(err, errno, "cannot join the sandbox's %s namespace",
                                               namespace_kinds[i].name);
        return 0;
}

/* Closes all descriptors that lead to the host before any code of the sandbox runs. */
static int let_go(StageContext *ctx, Error *err)
{
        if (ctx->channel != 3 && dup3(ctx->channel, 3, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "cannot move the channel");
        ctx->channel = 3;
        int r = defence_is_on(DEFENCE_CLOSE_FDS) ? process_close_from(4) : 0;
        return r < 0 ? error_set_errno(err, r, "cannot close descriptors of the host") : 0;
}

static int join(StageContext *ctx, int userns, const int ns[NS_MAX], int *ret_slave, Error *err)
{
        /* This precedes joining the namespaces, in which the payload could inspect this process. Capabilities
         * in a user namespace of the payload do not allow that either: the memory belongs to a program that
         * was started outside (ptrace(2), "Ptrace access mode checking"). */
        int r = stage_set_dumpable(false, err);
        if (r == 0)
                r = die_with_parent(err);
        /* Leaves the caller's terminal, and the signals of its process group. */
        if (r == 0)
                r = stage_leave_session(ctx, err);
        if (r == 0)
                r = channel_expect_sync(ctx->channel, SYNC_CGROUP, err);
        if (r == 0)
                r = join_namespaces(userns, ns, err);
        if (r == 0)
                r = let_go(ctx, err);
        if (r == 0)
                r = idmap_apply(ctx->identity, err);
        /* Changing ids has reset both. */
        if (r == 0)
                r = stage_set_dumpable(false, err);
        if (r == 0)
                r = die_with_parent(err);
        if (r == 0)
                r = rootfs_enter_cwd(ctx->payload->cwd, err);
        if (r == 0)
                r = stage_make_terminal(ctx, ret_slave, err);
        return r;
}

/*
 * join
 *   has: the caller's descriptors 0-2, the channel, descriptors of the sandbox's namespaces; its control
 *     group.
 *   must: join all of them, start the payload, then wait for it like init.
 *   must not: be visible inside (it stays in the host's pid namespace), be inspected, or pass on a descriptor
 *     that leads to the host.
 */
int stage_join_main(const StageContext *given, int userns, const int ns[NS_MAX])
{
        StageContext ctx = *given;
        Error err = {0};
        CLEANUP_FD int slave = FD_NONE;
        pid_t payload = 0;
        /* The payload's process is visible inside before exec. */
        process_hide_arguments("kurung-exec");
        int r = join(&ctx, userns, ns, &slave, &err);
        if (r == 0) {
                payload = process_clone(0, NULL);
                if (payload == 0) {
                        r = die_with_parent(&err);
                        _exit(r < 0 ? channel_fail(ctx.channel, &err, r, "the payload's stage")
                                    : stage_payload_main(&ctx, slave));
                }
                if (payload < 0)
                        r = error_set_errno(&err, (int)payload, "cannot start the payload");
        }
        if (r < 0)
                return channel_fail(ctx.channel, &err, r, "the joining process");
        (void)channel_send(ctx.channel, MSG_STARTED, (int)payload, FD_NONE);
        slave = fd_close(slave);
        return stage_init_main(&ctx, payload, FD_NONE, NULL);
}
