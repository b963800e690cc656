/* SPDX-License-Identifier: Apache-2.0 */
/* Parses terminal output for sequences that the terminal answers. */
#include "mech/tty_query.h"

enum { GROUND, ESCAPE, ESCAPE_BETWEEN, SEQUENCE, STRING };

enum { ENQ = 0x05, BEL = 0x07, CAN = 0x18, SUB = 0x1a, ESC = 0x1b };

/* Modes that only change the display, or the codes of the user's keys. */
static bool is_quiet_mode(unsigned mode)
{
        static const unsigned quiet[] = {1,    2,    3,    4,    5,    6,    7,    8,    12,   13,   25,
                                         40,   45,   47,   66,   67,   69,   80,   1034, 1035, 1036, 1039,
                                         1042, 1043, 1045, 1046, 1047, 1048, 1049, 2004, 2026};
        for (size_t i = 0; i < ARRAY_LEN(quiet); i++)
                if (mode == quiet[i])
                        return true;
        return false;
}

static void begin_state(TtyQuery *q, unsigned state)
{
        const TtyQuery fresh = {.bytes = q->bytes, .state = (uint8_t)state};
        *q = fresh;
}

static void parameter_ends(TtyQuery *q)
{
        if (q->n++ == 0)
                q->first = q->number;
        q->listened = q->listened || !is_quiet_mode(q->number);
        q->number = 0;
}

static bool sequence_is_answered(const TtyQuery *q, char final)
{
        if (q->between)
                return !((q->between == ' ' && final == 'q') || (q->between == '!' && final == 'p'));
        switch (q->marker) {
        case 0:
                /* Window operations: resizing, and saving and restoring the title, which ncurses uses. */
                if (final == 't')
                        return q->first != 8 && q->first != 22 && q->first != 23;
                return !strchr("@ABCDEFGHIJKLMPSTXZ`abdefghlmqrsu", final);
        case '?':
                return final == 'h' ? q->listened : !strchr("lJKs", final);
        case '>':
                return !strchr("mnp", final);
        default:
                return true;
        }
}

static bool string_is_answered(const TtyQuery *q)
{
        switch (q->first) {
        case 0:
        case 1:
        case 2:
        case 7:
        case 8:
        case 133:
                return false;
        case 4:
        case 5:
        case 10 ... 19:
        case 52:
        case 104:
        case 105:
        case 110 ... 119:
                return q->question;
        default:
                return true;
        }
}

/* Handles the byte after ESC, or a C1 control as that byte. */
static bool introduce(TtyQuery *q, unsigned char c)
{
        switch (c) {
        case '[':
                begin_state(q, SEQUENCE);
                return false;
        case ']':
                begin_state(q, STRING);
                return false;
        case ' ':
        case '#':
        case '(':
        case ')':
        case '*':
        case '+':
        case '-':
        case '.':
        case '/':
                begin_state(q, ESCAPE_BETWEEN);
                return false;
        default:
                begin_state(q, GROUND);
                return !strchr("6789=>DEFHMNO\\clmno|}~", c);
        }
}

static bool in_sequence(TtyQuery *q, unsigned char c)
{
        if (c >= '0' && c <= '9') {
                q->number = q->number < 100000 ? q->number * 10 + c - '0' : q->number;
        } else if (c == ';' || c == ':') {
                parameter_ends(q);
        } else if (c >= '<' && c <= '?') {
                q->marker = (char)c;
        } else if (c >= ' ' && c <= '/') {
                /* A sequence with several is unknown. */
                q->between = q->between ? '?' : (char)c;
        } else {
                parameter_ends(q);
                bool answered = c >= 0x7f || sequence_is_answered(q, (char)c);
                begin_state(q, GROUND);
                return answered;
        }
        return false;
}

static bool in_string(TtyQuery *q, unsigned char c)
{
        if (c == BEL) {
                if (q->n == 0)
                        parameter_ends(q);
                bool answered = string_is_answered(q);
                begin_state(q, GROUND);
                return answered;
        }
        if (q->n == 0 && c >= '0' && c <= '9')
                q->number = q->number < 100000 ? q->number * 10 + c - '0' : q->number;
        else if (q->n == 0 && c == ';')
                parameter_ends(q);
        else if (q->n == 0)
                q->number = 100000; /* not a number: unknown */
        q->question = q->question || c == '?';
        return false;
}

static bool take_byte(TtyQuery *q, unsigned char c)
{
        if (c == CAN || c == SUB) {
                begin_state(q, GROUND);
                return false;
        }
        if (c == ESC) {
                bool answered = q->state == STRING && in_string(q, BEL);
                begin_state(q, ESCAPE);
                return answered;
        }
        if (c < ' ' && q->state != STRING)
                return c == ENQ;
        switch (q->state) {
        case ESCAPE:
                return introduce(q, c);
        case ESCAPE_BETWEEN:
                if (c >= '0')
                        begin_state(q, GROUND);
                return false;
        case SEQUENCE:
                return in_sequence(q, c);
        case STRING:
                return in_string(q, c);
        default:
                return false;
        }
}

/* A control 0x80-0x9f: ESC and a byte in one. */
static bool take_c1(TtyQuery *q, unsigned char c)
{
        bool answered = take_byte(q, ESC);
        return take_byte(q, (unsigned char)(c - 0x40)) || answered;
}

/* Handles a byte of a character beyond ASCII (RFC 3629); only the characters U+0080-U+009F are controls. */
static bool take_high(TtyQuery *q, unsigned char c)
{
        if (q->bytes)
                return c < 0xa0 ? take_c1(q, c) : take_byte(q, c);
        if (c < 0xc0) {
                bool c1 = c < 0xa0 && (q->c1 || q->rest == 0);
                q->rest = q->rest > 0 ? q->rest - 1 : 0;
                q->c1 = false;
                return c1 ? take_c1(q, c) : take_byte(q, 'x');
        }
        q->rest = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        q->c1 = c == 0xc2;
        return false;
}

bool tty_query_scan(TtyQuery *q, const char *data, size_t len)
{
        bool answered = false;
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)data[i];
                if (c >= 0x80) {
                        answered = take_high(q, c) || answered;
                        continue;
                }
                q->rest = 0;
                q->c1 = false;
                if (q->state != GROUND || c < ' ')
                        answered = take_byte(q, c) || answered;
        }
        return answered;
}

bool tty_query_is_open(const TtyQuery *q)
{
        return q->state != GROUND;
}
