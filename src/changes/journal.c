/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the journal of an apply, reads it, and replays it forwards or backwards. */
#include "changes/journal.h"

#include "base/failpoint.h"
#include "base/io.h"
#include "changes/apply_file.h"
#include "changes/below.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/syscall.h>

#define MAGIC "kurung journal 1\n"
#define PATH_MAX_BYTES ((uint32_t)64 << 20)

typedef struct FileHeader {
        char magic[sizeof(MAGIC)];
        char id[17];
        uint32_t command_len; /* length of the following words, each with its NUL */
} FileHeader;

typedef struct EntryHeader {
        uint32_t kind, layer, number, mode, keep_old, path_len; /* with its NUL */
        FileIdentity fresh, old;
} EntryHeader;

bool journal_exists(int sandbox_fd)
{
        struct stat st;
        return fstatat(sandbox_fd, JOURNAL_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int journal_open_target(const ChangesLayer *layer, int *ret)
{
        const struct open_how how = {
                .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        int fd = (int)syscall(SYS_openat2, AT_FDCWD, changes_layer_target(layer), &how, sizeof(how));
        if (fd < 0)
                return -errno;
        *ret = fd;
        return 0;
}

int journal_begin(Journal *j, int sandbox_fd, const StrList *command)
{
        FileHeader h;
        uint64_t id;
        memset(&h, 0, sizeof(h));
        if (getrandom(&id, sizeof(id), 0) != sizeof(id))
                return -errno;
        memcpy(h.magic, MAGIC, sizeof(MAGIC));
        (void)snprintf(h.id, sizeof(h.id), "%016llx", (unsigned long long)id);
        size_t command_len = 0;
        for (size_t i = 0; i < command->n; i++)
                command_len += strlen(command->items[i]) + 1;
        if (command_len > PATH_MAX_BYTES)
                return -E2BIG;
        h.command_len = (uint32_t)command_len;
        CLEANUP_FD int fd = openat(sandbox_fd, JOURNAL_FILE ".new",
                                   O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        int r = io_write_all(fd, &h, sizeof(h));
        for (size_t i = 0; r == 0 && i < command->n; i++)
                r = io_write_all(fd, command->items[i], strlen(command->items[i]) + 1);
        if (r == 0 && renameat(sandbox_fd, JOURNAL_FILE ".new", sandbox_fd, JOURNAL_FILE) < 0)
                r = -errno;
        if (r < 0)
                return r;
        *j = (Journal){.fd = TAKE_FD(fd), .sandbox_fd = sandbox_fd};
        memcpy(j->id, h.id, sizeof(j->id));
        return 0;
}

static int read_exactly(FILE *f, void *data, size_t len)
{
        return fread(data, 1, len, f) == len ? 0 : -ENODATA;
}

static int read_header(FILE *f, FileHeader *h, StrList *ret_command)
{
        if (read_exactly(f, h, sizeof(*h)) < 0 || memcmp(h->magic, MAGIC, sizeof(MAGIC)) != 0 || h->id[16] ||
            strspn(h->id, "0123456789abcdef") != 16 || h->command_len > PATH_MAX_BYTES)
                return -EBADMSG;
        CLEANUP_FREE char *words = malloc((size_t)h->command_len + 1);
        if (!words)
                return -ENOMEM;
        if (read_exactly(f, words, h->command_len) < 0 || (h->command_len > 0 && words[h->command_len - 1]))
                return -EBADMSG;
        for (char *w = words; ret_command && w < words + h->command_len; w += strlen(w) + 1)
                if (strlist_add(ret_command, w) < 0)
                        return -ENOMEM;
        return 0;
}

/* openat2(2) also refuses paths that leave the tree; this check is for the last component. The top directory
 * has no name, and only its mode is changed. */
static bool path_is_sound(JournalKind kind, const char *path)
{
        const char *name = strrchr(path, '/');
        name = name ? name + 1 : path;
        if (kind == JOURNAL_COMMIT || (kind == JOURNAL_MODE && !path[0]))
                return true;
        return name[0] && !str_eq(name, ".") && !str_eq(name, "..");
}

/* Returns 1 with an entry, 0 at the end. A truncated last entry was not executed. */
static int read_entry(FILE *f, JournalEntry *ret, char **path, size_t n_layers)
{
        EntryHeader h;
        if (read_exactly(f, &h, sizeof(h)) < 0)
                return 0;
        if (h.kind < JOURNAL_TEMPORARY || h.kind > JOURNAL_COMMIT || h.path_len == 0 ||
            h.path_len > PATH_MAX_BYTES || h.layer >= n_layers)
                return -EBADMSG;
        char *bigger = realloc(*path, h.path_len);
        if (!bigger)
                return -ENOMEM;
        *path = bigger;
        if (read_exactly(f, *path, h.path_len) < 0)
                return 0;
        if (strnlen(*path, h.path_len) != h.path_len - 1 || !path_is_sound((JournalKind)h.kind, *path))
                return -EBADMSG;
        *ret = (JournalEntry){
                .kind = (JournalKind)h.kind,
                .layer = h.layer,
                .number = h.number,
                .mode = h.mode,
                .keep_old = h.keep_old,
                .fresh = h.fresh,
                .old = h.old,
                .path = *path,
        };
        return 1;
}

static int open_stream(const Journal *j, FILE **ret, FileHeader *h, StrList *ret_command)
{
        int fd = openat(j->sandbox_fd, JOURNAL_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
        if (!f) {
                int r = -errno;
                fd_close(fd);
                return r;
        }
        int r = read_header(f, h, ret_command);
        if (r < 0) {
                (void)fclose(f);
                return r;
        }
        *ret = f;
        return 0;
}

static void close_stream(FILE **f)
{
        if (*f)
                (void)fclose(*f);
}

int journal_open(Journal *j, int sandbox_fd, StrList *ret_command)
{
        CLEANUP(close_stream) FILE *f = NULL;
        CLEANUP_FREE char *path = NULL;
        FileHeader h;
        JournalEntry e;
        Journal opened = {.fd = FD_NONE, .sandbox_fd = sandbox_fd};
        int r = open_stream(&opened, &f, &h, ret_command);
        if (r < 0)
                return r;
        memcpy(opened.id, h.id, sizeof(opened.id));
        long end = ftell(f);
        while ((r = read_entry(f, &e, &path, UINT32_MAX)) > 0) {
                opened.number = e.number > opened.number ? e.number : opened.number;
                end = ftell(f);
        }
        if (r < 0)
                return r;
        opened.fd = openat(sandbox_fd, JOURNAL_FILE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (opened.fd < 0 || ftruncate(opened.fd, end) < 0 || lseek(opened.fd, end, SEEK_SET) < 0) {
                r = -errno;
                fd_close(opened.fd);
                return r;
        }
        *j = opened;
        return 0;
}

int journal_write(Journal *j, const JournalEntry *e)
{
        size_t path_len = strlen(e->path) + 1;
        EntryHeader h;
        if (path_len > PATH_MAX_BYTES)
                return -ENAMETOOLONG;
        /* An entry that cannot be read would make all of them useless. */
        if (e->kind < JOURNAL_TEMPORARY || e->kind > JOURNAL_COMMIT || !path_is_sound(e->kind, e->path))
                return -EINVAL;
        memset(&h, 0, sizeof(h));
        h.kind = e->kind;
        h.layer = e->layer;
        h.number = e->number;
        h.mode = e->mode;
        h.keep_old = e->keep_old;
        h.path_len = (uint32_t)path_len;
        h.fresh = e->fresh;
        h.old = e->old;
        char small[4096];
        if (sizeof(h) + path_len <= sizeof(small)) {
                memcpy(small, &h, sizeof(h));
                memcpy(small + sizeof(h), e->path, path_len);
                return io_write_all(j->fd, small, sizeof(h) + path_len);
        }
        int r = io_write_all(j->fd, &h, sizeof(h));
        return r < 0 ? r : io_write_all(j->fd, e->path, path_len);
}

const char *journal_name(const Journal *j, uint32_t number, JournalName out)
{
        (void)snprintf(out, sizeof(JournalName), ".kurung-%s-%u", j->id, number);
        return out;
}

bool journal_is_temporary(const Journal *j, const char *name)
{
        JournalName prefix;
        (void)snprintf(prefix, sizeof(prefix), ".kurung-%s-", j->id);
        return j->fd >= 0 && str_starts(name, prefix);
}

/* The location of an entry's file, and the files there. */
typedef struct Spot {
        int parent; /* directory of the last path, cached */
        char *parent_path;
        uint32_t layer;
        const char *name;
        JournalName temporary;
        FileIdentity at_path, at_temporary;
} Spot;

static FileIdentity identity_at(int dirfd, const char *name)
{
        struct stat st;
        if (dirfd < 0 || !name || fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return (FileIdentity){0};
        return (FileIdentity){.dev = st.st_dev, .ino = st.st_ino};
}

static bool same(FileIdentity a, FileIdentity b)
{
        return a.ino != 0 && a.ino == b.ino && a.dev == b.dev;
}

static void spot_clear(Spot *s)
{
        s->parent = fd_close(s->parent);
        free(s->parent_path);
        s->parent_path = NULL;
}

static int spot_find(Spot *s, const Journal *j, const ChangesLayer *layers, const JournalEntry *e)
{
        const char *slash = e->path ? strrchr(e->path, '/') : NULL;
        size_t len = slash ? (size_t)(slash - e->path) : 0;
        if (!e->path)
                return -EBADMSG;
        s->name = slash ? slash + 1 : e->path;
        bool known = s->parent >= 0 && s->layer == e->layer && s->parent_path &&
                     strlen(s->parent_path) == len && strncmp(s->parent_path, e->path, len) == 0;
        if (!known) {
                CLEANUP_FD int root = FD_NONE;
                spot_clear(s);
                int r = journal_open_target(&layers[e->layer], &root);
                if (r == 0)
                        r = e->path[0] ? below_open_parent(root, e->path, &s->parent, &s->name)
                                       : below_open(root, "", O_PATH | O_DIRECTORY, &s->parent);
                if (r < 0)
                        return r;
                s->layer = e->layer;
                s->parent_path = strndup(e->path, len);
        }
        if (!e->path[0])
                s->name = ".";
        (void)journal_name(j, e->number, s->temporary);
        s->at_path = identity_at(s->parent, s->name);
        s->at_temporary = identity_at(s->parent, s->temporary);
        return 0;
}

static int rename_to(int dirfd, const char *from, const char *to, unsigned flags)
{
        return (int)syscall(SYS_renameat2, dirfd, from, dirfd, to, flags) < 0 ? -errno : 0;
}

/* "NAME.kurung-old", or with a number. */
static int keep_beside(const Spot *s)
{
        char name[256];
        for (unsigned i = 0; i < 1000; i++) {
                /* Room for the suffix: a name of 255 bytes is truncated. */
                int n = i == 0 ? snprintf(name, sizeof(name), "%.230s.kurung-old", s->name)
                               : snprintf(name, sizeof(name), "%.230s.kurung-old.%u", s->name, i);
                int r = n < 0 ? -EINVAL : rename_to(s->parent, s->temporary, name, RENAME_NOREPLACE);
                if (r != -EEXIST)
                        return r;
        }
        return -EEXIST;
}

/* A sandbox may still write there: the directory is checked again after it is open, and no link is followed.
 */
static int undo_mode(const Spot *s, const JournalEntry *e)
{
        struct stat st;
        if (!same(s->at_path, e->old))
                return 0;
        CLEANUP_FD int fd = openat(s->parent, s->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return same((FileIdentity){.dev = st.st_dev, .ino = st.st_ino}, e->old)
                       ? apply_set_mode(fd, e->mode & 07777)
                       : 0;
}

static int undo(const Spot *s, const JournalEntry *e)
{
        switch (e->kind) {
        case JOURNAL_TEMPORARY:
                /* Never the original file, if it is still there. */
                return e->fresh.ino == 0 || same(s->at_temporary, e->fresh)
                               ? io_remove_tree_at(s->parent, s->temporary)
                               : 0;
        case JOURNAL_PLACE:
                if (!same(s->at_path, e->fresh))
                        return same(s->at_temporary, e->old) ? -EBUSY : 0;
                if (e->old.ino == 0)
                        return rename_to(s->parent, s->name, s->temporary, RENAME_NOREPLACE);
                return same(s->at_temporary, e->old)
                               ? rename_to(s->parent, s->name, s->temporary, RENAME_EXCHANGE)
                               : 0;
        case JOURNAL_REMOVE:
                return same(s->at_temporary, e->old)
                               ? rename_to(s->parent, s->temporary, s->name, RENAME_NOREPLACE)
                               : 0;
        case JOURNAL_MODE:
                return undo_mode(s, e);
        case JOURNAL_COMMIT:
                break;
        }
        return 0;
}

static int finish(const Spot *s, const JournalEntry *e)
{
        if ((e->kind != JOURNAL_PLACE && e->kind != JOURNAL_REMOVE) || !same(s->at_temporary, e->old))
                return 0;
        return e->keep_old ? keep_beside(s) : io_remove_tree_at(s->parent, s->temporary);
}

/* Removes a temporary file that was never placed or never complete. */
static int settle(const Spot *s, const JournalEntry *e)
{
        bool unplaced = e->kind == JOURNAL_TEMPORARY
                                ? e->fresh.ino == 0 || same(s->at_temporary, e->fresh)
                                : e->kind == JOURNAL_PLACE && same(s->at_temporary, e->fresh);
        return unplaced ? io_remove_tree_at(s->parent, s->temporary) : 0;
}

/* Offsets of all entries: 8 bytes each. */
static int list_entries(FILE *f, size_t n_layers, long **ret, size_t *ret_n)
{
        CLEANUP_FREE char *path = NULL;
        CLEANUP_FREE long *offsets = NULL;
        size_t n = 0, room = 0;
        JournalEntry e;
        for (;;) {
                long at = ftell(f);
                int r = read_entry(f, &e, &path, n_layers);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;
                if (ARRAY_GROW(offsets, n, room, 256) < 0)
                        return -ENOMEM;
                offsets[n++] = at;
        }
        *ret = TAKE_PTR(offsets);
        *ret_n = n;
        return 0;
}

typedef enum Pass { PASS_SETTLE, PASS_BACK, PASS_COMMIT } Pass;

static int read_at(FILE *f, long offset, JournalEntry *e, char **path, size_t n_layers)
{
        if (fseek(f, offset, SEEK_SET) < 0)
                return -errno;
        int r = read_entry(f, e, path, n_layers);
        return r == 1 ? 0 : r < 0 ? r : -EBADMSG;
}

/* Completes an entry TEMPORARY with the file's identity from the following PLACE; none: it was never
 * complete. */
static int complete_temporary(FILE *f, const long *offsets, size_t i, size_t n, JournalEntry *e,
                              size_t n_layers)
{
        CLEANUP_FREE char *path = NULL;
        JournalEntry next = {0};
        if (e->kind != JOURNAL_TEMPORARY || i + 1 == n)
                return 0;
        int r = read_at(f, offsets[i + 1], &next, &path, n_layers);
        if (r == 0 && next.kind == JOURNAL_PLACE && next.number == e->number)
                e->fresh = next.fresh;
        return r;
}

static int act(Pass pass, const Spot *s, const JournalEntry *e)
{
        switch (pass) {
        case PASS_SETTLE:
                return settle(s, e);
        case PASS_BACK:
                failpoint("undo");
                return undo(s, e);
        case PASS_COMMIT:
                failpoint("clean");
                return finish(s, e);
        }
        return 0;
}

static int pass_over(Journal *j, Pass pass, const ChangesLayer *layers, size_t n_layers, JournalNote note,
                     void *userdata)
{
        CLEANUP(close_stream) FILE *f = NULL;
        CLEANUP_FREE char *path = NULL;
        CLEANUP_FREE long *offsets = NULL;
        CLEANUP(spot_clear) Spot spot = {.parent = FD_NONE};
        FileHeader h;
        size_t n = 0;
        int r = open_stream(j, &f, &h, NULL);
        if (r == 0)
                r = list_entries(f, n_layers, &offsets, &n);
        for (size_t i = 0; r == 0 && i < n; i++) {
                size_t at = pass == PASS_BACK ? n - 1 - i : i;
                JournalEntry e = {0};
                r = read_at(f, offsets[at], &e, &path, n_layers);
                if (r < 0 || e.kind == JOURNAL_COMMIT)
                        continue;
                r = complete_temporary(f, offsets, at, n, &e, n_layers);
                if (r < 0)
                        continue;
                int failed = spot_find(&spot, j, layers, &e);
                if (failed == 0)
                        failed = act(pass, &spot, &e);
                if (failed < 0 && failed != -ENOENT)
                        note(userdata, strerror(-failed), e.path);
        }
        return r;
}

static int remove_journal(Journal *j)
{
        failpoint("journal-removed");
        return unlinkat(j->sandbox_fd, JOURNAL_FILE, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int journal_settle(Journal *j, const ChangesLayer *layers, size_t n, JournalNote note, void *userdata,
                   Error *err)
{
        int r = pass_over(j, PASS_SETTLE, layers, n, note, userdata);
        return r < 0 ? error_set_errno(err, r, "cannot read the journal") : 0;
}

int journal_roll_back(Journal *j, const ChangesLayer *layers, size_t n, JournalNote note, void *userdata,
                      Error *err)
{
        int r = pass_over(j, PASS_BACK, layers, n, note, userdata);
        if (r == 0)
                r = remove_journal(j);
        return r < 0 ? error_set_errno(err, r, "cannot undo the apply") : 0;
}

int journal_commit(Journal *j, const ChangesLayer *layers, size_t n, JournalNote note, void *userdata,
                   Error *err)
{
        bool committed;
        int r = journal_is_committed(j, &committed);
        if (r == 0 && !committed)
                r = journal_write(j, &(JournalEntry){.kind = JOURNAL_COMMIT, .path = ""});
        failpoint("committed");
        if (r == 0)
                r = pass_over(j, PASS_COMMIT, layers, n, note, userdata);
        if (r == 0)
                r = remove_journal(j);
        return r < 0 ? error_set_errno(err, r, "cannot finish the apply") : 0;
}

int journal_is_committed(Journal *j, bool *ret)
{
        CLEANUP(close_stream) FILE *f = NULL;
        CLEANUP_FREE char *path = NULL;
        FileHeader h;
        JournalEntry e = {0};
        int r = open_stream(j, &f, &h, NULL);
        *ret = false;
        if (r < 0)
                return r;
        while ((r = read_entry(f, &e, &path, UINT32_MAX)) > 0)
                *ret = e.kind == JOURNAL_COMMIT;
        return r;
}

void journal_clear(Journal *j)
{
        j->fd = fd_close(j->fd);
}
