/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the remotes of the working directory's repository. The project names them, so only hosts in the
 * user's own configuration are allowed: git's, stored credentials, ssh's known hosts. git itself parses its
 * files, each by name, in "/": it does not open the repository as one.
 */
#include "plan/sources_internal.h"

#include "spec/net_rule.h"

#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>

#define REWRITES_MAX 64
#define VALUE_MAX_BYTES 512

/* What a commit needs of the user's configuration. Everything else stays outside: keys like url.*.insteadOf,
 * http.extraHeader and sendemail.smtpPass may hold tokens and passwords. */
static const char *const passed_keys[] = {
        "user.name",      "user.email",      "author.name",        "author.email",
        "committer.name", "committer.email", "init.defaultbranch", "pull.rebase",
        "pull.ff",        "push.default",    "core.autocrlf",
};

/* url.BASE.insteadOf=PREFIX */
typedef struct Rewrite {
        char *base, *prefix;
} Rewrite;

typedef struct Git {
        Finder *f;
        char *program;
        Rewrite rewrites[REWRITES_MAX];
        size_t n;
} Git;

static void git_clear(Git *g)
{
        for (size_t i = 0; i < g->n; i++) {
                free(g->rewrites[i].base);
                free(g->rewrites[i].prefix);
        }
        free(g->program);
}

static bool ends_with(const char *name, const char *suffix)
{
        size_t n = strlen(name), s = strlen(suffix);
        return n > s && strcasecmp(name + n - s, suffix) == 0;
}

static int add_rewrite(Git *g, const char *key, const char *value)
{
        size_t begin = strlen("url."), end = strlen(".insteadof"), len = strlen(key);
        if (g->n == REWRITES_MAX || len <= begin + end)
                return 0;
        Rewrite *w = &g->rewrites[g->n++];
        w->base = strndup(key + begin, len - begin - end);
        w->prefix = strdup(value);
        return w->base && w->prefix ? 0 : -ENOMEM;
}

/* Rewrites with the longest prefix, as git does (git-config(1), url.<base>.insteadOf). */
static int add_remote(Git *g, const char *url, const SourceOrigin *origin)
{
        const Rewrite *best = NULL;
        for (size_t i = 0; i < g->n; i++)
                if (str_starts(url, g->rewrites[i].prefix) &&
                    (!best || strlen(g->rewrites[i].prefix) > strlen(best->prefix)))
                        best = &g->rewrites[i];
        CLEANUP_FREE char *rewritten = NULL;
        if (best) {
                rewritten = malloc(strlen(best->base) + strlen(url) + 1);
                if (!rewritten)
                        return -ENOMEM;
                (void)stpcpy(stpcpy(rewritten, best->base), url + strlen(best->prefix));
        }
        return source_add_url(g->f, rewritten ? rewritten : url, origin);
}

/* The URL of "credential.URL.helper" and "http.URL.proxy" is between the first dot and the last. */
static int add_vouched(Git *g, const char *key, const SourceOrigin *origin)
{
        const char *first = strchr(key, '.'), *last = strrchr(key, '.');
        if (!first || last <= first)
                return 0;
        CLEANUP_FREE char *url = strndup(first + 1, (size_t)(last - first) - 1);
        return url ? source_add_url(g->f, url, origin) : -ENOMEM;
}

/* Appends a key to the configuration inside, as git-config(1) spells values. */
static int pass_key(Git *g, const char *key, const char *value)
{
        char quoted[2 * VALUE_MAX_BYTES + 1], *to = quoted, *text = NULL;
        if (strlen(value) > VALUE_MAX_BYTES || strchr(value, '\n'))
                return 0;
        for (; *value; *to++ = *value++)
                if (strchr("\"\\", *value))
                        *to++ = '\\';
        *to = '\0';
        const char *before = g->f->out->git_config, *dot = strchr(key, '.');
        if (asprintf(&text, "%s[%.*s]\n\t%s = \"%s\"\n",
                     before ? before : "[include]\n\tpath = /etc/gitconfig\n", (int)(dot - key), key, dot + 1,
                     quoted) < 0)
                return -ENOMEM;
        free(g->f->out->git_config);
        g->f->out->git_config = text;
        return 0;
}

static int take_pair(Git *g, const char *key, const char *value, const SourceOrigin *origin)
{
        if (str_starts(key, "url.") && ends_with(key, ".insteadof")) {
                int r = origin->in_project ? 0 : add_vouched(g, key, origin);
                return r < 0 ? r : add_rewrite(g, key, value);
        }
        if (!origin->in_project && (str_starts(key, "credential.") || str_starts(key, "http.")))
                return add_vouched(g, key, origin);
        if (!origin->in_project && str_in(key, passed_keys, ARRAY_LEN(passed_keys)))
                return pass_key(g, key, value);
        bool remote = str_starts(key, "remote.") && (ends_with(key, ".url") || ends_with(key, ".pushurl"));
        bool submodule = str_starts(key, "submodule.") && ends_with(key, ".url");
        return remote || submodule ? add_remote(g, value, origin) : 0;
}

/* Lets git parse one file; its output is "KEY\nVALUE\0"... */
static int read_config(Git *g, const char *path)
{
        struct stat st;
        CLEANUP_FREE char *answer = NULL;
        int status = 0, r = 0;
        bool in_project = source_in_project(g->f, path);
        if (lstat(path, &st) < 0)
                return 0;
        if (in_project && !S_ISREG(st.st_mode))
                return source_notice(g->f, "%s is not a regular file", path);
        const SourceOrigin origin = {.where = path, .in_project = in_project, .vouches = !in_project};
        char *argv[] = {g->program,
                        (char[]){"config"},
                        (char[]){"--null"},
                        (char[]){"--file"},
                        (char *)path,
                        (char[]){"--list"},
                        NULL};
        static const char *const env[] = {"GIT_CONFIG_NOSYSTEM=1", "GIT_CEILING_DIRECTORIES=/", NULL};
        size_t len = 0;
        r = source_ask(argv, env, false, &status, &answer, &len);
        if (r == -ENOMEM)
                return r;
        if (r < 0 || status != 0)
                return source_notice(g->f, "git cannot read %s", path);
        for (char *pair = answer; r == 0 && pair < answer + len; pair += strlen(pair) + 1) {
                char *value = strchr(pair, '\n');
                if (!value)
                        continue;
                *value++ = '\0';
                r = take_pair(g, pair, value, &origin);
                pair = value;
        }
        return r;
}

static int read_config_in(Git *g, const char *dir, const char *name)
{
        CLEANUP_FREE char *path = source_path(g->f, dir, name);
        return path ? read_config(g, path) : -ENOMEM;
}

/* Reads lines "https://user:password@host". */
static int read_credentials(Git *g)
{
        CLEANUP_FREE char *path = source_path(g->f, g->f->ctx->home, ".git-credentials");
        CLEANUP_FREE char *text = path ? source_read(g->f, path) : NULL;
        const SourceOrigin origin = {.where = path, .vouches = true};
        char *at = text;
        int r = path ? 0 : -ENOMEM;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));)
                r = source_add_url(g->f, line, &origin);
        return r;
}

/* Returns whether ssh knows a host, even if its file has only hashes. */
static bool ssh_knows(Git *g, const char *known_hosts, const char *rule)
{
        CLEANUP_FREE char *program = source_program(g->f, "ssh-keygen"), *answer = NULL;
        char host[NET_NAME_MAX + 16];
        int status = 0;
        NetRule r;
        if (!program || net_rule_parse(rule, &r, NULL) < 0 || r.kind != NET_RULE_NAME)
                return false;
        for (int i = 0; i < 2; i++) {
                if (i == 0)
                        (void)snprintf(host, sizeof(host), "%s", r.name);
                else
                        (void)snprintf(host, sizeof(host), "[%s]:%u", r.name, r.port_first);
                char *argv[] = {program, (char[]){"-f"}, (char *)known_hosts, (char[]){"-F"}, host, NULL};
                if (source_ask(argv, NULL, false, &status, &answer, NULL) == 0 && status == 0)
                        return true;
                free(TAKE_PTR(answer));
        }
        return false;
}

/* Adds those hosts of the project that ssh knows. */
static int ask_known_hosts(Git *g)
{
        struct stat st;
        CLEANUP_FREE char *path = source_path(g->f, g->f->ctx->home, ".ssh/known_hosts");
        if (!path)
                return -ENOMEM;
        if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || source_in_project(g->f, path))
                return 0;
        const SourceOrigin origin = {.where = path, .vouches = true};
        size_t n = g->f->out->n;
        int r = 0;
        for (size_t i = 0; r == 0 && i < n; i++) {
                CLEANUP_FREE char *rule = strdup(g->f->out->items[i].rule);
                NetRule parsed;
                if (!rule)
                        return -ENOMEM;
                if (!g->f->out->items[i].in_project || !str_eq(g->f->out->items[i].tool, "git") ||
                    !ssh_knows(g, path, rule) || net_rule_parse(rule, &parsed, NULL) < 0)
                        continue;
                r = source_add_host(g->f, parsed.name, parsed.port_first, &origin);
        }
        return r;
}

/* Reads the project's own repository. */
static int read_project(Git *g)
{
        const SourcesContext *c = g->f->ctx;
        const char *top = c->project ? c->project : c->cwd;
        if (!c->git_dir)
                return source_notice(g->f, "the working directory is in no git repository");
        int r = read_config_in(g, c->git_dir, "config");
        return r == 0 && top ? read_config_in(g, top, ".gitmodules") : r;
}

int source_git(Finder *f, Error *err)
{
        CLEANUP(git_clear) Git g = {.f = f};
        const SourcesContext *c = f->ctx;
        const char *xdg = c->getenv ? c->getenv("XDG_CONFIG_HOME") : NULL;
        g.program = source_program(f, "git");
        if (!g.program)
                return error_set(err, ENOENT,
                                 "AllowFrom=git: git, which reads its configuration, is not installed; "
                                 "install it, or allow the host with Allow=");
        int r = read_config_in(&g, NULL, "etc/gitconfig");
        if (r == 0 && xdg && xdg[0] == '/')
                r = read_config_in(&g, xdg, "git/config");
        else if (r == 0 && c->home)
                r = read_config_in(&g, c->home, ".config/git/config");
        if (r == 0 && c->home)
                r = read_config_in(&g, c->home, ".gitconfig");
        if (r == 0 && c->home)
                r = read_credentials(&g);
        if (r == 0)
                r = read_project(&g);
        return r == 0 && c->home ? ask_known_hosts(&g) : r;
}
