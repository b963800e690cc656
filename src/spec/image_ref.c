/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints references to images. */
#include "spec/image_ref.h"

#include <stdio.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define TAG_MAX 128
#define DIGEST_PREFIX "sha256:"

const char *const image_places[IMAGE_PLACES] = {[IMAGE_STORED] = "image",
                                                [IMAGE_OCI] = "oci",
                                                [IMAGE_DOCKER_ARCHIVE] = "docker-archive",
                                                [IMAGE_PODMAN] = "podman"};

ImagePlace image_ref_place(const char *value, const char **ret_rest)
{
        for (unsigned i = 0; i < IMAGE_PLACES; i++) {
                size_t len = strlen(image_places[i]);
                if (strncmp(value, image_places[i], len) == 0 && value[len] == ':') {
                        *ret_rest = value + len + 1;
                        return (ImagePlace)i;
                }
        }
        return IMAGE_PLACES;
}

bool image_is_digest(const char *text)
{
        return strlen(text) == 64 && strspn(text, DIGITS "abcdef") == 64;
}

/* [A-Za-z0-9_][A-Za-z0-9_.-]{0,127} */
static bool is_tag(const char *text)
{
        size_t len = strlen(text);
        return len > 0 && len <= TAG_MAX && strspn(text, LOWER UPPER DIGITS "_.-") == len && text[0] != '.' &&
               text[0] != '-';
}

/* Accepts components of lower-case letters, digits and separators, as registries do; the first may be a host
 * with a port. */
static bool is_name(const char *name)
{
        size_t len = strlen(name);
        if (len == 0 || len > IMAGE_NAME_MAX || strspn(name, LOWER UPPER DIGITS "._-/:") != len)
                return false;
        for (const char *at = name; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL) {
                size_t n = strcspn(at, "/"), colon = strcspn(at, ":");
                if (n == 0 || strchr("._-:", at[0]) || strchr("._-:", at[n - 1]))
                        return false;
                /* A port stands in the first of several components. */
                if (colon < n &&
                    (at != name || at[n] != '/' || strspn(at + colon + 1, DIGITS) != n - colon - 1))
                        return false;
        }
        return true;
}

/* Splits off the part after the last colon, unless a slash follows it. */
static int split_tag(char *text, char **ret_tag)
{
        char *colon = strrchr(text, ':');
        if (!colon || strchr(colon, '/'))
                return 0;
        if (!is_tag(colon + 1))
                return -EINVAL;
        *colon = '\0';
        *ret_tag = strdup(colon + 1);
        return *ret_tag ? 0 : -ENOMEM;
}

static int split_digest(char *text, char **ret_digest)
{
        char *at = strchr(text, '@');
        if (!at)
                return 0;
        if (!str_starts(at + 1, DIGEST_PREFIX) || !image_is_digest(at + 1 + strlen(DIGEST_PREFIX)))
                return -EINVAL;
        *at = '\0';
        *ret_digest = strdup(at + 1 + strlen(DIGEST_PREFIX));
        return *ret_digest ? 0 : -ENOMEM;
}

int image_ref_parse(ImagePlace place, const char *text, ImageRef *ret)
{
        CLEANUP(image_ref_clear) ImageRef ref = {.place = place, .name = strdup(text)};
        int r = ref.name ? 0 : -ENOMEM;
        if (r == 0 && place == IMAGE_STORED)
                r = split_digest(ref.name, &ref.digest);
        if (r == 0 && place != IMAGE_DOCKER_ARCHIVE)
                r = split_tag(ref.name, &ref.tag);
        if (r < 0)
                return r;
        if (place == IMAGE_STORED && ref.digest && ref.name[0] == '\0' && !ref.tag) {
                free(ref.name);
                ref.name = NULL;
        } else if (place == IMAGE_STORED || place == IMAGE_PODMAN ? !is_name(ref.name)
                                                                  : ref.name[0] == '\0') {
                return -EINVAL;
        }
        if (ref.name && place == IMAGE_STORED && !ref.tag && !(ref.tag = strdup("latest")))
                return -ENOMEM;
        *ret = ref;
        ref = (ImageRef){0};
        return 0;
}

char *image_ref_name(const ImageRef *ref)
{
        char *text = NULL;
        return asprintf(&text, "%s:%s", ref->name, ref->tag) < 0 ? NULL : text;
}

char *image_ref_print(const ImageRef *ref)
{
        char *text = NULL;
        int n = asprintf(&text, "%s:%s%s%s%s%s", image_places[ref->place], ref->name ? ref->name : "",
                         ref->tag ? ":" : "", ref->tag ? ref->tag : "", ref->digest ? "@" DIGEST_PREFIX : "",
                         ref->digest ? ref->digest : "");
        return n < 0 ? NULL : text;
}

void image_ref_clear(ImageRef *ref)
{
        free(ref->name);
        free(ref->tag);
        free(ref->digest);
        *ref = (ImageRef){0};
}
