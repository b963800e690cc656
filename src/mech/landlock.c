/* SPDX-License-Identifier: Apache-2.0 */
/* Applies Landlock's scope to the payload. */
#include "mech/landlock.h"

#include <sys/syscall.h>

/* include/uapi/linux/landlock.h, for headers older than ABI 6. */
typedef struct RulesetAttr {
        uint64_t handled_access_fs;
        uint64_t handled_access_net;
        uint64_t scoped;
} RulesetAttr;

#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

int landlock_apply_scope(Error *err)
{
        const RulesetAttr attr = {.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL};
        CLEANUP_FD int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
        if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
                return error_set_errno(err, errno, "cannot restrict the command with Landlock");
        return 0;
}
