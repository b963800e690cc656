/* SPDX-License-Identifier: Apache-2.0 */
/* Creates and joins the namespaces of a stage. */
#include "mech/namespaces.h"

#include "base/channel.h"
#include "base/process.h"

#include <sched.h>

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
        return pid < 0 ? error_set(err, (int)-pid, "cannot create the namespaces: %s", refused((int)-pid))
                       : pid;
}

/* Namespaces that belong to the caller's user namespace must be joined from there, and others from the user
 * namespace that is joined, so this tries both. */
static int join(const PlanNamespaces *ns, Error *err)
{
        unsigned left = ns->joined & ~(1U << NS_PAYLOAD_USER);
        for (size_t i = 0; i < NS_PAYLOAD_USER && ns->join_user; i++)
                if ((left & (1U << i)) && setns(ns->fds[i], namespace_kinds[i].flag) == 0)
                        left &= ~(1U << i);
        if (ns->join_user && setns(ns->user_fd, CLONE_NEWUSER) < 0)
                return error_set_errno(err, errno, "cannot join the user namespace of descriptor %d",
                                       ns->user_fd);
        for (size_t i = 0; i < NS_PAYLOAD_USER; i++)
                if ((left & (1U << i)) && setns(ns->fds[i], namespace_kinds[i].flag) < 0)
                        return error_set_errno(err, errno, "cannot join the %s namespace of descriptor %d",
                                               namespace_kinds[i].name, ns->fds[i]);
        return 0;
}

/* Joins the namespaces, and clones a sibling there. Returns 0 in the sibling only. */
static int be_between(const PlanNamespaces *ns, int channel)
{
        Error err = {0};
        int pidfd = FD_NONE;
        int r = join(ns, &err);
        if (r == 0) {
                pid_t pid = clone_in_new(ns, CLONE_PARENT, &pidfd, &err);
                if (pid == 0)
                        return 0;
                r = pid < 0 ? (int)pid : channel_send(channel, MSG_STARTED, (int)pid, pidfd);
        }
        _exit(r < 0 ? channel_fail(channel, &err, r, "the process that joins namespaces") : 0);
}

static pid_t receive(int channel, int *ret_pidfd, Error *err)
{
        Message m;
        int r = channel_receive(channel, &m, ret_pidfd);
        if (r <= 0)
                return error_set(err, EIO, "the process that joins namespaces has ended");
        if (m.type == MSG_ERROR)
                return error_take(err, &m.error, "the process that joins namespaces");
        return m.value;
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
        pid = receive(ours, ret_pidfd, err);
        (void)process_wait(between, NULL);
        (void)fd_close(between);
        return pid;
}
