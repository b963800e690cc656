/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the directories above a change, and creates those that the host lacks. */
#include "changes/apply_levels.h"

#include "base/failpoint.h"
#include "changes/apply_decide.h"
#include "changes/apply_file.h"
#include "changes/apply_steps.h"
#include "changes/below.h"

#include <fcntl.h>
#include <sys/stat.h>

static ApplyLevel *level_at(Apply *a, size_t i)
{
        return &a->levels[i];
}

ApplyLevel *apply_level_top(Apply *a)
{
        return &a->levels[a->dirs.n - 1];
}

int apply_level_push(Apply *a, const Change *c, LevelState state, int fd)
{
        CLEANUP_FD int owned = fd;
        if (ARRAY_GROW(a->levels, a->dirs.n, a->room, 64) < 0)
                return -ENOMEM;
        ApplyLevel l = {
                .state = state, .writable = -1, .now = c->now, .what = c->what, .name = strdup(c->name)};
        l.path_len = a->path.len;
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
        *apply_level_top(a) = l;
        return 0;
}

bool apply_level_is_writable(Apply *a)
{
        ApplyLevel *l = apply_level_top(a);
        if (l->writable < 0) {
                int fd = dirstack_top(&a->dirs);
                l->writable = fd >= 0 && faccessat(fd, "", W_OK | X_OK, AT_EACCESS | AT_EMPTY_PATH) == 0;
        }
        return l->writable;
}

/* Creates a temporary directory for the level @i, whose parent exists on the host. */
static int begin_stage(Apply *a, size_t i)
{
        ApplyLevel *l = level_at(a, i);
        int parent = i > 0 ? a->dirs.levels[i - 1].fd : FD_NONE, fd = FD_NONE;
        JournalName temporary;
        l->state = LEVEL_STAGED;
        l->top = true;
        if (a->options.dry_run)
                return 0;
        int r = i > 0 ? apply_note_directory(a, i - 1) : 0;
        if (r == 0)
                r = apply_next_temporary(a, &l->number);
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

int apply_level_materialize(Apply *a, const Change *c)
{
        size_t i = a->dirs.n;
        while (i > 0 && level_at(a, i - 1)->state == LEVEL_PENDING)
                i--;
        for (size_t k = i; k < a->dirs.n; k++)
                if (level_at(a, k)->gone && !a->options.force) {
                        apply_report(a, APPLY_CONFLICT, c, "its directory was removed on the host");
                        return 1;
                }
        size_t full = a->path.len;
        int r = 0;
        for (; r == 0 && i < a->dirs.n; i++) {
                bool first = level_at(a, i - 1)->state == LEVEL_HERE;
                /* The journal needs the path of the directory itself. */
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

void apply_levels_clear(Apply *a)
{
        for (size_t i = 0; i < a->dirs.n; i++) {
                free(a->levels[i].name);
                free(a->levels[i].xattrs);
        }
        free(a->levels);
        dirstack_clear(&a->dirs);
}
