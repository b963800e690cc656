/* SPDX-License-Identifier: Apache-2.0 */
/* A running sandbox's record as text: lines "NAME VALUE", written at every start, so without a library. */
#include "base/log.h"
#include "state/live.h"

#include <limits.h>
#include <stdio.h>

/* Another version has other fields. */
#define FIRST_LINE "kurung-sandbox 2"

typedef enum FieldType { FIELD_INT, FIELD_UINT64, FIELD_BOOL, FIELD_TEXT, FIELD_LIST } FieldType;

typedef struct Field {
        const char *name;
        FieldType type;
        size_t offset;
        bool required;
} Field;

#define FIELD(kind, name, member, required)                                                                  \
        {                                                                                                    \
                name, FIELD_##kind, offsetof(LiveRecord, member), required                                   \
        }

/* Types of four bytes: pid_t, uid_t, gid_t, int, enums. */
static const Field fields[] = {
        FIELD(INT, "supervisor", supervisor, true),
        FIELD(UINT64, "supervisor-started", supervisor_started, true),
        FIELD(INT, "init", init, true),
        FIELD(UINT64, "started", started.tv_sec, true),
        FIELD(UINT64, "started-ns", started.tv_nsec, true),
        FIELD(INT, "user", userns, true),
        FIELD(INT, "cgroup-ns", ns[NS_CGROUP], true),
        FIELD(INT, "ipc", ns[NS_IPC], true),
        FIELD(INT, "uts", ns[NS_UTS], true),
        FIELD(INT, "net", ns[NS_NET], true),
        FIELD(INT, "pid", ns[NS_PID], true),
        FIELD(INT, "mnt", ns[NS_MNT], true),
        FIELD(INT, "payload-user", ns[NS_PAYLOAD_USER], true),
        FIELD(BOOL, "kept", kept, true),
        FIELD(TEXT, "filter", filter, true),
        FIELD(TEXT, "cgroup", cgroup, false),
        FIELD(TEXT, "unit", unit, false),
        FIELD(TEXT, "work-dir", work_dir, false),
        FIELD(INT, "host-uid", plan.identity.host_uid, true),
        FIELD(INT, "host-gid", plan.identity.host_gid, true),
        FIELD(INT, "uid", plan.identity.uid, true),
        FIELD(INT, "gid", plan.identity.gid, true),
        FIELD(BOOL, "map-by-helpers", plan.identity.map_by_helpers, true),
        FIELD(UINT64, "namespaces", plan.namespaces, true),
        FIELD(BOOL, "payload-userns", plan.identity.payload_userns, true),
        FIELD(INT, "network", plan.network.mode, true),
        FIELD(BOOL, "foreign-root", plan.root.foreign, true),
        FIELD(TEXT, "cwd", plan.payload.cwd, true),
        FIELD(TEXT, "state-dir", plan.storage.state_dir, false),
        FIELD(TEXT, "runs-dir", plan.storage.runs_dir, false),
        FIELD(INT, "cgroup-kind", plan.resources.cgroup, true),
        FIELD(TEXT, "user-manager", plan.resources.user_manager, false),
        FIELD(UINT64, "weak-tasks-max", plan.resources.weak_tasks_max, true),
        FIELD(UINT64, "disk-max", plan.resources.disk_max, true),
        FIELD(BOOL, "first-to-die", plan.resources.first_to_die, true),
        FIELD(UINT64, "capabilities", plan.privileges.capabilities, true),
        FIELD(BOOL, "no-new-privileges", plan.privileges.no_new_privileges, true),
        FIELD(INT, "seccomp", plan.privileges.seccomp, true),
        FIELD(TEXT, "seccomp-file", plan.privileges.seccomp_file, false),
        FIELD(LIST, "architecture", plan.privileges.architectures, false),
        FIELD(BOOL, "host-writable", plan.privileges.host_writable, true),
        FIELD(BOOL, "landlock-scope", plan.privileges.landlock_scope, true),
        FIELD(LIST, "argv", plan.payload.argv, true),
        FIELD(LIST, "env", plan.payload.env, false),
        FIELD(LIST, "spec", spec, false),
        FIELD(LIST, "plan", text, false),
};

_Static_assert(sizeof(pid_t) == sizeof(int) && sizeof(uid_t) == sizeof(int) &&
                       sizeof(SeccompKind) == sizeof(int),
               "FIELD_INT");
_Static_assert(sizeof(time_t) == 8 && sizeof(long) == 8, "FIELD_UINT64");

static const void *at(const LiveRecord *r, const Field *f)
{
        return (const char *)r + f->offset;
}

static int print_text(FILE *out, const char *name, const char *value)
{
        size_t room = 4 * strlen(value) + 4;
        CLEANUP_FREE char *escaped = malloc(room);
        if (!escaped)
                return -ENOMEM;
        (void)text_escape(value, escaped, room);
        (void)fprintf(out, "%s %s\n", name, escaped);
        return 0;
}

static int print_field(FILE *out, const LiveRecord *record, const Field *f)
{
        const StrList *list = at(record, f);
        const char *text;
        int r = 0;
        switch (f->type) {
        case FIELD_INT:
                (void)fprintf(out, "%s %d\n", f->name, *(const int *)at(record, f));
                break;
        case FIELD_UINT64:
                (void)fprintf(out, "%s %llu\n", f->name,
                              (unsigned long long)*(const uint64_t *)at(record, f));
                break;
        case FIELD_BOOL:
                (void)fprintf(out, "%s %d\n", f->name, *(const bool *)at(record, f));
                break;
        case FIELD_TEXT:
                text = *(char *const *)at(record, f);
                return text ? print_text(out, f->name, text) : 0;
        case FIELD_LIST:
                for (size_t i = 0; r == 0 && i < list->n; i++)
                        r = print_text(out, f->name, list->items[i]);
                break;
        }
        return r;
}

int live_record_print(const LiveRecord *record, char **ret, size_t *ret_len)
{
        int r = 0;
        FILE *out = open_memstream(ret, ret_len);
        if (!out)
                return -ENOMEM;
        (void)fputs(FIRST_LINE "\n", out);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(fields); i++)
                r = print_field(out, record, &fields[i]);
        return fclose(out) == 0 ? r : -ENOMEM;
}

static int parse_number(const char *value, int64_t min, uint64_t max, uint64_t *ret)
{
        char *end;
        bool negative = value[0] == '-';
        if (strspn(value + negative, "0123456789") != strlen(value + negative) || !value[negative])
                return -EBADMSG;
        errno = 0;
        unsigned long long n = strtoull(value + negative, &end, 10);
        if (errno != 0 || *end || (negative ? n > (uint64_t)-min : n > max))
                return -EBADMSG;
        *ret = negative ? (uint64_t) - (int64_t)n : n;
        return 0;
}

static int parse_field(LiveRecord *record, const Field *f, const char *value)
{
        void *to = (char *)record + f->offset;
        CLEANUP_FREE char *text = NULL;
        uint64_t n = 0;
        int r = 0;
        switch (f->type) {
        case FIELD_INT:
                r = parse_number(value, INT_MIN, UINT32_MAX, &n);
                if (r == 0)
                        *(int *)to = (int)n;
                return r;
        case FIELD_UINT64:
                return parse_number(value, 0, UINT64_MAX, to);
        case FIELD_BOOL:
                r = parse_number(value, 0, 1, &n);
                if (r == 0)
                        *(bool *)to = n == 1;
                return r;
        case FIELD_TEXT:
        case FIELD_LIST:
                r = text_unescape(value, &text);
                if (r < 0)
                        return r == -ENOMEM ? r : -EBADMSG;
                if (f->type == FIELD_LIST)
                        return strlist_add(to, text);
                *(char **)to = TAKE_PTR(text);
                return 0;
        }
        return -EBADMSG;
}

static int parse_line(LiveRecord *record, char *line, uint64_t *seen)
{
        char *value = strchr(line, ' ');
        if (!value)
                return -EBADMSG;
        *value++ = '\0';
        for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
                uint64_t bit = UINT64_C(1) << i;
                if (!str_eq(fields[i].name, line))
                        continue;
                if (fields[i].type != FIELD_LIST && (*seen & bit))
                        return -EBADMSG;
                *seen |= bit;
                return parse_field(record, &fields[i], value);
        }
        return -EBADMSG;
}

int live_record_parse(char *text, LiveRecord *ret)
{
        CLEANUP(live_record_clear) LiveRecord record = LIVE_RECORD_NONE;
        uint64_t seen = 0;
        char *save = NULL;
        size_t len = strlen(text);
        bool whole = len > 0 && text[len - 1] == '\n';
        _Static_assert(ARRAY_LEN(fields) <= 64, "seen");
        char *line = strtok_r(text, "\n", &save);
        if (!whole || !line || !str_eq(line, FIRST_LINE))
                return -EBADMSG;
        while ((line = strtok_r(NULL, "\n", &save))) {
                int r = parse_line(&record, line, &seen);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ARRAY_LEN(fields); i++)
                if (fields[i].required && !(seen & (UINT64_C(1) << i)))
                        return -EBADMSG;
        if (record.supervisor <= 1 || record.init <= 1 || record.plan.identity.host_uid != getuid() ||
            (unsigned)record.plan.privileges.seccomp > SECCOMP_FILE ||
            (unsigned)record.plan.network.mode > NETWORK_HOST ||
            (unsigned)record.plan.resources.cgroup > CGROUP_SCOPE || record.plan.payload.cwd[0] != '/' ||
            record.started.tv_sec < 0 || record.started.tv_nsec < 0 || record.started.tv_nsec >= 1000000000 ||
            (record.plan.privileges.seccomp == SECCOMP_FILE) != (record.plan.privileges.seccomp_file != NULL))
                return -EBADMSG;
        *ret = record;
        record = LIVE_RECORD_NONE;
        return 0;
}

void live_record_clear(LiveRecord *record)
{
        free(record->filter);
        free(record->cgroup);
        free(record->unit);
        free(record->work_dir);
        strlist_clear(&record->spec);
        strlist_clear(&record->text);
        plan_clear(&record->plan);
        *record = LIVE_RECORD_NONE;
}
