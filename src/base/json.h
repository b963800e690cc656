/* SPDX-License-Identifier: Apache-2.0 */
/* A thin wrapper of json-c, which is loaded only by the commands that print JSON: "run" must not pay for it.
 */
#pragma once

#include "base/error.h"

#include <stdio.h>

struct json_object;

/** json_load - load json-c; to be called before anything else here. 0 or -ENOENT with @err. */
int json_load(Error *err);

/** json_new_object, json_new_array - a value of the caller's, until json_free() or until it is added to
 * another. */
struct json_object *json_new_object(void);
struct json_object *json_new_array(void);

/** json_add_* - set a member of an object. A NULL text is null; bytes that are no UTF-8 become U+FFFD. */
void json_add(struct json_object *object, const char *key, struct json_object *value);
void json_add_string(struct json_object *object, const char *key, const char *text);
void json_add_int(struct json_object *object, const char *key, int64_t number);
void json_add_bool(struct json_object *object, const char *key, bool value);

/** json_append, json_append_string - add to an array. */
void json_append(struct json_object *array, struct json_object *value);
void json_append_string(struct json_object *array, const char *text);

/** json_print - write a value, indented, with a newline at the end; then free it. */
void json_print(FILE *out, struct json_object *value);

void json_free(struct json_object *value);
