/* SPDX-License-Identifier: Apache-2.0 */
/* Adds the sandbox's host name to the /etc/hosts that the sandbox sees. */
#include "base/io.h"
#include "base/path.h"
#include "mech/rootfs_ops.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Lists of blocked hosts have a few megabytes. */
#define HOSTS_MAX (16 << 20)

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

/* Returns whether a line of @text, up to its comment, has the word (hosts(5)). */
static bool has_word(const char *text, const char *word)
{
        size_t len = strlen(word);
        for (const char *p = text; *p;) {
                size_t line = strcspn(p, "\n"), used = strcspn(p, "#\n");
                for (const char *w = p, *end = p + used; w < end;) {
                        const char *start = w;
                        while (w < end && !is_space(*w))
                                w++;
                        if ((size_t)(w - start) == len && strncasecmp(start, word, len) == 0)
                                return true;
                        while (w < end && is_space(*w))
                                w++;
                }
                p += line + (p[line] == '\n');
        }
        return false;
}

/*
 * Returns whether the file can be copied: the payload may read it, as everybody may, and its writes do not
 * reach it. A mask is a device.
 */
static bool may_copy(const RootfsContext *ctx, const PlanOp *op, int fd)
{
        struct stat st;
        struct statvfs fs;
        if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & S_IROTH))
                return false;
        bool is_payloads = st.st_uid == ctx->identity->uid && !(fs.f_flag & ST_RDONLY);
        return !(op->flags & OP_RDONLY) || !is_payloads;
}

/* Reads the file in the new root, and completes its last line; NULL with 0: it stays as it is. */
static int read_hosts(RootfsContext *ctx, const PlanOp *op, int *ret_target, char **ret)
{
        CLEANUP_FD int target = FD_NONE, fd = FD_NONE;
        CLEANUP_FREE char *text = NULL;
        size_t len = 0;
        if (root_open(ctx->root_fd, op->dest, op->flags & OP_NO_FOLLOW, &target) < 0 ||
            !may_copy(ctx, op, target) || (fd = io_reopen(target, O_RDONLY | O_NONBLOCK)) < 0)
                return 0;
        int r = io_read_to_end(fd, HOSTS_MAX, -1, &text, &len);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (strlen(text) != len || has_word(text, ctx->host_name))
                return 0;
        if (asprintf(ret, "%s%s", text, len > 0 && text[len - 1] != '\n' ? "\n" : "") < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        *ret_target = TAKE_FD(target);
        return 0;
}

/* The copy has no visible path: a request may have covered PlanRoot.files_dir with a directory of the host.
 */
static int apply_hosts(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int target = FD_NONE, mount_fd = FD_NONE;
        CLEANUP_FREE char *text = NULL;
        const char *name = path_name(op->dest);
        int r = read_hosts(ctx, op, &target, &text);
        if (r < 0)
                return rootfs_op_failed(op, r, "read", err);
        if (!text)
                return 0;
        r = rootfs_make_file(ctx, op, ctx->memory_fd, name, text, err);
        if (r < 0)
                return r;
        r = mount_clone(ctx->memory_fd, name, false, &mount_fd);
        if (r == 0)
                r = mount_set(mount_fd, rootfs_attributes(op), false);
        if (r == 0)
                r = mount_attach(mount_fd, target);
        return r < 0 ? rootfs_op_failed(op, r, "add the host name to", err) : 0;
}

const RootfsOpKind rootfs_do_hosts = {.apply = apply_hosts};
