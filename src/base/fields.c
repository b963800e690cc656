/* SPDX-License-Identifier: Apache-2.0 */
/* Prints, reads and frees records by the tables of their fields. */
#include "base/fields.h"

#include "base/log.h"
#include "base/path.h"
#include "base/fields_internal.h"

#include <stdio.h>

typedef struct Reader {
        const FieldTable *table;
        unsigned version;
        uint64_t seen;                 /* bit N: the field N of the table */
        uint64_t row_seen[FIELDS_MAX]; /* the same for the last element of each array */
} Reader;

static bool is_array(const Field *f)
{
        return f->kind == FIELD_ROWS || f->kind == FIELD_ARRAY;
}

static size_t *count_of(const Field *f, void *record)
{
        return (size_t *)((char *)record + f->count);
}

/* Returns the first element of an array. */
static void *rows_of(const Field *f, void *record)
{
        char *at = (char *)record + f->offset;
        return f->kind == FIELD_ROWS ? *(void **)at : at;
}

static uint64_t load_number(const Field *f, const void *at)
{
        uint32_t small;
        uint64_t n;
        if (f->size == sizeof(n)) {
                memcpy(&n, at, sizeof(n));
                return n;
        }
        memcpy(&small, at, sizeof(small));
        return f->min < 0 ? (uint64_t)(int32_t)small : small;
}

void field_store(const Field *f, void *record, uint64_t n)
{
        uint32_t small = (uint32_t)n;
        void *at = (char *)record + f->offset;
        if (f->size == sizeof(n))
                memcpy(at, &n, sizeof(n));
        else
                memcpy(at, &small, sizeof(small));
}

bool field_in_range(const Field *f, bool negative, uint64_t n)
{
        return negative ? f->min < 0 && (int64_t)n >= f->min && (int64_t)n < 0
                        : n <= f->max && (f->min <= 0 || n >= (uint64_t)f->min);
}

static int print_text(FILE *out, const char *prefix, const char *name, const char *value)
{
        size_t room = 4 * strlen(value) + 5;
        CLEANUP_FREE char *escaped = malloc(room);
        if (!escaped)
                return -ENOMEM;
        (void)text_escape(value, escaped, room);
        (void)fprintf(out, "%s%s %s\n", prefix, name, escaped);
        return 0;
}

static int print_fields(const FieldTable *t, const char *prefix, const void *record, FILE *out);

static int print_rows(const Field *f, void *record, FILE *out)
{
        char prefix[80];
        const char *rows = rows_of(f, record);
        int r = 0;
        (void)snprintf(prefix, sizeof(prefix), "%s.", f->name);
        for (size_t i = 0; r == 0 && i < *count_of(f, record); i++)
                r = print_fields(f->rows, prefix, rows + i * f->rows->size, out);
        return r;
}

static int print_field(const Field *f, const char *prefix, const void *record, FILE *out)
{
        const void *at = (const char *)record + f->offset;
        const StrList *list = at;
        int r = 0;
        switch (f->kind) {
        case FIELD_NUMBER:
                if (f->min < 0)
                        (void)fprintf(out, "%s%s %lld\n", prefix, f->name, (long long)load_number(f, at));
                else
                        (void)fprintf(out, "%s%s %llu\n", prefix, f->name,
                                      (unsigned long long)load_number(f, at));
                break;
        case FIELD_BOOL:
                (void)fprintf(out, "%s%s %d\n", prefix, f->name, *(const bool *)at);
                break;
        case FIELD_ENUM:
                (void)fprintf(out, "%s%s %s\n", prefix, f->name, f->names[load_number(f, at)]);
                break;
        case FIELD_TEXT:
                return *(char *const *)at ? print_text(out, prefix, f->name, *(char *const *)at) : 0;
        case FIELD_LIST:
                for (size_t i = 0; r == 0 && i < list->n; i++)
                        r = print_text(out, prefix, f->name, list->items[i]);
                break;
        case FIELD_ROWS:
        case FIELD_ARRAY:
                return print_rows(f, (void *)(uintptr_t)record, out);
        }
        return r;
}

static int print_fields(const FieldTable *t, const char *prefix, const void *record, FILE *out)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < t->n; i++)
                r = print_field(&t->items[i], prefix, record, out);
        return r;
}

int fields_print(const FieldTable *table, const void *record, char **ret, size_t *ret_len)
{
        char *text = NULL;
        FILE *out = open_memstream(&text, ret_len);
        if (!out)
                return -ENOMEM;
        (void)fprintf(out, "kurung-%s %u\n", table->kind, table->version);
        int r = print_fields(table, "", record, out);
        (void)fputs("end\n", out);
        if (fclose(out) != 0)
                r = -ENOMEM;
        if (r < 0)
                free(text);
        else
                *ret = text;
        return r;
}

static int parse_number(const Field *f, const char *value, void *record)
{
        char *end;
        bool negative = value[0] == '-';
        size_t digits = strspn(value + negative, "0123456789");
        if (digits == 0 || value[negative + digits])
                return -EBADMSG;
        errno = 0;
        unsigned long long n = strtoull(value + negative, &end, 10);
        if (errno != 0 || !field_in_range(f, negative, negative ? -n : n))
                return -EBADMSG;
        field_store(f, record, negative ? -n : n);
        return 0;
}

int field_find_name(const Field *f, const char *name, void *record)
{
        for (uint64_t i = 0; i <= f->max; i++)
                if (str_eq(f->names[i], name)) {
                        field_store(f, record, i);
                        return 0;
                }
        return -EBADMSG;
}

int field_take_text(const Field *f, char *text, void *record)
{
        CLEANUP_FREE char *own = text;
        void *at = (char *)record + f->offset;
        StrList *list = at;
        if (f->check && !f->check(own))
                return -EBADMSG;
        if (f->kind == FIELD_LIST)
                return list->n < f->max ? strlist_add(list, own) : -EBADMSG;
        free(*(char **)at);
        *(char **)at = TAKE_PTR(own);
        return 0;
}

int field_add_row(const Field *f, void *record, void **ret)
{
        size_t *n = count_of(f, record);
        char *rows = rows_of(f, record);
        if (*n >= f->max)
                return -EBADMSG;
        /* Room grows by powers of two: the array is full exactly when n is one. */
        if (f->kind == FIELD_ROWS && (*n & (*n - 1)) == 0) {
                char *bigger = reallocarray(rows, *n ? 2 * *n : 1, f->rows->size);
                if (!bigger)
                        return -ENOMEM;
                *(void **)((char *)record + f->offset) = rows = bigger;
        }
        *ret = memset(rows + (*n)++ * f->rows->size, 0, f->rows->size);
        return 0;
}

static int parse_value(const Field *f, const char *value, void *record)
{
        char *text = NULL;
        int r;
        switch (f->kind) {
        case FIELD_NUMBER:
                return parse_number(f, value, record);
        case FIELD_BOOL:
                if (value[0] != '0' && value[0] != '1')
                        return -EBADMSG;
                *(bool *)((char *)record + f->offset) = value[0] == '1';
                return value[1] ? -EBADMSG : 0;
        case FIELD_ENUM:
                return field_find_name(f, value, record);
        case FIELD_TEXT:
        case FIELD_LIST:
                r = text_unescape(value, &text);
                return r < 0 ? (r == -ENOMEM ? r : -EBADMSG) : field_take_text(f, text, record);
        case FIELD_ROWS:
        case FIELD_ARRAY:
                break;
        }
        return -EBADMSG;
}

bool field_is_in(const Field *f, unsigned version)
{
        return f->since <= version;
}

/* Whether @seen has all mandatory fields of @version. */
static bool is_complete(const FieldTable *t, unsigned version, uint64_t seen)
{
        for (size_t i = 0; i < t->n; i++)
                if (!t->items[i].optional && field_is_in(&t->items[i], version) &&
                    !(seen & (UINT64_C(1) << i)))
                        return false;
        return true;
}

static int take(const FieldTable *t, size_t i, const char *value, void *record, uint64_t *seen)
{
        uint64_t bit = UINT64_C(1) << i;
        if (t->items[i].kind != FIELD_LIST && (*seen & bit))
                return -EBADMSG;
        *seen |= bit;
        return parse_value(&t->items[i], value, record);
}

static int find_field(const FieldTable *t, unsigned version, const char *name, size_t len)
{
        for (size_t i = 0; i < t->n; i++)
                if (strlen(t->items[i].name) == len && strncmp(t->items[i].name, name, len) == 0)
                        return field_is_in(&t->items[i], version) ? (int)i : -EBADMSG;
        return -EBADMSG;
}

/* "FIELD VALUE" of an element of an array: the first field begins another. */
static int parse_row(Reader *reader, size_t index, const char *name, size_t len, const char *value,
                     void *record)
{
        const Field *f = &reader->table->items[index];
        uint64_t *seen = &reader->row_seen[index];
        void *row = NULL;
        int i = find_field(f->rows, reader->version, name, len), r = 0;
        size_t n = *count_of(f, record);
        if (i < 0)
                return i;
        if (i == 0) {
                if (n > 0 && !is_complete(f->rows, reader->version, *seen))
                        return -EBADMSG;
                r = field_add_row(f, record, &row);
                *seen = 0;
        } else if (n > 0) {
                row = (char *)rows_of(f, record) + (n - 1) * f->rows->size;
        } else {
                r = -EBADMSG;
        }
        return r < 0 ? r : take(f->rows, (size_t)i, value, row, seen);
}

static int parse_line(Reader *reader, const char *line, void *record)
{
        const char *space = strchr(line, ' ');
        const char *dot = memchr(line, '.', space ? (size_t)(space - line) : 0);
        int i = space ? find_field(reader->table, reader->version, line, (size_t)((dot ? dot : space) - line))
                      : -EBADMSG;
        if (i < 0 || is_array(&reader->table->items[i]) != (dot != NULL))
                return -EBADMSG;
        if (!dot)
                return take(reader->table, (size_t)i, space + 1, record, &reader->seen);
        reader->seen |= UINT64_C(1) << i;
        return parse_row(reader, (size_t)i, dot + 1, (size_t)(space - dot - 1), space + 1, record);
}

/* "kurung-KIND VERSION". */
static int parse_first(Reader *reader, const char *line)
{
        char expected[80];
        const FieldTable *t = reader->table;
        size_t len = (size_t)snprintf(expected, sizeof(expected), "kurung-%s ", t->kind);
        if (strncmp(line, expected, len) != 0)
                return -EBADMSG;
        const char *digits = line + len;
        size_t n = strspn(digits, "0123456789");
        if (n == 0 || n > 9 || digits[n])
                return -EBADMSG;
        reader->version = (unsigned)strtoul(digits, NULL, 10);
        return reader->version < t->oldest || reader->version > t->version ? -ENOTSUP : 0;
}

static int parse_lines(Reader *reader, char *text, size_t len, void *record)
{
        if (len == 0 || text[len - 1] != '\n' || strlen(text) != len)
                return -EBADMSG;
        size_t n = 0;
        bool ended = false;
        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                ended = n > 0 && str_eq(line, "end") && end + 1 == text + len;
                int r = n++ == 0 ? parse_first(reader, line) : ended ? 0 : parse_line(reader, line, record);
                if (r < 0)
                        return r;
        }
        if (ended != (reader->version >= reader->table->ended) ||
            !is_complete(reader->table, reader->version, reader->seen))
                return -EBADMSG;
        for (size_t i = 0; i < reader->table->n; i++) {
                const Field *f = &reader->table->items[i];
                if (is_array(f) && *count_of(f, record) > 0 &&
                    !is_complete(f->rows, reader->version, reader->row_seen[i]))
                        return -EBADMSG;
        }
        return 0;
}

int fields_parse(const FieldTable *table, const char *text, size_t len, void *record)
{
        Reader reader = {.table = table};
        CLEANUP_FREE char *copy = malloc(len + 1);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, text, len);
        copy[len] = '\0';
        return parse_lines(&reader, copy, len, record);
}

void fields_clear(const FieldTable *table, void *record)
{
        for (size_t i = 0; i < table->n; i++) {
                const Field *f = &table->items[i];
                void *at = (char *)record + f->offset;
                if (f->kind == FIELD_LIST)
                        strlist_clear(at);
                if (f->kind == FIELD_TEXT) {
                        free(*(char **)at);
                        *(char **)at = NULL;
                }
                if (!is_array(f))
                        continue;
                char *rows = rows_of(f, record);
                for (size_t k = 0; k < *count_of(f, record); k++)
                        fields_clear(f->rows, rows + k * f->rows->size);
                *count_of(f, record) = 0;
                if (f->kind == FIELD_ROWS) {
                        free(rows);
                        *(void **)at = NULL;
                }
        }
}

bool fields_check_path(const char *text)
{
        CLEANUP_FREE char *clean = NULL;
        return path_normalize(text, NULL, &clean) == 0 && str_eq(text, clean);
}
