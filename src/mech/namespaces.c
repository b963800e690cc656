/* SPDX-License-Identifier: Apache-2.0 */
/* Creates and joins the namespaces of a stage. */
#include "mech/namespaces.h"

#include "base/channel.h"
#include "base/io.h"
#include "base/process.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

/* Explains the errors of clone3(2) and setns(2). */
static const char *refused(int e)
{
        switch (e) {
        case ENOSPC:
        case EUSERS:
                return "a limit in /proc/sys/user is reached (max_user_namespaces and others), or they are "
                       "nested 32 deep";
        case ENOSYS:
        case EPERM:
                return "denied by a setting of this machine, or by the filter of an outer sandbox or "
                       "container (\"kurung doctor\" checks)";
        default:
                return strerror(e);
        }
}

static pid_t clone_in_new(const PlanNamespaces *ns, uint64_t flags, int *ret_pidfd, Error *err)
{
        pid_t pid = process_clone(ns->created | flags, ret_pidfd);
        if (pid >= 0)
                return pid;
        (void)error_set(err, (int)-pid, "cannot create the namespaces: %s", refused((int)-pid));
        (void)error_at(err, ERROR_NAMESPACES, 0);
        return pid;
}

/* Namespaces that belong to the caller's user namespace must be joined from there, and others from the user
 * namespace that is joined, so this tries both. */
static int join_all(const PlanNamespaces *ns, int *ret_flag, Error *err)
{
        unsigned left = ns->joined & ~(1U << NS_PAYLOAD_USER);
        for (size_t i = 0; i < NS_PAYLOAD_USER && ns->join_user; i++)
                if ((left & (1U << i)) && setns(ns->fds[i], namespace_kinds[i].flag) == 0)
                        left &= ~(1U << i);
        *ret_flag = CLONE_NEWUSER;
        if (ns->join_user && setns(ns->user_fd, CLONE_NEWUSER) < 0)
                return error_set_errno(err, errno, "cannot join the user namespace of descriptor %d",
                                       ns->user_fd);
        for (size_t i = 0; i < NS_PAYLOAD_USER; i++) {
                *ret_flag = namespace_kinds[i].flag;
                if ((left & (1U << i)) && setns(ns->fds[i], namespace_kinds[i].flag) < 0)
                        return error_set_errno(err, errno, "cannot join the %s namespace of descriptor %d",
                                               namespace_kinds[i].name, ns->fds[i]);
        }
        return 0;
}

static int join(const PlanNamespaces *ns, Error *err)
{
        int flag = 0;
        int r = join_all(ns, &flag, err);
        if (r < 0)
                (void)error_at(err, ERROR_JOIN, flag);
        return r;
}

/* Clones the stage as a sibling, and tells the supervisor. Returns 0 in the stage only. */
static pid_t clone_sibling(const PlanNamespaces *ns, int channel, Error *err)
{
        int pidfd = FD_NONE;
        pid_t pid = clone_in_new(ns, CLONE_PARENT, &pidfd, err);
        if (pid <= 0)
                return pid;
        int r = channel_send(channel, MSG_STARTED, (int)pid, pidfd);
        return r < 0 ? error_set_errno(err, r, "cannot communicate with the supervisor") : pid;
}

_Noreturn static void end_between(int channel, Error *err, int r)
{
        _exit(r < 0 ? channel_fail(channel, err, r, "the process that joins namespaces") : 0);
}

/*
 * Joins the namespaces, and clones a sibling there. A process that has joined a pid namespace is not in it
 * itself, and the kernel lets only a process that is create another below (pid_namespaces(7)). Returns 0 in
 * the stage only.
 */
static int be_between(const PlanNamespaces *ns, int channel)
{
        Error err = {0};
        int r = join(ns, &err);
        if (r == 0 && ns->new_pid_below) {
                int pidfd = FD_NONE;
                pid_t pid = process_clone(CLONE_PARENT, &pidfd);
                r = pid < 0 ? error_set_errno(&err, (int)pid, "cannot create a process") : 0;
                if (pid > 0) {
                        r = channel_send(channel, MSG_SYNC, 0, pidfd);
                        end_between(channel, &err, r);
                }
        }
        pid_t pid = r == 0 ? clone_sibling(ns, channel, &err) : r;
        if (pid != 0)
                end_between(channel, &err, pid < 0 ? (int)pid : 0);
        return 0;
}

/* Returns the pid of a process as this one sees it: "Pid:\t42" (proc_pid_fdinfo(5)). */
static pid_t pid_of(int pidfd)
{
        char path[48];
        CLEANUP_FREE char *text = NULL;
        (void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
        int r = io_read_file_at(AT_FDCWD, path, 4096, &text, NULL);
        const char *at = r < 0 ? NULL : strstr(text, "Pid:");
        return at ? (pid_t)strtol(at + strlen("Pid:"), NULL, 10) : r < 0 ? r : -ESRCH;
}

static pid_t receive(const PlanNamespaces *ns, int channel, int *ret_pidfd, Error *err)
{
        Message m;
        CLEANUP_FD int second = FD_NONE;
        int r = channel_receive(channel, &m, ret_pidfd);
        if (r > 0 && m.type == MSG_SYNC) {
                second = TAKE_FD(*ret_pidfd);
                r = channel_receive(channel, &m, ret_pidfd);
        }
        if (second >= 0)
                (void)process_wait(second, NULL);
        if (r <= 0)
                return error_set(err, EIO, "the process that joins namespaces has ended");
        if (m.type == MSG_ERROR)
                return error_take(err, &m.error, "the process that joins namespaces");
        if (!ns->new_pid_below)
                return m.value;
        pid_t pid = pid_of(*ret_pidfd);
        return pid < 0 ? error_set_errno(err, (int)pid, "cannot find the pid of the first process") : pid;
}

pid_t namespaces_clone(const PlanNamespaces *ns, int *ret_pidfd, Error *err)
{
        int ends[2], between;
        if (!ns->join_user && !(ns->joined & ~(1U << NS_PAYLOAD_USER)))
                return clone_in_new(ns, 0, ret_pidfd, err);
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a channel");
        CLEANUP_FD int ours = ends[0], theirs = ends[1];
        pid_t pid = process_clone(0, &between);
        if (pid < 0)
                return error_set_errno(err, (int)pid, "cannot create a process");
        if (pid == 0)
                return be_between(ns, theirs);
        theirs = fd_close(theirs);
        pid = receive(ns, ours, ret_pidfd, err);
        (void)process_wait(between, NULL);
        (void)fd_close(between);
        return pid;
}
