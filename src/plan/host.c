/* SPDX-License-Identifier: Apache-2.0 */
/* The probe. It runs at every start: a few dozen system calls, no library, no program. */
#include "plan/host.h"

#include "base/io.h"
#include "base/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#define MOUNTINFO_MAX (8 * 1024 * 1024)
#define SUBID_MAX (1024 * 1024)
#define LANDLOCK_CREATE_RULESET_VERSION 1

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

/* Helpers are never looked up in $PATH, which somebody else may have set (ESCAPES 12). */
static const char *const helper_dirs[] = {"/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin", "/sbin"};

/* A directory that the kernel keeps empty may be mounted over without a part of procfs or sysfs being hidden.
 */
static const char *const empty_dirs[] = {
        "/proc/sys/fs/binfmt_misc", "/proc/fs/nfsd",      "/sys/fs/cgroup",
        "/sys/fs/fuse/connections", "/sys/kernel/debug",  "/sys/kernel/tracing",
        "/sys/kernel/security",     "/sys/kernel/config", "/sys/fs/bpf",
        "/sys/fs/pstore",           "/sys/fs/selinux",    "/sys/firmware/efi/efivars",
        "/sys/fs/resctrl",          "/sys/hypervisor",
};

/* A whole number in a file of /proc/sys; @missing when there is no such file. */
static long read_sysctl(const char *path, long missing)
{
        CLEANUP_FREE char *text = NULL;
        if (io_read_file_at(AT_FDCWD, path, 64, &text, NULL) < 0)
                return missing;
        return strtol(text, NULL, 10);
}

static char *find_helper(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(helper_dirs); i++) {
                char *path = path_join(helper_dirs[i], name);
                if (!path || access(path, X_OK) == 0)
                        return path;
                free(path);
        }
        return NULL;
}

static HostHelper helper_state(const char *path)
{
        struct stat st;
        char cap[64];
        if (!path)
                return HOST_HELPER_MISSING;
        if (stat(path, &st) == 0 && (st.st_mode & S_ISUID) && st.st_uid == 0)
                return HOST_HELPER_OK;
        return getxattr(path, "security.capability", cap, sizeof(cap)) > 0 ? HOST_HELPER_OK
                                                                           : HOST_HELPER_UNPRIVILEGED;
}

static HostDevice device_state(const char *path)
{
        if (access(path, R_OK | W_OK) == 0)
                return HOST_DEVICE_OK;
        return errno == ENOENT ? HOST_DEVICE_MISSING : HOST_DEVICE_CLOSED;
}

static bool is_own_directory(const char *path)
{
        struct stat st;
        return path && path[0] == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int probe_user(Host *h)
{
        h->uid = getuid();
        h->gid = getgid();
        int n = getgroups(0, NULL);
        h->groups_n = n > 0 ? (unsigned)n : 0;
        h->is_root = h->uid == 0 || geteuid() == 0;
        struct passwd *pw = getpwuid(h->uid);
        const char *home = getenv("HOME");
        if (!is_own_directory(home))
                home = pw ? pw->pw_dir : NULL;
        if (is_own_directory(home) && path_normalize(home, NULL, &h->home) == -ENOMEM)
                return -ENOMEM;
        if (pw && !(h->user = strdup(pw->pw_name)))
                return -ENOMEM;
        h->shell = strdup(pw && pw->pw_shell && pw->pw_shell[0] == '/' ? pw->pw_shell : "/bin/sh");
        return h->shell ? 0 : -ENOMEM;
}

/* Whether @path, or the nearest of its parents that is there, can be written by us. */
static bool can_be_made(const char *path)
{
        CLEANUP_FREE char *p = strdup(path);
        while (p && access(p, F_OK) < 0 && errno == ENOENT && !str_eq(p, "/")) {
                char *parent = path_parent(p);
                free(p);
                p = parent;
        }
        return p && access(p, W_OK | X_OK) == 0;
}

/* The cache directory, else the runtime directory; never a place that others share, as /tmp is. */
static int probe_cache_home(Host *h)
{
        const char *xdg = getenv("XDG_CACHE_HOME"), *runtime = getenv("XDG_RUNTIME_DIR");
        char *candidates[3] = {NULL, NULL, NULL};
        struct stat st;
        int r = 0;
        if (xdg && xdg[0] == '/')
                r = asprintf(&candidates[0], "%s/kurung", xdg);
        else if (h->home)
                r = asprintf(&candidates[1], "%s/.cache/kurung", h->home);
        if (r >= 0 && runtime && runtime[0] == '/' && stat(runtime, &st) == 0 && st.st_uid == h->uid)
                r = asprintf(&candidates[2], "%s/kurung", runtime);
        for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
                if (!h->cache_home && candidates[i] && can_be_made(candidates[i]))
                        r = path_normalize(candidates[i], NULL, &h->cache_home) == -ENOMEM ? -1 : 0;
                free(candidates[i]);
        }
        return r < 0 ? -ENOMEM : 0;
}

static int probe_cwd(Host *h)
{
        char here[PATH_MAX];
        long n = syscall(SYS_getcwd, here, sizeof(here));
        /* "(unreachable)...": a directory that our root does not hold. */
        if (n < 0 || here[0] != '/')
                return 0;
        h->cwd = strdup(here);
        return h->cwd ? 0 : -ENOMEM;
}

static void probe_kernel(Host *h)
{
        struct utsname u;
        if (uname(&u) == 0)
                (void)sscanf(u.release, "%u.%u", &h->kernel_major, &h->kernel_minor);
        unsigned version = h->kernel_major * 1000 + h->kernel_minor;
        h->has_clone3 = version >= 5003;
        h->has_openat2 = version >= 5006;
        h->has_mount_setattr = version >= 5012;
        long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        h->landlock_abi = abi > 0 ? (int)abi : 0;
        h->seccomp = prctl(PR_GET_SECCOMP) >= 0;
        CLEANUP_FREE char *filesystems = NULL;
        if (io_read_file_at(AT_FDCWD, "/proc/filesystems", 65536, &filesystems, NULL) == 0)
                h->kernel_overlay = version >= 5011 && (strstr(filesystems, "\toverlay\n") != NULL ||
                                                        access("/sys/module/overlay", F_OK) == 0);
}

static bool apparmor_keeps_us(void)
{
        CLEANUP_FREE char *label = NULL;
        if (read_sysctl("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 0)
                return false;
        if (io_read_file_at(AT_FDCWD, "/proc/self/attr/apparmor/current", 4096, &label, NULL) < 0 &&
            io_read_file_at(AT_FDCWD, "/proc/self/attr/current", 4096, &label, NULL) < 0)
                return true;
        return str_starts(label, "unconfined");
}

static void probe_userns(Host *h)
{
        if (access("/proc/self/ns/user", F_OK) < 0)
                h->userns = HOST_USERNS_ABSENT;
        else if (read_sysctl("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
                h->userns = HOST_USERNS_SYSCTL;
        else if (read_sysctl("/proc/sys/user/max_user_namespaces", 1) == 0)
                h->userns = HOST_USERNS_COUNT;
        else if (apparmor_keeps_us())
                h->userns = HOST_USERNS_APPARMOR;
        CLEANUP_FREE char *map = NULL;
        unsigned inside, outside, count;
        if (io_read_file_at(AT_FDCWD, "/proc/self/uid_map", 65536, &map, NULL) == 0)
                h->nested = !(sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
                              outside == 0 && count == UINT32_MAX);
}

static void probe_helpers(Host *h)
{
        h->newuidmap = find_helper("newuidmap");
        h->newgidmap = find_helper("newgidmap");
        h->newuidmap_state = helper_state(h->newuidmap);
        h->newgidmap_state = helper_state(h->newgidmap);
        h->fuse_overlayfs = find_helper("fuse-overlayfs");
        h->fuse_device = device_state("/dev/fuse");
        h->tun_device = device_state("/dev/net/tun");
        CLEANUP_FREE char *uids = NULL, *gids = NULL;
        if (io_read_file_at(AT_FDCWD, "/etc/subuid", SUBID_MAX, &uids, NULL) == 0)
                (void)host_parse_subid(uids, h->user, h->uid, &h->subuids);
        if (io_read_file_at(AT_FDCWD, "/etc/subgid", SUBID_MAX, &gids, NULL) == 0)
                (void)host_parse_subid(gids, h->user, h->uid, &h->subgids);
}

/* As mount_too_revealing() in fs/namespace.c: a new one may show no more than one that we see already. */
static bool is_fully_visible(const Host *h, const char *fstype)
{
        for (size_t i = 0; i < h->n_mounts; i++) {
                const HostMount *m = &h->mounts[i];
                if (!str_eq(m->fstype, fstype) || !str_eq(m->root, "/"))
                        continue;
                bool covered = false;
                for (size_t j = 0; j < h->n_mounts && !covered; j++) {
                        const char *t = h->mounts[j].target;
                        if (j == i || !path_is_below(t, m->target) || str_eq(t, m->target))
                                continue;
                        covered = true;
                        for (size_t k = 0; k < ARRAY_LEN(empty_dirs) && covered; k++)
                                covered = !path_is_below(t, empty_dirs[k]);
                }
                if (!covered)
                        return true;
        }
        return false;
}

static int probe_mounts(Host *h)
{
        CLEANUP_FREE char *text = NULL;
        int r = io_read_file_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);
        if (r == 0)
                r = host_parse_mountinfo(text, &h->mounts, &h->n_mounts);
        if (r < 0)
                return r;
        h->proc_visible = is_fully_visible(h, "proc");
        h->sys_visible = is_fully_visible(h, "sysfs");
        return 0;
}

static int compare_entries(const void *a, const void *b)
{
        return strcmp(((const HostEntry *)a)->name, ((const HostEntry *)b)->name);
}

static int add_entry(Host *h, int fd, const struct dirent *d)
{
        char target[PATH_MAX];
        HostEntry e = {.type = HOST_FILE};
        HostEntry *grown = reallocarray(h->top, h->n_top + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        h->top = grown;
        struct stat st;
        if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return 0;
        if (S_ISLNK(st.st_mode)) {
                ssize_t n = readlinkat(fd, d->d_name, target, sizeof(target) - 1);
                if (n < 0)
                        return 0;
                target[n] = '\0';
                e.type = HOST_SYMLINK;
                if (!(e.target = strdup(target)))
                        return -ENOMEM;
        } else if (S_ISDIR(st.st_mode)) {
                e.type = faccessat(fd, d->d_name, R_OK | X_OK, AT_EACCESS) == 0 ? HOST_DIRECTORY
                                                                                : HOST_UNREADABLE;
        }
        if (!(e.name = strdup(d->d_name))) {
                free(e.target);
                return -ENOMEM;
        }
        h->top[h->n_top++] = e;
        return 0;
}

static int probe_top(Host *h)
{
        DIR *d = opendir("/");
        int r = 0;
        if (!d)
                return -errno;
        for (struct dirent *e; r == 0 && (e = readdir(d));)
                if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
                        r = add_entry(h, dirfd(d), e);
        (void)closedir(d);
        if (h->n_top > 0)
                qsort(h->top, h->n_top, sizeof(*h->top), compare_entries);
        return r;
}

int host_probe(Host *ret, Error *err)
{
        Host h = {0};
        int r = probe_user(&h);
        if (r == 0)
                r = probe_cwd(&h);
        if (r == 0)
                r = probe_cache_home(&h);
        if (r == 0) {
                probe_kernel(&h);
                probe_userns(&h);
                probe_helpers(&h);
                h.resolv_conf = realpath("/etc/resolv.conf", NULL);
                r = probe_mounts(&h);
        }
        if (r == 0)
                r = probe_top(&h);
        if (r < 0) {
                host_clear(&h);
                return error_set_errno(err, r, "looking at this machine");
        }
        *ret = h;
        return 0;
}

void host_probe_details(Host *h)
{
        struct statfs fs;
        CLEANUP_FREE char *text = NULL, *path = NULL;
        h->cgroup_v2 = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
        if (h->cgroup_v2 && io_read_file_at(AT_FDCWD, "/proc/self/cgroup", 65536, &text, NULL) == 0 &&
            str_starts(text, "0::/")) {
                text[strcspn(text, "\n")] = '\0';
                CLEANUP_FREE char *dir = NULL, *controllers = NULL;
                if (asprintf(&dir, "/sys/fs/cgroup%s", text + 3) >= 0) {
                        h->cgroup_delegated = access(dir, W_OK) == 0;
                        CLEANUP_FREE char *file = path_join(dir, "cgroup.controllers");
                        if (file && io_read_file_at(AT_FDCWD, file, 4096, &controllers, NULL) == 0) {
                                char *save = NULL;
                                for (char *w = strtok_r(controllers, " \n", &save); w;
                                     w = strtok_r(NULL, " \n", &save))
                                        (void)strlist_add(&h->cgroup_controllers, w);
                        }
                }
        }
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        if (runtime && asprintf(&path, "%s/systemd/private", runtime) >= 0)
                h->user_manager = access(path, F_OK) == 0;
}

void host_clear(Host *h)
{
        free(h->user);
        free(h->home);
        free(h->shell);
        free(h->cwd);
        free(h->cache_home);
        free(h->newuidmap);
        free(h->newgidmap);
        free(h->fuse_overlayfs);
        free(h->resolv_conf);
        host_free_mounts(h->mounts, h->n_mounts);
        for (size_t i = 0; i < h->n_top; i++) {
                free(h->top[i].name);
                free(h->top[i].target);
        }
        free(h->top);
        strlist_clear(&h->cgroup_controllers);
        *h = (Host){0};
}
