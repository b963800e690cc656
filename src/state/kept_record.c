/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a kept sandbox's record from a plan, and defines its storage. */
#include "state/kept_record.h"

#include "base/json.h"
#include "base/path.h"
#include "state/id_ranges.h"

#include <limits.h>

/* The version of records in JSON. */
#define JSON_VERSION 2

/* Maximum number of layers of an image. */
#define KEPT_LOWERS_MAX 512

/* The name becomes a part of directory names (plan_layer_path()). */
static bool is_layer_name(const char *name)
{
        size_t digits = strspn(name, "0123456789");
        return digits > 0 && digits <= 16 && name[digits] == '\0';
}

static const Field layer_items[] = {
        ENUM_FIELD(ChangesLayer, engine, "engine", .names = changes_engine_names, .max = CHANGES_SCRATCH),
        TEXT_FIELD(ChangesLayer, name, "name", .check = is_layer_name),
        TEXT_FIELD(ChangesLayer, dest, "dest", .check = fields_check_path),
        TEXT_FIELD(ChangesLayer, lower, "lower", .optional = true, .check = fields_check_path),
        BOOL_FIELD(ChangesLayer, project, "project", .since = 4),
        LIST_FIELD(ChangesLayer, image, "image", .optional = true, .max = KEPT_LOWERS_MAX, .since = 5,
                   .check = fields_check_path),
        LIST_FIELD(ChangesLayer, covered, "covered", .optional = true, .max = 65536),
};

static const FieldTable layer_fields = {
        .size = sizeof(ChangesLayer), .items = layer_items, .n = ARRAY_LEN(layer_items)};

static const Field kept_items[] = {
        NUMBER_FIELD(KeptRecord, started.tv_sec, "started", .max = INT64_MAX),
        NUMBER_FIELD(KeptRecord, started.tv_nsec, "started-ns", .max = 999999999),
        BOOL_FIELD(KeptRecord, ended, "ended"),
        NUMBER_FIELD(KeptRecord, exit_code, "exit-code", .max = 255),
        LIST_FIELD(KeptRecord, argv, "argv", .max = 1 << 20),
        TEXT_FIELD(KeptRecord, cwd, "cwd", .check = fields_check_path),
        TEXT_FIELD(KeptRecord, work_dir, "work-dir", .optional = true),
        LIST_FIELD(KeptRecord, spec, "spec", .optional = true, .max = 1 << 16),
        LIST_FIELD(KeptRecord, profiles, "profile", .optional = true, .since = 4, .max = 1 << 16),
        NUMBER_FIELD(KeptRecord, identity.uid, "uid", .max = UINT32_MAX - 1),
        NUMBER_FIELD(KeptRecord, identity.gid, "gid", .max = UINT32_MAX - 1),
        NUMBER_FIELD(KeptRecord, identity.host_uid, "host-uid", .max = UINT32_MAX - 1),
        NUMBER_FIELD(KeptRecord, identity.host_gid, "host-gid", .max = UINT32_MAX - 1),
        BOOL_FIELD(KeptRecord, identity.map_by_newuidmap, "map-by-helpers"),
        TEXT_FIELD(KeptRecord, identity.newuidmap, "newuidmap", .optional = true, .check = fields_check_path),
        TEXT_FIELD(KeptRecord, identity.newgidmap, "newgidmap", .optional = true, .check = fields_check_path),
        ARRAY_FIELD(KeptRecord, identity.uid_map.items, identity.uid_map.n, "uid-map",
                    .rows = &id_range_fields, .max = PLAN_RANGES_MAX),
        ARRAY_FIELD(KeptRecord, identity.gid_map.items, identity.gid_map.n, "gid-map",
                    .rows = &id_range_fields, .max = PLAN_RANGES_MAX),
        ROWS_FIELD(KeptRecord, layers, n_layers, "layer", .json = "layers", .optional = true,
                   .rows = &layer_fields, .max = KEPT_LAYERS_MAX),
};

const FieldTable kept_record_fields = {.kind = "kept",
                                       .version = 5,
                                       .oldest = 3,
                                       .ended = 3,
                                       .size = sizeof(KeptRecord),
                                       .items = kept_items,
                                       .n = ARRAY_LEN(kept_items)};

void kept_record_clear(KeptRecord *record)
{
        fields_clear(&kept_record_fields, record);
        *record = (KeptRecord){0};
}

static int make_layer(const Plan *plan, size_t index, ChangesLayer *ret)
{
        const PlanOp *op = &plan->root.ops[index];
        ret->engine = op->kind == OP_OVERLAY ? CHANGES_KERNEL
                      : op->kind == OP_FUSE  ? CHANGES_FUSE
                                             : CHANGES_SCRATCH;
        ret->project = op->flags & OP_WORK_DIR;
        ret->name = strdup(op->layer);
        ret->dest = strdup(op->dest);
        /* The path has no links: looked up again, it could lead to another directory. */
        const char *lower = op->source ? op->source : op->n_lowers == 1 ? op->lowers[0].path : NULL;
        if (lower && !(ret->lower = strdup(lower)))
                return -ENOMEM;
        for (size_t i = 0; i < op->n_lowers; i++)
                if (strlist_add(&ret->image, op->lowers[i].path) < 0)
                        return -ENOMEM;
        if (!ret->name || !ret->dest)
                return -ENOMEM;
        for (size_t i = index + 1; i < plan->root.n_ops; i++)
                if (fs_op_is(&plan->root.ops[i], OP_COVERS) &&
                    path_is_below(plan->root.ops[i].dest, op->dest) &&
                    strlist_add(&ret->covered, plan->root.ops[i].dest) < 0)
                        return -ENOMEM;
        return 0;
}

int kept_record_make(const Plan *plan, const StrList *spec, const char *work_dir, KeptRecord *ret, Error *err)
{
        CLEANUP(kept_record_clear) KeptRecord rec = {.cwd = strdup(plan->payload.cwd)};
        rec.layers = calloc(KEPT_LAYERS_MAX, sizeof(*rec.layers));
        if (!rec.cwd || !rec.layers || plan_identity_copy(&plan->identity, &rec.identity) < 0 ||
            strlist_copy(&plan->payload.argv, &rec.argv) < 0 || (spec && strlist_copy(spec, &rec.spec) < 0) ||
            strlist_copy(&plan->storage.profiles, &rec.profiles) < 0 ||
            (work_dir && !(rec.work_dir = strdup(work_dir))))
                return error_no_memory(err);
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                if (!fs_op_is_kept(&plan->root.ops[i]))
                        continue;
                if (rec.n_layers == KEPT_LAYERS_MAX)
                        return error_set(err, E2BIG, "cannot keep more than %d layers", KEPT_LAYERS_MAX);
                if (make_layer(plan, i, &rec.layers[rec.n_layers++]) < 0)
                        return error_no_memory(err);
        }
        *ret = rec;
        rec = (KeptRecord){0};
        return 0;
}

int kept_record_print(const KeptRecord *record, char **ret, size_t *ret_len, Error *err)
{
        return fields_print(&kept_record_fields, record, ret, ret_len) < 0 ? error_no_memory(err) : 0;
}

/* Checks relations between fields. */
static bool is_whole(const KeptRecord *rec)
{
        const PlanIdentity *id = &rec->identity;
        if (id->host_uid != getuid() || (id->map_by_newuidmap && (!id->newuidmap || !id->newgidmap)))
                return false;
        for (size_t i = 0; i < rec->n_layers; i++) {
                const ChangesLayer *layer = &rec->layers[i];
                if (!layer->lower && layer->image.n == 0 && layer->engine != CHANGES_SCRATCH)
                        return false;
                if (layer->image.n > 0 && layer->engine == CHANGES_SCRATCH)
                        return false;
                for (size_t k = 0; k < layer->covered.n; k++)
                        if (!path_is_below(layer->covered.items[k], layer->dest))
                                return false;
        }
        return true;
}

static int parse_json(const char *text, size_t len, KeptRecord *rec, Error *err)
{
        struct json_object *o = NULL;
        int64_t version = 0;
        int r = json_load(err);
        if (r < 0)
                return r;
        r = json_parse(text, len, &o);
        if (r == 0)
                r = json_get_int(o, "version", JSON_VERSION, JSON_VERSION, &version);
        if (r == 0)
                r = fields_from_json(&kept_record_fields, (unsigned)version, o, rec);
        if (o)
                json_free(o);
        return r;
}

int kept_record_parse(const char *text, size_t len, KeptRecord *ret, Error *err)
{
        CLEANUP(kept_record_clear) KeptRecord rec = {0};
        int r = len > 0 && text[0] == '{' ? parse_json(text, len, &rec, err)
                                          : fields_parse(&kept_record_fields, text, len, &rec);
        if (r == 0 && !is_whole(&rec))
                r = -EBADMSG;
        if (r == -ENOTSUP)
                return error_set(err, ENOTSUP, "its record was made by a later kurung");
        if (r < 0)
                return err->errnum ? r : error_set_errno(err, r, "cannot parse the record");
        *ret = rec;
        rec = (KeptRecord){0};
        return 0;
}
