/* SPDX-License-Identifier: Apache-2.0 */
/* Defines how images, their names and their layers are stored. */
#include "image/record.h"

#include "spec/image_ref.h"
#include "state/id_ranges.h"

#include <stdio.h>

/* Maximum length of a text of the configuration, and of its lists. */
#define TEXT_MAX 131072
#define LIST_MAX 4096

static bool is_text(const char *text)
{
        return strlen(text) <= TEXT_MAX;
}

static bool is_variable(const char *text)
{
        return is_text(text) && text[0] != '=' && strchr(text, '=') != NULL;
}

static const Field layer_items[] = {
        NUMBER_FIELD(ImageLayer, size, "size", .max = UINT64_MAX),
        NUMBER_FIELD(ImageLayer, offset, "offset", .max = INT64_MAX),
        TEXT_FIELD(ImageLayer, blob, "blob", .optional = true, .check = image_is_digest),
        TEXT_FIELD(ImageLayer, diff, "diff", .optional = true, .check = image_is_digest),
};

static const FieldTable layer_fields = {
        .size = sizeof(ImageLayer), .items = layer_items, .n = ARRAY_LEN(layer_items)};

static const Field record_items[] = {
        TEXT_FIELD(ImageRecord, config, "config", .optional = true, .check = image_is_digest),
        TEXT_FIELD(ImageRecord, manifest, "manifest", .optional = true, .check = image_is_digest),
        TEXT_FIELD(ImageRecord, architecture, "architecture", .optional = true, .check = is_text),
        TEXT_FIELD(ImageRecord, system, "system", .optional = true, .check = is_text),
        TEXT_FIELD(ImageRecord, created, "created", .optional = true, .check = is_text),
        TEXT_FIELD(ImageRecord, author, "author", .optional = true, .check = is_text),
        LIST_FIELD(ImageRecord, entrypoint, "entrypoint", .optional = true, .max = LIST_MAX,
                   .check = is_text),
        LIST_FIELD(ImageRecord, cmd, "cmd", .optional = true, .max = LIST_MAX, .check = is_text),
        LIST_FIELD(ImageRecord, env, "env", .optional = true, .max = LIST_MAX, .check = is_variable),
        LIST_FIELD(ImageRecord, ports, "port", .optional = true, .max = LIST_MAX, .check = is_text),
        LIST_FIELD(ImageRecord, labels, "label", .optional = true, .max = LIST_MAX, .check = is_text),
        TEXT_FIELD(ImageRecord, working_dir, "working-dir", .optional = true, .check = fields_check_path),
        TEXT_FIELD(ImageRecord, user, "user", .optional = true, .check = is_text),
        ROWS_FIELD(ImageRecord, layers, n_layers, "layer", .rows = &layer_fields, .max = IMAGE_LAYERS_MAX),
};

const FieldTable image_record_fields = {.kind = "image",
                                        .version = 1,
                                        .oldest = 1,
                                        .ended = 1,
                                        .size = sizeof(ImageRecord),
                                        .items = record_items,
                                        .n = ARRAY_LEN(record_items)};

static bool is_stored_name(const char *text)
{
        ImageRef ref = {0};
        bool valid = image_ref_parse(IMAGE_STORED, text, &ref) == 0 && ref.name && !ref.digest;
        image_ref_clear(&ref);
        return valid;
}

static const Field name_items[] = {
        TEXT_FIELD(ImageName, name, "name", .check = is_stored_name),
        TEXT_FIELD(ImageName, record, "record", .check = image_is_digest),
};

static const FieldTable name_fields = {
        .size = sizeof(ImageName), .items = name_items, .n = ARRAY_LEN(name_items)};

static const Field index_items[] = {
        ROWS_FIELD(ImageIndex, items, n, "image", .optional = true, .rows = &name_fields,
                   .max = IMAGE_NAMES_MAX),
};

const FieldTable image_index_fields = {.kind = "images",
                                       .version = 1,
                                       .oldest = 1,
                                       .ended = 1,
                                       .size = sizeof(ImageIndex),
                                       .items = index_items,
                                       .n = ARRAY_LEN(index_items)};

static const Field meta_items[] = {
        NUMBER_FIELD(ImageLayerMeta, uid_max, "uid-max", .max = UINT32_MAX),
        NUMBER_FIELD(ImageLayerMeta, gid_max, "gid-max", .max = UINT32_MAX),
        NUMBER_FIELD(ImageLayerMeta, entries, "entries", .max = UINT64_MAX),
        NUMBER_FIELD(ImageLayerMeta, bytes, "bytes", .max = UINT64_MAX),
        NUMBER_FIELD(ImageLayerMeta, left_out, "left-out", .max = UINT64_MAX),
        NUMBER_FIELD(ImageLayerMeta, owners_lost, "owners-lost", .max = UINT64_MAX),
        TEXT_FIELD(ImageLayerMeta, diff, "diff", .optional = true, .check = image_is_digest),
        ARRAY_FIELD(ImageLayerMeta, uid_map.items, uid_map.n, "uid-map", .optional = true,
                    .rows = &id_range_fields, .max = PLAN_RANGES_MAX),
        ARRAY_FIELD(ImageLayerMeta, gid_map.items, gid_map.n, "gid-map", .optional = true,
                    .rows = &id_range_fields, .max = PLAN_RANGES_MAX),
};

const FieldTable image_meta_fields = {.kind = "image-layer",
                                      .version = 1,
                                      .oldest = 1,
                                      .ended = 1,
                                      .size = sizeof(ImageLayerMeta),
                                      .items = meta_items,
                                      .n = ARRAY_LEN(meta_items)};

static int unreadable(int r, const char *what, Error *err)
{
        if (r == -ENOTSUP)
                return error_set(err, ENOTSUP, "the record of an %s was made by a later kurung", what);
        return error_set_errno(err, r, "cannot read the record of an %s", what);
}

int image_record_parse(const char *text, size_t len, ImageRecord *ret, Error *err)
{
        CLEANUP(image_record_clear) ImageRecord record = {0};
        int r = fields_parse(&image_record_fields, text, len, &record);
        if (r < 0)
                return unreadable(r, "image", err);
        *ret = record;
        record = (ImageRecord){0};
        return 0;
}

void image_record_clear(ImageRecord *record)
{
        fields_clear(&image_record_fields, record);
        *record = (ImageRecord){0};
}

int image_meta_parse(const char *text, size_t len, ImageLayerMeta *ret, Error *err)
{
        ImageLayerMeta meta = {0};
        int r = fields_parse(&image_meta_fields, text, len, &meta);
        if (r < 0) {
                fields_clear(&image_meta_fields, &meta);
                return unreadable(r, "image's layer", err);
        }
        *ret = meta;
        return 0;
}

void image_index_clear(ImageIndex *index)
{
        fields_clear(&image_index_fields, index);
        *index = (ImageIndex){0};
}

const ImageName *image_index_find(const ImageIndex *index, const char *name)
{
        for (size_t i = 0; i < index->n; i++)
                if (str_eq(index->items[i].name, name))
                        return &index->items[i];
        return NULL;
}

static void remove_name(ImageIndex *index, size_t i)
{
        free(index->items[i].name);
        free(index->items[i].record);
        memmove(&index->items[i], &index->items[i + 1], (index->n - i - 1) * sizeof(*index->items));
        index->n--;
}

int image_index_set(ImageIndex *index, const char *name, const char *record)
{
        ImageName new = {record ? strdup(name) : NULL, record ? strdup(record) : NULL};
        ImageName *items = record ? reallocarray(index->items, index->n + 1, sizeof(*items)) : index->items;
        if (items)
                index->items = items;
        if (record && (!new.name || !new.record || !items)) {
                free(new.name);
                free(new.record);
                return -ENOMEM;
        }
        size_t at = 0;
        if (!index->items)
                return 0;
        while (at < index->n && strcmp(index->items[at].name, name) < 0)
                at++;
        if (at < index->n && str_eq(index->items[at].name, name))
                remove_name(index, at);
        if (!record)
                return 0;
        memmove(&index->items[at + 1], &index->items[at], (index->n - at) * sizeof(*index->items));
        index->items[at] = new;
        index->n++;
        return 0;
}
