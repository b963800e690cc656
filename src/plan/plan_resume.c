/* SPDX-License-Identifier: Apache-2.0 */
/* Assigns the layers of a kept sandbox to the operations of a plan. */
#include "plan/plan_internal.h"

static bool same_lowers(const PlanOp *op, const StrList *image)
{
        if (op->n_lowers != (image ? image->n : 0))
                return false;
        for (size_t i = 0; i < op->n_lowers; i++)
                if (!str_eq(op->lowers[i].path, image->items[i]))
                        return false;
        return true;
}

static bool same_layer(const PlanOp *op, const PlanLayer *layer)
{
        if (op->n_lowers > 0)
                return op->kind == layer->kind && str_eq(op->dest, layer->dest) &&
                       same_lowers(op, layer->image);
        return op->kind == layer->kind && str_eq(op->dest, layer->dest) &&
               (op->source && layer->lower ? str_eq(op->source, layer->lower) : op->source == layer->lower);
}

/* Assigns the layer that the operation had when the sandbox was created. */
static int adopt_layer(PlanOp *op, const PlanKept *kept, bool *taken, Error *err)
{
        for (size_t i = 0; i < kept->n_layers; i++) {
                if (taken[i] || !same_layer(op, &kept->layers[i]))
                        continue;
                free(op->layer);
                if (!(op->layer = strdup(kept->layers[i].name)))
                        return error_no_memory(err);
                taken[i] = true;
                return 0;
        }
        return error_set(err, ESTALE,
                         "cannot resume the sandbox '%s': it has no layer for '%s', because this machine "
                         "changed since the sandbox was created",
                         kept->name, op->dest);
}

int plan_resume(Plan *plan, const PlanKept *kept, Error *err)
{
        CLEANUP_FREE bool *taken = calloc(kept->n_layers + 1, sizeof(*taken));
        int r = 0;
        if (!taken)
                return error_no_memory(err);
        for (size_t i = 0; r == 0 && i < plan->root.n_ops; i++)
                if (fs_op_is_kept(&plan->root.ops[i]))
                        r = adopt_layer(&plan->root.ops[i], kept, taken, err);
        for (size_t i = 0; r == 0 && i < kept->n_layers; i++)
                if (!taken[i])
                        r = error_set(
                                err, ESTALE,
                                "cannot resume the sandbox '%s': its changes to '%s' would not be visible",
                                kept->name, kept->layers[i].dest);
        plan->storage.resume = true;
        return r;
}
