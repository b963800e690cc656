/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the person at the terminal. */
#pragma once

#include "base/util.h"

#include <stdio.h>

typedef struct Asker {
        FILE *in;      /* where answers come from; NULL: nobody can be asked */
        bool terminal; /* they are typed by a person */
        int wake;      /* readable once an answer is not waited for any more; FD_NONE: never */
} Asker;

#define ASKER_NOBODY ((Asker){.wake = FD_NONE})

/**
 * ask_open - find the terminal to ask on: standard input, or the controlling terminal when that is a pipe or
 * a file ("curl ... | kurung try -- sh"). Questions go to standard error, so that has to be a terminal, too;
 * and a job in the background asks nothing, as it would be stopped (termios(3), TOSTOP and SIGTTIN).
 *
 * What was typed before is dropped: it was an answer to something else, or the answer of the terminal itself
 * to an escape sequence of the payload's.
 *
 * @ret: ask_close() closes it. Returns whether somebody can be asked.
 */
bool ask_open(Asker *ret);

/**
 * ask_read - read one answer.
 *
 * @words: the answers there are, each by its first letter or whole; ends with NULL. Nothing else is an
 * answer: a line that only begins with one of the letters may be anything.
 *
 * Returns the letter; 0 when the line is no answer; EOF at the end of the answers, or when @asker->wake says
 * so.
 */
int ask_read(Asker *asker, const char *const *words);

void ask_close(Asker *asker);
