/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image store: $XDG_DATA_HOME/kurung/images (0700).
 *
 *      index               the names, each with the hash of a record
 *      records/HASH        an image (ImageRecord); HASH is the SHA-256 of this file
 *      layers/BLOB/fs      an unpacked layer, a lower of overlayfs; BLOB is the SHA-256 of the layer as its
 *                          archive held it, computed outside of the process that unpacked it
 *      layers/BLOB/meta    ImageLayerMeta
 *      tmp/import-...      an import; its process holds the lock
 *      lock                flock(2): exclusive while names, records or layers change
 *
 * A run holds a shared lock on the directory of each of its layers, so that they stay.
 */
#pragma once

#include "image/record.h"
#include "spec/image_ref.h"

typedef struct ImageStore {
        int fd;
        char *path; /* absolute */
} ImageStore;

#define IMAGE_STORE_NONE ((ImageStore){.fd = FD_NONE})

/**
 * store_open - open the store.
 *
 * @create: create it if it is missing. Returns 0; -ENOENT without @err set: it does not exist; -errno with
 * @err.
 */
int store_open(bool create, ImageStore *ret, Error *err);
void store_close(ImageStore *store);

/** store_lock - lock the store, and wait for it. @ret_fd: holds the lock. Returns 0 or -errno with @err. */
int store_lock(const ImageStore *store, int *ret_fd, Error *err);

/** store_read_index - read the names. Returns 0, also if there are none, or -errno with @err. */
int store_read_index(const ImageStore *store, ImageIndex *ret, Error *err);

/** store_write_index - replace the names; the caller holds the lock. Returns 0 or -errno with @err. */
int store_write_index(const ImageStore *store, const ImageIndex *index, Error *err);

/** store_read_record - read an image, and check the record's hash. Returns 0; -ENOENT, -EBADMSG, -errno with
 * @err. */
int store_read_record(const ImageStore *store, const char *hash, ImageRecord *ret, Error *err);

/** store_write_record - store an image. @ret_hash: the hash of its record. Returns 0 or -errno with @err. */
int store_write_record(const ImageStore *store, const ImageRecord *record, char ret_hash[static 65],
                       Error *err);

/**
 * store_find - find an image by its name or by a digest: that of its record, its manifest or its
 * configuration. If @ref has both, they must agree.
 *
 * @ret_hash: the hash of its record. Returns 0; -ENOENT with @err.
 */
int store_find(const ImageStore *store, const ImageRef *ref, char ret_hash[static 65], ImageRecord *ret,
               Error *err);

/** store_list - list the entries of a directory of the store whose names are digests, sorted. Returns 0 or
 * -ENOMEM. */
int store_list(const ImageStore *store, const char *directory, StrList *ret);

/** store_read_layer - read what is known of a layer. Returns 0; -ENOENT; -errno, with @err unless it is
 * -ENOENT. */
int store_read_layer(const ImageStore *store, const char *blob, ImageLayerMeta *ret, Error *err);

/** store_layer_fits - return whether the files of a layer have their owners in sandboxes with the maps of
 * @root, those of root inside. */
bool store_layer_fits(const ImageLayerMeta *meta, const PlanIdentity *root);

/** store_has_layer - return whether the store has a layer. */
bool store_has_layer(const ImageStore *store, const char *blob);

/** store_layer_path - return the path of a layer's files; owned, NULL: out of memory. */
char *store_layer_path(const ImageStore *store, const char *blob);

/** store_layer_hold - lock a layer for as long as @ret_fd is open. Returns 0; -EBUSY: it is being removed;
 * -errno. */
int store_layer_hold(const ImageStore *store, const char *blob, int *ret_fd);

/** store_add_layer - move a layer, the directory @name of @dirfd with "fs" and "meta", to its place; one that
 * is there already stays, unless @replace. The caller holds the lock. Returns 0 or -errno with @err. */
int store_add_layer(const ImageStore *store, int dirfd, const char *name, const char *blob, bool replace,
                    Error *err);

/** store_clear_stale - remove the directories of killed imports, with the ids of @identity. */
void store_clear_stale(const ImageStore *store, const PlanIdentity *identity);

/** What store_prune() removed. */
typedef struct ImagePruned {
        size_t images, layers, kept; /* kept: layers that a sandbox uses */
        uint64_t bytes;
} ImagePruned;

/**
 * store_prune - remove images without a name, and layers that no image and no kept sandbox needs.
 *
 * @identity: root's, whose ids own the files. Returns 0 or -errno with @err.
 */
int store_prune(const ImageStore *store, const PlanIdentity *identity, ImagePruned *ret, Error *err);
