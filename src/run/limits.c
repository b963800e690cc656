/* SPDX-License-Identifier: Apache-2.0 */
/* Applies a run's limits and reads the counters of its control groups. */
#include "run/limits.h"

#include "base/io.h"
#include "base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

/* A long timeout, because many sandboxes that start at once on a busy machine wait for one manager. */
#define SCOPE_TIMEOUT_US 60000000

/* The kernel reports the relevant memory events at most ten times per second. */
#define LOOK_INTERVAL_US 100000

static uint64_t now_us(void)
{
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static bool is_asked(const PlanResources *resources)
{
        for (size_t i = 0; i < resources->n_limits; i++)
                if (resources->limits[i].asked)
                        return true;
        return resources->cgroup_writable;
}

/* A default is dropped with a notice; an explicit limit becomes an error. */
static int give_up(Limits *l, const Error *why, Error *err)
{
        l->ready = true;
        if (is_asked(l->resources)) {
                *err = *why;
                return -why->errnum;
        }
        log_notice("limits on resources are not enforced: %s", why->text);
        return 0;
}

static int fill(Limits *l, Error *err)
{
        CLEANUP_STRLIST StrList notices = {0};
        Error why = {0};
        int r = cgroup_fill(&l->cgroup, l->resources, l->setup, l->helper, &notices, &why);
        for (size_t i = 0; i < notices.n; i++)
                log_notice("%s", notices.items[i]);
        if (r < 0)
                return give_up(l, &why, err);
        l->ready = true;
        return 0;
}

/* Writes "kurung: make -j2", for systemctl(1) and logs. */
static void describe(const StrList *argv, char *out, size_t room)
{
        size_t len = (size_t)snprintf(out, room, "kurung:");
        for (size_t i = 0; i < argv->n && len < room; i++)
                len += (size_t)snprintf(out + len, room - len, " %s", argv->items[i]);
        for (char *p = out; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        *p = '?';
}

void limits_apply_weak(const PlanResources *resources, pid_t setup)
{
        char path[48];
        if (resources->weak_tasks_max > 0) {
                struct rlimit now, limit = {resources->weak_tasks_max, resources->weak_tasks_max};
                if (prlimit(setup, RLIMIT_NPROC, NULL, &now) == 0 && now.rlim_max > limit.rlim_max)
                        (void)prlimit(setup, RLIMIT_NPROC, &limit, NULL);
        }
        (void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)setup);
        if (resources->first_to_die)
                (void)io_write_file_at(AT_FDCWD, path, "900");
}

int limits_set_oom_score(const PlanResources *resources, pid_t setup, Error *err)
{
        char path[48], value[16];
        if (!resources->has_oom_score_adj)
                return 0;
        (void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)setup);
        (void)snprintf(value, sizeof(value), "%d", resources->oom_score_adj);
        int r = io_write_file_at(AT_FDCWD, path, value);
        if (r == -EACCES)
                return error_set(err, EACCES,
                                 "cannot set the OOM score adjustment to %s: only a privileged process can "
                                 "lower it (proc_pid_oom_score_adj(5))",
                                 value);
        return r < 0 ? error_set_errno(err, r, "cannot set the OOM score adjustment to %s", value) : 0;
}

int limits_begin(Limits *l, const PlanResources *resources, const StrList *argv, const char *name,
                 pid_t setup, pid_t helper, Error *err)
{
        char description[256];
        Error why = {0};
        int r = 0;
        l->resources = resources;
        l->setup = setup;
        l->helper = helper;
        switch (resources->cgroup) {
        case CGROUP_NONE:
                limits_apply_weak(resources, setup);
                l->ready = true;
                return 0;
        case CGROUP_DELEGATED:
                r = cgroup_make_outer(&l->cgroup, resources, name, &why);
                return r < 0 ? give_up(l, &why, err) : fill(l, err);
        case CGROUP_SCOPE:
                break;
        }
        describe(argv, description, sizeof(description));
        const pid_t pids[] = {getpid(), setup, helper};
        l->deadline_us = now_us() + SCOPE_TIMEOUT_US;
        r = scope_request(&l->scope, resources, name, description, pids, helper ? 3 : 2, &why);
        return r < 0 ? give_up(l, &why, err) : 0;
}

static void arm(int timer, uint64_t us)
{
        const struct itimerspec t = {
                .it_value = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000}};
        (void)timerfd_settime(timer, 0, &t, NULL);
}

int limits_start_clock(Limits *l, Error *err)
{
        if (l->resources->runtime_max_us == 0)
                return 0;
        l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (l->timer < 0)
                return error_set_errno(err, errno, "cannot create a timer");
        arm(l->timer, l->resources->runtime_max_us);
        return 0;
}

void limits_more_time(Limits *l, uint64_t us)
{
        l->time_is_up = false;
        arm(l->timer, us);
}

enum { POLL_SCOPE, POLL_TIMER, POLL_MEMORY };

int limits_poll_prepare(const Limits *l, struct pollfd fds[LIMITS_POLLS])
{
        for (int i = 0; i < LIMITS_POLLS; i++)
                fds[i] = (struct pollfd){.fd = -1};
        fds[POLL_TIMER] = (struct pollfd){.fd = l->timer, .events = POLLIN};
        fds[POLL_MEMORY] = (struct pollfd){.fd = l->cgroup.memory_events, .events = POLLPRI};
        if (l->ready)
                return -1;
        fds[POLL_SCOPE] = (struct pollfd){.fd = scope_fd(&l->scope), .events = scope_events(&l->scope)};
        uint64_t now = now_us();
        int left = now >= l->deadline_us ? 0 : (int)((l->deadline_us - now) / 1000 + 1);
        int timeout = scope_timeout_ms(&l->scope);
        return timeout < 0 || timeout > left ? left : timeout;
}

static int take_scope(Limits *l, Error *err)
{
        Error why = {0};
        int r = scope_process(&l->scope, &why);
        if (r == 0 && now_us() >= l->deadline_us)
                r = error_set(&why, ETIMEDOUT, "the systemd user manager did not answer in time");
        if (r == 0)
                return 0;
        scope_clear(&l->scope);
        if (r > 0)
                r = cgroup_open_outer(&l->cgroup, l->setup, &why);
        return r < 0 ? give_up(l, &why, err) : fill(l, err);
}

/* Parses a line "NAME:\tVALUE" of /proc/PID/status; 0: it does not exist. */
static uint64_t status_number(const char *status, const char *name, int base)
{
        const char *at = strstr(status, name);
        return at ? strtoull(at + strlen(name), NULL, base) : 0;
}

/* Returns the last number of "NSpid:\t100\t17": the pid inside. */
static pid_t inner_pid(const char *status)
{
        const char *at = strstr(status, "\nNSpid:");
        if (!at)
                return 0;
        at += strlen("\nNSpid:");
        pid_t pid = 0;
        for (char *end; *at && *at != '\n'; at = end) {
                long n = strtol(at, &end, 10);
                if (end == at)
                        break;
                pid = (pid_t)n;
        }
        return pid;
}

typedef struct Look {
        Limits *limits;
        uint64_t most_kb;
        bool for_killed; /* find a process with a pending SIGKILL, otherwise the largest one */
        bool found;
} Look;

static bool look_at(pid_t pid, void *userdata)
{
        Look *look = userdata;
        char path[48];
        CLEANUP_FREE char *status = NULL;
        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
        if (io_read_file_at(AT_FDCWD, path, 65536, &status, NULL) < 0)
                return true;
        bool killed = (status_number(status, "\nShdPnd:", 16) >> (SIGKILL - 1)) & 1 ||
                      strstr(status, "\nState:\tZ") != NULL;
        uint64_t kb = status_number(status, "\nVmRSS:", 10);
        if (look->for_killed ? !killed : kb < look->most_kb)
                return true;
        look->most_kb = kb;
        look->found = true;
        look->limits->largest = pid;
        look->limits->largest_who.pid = inner_pid(status);
        /* The first line is "Name:\tcc1\n". */
        (void)snprintf(look->limits->largest_who.name, sizeof(look->limits->largest_who.name), "%.*s",
                       (int)strcspn(status + strlen("Name:\t"), "\n"), status + strlen("Name:\t"));
        return !look->for_killed;
}

static bool is_alive(pid_t pid)
{
        char path[48];
        CLEANUP_FREE char *status = NULL;
        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
        return io_read_file_at(AT_FDCWD, path, 65536, &status, NULL) == 0 &&
               strstr(status, "\nState:\tZ") == NULL && strstr(status, "\nState:\tX") == NULL &&
               ((status_number(status, "\nShdPnd:", 16) >> (SIGKILL - 1)) & 1) == 0;
}

/*
 * The kernel does not report which process it killed. It chooses the process with the most memory, so near
 * the limit this function remembers the largest one, and after a kill checks whether it has exited.
 */
static void look_at_memory(Limits *l)
{
        CgroupMemoryEvents now;
        if (!cgroup_memory_events(&l->cgroup, &now))
                return;
        bool kill = now.oom_kill > l->seen.oom_kill;
        l->seen = now;
        if (kill) {
                Look look = {.limits = l, .for_killed = true};
                if (l->largest == 0 || is_alive(l->largest)) {
                        l->largest = 0;
                        cgroup_each_process(&l->cgroup, look_at, &look);
                        /* When init exits, the kernel kills all other processes, so their state shows
                         * nothing. */
                        if (!is_alive(l->setup))
                                l->largest = 0;
                }
                if (l->largest != 0 && l->n_killed < RUN_KILLED_MAX)
                        l->killed[l->n_killed++] = l->largest_who;
                l->largest = 0;
                l->looked_us = 0;
        }
        uint64_t us = now_us();
        if (us - l->looked_us < LOOK_INTERVAL_US)
                return;
        l->looked_us = us;
        Look look = {.limits = l};
        cgroup_each_process(&l->cgroup, look_at, &look);
}

int limits_poll_handle(Limits *l, const struct pollfd fds[LIMITS_POLLS], Error *err)
{
        uint64_t expired;
        if (fds[POLL_TIMER].revents && read(l->timer, &expired, sizeof(expired)) > 0)
                l->time_is_up = true;
        if (fds[POLL_MEMORY].revents)
                look_at_memory(l);
        return l->ready ? 0 : take_scope(l, err);
}

void limits_kill(const Limits *l)
{
        cgroup_kill(&l->cgroup);
}

/* Without groups, uses the kernel's counters for exited children: the memory peak of the largest process, the
 * time of all. */
static void use_of_children(CgroupUse *use)
{
        struct rusage u;
        if (getrusage(RUSAGE_CHILDREN, &u) < 0)
                return;
        use->memory_peak = (uint64_t)u.ru_maxrss * 1024;
        use->cpu_user_us = (uint64_t)u.ru_utime.tv_sec * 1000000 + (uint64_t)u.ru_utime.tv_usec;
        use->cpu_system_us = (uint64_t)u.ru_stime.tv_sec * 1000000 + (uint64_t)u.ru_stime.tv_usec;
        use->cpu_us = use->cpu_user_us + use->cpu_system_us;
}

void limits_end(Limits *l, RunReport *report)
{
        report->has_groups = l->cgroup.payload >= 0;
        if (report->has_groups)
                look_at_memory(l);
        cgroup_read_use(&l->cgroup, &report->use);
        if (!report->has_groups)
                use_of_children(&report->use);
        memcpy(report->killed, l->killed, sizeof(l->killed));
        report->n_killed = l->n_killed;
        cgroup_kill(&l->cgroup);
        cgroup_remove(&l->cgroup);
        cgroup_clear(&l->cgroup);
        scope_clear(&l->scope);
        l->timer = fd_close(l->timer);
}
