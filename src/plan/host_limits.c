/* SPDX-License-Identifier: Apache-2.0 */
/* Probes the facts that resource limits require: control groups, the user manager, disks. */
#include "plan/host_internal.h"

#include "base/fds.h"
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define CGROUP_MOUNT "/sys/fs/cgroup"
#define CGROUP_FILE_MAX (1 << 20)

static void find_version(const Host *h, HostLimits *l)
{
        for (size_t i = 0; i < h->n_mounts; i++) {
                const HostMount *m = &h->mounts[i];
                if (str_eq(m->fstype, "cgroup"))
                        l->version = l->version == HOST_CGROUP_HYBRID ? HOST_CGROUP_HYBRID : HOST_CGROUP_V1;
                if (!str_eq(m->fstype, "cgroup2"))
                        continue;
                if (str_eq(m->target, CGROUP_MOUNT)) {
                        l->version = HOST_CGROUP_V2;
                        l->nsdelegate = m->nsdelegate;
                        return;
                }
                l->version = HOST_CGROUP_HYBRID;
        }
}

/* Returns the content of a file of a control group, owned; NULL: it does not exist. */
static char *read_group(int root, const char *group, const char *name)
{
        char path[PATH_MAX];
        char *text = NULL;
        if ((size_t)snprintf(path, sizeof(path), "%s/%s", group, name) >= sizeof(path))
                return NULL;
        return host_read_below(root, path, CGROUP_FILE_MAX, &text) < 0 ? NULL : text;
}

static bool may_write_group(int root, const char *group)
{
        static const char *const files[] = {"", "/cgroup.procs", "/cgroup.subtree_control"};
        char path[PATH_MAX];
        for (size_t i = 0; i < ARRAY_LEN(files); i++)
                if ((size_t)snprintf(path, sizeof(path), "%s%s", group, files[i]) >= sizeof(path) ||
                    faccessat(root, host_below_root(path), W_OK, AT_EACCESS) < 0)
                        return false;
        return true;
}

/* systemd marks delegated groups: "Delegate=yes" sets user.delegate (org.systemd.delegation). */
static bool is_marked(int root, const char *group)
{
        char value[8] = "";
        CLEANUP_FD int fd = openat(root, host_below_root(group), O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return false;
        return getxattr(fd_path(fd).text, "user.delegate", value, sizeof(value) - 1) > 0 && value[0] == '1';
}

/* Returns whether the calling process is the only one in a group. */
static bool is_alone_in(int root, const char *group)
{
        CLEANUP_FREE char *procs = read_group(root, group, "cgroup.procs");
        char own[16];
        (void)snprintf(own, sizeof(own), "%d\n", (int)getpid());
        return procs && str_eq(procs, own);
}

static bool holds_groups(int root, const char *group)
{
        CLEANUP_FREE char *enabled = read_group(root, group, "cgroup.subtree_control");
        return enabled && strspn(enabled, " \n") < strlen(enabled);
}

static int add_words(const char *text, StrList *ret)
{
        CLEANUP_FREE char *copy = strdup(text ? text : "");
        char *save = NULL;
        int r = copy ? 0 : -ENOMEM;
        for (char *w = copy ? strtok_r(copy, " \n", &save) : NULL; r == 0 && w;
             w = strtok_r(NULL, " \n", &save))
                r = strlist_add(ret, w);
        return r;
}

static int add_controllers(int root, const char *group, StrList *ret)
{
        CLEANUP_FREE char *text = read_group(root, group, "cgroup.controllers");
        return add_words(text, ret);
}

/*
 * Finds the group in which kurung may create groups. It is between kurung's own group and the delegation
 * boundary (a mark of systemd, or the root of a cgroup namespace, as in a container): kurung's own group if
 * no other process is in it, otherwise the nearest group above with subgroups that have limits.
 */
static int find_base(int root, HostLimits *l)
{
        CLEANUP_FREE char *group = strdup(l->own);
        bool in_namespace = false;
        if (!group)
                return -ENOMEM;
        /* Only the real root has no cgroup.type (cgroups(7)). */
        CLEANUP_FREE char *type = read_group(root, CGROUP_MOUNT, "cgroup.type");
        in_namespace = type != NULL;
        char *found = NULL;
        bool bordered = false;
        while (!bordered && path_is_below(group, CGROUP_MOUNT) && may_write_group(root, group)) {
                bordered = is_marked(root, group) || (in_namespace && str_eq(group, CGROUP_MOUNT));
                bool own = str_eq(group, l->own);
                if (!found && (own ? is_alone_in(root, group) : holds_groups(root, group))) {
                        found = strdup(group);
                        l->base_is_own = own;
                }
                char *parent = path_parent(group);
                free(group);
                group = parent;
                if (!group)
                        break;
        }
        if (!bordered || !found) {
                free(found);
                l->base_is_own = false;
                return group ? 0 : -ENOMEM;
        }
        l->base = found;
        return add_controllers(root, found, &l->base_controllers);
}

static int find_own(int root, HostLimits *l)
{
        CLEANUP_FREE char *text = NULL;
        if (host_read_below(root, "/proc/self/cgroup", 65536, &text) < 0)
                return 0;
        const char *line = str_starts(text, "0::/") ? text : strstr(text, "\n0::/");
        if (!line)
                return 0;
        const char *path = strchr(line, '/');
        CLEANUP_FREE char *full = NULL;
        if (asprintf(&full, CGROUP_MOUNT "%.*s", (int)strcspn(path, "\n"), path) < 0)
                return -ENOMEM;
        /* A group outside of the own cgroup namespace is shown as "/../x". */
        if (strstr(full, "/.."))
                return 0;
        return path_normalize(full, NULL, &l->own) == -ENOMEM ? -ENOMEM : 0;
}

/* Finds the user manager of this user: its private socket, which systemctl(1) uses, and the controllers that
 * it can delegate. */
static int find_manager(int root, const Host *h, HostLimits *l)
{
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        char dir[PATH_MAX], group[128];
        CLEANUP_FREE char *path = NULL;
        struct stat st;
        /* Some logins (su, cron) do not set the variable; the manager exists all the same. */
        if (runtime && runtime[0] == '/')
                (void)snprintf(dir, sizeof(dir), "%s", runtime);
        else
                (void)snprintf(dir, sizeof(dir), "/run/user/%u", h->uid);
        if (fstatat(root, host_below_root(dir), &st, 0) < 0 || st.st_uid != h->uid)
                return 0;
        if (asprintf(&path, "%s/systemd/private", dir) < 0)
                return -ENOMEM;
        if (fstatat(root, host_below_root(path), &st, 0) < 0 || !S_ISSOCK(st.st_mode) || st.st_uid != h->uid)
                return 0;
        l->manager = TAKE_PTR(path);
        (void)snprintf(group, sizeof(group), CGROUP_MOUNT "/user.slice/user-%u.slice/user@%u.service", h->uid,
                       h->uid);
        return add_controllers(root, group, &l->manager_controllers);
}

static uint64_t parse_number(const char *text)
{
        char *end;
        unsigned long long n = text ? strtoull(text, &end, 10) : 0;
        return text && end != text ? n : UINT64_MAX;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

/* Finds the totals to which percentages refer: those of the machine, or of a container. */
static void find_totals(int root, HostLimits *l)
{
        CLEANUP_FREE char *memory = NULL, *pids = NULL, *threads = NULL;
        if (host_read_below(root, "/proc/meminfo", 65536, &memory) == 0 && str_starts(memory, "MemTotal:"))
                l->memory = parse_number(memory + strlen("MemTotal:")) * 1024;
        l->tasks = UINT64_MAX;
        if (host_read_below(root, "/proc/sys/kernel/pid_max", 64, &pids) == 0)
                l->tasks = smaller(l->tasks, parse_number(pids));
        if (host_read_below(root, "/proc/sys/kernel/threads-max", 64, &threads) == 0)
                l->tasks = smaller(l->tasks, parse_number(threads));
        if (!l->base)
                return;
        CLEANUP_FREE char *memory_max = read_group(root, l->base, "memory.max");
        CLEANUP_FREE char *pids_max = read_group(root, l->base, "pids.max");
        l->memory = smaller(l->memory, parse_number(memory_max));
        l->tasks = smaller(l->tasks, parse_number(pids_max));
}

/* Finds the disk from which a file system with a device number of its own (btrfs) is mounted. */
static int source_device(int root, const Host *h, const char *path, dev_t *ret)
{
        const HostMount *best = NULL;
        struct stat st;
        for (size_t i = 0; i < h->n_mounts; i++)
                if (path_is_below(path, h->mounts[i].target) &&
                    (!best || strlen(h->mounts[i].target) >= strlen(best->target)))
                        best = &h->mounts[i];
        if (!best || !best->source || best->source[0] != '/' ||
            fstatat(root, host_below_root(best->source), &st, 0) < 0 || !S_ISBLK(st.st_mode))
                return -ENODEV;
        *ret = st.st_rdev;
        return 0;
}

/* Limits apply to disks, so a partition is replaced by its disk. */
static void whole_disk(int root, HostDisk *disk)
{
        char path[96];
        CLEANUP_FREE char *text = NULL;
        (void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", disk->major, disk->minor);
        if (faccessat(root, host_below_root(path), F_OK, 0) < 0)
                return;
        (void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../dev", disk->major, disk->minor);
        if (host_read_below(root, path, 64, &text) == 0)
                (void)sscanf(text, "%u:%u", &disk->major, &disk->minor);
}

static void find_disk(int root, const Host *h, HostDisk *disk)
{
        struct stat st;
        dev_t dev;
        if (fstatat(root, host_below_root(disk->path)[0] ? host_below_root(disk->path) : ".", &st, 0) < 0) {
                disk->errnum = errno;
                return;
        }
        dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
        if (major(dev) == 0 && source_device(root, h, disk->path, &dev) < 0) {
                disk->errnum = ENODEV;
                return;
        }
        disk->major = major(dev);
        disk->minor = minor(dev);
        whole_disk(root, disk);
}

static int find_disks(int root, const Host *h, const char *const *paths, HostLimits *l)
{
        size_t n = 0;
        while (paths && paths[n])
                n++;
        l->disks = calloc(n + 1, sizeof(*l->disks));
        if (!l->disks)
                return -ENOMEM;
        for (; l->n_disks < n; l->n_disks++) {
                HostDisk *disk = &l->disks[l->n_disks];
                if (!(disk->path = strdup(paths[l->n_disks])))
                        return -ENOMEM;
                find_disk(root, h, disk);
        }
        return 0;
}

int host_probe_limits(int root, Host *h, const char *const *paths)
{
        HostLimits *l = &h->limits;
        host_limits_clear(l);
        find_version(h, l);
        int r = 0;
        if (l->version == HOST_CGROUP_V2) {
                r = find_own(root, l);
                if (r == 0 && l->own)
                        r = find_base(root, l);
                if (r == 0)
                        r = find_manager(root, h, l);
        }
        find_totals(root, l);
        return r == 0 ? find_disks(root, h, paths, l) : r;
}

static uint64_t read_setting(int root, const char *path)
{
        CLEANUP_FREE char *text = NULL;
        uint64_t n = host_read_below(root, path, 64, &text) < 0 ? UINT64_MAX : parse_number(text);
        return n == UINT64_MAX ? 0 : n;
}

void host_probe_shared(int root, Host *h)
{
        struct sysinfo info;
        if (sysinfo(&info) == 0)
                h->memory = (uint64_t)info.totalram * info.mem_unit;
        h->inotify_instances = read_setting(root, "/proc/sys/user/max_inotify_instances");
        h->inotify_watches = read_setting(root, "/proc/sys/user/max_inotify_watches");
}

void host_limits_clear(HostLimits *l)
{
        free(l->own);
        free(l->base);
        free(l->manager);
        strlist_clear(&l->base_controllers);
        strlist_clear(&l->manager_controllers);
        for (size_t i = 0; i < l->n_disks; i++)
                free(l->disks[i].path);
        free(l->disks);
        *l = (HostLimits){0};
}
