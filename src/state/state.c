/* SPDX-License-Identifier: Apache-2.0 */
/* Creates, locks and removes run directories. */
#include "state/state.h"

#include "base/defence.h"
#include "base/io.h"
#include "base/path.h"
#include "base/process.h"
#include "mech/placeholders.h"
#include "plan/host.h"
#include "spec/values.h"
#include "state/discard.h"
#include "state/spare.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

/* Maximum number of directories of killed runs that one run removes, so that it does not take long. */
#define STALE_MAX 8

/* A directory with at most this size and number of subdirectories is read in no time. Not every file system
 * tells both. */
#define SMALL_SIZE 4096
#define SMALL_LINKS 66

/* Maximum number of directories that one run examines: with many sandboxes, an end must not take longer. */
#define EXAMINED_MAX 32

int run_dir_open_state(const char *path, const char *variable, int *ret_fd, Error *err)
{
        bool closed = defence_is_on(DEFENCE_STATE);
        int r = io_mkdir_p(path, closed ? 0700 : 0755);
        if (r < 0)
                return error_set_errno(err, r, "cannot create the directory '%s'", path);
        CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot open '%s'", path);
        if (closed && (st.st_uid != geteuid() || (st.st_mode & 0022)))
                return error_set(err, EPERM,
                                 "'%s' belongs to another user or is writable by others: chmod 700 it, or "
                                 "set %s to a directory of yours",
                                 path, variable);
        if (closed && (st.st_mode & 0077) && fchmod(fd, 0700) < 0)
                return error_set_errno(err, errno, "cannot deny other users access to '%s'", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int run_name_make(const RunDir *dir, char *out, size_t room, Error *err)
{
        int r = dir->fd < 0 ? io_random_name("", out, room) : 0;
        if (dir->fd < 0)
                return r < 0 ? error_set_errno(err, r, "cannot get random bytes") : 0;
        bool kept = !str_starts(dir->name, RUN_PREFIX);
        (void)snprintf(out, room, "%s", dir->name + (kept ? 0 : strlen(RUN_PREFIX)));
        return 0;
}

int run_dir_make(const char *state_dir, bool may_be_spare, RunDir *ret, Error *err)
{
        CLEANUP(run_dir_clear) RunDir dir = RUN_DIR_NONE;
        int r = run_dir_open_state(state_dir, "XDG_CACHE_HOME", &dir.state_fd, err);
        if (r < 0)
                return r;
        if (may_be_spare && spare_take(dir.state_fd, ret) == 0)
                return 0;
        r = io_mkdir_locked(dir.state_fd, RUN_PREFIX, dir.name, sizeof(dir.name), &dir.fd);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a run directory");
        *ret = dir;
        dir = RUN_DIR_NONE;
        return 0;
}

/* Removes by a child in the sandbox's user namespace, which owns all the sandbox's ids. */
static int remove_in_namespace(int dirfd, const char *name, int userns_fd)
{
        CLEANUP_FD int pidfd = FD_NONE;
        pid_t pid = process_clone(0, &pidfd);
        if (pid < 0)
                return (int)pid;
        if (pid == 0) {
                if (setns(userns_fd, CLONE_NEWUSER) < 0)
                        _exit(1);
                _exit(io_remove_tree_at(dirfd, name) < 0);
        }
        int status;
        int r = process_wait(pidfd, &status);
        return r < 0 ? r : status == 0 ? 0 : -EPERM;
}

static int remove_at(int dirfd, const char *name, int userns_fd)
{
        int r = io_remove_tree_at(dirfd, name);
        return (r == -EACCES || r == -EPERM) && userns_fd >= 0 ? remove_in_namespace(dirfd, name, userns_fd)
                                                               : r;
}

int run_dir_remove_entry(const RunDir *dir, const char *name, int userns_fd)
{
        return remove_at(dir->fd, name, userns_fd);
}

int run_dir_remove(RunDir *dir, int userns_fd, Error *err)
{
        if (dir->fd < 0)
                return 0;
        int r = remove_at(dir->state_fd, dir->name, userns_fd);
        if (r < 0)
                return error_set_errno(err, r, "cannot remove the files of the run (%s)", dir->name);
        return 0;
}

int run_check_name(const char *what, const char *name, Error *err)
{
        return value_name(name) ? 0
                                : error_set(err, EINVAL,
                                            "'%.80s' is not a valid %s name: use 1 to %d characters (a-z, "
                                            "0-9, '.', '_', '-') and begin with a letter or digit",
                                            name, what, VALUE_NAME_MAX);
}

int run_state_path(const char *below, char **ret, Error *err)
{
        CLEANUP_FREE char *home = NULL;
        if (host_home(&home) < 0)
                return error_no_memory(err);
        CLEANUP_FREE char *state = host_state_home(home);
        if (!state)
                return error_set(err, ENOENT,
                                 "no directory for kept sandboxes and homes (set HOME or XDG_STATE_HOME)");
        *ret = below ? path_join(state, below) : strdup(state);
        return *ret ? 0 : error_no_memory(err);
}

/* Returns -ENOENT without an error if the directory does not exist. */
static int open_state(const char *below, int *ret_fd, Error *err)
{
        CLEANUP_FREE char *path = NULL;
        int r = run_state_path(below, &path, err);
        if (r < 0)
                return r;
        if (!path || (access(path, F_OK) < 0 && errno == ENOENT))
                return -ENOENT;
        return run_dir_open_state(path, "XDG_STATE_HOME", ret_fd, err);
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

int run_state_list(const char *below, StrList *ret, Error *err)
{
        int fd = FD_NONE;
        int r = open_state(below, &fd, err);
        if (r < 0)
                return r == -ENOENT && err->errnum == 0 ? 0 : r;
        DIR *d = fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return error_no_memory(err);
        }
        for (struct dirent *e; r == 0 && (e = readdir(d));)
                if (value_name(e->d_name) && e->d_name[0] != '.')
                        r = strlist_add(ret, e->d_name);
        (void)closedir(d);
        if (ret->n > 1)
                qsort(ret->items, ret->n, sizeof(*ret->items), compare_names);
        return r < 0 ? error_no_memory(err) : 0;
}

int run_state_open_entry(int dirfd, const char *name)
{
        struct stat st;
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 || errno != EACCES)
                return fd < 0 ? -errno : fd;
        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid != geteuid() ||
            io_chmod_dir_at(dirfd, name, 0700) < 0)
                return -EACCES;
        fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int run_state_given_away(const char *what, const char *name, Error *err)
{
        bool home = str_eq(what, "home");
        return error_set(err, EACCES,
                         "the %s '%s' belongs to another id: a command that ran as root inside changed its "
                         "owner%s%s%s",
                         what, name, home ? " (\"kurung discard --home " : "", home ? name : "",
                         home ? "\" removes it)" : "");
}

int run_state_open(const char *below, const char *what, const char *name, RunDir *ret, Error *err)
{
        CLEANUP(run_dir_clear) RunDir dir = RUN_DIR_NONE;
        int r = run_check_name(what, name, err);
        if (r == 0)
                r = open_state(below, &dir.state_fd, err);
        if (r < 0 && err->errnum != 0)
                return r;
        int fd = r == 0 ? run_state_open_entry(dir.state_fd, name) : -ENOENT;
        if (fd == -ENOENT)
                return error_set(err, ENOENT, "no kept %s named '%s' (\"kurung ps %s\" lists them)", what,
                                 name, str_eq(what, "home") ? "--homes" : "-a");
        if (fd < 0 && fd != -EACCES)
                return error_set_errno(err, fd, "cannot open the %s '%s'", what, name);
        dir.fd = fd < 0 ? FD_NONE : fd;
        (void)snprintf(dir.name, sizeof(dir.name), "%s", name);
        *ret = dir;
        dir = RUN_DIR_NONE;
        return fd < 0 ? run_state_given_away(what, name, err) : 0;
}

/* Returns 0; -errno if it belongs to another user, or a process holds its lock. */
static int open_stale(int state_fd, const char *name, RunDir *ret)
{
        CLEANUP(run_dir_clear) RunDir stale = RUN_DIR_NONE;
        struct stat st;
        if (strlen(name) >= sizeof(stale.name))
                return -EPERM;
        /* A directory that was created with a umask of 777 has no permissions. */
        int fd = run_state_open_entry(state_fd, name);
        if (fd < 0)
                return fd;
        stale.fd = fd;
        stale.state_fd = fcntl(state_fd, F_DUPFD_CLOEXEC, 3);
        if (stale.state_fd < 0 || fstat(stale.fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid())
                return -EPERM;
        if (flock(stale.fd, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        memcpy(stale.name, name, strlen(name) + 1);
        *ret = stale;
        stale = RUN_DIR_NONE;
        return 0;
}

/* Returns 1 if it was removed, otherwise 0. Its ids may differ from those of this run. */
static int remove_stale(RunDir *stale, int userns_fd, PlanIdentity *ids)
{
        Error none = {0};
        if (run_dir_remove(stale, userns_fd, NULL) == 0)
                return 1;
        if (!ids->newuidmap && discard_own_ids(ids, &none) < 0)
                return 0;
        return ids->map_by_newuidmap &&
               kept_remove_entry(stale->state_fd, stale->name, ids, NULL, &none) == 0;
}

/* Removes a directory if its lock is free. Returns 1 if it had files, otherwise 0. */
static int clear_stale(int state_fd, const char *name, int userns_fd, PlanIdentity *ids)
{
        CLEANUP(run_dir_clear) RunDir stale = RUN_DIR_NONE;
        /* An empty directory is removed without examining it. This does not harm a start that has just
         * created it: the start creates another one if it cannot lock it. */
        if (open_stale(state_fd, name, &stale) < 0 || unlinkat(state_fd, name, AT_REMOVEDIR) == 0)
                return 0;
        return remove_stale(&stale, userns_fd, ids);
}

bool run_dir_is_due(int dirfd)
{
        struct stat st;
        struct timespec now;
        if (fstat(dirfd, &st) < 0 || (st.st_size <= SMALL_SIZE && st.st_nlink <= SMALL_LINKS))
                return true;
        CLEANUP_FD int fd =
                openat(dirfd, ".looked", O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0 || fstat(fd, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
                return true;
        /* A clock that was set back must not prevent it. */
        if (now.tv_sec == st.st_mtim.tv_sec ||
            (now.tv_sec == st.st_mtim.tv_sec + 1 && now.tv_nsec < st.st_mtim.tv_nsec))
                return false;
        (void)futimens(fd, NULL);
        return true;
}

void run_dir_clear_stale(const char *state_dir, int userns_fd)
{
        CLEANUP(plan_identity_clear) PlanIdentity ids = {0};
        CLEANUP_STRLIST StrList found = {0};
        int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *d = fd < 0 || !run_dir_is_due(fd) ? NULL : fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return;
        }
        for (struct dirent *e; (e = readdir(d));)
                if (str_starts(e->d_name, RUN_PREFIX) || str_starts(e->d_name, PLACEHOLDERS_NEW))
                        (void)strlist_add(&found, e->d_name);
        /* Most are of running sandboxes. Beginning elsewhere each time, a few runs examine all of them. */
        size_t examined = found.n < EXAMINED_MAX ? found.n : EXAMINED_MAX, n = 0;
        for (size_t i = 0; i < examined && n < STALE_MAX; i++)
                n += (size_t)clear_stale(fd, found.items[((size_t)getpid() + i) % found.n], userns_fd, &ids);
        (void)closedir(d);
}

void run_dir_clear(RunDir *dir)
{
        dir->fd = fd_close(dir->fd);
        dir->state_fd = fd_close(dir->state_fd);
}
