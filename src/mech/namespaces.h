/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of namespaces that a sandbox can have of its own. */
#pragma once

#include "plan/plan.h"

/** The namespaces of a sandbox beside its user namespace, in the order in which they are joined. */
enum { NS_CGROUP, NS_IPC, NS_UTS, NS_NET, NS_PID, NS_MNT, NS_PAYLOAD_USER, NS_MAX };

typedef struct NamespaceKind {
        const char *name; /* in /proc/PID/ns */
        int flag;         /* CLONE_NEW* */
} NamespaceKind;

extern const NamespaceKind namespace_kinds[NS_MAX];

/** namespace_is_own - whether a sandbox has its own of a kind (NS_*). @namespaces: Plan.namespaces. */
bool namespace_is_own(uint64_t namespaces, const PlanIdentity *identity, size_t kind);
