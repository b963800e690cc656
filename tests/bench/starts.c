/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures commands in turns. Usage: starts ROUNDS AT-ONCE NAME COMMAND [ARG...] [+ NAME COMMAND [ARG...]]...
 *
 * In each round every command runs once, AT-ONCE times side by side, and each round begins with the next one.
 * Prints for each command, separated by tabs: its name; the median of the time until the last of them has
 * ended, divided by AT-ONCE, in ms; the mean of it; the median of its processor time, with its children's, in
 * ms; the medians of the ratios of the first of these to that of the first and of the second command in the
 * same round.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16

extern char **environ;

typedef struct Command {
        const char *name;
        char **argv;
        double *wall; /* ms, one for each round */
        double *processor;
        double *ratios[2];
} Command;

static void fail(const char *what)
{
        (void)fprintf(stderr, "starts: %s: %s\n", what, strerror(errno));
        exit(125);
}

static double now(void)
{
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1000000;
}

static double used(void)
{
        struct rusage u;
        (void)getrusage(RUSAGE_CHILDREN, &u);
        return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static void run_once(const Command *c, int at_once, posix_spawn_file_actions_t *quiet, size_t round)
{
        double wall = now(), processor = used();
        for (int i = 0; i < at_once; i++) {
                char since[32];
                pid_t pid;
                /* For timings.c. */
                (void)snprintf(since, sizeof(since), "%.0f", now() * 1000000);
                (void)setenv("KURUNG_STARTED_AT", since, 1);
                errno = posix_spawnp(&pid, c->argv[0], quiet, NULL, c->argv, environ);
                if (errno != 0)
                        fail(c->argv[0]);
        }
        for (int i = 0; i < at_once; i++) {
                int status;
                if (wait(&status) < 0)
                        fail("wait");
                if (status != 0) {
                        (void)fprintf(stderr, "starts: %s failed (status %#x)\n", c->name, (unsigned)status);
                        exit(1);
                }
        }
        c->wall[round] = (now() - wall) / at_once;
        c->processor[round] = (used() - processor) / at_once;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
        qsort(values, n, sizeof(*values), compare);
        return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* Splits the words at each "+" into @commands; returns their number. */
static size_t parse(char **words, size_t rounds, Command *commands)
{
        size_t n = 0;
        while (*words) {
                if (n == COMMANDS_MAX || !words[1]) {
                        errno = EINVAL;
                        fail("too many commands, or a name without one");
                }
                Command *c = &commands[n++];
                *c = (Command){.name = words[0], .argv = words + 1};
                c->wall = calloc(4 * rounds, sizeof(*c->wall));
                if (!c->wall)
                        fail("memory");
                c->processor = c->wall + rounds;
                c->ratios[0] = c->processor + rounds;
                c->ratios[1] = c->ratios[0] + rounds;
                while (*words && strcmp(*words, "+") != 0)
                        words++;
                if (*words)
                        *words++ = NULL;
        }
        return n;
}

int main(int argc, char **argv)
{
        Command commands[COMMANDS_MAX];
        posix_spawn_file_actions_t quiet;
        size_t rounds = argc > 4 ? strtoul(argv[1], NULL, 10) : 0;
        int at_once = argc > 4 ? atoi(argv[2]) : 0;
        if (rounds < 1 || at_once < 1) {
                (void)fprintf(stderr,
                              "usage: starts ROUNDS AT-ONCE NAME COMMAND [ARG...] [+ NAME COMMAND...]...\n");
                return 125;
        }
        size_t n = parse(argv + 3, rounds, commands);
        (void)posix_spawn_file_actions_init(&quiet);
        for (int fd = 0; fd < 2; fd++)
                (void)posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);
        /* Once before, so that no run reads from the disk or makes a cache. */
        for (size_t i = 0; i < n; i++)
                run_once(&commands[i], 1, &quiet, 0);
        if (getenv("KURUNG_TIMINGS"))
                (void)unlink(getenv("KURUNG_TIMINGS"));
        for (size_t round = 0; round < rounds; round++)
                for (size_t i = 0; i < n; i++)
                        run_once(&commands[(round + i) % n], at_once, &quiet, round);
        for (size_t i = 0; i < n; i++)
                for (size_t round = 0; round < rounds; round++)
                        for (size_t to = 0; to < 2; to++)
                                commands[i].ratios[to][round] =
                                        commands[i].wall[round] / commands[n > to ? to : 0].wall[round];
        for (size_t i = 0; i < n; i++) {
                Command *c = &commands[i];
                double sum = 0;
                for (size_t round = 0; round < rounds; round++)
                        sum += c->wall[round];
                printf("%s\t%.2f\t%.3f\t%.2f\t%.3f\t%.3f\n", c->name, median(c->wall, rounds),
                       sum / (double)rounds, median(c->processor, rounds), median(c->ratios[0], rounds),
                       median(c->ratios[1], rounds));
        }
        (void)posix_spawn_file_actions_destroy(&quiet);
        return 0;
}
