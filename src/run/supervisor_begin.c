/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the supervisor until the setup stage can continue by itself. */
#include "run/supervisor_internal.h"

#include "base/defence.h"
#include "base/io.h"
#include "base/log.h"
#include "base/process.h"
#include "base/timings.h"
#include "mech/idmap.h"
#include "mech/placeholders.h"
#include "mech/rlimits.h"
#include "mech/rootfs.h"
#include "run/signals.h"
#include "state/home.h"
#include "state/written.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

/* The directory of a kept run is elsewhere; other files that are created once stay in the state directory. */
static int make_kept(Supervisor *s, Error *err)
{
        CLEANUP_FD int state = FD_NONE;
        const RunOptions *o = s->options;
        int r = s->plan->storage.state_dir
                        ? run_dir_open_state(s->plan->storage.state_dir, "XDG_CACHE_HOME", &state, err)
                        : 0;
        if (r < 0 || !o->resume)
                return r < 0 ? r : kept_create(s->plan, o->keep_name, o->spec, o->work_dir, &s->run, err);
        r = kept_resume(o->resume, s->plan, err);
        if (r < 0)
                return r;
        s->run = o->resume->dir;
        o->resume->dir = RUN_DIR_NONE;
        return 0;
}

/* A masked path inside a writable directory must exist, otherwise the payload could create it. */
static int make_own(const Plan *plan, Error *err)
{
        for (size_t i = 0; i < plan->storage.own_dirs.n; i++) {
                int r = io_mkdir_p(plan->storage.own_dirs.items[i], 0700);
                if (r < 0)
                        return error_set_errno(err, r, "cannot create the directory '%s' to hide it inside",
                                               plan->storage.own_dirs.items[i]);
        }
        return 0;
}

static int add_overlay(Supervisor *s, size_t index, Error *err)
{
        if (s->n_overlays == OVERLAYS_MAX)
                return error_set(err, E2BIG, "more than %d overlays with a server", OVERLAYS_MAX);
        OverlayHelper *o = &s->overlays[s->n_overlays++];
        *o = overlay_helper_make(&s->stage, &s->plan->root, index);
        if (s->plan->root.ops[index].placeholders) {
                o->stage.placeholders = s->placeholders;
                o->stage.placeholders_path = s->placeholders_path;
        }
        return helpers_add(&s->session.helpers, &o->helper, err);
}

static int prepare_helpers(Supervisor *s, Error *err)
{
        const Plan *plan = s->plan;
        int r = 0;
        if (plan->network.mode == NETWORK_SLIRP) {
                s->net = net_helper_make(&plan->network, plan->identity.host_uid, plan->identity.host_gid);
                r = helpers_add(&s->session.helpers, &s->net.helper, err);
        }
        for (size_t i = 0; r == 0 && i < plan->root.n_ops; i++)
                if (plan->root.ops[i].kind == OP_FUSE || plan->root.ops[i].kind == OP_VIEW)
                        r = add_overlay(s, i, err);
        return r < 0 ? r : helpers_prepare(&s->session.helpers, err);
}

/* Returns whether mounts must stay. A root that follows the host loses each mount that the host unmounts. */
static bool watches_mounts(const Plan *plan)
{
        return plan->root.propagation != FS_PROPAGATION_SLAVE && defence_is_on(DEFENCE_MOUNT_WATCH);
}

/* Returns whether the caller passed the descriptor. If it did not, kurung may have opened a descriptor with
 * the same number; that one is close-on-exec, and inherited ones are not. */
static bool is_inherited(int fd)
{
        int flags = fcntl(fd, F_GETFD);
        return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* Called first: from here on the inherited descriptors are close-on-exec, too, so that no helper gets them.
 */
static int take_descriptors(const Plan *plan, Error *err)
{
        const char *why = "it is not open, or is close-on-exec";
        for (size_t i = 0; i < plan->privileges.n_filter_fds; i++) {
                int fd = plan->privileges.filter_fds[i];
                if (!is_inherited(fd))
                        return error_set(err, EBADF,
                                         "cannot read a system call filter from descriptor %d: %s", fd, why);
        }
        for (size_t i = 0; i < plan->payload.n_kept_fds; i++) {
                int fd = plan->payload.kept_fds[i];
                if (!is_inherited(fd))
                        return error_set(err, EBADF, "cannot keep descriptor %d: %s", fd, why);
                if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
                        return error_set_errno(err, errno, "cannot keep descriptor %d", fd);
        }
        return 0;
}

/* Closes them, so that a process that waits for the end of one waits only for the payload. */
static void give_descriptors(const PlanPayload *payload)
{
        for (size_t i = 0; i < payload->n_kept_fds; i++)
                fd_close(payload->kept_fds[i]);
}

void supervisor_remember_written(const Supervisor *s, bool kept)
{
        Error err = {0};
        if (written_remember(s->plan, kept, &err) < 0)
                log_notice("later runs will not recognise links that this sandbox creates in writable "
                           "directories: %s",
                           err.text);
}

/* The user has all files of such a run directory, and no server of kurung writes to it. */
bool supervisor_may_be_spare(const Plan *plan)
{
        return plan->root.needs_run_dir && !plan->storage.keep && !plan->root.view &&
               !plan->root.fuse_overlayfs;
}

int supervisor_prepare(Supervisor *s, Error *err)
{
        const Plan *plan = s->plan;
        int r = take_descriptors(plan, err);
        s->session.cores_given = rlimits_is_given(&plan->resources, RLIMIT_CORE);
        if (r == 0)
                r = session_prepare(&s->session, err);
        if (r == 0)
                r = make_own(plan, err);
        if (r == 0)
                r = rootfs_prepare(&plan->root, err);
        if (r == 0 && watches_mounts(plan))
                r = mount_watch_prepare(&s->mounts, &plan->root, err);
        if (r == 0 && watches_mounts(plan))
                r = guard_prepare(&s->guard, &plan->root, err);
        if (r == 0 && watches_mounts(plan))
                r = nested_prepare(&s->nested, &plan->root, err);
        if (r == 0)
                supervisor_remember_written(s, plan->storage.keep);
        if (r == 0 && plan->network.mode == NETWORK_SLIRP)
                r = written_check_program(plan->network.helper, err);
        if (r == 0 && plan->root.view)
                r = written_check_program(plan->root.view, err);
        if (r == 0)
                r = seccomp_prepare(&plan->privileges, plan->storage.state_dir, &s->filter, err);
        if (r == 0 && plan->storage.home_name)
                r = home_take(&plan->storage, &s->home, err);
        /* From here on, signals are handled, because the next steps create files that a killed run would
         * leave behind. */
        const int own[] = {SIGCHLD, LIVE_SIGNAL_END};
        if (r == 0)
                r = session_take_signals(&s->session, own, ARRAY_LEN(own), err);
        if (r == 0 && (plan->root.needs_run_dir || plan->storage.keep))
                r = plan->storage.keep ? make_kept(s, err)
                                       : run_dir_make(plan->storage.state_dir, supervisor_may_be_spare(plan),
                                                      &s->run, err);
        if (r == 0)
                r = run_name_make(&s->run, s->report->name, sizeof(s->report->name), err);
        for (size_t i = 0; r == 0 && i < plan->root.n_ops; i++)
                if (plan->root.ops[i].placeholders)
                        r = placeholders_prepare(&plan->identity, plan->storage.state_dir,
                                                 plan->root.ops[i].source, &s->placeholders,
                                                 &s->placeholders_path, err);
        return r < 0 ? r : prepare_helpers(s, err);
}

/* Lists the descriptors that the setup stage keeps, including those whose content becomes files, and the
 * payload's. @ret: owned. */
static int list_for_setup(const Supervisor *s, int channel, int **ret, size_t *ret_n)
{
        const PlanRoot *root = &s->plan->root;
        const PlanNamespaces *ns = &s->plan->namespaces;
        const PlanPayload *payload = &s->plan->payload;
        int *own = calloc(root->n_ops + payload->n_kept_fds + 8, sizeof(*own));
        size_t n = 0;
        if (!own)
                return -ENOMEM;
        own[n++] = channel;
        own[n++] = s->run.fd;
        own[n++] = s->home;
        if (ns->joined & (1U << NS_PAYLOAD_USER))
                own[n++] = ns->fds[NS_PAYLOAD_USER];
        if (s->plan->payload.detached)
                own[n++] = s->plan->payload.start_socket;
        if (s->plan->payload.terminal == TERMINAL_SOCKET)
                own[n++] = s->plan->payload.terminal_socket;
        if (payload->waits)
                own[n++] = payload->wait_fd;
        if (payload->holds)
                own[n++] = payload->hold_fd;
        for (size_t i = 0; i < root->n_ops; i++)
                if (root->ops[i].source_kind == FS_SOURCE_DESCRIPTOR)
                        own[n++] = root->ops[i].source_fd;
        for (size_t i = 0; i < payload->n_kept_fds; i++)
                own[n++] = payload->kept_fds[i];
        *ret = own;
        *ret_n = n;
        return 0;
}

/* Returns which of descriptors 0 to 2 become a pty. */
static int terminals_of(const Supervisor *s)
{
        if (s->plan->payload.terminal == TERMINAL_SOCKET)
                return 7;
        return defence_is_on(DEFENCE_PTY) ? streams_terminals(&s->session.streams) : 0;
}

static int setup_main(void *userdata)
{
        return stage_setup_main(userdata);
}

/* Starts the setup stage, and opens its user namespace. @theirs: its end of the channel. Returns its pid. */
static pid_t make_setup(Supervisor *s, int theirs, Error *err)
{
        char path[48];
        RlimitsHeld held;
        s->stage = (StageContext){
                .plan = s->plan,
                .identity = &s->plan->identity,
                .resources = &s->plan->resources,
                .privileges = &s->plan->privileges,
                .payload = &s->plan->payload,
                .host_name = s->plan->payload.host_name ? s->plan->payload.host_name : s->report->name,
                .filter = &s->filter,
                .channel = theirs,
                .network = s->plan->network.mode == NETWORK_SLIRP,
                .net_made = s->options->born != NULL,
                .watch_mounts = watches_mounts(s->plan),
                .run_fd = s->run.fd,
                .home_fd = s->home,
                .run_name = s->run.name,
                .run_is_spare = s->run.spare,
                .tty_fds = terminals_of(s),
        };
        CLEANUP_FREE int *own = NULL;
        size_t n_own;
        if (list_for_setup(s, theirs, &own, &n_own) < 0)
                return error_no_memory(err);
        PlanNamespaces namespaces = s->plan->namespaces;
        /* The setup stage creates the network namespace itself, while its id maps are written, unless it must
         * exist before. */
        if (!s->stage.net_made || !defence_is_on(DEFENCE_NET_NAMESPACE))
                namespaces.created &= ~(uint64_t)CLONE_NEWNET;
        if (!defence_is_on(DEFENCE_IPC_NAMESPACE))
                namespaces.created &= ~(uint64_t)CLONE_NEWIPC;
        rlimits_lower(&s->plan->resources, &held);
        pid_t pid = session_clone_stage(&s->session, &namespaces, setup_main, &s->stage, own, n_own, err);
        rlimits_restore(&held);
        give_descriptors(&s->plan->payload);
        if (pid < 0)
                return pid;
        s->init_pid = pid;
        if (s->plan->payload.independent)
                return pid;
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
        s->userns = open(path, O_RDONLY | O_CLOEXEC);
        if (s->userns < 0)
                return error_set_errno(err, errno, "cannot open '%s'", path);
        for (size_t i = 0; i < s->n_overlays; i++)
                s->overlays[i].stage.userns = s->userns;
        return pid;
}

static int ask_for_limits(Supervisor *s, pid_t pid, Error *err)
{
        return limits_begin(&s->limits, &s->plan->resources, &s->plan->payload.argv, s->report->name, pid,
                            s->net.pid, err);
}

/* Runs slow steps concurrently. */
static int map_and_limit(Supervisor *s, pid_t pid, Error *err)
{
        IdmapJob job = IDMAP_JOB_NONE;
        /* If kurung creates the groups itself, it creates them first: a group in which helpers run cannot
         * limit groups below it. The user manager works while newuidmap and newgidmap run. */
        bool at_once = s->plan->resources.cgroup != CGROUP_SCOPE;
        int r = limits_set_oom_score(&s->plan->resources, pid, err);
        if (r == 0 && at_once)
                r = ask_for_limits(s, pid, err);
        if (r == 0)
                r = idmap_begin(&s->plan->identity, pid, &job, err);
        if (r == 0 && !at_once)
                r = ask_for_limits(s, pid, err);
        if (r == 0 && s->limits.ready)
                r = helpers_start(&s->session.helpers, false, err);
        int finished = idmap_finish(&job, err);
        return r < 0 ? r : finished;
}

/* A stage that failed at once has no ids that could be mapped: its own error is the cause. */
static int tell_cause(const Supervisor *s, const Error *consequence, Error *err)
{
        Message m;
        struct pollfd p = {.fd = s->session.channel, .events = POLLIN};
        const Error *cause = consequence;
        if (poll(&p, 1, 0) == 1 && channel_receive(s->session.channel, &m, NULL) > 0 && m.type == MSG_ERROR)
                cause = &m.error;
        return error_take(err, cause, "a stage of the sandbox");
}

int supervisor_start(Supervisor *s, Error *err)
{
        Error consequence = {0};
        CLEANUP_FD int theirs = FD_NONE;
        int r = session_make_channel(&s->session, &theirs, err);
        /* First, because nothing waits for these helpers before the payload sends data. */
        if (r == 0)
                r = helpers_start(&s->session.helpers, true, err);
        if (r < 0)
                return r;
        pid_t pid = make_setup(s, theirs, err);
        if (pid < 0)
                return (int)pid;
        timings_reached("clone the setup stage");
        theirs = fd_close(theirs);
        r = s->options->born ? s->options->born(s->options->userdata, pid, err) : 0;
        if (r == 0 && map_and_limit(s, pid, &consequence) < 0)
                r = tell_cause(s, &consequence, err);
        timings_reached("map ids, request limits");
        if (r == 0)
                r = disk_measure_home(&s->disk, &s->plan->resources, s->home, s->userns, err);
        if (r < 0)
                return r;
        session_enter(&s->session, SESSION_BUILDING);
        r = session_sync(&s->session, SYNC_USERNS);
        return r < 0 ? error_set_errno(err, r, "cannot communicate with the setup stage")
                     : helpers_mapped(&s->session.helpers, err);
}
