/* SPDX-License-Identifier: Apache-2.0 */
/* Reads profiles into a spec. */
#include "front/profile.h"

#include "base/defence.h"
#include "base/io.h"
#include "base/path.h"
#include "front/builtin.h"
#include "front/ini.h"
#include "front/trust.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define SUFFIX ".ini"

typedef struct Parser {
        const char *name;
        const char *text;
        size_t len;
        unsigned flags;
        const ProfileContext *ctx;
        Spec *spec;
        char **extends;
        char **grants; /* gets the position of the first line that grants a right; may be NULL */
        Error *err;
} Parser;

/* Handles a value that could grant the payload more than it has. */
static int grants(Parser *p, unsigned line, const Key *key, const char *value)
{
        if (p->flags & PROFILE_NARROW)
                return error_set(p->err, EPERM,
                                 "%s:%u: a profile inside the project may only restrict%s, but %s=%.60s "
                                 "could grant rights; to trust it, read it and run: kurung profile trust %s",
                                 p->name, line,
                                 p->flags & PROFILE_CHANGED ? " (it changed since you trusted it)" : "",
                                 key->name, value, p->name);
        if (!*p->grants && asprintf(p->grants, "%s:%u: %s=%.60s", p->name, line, key->name, value) < 0) {
                *p->grants = NULL;
                return error_no_memory(p->err);
        }
        return 0;
}

static int take_pair(unsigned line, const char *section, const char *name, const char *value, void *userdata)
{
        Parser *p = userdata;
        const Key *key = key_find(section, name);
        if (!key) {
                const Key *near = key_nearest(name);
                return error_set(p->err, EINVAL,
                                 "%s:%u: unknown key '%.60s' in [%.60s]; did you mean '%s' in [%s]?", p->name,
                                 line, name, section, near->name, near->section);
        }
        if (key->id == KEY_EXTENDS) {
                char *copy = strdup(value);
                if (!copy)
                        return error_no_memory(p->err);
                free(*p->extends);
                *p->extends = copy;
        }
        if (p->flags & PROFILE_ONLY_EXTENDS)
                return 0;
        char origin[PATH_MAX + 32];
        (void)snprintf(origin, sizeof(origin), "%s:%u", p->name, line);
        const KeyContext ctx = {
                .home = p->ctx->home,
                .getenv = p->ctx->getenv,
                .origin = origin,
                .expand = true,
                .installed = (p->flags & PROFILE_INSTALLED) != 0,
                .holds_home = (p->flags & PROFILE_HOLDS_HOME) != 0,
        };
        int r = 0;
        if (((p->flags & PROFILE_NARROW) || p->grants) && !key_narrows(key, value, &ctx, p->spec))
                r = grants(p, line, key, value);
        return r < 0 ? r : key_parse(key, value, &ctx, p->spec, p->err);
}

static int parse(Parser *p)
{
        unsigned line;
        const char *what;
        int r = ini_read(p->text, p->len, take_pair, p, &line, &what);
        if (what)
                return error_set(p->err, EINVAL, "%s:%u: %s", p->name, line, what);
        return r == -ENOMEM ? error_no_memory(p->err) : r;
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

int profile_directories(const ProfileContext *ctx, StrList *ret)
{
        const char *config = ctx->getenv ? ctx->getenv("XDG_CONFIG_HOME") : NULL;
        int r = 0;
        if (config && config[0] == '/')
                r = strlist_add_printf(ret, "%s/kurung/profiles", config);
        else if (ctx->home)
                r = strlist_add_printf(ret, "%s/.config/kurung/profiles", ctx->home);
        return r < 0 ? r : strlist_add(ret, "/etc/kurung/profiles");
}

/* The user and root; in a user namespace without root, root is the owner of "/" there (the overflow id). */
static bool is_trusted_owner(uid_t uid)
{
        struct stat root;
        return uid == 0 || uid == geteuid() || (stat("/", &root) == 0 && uid == root.st_uid);
}

/* Reads a whole regular file. @fd: O_PATH. */
static int read_file(int fd, const char *name, char **ret, size_t *ret_len, Error *err)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot read profile '%s'", name);
        if (!S_ISREG(st.st_mode))
                return error_set(err, EINVAL, "%s: not a regular file", name);
        if (!is_trusted_owner(st.st_uid))
                return error_set(err, EPERM, "%s: belongs to another user", name);
        if (st.st_size > PROFILE_SIZE_MAX)
                return error_set(err, EFBIG, "%s: larger than %d bytes", name, PROFILE_SIZE_MAX);
        CLEANUP_FD int readable = io_reopen(fd, O_RDONLY | O_NONBLOCK);
        if (readable < 0)
                return error_set_errno(err, readable, "cannot read profile '%s'", name);
        int r = io_read_to_end(readable, PROFILE_SIZE_MAX, -1, ret, ret_len);
        return r < 0 ? error_set_errno(err, r, "cannot read profile '%s'", name) : 0;
}

/* The state while a profile and those that it extends are loaded. */
typedef struct Loader {
        const ProfileContext *ctx;
        Project project;
        TrustList trust;
        bool has_project, has_trust; /* already looked up */
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

/* Reads a file that the project may control. -ENOENT does not set the error. */
static int read_own(Loader *l, const char *path, ProfileText *ret)
{
        ProjectFile file;
        int r = project_open(project_of(l), path, &file);
        if (r == -ENOENT || r == -ENOTDIR)
                return -ENOENT;
        if (r < 0)
                return error_set_errno(l->err, r, "cannot read profile '%s'", path);
        CLEANUP_FD int fd = file.fd;
        ret->path = file.path;
        ret->in_project = file.in_project;
        return read_file(fd, path, &ret->text, &ret->len, l->err);
}

/* Reads a file in a directory that only root or the user writes. -ENOENT does not set the error. */
static int read_system(Loader *l, const char *path, ProfileText *ret)
{
        CLEANUP_FD int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR
                               ? -ENOENT
                               : error_set_errno(l->err, errno, "cannot read profile '%s'", path);
        if (!(ret->path = strdup(path)))
                return error_no_memory(l->err);
        return read_file(fd, path, &ret->text, &ret->len, l->err);
}

/* -ENOENT does not set the error. */
static int read_builtin(Loader *l, const char *name, ProfileText *ret)
{
        const BuiltinProfile *p = builtin_profiles;
        while (p < builtin_profiles + builtin_profiles_n && !str_eq(p->name, name))
                p++;
        if (p == builtin_profiles + builtin_profiles_n)
                return -ENOENT;
        if (asprintf(&ret->path, "%s (built in)", name) < 0)
                ret->path = NULL;
        if (!ret->path || !(ret->text = strdup(p->text)))
                return error_no_memory(l->err);
        ret->len = strlen(ret->text);
        ret->installed = true;
        return 0;
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
                /* The directory of the user comes first, then /etc, where most names do not exist. */
                int r = i + 1 < dirs.n && access(path, F_OK) == 0 ? read_own(l, path, ret)
                                                                  : read_system(l, path, ret);
                if (r == -ENOENT && l->err->errnum == 0)
                        continue;
                /* A home directory is not a project; the user trusts its files. */
                ret->in_project = ret->in_project && !project_of(l)->holds_home;
                return r;
        }
        int r = read_builtin(l, name, ret);
        if (r != -ENOENT)
                return r;
        return error_set(l->err, ENOENT, "no profile named '%s'; \"kurung profile list\" lists all profiles",
                         name);
}

static int find_profile(Loader *l, const char *name, ProfileText *ret)
{
        if (!strchr(name, '/') && !profile_name_is_valid(name))
                return error_set(l->err, EINVAL,
                                 "'%.80s' is not a valid profile name: use at most 64 letters, digits, '.', "
                                 "'_' and '-'",
                                 name);
        if (!strchr(name, '/'))
                return find_named(l, name, ret);
        int r = read_own(l, name, ret);
        return r == -ENOENT ? error_set_errno(l->err, ENOENT, "cannot read profile '%s'", name) : r;
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
        return error_set(err, ELOOP, "profiles extend each other in a cycle: %s%.60s", text, name);
}

/* Determines whether the profile is trusted; adds the hosts that were trusted with it if it belongs to this
 * project. */
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

/* Loads the base of a profile of the project, which the profile can neither choose nor avoid. */
static int load_base(Loader *l, TrustState trust, unsigned *flags)
{
        *flags |= PROFILE_NARROW | (trust == TRUST_CHANGED ? PROFILE_CHANGED : 0);
        bool first = l->chain.n == 1 && l->spec->profiles.n == 0;
        return first ? load(l, l->ctx->base ? l->ctx->base : "default") : 0;
}

/* Loads the parent profile first. */
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
