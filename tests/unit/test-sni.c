/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "net/sni.h"

/* A ClientHello under construction. */
typedef struct Hello {
        uint8_t bytes[40000];
        size_t len;
} Hello;

static void put(Hello *h, size_t v, size_t bytes)
{
        while (bytes-- > 0)
                h->bytes[h->len++] = (uint8_t)(v >> (8 * bytes));
}

static void put_text(Hello *h, const char *text, size_t len)
{
        memcpy(h->bytes + h->len, text, len);
        h->len += len;
}

/* @padding: bytes of another extension in front. */
static void make(Hello *h, const char *name, size_t name_len, size_t padding, int copies)
{
        size_t sni = 4 + 5 + name_len, extensions = (size_t)copies * sni + (padding ? 4 + padding : 0);
        size_t body = 2 + 32 + 1 + 32 + 2 + 4 + 2 + 2 + extensions;
        h->len = 0;
        put(h, 1, 1);
        put(h, body, 3);
        put(h, 0x0303, 2);
        for (int i = 0; i < 32; i++)
                put(h, (size_t)i, 1);
        put(h, 32, 1);
        h->len += 32;
        put(h, 4, 2);
        put(h, 0x13011302, 4);
        put(h, 0x0100, 2);
        put(h, extensions, 2);
        if (padding) {
                put(h, 0xfe0d, 2);
                put(h, padding, 2);
                memset(h->bytes + h->len, 0, padding);
                h->len += padding;
        }
        for (int i = 0; i < copies; i++) {
                put(h, 0, 2);
                put(h, 5 + name_len, 2);
                put(h, 3 + name_len, 2);
                put(h, 0, 1);
                put(h, name_len, 2);
                put_text(h, name, name_len);
        }
}

/* Into records of @size bytes. */
static size_t records(const Hello *h, size_t size, uint8_t *out)
{
        size_t at = 0;
        for (size_t from = 0; from < h->len; from += size) {
                size_t n = h->len - from < size ? h->len - from : size;
                out[at++] = 22;
                out[at++] = 3;
                out[at++] = 1;
                out[at++] = (uint8_t)(n >> 8);
                out[at++] = (uint8_t)n;
                memcpy(out + at, h->bytes + from, n);
                at += n;
        }
        return at;
}

static uint8_t stream[400000];
static Hello hello;
static char name[SNI_NAME_ROOM];
static size_t name_len;

static void the_name_however_it_is_split(void **state)
{
        static const size_t sizes[] = {16384, 100, 40, 3, 1};
        (void)state;
        make(&hello, "git.example.org", 15, 30, 1);
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
                size_t len = records(&hello, sizes[i], stream);
                for (size_t n = 0; n < len; n++)
                        assert_int_equal(sni_parse(stream, n, name, &name_len), SNI_MORE);
                memset(name, 0, sizeof(name));
                assert_int_equal(sni_parse(stream, len, name, &name_len), SNI_NAME);
                assert_int_equal(name_len, 15);
                assert_memory_equal(name, "git.example.org", 15);
                /* What comes after it changes nothing. */
                memset(stream + len, 0xff, 100);
                assert_int_equal(sni_parse(stream, len + 100, name, &name_len), SNI_NAME);
        }
}

static void any_bytes_are_given_as_they_are(void **state)
{
        char longest[256];
        (void)state;
        make(&hello, "good\0.evil", 10, 0, 1);
        assert_int_equal(sni_parse(stream, records(&hello, 16384, stream), name, &name_len), SNI_NAME);
        assert_int_equal(name_len, 10);
        assert_memory_equal(name, "good\0.evil", 10);
        memset(longest, 'a', sizeof(longest));
        make(&hello, longest, 255, 0, 1);
        assert_int_equal(sni_parse(stream, records(&hello, 16384, stream), name, &name_len), SNI_NAME);
        assert_int_equal(name_len, 255);
        make(&hello, longest, 256, 0, 1);
        assert_int_equal(sni_parse(stream, records(&hello, 16384, stream), name, &name_len), SNI_MALFORMED);
        make(&hello, "", 0, 0, 1);
        assert_int_equal(sni_parse(stream, records(&hello, 16384, stream), name, &name_len), SNI_MALFORMED);
}

static void no_name(void **state)
{
        (void)state;
        make(&hello, "", 0, 20, 0);
        assert_int_equal(sni_parse(stream, records(&hello, 16384, stream), name, &name_len), SNI_NO_NAME);
        make(&hello, "", 0, 0, 0);
        assert_int_equal(sni_parse(stream, records(&hello, 16384, stream), name, &name_len), SNI_NO_NAME);
        /* Without extensions at all. */
        hello.len -= 2;
        hello.bytes[3] = (uint8_t)(hello.bytes[3] - 2);
        assert_int_equal(sni_parse(stream, records(&hello, 16384, stream), name, &name_len), SNI_NO_NAME);
}

static void what_is_no_tls(void **state)
{
        static const char *const others[] = {"GET / HTTP/1.1\r\n", "SSH-2.0-x\r\n", "\x16\x02",
                                             "\x80\x2e\x01", "0"};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(others); i++)
                assert_int_equal(sni_parse((const uint8_t *)others[i], strlen(others[i]), name, &name_len),
                                 SNI_NOT_TLS);
        assert_int_equal(sni_parse(stream, 0, name, &name_len), SNI_MORE);
}

static void expect_malformed(size_t at, uint8_t value)
{
        size_t len = records(&hello, 16384, stream);
        stream[at] = value;
        SniResult r = sni_parse(stream, len, name, &name_len);
        if (r != SNI_MALFORMED)
                fail_msg("byte %zu = %u: %d", at, value, (int)r);
}

static void malformed_hellos(void **state)
{
        (void)state;
        make(&hello, "a.example", 9, 0, 2);
        assert_int_equal(sni_parse(stream, records(&hello, 16384, stream), name, &name_len), SNI_MALFORMED);
        make(&hello, "a.example", 9, 0, 1);
        size_t len = records(&hello, 16384, stream), sni = len - 9 - 9;
        expect_malformed(5, 2);           /* a ServerHello */
        expect_malformed(1 + 5, 1);       /* 64 KiB of it */
        expect_malformed(5 + 4 + 34, 33); /* a session id of 33 bytes */
        expect_malformed(sni + 3, 15);    /* the extension is longer than what is there */
        expect_malformed(sni + 3, 13);    /* ... shorter: bytes are left over */
        expect_malformed(sni + 5, 13);    /* the list is longer */
        expect_malformed(sni + 5, 11);    /* ... shorter */
        expect_malformed(sni + 8, 10);    /* the name is longer */
        expect_malformed(sni + 6, 1);     /* a name of no known type only */
        expect_malformed(sni - 1, 17);    /* all extensions are shorter */
        len = records(&hello, 40, stream);
        stream[45] = 23; /* the second record is data */
        assert_int_equal(sni_parse(stream, len, name, &name_len), SNI_MALFORMED);
        records(&hello, 40, stream);
        stream[48] = stream[49] = 0; /* ... is empty */
        assert_int_equal(sni_parse(stream, len, name, &name_len), SNI_MALFORMED);
        records(&hello, 40, stream);
        stream[3] = 0x41; /* a record of more than 16 KiB */
        assert_int_equal(sni_parse(stream, len, name, &name_len), SNI_MALFORMED);
}

static void the_buffer_is_bounded(void **state)
{
        (void)state;
        /* As large as fits into one record. */
        make(&hello, "a.example", 9, 15000, 1);
        assert_int_equal(sni_parse(stream, records(&hello, 16384, stream), name, &name_len), SNI_NAME);
        /* The message says that it is larger than the buffer. */
        make(&hello, "a.example", 9, 20000, 1);
        size_t len = records(&hello, 16384, stream);
        assert_int_equal(sni_parse(stream, 100, name, &name_len), SNI_MALFORMED);
        assert_int_equal(sni_parse(stream, len, name, &name_len), SNI_MALFORMED);
        /* Many small records: the buffer is full before the message is. */
        make(&hello, "a.example", 9, 4000, 1);
        len = records(&hello, 1, stream);
        assert_int_equal(sni_parse(stream, SNI_BUFFER_MAX - 1, name, &name_len), SNI_MORE);
        assert_int_equal(sni_parse(stream, SNI_BUFFER_MAX, name, &name_len), SNI_MALFORMED);
        assert_true(len > SNI_BUFFER_MAX);
        assert_int_equal(sni_parse(stream, len, name, &name_len), SNI_MALFORMED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_name_however_it_is_split),
                cmocka_unit_test(any_bytes_are_given_as_they_are),
                cmocka_unit_test(no_name),
                cmocka_unit_test(what_is_no_tls),
                cmocka_unit_test(malformed_hellos),
                cmocka_unit_test(the_buffer_is_bounded),
        };
        return RUN_TESTS(tests);
}
