/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the user at the terminal. */
#pragma once

#include "base/util.h"

#include <stdio.h>

typedef struct Asker {
        FILE *in;      /* source of answers; NULL: nobody can be asked */
        bool terminal; /* a user types them */
        int wake;      /* readable once the wait for an answer must end; FD_NONE: never */
} Asker;

#define ASKER_NOBODY ((Asker){.wake = FD_NONE})

/**
 * ask_open - open the terminal for questions: standard input, or the controlling terminal if that is a pipe
 * or a file ("curl ... | kurung try -- sh"). Questions go to standard error, which must be a terminal as
 * well. A background job asks nothing, because it would be stopped (termios(3), TOSTOP and SIGTTIN).
 *
 * Earlier input is dropped: it was meant for something else, or is the terminal's answer to an escape
 * sequence of the payload.
 *
 * @ret: ask_close() closes it. Returns whether somebody can be asked.
 */
bool ask_open(Asker *ret);

/**
 * ask_read - read one answer.
 *
 * @words: the valid answers, by their first letter or in full; NULL-terminated. Other lines are invalid, even
 * if they begin with one of the letters.
 *
 * Returns the letter; 0 for an invalid answer; EOF at the end of the answers, or if @asker->wake is readable.
 */
int ask_read(Asker *asker, const char *const *words);

void ask_close(Asker *asker);
