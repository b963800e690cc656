/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which values can only restrict what a spec allows so far; an untrusted profile of a project may
 * have only these. A value that cannot be judged without knowledge of the host does not narrow.
 */
#include "spec/keys_internal.h"

bool key_narrows(const Key *key, const char *value, const KeyContext *ctx, const Spec *spec)
{
        return key->narrows && key->narrows(key, value, ctx, spec);
}

KEY_NARROWS(narrows_always)
{
        (void)key, (void)value, (void)ctx, (void)spec;
        return true;
}

#define NARROWS_TO(function, word)                                                                           \
        KEY_NARROWS(function)                                                                                \
        {                                                                                                    \
                (void)key, (void)ctx, (void)spec;                                                            \
                return str_eq(value, word);                                                                  \
        }

NARROWS_TO(narrows_to_default, "default")
NARROWS_TO(narrows_to_private, "private")
NARROWS_TO(narrows_to_self, "self")

/* For keys that add up: an empty value removes everything. */
NARROWS_TO(narrows_if_empty, "")

/* An empty value would clear earlier Hide= or Deny= values. */
KEY_NARROWS(narrows_unless_empty)
{
        (void)key, (void)ctx, (void)spec;
        return value[0] != '\0';
}

static bool is_boolean(const Key *key, const char *value, const KeyContext *ctx, bool wanted)
{
        bool got = !wanted;
        return key_boolean(key, value, ctx, &got, NULL) == 0 && got == wanted;
}

KEY_NARROWS(narrows_to_yes)
{
        (void)spec;
        return is_boolean(key, value, ctx, true);
}

KEY_NARROWS(narrows_to_no)
{
        (void)spec;
        return is_boolean(key, value, ctx, false);
}

/*
 * hidden < ro < overlay < rw. But if the working directory contains the home directory, everything except
 * hidden and ro is refused (plan_make_root()), so that ro would make it visible.
 */
KEY_NARROWS(narrows_work_dir)
{
        (void)key;
        if (str_eq(value, "hidden"))
                return true;
        if (spec->work_dir == WORK_DIR_HIDDEN)
                return false;
        if (str_eq(value, "ro"))
                return spec->work_dir == WORK_DIR_RO || !ctx->holds_home;
        return str_eq(value, "overlay") && spec->work_dir != WORK_DIR_RO;
}

/* hidden < ro < overlay < rw. */
KEY_NARROWS(narrows_project)
{
        (void)key, (void)ctx;
        return str_eq(value, "hidden") || (str_eq(value, "ro") && spec->project != PROJECT_HIDDEN) ||
               (str_eq(value, "overlay") &&
                (spec->project == PROJECT_OVERLAY || spec->project == PROJECT_RW));
}

/* slirp < host: it allows the internet through the host's network, and by default nothing else. */
KEY_NARROWS(narrows_network_mode)
{
        (void)key, (void)ctx;
        return str_eq(value, "none") || (str_eq(value, "slirp") && spec->network != NETWORK_NONE);
}

/* The system calls in a FILE are not known here. */
KEY_NARROWS(narrows_seccomp)
{
        (void)key, (void)ctx;
        return (str_eq(value, "strict") && spec->seccomp != SECCOMP_FILE) ||
               (str_eq(value, "default") && spec->seccomp == SECCOMP_DEFAULT);
}

static bool is_less(const SpecLimit *limit, const SpecLimit *than, uint64_t otherwise)
{
        if (limit->unit != LIMIT_AMOUNT && limit->unit != LIMIT_PERCENT)
                return false;
        if (than->unit == LIMIT_UNSET || than->unit == LIMIT_INFINITY)
                return limit->value <= otherwise;
        /* The amount of a percentage depends on the machine. */
        return limit->unit == than->unit && limit->value <= than->value;
}

KEY_NARROWS(narrows_limit)
{
        CLEANUP(spec_clear) Spec wanted = {0};
        return key->type->parse(key, value, ctx, &wanted, NULL) == 0 &&
               is_less(spec_limit(&wanted, key->id), spec_limit(spec, key->id),
                       key->limit->is_share ? 100 : UINT64_MAX);
}

/* More free space means fewer writes. The default is 15%, at most 4G. */
KEY_NARROWS(narrows_keep_free)
{
        CLEANUP(spec_clear) Spec wanted = {0};
        if (key->type->parse(key, value, ctx, &wanted, NULL) < 0)
                return false;
        const SpecLimit *keep = spec_limit(&wanted, key->id), *than = spec_limit(spec, key->id);
        if (than->unit == LIMIT_UNSET)
                return keep->unit == LIMIT_PERCENT  ? keep->value >= 15
                       : keep->unit == LIMIT_AMOUNT ? keep->value >= UINT64_C(4) << 30
                                                    : false;
        return keep->unit == than->unit && keep->value >= than->value;
}

KEY_NARROWS(narrows_bandwidth)
{
        CLEANUP(spec_clear) Spec wanted = {.net_rate_up = UINT64_MAX, .net_rate_down = UINT64_MAX};
        if (key->type->parse(key, value, ctx, &wanted, NULL) < 0)
                return false;
        /* 0 means no limit; a direction that the value does not name keeps its initial value. */
        bool up = wanted.net_rate_up == UINT64_MAX ||
                  (wanted.net_rate_up > 0 &&
                   (spec->net_rate_up == 0 || wanted.net_rate_up <= spec->net_rate_up));
        bool down = wanted.net_rate_down == UINT64_MAX ||
                    (wanted.net_rate_down > 0 &&
                     (spec->net_rate_down == 0 || wanted.net_rate_down <= spec->net_rate_down));
        return up && down;
}
