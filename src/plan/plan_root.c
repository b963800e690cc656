/* SPDX-License-Identifier: Apache-2.0 */
/* Plans the root file system as an ordered list of operations: the engine, the visible files, and the
 * redirected writes. */
#include "base/defence.h"
#include "base/path.h"
#include "plan/plan_internal.h"
#include "spec/net_site.h"

#include <sched.h>
#include <stdio.h>

/* Of the host's root, a sandbox shows the system, but not the files of people: these directories are
 * empty. */
static const struct {
        const char *path;
        unsigned mode;
} hidden[] = {
        {"/home", 0755},    {"/root", 0700},     {"/mnt", 0755},        {"/media", 0755},
        {"/srv", 0755},     {"/boot", 0755},     {"/lost+found", 0700}, {"/tmp", 01777},
        {"/run", 0755},     {"/var/tmp", 01777}, {"/var/mail", 02775},  {"/var/spool", 0755},
        {"/var/log", 0755},
};

/* Directories of the kernel, made by operations of their own. */
static const char *const kernel_dirs[] = {"/proc", "/sys", "/dev"};

static const char *const proc_masked[] = {"/proc/kcore",         "/proc/keys",        "/proc/timer_list",
                                          "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
                                          "/proc/acpi",          "/proc/interrupts"};
static const char *const proc_read_only[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus",
                                             "/proc/fs"};
static const char *const sys_masked[] = {"/sys/firmware", "/sys/devices/virtual/powercap"};
/* In a new sysfs these are empty; in the host's, they contain the host's mounts. */
static const char *const sys_bind_masked[] = {"/sys/kernel/security", "/sys/kernel/debug",
                                              "/sys/kernel/tracing", "/sys/fs/bpf"};

/* Over a view, the root's overlay reads the host's files in /usr directly. Other directories that programs
 * are loaded from have overlays of their own for that. Each overlay takes some time of a start, which is why
 * /opt has none. */
static const char *const loaded_from[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix", "gnu"};

/* Directory for kurung's generated files inside. */
#define FILES_DIR "/run/kurung"

bool plan_is_emptied(const char *path)
{
        for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
                if (str_eq(hidden[i].path, path))
                        return true;
        return false;
}

static bool is_in_emptied(const char *path)
{
        for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
                if (path_is_below(path, hidden[i].path))
                        return true;
        return false;
}

/*
 * A payload with the user's own id can write to almost no file of the system. Such writes are redirected to
 * memory: this makes a start much faster than two directories on a disk for each overlay.
 */
static unsigned system_flags(const Plan *plan, const Host *host)
{
        /* A kept sandbox cannot have layers in memory. */
        bool in_memory = plan->identity.uid != 0 && host->tmpfs_user_xattrs && !plan->storage.keep;
        return OP_NO_FOLLOW | OP_ROOT_OWNED | (in_memory ? OP_IN_MEMORY : 0);
}

/* Adds the visible top directories with the engine's kind of mount, and symbolic links unchanged. */
static int add_system(Plan *plan, const Host *host, Error *err)
{
        const bool view = plan->root.engine == OVERLAY_VIEW;
        for (size_t i = 0; i < host->n_top; i++) {
                const HostEntry *e = &host->top[i];
                CLEANUP_FREE char *path = path_join("/", e->name);
                int r = 0;
                if (!path)
                        return error_no_memory(err);
                if (plan_is_emptied(path) || str_in(path, kernel_dirs, ARRAY_LEN(kernel_dirs)))
                        continue;
                /* The overlay of the view's root has all others. */
                if (view &&
                    (e->type != HOST_DIRECTORY || !str_in(e->name, loaded_from, ARRAY_LEN(loaded_from))))
                        continue;
                if (e->type == HOST_SYMLINK)
                        r = plan_add(plan, OP_SYMLINK, e->target, path, OP_NO_FOLLOW, err);
                else if (e->type == HOST_DIRECTORY &&
                         (view || (plan->root.engine == OVERLAY_KERNEL && !plan_has_submounts(host, path))))
                        r = plan_add_layer(plan, OP_OVERLAY, path, path,
                                           system_flags(plan, host) | (view ? OP_VIEWED : 0U), err);
                else if (e->type == HOST_DIRECTORY)
                        r = plan_add(plan, OP_BIND, path, path, OP_RDONLY | OP_RECURSIVE | OP_NO_FOLLOW, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool is_mapped(const IdMap *map, uint32_t inside)
{
        for (size_t i = 0; i < map->n; i++)
                if (inside >= map->items[i].inside && inside - map->items[i].inside < map->items[i].count)
                        return true;
        return false;
}

/* Adds empty directories for packages. Their owners have the same numbers inside. */
static int add_skeleton(Plan *plan, const Host *host, Error *err)
{
        for (size_t i = 0; i < host->n_skeleton; i++) {
                const HostDirectory *dir = &host->skeleton[i];
                int r = plan_add_mode(plan, OP_DIR, dir->path, dir->mode, OP_NO_FOLLOW, err);
                if (r < 0)
                        return r;
                PlanOp *op = &plan->root.ops[plan->root.n_ops - 1];
                op->has_owner = true;
                op->uid = is_mapped(&plan->identity.uid_map, dir->uid) ? dir->uid : 0;
                op->gid = is_mapped(&plan->identity.gid_map, dir->gid) ? dir->gid : 0;
        }
        return 0;
}

static int add_hidden(Plan *plan, const Host *host, bool root_is_tmpfs, Error *err)
{
        for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
                const char *path = hidden[i].path;
                bool writable_by_all = hidden[i].mode & 0002;
                bool own_mount = !root_is_tmpfs || writable_by_all || str_eq(path, "/run") ||
                                 str_starts(path, "/var/");
                unsigned flags = OP_ROOT_OWNED;
                /* /var/mail may be a link to spool/mail, which is hidden anyway. */
                flags |=
                        str_starts(path, "/var/") || str_eq(path, "/lost+found") ? OP_OPTIONAL : OP_NO_FOLLOW;
                int r = plan_add_mode(plan, own_mount ? OP_TMPFS : OP_DIR, path, hidden[i].mode, flags, err);
                if (r < 0)
                        return r;
        }
        int r = plan_add_mode(plan, OP_DIR, "/run/lock", 01777, OP_ROOT_OWNED, err);
        return r < 0 || plan->identity.uid != 0 ? r : add_skeleton(plan, host, err);
}

static int add_view(Plan *plan, const Host *host, Error *err)
{
        if (!(plan->root.view = strdup(host->view_helper)))
                return error_no_memory(err);
        PlanOp *op = plan_add_op(plan, OP_VIEW, "/", "/", 0);
        if (!op)
                return error_no_memory(err);
        op->placeholders = plan->identity.uid == 0;
        /* What is in no other overlay: new names in the root directory itself. */
        return plan_add_layer(plan, OP_OVERLAY, "/", "/",
                              (system_flags(plan, host) & ~(unsigned)OP_NO_FOLLOW) | OP_VIEWED, err);
}

static bool is_directory(const Host *host, const char *name)
{
        for (size_t i = 0; i < host->n_top; i++)
                if (str_eq(host->top[i].name, name))
                        return host->top[i].type == HOST_DIRECTORY;
        return false;
}

/* Lets files of the host be read directly where nothing of the source is hidden: a view that was taken over
 * could give a hidden file's data to a name that is visible. Nor can the kernel clone a source with mounts
 * below it (plan_add_caught()). */
static void allow_own_data(Plan *plan, const Host *host)
{
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                PlanOp *op = &plan->root.ops[i];
                if (!(op->flags & OP_VIEWED))
                        continue;
                const char *data = fs_op_data(op);
                bool own = !plan_has_submounts(host, data) && is_directory(host, data + 1);
                for (size_t k = i + 1; own && k < plan->root.n_ops; k++)
                        own = !fs_op_is(&plan->root.ops[k], OP_COVERS) ||
                              !path_is_below(plan->root.ops[k].dest, data);
                if (own)
                        op->flags |= OP_OWN_DATA;
        }
}

static int add_root_host(Plan *plan, const Host *host, Error *err)
{
        int r;
        bool fuse = plan->root.engine == OVERLAY_FUSE, view = plan->root.engine == OVERLAY_VIEW;
        if (fuse) {
                plan->root.fuse_overlayfs = strdup(host->fuse_overlayfs);
                if (!plan->root.fuse_overlayfs)
                        return error_no_memory(err);
                r = plan_add_layer(plan, OP_FUSE, "/", "/", OP_ROOT_OWNED, err);
                if (r == 0)
                        plan->root.ops[0].placeholders = plan->identity.uid == 0;
        } else {
                r = view ? add_view(plan, host, err)
                         : plan_add_mode(plan, OP_TMPFS, "/", 0755, OP_ROOT_OWNED, err);
                if (r == 0)
                        r = add_system(plan, host, err);
        }
        /* What a mount hides is also hidden from a server. */
        return r < 0 ? r : add_hidden(plan, host, !fuse && !view, err);
}

static int add_dir(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        const char *root = plan_real_path(host, spec->root_dir);
        plan->root.foreign = true;
        if (plan->root.engine == OVERLAY_FUSE) {
                if (!(plan->root.fuse_overlayfs = strdup(host->fuse_overlayfs)))
                        return error_no_memory(err);
                return plan_add_layer(plan, OP_FUSE, root, "/", 0, err);
        }
        if (plan->root.engine == OVERLAY_KERNEL)
                return plan_add_layer(plan, OP_OVERLAY, root, "/", 0, err);
        if (!plan_has_submounts(host, root) && plan_read_only_overlay_works(plan, host))
                return plan_add_layer(plan, OP_OVERLAY, root, "/", plan_read_only_flags(host), err);
        return plan_add(plan, OP_BIND, root, "/", OP_RDONLY | OP_RECURSIVE, err);
}

/* Adds a root that is not the host's: a directory or an image. */
static int add_root_foreign(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        int r = spec->root == ROOT_IMAGE ? plan_add_image(plan, spec, host, err)
                                         : add_dir(plan, spec, host, err);
        if (r == 0)
                r = plan_add_mode(plan, OP_TMPFS, "/tmp", 01777, OP_ROOT_OWNED | OP_NO_FOLLOW, err);
        if (r == 0)
                r = plan_add_mode(plan, OP_TMPFS, "/run", 0755, OP_ROOT_OWNED | OP_NO_FOLLOW, err);
        return r;
}

/* Returns whether the root was writable only to create mount points, or is a tmpfs of kurung: that is not for
 * the payload's files, unless the payload is root inside. */
static bool becomes_read_only(const Plan *plan)
{
        const PlanOp *root = &plan->root.ops[0];
        if (root->kind == OP_TMPFS)
                return plan->identity.uid != 0 || plan->root.engine == OVERLAY_NONE;
        return root->kind == OP_OVERLAY && plan->root.engine == OVERLAY_NONE;
}

static int add_sys_bind(Plan *plan, Error *err)
{
        int r = plan_add(plan, OP_BIND, "/sys", "/sys", OP_RDONLY | OP_RECURSIVE | OP_NO_FOLLOW, err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(sys_bind_masked); i++)
                r = plan_add(plan, OP_MASK, NULL, sys_bind_masked[i], OP_OPTIONAL | OP_NO_FOLLOW, err);
        return r;
}

static int add_kernel_dirs(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        int r = plan_add(plan, OP_PROC, NULL, "/proc", OP_NO_FOLLOW, err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(proc_masked); i++)
                r = plan_add(plan, OP_MASK, NULL, proc_masked[i], OP_OPTIONAL | OP_NO_FOLLOW, err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(proc_read_only); i++)
                r = plan_add(plan, OP_READ_ONLY, NULL, proc_read_only[i], OP_OPTIONAL | OP_NO_FOLLOW, err);
        if (r == 0) {
                /* A new sysfs requires a new network namespace (sysfs_get_tree() in the kernel). */
                if (spec->network != NETWORK_HOST && host->sys_visible)
                        r = plan_add(plan, OP_SYSFS, NULL, "/sys", OP_RDONLY | OP_NO_FOLLOW, err);
                else
                        r = add_sys_bind(plan, err);
        }
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(sys_masked); i++)
                r = plan_add(plan, OP_MASK, NULL, sys_masked[i], OP_OPTIONAL | OP_NO_FOLLOW, err);
        return r < 0 ? r : plan_add(plan, OP_DEV, NULL, "/dev", OP_RDONLY | OP_NO_FOLLOW, err);
}

/* Adds /etc/resolv.conf ("nameserver ADDRESS") and /etc/hosts ("ADDRESS NAME") for the addresses behind the
 * tap device. */
static int add_network_files(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        char address[2][INET6_ADDRSTRLEN];
        CLEANUP_FREE char *resolv = NULL, *hosts = NULL;
        if (asprintf(&resolv, "nameserver %s\n",
                     net_address_print(&net_resolver[0], address[0], sizeof(address[0]))) < 0)
                return error_no_memory(err);
        for (size_t i = 0; i < 2; i++)
                (void)net_address_print(&net_guest[i], address[i], sizeof(address[i]));
        if (asprintf(&hosts,
                     "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n%s %%H\n%s %%H\n",
                     address[0], address[1]) < 0)
                return error_no_memory(err);
        /* The target of the host's /etc/resolv.conf, for example that of systemd-resolved; in another root,
         * its own file. */
        const char *dest =
                spec->root == ROOT_HOST && host->resolv_conf ? host->resolv_conf : "/etc/resolv.conf";
        /* Images leave these files to the program that runs them. */
        bool made = spec->root == ROOT_IMAGE && plan->root.ops[0].kind == OP_OVERLAY;
        unsigned flags = OP_RDONLY | (made ? 0 : OP_OPTIONAL);
        int r = plan_add(plan, OP_FILE, resolv, dest, flags, err);
        return r < 0 ? r : plan_add(plan, OP_FILE, hosts, "/etc/hosts", flags | OP_SPECIFIERS, err);
}

/* The identity has the lowest precedence, so that the repository's own configuration still counts. */
static int add_git_config(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (spec->network != NETWORK_SLIRP || !host->sources.git_config)
                return 0;
        return plan_add(plan, OP_FILE, host->sources.git_config, PLAN_GIT_CONFIG, OP_RDONLY | OP_OPTIONAL,
                        err);
}

/* Scripts call sudo also as root. That of the host, if there is one, stays where it is: nothing is created in
 * a directory of the system, in which a package manager may put its own. */
static int add_sudo(Plan *plan, const Spec *spec, Error *err)
{
        if (plan->identity.uid != 0 || spec->root != ROOT_HOST || spec->execution.as_given)
                return 0;
        PlanOp *op = plan_add_op(plan, OP_FILE, plan_sudo_script, PLAN_SUDO,
                                 OP_RDONLY | OP_ROOT_OWNED | OP_NO_FOLLOW);
        if (!op)
                return error_no_memory(err);
        op->mode = 0755;
        return 0;
}

/* Adds files in hidden directories to which the system's own files lead. */
static int add_resolver(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (spec->network == NETWORK_SLIRP)
                return add_network_files(plan, spec, host, err);
        if (!host->resolv_conf || !is_in_emptied(host->resolv_conf))
                return 0;
        return plan_add(plan, OP_BIND, host->resolv_conf, host->resolv_conf,
                        OP_RDONLY | OP_OPTIONAL | OP_NO_FOLLOW, err);
}

/* Returns the last operation that makes what is at @dest. */
static const PlanOp *made_by(const Plan *plan, const char *dest)
{
        for (size_t i = plan->root.n_ops; i > 0; i--)
                if (fs_op_is(&plan->root.ops[i - 1], OP_COVERS) &&
                    path_is_below(dest, plan->root.ops[i - 1].dest))
                        return &plan->root.ops[i - 1];
        return NULL;
}

/* Returns whether nothing but kurung can resolve the host name: it is not the host's, and there is no network
 * whose files have it. */
static bool needs_host_name(const Plan *plan, const Spec *spec, const Host *host)
{
        const char *name = plan->payload.host_name;
        return !spec->execution.as_given && (plan->namespaces.created & CLONE_NEWUTS) &&
               spec->network != NETWORK_SLIRP && !(name && host->hostname && str_eq(name, host->hostname));
}

/*
 * Adds the host name to what the sandbox sees as /etc/hosts after all other operations. What a request shows
 * there stays as it is, and so does a file to which the payload can make changes that are kept: they would go
 * to the copy, and "kurung diff" would not show them.
 */
static int add_host_name(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        const char *dest = "/etc/hosts";
        const PlanOp *made = made_by(plan, dest);
        if (!needs_host_name(plan, spec, host) || !made || made->origin || fs_op_writes_host(made))
                return 0;
        bool writable = plan->identity.uid == 0 && fs_op_is(made, OP_CATCHES);
        if (writable && plan->storage.keep)
                return 0;
        return plan_add(
                plan, OP_HOSTS, "127.0.1.1 %H\n", dest,
                OP_OPTIONAL | OP_NO_FOLLOW | OP_SPECIFIERS | OP_ROOT_OWNED | (writable ? 0 : OP_RDONLY), err);
}

/* Programs that look up root's home in the password file find the home of $HOME: ~ is one directory for
 * all of them. */
static int add_root_home(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        static const char path[] = "/root";
        if (plan->identity.uid != 0 || spec->root != ROOT_HOST || !host->home ||
            path_is_below(host->home, path) || path_is_below(path, host->home))
                return 0;
        bool emptied = false;
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                bool empty = str_eq(op->dest, path) && (op->kind == OP_TMPFS || op->kind == OP_DIR);
                emptied = emptied || empty;
                /* What the user puts there stays visible. */
                if (path_is_below(op->dest, path) && !empty)
                        return 0;
        }
        return emptied ? plan_add(plan, OP_ALIAS, host->home, path, OP_NO_FOLLOW, err) : 0;
}

/* Returns whether a directory of kurung's own, in which nothing is a file of the host, is around @path, and
 * no request is at @path or in it. */
static bool is_free(const Plan *plan, const char *path, bool *ret_kept)
{
        for (size_t i = 0; i < plan->root.n_ops; i++)
                if (path_is_below(plan->root.ops[i].dest, path))
                        return false;
        const PlanOp *around = made_by(plan, path);
        *ret_kept = around && (around->flags & OP_KEPT_HOME);
        return around && (*ret_kept || around->kind == OP_TMPFS || around->kind == OP_DIR ||
                          around->kind == OP_SCRATCH);
}

/* Shows the working directory and its project also by names with links, which scripts name as their
 * interpreter, and command lines. */
static int add_names(Plan *plan, const Host *host, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i + 1 < host->names.n; i += 2) {
                const char *name = host->names.items[i], *real = host->names.items[i + 1];
                bool kept;
                if (plan_shows(plan, real) && is_free(plan, name, &kept))
                        r = plan_add(plan, OP_ALIAS, real, name, OP_NO_FOLLOW | (kept ? OP_OPTIONAL : 0),
                                     err);
        }
        return r;
}

int plan_make_root(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        PlanPlaces places;
        if (spec->ops_in_order)
                return plan_take_ops(plan, spec, host, err);
        plan->root.propagation = FS_PROPAGATION_PRIVATE;
        if (!(plan->root.files_dir = strdup(FILES_DIR)))
                return error_no_memory(err);
        int r = spec->root == ROOT_HOST ? add_root_host(plan, host, err)
                                        : add_root_foreign(plan, spec, host, err);
        if (r == 0 && spec->root == ROOT_HOST)
                r = plan_hide_people(plan, spec, host, err);
        if (r == 0)
                r = add_kernel_dirs(plan, spec, host, err);
        if (r == 0)
                r = add_resolver(plan, spec, host, err);
        if (r == 0)
                r = add_git_config(plan, spec, host, err);
        if (r == 0)
                r = add_sudo(plan, spec, err);
        if (r == 0)
                r = plan_choose_places(plan, spec, host, &places, err);
        if (r == 0)
                r = plan_add_requests(plan, spec, host, &places, err);
        if (r == 0)
                r = add_names(plan, host, err);
        if (r == 0)
                r = add_root_home(plan, spec, host, err);
        const char *cwd = r == 0 ? places.cwd : "/";
        if (r == 0 && spec->root == ROOT_IMAGE && !spec->chdir)
                r = plan_enter_image(plan, host, &places, &cwd, err);
        if (r == 0 && becomes_read_only(plan))
                r = plan_add(plan, OP_REMOUNT, NULL, "/", OP_RDONLY, err);
        /* A file that the payload could write stays as it is: this needs the final root. */
        if (r == 0)
                r = add_host_name(plan, spec, host, err);
        if (r == 0)
                r = plan_pin_all(plan, err);
        allow_own_data(plan, host);
        if (r == 0)
                plan->payload.below_project = places.below_project;
        if (r == 0 && !(plan->payload.cwd = strdup(spec->chdir ? spec->chdir : cwd)))
                r = error_no_memory(err);
        return r;
}
