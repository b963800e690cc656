/* SPDX-License-Identifier: Apache-2.0 */
/* The table of bwrap's options, and the readers of those that are no operations on the file system. */
#include "base/caps.h"
#include "front/bwrap_internal.h"
#include "spec/keys.h"

#include <limits.h>
#include <strings.h>
#include <sys/capability.h>

static int warn_only_last(Bwrap *b, const BwrapOption *option, bool again, Error *err)
{
        return again ? bwrap_warn(b, err, "Only the last %s option will take effect", option->name) : 0;
}

static int take_switch(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        (void)values;
        (void)err;
        *(bool *)((char *)b + option->offset) = true;
        return 0;
}

/* @parameter: a BwrapAction. */
static int take_action(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        (void)values;
        (void)err;
        b->action = (BwrapAction)option->parameter;
        return 0;
}

static int take_unshare_all(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        (void)option;
        (void)values;
        (void)err;
        b->unshare_user_try = b->unshare_ipc = b->unshare_pid = b->unshare_uts = b->unshare_cgroup =
                b->unshare_net = true;
        return 0;
}

static int take_share_net(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        (void)option;
        (void)values;
        (void)err;
        b->unshare_net = false;
        return 0;
}

/* @parameter: a BwrapFd. */
static int take_fd(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        int *fd = &b->fds[option->parameter];
        if (option->parameter == BWRAP_FD_SECCOMP && b->spec.execution.n_filter_fds > 0)
                return error_set(err, EINVAL, "--seccomp cannot be combined with --add-seccomp-fd");
        int r = warn_only_last(b, option, *fd >= 0, err);
        return r < 0 ? r : bwrap_fd(b, values[0], fd, err);
}

static int take_filter(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        SpecExecution *e = &b->spec.execution;
        (void)option;
        if (b->fds[BWRAP_FD_SECCOMP] >= 0)
                return error_set(err, EINVAL, "--add-seccomp-fd cannot be combined with --seccomp");
        int *longer = reallocarray(e->filter_fds, e->n_filter_fds + 1, sizeof(*longer));
        if (!longer)
                return error_no_memory(err);
        e->filter_fds = longer;
        int fd, r = bwrap_fd(b, values[0], &fd, err);
        for (size_t i = 0; r == 0 && i < e->n_filter_fds; i++)
                if (longer[i] == fd)
                        r = error_set_errno(err, EBADF, "Can't read seccomp data");
        if (r == 0)
                longer[e->n_filter_fds++] = fd;
        return r;
}

static int replace_text(char **text, const char *value, Error *err)
{
        char *copy = strdup(value);
        if (!copy)
                return error_no_memory(err);
        free(*text);
        *text = copy;
        return 0;
}

static int take_argv0(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        if (b->spec.execution.argv0)
                return error_set(err, EINVAL, "%s used multiple times", option->name);
        return replace_text(&b->spec.execution.argv0, values[0], err);
}

static int take_chdir(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        StrList *cwds = &b->spec.execution.cwds;
        int r = warn_only_last(b, option, b->has_chdir, err);
        b->has_chdir = true;
        strlist_clear(cwds);
        return r < 0 ? r : strlist_add(cwds, values[0]) < 0 ? error_no_memory(err) : 0;
}

static int take_host_name(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        int r = warn_only_last(b, option, b->has_host_name, err);
        b->has_host_name = true;
        return r < 0 ? r : replace_text(&b->spec.host_name, values[0], err);
}

/* The highest id is not an id (setresuid(2)). */
static int read_id(const char *kind, const char *text, uid_t *ret, Error *err)
{
        char *end = NULL;
        long id = strtol(text, &end, 10);
        if (text[0] == '\0' || *end != '\0' || id < 0 || id >= UINT32_MAX)
                return error_set(err, EINVAL, "Invalid %s: %.200s", kind, text);
        *ret = (uid_t)id;
        return 0;
}

static int take_uid(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        int r = warn_only_last(b, option, b->has_uid, err);
        b->has_uid = true;
        return r < 0 ? r : read_id("uid", values[0], &b->spec.run_as_uid, err);
}

static int take_gid(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        int r = warn_only_last(b, option, b->has_gid, err);
        b->has_gid = true;
        return r < 0 ? r : read_id("gid", values[0], &b->spec.run_as_gid, err);
}

/* The caller removes it because it may be secret, and this memory outlives the start. */
static void wipe(char *variable)
{
        explicit_bzero(variable, strlen(variable));
        free(variable);
}

static void remove_variable(StrList *env, const char *name)
{
        size_t len = strlen(name), n = 0;
        for (size_t i = 0; i < env->n; i++) {
                if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
                        wipe(env->items[i]);
                else
                        env->items[n++] = env->items[i];
        }
        env->n = n;
        if (env->items)
                env->items[n] = NULL;
}

/* As setenv(3). */
static bool is_variable(const char *name)
{
        return name[0] != '\0' && !strchr(name, '=');
}

static int take_setenv(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        (void)option;
        if (!is_variable(values[0]))
                return error_set(err, EINVAL, "setenv failed: Invalid argument");
        return env_list_set(&b->env, values[0], values[1]) < 0 ? error_no_memory(err) : 0;
}

static int take_unsetenv(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        (void)option;
        if (!is_variable(values[0]))
                return error_set(err, EINVAL, "unsetenv failed: Invalid argument");
        remove_variable(&b->env, values[0]);
        return 0;
}

static int take_clearenv(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        (void)option;
        (void)values;
        (void)err;
        for (size_t i = 0; i < b->env.n; i++)
                explicit_bzero(b->env.items[i], strlen(b->env.items[i]));
        strlist_clear(&b->env);
        return 0;
}

static int take_lock_file(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        (void)option;
        return strlist_add(&b->spec.execution.lock_files, values[0]) < 0 ? error_no_memory(err) : 0;
}

/* @parameter: whether to add; otherwise capabilities are dropped. */
static int take_capability(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        uint64_t *set = &b->spec.execution.capability_sets.permitted, bits;
        cap_value_t cap = 0;
        bool all = strcasecmp(values[0], "ALL") == 0;
        if (!all && (cap_from_name(values[0], &cap) < 0 || cap < 0 || cap > 63))
                return error_set(err, EINVAL, "unknown cap: %.200s", values[0]);
        bits = all ? caps_of_kernel() : UINT64_C(1) << cap;
        if (!b->caps_changed && b->caller->uid == 0)
                *set = b->caller->capabilities;
        b->caps_changed = true;
        *set = option->parameter ? *set | bits : *set & ~bits;
        return 0;
}

static int take_perms(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        if (b->has_perms)
                return error_set(err, EINVAL, "--perms given twice for the same action");
        int r = bwrap_octal(option, values[0], &b->perms, err);
        b->has_perms = r == 0;
        return r;
}

static int take_size(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        const char *text = values[0];
        char *end = NULL;
        (void)option;
        if (b->size != 0)
                return error_set(err, EINVAL, "--size given twice for the same action");
        errno = 0;
        unsigned long long size = strtoull(text, &end, 0);
        /* A digit comes first: strtoull(3) takes a sign and spaces. */
        if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || size == 0)
                return error_set(err, EINVAL, "--size takes a non-zero number of bytes");
        if (size > SIZE_MAX >> 1)
                return error_set(err, EINVAL, "--size (for tmpfs) is limited to %zu", SIZE_MAX >> 1);
        b->size = size;
        return 0;
}

static int take_label(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        (void)b;
        (void)option;
        (void)values;
        return error_set(err, ENOTSUP, "labeling not supported on this system");
}

/* kurung's own options */

static int set_key(Bwrap *b, const BwrapOption *option, const char *section, const char *name,
                   const char *value, Error *err)
{
        const Key *key = key_find(section, name);
        const KeyContext ctx = {.origin = option->name, .cwd = b->caller->cwd};
        if (!key)
                return error_set(err, EINVAL, "%s: unknown key '%.60s'", option->name, name);
        b->supervised = b->probes_host = true;
        int r = key_parse(key, value, &ctx, &b->spec, err);
        b->spec.asked |= UINT64_C(1) << key->id;
        return r;
}

static int take_net(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        if (!str_eq(values[0], "slirp"))
                return error_set(err, EINVAL, "%s: '%.60s' is not 'slirp'", option->name, values[0]);
        b->unshare_net = true;
        return set_key(b, option, "Network", "Mode", values[0], err);
}

static int take_allow(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        b->unshare_net = true;
        int r = set_key(b, option, "Network", "Mode", "slirp", err);
        return r < 0 ? r : set_key(b, option, "Network", "Allow", values[0], err);
}

static int take_limit(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        size_t len = strcspn(values[0], "=");
        CLEANUP_FREE char *name = strndup(values[0], len);
        if (!name)
                return error_no_memory(err);
        if (values[0][len] != '=')
                return error_set(err, EINVAL, "%s: '%.60s' is not KEY=VALUE", option->name, values[0]);
        return set_key(b, option, "Resources", name, values[0] + len + 1, err);
}

static int take_id_map(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        if (!str_eq(values[0], "subid"))
                return error_set(err, EINVAL, "%s: '%.60s' is not 'subid'", option->name, values[0]);
        b->subid = b->probes_host = true;
        return 0;
}

static int take_report(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        int r = warn_only_last(b, option, b->report != NULL, err);
        b->supervised = b->probes_host = true;
        return r < 0 ? r : replace_text(&b->report, values[0], err);
}

#define SWITCH_OPTION(text, member)                                                                          \
        {                                                                                                    \
                .name = (text), .take = take_switch, .offset = offsetof(Bwrap, member)                       \
        }
#define FD_OPTION(text, fd)                                                                                  \
        {                                                                                                    \
                .name = (text), .n = 1, .take = take_fd, .parameter = (fd)                                   \
        }
#define BIND_OPTION(text, more)                                                                              \
        {                                                                                                    \
                .name = (text), .n = 2, .take = bwrap_take_bind, .flags = (more)                             \
        }
#define DATA_OPTION(text, kind, more)                                                                        \
        {                                                                                                    \
                .name = (text), .n = 2, .take = bwrap_take_data, .parameter = (kind), .flags = (more),       \
                .takes_perms = true                                                                          \
        }

static const BwrapOption options[] = {
        {.name = "--help", .take = take_action, .parameter = BWRAP_HELP},
        {.name = "--version", .take = take_action, .parameter = BWRAP_VERSION},
        {.name = "--args", .n = 1},
        {.name = "--argv0", .n = 1, .take = take_argv0, .one = true},
        SWITCH_OPTION("--level-prefix", level_prefix),
        {.name = "--unshare-all", .take = take_unshare_all},
        {.name = "--share-net", .take = take_share_net},
        SWITCH_OPTION("--unshare-user", unshare_user),
        SWITCH_OPTION("--unshare-user-try", unshare_user_try),
        SWITCH_OPTION("--unshare-ipc", unshare_ipc),
        SWITCH_OPTION("--unshare-pid", unshare_pid),
        SWITCH_OPTION("--unshare-net", unshare_net),
        SWITCH_OPTION("--unshare-uts", unshare_uts),
        SWITCH_OPTION("--unshare-cgroup", unshare_cgroup),
        SWITCH_OPTION("--unshare-cgroup-try", unshare_cgroup),
        FD_OPTION("--userns", BWRAP_FD_USERNS),
        FD_OPTION("--userns2", BWRAP_FD_USERNS2),
        SWITCH_OPTION("--disable-userns", disable_userns),
        SWITCH_OPTION("--assert-userns-disabled", assert_userns_disabled),
        FD_OPTION("--pidns", BWRAP_FD_PIDNS),
        {.name = "--uid", .n = 1, .take = take_uid},
        {.name = "--gid", .n = 1, .take = take_gid},
        {.name = "--hostname", .n = 1, .take = take_host_name},
        {.name = "--chdir", .n = 1, .take = take_chdir, .one = true},
        {.name = "--clearenv", .take = take_clearenv},
        {.name = "--setenv", .n = 2, .take = take_setenv},
        {.name = "--unsetenv", .n = 1, .take = take_unsetenv},
        {.name = "--lock-file", .n = 1, .take = take_lock_file},
        FD_OPTION("--sync-fd", BWRAP_FD_SYNC),
        BIND_OPTION("--bind", 0),
        BIND_OPTION("--bind-try", OP_OPTIONAL | OP_AS_SPELLED),
        BIND_OPTION("--dev-bind", OP_ALLOW_DEV),
        BIND_OPTION("--dev-bind-try", OP_ALLOW_DEV | OP_OPTIONAL | OP_AS_SPELLED),
        BIND_OPTION("--ro-bind", OP_RDONLY),
        BIND_OPTION("--ro-bind-try", OP_RDONLY | OP_OPTIONAL | OP_AS_SPELLED),
        {.name = "--bind-fd", .n = 2, .take = bwrap_take_bind_fd},
        {.name = "--ro-bind-fd", .n = 2, .take = bwrap_take_bind_fd, .flags = OP_RDONLY},
        {.name = "--remount-ro",
         .n = 1,
         .take = bwrap_take_place,
         .parameter = OP_REMOUNT,
         .flags = OP_RDONLY,
         .one = true},
        {.name = "--overlay-src", .n = 1, .take = bwrap_take_overlay_src},
        {.name = "--overlay", .n = 3, .take = bwrap_take_overlay, .parameter = 1},
        {.name = "--tmp-overlay", .n = 1, .take = bwrap_take_overlay, .parameter = 1, .flags = OP_IN_MEMORY},
        {.name = "--ro-overlay", .n = 1, .take = bwrap_take_overlay, .parameter = 2, .flags = OP_RDONLY},
        {.name = "--exec-label", .n = 1, .take = take_label},
        {.name = "--file-label", .n = 1, .take = take_label},
        {.name = "--proc", .n = 1, .take = bwrap_take_proc, .parameter = OP_PROC},
        {.name = "--dev", .n = 1, .take = bwrap_take_dev, .parameter = OP_DEV},
        {.name = "--tmpfs",
         .n = 1,
         .take = bwrap_take_place,
         .parameter = OP_TMPFS,
         .takes_perms = true,
         .takes_size = true},
        {.name = "--mqueue", .n = 1, .take = bwrap_take_mqueue},
        {.name = "--dir", .n = 1, .take = bwrap_take_place, .parameter = OP_DIR, .takes_perms = true},
        DATA_OPTION("--file", OP_WRITE, 0),
        DATA_OPTION("--bind-data", OP_FILE, 0),
        DATA_OPTION("--ro-bind-data", OP_FILE, OP_RDONLY),
        {.name = "--symlink", .n = 2, .take = bwrap_take_symlink},
        FD_OPTION("--seccomp", BWRAP_FD_SECCOMP),
        {.name = "--add-seccomp-fd", .n = 1, .take = take_filter},
        FD_OPTION("--block-fd", BWRAP_FD_BLOCK),
        FD_OPTION("--userns-block-fd", BWRAP_FD_USERNS_BLOCK),
        FD_OPTION("--info-fd", BWRAP_FD_INFO),
        FD_OPTION("--json-status-fd", BWRAP_FD_JSON_STATUS),
        SWITCH_OPTION("--new-session", new_session),
        SWITCH_OPTION("--die-with-parent", spec.execution.die_with_parent),
        SWITCH_OPTION("--as-pid-1", as_pid_1),
        {.name = "--cap-add", .n = 1, .take = take_capability, .parameter = true},
        {.name = "--cap-drop", .n = 1, .take = take_capability, .parameter = false},
        {.name = "--perms", .n = 1, .take = take_perms, .modifies = true},
        {.name = "--size", .n = 1, .take = take_size, .modifies = true},
        {.name = "--chmod", .n = 2, .take = bwrap_take_chmod},
        {.name = "--kurung-net", .n = 1, .take = take_net},
        {.name = "--kurung-allow", .n = 1, .take = take_allow},
        {.name = "--kurung-limit", .n = 1, .take = take_limit},
        {.name = "--kurung-id-map", .n = 1, .take = take_id_map},
        SWITCH_OPTION("--kurung-forward-signals", supervised),
        {.name = "--kurung-report", .n = 1, .take = take_report},
};

const BwrapOption *bwrap_find_option(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(options); i++)
                if (str_eq(options[i].name, name))
                        return &options[i];
        return NULL;
}
