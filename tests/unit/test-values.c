/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "spec/keys.h"
#include "spec/values.h"

static const char *no_variable(const char *name)
{
        (void)name;
        return NULL;
}

static const char *some_variables(const char *name)
{
        return str_eq(name, "XDG_CACHE_HOME") ? "/cache" : str_eq(name, "XDG_DATA_HOME") ? "relative" : NULL;
}

static const KeyContext profile_ctx = {
        .home = "/home/u", .getenv = no_variable, .origin = "f:1", .expand = true};
static const KeyContext option_ctx = {
        .home = "/home/u", .cwd = "/home/u/p", .getenv = no_variable, .origin = "--x"};

static void sizes(void **state)
{
        uint64_t n = 0;
        (void)state;
        assert_int_equal(value_size("0", &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(value_size("4K", &n), 0);
        assert_int_equal(n, 4096);
        assert_int_equal(value_size("2T", &n), 0);
        assert_true(n == UINT64_C(2) << 40);
        assert_int_equal(value_size("1.5G", &n), 0);
        assert_true(n == UINT64_C(3) << 29);
        assert_int_equal(value_size("0.25K", &n), 0);
        assert_int_equal(n, 256);
        assert_int_equal(value_rate("2M", &n), 0);
        assert_int_equal(n, 2000000);
        assert_int_equal(value_rate("1.5K", &n), 0);
        assert_int_equal(n, 1500);
        static const char *const bad[] = {"",
                                          "K",
                                          "-1",
                                          "+1",
                                          " 1",
                                          "1 ",
                                          "1k",
                                          "1KB",
                                          "1Z",
                                          "18446744073709551616",
                                          "18446744073709551615",
                                          "99999999999999999T",
                                          "0x10",
                                          "1.5",
                                          "1.G",
                                          ".5G",
                                          "16E"};
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(value_size(bad[i], &n), -EINVAL);
}

static void spans_of_time(void **state)
{
        uint64_t n = 0;
        (void)state;
        assert_int_equal(value_seconds("90", &n), 0);
        assert_int_equal(n, 90000000);
        assert_int_equal(value_seconds("1h 30s", &n), 0);
        assert_int_equal(n, 3630000000);
        assert_int_equal(value_seconds("1min30s", &n), 0);
        assert_int_equal(n, 90000000);
        assert_int_equal(value_seconds("infinity", &n), 0);
        assert_true(n == UINT64_MAX);
        static const char *const bad[] = {"", "s", "1x", "1 h", "-1", "99999999999999w", "1h,2s"};
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(value_seconds(bad[i], &n), -EINVAL);
}

static void ids(void **state)
{
        uid_t uid = 1;
        gid_t gid = 1;
        (void)state;
        assert_int_equal(value_ids("1000:100", &uid, &gid), 0);
        assert_int_equal(uid, 1000);
        assert_int_equal(gid, 100);
        static const char *const bad[] = {
                "1000",         ":",   "1000:", ":1",          "1000:1:2", "4294967295:0",
                "0:4294967295", "a:b", "-1:0",  "4294967296:0"};
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(value_ids(bad[i], &uid, &gid), -EINVAL);
        assert_int_equal(uid, 1000);
}

static void path_is(const char *text, const KeyContext *ctx, const char *expected)
{
        CLEANUP_FREE char *got = NULL;
        Error err = {0};
        assert_int_equal(value_path(text, ctx, &got, &err), 0);
        assert_string_equal(got, expected);
}

static void path_fails(const char *text, const KeyContext *ctx, const char *why)
{
        char *got = NULL;
        Error err = {0};
        assert_true(value_path(text, ctx, &got, &err) < 0);
        assert_non_null(strstr(err.text, why));
        assert_true(str_starts(err.text, ctx->origin));
        assert_null(got);
}

static void paths_of_profiles_expand(void **state)
{
        (void)state;
        const KeyContext set = {.home = "/home/u", .getenv = some_variables, .origin = "f:1", .expand = true};
        path_is("~", &profile_ctx, "/home/u");
        path_is("~/.npmrc", &profile_ctx, "/home/u/.npmrc");
        path_is("$HOME/../x", &profile_ctx, "/home/x");
        path_is("$XDG_CONFIG_HOME/a", &profile_ctx, "/home/u/.config/a");
        path_is("$XDG_CACHE_HOME/a", &set, "/cache/a");
        path_is("$XDG_DATA_HOME/a", &set, "/home/u/.local/share/a"); /* a relative one counts as unset */
        path_fails("$XDG_RUNTIME_DIR/a", &profile_ctx, "is not set");
        path_fails("$PATH/a", &profile_ctx, "only ~, $HOME");
        path_fails("$HOMER/a", &profile_ctx, "only ~, $HOME");
        path_fails("~other/a", &profile_ctx, "not absolute");
        path_fails("a/b", &profile_ctx, "not absolute");
        path_fails("", &profile_ctx, "empty");
        path_fails("./a", &profile_ctx, "there is no working directory");
        const KeyContext here = {.here = "/home/u/p", .getenv = no_variable, .origin = "f:1", .expand = true};
        path_is("./a", &here, "/home/u/p/a");
        path_is("./../a", &here, "/home/u/a");
        path_is(".", &here, "/home/u/p");
        path_fails(".a", &here, "not absolute (write ./PATH");
        path_fails("../a", &here, "not absolute");
        const KeyContext homeless = {.getenv = no_variable, .origin = "f:1", .expand = true};
        path_fails("~/x", &homeless, "is not set");
}

static void of_paths_of_options_only_the_home_expands(void **state)
{
        (void)state;
        path_is("a/../b", &option_ctx, "/home/u/p/b");
        path_is("~", &option_ctx, "/home/u");
        path_is("~/b", &option_ctx, "/home/u/b");
        path_is("./~", &option_ctx, "/home/u/p/~");
        path_is("~b", &option_ctx, "/home/u/p/~b");
        path_is("$HOME", &option_ctx, "/home/u/p/$HOME");
}

static void splits(void **state)
{
        CLEANUP_FREE char *a = NULL, *b = NULL, *c = NULL, *d = NULL;
        (void)state;
        assert_int_equal(value_split("/a:/b:c", &a, &b), 0);
        assert_string_equal(a, "/a");
        assert_string_equal(b, "/b:c");
        assert_int_equal(value_split("/a\\:b", &c, &d), 0);
        assert_string_equal(c, "/a:b");
        assert_null(d);
}

static int parse(KeyId id, const char *value, Spec *spec, Error *err)
{
        return key_parse(&keys[id], value, &profile_ctx, spec, err);
}

static void every_key_is_at_its_place_and_documented(void **state)
{
        (void)state;
        for (size_t i = 0; i < KEY_MAX; i++) {
                assert_int_equal(keys[i].id, i);
                assert_non_null(keys[i].type);
                assert_non_null(keys[i].argument);
                assert_in_range(strlen(keys[i].help), 1, 60);
                assert_true(strlen(keys[i].manual) > 0);
                assert_ptr_equal(key_find(keys[i].section, keys[i].name), &keys[i]);
                if (keys[i].option)
                        assert_ptr_equal(key_find_option(keys[i].option), &keys[i]);
        }
        assert_null(key_find("Filesystem", "root"));
        assert_null(key_find("Network", "Root"));
}

/* The default that people are told is the one of a spec that nobody has filled, and each word is read back.
 */
static void defaults_and_words_are_as_told(void **state)
{
        (void)state;
        CLEANUP(spec_clear) Spec fresh = {0};
        assert_int_equal(spec_init(&fresh), 0);
        size_t told = 0, words = 0;
        for (KeyId id = 0; id < KEY_MAX; id++) {
                const Key *key = &keys[id];
                CLEANUP_STRLIST StrList printed = {0};
                assert_int_equal(key_print(key, &fresh, &printed), 0);
                /* Those that depend on other keys, or on the machine. */
                if (printed.n > 0) {
                        assert_string_equal(printed.items[0], key->default_text);
                        told++;
                }
                for (size_t i = 0; key->words && key->words[i]; i++) {
                        CLEANUP(spec_clear) Spec spec = {0};
                        CLEANUP_STRLIST StrList again = {0};
                        Error err = {0};
                        assert_int_equal(spec_init(&spec), 0);
                        assert_int_equal(parse(id, key->words[i], &spec, &err), 0);
                        assert_int_equal(key_print(key, &spec, &again), 0);
                        assert_int_equal(again.n, 1);
                        assert_string_equal(again.items[0], key->words[i]);
                        words++;
                }
        }
        assert_true(told >= 10 && words >= 15);
}

static void limits_are_read_as_systemd_reads_them(void **state)
{
        static const struct {
                KeyId id;
                const char *value;
                LimitUnit unit;
                uint64_t n;
        } good[] = {
                {KEY_MEMORY_MAX, "4G", LIMIT_AMOUNT, UINT64_C(4) << 30},
                {KEY_MEMORY_MAX, "75%", LIMIT_PERCENT, 75},
                {KEY_MEMORY_MAX, "infinity", LIMIT_INFINITY, 0},
                {KEY_MEMORY_MAX, "", LIMIT_UNSET, 0},
                {KEY_MEMORY_HIGH, "512M", LIMIT_AMOUNT, UINT64_C(512) << 20},
                {KEY_MEMORY_SWAP_MAX, "0", LIMIT_AMOUNT, 0},
                {KEY_CPU_QUOTA, "250%", LIMIT_PERCENT, 250},
                {KEY_CPU_WEIGHT, "10000", LIMIT_AMOUNT, 10000},
                {KEY_TASKS_MAX, "64", LIMIT_AMOUNT, 64},
                {KEY_TASKS_MAX, "50%", LIMIT_PERCENT, 50},
                {KEY_RUNTIME_MAX_SEC, "1min 30s", LIMIT_AMOUNT, 90000000},
        };
        static const struct {
                KeyId id;
                const char *value, *says;
        } bad[] = {
                {KEY_MEMORY_MAX, "4X", "bytes"},
                {KEY_MEMORY_MAX, "0", "bytes"},
                {KEY_MEMORY_MAX, "101%", "percentage"},
                {KEY_CPU_QUOTA, "200", "200%"},
                {KEY_CPU_QUOTA, "0%", "200%"},
                {KEY_CPU_WEIGHT, "0", "1 to 10000"},
                {KEY_CPU_WEIGHT, "10001", "10000"},
                {KEY_TASKS_MAX, "-1", "number"},
                {KEY_TASKS_MAX, "0", "number"},
                {KEY_RUNTIME_MAX_SEC, "30 parsecs", "time span"},
                {KEY_RUNTIME_MAX_SEC, "0", "span"},
                {KEY_IO_WRITE_BANDWIDTH_MAX, "50M", "a path"},
                {KEY_IO_READ_BANDWIDTH_MAX, "/ 0", "bytes per second"},
                {KEY_IO_READ_BANDWIDTH_MAX, "disk 5M", "not absolute"},
                {KEY_DELEGATE, "perhaps", "yes or no"},
        };
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        (void)state;
        assert_int_equal(spec_init(&spec), 0);
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                assert_int_equal(parse(good[i].id, good[i].value, &spec, &err), 0);
                assert_int_equal(spec_limit(&spec, good[i].id)->unit, good[i].unit);
                assert_true(spec_limit(&spec, good[i].id)->value == good[i].n);
        }
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                Error wrong = {0};
                assert_true(parse(bad[i].id, bad[i].value, &spec, &wrong) < 0);
                if (!strstr(wrong.text, bad[i].says))
                        fail_msg("'%s' does not say '%s'", wrong.text, bad[i].says);
        }
}

static void limits_of_disks_add_up(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP_STRLIST StrList printed = {0};
        Error err = {0};
        (void)state;
        assert_int_equal(spec_init(&spec), 0);
        assert_false(spec_has_limits(&spec));
        assert_int_equal(parse(KEY_IO_WRITE_BANDWIDTH_MAX, "/ 1M", &spec, &err), 0);
        assert_int_equal(parse(KEY_IO_READ_BANDWIDTH_MAX, "/ 2M", &spec, &err), 0);
        assert_int_equal(parse(KEY_IO_WRITE_BANDWIDTH_MAX, "/a b 3K", &spec, &err), 0);
        assert_int_equal(parse(KEY_IO_WRITE_BANDWIDTH_MAX, "/ 5M", &spec, &err), 0);
        assert_true(spec_has_limits(&spec));
        assert_int_equal(spec.n_io_limits, 3);
        assert_int_equal(key_print(&keys[KEY_IO_WRITE_BANDWIDTH_MAX], &spec, &printed), 0);
        assert_int_equal(printed.n, 2);
        assert_string_equal(printed.items[0], "/a b 3000");
        assert_string_equal(printed.items[1], "/ 5000000");
        assert_int_equal(parse(KEY_IO_WRITE_BANDWIDTH_MAX, "", &spec, &err), 0);
        assert_int_equal(spec.n_io_limits, 1);
        assert_string_equal(spec.io_limits[0].rate.origin, "f:1");
}

static void network_keys(void **state)
{
        static const struct {
                KeyId id;
                const char *good, *printed, *bad;
        } cases[] = {
                {KEY_NETWORK_MODE, "slirp", "slirp", "wireless"},
                {KEY_NETWORK_ALLOW, "Git.Example.org.:443", "git.example.org:443", "a:99999"},
                {KEY_NETWORK_DENY, "2001:db8::/32", "[2001:db8::/32]", "1.2.3"},
                {KEY_NETWORK_ALLOW_FROM, "npm", "npm", "../npm"},
                {KEY_NETWORK_ALLOW_PRIVATE, "on", "yes", "perhaps"},
                {KEY_NETWORK_CHECK_SNI, "no", "no", ""},
                {KEY_NETWORK_HOST_LOOPBACK, "8080", "8080", "0"},
                {KEY_NETWORK_PUBLISH, "8080:80", "127.0.0.1:8080:80/tcp", "80/sctp"},
                {KEY_NETWORK_PUBLISH, "[::1]:0:53/udp", "[::1]:0:53/udp", "::1:0:53"},
                {KEY_NETWORK_PUBLISH, "192.0.2.1:65535:1/tcp", "192.0.2.1:65535:1/tcp",
                 "[192.0.2.1]:8080:80"},
                {KEY_NETWORK_PUBLISH, "0:1", "127.0.0.1:0:1/tcp", "8080:0"},
                {KEY_NETWORK_PUBLISH, "[::]:1:2", "[::]:1:2/tcp", "a.example:8080:80"},
                {KEY_NETWORK_BANDWIDTH_MAX, "10M", "10485760", "fast"},
                {KEY_NETWORK_BANDWIDTH_MAX, "up 1K", "up 1024", "up"},
                {KEY_NETWORK_BANDWIDTH_MAX, "down 1K", "down 1024", "sideways 1K"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                CLEANUP(spec_clear) Spec spec = {0};
                CLEANUP_STRLIST StrList printed = {0};
                Error good = {0}, bad = {0};
                assert_int_equal(spec_init(&spec), 0);
                assert_int_equal(parse(cases[i].id, cases[i].bad, &spec, &bad), -EINVAL);
                assert_true(spec.asked == 0);
                if (parse(cases[i].id, cases[i].good, &spec, &good) < 0)
                        fail_msg("%s: %s", cases[i].good, good.text);
                assert_int_equal(key_print(&keys[cases[i].id], &spec, &printed), 0);
                assert_int_equal(printed.n, 1);
                assert_string_equal(printed.items[0], cases[i].printed);
                assert_int_equal(spec_validate(&spec, &bad), 0);
        }
}

static void network_wishes_need_a_network_that_can_keep_them(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP_STRLIST StrList printed = {0};
        Error err = {0};
        (void)state;
        assert_int_equal(spec_init(&spec), 0);
        assert_int_equal(parse(KEY_NETWORK_ALLOW, "a.example", &spec, &err), 0);
        assert_int_equal(parse(KEY_NETWORK_ALLOW, "A.example.", &spec, &err), 0);
        assert_int_equal(spec.net_allow.n, 1);
        assert_int_equal(parse(KEY_NETWORK_MODE, "host", &spec, &err), 0);
        assert_int_equal(spec_validate(&spec, &err), -EINVAL);
        assert_non_null(strstr(err.text, "Allow="));
        /* A list that was cleared stays a list. */
        assert_int_equal(parse(KEY_NETWORK_ALLOW, "", &spec, &err), 0);
        assert_int_equal(key_print(&keys[KEY_NETWORK_ALLOW], &spec, &printed), 0);
        assert_int_equal(printed.n, 1);
        assert_string_equal(printed.items[0], "");
}

static void lists_add_up_and_an_empty_value_clears(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        (void)state;
        assert_int_equal(spec_init(&spec), 0);
        assert_int_equal(parse(KEY_READ_ONLY, "/a", &spec, &err), 0);
        assert_int_equal(parse(KEY_HIDE, "/h", &spec, &err), 0);
        assert_int_equal(parse(KEY_READ_ONLY, "/b:/c", &spec, &err), 0);
        assert_int_equal(spec.n_ops, 3);
        assert_string_equal(spec.ops[2].source, "/b");
        assert_string_equal(spec.ops[2].dest, "/c");
        assert_int_equal(parse(KEY_READ_ONLY, "", &spec, &err), 0);
        assert_int_equal(spec.n_ops, 1);
        assert_int_equal(spec.ops[0].kind, OP_MASK);
        assert_int_equal(parse(KEY_CAPABILITIES, "net_raw CAP_SYS_PTRACE", &spec, &err), 0);
        assert_true(spec.capabilities == ((UINT64_C(1) << 13) | (UINT64_C(1) << 19)));
        assert_int_equal(parse(KEY_CAPABILITIES, "", &spec, &err), 0);
        assert_true(spec.capabilities == 0 && spec.capabilities_cleared);
        assert_int_equal(parse(KEY_PASS, "A LC_*", &spec, &err), 0);
        assert_int_equal(spec.env_pass.n, 2);
}

static void wrong_values_name_what_would_be_right(void **state)
{
        static const struct {
                KeyId id;
                const char *value, *says;
        } cases[] = {
                {KEY_OVERLAY, "fusee", "auto|fuse|kernel|view|none"},
                {KEY_WORK_DIR, "", "overlay|rw|ro|hidden"},
                {KEY_RUN_AS, "nobody", "UID:GID"},
                {KEY_CAPABILITIES, "CAP_FLY", "capabilit"},
                {KEY_ARCHITECTURES, "z80", "architecture"},
                {KEY_TMPFS, "/t:big", "bytes"},
                {KEY_SECCOMP, "strictest", "strict"},
                {KEY_SET, "1A=b", "NAME=VALUE"},
                {KEY_SET, "A", "NAME=VALUE"},
                {KEY_PASS, "A=b", "names"},
                {KEY_ROOT, "image:Debian/../x", "an image is image:NAME"},
                {KEY_CHDIR, "/proc/self/fd/3", "working directory"},
                {KEY_NO_NEW_PRIVILEGES, "maybe", "yes or no"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                CLEANUP(spec_clear) Spec spec = {0};
                Error err = {0};
                assert_int_equal(spec_init(&spec), 0);
                assert_true(parse(cases[i].id, cases[i].value, &spec, &err) < 0);
                if (!strstr(err.text, cases[i].says))
                        fail_msg("'%s' does not say '%s'", err.text, cases[i].says);
                assert_true(str_starts(err.text, "f:1: "));
        }
}

static void without_new_privileges_there_is_no_filter(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        (void)state;
        assert_int_equal(spec_init(&spec), 0);
        assert_int_equal(parse(KEY_NO_NEW_PRIVILEGES, "no", &spec, &err), 0);
        assert_int_equal(spec_validate(&spec, &err), -EINVAL);
        assert_non_null(strstr(err.text, "NoNewPrivileges="));
}

static void the_nearest_key_is_found(void **state)
{
        (void)state;
        assert_string_equal(key_nearest("Readonly")->name, "ReadOnly");
        assert_string_equal(key_nearest("Workdir")->name, "WorkDir");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sizes),
                cmocka_unit_test(spans_of_time),
                cmocka_unit_test(ids),
                cmocka_unit_test(paths_of_profiles_expand),
                cmocka_unit_test(of_paths_of_options_only_the_home_expands),
                cmocka_unit_test(splits),
                cmocka_unit_test(every_key_is_at_its_place_and_documented),
                cmocka_unit_test(defaults_and_words_are_as_told),
                cmocka_unit_test(limits_are_read_as_systemd_reads_them),
                cmocka_unit_test(limits_of_disks_add_up),
                cmocka_unit_test(network_keys),
                cmocka_unit_test(network_wishes_need_a_network_that_can_keep_them),
                cmocka_unit_test(lists_add_up_and_an_empty_value_clears),
                cmocka_unit_test(wrong_values_name_what_would_be_right),
                cmocka_unit_test(without_new_privileges_there_is_no_filter),
                cmocka_unit_test(the_nearest_key_is_found),
        };
        return RUN_TESTS(tests);
}
