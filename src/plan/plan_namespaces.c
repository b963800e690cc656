/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses which namespaces are created, which are joined, and which stay the caller's. */
#include "plan/plan_internal.h"

#include <sched.h>

/* With Network=host, the network namespace is the caller's, for every front end. */
static NamespaceSource source_of(const Spec *spec, size_t kind)
{
        NamespaceSource source = spec->execution.namespaces[kind].source;
        bool host_network = kind == NS_NET && spec->network == NETWORK_HOST;
        return host_network && source == NAMESPACE_NEW ? NAMESPACE_CALLER : source;
}

static int check(const Spec *spec, Error *err)
{
        NamespaceSource net = source_of(spec, NS_NET);
        if (net == NAMESPACE_CALLER && spec->network != NETWORK_HOST)
                return error_set(err, EINVAL, "cannot keep the caller's network namespace without Mode=host");
        if (net == NAMESPACE_JOIN && spec->network == NETWORK_SLIRP)
                return error_set(err, EINVAL, "cannot connect a joined network namespace by Mode=slirp");
        if (spec->execution.no_user_namespaces && spec->execution.user.source != NAMESPACE_NEW)
                return error_set(err, EINVAL,
                                 "cannot forbid user namespaces in one that is not made for the sandbox");
        if (spec->execution.new_pid_below && source_of(spec, NS_PID) != NAMESPACE_JOIN)
                return error_set(err, EINVAL, "cannot create a pid namespace below one that is not joined");
        if (!spec->ops_in_order)
                return 0;
        if (source_of(spec, NS_MNT) != NAMESPACE_NEW && spec->n_ops > 0)
                return error_set(err, EINVAL, "cannot make a root in a mount namespace of others");
        if (source_of(spec, NS_PID) == NAMESPACE_CALLER && spec_has_op(spec, OP_PROC))
                return error_set(err, EINVAL, "cannot mount a new /proc in the caller's pid namespace");
        return 0;
}

static void join(PlanNamespaces *ns, const Spec *spec, size_t kind)
{
        ns->joined |= 1U << kind;
        ns->fds[kind] = spec->execution.namespaces[kind].fd;
}

int plan_choose_namespaces(Plan *plan, const Spec *spec, Error *err)
{
        PlanNamespaces *ns = &plan->namespaces;
        const NamespaceRequest *user = &spec->execution.user;
        ns->created = user->source == NAMESPACE_NEW ? CLONE_NEWUSER : 0;
        ns->join_user = user->source == NAMESPACE_JOIN;
        ns->user_fd = user->fd;
        for (size_t i = 0; i < NS_PAYLOAD_USER; i++) {
                NamespaceSource source = source_of(spec, i);
                if (source == NAMESPACE_NEW)
                        ns->created |= (uint64_t)namespace_kinds[i].flag;
                else if (source == NAMESPACE_JOIN)
                        join(ns, spec, i);
        }
        if (spec->execution.namespaces[NS_PAYLOAD_USER].source == NAMESPACE_JOIN)
                join(ns, spec, NS_PAYLOAD_USER);
        ns->new_pid_below = spec->execution.new_pid_below;
        if (ns->new_pid_below)
                ns->created |= CLONE_NEWPID;
        ns->no_user_namespaces = spec->execution.no_user_namespaces;
        return check(spec, err);
}
