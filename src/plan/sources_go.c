/* SPDX-License-Identifier: Apache-2.0 */
/* Reads go's module proxies and checksum database (https://go.dev/ref/mod, "Environment variables"), from the
 * environment and the file that "go env -w" writes. */
#include "plan/sources_internal.h"

#include <stdio.h>
#include <sys/wait.h>

#define PROXY "GOPROXY"
#define DATABASE "GOSUMDB"

/* The first value of a variable counts: the environment's, then the file's, then go's own. */
typedef struct Go {
        Finder *f;
        bool has_proxy, has_database;
} Go;

/* Passes a value on, except for one with a password. */
static int configure(Finder *f, const char *name, const char *value)
{
        return strchr(value, '@') ? source_add_env(f, name, value)
                                  : strlist_add_printf(&f->out->env, "%s=%s", name, value);
}

/* "URL,URL|direct": the hosts that "direct" means are those of the modules, which only the project names. */
static int take_proxy(Go *g, const char *value, const SourceOrigin *origin, bool configures)
{
        CLEANUP_FREE char *copy = strdup(value);
        char *save = NULL;
        int r = copy ? 0 : -ENOMEM;
        g->has_proxy = true;
        for (char *w = r == 0 ? strtok_r(copy, ",| \t", &save) : NULL; r == 0 && w;
             w = strtok_r(NULL, ",| \t", &save))
                r = source_add_url(g->f, w, origin);
        return r == 0 && configures ? configure(g->f, PROXY, value) : r;
}

/* "off", "HOST", "HOST+KEY" or "HOST+KEY URL". */
static int take_database(Go *g, const char *value, const SourceOrigin *origin, bool configures)
{
        CLEANUP_FREE char *host = strndup(value, strcspn(value, "+ \t"));
        const char *url = strchr(value, ' ');
        int r = host ? 0 : -ENOMEM;
        g->has_database = true;
        if (r == 0 && url)
                r = source_add_url(g->f, url + strspn(url, " \t"), origin);
        else if (r == 0 && !str_eq(host, "off") && host[0] != '\0')
                r = source_add_host(g->f, host, 443, origin);
        return r == 0 && configures ? configure(g->f, DATABASE, value) : r;
}

static int take_variable(Go *g, const char *name, const char *value, const SourceOrigin *origin,
                         bool configures)
{
        if (str_empty(value))
                return 0;
        if (str_eq(name, PROXY) && !g->has_proxy)
                return take_proxy(g, value, origin, configures);
        if (str_eq(name, DATABASE) && !g->has_database)
                return take_database(g, value, origin, configures);
        return 0;
}

static int read_file(Go *g, const char *path)
{
        CLEANUP_FREE char *text = source_read(g->f, path);
        const SourceOrigin origin = {.where = path, .in_project = source_in_project(g->f, path)};
        char *at = text;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));) {
                char *equals = strchr(line, '=');
                if (line[0] == '#' || !equals)
                        continue;
                *equals = '\0';
                r = take_variable(g, line, equals + 1, &origin, !origin.in_project);
        }
        return r;
}

static char *config_file(const SourcesContext *c)
{
        const char *file = c->getenv ? c->getenv("GOENV") : NULL;
        const char *xdg = c->getenv ? c->getenv("XDG_CONFIG_HOME") : NULL;
        char *path = NULL;
        if (file && file[0] == '/')
                return strdup(file);
        if (asprintf(&path, "%s%s",
                     xdg && xdg[0] == '/' ? xdg
                     : c->home            ? c->home
                                          : "",
                     xdg && xdg[0] == '/' ? "/go/env" : "/.config/go/env") < 0)
                return NULL;
        return path;
}

static int ask_go(Go *g, Error *err)
{
        static const char *const extra[] = {"GOENV=off", "GOTOOLCHAIN=local", "GOTELEMETRY=off", NULL};
        CLEANUP_FREE char *program = source_program(g->f, "go"), *answer = NULL;
        const SourceOrigin origin = {.where = "go env"};
        int status = 0;
        if (!program)
                return error_set(
                        err, ENOENT,
                        "AllowFrom=go: no proxy is configured, and go, which knows the default, is not "
                        "installed; set GOPROXY=URL, or allow the host with Allow=");
        char *argv[] = {program, (char[]){"env"}, (char[]){PROXY}, (char[]){DATABASE}, NULL};
        answer = source_remembered(g->f, program);
        int r = answer ? 0 : source_ask(argv, extra, false, &status, &answer, NULL);
        if (r < 0 || status != 0 || !strstr(answer, "://"))
                return error_set(
                        err, r < 0 ? -r : EIO,
                        "AllowFrom=go: '%s' does not print its proxy; set GOPROXY=URL, or allow the host "
                        "with Allow=",
                        program);
        source_remember(g->f, program, answer);
        char *at = answer, *proxy = source_next_line(&at, NULL), *database = source_next_line(&at, NULL);
        r = take_variable(g, PROXY, proxy, &origin, false);
        return r == 0 ? take_variable(g, DATABASE, database, &origin, false) : r;
}

int source_go(Finder *f, Error *err)
{
        static const char *const names[] = {PROXY, DATABASE};
        Go g = {.f = f};
        CLEANUP_FREE char *file = config_file(f->ctx);
        int r = file ? 0 : -ENOMEM;
        for (size_t i = 0; r == 0 && f->ctx->getenv && i < ARRAY_LEN(names); i++) {
                const SourceOrigin origin = {.where = names[i]};
                r = take_variable(&g, names[i], f->ctx->getenv(names[i]), &origin, true);
        }
        if (r == 0)
                r = read_file(&g, file);
        return r == 0 && !g.has_proxy ? ask_go(&g, err) : r;
}
