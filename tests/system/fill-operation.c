/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an operation on the file system from a word: each member of FsOp that a spec may fill has one. */
#include "fill-operation.h"

#include <stdio.h>

/* What is filled: lists that fs_op_copy() copies, of strings that belong to the text. */
typedef struct Filled {
        FsOp op;
        FsFile lowers[200];
        char *options[32];
} Filled;

int fill_propagation(const char *name, FsPropagation *ret)
{
        static const char *const names[] = {[FS_PROPAGATION_PRIVATE] = "private",
                                            [FS_PROPAGATION_SLAVE] = "slave",
                                            [FS_PROPAGATION_SHARED] = "shared",
                                            [FS_PROPAGATION_UNBINDABLE] = "unbindable"};
        for (size_t i = FS_PROPAGATION_PRIVATE; i < ARRAY_LEN(names); i++)
                if (str_eq(names[i], name)) {
                        *ret = (FsPropagation)i;
                        return 0;
                }
        return -EINVAL;
}

static int take_source(Filled *f, FsSourceKind kind, char *value)
{
        f->op.source_kind = kind;
        f->op.source = value;
        f->op.source_len = kind == FS_SOURCE_BYTES ? strlen(value) : 0;
        return 0;
}

static int take_from(Filled *f, char *value)
{
        return take_source(f, FS_SOURCE_PATH, value);
}

static int take_text(Filled *f, char *value)
{
        return take_source(f, FS_SOURCE_TEXT, value);
}

static int take_bytes(Filled *f, char *value)
{
        return take_source(f, FS_SOURCE_BYTES, value);
}

static int take_type(Filled *f, char *value)
{
        return take_source(f, FS_SOURCE_TYPE, value);
}

static int take_fd(Filled *f, char *value)
{
        f->op.source_kind = FS_SOURCE_DESCRIPTOR;
        f->op.source_fd = (int)strtol(value, NULL, 10);
        return 0;
}

static int take_lower(Filled *f, char *value)
{
        if (f->op.n_lowers == ARRAY_LEN(f->lowers))
                return -EINVAL;
        f->op.source_kind = FS_SOURCE_LAYERS;
        f->op.lowers = f->lowers;
        f->lowers[f->op.n_lowers++].path = value;
        return 0;
}

static int take_upper(Filled *f, char *value)
{
        f->op.upper.path = value;
        return 0;
}

static int take_work(Filled *f, char *value)
{
        f->op.work.path = value;
        return 0;
}

static int take_option(Filled *f, char *value)
{
        if (f->op.options.n == ARRAY_LEN(f->options))
                return -EINVAL;
        f->op.options.items = f->options;
        f->options[f->op.options.n++] = value;
        return 0;
}

static int take_mode(Filled *f, char *value)
{
        f->op.has_mode = true;
        f->op.mode = (unsigned)strtoul(value, NULL, 8);
        return 0;
}

static int take_owner(Filled *f, char *value)
{
        f->op.has_owner = true;
        return sscanf(value, "%u:%u", &f->op.uid, &f->op.gid) == 2 ? 0 : -EINVAL;
}

static int take_size(Filled *f, char *value)
{
        f->op.size = strtoull(value, NULL, 10);
        return 0;
}

static int take_origin(Filled *f, char *value)
{
        f->op.origin = value;
        return 0;
}

/* With an "r" before it for the mounts below, too. */
static int take_propagation(Filled *f, char *value)
{
        if (fill_propagation(value, &f->op.propagation) == 0)
                return 0;
        f->op.flags |= OP_PROPAGATE_BELOW;
        return value[0] == 'r' ? fill_propagation(value + 1, &f->op.propagation) : -EINVAL;
}

static const struct {
        const char *name;
        int (*take)(Filled *f, char *value);
        unsigned flag; /* instead of that */
} members[] = {
        {.name = "from", .take = take_from},
        {.name = "text", .take = take_text},
        {.name = "bytes", .take = take_bytes},
        {.name = "type", .take = take_type},
        {.name = "fd", .take = take_fd},
        {.name = "lower", .take = take_lower},
        {.name = "upper", .take = take_upper},
        {.name = "work", .take = take_work},
        {.name = "option", .take = take_option},
        {.name = "mode", .take = take_mode},
        {.name = "owner", .take = take_owner},
        {.name = "size", .take = take_size},
        {.name = "origin", .take = take_origin},
        {.name = "propagation", .take = take_propagation},
        {.name = "optional", .flag = OP_OPTIONAL},
        {.name = "recursive", .flag = OP_RECURSIVE},
        {.name = "in-memory", .flag = OP_IN_MEMORY},
        {.name = "ro", .flag = OP_RDONLY},
        {.name = "dev", .flag = OP_ALLOW_DEV},
        {.name = "suid", .flag = OP_ALLOW_SUID},
        {.name = "noexec", .flag = OP_NOEXEC},
        {.name = "noatime", .flag = OP_NOATIME},
        {.name = "strictatime", .flag = OP_STRICTATIME},
        {.name = "nodiratime", .flag = OP_NODIRATIME},
        {.name = "nosymfollow", .flag = OP_NOSYMFOLLOW},
        {.name = "top-only", .flag = OP_TOP_ONLY},
};

static int take_member(Filled *f, char *word)
{
        size_t len = strcspn(word, "=");
        char *value = word + len + (word[len] == '=');
        for (size_t i = 0; i < ARRAY_LEN(members); i++) {
                if (strlen(members[i].name) != len || strncmp(members[i].name, word, len) != 0)
                        continue;
                f->op.flags |= members[i].flag;
                return members[i].take ? members[i].take(f, value) : 0;
        }
        return -EINVAL;
}

static int take_kind(Filled *f, const char *name)
{
        for (size_t i = 0; i < OP_MAX; i++)
                if (str_eq(op_kinds[i].name, name)) {
                        f->op.kind = (FsOpKind)i;
                        return 0;
                }
        return -EINVAL;
}

int fill_operation(Spec *spec, const char *text)
{
        CLEANUP_FREE char *words = strdup(text);
        Filled f = {0};
        char *save = NULL, *word = words ? strtok_r(words, ",", &save) : NULL;
        if (!words)
                return -ENOMEM;
        int r = word ? take_kind(&f, word) : -EINVAL;
        f.op.dest = r == 0 ? strtok_r(NULL, ",", &save) : NULL;
        while (r == 0 && (word = strtok_r(NULL, ",", &save)))
                r = take_member(&f, word);
        return r < 0 ? r : spec_add_op(spec, &f.op);
}
