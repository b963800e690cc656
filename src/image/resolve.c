/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the image of Root=, and applies its configuration. */
#include "image/resolve.h"

#include "base/fds.h"
#include "base/path.h"
#include "image/import.h"
#include "plan/plan.h"

#include <fcntl.h>
#include <stdio.h>

typedef struct Resolving {
        ImageStore store;
        ImageRef ref;
        ImageRecord record;
        char hash[65];
        PlanIdentity identity; /* that of root inside */
        int *layers;           /* open directories, topmost first */
        size_t n_layers;
        Error *err;
} Resolving;

static void resolving_clear(Resolving *x)
{
        store_close(&x->store);
        image_ref_clear(&x->ref);
        image_record_clear(&x->record);
        plan_identity_clear(&x->identity);
        fds_close(x->layers, x->n_layers);
        free(x->layers);
}

/* An image of an archive is imported; what the store has is not unpacked again. */
static int find_image(Resolving *x)
{
        ImportResult result;
        bool stored = x->ref.place == IMAGE_STORED;
        int r = store_open(!stored, &x->store, x->err);
        if (r == -ENOENT && x->err->errnum == 0) {
                return error_set(
                        x->err, ENOENT,
                        "no image '%.300s': there are no images yet (\"kurung image import\" adds one)",
                        x->ref.name ? x->ref.name : x->ref.digest);
        }
        if (r < 0)
                return r;
        if (stored)
                return store_find(&x->store, &x->ref, x->hash, &x->record, x->err);
        const ImportOptions options = {.source = x->ref.name,
                                       .kind = x->ref.place == IMAGE_OCI ? SURVEY_OCI : SURVEY_DOCKER,
                                       .tag = x->ref.tag,
                                       .max_bytes = IMPORT_BYTES_MAX,
                                       .max_entries = IMPORT_ENTRIES_MAX};
        r = image_import(&x->store, &options, &result, &x->record, x->err);
        if (r == 0)
                memcpy(x->hash, result.hash, sizeof(x->hash));
        return r;
}

static const char *import_again(const Resolving *x)
{
        return x->identity.map_by_newuidmap
                       ? "your ranges in /etc/subuid or /etc/subgid changed since it was imported: import it "
                         "again"
                       : "its files have owners that are not mapped with a single id: use --id-map=subid";
}

static int check_layer(Resolving *x, const char *blob)
{
        ImageLayerMeta meta = {0};
        int r = store_read_layer(&x->store, blob, &meta, x->err);
        bool fits = r == 0 && store_layer_fits(&meta, &x->identity);
        fields_clear(&image_meta_fields, &meta);
        if (r == -ENOENT)
                return error_set(x->err, ENOENT,
                                 "a layer of the image is missing (%.12s): import the image again", blob);
        return r < 0 || fits ? r : error_set(x->err, ESTALE, "cannot use the image: %s", import_again(x));
}

static int take_layer(Resolving *x, Host *host, const char *blob)
{
        CLEANUP_FREE char *path = store_layer_path(&x->store, blob);
        HostImage *image = &host->image;
        if (!path)
                return error_no_memory(x->err);
        int r = store_layer_hold(&x->store, blob, &image->held[image->n_held]);
        if (r < 0)
                return error_set_errno(x->err, r, "cannot use a layer of the image (%.12s)", blob);
        image->n_held++;
        r = check_layer(x, blob);
        if (r < 0)
                return r;
        x->layers[x->n_layers] =
                openat(image->held[image->n_held - 1], "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (x->layers[x->n_layers] < 0)
                return error_set_errno(x->err, errno, "cannot open '%s'", path);
        x->n_layers++;
        return strlist_add(&image->layers, path) < 0 ? error_no_memory(x->err) : 0;
}

static int take_layers(Resolving *x, Host *host)
{
        size_t n = x->record.n_layers;
        int r = 0;
        x->layers = calloc(n + 1, sizeof(*x->layers));
        host->image.held = calloc(n + 1, sizeof(*host->image.held));
        if (!x->layers || !host->image.held)
                return error_no_memory(x->err);
        for (size_t i = n; r == 0 && i-- > 0;) {
                const char *blob = x->record.layers[i].blob;
                CLEANUP_FREE char *path = blob ? store_layer_path(&x->store, blob) : NULL;
                if (!blob)
                        return error_set(x->err, EBADMSG,
                                         "the record of the image is incomplete: import it again");
                /* The same layer twice would be refused by overlayfs; of two, the upper one counts. */
                if (path && strlist_has(&host->image.layers, path))
                        continue;
                r = take_layer(x, host, blob);
        }
        if (r == 0 && (r = host_probe_paths(host, (const char *const *)host->image.layers.items)) < 0)
                (void)error_set_errno(x->err, r, "cannot look up the layers of the image");
        return r;
}

static int take_command(const Resolving *x, Spec *spec, HostImage *image)
{
        int r = strlist_copy(&x->record.entrypoint, &spec->argv);
        if (r == 0)
                r = strlist_copy(&x->record.cmd, &spec->argv);
        image->runs_own = spec->argv.n > 0;
        return r < 0 ? error_no_memory(x->err) : 0;
}

/* A user of the image that is not root; root inside is for kurung's user to choose. */
static int take_user(const Resolving *x, Spec *spec)
{
        uid_t uid = 0;
        gid_t gid = 0;
        if (spec_asked(spec, KEY_RUN_AS) || str_empty(x->record.user))
                return 0;
        int r = image_find_user(x->layers, x->n_layers, x->record.user, &uid, &gid, x->err);
        if (r < 0 || uid == 0)
                return r;
        spec->run_as = RUN_AS_IDS;
        spec->run_as_uid = uid;
        spec->run_as_gid = gid;
        return 0;
}

static int take_config(const Resolving *x, Spec *spec, HostImage *image, bool wants_command)
{
        int r = strlist_copy(&x->record.env, &image->env);
        if (r == 0)
                r = strlist_copy(&x->record.ports, &image->ports);
        if (r == 0 && x->record.working_dir && !(image->working_dir = strdup(x->record.working_dir)))
                r = -ENOMEM;
        if (r < 0)
                return error_no_memory(x->err);
        r = take_user(x, spec);
        return r < 0 || !wants_command ? r : take_command(x, spec, image);
}

/* A kept sandbox is resumed over the same image, whatever its name means then. */
static int pin(const Resolving *x, Spec *spec)
{
        bool stored = x->ref.place == IMAGE_STORED;
        const ImageRef ref = {.place = IMAGE_STORED,
                              .name = stored ? x->ref.name : NULL,
                              .tag = stored ? x->ref.tag : NULL,
                              .digest = (char *)(uintptr_t)x->hash};
        char *text = image_ref_print(&ref);
        if (!text)
                return error_no_memory(x->err);
        free(spec->root_dir);
        spec->root_dir = text;
        return 0;
}

int image_resolve(Spec *spec, Host *host, bool wants_command, Error *err)
{
        CLEANUP(resolving_clear) Resolving x = {.store = IMAGE_STORE_NONE, .err = err};
        const char *rest = "";
        ImagePlace place = image_ref_place(spec->root_dir, &rest);
        int r = place == IMAGE_PLACES ? -EINVAL : image_ref_parse(place, rest, &x.ref);
        if (r < 0)
                return error_set_errno(err, r, "Root=: invalid image '%.300s'", spec->root_dir);
        if (place == IMAGE_PODMAN)
                return error_set(
                        err, ENOTSUP,
                        "kurung does not read podman's store: import the image (podman save %.200s | kurung "
                        "image import - %.200s)",
                        rest, rest);
        if (!(host->image.name = strdup(spec->root_dir)))
                return error_no_memory(err);
        Spec root = {.run_as = RUN_AS_ROOT, .id_map = spec->id_map};
        r = plan_make_identity(&root, host, &x.identity, err);
        if (r == 0)
                r = find_image(&x);
        if (r == 0)
                r = take_layers(&x, host);
        if (r == 0)
                r = take_config(&x, spec, &host->image, wants_command);
        return r < 0 ? r : pin(&x, spec);
}
