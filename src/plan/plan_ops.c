/* SPDX-License-Identifier: Apache-2.0 */
/* Appending operations to a plan. */
#include "plan/plan_internal.h"

#include <stdio.h>

PlanOp *plan_add_op(Plan *plan, PlanOpKind kind, const char *source, const char *dest, unsigned flags)
{
        PlanOp *ops = reallocarray(plan->root.ops, plan->root.n_ops + 1, sizeof(*ops));
        if (!ops)
                return NULL;
        plan->root.ops = ops;
        PlanOp *op = &ops[plan->root.n_ops];
        *op = (PlanOp){.kind = kind, .flags = flags, .mode = 0755};
        op->source = source ? strdup(source) : NULL;
        op->dest = strdup(dest);
        if (!op->dest || (source && !op->source)) {
                free(op->source);
                free(op->dest);
                return NULL;
        }
        plan->root.n_ops++;
        return op;
}

void plan_clear_op(PlanOp *op)
{
        free(op->source);
        free(op->dest);
        free(op->layer);
        free(op->origin);
}

int plan_add(Plan *plan, PlanOpKind kind, const char *source, const char *dest, unsigned flags, Error *err)
{
        return plan_add_op(plan, kind, source, dest, flags) ? 0 : error_no_memory(err);
}

int plan_add_mode(Plan *plan, PlanOpKind kind, const char *dest, unsigned mode, unsigned flags, Error *err)
{
        PlanOp *op = plan_add_op(plan, kind, NULL, dest, flags);
        if (!op)
                return error_no_memory(err);
        op->mode = mode;
        return 0;
}

/* An operation with a directory of the run's own: SCRATCH, OVERLAY, FUSE. */
int plan_add_layer(Plan *plan, PlanOpKind kind, const char *source, const char *dest, unsigned flags,
                   Error *err)
{
        PlanOp *op = plan_add_op(plan, kind, source, dest, flags);
        if (!op || asprintf(&op->layer, "%zu", plan->root.n_ops) < 0)
                return error_no_memory(err);
        if (kind == OP_FUSE && !plan->root.fuse_overlayfs)
                return error_set(err, ENOTSUP, "%s needs fuse-overlayfs", dest);
        if (!(flags & OP_IN_MEMORY))
                plan->root.needs_run_dir = true;
        return 0;
}
