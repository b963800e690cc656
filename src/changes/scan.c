/* SPDX-License-Identifier: Apache-2.0 */
/* Checks whether files of the host changed since the sandbox saw them. */
#include "changes/scan.h"

#include "changes/below.h"
#include "changes/dirstack.h"
#include "changes/names.h"

#include <fcntl.h>

bool scan_changed_since(const struct stat *st, const struct timespec *started, const Applied *applied)
{
        bool later = !started || st->st_ctim.tv_sec > started->tv_sec ||
                     (st->st_ctim.tv_sec == started->tv_sec && st->st_ctim.tv_nsec > started->tv_nsec);
        return later && !applied_has(applied, st);
}

typedef struct Scan {
        DirStack dirs;
        Names *names;
        size_t room, used;
        const struct timespec *started;
        const Applied *applied;
        bool changed;
} Scan;

static int enter_directory(Scan *s, int dirfd, const char *name)
{
        CLEANUP_FD int fd = FD_NONE;
        struct stat st;
        int r = below_open(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, &fd);
        if (r == 0 && fstat(fd, &st) < 0)
                r = -errno;
        if (r == 0 && st.st_uid != geteuid())
                r = -EPERM;
        /* A rename changes the time of the directory that was moved, but not those of the files in it. */
        if (r == 0)
                s->changed = s->changed || scan_changed_since(&st, s->started, s->applied);
        if (r == 0)
                r = ARRAY_GROW(s->names, s->dirs.n, s->room, 64);
        if (r == 0)
                r = dirstack_push(&s->dirs, TAKE_FD(fd));
        if (r == 0)
                names_begin(&s->names[s->dirs.n - 1]);
        return r;
}

static int visit(Scan *s, int dirfd, const char *name)
{
        struct stat st;
        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT && s->dirs.n > 0 ? 0 : -errno;
        if (S_ISDIR(st.st_mode))
                return enter_directory(s, dirfd, name);
        s->changed = s->changed || scan_changed_since(&st, s->started, s->applied);
        return 0;
}

int scan_tree(int dirfd, const char *name, const struct timespec *started, const Applied *applied, bool *ret)
{
        Scan s = {.dirs.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .started = started, .applied = applied};
        int r = visit(&s, dirfd, name);
        while (r == 0 && s.dirs.n > 0 && !s.changed) {
                const char *entry;
                r = names_next(&s.names[s.dirs.n - 1], dirstack_top(&s.dirs), &s.used, &entry);
                if (r == 0 && entry)
                        r = visit(&s, dirstack_top(&s.dirs), entry);
                else if (r == 0) {
                        names_clear(&s.names[s.dirs.n - 1], &s.used);
                        r = dirstack_pop(&s.dirs);
                }
        }
        for (size_t i = 0; i < s.dirs.n; i++)
                names_clear(&s.names[i], &s.used);
        free(s.names);
        dirstack_clear(&s.dirs);
        if (r == 0)
                *ret = *ret || s.changed;
        return r;
}
