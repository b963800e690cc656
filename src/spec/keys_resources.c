/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints the keys of [Resources], with the values of systemd.resource-control(5), and podman(1)'s
 * options for them. */
#include "spec/keys_internal.h"
#include "spec/values.h"

#include <stdio.h>

#define WEIGHT_MAX 10000

static int read_percent(const char *value, uint64_t max, LimitUnit *ret_unit, uint64_t *ret)
{
        uint64_t n;
        if (value_percent(value, &n) < 0 || n > max)
                return -EINVAL;
        *ret_unit = LIMIT_PERCENT;
        *ret = n;
        return 0;
}

static int read_memory(const char *value, LimitUnit *ret_unit, uint64_t *ret)
{
        *ret_unit = LIMIT_AMOUNT;
        return read_percent(value, 100, ret_unit, ret) == 0 ? 0 : value_size(value, ret);
}

static int read_bytes(const char *value, LimitUnit *ret_unit, uint64_t *ret)
{
        *ret_unit = LIMIT_AMOUNT;
        return value_size(value, ret);
}

static int read_count(const char *value, LimitUnit *ret_unit, uint64_t *ret)
{
        *ret_unit = LIMIT_AMOUNT;
        return value_count(value, INT64_MAX, ret);
}

static int read_tasks(const char *value, LimitUnit *ret_unit, uint64_t *ret)
{
        *ret_unit = LIMIT_AMOUNT;
        return read_percent(value, 100, ret_unit, ret) == 0 ? 0 : value_count(value, UINT32_MAX, ret);
}

static int read_quota(const char *value, LimitUnit *ret_unit, uint64_t *ret)
{
        return read_percent(value, UINT64_MAX, ret_unit, ret);
}

static int read_weight(const char *value, LimitUnit *ret_unit, uint64_t *ret)
{
        *ret_unit = LIMIT_AMOUNT;
        return value_count(value, WEIGHT_MAX, ret);
}

static int read_time(const char *value, LimitUnit *ret_unit, uint64_t *ret)
{
        *ret_unit = LIMIT_AMOUNT;
        return value_seconds(value, ret);
}

const KeyLimit key_limit_memory = {
        .read = read_memory,
        .right = "must be a number of bytes (suffixes K, M, G, T), a percentage or infinity"};
/* Free space cannot be infinite. */
const KeyLimit key_limit_left = {.read = read_memory,
                                 .right = "must be a number of bytes (suffixes K, M, G, T) or a percentage",
                                 .is_finite = true};
const KeyLimit key_limit_bytes = {.read = read_bytes,
                                  .right = "must be a number of bytes (suffixes K, M, G, T) or infinity"};
const KeyLimit key_limit_number = {.read = read_count, .right = "must be a number or infinity"};
const KeyLimit key_limit_tasks = {.read = read_tasks, .right = "must be a number, a percentage or infinity"};
const KeyLimit key_limit_quota = {.read = read_quota,
                                  .right = "must be a percentage of one processor, such as 200%"};
const KeyLimit key_limit_weight = {
        .read = read_weight, .right = "must be a number from 1 to 10000", .is_share = true};
const KeyLimit key_limit_time = {
        .read = read_time, .right = "must be a time span, such as 90, 30min or infinity", .suffix = "us"};

static KEY_PARSE(parse_limit)
{
        LimitUnit unit = LIMIT_UNSET;
        uint64_t n = 0;
        if (str_eq(value, "infinity") && !key->limit->is_finite)
                unit = LIMIT_INFINITY;
        else if (value[0] != '\0' && (key->limit->read(value, &unit, &n) < 0 || n < key->least))
                return key_bad_value(key, value, ctx, key->limit->right, err);
        SpecLimit *limit = key_field(key, spec);
        char *origin = strdup(ctx->origin);
        if (!origin)
                return error_no_memory(err);
        free(limit->origin);
        *limit = (SpecLimit){.unit = unit, .value = n, .installed = ctx->installed, .origin = origin};
        return 0;
}

/* Splits "PATH RATE" at the last space; the path is owned. -EINVAL: no space. */
static int split_rate(const char *value, char **ret_path, const char **ret_rate)
{
        const char *space = strrchr(value, ' ');
        if (!space || space == value)
                return -EINVAL;
        *ret_rate = space + 1;
        *ret_path = strndup(value, (size_t)(space - value));
        return *ret_path ? 0 : -ENOMEM;
}

static KEY_PARSE(parse_io_limit)
{
        static const char right[] =
                "must be a path and bytes per second (suffixes K, M, G, T), such as \"/ 50M\"";
        CLEANUP_FREE char *text = NULL, *path = NULL;
        const char *rate_text = "";
        LimitUnit unit = LIMIT_AMOUNT;
        uint64_t rate = 0;
        if (value[0] == '\0') {
                spec_clear_io_limits(spec, key->id);
                return 0;
        }
        int r = split_rate(value, &text, &rate_text);
        if (r == -ENOMEM)
                return error_no_memory(err);
        if (r == 0 && str_eq(rate_text, "infinity"))
                unit = LIMIT_INFINITY;
        else if (r < 0 || value_rate(rate_text, &rate) < 0 || rate == 0)
                return key_bad_value(key, value, ctx, right, err);
        r = value_path(text, ctx, &path, err);
        if (r == 0 && spec_add_io_limit(spec, key->id, path, unit, rate, ctx->installed, ctx->origin) < 0)
                r = error_no_memory(err);
        return r;
}

static int print_amount(const SpecLimit *limit, const char *before, const char *after, StrList *ret)
{
        switch (limit->unit) {
        case LIMIT_AMOUNT:
                return strlist_add_printf(ret, "%s%llu%s", before, (unsigned long long)limit->value, after);
        case LIMIT_PERCENT:
                return strlist_add_printf(ret, "%s%llu%%", before, (unsigned long long)limit->value);
        case LIMIT_INFINITY:
                return strlist_add_printf(ret, "%sinfinity", before);
        case LIMIT_UNSET:
                break;
        }
        return 0;
}

static KEY_PRINT(print_limit)
{
        return print_amount(key_field_const(key, spec), "", key->limit->suffix ? key->limit->suffix : "",
                            ret);
}

const KeyType key_type_limit = {0, parse_limit, print_limit};

static KEY_PRINT(print_io_limits)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < spec->n_io_limits; i++) {
                if (spec->io_limits[i].key != key->id)
                        continue;
                CLEANUP_FREE char *before = NULL;
                r = asprintf(&before, "%s ", spec->io_limits[i].path) < 0
                            ? -ENOMEM
                            : print_amount(&spec->io_limits[i].rate, before, "", ret);
        }
        return r;
}

const KeyType key_type_io_limit = {KEY_REPEATS, parse_io_limit, print_io_limits};

bool spec_has_limits(const Spec *spec)
{
        for (KeyId id = 0; id < KEY_MAX; id++) {
                if (!key_has(&keys[id], KEY_TAKES_GROUP))
                        continue;
                LimitUnit unit = spec_limit(spec, id)->unit;
                if (unit == LIMIT_AMOUNT || unit == LIMIT_PERCENT)
                        return true;
        }
        for (size_t i = 0; i < spec->n_io_limits; i++)
                if (spec->io_limits[i].rate.unit == LIMIT_AMOUNT)
                        return true;
        return spec->delegate;
}

/* podman's suffixes are in lower case: "512m". */
static int convert_memory(const char *value, char *out, size_t room)
{
        static const char small[] = "bkmg";
        size_t len = strlen(value);
        const char *s = len > 0 ? strchr(small, value[len - 1]) : NULL;
        if (len >= room)
                return -EINVAL;
        (void)snprintf(out, room, "%s", value);
        if (s)
                out[len - 1] = "\0KMG"[s - small];
        return 0;
}

/* "1.5" processors are 150%. */
static int convert_cpus(const char *value, char *out, size_t room)
{
        size_t whole = strspn(value, "0123456789");
        const char *fraction = value[whole] == '.' ? value + whole + 1 : "";
        if (whole == 0 || whole > 5 || strspn(fraction, "0123456789") != strlen(fraction) ||
            (value[whole] != '\0' && fraction[0] == '\0'))
                return -EINVAL;
        char digits[3] = "00";
        for (size_t i = 0; i < 2 && fraction[i]; i++)
                digits[i] = fraction[i];
        (void)snprintf(out, room, "%lu%%", strtoul(value, NULL, 10) * 100 + strtoul(digits, NULL, 10));
        return 0;
}

static int convert_pids(const char *value, char *out, size_t room)
{
        bool none = str_eq(value, "-1") || str_eq(value, "0");
        if (strlen(value) >= room)
                return -EINVAL;
        (void)snprintf(out, room, "%s", none ? "infinity" : value);
        return 0;
}

const KeyAlias key_aliases[] = {
        {"memory", KEY_MEMORY_MAX, "BYTES", convert_memory},
        {"cpus", KEY_CPU_QUOTA, "N", convert_cpus},
        {"pids-limit", KEY_TASKS_MAX, "N", convert_pids},
};
const size_t key_aliases_n = ARRAY_LEN(key_aliases);
