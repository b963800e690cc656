/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces, init, terminal and start of a command, as front ends other than profiles choose them. */
#include "plans.h"

#include <sched.h>

typedef struct Case {
        SpecExecution execution;
        NetworkMode network;
        FsOpKind op; /* of the one operation beside the root; OP_MAX: there is no root at all */
} Case;

static void add_op(Spec *spec, FsOpKind kind, const char *dest, unsigned flags)
{
        SpecOp op = {.kind = kind, .dest = strdup(dest), .flags = flags};
        if (kind == OP_BIND || kind == OP_OVERLAY) {
                op.source_kind = FS_SOURCE_PATH;
                op.source = strdup("/");
        }
        assert_int_equal(spec_add_op(spec, &op), 0);
        fs_op_clear(&op);
}

static int make_case(const Case *c, Plan *ret, Error *err)
{
        CLEANUP(spec_clear) Spec spec = {0};
        assert_int_equal(spec_init(&spec), 0);
        spec.ops_in_order = true;
        spec.network = c->network;
        spec.id_map = ID_MAP_SINGLE;
        if (c->op != OP_MAX)
                add_op(&spec, OP_BIND, "/", OP_RECURSIVE | OP_RDONLY);
        if (c->op != OP_MAX)
                add_op(&spec, c->op, "/x", 0);
        assert_int_equal(strlist_add(&spec.argv, "true"), 0);
        spec.execution = c->execution;
        spec.execution.as_given = true;
        int r = plan_make(&spec, &desktop, NULL, NULL, ret, err);
        spec.execution = (SpecExecution){0};
        return r;
}

static void golden(const char *name, const Case *c)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        if (make_case(c, &plan, &err) < 0)
                fail_msg("%s: %s", name, err.text);
        plan_is_golden(&plan, name);
        json_is_golden(&plan, name);
}

#define CALLER                                                                                               \
        {                                                                                                    \
                .source = NAMESPACE_CALLER                                                                   \
        }
#define JOINED(n)                                                                                            \
        {                                                                                                    \
                .source = NAMESPACE_JOIN, .fd = (n)                                                          \
        }

static void each_namespace_is_where_it_was_asked_for(void **state)
{
        (void)state;
        golden("namespaces-joined", &(Case){.execution = {.user = JOINED(5),
                                                          .namespaces = {[NS_NET] = JOINED(6),
                                                                         [NS_PID] = JOINED(7),
                                                                         [NS_UTS] = CALLER,
                                                                         [NS_PAYLOAD_USER] = JOINED(8)}},
                                            .op = OP_TMPFS});
        golden("namespaces-caller", &(Case){.execution = {.user = CALLER,
                                                          .namespaces = {[NS_CGROUP] = CALLER,
                                                                         [NS_IPC] = CALLER,
                                                                         [NS_UTS] = CALLER,
                                                                         [NS_PID] = CALLER,
                                                                         [NS_MNT] = CALLER}},
                                            .network = NETWORK_HOST,
                                            .op = OP_MAX});
        golden("namespaces-no-user", &(Case){.execution = {.no_user_namespaces = true}, .op = OP_PROC});
}

static void init_terminal_and_start_are_in_the_plan(void **state)
{
        (void)state;
        golden("execution-detached", &(Case){.execution = {.init = INIT_PAYLOAD,
                                                           .detached = true,
                                                           .start_socket = 9,
                                                           .terminal = TERMINAL_SOCKET,
                                                           .terminal_socket = 10},
                                             .op = OP_TMPFS});
        golden("execution-tied", &(Case){.execution = {.init = INIT_PAYLOAD,
                                                       .die_with_parent = true,
                                                       .terminal = TERMINAL_INHERIT},
                                         .op = OP_TMPFS});
}

static void contradictions_are_refused(void **state)
{
        static const struct {
                Case c;
                const char *says;
        } cases[] = {
                {{.execution = {.namespaces = {[NS_NET] = CALLER}}, .op = OP_TMPFS}, "without Mode=host"},
                {{.execution = {.namespaces = {[NS_NET] = JOINED(3)}},
                  .network = NETWORK_SLIRP,
                  .op = OP_TMPFS},
                 "by Mode=slirp"},
                {{.execution = {.namespaces = {[NS_MNT] = CALLER}}, .op = OP_TMPFS}, "cannot make a root"},
                {{.execution = {.namespaces = {[NS_MNT] = JOINED(3)}}, .op = OP_TMPFS}, "cannot make a root"},
                {{.execution = {.namespaces = {[NS_PID] = CALLER}}, .op = OP_PROC},
                 "cannot mount a new /proc"},
                {{.execution = {.user = CALLER, .no_user_namespaces = true}, .op = OP_TMPFS},
                 "cannot forbid user namespaces"},
                {{.execution = {.user = JOINED(3), .no_user_namespaces = true}, .op = OP_TMPFS},
                 "cannot forbid user namespaces"},
                {{.op = OP_OVERLAY}, "needs an upper directory"},
                {{.execution = {.detached = true, .terminal = TERMINAL_SESSION}, .op = OP_TMPFS},
                 "cannot detach"},
                {{.execution = {.detached = true, .init = INIT_PAYLOAD}, .op = OP_TMPFS}, "cannot detach"},
                {{.execution = {.detached = true,
                                .init = INIT_PAYLOAD,
                                .terminal = TERMINAL_SESSION,
                                .die_with_parent = true},
                  .op = OP_TMPFS},
                 "cannot detach"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                CLEANUP(plan_clear) Plan plan = {0};
                Error err = {0};
                int r = make_case(&cases[i].c, &plan, &err);
                if (r >= 0 || !strstr(err.text, cases[i].says) || strchr(err.text, '\n'))
                        fail_msg("case %zu: '%s' does not say '%s'", i, err.text, cases[i].says);
        }
}

/* Only what a sandbox takes of the host can keep it from being made. */
static void obstacles_count_where_they_are_met(void **state)
{
        CLEANUP(plan_clear) Plan plan = {0}, other = {0};
        CLEANUP(spec_clear) Spec spec = {0};
        Host host = desktop;
        Error err = {0};
        (void)state;
        host.userns = HOST_USERNS_COUNT;
        host.proc_visible = false;
        host.seccomp = false;
        assert_int_equal(spec_init(&spec), 0);
        assert_int_equal(strlist_add(&spec.argv, "true"), 0);
        spec.ops_in_order = true;
        spec.execution = (SpecExecution){.as_given = true, .filters_given = true, .user = CALLER};
        assert_int_equal(plan_make(&spec, &host, NULL, NULL, &plan, &err), 0);
        assert_true(plan.namespaces.created & CLONE_NEWNS);
        assert_false(plan.namespaces.created & CLONE_NEWUSER);
        spec.execution.filters_given = false;
        assert_int_equal(plan_make(&spec, &host, NULL, NULL, &other, &err), -ENOSYS);
        host.seccomp = true;
        add_op(&spec, OP_PROC, "/proc", 0);
        assert_int_equal(plan_make(&spec, &host, NULL, NULL, &other, &err), -EPERM);
        host.proc_visible = true;
        spec.execution.user = (NamespaceRequest){0};
        assert_int_equal(plan_make(&spec, &host, NULL, NULL, &other, &err), -ENOSPC);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_namespace_is_where_it_was_asked_for),
                cmocka_unit_test(init_terminal_and_start_are_in_the_plan),
                cmocka_unit_test(contradictions_are_refused),
                cmocka_unit_test(obstacles_count_where_they_are_met),
        };
        return RUN_TESTS(tests);
}
