/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung image". */
#include "base/json.h"
#include "base/log.h"
#include "cmd/changes.h"
#include "cmd/command.h"
#include "cmd/image.h"
#include "cmd/options.h"
#include "cmd/progress.h"
#include "image/import.h"
#include "spec/values.h"
#include "state/discard.h"

#include <stdio.h>

/* Opens the store. Returns 0; 1 if there is none, and so no image. */
static int open_existing(ImageStore *ret, Error *err)
{
        int r = store_open(false, ret, err);
        return r == -ENOENT && err->errnum == 0 ? 1 : r;
}

int image_parse_name(const char *command, const char *text, ImageRef *ret, Error *err)
{
        const char *rest = text;
        ImagePlace place = image_ref_place(text, &rest);
        int r = image_ref_parse(IMAGE_STORED, place == IMAGE_STORED ? rest : text, ret);
        if (r == -ENOMEM)
                return error_no_memory(err);
        return r < 0 ? error_set(err, EINVAL,
                                 "image %s: '%.200s' is not a valid name of an image: use NAME[:TAG] of "
                                 "lower-case "
                                 "letters, digits and . _ - /",
                                 command, text)
                     : 0;
}

/* Returns the bytes and entries of an image's layers. */
static void measure(const ImageStore *store, const ImageRecord *record, ImageLayerMeta *ret)
{
        *ret = (ImageLayerMeta){0};
        for (size_t i = 0; i < record->n_layers; i++) {
                ImageLayerMeta meta = {0};
                Error none = {0};
                if (record->layers[i].blob &&
                    store_read_layer(store, record->layers[i].blob, &meta, &none) == 0) {
                        ret->bytes += meta.bytes;
                        ret->entries += meta.entries;
                        ret->left_out += meta.left_out;
                }
                fields_clear(&image_meta_fields, &meta);
        }
}

static void update(void *userdata, uint64_t entries, uint64_t bytes)
{
        progress_update(userdata, entries, bytes);
}

void image_tell_left_out(const ImportResult *result)
{
        if (result->left_out > 0)
                log_notice("left out %llu devices and sockets: a sandbox has its own /dev",
                           (unsigned long long)result->left_out);
        if (result->owners_lost > 0)
                log_notice(
                        "%llu files belong to root instead of their owners: only one id is mapped (\"kurung "
                        "doctor\" tells how to get more)",
                        (unsigned long long)result->owners_lost);
        if (result->attributes_lost > 0)
                log_notice("left out %llu extended attributes that only root can set",
                           (unsigned long long)result->attributes_lost);
}

static int import(const ImportOptions *asked, Error *err)
{
        ImportOptions options = *asked;
        CLEANUP(store_close) ImageStore store = IMAGE_STORE_NONE;
        ImportResult result;
        Progress progress;
        char size[32];
        int r = store_open(true, &store, err);
        if (r < 0)
                return r;
        progress_begin(&progress, "importing");
        options.update = progress.shown ? update : NULL;
        options.userdata = &progress;
        r = image_import(&store, &options, &result, NULL, err);
        progress_pause(&progress);
        if (r < 0)
                return r;
        image_tell_left_out(&result);
        printf("%s: %zu layers, %zu of them new, %llu files, %s\n", options.name, result.layers,
               result.layers - result.shared, (unsigned long long)result.entries,
               changes_show_size(result.bytes, size, sizeof(size)));
        return 0;
}

static int run_import(int argc, char **argv, Error *err)
{
        CLEANUP_STRLIST StrList words = {0};
        CLEANUP(image_ref_clear) ImageRef ref = {0};
        const char *tag = NULL, *max_size = NULL, *max_entries = NULL;
        const CmdOption list[] = {
                {"tag", 0, "TAG", "the image of this tag, if the source has several", .value = &tag},
                {"max-size", 0, "SIZE", "limit of a layer's files (default: 32G)", .value = &max_size},
                {"max-entries", 0, "N", "limit of a layer's number of files (default: 2M)",
                 .value = &max_entries},
        };
        const CmdUsage usage = {
                "image import [OPTIONS] FILE|DIR|- NAME[:TAG]",
                "Import an image into kurung's store.\n\n"
                "FILE is an archive of \"docker save\" or \"podman save\", an OCI image layout as an "
                "archive, or a\n"
                "root file system as a tar archive; all may be compressed with gzip, zstd, xz or bzip2. DIR "
                "is an\n"
                "OCI image layout. \"-\" is standard input.",
                "A confined process unpacks each layer, and the hashes of the layers are checked.", list,
                ARRAY_LEN(list)};
        int r = cmd_options_parse(&usage, argc, argv, &words, err);
        if (r != 0)
                return r;
        if (words.n != 2)
                return error_set(
                        err, EINVAL,
                        "image import: give a source and a name; see \"kurung image import --help\"");
        ImportOptions options = {.source = words.items[0],
                                 .tag = tag,
                                 .max_bytes = IMPORT_BYTES_MAX,
                                 .max_entries = IMPORT_ENTRIES_MAX};
        if (max_size && (value_size(max_size, &options.max_bytes) < 0 || options.max_bytes == 0))
                return error_set(err, EINVAL,
                                 "image import: --max-size=%.60s is not a size (\"500M\", \"4G\")", max_size);
        if (max_entries && (value_size(max_entries, &options.max_entries) < 0 || options.max_entries == 0))
                return error_set(err, EINVAL, "image import: --max-entries=%.60s is not a number",
                                 max_entries);
        r = image_parse_name("import", words.items[1], &ref, err);
        if (r == 0 && (ref.digest || !ref.name))
                r = error_set(err, EINVAL, "image import: a new image gets a name, not a digest");
        CLEANUP_FREE char *name = r == 0 ? image_ref_name(&ref) : NULL;
        if (r == 0 && !name)
                r = error_no_memory(err);
        options.name = name;
        return r < 0 ? r : import(&options, err);
}

static void print_row(const ImageStore *store, const ImageName *name, const ImageRecord *record)
{
        ImageLayerMeta total;
        char size[32];
        measure(store, record, &total);
        printf("%-40s  %.12s  %6zu  %10s  %.20s\n", name->name, name->record, record->n_layers,
               changes_show_size(total.bytes, size, sizeof(size)), record->created ? record->created : "-");
}

static void add_json(const ImageStore *store, const ImageName *name, const ImageRecord *record,
                     struct json_object *array)
{
        struct json_object *o = json_new_object();
        ImageLayerMeta total;
        measure(store, record, &total);
        json_add_string(o, "name", name->name);
        json_add_string(o, "digest", name->record);
        json_add_int(o, "layers", (int64_t)record->n_layers);
        json_add_int(o, "bytes", (int64_t)total.bytes);
        json_add_int(o, "entries", (int64_t)total.entries);
        json_add_string(o, "created", record->created);
        json_append(array, o);
}

static int list_images(const ImageStore *store, bool json, Error *err)
{
        CLEANUP(image_index_clear) ImageIndex index = {0};
        int r = json ? json_load(err) : 0;
        if (r == 0 && store->path)
                r = store_read_index(store, &index, err);
        if (r < 0)
                return r;
        struct json_object *array = json ? json_new_array() : NULL;
        if (!json && index.n > 0)
                printf("%-40s  %-12s  %6s  %10s  %s\n", "NAME", "DIGEST", "LAYERS", "SIZE", "CREATED");
        for (size_t i = 0; i < index.n; i++) {
                CLEANUP(image_record_clear) ImageRecord record = {0};
                Error damaged = {0};
                if (store_read_record(store, index.items[i].record, &record, &damaged) < 0)
                        log_notice("'%s': %s", index.items[i].name, damaged.text);
                else if (json)
                        add_json(store, &index.items[i], &record, array);
                else
                        print_row(store, &index.items[i], &record);
        }
        if (json)
                json_print(stdout, array);
        return 0;
}

static int run_list(int argc, char **argv, Error *err)
{
        CLEANUP_STRLIST StrList words = {0};
        CLEANUP(store_close) ImageStore store = IMAGE_STORE_NONE;
        bool json = false;
        const CmdOption list[] = {{"json", 0, NULL, "print JSON", .flag = &json}};
        const CmdUsage usage = {"image list [--json]", "List the images in kurung's store.", NULL, list,
                                ARRAY_LEN(list)};
        int r = cmd_options_parse(&usage, argc, argv, &words, err);
        if (r != 0)
                return r;
        if (words.n > 0)
                return error_set(err, EINVAL, "image list: unexpected argument '%.100s'", words.items[0]);
        r = open_existing(&store, err);
        return r < 0 ? r : list_images(&store, json, err);
}

static struct json_object *layers_json(const ImageRecord *record)
{
        struct json_object *array = json_new_array();
        for (size_t i = 0; i < record->n_layers; i++) {
                struct json_object *o = json_new_object();
                json_add_string(o, "blob", record->layers[i].blob);
                json_add_string(o, "diff", record->layers[i].diff);
                json_add_int(o, "size", (int64_t)record->layers[i].size);
                json_append(array, o);
        }
        return array;
}

static void print_image(const ImageRecord *record, const char *hash)
{
        struct json_object *o = json_new_object();
        json_add_string(o, "digest", hash);
        json_add_string(o, "config", record->config);
        json_add_string(o, "manifest", record->manifest);
        json_add_string(o, "architecture", record->architecture);
        json_add_string(o, "system", record->system);
        json_add_string(o, "created", record->created);
        json_add_string(o, "author", record->author);
        json_add(o, "entrypoint", json_new_strings(&record->entrypoint));
        json_add(o, "cmd", json_new_strings(&record->cmd));
        json_add(o, "env", json_new_strings(&record->env));
        json_add_string(o, "working_dir", record->working_dir);
        json_add_string(o, "user", record->user);
        json_add(o, "ports", json_new_strings(&record->ports));
        json_add(o, "labels", json_new_strings(&record->labels));
        json_add(o, "layers", layers_json(record));
        json_print(stdout, o);
}

static int no_image(const ImageRef *ref, Error *err)
{
        return error_set(err, ENOENT, "no image '%.300s': there are no images yet",
                         ref->name ? ref->name : ref->digest);
}

static int run_show(int argc, char **argv, Error *err)
{
        CLEANUP_STRLIST StrList words = {0};
        CLEANUP(store_close) ImageStore store = IMAGE_STORE_NONE;
        CLEANUP(image_ref_clear) ImageRef ref = {0};
        CLEANUP(image_record_clear) ImageRecord record = {0};
        char hash[65];
        const CmdUsage usage = {"image show NAME[:TAG][@sha256:DIGEST]",
                                "Print an image's configuration and layers as JSON.", NULL, NULL, 0};
        int r = cmd_options_parse(&usage, argc, argv, &words, err);
        if (r != 0)
                return r;
        if (words.n != 1)
                return error_set(err, EINVAL, "image show: give one image; see \"kurung image show --help\"");
        r = image_parse_name("show", words.items[0], &ref, err);
        if (r == 0)
                r = json_load(err);
        if (r == 0 && (r = open_existing(&store, err)) == 1)
                r = no_image(&ref, err);
        if (r == 0)
                r = store_find(&store, &ref, hash, &record, err);
        if (r == 0)
                print_image(&record, hash);
        return r;
}

/* Removes the name; what no other name needs is removed with it. */
static int remove_name(const ImageStore *store, const ImageRef *ref, Error *err)
{
        CLEANUP(image_index_clear) ImageIndex index = {0};
        CLEANUP_FD int lock = FD_NONE;
        CLEANUP_FREE char *name = image_ref_name(ref);
        if (!name)
                return error_no_memory(err);
        int r = store_lock(store, &lock, err);
        if (r == 0)
                r = store_read_index(store, &index, err);
        if (r < 0)
                return r;
        if (!image_index_find(&index, name))
                return error_set(err, ENOENT, "no image named '%.300s' (\"kurung image list\" lists images)",
                                 name);
        if (image_index_set(&index, name, NULL) < 0)
                return error_no_memory(err);
        return store_write_index(store, &index, err);
}

static int prune(const ImageStore *store, ImagePruned *ret, Error *err)
{
        CLEANUP(plan_identity_clear) PlanIdentity identity = {0};
        int r = discard_own_ids(&identity, err);
        return r < 0 ? r : store_prune(store, &identity, ret, err);
}

static int run_rm(int argc, char **argv, Error *err)
{
        CLEANUP_STRLIST StrList words = {0};
        CLEANUP(store_close) ImageStore store = IMAGE_STORE_NONE;
        ImagePruned pruned;
        const CmdUsage usage = {"image rm NAME[:TAG]...",
                                "Remove images. Layers that another image or a sandbox uses stay.", NULL,
                                NULL, 0};
        int r = cmd_options_parse(&usage, argc, argv, &words, err);
        if (r != 0)
                return r;
        if (words.n == 0)
                return error_set(err, EINVAL, "image rm: no image given; see \"kurung image rm --help\"");
        r = open_existing(&store, err);
        for (size_t i = 0; r >= 0 && i < words.n; i++) {
                CLEANUP(image_ref_clear) ImageRef ref = {0};
                int none = r;
                r = image_parse_name("rm", words.items[i], &ref, err);
                if (r == 0 && (ref.digest || !ref.name))
                        r = error_set(err, EINVAL, "image rm: give the name of an image, not a digest");
                if (r == 0)
                        r = none == 1 ? no_image(&ref, err) : remove_name(&store, &ref, err);
        }
        return r < 0 ? r : prune(&store, &pruned, err);
}

static int run_prune(int argc, char **argv, Error *err)
{
        CLEANUP_STRLIST StrList words = {0};
        CLEANUP(store_close) ImageStore store = IMAGE_STORE_NONE;
        ImagePruned pruned = {0};
        char size[32];
        const CmdUsage usage = {"image prune",
                                "Remove images without a name, and layers that no image and no sandbox uses.",
                                NULL, NULL, 0};
        int r = cmd_options_parse(&usage, argc, argv, &words, err);
        if (r != 0)
                return r;
        if (words.n > 0)
                return error_set(err, EINVAL, "image prune: unexpected argument '%.100s'", words.items[0]);
        r = open_existing(&store, err);
        if (r == 0)
                r = prune(&store, &pruned, err);
        if (r >= 0)
                printf("removed %zu images and %zu layers, %s\n", pruned.images, pruned.layers,
                       changes_show_size(pruned.bytes, size, sizeof(size)));
        if (r >= 0 && pruned.kept > 0)
                log_notice("%zu layers stay: running sandboxes use them", pruned.kept);
        return r < 0 ? r : 0;
}

const ImageVerb image_verbs[] = {
        {"import", run_import, "[OPTIONS] FILE|DIR|- NAME[:TAG]",
         "import an image from an archive or a directory", "@file"},
        {"list", run_list, "[--json]", "list the images", NULL},
        {"show", run_show, "NAME[:TAG]", "print the configuration and layers of an image as JSON", "@image"},
        {"rm", run_rm, "NAME[:TAG]...", "remove images", "@image..."},
        {"prune", run_prune, "", "remove images without a name, and layers that nothing uses", NULL},
        {"commit", image_run_commit, "SANDBOX NAME[:TAG]",
         "make an image of an image and the changes of a kept sandbox over it", "@kept"},
};
const size_t image_verbs_n = ARRAY_LEN(image_verbs);

static void print_help(void)
{
        for (size_t i = 0; i < image_verbs_n; i++)
                printf("%s kurung image %s%s%s\n", i == 0 ? "Usage:" : "      ", image_verbs[i].name,
                       image_verbs[i].arguments[0] ? " " : "", image_verbs[i].arguments);
        printf("\n");
        for (size_t i = 0; i < image_verbs_n; i++)
                printf("%-7s  %s\n", image_verbs[i].name, image_verbs[i].help);
        printf("\n\"kurung run --root=image:NAME\" runs a command over an image.\n\n"
               "Exit status: 0, or 125 on errors.\n");
}

int cmd_image(int argc, char **argv)
{
        Error err = {0};
        int r = 0;
        if (argc < 2 || str_eq(argv[1], "--help") || str_eq(argv[1], "-h")) {
                if (argc >= 2) {
                        print_help();
                        return 0;
                }
                r = error_set(&err, EINVAL, "image: no command given; see \"kurung image --help\"");
                return command_failed(&err, r);
        }
        const ImageVerb *found = NULL;
        for (size_t i = 0; i < image_verbs_n; i++)
                if (str_eq(image_verbs[i].name, argv[1]))
                        found = &image_verbs[i];
        if (!found)
                r = error_set(&err, EINVAL, "image: unknown command '%.60s'; see \"kurung image --help\"",
                              argv[1]);
        else
                r = found->run(argc - 1, argv + 1, &err);
        return r < 0 ? command_failed(&err, r) : 0;
}
