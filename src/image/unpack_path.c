/* SPDX-License-Identifier: Apache-2.0 */
/* Checks names in archives, and finds their directories without following links. */
#include "base/defence.h"
#include "image/unpack_internal.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int unpack_refuse(const char *name, const char *why, Error *err)
{
        return error_set(err, EPERM, "refused the archive: '%.300s' %s", name, why);
}

/* Without the defence, ".." leads where the file system leads it. */
static int add_component(const char *at, size_t len, const char *raw, UnpackName *ret, size_t *used,
                         Error *err)
{
        if (len == 0 || (len == 1 && at[0] == '.'))
                return 0;
        if (len == 2 && at[0] == '.' && at[1] == '.' && defence_is_on(DEFENCE_BENEATH))
                return unpack_refuse(raw, "leads out of its root (..)", err);
        if (len > NAME_MAX || *used + len + 2 > sizeof(ret->path))
                return unpack_refuse(raw, "is too long", err);
        ret->dir_len = *used;
        if (*used > 0)
                ret->path[(*used)++] = '/';
        ret->name = ret->path + *used;
        memcpy(ret->path + *used, at, len);
        *used += len;
        return 0;
}

int unpack_name(const char *raw, UnpackName *ret, Error *err)
{
        size_t used = 0;
        *ret = (UnpackName){.name = ret->path};
        if (raw[0] == '/')
                return unpack_refuse(raw, "is an absolute path", err);
        for (const char *at = raw; *at; at += strspn(at, "/")) {
                size_t len = strcspn(at, "/");
                int r = add_component(at, len, raw, ret, &used, err);
                if (r < 0)
                        return r;
                at += len;
        }
        ret->path[used] = '\0';
        return 0;
}

int unpack_open(int root, const char *path, uint64_t flags)
{
        bool beneath = defence_is_on(DEFENCE_BENEATH);
        const struct open_how how = {
                .flags = flags | O_CLOEXEC | (beneath ? O_NOFOLLOW : 0),
                .resolve = beneath ? RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV : 0};
        int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

int unpack_create(int dir, const char *name, mode_t mode)
{
        const struct open_how how = {.flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                     .mode = mode,
                                     .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
        int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

void unpack_keep_dir(Unpack *u, const char *path, int fd)
{
        u->dir = fd_close(u->dir);
        u->dir = fd;
        (void)snprintf(u->dir_path, sizeof(u->dir_path), "%s", path);
}

/* Creates the missing directories of @path; they belong to root. */
static int make_dirs(Unpack *u, char *path)
{
        for (char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
                if (slash)
                        *slash = '\0';
                CLEANUP_FD int above = FD_NONE;
                char *last = strrchr(path, '/');
                if (last)
                        *last = '\0';
                above = last ? unpack_open(u->options->root, path, O_PATH | O_DIRECTORY)
                             : fcntl(u->options->root, F_DUPFD_CLOEXEC, 3);
                if (last)
                        *last = '/';
                if (above < 0)
                        return above;
                if (mkdirat(above, last ? last + 1 : path, 0755) < 0 && errno != EEXIST)
                        return -errno;
                if (!slash)
                        return 0;
                *slash = '/';
        }
}

static int enter(Unpack *u, const char *path)
{
        char copy[PATH_MAX];
        const char *at = path[0] ? path : ".";
        int fd = unpack_open(u->options->root, at, O_RDONLY | O_DIRECTORY);
        if (fd == -ENOENT && path[0]) {
                (void)snprintf(copy, sizeof(copy), "%s", path);
                int r = make_dirs(u, copy);
                fd = r < 0 ? r : unpack_open(u->options->root, at, O_RDONLY | O_DIRECTORY);
        }
        if (fd < 0)
                return fd;
        unpack_keep_dir(u, path, fd);
        return 0;
}

int unpack_enter(Unpack *u, const UnpackName *name)
{
        char path[PATH_MAX];
        (void)snprintf(path, sizeof(path), "%.*s", (int)name->dir_len, name->path);
        if (u->dir >= 0 && str_eq(path, u->dir_path))
                return 0;
        int r = enter(u, path);
        if (r == -ELOOP || r == -EXDEV)
                return unpack_refuse(name->path, "leads through a symbolic link", u->err);
        if (r == -ENOTDIR)
                return unpack_refuse(name->path, "is below a file, or below a symbolic link", u->err);
        return r < 0 ? error_set_errno(u->err, r, "cannot create the directory of '%.300s'", name->path) : 0;
}
