/* SPDX-License-Identifier: Apache-2.0 */
/* Implements the review of "kurung try" after the command has exited. It discards only changes that were
 * applied, or that the user said to discard. */
#include "base/io.h"
#include "base/log.h"
#include "cmd/apply.h"
#include "cmd/changes.h"
#include "cmd/command.h"
#include "cmd/try.h"

#include <signal.h>
#include <stdio.h>

#define WORDS_MAX 5

static const int end_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* The message for a fatal signal, formatted in advance; the sandbox is kept. */
static char last_words[256];

static void end(int sig)
{
        if (last_words[0])
                (void)io_write_all(STDERR_FILENO, last_words, strlen(last_words));
        (void)signal(sig, SIG_DFL);
        (void)raise(sig);
}

static void set_signals(void (*handler)(int), const char *name)
{
        if (name && log_get_level() != LOG_QUIET)
                (void)snprintf(last_words, sizeof(last_words),
                               "\nkurung: kept as %s: \"kurung diff %s\", \"kurung apply %s\"\n", name, name,
                               name);
        for (size_t i = 0; i < ARRAY_LEN(end_signals); i++) {
                struct sigaction now;
                (void)sigaction(end_signals[i], NULL, &now);
                if (now.sa_handler != SIG_IGN)
                        (void)signal(end_signals[i], handler);
        }
}

void try_block_signals(bool block)
{
        sigset_t set;
        (void)sigemptyset(&set);
        for (size_t i = 0; i < ARRAY_LEN(end_signals); i++)
                (void)sigaddset(&set, end_signals[i]);
        (void)sigprocmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* Runs one of the other commands. */
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
        /* From here on the message would be wrong. */
        last_words[0] = '\0';
        return command(cmd_discard, words);
}

void try_keep(const char *name)
{
        last_words[0] = '\0';
        log_notice("kept as %s: \"kurung diff %s\", \"kurung apply %s\", \"kurung run --in %s\", \"kurung "
                   "discard "
                   "%s\"",
                   name, name, name, name, name);
}

static void tell_left(ApplyArea area, uint64_t n, const char *name)
{
        static const struct {
                const char *where, *before, *after, *what;
        } areas[] = {
                [APPLY_PROJECT] = {"in the working directory", "apply", "", "continues"},
                [APPLY_HOME] = {"in your home", "apply", " --home", "continues"},
                [APPLY_SYSTEM] = {"in the system", "export -o FILE", "", "packs them"},
        };
        if (n > 0)
                log_notice("%llu change%s %s %s not applied: \"kurung %s %s%s\" %s", (unsigned long long)n,
                           n == 1 ? "" : "s", areas[area].where, n == 1 ? "is" : "are", areas[area].before,
                           name, areas[area].after, areas[area].what);
}

/* Asks whether the changes that the user declined may be removed together with the sandbox. */
static bool may_discard(uint64_t declined, Asker *asker)
{
        static const char *const answers[] = {"discard", "keep", NULL};
        for (;;) {
                (void)fprintf(
                        stderr, "%llu change%s that you declined %s left. [d]iscard, [k]eep for later: ",
                        (unsigned long long)declined, declined == 1 ? "" : "s", declined == 1 ? "is" : "are");
                int answer = ask_read(asker, answers);
                if (answer == EOF)
                        (void)fputc('\n', stderr);
                if (answer != 0)
                        return answer == 'd';
        }
}

/* Applies the changes, and discards the sandbox if no undecided change remains. */
static int apply(const char *name, bool choose, Asker *asker)
{
        ApplyResult result = {0};
        int code = apply_review(name, choose, asker, &result);
        uint64_t left = 0;
        for (ApplyArea area = 0; area < APPLY_AREAS; area++) {
                tell_left(area, result.left[area], name);
                left += result.left[area];
        }
        /* "no" to every change does not mean that the sandbox is to be discarded; "d" does. */
        if (code != 0 || left > 0 || result.taken == 0) {
                try_keep(name);
                return code;
        }
        if (result.declined > 0 && !may_discard(result.declined, asker)) {
                try_keep(name);
                return 0;
        }
        return discard(name);
}

/* Returns false to ask again. */
static bool do_answer(int answer, const char *name, Asker *asker, int *ret_exit)
{
        const char *const look[] = {"diff", "--patch", name, NULL};
        int code = 0;
        switch (answer) {
        case 'a':
        case 'c':
                code = apply(name, answer == 'c', asker);
                break;
        case 'l':
                (void)command(cmd_diff, look);
                return false;
        case 'k':
                try_keep(name);
                break;
        case EOF:
                (void)fputc('\n', stderr);
                try_keep(name);
                break;
        case 'd':
                code = discard(name);
                break;
        default:
                (void)fprintf(stderr, "a: apply all; c: ask for each change; l: show the changes; k: keep "
                                      "the sandbox for later; d: discard it\n");
                return false;
        }
        if (code != 0)
                *ret_exit = code;
        return true;
}

static int review(const char *name, bool may_ask, int *ret_exit, Error *err)
{
        static const char *const answers[] = {"apply", "choose", "look", "keep", "discard", NULL};
        const char *const stat[] = {"diff", "--stat", "--no-pager", name, NULL};
        Asker asker = ASKER_NOBODY;
        bool any = false;
        int r = has_changes(name, &any, err);
        if (r < 0)
                return r;
        if (!any) {
                log_notice("no changes");
                (void)discard(name);
                return 0;
        }
        /* Without a display of the changes the user cannot decide. */
        if (command(cmd_diff, stat) != 0 || !may_ask || !ask_open(&asker)) {
                try_keep(name);
                return 0;
        }
        do
                (void)fprintf(stderr, "[a]pply all, [c]hoose, [l]ook, [k]eep for later, [d]iscard: ");
        while (!do_answer(ask_read(&asker, answers), name, &asker, ret_exit));
        ask_close(&asker);
        return 0;
}

int try_review(const char *name, bool may_ask, int *ret_exit, Error *err)
{
        set_signals(end, name);
        try_block_signals(false);
        int r = review(name, may_ask, ret_exit, err);
        if (r < 0)
                try_keep(name);
        set_signals(SIG_DFL, NULL);
        return r;
}
