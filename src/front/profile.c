/* SPDX-License-Identifier: Apache-2.0 */
/* Reads profiles into a spec. */
#include "front/profile.h"

#include "base/defence.h"
#include "base/io.h"
#include "base/path.h"
#include "base/process.h"
#include "front/trust.h"

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
        char **grants; /* gets where the first right is given; NULL: not wanted */
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

/* A value that could give the payload more than it has. */
static int grants(Parser *p, const Key *key, const char *value)
{
        if (p->flags & PROFILE_NARROW) {
                p->r = error_set(
                        p->err, EPERM,
                        "%s:%u: a profile inside the project may only take rights away%s, and %s=%.60s could "
                        "give some; read it, and then: kurung profile trust %s",
                        p->name, p->line,
                        p->flags & PROFILE_CHANGED ? " (it was trusted, and has changed since)" : "",
                        key->name, value, p->name);
                return p->r;
        }
        if (!*p->grants && asprintf(p->grants, "%s:%u: %s=%.60s", p->name, p->line, key->name, value) < 0) {
                *p->grants = NULL;
                p->r = error_no_memory(p->err);
        }
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
        char origin[PATH_MAX + 32];
        (void)snprintf(origin, sizeof(origin), "%s:%u", p->name, p->line);
        const KeyContext ctx = {
                .home = p->ctx->home,
                .getenv = p->ctx->getenv,
                .origin = origin,
                .expand = true,
                .installed = (p->flags & PROFILE_INSTALLED) != 0,
                .holds_home = (p->flags & PROFILE_HOLDS_HOME) != 0,
        };
        if (((p->flags & PROFILE_NARROW) || p->grants) && !key_narrows(key, value, &ctx, p->spec) &&
            grants(p, key, value) < 0)
                return 0;
        p->r = key_parse(key, value, &ctx, p->spec, p->err);
        return p->r == 0;
}

static int parse(Parser *p)
{
        int line = ini_parse_stream(next_line, p, take_pair, p);
        if (p->r < 0)
                return p->r;
        if (line > 0) /* no "=" in it, as a rule */
                return error_set(p->err, EINVAL, "%s:%d: neither [Section] nor Key=value", p->name, line);
        return line < 0 ? error_no_memory(p->err) : 0;
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
        return parse(&p);
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

/* Reads a plain file whole. @fd: O_PATH. */
static int read_file(int fd, const char *name, char **ret, size_t *ret_len, Error *err)
{
        char again[40];
        struct stat st;
        if (fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "%s", name);
        if (!S_ISREG(st.st_mode))
                return error_set(err, EINVAL, "%s: not a regular file", name);
        if (!is_trusted_owner(st.st_uid))
                return error_set(err, EPERM, "%s: belongs to another user", name);
        if (st.st_size > PROFILE_SIZE_MAX)
                return error_set(err, EFBIG, "%s: larger than %d bytes", name, PROFILE_SIZE_MAX);
        (void)snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
        CLEANUP_FD int readable = open(again, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (readable < 0)
                return error_set_errno(err, errno, "%s", name);
        int r = io_read_to_end(readable, PROFILE_SIZE_MAX, -1, ret, ret_len);
        return r < 0 ? error_set_errno(err, r, "%s", name) : 0;
}

/* What is read while a profile and those that it extends are. */
typedef struct Loader {
        const ProfileContext *ctx;
        Project project;
        TrustList trust;
        bool has_project, has_trust; /* they were looked up */
        StrList chain;
        Spec *spec;
        Error *err;
} Loader;

static void loader_clear(Loader *l)
{
        trust_clear(&l->trust);
        strlist_clear(&l->chain);
}

static const Project *project_of(Loader *l)
{
        if (!l->has_project)
                project_find(l->ctx->project, l->ctx->home, &l->project);
        l->has_project = true;
        return &l->project;
}

void profile_text_clear(ProfileText *text)
{
        free(text->path);
        free(text->text);
        *text = (ProfileText){0};
}

/* A file that the project could decide about. -ENOENT without the error being set. */
static int read_own(Loader *l, const char *path, ProfileText *ret)
{
        ProjectFile file;
        int r = project_open(project_of(l), path, &file);
        if (r == -ENOENT || r == -ENOTDIR)
                return -ENOENT;
        if (r < 0)
                return error_set_errno(l->err, r, "%s", path);
        CLEANUP_FD int fd = file.fd;
        ret->path = file.path;
        ret->in_project = file.in_project;
        return read_file(fd, path, &ret->text, &ret->len, l->err);
}

/* One where nobody else writes. -ENOENT without the error being set. */
static int read_system(Loader *l, const char *path, ProfileText *ret)
{
        CLEANUP_FD int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR ? -ENOENT
                                                           : error_set_errno(l->err, errno, "%s", path);
        if (!(ret->path = strdup(path)))
                return error_no_memory(l->err);
        return read_file(fd, path, &ret->text, &ret->len, l->err);
}

static int find_named(Loader *l, const char *name, ProfileText *ret)
{
        CLEANUP_STRLIST StrList dirs = {0};
        if (profile_directories(l->ctx, &dirs) < 0)
                return error_no_memory(l->err);
        for (size_t i = 0; i < dirs.n; i++) {
                CLEANUP_FREE char *path = NULL;
                if (asprintf(&path, "%s/%s" SUFFIX, dirs.items[i], name) < 0)
                        return error_no_memory(l->err);
                /* Behind the user's own come /etc and what is installed. As a rule there is none of that
                 * name. */
                int r = i + 2 < dirs.n && access(path, F_OK) == 0 ? read_own(l, path, ret)
                                                                  : read_system(l, path, ret);
                if (r == -ENOENT && l->err->errnum == 0)
                        continue;
                ret->installed = i == dirs.n - 1;
                /* The home directory is no project, and holds what the user trusts. */
                ret->in_project = ret->in_project && !project_of(l)->holds_home;
                return r;
        }
        return error_set(l->err, ENOENT,
                         "there is no profile '%s'; \"kurung profile list\" shows which there are", name);
}

static int find_profile(Loader *l, const char *name, ProfileText *ret)
{
        if (!strchr(name, '/') && !profile_name_is_valid(name))
                return error_set(
                        l->err, EINVAL,
                        "'%.80s' is no name of a profile: letters, digits, '.', '_' and '-', at most 64",
                        name);
        if (!strchr(name, '/'))
                return find_named(l, name, ret);
        int r = read_own(l, name, ret);
        return r == -ENOENT ? error_set_errno(l->err, ENOENT, "%s", name) : r;
}

int profile_read(const char *name, const ProfileContext *ctx, ProfileText *ret, Error *err)
{
        CLEANUP(loader_clear) Loader l = {.ctx = ctx, .err = err};
        CLEANUP(profile_text_clear) ProfileText text = {0};
        int r = find_profile(&l, name, &text);
        if (r < 0)
                return r;
        *ret = text;
        text = (ProfileText){0};
        return 0;
}

static int circle(const StrList *chain, const char *name, Error *err)
{
        char text[512] = "";
        size_t len = 0;
        for (size_t i = 0; i < chain->n && len < sizeof(text); i++)
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%.60s -> ", chain->items[i]);
        return error_set(err, ELOOP, "profiles extend each other in a circle: %s%.60s", text, name);
}

/* Whether what was read is trusted; adds the hosts that were trusted with it when it speaks for this project.
 */
static int ask_trust(Loader *l, const ProfileText *file, TrustState *ret)
{
        *ret = TRUST_GIVEN;
        if (l->ctx->unchecked)
                return 0;
        int r = l->has_trust ? 0
                             : trust_read(l->ctx->state, project_of(l)->holds_home ? NULL : project_of(l),
                                          &l->trust, l->err);
        if (r < 0)
                return r;
        l->has_trust = true;
        return trust_check(&l->trust, file->path, file->text, file->len, ret,
                           file->in_project ? &l->spec->net_trusted : NULL, l->err);
}

static int load(Loader *l, const char *name);

/* What a profile of the project starts from: it can't choose itself, nor be without. */
static int load_base(Loader *l, TrustState trust, unsigned *flags)
{
        *flags |= PROFILE_NARROW | (trust == TRUST_CHANGED ? PROFILE_CHANGED : 0);
        bool first = l->chain.n == 1 && l->spec->profiles.n == 0;
        return first ? load(l, l->ctx->base ? l->ctx->base : "default") : 0;
}

/* What the profile extends comes before it. */
static int load_extended(Loader *l, const ProfileText *file, const char *name, unsigned flags)
{
        CLEANUP_FREE char *extends = NULL;
        int r = profile_parse_text(name, file->text, file->len, l->ctx, flags | PROFILE_ONLY_EXTENDS, l->spec,
                                   &extends, l->err);
        return r == 0 && !str_empty(extends) ? load(l, extends) : r;
}

static int parse_file(Loader *l, const ProfileText *file, const char *name, unsigned flags)
{
        CLEANUP_FREE char *extends = NULL, *grants = NULL;
        bool elsewhere = l->ctx->granting && !file->installed && !file->in_project;
        Parser p = {.name = name,
                    .text = file->text,
                    .len = file->len,
                    .flags = flags,
                    .ctx = l->ctx,
                    .spec = l->spec,
                    .extends = &extends,
                    .grants = elsewhere ? &grants : NULL,
                    .err = l->err};
        TrustState trust = TRUST_NONE;
        if ((elsewhere || (flags & PROFILE_NARROW)) && project_of(l)->holds_home)
                p.flags |= PROFILE_HOLDS_HOME;
        int r = parse(&p);
        if (r == 0 && grants)
                r = ask_trust(l, file, &trust);
        if (r == 0 && grants && trust != TRUST_GIVEN &&
            (strlist_add(l->ctx->granting, file->path) < 0 || strlist_add(l->ctx->granting, grants) < 0))
                r = error_no_memory(l->err);
        return r;
}

static int load(Loader *l, const char *name)
{
        CLEANUP(profile_text_clear) ProfileText file = {0};
        TrustState trust = TRUST_GIVEN;
        if (strlist_has(&l->chain, name))
                return circle(&l->chain, name, l->err);
        if (l->chain.n == PROFILE_DEPTH_MAX)
                return error_set(l->err, ELOOP, "more than %d profiles extend each other", PROFILE_DEPTH_MAX);
        if (strlist_add(&l->chain, name) < 0)
                return error_no_memory(l->err);
        int r = find_profile(l, name, &file);
        if (r == 0 && file.in_project)
                r = ask_trust(l, &file, &trust);
        if (r < 0)
                return r;
        const char *said = strchr(name, '/') ? name : file.path;
        unsigned flags = file.installed ? PROFILE_INSTALLED : 0;
        if (trust != TRUST_GIVEN && defence_is_on(DEFENCE_NARROW))
                r = load_base(l, trust, &flags);
        else
                r = load_extended(l, &file, said, flags);
        if (r == 0)
                r = parse_file(l, &file, said, flags);
        if (r == 0 && strlist_add(&l->spec->profiles, name) < 0)
                r = error_no_memory(l->err);
        return r;
}

int profile_load(const char *name, const ProfileContext *ctx, Spec *spec, Error *err)
{
        CLEANUP(loader_clear) Loader l = {.ctx = ctx, .spec = spec, .err = err};
        return load(&l, name);
}
