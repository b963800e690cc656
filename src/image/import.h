/* SPDX-License-Identifier: Apache-2.0 */
/* Import of an image into the store. */
#pragma once

#include "image/store.h"
#include "image/survey.h"
#include "image/unpack.h"

/** Limits of an import, if the user gives none: the bytes and entries of each layer. */
#define IMPORT_BYTES_MAX (UINT64_C(32) << 30)
#define IMPORT_ENTRIES_MAX UINT64_C(2000000)

typedef struct ImportOptions {
        const char *source; /* a file, a directory, or "-": standard input */
        SurveyKind kind;
        const char *tag;  /* which image of the source; NULL: the only one */
        const char *name; /* NAME:TAG to store it under; NULL: none, and prune removes it */
        uint64_t max_bytes, max_entries;
        void (*update)(void *userdata, uint64_t entries, uint64_t bytes); /* the progress; may be NULL */
        void *userdata;
} ImportOptions;

typedef struct ImportResult {
        char hash[65];         /* of the record */
        size_t layers, shared; /* shared: those that were in the store already */
        uint64_t entries, bytes, left_out, owners_lost, attributes_lost;
} ImportResult;

/**
 * image_import - import an image. An interrupted import leaves nothing but a directory that the next one
 * removes.
 *
 * @ret_record: the image; cleared by the caller; may be NULL. Returns 0 or -errno with @err.
 */
int image_import(const ImageStore *store, const ImportOptions *options, ImportResult *ret,
                 ImageRecord *ret_record, Error *err);

/**
 * image_extend - store an image of the layers of another one and a new layer.
 *
 * @base: the hash of the record of the other. @layer: a file with the layer, a tar archive; borrowed.
 * @options: name and limits. Everything else is like image_import().
 */
int image_extend(const ImageStore *store, const char *base, int layer, const ImportOptions *options,
                 ImportResult *ret, Error *err);
