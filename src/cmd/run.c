/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung run", "kurung shell" and the run of "kurung try". */
#include "base/colour.h"
#include "base/defence.h"
#include "base/log.h"
#include "base/process.h"
#include "base/timings.h"
#include "cmd/caller_fds.h"
#include "cmd/command.h"
#include "cmd/help.h"
#include "cmd/plan_json.h"
#include "cmd/planning.h"
#include "cmd/prompt.h"
#include "cmd/report.h"
#include "cmd/report_file.h"
#include "cmd/tell_program.h"
#include "cmd/try.h"
#include "front/front.h"
#include "plan/plan.h"
#include "plan/plan_text.h"
#include "plan/plan_words.h"
#include "run/run.h"
#include "state/told.h"

#include <stdio.h>
#include <sys/stat.h>

/* The default command of "shell" is the user's shell, as a login shell. */
static int complete_argv(Spec *spec, bool shell, const Host *host, Error *err)
{
        const char *program = spec->root == ROOT_IMAGE ? "/bin/sh" : host->shell;
        if (shell && spec->argv.n == 0) {
                if (strlist_add(&spec->argv, program) < 0 || strlist_add(&spec->argv, "-l") < 0)
                        return error_no_memory(err);
        }
        if (spec->argv.n == 0 && spec->root == ROOT_IMAGE)
                return error_set(err, EINVAL,
                                 "no command given, and the image has none; see \"kurung run --help\"");
        if (spec->argv.n == 0)
                return error_set(err, EINVAL, "no command given; see \"kurung run --help\"");
        if (spec->argv.items[0][0] == '\0') {
                (void)error_set(err, ENOENT, "the name of the command is empty");
                return error_set_exit(err, EXIT_NOT_FOUND);
        }
        return 0;
}

static void tell_once(const Plan *plan)
{
        for (size_t i = 0; i < plan->notices_once.n; i++) {
                const char *line = plan->notices_once.items[i];
                if (told_before(plan->storage.state_dir, line))
                        log_detail("%s", line);
                else
                        log_notice("%s", line);
        }
}

/* Called after the run, which creates the directory. */
static void remember_told(const Plan *plan)
{
        for (size_t i = 0; i < plan->notices_once.n && log_get_level() != LOG_QUIET; i++)
                if (!told_before(plan->storage.state_dir, plan->notices_once.items[i]))
                        told_remember(plan->storage.state_dir, plan->notices_once.items[i]);
}

static size_t add_part(char *out, size_t len, size_t room, unsigned n, bool more, const char *where)
{
        if (n == 0 || len >= room)
                return len;
        const char *comma = len > 0 ? ", " : "";
        int added = n > DROPPED_MAX || more ? snprintf(out + len, room - len, "%smore than %u %s", comma,
                                                       n > DROPPED_MAX ? DROPPED_MAX : n, where)
                                            : snprintf(out + len, room - len, "%s%u %s", comma, n, where);
        return added > 0 ? len + (size_t)added : len;
}

/* Users should not discover only later that a run's writes were dropped. */
static void tell_dropped(const RunDropped *d, const char *command)
{
        char text[200] = "";
        size_t len = add_part(text, 0, sizeof(text), d->project, d->more, "in the working directory");
        len = add_part(text, len, sizeof(text), d->home, d->more, "in your home");
        len = add_part(text, len, sizeof(text), d->system, d->more, "in the system");
        if (len > 0)
                log_notice("changes dropped: %s (\"kurung %s --keep\" keeps them, \"kurung try\" asks)", text,
                           command);
}

/* The payload may have appended to the file or replaced it, if it can write to the directory. */
static int write_report(FILE *out, const char *path, const Plan *plan, const RunReport *report,
                        const Error *failure, Error *err)
{
        struct stat ours = {0}, there = {0};
        int r = fstat(fileno(out), &ours) < 0 || (S_ISREG(ours.st_mode) && ftruncate(fileno(out), 0) < 0)
                        ? error_set_errno(err, errno, "--report: cannot write '%s'", path)
                        : report_write(out, plan, report, failure, err);
        if (r == 0 && S_ISREG(ours.st_mode) &&
            (stat(path, &there) < 0 || there.st_dev != ours.st_dev || there.st_ino != ours.st_ino))
                r = error_set(
                        err, ESTALE,
                        "--report: '%s' was replaced while the sandbox ran: the file there is not kurung's",
                        path);
        return r;
}

/* Runs the plan and prints the result. The report file is opened before the run: afterwards the payload could
 * have replaced it. */
static int run_and_report(const Plan *plan, const FrontOptions *options, const RunOptions *run,
                          const char *command, int *ret_exit, Error *err)
{
        FILE *out = NULL;
        CLEANUP(run_report_clear) RunReport report = {0};
        int r = report_file_open(options->report, &out, err);
        if (r == 0)
                r = caller_fds_settle(plan->payload.kept_fds, plan->payload.n_kept_fds, err);
        if (r < 0) {
                if (out)
                        (void)fclose(out);
                return r;
        }
        if (run->quiet_name)
                try_block_signals(true);
        r = run_plan(plan, run, &report, err);
        *ret_exit = report.exit_code;
        remember_told(plan);
        report_tell(plan, &report);
        /* Without a started payload there is nothing to review. */
        if (r == 0 && run->quiet_name && report.began)
                r = try_review(report.name, !report.told_to_end, ret_exit, err);
        else if (run->quiet_name && report.kept)
                try_keep(report.name);
        tell_dropped(&report.dropped, command);
        if (!out)
                return r;
        Error none = {0}, failed = {0};
        int w = write_report(out, options->report, plan, &report, r < 0 ? err : &none, &failed);
        (void)fclose(out);
        if (r == 0 && w < 0)
                *err = failed;
        return r < 0 ? r : w;
}

static int do_plan(const Plan *plan, const FrontOptions *options, const RunOptions *run, char **argv,
                   int *ret_exit, Error *err)
{
        if (options->dry_run && options->json)
                return plan_print_json(plan, stdout, err);
        if (options->dry_run) {
                plan_print_words(plan, colour_wanted(STDOUT_FILENO, COLOUR_AUTO), stdout);
                if (log_get_level() == LOG_DETAIL) {
                        (void)putchar('\n');
                        plan_print(plan, stdout);
                }
                return 0;
        }
        if (plan->root.foreign && defence_is_on(DEFENCE_SEALED_PROGRAM)) {
                /* main()'s argv begins one entry before the command's. */
                caller_fds_inherit(true);
                int r = process_run_sealed(argv - 1);
                caller_fds_inherit(false);
                if (r < 0)
                        return error_set_errno(err, r, "cannot run as a sealed copy of kurung");
        }
        for (size_t i = 0; i < plan->notices.n; i++)
                log_notice("%s", plan->notices.items[i]);
        tell_once(plan);
        tell_program(plan);
        log_detail("engine %s, ids by %s, %zu operations on the root", plan_engine_name(plan->root.engine),
                   plan->identity.map_by_newuidmap ? "newuidmap" : "a one-line map", plan->root.n_ops);
        return run_and_report(plan, options, run, argv[0], ret_exit, err);
}

typedef enum RunKind { RUN_COMMAND, RUN_SHELL, RUN_TRY } RunKind;

/* --in: the record and location of the kept sandbox. */
typedef struct Resumed {
        Kept kept;
        Host *host;
} Resumed;

static int restore(void *userdata, const char *name, Spec *spec, Error *err)
{
        Resumed *resumed = userdata;
        int r = kept_open(name, &resumed->kept, err);
        if (r == 0)
                r = kept_refuse_interrupted(&resumed->kept, err);
        if (r < 0)
                return r;
        return planning_restore(&resumed->kept, resumed->host, spec, err);
}

static void resumed_clear(Resumed *resumed)
{
        kept_clear(&resumed->kept);
}

static int run_command(int argc, char **argv, RunKind kind, int *ret_exit, Error *err)
{
        bool shell = kind == RUN_SHELL;
        CLEANUP(host_clear) Host host = {0};
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP(plan_clear) Plan plan = {0};
        CLEANUP(resumed_clear) Resumed resumed = {.kept = KEPT_NONE, .host = &host};
        CLEANUP_STRLIST StrList stored = {0}, notices = {0};
        CLEANUP_FREE char *here = NULL;
        FrontOptions options;
        int r = host_probe_user(&host, err);
        if (r < 0)
                return r;
        timings_reached("probe the user");
        if (host.cwd && !(here = strdup(host.cwd)))
                return error_no_memory(err);
        const FrontContext ctx = {.home = host.home,
                                  .cwd = here,
                                  .project = host_find_around(&host),
                                  .getenv = command_variable,
                                  .state = host.state_home,
                                  .restore = restore,
                                  .userdata = &resumed,
                                  .notices = &notices};
        r = front_make_spec(argc, argv, shell ? "shell" : "default", &ctx, &spec, &options, err);
        if (r < 0)
                return r;
        if (options.help) {
                help_print_run(argv[0]);
                return 0;
        }
        log_set_level(options.level);
        for (size_t i = 0; i < notices.n; i++)
                log_notice("%s", notices.items[i]);
        if (kind == RUN_TRY)
                spec.keep = true;
        if (spec.keep && (spec.work_dir == WORK_DIR_RW || spec.project == PROJECT_RW))
                log_notice("what the command writes to the %s is there at once, and not among the changes to "
                           "review "
                           "(%s=rw)",
                           spec.work_dir == WORK_DIR_RW ? "working directory" : "project",
                           spec.work_dir == WORK_DIR_RW ? "WorkDir" : "Project");
        timings_reached("read profiles and options");
        if (spec.root == ROOT_IMAGE)
                r = planning_find_image(&spec, &host, !shell && spec.argv.n == 0, err);
        if (r == 0)
                r = complete_argv(&spec, shell, &host, err);
        if (r == 0)
                r = caller_fds_pass(&spec, err);
        if (r == 0)
                r = planning_make(&spec, &host, options.in_name ? &resumed.kept : NULL, &plan, err);
        if (r == 0 && shell)
                r = prompt_add(&plan.payload, plan.identity.uid, err);
        timings_reached("make the plan");
        if (r == 0 && spec_store(&spec, &stored) < 0)
                r = error_no_memory(err);
        const RunOptions run = {
                .keep_name = options.keep_name,
                .resume = options.in_name ? &resumed.kept : NULL,
                .spec = &stored,
                .work_dir = host.cwd,
                .quiet_name = kind == RUN_TRY,
                .count_dropped = !spec.keep && isatty(STDERR_FILENO) && log_get_level() != LOG_QUIET,
        };
        if (r == 0)
                r = do_plan(&plan, &options, &run, argv, ret_exit, err);
        if (r == 0 && spec.project == PROJECT_RO && plan.payload.below_project)
                tell_git(&plan, host.project, *ret_exit);
        return r;
}

static int run_main(int argc, char **argv, RunKind kind)
{
        Error err = {0};
        int code = 0;
        int r = caller_fds_take(argv);
        if (r < 0)
                (void)error_no_memory(&err);
        else
                r = run_command(argc, argv, kind, &code, &err);
        return r < 0 ? command_failed(&err, r) : code;
}

int cmd_run(int argc, char **argv)
{
        return run_main(argc, argv, RUN_COMMAND);
}

int cmd_shell(int argc, char **argv)
{
        return run_main(argc, argv, RUN_SHELL);
}

int cmd_try(int argc, char **argv)
{
        return run_main(argc, argv, RUN_TRY);
}
