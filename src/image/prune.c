/* SPDX-License-Identifier: Apache-2.0 */
/* Removes what no name of an image and no sandbox needs. */
#include "image/store.h"

#include "base/io.h"
#include "state/discard.h"
#include "state/kept.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#define NAME_ROOM 96

typedef struct Prune {
        const ImageStore *store;
        const PlanIdentity *identity;
        StrList records, layers; /* in use */
        ImagePruned *result;
        Error *err;
} Prune;

static void prune_clear(Prune *p)
{
        strlist_clear(&p->records);
        strlist_clear(&p->layers);
}

static int use_record(Prune *p, const char *hash)
{
        CLEANUP(image_record_clear) ImageRecord record = {0};
        Error damaged = {0};
        if (strlist_has(&p->records, hash))
                return 0;
        int r = strlist_add(&p->records, hash);
        if (r == 0 && store_read_record(p->store, hash, &record, &damaged) < 0)
                return 0;
        for (size_t i = 0; r == 0 && i < record.n_layers; i++)
                if (record.layers[i].blob)
                        r = strlist_add(&p->layers, record.layers[i].blob);
        return r;
}

/* A kept sandbox names its image by the digest of the record. */
static int use_kept(Prune *p, const char *name)
{
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        static const char root[] = "Filesystem.Root=image:";
        int r = kept_peek(name, &record, p->err);
        /* What it needs is unknown. */
        if (r < 0)
                return r;
        for (size_t i = 0; r == 0 && i < record.spec.n; i++) {
                ImageRef ref = {0};
                if (str_starts(record.spec.items[i], root) &&
                    image_ref_parse(IMAGE_STORED, record.spec.items[i] + strlen(root), &ref) == 0 &&
                    ref.digest)
                        r = use_record(p, ref.digest);
                image_ref_clear(&ref);
        }
        return r;
}

static int find_used(Prune *p)
{
        CLEANUP(image_index_clear) ImageIndex index = {0};
        CLEANUP_STRLIST StrList kept = {0};
        int r = store_read_index(p->store, &index, p->err);
        if (r == 0)
                r = kept_list(&kept, p->err);
        for (size_t i = 0; r == 0 && i < index.n; i++)
                r = use_record(p, index.items[i].record);
        for (size_t i = 0; r == 0 && i < kept.n; i++)
                r = use_kept(p, kept.items[i]);
        return r;
}

static int remove_records(Prune *p)
{
        CLEANUP_STRLIST StrList all = {0};
        int r = store_list(p->store, "records", &all);
        for (size_t i = 0; r == 0 && i < all.n; i++) {
                char name[NAME_ROOM];
                if (strlist_has(&p->records, all.items[i]))
                        continue;
                (void)snprintf(name, sizeof(name), "records/%s", all.items[i]);
                if (unlinkat(p->store->fd, name, 0) < 0)
                        return error_set_errno(p->err, errno, "cannot remove the image %.12s", all.items[i]);
                p->result->images++;
        }
        return r;
}

/* A run holds a shared lock. */
static int remove_layer(Prune *p, int layers, const char *blob)
{
        ImageLayerMeta meta = {0};
        Error none = {0};
        CLEANUP_FD int fd = openat(layers, blob, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
                p->result->kept++;
                return 0;
        }
        if (store_read_layer(p->store, blob, &meta, &none) == 0)
                p->result->bytes += meta.bytes;
        fields_clear(&image_meta_fields, &meta);
        p->result->layers++;
        /* If this is interrupted, no part of a layer has the place of a whole one. */
        char gone[NAME_ROOM];
        CLEANUP_FD int tmp = openat(p->store->fd, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r = tmp < 0 ? -errno : io_random_name("gone-", gone, sizeof(gone));
        if (r == 0 && renameat(layers, blob, tmp, gone) < 0)
                r = -errno;
        return r < 0 ? error_set_errno(p->err, r, "cannot remove the layer %.12s", blob)
                     : kept_remove_entry(tmp, gone, p->identity, NULL, p->err);
}

static int remove_layers(Prune *p)
{
        CLEANUP_STRLIST StrList all = {0};
        CLEANUP_FD int layers =
                openat(p->store->fd, "layers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (layers < 0)
                return error_set_errno(p->err, errno, "cannot open the layers of images");
        int r = store_list(p->store, "layers", &all);
        for (size_t i = 0; r == 0 && i < all.n; i++)
                if (!strlist_has(&p->layers, all.items[i]))
                        r = remove_layer(p, layers, all.items[i]);
        return r;
}

int store_prune(const ImageStore *store, const PlanIdentity *identity, ImagePruned *ret, Error *err)
{
        CLEANUP(prune_clear) Prune p = {.store = store, .identity = identity, .result = ret, .err = err};
        CLEANUP_FD int lock = FD_NONE;
        *ret = (ImagePruned){0};
        store_clear_stale(store, identity);
        int r = store_lock(store, &lock, err);
        if (r == 0)
                r = find_used(&p);
        if (r == 0)
                r = remove_records(&p);
        if (r == 0)
                r = remove_layers(&p);
        return r == -ENOMEM ? error_no_memory(err) : r;
}
