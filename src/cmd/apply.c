/* SPDX-License-Identifier: Apache-2.0 */
/* kurung apply. */
#include "base/defence.h"
#include "base/log.h"
#include "base/path.h"
#include "changes/apply.h"
#include "cmd/changes.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/patch.h"
#include "cmd/progress.h"
#include "plan/host.h"

#include <limits.h>
#include <stdio.h>

/** What apply exits with when something that was asked for was left. */
#define EXIT_LEFT 1
/* So many of a kind are named; of the rest only the number, unless -v. */
#define NAMED_MAX 20

typedef struct Applying {
        bool interactive, dry_run, force, resume, roll_back, verbose;
        ReaderOptions reader;
        char *home;
        bool all;     /* the rest needs no question */
        bool left;    /* something that was asked for */
        PathBuf sure; /* below it all was said yes to */
        Apply apply;
        Progress progress;
        uint64_t done;
        FILE *answers;
} Applying;

static char *path_in_sandbox(const ChangesLayer *layer, const char *path)
{
        return path[0] ? path_join(layer->dest, path) : strdup(layer->dest);
}

static void describe(const char *path, const Change *c, const char *flag)
{
        CLEANUP_FREE char *shown =
                changes_show_path(path, S_ISDIR(c->now.mode ? c->now.mode : c->before.mode));
        char target[4 * PATH_MAX + 5];
        (void)fprintf(stderr, "%c  %s", changes_letter(c), shown ? shown : "?");
        if (c->target[0])
                (void)fprintf(stderr, " -> %s", text_escape(c->target, target, sizeof(target)));
        if (flag)
                (void)fprintf(stderr, "  ! %s", flag);
        (void)fputc('\n', stderr);
}

/* One letter; the end of the input is a no to all. */
static int read_answer(Applying *p)
{
        char line[64];
        if (!fgets(line, sizeof(line), p->answers))
                return 'q';
        if (!strchr(line, '\n'))
                for (int c; (c = fgetc(p->answers)) != EOF && c != '\n';)
                        ;
        return line[0];
}

static ApplyAnswer question(Applying *p, const ChangesLayer *layer, const char *path, const Change *c,
                            const char *flag)
{
        const PatchOptions options = {.colour = isatty(STDERR_FILENO), .escaped = true};
        progress_pause(&p->progress);
        describe(path, c, flag);
        for (;;) {
                (void)fprintf(stderr, "Apply? [y]es, [n]o, [d]iff, [a]ll, [q]uit: ");
                switch (read_answer(p)) {
                case 'y':
                        return APPLY_TAKE;
                case 'n':
                        return APPLY_LEAVE;
                case 'a':
                        p->all = true;
                        return APPLY_TAKE;
                case 'q':
                        return APPLY_QUIT;
                case 'd':
                        (void)patch_print(layer, path, c, flag, &options, stderr);
                        (void)fflush(stderr);
                        break;
                default:
                        (void)fprintf(
                                stderr,
                                "y: take it; n: leave it; d: show what changed; a: take it and all that "
                                "follow; q: leave it and all that follow\n");
                }
        }
}

/* What needs a second look is taken only when it was named, or is said yes to. */
static ApplyAnswer ask_flagged(Applying *p, const ChangesLayer *layer, const char *path, const Change *c,
                               const char *flag)
{
        if (!defence_is_on(DEFENCE_FLAGS) || selection_names(&p->reader.selection, path))
                return APPLY_TAKE;
        if (p->dry_run || (!p->interactive && !isatty(STDIN_FILENO))) {
                log_notice("left: %s%s (%s): name it to take it", changes_relative(path),
                           S_ISDIR(c->now.mode) ? "/" : "", flag);
                p->left = true;
                return APPLY_LEAVE;
        }
        ApplyAnswer answer = question(p, layer, path, c, flag);
        p->left = p->left || answer != APPLY_TAKE;
        return answer;
}

static ApplyAnswer ask(void *userdata, const ChangesLayer *layer, const char *rel, const Change *c)
{
        Applying *p = userdata;
        CLEANUP_FREE char *path = path_in_sandbox(layer, rel);
        if (!path)
                return APPLY_LEAVE;
        const char *flag = flags_of(c, path, p->home);
        if (flag)
                return ask_flagged(p, layer, path, c, flag);
        bool below_sure = p->sure.len > 0 && path_is_below(path, p->sure.text);
        if (!p->interactive || p->all || below_sure)
                return APPLY_TAKE;
        ApplyAnswer answer = question(p, layer, path, c, NULL);
        /* A new directory is one question. */
        if (answer == APPLY_TAKE && c->kind == CHANGE_ADDED && S_ISDIR(c->now.mode) &&
            pathbuf_set(&p->sure, path) < 0)
                return APPLY_LEAVE;
        return answer;
}

static void report(void *userdata, ApplyReport what, const ChangesLayer *layer, const char *rel,
                   const Change *c, const char *why)
{
        static const char *const words[] = {
                [APPLY_DONE] = "",
                [APPLY_STRIPPED] = "taken, without",
                [APPLY_CONFLICT] = "conflict",
                [APPLY_NEEDS_ROOT] = "needs root",
                [APPLY_REFUSED] = "refused",
        };
        Applying *p = userdata;
        CLEANUP_FREE char *path = path_in_sandbox(layer, rel);
        if (what == APPLY_DONE) {
                p->done++;
                if (p->dry_run && path && c) {
                        CLEANUP_FREE char *shown =
                                changes_show_path(path, S_ISDIR(c->now.mode ? c->now.mode : c->before.mode));
                        printf("%c  %s\n", changes_letter(c), shown ? shown : "?");
                }
                return;
        }
        p->left = p->left || what != APPLY_STRIPPED;
        if (p->apply.reports[what] > NAMED_MAX && !p->verbose)
                return;
        progress_pause(&p->progress);
        const char *shown = path ? changes_relative(path) : "?",
                   *slash = c && S_ISDIR(c->now.mode) ? "/" : "";
        if (what == APPLY_STRIPPED)
                log_notice("%s %s: %s%s", words[what], why, shown, slash);
        else
                log_notice("%s: %s%s: %s", words[what], shown, slash, why);
}

static int take(void *userdata, ChangeEvent event, const Change *c)
{
        Applying *p = userdata;
        if (event == CHANGE_EVENT_TOTAL) {
                p->progress.files_total = c->now.ino;
                p->progress.bytes_total = c->now.size;
        }
        int r = apply_take(&p->apply, event, c);
        progress_update(&p->progress, p->apply.files, p->apply.bytes);
        return r;
}

static void note(void *userdata, const char *what, const char *path)
{
        (void)userdata;
        log_notice("%s: %s", path, what);
}

static void summarize(const Applying *p)
{
        static const struct {
                ApplyReport what;
                const char *text;
        } kinds[] = {{APPLY_CONFLICT, "in conflict"},
                     {APPLY_NEEDS_ROOT, "that need root"},
                     {APPLY_REFUSED, "refused"}};
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                uint64_t n = p->apply.reports[kinds[i].what];
                if (n > NAMED_MAX && !p->verbose)
                        log_notice("... and %llu more %s (-v names all)", (unsigned long long)(n - NAMED_MAX),
                                   kinds[i].text);
        }
        if (p->apply.reports[APPLY_CONFLICT] > 0)
                log_notice("--force takes what is in conflict, and keeps what was there beside it");
        if (p->apply.reports[APPLY_NEEDS_ROOT] > 0)
                log_notice("\"kurung export\" packs what needs root");
}

static int run(Applying *p, Kept *kept, Journal *journal, const StrList *command, Error *err)
{
        const ApplyOptions options = {
                .dry_run = p->dry_run,
                .force = p->force,
                .started = kept->record.started,
                .ask = ask,
                .report = report,
                .userdata = p,
        };
        const ChangesLayer *layers = kept->record.layers;
        size_t n = kept->record.n_layers;
        int r = apply_begin(&p->apply, &options, kept->dir.fd, layers, n, journal, command, err);
        progress_begin(&p->progress, "applying");
        p->reader.want_content = true;
        p->reader.only_named_scratch = true;
        p->reader.want_total = p->progress.shown && !p->interactive;
        if (r == 0)
                r = reader_run(kept, &p->reader, take, p, err);
        progress_pause(&p->progress);
        if (r < 0)
                (void)error_set_errno(err, r, "apply");
        bool begun = journal->fd >= 0;
        if (r == 0 && begun)
                r = journal_commit(journal, layers, n, note, NULL, err);
        else if (r < 0 && begun) {
                Error why = {0};
                if (journal_roll_back(journal, layers, n, note, NULL, &why) == 0)
                        log_notice("nothing was applied: all that was begun is undone");
                else
                        log_notice("%s; \"kurung apply --rollback %s\" tries again", why.text,
                                   kept->dir.name);
        }
        if (r == 0)
                summarize(p);
        apply_clear(&p->apply);
        return r;
}

/* The options that a cut-off apply was given come from its journal. */
static int parse_again(Applying *p, const StrList *command)
{
        Selection *selection = &p->reader.selection;
        bool excludes = false;
        for (size_t i = 0; i < command->n; i++) {
                const char *w = command->items[i];
                int r = 0;
                if (str_eq(w, "--force"))
                        p->force = true;
                else if (str_eq(w, "--exclude"))
                        excludes = true;
                else if (excludes) {
                        r = strlist_add(&selection->excludes, w);
                        excludes = false;
                } else {
                        r = strlist_add(&selection->paths, w);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

static int print_again(const Applying *p, StrList *ret)
{
        const Selection *selection = &p->reader.selection;
        int r = p->force ? strlist_add(ret, "--force") : 0;
        for (size_t i = 0; r == 0 && i < selection->excludes.n; i++) {
                r = strlist_add(ret, "--exclude");
                if (r == 0)
                        r = strlist_add(ret, selection->excludes.items[i]);
        }
        for (size_t i = 0; r == 0 && i < selection->paths.n; i++)
                r = strlist_add(ret, selection->paths.items[i]);
        return r;
}

/* An apply that was cut off: gone on with, or undone. Returns 1 when nothing is left to do. */
static int take_up(Applying *p, Kept *kept, Journal *journal, Error *err)
{
        CLEANUP_STRLIST StrList command = {0};
        const ChangesLayer *layers = kept->record.layers;
        size_t n = kept->record.n_layers;
        bool committed = false;
        int r = journal_open(journal, kept->dir.fd, &command);
        if (r == 0)
                r = journal_is_committed(journal, &committed);
        if (r < 0)
                return error_set_errno(err, r, "the journal of %s", kept->dir.name);
        if (committed) {
                if (p->roll_back)
                        return error_set(
                                err, EINVAL,
                                "that apply was complete: nothing is left to undo (--resume ends it)");
                r = journal_commit(journal, layers, n, note, NULL, err);
                return r < 0 ? r : 1;
        }
        if (p->roll_back) {
                r = journal_roll_back(journal, layers, n, note, NULL, err);
                return r < 0 ? r : 1;
        }
        r = journal_settle(journal, layers, n, note, NULL, err);
        if (r == 0 && parse_again(p, &command) < 0)
                r = error_no_memory(err);
        return r;
}

static int apply(Applying *p, const StrList *words, StrList *excludes, Error *err)
{
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        CLEANUP(journal_clear) Journal journal = JOURNAL_NONE;
        CLEANUP_STRLIST StrList command = {0};
        p->reader.selection.excludes = *excludes;
        *excludes = (StrList){0};
        int r = changes_open("apply", words, &kept, &p->reader.selection, err);
        if (r == 0 && host_home(&p->home) < 0)
                r = error_no_memory(err);
        bool cut_off = r == 0 && journal_exists(kept.dir.fd);
        journal.sandbox_fd = kept.dir.fd;
        if (r == 0 && (p->resume || p->roll_back) && !cut_off)
                r = error_set(err, ENOENT, "no apply of %s was cut off", kept.dir.name);
        else if (r == 0 && (p->resume || p->roll_back))
                r = take_up(p, &kept, &journal, err);
        else if (cut_off)
                r = error_set(err, EBUSY,
                              "an apply of %s was cut off: \"kurung apply --resume %s\" goes on with it, "
                              "\"--rollback\" "
                              "undoes it",
                              kept.dir.name, kept.dir.name);
        if (r == 0 && print_again(p, &command) < 0)
                r = error_no_memory(err);
        if (r == 0)
                r = run(p, &kept, &journal, &command, err);
        pathbuf_clear(&p->sure);
        selection_clear(&p->reader.selection);
        free(p->home);
        return r < 0 ? r : 0;
}

int cmd_apply(int argc, char **argv)
{
        Applying p = {.answers = stdin};
        CLEANUP_STRLIST StrList words = {0}, excludes = {0};
        Error err = {0};
        bool quiet = false;
        const CmdOption options[] = {
                {"interactive", 'i', NULL, "ask for each change", .flag = &p.interactive},
                {"dry-run", 'n', NULL, "print what would be taken, and do nothing", .flag = &p.dry_run},
                {"exclude", 'x', "PATTERN", "not what matches; may be repeated", .list = &excludes},
                {"force", 0, NULL, "also what changed on the host meanwhile; that is kept beside",
                 .flag = &p.force},
                {"resume", 0, NULL, "go on with an apply that was cut off", .flag = &p.resume},
                {"rollback", 0, NULL, "undo an apply that was cut off", .flag = &p.roll_back},
                {"verbose", 'v', NULL, "name all that is left", .flag = &p.verbose},
                {"quiet", 'q', NULL, "errors only", .flag = &quiet},
        };
        const CmdUsage usage = {
                "apply [OPTIONS] NAME [PATH...]",
                "Take what the kept sandbox NAME changed over to this system, as yourself: all, or PATH... "
                "with what is\n"
                "below. Set-user-ID bits, capabilities, owners, devices and sockets are never taken. What "
                "was written to a\n"
                "private home directory, and what somebody would run or trust later, is taken only when it "
                "is named.",
                "Exit status: 0; 1 when something that was asked for was left; 125 when nothing was applied.",
                options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        if (r == 0 && p.resume + p.roll_back > 0 &&
            (words.n > 1 || excludes.n > 0 || p.resume == p.roll_back))
                r = error_set(&err, EINVAL, "apply: --resume and --rollback take a name and nothing else");
        if (quiet)
                log_set_level(LOG_QUIET);
        if (r == 0)
                r = apply(&p, &words, &excludes, &err);
        if (r < 0)
                return command_failed(&err, r);
        return p.left ? EXIT_LEFT : 0;
}
