/* SPDX-License-Identifier: Apache-2.0 */
/* Prints and writes the report of a run. */
#include "cmd/report.h"

#include "base/format.h"
#include "base/json.h"
#include "base/log.h"
#include "plan/plan_text.h"
#include "spec/keys.h"

#include <signal.h>

/* The version of the schema: raised if a field changes its meaning or is removed; fields may be added at any
 * time. */
#define REPORT_VERSION 1

static const char *const end_names[] = {
        [RUN_EXITED] = "exited",
        [RUN_SIGNALLED] = "signal",
        [RUN_OUT_OF_MEMORY] = "out-of-memory",
        [RUN_RUNTIME_MAX] = "runtime-max",
        [RUN_DISK_FULL] = "disk-full",
        [RUN_DISK_MAX] = "disk-max",
        [RUN_FAILED] = "failed",
};

static bool is_known(uint64_t n)
{
        return n != UINT64_MAX;
}

/* Whether a counter is known and not zero. */
static bool happened(uint64_t n)
{
        return n != UINT64_MAX && n > 0;
}

static const PlanLimit *limit_of(const Plan *plan, KeyId key)
{
        for (size_t i = 0; i < plan->resources.n_limits; i++)
                if (plan->resources.limits[i].key == key)
                        return &plan->resources.limits[i];
        return NULL;
}

static void tell_memory(const Plan *plan, const RunReport *report)
{
        const PlanLimit *limit = limit_of(plan, KEY_MEMORY_MAX);
        char most[32], peak[32], who[300] = "";
        size_t len = 0;
        for (size_t i = 0; i < report->n_killed && len < sizeof(who); i++)
                len += (size_t)snprintf(who + len, sizeof(who) - len, "%s%s (pid %d)",
                                        i == 0 ? ", killed " : " and ", report->killed[i].name,
                                        (int)report->killed[i].pid);
        if (report->n_killed == 0)
                (void)snprintf(who, sizeof(who), ", %llu killed",
                               (unsigned long long)report->use.memory.oom_kill);
        log_notice("out of memory: limit %s, peak %s%s",
                   limit ? format_bytes(limit->number, most, sizeof(most)) : "of a parent group",
                   is_known(report->use.memory_peak)
                           ? format_bytes(report->use.memory_peak, peak, sizeof(peak))
                           : "unknown",
                   who);
}

void report_tell(const Plan *plan, const RunReport *report)
{
        const CgroupUse *use = &report->use;
        char time[32], cpu[32], memory[32];
        if (report->has_groups && happened(use->memory.oom_kill))
                tell_memory(plan, report);
        if (report->end == RUN_RUNTIME_MAX)
                log_notice("ended after %s (RuntimeMaxSec=)",
                           format_us(plan->resources.runtime_max_us, time, sizeof(time)));
        if (report->end == RUN_DISK_FULL || report->end == RUN_DISK_MAX)
                log_notice("%s: %s",
                           report->disk_late ? "detected after the end of the sandbox"
                                             : "the sandbox was killed",
                           report->disk_end);
        const PlanLimit *tasks = limit_of(plan, KEY_TASKS_MAX);
        if (tasks && happened(use->tasks_refused))
                log_detail("TasksMax=%llu refused a new process %llu times",
                           (unsigned long long)tasks->number, (unsigned long long)use->tasks_refused);
        if (limit_of(plan, KEY_CPU_QUOTA) && happened(use->throttled_us))
                log_detail("CPUQuota= throttled the sandbox for %s",
                           format_us(use->throttled_us, cpu, sizeof(cpu)));
        if (limit_of(plan, KEY_MEMORY_HIGH) && happened(use->memory.high))
                log_detail("MemoryHigh= throttled the sandbox %llu times",
                           (unsigned long long)use->memory.high);
        log_detail("exit status %d after %s; peak memory %s, processor time %s", report->exit_code,
                   format_us(report->duration_us, time, sizeof(time)),
                   is_known(use->memory_peak) ? format_bytes(use->memory_peak, memory, sizeof(memory))
                                              : "unknown",
                   is_known(use->cpu_us) ? format_us(use->cpu_us, cpu, sizeof(cpu)) : "unknown");
}

/* An unknown number is null. */
static void add_number(struct json_object *o, const char *name, uint64_t n)
{
        if (is_known(n) && n <= INT64_MAX)
                json_add_int(o, name, (int64_t)n);
        else
                json_add(o, name, NULL);
}

static struct json_object *exit_of(const RunReport *report, const Error *failure)
{
        struct json_object *o = json_new_object();
        json_add_string(o, "reason", end_names[report->end]);
        json_add_int(o, "status", report->exit_code);
        if (report->signal)
                json_add_int(o, "signal", report->signal);
        if (report->disk_end[0])
                json_add_string(o, "disk", report->disk_end);
        if (failure->errnum != 0)
                json_add_string(o, "error", failure->text);
        return o;
}

static struct json_object *limits_of(const Plan *plan)
{
        struct json_object *o = json_new_object();
        for (size_t i = 0; i < plan->resources.n_limits; i++)
                json_add_string(o, keys[plan->resources.limits[i].key].name, plan->resources.limits[i].value);
        if (plan->resources.runtime_max_us)
                json_add_int(o, "RuntimeMaxUSec", (int64_t)plan->resources.runtime_max_us);
        if (plan->resources.disk_max)
                add_number(o, keys[KEY_DISK_MAX].name, plan->resources.disk_max);
        if (plan->resources.disk_inodes_max)
                add_number(o, keys[KEY_DISK_INODES_MAX].name, plan->resources.disk_inodes_max);
        return o;
}

static struct json_object *memory_of(const RunReport *report)
{
        struct json_object *o = json_new_object(), *killed = json_new_array();
        add_number(o, "peak_bytes", report->use.memory_peak);
        add_number(o, "swap_peak_bytes", report->use.swap_peak);
        add_number(o, "high", report->use.memory.high);
        add_number(o, "max", report->use.memory.max);
        add_number(o, "oom_kill", report->use.memory.oom_kill);
        for (size_t i = 0; i < report->n_killed; i++) {
                struct json_object *k = json_new_object();
                json_add_string(k, "name", report->killed[i].name);
                json_add_int(k, "pid", report->killed[i].pid);
                json_append(killed, k);
        }
        json_add(o, "killed", killed);
        return o;
}

static struct json_object *processor_of(const CgroupUse *use)
{
        struct json_object *o = json_new_object();
        add_number(o, "usage_us", use->cpu_us);
        add_number(o, "user_us", use->cpu_user_us);
        add_number(o, "system_us", use->cpu_system_us);
        add_number(o, "throttled_us", use->throttled_us);
        add_number(o, "throttled", use->throttled_n);
        return o;
}

static struct json_object *disks_of(const CgroupUse *use)
{
        struct json_object *a = json_new_array();
        for (size_t i = 0; i < use->n_disks; i++) {
                char device[32];
                struct json_object *o = json_new_object();
                (void)snprintf(device, sizeof(device), "%u:%u", use->disks[i].major, use->disks[i].minor);
                json_add_string(o, "device", device);
                add_number(o, "read_bytes", use->disks[i].read_bytes);
                add_number(o, "write_bytes", use->disks[i].write_bytes);
                json_append(a, o);
        }
        return a;
}

static struct json_object *resources_of(const Plan *plan, const RunReport *report)
{
        struct json_object *o = json_new_object(), *tasks = json_new_object();
        json_add_string(o, "counted_by",
                        report->has_groups ? plan_cgroup_name(plan->resources.cgroup) : "rusage");
        json_add(o, "memory", memory_of(report));
        json_add(o, "cpu", processor_of(&report->use));
        add_number(tasks, "peak", report->use.tasks_peak);
        add_number(tasks, "refused", report->use.tasks_refused);
        json_add(o, "tasks", tasks);
        json_add(o, "io", disks_of(&report->use));
        return o;
}

int report_write(FILE *out, const Plan *plan, const RunReport *report, const Error *failure, Error *err)
{
        char started[32];
        struct tm tm;
        int r = json_load(err);
        if (r < 0)
                return r;
        struct json_object *o = json_new_object();
        (void)strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ",
                       gmtime_r(&report->started.tv_sec, &tm));
        json_add_int(o, "version", REPORT_VERSION);
        json_add_string(o, "name", report->name);
        json_add(o, "command", json_new_strings(&plan->payload.argv));
        json_add_string(o, "started", started);
        add_number(o, "duration_us", report->duration_us);
        json_add(o, "exit", exit_of(report, failure));
        json_add(o, "limits", limits_of(plan));
        json_add(o, "resources", resources_of(plan, report));
        if (plan->network.mode == NETWORK_SLIRP)
                json_add(o, "network", net_report_json(&report->network));
        json_add(o, "notices", json_new_strings(&plan->notices));
        json_print(out, o);
        return fflush(out) == 0 ? 0 : error_set_errno(err, errno, "cannot write the report");
}
