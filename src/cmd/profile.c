/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung profile" with list, show, check, trust and untrust. */
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "cmd/command.h"
#include "cmd/pager.h"
#include "cmd/profile.h"
#include "front/builtin.h"
#include "front/profile.h"
#include "front/trust.h"
#include "plan/host.h"
#include "state/state.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define SUFFIX ".ini"

typedef struct ProfileEnv {
        char cwd[PATH_MAX];
        char *home, *state;
        ProfileContext ctx;
} ProfileEnv;

static void profile_env_clear(ProfileEnv *p)
{
        free(p->home);
        free(p->state);
}

static int profile_env_init(ProfileEnv *p)
{
        int r = host_home(&p->home);
        if (r < 0)
                return r;
        p->state = host_state_home(p->home);
        p->ctx = (ProfileContext){.home = p->home, .getenv = command_variable, .state = p->state};
        p->ctx.project = getcwd(p->cwd, sizeof(p->cwd)) ? p->cwd : NULL;
        return 0;
}

static int compare_names(const void *a, const void *b)
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
                qsort(ret->items, ret->n, sizeof(*ret->items), compare_names);
}

/* @dir: NULL: a built-in profile. */
static void list_one(const char *dir, const char *name, const ProfileEnv *env, struct json_object *array)
{
        const char *where = !dir ? "built in" : str_starts(dir, "/etc/") ? "system" : "user";
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        char text[400];
        (void)spec_init(&spec);
        int r = profile_load(name, &env->ctx, &spec, &err);
        const char *about = r < 0 ? err.text : spec.description ? spec.description : "";
        if (array) {
                struct json_object *o = json_new_object();
                json_add_string(o, "name", name);
                json_add_string(o, "directory", dir);
                json_add_bool(o, "built_in", !dir);
                json_add_string(o, r < 0 ? "error" : "description", about);
                json_append(array, o);
        } else {
                printf("%-16s  %-8s  %s%s\n", name, where, r < 0 ? "error: " : "",
                       text_escape(about, text, sizeof(text)));
        }
}

/* The first profile with a name wins. */
static int list_all(const char *dir, const StrList *names, StrList *seen, const ProfileEnv *env,
                    struct json_object *array, Error *err)
{
        for (size_t i = 0; i < names->n; i++) {
                if (strlist_has(seen, names->items[i]))
                        continue;
                list_one(dir, names->items[i], env, array);
                if (strlist_add(seen, names->items[i]) < 0)
                        return error_no_memory(err);
        }
        return 0;
}

static int list(const ProfileEnv *env, bool as_json, Error *err)
{
        CLEANUP_STRLIST StrList dirs = {0}, seen = {0}, builtin = {0};
        int r = as_json ? json_load(err) : 0;
        if (r < 0)
                return r;
        struct json_object *array = as_json ? json_new_array() : NULL;
        if (profile_directories(&env->ctx, &dirs) < 0)
                return error_no_memory(err);
        for (size_t i = 0; r == 0 && i < dirs.n; i++) {
                CLEANUP_STRLIST StrList names = {0};
                names_in(dirs.items[i], &names);
                r = list_all(dirs.items[i], &names, &seen, env, array, err);
        }
        for (size_t i = 0; r == 0 && i < builtin_profiles_n; i++)
                if (strlist_add(&builtin, builtin_profiles[i].name) < 0)
                        r = error_no_memory(err);
        if (r == 0)
                r = list_all(NULL, &builtin, &seen, env, array, err);
        if (array)
                json_print(stdout, array);
        return r;
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
                if (key_has(&keys[i], KEY_REPEATS)) {
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

static int load_one(const char *name, const ProfileEnv *env, Spec *spec, Error *err)
{
        (void)spec_init(spec);
        int r = profile_load(name, &env->ctx, spec, err);
        return r < 0 ? r : spec_validate(spec, err);
}

static int show(const char *name, const ProfileEnv *env, bool as_json, Error *err)
{
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP_STRLIST StrList sources = {0};
        ProfileEnv with_sources = *env;
        with_sources.ctx.sources = &sources;
        int r = as_json ? json_load(err) : 0;
        if (r == 0)
                r = load_one(name, &with_sources, &spec, err);
        if (r < 0)
                return r;
        if (as_json) {
                show_json(&spec);
                return 0;
        }
        /* The files that were merged, in the order of reading. */
        for (size_t i = 0; i < sources.n; i++) {
                char text[8192];
                printf("; %s\n", text_escape(sources.items[i], text, sizeof(text)));
        }
        show_text(&spec);
        return 0;
}

/* Checks all of them, so that one run shows the first error of each. */
static int check(int n, char **names, const ProfileEnv *env)
{
        int code = 0;
        for (int i = 0; i < n; i++) {
                CLEANUP(spec_clear) Spec spec = {0};
                Error err = {0};
                int r = load_one(names[i], env, &spec, &err);
                if (r < 0)
                        code = command_failed(&err, r);
        }
        return code;
}

/* Opens and locks the list of trusted profiles for a change. */
static int open_trust(const ProfileEnv *env, int *ret_fd, TrustList *ret, Error *err)
{
        Project project;
        CLEANUP_FD int fd = FD_NONE;
        if (!env->state)
                return error_set(
                        err, ENOENT,
                        "no directory for the list of trusted profiles (set HOME or XDG_STATE_HOME)");
        int r = run_dir_open_state(env->state, "XDG_STATE_HOME", &fd, err);
        if (r < 0)
                return r;
        if (flock(fd, LOCK_EX) < 0)
                return error_set_errno(err, errno, "cannot lock '%s'", env->state);
        project_find(env->ctx.project, env->ctx.home, &project);
        r = trust_read(env->state, project.holds_home ? NULL : &project, ret, err);
        if (r == 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

/* Collects the hosts that the project's own configuration names for the tools of AllowFrom=, as "TOOL RULE".
 */
static int project_hosts(const Spec *spec, StrList *ret, Error *err)
{
        CLEANUP(host_clear) Host host = {0};
        if (spec->net_allow_from.n == 0)
                return 0;
        int r = host_probe(&host, err);
        if (r == 0 && (r = host_probe_project(&host)) < 0)
                return error_set_errno(err, r, "cannot look up the project");
        if (r == 0)
                r = host_probe_sources(&host, &spec->net_allow_from, command_variable, err);
        for (size_t i = 0; r == 0 && i < host.sources.n; i++) {
                const HostSource *s = &host.sources.items[i];
                if (!s->in_project || s->vouches)
                        continue;
                if (strlist_add_printf(ret, "%s %s", s->tool, s->rule) < 0)
                        return error_no_memory(err);
                log_notice("this also trusts a host that '%s' names: AllowFrom=%s allows %s", s->where,
                           s->tool, s->rule);
        }
        return r;
}

/* The hash is compared with the content when the profile is used. */
static int trust_one(const char *name, const ProfileEnv *env, TrustList *list, Error *err)
{
        CLEANUP(profile_text_clear) ProfileText file = {0};
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP_STRLIST StrList hosts = {0};
        CLEANUP_FREE char *path = NULL;
        char hash[SHA256_HEX_ROOM];
        ProfileContext ctx = env->ctx;
        if (asprintf(&path, "%s%s", strchr(name, '/') ? "" : "./", name) < 0)
                return error_no_memory(err);
        int r = profile_read(path, &ctx, &file, err);
        if (r == 0)
                r = sha256_hex(file.text, file.len, hash, err);
        ctx.unchecked = true;
        (void)spec_init(&spec);
        if (r == 0)
                r = profile_load(file.path, &ctx, &spec, err);
        if (r == 0)
                r = spec_validate(&spec, err);
        if (r == 0 && file.in_project)
                r = project_hosts(&spec, &hosts, err);
        return r < 0 ? r : trust_set(list, file.path, hash, &hosts, err);
}

/* The file may no longer exist. */
static int untrust_one(const char *name, const ProfileEnv *env, TrustList *list, Error *err)
{
        CLEANUP_FREE char *real = realpath(name, NULL), *path = NULL;
        int r = real ? 0 : path_normalize(name, env->ctx.project, &path);
        return r < 0 ? error_set_errno(err, r, "cannot look up '%s'", name)
                     : trust_set(list, real ? real : path, NULL, NULL, err);
}

static int change_trust(int n, char **names, const ProfileEnv *env, bool trusted, Error *err)
{
        CLEANUP(trust_clear) TrustList list = {0};
        CLEANUP_FD int fd = FD_NONE;
        int r = open_trust(env, &fd, &list, err);
        for (int i = 0; r == 0 && i < n; i++)
                r = trusted ? trust_one(names[i], env, &list, err) : untrust_one(names[i], env, &list, err);
        return r < 0 ? r : trust_write(fd, &list, err);
}

static const char *trust_word(const TrustList *list, const char *path, const ProfileEnv *env)
{
        CLEANUP(profile_text_clear) ProfileText file = {0};
        Error err = {0};
        TrustState state = TRUST_NONE;
        if (profile_read(path, &env->ctx, &file, &err) < 0 || !str_eq(file.path, path))
                return "gone";
        if (trust_check(list, path, file.text, file.len, &state, NULL, &err) < 0)
                return "unknown";
        return state == TRUST_GIVEN ? "trusted" : "changed";
}

static int list_trusted(const ProfileEnv *env, bool as_json, Error *err)
{
        CLEANUP(trust_clear) TrustList list = {0};
        int r = as_json ? json_load(err) : 0;
        if (r == 0)
                r = trust_read(env->state, NULL, &list, err);
        if (r < 0)
                return r;
        struct json_object *array = as_json ? json_new_array() : NULL;
        for (size_t i = 0; i < list.n; i++) {
                char text[8192];
                const TrustEntry *e = &list.items[i];
                const char *word = trust_word(&list, e->path, env);
                if (!array) {
                        printf("%-8s  %s\n", word, text_escape(e->path, text, sizeof(text)));
                        continue;
                }
                struct json_object *o = json_new_object();
                json_add_string(o, "file", e->path);
                json_add_string(o, "state", word);
                json_add(o, "hosts", json_new_strings(&e->hosts));
                json_append(array, o);
        }
        if (array)
                json_print(stdout, array);
        return 0;
}

const ProfileVerb profile_verbs[] = {
        {"list", "[--json]", "list the available profiles: of the user, of the system, built in", true, NULL},
        {"show", "[--json] NAME|FILE", "print a profile merged with those that it extends, as a profile",
         true, "@profile|@file"},
        {"check", "NAME|FILE...", "check profiles for errors; print nothing if there are none", false,
         "@profile|@file..."},
        {"trust", "[--json] [FILE...]",
         "let profiles of a project grant rights, as long as their content does not change;\n"
         "         without FILE, list the profiles that are trusted, changed since, or gone",
         true, "@file..."},
        {"untrust", "FILE...", "revoke the trust", false, "@file..."},
};
const size_t profile_verbs_n = ARRAY_LEN(profile_verbs);

static void print_help(void)
{
        pager_start();
        for (size_t i = 0; i < profile_verbs_n; i++)
                printf("%s kurung profile %s %s\n", i == 0 ? "Usage:" : "      ", profile_verbs[i].name,
                       profile_verbs[i].arguments);
        printf("\n");
        for (size_t i = 0; i < profile_verbs_n; i++)
                printf("%-7s  %s\n", profile_verbs[i].name, profile_verbs[i].help);
        printf("\nExit status: 0, or 125 on errors.\n");
        pager_end();
}

static bool takes_json(const char *verb)
{
        for (size_t i = 0; i < profile_verbs_n; i++)
                if (str_eq(profile_verbs[i].name, verb))
                        return profile_verbs[i].takes_json;
        return true;
}

int cmd_profile(int argc, char **argv)
{
        CLEANUP(profile_env_clear) ProfileEnv env = {0};
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
                if (!str_eq(argv[i], "--json") || !takes_json(verb)) {
                        log_error("profile %s: unknown option '%s'; see \"kurung profile --help\"", verb,
                                  argv[i]);
                        return EXIT_KURUNG_FAILED;
                }
                as_json = true;
        }
        if (profile_env_init(&env) < 0)
                r = error_no_memory(&err);
        else if (str_eq(verb, "list") && i == argc)
                r = list(&env, as_json, &err);
        else if (str_eq(verb, "show") && i == argc - 1)
                r = show(argv[i], &env, as_json, &err);
        else if (str_eq(verb, "check") && i < argc)
                return check(argc - i, argv + i, &env);
        else if (str_eq(verb, "trust") && i == argc)
                r = list_trusted(&env, as_json, &err);
        else if ((str_eq(verb, "trust") || str_eq(verb, "untrust")) && i < argc && !as_json)
                r = change_trust(argc - i, argv + i, &env, str_eq(verb, "trust"), &err);
        else
                r = error_set(&err, EINVAL,
                              "profile: expected list, show NAME, check NAME..., trust FILE... or untrust "
                              "FILE...; see \"kurung profile --help\"");
        return r < 0 ? command_failed(&err, r) : 0;
}
