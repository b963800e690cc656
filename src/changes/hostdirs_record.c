/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the directories of the uppers, and records those of the host that have the same path. */
#include "changes/hostdirs_record.h"

#include "changes/below.h"
#include "changes/dirstack.h"
#include "changes/journal.h"
#include "changes/pathbuf.h"
#include "changes/scan.h"
#include "changes/walk.h"

#include <fcntl.h>

typedef struct Recording {
        HostDirs dirs;
        Applied applied;
        const struct timespec *since;
        const ChangesLayer *layer;
        DirStack host; /* FD_NONE: does not exist there */
        PathBuf path;  /* below the layer's directory */
} Recording;

static void recording_clear(Recording *rec)
{
        hostdirs_clear(&rec->dirs);
        applied_clear(&rec->applied);
        dirstack_clear(&rec->host);
        pathbuf_clear(&rec->path);
}

static int add_line(Recording *rec, int fd)
{
        HostDir line;
        struct stat st;
        const char *path = rec->path.len > 0 ? rec->path.text : "/";
        uint64_t layer = hostdirs_layer(rec->layer);
        int r = hostdir_identify(fd, &line);
        if (r == 0 && fstat(fd, &st) < 0)
                r = -errno;
        if (r < 0)
                return r;
        bool applied = applied_has(&rec->applied, &st);
        HostDir *known = hostdirs_find(&rec->dirs, layer, path);
        if (known && (!applied || hostdir_is_same(known, &line)))
                return 0;
        line.layer = layer;
        line.state = hostdir_may_be_moved(fd, &st, rec->since, &rec->applied) ? HOST_DIR_DOUBTFUL
                     : scan_changed_since(&st, rec->since, &rec->applied)     ? HOST_DIR_CHANGED
                                                                              : HOST_DIR_SAME;
        if (!known)
                return hostdirs_add(&rec->dirs, line, path);
        line.path = known->path;
        *known = line;
        return 0;
}

/* A directory that cannot be recorded makes the record incomplete. */
static int enter(Recording *rec, const char *name)
{
        CLEANUP_FD int fd = FD_NONE;
        size_t before;
        int r = rec->host.n == 0 ? journal_open_target(rec->layer, &fd)
                : dirstack_top(&rec->host) < 0
                        ? -ENOENT
                        : below_open(dirstack_top(&rec->host), name, O_PATH | O_DIRECTORY | O_NOFOLLOW, &fd);
        int pushed = name[0] ? pathbuf_push(&rec->path, name, &before) : pathbuf_set(&rec->path, "");
        if (pushed < 0)
                return pushed;
        if (r == 0)
                r = add_line(rec, fd);
        if (r < 0 && r != -ENOENT)
                rec->dirs.complete = false;
        return dirstack_push(&rec->host, TAKE_FD(fd));
}

static int leave(Recording *rec)
{
        const char *slash = rec->path.len > 0 ? strrchr(rec->path.text, '/') : NULL;
        if (slash)
                pathbuf_pop(&rec->path, (size_t)(slash - rec->path.text));
        return dirstack_pop(&rec->host);
}

static int take_event(void *userdata, ChangeEvent event, const Change *c)
{
        Recording *rec = userdata;
        if (event == CHANGE_EVENT_ENTER)
                return enter(rec, c->name);
        if (event == CHANGE_EVENT_LEAVE)
                return leave(rec);
        /* A directory that cannot be read. */
        if (event == CHANGE_EVENT_ENTRY)
                rec->dirs.complete = false;
        return 0;
}

int hostdirs_record(int sandbox_fd, const ChangesLayer *layers, size_t n, const struct timespec *since,
                    Error *err)
{
        CLEANUP(recording_clear)
        Recording rec = {
                .applied = APPLIED_NONE, .since = since, .host.flags = O_PATH | O_DIRECTORY | O_CLOEXEC};
        const Selection all = {0};
        const WalkOptions options = {.selection = &all, .only_directories = true};
        int r = hostdirs_read(sandbox_fd, &rec.dirs, err);
        if (r < 0)
                return r;
        r = applied_load(&rec.applied, sandbox_fd);
        rec.dirs.complete = true;
        for (size_t i = 0; r == 0 && i < n; i++) {
                Error why = {0};
                rec.layer = &layers[i];
                /* Without a lower, the sandbox saw no directory of the host. */
                if (!layers[i].lower || layers[i].image.n > 0)
                        continue;
                if (walk_layers(sandbox_fd, rec.layer, 1, &options, take_event, &rec, &why) < 0)
                        rec.dirs.complete = false;
                dirstack_clear(&rec.host);
        }
        if (r == 0)
                r = hostdirs_write(sandbox_fd, &rec.dirs);
        return r < 0 ? error_set_errno(err, r, "cannot record the directories of the host") : 0;
}
