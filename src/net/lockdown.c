/* SPDX-License-Identifier: Apache-2.0 */
#include "net/lockdown.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int empty_root(Error *err)
{
        /* Nothing of this goes back to the host's mounts. */
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return error_set_errno(err, errno, "net helper: making mounts private");
        if (mount("none", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                  "size=4k,nr_inodes=1,mode=0555") < 0)
                return error_set_errno(err, errno, "net helper: an empty root");
        /* pivot_root(2), NOTES: the old root is stacked on the new one, and taken off. */
        if (chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
            chdir("/") < 0)
                return error_set_errno(err, errno, "net helper: entering the empty root");
        if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                  NULL) < 0)
                return error_set_errno(err, errno, "net helper: a read-only root");
        return 0;
}

static int drop_capabilities(Error *err)
{
        /* EINVAL: no such capability, so all that there are have gone. */
        for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
                ;
        if (errno != EINVAL)
                return error_set_errno(err, errno, "net helper: the bounding set");
        (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        cap_t none = cap_init();
        int r = none && cap_set_proc(none) == 0 ? 0 : -errno;
        (void)cap_free(none);
        return r < 0 ? error_set_errno(err, r, "net helper: dropping capabilities") : 0;
}

int net_lockdown_enter(uint64_t max_memory, Error *err)
{
        int r = empty_root(err);
        if (r == 0)
                r = drop_capabilities(err);
        if (r < 0)
                return r;
        const struct rlimit no_core = {0, 0}, no_files = {0, 0}, memory = {max_memory, max_memory};
        if (setrlimit(RLIMIT_CORE, &no_core) < 0 || setrlimit(RLIMIT_FSIZE, &no_files) < 0 ||
            (max_memory > 0 && setrlimit(RLIMIT_DATA, &memory) < 0))
                return error_set_errno(err, errno, "net helper: its limits");
        if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return error_set_errno(err, errno, "net helper: prctl");
        return 0;
}

/* All that this machine's Landlock knows is handled, and nothing is allowed: no file system, whatever may be
 * found of it. Sockets are not its business here. */
static void landlock_nothing(void)
{
        static const uint64_t known[] = {
                0,
                (UINT64_C(1) << 13) - 1,
                (UINT64_C(1) << 14) - 1,
                (UINT64_C(1) << 15) - 1,
                (UINT64_C(1) << 15) - 1,
                (UINT64_C(1) << 16) - 1,
        };
        long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        if (abi <= 0)
                return;
        size_t version = (size_t)abi < ARRAY_LEN(known) ? (size_t)abi : ARRAY_LEN(known) - 1;
        const struct {
                uint64_t fs, net, scoped;
        } attr = {.fs = known[version], .scoped = abi >= 6 ? 3 : 0};
        /* What an older kernel does not know must be 0 and may be there (extensible system calls). */
        int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
        if (fd >= 0)
                (void)syscall(SYS_landlock_restrict_self, fd, 0);
        fd_close(fd);
}

/* What the loop, libslirp and c-ares do. Opening, executing, processes and signals are not among it: they
 * kill. */
static const int allowed[] = {
        SCMP_SYS(read),
        SCMP_SYS(write),
        SCMP_SYS(recvfrom),
        SCMP_SYS(sendto),
        SCMP_SYS(recvmsg),
        SCMP_SYS(sendmsg),
        SCMP_SYS(poll),
        SCMP_SYS(ppoll),
        SCMP_SYS(connect),
        SCMP_SYS(bind),
        SCMP_SYS(listen),
        SCMP_SYS(accept),
        SCMP_SYS(accept4),
        SCMP_SYS(shutdown),
        SCMP_SYS(getsockopt),
        SCMP_SYS(setsockopt),
        SCMP_SYS(getsockname),
        SCMP_SYS(getpeername),
        SCMP_SYS(close),
        SCMP_SYS(dup3),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(gettimeofday),
        SCMP_SYS(clock_nanosleep),
        SCMP_SYS(brk),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(madvise),
        SCMP_SYS(futex),
        SCMP_SYS(getrandom),
        SCMP_SYS(getpid),
        SCMP_SYS(gettid),
        SCMP_SYS(sysinfo),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(sched_yield),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
};

/* One rule, of which the arguments' lower halves are compared, as the kernel does. */
static int rule(scmp_filter_ctx ctx, int call, unsigned arg, uint64_t mask, uint64_t value)
{
        const struct scmp_arg_cmp cmp = {
                .arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
        return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, 1, &cmp);
}

static int socket_rules(scmp_filter_ctx ctx)
{
        static const uint64_t families[] = {AF_INET, AF_INET6}, types[] = {SOCK_STREAM, SOCK_DGRAM};
        int r = rule(ctx, SCMP_SYS(socketpair), 0, UINT32_MAX, AF_UNIX);
        for (size_t i = 0; r == 0 && i < 4; i++) {
                const struct scmp_arg_cmp cmp[] = {
                        {.arg = 0,
                         .op = SCMP_CMP_MASKED_EQ,
                         .datum_a = UINT32_MAX,
                         .datum_b = families[i / 2]},
                        {.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xf, .datum_b = types[i % 2]},
                };
                r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, cmp);
        }
        /* libslirp asks for raw sockets, too, and does without. */
        for (size_t i = 0; r == 0 && i < 2; i++) {
                const struct scmp_arg_cmp cmp[] = {
                        {.arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = UINT32_MAX, .datum_b = families[i]},
                        {.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xf, .datum_b = SOCK_RAW},
                };
                r = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 2, cmp);
        }
        return r;
}

static int fill(scmp_filter_ctx ctx)
{
        static const uint64_t fcntls[] = {F_GETFL, F_SETFL, F_GETFD, F_SETFD};
        int r = socket_rules(ctx);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(allowed); i++) {
                r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
                if (r == -EDOM) /* not there on this architecture */
                        r = 0;
        }
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(fcntls); i++)
                r = rule(ctx, SCMP_SYS(fcntl), 1, UINT32_MAX, fcntls[i]);
        if (r == 0)
                r = rule(ctx, SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD);
        if (r == 0)
                r = rule(ctx, SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO);
        /* Never anything that could be executed. */
        if (r == 0)
                r = rule(ctx, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
        if (r == 0)
                r = rule(ctx, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
        return r;
}

int net_lockdown_seal(Error *err)
{
        landlock_nothing();
        scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
        if (!ctx)
                return error_no_memory(err);
        int r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
        if (r == 0)
                r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        if (r == 0)
                r = fill(ctx);
        if (r == 0)
                r = seccomp_load(ctx);
        seccomp_release(ctx);
        return r < 0 ? error_set_errno(err, r, "net helper: its system call filter") : 0;
}
