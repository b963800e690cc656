/* SPDX-License-Identifier: Apache-2.0 */
/* Plans resource limits: the control groups that enforce them, and the text to write to their files. */
#include "plan/plan_internal.h"

#include "spec/keys.h"

#include <stdio.h>

#define CPU_PERIOD_US 100000

/* The file of a control group for a key. */
typedef struct LimitFile {
        KeyId key;
        const char *controller;
        const char *file;
        bool outer;
} LimitFile;

static const LimitFile limit_files[] = {
        {KEY_MEMORY_MAX, "memory", "memory.max", false},
        {KEY_MEMORY_HIGH, "memory", "memory.high", false},
        {KEY_MEMORY_SWAP_MAX, "memory", "memory.swap.max", false},
        {KEY_CPU_QUOTA, "cpu", "cpu.max", false},
        {KEY_CPU_WEIGHT, "cpu", "cpu.weight", true},
        {KEY_TASKS_MAX, "pids", "pids.max", false},
        {KEY_IO_WEIGHT, "io", "io.weight", true},
        {KEY_IO_READ_BANDWIDTH_MAX, "io", "io.max", false},
        {KEY_IO_WRITE_BANDWIDTH_MAX, "io", "io.max", false},
};

static const LimitFile *file_of(KeyId key)
{
        for (size_t i = 0; i < ARRAY_LEN(limit_files); i++)
                if (limit_files[i].key == key)
                        return &limit_files[i];
        return NULL;
}

/* Returns why no groups can be created, with the remedy; NULL: they can. */
static const char *groups_missing(const HostLimits *l)
{
        switch (l->version) {
        case HOST_CGROUP_V2:
                break;
        case HOST_CGROUP_V1:
        case HOST_CGROUP_HYBRID:
                return "this machine has control groups version 1 (boot with "
                       "systemd.unified_cgroup_hierarchy=1)";
        case HOST_CGROUP_ABSENT:
                return "no control groups are mounted at /sys/fs/cgroup (mount a cgroup2 file system there)";
        }
        if (l->base || l->manager)
                return NULL;
        return "there is no systemd user manager, and the current control group is not delegated (sudo "
               "loginctl enable-linger \"$USER\", then log in again)";
}

static const StrList *controllers(const Plan *plan, const HostLimits *l)
{
        return plan->resources.cgroup == CGROUP_DELEGATED ? &l->base_controllers : &l->manager_controllers;
}

/* systemd.resource-control(5) and "kurung doctor" have the drop-in for it. */
static int controller_missing(const Plan *plan, const LimitFile *file, const char *origin, Error *err)
{
        if (plan->resources.cgroup == CGROUP_DELEGATED)
                return error_set(err, ENOTSUP,
                                 "%s: cannot enforce %s: the controller \"%s\" does not exist in '%s'",
                                 origin, keys[file->key].name, file->controller, plan->resources.cgroup_base);
        return error_set(err, ENOTSUP,
                         "%s: cannot enforce %s: the controller \"%s\" is not delegated to you (\"kurung "
                         "doctor\" prints the command)",
                         origin, keys[file->key].name, file->controller);
}

static PlanLimit *add_limit(Plan *plan, const LimitFile *file, const SpecLimit *from)
{
        PlanLimit *grown = reallocarray(plan->resources.limits, plan->resources.n_limits + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        plan->resources.limits = grown;
        PlanLimit *limit = &grown[plan->resources.n_limits];
        *limit = (PlanLimit){
                .key = file->key,
                .controller = file->controller,
                .file = file->file,
                .outer = file->outer,
                .asked = !from->installed,
                .origin = strdup(from->origin),
        };
        if (!limit->origin)
                return NULL;
        plan->resources.n_limits++;
        return limit;
}

static uint64_t share(uint64_t total, uint64_t percent)
{
        return (uint64_t)((unsigned __int128)total * percent / 100);
}

/* Returns the number for a limit on this machine. */
static uint64_t resolve(const HostLimits *l, KeyId key, const SpecLimit *limit)
{
        if (limit->unit != LIMIT_PERCENT)
                return limit->value;
        switch (key) {
        case KEY_CPU_QUOTA:
                return limit->value * (CPU_PERIOD_US / 100);
        case KEY_TASKS_MAX:
                return share(l->tasks, limit->value);
        default:
                return share(l->memory, limit->value) / 4096 * 4096;
        }
}

static int make_limit(Plan *plan, const HostLimits *l, const LimitFile *file, const SpecLimit *from,
                      Error *err)
{
        if (from->unit != LIMIT_AMOUNT && from->unit != LIMIT_PERCENT)
                return 0;
        if (!strlist_has(controllers(plan, l), file->controller)) {
                if (!from->installed)
                        return controller_missing(plan, file, from->origin, err);
                return plan_notice_once(plan, "%s is not enforced: the controller \"%s\" is not delegated",
                                        keys[file->key].name, file->controller) < 0
                               ? error_no_memory(err)
                               : 0;
        }
        PlanLimit *limit = add_limit(plan, file, from);
        if (!limit)
                return error_no_memory(err);
        limit->number = resolve(l, file->key, from);
        int n = file->key == KEY_CPU_QUOTA
                        ? asprintf(&limit->value, "%llu %d", (unsigned long long)limit->number, CPU_PERIOD_US)
                        : asprintf(&limit->value, "%llu", (unsigned long long)limit->number);
        if (n >= 0)
                return 0;
        limit->value = NULL;
        return error_no_memory(err);
}

static const HostDisk *disk_of(const HostLimits *l, const char *path)
{
        for (size_t i = 0; i < l->n_disks; i++)
                if (str_eq(l->disks[i].path, path))
                        return &l->disks[i];
        return NULL;
}

static int make_io_limit(Plan *plan, const HostLimits *l, const SpecIoLimit *io, Error *err)
{
        const LimitFile *file = file_of(io->key);
        if (io->rate.unit != LIMIT_AMOUNT)
                return 0;
        if (!strlist_has(controllers(plan, l), file->controller))
                return controller_missing(plan, file, io->rate.origin, err);
        const HostDisk *disk = disk_of(l, io->path);
        int e = disk ? disk->errnum : ENODEV;
        if (e == ENODEV)
                return error_set(err, e, "%s: '%s' is not on a disk whose bandwidth can be limited",
                                 io->rate.origin, io->path);
        if (e != 0)
                return error_set_errno(err, e, "%s: cannot examine '%s'", io->rate.origin, io->path);
        PlanLimit *limit = add_limit(plan, file, &io->rate);
        if (!limit)
                return error_no_memory(err);
        limit->number = io->rate.value;
        if (asprintf(&limit->value, "%u:%u %s=%llu", disk->major, disk->minor,
                     io->key == KEY_IO_READ_BANDWIDTH_MAX ? "rbps" : "wbps",
                     (unsigned long long)io->rate.value) >= 0)
                return 0;
        limit->value = NULL;
        return error_no_memory(err);
}

static bool is_wanted(const Spec *spec, KeyId id)
{
        return spec_limit(spec, id)->unit == LIMIT_AMOUNT || spec_limit(spec, id)->unit == LIMIT_PERCENT;
}

/* Returns the origin of the first explicit limit; NULL: all are defaults. */
static const char *asked_by(const Spec *spec, const char **ret_key)
{
        for (size_t i = 0; i < ARRAY_LEN(limit_files); i++) {
                const Key *key = &keys[limit_files[i].key];
                if (!key_has(key, KEY_TAKES_GROUP) || !is_wanted(spec, key->id) ||
                    spec_limit(spec, key->id)->installed)
                        continue;
                *ret_key = key->name;
                return spec_limit(spec, key->id)->origin;
        }
        for (size_t i = 0; i < spec->n_io_limits; i++)
                if (spec->io_limits[i].rate.unit == LIMIT_AMOUNT) {
                        *ret_key = keys[spec->io_limits[i].key].name;
                        return spec->io_limits[i].rate.origin;
                }
        *ret_key = keys[KEY_DELEGATE].name;
        return spec->delegate ? "Delegate=yes" : NULL;
}

/* Without groups, drops the defaults, except for what rlimits and the OOM score can do. */
static int without_groups(Plan *plan, const Spec *spec, const HostLimits *l, const char *missing, Error *err)
{
        const char *key;
        const char *origin = asked_by(spec, &key);
        if (origin)
                return error_set(err, ENOTSUP, "%s: cannot enforce %s: %s", origin, key, missing);
        const char *weaker = "";
        if (is_wanted(spec, KEY_TASKS_MAX)) {
                plan->resources.weak_tasks_max = resolve(l, KEY_TASKS_MAX, spec_limit(spec, KEY_TASKS_MAX));
                weaker = "; instead, the kernel counts processes per user id, and kills the sandbox first "
                         "when memory runs out";
        }
        plan->resources.first_to_die = is_wanted(spec, KEY_MEMORY_MAX);
        return plan_notice_once(plan, "limits on resources are not enforced: %s%s", missing, weaker) < 0
                       ? error_no_memory(err)
                       : 0;
}

static int choose_groups(Plan *plan, const Spec *spec, const HostLimits *l, Error *err)
{
        plan->resources.cgroup = l->base ? CGROUP_DELEGATED : CGROUP_SCOPE;
        plan->resources.cgroup_leave = l->base && l->base_is_own;
        plan->resources.cgroup_writable = spec->delegate;
        if (spec->delegate && !l->nsdelegate)
                return error_set(err, ENOTSUP,
                                 "cannot honour Delegate=yes: control groups are mounted without nsdelegate, "
                                 "so that the command could lift its limits");
        if (l->base && !(plan->resources.cgroup_base = strdup(l->base)))
                return error_no_memory(err);
        if (!l->base && !(plan->resources.user_manager = strdup(l->manager)))
                return error_no_memory(err);
        return 0;
}

/* Returns an amount; 0: no limit. */
static uint64_t amount_of(const Spec *spec, KeyId id)
{
        const SpecLimit *limit = spec_limit(spec, id);
        return limit->unit == LIMIT_AMOUNT ? limit->value : 0;
}

/* Sets the limits that need no control groups. */
static void make_shares(Plan *plan, const Spec *spec, const Host *host)
{
        const SpecLimit *keep = spec_limit(spec, KEY_DISK_KEEP_FREE);
        plan->resources.runtime_max_us = amount_of(spec, KEY_RUNTIME_MAX_SEC);
        plan->resources.disk_max = amount_of(spec, KEY_DISK_MAX);
        plan->resources.disk_inodes_max = amount_of(spec, KEY_DISK_INODES_MAX);
        plan->resources.disk_keep_free = keep->unit == LIMIT_AMOUNT ? keep->value : UINT64_MAX;
        plan->resources.disk_keep_percent = keep->unit == LIMIT_PERCENT ? (unsigned)keep->value : 0;
        plan->resources.keep_user_limits = spec->execution.as_given;
        if (spec->execution.as_given)
                return;
        /* Half of the user's limit, rounded up: with 0, no program could watch a file. */
        plan->resources.inotify_instances = (host->inotify_instances + 1) / 2;
        plan->resources.inotify_watches = (host->inotify_watches + 1) / 2;
}

int plan_make_limits(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        const HostLimits *l = &host->limits;
        make_shares(plan, spec, host);
        if (!spec_has_limits(spec))
                return 0;
        const char *missing = groups_missing(l);
        if (missing)
                return without_groups(plan, spec, l, missing, err);
        int r = choose_groups(plan, spec, l, err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(limit_files); i++)
                if (key_has(&keys[limit_files[i].key], KEY_TAKES_GROUP))
                        r = make_limit(plan, l, &limit_files[i], spec_limit(spec, limit_files[i].key), err);
        for (size_t i = 0; r == 0 && i < spec->n_io_limits; i++)
                r = make_io_limit(plan, l, &spec->io_limits[i], err);
        return r;
}

/*
 * Sizes in percent of the machine's memory. Together they are at most three quarters, like MemoryMax= of the
 * default profile. The kernel's default for each tmpfs is half (tmpfs(5)).
 */
static const struct {
        const char *path;
        unsigned percent;
} memory_shares[] = {{"/tmp", 25}, {"/var/tmp", 10}, {"/dev", 15}, {"/", 5}, {"/run", 5}, {"/root", 5}};

#define MEMORY_SHARE_UPPERS 10
#define MEMORY_SHARE_WISH 25
#define MEMORY_SHARE_OTHER 1

static unsigned memory_share(const PlanOp *op)
{
        if (op->origin)
                return MEMORY_SHARE_WISH;
        for (size_t i = 0; i < ARRAY_LEN(memory_shares); i++)
                if (str_eq(memory_shares[i].path, op->dest))
                        return memory_shares[i].percent;
        return MEMORY_SHARE_OTHER;
}

void plan_bound_memory(Plan *plan, const Host *host)
{
        uint64_t memory = host->memory;
        if (host->limits.memory > 0 && host->limits.memory < memory)
                memory = host->limits.memory;
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                PlanOp *op = &plan->root.ops[i];
                if ((op->kind == OP_TMPFS || op->kind == OP_DEV) && op->size == 0)
                        op->size = share(memory, memory_share(op)) / 4096 * 4096;
                if ((op->flags & OP_IN_MEMORY) || op->kind == OP_HOSTS)
                        plan->root.uppers_size = share(memory, MEMORY_SHARE_UPPERS) / 4096 * 4096;
        }
}

void plan_clear_resources(PlanResources *resources)
{
        for (size_t i = 0; i < resources->n_limits; i++) {
                free(resources->limits[i].value);
                free(resources->limits[i].origin);
        }
        free(resources->limits);
        free(resources->cgroup_base);
        free(resources->user_manager);
        free(resources->rlimits);
}
