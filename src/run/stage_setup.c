/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the sandbox from inside its new namespaces. */
#include "base/defence.h"
#include "base/path.h"
#include "base/process.h"
#include "mech/idmap.h"
#include "mech/loopback.h"
#include "mech/rlimits.h"
#include "mech/rootfs.h"
#include "mech/sysctl.h"
#include "mech/tap.h"
#include "mech/tty.h"
#include "net/shaper.h"
#include "net/site.h"
#include "run/stages.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* Supervisor ended before we asked to be told: our parent is somebody else (or nobody, in a pid namespace)
 * then. */
static int die_with_supervisor(const StageContext *ctx, Error *err)
{
        (void)ctx;
        return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0
                       ? error_set_errno(err, errno, "cannot tie init to its parent")
                       : 0;
}

/* Gives the supervisor a hold on the namespaces of a process, those of @mask (bit NS_*). */
static int send_namespaces_of(const StageContext *ctx, const char *process, unsigned mask, Error *err)
{
        char path[32];
        int fds[NS_MAX], r = 0;
        size_t n = 0;
        (void)snprintf(path, sizeof(path), "/proc/%s/ns", process);
        CLEANUP_FD int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; r == 0 && i < NS_MAX; i++) {
                if (!(mask & (1U << i)))
                        continue;
                int fd = openat(dir, namespace_kinds[i].name, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        r = error_set_errno(err, errno, "cannot open '%s/%s'", path, namespace_kinds[i].name);
                else
                        fds[n++] = fd;
        }
        if (r == 0 && (r = channel_send_fds(ctx->channel, MSG_NAMESPACES, (int)mask, fds, n)) < 0)
                (void)error_set_errno(err, r, "cannot pass the namespaces");
        while (n > 0)
                fd_close(fds[--n]);
        return r;
}

/* Here, where nothing of a payload is yet: later nobody could open them, as init can't be looked into. */
static int send_namespaces(const StageContext *ctx, Error *err)
{
        unsigned mask = 0;
        /* The payload's is made later: start_below(). */
        for (size_t i = 0; i < NS_PAYLOAD_USER; i++)
                if (namespace_is_own(ctx->plan->namespaces, ctx->identity->payload_userns, i))
                        mask |= 1U << i;
        /* And so is another of these: enter_cgroup(). */
        if (ctx->plan->resources.cgroup != CGROUP_NONE)
                mask &= ~(1U << NS_CGROUP);
        return send_namespaces_of(ctx, "self", mask, err);
}

static int serve_fuse(void *userdata, size_t index, int fuse_fd, Error *err)
{
        const StageContext *ctx = userdata;
        int r = channel_send(ctx->channel, MSG_FUSE_DEVICE, (int)index, fuse_fd);
        if (r < 0)
                return error_set_errno(err, r, "cannot pass /dev/fuse");
        return channel_expect_sync(ctx->channel, SYNC_ROOTFS, err);
}

static void tell_missing(void *userdata, size_t index)
{
        const StageContext *ctx = userdata;
        (void)channel_send(ctx->channel, MSG_MISSING, (int)index, FD_NONE);
}

/* The supervisor answers once the run's control groups are there, and we are in ours. */
static int enter_cgroup(void *userdata, Error *err)
{
        const StageContext *ctx = userdata;
        int r = channel_send(ctx->channel, MSG_SYNC, SYNC_CGROUP, FD_NONE);
        if (r < 0)
                return error_set_errno(err, r, "cannot request the control group");
        r = channel_expect_sync(ctx->channel, SYNC_CGROUP, err);
        if (r == 0 && unshare(CLONE_NEWCGROUP) < 0)
                r = error_set_errno(err, errno, "cannot create the cgroup namespace");
        return r < 0 ? r : send_namespaces_of(ctx, "self", 1U << NS_CGROUP, err);
}

bool stage_has_terminal(const StageContext *ctx)
{
        return ctx->tty_fds & 1;
}

int stage_make_terminal(const StageContext *ctx, int *ret_slave, Error *err)
{
        CLEANUP_FD int master = FD_NONE, slave = FD_NONE;
        if (ctx->tty_fds == 0)
                return 0;
        int like = ffs(ctx->tty_fds) - 1;
        int r = tty_open(like, !stage_has_terminal(ctx), &master, &slave, err);
        if (r < 0)
                return r;
        r = stage_has_terminal(ctx) ? tty_make_controlling(slave) : 0;
        if (r < 0)
                return error_set_errno(err, r, "cannot make the pty the controlling terminal");
        r = channel_send(ctx->channel, MSG_TERMINAL, 0, master);
        if (r < 0)
                return error_set_errno(err, r, "cannot pass the pty");
        *ret_slave = TAKE_FD(slave);
        return 0;
}

/*
 * The run's directory in our own mount namespace: what the supervisor opened belongs to its namespace, and
 * can't be bound from here (mount_namespaces(7)).
 */
static int open_run_dir(const StageContext *ctx, int *ret_fd, Error *err)
{
        if (ctx->run_fd < 0)
                return 0;
        CLEANUP_FREE char *path = path_join(ctx->plan->storage.runs_dir, ctx->run_name);
        if (!path)
                return error_no_memory(err);
        CLEANUP_FD int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat ours, theirs;
        if (fd < 0 || fstat(fd, &ours) < 0 || fstat(ctx->run_fd, &theirs) < 0)
                return error_set_errno(err, errno, "cannot open '%s'", path);
        if (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
                return error_set(err, EBUSY,
                                 "'%s' was replaced while the sandbox started (run the command again)", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* The device is the net helper's from now on; whether that came up is asked for before the payload starts. */
static int make_network(const StageContext *ctx, Error *err)
{
        CLEANUP_FD int tap = FD_NONE;
        if (!ctx->network)
                return 0;
        TapAddress addresses[2] = {{.family = AF_INET}, {.family = AF_INET6}};
        for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
                memcpy(addresses[i].address, net_guest[i].bytes, sizeof(addresses[i].address));
                memcpy(addresses[i].gateway, net_site.gateway[i].bytes, sizeof(addresses[i].gateway));
                addresses[i].prefix = i == 0 ? NET_PREFIX_IPV4 : NET_LINK_PREFIX_IPV6;
        }
        TapSettings settings = {
                .name = NET_TAP_NAME,
                .mtu = shaper_mtu(ctx->plan->network.rate_up, ctx->plan->network.rate_down, NET_MTU),
                .addresses = addresses,
                .n_addresses = ARRAY_LEN(addresses)};
        memcpy(settings.mac, net_guest_mac, sizeof(settings.mac));
        int r = tap_make(&settings, &tap, err);
        if (r == 0)
                r = channel_send(ctx->channel, MSG_TAP, 0, tap);
        return r < 0 ? error_set_errno(err, r, "cannot pass the tap device") : 0;
}

/* For the supervisor to watch; of the new root, so that it has the sandbox's paths. */
static int show_mounts(const StageContext *ctx, Error *err)
{
        CLEANUP_FD int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno, "cannot open /proc/self/mountinfo");
        int r = channel_send(ctx->channel, MSG_MOUNTS, 0, fd);
        return r < 0 ? error_set_errno(err, r, "cannot pass the mounts") : 0;
}

/* Also without a network: before this no signal is sent to us, as only the init could pass it on. */
static int wait_for_network(const StageContext *ctx, Error *err)
{
        int r = channel_send(ctx->channel, MSG_SYNC, SYNC_NETNS, FD_NONE);
        return r < 0 ? error_set_errno(err, r, "cannot request the network")
                     : channel_expect_sync(ctx->channel, SYNC_EXEC, err);
}

int stage_set_dumpable(bool dumpable, Error *err)
{
        if (!defence_is_on(DEFENCE_NOT_DUMPABLE) || prctl(PR_SET_DUMPABLE, dumpable) == 0)
                return 0;
        return error_set_errno(err, errno, "cannot make a stage %sdumpable", dumpable ? "" : "un");
}

/* In a user namespace below the one that owns the network the capability is none; here no other has the
 * network. */
static int open_low_ports(const Plan *plan, Error *err)
{
        bool may = plan->privileges.capabilities & (UINT64_C(1) << CAP_NET_BIND_SERVICE);
        return may && plan->identity.payload_userns
                       ? sysctl_write("net/ipv4/ip_unprivileged_port_start", "0", err)
                       : 0;
}

static int setup(const StageContext *ctx, int *ret_slave, Error *err)
{
        const Plan *plan = ctx->plan;
        CLEANUP(rootfs_clear)
        RootfsContext root = {
                .root = &plan->root,
                .identity = &plan->identity,
                .cwd = plan->payload.cwd,
                .host_name = ctx->host_name,
                .resume = plan->storage.resume,
                .run_fd = FD_NONE,
                .memory_fd = FD_NONE,
                .home_fd = ctx->home_fd,
                .root_fd = FD_NONE,
                .empty_fd = FD_NONE,
                .serve_fuse = serve_fuse,
                .tell_missing = tell_missing,
                .enter_cgroup = enter_cgroup,
                .userdata = (void *)(uintptr_t)ctx,
        };
        int r = die_with_supervisor(ctx, err);
        /* First, away from the caller's session: its terminal is not ours any more (credentials(7)), nor are
         * the signals of its process group. */
        if (r == 0 && defence_is_on(DEFENCE_PTY) && setsid() < 0)
                r = error_set_errno(err, errno, "cannot start a session");
        /* While newuidmap(1) runs: a network namespace is the dearest of all to make, and belongs to ours as
         * well. */
        bool own_net = (plan->namespaces & CLONE_NEWNET) && defence_is_on(DEFENCE_NET_NAMESPACE);
        if (r == 0 && own_net && unshare(CLONE_NEWNET) < 0)
                r = error_set_errno(err, errno, "cannot create the network namespace");
        if (r == 0 && own_net)
                r = make_network(ctx, err);
        if (r == 0)
                r = send_namespaces(ctx, err);
        if (r == 0 && sethostname(ctx->host_name, strlen(ctx->host_name)) < 0)
                r = error_set_errno(err, errno, "cannot set the host name '%s'", ctx->host_name);
        if (r == 0)
                r = open_run_dir(ctx, &root.run_fd, err);
        if (r == 0)
                r = rootfs_make(&root, err);
        if (r == 0)
                r = channel_expect_sync(ctx->channel, SYNC_USERNS, err);
        if (r == 0)
                r = idmap_apply(&plan->identity, err);
        if (r == 0)
                r = rlimits_set_namespace(&plan->resources, err);
        /* From here on nobody inside may look into us; not before, or newuidmap(1) could not either. */
        if (r == 0)
                r = stage_set_dumpable(false, err);
        if (r == 0 && own_net)
                r = loopback_up(err);
        if (r == 0 && own_net)
                r = open_low_ports(plan, err);
        if (r == 0 && ctx->network)
                tap_let_ping(plan->identity.gid);
        if (r == 0)
                r = rootfs_apply(&root, err);
        if (r == 0 && defence_is_on(DEFENCE_MOUNT_WATCH))
                r = show_mounts(ctx, err);
        if (r == 0)
                r = wait_for_network(ctx, err);
        if (r == 0)
                r = stage_make_terminal(ctx, ret_slave, err);
        /* Changing ids has cleared it (PR_SET_PDEATHSIG(2const)). */
        if (r == 0)
                r = die_with_supervisor(ctx, err);
        return r;
}

/* The payload's process until its ids are mapped. */
static int payload_below(const StageContext *ctx, int parent, int slave)
{
        Error err = {0};
        int r = channel_expect_sync(parent, SYNC_USERNS, &err);
        if (r == 0)
                r = stage_set_dumpable(false, &err);
        if (r == 0 && (r = channel_send(parent, MSG_SYNC, SYNC_EXEC, FD_NONE)) < 0)
                (void)error_set_errno(&err, r, "cannot communicate with init");
        return r < 0 ? channel_fail(ctx->channel, &err, r, "the payload's stage")
                     : stage_payload_main(ctx, slave);
}

/*
 * In a user namespace below ours: all that its ids have of what the kernel counts for each id counts together
 * for us, who made it. Nor has the payload a capability over the mounts, the network and all else that
 * belongs to our own. Maps are written through /proc, where nothing of a payload can look at us yet.
 */
static pid_t start_below(const StageContext *ctx, int slave, Error *err)
{
        char process[16];
        int ends[2];
        pid_t pid = 0;
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a channel");
        CLEANUP_FD int ours = ends[0], theirs = ends[1];
        r = stage_set_dumpable(true, err);
        if (r == 0 && (pid = process_clone(CLONE_NEWUSER, NULL)) < 0)
                r = error_set_errno(err, (int)pid, "cannot create the payload's user namespace");
        if (r == 0 && pid == 0) {
                fd_close(ours);
                _exit(payload_below(ctx, theirs, slave));
        }
        theirs = fd_close(theirs);
        if (r == 0)
                r = idmap_write_identity(ctx->identity, pid, err);
        (void)snprintf(process, sizeof(process), "%d", (int)pid);
        if (r == 0)
                r = send_namespaces_of(ctx, process, 1U << NS_PAYLOAD_USER, err);
        /* Before the payload's stage goes on. */
        if (r == 0)
                r = stage_set_dumpable(false, err);
        if (r == 0 && (r = channel_send(ours, MSG_SYNC, SYNC_USERNS, FD_NONE)) < 0)
                (void)error_set_errno(err, r, "cannot communicate with the payload's stage");
        if (r == 0)
                r = channel_expect_sync(ours, SYNC_EXEC, err);
        return r < 0 ? r : pid;
}

static pid_t start_payload(const StageContext *ctx, int slave, Error *err)
{
        if (ctx->identity->payload_userns && defence_is_on(DEFENCE_PAYLOAD_USERNS))
                return start_below(ctx, slave, err);
        pid_t pid = process_clone(0, NULL);
        if (pid == 0)
                _exit(stage_payload_main(ctx, slave));
        return pid < 0 ? error_set_errno(err, (int)pid, "cannot start the payload") : pid;
}

/*
 * setup
 *   has: all new namespaces, all capabilities in them, the payload's descriptors 0-2, the channel, the run's
 * directory. must: build the root, leave the old one, start the payload, then be its init. must not: change
 * the plan, or show any of itself to the payload.
 */
int stage_setup_main(const StageContext *ctx)
{
        Error err = {0};
        CLEANUP_FD int slave = FD_NONE;
        process_hide_arguments("kurung-init");
        int r = setup(ctx, &slave, &err);
        pid_t payload = 0;
        if (r == 0 && (payload = start_payload(ctx, slave, &err)) < 0)
                r = (int)payload;
        if (r < 0)
                return channel_fail(ctx->channel, &err, r, "the setup stage");
        (void)channel_send(ctx->channel, MSG_STARTED, (int)payload, FD_NONE);
        slave = fd_close(slave);
        return stage_init_main(ctx, payload);
}
