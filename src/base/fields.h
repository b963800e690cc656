/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records: structs that are stored as text. A table names the fields of a struct; the functions below print,
 * read and free the struct by it.
 *
 *     kurung-KIND VERSION
 *     NAME VALUE
 *     NAME.FIELD VALUE
 *     end
 *
 * A value is a number, a bool (0 or 1), the name of an enumerator, or a text in the form of text_escape(). A
 * list has a line for each element. A dot marks an array of structs; the first field begins the next element.
 *
 * A process that can change the file is hostile: a record is read completely or refused.
 */
#pragma once

#include "base/strlist.h"

typedef enum FieldKind {
        FIELD_NUMBER, /* an integer of four or eight bytes, from min to max; unsigned unless min < 0 */
        FIELD_BOOL,
        FIELD_ENUM,  /* one of names[0] to names[max] */
        FIELD_TEXT,  /* an owned string; NULL: none, and not printed */
        FIELD_LIST,  /* a StrList of at most max texts */
        FIELD_ROWS,  /* an owned array of at most max structs */
        FIELD_ARRAY, /* the same within the struct, with room for max */
} FieldKind;

typedef struct FieldTable FieldTable;

typedef struct Field {
        const char *name;
        FieldKind kind;
        size_t offset, size; /* of the member; arrays have no size of their own */
        bool optional;  /* if false, a record without the field, or with an empty list or array, is refused */
        unsigned since; /* the first version that has it; older records lack it. 0: all have it */
        int64_t min;
        uint64_t max;
        bool (*check)(const char *text); /* for each text; NULL: all are valid */
        const char *const *names;
        const FieldTable *rows; /* of an array: the fields of its elements, without arrays */
        size_t count;           /* offset of the number of elements, a size_t */
        const char *json;       /* fields_from_json(): its key; NULL: the name with '_' for '-' */
} Field;

struct FieldTable {
        const char *kind;         /* of the first line; NULL in a table of elements */
        unsigned version, oldest; /* printed version; oldest version that is read */
        unsigned ended; /* the first version with the line "end", which shows that the record is complete */
        size_t size;    /* of the struct */
        const Field *items;
        size_t n;
};

#define FIELDS_MAX 64

/*
 * A line of a table: the struct's type and member, the field's name, and then its other members as designated
 * initializers. A member whose type does not fit the kind does not compile.
 */
#define FIELD_OF(K, T, member, ...)                                                                          \
        .kind = (K), .offset = offsetof(T, member), .size = sizeof(((T *)0)->member), .name = __VA_ARGS__
#define FIELD_TYPED(K, T, member, type, ...)                                                                 \
        .kind = _Generic(((T *)0)->member, type                                                              \
                         : (K)),                                                                             \
        .offset = offsetof(T, member), .size = sizeof(((T *)0)->member), .name = __VA_ARGS__

#define NUMBER_FIELD(T, member, ...)                                                                         \
        {                                                                                                    \
                FIELD_OF(FIELD_NUMBER, T, member, __VA_ARGS__)                                               \
        }
#define ENUM_FIELD(T, member, ...)                                                                           \
        {                                                                                                    \
                FIELD_OF(FIELD_ENUM, T, member, __VA_ARGS__)                                                 \
        }
#define BOOL_FIELD(T, member, ...)                                                                           \
        {                                                                                                    \
                FIELD_TYPED(FIELD_BOOL, T, member, bool, __VA_ARGS__)                                        \
        }
#define TEXT_FIELD(T, member, ...)                                                                           \
        {                                                                                                    \
                FIELD_TYPED(FIELD_TEXT, T, member, char *, __VA_ARGS__)                                      \
        }
#define LIST_FIELD(T, member, ...)                                                                           \
        {                                                                                                    \
                FIELD_TYPED(FIELD_LIST, T, member, StrList, __VA_ARGS__)                                     \
        }
#define ROWS_FIELD(T, member, n_member, ...)                                                                 \
        {                                                                                                    \
                .count = offsetof(T, n_member), .kind = FIELD_ROWS, .offset = offsetof(T, member),           \
                .name = __VA_ARGS__                                                                          \
        }
#define ARRAY_FIELD(T, member, n_member, ...)                                                                \
        {                                                                                                    \
                .count = offsetof(T, n_member), .kind = FIELD_ARRAY, .offset = offsetof(T, member),          \
                .name = __VA_ARGS__                                                                          \
        }

/** fields_print - print a record as text. @ret: owned by the caller. Returns 0 or -ENOMEM. */
int fields_print(const FieldTable *table, const void *record, char **ret, size_t *ret_len);

/**
 * fields_parse - read a record back.
 *
 * @record: holds the defaults, and no text, list or array. The caller must clear it, also on failure.
 *
 * Returns 0; -EBADMSG if a line is unknown, malformed, out of range, missing or duplicate; -ENOTSUP if the
 * version of the record is unknown; -ENOMEM.
 */
int fields_parse(const FieldTable *table, const char *text, size_t len, void *record);

/** fields_clear - free all texts, lists and arrays, and leave the members empty. */
void fields_clear(const FieldTable *table, void *record);

/** fields_check_path - a check: accept an absolute path without ".", ".." and needless slashes. */
bool fields_check_path(const char *text);

struct json_object;

/**
 * fields_from_json - read a record that an earlier kurung stored as JSON: an object with a member for each
 * field, an array for each list or array, "" for a missing text. Requires json_load().
 *
 * @version: of the record. Otherwise like fields_parse(), but unknown members are ignored.
 */
int fields_from_json(const FieldTable *table, unsigned version, struct json_object *object, void *record);
