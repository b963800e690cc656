/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacking of a layer as a lower of an overlay: deletions become the marks of overlayfs. Only a confined
 * process does that.
 */
#pragma once

#include "base/error.h"
#include "base/sha256.h"

/** The progress of an import, in memory that both processes see. */
typedef struct UnpackCount {
        _Atomic uint64_t entries, bytes;
} UnpackCount;

typedef struct UnpackOptions {
        int file;              /* holds the layer, borrowed */
        uint64_t offset, size; /* where the layer is in it */
        int root;              /* an empty directory, borrowed */
        bool single_id;        /* only one id is mapped: everything belongs to it */
        uint64_t max_entries, max_bytes;
        UnpackCount *count;
} UnpackOptions;

/** The result; plain data, in memory that both processes see, and hostile. */
typedef struct UnpackResult {
        uint64_t uid_max, gid_max, entries, bytes;
        uint64_t left_out;          /* devices */
        uint64_t owners_lost;       /* single_id: entries of other owners */
        uint64_t attributes_lost;   /* extended attributes that an unprivileged user cannot set */
        uint64_t compressed;        /* 0: no */
        char diff[SHA256_HEX_ROOM]; /* the hash without compression; only if it was compressed */
} UnpackResult;

/**
 * unpack_layer - unpack a layer. An archive that names a file outside of its root, through a symbolic link,
 * or with marks of an overlay of its own is refused.
 *
 * Returns 0; -EPERM (refused), -E2BIG or -EFBIG (limits), -EBADMSG, -ENOSPC, -errno with @err.
 */
int unpack_layer(const UnpackOptions *options, UnpackResult *ret, Error *err);
