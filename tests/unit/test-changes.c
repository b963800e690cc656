/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/io.h"
#include "base/log.h"
#include "changes/dirstack.h"
#include "changes/flags.h"
#include "changes/hostdirs.h"
#include "changes/journal.h"
#include "changes/marks.h"
#include "changes/names.h"
#include "changes/pathbuf.h"
#include "changes/scan.h"
#include "changes/select.h"
#include "changes/stream.h"
#include "spec/values.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

static char *make_temporary(void)
{
        static char dir[64];
        (void)snprintf(dir, sizeof(dir), "/var/tmp/kurung-unit.XXXXXX");
        return mkdtemp(dir);
}

static void marks_are_each_engines_own(void **state)
{
        const char *name = NULL;
        (void)state;
        assert_int_equal(mark_of_name(CHANGES_FUSE, ".wh.a", &name), MARK_WHITEOUT);
        assert_string_equal(name, "a");
        assert_int_equal(mark_of_name(CHANGES_KERNEL, ".wh.a", &name), MARK_NONE);
        assert_int_equal(mark_of_name(CHANGES_SCRATCH, ".wh.a", &name), MARK_NONE);
        assert_int_equal(mark_of_name(CHANGES_FUSE, ".wh..wh..opq", &name), MARK_OPAQUE);
        for (size_t i = 0; i < 4; i++) {
                static const char *const forged[] = {".wh.", ".wh..", ".wh...", ".wh..wh.x"};
                assert_int_equal(mark_of_name(CHANGES_FUSE, forged[i], &name), MARK_FORGED);
        }
        struct stat st = {.st_mode = S_IFCHR, .st_rdev = 0};
        assert_true(mark_is_whiteout(CHANGES_KERNEL, &st));
        assert_false(mark_is_whiteout(CHANGES_SCRATCH, &st));
        st.st_rdev = 1;
        assert_false(mark_is_whiteout(CHANGES_KERNEL, &st));
}

/* Whatever can be written can be read: one entry that cannot makes the whole journal useless. */
static void a_journal_is_read_back(void **state)
{
        static const char *const paths[] = {"", "a", "a/b", ".", "..", "a/.", "a/..", "/", "a/", ".a", "..a"};
        const StrList command = {0};
        size_t written = 0, refused = 0;
        (void)state;
        CLEANUP_FD int fd = open(make_temporary(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (int kind = 0; kind <= JOURNAL_DIRECTORY + 1; kind++)
                for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
                        Journal j = JOURNAL_NONE, again = JOURNAL_NONE;
                        StrList words = {0};
                        assert_int_equal(journal_begin(&j, fd, &command), 0);
                        const JournalEntry e = {.kind = (JournalKind)kind, .number = 1, .path = paths[i]};
                        int r = journal_write(&j, &e);
                        assert_true(r == 0 || r == -EINVAL);
                        written += r == 0;
                        refused += r != 0;
                        assert_int_equal(journal_open(&again, fd, &words), 0);
                        assert_int_equal(again.number, r == 0 ? 1 : 0);
                        strlist_clear(&words);
                        journal_clear(&j);
                        journal_clear(&again);
                }
        assert_true(written > 0 && refused > 0);
        Journal j = JOURNAL_NONE;
        assert_int_equal(journal_begin(&j, fd, &command), 0);
        assert_int_equal(journal_write(&j, &(JournalEntry){.kind = JOURNAL_MODE, .path = ""}), 0);
        journal_clear(&j);
}

/* Where the times of files count, those of directories do: what was moved is older than its place. */
static void what_was_moved_in_is_a_change(void **state)
{
        CLEANUP(applied_clear) Applied applied = APPLIED_NONE;
        const struct timespec never = {.tv_sec = INT64_MAX}, always = {0};
        struct stat st;
        (void)state;
        char *dir = make_temporary();
        CLEANUP_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(mkdirat(fd, "d", 0700), 0);
        assert_int_equal(mkdirat(fd, "d/e", 0700), 0);
        assert_int_equal(symlinkat("x", fd, "link"), 0);
        static const char *const all[] = {"d", "d/e", "link"};
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                bool changed = false;
                assert_int_equal(scan_tree(fd, all[i], &never, &applied, &changed), 0);
                assert_false(changed);
                assert_int_equal(scan_tree(fd, all[i], &always, &applied, &changed), 0);
                assert_true(changed);
                changed = false;
                assert_int_equal(scan_tree(fd, all[i], NULL, &applied, &changed), 0);
                assert_true(changed);
        }
        bool changed = false;
        assert_int_equal(scan_tree(fd, "none", &always, &applied, &changed), -ENOENT);
        /* All but the innermost are known, then all, then one is changed again. */
        for (size_t i = 0; i < 2; i++) {
                changed = false;
                assert_int_equal(fstatat(fd, all[i], &st, 0), 0);
                assert_int_equal(applied_add(&applied, fd, &st), 0);
                assert_int_equal(scan_tree(fd, "d", &always, &applied, &changed), 0);
                assert_int_equal(changed, i == 0);
        }
        assert_int_equal(fchmodat(fd, "d/e", 0711, 0), 0);
        assert_int_equal(scan_tree(fd, "d", NULL, &applied, &changed), 0);
        assert_true(changed);
        assert_int_equal(io_remove_tree_at(AT_FDCWD, dir), 0);
}

/* The hash tells names from values, and the order does not count. */
static void attributes_are_hashed_in_any_order(void **state)
{
        static const char two[] = "user.a\0\1\0\0\0xuser.b\0\1\0\0\0y",
                          turned[] = "user.b\0\1\0\0\0yuser.a\0\1\0\0\0x",
                          other[] = "user.a\0\1\0\0\0yuser.b\0\1\0\0\0x", empty[] = "user.a\0\0\0\0\0";
        (void)state;
        assert_int_equal(hostdir_hash(two, sizeof(two) - 1), hostdir_hash(turned, sizeof(turned) - 1));
        assert_int_not_equal(hostdir_hash(two, sizeof(two) - 1), hostdir_hash(other, sizeof(other) - 1));
        assert_int_not_equal(hostdir_hash(empty, sizeof(empty) - 1), hostdir_hash("", 0));
}

static void names_come_sorted_and_whole(void **state)
{
        char *dir = make_temporary();
        Names names;
        size_t used = 0, n = 0;
        const char *name, *check;
        char before[32] = "";
        (void)state;
        CLEANUP_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (int i = 0; i < 3000; i++) {
                char file[32];
                (void)snprintf(file, sizeof(file), "f%d", (i * 7919) % 3000);
                CLEANUP_FD int f = openat(fd, file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
                assert_true(f >= 0);
        }
        names_begin(&names);
        while (assert_int_equal(names_next(&names, fd, &used, &name), 0), name) {
                assert_true(strcmp(before, name) < 0);
                (void)snprintf(before, sizeof(before), "%s", name);
                n++;
        }
        assert_int_equal(n, 3000);
        assert_true(used > 0);
        names_clear(&names, &used);
        assert_int_equal(used, 0);
        /* With no memory left they come in pieces, but all of them. */
        used = NAMES_BUDGET;
        n = 0;
        names_begin(&names);
        while (assert_int_equal(names_next(&names, fd, &used, &check), 0), check)
                n++;
        assert_int_equal(n, 3000);
        names_clear(&names, &used);
        for (int i = 0; i < 3000; i++) {
                char file[32];
                (void)snprintf(file, sizeof(file), "f%d", i);
                (void)unlinkat(fd, file, 0);
        }
        assert_int_equal(rmdir(dir), 0);
}

static void a_stack_of_directories_finds_back(void **state)
{
        char *dir = make_temporary();
        DirStack s = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC};
        (void)state;
        assert_int_equal(dirstack_push(&s, open(dir, s.flags)), 0);
        for (int i = 0; i < 100; i++) {
                assert_int_equal(mkdirat(dirstack_top(&s), "d", 0700), 0);
                assert_int_equal(dirstack_push(&s, openat(dirstack_top(&s), "d", s.flags)), 0);
        }
        assert_int_equal(s.levels[3].fd, FD_NONE);
        for (int i = 0; i < 100; i++) {
                assert_int_equal(dirstack_pop(&s), 0);
                assert_true(dirstack_top(&s) >= 0);
                if (i < 50)
                        assert_int_equal(unlinkat(dirstack_top(&s), "d", AT_REMOVEDIR), 0);
        }
        dirstack_clear(&s);
        /* One that was moved elsewhere meanwhile is not mistaken for where one came from. */
        assert_int_equal(dirstack_push(&s, open(dir, s.flags)), 0);
        for (int i = 0; i < 30; i++) {
                if (mkdirat(dirstack_top(&s), "d", 0700) < 0)
                        assert_int_equal(errno, EEXIST);
                assert_int_equal(dirstack_push(&s, openat(dirstack_top(&s), "d", s.flags)), 0);
        }
        CLEANUP_FD int top = open(dir, s.flags);
        CLEANUP_FD int fourth = openat(top, "d/d/d/d", s.flags);
        assert_true(fourth >= 0);
        assert_int_equal(renameat(fourth, "d", top, "moved"), 0);
        int r = 0;
        while (r == 0 && s.n > 1)
                r = dirstack_pop(&s);
        assert_int_equal(r, -ESTALE);
        dirstack_clear(&s);
        char command[100];
        (void)snprintf(command, sizeof(command), "rm -r %s", dir);
        assert_int_equal(system(command), 0); /* NOLINT: a fixed name */
}

static void selections_narrow(void **state)
{
        CLEANUP(selection_clear) Selection s = {0};
        (void)state;
        assert_int_equal(selection_of(&s, "/a", SELECTED_NO), SELECTED_YES);
        assert_int_equal(selection_add_path(&s, "sub/x", "/home/u"), 0);
        assert_int_equal(selection_add_exclude(&s, "*.o", "/home/u"), 0);
        assert_int_equal(selection_add_exclude(&s, "sub/x/tmp*", "/home/u"), 0);
        assert_int_equal(selection_of(&s, "/home/u", SELECTED_NO), SELECTED_ON_THE_WAY);
        assert_int_equal(selection_of(&s, "/home/u/other", SELECTED_ON_THE_WAY), SELECTED_NO);
        assert_int_equal(selection_of(&s, "/home/u/sub/xy", SELECTED_ON_THE_WAY), SELECTED_NO);
        assert_int_equal(selection_of(&s, "/home/u/sub/x", SELECTED_ON_THE_WAY), SELECTED_YES);
        assert_int_equal(selection_of(&s, "/home/u/sub/x/a", SELECTED_YES), SELECTED_YES);
        assert_int_equal(selection_of(&s, "/home/u/sub/x/a.o", SELECTED_YES), SELECTED_NO);
        assert_int_equal(selection_of(&s, "/home/u/sub/x/tmp1", SELECTED_YES), SELECTED_NO);
        assert_true(selection_names(&s, "/home/u/sub/x"));
        assert_false(selection_names(&s, "/home/u/sub"));
}

static const char *flag(const char *path, uint32_t mode, ChangeKind kind)
{
        const Change c = {.kind = kind, .now.mode = mode, .name = "", .target = "", .why = "", .fd = FD_NONE};
        return flags_of(&c, path, "/home/u", "/usr/bin:/p/.venv/bin:relative");
}

static void what_is_run_later_is_flagged(void **state)
{
        static const char *const flagged[] = {"/p/.git/hooks/pre-commit",
                                              "/p/.git/config",
                                              "/p/sub/.git/hooks/x",
                                              "/p/.envrc",
                                              "/p/.vscode/tasks.json",
                                              "/home/u/.bashrc",
                                              "/p/.bashrc",
                                              "/home/u/.ssh/authorized_keys",
                                              "/home/u/.config/autostart/x",
                                              "/etc/cron.d/x",
                                              "/etc/profile.d/x.sh",
                                              "/home/u/.config/systemd/user/x",
                                              "/var/spool/cron/u",
                                              "/srv/authorized_keys",
                                              "/p/.bazelrc",
                                              "/p/sub/.bazelversion",
                                              "/p/tools/bazel",
                                              "/p/.mvn/extensions.xml",
                                              "/p/.mvn/jvm.config",
                                              "/p/.mvn/maven.config",
                                              "/p/.mvn/wrapper/maven-wrapper.properties",
                                              "/p/gradle.properties",
                                              "/p/gradle/wrapper/gradle-wrapper.jar",
                                              "/p/.sbtopts",
                                              "/p/Directory.Build.props",
                                              "/p/global.json",
                                              "/p/.pnp.cjs",
                                              "/p/pnpm-workspace.yaml",
                                              "/p/.nvmrc",
                                              "/p/.eslintrc.js",
                                              "/p/eslint.config.mjs",
                                              "/p/.venv/lib/python3.11/site-packages/x.pth",
                                              "/p/.project",
                                              "/p/AGENTS.md",
                                              "/p/sub/CLAUDE.md",
                                              "/p/.github/copilot-instructions.md",
                                              "/p/.clinerules/rules.md"};
        static const char *const plain[] = {"/p/a",
                                            "/p/.git/objects/aa/bb",
                                            "/p/git/hooks/x",
                                            "/p/.gitignore",
                                            "/home/u/bin/x",
                                            "/p/etc/cron.d/x",
                                            "/p/.vscode/other.json",
                                            "/p/.config/autostart/x",
                                            "/p/Makefile",
                                            "/p/build.gradle",
                                            "/p/agents/notes.md",
                                            "/p/model.pth",
                                            "/p/build.rs",
                                            "/p/pom.xml",
                                            "/p/tools/x",
                                            "/p/projects"};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(flagged); i++)
                assert_non_null(flag(flagged[i], S_IFREG | 0644, CHANGE_ADDED));
        for (size_t i = 0; i < ARRAY_LEN(plain); i++)
                assert_null(flag(plain[i], S_IFREG | 0644, CHANGE_ADDED));
        assert_non_null(flag("/home/u/bin/x", S_IFREG | 0755, CHANGE_ADDED));
        /* The PATH leads to /p/.venv/bin. */
        assert_non_null(flag("/p/.venv/bin/git", S_IFREG | 0755, CHANGE_ADDED));
        assert_non_null(flag("/p/.venv/bin/git", S_IFLNK | 0777, CHANGE_MODIFIED));
        assert_null(flag("/p/.venv/bin/git", S_IFREG | 0644, CHANGE_ADDED));
        assert_null(flag("/p/.venv/bin/sub/git", S_IFREG | 0755, CHANGE_ADDED));
        assert_null(flag("/p/venv/bin/git", S_IFREG | 0755, CHANGE_ADDED));
        assert_non_null(flag("/p/x", S_IFREG | 04755, CHANGE_ADDED));
        assert_non_null(flag("/p/x", S_IFCHR, CHANGE_ADDED));
        assert_non_null(flag("/p/.git", S_IFDIR | 0755, CHANGE_ADDED));
        assert_null(flag("/p/.envrc", 0, CHANGE_DELETED));
}

/* A file of the repository of which @path names the entry behind ":". */
static const char *flag_in_git(const char *path, uint32_t mode, ChangeKind kind)
{
        char text[256];
        const char *colon = strchr(path, ':');
        uint32_t below = 1;
        (void)snprintf(text, sizeof(text), "%.*s/%s", (int)(colon - path), path, colon + 1);
        for (const char *p = colon; *p; p++)
                below += *p == '/';
        const Change c = {.kind = kind,
                          .what = kind == CHANGE_MODIFIED ? CHANGE_CONTENT : 0,
                          .now.mode = mode,
                          .before.mode = kind == CHANGE_MODIFIED ? mode : 0,
                          .name = strrchr(text, '/') + 1,
                          .target = "",
                          .why = "",
                          .below_repository = below,
                          .fd = FD_NONE};
        return flags_of(&c, text, "/home/u", NULL);
}

static void of_a_repository_only_data_is_plain(void **state)
{
        static const char *const data[] = {"objects/aa/0123456789abcdef",
                                           "objects/pack/pack-01.idx",
                                           "refs/heads/a/b",
                                           "index",
                                           "logs/refs/heads/objects/x",
                                           "logs/HEAD",
                                           "COMMIT_EDITMSG",
                                           "ORIG_HEAD",
                                           "refs/remotes/origin/HEAD",
                                           "objects/info/commit-graphs/x"};
        static const char *const others[] = {"commondir",
                                             "config",
                                             "config.worktree",
                                             "gitdir",
                                             "hooks/post-checkout",
                                             "info/attributes",
                                             "info/exclude",
                                             "info/grafts",
                                             "shallow",
                                             "packed-refs",
                                             "refs/replace/0123",
                                             "refs/replace",
                                             "objects/info/alternates",
                                             "objects/info/http-alternates",
                                             "objects/aa/hooks",
                                             "objects/config",
                                             "objects/x/config",
                                             "rebase-merge/git-rebase-todo",
                                             "sequencer/todo",
                                             "description",
                                             "worktrees/w/gitdir",
                                             "modules/x/config",
                                             "branches/x",
                                             "remotes/x",
                                             "HEAD",
                                             "index.lock",
                                             "indexes",
                                             "logsx",
                                             "anything"};
        /* Submodules, linked worktrees, plain directories: wherever git finds its HEAD. */
        static const char *const places[] = {"/p/.git",
                                             "/p/bare",
                                             "/p/.git/modules/a/objects/aa",
                                             "/p/.git/modules/refs/x",
                                             "/p/.git/worktrees/w",
                                             "/p/.git/modules/x/modules/y"};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
                char path[200];
                for (size_t k = 0; k < ARRAY_LEN(data); k++) {
                        (void)snprintf(path, sizeof(path), "%s:%s", places[i], data[k]);
                        assert_null(flag_in_git(path, S_IFREG | 0644, CHANGE_ADDED));
                        assert_non_null(flag_in_git(path, S_IFLNK | 0777, CHANGE_ADDED));
                        assert_non_null(flag_in_git(path, S_IFLNK | 0777, CHANGE_MODIFIED));
                }
                for (size_t k = 0; k < ARRAY_LEN(others); k++) {
                        (void)snprintf(path, sizeof(path), "%s:%s", places[i], others[k]);
                        assert_non_null(flag_in_git(path, S_IFREG | 0644, CHANGE_ADDED));
                        assert_non_null(flag_in_git(path, S_IFLNK | 0777, CHANGE_ADDED));
                }
                /* A checkout writes another branch to it. */
                (void)snprintf(path, sizeof(path), "%s:HEAD", places[i]);
                assert_null(flag_in_git(path, S_IFREG | 0644, CHANGE_MODIFIED));
        }
        /* Where no HEAD was seen, by name. */
        assert_non_null(flag("/p/.git/commondir", S_IFREG | 0644, CHANGE_ADDED));
        assert_non_null(flag("/p/.GIT/config", S_IFREG | 0644, CHANGE_ADDED));
        assert_non_null(flag("/p/.git. /config", S_IFREG | 0644, CHANGE_ADDED));
        assert_non_null(flag("/p/git~1/config", S_IFREG | 0644, CHANGE_ADDED));
        assert_non_null(flag("/p/.git", S_IFREG | 0644, CHANGE_ADDED));
        assert_non_null(flag("/p/.hg/hgrc", S_IFREG | 0644, CHANGE_ADDED));
        assert_null(flag("/p/.hg/store/data/x.i", S_IFREG | 0644, CHANGE_ADDED));
        assert_null(flag("/p/.git/refs/heads/x", S_IFREG | 0644, CHANGE_ADDED));
}

static void a_link_counts_as_the_directory_it_stands_for(void **state)
{
        static const char *const flagged[] = {"/p/.vscode",  "/p/.cargo", "/p/.github", "/home/u/.config",
                                              "/home/u/bin", "/etc",      "/p/.idea",   "/p/.jj"};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(flagged); i++) {
                assert_non_null(flag(flagged[i], S_IFLNK | 0777, CHANGE_ADDED));
                assert_true(str_starts(flagged[i], "/home/u/.config") ||
                            !flag(flagged[i], S_IFDIR | 0755, CHANGE_ADDED));
        }
        assert_null(flag("/p/vscode", S_IFLNK | 0777, CHANGE_ADDED));
}

static void changes_cross_whole(void **state)
{
        int ends[2];
        StreamWriter *w = calloc(1, sizeof(*w));
        StreamReader *r = calloc(1, sizeof(*r));
        Error err = {0};
        ChangeEvent event;
        Change got;
        (void)state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        w->fd = ends[0];
        r->fd = ends[1];
        Change c = {.kind = CHANGE_ADDED,
                    .name = "a\nb",
                    .target = "t",
                    .why = "",
                    .xattrs = "user.x\0\1\0\0\0y",
                    .xattrs_len = 12,
                    .now.size = 7,
                    .fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
        assert_int_equal(stream_write(w, CHANGE_EVENT_ENTRY, &c), 0);
        c.name = "../x";
        c.fd = FD_NONE;
        assert_int_equal(stream_write(w, CHANGE_EVENT_ENTRY, &c), 0);
        assert_int_equal(stream_flush(w), 0);
        assert_int_equal(stream_read(r, &event, &got, &err), STREAM_CHANGE);
        assert_string_equal(got.name, "a\nb");
        assert_int_equal(got.now.size, 7);
        assert_true(got.fd >= 0);
        fd_close(got.fd);
        size_t at = 0, len;
        const char *name, *value;
        assert_true(change_next_xattr(&got, &at, &name, &value, &len));
        assert_string_equal(name, "user.x");
        assert_int_equal(len, 1);
        assert_false(change_next_xattr(&got, &at, &name, &value, &len));
        /* A name that is none is refused. */
        assert_int_equal(stream_read(r, &event, &got, &err), -EBADMSG);
        fd_close(ends[0]);
        stream_reader_clear(r);
        r->at = r->len;
        assert_int_equal(stream_read(r, &event, &got, &err), -ECONNRESET);
        fd_close(ends[1]);
        free(w);
        free(r);
}

static void names_of_sandboxes(void **state)
{
        char longest[66];
        (void)state;
        memset(longest, 'a', sizeof(longest));
        longest[63] = '\0';
        assert_true(value_name(longest));
        longest[63] = 'a';
        longest[64] = '\0';
        assert_false(value_name(longest));
        for (size_t i = 0; i < 8; i++) {
                static const char *const bad[] = {"", ".", "..", "a/b", "-a", "A", "a b", ".a"};
                assert_false(value_name(bad[i]));
        }
        assert_true(value_name("a.b_c-1"));
}

static size_t encode(uint32_t code, char out[5])
{
        size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t i = n; i-- > 1; code >>= 6)
                out[i] = (char)(0x80 | (code & 0x3f));
        out[0] = (char)(first[n] | code);
        return n;
}

static void escaped_texts_come_back(void **state)
{
        char escaped[100];
        char *back = NULL;
        (void)state;
        assert_int_equal(text_unescape(text_escape("a\nb\\\xff", escaped, sizeof(escaped)), &back), 0);
        assert_string_equal(back, "a\nb\\\xff");
        free(back);
        for (size_t i = 0; i < 4; i++) {
                static const char *const bad[] = {"\\", "\\x0", "\\x00", "\\q"};
                assert_int_equal(text_unescape(bad[i], &back), -EINVAL);
        }
}

static void hidden_characters_are_escaped(void **state)
{
        static const struct {
                uint32_t first, last;
        } hidden[] = {{0, 0x1f},        {0x7f, 0xa0},     {0xad, 0xad},       {0x61c, 0x61c},
                      {0x200b, 0x200f}, {0x2028, 0x202f}, {0x2060, 0x206f},   {0xfe00, 0xfe0f},
                      {0xfeff, 0xfeff}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff}, {0x3164, 0x3164}};
        static const uint32_t shown[] = {' ',  'a',   '~',   0xa1,   0xac,   0xae,
                                         0xe4, 0x5d0, 0x301, 0x3042, 0xac00, 0x1f600};
        static const char *const broken[] = {"\x80",         "\xc0\xaf",         "\xe2\x80",
                                             "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"};
        (void)state;
        for (uint32_t i = 0; i < ARRAY_LEN(hidden); i++)
                for (uint32_t code = hidden[i].first; code <= hidden[i].last; code++) {
                        char text[5];
                        const TextChar c = text_next(text, encode(code, text));
                        assert_true(c.valid && !c.shown && c.code == code);
                }
        for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
                char text[5];
                size_t len = encode(shown[i], text);
                const TextChar c = text_next(text, len);
                assert_true(c.valid && c.shown && c.code == shown[i] && c.len == len);
        }
        for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
                const TextChar c = text_next(broken[i], strlen(broken[i]));
                assert_true(!c.valid && !c.shown && c.len == 1);
        }
        /* Never past the end, whatever is behind it. */
        assert_false(text_next("\xe2\x80\xae", 2).valid);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(marks_are_each_engines_own),
                cmocka_unit_test(names_come_sorted_and_whole),
                cmocka_unit_test(a_journal_is_read_back),
                cmocka_unit_test(what_was_moved_in_is_a_change),
                cmocka_unit_test(attributes_are_hashed_in_any_order),
                cmocka_unit_test(a_stack_of_directories_finds_back),
                cmocka_unit_test(selections_narrow),
                cmocka_unit_test(what_is_run_later_is_flagged),
                cmocka_unit_test(of_a_repository_only_data_is_plain),
                cmocka_unit_test(a_link_counts_as_the_directory_it_stands_for),
                cmocka_unit_test(changes_cross_whole),
                cmocka_unit_test(names_of_sandboxes),
                cmocka_unit_test(escaped_texts_come_back),
                cmocka_unit_test(hidden_characters_are_escaped),
        };
        return RUN_TESTS(tests);
}
