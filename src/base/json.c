/* SPDX-License-Identifier: Apache-2.0 */
/* Loads json-c and builds values with it. */
#include "base/json.h"

#include "base/library.h"
#include "base/log.h"

#include <json-c/json.h>
#include <json-c/json_object_iterator.h>

/* clang-format off */
#define JSON_FUNCTIONS(X)                                                                                    \
        X(new_object, json_object_new_object) X(new_array, json_object_new_array)                            \
        X(new_string, json_object_new_string) X(new_int64, json_object_new_int64)                            \
        X(new_boolean, json_object_new_boolean) X(object_add, json_object_object_add)                        \
        X(array_add, json_object_array_add) X(to_string, json_object_to_json_string_ext)                     \
        X(put, json_object_put) X(tokener_new, json_tokener_new_ex) X(tokener_parse, json_tokener_parse_ex)  \
        X(tokener_error, json_tokener_get_error) X(tokener_end, json_tokener_get_parse_end)                  \
        X(tokener_free, json_tokener_free) X(object_get, json_object_object_get_ex)                          \
        X(is_type, json_object_is_type) X(get_int64, json_object_get_int64)                                  \
        X(get_boolean, json_object_get_boolean) X(get_string, json_object_get_string)                        \
        X(get_string_len, json_object_get_string_len) X(array_length, json_object_array_length)              \
        X(array_get, json_object_array_get_idx) X(iter_begin, json_object_iter_begin)                        \
        X(iter_end, json_object_iter_end) X(iter_next, json_object_iter_next)                                \
        X(iter_equal, json_object_iter_equal) X(iter_name, json_object_iter_peek_name)                       \
        X(iter_value, json_object_iter_peek_value)
/* clang-format on */
LIBRARY(json, JSON_FUNCTIONS, "json-c", "libjson-c5", "suggested", "JSON output and records",
        "libjson-c.so.5");

int json_load(Error *err)
{
        return library_load(&json_library, err);
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

void json_append_int(struct json_object *array, int64_t number)
{
        json_append(array, json.new_int64(number));
}

void json_append_string(struct json_object *array, const char *text)
{
        json_append(array, new_text(text));
}

struct json_object *json_new_strings(const StrList *l)
{
        struct json_object *a = json_new_array();
        for (size_t i = 0; i < l->n; i++)
                json_append_string(a, l->items[i]);
        return a;
}

/*
 * Characters that a terminal does not show as themselves occur only in strings, where \uNNNN is equivalent.
 * json-c escapes only those below U+0020; the remaining ones of these are its own newlines.
 */
static void write_text(FILE *out, const char *text)
{
        for (size_t left = strlen(text); left > 0;) {
                const TextChar c = text_next(text, left);
                uint32_t above = c.code - 0x10000;
                if (c.shown || c.code < 0x20)
                        (void)fwrite(text, 1, c.len, out);
                else if (c.code < 0x10000)
                        (void)fprintf(out, "\\u%04x", c.code);
                else
                        (void)fprintf(out, "\\u%04x\\u%04x", 0xd800 + (above >> 10),
                                      0xdc00 + (above & 0x3ff));
                text += c.len;
                left -= c.len;
        }
}

void json_print(FILE *out, struct json_object *value)
{
        write_text(out, json.to_string(value, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
        (void)fputc('\n', out);
        json_free(value);
}

void json_free(struct json_object *value)
{
        (void)json.put(value);
}

static struct json_object *new_bytes(const char *bytes)
{
        size_t room = 4 * strlen(bytes) + 5;
        CLEANUP_FREE char *escaped = malloc(room);
        return escaped ? json.new_string(text_escape(bytes, escaped, room)) : NULL;
}

void json_add_bytes(struct json_object *object, const char *key, const char *bytes)
{
        json_add(object, key, new_bytes(bytes));
}

void json_append_bytes(struct json_object *array, const char *bytes)
{
        json_append(array, new_bytes(bytes));
}

void json_print_line(FILE *out, struct json_object *value)
{
        write_text(out, json.to_string(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        json_free(value);
}

#define JSON_DEPTH_MAX 16

int json_parse(const char *text, size_t len, struct json_object **ret)
{
        if (len > INT32_MAX)
                return -EBADMSG;
        struct json_tokener *t = json.tokener_new(JSON_DEPTH_MAX);
        if (!t)
                return -ENOMEM;
        struct json_object *o = json.tokener_parse(t, text, (int)len);
        bool whole = json.tokener_error(t) == json_tokener_success;
        for (size_t i = json.tokener_end(t); whole && i < len; i++)
                whole = text[i] == '\n' || text[i] == ' ';
        json.tokener_free(t);
        if (!whole || !o) {
                (void)json.put(o);
                return -EBADMSG;
        }
        *ret = o;
        return 0;
}

static int get(struct json_object *object, const char *key, enum json_type type, struct json_object **ret)
{
        struct json_object *o = NULL;
        if (!object || !json.is_type(object, json_type_object) || !json.object_get(object, key, &o) || !o ||
            !json.is_type(o, type))
                return -EBADMSG;
        *ret = o;
        return 0;
}

bool json_has(struct json_object *object, const char *key)
{
        struct json_object *o = NULL;
        return object && json.is_type(object, json_type_object) && json.object_get(object, key, &o);
}

int json_get_object(struct json_object *object, const char *key, struct json_object **ret)
{
        return get(object, key, json_type_object, ret);
}

int json_get_array(struct json_object *object, const char *key, struct json_object **ret, size_t *ret_n)
{
        int r = get(object, key, json_type_array, ret);
        if (r == 0)
                *ret_n = json.array_length(*ret);
        return r;
}

int json_get_int(struct json_object *object, const char *key, int64_t min, int64_t max, int64_t *ret)
{
        struct json_object *o;
        int r = get(object, key, json_type_int, &o);
        if (r < 0)
                return r;
        int64_t v = json.get_int64(o);
        if (v < min || v > max)
                return -EBADMSG;
        *ret = v;
        return 0;
}

int json_get_bool(struct json_object *object, const char *key, bool *ret)
{
        struct json_object *o;
        int r = get(object, key, json_type_boolean, &o);
        if (r == 0)
                *ret = json.get_boolean(o);
        return r;
}

static int take_bytes(struct json_object *o, char **ret)
{
        const char *s = json.get_string(o);
        if (strlen(s) != (size_t)json.get_string_len(o))
                return -EBADMSG;
        char *bytes = NULL;
        int r = text_unescape(s, &bytes);
        if (r == 0)
                *ret = bytes;
        return r == -EINVAL ? -EBADMSG : r;
}

int json_get_bytes(struct json_object *object, const char *key, char **ret)
{
        struct json_object *o;
        int r = get(object, key, json_type_string, &o);
        return r < 0 ? r : take_bytes(o, ret);
}

struct json_object *json_item(struct json_object *array, size_t i)
{
        return json.array_get(array, i);
}

const char *json_text(struct json_object *value)
{
        const char *s = value && json.is_type(value, json_type_string) ? json.get_string(value) : NULL;
        return s && strlen(s) == (size_t)json.get_string_len(value) ? s : NULL;
}

const char *json_get_text(struct json_object *object, const char *key)
{
        struct json_object *o;
        return get(object, key, json_type_string, &o) < 0 ? NULL : json_text(o);
}

int json_each(struct json_object *object,
              int (*one)(const char *key, struct json_object *value, void *userdata), void *userdata)
{
        if (!object || !json.is_type(object, json_type_object))
                return 0;
        struct json_object_iterator at = json.iter_begin(object), end = json.iter_end(object);
        int r = 0;
        for (; r == 0 && !json.iter_equal(&at, &end); json.iter_next(&at))
                r = one(json.iter_name(&at), json.iter_value(&at), userdata);
        return r;
}

int json_item_bytes(struct json_object *array, size_t i, char **ret)
{
        struct json_object *o = json.array_get(array, i);
        return o && json.is_type(o, json_type_string) ? take_bytes(o, ret) : -EBADMSG;
}
