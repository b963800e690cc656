/* SPDX-License-Identifier: Apache-2.0 */
#include "base/defence.h"
#include "base/process.h"
#include "mech/caps.h"
#include "run/stages.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define CAP_BIT(cap) (UINT64_C(1) << (cap))

/* What serving other ids' files takes. */
#define OVERLAY_CAPABILITIES                                                                                 \
        (CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_DAC_READ_SEARCH) |                     \
         CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_SETFCAP) |             \
         CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID))

/* Descriptors of the program, by number: it knows them as /proc/self/fd/N. */
enum { FD_FUSE = 3, FD_LOWER, FD_UPPER, FD_WORK, FD_PLACEHOLDERS, FD_MAX };

static int join(const StageContext *ctx, int userns_fd, Error *err)
{
        if (setns(userns_fd, CLONE_NEWUSER) < 0)
                return error_set_errno(err, errno, "joining the sandbox's user namespace");
        if (ctx->plan->map_by_helpers && setgroups(0, NULL) < 0)
                return error_set_errno(err, errno, "dropping the supplementary groups");
        int r = caps_pass_on(OVERLAY_CAPABILITIES, err);
        if (r < 0)
                return r;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                return error_set_errno(err, errno, "prctl");
        return 0;
}

static int open_layer(const StageContext *ctx, const char *side, const PlanOp *op)
{
        char path[64];
        (void)snprintf(path, sizeof(path), "%s-%s", side, op->layer);
        return openat(ctx->run_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Moves the descriptors to their numbers, inheritable, and closes all others. */
static int arrange(const int fds[FD_MAX], int log_fd)
{
        int high[FD_MAX];
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        /* Out of the way first, so that none is written over by another. */
        for (int i = FD_FUSE; i < FD_MAX; i++) {
                high[i] = fds[i] < 0 ? FD_NONE : fcntl(fds[i], F_DUPFD_CLOEXEC, FD_MAX);
                if (fds[i] >= 0 && high[i] < 0)
                        return -errno;
        }
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log_fd >= 0 ? log_fd : null, 2) < 0)
                return -errno;
        for (int i = FD_FUSE; i < FD_MAX; i++)
                if (high[i] >= 0 && dup2(high[i], i) < 0)
                        return -errno;
        return process_close_from(fds[FD_PLACEHOLDERS] >= 0 ? FD_MAX : FD_PLACEHOLDERS);
}

/*
 * overlay (fuse-overlayfs)
 *   has: the sandbox's user namespace, the capabilities above, one /dev/fuse, lower, upper and work
 * directory. must: serve the file system until it is killed; die with the supervisor. must not: be visible to
 * the payload: it stays in the host's pid namespace.
 */
int stage_overlay_main(const StageContext *ctx, const PlanOp *op, int userns_fd, int fuse_fd,
                       int placeholders_fd, int log_fd)
{
        Error err = {0};
        /*
         * timeout: nothing but us changes the lower as far as the payload may rely on, so the kernel may keep
         * names and attributes; static_nlink: counting links reads every directory; noxattrs would hide
         * capabilities.
         */
        char options[512];
        (void)snprintf(options, sizeof(options),
                       "lowerdir=%s/proc/self/fd/%d,upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d,"
                       "static_nlink,volatile,timeout=3600,fast_ino=1,allow_other",
                       placeholders_fd >= 0 ? "/proc/self/fd/7:" : "", FD_LOWER, FD_UPPER, FD_WORK);
        _Static_assert(FD_PLACEHOLDERS == 7, "named in the options");
        char *const argv[] = {ctx->plan->fuse_overlayfs,
                              (char[]){"-f"},
                              (char[]){"-o"},
                              options,
                              (char[]){"/dev/fd/3"},
                              NULL};
        char *const no_env[] = {NULL};
        /* Nothing of the payload's, which a profile may have set (ESCAPES 12). */
        char *const *env = defence_is_on(DEFENCE_ENVIRONMENT) ? no_env : ctx->plan->env.items;

        int fds[FD_MAX] = {[FD_FUSE] = fuse_fd, [FD_PLACEHOLDERS] = placeholders_fd};
        fds[FD_LOWER] = open(op->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fds[FD_UPPER] = open_layer(ctx, "upper", op);
        fds[FD_WORK] = open_layer(ctx, "work", op);
        int r = 0;
        if (fds[FD_LOWER] < 0 || fds[FD_UPPER] < 0 || fds[FD_WORK] < 0)
                r = error_set_errno(&err, errno, "opening the layers of %s", op->dest);
        if (r == 0)
                r = join(ctx, userns_fd, &err);
        if (r == 0) {
                struct rlimit files;
                /* Each file that is open inside is one here. */
                if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                        files.rlim_cur = files.rlim_max;
                        (void)setrlimit(RLIMIT_NOFILE, &files);
                }
                process_reset_signals();
                r = chdir("/") < 0 ? -errno : arrange(fds, log_fd);
        }
        if (r == 0)
                (void)execve(argv[0], argv, env);
        if (err.errnum == 0)
                (void)error_set_errno(&err, r < 0 ? -r : errno, "starting %s", argv[0]);
        (void)dprintf(2, "%s\n", err.text);
        return EXIT_KURUNG_FAILED;
}
