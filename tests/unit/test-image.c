/* SPDX-License-Identifier: Apache-2.0 */
/* Images: references, manifests, users, names in archives, records. */
#include "unit.h"

#include "base/io.h"
#include "base/json.h"
#include "image/manifest.h"
#include "image/resolve.h"
#include "image/unpack_internal.h"
#include "spec/image_ref.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"

static void references_are_printed_as_they_are_read(void **state)
{
        static const struct {
                const char *value, *printed; /* NULL: refused */
        } cases[] = {
                {"image:debian", "image:debian:latest"},
                {"image:debian:12-slim", "image:debian:12-slim"},
                {"image:localhost:5000/a/b", "image:localhost:5000/a/b:latest"},
                {"image:localhost:5000/a/b:c", "image:localhost:5000/a/b:c"},
                {"image:a@sha256:" ZEROS, "image:a:latest@sha256:" ZEROS},
                {"image:@sha256:" ZEROS, "image:@sha256:" ZEROS},
                {"oci:/a/b", "oci:/a/b"},
                {"oci:/a/b:c", "oci:/a/b:c"},
                {"oci:/a:b/c", "oci:/a:b/c"},
                {"docker-archive:/a:b", "docker-archive:/a:b"},
                {"podman:a/b:c", "podman:a/b:c"},
                {"image:", NULL},
                {"image:../a", NULL},
                {"image:/a", NULL},
                {"image:a//b", NULL},
                {"image:a/", NULL},
                {"image:a:", NULL},
                {"image:a:.b", NULL},
                {"image:a b", NULL},
                {"image:a@md5:00", NULL},
                {"image:a@sha256:00", NULL},
                {"image:a/b:5000/c", NULL},
                {"oci:", NULL},
                {"docker-archive:", NULL},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                CLEANUP(image_ref_clear) ImageRef ref = {0};
                const char *rest = NULL;
                ImagePlace place = image_ref_place(cases[i].value, &rest);
                assert_int_not_equal(place, IMAGE_PLACES);
                int r = image_ref_parse(place, rest, &ref);
                if (!cases[i].printed) {
                        if (r != -EINVAL)
                                fail_msg("'%s' is taken", cases[i].value);
                        continue;
                }
                if (r < 0)
                        fail_msg("'%s' is refused", cases[i].value);
                CLEANUP_FREE char *printed = image_ref_print(&ref);
                assert_string_equal(printed, cases[i].printed);
        }
}

static void choose(const char *manifests, const char *tag, int expected, char first)
{
        ManifestChoice choice = {0};
        Error err = {0};
        CLEANUP_FREE char *text = NULL;
        assert_true(asprintf(&text, "{\"manifests\":[%s]}", manifests) > 0);
        assert_int_equal(manifest_choose(text, strlen(text), tag, "amd64", &choice, &err), expected);
        if (expected == 0)
                assert_int_equal(choice.digest[0], first);
        else
                assert_true(err.text[0] != '\0');
}

#define ON(architecture) "\"platform\":{\"os\":\"linux\",\"architecture\":\"" architecture "\"}"
#define NAMED(name) "\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name "\"}"
#define ZERO "\"digest\":\"sha256:" ZEROS "\""
#define ONE "\"digest\":\"sha256:" ONES "\""

static void the_manifest_of_this_machine_is_chosen(void **state)
{
        (void)state;
        choose("{" ZERO "}", NULL, 0, '0');
        choose("{" ZERO "," ON("arm64") "},{" ONE "," ON("amd64") "}", NULL, 0, '1');
        choose("{" ZERO "," ON("unknown") "},{" ONE "," ON("amd64") "}", NULL, 0, '1');
        choose("{" ZERO "," NAMED("a") "},{" ONE "," NAMED("b") "}", "b", 0, '1');
        choose("{" ZERO "," NAMED("x.org/y:a") "},{" ONE "," NAMED("b") "}", "a", 0, '0');
        choose("{" ZERO "," NAMED("a") "},{" ONE "," NAMED("b") "}", NULL, -E2BIG, 0);
        choose("{" ZERO "," NAMED("a") "}", "b", -ENOENT, 0);
        choose("{" ZERO "," ON("arm64") "}", NULL, -ENOENT, 0);
        choose("", NULL, -ENOENT, 0);
        choose("{\"digest\":\"sha512:" ZEROS "\"}", NULL, -EBADMSG, 0);
        choose("{\"digest\":\"sha256:../../x\"}", NULL, -EBADMSG, 0);
        choose("7", NULL, -EBADMSG, 0);
}

static int read_config(const char *config, const char *diffs, ImageRecord *ret)
{
        CLEANUP_FREE char *text = NULL;
        Error err = {0};
        assert_true(asprintf(&text, "{\"config\":{%s},\"rootfs\":{\"diff_ids\":[%s]}}", config, diffs) > 0);
        return manifest_read_config(text, strlen(text), ret, &err);
}

static void a_configuration_is_read_whole_or_refused(void **state)
{
        static const char one[] = "\"sha256:" ZEROS "\"";
        static const char *const bad[] = {"\"Cmd\":[1]", "\"Entrypoint\":[\"a\\u0000b\"]",
                                          "\"WorkingDir\":\""
                                          "/\\u0000"
                                          "\",\"Cmd\":[null]"};
        (void)state;
        CLEANUP(image_record_clear) ImageRecord record = {0};
        assert_int_equal(
                read_config("\"WorkingDir\":\"a/../b/\",\"Env\":[\"A=b\",\"C\",\"=x\"],\"User\":\"\","
                            "\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"a\":\"b\",\"c\":1}",
                            one, &record),
                0);
        assert_string_equal(record.working_dir, "/b");
        assert_int_equal(record.env.n, 1);
        assert_null(record.user);
        assert_string_equal(record.ports.items[0], "80/tcp");
        assert_int_equal(record.labels.n, 1);
        assert_int_equal(record.n_layers, 1);
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                CLEANUP(image_record_clear) ImageRecord refused = {0};
                if (read_config(bad[i], one, &refused) >= 0)
                        fail_msg("'%s' is taken", bad[i]);
        }
        CLEANUP(image_record_clear) ImageRecord none = {0};
        assert_int_equal(read_config("", "", &none), -EBADMSG);
        CLEANUP(image_record_clear) ImageRecord forged = {0};
        assert_int_equal(read_config("", "\"sha256:../" ZEROS "\"", &forged), -EBADMSG);
        /* As many layers as the manifest has. */
        CLEANUP(image_record_clear)
        ImageRecord fewer = {.layers = calloc(2, sizeof(ImageLayer)), .n_layers = 2};
        assert_int_equal(read_config("", one, &fewer), -EBADMSG);
}

static void names_in_archives_stay_below_the_root(void **state)
{
        static const struct {
                const char *raw, *path; /* NULL: refused */
                size_t dir_len;
        } cases[] = {{"a", "a", 0},       {"./a/b", "a/b", 1},     {"a//b/", "a/b", 1},       {".", "", 0},
                     {"./", "", 0},       {"a/./b/c", "a/b/c", 3}, {"..a/b..", "..a/b..", 3}, {"..", NULL, 0},
                     {"a/../b", NULL, 0}, {"/a", NULL, 0},         {"a/..", NULL, 0}};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                UnpackName name;
                Error err = {0};
                int r = unpack_name(cases[i].raw, &name, &err);
                if (!cases[i].path) {
                        assert_int_equal(r, -EPERM);
                        continue;
                }
                assert_int_equal(r, 0);
                assert_string_equal(name.path, cases[i].path);
                assert_int_equal(name.dir_len, cases[i].dir_len);
        }
}

static void write_at(int dir, const char *name, const char *text)
{
        CLEANUP_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
}

static void users_are_those_of_the_topmost_layer_that_has_the_file(void **state)
{
        static const struct {
                const char *user;
                int64_t uid, gid; /* -1: there is no such user or group */
        } cases[] = {{"web", 33, 34},  {"web:staff", 33, 50}, {"web:7", 33, 7}, {"5", 5, 6},
                     {"9", 9, 0},      {"9:staff", 9, 50},    {"root", 0, 0},   {"old", -1, 0},
                     {"web:x", -1, 0}, {"", -1, 0},           {"odd", -1, 0},   {"4294967295", -1, 0}};
        char path[] = "/var/tmp/kurung-unit.XXXXXX";
        (void)state;
        assert_non_null(mkdtemp(path));
        CLEANUP_FD int base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int layers[3];
        for (int i = 0; i < 3; i++) {
                char name[2] = {(char)('0' + i), 0};
                assert_int_equal(mkdirat(base, name, 0700), 0);
                layers[i] = openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(layers[i] >= 0);
        }
        /* The topmost has neither file. */
        assert_int_equal(mkdirat(base, "1/etc", 0700), 0);
        assert_int_equal(mkdirat(base, "2/etc", 0700), 0);
        write_at(base, "1/etc/passwd", "root:x:0:0::/:/bin/sh\nodd:x:-1:0\nweb:x:33:34:\nfive:x:5:6:::\n");
        write_at(base, "1/etc/group", "staff:x:50:\n");
        write_at(base, "2/etc/passwd", "old:x:1:1\n");
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                uid_t uid = 77;
                gid_t gid = 77;
                Error err = {0};
                int r = image_find_user(layers, 3, cases[i].user, &uid, &gid, &err);
                if (cases[i].uid < 0 ? r >= 0 : r < 0 || uid != cases[i].uid || gid != cases[i].gid)
                        fail_msg("'%s': %d, %u:%u", cases[i].user, r, uid, gid);
        }
        /* A link leads nowhere. */
        assert_int_equal(unlinkat(base, "1/etc/passwd", 0), 0);
        assert_int_equal(symlinkat("/etc/passwd", base, "1/etc/passwd"), 0);
        uid_t uid;
        gid_t gid;
        Error err = {0};
        assert_true(image_find_user(layers, 3, "root", &uid, &gid, &err) < 0);
        for (int i = 0; i < 3; i++)
                fd_close(layers[i]);
        assert_int_equal(io_remove_tree_at(AT_FDCWD, path), 0);
}

static void the_index_is_sorted_and_has_each_name_once(void **state)
{
        (void)state;
        CLEANUP(image_index_clear) ImageIndex index = {0};
        static const char *const names[] = {"b:1", "a:1", "c:1", "a:1"};
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                assert_int_equal(image_index_set(&index, names[i], i == 3 ? ONES : ZEROS), 0);
        assert_int_equal(index.n, 3);
        assert_string_equal(index.items[0].name, "a:1");
        assert_string_equal(image_index_find(&index, "a:1")->record, ONES);
        assert_int_equal(image_index_set(&index, "b:1", NULL), 0);
        assert_null(image_index_find(&index, "b:1"));
        assert_int_equal(index.n, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(references_are_printed_as_they_are_read),
                cmocka_unit_test(the_manifest_of_this_machine_is_chosen),
                cmocka_unit_test(a_configuration_is_read_whole_or_refused),
                cmocka_unit_test(names_in_archives_stay_below_the_root),
                cmocka_unit_test(users_are_those_of_the_topmost_layer_that_has_the_file),
                cmocka_unit_test(the_index_is_sorted_and_has_each_name_once),
        };
        Error err = {0};
        return json_load(&err) < 0 ? 1 : RUN_TESTS(tests);
}
