/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detects terminal output that makes the terminal send something: an answer ("where is the cursor?"), or
 * reports of the mouse. Such bytes arrive like typed input, and late ones reach the caller's shell. Pure.
 */
#pragma once

#include "base/util.h"

/** The position in a control sequence; initially all zero. */
typedef struct TtyQuery {
        uint8_t state;
        uint8_t rest;   /* missing bytes of a UTF-8 character */
        bool c1;        /* the character may be a C1 control: it began with 0xc2 */
        bool bytes;     /* the terminal does not use UTF-8: bytes 0x80-0x9f are controls */
        char marker;    /* private marker of a control sequence, '<'-'?', or 0 */
        char between;   /* its intermediate byte, or 0 */
        bool listened;  /* it has a parameter that makes the terminal send reports */
        bool question;  /* the string has a '?' */
        unsigned first; /* its first parameter, or the number of a string */
        unsigned number;
        unsigned n; /* number of complete parameters */
} TtyQuery;

/**
 * tty_query_scan - examine the next @len bytes of output.
 *
 * Sequences that are known not to be answered (ECMA-48, xterm's ctlseqs) are ignored. All others count as
 * answered, which includes those of unknown terminals.
 *
 * Returns whether there was one.
 */
bool tty_query_scan(TtyQuery *q, const char *data, size_t len);

/** tty_query_is_open - return whether the output so far ends inside a sequence. */
bool tty_query_is_open(const TtyQuery *q);
