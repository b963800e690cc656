/* SPDX-License-Identifier: Apache-2.0 */
/* Plans pins, which keep mounts inside a writable directory in place. */
#include "base/defence.h"
#include "base/path.h"
#include "plan/plan_internal.h"

/* Returns the operation that made the mount around @dest, and the index of the operation after it; NULL:
 * none. The last one that contains @dest counts, because it is inside the others or covers them. */
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
 * Adds pins for a mount inside a writable directory: the directories in between are bound on themselves.
 * Otherwise the payload could rename one of them and put its own in its place (attack 70), or make the kernel
 * detach the mount together with the directory (79). The kernel refuses to rename a mount point with EBUSY
 * (rename(2)). In memory, where no file of the host is at risk, only the user's requests get pins.
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

/* In a directory of the host that is shared writable, no mount point is created, because it would stay there.
 * Kept homes belong to kurung. */
static bool must_exist(const Plan *plan, const PlanOp *op)
{
        size_t since = 0;
        const PlanOp *above = mount_above(plan, op->dest, &since);
        /* Attack 36 creates a mount point there. */
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
