/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the directories of runs that wrote nothing, for later starts. */
#include "state/spare.h"

#include "base/io.h"
#include "base/path.h"
#include "base/strlist.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

typedef struct SpareName {
        char text[16];
} SpareName;

static SpareName name_of(const char *kind, unsigned i)
{
        SpareName name;
        (void)snprintf(name.text, sizeof(name.text), "%s-%u", kind, i);
        return name;
}

/* Opens and locks a directory that is the user's alone, and still has this name once it is locked. */
static int open_locked(int state_fd, const char *name)
{
        struct stat st, named;
        CLEANUP_FD int fd = openat(state_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 ||
            fstatat(state_fd, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (st.st_dev != named.st_dev || st.st_ino != named.st_ino)
                return -ESTALE;
        if (st.st_uid != geteuid() || (st.st_mode & 07777) != 0700)
                return -EPERM;
        return TAKE_FD(fd);
}

int spare_take(int state_fd, RunDir *ret)
{
        for (unsigned i = 0; i < SPARES_MAX; i++) {
                SpareName name = name_of("spare", i);
                CLEANUP(run_dir_clear) RunDir dir = RUN_DIR_NONE;
                int fd = open_locked(state_fd, name.text);
                if (fd < 0)
                        continue;
                dir.fd = fd;
                dir.spare = true;
                dir.state_fd = fcntl(state_fd, F_DUPFD_CLOEXEC, 3);
                int r = dir.state_fd < 0 ? -errno : io_random_name(RUN_PREFIX, dir.name, sizeof(dir.name));
                if (r < 0)
                        return r;
                if (renameat2(state_fd, name.text, state_fd, dir.name, RENAME_NOREPLACE) < 0)
                        continue;
                *ret = dir;
                dir = RUN_DIR_NONE;
                return 0;
        }
        return -ENOENT;
}

/* Lists the entries of a directory. */
static int list_entries(int fd, StrList *ret)
{
        int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = again < 0 ? NULL : fdopendir(again);
        int r = d ? 0 : -errno;
        if (!d) {
                fd_close(again);
                return r;
        }
        for (struct dirent *e; r == 0 && (e = readdir(d));)
                if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
                        r = strlist_add(ret, e->d_name);
        (void)closedir(d);
        return r;
}

/* What is at @path inside the sandbox: a mount of a later operation than @op, or a directory that leads to
 * one. */
typedef enum Covered { COVERED_NOT, COVERED_LEADS, COVERED_MOUNT } Covered;

static Covered covered(const PlanRoot *root, size_t op, const char *path)
{
        Covered c = COVERED_NOT;
        for (size_t i = op + 1; i < root->n_ops; i++) {
                const char *dest = root->ops[i].dest;
                if (root->ops[i].kind == OP_PIN)
                        continue;
                if (str_eq(dest, path))
                        return COVERED_MOUNT;
                if (path_is_below(dest, path))
                        c = COVERED_LEADS;
        }
        return c;
}

/* Returns whether a directory has no extended attribute. The upper of an overlay has one that the kernel
 * made, whose name the command cannot use there (overlayfs.rst, "uuid"). */
static bool has_no_attributes(int fd, bool upper)
{
        char names[64] = "";
        ssize_t n = flistxattr(fd, names, sizeof(names));
        return n == 0 || (n < 0 && errno == EOPNOTSUPP) ||
               (upper && n == sizeof("user.overlay.uuid") && str_eq(names, "user.overlay.uuid"));
}

/*
 * Returns whether a directory of a layer holds nothing but the mount points that kurung created in it. Names,
 * and extended attributes, would be changes of the command. Not deeper than the destinations of the plan.
 */
static bool holds_mount_points(int dirfd, const char *name, const PlanRoot *root, size_t op, const char *path,
                               bool upper)
{
        CLEANUP_STRLIST StrList entries = {0};
        CLEANUP_FD int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        bool only = fd >= 0 && has_no_attributes(fd, upper) && list_entries(fd, &entries) == 0;
        for (size_t i = 0; only && i < entries.n; i++) {
                CLEANUP_FREE char *below = path_join(path, entries.items[i]);
                Covered c = below ? covered(root, op, below) : COVERED_NOT;
                struct stat st;
                if (c == COVERED_NOT || fstatat(fd, entries.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
                        only = false;
                else if (S_ISDIR(st.st_mode))
                        only = holds_mount_points(fd, entries.items[i], root,
                                                  c == COVERED_MOUNT ? root->n_ops : op, below, false);
                else
                        only = c == COVERED_MOUNT && S_ISREG(st.st_mode) && st.st_size == 0;
        }
        return only;
}

/* The kernel empties the work directory, where it keeps only what it has not finished yet. It denies access
 * to these, so that rm(1) could not remove them. */
static void open_up_work(int fd, const char *name)
{
        static const char *const closed[] = {"work", "incompat", "volatile"};
        CLEANUP_FD int dir = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        for (size_t i = 0; dir >= 0 && i < ARRAY_LEN(closed); i++) {
                int next = io_chmod_dir_at(dir, closed[i], 0700) < 0
                                   ? FD_NONE
                                   : openat(dir, closed[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                fd_close(dir);
                dir = next;
        }
}

static bool is_unwritten(int fd, const PlanRoot *root)
{
        for (size_t i = 0; i < root->n_ops; i++) {
                const PlanOp *op = &root->ops[i];
                char name[PLAN_LAYER_PATH_MAX];
                if (!op->layer || (op->flags & OP_IN_MEMORY))
                        continue;
                if (!holds_mount_points(fd, plan_layer_path(false, op->layer, "upper", name), root, i,
                                        op->dest, op->kind == OP_OVERLAY))
                        return false;
                open_up_work(fd, plan_layer_path(false, op->layer, "work", name));
        }
        return true;
}

/* Gives @dir the first free name of a kind. */
static bool rename_to(int state_fd, const char *from, const char *kind, SpareName *ret)
{
        for (unsigned i = 0; i < SPARES_MAX; i++) {
                *ret = name_of(kind, i);
                if (renameat2(state_fd, from, state_fd, ret->text, RENAME_NOREPLACE) == 0)
                        return true;
        }
        return false;
}

bool spare_give(RunDir *dir, const PlanRoot *root)
{
        SpareName name;
        if (!is_unwritten(dir->fd, root) || !rename_to(dir->state_fd, dir->name, "used", &name))
                return false;
        memcpy(dir->name, name.text, sizeof(name.text));
        return true;
}

/* Attributes, times and modes of layers come from the command, so that the layers themselves are replaced. */
static int renew(int fd)
{
        CLEANUP_STRLIST StrList layers = {0};
        int r = list_entries(fd, &layers);
        for (size_t i = 0; r == 0 && i < layers.n; i++) {
                r = io_remove_tree_at(fd, layers.items[i]);
                if (r == 0 && mkdirat(fd, layers.items[i], 0700) < 0)
                        r = -errno;
        }
        return r;
}

void spare_clean(const char *state_dir)
{
        CLEANUP_FD int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        for (unsigned i = 0; state >= 0 && i < SPARES_MAX; i++) {
                SpareName used = name_of("used", i), spare;
                CLEANUP_FD int fd = open_locked(state, used.text);
                if (fd < 0)
                        continue;
                if (renew(fd) < 0 || !rename_to(state, used.text, "spare", &spare))
                        (void)io_remove_tree_at(state, used.text);
                /* One for each start: the start waits for little else. */
                return;
        }
}
