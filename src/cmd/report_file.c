/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the file of --report. */
#include "cmd/report_file.h"

#include "cmd/caller_fds.h"

#include <fcntl.h>
#include <sys/stat.h>

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
        bool names = false;
        int fd = path ? caller_fds_named(path, &names) : FD_NONE;
        *ret = NULL;
        if (!path)
                return 0;
        if (names && fd < 0)
                return error_set(err, EBADF, "--report: '%s' is not open for writing", path);
        int r = fd >= 0 ? check(fd, path, err) : 0;
        if (r < 0)
                return r;
        if (!(*ret = fd >= 0 ? fdopen(fd, "w") : fopen(path, "we")))
                return error_set_errno(err, errno, "--report: cannot write '%s'", path);
        caller_fds_release(fd);
        return 0;
}
