/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system as an ordered list of operations: which engine, what is seen, what is caught. */
#include "base/defence.h"
#include "base/path.h"
#include "plan/op_kinds.h"
#include "plan/plan_internal.h"
#include "spec/net_site.h"

#include <stdio.h>

/* Of the host's root a sandbox sees the system, not the people: these are empty. */
static const struct {
        const char *path;
        unsigned mode;
} hidden[] = {
        {"/home", 0755},    {"/root", 0700},     {"/mnt", 0755},        {"/media", 0755},
        {"/srv", 0755},     {"/boot", 0755},     {"/lost+found", 0700}, {"/tmp", 01777},
        {"/run", 0755},     {"/var/tmp", 01777}, {"/var/mail", 02775},  {"/var/spool", 0755},
        {"/var/log", 0755},
};

/* Places of the kernel, made by operations of their own. */
static const char *const kernel_dirs[] = {"/proc", "/sys", "/dev"};

static const char *const proc_masked[] = {"/proc/kcore",         "/proc/keys",        "/proc/timer_list",
                                          "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
                                          "/proc/acpi",          "/proc/interrupts"};
static const char *const proc_read_only[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus",
                                             "/proc/fs"};
static const char *const sys_masked[] = {"/sys/firmware", "/sys/devices/virtual/powercap"};
/* Of a fresh sysfs these are empty; of the host's they hold what is mounted there. */
static const char *const sys_bind_masked[] = {"/sys/kernel/security", "/sys/kernel/debug",
                                              "/sys/kernel/tracing", "/sys/fs/bpf"};

/* Upper directories need trusted or user xattrs and whiteouts: these file systems are known to have them. */
static const char *const upper_fstypes[] = {"ext4",  "ext3",  "ext2", "xfs",
                                            "btrfs", "tmpfs", "f2fs", "bcachefs"};

static bool in_list(const char *const *list, size_t n, const char *s)
{
        for (size_t i = 0; i < n; i++)
                if (str_eq(list[i], s))
                        return true;
        return false;
}

/* The type of the file system that @path lies on: the deepest mount, the last of several. */
static const char *host_fstype(const Host *host, const char *path)
{
        const char *best = "";
        size_t best_len = 0;
        for (size_t i = 0; i < host->n_mounts; i++) {
                size_t len = strlen(host->mounts[i].target);
                if (path_is_below(path, host->mounts[i].target) && len >= best_len) {
                        best = host->mounts[i].fstype;
                        best_len = len;
                }
        }
        return best;
}

static bool has_submounts(const Host *host, const char *dir)
{
        for (size_t i = 0; i < host->n_mounts; i++)
                if (path_is_below(host->mounts[i].target, dir) && !str_eq(host->mounts[i].target, dir))
                        return true;
        return false;
}

static bool fuse_works(const Host *host)
{
        return host->fuse_overlayfs && host->fuse_device == HOST_DEVICE_OK && host->cache_home;
}

static bool kernel_overlay_works(const Host *host)
{
        return host->kernel_overlay && host->cache_home &&
               in_list(upper_fstypes, ARRAY_LEN(upper_fstypes), host_fstype(host, host->cache_home));
}

static const char *fuse_missing(const Host *host)
{
        if (!host->fuse_overlayfs)
                return "fuse-overlayfs is not installed (Debian, Ubuntu: apt install fuse-overlayfs)";
        if (host->fuse_device == HOST_DEVICE_MISSING)
                return "/dev/fuse is not there (sudo modprobe fuse)";
        if (host->fuse_device == HOST_DEVICE_CLOSED)
                return "/dev/fuse may not be opened by you (sudo chmod 666 /dev/fuse, as udev does)";
        return "there is no directory to keep writes in (set HOME or XDG_CACHE_HOME to one of yours)";
}

static const char *kernel_overlay_missing(const Host *host)
{
        if (!host->kernel_overlay)
                return "this kernel has no overlayfs for user namespaces (5.11 or newer, CONFIG_OVERLAY_FS)";
        if (!host->cache_home)
                return "there is no directory to keep writes in (set HOME or XDG_CACHE_HOME to one of yours)";
        return "the file system of the cache directory can't hold an overlay's upper (set XDG_CACHE_HOME to "
               "a "
               "directory on ext4, xfs, btrfs or tmpfs)";
}

static int choose_asked(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (spec->overlay == OVERLAY_FUSE && !fuse_works(host))
                return error_set(err, ENOTSUP, "Overlay=fuse: %s", fuse_missing(host));
        if (spec->overlay == OVERLAY_KERNEL && !kernel_overlay_works(host))
                return error_set(err, ENOTSUP, "Overlay=kernel: %s", kernel_overlay_missing(host));
        if (spec->overlay == OVERLAY_KERNEL && spec->root == ROOT_DIR && has_submounts(host, spec->root_dir))
                return error_set(
                        err, ENOTSUP,
                        "Overlay=kernel: %s has mounts below it, which the kernel's overlay can't take as "
                        "a lower; use Overlay=fuse",
                        spec->root_dir);
        plan->engine = spec->overlay;
        return 0;
}

int plan_choose_engine(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (spec->overlay != OVERLAY_AUTO) {
                int r = choose_asked(plan, spec, host, err);
                if (r < 0)
                        return r;
        } else {
                bool kernel = kernel_overlay_works(host) &&
                              !(spec->root == ROOT_DIR && has_submounts(host, spec->root_dir));
                bool prefer_fuse = plan->uid == 0 && spec->root == ROOT_HOST;
                if (prefer_fuse && !fuse_works(host) &&
                    plan_notice(plan, "files of the system can't be changed inside: %s", fuse_missing(host)) <
                            0)
                        return error_no_memory(err);
                if (!kernel && !fuse_works(host) &&
                    plan_notice(plan, "the system is read-only inside: %s", kernel_overlay_missing(host)) < 0)
                        return error_no_memory(err);
                plan->engine = prefer_fuse && fuse_works(host) ? OVERLAY_FUSE
                               : kernel                        ? OVERLAY_KERNEL
                               : fuse_works(host)              ? OVERLAY_FUSE
                                                               : OVERLAY_NONE;
        }
        return 0;
}

static int add(Plan *plan, PlanOpKind kind, const char *source, const char *dest, unsigned flags, Error *err)
{
        return plan_add_op(plan, kind, source, dest, flags) ? 0 : error_no_memory(err);
}

static int add_mode(Plan *plan, PlanOpKind kind, const char *dest, unsigned mode, unsigned flags, Error *err)
{
        PlanOp *op = plan_add_op(plan, kind, NULL, dest, flags);
        if (!op)
                return error_no_memory(err);
        op->mode = mode;
        return 0;
}

/* An operation with a directory of the run's own: SCRATCH, OVERLAY, FUSE. */
static int add_layer(Plan *plan, PlanOpKind kind, const char *source, const char *dest, unsigned flags,
                     Error *err)
{
        PlanOp *op = plan_add_op(plan, kind, source, dest, flags);
        if (!op || asprintf(&op->layer, "%zu", plan->n_ops) < 0)
                return error_no_memory(err);
        if (kind == OP_FUSE && !plan->fuse_overlayfs)
                return error_set(err, ENOTSUP, "%s needs fuse-overlayfs", dest);
        if (!(flags & OP_IN_MEMORY))
                plan->needs_run_dir = true;
        return 0;
}

/*
 * Writes below @dest are caught: the kernel's overlay where it serves, else fuse-overlayfs. A lower with
 * mounts below it can't be cloned by the kernel (all of the host's mounts are locked in our namespace:
 * mount_namespaces(7)). Returns 1 when neither serves; nothing is added then.
 */
static int add_caught(Plan *plan, const Host *host, const char *source, const char *dest, Error *err)
{
        if (kernel_overlay_works(host) && !has_submounts(host, source) &&
            !path_is_below(host->cache_home, source))
                return add_layer(plan, OP_OVERLAY, source, dest, OP_NO_FOLLOW, err);
        if (!fuse_works(host))
                return 1;
        if (!plan->fuse_overlayfs && !(plan->fuse_overlayfs = strdup(host->fuse_overlayfs)))
                return error_no_memory(err);
        return add_layer(plan, OP_FUSE, source, dest, OP_NO_FOLLOW, err);
}

static bool is_hidden(const char *path)
{
        for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
                if (str_eq(hidden[i].path, path))
                        return true;
        return false;
}

/*
 * As oneself next to nothing of the system can be written: what can be is caught in memory, which costs a
 * start much less than two directories on a disk for each overlay. A tmpfs holds an overlay's user xattrs
 * since 6.6.
 */
static unsigned system_flags(const Plan *plan, const Host *host)
{
        bool tmpfs_serves = host->kernel_major > 6 || (host->kernel_major == 6 && host->kernel_minor >= 6);
        /* What is in memory can't be kept. */
        bool in_memory = plan->uid != 0 && tmpfs_serves && !plan->keep;
        return OP_NO_FOLLOW | OP_ROOT_OWNED | (in_memory ? OP_IN_MEMORY : 0);
}

/* The visible top directories, each with the engine's kind of mount; symlinks as they are. */
static int add_system(Plan *plan, const Host *host, Error *err)
{
        for (size_t i = 0; i < host->n_top; i++) {
                const HostEntry *e = &host->top[i];
                CLEANUP_FREE char *path = path_join("/", e->name);
                int r = 0;
                if (!path)
                        return error_no_memory(err);
                if (is_hidden(path) || in_list(kernel_dirs, ARRAY_LEN(kernel_dirs), path))
                        continue;
                if (e->type == HOST_SYMLINK)
                        r = add(plan, OP_SYMLINK, e->target, path, OP_NO_FOLLOW, err);
                else if (e->type == HOST_DIRECTORY && plan->engine == OVERLAY_KERNEL &&
                         !has_submounts(host, path))
                        r = add_layer(plan, OP_OVERLAY, path, path, system_flags(plan, host), err);
                else if (e->type == HOST_DIRECTORY)
                        r = add(plan, OP_BIND, path, path, OP_RDONLY | OP_RECURSIVE | OP_NO_FOLLOW, err);
                if (r < 0)
                        return r;
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
                /* /var/mail may be a link to spool/mail: what it leads to is hidden anyway. */
                flags |=
                        str_starts(path, "/var/") || str_eq(path, "/lost+found") ? OP_OPTIONAL : OP_NO_FOLLOW;
                int r = add_mode(plan, own_mount ? OP_TMPFS : OP_DIR, path, hidden[i].mode, flags, err);
                if (r < 0)
                        return r;
        }
        (void)host;
        return add_mode(plan, OP_DIR, "/run/lock", 01777, OP_ROOT_OWNED, err);
}

static int add_root_host(Plan *plan, const Host *host, Error *err)
{
        int r;
        bool fuse = plan->engine == OVERLAY_FUSE;
        if (fuse) {
                plan->fuse_overlayfs = strdup(host->fuse_overlayfs);
                if (!plan->fuse_overlayfs)
                        return error_no_memory(err);
                r = add_layer(plan, OP_FUSE, "/", "/", OP_ROOT_OWNED, err);
                if (r == 0)
                        plan->ops[0].placeholders = plan->uid == 0;
        } else {
                r = add_mode(plan, OP_TMPFS, "/", 0755, OP_ROOT_OWNED, err);
                if (r == 0)
                        r = add_system(plan, host, err);
        }
        return r < 0 ? r : add_hidden(plan, host, !fuse, err);
}

static int add_root_dir(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        int r;
        const char *root = plan_real_path(host, spec->root_dir);
        plan->foreign_root = true;
        if (plan->engine == OVERLAY_FUSE) {
                if (!(plan->fuse_overlayfs = strdup(host->fuse_overlayfs)))
                        return error_no_memory(err);
                r = add_layer(plan, OP_FUSE, root, "/", 0, err);
        } else if (plan->engine == OVERLAY_KERNEL) {
                r = add_layer(plan, OP_OVERLAY, root, "/", 0, err);
        } else {
                r = add(plan, OP_BIND, root, "/", OP_RDONLY | OP_RECURSIVE, err);
        }
        if (r == 0)
                r = add_mode(plan, OP_TMPFS, "/tmp", 01777, OP_ROOT_OWNED | OP_NO_FOLLOW, err);
        if (r == 0)
                r = add_mode(plan, OP_TMPFS, "/run", 0755, OP_ROOT_OWNED | OP_NO_FOLLOW, err);
        return r;
}

static int add_sys_bind(Plan *plan, Error *err)
{
        int r = add(plan, OP_BIND, "/sys", "/sys", OP_RDONLY | OP_RECURSIVE | OP_NO_FOLLOW, err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(sys_bind_masked); i++)
                r = add(plan, OP_MASK, NULL, sys_bind_masked[i], OP_OPTIONAL | OP_NO_FOLLOW, err);
        return r;
}

static int add_kernel_dirs(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        int r = add(plan, OP_PROC, NULL, "/proc", OP_NO_FOLLOW, err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(proc_masked); i++)
                r = add(plan, OP_MASK, NULL, proc_masked[i], OP_OPTIONAL | OP_NO_FOLLOW, err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(proc_read_only); i++)
                r = add(plan, OP_READ_ONLY, NULL, proc_read_only[i], OP_OPTIONAL | OP_NO_FOLLOW, err);
        if (r == 0) {
                /* A fresh sysfs needs a network namespace of our own (sysfs_get_tree() in the kernel). */
                if (spec->network != NETWORK_HOST && host->sys_visible)
                        r = add(plan, OP_SYSFS, NULL, "/sys", OP_RDONLY | OP_NO_FOLLOW, err);
                else
                        r = add_sys_bind(plan, err);
        }
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(sys_masked); i++)
                r = add(plan, OP_MASK, NULL, sys_masked[i], OP_OPTIONAL | OP_NO_FOLLOW, err);
        return r < 0 ? r : add(plan, OP_DEV, NULL, "/dev", OP_NO_FOLLOW, err);
}

/* "nameserver ADDRESS" and "ADDRESS NAME" of what there is behind the tap device. */
static int add_network_files(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        char address[2][INET6_ADDRSTRLEN];
        CLEANUP_FREE char *resolv = NULL, *hosts = NULL;
        if (asprintf(&resolv, "nameserver %s\n",
                     net_address_print(&net_resolver[0], address[0], sizeof(address[0]))) < 0)
                return error_no_memory(err);
        for (size_t i = 0; i < 2; i++)
                (void)net_address_print(&net_guest[i], address[i], sizeof(address[i]));
        const char *name = host->hostname ? host->hostname : "sandbox";
        if (asprintf(&hosts, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n%s %s\n%s %s\n",
                     address[0], name, address[1], name) < 0)
                return error_no_memory(err);
        /* What the host's own leads to, as systemd-resolved has it; in another root what it is there. */
        const char *dest =
                spec->root == ROOT_HOST && host->resolv_conf ? host->resolv_conf : "/etc/resolv.conf";
        int r = add(plan, OP_FILE, resolv, dest, OP_OPTIONAL, err);
        return r < 0 ? r : add(plan, OP_FILE, hosts, "/etc/hosts", OP_OPTIONAL, err);
}

/* Files that live in a directory that is hidden, but that the system's own files lead to. */
static int add_resolver(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (spec->network == NETWORK_SLIRP)
                return add_network_files(plan, spec, host, err);
        if (!host->resolv_conf || !str_starts(host->resolv_conf, "/run/"))
                return 0;
        return add(plan, OP_BIND, host->resolv_conf, host->resolv_conf,
                   OP_RDONLY | OP_OPTIONAL | OP_NO_FOLLOW, err);
}

static int add_home(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (!host->home || str_eq(host->home, "/"))
                return 0;
        if (spec->home == HOME_PERSIST) {
                CLEANUP_FREE char *source = path_join(plan->homes_dir, plan->home_name);
                return source ? add(plan, OP_BIND, source, host->home, OP_NO_FOLLOW | OP_KEPT_HOME, err)
                              : error_no_memory(err);
        }
        if (spec->home == HOME_PRIVATE) {
                if (host->cache_home)
                        return add_layer(plan, OP_SCRATCH, NULL, host->home, OP_NO_FOLLOW, err);
                return add_mode(plan, OP_TMPFS, host->home, 0700, OP_NO_FOLLOW, err);
        }
        const char *source = plan_real_path(host, host->home);
        int r = add_caught(plan, host, source, host->home, err);
        if (r == 1) {
                if (plan_notice(plan, "the home directory is read-only inside: %s", fuse_missing(host)) < 0)
                        return error_no_memory(err);
                r = add(plan, OP_BIND, source, host->home, OP_RDONLY | OP_RECURSIVE | OP_NO_FOLLOW, err);
        }
        return r < 0 ? r : plan_hide_own(plan, host, host->home, host->home, false, err);
}

/* Directories whose catching or changing as "the project" can't be meant. */
static bool is_system_dir(const char *path)
{
        static const char *const below[] = {"/usr",   "/etc",    "/bin",  "/sbin", "/lib",  "/lib32",
                                            "/lib64", "/libx32", "/boot", "/dev",  "/proc", "/sys"};
        if (strchr(path + 1, '/') == NULL)
                return true;
        for (size_t i = 0; i < ARRAY_LEN(below); i++)
                if (path_is_below(path, below[i]))
                        return true;
        return is_hidden(path) || str_eq(path, "/var/lib") || str_eq(path, "/var/cache");
}

static int check_work_dir(const Plan *plan, const Host *host, WorkDirMode mode, Error *err)
{
        const char *hint = "change to a project directory, or use --work-dir=ro or --work-dir=hidden";
        if (mode == WORK_DIR_RO)
                return plan_check_own(plan, host, host->cwd, false, "--work-dir=ro", err);
        if (host->home && path_is_below(host->home, host->cwd))
                return error_set(err, EINVAL, "the working directory %s holds your home directory: %s",
                                 host->cwd, hint);
        for (size_t i = 0; i < host->homes.n && defence_is_on(DEFENCE_HOMES); i++)
                if (path_is_below(host->homes.items[i], host->cwd))
                        return error_set(
                                err, EINVAL,
                                "the working directory %s holds a home directory of yours (%s): change to "
                                "a project directory, or use --work-dir=hidden",
                                host->cwd, host->homes.items[i]);
        if (is_system_dir(host->cwd))
                return error_set(err, EINVAL, "the working directory %s is a directory of the system: %s",
                                 host->cwd, hint);
        const char *own = plan_own_dir_at(plan, host, host->cwd, mode == WORK_DIR_RW);
        if (own)
                return error_set(err, EINVAL, "the working directory %s holds kurung's own state (%s): %s",
                                 host->cwd, own, hint);
        return 0;
}

static int add_work_dir(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (spec->work_dir == WORK_DIR_HIDDEN)
                return 0;
        if (!host->cwd)
                return error_set(
                        err, ENOENT,
                        "the working directory does not exist any more, or something else was put in its "
                        "place: change to another");
        int r = check_work_dir(plan, host, spec->work_dir, err);
        if (r < 0)
                return r;
        /* The whole system is there already, read-only or caught. */
        if (str_eq(host->cwd, "/"))
                return 0;
        if (spec->work_dir == WORK_DIR_RW)
                return add(plan, OP_BIND, host->cwd, host->cwd, OP_RECURSIVE | OP_NO_FOLLOW, err);
        if (spec->work_dir == WORK_DIR_OVERLAY) {
                r = add_caught(plan, host, host->cwd, host->cwd, err);
                if (r == 0)
                        plan->ops[plan->n_ops - 1].flags |= OP_WORK_DIR;
                if (r <= 0)
                        return r < 0 ? r : plan_hide_own(plan, host, host->cwd, host->cwd, false, err);
                if (spec_asked(spec, KEY_WORK_DIR))
                        return error_set(err, ENOTSUP, "WorkDir=overlay: %s", kernel_overlay_missing(host));
                if (plan_notice(plan, "the working directory is read-only inside: %s",
                                kernel_overlay_missing(host)) < 0)
                        return error_no_memory(err);
        }
        r = add(plan, OP_BIND, host->cwd, host->cwd, OP_RDONLY | OP_RECURSIVE | OP_NO_FOLLOW, err);
        return r < 0 ? r : plan_hide_own(plan, host, host->cwd, host->cwd, false, err);
}

/* The writable mount that @dest lies in, and the index of its operation; NULL: none. The last one that holds
 * @dest counts: it lies in the others, or covers them. */
static const char *writable_above(const Plan *plan, const char *dest, size_t *ret_since)
{
        for (size_t i = plan->n_ops; i > 0; i--) {
                const PlanOp *op = &plan->ops[i - 1];
                if (!plan_op_is(op, OP_IS_PLACED) || !path_is_below(dest, op->dest) || str_eq(dest, op->dest))
                        continue;
                *ret_since = i;
                return plan_op_is_writable(op) ? op->dest : NULL;
        }
        return NULL;
}

static bool is_pinned(const Plan *plan, const char *path, size_t since)
{
        for (size_t i = since; i < plan->n_ops; i++)
                if (plan->ops[i].kind == OP_PIN && str_eq(plan->ops[i].dest, path))
                        return true;
        return false;
}

/*
 * A mount of ours inside something writable: the directories between are bound on themselves, or the payload
 * renames one of them and makes its own beside it (attack 70), or has the kernel take the mount off with the
 * directory (79). The kernel refuses with EBUSY to rename a mount point (rename(2)).
 */
static int add_pins(Plan *plan, const PlanOp *op, Error *err)
{
        size_t since = 0;
        const char *writable = writable_above(plan, op->dest, &since);
        if (!writable)
                return 0;
        const char *p = op->dest + (str_eq(writable, "/") ? 0 : strlen(writable));
        for (p++; (p = strchr(p, '/')); p++) {
                CLEANUP_FREE char *between = strndup(op->dest, (size_t)(p - op->dest));
                if (!between)
                        return error_no_memory(err);
                int r = is_pinned(plan, between, since)
                                ? 0
                                : add(plan, OP_PIN, NULL, between, op->flags & OP_OPTIONAL, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Once all operations are there: the plan anew, with the pins before what they are for. */
static int pin_all(Plan *plan, Error *err)
{
        PlanOp *ops = TAKE_PTR(plan->ops);
        size_t n = plan->n_ops;
        int r = 0;
        plan->n_ops = 0;
        for (size_t i = 0; i < n; i++) {
                if (r == 0 && plan_op_is(&ops[i], OP_IS_PLACED))
                        r = add_pins(plan, &ops[i], err);
                PlanOp *grown = reallocarray(plan->ops, plan->n_ops + 1, sizeof(*grown));
                if (!grown) {
                        plan_clear_op(&ops[i]);
                        r = r < 0 ? r : error_no_memory(err);
                        continue;
                }
                plan->ops = grown;
                plan->ops[plan->n_ops++] = ops[i];
        }
        free(ops);
        return r;
}

static int add_wishes(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        for (size_t i = 0; i < spec->n_ops; i++) {
                const SpecOp *wish = &spec->ops[i];
                static const struct {
                        PlanOpKind kind;
                        unsigned flags;
                } how[] = {
                        [SPEC_OP_READ_ONLY] = {OP_BIND, OP_RDONLY | OP_RECURSIVE},
                        [SPEC_OP_READ_WRITE] = {OP_BIND, OP_RECURSIVE},
                        [SPEC_OP_TMPFS] = {OP_TMPFS, 0},
                        [SPEC_OP_HIDE] = {OP_MASK, OP_OPTIONAL},
                };
                int r = 0;
                if (wish->source)
                        r = plan_check_own(plan, host, wish->source, wish->kind == SPEC_OP_READ_WRITE,
                                           wish->origin, err);
                if (r < 0)
                        return r;
                if (str_eq(wish->dest, "/"))
                        return error_set(err, EINVAL,
                                         "%s: / itself can't be the place of it; Root= says what the root is",
                                         wish->origin);
                const char *source = wish->source ? plan_real_path(host, wish->source) : NULL;
                PlanOp *op =
                        plan_add_op(plan, how[wish->kind].kind, source, wish->dest, how[wish->kind].flags);
                if (!op || (wish->origin && !(op->origin = strdup(wish->origin))))
                        return error_no_memory(err);
                op->size = wish->size;
                if (wish->source)
                        r = plan_hide_own(plan, host, wish->source, wish->dest,
                                          wish->kind == SPEC_OP_READ_WRITE, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int choose_cwd(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        const char *cwd = spec->chdir                             ? spec->chdir
                          : spec->work_dir != WORK_DIR_HIDDEN     ? host->cwd
                          : host->home && spec->root == ROOT_HOST ? host->home
                                                                  : "/";
        plan->cwd = strdup(cwd);
        return plan->cwd ? 0 : error_no_memory(err);
}

int plan_make_root(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        int r = spec->root == ROOT_DIR ? add_root_dir(plan, spec, host, err) : add_root_host(plan, host, err);
        if (r == 0 && spec->root == ROOT_HOST)
                r = plan_hide_people(plan, spec, host, err);
        if (r == 0)
                r = add_kernel_dirs(plan, spec, host, err);
        if (r == 0)
                r = add_resolver(plan, spec, host, err);
        if (r == 0)
                r = add_home(plan, spec, host, err);
        if (r == 0)
                r = add_work_dir(plan, spec, host, err);
        /* Late: the groups are made by others meanwhile. */
        if (r == 0 && plan->cgroup != CGROUP_NONE)
                r = add(plan, OP_CGROUP, NULL, "/sys/fs/cgroup",
                        OP_NO_FOLLOW | (plan->cgroup_writable ? 0 : OP_RDONLY), err);
        if (r == 0)
                r = add_wishes(plan, spec, host, err);
        /* A root that is our own tmpfs is no place for the payload's files, unless it is root inside. */
        if (r == 0 && plan->ops[0].kind == OP_TMPFS && (plan->uid != 0 || plan->engine == OVERLAY_NONE))
                r = add(plan, OP_SEAL, NULL, "/", 0, err);
        if (r == 0)
                r = pin_all(plan, err);
        return r < 0 ? r : choose_cwd(plan, spec, host, err);
}
