/* SPDX-License-Identifier: Apache-2.0 */
/* Puts together the texts of the files that kurung makes in a root. */
#include "base/io.h"
#include "mech/rootfs_ops.h"

#include <fcntl.h>
#include <stdio.h>

/* Of a file that is appended to. */
#define TEXT_MAX (64 << 10)

/* The file at the destination, which may be the work of the payload's: no more than a file of a size. Where
 * there is none the text is empty. */
static int read_there(RootfsContext *ctx, const char *dest, char **ret)
{
        CLEANUP_FD int fd = FD_NONE;
        char path[40];
        struct stat st;
        int r = root_open(ctx->root_fd, dest, false, &fd);
        if (r < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                *ret = strdup("");
                return *ret ? 0 : -ENOMEM;
        }
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        r = io_read_file_at(AT_FDCWD, path, TEXT_MAX, ret, NULL);
        if (r == -ENOMEM || r == 0)
                return r;
        *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

int rootfs_file_text(RootfsContext *ctx, const PlanOp *op, char **ret)
{
        CLEANUP_FREE char *before = NULL, *text = NULL;
        size_t len;
        int r = op->flags & OP_APPEND ? read_there(ctx, op->dest, &before) : 0;
        FILE *out = r == 0 ? open_memstream(&text, &len) : NULL;
        if (!out)
                return r < 0 ? r : -ENOMEM;
        if (before && before[0])
                (void)fprintf(out, "%s%s", before, before[strlen(before) - 1] == '\n' ? "" : "\n");
        for (const char *p = op->source; *p; p++)
                if (p[0] == '%' && p[1] == 'H' && op->flags & OP_SPECIFIERS) {
                        (void)fputs(ctx->host_name, out);
                        p++;
                } else {
                        (void)fputc(*p, out);
                }
        if (fclose(out) != 0)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}
