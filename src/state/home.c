/* SPDX-License-Identifier: Apache-2.0 */
/* Creates, locks, lists and removes kept homes. */
#include "state/home.h"

#include "plan/host.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Maximum number of attempts, because other processes may remove the home before it is locked. */
#define ATTEMPTS 8

/* Returns 0; -ESTALE if it was removed in the meantime; -errno with @err. */
static int lock_home(int homes, const PlanStorage *storage, int *ret_fd, Error *err)
{
        struct stat st, now;
        if (mkdirat(homes, storage->home_name, 0700) < 0 && errno != EEXIST)
                return error_set_errno(err, errno, "cannot create the home '%s'", storage->home_name);
        CLEANUP_FD int fd = run_state_open_entry(homes, storage->home_name);
        if (fd == -ENOENT)
                return -ESTALE;
        if (fd == -EACCES)
                return run_state_given_away("home", storage->home_name, err);
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, fd < 0 ? fd : errno, "cannot open the home '%s'",
                                       storage->home_name);
        if (st.st_uid != geteuid())
                return error_set(err, EPERM, "the home '%s' ('%s') belongs to another user",
                                 storage->home_name, storage->homes_dir);
        /* Several runs may share it; this waits for a removal. */
        if (flock(fd, LOCK_SH) < 0)
                return error_set_errno(err, errno, "cannot lock the home '%s'", storage->home_name);
        if (fstatat(homes, storage->home_name, &now, AT_SYMLINK_NOFOLLOW) < 0 || now.st_ino != st.st_ino)
                return -ESTALE;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int home_take(const PlanStorage *storage, int *ret_fd, Error *err)
{
        CLEANUP_FD int homes = FD_NONE;
        int r = run_dir_open_state(storage->homes_dir, "XDG_STATE_HOME", &homes, err);
        if (r < 0)
                return r;
        for (unsigned i = 0; i < ATTEMPTS; i++) {
                r = lock_home(homes, storage, ret_fd, err);
                if (r != -ESTALE)
                        return r;
        }
        return error_set(err, EBUSY, "the home '%s' is being removed", storage->home_name);
}

int home_list(StrList *ret, Error *err)
{
        return run_state_list(HOMES_DIR, ret, err);
}

int home_open(const char *name, Home *ret, Error *err)
{
        CLEANUP(home_clear) Home home = HOME_NONE;
        int r = run_state_open(HOMES_DIR, "home", name, &home.dir, err);
        if (r < 0)
                return r;
        home.in_use = flock(home.dir.fd, LOCK_EX | LOCK_NB) < 0;
        (void)flock(home.dir.fd, LOCK_UN);
        *ret = home;
        home = HOME_NONE;
        return 0;
}

void home_clear(Home *home)
{
        run_dir_clear(&home->dir);
}

int home_discard(const char *name, const PlanIdentity *identity, const DiscardWatch *watch, Error *err)
{
        CLEANUP(run_dir_clear) RunDir dir = RUN_DIR_NONE;
        Error closed = {0};
        int r = run_state_open(HOMES_DIR, "home", name, &dir, &closed);
        if (r < 0 && (r != -EACCES || dir.state_fd < 0)) {
                *err = closed;
                return r;
        }
        /* A home that belongs to an id of a sandbox cannot be locked, and no sandbox can use it. */
        if (r == 0 && flock(dir.fd, LOCK_EX | LOCK_NB) < 0)
                return error_set(err, EBUSY, "a running sandbox uses the home '%s'", name);
        return kept_remove_entry(dir.state_fd, dir.name, identity, watch, err);
}
