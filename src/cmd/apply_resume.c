/* SPDX-License-Identifier: Apache-2.0 */
/* Resumes an interrupted apply, or rolls it back. */
#include "cmd/applying.h"

#include "base/log.h"

#include <stdio.h>

static void note(void *userdata, const char *what, const char *path)
{
        Applying *p = userdata;
        progress_pause(&p->progress);
        p->left = p->noted = true;
        log_notice("%s: %s", path, what);
}

JournalHost applying_host(Applying *p, const Kept *kept)
{
        return (JournalHost){.layers = kept->record.layers,
                             .n_layers = kept->record.n_layers,
                             .started = kept->record.started,
                             .note = note,
                             .userdata = p};
}

/* The journal holds the options of an interrupted apply. */
static int parse_options(Applying *p, const StrList *command)
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

int applying_print_options(const Applying *p, StrList *ret)
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

int applying_resume(Applying *p, Kept *kept, Journal *journal, Error *err)
{
        CLEANUP_STRLIST StrList command = {0};
        const JournalHost host = applying_host(p, kept);
        bool committed = false;
        int r = journal_open(journal, kept->dir.fd, &command);
        if (r == 0)
                r = journal_is_committed(journal, &committed);
        if (r == -EBADMSG)
                return error_set(
                        err, EBADMSG,
                        "cannot read the journal of '%s': files named .kurung-* beside yours are what the "
                        "apply replaced; rename them, then remove kept/%s/journal in kurung's state "
                        "directory",
                        kept->dir.name, kept->dir.name);
        if (r < 0)
                return error_set_errno(err, r, "cannot open the journal of '%s'", kept->dir.name);
        if (committed) {
                if (p->roll_back)
                        return error_set(err, EINVAL,
                                         "the interrupted apply was complete and cannot be undone (--resume "
                                         "finishes it)");
                r = journal_commit(journal, &host, err);
                return r < 0 ? r : 1;
        }
        if (p->roll_back) {
                r = journal_roll_back(journal, &host, err);
                return r < 0 ? r : 1;
        }
        r = journal_settle(journal, &host, err);
        if (r == 0 && parse_options(p, &command) < 0)
                r = error_no_memory(err);
        return r;
}
