/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung discard". */
#include "base/log.h"
#include "cmd/ask.h"
#include "cmd/command.h"
#include "cmd/names.h"
#include "cmd/options.h"
#include "cmd/progress.h"
#include "state/discard.h"
#include "state/home.h"

#include <stdio.h>

static void update(void *userdata, const DiscardCount *count)
{
        Progress *p = userdata;
        p->files_total = count->files_total;
        p->bytes_total = count->bytes_total;
        progress_update(p, count->files, count->bytes);
}

/* Asks whether a name that was completed is meant: what is discarded is gone. Returns 0; -ECANCELED with
 * @err. */
static int confirm(const char *name, bool home, Error *err)
{
        static const char *const answers[] = {"yes", "no", NULL};
        Asker asker;
        int answer = 0;
        if (!ask_open(&asker))
                return error_set(err, ECANCELED,
                                 "nobody can be asked whether '%s' is meant: give the whole name", name);
        while (answer == 0) {
                (void)fprintf(stderr, "Discard the %s '%s'? [y]es, [n]o: ", home ? "home" : "sandbox", name);
                answer = ask_read(&asker, answers);
        }
        ask_close(&asker);
        if (answer == EOF)
                (void)fputc('\n', stderr);
        return answer == 'y' ? 0 : error_set(err, ECANCELED, "'%s' was not discarded", name);
}

static int discard_one(const char *word, bool home, const PlanIdentity *ids, Error *err)
{
        char room[NAMES_ROOM];
        const char *name;
        Progress progress;
        const DiscardWatch watch = {.update = update, .userdata = &progress};
        int r = names_complete_to_change(word, home ? NAMES_HOMES : NAMES_KEPT, room, &name, err);
        if (r == 1)
                r = confirm(name, home, err);
        if (r < 0)
                return r;
        progress_begin(&progress, "discarding");
        const DiscardWatch *watched = progress.shown ? &watch : NULL;
        r = home ? home_discard(name, ids, watched, err) : kept_discard(name, watched, err);
        progress_pause(&progress);
        return r;
}

static int discard_all(const StrList *names, bool homes, Error *err)
{
        CLEANUP(plan_identity_clear) PlanIdentity ids = {0};
        int r = homes ? discard_own_ids(&ids, err) : 0, code = 0;
        for (size_t i = 0; r == 0 && i < names->n; i++) {
                Error why = {0};
                int e = discard_one(names->items[i], homes, &ids, &why);
                if (e < 0)
                        code = command_failed(&why, e);
        }
        return r < 0 ? r : code;
}

int cmd_discard(int argc, char **argv)
{
        CLEANUP_STRLIST StrList words = {0};
        Error err = {0};
        bool homes = false;
        const CmdOption options[] = {
                {"home", 0, NULL, "NAME is a kept home (Home=persist:NAME)", .flag = &homes},
        };
        const CmdUsage usage = {"discard [--home] NAME...",
                                "Remove kept sandboxes or homes with all their changes.",
                                "\"kurung ps -a\" lists sandboxes, \"kurung ps --homes\" lists homes.",
                                options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        if (r == 0 && words.n == 0)
                r = error_set(&err, EINVAL, "discard: no sandbox given; see \"kurung discard --help\"");
        if (r == 0)
                r = discard_all(&words, homes, &err);
        return r < 0 ? command_failed(&err, r) : r;
}
