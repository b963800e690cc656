/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the person at the terminal. */
#include "cmd/ask.h"

#include <fcntl.h>
#include <termios.h>

bool ask_open(Asker *ret)
{
        *ret = ASKER_NOBODY;
        if (!isatty(STDERR_FILENO))
                return false;
        FILE *in = isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "re");
        if (!in)
                return false;
        Asker asker = {.in = in, .terminal = true};
        if (tcgetpgrp(fileno(in)) != getpgrp()) {
                ask_close(&asker);
                return false;
        }
        (void)tcflush(fileno(in), TCIFLUSH);
        *ret = asker;
        return true;
}

int ask_read(Asker *asker, const char *const *words)
{
        char line[32];
        size_t n = 0;
        int c;
        while ((c = fgetc(asker->in)) != EOF && c != '\n') {
                if (n < sizeof(line) - 1)
                        line[n++] = (char)c;
                else
                        line[0] = '\0';
        }
        /* Of a file or pipe the last line may lack its end; on a terminal that is Ctrl-D, which takes back.
         */
        if (c == EOF && (asker->terminal || n == 0 || ferror(asker->in)))
                return EOF;
        line[n] = '\0';
        for (size_t i = 0; words[i]; i++)
                if (strlen(line) == n && (str_eq(line, words[i]) || (n == 1 && line[0] == words[i][0])))
                        return words[i][0];
        return 0;
}

void ask_close(Asker *asker)
{
        if (asker->in && asker->in != stdin)
                (void)fclose(asker->in);
        *asker = ASKER_NOBODY;
}
