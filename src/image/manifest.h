/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of images: indexes, manifests and configurations, as OCI and Docker write them. Pure functions
 * over hostile text. json_load() must have been called. */
#pragma once

#include "image/record.h"

/** Maximum size of an index, a manifest or a configuration, in bytes: more than registries accept. */
#define IMAGE_JSON_MAX (4 << 20)

/** The choice among the manifests of an index. */
typedef struct ManifestChoice {
        char digest[65];
        bool is_index; /* it is another index, of several platforms */
} ManifestChoice;

/**
 * manifest_choose - choose from an OCI index or a Docker manifest list.
 *
 * @tag: the reference name of the image (org.opencontainers.image.ref.name); NULL: any, if there is only one.
 * @architecture: as images name it, "amd64"; counts if several manifests are left.
 *
 * Returns 0; -EBADMSG; -ENOENT if none fits, or -E2BIG if several do, with @err.
 */
int manifest_choose(const char *text, size_t len, const char *tag, const char *architecture,
                    ManifestChoice *ret, Error *err);

/**
 * manifest_read - read a manifest: the layers with their hashes, and the hash of the configuration.
 *
 * @ret: zeroed; layers and config are set. Returns 0; -EBADMSG, -ENOTSUP (kind of layers) or -ENOMEM with
 * @err.
 */
int manifest_read(const char *text, size_t len, ImageRecord *ret, Error *err);

/** The image of a Docker archive. */
typedef struct ManifestDocker {
        char *config;   /* name of the file with the configuration */
        StrList layers; /* names of the layers' files, the lowest first */
} ManifestDocker;

/**
 * manifest_read_docker - read manifest.json of a Docker archive.
 *
 * @tag: NAME:TAG in the archive; NULL: any, if there is only one image. Otherwise like manifest_choose().
 */
int manifest_read_docker(const char *text, size_t len, const char *tag, ManifestDocker *ret, Error *err);
void manifest_docker_clear(ManifestDocker *docker);

/**
 * manifest_read_config - add the configuration to a record, and the hash without compression to each of its
 * layers. If the record has no layers, it gets one for each hash.
 *
 * Returns 0; -EBADMSG or -ENOMEM with @err.
 */
int manifest_read_config(const char *text, size_t len, ImageRecord *ret, Error *err);

/** manifest_architecture - return this machine's architecture as images name it; called once before
 * the process is confined. */
const char *manifest_architecture(void);
