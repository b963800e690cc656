/* SPDX-License-Identifier: Apache-2.0 */
/* Imports an image: surveys the source, unpacks each layer in a confined process, and stores the result. */
#include "image/import.h"

#include "base/failpoint.h"
#include "base/io.h"
#include "base/path.h"
#include "base/process.h"
#include "base/sha256.h"
#include "image/archive.h"
#include "image/child.h"
#include "state/discard.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define HASH_PIECE (1 << 20)
#define UPDATE_MS 200

/* Memory that this process shares with those that unpack. */
typedef struct Shared {
        UnpackCount count;
        UnpackResult result;
} Shared;

typedef struct Import {
        const ImageStore *store;
        const ImportOptions *options;
        SurveySource source;
        char *path; /* of the source, absolute */
        Survey survey;
        PlanIdentity identity;
        int tmp; /* the directory of this import, locked */
        char tmp_name[72];
        Shared *shared;
        uint64_t entries_before, bytes_before; /* in the layers that are done */
        bool *is_new, *replaces;               /* for each layer */
        ImportResult *result;
        Error *err;
} Import;

static void import_clear(Import *im)
{
        Error none = {0};
        if (im->tmp >= 0) {
                CLEANUP_FD int all =
                        openat(im->store->fd, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (all >= 0)
                        (void)kept_remove_entry(all, im->tmp_name, &im->identity, NULL, &none);
        }
        im->tmp = fd_close(im->tmp);
        im->source.fd = fd_close(im->source.fd);
        free(im->path);
        survey_clear(&im->survey);
        plan_identity_clear(&im->identity);
        if (im->shared)
                (void)munmap(im->shared, sizeof(*im->shared));
        free(im->is_new);
        free(im->replaces);
}

static int open_temporary(Import *im, int *ret_fd)
{
        int fd = openat(im->store->fd, "tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_set_errno(im->err, errno, "cannot create a temporary file in '%s'",
                                       im->store->path);
        *ret_fd = fd;
        return 0;
}

/* Copies a pipe to a file without a name: an archive is read more than once. */
static int spool_stream(Import *im, int from, int *ret_fd)
{
        CLEANUP_FD int fd = FD_NONE;
        CLEANUP_FREE char *piece = malloc(HASH_PIECE);
        uint64_t total = 0;
        int r = piece ? open_temporary(im, &fd) : error_no_memory(im->err);
        while (r == 0) {
                ssize_t n = read(from, piece, HASH_PIECE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        r = n < 0 ? error_set_errno(im->err, errno, "cannot read the archive") : 0;
                        break;
                }
                total += (uint64_t)n;
                if (total > im->options->max_bytes)
                        return error_set(im->err, EFBIG, "the archive has more than %llu bytes (--max-size)",
                                         (unsigned long long)im->options->max_bytes);
                if ((r = io_write_all(fd, piece, (size_t)n)) < 0)
                        (void)error_set_errno(im->err, r, "cannot write a temporary file");
        }
        if (r == 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

static int open_source(Import *im)
{
        const char *name = im->options->source;
        bool is_stdin = str_eq(name, "-");
        CLEANUP_FD int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                     : open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(im->err, errno, "cannot open '%.300s'", name);
        if (is_stdin && isatty(fd))
                return error_set(im->err, EINVAL, "standard input is a terminal, and no archive");
        if (S_ISDIR(st.st_mode) && !is_stdin) {
                if (!(im->path = realpath(name, NULL)))
                        return error_set_errno(im->err, errno, "cannot find '%.300s'", name);
                if (faccessat(fd, "index.json", F_OK, 0) < 0)
                        return error_set(im->err, EINVAL,
                                         "'%.300s' is not an OCI image layout: it has no index.json (use a "
                                         "directory with a system as it is, by --root=DIR)",
                                         name);
                im->source.is_directory = true;
        } else if (!S_ISREG(st.st_mode)) {
                int copy = FD_NONE, r = S_ISBLK(st.st_mode)
                                                ? error_set(im->err, EINVAL, "'%.300s' is a device", name)
                                                : spool_stream(im, fd, &copy);
                if (r < 0)
                        return r;
                fd_close(fd);
                fd = copy;
                if (fstat(fd, &st) < 0)
                        return error_set_errno(im->err, errno, "cannot examine a temporary file");
        }
        im->source.fd = TAKE_FD(fd);
        im->source.path = im->path;
        im->source.size = im->source.is_directory ? 0 : (uint64_t)st.st_size;
        return 0;
}

static int unpack_body(void *userdata, Error *err)
{
        const UnpackOptions *options = userdata;
        CLEANUP_FD int root = image_child_directory(CHILD_OUT, options->root, O_RDONLY);
        UnpackOptions here = *options;
        Shared *shared = (Shared *)(void *)options->count;
        here.root = root;
        if (root < 0)
                return error_set_errno(err, root, "cannot open the directory of the layer");
        return unpack_layer(&here, &shared->result, err);
}

static void tell_progress(const Import *im)
{
        if (im->options->update)
                im->options->update(im->options->userdata, im->entries_before + im->shared->count.entries,
                                    im->bytes_before + im->shared->count.bytes);
}

/* Hashes the layer as the archive holds it, while the child unpacks it. */
static int hash_layer(const Import *im, int fd, const ImageLayer *layer, char ret[static SHA256_HEX_ROOM])
{
        CLEANUP_FREE char *piece = malloc(HASH_PIECE);
        Sha256 hash;
        int r = piece ? sha256_begin(&hash, im->err) : error_no_memory(im->err);
        for (uint64_t done = 0; r == 0 && done < layer->size;) {
                size_t want = layer->size - done < HASH_PIECE ? (size_t)(layer->size - done) : HASH_PIECE;
                ssize_t n = io_read_at(fd, piece, want, layer->offset + done);
                if (n != (ssize_t)want)
                        return error_set_errno(im->err, n < 0 ? (int)n : -EIO,
                                               "cannot read a layer of the image");
                sha256_add(&hash, piece, want);
                done += want;
                tell_progress(im);
        }
        if (r == 0)
                sha256_end(&hash, ret);
        return r;
}

static void watch(const Import *im, const ImageChild *child)
{
        struct pollfd p = {.fd = child->pidfd, .events = POLLIN};
        while (im->options->update && poll(&p, 1, UPDATE_MS) == 0)
                tell_progress(im);
}

static int wrong_hash(const Import *im, const char *got, const char *expected)
{
        return error_set(im->err, EBADMSG,
                         "a layer of the image has the hash %.12s instead of %.12s: it is damaged or forged",
                         got, expected);
}

/* Compares the hashes with those of the manifest and of the configuration. */
static int check_hashes(const Import *im, ImageLayer *layer, const char *blob)
{
        UnpackResult *result = &im->shared->result;
        result->diff[sizeof(result->diff) - 1] = '\0';
        const char *diff = result->compressed ? result->diff : blob;
        if (!image_is_digest(diff))
                return error_set(im->err, EBADMSG, "a layer of the image has no hash");
        if (layer->blob && !str_eq(layer->blob, blob))
                return wrong_hash(im, blob, layer->blob);
        if (layer->diff && !str_eq(layer->diff, diff))
                return wrong_hash(im, diff, layer->diff);
        free(layer->blob);
        layer->blob = strdup(blob);
        if (layer->blob && !layer->diff)
                layer->diff = strdup(diff);
        return layer->blob && layer->diff ? 0 : error_no_memory(im->err);
}

static int write_meta(const Import *im, int dir, const ImageLayer *layer)
{
        const UnpackResult *result = &im->shared->result;
        CLEANUP_FREE char *text = NULL;
        size_t len;
        const ImageLayerMeta meta = {.uid_map = im->identity.uid_map,
                                     .gid_map = im->identity.gid_map,
                                     .uid_max = result->uid_max,
                                     .gid_max = result->gid_max,
                                     .entries = result->entries,
                                     .bytes = result->bytes,
                                     .left_out = result->left_out,
                                     .owners_lost = result->owners_lost,
                                     .diff = layer->diff};
        int r = fields_print(&image_meta_fields, &meta, &text, &len);
        if (r == 0)
                r = io_replace_at(dir, "meta", text, len, true);
        return r < 0 ? error_set_errno(im->err, r, "cannot write the record of a layer") : 0;
}

static void add_counts(Import *im)
{
        const UnpackResult *result = &im->shared->result;
        im->result->entries += result->entries;
        im->result->bytes += result->bytes;
        im->result->left_out += result->left_out;
        im->result->owners_lost += result->owners_lost;
        im->result->attributes_lost += result->attributes_lost;
        im->entries_before += result->entries;
        im->bytes_before += result->bytes;
}

static int run_unpacking(Import *im, int file, int out, const char *path, const ImageLayer *layer,
                         char ret_blob[static SHA256_HEX_ROOM])
{
        CLEANUP(image_child_kill) ImageChild child = IMAGE_CHILD_NONE;
        UnpackOptions unpack = {.file = file,
                                .offset = layer->offset,
                                .size = layer->size,
                                .root = out,
                                .single_id = !im->identity.map_by_newuidmap,
                                .max_bytes = im->options->max_bytes,
                                .max_entries = im->options->max_entries,
                                .count = &im->shared->count};
        const ImageChildOptions options = {.who = "unpacker of the image",
                                           .identity = &im->identity,
                                           .in = FD_NONE,
                                           .out = out,
                                           .out_path = path,
                                           .fds = &file,
                                           .n_fds = 1,
                                           .body = unpack_body,
                                           .userdata = &unpack};
        im->shared->count = (UnpackCount){0};
        im->shared->result = (UnpackResult){0};
        int r = image_child_start(&options, &child, im->err);
        if (r == 0)
                r = hash_layer(im, file, layer, ret_blob);
        if (r == 0) {
                watch(im, &child);
                r = image_child_finish(&child, im->err);
        }
        return r;
}

static int unpack_one(Import *im, size_t i)
{
        ImageLayer *layer = &im->survey.record.layers[i];
        CLEANUP_FD int file = FD_NONE, dir = FD_NONE, out = FD_NONE;
        CLEANUP_FREE char *path = NULL;
        char name[24], blob[SHA256_HEX_ROOM] = "";
        (void)snprintf(name, sizeof(name), "%zu", i);
        int r = survey_open_layer(&im->source, &im->survey, layer, &file, im->err);
        if (r < 0)
                return r;
        if (mkdirat(im->tmp, name, 0700) < 0 ||
            (dir = openat(im->tmp, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 ||
            mkdirat(dir, "fs", 0755) < 0 ||
            (out = openat(dir, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 ||
            fchmod(out, 0755) < 0)
                return error_set_errno(im->err, errno, "cannot create a directory for a layer");
        if (asprintf(&path, "%s/tmp/%s/%s/fs", im->store->path, im->tmp_name, name) < 0) {
                path = NULL;
                return error_no_memory(im->err);
        }
        r = run_unpacking(im, file, out, path, layer, blob);
        if (r == 0)
                r = check_hashes(im, layer, blob);
        if (r == 0)
                r = write_meta(im, dir, layer);
        if (r < 0)
                return r;
        im->is_new[i] = true;
        add_counts(im);
        failpoint("image-layer");
        return 0;
}

/* Returns whether the store has the layer, by its hash in the manifest, or without compression. */
static bool is_stored(Import *im, size_t i)
{
        ImageLayer *layer = &im->survey.record.layers[i];
        ImageLayerMeta meta = {0};
        Error damaged = {0};
        const char *blob = layer->blob ? layer->blob : layer->diff;
        /* Only a layer of an archive that gives no hash of the whole may be taken for one without
         * compression. */
        if (!blob)
                return false;
        int r = store_read_layer(im->store, blob, &meta, &damaged);
        bool fits = r == 0 && store_layer_fits(&meta, &im->identity) &&
                    (!layer->diff || (meta.diff && str_eq(meta.diff, layer->diff)));
        fields_clear(&image_meta_fields, &meta);
        im->replaces[i] = r != -ENOENT && !fits;
        if (!fits)
                return false;
        if (!layer->blob)
                layer->blob = strdup(blob);
        return layer->blob != NULL;
}

static bool is_repeated(const Import *im, size_t i)
{
        const ImageRecord *record = &im->survey.record;
        for (size_t k = 0; k < i; k++)
                if (record->layers[i].blob && record->layers[k].blob &&
                    str_eq(record->layers[k].blob, record->layers[i].blob))
                        return true;
        return false;
}

static int unpack_all(Import *im)
{
        ImageRecord *record = &im->survey.record;
        int r = 0;
        im->is_new = calloc(record->n_layers, sizeof(*im->is_new));
        im->replaces = calloc(record->n_layers, sizeof(*im->replaces));
        if (!im->is_new || !im->replaces)
                return error_no_memory(im->err);
        im->result->layers = record->n_layers;
        for (size_t i = 0; r == 0 && i < record->n_layers; i++) {
                if (is_stored(im, i) || is_repeated(im, i))
                        im->result->shared++;
                else
                        r = unpack_one(im, i);
        }
        return r;
}

static int store_result(Import *im)
{
        CLEANUP(image_index_clear) ImageIndex index = {0};
        CLEANUP_FD int lock = FD_NONE;
        ImageRecord *record = &im->survey.record;
        int r = store_lock(im->store, &lock, im->err);
        for (size_t i = 0; r == 0 && i < record->n_layers; i++) {
                char name[24];
                (void)snprintf(name, sizeof(name), "%zu", i);
                if (im->is_new[i])
                        r = store_add_layer(im->store, im->tmp, name, record->layers[i].blob, im->replaces[i],
                                            im->err);
                else if (!store_has_layer(im->store, record->layers[i].blob))
                        r = error_set(im->err, EAGAIN,
                                      "a layer of the image was removed meanwhile: import the image again");
                record->layers[i].offset = 0;
        }
        failpoint("image-layers");
        if (r == 0)
                r = store_write_record(im->store, record, im->result->hash, im->err);
        if (r < 0 || !im->options->name)
                return r;
        r = store_read_index(im->store, &index, im->err);
        if (r == 0 && image_index_set(&index, im->options->name, im->result->hash) < 0)
                r = error_no_memory(im->err);
        return r < 0 ? r : store_write_index(im->store, &index, im->err);
}

static int begin(Import *im)
{
        const ArchiveFunctions *f;
        CLEANUP_FD int tmp = openat(im->store->fd, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r = sha256_load(im->err);
        if (r == 0)
                r = archive_load(&f, im->err);
        if (r == 0)
                r = discard_own_ids(&im->identity, im->err);
        if (r < 0)
                return r;
        store_clear_stale(im->store, &im->identity);
        r = tmp < 0 ? -errno : io_mkdir_locked(tmp, "import-", im->tmp_name, sizeof(im->tmp_name), &im->tmp);
        if (r < 0)
                return error_set_errno(im->err, r, "cannot create a directory for the import");
        void *shared =
                mmap(NULL, sizeof(*im->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
                return error_no_memory(im->err);
        im->shared = shared;
        return 0;
}

int image_import(const ImageStore *store, const ImportOptions *options, ImportResult *ret,
                 ImageRecord *ret_record, Error *err)
{
        CLEANUP(import_clear)
        Import im = {.store = store,
                     .options = options,
                     .source = {.fd = FD_NONE,
                                .kind = options->kind,
                                .tag = options->tag,
                                .max_bytes = options->max_bytes},
                     .survey = SURVEY_NONE,
                     .tmp = FD_NONE,
                     .result = ret,
                     .err = err};
        CLEANUP_FD int spool = FD_NONE;
        *ret = (ImportResult){0};
        int r = begin(&im);
        if (r == 0)
                r = open_source(&im);
        if (r == 0)
                r = open_temporary(&im, &spool);
        if (r == 0)
                r = survey_run(&im.source, spool, &im.survey, err);
        if (r == 0)
                r = unpack_all(&im);
        if (r == 0)
                r = store_result(&im);
        if (r == 0 && ret_record) {
                *ret_record = im.survey.record;
                im.survey.record = (ImageRecord){0};
        }
        return r;
}

/* Fills the survey with the layers of the other image, and a new one. */
static int extend_record(Import *im, const char *base)
{
        ImageRecord *record = &im->survey.record;
        struct stat st;
        int r = store_read_record(im->store, base, record, im->err);
        if (r < 0)
                return r;
        if (record->n_layers >= IMAGE_LAYERS_MAX)
                return error_set(im->err, E2BIG, "the image has %zu layers already", record->n_layers);
        if (fstat(im->survey.fd, &st) < 0)
                return error_set_errno(im->err, errno, "cannot examine the new layer");
        ImageLayer *layers = reallocarray(record->layers, record->n_layers + 1, sizeof(*layers));
        if (!layers)
                return error_no_memory(im->err);
        record->layers = layers;
        layers[record->n_layers++] = (ImageLayer){.size = (uint64_t)st.st_size};
        /* It has no configuration and no manifest of its own, in the form of an archive. */
        free(record->config);
        free(record->manifest);
        record->config = record->manifest = NULL;
        return 0;
}

int image_extend(const ImageStore *store, const char *base, int layer, const ImportOptions *options,
                 ImportResult *ret, Error *err)
{
        CLEANUP(import_clear)
        Import im = {.store = store,
                     .options = options,
                     .source = {.fd = FD_NONE},
                     .survey = SURVEY_NONE,
                     .tmp = FD_NONE,
                     .result = ret,
                     .err = err};
        *ret = (ImportResult){0};
        int r = begin(&im);
        if (r == 0 && (im.survey.fd = fcntl(layer, F_DUPFD_CLOEXEC, 3)) < 0)
                r = error_set_errno(err, errno, "cannot keep the new layer open");
        if (r == 0)
                r = extend_record(&im, base);
        if (r == 0)
                r = unpack_all(&im);
        return r < 0 ? r : store_result(&im);
}
