/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a running sandbox's record from a plan, and defines its storage. */
#include "state/live_record.h"

#include "base/process.h"
#include "plan/plan_text.h"
#include "plan/plan_words.h"

#include <limits.h>
#include <stdio.h>

#define TEXTS_MAX (1 << 20)

#define NUMBER(member, ...) NUMBER_FIELD(LiveRecord, member, __VA_ARGS__)
#define FLAG(member, ...) BOOL_FIELD(LiveRecord, member, __VA_ARGS__)
#define TEXT(member, ...) TEXT_FIELD(LiveRecord, member, __VA_ARGS__)
#define LIST(member, ...) LIST_FIELD(LiveRecord, member, __VA_ARGS__)

static const Field live_items[] = {
        NUMBER(supervisor, "supervisor", .min = 2, .max = INT_MAX),
        NUMBER(supervisor_started, "supervisor-started", .max = UINT64_MAX),
        NUMBER(init, "init", .min = 2, .max = INT_MAX),
        NUMBER(started.tv_sec, "started", .max = INT64_MAX),
        NUMBER(started.tv_nsec, "started-ns", .max = 999999999),
        NUMBER(userns, "user", .min = FD_NONE, .max = INT_MAX),
        NUMBER(ns[NS_CGROUP], "cgroup-ns", .min = FD_NONE, .max = INT_MAX),
        NUMBER(ns[NS_IPC], "ipc", .min = FD_NONE, .max = INT_MAX),
        NUMBER(ns[NS_UTS], "uts", .min = FD_NONE, .max = INT_MAX),
        NUMBER(ns[NS_NET], "net", .min = FD_NONE, .max = INT_MAX),
        NUMBER(ns[NS_PID], "pid", .min = FD_NONE, .max = INT_MAX),
        NUMBER(ns[NS_MNT], "mnt", .min = FD_NONE, .max = INT_MAX),
        NUMBER(ns[NS_PAYLOAD_USER], "payload-user", .min = FD_NONE, .max = INT_MAX),
        FLAG(kept, "kept"),
        TEXT(filter, "filter"),
        TEXT(cgroup, "cgroup", .optional = true),
        TEXT(unit, "unit", .optional = true),
        TEXT(work_dir, "work-dir", .optional = true),
        NUMBER(identity.host_uid, "host-uid", .max = UINT32_MAX - 1),
        NUMBER(identity.host_gid, "host-gid", .max = UINT32_MAX - 1),
        NUMBER(identity.uid, "uid", .max = UINT32_MAX - 1),
        NUMBER(identity.gid, "gid", .max = UINT32_MAX - 1),
        FLAG(identity.map_by_newuidmap, "map-by-helpers"),
        NUMBER(namespaces, "namespaces", .max = UINT64_MAX),
        FLAG(identity.payload_userns, "payload-userns"),
        NUMBER(network, "network", .max = NETWORK_HOST),
        FLAG(foreign_root, "foreign-root"),
        TEXT(payload.cwd, "cwd", .check = fields_check_path),
        TEXT(state_dir, "state-dir", .optional = true),
        TEXT(runs_dir, "runs-dir", .optional = true),
        NUMBER(resources.cgroup, "cgroup-kind", .max = CGROUP_SCOPE),
        TEXT(resources.user_manager, "user-manager", .optional = true),
        NUMBER(resources.weak_tasks_max, "weak-tasks-max", .max = UINT64_MAX),
        NUMBER(resources.disk_max, "disk-max", .max = UINT64_MAX),
        FLAG(resources.first_to_die, "first-to-die"),
        NUMBER(privileges.capabilities, "capabilities", .max = UINT64_MAX),
        FLAG(privileges.no_new_privileges, "no-new-privileges"),
        NUMBER(privileges.seccomp, "seccomp", .max = SECCOMP_FILE),
        TEXT(privileges.seccomp_file, "seccomp-file", .optional = true),
        LIST(privileges.architectures, "architecture", .optional = true, .max = TEXTS_MAX),
        FLAG(privileges.host_writable, "host-writable"),
        FLAG(privileges.landlock_scope, "landlock-scope"),
        LIST(payload.argv, "argv", .max = TEXTS_MAX),
        LIST(payload.env, "env", .optional = true, .max = TEXTS_MAX),
        LIST(spec, "spec", .optional = true, .max = TEXTS_MAX),
        LIST(text, "plan", .optional = true, .max = TEXTS_MAX),
        LIST(words, "words", .optional = true, .since = 3, .max = TEXTS_MAX),
        LIST(profiles, "profile", .optional = true, .since = 3, .max = TEXTS_MAX),
        LIST(ports, "port", .optional = true, .since = 3, .max = TEXTS_MAX),
};

const FieldTable live_record_fields = {.kind = "sandbox",
                                       .version = 3,
                                       .oldest = 2,
                                       .ended = 3,
                                       .size = sizeof(LiveRecord),
                                       .items = live_items,
                                       .n = ARRAY_LEN(live_items)};

void live_record_clear(LiveRecord *record)
{
        fields_clear(&live_record_fields, record);
        plan_identity_clear(&record->identity);
        *record = LIVE_RECORD_NONE;
}

/* Splits a text into its lines, in place. */
static int split_lines(char *text, StrList *ret)
{
        char *save = NULL;
        int r = 0;
        for (char *l = strtok_r(text, "\n", &save); r == 0 && l; l = strtok_r(NULL, "\n", &save))
                r = strlist_add(ret, l);
        return r;
}

/* Formats the plan for people. */
static int print_plan(const Plan *plan, LiveRecord *rec)
{
        CLEANUP_FREE char *text = NULL, *words = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return -ENOMEM;
        plan_print(plan, out);
        if (fclose(out) != 0 || !(out = open_memstream(&words, &len)))
                return -ENOMEM;
        plan_print_words(plan, false, out);
        if (fclose(out) != 0)
                return -ENOMEM;
        int r = split_lines(text, &rec->text);
        return r < 0 ? r : split_lines(words, &rec->words);
}

static int copy_text(const char *from, char **to)
{
        *to = from ? strdup(from) : NULL;
        return from && !*to ? -ENOMEM : 0;
}

static int copy_plan(const Plan *plan, LiveRecord *rec)
{
        rec->namespaces = plan->namespaces.created;
        rec->network = plan->network.mode;
        rec->foreign_root = plan->root.foreign;
        rec->resources = (PlanResources){.cgroup = plan->resources.cgroup,
                                         .weak_tasks_max = plan->resources.weak_tasks_max,
                                         .disk_max = plan->resources.disk_max,
                                         .first_to_die = plan->resources.first_to_die};
        int r = copy_text(plan->resources.user_manager, &rec->resources.user_manager);
        if (r == 0)
                r = copy_text(plan->storage.state_dir, &rec->state_dir);
        if (r == 0)
                r = copy_text(plan->storage.runs_dir, &rec->runs_dir);
        if (r == 0)
                r = plan_identity_copy(&plan->identity, &rec->identity);
        if (r == 0)
                r = plan_privileges_copy(&plan->privileges, &rec->privileges);
        if (r == 0)
                r = plan_payload_copy(&plan->payload, &rec->payload);
        if (r == 0)
                r = strlist_copy(&plan->storage.profiles, &rec->profiles);
        return r < 0 ? r : print_plan(plan, rec);
}

int live_record_make(const Plan *plan, const StrList *spec, const char *work_dir, LiveRecord *ret, Error *err)
{
        CLEANUP(live_record_clear) LiveRecord rec = LIVE_RECORD_NONE;
        rec.supervisor = getpid();
        rec.kept = plan->storage.keep;
        int r = process_start_time(rec.supervisor, &rec.supervisor_started);
        if (r < 0)
                return error_set_errno(err, r, "cannot read kurung's own status");
        r = copy_plan(plan, &rec);
        if (r == 0 && spec)
                r = strlist_copy(spec, &rec.spec);
        if (r == 0)
                r = copy_text(work_dir, &rec.work_dir);
        if (r < 0)
                return error_no_memory(err);
        *ret = rec;
        rec = LIVE_RECORD_NONE;
        return 0;
}

int live_record_print(const LiveRecord *record, char **ret, size_t *ret_len)
{
        return fields_print(&live_record_fields, record, ret, ret_len);
}

int live_record_parse(const char *text, size_t len, LiveRecord *ret)
{
        CLEANUP(live_record_clear) LiveRecord record = LIVE_RECORD_NONE;
        int r = fields_parse(&live_record_fields, text, len, &record);
        if (r == 0 &&
            (record.identity.host_uid != getuid() ||
             (record.privileges.seccomp == SECCOMP_FILE) != (record.privileges.seccomp_file != NULL)))
                r = -EBADMSG;
        if (r < 0)
                return r;
        plan_set_capabilities(&record.privileges, record.privileges.capabilities, record.identity.uid);
        *ret = record;
        record = LIVE_RECORD_NONE;
        return 0;
}
