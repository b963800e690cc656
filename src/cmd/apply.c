/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung apply". */
#include "cmd/apply.h"

#include "base/log.h"
#include "base/path.h"
#include "cmd/apply_signals.h"
#include "cmd/applying.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "plan/host.h"

#include <stdio.h>

/** The exit status if a requested change was skipped. */
#define EXIT_LEFT 1

static ApplyArea area_of(const Applying *p, const ChangesLayer *layer)
{
        /* Records of 0.1.0 mark no layer. */
        if (layer->project ||
            (!str_empty(p->kept->record.work_dir) && str_eq(layer->dest, p->kept->record.work_dir)))
                return APPLY_PROJECT;
        if (layer->engine == CHANGES_SCRATCH || (p->home && path_is_below(layer->dest, p->home)))
                return APPLY_HOME;
        return APPLY_SYSTEM;
}

static int take_change(void *userdata, ChangeEvent event, const Change *c)
{
        Applying *p = userdata;
        if (event == CHANGE_EVENT_TOTAL) {
                p->progress.files_total = c->now.ino;
                p->progress.bytes_total = c->now.size;
        }
        if (event == CHANGE_EVENT_LAYER && c->now.ino < p->kept->record.n_layers) {
                p->area = area_of(p, &p->kept->record.layers[c->now.ino]);
                p->depth = p->out_depth = 0;
        }
        p->outcome = OUTCOME_NONE;
        int r = apply_take(&p->apply, event, c);
        applying_note_outcome(p, event, c);
        progress_update(&p->progress, p->apply.files, p->apply.bytes);
        int sig = apply_signals_got();
        if (r == 0 && sig) {
                r = error_set(p->apply.err, EINTR, "apply: interrupted by signal %d", sig);
                (void)error_set_exit(p->apply.err, EXIT_SIGNAL_BASE + sig);
        }
        return r;
}

static int run(Applying *p, Kept *kept, Journal *journal, const StrList *command, Error *err)
{
        const ApplyOptions options = {
                .dry_run = p->dry_run,
                .force = p->force,
                .started = kept->record.started,
                .ended = kept->record.ended,
                .ask = applying_ask,
                .report = applying_report,
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
                r = reader_run(kept, &p->reader, take_change, p, err);
        progress_pause(&p->progress);
        if (r < 0)
                (void)error_set_errno(err, r, "cannot apply the changes");
        bool begun = journal->fd >= 0;
        const JournalHost host = applying_host(p, kept);
        if (r == 0 && begun)
                r = journal_commit(journal, &host, err);
        else if (r < 0 && begun) {
                Error why = {0};
                if (journal_roll_back(journal, &host, &why) == 0)
                        log_notice("nothing was applied: all changes so far were undone%s",
                                   p->noted ? ", except for the files above" : "");
                else
                        log_notice("%s; \"kurung apply --rollback %s\" tries again", why.text,
                                   kept->dir.name);
        }
        if (r == 0 && apply_record(&p->apply) < 0)
                log_notice("cannot record the directories of the host; a later apply may find conflicts");
        if (r == 0)
                applying_summarize(p);
        apply_clear(&p->apply);
        return r < 0 ? r : applying_count_home(p, kept, err);
}

/* The files of an image are in no place of this system. */
static void leave_images(Applying *p, const Kept *kept)
{
        p->reader.no_images = true;
        for (size_t i = 0; i < kept->record.n_layers; i++)
                if (kept->record.layers[i].image.n > 0)
                        log_notice("changes of the image's files are not applied (\"kurung export %s -o "
                                   "FILE\" packs "
                                   "them)",
                                   kept->dir.name);
}

static int apply(Applying *p, const StrList *words, StrList *excludes, Error *err)
{
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        CLEANUP(journal_clear) Journal journal = JOURNAL_NONE;
        CLEANUP_STRLIST StrList command = {0};
        ApplySignals before;
        Asker answers = {.in = stdin, .wake = FD_NONE};
        if (excludes) {
                p->reader.selection.excludes = *excludes;
                *excludes = (StrList){0};
        }
        int r = changes_open("apply", words, &kept, &p->reader.selection, err);
        /* cppcheck-suppress autoVariables ; both have the same lifetime */
        p->kept = &kept;
        (void)snprintf(p->name, sizeof(p->name), "%s", kept.dir.name);
        if (r == 0 && host_home(&p->home) < 0)
                r = error_no_memory(err);
        if (r == 0)
                leave_images(p, &kept);
        bool cut_off = r == 0 && journal_exists(kept.dir.fd);
        journal.sandbox_fd = kept.dir.fd;
        if (r == 0 && (p->resume || p->roll_back) && !cut_off)
                r = error_set(err, ENOENT, "no interrupted apply of '%s'", kept.dir.name);
        else if (r == 0 && (p->resume || p->roll_back))
                r = applying_resume(p, &kept, &journal, err);
        else if (r == 0)
                r = kept_refuse_interrupted(&kept, err);
        if (r == 0 && applying_print_options(p, &command) < 0)
                r = error_no_memory(err);
        /* Without a terminal, answers come from a pipe or file. */
        if (r == 0 && p->interactive && !applying_can_ask(p))
                /* cppcheck-suppress autoVariables ; likewise */
                p->asker = &answers;
        apply_signals_take(&before);
        if (r == 0)
                r = run(p, &kept, &journal, &command, err);
        apply_signals_restore(&before);
        if (r == 0 && !p->dry_run && log_get_level() != LOG_QUIET)
                applying_tell_done(p);
        if (r == 1 && log_get_level() != LOG_QUIET)
                (void)puts(p->roll_back ? "the interrupted apply was undone"
                                        : "the interrupted apply was complete");
        if (r == 0)
                applying_tell_not_found(p);
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
                {"verbose", 'v', NULL, "list everything that was applied or skipped", .flag = &p.verbose},
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
                "Exit status: 0 if all requested changes were applied (those of a private home are not "
                "requested by\n"
                "default); 1 if one was skipped, or a line names a file that was kept beside; 125 on an "
                "error and 128+N\n"
                "on signal N, after which nothing is applied, or --resume and --rollback are named.",
                options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        if (r == 0 && p.resume + p.roll_back > 0 &&
            (words.n > 1 || excludes.n > 0 || p.with_home || p.resume == p.roll_back))
                r = error_set(&err, EINVAL, "apply: --resume and --rollback take only a name");
        if (quiet)
                log_set_level(LOG_QUIET);
        if (r == 0)
                r = apply(&p, &words, &excludes, &err);
        if (r < 0)
                return command_failed(&err, r);
        applying_tell_left(&p);
        return p.left ? EXIT_LEFT : 0;
}
