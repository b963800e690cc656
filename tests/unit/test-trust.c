/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a project decides about, and which profiles of projects are trusted. */
#include "record-lines.h"

#include "base/io.h"
#include "front/front.h"
#include "front/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static char dir[64];
static char home[100], project[100], state_home[100];

static const char *no_variable(const char *name)
{
        (void)name;
        return NULL;
}

static char *at(const char *name, char *out)
{
        (void)snprintf(out, 300, "%s/%s", dir, name);
        return out;
}

static void write_at(const char *name, const char *text)
{
        char path[300];
        CLEANUP_FD int fd = open(at(name, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
}

static void link_at(const char *name, const char *target)
{
        char path[300];
        assert_int_equal(symlink(target, at(name, path)), 0);
}

/* DIR/home/repo/.git, and the project home/repo/src in it. */
static int make_dirs(void **state)
{
        static const char *const dirs[] = {"home/repo/.git", "home/repo/src/deep",
                                           "home/.config/kurung/profiles", "home/other", "state/kurung"};
        char path[300];
        (void)state;
        (void)snprintf(dir, sizeof(dir), "/var/tmp/kurung-unit.XXXXXX");
        if (!mkdtemp(dir))
                return -1;
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
                if (io_mkdir_p(at(dirs[i], path), 0700) < 0)
                        return -1;
        (void)snprintf(home, sizeof(home), "%s/home", dir);
        (void)snprintf(project, sizeof(project), "%s/home/repo/src", dir);
        (void)snprintf(state_home, sizeof(state_home), "%s/state/kurung", dir);
        return chdir(project);
}

static int remove_dirs(void **state)
{
        (void)state;
        return chdir("/") < 0 ? -1 : io_remove_tree_at(AT_FDCWD, dir);
}

/* Whether the project decides what @path is. */
static bool decides(const char *cwd, const char *path)
{
        Project p;
        ProjectFile file;
        project_find(cwd, home, &p);
        int r = project_open(&p, path, &file);
        if (r < 0)
                fail_msg("%s: %s", path, strerror(-r));
        (void)close(file.fd);
        free(file.path);
        return file.in_project;
}

static void a_project_decides_about_its_files_and_links(void **state)
{
        char path[300], spelled[700];
        (void)state;
        write_at("home/repo/src/a.ini", "");
        write_at("home/repo/src/deep/b.ini", "");
        write_at("home/repo/c.ini", "");
        write_at("home/other/d.ini", "");
        link_at("home/repo/src/to-d.ini", "../../other/d.ini");
        link_at("home/repo/src/to-other", "../../other");
        link_at("home/other/to-a.ini", "../repo/src/a.ini");
        link_at("home/other/to-to-d.ini", "../repo/src/to-d.ini");
        link_at("home/other/alias", "../repo/src");
        link_at("home/repo/src/loop", "loop");
        link_at("home/repo/src/gone", "nothing");

        assert_true(decides(project, "a.ini"));
        assert_true(decides(project, "./deep/../deep//b.ini"));
        assert_true(decides(project, at("home/repo/src/a.ini", path)));
        assert_false(decides(project, at("home/other/d.ini", path)));
        assert_false(decides(project, "../../other/d.ini"));
        /* The repository that the working directory is in. */
        assert_true(decides(project, "../c.ini"));
        /* By a link of the project it leads to a file of the user's, which the user did not name. */
        assert_true(decides(project, "to-d.ini"));
        assert_true(decides(project, "to-other/d.ini"));
        assert_true(decides(project, at("home/other/to-to-d.ini", path)));
        /* By a link of the user's it is the project's file all the same. */
        assert_true(decides(project, at("home/other/to-a.ini", path)));
        assert_true(decides(project, at("home/other/alias/a.ini", path)));
        (void)snprintf(spelled, sizeof(spelled), "%s/home/repo/../repo/./src/a.ini", dir);
        assert_true(decides(project, spelled));
        /* Seen from elsewhere they are files like others. */
        assert_false(decides(at("home/other", path), "a.ini"));

        Project p;
        ProjectFile file;
        project_find(project, home, &p);
        assert_false(p.holds_home);
        assert_int_equal(project_open(&p, "loop", &file), -ELOOP);
        assert_int_equal(project_open(&p, "gone", &file), -ENOENT);
        assert_int_equal(project_open(&p, "a.ini/x", &file), -ENOTDIR);
        /* A repository around the home directory is no project's. */
        assert_int_equal(mkdir(at("home/.git", path), 0700), 0);
        assert_false(decides(project, "../../other/d.ini"));
        project_find(home, home, &p);
        assert_true(p.holds_home);
}

static void a_hash_is_what_the_standard_says(void **state)
{
        char hash[SHA256_HEX_ROOM];
        Error err = {0};
        (void)state;
        assert_int_equal(sha256_hex("abc", 3, hash, &err), 0);
        assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_int_equal(sha256_hex("", 0, hash, &err), 0);
        assert_string_equal(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void trust_in(const char *path, const char *text, const char *host)
{
        CLEANUP(trust_clear) TrustList list = {0};
        CLEANUP_STRLIST StrList hosts = {0};
        CLEANUP_FD int fd = open(state_home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char hash[SHA256_HEX_ROOM];
        Error err = {0};
        if (host)
                (void)strlist_add(&hosts, host);
        assert_int_equal(trust_read(state_home, NULL, &list, &err), 0);
        assert_int_equal(sha256_hex(text, strlen(text), hash, &err), 0);
        assert_int_equal(trust_set(&list, path, hash, &hosts, &err), 0);
        assert_int_equal(trust_write(fd, &list, &err), 0);
}

static void what_is_written_is_read_and_nothing_else_counts(void **state)
{
        CLEANUP(trust_clear) TrustList list = {0};
        CLEANUP_STRLIST StrList hosts = {0};
        TrustState s;
        Project p;
        Error err = {0};
        char path[300];
        struct stat st;
        (void)state;
        assert_int_equal(trust_read(state_home, NULL, &list, &err), 0);
        assert_int_equal(list.n, 0);
        trust_in("/p/one.ini", "one", "npm a.example:443/tcp");
        trust_in("/p/two.ini", "two", NULL);
        trust_in("/p/one.ini", "one again", "npm b.example:443/tcp");
        assert_int_equal(stat(at("state/kurung/trusted", path), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);

        assert_int_equal(trust_read(state_home, NULL, &list, &err), 0);
        assert_int_equal(list.n, 2);
        assert_int_equal(trust_check(&list, "/p/one.ini", "one", 3, &s, &hosts, &err), 0);
        assert_int_equal(s, TRUST_CHANGED);
        assert_int_equal(hosts.n, 0);
        assert_int_equal(trust_check(&list, "/p/one.ini", "one again", 9, &s, &hosts, &err), 0);
        assert_int_equal(s, TRUST_GIVEN);
        assert_int_equal(hosts.n, 1);
        assert_string_equal(hosts.items[0], "npm b.example:443/tcp");
        /* The same content elsewhere is another file. */
        assert_int_equal(trust_check(&list, "/q/one.ini", "one again", 9, &s, NULL, &err), 0);
        assert_int_equal(s, TRUST_NONE);
        assert_int_equal(trust_set(&list, "/p/one.ini", NULL, NULL, &err), 0);
        assert_null(trust_find(&list, "/p/one.ini"));
        assert_non_null(trust_find(&list, "/p/two.ini"));
        assert_int_equal(trust_set(&list, "/p/one.ini", NULL, NULL, &err), -ENOENT);
        err = (Error){0};
        trust_in("/p/a\nb +", "three", NULL);
        trust_clear(&list);
        assert_int_equal(trust_read(state_home, NULL, &list, &err), 0);
        assert_int_equal(list.n, 3);
        assert_non_null(trust_find(&list, "/p/a\nb +"));

        /* A list that others can write, one in the project, a link, and what is no list. */
        TrustList none = {0};
        assert_int_equal(chmod(path, 0622), 0);
        assert_int_equal(trust_read(state_home, NULL, &none, &err), -EPERM);
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(chmod(state_home, 0722), 0);
        assert_int_equal(trust_read(state_home, NULL, &none, &err), -EPERM);
        assert_int_equal(chmod(state_home, 0700), 0);
        project_find(dir, home, &p);
        assert_int_equal(trust_read(state_home, &p, &none, &err), -EPERM);
        static const char *const malformed[] = {"x\n",
                                                "+npm a.example\n",
                                                "0123 /p\n",
                                                "no end",
                                                "kurung-trusted 2",
                                                "kurung-trusted 2\n",
                                                "kurung-kept 2\nend\n"};
        for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
                write_at("state/kurung/trusted", malformed[i]);
                assert_int_equal(trust_read(state_home, NULL, &none, &err), -EINVAL);
        }
        write_at("state/kurung/trusted", "kurung-trusted 3\nend\n");
        assert_int_equal(trust_read(state_home, NULL, &none, &err), -ENOTSUP);
        assert_int_equal(unlink(path), 0);
        link_at("state/kurung/trusted", "elsewhere");
        assert_int_equal(trust_read(state_home, NULL, &none, &err), -ELOOP);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(none.n, 0);
}

#define HASH_ONE "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
#define HASH_TWO "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"

static int parse_list(const char *text, size_t len)
{
        CLEANUP(trust_clear) TrustList list = {0};
        CLEANUP_FREE char *copy = strndup(text, len);
        Error err = {0};
        write_at("state/kurung/trusted", copy);
        int r = trust_read(state_home, NULL, &list, &err);
        return r == -EINVAL ? -EBADMSG : r;
}

static void each_line_of_the_list_counts(void **state)
{
        const RecordKind kind = {
                .parse = parse_list,
                .optional = (const char *const[]){"profile.host", NULL},
                .lists = (const char *const[]){"profile.host", NULL},
        };
        static const char text[] = "kurung-trusted 2\nprofile.hash " HASH_ONE "\nprofile.path /p/one.ini\n"
                                   "profile.host npm a.example:443/tcp\nprofile.hash " HASH_TWO
                                   "\nprofile.path /p/two\\x0a.ini\nend\n";
        char path[300];
        (void)state;
        assert_int_equal(parse_list(text, strlen(text)), 0);
        /* As kurung 0.1 stored a list without entries. */
        assert_int_equal(parse_list("", 0), 0);
        check_each_line_to_count(&kind, text);
        check_value(&kind, text, "profile.hash", "0123", false);
        check_value(&kind, text, "profile.hash", HASH_ONE "0", false);
        check_value(&kind, text, "profile.hash",
                    "x692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed", false);
        check_value(&kind, text, "profile.path", "p", false);
        check_value(&kind, text, "profile.path", "/p/../q", false);
        assert_int_equal(unlink(at("state/kurung/trusted", path)), 0);
}

static void a_list_of_0_1_is_read(void **state)
{
        static const char old[] = HASH_ONE
                " /p/one two.ini\n+npm a.example:443/tcp\n+pip b.example:443/tcp\n" HASH_TWO " /p/two.ini\n";
        CLEANUP(trust_clear) TrustList list = {0};
        CLEANUP(trust_clear) TrustList again = {0};
        Error err = {0};
        char path[300];
        (void)state;
        write_at("state/kurung/trusted", old);
        assert_int_equal(trust_read(state_home, NULL, &list, &err), 0);
        trust_in("/p/three.ini", "three", NULL);
        assert_int_equal(trust_read(state_home, NULL, &again, &err), 0);
        assert_int_equal(list.n, 2);
        assert_int_equal(again.n, 3);
        for (size_t i = 0; i < list.n; i++) {
                assert_string_equal(list.items[i].path, again.items[i].path);
                assert_string_equal(list.items[i].hash, again.items[i].hash);
                assert_int_equal(list.items[i].hosts.n, again.items[i].hosts.n);
        }
        assert_string_equal(again.items[0].path, "/p/one two.ini");
        assert_string_equal(again.items[0].hosts.items[1], "pip b.example:443/tcp");
        assert_string_equal(again.items[1].hash, HASH_TWO);
        assert_int_equal(unlink(at("state/kurung/trusted", path)), 0);
}

/* What a command line with these words makes; its error is in @err. */
static int make(char **words, Spec *spec, Error *err)
{
        FrontOptions options;
        int argc = 0;
        const FrontContext ctx = {.home = home, .cwd = project, .getenv = no_variable, .state = state_home};
        while (words[argc])
                argc++;
        return front_make_spec(argc, words, "default", &ctx, spec, &options, err);
}

#define ARGV(...) ((char *[]){(char[]){"run"}, __VA_ARGS__, NULL})
#define W(s) ((char[]){s})

static void is_refused(char **words, const char *says)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        assert_int_equal(make(words, &spec, &err), -EPERM);
        if (!strstr(err.text, says))
                fail_msg("'%s' does not say '%s'", err.text, says);
}

static void a_trusted_profile_is_trusted_until_it_changes(void **state)
{
        static const char text[] = "[Filesystem]\nWorkDir=rw\n[Network]\nMode=slirp\nAllowFrom=npm\n";
        char path[300], edited[400];
        (void)state;
        write_at("home/repo/src/p.ini", text);
        is_refused(ARGV(W("-p"), W("./p.ini"), W("true")),
                   "./p.ini:2: a profile inside the project may only");
        (void)at("home/repo/src/p.ini", path);
        trust_in(path, text, "npm a.example:443/tcp");
        {
                CLEANUP(spec_clear) Spec spec = {0};
                Error err = {0};
                if (make(ARGV(W("-p"), W("./p.ini"), W("true")), &spec, &err) < 0)
                        fail_msg("%s", err.text);
                assert_int_equal(spec.work_dir, WORK_DIR_RW);
                assert_int_equal(spec.net_trusted.n, 1);
        }
        (void)snprintf(edited, sizeof(edited), "%s;", text);
        write_at("home/repo/src/p.ini", edited);
        is_refused(ARGV(W("-p"), W("./p.ini"), W("true")), "changed since");
        write_at("home/repo/src/p.ini", text);

        /* Whom it extends is asked about, too. */
        static const char extending[] = "[Profile]\nExtends=./base.ini\n";
        write_at("home/repo/src/base.ini", "[Identity]\nRunAs=root\n");
        write_at("home/repo/src/q.ini", extending);
        is_refused(ARGV(W("-p"), W("./q.ini"), W("true")), "./q.ini:2: a profile inside");
        trust_in(at("home/repo/src/q.ini", path), extending, NULL);
        is_refused(ARGV(W("-p"), W("./q.ini"), W("true")), "./base.ini:2: a profile inside");
        trust_in(at("home/repo/src/base.ini", path), "[Identity]\nRunAs=root\n", NULL);
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        assert_int_equal(make(ARGV(W("-p"), W("./q.ini"), W("true")), &spec, &err), 0);
        assert_int_equal(spec.run_as, RUN_AS_ROOT);
}

static void an_untrusted_profile_starts_from_the_default(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0}, after = {0};
        Error err = {0};
        (void)state;
        write_at("home/repo/src/fine.ini", "[Profile]\nExtends=default\n[Filesystem]\nWorkDir=ro\n");
        assert_int_equal(make(ARGV(W("-p"), W("./fine.ini"), W("true")), &spec, &err), 0);
        assert_int_equal(spec_limit(&spec, KEY_MEMORY_MAX)->unit, LIMIT_PERCENT);
        assert_int_equal(spec.work_dir, WORK_DIR_RO);
        /* After another one it adds to that: the default's limits are not read once more. */
        write_at("home/.config/kurung/profiles/mine.ini", "[Resources]\nMemoryMax=1G\n");
        assert_int_equal(make(ARGV(W("-p"), W("mine"), W("-p"), W("./fine.ini"), W("true")), &after, &err),
                         0);
        assert_int_equal(spec_limit(&after, KEY_MEMORY_MAX)->unit, LIMIT_AMOUNT);
}

static void where_the_sandbox_writes_a_profile_gives_no_rights(void **state)
{
        static const char text[] = "[Filesystem]\nWorkDir=rw\n";
        char path[300], option[400], own[400];
        (void)state;
        write_at("home/other/e.ini", text);
        write_at("home/.config/kurung/profiles/own.ini", text);
        (void)at("home/other/e.ini", path);
        (void)snprintf(option, sizeof(option), "--read-write=%s/other", home);
        (void)snprintf(own, sizeof(own), "--read-write=%s", home);
        CLEANUP(spec_clear) Spec alone = {0}, mine = {0}, trusted = {0};
        Error err = {0};
        assert_int_equal(make(ARGV(W("-p"), path, W("true")), &alone, &err), 0);
        is_refused(ARGV(W("-p"), path, option, W("true")), "e.ini:2: WorkDir=rw: the profile is in");
        /* One's own are never seen inside. */
        assert_int_equal(make(ARGV(W("-p"), W("own"), own, W("true")), &mine, &err), 0);
        trust_in(path, text, NULL);
        assert_int_equal(make(ARGV(W("-p"), path, option, W("true")), &trusted, &err), 0);
}

static void a_name_is_the_users_unless_it_leads_into_the_project(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        (void)state;
        write_at("home/repo/src/e.ini", "[Filesystem]\nWorkDir=rw\n");
        write_at("home/.config/kurung/profiles/own.ini", "[Filesystem]\nWorkDir=rw\n");
        link_at("home/.config/kurung/profiles/linked.ini", "../../../repo/src/e.ini");
        assert_int_equal(make(ARGV(W("-p"), W("own"), W("true")), &spec, &err), 0);
        is_refused(ARGV(W("-p"), W("linked"), W("true")), "e.ini:2: a profile inside");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_project_decides_about_its_files_and_links, make_dirs,
                                                remove_dirs),
                cmocka_unit_test(a_hash_is_what_the_standard_says),
                cmocka_unit_test_setup_teardown(what_is_written_is_read_and_nothing_else_counts, make_dirs,
                                                remove_dirs),
                cmocka_unit_test_setup_teardown(each_line_of_the_list_counts, make_dirs, remove_dirs),
                cmocka_unit_test_setup_teardown(a_list_of_0_1_is_read, make_dirs, remove_dirs),
                cmocka_unit_test_setup_teardown(a_trusted_profile_is_trusted_until_it_changes, make_dirs,
                                                remove_dirs),
                cmocka_unit_test_setup_teardown(an_untrusted_profile_starts_from_the_default, make_dirs,
                                                remove_dirs),
                cmocka_unit_test_setup_teardown(where_the_sandbox_writes_a_profile_gives_no_rights, make_dirs,
                                                remove_dirs),
                cmocka_unit_test_setup_teardown(a_name_is_the_users_unless_it_leads_into_the_project,
                                                make_dirs, remove_dirs),
        };
        return RUN_TESTS(tests);
}
