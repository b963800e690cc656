/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the engine that redirects writes: for the root, and for a directory. */
#include "base/path.h"
#include "plan/plan_internal.h"

/* Upper directories require trusted or user xattrs and whiteouts; these file systems support them. */
static const char *const upper_fstypes[] = {"ext4",  "ext3",  "ext2", "xfs",
                                            "btrfs", "tmpfs", "f2fs", "bcachefs"};

/* Returns the type of the file system at @path: that of the deepest mount, the last if there are several. */
static const char *host_fstype(const Host *host, const char *path)
{
        const char *best = "";
        size_t best_len = 0;
        for (size_t i = 0; i < host->n_mounts; i++) {
                size_t len = strlen(host->mounts[i].target);
                if (path_is_below(path, host->mounts[i].target) && len >= best_len) {
                        best = host->mounts[i].fstype;
                        best_len = len;
                }
        }
        return best;
}

bool plan_has_submounts(const Host *host, const char *dir)
{
        for (size_t i = 0; i < host->n_mounts; i++)
                if (path_is_below(host->mounts[i].target, dir) && !str_eq(host->mounts[i].target, dir))
                        return true;
        return false;
}

bool plan_fuse_works(const Host *host)
{
        return host->fuse_overlayfs && host->fuse_device == HOST_DEVICE_OK && host->cache_home;
}

bool plan_kernel_overlay_works(const Host *host)
{
        return host->kernel_overlay && host->cache_home &&
               str_in(host_fstype(host, host->cache_home), upper_fstypes, ARRAY_LEN(upper_fstypes));
}

bool plan_view_works(const Host *host)
{
        return host->view_helper && host->fuse_device == HOST_DEVICE_OK && plan_kernel_overlay_works(host);
}

static const char *device_missing(const Host *host)
{
        return host->fuse_device == HOST_DEVICE_MISSING
                       ? "/dev/fuse does not exist (sudo modprobe fuse)"
                       : "no permission to open /dev/fuse (sudo chmod 666 /dev/fuse, as udev does)";
}

const char *plan_fuse_missing(const Host *host)
{
        if (!host->fuse_overlayfs)
                return "fuse-overlayfs is not installed (Debian, Ubuntu: apt install fuse-overlayfs)";
        if (host->fuse_device != HOST_DEVICE_OK)
                return device_missing(host);
        return "no directory for writes (set HOME or XDG_CACHE_HOME to a directory of yours)";
}

const char *plan_kernel_overlay_missing(const Host *host)
{
        if (!host->kernel_overlay)
                return "this kernel has no overlayfs (sudo modprobe overlay; CONFIG_OVERLAY_FS)";
        if (!host->cache_home)
                return "no directory for writes (set HOME or XDG_CACHE_HOME to a directory of yours)";
        return "the file system of the cache directory does not support overlays (set XDG_CACHE_HOME to a "
               "directory on ext4, xfs, btrfs or tmpfs)";
}

const char *plan_view_missing(const Host *host)
{
        if (!host->view_helper)
                return "cannot find kurung-view beside kurung's other helpers, owned by root or by the owner "
                       "of "
                       "kurung (\"make install\" installs it)";
        return host->fuse_device != HOST_DEVICE_OK ? device_missing(host) : plan_kernel_overlay_missing(host);
}

static int choose_asked(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (spec->overlay == OVERLAY_FUSE && !plan_fuse_works(host))
                return error_set(err, ENOTSUP, "Overlay=fuse: %s", plan_fuse_missing(host));
        if (spec->overlay == OVERLAY_KERNEL && !plan_kernel_overlay_works(host))
                return error_set(err, ENOTSUP, "Overlay=kernel: %s", plan_kernel_overlay_missing(host));
        if (spec->overlay == OVERLAY_KERNEL && spec->root == ROOT_DIR &&
            plan_has_submounts(host, spec->root_dir))
                return error_set(err, ENOTSUP,
                                 "Overlay=kernel: the kernel's overlay does not support '%s', which has "
                                 "mounts below it; use Overlay=fuse",
                                 spec->root_dir);
        if (spec->overlay == OVERLAY_FUSE && spec->root == ROOT_IMAGE && host->image.layers.n > 1)
                return error_set(
                        err, ENOTSUP,
                        "Overlay=fuse: the image has %zu layers, which only the kernel's overlay combines; "
                        "use Overlay=kernel",
                        host->image.layers.n);
        if (spec->overlay == OVERLAY_VIEW && spec->root != ROOT_HOST)
                return error_set(
                        err, EINVAL,
                        "Overlay=view: only the host's system has a view (Root=host); use Overlay=fuse "
                        "or Overlay=kernel");
        if (spec->overlay == OVERLAY_VIEW && !plan_view_works(host))
                return error_set(err, ENOTSUP, "Overlay=view: %s", plan_view_missing(host));
        plan->root.engine = spec->overlay;
        return 0;
}

static OverlayEngine choose_kernel(const Host *host)
{
        return plan_kernel_overlay_works(host) ? OVERLAY_KERNEL : OVERLAY_NONE;
}

/* Chooses for root inside over the host's system: an engine by which it may change files of any owner, if
 * there is one. A kept sandbox gets the one that made its layer of the root. */
static OverlayEngine choose_for_root(const Host *host, const PlanKept *kept)
{
        const PlanLayer *root = NULL;
        for (size_t i = 0; kept && i < kept->n_layers; i++)
                if (str_eq(kept->layers[i].dest, "/"))
                        root = &kept->layers[i];
        if (kept && !root)
                return choose_kernel(host);
        if ((!root || root->kind == OP_OVERLAY) && plan_view_works(host))
                return OVERLAY_VIEW;
        if ((!root || root->kind == OP_FUSE) && plan_fuse_works(host))
                return OVERLAY_FUSE;
        return choose_kernel(host);
}

static OverlayEngine choose_for_user(const Spec *spec, const Host *host)
{
        /* The kernel's overlay has no lower with mounts below it. */
        bool kernel = !(spec->root == ROOT_DIR && plan_has_submounts(host, spec->root_dir));
        if (kernel && plan_kernel_overlay_works(host))
                return OVERLAY_KERNEL;
        bool fuse = plan_fuse_works(host) && !(spec->root == ROOT_IMAGE && host->image.layers.n > 1);
        return fuse ? OVERLAY_FUSE : OVERLAY_NONE;
}

int plan_choose_engine(Plan *plan, const Spec *spec, const Host *host, const PlanKept *kept, Error *err)
{
        bool root = plan->identity.uid == 0 && spec->root == ROOT_HOST;
        int r = 0;
        if (spec->ops_in_order) {
                plan->root.engine = OVERLAY_NONE;
                return 0;
        }
        if (spec->overlay != OVERLAY_AUTO)
                return choose_asked(plan, spec, host, err);
        plan->root.engine = root ? choose_for_root(host, kept) : choose_for_user(spec, host);
        if (root && !plan_view_works(host) && !plan_fuse_works(host))
                r = plan_notice(plan, "files of the system cannot be changed inside: %s",
                                plan_fuse_missing(host));
        if (r == 0 && plan->root.engine == OVERLAY_NONE)
                r = plan_notice(plan, "the system is read-only inside: %s",
                                plan_kernel_overlay_missing(host));
        return r < 0 ? error_no_memory(err) : 0;
}

int plan_add_caught(Plan *plan, const Host *host, const char *source, const char *dest, Error *err)
{
        if (plan_kernel_overlay_works(host) && !plan_has_submounts(host, source) &&
            !path_is_below(host->cache_home, source))
                return plan_add_layer(plan, OP_OVERLAY, source, dest, OP_NO_FOLLOW, err);
        if (!plan_fuse_works(host))
                return 1;
        if (!plan->root.fuse_overlayfs && !(plan->root.fuse_overlayfs = strdup(host->fuse_overlayfs)))
                return error_no_memory(err);
        return plan_add_layer(plan, OP_FUSE, source, dest, OP_NO_FOLLOW, err);
}
