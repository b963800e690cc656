/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

static bool error_begin(Error *err, int errnum)
{
        if (!err || err->errnum != 0)
                return false;
        err->errnum = errnum;
        err->exit_code = EXIT_KURUNG_FAILED;
        return true;
}

int error_set(Error *err, int errnum, const char *fmt, ...)
{
        if (error_begin(err, errnum)) {
                va_list ap;
                va_start(ap, fmt);
                (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
                va_end(ap);
        }
        return -errnum;
}

int error_set_errno(Error *err, int errnum, const char *fmt, ...)
{
        if (errnum < 0)
                errnum = -errnum;
        if (error_begin(err, errnum)) {
                va_list ap;
                va_start(ap, fmt);
                int n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
                va_end(ap);
                if (n >= 0 && (size_t)n < sizeof(err->text))
                        (void)snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s",
                                       strerror(errnum));
        }
        return -errnum;
}

int error_set_exit(Error *err, int exit_code)
{
        if (!err)
                return -EINVAL;
        err->exit_code = exit_code;
        return -err->errnum;
}

int error_no_memory(Error *err)
{
        return error_set(err, ENOMEM, "out of memory");
}
