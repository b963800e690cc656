/* SPDX-License-Identifier: Apache-2.0 */
/* Converts a kept sandbox's record to JSON and back. */
#include "state/record.h"

#include "base/json.h"
#include "base/path.h"
#include "plan/plan_text.h"

#include <limits.h>
#include <stdio.h>

#define RECORD_VERSION 2

void kept_record_clear(KeptRecord *record)
{
        plan_identity_clear(&record->identity);
        strlist_clear(&record->argv);
        free(record->cwd);
        free(record->work_dir);
        strlist_clear(&record->spec);
        for (size_t i = 0; i < record->n_layers; i++)
                changes_layer_clear(&record->layers[i]);
        free(record->layers);
        *record = (KeptRecord){0};
}

static int add_layer(const Plan *plan, size_t index, ChangesLayer *ret)
{
        const PlanOp *op = &plan->root.ops[index];
        ret->engine = op->kind == OP_OVERLAY ? CHANGES_KERNEL
                      : op->kind == OP_FUSE  ? CHANGES_FUSE
                                             : CHANGES_SCRATCH;
        ret->name = strdup(op->layer);
        ret->dest = strdup(op->dest);
        /* It has no links: looked up again it could be another directory by now. */
        if (op->source && !(ret->lower = strdup(op->source)))
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

static int copy_identity(const PlanIdentity *identity, PlanIdentity *ret)
{
        *ret = *identity;
        ret->newuidmap = ret->newgidmap = NULL;
        if (!identity->map_by_helpers)
                return 0;
        ret->newuidmap = strdup(identity->newuidmap);
        ret->newgidmap = strdup(identity->newgidmap);
        return ret->newuidmap && ret->newgidmap ? 0 : -ENOMEM;
}

int kept_record_from_plan(const Plan *plan, KeptRecord *ret, Error *err)
{
        CLEANUP(kept_record_clear) KeptRecord rec = {0};
        int r = copy_identity(&plan->identity, &rec.identity);
        rec.cwd = strdup(plan->payload.cwd);
        rec.layers = calloc(KEPT_LAYERS_MAX, sizeof(*rec.layers));
        if (r < 0 || !rec.cwd || !rec.layers)
                return error_no_memory(err);
        for (size_t i = 0; i < plan->payload.argv.n; i++)
                if (strlist_add(&rec.argv, plan->payload.argv.items[i]) < 0)
                        return error_no_memory(err);
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                if (!fs_op_is_kept(op))
                        continue;
                if (rec.n_layers == KEPT_LAYERS_MAX)
                        return error_set(err, E2BIG, "more than %d layers can't be kept", KEPT_LAYERS_MAX);
                r = add_layer(plan, i, &rec.layers[rec.n_layers++]);
                if (r < 0)
                        return error_set_errno(err, r, "%s", op->source ? op->source : op->dest);
        }
        *ret = rec;
        rec = (KeptRecord){0};
        return 0;
}

static struct json_object *print_list(const StrList *l)
{
        struct json_object *a = json_new_array();
        for (size_t i = 0; i < l->n; i++)
                json_append_bytes(a, l->items[i]);
        return a;
}

static struct json_object *print_layer(const ChangesLayer *layer)
{
        struct json_object *o = json_new_object();
        json_add_string(o, "engine", changes_engine_name(layer->engine));
        json_add_bytes(o, "name", layer->name);
        json_add_bytes(o, "dest", layer->dest);
        if (layer->lower)
                json_add_bytes(o, "lower", layer->lower);
        json_add(o, "covered", print_list(&layer->covered));
        return o;
}

int kept_record_print(const KeptRecord *record, char **ret, size_t *ret_len, Error *err)
{
        int r = json_load(err);
        if (r < 0)
                return r;
        const PlanIdentity *id = &record->identity;
        struct json_object *o = json_new_object(), *layers = json_new_array();
        json_add_int(o, "version", RECORD_VERSION);
        json_add_int(o, "started", record->started.tv_sec);
        json_add_int(o, "started_ns", record->started.tv_nsec);
        json_add_bool(o, "ended", record->ended);
        json_add_int(o, "exit_code", record->exit_code);
        json_add(o, "argv", print_list(&record->argv));
        json_add_bytes(o, "cwd", record->cwd);
        json_add_bytes(o, "work_dir", record->work_dir ? record->work_dir : "");
        json_add(o, "spec", print_list(&record->spec));
        json_add_int(o, "uid", id->uid);
        json_add_int(o, "gid", id->gid);
        json_add_int(o, "host_uid", id->host_uid);
        json_add_int(o, "host_gid", id->host_gid);
        json_add_bool(o, "map_by_helpers", id->map_by_helpers);
        json_add_bytes(o, "newuidmap", id->newuidmap ? id->newuidmap : "");
        json_add_bytes(o, "newgidmap", id->newgidmap ? id->newgidmap : "");
        json_add(o, "uid_map", plan_map_json(&id->uid_map));
        json_add(o, "gid_map", plan_map_json(&id->gid_map));
        for (size_t i = 0; i < record->n_layers; i++)
                json_append(layers, print_layer(&record->layers[i]));
        json_add(o, "layers", layers);
        FILE *f = open_memstream(ret, ret_len);
        if (!f) {
                json_free(o);
                return error_no_memory(err);
        }
        json_print(f, o);
        return fclose(f) == 0 ? 0 : error_no_memory(err);
}

static int parse_map(struct json_object *root, const char *key, IdMap *ret)
{
        struct json_object *a;
        size_t n;
        int r = json_get_array(root, key, &a, &n);
        if (r < 0 || n == 0 || n > PLAN_RANGES_MAX)
                return -EBADMSG;
        for (size_t i = 0; r == 0 && i < n; i++) {
                int64_t inside = 0, outside = 0, count = 0;
                struct json_object *o = json_item(a, i);
                r = json_get_int(o, "inside", 0, UINT32_MAX, &inside);
                if (r == 0)
                        r = json_get_int(o, "outside", 0, UINT32_MAX, &outside);
                if (r == 0)
                        r = json_get_int(o, "count", 1, UINT32_MAX, &count);
                ret->items[i] = (IdRange){(uint32_t)inside, (uint32_t)outside, (uint32_t)count};
        }
        ret->n = n;
        return r;
}

/* Absolute and clean: it is opened as it stands. */
static int parse_path(struct json_object *o, const char *key, char **ret)
{
        CLEANUP_FREE char *path = NULL, *clean = NULL;
        int r = json_get_bytes(o, key, &path);
        if (r == 0)
                r = path_normalize(path, NULL, &clean);
        if (r == 0 && !str_eq(path, clean))
                r = -EBADMSG;
        if (r == 0)
                *ret = TAKE_PTR(path);
        return r == -ENOMEM ? r : r < 0 ? -EBADMSG : 0;
}

static int parse_list(struct json_object *o, const char *key, size_t max, StrList *ret)
{
        struct json_object *a;
        size_t n;
        int r = json_get_array(o, key, &a, &n);
        if (r < 0 || n > max)
                return -EBADMSG;
        for (size_t i = 0; r == 0 && i < n; i++) {
                CLEANUP_FREE char *s = NULL;
                r = json_item_bytes(a, i, &s);
                if (r == 0)
                        r = strlist_add(ret, s);
        }
        return r;
}

static int parse_layer(struct json_object *o, ChangesLayer *ret)
{
        CLEANUP_FREE char *engine = NULL;
        int r = json_get_bytes(o, "engine", &engine);
        if (r == 0 && changes_engine_find(engine, &ret->engine) < 0)
                r = -EBADMSG;
        if (r == 0)
                r = json_get_bytes(o, "name", &ret->name);
        if (r == 0 &&
            (str_empty(ret->name) || ret->name[strspn(ret->name, "0123456789")] || strlen(ret->name) > 16))
                r = -EBADMSG;
        if (r == 0)
                r = parse_path(o, "dest", &ret->dest);
        if (r == 0 && ret->engine != CHANGES_SCRATCH)
                r = parse_path(o, "lower", &ret->lower);
        if (r == 0)
                r = parse_list(o, "covered", 65536, &ret->covered);
        for (size_t i = 0; r == 0 && i < ret->covered.n; i++)
                if (!path_is_below(ret->covered.items[i], ret->dest))
                        r = -EBADMSG;
        return r;
}

static int parse_identity(struct json_object *o, PlanIdentity *ret)
{
        const struct {
                const char *key;
                uint32_t *to;
        } ids[] = {{"uid", &ret->uid},
                   {"gid", &ret->gid},
                   {"host_uid", &ret->host_uid},
                   {"host_gid", &ret->host_gid}};
        int r = 0;
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(ids); i++) {
                int64_t id = 0;
                r = json_get_int(o, ids[i].key, 0, UINT32_MAX - 1, &id);
                *ids[i].to = (uint32_t)id;
        }
        if (r == 0)
                r = json_get_bool(o, "map_by_helpers", &ret->map_by_helpers);
        if (r == 0 && ret->map_by_helpers)
                r = parse_path(o, "newuidmap", &ret->newuidmap);
        if (r == 0 && ret->map_by_helpers)
                r = parse_path(o, "newgidmap", &ret->newgidmap);
        if (r == 0)
                r = parse_map(o, "uid_map", &ret->uid_map);
        if (r == 0)
                r = parse_map(o, "gid_map", &ret->gid_map);
        if (r == 0 && ret->host_uid != getuid())
                r = -EBADMSG;
        return r;
}

static int parse_record(struct json_object *o, KeptRecord *rec)
{
        struct json_object *layers = NULL;
        int64_t version, seconds = 0, ns = 0, code = 0;
        size_t n = 0;
        int r = json_get_int(o, "version", RECORD_VERSION, RECORD_VERSION, &version);
        if (r == 0)
                r = json_get_int(o, "started", 0, INT64_MAX, &seconds);
        if (r == 0)
                r = json_get_int(o, "started_ns", 0, 999999999, &ns);
        if (r == 0)
                r = json_get_bool(o, "ended", &rec->ended);
        if (r == 0)
                r = json_get_int(o, "exit_code", 0, 255, &code);
        rec->started = (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)ns};
        rec->exit_code = (int)code;
        if (r == 0)
                r = parse_list(o, "argv", 1 << 20, &rec->argv);
        if (r == 0)
                r = parse_path(o, "cwd", &rec->cwd);
        if (r == 0)
                r = json_get_bytes(o, "work_dir", &rec->work_dir);
        if (r == 0)
                r = parse_list(o, "spec", 1 << 16, &rec->spec);
        if (r == 0)
                r = parse_identity(o, &rec->identity);
        if (r == 0)
                r = json_get_array(o, "layers", &layers, &n);
        if (r == 0 && n > KEPT_LAYERS_MAX)
                r = -EBADMSG;
        if (r == 0 && !(rec->layers = calloc(n + 1, sizeof(*rec->layers))))
                r = -ENOMEM;
        for (size_t i = 0; r == 0 && i < n; i++)
                r = parse_layer(json_item(layers, i), &rec->layers[rec->n_layers++]);
        return r;
}

int kept_record_parse(const char *text, size_t len, KeptRecord *ret, Error *err)
{
        CLEANUP(kept_record_clear) KeptRecord rec = {0};
        struct json_object *o = NULL;
        int r = json_load(err);
        if (r == 0)
                r = json_parse(text, len, &o);
        if (r == 0)
                r = parse_record(o, &rec);
        if (o)
                json_free(o);
        if (r < 0)
                return error_set_errno(err, r, "the record can't be read");
        *ret = rec;
        rec = (KeptRecord){0};
        return 0;
}
