/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records the phases of a start, for the program that only the benchmark builds. KURUNG_TIMINGS is the file
 * to which the supervisor appends lines "PROCESS PHASE MICROSECONDS" at its end; KURUNG_STARTED_AT the time
 * of its exec(2), in nanoseconds of CLOCK_MONOTONIC (starts.c).
 */
#include "base/timings.h"

#include "base/util.h"

#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#define PHASES_MAX 64

typedef struct Phase {
        const char *name; /* the processes are copies of one program */
        pid_t process;    /* as its own pid namespace counts it */
        int64_t ns;
} Phase;

static struct {
        int n;
        Phase phases[PHASES_MAX];
} * recorded; /* shared by all processes */

static const char *file;

static int64_t now(void)
{
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void print_process(FILE *out, pid_t process, const char *name, int64_t since)
{
        for (int i = 0; i < recorded->n && i < PHASES_MAX; i++) {
                const Phase *p = &recorded->phases[i];
                if (p->process != process)
                        continue;
                (void)fprintf(out, "%s\t%s\t%.1f\n", name, p->name, (double)(p->ns - since) / 1000);
                since = p->ns;
        }
}

/* The setup stage is pid 1 of the sandbox and begins when it is cloned; the payload is pid 2 and begins with
 * its own first phase. */
__attribute__((destructor)) static void print_all(void)
{
        const char *since = getenv("KURUNG_STARTED_AT");
        if (!file || !since || getpid() != recorded->phases[0].process)
                return;
        timings_reached("end");
        FILE *out = fopen(file, "ae");
        if (!out)
                return;
        print_process(out, getpid(), "outside", strtoll(since, NULL, 10));
        for (pid_t inside = 1; inside <= 2; inside++)
                for (int i = 0; i < recorded->n && i < PHASES_MAX; i++)
                        if (recorded->phases[i].process == inside) {
                                print_process(out, inside, inside == 1 ? "setup" : "payload",
                                              recorded->phases[i].ns);
                                break;
                        }
        (void)fclose(out);
}

__attribute__((constructor)) static void begin(void)
{
        file = getenv("KURUNG_TIMINGS");
        if (!file)
                return;
        recorded = mmap(NULL, sizeof(*recorded), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (recorded == MAP_FAILED)
                file = NULL;
        timings_reached("load the program");
}

void timings_reached(const char *phase)
{
        int i = file ? __atomic_fetch_add(&recorded->n, 1, __ATOMIC_RELAXED) : PHASES_MAX;
        if (i < PHASES_MAX)
                recorded->phases[i] = (Phase){phase, getpid(), now()};
}
