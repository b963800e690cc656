/* SPDX-License-Identifier: Apache-2.0 */
/* Removes a kept sandbox, in a user namespace if necessary. */
#include "state/discard.h"

#include "base/failpoint.h"
#include "base/io.h"
#include "base/measure.h"
#include "base/process.h"
#include "mech/idmap.h"
#include "plan/host.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* Interval of reports while the remover works. */
#define TELL_MS 100

typedef struct Removing {
        int dirfd;
        const char *name;
        const PlanIdentity *identity;
        const DiscardWatch *watch; /* NULL: no reports */
        DiscardCount *count;       /* shared with the remover; NULL: without a watch */
        bool here;                 /* this process removes, not a child: it has the watch */
} Removing;

static void tell(const Removing *rm)
{
        if (rm->watch)
                rm->watch->update(rm->watch->userdata, rm->count);
}

static void removed(void *userdata, uint64_t bytes)
{
        Removing *rm = userdata;
        rm->count->files++;
        rm->count->bytes += bytes;
        failpoint("discarded");
        if (rm->here)
                tell(rm);
}

static int remove_tree(Removing *rm, bool until_refused)
{
        TreeSize size = {0};
        IoRemoval removal = {.userdata = rm, .until_refused = until_refused};
        if (rm->count) {
                removal.removed = removed;
                rm->count->files_total = rm->count->bytes_total = 0;
                int fd = openat(rm->dirfd, rm->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (fd >= 0)
                        measure_tree(fd, &size);
                if (fd >= 0 && size.complete) {
                        /* Plus the directory itself. */
                        rm->count->files_total = rm->count->files + size.entries + 1;
                        rm->count->bytes_total = rm->count->bytes + size.bytes;
                }
        }
        return io_remove_tree(rm->dirfd, rm->name, &removal);
}

/*
 * remover
 *   has: the user's id, and all capabilities in a user namespace with the sandbox's id maps.
 *   must: wait for the maps; remove one directory.
 *   must not: leave it.
 */
static int stage_remover_main(Removing *rm, int wait_fd)
{
        char ready;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (read(wait_fd, &ready, 1) != 1)
                return 1;
        return remove_tree(rm, false) < 0;
}

static void watch_remover(const Removing *rm, int pidfd)
{
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        while (rm->watch && poll(&p, 1, TELL_MS) == 0)
                tell(rm);
        tell(rm);
}

static int remove_with_maps(Removing *rm, Error *err)
{
        int ends[2], status = 0;
        CLEANUP_FD int pidfd = FD_NONE;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "cannot create a pipe");
        CLEANUP_FD int theirs = ends[0], ours = ends[1];
        rm->here = false;
        pid_t pid = process_clone(CLONE_NEWUSER, &pidfd);
        if (pid == 0) {
                ours = fd_close(ours);
                _exit(stage_remover_main(rm, theirs));
        }
        if (pid < 0)
                return error_set_errno(err, (int)pid, "cannot create a user namespace");
        int r = idmap_write(rm->identity, pid, err);
        if (r == 0 && write(ours, "", 1) != 1)
                r = error_set_errno(err, errno, "cannot start the removal");
        ours = fd_close(ours);
        watch_remover(rm, pidfd);
        (void)process_wait(pidfd, &status);
        if (r == 0 && status != 0)
                r = error_set(err, EPERM, "cannot remove all of '%s'", rm->name);
        return r;
}

int kept_remove_entry(int dirfd, const char *name, const PlanIdentity *identity, const DiscardWatch *watch,
                      Error *err)
{
        Removing rm = {.dirfd = dirfd, .name = name, .identity = identity, .watch = watch, .here = true};
        if (watch) {
                void *shared = mmap(NULL, sizeof(*rm.count), PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
                if (shared == MAP_FAILED)
                        return error_no_memory(err);
                rm.count = shared;
        }
        /* Files of other ids are removed together with the rest, in one pass. */
        int r = remove_tree(&rm, true);
        if (r == -EACCES || r == -EPERM)
                r = remove_with_maps(&rm, err);
        else if (r < 0)
                r = error_set_errno(err, r, "cannot remove '%s'", name);
        if (rm.count)
                (void)munmap(rm.count, sizeof(*rm.count));
        return r;
}

/* Root inside a sandbox has all the ids that any user in a sandbox can have. */
int discard_own_ids(PlanIdentity *ret, Error *err)
{
        CLEANUP(host_clear) Host host = {0};
        CLEANUP(spec_clear) Spec spec = {0};
        int r = host_probe(&host, err);
        if (r == 0 && spec_init(&spec) < 0)
                r = error_no_memory(err);
        spec.run_as = RUN_AS_ROOT;
        return r < 0 ? r : plan_make_identity(&spec, &host, ret, err);
}

int kept_discard(const char *name, const DiscardWatch *watch, Error *err)
{
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        Error why = {0};
        int r = kept_open(name, &kept, &why);
        if (r < 0 && kept.dir.fd < 0) {
                /* A sandbox with an unreadable record can still be removed. */
                Error again = {0};
                int opened = r == -EBUSY ? r : kept_open_dir(name, &kept.dir, &again);
                if (opened < 0) {
                        *err = why;
                        return r;
                }
                return run_dir_remove(&kept.dir, FD_NONE, err);
        }
        r = kept_refuse_interrupted(&kept, err);
        return r < 0 ? r
                     : kept_remove_entry(kept.dir.state_fd, kept.dir.name, &kept.record.identity, watch, err);
}
