/* SPDX-License-Identifier: Apache-2.0 */
/* Reports and counts the outcome of each change. */
#include "cmd/applying.h"

#include "base/log.h"
#include "base/path.h"

#include <fcntl.h>
#include <stdio.h>

/* Maximum number of changes of a kind that are named without -v. */
#define NAMED_MAX 20

char *applying_path(const ChangesLayer *layer, const char *path)
{
        return path[0] ? path_join(layer->dest, path) : strdup(layer->dest);
}

void applying_tell_not_found(Applying *p)
{
        p->left = changes_tell_not_found(&p->reader.selection, "no changes left to apply at") || p->left;
}

void applying_report(void *userdata, ApplyReport what, const ChangesLayer *layer, const char *rel,
                     const Change *c, const char *why)
{
        static const char *const words[] = {
                [APPLY_DONE] = "",
                [APPLY_STRIPPED] = "applied without",
                [APPLY_CONFLICT] = "conflict",
                [APPLY_NEEDS_ROOT] = "needs root",
                [APPLY_REFUSED] = "refused",
                [APPLY_COVERED] = "",
        };
        Applying *p = userdata;
        CLEANUP_FREE char *path = applying_path(layer, rel);
        if (what == APPLY_DONE || what == APPLY_STRIPPED)
                p->outcome = OUTCOME_TAKEN;
        else
                p->outcome = OUTCOME_LEFT;
        if (what == APPLY_DONE) {
                if ((p->dry_run || p->verbose) && path && c) {
                        CLEANUP_FREE char *shown = changes_show_path(path, c);
                        progress_pause(&p->progress);
                        printf("%c  %s\n", changes_letter(c), shown ? shown : "?");
                }
                return;
        }
        p->left = p->left || what != APPLY_STRIPPED;
        if (path)
                (void)selection_mark_found(&p->reader.selection, path);
        if (what == APPLY_COVERED || (p->apply.reports[what] > NAMED_MAX && !p->verbose))
                return;
        progress_pause(&p->progress);
        const char *shown = path ? changes_relative(path) : "?",
                   *slash = c && S_ISDIR(c->now.mode) ? "/" : "";
        if (what == APPLY_STRIPPED)
                log_notice("%s %s: %s%s", words[what], why, shown, slash);
        else
                log_notice("%s: %s%s: %s", words[what], shown, slash, why);
}

static void count(ApplyResult *result, ApplyArea area, Outcome outcome)
{
        if (outcome == OUTCOME_TAKEN)
                result->taken++;
        else if (outcome == OUTCOME_DECLINED)
                result->declined++;
        else if (outcome == OUTCOME_LEFT)
                result->left[area]++;
}

void applying_note_outcome(Applying *p, ChangeEvent event, const Change *c)
{
        bool change = (event == CHANGE_EVENT_ENTER || event == CHANGE_EVENT_ENTRY) && c->kind != CHANGE_NONE;
        if (event == CHANGE_EVENT_ENTER)
                p->depth++;
        if (event == CHANGE_EVENT_LEAVE) {
                if (p->depth == p->out_depth)
                        p->out_depth = 0;
                p->depth--;
        }
        /* It has no outcome of its own: use that of the skipped directory. */
        if (change && p->outcome == OUTCOME_NONE && p->out_depth > 0)
                p->outcome = p->out;
        /* A directory that could not be finished is not a change, but it was skipped. */
        if (change && p->outcome == OUTCOME_TAKEN)
                p->done[c->kind]++;
        if (change || (event == CHANGE_EVENT_LEAVE && p->outcome == OUTCOME_LEFT))
                count(&p->result, p->area, p->outcome);
        if (event == CHANGE_EVENT_ENTER && p->out_depth == 0 && p->outcome >= OUTCOME_DECLINED) {
                p->out_depth = p->depth;
                p->out = p->outcome;
        }
}

void applying_summarize(const Applying *p)
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
                        log_notice("... and %llu more %s (-v lists all)", (unsigned long long)(n - NAMED_MAX),
                                   kinds[i].text);
        }
        if (p->apply.reports[APPLY_CONFLICT] > 0)
                log_notice("--force applies conflicting changes and keeps the host's files beside them");
        if (p->apply.reports[APPLY_NEEDS_ROOT] > 0)
                log_notice("\"kurung export\" packs the changes that need root");
}

void applying_tell_done(const Applying *p)
{
        static const struct {
                ChangeKind kind;
                const char *word;
        } kinds[] = {{CHANGE_ADDED, "added"}, {CHANGE_MODIFIED, "modified"}, {CHANGE_DELETED, "deleted"}};
        const char *comma = "applied: ";
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                if (p->done[kinds[i].kind] == 0)
                        continue;
                printf("%s%llu %s", comma, (unsigned long long)p->done[kinds[i].kind], kinds[i].word);
                comma = ", ";
        }
        (void)puts(str_eq(comma, ", ") ? "" : "nothing was applied");
}

void applying_tell_left(const Applying *p)
{
        uint64_t n = p->result.left[APPLY_HOME];
        if (p->result.home_unasked)
                log_notice("%llu change%s in your home %s not applied: \"kurung apply %s --home\" applies %s",
                           (unsigned long long)n, n == 1 ? "" : "s", n == 1 ? "is" : "are", p->name,
                           n == 1 ? "it" : "them");
}
