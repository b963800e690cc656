/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the hosts that tools are configured to use. */
#include "plan/sources.h"

#include "base/capture.h"
#include "base/path.h"
#include "plan/sources_internal.h"
#include "spec/net_rule.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define FILE_MAX (1024 * 1024)
#define ANSWER_MAX (256 * 1024)
#define ASK_TIMEOUT_MS 30000

int source_notice(Finder *f, const char *fmt, ...)
{
        CLEANUP_FREE char *text = NULL, *line = NULL;
        va_list ap;
        va_start(ap, fmt);
        int n = vasprintf(&text, fmt, ap);
        va_end(ap);
        if (n < 0 || asprintf(&line, "AllowFrom=%s: %s", f->tool, text) < 0)
                return -ENOMEM;
        return strlist_has(&f->out->notices, line) ? 0 : strlist_add(&f->out->notices, line);
}

/* Abbreviates a path for people: "~/.npmrc". */
static char *short_name(const Finder *f, const char *path)
{
        char *text = NULL;
        const char *home = f->ctx->home;
        if (home && !str_eq(home, "/") && path_is_below(path, home))
                return asprintf(&text, "~%s", path + strlen(home)) < 0 ? NULL : text;
        return strdup(path);
}

static int add_rule(Finder *f, const NetRule *rule, const SourceOrigin *origin)
{
        char text[NET_RULE_TEXT_MAX];
        (void)net_rule_print(rule, text, sizeof(text));
        for (size_t i = 0; i < f->out->n; i++) {
                const HostSource *s = &f->out->items[i];
                if (str_eq(s->tool, f->tool) && str_eq(s->rule, text) &&
                    s->in_project == origin->in_project && s->vouches == origin->vouches)
                        return 0;
        }
        if (f->n == SOURCES_MAX)
                return source_notice(f, "ignored the hosts after the first %d", SOURCES_MAX);
        HostSource *items = reallocarray(f->out->items, f->out->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        f->out->items = items;
        HostSource *s = &items[f->out->n++];
        f->n++;
        *s = (HostSource){.tool = strdup(f->tool),
                          .rule = strdup(text),
                          .where = short_name(f, origin->where),
                          .in_project = origin->in_project,
                          .vouches = origin->vouches};
        return s->tool && s->rule && s->where ? 0 : -ENOMEM;
}

int source_add_host(Finder *f, const char *host, unsigned port, const SourceOrigin *origin)
{
        char text[NET_RULE_TEXT_MAX];
        NetRule rule;
        bool v6 = host[0] != '[' && strchr(host, ':');
        int n = snprintf(text, sizeof(text), "%s%s%s:%u/tcp", v6 ? "[" : "", host, v6 ? "]" : "", port);
        /* A wildcard or a network is not a host. */
        if (n < 0 || (size_t)n >= sizeof(text) || strpbrk(host, "*/") ||
            net_rule_parse(text, &rule, NULL) < 0) {
                CLEANUP_FREE char *where = short_name(f, origin->where);
                return where ? source_notice(f, "ignored an entry in %s that is not a host", where) : -ENOMEM;
        }
        return add_rule(f, &rule, origin);
}

/* Adds the host and port of "user:password@host:port"; the host may be in brackets. */
static int add_authority(Finder *f, const char *text, size_t len, unsigned port, const SourceOrigin *origin)
{
        char host[NET_RULE_TEXT_MAX];
        for (size_t i = len; i > 0; i--)
                if (text[i - 1] == '@') {
                        text += i;
                        len -= i;
                        break;
                }
        if (len == 0 || len >= sizeof(host))
                return source_add_host(f, "", port, origin);
        memcpy(host, text, len);
        host[len] = '\0';
        char *colon = strrchr(host, ':');
        if (colon && !strchr(colon, ']')) {
                char *end;
                unsigned long n = strtoul(colon + 1, &end, 10);
                *colon = '\0';
                if (colon[1] != '\0' && (!isdigit((unsigned char)colon[1]) || *end || n == 0 || n > 65535))
                        return source_add_host(f, "", port, origin);
                port = colon[1] ? (unsigned)n : port;
        }
        return source_add_host(f, host, port, origin);
}

int source_add_url(Finder *f, const char *url, const SourceOrigin *origin)
{
        static const struct {
                const char *scheme;
                unsigned port;
        } schemes[] = {{"https", 443},   {"http", 80},     {"ssh", 22},      {"git", 9418},
                       {"git+ssh", 22},  {"ssh+git", 22},  {"socks4", 1080}, {"socks4a", 1080},
                       {"socks5", 1080}, {"socks5h", 1080}};
        static const char *const prefixes[] = {"sparse+", "registry+", "git+", "mirror+", "tor+"};
        for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
                if (strncasecmp(url, prefixes[i], strlen(prefixes[i])) == 0 && strstr(url, "://"))
                        url += strlen(prefixes[i]);
        const char *colon = strchr(url, ':'), *slashes = strstr(url, "://");
        if (slashes && slashes == colon) {
                size_t len = (size_t)(colon - url);
                for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
                        if (strlen(schemes[i].scheme) == len && strncasecmp(url, schemes[i].scheme, len) == 0)
                                return add_authority(f, slashes + 3, strcspn(slashes + 3, "/?#"),
                                                     schemes[i].port, origin);
                return 0;
        }
        /* git's "user@host:path" (gitprotocol, "scp-like") has no slash before the colon. */
        if (str_eq(f->tool, "git") && colon && strcspn(url, "/") > (size_t)(colon - url) && colon > url) {
                const char *end = url[0] == '[' || strstr(url, "@[") ? strchr(url, ']') : NULL;
                return add_authority(f, url, end ? (size_t)(end + 1 - url) : (size_t)(colon - url), 22,
                                     origin);
        }
        return 0;
}

int source_add_env(Finder *f, const char *name, const char *url)
{
        const char *host = strstr(url, "://");
        size_t len = strlen(name);
        for (size_t i = 0; i < f->out->env.n; i++)
                if (strncmp(f->out->env.items[i], name, len) == 0 && f->out->env.items[i][len] == '=')
                        return 0;
        if (!host)
                return 0;
        host += 3;
        size_t scheme = (size_t)(host - url), authority = strcspn(host, "/?#"), end = strcspn(host, "?#");
        const char *at = memrchr(host, '@', authority);
        const char *begin = at ? at + 1 : host;
        return strlist_add_printf(&f->out->env, "%s=%.*s%.*s", name, (int)scheme, url,
                                  (int)(host + end - begin), begin);
}

/* Whether a path is below what a sandbox of this project may write to, or may have written to. */
static bool is_of_project(const Finder *f, const char *path)
{
        const char *const dirs[] = {f->ctx->cwd, f->ctx->project, f->ctx->git_dir};
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
                if (dirs[i] && path_is_below(path, dirs[i]))
                        return true;
        return false;
}

bool source_in_project(const Finder *f, const char *path)
{
        CLEANUP_FREE char *real = realpath(path, NULL);
        return is_of_project(f, path) || (real && is_of_project(f, real));
}

char *source_read(Finder *f, const char *path)
{
        struct stat st;
        /* A file of the project must not be a link, and opening it must not block. */
        int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (is_of_project(f, path) ? O_NOFOLLOW : 0);
        CLEANUP_FD int fd = open(path, flags);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
                return NULL;
        CLEANUP_FREE char *where = short_name(f, path);
        const char *why = fd < 0 ? strerror(errno) : NULL;
        CLEANUP_FREE char *text = NULL;
        if (!why && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
                why = "not a regular file";
        if (!why && st.st_size > FILE_MAX)
                why = "larger than 1 MiB";
        if (!why && (text = malloc((size_t)st.st_size + 1))) {
                ssize_t n = pread(fd, text, (size_t)st.st_size, 0);
                if (n < 0)
                        why = strerror(errno);
                else
                        text[n] = '\0';
                if (n >= 0 && strlen(text) != (size_t)n)
                        why = "contains a NUL byte";
        }
        if (why) {
                (void)source_notice(f, "cannot read %s: %s", where ? where : "a file", why);
                return NULL;
        }
        return TAKE_PTR(text);
}

char *source_path(const Finder *f, const char *dir, const char *name)
{
        char *path = NULL;
        return asprintf(&path, "%s/%s", dir ? dir : f->ctx->root, name) < 0 ? NULL : path;
}

char *source_next_line(char **text, bool *ret_indented)
{
        char *line = *text;
        if (*line == '\0')
                return NULL;
        size_t len = strcspn(line, "\n");
        *text = line + len + (line[len] == '\n');
        line[len] = '\0';
        if (ret_indented)
                *ret_indented = line[0] == ' ' || line[0] == '\t';
        while (len > 0 && isspace((unsigned char)line[len - 1]))
                line[--len] = '\0';
        return line + strspn(line, " \t");
}

char *source_trim(char *text)
{
        text += strspn(text, " \t");
        size_t len = strlen(text);
        while (len > 0 && isspace((unsigned char)text[len - 1]))
                text[--len] = '\0';
        if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0]) {
                text[len - 1] = '\0';
                text++;
        }
        return text;
}

char *source_program(const Finder *f, const char *name)
{
        static const char *const dirs[] = {"usr/bin", "usr/local/bin", "bin"};
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
                char *path = NULL;
                if (asprintf(&path, "%s/%s/%s", f->ctx->root, dirs[i], name) < 0)
                        return NULL;
                if (access(path, X_OK) == 0)
                        return path;
                free(path);
        }
        return NULL;
}

int source_ask(char *const argv[], const char *const *extra, bool with_errors, int *ret_status, char **ret,
               size_t *ret_len)
{
        char home[] = "HOME=/dev/null";
        char *env[8] = {(char[]){"PATH=/usr/local/bin:/usr/bin:/bin"}, (char[]){"LC_ALL=C.UTF-8"}};
        size_t n = 2;
        bool has_home = false;
        for (; extra && *extra && n < ARRAY_LEN(env) - 2; extra++) {
                has_home |= str_starts(*extra, "HOME=");
                env[n++] = (char *)*extra;
        }
        if (!has_home)
                env[n] = home;
        return process_capture(argv, env, with_errors, ANSWER_MAX, ASK_TIMEOUT_MS, ret, ret_len, ret_status);
}

static int probe_tool(const SourcesContext *ctx, const char *tool, HostSources *out, Error *err)
{
        static const struct {
                const char *tool;
                int (*probe)(Finder *f, Error *err);
        } probes[] = {{"npm", source_npm},    {"pip", source_pip},     {"cargo", source_cargo},
                      {"apt", source_apt},    {"git", source_git},     {"go", source_go},
                      {"gem", source_gem},    {"maven", source_maven}, {"composer", source_composer},
                      {"proxy", source_proxy}};
        Finder f = {.ctx = ctx, .tool = tool, .out = out};
        for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
                if (!str_eq(probes[i].tool, tool))
                        continue;
                int r = probes[i].probe(&f, err);
                return r == -ENOMEM ? error_no_memory(err) : r;
        }
        return error_set(err, EINVAL, "AllowFrom=%.40s: unknown tool", tool);
}

int sources_probe(const SourcesContext *ctx, const StrList *tools, HostSources *ret, Error *err)
{
        CLEANUP(sources_clear) HostSources out = {0};
        for (size_t i = 0; i < tools->n; i++) {
                int r = probe_tool(ctx, tools->items[i], &out, err);
                if (r < 0)
                        return r;
        }
        *ret = out;
        out = (HostSources){0};
        return 0;
}

void sources_clear(HostSources *sources)
{
        for (size_t i = 0; i < sources->n; i++) {
                free(sources->items[i].tool);
                free(sources->items[i].rule);
                free(sources->items[i].where);
        }
        free(sources->items);
        strlist_clear(&sources->env);
        free(sources->git_config);
        strlist_clear(&sources->notices);
        *sources = (HostSources){0};
}
