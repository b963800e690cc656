/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/log.h"

#include <dlfcn.h>
#include <json-c/json.h>

static struct {
        __typeof__(json_object_new_object) *new_object;
        __typeof__(json_object_new_array) *new_array;
        __typeof__(json_object_new_string) *new_string;
        __typeof__(json_object_new_int64) *new_int64;
        __typeof__(json_object_new_boolean) *new_boolean;
        __typeof__(json_object_object_add) *object_add;
        __typeof__(json_object_array_add) *array_add;
        __typeof__(json_object_to_json_string_ext) *to_string;
        __typeof__(json_object_put) *put;
} json;

int json_load(Error *err)
{
        if (json.put)
                return 0;
        /* Never unloaded: it is for the rest of a command that prints and ends. */
        void *h = dlopen("libjson-c.so.5", RTLD_NOW | RTLD_LOCAL);
        if (!h)
                return error_set(err, ENOENT,
                                 "json-c can't be loaded (Debian, Ubuntu: apt install libjson-c5): %s",
                                 dlerror());
        const struct {
                void **to;
                const char *name;
        } symbols[] = {
                {(void **)&json.new_object, "json_object_new_object"},
                {(void **)&json.new_array, "json_object_new_array"},
                {(void **)&json.new_string, "json_object_new_string"},
                {(void **)&json.new_int64, "json_object_new_int64"},
                {(void **)&json.new_boolean, "json_object_new_boolean"},
                {(void **)&json.object_add, "json_object_object_add"},
                {(void **)&json.array_add, "json_object_array_add"},
                {(void **)&json.to_string, "json_object_to_json_string_ext"},
                {(void **)&json.put, "json_object_put"},
        };
        for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
                if (!(*symbols[i].to = dlsym(h, symbols[i].name)))
                        return error_set(err, ENOENT, "json-c has no %s", symbols[i].name);
        return 0;
}

struct json_object *json_new_object(void)
{
        return json.new_object();
}

struct json_object *json_new_array(void)
{
        return json.new_array();
}

static struct json_object *new_text(const char *text)
{
        if (!text)
                return NULL;
        char *clean = text_valid_utf8(text);
        struct json_object *o = clean ? json.new_string(clean) : NULL;
        free(clean);
        return o;
}

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
        (void)json.object_add(object, key, value);
}

void json_add_string(struct json_object *object, const char *key, const char *text)
{
        json_add(object, key, new_text(text));
}

void json_add_int(struct json_object *object, const char *key, int64_t number)
{
        json_add(object, key, json.new_int64(number));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
        json_add(object, key, json.new_boolean(value));
}

void json_append(struct json_object *array, struct json_object *value)
{
        (void)json.array_add(array, value);
}

void json_append_string(struct json_object *array, const char *text)
{
        json_append(array, new_text(text));
}

void json_print(FILE *out, struct json_object *value)
{
        (void)fprintf(out, "%s\n",
                      json.to_string(value, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
        json_free(value);
}

void json_free(struct json_object *value)
{
        (void)json.put(value);
}
