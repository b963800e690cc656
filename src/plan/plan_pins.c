/* SPDX-License-Identifier: Apache-2.0 */
/* Plans pins, which keep mounts inside a writable directory in place. */
#include "base/defence.h"
#include "base/path.h"
#include "plan/plan_internal.h"

/* The operations of the plan so far, by destination: the index of the last one. */
typedef struct Pinner {
        Plan *plan;
        PathMap placed; /* those that put a mount there */
        PathMap pins;
} Pinner;

static void pinner_clear(Pinner *pinner)
{
        path_map_clear(&pinner->placed);
        path_map_clear(&pinner->pins);
}

/* Notes the last operation of the plan. */
static int note_last(Pinner *p)
{
        size_t i = p->plan->root.n_ops - 1;
        const PlanOp *op = &p->plan->root.ops[i];
        int r = fs_op_is(op, OP_IS_PLACED) ? path_map_set(&p->placed, op->dest, i) : 0;
        return r == 0 && op->kind == OP_PIN ? path_map_set(&p->pins, op->dest, i) : r;
}

/* Returns the operation that made the mount around @dest, and the index of the operation after it; NULL:
 * none. The last one that contains @dest counts, because it is inside the others or covers them. */
static const PlanOp *mount_above(const Pinner *p, const char *dest, size_t *ret_since)
{
        size_t since = 0, at;
        for (size_t len = path_up(dest, strlen(dest)); len > 0; len = path_up(dest, len))
                if (path_map_get_part(&p->placed, dest, len, &at) && at >= since)
                        since = at + 1;
        if (since == 0)
                return NULL;
        *ret_since = since;
        return &p->plan->root.ops[since - 1];
}

static bool is_pinned(const Pinner *p, const char *path, size_t since)
{
        size_t at;
        return path_map_get(&p->pins, path, &at) && at >= since;
}

static int add_pin(Pinner *p, const char *dest, const PlanOp *for_op, Error *err)
{
        PlanOp *pin = plan_add_op(p->plan, OP_PIN, NULL, dest, for_op->flags & (OP_OPTIONAL | OP_MUST_EXIST));
        if (!pin || (for_op->origin && !(pin->origin = strdup(for_op->origin))) || note_last(p) < 0)
                return error_no_memory(err);
        return 0;
}

/*
 * Adds pins for a mount inside a writable directory: the directories in between are bound on themselves.
 * Otherwise the payload could rename one of them and put its own in its place (attack 70), or make the kernel
 * detach the mount together with the directory (79). The kernel refuses to rename a mount point with EBUSY
 * (rename(2)). In memory, where no file of the host is at risk, only the user's requests get pins.
 */
static int add_pins(Pinner *pinner, const PlanOp *op, Error *err)
{
        size_t since = 0;
        const PlanOp *above = mount_above(pinner, op->dest, &since);
        if (!above || !(fs_op_is_writable(above) || (above->kind == OP_TMPFS && op->origin)))
                return 0;
        const char *p = op->dest + (str_eq(above->dest, "/") ? 0 : strlen(above->dest));
        for (p++; (p = strchr(p, '/')); p++) {
                CLEANUP_FREE char *between = strndup(op->dest, (size_t)(p - op->dest));
                if (!between)
                        return error_no_memory(err);
                int r = is_pinned(pinner, between, since) ? 0 : add_pin(pinner, between, op, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* In a directory of the host that is shared writable, no mount point is created, because it would stay there.
 * Kept homes belong to kurung. */
static bool must_exist(const Pinner *pinner, const PlanOp *op)
{
        size_t since = 0;
        const PlanOp *above = mount_above(pinner, op->dest, &since);
        /* Attack 36 creates a mount point there. */
        return above && fs_op_writes_host(above) && !(above->flags & OP_KEPT_HOME) &&
               defence_is_on(DEFENCE_RESOLVE);
}

int plan_pin_all(Plan *plan, Error *err)
{
        CLEANUP(pinner_clear) Pinner pinner = {.plan = plan};
        PlanOp *ops = TAKE_PTR(plan->root.ops);
        size_t n = plan->root.n_ops;
        int r = 0;
        plan->root.n_ops = 0;
        for (size_t i = 0; i < n; i++) {
                if (r == 0 && fs_op_is(&ops[i], OP_IS_PLACED)) {
                        if (must_exist(&pinner, &ops[i]))
                                ops[i].flags |= OP_MUST_EXIST;
                        r = add_pins(&pinner, &ops[i], err);
                }
                PlanOp *grown = reallocarray(plan->root.ops, plan->root.n_ops + 1, sizeof(*grown));
                if (!grown) {
                        fs_op_clear(&ops[i]);
                        r = r < 0 ? r : error_no_memory(err);
                        continue;
                }
                plan->root.ops = grown;
                plan->root.ops[plan->root.n_ops++] = ops[i];
                if (r == 0 && note_last(&pinner) < 0)
                        r = error_no_memory(err);
        }
        free(ops);
        return r;
}
