/* SPDX-License-Identifier: Apache-2.0 */
/* Which output makes a terminal send something by itself. */
#include "mech/tty_query.h"

#include "unit.h"

#include <stdio.h>

static bool asks_in_pieces(const char *text, size_t piece, bool bytes)
{
        TtyQuery q = {.bytes = bytes};
        size_t len = strlen(text);
        bool asked = false;
        for (size_t at = 0; at < len; at += piece)
                asked = tty_query_scan(&q, text + at, len - at < piece ? len - at : piece) || asked;
        return asked;
}

static void assert_asks(const char *text, bool expected)
{
        for (size_t piece = 1; piece <= strlen(text); piece++)
                if (asks_in_pieces(text, piece, false) != expected)
                        fail_msg("'%s' in pieces of %zu: expected %d", text, piece, expected);
}

static void test_questions(void **state)
{
        (void)state;
        static const char *const questions[] = {
                "\x1b[c",
                "\x1b[0c",
                "\x1b[>c",
                "\x1b[=c",
                "\x1bZ",
                "\x05",
                "a\x1b[6nb",
                "\x1b[5n",
                "\x1b[?6n",
                "\x1b[?996n",
                "\x1b[x",
                "\x1b[1x",
                "\x1b[?2026$p",
                "\x1b[4$p",
                "\x1b[>q",
                "\x1b[>0q",
                "\x1b[?u",
                "\x1b[>1u",
                "\x1b[=1u",
                "\x1b[21t",
                "\x1b[14t",
                "\x1b[18;1t",
                "\x1b[?4m",
                "\x1b[?1;1;0S",
                "\x1b[1;1;1;1;1;1*y",
                "\x1b[1$w",
                "\x1b[?1000h",
                "\x1b[?25;1003h",
                "\x1b[?1004h",
                "\x1b[?2048h",
                "\x1b[?1000r",
                "\x1b]10;?\x07",
                "\x1b]11;?\x1b\\",
                "\x1b]4;1;?\x07",
                "\x1b]52;c;?\x07",
                "\x1b]1337;ReportCellSize\x07",
                "\x1b]lx\x07",
                "\x1bP$qm\x1b\\",
                "\x1bP+q544e\x1b\\",
                "\x1bPtmux;\x1b\x1b[c\x1b\\",
                "\x1b_Gi=1,a=q\x1b\\",
                "\x1b]0;title\x1b[c",
                "\x1b%@",
                "\x1b[\x1b[c",
                "\x1b[1\x18\x1b[c",
                "\x1b[\x05",
                "\xc2\x9b"
                "c",
                "\xc2\x9a",
                "\x9b"
                "c",
                "\x1b[\xc3\xa4",
                "\x1b[ $p",
                "\x1b[1;2\"p",
        };
        for (size_t i = 0; i < ARRAY_LEN(questions); i++)
                assert_asks(questions[i], true);
        assert_true(asks_in_pieces("\xe2\x9b"
                                   "c",
                                   1, true));
}

static void test_no_questions(void **state)
{
        (void)state;
        static const char *const quiet[] = {
                "plain text?\r\n\t\x07",
                "\x1b[31mred\x1b[0m",
                "\x1b[38;5;1m\x1b[38:2::1:2:3m",
                "\x1b[2J\x1b[H\x1b[1;1H\x1b[K",
                "\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\x1b[?25l",
                "\x1b[?1049l\x1b[23;0;0t\x1b[?1l\x1b>\x1b[?25h",
                "\x1b[?1000l\x1b[?1003l",
                "\x1b[?2004h",
                "\x1b[>4;2m",
                "\x1b[2 q",
                "\x1b[!p",
                "\x1b(B\x1b)0",
                "\x1b]0;what is it?\x07",
                "\x1b]2;title\x1b\\",
                "\x1b]8;;http://a/?q=1\x1b\\link\x1b]8;;\x1b\\",
                "\x1b]10;red\x07",
                "\x1b]52;c;Zm9v\x07",
                "\x1b[1;5r",
                "\x1b[s\x1b[u",
                "\x1b"
                "7\x1b"
                "8",
                "\xe2\x9c\x93 \xe2\x9d\x8c \xf0\x9f\x98\x80 \xc3\x9b"
                "c",
                "\x1b[1\x18"
                "c",
                "\x1b]0;\xe2\x9b\x9b"
                "c\x07",
        };
        for (size_t i = 0; i < ARRAY_LEN(quiet); i++)
                assert_asks(quiet[i], false);
}

static void test_open(void **state)
{
        (void)state;
        static const char *const open[] = {"\x1b", "\x1b[", "\x1b[3", "\x1b]0;title", "\x1b]0;title\x1b",
                                           "\x1b("};
        for (size_t i = 0; i < ARRAY_LEN(open); i++) {
                TtyQuery q = {0};
                (void)tty_query_scan(&q, open[i], strlen(open[i]));
                assert_true(tty_query_is_open(&q));
                (void)tty_query_scan(&q, "\x18", 1);
                assert_false(tty_query_is_open(&q));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_questions),
                cmocka_unit_test(test_no_questions),
                cmocka_unit_test(test_open),
        };
        return RUN_TESTS(tests);
}
