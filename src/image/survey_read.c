/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the image in a source: the confined process's part. */
#include "base/io.h"
#include "image/archive.h"
#include "image/child.h"
#include "image/manifest.h"
#include "image/survey.h"
#include "spec/image_ref.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Maximum number of files in an archive of an image: a few per layer. */
#define MEMBERS_MAX 16384
#define LINKS_MAX 8

typedef struct Member {
        char *name, *link; /* link: the target of a symbolic link; NULL: a file */
        uint64_t offset, size;
} Member;

typedef struct Reading {
        const SurveySource *source;
        const ArchiveFunctions *f;
        int file; /* the archive without compression, or the directory */
        Member *members;
        size_t n, room;
        bool is_plain, is_compressed;
        Error *err;
} Reading;

static void members_clear(Reading *r)
{
        for (size_t i = 0; i < r->n; i++) {
                free(r->members[i].name);
                free(r->members[i].link);
        }
        free(r->members);
        r->members = NULL;
        r->n = r->room = 0;
}

static const char *without_dots(const char *name)
{
        for (;;) {
                if (str_starts(name, "./"))
                        name += 2;
                else if (name[0] == '/')
                        name++;
                else
                        return name;
        }
}

/* Returns whether archives of images have such a file at their top: all others have a root file system. */
static bool is_of_an_image(const char *name)
{
        static const char *const known[] = {
                "", "manifest.json", "index.json", "oci-layout", "repositories", "blobs", "."};
        size_t len = strcspn(name, "/");
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (strlen(known[i]) == len && strncmp(known[i], name, len) == 0)
                        return true;
        size_t hex = strspn(name, "0123456789abcdef");
        return hex == 64 && (hex == len || str_eq(name + hex, ".tar") || str_eq(name + hex, ".json") ||
                             str_eq(name + hex, ".tar.gz"));
}

static int add_member(Reading *r, struct archive *a, struct archive_entry *entry, const char *name)
{
        const char *link = r->f->symlink(entry);
        if (r->n >= MEMBERS_MAX)
                return error_set(r->err, E2BIG, "the archive has too many files for an image");
        if (ARRAY_GROW(r->members, r->n, r->room, 32) < 0)
                return error_no_memory(r->err);
        Member m = {.name = strdup(name), .link = link ? strdup(link) : NULL};
        la_int64_t size = r->f->size(entry), offset = r->f->filter_bytes(a, 0);
        m.size = size < 0 ? 0 : (uint64_t)size;
        m.offset = offset < 0 ? 0 : (uint64_t)offset;
        r->members[r->n++] = m;
        return m.name && (!link || m.link) ? 0 : error_no_memory(r->err);
}

/* Lists the files of the archive, until one shows that it is a root file system. */
static int list_members(Reading *r, uint64_t size)
{
        CLEANUP_FREE ArchiveStream *stream = malloc(sizeof(*stream));
        struct archive_entry *entry;
        int e = 0, got = ARCHIVE_OK;
        if (!stream)
                return error_no_memory(r->err);
        archive_stream_begin(stream, r->file, 0, size);
        struct archive *a = archive_open_stream(r->f, ARCHIVE_TAR, stream, r->err);
        if (!a)
                return -EBADMSG;
        while (e == 0 && !r->is_plain && (got = r->f->next_header(a, &entry)) != ARCHIVE_EOF) {
                const char *path = r->f->pathname(entry);
                if (got < ARCHIVE_WARN)
                        e = archive_failed(r->f, a, "cannot read the archive", r->err);
                else if (!path || !is_of_an_image(without_dots(path)))
                        r->is_plain = true;
                else if (r->f->filetype(entry) != S_IFDIR)
                        e = add_member(r, a, entry, without_dots(path));
        }
        r->is_compressed = r->f->filter_count(a) > 1;
        (void)r->f->read_free(a);
        if (e == 0 && !r->is_plain && r->n == 0)
                e = error_set(r->err, EBADMSG, "the archive is empty");
        return e;
}

/* Writes the archive without its compression to the temporary file. */
static int spool_archive(Reading *r, int spool, uint64_t *ret_size)
{
        CLEANUP_FREE ArchiveStream *stream = malloc(sizeof(*stream));
        struct archive_entry *entry;
        const void *data;
        size_t len;
        la_int64_t offset;
        uint64_t total = 0;
        if (!stream)
                return error_no_memory(r->err);
        archive_stream_begin(stream, r->file, 0, r->source->size);
        struct archive *a = archive_open_stream(r->f, ARCHIVE_ANY_COMPRESSED, stream, r->err);
        if (!a)
                return -EBADMSG;
        int e = 0, got = r->f->next_header(a, &entry);
        while (e == 0 && got >= ARCHIVE_WARN && got != ARCHIVE_EOF) {
                got = r->f->data_block(a, &data, &len, &offset);
                if (got < ARCHIVE_WARN || got == ARCHIVE_EOF)
                        break;
                total += len;
                if (total > r->source->max_bytes)
                        e = error_set(r->err, EFBIG, "the archive has more than %llu bytes (--max-size)",
                                      (unsigned long long)r->source->max_bytes);
                else if ((e = io_write_all(spool, data, len)) < 0)
                        (void)error_set_errno(r->err, e, "cannot write a temporary file");
        }
        if (e == 0 && got < ARCHIVE_WARN)
                e = archive_failed(r->f, a, "cannot decompress the archive", r->err);
        (void)r->f->read_free(a);
        *ret_size = total;
        return e;
}

static const Member *find_member(const Reading *r, const char *name)
{
        for (size_t i = r->n; i-- > 0;)
                if (str_eq(r->members[i].name, name))
                        return &r->members[i];
        return NULL;
}

/* Older archives name a layer twice, by a symbolic link: "ID/layer.tar" to "../DIGEST.tar". */
static const Member *follow(const Reading *r, const Member *m)
{
        for (unsigned i = 0; m && m->link && i < LINKS_MAX; i++) {
                CLEANUP_FREE char *name = NULL;
                const char *slash = strrchr(m->name, '/'), *target = m->link;
                size_t len = slash ? (size_t)(slash - m->name) + 1 : 0;
                if (str_starts(target, "../")) {
                        target += 3;
                        len = 0;
                }
                if (asprintf(&name, "%.*s%s", (int)len, m->name, target) < 0)
                        return NULL;
                m = find_member(r, name);
        }
        return m && !m->link ? m : NULL;
}

static int missing(const Reading *r, const char *name)
{
        return error_set(r->err, ENOENT, "the source has no file '%.200s'", name);
}

/* Opens a file of the directory, or borrows the archive. */
static int find_file(const Reading *r, const char *name, int *ret_own, int *ret_fd, uint64_t *ret_offset,
                     uint64_t *ret_size)
{
        struct stat st;
        *ret_offset = 0;
        if (!r->source->is_directory) {
                const Member *m = follow(r, find_member(r, name));
                if (!m)
                        return missing(r, name);
                *ret_fd = r->file;
                *ret_offset = m->offset;
                *ret_size = m->size;
                return 0;
        }
        const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                                     .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
        int fd = (int)syscall(SYS_openat2, r->file, name, &how, sizeof(how));
        if (fd < 0)
                return errno == ENOENT ? missing(r, name)
                                       : error_set_errno(r->err, errno, "cannot open '%.200s'", name);
        *ret_own = *ret_fd = fd;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return error_set(r->err, EBADMSG, "'%.200s' is not a file", name);
        *ret_size = (uint64_t)st.st_size;
        return 0;
}

/* Reads a small file, and checks its hash if @digest is not NULL. @ret_hash: its hash. */
static int read_json(const Reading *r, const char *name, const char *digest, char **ret, size_t *ret_len,
                     char ret_hash[static SHA256_HEX_ROOM])
{
        CLEANUP_FD int own = FD_NONE;
        CLEANUP_FREE char *text = NULL;
        uint64_t offset = 0, size = 0;
        int fd = FD_NONE;
        int e = find_file(r, name, &own, &fd, &offset, &size);
        if (e < 0)
                return e;
        if (size > IMAGE_JSON_MAX)
                return error_set(r->err, EFBIG, "'%.200s' is too large for a description of an image", name);
        if (!(text = malloc(size + 1)))
                return error_no_memory(r->err);
        if (io_read_at(fd, text, size, offset) != (ssize_t)size)
                return error_set(r->err, EIO, "cannot read '%.200s'", name);
        text[size] = '\0';
        e = sha256_hex(text, size, ret_hash, r->err);
        if (e == 0 && digest && !str_eq(digest, ret_hash))
                e = error_set(r->err, EBADMSG,
                              "'%.200s' does not have the hash that its name says: it is damaged or forged",
                              name);
        if (e < 0)
                return e;
        *ret = TAKE_PTR(text);
        *ret_len = size;
        return 0;
}

typedef char BlobName[SHA256_HEX_ROOM + 16];

static const char *blob_name(const char *digest, BlobName out)
{
        (void)snprintf(out, sizeof(BlobName), "blobs/sha256/%s", digest);
        return out;
}

/* Finds each layer's place, and checks its size. */
static int locate_blobs(const Reading *r, ImageRecord *ret)
{
        for (size_t i = 0; i < ret->n_layers; i++) {
                CLEANUP_FD int own = FD_NONE;
                ImageLayer *layer = &ret->layers[i];
                BlobName name;
                uint64_t size = 0;
                int fd;
                int e = find_file(r, blob_name(layer->blob, name), &own, &fd, &layer->offset, &size);
                if (e < 0)
                        return e;
                if (size != layer->size)
                        return error_set(r->err, EBADMSG, "the layer %.12s has %llu bytes instead of %llu",
                                         layer->blob, (unsigned long long)size,
                                         (unsigned long long)layer->size);
        }
        return 0;
}

static int read_oci(const Reading *r, ImageRecord *ret)
{
        ManifestChoice choice = {.is_index = true};
        char hash[SHA256_HEX_ROOM];
        BlobName name;
        const char *tag = r->source->tag;
        int e = 0;
        /* An index of images, then at most one of platforms. */
        for (unsigned i = 0; e == 0 && choice.is_index && i < 3; i++) {
                CLEANUP_FREE char *text = NULL;
                size_t len = 0;
                e = i == 0 ? read_json(r, "index.json", NULL, &text, &len, hash)
                           : read_json(r, blob_name(choice.digest, name), choice.digest, &text, &len, hash);
                if (e == 0)
                        e = manifest_choose(text, len, i == 0 ? tag : NULL, manifest_architecture(), &choice,
                                            r->err);
        }
        if (e == 0 && choice.is_index)
                e = error_set(r->err, EBADMSG, "the index of the image leads to other indexes only");
        CLEANUP_FREE char *manifest = NULL, *config = NULL;
        size_t len = 0;
        if (e == 0)
                e = read_json(r, blob_name(choice.digest, name), choice.digest, &manifest, &len, hash);
        if (e == 0 && !(ret->manifest = strdup(hash)))
                e = error_no_memory(r->err);
        if (e == 0)
                e = manifest_read(manifest, len, ret, r->err);
        if (e == 0)
                e = read_json(r, blob_name(ret->config, name), ret->config, &config, &len, hash);
        if (e == 0)
                e = manifest_read_config(config, len, ret, r->err);
        return e < 0 ? e : locate_blobs(r, ret);
}

static int read_docker(const Reading *r, ImageRecord *ret)
{
        CLEANUP(manifest_docker_clear) ManifestDocker docker = {0};
        CLEANUP_FREE char *manifest = NULL, *config = NULL;
        char hash[SHA256_HEX_ROOM];
        size_t len = 0;
        int e = read_json(r, "manifest.json", NULL, &manifest, &len, hash);
        if (e == 0)
                e = manifest_read_docker(manifest, len, r->source->tag, &docker, r->err);
        if (e == 0)
                e = read_json(r, without_dots(docker.config), NULL, &config, &len, hash);
        if (e == 0 && !(ret->config = strdup(hash)))
                e = error_no_memory(r->err);
        if (e == 0)
                e = manifest_read_config(config, len, ret, r->err);
        if (e == 0 && ret->n_layers != docker.layers.n)
                e = error_set(r->err, EBADMSG,
                              "the configuration of the image has %zu layers, its manifest %zu",
                              ret->n_layers, docker.layers.n);
        for (size_t i = 0; e == 0 && i < ret->n_layers; i++) {
                CLEANUP_FD int own = FD_NONE;
                int fd;
                e = find_file(r, without_dots(docker.layers.items[i]), &own, &fd, &ret->layers[i].offset,
                              &ret->layers[i].size);
        }
        return e;
}

static int read_plain(const Reading *r, ImageRecord *ret)
{
        if (!(ret->layers = calloc(1, sizeof(*ret->layers))))
                return error_no_memory(r->err);
        ret->n_layers = 1;
        ret->layers[0].size = r->source->size;
        return 0;
}

static int open_archive(Reading *r, int spool, bool *ret_spooled)
{
        uint64_t size = r->source->size;
        int e = list_members(r, size);
        if (e < 0 || r->is_plain || !r->is_compressed)
                return e;
        members_clear(r);
        e = spool_archive(r, spool, &size);
        r->file = spool;
        *ret_spooled = true;
        return e < 0 ? e : list_members(r, size);
}

int survey_read(const SurveySource *source, int spool, ImageRecord *ret, bool *ret_spooled, bool *ret_plain,
                Error *err)
{
        CLEANUP(members_clear) Reading r = {.source = source, .file = source->fd, .err = err};
        CLEANUP_FD int directory = FD_NONE;
        int e = archive_load(&r.f, err);
        *ret_spooled = *ret_plain = false;
        if (e < 0)
                return e;
        if (source->is_directory) {
                directory = source->path ? image_child_directory(CHILD_IN, source->fd, O_PATH)
                                         : fcntl(source->fd, F_DUPFD_CLOEXEC, 3);
                if (directory < 0)
                        return error_set_errno(err, directory, "cannot open the directory of the image");
                r.file = directory;
                return read_oci(&r, ret);
        }
        e = open_archive(&r, spool, ret_spooled);
        if (e < 0)
                return e;
        *ret_plain = r.is_plain;
        bool oci = find_member(&r, "index.json") != NULL, docker = find_member(&r, "manifest.json") != NULL;
        if (r.is_plain)
                return source->kind == SURVEY_AUTO
                               ? read_plain(&r, ret)
                               : error_set(err, EBADMSG,
                                           "the archive holds a root file system, and no image");
        if (source->kind != SURVEY_DOCKER && oci)
                return read_oci(&r, ret);
        return docker && source->kind != SURVEY_OCI
                       ? read_docker(&r, ret)
                       : error_set(err, EBADMSG, "the archive has no manifest of an image");
}
