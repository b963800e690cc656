/* SPDX-License-Identifier: Apache-2.0 */
/* Packs changes into an archive. */
#include "changes/export.h"

#include "base/defence.h"
#include "base/library.h"
#include "base/path.h"
#include "changes/compare.h"
#include "changes/marks.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#define CHUNK 65536
#define ZEROS ((size_t)1 << 30)
/* Free disk space is checked after this many bytes, and this much is kept free. */
#define ROOM_STEP (UINT64_C(64) << 20)
#define ROOM_LEFT (UINT64_C(256) << 20)
#define WHITEOUT_PREFIX ".wh."

/* clang-format off */
#define ARCHIVE_FUNCTIONS(X)                                                                                 \
        X(set_pax, archive_write_set_format_pax_restricted) X(add_filter, archive_write_add_filter_by_name)  \
        X(open_fd, archive_write_open_fd) X(header, archive_write_header) X(data, archive_write_data)        \
        X(finish_entry, archive_write_finish_entry) X(close, archive_write_close)                            \
        X(free, archive_write_free) X(error_string, archive_error_string) X(error_number, archive_errno)     \
        X(entry_new, archive_entry_new) X(entry_free, archive_entry_free)                                    \
        X(set_pathname, archive_entry_set_pathname) X(set_symlink, archive_entry_set_symlink)                \
        X(set_hardlink, archive_entry_set_hardlink) X(set_size, archive_entry_set_size)                      \
        X(set_mode, archive_entry_set_mode) X(set_uid, archive_entry_set_uid)                                \
        X(set_gid, archive_entry_set_gid) X(set_mtime, archive_entry_set_mtime)                              \
        X(add_xattr, archive_entry_xattr_add_entry) X(add_sparse, archive_entry_sparse_add_entry)            \
        X(write_new, archive_write_new)
/* clang-format on */
LIBRARY(libarchive, ARCHIVE_FUNCTIONS, "libarchive", "libarchive13", "suggested",
        "Archives of changes (kurung export)", "libarchive.so.13");

const char *export_compression(const char *name)
{
        static const struct {
                const char *ending, *filter;
        } known[] = {{".tar", ""},      {".tar.gz", "gzip"}, {".tgz", "gzip"},  {".tar.zst", "zstd"},
                     {".tar.xz", "xz"}, {".txz", "xz"},      {".tzst", "zstd"}, {".tar.bz2", "bzip2"}};
        size_t len = strlen(name);
        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
                size_t n = strlen(known[i].ending);
                if (len > n && str_eq(name + len - n, known[i].ending))
                        return known[i].filter;
        }
        return NULL;
}

static int failed(Export *e, const char *what)
{
        int number = libarchive.error_number(e->archive);
        const char *text = libarchive.error_string(e->archive);
        return error_set(e->err, number > 0 ? number : EIO, "%.600s: %s", what,
                         text ? text : "libarchive gave no reason");
}

int export_begin(Export *e, ExportFormat format, const char *compression, int fd, Error *err)
{
        *e = (Export){.format = format, .fd = fd, .err = err};
        int r = library_load(&libarchive_library, err);
        if (r < 0)
                return r;
        e->archive = libarchive.write_new();
        if (!e->archive)
                return error_no_memory(err);
        if (libarchive.set_pax(e->archive) != ARCHIVE_OK ||
            (compression[0] && libarchive.add_filter(e->archive, compression) < ARCHIVE_WARN) ||
            libarchive.open_fd(e->archive, fd) != ARCHIVE_OK)
                return failed(e, "cannot begin the archive");
        return 0;
}

static void free_entry(struct archive_entry **entry)
{
        if (*entry)
                libarchive.entry_free(*entry);
}

static int write_header(Export *e, struct archive_entry *entry, const char *path)
{
        e->entries++;
        return libarchive.header(e->archive, entry) < ARCHIVE_WARN ? failed(e, path) : 0;
}

/* OCI image specification, "Whiteouts": an empty file whose name is that of the deleted file. */
static int add_whiteout(Export *e, const char *path, const char *name)
{
        CLEANUP(free_entry) struct archive_entry *entry = libarchive.entry_new();
        CLEANUP_FREE char *parent = path_parent(path), *whiteout = NULL;
        if (!entry || !parent || asprintf(&whiteout, "%s/%s", str_eq(parent, "/") ? "" : parent, name) < 0)
                return error_no_memory(e->err);
        libarchive.set_pathname(entry, whiteout + 1);
        libarchive.set_mode(entry, S_IFREG);
        libarchive.set_size(entry, 0);
        return write_header(e, entry, whiteout);
}

static int add_deleted(Export *e, const char *path)
{
        CLEANUP_FREE char *name = NULL;
        e->deleted++;
        if (e->format != EXPORT_OCI)
                return 0;
        if (asprintf(&name, WHITEOUT_PREFIX "%s", path_name(path)) < 0)
                return error_no_memory(e->err);
        return add_whiteout(e, path, name);
}

/* Files may share their data in the sandbox (FICLONE), but an archive contains each copy. */
static int check_room(Export *e, uint64_t n)
{
        struct statfs fs;
        e->unchecked += n;
        if (e->unchecked < ROOM_STEP || !defence_is_on(DEFENCE_LIMITS))
                return 0;
        e->unchecked = 0;
        if (fstatfs(e->fd, &fs) < 0 || fs.f_blocks == 0 || fs.f_bavail * (uint64_t)fs.f_bsize >= ROOM_LEFT)
                return 0;
        return error_set(e->err, ENOSPC,
                         "the archive would fill the disk: less than 256 MiB are free (leave out files with "
                         "--exclude PATTERN)");
}

static void find_zeros(Export *e)
{
        static const char few[CHUNK];
        void *many = mmap(NULL, ZEROS, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        e->zeros = many == MAP_FAILED ? few : many;
        e->zeros_len = many == MAP_FAILED ? sizeof(few) : ZEROS;
}

/*
 * libarchive accepts the bytes of holes and drops them without reading, because the entry describes the
 * holes: pass as many as one call accepts (archive_write_data() in archive_write.c), from pages that are
 * never touched.
 */
static int skip_hole(Export *e, uint64_t len, const char *path)
{
        if (len > 0 && !e->zeros)
                find_zeros(e);
        while (len > 0) {
                size_t n = len < e->zeros_len ? (size_t)len : e->zeros_len;
                if (libarchive.data(e->archive, e->zeros, n) < 0)
                        return failed(e, path);
                len -= n;
        }
        return 0;
}

static int write_data(Export *e, const Change *c, const char *path)
{
        char buffer[CHUNK];
        for (uint64_t at = 0; at < c->now.size;) {
                uint64_t from, to;
                compare_next_data(c->fd, at, c->now.size, &from, &to);
                int r = skip_hole(e, from - at, path);
                if (r < 0)
                        return r;
                for (at = from; at < to;) {
                        ssize_t n =
                                pread(c->fd, buffer, to - at < CHUNK ? (size_t)(to - at) : CHUNK, (off_t)at);
                        if (n <= 0)
                                return error_set_errno(e->err, n < 0 ? errno : EIO, "cannot read '%.600s'",
                                                       path);
                        if ((r = check_room(e, (uint64_t)n)) < 0)
                                return r;
                        if (libarchive.data(e->archive, buffer, (size_t)n) < 0)
                                return failed(e, path);
                        at += (uint64_t)n;
                        e->bytes += (uint64_t)n;
                }
        }
        return 0;
}

/* Returns false if the file has too many extents: the rest would become a hole. */
static bool add_holes(struct archive_entry *entry, const Change *c)
{
        uint64_t from, to;
        compare_next_data(c->fd, 0, c->now.size, &from, &to);
        if (from == 0 && to == c->now.size)
                return true;
        unsigned n = 0;
        for (uint64_t at = 0; at < c->now.size; at = to, n++) {
                if (n >= EXPORT_PIECES_MAX)
                        return false;
                compare_next_data(c->fd, at, c->now.size, &from, &to);
                if (from < c->now.size)
                        libarchive.add_sparse(entry, (la_int64_t)from, (la_int64_t)(to - from));
        }
        /* Only holes: one empty extent at the end. */
        if (n > 0 && from >= c->now.size)
                libarchive.add_sparse(entry, (la_int64_t)c->now.size, 0);
        return true;
}

static void set_common(Export *e, struct archive_entry *entry, const char *path, const Change *c)
{
        const char *name, *value;
        size_t len;
        bool strip = e->format == EXPORT_TAR && defence_is_on(DEFENCE_STRIP);
        uint32_t mode = c->now.mode & (strip ? (S_IFMT | 01777) : (S_IFMT | 07777));
        if (strip && S_ISREG(mode))
                mode &= ~(uint32_t)S_ISVTX;
        libarchive.set_pathname(entry, path + 1);
        libarchive.set_mode(entry, mode);
        libarchive.set_uid(entry, c->now.uid);
        libarchive.set_gid(entry, c->now.gid);
        libarchive.set_mtime(entry, (time_t)c->now.mtime_sec, (long)c->now.mtime_nsec);
        for (size_t at = 0; change_next_xattr(c, &at, &name, &value, &len);)
                if (str_starts(name, "user.") || (!strip && str_eq(name, "security.capability")))
                        libarchive.add_xattr(entry, name, value, len);
        if (strip && (c->capabilities || mode != c->now.mode))
                e->stripped++;
}

static int leave_out(Export *e, const char *why)
{
        e->refused++;
        e->why = why;
        return 0;
}

static int add_file(Export *e, const char *path, const Change *c)
{
        CLEANUP(free_entry) struct archive_entry *entry = libarchive.entry_new();
        if (!entry)
                return error_no_memory(e->err);
        set_common(e, entry, path, c);
        const LinkTarget *first = c->now.nlink > 1 ? links_find(&e->links, c->now.dev, c->now.ino) : NULL;
        if (S_ISLNK(c->now.mode)) {
                libarchive.set_symlink(entry, c->target);
        } else if (S_ISREG(c->now.mode) && first) {
                libarchive.set_hardlink(entry, first->path);
                libarchive.set_size(entry, 0);
        } else if (S_ISREG(c->now.mode)) {
                libarchive.set_size(entry, (la_int64_t)c->now.size);
                if (c->fd < 0)
                        return error_set(e->err, EBADMSG, "the content of '%.600s' is missing", path);
                if (!add_holes(entry, c))
                        return leave_out(e, "it has too many extents");
        }
        int r = write_header(e, entry, path);
        if (r < 0 || !S_ISREG(c->now.mode) || first)
                return r;
        r = write_data(e, c, path);
        const LinkTarget t = {.dev = c->now.dev, .ino = c->now.ino, .path = (char *)(uintptr_t)(path + 1)};
        if (r == 0 && c->now.nlink > 1 && links_add(&e->links, &t) < 0)
                r = error_no_memory(e->err);
        return r;
}

/* Whether tools take a component of @path for a mark. */
static bool has_mark(const char *path)
{
        for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/'))
                if (mark_is_name(p + 1))
                        return defence_is_on(DEFENCE_MARKS);
        return false;
}

int export_add(Export *e, const char *path, const Change *c)
{
        e->why = NULL;
        if (path[0] != '/' || path[1] == '\0' || c->kind == CHANGE_NONE)
                return 0;
        /* Each entry contains its whole path: the archive would grow with the square of the depth. */
        if (strnlen(path + 1, EXPORT_PATH_MAX + 1) > EXPORT_PATH_MAX && defence_is_on(DEFENCE_LIMITS)) {
                e->too_long++;
                return 0;
        }
        if (has_mark(path))
                return leave_out(e, "names with .wh. mean deletions in a layer");
        if (c->kind == CHANGE_DELETED)
                return add_deleted(e, path);
        bool known = S_ISREG(c->now.mode) || S_ISLNK(c->now.mode) || S_ISDIR(c->now.mode) ||
                     (S_ISFIFO(c->now.mode) && !defence_is_on(DEFENCE_STRIP));
        if (c->kind == CHANGE_REFUSED)
                return leave_out(e, c->why);
        if (!known)
                return leave_out(e, "devices, FIFOs and sockets are never packed");
        /* In an image, a file replaces a directory, or the reverse, only after a whiteout. */
        int r = 0;
        if (e->format == EXPORT_OCI && (c->what & CHANGE_TYPE) && S_ISDIR(c->before.mode))
                r = add_deleted(e, path);
        if (r == 0)
                r = add_file(e, path, c);
        return r;
}

int export_end(Export *e)
{
        return libarchive.close(e->archive) < ARCHIVE_WARN ? failed(e, "cannot finish the archive") : 0;
}

void export_clear(Export *e)
{
        if (e->archive)
                (void)libarchive.free(e->archive);
        e->archive = NULL;
        if (e->zeros_len == ZEROS)
                (void)munmap((void *)(uintptr_t)e->zeros, ZEROS);
        e->zeros = NULL;
        links_clear(&e->links);
}
