/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung profile" with show and check, and calls the other verbs. */
#include "base/json.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/examples.h"
#include "cmd/pager.h"
#include "cmd/planning.h"
#include "cmd/profile.h"
#include "cmd/profile_parts.h"
#include "plan/host.h"
#include "plan/plan_words.h"

#include <unistd.h>

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

int profile_describe(const char *name, const ProfileContext *ctx, bool colour, FILE *out, Error *err)
{
        CLEANUP(host_clear) Host host = {0};
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP(plan_clear) Plan plan = {0};
        int r = host_probe_user(&host, err);
        if (r == 0 && spec_init(&spec) < 0)
                r = error_no_memory(err);
        if (r == 0)
                r = profile_load(name, ctx, &spec, err);
        if (r == 0 && spec.command && strlist_add(&spec.argv, spec.command) < 0)
                r = error_no_memory(err);
        if (r == 0)
                r = planning_make(&spec, &host, NULL, &plan, err);
        if (r == 0)
                plan_print_words(&plan, colour, out);
        return r;
}

/* Prints what a command could do with the profile, as comments. */
static void show_words(const char *name, const ProfileEnv *env)
{
        CLEANUP_FREE char *text = NULL;
        char *save = NULL, shown[4 * sizeof(((Error *)0)->text) + 5];
        size_t len;
        Error why = {0};
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return;
        int r = profile_describe(name, &env->ctx, false, out, &why);
        if (fclose(out) != 0)
                return;
        (void)puts(";");
        if (r < 0)
                printf("; No sandbox with this profile would start here: %s\n",
                       text_escape(why.text, shown, sizeof(shown)));
        for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
                printf("; %s\n", l);
        (void)puts(";");
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
        show_words(name, env);
        show_text(&spec);
        return 0;
}

/* Checks all of them, so that one run shows the first error of each. */
static int check_profiles(int n, char **names, const ProfileEnv *env)
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

const ProfileVerb profile_verbs[] = {
        {"list", "[--json]",
         "list the available profiles: of the user, of the system, built in; after a plus sign,\n"
         "         the files that add to them",
         .takes_json = true},
        {"show", "[--json] NAME|FILE",
         "print a profile merged with those that it extends, as a profile, with comments about\n"
         "         its files and what a command could do with it here",
         .takes_json = true, .words = "@profile|@file"},
        {"check", "NAME|FILE...", "check profiles for errors; print nothing if there are none",
         .words = "@profile|@file..."},
        {"trust", "[--dry-run] FILE...|[--json]",
         "print what profiles of a project grant, ask on a terminal, and let them grant it as long as\n"
         "         their content does not change; --dry-run only prints; without FILE, list the profiles\n"
         "         that are trusted, changed since, or gone",
         .takes_json = true, .takes_dry_run = true, .words = "@file..."},
        {"untrust", "FILE...", "revoke the trust", .words = "@file..."},
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
        examples_print("profile");
        pager_end();
}

static const ProfileVerb *find_verb(const char *name)
{
        for (size_t i = 0; i < profile_verbs_n; i++)
                if (str_eq(profile_verbs[i].name, name))
                        return &profile_verbs[i];
        return NULL;
}

int cmd_profile(int argc, char **argv)
{
        CLEANUP(profile_env_clear) ProfileEnv env = {0};
        Error err = {0};
        bool as_json = false, dry_run = false;
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
                bool dry = str_eq(argv[i], "--dry-run") || str_eq(argv[i], "-n");
                bool json = str_eq(argv[i], "--json");
                const ProfileVerb *v = find_verb(verb);
                if (!(dry && v && v->takes_dry_run) && !(json && (!v || v->takes_json))) {
                        log_error("profile %s: unknown option '%s'; see \"kurung profile --help\"", verb,
                                  argv[i]);
                        return EXIT_KURUNG_FAILED;
                }
                dry_run = dry_run || dry;
                as_json = as_json || json;
        }
        if (profile_env_init(&env) < 0)
                r = error_no_memory(&err);
        else if (str_eq(verb, "list") && i == argc)
                r = profile_list(&env, as_json, &err);
        else if (str_eq(verb, "show") && i == argc - 1)
                r = show(argv[i], &env, as_json, &err);
        else if (str_eq(verb, "check") && i < argc)
                return check_profiles(argc - i, argv + i, &env);
        else if (str_eq(verb, "trust") && i == argc && !dry_run)
                r = profile_list_trusted(&env, as_json, &err);
        else if (str_eq(verb, "trust") && i < argc && !as_json)
                r = profile_trust(argc - i, argv + i, &env, dry_run, &err);
        else if (str_eq(verb, "untrust") && i < argc)
                r = profile_untrust(argc - i, argv + i, &env, &err);
        else
                r = error_set(&err, EINVAL,
                              "profile: expected list, show NAME, check NAME..., trust FILE... or untrust "
                              "FILE...; see \"kurung profile --help\"");
        return r < 0 ? command_failed(&err, r) : 0;
}
