/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of kurung-view as the server of an overlay's lower. */
#include "run/overlay_server.h"
#include "view/calls.h"

#include <linux/seccomp.h>
#include <sched.h>

/* What the program and its libraries need to start, beside what serving needs (view/calls.h), to which it
 * restricts itself afterwards. */
static const ConfineCall view_calls[] = {
        VIEW_CALLS,
        CONFINE_CALL(execve),
        CONFINE_CALL(mmap),
        CONFINE_CALL(mprotect),
        CONFINE_CALL(stat),
        CONFINE_CALL(lstat),
        CONFINE_CALL(readlink),
        CONFINE_CALL(access),
        CONFINE_CALL(statx),
        CONFINE_CALL(getcwd),
        CONFINE_CALL(fcntl),
        CONFINE_CALL(prctl),
        CONFINE_CALL(seccomp),
        CONFINE_CALL(landlock_create_ruleset),
        CONFINE_CALL(landlock_add_rule),
        CONFINE_CALL(landlock_restrict_self),
        CONFINE_CALL(arch_prctl),
        CONFINE_CALL(set_tid_address),
        CONFINE_CALL(set_robust_list),
        CONFINE_CALL(rseq),
        CONFINE_CALL(prlimit64),
        CONFINE_CALL(getrlimit),
        CONFINE_CALL(sysinfo),
        CONFINE_CALL(uname),
        CONFINE_CALL(sigaltstack),
        CONFINE_CALL(rt_sigaction),
        CONFINE_CALL(sched_getaffinity),
        CONFINE_CALL(sched_yield),
};

static int add_lower_paths(const OverlayStage *stage, StrList *args)
{
        const PlanOp *op = &stage->ctx->plan->root.ops[stage->index];
        int r = strlist_add(args, stage->confined ? OVERLAY_LOWER : op->source);
        if (r < 0 || stage->placeholders < 0)
                return r;
        return strlist_add(args, stage->confined ? OVERLAY_PLACEHOLDERS : stage->placeholders_path);
}

const OverlayServer overlay_view = {
        .name = "kurung-view",
        .is_own = true,
        .has_view = true,
        .calls = view_calls,
        .n_calls = ARRAY_LEN(view_calls),
        .other_calls = SECCOMP_RET_ERRNO | ENOSYS,
        .add_arguments = add_lower_paths,
};
