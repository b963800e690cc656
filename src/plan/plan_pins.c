/* SPDX-License-Identifier: Apache-2.0 */
/* Pins: what is mounted inside something writable stays where it is. */
#include "base/defence.h"
#include "base/path.h"
#include "plan/plan_internal.h"

/* The operation that made the mount that @dest lies in, and the index of the next; NULL: none. The last one
 * that holds @dest counts: it lies in the others, or covers them. */
static const PlanOp *mount_above(const Plan *plan, const char *dest, size_t *ret_since)
{
        for (size_t i = plan->root.n_ops; i > 0; i--) {
                const PlanOp *op = &plan->root.ops[i - 1];
                if (!fs_op_is(op, OP_IS_PLACED) || !path_is_below(dest, op->dest) || str_eq(dest, op->dest))
                        continue;
                *ret_since = i;
                return op;
        }
        return NULL;
}

static bool is_pinned(const Plan *plan, const char *path, size_t since)
{
        for (size_t i = since; i < plan->root.n_ops; i++)
                if (plan->root.ops[i].kind == OP_PIN && str_eq(plan->root.ops[i].dest, path))
                        return true;
        return false;
}

static int add_pin(Plan *plan, const char *dest, const PlanOp *for_op, Error *err)
{
        PlanOp *pin = plan_add_op(plan, OP_PIN, NULL, dest, for_op->flags & (OP_OPTIONAL | OP_MUST_EXIST));
        if (!pin || (for_op->origin && !(pin->origin = strdup(for_op->origin))))
                return error_no_memory(err);
        return 0;
}

/*
 * A mount of ours inside something writable: the directories between are bound on themselves, or the payload
 * renames one of them and makes its own beside it (attack 70), or has the kernel take the mount off with the
 * directory (79). The kernel refuses with EBUSY to rename a mount point (rename(2)). In memory, where nothing
 * of the host's is at stake, that is so for what the user named.
 */
static int add_pins(Plan *plan, const PlanOp *op, Error *err)
{
        size_t since = 0;
        const PlanOp *above = mount_above(plan, op->dest, &since);
        if (!above || !(fs_op_is_writable(above) || (above->kind == OP_TMPFS && op->origin)))
                return 0;
        const char *p = op->dest + (str_eq(above->dest, "/") ? 0 : strlen(above->dest));
        for (p++; (p = strchr(p, '/')); p++) {
                CLEANUP_FREE char *between = strndup(op->dest, (size_t)(p - op->dest));
                if (!between)
                        return error_no_memory(err);
                int r = is_pinned(plan, between, since) ? 0 : add_pin(plan, between, op, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* In a directory of the host's that is shared writable nothing is made for a mount: it would stay there. The
 * homes that are kept are kurung's own. */
static bool must_exist(const Plan *plan, const PlanOp *op)
{
        size_t since = 0;
        const PlanOp *above = mount_above(plan, op->dest, &since);
        /* Attack 36 is about what is made there. */
        return above && fs_op_writes_host(above) && !(above->flags & OP_KEPT_HOME) &&
               defence_is_on(DEFENCE_RESOLVE);
}

int plan_pin_all(Plan *plan, Error *err)
{
        PlanOp *ops = TAKE_PTR(plan->root.ops);
        size_t n = plan->root.n_ops;
        int r = 0;
        plan->root.n_ops = 0;
        for (size_t i = 0; i < n; i++) {
                if (r == 0 && fs_op_is(&ops[i], OP_IS_PLACED)) {
                        if (must_exist(plan, &ops[i]))
                                ops[i].flags |= OP_MUST_EXIST;
                        r = add_pins(plan, &ops[i], err);
                }
                PlanOp *grown = reallocarray(plan->root.ops, plan->root.n_ops + 1, sizeof(*grown));
                if (!grown) {
                        fs_op_clear(&ops[i]);
                        r = r < 0 ? r : error_no_memory(err);
                        continue;
                }
                plan->root.ops = grown;
                plan->root.ops[plan->root.n_ops++] = ops[i];
        }
        free(ops);
        return r;
}
