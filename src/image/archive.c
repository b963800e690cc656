/* SPDX-License-Identifier: Apache-2.0 */
/* Opens parts of files as archives. */
#include "image/archive.h"

#include "base/io.h"
#include "base/library.h"

LIBRARY(libarchive, ARCHIVE_READ_FUNCTIONS, "libarchive", "libarchive13", "suggested", "Import of images",
        "libarchive.so.13");

_Static_assert(sizeof(libarchive) == sizeof(ArchiveFunctions), "the same functions in the same order");

int archive_load(const ArchiveFunctions **ret, Error *err)
{
        int r = library_load(&libarchive_library, err);
        if (r == 0)
                *ret = (const ArchiveFunctions *)(const void *)&libarchive;
        return r;
}

int archive_failed(const ArchiveFunctions *f, struct archive *a, const char *what, Error *err)
{
        const char *text = f->error_string(a);
        return error_set(err, EBADMSG, "%s: %.300s", what, text ? text : "libarchive gave no reason");
}

static la_ssize_t read_content(ArchiveStream *s, const void **ret)
{
        size_t len = 0;
        la_int64_t offset;
        int r = libarchive.data_block(s->from, ret, &len, &offset);
        if (r == ARCHIVE_EOF)
                return 0;
        if (r < ARCHIVE_WARN)
                return -1;
        if (s->hash)
                sha256_add(s->hash, *ret, len);
        return (la_ssize_t)len;
}

static la_ssize_t read_some(struct archive *a, void *userdata, const void **ret)
{
        ArchiveStream *s = userdata;
        (void)a;
        if (s->from)
                return read_content(s, ret);
        size_t want = s->end - s->at < sizeof(s->buffer) ? (size_t)(s->end - s->at) : sizeof(s->buffer);
        ssize_t n = want > 0 ? io_read_at(s->fd, s->buffer, want, s->at) : 0;
        if (n < 0)
                return -1;
        if (s->hash)
                sha256_add(s->hash, s->buffer, (size_t)n);
        s->at += (uint64_t)n;
        *ret = s->buffer;
        return n;
}

/* What is skipped is not hashed, so this serves only streams without a hash. */
static la_int64_t skip_some(struct archive *a, void *userdata, la_int64_t request)
{
        ArchiveStream *s = userdata;
        (void)a;
        if (s->hash || s->from || request < 0)
                return 0;
        uint64_t n = s->end - s->at < (uint64_t)request ? s->end - s->at : (uint64_t)request;
        s->at += n;
        return (la_int64_t)n;
}

struct archive *archive_open_stream(const ArchiveFunctions *f, ArchiveKind kind, ArchiveStream *stream,
                                    Error *err)
{
        struct archive *a = f->read_new();
        if (!a) {
                (void)error_no_memory(err);
                return NULL;
        }
        int r = kind == ARCHIVE_ANY_COMPRESSED ? f->raw(a) : f->tar(a);
        if (r == ARCHIVE_OK && kind == ARCHIVE_ANY_COMPRESSED)
                r = f->empty(a);
        bool decompresses = kind != ARCHIVE_TAR_PLAIN;
        /* ARCHIVE_WARN: it would call a program, which the filter refuses. */
        if (r == ARCHIVE_OK && decompresses &&
            (f->gzip(a) < ARCHIVE_WARN || f->zstd(a) < ARCHIVE_WARN || f->xz(a) < ARCHIVE_WARN ||
             f->bzip2(a) < ARCHIVE_WARN))
                r = ARCHIVE_FATAL;
        if (r == ARCHIVE_OK)
                r = f->open2(a, stream, NULL, read_some, skip_some, NULL);
        if (r == ARCHIVE_OK)
                return a;
        (void)archive_failed(f, a, "cannot read the archive", err);
        (void)f->read_free(a);
        return NULL;
}

int archive_read_rest(ArchiveStream *stream)
{
        const void *data;
        la_ssize_t n;
        do
                n = read_some(NULL, stream, &data);
        while (n > 0);
        return n < 0 ? -EIO : 0;
}
