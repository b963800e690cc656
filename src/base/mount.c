/* SPDX-License-Identifier: Apache-2.0 */
/* Makes, changes and attaches mounts, and resolves paths inside a root. */
#include "base/mount.h"

#include "base/defence.h"
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Copies the kernel's error message about a file system context: lines "e text". The first one wins. */
static void kernel_message(int fs_fd, char *out, size_t room)
{
        char line[256];
        out[0] = '\0';
        for (ssize_t n; (n = read(fs_fd, line, sizeof(line) - 1)) > 0;) {
                line[n] = '\0';
                line[strcspn(line, "\n")] = '\0';
                if (line[0] == 'e' && out[0] == '\0' && n > 2)
                        (void)snprintf(out, room, " (%.200s)", line + 2);
        }
}

static int fail_new(int fs_fd, const char *fstype, const char *key, Error *err)
{
        int e = errno;
        char why[256] = "";
        if (fs_fd >= 0)
                kernel_message(fs_fd, why, sizeof(why));
        return error_set(err, e, "cannot create a file system of type %s%s%s: %s%s", fstype, key ? ", " : "",
                         key ? key : "", strerror(e), why);
}

int mount_new(const char *fstype, const MountOption *options, size_t n, unsigned attrs, int *ret_fd,
              Error *err)
{
        CLEANUP_FD int fs = (int)syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC);
        if (fs < 0)
                return fail_new(FD_NONE, fstype, NULL, err);
        for (size_t i = 0; i < n; i++) {
                const MountOption *o = &options[i];
                unsigned cmd = o->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
                if (syscall(SYS_fsconfig, fs, cmd, o->key, o->value, 0) < 0)
                        return fail_new(fs, fstype, o->key, err);
        }
        if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return fail_new(fs, fstype, NULL, err);
        int fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs);
        if (fd < 0)
                return fail_new(fs, fstype, NULL, err);
        *ret_fd = fd;
        return 0;
}

bool mount_join_fds(const int *fds, size_t n, char out[MOUNT_OPTION_MAX])
{
        size_t len = 0;
        for (size_t i = 0; i < n && len < MOUNT_OPTION_MAX; i++)
                len += (size_t)snprintf(out + len, MOUNT_OPTION_MAX - len, "%s%d", i > 0 ? ":" : "", fds[i]);
        return len < MOUNT_OPTION_MAX;
}

int mount_clone(int dirfd, const char *path, bool recursive, int *ret_fd)
{
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
        if (path[0] == '\0')
                flags |= AT_EMPTY_PATH;
        int fd = (int)syscall(SYS_open_tree, dirfd, path, flags);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

static int set_attr(int mount_fd, const struct mount_attr *attr, bool recursive)
{
        unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
        return syscall(SYS_mount_setattr, mount_fd, "", flags, attr, sizeof(*attr)) < 0 ? -errno : 0;
}

int mount_set(int mount_fd, uint64_t attrs, bool recursive)
{
        const struct mount_attr attr = {.attr_set = attrs,
                                        .attr_clr = attrs & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0};
        return set_attr(mount_fd, &attr, recursive);
}

int mount_propagate(int mount_fd, unsigned long type, bool recursive)
{
        const struct mount_attr attr = {.propagation = type};
        return set_attr(mount_fd, &attr, recursive);
}

int mount_attach(int mount_fd, int target_fd)
{
        unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
        return syscall(SYS_move_mount, mount_fd, "", target_fd, "", flags) < 0 ? -errno : 0;
}

unsigned mount_safe_attrs(bool read_only)
{
        if (!defence_is_on(DEFENCE_MOUNT_FLAGS))
                return 0;
        return MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (read_only ? MOUNT_ATTR_RDONLY : 0);
}

/* Maximum number of links without a target. */
#define LINKS_MAX 8

static int open_in_root(int root_fd, const char *path, uint64_t flags)
{
        struct open_how how = {
                .flags = O_CLOEXEC | flags,
                .resolve = defence_is_on(DEFENCE_RESOLVE) ? RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS : 0,
        };
        while (path[0] == '/')
                path++;
        int fd;
        /* -EAGAIN: a concurrent rename (openat2(2)). */
        do
                fd = (int)syscall(SYS_openat2, root_fd, path[0] ? path : ".", &how, sizeof(how));
        while (fd < 0 && errno == EAGAIN);
        return fd < 0 ? -errno : fd;
}

int root_open(int root_fd, const char *path, bool no_follow, int *ret_fd)
{
        CLEANUP_FD int fd = open_in_root(root_fd, path, O_PATH | (no_follow ? O_NOFOLLOW : 0));
        if (fd < 0)
                return fd;
        if (no_follow) {
                struct stat st;
                if (fstat(fd, &st) < 0)
                        return -errno;
                if (S_ISLNK(st.st_mode))
                        return -ELOOP;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* Creates one component below an opened directory; it may already exist. */
static int make_component(int parent_fd, const char *name, bool directory, mode_t mode)
{
        if (directory)
                return mkdirat(parent_fd, name, mode) < 0 && errno != EEXIST ? -errno : 0;
        int fd = openat(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return errno == EEXIST ? 0 : -errno;
        fd_close(fd);
        return 0;
}

int root_make_new(int root_fd, const char *path, bool directory, mode_t mode, int *ret_fd)
{
        const int flags = O_NOFOLLOW | O_CLOEXEC;
        const char *name = path + strspn(path, "/");
        if (name[0] == '\0' || strchr(name, '/') || str_eq(name, ".") || str_eq(name, ".."))
                return -EINVAL;
        if (directory && mkdirat(root_fd, name, mode) < 0)
                return -errno;
        int fd = directory ? openat(root_fd, name, flags | O_PATH | O_DIRECTORY)
                           : openat(root_fd, name, flags | O_RDONLY | O_CREAT | O_EXCL, mode);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

/* Replaces @path, which names a symbolic link, by the link's target, as a path in the root. */
static int follow_in_root(int parent_fd, const char *name, char **path)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(parent_fd, name, target, sizeof(target));
        if (n < 0 || (size_t)n >= sizeof(target))
                return n < 0 ? -errno : -ENAMETOOLONG;
        target[n] = '\0';
        CLEANUP_FREE char *parent = path_parent(*path);
        char *next = NULL;
        int r = parent ? path_normalize(target, parent, &next) : -ENOMEM;
        if (r < 0)
                return r;
        free(*path);
        *path = next;
        return 0;
}

/* A file in a root is created where links lead that have no target yet, such as /etc/resolv.conf of images.
 */
static int make_through_links(int root_fd, const char *path, mode_t mode, int *ret_fd)
{
        CLEANUP_FREE char *at = NULL;
        int r = path_normalize(path, "/", &at);
        for (unsigned i = 0; r == 0 && i < LINKS_MAX; i++) {
                CLEANUP_FD int parent = FD_NONE;
                const char *name;
                r = root_open_parent(root_fd, at, &parent, &name);
                if (r == 0)
                        r = make_component(parent, name, false, mode);
                if (r == 0)
                        r = root_open(root_fd, at, false, ret_fd);
                if (r != -ENOENT)
                        return r;
                r = follow_in_root(parent, name, &at);
        }
        return r < 0 ? r : -ELOOP;
}

int root_make(int root_fd, const char *path, bool directory, mode_t mode, bool no_follow, int *ret_fd)
{
        /* Most are new. */
        if (root_make_new(root_fd, path, directory, mode, ret_fd) == 0)
                return 0;
        int r = root_open(root_fd, path, no_follow, ret_fd);
        if (r != -ENOENT)
                return r;
        if (!directory && !no_follow)
                return make_through_links(root_fd, path, mode, ret_fd);
        CLEANUP_FD int parent = FD_NONE;
        const char *name;
        r = root_open_parent(root_fd, path, &parent, &name);
        if (r < 0)
                return r;
        r = make_component(parent, name, directory, mode);
        return r < 0 ? r : root_open(root_fd, path, no_follow, ret_fd);
}

int root_open_parent(int root_fd, const char *path, int *ret_fd, const char **ret_name)
{
        const char *name = path_name(path);
        if (name == path || name[0] == '\0')
                return -EINVAL;
        CLEANUP_FREE char *parent = strndup(path, (size_t)(name - path));
        if (!parent)
                return -ENOMEM;
        CLEANUP_FD int fd = FD_NONE;
        if (parent[strspn(parent, "/")] != '\0')
                fd = open_in_root(root_fd, parent, O_PATH | O_DIRECTORY);
        else if ((fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3)) < 0)
                fd = -errno;
        if (fd == -ENOENT) {
                /* Each prefix is opened again from the root, so that symlinks on the way stay inside it. */
                fd = open_in_root(root_fd, "/", O_PATH | O_DIRECTORY);
                for (char *p = parent + 1; fd >= 0 && *p;) {
                        char *slash = strchr(p, '/');
                        if (!slash)
                                break;
                        *slash = '\0';
                        int next = open_in_root(root_fd, parent, O_PATH | O_DIRECTORY);
                        if (next == -ENOENT) {
                                int r = make_component(fd, p, true, 0755);
                                next = r < 0 ? r : open_in_root(root_fd, parent, O_PATH | O_DIRECTORY);
                        }
                        fd_close(fd);
                        fd = next;
                        *slash = '/';
                        p = slash + 1;
                }
        }
        if (fd < 0)
                return fd;
        *ret_fd = TAKE_FD(fd);
        *ret_name = name;
        return 0;
}
