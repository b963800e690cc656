/* SPDX-License-Identifier: Apache-2.0 */
/* Appends operations to a plan. */
#include "plan/plan_internal.h"

#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>

static PlanOp *append(Plan *plan, const FsOp *from)
{
        PlanOp *ops = reallocarray(plan->root.ops, plan->root.n_ops + 1, sizeof(*ops));
        if (!ops)
                return NULL;
        plan->root.ops = ops;
        PlanOp *op = &ops[plan->root.n_ops];
        if (fs_op_copy(from, op) < 0)
                return NULL;
        if (op_kinds[op->kind].mode != 0 && !op->has_mode) {
                op->has_mode = true;
                op->mode = op_kinds[op->kind].mode;
        }
        plan->root.n_ops++;
        return op;
}

PlanOp *plan_add_op(Plan *plan, FsOpKind kind, const char *source, const char *dest, unsigned flags)
{
        unsigned takes = op_kinds[kind].sources;
        const FsOp op = {.kind = kind,
                         .source_kind = source ? (FsSourceKind)(ffs((int)takes) - 1) : FS_SOURCE_NONE,
                         .source = (char *)(uintptr_t)source,
                         .source_len = source && (takes & FROM(BYTES)) ? strlen(source) : 0,
                         .dest = (char *)(uintptr_t)dest,
                         .flags = flags,
                         .in_place = source && str_eq(source, dest)};
        return append(plan, &op);
}

/* Resolves the links in a path. */
static void resolve(const Host *host, FsFile *file)
{
        if (file->path)
                file->path = (char *)(uintptr_t)plan_real_path(host, file->path);
}

/* A descriptor whose file is shown is replaced by the path of its file, because it belongs to another mount
 * namespace than the new root. */
static void resolve_descriptor(const Host *host, FsOp *op)
{
        const HostPath *known = host_find_descriptor(host, op->source_fd);
        if (!known || !fs_op_is(op, OP_SHOWS_HOST))
                return;
        op->source_kind = FS_SOURCE_PATH;
        op->source = known->found.path;
        op->source_id = (FileId){.known = true,
                                 .directory = S_ISDIR(known->found.st.st_mode),
                                 .dev = known->found.st.st_dev,
                                 .ino = known->found.st.st_ino};
}

PlanOp *plan_take_op(Plan *plan, const Host *host, const SpecOp *asked, const char *dest)
{
        FsOp op = *asked;
        op.dest = (char *)(uintptr_t)dest;
        op.flags &= ~(unsigned)OP_HERE;
        resolve(host, &op.upper);
        resolve(host, &op.work);
        if (op.source_kind == FS_SOURCE_DESCRIPTOR)
                resolve_descriptor(host, &op);
        if (op.source_kind == FS_SOURCE_PATH)
                op.source = (char *)(uintptr_t)plan_real_path(host, op.source);
        op.in_place = op.source && str_eq(op.source, plan_real_path(host, dest));
        PlanOp *made = append(plan, &op);
        for (size_t i = 0; made && i < made->n_lowers; i++) {
                char *real = strdup(plan_real_path(host, made->lowers[i].path));
                if (!real)
                        return NULL;
                free(made->lowers[i].path);
                made->lowers[i].path = real;
        }
        if (!made || op.kind != OP_OVERLAY || op.upper.path ||
            (op.flags & (OP_RDONLY | OP_IN_MEMORY)) == OP_RDONLY)
                return made;
        if (asprintf(&made->layer, "%zu", plan->root.n_ops) < 0) {
                made->layer = NULL;
                return NULL;
        }
        plan->root.needs_run_dir = plan->root.needs_run_dir || !(op.flags & OP_IN_MEMORY);
        return made;
}

int plan_add(Plan *plan, FsOpKind kind, const char *source, const char *dest, unsigned flags, Error *err)
{
        return plan_add_op(plan, kind, source, dest, flags) ? 0 : error_no_memory(err);
}

int plan_add_mode(Plan *plan, FsOpKind kind, const char *dest, unsigned mode, unsigned flags, Error *err)
{
        PlanOp *op = plan_add_op(plan, kind, NULL, dest, flags);
        if (!op)
                return error_no_memory(err);
        op->has_mode = true;
        op->mode = mode;
        return 0;
}

/* Appends an operation with a layer in the run directory: SCRATCH, OVERLAY, FUSE. */
int plan_add_layer(Plan *plan, FsOpKind kind, const char *source, const char *dest, unsigned flags,
                   Error *err)
{
        PlanOp *op = plan_add_op(plan, kind, source, dest, flags);
        if (!op || asprintf(&op->layer, "%zu", plan->root.n_ops) < 0)
                return error_no_memory(err);
        if (kind == OP_FUSE && !plan->root.fuse_overlayfs)
                return error_set(err, ENOTSUP, "%s requires fuse-overlayfs", dest);
        if (!(flags & OP_IN_MEMORY))
                plan->root.needs_run_dir = true;
        return 0;
}
