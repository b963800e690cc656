/* SPDX-License-Identifier: Apache-2.0 */
/* kurung profile list | show | check. */
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "cmd/command.h"
#include "front/profile.h"

#include <dirent.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#define SUFFIX ".ini"

static const char *get_variable(const char *name)
{
        return getenv(name);
}

typedef struct Place {
        char cwd[PATH_MAX];
        ProfileContext ctx;
} Place;

static void find_place(Place *p)
{
        const char *home = getenv("HOME");
        if (!home || home[0] != '/') {
                struct passwd *pw = getpwuid(getuid());
                home = pw ? pw->pw_dir : NULL;
        }
        p->ctx = (ProfileContext){.home = home, .getenv = get_variable};
        p->ctx.project = getcwd(p->cwd, sizeof(p->cwd)) ? p->cwd : NULL;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the profiles in a directory, sorted; none when it can't be read. */
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
                qsort(ret->items, ret->n, sizeof(*ret->items), compare_names);
}

static void list_one(const char *dir, const char *name, const Place *place, struct json_object *array)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        char text[400];
        (void)spec_init(&spec);
        int r = profile_load(name, &place->ctx, &spec, &err);
        const char *about = r < 0 ? err.text : spec.description ? spec.description : "";
        if (array) {
                struct json_object *o = json_new_object();
                json_add_string(o, "name", name);
                json_add_string(o, "directory", dir);
                json_add_string(o, r < 0 ? "error" : "description", about);
                json_append(array, o);
        } else {
                printf("%-16s  %s%s\n", name, r < 0 ? "error: " : "", text_escape(about, text, sizeof(text)));
        }
}

static int list(const Place *place, bool as_json, Error *err)
{
        CLEANUP_STRLIST StrList dirs = {0}, seen = {0};
        int r = as_json ? json_load(err) : 0;
        if (r < 0)
                return r;
        struct json_object *array = as_json ? json_new_array() : NULL;
        if (profile_directories(&place->ctx, &dirs) < 0)
                return error_no_memory(err);
        for (size_t i = 0; i < dirs.n; i++) {
                CLEANUP_STRLIST StrList names = {0};
                names_in(dirs.items[i], &names);
                for (size_t k = 0; k < names.n; k++) {
                        if (strlist_has(&seen, names.items[k]))
                                continue;
                        list_one(dirs.items[i], names.items[k], place, array);
                        if (strlist_add(&seen, names.items[k]) < 0)
                                return error_no_memory(err);
                }
        }
        if (array)
                json_print(stdout, array);
        return 0;
}

static void show_json(const Spec *spec)
{
        struct json_object *root = json_new_object(), *section = NULL;
        const char *name = "";
        for (size_t i = 0; i < KEY_MAX; i++) {
                CLEANUP_STRLIST StrList values = {0};
                if (key_print(&keys[i], spec, &values) < 0 || values.n == 0)
                        continue;
                if (!str_eq(name, keys[i].section)) {
                        section = json_new_object();
                        json_add(root, name = keys[i].section, section);
                }
                if (keys[i].flags & KEY_REPEATS) {
                        struct json_object *a = json_new_array();
                        for (size_t k = 0; k < values.n; k++)
                                json_append_string(a, values.items[k]);
                        json_add(section, keys[i].name, a);
                } else {
                        json_add_string(section, keys[i].name, values.items[0]);
                }
        }
        json_print(stdout, root);
}

static void show_text(const Spec *spec)
{
        const char *section = "";
        for (size_t i = 0; i < KEY_MAX; i++) {
                CLEANUP_STRLIST StrList values = {0};
                if (key_print(&keys[i], spec, &values) < 0 || values.n == 0)
                        continue;
                if (!str_eq(section, keys[i].section)) {
                        printf("%s[%s]\n", section[0] ? "\n" : "", keys[i].section);
                        section = keys[i].section;
                }
                for (size_t k = 0; k < values.n; k++) {
                        char text[8192];
                        printf("%s=%s\n", keys[i].name, text_escape(values.items[k], text, sizeof(text)));
                }
        }
}

static int load_one(const char *name, const Place *place, Spec *spec, Error *err)
{
        (void)spec_init(spec);
        int r = profile_load(name, &place->ctx, spec, err);
        return r < 0 ? r : spec_validate(spec, err);
}

static int show(const char *name, const Place *place, bool as_json, Error *err)
{
        CLEANUP(spec_clear) Spec spec = {0};
        int r = as_json ? json_load(err) : 0;
        if (r == 0)
                r = load_one(name, place, &spec, err);
        if (r < 0)
                return r;
        if (as_json)
                show_json(&spec);
        else
                show_text(&spec);
        return 0;
}

/* All are looked at, so that one run shows the first error of each. */
static int check(int n, char **names, const Place *place)
{
        int code = 0;
        for (int i = 0; i < n; i++) {
                CLEANUP(spec_clear) Spec spec = {0};
                Error err = {0};
                if (load_one(names[i], place, &spec, &err) < 0) {
                        log_error("%s", err.text);
                        code = err.exit_code;
                }
        }
        return code;
}

static void print_help(void)
{
        printf("Usage: kurung profile list [--json]\n"
               "       kurung profile show [--json] NAME|FILE\n"
               "       kurung profile check NAME|FILE...\n\n"
               "list   the profiles there are\n"
               "show   what one says once merged with those it extends; the output is a profile itself\n"
               "check  look for errors; prints nothing when there are none\n\n"
               "Exit status: 0, or 125 when something is wrong.\n");
}

int cmd_profile(int argc, char **argv)
{
        Place place;
        Error err = {0};
        bool as_json = false;
        int i = 1, r = 0;
        const char *verb = argc > 1 ? argv[i++] : "";
        if (str_eq(verb, "--help") || str_eq(verb, "-h")) {
                print_help();
                return 0;
        }
        for (; i < argc && argv[i][0] == '-'; i++) {
                if (str_eq(argv[i], "--help") || str_eq(argv[i], "-h")) {
                        print_help();
                        return 0;
                }
                if (!str_eq(argv[i], "--json") || str_eq(verb, "check")) {
                        log_error("profile %s: unknown option '%s'; \"kurung profile --help\" shows them",
                                  verb, argv[i]);
                        return EXIT_KURUNG_FAILED;
                }
                as_json = true;
        }
        find_place(&place);
        if (str_eq(verb, "list") && i == argc)
                r = list(&place, as_json, &err);
        else if (str_eq(verb, "show") && i == argc - 1)
                r = show(argv[i], &place, as_json, &err);
        else if (str_eq(verb, "check") && i < argc)
                return check(argc - i, argv + i, &place);
        else
                r = error_set(&err, EINVAL,
                              "profile: one of list, show NAME, check NAME... (\"kurung profile --help\")");
        if (r < 0)
                log_error("%s", err.text);
        return r < 0 ? err.exit_code : 0;
}
