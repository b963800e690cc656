/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of operation on the root is. */
#include "plan/op_kinds.h"

#define MOUNT (OP_IS_PLACED | OP_COVERS)

const PlanOpKindInfo plan_op_kinds[] = {
        [OP_DIR] = {"dir", OP_HAS_MODE},
        [OP_SYMLINK] = {"symlink", 0},
        [OP_BIND] = {"bind", MOUNT | OP_SHOWS_HOST},
        [OP_SCRATCH] = {"scratch", MOUNT | OP_CATCHES},
        [OP_OVERLAY] = {"overlay", MOUNT | OP_CATCHES | OP_SHOWS_HOST},
        [OP_FUSE] = {"fuse", MOUNT | OP_CATCHES | OP_SHOWS_HOST},
        [OP_TMPFS] = {"tmpfs", MOUNT | OP_HAS_MODE},
        [OP_PROC] = {"proc", MOUNT},
        [OP_SYSFS] = {"sysfs", MOUNT},
        [OP_DEV] = {"dev", MOUNT},
        [OP_MASK] = {"mask", MOUNT},
        [OP_CGROUP] = {"cgroup", MOUNT},
        [OP_PIN] = {"pin", 0},
        [OP_READ_ONLY] = {"read-only", OP_IS_PLACED},
        [OP_FILE] = {"file", MOUNT},
        [OP_SEAL] = {"seal", 0},
};

bool plan_op_is(const PlanOp *op, unsigned traits)
{
        return (plan_op_kinds[op->kind].traits & traits) == traits;
}

bool plan_op_writes_host(const PlanOp *op)
{
        return plan_op_is(op, OP_SHOWS_HOST) && !plan_op_is(op, OP_CATCHES) && !(op->flags & OP_RDONLY);
}

bool plan_op_is_writable(const PlanOp *op)
{
        return plan_op_is(op, OP_CATCHES) || plan_op_writes_host(op);
}

bool plan_op_is_kept(const PlanOp *op)
{
        return op->layer && !(op->flags & OP_IN_MEMORY);
}
