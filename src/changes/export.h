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

typedef struct Export {
        ExportFormat format;
        struct archive *archive;
        Links links;
        uint64_t deleted, stripped, refused, entries, bytes;
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

/** export_add - one change (ENTER or ENTRY). @path: absolute in the sandbox; of any length. 0 or -errno with
 * e->err. */
int export_add(Export *e, const char *path, const Change *c);

/** export_end - write what is left. 0 or -errno with e->err. */
int export_end(Export *e);

void export_clear(Export *e);
