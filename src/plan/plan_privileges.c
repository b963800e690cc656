/* SPDX-License-Identifier: Apache-2.0 */
/* Decides on the payload's privileges, and whether it has a user namespace of its own. */
#include "plan/plan_internal.h"

#include "base/path.h"

#include <linux/capability.h>

#define CAP_BIT(cap) (UINT64_C(1) << (cap))

/*
 * The capabilities that package managers and installers need as root, without those that reach rarely used
 * parts of the kernel: no NET_RAW, MKNOD, SYS_ADMIN, SYS_PTRACE, NET_ADMIN. The same set as podman's default.
 */
#define ROOT_CAPABILITIES                                                                                    \
        (CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_FSETID) |        \
         CAP_BIT(CAP_KILL) | CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETPCAP) |              \
         CAP_BIT(CAP_NET_BIND_SERVICE) | CAP_BIT(CAP_SYS_CHROOT) | CAP_BIT(CAP_SETFCAP))

/* Capabilities that have an effect in the user namespace that owns a network, mounts, queues or processes. */
#define OWNER_CAPABILITIES                                                                                   \
        (CAP_BIT(CAP_NET_ADMIN) | CAP_BIT(CAP_NET_RAW) | CAP_BIT(CAP_NET_BROADCAST) |                        \
         CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_BOOT) | CAP_BIT(CAP_IPC_OWNER) |                           \
         CAP_BIT(CAP_CHECKPOINT_RESTORE))

#define LANDLOCK_ABI_SCOPE 6

void plan_set_capabilities(PlanPrivileges *privileges, uint64_t capabilities, uid_t uid)
{
        privileges->capabilities = capabilities;
        privileges->capability_sets = (CapabilitySets){.permitted = capabilities,
                                                       .effective = capabilities,
                                                       .inheritable = uid == 0 ? 0 : capabilities,
                                                       .bounding = capabilities,
                                                       .ambient = uid == 0 ? 0 : capabilities};
}

/*
 * Returns whether the payload writes to a place that another user of the host may be able to see. Layers and
 * kept homes do not count: they are below a directory of kurung with mode 0700.
 */
static bool is_host_writable(const Plan *plan)
{
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const char *written = fs_op_written(&plan->root.ops[i], NULL);
                if (written && !(plan->storage.homes_dir && path_is_below(written, plan->storage.homes_dir)))
                        return true;
        }
        return false;
}

/*
 * Returns whether the payload needs a user namespace of its own. The kernel counts some resources per id;
 * only such a namespace bounds the sum over all ids. A payload that cannot change its id does not need it; a
 * payload with capabilities that only the owner of the sandbox's namespaces can use does not get it.
 */
static bool needs_payload_userns(const Plan *plan)
{
        const uint64_t change = CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID);
        bool changes_id =
                ((plan->privileges.capabilities | plan->privileges.capability_sets.bounding) & change) ||
                !plan->privileges.no_new_privileges;
        if (plan->namespaces.joined & (1U << NS_PAYLOAD_USER))
                return false;
        /* Inside it, the payload has no power over the limit of the namespace above. */
        return plan->namespaces.no_user_namespaces || (plan->identity.map_by_newuidmap && changes_id &&
                                                       !(plan->privileges.capabilities & OWNER_CAPABILITIES));
}

int plan_make_privileges(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        bool root = plan->identity.uid == 0 && !spec->capabilities_cleared && !spec->execution.as_given;
        uint64_t base = root ? ROOT_CAPABILITIES : 0;
        plan_set_capabilities(&plan->privileges, base | spec->capabilities, plan->identity.uid);
        plan->privileges.no_new_privileges = spec->no_new_privileges;
        int r = plan_make_execution(plan, spec, err);
        if (r < 0)
                return r;
        plan->identity.payload_userns = needs_payload_userns(plan);
        plan->privileges.seccomp = spec->seccomp;
        plan->privileges.host_writable = is_host_writable(plan);
        if (spec->seccomp_file && !(plan->privileges.seccomp_file = strdup(spec->seccomp_file)))
                return error_no_memory(err);
        for (size_t i = 0; i < spec->architectures.n; i++)
                if (strlist_add(&plan->privileges.architectures, spec->architectures.items[i]) < 0)
                        return error_no_memory(err);
        if (spec->network != NETWORK_HOST || spec->execution.as_given)
                return 0;
        plan->privileges.landlock_scope = host->landlock_abi >= LANDLOCK_ABI_SCOPE;
        if (!plan->privileges.landlock_scope &&
            plan_notice(plan,
                        "abstract sockets of the host are reachable, because its network is shared and this "
                        "kernel has Landlock ABI %d (ABI %d is required)",
                        host->landlock_abi, LANDLOCK_ABI_SCOPE) < 0)
                return error_no_memory(err);
        return 0;
}

void plan_privileges_clear(PlanPrivileges *privileges)
{
        free(privileges->filter_fds);
        free(privileges->seccomp_file);
        strlist_clear(&privileges->architectures);
        *privileges = (PlanPrivileges){0};
}
