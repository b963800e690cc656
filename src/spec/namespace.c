/* SPDX-License-Identifier: Apache-2.0 */
/* Names the kinds of namespaces, and determines which of them a sandbox has of its own. */
#include "spec/namespace.h"

#include <sched.h>

const NamespaceKind namespace_kinds[NS_MAX] = {
        [NS_CGROUP] = {"cgroup", CLONE_NEWCGROUP},
        [NS_IPC] = {"ipc", CLONE_NEWIPC},
        [NS_UTS] = {"uts", CLONE_NEWUTS},
        [NS_NET] = {"net", CLONE_NEWNET},
        [NS_PID] = {"pid", CLONE_NEWPID},
        [NS_MNT] = {"mnt", CLONE_NEWNS},
        [NS_PAYLOAD_USER] = {"user", CLONE_NEWUSER},
};

bool namespace_is_own(uint64_t created, bool payload_userns, size_t kind)
{
        return kind == NS_PAYLOAD_USER ? payload_userns : created & (uint64_t)namespace_kinds[kind].flag;
}
