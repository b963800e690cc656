/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what is written to a terminal makes it send something by itself: an answer ("where is the
 * cursor?"), or reports of the mouse. Such bytes arrive as if they were typed, and late ones are typed into
 * the caller's shell. Pure.
 */
#pragma once

#include "base/util.h"

/** Where in a control sequence the output is; all zero at the beginning. */
typedef struct TtyQuery {
        uint8_t state;
        uint8_t rest;   /* bytes that a UTF-8 character still takes */
        bool c1;        /* the character may be a C1 control: it began with 0xc2 */
        bool bytes;     /* the terminal does not take UTF-8: bytes 0x80-0x9f are controls */
        char marker;    /* of a control sequence: its private one, '<'-'?', or 0 */
        char between;   /* its intermediate byte, or 0 */
        bool listened;  /* a parameter of it that makes the terminal send reports */
        bool question;  /* a '?' was in the string */
        unsigned first; /* its first parameter, or a string's number */
        unsigned number;
        unsigned n; /* parameters that are complete */
} TtyQuery;

/**
 * tty_query_scan - look at the next @len bytes of output.
 *
 * Sequences that are known not to be answered (ECMA-48, xterm's ctlseqs) pass; every other counts as one that
 * is, so that an unknown terminal's does, too.
 *
 * Returns whether there was one.
 */
bool tty_query_scan(TtyQuery *q, const char *data, size_t len);

/** tty_query_is_open - whether the output so far ends inside a sequence. */
bool tty_query_is_open(const TtyQuery *q);
