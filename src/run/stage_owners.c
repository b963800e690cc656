/* SPDX-License-Identifier: Apache-2.0 */
/* The process that tells the server of a view the owners of files. */
#include "base/caps.h"
#include "base/defence.h"
#include "base/process.h"
#include "confine/confine.h"
#include "run/stages.h"
#include "view/owners.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>

/* It opens nothing: even statx(2) gets only descriptors that it received, and names in them. */
static const ConfineCall owners_calls[] = {
        CONFINE_CALL(recvmsg),    CONFINE_CALL(sendmsg),         CONFINE_CALL(statx),
        CONFINE_CALL(close),      CONFINE_CALL(rt_sigreturn),    CONFINE_CALL(exit),
        CONFINE_CALL(exit_group), CONFINE_CALL(restart_syscall),
};

/* It has no use for the caller's input and output. */
static int leave_caller(Error *err)
{
        CLEANUP_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
                return error_set_errno(err, errno, "cannot open /dev/null");
        return 0;
}

/* It is in the host's namespaces, where it needs no privilege, and cannot have a root of its own. */
static int confine_owners(Error *err)
{
        const Confinement c = {.who = "owners",
                               .calls = owners_calls,
                               .n_calls = ARRAY_LEN(owners_calls),
                               .other_calls = SECCOMP_RET_ERRNO | EPERM};
        int r = caps_keep_only(0, err);
        if (r < 0)
                return r;
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return error_set_errno(err, errno, "cannot restrict a process");
        return defence_is_on(DEFENCE_CONFINE) ? confine_seal(&c, err) : 0;
}

/*
 * owners
 *   has: the host's namespaces, the user's id, one channel.
 *   must: be confined before its first question; die with the supervisor.
 *   must not: open anything, or look up more than a name in a directory that it received.
 */
int stage_owners_main(int channel)
{
        Error err = {0};
        int r;
        process_leave_group();
        process_reset_signals();
        if (leave_caller(&err) < 0 || confine_owners(&err) < 0)
                return EXIT_KURUNG_FAILED;
        do
                r = owners_answer(channel);
        while (r > 0);
        return r < 0 ? EXIT_KURUNG_FAILED : 0;
}
