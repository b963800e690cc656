/* SPDX-License-Identifier: Apache-2.0 */
/* Compares an entry of the upper with that of the lower. */
#include "changes/walk_classify.h"

#include "changes/compare.h"

#include <fcntl.h>

/* The recorded line of the directory on the host at w->path; NULL: none. */
static const HostDir *recorded(const Walk *w, const Change *c)
{
        const char *dest = w->layer->dest, *below = w->path.text + (str_eq(dest, "/") ? 0 : strlen(dest));
        return w->options->host && S_ISDIR(c->now.mode)
                       ? hostdirs_find(w->options->host, hostdirs_layer(w->layer), below[0] ? below : "/")
                       : NULL;
}

/* Compares @c with the lower; the types are the same. */
static int compare_meta(Walk *w, Change *c)
{
        Marks marks;
        size_t len = 0;
        bool is_top = c->name[0] == '\0';
        const HostDir *known = recorded(w, c);
        bool mode_known = known && ((c->now.mode ^ known->mode) & 07777) == 0;
        if (((c->now.mode ^ c->before.mode) & 07777) && !S_ISLNK(c->now.mode) && !mode_known)
                c->what |= CHANGE_MODE;
        /* kurung itself gave the top of a layer to the sandbox's root; owners without an id in the sandbox
         * cannot be compared. */
        bool uid_changed = c->now.uid != c->before.uid && c->before.uid != WALK_OVERFLOW_ID;
        bool gid_changed = c->now.gid != c->before.gid && c->before.gid != WALK_OVERFLOW_ID;
        if (!is_top && (uid_changed || gid_changed))
                c->what |= CHANGE_OWNER;
        if (S_ISREG(c->now.mode) && c->now.nlink > 1 && c->now.nlink != c->before.nlink)
                c->what |= CHANGE_LINKS;
        if (!S_ISREG(c->now.mode) && !S_ISDIR(c->now.mode))
                return 0;
        int r = marks_read(CHANGES_SCRATCH, dirstack_top(&w->lower), c->name, &marks, w->lower_xattrs, &len);
        bool xattrs_known = known && hostdir_hash(c->xattrs, c->xattrs_len) == known->xattrs;
        if (r == 0 && !xattrs_known && !marks_xattrs_equal(c->xattrs, c->xattrs_len, w->lower_xattrs, len))
                c->what |= CHANGE_XATTRS;
        return 0;
}

static int compare_content(Walk *w, Change *c)
{
        CLEANUP_FD int upper = FD_NONE, lower = FD_NONE;
        char target[PATH_MAX + 1];
        if (S_ISLNK(c->now.mode)) {
                ssize_t n = readlinkat(dirstack_top(&w->lower), c->name, target, sizeof(target) - 1);
                target[n < 0 ? 0 : n] = '\0';
                if (!str_eq(target, c->target))
                        c->what |= CHANGE_CONTENT;
                return 0;
        }
        if (!S_ISREG(c->now.mode))
                return 0;
        c->what |= CHANGE_CONTENT;
        if (c->now.size != c->before.size)
                return 0;
        /* Equal times and sizes prove nothing: the payload can set both. */
        int r = walk_open_upper(w, c->name, O_RDONLY, &upper);
        if (r < 0)
                return r;
        lower = openat(dirstack_top(&w->lower), c->name,
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        bool equal = false;
        if (lower >= 0)
                r = compare_files(upper, lower, c->now.size, &equal);
        if (r == 0 && equal)
                c->what &= ~(unsigned)CHANGE_CONTENT;
        return r;
}

int walk_classify(Walk *w, Change *c)
{
        if (c->before.mode == 0) {
                c->kind = CHANGE_ADDED;
                return 0;
        }
        int r = 0;
        if ((c->now.mode ^ c->before.mode) & S_IFMT)
                c->what = CHANGE_TYPE | CHANGE_CONTENT;
        else if ((r = compare_meta(w, c)) == 0)
                r = compare_content(w, c);
        c->kind = c->what ? CHANGE_MODIFIED : CHANGE_NONE;
        return r;
}
