/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the net helper: reads its configuration, confines it, runs its loop. */
#include "base/defence.h"
#include "base/fds.h"
#include "net/helper.h"
#include "net/lockdown.h"
#include "net/wall.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

/* The numbers that stage_net.c sets. */
enum { FD_CHANNEL = 3, FD_CONFIG };

/* 8,192 connections with full buffers take 2 GiB; a build's connections take some megabytes. */
#define MEMORY_MAX (SANITIZED ? 0 : UINT64_C(3) << 30)

/* Attack 91: sends as many messages as possible. */
static void flood(void)
{
        NetMessage m = {.type = NETMSG_READY};
        (void)net_message_send(FD_CHANNEL, &m, FD_NONE, true);
        m = (NetMessage){.type = NETMSG_ATTEMPT};
        m.attempt.protocol = NET_TCP;
        m.attempt.address.family = AF_INET;
        for (unsigned i = 0;; i++) {
                /* Names that take long to compare. */
                (void)snprintf(m.attempt.name, sizeof(m.attempt.name), "%0250u", i);
                (void)net_message_send(FD_CHANNEL, &m, FD_NONE, true);
        }
}

/* Attack 91: asks init for as many sockets as possible. @takes: takes the answers. */
static void want_sockets(bool takes)
{
        CLEANUP_FD int sockets = FD_NONE;
        NetMessage m = {.type = NETMSG_READY};
        (void)net_message_send(FD_CHANNEL, &m, FD_NONE, true);
        while (sockets < 0) {
                struct pollfd channel = {.fd = FD_CHANNEL, .events = POLLIN};
                (void)poll(&channel, 1, -1);
                if (net_message_receive(FD_CHANNEL, &m, &sockets) == 0)
                        return;
                if (m.type != NETMSG_SOCKETS)
                        sockets = fd_close(sockets);
        }
        for (;;) {
                const uint8_t family = RELAY_ASK_IPV4;
                uint8_t answer;
                CLEANUP_FD int fd = FD_NONE;
                size_t n = 0;
                if (fds_send(sockets, &family, sizeof(family), NULL, 0, 0) < 0)
                        break;
                if (takes)
                        (void)fds_receive(sockets, &answer, sizeof(answer), MSG_DONTWAIT, &fd, 1, &n);
        }
        /* init listens no more. */
        for (;;)
                (void)poll(NULL, 0, -1);
}

/* Attack 101: reports a port that nobody requested. */
static void publish(void)
{
        NetMessage m = {.type = NETMSG_PUBLISHED};
        m.publish.protocol = NET_TCP;
        m.publish.address.family = AF_INET;
        (void)net_message_send(FD_CHANNEL, &m, FD_NONE, true);
}

/* The supervisor must not turn this into its own success. */
static void lie(void)
{
        NetMessage m = {.type = NETMSG_ERROR};
        (void)error_set(&m.error, -1, "\033[31mall is well");
        m.error.exit_code = 0;
        (void)net_message_send(FD_CHANNEL, &m, FD_NONE, true);
}

/* Acts like a faulty libslirp: a frame has one destination, and it connects to another. */
static void go_elsewhere(Helper *h)
{
        struct sockaddr_in other = {.sin_family = AF_INET, .sin_port = htons(80)};
        CLEANUP_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)inet_pton(AF_INET, "203.0.113.9", &other.sin_addr);
        h->filter->frame = (Frame){.source = net_guest[0], .protocol = NET_TCP, .dest_port = 80};
        (void)net_address_parse("198.51.100.2", &h->filter->frame.dest);
        wall.inside = wall.in_frame = true;
        (void)connect(fd, (struct sockaddr *)&other, sizeof(other));
        wall.inside = wall.in_frame = false;
}

/* Tests only: acts like an attacker that has taken over this process (attacks 59, 91 and 101). */
static void pretend_to_be_taken_over(Helper *h, const char *attack)
{
        char *const argv[] = {(char[]){"/bin/true"}, NULL};
        if (str_eq(attack, "open"))
                (void)open("/", O_RDONLY | O_CLOEXEC);
        else if (str_eq(attack, "exec"))
                (void)execv(argv[0], argv);
        else if (str_eq(attack, "ptrace"))
                (void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
        else if (str_eq(attack, "unix"))
                (void)socket(AF_UNIX, SOCK_STREAM, 0);
        else if (str_eq(attack, "kill"))
                (void)kill(getppid(), SIGTERM);
        else if (str_eq(attack, "elsewhere"))
                go_elsewhere(h);
        else if (str_eq(attack, "flood"))
                flood();
        else if (str_eq(attack, "sockets") || str_eq(attack, "sockets-left"))
                want_sockets(str_eq(attack, "sockets"));
        else if (str_eq(attack, "lie"))
                lie();
        else if (str_eq(attack, "publish"))
                publish();
}

/* libslirp has two buffers of 128 KiB per connection, which glibc would map and unmap every time. */
static void keep_buffers(void)
{
        (void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
        (void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

static int serve(Helper *h, Error *err)
{
        bool locked = defence_is_on(DEFENCE_CONFINE);
        int r = helper_prepare(h, FD_CONFIG, FD_CHANNEL, err);
        (void)close(FD_CONFIG);
        if (r == 0 && locked)
                r = net_lockdown_enter(MEMORY_MAX, err);
        if (r < 0)
                return r;
        /* Memory that only the start needed. */
        (void)malloc_trim(0);
        const char *attack = defence_attack();
        if (attack)
                pretend_to_be_taken_over(h, attack);
        const NetMessage ready = {.type = NETMSG_READY};
        r = net_message_send(FD_CHANNEL, &ready, FD_NONE, true);
        return r < 0 ? error_set_errno(err, r, "net helper: cannot use its channel") : helper_run(h, err);
}

/*
 * net
 *   has: the host's network namespace, its own user and mount namespace, its channel, its configuration. No
 *     environment, no other descriptor.
 *   must: do everything that opens files or sockets, confine itself, then report that it is ready; serve the
 *     tap device that it receives; exit with the supervisor.
 *   must not: handle a frame before it is confined, or reach a destination that the policy does not allow.
 */
int main(int argc, char *argv[])
{
        static Helper h;
        NetMessage m = {.type = NETMSG_ERROR};
        (void)argv;
        /* "kurung doctor" asks whether the program, with its libraries, can be loaded. */
        if (argc > 1)
                return 0;
        (void)signal(SIGPIPE, SIG_IGN);
        keep_buffers();
        int r = serve(&h, &m.error);
        if (r < 0) {
                (void)error_ensure(&m.error, r, "the net helper");
                (void)net_message_send(FD_CHANNEL, &m, FD_NONE, true);
        }
        /* Without destructors of libraries, because some would open files. */
        _exit(r < 0);
}
