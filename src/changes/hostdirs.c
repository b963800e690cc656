/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes the record of the host's directories, and identifies directories. */
#include "changes/hostdirs.h"

#include "base/io.h"
#include "changes/change.h"
#include "changes/marks.h"
#include "changes/scan.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#define RECORD_FILE "directories"
#define LINES_MAX (1 << 18)
#define RECORD_SIZE_MAX ((size_t)64 << 20)
/* Maximum size of a line without its path, of which each byte may take four. */
#define LINE_SIZE ((size_t)256)

static const char *const state_names[] = {
        [HOST_DIR_SAME] = "same",
        [HOST_DIR_CHANGED] = "changed",
        [HOST_DIR_DOUBTFUL] = "doubtful",
};

static const Field line_items[] = {
        NUMBER_FIELD(HostDir, layer, "layer", .max = UINT64_MAX),
        NUMBER_FIELD(HostDir, ino, "inode", .max = UINT64_MAX),
        NUMBER_FIELD(HostDir, born, "born", .min = INT64_MIN, .max = INT64_MAX),
        NUMBER_FIELD(HostDir, mode, "mode", .max = 07777),
        NUMBER_FIELD(HostDir, xattrs, "attributes", .max = UINT64_MAX),
        ENUM_FIELD(HostDir, state, "state", .names = state_names, .max = HOST_DIR_DOUBTFUL),
        TEXT_FIELD(HostDir, path, "path", .check = fields_check_path),
};

static const FieldTable line_fields = {
        .size = sizeof(HostDir), .items = line_items, .n = ARRAY_LEN(line_items)};

static const Field record_items[] = {
        BOOL_FIELD(HostDirs, complete, "complete"),
        ROWS_FIELD(HostDirs, items, n, "directory", .optional = true, .rows = &line_fields, .max = LINES_MAX),
};

const FieldTable hostdirs_fields = {.kind = "directories",
                                    .version = 1,
                                    .oldest = 1,
                                    .ended = 1,
                                    .size = sizeof(HostDirs),
                                    .items = record_items,
                                    .n = ARRAY_LEN(record_items)};

void hostdirs_clear(HostDirs *dirs)
{
        fields_clear(&hostdirs_fields, dirs);
        *dirs = (HostDirs){0};
}

uint64_t hostdirs_layer(const ChangesLayer *layer)
{
        return strtoull(layer->name, NULL, 10);
}

static int compare_lines(const void *left, const void *right)
{
        const HostDir *a = left, *b = right;
        return a->layer != b->layer ? (a->layer < b->layer ? -1 : 1) : strcmp(a->path, b->path);
}

static void sort(HostDirs *dirs)
{
        if (dirs->n > 0)
                qsort(dirs->items, dirs->n, sizeof(*dirs->items), compare_lines);
        dirs->n_sorted = dirs->n;
}

int hostdirs_parse(const char *text, size_t len, HostDirs *ret)
{
        CLEANUP(hostdirs_clear) HostDirs read = {0};
        int r = fields_parse(&hostdirs_fields, text, len, &read);
        if (r < 0)
                return r;
        sort(&read);
        for (size_t i = 1; i < read.n; i++)
                if (compare_lines(&read.items[i - 1], &read.items[i]) == 0)
                        return -EBADMSG;
        read.room = read.n;
        read.size = len;
        *ret = read;
        read = (HostDirs){0};
        return 0;
}

int hostdirs_read(int sandbox_fd, HostDirs *ret, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        size_t len = 0;
        int r = io_read_own_at(sandbox_fd, RECORD_FILE, 0, RECORD_SIZE_MAX, &text, &len);
        if (r == -ENOENT)
                return 0;
        if (r == 0)
                r = hostdirs_parse(text, len, ret);
        if (r == -EBADMSG)
                return error_set(err, EBADMSG,
                                 "the record of the host's directories (" RECORD_FILE
                                 " in the sandbox's directory) is malformed: remove it");
        if (r == -ENOTSUP)
                return error_set(err, ENOTSUP,
                                 "the record of the host's directories (" RECORD_FILE
                                 " in the sandbox's directory) was made by a later kurung");
        return r < 0 ? error_set_errno(err, r, "cannot read " RECORD_FILE " in the sandbox's directory") : 0;
}

int hostdirs_write(int sandbox_fd, HostDirs *dirs)
{
        CLEANUP_FREE char *text = NULL;
        size_t len;
        sort(dirs);
        if (fields_print(&hostdirs_fields, dirs, &text, &len) < 0)
                return -ENOMEM;
        dirs->changed = false;
        return io_replace_at(sandbox_fd, RECORD_FILE, text, len, true);
}

HostDir *hostdirs_find(const HostDirs *dirs, uint64_t layer, const char *path)
{
        const HostDir wanted = {.layer = layer, .path = (char *)(uintptr_t)path};
        return dirs->n_sorted > 0
                       ? bsearch(&wanted, dirs->items, dirs->n_sorted, sizeof(wanted), compare_lines)
                       : NULL;
}

int hostdirs_add(HostDirs *dirs, HostDir line, const char *path)
{
        size_t len = strlen(path);
        if (dirs->n == LINES_MAX || len > RECORD_SIZE_MAX ||
            dirs->size + LINE_SIZE + 4 * len > RECORD_SIZE_MAX)
                return -E2BIG;
        if (ARRAY_GROW(dirs->items, dirs->n, dirs->room, 64) < 0 || !(line.path = strdup(path)))
                return -ENOMEM;
        dirs->size += LINE_SIZE + 4 * len;
        dirs->items[dirs->n++] = line;
        dirs->changed = true;
        return 0;
}

uint64_t hostdir_hash(const char *xattrs, size_t xattrs_len)
{
        const Change c = {.xattrs = xattrs, .xattrs_len = xattrs_len};
        const char *name, *value;
        size_t len;
        uint64_t sum = 0;
        for (size_t at = 0; change_next_xattr(&c, &at, &name, &value, &len);) {
                /* FNV-1a over the name with its NUL, and the value. */
                uint64_t h = UINT64_C(0xcbf29ce484222325);
                for (size_t i = 0; i <= strlen(name); i++)
                        h = (h ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
                for (size_t i = 0; i < len; i++)
                        h = (h ^ (unsigned char)value[i]) * UINT64_C(0x100000001b3);
                sum += h;
        }
        return sum;
}

int hostdir_identify(int fd, HostDir *ret)
{
        static char xattrs[MARKS_XATTRS_MAX];
        struct statx stx;
        struct statfs fs;
        size_t len = 0;
        if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &stx) < 0)
                return -errno;
        /* As when the reader compares: attributes that cannot be read are none. */
        if (marks_read_fd(fd, xattrs, &len) < 0)
                len = 0;
        *ret = (HostDir){
                .ino = stx.stx_ino, .mode = stx.stx_mode & 07777, .xattrs = hostdir_hash(xattrs, len)};
        /* In a container's overlay, the first change of a directory copies it, and its birth time becomes
         * new. */
        bool copied = fstatfs(fd, &fs) < 0 || fs.f_type == OVERLAYFS_SUPER_MAGIC;
        if ((stx.stx_mask & STATX_BTIME) && !copied)
                ret->born = stx.stx_btime.tv_sec * 1000000000 + stx.stx_btime.tv_nsec;
        return 0;
}

bool hostdir_is_same(const HostDir *a, const HostDir *b)
{
        return a->ino == b->ino && (a->born == b->born || a->born == 0 || b->born == 0);
}

bool hostdir_may_be_moved(int fd, const struct stat *st, const struct timespec *since, const Applied *applied)
{
        struct stat above;
        if (!scan_changed_since(st, since, applied) ||
            (st->st_ctim.tv_sec == st->st_mtim.tv_sec && st->st_ctim.tv_nsec == st->st_mtim.tv_nsec))
                return false;
        /* A parent that cannot be examined may have changed. */
        return fstatat(fd, "..", &above, AT_SYMLINK_NOFOLLOW) < 0 ||
               scan_changed_since(&above, since, &APPLIED_NONE);
}
