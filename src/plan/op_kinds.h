/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of operations on the root: one table of what each is, for all who ask. How it is done is
 * mech/rootfs_ops.c's. */
#pragma once

#include "plan/plan.h"

enum {
        OP_IS_PLACED = 1 << 0,  /* puts a mount at its destination, or changes the one that is there */
        OP_COVERS = 1 << 1,     /* hides what the host has there */
        OP_CATCHES = 1 << 2,    /* writes go to a layer of the run's own */
        OP_SHOWS_HOST = 1 << 3, /* its source is a path of the host that is seen inside */
        OP_HAS_MODE = 1 << 4,
};

typedef struct PlanOpKindInfo {
        const char *name;
        unsigned traits;
} PlanOpKindInfo;

/** Indexed by PlanOpKind. */
extern const PlanOpKindInfo plan_op_kinds[];

/** plan_op_is - whether the operation's kind has all of @traits. */
bool plan_op_is(const PlanOp *op, unsigned traits);

/** plan_op_is_writable - whether the payload may write at its destination. */
bool plan_op_is_writable(const PlanOp *op);

/** plan_op_writes_host - whether what the payload writes there reaches the host's own files. */
bool plan_op_writes_host(const PlanOp *op);

/** plan_op_is_kept - whether its layer outlives the run in a kept sandbox. */
bool plan_op_is_kept(const PlanOp *op);
