/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung inspect". */
#include "base/json.h"
#include "base/log.h"
#include "base/measure.h"
#include "base/path.h"
#include "cmd/command.h"
#include "cmd/inspect_text.h"
#include "cmd/names.h"
#include "cmd/options.h"
#include "mech/cgroup.h"
#include "plan/host.h"
#include "plan/plan_text.h"
#include "state/home.h"
#include "state/kept.h"
#include "state/live.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* Returns the size of the files in a directory, in @room; NULL: unknown. */
static const TreeSize *measure(const RunDir *dir, TreeSize *room)
{
        int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return NULL;
        measure_tree(fd, room);
        return room;
}

static void add_size(struct json_object *o, const char *key, const RunDir *dir)
{
        TreeSize room;
        const TreeSize *size = measure(dir, &room);
        if (!size)
                return;
        struct json_object *told = json_new_object();
        json_add_int(told, "bytes", (int64_t)size->bytes);
        json_add_int(told, "entries", (int64_t)size->entries);
        json_add_bool(told, "complete", size->complete);
        json_add(o, key, told);
}

static void add_known(struct json_object *o, const char *key, uint64_t value)
{
        if (value != UINT64_MAX)
                json_add_int(o, key, (int64_t)value);
}

static bool add_pid(pid_t pid, void *userdata)
{
        struct json_object *o = json_new_object();
        json_add_int(o, "pid", pid);
        json_append(userdata, o);
        return true;
}

static struct json_object *use(const Cgroup *cg)
{
        struct json_object *o = json_new_object();
        CgroupUse u;
        cgroup_read_use(cg, &u);
        add_known(o, "memory_peak", u.memory_peak);
        add_known(o, "swap_peak", u.swap_peak);
        add_known(o, "cpu_us", u.cpu_us);
        add_known(o, "throttled_us", u.throttled_us);
        add_known(o, "tasks_peak", u.tasks_peak);
        add_known(o, "tasks_refused", u.tasks_refused);
        add_known(o, "oom_kills", u.memory.oom_kill);
        return o;
}

static void add_group(struct json_object *o, const LiveRecord *record)
{
        Cgroup cg = CGROUP_NOTHING;
        struct json_object *pids = json_new_array();
        if (record->cgroup) {
                json_add_string(o, "cgroup", record->cgroup);
                if (record->unit)
                        json_add_string(o, "unit", record->unit);
                if (cgroup_open_payload(&cg, record->cgroup) == 0) {
                        json_add(o, "use", use(&cg));
                        cgroup_each_process(&cg, add_pid, pids);
                }
                cgroup_clear(&cg);
        }
        json_add(o, "pids", pids);
}

static int open_run_dir(const LiveRecord *record, const char *name, RunDir *ret)
{
        CLEANUP_FREE char *path = NULL;
        struct stat st;
        if (!record->runs_dir ||
            asprintf(&path, "%s/%s%s", record->runs_dir, record->kept ? "" : "run-", name) < 0)
                return -ENOENT;
        CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
                return -ENOENT;
        ret->fd = TAKE_FD(fd);
        return 0;
}

static void tell_live(const Live *live, bool as_json)
{
        const LiveRecord *record = &live->record;
        CLEANUP(run_dir_clear) RunDir dir = RUN_DIR_NONE;
        bool has_dir = open_run_dir(record, live->name, &dir) == 0;
        TreeSize room;
        if (!as_json) {
                inspect_print_live(live, has_dir ? measure(&dir, &room) : NULL);
                return;
        }
        CLEANUP_FREE char *caps = plan_capability_names(record->privileges.capabilities);
        struct json_object *o = json_new_object();
        json_add_string(o, "name", live->name);
        json_add_string(o, "state", "running");
        json_add_bool(o, "kept", record->kept);
        json_add_int(o, "started", record->started.tv_sec);
        json_add_int(o, "supervisor", record->supervisor);
        json_add_int(o, "init", record->init);
        json_add(o, "argv", json_new_strings(&record->payload.argv));
        json_add_string(o, "work_dir", record->work_dir);
        json_add_string(o, "cwd", record->payload.cwd);
        json_add_int(o, "uid", record->identity.uid);
        json_add_int(o, "gid", record->identity.gid);
        json_add_string(o, "network", plan_network_name(record->network));
        json_add_string(o, "capabilities", caps);
        json_add_string(o, "filter", record->filter);
        json_add(o, "env", json_new_strings(&record->payload.env));
        json_add(o, "profiles", json_new_strings(&record->profiles));
        json_add(o, "spec", json_new_strings(&record->spec));
        json_add(o, "words", json_new_strings(&record->words));
        json_add(o, "plan", json_new_strings(&record->text));
        add_group(o, record);
        if (has_dir)
                add_size(o, "upper", &dir);
        json_print(stdout, o);
}

static struct json_object *layers(const KeptRecord *record)
{
        struct json_object *a = json_new_array();
        for (size_t i = 0; i < record->n_layers; i++) {
                struct json_object *o = json_new_object();
                json_add_string(o, "engine", changes_engine_names[record->layers[i].engine]);
                json_add_string(o, "dest", record->layers[i].dest);
                json_add_string(o, "lower", record->layers[i].lower);
                json_append(a, o);
        }
        return a;
}

static void tell_kept(const char *name, const KeptRecord *record, const RunDir *dir)
{
        struct json_object *o = json_new_object();
        json_add_string(o, "name", name);
        json_add_string(o, "state", record->ended ? "kept" : "killed");
        json_add_bool(o, "kept", true);
        json_add_int(o, "started", record->started.tv_sec);
        if (record->ended)
                json_add_int(o, "exit_code", record->exit_code);
        json_add(o, "argv", json_new_strings(&record->argv));
        json_add_string(o, "work_dir", record->work_dir ? record->work_dir : "");
        json_add_string(o, "cwd", record->cwd);
        json_add_int(o, "uid", record->identity.uid);
        json_add_int(o, "gid", record->identity.gid);
        json_add(o, "uid_map", plan_map_json(&record->identity.uid_map));
        json_add(o, "gid_map", plan_map_json(&record->identity.gid_map));
        json_add(o, "profiles", json_new_strings(&record->profiles));
        json_add(o, "spec", json_new_strings(&record->spec));
        json_add(o, "layers", layers(record));
        add_size(o, "upper", dir);
        json_print(stdout, o);
}

static int inspect_home(const char *name, bool as_json, Error *err)
{
        CLEANUP(home_clear) Home home = HOME_NONE;
        CLEANUP_FREE char *path = NULL;
        int r = as_json ? json_load(err) : 0;
        if (r == 0)
                r = home_open(name, &home, err);
        if (r == 0)
                r = run_state_path(HOMES_DIR, &path, err);
        if (r < 0)
                return r;
        CLEANUP_FREE char *whole = path_join(path, name);
        TreeSize room;
        if (!whole)
                return error_no_memory(err);
        if (!as_json) {
                inspect_print_home(name, whole, home.in_use, measure(&home.dir, &room));
                return 0;
        }
        struct json_object *o = json_new_object();
        json_add_string(o, "name", name);
        json_add_string(o, "path", whole);
        json_add_bool(o, "in_use", home.in_use);
        add_size(o, "home", &home.dir);
        json_print(stdout, o);
        return 0;
}

static int inspect(const char *name, bool as_json, Error *err)
{
        CLEANUP(live_clear) Live live = LIVE_NONE;
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        Error why = {0};
        TreeSize room;
        /* Records of 0.1.0 are JSON. */
        int r = json_load(err);
        if (r < 0)
                return r;
        r = live_open(name, &live, &why);
        if (r == 0) {
                tell_live(&live, as_json);
                return 0;
        }
        if (r != -ESRCH) {
                *err = why;
                return r;
        }
        r = kept_open(name, &kept, err);
        if (r == -ENOENT) {
                *err = (Error){0};
                return error_set(err, ENOENT,
                                 "no running or kept sandbox named '%s' (\"kurung ps -a\" lists them)", name);
        }
        if (r == 0 && as_json)
                tell_kept(name, &kept.record, &kept.dir);
        else if (r == 0)
                inspect_print_kept(&kept, measure(&kept.dir, &room));
        return r;
}

int cmd_inspect(int argc, char **argv)
{
        CLEANUP_STRLIST StrList words = {0};
        Error err = {0};
        bool json = false, home = false;
        char room[NAMES_ROOM];
        const char *name;
        const CmdOption options[] = {
                {"home", 0, NULL, "NAME is a kept home (Home=persist:NAME)", .flag = &home},
                {"json", 0, NULL, "print everything as JSON", .flag = &json},
        };
        const CmdUsage usage = {
                "inspect [OPTIONS] NAME",
                "Print details of a running or kept sandbox: what it may do, its processes and resource "
                "usage,\n"
                "and the size of its changes. JSON also has the spec (the request) and the plan.",
                NULL, options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        if (r == 0 && words.n != 1)
                r = error_set(&err, EINVAL, "inspect: no sandbox given; \"kurung ps -a\" lists them");
        if (r == 0)
                r = names_complete(words.items[0], home ? NAMES_HOMES : NAMES_RUNNING | NAMES_KEPT, room,
                                   &name, &err);
        if (r >= 0)
                r = home ? inspect_home(name, json, &err) : inspect(name, json, &err);
        return r < 0 ? command_failed(&err, r) : 0;
}
