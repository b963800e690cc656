/* SPDX-License-Identifier: Apache-2.0 */
/* Completes prefixes of names. */
#include "cmd/names.h"

#include "base/log.h"
#include "spec/values.h"
#include "state/home.h"
#include "state/kept.h"
#include "state/live.h"

#include <stdio.h>

/* Maximum number of names in an error. */
#define CANDIDATES_MAX 8

static int list_names(unsigned kinds, StrList *ret, Error *err)
{
        CLEANUP_STRLIST StrList kept = {0};
        int r = kinds & NAMES_RUNNING ? live_list(ret, err) : 0;
        if (r == 0 && (kinds & NAMES_KEPT))
                r = kept_list(&kept, err);
        if (r == 0 && (kinds & NAMES_HOMES))
                r = home_list(&kept, err);
        for (size_t i = 0; r == 0 && i < kept.n; i++)
                if (!strlist_has(ret, kept.items[i]) && strlist_add(ret, kept.items[i]) < 0)
                        r = error_no_memory(err);
        return r;
}

static int ambiguous(const char *word, const StrList *names, Error *err)
{
        char text[CANDIDATES_MAX * (NAMES_ROOM + 2) + 8] = "";
        size_t len = 0, n = 0;
        for (size_t i = 0; i < names->n && n <= CANDIDATES_MAX; i++)
                if (str_starts(names->items[i], word) && len < sizeof(text)) {
                        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", n > 0 ? ", " : "",
                                                n < CANDIDATES_MAX ? names->items[i] : "...");
                        n++;
                }
        return error_set(err, EINVAL, "'%s' begins several names: %s", word, text);
}

int names_complete(const char *word, unsigned kinds, char room[NAMES_ROOM], const char **ret, Error *err)
{
        CLEANUP_STRLIST StrList names = {0};
        const char *found = NULL;
        *ret = word;
        /* The caller refuses it, or looks it up. */
        if (!value_name(word) || ((kinds & NAMES_RUNNING) && live_has(word)))
                return 0;
        int r = list_names(kinds, &names, err);
        if (r < 0)
                return r;
        if (strlist_has(&names, word))
                return 0;
        for (size_t i = 0; i < names.n; i++) {
                if (!str_starts(names.items[i], word))
                        continue;
                if (found)
                        return ambiguous(word, &names, err);
                found = names.items[i];
        }
        if (!found)
                return 0;
        (void)snprintf(room, NAMES_ROOM, "%s", found);
        *ret = room;
        return 1;
}

int names_complete_to_change(const char *word, unsigned kinds, char room[NAMES_ROOM], const char **ret,
                             Error *err)
{
        int r = names_complete(word, kinds, room, ret, err);
        if (r != 1)
                return r;
        if (!isatty(STDERR_FILENO))
                return error_set(err, EINVAL, "'%s' is not a whole name; '%s' begins with it", word, *ret);
        log_notice("'%s' is '%s'", word, *ret);
        return 1;
}
