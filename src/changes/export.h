/* SPDX-License-Identifier: Apache-2.0 */
/* Packs changes as an archive with libarchive, which only this module loads. */
#pragma once

#include "base/error.h"
#include "changes/change.h"
#include "changes/links.h"
#include "changes/pathbuf.h"

struct archive;

typedef enum ExportFormat {
        EXPORT_TAR, /* added and modified files, without set-user-ID bits, capabilities and devices */
        EXPORT_OCI, /* an OCI image layer: deletions as whiteouts, bits and owners as in the sandbox */
} ExportFormat;

/** Maximum number of data extents of a file. */
#define EXPORT_PIECES_MAX 1048576

/** Maximum length of a path: a longer one cannot be unpacked with one call (PATH_MAX). */
#define EXPORT_PATH_MAX 4095

typedef struct Export {
        ExportFormat format;
        struct archive *archive;
        Links links;
        uint64_t deleted, stripped, refused, entries;
        uint64_t too_long; /* entries that were skipped because their paths are longer than EXPORT_PATH_MAX */
        uint64_t bytes;    /* of data */
        int fd;            /* the caller's */
        uint64_t unchecked; /* bytes since the last check of free space */
        const char *zeros;  /* data passed for holes */
        size_t zeros_len;
        const char *why; /* why the last change was skipped; NULL: it was not */
        Error *err;
} Export;

/**
 * export_begin - start an archive in @fd (borrowed).
 *
 * @compression: "", "gzip", "xz", "zstd" or "bzip2". Returns 0 or -errno with @err.
 */
int export_begin(Export *e, ExportFormat format, const char *compression, int fd, Error *err);

/** export_compression - return the compression for the suffix of a file name; NULL: unknown suffix. */
const char *export_compression(const char *name);

/**
 * export_add - pack one change (ENTER or ENTRY). @path: absolute in the sandbox, of any length.
 *
 * It skips, with e->why: devices, FIFOs, sockets and unreadable files; files with more than EXPORT_PIECES_MAX
 * extents; and entries at or below a name that begins with ".wh.", which tools that read layers take for
 * deletions. Entries with too long paths are only counted. Returns 0 or -errno with e->err.
 */
int export_add(Export *e, const char *path, const Change *c);

/** export_end - finish the archive. Returns 0 or -errno with e->err. */
int export_end(Export *e);

void export_clear(Export *e);
