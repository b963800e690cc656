/* SPDX-License-Identifier: Apache-2.0 */
/* Converts a spec to lines for records, and back. */
#include "spec/keys_internal.h"

/* Marks a value that an installed profile set: "~Resources.MemoryMax=75%". */
#define DEFAULT_MARK '~'

static const Key *key_of(const SpecOp *op)
{
        for (size_t i = 0; i < KEY_MAX; i++)
                if (key_has_operation(&keys[i], op))
                        return &keys[i];
        return NULL;
}

static bool is_default(const Spec *spec, const Key *key, size_t index)
{
        if (key->type == &key_type_limit)
                return spec_limit(spec, key->id)->installed;
        for (size_t i = 0; i < spec->n_io_limits; i++)
                if (spec->io_limits[i].key == key->id && index-- == 0)
                        return spec->io_limits[i].rate.installed;
        return (spec->by_installed >> key->id) & 1;
}

static int store_key(const Spec *spec, const Key *key, StrList *ret)
{
        CLEANUP_STRLIST StrList values = {0};
        int r = key_print(key, spec, &values);
        /* A list that was cleared. */
        if (r == 0 && values.n == 0 && key_has(key, KEY_REPEATS))
                r = strlist_add(&values, "");
        for (size_t i = 0; r == 0 && i < values.n; i++)
                r = strlist_add_printf(ret, "%s%s.%s=%s", is_default(spec, key, i) ? "~" : "", key->section,
                                       key->name, values.items[i]);
        return r;
}

int spec_store(const Spec *spec, StrList *ret)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < KEY_MAX; i++)
                if (spec_asked(spec, keys[i].id) && !key_has(&keys[i], KEY_OPERATION))
                        r = store_key(spec, &keys[i], ret);
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++) {
                CLEANUP_STRLIST StrList value = {0};
                const Key *key = key_of(&spec->ops[i]);
                /* A kept sandbox has no operation that no key can express. */
                r = key ? key_print_operation(key, &spec->ops[i], &value) : -EINVAL;
                if (r == 0)
                        r = strlist_add_printf(ret, "%s.%s=%s", key->section, key->name, value.items[0]);
        }
        return r;
}

static int restore_line(const char *line, const char *origin, Spec *spec, Error *err)
{
        KeyContext ctx = {.origin = origin, .installed = line[0] == DEFAULT_MARK};
        const char *at = line + ctx.installed, *dot = strchr(at, '.'), *equals = strchr(at, '=');
        if (!dot || !equals || equals < dot)
                return error_set(err, EINVAL, "%s: '%.80s' is not a valid line of a spec", origin, line);
        CLEANUP_FREE char *section = strndup(at, (size_t)(dot - at));
        CLEANUP_FREE char *name = strndup(dot + 1, (size_t)(equals - dot - 1));
        if (!section || !name)
                return error_no_memory(err);
        const Key *key = key_find(section, name);
        if (!key)
                return error_set(err, EINVAL, "%s: unknown key %s.%s", origin, section, name);
        return key_parse(key, equals + 1, &ctx, spec, err);
}

int spec_restore(const StrList *lines, const char *origin, Spec *spec, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < lines->n; i++)
                r = restore_line(lines->items[i], origin, spec, err);
        return r;
}
