/* SPDX-License-Identifier: Apache-2.0 */
/* Records that others may have changed: read back whole, or refused; and those of earlier versions. */
#include "record-lines.h"

#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "changes/hostdirs.h"
#include "spec/keys.h"
#include "state/kept_record.h"
#include "state/live_record.h"
#include "state/written_list.h"

#include <fcntl.h>

static void add(StrList *l, const char *s)
{
        assert_int_equal(strlist_add(l, s), 0);
}

/* Of a running sandbox; what is optional stays out but for what @optional asks for. */
static void make_live(LiveRecord *record, bool optional)
{
        *record = LIVE_RECORD_NONE;
        record->supervisor = 1000;
        record->init = 1001;
        record->supervisor_started = UINT64_MAX;
        record->started = (struct timespec){.tv_sec = 1700000000, .tv_nsec = 999999999};
        record->userns = 9;
        record->ns[NS_MNT] = 14;
        record->filter = strdup("0123456789abcdef");
        record->identity.host_uid = getuid();
        record->identity.host_gid = getgid();
        record->identity.uid = UINT32_MAX - 1;
        record->payload.cwd = strdup("/a b\n\x1b\\/\xff");
        record->namespaces = UINT64_C(0x7e020000);
        record->privileges.capabilities = UINT64_MAX >> 1;
        record->network = NETWORK_HOST;
        add(&record->payload.argv, "");
        if (!optional)
                return;
        record->cgroup = strdup("/sys/fs/cgroup/x");
        record->unit = strdup("kurung-x.scope");
        record->work_dir = strdup("/work");
        record->state_dir = strdup("/cache");
        record->runs_dir = strdup("/cache/kept");
        record->resources.user_manager = strdup("/manager");
        record->privileges.seccomp = SECCOMP_FILE;
        record->privileges.seccomp_file = strdup("/filter");
        add(&record->privileges.architectures, "x86");
        add(&record->payload.argv, "two\nlines");
        add(&record->payload.env, "A=\\x41");
        add(&record->spec, "Filesystem.WorkDir=rw");
        add(&record->ports, "127.0.0.1:8080:80/tcp");
        add(&record->text, "uid 0");
        add(&record->text, "");
}

static char *print_live(const LiveRecord *record)
{
        char *text = NULL;
        size_t len;
        assert_int_equal(live_record_print(record, &text, &len), 0);
        assert_int_equal(strlen(text), len);
        return text;
}

static int parse_live(const char *text, size_t len)
{
        CLEANUP(live_record_clear) LiveRecord record = LIVE_RECORD_NONE;
        return live_record_parse(text, len, &record);
}

static const RecordKind live_kind = {
        .parse = parse_live,
        .optional =
                (const char *const[]){"cgroup", "unit", "work-dir", "state-dir", "runs-dir", "user-manager",
                                      "architecture", "argv", "env", "spec", "port", "plan", NULL},
        .lists = (const char *const[]){"architecture", "argv", "env", "spec", "port", "plan", NULL},
};

static void live_records_come_back(void **state)
{
        (void)state;
        for (int optional = 0; optional < 2; optional++) {
                CLEANUP(live_record_clear) LiveRecord before;
                CLEANUP(live_record_clear) LiveRecord after = LIVE_RECORD_NONE;
                make_live(&before, optional == 1);
                CLEANUP_FREE char *text = print_live(&before);
                assert_int_equal(live_record_parse(text, strlen(text), &after), 0);
                CLEANUP_FREE char *again = print_live(&after);
                assert_string_equal(text, again);
                assert_string_equal(after.payload.cwd, before.payload.cwd);
                assert_true(after.identity.uid == UINT32_MAX - 1);
                assert_true(after.supervisor_started == UINT64_MAX);
                /* No line has them: they follow from what it has. */
                assert_true(after.privileges.capability_sets.ambient == UINT64_MAX >> 1);
                assert_int_equal(after.payload.argv.n, before.payload.argv.n);
                assert_int_equal(after.ns[NS_NET], FD_NONE);
        }
}

static void live_records_count_each_line(void **state)
{
        CLEANUP(live_record_clear) LiveRecord record;
        (void)state;
        make_live(&record, true);
        CLEANUP_FREE char *text = print_live(&record);
        check_each_line_to_count(&live_kind, text);
        CLEANUP(live_record_clear) LiveRecord least;
        make_live(&least, false);
        CLEANUP_FREE char *short_text = print_live(&least);
        assert_int_equal(parse_live(short_text, strlen(short_text)), 0);
        strlist_clear(&least.payload.argv);
        CLEANUP_FREE char *no_argv = print_live(&least);
        assert_int_equal(parse_live(no_argv, strlen(no_argv)), -EBADMSG);
}

static void live_numbers_are_in_their_range(void **state)
{
        static const char fd_min[] = "-9", fd_below[] = "-10", int_max[] = "2147483647",
                          int_above[] = "2147483648", u64_max[] = "18446744073709551615",
                          u64_above[] = "18446744073709551616", id_max[] = "4294967294",
                          id_above[] = "4294967295";
        const struct {
                const char *name, *min, *below, *max, *above;
        } numbers[] = {
                {"supervisor", "2", "1", int_max, int_above},
                {"supervisor-started", "0", "-1", u64_max, u64_above},
                {"init", "2", "1", int_max, int_above},
                {"started", "0", "-1", "9223372036854775807", "9223372036854775808"},
                {"started-ns", "0", "-1", "999999999", "1000000000"},
                {"user", fd_min, fd_below, int_max, int_above},
                {"cgroup-ns", fd_min, fd_below, int_max, int_above},
                {"ipc", fd_min, fd_below, int_max, int_above},
                {"uts", fd_min, fd_below, int_max, int_above},
                {"net", fd_min, fd_below, int_max, int_above},
                {"pid", fd_min, fd_below, int_max, int_above},
                {"mnt", fd_min, fd_below, int_max, int_above},
                {"payload-user", fd_min, fd_below, int_max, int_above},
                {"kept", "0", "-1", "1", "2"},
                {"host-gid", "0", "-1", id_max, id_above},
                {"uid", "0", "-1", id_max, id_above},
                {"gid", "0", "-1", id_max, id_above},
                {"map-by-helpers", "0", "-1", "1", "2"},
                {"namespaces", "0", "-1", u64_max, u64_above},
                {"payload-userns", "0", "-1", "1", "2"},
                {"network", "0", "-1", "2", "3"},
                {"foreign-root", "0", "-1", "1", "2"},
                {"cgroup-kind", "0", "-1", "2", "3"},
                {"weak-tasks-max", "0", "-1", u64_max, u64_above},
                {"disk-max", "0", "-1", u64_max, u64_above},
                {"first-to-die", "0", "-1", "1", "2"},
                {"capabilities", "0", "-1", u64_max, u64_above},
                {"no-new-privileges", "0", "-1", "1", "2"},
                {"host-writable", "0", "-1", "1", "2"},
                {"landlock-scope", "0", "-1", "1", "2"},
        };
        CLEANUP(live_record_clear) LiveRecord record;
        (void)state;
        make_live(&record, true);
        CLEANUP_FREE char *text = print_live(&record);
        for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
                check_number(&live_kind, text, numbers[i].name, numbers[i].min, numbers[i].below,
                             numbers[i].max, numbers[i].above);
        static const char *const wrong[][2] = {
                {"seccomp", "0"},   {"seccomp", "4"}, {"seccomp", "-1"},          {"cwd", "here"},
                {"cwd", ""},        {"cwd", "/a/.."}, {"argv", "\\x0"},           {"filter", "\\q"},
                {"host-uid", "-1"}, {"host-uid", ""}, {"host-uid", "4294967294"},
        };
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                check_value(&live_kind, text, wrong[i][0], wrong[i][1], false);
}

/* Of a kept sandbox, with all that a record can have. */
static void make_kept(KeptRecord *record)
{
        *record = (KeptRecord){
                .started = {.tv_sec = 1700000000, .tv_nsec = 999999999},
                .ended = true,
                .exit_code = 255,
                .identity = {.host_uid = getuid(),
                             .host_gid = getgid(),
                             .uid = UINT32_MAX - 1,
                             .uid_map = {.items = {{0, getuid(), 1}, {1, 100000, 65536}}, .n = 2},
                             .gid_map = {.items = {{0, getgid(), 1}}, .n = 1},
                             .map_by_newuidmap = true,
                             .newuidmap = strdup("/usr/bin/newuidmap"),
                             .newgidmap = strdup("/usr/bin/newgidmap")},
                .cwd = strdup("/a b\n\x1b\\/\xff"),
                .work_dir = strdup("/work"),
                .layers = calloc(3, sizeof(*record->layers)),
                .n_layers = 3,
        };
        add(&record->argv, "");
        add(&record->argv, "two\nlines");
        add(&record->spec, "Filesystem.WorkDir=rw");
        for (unsigned i = 0; i < 3; i++) {
                ChangesLayer *layer = &record->layers[i];
                layer->engine = (ChangesEngine)i;
                layer->name = strdup("1234567890123456");
                layer->dest = strdup("/home");
                if (layer->engine != CHANGES_SCRATCH)
                        layer->lower = strdup("/srv/\xc3\xa9");
        }
        add(&record->layers[1].covered, "/home");
        add(&record->layers[1].covered, "/home/me/x");
}

static char *print_kept(const KeptRecord *record)
{
        char *text = NULL;
        size_t len;
        Error err = {0};
        assert_int_equal(kept_record_print(record, &text, &len, &err), 0);
        assert_int_equal(strlen(text), len);
        return text;
}

static int parse_kept(const char *text, size_t len)
{
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        Error err = {0};
        int r = kept_record_parse(text, len, &record, &err);
        assert_int_equal(-err.errnum, r);
        return r;
}

static const RecordKind kept_kind = {
        .parse = parse_kept,
        .optional = (const char *const[]){"work-dir", "argv", "spec", "layer.covered", NULL},
        .lists = (const char *const[]){"argv", "spec", "layer.covered", NULL},
};

static void kept_records_come_back(void **state)
{
        CLEANUP(kept_record_clear) KeptRecord before;
        CLEANUP(kept_record_clear) KeptRecord after = {0};
        Error err = {0};
        (void)state;
        make_kept(&before);
        CLEANUP_FREE char *text = print_kept(&before);
        assert_int_equal(kept_record_parse(text, strlen(text), &after, &err), 0);
        CLEANUP_FREE char *again = print_kept(&after);
        assert_string_equal(text, again);
        assert_string_equal(after.cwd, before.cwd);
        assert_int_equal(after.n_layers, 3);
        assert_int_equal(after.layers[1].engine, CHANGES_FUSE);
        assert_string_equal(after.layers[1].lower, "/srv/\xc3\xa9");
        assert_string_equal(after.layers[1].covered.items[1], "/home/me/x");
        assert_null(after.layers[2].lower);
        assert_int_equal(after.identity.uid_map.items[1].outside, 100000);
}

static void kept_records_count_each_line(void **state)
{
        CLEANUP(kept_record_clear) KeptRecord record;
        (void)state;
        make_kept(&record);
        CLEANUP_FREE char *text = print_kept(&record);
        check_each_line_to_count(&kept_kind, text);
}

static void kept_values_are_in_their_range(void **state)
{
        static const char *const wrong[][2] = {
                {"ended", "2"},
                {"cwd", "relative"},
                {"cwd", "/a/../b"},
                {"newuidmap", "newuidmap"},
                {"newgidmap", "/usr/bin/"},
                {"layer.engine", "none"},
                {"layer.name", ""},
                {"layer.name", "../1"},
                {"layer.name", "1a"},
                {"layer.name", "12345678901234567"},
                {"layer.dest", "home"},
                {"layer.dest", "/home/./x"},
                {"layer.lower", ""},
                {"layer.lower", "/srv/.."},
                {"layer.covered", "/elsewhere"},
                {"layer.covered", "/homes"},
                {"host-uid", "4294967294"},
        };
        CLEANUP(kept_record_clear) KeptRecord record;
        (void)state;
        make_kept(&record);
        CLEANUP_FREE char *text = print_kept(&record);
        check_number(&kept_kind, text, "started", "0", "-1", "9223372036854775807", "9223372036854775808");
        check_number(&kept_kind, text, "started-ns", "0", "-1", "999999999", "1000000000");
        check_number(&kept_kind, text, "exit-code", "0", "-1", "255", "256");
        check_number(&kept_kind, text, "uid", "0", "-1", "4294967294", "4294967295");
        check_number(&kept_kind, text, "gid", "0", "-1", "4294967294", "4294967295");
        check_number(&kept_kind, text, "host-gid", "0", "-1", "4294967294", "4294967295");
        check_number(&kept_kind, text, "map-by-helpers", "0", "-1", "1", "2");
        check_number(&kept_kind, text, "uid-map.inside", "0", "-1", "4294967295", "4294967296");
        check_number(&kept_kind, text, "uid-map.outside", "0", "-1", "4294967295", "4294967296");
        check_number(&kept_kind, text, "gid-map.count", "1", "0", "4294967295", "4294967296");
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                check_value(&kept_kind, text, wrong[i][0], wrong[i][1], false);
}

/* No more layers and ranges than there is room for. */
static void kept_records_are_bounded(void **state)
{
        CLEANUP(kept_record_clear) KeptRecord record;
        (void)state;
        make_kept(&record);
        for (size_t n = PLAN_RANGES_MAX; n <= PLAN_RANGES_MAX + 1; n++) {
                char *text = NULL;
                CLEANUP_FREE char *base = print_kept(&record);
                size_t len;
                FILE *f = open_memstream(&text, &len);
                const char *end = strstr(base, "uid-map.inside");
                assert_non_null(f);
                (void)fwrite(base, 1, (size_t)(end - base), f);
                for (size_t i = 2; i < n; i++)
                        (void)fprintf(f, "uid-map.inside %zu\nuid-map.outside 5\nuid-map.count 1\n", i);
                (void)fputs(end, f);
                assert_int_equal(fclose(f), 0);
                assert_int_equal(parse_kept(text, len), n == PLAN_RANGES_MAX ? 0 : -EBADMSG);
                free(text);
        }
        for (size_t n = KEPT_LAYERS_MAX; n <= KEPT_LAYERS_MAX + 1; n++) {
                char *text = NULL;
                CLEANUP_FREE char *base = print_kept(&record);
                size_t len;
                FILE *f = open_memstream(&text, &len);
                assert_non_null(f);
                (void)fwrite(base, 1, strlen(base) - strlen("end\n"), f);
                for (size_t i = 3; i < n; i++)
                        (void)fputs("layer.engine scratch\nlayer.name 1\nlayer.dest /x\nlayer.project 0\n",
                                    f);
                (void)fputs("end\n", f);
                assert_int_equal(fclose(f), 0);
                assert_int_equal(parse_kept(text, len), n == KEPT_LAYERS_MAX ? 0 : -EBADMSG);
                free(text);
        }
}

/* A record of tests/unit/records, with @mine in place of @theirs: its user is this one. Owned. */
static char *read_record(const char *name, const char *theirs, const char *mine)
{
        char path[4096];
        CLEANUP_FREE char *text = NULL;
        const char *dir = getenv("SRCDIR");
        (void)snprintf(path, sizeof(path), "%s/tests/unit/records/%s", dir ? dir : ".", name);
        assert_int_equal(io_read_file_at(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
        char *at = strstr(text, theirs), *changed = NULL;
        assert_non_null(at);
        assert_true(asprintf(&changed, "%.*s%s%u%s", (int)(at - text), text, mine, getuid(),
                             at + strlen(theirs)) > 0);
        return changed;
}

/* What is read of a former version is the same in the form of this one. */
static void check_same_in_new_form(const KeptRecord *record)
{
        CLEANUP(kept_record_clear) KeptRecord second = {0};
        Error err = {0};
        CLEANUP_FREE char *text = print_kept(record);
        assert_true(str_starts(text, "kurung-kept 5\n"));
        assert_int_equal(kept_record_parse(text, strlen(text), &second, &err), 0);
        CLEANUP_FREE char *again = print_kept(&second);
        assert_string_equal(text, again);
}

static void restore_spec(const KeptRecord *record, const char *line)
{
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        assert_true(strlist_has(&record->spec, line));
        assert_int_equal(spec_init(&spec), 0);
        assert_int_equal(spec_restore(&record->spec, "the record", &spec, &err), 0);
}

/* Written by kurung 0.1.0, run as oneself. */
static void kept_records_of_0_1_are_read(void **state)
{
        static const char *const dests[] = {"/etc", "/opt", "/usr", "/var", "/home/me", "/home/me/project"};
        CLEANUP(kept_record_clear) KeptRecord rec = {0};
        Error err = {0};
        (void)state;
        if (json_load(&err) < 0)
                skip();
        CLEANUP_FREE char *json = read_record("kept-0.1.json", "\"host_uid\":1000", "\"host_uid\":");
        assert_int_equal(kept_record_parse(json, strlen(json), &rec, &err), 0);
        assert_true(rec.started.tv_sec == 1795894790 && rec.started.tv_nsec == 313641603);
        assert_true(rec.ended && rec.exit_code == 3);
        assert_string_equal(rec.argv.items[2], "printf \"a\\n\">\"new file\"; exit 3");
        assert_string_equal(rec.cwd, "/home/me/project");
        assert_string_equal(rec.work_dir, "/home/me/project");
        restore_spec(&rec, "Environment.Set=A=b\\tc");
        assert_string_equal(rec.identity.newgidmap, "/usr/bin/newgidmap");
        assert_int_equal(rec.identity.gid_map.n, 3);
        assert_int_equal(rec.identity.gid_map.items[2].count, 64500);
        assert_int_equal(rec.n_layers, ARRAY_LEN(dests));
        for (size_t i = 0; i < ARRAY_LEN(dests); i++)
                assert_string_equal(rec.layers[i].dest, dests[i]);
        assert_string_equal(rec.layers[3].covered.items[3], "/var/log");
        assert_int_equal(rec.layers[4].engine, CHANGES_SCRATCH);
        assert_null(rec.layers[4].lower);
        check_same_in_new_form(&rec);
}

/* Written by kurung before 0.2, run as root inside. */
static void kept_records_before_0_2_are_read(void **state)
{
        CLEANUP(kept_record_clear) KeptRecord rec = {0};
        Error err = {0};
        (void)state;
        if (json_load(&err) < 0)
                skip();
        CLEANUP_FREE char *json = read_record("kept-0.2pre.json", "\"host_uid\":1000", "\"host_uid\":");
        assert_int_equal(kept_record_parse(json, strlen(json), &rec, &err), 0);
        assert_int_equal(rec.identity.uid, 0);
        assert_int_equal(rec.identity.uid_map.items[1].count, 65536);
        assert_int_equal(rec.n_layers, 3);
        assert_int_equal(rec.layers[0].engine, CHANGES_FUSE);
        assert_int_equal(rec.layers[0].covered.n, 28);
        restore_spec(&rec, "Identity.RunAs=root");
        check_same_in_new_form(&rec);
}

static void json_that_is_wrong_is_refused(void **state)
{
        static const char *const wrong[][2] = {
                {"\"version\":2", "\"version\":1"},
                {"\"version\":2", "\"version\":3"},
                {"\"version\":2,", ""},
                {"\"started\":1795894790", "\"started\":-1"},
                {"\"started_ns\":313641603", "\"started_ns\":1000000000"},
                {"\"ended\":true", "\"ended\":1"},
                {"\"exit_code\":3", "\"exit_code\":256"},
                {"\"exit_code\":3,", ""},
                {"\"cwd\":\"/home/me", "\"cwd\":\"home/me"},
                {"\"uid\":1000", "\"uid\":4294967295"},
                {"\"newuidmap\":\"/usr/bin/newuidmap\"", "\"newuidmap\":\"\""},
                {"\"newuidmap\":\"/usr/bin/newuidmap\"", "\"newuidmap\":\"newuidmap\""},
                {"\"count\":64528", "\"count\":0"},
                {"\"uid_map\":[", "\"uid_map\":[1,"},
                {"\"engine\":\"kernel\"", "\"engine\":\"none\""},
                {"\"name\":\"3\"", "\"name\":\"../3\""},
                {"\"dest\":\"/etc\"", "\"dest\":\"/etc/\""},
                {"\"lower\":\"/etc\"", "\"lower\":\"\""},
                {"\"lower\":\"/etc\"", "\"lower\":7"},
                {"\"/var/mail\"", "\"/usr/mail\""},
                {"\"layers\":[", "\"layer\":["},
                {"\"argv\":[", "\"argv\":[0,"},
        };
        Error err = {0};
        (void)state;
        if (json_load(&err) < 0)
                skip();
        CLEANUP_FREE char *json = read_record("kept-0.1.json", "\"host_uid\":1000", "\"host_uid\":");
        /* Of the last two bytes one is needed. */
        for (size_t i = 0; i < strlen(json) - 2; i++)
                assert_int_equal(parse_kept(json, i), -EBADMSG);
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                CLEANUP_FREE char *changed = NULL;
                const char *at = strstr(json, wrong[i][0]);
                assert_non_null(at);
                assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - json), json, wrong[i][1],
                                     at + strlen(wrong[i][0])) > 0);
                if (parse_kept(changed, strlen(changed)) != -EBADMSG)
                        fail_msg("%s was taken", wrong[i][1]);
        }
}

/* Of one that runs while kurung is replaced by a later one. */
static void running_ones_of_before_are_read(void **state)
{
        CLEANUP(live_record_clear) LiveRecord rec = LIVE_RECORD_NONE;
        (void)state;
        CLEANUP_FREE char *text = read_record("sandbox-2", "host-uid 1000", "host-uid ");
        assert_int_equal(live_record_parse(text, strlen(text), &rec), 0);
        assert_int_equal(rec.init, 2849);
        assert_int_equal(rec.ns[NS_PAYLOAD_USER], FD_NONE);
        assert_string_equal(rec.work_dir, "/home/me/project");
        assert_string_equal(rec.payload.argv.items[2], "cat /home/me/ff >/dev/null");
        assert_true(strlist_has(&rec.text, "op symlink /lib from=usr/lib no-follow"));
        CLEANUP_FREE char *now = print_live(&rec);
        assert_int_equal(parse_live(now, strlen(now)), 0);
        /* And none of another kind, or of one that is not known. */
        CLEANUP_FREE char *later = with_line(text, 0, "kurung-sandbox 4");
        assert_int_equal(parse_live(later, strlen(later)), -ENOTSUP);
        CLEANUP_FREE char *other = with_line(text, 0, "kurung-kept 3");
        assert_int_equal(parse_live(other, strlen(other)), -EBADMSG);
}

static int parse_written(const char *text, size_t len)
{
        CLEANUP(written_list_clear) WrittenList list = {0};
        return written_list_parse(text, len, &list);
}

static const RecordKind written_kind = {
        .parse = parse_written,
        .optional = (const char *const[]){NULL},
        .lists = (const char *const[]){NULL},
};

static void lists_of_written_trees_come_back(void **state)
{
        static const char u64_max[] = "18446744073709551615", u64_above[] = "18446744073709551616";
        CLEANUP(written_list_clear) WrittenList list = {0};
        CLEANUP(written_list_clear) WrittenList again = {0};
        CLEANUP_FREE char *text = NULL;
        size_t len;
        (void)state;
        assert_int_equal(
                written_list_add(&list, (WrittenTree){1, UINT64_MAX, INT64_MIN, NULL}, "/a\n1 2 3 /b"), 0);
        assert_int_equal(written_list_add(&list, (WrittenTree){2, 3, 0, NULL}, "/"), 0);
        assert_int_equal(fields_print(&written_list_fields, &list, &text, &len), 0);
        check_each_line_to_count(&written_kind, text);
        check_number(&written_kind, text, "tree.device", "0", "-1", u64_max, u64_above);
        check_number(&written_kind, text, "tree.inode", "0", "-1", u64_max, u64_above);
        check_number(&written_kind, text, "tree.born", "-9223372036854775808", "-9223372036854775809",
                     "9223372036854775807", "9223372036854775808");
        check_value(&written_kind, text, "tree.path", "a", false);
        check_value(&written_kind, text, "tree.path", "/a/..", false);
        /* It adds to what is there. */
        assert_int_equal(written_list_parse(text, len, &again), 0);
        assert_int_equal(written_list_parse(text, len, &again), 0);
        assert_int_equal(again.n, 4);
        assert_true(written_list_has(&again, &list.items[0], "/a\n1 2 3 /b"));
        assert_true(written_is_same(&again.items[3], &list.items[1]));
}

static int parse_directories(const char *text, size_t len)
{
        CLEANUP(hostdirs_clear) HostDirs dirs = {0};
        return hostdirs_parse(text, len, &dirs);
}

static const RecordKind directories_kind = {
        .parse = parse_directories,
        .optional = (const char *const[]){NULL},
        .lists = (const char *const[]){NULL},
};

static void records_of_directories_come_back(void **state)
{
        static const char u64_max[] = "18446744073709551615", u64_above[] = "18446744073709551616";
        const HostDir line = {
                .layer = 46, .ino = UINT64_MAX, .born = INT64_MIN, .mode = 07777, .state = HOST_DIR_DOUBTFUL};
        CLEANUP(hostdirs_clear) HostDirs dirs = {0};
        CLEANUP(hostdirs_clear) HostDirs again = {0};
        CLEANUP_FREE char *text = NULL;
        size_t len;
        (void)state;
        assert_int_equal(hostdirs_add(&dirs, line, "/a\n1 2 3 /b"), 0);
        assert_int_equal(hostdirs_add(&dirs, (HostDir){.layer = 46, .ino = 2}, "/"), 0);
        assert_int_equal(fields_print(&hostdirs_fields, &dirs, &text, &len), 0);
        check_each_line_to_count(&directories_kind, text);
        check_number(&directories_kind, text, "directory.layer", "0", "-1", u64_max, u64_above);
        check_number(&directories_kind, text, "directory.inode", "0", "-1", u64_max, u64_above);
        check_number(&directories_kind, text, "directory.mode", "0", "-1", "4095", "4096");
        check_number(&directories_kind, text, "directory.attributes", "0", "-1", u64_max, u64_above);
        check_number(&directories_kind, text, "directory.born", "-9223372036854775808",
                     "-9223372036854775809", "9223372036854775807", "9223372036854775808");
        check_value(&directories_kind, text, "directory.state", "", false);
        check_value(&directories_kind, text, "directory.state", "other", false);
        check_value(&directories_kind, text, "directory.path", "a", false);
        check_value(&directories_kind, text, "directory.path", "/a/..", false);
        check_value(&directories_kind, text, "directory.path", "/", false); /* listed twice */
        check_value(&directories_kind, text, "complete", "2", false);
        assert_int_equal(hostdirs_parse(text, len, &again), 0);
        assert_int_equal(again.n, 2);
        const HostDir *found = hostdirs_find(&again, 46, "/a\n1 2 3 /b");
        assert_true(found && hostdir_is_same(found, &line) && found->state == HOST_DIR_DOUBTFUL);
        assert_null(hostdirs_find(&again, 47, "/"));
        assert_null(hostdirs_find(&again, 46, "/a"));
}

static void lists_of_written_trees_of_0_1_are_read(void **state)
{
        static const char old[] =
                "65024 1171495 1795894151277641603 /home/me/project\0001 2 -3 /a\n b\0004 5 0 /";
        static const struct {
                const char *text;
                size_t len;
        } wrong[] = {{"1 2 3 /a", 8},   {"1 2 3 /a\0x", 10}, {"1 2 3 a", 8}, {"1 2 /a", 7},
                     {"1 2 3 /a/", 10}, {"x 2 3 /a", 9},     {"\0", 1},      {"", 0}};
        CLEANUP(written_list_clear) WrittenList list = {0};
        (void)state;
        assert_int_equal(written_list_parse(old, sizeof(old), &list), 0);
        assert_int_equal(list.n, 3);
        assert_true(list.items[0].dev == 65024 && list.items[0].ino == 1171495 &&
                    list.items[0].born == 1795894151277641603);
        assert_string_equal(list.items[0].path, "/home/me/project");
        assert_true(list.items[1].born == -3);
        assert_string_equal(list.items[1].path, "/a\n b");
        assert_string_equal(list.items[2].path, "/");
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(parse_written(wrong[i].text, wrong[i].len), -EBADMSG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(live_records_come_back),
                cmocka_unit_test(live_records_count_each_line),
                cmocka_unit_test(live_numbers_are_in_their_range),
                cmocka_unit_test(kept_records_come_back),
                cmocka_unit_test(kept_records_count_each_line),
                cmocka_unit_test(kept_values_are_in_their_range),
                cmocka_unit_test(kept_records_are_bounded),
                cmocka_unit_test(kept_records_of_0_1_are_read),
                cmocka_unit_test(kept_records_before_0_2_are_read),
                cmocka_unit_test(json_that_is_wrong_is_refused),
                cmocka_unit_test(running_ones_of_before_are_read),
                cmocka_unit_test(lists_of_written_trees_come_back),
                cmocka_unit_test(records_of_directories_come_back),
                cmocka_unit_test(lists_of_written_trees_of_0_1_are_read),
        };
        return RUN_TESTS(tests);
}
