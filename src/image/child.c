/* SPDX-License-Identifier: Apache-2.0 */
/* Starts and confines the processes that read archives. */
#include "image/child.h"

#include "base/defence.h"
#include "base/mount.h"
#include "base/process.h"
#include "confine/confine.h"
#include "mech/idmap.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define CAP_BIT(cap) (UINT64_C(1) << (cap))

/* To give files to the ids of the archive, and to change files of these. */
#define UNPACK_CAPABILITIES                                                                                  \
        (CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_FSETID) |        \
         CAP_BIT(CAP_SETFCAP))

/* Decompressors need some tens of MiB; xz up to the size of its dictionary. */
#define MEMORY_MAX (UINT64_C(1) << 30)

/* No process, no program, no socket, no memory that can be executed. */
#define READING_CALLS                                                                                        \
        CONFINE_CALL(read), CONFINE_CALL(pread64), CONFINE_CALL(readv), CONFINE_CALL(write),                 \
                CONFINE_CALL(writev), CONFINE_CALL(lseek), CONFINE_CALL(close), CONFINE_CALL(fstat),         \
                CONFINE_CALL(newfstatat), CONFINE_CALL(openat2), CONFINE_CALL(fcntl),                        \
                CONFINE_CALL(fadvise64), CONFINE_CALL_IF(mmap, 2, PROT_EXEC, 0), CONFINE_CALL(munmap),       \
                CONFINE_CALL(mremap), CONFINE_CALL_IF(mprotect, 2, PROT_EXEC, 0), CONFINE_CALL(madvise),     \
                CONFINE_CALL(brk), CONFINE_CALL(futex), CONFINE_CALL(getrandom),                             \
                CONFINE_CALL(clock_gettime), CONFINE_CALL(gettimeofday), CONFINE_CALL(getpid),               \
                CONFINE_CALL(gettid), CONFINE_CALL(rt_sigaction), CONFINE_CALL(rt_sigprocmask),              \
                CONFINE_CALL(rt_sigreturn), CONFINE_CALL(sigaltstack), CONFINE_CALL(restart_syscall),        \
                CONFINE_CALL(exit), CONFINE_CALL(exit_group)

static const ConfineCall reading_calls[] = {READING_CALLS};

static const ConfineCall unpacking_calls[] = {
        READING_CALLS,           CONFINE_CALL(pwrite64),  CONFINE_CALL(ftruncate), CONFINE_CALL(mkdirat),
        CONFINE_CALL(mknodat),   CONFINE_CALL(symlinkat), CONFINE_CALL(linkat),    CONFINE_CALL(unlinkat),
        CONFINE_CALL(fchown),    CONFINE_CALL(fchownat),  CONFINE_CALL(fchmod),    CONFINE_CALL(fchmodat),
        CONFINE_CALL(utimensat), CONFINE_CALL(fsetxattr), CONFINE_CALL(fgetxattr), CONFINE_CALL(fstatfs),
};

/* Opens the directory in this mount namespace, and clones its mount. */
static int clone_directory(const char *path, int known, bool writable, int *ret_fd)
{
        CLEANUP_FD int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), copy = FD_NONE;
        struct stat a, b;
        if (fd < 0 || fstat(fd, &a) < 0 || fstat(known, &b) < 0)
                return -errno;
        if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
                return -EBUSY;
        int r = mount_clone(fd, "", false, &copy);
        if (r == 0)
                r = mount_set(copy, mount_safe_attrs(!writable) | MOUNT_ATTR_NOEXEC, false);
        if (r == 0)
                *ret_fd = TAKE_FD(copy);
        return r;
}

static int make_root(const ImageChildOptions *o, int *ret_root, Error *err)
{
        CLEANUP_FD int in = FD_NONE, out = FD_NONE, root = FD_NONE;
        int r = confine_private_mounts(o->who, err);
        if (r == 0 && o->in >= 0 && (r = clone_directory(o->in_path, o->in, false, &in)) < 0)
                (void)error_set_errno(err, r, "%s: cannot open '%s'", o->who, o->in_path);
        if (r == 0 && o->out >= 0 && (r = clone_directory(o->out_path, o->out, true, &out)) < 0)
                (void)error_set_errno(err, r, "%s: cannot open '%s'", o->who, o->out_path);
        if (r == 0)
                r = confine_root_begin(o->who, &root, err);
        if (r == 0 && in >= 0)
                r = confine_root_add(o->who, root, CHILD_IN, in, err);
        if (r == 0 && out >= 0)
                r = confine_root_add(o->who, root, CHILD_OUT, out, err);
        if (r == 0)
                *ret_root = TAKE_FD(root);
        return r;
}

static int confine(const ImageChildOptions *o, Error *err)
{
        CLEANUP_FD int root = FD_NONE;
        bool unpacks = o->out >= 0;
        const Confinement c = {
                .who = o->who,
                .capabilities = unpacks ? UNPACK_CAPABILITIES : 0,
                .max_data = SANITIZED ? 0 : MEMORY_MAX,
                .max_file = o->max_file,
                .reads_root = o->in >= 0,
                .writable = unpacks ? CHILD_OUT : NULL,
                .calls = unpacks ? unpacking_calls : reading_calls,
                .n_calls = unpacks ? ARRAY_LEN(unpacking_calls) : ARRAY_LEN(reading_calls),
                .other_calls = SECCOMP_RET_ERRNO | ENOSYS,
        };
        int r = make_root(o, &root, err);
        if (r == 0)
                r = confine_root_enter(o->who, root, err);
        if (r == 0)
                r = confine_privileges(&c, err);
        /* Changing capabilities has reset it (PR_SET_PDEATHSIG(2const)). */
        if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                r = error_set_errno(err, errno, "%s: cannot tie it to its parent", o->who);
        return r < 0 ? r : confine_seal(&c, err);
}

static int leave_caller(const ImageChildOptions *o, Error *err)
{
        CLEANUP_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
                return error_set_errno(err, errno, "%s: cannot open /dev/null", o->who);
        return 0;
}

static int keep_descriptors(const ImageChildOptions *o, int wait_fd, int error_fd)
{
        CLEANUP_FREE int *fds = calloc(o->n_fds + 4, sizeof(*fds));
        size_t n = 0;
        if (!fds)
                return -ENOMEM;
        fds[n++] = wait_fd;
        fds[n++] = error_fd;
        fds[n++] = o->in;
        fds[n++] = o->out;
        for (size_t i = 0; i < o->n_fds; i++)
                fds[n++] = o->fds[i];
        return process_keep_only(fds, n);
}

/*
 * child
 *   has: its own namespaces, the ids that it may give to files, and an empty network; the descriptors of its
 *     options.
 *   must: be confined before it reads the first byte of the archive; die with its parent.
 *   must not: reach any file but those in the directories of its options, or start a process.
 */
static int stage_child_main(const ImageChildOptions *o, int wait_fd, int error_fd)
{
        Error err = {0};
        char ready;
        process_leave_group();
        process_reset_signals();
        int r = prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;
        if (r == 0)
                r = keep_descriptors(o, wait_fd, error_fd);
        if (r == 0)
                r = leave_caller(o, &err);
        /* Names in archives are UTF-8 or just bytes: neither may be converted. */
        (void)setlocale(LC_CTYPE, "C.UTF-8");
        if (r == 0 && read(wait_fd, &ready, 1) != 1)
                r = -ECHILD;
        if (r == 0 && o->identity && o->identity->map_by_newuidmap && setgroups(0, NULL) < 0)
                r = error_set_errno(&err, errno, "%s: cannot drop the supplementary groups", o->who);
        if (r == 0 && defence_is_on(DEFENCE_CONFINE))
                r = confine(o, &err);
        (void)umask(0);
        if (r == 0)
                r = o->body(o->userdata, &err);
        if (r < 0) {
                (void)error_ensure(&err, r, o->who);
                r = write(error_fd, &err, sizeof(err)) == sizeof(err);
        }
        return r != 0;
}

int image_child_directory(const char *path, int other, uint64_t flags)
{
        const struct open_how how = {.flags = flags | O_DIRECTORY | O_CLOEXEC};
        bool confined = defence_is_on(DEFENCE_CONFINE);
        int fd = confined ? (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how))
                          : fcntl(other, F_DUPFD_CLOEXEC, 3);
        return fd < 0 ? -errno : fd;
}

static int map_ids(const ImageChildOptions *o, pid_t pid, Error *err)
{
        return o->identity ? idmap_write(o->identity, pid, err) : 0;
}

int image_child_start(const ImageChildOptions *options, ImageChild *ret, Error *err)
{
        CLEANUP(image_child_kill)
        ImageChild child = {.who = options->who, .pidfd = FD_NONE, .error = FD_NONE};
        int waits[2], errors[2];
        if (pipe2(waits, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "cannot create a pipe");
        CLEANUP_FD int wait_read = waits[0], wait_write = waits[1], error_write = FD_NONE;
        if (pipe2(errors, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "cannot create a pipe");
        child.error = errors[0];
        error_write = errors[1];
        pid_t pid = process_clone(CLONE_NEWUSER | CLONE_NEWNET | confine_namespaces, &child.pidfd);
        if (pid == 0)
                _exit(stage_child_main(options, wait_read, error_write));
        if (pid < 0)
                return error_set_errno(err, (int)pid, "cannot start the %s in new namespaces", options->who);
        int r = map_ids(options, pid, err);
        if (r == 0 && write(wait_write, "", 1) != 1)
                r = error_set_errno(err, errno, "cannot start the %s", options->who);
        if (r < 0)
                return r;
        *ret = child;
        child = IMAGE_CHILD_NONE;
        return 0;
}

int image_child_finish(ImageChild *child, Error *err)
{
        Error from = {0};
        int status = 0;
        ssize_t n;
        do
                n = read(child->error, &from, sizeof(from));
        while (n < 0 && errno == EINTR);
        int r = process_wait(child->pidfd, &status);
        child->pidfd = fd_close(child->pidfd);
        child->error = fd_close(child->error);
        if (r < 0)
                return error_set_errno(err, r, "cannot wait for the %s", child->who);
        if (n == sizeof(from) && from.errnum != 0)
                return error_take(err, &from, child->who);
        if (status != 0)
                return error_set(err, EIO, "the %s ended unexpectedly (status %d)", child->who,
                                 process_exit_code(status));
        return 0;
}

void image_child_kill(ImageChild *child)
{
        if (child->pidfd >= 0) {
                (void)process_signal(child->pidfd, SIGKILL);
                (void)process_wait(child->pidfd, NULL);
        }
        child->pidfd = fd_close(child->pidfd);
        child->error = fd_close(child->error);
}
