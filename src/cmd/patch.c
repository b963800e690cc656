/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a change as a unified diff, by diff(1). */
#include "cmd/patch.h"

#include "base/colour.h"
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/lookup.h"
#include "base/process.h"
#include "changes/below.h"
#include "changes/compare.h"
#include "cmd/changes.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define DIFF_PROGRAM "/usr/bin/diff"
#define SIZE_MAX_SHOWN (UINT64_C(64) << 20)
#define MEMORY_MAX (UINT64_C(1) << 30)

#define CHUNK 65536

/* Executes diff(1) on the descriptors 3 and 4. Its input is untrusted, so it gets no other. */
static void exec_diff(int before, int after, int out)
{
        char *const argv[] = {
                (char[]){DIFF_PROGRAM}, (char[]){"-u"},        (char[]){"--text"},    (char[]){"--label=a"},
                (char[]){"--label=b"},  (char[]){"/dev/fd/3"}, (char[]){"/dev/fd/4"}, NULL};
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

/*
 * Tabs and backslashes are not escaped, because lines of code are full of them; colours distinguish escapes
 * from code.
 */
static void print_escaped(const char *line, size_t len, const PatchOptions *o, const char *colour, FILE *out)
{
        bool reversed = false;
        while (len > 0) {
                char piece[TEXT_ESCAPED_MAX] = "";
                TextChar c = text_next(line, len);
                c.shown = c.shown || *line == '\t';
                if (o->colour && reversed == c.shown) {
                        reversed = !c.shown;
                        (void)fprintf(out, "%s%s", reversed ? COLOUR_REVERSE : COLOUR_RESET, colour);
                }
                (void)fwrite(piece, 1, text_escape_char(line, c, piece), out);
                line += c.len;
                len -= c.len;
        }
        if (reversed)
                (void)fputs(COLOUR_RESET, out);
}

static const char *colour_of(char first)
{
        return first == '+' ? COLOUR_GREEN : first == '-' ? COLOUR_RED : first == '@' ? COLOUR_CYAN : "";
}

/* @len: all bytes except the newline, including NUL. */
static void print_line(const char *line, size_t len, const PatchOptions *o, FILE *out)
{
        const char *colour = o->colour && len > 0 ? colour_of(line[0]) : "";
        (void)fputs(colour, out);
        print_escaped(line, len, o, colour, out);
        (void)fprintf(out, "%s\n", colour[0] ? COLOUR_RESET : "");
}

/* Copies the lines of diff(1), except for the two that name the files. */
static void copy_lines(FILE *in, const PatchOptions *o, FILE *out)
{
        char *line = NULL;
        size_t room = 0;
        ssize_t n;
        for (unsigned i = 0; (n = getline(&line, &room, in)) >= 0; i++) {
                if (i < 2 && (str_starts(line, "--- a") || str_starts(line, "+++ b")))
                        continue;
                if (o->escaped || o->colour)
                        print_line(line, (size_t)n - (n > 0 && line[n - 1] == '\n'), o, out);
                else
                        (void)fwrite(line, 1, (size_t)n, out);
        }
        free(line);
}

/* Counts the bytes from @from to @to that do not occur in text. */
static int count_odd(int fd, uint64_t from, uint64_t to, uint64_t *odd)
{
        char buffer[CHUNK];
        while (from < to) {
                ssize_t n = io_read_at(fd, buffer, to - from < CHUNK ? (size_t)(to - from) : CHUNK, from);
                if (n <= 0)
                        return (int)n;
                for (size_t i = 0; i < (size_t)n;) {
                        const TextChar c = text_next(buffer + i, (size_t)n - i);
                        *odd += c.shown || strchr("\t\n\r\f", buffer[i]) ? 0 : c.len;
                        *odd += buffer[i] == '\0'; /* strchr() matches NUL, too */
                        i += c.len;
                }
                from += (uint64_t)n;
        }
        return 0;
}

/*
 * Whether the whole file has too many binary bytes to be shown as lines. A few binary bytes do not count,
 * wherever they are: interpreters read scripts past a NUL, so kurung shows them past it. Holes, which are not
 * read, count as NULs.
 */
static int looks_binary(int fd, bool *ret)
{
        struct stat st;
        uint64_t odd = 0, size, from, to;
        int r = 0;
        *ret = false;
        if (fstat(fd, &st) < 0)
                return -errno;
        size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
        for (uint64_t at = 0; r == 0 && at < size && odd <= size / 3; at = to) {
                compare_next_data(fd, at, size, &from, &to);
                odd += from - at;
                if (odd <= size / 3)
                        r = count_odd(fd, from, to, &odd);
        }
        *ret = odd > size / 3;
        return r;
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
        /* 0: equal, 1: different. An error of diff(1) for one file must not prevent the display of others. */
        if (r == 0 && process_exit_code(status) > 1)
                (void)fputs("The lines are incomplete: " DIFF_PROGRAM " failed\n", out);
        return r;
}

static int text_fd(const char *text, const char *more)
{
        CLEANUP_FD int fd = memfd_create("kurung-patch", MFD_CLOEXEC);
        if (fd < 0 || dprintf(fd, "%s%s", text, more) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int open_in_lower(const char *lower, const ChangesLayer *layer, const char *path, int *ret_parent,
                         const char **ret_name)
{
        CLEANUP_FD int root = FD_NONE;
        int r = lookup_open_plain(lower, O_PATH | O_DIRECTORY, &root);
        return r < 0 ? r : below_open_parent(root, path + strlen(layer->dest), ret_parent, ret_name);
}

/* Opens the lower's version: the file, or a link's target as git shows it. */
static int open_before(const ChangesLayer *layer, const char *path, const Change *c, int *ret)
{
        CLEANUP_FD int parent = FD_NONE;
        const char *name = "";
        *ret = FD_NONE;
        if ((!layer->lower && layer->image.n == 0) ||
            (!S_ISREG(c->before.mode) && !S_ISLNK(c->before.mode))) {
                *ret = open("/dev/null", O_RDONLY | O_CLOEXEC);
                return *ret < 0 ? -errno : 0;
        }
        int r = layer->lower ? open_in_lower(layer->lower, layer, path, &parent, &name) : -ENOENT;
        /* Of an image, the topmost layer that has the file shows it. */
        for (size_t i = 0; !layer->lower && r < 0 && i < layer->image.n; i++) {
                struct stat st;
                parent = fd_close(parent);
                r = open_in_lower(layer->image.items[i], layer, path, &parent, &name);
                if (r == 0 && (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
                               (st.st_mode & S_IFMT) != (c->before.mode & S_IFMT)))
                        r = -ENOENT;
        }
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
        const char *bold = o->colour ? COLOUR_BOLD : "", *reset = o->colour ? COLOUR_RESET : "";
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

/* Prints a summary instead of lines. */
static void print_instead(const char *text, const Change *c, FILE *out)
{
        char before[32], now[32];
        (void)fprintf(out, "%s: %s before, %s now\n", text,
                      c->before.mode ? changes_show_size(c->before.size, before, sizeof(before)) : "nothing",
                      c->now.mode ? changes_show_size(c->now.size, now, sizeof(now)) : "nothing");
}

static int print_lines(const char *shown, const Change *c, int before, int after, const PatchOptions *o,
                       FILE *out)
{
        const char *bold = o->colour ? COLOUR_BOLD : "", *reset = o->colour ? COLOUR_RESET : "";
        bool binary[2] = {false, false};
        int r = looks_binary(before, &binary[0]);
        if (r == 0)
                r = looks_binary(after, &binary[1]);
        if (r < 0)
                return r;
        if (binary[0] || binary[1]) {
                print_instead("Binary files differ", c, out);
                return 0;
        }
        (void)fprintf(out, "%s--- %s%s%s\n%s+++ %s%s%s\n", bold, c->before.mode ? "a" : "/dev/null",
                      c->before.mode ? shown : "", reset, bold, c->now.mode ? "b" : "/dev/null",
                      c->now.mode ? shown : "", reset);
        return run_diff(before, after, o, out);
}

int patch_print(const ChangesLayer *layer, const char *path, const Change *c, const char *flag,
                const PatchOptions *o, FILE *out)
{
        CLEANUP_FD int before = FD_NONE, after = FD_NONE;
        size_t room = 4 * strlen(path) + 5;
        CLEANUP_FREE char *shown = malloc(room);
        char why[1024];
        if (!shown)
                return -ENOMEM;
        (void)text_escape(path, shown, room);
        print_header(shown, c, o, out);
        if (c->kind == CHANGE_REFUSED || flag)
                (void)fprintf(out, "! %s\n", flag ? flag : text_escape(c->why, why, sizeof(why)));
        if (c->kind == CHANGE_REFUSED || S_ISDIR(c->now.mode))
                return 0;
        if (!is_shown(c->now.mode) || !is_shown(c->before.mode)) {
                (void)fputs("Not a text file\n", out);
                return 0;
        }
        if (c->now.size > SIZE_MAX_SHOWN || c->before.size > SIZE_MAX_SHOWN) {
                print_instead("Files larger than 64 MiB differ", c, out);
                return 0;
        }
        if (c->kind == CHANGE_MODIFIED && !(c->what & CHANGE_CONTENT))
                return 0;
        int r = open_before(layer, path, c, &before);
        if (r == -EACCES || r == -EPERM || r == -ENAMETOOLONG) {
                (void)fputs("The original file cannot be read\n", out);
                return 0;
        }
        if (r == 0)
                r = open_after(c, &after);
        return r < 0 ? r : print_lines(shown, c, before, after, o, out);
}
