/* SPDX-License-Identifier: Apache-2.0 */
/* Creates, fills, reads and removes the control groups of a run. */
#include "mech/cgroup.h"

#include "base/fds.h"
#include "base/io.h"
#include "spec/keys.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define CGROUP_MOUNT "/sys/fs/cgroup"
#define OUTER_PREFIX "kurung-"
#define FILE_MAX (1 << 20)

/* Maximum time for killed processes to exit: a process that waits for a disk takes long. */
#define END_TIMEOUT_MS 5000

/* Before Linux 5.14: how often processes are killed, if new ones appear, and the time between. */
#define KILL_ROUNDS 50
#define KILL_ROUND_MS 20
/* A payload with Delegate=yes may create groups without end. */
#define GROUPS_MAX 65536

static int open_group(int dir, const char *path)
{
        int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int move_to(int group, pid_t pid)
{
        char text[16];
        (void)snprintf(text, sizeof(text), "%d", (int)pid);
        return io_write_file_at(group, "cgroup.procs", text);
}

/* Removes groups of a killed run in a group of the user. rmdir(2) does not remove groups with processes. */
static void remove_stale(int base)
{
        int fd = openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return;
        }
        for (struct dirent *e; (e = readdir(d));) {
                if (!str_starts(e->d_name, OUTER_PREFIX))
                        continue;
                CLEANUP_FD int outer = open_group(fd, e->d_name);
                if (outer < 0 || flock(outer, LOCK_EX | LOCK_NB) < 0)
                        continue;
                (void)unlinkat(outer, "payload", AT_REMOVEDIR);
                (void)unlinkat(outer, "helpers", AT_REMOVEDIR);
                (void)unlinkat(fd, e->d_name, AT_REMOVEDIR);
        }
        (void)closedir(d);
}

int cgroup_make_outer(Cgroup *cg, const PlanResources *resources, const char *name, Error *err)
{
        CLEANUP_FD int base = open_group(AT_FDCWD, resources->cgroup_base);
        if (base < 0)
                return error_set_errno(err, base, "cannot open the control group '%s'",
                                       resources->cgroup_base);
        remove_stale(base);
        (void)snprintf(cg->outer_name, sizeof(cg->outer_name), OUTER_PREFIX "%.50s", name);
        if (mkdirat(base, cg->outer_name, 0755) < 0)
                return error_set_errno(err, errno, "cannot create the control group '%s/%s'",
                                       resources->cgroup_base, cg->outer_name);
        cg->base = TAKE_FD(base);
        cg->outer = open_group(cg->base, cg->outer_name);
        if (cg->outer < 0 || flock(cg->outer, LOCK_EX | LOCK_NB) < 0)
                return error_set_errno(err, cg->outer < 0 ? cg->outer : errno,
                                       "cannot lock the control group '%s'", cg->outer_name);
        cg->left_base = resources->cgroup_leave;
        return 0;
}

int cgroup_open_outer(Cgroup *cg, pid_t pid, Error *err)
{
        char path[PATH_MAX], proc[48];
        CLEANUP_FREE char *text = NULL;
        (void)snprintf(proc, sizeof(proc), "/proc/%d/cgroup", (int)pid);
        int r = io_read_file_at(AT_FDCWD, proc, 65536, &text, NULL);
        if (r < 0)
                return error_set_errno(err, r, "cannot read '%s'", proc);
        const char *group = strstr(text, "0::/");
        if (!group || strstr(group, "/../"))
                return error_set(err, EINVAL, "'%s' names no control group of version 2", proc);
        (void)snprintf(path, sizeof(path), CGROUP_MOUNT "%.*s", (int)strcspn(group + 3, "\n"), group + 3);
        cg->outer = open_group(AT_FDCWD, path);
        if (cg->outer < 0)
                return error_set_errno(err, cg->outer, "cannot open the control group '%s'", path);
        return 0;
}

static int make_group(const Cgroup *cg, const char *name, int *ret_fd, Error *err)
{
        if (mkdirat(cg->outer, name, 0755) < 0 && errno != EEXIST)
                return error_set_errno(err, errno, "cannot create the control group '%s'", name);
        *ret_fd = open_group(cg->outer, name);
        return *ret_fd < 0 ? error_set_errno(err, *ret_fd, "cannot open the control group '%s'", name) : 0;
}

/* Enables all controllers at once, because each change of a group with processes waits for all of them. A
 * missing controller makes the whole write fail; then each is enabled separately. */
static void enable_controllers(int group)
{
        static const char *const all[] = {"+memory", "+pids", "+cpu", "+io"};
        if (io_write_file_at(group, "cgroup.subtree_control", "+memory +pids +cpu +io") == 0)
                return;
        for (size_t i = 0; i < ARRAY_LEN(all); i++)
                (void)io_write_file_at(group, "cgroup.subtree_control", all[i]);
}

static int write_limits(const Cgroup *cg, const PlanResources *resources, StrList *notices, Error *err)
{
        for (size_t i = 0; i < resources->n_limits; i++) {
                const PlanLimit *limit = &resources->limits[i];
                /* systemd maintains the weights of a scope, which the request for the scope contains. */
                if (limit->outer && resources->cgroup == CGROUP_SCOPE)
                        continue;
                int r = io_write_file_at(limit->outer ? cg->outer : cg->payload, limit->file, limit->value);
                if (r == 0)
                        continue;
                if (limit->asked)
                        return error_set_errno(err, r, "%s: cannot write \"%s\" to '%s'", limit->origin,
                                               limit->value, limit->file);
                if (strlist_add_printf(notices, "%s is not enforced: %s", keys[limit->key].name,
                                       strerror(-r)) < 0)
                        return error_no_memory(err);
        }
        return 0;
}

/*
 * Moves the processes that kurung has started since systemd moved it to the scope, such as one that measures
 * a home: the kernel enables no controllers below a group that has processes (cgroups(7), "The no internal
 * processes rule"). A process that has exited meanwhile is skipped.
 */
static int move_rest(const Cgroup *cg)
{
        CLEANUP_FREE char *text = NULL;
        int r = io_read_file_at(cg->outer, "cgroup.procs", 65536, &text, NULL);
        char *save = NULL, *line = r < 0 ? NULL : strtok_r(text, "\n", &save);
        for (; r == 0 && line; line = strtok_r(NULL, "\n", &save)) {
                r = move_to(cg->helpers, (pid_t)strtol(line, NULL, 10));
                r = r == -ESRCH ? 0 : r;
        }
        return r;
}

int cgroup_fill(Cgroup *cg, const PlanResources *resources, pid_t setup, pid_t helper, StrList *notices,
                Error *err)
{
        int r = make_group(cg, "helpers", &cg->helpers, err);
        if (r == 0)
                r = make_group(cg, "payload", &cg->payload, err);
        if (r < 0)
                return r;
        r = move_to(cg->payload, setup);
        /* In a scope, systemd has put kurung into the parent group; in a delegated group, kurung may be in
         * base. Processes there prevent limits for groups below. */
        if (r == 0 && (resources->cgroup == CGROUP_SCOPE || resources->cgroup_leave))
                r = move_to(cg->helpers, getpid());
        /* The helper may have exited; the code that watches it reports that. */
        if (r == 0 && helper > 0) {
                r = move_to(cg->helpers, helper);
                r = r == -ESRCH ? 0 : r;
        }
        if (r == 0)
                r = move_rest(cg);
        if (r < 0)
                return error_set_errno(err, r, "cannot move into a control group");
        if (resources->cgroup == CGROUP_DELEGATED)
                enable_controllers(cg->base);
        enable_controllers(cg->outer);
        r = write_limits(cg, resources, notices, err);
        cg->memory_events = openat(cg->payload, "memory.events", O_RDONLY | O_CLOEXEC);
        return r;
}

char *cgroup_payload_path(const Cgroup *cg)
{
        char path[PATH_MAX];
        if (cg->payload < 0)
                return NULL;
        ssize_t n = readlink(fd_path(cg->payload).text, path, sizeof(path));
        return n > 0 && (size_t)n < sizeof(path) ? strndup(path, (size_t)n) : NULL;
}

int cgroup_open_payload(Cgroup *cg, const char *path)
{
        struct statfs fs;
        if (!str_starts(path, CGROUP_MOUNT "/"))
                return -EINVAL;
        cg->payload = open_group(AT_FDCWD, path);
        if (cg->payload < 0)
                return cg->payload;
        if (fstatfs(cg->payload, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
                return -EINVAL;
        cg->memory_events = openat(cg->payload, "memory.events", O_RDONLY | O_CLOEXEC);
        return 0;
}

int cgroup_join(const Cgroup *cg, pid_t pid)
{
        return move_to(cg->payload, pid);
}

/* Returns the number after "@key " at the beginning of a line, or at the beginning of the text if @key is
 * NULL. */
static uint64_t find_number(const char *text, const char *key)
{
        const char *at = text;
        if (key) {
                size_t len = strlen(key);
                for (at = text; at; at = strchr(at, '\n')) {
                        at += *at == '\n';
                        if (strncmp(at, key, len) == 0 && at[len] == ' ')
                                break;
                }
                if (!at)
                        return UINT64_MAX;
                at += len + 1;
        }
        char *end;
        unsigned long long n = strtoull(at, &end, 10);
        return end == at ? UINT64_MAX : n;
}

static uint64_t read_number_file(int group, const char *file)
{
        CLEANUP_FREE char *text = NULL;
        return io_read_file_at(group, file, 4096, &text, NULL) < 0 ? UINT64_MAX : find_number(text, NULL);
}

bool cgroup_memory_events(const Cgroup *cg, CgroupMemoryEvents *ret)
{
        char text[1024];
        /* Reading from the beginning also enables the next notification. */
        ssize_t n = cg->memory_events < 0 ? -1 : pread(cg->memory_events, text, sizeof(text) - 1, 0);
        if (n <= 0)
                return false;
        text[n] = '\0';
        ret->high = find_number(text, "high");
        ret->max = find_number(text, "max");
        ret->oom = find_number(text, "oom");
        ret->oom_kill = find_number(text, "oom_kill");
        return true;
}

/* Parses "8:0 rbytes=1 wbytes=2 rios=3 ...". */
static void read_disks(int group, CgroupUse *use)
{
        CLEANUP_FREE char *text = NULL;
        char *save = NULL;
        if (io_read_file_at(group, "io.stat", FILE_MAX, &text, NULL) < 0)
                return;
        for (char *line = strtok_r(text, "\n", &save); line && use->n_disks < CGROUP_DISKS_MAX;
             line = strtok_r(NULL, "\n", &save)) {
                CgroupDisk d = {0};
                unsigned long long read_bytes, write_bytes;
                if (sscanf(line, "%u:%u rbytes=%llu wbytes=%llu", &d.major, &d.minor, &read_bytes,
                           &write_bytes) != 4)
                        continue;
                d.read_bytes = read_bytes;
                d.write_bytes = write_bytes;
                use->disks[use->n_disks++] = d;
        }
}

void cgroup_read_use(const Cgroup *cg, CgroupUse *ret)
{
        CgroupUse use;
        memset(&use, 0xff, sizeof(use)); /* all unknown */
        use.n_disks = 0;
        CLEANUP_FREE char *cpu = NULL, *pids = NULL;
        if (cg->payload >= 0) {
                use.memory_peak = read_number_file(cg->payload, "memory.peak");
                use.swap_peak = read_number_file(cg->payload, "memory.swap.peak");
                use.tasks_peak = read_number_file(cg->payload, "pids.peak");
                if (io_read_file_at(cg->payload, "cpu.stat", 4096, &cpu, NULL) == 0) {
                        use.cpu_us = find_number(cpu, "usage_usec");
                        use.cpu_user_us = find_number(cpu, "user_usec");
                        use.cpu_system_us = find_number(cpu, "system_usec");
                        use.throttled_us = find_number(cpu, "throttled_usec");
                        use.throttled_n = find_number(cpu, "nr_throttled");
                }
                if (io_read_file_at(cg->payload, "pids.events", 4096, &pids, NULL) == 0)
                        use.tasks_refused = find_number(pids, "max");
                (void)cgroup_memory_events(cg, &use.memory);
                read_disks(cg->payload, &use);
        }
        *ret = use;
}

static bool each_of(int group, bool (*each)(pid_t pid, void *userdata), void *userdata)
{
        CLEANUP_FREE char *text = NULL;
        char *save = NULL;
        if (io_read_file_at(group, "cgroup.procs", FILE_MAX, &text, NULL) < 0)
                return true;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                if (atoi(line) > 0 && !each(atoi(line), userdata))
                        return false;
        return true;
}

void cgroup_each_process(const Cgroup *cg, bool (*each)(pid_t pid, void *userdata), void *userdata)
{
        if (cg->payload >= 0)
                (void)each_of(cg->payload, each, userdata);
}

static bool kill_one(pid_t pid, void *userdata)
{
        *(bool *)userdata = true;
        (void)kill(pid, SIGKILL);
        return true;
}

/* Adds the groups in @path, relative to @group, to the list. */
static void list_groups_in(int group, const char *path, StrList *list)
{
        int fd = open_group(group, path);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return;
        }
        for (struct dirent *e; list->n < GROUPS_MAX && (e = readdir(d));)
                if (e->d_type == DT_DIR && e->d_name[0] != '.' &&
                    strlist_add_printf(list, "%s/%s", path, e->d_name) < 0)
                        break;
        (void)closedir(d);
}

/* Kills the processes in @group and below it. Returns whether there were any. */
static bool kill_below(int group)
{
        CLEANUP_STRLIST StrList groups = {0};
        bool any = false;
        (void)strlist_add(&groups, ".");
        for (size_t i = 0; i < groups.n; i++) {
                CLEANUP_FD int fd = open_group(group, groups.items[i]);
                if (fd >= 0)
                        (void)each_of(fd, kill_one, &any);
                list_groups_in(group, groups.items[i], &groups);
        }
        return any;
}

/* Returns whether a process is alive in the group of @events, or below it. */
static bool is_populated(int events)
{
        char text[256];
        ssize_t n = events < 0 ? 0 : pread(events, text, sizeof(text) - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        return n > 0 && find_number(text, "populated") != 0;
}

/* Waits until the group is empty or something else changes there, at most @ms. */
static void wait_for_change(int events, int ms)
{
        struct pollfd p = {.fd = events, .events = POLLPRI};
        (void)poll(&p, 1, ms);
}

/* Frozen processes can be killed, but cannot create others. Until all are frozen they can, so this repeats.
 */
static void kill_without_kernel(int group)
{
        CLEANUP_FD int events = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
        (void)io_write_file_at(group, "cgroup.freeze", "1");
        for (int i = 0; i < KILL_ROUNDS && kill_below(group) && is_populated(events); i++)
                wait_for_change(events, KILL_ROUND_MS);
        (void)io_write_file_at(group, "cgroup.freeze", "0");
}

void cgroup_kill(const Cgroup *cg)
{
        /* Since Linux 5.14. */
        if (cg->payload >= 0 && io_write_file_at(cg->payload, "cgroup.kill", "1") < 0)
                kill_without_kernel(cg->payload);
}

/* Waits until no process is alive in the group or below it. */
static void wait_until_empty(int group)
{
        CLEANUP_FD int fd = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
        for (int left = END_TIMEOUT_MS; left > 0 && is_populated(fd); left -= 100)
                wait_for_change(fd, 100);
}

/*
 * Removes the groups that a payload with Delegate=yes created, which may be arbitrarily deep, so this does
 * not recurse. It removes groups without subgroups, and starts again from the top.
 */
static void remove_groups_below(int group)
{
        for (int removed = 1, rounds = 0; removed && rounds < 100000; rounds++) {
                CLEANUP_FD int at = fcntl(group, F_DUPFD_CLOEXEC, 3);
                removed = 0;
                for (bool deeper = true; deeper && at >= 0;) {
                        int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                        DIR *d = fd < 0 ? NULL : fdopendir(fd);
                        deeper = false;
                        if (!d) {
                                fd_close(fd);
                                break;
                        }
                        for (struct dirent *e; (e = readdir(d));) {
                                if (e->d_type != DT_DIR || e->d_name[0] == '.')
                                        continue;
                                if (unlinkat(at, e->d_name, AT_REMOVEDIR) == 0) {
                                        removed++;
                                        continue;
                                }
                                int next = open_group(at, e->d_name);
                                if (next < 0)
                                        continue;
                                fd_close(at);
                                at = next;
                                deeper = true;
                                break;
                        }
                        (void)closedir(d);
                }
        }
}

void cgroup_remove(Cgroup *cg)
{
        if (cg->payload >= 0) {
                wait_until_empty(cg->payload);
                if (unlinkat(cg->outer, "payload", AT_REMOVEDIR) < 0) {
                        remove_groups_below(cg->payload);
                        (void)unlinkat(cg->outer, "payload", AT_REMOVEDIR);
                }
        }
        if (cg->base < 0)
                return;
        if (cg->left_base) {
                static const char *const all[] = {"-memory", "-pids", "-cpu", "-io"};
                for (size_t i = 0; i < ARRAY_LEN(all); i++)
                        (void)io_write_file_at(cg->outer, "cgroup.subtree_control", all[i]);
                /* This fails while others have groups with limits there; then the next start removes the
                 * group. */
                for (size_t i = 0; i < ARRAY_LEN(all); i++)
                        (void)io_write_file_at(cg->base, "cgroup.subtree_control", all[i]);
                (void)move_to(cg->base, getpid());
        }
        (void)unlinkat(cg->outer, "helpers", AT_REMOVEDIR);
        (void)unlinkat(cg->base, cg->outer_name, AT_REMOVEDIR);
}

void cgroup_clear(Cgroup *cg)
{
        cg->memory_events = fd_close(cg->memory_events);
        cg->payload = fd_close(cg->payload);
        cg->helpers = fd_close(cg->helpers);
        cg->outer = fd_close(cg->outer);
        cg->base = fd_close(cg->base);
}
