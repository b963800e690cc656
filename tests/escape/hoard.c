/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hoarder: "hoard [-i IDS] WHAT [MAX]" takes as much as it can of what the kernel counts for each user,
 * or for the machine, prints how much that was, and holds it until its input ends. With -i it does so under
 * several ids.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int take_inotify(long n)
{
        (void)n;
        return inotify_init1(0);
}

/* A timer has a signal prepared for it: it counts as a pending one (timer_create(2)). */
static int take_timer(long n)
{
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
        timer_t timer;
        (void)n;
        return timer_create(CLOCK_MONOTONIC, &event, &timer);
}

static int take_queue(long n)
{
        struct mq_attr attr = {.mq_maxmsg = 10, .mq_msgsize = 8192};
        char name[64];
        (void)snprintf(name, sizeof(name), "/hoard-%d-%ld", (int)getpid(), n);
        mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
        (void)mq_unlink(name);
        return (int)queue;
}

static int take_pty(long n)
{
        (void)n;
        return open("/dev/ptmx", O_RDWR | O_NOCTTY);
}

static int take_aio(long n)
{
        aio_context_t context = 0;
        (void)n;
        return (int)syscall(SYS_io_setup, 1024, &context);
}

static int take_task(long n)
{
        (void)n;
        pid_t pid = fork();
        if (pid == 0) {
                (void)pause();
                _exit(0);
        }
        return pid;
}

static const struct {
        const char *name;
        int (*take)(long n);
} kinds[] = {{"inotify", take_inotify}, {"timers", take_timer}, {"queues", take_queue},
             {"ptys", take_pty},        {"aio", take_aio},      {"tasks", take_task}};

static long take_all(const char *what, long max)
{
        long n = 0;
        for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
                if (strcmp(kinds[i].name, what) == 0)
                        while (n < max && kinds[i].take(n) >= 0)
                                n++;
        return n;
}

/* Takes it as another user, who holds it until the parent's input ends, too. Returns how much that was. */
static long take_as(uid_t uid, const char *what, long max)
{
        int ends[2];
        long n = 0;
        if (pipe(ends) < 0)
                return 0;
        pid_t pid = fork();
        if (pid == 0) {
                char byte;
                if (setresuid(uid, uid, uid) == 0)
                        n = take_all(what, max);
                if (write(ends[1], &n, sizeof(n)) != (ssize_t)sizeof(n) || close(ends[1]) < 0)
                        _exit(1);
                while (read(0, &byte, 1) > 0)
                        ;
                (void)kill(0, SIGTERM);
                _exit(0);
        }
        close(ends[1]);
        if (pid < 0 || read(ends[0], &n, sizeof(n)) != (ssize_t)sizeof(n))
                n = 0;
        close(ends[0]);
        return n;
}

int main(int argc, char **argv)
{
        long ids = 0, taken;
        char byte;
        struct rlimit files;
        if (argc > 2 && strcmp(argv[1], "-i") == 0) {
                ids = atol(argv[2]);
                argv += 2;
                argc -= 2;
        }
        if (argc < 2)
                return 2;
        long max = argc > 2 ? atol(argv[2]) : 1000000;
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void)setrlimit(RLIMIT_NOFILE, &files);
        }
        /* Its own group, all of which it ends. */
        (void)setpgid(0, 0);
        (void)signal(SIGTERM, SIG_DFL);
        taken = ids == 0 ? take_all(argv[1], max) : 0;
        for (long i = 1; i <= ids; i++)
                taken += take_as((uid_t)i, argv[1], max);
        printf("%ld\n", taken);
        fflush(stdout);
        while (read(0, &byte, 1) > 0)
                ;
        (void)kill(0, SIGTERM);
        return 0;
}
