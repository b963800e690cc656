/* SPDX-License-Identifier: Apache-2.0 */
/* A spec as a profile would say it. */
#include "spec/keys_internal.h"

#include <stdio.h>
#include <sys/capability.h>

/* The word at @index of "a|b|c". */
static int add_choice(const Key *key, unsigned index, StrList *ret)
{
        const char *p = key->argument;
        while (index-- > 0)
                p += strcspn(p, "|") + 1;
        return strlist_add_printf(ret, "%.*s", (int)strcspn(p, "|"), p);
}

static int add_text(const char *text, StrList *ret)
{
        return text ? strlist_add(ret, text) : 0;
}

static int add_all(const StrList *list, StrList *ret)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < list->n; i++)
                r = strlist_add(ret, list->items[i]);
        return r;
}

/* A colon in a path as value_split() takes it back. */
static char *escape_colons(const char *path)
{
        char *out = malloc(2 * strlen(path) + 1), *to = out;
        for (; out && *path; *to++ = *path++)
                if (*path == ':')
                        *to++ = '\\';
        if (out)
                *to = '\0';
        return out;
}

int key_print_op(const SpecOp *op, StrList *ret)
{
        /* This one is no pair, and read as it stands. */
        if (op->kind == SPEC_OP_HIDE || op->kind == SPEC_OP_SHOW)
                return strlist_add(ret, op->dest);
        CLEANUP_FREE char *first = escape_colons(op->source ? op->source : op->dest);
        if (!first)
                return -ENOMEM;
        if (op->source && strcmp(op->source, op->dest) != 0)
                return strlist_add_printf(ret, "%s:%s", first, op->dest);
        if (op->size)
                return strlist_add_printf(ret, "%s:%llu", first, (unsigned long long)op->size);
        return strlist_add(ret, first);
}

static int add_ops(const Spec *spec, SpecOpKind kind, StrList *ret)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++)
                if (spec->ops[i].kind == kind)
                        r = key_print_op(&spec->ops[i], ret);
        return r;
}

static int add_capabilities(const Spec *spec, StrList *ret)
{
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

static int add_run_as(const Spec *spec, StrList *ret)
{
        if (spec->run_as == RUN_AS_IDS)
                return strlist_add_printf(ret, "%u:%u", spec->run_as_uid, spec->run_as_gid);
        return strlist_add(ret, spec->run_as == RUN_AS_ROOT ? "root" : "self");
}

static int add_seccomp(const Spec *spec, StrList *ret)
{
        return strlist_add(ret, spec->seccomp == SECCOMP_FILE     ? spec->seccomp_file
                                : spec->seccomp == SECCOMP_STRICT ? "strict"
                                                                  : "default");
}

/* What only a wish changes; else it is left to its default. */
static int add_switch(const Key *key, const Spec *spec, bool yes, StrList *ret)
{
        return spec_asked(spec, key->id) ? strlist_add(ret, yes ? "yes" : "no") : 0;
}

static int add_bandwidth(const Spec *spec, StrList *ret)
{
        uint64_t up = spec->net_rate_up, down = spec->net_rate_down;
        int r = 0;
        if (up == down)
                return up ? strlist_add_printf(ret, "%llu", (unsigned long long)up) : 0;
        if (up)
                r = strlist_add_printf(ret, "up %llu", (unsigned long long)up);
        if (r == 0 && down)
                r = strlist_add_printf(ret, "down %llu", (unsigned long long)down);
        return r;
}

static int print_network(const Key *key, const Spec *spec, StrList *ret)
{
        switch (key->id) {
        case KEY_NETWORK_MODE:
                return add_choice(key, spec->network, ret);
        case KEY_NETWORK_ALLOW:
                /* A list that was cleared is one that names nothing. */
                if (spec->net_allow.n == 0 && spec_asked(spec, KEY_NETWORK_ALLOW))
                        return strlist_add(ret, "");
                return add_all(&spec->net_allow, ret);
        case KEY_NETWORK_DENY:
                return add_all(&spec->net_deny, ret);
        case KEY_NETWORK_ALLOW_FROM:
                return add_all(&spec->net_allow_from, ret);
        case KEY_NETWORK_ALLOW_PRIVATE:
                return add_switch(key, spec, spec->net_allow_private, ret);
        case KEY_NETWORK_HOST_LOOPBACK:
                return add_all(&spec->net_host_loopback, ret);
        case KEY_NETWORK_PUBLISH:
                return add_all(&spec->net_publish, ret);
        case KEY_NETWORK_CHECK_SNI:
                return add_switch(key, spec, spec->net_check_sni, ret);
        case KEY_NETWORK_BANDWIDTH_MAX:
                return add_bandwidth(spec, ret);
        default:
                return 0;
        }
}

int key_print(const Key *key, const Spec *spec, StrList *ret)
{
        switch (key->id) {
        case KEY_DESCRIPTION:
                return add_text(spec->description, ret);
        case KEY_ROOT:
                return strlist_add(ret, spec->root == ROOT_DIR ? spec->root_dir : "host");
        case KEY_OVERLAY:
                return add_choice(key, spec->overlay, ret);
        case KEY_WORK_DIR:
                return add_choice(key, spec->work_dir, ret);
        case KEY_HOME:
                if (spec->home == HOME_PERSIST)
                        return strlist_add_printf(ret, "persist:%s", spec->home_name);
                return strlist_add(ret, spec->home == HOME_HOST ? "host" : "private");
        case KEY_READ_ONLY:
                return add_ops(spec, SPEC_OP_READ_ONLY, ret);
        case KEY_READ_WRITE:
                return add_ops(spec, SPEC_OP_READ_WRITE, ret);
        case KEY_TMPFS:
                return add_ops(spec, SPEC_OP_TMPFS, ret);
        case KEY_HIDE:
                return add_ops(spec, SPEC_OP_HIDE, ret);
        case KEY_SHOW:
                return add_ops(spec, SPEC_OP_SHOW, ret);
        case KEY_CHDIR:
                return add_text(spec->chdir, ret);
        case KEY_RUN_AS:
                return add_run_as(spec, ret);
        case KEY_ID_MAP:
                return add_choice(key, spec->id_map, ret);
        case SPEC_LIMIT_FIRST ... SPEC_LIMIT_LAST:
                return key_print_limit(key, spec, ret);
        case KEY_IO_READ_BANDWIDTH_MAX:
        case KEY_IO_WRITE_BANDWIDTH_MAX:
                return key_print_io_limits(key, spec, ret);
        case KEY_DELEGATE:
                return strlist_add(ret, spec->delegate ? "yes" : "no");
        case KEY_SECCOMP:
                return add_seccomp(spec, ret);
        case KEY_CAPABILITIES:
                return add_capabilities(spec, ret);
        case KEY_NO_NEW_PRIVILEGES:
                return strlist_add(ret, spec->no_new_privileges ? "yes" : "no");
        case KEY_ARCHITECTURES:
                return add_all(&spec->architectures, ret);
        case KEY_PASS:
                return add_all(&spec->env_pass, ret);
        case KEY_SET:
                return add_all(&spec->env_set, ret);
        case KEY_NETWORK_MODE ... KEY_NETWORK_CHECK_SNI:
        case KEY_NETWORK_BANDWIDTH_MAX:
                return print_network(key, spec, ret);
        default:
                return 0; /* Extends is followed already; the rest is never set */
        }
}
