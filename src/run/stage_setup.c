/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the sandbox from inside its new namespaces. */
#include "base/defence.h"
#include "base/path.h"
#include "base/process.h"
#include "base/timings.h"
#include "mech/idmap.h"
#include "mech/loopback.h"
#include "mech/rlimits.h"
#include "mech/rootfs.h"
#include "mech/sysctl.h"
#include "mech/tap.h"
#include "net/shaper.h"
#include "net/site.h"
#include "run/stages.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* The state of the setup stage while it builds the sandbox. */
typedef struct Setup {
        const StageContext *ctx;
        int proc;      /* the procfs outside, in which this process is visible */
        int sockets;   /* init's end of the net helper's channel; FD_NONE: none */
        bool in_group; /* the process is in its control group */
} Setup;

static bool makes(const StageContext *ctx, int flag)
{
        return ctx->plan->namespaces.created & (uint64_t)flag;
}

/* Ties init to the supervisor. If the supervisor has already exited, the closed channel shows it. */
static int die_with_supervisor(bool tied, Error *err)
{
        return prctl(PR_SET_PDEATHSIG, tied ? SIGKILL : 0) < 0
                       ? error_set_errno(err, errno, "cannot tie init to its parent")
                       : 0;
}

int stage_send_namespaces(const StageContext *ctx, int process, unsigned mask, Error *err)
{
        char path[24];
        int fds[NS_MAX], r = 0;
        size_t n = 0;
        for (size_t i = 0; r == 0 && i < NS_MAX; i++) {
                if (!(mask & (1U << i)))
                        continue;
                (void)snprintf(path, sizeof(path), "ns/%s", namespace_kinds[i].name);
                int fd = openat(process, path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        r = error_set_errno(err, errno, "cannot open a stage's '%s'", path);
                else
                        fds[n++] = fd;
        }
        if (r == 0 && n > 0 && (r = channel_send_fds(ctx->channel, MSG_NAMESPACES, (int)mask, fds, n)) < 0)
                (void)error_set_errno(err, r, "cannot pass the namespaces");
        while (n > 0)
                fd_close(fds[--n]);
        return r;
}

static int send_own(const Setup *setup, unsigned mask, Error *err)
{
        CLEANUP_FD int self = openat(setup->proc, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return self < 0 ? error_set_errno(err, errno, "cannot open /proc/self")
                        : stage_send_namespaces(setup->ctx, self, mask, err);
}

/* Opens the namespaces now, because nobody could open them later: init cannot be inspected. */
static int send_namespaces(const Setup *setup, Error *err)
{
        const StageContext *ctx = setup->ctx;
        unsigned mask = 0;
        /* No other process can find the sandbox. */
        if (ctx->plan->storage.stateless)
                return 0;
        /* stage_start.c creates the payload's user namespace later. */
        for (size_t i = 0; i < NS_PAYLOAD_USER; i++)
                if (makes(ctx, namespace_kinds[i].flag))
                        mask |= 1U << i;
        /* enter_cgroup() creates another cgroup namespace later. */
        if (ctx->plan->resources.cgroup != CGROUP_NONE)
                mask &= ~(1U << NS_CGROUP);
        return send_own(setup, mask, err);
}

static int serve_fuse(void *userdata, size_t index, int fuse_fd, Error *err)
{
        const StageContext *ctx = ((Setup *)userdata)->ctx;
        int r = channel_send(ctx->channel, MSG_FUSE_DEVICE, (int)index, fuse_fd);
        if (r < 0)
                return error_set_errno(err, r, "cannot pass /dev/fuse");
        return channel_expect_sync(ctx->channel, SYNC_ROOTFS, err);
}

static void tell_missing(void *userdata, size_t index)
{
        const StageContext *ctx = ((Setup *)userdata)->ctx;
        (void)channel_send(ctx->channel, MSG_MISSING, (int)index, FD_NONE);
}

/* The supervisor answers when the run's control groups exist, and this process is in its own. */
static int enter_cgroup(void *userdata, Error *err)
{
        Setup *setup = userdata;
        const StageContext *ctx = setup->ctx;
        if (ctx->plan->resources.cgroup == CGROUP_NONE)
                return 0;
        int r = channel_send(ctx->channel, MSG_SYNC, SYNC_CGROUP, FD_NONE);
        if (r < 0)
                return error_set_errno(err, r, "cannot request the control group");
        r = channel_expect_sync(ctx->channel, SYNC_CGROUP, err);
        setup->in_group = r == 0;
        if (r < 0 || !makes(ctx, CLONE_NEWCGROUP))
                return r;
        if (unshare(CLONE_NEWCGROUP) < 0)
                return error_set_errno(err, errno, "cannot create the cgroup namespace");
        return send_own(setup, 1U << NS_CGROUP, err);
}

/*
 * Opens the run directory in this mount namespace, because a descriptor of the supervisor belongs to another
 * one, and cannot be bound here (mount_namespaces(7)).
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

/* The device now belongs to the net helper; whether the helper is ready is checked before the payload
 * starts. */
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
        TapSettings settings = {.name = NET_TAP_NAME,
                                .mtu = shaper_mtu(ctx->plan->network.access.rate_up,
                                                  ctx->plan->network.access.rate_down, NET_MTU),
                                .addresses = addresses,
                                .n_addresses = ARRAY_LEN(addresses)};
        memcpy(settings.mac, net_guest_mac, sizeof(settings.mac));
        int r = tap_make(&settings, &tap, err);
        if (r == 0)
                r = channel_send(ctx->channel, MSG_TAP, 0, tap);
        return r < 0 ? error_set_errno(err, r, "cannot pass the tap device") : 0;
}

/* The net helper passes connections to published ports on through sockets of this network, which init makes.
 */
static int make_socket_channel(Setup *setup, Error *err)
{
        const StageContext *ctx = setup->ctx;
        int ends[2];
        if (!ctx->network || !net_access_has_tcp(&ctx->plan->network.access))
                return 0;
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a channel");
        CLEANUP_FD int theirs = ends[1];
        setup->sockets = ends[0];
        r = channel_send(ctx->channel, MSG_SOCKETS, 0, theirs);
        return r < 0 ? error_set_errno(err, r, "cannot pass the channel for sockets") : 0;
}

/* Enters the control group even if no operation shows it, because limits must apply before the payload
 * starts. */
static int be_in_cgroup(Setup *setup, Error *err)
{
        return setup->in_group ? 0 : enter_cgroup(setup, err);
}

/* Sends the mounts of the new root, with the sandbox's paths, for the supervisor to watch. */
static int show_mounts(const Setup *setup, Error *err)
{
        CLEANUP_FD int fd = openat(setup->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno, "cannot open /proc/self/mountinfo");
        int r = channel_send(setup->ctx->channel, MSG_MOUNTS, 0, fd);
        return r < 0 ? error_set_errno(err, r, "cannot pass the mounts") : 0;
}

/* Waits even without a network: until then the supervisor sends no signal, because only init could pass it
 * on. */
static int wait_for_network(const StageContext *ctx, Error *err)
{
        int r = channel_send(ctx->channel, MSG_SYNC, SYNC_NETNS, FD_NONE);
        return r < 0 ? error_set_errno(err, r, "cannot request the network")
                     : channel_expect_sync(ctx->channel, SYNC_EXEC, err);
}

/* The end of the other side counts as well, like data. */
static int wait_for_caller(const PlanPayload *payload, Error *err)
{
        char byte;
        struct pollfd readable = {.fd = payload->wait_fd, .events = POLLIN};
        while (payload->waits && read(payload->wait_fd, &byte, 1) < 0) {
                if (errno != EINTR && errno != EAGAIN)
                        return error_set_errno(err, errno, "cannot wait for descriptor %d", payload->wait_fd);
                (void)poll(&readable, 1, -1);
        }
        return 0;
}

int stage_set_dumpable(bool dumpable, Error *err)
{
        if (!defence_is_on(DEFENCE_NOT_DUMPABLE) || prctl(PR_SET_DUMPABLE, dumpable) == 0)
                return 0;
        return error_set_errno(err, errno, "cannot make a stage %sdumpable", dumpable ? "" : "un");
}

/* In a user namespace below the owner of the network, the capability has no effect; no other sandbox uses
 * this network. */
static int open_low_ports(const Plan *plan, Error *err)
{
        bool may = plan->privileges.capabilities & (UINT64_C(1) << CAP_NET_BIND_SERVICE);
        return may && plan->identity.payload_userns
                       ? sysctl_write("net/ipv4/ip_unprivileged_port_start", "0", err)
                       : 0;
}

static int set_host_name(const StageContext *ctx, Error *err)
{
        if (!makes(ctx, CLONE_NEWUTS) || sethostname(ctx->host_name, strlen(ctx->host_name)) == 0)
                return 0;
        return error_set_errno(err, errno, "cannot set the host name '%s'", ctx->host_name);
}

/* Sets properties of the namespaces before anything inside is visible. */
static int set_namespaces(const StageContext *ctx, bool own_net, Error *err)
{
        const Plan *plan = ctx->plan;
        int r = makes(ctx, CLONE_NEWUSER) ? rlimits_set_namespace(&plan->resources, err) : 0;
        /* 1 is for the payload's own namespace. */
        if (r == 0 && plan->namespaces.no_user_namespaces)
                r = sysctl_write("user/max_user_namespaces", "1", err);
        /* From here on, processes inside cannot inspect this one. Earlier, this would have stopped
         * newuidmap(1) as well. */
        if (r == 0)
                r = stage_set_dumpable(false, err);
        if (r == 0 && own_net)
                r = loopback_up(err);
        if (r == 0 && own_net)
                r = open_low_ports(plan, err);
        if (r == 0 && ctx->network)
                tap_let_ping(plan->identity.gid);
        return r;
}

/* In a mount namespace that is not the sandbox's own, its root becomes the payload's. */
static int build_root(Setup *setup, RootfsContext *root, Error *err)
{
        int r = root ? rootfs_apply(root, err) : rootfs_enter_cwd(setup->ctx->payload->cwd, err);
        if (r == 0)
                r = be_in_cgroup(setup, err);
        if (r == 0 && root && setup->ctx->watch_mounts)
                r = show_mounts(setup, err);
        return r;
}

static int make_namespaces(Setup *setup, bool own_net, Error *err)
{
        const StageContext *ctx = setup->ctx;
        /* First leaves the caller's session: its terminal (credentials(7)), and the signals of its process
         * group. */
        int r = stage_leave_session(ctx, err);
        /* While newuidmap(1) runs: a network namespace takes longest to create, and also belongs to the new
         * user namespace. */
        if (r == 0 && own_net && !ctx->net_made && unshare(CLONE_NEWNET) < 0)
                r = error_set_errno(err, errno, "cannot create the network namespace");
        if (r == 0 && own_net)
                r = make_network(ctx, err);
        if (r == 0 && own_net)
                r = make_socket_channel(setup, err);
        if (r == 0)
                r = send_namespaces(setup, err);
        return r < 0 ? r : set_host_name(ctx, err);
}

static int build(Setup *setup, int *ret_slave, Error *err)
{
        const StageContext *ctx = setup->ctx;
        const Plan *plan = ctx->plan;
        CLEANUP(rootfs_clear)
        RootfsContext root = {
                .root = &plan->root,
                .identity = &plan->identity,
                .cwd = plan->payload.cwd,
                .host_name = ctx->host_name,
                .resume = plan->storage.resume,
                .spare = ctx->run_is_spare,
                .run_fd = FD_NONE,
                .memory_fd = FD_NONE,
                .home_fd = ctx->home_fd,
                .root_fd = FD_NONE,
                .view_fds = {FD_NONE, FD_NONE},
                .empty_fd = FD_NONE,
                .serve_fuse = serve_fuse,
                .tell_missing = tell_missing,
                .enter_cgroup = enter_cgroup,
                .userdata = setup,
        };
        bool own_root = makes(ctx, CLONE_NEWNS);
        bool own_net = makes(ctx, CLONE_NEWNET) && defence_is_on(DEFENCE_NET_NAMESPACE);
        timings_reached("begin");
        int r = die_with_supervisor(true, err);
        if (r == 0 && (setup->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
                r = error_set_errno(err, errno, "cannot open /proc");
        if (r == 0)
                r = make_namespaces(setup, own_net, err);
        if (r == 0)
                r = open_run_dir(ctx, &root.run_fd, err);
        timings_reached("create namespaces");
        if (r == 0 && own_root)
                r = rootfs_make(&root, err);
        timings_reached("make mounts that need no ids");
        if (r == 0)
                r = channel_expect_sync(ctx->channel, SYNC_USERNS, err);
        timings_reached("wait for the ids");
        if (r == 0)
                r = idmap_apply(&plan->identity, err);
        if (r == 0)
                r = set_namespaces(ctx, own_net, err);
        if (r == 0)
                r = build_root(setup, own_root ? &root : NULL, err);
        timings_reached("build the root");
        if (r == 0)
                r = wait_for_caller(ctx->payload, err);
        if (r == 0)
                r = wait_for_network(ctx, err);
        timings_reached("wait for the start");
        if (r == 0)
                r = stage_make_terminal(ctx, ret_slave, err);
        bool tied = !ctx->payload->independent || ctx->payload->die_with_parent;
        /* Changing ids has reset it (PR_SET_PDEATHSIG(2const)). */
        return r < 0 ? r : die_with_supervisor(tied, err);
}

/*
 * setup
 *   has: all new namespaces, all capabilities in them, the payload's descriptors 0-2, the channel, the run
 *     directory.
 *   must: build the root, leave the old one, start the payload, then become its init, or be replaced by it.
 *   must not: change the plan, or show anything of itself to the payload.
 */
int stage_setup_main(const StageContext *ctx)
{
        Error err = {0};
        Setup setup = {.ctx = ctx, .proc = FD_NONE, .sockets = FD_NONE};
        CLEANUP_FD int slave = FD_NONE;
        process_hide_arguments("kurung-init");
        int r = build(&setup, &slave, &err);
        if (r == 0 && ctx->payload->init == INIT_PAYLOAD)
                r = stage_become_payload(ctx, setup.proc, slave, &err);
        CLEANUP_FREE int *held = NULL;
        if (r == 0)
                r = stage_hold(ctx->payload, &held, &err);
        pid_t payload = 0;
        if (r == 0 && (payload = stage_start_payload(ctx, setup.proc, slave, &err)) < 0)
                r = (int)payload;
        if (r < 0)
                return channel_fail(ctx->channel, &err, r, "the setup stage");
        setup.proc = fd_close(setup.proc);
        (void)channel_send(ctx->channel, MSG_STARTED, (int)payload, FD_NONE);
        slave = fd_close(slave);
        return ctx->payload->independent ? stage_reaper_main(ctx, payload, held)
                                         : stage_init_main(ctx, payload, setup.sockets, held);
}
