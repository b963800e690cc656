/* SPDX-License-Identifier: Apache-2.0 */
/* Watches free space and the size of the sandbox's files. */
#include "run/disk.h"

#include "base/clock.h"
#include "base/defence.h"
#include "base/failpoint.h"
#include "base/format.h"
#include "base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>

/* By default, 15 percent of a disk stay free, at most KEEP_BYTES, like SystemKeepFree= of journald.conf(5).
 * 262144 inodes correspond to 4 GiB with one inode per 16 KiB, the ratio of mke2fs(8). */
#define KEEP_PERCENT 15
#define KEEP_BYTES (UINT64_C(4) << 30)
#define KEEP_INODES 262144

/* The maximum that a machine could write per second, into the page cache, before a disk slows it down. */
#define RATE_BYTES (UINT64_C(8) << 30)
#define RATE_INODES 1000000

#define INTERVAL_MIN_US 10000
#define INTERVAL_MAX_US 10000000

/* Interval for checking free space to find out whether DiskMax= may be reached. */
#define INTERVAL_BOUNDED_US 200000

/* Other processes may free as much as the sandbox writes: then free space does not show that the trees
 * grow. */
#define WALK_MAX_US 30000000

/* Limits how often walks happen. Walks use at most a twentieth of a processor; half of one if the disk has
 * lost the whole remaining allowance. The payload determines how long a walk takes. */
#define WALK_SHARE 20
#define WALK_SHARE_URGENT 1

/* How long the start and the end of a run wait for a walk. */
#define WALK_WAIT_S 10

/* Maximum entries and depth of a tree; a walk of a larger one is incomplete. */
#define WALK_ENTRIES_MAX 4000000
#define WALK_DEPTH_MAX 256

static uint64_t smaller(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

/* The difference, at least 0. */
static uint64_t less(uint64_t a, uint64_t b)
{
        return a > b ? a - b : 0;
}

static uint64_t percent(uint64_t total, unsigned n)
{
        return (uint64_t)((unsigned __int128)total * n / 100);
}

DiskAmount disk_floor(const PlanResources *resources, const DiskSpace *bytes, const DiskSpace *inodes)
{
        if (resources->disk_keep_percent > 0)
                return (DiskAmount){percent(bytes->total, resources->disk_keep_percent),
                                    percent(inodes->total, resources->disk_keep_percent)};
        /* Keeps the same share of inodes as of bytes. */
        if (resources->disk_keep_free != UINT64_MAX) {
                uint64_t keep = smaller(resources->disk_keep_free, bytes->total);
                return (DiskAmount){resources->disk_keep_free,
                                    bytes->total == 0 ? 0
                                                      : (uint64_t)((unsigned __int128)inodes->total * keep /
                                                                   bytes->total)};
        }
        /* A disk that is already nearly full remains usable. */
        return (DiskAmount){
                smaller(smaller(percent(bytes->total, KEEP_PERCENT), KEEP_BYTES), bytes->free / 2),
                smaller(smaller(percent(inodes->total, KEEP_PERCENT), KEEP_INODES), inodes->free / 2)};
}

uint64_t disk_interval_us(uint64_t room, uint64_t floor, uint64_t rate)
{
        unsigned __int128 us = ((unsigned __int128)room + floor / 2) * 1000000 / rate;
        return us < INTERVAL_MIN_US ? INTERVAL_MIN_US : us > INTERVAL_MAX_US ? INTERVAL_MAX_US : (uint64_t)us;
}

/* Returns the space for ordinary users (statfs(2)). -ENODATA: the file system does not report it. */
static int space_of(int fd, DiskSpace *bytes, DiskSpace *inodes)
{
        struct statfs fs;
        if (fstatfs(fd, &fs) < 0)
                return -errno;
        if (fs.f_blocks == 0)
                return -ENODATA;
        uint64_t block = (uint64_t)(fs.f_frsize > 0 ? fs.f_frsize : fs.f_bsize);
        *bytes = (DiskSpace){(uint64_t)fs.f_blocks * block, (uint64_t)fs.f_bavail * block};
        /* btrfs has no fixed number of inodes, and reports 0. */
        *inodes = (DiskSpace){(uint64_t)fs.f_files, (uint64_t)fs.f_ffree};
        return 0;
}

/* Adds one entry per file system. Takes ownership of @fd. */
static int add_disk(DiskWatch *w, int fd, const char *path, bool holds_trees, Error *err)
{
        CLEANUP_FD int own = fd;
        struct stat st;
        DiskSpace bytes = {0}, inodes = {0};
        if (own < 0 || fstat(own, &st) < 0 || w->n == DISKS_MAX)
                return 0;
        for (size_t i = 0; i < w->n; i++)
                if (w->disks[i].dev == st.st_dev)
                        return 0;
        if (space_of(own, &bytes, &inodes) < 0)
                return 0;
        Disk *d = &w->disks[w->n];
        *d = (Disk){
                .dev = st.st_dev, .floor = disk_floor(&w->plan->resources, &bytes, &inodes), .fd = FD_NONE};
        (void)snprintf(d->path, sizeof(d->path), "%s", path);
        if (bytes.free < d->floor.bytes || inodes.free < d->floor.inodes)
                return error_set(
                        err, ENOSPC,
                        "cannot start: the disk of '%s' has less free space than DiskKeepFree= requires",
                        path);
        d->holds_trees = holds_trees;
        d->fd = TAKE_FD(own);
        w->n++;
        return 0;
}

/* Finds the disks of the run directory, the kept home, and writable shares. */
static int find_disks(DiskWatch *w, Error *err)
{
        const Plan *plan = w->plan;
        int r = 0;
        if (w->run >= 0)
                r = add_disk(w, fcntl(w->run, F_DUPFD_CLOEXEC, 3), plan->storage.runs_dir, true, err);
        if (r == 0 && w->home >= 0)
                r = add_disk(w, fcntl(w->home, F_DUPFD_CLOEXEC, 3), plan->storage.homes_dir, true, err);
        for (size_t i = 0; r == 0 && i < plan->root.n_ops; i++) {
                const char *written = fs_op_written(&plan->root.ops[i], NULL);
                if (written)
                        r = add_disk(w, open(written, O_PATH | O_CLOEXEC), written, false, err);
        }
        return r;
}

/* The names of a file share its blocks, so that together they count once. */
static void count_entry(const struct stat *st, DiskUse *use)
{
        uint64_t names = !S_ISDIR(st->st_mode) && st->st_nlink > 1 ? (uint64_t)st->st_nlink : 1;
        use->bytes += (uint64_t)st->st_blocks * 512 / names;
        use->entries++;
}

/* Opens the next directory in @d; FD_NONE: there are no more. */
static int next_directory(DIR *d, uint64_t dev, DiskUse *use)
{
        struct stat st;
        for (struct dirent *e; use->complete && (e = readdir(d));) {
                if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
                        continue;
                /* The entry was removed in the meantime. */
                if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        use->complete = use->complete && errno == ENOENT;
                        continue;
                }
                count_entry(&st, use);
                if (use->entries >= WALK_ENTRIES_MAX)
                        use->complete = false;
                if (!S_ISDIR(st.st_mode) || (uint64_t)st.st_dev != dev)
                        continue;
                int fd = openat(dirfd(d), e->d_name,
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                if (fd >= 0)
                        return fd;
                use->complete = use->complete && errno == ENOENT;
        }
        return FD_NONE;
}

/* Walks without recursion, follows no link and stays in one file system. Takes ownership of @fd. */
static void walk_tree(int fd, DiskUse *use)
{
        static DIR *stack[WALK_DEPTH_MAX];
        size_t depth = 0;
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0) {
                fd_close(fd);
                return;
        }
        uint64_t dev = st.st_dev;
        while (fd >= 0 || depth > 0) {
                if (fd >= 0 && depth == WALK_DEPTH_MAX) {
                        fd = fd_close(fd);
                        use->complete = false;
                }
                if (fd >= 0 && (stack[depth] = fdopendir(fd))) {
                        depth++;
                } else if (fd >= 0) {
                        fd = fd_close(fd);
                        use->complete = false;
                }
                fd = depth > 0 ? next_directory(stack[depth - 1], dev, use) : FD_NONE;
                if (fd < 0 && depth > 0)
                        (void)closedir(stack[--depth]);
        }
}

static int reopen(int dir)
{
        return dir < 0 ? FD_NONE : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * walker
 *   has: the user's id, and all capabilities in the sandbox's user namespace, whose ids own the files.
 *   must: add up the trees, and end with the supervisor.
 *   must not: open a file, or follow a link.
 */
static int walk_main(const DiskWatch *w, int userns, int out)
{
        DiskWalk found = {.run = {.complete = true}, .home = {.complete = true}};
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setns(userns, CLONE_NEWUSER) < 0)
                return 1;
        walk_tree(reopen(w->run), &found.run);
        walk_tree(reopen(w->home), &found.home);
        failpoint("walk");
        return write(out, &found, sizeof(found)) == (ssize_t)sizeof(found) ? 0 : 1;
}

static void start_walk(DiskWatch *w, int userns)
{
        int ends[2];
        if (userns < 0 || pipe2(ends, O_CLOEXEC) < 0)
                return;
        CLEANUP_FD int in = ends[0], out = ends[1];
        pid_t pid = process_clone(0, &w->walker);
        if (pid == 0) {
                const int own[] = {w->run, w->home, userns, out};
                (void)process_keep_only(own, ARRAY_LEN(own));
                _exit(walk_main(w, userns, out));
        }
        if (pid < 0)
                return;
        w->answer = TAKE_FD(in);
        w->walk_us = clock_us();
}

static void end_walk(DiskWatch *w)
{
        w->answer = fd_close(w->answer);
        if (w->walker >= 0)
                (void)process_wait(w->walker, NULL);
        w->walker = fd_close(w->walker);
}

static void stop_walk(DiskWatch *w)
{
        if (w->walker >= 0)
                (void)process_signal(w->walker, SIGKILL);
        end_walk(w);
}

static bool is_bounded(const PlanResources *resources)
{
        return resources->disk_max > 0 || resources->disk_inodes_max > 0;
}

/* Returns the free space of the disks that hold the trees, in total. */
static DiskAmount free_of_trees(const DiskWatch *w)
{
        DiskAmount sum = {0};
        DiskSpace bytes = {0}, inodes = {0};
        for (size_t i = 0; i < w->n; i++) {
                if (!w->disks[i].holds_trees || space_of(w->disks[i].fd, &bytes, &inodes) < 0)
                        continue;
                sum.bytes += bytes.free;
                sum.inodes += inodes.free;
        }
        return sum;
}

static bool ended(DiskWatch *w, DiskEnd end)
{
        w->end = end;
        return true;
}

/* Compares the result of a walk with the limits. An incomplete walk ends the sandbox, because the payload
 * caused it. */
static bool judge(DiskWatch *w, const DiskWalk *found)
{
        w->walks++;
        w->held = (DiskAmount){found->run.bytes + less(found->home.bytes, w->home_before.bytes),
                               found->run.entries + less(found->home.entries, w->home_before.entries)};
        if (!found->run.complete || !found->home.complete)
                return ended(w, DISK_UNMEASURED);
        if (w->plan->resources.disk_max > 0 && w->held.bytes > w->plan->resources.disk_max)
                return ended(w, DISK_MAX);
        if (w->plan->resources.disk_inodes_max > 0 && w->held.inodes > w->plan->resources.disk_inodes_max)
                return ended(w, DISK_INODES_MAX);
        return false;
}

/* Returns whether there is a result; a failed walk has none. */
static bool read_answer(DiskWatch *w, DiskWalk *ret)
{
        bool whole = read(w->answer, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
        end_walk(w);
        w->walk_us = clock_us() - w->walk_us;
        w->walked_us = clock_us();
        return whole;
}

static bool take_answer(DiskWatch *w)
{
        DiskWalk found;
        return read_answer(w, &found) && judge(w, &found);
}

/* Waits for a walk. Returns whether it finished in time. */
static bool walk_now(DiskWatch *w, int userns, DiskWalk *ret)
{
        start_walk(w, userns);
        if (w->walker < 0)
                return false;
        struct pollfd answer = {.fd = w->answer, .events = POLLIN};
        uint64_t until = clock_us() + UINT64_C(1000000) * WALK_WAIT_S;
        int r;
        do
                r = poll(&answer, 1, clock_until(until));
        while (r < 0 && errno == EINTR);
        if (r > 0)
                return read_answer(w, ret);
        stop_walk(w);
        return false;
}

/* Returns whether the disk has lost 1/@parts of the remaining allowance since the last walk. */
static bool is_part_gone(uint64_t max, uint64_t held, uint64_t before, uint64_t now, unsigned parts)
{
        return max > 0 && less(before, now) >= less(max, held) / parts;
}

static bool is_gone(const DiskWatch *w, const DiskAmount *now, unsigned parts)
{
        const Plan *plan = w->plan;
        return is_part_gone(plan->resources.disk_max, w->held.bytes, w->at_walk.bytes, now->bytes, parts) ||
               is_part_gone(plan->resources.disk_inodes_max, w->held.inodes, w->at_walk.inodes, now->inodes,
                            parts);
}

/*
 * Checking free space is cheap, and shows when the trees may have grown; only a walk shows that they did. If
 * other processes free as much as the sandbox writes, free space shows it too late, so there is a walk from
 * time to time.
 */
static void consider_walk(DiskWatch *w, int userns)
{
        if (!is_bounded(&w->plan->resources) || w->walker >= 0)
                return;
        DiskAmount now = free_of_trees(w);
        uint64_t since = clock_us() - w->walked_us;
        bool due = w->walks == 0 || since >= WALK_MAX_US || is_gone(w, &now, 2);
        if (!due || since < w->walk_us * (is_gone(w, &now, 1) ? WALK_SHARE_URGENT : WALK_SHARE))
                return;
        w->at_walk = now;
        start_walk(w, userns);
}

static void arm(const DiskWatch *w, uint64_t us)
{
        const struct itimerspec t = {
                .it_value = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000}};
        (void)timerfd_settime(w->timer, 0, &t, NULL);
}

/* Returns whether a disk has less free space than it must keep; @interval: when to check again. */
static bool is_full(DiskWatch *w, size_t i, uint64_t *interval)
{
        const Disk *d = &w->disks[i];
        DiskSpace bytes = {0}, inodes = {0};
        if (space_of(d->fd, &bytes, &inodes) < 0)
                return false;
        w->which = i;
        w->inodes = inodes.total > 0 && inodes.free < d->floor.inodes;
        if (bytes.free < d->floor.bytes || w->inodes)
                return ended(w, DISK_FULL);
        uint64_t us = disk_interval_us(bytes.free - d->floor.bytes, d->floor.bytes, RATE_BYTES);
        if (inodes.total > 0)
                us = smaller(us,
                             disk_interval_us(inodes.free - d->floor.inodes, d->floor.inodes, RATE_INODES));
        *interval = smaller(*interval, us);
        return false;
}

int disk_measure_home(DiskWatch *w, const PlanResources *resources, int home, int userns, Error *err)
{
        DiskWalk found;
        if (home < 0 || !is_bounded(resources) || !defence_is_on(DEFENCE_DISK))
                return 0;
        w->home = home;
        if (!walk_now(w, userns, &found))
                return error_set(err, ETIME,
                                 "cannot start: measuring the size of the home took longer than %d s, and "
                                 "DiskMax= and DiskInodesMax= require its size",
                                 WALK_WAIT_S);
        w->home_before = found.home;
        return 0;
}

int disk_begin(DiskWatch *w, const Plan *plan, int run, int home, Error *err)
{
        w->plan = plan;
        w->run = run;
        w->home = home;
        if (!defence_is_on(DEFENCE_DISK))
                return 0;
        int r = find_disks(w, err);
        if (r < 0 || w->n == 0)
                return r;
        w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (w->timer < 0)
                return error_set_errno(err, errno, "cannot create a timer");
        w->at_walk = free_of_trees(w);
        arm(w, INTERVAL_MIN_US);
        return 0;
}

void disk_poll_prepare(const DiskWatch *w, struct pollfd fds[DISK_POLLS])
{
        fds[0] = (struct pollfd){.fd = w->timer, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = w->answer, .events = POLLIN};
}

bool disk_poll_handle(DiskWatch *w, const struct pollfd fds[DISK_POLLS], int userns)
{
        uint64_t expired, interval = is_bounded(&w->plan->resources) ? INTERVAL_BOUNDED_US : INTERVAL_MAX_US;
        if (w->end != DISK_FINE)
                return false;
        if (fds[1].revents && take_answer(w))
                return true;
        if (!fds[0].revents || read(w->timer, &expired, sizeof(expired)) < 0)
                return false;
        for (size_t i = 0; i < w->n; i++)
                if (is_full(w, i, &interval))
                        return true;
        consider_walk(w, userns);
        arm(w, interval);
        return false;
}

void disk_look_last(DiskWatch *w, int userns)
{
        DiskWalk found;
        if (w->timer < 0 || !is_bounded(&w->plan->resources) || w->end != DISK_FINE ||
            (!w->plan->storage.keep && w->home < 0))
                return;
        /* A walk in progress may miss recent writes. */
        stop_walk(w);
        if (!w->plan->storage.keep)
                w->run = FD_NONE;
        w->late = walk_now(w, userns, &found) ? judge(w, &found) : ended(w, DISK_UNMEASURED);
}

const char *disk_tell(const DiskWatch *w, char *out, size_t room)
{
        const Plan *plan = w->plan;
        const Disk *d = &w->disks[w->which];
        char size[32];
        out[0] = '\0';
        switch (w->end) {
        case DISK_FINE:
                break;
        case DISK_FULL:
                if (w->inodes)
                        (void)snprintf(out, room,
                                       "the disk of '%s' has less than %llu free inodes (DiskKeepFree=)",
                                       d->path, (unsigned long long)d->floor.inodes);
                else
                        (void)snprintf(out, room, "the disk of '%s' has less than %s free (DiskKeepFree=)",
                                       d->path, format_bytes(d->floor.bytes, size, sizeof(size)));
                break;
        case DISK_MAX:
                (void)snprintf(out, room, "it exceeded DiskMax=%s",
                               format_bytes(plan->resources.disk_max, size, sizeof(size)));
                break;
        case DISK_INODES_MAX:
                (void)snprintf(out, room, "it exceeded DiskInodesMax=%llu",
                               (unsigned long long)plan->resources.disk_inodes_max);
                break;
        case DISK_UNMEASURED:
                (void)snprintf(out, room,
                               "its size cannot be measured for DiskMax= and DiskInodesMax=: deeper than %d "
                               "directories, more than %d entries, or longer than %d s",
                               WALK_DEPTH_MAX, WALK_ENTRIES_MAX, WALK_WAIT_S);
                break;
        }
        return out;
}

void disk_clear(DiskWatch *w)
{
        stop_walk(w);
        for (size_t i = 0; i < w->n; i++)
                w->disks[i].fd = fd_close(w->disks[i].fd);
        w->n = 0;
        w->timer = fd_close(w->timer);
}
