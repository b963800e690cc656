/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether a change is applied, and reports why one is skipped. */
#include "changes/apply_decide.h"

#include "base/defence.h"
#include "changes/apply_levels.h"
#include "changes/scan.h"

#include <fcntl.h>
#include <sys/stat.h>

const ChangesLayer *apply_layer(const Apply *a)
{
        return &a->layers[a->layer];
}

bool apply_is_fatal(int r)
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

void apply_report(Apply *a, ApplyReport what, const Change *c, const char *why)
{
        a->reports[what]++;
        a->options.report(a->options.userdata, what, apply_layer(a), a->path.text, c, why);
}

int apply_leave_failed(Apply *a, const Change *c, int r)
{
        if (apply_is_fatal(r))
                return error_set_errno(a->err, r, "cannot apply '%.600s%.200s'",
                                       changes_layer_target(apply_layer(a)), a->path.text);
        if (r == -EACCES || r == -EPERM || r == -EROFS)
                apply_report(a, APPLY_NEEDS_ROOT, c, "no permission to write there");
        else if (r == -ELOOP || r == -ENOTDIR)
                apply_report(a, APPLY_REFUSED, c, "its directory is a link or a file on the host");
        else if (r == -EXDEV)
                apply_report(a, APPLY_REFUSED, c, "another file system is mounted there");
        else if (r == -EEXIST || r == -EBUSY || r == -EAGAIN)
                apply_report(a, APPLY_CONFLICT, c, "it changed during the apply");
        else
                apply_report(a, APPLY_REFUSED, c, strerror(-r));
        return 0;
}

ApplyAnswer apply_ask(Apply *a, const Change *c)
{
        if (a->quit)
                return APPLY_LEAVE;
        ApplyAnswer answer = a->options.ask(a->options.userdata, apply_layer(a), a->path.text, c);
        a->quit = answer == APPLY_QUIT;
        return answer;
}

int apply_check_host(Apply *a, const Change *c, struct stat *ret, bool *ret_exists, bool *ret_keep)
{
        int fd = dirstack_top(&a->dirs);
        *ret_keep = false;
        *ret_exists = fstatat(fd, c->name, ret, AT_SYMLINK_NOFOLLOW) == 0;
        if (!*ret_exists)
                return errno == ENOENT ? 0 : -errno;
        bool changed = false;
        int r = scan_tree(fd, c->name, &a->options.started, &a->applied, &changed);
        if (r < 0)
                return r;
        /* The sandbox saw nothing there: the file is newer, or was hidden from it. */
        const ApplyLevel *l = apply_level_top(a);
        bool unseen = apply_layer(a)->engine == CHANGES_SCRATCH || l->unseen;
        changed = changed || l->foreign || (unseen && !applied_has(&a->applied, ret));
        if (!changed || !defence_is_on(DEFENCE_CONFLICT))
                return 0;
        *ret_keep = a->options.force;
        if (!a->options.force)
                apply_report(a, APPLY_CONFLICT, c,
                             unseen ? apply_layer(a)->engine == CHANGES_SCRATCH
                                              ? "the host has another, which the command did not see (with "
                                                "--home=host it does)"
                                              : "already exists on the host"
                                    : "changed on the host since the sandbox started");
        return !a->options.force;
}
