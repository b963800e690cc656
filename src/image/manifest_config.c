/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the configuration of an image. */
#include "base/json.h"
#include "base/path.h"
#include "image/manifest.h"
#include "spec/image_ref.h"

#include <stdio.h>

#define DIGEST_PREFIX "sha256:"

/* Takes an optional text; an empty one counts as none. */
static int take_optional(struct json_object *o, const char *key, char **ret)
{
        const char *text = json_get_text(o, key);
        if (str_empty(text))
                return 0;
        free(*ret);
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

/* Takes an optional list of texts. */
static int take_list(struct json_object *o, const char *key, StrList *ret)
{
        struct json_object *list;
        size_t n;
        if (json_get_array(o, key, &list, &n) < 0)
                return 0;
        for (size_t i = 0; i < n; i++) {
                const char *text = json_text(json_item(list, i));
                int r = text ? strlist_add(ret, text) : -EBADMSG;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int take_env(struct json_object *o, StrList *ret)
{
        CLEANUP_STRLIST StrList all = {0};
        int r = take_list(o, "Env", &all);
        for (size_t i = 0; r == 0 && i < all.n; i++)
                if (all.items[i][0] != '=' && strchr(all.items[i], '='))
                        r = strlist_add(ret, all.items[i]);
        return r;
}

static int add_port(const char *key, struct json_object *value, void *userdata)
{
        (void)value;
        return strlist_add(userdata, key);
}

static int add_label(const char *key, struct json_object *value, void *userdata)
{
        const char *text = json_text(value);
        return text ? strlist_add_printf(userdata, "%s=%s", key, text) : 0;
}

static int take_working_dir(struct json_object *o, ImageRecord *ret)
{
        const char *dir = json_get_text(o, "WorkingDir");
        char *clean = NULL;
        if (str_empty(dir))
                return 0;
        int r = path_normalize(dir, "/", &clean);
        if (r == 0) {
                free(ret->working_dir);
                ret->working_dir = clean;
        }
        return r == -ENOMEM ? r : r < 0 ? -EBADMSG : 0;
}

/* What a container of the image runs. */
static int take_execution(struct json_object *o, ImageRecord *ret)
{
        struct json_object *set;
        int r = take_list(o, "Entrypoint", &ret->entrypoint);
        if (r == 0)
                r = take_list(o, "Cmd", &ret->cmd);
        if (r == 0)
                r = take_env(o, &ret->env);
        if (r == 0)
                r = take_optional(o, "User", &ret->user);
        if (r == 0)
                r = take_working_dir(o, ret);
        if (r == 0 && json_get_object(o, "ExposedPorts", &set) == 0)
                r = json_each(set, add_port, &ret->ports);
        if (r == 0 && json_get_object(o, "Labels", &set) == 0)
                r = json_each(set, add_label, &ret->labels);
        return r;
}

static int take_diffs(struct json_object *o, ImageRecord *ret)
{
        struct json_object *rootfs, *list;
        size_t n;
        if (json_get_object(o, "rootfs", &rootfs) < 0 || json_get_array(rootfs, "diff_ids", &list, &n) < 0)
                return -EBADMSG;
        if (!ret->layers) {
                if (n == 0 || n > IMAGE_LAYERS_MAX)
                        return -EBADMSG;
                if (!(ret->layers = calloc(n, sizeof(*ret->layers))))
                        return -ENOMEM;
                ret->n_layers = n;
        }
        if (ret->n_layers != n)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                const char *diff = json_text(json_item(list, i));
                if (!diff || !str_starts(diff, DIGEST_PREFIX) ||
                    !image_is_digest(diff + strlen(DIGEST_PREFIX)))
                        return -EBADMSG;
                free(ret->layers[i].diff);
                if (!(ret->layers[i].diff = strdup(diff + strlen(DIGEST_PREFIX))))
                        return -ENOMEM;
        }
        return 0;
}

int manifest_read_config(const char *text, size_t len, ImageRecord *ret, Error *err)
{
        struct json_object *o = NULL, *config;
        int r = json_parse(text, len, &o);
        if (r == 0)
                r = take_diffs(o, ret);
        if (r == 0)
                r = take_optional(o, "architecture", &ret->architecture);
        if (r == 0)
                r = take_optional(o, "os", &ret->system);
        if (r == 0)
                r = take_optional(o, "created", &ret->created);
        if (r == 0)
                r = take_optional(o, "author", &ret->author);
        if (r == 0 && json_get_object(o, "config", &config) == 0)
                r = take_execution(config, ret);
        if (o)
                json_free(o);
        if (r == -ENOMEM)
                return error_no_memory(err);
        return r < 0 ? error_set(err, EBADMSG, "the configuration of the image is malformed") : 0;
}
