/* SPDX-License-Identifier: Apache-2.0 */
#include "front/profile.h"

#include "base/path.h"
#include "base/process.h"

#include <ctype.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#ifndef PROFILES_DIR
#define PROFILES_DIR "/usr/local/share/kurung/profiles"
#endif
#ifndef SOURCE_PROFILES_DIR
#define SOURCE_PROFILES_DIR ""
#endif

#define SUFFIX ".ini"

/* inih reads lines into 200 bytes and takes what is over for a line of its own. */
#define LINE_MAX_BYTES 198

typedef struct Parser {
        const char *name;
        const char *text;
        size_t len, at;
        unsigned line;
        unsigned flags;
        const ProfileContext *ctx;
        Spec *spec;
        char **extends;
        Error *err;
        int r; /* the first error; nothing is read after it */
} Parser;

static int fail(Parser *p, const char *what)
{
        if (p->r == 0)
                p->r = error_set(p->err, EINVAL, "%s:%u: %s", p->name, p->line, what);
        return p->r;
}

/*
 * Gives inih one line, as fgets(3) would. It goes on after an error, cuts long lines in two and joins a line
 * that begins with a space to the one before: so all of this is looked at here, and after an error there is
 * no more text.
 */
static char *next_line(char *out, int room, void *stream)
{
        Parser *p = stream;
        if (p->r < 0 || p->at >= p->len)
                return NULL;
        p->line++;
        const char *start = p->text + p->at;
        const char *newline = memchr(start, '\n', p->len - p->at);
        size_t n = newline ? (size_t)(newline - start) : p->len - p->at;
        p->at += n + (newline != NULL);
        if (n > LINE_MAX_BYTES || n + 2 > (size_t)room) {
                (void)fail(p, "the line is longer than 198 bytes; keys that list things may be repeated");
                return NULL;
        }
        if (memchr(start, '\0', n)) {
                (void)fail(p, "a NUL byte");
                return NULL;
        }
        if (n > 0 && (start[0] == ' ' || start[0] == '\t')) {
                (void)fail(p, "a line may not begin with a space");
                return NULL;
        }
        if (start[0] == '[' && !memchr(start, ']', n)) {
                (void)fail(p, "a section that is not closed with ]");
                return NULL;
        }
        memcpy(out, start, n);
        out[n] = '\n';
        out[n + 1] = '\0';
        return out;
}

static int unknown_key(Parser *p, const char *section, const char *name)
{
        const Key *near = key_nearest(name);
        p->r = error_set(p->err, EINVAL, "%s:%u: unknown key '%s' in [%s]; the nearest is '%s' in [%s]",
                         p->name, p->line, name, section, near->name, near->section);
        return p->r;
}

/* inih's callback: 0 is an error. */
static int take_pair(void *user, const char *section, const char *name, const char *value)
{
        Parser *p = user;
        if (p->r < 0)
                return 0;
        if (section[0] == '\0') {
                (void)fail(p, "a key before the first [Section]");
                return 0;
        }
        const Key *key = key_find(section, name);
        if (!key) {
                (void)unknown_key(p, section, name);
                return 0;
        }
        if (key->id == KEY_EXTENDS) {
                char *copy = strdup(value);
                if (!copy) {
                        p->r = error_no_memory(p->err);
                        return 0;
                }
                free(*p->extends);
                *p->extends = copy;
        }
        if (p->flags & PROFILE_ONLY_EXTENDS)
                return 1;
        if ((p->flags & PROFILE_NARROW) && !(key->narrows && key->narrows(value))) {
                p->r = error_set(p->err, EPERM,
                                 "%s:%u: a profile inside the project may only take rights away, and "
                                 "%s=%.60s could give "
                                 "some; put it into ~/.config/kurung/profiles",
                                 p->name, p->line, name, value);
                return 0;
        }
        char origin[PATH_MAX + 32];
        (void)snprintf(origin, sizeof(origin), "%s:%u", p->name, p->line);
        const KeyContext ctx = {
                .home = p->ctx->home,
                .getenv = p->ctx->getenv,
                .origin = origin,
                .expand = true,
                .installed = (p->flags & PROFILE_INSTALLED) != 0,
        };
        p->r = key_parse(key, value, &ctx, p->spec, p->err);
        return p->r == 0;
}

int profile_parse_text(const char *name, const char *text, size_t len, const ProfileContext *ctx,
                       unsigned flags, Spec *spec, char **extends, Error *err)
{
        Parser p = {
                .name = name,
                .text = text,
                .len = len,
                .flags = flags,
                .ctx = ctx,
                .spec = spec,
                .extends = extends,
                .err = err,
        };
        int line = ini_parse_stream(next_line, &p, take_pair, &p);
        if (p.r < 0)
                return p.r;
        if (line > 0) /* no "=" in it, as a rule */
                return error_set(err, EINVAL, "%s:%d: neither [Section] nor Key=value", name, line);
        return line < 0 ? error_no_memory(err) : 0;
}

bool profile_name_is_valid(const char *name)
{
        size_t n = strlen(name);
        if (n == 0 || n > 64 || !isalnum((unsigned char)name[0]))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
                        return false;
        return true;
}

/* Moved as a whole, an installation finds its own: PREFIX/share/kurung/profiles beside PREFIX/bin/kurung.
 * Owned. */
static char *moved_profiles(void)
{
        char program[PATH_MAX];
        char *path = NULL;
        struct stat st;
        if (process_program(program, sizeof(program)) < 0)
                return NULL;
        CLEANUP_FREE char *bin = path_parent(program);
        CLEANUP_FREE char *prefix = bin ? path_parent(bin) : NULL;
        if (!prefix || !str_eq(path_name(bin), "bin") ||
            asprintf(&path, "%s/share/kurung/profiles", prefix) < 0)
                return NULL;
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
                return path;
        free(path);
        return NULL;
}

int profile_directories(const ProfileContext *ctx, StrList *ret)
{
        const char *config = ctx->getenv ? ctx->getenv("XDG_CONFIG_HOME") : NULL;
        int r = 0;
        if (config && config[0] == '/')
                r = strlist_add_printf(ret, "%s/kurung/profiles", config);
        else if (ctx->home)
                r = strlist_add_printf(ret, "%s/.config/kurung/profiles", ctx->home);
        if (r == 0)
                r = strlist_add(ret, "/etc/kurung/profiles");
        if (r < 0)
                return r;
        CLEANUP_FREE char *moved = moved_profiles();
        return strlist_add(ret, process_is_uninstalled() ? SOURCE_PROFILES_DIR
                                : moved                  ? moved
                                                         : PROFILES_DIR);
}

/* Ourselves and root; in a user namespace without root that is who owns "/" there (the overflow id). */
static bool is_trusted_owner(uid_t uid)
{
        struct stat root;
        return uid == 0 || uid == geteuid() || (stat("/", &root) == 0 && uid == root.st_uid);
}

/* Reads a plain file whole. -ENOENT without @err being set. */
static int read_profile(const char *path, char **ret, size_t *ret_len, Error *err)
{
        struct stat st;
        CLEANUP_FD int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
                return -ENOENT;
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "%s", path);
        if (!S_ISREG(st.st_mode))
                return error_set(err, EINVAL, "%s: not a regular file", path);
        if (!is_trusted_owner(st.st_uid))
                return error_set(err, EPERM, "%s: belongs to another user", path);
        if (st.st_size > PROFILE_SIZE_MAX)
                return error_set(err, EFBIG, "%s: larger than %d bytes", path, PROFILE_SIZE_MAX);
        CLEANUP_FREE char *text = malloc((size_t)st.st_size + 1);
        if (!text)
                return error_no_memory(err);
        ssize_t n = pread(fd, text, (size_t)st.st_size, 0);
        if (n < 0)
                return error_set_errno(err, errno, "%s", path);
        *ret = TAKE_PTR(text);
        *ret_len = (size_t)n;
        return 0;
}

/* Finds a profile and reads it. @ret_path is owned by the caller; @ret_installed: it came with kurung. */
static int find_profile(const char *name, const ProfileContext *ctx, char **ret_path, char **ret_text,
                        size_t *ret_len, bool *ret_installed, Error *err)
{
        int r;
        if (strchr(name, '/')) {
                r = read_profile(name, ret_text, ret_len, err);
                if (r == -ENOENT)
                        return error_set_errno(err, ENOENT, "%s", name);
                if (r == 0 && !(*ret_path = strdup(name)))
                        return error_no_memory(err);
                return r;
        }
        if (!profile_name_is_valid(name))
                return error_set(
                        err, EINVAL,
                        "'%.80s' is no name of a profile: letters, digits, '.', '_' and '-', at most 64",
                        name);
        CLEANUP_STRLIST StrList dirs = {0};
        if (profile_directories(ctx, &dirs) < 0)
                return error_no_memory(err);
        for (size_t i = 0; i < dirs.n; i++) {
                CLEANUP_FREE char *path = NULL;
                if (asprintf(&path, "%s/%s" SUFFIX, dirs.items[i], name) < 0)
                        return error_no_memory(err);
                r = read_profile(path, ret_text, ret_len, err);
                if (r == 0) {
                        *ret_path = TAKE_PTR(path);
                        *ret_installed = i == dirs.n - 1;
                }
                if (r != -ENOENT)
                        return r;
        }
        return error_set(err, ENOENT,
                         "there is no profile '%s'; \"kurung profile list\" shows which there are", name);
}

static bool is_inside(const char *path, const char *project)
{
        CLEANUP_FREE char *real = realpath(path, NULL);
        CLEANUP_FREE char *dir = project ? realpath(project, NULL) : NULL;
        return real && dir && path_is_below(real, dir);
}

static int circle(const StrList *chain, const char *name, Error *err)
{
        char text[512] = "";
        size_t len = 0;
        for (size_t i = 0; i < chain->n && len < sizeof(text); i++)
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%.60s -> ", chain->items[i]);
        return error_set(err, ELOOP, "profiles extend each other in a circle: %s%.60s", text, name);
}

static int load(const char *name, const ProfileContext *ctx, StrList *chain, Spec *spec, Error *err)
{
        CLEANUP_FREE char *path = NULL, *text = NULL, *extends = NULL;
        size_t len = 0;
        if (strlist_has(chain, name))
                return circle(chain, name, err);
        if (chain->n == PROFILE_DEPTH_MAX)
                return error_set(err, ELOOP, "more than %d profiles extend each other", PROFILE_DEPTH_MAX);
        if (strlist_add(chain, name) < 0)
                return error_no_memory(err);
        bool installed = false;
        int r = find_profile(name, ctx, &path, &text, &len, &installed, err);
        if (r < 0)
                return r;
        /* What was looked up by name lies where the user keeps what he trusts. */
        unsigned flags = strchr(name, '/') && is_inside(path, ctx->project) ? PROFILE_NARROW : 0;
        if (installed)
                flags |= PROFILE_INSTALLED;
        r = profile_parse_text(path, text, len, ctx, flags | PROFILE_ONLY_EXTENDS, spec, &extends, err);
        if (r == 0 && !str_empty(extends))
                r = load(extends, ctx, chain, spec, err);
        if (r == 0)
                r = profile_parse_text(path, text, len, ctx, flags, spec, &extends, err);
        if (r == 0 && strlist_add(&spec->profiles, name) < 0)
                r = error_no_memory(err);
        return r;
}

int profile_load(const char *name, const ProfileContext *ctx, Spec *spec, Error *err)
{
        CLEANUP_STRLIST StrList chain = {0};
        return load(name, ctx, &chain, spec, err);
}
