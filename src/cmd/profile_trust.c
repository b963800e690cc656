/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung profile trust" and "untrust". */
#include "base/colour.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "cmd/ask.h"
#include "cmd/command.h"
#include "cmd/profile_parts.h"
#include "front/trust.h"
#include "plan/host.h"
#include "state/state.h"

#include <sys/file.h>

/* A profile that the user wants to trust, as it was read. */
typedef struct Trusting {
        char *path;
        char hash[SHA256_HEX_ROOM];
        StrList hosts;
} Trusting;

static void trusting_clear(Trusting *t)
{
        free(t->path);
        strlist_clear(&t->hosts);
        *t = (Trusting){0};
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

static void print_grant(const char *text)
{
        char shown[4 * PATH_MAX];
        (void)puts(text_escape(text, shown, sizeof(shown)));
}

/* Prints what trusting a profile means. */
static void print_grants(const char *path, const ProfileContext *ctx, const StrList *grants)
{
        Error why = {0};
        if (grants->n == 0)
                (void)puts("Grants nothing: it restricts only.");
        else
                (void)puts("Grants:");
        for (size_t i = 0; i < grants->n; i++)
                print_grant(grants->items[i]);
        (void)putchar('\n');
        if (profile_describe(path, ctx, colour_wanted(STDOUT_FILENO, COLOUR_AUTO), stdout, &why) < 0)
                log_notice("no sandbox with this profile would start here: %s", why.text);
        (void)fflush(stdout);
}

static int confirm_trust(const char *path, Error *err)
{
        static const char *const answers[] = {"yes", "no", NULL};
        char shown[4 * PATH_MAX];
        Asker asker;
        int answer = 0;
        if (!isatty(STDIN_FILENO) || !ask_open(&asker))
                return 0;
        while (answer == 0) {
                (void)fprintf(stderr, "Trust '%s'? [y]es, [n]o: ", text_escape(path, shown, sizeof(shown)));
                answer = ask_read(&asker, answers);
        }
        ask_close(&asker);
        if (answer == EOF)
                (void)fputc('\n', stderr);
        return answer == 'y' ? 0 : error_set(err, ECANCELED, "'%s' is not trusted", path);
}

/* Reads a profile, and prints what it grants. The hash is compared with the content when the profile is used.
 */
static int examine(const char *name, const ProfileEnv *env, Trusting *ret, Error *err)
{
        CLEANUP(profile_text_clear) ProfileText file = {0};
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP_STRLIST StrList grants = {0};
        CLEANUP_FREE char *path = NULL;
        ProfileContext ctx = env->ctx;
        if (asprintf(&path, "%s%s", strchr(name, '/') ? "" : "./", name) < 0)
                return error_no_memory(err);
        int r = profile_read(path, &ctx, &file, err);
        if (r == 0)
                r = sha256_hex(file.text, file.len, ret->hash, err);
        ctx.unchecked = true;
        ctx.grants = &grants;
        (void)spec_init(&spec);
        if (r == 0)
                r = profile_load(file.path, &ctx, &spec, err);
        if (r == 0)
                r = spec_validate(&spec, err);
        if (r == 0 && file.in_project)
                r = project_hosts(&spec, &ret->hosts, err);
        if (r < 0)
                return r;
        ctx.grants = NULL;
        print_grants(file.path, &ctx, &grants);
        ret->path = file.path;
        file.path = NULL;
        return 0;
}

static int trust_all(const Trusting *all, int n, const ProfileEnv *env, Error *err)
{
        CLEANUP(trust_clear) TrustList list = {0};
        CLEANUP_FD int fd = FD_NONE;
        int r = open_trust(env, &fd, &list, err);
        for (int i = 0; r == 0 && i < n; i++)
                r = trust_set(&list, all[i].path, all[i].hash, &all[i].hosts, err);
        return r < 0 ? r : trust_write(fd, &list, err);
}

int profile_trust(int n, char **names, const ProfileEnv *env, bool dry_run, Error *err)
{
        Trusting *all = calloc((size_t)n + 1, sizeof(*all));
        int r = 0;
        if (!all)
                return error_no_memory(err);
        for (int i = 0; r == 0 && i < n; i++) {
                r = examine(names[i], env, &all[i], err);
                if (r == 0 && !dry_run)
                        r = confirm_trust(all[i].path, err);
        }
        if (r == 0 && !dry_run)
                r = trust_all(all, n, env, err);
        for (int i = 0; i < n; i++)
                trusting_clear(&all[i]);
        free(all);
        return r;
}

/* The file may no longer exist. */
static int untrust_one(const char *name, const ProfileEnv *env, TrustList *list, Error *err)
{
        CLEANUP_FREE char *real = realpath(name, NULL), *path = NULL;
        int r = real ? 0 : path_normalize(name, env->ctx.project, &path);
        return r < 0 ? error_set_errno(err, r, "cannot look up '%s'", name)
                     : trust_set(list, real ? real : path, NULL, NULL, err);
}

int profile_untrust(int n, char **names, const ProfileEnv *env, Error *err)
{
        CLEANUP(trust_clear) TrustList list = {0};
        CLEANUP_FD int fd = FD_NONE;
        int r = open_trust(env, &fd, &list, err);
        for (int i = 0; r == 0 && i < n; i++)
                r = untrust_one(names[i], env, &list, err);
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

int profile_list_trusted(const ProfileEnv *env, bool as_json, Error *err)
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
