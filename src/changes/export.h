/* SPDX-License-Identifier: Apache-2.0 */
/* Changes as an archive, by libarchive, which is loaded only here. */
#pragma once

#include "base/error.h"
#include "changes/change.h"
#include "changes/links.h"
#include "changes/pathbuf.h"

struct archive;

typedef enum ExportFormat {
        EXPORT_TAR, /* what was added and modified; set-user-ID bits, capabilities and devices are left out */
        EXPORT_OCI, /* an OCI image layer: deletions as whiteouts, bits and owners as the sandbox has them */
} ExportFormat;

/** So many stretches of data between holes a file may have. */
#define EXPORT_PIECES_MAX 1048576

/** So long a path may be: nobody unpacks a longer one in one go (PATH_MAX). */
#define EXPORT_PATH_MAX 4095

typedef struct Export {
        ExportFormat format;
        struct archive *archive;
        Links links;
        uint64_t deleted, stripped, refused, entries;
        uint64_t too_long;  /* left out, as their paths are longer than EXPORT_PATH_MAX */
        uint64_t bytes;     /* of data */
        int fd;             /* the caller's */
        uint64_t unchecked; /* bytes since the room on the disk was looked at */
        const char *zeros;  /* what stands for holes */
        size_t zeros_len;
        const char *why; /* the last change was left out; NULL: it was not */
        Error *err;
} Export;

/**
 * export_begin - write an archive to @fd (the caller's).
 *
 * @compression: "", "gzip", "xz", "zstd" or "bzip2". 0 or -errno with @err.
 */
int export_begin(Export *e, ExportFormat format, const char *compression, int fd, Error *err);

/** export_compression - what a file's name asks for; NULL: the ending is not known. */
const char *export_compression(const char *name);

/**
 * export_add - one change (ENTER or ENTRY). @path: absolute in the sandbox; of any length.
 *
 * Left out, with e->why: devices, fifos, sockets, what could not be read; a file in more than
 * EXPORT_PIECES_MAX pieces; and what lies at or below a name that begins with ".wh.", which readers of layers
 * take for a deletion of something else. What has too long a path is only counted. Returns 0 or -errno with
 * e->err.
 */
int export_add(Export *e, const char *path, const Change *c);

/** export_end - write what is left. 0 or -errno with e->err. */
int export_end(Export *e);

void export_clear(Export *e);
