/* SPDX-License-Identifier: Apache-2.0 */
/* Opens, reads and changes the image store. */
#include "image/store.h"

#include "base/io.h"
#include "base/path.h"
#include "base/sha256.h"
#include "plan/host.h"
#include "state/discard.h"
#include "state/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#define RECORD_MAX (16 << 20)
#define NAME_ROOM 96

static const char *const directories[] = {"records", "layers", "tmp"};

static int store_path(char **ret, Error *err)
{
        CLEANUP_FREE char *home = NULL;
        if (host_home(&home) < 0)
                return error_no_memory(err);
        CLEANUP_FREE char *data = host_data_home(home);
        if (!data)
                return error_set(err, ENOENT, "no directory for images (set HOME or XDG_DATA_HOME)");
        *ret = path_join(data, "images");
        return *ret ? 0 : error_no_memory(err);
}

int store_open(bool create, ImageStore *ret, Error *err)
{
        CLEANUP(store_close) ImageStore store = IMAGE_STORE_NONE;
        int r = store_path(&store.path, err);
        if (r < 0)
                return r;
        if (!create && store.path && access(store.path, F_OK) < 0 && errno == ENOENT)
                return -ENOENT;
        r = run_dir_open_state(store.path, "XDG_DATA_HOME", &store.fd, err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(directories); i++)
                if (mkdirat(store.fd, directories[i], 0700) < 0 && errno != EEXIST)
                        r = error_set_errno(err, errno, "cannot create a directory in '%s'", store.path);
        if (r < 0)
                return r;
        *ret = store;
        store = IMAGE_STORE_NONE;
        return 0;
}

void store_close(ImageStore *store)
{
        free(store->path);
        *store = (ImageStore){.fd = fd_close(store->fd)};
}

int store_lock(const ImageStore *store, int *ret_fd, Error *err)
{
        CLEANUP_FD int fd = openat(store->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r = fd < 0 ? -errno : 0;
        while (r == 0 && flock(fd, LOCK_EX) < 0)
                r = errno == EINTR ? 0 : -errno;
        if (r < 0)
                return error_set_errno(err, r, "cannot lock the image store");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int store_read_index(const ImageStore *store, ImageIndex *ret, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        ImageIndex index = {0};
        size_t len;
        int r = io_read_own_at(store->fd, "index", 0022, RECORD_MAX, &text, &len);
        if (r == -ENOENT) {
                *ret = (ImageIndex){0};
                return 0;
        }
        if (r == 0)
                r = fields_parse(&image_index_fields, text, len, &index);
        if (r < 0) {
                image_index_clear(&index);
                return error_set_errno(err, r, "cannot read '%s/index'", store->path);
        }
        *ret = index;
        return 0;
}

int store_write_index(const ImageStore *store, const ImageIndex *index, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        size_t len;
        int r = fields_print(&image_index_fields, index, &text, &len);
        if (r == 0)
                r = io_replace_at(store->fd, "index", text, len, true);
        return r < 0 ? error_set_errno(err, r, "cannot write '%s/index'", store->path) : 0;
}

int store_read_record(const ImageStore *store, const char *hash, ImageRecord *ret, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        char name[NAME_ROOM], now[SHA256_HEX_ROOM];
        size_t len;
        (void)snprintf(name, sizeof(name), "records/%s", hash);
        int r = io_read_own_at(store->fd, name, 0022, RECORD_MAX, &text, &len);
        if (r < 0)
                return error_set_errno(err, r, "cannot read the image %.12s", hash);
        r = sha256_hex(text, len, now, err);
        if (r == 0 && !str_eq(now, hash))
                r = error_set(err, EBADMSG,
                              "the record of the image %.12s is damaged: import the image again", hash);
        return r < 0 ? r : image_record_parse(text, len, ret, err);
}

int store_write_record(const ImageStore *store, const ImageRecord *record, char ret_hash[static 65],
                       Error *err)
{
        CLEANUP_FREE char *text = NULL;
        char name[NAME_ROOM];
        size_t len;
        if (fields_print(&image_record_fields, record, &text, &len) < 0)
                return error_no_memory(err);
        int r = sha256_hex(text, len, ret_hash, err);
        if (r < 0)
                return r;
        (void)snprintf(name, sizeof(name), "records/%s", ret_hash);
        r = io_replace_at(store->fd, name, text, len, true);
        return r < 0 ? error_set_errno(err, r, "cannot write the record of an image") : 0;
}

static bool has_digest(const char *hash, const ImageRecord *record, const char *digest)
{
        return str_eq(hash, digest) || (record->config && str_eq(record->config, digest)) ||
               (record->manifest && str_eq(record->manifest, digest));
}

static int not_found(const ImageRef *ref, Error *err)
{
        CLEANUP_FREE char *text = image_ref_print(ref);
        return error_set(
                err, ENOENT,
                "no image '%.300s' (\"kurung image list\" lists images, \"kurung image import\" adds one)",
                text ? text + strlen("image:") : "");
}

/* Finds an image by a digest alone. */
static int find_digest(const ImageStore *store, const ImageRef *ref, char ret_hash[static 65],
                       ImageRecord *ret, Error *err)
{
        CLEANUP_STRLIST StrList all = {0};
        if (store_list(store, "records", &all) < 0)
                return error_no_memory(err);
        for (size_t i = 0; i < all.n; i++) {
                Error damaged = {0};
                ImageRecord record = {0};
                if (store_read_record(store, all.items[i], &record, &damaged) < 0)
                        continue;
                if (has_digest(all.items[i], &record, ref->digest)) {
                        (void)snprintf(ret_hash, 65, "%s", all.items[i]);
                        *ret = record;
                        return 0;
                }
                image_record_clear(&record);
        }
        return not_found(ref, err);
}

int store_find(const ImageStore *store, const ImageRef *ref, char ret_hash[static 65], ImageRecord *ret,
               Error *err)
{
        CLEANUP(image_index_clear) ImageIndex index = {0};
        CLEANUP(image_record_clear) ImageRecord record = {0};
        CLEANUP_FREE char *name = ref->name ? image_ref_name(ref) : NULL;
        if (ref->name && !name)
                return error_no_memory(err);
        if (!name)
                return find_digest(store, ref, ret_hash, ret, err);
        int r = store_read_index(store, &index, err);
        if (r < 0)
                return r;
        const ImageName *known = image_index_find(&index, name);
        /* A pinned image is used even if its name belongs to another one now. */
        if (!known)
                return ref->digest ? find_digest(store, ref, ret_hash, ret, err) : not_found(ref, err);
        r = store_read_record(store, known->record, &record, err);
        if (r < 0)
                return r;
        if (ref->digest && !has_digest(known->record, &record, ref->digest))
                return find_digest(store, ref, ret_hash, ret, err);
        (void)snprintf(ret_hash, 65, "%s", known->record);
        *ret = record;
        record = (ImageRecord){0};
        return 0;
}

static int compare_digests(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

int store_list(const ImageStore *store, const char *directory, StrList *ret)
{
        int fd = openat(store->fd, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return 0;
        }
        for (struct dirent *e; r == 0 && (e = readdir(d));)
                if (image_is_digest(e->d_name))
                        r = strlist_add(ret, e->d_name);
        (void)closedir(d);
        if (ret->n > 1)
                qsort(ret->items, ret->n, sizeof(*ret->items), compare_digests);
        return r;
}

int store_read_layer(const ImageStore *store, const char *blob, ImageLayerMeta *ret, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        char name[NAME_ROOM];
        size_t len;
        (void)snprintf(name, sizeof(name), "layers/%s/meta", blob);
        int r = io_read_own_at(store->fd, name, 0022, RECORD_MAX, &text, &len);
        if (r == -ENOENT)
                return r;
        return r < 0 ? error_set_errno(err, r, "cannot read the layer %.12s", blob)
                     : image_meta_parse(text, len, ret, err);
}

static bool same_map(const IdMap *a, const IdMap *b)
{
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++)
                if (a->items[i].inside != b->items[i].inside || a->items[i].outside != b->items[i].outside ||
                    a->items[i].count != b->items[i].count)
                        return false;
        return true;
}

bool store_layer_fits(const ImageLayerMeta *meta, const PlanIdentity *root)
{
        if (meta->owners_lost > 0 && root->map_by_newuidmap)
                return false;
        return (meta->uid_max == 0 || same_map(&meta->uid_map, &root->uid_map)) &&
               (meta->gid_max == 0 || same_map(&meta->gid_map, &root->gid_map));
}

static int open_layer(const ImageStore *store, const char *blob)
{
        char name[NAME_ROOM];
        (void)snprintf(name, sizeof(name), "layers/%s", blob);
        int fd = openat(store->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

bool store_has_layer(const ImageStore *store, const char *blob)
{
        CLEANUP_FD int fd = open_layer(store, blob);
        return fd >= 0;
}

char *store_layer_path(const ImageStore *store, const char *blob)
{
        char *path = NULL;
        return asprintf(&path, "%s/layers/%s/fs", store->path, blob) < 0 ? NULL : path;
}

int store_layer_hold(const ImageStore *store, const char *blob, int *ret_fd)
{
        CLEANUP_FD int fd = open_layer(store, blob);
        struct stat st;
        if (fd < 0)
                return fd;
        if (flock(fd, LOCK_SH | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        /* It may have been removed before it was locked. */
        if (fstat(fd, &st) < 0 || st.st_nlink == 0)
                return -EBUSY;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int store_add_layer(const ImageStore *store, int dirfd, const char *name, const char *blob, bool replace,
                    Error *err)
{
        char to[NAME_ROOM];
        (void)snprintf(to, sizeof(to), "layers/%s", blob);
        if (renameat2(dirfd, name, store->fd, to, RENAME_NOREPLACE) == 0)
                return 0;
        if (errno == EEXIST && replace && renameat2(dirfd, name, store->fd, to, RENAME_EXCHANGE) == 0)
                return 0;
        return errno == EEXIST && !replace
                       ? 0
                       : error_set_errno(err, errno, "cannot store the layer %.12s", blob);
}

void store_clear_stale(const ImageStore *store, const PlanIdentity *identity)
{
        int tmp = openat(store->fd, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *d = tmp < 0 ? NULL : fdopendir(tmp);
        if (!d) {
                fd_close(tmp);
                return;
        }
        for (struct dirent *e; (e = readdir(d));) {
                Error none = {0};
                if (e->d_name[0] == '.')
                        continue;
                CLEANUP_FD int fd = run_state_open_entry(tmp, e->d_name);
                if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
                        (void)kept_remove_entry(tmp, e->d_name, identity, NULL, &none);
        }
        (void)closedir(d);
}
