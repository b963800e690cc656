/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of archives with libarchive, which is loaded on demand. */
#pragma once

#include "base/error.h"
#include "base/sha256.h"

#include <archive.h>
#include <archive_entry.h>

/* clang-format off */
#define ARCHIVE_READ_FUNCTIONS(X)                                                                            \
        X(read_new, archive_read_new) X(read_free, archive_read_free) X(tar, archive_read_support_format_tar) \
        X(raw, archive_read_support_format_raw) X(empty, archive_read_support_format_empty)                  \
        X(gzip, archive_read_support_filter_gzip) X(zstd, archive_read_support_filter_zstd)                  \
        X(xz, archive_read_support_filter_xz) X(bzip2, archive_read_support_filter_bzip2)                    \
        X(open2, archive_read_open2)                                                                           \
        X(next_header, archive_read_next_header) X(data_block, archive_read_data_block)                      \
        X(filter_count, archive_filter_count) X(filter_bytes, archive_filter_bytes)                          \
        X(error_string, archive_error_string) X(set_error, archive_set_error)                                \
        X(pathname, archive_entry_pathname) X(hardlink, archive_entry_hardlink)                              \
        X(symlink, archive_entry_symlink) X(mode, archive_entry_mode) X(filetype, archive_entry_filetype)    \
        X(uid, archive_entry_uid) X(gid, archive_entry_gid) X(size, archive_entry_size)                      \
        X(mtime, archive_entry_mtime) X(mtime_nsec, archive_entry_mtime_nsec)                                \
        X(xattr_reset, archive_entry_xattr_reset) X(xattr_next, archive_entry_xattr_next)                    \
        X(sparse_count, archive_entry_sparse_count)
/* clang-format on */

/** The functions; valid after archive_load(). */
typedef struct ArchiveFunctions {
#define ARCHIVE_MEMBER(member, function) __typeof__(function) *member;
        ARCHIVE_READ_FUNCTIONS(ARCHIVE_MEMBER)
#undef ARCHIVE_MEMBER
} ArchiveFunctions;

/** archive_load - load libarchive. Returns 0 or -ENOENT with @err. @ret: its functions. */
int archive_load(const ArchiveFunctions **ret, Error *err);

/** A part of a file, or the content of another archive, that is read as a stream, and is hashed meanwhile. */
typedef struct ArchiveStream {
        int fd;               /* borrowed */
        uint64_t at, end;     /* the next byte, and the first after the part */
        struct archive *from; /* an archive of ANY_COMPRESSED, instead of the file; borrowed. NULL: none */
        Sha256 *hash;         /* NULL: not hashed */
        char buffer[65536];
} ArchiveStream;

/** archive_stream_begin - make a stream of @size bytes at @offset of a file, without a hash. */
static inline void archive_stream_begin(ArchiveStream *s, int fd, uint64_t offset, uint64_t size)
{
        s->fd = fd;
        s->at = offset;
        s->end = offset + size;
        s->from = NULL;
        s->hash = NULL;
}

/** What archive_open_stream() accepts. */
typedef enum ArchiveKind {
        ARCHIVE_TAR,            /* a tar archive, with or without compression */
        ARCHIVE_TAR_PLAIN,      /* one without compression */
        ARCHIVE_ANY_COMPRESSED, /* any content, of which only the compression is removed */
} ArchiveKind;

/**
 * archive_open_stream - open a part of a file as an archive.
 *
 * @stream: must stay in place, and is read on until archive->read_free(). Returns the archive; NULL with
 * @err.
 */
struct archive *archive_open_stream(const ArchiveFunctions *f, ArchiveKind kind, ArchiveStream *stream,
                                    Error *err);

/** archive_read_rest - read the rest of a stream, for its hash. Returns 0 or -errno of read(2). */
int archive_read_rest(ArchiveStream *stream);

/** archive_failed - set @err to libarchive's message. Returns -EBADMSG. */
int archive_failed(const ArchiveFunctions *f, struct archive *a, const char *what, Error *err);
