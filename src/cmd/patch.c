/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/patch.h"

#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "changes/below.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define DIFF_PROGRAM "/usr/bin/diff"
#define SIZE_MAX_SHOWN (UINT64_C(64) << 20)
#define MEMORY_MAX (UINT64_C(1) << 30)

#define BOLD "\033[1m"
#define CYAN "\033[36m"
#define GREEN "\033[32m"
#define RED "\033[31m"
#define RESET "\033[m"

/* Becomes diff(1) over the descriptors 3 and 4; what is read was written by others, so it has nothing else.
 */
static void exec_diff(int before, int after, int out)
{
        char *const argv[] = {(char[]){DIFF_PROGRAM},
                              (char[]){"-u"},
                              (char[]){"--label=a"},
                              (char[]){"--label=b"},
                              (char[]){"/dev/fd/3"},
                              (char[]){"/dev/fd/4"},
                              NULL};
        char *const env[] = {(char[]){"LC_ALL=C"}, NULL};
        const struct rlimit memory = {.rlim_cur = MEMORY_MAX, .rlim_max = MEMORY_MAX};
        int high[3] = {fcntl(before, F_DUPFD_CLOEXEC, 10), fcntl(after, F_DUPFD_CLOEXEC, 10),
                       fcntl(out, F_DUPFD_CLOEXEC, 10)};
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (high[0] < 0 || high[1] < 0 || high[2] < 0 || null < 0 || dup2(null, 0) < 0 ||
            dup2(high[2], 1) < 0 || dup2(null, 2) < 0 || dup2(high[0], 3) < 0 || dup2(high[1], 4) < 0 ||
            process_close_from(5) < 0)
                return;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        (void)setrlimit(RLIMIT_AS, &memory);
        process_reset_signals();
        (void)execve(argv[0], argv, env);
}

static void print_escaped(const char *line, FILE *out)
{
        size_t room = 4 * strlen(line) + 5;
        char *escaped = malloc(room);
        /* Tabs are layout. text_escape() doubles backslashes, which a line of code is full of. */
        for (const char *p = line; escaped && *p;) {
                size_t n = strcspn(p, "\t\\");
                char *part = strndup(p, n);
                if (part)
                        (void)fputs(text_escape(part, escaped, room), out);
                free(part);
                p += n;
                if (*p)
                        (void)fputc(*p++, out);
        }
        free(escaped);
}

static const char *colour_of(char first)
{
        return first == '+' ? GREEN : first == '-' ? RED : first == '@' ? CYAN : "";
}

static void print_line(char *line, const PatchOptions *o, FILE *out)
{
        line[strcspn(line, "\n")] = '\0';
        const char *colour = o->colour ? colour_of(line[0]) : "";
        (void)fputs(colour, out);
        print_escaped(line, out);
        (void)fprintf(out, "%s\n", colour[0] ? RESET : "");
}

/* The lines of diff(1), but for the two that name the files. */
static void copy_lines(FILE *in, const PatchOptions *o, FILE *out)
{
        char *line = NULL;
        size_t room = 0;
        ssize_t n;
        for (unsigned i = 0; (n = getline(&line, &room, in)) >= 0; i++) {
                if (i < 2 && (str_starts(line, "--- a") || str_starts(line, "+++ b")))
                        continue;
                if (str_starts(line, "Binary files "))
                        (void)fputs("Binary files differ\n", out);
                else if (o->escaped || o->colour)
                        print_line(line, o, out);
                else
                        (void)fwrite(line, 1, (size_t)n, out);
        }
        free(line);
}

static int run_diff(int before, int after, const PatchOptions *o, FILE *out)
{
        int ends[2];
        CLEANUP_FD int pidfd = FD_NONE;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        (void)fflush(NULL);
        pid_t pid = process_clone(0, &pidfd);
        if (pid == 0) {
                exec_diff(before, after, ends[1]);
                _exit(EXIT_KURUNG_FAILED);
        }
        fd_close(ends[1]);
        FILE *in = pid < 0 ? NULL : fdopen(ends[0], "r");
        if (!in) {
                fd_close(ends[0]);
                return pid < 0 ? (int)pid : -errno;
        }
        copy_lines(in, o, out);
        (void)fclose(in);
        int status;
        int r = process_wait(pidfd, &status);
        /* 0: the same, 1: not. */
        return r < 0 ? r : process_exit_code(status) > 1 ? -EIO : 0;
}

static int text_fd(const char *text, const char *more)
{
        CLEANUP_FD int fd = memfd_create("kurung-patch", MFD_CLOEXEC);
        if (fd < 0 || dprintf(fd, "%s%s", text, more) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* The lower's side: the file, or a link's target as git shows it. */
static int open_before(const ChangesLayer *layer, const char *path, const Change *c, int *ret)
{
        CLEANUP_FD int root = FD_NONE, parent = FD_NONE;
        const char *name;
        *ret = FD_NONE;
        if (!layer->lower || (!S_ISREG(c->before.mode) && !S_ISLNK(c->before.mode))) {
                *ret = open("/dev/null", O_RDONLY | O_CLOEXEC);
                return *ret < 0 ? -errno : 0;
        }
        root = open(layer->lower, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return -errno;
        int r = below_open_parent(root, path + strlen(layer->dest), &parent, &name);
        if (r < 0)
                return r;
        if (S_ISLNK(c->before.mode)) {
                char target[PATH_MAX + 1];
                ssize_t n = readlinkat(parent, name, target, sizeof(target) - 1);
                target[n < 0 ? 0 : n] = '\0';
                *ret = text_fd(target, "");
                return *ret < 0 ? *ret : 0;
        }
        *ret = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        return *ret < 0 ? -errno : 0;
}

static int open_after(const Change *c, int *ret)
{
        if (S_ISLNK(c->now.mode))
                *ret = text_fd(c->target, "");
        else if (c->fd >= 0)
                *ret = fcntl(c->fd, F_DUPFD_CLOEXEC, 3);
        else
                *ret = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return *ret < 0 ? -errno : 0;
}

static void print_header(const char *shown, const Change *c, const PatchOptions *o, FILE *out)
{
        const char *bold = o->colour ? BOLD : "", *reset = o->colour ? RESET : "";
        (void)fprintf(out, "%sdiff --git a%s b%s%s\n", bold, shown, shown, reset);
        if (c->before.mode == 0)
                (void)fprintf(out, "%snew file mode %06o%s\n", bold, c->now.mode, reset);
        else if (c->now.mode == 0)
                (void)fprintf(out, "%sdeleted file mode %06o%s\n", bold, c->before.mode, reset);
        else if (c->now.mode != c->before.mode)
                (void)fprintf(out, "%sold mode %06o%s\n%snew mode %06o%s\n", bold, c->before.mode, reset,
                              bold, c->now.mode, reset);
}

static bool is_shown(uint32_t mode)
{
        return mode == 0 || S_ISREG(mode) || S_ISLNK(mode);
}

int patch_print(const ChangesLayer *layer, const char *path, const Change *c, const PatchOptions *o,
                FILE *out)
{
        CLEANUP_FD int before = FD_NONE, after = FD_NONE;
        size_t room = 4 * strlen(path) + 5;
        CLEANUP_FREE char *shown = malloc(room);
        const char *bold = o->colour ? BOLD : "", *reset = o->colour ? RESET : "";
        if (!shown)
                return -ENOMEM;
        (void)text_escape(path, shown, room);
        print_header(shown, c, o, out);
        if (!is_shown(c->now.mode) || !is_shown(c->before.mode)) {
                (void)fputs("No file of text\n", out);
                return 0;
        }
        if (c->now.size > SIZE_MAX_SHOWN || c->before.size > SIZE_MAX_SHOWN) {
                (void)fputs("Files larger than 64 MiB differ\n", out);
                return 0;
        }
        if (c->kind == CHANGE_MODIFIED && !(c->what & CHANGE_CONTENT))
                return 0;
        int r = open_before(layer, path, c, &before);
        if (r == -EACCES || r == -EPERM || r == -ENAMETOOLONG) {
                (void)fputs("What was there can't be read\n", out);
                return 0;
        }
        if (r == 0)
                r = open_after(c, &after);
        if (r < 0)
                return r;
        (void)fprintf(out, "%s--- %s%s%s\n%s+++ %s%s%s\n", bold, c->before.mode ? "a" : "/dev/null",
                      c->before.mode ? shown : "", reset, bold, c->now.mode ? "b" : "/dev/null",
                      c->now.mode ? shown : "", reset);
        return run_diff(before, after, o, out);
}

static int pager_pidfd = FD_NONE, pager_terminal = FD_NONE;

void pager_start(void)
{
        const char *pager = getenv("PAGER");
        int ends[2];
        if (!isatty(STDOUT_FILENO) || (pager && (pager[0] == '\0' || str_eq(pager, "cat"))))
                return;
        if (!pager && access("/usr/bin/less", X_OK) < 0)
                return;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return;
        pid_t pid = process_clone(0, &pager_pidfd);
        if (pid == 0) {
                char *const argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"},
                                      (char *)(uintptr_t)(pager ? pager : "/usr/bin/less"), NULL};
                /* As git does: leave when all fits, keep colours, and nothing else of what could drive a
                 * terminal. */
                (void)setenv("LESS", "FRX", 0);
                process_reset_signals();
                if (dup2(ends[0], STDIN_FILENO) >= 0)
                        (void)execv(argv[0], argv);
                _exit(EXIT_NOT_FOUND);
        }
        if (pid > 0) {
                pager_terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
                (void)dup2(ends[1], STDOUT_FILENO);
                (void)signal(SIGPIPE, SIG_IGN);
        }
        fd_close(ends[0]);
        fd_close(ends[1]);
}

void pager_end(void)
{
        if (pager_pidfd < 0)
                return;
        (void)fflush(stdout);
        /* The pipe ends for the pager; "try" shows more afterwards. */
        if (pager_terminal < 0 || dup2(pager_terminal, STDOUT_FILENO) < 0)
                (void)close(STDOUT_FILENO);
        pager_terminal = fd_close(pager_terminal);
        (void)process_wait(pager_pidfd, NULL);
        pager_pidfd = fd_close(pager_pidfd);
}
