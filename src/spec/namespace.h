/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of namespaces, and where a sandbox takes one of each from (namespaces(7)). */
#pragma once

#include "base/util.h"

/** The namespaces of a sandbox beside its user namespace, in the order in which they are joined. */
enum { NS_CGROUP, NS_IPC, NS_UTS, NS_NET, NS_PID, NS_MNT, NS_PAYLOAD_USER, NS_MAX };

typedef struct NamespaceKind {
        const char *name; /* in /proc/PID/ns */
        int flag;         /* CLONE_NEW* */
} NamespaceKind;

extern const NamespaceKind namespace_kinds[NS_MAX];

/** Where a sandbox takes a namespace from. */
typedef enum NamespaceSource {
        NAMESPACE_NEW,
        NAMESPACE_CALLER, /* stays in the caller's */
        NAMESPACE_JOIN,   /* enters one that a descriptor holds (setns(2)) */
} NamespaceSource;

typedef struct NamespaceRequest {
        NamespaceSource source;
        int fd; /* JOIN: of /proc/PID/ns/NAME; the caller's */
} NamespaceRequest;

/** namespace_is_own - whether a sandbox has its own of a kind (NS_*). @created: PlanNamespaces.created. */
bool namespace_is_own(uint64_t created, bool payload_userns, size_t kind);
