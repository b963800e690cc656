/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a kept sandbox for diff, apply and export, and formats changes. */
#include "cmd/changes.h"

#include "base/log.h"
#include "cmd/names.h"
#include "state/live.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

static int push(ChangesCursor *p, size_t start, bool added)
{
        if (ARRAY_GROW(p->dirs, p->depth, p->room, 64) < 0)
                return -ENOMEM;
        p->dirs[p->depth++] = (ChangesPlaceDir){.start = start, .added = added};
        return 0;
}

int changes_cursor_take(ChangesCursor *p, ChangeEvent event, const Change *c)
{
        size_t before;
        if (p->entry)
                pathbuf_pop(&p->path, p->before);
        p->entry = false;
        switch (event) {
        case CHANGE_EVENT_LAYER:
                if (c->now.ino >= p->kept->record.n_layers)
                        return -EBADMSG;
                p->layer = &p->kept->record.layers[c->now.ino];
                p->depth = 0;
                return pathbuf_set(&p->path, p->layer->dest);
        case CHANGE_EVENT_ENTER:
                if (!p->layer)
                        return -EBADMSG;
                before = p->path.len;
                if (pathbuf_push(&p->path, c->name, &before) < 0)
                        return -ENOMEM;
                return push(p, before,
                            c->kind == CHANGE_ADDED || (c->what & CHANGE_TYPE) ||
                                    (p->depth > 0 && p->dirs[p->depth - 1].added));
        case CHANGE_EVENT_LEAVE:
                if (p->depth == 0)
                        return -EBADMSG;
                p->before = p->dirs[--p->depth].start;
                p->entry = true;
                return 0;
        case CHANGE_EVENT_ENTRY:
                if (p->depth == 0)
                        return -EBADMSG;
                p->entry = true;
                return pathbuf_push(&p->path, c->name, &p->before);
        case CHANGE_EVENT_TOTAL:
        case CHANGE_EVENT_END:
                return 0;
        }
        return -EBADMSG;
}

bool changes_cursor_in_added(const ChangesCursor *p)
{
        size_t above = p->entry ? p->depth : p->depth - 1;
        return above > 0 && p->dirs[above - 1].added;
}

void changes_cursor_clear(ChangesCursor *p)
{
        pathbuf_clear(&p->path);
        free(p->dirs);
        *p = (ChangesCursor){0};
}

/* Opens a kept sandbox; for diff, also one that is running. */
static int open_kept(const char *command, const char *name, Kept *ret, Error *err)
{
        CLEANUP(live_clear) Live live = LIVE_NONE;
        Error why = {0}, none = {0};
        int r = kept_open(name, ret, &why);
        if ((r == -EBUSY || r == -ENOENT) && live_open(name, &live, &none) == 0) {
                if (!live.record.kept)
                        return error_set(
                                err, ENOENT,
                                "the sandbox '%s' does not keep its changes (start it with --keep to see and "
                                "apply them)",
                                name);
                if (str_eq(command, "diff")) {
                        log_notice("'%s' is running: these are its changes so far", name);
                        return kept_open_running(name, ret, err);
                }
        }
        if (r < 0)
                *err = why;
        return r;
}

int changes_open(const char *command, const StrList *words, Kept *ret, Selection *selection, Error *err)
{
        char here[PATH_MAX];
        if (words->n == 0)
                return error_set(err, EINVAL, "%s: no sandbox given; see \"kurung %s --help\"", command,
                                 command);
        const char *cwd = getcwd(here, sizeof(here)) ? here : NULL;
        for (size_t i = 1; i < words->n; i++) {
                int r = selection_add_path(selection, words->items[i], cwd);
                if (r < 0)
                        return error_set_errno(err, r, "%s: invalid path '%.200s'", command, words->items[i]);
        }
        for (size_t i = 0; i < selection->excludes.n; i++) {
                CLEANUP_FREE char *pattern = strdup(selection->excludes.items[i]);
                char *clean = NULL;
                if (!pattern)
                        return error_no_memory(err);
                if (!strchr(pattern, '/'))
                        continue;
                StrList one = {0};
                Selection s = {.excludes = one};
                int r = selection_add_exclude(&s, pattern, cwd);
                if (r == 0)
                        clean = strdup(s.excludes.items[0]);
                selection_clear(&s);
                if (r < 0 || !clean)
                        return error_set_errno(err, r < 0 ? r : -ENOMEM, "%s: invalid pattern '%.200s'",
                                               command, pattern);
                free(selection->excludes.items[i]);
                selection->excludes.items[i] = clean;
        }
        const char *name;
        char room[NAMES_ROOM];
        int r = str_eq(command, "apply")
                        ? names_complete_to_change(words->items[0], NAMES_KEPT, room, &name, err)
                        : names_complete(words->items[0], NAMES_KEPT, room, &name, err);
        return r < 0 ? r : open_kept(command, name, ret, err);
}

bool changes_tell_not_found(const Selection *selection, const char *unchanged)
{
        bool any = false;
        for (size_t i = 0; i < selection->paths.n; i++) {
                const char *path = selection->paths.items[i];
                if (selection_has_found(selection, i))
                        continue;
                bool exists = faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
                log_notice("%s '%s'", exists ? unchanged : "no changes at", changes_relative(path));
                any = any || !exists;
        }
        return any;
}

char changes_letter(const Change *c)
{
        switch (c->kind) {
        case CHANGE_ADDED:
                return 'A';
        case CHANGE_DELETED:
                return 'D';
        case CHANGE_MODIFIED:
                return c->what & CHANGE_TYPE ? 'T' : 'M';
        case CHANGE_REFUSED:
                return '!';
        case CHANGE_NONE:
                break;
        }
        return ' ';
}

const char *changes_type_name(uint32_t mode)
{
        switch (mode & S_IFMT) {
        case S_IFREG:
                return "file";
        case S_IFDIR:
                return "directory";
        case S_IFLNK:
                return "link";
        case S_IFIFO:
                return "fifo";
        case S_IFSOCK:
                return "socket";
        case S_IFCHR:
        case S_IFBLK:
                return "device";
        default:
                return "unknown";
        }
}

const char *changes_relative(const char *path)
{
        static char here[PATH_MAX];
        if (!here[0] && !getcwd(here, sizeof(here)))
                here[0] = '?';
        size_t n = strlen(here);
        if (n > 1 && strncmp(path, here, n) == 0 && (path[n] == '/' || path[n] == '\0'))
                path = path[n] ? path + n + 1 : ".";
        return path;
}

char *changes_show_path(const char *path, const Change *c)
{
        path = changes_relative(path);
        size_t room = 4 * strlen(path) + 6;
        char *out = malloc(room);
        if (!out)
                return NULL;
        size_t len = strlen(text_escape(path, out, room - 1));
        if (S_ISDIR(c->now.mode ? c->now.mode : c->before.mode) && len > 0 && out[len - 1] != '/')
                memcpy(out + len, "/", 2);
        return out;
}

char *changes_show_size(uint64_t size, char *out, size_t room)
{
        static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        if (size < 1024) {
                (void)snprintf(out, room, "%llu bytes", (unsigned long long)size);
                return out;
        }
        double value = (double)size / 1024;
        size_t unit = 0;
        while (value >= 1024 && unit + 1 < ARRAY_LEN(units)) {
                value /= 1024;
                unit++;
        }
        (void)snprintf(out, room, "%.1f %s", value, units[unit]);
        return out;
}
