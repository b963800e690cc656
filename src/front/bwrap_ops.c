/* SPDX-License-Identifier: Apache-2.0 */
/* Reads bwrap's options about the file system: each becomes an operation, in the order given. */
#include "base/path.h"
#include "front/bwrap_internal.h"

#include <stdio.h>

/* A parent directory that is created gives a class of users no access if the file gives it none. Files whose
 * option has no permissions count as if they had none. */
static unsigned parents_of(bool has_mode, unsigned mode)
{
        unsigned shown = has_mode ? mode : 0;
        return 0755U & ~(shown & 0070 ? 0U : 0050U) & ~(shown & 0007 ? 0U : 0005U);
}

/* Reads a path of the sandbox; a relative one is below its root. @ret: owned. */
static int dest_of(const BwrapOption *option, const char *text, char **ret, Error *err)
{
        int r = path_normalize(text[0] ? text : "/", "/", ret);
        if (r == -ENOMEM)
                return error_no_memory(err);
        return r < 0 ? error_set_errno(err, r, "%s: %.200s", option->name, text) : 0;
}

/*
 * Makes a path of the host absolute. ".." after a symbolic link leads elsewhere than its text says, so a path
 * with it is resolved here; others are looked up only once, later. @ret: owned.
 */
static int source_of(const Bwrap *b, const char *text, bool optional, char **ret, Error *err)
{
        bool climbs = false;
        for (const char *at = text; *at && !climbs; at += strcspn(at, "/"), at += strspn(at, "/"))
                climbs = strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0');
        if (climbs) {
                char *real = realpath(text, NULL);
                if (real) {
                        *ret = real;
                        return 0;
                }
                if (!optional || errno != ENOENT)
                        return error_set_errno(err, errno, "Can't find source path %.900s", text);
        }
        int r = text[0] ? path_normalize(text, b->caller->cwd, ret) : -ENOENT;
        if (r == -ENOMEM)
                return error_no_memory(err);
        return r < 0 ? error_set_errno(err, r == -EINVAL ? -ENOENT : r, "Can't find source path %.900s", text)
                     : 0;
}

static int append_operation(Bwrap *b, const BwrapOption *option, SpecOp *op, Error *err)
{
        op->origin = (char *)(uintptr_t)option->name;
        if (op->parents == 0 && op->dest && !str_eq(op->dest, "/"))
                op->parents = parents_of(op->has_mode, op->mode);
        return spec_add_op(&b->spec, op) < 0 ? error_no_memory(err) : 0;
}

/* @flags: of the operation. */
int bwrap_take_bind(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        CLEANUP_FREE char *source = NULL, *dest = NULL;
        int r = source_of(b, values[0], option->flags & OP_OPTIONAL, &source, err);
        if (r == 0)
                r = dest_of(option, values[1], &dest, err);
        if (r < 0)
                return r;
        SpecOp op = {.kind = OP_BIND,
                     .source_kind = FS_SOURCE_PATH,
                     .source = source,
                     .dest = dest,
                     .flags = option->flags | OP_RECURSIVE};
        return append_operation(b, option, &op, err);
}

int bwrap_take_bind_fd(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        CLEANUP_FREE char *dest = NULL;
        SpecOp op = {
                .kind = OP_BIND, .source_kind = FS_SOURCE_DESCRIPTOR, .flags = option->flags | OP_RECURSIVE};
        int r = bwrap_fd(b, values[0], &op.source_fd, err);
        if (r == 0)
                r = dest_of(option, values[1], &dest, err);
        op.dest = dest;
        return r < 0 ? r : append_operation(b, option, &op, err);
}

static void take_mode(Bwrap *b, unsigned otherwise, SpecOp *op)
{
        op->has_mode = true;
        op->mode = b->has_perms ? b->perms : otherwise;
        b->has_perms = false;
}

/* @parameter: the kind of the operation. */
int bwrap_take_data(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        CLEANUP_FREE char *dest = NULL;
        SpecOp op = {.kind = (FsOpKind)option->parameter,
                     .source_kind = FS_SOURCE_DESCRIPTOR,
                     .flags = option->flags};
        int r = bwrap_fd(b, values[0], &op.source_fd, err);
        if (r == 0)
                r = dest_of(option, values[1], &dest, err);
        op.dest = dest;
        take_mode(b, op.kind == OP_WRITE ? 0666 : 0600, &op);
        return r < 0 ? r : append_operation(b, option, &op, err);
}

/* A destination alone. @parameter: the kind of the operation. */
int bwrap_take_place(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        CLEANUP_FREE char *dest = NULL;
        SpecOp op = {.kind = (FsOpKind)option->parameter, .flags = option->flags};
        int r = dest_of(option, values[0], &dest, err);
        op.dest = dest;
        if (option->takes_perms)
                take_mode(b, 0755, &op);
        if (option->takes_size) {
                op.size = b->size;
                b->size = 0;
        }
        return r < 0 ? r : append_operation(b, option, &op, err);
}

/*
 * Root could write to these files of the kernel, which change the machine. bwrap_fill() replaces the
 * operation if the pids are the caller's.
 */
int bwrap_take_proc(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        static const char *const covered[] = {"sys", "sysrq-trigger", "irq", "bus"};
        int r = bwrap_take_place(b, option, values, err);
        for (size_t i = 0; r == 0 && b->caller->uid == 0 && i < ARRAY_LEN(covered); i++) {
                CLEANUP_FREE char *dest = path_join(b->spec.ops[b->spec.n_ops - 1 - i].dest, covered[i]);
                SpecOp op = {.kind = OP_READ_ONLY, .dest = dest, .flags = OP_OPTIONAL};
                r = dest ? append_operation(b, option, &op, err) : error_no_memory(err);
        }
        return r;
}

int bwrap_take_dev(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        int r = bwrap_take_place(b, option, values, err);
        if (r < 0 || !b->caller->terminal)
                return r;
        CLEANUP_FREE char *dest = path_join(b->spec.ops[b->spec.n_ops - 1].dest, "console");
        SpecOp op = {.kind = OP_BIND,
                     .source_kind = FS_SOURCE_PATH,
                     .source = (char *)(uintptr_t)b->caller->terminal,
                     .dest = dest,
                     .flags = OP_ALLOW_DEV | OP_RECURSIVE};
        return dest ? append_operation(b, option, &op, err) : error_no_memory(err);
}

int bwrap_take_mqueue(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        static char type[] = "mqueue";
        CLEANUP_FREE char *dest = NULL;
        int r = dest_of(option, values[0], &dest, err);
        SpecOp op = {.kind = OP_FILESYSTEM, .source_kind = FS_SOURCE_TYPE, .source = type, .dest = dest};
        return r < 0 ? r : append_operation(b, option, &op, err);
}

int bwrap_take_symlink(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        CLEANUP_FREE char *dest = NULL;
        int r = dest_of(option, values[1], &dest, err);
        SpecOp op = {.kind = OP_SYMLINK,
                     .source_kind = FS_SOURCE_TEXT,
                     .source = (char *)(uintptr_t)values[0],
                     .dest = dest};
        return r < 0 ? r : append_operation(b, option, &op, err);
}

int bwrap_octal(const BwrapOption *option, const char *text, unsigned *ret, Error *err)
{
        char *end = NULL;
        unsigned long value = strtoul(text, &end, 8);
        if (text[0] == '\0' || *end != '\0' || value > 07777)
                return error_set(err, EINVAL, "%s takes an octal argument <= 07777", option->name);
        *ret = (unsigned)value;
        return 0;
}

int bwrap_take_chmod(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        CLEANUP_FREE char *dest = NULL;
        SpecOp op = {.kind = OP_CHMOD, .has_mode = true};
        int r = bwrap_octal(option, values[0], &op.mode, err);
        if (r == 0)
                r = dest_of(option, values[1], &dest, err);
        op.dest = dest;
        return r < 0 ? r : append_operation(b, option, &op, err);
}

int bwrap_take_overlay_src(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        CLEANUP_FREE char *source = NULL;
        (void)option;
        int r = source_of(b, values[0], false, &source, err);
        return r < 0 ? r : strlist_add(&b->sources, source) < 0 ? error_no_memory(err) : 0;
}

/* Stacks the sources: the last one given is the topmost. */
static int add_overlay(Bwrap *b, const BwrapOption *option, SpecOp *op, Error *err)
{
        size_t n = b->sources.n;
        CLEANUP_FREE FsFile *lowers = calloc(n, sizeof(*lowers));
        if (!lowers)
                return error_no_memory(err);
        for (size_t i = 0; i < n; i++)
                lowers[i].path = b->sources.items[n - 1 - i];
        op->kind = OP_OVERLAY;
        op->source_kind = FS_SOURCE_LAYERS;
        op->lowers = lowers;
        op->n_lowers = n;
        int r = append_operation(b, option, op, err);
        strlist_clear(&b->sources);
        return r;
}

/* @parameter: the least number of sources. Three values: an upper and a work directory of the host first. */
int bwrap_take_overlay(Bwrap *b, const BwrapOption *option, char *const *values, Error *err)
{
        CLEANUP_FREE char *upper = NULL, *work = NULL, *dest = NULL;
        if (b->sources.n < option->parameter)
                return error_set(err, EINVAL, "%s requires at least %s --overlay-src", option->name,
                                 option->parameter == 1 ? "one" : "two");
        int r = 0;
        if (option->n == 3) {
                r = source_of(b, values[0], false, &upper, err);
                if (r == 0)
                        r = source_of(b, values[1], false, &work, err);
        }
        if (r == 0)
                r = dest_of(option, values[option->n - 1], &dest, err);
        SpecOp op = {.dest = dest, .upper = {.path = upper}, .work = {.path = work}, .flags = option->flags};
        return r < 0 ? r : add_overlay(b, option, &op, err);
}
