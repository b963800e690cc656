/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the records that an earlier kurung stored as JSON, by the same tables. */
#include "base/fields_internal.h"
#include "base/json.h"

#include <stdio.h>

static int take_number(const Field *f, struct json_object *o, const char *key, void *record)
{
        int64_t n = 0;
        int r = json_get_int(o, key, f->min, f->max < INT64_MAX ? (int64_t)f->max : INT64_MAX, &n);
        if (r == 0)
                field_store(f, record, (uint64_t)n);
        return r;
}

static int take_enum(const Field *f, struct json_object *o, const char *key, void *record)
{
        CLEANUP_FREE char *name = NULL;
        int r = json_get_bytes(o, key, &name);
        return r < 0 ? r : field_find_name(f, name, record);
}

static int take_text(const Field *f, struct json_object *o, const char *key, void *record)
{
        char *text = NULL;
        int r = json_get_bytes(o, key, &text);
        if (r == 0 && f->optional && text[0] == '\0') {
                free(text);
                return 0;
        }
        return r < 0 ? r : field_take_text(f, text, record);
}

static int take_list(const Field *f, struct json_object *o, const char *key, void *record)
{
        struct json_object *a = NULL;
        size_t n = 0;
        int r = json_get_array(o, key, &a, &n);
        if (r == 0 && (n > f->max || (n == 0 && !f->optional)))
                r = -EBADMSG;
        for (size_t i = 0; r == 0 && i < n; i++) {
                char *text = NULL;
                r = json_item_bytes(a, i, &text);
                if (r == 0)
                        r = field_take_text(f, text, record);
        }
        return r;
}

static int take_rows(const Field *f, unsigned version, struct json_object *o, const char *key, void *record)
{
        struct json_object *a = NULL;
        size_t n = 0;
        int r = json_get_array(o, key, &a, &n);
        if (r == 0 && n == 0 && !f->optional)
                r = -EBADMSG;
        for (size_t i = 0; r == 0 && i < n; i++) {
                void *row = NULL;
                r = field_add_row(f, record, &row);
                if (r == 0)
                        r = fields_from_json(f->rows, version, json_item(a, i), row);
        }
        return r;
}

static const char *key_of(const Field *f, char *out, size_t room)
{
        if (f->json)
                return f->json;
        (void)snprintf(out, room, "%s", f->name);
        for (char *p = out; (p = strchr(p, '-'));)
                *p = '_';
        return out;
}

static int take(const Field *f, unsigned version, struct json_object *o, void *record)
{
        char room[64];
        const char *key = key_of(f, room, sizeof(room));
        if (f->kind == FIELD_TEXT && f->optional && !json_has(o, key))
                return 0;
        switch (f->kind) {
        case FIELD_NUMBER:
                return take_number(f, o, key, record);
        case FIELD_BOOL:
                return json_get_bool(o, key, (bool *)((char *)record + f->offset));
        case FIELD_ENUM:
                return take_enum(f, o, key, record);
        case FIELD_TEXT:
                return take_text(f, o, key, record);
        case FIELD_LIST:
                return take_list(f, o, key, record);
        case FIELD_ROWS:
        case FIELD_ARRAY:
                return take_rows(f, version, o, key, record);
        }
        return -EBADMSG;
}

int fields_from_json(const FieldTable *table, unsigned version, struct json_object *object, void *record)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < table->n; i++)
                if (field_is_in(&table->items[i], version))
                        r = take(&table->items[i], version, object, record);
        return r;
}
