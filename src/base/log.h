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

/**
 * log_set_patience - how long lines wait for a terminal or pipe that nobody reads before they are dropped.
 *
 * @ms: milliseconds, all lines together; -1: no limit, as it is at first. But who watches a sandbox must not
 * wait.
 * @until: a descriptor; once it is readable no line waits any more. FD_NONE: none.
 */
void log_set_patience(int ms, int until);

/** log_stop_watching - forget @until, whose descriptor goes; with as much patience as there is. */
void log_stop_watching(void);

/** log_error, log_notice, log_detail - one line "kurung: ...", of any length, escaped (text_escape()). */
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_notice(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_detail(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** A character of a text that others chose. */
typedef struct TextChar {
        size_t len;    /* in bytes; 1 for a byte that is no part of well-formed UTF-8 (RFC 3629) */
        uint32_t code; /* when it is valid */
        bool valid;
        bool shown; /* a terminal shows it, and shows it as itself: neither a control nor invisible */
} TextChar;

/** text_next - the character at @s, of which @len bytes (at least one, NUL among them) are there. */
TextChar text_next(const char *s, size_t len);

#define TEXT_ESCAPED_MAX 16

/** text_escape_char - the character @c at @s as itself, or each of its bytes as \xNN. Returns the length. */
size_t text_escape_char(const char *s, TextChar c, char out[TEXT_ESCAPED_MAX]);

/**
 * text_escape - copy @s to @out (of @room bytes, always NUL-terminated) with every byte as \xNN of what is
 * not shown as itself, and a backslash doubled.
 *
 * Controls (U+0000-U+001F, U+007F-U+009F) drive the terminal; bidirectional marks and other format
 * characters, separators, variation selectors, tags, fillers and spaces other than U+0020 make a name look
 * like another (attacks 6 and 85); the bytes of invalid UTF-8 are shown by each terminal in its own way. 4 *
 * strlen(@s) + 5 bytes are always enough; a text that does not fit ends in "...". Returns @out.
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
