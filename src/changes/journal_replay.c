/* SPDX-License-Identifier: Apache-2.0 */
/* Replays the journal of an apply forwards or backwards. */
#include "base/failpoint.h"
#include "base/io.h"
#include "changes/applied.h"
#include "changes/apply_file.h"
#include "changes/below.h"
#include "changes/journal_internal.h"
#include "changes/scan.h"

#include <fcntl.h>
#include <sys/syscall.h>

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
        (void)journal_name(j, e->number, s->temporary);
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
        s->at_path = identity_at(s->parent, s->name);
        s->at_temporary = identity_at(s->parent, s->temporary);
        return 0;
}

static int rename_to(int dirfd, const char *from, const char *to, unsigned flags)
{
        return (int)syscall(SYS_renameat2, dirfd, from, dirfd, to, flags) < 0 ? -errno : 0;
}

/* One pass over the journal. */
typedef struct Replay {
        const JournalHost *host;
        Applied applied;
        int sandbox_fd;
        Spot spot;
} Replay;

static void replay_clear(Replay *p)
{
        spot_clear(&p->spot);
        applied_clear(&p->applied);
}

static void note_about(const Replay *p, const JournalEntry *e, const char *what)
{
        p->host->note(p->host->userdata, what, e->path && e->path[0] ? e->path : ".");
}

/* "NAME.kurung-old", or with a number. @name: the result. */
static int keep_beside(const Spot *s, char name[256])
{
        for (unsigned i = 0; i < 1000; i++) {
                /* Room for the suffix: a name of 255 bytes is truncated. */
                int n = i == 0 ? snprintf(name, 256, "%.230s.kurung-old", s->name)
                               : snprintf(name, 256, "%.230s.kurung-old.%u", s->name, i);
                int r = n < 0 ? -EINVAL : rename_to(s->parent, s->temporary, name, RENAME_NOREPLACE);
                if (r != -EEXIST)
                        return r;
        }
        return -EEXIST;
}

/* Keeps the temporary file beside its place, and tells the user its name. */
static void keep_and_tell(const Replay *p, const JournalEntry *e, const char *why)
{
        char name[256], text[700];
        int r = keep_beside(&p->spot, name);
        if (r == 0)
                (void)snprintf(text, sizeof(text), "%s is kept as '%s'", why, name);
        else
                (void)snprintf(text, sizeof(text), "%s is in '%s', because it cannot be renamed (%s)", why,
                               p->spot.temporary, strerror(-r));
        note_about(p, e, text);
}

/* Removes the temporary file or tree, unless something in it is not from the apply. */
static int remove_applied(const Replay *p, const JournalEntry *e)
{
        bool changed = false;
        const Spot *s = &p->spot;
        int r = scan_tree(s->parent, s->temporary, NULL, &p->applied, &changed);
        if (r == -ENOENT)
                return 0;
        if (r == 0 && !changed)
                return io_remove_tree_at(s->parent, s->temporary);
        keep_and_tell(p, e, "it was changed after it had been applied, so that it");
        return 0;
}

static int undo_place(const Replay *p, const JournalEntry *e)
{
        const Spot *s = &p->spot;
        bool original = same(s->at_temporary, e->old);
        if (!same(s->at_path, e->fresh)) {
                if (!original)
                        return 0;
                if (s->at_path.ino == 0)
                        return rename_to(s->parent, s->temporary, s->name, RENAME_NOREPLACE);
                keep_and_tell(p, e, "another file is there now: the original");
                return 0;
        }
        if (e->old.ino == 0)
                return rename_to(s->parent, s->name, s->temporary, RENAME_NOREPLACE);
        if (!original) {
                note_about(p, e, "its original is gone, so that it cannot be restored");
                return 0;
        }
        return rename_to(s->parent, s->name, s->temporary, RENAME_EXCHANGE);
}

static int undo_remove(const Replay *p, const JournalEntry *e)
{
        const Spot *s = &p->spot;
        if (!same(s->at_temporary, e->old))
                return 0;
        int r = rename_to(s->parent, s->temporary, s->name, RENAME_NOREPLACE);
        if (r != -EEXIST)
                return r;
        keep_and_tell(p, e, "another file is there now: the original");
        return 0;
}

/* The apply knows the directory as it is now: its own steps there are not changes of the user. */
static int recognise_directory(Replay *p, const JournalEntry *e)
{
        struct stat st;
        if (!same(p->spot.at_path, e->old) ||
            fstatat(p->spot.parent, p->spot.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return 0;
        return applied_add(&p->applied, p->sandbox_fd, &st);
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

/* Without an identity a temporary file was never placed, so that nobody else knew it. */
static int undo_temporary(const Replay *p, const JournalEntry *e)
{
        const Spot *s = &p->spot;
        if (e->fresh.ino == 0)
                return io_remove_tree_at(s->parent, s->temporary);
        /* Never the original file, if it is still there. */
        return same(s->at_temporary, e->fresh) ? remove_applied(p, e) : 0;
}

static int undo(Replay *p, const JournalEntry *e)
{
        switch (e->kind) {
        case JOURNAL_TEMPORARY:
                return undo_temporary(p, e);
        case JOURNAL_PLACE:
                return undo_place(p, e);
        case JOURNAL_REMOVE:
                return undo_remove(p, e);
        case JOURNAL_MODE:
                return undo_mode(&p->spot, e);
        case JOURNAL_DIRECTORY:
                return recognise_directory(p, e);
        case JOURNAL_COMMIT:
                break;
        }
        return 0;
}

/* Removes a replaced file or tree, unless somebody changed it after it had been checked. */
static int finish(const Replay *p, const JournalEntry *e)
{
        const Spot *s = &p->spot;
        char name[256];
        bool changed = false;
        if ((e->kind != JOURNAL_PLACE && e->kind != JOURNAL_REMOVE) || !same(s->at_temporary, e->old))
                return 0;
        if (e->keep_old)
                return keep_beside(s, name);
        int r = scan_tree(s->parent, s->temporary, &p->host->started, &p->applied, &changed);
        if (r == 0 && !changed)
                return io_remove_tree_at(s->parent, s->temporary);
        keep_and_tell(p, e, "it changed during the apply: the host's version");
        return 0;
}

/* Removes a temporary file that was never placed or never complete. */
static int settle(const Replay *p, const JournalEntry *e)
{
        if (e->kind == JOURNAL_TEMPORARY)
                return undo_temporary(p, e);
        return e->kind == JOURNAL_PLACE && same(p->spot.at_temporary, e->fresh) ? remove_applied(p, e) : 0;
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
                int r = journal_stream_next(f, &e, &path, n_layers);
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

typedef enum Pass {
        PASS_SETTLE,
        PASS_BACK,
        PASS_COMMIT,
        PASS_DIRECTORIES, /* after SETTLE and COMMIT, which change them */
} Pass;

static int read_at(FILE *f, long offset, JournalEntry *e, char **path, size_t n_layers)
{
        if (fseek(f, offset, SEEK_SET) < 0)
                return -errno;
        int r = journal_stream_next(f, e, path, n_layers);
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

static int act(Replay *p, Pass pass, const JournalEntry *e)
{
        switch (pass) {
        case PASS_SETTLE:
                return settle(p, e);
        case PASS_BACK:
                failpoint("undo");
                return undo(p, e);
        case PASS_COMMIT:
                failpoint("clean");
                return finish(p, e);
        case PASS_DIRECTORIES:
                return e->kind == JOURNAL_DIRECTORY ? recognise_directory(p, e) : 0;
        }
        return 0;
}

static void tell_failed(const Replay *p, Pass pass, const JournalEntry *e, int r)
{
        char text[400];
        JournalName temporary;
        bool original = pass == PASS_BACK && e->old.ino != 0 &&
                        (e->kind == JOURNAL_PLACE || e->kind == JOURNAL_REMOVE);
        (void)snprintf(temporary, sizeof(temporary), "%s", p->spot.temporary);
        if (original)
                (void)snprintf(text, sizeof(text), "cannot be restored (%s); the original is in '%s'",
                               strerror(-r), temporary);
        else
                (void)snprintf(text, sizeof(text), "%s", strerror(-r));
        /* What is not there needs neither to be removed nor to be recognised. */
        if (original || r != -ENOENT)
                note_about(p, e, text);
}

static int pass_over(Journal *j, Pass pass, const JournalHost *host)
{
        CLEANUP(journal_stream_close) FILE *f = NULL;
        CLEANUP_FREE char *path = NULL;
        CLEANUP_FREE long *offsets = NULL;
        CLEANUP(replay_clear)
        Replay p = {.host = host,
                    .applied = APPLIED_NONE,
                    .sandbox_fd = j->sandbox_fd,
                    .spot = {.parent = FD_NONE}};
        size_t n = 0, n_layers = host->n_layers;
        int r = journal_stream_open(j, &f);
        if (r == 0)
                r = list_entries(f, n_layers, &offsets, &n);
        if (r == 0)
                r = applied_load(&p.applied, j->sandbox_fd);
        for (size_t i = 0; r == 0 && i < n; i++) {
                size_t at = pass == PASS_BACK ? n - 1 - i : i;
                JournalEntry e = {0};
                r = read_at(f, offsets[at], &e, &path, n_layers);
                if (r < 0 || e.kind == JOURNAL_COMMIT)
                        continue;
                r = complete_temporary(f, offsets, at, n, &e, n_layers);
                if (r < 0)
                        continue;
                int failed = spot_find(&p.spot, j, host->layers, &e);
                if (failed == 0)
                        failed = act(&p, pass, &e);
                if (failed < 0)
                        tell_failed(&p, pass, &e, failed);
        }
        return r < 0 ? r : applied_flush(&p.applied);
}

static int remove_journal(Journal *j)
{
        failpoint("journal-removed");
        return unlinkat(j->sandbox_fd, JOURNAL_FILE, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int journal_settle(Journal *j, const JournalHost *host, Error *err)
{
        int r = pass_over(j, PASS_SETTLE, host);
        if (r == 0)
                r = pass_over(j, PASS_DIRECTORIES, host);
        return r < 0 ? error_set_errno(err, r, "cannot read the journal") : 0;
}

int journal_roll_back(Journal *j, const JournalHost *host, Error *err)
{
        int r = pass_over(j, PASS_BACK, host);
        if (r == 0)
                r = remove_journal(j);
        return r < 0 ? error_set_errno(err, r, "cannot undo the apply") : 0;
}

int journal_commit(Journal *j, const JournalHost *host, Error *err)
{
        bool committed;
        int r = journal_is_committed(j, &committed);
        if (r == 0 && !committed)
                r = journal_write(j, &(JournalEntry){.kind = JOURNAL_COMMIT, .path = ""});
        failpoint("committed");
        if (r == 0)
                r = pass_over(j, PASS_COMMIT, host);
        if (r == 0)
                r = pass_over(j, PASS_DIRECTORIES, host);
        if (r == 0)
                r = remove_journal(j);
        return r < 0 ? error_set_errno(err, r, "cannot finish the apply") : 0;
}
