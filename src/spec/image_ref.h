/* SPDX-License-Identifier: Apache-2.0 */
/* References to images: the value of Root= and the names of "kurung image". */
#pragma once

#include "base/error.h"

/** The place of an image. */
typedef enum ImagePlace {
        IMAGE_STORED,         /* in kurung's own store: NAME[:TAG][@sha256:HEX], or @sha256:HEX */
        IMAGE_OCI,            /* an OCI image layout, a directory: DIR[:TAG] */
        IMAGE_DOCKER_ARCHIVE, /* an archive as "docker save" and "podman save" write it: FILE */
        IMAGE_PODMAN,         /* in podman's store: NAME[:TAG] */
        IMAGE_PLACES,
} ImagePlace;

/** The words before the colon in Root=: "image", "oci", ... */
extern const char *const image_places[IMAGE_PLACES];

typedef struct ImageRef {
        ImagePlace place;
        char *name;   /* STORED, PODMAN: without the tag, NULL: none; OCI, DOCKER_ARCHIVE: the path */
        char *tag;    /* STORED with a name: "latest" if none was given; OCI, PODMAN: may be NULL */
        char *digest; /* STORED: 64 hexadecimal digits; NULL: none */
} ImageRef;

/** Maximum length of a name with its tag. */
#define IMAGE_NAME_MAX 255

/**
 * image_ref_place - return the place that a value of Root= names; IMAGE_PLACES: it names no image.
 *
 * @ret_rest: the part after the colon.
 */
ImagePlace image_ref_place(const char *value, const char **ret_rest);

/**
 * image_ref_parse - parse the text after "PLACE:". A colon before the last slash belongs to the name, so that
 * a registry may have a port.
 *
 * @ret: image_ref_clear() frees it. Returns 0; -EINVAL; -ENOMEM.
 */
int image_ref_parse(ImagePlace place, const char *text, ImageRef *ret);

/** image_ref_print - format a reference as a value of Root=; owned by the caller. NULL: out of memory. */
char *image_ref_print(const ImageRef *ref);

/** image_ref_name - format NAME:TAG of a stored image; owned by the caller. NULL: out of memory. */
char *image_ref_name(const ImageRef *ref);

/** image_is_digest - return whether @text is 64 lower-case hexadecimal digits. */
bool image_is_digest(const char *text);

void image_ref_clear(ImageRef *ref);
