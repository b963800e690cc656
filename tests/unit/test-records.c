/* SPDX-License-Identifier: Apache-2.0 */
/* Records that others may have changed: read back whole, or refused. */
#include "unit.h"

#include "spec/keys.h"
#include "state/live.h"

#include <stdio.h>

static void add(StrList *l, const char *s)
{
        assert_int_equal(strlist_add(l, s), 0);
}

/* Of a running sandbox; what is optional stays out but for what @optional asks for. */
static void make_record(LiveRecord *record, bool optional)
{
        *record = LIVE_RECORD_NONE;
        record->supervisor = 1000;
        record->init = 1001;
        record->supervisor_started = UINT64_MAX;
        record->started = (struct timespec){.tv_sec = 1700000000, .tv_nsec = 999999999};
        record->userns = 9;
        record->ns[NS_MNT] = 14;
        record->filter = strdup("0123456789abcdef");
        record->plan.identity.host_uid = getuid();
        record->plan.identity.host_gid = getgid();
        record->plan.identity.uid = UINT32_MAX - 1;
        record->plan.payload.cwd = strdup("/a b\n\x1b\\/\xff");
        record->plan.namespaces = UINT64_C(0x7e020000);
        record->plan.privileges.capabilities = UINT64_MAX >> 1;
        record->plan.network.mode = NETWORK_HOST;
        add(&record->plan.payload.argv, "");
        if (!optional)
                return;
        record->cgroup = strdup("/sys/fs/cgroup/x");
        record->unit = strdup("kurung-x.scope");
        record->work_dir = strdup("/work");
        record->plan.privileges.seccomp = SECCOMP_FILE;
        record->plan.privileges.seccomp_file = strdup("/filter");
        add(&record->plan.payload.argv, "two\nlines");
        add(&record->plan.payload.env, "A=\\x41");
        add(&record->spec, "Filesystem.WorkDir=rw");
        add(&record->text, "uid 0");
        add(&record->text, "");
}

static char *print(const LiveRecord *record, size_t *ret_len)
{
        char *text = NULL;
        assert_int_equal(live_record_print(record, &text, ret_len), 0);
        return text;
}

/* Whether the @len bytes are taken; what they hold is looked at under a sanitizer. */
static int parse(const char *text, size_t len)
{
        CLEANUP(live_record_clear) LiveRecord record = LIVE_RECORD_NONE;
        CLEANUP_FREE char *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, text, len);
        copy[len] = '\0';
        return live_record_parse(copy, &record);
}

static void records_come_back(void **state)
{
        (void)state;
        for (int optional = 0; optional < 2; optional++) {
                CLEANUP(live_record_clear) LiveRecord before;
                CLEANUP(live_record_clear) LiveRecord after = LIVE_RECORD_NONE;
                size_t len, again_len;
                make_record(&before, optional == 1);
                CLEANUP_FREE char *text = print(&before, &len);
                CLEANUP_FREE char *copy = strdup(text);
                assert_int_equal(live_record_parse(copy, &after), 0);
                CLEANUP_FREE char *again = print(&after, &again_len);
                assert_string_equal(text, again);
                assert_string_equal(after.plan.payload.cwd, before.plan.payload.cwd);
                assert_int_equal(after.plan.identity.uid, UINT32_MAX - 1);
                assert_true(after.supervisor_started == UINT64_MAX);
                assert_int_equal(after.plan.payload.argv.n, before.plan.payload.argv.n);
        }
}

static void a_record_that_was_cut_is_refused(void **state)
{
        CLEANUP(live_record_clear) LiveRecord record;
        size_t len;
        (void)state;
        make_record(&record, false);
        CLEANUP_FREE char *text = print(&record, &len);
        for (size_t i = 0; i < len; i++)
                assert_int_equal(parse(text, i), -EBADMSG);
        assert_int_equal(parse(text, len), 0);
}

/* The text with line @which replaced by @with, or without it (NULL). Owned. */
static char *with_line(const char *text, size_t which, const char *with)
{
        char *out = calloc(1, strlen(text) + (with ? strlen(with) : 0) + 2);
        assert_non_null(out);
        size_t n = 0;
        for (const char *p = text; *p; n++) {
                size_t len = strcspn(p, "\n") + 1;
                if (n != which)
                        strncat(out, p, len);
                else if (with)
                        strcat(strcat(out, with), "\n");
                p += len;
        }
        return out;
}

static void a_record_with_a_wrong_line_is_refused(void **state)
{
        CLEANUP(live_record_clear) LiveRecord record;
        size_t len, n = 0;
        (void)state;
        make_record(&record, false);
        CLEANUP_FREE char *text = print(&record, &len);
        for (const char *p = text; *p; p += strcspn(p, "\n") + 1, n++) {
                char name[64], line[128];
                (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, " \n"), p);
                /* Missing, without a value, unknown, twice. */
                CLEANUP_FREE char *missing = with_line(text, n, NULL);
                assert_int_equal(parse(missing, strlen(missing)), -EBADMSG);
                CLEANUP_FREE char *bare = with_line(text, n, name);
                assert_int_equal(parse(bare, strlen(bare)), -EBADMSG);
                (void)snprintf(line, sizeof(line), "x%s 1", name);
                CLEANUP_FREE char *unknown = with_line(text, n, line);
                assert_int_equal(parse(unknown, strlen(unknown)), -EBADMSG);
                bool is_list = str_eq(name, "argv");
                (void)snprintf(line, sizeof(line), "%.*s\n%.*s", (int)strcspn(p, "\n"), p,
                               (int)strcspn(p, "\n"), p);
                CLEANUP_FREE char *twice = with_line(text, n, line);
                assert_int_equal(parse(twice, strlen(twice)), is_list ? 0 : -EBADMSG);
                /* Of texts only what is escaped wrongly is wrong, and a path that is none. */
                static const char *const bad[] = {"\\x0", "\\q", "\\"};
                static const char *const bad_numbers[] = {"",
                                                          "x",
                                                          "1x",
                                                          " 1",
                                                          "+1",
                                                          "0x1",
                                                          "1.0",
                                                          "-",
                                                          "--1",
                                                          "18446744073709551616",
                                                          "-99999999999"};
                bool is_text = is_list || str_eq(name, "filter") || str_eq(name, "cwd");
                for (size_t i = 0; is_text && i < ARRAY_LEN(bad); i++) {
                        (void)snprintf(line, sizeof(line), "%s %s", name, bad[i]);
                        CLEANUP_FREE char *wrong = with_line(text, n, line);
                        assert_int_equal(parse(wrong, strlen(wrong)), -EBADMSG);
                }
                for (size_t i = 0; !is_text && i < ARRAY_LEN(bad_numbers); i++) {
                        (void)snprintf(line, sizeof(line), "%s %s", name, bad_numbers[i]);
                        CLEANUP_FREE char *wrong = with_line(text, n, line);
                        assert_int_equal(parse(wrong, strlen(wrong)), -EBADMSG);
                }
        }
}

static void what_no_sandbox_has_is_refused(void **state)
{
        static const char *const wrong[] = {
                "kurung-sandbox 1",
                "supervisor 1",
                "supervisor -5",
                "supervisor 4294967295",
                "init 0",
                "started-ns 1000000000",
                "started 9223372036854775808",
                "kept 2",
                "network 9",
                "network -1",
                "seccomp 9",
                "cgroup-kind 9",
                "seccomp 2",
                "cwd here",
                "cwd ",
                "host-uid 4294967295",
        };
        CLEANUP(live_record_clear) LiveRecord record;
        size_t len;
        (void)state;
        make_record(&record, false);
        CLEANUP_FREE char *text = print(&record, &len);
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                size_t n = 0, name = strcspn(wrong[i], " ") + 1;
                const char *p = text;
                while (*p && strncmp(p, wrong[i], name) != 0) {
                        p += strcspn(p, "\n") + 1;
                        n++;
                }
                assert_true(*p != '\0');
                CLEANUP_FREE char *changed = with_line(text, n, wrong[i]);
                assert_int_equal(parse(changed, strlen(changed)), -EBADMSG);
        }
        CLEANUP_FREE char *file = with_line(text, SIZE_MAX, NULL);
        assert_int_equal(parse(file, strlen(file)), 0);
        /* A filter's file without such a filter. */
        char more[4096];
        (void)snprintf(more, sizeof(more), "%sseccomp-file /x\n", text);
        assert_int_equal(parse(more, strlen(more)), -EBADMSG);
}

static const char *const lines[] = {
        "Filesystem.WorkDir=rw",
        "Filesystem.Home=persist:mine",
        "Filesystem.Hide=/etc/shadow",
        "Filesystem.ReadOnly=/usr:/opt",
        "Filesystem.Hide=/etc/hosts",
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
        assert_int_equal(second.n_ops, 3);
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
                cmocka_unit_test(records_come_back),
                cmocka_unit_test(a_record_that_was_cut_is_refused),
                cmocka_unit_test(a_record_with_a_wrong_line_is_refused),
                cmocka_unit_test(what_no_sandbox_has_is_refused),
                cmocka_unit_test(specs_come_back),
                cmocka_unit_test(a_spec_with_a_wrong_line_is_refused),
        };
        return RUN_TESTS(tests);
}
