/* SPDX-License-Identifier: Apache-2.0 */
/* kurung try, once the command has ended: look, choose. */
#include "base/log.h"
#include "cmd/changes.h"
#include "cmd/command.h"
#include "cmd/try.h"

#include <stdio.h>

#define WORDS_MAX 5

/* One of the other commands, as if it were typed. */
static int command(int (*main)(int argc, char **argv), const char *const *words)
{
        char *argv[WORDS_MAX + 1];
        int argc = 0;
        while (argc < WORDS_MAX && words[argc]) {
                argv[argc] = (char *)(uintptr_t)words[argc];
                argc++;
        }
        argv[argc] = NULL;
        int code = main(argc, argv);
        (void)fflush(stdout);
        return code;
}

static int count(void *userdata, ChangeEvent event, const Change *c)
{
        bool *any = userdata;
        fd_close(c->fd);
        *any = *any ||
               ((event == CHANGE_EVENT_ENTER || event == CHANGE_EVENT_ENTRY) && c->kind != CHANGE_NONE);
        return 0;
}

static int has_changes(const char *name, bool *ret, Error *err)
{
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        const ReaderOptions options = {0};
        int r = kept_open(name, &kept, err);
        return r < 0 ? r : reader_run(&kept, &options, count, ret, err);
}

static int discard(const char *name)
{
        const char *const words[] = {"discard", name, NULL};
        return command(cmd_discard, words);
}

static void keep(const char *name)
{
        log_notice("kept as %s: \"kurung diff %s\", \"kurung apply %s\", \"kurung run --in %s\", \"kurung "
                   "discard "
                   "%s\"",
                   name, name, name, name, name);
}

/* The sandbox goes once nothing is left in it that was wanted. */
static void applied(const char *name, int code)
{
        if (code == 0)
                (void)discard(name);
        else
                keep(name);
}

/* Returns false to ask once more. */
static bool do_answer(int answer, const char *name)
{
        const char *const all[] = {"apply", name, NULL};
        const char *const choose[] = {"apply", "--interactive", name, NULL};
        const char *const look[] = {"diff", "--patch", name, NULL};
        switch (answer) {
        case 'a':
                applied(name, command(cmd_apply, all));
                return true;
        case 'c':
                applied(name, command(cmd_apply, choose));
                return true;
        case 'l':
                (void)command(cmd_diff, look);
                return false;
        case 'k':
        case EOF:
                keep(name);
                return true;
        case 'd':
                (void)discard(name);
                return true;
        default:
                (void)fprintf(stderr,
                              "a: take all over; c: ask for each; l: show what changed; k: keep it for "
                              "later; d: remove it\n");
                return false;
        }
}

static int read_answer(void)
{
        char line[64];
        if (!fgets(line, sizeof(line), stdin))
                return EOF;
        if (!strchr(line, '\n'))
                for (int c; (c = fgetc(stdin)) != EOF && c != '\n';)
                        ;
        return line[0];
}

int try_review(const char *name, Error *err)
{
        const char *const stat[] = {"diff", "--stat", name, NULL};
        bool any = false;
        int r = has_changes(name, &any, err);
        if (r < 0)
                return r;
        if (!any) {
                log_notice("nothing was changed");
                (void)discard(name);
                return 0;
        }
        bool asks = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
        (void)command(cmd_diff, stat);
        if (!asks) {
                keep(name);
                return 0;
        }
        do
                (void)fprintf(stderr, "[a]pply all, [c]hoose, [l]ook, [k]eep for later, [d]iscard: ");
        while (!do_answer(read_answer(), name));
        return 0;
}
