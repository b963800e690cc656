/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the root from operations in order, for front ends other than profiles. */
#include "plan/plan_internal.h"

#include <fcntl.h>
#include <sched.h>

/* Returns whether an operation makes the root. If the list begins with another one, the root is an empty
 * directory. */
static bool makes_root(const SpecOp *op)
{
        bool may = op->kind == OP_BIND || op->kind == OP_OVERLAY || op->kind == OP_TMPFS ||
                   op->kind == OP_FILESYSTEM;
        return may && str_eq(op->dest, "/") && !(op->flags & OP_OPTIONAL);
}

static bool may_be_on_root(const SpecOp *op)
{
        return makes_root(op) || op->kind == OP_CHMOD || op->kind == OP_REMOUNT || op->kind == OP_DIR;
}

/* The content of a descriptor can be read only once. */
static bool is_read_already(const Spec *spec, size_t index)
{
        const SpecOp *op = &spec->ops[index];
        for (size_t i = 0; i < index; i++)
                if (spec->ops[i].source_kind == FS_SOURCE_DESCRIPTOR &&
                    spec->ops[i].source_fd == op->source_fd && !fs_op_is(&spec->ops[i], OP_SHOWS_HOST))
                        return true;
        return false;
}

static int check_descriptor(const Spec *spec, const Host *host, size_t index, Error *err)
{
        const SpecOp *op = &spec->ops[index];
        if (!fs_op_is(op, OP_SHOWS_HOST))
                return is_read_already(spec, index)
                               ? error_set(err, EINVAL, "%s: descriptor %d is read already", fs_op_origin(op),
                                           op->source_fd)
                               : 0;
        if (host_find_descriptor(host, op->source_fd))
                return 0;
        return error_set(
                err, ENOENT,
                "%s: descriptor %d cannot be found by a name: it was removed, or belongs to another mount "
                "namespace",
                fs_op_origin(op), op->source_fd);
}

static int take_op(Plan *plan, const Spec *spec, const Host *host, size_t index, Error *err)
{
        const SpecOp *op = &spec->ops[index];
        if (op_kinds[op->kind].traits & OP_IS_REQUEST)
                return error_set(err, EINVAL, "%s: \"%s\" undoes nothing in a list whose order is given",
                                 fs_op_origin(op), op_kinds[op->kind].name);
        if (str_eq(op->dest, "/") && !may_be_on_root(op))
                return error_set(err, EINVAL, "%s: the operation \"%s\" cannot make the root",
                                 fs_op_origin(op), op_kinds[op->kind].name);
        if (op->source_kind == FS_SOURCE_DESCRIPTOR) {
                int r = check_descriptor(spec, host, index, err);
                if (r == -ENOENT && (op->flags & OP_OPTIONAL)) {
                        *err = (Error){0};
                        return 0;
                }
                if (r < 0)
                        return r;
        }
        return plan_take_op(plan, host, op, op->dest) ? 0 : error_no_memory(err);
}

int plan_take_ops(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        int r = 0;
        plan->root.propagation = spec->propagation;
        bool own_root = plan->namespaces.created & CLONE_NEWNS;
        if (own_root && (spec->n_ops == 0 || !makes_root(&spec->ops[0])))
                r = plan_add_mode(plan, OP_TMPFS, "/", 0755, 0, err);
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++)
                r = take_op(plan, spec, host, i, err);
        if (r == 0 && plan->root.needs_run_dir && spec->execution.as_given)
                r = error_set(err, EINVAL, "an overlay needs an upper directory, or one in memory");
        if (r == 0 && !(plan->payload.cwd = strdup(spec->chdir ? spec->chdir : "/")))
                r = error_no_memory(err);
        return r;
}
