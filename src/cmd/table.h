/* SPDX-License-Identifier: Apache-2.0 */
/* Tables on standard output. */
#pragma once

#include "base/strlist.h"

#define TABLE_COLUMNS_MAX 10

typedef enum TableFit {
        TABLE_WHOLE,     /* never cut */
        TABLE_CUT_END,   /* on a terminal, cut so that a row fits */
        TABLE_CUT_START, /* the same; the end of the text says more */
} TableFit;

typedef struct TableColumn {
        const char *name; /* of the first line; NULL: the column is not shown */
        TableFit fit;
        bool to_the_right; /* for numbers */
} TableColumn;

/** Rows of cells. A zeroed table with columns is empty. */
typedef struct Table {
        const TableColumn *columns;
        size_t n_columns;
        StrList cells;
        StrList colours; /* of each cell: an SGR sequence, or "" */
} Table;

/**
 * table_add - append a cell, from the left to the right, row after row.
 *
 * @text: escaped here (text_escape()). @colour: COLOUR_*, or "".
 *
 * Returns 0 or -ENOMEM.
 */
int table_add(Table *t, const char *text, const char *colour);

/**
 * table_print - print the rows to standard output, each column as wide as its widest cell. If standard output
 * is a terminal, columns that may be cut are as narrow as its width demands.
 *
 * @heading: print the names of the columns first. @colour: print colours.
 */
void table_print(const Table *t, bool heading, bool colour);

void table_clear(Table *t);
