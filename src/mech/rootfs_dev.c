/* SPDX-License-Identifier: Apache-2.0 */
/* Makes /dev on a tmpfs: six device nodes of the host, a new devpts, shm, links. */
#include "base/defence.h"
#include "mech/rootfs_ops.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct {
        const char *name;
        unsigned major, minor; /* Documentation/admin-guide/devices.txt */
} nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
             {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

static const struct {
        const char *name, *target;
} links[] = {{"fd", "/proc/self/fd"},
             {"stdin", "/proc/self/fd/0"},
             {"stdout", "/proc/self/fd/1"},
             {"stderr", "/proc/self/fd/2"},
             {"ptmx", "pts/ptmx"}};

static int bind_node(int dev_fd, size_t i)
{
        char path[32];
        CLEANUP_FD int mount_fd = FD_NONE, target = FD_NONE;
        struct stat st;
        (void)snprintf(path, sizeof(path), "/dev/%s", nodes[i].name);
        int r = mount_clone(AT_FDCWD, path, false, &mount_fd);
        if (r < 0)
                return r;
        if (fstat(mount_fd, &st) < 0)
                return -errno;
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(nodes[i].major, nodes[i].minor))
                return -ENODEV;
        r = root_make(dev_fd, path + strlen("/dev"), false, 0666, true, &target);
        return r < 0 ? r : mount_attach(mount_fd, target);
}

static int add_mount(int dev_fd, const char *name, int mount_fd)
{
        CLEANUP_FD int target = FD_NONE;
        int r = root_make(dev_fd, name, true, 0755, true, &target);
        return r < 0 ? r : mount_attach(mount_fd, target);
}

/* newinstance is the only behaviour since 4.7; tty(4) and mesg(1) expect this mode. All ptys of the machine
 * count together (kernel.pty.max, 4096): max leaves the rest to others. */
static int add_pts(int dev_fd, Error *err)
{
        static const MountOption options[] = {{"ptmxmode", "0666"}, {"mode", "0620"}, {"max", "256"}};
        CLEANUP_FD int mount_fd = FD_NONE;
        size_t n = ARRAY_LEN(options) - (defence_is_on(DEFENCE_USER_SHARE) ? 0 : 1);
        /* Without nodev, because its terminals are devices. */
        int r = mount_new("devpts", options, n, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &mount_fd, err);
        return r < 0 ? r : add_mount(dev_fd, "/pts", mount_fd);
}

static int add_shm(int dev_fd, uint64_t size, Error *err)
{
        CLEANUP_FD int mount_fd = FD_NONE;
        int r = rootfs_new_tmpfs("1777", size, mount_safe_attrs(false), &mount_fd, err);
        return r < 0 ? r : add_mount(dev_fd, "/shm", mount_fd);
}

static int make_dev(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        static const MountOption options[] = {{"mode", "755"}, {"size", "64k"}};
        (void)ctx;
        /* A writable one has the default limit of a tmpfs. */
        size_t n = op->flags & OP_RDONLY ? ARRAY_LEN(options) : ARRAY_LEN(options) - 1;
        return mount_new("tmpfs", options, n, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, ret_fd, err);
}

static int fill_dev(RootfsContext *ctx, const PlanOp *op, int mount_fd, Error *err)
{
        CLEANUP_FD int dev_fd = FD_NONE;
        int r = rootfs_own(ctx->identity, mount_fd);
        if (r == 0)
                r = root_open(ctx->root_fd, op->dest, true, &dev_fd);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(nodes); i++) {
                r = bind_node(dev_fd, i);
                if (r < 0)
                        return error_set_errno(err, r, "cannot bind /dev/%s", nodes[i].name);
        }
        if (r == 0)
                r = add_pts(dev_fd, err);
        if (r == 0)
                r = add_shm(dev_fd, op->size, err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(links); i++)
                if (symlinkat(links[i].target, dev_fd, links[i].name) < 0)
                        r = -errno;
        /* A writable one is that of a container, where systemd-nspawn(1) and others have this link, too. */
        if (r == 0 && !(op->flags & OP_RDONLY) && symlinkat("/proc/kcore", dev_fd, "core") < 0)
                r = -errno;
        if (r == 0 && (op->flags & OP_RDONLY) && defence_is_on(DEFENCE_MOUNT_FLAGS))
                r = mount_set(mount_fd, MOUNT_ATTR_RDONLY, false);
        return r;
}

const RootfsOpKind rootfs_do_dev = {.make = make_dev, .finish = fill_dev};
