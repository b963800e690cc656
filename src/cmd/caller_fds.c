/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the descriptors of the caller that the command line and MAKEFLAGS name, and closes all others. */
#include "cmd/caller_fds.h"

#include "base/log.h"
#include "base/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define DESCRIPTOR_MAX (1 << 20)

static struct {
        int *fds;
        size_t n;
} taken;

/* Returns the descriptor above 2 that a path names; FD_NONE: it is another path. */
static int named_by(const char *path)
{
        static const char *const dirs[] = {"/dev/fd/", "/proc/self/fd/"};
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
                if (!str_starts(path, dirs[i]))
                        continue;
                const char *digits = path + strlen(dirs[i]);
                size_t len = strspn(digits, "0123456789");
                long fd = len > 0 && len < 10 && digits[len] == '\0' ? strtol(digits, NULL, 10) : FD_NONE;
                return fd > STDERR_FILENO && fd <= DESCRIPTOR_MAX ? (int)fd : FD_NONE;
        }
        return FD_NONE;
}

static int take_named(int fd)
{
        if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
                return 0;
        int *grown = reallocarray(taken.fds, taken.n + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        taken.fds = grown;
        taken.fds[taken.n++] = fd;
        return 0;
}

/* Returns the word of MAKEFLAGS that names a jobserver. */
static const char *find_word(const char *flags, size_t *ret_len, const char **ret_value)
{
        static const char *const names[] = {"--jobserver-auth=", "--jobserver-fds="};
        for (const char *at = flags; *at; at += strspn(at, " ")) {
                *ret_len = strcspn(at, " ");
                for (size_t i = 0; i < ARRAY_LEN(names); i++)
                        if (str_starts(at, names[i])) {
                                *ret_value = at + strlen(names[i]);
                                return at;
                        }
                at += *ret_len;
        }
        return NULL;
}

/* Takes the pipes of "R,W". */
static int take_jobserver(void)
{
        const char *flags = getenv("MAKEFLAGS"), *value;
        size_t len;
        int fds[2];
        if (!flags || !find_word(flags, &len, &value) || sscanf(value, "%7d,%7d", &fds[0], &fds[1]) != 2)
                return 0;
        for (size_t i = 0; i < ARRAY_LEN(fds); i++)
                if (fds[i] <= STDERR_FILENO || take_named(fds[i]) < 0)
                        return fds[i] <= STDERR_FILENO ? 0 : -ENOMEM;
        return 0;
}

int caller_fds_take(char *const *argv)
{
        int r = take_jobserver();
        for (; r == 0 && *argv; argv++) {
                const char *value = str_starts(*argv, "--") ? strchr(*argv, '=') : NULL;
                r = take_named(named_by(value ? value + 1 : *argv));
        }
        /* They must not reach the sandbox (attack 7). */
        (void)process_keep_only(taken.fds, taken.n);
        return r;
}

int caller_fds_named(const char *path, bool *ret_names)
{
        int fd = named_by(path);
        if (ret_names)
                *ret_names = fd >= 0;
        for (size_t i = 0; i < taken.n; i++)
                if (taken.fds[i] == fd)
                        return fd;
        return FD_NONE;
}

void caller_fds_inherit(bool inherit)
{
        for (size_t i = 0; i < taken.n; i++)
                if (taken.fds[i] >= 0)
                        (void)fcntl(taken.fds[i], F_SETFD, inherit ? 0 : FD_CLOEXEC);
}

void caller_fds_release(int fd)
{
        for (size_t i = 0; i < taken.n; i++)
                if (taken.fds[i] == fd)
                        taken.fds[i] = FD_NONE;
}

int caller_fds_settle(const int *kept, size_t n, Error *err)
{
        for (size_t i = 0; i < n; i++) {
                if (fcntl(kept[i], F_SETFD, 0) < 0)
                        return error_set_errno(err, errno, "cannot keep descriptor %d", kept[i]);
                caller_fds_release(kept[i]);
        }
        for (size_t i = 0; i < taken.n; i++)
                fd_close(taken.fds[i]);
        free(taken.fds);
        taken.fds = NULL;
        taken.n = 0;
        return 0;
}

static bool is_pipe(int fd)
{
        struct stat st;
        return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* @fd: taken. */
static int keep(Spec *spec, int fd)
{
        SpecExecution *e = &spec->execution;
        for (size_t i = 0; i < e->n_kept_fds; i++)
                if (e->kept_fds[i] == fd)
                        return 0;
        int *grown = reallocarray(e->kept_fds, e->n_kept_fds + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        e->kept_fds = grown;
        e->kept_fds[e->n_kept_fds++] = fd;
        return 0;
}

static int pass_words(Spec *spec)
{
        for (size_t i = 0; i < spec->argv.n; i++) {
                int fd = caller_fds_named(spec->argv.items[i], NULL), r = 0;
                if (fd >= 0 && is_pipe(fd))
                        r = keep(spec, fd);
                else if (fd >= 0)
                        log_notice("'%s' is not passed on, because it is not a pipe (share a file with "
                                   "--read-only=PATH)",
                                   spec->argv.items[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Opens and takes the FIFO of a jobserver at @path twice. */
static bool open_fifo(const char *path, int ret[2])
{
        for (int i = 0; i < 2; i++) {
                CLEANUP_FD int fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0 || !is_pipe(fd) || take_named(fd) < 0)
                        return false;
                ret[i] = TAKE_FD(fd);
        }
        return true;
}

/* @value: of --jobserver-auth=: "R,W" or "fifo:PATH". @ret: descriptors that are pipes. */
static bool find_jobserver(const char *value, size_t len, int ret[2])
{
        CLEANUP_FREE char *copy = strndup(value, len);
        int end = 0;
        if (!copy)
                return false;
        if (str_starts(copy, "fifo:"))
                return open_fifo(copy + strlen("fifo:"), ret);
        return sscanf(copy, "%5d,%5d%n", &ret[0], &ret[1], &end) == 2 && copy[end] == '\0' && ret[0] > 2 &&
               ret[1] > 2 && is_pipe(ret[0]) && is_pipe(ret[1]);
}

static int pass_jobserver(Spec *spec)
{
        const char *flags = strlist_has(&spec->env_pass, "MAKEFLAGS") ? getenv("MAKEFLAGS") : NULL, *value;
        size_t len;
        const char *word = flags ? find_word(flags, &len, &value) : NULL;
        CLEANUP_FREE char *changed = NULL;
        char auth[64] = "";
        int fds[2];
        if (!word)
                return 0;
        if (find_jobserver(value, len - (size_t)(value - word), fds)) {
                if (keep(spec, fds[0]) < 0 || keep(spec, fds[1]) < 0)
                        return -ENOMEM;
                (void)snprintf(auth, sizeof(auth), "--jobserver-auth=%d,%d", fds[0], fds[1]);
        }
        /* Without a jobserver, make would warn and blame a missing "+". */
        if (asprintf(&changed, "%.*s%s%s", (int)(word - flags), flags, auth, word + len) < 0) {
                changed = NULL;
                return -ENOMEM;
        }
        return setenv("MAKEFLAGS", changed, 1) < 0 ? -errno : 0;
}

int caller_fds_pass(Spec *spec, Error *err)
{
        int r = pass_words(spec);
        if (r == 0)
                r = pass_jobserver(spec);
        return r < 0 ? error_set_errno(err, r, "cannot pass pipes of the caller to the command") : 0;
}
