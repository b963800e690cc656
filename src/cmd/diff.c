/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung diff". */
#include "base/colour.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "changes/applied.h"
#include "cmd/changes.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/pager.h"
#include "cmd/patch.h"
#include "plan/host.h"

#include <fcntl.h>
#include <limits.h>

typedef struct Diff {
        bool all, stat, json, name_only, patch, raw, colour, no_pager;
        ChangesCursor cursor;
        Selection *selection;
        PatchOptions patch_options;
        const char *home;
        Applied applied;
        uint64_t n[CHANGE_REFUSED + 1], flagged, bytes;
        uint64_t files_in, bytes_in; /* of the current new directory */
        uint64_t files_mark;
        bool first;
} Diff;

static const char *const kind_names[] = {"none", "added", "modified", "deleted", "refused"};

static void add_stat(struct json_object *o, const char *prefix, const ChangeFile *f)
{
        char key[32], text[16];
        if (f->mode == 0)
                return;
        (void)snprintf(key, sizeof(key), "%stype", prefix);
        json_add_string(o, key, changes_type_name(f->mode));
        (void)snprintf(key, sizeof(key), "%smode", prefix);
        (void)snprintf(text, sizeof(text), "%04o", f->mode & 07777);
        json_add_string(o, key, text);
        (void)snprintf(key, sizeof(key), "%suid", prefix);
        json_add_int(o, key, f->uid);
        (void)snprintf(key, sizeof(key), "%sgid", prefix);
        json_add_int(o, key, f->gid);
        if (S_ISREG(f->mode)) {
                (void)snprintf(key, sizeof(key), "%ssize", prefix);
                json_add_int(o, key, (int64_t)f->size);
        }
}

static void add_what(struct json_object *o, unsigned what)
{
        static const struct {
                unsigned bit;
                const char *name;
        } names[] = {{CHANGE_TYPE, "type"},   {CHANGE_CONTENT, "content"}, {CHANGE_MODE, "mode"},
                     {CHANGE_OWNER, "owner"}, {CHANGE_XATTRS, "xattrs"},   {CHANGE_LINKS, "links"}};
        struct json_object *a = json_new_array();
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (what & names[i].bit)
                        json_append_string(a, names[i].name);
        json_add(o, "what", a);
}

/* Whether a new file of a private home exists on the host, too: the command could not add to that one. What
 * was applied is the command's. */
static bool is_unseen(const Diff *d, const Change *c)
{
        struct stat st;
        return d->cursor.layer->engine == CHANGES_SCRATCH && c->kind == CHANGE_ADDED &&
               !S_ISDIR(c->now.mode) &&
               fstatat(AT_FDCWD, d->cursor.path.text, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               !applied_has(&d->applied, &st);
}

static void print_json(Diff *d, const Change *c, const char *flag)
{
        struct json_object *o = json_new_object();
        const char *path = d->cursor.path.text;
        json_add_string(o, "path", path);
        /* U+FFFD replaces bytes that are not UTF-8; this member has the original bytes. */
        if (!text_is_utf8(path))
                json_add_bytes(o, "path_escaped", path);
        json_add_string(o, "change", kind_names[c->kind]);
        if (c->kind == CHANGE_MODIFIED)
                add_what(o, c->what);
        add_stat(o, "", &c->now);
        add_stat(o, "before_", &c->before);
        if (c->target[0])
                json_add_string(o, "target", c->target);
        if (c->why[0])
                json_add_string(o, "why", c->why);
        if (flag)
                json_add_string(o, "flag", flag);
        if (d->cursor.layer->engine == CHANGES_SCRATCH)
                json_add_bool(o, "private_home", true);
        if (is_unseen(d, c))
                json_add_bool(o, "unseen_on_host", true);
        (void)fputs(d->first ? "\n  " : ",\n  ", stdout);
        json_print_line(stdout, o);
        d->first = false;
}

static void print_details(const Change *c)
{
        const char *comma = " (";
        if (c->kind != CHANGE_MODIFIED)
                return;
        if (c->what & CHANGE_TYPE) {
                printf("%s%s -> %s", comma, changes_type_name(c->before.mode),
                       changes_type_name(c->now.mode));
                comma = ", ";
        }
        if (c->what & CHANGE_MODE) {
                printf("%smode %04o -> %04o", comma, c->before.mode & 07777, c->now.mode & 07777);
                comma = ", ";
        }
        if (c->what & CHANGE_OWNER) {
                printf("%sowner %u:%u -> %u:%u", comma, c->before.uid, c->before.gid, c->now.uid, c->now.gid);
                comma = ", ";
        }
        if (c->what & CHANGE_XATTRS) {
                printf("%sextended attributes", comma);
                comma = ", ";
        }
        if (c->what & CHANGE_LINKS) {
                printf("%s%u names", comma, c->now.nlink);
                comma = ", ";
        }
        if (str_eq(comma, ", "))
                (void)putchar(')');
}

static const char *letter_colour(char letter)
{
        return letter == 'A'   ? COLOUR_GREEN
               : letter == 'D' ? COLOUR_RED
               : letter == '!' ? COLOUR_BOLD_RED
                               : COLOUR_YELLOW;
}

static int print_line(Diff *d, const Change *c, const char *flag)
{
        CLEANUP_FREE char *shown = changes_show_path(d->cursor.path.text, c);
        char text[4 * PATH_MAX + 5], size[32];
        if (!shown)
                return -ENOMEM;
        if (d->name_only) {
                (void)puts(shown);
                return 0;
        }
        char letter = changes_letter(c);
        const char *colour = d->colour ? letter_colour(letter) : "", *reset = d->colour ? COLOUR_RESET : "";
        printf("%s%c%s  %s", colour, letter, reset, shown);
        print_details(c);
        if (is_unseen(d, c))
                (void)fputs(" (the host has another, which the command did not see)", stdout);
        if (c->target[0])
                printf(" -> %s", text_escape(c->target, text, sizeof(text)));
        if (d->stat && S_ISREG(c->now.mode))
                printf("  %s", changes_show_size(c->now.size, size, sizeof(size)));
        if (c->why[0])
                flag = text_escape(c->why, text, sizeof(text));
        if (flag)
                printf("  %s! %s%s", d->colour ? COLOUR_BOLD_RED : "", flag, reset);
        (void)putchar('\n');
        return 0;
}

static int show(Diff *d, ChangeEvent event, const Change *c)
{
        const char *flag = flags_of(c, d->cursor.path.text, d->home, getenv("PATH"));
        if (selection_mark_found(d->selection, d->cursor.path.text) < 0)
                return -ENOMEM;
        bool hidden = !d->all && changes_cursor_in_added(&d->cursor) && !flag && c->kind != CHANGE_REFUSED;
        d->n[c->kind]++;
        d->flagged += flag != NULL;
        /* The payload chooses the sizes, so the sum may overflow. */
        if (S_ISREG(c->now.mode) && __builtin_add_overflow(d->bytes, c->now.size, &d->bytes))
                d->bytes = UINT64_MAX;
        if (hidden && !d->patch)
                return 0;
        if (d->json) {
                print_json(d, c, flag);
                return 0;
        }
        if (!d->patch)
                return print_line(d, c, flag);
        /* The entries of a new directory show that it is new. */
        if (event == CHANGE_EVENT_ENTER && c->kind == CHANGE_ADDED && !flag)
                return 0;
        return patch_print(d->cursor.layer, d->cursor.path.text, c, flag, &d->patch_options, stdout);
}

static int take_change(void *userdata, ChangeEvent event, const Change *c)
{
        Diff *d = userdata;
        CLEANUP_FD UNUSED int fd = c->fd;
        int r = changes_cursor_take(&d->cursor, event, c);
        if (r == 0 && (event == CHANGE_EVENT_ENTER || event == CHANGE_EVENT_ENTRY) && c->kind != CHANGE_NONE)
                r = show(d, event, c);
        /* After the pipe or the pager is closed, nobody reads the rest. */
        return r == 0 && ferror(stdout) ? -EPIPE : r;
}

static void print_summary(const Diff *d)
{
        char size[32];
        uint64_t n = d->n[CHANGE_ADDED] + d->n[CHANGE_MODIFIED] + d->n[CHANGE_DELETED] + d->n[CHANGE_REFUSED];
        if (n == 0)
                return;
        printf("%llu added, %llu modified, %llu deleted", (unsigned long long)d->n[CHANGE_ADDED],
               (unsigned long long)d->n[CHANGE_MODIFIED], (unsigned long long)d->n[CHANGE_DELETED]);
        if (d->n[CHANGE_REFUSED])
                printf(", %llu refused", (unsigned long long)d->n[CHANGE_REFUSED]);
        printf("; %s", changes_show_size(d->bytes, size, sizeof(size)));
        if (d->flagged)
                printf("; %llu flagged (!)", (unsigned long long)d->flagged);
        (void)putchar('\n');
}

static int diff(Diff *d, const StrList *words, StrList *excludes, Error *err)
{
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        CLEANUP_FREE char *home = NULL;
        bool gone = false;
        ReaderOptions options = {.want_content = d->patch, .selection.excludes = *excludes};
        *excludes = (StrList){0};
        int r = d->json ? json_load(err) : 0;
        if (r == 0)
                r = changes_open("diff", words, &kept, &options.selection, err);
        if (r == 0 && host_home(&home) < 0)
                r = error_no_memory(err);
        if (r == 0 && applied_load(&d->applied, kept.dir.fd) < 0)
                r = error_set(err, EBADMSG, "cannot read what was applied of '%s'", kept.dir.name);
        if (r == 0) {
                d->cursor.kept = &kept;
                /* cppcheck-suppress autoVariables ; not used after this function */
                d->selection = &options.selection;
                d->home = home;
                if (d->json)
                        (void)putchar('[');
                d->patch_options =
                        (PatchOptions){.colour = d->colour, .escaped = !d->raw || isatty(STDOUT_FILENO)};
                if (!d->json && !d->no_pager)
                        pager_start();
                r = reader_run(&kept, &options, take_change, d, err);
                if (r == -EPIPE)
                        r = 0;
                else if (r < 0)
                        (void)error_set_errno(err, r, "cannot read the changes");
                if (d->json)
                        (void)fputs(d->first ? "]\n" : "\n]\n", stdout);
                if (r == 0 && d->stat && !d->json)
                        print_summary(d);
                gone = ferror(stdout) != 0;
                pager_end();
        }
        if (r == 0 && !gone)
                (void)changes_tell_not_found(&options.selection, "no changes at");
        changes_cursor_clear(&d->cursor);
        applied_clear(&d->applied);
        selection_clear(&options.selection);
        return r;
}

int cmd_diff(int argc, char **argv)
{
        Diff d = {.first = true, .applied = APPLIED_NONE};
        CLEANUP_STRLIST StrList words = {0}, excludes = {0};
        Error err = {0};
        const char *colour = "auto";
        ColourWhen when = COLOUR_AUTO;
        const CmdOption options[] = {
                {"all", 'a', NULL, "list the content of new directories", .flag = &d.all},
                {"stat", 0, NULL, "show sizes and the total", .flag = &d.stat},
                {"name-only", 0, NULL, "print paths only", .flag = &d.name_only},
                {"patch", 'p', NULL, "show the changed lines", .flag = &d.patch},
                {"raw", 0, NULL, "with --patch, do not escape bytes, for patch(1)", .flag = &d.raw},
                {"json", 0, NULL, "print as JSON", .flag = &d.json},
                {"exclude", 'x', "PATTERN", "leave out matching paths; may be repeated", .list = &excludes},
                {"color", 0, "WHEN", "colours: auto, always or never", .value = &colour},
                {"no-pager", 0, NULL, "do not use a pager", .flag = &d.no_pager},
        };
        const CmdUsage usage = {"diff [OPTIONS] NAME [PATH...]", "Show the changes of the kept sandbox NAME.",
                                "A added, M modified, T type changed, D deleted, ! refused. A new directory "
                                "is one line.\n"
                                "An exclamation mark after the path flags a file that some program would run "
                                "or trust later.",
                                options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 0 && d.json + d.patch + d.name_only > 1)
                r = error_set(&err, EINVAL, "diff: --json, --patch and --name-only exclude each other");
        if (r == 0 && d.raw && !d.patch)
                r = error_set(&err, EINVAL, "diff: --raw requires --patch");
        if (r == 0 && colour_parse(colour, &when) < 0)
                r = error_set(&err, EINVAL, "diff: --color=%.60s: must be auto, always or never", colour);
        if (r == 0 && d.raw && when == COLOUR_ALWAYS)
                r = error_set(&err, EINVAL, "diff: --raw and --color=always exclude each other");
        /* Asked before the pager takes the place of the terminal. */
        d.colour = !d.json && colour_wanted(STDOUT_FILENO, when);
        if (r == 0)
                r = diff(&d, &words, &excludes, &err);
        return r < 0 ? command_failed(&err, r) : 0;
}
