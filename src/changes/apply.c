/* SPDX-License-Identifier: Apache-2.0 */
/* Takes each change over to the host, step by step through the journal. */
#include "changes/apply.h"

#include "base/defence.h"
#include "base/failpoint.h"
#include "changes/apply_file.h"
#include "changes/apply_steps.h"
#include "changes/below.h"
#include "changes/compare.h"
#include "changes/scan.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

/* A file so small is no larger than it says. */
#define SMALL 65536

typedef enum LevelState {
        LEVEL_HERE,    /* the host has it, and it is open */
        LEVEL_PENDING, /* the host does not have it; it is made when something comes into it */
        LEVEL_STAGED,  /* it is being made, in a temporary directory or as one */
        LEVEL_SKIPPED, /* with all that is in it */
} LevelState;

struct ApplyLevel {
        LevelState state;
        bool gone;       /* PENDING: the sandbox saw it, the host removed it */
        bool top;        /* STAGED: it is the temporary directory itself */
        bool keep_old;   /* what it replaces was changed: it stays beside */
        bool final_mode; /* HERE: its mode is to be set when all in it is done */
        uint32_t set_id; /* HERE: a set-group-ID bit that the host's has, and the sandbox left */
        int writable;    /* -1: not looked at yet */
        uint32_t number;
        FileIdentity old;
        ChangeFile now;
        unsigned what;
        char *name;
        char *xattrs;
        size_t xattrs_len;
        size_t path_before;
};

static ApplyLevel *level_at(Apply *a, size_t i)
{
        return &a->levels[i];
}

static ApplyLevel *top(Apply *a)
{
        return &a->levels[a->dirs.n - 1];
}

static const ChangesLayer *layer(const Apply *a)
{
        return &a->layers[a->layer];
}

/* Errors of the host as a whole, after which nothing more can be taken. */
static bool is_fatal(int r)
{
        switch (-r) {
        case ENOSPC:
        case EDQUOT:
        case EIO:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
        case ESTALE:
        case EBADMSG:
                return true;
        default:
                return false;
        }
}

static void report(Apply *a, ApplyReport what, const Change *c, const char *why)
{
        a->reports[what]++;
        a->options.report(a->options.userdata, what, layer(a), a->path.text, c, why);
}

/* What could not be done: the whole apply's end, or a change that is left. */
static int failed(Apply *a, const Change *c, int r)
{
        if (is_fatal(r))
                return error_set_errno(a->err, r, "%.600s%.200s", changes_layer_target(layer(a)),
                                       a->path.text);
        if (r == -EACCES || r == -EPERM || r == -EROFS)
                report(a, APPLY_NEEDS_ROOT, c, "you may not write there");
        else if (r == -ELOOP || r == -ENOTDIR)
                report(a, APPLY_REFUSED, c, "a link or file is in the place of its directory");
        else if (r == -EXDEV)
                report(a, APPLY_REFUSED, c, "another file system is mounted there");
        else if (r == -EEXIST || r == -EBUSY || r == -EAGAIN)
                report(a, APPLY_CONFLICT, c, "it was changed while it was taken");
        else
                report(a, APPLY_REFUSED, c, strerror(-r));
        return 0;
}

static int push(Apply *a, const Change *c, LevelState state, int fd)
{
        CLEANUP_FD int owned = fd;
        if (ARRAY_GROW(a->levels, a->dirs.n, a->room, 64) < 0)
                return -ENOMEM;
        ApplyLevel l = {
                .state = state, .writable = -1, .now = c->now, .what = c->what, .name = strdup(c->name)};
        l.path_before = a->path.len - (c->name[0] ? strlen(c->name) + 1 : 0);
        if (c->xattrs_len > 0 && state != LEVEL_SKIPPED) {
                l.xattrs = malloc(c->xattrs_len);
                if (l.xattrs)
                        memcpy(l.xattrs, c->xattrs, l.xattrs_len = c->xattrs_len);
        }
        int r = l.name && (l.xattrs_len == 0 || l.xattrs) ? dirstack_push(&a->dirs, TAKE_FD(owned)) : -ENOMEM;
        if (r < 0) {
                free(l.name);
                free(l.xattrs);
                return r;
        }
        *top(a) = l;
        return 0;
}

/* Whether the user may change entries of the directory on top. */
static bool is_writable(Apply *a)
{
        ApplyLevel *l = top(a);
        if (l->writable < 0) {
                int fd = dirstack_top(&a->dirs);
                l->writable = fd >= 0 && faccessat(fd, "", W_OK | X_OK, AT_EACCESS | AT_EMPTY_PATH) == 0;
        }
        return l->writable;
}

/* A temporary directory in the place of the level @i, whose parent the host has. */
static int begin_stage(Apply *a, size_t i)
{
        ApplyLevel *l = level_at(a, i);
        int parent = i > 0 ? a->dirs.levels[i - 1].fd : FD_NONE, fd = FD_NONE;
        JournalName temporary;
        l->state = LEVEL_STAGED;
        l->top = true;
        if (a->options.dry_run)
                return 0;
        int r = apply_next_temporary(a, &l->number);
        if (r < 0)
                return r;
        (void)journal_name(a->journal, l->number, temporary);
        if (mkdirat(parent, temporary, 0700) < 0)
                return -errno;
        failpoint("staged");
        r = below_open(parent, temporary, O_PATH | O_DIRECTORY | O_NOFOLLOW, &fd);
        if (r == 0)
                r = dirstack_set(&a->dirs, i, fd);
        if (r < 0)
                return r;
        a->stage = l->number;
        a->stage_path = a->path.len;
        return apply_set_xattrs(a->dirs.levels[i].fd, l->xattrs, l->xattrs_len);
}

static int make_in_stage(Apply *a, size_t i)
{
        ApplyLevel *l = level_at(a, i);
        int parent = a->dirs.levels[i - 1].fd, fd = FD_NONE;
        l->state = LEVEL_STAGED;
        if (a->options.dry_run)
                return 0;
        if (mkdirat(parent, l->name, 0700) < 0)
                return -errno;
        int r = below_open(parent, l->name, O_PATH | O_DIRECTORY | O_NOFOLLOW, &fd);
        if (r == 0)
                r = dirstack_set(&a->dirs, i, fd);
        return r < 0 ? r : apply_set_xattrs(a->dirs.levels[i].fd, l->xattrs, l->xattrs_len);
}

/* Makes all directories on the way that the host does not have. Returns 1 when one was removed on the host.
 */
static int materialize(Apply *a, const Change *c)
{
        size_t i = a->dirs.n;
        while (i > 0 && level_at(a, i - 1)->state == LEVEL_PENDING)
                i--;
        for (size_t k = i; k < a->dirs.n; k++)
                if (level_at(a, k)->gone && !a->options.force) {
                        report(a, APPLY_CONFLICT, c, "its directory was removed on the host");
                        return 1;
                }
        size_t full = a->path.len;
        int r = 0;
        for (; r == 0 && i < a->dirs.n; i++) {
                bool first = level_at(a, i - 1)->state == LEVEL_HERE;
                /* The journal wants the directory's own path. */
                size_t end = i + 1 < a->dirs.n ? level_at(a, i + 1)->path_before : full;
                char saved = a->path.text[end];
                a->path.text[end] = '\0';
                a->path.len = end;
                r = first ? begin_stage(a, i) : make_in_stage(a, i);
                a->path.text[end] = saved;
                a->path.len = full;
        }
        return r;
}

/* What is at the place on the host. 0: it may be replaced; 1: it may not, and that is reported. @ret_keep: by
 * force. */
static int check_host(Apply *a, const Change *c, struct stat *ret, bool *ret_exists, bool *ret_keep)
{
        int fd = dirstack_top(&a->dirs);
        *ret_keep = false;
        *ret_exists = fstatat(fd, c->name, ret, AT_SYMLINK_NOFOLLOW) == 0;
        if (!*ret_exists)
                return errno == ENOENT ? 0 : -errno;
        bool changed = scan_changed_since(ret, &a->options.started, &a->applied);
        int r = 0;
        if (S_ISDIR(ret->st_mode) && !(c->kind == CHANGE_NONE))
                r = scan_tree(fd, c->name, &a->options.started, &a->applied, &changed);
        if (r < 0)
                return r;
        /* Where the sandbox saw nothing, whatever is there came since, or was hidden from it. */
        changed = changed || (layer(a)->engine == CHANGES_SCRATCH && !applied_has(&a->applied, ret));
        if (!changed || !defence_is_on(DEFENCE_CONFLICT))
                return 0;
        *ret_keep = a->options.force;
        if (!a->options.force)
                report(a, APPLY_CONFLICT, c,
                       layer(a)->engine == CHANGES_SCRATCH ? "the host has it, too"
                                                           : "changed on the host since the sandbox began");
        return !a->options.force;
}

static int take_deleted(Apply *a, const Change *c)
{
        struct stat st, moved;
        bool exists, keep;
        int dirfd = dirstack_top(&a->dirs);
        JournalName temporary;
        if (top(a)->state != LEVEL_HERE)
                return 0;
        int r = check_host(a, c, &st, &exists, &keep);
        if (r != 0 || !exists)
                return r < 0 ? r : 0;
        if (!is_writable(a))
                return -EACCES;
        if (a->options.dry_run) {
                report(a, APPLY_DONE, c, "");
                return 0;
        }
        r = apply_begin_journal(a);
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
        report(a, APPLY_DONE, c, "");
        a->files++;
        return 0;
}

/* Another name of a file that was taken already. Returns 1 when it is not to be had that way. */
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
                /* In the temporary directory: its name stands for the last part of the stage's path. */
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

/* The thing itself, under @name in @dirfd, where nothing is. */
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

static int note_taken(Apply *a, const Change *c, const struct stat *st)
{
        const char *stripped = apply_stripped(c);
        a->files++;
        a->bytes += S_ISREG(c->now.mode) ? held(c) : 0;
        if (stripped)
                report(a, APPLY_STRIPPED, c, stripped);
        report(a, APPLY_DONE, c, "");
        if (!st)
                return 0;
        int r = applied_add(&a->applied, a->sandbox_fd, st);
        if (r == 0 && S_ISREG(c->now.mode) && c->now.nlink > 1) {
                const LinkTarget t = {.dev = c->now.dev,
                                      .ino = c->now.ino,
                                      .host_ino = st->st_ino,
                                      .stage = top(a)->state == LEVEL_STAGED ? a->stage : 0,
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
        int r = check_host(a, c, &st, &exists, &keep);
        if (r != 0)
                return r < 0 ? r : 0;
        if (!is_writable(a))
                return -EACCES;
        if (a->options.dry_run)
                return note_taken(a, c, NULL);
        r = apply_next_temporary(a, &number);
        if (r < 0)
                return r;
        (void)journal_name(a->journal, number, temporary);
        r = make_thing(a, c, dirfd, temporary, &fresh);
        failpoint("made");
        /* Before it is in its place: an apply that goes on must know it for its own. */
        if (r == 0)
                r = note_taken(a, c, &fresh);
        if (r == 0)
                r = apply_place(a, dirfd, c->name, number, &fresh,
                                exists ? apply_identity(&st) : (FileIdentity){0}, keep);
        failpoint("finished");
        if (r < 0)
                (void)unlinkat(dirfd, temporary, 0);
        return r;
}

static int take_file(Apply *a, const Change *c)
{
        struct stat fresh;
        if (!S_ISREG(c->now.mode) && !S_ISLNK(c->now.mode) && defence_is_on(DEFENCE_STRIP)) {
                report(a, APPLY_REFUSED, c, "devices, fifos and sockets are never taken");
                return 0;
        }
        /* Only its owner differs, and that is always you. */
        if (c->kind == CHANGE_MODIFIED && c->what == CHANGE_OWNER) {
                report(a, APPLY_STRIPPED, c, "its owner");
                return 0;
        }
        if (top(a)->state == LEVEL_PENDING) {
                size_t before = a->path.len;
                char *slash = strrchr(a->path.text, '/');
                *slash = '\0';
                a->path.len = (size_t)(slash - a->path.text);
                int r = materialize(a, c);
                *slash = '/';
                a->path.len = before;
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        if (top(a)->state == LEVEL_HERE)
                return take_file_here(a, c);
        if (a->options.dry_run)
                return note_taken(a, c, NULL);
        int r = make_thing(a, c, dirstack_top(&a->dirs), c->name, &fresh);
        failpoint("in-stage");
        return r < 0 ? r : note_taken(a, c, &fresh);
}

static ApplyAnswer ask(Apply *a, const Change *c)
{
        if (a->quit)
                return APPLY_LEAVE;
        ApplyAnswer answer = a->options.ask(a->options.userdata, layer(a), a->path.text, c);
        a->quit = answer == APPLY_QUIT;
        return answer;
}

static int take_entry(Apply *a, const Change *c)
{
        size_t before;
        /* In an opaque directory all that the host has and the upper has not is deleted; what we have moved
         * away there is not the host's any more. */
        if (top(a)->state == LEVEL_SKIPPED ||
            (c->kind == CHANGE_DELETED && journal_is_temporary(a->journal, c->name)))
                return 0;
        int r = pathbuf_push(&a->path, c->name, &before);
        if (r < 0)
                return r;
        if (c->kind == CHANGE_REFUSED)
                report(a, APPLY_REFUSED, c, c->why);
        else if (ask(a, c) == APPLY_TAKE)
                r = c->kind == CHANGE_DELETED ? take_deleted(a, c) : take_file(a, c);
        if (r < 0)
                r = failed(a, c, r);
        pathbuf_pop(&a->path, before);
        return r;
}

/* A directory that the host has: open it, and let us in for the time being. */
static int enter_here(Apply *a, const Change *c, int fd)
{
        int r = push(a, c, LEVEL_HERE, fd);
        if (r < 0)
                return r;
        ApplyLevel *l = top(a);
        struct stat st;
        if (!(l->what & (CHANGE_MODE | CHANGE_XATTRS)) || (l->what & CHANGE_TYPE))
                return 0;
        fd = dirstack_top(&a->dirs);
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid())
                return -EPERM;
        if (a->options.dry_run) {
                report(a, APPLY_DONE, c, "");
                return 0;
        }
        r = apply_write_entry(a, JOURNAL_MODE, 0, (FileIdentity){0}, apply_identity(&st), false, st.st_mode);
        failpoint("mode");
        if (r == 0 && (st.st_mode & 0700) != 0700)
                r = apply_set_mode(fd, (st.st_mode & 07777) | 0700);
        if (r == 0 && (l->what & CHANGE_XATTRS))
                r = apply_replace_xattrs(fd, l->xattrs, l->xattrs_len);
        l->final_mode = true;
        l->set_id = st.st_mode & l->now.mode & S_ISGID;
        if (r == 0 && (l->now.mode & S_ISGID) && !l->set_id)
                report(a, APPLY_STRIPPED, c, apply_stripped(c));
        if (r == 0)
                report(a, APPLY_DONE, c, "");
        return r;
}

/* A directory that replaces something else, or that the host does not have. */
static int enter_new(Apply *a, const Change *c, bool replaces)
{
        struct stat st = {0};
        bool exists = false, keep = false;
        int r = replaces ? check_host(a, c, &st, &exists, &keep) : 0;
        if (r != 0)
                return r < 0 ? r : push(a, c, LEVEL_SKIPPED, FD_NONE);
        if (top(a)->state == LEVEL_HERE && !is_writable(a)) {
                r = push(a, c, LEVEL_SKIPPED, FD_NONE);
                return r < 0 ? r : -EACCES;
        }
        r = push(a, c, LEVEL_PENDING, FD_NONE);
        if (r < 0)
                return r;
        top(a)->old = exists ? apply_identity(&st) : (FileIdentity){0};
        top(a)->keep_old = keep;
        top(a)->gone = S_ISDIR(c->before.mode);
        if (!c->selected || c->kind == CHANGE_NONE)
                return 0;
        r = materialize(a, c);
        if (r == 1)
                top(a)->state = LEVEL_SKIPPED;
        if (r == 0)
                r = note_taken(a, c, NULL);
        return r < 0 ? r : 0;
}

static int enter_below(Apply *a, const Change *c)
{
        int fd = FD_NONE;
        if (top(a)->state != LEVEL_HERE)
                return enter_new(a, c, false);
        int r = below_open(dirstack_top(&a->dirs), c->name, O_PATH | O_DIRECTORY | O_NOFOLLOW, &fd);
        if (r == 0)
                return enter_here(a, c, fd);
        if (r == -ENOENT)
                return enter_new(a, c, false);
        bool in_place = (r == -ENOTDIR || r == -ELOOP) && c->selected && !S_ISDIR(c->before.mode) &&
                        c->kind != CHANGE_NONE;
        if (in_place)
                return enter_new(a, c, true);
        int pushed = push(a, c, LEVEL_SKIPPED, FD_NONE);
        return pushed < 0 ? pushed : r;
}

static int enter(Apply *a, const Change *c)
{
        size_t before;
        int r = pathbuf_push(&a->path, c->name, &before);
        size_t depth = a->dirs.n;
        Change shown = *c;
        if (r < 0)
                return r;
        if (depth == 0) {
                CLEANUP_FD int fd = FD_NONE;
                r = below_open(a->root_fd, "", O_PATH | O_DIRECTORY, &fd);
                if (r == 0 && c->kind == CHANGE_MODIFIED && ask(a, c) != APPLY_TAKE)
                        shown.what = 0;
                if (r == 0)
                        r = enter_here(a, &shown, TAKE_FD(fd));
        } else if (top(a)->state == LEVEL_SKIPPED) {
                r = push(a, c, LEVEL_SKIPPED, FD_NONE);
        } else if (c->kind != CHANGE_NONE && ask(a, c) != APPLY_TAKE) {
                shown.what = 0;
                /* Its mode is left, what is in it is asked for on its own. */
                r = S_ISDIR(c->before.mode) ? enter_below(a, &shown) : push(a, c, LEVEL_SKIPPED, FD_NONE);
        } else {
                r = enter_below(a, c);
        }
        if (r < 0 && (is_fatal(r) || a->dirs.n > depth))
                r = failed(a, c, r);
        if (r == 0 && a->dirs.n == depth)
                r = push(a, c, LEVEL_SKIPPED, FD_NONE);
        /* What could not be made is not filled, either. */
        if (r == 0 && top(a)->state == LEVEL_STAGED && dirstack_top(&a->dirs) < 0 && !a->options.dry_run)
                top(a)->state = LEVEL_SKIPPED;
        return r;
}

static int end_stage(Apply *a, const ApplyLevel *l, int fd)
{
        struct stat st;
        int r = apply_set_mode(fd, l->now.mode & 01777);
        if (r == 0)
                r = apply_set_times(fd, &l->now);
        if (r == 0 && fstat(fd, &st) < 0)
                r = -errno;
        if (r < 0 || !l->top)
                return r;
        a->stage = 0;
        return apply_place(a, dirstack_top(&a->dirs), l->name, l->number, &st, l->old, l->keep_old);
}

static int leave(Apply *a)
{
        ApplyLevel l = *top(a);
        CLEANUP_FD int fd = FD_NONE;
        CLEANUP_FREE UNUSED char *name = l.name, *xattrs = l.xattrs;
        const Change c = {.kind = CHANGE_MODIFIED,
                          .now = l.now,
                          .name = l.name,
                          .target = "",
                          .why = "",
                          .fd = FD_NONE};
        if (dirstack_top(&a->dirs) >= 0)
                fd = fcntl(dirstack_top(&a->dirs), F_DUPFD_CLOEXEC, 3);
        /* Before the mode is set: it may shut us out. */
        int r = dirstack_pop(&a->dirs);
        if (r == 0 && l.state == LEVEL_STAGED && !a->options.dry_run)
                r = end_stage(a, &l, fd);
        if (r == 0 && l.state == LEVEL_HERE && l.final_mode)
                r = apply_set_mode(fd, (l.now.mode & 01777) | l.set_id);
        failpoint("left");
        if (r < 0)
                r = failed(a, &c, r);
        if (a->dirs.n > 0)
                pathbuf_pop(&a->path, l.path_before);
        return r;
}

static int begin_layer(Apply *a, size_t number)
{
        if (number >= a->n_layers)
                return -EBADMSG;
        a->layer = number;
        a->root_fd = fd_close(a->root_fd);
        links_clear(&a->links);
        int r = pathbuf_set(&a->path, "");
        if (r == 0)
                r = journal_open_target(&a->layers[number], &a->root_fd);
        return r < 0 ? error_set_errno(a->err, r, "%s, where the changes would go to",
                                       changes_layer_target(&a->layers[number]))
                     : 0;
}

int apply_begin(Apply *a, const ApplyOptions *options, int sandbox_fd, const ChangesLayer *layers, size_t n,
                Journal *journal, const StrList *command, Error *err)
{
        *a = (Apply){
                .options = *options,
                .sandbox_fd = sandbox_fd,
                .layers = layers,
                .n_layers = n,
                .root_fd = FD_NONE,
                .journal = journal,
                .command = command,
                .dirs.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                .applied = APPLIED_NONE,
                .err = err,
        };
        int r = applied_load(&a->applied, sandbox_fd);
        return r < 0 ? error_set_errno(err, r, "reading what was applied before") : 0;
}

int apply_take(void *userdata, ChangeEvent event, const Change *c)
{
        Apply *a = userdata;
        CLEANUP_FD UNUSED int fd = c->fd;
        switch (event) {
        case CHANGE_EVENT_LAYER:
                return begin_layer(a, (size_t)c->now.ino);
        case CHANGE_EVENT_ENTER:
                return a->root_fd < 0 ? -EBADMSG : enter(a, c);
        case CHANGE_EVENT_ENTRY:
                return a->dirs.n == 0 ? -EBADMSG : take_entry(a, c);
        case CHANGE_EVENT_LEAVE:
                return a->dirs.n == 0 ? -EBADMSG : leave(a);
        case CHANGE_EVENT_TOTAL:
                return 0;
        case CHANGE_EVENT_END:
                return applied_flush(&a->applied);
        }
        return -EBADMSG;
}

void apply_clear(Apply *a)
{
        for (size_t i = 0; i < a->dirs.n; i++) {
                free(a->levels[i].name);
                free(a->levels[i].xattrs);
        }
        free(a->levels);
        dirstack_clear(&a->dirs);
        pathbuf_clear(&a->path);
        applied_clear(&a->applied);
        links_clear(&a->links);
        a->root_fd = fd_close(a->root_fd);
}
