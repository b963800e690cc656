/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/io.h"
#include "front/builtin.h"
#include "front/profile.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static char dir[64];

static const char *config_home(const char *name)
{
        return str_eq(name, "XDG_CONFIG_HOME") ? dir : NULL;
}

static const ProfileContext ctx = {.home = "/home/u", .getenv = config_home};

static int parse_bytes(const char *text, size_t len, Spec *spec, Error *err)
{
        CLEANUP_FREE char *extends = NULL;
        (void)spec_init(spec);
        return profile_parse_text("f.ini", text, len, &ctx, 0, spec, &extends, err);
}

static void fails(const char *text, const char *says)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        assert_true(parse_bytes(text, strlen(text), &spec, &err) < 0);
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
        assert_int_equal(parse_bytes(text, strlen(text), &spec, &err), 0);
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
              "f.ini:3: unknown key 'Readonly' in [Filesystem]; did you mean 'ReadOnly'");
        fails("[Files]\nReadOnly=/x\n", "f.ini:2: unknown key");
        fails("Root=host\n", "f.ini:1: key before the first [Section]");
        fails("[Filesystem]\nnonsense\n", "f.ini:2: expected");
        fails("[Filesystem\nRoot=host\n", "f.ini:1: section header without ]");
        fails("[Filesystem]\nRoot=host\n  continued\n", "f.ini:3: expected");
        fails("[Filesystem]\n=host\n", "f.ini:2: expected");
        fails("[Filesystem]\nRoot: host\n", "f.ini:2: expected");
        fails("[Filesystem] Root=host\n", "f.ini:1: text after the section header");
        fails("[Filesystem]\nOverlay=no\nnonsense\n", "f.ini:2: Overlay=no: must be one of");
        fails("[Network]\nAllow=a.example\nAllow=b.example:99999\n",
              "f.ini:3: Allow=b.example:99999: a port must be");
        fails("[Network]\nDeny=1.2.3\n", "f.ini:2: Deny=1.2.3: invalid address");
        fails("[Network]\nAllowFrom=yarn\n", "f.ini:2: AllowFrom=yarn: must be one of npm|pip|cargo|apt|git");
        fails("[Resources]\nMemoryMax=4X\n", "f.ini:2: MemoryMax=4X: must be a number of bytes");
}

static void a_line_may_be_long_and_indented(void **state)
{
        char text[4000];
        (void)state;
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        (void)snprintf(text, sizeof(text),
                       "\xef\xbb\xbf[Filesystem] ; why\r\n\t ReadOnly = /%03000d ;\r\n#\n  ; x", 0);
        assert_int_equal(parse_bytes(text, strlen(text), &spec, &err), 0);
        assert_int_equal(spec.n_ops, 1);
        assert_int_equal(strlen(spec.ops[0].source), 3001);
        assert_string_equal(spec.ops[0].origin, "f.ini:2");
}

static void a_nul_byte_is_refused(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        const char text[] = "[Filesystem]\nRoot=host\0\n";
        (void)state;
        assert_true(parse_bytes(text, sizeof(text) - 1, &spec, &err) < 0);
        assert_non_null(strstr(err.text, "f.ini:2: NUL byte"));
}

/* A profile of the project after @before: whether it is refused, and for giving rights. */
static bool narrows(const char *before, const char *text, unsigned flags)
{
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP_FREE char *extends = NULL;
        Error err = {0};
        (void)spec_init(&spec);
        if (profile_parse_text("before.ini", before, strlen(before), &ctx, 0, &spec, &extends, &err) < 0)
                fail_msg("%s", err.text);
        int r = profile_parse_text("f.ini", text, strlen(text), &ctx, PROFILE_NARROW | flags, &spec, &extends,
                                   &err);
        if (r < 0 && (r != -EPERM || !strstr(err.text, "f.ini:2: a profile inside the project") ||
                      !strstr(err.text, "kurung profile trust f.ini")))
                fail_msg("%s: %s", text, err.text);
        return r == 0;
}

static void inside_the_project_a_profile_only_narrows(void **state)
{
        static const char *const narrow[] = {
                "[Filesystem]\nHide=/opt\nWorkDir=ro\nHome=private\n",
                "[Filesystem]\nWorkDir=overlay\n",
                "[Filesystem]\nWorkDir=hidden\n",
                "[Network]\nMode=none\nDeny=a.example\nCheckSNI=yes\nAllowPrivate=no\n",
                "[Network]\nCheckSNI=on\nAllowPrivate=false\nAllow=\nAllowFrom=\nHostLoopback=\nPublish=\n",
                "[Security]\nSeccomp=strict\nNoNewPrivileges=yes\nCapabilities=\nArchitectures=\n",
                "[Security]\nSeccomp=default\n",
                "[Profile]\nExtends=default\nDescription=x\n",
                "[Identity]\nRunAs=self\n",
                "[Resources]\nMemoryMax=1G\nMemoryHigh=50%\nMemorySwapMax=0\nCPUQuota=20%\nTasksMax=9\n",
                "[Resources]\nCPUWeight=50\nIOWeight=100\nRuntimeMaxSec=9\nDelegate=no\n",
                "[Resources]\nNetworkBandwidthMax=1M\n",
                "[Environment]\nPass=\n"};
        static const char *const wide[] = {"[Filesystem]\nReadOnly=/home/u/.ssh\n",
                                           "[Filesystem]\nReadOnly=\n",
                                           "[Filesystem]\nReadWrite=/home/u\n",
                                           "[Filesystem]\nReadWrite=\n",
                                           "[Filesystem]\nTmpfs=/x\n",
                                           "[Filesystem]\nWorkDir=rw\n",
                                           "[Filesystem]\nHome=host\n",
                                           "[Filesystem]\nHome=persist:x\n",
                                           "[Filesystem]\nHide=\n",
                                           "[Filesystem]\nOverlay=none\n",
                                           "[Filesystem]\nWorkingDirectory=/\n",
                                           "[Network]\nMode=host\n",
                                           "[Network]\nMode=slirp\n",
                                           "[Network]\nAllow=a.example\n",
                                           "[Network]\nDeny=\n",
                                           "[Network]\nAllowFrom=npm\n",
                                           "[Network]\nAllowPrivate=yes\n",
                                           "[Network]\nCheckSNI=no\n",
                                           "[Network]\nHostLoopback=80\n",
                                           "[Network]\nPublish=80:80\n",
                                           "[Resources]\nMemoryMax=infinity\n",
                                           "[Resources]\nMemoryMax=\n",
                                           "[Resources]\nCPUWeight=101\n",
                                           "[Resources]\nDelegate=yes\n",
                                           "[Resources]\nNetworkBandwidthMax=infinity\n",
                                           "[Resources]\nNetworkBandwidthMax=\n",
                                           "[Identity]\nRunAs=root\n",
                                           "[Identity]\nRunAs=0:0\n",
                                           "[Identity]\nIdMap=single\n",
                                           "[Security]\nSeccomp=/f\n",
                                           "[Security]\nCapabilities=CAP_NET_RAW\n",
                                           "[Security]\nArchitectures=x86\n",
                                           "[Environment]\nPass=SECRET\n",
                                           "[Environment]\nSet=LD_PRELOAD=x\n",
                                           "[Environment]\nSet=\n",
                                           "[Profile]\nExtends=build\n",
                                           "[Filesystem]\nRoot=/evil\n"};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(narrow); i++)
                assert_true(narrows("", narrow[i], 0));
        for (size_t i = 0; i < ARRAY_LEN(wide); i++)
                if (narrows("", wide[i], 0))
                        fail_msg("%s", wide[i]);
}

/* What takes rights away depends on which there are. */
static void narrowing_is_from_what_was_said_before(void **state)
{
        static const struct {
                const char *before, *text;
                bool narrows;
        } cases[] = {
                {"[Filesystem]\nWorkDir=hidden\n", "[Filesystem]\nWorkDir=overlay\n", false},
                {"[Filesystem]\nWorkDir=hidden\n", "[Filesystem]\nWorkDir=ro\n", false},
                {"[Filesystem]\nWorkDir=ro\n", "[Filesystem]\nWorkDir=overlay\n", false},
                {"[Filesystem]\nWorkDir=ro\n", "[Filesystem]\nWorkDir=ro\n", true},
                {"[Filesystem]\nWorkDir=rw\n", "[Filesystem]\nWorkDir=overlay\n", true},
                {"[Network]\nMode=host\n", "[Network]\nMode=slirp\n", true},
                {"[Network]\nMode=slirp\n", "[Network]\nMode=slirp\n", true},
                {"[Network]\nMode=slirp\n", "[Network]\nMode=host\n", false},
                {"[Security]\nSeccomp=strict\n", "[Security]\nSeccomp=default\n", false},
                {"[Security]\nSeccomp=/f\n", "[Security]\nSeccomp=strict\n", false},
                {"[Resources]\nMemoryMax=1G\n", "[Resources]\nMemoryMax=2G\n", false},
                {"[Resources]\nMemoryMax=1G\n", "[Resources]\nMemoryMax=1G\n", true},
                {"[Resources]\nMemoryMax=75%\n", "[Resources]\nMemoryMax=50%\n", true},
                {"[Resources]\nMemoryMax=75%\n", "[Resources]\nMemoryMax=1G\n", false},
                {"[Resources]\nMemoryMax=infinity\n", "[Resources]\nMemoryMax=1G\n", true},
                {"[Resources]\nCPUWeight=20\n", "[Resources]\nCPUWeight=50\n", false},
                {"[Resources]\nNetworkBandwidthMax=1M\n", "[Resources]\nNetworkBandwidthMax=2M\n", false},
                {"[Resources]\nNetworkBandwidthMax=1M\n", "[Resources]\nNetworkBandwidthMax=up 2M\n", false},
                {"[Resources]\nNetworkBandwidthMax=down 1M\n", "[Resources]\nNetworkBandwidthMax=up 2M\n",
                 true},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
                if (narrows(cases[i].before, cases[i].text, 0) != cases[i].narrows)
                        fail_msg("%s after %s", cases[i].text, cases[i].before);
        /* All but hidden and ro are refused there: ro is what shows the home directory. */
        assert_false(narrows("", "[Filesystem]\nWorkDir=ro\n", PROFILE_HOLDS_HOME));
        assert_true(narrows("", "[Filesystem]\nWorkDir=hidden\n", PROFILE_HOLDS_HOME));
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
                {"one", "cycle: one -> two -> one"},
                {"orphan", "no profile named 'nosuch'"},
                {"../x", "No such file"},
                {"", "is not a valid profile name"},
                {".hidden", "is not a valid profile name"},
                {"a b", "is not a valid profile name"},
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

static void built_in_profiles_are_the_files(void **state)
{
        const char *source = getenv("SRCDIR");
        (void)state;
        assert_non_null(source);
        for (size_t i = 0; i < builtin_profiles_n; i++) {
                CLEANUP_FREE char *path = NULL, *text = NULL;
                CLEANUP(spec_clear) Spec spec = {0};
                Error err = {0};
                assert_true(asprintf(&path, "%s/profiles/%s.ini", source, builtin_profiles[i].name) > 0);
                assert_int_equal(io_read_file_at(AT_FDCWD, path, PROFILE_SIZE_MAX, &text, NULL), 0);
                assert_string_equal(builtin_profiles[i].text, text);
                assert_true(i == 0 || strcmp(builtin_profiles[i - 1].name, builtin_profiles[i].name) < 0);
                (void)spec_init(&spec);
                ProfileContext here = ctx;
                here.project = dir;
                if (profile_load(builtin_profiles[i].name, &here, &spec, &err) < 0)
                        fail_msg("%s", err.text);
        }
        CLEANUP_FREE char *all = NULL;
        assert_true(asprintf(&all, "%s/profiles", source) > 0);
        DIR *d = opendir(all);
        size_t files = 0;
        assert_non_null(d);
        for (struct dirent *e; (e = readdir(d));)
                files += strstr(e->d_name, ".ini") != NULL;
        (void)closedir(d);
        assert_int_equal(builtin_profiles_n, files);
}

/* What came with kurung is a default, and a file of that name is the user's word. */
static void a_file_takes_the_place_of_a_built_in_profile(void **state)
{
        CLEANUP(profile_text_clear) ProfileText before = {0}, after = {0};
        CLEANUP(spec_clear) Spec first = {0}, second = {0}, third = {0};
        Error err = {0};
        (void)state;
        assert_int_equal(profile_read("default", &ctx, &before, &err), 0);
        assert_string_equal(before.path, "default (built in)");
        assert_true(before.installed);
        (void)spec_init(&first);
        assert_int_equal(profile_load("build", &ctx, &first, &err), 0);
        assert_true(spec_limit(&first, KEY_MEMORY_MAX)->installed);
        assert_true(str_starts(spec_limit(&first, KEY_MEMORY_MAX)->origin, "default (built in):"));

        write_profile("default", before.text);
        assert_int_equal(profile_read("default", &ctx, &after, &err), 0);
        assert_true(str_starts(after.path, dir));
        assert_false(after.installed);
        (void)spec_init(&second);
        assert_int_equal(profile_load("build", &ctx, &second, &err), 0);
        assert_false(spec_limit(&second, KEY_MEMORY_MAX)->installed);
        assert_int_equal(spec_limit(&second, KEY_MEMORY_MAX)->value,
                         spec_limit(&first, KEY_MEMORY_MAX)->value);

        /* One with an error is not passed over. */
        write_profile("default", "nonsense\n");
        (void)spec_init(&third);
        assert_true(profile_load("default", &ctx, &third, &err) < 0);
}

/* A profile of the user adds to the one that came with kurung. */
static void a_name_extends_the_next_of_its_name(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0}, other = {0};
        CLEANUP_STRLIST StrList sources = {0};
        ProfileContext with_sources = ctx;
        Error err = {0};
        (void)state;
        with_sources.sources = &sources;
        write_profile("pip", "[Profile]\nExtends=mine\n[Identity]\nIdMap=single\n");
        write_profile("mine", "[Profile]\nExtends=pip\n");
        write_profile("default", "[Profile]\nExtends=default\n[Environment]\nPass=MINE\n");
        (void)spec_init(&spec);
        if (profile_load("pip", &with_sources, &spec, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(spec.id_map, ID_MAP_SINGLE);
        assert_int_equal(spec.run_as, RUN_AS_ROOT);
        assert_int_equal(spec.network, NETWORK_SLIRP);
        assert_true(strlist_has(&spec.env_pass, "MINE"));
        assert_true(strlist_has(&spec.env_pass, "LC_*"));
        static const char *const order[] = {"default (built in)", "default.ini", "build (built in)",
                                            "pip (built in)",     "mine.ini",    "pip.ini"};
        assert_int_equal(sources.n, ARRAY_LEN(order));
        for (size_t i = 0; i < ARRAY_LEN(order); i++)
                assert_non_null(strstr(sources.items[i], order[i]));
        assert_int_equal(spec.profiles.n, 4);

        write_profile("alone", "[Profile]\nExtends=alone\n");
        (void)spec_init(&other);
        assert_int_equal(profile_load("alone", &ctx, &other, &err), -ELOOP);
        assert_string_equal(err.text, "profiles extend each other in a cycle: alone -> alone");
}

static void drop_ins_come_after_their_profile(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0}, other = {0};
        Error err = {0};
        char path[200];
        (void)state;
        (void)snprintf(path, sizeof(path), "%s/kurung/profiles/git.ini.d", dir);
        assert_int_equal(mkdir(path, 0755), 0);
        write_profile("git.ini.d/20-b", "[Identity]\nIdMap=auto\nHostName=second\n");
        write_profile("git.ini.d/10-a", "[Identity]\nIdMap=single\nHostName=first\n[Network]\nMode=none\n");
        (void)spec_init(&spec);
        if (profile_load("git", &ctx, &spec, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(spec.network, NETWORK_NONE);
        assert_int_equal(spec.id_map, ID_MAP_AUTO);
        assert_string_equal(spec.host_name, "second");

        write_profile("git.ini.d/30-c", "[Profile]\nExtends=build\n");
        (void)spec_init(&other);
        assert_int_equal(profile_load("git", &ctx, &other, &err), -EINVAL);
        assert_non_null(strstr(err.text, "30-c.ini:2: a drop-in extends its own profile"));
}

/* As "su" leaves the variable: only a profile that was named must be found. */
static void a_closed_directory_is_skipped_by_default(void **state)
{
        ProfileContext closed = ctx;
        CLEANUP(spec_clear) Spec spec = {0}, other = {0};
        CLEANUP_STRLIST StrList notices = {0};
        Error err = {0};
        char path[200];
        (void)state;
        if (geteuid() == 0)
                skip();
        (void)snprintf(path, sizeof(path), "%s/kurung", dir);
        assert_int_equal(chmod(path, 0), 0);
        closed.notices = &notices;
        (void)spec_init(&spec);
        int named = profile_load("default", &closed, &spec, &err);
        closed.by_default = true;
        (void)spec_init(&other);
        Error none = {0};
        int by_default = profile_load("default", &closed, &other, &none);
        assert_int_equal(chmod(path, 0700), 0);
        assert_int_equal(named, -EACCES);
        assert_int_equal(by_default, 0);
        assert_int_equal(notices.n, 1);
        assert_non_null(strstr(notices.items[0], "is not accessible (unset XDG_CONFIG_HOME"));
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
                cmocka_unit_test(a_line_may_be_long_and_indented),
                cmocka_unit_test(a_nul_byte_is_refused),
                cmocka_unit_test(inside_the_project_a_profile_only_narrows),
                cmocka_unit_test(narrowing_is_from_what_was_said_before),
                cmocka_unit_test_setup_teardown(extended_profiles_come_first, make_dir, remove_dir),
                cmocka_unit_test(built_in_profiles_are_the_files),
                cmocka_unit_test_setup_teardown(a_file_takes_the_place_of_a_built_in_profile, make_dir,
                                                remove_dir),
                cmocka_unit_test_setup_teardown(a_name_extends_the_next_of_its_name, make_dir, remove_dir),
                cmocka_unit_test_setup_teardown(drop_ins_come_after_their_profile, make_dir, remove_dir),
                cmocka_unit_test_setup_teardown(a_closed_directory_is_skipped_by_default, make_dir,
                                                remove_dir),
                cmocka_unit_test_setup_teardown(circles_and_missing_profiles_are_errors, make_dir,
                                                remove_dir),
        };
        return RUN_TESTS(tests);
}
