/* SPDX-License-Identifier: Apache-2.0 */
/* Writes kurung's messages to standard error, and escapes text for terminals. */
#include "base/log.h"

#include "base/clock.h"
#include "base/colour.h"
#include "base/defence.h"
#include "base/io.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

static LogLevel log_level = LOG_NORMAL;
static int log_fd = STDERR_FILENO;
static int log_patience = -1, log_until = FD_NONE;

void log_set_level(LogLevel level)
{
        log_level = level;
}

void log_set_patience(int ms, int until)
{
        struct stat st;
        if (log_fd != STDERR_FILENO)
                (void)close(log_fd);
        log_fd = STDERR_FILENO;
        log_patience = ms;
        log_until = until;
        /* A regular file does not block, and its position belongs to the caller's open file description. */
        if ((ms < 0 && until < 0) || fstat(STDERR_FILENO, &st) < 0 || S_ISREG(st.st_mode))
                return;
        int own = io_reopen(STDERR_FILENO, O_WRONLY | O_NONBLOCK);
        log_fd = own >= 0 ? own : STDERR_FILENO;
}

void log_stop_watching(void)
{
        log_set_patience(log_patience, FD_NONE);
}

/* Whether a write may succeed now. After one timeout there is no more waiting. */
static bool wait_for_room(void)
{
        struct pollfd fds[] = {{.fd = log_fd, .events = POLLOUT}, {.fd = log_until, .events = POLLIN}};
        uint64_t before = clock_us();
        if (log_patience != 0 && poll(fds, 2, log_patience) > 0 && fds[1].revents == 0) {
                int waited = (int)((clock_us() - before) / 1000) + 1;
                if (log_patience > 0)
                        log_patience = waited < log_patience ? log_patience - waited : 0;
                return true;
        }
        log_patience = 0;
        return false;
}

static void write_line(const char *line, size_t len)
{
        if (log_patience < 0 && log_until < 0) {
                (void)io_write_all(log_fd, line, len);
                return;
        }
        while (len > 0) {
                /* A socket cannot be reopened, but it accepts MSG_DONTWAIT. */
                ssize_t n = send(log_fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n < 0 && errno == ENOTSOCK)
                        n = io_write_now(log_fd, line, len);
                if (n > 0) {
                        line += n;
                        len -= (size_t)n;
                } else if (n == 0 || (errno != EINTR && (errno != EAGAIN || !wait_for_room()))) {
                        return;
                }
        }
}

LogLevel log_get_level(void)
{
        return log_level;
}

/*
 * Characters that are invisible, or change how their neighbours are displayed: Unicode's categories Cc, Cf,
 * Zl, Zp and Zs except the space, default ignorable characters (DerivedCoreProperties.txt), fillers and
 * blanks that look like a space, and noncharacters of the first plane. Sorted.
 */
static const struct {
        uint32_t first, last;
} hidden[] = {
        {0x0, 0x1f},        {0x7f, 0xa0},       {0xad, 0xad},       {0x34f, 0x34f},     {0x600, 0x605},
        {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},
        {0x115f, 0x1160},   {0x1680, 0x1680},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x2000, 0x200f},
        {0x2028, 0x202f},   {0x205f, 0x206f},   {0x2800, 0x2800},   {0x3000, 0x3000},   {0x3164, 0x3164},
        {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
        {0xfffe, 0xffff},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x16fe4, 0x16fe4},
        {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159}, {0x1d173, 0x1d17a}, {0x1fffe, 0x1ffff}, {0xe0000, 0xe0fff},
};

static bool is_hidden(uint32_t code)
{
        size_t from = 0, to = ARRAY_LEN(hidden);
        while (from < to) {
                size_t middle = (from + to) / 2;
                if (code > hidden[middle].last)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from < ARRAY_LEN(hidden) && code >= hidden[from].first;
}

/* Returns the length of the well-formed UTF-8 sequence at @s (RFC 3629); 0: none. */
static size_t utf8_decode(const unsigned char *s, size_t len, uint32_t *ret)
{
        *ret = s[0];
        if (s[0] < 0x80)
                return 1;
        size_t n = s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
        if (n == 0 || s[0] > 0xf4 || n > len)
                return 0;
        uint32_t code = s[0] & (0xffU >> (n + 1));
        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
                code = code << 6 | (s[i] & 0x3f);
        }
        if ((n == 3 && code < 0x800) || (code >= 0xd800 && code <= 0xdfff) || (n == 4 && code < 0x10000) ||
            code > 0x10ffff)
                return 0;
        *ret = code;
        return n;
}

TextChar text_next(const char *s, size_t len)
{
        TextChar c = {0};
        c.len = utf8_decode((const unsigned char *)s, len, &c.code);
        c.valid = c.len > 0;
        c.shown = (c.valid && !is_hidden(c.code)) || !defence_is_on(DEFENCE_ESCAPE);
        if (!c.valid)
                c.len = 1;
        return c;
}

char *text_valid_utf8(const char *s)
{
        size_t left = strlen(s);
        char *out = malloc(3 * left + 1), *o = out;
        for (uint32_t code; out && left > 0;) {
                size_t n = utf8_decode((const unsigned char *)s, left, &code);
                if (n == 0)
                        memcpy(o, "\xef\xbf\xbd", 3);
                else
                        memcpy(o, s, n);
                o += n == 0 ? 3 : n;
                n = n == 0 ? 1 : n;
                s += n;
                left -= n;
        }
        if (out)
                *o = '\0';
        return out;
}

size_t text_escape_char(const char *s, TextChar c, char out[TEXT_ESCAPED_MAX])
{
        if (c.shown) {
                memcpy(out, s, c.len);
                return c.len;
        }
        for (size_t i = 0; i < c.len; i++) {
                static const char digits[] = "0123456789abcdef";
                const char piece[] = {'\\', 'x', digits[(unsigned char)s[i] >> 4], digits[s[i] & 0xf]};
                memcpy(out + i * sizeof(piece), piece, sizeof(piece));
        }
        return c.len * 4;
}

char *text_escape(const char *s, char *out, size_t room)
{
        size_t len = 0;
        for (size_t left = strlen(s); left > 0;) {
                /* Printable ASCII is most of all text, and each start escapes its plan for the record. */
                if (*s >= ' ' && *s <= '~' && *s != '\\' && len + 5 <= room) {
                        out[len++] = *s++;
                        left--;
                        continue;
                }
                char piece[TEXT_ESCAPED_MAX];
                const TextChar c = text_next(s, left);
                size_t piece_len = text_escape_char(s, c, piece);
                if (*s == '\\')
                        memcpy(piece, "\\\\", piece_len = 2);
                if (len + piece_len + 4 > room) {
                        if (room >= 4 && len + 4 <= room) {
                                memcpy(out + len, "...", 3);
                                len += 3;
                        }
                        break;
                }
                memcpy(out + len, piece, piece_len);
                len += piece_len;
                s += c.len;
                left -= c.len;
        }
        if (room > 0)
                out[len] = '\0';
        return out;
}

bool text_is_utf8(const char *s)
{
        for (size_t left = strlen(s); left > 0;) {
                uint32_t code;
                size_t n = utf8_decode((const unsigned char *)s, left, &code);
                if (n == 0)
                        return false;
                s += n;
                left -= n;
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

/* The priorities of sd-daemon(3). */
#define LOG_PRIORITY_ERROR '3'

static LogStyle log_style = {.program = "kurung"};

void log_set_style(LogStyle style)
{
        log_style = style;
}

/* Returns the prefix of a line. */
static char *make_prefix(char priority)
{
        char *prefix = NULL;
        const char level[] = {'<', priority, '>', '\0'};
        bool red =
                priority == LOG_PRIORITY_ERROR && !log_style.priorities && colour_wanted(log_fd, COLOUR_AUTO);
        int n = asprintf(&prefix, "%s%s%s:%s ", log_style.priorities ? level : "", red ? COLOUR_BOLD_RED : "",
                         log_style.program, red ? COLOUR_RESET : "");
        return n < 0 ? NULL : prefix;
}

__attribute__((format(printf, 2, 0))) static void log_line(char priority, const char *fmt, va_list ap)
{
        static const char lost[] = "kurung: out of memory\n";
        CLEANUP_FREE char *text = NULL, *line = NULL, *prefix = make_prefix(priority);
        if (vasprintf(&text, fmt, ap) < 0)
                text = NULL;
        size_t len = prefix ? strlen(prefix) : 0, room = text ? len + 4 * strlen(text) + 5 : 0;
        line = text && prefix ? malloc(room) : NULL;
        if (!line) {
                write_line(lost, sizeof(lost) - 1);
                return;
        }
        memcpy(line, prefix, len);
        len += strlen(text_escape(text, line + len, room - len));
        line[len++] = '\n';
        write_line(line, len);
}

#define LOG_FUNCTION(name, level, priority)                                                                  \
        void name(const char *fmt, ...)                                                                      \
        {                                                                                                    \
                if (log_level < (level))                                                                     \
                        return;                                                                              \
                va_list ap;                                                                                  \
                va_start(ap, fmt);                                                                           \
                log_line(priority, fmt, ap);                                                                 \
                va_end(ap);                                                                                  \
        }

LOG_FUNCTION(log_error, LOG_QUIET, LOG_PRIORITY_ERROR)
LOG_FUNCTION(log_notice, LOG_NORMAL, '4')
LOG_FUNCTION(log_detail, LOG_DETAIL, '6')
