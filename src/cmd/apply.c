/* SPDX-License-Identifier: Apache-2.0 */
/* kurung apply. */
#include "base/defence.h"
#include "base/log.h"
#include "base/path.h"
#include "changes/apply.h"
#include "changes/below.h"
#include "cmd/apply.h"
#include "cmd/changes.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/patch.h"
#include "cmd/progress.h"
#include "plan/host.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>

/** What apply exits with when something that was asked for was left. */
#define EXIT_LEFT 1
/* So many of a kind are named; of the rest only the number, unless -v. */
#define NAMED_MAX 20

/* What became of the change that is at hand. */
typedef enum Outcome {
        OUTCOME_NONE, /* nothing was to be done */
        OUTCOME_TAKEN,
        OUTCOME_DECLINED,
        OUTCOME_LEFT,
} Outcome;

typedef struct Applying {
        bool interactive, dry_run, force, resume, roll_back, verbose;
        bool with_home; /* what was written to a private home, too */
        ReaderOptions reader;
        const char *name;
        char *home;
        bool all[APPLY_PLACES]; /* the rest there needs no question */
        bool quit;              /* the rest is left as it is */
        bool left;              /* something that was asked for */
        PathBuf sure;           /* below it all was said yes to */
        Apply apply;
        Progress progress;
        Asker *asker, own_asker;
        bool looked_for_asker;
        bool *found; /* for each path that was asked for */
        /* The counts of what became of each change. */
        const Kept *kept;
        ApplyPlace place;
        Outcome outcome;
        size_t depth, out_depth; /* of directories; of the one that was not taken, 0: none */
        Outcome out;             /* what became of that one, and so of all that is in it */
        ApplyResult result;
} Applying;

/* The signal that asks for an end; 0: none came. */
static volatile sig_atomic_t interrupted;

/* Wakes up who waits for an answer: eventfd(2). */
static int wake_fd = FD_NONE;

static void interrupt(int sig)
{
        const uint64_t one = 1;
        int saved = errno;
        interrupted = sig;
        if (wake_fd >= 0 && write(wake_fd, &one, sizeof(one)) < 0)
                errno = saved;
        errno = saved;
}

static const int end_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* Once: a second signal ends the process where it is, and --resume or --rollback goes on. */
static void take_signals(struct sigaction before[ARRAY_LEN(end_signals)])
{
        const struct sigaction ours = {.sa_handler = interrupt, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
        interrupted = 0;
        wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        for (size_t i = 0; i < ARRAY_LEN(end_signals); i++) {
                (void)sigaction(end_signals[i], NULL, &before[i]);
                if (before[i].sa_handler != SIG_IGN)
                        (void)sigaction(end_signals[i], &ours, NULL);
        }
}

static void restore_signals(const struct sigaction before[ARRAY_LEN(end_signals)])
{
        for (size_t i = 0; i < ARRAY_LEN(end_signals); i++)
                (void)sigaction(end_signals[i], &before[i], NULL);
        wake_fd = fd_close(wake_fd);
}

static ApplyPlace place_of(const Applying *p, const ChangesLayer *layer)
{
        if (!str_empty(p->kept->record.work_dir) && str_eq(layer->dest, p->kept->record.work_dir))
                return APPLY_PROJECT;
        if (layer->engine == CHANGES_SCRATCH || (p->home && path_is_below(layer->dest, p->home)))
                return APPLY_HOME;
        return APPLY_SYSTEM;
}

/* Somebody to ask, when there is somebody. Who did not ask for questions gets some only where the answers to
 * commands come from. */
static bool can_ask(Applying *p)
{
        bool wanted = p->interactive || isatty(STDIN_FILENO);
        if (!p->asker && !p->looked_for_asker && wanted && ask_open(&p->own_asker))
                p->asker = &p->own_asker;
        p->looked_for_asker = true;
        return p->asker != NULL;
}

/* Something came of a path that was asked for. */
static void mark_found(Applying *p, const char *path)
{
        const StrList *paths = &p->reader.selection.paths;
        for (size_t i = 0; p->found && i < paths->n; i++)
                p->found[i] = p->found[i] || path_is_below(path, paths->items[i]) ||
                              path_is_below(paths->items[i], path);
}

/* A path that was asked for, and of which there is no change: a typing error, or it was applied before. */
static void tell_not_found(Applying *p)
{
        const StrList *paths = &p->reader.selection.paths;
        for (size_t i = 0; p->found && i < paths->n; i++) {
                if (p->found[i])
                        continue;
                bool exists = faccessat(AT_FDCWD, paths->items[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0;
                log_notice("%s '%s'", exists ? "nothing is left to apply at" : "nothing was changed at",
                           changes_relative(paths->items[i]));
                p->left = p->left || !exists;
        }
}

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

static ApplyAnswer leave(Applying *p)
{
        p->outcome = OUTCOME_LEFT;
        return APPLY_LEAVE;
}

static const char *const place_names[] = {
        [APPLY_PROJECT] = "in the working directory",
        [APPLY_HOME] = "in your home",
        [APPLY_SYSTEM] = "in the system",
};

static ApplyAnswer question(Applying *p, const ChangesLayer *layer, const char *path, const Change *c,
                            const char *flag)
{
        static const char *const words[] = {"yes", "no", "diff", "all", "quit", NULL};
        const PatchOptions options = {.colour = isatty(STDERR_FILENO), .escaped = true};
        if (p->quit)
                return leave(p);
        progress_pause(&p->progress);
        describe(path, c, flag);
        for (;;) {
                (void)fprintf(stderr, "Apply? [y]es, [n]o, [d]iff, [a]ll, [q]uit: ");
                p->asker->wake = wake_fd;
                int answer = ask_read(p->asker, words);
                p->asker->wake = FD_NONE;
                switch (answer) {
                case 'y':
                        return APPLY_TAKE;
                case 'n':
                        p->outcome = flag ? OUTCOME_LEFT : OUTCOME_DECLINED;
                        return APPLY_LEAVE;
                case 'a':
                        p->all[p->place] = true;
                        return APPLY_TAKE;
                case EOF:
                        /* Nobody decided about the rest. */
                        (void)fputc('\n', stderr);
                        p->left = true;
                        p->quit = true;
                        return leave(p);
                case 'q':
                        p->quit = true;
                        return leave(p);
                case 'd':
                        (void)patch_print(layer, path, c, flag, &options, stderr);
                        (void)fflush(stderr);
                        break;
                default:
                        (void)fprintf(stderr,
                                      "y: take it; n: do not take it; d: show what changed; a: take it and "
                                      "all that follow %s; q: leave it and the rest as it is\n",
                                      place_names[p->place]);
                }
        }
}

/* Whether a path can be typed as it is. */
static bool is_plain(const char *path)
{
        if (path[0] == '-')
                return false;
        for (; *path; path++)
                if (!isalnum((unsigned char)*path) && !strchr("/._-+,=@%", *path))
                        return false;
        return true;
}

static void tell_flagged(const Applying *p, const char *path, const Change *c, const char *flag)
{
        const char *shown = changes_relative(path), *slash = S_ISDIR(c->now.mode) ? "/" : "";
        if (is_plain(shown))
                log_notice("skipped %s%s: %s (to apply it: kurung apply %s %s)", shown, slash, flag, p->name,
                           shown);
        else
                log_notice("skipped %s%s: %s (to apply it, name it)", shown, slash, flag);
}

/* What needs a second look is taken only when it was named, or is said yes to. */
static ApplyAnswer ask_flagged(Applying *p, const ChangesLayer *layer, const char *path, const Change *c,
                               const char *flag)
{
        if (!defence_is_on(DEFENCE_FLAGS) || selection_names(&p->reader.selection, path))
                return APPLY_TAKE;
        if (p->quit && !p->dry_run)
                return leave(p);
        if (p->dry_run || !can_ask(p)) {
                tell_flagged(p, path, c, flag);
                p->left = true;
                return leave(p);
        }
        ApplyAnswer answer = question(p, layer, path, c, flag);
        p->left = p->left || answer != APPLY_TAKE;
        return answer;
}

static ApplyAnswer ask(void *userdata, const ChangesLayer *layer, const char *rel, const Change *c)
{
        Applying *p = userdata;
        CLEANUP_FREE char *path = path_in_sandbox(layer, rel);
        if (!path) {
                p->left = true;
                return leave(p);
        }
        mark_found(p, path);
        const char *flag = flags_of(c, path, p->home);
        if (flag)
                return ask_flagged(p, layer, path, c, flag);
        bool below_sure = p->sure.len > 0 && path_is_below(path, p->sure.text);
        if (!p->interactive || p->all[p->place] || below_sure)
                return p->quit ? leave(p) : APPLY_TAKE;
        ApplyAnswer answer = question(p, layer, path, c, NULL);
        /* A new directory is one question. */
        if (answer == APPLY_TAKE && c->kind == CHANGE_ADDED && S_ISDIR(c->now.mode) &&
            pathbuf_set(&p->sure, path) < 0) {
                p->left = true;
                return leave(p);
        }
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
        if (what == APPLY_DONE || what == APPLY_STRIPPED)
                p->outcome = OUTCOME_TAKEN;
        else
                p->outcome = OUTCOME_LEFT;
        if (what == APPLY_DONE) {
                if (p->dry_run && path && c) {
                        CLEANUP_FREE char *shown =
                                changes_show_path(path, S_ISDIR(c->now.mode ? c->now.mode : c->before.mode));
                        printf("%c  %s\n", changes_letter(c), shown ? shown : "?");
                }
                return;
        }
        p->left = p->left || what != APPLY_STRIPPED;
        if (path)
                mark_found(p, path);
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

static void count(ApplyResult *result, ApplyPlace place, Outcome outcome)
{
        if (outcome == OUTCOME_TAKEN)
                result->taken++;
        else if (outcome == OUTCOME_DECLINED)
                result->declined++;
        else if (outcome == OUTCOME_LEFT)
                result->left[place]++;
}

/* What became of the change of the event that was just handled, and of the directory's that it is in. */
static void note_outcome(Applying *p, ChangeEvent event, const Change *c)
{
        bool change = (event == CHANGE_EVENT_ENTER || event == CHANGE_EVENT_ENTRY) && c->kind != CHANGE_NONE;
        if (event == CHANGE_EVENT_ENTER)
                p->depth++;
        if (event == CHANGE_EVENT_LEAVE) {
                if (p->depth == p->out_depth)
                        p->out_depth = 0;
                p->depth--;
        }
        /* Nothing was said of it: it shares the fate of the directory that was not taken. */
        if (change && p->outcome == OUTCOME_NONE && p->out_depth > 0)
                p->outcome = p->out;
        /* A directory that could not be finished is none of the changes, but it was left. */
        if (change || (event == CHANGE_EVENT_LEAVE && p->outcome == OUTCOME_LEFT))
                count(&p->result, p->place, p->outcome);
        if (event == CHANGE_EVENT_ENTER && p->out_depth == 0 && p->outcome >= OUTCOME_DECLINED) {
                p->out_depth = p->depth;
                p->out = p->outcome;
        }
}

static int take(void *userdata, ChangeEvent event, const Change *c)
{
        Applying *p = userdata;
        if (event == CHANGE_EVENT_TOTAL) {
                p->progress.files_total = c->now.ino;
                p->progress.bytes_total = c->now.size;
        }
        if (event == CHANGE_EVENT_LAYER && c->now.ino < p->kept->record.n_layers) {
                p->place = place_of(p, &p->kept->record.layers[c->now.ino]);
                p->depth = p->out_depth = 0;
        }
        p->outcome = OUTCOME_NONE;
        int r = apply_take(&p->apply, event, c);
        note_outcome(p, event, c);
        progress_update(&p->progress, p->apply.files, p->apply.bytes);
        if (r == 0 && interrupted) {
                r = error_set(p->apply.err, EINTR, "apply: interrupted (signal %d)", (int)interrupted);
                (void)error_set_exit(p->apply.err, EXIT_SIGNAL_BASE + interrupted);
        }
        return r;
}

/* Of a private home that was not asked for: how much of it is not on the host as it was applied before. */
typedef struct Unasked {
        ChangesPlace place;
        const Applied *applied;
        int root_fd;
        uint64_t n;
} Unasked;

static bool is_applied(const Unasked *u, const Change *c)
{
        CLEANUP_FD int parent = FD_NONE;
        const char *name;
        struct stat st;
        const char *path = u->place.path.text + strlen(u->place.layer->dest);
        if (c->kind == CHANGE_REFUSED || below_open_parent(u->root_fd, path, &parent, &name) < 0 ||
            fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return false;
        return S_ISDIR(c->now.mode) ? S_ISDIR(st.st_mode) : applied_has(u->applied, &st);
}

static int count_unasked(void *userdata, ChangeEvent event, const Change *c)
{
        Unasked *u = userdata;
        fd_close(c->fd);
        int r = changes_place_take(&u->place, event, c);
        if (r == 0 && event == CHANGE_EVENT_LAYER) {
                u->root_fd = fd_close(u->root_fd);
                r = journal_open_target(u->place.layer, &u->root_fd);
        }
        bool change = event == CHANGE_EVENT_ENTER || event == CHANGE_EVENT_ENTRY;
        if (r == 0 && change && c->kind != CHANGE_NONE)
                u->n += !is_applied(u, c);
        return r;
}

/* Private homes are taken only when they are asked for; that they were left is said all the same. */
static int find_unasked(Applying *p, const Kept *kept, Error *err)
{
        CLEANUP(applied_clear) Applied applied = APPLIED_NONE;
        const ReaderOptions options = {0};
        Kept homes = *kept; /* borrowed, with less layers */
        Unasked u = {.place = {.kept = &homes}, .applied = &applied, .root_fd = FD_NONE};
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
                (void)error_set_errno(err, r, "looking at what was written to the home directory");
        fd_close(u.root_fd);
        changes_place_clear(&u.place);
        p->result.left[APPLY_HOME] += u.n;
        p->result.home_unasked = u.n > 0;
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
        p->reader.only_named_scratch = !p->with_home;
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
        return r < 0 ? r : find_unasked(p, kept, err);
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
                else if (str_eq(w, "--home"))
                        p->with_home = true;
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
        if (r == 0 && p->with_home)
                r = strlist_add(ret, "--home");
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
        struct sigaction before[ARRAY_LEN(end_signals)];
        Asker answers = {.in = stdin, .wake = FD_NONE};
        if (excludes) {
                p->reader.selection.excludes = *excludes;
                *excludes = (StrList){0};
        }
        int r = changes_open("apply", words, &kept, &p->reader.selection, err);
        /* cppcheck-suppress autoVariables ; both end together */
        p->kept = &kept;
        p->name = kept.dir.name;
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
        /* Answers by a pipe or file, where nobody is at a terminal. */
        if (r == 0 && p->interactive && !can_ask(p))
                /* cppcheck-suppress autoVariables ; likewise */
                p->asker = &answers;
        if (r == 0 && !(p->found = calloc(p->reader.selection.paths.n + 1, sizeof(*p->found))))
                r = error_no_memory(err);
        take_signals(before);
        if (r == 0)
                r = run(p, &kept, &journal, &command, err);
        restore_signals(before);
        if (r == 0)
                tell_not_found(p);
        free(p->found);
        ask_close(&p->own_asker);
        pathbuf_clear(&p->sure);
        selection_clear(&p->reader.selection);
        free(p->home);
        return r < 0 ? r : 0;
}

int apply_review(const char *name, bool choose, Asker *asker, ApplyResult *ret)
{
        Applying p = {.interactive = choose, .with_home = choose, .asker = asker, .own_asker = ASKER_NOBODY};
        CLEANUP_STRLIST StrList words = {0};
        Error err = {0};
        int r = strlist_add(&words, name) < 0 ? error_no_memory(&err) : apply(&p, &words, NULL, &err);
        *ret = p.result;
        return r < 0 ? command_failed(&err, r) : 0;
}

static void tell_left(const Applying *p, const char *name)
{
        uint64_t n = p->result.left[APPLY_HOME];
        if (p->result.home_unasked)
                log_notice("%llu change%s in your home %s left: \"kurung apply %s --home\" takes %s",
                           (unsigned long long)n, n == 1 ? "" : "s", n == 1 ? "is" : "are", name,
                           n == 1 ? "it" : "them");
}

int cmd_apply(int argc, char **argv)
{
        Applying p = {.own_asker = ASKER_NOBODY};
        CLEANUP_STRLIST StrList words = {0}, excludes = {0};
        Error err = {0};
        bool quiet = false;
        const CmdOption options[] = {
                {"interactive", 'i', NULL, "ask for each change", .flag = &p.interactive},
                {"dry-run", 'n', NULL, "print what would be applied, and do nothing", .flag = &p.dry_run},
                {"exclude", 'x', "PATTERN", "leave out matching paths; may be repeated", .list = &excludes},
                {"home", 0, NULL, "also apply changes of a private home", .flag = &p.with_home},
                {"force", 0, NULL, "replace files that changed on the host; keep those aside",
                 .flag = &p.force},
                {"resume", 0, NULL, "resume an interrupted apply", .flag = &p.resume},
                {"rollback", 0, NULL, "undo an interrupted apply", .flag = &p.roll_back},
                {"verbose", 'v', NULL, "list everything that was skipped", .flag = &p.verbose},
                {"quiet", 'q', NULL, "print errors only", .flag = &quiet},
        };
        const CmdUsage usage = {
                "apply [OPTIONS] NAME [PATH...]",
                "Apply the changes of the kept sandbox NAME to this system, as yourself: all of them, or "
                "those at "
                "and\nbelow PATH.",
                "Owners, set-user-ID bits, capabilities, devices and sockets are never applied. Changes of a "
                "private\nhome are applied only with --home or if PATH names them. A file that some program "
                "would run or trust\nlater is applied only if PATH names it or, on a terminal, after a "
                "question.\n\n"
                "Exit status: 0; 1 if a requested change was skipped; 125 if nothing was applied.",
                options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        if (r == 0 && p.resume + p.roll_back > 0 &&
            (words.n > 1 || excludes.n > 0 || p.with_home || p.resume == p.roll_back))
                r = error_set(&err, EINVAL, "apply: --resume and --rollback take a name and nothing else");
        if (quiet)
                log_set_level(LOG_QUIET);
        if (r == 0)
                r = apply(&p, &words, &excludes, &err);
        if (r < 0)
                return command_failed(&err, r);
        tell_left(&p, words.items[0]);
        return p.left ? EXIT_LEFT : 0;
}
