/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of namespaces, and the source of each namespace of a sandbox (namespaces(7)). */
#pragma once

#include "base/util.h"

/** The namespaces of a sandbox other than its user namespace, in the order of joining. */
enum { NS_CGROUP, NS_IPC, NS_UTS, NS_NET, NS_PID, NS_MNT, NS_PAYLOAD_USER, NS_MAX };

typedef struct NamespaceKind {
        const char *name; /* file name in /proc/PID/ns */
        int flag;         /* CLONE_NEW* */
} NamespaceKind;

extern const NamespaceKind namespace_kinds[NS_MAX];

/** The source of a namespace. */
typedef enum NamespaceSource {
        NAMESPACE_NEW,
        NAMESPACE_CALLER, /* the caller's namespace */
        NAMESPACE_JOIN,   /* an existing namespace, held by a descriptor (setns(2)) */
} NamespaceSource;

typedef struct NamespaceRequest {
        NamespaceSource source;
        int fd; /* JOIN: a descriptor of /proc/PID/ns/NAME; borrowed */
} NamespaceRequest;

/** namespace_is_own - return whether a sandbox has its own namespace of @kind (NS_*). @created:
 * PlanNamespaces.created. */
bool namespace_is_own(uint64_t created, bool payload_userns, size_t kind);
