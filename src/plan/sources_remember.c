/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the answers of tools while their programs do not change, in CACHE/asked-TOOL, whose first line
 * identifies the program's file. */
#include "base/io.h"
#include "plan/sources_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define REMEMBERED_MAX 4096

/* Returns "PATH DEVICE INODE SIZE SECONDS.NANOSECONDS\n" of a program; owned, or NULL. */
static char *mark_of(const char *program)
{
        struct stat st;
        char *mark = NULL;
        if (stat(program, &st) < 0 ||
            asprintf(&mark, "%s %llu %llu %lld %lld.%09ld\n", program, (unsigned long long)st.st_dev,
                     (unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                     st.st_mtim.tv_nsec) < 0)
                return NULL;
        return mark;
}

static char *file_of(const Finder *f)
{
        char *path = NULL;
        return f->ctx->cache && asprintf(&path, "%s/asked-%s", f->ctx->cache, f->tool) >= 0 ? path : NULL;
}

/* Returns whether nobody else can have written the file; otherwise it is not valid. */
static bool is_ours(int fd)
{
        struct stat st;
        return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022) &&
               st.st_size < REMEMBERED_MAX;
}

char *source_remembered(const Finder *f, const char *program)
{
        CLEANUP_FREE char *path = file_of(f), *mark = mark_of(program);
        char text[REMEMBERED_MAX];
        if (!path || !mark)
                return NULL;
        CLEANUP_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || !is_ours(fd))
                return NULL;
        ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
        size_t len = strlen(mark);
        if (n <= 0)
                return NULL;
        text[n] = '\0';
        /* The last byte shows that the file is complete. */
        if ((size_t)n < len + 2 || text[n - 1] != '\n' || strncmp(text, mark, len) != 0)
                return NULL;
        text[n - 1] = '\0';
        return strdup(text + len);
}

void source_remember(const Finder *f, const char *program, const char *answer)
{
        CLEANUP_FREE char *path = file_of(f), *mark = mark_of(program), *text = NULL, *fresh = NULL;
        if (!path || !mark || io_mkdir_p(f->ctx->cache, 0700) < 0 ||
            asprintf(&text, "%s%s\n", mark, answer) < 0 || strlen(text) >= REMEMBERED_MAX ||
            asprintf(&fresh, "%s.XXXXXX", path) < 0)
                return;
        CLEANUP_FD int fd = mkostemp(fresh, O_CLOEXEC);
        if (fd < 0)
                return;
        /* The rename makes the file appear complete, so that a concurrent start never reads a part of it. */
        if (io_write_all(fd, text, strlen(text)) < 0 || rename(fresh, path) < 0)
                (void)unlink(fresh);
}
