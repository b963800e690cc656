/* SPDX-License-Identifier: Apache-2.0 */
/* Opens sources, which the supervisor looked up once, again, and checks that they are the same files. */
#include "mech/rootfs_source.h"

#include "base/defence.h"
#include "base/lookup.h"
#include "mech/rootfs_ops.h"

#include <fcntl.h>
#include <sys/stat.h>

static int exchanged(const char *path, Error *err)
{
        return error_set(err, EBUSY, "'%s' was replaced while the sandbox started (run the command again)",
                         path);
}

/*
 * The supervisor's descriptors cannot be bound here, because they belong to another mount namespace
 * (mount_namespaces(7)). The supervisor keeps them open, so that no other file gets the inode number in the
 * meantime.
 */
int rootfs_file_open(const PlanOp *op, const FsFile *file, int *ret_fd, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        const FileId *id = &file->id;
        struct stat st = {0};
        bool spelled = (op->flags & OP_AS_SPELLED) && !id->known;
        bool follow = (op->flags & OP_KEPT_HOME) || spelled || !defence_is_on(DEFENCE_SAME_SOURCE);
        uint64_t flags = O_PATH | (id->known && id->directory ? O_DIRECTORY : 0);
        int r = 0;
        if (follow)
                r = (fd = open(file->path, O_PATH | O_CLOEXEC)) < 0 ? -errno : 0;
        else
                r = lookup_open_plain(file->path, flags, &fd);
        bool gone = r == -ENOENT || r == -ENOTDIR;
        /* A link without a target when it was looked up has no target now. */
        if ((gone || (r == -ELOOP && !id->known)) && (op->flags & OP_OPTIONAL))
                return 1;
        if ((gone || r == -ELOOP) && id->known)
                return exchanged(file->path, err);
        if (r == 0 && fstat(fd, &st) < 0)
                r = -errno;
        if (r < 0)
                return error_set_errno(err, r, "%s: cannot open '%s'", fs_op_origin(op), file->path);
        if (id->known && !follow && (st.st_dev != id->dev || st.st_ino != id->ino))
                return exchanged(file->path, err);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int rootfs_source_open(const PlanOp *op, int *ret_fd, Error *err)
{
        const FsFile source = {op->source, op->source_id};
        return rootfs_file_open(op, &source, ret_fd, err);
}

int rootfs_source_check(int fd, int known, const char *path, Error *err)
{
        struct stat ours, theirs;
        if (fstat(fd, &ours) < 0 || fstat(known, &theirs) < 0)
                return error_set_errno(err, errno, "cannot examine '%s'", path);
        return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino ? 0 : exchanged(path, err);
}
