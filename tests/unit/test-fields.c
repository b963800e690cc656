/* SPDX-License-Identifier: Apache-2.0 */
/* Records by the tables of their fields: printed, read back whole or refused, and freed. */
#include "record-lines.h"

#include "base/fields.h"
#include "base/json.h"

typedef struct Part {
        uint32_t id;
        char *name;
        StrList words;
} Part;

typedef struct Range {
        uint32_t from, to;
} Range;

typedef struct Thing {
        int number;
        uint32_t id;
        uint64_t size;
        int64_t time;
        bool flag;
        enum { RED, GREEN, BLUE } color;
        char *text;
        char *path;
        StrList list;
        Part *parts;
        size_t n_parts;
        Range ranges[3];
        size_t n_ranges;
} Thing;

static const char *const colors[] = {"red", "green", "blue"};

static const Field part_items[] = {
        NUMBER_FIELD(Part, id, "id", .max = 9),
        TEXT_FIELD(Part, name, "name", .optional = true),
        LIST_FIELD(Part, words, "word", .optional = true, .max = 2),
};
static const FieldTable part_fields = {.size = sizeof(Part), .items = part_items, .n = ARRAY_LEN(part_items)};
static const Field range_items[] = {
        NUMBER_FIELD(Range, from, "from", .max = UINT32_MAX),
        NUMBER_FIELD(Range, to, "to", .min = 1, .max = UINT32_MAX),
};
static const FieldTable range_fields = {
        .size = sizeof(Range), .items = range_items, .n = ARRAY_LEN(range_items)};

static const Field items[] = {
        NUMBER_FIELD(Thing, number, "number", .min = -5, .max = 2147483647),
        NUMBER_FIELD(Thing, id, "id", .max = UINT32_MAX - 1),
        NUMBER_FIELD(Thing, size, "size", .min = 3, .max = UINT64_MAX),
        NUMBER_FIELD(Thing, time, "time", .min = INT64_MIN, .max = INT64_MAX),
        BOOL_FIELD(Thing, flag, "flag"),
        ENUM_FIELD(Thing, color, "color", .names = colors, .max = BLUE, .since = 2),
        TEXT_FIELD(Thing, text, "text", .optional = true),
        TEXT_FIELD(Thing, path, "path", .check = fields_check_path),
        LIST_FIELD(Thing, list, "list", .max = 3),
        ROWS_FIELD(Thing, parts, n_parts, "part", .json = "parts", .optional = true, .rows = &part_fields,
                   .max = 4),
        ARRAY_FIELD(Thing, ranges, n_ranges, "some-range", .rows = &range_fields, .max = 3),
};
static const FieldTable fields = {.kind = "thing",
                                  .version = 2,
                                  .oldest = 1,
                                  .ended = 2,
                                  .size = sizeof(Thing),
                                  .items = items,
                                  .n = ARRAY_LEN(items)};

static const char text[] = "kurung-thing 2\n"
                           "number -5\n"
                           "id 4294967294\n"
                           "size 18446744073709551615\n"
                           "time -9223372036854775808\n"
                           "flag 1\n"
                           "color blue\n"
                           "text a b\\x0a\\\\\n"
                           "path /a b\n"
                           "list \n"
                           "list two\n"
                           "part.id 1\n"
                           "part.name one\n"
                           "part.word x\n"
                           "part.word y\n"
                           "part.id 2\n"
                           "part.id 3\n"
                           "part.name three\n"
                           "some-range.from 0\n"
                           "some-range.to 1\n"
                           "some-range.from 4294967295\n"
                           "some-range.to 4294967295\n"
                           "end\n";

static void clear(Thing *t)
{
        fields_clear(&fields, t);
}

static int parse(const char *bytes, size_t len)
{
        CLEANUP(clear) Thing t = {0};
        /* A copy of its own length, so that a sanitizer sees a look behind it. */
        CLEANUP_FREE char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, bytes, len);
        return fields_parse(&fields, copy, len, &t);
}

static const RecordKind kind = {.parse = parse};

static void a_record_comes_back(void **state)
{
        CLEANUP(clear) Thing t = {0};
        CLEANUP_FREE char *again = NULL;
        size_t len;
        (void)state;
        assert_int_equal(fields_parse(&fields, text, strlen(text), &t), 0);
        assert_int_equal(t.number, -5);
        assert_true(t.id == UINT32_MAX - 1 && t.size == UINT64_MAX && t.time == INT64_MIN);
        assert_true(t.flag);
        assert_int_equal(t.color, BLUE);
        assert_string_equal(t.text, "a b\n\\");
        assert_string_equal(t.path, "/a b");
        assert_int_equal(t.list.n, 2);
        assert_string_equal(t.list.items[0], "");
        assert_int_equal(t.n_parts, 3);
        assert_string_equal(t.parts[0].name, "one");
        assert_int_equal(t.parts[0].words.n, 2);
        assert_null(t.parts[1].name);
        assert_int_equal(t.parts[2].id, 3);
        assert_int_equal(t.n_ranges, 2);
        assert_true(t.ranges[1].from == UINT32_MAX);
        assert_int_equal(fields_print(&fields, &t, &again, &len), 0);
        assert_string_equal(again, text);
        assert_int_equal(len, strlen(text));
        clear(&t);
        assert_null(t.parts);
        assert_int_equal(t.n_ranges + t.n_parts + t.list.n, 0);
}

static void each_line_counts(void **state)
{
        (void)state;
        for (size_t i = 0; i < strlen(text); i++)
                assert_int_equal(parse(text, i), -EBADMSG);
        static const struct {
                const char *line;
                bool missing, twice;
        } lines[] = {
                {.line = "number -5"},
                {.line = "id 4294967294"},
                {.line = "size 18446744073709551615"},
                {.line = "flag 1"},
                {.line = "color blue"},
                {.line = "path /a b"},
                {.line = "text a b\\x0a\\\\", .missing = true},
                {.line = "list two", .missing = true, .twice = true},
                {.line = "part.name one", .missing = true},
                {.line = "part.word x", .missing = true}, /* twice there are three */
                {.line = "part.id 2", .missing = true, .twice = true},
                {.line = "some-range.to 1"},
                {.line = "end"},
        };
        for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
                char line[256], name[64];
                size_t n = 0;
                for (const char *p = text; strncmp(p, lines[i].line, strlen(lines[i].line)) != 0; n++)
                        p += strcspn(p, "\n") + 1;
                (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(lines[i].line, " "), lines[i].line);
                check_line(&kind, text, n, NULL, lines[i].missing);
                if (!str_eq(name, "end"))
                        check_line(&kind, text, n, name, false);
                (void)snprintf(line, sizeof(line), "%s\n%s", lines[i].line, lines[i].line);
                check_line(&kind, text, n, line, lines[i].twice);
                (void)snprintf(line, sizeof(line), "x%s", lines[i].line);
                check_line(&kind, text, n, line, false);
                (void)snprintf(line, sizeof(line), "%s\n", lines[i].line);
                check_line(&kind, text, n, line, false);
        }
}

static void values_are_in_their_range(void **state)
{
        (void)state;
        check_number(&kind, text, "number", "-5", "-6", "2147483647", "2147483648");
        check_number(&kind, text, "id", "0", "-1", "4294967294", "4294967295");
        check_number(&kind, text, "size", "3", "2", "18446744073709551615", "-18446744073709551613");
        check_number(&kind, text, "time", "-9223372036854775808", "-9223372036854775809",
                     "9223372036854775807", "9223372036854775808");
        check_number(&kind, text, "part.id", "0", "-1", "9", "10");
        check_number(&kind, text, "some-range.to", "1", "0", "4294967295", "4294967296");
        static const char *const wrong[][2] = {
                {"flag", ""},        {"flag", "2"},         {"flag", "01"},         {"flag", "yes"},
                {"color", ""},       {"color", "black"},    {"color", "Blue"},      {"color", "2"},
                {"text", "\\x00"},   {"text", "\\x0"},      {"text", "\\q"},        {"text", "\\"},
                {"path", ""},        {"path", "a"},         {"path", "/a/"},        {"path", "//a"},
                {"path", "/a/../b"}, {"path", "/."},        {"list", "\\"},         {"part.word", "\\"},
                {"part", "1"},       {"part.", "1"},        {"some-range.id", "1"}, {"number.id", "1"},
                {".id", "1"},        {"part.part.id", "1"}, {"part.id.x", "1"},
        };
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                CLEANUP_FREE char *changed = NULL;
                char line[64];
                (void)snprintf(line, sizeof(line), "%s %s", wrong[i][0], wrong[i][1]);
                if (strstr(text, wrong[i][0]) && i < 20)
                        changed = with_value(text, wrong[i][0], wrong[i][1]);
                else
                        changed = with_line(text, 12, line);
                if (parse(changed, strlen(changed)) != -EBADMSG)
                        fail_msg("'%s' was taken", line);
        }
}

static void there_are_no_more_than_may_be(void **state)
{
        static const char *const lines[][2] = {{"list two", "list x\nlist y\nlist z"},
                                               {"part.id 2", "part.id 2\npart.id 2\npart.id 2"},
                                               {"some-range.to 1", "some-range.to 1\nsome-range.from "
                                                                   "1\nsome-range.to 1\nsome-range.from "
                                                                   "1\nsome-range.to 1"}};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
                size_t n = 0;
                for (const char *p = text; strncmp(p, lines[i][0], strlen(lines[i][0])) != 0; n++)
                        p += strcspn(p, "\n") + 1;
                check_line(&kind, text, n, lines[i][1], false);
        }
        /* The others of an element before there is one. */
        check_line(&kind, text, 11, "part.name x\npart.id 1", false);
        check_line(&kind, text, 18, "some-range.to 1\nsome-range.from 0", false);
}

static void the_first_line_says_what_it_is(void **state)
{
        static const struct {
                const char *line;
                int r;
        } first[] = {{"kurung-thing 3", -ENOTSUP},
                     {"kurung-thing 0", -ENOTSUP},
                     {"kurung-thing 999999999", -ENOTSUP},
                     {"kurung-thing", -EBADMSG},
                     {"kurung-thing ", -EBADMSG},
                     {"kurung-thing 2 ", -EBADMSG},
                     {"kurung-thing -2", -EBADMSG},
                     {"kurung-thing 4294967298", -EBADMSG},
                     {"kurung-things 2", -EBADMSG},
                     {"thing 2", -EBADMSG},
                     {"", -EBADMSG},
                     {"number 1", -EBADMSG}};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(first); i++) {
                CLEANUP_FREE char *changed = with_line(text, 0, first[i].line);
                assert_int_equal(parse(changed, strlen(changed)), first[i].r);
        }
        assert_int_equal(parse("", 0), -EBADMSG);
        assert_int_equal(parse(text, strlen(text) + 1), -EBADMSG);
        /* A NUL, in a value. */
        CLEANUP_FREE char *nul = strdup(text);
        *strstr(nul, "one") = '\0';
        assert_int_equal(parse(nul, strlen(text)), -EBADMSG);
}

/* What a version has not yet keeps its default, and is refused in a record of that version. */
static void older_records_are_read(void **state)
{
        CLEANUP(clear) Thing t = {.color = GREEN};
        (void)state;
        CLEANUP_FREE char *old = with_line(text, 0, "kurung-thing 1");
        *strstr(old, "end\n") = '\0';
        assert_int_equal(parse(old, strlen(old)), -EBADMSG);
        CLEANUP_FREE char *older = with_line(old, 6, NULL);
        assert_int_equal(fields_parse(&fields, older, strlen(older), &t), 0);
        assert_int_equal(t.color, GREEN);
        CLEANUP_FREE char *newer = with_line(text, 6, NULL);
        assert_int_equal(parse(newer, strlen(newer)), -EBADMSG);
}

static int parse_json(const char *json, Thing *t)
{
        struct json_object *o = NULL;
        assert_int_equal(json_parse(json, strlen(json), &o), 0);
        int r = fields_from_json(&fields, 1, o, t);
        json_free(o);
        return r;
}

static void what_was_json_is_read_by_the_same_table(void **state)
{
        static const char json[] =
                "{\"number\":-5,\"id\":7,\"size\":3,\"time\":-9,\"flag\":true,\"text\":\"\",\"path\":\"/a\","
                "\"list\":[\"\\\\x0a\"],\"parts\":[{\"id\":1,\"name\":\"n\",\"word\":[]},{\"id\":2,\"word\":"
                "[\"w\"]}],\"some_range\":[{\"from\":0,\"to\":1}],\"other\":1}";
        static const char *const wrong[][2] = {
                {"\"number\":-5", "\"number\":-6"},
                {"\"number\":-5", "\"number\":\"-5\""},
                {"\"number\":-5", "\"number\":1.5"},
                {"\"number\":-5,", ""},
                {"\"id\":7", "\"id\":4294967295"},
                {"\"size\":3", "\"size\":2"},
                {"\"flag\":true", "\"flag\":1"},
                {"\"text\":\"\"", "\"text\":null"},
                {"\"text\":\"\"", "\"text\":\"\\\\\""},
                {"\"path\":\"/a\"", "\"path\":\"\""},
                {"\"path\":\"/a\"", "\"path\":\"/a\\u0000\""},
                {"\"path\":\"/a\"", "\"path\":[\"/a\"]"},
                {"[\"\\\\x0a\"]", "[]"},
                {"[\"\\\\x0a\"]", "[1]"},
                {"[\"\\\\x0a\"]", "[\"\",\"\",\"\",\"\"]"},
                {"[\"\\\\x0a\"]", "\"x\""},
                {"{\"id\":1,\"name\":\"n\",\"word\":[]}", "1"},
                {"{\"id\":1,\"name\":\"n\",\"word\":[]}", "null"},
                {"{\"id\":1,", "{"},
                {",\"word\":[]", ""},
                {"{\"from\":0,\"to\":1}", ""},
                {"{\"from\":0,\"to\":1}", "{\"from\":0}"},
                {"{\"from\":0,\"to\":1}",
                 "{\"from\":0,\"to\":1},{\"from\":0,\"to\":1},{\"from\":0,\"to\":1},{\"from\":0,\"to\":1}"},
        };
        CLEANUP(clear) Thing t = {.color = GREEN};
        Error err = {0};
        (void)state;
        if (json_load(&err) < 0)
                skip();
        assert_int_equal(parse_json(json, &t), 0);
        assert_true(t.number == -5 && t.time == -9 && t.flag && !t.text && t.color == GREEN);
        assert_string_equal(t.list.items[0], "\n");
        assert_true(t.n_parts == 2 && t.parts[1].words.n == 1 && t.n_ranges == 1);
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                CLEANUP(clear) Thing bad = {0};
                char changed[1024];
                const char *at = strstr(json, wrong[i][0]);
                assert_non_null(at);
                (void)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - json), json, wrong[i][1],
                               at + strlen(wrong[i][0]));
                if (parse_json(changed, &bad) != -EBADMSG)
                        fail_msg("%s in place of %s was taken", wrong[i][1], wrong[i][0]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_record_comes_back),
                cmocka_unit_test(each_line_counts),
                cmocka_unit_test(values_are_in_their_range),
                cmocka_unit_test(there_are_no_more_than_may_be),
                cmocka_unit_test(the_first_line_says_what_it_is),
                cmocka_unit_test(older_records_are_read),
                cmocka_unit_test(what_was_json_is_read_by_the_same_table),
        };
        return RUN_TESTS(tests);
}
