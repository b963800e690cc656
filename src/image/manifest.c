/* SPDX-License-Identifier: Apache-2.0 */
/* Reads indexes and manifests. */
#include "image/manifest.h"

#include "base/json.h"
#include "spec/image_ref.h"

#include <stdio.h>
#include <sys/utsname.h>

#define REF_NAME "org.opencontainers.image.ref.name"
#define DIGEST_PREFIX "sha256:"

static const char *const index_types[] = {"application/vnd.oci.image.index.v1+json",
                                          "application/vnd.docker.distribution.manifest.list.v2+json"};

static void json_freep(struct json_object **o)
{
        if (*o)
                json_free(*o);
}

#define CLEANUP_JSON CLEANUP(json_freep)

static int malformed(const char *what, Error *err)
{
        return error_set(err, EBADMSG, "the %s of the image is malformed", what);
}

/* Returns the hexadecimal digits of a member "digest"; NULL: it has none of SHA-256. */
static const char *digest_of(struct json_object *o)
{
        const char *text = json_get_text(o, "digest");
        if (!text || !str_starts(text, DIGEST_PREFIX) || !image_is_digest(text + strlen(DIGEST_PREFIX)))
                return NULL;
        return text + strlen(DIGEST_PREFIX);
}

const char *manifest_architecture(void)
{
        static const char *const known[][2] = {{"x86_64", "amd64"},    {"aarch64", "arm64"},
                                               {"armv7l", "arm"},      {"ppc64le", "ppc64le"},
                                               {"s390x", "s390x"},     {"i686", "386"},
                                               {"riscv64", "riscv64"}, {"loongarch64", "loong64"}};
        static struct utsname machine;
        /* A confined process may not ask. */
        if (machine.machine[0] == '\0' && uname(&machine) < 0)
                return "unknown";
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (str_eq(known[i][0], machine.machine))
                        return known[i][1];
        return machine.machine;
}

static bool fits_tag(struct json_object *descriptor, const char *tag)
{
        struct json_object *annotations;
        const char *name = json_get_object(descriptor, "annotations", &annotations) == 0
                                   ? json_get_text(annotations, REF_NAME)
                                   : NULL;
        /* Some tools write the whole name. */
        const char *colon = name ? strrchr(name, ':') : NULL;
        return !tag || (name && (str_eq(name, tag) || (colon && str_eq(colon + 1, tag))));
}

/* A manifest that names no platform fits each. Attestations of builds have the platform "unknown". */
static bool fits_platform(struct json_object *descriptor, const char *architecture)
{
        struct json_object *platform;
        if (json_get_object(descriptor, "platform", &platform) < 0)
                return true;
        const char *theirs = json_get_text(platform, "architecture"), *os = json_get_text(platform, "os");
        return theirs && os && str_eq(theirs, architecture) && str_eq(os, "linux");
}

int manifest_choose(const char *text, size_t len, const char *tag, const char *architecture,
                    ManifestChoice *ret, Error *err)
{
        CLEANUP_JSON struct json_object *o = NULL;
        struct json_object *list, *found = NULL;
        size_t n = 0, tagged = 0, fitting = 0;
        int r = json_parse(text, len, &o);
        if (r == 0)
                r = json_get_array(o, "manifests", &list, &n);
        if (r < 0)
                return r == -ENOMEM ? error_no_memory(err) : malformed("index", err);
        for (size_t i = 0; i < n; i++) {
                struct json_object *one = json_item(list, i);
                if (!fits_tag(one, tag))
                        continue;
                tagged++;
                if (!fits_platform(one, architecture))
                        continue;
                found = one;
                fitting++;
        }
        if (fitting == 0)
                return error_set(err, ENOENT,
                                 tagged == 0 ? "the source has no image named '%.128s'"
                                             : "the source has no image '%.128s' for this machine (%s)",
                                 tag ? tag : "", architecture);
        if (fitting > 1)
                return error_set(err, E2BIG, "the source has %zu images: choose one by its tag", fitting);
        const char *digest = digest_of(found), *type = json_get_text(found, "mediaType");
        if (!digest)
                return malformed("index", err);
        (void)snprintf(ret->digest, sizeof(ret->digest), "%s", digest);
        ret->is_index = type && str_in(type, index_types, ARRAY_LEN(index_types));
        return 0;
}

/* Accepts tar archives, with and without compression: "application/vnd.oci.image.layer.v1.tar+gzip",
 * "application/vnd.docker.image.rootfs.diff.tar.gzip". */
static bool is_layer_type(const char *type)
{
        return type && strstr(type, ".tar") && !strstr(type, "encrypted");
}

static int add_layer(struct json_object *o, ImageRecord *ret, Error *err)
{
        const char *digest = digest_of(o), *type = json_get_text(o, "mediaType");
        int64_t size;
        if (!digest || json_get_int(o, "size", 0, INT64_MAX, &size) < 0)
                return malformed("manifest", err);
        if (!is_layer_type(type))
                return error_set(err, ENOTSUP,
                                 "the image has a layer of the type '%.100s', which is not supported",
                                 type ? type : "");
        ImageLayer *layer = &ret->layers[ret->n_layers++];
        *layer = (ImageLayer){.size = (uint64_t)size, .blob = strdup(digest)};
        return layer->blob ? 0 : error_no_memory(err);
}

int manifest_read(const char *text, size_t len, ImageRecord *ret, Error *err)
{
        CLEANUP_JSON struct json_object *o = NULL;
        struct json_object *list, *config = NULL;
        size_t n = 0;
        int r = json_parse(text, len, &o);
        if (r == 0)
                r = json_get_array(o, "layers", &list, &n);
        if (r == 0)
                r = json_get_object(o, "config", &config);
        if (r < 0 || !digest_of(config))
                return r == -ENOMEM ? error_no_memory(err) : malformed("manifest", err);
        if (n == 0 || n > IMAGE_LAYERS_MAX)
                return error_set(err, E2BIG, "the image has %zu layers; kurung supports 1 to %d", n,
                                 IMAGE_LAYERS_MAX);
        ret->layers = calloc(n, sizeof(*ret->layers));
        ret->config = strdup(digest_of(config));
        if (!ret->layers || !ret->config)
                return error_no_memory(err);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = add_layer(json_item(list, i), ret, err);
        return r;
}

static bool has_repo_tag(struct json_object *image, const char *tag)
{
        struct json_object *tags;
        size_t n;
        if (!tag)
                return true;
        for (size_t i = 0; json_get_array(image, "RepoTags", &tags, &n) == 0 && i < n; i++) {
                const char *name = json_text(json_item(tags, i));
                const char *colon = name ? strrchr(name, ':') : NULL;
                if (name && (str_eq(name, tag) || (colon && str_eq(colon + 1, tag))))
                        return true;
        }
        return false;
}

int manifest_read_docker(const char *text, size_t len, const char *tag, ManifestDocker *ret, Error *err)
{
        CLEANUP(manifest_docker_clear) ManifestDocker docker = {0};
        CLEANUP_JSON struct json_object *root = NULL;
        struct json_object *o = NULL, *found = NULL, *layers;
        size_t n = 0, fitting = 0;
        /* json_get_array() reads members only. */
        CLEANUP_FREE char *wrapped = NULL;
        int length = asprintf(&wrapped, "{\"images\":%.*s}", (int)len, text);
        int r = length < 0 ? -ENOMEM : json_parse(wrapped, (size_t)length, &root);
        if (r == 0)
                r = json_get_array(root, "images", &o, &n);
        if (r < 0)
                return r == -ENOMEM ? error_no_memory(err) : malformed("manifest.json", err);
        for (size_t i = 0; i < n; i++)
                if (has_repo_tag(json_item(o, i), tag)) {
                        found = json_item(o, i);
                        fitting++;
                }
        if (fitting != 1)
                return error_set(err, fitting ? E2BIG : ENOENT,
                                 fitting ? "the archive has several images: choose one with --tag"
                                         : "the archive has no image '%.128s'",
                                 tag ? tag : "");
        const char *config = json_get_text(found, "Config");
        if (!config || json_get_array(found, "Layers", &layers, &n) < 0 || n == 0 || n > IMAGE_LAYERS_MAX)
                return malformed("manifest.json", err);
        docker.config = strdup(config);
        r = docker.config ? 0 : -ENOMEM;
        for (size_t i = 0; r == 0 && i < n; i++) {
                const char *name = json_text(json_item(layers, i));
                r = name ? strlist_add(&docker.layers, name) : -EBADMSG;
        }
        if (r < 0)
                return r == -ENOMEM ? error_no_memory(err) : malformed("manifest.json", err);
        *ret = docker;
        docker = (ManifestDocker){0};
        return 0;
}

void manifest_docker_clear(ManifestDocker *docker)
{
        free(docker->config);
        strlist_clear(&docker->layers);
        *docker = (ManifestDocker){0};
}
