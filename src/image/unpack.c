/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks a layer. */
#include "image/unpack.h"

#include "base/defence.h"
#include "base/io.h"
#include "image/unpack_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

/* Free disk space is checked after this many bytes, and this much is kept free. */
#define ROOM_STEP (UINT64_C(64) << 20)
#define ROOM_LEFT (UINT64_C(256) << 20)

static int entry_failed(Unpack *u, const UnpackName *name, int r, const char *what)
{
        return error_set_errno(u->err, r, "cannot %s '%.300s'", what, name->path);
}

static int count_bytes(Unpack *u, uint64_t n)
{
        struct statfs fs;
        UnpackResult *result = u->result;
        if (!defence_is_on(DEFENCE_LIMITS))
                return 0;
        if (n > u->options->max_bytes || result->bytes > u->options->max_bytes - n)
                return error_set(u->err, EFBIG,
                                 "refused the archive: its files have more than %llu bytes (--max-size)",
                                 (unsigned long long)u->options->max_bytes);
        result->bytes += n;
        u->options->count->bytes += n;
        u->unchecked += n;
        if (u->unchecked < ROOM_STEP)
                return 0;
        u->unchecked = 0;
        if (fstatfs(u->options->root, &fs) < 0 || fs.f_blocks == 0 ||
            fs.f_bavail * (uint64_t)fs.f_bsize >= ROOM_LEFT)
                return 0;
        return error_set(u->err, ENOSPC, "the image would fill the disk: less than 256 MiB are free");
}

static int count_entry(Unpack *u)
{
        u->options->count->entries++;
        if (++u->result->entries <= u->options->max_entries || !defence_is_on(DEFENCE_LIMITS))
                return 0;
        return error_set(u->err, E2BIG, "refused the archive: it has more than %llu entries (--max-entries)",
                         (unsigned long long)u->options->max_entries);
}

/* Returns the owner of an entry inside. */
static void take_owner(Unpack *u, struct archive_entry *entry, uint64_t *ret_uid, uint64_t *ret_gid)
{
        la_int64_t uid = u->f->uid(entry), gid = u->f->gid(entry);
        *ret_uid = uid < 0 ? 0 : (uint64_t)uid;
        *ret_gid = gid < 0 ? 0 : (uint64_t)gid;
        if (u->options->single_id && (*ret_uid || *ret_gid)) {
                u->result->owners_lost++;
                *ret_uid = *ret_gid = 0;
        }
        if (*ret_uid > u->result->uid_max)
                u->result->uid_max = *ret_uid;
        if (*ret_gid > u->result->gid_max)
                u->result->gid_max = *ret_gid;
}

/* @name: of the entry in u->dir, or "" with AT_EMPTY_PATH for @fd itself. */
static int give(Unpack *u, struct archive_entry *entry, const UnpackName *name, int fd, const char *at,
                int flags)
{
        uint64_t uid, gid;
        take_owner(u, entry, &uid, &gid);
        if (uid < UINT32_MAX && gid < UINT32_MAX && fchownat(fd, at, (uid_t)uid, (gid_t)gid, flags) == 0)
                return 0;
        if (uid >= UINT32_MAX || gid >= UINT32_MAX || errno == EINVAL)
                return error_set(u->err, EINVAL,
                                 "'%.300s' belongs to user %llu and group %llu, which are not mapped: add a "
                                 "larger range to /etc/subuid and /etc/subgid",
                                 name->path, (unsigned long long)uid, (unsigned long long)gid);
        return entry_failed(u, name, errno, "set the owner of");
}

/* Attributes that are those of an overlay: a layer could hide or redirect files of another one. */
static bool is_of_an_overlay(const char *name)
{
        static const char *const prefixes[] = {"user.overlay.", "trusted.overlay.", "user.fuseoverlayfs.",
                                               "trusted.fuseoverlayfs."};
        for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
                if (str_starts(name, prefixes[i]))
                        return true;
        return false;
}

static int set_attributes(Unpack *u, struct archive_entry *entry, const UnpackName *name, int fd)
{
        const char *key;
        const void *value;
        size_t len;
        if (u->f->xattr_reset(entry) == 0)
                return 0;
        while (u->f->xattr_next(entry, &key, &value, &len) == ARCHIVE_OK) {
                if (key && is_of_an_overlay(key) && defence_is_on(DEFENCE_MARKS))
                        return unpack_refuse(name->path, "has an attribute of an overlay", u->err);
                bool known = key && (str_starts(key, "user.") || str_eq(key, "security.capability"));
                if (!known || fd < 0 || fsetxattr(fd, key, value, len, 0) < 0)
                        u->result->attributes_lost++;
        }
        return 0;
}

static struct timespec mtime_of(Unpack *u, struct archive_entry *entry)
{
        return (struct timespec){u->f->mtime(entry), u->f->mtime_nsec(entry)};
}

static int set_time(int fd, const char *name, struct timespec mtime)
{
        const struct timespec times[2] = {mtime, mtime};
        int r = name ? utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW) : futimens(fd, times);
        return r < 0 ? -errno : 0;
}

static bool is_whiteout(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/*
 * Removes what an earlier entry put at the name, so that the later one counts. @directory: the new entry is
 * one. Returns 0; 1 if it was the mark of a deletion; -EEXIST: a directory is there already.
 */
static int make_room(Unpack *u, const UnpackName *name, bool directory)
{
        struct stat st;
        if (fstatat(u->dir, name->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return entry_failed(u, name, errno, "examine");
        if (S_ISDIR(st.st_mode))
                return directory ? -EEXIST
                                 : unpack_refuse(name->path, "is a directory and something else", u->err);
        if (unlinkat(u->dir, name->name, 0) < 0)
                return entry_failed(u, name, errno, "replace");
        return is_whiteout(&st);
}

static int write_data(Unpack *u, struct archive_entry *entry, const UnpackName *name, int fd)
{
        const void *data;
        size_t len;
        la_int64_t offset = 0, size = u->f->size(entry);
        uint64_t end = 0;
        int got, r = count_bytes(u, size < 0 ? 0 : (uint64_t)size);
        while (r == 0 && (got = u->f->data_block(u->archive, &data, &len, &offset)) != ARCHIVE_EOF) {
                if (got < ARCHIVE_WARN)
                        return archive_failed(u->f, u->archive, "cannot read the archive", u->err);
                for (size_t done = 0; r == 0 && done < len;) {
                        ssize_t n = pwrite(fd, (const char *)data + done, len - done, offset + (off_t)done);
                        if (n < 0 && errno != EINTR)
                                r = entry_failed(u, name, errno, "write");
                        done += n > 0 ? (size_t)n : 0;
                }
                end = (uint64_t)offset + len;
        }
        if (r == 0 && size > 0 && (uint64_t)size > end && ftruncate(fd, size) < 0)
                r = entry_failed(u, name, errno, "write");
        return r;
}

static int make_file(Unpack *u, struct archive_entry *entry, const UnpackName *name)
{
        mode_t mode = u->f->mode(entry) & 07777;
        CLEANUP_FD int fd = unpack_create(u->dir, name->name, mode & 0777);
        int r = fd < 0 ? fd : 0;
        if (r == -EEXIST && (r = make_room(u, name, false)) >= 0) {
                fd = unpack_create(u->dir, name->name, mode & 0777);
                r = fd < 0 ? fd : 0;
        }
        if (r < 0)
                return entry_failed(u, name, r, "create");
        r = write_data(u, entry, name, fd);
        if (r == 0)
                r = give(u, entry, name, fd, "", AT_EMPTY_PATH);
        /* A change of the owner clears the set-user-ID bit. */
        if (r == 0 && (mode & 07000) && fchmod(fd, mode) < 0)
                r = entry_failed(u, name, errno, "set the mode of");
        if (r == 0)
                r = set_attributes(u, entry, name, fd);
        if (r == 0 && set_time(fd, NULL, mtime_of(u, entry)) < 0)
                r = entry_failed(u, name, errno, "set the time of");
        return r;
}

static int note_directory(Unpack *u, struct archive_entry *entry, const UnpackName *name)
{
        if (ARRAY_GROW(u->dirs, u->n_dirs, u->room, 256) < 0)
                return error_no_memory(u->err);
        u->dirs[u->n_dirs].mtime = mtime_of(u, entry);
        u->dirs[u->n_dirs].path = strdup(name->path[0] ? name->path : ".");
        return u->dirs[u->n_dirs++].path ? 0 : error_no_memory(u->err);
}

static int make_directory(Unpack *u, struct archive_entry *entry, const UnpackName *name)
{
        CLEANUP_FD int fd = FD_NONE;
        int r = 0;
        bool hides = false;
        if (name->path[0] && mkdirat(u->dir, name->name, 0700) < 0) {
                r = errno == EEXIST ? make_room(u, name, true) : entry_failed(u, name, errno, "create");
                hides = r == 1;
                if (r >= 0)
                        r = mkdirat(u->dir, name->name, 0700) < 0 ? entry_failed(u, name, errno, "create")
                                                                  : 0;
                else if (r == -EEXIST)
                        r = 0;
        }
        if (r < 0)
                return r;
        fd = unpack_open(name->path[0] ? u->dir : u->options->root, name->path[0] ? name->name : ".",
                         O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return entry_failed(u, name, fd, "open");
        r = give(u, entry, name, fd, "", AT_EMPTY_PATH);
        if (r == 0 && fchmod(fd, u->f->mode(entry) & 07777) < 0)
                r = entry_failed(u, name, errno, "set the mode of");
        if (r == 0)
                r = set_attributes(u, entry, name, fd);
        /* A directory in place of a deleted one shows nothing of it. */
        if (r == 0 && hides && fsetxattr(fd, UNPACK_OPAQUE_XATTR, "y", 1, 0) < 0)
                r = entry_failed(u, name, errno, "mark the deletions in");
        if (r == 0)
                r = note_directory(u, entry, name);
        if (r == 0)
                unpack_keep_dir(u, name->path, TAKE_FD(fd));
        return r;
}

static int make_symlink(Unpack *u, struct archive_entry *entry, const UnpackName *name)
{
        const char *target = u->f->symlink(entry);
        if (str_empty(target))
                return unpack_refuse(name->path, "is a symbolic link without a target", u->err);
        int r = symlinkat(target, u->dir, name->name) < 0 ? -errno : 0;
        if (r == -EEXIST && (r = make_room(u, name, false)) >= 0)
                r = symlinkat(target, u->dir, name->name) < 0 ? -errno : 0;
        if (r < 0)
                return entry_failed(u, name, r, "create");
        r = give(u, entry, name, u->dir, name->name, AT_SYMLINK_NOFOLLOW);
        if (r == 0)
                r = set_attributes(u, entry, name, FD_NONE);
        if (r == 0 && set_time(u->dir, name->name, mtime_of(u, entry)) < 0)
                r = entry_failed(u, name, errno, "set the time of");
        return r;
}

/* The target must be a file of the same layer; it is never looked up through a symbolic link. */
static int make_hardlink(Unpack *u, const char *target, const UnpackName *name)
{
        UnpackName to;
        struct stat st;
        int r = unpack_name(target, &to, u->err);
        if (r < 0)
                return r;
        char above[PATH_MAX];
        (void)snprintf(above, sizeof(above), "%.*s", (int)to.dir_len, to.path);
        CLEANUP_FD int dir = unpack_open(u->options->root, above[0] ? above : ".", O_PATH | O_DIRECTORY);
        if (dir < 0 || fstatat(dir, to.name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)))
                return unpack_refuse(name->path, "is a hard link to no file of its layer", u->err);
        r = linkat(dir, to.name, u->dir, name->name, 0) < 0 ? -errno : 0;
        if (r == -EEXIST && (r = make_room(u, name, false)) >= 0)
                r = linkat(dir, to.name, u->dir, name->name, 0) < 0 ? -errno : 0;
        return r < 0 ? entry_failed(u, name, r, "create") : 0;
}

/* Marks the directory u->dir: it shows nothing of the layers below. */
static int mark_opaque(Unpack *u, const UnpackName *name)
{
        return fsetxattr(u->dir, UNPACK_OPAQUE_XATTR, "y", 1, 0) < 0
                       ? entry_failed(u, name, errno, "mark the deletions in the directory of")
                       : 0;
}

/* A mark of a deletion concerns the layers below, so an entry of the same name in this one stays. */
static int make_whiteout(Unpack *u, const UnpackName *name)
{
        const char *deleted = name->name + strlen(UNPACK_WHITEOUT);
        struct stat st;
        if (str_eq(name->name, UNPACK_OPAQUE))
                return mark_opaque(u, name);
        /* Marks of aufs, which concern its own directories. */
        if (str_starts(deleted, UNPACK_WHITEOUT))
                return 0;
        if (deleted[0] == '\0' || str_eq(deleted, ".") || str_eq(deleted, ".."))
                return unpack_refuse(name->path, "is a malformed mark of a deletion", u->err);
        if (mknodat(u->dir, deleted, S_IFCHR, makedev(0, 0)) == 0)
                return 0;
        if (errno != EEXIST || fstatat(u->dir, deleted, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return entry_failed(u, name, errno, "mark the deletion");
        if (!S_ISDIR(st.st_mode))
                return 0;
        CLEANUP_FD int fd = unpack_open(u->dir, deleted, O_RDONLY | O_DIRECTORY);
        return fd < 0 || fsetxattr(fd, UNPACK_OPAQUE_XATTR, "y", 1, 0) < 0
                       ? entry_failed(u, name, errno, "mark the deletions in")
                       : 0;
}

static bool has_mark(const UnpackName *name)
{
        for (const char *at = name->path; at < name->name; at = strchr(at, '/') + 1)
                if (str_starts(at, UNPACK_WHITEOUT))
                        return true;
        return false;
}

static int make_fifo(Unpack *u, struct archive_entry *entry, const UnpackName *name)
{
        mode_t mode = S_IFIFO | (u->f->mode(entry) & 0777);
        int r = mknodat(u->dir, name->name, mode, 0) < 0 ? -errno : 0;
        if (r == -EEXIST && (r = make_room(u, name, false)) >= 0)
                r = mknodat(u->dir, name->name, mode, 0) < 0 ? -errno : 0;
        return r < 0 ? entry_failed(u, name, r, "create")
                     : give(u, entry, name, u->dir, name->name, AT_SYMLINK_NOFOLLOW);
}

static int unpack_entry(Unpack *u, struct archive_entry *entry)
{
        const char *raw = u->f->pathname(entry), *hardlink = u->f->hardlink(entry);
        UnpackName name = {0};
        if (!raw)
                return error_set(u->err, EBADMSG, "refused the archive: a name in it cannot be read");
        int r = count_entry(u);
        if (r == 0)
                r = unpack_name(raw, &name, u->err);
        if (r < 0)
                return r;
        mode_t type = u->f->filetype(entry);
        if (name.path[0] == '\0')
                return type == S_IFDIR ? make_directory(u, entry, &name)
                                       : unpack_refuse(raw, "is the root, and no directory", u->err);
        if (has_mark(&name))
                return unpack_refuse(raw, "is below a mark of a deletion", u->err);
        r = unpack_enter(u, &name);
        if (r < 0)
                return r;
        if (str_starts(name.name, UNPACK_WHITEOUT))
                return make_whiteout(u, &name);
        if (hardlink)
                return make_hardlink(u, hardlink, &name);
        switch (type) {
        case S_IFREG:
                return make_file(u, entry, &name);
        case S_IFDIR:
                return make_directory(u, entry, &name);
        case S_IFLNK:
                return make_symlink(u, entry, &name);
        case S_IFIFO:
                return make_fifo(u, entry, &name);
        default:
                u->result->left_out++;
                return 0;
        }
}

static int set_directory_times(Unpack *u)
{
        for (size_t i = u->n_dirs; i-- > 0;) {
                CLEANUP_FD int fd = unpack_open(u->options->root, u->dirs[i].path, O_RDONLY | O_DIRECTORY);
                /* A later entry may have replaced it. */
                if (fd >= 0 && set_time(fd, NULL, u->dirs[i].mtime) < 0)
                        return error_set_errno(u->err, errno, "cannot set the time of '%.300s'",
                                               u->dirs[i].path);
        }
        return 0;
}

static int unpack_all(Unpack *u)
{
        struct archive_entry *entry;
        int r = 0, got;
        while (r == 0 && (got = u->f->next_header(u->archive, &entry)) != ARCHIVE_EOF)
                r = got < ARCHIVE_WARN ? archive_failed(u->f, u->archive, "cannot read the archive", u->err)
                                       : unpack_entry(u, entry);
        return r < 0 ? r : set_directory_times(u);
}

static void unpack_clear(Unpack *u)
{
        for (size_t i = 0; i < u->n_dirs; i++)
                free(u->dirs[i].path);
        free(u->dirs);
        fd_close(u->dir);
}

/* Returns whether the data are compressed, by their first bytes. */
static bool is_compressed(const UnpackOptions *o)
{
        static const struct {
                unsigned char bytes[6];
                size_t len;
        } magics[] = {{{0x1f, 0x8b}, 2},
                      {{0x28, 0xb5, 0x2f, 0xfd}, 4},
                      {{0xfd, '7', 'z', 'X', 'Z', 0}, 6},
                      {{'B', 'Z', 'h'}, 3}};
        unsigned char begin[6];
        ssize_t n = io_read_at(o->file, begin, o->size < sizeof(begin) ? (size_t)o->size : sizeof(begin),
                               o->offset);
        for (size_t i = 0; i < ARRAY_LEN(magics); i++)
                if (n >= (ssize_t)magics[i].len && memcmp(begin, magics[i].bytes, magics[i].len) == 0)
                        return true;
        return false;
}

/* The content of the compressed archive, hashed while it is unpacked. */
static int unpack_compressed(Unpack *u, ArchiveStream *outer)
{
        ArchiveStream inner;
        struct archive_entry *entry;
        Sha256 hash;
        int r = sha256_begin(&hash, u->err);
        if (r < 0)
                return r;
        struct archive *content = archive_open_stream(u->f, ARCHIVE_ANY_COMPRESSED, outer, u->err);
        if (!content)
                return -EBADMSG;
        archive_stream_begin(&inner, FD_NONE, 0, 0);
        inner.from = content;
        inner.hash = &hash;
        int got = u->f->next_header(content, &entry);
        if (got < ARCHIVE_WARN)
                r = archive_failed(u->f, content, "cannot decompress the layer", u->err);
        u->archive = r == 0 ? archive_open_stream(u->f, ARCHIVE_TAR_PLAIN, &inner, u->err) : NULL;
        if (r == 0)
                r = u->archive ? unpack_all(u) : -EBADMSG;
        if (r == 0 && archive_read_rest(&inner) < 0)
                r = archive_failed(u->f, content, "cannot decompress the layer", u->err);
        if (u->archive)
                (void)u->f->read_free(u->archive);
        (void)u->f->read_free(content);
        sha256_end(&hash, u->result->diff);
        return r;
}

int unpack_layer(const UnpackOptions *options, UnpackResult *ret, Error *err)
{
        CLEANUP(unpack_clear) Unpack u = {.options = options, .result = ret, .dir = FD_NONE, .err = err};
        ArchiveStream stream;
        *ret = (UnpackResult){.compressed = is_compressed(options)};
        int r = archive_load(&u.f, err);
        if (r < 0)
                return r;
        archive_stream_begin(&stream, options->file, options->offset, options->size);
        if (ret->compressed)
                return unpack_compressed(&u, &stream);
        u.archive = archive_open_stream(u.f, ARCHIVE_TAR_PLAIN, &stream, err);
        if (!u.archive)
                return -EBADMSG;
        r = unpack_all(&u);
        (void)u.f->read_free(u.archive);
        return r;
}
