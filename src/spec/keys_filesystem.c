/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints the keys of [Filesystem]: the root, the home directory, and operations on the file
 * system. */
#include "base/path.h"
#include "spec/image_ref.h"
#include "spec/keys_internal.h"
#include "spec/values.h"

/* Makes the path of an image in a file or directory absolute. */
static int resolve_image(ImageRef *ref, const KeyContext *ctx, Error *err)
{
        char *path;
        if (ref->place != IMAGE_OCI && ref->place != IMAGE_DOCKER_ARCHIVE)
                return 0;
        int r = value_path(ref->name, ctx, &path, err);
        if (r < 0)
                return r;
        free(ref->name);
        ref->name = path;
        return 0;
}

static int parse_image(const Key *key, ImagePlace place, const char *text, const char *value,
                       const KeyContext *ctx, Spec *spec, Error *err)
{
        CLEANUP(image_ref_clear) ImageRef ref = {0};
        int r = image_ref_parse(place, text, &ref);
        if (r == -EINVAL)
                return key_bad_value(key, value, ctx,
                                     "an image is image:NAME[:TAG][@sha256:DIGEST], oci:DIR[:TAG], "
                                     "or docker-archive:FILE",
                                     err);
        if (r == 0)
                r = resolve_image(&ref, ctx, err);
        char *printed = r == 0 ? image_ref_print(&ref) : NULL;
        if (r == 0 && !printed)
                r = -ENOMEM;
        if (r < 0)
                return r == -ENOMEM ? error_no_memory(err) : r;
        free(spec->root_dir);
        spec->root_dir = printed;
        spec->root = ROOT_IMAGE;
        return 0;
}

static KEY_PARSE(parse_root)
{
        const char *rest;
        ImagePlace place = image_ref_place(value, &rest);
        if (place != IMAGE_PLACES)
                return parse_image(key, place, rest, value, ctx, spec, err);
        if (str_eq(value, "host")) {
                spec->root = ROOT_HOST;
                return 0;
        }
        char *dir;
        int r = value_path(value, ctx, &dir, err);
        if (r < 0)
                return r;
        free(spec->root_dir);
        spec->root_dir = dir;
        spec->root = str_eq(dir, "/") ? ROOT_HOST : ROOT_DIR;
        return 0;
}

static KEY_PRINT(print_root)
{
        (void)key;
        return strlist_add(ret, spec->root == ROOT_HOST ? "host" : spec->root_dir);
}

const KeyType key_type_root = {0, parse_root, print_root};

static KEY_PARSE(parse_home)
{
        static const char persist[] = "persist:";
        if (str_starts(value, persist)) {
                const char *name = value + strlen(persist);
                if (!value_name(name))
                        return key_bad_value(key, value, ctx,
                                             "the name must be 1 to 63 characters (a-z, 0-9, '.', '_', '-') "
                                             "and begin with a letter or digit",
                                             err);
                spec->home = HOME_PERSIST;
                return key_replace(&spec->home_name, name, err);
        }
        if (!str_eq(value, "private") && !str_eq(value, "host"))
                return key_bad_value(key, value, ctx, "must be private, host or persist:NAME", err);
        spec->home = str_eq(value, "host") ? HOME_HOST : HOME_PRIVATE;
        return 0;
}

static KEY_PRINT(print_home)
{
        (void)key;
        if (spec->home == HOME_PERSIST)
                return strlist_add_printf(ret, "persist:%s", spec->home_name);
        return strlist_add(ret, spec->home == HOME_HOST ? "host" : "private");
}

const KeyType key_type_home = {0, parse_home, print_home};

static KEY_PARSE(parse_chdir)
{
        (void)key;
        char *path;
        int r = value_path(value, ctx, &path, err);
        if (r < 0)
                return r;
        /* A magic link could lead out of the sandbox (attack 8). */
        if (path_is_below(path, "/proc")) {
                r = error_set(err, EINVAL, "%s: '%s' cannot be a working directory", ctx->origin, path);
                free(path);
                return r;
        }
        free(spec->chdir);
        spec->chdir = path;
        return 0;
}

static KEY_PRINT(print_chdir)
{
        (void)key;
        return spec->chdir ? strlist_add(ret, spec->chdir) : 0;
}

const KeyType key_type_chdir = {0, parse_chdir, print_chdir};

static int add_operation(const Key *key, unsigned flags, char *source, char *dest, uint64_t size,
                         const KeyContext *ctx, Spec *spec, Error *err)
{
        const SpecOp op = {.kind = key->operation,
                           .flags = key->op_flags | flags,
                           .source_kind = source ? FS_SOURCE_PATH : FS_SOURCE_NONE,
                           .source = source,
                           .dest = dest,
                           .size = size,
                           .origin = (char *)(uintptr_t)ctx->origin};
        return spec_add_op(spec, &op) < 0 ? error_no_memory(err) : 0;
}

static KEY_PARSE(parse_bind)
{
        if (value[0] == '\0') {
                spec_clear_ops(spec, key->operation, key->op_flags);
                return 0;
        }
        CLEANUP_FREE char *first = NULL, *rest = NULL, *source = NULL, *dest = NULL;
        /* As in systemd.exec(5). */
        unsigned flags = value[0] == '-' ? OP_OPTIONAL : 0;
        if (value_split(value + (flags ? 1 : 0), &first, &rest) < 0)
                return error_no_memory(err);
        if (ctx->expand && first[0] == '.')
                flags |= OP_HERE;
        int r = value_path(first, ctx, &source, err);
        if (r == 0)
                r = value_path(rest ? rest : first, ctx, &dest, err);
        return r < 0 ? r : add_operation(key, flags, source, dest, 0, ctx, spec, err);
}

static KEY_PARSE(parse_tmpfs)
{
        if (value[0] == '\0') {
                spec_clear_ops(spec, key->operation, key->op_flags);
                return 0;
        }
        CLEANUP_FREE char *first = NULL, *rest = NULL, *dest = NULL;
        uint64_t size = 0;
        if (value_split(value, &first, &rest) < 0)
                return error_no_memory(err);
        if (rest && (value_size(rest, &size) < 0 || size == 0))
                return key_bad_value(key, value, ctx,
                                     "the size must be a number of bytes (suffixes K, M, G, T)", err);
        int r = value_path(first, ctx, &dest, err);
        return r < 0 ? r : add_operation(key, 0, NULL, dest, size, ctx, spec, err);
}

static KEY_PARSE(parse_path)
{
        if (value[0] == '\0') {
                spec_clear_ops(spec, key->operation, key->op_flags);
                return 0;
        }
        CLEANUP_FREE char *dest = NULL;
        int r = value_path(value, ctx, &dest, err);
        return r < 0 ? r : add_operation(key, 0, NULL, dest, 0, ctx, spec, err);
}

/* Escapes colons in a path for value_split(). */
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

int key_print_operation(const Key *key, const SpecOp *op, StrList *ret)
{
        /* This type is not a pair, and is not unescaped. */
        if (key->type == &key_type_path)
                return strlist_add(ret, op->dest);
        CLEANUP_FREE char *first = escape_colons(op->source ? op->source : op->dest);
        const char *optional = key->type == &key_type_bind && (op->flags & OP_OPTIONAL) ? "-" : "";
        if (!first)
                return -ENOMEM;
        if (op->source && strcmp(op->source, op->dest) != 0)
                return strlist_add_printf(ret, "%s%s:%s", optional, first, op->dest);
        if (op->size)
                return strlist_add_printf(ret, "%s:%llu", first, (unsigned long long)op->size);
        return strlist_add_printf(ret, "%s%s", optional, first);
}

static KEY_PRINT(print_operations)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++)
                if (key_has_operation(key, &spec->ops[i]))
                        r = key_print_operation(key, &spec->ops[i], ret);
        return r;
}

const KeyType key_type_bind = {KEY_REPEATS | KEY_OPERATION, parse_bind, print_operations};
const KeyType key_type_tmpfs = {KEY_REPEATS | KEY_OPERATION, parse_tmpfs, print_operations};
const KeyType key_type_path = {KEY_REPEATS | KEY_OPERATION, parse_path, print_operations};
