/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung ps". */
#include "base/colour.h"
#include "base/format.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/table.h"
#include "plan/host.h"
#include "state/home.h"
#include "state/kept.h"
#include "state/live.h"

#include <stdio.h>

typedef struct Row {
        const char *name;
        const char *state; /* "running", "kept", "killed" */
        const char *colour;
        pid_t pid; /* of init, 0: none */
        time_t started;
        int exit_code; /* -1: none */
        bool kept;
        const char *work_dir; /* NULL: none */
        const StrList *argv, *profiles, *ports;
} Row;

enum { NAME, STATE, EXIT, PID, AGE, PROFILE, DIRECTORY, PORTS, COMMAND, N_COLUMNS };

/* What is listed, and where to. */
typedef struct Listing {
        struct json_object *array; /* NULL: to the table */
        Table table;
        TableColumn columns[N_COLUMNS];
        char *home;
        int r; /* the first error */
} Listing;

/* Joins words to a text; owned. NULL: out of memory. */
static char *join_words(const StrList *words, const char *between)
{
        CLEANUP_FREE char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return NULL;
        for (size_t i = 0; i < words->n; i++)
                (void)fprintf(out, "%s%s", i > 0 ? between : "", words->items[i]);
        return fclose(out) == 0 ? TAKE_PTR(text) : NULL;
}

/* The ports of the host that lead to a running sandbox, without the defaults of Publish=; owned. NULL: out of
 * memory. */
static char *ports_of(const Row *row)
{
        static const char address[] = "127.0.0.1:", protocol[] = "/tcp";
        CLEANUP_STRLIST StrList brief = {0};
        int r = 0;
        for (size_t i = 0; r == 0 && i < row->ports->n; i++) {
                const char *port = row->ports->items[i];
                const char *text = port + (str_starts(port, address) ? strlen(address) : 0);
                const char *end = strstr(text, protocol);
                r = strlist_add_printf(&brief, "%.*s", (int)(end ? (size_t)(end - text) : strlen(text)),
                                       text);
        }
        return r < 0 ? NULL : join_words(&brief, ",");
}

/* A path with "~" for the home; owned. NULL: out of memory. */
static char *short_path(const char *path, const char *home)
{
        char *text = NULL;
        bool below = home && strlen(home) > 1 && path_is_below(path, home);
        return asprintf(&text, "%s%s", below ? "~" : "", below ? path + strlen(home) : path) < 0 ? NULL
                                                                                                 : text;
}

static int add_row(Listing *l, const Row *row)
{
        char age[32], pid[16] = "-", status[16] = "-";
        time_t now = time(NULL);
        uint64_t seconds = now > row->started ? (uint64_t)(now - row->started) : 1;
        CLEANUP_FREE char *directory = short_path(row->work_dir ? row->work_dir : "-", l->home);
        CLEANUP_FREE char *ports = ports_of(row), *command = join_words(row->argv, " ");
        if (!directory || !ports || !command)
                return -ENOMEM;
        if (row->pid)
                (void)snprintf(pid, sizeof(pid), "%d", (int)row->pid);
        if (row->exit_code >= 0)
                (void)snprintf(status, sizeof(status), "%d", row->exit_code);
        if (ports[0])
                l->columns[PORTS].name = "PORTS";
        const char *const cells[N_COLUMNS] = {
                [NAME] = row->name,
                [STATE] = row->state,
                [EXIT] = status,
                [PID] = pid,
                [AGE] = format_us(seconds * 1000000, age, sizeof(age)),
                [PROFILE] = row->profiles->n > 0 ? row->profiles->items[row->profiles->n - 1] : "-",
                [DIRECTORY] = directory,
                [PORTS] = ports[0] ? ports : "-",
                [COMMAND] = command,
        };
        int r = 0;
        for (size_t i = 0; r == 0 && i < N_COLUMNS; i++)
                r = table_add(&l->table, cells[i], i == STATE ? row->colour : "");
        return r;
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
        json_add_string(o, "work_dir", row->work_dir ? row->work_dir : "");
        json_add(o, "profiles", json_new_strings(row->profiles));
        json_add(o, "publish", json_new_strings(row->ports));
        json_add(o, "argv", json_new_strings(row->argv));
        return o;
}

static void tell_row(const Row *row, Listing *l)
{
        if (l->array)
                json_append(l->array, row_json(row));
        else if (l->r == 0)
                l->r = add_row(l, row);
}

static void tell_live(const char *name, Listing *l)
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
                .colour = COLOUR_GREEN,
                .pid = live.record.init,
                .started = live.record.started.tv_sec,
                .exit_code = -1,
                .kept = live.record.kept,
                .work_dir = live.record.work_dir,
                .argv = &live.record.payload.argv,
                .profiles = &live.record.profiles,
                .ports = &live.record.ports,
        };
        tell_row(&row, l);
}

static void tell_kept(const char *name, Listing *l)
{
        static const StrList none;
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        Error err = {0};
        if (kept_peek(name, &record, &err) < 0) {
                log_notice("%s", err.text);
                return;
        }
        const Row row = {
                .name = name,
                .state = record.ended ? "kept" : "killed",
                .colour = record.ended ? "" : COLOUR_RED,
                .started = record.started.tv_sec,
                .exit_code = record.ended ? record.exit_code : -1,
                .kept = true,
                .work_dir = record.work_dir,
                .argv = &record.argv,
                .profiles = &record.profiles,
                .ports = &none,
        };
        tell_row(&row, l);
}

static int add_home(const char *name, Listing *l)
{
        CLEANUP(home_clear) Home home = HOME_NONE;
        Error why = {0};
        if (home_open(name, &home, &why) < 0) {
                log_notice("%s", why.text);
                return 0;
        }
        if (!l->array) {
                int r = table_add(&l->table, name, "");
                return r < 0 ? r
                             : table_add(&l->table, home.in_use ? "in use" : "kept",
                                         home.in_use ? COLOUR_GREEN : "");
        }
        struct json_object *o = json_new_object();
        json_add_string(o, "name", name);
        json_add_bool(o, "in_use", home.in_use);
        json_append(l->array, o);
        return 0;
}

static int list_homes(Listing *l, Error *err)
{
        CLEANUP_STRLIST StrList names = {0};
        int r = home_list(&names, err);
        l->table.n_columns = STATE + 1;
        for (size_t i = 0; r == 0 && i < names.n; i++)
                l->r = l->r < 0 ? l->r : add_home(names.items[i], l);
        return r;
}

static int list_sandboxes(bool all, Listing *l, Error *err)
{
        CLEANUP_STRLIST StrList running = {0}, kept = {0};
        /* Records of 0.1.0 are JSON. */
        int r = all ? json_load(err) : 0;
        if (r == 0)
                r = live_list(&running, err);
        if (r == 0 && all)
                r = kept_list(&kept, err);
        if (r < 0)
                return r;
        l->columns[EXIT].name = all ? "EXIT" : NULL;
        for (size_t i = 0; i < running.n; i++)
                tell_live(running.items[i], l);
        for (size_t i = 0; i < kept.n; i++)
                if (!strlist_has(&running, kept.items[i]))
                        tell_kept(kept.items[i], l);
        return 0;
}

static int ps(bool all, bool homes, bool json, ColourWhen when, Error *err)
{
        Listing l = {.columns = {
                             [NAME] = {.name = "NAME"},
                             [STATE] = {.name = "STATE"},
                             [EXIT] = {.to_the_right = true},
                             [PID] = {.name = "PID", .to_the_right = true},
                             [AGE] = {.name = "AGE"},
                             [PROFILE] = {.name = "PROFILE", .fit = TABLE_CUT_START},
                             [DIRECTORY] = {.name = "DIRECTORY", .fit = TABLE_CUT_START},
                             [PORTS] = {.fit = TABLE_CUT_END},
                             [COMMAND] = {.name = "COMMAND", .fit = TABLE_CUT_END},
                     }};
        l.table = (Table){.columns = l.columns, .n_columns = N_COLUMNS};
        (void)host_home(&l.home);
        int r = json ? json_load(err) : 0;
        if (r == 0 && json)
                l.array = json_new_array();
        if (r == 0)
                r = homes ? list_homes(&l, err) : list_sandboxes(all, &l, err);
        if (r == 0 && l.r < 0)
                r = error_no_memory(err);
        if (l.array)
                json_print(stdout, l.array);
        else if (r == 0 && l.table.cells.n > 0)
                table_print(&l.table, true, colour_wanted(STDOUT_FILENO, when));
        table_clear(&l.table);
        free(l.home);
        return r;
}

int cmd_ps(int argc, char **argv)
{
        CLEANUP_STRLIST StrList words = {0};
        Error err = {0};
        bool all = false, homes = false, json = false;
        const char *colour = "auto";
        ColourWhen when = COLOUR_AUTO;
        const CmdOption options[] = {
                {"all", 'a', NULL, "list kept sandboxes as well", .flag = &all},
                {"homes", 0, NULL, "list kept homes (Home=persist:NAME) instead", .flag = &homes},
                {"json", 0, NULL, "print as JSON", .flag = &json},
                {"color", 0, "WHEN", "colours: auto, always or never", .value = &colour},
        };
        const CmdUsage usage = {
                "ps [OPTIONS]", "List running sandboxes.",
                "State: running; kept; killed (a kept sandbox whose kurung was killed during the run). Age: "
                "the time\nsince the start. Profile: the last one. Ports: those of this machine that lead to "
                "the sandbox.",
                options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        if (r == 0 && words.n > 0)
                r = error_set(&err, EINVAL,
                              "ps takes no arguments; \"kurung inspect NAME\" prints details of a sandbox");
        if (r == 0 && colour_parse(colour, &when) < 0)
                r = error_set(&err, EINVAL, "ps: --color=%.60s: must be auto, always or never", colour);
        if (r == 0)
                r = ps(all, homes, json, when, &err);
        return r < 0 ? command_failed(&err, r) : 0;
}
