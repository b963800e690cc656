/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a plan go on in a kept sandbox: the same ids, and its layers. */
#include "plan/op_kinds.h"
#include "plan/plan_internal.h"

static bool same_map(const IdMap *a, const IdMap *b)
{
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++)
                if (a->items[i].inside != b->items[i].inside || a->items[i].outside != b->items[i].outside ||
                    a->items[i].count != b->items[i].count)
                        return false;
        return true;
}

static bool same_identity(const PlanIdentity *a, const PlanIdentity *b)
{
        return a->uid == b->uid && a->gid == b->gid && a->map_by_helpers == b->map_by_helpers &&
               same_map(&a->uid_map, &b->uid_map) && same_map(&a->gid_map, &b->gid_map);
}

static bool same_layer(const PlanOp *op, const PlanLayer *layer)
{
        return op->kind == layer->kind && str_eq(op->dest, layer->dest) &&
               (op->source && layer->lower ? str_eq(op->source, layer->lower) : op->source == layer->lower);
}

/* The operation writes to the layer that it wrote to when the sandbox was made. */
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
                         "cannot resume the sandbox '%s': it has no layer for %s, as this machine has "
                         "changed since the sandbox was made",
                         kept->name, op->dest);
}

int plan_resume(Plan *plan, const PlanKept *kept, Error *err)
{
        if (!same_identity(&plan->identity, kept->identity))
                return error_set(err, ESTALE,
                                 "cannot resume the sandbox '%s': your ranges in /etc/subuid or /etc/subgid, "
                                 "or newuidmap and newgidmap, have changed since it was made",
                                 kept->name);
        CLEANUP_FREE bool *taken = calloc(kept->n_layers + 1, sizeof(*taken));
        int r = taken ? 0 : error_no_memory(err);
        for (size_t i = 0; r == 0 && i < plan->root.n_ops; i++)
                if (plan_op_is_kept(&plan->root.ops[i]))
                        r = adopt_layer(&plan->root.ops[i], kept, taken, err);
        for (size_t i = 0; r == 0 && i < kept->n_layers; i++)
                if (!taken[i])
                        r = error_set(
                                err, ESTALE,
                                "cannot resume the sandbox '%s': its changes to %s would not be visible",
                                kept->name, kept->layers[i].dest);
        plan->storage.resume = true;
        return r;
}
