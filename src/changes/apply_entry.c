/* SPDX-License-Identifier: Apache-2.0 */
/* Applies a file, a link or a deletion to the host. */
#include "changes/apply_entry.h"

#include "base/defence.h"
#include "base/failpoint.h"
#include "changes/apply_decide.h"
#include "changes/apply_file.h"
#include "changes/apply_levels.h"
#include "changes/apply_steps.h"
#include "changes/apply_trust.h"
#include "changes/below.h"
#include "changes/compare.h"

#include <fcntl.h>
#include <stdio.h>

/* Files up to this size are counted without a search for holes. */
#define SMALL 65536

static int take_deleted(Apply *a, const Change *c)
{
        struct stat st, moved;
        bool exists, keep;
        int dirfd = dirstack_top(&a->dirs);
        JournalName temporary;
        if (apply_level_top(a)->state != LEVEL_HERE)
                return 0;
        int r = apply_check_host(a, c, &st, &exists, &keep);
        if (r != 0 || !exists)
                return r < 0 ? r : 0;
        if (!apply_level_is_writable(a))
                return -EACCES;
        if (a->options.dry_run) {
                apply_report(a, APPLY_DONE, c, "");
                return 0;
        }
        r = apply_begin_journal(a);
        if (r == 0)
                r = apply_note_directory(a, a->dirs.n - 1);
        if (r == 0)
                r = apply_note_old(a, &st, keep);
        uint32_t number = ++a->journal->number;
        if (r == 0)
                r = apply_write_entry(a, JOURNAL_REMOVE, number, (FileIdentity){0}, apply_identity(&st), keep,
                                      0);
        failpoint("remove");
        (void)journal_name(a->journal, number, temporary);
        if (r == 0)
                r = apply_rename(dirfd, c->name, temporary, RENAME_NOREPLACE);
        failpoint("removed");
        if (r < 0)
                return r;
        if (fstatat(dirfd, temporary, &moved, AT_SYMLINK_NOFOLLOW) < 0 || moved.st_ino != st.st_ino ||
            moved.st_dev != st.st_dev) {
                r = apply_rename(dirfd, temporary, c->name, RENAME_NOREPLACE);
                return r < 0 ? r : -EBUSY;
        }
        apply_report(a, APPLY_DONE, c, "");
        a->files++;
        return 0;
}

/* Creates another name of a file that was applied already. Returns 1 if that is not possible. */
static int make_link(Apply *a, const Change *c, int dirfd, const char *name)
{
        CLEANUP_FD int parent = FD_NONE;
        CLEANUP_FREE char *staged = NULL;
        const char *from;
        struct stat st;
        const LinkTarget *t = links_find(&a->links, c->now.dev, c->now.ino);
        if (c->now.nlink < 2 || !S_ISREG(c->now.mode) || !t)
                return 1;
        const char *path = t->path;
        if (t->stage && t->stage == a->stage) {
                /* In the temporary directory: its name replaces the last component of the stage's path. */
                JournalName temporary;
                size_t slash = a->stage_path;
                while (slash > 0 && path[slash - 1] != '/')
                        slash--;
                (void)journal_name(a->journal, a->stage, temporary);
                if (asprintf(&staged, "%.*s%s%s", (int)slash, path, temporary, path + a->stage_path) < 0)
                        return -ENOMEM;
                path = staged;
        }
        int r = below_open_parent(a->root_fd, path, &parent, &from);
        if (r < 0)
                return 1;
        if (fstatat(parent, from, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != t->host_ino ||
            !S_ISREG(st.st_mode))
                return 1;
        return linkat(parent, from, dirfd, name, 0) < 0 ? 1 : 0;
}

/* Creates the file @name in @dirfd, where nothing exists. */
static int make_thing(Apply *a, const Change *c, int dirfd, const char *name, struct stat *ret)
{
        int r = make_link(a, c, dirfd, name);
        if (r == 1)
                r = apply_make_file(c, dirfd, name);
        if (r == 0 && fstatat(dirfd, name, ret, AT_SYMLINK_NOFOLLOW) < 0)
                r = -errno;
        return r;
}

static uint64_t held(const Change *c)
{
        struct stat st;
        return c->now.size <= SMALL || c->fd < 0 || fstat(c->fd, &st) < 0 ? c->now.size : compare_held(&st);
}

int apply_note_taken(Apply *a, const Change *c, const struct stat *st)
{
        const char *stripped = apply_stripped(c);
        a->files++;
        a->bytes += S_ISREG(c->now.mode) ? held(c) : 0;
        if (stripped)
                apply_report(a, APPLY_STRIPPED, c, stripped);
        apply_report(a, APPLY_DONE, c, "");
        if (!st)
                return 0;
        int r = applied_add(&a->applied, a->sandbox_fd, st);
        if (r == 0 && S_ISREG(c->now.mode) && c->now.nlink > 1) {
                const LinkTarget t = {.dev = c->now.dev,
                                      .ino = c->now.ino,
                                      .host_ino = st->st_ino,
                                      .stage = apply_level_top(a)->state == LEVEL_STAGED ? a->stage : 0,
                                      .path = a->path.text};
                r = links_add(&a->links, &t);
        }
        return r;
}

static int take_file_here(Apply *a, const Change *c)
{
        struct stat st, fresh;
        bool exists, keep;
        uint32_t number;
        JournalName temporary;
        int dirfd = dirstack_top(&a->dirs);
        int r = apply_check_host(a, c, &st, &exists, &keep);
        if (r != 0)
                return r < 0 ? r : 0;
        if (!apply_level_is_writable(a))
                return -EACCES;
        if (a->options.dry_run)
                return apply_note_taken(a, c, NULL);
        r = apply_note_directory(a, a->dirs.n - 1);
        if (r == 0)
                r = apply_next_temporary(a, &number);
        if (r < 0)
                return r;
        (void)journal_name(a->journal, number, temporary);
        r = make_thing(a, c, dirfd, temporary, &fresh);
        failpoint("made");
        /* Before it is placed: a resumed apply must recognise it as its own. */
        if (r == 0)
                r = apply_note_taken(a, c, &fresh);
        if (r == 0)
                r = apply_place(a, dirfd, c->name, number, &fresh, exists ? &st : &(struct stat){0}, keep);
        failpoint("finished");
        if (r < 0)
                (void)unlinkat(dirfd, temporary, 0);
        return r;
}

static int take_file(Apply *a, const Change *c)
{
        struct stat fresh;
        if (!S_ISREG(c->now.mode) && !S_ISLNK(c->now.mode) && defence_is_on(DEFENCE_STRIP)) {
                apply_report(a, APPLY_REFUSED, c, "devices, FIFOs and sockets are never applied");
                return 0;
        }
        /* Only the owner differs, and that is always the user. */
        if (c->kind == CHANGE_MODIFIED && c->what == CHANGE_OWNER) {
                apply_report(a, APPLY_STRIPPED, c, "its owner");
                return 0;
        }
        if (apply_level_top(a)->state == LEVEL_PENDING) {
                size_t before = a->path.len;
                char *slash = strrchr(a->path.text, '/');
                *slash = '\0';
                a->path.len = (size_t)(slash - a->path.text);
                int r = apply_level_materialize(a, c);
                *slash = '/';
                a->path.len = before;
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        if (apply_level_top(a)->state == LEVEL_HERE)
                return take_file_here(a, c);
        if (a->options.dry_run)
                return apply_note_taken(a, c, NULL);
        int r = make_thing(a, c, dirstack_top(&a->dirs), c->name, &fresh);
        failpoint("in-stage");
        return r < 0 ? r : apply_note_taken(a, c, &fresh);
}

int apply_take_entry(Apply *a, const Change *c)
{
        size_t before;
        /* In an opaque directory, all entries of the host that the upper lacks are deleted; files that the
         * apply moved away are not entries of the host any more. */
        if (apply_level_top(a)->state == LEVEL_SKIPPED ||
            (c->kind == CHANGE_DELETED && journal_is_temporary(a->journal, c->name)))
                return 0;
        int r = pathbuf_push(&a->path, c->name, &before);
        if (r < 0)
                return r;
        if (apply_level_top(a)->state == LEVEL_FOREIGN)
                apply_report_foreign(a, c);
        else if (c->kind == CHANGE_REFUSED)
                apply_report(a, APPLY_REFUSED, c, c->why);
        else if (apply_ask(a, c) == APPLY_TAKE)
                r = c->kind == CHANGE_DELETED ? take_deleted(a, c) : take_file(a, c);
        if (r < 0)
                r = apply_leave_failed(a, c, r);
        pathbuf_pop(&a->path, before);
        return r;
}
