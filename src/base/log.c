/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/defence.h"

#include "base/error.h"
#include "base/io.h"

#include <stdarg.h>
#include <stdio.h>

static LogLevel log_level = LOG_NORMAL;

void log_set_level(LogLevel level)
{
        log_level = level;
}

LogLevel log_get_level(void)
{
        return log_level;
}

/* Length of the well-formed UTF-8 sequence at @s (RFC 3629), 0 when there is none. */
static size_t utf8_length(const unsigned char *s)
{
        if (s[0] < 0x80)
                return 1;
        size_t n = s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
        if (n == 0 || s[0] > 0xf4)
                return 0;
        for (size_t i = 1; i < n; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
            (s[0] == 0xf4 && s[1] > 0x8f))
                return 0;
        return n;
}

char *text_valid_utf8(const char *s)
{
        char *out = malloc(3 * strlen(s) + 1), *o = out;
        for (const unsigned char *p = (const unsigned char *)s; out && *p;) {
                size_t n = utf8_length(p);
                if (n == 0) {
                        memcpy(o, "\xef\xbf\xbd", 3);
                        o += 3;
                        p++;
                        continue;
                }
                memcpy(o, p, n);
                o += n;
                p += n;
        }
        if (out)
                *o = '\0';
        return out;
}

static bool is_control(const unsigned char *s, size_t len)
{
        return (len == 1 && (s[0] < 0x20 || s[0] == 0x7f)) || (len == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

char *text_escape(const char *s, char *out, size_t room)
{
        size_t len = 0;
        for (const unsigned char *p = (const unsigned char *)s; *p;) {
                char piece[8 * 4 + 1];
                size_t n = utf8_length(p), piece_len = 0;
                if ((n == 0 || is_control(p, n)) && defence_is_on(DEFENCE_ESCAPE)) {
                        n = n == 0 ? 1 : n;
                        for (size_t i = 0; i < n; i++)
                                piece_len += (size_t)snprintf(piece + piece_len, sizeof(piece) - piece_len,
                                                              "\\x%02x", p[i]);
                } else if (*p == '\\') {
                        memcpy(piece, "\\\\", piece_len = 2);
                } else {
                        n = n == 0 ? 1 : n;
                        memcpy(piece, p, piece_len = n);
                }
                if (len + piece_len + 4 > room) {
                        if (room >= 4 && len + 4 <= room) {
                                memcpy(out + len, "...", 3);
                                len += 3;
                        }
                        break;
                }
                memcpy(out + len, piece, piece_len);
                len += piece_len;
                p += n;
        }
        if (room > 0)
                out[len] = '\0';
        return out;
}

bool text_is_utf8(const char *s)
{
        for (const unsigned char *p = (const unsigned char *)s; *p;) {
                size_t n = utf8_length(p);
                if (n == 0)
                        return false;
                p += n;
        }
        return true;
}

static int hex_digit(char c)
{
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int text_unescape(const char *s, char **ret)
{
        CLEANUP_FREE char *out = malloc(strlen(s) + 1);
        size_t len = 0;
        if (!out)
                return -ENOMEM;
        for (; *s; s++) {
                if (*s != '\\') {
                        out[len++] = *s;
                        continue;
                }
                if (*++s == '\\') {
                        out[len++] = *s;
                        continue;
                }
                int high = *s == 'x' ? hex_digit(s[1]) : -1, low = high >= 0 ? hex_digit(s[2]) : -1;
                if (low < 0 || high * 16 + low == 0)
                        return -EINVAL;
                out[len++] = (char)(high * 16 + low);
                s += 2;
        }
        out[len] = '\0';
        *ret = TAKE_PTR(out);
        return 0;
}

__attribute__((format(printf, 1, 0))) static void log_line(const char *fmt, va_list ap)
{
        char text[ERROR_TEXT_MAX + 256];
        char line[sizeof(text) * 2] = "kurung: ";
        size_t prefix = strlen(line);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        (void)text_escape(text, line + prefix, sizeof(line) - prefix - 1);
        size_t len = strlen(line);
        line[len++] = '\n';
        (void)io_write_all(STDERR_FILENO, line, len);
}

#define LOG_FUNCTION(name, level)                                                                            \
        void name(const char *fmt, ...)                                                                      \
        {                                                                                                    \
                if (log_level < (level))                                                                     \
                        return;                                                                              \
                va_list ap;                                                                                  \
                va_start(ap, fmt);                                                                           \
                log_line(fmt, ap);                                                                           \
                va_end(ap);                                                                                  \
        }

LOG_FUNCTION(log_error, LOG_QUIET)
LOG_FUNCTION(log_notice, LOG_NORMAL)
LOG_FUNCTION(log_detail, LOG_DETAIL)
