/* SPDX-License-Identifier: Apache-2.0 */
/* Drops all privileges that the plan does not grant, and executes the payload. */
#include "base/caps.h"
#include "base/defence.h"
#include "base/process.h"
#include "base/timings.h"
#include "mech/landlock.h"
#include "mech/rlimits.h"
#include "mech/rootfs.h"
#include "run/stages.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static int no_new_privileges(const PlanPrivileges *privileges, Error *err)
{
        if (!privileges->no_new_privileges || !defence_is_on(DEFENCE_NO_NEW_PRIVILEGES))
                return 0;
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
                       ? error_set_errno(err, errno, "cannot set no_new_privs")
                       : 0;
}

/* Keeps the plan's descriptors for the payload, and the channel until exec. */
static int keep_descriptors(const StageContext *ctx, Error *err)
{
        const PlanPayload *payload = ctx->payload;
        CLEANUP_FREE int *keep = calloc(payload->n_kept_fds + 1, sizeof(*keep));
        if (!keep)
                return error_no_memory(err);
        if (payload->n_kept_fds > 0)
                memcpy(keep, payload->kept_fds, payload->n_kept_fds * sizeof(*keep));
        keep[payload->n_kept_fds] = ctx->channel;
        int r = process_keep_only(keep, payload->n_kept_fds + 1);
        if (r < 0)
                return error_set_errno(err, r, "cannot close descriptors");
        for (size_t i = 0; i < payload->n_kept_fds; i++)
                if (fcntl(keep[i], F_SETFD, 0) < 0)
                        return error_set_errno(err, errno, "cannot keep descriptor %d", keep[i]);
        return 0;
}

static int restrict_self(const StageContext *ctx, Error *err)
{
        const PlanPrivileges *privileges = ctx->privileges;
        /* Without no_new_privs, loading the filter requires CAP_SYS_ADMIN. That is the last step; exec then
         * removes the capability. */
        uint64_t until_exec = privileges->no_new_privileges ? 0 : UINT64_C(1) << CAP_SYS_ADMIN;
        bool root_rules = privileges->capability_sets_given || ctx->identity->uid == 0;
        int r = defence_is_on(DEFENCE_CAPABILITIES)
                        ? caps_apply(&privileges->capability_sets, until_exec, root_rules, err)
                        : 0;
        if (r == 0)
                r = no_new_privileges(privileges, err);
        if (r == 0 && privileges->landlock_scope && defence_is_on(DEFENCE_LANDLOCK))
                r = landlock_apply_scope(err);
        return r;
}

/* Ties the payload to its parent (PR_SET_PDEATHSIG(2const)): to init, in case the kernel does not kill it
 * together with init; in init's place, to the supervisor, if requested. */
static int tie_to_parent(const StageContext *ctx, Error *err)
{
        const PlanPayload *payload = ctx->payload;
        bool tied = (payload->init == INIT_KURUNG && !payload->independent) || payload->die_with_parent;
        return prctl(PR_SET_PDEATHSIG, tied ? SIGKILL : 0) < 0
                       ? error_set_errno(err, errno, "cannot set the parent-death signal")
                       : 0;
}

/* The errors of unshare(2) where the kernel forbids, or does not have, user namespaces. */
static int check_user_namespaces(const PlanPayload *payload, Error *err)
{
        if (!payload->check_no_user_namespaces)
                return 0;
        int e = unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
        if (e == ENOSPC || e == EPERM || e == EUSERS || e == ENOSYS || e == EINVAL)
                return 0;
        if (e == 0)
                (void)error_set(err, EPERM, "the command could create user namespaces");
        else
                (void)error_set_errno(err, e, "cannot check that user namespaces are disabled");
        return error_at(err, ERROR_USER_NAMESPACES, 0);
}

/* With the payload's own rights. @ret: the value of PWD; untouched if it does not change. */
static int enter_cwd(const PlanPayload *payload, const char **ret, Error *err)
{
        int r = 0;
        for (size_t i = 0; i < payload->cwds.n; i++) {
                Error why = {0};
                r = rootfs_enter_cwd(payload->cwds.items[i], &why);
                if (r == 0) {
                        *ret = payload->cwds.items[i];
                        return 0;
                }
                if (payload->cwd_required) {
                        (void)error_take(err, &why, "the payload's stage");
                        return error_at(err, ERROR_CWD, (int)i);
                }
        }
        if (payload->cwds.n == 0)
                return 0;
        *ret = "/";
        return rootfs_enter_cwd("/", err);
}

/* A 32-bit program would end by a signal at its first system call, without a word: the filter knows only the
 * calls of the machine's own architecture and of Architectures=. Programs that it starts are not looked at.
 */
static int check_architecture(const StageContext *ctx, Error *err)
{
        static const struct {
                unsigned machine; /* elf(5), e_machine */
                const char *name; /* of Architectures= */
        } others[] = {{EM_386, "x86"}, {EM_ARM, "arm"}};
        const PlanPayload *payload = ctx->payload;
        const char *program = payload->program ? payload->program : payload->argv.items[0];
        Elf32_Ehdr head = {0};
        if (ctx->privileges->filters_given || !strchr(program, '/'))
                return 0;
        CLEANUP_FD int fd = open(program, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || read(fd, &head, sizeof(head)) != (ssize_t)sizeof(head) ||
            memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS32)
                return 0;
        for (size_t i = 0; i < ARRAY_LEN(others); i++)
                if (head.e_machine == others[i].machine &&
                    !strlist_has(&ctx->privileges->architectures, others[i].name) && sizeof(void *) == 8) {
                        (void)error_set(
                                err, ENOEXEC,
                                "cannot execute '%s': it is a 32-bit program, whose system calls are not "
                                "allowed (add --architectures=%s)",
                                program, others[i].name);
                        return error_set_exit(err, EXIT_NOT_EXECUTABLE);
                }
        return 0;
}

/* Finds the program like execvpe(3), but reports the errno that a shell would report. */
static int exec_payload(const PlanPayload *payload, const char *cwd, Error *err)
{
        char *const *argv = payload->argv.items;
        const char *program = payload->program ? payload->program : argv[0];
        /* execvpe(3) searches $PATH of the current environment, so this must be the payload's own. */
        if (defence_is_on(DEFENCE_ENVIRONMENT))
                environ = payload->env.items;
        if (cwd && setenv("PWD", cwd, 1) < 0)
                return error_no_memory(err);
        (void)execvpe(program, argv, environ);
        int e = errno;
        bool missing = e == ENOENT || e == ENOTDIR;
        struct stat st;
        /* ENOENT can also mean that the interpreter of a script is missing. */
        if (missing && strchr(program, '/') && stat(program, &st) == 0)
                (void)error_set(
                        err, e,
                        "cannot execute '%s': its interpreter or loader does not exist inside the sandbox",
                        program);
        else
                (void)error_set_errno(err, e, "cannot execute '%s'", program);
        (void)error_at(err, ERROR_EXEC, 0);
        return error_set_exit(err, missing ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/*
 * payload
 *   has: the root, the ids, all capabilities until restrict_self().
 *   must: drop everything that the plan does not grant, load the filter last, and exec.
 *   must not: keep another descriptor than 0-2 and the plan's, or a signal disposition of the caller.
 */
int stage_payload_main(const StageContext *ctx, int slave)
{
        Error err = {0};
        const char *cwd = NULL;
        timings_reached("begin");
        int r = stage_take_terminal(ctx, slave, &err);
        if (r == 0)
                r = keep_descriptors(ctx, &err);
        process_restore_umask();
        if (ctx->payload->has_umask)
                (void)umask(ctx->payload->umask);
        /* An independent payload has those of the caller, which the supervisor did not change. */
        if (ctx->payload->independent)
                process_restore_mask();
        else
                process_reset_signals();
        if (r == 0)
                r = check_user_namespaces(ctx->payload, &err);
        if (r == 0)
                r = restrict_self(ctx, &err);
        if (r == 0)
                r = enter_cwd(ctx->payload, &cwd, &err);
        if (r == 0)
                r = tie_to_parent(ctx, &err);
        if (r == 0)
                r = check_architecture(ctx, &err);
        /* Late, because the earlier steps need memory and descriptors themselves. */
        if (r == 0)
                r = rlimits_apply(ctx->resources, &err);
        timings_reached("drop privileges");
        if (r == 0 && defence_is_on(DEFENCE_SECCOMP))
                r = seccomp_apply(ctx->filter, &err);
        timings_reached("load the filter");
        if (r == 0)
                r = exec_payload(ctx->payload, cwd, &err);
        return channel_fail(ctx->channel, &err, r, "the payload's stage");
}
