/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the remaining changes of a private home that the user did not request. */
#include "cmd/applying.h"

#include "changes/below.h"

#include <fcntl.h>

/* Counts the changes of a private home that were not requested and not applied before. */
typedef struct Unasked {
        ChangesCursor cursor;
        const Applied *applied;
        int root_fd;
        uint64_t n;
} Unasked;

static bool is_applied(const Unasked *u, const Change *c)
{
        CLEANUP_FD int parent = FD_NONE;
        const char *name;
        struct stat st;
        const char *path = u->cursor.path.text + strlen(u->cursor.layer->dest);
        if (c->kind == CHANGE_REFUSED || below_open_parent(u->root_fd, path, &parent, &name) < 0 ||
            fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return false;
        return S_ISDIR(c->now.mode) ? S_ISDIR(st.st_mode) : applied_has(u->applied, &st);
}

static int count_unasked(void *userdata, ChangeEvent event, const Change *c)
{
        Unasked *u = userdata;
        fd_close(c->fd);
        int r = changes_cursor_take(&u->cursor, event, c);
        if (r == 0 && event == CHANGE_EVENT_LAYER) {
                u->root_fd = fd_close(u->root_fd);
                r = journal_open_target(u->cursor.layer, &u->root_fd);
        }
        bool change = event == CHANGE_EVENT_ENTER || event == CHANGE_EVENT_ENTRY;
        if (r == 0 && change && c->kind != CHANGE_NONE)
                u->n += !is_applied(u, c);
        return r;
}

int applying_count_home(Applying *p, const Kept *kept, Error *err)
{
        CLEANUP(applied_clear) Applied applied = APPLIED_NONE;
        const ReaderOptions options = {0};
        Kept homes = *kept; /* borrowed, with fewer layers */
        Unasked u = {.cursor = {.kept = &homes}, .applied = &applied, .root_fd = FD_NONE};
        ChangesLayer layers[KEPT_LAYERS_MAX];
        homes.record.layers = layers;
        homes.record.n_layers = 0;
        for (size_t i = 0; i < kept->record.n_layers; i++)
                if (kept->record.layers[i].engine == CHANGES_SCRATCH)
                        layers[homes.record.n_layers++] = kept->record.layers[i];
        if (!p->reader.only_named_scratch || homes.record.n_layers == 0 || p->reader.selection.paths.n > 0)
                return 0;
        int r = applied_load(&applied, kept->dir.fd);
        if (r == 0)
                r = reader_run(&homes, &options, count_unasked, &u, err);
        if (r < 0)
                (void)error_set_errno(err, r, "cannot read the changes of the home directory");
        fd_close(u.root_fd);
        changes_cursor_clear(&u.cursor);
        p->result.left[APPLY_HOME] += u.n;
        p->result.home_unasked = u.n > 0;
        return r;
}
