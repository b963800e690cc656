/* SPDX-License-Identifier: Apache-2.0 */
/* kurung's own messages, to stderr. Only commands and the supervisor call this; libraries fill an Error. */
#pragma once

#include "base/util.h"

typedef enum LogLevel {
        LOG_QUIET,  /* -q: errors only */
        LOG_NORMAL, /* errors and notices */
        LOG_DETAIL, /* -v: what is being done */
} LogLevel;

void log_set_level(LogLevel level);
LogLevel log_get_level(void);

/** log_error, log_notice, log_detail - one line "kurung: ...", control bytes escaped (text_escape()). */
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_notice(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_detail(const char *fmt, ...) PRINTF_LIKE(1, 2);

/**
 * text_escape - copy @s to @out (of @room bytes, always NUL-terminated) with every control byte, DEL, byte of
 * invalid UTF-8 and C1 control (U+0080-U+009F) as \xNN, and a backslash doubled: what we print about names
 * that others chose must not drive the terminal (ESCAPES 6). A text that does not fit ends in "...". Returns
 * @out.
 */
char *text_escape(const char *s, char *out, size_t room);

/**
 * text_unescape - what text_escape() was given; owned. Returns 0; -EINVAL when it can't have written @s
 * (another escape, a NUL); -ENOMEM.
 */
int text_unescape(const char *s, char **ret);

/** text_is_utf8 - whether @s is well-formed UTF-8 (RFC 3629). */
bool text_is_utf8(const char *s);

/** text_valid_utf8 - a copy in which each byte that is no part of well-formed UTF-8 is U+FFFD; owned, NULL:
 * out of memory. */
char *text_valid_utf8(const char *s);
