/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that libslirp makes, as the wall answers them: this program makes them in its place. */
#include "net.h"

#include "net/sni.h"
#include "net/wall.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

static int set_up(void **state)
{
        wall = (Wall){.filter = new_filter(), .now_ms = NOW, .bound = FD_NONE};
        init_table(&wall.conns);
        *state = wall.filter;
        return 0;
}

static int tear_down(void **state)
{
        free_filter(*state);
        conn_table_clear(&wall.conns);
        wall = (Wall){.bound = FD_NONE};
        return 0;
}

/* A listener at the host's loopback. */
static int listen_at(int type, struct sockaddr_in *ret)
{
        socklen_t len = sizeof(*ret);
        int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)ret, sizeof(*ret)), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &len), 0);
        if (type == SOCK_STREAM)
                assert_int_equal(listen(fd, 1), 0);
        return fd;
}

static bool is_reached(int fd)
{
        struct pollfd p = {.fd = fd, .events = POLLIN};
        return poll(&p, 1, 0) == 1;
}

/* As libslirp: while it handles @frame; NULL: while it handles none. */
static int connect_for(const Frame *frame, const struct sockaddr_in *to)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_in_range(fd, 0, 63);
        wall.inside = true;
        wall.in_frame = frame != NULL;
        if (frame)
                wall.filter->frame = *frame;
        int r = connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0 ? -errno : 0;
        bool known = conn_find(&wall.conns, fd) != NULL;
        close(fd);
        wall.inside = wall.in_frame = false;
        assert_int_equal(known, r == 0);
        assert_null(conn_find(&wall.conns, fd));
        return r;
}

static void connect_goes_where_the_frame_goes_and_the_policy_allows(void **state)
{
        Filter *f = *state;
        struct sockaddr_in host;
        CLEANUP_FD int listener = listen_at(SOCK_STREAM, &host);
        const uint16_t port = ntohs(host.sin_port);
        const Frame raw = frame_to(NET_TCP, "127.0.0.1", port), gateway = frame_to(NET_TCP, "10.0.2.2", port),
                    other_port = frame_to(NET_TCP, "10.0.2.2", port ^ 1),
                    other = frame_to(NET_TCP, "198.51.100.2", port);
        assert_int_equal(connect_for(&raw, &host), -EACCES);
        assert_int_equal(reported.why, WHY_NEVER);
        assert_int_equal(connect_for(&gateway, &host), -EACCES);
        assert_int_equal(reports, 2);
        assert_false(is_reached(listener));
        assert_int_equal(policy_add_host_loopback(f->policy, port), 0);
        assert_int_equal(policy_add_host_loopback(f->policy, port ^ 1), 0);
        assert_int_equal(connect_for(&other_port, &host), -EACCES);
        assert_int_equal(reported.why, WHY_UNASKED);
        assert_int_equal(connect_for(&other, &host), -EACCES);
        assert_int_equal(connect_for(NULL, &host), -EACCES);
        assert_int_equal(reports, 5);
        assert_false(is_reached(listener));
        assert_int_equal(connect_for(&gateway, &host), 0);
        assert_true(is_reached(listener));
}

static void datagrams_go_where_the_frame_goes_and_the_policy_allows(void **state)
{
        Filter *f = *state;
        struct sockaddr_in host;
        CLEANUP_FD int receiver = listen_at(SOCK_DGRAM, &host),
                       fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const uint16_t port = ntohs(host.sin_port);
        const struct sockaddr *sa = (const struct sockaddr *)&host;
        f->frame = frame_to(NET_UDP, "10.0.2.2", port);
        wall.inside = wall.in_frame = true;
        assert_int_equal(sendto(fd, "x", 1, 0, sa, sizeof(host)), -1);
        assert_int_equal(policy_add_host_loopback(f->policy, port), 0);
        wall.in_frame = false;
        assert_int_equal(sendto(fd, "x", 1, 0, sa, sizeof(host)), -1);
        wall.in_frame = true;
        f->frame.dest_port++;
        assert_int_equal(sendto(fd, "x", 1, 0, sa, sizeof(host)), -1);
        f->frame.dest_port--;
        f->frame.protocol = NET_TCP;
        assert_int_equal(sendto(fd, "x", 1, 0, sa, sizeof(host)), -1);
        assert_int_equal(sendto(fd, "x", 1, 0, NULL, 0), -1);
        assert_int_equal(errno, EACCES);
        assert_false(is_reached(receiver));
        f->frame.protocol = NET_UDP;
        assert_int_equal(sendto(fd, "x", 1, 0, sa, sizeof(host)), 1);
        assert_true(is_reached(receiver));
        wall.inside = wall.in_frame = false;
}

static int taken = FD_NONE;

static int take_stream(void *userdata, int fd)
{
        (void)userdata;
        taken = fd;
        return 0;
}

static void a_connection_to_the_resolver_leaves_the_process_nowhere(void **state)
{
        const struct sockaddr_in resolver = {
                .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(0x0a000203)};
        const Frame frame = frame_to(NET_TCP, "10.0.2.3", 53);
        char byte = 0;
        (void)state;
        wall.filter->frame = frame;
        CLEANUP_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        wall.inside = wall.in_frame = true;
        assert_int_equal(connect(fd, (const struct sockaddr *)&resolver, sizeof(resolver)), -1); /* no room */
        wall.resolve = take_stream;
        assert_int_equal(connect(fd, (const struct sockaddr *)&resolver, sizeof(resolver)), 0);
        assert_int_equal(send(fd, "q", 1, 0), 1);
        wall.inside = wall.in_frame = false;
        assert_int_equal(recv(taken, &byte, 1, MSG_DONTWAIT), 1);
        assert_int_equal(byte, 'q');
        taken = fd_close(taken);
}

/* A connection to @to whose socket is one end of a pair; the other one is the server's. */
static int pair_with(int *server, bool check_name)
{
        const Destination to = destination("198.51.100.2", 443);
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        assert_non_null(conn_open(&wall.conns, ends[0], &to, 4000, check_name));
        *server = ends[1];
        return ends[0];
}

static ssize_t say(int fd, const void *bytes, size_t n)
{
        wall.inside = true;
        ssize_t r = send(fd, bytes, n, 0);
        wall.inside = false;
        return r < 0 ? -errno : r;
}

static void no_byte_leaves_before_its_name_is_known(void **state)
{
        Filter *f = *state;
        uint8_t hello[512], got[1024];
        size_t n = make_hello("a.example", hello);
        int server = FD_NONE;
        add_rule(f->policy, "a.example", false);
        int fd = pair_with(&server, true);
        for (size_t i = 0; i < n - 1; i++)
                assert_int_equal(say(fd, hello + i, 1), 1);
        assert_false(is_reached(server));
        assert_int_equal(say(fd, hello + n - 1, 1), 1);
        assert_int_equal(say(fd, "after", 5), 5);
        assert_int_equal(recv(server, got, sizeof(got), 0), (ssize_t)n + 5);
        assert_memory_equal(got, hello, n);
        assert_memory_equal(got + n, "after", 5);
        close(fd);
        server = fd_close(server);
        /* Another name: nothing of it leaves. */
        n = make_hello("evil.example", hello);
        fd = pair_with(&server, true);
        assert_int_equal(say(fd, hello, n), -ECONNRESET);
        assert_int_equal(say(fd, "after", 5), -ECONNRESET);
        assert_int_equal(reports, 1);
        close(fd);
        assert_int_equal(recv(server, got, sizeof(got), 0), 0);
        fd_close(server);
}

/* More than the buffer for the first bytes, and more than a socket takes. */
static void what_a_send_leaves_is_known(void **state)
{
        static uint8_t bytes[4 << 20];
        int server = FD_NONE;
        (void)state;
        memset(bytes, 'x', sizeof(bytes));
        for (int check = 0; check < 2; check++) {
                int fd = pair_with(&server, check);
                assert_int_equal(say(fd, "x", 1), 1);
                assert_true(conn_is_written(conn_find(&wall.conns, fd)));
                ssize_t sent = say(fd, bytes, sizeof(bytes));
                assert_in_range(sent, 1, sizeof(bytes) - 1);
                assert_false(conn_is_written(conn_find(&wall.conns, fd)));
                close(fd);
                server = fd_close(server);
        }
        int fd = pair_with(&server, true);
        ssize_t sent = say(fd, bytes, sizeof(bytes)); /* no TLS: the first bytes and some more */
        assert_in_range(sent, SNI_BUFFER_MAX + 1, sizeof(bytes) - 1);
        assert_false(conn_is_written(conn_find(&wall.conns, fd)));
        close(fd);
        server = fd_close(server);
}

static void a_server_that_is_gone_is_a_reset(void **state)
{
        int server = FD_NONE;
        (void)state;
        int fd = pair_with(&server, true);
        server = fd_close(server);
        assert_int_equal(say(fd, "GET /", 5), -ECONNRESET);
        assert_int_equal(conn_find(&wall.conns, fd)->state, CONN_RESET);
        assert_int_equal(reports, 0);
        close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(connect_goes_where_the_frame_goes_and_the_policy_allows),
                TEST(datagrams_go_where_the_frame_goes_and_the_policy_allows),
                TEST(a_connection_to_the_resolver_leaves_the_process_nowhere),
                TEST(no_byte_leaves_before_its_name_is_known),
                TEST(what_a_send_leaves_is_known),
                TEST(a_server_that_is_gone_is_a_reset),
        };
        return RUN_TESTS(tests);
}
