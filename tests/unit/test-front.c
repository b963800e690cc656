/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "front/front.h"

static const char *no_variable(const char *name)
{
        (void)name;
        return NULL;
}

static const FrontContext ctx = {.home = "/nonexistent", .cwd = "/work/dir", .getenv = no_variable};

#define ARGV(...) ((char *[]){(char[]){"run"}, __VA_ARGS__, NULL})
#define W(s) ((char[]){s})

static int parse(char **argv, Spec *spec, FrontOptions *options, Error *err)
{
        int argc = 0;
        while (argv[argc])
                argc++;
        return front_make_spec(argc, argv, "default", &ctx, spec, options, err);
}

static void options_fill_a_spec(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        FrontOptions options;
        Error err = {0};
        (void)state;
        assert_int_equal(parse(ARGV(W("--work-dir=ro"), W("--overlay"), W("none"), W("-eA=b"), W("-e"),
                                    W("C"), W("--read-only"), W("x:/y"), W("-q"), W("ls"), W("-l")),
                               &spec, &options, &err),
                         0);
        assert_int_equal(spec.work_dir, WORK_DIR_RO);
        assert_int_equal(spec.overlay, OVERLAY_NONE);
        assert_string_equal(spec.env_set.items[0], "A=b");
        assert_true(strlist_has(&spec.env_pass, "C"));
        assert_string_equal(spec.ops[0].source, "/work/dir/x");
        assert_string_equal(spec.ops[0].dest, "/y");
        assert_int_equal(options.level, LOG_QUIET);
        assert_int_equal(spec.argv.n, 2);
        assert_string_equal(spec.argv.items[1], "-l");
}

static void after_two_dashes_all_is_the_command(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        FrontOptions options;
        Error err = {0};
        (void)state;
        assert_int_equal(parse(ARGV(W("--"), W("--help"), W("--net=host")), &spec, &options, &err), 0);
        assert_false(options.help);
        assert_int_equal(spec.network, NETWORK_NONE);
        assert_string_equal(spec.argv.items[0], "--help");
}

static void a_single_dash_is_a_word(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        FrontOptions options;
        Error err = {0};
        (void)state;
        assert_int_equal(parse(ARGV(W("-"), W("-q")), &spec, &options, &err), 0);
        assert_string_equal(spec.argv.items[0], "-");
        assert_int_equal(options.level, LOG_NORMAL);
}

static void wrong_options_are_errors(void **state)
{
        static const struct {
                const char *word, *says;
        } cases[] = {
                {"--work-dri=ro", "did you mean '--work-dir'"},
                {"--work-dir", "requires a value"},
                {"--quiet=yes", "takes no value"},
                {"-z", "unknown option"},
                {"--=x", "unknown option"},
                {"--work-dir=", "value is empty"},
                {"--overlay=x", "--overlay: Overlay=x"},
                {"---", "unknown option"},
                {"-p", "requires a value"},
                {"--profile=../no/such", "No such file"},
                {"--memory=much", "--memory: MemoryMax=much"},
                {"--cpus=two", "--cpus=two: must be N"},
                {"--pids-limit=x", "TasksMax=x"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                CLEANUP(spec_clear) Spec spec = {0};
                FrontOptions options;
                Error err = {0};
                CLEANUP_FREE char *word = strdup(cases[i].word);
                assert_true(parse(ARGV(word), &spec, &options, &err) < 0);
                if (!strstr(err.text, cases[i].says))
                        fail_msg("'%s' does not say '%s'", err.text, cases[i].says);
                assert_int_equal(err.exit_code, EXIT_KURUNG_FAILED);
        }
}

static void names_of_podman_are_the_same_limits(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        FrontOptions options;
        Error err = {0};
        (void)state;
        char memory[] = "--memory=512m", cpus[] = "--cpus", one[] = "1.5", pids[] = "--pids-limit=-1";
        assert_int_equal(parse(ARGV(memory, cpus, one, pids), &spec, &options, &err), 0);
        assert_true(spec_limit(&spec, KEY_MEMORY_MAX)->value == 512 << 20);
        assert_int_equal(spec_limit(&spec, KEY_CPU_QUOTA)->value, 150);
        assert_int_equal(spec_limit(&spec, KEY_TASKS_MAX)->unit, LIMIT_INFINITY);
        assert_string_equal(spec_limit(&spec, KEY_CPU_QUOTA)->origin, "--cpus");
}

static void help_needs_nothing_else(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        FrontOptions options;
        Error err = {0};
        (void)state;
        assert_int_equal(parse(ARGV(W("-p"), W("no/such"), W("--help")), &spec, &options, &err), 0);
        assert_true(options.help);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(options_fill_a_spec),
                cmocka_unit_test(after_two_dashes_all_is_the_command),
                cmocka_unit_test(a_single_dash_is_a_word),
                cmocka_unit_test(wrong_options_are_errors),
                cmocka_unit_test(names_of_podman_are_the_same_limits),
                cmocka_unit_test(help_needs_nothing_else),
        };
        return RUN_TESTS(tests);
}
