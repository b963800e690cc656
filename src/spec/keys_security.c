/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints the keys of [Identity], [Security] and [Environment]. */
#include "spec/keys_internal.h"
#include "spec/net_rule.h"
#include "spec/values.h"

#include <limits.h>
#include <stdio.h>
#include <strings.h>
#include <sys/capability.h>

static KEY_PARSE(parse_run_as)
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

static KEY_PRINT(print_run_as)
{
        (void)key;
        if (spec->run_as == RUN_AS_IDS)
                return strlist_add_printf(ret, "%u:%u", spec->run_as_uid, spec->run_as_gid);
        return strlist_add(ret, spec->run_as == RUN_AS_ROOT ? "root" : "self");
}

const KeyType key_type_run_as = {0, parse_run_as, print_run_as};

/* The rule of hostname(7), which is stricter than that of names for a lookup; uname(2) has room for
 * HOST_NAME_MAX bytes. */
static bool is_host_name(const char *name)
{
        char normalized[NET_NAME_MAX + 1];
        size_t len = strlen(name);
        if (len > HOST_NAME_MAX || net_name_normalize(name, len, normalized) < 0 || strchr(name, '_'))
                return false;
        return name[0] != '-' && name[len - 1] != '-' && name[len - 1] != '.' && !strstr(name, ".-") &&
               !strstr(name, "-.");
}

static KEY_PARSE(parse_host_name)
{
        if (!is_host_name(value))
                return key_bad_value(key, value, ctx,
                                     "must be 1 to 64 letters, digits, hyphens and dots (hostname(7))", err);
        return key_replace(&spec->host_name, value, err);
}

static KEY_PRINT(print_host_name)
{
        (void)key;
        return spec->host_name ? strlist_add(ret, spec->host_name) : 0;
}

const KeyType key_type_host_name = {0, parse_host_name, print_host_name};

static KEY_PARSE(parse_seccomp)
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

static KEY_PRINT(print_seccomp)
{
        (void)key;
        return strlist_add(ret, spec->seccomp == SECCOMP_FILE     ? spec->seccomp_file
                                : spec->seccomp == SECCOMP_STRICT ? "strict"
                                                                  : "default");
}

const KeyType key_type_seccomp = {0, parse_seccomp, print_seccomp};

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

static KEY_PARSE(parse_capabilities)
{
        if (value[0] == '\0') {
                spec->capabilities = 0;
                spec->capabilities_cleared = true;
                return 0;
        }
        uint64_t set = 0;
        int r = key_each_word(value, add_capability, &set);
        if (r == -ENOMEM)
                return error_no_memory(err);
        if (r < 0)
                return key_bad_value(
                        key, value, ctx,
                        "unknown capability; use a name such as CAP_NET_BIND_SERVICE (capabilities(7))", err);
        spec->capabilities |= set;
        return 0;
}

static KEY_PRINT(print_capabilities)
{
        (void)key;
        int r = spec->capabilities_cleared ? strlist_add(ret, "") : 0;
        for (cap_value_t cap = 0; r == 0 && cap < 64; cap++) {
                if (!((spec->capabilities >> cap) & 1))
                        continue;
                char *name = cap_to_name(cap);
                r = name ? strlist_add(ret, name) : -ENOMEM;
                (void)cap_free(name);
        }
        return r;
}

const KeyType key_type_capabilities = {KEY_REPEATS, parse_capabilities, print_capabilities};

static const char *spell_architecture(const char *word, char *room, const char **ret_right)
{
        (void)room;
        /* The names of systemd and libseccomp are the same except for these. */
        static const char *const known[] = {"native",  "x86",    "x86_64", "x32",     "arm",   "aarch64",
                                            "mips",    "mipsel", "mips64", "ppc",     "ppc64", "ppc64le",
                                            "riscv64", "s390",   "s390x",  "mipsel64"};
        const char *name = str_eq(word, "x86-64")     ? "x86_64"
                           : str_eq(word, "arm64")    ? "aarch64"
                           : str_eq(word, "ppc64-le") ? "ppc64le"
                                                      : word;
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (str_eq(known[i], name))
                        return i == 0 ? "" : name;
        *ret_right = "unknown architecture; use a name such as x86 (systemd.exec(5))";
        return NULL;
}

const KeyItem key_item_architecture = {spell_architecture};

static const char *spell_variable(const char *word, char *room, const char **ret_right)
{
        (void)room;
        size_t len = strlen(word);
        bool prefix = len > 1 && word[len - 1] == '*';
        *ret_right = "must be names of variables; a name may end in *";
        return value_env_name(word, len - prefix) ? word : NULL;
}

const KeyItem key_item_variable = {spell_variable};

/* In a profile Set= is a pair; the option --env also accepts a name alone, and passes the variable on. */
static KEY_PARSE(parse_env_set)
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

static KEY_PRINT(print_env_set)
{
        (void)key;
        int r = 0;
        for (size_t i = 0; r == 0 && i < spec->env_set.n; i++)
                r = strlist_add(ret, spec->env_set.items[i]);
        return r;
}

const KeyType key_type_env_set = {KEY_REPEATS, parse_env_set, print_env_set};
