/* SPDX-License-Identifier: Apache-2.0 */
/* Enters and leaves a directory of the host, or creates it. */
#include "changes/apply_directory.h"

#include "base/failpoint.h"
#include "changes/apply_decide.h"
#include "changes/apply_entry.h"
#include "changes/apply_file.h"
#include "changes/apply_levels.h"
#include "changes/apply_steps.h"
#include "changes/apply_trust.h"
#include "changes/below.h"

#include <fcntl.h>

/* Gives the directory on top, which exists on the host, the mode and attributes of the change, and owner
 * permissions for the time being. */
static int take_attributes(Apply *a, const Change *c, const struct stat *host)
{
        ApplyLevel *l = apply_level_top(a);
        const struct stat st = *host;
        int fd = dirstack_top(&a->dirs), r;
        if (st.st_uid != geteuid())
                return -EPERM;
        if (a->options.dry_run) {
                apply_report(a, APPLY_DONE, c, "");
                return 0;
        }
        r = apply_note_directory(a, a->dirs.n - 1);
        if (r == 0)
                r = apply_write_entry(a, JOURNAL_MODE, 0, (FileIdentity){0}, apply_identity(&st), false,
                                      st.st_mode);
        failpoint("mode");
        if (r == 0 && (st.st_mode & 0700) != 0700)
                r = apply_set_mode(fd, (st.st_mode & 07777) | 0700);
        if (r == 0 && (l->what & CHANGE_XATTRS))
                r = apply_replace_xattrs(fd, l->xattrs, l->xattrs_len);
        if (!(l->what & CHANGE_MODE))
                l->now.mode = (l->now.mode & S_IFMT) | (st.st_mode & 07777);
        l->final_mode = true;
        l->set_id = st.st_mode & l->now.mode & (S_ISGID | S_ISUID);
        if (r == 0 && (l->now.mode & S_ISGID) && !l->set_id)
                apply_report(a, APPLY_STRIPPED, c, apply_stripped(c));
        if (r == 0)
                apply_report(a, APPLY_DONE, c, "");
        return r;
}

/* Opens a directory that exists on the host. Without force, nothing is applied in one that the sandbox did
 * not see. */
static int enter_here(Apply *a, const Change *c, int fd)
{
        struct stat st;
        bool above = a->dirs.n > 0 && apply_level_top(a)->foreign;
        int r = apply_level_push(a, c, LEVEL_HERE, fd);
        if (r < 0)
                return r;
        ApplyLevel *l = apply_level_top(a);
        if (fstat(dirstack_top(&a->dirs), &st) < 0)
                return -errno;
        l->identity = apply_identity(&st);
        r = apply_identify(a, c, &st);
        if (r < 0)
                return r;
        /* One that only leads to a selected path keeps its own. */
        bool attributes = c->kind == CHANGE_MODIFIED && (l->what & (CHANGE_MODE | CHANGE_XATTRS)) &&
                          !(l->what & CHANGE_TYPE);
        if (l->state == LEVEL_FOREIGN) {
                if (c->kind != CHANGE_NONE)
                        apply_report_foreign(a, c);
                return 0;
        }
        l->foreign = l->foreign || above;
        if (!attributes)
                return 0;
        if (!a->options.force && l->attributes_differ) {
                apply_report(a, APPLY_CONFLICT, c, "its mode or attributes changed on the host as well");
                return 0;
        }
        return take_attributes(a, c, &st);
}

/* Enters a directory that replaces something else or does not exist on the host. */
static int enter_new(Apply *a, const Change *c, bool replaces)
{
        struct stat st = {0};
        bool exists = false, keep = false;
        int r = replaces ? apply_check_host(a, c, &st, &exists, &keep) : 0;
        if (r != 0)
                return r < 0 ? r : apply_level_push(a, c, LEVEL_SKIPPED, FD_NONE);
        if (apply_level_top(a)->state == LEVEL_HERE && !apply_level_is_writable(a)) {
                r = apply_level_push(a, c, LEVEL_SKIPPED, FD_NONE);
                return r < 0 ? r : -EACCES;
        }
        r = apply_level_push(a, c, LEVEL_PENDING, FD_NONE);
        if (r < 0)
                return r;
        apply_level_top(a)->old = exists ? st : (struct stat){0};
        apply_level_top(a)->keep_old = keep;
        apply_level_top(a)->gone = S_ISDIR(c->before.mode);
        if (!c->selected || c->kind == CHANGE_NONE)
                return 0;
        r = apply_level_materialize(a, c);
        if (r == 1)
                apply_level_top(a)->state = LEVEL_SKIPPED;
        if (r == 0)
                r = apply_note_taken(a, c, NULL);
        return r < 0 ? r : 0;
}

static int enter_below(Apply *a, const Change *c)
{
        int fd = FD_NONE;
        if (apply_level_top(a)->state != LEVEL_HERE)
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
        int pushed = apply_level_push(a, c, LEVEL_SKIPPED, FD_NONE);
        return pushed < 0 ? pushed : r;
}

int apply_enter(Apply *a, const Change *c)
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
                if (r == 0 && c->kind == CHANGE_MODIFIED && apply_ask(a, c) != APPLY_TAKE)
                        shown.what = 0;
                if (r == 0)
                        r = enter_here(a, &shown, TAKE_FD(fd));
        } else if (apply_level_top(a)->state == LEVEL_SKIPPED) {
                r = apply_level_push(a, c, LEVEL_SKIPPED, FD_NONE);
        } else if (apply_level_top(a)->state == LEVEL_FOREIGN) {
                if (c->kind != CHANGE_NONE)
                        apply_report_foreign(a, c);
                r = apply_level_push(a, c, LEVEL_FOREIGN, FD_NONE);
        } else if (c->kind != CHANGE_NONE && apply_ask(a, c) != APPLY_TAKE) {
                shown.what = 0;
                /* Its mode is skipped; its entries are asked for one by one. */
                r = S_ISDIR(c->before.mode) ? enter_below(a, &shown)
                                            : apply_level_push(a, c, LEVEL_SKIPPED, FD_NONE);
        } else {
                r = enter_below(a, c);
        }
        if (r < 0 && (apply_is_fatal(r) || a->dirs.n > depth))
                r = apply_leave_failed(a, c, r);
        if (r == 0 && a->dirs.n == depth)
                r = apply_level_push(a, c, LEVEL_SKIPPED, FD_NONE);
        /* A directory that could not be created gets no entries, either. */
        if (r == 0 && apply_level_top(a)->state == LEVEL_STAGED && dirstack_top(&a->dirs) < 0 &&
            !a->options.dry_run)
                apply_level_top(a)->state = LEVEL_SKIPPED;
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
        if (r == 0)
                r = applied_add(&a->applied, a->sandbox_fd, &st);
        if (r < 0 || !l->top)
                return r;
        a->stage = 0;
        return apply_place(a, dirstack_top(&a->dirs), l->name, l->number, &st, &l->old, l->keep_old);
}

int apply_leave(Apply *a)
{
        ApplyLevel l = *apply_level_top(a);
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
        /* Before the mode is set, which may deny access. */
        int r = dirstack_pop(&a->dirs);
        if (r == 0 && l.state == LEVEL_STAGED && !a->options.dry_run)
                r = end_stage(a, &l, fd);
        if (r == 0 && l.state == LEVEL_HERE && l.final_mode)
                r = apply_set_mode(fd, (l.now.mode & 01777) | l.set_id);
        if (r == 0 && l.state == LEVEL_HERE && l.final_mode)
                apply_note_attributes(a, fd);
        failpoint("left");
        if (r < 0)
                r = apply_leave_failed(a, &c, r);
        if (a->dirs.n > 0)
                pathbuf_pop(&a->path, l.path_before);
        return r;
}
