/* SPDX-License-Identifier: Apache-2.0 */
/* Specs as records hold them: restored as they were, or refused. */
#include "unit.h"

#include "spec/keys.h"

static void add(StrList *l, const char *s)
{
        assert_int_equal(strlist_add(l, s), 0);
}

static const char *const lines[] = {
        "Filesystem.WorkDir=rw",
        "Filesystem.Home=persist:mine",
        "Filesystem.Hide=/etc/shadow",
        "Filesystem.ReadOnly=/usr:/opt",
        "Filesystem.Hide=/etc/hosts",
        "Filesystem.ReadOnly=-/opt/may:/opt/there",
        "Filesystem.ReadWrite=-/opt/miss",
        "Identity.RunAs=5:6",
        "Network.Mode=slirp",
        "Network.Allow=*.example.org:443/tcp",
        "Network.Publish=127.0.0.1:8080:80/tcp",
        "~Resources.MemoryMax=75%",
        "Resources.TasksMax=100",
        "Security.Seccomp=strict",
        "Environment.Pass=LANG",
        "Environment.Set=A=b = c\n\x1b\xff",
};

static int restore(const StrList *l, Spec *spec, Error *err)
{
        assert_int_equal(spec_init(spec), 0);
        return spec_restore(l, "the record", spec, err);
}

static void specs_come_back(void **state)
{
        CLEANUP_STRLIST StrList given = {0}, stored = {0}, again = {0};
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP(spec_clear) Spec second = {0};
        Error err = {0};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(lines); i++)
                add(&given, lines[i]);
        assert_int_equal(restore(&given, &spec, &err), 0);
        assert_int_equal(spec_store(&spec, &stored), 0);
        assert_int_equal(stored.n, given.n);
        for (size_t i = 0; i < ARRAY_LEN(lines); i++)
                assert_true(strlist_has(&stored, lines[i]));
        assert_int_equal(restore(&stored, &second, &err), 0);
        assert_int_equal(spec_store(&second, &again), 0);
        assert_int_equal(again.n, stored.n);
        for (size_t i = 0; i < again.n; i++)
                assert_string_equal(again.items[i], stored.items[i]);
        assert_true(spec_limit(&second, KEY_MEMORY_MAX)->installed);
        assert_false(spec_limit(&second, KEY_TASKS_MAX)->installed);
        /* What hides comes in the order in which it was said. */
        assert_int_equal(second.n_ops, 5);
        assert_int_equal(second.ops[1].kind, OP_BIND);
        assert_int_equal(second.ops[1].flags, OP_RDONLY | OP_RECURSIVE);
}

static void a_spec_with_a_wrong_line_is_refused(void **state)
{
        static const char *const wrong[] = {
                "",
                "Filesystem",
                "Filesystem.WorkDir",
                "FilesystemWorkDir=rw",
                ".WorkDir=rw",
                "Filesystem.=rw",
                "filesystem.WorkDir=rw",
                "Filesystem.Workdir=rw",
                "Filesystem.WorkDir=rw ",
                "Filesystem.WorkDir=",
                "~~Resources.MemoryMax=1G",
                "Resources.MemoryMax=lots",
                "Filesystem.ReadOnly=relative",
                "Filesystem.ReadOnly=~/x",
                "Filesystem.Home=persist:../x",
                "Network.Allow=a..b",
                "Security.Seccomp=none",
                "Filesystem=x.WorkDir=rw",
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                for (size_t at = 0; at < 2; at++) {
                        CLEANUP_STRLIST StrList l = {0};
                        CLEANUP(spec_clear) Spec spec = {0};
                        Error err = {0};
                        if (at == 1)
                                add(&l, lines[0]);
                        add(&l, wrong[i]);
                        add(&l, lines[1]);
                        int r = restore(&l, &spec, &err);
                        if (r >= 0)
                                fail_msg("'%s' was taken", wrong[i]);
                        assert_int_equal(-err.errnum, r);
                        assert_non_null(strstr(err.text, "the record"));
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(specs_come_back),
                cmocka_unit_test(a_spec_with_a_wrong_line_is_refused),
        };
        return RUN_TESTS(tests);
}
