/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung profile list". */
#include "base/json.h"
#include "base/path.h"
#include "cmd/profile_parts.h"
#include "cmd/table.h"
#include "front/builtin.h"

#include <dirent.h>
#include <stdarg.h>

#define SUFFIX ".ini"

/* The profiles that were listed so far. */
typedef struct Profiles {
        const ProfileEnv *env;
        StrList seen;
        struct json_object *array; /* NULL: to the table */
        Table table;
} Profiles;

static int compare_profiles(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lists the names of the profiles in a directory, sorted; none if it cannot be read. */
static void names_in(const char *dir, StrList *ret)
{
        DIR *d = opendir(dir);
        if (!d)
                return;
        for (struct dirent *e; (e = readdir(d));) {
                size_t n = strlen(e->d_name), s = strlen(SUFFIX);
                if (n <= s || !str_eq(e->d_name + n - s, SUFFIX))
                        continue;
                e->d_name[n - s] = '\0';
                if (profile_name_is_valid(e->d_name))
                        (void)strlist_add(ret, e->d_name);
        }
        (void)closedir(d);
        if (ret->n > 0)
                qsort(ret->items, ret->n, sizeof(*ret->items), compare_profiles);
}

static void add_json(Profiles *p, const char *dir, const char *name, const char *error, const char *about,
                     const StrList *files)
{
        struct json_object *o = json_new_object();
        json_add_string(o, "name", name);
        json_add_string(o, "directory", dir);
        json_add_bool(o, "built_in", !dir);
        json_add_string(o, error ? "error" : "description", about);
        json_add(o, "files", json_new_strings(files));
        json_append(p->array, o);
}

static int add_line(Profiles *p, const char *name, const char *where, const char *fmt, ...) PRINTF_LIKE(4, 5);
static int add_line(Profiles *p, const char *name, const char *where, const char *fmt, ...)
{
        CLEANUP_FREE char *text = NULL;
        va_list ap;
        va_start(ap, fmt);
        if (vasprintf(&text, fmt, ap) < 0)
                text = NULL;
        va_end(ap);
        if (!text || table_add(&p->table, name, "") < 0 || table_add(&p->table, where, "") < 0)
                return -ENOMEM;
        return table_add(&p->table, text, "");
}

/* @dir: NULL: a built-in profile. */
static int list_one(Profiles *p, const char *dir, const char *name)
{
        const char *where = !dir ? "built in" : str_starts(dir, "/etc/") ? "system" : "user";
        const char *home = p->env->home && strlen(p->env->home) > 1 ? p->env->home : NULL;
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP_STRLIST StrList sources = {0}, files = {0};
        ProfileContext ctx = p->env->ctx;
        Error err = {0};
        ctx.sources = &sources;
        (void)spec_init(&spec);
        int r = profile_load(name, &ctx, &spec, &err);
        const char *error = r < 0 ? err.text : NULL;
        const char *about = error ? error : spec.description ? spec.description : "";
        for (size_t i = 0; i < sources.n; i++)
                if (sources.items[i][0] == '/' && strlist_add(&files, sources.items[i]) < 0)
                        return -ENOMEM;
        if (p->array) {
                add_json(p, dir, name, error, about, &files);
                return 0;
        }
        r = add_line(p, name, where, "%s%s", error ? "error: " : "", about);
        for (size_t i = 0; r == 0 && i < files.n; i++) {
                bool below = home && path_is_below(files.items[i], home);
                r = add_line(p, "", "", "+ %s%s", below ? "~" : "",
                             files.items[i] + (below ? strlen(home) : 0));
        }
        return r;
}

/* The first profile with a name wins. */
static int list_all(Profiles *p, const char *dir, const StrList *names)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < names->n; i++) {
                if (strlist_has(&p->seen, names->items[i]))
                        continue;
                r = list_one(p, dir, names->items[i]);
                if (r == 0)
                        r = strlist_add(&p->seen, names->items[i]);
        }
        return r;
}

static int list_everything(Profiles *p)
{
        CLEANUP_STRLIST StrList dirs = {0}, builtin = {0};
        int r = profile_directories(&p->env->ctx, &dirs);
        for (size_t i = 0; r == 0 && i < dirs.n; i++) {
                CLEANUP_STRLIST StrList names = {0};
                names_in(dirs.items[i], &names);
                r = list_all(p, dirs.items[i], &names);
        }
        for (size_t i = 0; r == 0 && i < builtin_profiles_n; i++)
                r = strlist_add(&builtin, builtin_profiles[i].name);
        return r < 0 ? r : list_all(p, NULL, &builtin);
}

int profile_list(const ProfileEnv *env, bool as_json, Error *err)
{
        static const TableColumn columns[] = {
                {.name = "NAME"}, {.name = "FROM"}, {.name = "DESCRIPTION", .fit = TABLE_CUT_END}};
        Profiles p = {.env = env, .table = {.columns = columns, .n_columns = ARRAY_LEN(columns)}};
        int r = as_json ? json_load(err) : 0;
        if (r < 0)
                return r;
        p.array = as_json ? json_new_array() : NULL;
        r = list_everything(&p);
        if (p.array)
                json_print(stdout, p.array);
        else if (r == 0)
                table_print(&p.table, false, false);
        table_clear(&p.table);
        strlist_clear(&p.seen);
        return r < 0 ? error_no_memory(err) : 0;
}
