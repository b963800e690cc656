/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung discard". */
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/progress.h"
#include "state/discard.h"
#include "state/home.h"

static void update(void *userdata, const DiscardCount *count)
{
        Progress *p = userdata;
        p->files_total = count->files_total;
        p->bytes_total = count->bytes_total;
        progress_update(p, count->files, count->bytes);
}

static int discard_all(const StrList *names, bool homes, Error *err)
{
        CLEANUP(plan_identity_clear) PlanIdentity ids = {0};
        int r = homes ? discard_own_ids(&ids, err) : 0, code = 0;
        for (size_t i = 0; r == 0 && i < names->n; i++) {
                const char *name = names->items[i];
                Error why = {0};
                Progress progress;
                const DiscardWatch watch = {.update = update, .userdata = &progress};
                progress_begin(&progress, "discarding");
                const DiscardWatch *watched = progress.shown ? &watch : NULL;
                int e = homes ? home_discard(name, &ids, watched, &why) : kept_discard(name, watched, &why);
                progress_pause(&progress);
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
