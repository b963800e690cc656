/* SPDX-License-Identifier: Apache-2.0 */
/* Defines the kinds of operations on the file system; copies, validates and compares operations. */
#include "spec/fs_op.h"

const FsOpKindInfo op_kinds[OP_MAX] = {
#define OP_KIND(id, symbol, text, ...) [OP_##id] = {.name = (text), __VA_ARGS__},
#define OP_REQUEST(id, text, ...) [OP_##id] = {.name = (text), __VA_ARGS__},
#include "spec/fs_op_kinds.def"
};

static int copy_text(const char *from, char **to)
{
        *to = from ? strdup(from) : NULL;
        return from && !*to ? -ENOMEM : 0;
}

/* Bytes get a terminating NUL, like all other sources. */
static int copy_source(const FsOp *op, char **to)
{
        if (op->source_kind != FS_SOURCE_BYTES || !op->source)
                return copy_text(op->source, to);
        char *copy = malloc(op->source_len + 1);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, op->source, op->source_len);
        copy[op->source_len] = '\0';
        *to = copy;
        return 0;
}

static int copy_options(const StrList *from, StrList *to)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < from->n; i++)
                r = strlist_add(to, from->items[i]);
        return r;
}

static int copy_lowers(const FsOp *op, FsOp *to)
{
        if (op->n_lowers == 0)
                return 0;
        to->lowers = calloc(op->n_lowers, sizeof(*to->lowers));
        for (size_t i = 0; to->lowers && i < op->n_lowers; i++, to->n_lowers++) {
                to->lowers[i].id = op->lowers[i].id;
                if (!(to->lowers[i].path = strdup(op->lowers[i].path)))
                        return -ENOMEM;
        }
        return to->lowers ? 0 : -ENOMEM;
}

int fs_op_copy(const FsOp *op, FsOp *ret)
{
        FsOp copy = *op;
        copy.dest = copy.source = copy.origin = copy.layer = copy.upper.path = copy.work.path = NULL;
        copy.options = (StrList){0};
        copy.lowers = NULL;
        copy.n_lowers = 0;
        if (copy_text(op->dest, &copy.dest) < 0 || copy_source(op, &copy.source) < 0 ||
            copy_text(op->origin, &copy.origin) < 0 || copy_text(op->layer, &copy.layer) < 0 ||
            copy_text(op->upper.path, &copy.upper.path) < 0 ||
            copy_text(op->work.path, &copy.work.path) < 0 || copy_options(&op->options, &copy.options) < 0 ||
            copy_lowers(op, &copy) < 0) {
                fs_op_clear(&copy);
                return -ENOMEM;
        }
        *ret = copy;
        return 0;
}

void fs_op_clear(FsOp *op)
{
        free(op->dest);
        free(op->source);
        free(op->origin);
        free(op->layer);
        free(op->upper.path);
        free(op->work.path);
        for (size_t i = 0; i < op->n_lowers; i++)
                free(op->lowers[i].path);
        free(op->lowers);
        strlist_clear(&op->options);
        *op = (FsOp){0};
}

const char *fs_op_origin(const FsOp *op)
{
        return op->origin ? op->origin : "root file system";
}

const char *fs_op_data(const FsOp *op)
{
        return str_eq(op->source, "/") ? "/usr" : op->source;
}

static bool takes_propagation(const FsOp *op)
{
        return fs_op_is(op, OP_IS_PLACED) || op->kind == OP_REMOUNT;
}

static bool has_source_of_kind(const FsOp *op)
{
        const FsOpKindInfo *kind = &op_kinds[op->kind];
        bool none = op->source_kind == FS_SOURCE_NONE;
        if (none ? kind->sources != 0 : !(kind->sources & (1U << op->source_kind)))
                return false;
        /* Properties of another kind of source would be ignored. */
        if ((op->n_lowers > 0 && op->source_kind != FS_SOURCE_LAYERS) ||
            (op->options.n > 0 && op->source_kind != FS_SOURCE_TYPE))
                return false;
        switch (op->source_kind) {
        case FS_SOURCE_NONE:
                return !op->source;
        case FS_SOURCE_DESCRIPTOR:
                return !op->source && op->source_fd >= 0;
        case FS_SOURCE_LAYERS:
                return !op->source && op->n_lowers > 0;
        default:
                return op->source != NULL;
        }
}

static const char *what_is_wrong_with_overlay(const FsOp *op)
{
        if (!op->upper.path != !op->work.path)
                return "needs an upper and a work directory, or none";
        if (op->upper.path && (op->flags & (OP_IN_MEMORY | OP_RDONLY)))
                return "has an upper directory, to which nothing would be written";
        /* overlayfs requires two lowers if there is no upper. */
        if ((op->flags & OP_RDONLY) && !(op->flags & OP_IN_MEMORY) && op->n_lowers < 2)
                return "needs two layers when it is read-only";
        return op->size != 0 ? "has no size" : NULL;
}

static const char *what_is_wrong(const FsOp *op)
{
        const FsOpKindInfo *kind = &op_kinds[op->kind];
        unsigned more = takes_propagation(op) ? OP_PROPAGATE_BELOW : 0;
        if (kind->traits & OP_IS_OWN)
                return "cannot be asked for";
        if (!has_source_of_kind(op))
                return "does not take such a source";
        if (op->flags & ~(kind->flags | more))
                return "does not take such a flag";
        if ((op->flags & OP_NOATIME) && (op->flags & OP_STRICTATIME))
                return "cannot have both noatime and strictatime";
        if (op->propagation != FS_PROPAGATION_NONE && !takes_propagation(op))
                return "has no propagation";
        if (op->has_mode && (kind->mode == 0 || op->mode > 07777))
                return "does not take such a mode";
        if (op->has_owner && kind->mode == 0)
                return "has no owner";
        if ((kind->traits & OP_NEEDS_MODE) && !op->has_mode && !op->has_owner)
                return "needs a mode";
        if ((op->upper.path || op->work.path) && op->kind != OP_OVERLAY)
                return "has no upper directory";
        if (op->kind == OP_OVERLAY)
                return what_is_wrong_with_overlay(op);
        if (op->size != 0 && op->kind != OP_TMPFS && op->kind != OP_DEV)
                return "has no size";
        return NULL;
}

int fs_op_check(const FsOp *op, Error *err)
{
        if (!op->dest || op->dest[0] != '/')
                return error_set(err, EINVAL, "%s: the destination of an operation must be an absolute path",
                                 fs_op_origin(op));
        const char *wrong = what_is_wrong(op);
        return wrong ? error_set(err, EINVAL, "%s: the operation \"%s\" on %s %s", fs_op_origin(op),
                                 op_kinds[op->kind].name, op->dest, wrong)
                     : 0;
}

static bool same_paths(const FsOp *a, const FsOp *b)
{
        for (size_t i = 0;; i++) {
                const char *p = fs_op_path(a, i), *q = fs_op_path(b, i);
                if (!p || !q)
                        return p == q;
                if (!str_eq(p, q))
                        return false;
        }
}

static bool same_source(const FsOp *a, const FsOp *b)
{
        if (a->source_kind != b->source_kind || a->source_len != b->source_len ||
            a->options.n != b->options.n)
                return false;
        for (size_t i = 0; i < a->options.n; i++)
                if (!str_eq(a->options.items[i], b->options.items[i]))
                        return false;
        if (!same_paths(a, b))
                return false;
        switch (a->source_kind) {
        case FS_SOURCE_NONE:
        case FS_SOURCE_LAYERS:
                return true;
        case FS_SOURCE_DESCRIPTOR:
                return a->source_fd == b->source_fd;
        case FS_SOURCE_BYTES:
                return memcmp(a->source, b->source, a->source_len) == 0;
        default:
                return str_eq(a->source, b->source);
        }
}

bool fs_op_same(const FsOp *a, const FsOp *b)
{
        return a->kind == b->kind && same_source(a, b) && ((a->flags ^ b->flags) & ~(unsigned)OP_HERE) == 0 &&
               a->propagation == b->propagation && a->has_mode == b->has_mode && a->mode == b->mode &&
               a->parents == b->parents && a->has_owner == b->has_owner && a->uid == b->uid &&
               a->gid == b->gid && a->size == b->size;
}

bool fs_op_is(const FsOp *op, unsigned traits)
{
        return (op_kinds[op->kind].traits & traits) == traits;
}

const char *fs_op_written(const FsOp *op, FileId *ret_id)
{
        bool caught = fs_op_is(op, OP_CATCHES);
        const char *path = caught ? op->upper.path : op->source;
        if (!fs_op_is(op, OP_SHOWS_HOST) || (op->flags & OP_RDONLY) || !path)
                return NULL;
        if (ret_id)
                *ret_id = caught ? op->upper.id : op->source_id;
        return path;
}

bool fs_op_writes_host(const FsOp *op)
{
        bool by_descriptor = op->kind == OP_BIND && op->source_kind == FS_SOURCE_DESCRIPTOR;
        return fs_op_written(op, NULL) || (by_descriptor && !(op->flags & OP_RDONLY));
}

bool fs_op_is_writable(const FsOp *op)
{
        return (fs_op_is(op, OP_CATCHES) && !(op->flags & OP_RDONLY)) || fs_op_writes_host(op);
}

bool fs_op_is_kept(const FsOp *op)
{
        return op->layer && !(op->flags & OP_IN_MEMORY);
}

const char *fs_op_path(const FsOp *op, size_t i)
{
        const char *const last[] = {op->upper.path, op->work.path};
        if (op->source_kind == FS_SOURCE_PATH && i-- == 0)
                return op->source;
        if (i < op->n_lowers)
                return op->lowers[i].path;
        i -= op->n_lowers;
        return i < ARRAY_LEN(last) ? last[i] : NULL;
}
