/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the file of --report. */
#include "cmd/report_file.h"

#include "base/defence.h"
#include "base/process.h"

#include <fcntl.h>
#include <sys/stat.h>

#define DESCRIPTOR_MAX (1 << 20)

static int taken = FD_NONE;

/* Returns the descriptor that the path names; FD_NONE: it is another path, or one of 0 to 2, which stay open.
 */
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

/* Returns the value of --report, before the options are parsed; NULL: none. It may be a word of the command.
 */
static const char *find_report(char *const *argv)
{
        const char *found = NULL;
        for (; *argv && !str_eq(*argv, "--"); argv++) {
                if (str_starts(*argv, "--report="))
                        found = *argv + strlen("--report=");
                else if (str_eq(*argv, "--report") && argv[1])
                        found = argv[1];
                if (found && named_by(found) >= 0)
                        break;
        }
        return found;
}

void report_file_take(char *const *argv)
{
        const char *path = find_report(argv);
        taken = path ? named_by(path) : FD_NONE;
        if (taken >= 0 && fcntl(taken, F_SETFD, FD_CLOEXEC) < 0)
                taken = FD_NONE;
        /* They must not reach the sandbox (attack 7). */
        (void)process_keep_only(&taken, 1);
}

void report_file_inherit(bool inherit)
{
        if (taken >= 0)
                (void)fcntl(taken, F_SETFD, inherit ? 0 : FD_CLOEXEC);
}

/* Only what leads to a program of the caller: a file that a descriptor names could have a path inside, too,
 * and nothing would show that it was exchanged. */
static int check(int fd, const char *path, Error *err)
{
        struct stat st;
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fstat(fd, &st) < 0 || (flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY)
                return error_set(err, EBADF, "--report: '%s' is not open for writing", path);
        return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)
                       ? 0
                       : error_set(err, EINVAL, "--report: '%s' is no pipe; give the path of the file", path);
}

int report_file_open(const char *path, FILE **ret, Error *err)
{
        int fd = path ? named_by(path) : FD_NONE;
        if (taken != fd)
                taken = fd_close(taken);
        *ret = NULL;
        if (!path)
                return 0;
        if (fd >= 0 && fd != taken)
                return error_set(err, EBADF, "--report: '%s' is not open for writing", path);
        int r = fd >= 0 ? check(fd, path, err) : 0;
        if (r < 0)
                return r;
        if (!(*ret = fd >= 0 ? fdopen(fd, "w") : fopen(path, "we")))
                return error_set_errno(err, errno, "--report: cannot write '%s'", path);
        return 0;
}
