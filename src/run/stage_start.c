/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the payload: as a child of init or in its place, and in its own user namespace if it has one. */
#include "base/defence.h"
#include "base/process.h"
#include "mech/idmap.h"
#include "run/stages.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

extern char **environ;

static bool is_mapped_by_another(const StageContext *ctx)
{
        return ctx->identity->payload_userns && defence_is_on(DEFENCE_PAYLOAD_USERNS);
}

/*
 * Enters a user namespace below the sandbox's. Resources that the kernel counts per id then count together
 * for all ids in it, with those of the setup stage. The payload has no capability over the mounts, the
 * network and everything else that belongs to the namespace above.
 *
 * A process that enters it cannot write its maps. Another process does, through the directory in /proc that
 * this one sends.
 * @proc: a procfs in which this process is visible; it may be inspected, because the payload does not run
 * yet.
 */
static int enter_below(int channel, int proc, Error *err)
{
        int r = stage_set_dumpable(true, err);
        if (r == 0 && unshare(CLONE_NEWUSER) < 0)
                r = error_set_errno(err, errno, "cannot create the payload's user namespace");
        if (r < 0)
                return r;
        CLEANUP_FD int self = openat(proc, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (self < 0)
                return error_set_errno(err, errno, "cannot open /proc/self");
        r = channel_send(channel, MSG_SYNC, SYNC_USERNS, self);
        if (r < 0)
                return error_set_errno(err, r, "cannot request the maps of the payload's user namespace");
        r = channel_expect_sync(channel, SYNC_USERNS, err);
        return r < 0 ? r : stage_set_dumpable(false, err);
}

/* The other side: writes the maps of the process at the other end of @channel. */
static int map_below(const StageContext *ctx, int channel, Error *err)
{
        Message m;
        CLEANUP_FD int process = FD_NONE;
        int r = channel_receive(channel, &m, &process);
        if (r > 0 && m.type == MSG_ERROR)
                return error_take(err, &m.error, "the payload's stage");
        if (r <= 0 || m.type != MSG_SYNC || process < 0)
                return error_set(err, EIO, "the payload's stage exited before its ids were mapped");
        r = idmap_write_identity(ctx->identity, process, err);
        if (r == 0)
                r = stage_send_namespaces(ctx, process, 1U << NS_PAYLOAD_USER, err);
        if (r == 0 && (r = channel_send(channel, MSG_SYNC, SYNC_USERNS, FD_NONE)) < 0)
                (void)error_set_errno(err, r, "cannot communicate with the payload's stage");
        return r;
}

/* Whether this process is in the user namespace already: then the kernel refuses to join it. */
static bool is_in(int proc, int fd)
{
        struct stat here, there;
        int before = errno;
        bool same = fstatat(proc, "self/ns/user", &here, 0) == 0 && fstat(fd, &there) == 0 &&
                    here.st_dev == there.st_dev && here.st_ino == there.st_ino;
        errno = before;
        return same;
}

/* Runs in the process that becomes the payload. @channel: to the process that maps its ids. */
static int enter_user_namespace(const StageContext *ctx, int channel, int proc, Error *err)
{
        const PlanNamespaces *ns = ctx->plan ? &ctx->plan->namespaces : NULL;
        if (is_mapped_by_another(ctx))
                return enter_below(channel, proc, err);
        if (!ns || !(ns->joined & (1U << NS_PAYLOAD_USER)))
                return 0;
        if (setns(ns->fds[NS_PAYLOAD_USER], CLONE_NEWUSER) == 0)
                return stage_set_dumpable(false, err);
        if (errno == EINVAL && is_in(proc, ns->fds[NS_PAYLOAD_USER]))
                return 0;
        (void)error_set_errno(err, errno, "cannot join the user namespace of descriptor %d",
                              ns->fds[NS_PAYLOAD_USER]);
        return error_at(err, ERROR_JOIN, 0);
}

static int child_main(const StageContext *ctx, int channel, int proc, int slave)
{
        Error err = {0};
        int r = enter_user_namespace(ctx, channel, proc, &err);
        /* init must not report the payload before this message. */
        if (r == 0 && channel >= 0 && (r = channel_send(channel, MSG_SYNC, SYNC_EXEC, FD_NONE)) < 0)
                (void)error_set_errno(&err, r, "cannot communicate with init");
        if (r < 0) {
                if (channel >= 0)
                        (void)channel_send_error(channel, &err);
                return channel_fail(ctx->channel, &err, r, "the payload's stage");
        }
        return stage_payload_main(ctx, slave);
}

typedef struct Child {
        const StageContext *ctx;
        int proc, slave;
} Child;

static int unmapped_child_main(void *userdata)
{
        const Child *child = userdata;
        return child_main(child->ctx, FD_NONE, child->proc, child->slave);
}

/* The stage shares the memory of this process, which waits until the stage has called exec: copying page
 * tables, and the faults that follow, would take longer than all else here. The stage changes nothing there
 * that init reads. */
static pid_t start_unmapped_child(const StageContext *ctx, int proc, int slave, Error *err)
{
        Child child = {ctx, proc, slave};
        int pidfd = FD_NONE;
        char **own = environ;
        pid_t pid = process_clone_exec(0, unmapped_child_main, &child, &pidfd);
        /* The stage has set the command's. */
        environ = own;
        fd_close(pidfd);
        return pid < 0 ? error_set_errno(err, (int)pid, "cannot start the payload") : pid;
}

static pid_t start_child(const StageContext *ctx, int channel, int proc, int slave, Error *err)
{
        pid_t pid = process_clone(0, NULL);
        if (pid == 0)
                _exit(child_main(ctx, channel, proc, slave));
        return pid < 0 ? error_set_errno(err, (int)pid, "cannot start the payload") : pid;
}

pid_t stage_start_payload(const StageContext *ctx, int proc, int slave, Error *err)
{
        int ends[2];
        if (!is_mapped_by_another(ctx))
                return start_unmapped_child(ctx, proc, slave, err);
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a channel");
        CLEANUP_FD int ours = ends[0], theirs = ends[1];
        pid_t pid = start_child(ctx, theirs, proc, slave, err);
        if (pid < 0)
                return pid;
        theirs = fd_close(theirs);
        r = map_below(ctx, ours, err);
        if (r == 0)
                r = channel_expect_sync(ours, SYNC_EXEC, err);
        return r < 0 ? r : pid;
}

/* Maps the ids of its parent, and exits. */
static int mapper_main(const StageContext *ctx, int channel)
{
        Error err = {0};
        int r = map_below(ctx, channel, &err);
        if (r < 0)
                (void)channel_send_error(channel, &err);
        return r < 0 ? EXIT_KURUNG_FAILED : 0;
}

/* Waits for a connection, and then reports errors there, because the caller of run_create() may have
 * exited. */
static int wait_for_start(StageContext *ctx, Error *err)
{
        int r = prctl(PR_SET_PDEATHSIG, 0) < 0 ? -errno : 0;
        if (r == 0)
                r = channel_send(ctx->channel, MSG_STARTED, getpid(), FD_NONE);
        if (r < 0)
                return error_set_errno(err, r, "cannot detach from the supervisor");
        int channel = accept4(ctx->payload->start_socket, NULL, NULL, SOCK_CLOEXEC);
        if (channel < 0)
                return error_set_errno(err, errno, "cannot wait for the start");
        fd_close(ctx->channel);
        ctx->channel = channel;
        return 0;
}

int stage_become_payload(const StageContext *ctx, int proc, int slave, Error *err)
{
        int ends[2], mapper = FD_NONE;
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a channel");
        CLEANUP_FD int ours = ends[0], theirs = ends[1];
        if (is_mapped_by_another(ctx)) {
                pid_t pid = process_clone(0, &mapper);
                if (pid == 0) {
                        fd_close(ours);
                        _exit(mapper_main(ctx, theirs));
                }
                if (pid < 0)
                        return error_set_errno(err, (int)pid, "cannot map the ids of the payload");
        }
        theirs = fd_close(theirs);
        r = enter_user_namespace(ctx, ours, proc, err);
        if (mapper >= 0)
                (void)process_wait(mapper, NULL);
        mapper = fd_close(mapper);
        ours = fd_close(ours);
        StageContext own = *ctx;
        if (r == 0 && ctx->payload->detached)
                r = wait_for_start(&own, err);
        else if (r == 0 && (r = channel_send(ctx->channel, MSG_STARTED, getpid(), FD_NONE)) < 0)
                (void)error_set_errno(err, r, "cannot communicate with the supervisor");
        return r < 0 ? r : stage_payload_main(&own, slave);
}
