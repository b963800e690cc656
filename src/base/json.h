/* SPDX-License-Identifier: Apache-2.0 */
/* A thin wrapper of json-c, which is loaded only by the commands that print JSON: "run" must not pay for it.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <stdio.h>

struct json_object;

/** json_load - load json-c; to be called before anything else here. 0 or -ENOENT with @err. */
int json_load(Error *err);

/** json_new_object, json_new_array - a value of the caller's, until json_free() or until it is added to
 * another. */
struct json_object *json_new_object(void);
struct json_object *json_new_array(void);

/** json_new_strings - an array of the texts of @l. */
struct json_object *json_new_strings(const StrList *l);

/** json_add_* - set a member of an object. A NULL text is null; bytes that are no UTF-8 become U+FFFD. */
void json_add(struct json_object *object, const char *key, struct json_object *value);
void json_add_string(struct json_object *object, const char *key, const char *text);
void json_add_int(struct json_object *object, const char *key, int64_t number);
void json_add_bool(struct json_object *object, const char *key, bool value);

/** json_append, json_append_string - add to an array. */
void json_append(struct json_object *array, struct json_object *value);
void json_append_string(struct json_object *array, const char *text);

/**
 * json_add_bytes - set a text that may hold any bytes but NUL: as text_escape() writes it, which
 * json_get_bytes() takes back.
 */
void json_add_bytes(struct json_object *object, const char *key, const char *bytes);
void json_append_bytes(struct json_object *array, const char *bytes);

/** json_print_line - write a value in one line, without a newline; then free it. */
void json_print_line(FILE *out, struct json_object *value);

/** json_print - write a value, indented, with a newline at the end; then free it. */
void json_print(FILE *out, struct json_object *value);

void json_free(struct json_object *value);

/**
 * json_parse - one whole value of @len bytes, nothing behind it, at most 16 levels deep.
 *
 * Returns 0, or -EBADMSG. @ret: json_free().
 */
int json_parse(const char *text, size_t len, struct json_object **ret);

/** json_has - whether @object is one, with such a member. */
bool json_has(struct json_object *object, const char *key);

/* What follows takes a value of the named type or fails with -EBADMSG: a missing one, or of another type, is
 * never made up.
 */

/** json_get_object, json_get_array - a member, which stays its parent's. */
int json_get_object(struct json_object *object, const char *key, struct json_object **ret);
int json_get_array(struct json_object *object, const char *key, struct json_object **ret, size_t *ret_n);

/** json_get_int - an integer from @min to @max. */
int json_get_int(struct json_object *object, const char *key, int64_t min, int64_t max, int64_t *ret);
int json_get_bool(struct json_object *object, const char *key, bool *ret);

/** json_get_bytes - what json_add_bytes() wrote; owned by the caller, never with a NUL inside. */
int json_get_bytes(struct json_object *object, const char *key, char **ret);

/** json_item, json_item_bytes - element @i of an array. */
struct json_object *json_item(struct json_object *array, size_t i);
int json_item_bytes(struct json_object *array, size_t i, char **ret);
