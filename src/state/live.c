/* SPDX-License-Identifier: Apache-2.0 */
/* Records running sandboxes and looks them up. */
#include "state/live.h"

#include "base/defence.h"
#include "base/io.h"
#include "base/process.h"
#include "spec/values.h"
#include "state/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define RECORD_SIZE_MAX (64 << 20)
#define NEW_PREFIX ".new-"

/* Maximum number of entries that the end of a sandbox checks for killed ones. */
#define STALE_MAX 16

/* Maximum time for the cleanup of a sandbox after all its processes were killed. */
#define END_TIMEOUT_MS 10000

/* Other commands clear records at the same time, but each looks at this one once. */
#define WRITE_ATTEMPTS 100

/* Writes a temporary file and renames it, so that the record is always complete and locked. */
static int write_file(LiveFile *f, const char *text, size_t len)
{
        char temporary[96];
        struct stat st;
        (void)snprintf(temporary, sizeof(temporary), NEW_PREFIX "%d", (int)getpid());
        (void)unlinkat(f->dir, temporary, 0);
        CLEANUP_FD int fd =
                openat(f->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        int r = io_write_all(fd, text, len);
        /* Removed before it was locked, by a process that clears records of killed sandboxes. */
        if (r == 0 && renameat2(f->dir, temporary, f->dir, f->name, RENAME_NOREPLACE) < 0)
                r = errno == ENOENT ? -EAGAIN : -errno;
        if (r == -EEXIST) {
                /* The record of a killed sandbox, unless one in another state directory has the same name. */
                CLEANUP_FD int old = openat(f->dir, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                if (old >= 0 && flock(old, LOCK_EX | LOCK_NB) == 0)
                        r = renameat(f->dir, temporary, f->dir, f->name) < 0 ? -errno : 0;
        }
        /* A process that clears records of killed sandboxes was faster than the lock. */
        if (r == 0 && (fstat(fd, &st) < 0 || st.st_nlink == 0))
                r = -EAGAIN;
        if (r < 0)
                (void)unlinkat(f->dir, temporary, 0);
        else
                f->fd = TAKE_FD(fd);
        return r;
}

int live_write(const char *live_dir, const char *name, const LiveRecord *record, LiveFile *ret, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        LiveFile f = LIVE_FILE_NONE;
        size_t len = 0;
        int attempts = 0;
        if (!live_dir)
                return error_set(err, ENOENT, "no directory for its record");
        (void)snprintf(f.name, sizeof(f.name), "%s", name);
        if (live_record_print(record, &text, &len) < 0)
                return error_no_memory(err);
        int r = run_dir_open_state(live_dir, "XDG_RUNTIME_DIR", &f.dir, err);
        if (r < 0)
                return r;
        do
                r = write_file(&f, text, len);
        while (r == -EAGAIN && ++attempts < WRITE_ATTEMPTS);
        if (r < 0) {
                fd_close(f.dir);
                return error_set_errno(err, r, "cannot write '%s/%s'", live_dir, name);
        }
        *ret = f;
        return 0;
}

/* Returns whether the lock is free; then removes the record. */
static bool clear_if_stale(int dir, const char *name)
{
        CLEANUP_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
                return false;
        (void)unlinkat(dir, name, 0);
        return true;
}

static bool is_record(const char *name)
{
        return value_name(name);
}

void live_remove(LiveFile *file)
{
        if (file->fd >= 0) {
                (void)unlinkat(file->dir, file->name, 0);
                int fd = run_dir_is_due(file->dir)
                                 ? openat(file->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                 : FD_NONE;
                DIR *d = fd < 0 ? NULL : fdopendir(fd);
                struct dirent *e;
                if (!d)
                        fd_close(fd);
                for (int i = 0; d && i < STALE_MAX && (e = readdir(d)); i++)
                        if (is_record(e->d_name) || str_starts(e->d_name, NEW_PREFIX))
                                (void)clear_if_stale(fd, e->d_name);
                if (d)
                        (void)closedir(d);
        }
        file->fd = fd_close(file->fd);
        file->dir = fd_close(file->dir);
}

/* Does not create the directory: -ENOENT if no sandbox was ever started. */
static int open_dir(int *ret_fd, Error *err)
{
        CLEANUP_FREE char *state = NULL;
        Error none = {0};
        (void)run_state_path(NULL, &state, &none);
        CLEANUP_FREE char *path = host_live_home(state);
        struct stat st;
        if (!path)
                return error_set(err, ENOENT, "no directory for records of running sandboxes (set HOME)");
        CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot open '%s'", path);
        if (defence_is_on(DEFENCE_STATE) && (st.st_uid != geteuid() || (st.st_mode & 0077)))
                return error_set(err, EPERM, "'%s' is accessible to other users (chmod 700 it)", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int not_running(const char *name, Error *err)
{
        return error_set(err, ESRCH, "no running sandbox named '%s' (\"kurung ps\" lists them)", name);
}

static int read_record(int dir, const char *name, LiveRecord *ret, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        CLEANUP_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;
        size_t len;
        if (fd < 0)
                return errno == ENOENT ? not_running(name, err)
                                       : error_set_errno(err, errno, "cannot read the record of '%s'", name);
        if (fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot read the record of '%s'", name);
        if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077))
                return error_set(err, EPERM,
                                 "the record of '%s' is not a file of yours, or is accessible to other users",
                                 name);
        /* An unlocked record: its supervisor has exited, even if another process has its pid now. */
        if (defence_is_on(DEFENCE_JOIN) && flock(fd, LOCK_SH | LOCK_NB) == 0)
                return not_running(name, err);
        int r = io_read_to_end(fd, RECORD_SIZE_MAX, -1, &text, &len);
        if (r == 0)
                r = live_record_parse(text, len, ret);
        if (r == -ENOTSUP)
                return error_set(err, ENOTSUP, "the record of %s was made by another kurung", name);
        return r < 0 ? error_set_errno(err, r, "cannot read the record of '%s'", name) : 0;
}

static bool has_ended(int pidfd)
{
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        return poll(&p, 1, 0) != 0;
}

int live_open(const char *name, Live *ret, Error *err)
{
        CLEANUP(live_clear) Live live = LIVE_NONE;
        CLEANUP_FD int dir = FD_NONE;
        uint64_t started = 0;
        if (!value_name(name))
                return error_set(err, EINVAL, "'%.80s' is not a valid sandbox name", name);
        Error why = {0};
        int r = open_dir(&dir, &why);
        if (r == -ENOENT)
                return not_running(name, err);
        if (r < 0) {
                *err = why;
                return r;
        }
        r = read_record(dir, name, &live.record, err);
        if (r < 0)
                return r;
        live.pidfd = (int)syscall(SYS_pidfd_open, live.record.supervisor, 0);
        if (live.pidfd < 0)
                return not_running(name, err);
        /* Read after opening the pidfd: the pidfd is of this process, or of one that has exited since. */
        r = process_start_time(live.record.supervisor, &started);
        if (r < 0 || has_ended(live.pidfd) ||
            (defence_is_on(DEFENCE_JOIN) && started != live.record.supervisor_started))
                return not_running(name, err);
        (void)snprintf(live.name, sizeof(live.name), "%s", name);
        *ret = live;
        live = LIVE_NONE;
        return 0;
}

bool live_has(const char *name)
{
        CLEANUP_FD int dir = FD_NONE;
        Error none = {0};
        return value_name(name) && open_dir(&dir, &none) == 0 &&
               faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

int live_list(StrList *ret, Error *err)
{
        Error why = {0};
        int fd = FD_NONE;
        int r = open_dir(&fd, &why);
        if (r == -ENOENT)
                return 0;
        if (r < 0) {
                *err = why;
                return r;
        }
        DIR *d = fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return error_no_memory(err);
        }
        for (struct dirent *e; r == 0 && (e = readdir(d));) {
                bool record = is_record(e->d_name);
                if (!record && !str_starts(e->d_name, NEW_PREFIX))
                        continue;
                if (!clear_if_stale(fd, e->d_name) && record)
                        r = strlist_add(ret, e->d_name);
        }
        (void)closedir(d);
        if (ret->n > 1)
                qsort(ret->items, ret->n, sizeof(*ret->items), compare_names);
        return r < 0 ? error_no_memory(err) : 0;
}

static int open_namespace(const Live *live, int number, int flag, int *ret_fd)
{
        char path[64];
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)live->record.supervisor, number);
        CLEANUP_FD int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        /* This fails for anything but a namespace (NS_GET_NSTYPE(2const)). */
        if (ioctl(fd, NS_GET_NSTYPE) != flag)
                return -EBADMSG;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static bool same_file(int a, int b)
{
        struct stat x, y;
        return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Checks that it is a child of the current user namespace, created by this user. */
static int check_userns(int userns)
{
        uid_t owner = (uid_t)-1;
        CLEANUP_FD int ours = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
        CLEANUP_FD int parent = ioctl(userns, NS_GET_PARENT);
        if (ours < 0 || parent < 0 || !same_file(ours, parent))
                return -EPERM;
        if (ioctl(userns, NS_GET_OWNER_UID, &owner) < 0 || owner != geteuid())
                return -EPERM;
        return 0;
}

int live_open_namespaces(const Live *live, int *ret_userns, int ret_ns[NS_MAX], Error *err)
{
        CLEANUP_FD int userns = FD_NONE;
        int ns[NS_MAX], r;
        for (size_t i = 0; i < NS_MAX; i++)
                ns[i] = FD_NONE;
        r = open_namespace(live, live->record.userns, CLONE_NEWUSER, &userns);
        if (r == 0 && defence_is_on(DEFENCE_JOIN))
                r = check_userns(userns);
        for (size_t i = 0; r == 0 && i < NS_MAX; i++) {
                if (!namespace_is_own(live->record.namespaces, live->record.identity.payload_userns, i))
                        continue;
                r = open_namespace(live, live->record.ns[i], namespace_kinds[i].flag, &ns[i]);
                CLEANUP_FD int owner = r == 0 ? ioctl(ns[i], NS_GET_USERNS) : FD_NONE;
                if (r == 0 && defence_is_on(DEFENCE_JOIN) && (owner < 0 || !same_file(owner, userns)))
                        r = -EPERM;
        }
        if (r == 0 && has_ended(live->pidfd))
                r = -ESRCH;
        if (r < 0) {
                for (size_t i = 0; i < NS_MAX; i++)
                        fd_close(ns[i]);
                return error_set_errno(err, r, "cannot open the namespaces of the sandbox '%s'", live->name);
        }
        *ret_userns = TAKE_FD(userns);
        memcpy(ret_ns, ns, sizeof(ns));
        return 0;
}

/* Returns 1 if it has exited. */
static int wait_for_end(int pidfd, int timeout_ms)
{
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        int r;
        do
                r = poll(&p, 1, timeout_ms);
        while (r < 0 && errno == EINTR);
        return r < 0 ? -errno : r;
}

int live_stop(const Live *live, unsigned grace_ms, Error *err)
{
        int r = process_signal(live->pidfd, SIGTERM);
        /* A stopped process does not handle signals. */
        if (r == 0)
                r = process_signal(live->pidfd, SIGCONT);
        if (r == 0)
                r = wait_for_end(live->pidfd, (int)grace_ms);
        if (r == 0) {
                r = process_signal(live->pidfd, LIVE_SIGNAL_END);
                if (r == 0)
                        r = process_signal(live->pidfd, SIGCONT);
                if (r == 0)
                        r = wait_for_end(live->pidfd, END_TIMEOUT_MS);
                if (r == 0)
                        return error_set(err, ETIMEDOUT, "the sandbox '%s' was killed, but does not exit",
                                         live->name);
        }
        return r < 0 && r != -ESRCH ? error_set_errno(err, r, "cannot stop the sandbox '%s'", live->name) : 0;
}

void live_clear(Live *live)
{
        live->pidfd = fd_close(live->pidfd);
        live_record_clear(&live->record);
}
