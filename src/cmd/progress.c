/* SPDX-License-Identifier: Apache-2.0 */
/* Draws a progress line on a terminal. */
#include "cmd/progress.h"

#include "base/failpoint.h"
#include "base/io.h"
#include "cmd/changes.h"

#include <stdio.h>

static double seconds_since(const struct timespec *then)
{
        struct timespec now;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

void progress_begin(Progress *p, const char *what)
{
        *p = (Progress){.what = what, .shown = isatty(STDERR_FILENO)};
        (void)clock_gettime(CLOCK_MONOTONIC, &p->begun);
        p->last = p->begun;
}

char *progress_line(const Progress *p, uint64_t files, uint64_t bytes, double seconds, char *out, size_t room)
{
        char size[32], total[32] = "", left[48] = "";
        double done = p->bytes_total > 0   ? (double)bytes / (double)p->bytes_total
                      : p->files_total > 0 ? (double)files / (double)p->files_total
                                           : 0;
        /* The number of files counts as well: many small files take longer than their size suggests. */
        if (p->bytes_total > 0 && p->files_total > 0)
                done = (done + (double)files / (double)p->files_total) / 2;
        if (done > 0.01 && done <= 1) {
                double rest = seconds / done - seconds;
                (void)snprintf(left, sizeof(left), ", %d:%02d left", (int)rest / 60, (int)rest % 60);
        }
        if (p->files_total > 0)
                (void)snprintf(total, sizeof(total), " of %llu", (unsigned long long)p->files_total);
        (void)snprintf(out, room, "%s: %llu%s files, %s%s", p->what, (unsigned long long)files, total,
                       changes_show_size(bytes, size, sizeof(size)), left);
        return out;
}

void progress_update(Progress *p, uint64_t files, uint64_t bytes)
{
        char line[160], out[200];
        if (files > 0)
                failpoint("progress");
        if (!p->shown || seconds_since(&p->begun) < 1 || seconds_since(&p->last) < 0.1)
                return;
        (void)clock_gettime(CLOCK_MONOTONIC, &p->last);
        (void)progress_line(p, files, bytes, seconds_since(&p->begun), line, sizeof(line));
        int n = snprintf(out, sizeof(out), "\r%s\033[K", line);
        if (n > 0)
                (void)io_write_all(STDERR_FILENO, out, (size_t)n);
        p->drawn = true;
}

void progress_pause(Progress *p)
{
        if (p->drawn)
                (void)io_write_all(STDERR_FILENO, "\r\033[K", strlen("\r\033[K"));
        p->drawn = false;
}
