/* SPDX-License-Identifier: Apache-2.0 */
/* kurung's own messages, to stderr. Only commands and the supervisor call this; libraries fill an Error. */
#pragma once

#include "base/util.h"

typedef enum LogLevel {
        LOG_QUIET,  /* -q: errors only */
        LOG_NORMAL, /* errors and notices */
        LOG_DETAIL, /* -v: each step */
} LogLevel;

/** The format of lines; set by a front end. */
typedef struct LogStyle {
        const char *program; /* begins each line; static */
        bool priorities; /* before the program, like sd-daemon(3): "<3>" errors, "<4>" notices, "<6>" details
                          */
} LogStyle;

/** log_set_style - set the format of all following lines; "kurung" without priorities is the default. */
void log_set_style(LogStyle style);

void log_set_level(LogLevel level);
LogLevel log_get_level(void);

/**
 * log_set_patience - set how long lines wait for a terminal or pipe that nobody reads before they are
 * dropped.
 *
 * @ms: milliseconds, all lines together; -1: no limit, the default. A process that watches a sandbox must not
 * wait.
 * @until: a descriptor; once it is readable, lines no longer wait. FD_NONE: none.
 */
void log_set_patience(int ms, int until);

/** log_stop_watching - forget @until before its descriptor is closed; the patience does not change. */
void log_stop_watching(void);

/** log_error, log_notice, log_detail - print one line "PROGRAM: ..." of any length, escaped (text_escape()).
 * The program is red before an error on a terminal (colour_wanted()). */
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_notice(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_detail(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** A character of an untrusted text. */
typedef struct TextChar {
        size_t len;    /* in bytes; 1 for a byte that is not part of well-formed UTF-8 (RFC 3629) */
        uint32_t code; /* if valid */
        bool valid;
        bool shown; /* displayed as itself: neither a control character nor invisible */
} TextChar;

/** text_next - decode the character at @s; @len bytes (at least one, possibly NUL) are available. */
TextChar text_next(const char *s, size_t len);

#define TEXT_ESCAPED_MAX 16

/** text_escape_char - write the character @c at @s as itself, or each of its bytes as \xNN. Returns the
 * length. */
size_t text_escape_char(const char *s, TextChar c, char out[TEXT_ESCAPED_MAX]);

/**
 * text_escape - copy @s to @out (of @room bytes, always NUL-terminated), with each byte of a character that
 * is not displayed as itself as \xNN, and backslashes doubled.
 *
 * Control characters (U+0000-U+001F, U+007F-U+009F) control the terminal; bidirectional marks and other
 * format characters, separators, variation selectors, tags, fillers and spaces other than U+0020 make a name
 * look like another (attacks 6 and 85); terminals differ in how they display invalid UTF-8. 4 * strlen(@s) +
 * 5 bytes are always enough; a text that does not fit ends in "...". Returns @out.
 */
char *text_escape(const char *s, char *out, size_t room);

/**
 * text_unescape - reverse text_escape(); the result is owned by the caller. Returns 0; -EINVAL if
 * text_escape() cannot have written @s (another escape, a NUL); -ENOMEM.
 */
int text_unescape(const char *s, char **ret);

/** text_is_utf8 - return whether @s is well-formed UTF-8 (RFC 3629). */
bool text_is_utf8(const char *s);

/** text_valid_utf8 - copy @s, with U+FFFD for each byte that is not part of well-formed UTF-8. Owned by the
 * caller; NULL: out of memory. */
char *text_valid_utf8(const char *s);
