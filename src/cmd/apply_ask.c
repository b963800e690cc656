/* SPDX-License-Identifier: Apache-2.0 */
/* Asks whether to apply a change, and skips changes that need a second look. */
#include "cmd/applying.h"

#include "base/colour.h"
#include "base/defence.h"
#include "base/log.h"
#include "base/path.h"
#include "cmd/apply_signals.h"
#include "cmd/changes.h"
#include "cmd/patch.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>

bool applying_can_ask(Applying *p)
{
        bool wanted = p->interactive || isatty(STDIN_FILENO);
        if (!p->asker && !p->looked_for_asker && wanted && ask_open(&p->own_asker))
                p->asker = &p->own_asker;
        p->looked_for_asker = true;
        return p->asker != NULL;
}

static void describe(const char *path, const Change *c, const char *flag)
{
        CLEANUP_FREE char *shown = changes_show_path(path, c);
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

static const char *const area_names[] = {
        [APPLY_PROJECT] = "in the working directory",
        [APPLY_HOME] = "in your home",
        [APPLY_SYSTEM] = "in the system",
};

static ApplyAnswer question(Applying *p, const ChangesLayer *layer, const char *path, const Change *c,
                            const char *flag)
{
        static const char *const words[] = {"yes", "no", "diff", "all", "quit", NULL};
        const PatchOptions options = {.colour = colour_wanted(STDERR_FILENO, COLOUR_AUTO), .escaped = true};
        if (p->quit)
                return leave(p);
        progress_pause(&p->progress);
        describe(path, c, flag);
        for (;;) {
                (void)fprintf(stderr, "Apply? [y]es, [n]o, [d]iff, [a]ll, [q]uit: ");
                p->asker->wake = apply_signals_wake_fd();
                int answer = ask_read(p->asker, words);
                p->asker->wake = FD_NONE;
                switch (answer) {
                case 'y':
                        return APPLY_TAKE;
                case 'n':
                        p->outcome = flag ? OUTCOME_LEFT : OUTCOME_DECLINED;
                        return APPLY_LEAVE;
                case 'a':
                        p->all[p->area] = true;
                        return APPLY_TAKE;
                case EOF:
                        /* There is no answer for the rest. */
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
                        (void)fprintf(
                                stderr,
                                "y: apply it; n: do not apply it; d: show the difference; a: apply it and "
                                "all following ones %s; q: quit and leave the rest in the sandbox\n",
                                area_names[p->area]);
                }
        }
}

/* Whether a path needs no quotes in a shell. */
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

/* A flagged change is applied only if a path names it, or after a question. */
static ApplyAnswer ask_flagged(Applying *p, const ChangesLayer *layer, const char *path, const Change *c,
                               const char *flag)
{
        if (!defence_is_on(DEFENCE_FLAGS) || selection_names(&p->reader.selection, path))
                return APPLY_TAKE;
        if (p->quit && !p->dry_run)
                return leave(p);
        if (p->dry_run || !applying_can_ask(p)) {
                tell_flagged(p, path, c, flag);
                p->left = true;
                return leave(p);
        }
        ApplyAnswer answer = question(p, layer, path, c, flag);
        p->left = p->left || answer != APPLY_TAKE;
        return answer;
}

ApplyAnswer applying_ask(void *userdata, const ChangesLayer *layer, const char *rel, const Change *c)
{
        Applying *p = userdata;
        CLEANUP_FREE char *path = applying_path(layer, rel);
        if (!path || selection_mark_found(&p->reader.selection, path) < 0) {
                p->left = true;
                return leave(p);
        }
        const char *flag = flags_of(c, path, p->home, getenv("PATH"));
        if (flag)
                return ask_flagged(p, layer, path, c, flag);
        bool below_sure = p->sure.len > 0 && path_is_below(path, p->sure.text);
        if (!p->interactive || p->all[p->area] || below_sure)
                return p->quit ? leave(p) : APPLY_TAKE;
        ApplyAnswer answer = question(p, layer, path, c, NULL);
        /* A new directory needs only one question. */
        if (answer == APPLY_TAKE && c->kind == CHANGE_ADDED && S_ISDIR(c->now.mode) &&
            pathbuf_set(&p->sure, path) < 0) {
                p->left = true;
                return leave(p);
        }
        return answer;
}
