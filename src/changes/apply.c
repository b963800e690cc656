/* SPDX-License-Identifier: Apache-2.0 */
/* Applies changes to the host, step by step through the journal. */
#include "changes/apply.h"

#include "changes/apply_directory.h"
#include "changes/apply_entry.h"
#include "changes/apply_levels.h"

#include <fcntl.h>

static int begin_layer(Apply *a, size_t number)
{
        if (number >= a->n_layers)
                return -EBADMSG;
        a->layer = number;
        a->root_fd = fd_close(a->root_fd);
        links_clear(&a->links);
        int r = pathbuf_set(&a->path, "");
        if (r == 0)
                r = journal_open_target(&a->layers[number], &a->root_fd);
        return r < 0 ? error_set_errno(a->err, r, "cannot open '%s', the destination of the changes",
                                       changes_layer_target(&a->layers[number]))
                     : 0;
}

int apply_begin(Apply *a, const ApplyOptions *options, int sandbox_fd, const ChangesLayer *layers, size_t n,
                Journal *journal, const StrList *command, Error *err)
{
        *a = (Apply){
                .options = *options,
                .sandbox_fd = sandbox_fd,
                .layers = layers,
                .n_layers = n,
                .root_fd = FD_NONE,
                .journal = journal,
                .command = command,
                .dirs.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                .applied = APPLIED_NONE,
                .err = err,
        };
        int r = hostdirs_read(sandbox_fd, &a->host, err);
        if (r < 0)
                return r;
        r = applied_load(&a->applied, sandbox_fd);
        return r < 0 ? error_set_errno(err, r, "cannot read the list of applied changes") : 0;
}

int apply_take(void *userdata, ChangeEvent event, const Change *c)
{
        Apply *a = userdata;
        CLEANUP_FD UNUSED int fd = c->fd;
        switch (event) {
        case CHANGE_EVENT_LAYER:
                return begin_layer(a, (size_t)c->now.ino);
        case CHANGE_EVENT_ENTER:
                return a->root_fd < 0 ? -EBADMSG : apply_enter(a, c);
        case CHANGE_EVENT_ENTRY:
                return a->dirs.n == 0 ? -EBADMSG : apply_take_entry(a, c);
        case CHANGE_EVENT_LEAVE:
                return a->dirs.n == 0 ? -EBADMSG : apply_leave(a);
        case CHANGE_EVENT_TOTAL:
                return 0;
        case CHANGE_EVENT_END:
                return applied_flush(&a->applied);
        }
        return -EBADMSG;
}

int apply_record(Apply *a)
{
        return a->host.changed && !a->options.dry_run ? hostdirs_write(a->sandbox_fd, &a->host) : 0;
}

void apply_clear(Apply *a)
{
        hostdirs_clear(&a->host);
        apply_levels_clear(a);
        pathbuf_clear(&a->path);
        applied_clear(&a->applied);
        links_clear(&a->links);
        a->root_fd = fd_close(a->root_fd);
}
