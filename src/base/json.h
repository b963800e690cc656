/* SPDX-License-Identifier: Apache-2.0 */
/* A thin wrapper of json-c, which only commands that print JSON load, so that "run" does not pay for it. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdio.h>

struct json_object;

/** json_load - load json-c; must be called before the other functions. Returns 0 or -ENOENT with @err. */
int json_load(Error *err);

/** json_new_object, json_new_array - create a value; owned by the caller until json_free() or until it is
 * added to another value. */
struct json_object *json_new_object(void);
struct json_object *json_new_array(void);

/** json_new_strings - create an array of the strings of @l. */
struct json_object *json_new_strings(const StrList *l);

/** json_add_* - set a member of an object. A NULL text is null; bytes that are not UTF-8 become U+FFFD. */
void json_add(struct json_object *object, const char *key, struct json_object *value);
void json_add_string(struct json_object *object, const char *key, const char *text);
void json_add_int(struct json_object *object, const char *key, int64_t number);
void json_add_bool(struct json_object *object, const char *key, bool value);

/** json_append, json_append_string, json_append_int - add to an array. */
void json_append(struct json_object *array, struct json_object *value);
void json_append_int(struct json_object *array, int64_t number);
void json_append_string(struct json_object *array, const char *text);

/**
 * json_add_bytes - set a text with arbitrary bytes except NUL, escaped by text_escape(); json_get_bytes()
 * reverses it.
 */
void json_add_bytes(struct json_object *object, const char *key, const char *bytes);
void json_append_bytes(struct json_object *array, const char *bytes);

/** json_print_line - write a value on one line, without a newline, and free it. */
void json_print_line(FILE *out, struct json_object *value);

/** json_print - write a value, indented and with a final newline, and free it. */
void json_print(FILE *out, struct json_object *value);

void json_free(struct json_object *value);

/**
 * json_parse - parse one value of exactly @len bytes, at most 16 levels deep.
 *
 * Returns 0, or -EBADMSG. @ret: json_free().
 */
int json_parse(const char *text, size_t len, struct json_object **ret);

/** json_has - return whether @object is an object with such a member. */
bool json_has(struct json_object *object, const char *key);

/* The following functions get a value of the named type, or fail with -EBADMSG if it is missing or of another
 * type: there are no default values. */

/** json_get_object, json_get_array - get a member; its parent owns it. */
int json_get_object(struct json_object *object, const char *key, struct json_object **ret);
int json_get_array(struct json_object *object, const char *key, struct json_object **ret, size_t *ret_n);

/** json_get_int - get an integer from @min to @max. */
int json_get_int(struct json_object *object, const char *key, int64_t min, int64_t max, int64_t *ret);
int json_get_bool(struct json_object *object, const char *key, bool *ret);

/** json_get_bytes - get a text that json_add_bytes() wrote; owned by the caller, without NUL. */
int json_get_bytes(struct json_object *object, const char *key, char **ret);

/** json_item, json_item_bytes - get element @i of an array. */
struct json_object *json_item(struct json_object *array, size_t i);

/** json_text - return the text of a string, borrowed from @value; NULL: it is no string, or has a NUL. */
const char *json_text(struct json_object *value);

/** json_get_text - like json_text(), of a member; NULL also if there is none. */
const char *json_get_text(struct json_object *object, const char *key);

/**
 * json_each - call @one for each member of an object, in its order, while it returns 0.
 *
 * Returns the last result; 0 also if @object is no object.
 */
int json_each(struct json_object *object,
              int (*one)(const char *key, struct json_object *value, void *userdata), void *userdata);
int json_item_bytes(struct json_object *array, size_t i, char **ret);
