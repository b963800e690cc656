/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the command line of run and shell into a spec. */
#include "front/front.h"

#include "base/defence.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/program.h"
#include "front/habits.h"
#include "spec/values.h"

#include <stdio.h>
#include <unistd.h>

enum {
        FLAG_PROFILE,
        FLAG_QUIET,
        FLAG_VERBOSE,
        FLAG_KEEP,
        FLAG_IN,
        FLAG_DRY_RUN,
        FLAG_JSON,
        FLAG_REPORT,
        FLAG_HELP
};

const FrontFlag front_flags[] = {
        [FLAG_PROFILE] = {"profile", 'p', "NAME|FILE",
                          "start from this profile; may be repeated, later ones win"},
        [FLAG_QUIET] = {"quiet", 'q', NULL, "print errors only, no notices"},
        [FLAG_VERBOSE] = {"verbose", 'v', NULL, "print each step"},
        [FLAG_KEEP] = {"keep", 0, "[NAME]", "keep the changes, under NAME or a generated name"},
        [FLAG_IN] = {"in", 0, "NAME", "resume a kept sandbox with its profile, root and ids"},
        [FLAG_DRY_RUN] = {"dry-run", 0, NULL, "print what the command may do, and start nothing"},
        [FLAG_JSON] = {"json", 0, NULL, "with --dry-run, print the plan as JSON"},
        [FLAG_REPORT] = {"report", 0, "FILE", "write a report of the run to FILE, as JSON"},
        [FLAG_HELP] = {"help", 'h', NULL, "show this help"},
};
const size_t front_flags_n = ARRAY_LEN(front_flags);

/* One option of the command line: a key or a flag, and its value. */
typedef struct Option {
        const Key *key;        /* NULL: a flag */
        const FrontFlag *flag; /* NULL: a key */
        const char *value;     /* NULL: none */
        char converted[64];    /* the converted value of an alias */
        char spelling[40];     /* "--read-only", for errors */
} Option;

static const FrontFlag *find_flag(const char *name, size_t len, char letter)
{
        for (size_t i = 0; i < front_flags_n; i++)
                if (letter ? front_flags[i].letter == letter
                           : strlen(front_flags[i].name) == len &&
                                     strncmp(front_flags[i].name, name, len) == 0)
                        return &front_flags[i];
        return NULL;
}

static int unknown_option(const char *word, const char *command, Error *err)
{
        const char *name = word + strspn(word, "-"), *advice = habits_option_advice(word);
        char spelling[64];
        (void)snprintf(spelling, sizeof(spelling), "%.*s", (int)strcspn(name, "="), name);
        Nearest n = NEAREST(spelling);
        if (advice)
                return error_set(err, EINVAL, "unknown option '%.60s': %s", word, advice);
        for (size_t i = 0; i < KEY_MAX; i++)
                (void)nearest_offer(&n, keys[i].option);
        for (size_t i = 0; i < key_aliases_n; i++)
                (void)nearest_offer(&n, key_aliases[i].option);
        for (size_t i = 0; i < front_flags_n; i++)
                (void)nearest_offer(&n, front_flags[i].name);
        if (nearest_is_close(&n) && str_starts(word, "--"))
                return error_set(err, EINVAL, "unknown option '%.60s'; did you mean '--%s'?", word, n.best);
        return error_set(err, EINVAL, "unknown option '%.60s'; see \"kurung %.20s --help\"", word, command);
}

/* Converts the value of an alias (podman's options) to that of its key. */
static int take_alias(const KeyAlias *alias, const char *value, Option *o, Error *err)
{
        if (alias->convert(value, o->converted, sizeof(o->converted)) < 0)
                return error_set(err, EINVAL, "%s=%.60s: must be %s", o->spelling, value, alias->argument);
        return 0;
}

static bool takes_value(const Option *o)
{
        return o->key || o->flag->argument;
}

/* Parses "--name", "--name=value" or "-xvalue" at argv[*i]; takes the next word as the value if one is
 * required. */
static int next_option(int argc, char **argv, int *i, Option *ret, Error *err)
{
        const char *word = argv[(*i)++];
        const KeyAlias *alias = NULL;
        Option o = {0};
        if (word[1] == '-') {
                const char *name = word + 2;
                size_t len = strcspn(name, "=");
                (void)snprintf(o.spelling, sizeof(o.spelling), "--%.*s", (int)(len > 30 ? 30 : len), name);
                o.flag = find_flag(name, len, 0);
                if (!o.flag && len < sizeof(o.spelling) - 2) {
                        alias = key_find_alias(o.spelling + 2);
                        o.key = alias ? &keys[alias->id] : key_find_option(o.spelling + 2);
                }
                o.value = name[len] == '=' ? name + len + 1 : NULL;
        } else {
                (void)snprintf(o.spelling, sizeof(o.spelling), "-%c", word[1]);
                o.flag = find_flag("", 0, word[1]);
                if (!o.flag)
                        o.key = key_find_short(word[1]);
                o.value = word[2] ? word + 2 : NULL;
        }
        if (!o.flag && !o.key)
                return unknown_option(word, argv[0], err);
        if (!takes_value(&o) && o.value)
                return error_set(err, EINVAL, "%s takes no value", o.spelling);
        if (takes_value(&o) && !o.value && o.key && key_has(o.key, KEY_BOOLEAN))
                o.value = "yes";
        if (takes_value(&o) && !o.value && !(o.flag && o.flag->argument[0] == '[')) {
                if (*i >= argc || str_eq(argv[*i], "--"))
                        return error_set(err, EINVAL, "%s requires a value: %s", o.spelling,
                                         o.key ? o.key->argument : o.flag->argument);
                o.value = argv[(*i)++];
        }
        int r = alias ? take_alias(alias, o.value, &o, err) : 0;
        *ret = o;
        if (alias)
                ret->value = ret->converted;
        return r;
}

static void take_flag(const Option *o, Spec *spec, FrontOptions *options)
{
        switch (o->flag - front_flags) {
        case FLAG_QUIET:
                options->level = LOG_QUIET;
                break;
        case FLAG_VERBOSE:
                options->level = LOG_DETAIL;
                break;
        case FLAG_KEEP:
                spec->keep = true;
                options->keep_name = o->value;
                break;
        case FLAG_IN:
                options->in_name = o->value;
                break;
        case FLAG_DRY_RUN:
                options->dry_run = true;
                break;
        case FLAG_JSON:
                options->json = true;
                break;
        case FLAG_REPORT:
                options->report = o->value;
                break;
        case FLAG_HELP:
                options->help = true;
                break;
        default:
                break;
        }
}

/* The root and ids of a kept sandbox are fixed; the permissions of a command are chosen each time. */
static bool may_change(const Key *key)
{
        return key->id == KEY_CHDIR ||
               !(str_eq(key->section, "Filesystem") || str_eq(key->section, "Identity"));
}

static int take_option(const Option *o, const FrontContext *ctx, const FrontOptions *options, Spec *spec,
                       Error *err)
{
        if (options->in_name && !may_change(o->key))
                return error_set(err, EINVAL,
                                 "%s cannot be used with --in: the root and the ids of '%s' are fixed",
                                 o->spelling, options->in_name);
        const KeyContext key_ctx = {
                .home = ctx->home, .cwd = ctx->cwd, .getenv = ctx->getenv, .origin = o->spelling};
        /* In a profile, an empty value clears; on a command line, it is usually an empty variable of a
         * script. */
        if (o->value && o->value[0] == '\0' && !key_has(o->key, KEY_REPEATS))
                return error_set(err, EINVAL, "%s: the value is empty", o->spelling);
        return key_parse(o->key, o->value, &key_ctx, spec, err);
}

/* Walks over the options once: first for flags and profiles, then for keys. Returns the index of the payload.
 */
static int walk(int argc, char **argv, bool keys_now, const FrontContext *ctx, Spec *spec,
                FrontOptions *options, StrList *profiles, Error *err)
{
        int i = 1;
        while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0') {
                if (str_eq(argv[i], "--")) {
                        i++;
                        break;
                }
                Option o = {0};
                int r = next_option(argc, argv, &i, &o, err);
                if (r == 0 && keys_now && o.key)
                        r = take_option(&o, ctx, options, spec, err);
                if (r < 0)
                        return r;
                if (keys_now || !o.flag)
                        continue;
                if (o.flag == &front_flags[FLAG_PROFILE] && strlist_add(profiles, o.value) < 0)
                        return error_no_memory(err);
                take_flag(&o, spec, options);
        }
        return i;
}

static int check_in(const StrList *profiles, const Spec *spec, const FrontOptions *options, Error *err)
{
        if (profiles->n > 0)
                return error_set(err, EINVAL, "--profile cannot be used with --in: '%s' has its own profile",
                                 options->in_name);
        if (spec->keep)
                return error_set(err, EINVAL, "--keep cannot be used with --in: '%s' is already kept",
                                 options->in_name);
        return 0;
}

static int load_profiles(const StrList *profiles, const char *default_profile, const FrontContext *ctx,
                         Spec *spec, StrList *granting, Error *err)
{
        const ProfileContext profile_ctx = {.home = ctx->home,
                                            .project = ctx->cwd,
                                            .found = ctx->project,
                                            .getenv = ctx->getenv,
                                            .state = ctx->state,
                                            .base = default_profile,
                                            .by_default = profiles->n == 0,
                                            .granting = granting,
                                            .notices = ctx->notices};
        int r = profiles->n == 0 ? profile_load(default_profile, &profile_ctx, spec, err) : 0;
        for (size_t i = 0; r == 0 && i < profiles->n; i++)
                r = profile_load(profiles->items[i], &profile_ctx, spec, err);
        return r;
}

/* kurung's own profiles are never visible inside, even if their directory is shared. */
static bool is_own_profile(const char *path, const FrontContext *ctx)
{
        const ProfileContext profile_ctx = {.home = ctx->home, .getenv = ctx->getenv};
        CLEANUP_STRLIST StrList dirs = {0};
        if (profile_directories(&profile_ctx, &dirs) < 0)
                return false;
        CLEANUP_FREE char *dir = path_parent(dirs.items[0]);
        CLEANUP_FREE char *real = dir ? realpath(dir, NULL) : NULL;
        return real && path_is_below(path, real);
}

/* Refuses a profile that grants rights in a directory to which the sandbox writes: the next run would use the
 * content that this one wrote. */
static int check_granting(const StrList *granting, const FrontContext *ctx, const Spec *spec, Error *err)
{
        for (size_t i = 0; i < spec->n_ops; i++) {
                const SpecOp *op = &spec->ops[i];
                const char *written = fs_op_written(op, NULL);
                CLEANUP_FREE char *real = written ? realpath(written, NULL) : NULL;
                for (size_t k = 0; real && k + 1 < granting->n; k += 2)
                        if (path_is_below(granting->items[k], real) &&
                            !is_own_profile(granting->items[k], ctx))
                                return error_set(err, EPERM,
                                                 "%s: the profile is in '%s' (%s), which the sandbox may "
                                                 "write to, so it may only restrict; to trust it, read it "
                                                 "and run: kurung profile trust %s",
                                                 granting->items[k + 1], written, op->origin,
                                                 granting->items[k]);
        }
        return 0;
}

/* "--keep NAME" without "=": the value of --keep is optional, so that the name is taken for the command. */
static int check_kept_name(int argc, char **argv, int at, const FrontContext *ctx, const Spec *spec,
                           Error *err)
{
        const char *word = argv[at], *path = ctx->getenv ? ctx->getenv("PATH") : NULL;
        if (!str_eq(argv[at - 1], "--keep") || at + 1 >= argc || strchr(word, '/') || !value_name(word) ||
            spec->root != ROOT_HOST)
                return 0;
        CLEANUP_FREE char *callers = program_find(path ? path : "", word);
        CLEANUP_FREE char *systems =
                program_find("/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", word);
        return callers || systems
                       ? 0
                       : error_set(err, EINVAL,
                                   "'%.63s' is not a command; to keep the changes under this name, write "
                                   "--keep=%.63s",
                                   word, word);
}

/* "-v /a:/b" shares a directory elsewhere. */
static int check_command(const char *word, const FrontOptions *options, Error *err)
{
        if (options->level != LOG_DETAIL || !strchr("/.~", word[0]) || !strchr(word, ':') ||
            access(word, F_OK) == 0)
                return 0;
        return error_set(
                err, EINVAL,
                "'%.80s' is not a command: -v means --verbose; to share a path, use --read-write=%.80s "
                "or --read-only=%.80s",
                word, word, word);
}

/* An option that has no use without a network implies one, unless --net says otherwise. @options: the bits of
 * the keys that options set. */
static int imply_network(uint64_t options, const FrontContext *ctx, Spec *spec, Error *err)
{
        const char *by = NULL;
        if (spec->network != NETWORK_NONE || (options & (UINT64_C(1) << KEY_NETWORK_MODE)))
                return 0;
        for (size_t i = 0; i < KEY_MAX; i++) {
                CLEANUP_STRLIST StrList values = {0};
                if (!key_has(&keys[i], KEY_ASKS_NETWORK) || !(options & (UINT64_C(1) << i)))
                        continue;
                if (key_print(&keys[i], spec, &values) < 0)
                        return error_no_memory(err);
                /* Not an empty variable of a script. */
                if (values.n > 0 && values.items[0][0] != '\0')
                        by = keys[i].option;
        }
        if (!by)
                return 0;
        spec->network = NETWORK_SLIRP;
        if (ctx->notices && spec->net_allow.n == 0 && spec->net_allow_from.n == 0 &&
            strlist_add_printf(
                    ctx->notices,
                    "--%s implies --net=slirp, by which the whole internet may be reached (restrict "
                    "it with --allow=HOST:PORT)",
                    by) < 0)
                return error_no_memory(err);
        return 0;
}

/* Parses the options into the spec, after the profiles. Returns the index of the payload. */
static int take_options(int argc, char **argv, const FrontContext *ctx, Spec *spec, FrontOptions *options,
                        Error *err)
{
        uint64_t by_profiles = spec->asked;
        spec->asked = 0;
        int i = walk(argc, argv, true, ctx, spec, options, NULL, err);
        int r = i < 0 ? i : imply_network(spec->asked, ctx, spec, err);
        spec->asked |= by_profiles;
        return r < 0 ? r : i;
}

int front_make_spec(int argc, char **argv, const char *default_profile, const FrontContext *ctx,
                    Spec *ret_spec, FrontOptions *ret, Error *err)
{
        CLEANUP_STRLIST StrList profiles = {0}, granting = {0};
        FrontOptions options = {.level = LOG_NORMAL};
        *ret = options;
        int r = spec_init(ret_spec);
        if (r < 0)
                return error_no_memory(err);
        int i = walk(argc, argv, false, ctx, ret_spec, &options, &profiles, err);
        if (options.help) {
                ret->help = true;
                return 0;
        }
        if (i < 0)
                return i;
        if (options.in_name) {
                r = check_in(&profiles, ret_spec, &options, err);
                if (r == 0)
                        r = ctx->restore(ctx->userdata, options.in_name, ret_spec, err);
                ret_spec->keep = true;
        } else {
                r = load_profiles(&profiles, default_profile, ctx, ret_spec, &granting, err);
        }
        if (r == 0)
                r = take_options(argc, argv, ctx, ret_spec, &options, err);
        if (r >= 0 && defence_is_on(DEFENCE_NARROW))
                r = check_granting(&granting, ctx, ret_spec, err);
        if (r < 0)
                return r;
        r = i < argc ? check_command(argv[i], &options, err) : 0;
        if (r == 0 && i < argc)
                r = check_kept_name(argc, argv, i, ctx, ret_spec, err);
        if (r < 0)
                return r;
        for (; i < argc; i++)
                if (strlist_add(&ret_spec->argv, argv[i]) < 0)
                        return error_no_memory(err);
        *ret = options;
        return 0;
}
