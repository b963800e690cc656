/* SPDX-License-Identifier: Apache-2.0 */
/* Checks bwrap's options against each other, and completes the spec. */
#include "base/path.h"
#include "front/bwrap_internal.h"
#include "spec/net_site.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int refuse_options(Error *err, const char *text)
{
        return error_set(err, EINVAL, "%s", text);
}

static bool given(const Bwrap *b, BwrapFd fd)
{
        return b->fds[fd] >= 0;
}

/* Decides whether there is a new user namespace. */
static int choose_user(Bwrap *b, Error *err)
{
        const BwrapCaller *caller = b->caller;
        if (given(b, BWRAP_FD_USERNS_BLOCK) && !b->unshare_user)
                return refuse_options(err, "--userns-block-fd requires --unshare-user");
        if (given(b, BWRAP_FD_USERNS_BLOCK) && !given(b, BWRAP_FD_INFO))
                return refuse_options(err, "--userns-block-fd requires --info-fd");
        if (given(b, BWRAP_FD_USERNS) && b->unshare_user)
                return refuse_options(err, "--userns not compatible --unshare-user");
        if (given(b, BWRAP_FD_USERNS) && b->unshare_user_try)
                return refuse_options(err, "--userns not compatible --unshare-user-try");
        if (b->disable_userns && !b->unshare_user)
                return refuse_options(err, "--disable-userns requires --unshare-user");
        if (b->disable_userns && given(b, BWRAP_FD_USERNS_BLOCK))
                return refuse_options(err, "--disable-userns is not compatible with  --userns-block-fd");
        if ((caller->uid != 0 && !given(b, BWRAP_FD_USERNS)) ||
            (b->unshare_user_try && caller->user_namespaces))
                b->unshare_user = true;
        if (caller->uid != 0 || caller->nested)
                return 0;
        if (!b->unshare_user && !given(b, BWRAP_FD_USERNS))
                return error_set(
                        err, EPERM,
                        "refusing to run as root without a user namespace, because the command would "
                        "have all of root's power over this machine (add --unshare-user)");
        b->spec.execution.root_accepted = true;
        return bwrap_warn(b, err,
                          "running as root: the command remains root for the files of this machine that "
                          "it can see (run as another user to avoid that)");
}

static int check_options(const Bwrap *b, Error *err)
{
        bool own_user = b->unshare_user || given(b, BWRAP_FD_USERNS);
        if (!own_user && b->has_uid && b->spec.run_as_uid != b->caller->uid)
                return refuse_options(err, "Specifying --uid requires --unshare-user or --userns");
        if (!own_user && b->has_gid && b->spec.run_as_gid != b->caller->gid)
                return refuse_options(err, "Specifying --gid requires --unshare-user or --userns");
        if (!b->unshare_uts && b->has_host_name)
                return refuse_options(err, "Specifying --hostname requires --unshare-uts");
        if (b->as_pid_1 && !b->unshare_pid)
                return refuse_options(err, "Specifying --as-pid-1 requires --unshare-pid");
        if (b->as_pid_1 && b->spec.execution.lock_files.n > 0)
                return refuse_options(err, "Specifying --as-pid-1 and --lock-file is not permitted");
        if (b->as_pid_1 && b->supervised)
                return refuse_options(
                        err, "Specifying --as-pid-1 with an option of kurung that takes an init is not "
                             "permitted");
        if (b->subid && (!own_user || given(b, BWRAP_FD_USERNS) || given(b, BWRAP_FD_USERNS_BLOCK)))
                return refuse_options(
                        err, "--kurung-id-map requires a new user namespace, and maps its ids itself");
        return 0;
}

static bool is_inherited(const BwrapCaller *caller, int fd)
{
        bool found = fd >= 0 && fd <= STDERR_FILENO && fcntl(fd, F_GETFD) >= 0;
        for (size_t i = 0; i < caller->n_fds && !found; i++)
                found = caller->fds[i] == fd;
        return found;
}

/* Otherwise a file that kurung opens could get the number. */
static int check_descriptors(const Bwrap *b, Error *err)
{
        static const char *const failures[BWRAP_FDS] = {
                [BWRAP_FD_INFO] = "Write to info_fd",
                [BWRAP_FD_JSON_STATUS] = "Write to info_fd",
                [BWRAP_FD_SYNC] = "--sync-fd",
                [BWRAP_FD_BLOCK] = "--block-fd",
                [BWRAP_FD_USERNS_BLOCK] = "--userns-block-fd",
                [BWRAP_FD_SECCOMP] = "Can't read seccomp data",
                [BWRAP_FD_USERNS] = "Joining specified user namespace failed",
                [BWRAP_FD_USERNS2] = "Setting userns2 failed",
                [BWRAP_FD_PIDNS] = "Setting pidns failed",
        };
        const SpecExecution *e = &b->spec.execution;
        for (size_t i = 0; i < BWRAP_FDS; i++)
                if (given(b, (BwrapFd)i) && !is_inherited(b->caller, b->fds[i]))
                        return error_set_errno(err, EBADF, "%s", failures[i]);
        for (size_t i = 0; i < e->n_filter_fds; i++)
                if (!is_inherited(b->caller, e->filter_fds[i]))
                        return error_set_errno(err, EBADF, "%s", failures[BWRAP_FD_SECCOMP]);
        for (size_t i = 0; i < b->spec.n_ops; i++) {
                const SpecOp *op = &b->spec.ops[i];
                if (op->source_kind != FS_SOURCE_DESCRIPTOR || is_inherited(b->caller, op->source_fd))
                        continue;
                return op->kind == OP_BIND
                               ? error_set_errno(err, ENOENT, "Can't find source path /proc/self/fd/%d",
                                                 op->source_fd)
                               : error_set_errno(err, EBADF, "Can't write data to file %.900s", op->dest);
        }
        return 0;
}

static void request(NamespaceRequest *ret, bool own, int fd)
{
        *ret = fd >= 0 ? (NamespaceRequest){.source = NAMESPACE_JOIN, .fd = fd}
                       : (NamespaceRequest){.source = own ? NAMESPACE_NEW : NAMESPACE_CALLER};
}

static void choose_namespaces(Bwrap *b)
{
        SpecExecution *e = &b->spec.execution;
        request(&e->user, b->unshare_user, b->fds[BWRAP_FD_USERNS]);
        request(&e->namespaces[NS_PID], b->unshare_pid, b->fds[BWRAP_FD_PIDNS]);
        e->new_pid_below = given(b, BWRAP_FD_PIDNS) && b->unshare_pid;
        request(&e->namespaces[NS_IPC], b->unshare_ipc, FD_NONE);
        request(&e->namespaces[NS_UTS], b->unshare_uts, FD_NONE);
        request(&e->namespaces[NS_CGROUP], b->unshare_cgroup, FD_NONE);
        request(&e->namespaces[NS_NET], b->unshare_net, FD_NONE);
        if (given(b, BWRAP_FD_USERNS2))
                request(&e->namespaces[NS_PAYLOAD_USER], false, b->fds[BWRAP_FD_USERNS2]);
        if (!b->unshare_net)
                b->spec.network = NETWORK_HOST;
        e->no_user_namespaces = b->disable_userns;
        e->check_no_user_namespaces = b->disable_userns || b->assert_userns_disabled;
        e->maps_given = given(b, BWRAP_FD_USERNS_BLOCK);
}

static void choose_ids(Bwrap *b)
{
        Spec *spec = &b->spec;
        if (!b->has_uid)
                spec->run_as_uid = b->caller->uid;
        if (!b->has_gid)
                spec->run_as_gid = b->caller->gid;
        bool changed = spec->run_as_uid != b->caller->uid || spec->run_as_gid != b->caller->gid;
        spec->run_as = changed ? RUN_AS_IDS : RUN_AS_SELF;
        spec->id_map = b->subid ? ID_MAP_SUBID : ID_MAP_SINGLE;
}

/* A descriptor that an option names is not the command's, but for that of --sync-fd without an init. */
static int choose_descriptors(Bwrap *b, Error *err)
{
        SpecExecution *e = &b->spec.execution;
        const BwrapCaller *caller = b->caller;
        e->kept_fds = calloc(caller->n_fds + 1, sizeof(*e->kept_fds));
        if (!e->kept_fds)
                return error_no_memory(err);
        for (size_t i = 0; i < caller->n_fds; i++) {
                bool used = false;
                for (size_t k = 0; k < b->n_used && !used; k++)
                        used = b->used[k] == caller->fds[i];
                if (!used || (b->as_pid_1 && caller->fds[i] == b->fds[BWRAP_FD_SYNC]))
                        e->kept_fds[e->n_kept_fds++] = caller->fds[i];
        }
        if (given(b, BWRAP_FD_SECCOMP)) {
                e->filter_fds = malloc(sizeof(*e->filter_fds));
                if (!e->filter_fds)
                        return error_no_memory(err);
                e->filter_fds[e->n_filter_fds++] = b->fds[BWRAP_FD_SECCOMP];
        }
        e->filters_given = true;
        e->waits = given(b, BWRAP_FD_BLOCK);
        e->wait_fd = b->fds[BWRAP_FD_BLOCK];
        e->holds = given(b, BWRAP_FD_SYNC) && !b->as_pid_1;
        e->hold_fd = b->fds[BWRAP_FD_SYNC];
        return 0;
}

static void choose_execution(Bwrap *b)
{
        SpecExecution *e = &b->spec.execution;
        uint64_t caps = !b->caps_changed && b->caller->uid == 0 ? b->caller->capabilities
                                                                : e->capability_sets.permitted;
        bool init = !b->as_pid_1 && (b->unshare_pid || e->lock_files.n > 0 || e->holds || b->supervised);
        e->has_capability_sets = true;
        e->capability_sets = (CapabilitySets){caps, caps, caps, caps, caps};
        e->init = init ? INIT_KURUNG : INIT_PAYLOAD;
        e->terminal = b->new_session ? TERMINAL_SESSION : TERMINAL_INHERIT;
        e->as_given = true;
        e->independent = !b->supervised;
        b->spec.ops_in_order = true;
        b->spec.propagation = FS_PROPAGATION_SLAVE;
}

static const char *value_of(const StrList *env, const char *name)
{
        size_t len = strlen(name);
        for (size_t i = 0; i < env->n; i++)
                if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
                        return env->items[i] + len + 1;
        return NULL;
}

/* A shell's $PWD has the links by which the user went to the working directory. */
static const char *name_of_cwd(const Bwrap *b)
{
        const char *pwd = value_of(&b->env, "PWD");
        struct stat named, here;
        bool same = pwd && pwd[0] == '/' && stat(pwd, &named) == 0 && stat(".", &here) == 0 &&
                    named.st_dev == here.st_dev && named.st_ino == here.st_ino;
        return same ? pwd : b->caller->cwd;
}

static int choose_environment(Bwrap *b, Error *err)
{
        SpecExecution *e = &b->spec.execution;
        const char *cwd = name_of_cwd(b), *home = value_of(&b->env, "HOME");
        int r = 0;
        e->cwd_required = b->has_chdir;
        if (!b->has_chdir && cwd)
                r = strlist_add(&e->cwds, cwd);
        if (!b->has_chdir && home && r == 0)
                r = strlist_add(&e->cwds, home);
        if (r == 0 && e->cwds.n == 0)
                r = strlist_add(&e->cwds, "/");
        strlist_clear(&b->spec.env_set);
        b->spec.env_set = b->env;
        b->env = (StrList){0};
        if (r == 0 && !b->spec.host_name && b->caller->host_name &&
            !(b->spec.host_name = strdup(b->caller->host_name)))
                r = -ENOMEM;
        return r < 0 ? error_no_memory(err) : 0;
}

/* Without new pids there is only one /proc. */
static int choose_proc(Bwrap *b, Error *err)
{
        for (size_t i = 0;
             i < b->spec.n_ops && b->spec.execution.namespaces[NS_PID].source == NAMESPACE_CALLER; i++) {
                SpecOp *op = &b->spec.ops[i];
                if (op->kind != OP_PROC)
                        continue;
                op->kind = OP_BIND;
                op->source_kind = FS_SOURCE_PATH;
                op->flags = OP_RECURSIVE;
                if (!(op->source = strdup("/proc")))
                        return error_no_memory(err);
        }
        return 0;
}

/* The resolver of the network, where the root has a file for it. */
static int add_resolver(Bwrap *b, Error *err)
{
        static char dest[] = "/etc/resolv.conf";
        char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 16];
        SpecOp op = {.kind = OP_FILE,
                     .dest = dest,
                     .source_kind = FS_SOURCE_BYTES,
                     .source = text,
                     .flags = OP_RDONLY | OP_OPTIONAL};
        if (b->spec.network != NETWORK_SLIRP)
                return 0;
        op.source_len = (size_t)snprintf(text, sizeof(text), "nameserver %s\n",
                                         net_address_print(&net_resolver[0], address, sizeof(address)));
        return spec_add_op(&b->spec, &op) < 0 ? error_no_memory(err) : 0;
}

int bwrap_fill(Bwrap *b, Error *err)
{
        int r = choose_user(b, err);
        if (r == 0)
                r = check_options(b, err);
        if (r == 0)
                r = check_descriptors(b, err);
        if (r < 0)
                return r;
        choose_namespaces(b);
        choose_ids(b);
        r = choose_descriptors(b, err);
        if (r < 0)
                return r;
        choose_execution(b);
        r = choose_proc(b, err);
        if (r == 0)
                r = add_resolver(b, err);
        return r < 0 ? r : choose_environment(b, err);
}
