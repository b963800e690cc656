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

#define CUT "[...]"
/* Of a long word, such as a path, the beginning and the end stay. */
#define WORD_HEAD 60
#define WORD_TAIL 100
/* Several paths of the maximum length. */
#define WHOLE_MAX 16384

/* Whether a byte is not the first of a character (utf-8(7)). */
static bool is_continued(char c)
{
        return ((unsigned char)c & 0xc0) == 0x80;
}

/* Appends to the text what fits. */
static size_t append(Error *err, size_t len, const char *text, size_t n)
{
        size_t room = sizeof(err->text) - 1 - len;
        if (n > room) {
                n = room;
                while (n > 0 && is_continued(text[n]))
                        n--;
        }
        memcpy(err->text + len, text, n);
        return len + n;
}

/* Long paths must not cut off the reason, which is behind them: their middle is left out. */
__attribute__((noinline, format(printf, 2, 0))) static void set_long(Error *err, const char *fmt, va_list ap)
{
        char whole[WHOLE_MAX];
        size_t len = 0;
        (void)vsnprintf(whole, sizeof(whole), fmt, ap);
        for (const char *at = whole; *at;) {
                size_t word = strcspn(at, " "), end = word + strspn(at + word, " ");
                size_t head = WORD_HEAD, tail = WORD_TAIL;
                while (word > WORD_HEAD + WORD_TAIL && is_continued(at[head]))
                        head--;
                while (word > WORD_HEAD + WORD_TAIL && is_continued(at[word - tail]))
                        tail--;
                if (word > WORD_HEAD + WORD_TAIL) {
                        len = append(err, len, at, head);
                        len = append(err, len, CUT, strlen(CUT));
                        at += word - tail;
                        end -= word - tail;
                }
                len = append(err, len, at, end);
                at += end;
        }
        err->text[len] = '\0';
}

__attribute__((format(printf, 2, 0))) static void set_text(Error *err, const char *fmt, va_list ap)
{
        va_list again;
        va_copy(again, ap);
        if (vsnprintf(err->text, sizeof(err->text), fmt, ap) >= (int)sizeof(err->text))
                set_long(err, fmt, again);
        va_end(again);
}

/* Appends the reason, in place of the end of a text that has no room for it. */
static void add_reason(Error *err, const char *why)
{
        size_t len = strlen(err->text), need = strlen(why) + 3;
        if (need > sizeof(err->text))
                return;
        if (len > sizeof(err->text) - need)
                len = sizeof(err->text) - need;
        while (len > 0 && is_continued(err->text[len]))
                len--;
        (void)snprintf(err->text + len, sizeof(err->text) - len, ": %s", why);
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
                set_text(err, fmt, ap);
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
                set_text(err, fmt, ap);
                va_end(ap);
                add_reason(err, strerror(errnum));
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

int error_at(Error *err, ErrorStep step, int index)
{
        if (!err || err->errnum == 0)
                return 0;
        if (err->step == ERROR_ELSEWHERE) {
                err->step = step;
                err->index = index;
        }
        return -err->errnum;
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
