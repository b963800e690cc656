/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the user questions on the terminal. */
#include "cmd/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>

bool ask_open(Asker *ret)
{
        *ret = ASKER_NOBODY;
        if (!isatty(STDERR_FILENO))
                return false;
        FILE *in = isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "re");
        if (!in)
                return false;
        Asker asker = {.in = in, .terminal = true, .wake = FD_NONE};
        if (tcgetpgrp(fileno(in)) != getpgrp()) {
                ask_close(&asker);
                return false;
        }
        (void)tcflush(fileno(in), TCIFLUSH);
        *ret = asker;
        return true;
}

/* A signal between the question and read(2) would be missed, so its handler writes to a descriptor, and both
 * are polled. Returns false after such a signal. */
static bool wait_for_line(const Asker *asker)
{
        struct pollfd fds[] = {{.fd = fileno(asker->in), .events = POLLIN},
                               {.fd = asker->wake, .events = POLLIN}};
        while (poll(fds, ARRAY_LEN(fds), -1) < 0)
                if (errno != EINTR)
                        return false;
        return fds[1].revents == 0;
}

int ask_read(Asker *asker, const char *const *words)
{
        char line[32];
        size_t n = 0;
        int c;
        /* poll(2) does not see buffered input. */
        (void)setvbuf(asker->in, NULL, _IONBF, 0);
        if (!wait_for_line(asker))
                return EOF;
        while ((c = fgetc(asker->in)) != EOF && c != '\n') {
                if (n < sizeof(line) - 1)
                        line[n++] = (char)c;
                else
                        line[0] = '\0';
        }
        /* The last line of a file or pipe may lack its newline; on a terminal this is Ctrl-D, which cancels
         * the line. */
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
