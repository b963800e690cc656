/* SPDX-License-Identifier: Apache-2.0 */
/* Hides the sandbox's hidden paths in the lower that a helper serves, too. */
#include "mech/lower.h"

#include "base/defence.h"
#include "base/mount.h"
#include "base/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

int lower_make_empty(int *ret_fd, Error *err)
{
        const unsigned attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        const MountOption options[] = {{"mode", "555"}, {"size", "4k"}};
        return mount_new("tmpfs", options, ARRAY_LEN(options), attrs, ret_fd, err);
}

int lower_seal_empty(int empty, Error *err)
{
        int r = mount_set(empty, MOUNT_ATTR_RDONLY, false);
        return r < 0 ? error_set_errno(err, r, "cannot make an empty mask read-only") : 0;
}

/* Each cover has its own inode number: the server treats two directories with the same number as one, and the
 * kernel then shows both, and all mounts in them, in one place. */
static int make_cover(int empty, bool directory, int *ret_fd)
{
        char name[32];
        CLEANUP_FD int fd = FD_NONE;
        static unsigned number;
        (void)snprintf(name, sizeof(name), "%u", number++);
        if ((directory ? mkdirat(empty, name, 0555) : mknodat(empty, name, S_IFREG | 0444, 0)) < 0)
                return -errno;
        int r = mount_clone(empty, name, false, &fd);
        if (r == 0)
                r = mount_set(fd, MOUNT_ATTR_RDONLY, false);
        if (r == 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

/* A path that does not exist, or that even root of the sandbox cannot reach, needs no cover. */
static bool is_out_of_reach(int r)
{
        return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EACCES;
}

static int cover(int tree, const char *path, bool no_follow, int empty)
{
        CLEANUP_FD int target = FD_NONE, mount_fd = FD_NONE;
        struct stat st;
        int r = root_open(tree, path, no_follow, &target);
        if (is_out_of_reach(r))
                return 0;
        if (r == 0 && fstat(target, &st) < 0)
                r = -errno;
        if (r == 0)
                r = make_cover(empty, S_ISDIR(st.st_mode), &mount_fd);
        return r < 0 ? r : mount_attach(mount_fd, target);
}

int lower_hide(const PlanRoot *root, size_t from, bool only_masks, int tree, const char *dest, int empty,
               Error *err)
{
        if (!defence_is_on(DEFENCE_LOWER_MASKS))
                return 0;
        for (size_t i = from; i < root->n_ops; i++) {
                const PlanOp *op = &root->ops[i];
                /* It shows what the server serves. */
                if (op->flags & OP_VIEWED)
                        continue;
                if (only_masks ? op->kind != OP_MASK : !fs_op_is(op, OP_COVERS))
                        continue;
                if (!path_is_below(op->dest, dest) || str_eq(op->dest, dest))
                        continue;
                const char *path = str_eq(dest, "/") ? op->dest : op->dest + strlen(dest);
                int r = cover(tree, path, op->flags & OP_NO_FOLLOW, empty);
                if (r < 0)
                        return error_set_errno(err, r, "cannot hide '%s' from the server of the overlay",
                                               op->dest);
        }
        return 0;
}
