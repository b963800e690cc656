/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/capture.h"
#include "base/channel.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/library.h"
#include "base/log.h"
#include "base/path.h"
#include "base/path_map.h"
#include "base/process.h"
#include "base/strlist.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void normalized(const char *path, const char *base, const char *expected)
{
        CLEANUP_FREE char *got = NULL;
        assert_int_equal(path_normalize(path, base, &got), 0);
        assert_string_equal(got, expected);
}

static void paths_are_cleaned_without_climbing_above_the_root(void **state)
{
        (void)state;
        normalized("/", NULL, "/");
        normalized("//usr//lib/", NULL, "/usr/lib");
        normalized("/usr/./lib/../bin", NULL, "/usr/bin");
        normalized("/../../etc", NULL, "/etc");
        normalized("a/b", "/home/u", "/home/u/a/b");
        normalized("../../../x", "/home/u", "/x");
        normalized("..", "/home", "/");
        normalized("/..hidden/.x", NULL, "/..hidden/.x");
}

static void paths_that_cannot_be_are_refused(void **state)
{
        char *got = NULL;
        CLEANUP_FREE char *longest = malloc(5001);
        (void)state;
        memset(longest, 'a', 5000);
        longest[0] = '/';
        longest[5000] = '\0';
        assert_int_equal(path_normalize("", "/", &got), -EINVAL);
        assert_int_equal(path_normalize("x", NULL, &got), -EINVAL);
        assert_int_equal(path_normalize("x", "y", &got), -EINVAL);
        assert_int_equal(path_normalize(longest, NULL, &got), -ENAMETOOLONG);
        assert_null(got);
}

static void a_long_name_does_not_cut_off_the_reason(void **state)
{
        char name[4096];
        (void)state;
        for (size_t i = 0; i + 1 < sizeof(name); i += 3)
                memcpy(name + i, "\xe2\x82\xac", 3);
        name[sizeof(name) - 1] = '\0';
        Error err = {0}, other = {0}, plain = {0};
        (void)error_set(&err, EPERM, "cannot open '%s': the reason", name);
        assert_int_equal(strncmp(err.text, "cannot open '\xe2\x82\xac", 16), 0);
        assert_non_null(strstr(err.text, "\xe2\x82\xac[...]\xe2\x82\xac"));
        assert_string_equal(err.text + strlen(err.text) - 13, "': the reason");
        (void)error_set_errno(&other, ENOENT, "cannot open '%s'", name);
        assert_string_equal(other.text + strlen(other.text) - 28, "': No such file or directory");
        (void)error_set_errno(&plain, ENOENT, "opening");
        assert_string_equal(plain.text, "opening: No such file or directory");
}

/* As many as no loop over a list for each of them could take. */
static void long_lists_have_each_string_once(void **state)
{
        CLEANUP_STRLIST StrList list = {0};
        const size_t n = 200000;
        char text[32];
        (void)state;
        for (size_t round = 0; round < 2; round++)
                for (size_t i = 0; i < n; i++) {
                        (void)snprintf(text, sizeof(text), "%zu", i);
                        assert_int_equal(strlist_add_once(&list, text), 0);
                }
        assert_int_equal(list.n, n);
        assert_int_equal(strlist_add(&list, "0"), 0);
        assert_int_equal(strlist_add(&list, "last"), 0);
        assert_int_equal(strlist_find(&list, "0"), 0);
        assert_int_equal(strlist_find(&list, "last"), n + 1);
        assert_true(strlist_find(&list, "none") == SIZE_MAX);
        strlist_clear(&list);
        assert_true(strlist_find(&list, "0") == SIZE_MAX);
        assert_int_equal(strlist_add_once(&list, "0"), 0);
        assert_int_equal(strlist_find(&list, "0"), 0);
}

static void lists_of_directories_have_absolute_ones_only(void **state)
{
        static const char *const expected[] = {"/usr/bin", "/bin", "/x"};
        const char *at = "relative:/usr//bin/::/bin:./y:/a/../x:";
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
                CLEANUP_FREE char *dir = NULL;
                assert_int_equal(path_list_next(&at, &dir), 1);
                assert_string_equal(dir, expected[i]);
        }
        char *none = NULL;
        assert_int_equal(path_list_next(&at, &none), 0);
        assert_null(none);
}

static void below_is_by_components(void **state)
{
        (void)state;
        assert_true(path_is_below("/home/u", "/home"));
        assert_true(path_is_below("/home", "/home"));
        assert_true(path_is_below("/home", "/"));
        assert_false(path_is_below("/homer", "/home"));
        assert_false(path_is_below("/", "/home"));
}

static void each_path_is_in_the_one_above(void **state)
{
        (void)state;
        assert_int_equal(path_up("/a/b", 4), 2);
        assert_int_equal(path_up("/a/b", 2), 1);
        assert_int_equal(path_up("/a/b", 1), 0);
}

static void a_map_of_paths_finds_whole_paths(void **state)
{
        CLEANUP_PATH_MAP PathMap map = {0};
        char paths[1000][16];
        size_t got = 7;
        (void)state;
        assert_false(path_map_get(&map, "/0", &got));
        for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
                (void)snprintf(paths[i], sizeof(paths[i]), "/%zu", i);
                assert_int_equal(path_map_set(&map, paths[i], i), 0);
        }
        for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
                assert_true(path_map_get(&map, paths[i], &got));
                assert_int_equal(got, i);
        }
        assert_false(path_map_get(&map, "/1000", &got));
        assert_false(path_map_get(&map, "/", &got));
        assert_true(path_map_get_part(&map, "/12345", 3, &got));
        assert_int_equal(got, 12);
        assert_int_equal(path_map_set(&map, "/12", 5), 0);
        assert_true(path_map_get(&map, "/12", &got));
        assert_int_equal(got, 5);
        assert_int_equal(map.n, 1000);
}

static void joins_and_parents(void **state)
{
        (void)state;
        CLEANUP_FREE char *a = path_join("/", "usr"), *b = path_join("/usr", "/lib"),
                          *c = path_parent("/usr/lib"), *d = path_parent("/usr");
        assert_string_equal(a, "/usr");
        assert_string_equal(b, "/usr/lib");
        assert_string_equal(c, "/usr");
        assert_string_equal(d, "/");
        assert_string_equal(path_name("/usr/lib"), "lib");
}

static void lists_grow_and_stay_terminated(void **state)
{
        (void)state;
        CLEANUP_STRLIST StrList l = {0};
        for (int i = 0; i < 100; i++) {
                assert_int_equal(strlist_add_printf(&l, "%d", i), 0);
                assert_null(l.items[l.n]);
        }
        assert_int_equal(l.n, 100);
        assert_string_equal(l.items[99], "99");
        assert_true(strlist_has(&l, "42"));
        assert_false(strlist_has(&l, "100"));
}

static void an_array_grows_and_keeps_what_it_holds(void **state)
{
        (void)state;
        CLEANUP_FREE uint64_t *items = NULL;
        size_t n = 0, room = 0;
        for (; n < 100; n++) {
                assert_int_equal(ARRAY_GROW(items, n, room, 3), 0);
                assert_true(room > n);
                items[n] = n;
        }
        assert_int_equal(room, 192);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(items[i], i);
}

static void an_environment_holds_a_name_once(void **state)
{
        (void)state;
        CLEANUP_STRLIST StrList env = {0};
        assert_int_equal(env_list_set(&env, "A", "1"), 0);
        assert_int_equal(env_list_set(&env, "AB", "2"), 0);
        assert_int_equal(env_list_set(&env, "A", "3"), 0);
        assert_int_equal(env.n, 2);
        assert_string_equal(env.items[0], "A=3");
}

static void escaped(const char *text, const char *expected)
{
        char out[200];
        assert_string_equal(text_escape(text, out, sizeof(out)), expected);
}

static void control_bytes_never_reach_the_terminal(void **state)
{
        char small[8];
        (void)state;
        escaped("plain", "plain");
        escaped("\033[31mred", "\\x1b[31mred");
        escaped("a\nb\x7f", "a\\x0ab\\x7f");
        escaped("back\\slash", "back\\\\slash");
        escaped("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
        escaped("\xc2\x9b"
                "31m",
                "\\xc2\\x9b31m"); /* CSI as one C1 control */
        escaped("\xff\xc0\xaf", "\\xff\\xc0\\xaf");
        escaped("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
        assert_string_equal(text_escape("abcdefghij", small, sizeof(small)), "abcd...");
}

static void broken_utf8_is_replaced_for_json(void **state)
{
        (void)state;
        CLEANUP_FREE char *got = text_valid_utf8("a\xff"
                                                 "b");
        assert_string_equal(got, "a\xef\xbf\xbd"
                                 "b");
}

static void the_first_error_is_kept(void **state)
{
        Error err = {0};
        (void)state;
        assert_int_equal(error_set(&err, EPERM, "first %d", 1), -EPERM);
        assert_int_equal(error_set_errno(&err, -ENOENT, "second"), -ENOENT);
        assert_string_equal(err.text, "first 1");
        assert_int_equal(err.errnum, EPERM);
        assert_int_equal(err.exit_code, EXIT_KURUNG_FAILED);
}

static void an_error_says_why(void **state)
{
        Error err = {0};
        (void)state;
        (void)error_set_errno(&err, -ENOENT, "opening %s", "/x");
        assert_string_equal(err.text, "opening /x: No such file or directory");
}

static void an_error_without_a_number_is_one(void **state)
{
        (void)state;
        Error err = {0}, other = {0}, third = {0};
        assert_int_equal(error_set(&err, 0, "nobody knows"), -EIO);
        assert_int_equal(err.errnum, EIO);
        assert_int_equal(err.exit_code, EXIT_KURUNG_FAILED);
        assert_string_equal(err.text, "nobody knows");
        assert_int_equal(error_set_errno(&other, 0, "%s", "reading"), -EIO);
        assert_string_equal(other.text, "reading: Input/output error");
        assert_int_equal(error_set(&third, -EPERM, "%s", ""), -EPERM);
        assert_int_equal(third.errnum, EPERM);
        assert_string_equal(third.text, "Operation not permitted");
        assert_int_equal(error_set(NULL, 0, "nowhere"), -EIO);
}

static void no_error_leads_to_an_exit_status_of_0(void **state)
{
        (void)state;
        Error err = {0}, empty = {0};
        (void)error_set(&err, ENOENT, "x");
        assert_int_equal(error_set_exit(&err, 0), -ENOENT);
        assert_int_equal(err.exit_code, EXIT_KURUNG_FAILED);
        assert_int_equal(error_set_exit(&err, 256), -ENOENT);
        assert_int_equal(err.exit_code, EXIT_KURUNG_FAILED);
        assert_int_equal(error_set_exit(&err, EXIT_NOT_FOUND), -ENOENT);
        assert_int_equal(err.exit_code, EXIT_NOT_FOUND);
        assert_true(error_set_exit(&empty, EXIT_NOT_FOUND) < 0);
        assert_string_not_equal(empty.text, "");
}

static void a_failure_that_says_nothing_is_given_a_text(void **state)
{
        (void)state;
        Error err = {0}, said = {.errnum = ENOENT, .exit_code = EXIT_NOT_FOUND, .text = "x: missing"};
        assert_int_equal(error_ensure(&err, -EBUSY, "the stage"), -EBUSY);
        assert_string_equal(err.text, "the stage failed without an error message: Device or resource busy");
        assert_int_equal(err.exit_code, EXIT_KURUNG_FAILED);
        assert_int_equal(error_ensure(&said, -EBUSY, "the stage"), -ENOENT);
        assert_string_equal(said.text, "x: missing");
        assert_int_equal(said.exit_code, EXIT_NOT_FOUND);
        assert_int_equal(error_ensure(NULL, 0, "the stage"), -EIO);
        for (int errnum = -2; errnum < 2; errnum++) {
                Error forged = {.errnum = errnum, .exit_code = errnum * 1000};
                assert_true(error_ensure(&forged, 0, "it") < 0);
                assert_true(forged.errnum > 0);
                assert_int_equal(forged.exit_code, EXIT_KURUNG_FAILED);
                assert_string_not_equal(forged.text, "");
        }
}

static void an_error_of_another_process_is_completed(void **state)
{
        (void)state;
        int ends[2];
        Error empty = {0}, taken = {0}, forged = {.errnum = INT_MIN, .exit_code = -1};
        Message m;
        memset(forged.text, 'x', sizeof(forged.text));
        assert_true(error_take(&taken, &forged, "it") < 0);
        assert_int_equal(taken.errnum, EIO);
        assert_int_equal(strlen(taken.text), sizeof(taken.text) - 1);
        assert_int_equal(error_take(&taken, &empty, "it"), -EPROTO);
        assert_int_equal(taken.errnum, EIO);
        /* Sent empty by a stage, or by one that is hostile: */
        assert_int_equal(channel_make(ends), 0);
        assert_int_equal(channel_send_error(ends[0], &empty), 0);
        assert_int_equal(channel_receive(ends[1], &m, NULL), 1);
        assert_true(m.value > 0 && m.error.errnum > 0);
        assert_int_equal(m.error.exit_code, EXIT_KURUNG_FAILED);
        assert_string_not_equal(m.error.text, "");
        assert_int_equal(channel_fail(ends[0], &empty, 0, "the stage"), EXIT_KURUNG_FAILED);
        assert_int_equal(channel_receive(ends[1], &m, NULL), 1);
        assert_string_equal(m.error.text, "the stage failed without an error message: Input/output error");
        const Message bare = {.type = MSG_ERROR};
        Error got = {0};
        assert_int_equal(send(ends[0], &bare, sizeof(bare), 0), sizeof(bare));
        assert_int_equal(channel_expect_sync(ends[1], SYNC_EXEC, &got), -EPROTO);
        assert_string_not_equal(got.text, "");
        fd_close(ends[0]);
        fd_close(ends[1]);
}

static void messages_cross_whole_with_their_descriptor(void **state)
{
        int ends[2], fd = FD_NONE;
        Message m;
        Error err = {0};
        struct stat a, b;
        (void)state;
        assert_int_equal(channel_make(ends), 0);
        CLEANUP_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        assert_int_equal(channel_send(ends[0], MSG_TERMINAL, 7, null), 0);
        (void)error_set(&err, EIO, "text");
        assert_int_equal(channel_send_error(ends[0], &err), 0);
        assert_int_equal(channel_receive(ends[1], &m, &fd), 1);
        assert_int_equal(m.type, MSG_TERMINAL);
        assert_int_equal(m.value, 7);
        assert_int_equal(fstat(null, &a), 0);
        assert_int_equal(fstat(fd, &b), 0);
        assert_int_equal(a.st_rdev, b.st_rdev);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        fd_close(fd);
        Error got = {0};
        assert_int_equal(channel_expect_sync(ends[1], SYNC_EXEC, &got), -EIO);
        assert_string_equal(got.text, "text");
        fd_close(ends[0]);
        assert_int_equal(channel_receive(ends[1], &m, NULL), 0);
        fd_close(ends[1]);
}

/* Somebody's last words are read, also when he ended without having read ours. */
static void what_was_sent_before_an_end_is_received(void **state)
{
        int ends[2];
        Message m;
        (void)state;
        assert_int_equal(channel_make(ends), 0);
        assert_int_equal(channel_send(ends[1], MSG_SIGNAL, 15, FD_NONE), 0);
        assert_int_equal(channel_send(ends[0], MSG_EXIT, 3, FD_NONE), 0);
        fd_close(ends[0]);
        assert_int_equal(channel_receive(ends[1], &m, NULL), 1);
        assert_int_equal(m.type, MSG_EXIT);
        assert_int_equal(m.value, 3);
        assert_int_equal(channel_receive(ends[1], &m, NULL), 0);
        fd_close(ends[1]);
}

static void a_message_of_a_wrong_size_is_refused(void **state)
{
        int ends[2];
        Message m;
        (void)state;
        assert_int_equal(channel_make(ends), 0);
        assert_int_equal(write(ends[0], "abc", 3), 3);
        assert_int_equal(channel_receive(ends[1], &m, NULL), -EBADMSG);
        fd_close(ends[0]);
        fd_close(ends[1]);
}

static char *make_temporary(void)
{
        static char dir[64];
        (void)snprintf(dir, sizeof(dir), "/var/tmp/kurung-unit.XXXXXX");
        return mkdtemp(dir);
}

static void removing_survives_depth_modes_and_links(void **state)
{
        char *dir = make_temporary();
        (void)state;
        assert_non_null(dir);
        CLEANUP_FD int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (int i = 0; i < 4000; i++) {
                assert_int_equal(mkdirat(fd, "d", 0700), 0);
                int next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                fd_close(fd);
                fd = next;
                assert_true(fd >= 0);
        }
        fd_close(fd);
        assert_int_equal(mkdirat(top, "closed", 0700), 0);
        assert_int_equal(mkdirat(top, "closed/inner", 0700), 0);
        assert_int_equal(symlinkat("/etc", top, "closed/inner/link"), 0);
        assert_int_equal(fchmodat(top, "closed/inner", 0, 0), 0);
        assert_int_equal(fchmodat(top, "closed", 0, 0), 0);
        assert_int_equal(io_remove_tree_at(AT_FDCWD, dir), 0);
        assert_int_equal(access(dir, F_OK), -1);
        assert_int_equal(access("/etc", F_OK), 0);
        assert_int_equal(io_remove_tree_at(AT_FDCWD, dir), 0);
}

/*
 * Who still writes in a tree while it is removed: what is at @path is moved away and a link put there as soon
 * as a call for it has failed with @after. The calls of io.c come here, before libc's.
 */
static struct {
        const char *path;
        int after;
} attacker;

static long attacked(long r, const char *name)
{
        const char *slash = attacker.path ? strrchr(attacker.path, '/') : NULL;
        if (r >= 0 || !attacker.path || errno != attacker.after ||
            strcmp(name, slash ? slash + 1 : attacker.path) != 0)
                return r;
        const char *path = attacker.path;
        char moved[128];
        attacker.path = NULL;
        (void)snprintf(moved, sizeof(moved), "%s.moved", path);
        assert_int_equal(rename(path, moved), 0);
        assert_int_equal(symlink("/proc/self/cwd/victim", path), 0);
        errno = attacker.after;
        return r;
}

int unlinkat(int fd, const char *name, int flags)
{
        return (int)attacked(syscall(SYS_unlinkat, fd, name, flags), name);
}

int openat(int fd, const char *name, int flags, ...)
{
        va_list ap;
        va_start(ap, flags);
        mode_t mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? va_arg(ap, mode_t) : 0;
        va_end(ap);
        return (int)attacked(syscall(SYS_openat, fd, name, flags, mode), name);
}

/* Removes @top in which @path is exchanged by a link to a file outside, whose mode stays. */
static void removing_follows_no_link(const char *top, const char *path, int after)
{
        struct stat st;
        attacker.path = path;
        attacker.after = after;
        int r = io_remove_tree_at(AT_FDCWD, top);
        assert_null(attacker.path);
        assert_int_equal(stat("victim", &st), 0);
        assert_int_equal(st.st_mode & 07777, 0);
        assert_true(r == 0 || io_remove_tree_at(AT_FDCWD, top) == 0);
        assert_int_equal(access(top, F_OK), -1);
}

static int enter_with_victim(void **state)
{
        char *dir = make_temporary();
        if (!dir || chdir(dir) < 0)
                return -1;
        *state = strdup(dir);
        return *state && mknod("victim", S_IFREG, 0) == 0 ? 0 : -1;
}

static int leave(void **state)
{
        CLEANUP_FREE char *dir = *state;
        return chdir("/") < 0 ? -1 : io_remove_tree_at(AT_FDCWD, dir);
}

static void a_link_in_the_place_of_a_closed_directory_is_not_followed(void **state)
{
        (void)state;
        assert_int_equal(mkdir("closed", 0700) | mkdir("closed/x", 0700) | chmod("closed", 0), 0);
        removing_follows_no_link("closed", "closed", EACCES);
        assert_int_equal(mkdir("top", 0700) | mkdir("top/closed", 0700) | mkdir("top/closed/x", 0700), 0);
        assert_int_equal(chmod("top/closed", 0), 0);
        removing_follows_no_link("top", "top/closed", EACCES);
}

static void a_link_in_the_place_of_a_deep_directory_is_not_followed(void **state)
{
        char deep[100] = "deep";
        (void)state;
        assert_int_equal(mkdir(deep, 0700), 0);
        for (int i = 0; i < 16; i++) {
                (void)strcat(deep, i < 15 ? "/d" : "/deepest");
                assert_int_equal(mkdir(deep, 0700), 0);
        }
        CLEANUP_FREE char *inside = path_join(deep, "x");
        assert_int_equal(mkdir(inside, 0700), 0);
        removing_follows_no_link("deep", deep, ENOTEMPTY);
}

static void a_file_is_read_whole_up_to_its_limit(void **state)
{
        CLEANUP_FREE char *text = NULL;
        size_t len;
        (void)state;
        assert_int_equal(io_read_file_at(AT_FDCWD, "/proc/self/status", 1 << 20, &text, &len), 0);
        assert_int_equal(strlen(text), len);
        assert_non_null(strstr(text, "Pid:"));
        char *none = NULL;
        assert_int_equal(io_read_file_at(AT_FDCWD, "/proc/self/status", 10, &none, NULL), -EFBIG);
        assert_null(none);
}

/* The kernel releases it in a thread of its own; a pipe shows the end. */
static void an_abandoned_descriptor_is_closed_and_its_file_released(void **state)
{
        int ends[2], none = FD_NONE;
        (void)state;
        fds_abandon(&none, 1);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        const int given[] = {FD_NONE, ends[1]};
        fds_abandon(given, 2);
        assert_int_equal(fcntl(ends[1], F_GETFD), -1);
        assert_int_equal(errno, EBADF);
        struct pollfd end = {.fd = ends[0]};
        assert_int_equal(poll(&end, 1, 60000), 1);
        assert_int_equal(end.revents, POLLHUP);
        fd_close(ends[0]);
}

static void helpers_start_with_nothing(void **state)
{
        char *const argv[] = {
                (char[]){"/bin/sh"}, (char[]){"-c"},
                (char[]){"test -z \"$HOME\" && test \"$(ls /proc/self/fd | wc -l)\" -le 4 && exit 7"}, NULL};
        int pidfd = FD_NONE, status;
        (void)state;
        assert_int_equal(setenv("HOME", "/somewhere", 1), 0);
        int leak = open("/", O_RDONLY); /* not close-on-exec */
        assert_int_equal(process_spawn(argv, FD_NONE, &pidfd), 0);
        assert_int_equal(process_wait(pidfd, &status), 0);
        assert_int_equal(process_exit_code(status), 7);
        fd_close(pidfd);
        fd_close(leak);
        char *const missing[] = {(char[]){"/nonexistent"}, NULL};
        assert_int_equal(process_spawn(missing, FD_NONE, &pidfd), -ENOENT);
}

static void a_signal_is_128_more(void **state)
{
        int pidfd = FD_NONE, status;
        (void)state;
        pid_t pid = process_clone(0, &pidfd);
        if (pid == 0) {
                (void)raise(SIGKILL);
                _exit(0);
        }
        assert_true(pid > 0);
        assert_int_equal(process_wait(pidfd, &status), 0);
        assert_int_equal(process_exit_code(status), 128 + SIGKILL);
        assert_int_equal(process_signal(pidfd, SIGTERM), -ESRCH);
        fd_close(pidfd);
}

static int capture(const char *script, bool with_errors, size_t max, unsigned timeout_ms, char **ret,
                   int *status)
{
        char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char *)script, NULL};
        char *env[] = {(char[]){"A=b"}, NULL};
        return process_capture(argv, env, with_errors, max, timeout_ms, ret, NULL, status);
}

static void what_a_program_says(void **state)
{
        CLEANUP_FREE char *text = NULL, *all = NULL, *none = NULL;
        int status = 0;
        (void)state;
        /* Also where the caller ignores its children's ends. */
        void (*old)(int) = signal(SIGCHLD, SIG_IGN);
        assert_int_equal(capture("pwd; echo $A; echo x >&2; cat; ls /proc/self/fd | wc -l; exit 3", false,
                                 1000, 20000, &text, &status),
                         0);
        assert_string_equal(text, "/\nb\n4\n");
        assert_int_equal(process_exit_code(status), 3);
        assert_true(signal(SIGCHLD, old) == SIG_IGN);
        assert_int_equal(capture("echo x >&2", true, 1000, 20000, &all, &status), 0);
        assert_string_equal(all, "x\n");
        assert_int_equal(capture("echo 1234567", false, 7, 20000, &none, &status), -EFBIG);
        assert_int_equal(capture("exec sleep 1000", false, 7, 1, &none, &status), -ETIMEDOUT);
        assert_null(none);
        char *argv[] = {(char[]){"/nonexistent/x"}, NULL};
        assert_int_equal(process_capture(argv, argv + 1, false, 10, 20000, &none, NULL, &status), 0);
        assert_int_equal(process_exit_code(status), 127);
        free(TAKE_PTR(none));
}

int no_such_function(void);

#define GOOD_FUNCTIONS(X) X(length, strlen) X(compare, strcmp)
LIBRARY_OF_TWO(good, GOOD_FUNCTIONS, "good", "good1", "suggested", "a test", "libnone.so.1", "libc.so.6");
#define LESS_FUNCTIONS(X) X(length, strlen) X(other, no_such_function)
LIBRARY(less, LESS_FUNCTIONS, "less", "less1", "suggested", "a test", "libc.so.6");
#define NONE_FUNCTIONS(X) X(length, strlen)
LIBRARY(none, NONE_FUNCTIONS, "none", "none1", "suggested", "a test", "libnone.so.1");

static void a_library_is_there_as_a_whole_or_not(void **state)
{
        Error err = {0}, other = {0};
        (void)state;
        assert_int_equal(library_load(&good_library, &err), 0);
        assert_int_equal(library_load(&good_library, &err), 0);
        assert_int_equal(good.length("four"), 4);
        assert_int_equal(good.compare("a", "a"), 0);
        assert_int_equal(library_load(&less_library, &err), -ENOENT);
        assert_string_equal(err.text, "'less' does not provide no_such_function");
        assert_null(less.length);
        assert_int_equal(library_load(&none_library, &other), -ENOENT);
        assert_non_null(
                strstr(other.text, "cannot load 'none' (Debian, Ubuntu: apt install none1): libnone.so.1"));
        assert_int_equal(library_load(&none_library, NULL), -ENOENT);
}

static void random_names_begin_with_a_letter(void **state)
{
        char name[32];
        (void)state;
        for (int i = 0; i < 200; i++) {
                assert_int_equal(io_random_name("run-", name, sizeof(name)), 0);
                assert_int_equal(strlen(name), 16);
                assert_int_equal(strspn(name + 4, "0123456789abcdef"), 12);
                assert_true(name[4] >= 'a');
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(random_names_begin_with_a_letter),
                cmocka_unit_test(a_library_is_there_as_a_whole_or_not),
                cmocka_unit_test(what_a_program_says),
                cmocka_unit_test(paths_are_cleaned_without_climbing_above_the_root),
                cmocka_unit_test(paths_that_cannot_be_are_refused),
                cmocka_unit_test(a_long_name_does_not_cut_off_the_reason),
                cmocka_unit_test(long_lists_have_each_string_once),
                cmocka_unit_test(lists_of_directories_have_absolute_ones_only),
                cmocka_unit_test(below_is_by_components),
                cmocka_unit_test(each_path_is_in_the_one_above),
                cmocka_unit_test(a_map_of_paths_finds_whole_paths),
                cmocka_unit_test(joins_and_parents),
                cmocka_unit_test(lists_grow_and_stay_terminated),
                cmocka_unit_test(an_array_grows_and_keeps_what_it_holds),
                cmocka_unit_test(an_environment_holds_a_name_once),
                cmocka_unit_test(control_bytes_never_reach_the_terminal),
                cmocka_unit_test(broken_utf8_is_replaced_for_json),
                cmocka_unit_test(the_first_error_is_kept),
                cmocka_unit_test(an_error_says_why),
                cmocka_unit_test(an_error_without_a_number_is_one),
                cmocka_unit_test(no_error_leads_to_an_exit_status_of_0),
                cmocka_unit_test(a_failure_that_says_nothing_is_given_a_text),
                cmocka_unit_test(an_error_of_another_process_is_completed),
                cmocka_unit_test(messages_cross_whole_with_their_descriptor),
                cmocka_unit_test(what_was_sent_before_an_end_is_received),
                cmocka_unit_test(a_message_of_a_wrong_size_is_refused),
                cmocka_unit_test(removing_survives_depth_modes_and_links),
                cmocka_unit_test_setup_teardown(a_link_in_the_place_of_a_closed_directory_is_not_followed,
                                                enter_with_victim, leave),
                cmocka_unit_test_setup_teardown(a_link_in_the_place_of_a_deep_directory_is_not_followed,
                                                enter_with_victim, leave),
                cmocka_unit_test(a_file_is_read_whole_up_to_its_limit),
                cmocka_unit_test(an_abandoned_descriptor_is_closed_and_its_file_released),
                cmocka_unit_test(helpers_start_with_nothing),
                cmocka_unit_test(a_signal_is_128_more),
        };
        return RUN_TESTS(tests);
}
