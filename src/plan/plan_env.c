/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the payload's environment from a short list, never from the caller's environment. */
#include "base/path.h"
#include "plan/plan_internal.h"

#include <stdio.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool name_passes(const StrList *patterns, const char *entry)
{
        size_t len = strcspn(entry, "=");
        for (size_t i = 0; i < patterns->n; i++) {
                const char *p = patterns->items[i];
                size_t n = strlen(p);
                bool prefix = n > 0 && p[n - 1] == '*';
                if (prefix ? len >= n - 1 && strncmp(entry, p, n - 1) == 0
                           : len == n && strncmp(entry, p, n) == 0)
                        return true;
        }
        return false;
}

/* The environment in the making. A variable keeps its place when it is set again. */
typedef struct EnvMaker {
        StrList *env;
        StrList names; /* of the entries, in the same order */
} EnvMaker;

static void maker_clear(EnvMaker *m)
{
        strlist_clear(&m->names);
}

static int set(EnvMaker *m, const char *name, const char *value)
{
        char *entry = NULL;
        size_t at = strlist_find(&m->names, name);
        if (at == SIZE_MAX) {
                int r = strlist_add(&m->names, name);
                return r < 0 ? r : strlist_add_printf(m->env, "%s=%s", name, value);
        }
        if (asprintf(&entry, "%s=%s", name, value) < 0)
                return -ENOMEM;
        free(m->env->items[at]);
        m->env->items[at] = entry;
        return 0;
}

static int set_pair(EnvMaker *m, const char *pair)
{
        size_t len = strcspn(pair, "=");
        CLEANUP_FREE char *name = strndup(pair, len);
        if (!name)
                return -ENOMEM;
        return set(m, name, pair[len] ? pair + len + 1 : "");
}

bool plan_shows(const Plan *plan, const char *path)
{
        const PlanOp *last = NULL;
        CLEANUP_FREE char *there = NULL;
        for (size_t i = 0; i < plan->root.n_ops; i++)
                if (fs_op_is(&plan->root.ops[i], OP_COVERS) && path_is_below(path, plan->root.ops[i].dest))
                        last = &plan->root.ops[i];
        if (!last || last->kind != OP_ALIAS)
                return last && fs_op_is(last, OP_SHOWS_HOST) && last->in_place;
        /* An alias shows what is at its source. */
        const char *rest = path + strlen(last->dest);
        there = rest[0] ? path_join(last->source, rest + 1) : strdup(last->source);
        return there && !path_is_below(there, last->dest) && plan_shows(plan, there);
}

static bool list_has(const char *list, const char *item)
{
        size_t len = strlen(item);
        for (const char *at = list; *at; at += strspn(at, ":")) {
                size_t n = strcspn(at, ":");
                if (n == len && strncmp(at, item, n) == 0)
                        return true;
                at += n;
        }
        return false;
}

/* Appends the directories of @list that are visible inside at the same path, or are in the default, to @path,
 * but each once. */
static int add_visible(const Plan *plan, const char *list, char *path)
{
        for (;;) {
                CLEANUP_FREE char *dir = NULL;
                int r = path_list_next(&list, &dir);
                if (r <= 0)
                        return r;
                if (list_has(path, dir) || (!list_has(DEFAULT_PATH, dir) && !plan_shows(plan, dir)))
                        continue;
                char *end = path + strlen(path);
                (void)stpcpy(stpcpy(end, path[0] ? ":" : ""), dir);
        }
}

static bool has_programs(const Plan *plan)
{
        for (size_t i = 0; i < plan->root.n_ops; i++)
                if (str_eq(plan->root.ops[i].dest, PLAN_SUDO))
                        return true;
        return false;
}

/* kurung's own directory comes first, and then the caller's in the caller's order. */
static int set_path(const Plan *plan, const char *callers, EnvMaker *env)
{
        CLEANUP_FREE char *path =
                calloc(1, strlen(callers) + sizeof(DEFAULT_PATH) + sizeof(PLAN_PROGRAMS) + 3);
        if (path && has_programs(plan))
                (void)stpcpy(path, PLAN_PROGRAMS);
        int r = path ? add_visible(plan, callers, path) : -ENOMEM;
        if (r == 0)
                r = add_visible(plan, DEFAULT_PATH, path);
        return r < 0 ? r : set(env, "PATH", path);
}

static const char *value_of(const char *const *environ_list, const char *name)
{
        size_t len = strlen(name);
        for (size_t i = 0; environ_list && environ_list[i]; i++)
                if (strncmp(environ_list[i], name, len) == 0 && environ_list[i][len] == '=')
                        return environ_list[i] + len + 1;
        return NULL;
}

int plan_make_env(Plan *plan, const Spec *spec, const Host *host, const char *const *environ_list, Error *err)
{
        CLEANUP(maker_clear) EnvMaker maker = {.env = &plan->payload.env};
        EnvMaker *env = &maker;
        bool root = plan->identity.uid == 0;
        const char *user = root ? "root" : host->user ? host->user : "user";
        int r = 0;
        for (size_t i = 0; r == 0 && spec->execution.as_given && i < spec->env_set.n; i++)
                r = set_pair(env, spec->env_set.items[i]);
        if (r < 0 || spec->execution.as_given)
                return r < 0 ? error_no_memory(err) : 0;
        const char *path = value_of(environ_list, "PATH");
        r = set_path(plan, path && spec->root == ROOT_HOST ? path : "", env);
        if (r == 0)
                r = set(env, "HOME", host->home ? host->home : "/");
        if (r == 0)
                r = set(env, "USER", user);
        if (r == 0)
                r = set(env, "LOGNAME", user);
        if (r == 0)
                r = set(env, "SHELL", host->shell && spec->root != ROOT_IMAGE ? host->shell : "/bin/sh");
        if (r == 0)
                r = set(env, "PWD", plan->payload.cwd);
        /* The only variable that tells programs where they run; podman and systemd-nspawn set it, too. */
        if (r == 0)
                r = set(env, "container", "kurung");
        /* The working directory is a mount of its own in its project, at which git would stop. */
        if (r == 0 && plan->payload.below_project)
                r = set(env, "GIT_DISCOVERY_ACROSS_FILESYSTEM", "1");
        /* The user's own configuration is not visible inside, so variables name the hosts that AllowFrom=
         * allows. */
        for (size_t i = 0; r == 0 && spec->network == NETWORK_SLIRP && i < host->sources.env.n; i++)
                r = set_pair(env, host->sources.env.items[i]);
        if (r == 0 && spec->network == NETWORK_SLIRP && host->sources.git_config)
                r = set(env, "GIT_CONFIG_SYSTEM", PLAN_GIT_CONFIG);
        for (size_t i = 0; r == 0 && i < host->image.env.n; i++)
                r = set_pair(env, host->image.env.items[i]);
        for (size_t i = 0; r == 0 && environ_list && environ_list[i]; i++)
                if (strchr(environ_list[i], '=') && name_passes(&spec->env_pass, environ_list[i]))
                        r = set_pair(env, environ_list[i]);
        for (size_t i = 0; r == 0 && i < spec->env_set.n; i++)
                r = set_pair(env, spec->env_set.items[i]);
        return r < 0 ? error_no_memory(err) : 0;
}
