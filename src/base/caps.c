/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the capability sets of a process. */
#include "base/caps.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* capset(2) and prctl(2) are called directly: loading libcap, which asks the kernel for its last capability
 * first, takes longer than all of this. */
static const char *const cap_names[] = {
        "cap_chown",
        "cap_dac_override",
        "cap_dac_read_search",
        "cap_fowner",
        "cap_fsetid",
        "cap_kill",
        "cap_setgid",
        "cap_setuid",
        "cap_setpcap",
        "cap_linux_immutable",
        "cap_net_bind_service",
        "cap_net_broadcast",
        "cap_net_admin",
        "cap_net_raw",
        "cap_ipc_lock",
        "cap_ipc_owner",
        "cap_sys_module",
        "cap_sys_rawio",
        "cap_sys_chroot",
        "cap_sys_ptrace",
        "cap_sys_pacct",
        "cap_sys_admin",
        "cap_sys_boot",
        "cap_sys_nice",
        "cap_sys_resource",
        "cap_sys_time",
        "cap_sys_tty_config",
        "cap_mknod",
        "cap_lease",
        "cap_audit_write",
        "cap_audit_control",
        "cap_setfcap",
        "cap_mac_override",
        "cap_mac_admin",
        "cap_syslog",
        "cap_wake_alarm",
        "cap_block_suspend",
        "cap_audit_read",
        "cap_perfmon",
        "cap_bpf",
        "cap_checkpoint_restore",
};

int caps_by_name(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(cap_names); i++)
                if (strcasecmp(name, cap_names[i]) == 0)
                        return (int)i;
        return -EINVAL;
}

const char *caps_name(unsigned cap)
{
        return cap < ARRAY_LEN(cap_names) ? cap_names[cap] : NULL;
}

/* Drops all capabilities outside @mask from the bounding set. No exec can regain them (capabilities(7),
 * "Capability bounding set"). */
static int bound(uint64_t mask, Error *err)
{
        for (unsigned cap = 0; cap < 64; cap++) {
                if (((mask >> cap) & 1) || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
                        continue;
                if (errno == EINVAL && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0)
                        break; /* beyond the kernel's last */
                return error_set_errno(err, errno, "cannot drop capability %u from the bounding set", cap);
        }
        return 0;
}

typedef struct Sets {
        uint64_t permitted, effective, inheritable;
} Sets;

static int get_process(Sets *ret, Error *err)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
        if (syscall(SYS_capget, &header, data) < 0)
                return error_set_errno(err, errno, "cannot read the capabilities");
        *ret = (Sets){.permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
                      .effective = data[0].effective | (uint64_t)data[1].effective << 32,
                      .inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32};
        return 0;
}

static int set_process(const Sets *sets, Error *err)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
        for (unsigned i = 0; i < ARRAY_LEN(data); i++)
                data[i] = (struct __user_cap_data_struct){.permitted = (uint32_t)(sets->permitted >> 32 * i),
                                                          .effective = (uint32_t)(sets->effective >> 32 * i),
                                                          .inheritable =
                                                                  (uint32_t)(sets->inheritable >> 32 * i)};
        return syscall(SYS_capset, &header, data) < 0
                       ? error_set_errno(err, errno, "cannot set the capabilities")
                       : 0;
}

static int set_sets(uint64_t permitted, uint64_t effective, uint64_t inheritable, Error *err)
{
        return set_process(&(Sets){permitted, effective, inheritable}, err);
}

/* Sets the inheritable set. This must precede the shrinking of the bounding set: a capability outside of that
 * cannot become inheritable (capset(2)). @ret_permitted: the permitted set. */
static int inherit(uint64_t inheritable, uint64_t *ret_permitted, Error *err)
{
        Sets sets = {0};
        int r = get_process(&sets, err);
        if (r < 0)
                return r;
        *ret_permitted = sets.permitted;
        sets.inheritable = inheritable;
        return set_process(&sets, err);
}

static int set_ambient(uint64_t mask, Error *err)
{
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return error_set_errno(err, errno, "cannot clear the ambient capabilities");
        for (unsigned cap = 0; cap < 64; cap++)
                if (((mask >> cap) & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
                        return error_set_errno(err, errno, "cannot make capability %u ambient", cap);
        return 0;
}

int caps_apply(const CapabilitySets *sets, uint64_t until_exec, bool root_rules, Error *err)
{
        const unsigned long locked =
                SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED;
        uint64_t held = 0;
        /* CAP_SETPCAP is needed for these, so they come first. */
        int r = inherit(sets->inheritable, &held, err);
        if (r == 0)
                r = bound(sets->bounding, err);
        if (r == 0 && !root_rules && prctl(PR_SET_SECUREBITS, locked) < 0)
                r = error_set_errno(err, errno, "cannot set the securebits");
        until_exec &= held;
        if (r == 0)
                r = set_sets(sets->permitted | until_exec, sets->effective | until_exec, sets->inheritable,
                             err);
        return r < 0 ? r : set_ambient(sets->ambient, err);
}

int caps_keep_only(uint64_t mask, Error *err)
{
        int r = set_sets(mask, mask, 0, err);
        return r < 0 ? r : set_ambient(0, err);
}

int caps_pass_on(uint64_t mask, Error *err)
{
        int r = bound(mask, err);
        if (r == 0)
                r = set_sets(mask, mask, mask, err);
        return r < 0 ? r : set_ambient(mask, err);
}
