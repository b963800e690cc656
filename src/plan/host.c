/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes this machine. The probe runs at every start: a few dozen system calls, no library, no program, and
 * only what the plan needs. Facts of the machine are read below a directory descriptor, which is "/" except
 * in tests.
 */
#include "plan/host.h"

#include "base/fds.h"
#include "base/io.h"
#include "base/library.h"
#include "base/path.h"
#include "base/process.h"
#include "plan/host_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#define MOUNTINFO_MAX (8 * 1024 * 1024)
#define SUBID_MAX (1024 * 1024)

/* Programs are never looked up in $PATH, which somebody else may have set (attack 12). */
static const char *const program_dirs[] = {"/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin", "/sbin"};

const char *host_below_root(const char *path)
{
        return path + strspn(path, "/");
}

static bool is_there(int root, const char *path, int mode)
{
        return faccessat(root, host_below_root(path), mode, 0) == 0;
}

int host_read_below(int root, const char *path, size_t max, char **ret)
{
        return io_read_file_at(root, host_below_root(path), max, ret, NULL);
}

/* Returns the integer in a file of /proc/sys; @missing if the file does not exist. */
static long read_sysctl(int root, const char *path, long missing)
{
        CLEANUP_FREE char *text = NULL;
        if (host_read_below(root, path, 64, &text) < 0)
                return missing;
        return strtol(text, NULL, 10);
}

/* Returns the absolute path of a program, owned; NULL if it is missing or memory is exhausted: then the
 * run does without it. */
static char *find_program(int root, const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(program_dirs); i++) {
                char *path = path_join(program_dirs[i], name);
                if (!path || is_there(root, path, X_OK))
                        return path;
                free(path);
        }
        return NULL;
}

/* Whether the kernel heeds the set-user-ID bit or file capability of a program for this process. */
static HostIdmap privilege_state(int fd, int capability)
{
        struct statvfs fs;
        if (geteuid() == 0)
                return HOST_IDMAP_OK;
        if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
                return HOST_IDMAP_NO_NEW_PRIVS;
        if (fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_NOSUID))
                return HOST_IDMAP_NOSUID;
        return prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 0 ? HOST_IDMAP_BOUNDED : HOST_IDMAP_OK;
}

/* Debian's newuidmap is set-user-ID root, Fedora's has file capabilities. @capability: the one that it needs
 * in this user namespace. */
static HostIdmap idmap_state(int root, const char *path, int capability)
{
        struct stat st;
        char cap[64];
        if (!path)
                return HOST_IDMAP_MISSING;
        CLEANUP_FD int fd = openat(root, host_below_root(path), O_PATH | O_CLOEXEC);
        if (fd < 0)
                return HOST_IDMAP_MISSING;
        bool set_user_id = fstat(fd, &st) == 0 && (st.st_mode & S_ISUID) && st.st_uid == 0;
        /* fgetxattr(2) does not accept an O_PATH descriptor; its link in /proc works. */
        if (!set_user_id && getxattr(fd_path(fd).text, "security.capability", cap, sizeof(cap)) <= 0)
                return HOST_IDMAP_UNPRIVILEGED;
        return privilege_state(fd, capability);
}

static HostDevice device_state(int root, const char *path)
{
        if (is_there(root, path, R_OK | W_OK))
                return HOST_DEVICE_OK;
        return errno == ENOENT ? HOST_DEVICE_MISSING : HOST_DEVICE_CLOSED;
}

/* Ubuntu lets an unconfined program create a user namespace, but removes all capabilities in it. */
static bool apparmor_keeps_us(int root)
{
        CLEANUP_FREE char *label = NULL;
        if (read_sysctl(root, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 0)
                return false;
        if (host_read_below(root, "/proc/self/attr/apparmor/current", 4096, &label) < 0 &&
            host_read_below(root, "/proc/self/attr/current", 4096, &label) < 0)
                return true;
        return str_starts(label, "unconfined");
}

static void probe_userns(int root, Host *h)
{
        if (!is_there(root, "/proc/self/ns/user", F_OK))
                h->userns = HOST_USERNS_ABSENT;
        else if (read_sysctl(root, "/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
                h->userns = HOST_USERNS_SYSCTL;
        else if (read_sysctl(root, "/proc/sys/user/max_user_namespaces", 1) == 0)
                h->userns = HOST_USERNS_COUNT;
        else if (apparmor_keeps_us(root))
                h->userns = HOST_USERNS_APPARMOR;
        CLEANUP_FREE char *map = NULL;
        unsigned inside, outside, count;
        if (host_read_below(root, "/proc/self/uid_map", 65536, &map) == 0)
                h->nested = !(sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
                              outside == 0 && count == UINT32_MAX);
}

/* A range of ids, as libsubid returns it (subid.h of shadow). */
typedef struct LibRange {
        unsigned long start;
        unsigned long count;
} LibRange;
bool subid_init(const char *program, FILE *log);
int subid_get_uid_ranges(const char *owner, LibRange **ranges);
int subid_get_gid_ranges(const char *owner, LibRange **ranges);

/* clang-format off */
#define SUBID_FUNCTIONS(X)                                                                                   \
        X(init, subid_init) X(uids, subid_get_uid_ranges) X(gids, subid_get_gid_ranges)
/* clang-format on */
LIBRARY_OF_TWO(libsubid, SUBID_FUNCTIONS, "libsubid", "libsubid4", "suggested",
               "Subordinate ids from a directory service", "libsubid.so.5", "libsubid.so.4");

static void add_library_ranges(int (*get)(const char *, LibRange **), const char *user, SubRanges *ret)
{
        CLEANUP_FREE LibRange *ranges = NULL;
        int n = get(user, &ranges);
        for (int i = 0; i < n && ranges && ret->n < HOST_RANGES_MAX; i++) {
                LibRange r = ranges[i];
                if (r.count > 0 && r.count <= UINT32_MAX && r.start <= UINT32_MAX - r.count)
                        ret->items[ret->n++] = (SubRange){(uint32_t)r.start, (uint32_t)r.count};
        }
}

/*
 * If nsswitch.conf(5) names another source than the files, newuidmap asks libsubid, and only this library
 * knows the ranges. Loading it takes time, so only such machines do it. Without the library there are no
 * ranges.
 */
static void probe_library_ranges(Host *h)
{
        if (!h->user || library_load(&libsubid_library, NULL) < 0)
                return;
        /* Without a log file the library would write to kurung's stderr. */
        if (libsubid.init("kurung", NULL)) {
                add_library_ranges(libsubid.uids, h->user, &h->subuids);
                add_library_ranges(libsubid.gids, h->user, &h->subgids);
        }
}

static void probe_ids(int root, Host *h)
{
        CLEANUP_FREE char *nsswitch = NULL, *uids = NULL, *gids = NULL;
        h->newuidmap = find_program(root, "newuidmap");
        h->newgidmap = find_program(root, "newgidmap");
        h->newuidmap_state = idmap_state(root, h->newuidmap, CAP_SETUID);
        h->newgidmap_state = idmap_state(root, h->newgidmap, CAP_SETGID);
        if (host_read_below(root, "/etc/nsswitch.conf", SUBID_MAX, &nsswitch) == 0 &&
            !host_subid_is_in_files(nsswitch)) {
                probe_library_ranges(h);
                return;
        }
        if (host_read_below(root, "/etc/subuid", SUBID_MAX, &uids) == 0)
                (void)host_parse_subid(uids, h->user, h->uid, &h->subuids);
        if (host_read_below(root, "/etc/subgid", SUBID_MAX, &gids) == 0)
                (void)host_parse_subid(gids, h->user, h->uid, &h->subgids);
}

/* In a user namespace, only ids that are mapped there can be mapped again. */
static void keep_mapped(int root, const char *map_path, SubRanges *ranges, Host *h)
{
        CLEANUP_FREE char *map = NULL;
        if (h->nested && host_read_below(root, map_path, 65536, &map) == 0 && host_keep_mapped(map, ranges))
                h->ranges_unmapped = true;
}

/* The helper must belong to root or to the program's owner: in a directory like /tmp, others can put a file
 * beside the program. */
static bool is_own_helper(int root, const char *path)
{
        char program[PATH_MAX];
        struct stat st, own;
        if (!is_there(root, path, X_OK) || fstatat(root, host_below_root(path), &st, 0) < 0 ||
            !S_ISREG(st.st_mode) || (st.st_mode & S_IWOTH))
                return false;
        return st.st_uid == 0 || (process_program(program, sizeof(program)) == 0 &&
                                  stat(program, &own) == 0 && own.st_uid == st.st_uid);
}

/* Returns the path of a helper in h->helpers_dir; NULL: there is none. */
static char *find_helper(int root, const Host *h, const char *name)
{
        CLEANUP_FREE char *path = h->helpers_dir ? path_join(h->helpers_dir, name) : NULL;
        return path && is_own_helper(root, path) ? TAKE_PTR(path) : NULL;
}

static void probe_helpers(int root, Host *h, unsigned facts)
{
        h->helpers_dir = host_helpers_dir();
        h->view_helper = find_helper(root, h, "kurung-view");
        h->fuse_overlayfs = find_program(root, "fuse-overlayfs");
        h->fuse_device = device_state(root, "/dev/fuse");
        if (facts & HOST_FACT_NETWORK) {
                h->net_helper = find_helper(root, h, "kurung-net");
                h->tun_device = device_state(root, "/dev/net/tun");
        }
}

/* Finds the target of /etc/resolv.conf. */
static int probe_resolv_conf(int root, Host *h)
{
        char path[PATH_MAX];
        CLEANUP_FD int fd = openat(root, "etc/resolv.conf", O_PATH | O_CLOEXEC);
        if (fd < 0)
                return 0;
        ssize_t n = readlink(fd_path(fd).text, path, sizeof(path) - 1);
        if (n <= 0 || path[0] != '/')
                return 0;
        path[n] = '\0';
        h->resolv_conf = strdup(path);
        return h->resolv_conf ? 0 : -ENOMEM;
}

static int probe_mounts(int root, Host *h)
{
        CLEANUP_FREE char *text = NULL;
        int r = host_read_below(root, "/proc/self/mountinfo", MOUNTINFO_MAX, &text);
        if (r == 0)
                r = host_parse_mountinfo(text, &h->mounts, &h->n_mounts);
        if (r < 0)
                return r;
        h->proc_visible = host_is_fully_visible(h->mounts, h->n_mounts, "proc", true);
        h->sys_visible = host_is_fully_visible(h->mounts, h->n_mounts, "sysfs", false);
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
        unsigned char type = d->d_type;
        /* Not every file system tells it. */
        if (type == DT_UNKNOWN && fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return 0;
        if (type == DT_UNKNOWN)
                type = IFTODT(st.st_mode);
        if (type == DT_LNK) {
                ssize_t n = readlinkat(fd, d->d_name, target, sizeof(target) - 1);
                if (n < 0)
                        return 0;
                target[n] = '\0';
                e.type = HOST_SYMLINK;
                if (!(e.target = strdup(target)))
                        return -ENOMEM;
        } else if (type == DT_DIR) {
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

static int probe_top(int root, Host *h)
{
        int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
        int r = 0;
        if (!d) {
                r = -errno;
                fd_close(fd);
                return r;
        }
        for (struct dirent *e; r == 0 && (e = readdir(d));)
                if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
                        r = add_entry(h, dirfd(d), e);
        (void)closedir(d);
        if (h->n_top > 0)
                qsort(h->top, h->n_top, sizeof(*h->top), compare_entries);
        return r;
}

int host_probe_machine(int root, Host *h, unsigned facts, Error *err)
{
        host_probe_kernel(root, h);
        probe_userns(root, h);
        probe_helpers(root, h, facts);
        if (facts & HOST_FACT_IDS) {
                probe_ids(root, h);
                keep_mapped(root, "/proc/self/uid_map", &h->subuids, h);
                keep_mapped(root, "/proc/self/gid_map", &h->subgids, h);
        }
        host_probe_shared(root, h);
        int r = probe_resolv_conf(root, h);
        if (r == 0)
                r = probe_mounts(root, h);
        if (r == 0)
                r = probe_top(root, h);
        return r < 0 ? error_set_errno(err, r, "cannot inspect this machine") : 0;
}

int host_probe_at(int root, Host *ret, Error *err)
{
        CLEANUP(host_clear) Host h = {0};
        int r = host_probe_user(&h, err);
        if (r == 0)
                r = host_probe_machine(root, &h, HOST_FACTS_ALL, err);
        if (r < 0)
                return r;
        *ret = h;
        h = (Host){0};
        return 0;
}

int host_probe(Host *ret, Error *err)
{
        CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return error_set_errno(err, errno, "cannot open /");
        return host_probe_at(root, ret, err);
}

int host_probe_sources(Host *host, const StrList *tools, const char *(*get_variable)(const char *),
                       Error *err)
{
        const SourcesContext ctx = {.home = host->home,
                                    .cwd = host->cwd,
                                    .project = host->project,
                                    .git_dir = host->git_dir,
                                    .root = "",
                                    .cache = host->cache_home,
                                    .getenv = get_variable};
        sources_clear(&host->sources);
        return sources_probe(&ctx, tools, &host->sources, err);
}

static void clear_image(HostImage *image)
{
        free(image->name);
        strlist_clear(&image->layers);
        strlist_clear(&image->env);
        strlist_clear(&image->ports);
        free(image->working_dir);
        for (size_t i = 0; i < image->n_held; i++)
                fd_close(image->held[i]);
        free(image->held);
}

void host_clear(Host *h)
{
        clear_image(&h->image);
        free(h->data_home);
        sources_clear(&h->sources);
        free(h->user);
        free(h->home);
        free(h->shell);
        free(h->hostname);
        free(h->cwd);
        free(h->cwd_named);
        free(h->project);
        free(h->git_dir);
        free(h->cache_home);
        free(h->state_home);
        free(h->live_home);
        free(h->config_home);
        strlist_clear(&h->own_real);
        host_clear_skeleton(h);
        strlist_clear(&h->by_group);
        strlist_clear(&h->names);
        strlist_clear(&h->homes);
        strlist_clear(&h->private_dirs);
        host_clear_paths(h);
        free(h->newuidmap);
        free(h->newgidmap);
        free(h->fuse_overlayfs);
        free(h->helpers_dir);
        free(h->net_helper);
        free(h->view_helper);
        free(h->resolv_conf);
        host_free_mounts(h->mounts, h->n_mounts);
        for (size_t i = 0; i < h->n_top; i++) {
                free(h->top[i].name);
                free(h->top[i].target);
        }
        free(h->top);
        host_limits_clear(&h->limits);
        *h = (Host){0};
}
