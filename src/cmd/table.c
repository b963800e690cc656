/* SPDX-License-Identifier: Apache-2.0 */
/* Aligns the columns of tables. */
#include "cmd/table.h"

#include "base/colour.h"
#include "base/log.h"

#include <stdio.h>
#include <sys/ioctl.h>

#define GAP 2
#define NARROWEST 8
#define CUT "..."

int table_add(Table *t, const char *text, const char *colour)
{
        size_t room = 4 * strlen(text) + 5;
        CLEANUP_FREE char *shown = malloc(room);
        if (!shown || strlist_add(&t->cells, text_escape(text, shown, room)) < 0)
                return -ENOMEM;
        return strlist_add(&t->colours, colour);
}

void table_clear(Table *t)
{
        strlist_clear(&t->cells);
        strlist_clear(&t->colours);
}

/* Returns the number of characters. */
static size_t width_of(const char *s)
{
        size_t n = 0;
        for (size_t left = strlen(s); left > 0; n++) {
                TextChar c = text_next(s, left);
                s += c.len;
                left -= c.len;
        }
        return n;
}

/* Returns the position after @n characters. */
static const char *skip(const char *s, size_t n)
{
        for (size_t left = strlen(s); left > 0 && n > 0; n--) {
                TextChar c = text_next(s, left);
                s += c.len;
                left -= c.len;
        }
        return s;
}

static void print_spaces(size_t n)
{
        printf("%*s", (int)n, "");
}

static void print_cell(const TableColumn *column, const char *text, const char *colour, size_t width,
                       bool last)
{
        size_t own = width_of(text), pad = own < width ? width - own : 0;
        const char *end = text + strlen(text), *before = "", *after = "";
        if (own > width && column->fit == TABLE_CUT_START) {
                text = skip(text, own - width + strlen(CUT));
                before = CUT;
        } else if (own > width && column->fit == TABLE_CUT_END) {
                end = skip(text, width - strlen(CUT));
                after = CUT;
        }
        if (column->to_the_right)
                print_spaces(pad);
        printf("%s%s%.*s%s%s", colour, before, (int)(end - text), text, after, colour[0] ? COLOUR_RESET : "");
        if (!column->to_the_right && !last)
                print_spaces(pad);
        if (last)
                (void)putchar('\n');
        else
                print_spaces(GAP);
}

/* Makes the widest column that may be cut narrower until a row fits. */
static void fit(const Table *t, size_t *widths, size_t room)
{
        for (;;) {
                size_t total = 0, widest = t->n_columns;
                for (size_t i = 0; i < t->n_columns; i++) {
                        if (!t->columns[i].name)
                                continue;
                        total += widths[i] + (total > 0 ? GAP : 0);
                        if (t->columns[i].fit != TABLE_WHOLE && widths[i] > NARROWEST &&
                            (widest == t->n_columns || widths[i] > widths[widest]))
                                widest = i;
                }
                if (total <= room || widest == t->n_columns)
                        return;
                widths[widest]--;
        }
}

static size_t last_column(const Table *t)
{
        size_t last = t->n_columns;
        while (last > 0 && !t->columns[last - 1].name)
                last--;
        return last - 1;
}

void table_print(const Table *t, bool heading, bool colour)
{
        size_t widths[TABLE_COLUMNS_MAX] = {0}, last;
        struct winsize size;
        if (t->n_columns == 0)
                return;
        last = last_column(t);
        for (size_t i = 0; i < t->n_columns; i++)
                widths[i] = heading && t->columns[i].name ? strlen(t->columns[i].name) : 0;
        for (size_t i = 0; i < t->cells.n; i++) {
                size_t own = width_of(t->cells.items[i]), *width = &widths[i % t->n_columns];
                *width = own > *width ? own : *width;
        }
        if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                fit(t, widths, size.ws_col);
        for (size_t i = 0; heading && i < t->n_columns; i++)
                if (t->columns[i].name)
                        print_cell(&t->columns[i], t->columns[i].name, "", widths[i], i == last);
        for (size_t i = 0; i < t->cells.n; i++) {
                size_t at = i % t->n_columns;
                if (t->columns[at].name)
                        print_cell(&t->columns[at], t->cells.items[i], colour ? t->colours.items[i] : "",
                                   widths[at], at == last);
        }
}
