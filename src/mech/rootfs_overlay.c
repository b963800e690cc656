/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts the engines that redirect writes: the kernel's overlayfs, also over a view, and fuse-overlayfs. A
 * server of kurung's side serves a mount of a fuse device. */
#include "mech/rootfs_ops.h"

#include "base/fds.h"
#include "mech/rootfs_source.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* The merged directory has the mode of the upper: copy the lower's mode to it, except in a resumed sandbox,
 * which may have changed it. */
static int copy_mode(const RootfsContext *ctx, int lower, int upper)
{
        struct stat st;
        if (ctx->resume)
                return 0;
        return fstat(lower, &st) < 0 ? -errno : rootfs_chmod(upper, st.st_mode);
}

/* Open layers: lowers, topmost first; data are those of the lower's files, FD_NONE: its own; upper and work
 * are FD_NONE if nothing can be written. */
typedef struct Layers {
        int *lowers;
        size_t n_lowers;
        int data, upper, work;
} Layers;

static void layers_clear(Layers *l)
{
        for (size_t i = 0; i < l->n_lowers; i++)
                fd_close(l->lowers[i]);
        free(l->lowers);
        fd_close(l->data);
        fd_close(l->upper);
        fd_close(l->work);
}

/* Opens a directory of a view (view/files.h). */
static int open_in_view(int view, const char *top, const char *path, Layers *l, Error *err)
{
        char name[PATH_MAX];
        (void)snprintf(name, sizeof(name), "/%s%s", top, str_eq(path, "/") ? "" : path);
        int r = root_open(view, name, true, &l->lowers[l->n_lowers]);
        if (r < 0)
                return error_set_errno(err, r, "cannot open the view of '%s'", path);
        l->n_lowers++;
        return 0;
}

/* Lists a directory of a view: the answers have all that the kernel would ask about each name. */
static void read_names(int dir)
{
        CLEANUP_FD int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char names[4096];
        while (fd >= 0 && getdents64(fd, names, sizeof(names)) > 0)
                ;
}

/*
 * Opens the view's directories for the source. With own data, the files of the first have none: they are
 * those of the data layer, which the overlay opens itself. Two directories make the whole system: that of the
 * programs, and the rest, of which the kernel asks fewer questions.
 */
static int open_viewed(const RootfsContext *ctx, const PlanOp *op, Layers *l, Error *err)
{
        const bool own_data = (op->flags & OP_OWN_DATA) && !ctx->no_data_layer, all = str_eq(op->source, "/");
        FsFile data = {.path = (char *)(uintptr_t)fs_op_data(op)};
        if (!all)
                data.id = op->source_id;
        int r = own_data ? rootfs_file_open(op, &data, &l->data, err) : 0;
        if (r < 0)
                return r;
        if (!(l->lowers = calloc(2, sizeof(*l->lowers))))
                return error_no_memory(err);
        if (!all)
                return open_in_view(ctx->view_fds[0], own_data ? "direct" : "through", op->source, l, err);
        /* Above the last lower, no file may refer to the data layer. */
        r = open_in_view(ctx->view_fds[1], "rest", "/", l, err);
        if (r == 0)
                r = open_in_view(ctx->view_fds[0], own_data ? "programs" : "programs-through", "/", l, err);
        if (r == 0)
                read_names(l->lowers[0]);
        return r;
}

static int open_lowers(const PlanOp *op, Layers *l, Error *err)
{
        const FsFile source = {op->source, op->source_id};
        const FsFile *files = op->source_kind == FS_SOURCE_LAYERS ? op->lowers : &source;
        size_t n = op->source_kind == FS_SOURCE_LAYERS ? op->n_lowers : 1;
        if (!(l->lowers = calloc(n, sizeof(*l->lowers))))
                return error_no_memory(err);
        for (int r; l->n_lowers < n; l->n_lowers++) {
                int fd = FD_NONE;
                if ((r = rootfs_file_open(op, &files[l->n_lowers], &fd, err)) < 0)
                        return r;
                l->lowers[l->n_lowers] = fd;
        }
        return 0;
}

static int open_upper(RootfsContext *ctx, const PlanOp *op, Layers *l, Error *err)
{
        if (op->upper.path) {
                int r = rootfs_file_open(op, &op->upper, &l->upper, err);
                return r < 0 ? r : rootfs_file_open(op, &op->work, &l->work, err);
        }
        if (!op->layer)
                return 0;
        int r = rootfs_layer_open(ctx, op, "upper", &l->upper, err);
        if (r == 0)
                r = rootfs_layer_open(ctx, op, "work", &l->work, err);
        if (r == 0 && (r = copy_mode(ctx, l->lowers[0], l->upper)) < 0)
                (void)error_set_errno(err, r, "cannot prepare the upper directory for '%s'", op->dest);
        return r;
}

/* fsconfig(2) accepts at most 255 bytes, and a path may contain ':' or '\\'; the path of a descriptor avoids
 * both problems. */
static const char *name_fd(FdPath *out, int fd)
{
        *out = fd_path(fd);
        return out->text;
}

/*
 * userxattr: the only attributes that a user namespace may write. volatile: without it, unmounting syncs the
 * upper's whole file system, and nothing of a run needs to survive a crash
 * (Documentation/filesystems/overlayfs.rst). It is not used on a tmpfs, which has nothing to sync, and where
 * the mark of a volatile overlay takes two more directories; nor for an upper of the user, which must
 * survive.
 */
static int mount_layers(const PlanOp *op, const Layers *l, int *ret_fd, Error *err)
{
        CLEANUP_FREE MountOption *options = calloc(l->n_lowers + 6, sizeof(*options));
        CLEANUP_FREE FdPath *names = calloc(l->n_lowers + 3, sizeof(*names));
        char joined[MOUNT_OPTION_MAX];
        size_t n = 0, k = 0;
        if (!options || !names)
                return error_no_memory(err);
        if (l->data >= 0) { /* Linux 6.16 in a user namespace */
                for (size_t i = 0; i < l->n_lowers; i++)
                        options[n++] = (MountOption){"lowerdir+", name_fd(&names[k++], l->lowers[i])};
                options[n++] = (MountOption){"datadir+", name_fd(&names[k++], l->data)};
        } else if (l->n_lowers == 1)
                options[n++] = (MountOption){"lowerdir", name_fd(&names[k++], l->lowers[0])};
        else if (mount_join_fds(l->lowers, l->n_lowers, joined))
                options[n++] = (MountOption){"lowerdir", joined};
        else /* Linux 6.5 */
                for (size_t i = 0; i < l->n_lowers; i++)
                        options[n++] = (MountOption){"lowerdir+", name_fd(&names[k++], l->lowers[i])};
        if (l->upper >= 0) {
                options[n++] = (MountOption){"upperdir", name_fd(&names[k++], l->upper)};
                options[n++] = (MountOption){"workdir", name_fd(&names[k++], l->work)};
        }
        options[n++] = (MountOption){"userxattr", NULL};
        /* Names in a directory have the numbers that stat(2) has, as if it were one file system; the view
         * leaves the highest bits free. */
        if (op->flags & OP_VIEWED)
                options[n++] = (MountOption){"xino", "on"};
        if (op->layer && !(op->flags & OP_IN_MEMORY))
                options[n++] = (MountOption){"volatile", NULL};
        return mount_new("overlay", options, n, rootfs_attributes(op), ret_fd, err);
}

/* Mounts several lowers: their paths are short in the directory of the descriptors. */
static int mount_stacked(const PlanOp *op, const Layers *l, int *ret_fd, Error *err)
{
        if (l->n_lowers == 1 || l->data >= 0)
                return mount_layers(op, l, ret_fd, err);
        CLEANUP_FD int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (before < 0 || chdir("/proc/self/fd") < 0)
                return error_set_errno(err, errno, "cannot change to /proc/self/fd");
        int r = mount_layers(op, l, ret_fd, err);
        if (fchdir(before) < 0 && r == 0)
                r = error_set_errno(err, errno, "cannot change back from /proc/self/fd");
        return r;
}

/* An older kernel refuses the data layer, whatever it is, with this error. Then the view gives the data, for
 * all overlays. */
static int mount_viewed(RootfsContext *ctx, const PlanOp *op, Layers *l, int *ret_fd, Error *err)
{
        Error refused = {0};
        if (l->data < 0)
                return mount_stacked(op, l, ret_fd, err);
        int r = mount_stacked(op, l, ret_fd, &refused);
        if (r != -EINVAL)
                return r < 0 ? error_take(err, &refused, op->dest) : 0;
        ctx->no_data_layer = true;
        l->data = fd_close(l->data);
        while (l->n_lowers > 0)
                fd_close(l->lowers[--l->n_lowers]);
        free(l->lowers);
        l->lowers = NULL;
        r = open_viewed(ctx, op, l, err);
        return r < 0 ? r : mount_stacked(op, l, ret_fd, err);
}

static int make_overlay(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        CLEANUP(layers_clear) Layers l = {.data = FD_NONE, .upper = FD_NONE, .work = FD_NONE};
        int r = op->flags & OP_VIEWED ? open_viewed(ctx, op, &l, err) : open_lowers(op, &l, err);
        if (r == 0)
                r = open_upper(ctx, op, &l, err);
        if (r < 0)
                return r;
        return op->flags & OP_VIEWED ? mount_viewed(ctx, op, &l, ret_fd, err)
                                     : mount_stacked(op, &l, ret_fd, err);
}

/* Makes a mount of a fuse device, and passes the device to the server of the operation. */
static int make_served(RootfsContext *ctx, const PlanOp *op, unsigned attrs, int *ret_fd, Error *err)
{
        CLEANUP_FD int mount_fd = FD_NONE;
        /* Opened here, because the kernel requires that the opener's user namespace is that of the mount
         * (fs/fuse/inode.c). */
        CLEANUP_FD int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (fuse < 0)
                return error_set_errno(err, errno, "cannot open /dev/fuse");
        char fd_text[16], uid[16], gid[16];
        (void)snprintf(fd_text, sizeof(fd_text), "%d", fuse);
        (void)snprintf(uid, sizeof(uid), "%u", ctx->identity->uid);
        (void)snprintf(gid, sizeof(gid), "%u", ctx->identity->gid);
        /* Of a file system that is read-only, reading changes no time: the kernel keeps the attributes. */
        const MountOption options[] = {
                {"source", "kurung"}, {"fd", fd_text},       {"rootmode", "40755"},         {"user_id", uid},
                {"group_id", gid},    {"allow_other", NULL}, {"default_permissions", NULL}, {"ro", NULL},
        };
        size_t n = ARRAY_LEN(options) - (op->kind == OP_VIEW ? 0 : 1);
        int r = mount_new("fuse", options, n, attrs, &mount_fd, err);
        if (r < 0)
                return r;
        r = ctx->serve_fuse(ctx->userdata, (size_t)(op - ctx->root->ops), fuse, err);
        if (r == 0)
                *ret_fd = TAKE_FD(mount_fd);
        return r;
}

static int apply_view(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(ctx->view_fds); i++) {
                CLEANUP_FD int fd = FD_NONE;
                r = make_served(ctx, op, mount_safe_attrs(true), &fd, err);
                if (r == 0)
                        r = rootfs_attach_unseen(ctx, fd, err);
                if (r == 0)
                        ctx->view_fds[i] = TAKE_FD(fd);
        }
        return r;
}

static int make_fuse(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        CLEANUP_FD int upper = FD_NONE, work = FD_NONE;
        int r = rootfs_layer_open(ctx, op, "upper", &upper, err);
        if (r == 0)
                r = rootfs_layer_open(ctx, op, "work", &work, err);
        if (r < 0)
                return r;
        CLEANUP_FD int lower = FD_NONE;
        r = rootfs_source_open(op, &lower, err);
        if (r < 0)
                return r;
        r = copy_mode(ctx, lower, upper);
        if (r == 0 && !ctx->resume && op->flags & OP_ROOT_OWNED)
                r = rootfs_own(ctx->identity, upper);
        if (r < 0)
                return error_set_errno(err, r, "cannot prepare the upper directory for '%s'", op->dest);
        return make_served(ctx, op, rootfs_attributes(op), ret_fd, err);
}

const RootfsOpKind rootfs_do_overlay = {.make = make_overlay, .needs_ids = true};
const RootfsOpKind rootfs_do_view = {.apply = apply_view};
const RootfsOpKind rootfs_do_fuse = {.make = make_fuse, .needs_ids = true};
