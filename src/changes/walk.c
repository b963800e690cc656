/* SPDX-License-Identifier: Apache-2.0 */
/* Walks an upper directory and reports each difference from the lower. */
#include "changes/walk.h"

#include "base/lookup.h"
#include "base/path.h"
#include "changes/compare.h"
#include "changes/names.h"
#include "changes/repository.h"
#include "changes/walk_classify.h"
#include "changes/walk_read.h"
#include "plan/plan.h"

#include <fcntl.h>
#include <stdio.h>

/* One directory on the way down. */
struct WalkLevel {
        Names names;
        bool deletions; /* second pass: names of the lower that the upper lacks */
        bool opaque;    /* it has no entries of the lower */
        bool covered;   /* another mount covers something below it */
        Selected selected;
        uint32_t repository; /* Change.below_repository of its entries */
        size_t path_before;
};

static int tell(Walk *w, ChangeEvent event, const Change *c)
{
        return w->total ? 0 : w->sink(w->userdata, event, c);
}

static Change new_change(const char *name)
{
        return (Change){.name = name, .target = "", .why = "", .xattrs = "", .fd = FD_NONE};
}

static int refuse(Walk *w, const char *name, const ChangeFile *now, int r, const char *what)
{
        Change c = new_change(name);
        c.kind = CHANGE_REFUSED;
        c.selected = true;
        c.now = *now;
        (void)snprintf(w->why, sizeof(w->why), r < 0 ? "%s: %s" : "%s", what, r < 0 ? strerror(-r) : "");
        c.why = w->why;
        return tell(w, CHANGE_EVENT_ENTRY, &c);
}

static WalkLevel *top(Walk *w)
{
        return &w->levels[w->upper.n - 1];
}

static bool has_capability(const Change *c)
{
        const char *name, *value;
        size_t len;
        for (size_t at = 0; change_next_xattr(c, &at, &name, &value, &len);)
                if (str_eq(name, "security.capability"))
                        return true;
        return false;
}

static bool covers_below(const Walk *w)
{
        for (size_t i = 0; i < w->layer->covered.n; i++)
                if (path_is_below(w->layer->covered.items[i], w->path.text))
                        return true;
        return false;
}

static int push_level(Walk *w, const WalkLevel *level, int upper_fd, int lower_fd)
{
        CLEANUP_FD int upper = upper_fd, lower = lower_fd;
        int r = ARRAY_GROW(w->levels, w->upper.n, w->room, 64);
        if (r == 0)
                r = dirstack_push(&w->upper, TAKE_FD(upper));
        if (r == 0)
                r = dirstack_push(&w->lower, TAKE_FD(lower));
        if (r < 0)
                return r;
        *top(w) = *level;
        names_begin(&top(w)->names);
        return 0;
}

static int pop_level(Walk *w)
{
        WalkLevel *l = top(w);
        size_t before = l->path_before;
        names_clear(&l->names, &w->names_used);
        int r = dirstack_pop(&w->upper);
        int rl = dirstack_pop(&w->lower);
        pathbuf_pop(&w->path, before);
        return r < 0 ? r : rl;
}

static bool has_opaque_file(int fd)
{
        struct stat st;
        return fstatat(fd, MARKS_OPAQUE_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 && mark_is_written(&st);
}

/* Reports and enters a directory of the upper. w->path is its path, @path_before the length without it. */
static int visit_directory(Walk *w, Change *c, size_t path_before, Selected selected, bool parent_opaque)
{
        CLEANUP_FD int upper = FD_NONE, lower = FD_NONE;
        WalkLevel level = {.path_before = path_before, .selected = selected};
        Marks marks = {0};
        int r = walk_open_upper(w, c->name[0] ? c->name : ".", O_RDONLY | O_DIRECTORY, &upper);
        bool compared = !w->total && !w->options->only_directories;
        if (r == 0 && compared)
                r = walk_read_marks(w, dirstack_top(&w->upper), c->name, &marks, &c->xattrs_len);
        if (r < 0 || marks.forged) {
                pathbuf_pop(&w->path, path_before);
                return refuse(w, c->name, &c->now, r, r < 0 ? "it cannot be read" : "a forged redirect");
        }
        c->xattrs = w->xattrs;
        level.opaque =
                parent_opaque || marks.opaque || (w->layer->engine == CHANGES_FUSE && has_opaque_file(upper));
        if (S_ISDIR(c->before.mode))
                lower = openat(dirstack_top(&w->lower), c->name,
                               O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        level.repository = repository_is(upper, lower) ? 1 : top(w)->repository ? top(w)->repository + 1 : 0;
        c->opaque = level.opaque && S_ISDIR(c->before.mode);
        level.covered = covers_below(w);
        if (compared)
                r = walk_classify(w, c);
        /* kurung created it as a mount point. */
        if (c->kind == CHANGE_ADDED && level.covered)
                c->kind = CHANGE_NONE;
        if (!c->selected)
                c->kind = CHANGE_NONE;
        if (r == 0)
                r = tell(w, CHANGE_EVENT_ENTER, c);
        return r < 0 ? r : push_level(w, &level, TAKE_FD(upper), TAKE_FD(lower));
}

static int visit_file(Walk *w, Change *c)
{
        Marks marks = {0};
        int r = 0;
        if (S_ISREG(c->now.mode)) {
                r = walk_read_marks(w, dirstack_top(&w->upper), c->name, &marks, &c->xattrs_len);
                c->xattrs = w->xattrs;
                c->capabilities = c->xattrs_len > 0 && has_capability(c);
        } else if (S_ISLNK(c->now.mode)) {
                ssize_t n = readlinkat(dirstack_top(&w->upper), c->name, w->target, sizeof(w->target) - 1);
                r = n < 0 ? -errno : 0;
                w->target[n < 0 ? 0 : n] = '\0';
                c->target = w->target;
        }
        if (r == 0 && marks.forged)
                return refuse(w, c->name, &c->now, 0, "a forged redirect");
        if (r == 0)
                r = walk_classify(w, c);
        if (r == 0 && c->kind != CHANGE_NONE && S_ISREG(c->now.mode) && w->options->want_content)
                r = walk_open_upper(w, c->name, O_RDONLY, &c->fd);
        if (r < 0)
                return refuse(w, c->name, &c->now, r, "it cannot be read");
        return c->kind == CHANGE_NONE ? 0 : tell(w, CHANGE_EVENT_ENTRY, c);
}

static int visit_deleted(Walk *w, const char *name)
{
        struct stat st;
        Change c = new_change(name);
        size_t before;
        int r = walk_stat_lower(w, name, &c.before);
        if (r < 0 || c.before.mode == 0)
                return r;
        /* An existing file takes precedence (".wh.NAME" beside NAME). */
        if (walk_stat_upper(w, name, &st) == 0 && !mark_is_whiteout(w->layer->engine, &st))
                return 0;
        r = pathbuf_push(&w->path, name, &before);
        if (r < 0)
                return r;
        c.kind = CHANGE_DELETED;
        c.selected = selection_of(w->options->selection, w->path.text, top(w)->selected) == SELECTED_YES &&
                     !strlist_has(&w->layer->covered, w->path.text);
        pathbuf_pop(&w->path, before);
        return c.selected ? tell(w, CHANGE_EVENT_ENTRY, &c) : 0;
}

/* Reports an entry of the upper that is not a mark. */
static int visit_entry(Walk *w, const char *name, const struct stat *st)
{
        Change c = new_change(name);
        size_t before;
        bool parent_opaque = top(w)->opaque;
        int r = pathbuf_push(&w->path, name, &before);
        if (r < 0)
                return r;
        Selected selected = selection_of(w->options->selection, w->path.text, top(w)->selected);
        bool directory = S_ISDIR(st->st_mode);
        if (selected == SELECTED_NO || (selected == SELECTED_ON_THE_WAY && !directory) ||
            (top(w)->covered && strlist_has(&w->layer->covered, w->path.text))) {
                pathbuf_pop(&w->path, before);
                return 0;
        }
        c.now = walk_describe(w, st);
        c.selected = selected == SELECTED_YES;
        c.below_repository = top(w)->repository;
        r = walk_stat_lower(w, name, &c.before);
        if (r == 0 && w->total) {
                w->total->entries++;
                w->total->bytes += S_ISREG(st->st_mode) ? compare_held(st) : 0;
        }
        bool wanted = !w->options->only_directories || (directory && S_ISDIR(c.before.mode));
        if (r == 0 && directory && wanted)
                return visit_directory(w, &c, before, selected, parent_opaque);
        pathbuf_pop(&w->path, before);
        return r < 0 ? r : w->total || !wanted ? 0 : visit_file(w, &c);
}

static int visit_name(Walk *w, const char *name)
{
        const char *deleted;
        struct stat st;
        if (w->options->only_directories && walk_stat_upper(w, name, &st) == 0 && !S_ISDIR(st.st_mode))
                return 0;
        MarkKind mark = mark_of_name(w->layer->engine, name, &deleted);
        if (mark == MARK_FORGED)
                return refuse(w, name, &(ChangeFile){0}, 0, "a forged whiteout");
        int r = walk_stat_upper(w, name, &st);
        if (r < 0)
                return r == -ENOENT ? 0 : refuse(w, name, &(ChangeFile){0}, r, "it cannot be examined");
        /* fuse-overlayfs 1.10 leaves a whiteout ".wh..opq" in each directory that it makes. It deletes only a
         * mark. */
        if (mark != MARK_NONE && mark_is_whiteout(w->layer->engine, &st))
                return 0;
        if (mark != MARK_NONE && !mark_is_written(&st))
                return refuse(w, name, &(ChangeFile){0}, 0, "a forged whiteout");
        if (mark == MARK_OPAQUE)
                return 0;
        if (mark == MARK_WHITEOUT)
                return top(w)->opaque || w->total ? 0 : visit_deleted(w, deleted);
        if (mark_is_whiteout(w->layer->engine, &st))
                return top(w)->opaque || w->total ? 0 : visit_deleted(w, name);
        return visit_entry(w, name, &st);
}

/* Starts the second pass over an opaque directory: entries of the lower that the upper lacks. */
static int begin_deletions(Walk *w)
{
        WalkLevel *l = top(w);
        l->deletions = true;
        names_clear(&l->names, &w->names_used);
        bool compared = !w->total && !w->options->only_directories;
        if (l->opaque && dirstack_top(&w->lower) >= 0 && compared && l->selected == SELECTED_YES)
                names_begin(&l->names);
        return 0;
}

static int next_name(Walk *w, const char **ret)
{
        CLEANUP_FD int fd = FD_NONE;
        WalkLevel *l = top(w);
        if (!l->deletions)
                return names_next(&l->names, dirstack_top(&w->upper), &w->names_used, ret);
        if (l->names.next == l->names.n && l->names.more) {
                fd = openat(dirstack_top(&w->lower), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                /* The lower cannot be listed, so its deletions are unknown. */
                if (fd < 0)
                        l->names.more = false;
        }
        return names_next(&l->names, fd, &w->names_used, ret);
}

static int walk_tree(Walk *w)
{
        while (w->upper.n > 0) {
                const char *name;
                int r = next_name(w, &name);
                if (r == 0 && name)
                        r = top(w)->deletions ? visit_deleted(w, name) : visit_name(w, name);
                else if (r == 0 && !top(w)->deletions)
                        r = begin_deletions(w);
                else if (r == 0) {
                        Change c = new_change("");
                        r = tell(w, CHANGE_EVENT_LEAVE, &c);
                        if (r == 0)
                                r = pop_level(w);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Enters the top of the layer, an entry without a name. */
static int begin_layer(Walk *w, int upper_fd, int lower_fd)
{
        struct stat st, lower_st;
        Change c = new_change("");
        WalkLevel level = {.selected = selection_of(w->options->selection, w->layer->dest, SELECTED_NO)};
        Marks marks = {0};
        if (fstat(upper_fd, &st) < 0)
                return -errno;
        c.now = walk_describe(w, &st);
        c.selected = level.selected == SELECTED_YES;
        level.covered = covers_below(w);
        level.path_before = w->path.len;
        c.below_repository = repository_count_below(w->layer);
        level.repository = repository_is(upper_fd, lower_fd) ? 1
                           : c.below_repository              ? c.below_repository + 1
                                                             : 0;
        int r = push_level(w, &level, upper_fd, lower_fd);
        if (r < 0 || w->total)
                return r;
        if (w->options->only_directories)
                return tell(w, CHANGE_EVENT_ENTER, &c);
        if (lower_fd >= 0 && fstat(lower_fd, &lower_st) == 0) {
                c.before = walk_describe(w, &lower_st);
                r = walk_read_marks(w, dirstack_top(&w->upper), "", &marks, &c.xattrs_len);
                c.xattrs = w->xattrs;
                if (r == 0)
                        r = walk_classify(w, &c);
                top(w)->opaque = marks.opaque;
        }
        if (r == 0 && !c.selected)
                c.kind = CHANGE_NONE;
        return r < 0 ? r : tell(w, CHANGE_EVENT_ENTER, &c);
}

bool walk_is_wanted(const ChangesLayer *layer, const WalkOptions *options)
{
        const Selection *s = options->selection;
        if (strlist_has(&layer->covered, layer->dest))
                return false;
        if (options->no_images && layer->image.n > 0)
                return false;
        if (options->only_named_scratch && layer->engine == CHANGES_SCRATCH) {
                for (size_t i = 0; i < s->paths.n; i++)
                        if (path_is_below(s->paths.items[i], layer->dest))
                                return true;
                return false;
        }
        return selection_of(s, layer->dest, SELECTED_NO) != SELECTED_NO;
}

static int open_lower(Walk *w, int *ret_fd, Error *err)
{
        const ChangesLayer *layer = w->layer;
        const WalkOptions *options = w->options;
        /* A link in its place must not be followed. */
        int r = layer->lower ? lookup_open_plain(layer->lower, O_PATH | O_DIRECTORY, ret_fd) : 0;
        if (r < 0)
                return error_set_errno(err, r, "cannot open '%s', the lower directory of the sandbox",
                                       layer->lower);
        if (layer->lower || layer->image.n == 0 || w->total)
                return 0;
        if (!options->open_image || (!w->gained && !walk_gain(w, -EACCES)))
                return error_set(err, ENOTSUP, "cannot read the layers of the sandbox's image");
        r = options->open_image(options->userdata, layer, ret_fd);
        return r < 0 ? error_set_errno(err, r, "cannot combine the layers of the sandbox's image") : 0;
}

static int walk_layer(Walk *w, int sandbox_fd, Error *err)
{
        char name[PLAN_LAYER_PATH_MAX];
        (void)plan_layer_path(w->layer->engine == CHANGES_FUSE, w->layer->name, "upper", name);
        CLEANUP_FD int upper = openat(sandbox_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (upper < 0 && walk_gain(w, -errno))
                upper = openat(sandbox_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (upper < 0 && errno == ENOENT)
                return 0; /* the run ended before it was created */
        if (upper < 0)
                return error_set_errno(err, errno, "cannot open the layer of '%s'", w->layer->dest);
        CLEANUP_FD int lower = FD_NONE;
        int r = open_lower(w, &lower, err);
        if (r < 0)
                return r;
        r = pathbuf_set(&w->path, w->layer->dest);
        if (r == 0)
                r = begin_layer(w, TAKE_FD(upper), TAKE_FD(lower));
        return r < 0 ? r : walk_tree(w);
}

static void walk_clear(Walk *w)
{
        for (size_t i = 0; i < w->upper.n; i++)
                names_clear(&w->levels[i].names, &w->names_used);
        free(w->levels);
        w->levels = NULL;
        w->room = 0;
        dirstack_clear(&w->upper);
        dirstack_clear(&w->lower);
        pathbuf_clear(&w->path);
}

static int walk_all(int sandbox_fd, const ChangesLayer *layers, size_t n, const WalkOptions *options,
                    ChangeSink sink, void *userdata, WalkTotal *total, Error *err)
{
        Walk *w = calloc(1, sizeof(*w));
        int r = 0;
        if (!w)
                return error_no_memory(err);
        *w = (Walk){.options = options, .sink = sink, .userdata = userdata, .total = total};
        w->upper.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
        w->lower.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
        for (size_t i = 0; r == 0 && i < n; i++) {
                Change c = new_change("");
                c.now.ino = i;
                if (!walk_is_wanted(&layers[i], options))
                        continue;
                w->layer = &layers[i];
                r = tell(w, CHANGE_EVENT_LAYER, &c);
                if (r == 0)
                        r = walk_layer(w, sandbox_fd, err);
                walk_clear(w);
                if (r < 0)
                        (void)error_set_errno(err, r, "cannot read the changes of '%s'", layers[i].dest);
        }
        free(w);
        return r;
}

int walk_layers(int sandbox_fd, const ChangesLayer *layers, size_t n, const WalkOptions *options,
                ChangeSink sink, void *userdata, Error *err)
{
        return walk_all(sandbox_fd, layers, n, options, sink, userdata, NULL, err);
}

int walk_count(int sandbox_fd, const ChangesLayer *layers, size_t n, const WalkOptions *options,
               WalkTotal *ret, Error *err)
{
        *ret = (WalkTotal){0};
        return walk_all(sandbox_fd, layers, n, options, NULL, NULL, ret, err);
}
