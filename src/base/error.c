/* SPDX-License-Identifier: Apache-2.0 */
/* Fills and completes error values. */
#include "base/error.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

/* Without an errno (errno was 0) it is still a failure: "return error_set(...)" must never return 0. */
static int positive(int errnum)
{
        if (errnum == INT_MIN)
                return EIO;
        return errnum == 0 ? EIO : errnum < 0 ? -errnum : errnum;
}

static bool error_begin(Error *err, int errnum)
{
        if (!err || err->errnum != 0)
                return false;
        err->errnum = errnum;
        err->exit_code = EXIT_KURUNG_FAILED;
        return true;
}

static void say_something(Error *err)
{
        if (err->text[0] == '\0')
                (void)snprintf(err->text, sizeof(err->text), "%s", strerror(err->errnum));
}

int error_set(Error *err, int errnum, const char *fmt, ...)
{
        errnum = positive(errnum);
        if (error_begin(err, errnum)) {
                va_list ap;
                va_start(ap, fmt);
                (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
                va_end(ap);
                say_something(err);
        }
        return -errnum;
}

int error_set_errno(Error *err, int errnum, const char *fmt, ...)
{
        errnum = positive(errnum);
        if (error_begin(err, errnum)) {
                va_list ap;
                va_start(ap, fmt);
                int n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
                va_end(ap);
                if (n >= 0 && (size_t)n < sizeof(err->text))
                        (void)snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s",
                                       strerror(errnum));
                say_something(err);
        }
        return -errnum;
}

int error_set_exit(Error *err, int exit_code)
{
        if (!err)
                return -EINVAL;
        int r = error_ensure(err, -EIO, "an operation");
        err->exit_code = exit_code > 0 && exit_code <= 255 ? exit_code : EXIT_KURUNG_FAILED;
        return r;
}

int error_ensure(Error *err, int r, const char *what)
{
        int errnum = positive(r);
        if (!err)
                return -errnum;
        if (err->errnum == 0)
                (void)error_set_errno(err, errnum, "%s failed without an error message", what);
        err->errnum = positive(err->errnum);
        if (err->exit_code <= 0 || err->exit_code > 255)
                err->exit_code = EXIT_KURUNG_FAILED;
        say_something(err);
        return -err->errnum;
}

int error_take(Error *err, const Error *from, const char *who)
{
        Error taken = *from;
        taken.text[sizeof(taken.text) - 1] = '\0';
        int r = error_ensure(&taken, -EPROTO, who);
        if (err && err->errnum == 0)
                *err = taken;
        return r;
}

int error_no_memory(Error *err)
{
        return error_set(err, ENOMEM, "out of memory");
}
