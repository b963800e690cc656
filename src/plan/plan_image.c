/* SPDX-License-Identifier: Apache-2.0 */
/* Plans a root that is an image: its layers, and what its configuration says. */
#include "base/path.h"
#include "plan/plan_internal.h"

/* Adds the kernel's overlay over all layers. */
static int add_overlay(Plan *plan, const Host *host, unsigned flags, Error *err)
{
        const StrList *layers = &host->image.layers;
        CLEANUP_FREE FsFile *lowers = calloc(layers->n, sizeof(*lowers));
        static char root[] = "/";
        if (!lowers)
                return error_no_memory(err);
        for (size_t i = 0; i < layers->n; i++)
                lowers[i].path = layers->items[i];
        const SpecOp op = {.kind = OP_OVERLAY,
                           .dest = root,
                           .source_kind = FS_SOURCE_LAYERS,
                           .lowers = lowers,
                           .n_lowers = layers->n,
                           .flags = flags};
        return plan_take_op(plan, host, &op, "/") ? 0 : error_no_memory(err);
}

/* The image offers ports, which a sandbox with a network of its own does not publish by itself. */
static int tell_ports(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        const StrList *ports = &host->image.ports;
        if (ports->n == 0 || spec->network != NETWORK_SLIRP || spec->net_publish.n > 0)
                return 0;
        unsigned long port = strtoul(ports->items[0], NULL, 10);
        int r = plan_notice_once(
                plan, "the image offers port %lu%s (--publish=127.0.0.1:%lu:%lu makes it reachable)", port,
                ports->n > 1 ? " and others" : "", port < 1024 ? 8000 + port : port, port);
        return r < 0 ? error_no_memory(err) : 0;
}

int plan_add_image(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        const StrList *layers = &host->image.layers;
        plan->root.foreign = true;
        int r = tell_ports(plan, spec, host, err);
        if (r < 0)
                return r;
        if (plan->root.engine == OVERLAY_KERNEL)
                return add_overlay(plan, host, 0, err);
        if (plan->root.engine == OVERLAY_NONE && plan_read_only_overlay_works(plan, host))
                return add_overlay(plan, host, plan_read_only_flags(host), err);
        if (layers->n != 1)
                return error_set(err, ENOTSUP, "an image of %zu layers needs the kernel's overlay: %s",
                                 layers->n, plan_kernel_overlay_missing(host));
        if (plan->root.engine == OVERLAY_NONE)
                return plan_add(plan, OP_BIND, layers->items[0], "/", OP_RDONLY, err);
        if (!(plan->root.fuse_overlayfs = strdup(host->fuse_overlayfs)))
                return error_no_memory(err);
        return plan_add_layer(plan, OP_FUSE, plan_real_path(host, layers->items[0]), "/", 0, err);
}

bool plan_read_only_overlay_works(const Plan *plan, const Host *host)
{
        return host->kernel_overlay &&
               (host->tmpfs_user_xattrs || (plan_kernel_overlay_works(host) && !plan->storage.keep));
}

unsigned plan_read_only_flags(const Host *host)
{
        return host->tmpfs_user_xattrs ? OP_IN_MEMORY : 0;
}

/* The directory of the image counts for its own command, and where the user's is hidden. */
int plan_enter_image(Plan *plan, const Host *host, const PlanPlaces *places, const char **ret_cwd, Error *err)
{
        const HostImage *image = &host->image;
        if (!image->working_dir || (places->n > 0 && !image->runs_own))
                return 0;
        *ret_cwd = image->working_dir;
        bool made = str_eq(image->working_dir, "/") || plan->root.ops[0].kind == OP_BIND;
        return made ? 0 : plan_add_mode(plan, OP_DIR, image->working_dir, 0755, 0, err);
}
