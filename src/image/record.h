/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of the image store. A confined process reads what an archive holds, and writes it down as such
 * a record, so that no other process of kurung parses the archive's own formats. A record is hostile.
 */
#pragma once

#include "base/fields.h"
#include "plan/plan.h"

/** Maximum number of layers: the kernel's overlay takes 500 lowers. */
#define IMAGE_LAYERS_MAX 490

/** A layer of an image. */
typedef struct ImageLayer {
        char *blob;      /* SHA-256 of the layer as the archive holds it; NULL: the archive does not say it */
        char *diff;      /* SHA-256 of the layer's tar archive without compression; NULL: unknown */
        uint64_t offset; /* while it is imported: where it is in the archive */
        uint64_t size;   /* in bytes, as the archive holds it; UINT64_MAX: unknown */
} ImageLayer;

/** An image. The configuration is that of the OCI image specification. */
typedef struct ImageRecord {
        char *config;   /* SHA-256 of its configuration; NULL: it has none, as a plain root file system */
        char *manifest; /* SHA-256 of its manifest; NULL: it has none */
        char *architecture, *system, *created, *author;
        StrList entrypoint, cmd, env, ports, labels;
        char *working_dir, *user;
        ImageLayer *layers; /* the lowest first */
        size_t n_layers;
} ImageRecord;

extern const FieldTable image_record_fields;

/** image_record_parse - read a record. @ret: image_record_clear() frees it. Returns 0; -EBADMSG, -ENOTSUP or
 * -ENOMEM with @err. */
int image_record_parse(const char *text, size_t len, ImageRecord *ret, Error *err);

void image_record_clear(ImageRecord *record);

/** A name of an image in the store. */
typedef struct ImageName {
        char *name;   /* "debian:latest" */
        char *record; /* the hash of the image's record */
} ImageName;

/** The names in the store, sorted. */
typedef struct ImageIndex {
        ImageName *items;
        size_t n;
} ImageIndex;

#define IMAGE_NAMES_MAX 65536

extern const FieldTable image_index_fields;

void image_index_clear(ImageIndex *index);

/** image_index_find - return the entry of a name, borrowed; NULL: none. */
const ImageName *image_index_find(const ImageIndex *index, const char *name);

/** image_index_set - give @name to the image @record; NULL: remove the name. Returns 0 or -ENOMEM. */
int image_index_set(ImageIndex *index, const char *name, const char *record);

/** What is known of an unpacked layer. */
typedef struct ImageLayerMeta {
        IdMap uid_map, gid_map;    /* those with which it was unpacked */
        uint64_t uid_max, gid_max; /* the highest ids inside that own a file */
        uint64_t entries, bytes;   /* of files, without holes */
        uint64_t left_out;         /* devices and FIFOs that were left out */
        uint64_t owners_lost;      /* entries that belong to root because only one id is mapped */
        char *diff;                /* like ImageLayer.diff, as it was computed */
} ImageLayerMeta;

extern const FieldTable image_meta_fields;

/** image_meta_parse - like image_record_parse(). */
int image_meta_parse(const char *text, size_t len, ImageLayerMeta *ret, Error *err);
