/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of fuse-overlayfs as the server of an overlay. */
#include "run/overlay_server.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>

#define CAP_BIT(cap) (UINT64_C(1) << (cap))

/*
 * Serving files of other ids requires these. They apply in the sandbox's user namespace, to files whose ids
 * are mapped there; of those files, the server can write only to the upper's.
 */
#define CAPABILITIES                                                                                         \
        (CAP_BIT(CAP_CHOWN) |        /* a chown inside changes the upper's file */                           \
         CAP_BIT(CAP_DAC_OVERRIDE) | /* files of other ids in the upper; the kernel has already checked the  \
                                        payload's rights */                                                  \
         CAP_BIT(CAP_FOWNER) |       /* chmod, utimes and attributes of files of other ids */                \
         CAP_BIT(CAP_FSETID) |       /* a file's set-group-ID bit survives chmod and write */                \
         CAP_BIT(CAP_SETFCAP))       /* setcap(8) inside, which packages use */

/* fchmodat2(2) has the same number on all architectures, and is newer than some headers. */
#define FCHMODAT2 452

/* The system calls of fuse-overlayfs 1.10 to 1.16 and its libraries: no sockets, no other process, no mount,
 * no namespace. */
static const ConfineCall calls[] = {
        /* The loop, and the most frequent requests. */
        CONFINE_CALL(read),
        CONFINE_CALL(write),
        CONFINE_CALL(readv),
        CONFINE_CALL(writev),
        CONFINE_CALL(splice),
        CONFINE_CALL(vmsplice),
        CONFINE_CALL(tee),
        CONFINE_CALL(openat),
        CONFINE_CALL(openat2),
        CONFINE_CALL(close),
        CONFINE_CALL(fstat),
        CONFINE_CALL(newfstatat),
        CONFINE_CALL(statx),
        CONFINE_CALL(getdents64),
        CONFINE_CALL(futex),
        CONFINE_CALL(pread64),
        CONFINE_CALL(pwrite64),
        CONFINE_CALL(preadv),
        CONFINE_CALL(pwritev),
        CONFINE_CALL(preadv2),
        CONFINE_CALL(pwritev2),
        CONFINE_CALL(lseek),
        CONFINE_CALL(pipe),
        CONFINE_CALL(pipe2),
        CONFINE_CALL(fcntl),
        CONFINE_CALL(ioctl),
        CONFINE_CALL(poll),
        CONFINE_CALL(ppoll),
        /* Files. */
        CONFINE_CALL(open),
        CONFINE_CALL(creat),
        CONFINE_CALL(stat),
        CONFINE_CALL(lstat),
        CONFINE_CALL(access),
        CONFINE_CALL(faccessat),
        CONFINE_CALL(faccessat2),
        CONFINE_CALL(readlink),
        CONFINE_CALL(readlinkat),
        CONFINE_CALL(mkdir),
        CONFINE_CALL(mkdirat),
        CONFINE_CALL(rmdir),
        CONFINE_CALL(mknod),
        CONFINE_CALL(mknodat),
        CONFINE_CALL(unlink),
        CONFINE_CALL(unlinkat),
        CONFINE_CALL(link),
        CONFINE_CALL(linkat),
        CONFINE_CALL(symlink),
        CONFINE_CALL(symlinkat),
        CONFINE_CALL(rename),
        CONFINE_CALL(renameat),
        CONFINE_CALL(renameat2),
        CONFINE_CALL(chmod),
        CONFINE_CALL(fchmod),
        CONFINE_CALL(fchmodat),
        {.nr = FCHMODAT2},
        CONFINE_CALL(chown),
        CONFINE_CALL(lchown),
        CONFINE_CALL(fchown),
        CONFINE_CALL(fchownat),
        CONFINE_CALL(utimensat),
        CONFINE_CALL(futimesat),
        CONFINE_CALL(truncate),
        CONFINE_CALL(ftruncate),
        CONFINE_CALL(fallocate),
        CONFINE_CALL(copy_file_range),
        CONFINE_CALL(sendfile),
        CONFINE_CALL(fsync),
        CONFINE_CALL(fdatasync),
        CONFINE_CALL(syncfs),
        CONFINE_CALL(flock),
        CONFINE_CALL(statfs),
        CONFINE_CALL(fstatfs),
        CONFINE_CALL(getdents),
        CONFINE_CALL(getxattr),
        CONFINE_CALL(lgetxattr),
        CONFINE_CALL(fgetxattr),
        CONFINE_CALL(setxattr),
        CONFINE_CALL(lsetxattr),
        CONFINE_CALL(fsetxattr),
        CONFINE_CALL(listxattr),
        CONFINE_CALL(llistxattr),
        CONFINE_CALL(flistxattr),
        CONFINE_CALL(removexattr),
        CONFINE_CALL(lremovexattr),
        CONFINE_CALL(fremovexattr),
        CONFINE_CALL(umask),
        CONFINE_CALL(chdir),
        CONFINE_CALL(fchdir),
        CONFINE_CALL(getcwd),
        CONFINE_CALL(dup),
        CONFINE_CALL(dup2),
        CONFINE_CALL(dup3),
        CONFINE_CALL(close_range),
        CONFINE_CALL(fadvise64),
        /* Memory, threads, time, exit. clone creates threads only, because CLONE_THREAD is required. */
        CONFINE_CALL(mmap),
        CONFINE_CALL(munmap),
        CONFINE_CALL(mremap),
        CONFINE_CALL(mprotect),
        CONFINE_CALL(madvise),
        CONFINE_CALL(brk),
        CONFINE_CALL_IF(clone, 0, CLONE_THREAD, CLONE_THREAD),
        CONFINE_CALL(set_robust_list),
        CONFINE_CALL(get_robust_list),
        CONFINE_CALL(set_tid_address),
        CONFINE_CALL(rseq),
        CONFINE_CALL(arch_prctl),
        CONFINE_CALL(sched_yield),
        CONFINE_CALL(sched_getaffinity),
        CONFINE_CALL(membarrier),
        CONFINE_CALL(prctl),
        CONFINE_CALL(prlimit64),
        CONFINE_CALL(getrlimit),
        CONFINE_CALL(setrlimit),
        CONFINE_CALL(sysinfo),
        CONFINE_CALL(uname),
        CONFINE_CALL(getrandom),
        CONFINE_CALL(clock_gettime),
        CONFINE_CALL(clock_getres),
        CONFINE_CALL(gettimeofday),
        CONFINE_CALL(time),
        CONFINE_CALL(clock_nanosleep),
        CONFINE_CALL(nanosleep),
        CONFINE_CALL(rt_sigaction),
        CONFINE_CALL(rt_sigprocmask),
        CONFINE_CALL(rt_sigreturn),
        CONFINE_CALL(rt_sigtimedwait),
        CONFINE_CALL(sigaltstack),
        CONFINE_CALL(restart_syscall),
        CONFINE_CALL(tgkill),
        CONFINE_CALL(getpid),
        CONFINE_CALL(gettid),
        CONFINE_CALL(getppid),
        CONFINE_CALL(getuid),
        CONFINE_CALL(geteuid),
        CONFINE_CALL(getgid),
        CONFINE_CALL(getegid),
        CONFINE_CALL(getgroups),
        CONFINE_CALL(capget),
        CONFINE_CALL(exit),
        CONFINE_CALL(exit_group),
        /* The stage itself calls it to start the program; any other program would be confined in the same
         * way. */
        CONFINE_CALL(execve),
};

/* Makes the options with the paths of the layers: in its own root, or in the host's if the defence is off. */
static char *make_options(const OverlayStage *stage)
{
        const Plan *plan = stage->ctx->plan;
        const PlanOp *op = &plan->root.ops[stage->index];
        char *options = NULL;
        bool extra = stage->placeholders >= 0;
        /*
         * timeout: only this mount changes the lower, as far as the payload may rely on it, so the kernel may
         * cache names and attributes; static_nlink: counting links would read every directory; noxattrs would
         * hide capabilities.
         */
        static const char common[] = "static_nlink,volatile,timeout=3600,fast_ino=1,allow_other";
        int n = stage->confined
                        ? asprintf(&options,
                                   "lowerdir=%s" OVERLAY_LOWER ",upperdir=" OVERLAY_LAYER
                                   "/upper,workdir=" OVERLAY_LAYER "/work,%s",
                                   extra ? OVERLAY_PLACEHOLDERS ":" : "", common)
                        : asprintf(&options,
                                   "lowerdir=%s%s%s,upperdir=%s/%s/fuse-%s/upper,workdir=%s/%s/fuse-%s/"
                                   "work,%s",
                                   extra ? stage->placeholders_path : "", extra ? ":" : "", op->source,
                                   plan->storage.runs_dir, stage->ctx->run_name, op->layer,
                                   plan->storage.runs_dir, stage->ctx->run_name, op->layer, common);
        return n < 0 ? NULL : options;
}

static int add_arguments(const OverlayStage *stage, StrList *args)
{
        CLEANUP_FREE char *options = make_options(stage);
        int r = options ? strlist_add(args, "-f") : -ENOMEM;
        if (r == 0)
                r = strlist_add(args, "-o");
        if (r == 0)
                r = strlist_add(args, options);
        return r < 0 ? r : strlist_add(args, "/dev/fd/3");
}

const OverlayServer overlay_fuse = {
        .name = "fuse-overlayfs",
        .capabilities = CAPABILITIES,
        .has_layer = true,
        .calls = calls,
        .n_calls = ARRAY_LEN(calls),
        /* The result of a kernel without the call: another version may try more calls, and fall back. */
        .other_calls = SECCOMP_RET_ERRNO | ENOSYS,
        .add_arguments = add_arguments,
};
