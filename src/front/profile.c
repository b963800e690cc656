/* SPDX-License-Identifier: Apache-2.0 */
/* Reads profiles into a spec. */
#include "front/profile.h"

#include "base/defence.h"
#include "front/ini.h"
#include "front/profile_find.h"
#include "front/trust.h"

#include <limits.h>
#include <stdio.h>

typedef struct Parser {
        const char *name;
        const char *text;
        size_t len;
        unsigned flags;
        const ProfileContext *ctx;
        Spec *spec;
        char **extends;
        StrList *all_grants; /* gets all of them; may be NULL */
        char **grants;       /* gets the position of the first line that grants a right; may be NULL */
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
        if (p->all_grants &&
            strlist_add_printf(p->all_grants, "%s:%u: %s=%s", p->name, line, key->name, value) < 0)
                return error_no_memory(p->err);
        if (p->grants && !*p->grants &&
            asprintf(p->grants, "%s:%u: %s=%.60s", p->name, line, key->name, value) < 0) {
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
        if (key->id == KEY_EXTENDS && (p->flags & PROFILE_DROP_IN))
                return error_set(p->err, EINVAL,
                                 "%s:%u: a drop-in extends its own profile: remove Extends=", p->name, line);
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
                .here = p->ctx->project,
                .origin = origin,
                .expand = true,
                .installed = (p->flags & PROFILE_INSTALLED) != 0,
                .holds_home = (p->flags & PROFILE_HOLDS_HOME) != 0,
        };
        int r = 0;
        if (((p->flags & PROFILE_NARROW) || p->grants || p->all_grants) &&
            !key_narrows(key, value, &ctx, p->spec))
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

/* The state while a profile and those that it extends are loaded. */
typedef struct Loader {
        const ProfileContext *ctx;
        ProfileSearch search;
        TrustList trust;
        bool has_trust;                   /* already read */
        StrList chain;                    /* the profiles being loaded, the extending one first */
        size_t places[PROFILE_DEPTH_MAX]; /* of those */
        Spec *spec;
        Error *err;
} Loader;

static void loader_clear(Loader *l)
{
        trust_clear(&l->trust);
        profile_search_clear(&l->search);
        strlist_clear(&l->chain);
}

static const Project *project_of(Loader *l)
{
        return profile_search_project(&l->search);
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
                    .all_grants = file->installed ? NULL : l->ctx->grants,
                    .err = l->err};
        TrustState trust = TRUST_NONE;
        if (l->ctx->sources && strlist_add(l->ctx->sources, file->path) < 0)
                return error_no_memory(l->err);
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

/* Adds a profile to the chain and reads it. A name that is in the chain already means the next profile of
 * this name. */
static int find_next(Loader *l, const char *name, ProfileText *ret)
{
        size_t from = 0, n = l->chain.n;
        for (size_t i = 0; i < n; i++)
                if (str_eq(l->chain.items[i], name))
                        from = l->places[i] + 1;
        if (n == PROFILE_DEPTH_MAX)
                return error_set(l->err, ELOOP, "more than %d profiles extend each other", PROFILE_DEPTH_MAX);
        if (from > 0 && strchr(name, '/'))
                return circle(&l->chain, name, l->err);
        int r = profile_find(&l->search, name, from, &l->places[n], ret, l->err);
        if (from > 0 && r == -ENOENT)
                return circle(&l->chain, name, l->err);
        return r == 0 && strlist_add(&l->chain, name) < 0 ? error_no_memory(l->err) : r;
}

/* Loads what a file extends, or what an untrusted file of the project cannot avoid, and then the file. */
static int load_file(Loader *l, const ProfileText *file, const char *said, bool drop_in)
{
        TrustState trust = TRUST_GIVEN;
        unsigned flags = file->installed ? PROFILE_INSTALLED : 0;
        int r = file->in_project ? ask_trust(l, file, &trust) : 0;
        if (r < 0)
                return r;
        if (trust != TRUST_GIVEN && defence_is_on(DEFENCE_NARROW))
                r = load_base(l, trust, &flags);
        else if (!drop_in)
                r = load_extended(l, file, said, flags);
        return r < 0 ? r : parse_file(l, file, said, flags | (drop_in ? PROFILE_DROP_IN : 0));
}

static int load_drop_ins(Loader *l, const char *name)
{
        CLEANUP_STRLIST StrList paths = {0};
        int r = profile_find_drop_ins(&l->search, name, &paths, l->err);
        for (size_t i = 0; r == 0 && i < paths.n; i++) {
                CLEANUP(profile_text_clear) ProfileText file = {0};
                r = profile_read_own(&l->search, paths.items[i], &file, l->err);
                if (r == -ENOENT && l->err->errnum == 0)
                        r = error_set_errno(l->err, ENOENT, "cannot read profile '%s'", paths.items[i]);
                if (r == 0)
                        r = load_file(l, &file, file.path, true);
        }
        return r;
}

static int load(Loader *l, const char *name)
{
        CLEANUP(profile_text_clear) ProfileText file = {0};
        bool again = strlist_has(&l->chain, name);
        int r = find_next(l, name, &file);
        if (r == 0)
                r = load_file(l, &file, strchr(name, '/') ? name : file.path, false);
        if (r == 0 && !again && strlist_add(&l->spec->profiles, name) < 0)
                r = error_no_memory(l->err);
        /* After the last profile of this name. */
        if (r == 0 && !again && !strchr(name, '/'))
                r = load_drop_ins(l, name);
        return r;
}

int profile_load(const char *name, const ProfileContext *ctx, Spec *spec, Error *err)
{
        CLEANUP(loader_clear)
        Loader l = {.ctx = ctx, .search = PROFILE_SEARCH(ctx), .spec = spec, .err = err};
        return load(&l, name);
}
