/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the keys of a profile or command line into a spec. */
#include "spec/keys.h"

#include "base/path.h"
#include "spec/keys_internal.h"
#include "spec/values.h"

#include <stdio.h>
#include <strings.h>
#include <sys/capability.h>

int key_bad_value(const Key *key, const char *value, const KeyContext *ctx, const char *right, Error *err)
{
        return error_set(err, EINVAL, "%s: %s=%.100s: %s", ctx->origin, key->name, value, right);
}

int key_choose(const Key *key, const char *value, const KeyContext *ctx, Error *err)
{
        int i = 0;
        for (const char *p = key->argument; *p; i++) {
                size_t n = strcspn(p, "|");
                if (strlen(value) == n && strncmp(p, value, n) == 0)
                        return i;
                p += n + (p[n] == '|');
        }
        char right[200];
        (void)snprintf(right, sizeof(right), "must be one of %s", key->argument);
        return key_bad_value(key, value, ctx, right, err);
}

int key_boolean(const Key *key, const char *value, const KeyContext *ctx, bool *ret, Error *err)
{
        if (str_eq(value, "yes") || str_eq(value, "true") || str_eq(value, "on") || str_eq(value, "1"))
                *ret = true;
        else if (str_eq(value, "no") || str_eq(value, "false") || str_eq(value, "off") || str_eq(value, "0"))
                *ret = false;
        else
                return key_bad_value(key, value, ctx, "must be yes or no", err);
        return 0;
}

static int replace(char **to, const char *value, Error *err)
{
        char *copy = strdup(value);
        if (!copy)
                return error_no_memory(err);
        free(*to);
        *to = copy;
        return 0;
}

static int parse_description(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        (void)key;
        (void)ctx;
        return replace(&spec->description, value, err);
}

/* The front end has followed it already. */
static int parse_extends(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        (void)key;
        (void)value;
        (void)ctx;
        (void)spec;
        (void)err;
        return 0;
}

static int parse_root(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        if (str_eq(value, "host")) {
                spec->root = ROOT_HOST;
                return 0;
        }
        if (str_starts(value, "image:"))
                return error_set(err, ENOTSUP, "%s: %s=%.100s: images are not built yet", ctx->origin,
                                 key->name, value);
        char *dir;
        int r = value_path(value, ctx, &dir, err);
        if (r < 0)
                return r;
        free(spec->root_dir);
        spec->root_dir = dir;
        spec->root = str_eq(dir, "/") ? ROOT_HOST : ROOT_DIR;
        return 0;
}

#define PARSE_CHOICE(function, field, type)                                                                  \
        static int function(const Key *key, const char *value, const KeyContext *ctx, Spec *spec,            \
                            Error *err)                                                                      \
        {                                                                                                    \
                int i = key_choose(key, value, ctx, err);                                                    \
                if (i < 0)                                                                                   \
                        return i;                                                                            \
                spec->field = (type)i;                                                                       \
                return 0;                                                                                    \
        }

PARSE_CHOICE(parse_overlay, overlay, OverlayEngine)
PARSE_CHOICE(parse_work_dir, work_dir, WorkDirMode)
PARSE_CHOICE(parse_id_map, id_map, IdMapMode)

static int parse_home(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        static const char persist[] = "persist:";
        if (str_starts(value, persist)) {
                const char *name = value + strlen(persist);
                if (!value_name(name))
                        return key_bad_value(key, value, ctx,
                                             "the name must be 1 to 63 of a-z, 0-9, '.', '_', '-', and the "
                                             "first a letter or digit",
                                             err);
                spec->home = HOME_PERSIST;
                return replace(&spec->home_name, name, err);
        }
        if (!str_eq(value, "private") && !str_eq(value, "host"))
                return key_bad_value(key, value, ctx, "must be private, host or persist:NAME", err);
        spec->home = str_eq(value, "host") ? HOME_HOST : HOME_PRIVATE;
        return 0;
}

static int parse_bind(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        SpecOpKind kind = key->id == KEY_READ_ONLY ? SPEC_OP_READ_ONLY : SPEC_OP_READ_WRITE;
        if (value[0] == '\0') {
                spec_clear_ops(spec, kind);
                return 0;
        }
        CLEANUP_FREE char *first = NULL, *rest = NULL, *source = NULL, *dest = NULL;
        if (value_split(value, &first, &rest) < 0)
                return error_no_memory(err);
        int r = value_path(first, ctx, &source, err);
        if (r == 0)
                r = value_path(rest ? rest : first, ctx, &dest, err);
        if (r == 0 && spec_add_op(spec, kind, source, dest, 0, ctx->origin) < 0)
                r = error_no_memory(err);
        return r;
}

static int parse_tmpfs(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        if (value[0] == '\0') {
                spec_clear_ops(spec, SPEC_OP_TMPFS);
                return 0;
        }
        CLEANUP_FREE char *first = NULL, *rest = NULL, *dest = NULL;
        uint64_t size = 0;
        if (value_split(value, &first, &rest) < 0)
                return error_no_memory(err);
        if (rest && (value_size(rest, &size) < 0 || size == 0))
                return key_bad_value(key, value, ctx, "the size must be bytes, or with K, M, G or T", err);
        int r = value_path(first, ctx, &dest, err);
        if (r == 0 && spec_add_op(spec, SPEC_OP_TMPFS, NULL, dest, size, ctx->origin) < 0)
                r = error_no_memory(err);
        return r;
}

static int parse_hide(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        SpecOpKind kind = key->id == KEY_HIDE ? SPEC_OP_HIDE : SPEC_OP_SHOW;
        if (value[0] == '\0') {
                spec_clear_ops(spec, kind);
                return 0;
        }
        CLEANUP_FREE char *dest = NULL;
        int r = value_path(value, ctx, &dest, err);
        if (r == 0 && spec_add_op(spec, kind, NULL, dest, 0, ctx->origin) < 0)
                r = error_no_memory(err);
        return r;
}

static int parse_chdir(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        (void)key;
        char *path;
        int r = value_path(value, ctx, &path, err);
        if (r < 0)
                return r;
        /* A magic link could lead out of the sandbox (attack 8). */
        if (path_is_below(path, "/proc")) {
                r = error_set(err, EINVAL, "%s: %s can't be a working directory", ctx->origin, path);
                free(path);
                return r;
        }
        free(spec->chdir);
        spec->chdir = path;
        return 0;
}

static int parse_run_as(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        if (str_eq(value, "self"))
                spec->run_as = RUN_AS_SELF;
        else if (str_eq(value, "root"))
                spec->run_as = RUN_AS_ROOT;
        else if (value_ids(value, &spec->run_as_uid, &spec->run_as_gid) == 0)
                spec->run_as = RUN_AS_IDS;
        else
                return key_bad_value(key, value, ctx, "must be self, root or UID:GID in numbers", err);
        return 0;
}

static int parse_seccomp(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        if (str_eq(value, "default") || str_eq(value, "strict")) {
                spec->seccomp = str_eq(value, "strict") ? SECCOMP_STRICT : SECCOMP_DEFAULT;
                free(spec->seccomp_file);
                spec->seccomp_file = NULL;
                return 0;
        }
        if (!strchr(value, '/'))
                return key_bad_value(key, value, ctx, "must be default, strict or the path of a file", err);
        char *path;
        int r = value_path(value, ctx, &path, err);
        if (r < 0)
                return r;
        free(spec->seccomp_file);
        spec->seccomp_file = path;
        spec->seccomp = SECCOMP_FILE;
        return 0;
}

/* Calls @one for each word of a list that spaces or commas separate. */
static int each_word(const char *value, int (*one)(const char *word, void *userdata), void *userdata)
{
        CLEANUP_FREE char *copy = strdup(value);
        char *save = NULL;
        int r = copy ? 0 : -ENOMEM;
        for (char *p = r < 0 ? NULL : strtok_r(copy, " \t,", &save); r == 0 && p;
             p = strtok_r(NULL, " \t,", &save))
                r = one(p, userdata);
        return r;
}

static int add_capability(const char *word, void *userdata)
{
        cap_value_t cap;
        char name[64];
        (void)snprintf(name, sizeof(name), "%s%.40s", strncasecmp(word, "cap_", 4) == 0 ? "" : "cap_", word);
        if (cap_from_name(name, &cap) < 0 || cap > 63)
                return -EINVAL;
        *(uint64_t *)userdata |= UINT64_C(1) << cap;
        return 0;
}

static int parse_capabilities(const Key *key, const char *value, const KeyContext *ctx, Spec *spec,
                              Error *err)
{
        if (value[0] == '\0') {
                spec->capabilities = 0;
                spec->capabilities_cleared = true;
                return 0;
        }
        uint64_t set = 0;
        int r = each_word(value, add_capability, &set);
        if (r == -ENOMEM)
                return error_no_memory(err);
        if (r < 0)
                return key_bad_value(key, value, ctx,
                                     "names no capability, as CAP_NET_BIND_SERVICE (capabilities(7))", err);
        spec->capabilities |= set;
        return 0;
}

static int parse_no_new_privileges(const Key *key, const char *value, const KeyContext *ctx, Spec *spec,
                                   Error *err)
{
        return key_boolean(key, value, ctx, &spec->no_new_privileges, err);
}

static int add_architecture(const char *word, void *userdata)
{
        /* systemd's names and libseccomp's are the same but for these. */
        static const char *const known[] = {"native",  "x86",    "x86_64", "x32",     "arm",   "aarch64",
                                            "mips",    "mipsel", "mips64", "ppc",     "ppc64", "ppc64le",
                                            "riscv64", "s390",   "s390x",  "mipsel64"};
        const char *name = str_eq(word, "x86-64")     ? "x86_64"
                           : str_eq(word, "arm64")    ? "aarch64"
                           : str_eq(word, "ppc64-le") ? "ppc64le"
                                                      : word;
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (str_eq(known[i], name))
                        return i == 0 ? 0 : strlist_add(userdata, name);
        return -EINVAL;
}

static int parse_architectures(const Key *key, const char *value, const KeyContext *ctx, Spec *spec,
                               Error *err)
{
        if (value[0] == '\0') {
                strlist_clear(&spec->architectures);
                return 0;
        }
        int r = each_word(value, add_architecture, &spec->architectures);
        if (r == -ENOMEM)
                return error_no_memory(err);
        return r < 0 ? key_bad_value(key, value, ctx, "names no architecture, as x86 (systemd.exec(5))", err)
                     : 0;
}

static int add_pass(const char *word, void *userdata)
{
        size_t len = strlen(word);
        bool prefix = len > 1 && word[len - 1] == '*';
        return value_env_name(word, len - prefix) ? strlist_add(userdata, word) : -EINVAL;
}

static int parse_pass(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        if (value[0] == '\0') {
                strlist_clear(&spec->env_pass);
                return 0;
        }
        int r = each_word(value, add_pass, &spec->env_pass);
        if (r == -ENOMEM)
                return error_no_memory(err);
        return r < 0 ? key_bad_value(key, value, ctx, "must be names of variables; a * may end one", err) : 0;
}

/* In a profile Set= is one pair; the option --env takes a bare name, too, and passes it on. */
static int parse_set(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        if (value[0] == '\0') {
                strlist_clear(&spec->env_set);
                return 0;
        }
        size_t len = strcspn(value, "=");
        if (!value_env_name(value, len) || (value[len] == '\0' && ctx->expand))
                return key_bad_value(key, value, ctx, "must be NAME=VALUE", err);
        if (strlist_add(value[len] ? &spec->env_set : &spec->env_pass, value) < 0)
                return error_no_memory(err);
        return 0;
}

const Key keys[KEY_MAX] = {
#include "spec/keys_table.inc"
};

const Key *key_find(const char *section, const char *name)
{
        for (size_t i = 0; i < KEY_MAX; i++)
                if (str_eq(keys[i].section, section) && str_eq(keys[i].name, name))
                        return &keys[i];
        return NULL;
}

const Key *key_find_option(const char *option)
{
        for (size_t i = 0; i < KEY_MAX; i++)
                if (keys[i].option && str_eq(keys[i].option, option))
                        return &keys[i];
        return NULL;
}

const KeyAlias *key_find_alias(const char *option)
{
        for (size_t i = 0; i < key_aliases_n; i++)
                if (str_eq(key_aliases[i].option, option))
                        return &key_aliases[i];
        return NULL;
}

const Key *key_find_short(char letter)
{
        for (size_t i = 0; i < KEY_MAX; i++)
                if (letter != '\0' && keys[i].short_option == letter)
                        return &keys[i];
        return NULL;
}

#define DISTANCE_MAX 64

/* Levenshtein's distance, letters compared without case; long names are cut. */
static size_t distance(const char *a, const char *b)
{
        size_t row[DISTANCE_MAX + 1], n = strnlen(a, DISTANCE_MAX), m = strnlen(b, DISTANCE_MAX);
        for (size_t j = 0; j <= m; j++)
                row[j] = j;
        for (size_t i = 1; i <= n; i++) {
                size_t diagonal = row[0];
                row[0] = i;
                for (size_t j = 1; j <= m; j++) {
                        size_t best = diagonal + (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);
                        diagonal = row[j];
                        if (row[j] + 1 < best)
                                best = row[j] + 1;
                        if (row[j - 1] + 1 < best)
                                best = row[j - 1] + 1;
                        row[j] = best;
                }
        }
        return row[m];
}

static const Key *nearest(const char *text, bool options)
{
        const Key *best = &keys[0];
        size_t best_distance = SIZE_MAX;
        for (size_t i = 0; i < KEY_MAX; i++) {
                const char *candidate = options ? keys[i].option : keys[i].name;
                size_t d = candidate ? distance(text, candidate) : SIZE_MAX;
                if (d < best_distance) {
                        best = &keys[i];
                        best_distance = d;
                }
        }
        return best;
}

const Key *key_nearest(const char *name)
{
        return nearest(name, false);
}

const Key *key_nearest_option(const char *option)
{
        return nearest(option, true);
}

int key_parse(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        int r = key->parse(key, value, ctx, spec, err);
        if (r < 0)
                return r;
        spec->asked |= UINT64_C(1) << key->id;
        return 0;
}
