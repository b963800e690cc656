/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads cargo's registries (the Cargo Book, "Configuration", "Source Replacement"). The parser supports the
 * part of TOML that such files use: [tables], dotted keys, strings on one line, inline tables of strings. It
 * skips other values.
 */
#include "base/io.h"
#include "plan/sources_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define KEY_MAX_BYTES 200

typedef struct Cargo {
        Finder *f;
        SourceOrigin origin;
        unsigned line;
        char replace_with[KEY_MAX_BYTES]; /* the value for crates-io */
        StrList sources;                  /* names of the [source.NAME] tables with a location */
} Cargo;

static void cargo_clear(Cargo *c)
{
        strlist_clear(&c->sources);
}

/* Takes a key "source.NAME.registry" or a similar one, and its value. */
static int take_pair(Cargo *c, const char *key, const char *value)
{
        char name[KEY_MAX_BYTES];
        int n = 0;
        if (sscanf(key, "source.%199[^.].replace-with%n", name, &n) == 1 && key[n] == '\0' && n > 0) {
                if (str_eq(name, "crates-io") && !c->origin.in_project)
                        (void)snprintf(c->replace_with, sizeof(c->replace_with), "%s", value);
                return 0;
        }
        n = 0;
        if (sscanf(key, "source.%199[^.].registry%n", name, &n) == 1 && key[n] == '\0' && n > 0) {
                if (!c->origin.in_project && strlist_add(&c->sources, name) < 0)
                        return -ENOMEM;
                return source_add_url(c->f, value, &c->origin);
        }
        n = 0;
        if (sscanf(key, "source.%199[^.].%*[a-z-]%n", name, &n) == 1 && key[n] == '\0' && n > 0) {
                /* git, directory, local-registry. */
                if (!c->origin.in_project && strlist_add(&c->sources, name) < 0)
                        return -ENOMEM;
                return source_add_url(c->f, value, &c->origin);
        }
        n = 0;
        if ((sscanf(key, "registries.%199[^.].index%n", name, &n) == 1 && key[n] == '\0' && n > 0) ||
            str_eq(key, "registry.index"))
                return source_add_url(c->f, value, &c->origin);
        return 0;
}

/* Parses a key, bare and quoted words joined by dots, and appends it to @prefix in @out. NULL: not a key. */
static char *take_key(char *at, const char *prefix, char end, char *out)
{
        size_t len = strlen(prefix);
        memmove(out, prefix, len + 1);
        for (;;) {
                at += strspn(at, " \t");
                char quote = *at == '"' || *at == '\'' ? *at : '\0';
                at += quote != '\0';
                size_t n = quote ? strcspn(at, quote == '"' ? "\"\\" : "'") : strcspn(at, ".=] \t'\"");
                if (n == 0 || len + n + 2 > KEY_MAX_BYTES || (quote && at[n] != quote))
                        return NULL;
                if (len > 0)
                        out[len++] = '.';
                memcpy(out + len, at, n);
                len += n;
                out[len] = '\0';
                at += n + (quote != '\0');
                at += strspn(at, " \t");
                if (*at == end)
                        return at + 1;
                if (*at++ != '.')
                        return NULL;
        }
}

static int malformed(Cargo *c)
{
        return source_notice(c->f, "%s:%u: unsupported syntax; write one key = \"value\" per line",
                             c->origin.where, c->line);
}

/* Parses a string on one line. Returns its end, or NULL. Escapes are unsupported, because no host needs
 * them. */
static char *take_string(char *at, char **ret)
{
        char quote = *at++;
        size_t n = strcspn(at, quote == '"' ? "\"\\" : "'");
        if (at[n] != quote || (n == 0 && at[1] == quote))
                return NULL;
        at[n] = '\0';
        *ret = at;
        return at + n + 1;
}

/* Returns the number of open brackets after a skipped value; -1: a string that continues on the next line. */
static int open_brackets(const char *at)
{
        int open = 0;
        for (; *at && *at != '#'; at++) {
                if (*at == '"' || *at == '\'') {
                        if (at[1] == *at && at[2] == *at)
                                return -1;
                        const char quote = *at++;
                        while (*at && *at != quote)
                                at += *at == '\\' && quote == '"' && at[1] ? 2 : 1;
                        if (*at == '\0')
                                return -1;
                }
                open += (*at == '[' || *at == '{') - (*at == ']' || *at == '}');
        }
        return open;
}

/* Parses { key = "value", ... } on one line. */
static int take_inline(Cargo *c, const char *table, char *at)
{
        for (at += strspn(at, " \t"); *at && *at != '}';) {
                char key[KEY_MAX_BYTES], *value;
                at = take_key(at, table, '=', key);
                if (!at)
                        return malformed(c);
                at += strspn(at, " \t");
                if ((*at != '"' && *at != '\'') || !(at = take_string(at, &value)))
                        return malformed(c);
                int r = take_pair(c, key, value);
                if (r < 0)
                        return r;
                at += strspn(at, " \t,");
        }
        return *at == '}' ? 0 : malformed(c);
}

static int take_value(Cargo *c, const char *key, char *at, int *ret_open)
{
        bool ours =
                str_starts(key, "source.") || str_starts(key, "registries.") || str_starts(key, "registry.");
        char *value;
        at += strspn(at, " \t");
        *ret_open = open_brackets(at);
        if (*ret_open < 0)
                return -EINVAL;
        if (!ours)
                return 0;
        if (*at == '"' || *at == '\'') {
                *ret_open = 0;
                return take_string(at, &value) ? take_pair(c, key, value) : malformed(c);
        }
        return *at == '{' && *ret_open == 0 ? take_inline(c, key, at + 1) : 0;
}

static int read_config(Cargo *c, const char *path)
{
        CLEANUP_FREE char *text = source_read(c->f, path);
        char table[KEY_MAX_BYTES] = "", key[KEY_MAX_BYTES], *at = text;
        int open = 0, r = 0;
        c->origin = (SourceOrigin){.where = path, .in_project = source_in_project(c->f, path)};
        c->line = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));) {
                c->line++;
                if (line[0] == '#' || line[0] == '\0')
                        continue;
                if (open > 0) {
                        int more = open_brackets(line);
                        open += more;
                        if (more == -1 && strpbrk(line, "\"'"))
                                return malformed(c);
                        continue;
                }
                char *end;
                if (line[0] == '[') {
                        bool array = line[1] == '[';
                        end = take_key(line + 1 + array, "", ']', table);
                        if (!end || (array && *end++ != ']') ||
                            (end[strspn(end, " \t")] && end[strspn(end, " \t")] != '#'))
                                return malformed(c);
                        continue;
                }
                end = take_key(line, table, '=', key);
                if (!end)
                        return malformed(c);
                r = take_value(c, key, end, &open);
                if (r == -EINVAL)
                        return malformed(c);
        }
        return r;
}

/* Reads the old name config, which takes precedence, or config.toml. */
static int read_config_in(Cargo *c, const char *dir, const char *below)
{
        struct stat st;
        char *path = NULL;
        if (asprintf(&path, "%s/%sconfig", dir, below) < 0)
                return -ENOMEM;
        CLEANUP_FREE char *first = path;
        if (lstat(first, &st) == 0)
                return read_config(c, first);
        if (asprintf(&path, "%s/%sconfig.toml", dir, below) < 0)
                return -ENOMEM;
        CLEANUP_FREE char *second = path;
        return read_config(c, second);
}

/* An index names the location of its crates ("dl"). */
static int take_index(Cargo *c, const char *text, const char *where)
{
        const SourceOrigin origin = {.where = where, .in_project = source_in_project(c->f, where)};
        const char *at = text ? strstr(text, "\"dl\"") : NULL;
        if (!at)
                return 0;
        at += 4 + strspn(at + 4, " \t\r\n:");
        if (*at != '"')
                return 0;
        CLEANUP_FREE char *url = strndup(at + 1, strcspn(at + 1, "\"\\"));
        return url ? source_add_url(c->f, url, &origin) : -ENOMEM;
}

/* Before cargo 1.68 every index is a repository of git, whose content cargo reads without a checkout. */
static int read_git_index(Cargo *c, const char *dir)
{
        CLEANUP_FREE char *git = source_program(c->f, "git"), *option = NULL, *answer = NULL;
        int status = 0;
        if (!git || source_in_project(c->f, dir))
                return 0;
        if (asprintf(&option, "--git-dir=%s/.git", dir) < 0) {
                option = NULL;
                return -ENOMEM;
        }
        char *argv[] = {git,
                        option,
                        (char[]){"cat-file"},
                        (char[]){"blob"},
                        (char[]){"refs/remotes/origin/HEAD:config.json"},
                        NULL};
        static const char *const env[] = {"GIT_CONFIG_NOSYSTEM=1", NULL};
        int r = source_ask(argv, env, false, &status, &answer, NULL);
        if (r == -ENOMEM)
                return r;
        return r < 0 || status != 0 ? 0 : take_index(c, answer, dir);
}

/* cargo keeps the file config.json of each index that it used. */
static int read_index(Cargo *c, const char *dir)
{
        CLEANUP_FREE char *path = source_path(c->f, dir, "config.json");
        if (!path)
                return -ENOMEM;
        if (access(path, F_OK) < 0)
                return read_git_index(c, dir);
        CLEANUP_FREE char *text = source_read(c->f, path);
        return take_index(c, text, path);
}

/* Reads the indexes whose hosts are known so far: "HOST-HASH". */
static int read_indexes(Cargo *c, const char *cargo_home)
{
        CLEANUP_FREE char *dir = source_path(c->f, cargo_home, "registry/index");
        DIR *d = dir ? opendir(dir) : NULL;
        size_t n = c->f->out->n;
        int r = dir ? 0 : -ENOMEM;
        for (struct dirent *e; r == 0 && d && (e = readdir(d));) {
                char *dash = strrchr(e->d_name, '-');
                size_t len = dash ? (size_t)(dash - e->d_name) : 0;
                bool known = false;
                for (size_t i = 0; len > 0 && i < n; i++) {
                        const HostSource *s = &c->f->out->items[i];
                        known |= str_eq(s->tool, "cargo") && !s->in_project &&
                                 strncmp(s->rule, e->d_name, len) == 0 && s->rule[len] == ':';
                }
                if (!known)
                        continue;
                char *path = NULL;
                if (asprintf(&path, "%s/%s", dir, e->d_name) < 0)
                        r = -ENOMEM;
                CLEANUP_FREE char *owned = r == 0 ? path : NULL;
                if (owned)
                        r = read_index(c, owned);
        }
        if (d)
                (void)closedir(d);
        return r;
}

/*
 * cargo does not print its default registry, except in the error when it cannot be reached. So cargo searches
 * for a crate, with an empty home, through a proxy that is a closed port of the loopback interface.
 */
static int ask_in(Cargo *c, char *program, const char *empty, char **ret_url)
{
        CLEANUP_FREE char *answer = NULL, *cargo_home = NULL, *home = NULL;
        int status = 0;
        if (asprintf(&cargo_home, "CARGO_HOME=%s", empty) < 0)
                return -ENOMEM;
        if (asprintf(&home, "HOME=%s", c->f->ctx->home ? c->f->ctx->home : "/dev/null") < 0)
                return -ENOMEM;
        const char *const env[] = {home, cargo_home, "CARGO_HTTP_PROXY=http://127.0.0.1:1",
                                   "CARGO_NET_RETRY=0", NULL};
        char *argv[] = {program, (char[]){"search"}, (char[]){"a"}, NULL};
        int r = source_ask(argv, env, true, &status, &answer, NULL);
        const char *at = answer;
        while (r == 0 && (at = strstr(at, "`http"))) {
                CLEANUP_FREE char *url = strndup(at + 1, strcspn(at + 1, "`"));
                if (!url)
                        return -ENOMEM;
                if (!strstr(url, "//127.0.0.1")) {
                        *ret_url = TAKE_PTR(url);
                        return 0;
                }
                at++;
        }
        return r < 0 ? r : -EIO;
}

static int ask_cargo(Cargo *c, Error *err)
{
        const SourcesContext *ctx = c->f->ctx;
        CLEANUP_FREE char *program = source_program(c->f, "cargo"), *own = NULL, *url = NULL, *empty = NULL;
        int r = -ENOENT;
        if (!program && ctx->home && (own = source_path(c->f, ctx->home, ".cargo/bin/cargo")) &&
            access(own, X_OK) == 0 && !source_in_project(c->f, own))
                program = TAKE_PTR(own);
        if (program && (url = source_remembered(c->f, program)))
                r = 0;
        else if (program && ctx->cache && io_mkdir_p(ctx->cache, 0700) == 0 &&
                 asprintf(&empty, "%s/ask-XXXXXX", ctx->cache) >= 0 && mkdtemp(empty)) {
                r = ask_in(c, program, empty, &url);
                (void)io_remove_tree_at(AT_FDCWD, empty);
        }
        if (!program)
                return error_set(
                        err, ENOENT,
                        "AllowFrom=cargo: cargo, which knows its default registry, is not installed; install "
                        "it, or allow the hosts with Allow=");
        if (r < 0)
                return error_set(err, -r,
                                 "AllowFrom=cargo: no registry is configured, and cargo cannot print its "
                                 "default; set source.crates-io.replace-with in ~/.cargo/config.toml, or "
                                 "allow the hosts with Allow=");
        source_remember(c->f, program, url);
        const SourceOrigin origin = {.where = "cargo's default"};
        return source_add_url(c->f, url, &origin);
}

int source_cargo(Finder *f, Error *err)
{
        CLEANUP(cargo_clear) Cargo c = {.f = f};
        const SourcesContext *ctx = f->ctx;
        const char *variable = ctx->getenv ? ctx->getenv("CARGO_HOME") : NULL;
        CLEANUP_FREE char *home = variable && variable[0] == '/' ? strdup(variable)
                                  : ctx->home                    ? source_path(f, ctx->home, ".cargo")
                                                                 : NULL;
        int r = home ? read_config_in(&c, home, "") : 0;
        bool replaced = c.replace_with[0] != '\0' && strlist_has(&c.sources, c.replace_with);
        if (r == 0 && ctx->cwd)
                r = read_config_in(&c, ctx->cwd, ".cargo/");
        if (r == 0 && !replaced)
                r = ask_cargo(&c, err);
        return r == 0 && home ? read_indexes(&c, home) : r;
}
