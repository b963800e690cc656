/* SPDX-License-Identifier: Apache-2.0 */
/* Reads npm's registries from npmrc(5): "registry=URL" and "@scope:registry=URL". It does not read tokens. */
#include "plan/sources_internal.h"

#include <sys/wait.h>

/* Replaces ${NAME} as npm does; NULL: a variable is not set. Owned. */
static char *expand(const Finder *f, const char *value)
{
        char *text = NULL;
        size_t room = strlen(value) + 1, len = 0;
        if (!strstr(value, "${"))
                return strdup(value);
        text = malloc(room);
        while (text && *value) {
                const char *end = str_starts(value, "${") ? strchr(value, '}') : NULL;
                if (!end) {
                        text[len++] = *value++;
                        continue;
                }
                CLEANUP_FREE char *name = strndup(value + 2, (size_t)(end - value) - 2);
                const char *set = name && f->ctx->getenv ? f->ctx->getenv(name) : NULL;
                char *grown = set ? realloc(text, room += strlen(set)) : NULL;
                if (!grown) {
                        free(text);
                        return NULL;
                }
                text = grown;
                memcpy(text + len, set, strlen(set));
                len += strlen(set);
                value = end + 1;
        }
        if (text)
                text[len] = '\0';
        return text;
}

static bool is_scope(const char *key)
{
        static const char suffix[] = ":registry";
        size_t len = strlen(key), n = sizeof(suffix) - 1;
        return key[0] == '@' && len > n + 1 && str_eq(key + len - n, suffix);
}

static int read_npmrc(Finder *f, const char *path, bool *ret_registry)
{
        CLEANUP_FREE char *text = source_read(f, path);
        const SourceOrigin origin = {.where = path, .in_project = source_in_project(f, path)};
        char *at = text;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));) {
                char *equals = strchr(line, '=');
                if (line[0] == '#' || line[0] == ';' || !equals)
                        continue;
                *equals = '\0';
                const char *key = source_trim(line);
                bool registry = str_eq(key, "registry");
                if (!registry && !is_scope(key))
                        continue;
                CLEANUP_FREE char *url = expand(f, source_trim(equals + 1));
                if (!url)
                        continue;
                r = source_add_url(f, url, &origin);
                if (r == 0 && registry && !origin.in_project) {
                        r = source_add_env(f, "npm_config_registry", url);
                        *ret_registry = true;
                }
        }
        return r;
}

static int read_in(Finder *f, const char *dir, const char *name, bool *ret_registry)
{
        CLEANUP_FREE char *path = source_path(f, dir, name);
        return path ? read_npmrc(f, path, ret_registry) : -ENOMEM;
}

static int ask_npm(Finder *f, Error *err)
{
        CLEANUP_FREE char *program = source_program(f, "npm"), *answer = NULL;
        int status = 0;
        if (!program)
                return error_set(
                        err, ENOENT,
                        "AllowFrom=npm: no registry is configured, and npm, which knows the default, is not "
                        "installed; set registry=URL in ~/.npmrc, or allow the host with Allow=");
        char *argv[] = {program, (char[]){"config"}, (char[]){"get"}, (char[]){"registry"}, NULL};
        answer = source_remembered(f, program);
        int r = answer ? 0 : source_ask(argv, NULL, false, &status, &answer, NULL);
        if (r < 0 || status != 0 || !strstr(answer, "://"))
                return error_set(err, r < 0 ? -r : EIO,
                                 "AllowFrom=npm: '%s' does not print its registry; set registry=URL in "
                                 "~/.npmrc, or allow the host with Allow=",
                                 program);
        source_remember(f, program, answer);
        const SourceOrigin origin = {.where = "npm config get registry"};
        return source_add_url(f, source_trim(answer), &origin);
}

int source_npm(Finder *f, Error *err)
{
        const SourcesContext *c = f->ctx;
        static const char *const variables[] = {"npm_config_registry", "NPM_CONFIG_REGISTRY"};
        bool registry = false;
        int r = 0;
        for (size_t i = 0; r == 0 && c->getenv && i < ARRAY_LEN(variables); i++) {
                const SourceOrigin origin = {.where = variables[i]};
                const char *url = c->getenv(variables[i]);
                if (str_empty(url))
                        continue;
                registry = true;
                r = source_add_url(f, url, &origin);
                if (r == 0)
                        r = source_add_env(f, "npm_config_registry", url);
        }
        const char *user = c->getenv ? c->getenv("NPM_CONFIG_USERCONFIG") : NULL;
        if (!user && c->getenv)
                user = c->getenv("npm_config_userconfig");
        if (r == 0 && user && user[0] == '/')
                r = read_npmrc(f, user, &registry);
        else if (r == 0 && c->home)
                r = read_in(f, c->home, ".npmrc", &registry);
        if (r == 0)
                r = read_in(f, NULL, "etc/npmrc", &registry);
        if (r == 0)
                r = read_in(f, NULL, "usr/etc/npmrc", &registry);
        if (r == 0)
                r = read_in(f, NULL, "usr/local/etc/npmrc", &registry);
        if (r == 0 && c->cwd)
                r = read_in(f, c->cwd, ".npmrc", &registry);
        return r == 0 && !registry ? ask_npm(f, err) : r;
}
