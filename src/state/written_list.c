/* SPDX-License-Identifier: Apache-2.0 */
/* Stores the list of directories to which sandboxes could write. */
#include "state/written_list.h"

#include "base/io.h"
#include "base/lookup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define LIST_FILE "written"
/* A list with TREES_TIDY or more entries loses missing directories, and then the oldest beyond TREES_MAX. */
#define TREES_TIDY 1024
#define TREES_MAX 4096
/* Each byte of a path may take four. */
#define LIST_SIZE_MAX ((size_t)TREES_MAX * (4 * PATH_MAX + 256))

static const Field tree_items[] = {
        NUMBER_FIELD(WrittenTree, dev, "device", .max = UINT64_MAX),
        NUMBER_FIELD(WrittenTree, ino, "inode", .max = UINT64_MAX),
        NUMBER_FIELD(WrittenTree, born, "born", .min = INT64_MIN, .max = INT64_MAX),
        TEXT_FIELD(WrittenTree, path, "path", .check = fields_check_path),
};

static const FieldTable tree_fields = {
        .size = sizeof(WrittenTree), .items = tree_items, .n = ARRAY_LEN(tree_items)};

static const Field trees_items[] = {
        ROWS_FIELD(WrittenList, items, n, "tree", .rows = &tree_fields, .max = TREES_MAX),
};

const FieldTable written_list_fields = {.kind = "written",
                                        .version = 2,
                                        .oldest = 2,
                                        .ended = 2,
                                        .size = sizeof(WrittenList),
                                        .items = trees_items,
                                        .n = ARRAY_LEN(trees_items)};

void written_list_clear(WrittenList *list)
{
        fields_clear(&written_list_fields, list);
}

int written_identify(int fd, WrittenTree *ret)
{
        struct stat st = {0};
        struct statx stx;
        if (fstat(fd, &st) < 0)
                return -errno;
        *ret = (WrittenTree){.dev = st.st_dev, .ino = st.st_ino};
        if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) == 0 && (stx.stx_mask & STATX_BTIME))
                ret->born = stx.stx_btime.tv_sec * 1000000000 + stx.stx_btime.tv_nsec;
        return 0;
}

bool written_is_same(const WrittenTree *a, const WrittenTree *b)
{
        return a->dev == b->dev && a->ino == b->ino && a->born == b->born;
}

bool written_list_has(const WrittenList *list, const WrittenTree *tree, const char *path)
{
        for (size_t i = 0; i < list->n; i++)
                if (written_is_same(&list->items[i], tree) && str_eq(list->items[i].path, path))
                        return true;
        return false;
}

int written_list_add(WrittenList *list, WrittenTree tree, const char *path)
{
        WrittenTree *bigger = reallocarray(list->items, list->n + 1, sizeof(*bigger));
        if (!bigger)
                return -ENOMEM;
        list->items = bigger;
        if (!(tree.path = strdup(path)))
                return -ENOMEM;
        bigger[list->n++] = tree;
        return 0;
}

/* Parses "DEV INO BORN PATH" entries, each terminated by NUL. */
static int parse_old(const char *text, size_t len, WrittenList *list)
{
        const char *end = text + len;
        if (len == 0 || end[-1] != '\0')
                return -EBADMSG;
        for (const char *at = text; at < end; at += strlen(at) + 1) {
                WrittenTree tree = {0};
                int used = 0;
                if (sscanf(at, "%" SCNu64 " %" SCNu64 " %" SCNd64 " %n", &tree.dev, &tree.ino, &tree.born,
                           &used) != 3 ||
                    used == 0 || !fields_check_path(at + used))
                        return -EBADMSG;
                int r = written_list_add(list, tree, at + used);
                if (r < 0)
                        return r;
        }
        return 0;
}

int written_list_parse(const char *text, size_t len, WrittenList *list)
{
        CLEANUP(written_list_clear) WrittenList read = {0};
        int r = len > 0 && text[0] >= '0' && text[0] <= '9'
                        ? parse_old(text, len, &read)
                        : fields_parse(&written_list_fields, text, len, &read);
        for (size_t i = 0; r == 0 && i < read.n; i++)
                r = written_list_add(list, read.items[i], read.items[i].path);
        return r;
}

int written_list_read(int state_fd, WrittenList *list, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        size_t len = 0;
        int r = io_read_own_at(state_fd, LIST_FILE, 0, LIST_SIZE_MAX, &text, &len);
        if (r == -ENOENT)
                return 0;
        if (r == 0)
                r = written_list_parse(text, len, list);
        if (r == -EBADMSG)
                return error_set(err, EINVAL,
                                 "the list of directories that sandboxes could write to (" LIST_FILE
                                 " in kurung's state directory) is malformed: remove it");
        if (r == -ENOTSUP)
                return error_set(err, ENOTSUP,
                                 "the list of directories that sandboxes could write to (" LIST_FILE
                                 " in kurung's state directory) was made by a later kurung");
        return r < 0 ? error_set_errno(err, r, "cannot read " LIST_FILE " in kurung's state directory") : 0;
}

static bool is_gone(const WrittenTree *tree)
{
        CLEANUP_FD int fd = FD_NONE;
        WrittenTree now = {0};
        int r = lookup_open_plain(tree->path, O_PATH | O_DIRECTORY, &fd);
        return r == -ENOENT || r == -ENOTDIR || r == -ELOOP ||
               (r == 0 && written_identify(fd, &now) == 0 && !written_is_same(&now, tree));
}

static void drop(WrittenList *list, size_t i)
{
        free(list->items[i].path);
        memmove(&list->items[i], &list->items[i + 1], (--list->n - i) * sizeof(*list->items));
}

static void tidy(WrittenList *list)
{
        if (list->n < TREES_TIDY)
                return;
        for (size_t i = list->n; i > 0; i--)
                if (is_gone(&list->items[i - 1]))
                        drop(list, i - 1);
        while (list->n > TREES_MAX)
                drop(list, 0);
}

int written_list_write(int state_fd, WrittenList *list, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        size_t len;
        tidy(list);
        if (fields_print(&written_list_fields, list, &text, &len) < 0)
                return error_no_memory(err);
        int r = io_replace_at(state_fd, LIST_FILE, text, len, true);
        return r < 0 ? error_set_errno(err, r, "cannot write " LIST_FILE " in kurung's state directory") : 0;
}
