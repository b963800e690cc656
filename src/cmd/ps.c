/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung ps". */
#include "base/format.h"
#include "base/json.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "state/home.h"
#include "state/kept.h"
#include "state/live.h"

#include <stdio.h>

#define COMMAND_MAX 60

typedef struct Row {
        const char *name;
        const char *state; /* "running", "kept", "killed" */
        pid_t pid;         /* of init, 0: none */
        time_t started;
        int exit_code; /* -1: none */
        bool kept;
        const StrList *argv;
} Row;

static void print_command(const StrList *argv)
{
        char shown[COMMAND_MAX + 1];
        size_t len = 0;
        char text[4 * COMMAND_MAX];
        text[0] = '\0';
        for (size_t i = 0; i < argv->n && len < sizeof(text); i++)
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "", argv->items[i]);
        printf("%s\n", text_escape(text, shown, sizeof(shown)));
}

static void print_row(const Row *row)
{
        char age[32], pid[16] = "-", name[64];
        time_t now = time(NULL);
        uint64_t seconds = now > row->started ? (uint64_t)(now - row->started) : 0;
        if (row->pid)
                (void)snprintf(pid, sizeof(pid), "%d", (int)row->pid);
        printf("%-20s  %-7s  %8s  %-12s  ", text_escape(row->name, name, sizeof(name)), row->state, pid,
               format_us(seconds * 1000000, age, sizeof(age)));
        print_command(row->argv);
}

static struct json_object *row_json(const Row *row)
{
        struct json_object *o = json_new_object();
        json_add_string(o, "name", row->name);
        json_add_string(o, "state", row->state);
        json_add_bool(o, "kept", row->kept);
        if (row->pid)
                json_add_int(o, "pid", row->pid);
        json_add_int(o, "started", row->started);
        if (row->exit_code >= 0)
                json_add_int(o, "exit_code", row->exit_code);
        json_add(o, "argv", json_new_strings(row->argv));
        return o;
}

static void tell(const Row *row, struct json_object *array)
{
        if (array)
                json_append(array, row_json(row));
        else
                print_row(row);
}

static void tell_live(const char *name, struct json_object *array)
{
        CLEANUP(live_clear) Live live = LIVE_NONE;
        Error err = {0};
        int r = live_open(name, &live, &err);
        if (r == -ESRCH)
                return; /* it has exited in the meantime */
        if (r < 0) {
                log_notice("%s", err.text);
                return;
        }
        const Row row = {
                .name = name,
                .state = "running",
                .pid = live.record.init,
                .started = live.record.started.tv_sec,
                .exit_code = -1,
                .kept = live.record.kept,
                .argv = &live.record.payload.argv,
        };
        tell(&row, array);
}

static void tell_kept(const char *name, struct json_object *array)
{
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        Error err = {0};
        if (kept_peek(name, &record, &err) < 0) {
                log_notice("%s", err.text);
                return;
        }
        const Row row = {
                .name = name,
                .state = record.ended ? "kept" : "killed",
                .started = record.started.tv_sec,
                .exit_code = record.ended ? record.exit_code : -1,
                .kept = true,
                .argv = &record.argv,
        };
        tell(&row, array);
}

static int list_homes(bool json, Error *err)
{
        CLEANUP_STRLIST StrList names = {0};
        struct json_object *array = NULL;
        int r = json ? json_load(err) : 0;
        if (r == 0)
                r = home_list(&names, err);
        if (r < 0)
                return r;
        if (json)
                array = json_new_array();
        else if (names.n > 0)
                printf("%-20s  %s\n", "NAME", "STATE");
        for (size_t i = 0; i < names.n; i++) {
                CLEANUP(home_clear) Home home = HOME_NONE;
                Error why = {0};
                if (home_open(names.items[i], &home, &why) < 0) {
                        log_notice("%s", why.text);
                        continue;
                }
                if (!json) {
                        printf("%-20s  %s\n", names.items[i], home.in_use ? "in use" : "kept");
                        continue;
                }
                struct json_object *o = json_new_object();
                json_add_string(o, "name", names.items[i]);
                json_add_bool(o, "in_use", home.in_use);
                json_append(array, o);
        }
        if (array)
                json_print(stdout, array);
        return 0;
}

static int ps(bool all, bool json, Error *err)
{
        CLEANUP_STRLIST StrList running = {0}, kept = {0};
        struct json_object *array = NULL;
        int r = json || all ? json_load(err) : 0;
        if (r == 0)
                r = live_list(&running, err);
        if (r == 0 && all)
                r = kept_list(&kept, err);
        if (r < 0)
                return r;
        if (json)
                array = json_new_array();
        else if (running.n + kept.n > 0)
                printf("%-20s  %-7s  %8s  %-12s  %s\n", "NAME", "STATE", "PID", "AGE", "COMMAND");
        for (size_t i = 0; i < running.n; i++)
                tell_live(running.items[i], array);
        for (size_t i = 0; i < kept.n; i++)
                if (!strlist_has(&running, kept.items[i]))
                        tell_kept(kept.items[i], array);
        if (array)
                json_print(stdout, array);
        return 0;
}

int cmd_ps(int argc, char **argv)
{
        CLEANUP_STRLIST StrList words = {0};
        Error err = {0};
        bool all = false, homes = false, json = false;
        const CmdOption options[] = {
                {"all", 'a', NULL, "list kept sandboxes as well", .flag = &all},
                {"homes", 0, NULL, "list kept homes (Home=persist:NAME) instead", .flag = &homes},
                {"json", 0, NULL, "print as JSON", .flag = &json},
        };
        const CmdUsage usage = {
                "ps [OPTIONS]", "List running sandboxes.",
                "State: running; kept; killed (a kept sandbox whose kurung was killed during the run).",
                options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        if (r == 0 && words.n > 0)
                r = error_set(&err, EINVAL,
                              "ps takes no arguments; \"kurung inspect NAME\" prints details of a sandbox");
        if (r == 0)
                r = homes ? list_homes(json, &err) : ps(all, json, &err);
        return r < 0 ? command_failed(&err, r) : 0;
}
