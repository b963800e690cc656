/* SPDX-License-Identifier: Apache-2.0 */
/* Parses sizes, times, ids and paths. */
#include "spec/values.h"

#include "base/defence.h"
#include "base/path.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>

/* Reads the digits at *@p. Unlike strtoull(3): no sign, no space, no overflow. */
static int read_digits(const char **p, uint64_t *ret)
{
        uint64_t n = 0;
        if (!isdigit((unsigned char)**p))
                return -EINVAL;
        for (; isdigit((unsigned char)**p); (*p)++)
                if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(**p - '0'), &n))
                        return -EINVAL;
        *ret = n;
        return 0;
}

int value_count(const char *text, uint64_t max, uint64_t *ret)
{
        uint64_t n;
        if (read_digits(&text, &n) < 0 || *text != '\0' || n > max)
                return -EINVAL;
        *ret = n;
        return 0;
}

/* Parses "1.5" to 1 and 500000 (millionths). */
static int read_decimal(const char **p, uint64_t *ret, uint64_t *ret_millionths)
{
        uint64_t fraction = 0, unit = 1000000;
        if (read_digits(p, ret) < 0)
                return -EINVAL;
        if (**p == '.') {
                if (!isdigit((unsigned char)*++(*p)))
                        return -EINVAL;
                for (; isdigit((unsigned char)**p); (*p)++) {
                        unit /= 10;
                        fraction += unit * (uint64_t)(**p - '0');
                }
        }
        *ret_millionths = fraction;
        return 0;
}

static int scaled(const char *text, uint64_t base, uint64_t *ret)
{
        static const char suffixes[] = "KMGTPE";
        uint64_t n, fraction, factor = 1;
        if (read_decimal(&text, &n, &fraction) < 0)
                return -EINVAL;
        if (*text != '\0') {
                const char *s = strchr(suffixes, *text);
                if (!s || text[1] != '\0')
                        return -EINVAL;
                for (long i = 0; i <= s - suffixes; i++)
                        factor *= base;
        }
        /* Half a byte is meaningless. */
        if (fraction > 0 && factor == 1)
                return -EINVAL;
        unsigned __int128 total =
                (unsigned __int128)n * factor + (unsigned __int128)fraction * factor / 1000000;
        if (total >= UINT64_MAX)
                return -EINVAL;
        *ret = (uint64_t)total;
        return 0;
}

int value_size(const char *text, uint64_t *ret)
{
        return scaled(text, 1024, ret);
}

int value_rate(const char *text, uint64_t *ret)
{
        return scaled(text, 1000, ret);
}

int value_percent(const char *text, uint64_t *ret)
{
        uint64_t n;
        if (read_digits(&text, &n) < 0 || !str_eq(text, "%") || n > 1000000)
                return -EINVAL;
        *ret = n;
        return 0;
}

int value_seconds(const char *text, uint64_t *ret)
{
        static const struct {
                const char *name;
                uint64_t us;
        } units[] = {
                {"us", 1},
                {"usec", 1},
                {"ms", 1000},
                {"msec", 1000},
                {"s", 1000000},
                {"sec", 1000000},
                {"second", 1000000},
                {"seconds", 1000000},
                {"m", 60000000},
                {"min", 60000000},
                {"minute", 60000000},
                {"minutes", 60000000},
                {"h", 3600000000},
                {"hr", 3600000000},
                {"hour", 3600000000},
                {"hours", 3600000000},
                {"d", 86400000000},
                {"day", 86400000000},
                {"days", 86400000000},
                {"w", 604800000000},
                {"week", 604800000000},
                {"weeks", 604800000000},
                {"", 1000000},
        };
        uint64_t total = 0;
        if (str_eq(text, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        if (*text == '\0')
                return -EINVAL;
        while (*text != '\0') {
                uint64_t n, us = 0;
                if (read_digits(&text, &n) < 0)
                        return -EINVAL;
                size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
                for (size_t i = 0; i < ARRAY_LEN(units); i++)
                        if (strlen(units[i].name) == len && strncmp(units[i].name, text, len) == 0)
                                us = units[i].us;
                if (us == 0 || __builtin_mul_overflow(n, us, &n) || __builtin_add_overflow(total, n, &total))
                        return -EINVAL;
                text += len;
                text += strspn(text, " ");
        }
        *ret = total;
        return 0;
}

int value_ids(const char *text, uid_t *ret_uid, gid_t *ret_gid)
{
        uint64_t uid, gid;
        /* 4294967295 is "no id" to the kernel. */
        if (read_digits(&text, &uid) < 0 || *text != ':' || uid >= UINT32_MAX)
                return -EINVAL;
        if (value_count(text + 1, UINT32_MAX - 1, &gid) < 0)
                return -EINVAL;
        *ret_uid = (uid_t)uid;
        *ret_gid = (gid_t)gid;
        return 0;
}

bool value_name(const char *name)
{
        static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
        size_t n = strlen(name);
        if (!defence_is_on(DEFENCE_NAMES))
                return n > 0;
        return n > 0 && n <= VALUE_NAME_MAX && strchr(first, name[0]) &&
               strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

bool value_env_name(const char *name, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (!(isalpha((unsigned char)name[i]) || name[i] == '_' ||
                      (i > 0 && isdigit((unsigned char)name[i]))))
                        return false;
        return len > 0;
}

/* Prefixes of a path in a profile, and their defaults (XDG Base Directory Specification). */
static const struct {
        const char *name;
        const char *below_home; /* NULL: no default */
} variables[] = {
        {"XDG_CONFIG_HOME", ".config"},     {"XDG_CACHE_HOME", ".cache"}, {"XDG_DATA_HOME", ".local/share"},
        {"XDG_STATE_HOME", ".local/state"}, {"XDG_RUNTIME_DIR", NULL},
};

static int join_or_fail(const char *dir, const char *rest, char **ret)
{
        *ret = path_join(dir, rest);
        return *ret ? 0 : -ENOMEM;
}

/* Expands variables; *@ret is owned by the caller. -ENOENT: a variable is not set. */
static int expand(const char *text, const KeyContext *ctx, char **ret)
{
        if (text[0] == '~' && (text[1] == '/' || text[1] == '\0'))
                return ctx->home ? join_or_fail(ctx->home, text + 1, ret) : -ENOENT;
        if (text[0] != '$') {
                *ret = strdup(text);
                return *ret ? 0 : -ENOMEM;
        }
        size_t len = strcspn(text + 1, "/");
        const char *rest = text + 1 + len;
        if (len == strlen("HOME") && strncmp(text + 1, "HOME", len) == 0)
                return ctx->home ? join_or_fail(ctx->home, rest, ret) : -ENOENT;
        for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
                if (strlen(variables[i].name) != len || strncmp(variables[i].name, text + 1, len) != 0)
                        continue;
                const char *value = ctx->getenv ? ctx->getenv(variables[i].name) : NULL;
                if (value && value[0] == '/')
                        return join_or_fail(value, rest, ret);
                if (!ctx->home || !variables[i].below_home)
                        return -ENOENT;
                CLEANUP_FREE char *dir = path_join(ctx->home, variables[i].below_home);
                return dir ? join_or_fail(dir, rest, ret) : -ENOMEM;
        }
        return -EINVAL;
}

int value_path(const char *text, const KeyContext *ctx, char **ret, Error *err)
{
        CLEANUP_FREE char *expanded = NULL;
        if (text[0] == '\0')
                return error_set(err, EINVAL, "%s: the path is empty", ctx->origin);
        /* A shell does not expand "~" after "=". */
        bool is_home = text[0] == '~' && (text[1] == '/' || text[1] == '\0');
        bool is_here = text[0] == '.' && (text[1] == '/' || text[1] == '\0');
        if (ctx->expand && is_here && !ctx->here)
                return error_set(err, EINVAL, "%s: '%.100s': there is no working directory", ctx->origin,
                                 text);
        int r = ctx->expand || is_home ? expand(text, ctx, &expanded) : 0;
        if (r == -ENOMEM)
                return error_no_memory(err);
        if (r == -ENOENT)
                return error_set(err, EINVAL, "%s: cannot expand '%.100s': the variable is not set",
                                 ctx->origin, text);
        if (r < 0)
                return error_set(err, EINVAL,
                                 "%s: '%.100s': only ~, $HOME and $XDG_*_HOME, $XDG_RUNTIME_DIR are expanded",
                                 ctx->origin, text);
        if (!expanded && !(expanded = strdup(text)))
                return error_no_memory(err);
        r = path_normalize(expanded, ctx->expand && is_here ? ctx->here : ctx->cwd, ret);
        if (r == -ENOMEM)
                return error_no_memory(err);
        if (r == -ENAMETOOLONG)
                return error_set(err, ENAMETOOLONG, "%s: a path of %zu characters exceeds the limit of %d",
                                 ctx->origin, strlen(expanded), PATH_MAX - 1);
        if (r < 0)
                return error_set(err, EINVAL, "%s: '%.100s' is not absolute%s", ctx->origin, text,
                                 ctx->expand ? " (write ./PATH for one in the working directory)" : "");
        return 0;
}

int value_split(const char *text, char **ret_first, char **ret_rest)
{
        char *first = malloc(strlen(text) + 1);
        if (!first)
                return -ENOMEM;
        size_t len = 0;
        char *rest = NULL;
        for (; *text; text++) {
                if (*text == '\\' && text[1] == ':') {
                        first[len++] = *++text;
                } else if (*text == ':') {
                        rest = strdup(text + 1);
                        if (!rest) {
                                free(first);
                                return -ENOMEM;
                        }
                        break;
                } else {
                        first[len++] = *text;
                }
        }
        first[len] = '\0';
        *ret_first = first;
        *ret_rest = rest;
        return 0;
}
