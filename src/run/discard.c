/* SPDX-License-Identifier: Apache-2.0 */
#include "run/discard.h"

#include "base/io.h"
#include "base/process.h"
#include "mech/idmap.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

/*
 * remover
 *   has: the user's id, and all capabilities in a user namespace with the sandbox's id maps.
 *   must: wait for the maps; remove one directory.
 *   must not: leave it.
 */
static int stage_remover_main(int dirfd, const char *name, int wait_fd)
{
        char ready;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (read(wait_fd, &ready, 1) != 1)
                return 1;
        return io_remove_tree_at(dirfd, name) < 0;
}

static int remove_with_maps(int dirfd, const char *name, const Plan *identity, Error *err)
{
        int ends[2], status = 0;
        CLEANUP_FD int pidfd = FD_NONE;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "pipe");
        CLEANUP_FD int theirs = ends[0], ours = ends[1];
        pid_t pid = process_clone(CLONE_NEWUSER, &pidfd);
        if (pid == 0) {
                ours = fd_close(ours);
                _exit(stage_remover_main(dirfd, name, theirs));
        }
        if (pid < 0)
                return error_set_errno(err, (int)pid, "making a user namespace");
        int r = idmap_write(identity, pid, err);
        if (r == 0 && write(ours, "", 1) != 1)
                r = error_set_errno(err, errno, "starting the removal");
        ours = fd_close(ours);
        (void)process_wait(pidfd, &status);
        if (r == 0 && status != 0)
                r = error_set(err, EPERM, "not all of %s could be removed", name);
        return r;
}

int kept_remove_entry(int dirfd, const char *name, const Plan *identity, Error *err)
{
        int r = io_remove_tree_at(dirfd, name);
        if (r == -EACCES || r == -EPERM)
                return remove_with_maps(dirfd, name, identity, err);
        return r < 0 ? error_set_errno(err, r, "removing %s", name) : 0;
}

int kept_discard(const char *name, Error *err)
{
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        Error why = {0};
        int r = kept_open(name, &kept, &why);
        if (r < 0 && kept.dir.fd < 0) {
                /* A record that can't be read is no reason to keep it. */
                Error again = {0};
                int opened = r == -EBUSY ? r : kept_open_dir(name, &kept.dir, &again);
                if (opened < 0) {
                        *err = why;
                        return r;
                }
                return run_dir_remove(&kept.dir, FD_NONE, err);
        }
        return kept_remove_entry(kept.dir.state_fd, kept.dir.name, &kept.record.identity, err);
}
