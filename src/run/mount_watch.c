/* SPDX-License-Identifier: Apache-2.0 */
/* Notices mounts of the sandbox that disappear while it runs. */
#include "run/mount_watch.h"

#include "base/fds.h"
#include "base/log.h"
#include "base/path.h"

#include <stdio.h>
#include <sys/inotify.h>

/* Suffices for a plan with thousands of operations; a longer table cannot be the sandbox's. */
#define MOUNTINFO_MAX (8U << 20)

/* Fields of a line, counted from 0 (proc_pid_mountinfo(5)). */
enum { FIELD_ID = 0, FIELD_ROOT = 3, FIELD_TARGET = 4 };

static int grow(char **text, size_t *room)
{
        size_t larger = *room > 0 ? 2 * *room : 16384;
        if (larger > MOUNTINFO_MAX)
                return -E2BIG;
        char *grown = realloc(*text, larger);
        if (!grown)
                return -ENOMEM;
        *text = grown;
        *room = larger;
        return 0;
}

/* Does not use io_read_to_end(), whose poll(2) would consume the event of a change between two reads. */
static int read_all(int fd, char **ret)
{
        CLEANUP_FREE char *text = NULL;
        size_t room = 0, len = 0;
        ssize_t n = 0;
        int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
        do {
                len += (size_t)n;
                if (r == 0 && room - len < 4096)
                        r = grow(&text, &room);
                if (r == 0 && (n = read(fd, text + len, room - len - 1)) < 0)
                        r = -errno;
        } while (r == 0 && n > 0);
        if (r < 0 || !text)
                return r < 0 ? r : -ENOMEM;
        text[len] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

static int list_mounts(int fd, StrList *ret)
{
        CLEANUP_FREE char *text = NULL;
        CLEANUP_STRLIST StrList mounts = {0};
        char *save = NULL;
        int r = read_all(fd, &text);
        for (char *l = r == 0 ? strtok_r(text, "\n", &save) : NULL; r == 0 && l;
             l = strtok_r(NULL, "\n", &save))
                r = strlist_add(&mounts, l);
        if (r < 0)
                return r;
        *ret = mounts;
        mounts = (StrList){0};
        return 0;
}

/* Returns the start of the field in @line, and its length. */
static const char *field(const char *line, unsigned index, size_t *ret_len)
{
        while (index-- > 0 && *line) {
                line += strcspn(line, " ");
                line += *line == ' ';
        }
        *ret_len = strcspn(line, " ");
        return line;
}

static bool same_field(const char *a, const char *b, unsigned index)
{
        size_t na, nb;
        const char *fa = field(a, index, &na), *fb = field(b, index, &nb);
        return na == nb && memcmp(fa, fb, na) == 0;
}

/* Flags may change; the number and the target identify a mount. */
static bool has_mount(const StrList *mounts, const char *line)
{
        for (size_t i = 0; i < mounts->n; i++)
                if (same_field(mounts->items[i], line, FIELD_ID) &&
                    same_field(mounts->items[i], line, FIELD_TARGET))
                        return true;
        return false;
}

/* Decodes "\ooo", which stands for white space and backslashes. */
static void decode(const char *from, size_t len, char *out, size_t room)
{
        size_t n = 0;
        for (size_t i = 0; i < len && n + 1 < room; i++)
                if (from[i] == '\\' && i + 3 < len && from[i + 1] >= '0' && from[i + 1] <= '3') {
                        out[n++] = (char)((from[i + 1] - '0') * 64 + (from[i + 2] - '0') * 8 +
                                          (from[i + 3] - '0'));
                        i += 3;
                } else {
                        out[n++] = from[i];
                }
        out[n] = '\0';
}

/* These hide nothing: without their mount, the sandbox sees its own file again, or the host's. */
static bool is_generated(const PlanOp *op)
{
        return op->kind == OP_FILE || op->kind == OP_HOSTS;
}

/* Returns whether the mount is a generated file: on the tmpfs of /run, below "/kurung", or on that of the
 * uppers in memory. */
static bool is_own_file(const PlanRoot *root, const char *line)
{
        size_t len;
        const char *shown = field(line, FIELD_ROOT, &len);
        if (!strstr(line, " - tmpfs "))
                return false;
        for (size_t i = 0; i < root->n_ops; i++) {
                char own[64];
                if (!is_generated(&root->ops[i]))
                        continue;
                int n = snprintf(own, sizeof(own), "%s/%s", root->ops[i].kind == OP_FILE ? "/kurung" : "",
                                 path_name(root->ops[i].dest));
                if (n > 0 && (size_t)n == len && memcmp(own, shown, len) == 0)
                        return true;
        }
        return false;
}

static int lost(Error *err, const char *path)
{
        return error_set(err, ESTALE,
                         "the sandbox was killed: '%s' was replaced, moved or removed, and was no longer "
                         "protected inside (some programs save a file by renaming a new one over it; hide or "
                         "share its directory instead)",
                         path);
}

char *mount_watch_host_path(const PlanRoot *root, size_t index, const PlanOp **ret_shared)
{
        const char *dest = root->ops[index].dest;
        for (size_t i = index; i > 0; i--) {
                const PlanOp *op = &root->ops[i - 1];
                if (!fs_op_is(op, OP_IS_PLACED) || !path_is_below(dest, op->dest) || str_eq(dest, op->dest))
                        continue;
                if (op->kind != OP_BIND)
                        return NULL;
                *ret_shared = op;
                return path_join(op->source, dest + (str_eq(op->dest, "/") ? 1 : strlen(op->dest) + 1));
        }
        return NULL;
}

static int watch(MountWatch *w, const char *path, Error *err)
{
        if (w->renames < 0 && (w->renames = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) < 0)
                return error_set_errno(
                        err, errno, "cannot watch '%s' to protect it (fs.inotify.max_user_instances)", path);
        int number = inotify_add_watch(w->renames, path, IN_MOVE_SELF | IN_DELETE_SELF);
        if (number < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
                return 0; /* nothing is mounted on a path that does not exist or is inaccessible */
        if (number < 0)
                return error_set_errno(err, errno,
                                       "cannot watch '%s' to protect it (fs.inotify.max_user_watches)", path);
        /* The file is already watched, under another name. */
        if ((size_t)number <= w->paths.n)
                return 0;
        while (w->paths.n + 1 < (size_t)number)
                if (strlist_add(&w->paths, "") < 0)
                        return error_no_memory(err);
        return strlist_add(&w->paths, path) < 0 ? error_no_memory(err) : 0;
}

int mount_watch_prepare(MountWatch *w, const PlanRoot *root, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < root->n_ops; i++) {
                const PlanOp *shared = NULL;
                if (!fs_op_is(&root->ops[i], OP_IS_PLACED) || is_generated(&root->ops[i]))
                        continue;
                CLEANUP_FREE char *path = mount_watch_host_path(root, i, &shared);
                if (!path)
                        continue;
                for (char *p = path + strlen(shared->source) + 1; r == 0 && (p = strchr(p, '/')); p++) {
                        *p = '\0';
                        r = watch(w, path, err);
                        *p = '/';
                }
                if (r == 0)
                        r = watch(w, path, err);
        }
        return r;
}

int mount_watch_look_at_renames(MountWatch *w, Error *err)
{
        _Alignas(struct inotify_event) char buffer[4096];
        ssize_t n = read(w->renames, buffer, sizeof(buffer));
        if (n < 0)
                return errno == EAGAIN ? 0 : error_set_errno(err, errno, "cannot watch the sandbox's mounts");
        for (char *p = buffer; p < buffer + n;) {
                const struct inotify_event *e = (const struct inotify_event *)(const void *)p;
                bool known = e->wd > 0 && (size_t)e->wd <= w->paths.n;
                p += sizeof(*e) + e->len;
                if (e->mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT | IN_Q_OVERFLOW))
                        return lost(err, known ? w->paths.items[e->wd - 1] : "a path that is hidden inside");
        }
        return 0;
}

int mount_watch_begin(MountWatch *w, int fd, Error *err)
{
        w->fd = fd_close(w->fd);
        strlist_clear(&w->mounts);
        int r = list_mounts(fd, &w->mounts);
        if (r < 0) {
                fd_close(fd);
                return error_set_errno(err, r, "cannot read the sandbox's mounts");
        }
        w->fd = fd;
        return 0;
}

int mount_watch_look(MountWatch *w, const PlanRoot *root, Error *err)
{
        CLEANUP_STRLIST StrList now = {0};
        int r = list_mounts(w->fd, &now);
        if (r < 0)
                return error_set_errno(err, r, "cannot read the sandbox's mounts");
        for (size_t i = 0; i < w->mounts.n; i++) {
                const char *line = w->mounts.items[i];
                char path[256];
                size_t len;
                if (has_mount(&now, line))
                        continue;
                const char *target = field(line, FIELD_TARGET, &len);
                decode(target, len, path, sizeof(path));
                if (!is_own_file(root, line))
                        return lost(err, path);
                log_notice("'%s' was replaced on the host: the sandbox now sees the host's file", path);
        }
        strlist_clear(&w->mounts);
        w->mounts = now;
        now = (StrList){0};
        return 0;
}

void mount_watch_end(MountWatch *w)
{
        w->fd = fd_close(w->fd);
        /* The kernel takes some 15 ms to close an inotify instance: it waits for a grace period
         * (fs/notify/mark.c). */
        fds_abandon(&w->renames, 1);
        w->renames = FD_NONE;
        strlist_clear(&w->mounts);
        strlist_clear(&w->paths);
}
