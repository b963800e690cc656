/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/io.h"
#include "front/profile.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static char dir[64];

static const char *config_home(const char *name)
{
        return str_eq(name, "XDG_CONFIG_HOME") ? dir : NULL;
}

static const ProfileContext ctx = {.home = "/home/u", .getenv = config_home};

static int parse_bytes(const char *text, size_t len, bool narrow, Spec *spec, Error *err)
{
        CLEANUP_FREE char *extends = NULL;
        (void)spec_init(spec);
        return profile_parse_text("f.ini", text, len, &ctx, narrow ? PROFILE_NARROW : 0, spec, &extends, err);
}

static void fails(const char *text, const char *says)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        assert_true(parse_bytes(text, strlen(text), false, &spec, &err) < 0);
        if (!strstr(err.text, says))
                fail_msg("'%s' does not say '%s'", err.text, says);
}

static void a_profile_fills_a_spec(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        const char *text = "; comment\n[Filesystem]\nWorkDir=ro ; why\nReadOnly=~/.npmrc\nReadOnly=/opt\n\n"
                           "[Identity]\nRunAs=root\n[Filesystem]\nHide=/opt/x\n";
        (void)state;
        assert_int_equal(parse_bytes(text, strlen(text), false, &spec, &err), 0);
        assert_int_equal(spec.work_dir, WORK_DIR_RO);
        assert_int_equal(spec.run_as, RUN_AS_ROOT);
        assert_int_equal(spec.n_ops, 3);
        assert_string_equal(spec.ops[0].source, "/home/u/.npmrc");
        assert_string_equal(spec.ops[0].origin, "f.ini:4");
        assert_true(spec_asked(&spec, KEY_WORK_DIR));
        assert_false(spec_asked(&spec, KEY_OVERLAY));
}

static void errors_name_file_line_and_the_nearest_key(void **state)
{
        (void)state;
        fails("[Filesystem]\n\nReadonly=/x\n",
              "f.ini:3: unknown key 'Readonly' in [Filesystem]; the nearest is 'ReadOnly'");
        fails("[Files]\nReadOnly=/x\n", "f.ini:2: unknown key");
        fails("Root=host\n", "f.ini:1: a key before the first [Section]");
        fails("[Filesystem]\nnonsense\n", "f.ini:2: neither");
        fails("[Filesystem\nRoot=host\n", "f.ini:1: a section that is not closed");
        fails("[Filesystem]\nRoot=host\n  continued\n", "f.ini:3: a line may not begin with a space");
        fails("[Filesystem]\nOverlay=no\nnonsense\n", "f.ini:2: Overlay=no: must be one of");
        fails("[Network]\nAllow=a.example\nAllow=b.example:99999\n",
              "f.ini:3: Allow=b.example:99999: a port must be");
        fails("[Network]\nDeny=1.2.3\n", "f.ini:2: Deny=1.2.3: this is no address");
        fails("[Network]\nAllowFrom=yarn\n", "f.ini:2: AllowFrom=yarn: must be one of npm|pip|cargo|apt|git");
        fails("[Resources]\nMemoryMax=4X\n", "f.ini:2: MemoryMax=4X: must be bytes");
}

static void a_line_is_never_cut_in_two(void **state)
{
        char text[400];
        (void)state;
        (void)snprintf(text, sizeof(text), "[Filesystem]\nReadOnly=/%0189d\n", 0); /* 199 bytes */
        fails(text, "f.ini:2: the line is longer");
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        (void)snprintf(text, sizeof(text), "[Filesystem]\nReadOnly=/%0188d\n", 0);
        assert_int_equal(parse_bytes(text, strlen(text), false, &spec, &err), 0);
        assert_int_equal(spec.n_ops, 1);
        assert_int_equal(strlen(spec.ops[0].source), 189);
}

static void a_nul_byte_is_refused(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        const char text[] = "[Filesystem]\nRoot=host\0\n";
        (void)state;
        assert_true(parse_bytes(text, sizeof(text) - 1, false, &spec, &err) < 0);
        assert_non_null(strstr(err.text, "f.ini:2: a NUL byte"));
}

static void inside_the_project_a_profile_only_narrows(void **state)
{
        static const char *const narrow[] = {
                "[Filesystem]\nHide=/opt\nWorkDir=ro\nHome=private\n",
                "[Network]\nMode=none\nDeny=a.example\nCheckSNI=yes\nAllowPrivate=no\n",
                "[Security]\nSeccomp=strict\nNoNewPrivileges=yes\n", "[Profile]\nExtends=default\n",
                "[Identity]\nRunAs=self\n"};
        static const char *const wide[] = {"[Filesystem]\nReadOnly=/home/u/.ssh\n",
                                           "[Filesystem]\nReadWrite=/home/u\n",
                                           "[Filesystem]\nWorkDir=rw\n",
                                           "[Filesystem]\nHome=host\n",
                                           "[Filesystem]\nHide=\n",
                                           "[Network]\nMode=host\n",
                                           "[Network]\nMode=slirp\n",
                                           "[Network]\nAllow=a.example\n",
                                           "[Network]\nDeny=\n",
                                           "[Network]\nAllowFrom=npm\n",
                                           "[Network]\nAllowPrivate=yes\n",
                                           "[Network]\nCheckSNI=no\n",
                                           "[Network]\nHostLoopback=80\n",
                                           "[Network]\nPublish=80:80\n",
                                           "[Resources]\nNetworkBandwidthMax=1M\n",
                                           "[Identity]\nRunAs=root\n",
                                           "[Security]\nSeccomp=./f\n",
                                           "[Security]\nCapabilities=CAP_NET_RAW\n",
                                           "[Environment]\nPass=SECRET\n",
                                           "[Profile]\nExtends=build\n",
                                           "[Filesystem]\nRoot=/evil\n"};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(narrow); i++) {
                CLEANUP(spec_clear) Spec spec = {0};
                Error err = {0};
                assert_int_equal(parse_bytes(narrow[i], strlen(narrow[i]), true, &spec, &err), 0);
        }
        for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
                CLEANUP(spec_clear) Spec spec = {0};
                Error err = {0};
                assert_int_equal(parse_bytes(wide[i], strlen(wide[i]), true, &spec, &err), -EPERM);
                assert_non_null(strstr(err.text, "f.ini:2: a profile inside the project"));
        }
}

static void write_profile(const char *name, const char *text)
{
        char path[200];
        (void)snprintf(path, sizeof(path), "%s/kurung/profiles/%s.ini", dir, name);
        CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
}

static void extended_profiles_come_first(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        (void)state;
        write_profile("base", "[Identity]\nRunAs=root\nIdMap=single\n");
        write_profile("top", "[Identity]\nRunAs=self\n[Profile]\nExtends=base\n");
        (void)spec_init(&spec);
        assert_int_equal(profile_load("top", &ctx, &spec, &err), 0);
        assert_int_equal(spec.run_as, RUN_AS_SELF);
        assert_int_equal(spec.id_map, ID_MAP_SINGLE);
        assert_int_equal(spec.profiles.n, 2);
        assert_string_equal(spec.profiles.items[0], "base");
}

static void circles_and_missing_profiles_are_errors(void **state)
{
        static const struct {
                const char *name, *says;
        } cases[] = {
                {"one", "circle: one -> two -> one"},
                {"orphan", "no profile 'nosuch'"},
                {"../x", "No such file"},
                {"", "no name of a profile"},
                {".hidden", "no name of a profile"},
                {"a b", "no name of a profile"},
        };
        (void)state;
        write_profile("one", "[Profile]\nExtends=two\n");
        write_profile("two", "[Profile]\nExtends=one\n");
        write_profile("orphan", "[Profile]\nExtends=nosuch\n");
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                CLEANUP(spec_clear) Spec spec = {0};
                Error err = {0};
                (void)spec_init(&spec);
                assert_true(profile_load(cases[i].name, &ctx, &spec, &err) < 0);
                if (!strstr(err.text, cases[i].says))
                        fail_msg("'%s' does not say '%s'", err.text, cases[i].says);
        }
        char longest[301];
        memset(longest, 'a', 300);
        longest[300] = '\0';
        assert_false(profile_name_is_valid(longest));
        assert_true(profile_name_is_valid("npm-9.x"));
}

static int make_dir(void **state)
{
        char path[200];
        (void)state;
        (void)snprintf(dir, sizeof(dir), "/var/tmp/kurung-unit.XXXXXX");
        if (!mkdtemp(dir))
                return -1;
        (void)snprintf(path, sizeof(path), "%s/kurung/profiles", dir);
        return io_mkdir_p(path, 0700);
}

static int remove_dir(void **state)
{
        (void)state;
        return io_remove_tree_at(AT_FDCWD, dir);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_profile_fills_a_spec),
                cmocka_unit_test(errors_name_file_line_and_the_nearest_key),
                cmocka_unit_test(a_line_is_never_cut_in_two),
                cmocka_unit_test(a_nul_byte_is_refused),
                cmocka_unit_test(inside_the_project_a_profile_only_narrows),
                cmocka_unit_test_setup_teardown(extended_profiles_come_first, make_dir, remove_dir),
                cmocka_unit_test_setup_teardown(circles_and_missing_profiles_are_errors, make_dir,
                                                remove_dir),
        };
        return RUN_TESTS(tests);
}
