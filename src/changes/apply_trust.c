/* SPDX-License-Identifier: Apache-2.0 */
/* Compares directories of the host with those that the sandbox saw, and reports changes in others. */
#include "changes/apply_trust.h"

#include "base/defence.h"
#include "changes/apply_decide.h"
#include "changes/apply_levels.h"
#include "changes/scan.h"

static HostDir *line_of(const Apply *a)
{
        return hostdirs_find(&a->host, hostdirs_layer(apply_layer(a)), a->path.len > 0 ? a->path.text : "/");
}

/* The sandbox and the host agree: from here on, each difference is a change of one of them. */
static void agree(Apply *a, HostDir *known, const HostDir *now, const Change *c)
{
        bool equal = ((c->now.mode ^ now->mode) & 07777) == 0 &&
                     hostdir_hash(c->xattrs, c->xattrs_len) == now->xattrs;
        if (!equal ||
            (known->state == HOST_DIR_SAME && known->mode == now->mode && known->xattrs == now->xattrs))
                return;
        known->state = HOST_DIR_SAME;
        known->mode = now->mode;
        known->xattrs = now->xattrs;
        a->host.changed = true;
}

static const char *why_foreign(const Apply *a, const HostDir *known, const HostDir *now,
                               const struct stat *st)
{
        if (applied_has(&a->applied, st))
                return NULL;
        if (known && !hostdir_is_same(known, now))
                return "another directory was moved there since the sandbox started";
        bool doubtful =
                known ? known->state == HOST_DIR_DOUBTFUL
                      : hostdir_may_be_moved(dirstack_top(&a->dirs), st, &a->options.started, &a->applied);
        return doubtful ? "it may be another directory than the one that the sandbox saw" : NULL;
}

int apply_identify(Apply *a, const Change *c, const struct stat *st)
{
        ApplyLevel *l = apply_level_top(a);
        HostDir now, *known = line_of(a);
        l->clean = !scan_changed_since(st, &a->options.started, &a->applied);
        /* Without a lower, no existing file is overwritten, and no mode set. */
        if (apply_layer(a)->engine == CHANGES_SCRATCH || !defence_is_on(DEFENCE_CONFLICT))
                return 0;
        int r = hostdir_identify(dirstack_top(&a->dirs), &now);
        if (r < 0)
                return r;
        l->why = why_foreign(a, known, &now, st);
        if (l->why && a->options.force)
                l->foreign = true;
        else if (l->why)
                l->state = LEVEL_FOREIGN;
        if (l->why)
                l->clean = false;
        l->unseen = !known && a->host.complete && a->options.ended && !applied_has(&a->applied, st);
        bool attributes_known = known && known->state == HOST_DIR_SAME;
        l->attributes_differ = attributes_known
                                       ? ((l->what & CHANGE_MODE) && known->mode != now.mode) ||
                                                 ((l->what & CHANGE_XATTRS) && known->xattrs != now.xattrs)
                                       : known || !l->clean;
        if (known && !l->why) {
                agree(a, known, &now, c);
                l->clean = true;
        }
        return 0;
}

void apply_report_foreign(Apply *a, const Change *c)
{
        size_t i = 0, len = a->path.len;
        while (i < a->dirs.n && a->levels[i].state != LEVEL_FOREIGN)
                i++;
        ApplyLevel *l = &a->levels[i];
        if (i == a->dirs.n || l->told) {
                apply_report(a, APPLY_COVERED, c, "");
                return;
        }
        l->told = true;
        const Change dir = {.kind = CHANGE_MODIFIED,
                            .now = l->now,
                            .name = l->name,
                            .target = "",
                            .why = "",
                            .fd = FD_NONE};
        char saved = a->path.text[l->path_len];
        a->path.text[l->path_len] = '\0';
        a->path.len = l->path_len;
        apply_report(a, APPLY_CONFLICT, &dir, l->why);
        a->path.text[l->path_len] = saved;
        a->path.len = len;
}

void apply_note_attributes(Apply *a, int fd)
{
        HostDir now, *known = line_of(a);
        if (!known || hostdir_identify(fd, &now) < 0 || !hostdir_is_same(known, &now))
                return;
        known->state = HOST_DIR_SAME;
        known->mode = now.mode;
        known->xattrs = now.xattrs;
        a->host.changed = true;
}
