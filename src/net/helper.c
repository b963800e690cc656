/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the net helper's loop. */
#include "net/helper.h"

#include "base/defence.h"
#include "base/io.h"
#include "net/wall.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define FILES_MAX 8192
#define HOSTS_MAX (1 << 20)

enum { POLL_CHANNEL, POLL_HOST, POLL_TAP, POLL_FIXED };

/* Reports of attempts */

static void report(void *userdata, const PolicyTarget *to, const PolicyVerdict *verdict)
{
        Helper *h = userdata;
        char reason[NET_REASON_MAX + NET_RULE_TEXT_MAX];
        attempts_add(&h->attempts, policy_name_of(h->policy, &to->address), to,
                     verdict->action != POLICY_REFUSE,
                     policy_explain(h->policy, verdict, reason, sizeof(reason)));
}

static void report_refused(void *userdata, const PolicyTarget *to, const char *name,
                           const PolicyVerdict *verdict)
{
        Helper *h = userdata;
        char reason[NET_REASON_MAX + NET_RULE_TEXT_MAX];
        attempts_add(&h->attempts, name ? name : policy_name_of(h->policy, &to->address), to, false,
                     policy_explain(h->policy, verdict, reason, sizeof(reason)));
}

static void report_name(void *userdata, const char *name, const PolicyVerdict *verdict)
{
        Helper *h = userdata;
        char reason[NET_REASON_MAX + NET_RULE_TEXT_MAX];
        const PolicyTarget none = {.address = {.family = AF_UNSPEC}};
        attempts_add(&h->attempts, name, &none, verdict->action != POLICY_REFUSE,
                     policy_explain(h->policy, verdict, reason, sizeof(reason)));
}

static int tell_attempt(Helper *h, size_t i, bool wait)
{
        static NetMessage m;
        m.type = NETMSG_ATTEMPT;
        m.attempt = h->attempts.items[i];
        return net_message_send(h->channel, &m, FD_NONE, wait);
}

/* Sends as many attempts as the supervisor accepts now; the rest follows in a later round. */
static void tell_new_attempts(Helper *h)
{
        while (h->attempts.told < h->attempts.n && tell_attempt(h, h->attempts.told, false) == 0)
                h->attempts.told++;
}

static void tell_everything(Helper *h)
{
        NetMessage m = {.type = NETMSG_TOTALS};
        m.totals = (NetTotals){
                .bytes_up = h->stack.bytes_up,
                .bytes_down = h->stack.bytes_down,
                .frames_up = h->stack.frames_up,
                .frames_down = h->stack.frames_down,
                .overflow = h->attempts.overflow,
        };
        for (size_t i = 0; i < FRAME_RESULTS; i++)
                m.totals.dropped += h->filter->dropped[i];
        for (size_t i = 0; i < h->attempts.n; i++)
                if (tell_attempt(h, i, true) < 0)
                        return;
        (void)net_message_send(h->channel, &m, FD_NONE, true);
}

/* The resolver */

typedef struct DatagramFrom {
        Stack *stack;
        NetAddress resolver, guest;
        uint16_t port;
} DatagramFrom;

static void reply_datagram(void *userdata, const uint8_t *message, size_t len)
{
        DatagramFrom *from = userdata;
        uint8_t frame[FRAME_ANSWER_MAX];
        size_t n = frame_make_datagram(&from->resolver, 53, &from->guest, from->port, message, len, frame);
        if (n > 0)
                stack_send(from->stack, frame, n);
        free(from);
}

static void resolve_datagram(void *userdata, const Frame *frame)
{
        Helper *h = userdata;
        DatagramFrom *from = malloc(sizeof(*from));
        if (!from)
                return;
        *from = (DatagramFrom){.stack = &h->stack,
                               .resolver = frame->dest,
                               .guest = frame->source,
                               .port = frame->source_port};
        if (dns_query(h->dns, frame->payload, frame->payload_len, clock_ms(), reply_datagram, from) < 0)
                free(from);
}

static void write_stream(void *userdata, const uint8_t *bytes, size_t len)
{
        HelperStream *s = userdata;
        /* A client that does not read its answers is disconnected. */
        if (send(s->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
                s->failed = true;
}

static int resolve_stream(void *userdata, int fd)
{
        Helper *h = userdata;
        for (size_t i = 0; i < HELPER_STREAMS_MAX; i++) {
                HelperStream *s = &h->streams[i];
                if (s->fd >= 0)
                        continue;
                s->stream = dns_stream_new(h->dns, write_stream, s);
                if (!s->stream)
                        return -ENOMEM;
                s->fd = fd;
                s->failed = false;
                return 0;
        }
        return -EMFILE;
}

static void end_stream(HelperStream *s)
{
        dns_stream_free(s->stream);
        s->stream = NULL;
        s->fd = fd_close(s->fd);
}

static void read_stream(HelperStream *s)
{
        uint8_t bytes[4096];
        ssize_t n = recv(s->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0 || dns_stream_bytes(s->stream, bytes, (size_t)n, clock_ms()) < 0)
                s->failed = true;
}

static void handle_streams(Helper *h)
{
        for (size_t i = 0; i < HELPER_STREAMS_MAX; i++) {
                HelperStream *s = &h->streams[i];
                if (s->fd >= 0)
                        read_stream(s);
                if (s->fd >= 0 && s->failed)
                        end_stream(s);
        }
}

/* Without the host's addresses, the helper must not continue. */
static int take_host_addresses(Helper *h, Error *err)
{
        int r = host_addresses_read(h->host);
        if (r == 0)
                r = policy_set_host_addresses(h->policy, h->host->items, h->host->n);
        h->filter->generation++;
        return r < 0 ? error_set_errno(err, r, "net helper: cannot follow the host's addresses") : 0;
}

static int prepare_policy(Helper *h, Error *err)
{
        h->policy = policy_new(&net_site);
        if (!h->policy)
                return error_no_memory(err);
        const struct {
                const StrList *list;
                bool deny;
        } lists[] = {{&h->config.access.allow, false}, {&h->config.access.deny, true}};
        for (size_t l = 0; l < ARRAY_LEN(lists); l++)
                for (size_t i = 0; i < lists[l].list->n; i++) {
                        NetRule rule;
                        const char *why = "", *text = lists[l].list->items[i];
                        int r = net_rule_parse(text, &rule, &why);
                        if (r == 0)
                                r = policy_add_rule(h->policy, &rule, lists[l].deny);
                        if (r < 0)
                                return error_set(err, -r, "net helper: invalid rule '%.300s': %s", text, why);
                }
        if (h->config.access.has_list)
                policy_set_list(h->policy);
        policy_set_allow_private(h->policy, h->config.access.allow_private);
        policy_set_check_sni(h->policy, h->config.access.check_sni);
        for (size_t i = 0; i < h->config.access.n_loopback_ports; i++)
                if (policy_add_host_loopback(h->policy, h->config.access.loopback_ports[i]) < 0)
                        return error_set(err, E2BIG, "HostLoopback=: too many ports");
        h->host = calloc(1, sizeof(*h->host));
        if (!h->host)
                return error_no_memory(err);
        int r = host_addresses_open(h->host);
        if (r < 0)
                return error_set_errno(err, r, "net helper: cannot request the host's addresses");
        r = policy_set_host_addresses(h->policy, h->host->items, h->host->n);
        return r < 0 ? error_set_errno(err, r, "net helper: cannot read the host's addresses") : 0;
}

static int prepare_filter(Helper *h, Error *err)
{
        h->filter = calloc(1, sizeof(*h->filter));
        if (!h->filter || !(h->filter->flows = flow_table_new(h->seed)))
                return error_no_memory(err);
        h->filter->policy = h->policy;
        h->filter->report = report;
        h->filter->userdata = h;
        h->filter->off = !defence_is_on(DEFENCE_NET_FILTER);
        h->filter->says_yes = !defence_is_on(DEFENCE_FIRST_LOOK);
        wall.off = !defence_is_on(DEFENCE_NET_WALL);
        wall.says_yes = !defence_is_on(DEFENCE_SECOND_LOOK);
        wall.filter = h->filter;
        wall.resolve = resolve_stream;
        wall.conns.refused = report_refused;
        wall.conns.userdata = wall.userdata = h;
        wall.now_ms = clock_ms();
        return 0;
}

static int prepare_dns(Helper *h, Error *err)
{
        CLEANUP_FREE char *hosts = NULL;
        (void)io_read_file_at(AT_FDCWD, "/etc/hosts", HOSTS_MAX, &hosts, NULL);
        const DnsOptions options = {
                .policy = h->policy,
                .upstreams = h->config.upstreams,
                .hosts = hosts,
                .report = report_name,
                .report_userdata = h,
        };
        return dns_new(&options, &h->dns, err);
}

static int prepare_tables(Helper *h, Error *err)
{
        struct rlimit files;
        if (getrlimit(RLIMIT_NOFILE, &files) < 0)
                return error_set_errno(err, errno, "net helper: cannot read its limits");
        if (files.rlim_max > FILES_MAX)
                files.rlim_max = FILES_MAX;
        files.rlim_cur = files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &files) < 0)
                return error_set_errno(err, errno, "net helper: cannot set its limits");
        h->polls.room = (size_t)files.rlim_cur + POLL_FIXED + DNS_FDS_MAX + HELPER_STREAMS_MAX;
        h->polls.fds = calloc(h->polls.room, sizeof(*h->polls.fds));
        if (getrandom(&h->seed, sizeof(h->seed), 0) != sizeof(h->seed))
                return error_set_errno(err, errno, "net helper: cannot get random bytes");
        if (!h->polls.fds || conn_table_init(&wall.conns, (size_t)files.rlim_cur, h->seed) < 0 ||
            attempts_init(&h->attempts) < 0)
                return error_no_memory(err);
        return 0;
}

int helper_prepare(Helper *h, int config_fd, int channel, Error *err)
{
        h->channel = channel;
        for (size_t i = 0; i < HELPER_STREAMS_MAX; i++)
                h->streams[i].fd = FD_NONE;
        int r = net_config_read(config_fd, &h->config);
        if (r < 0)
                return error_set_errno(err, r, "net helper: cannot read its configuration");
        r = prepare_tables(h, err);
        if (r == 0)
                r = prepare_policy(h, err);
        if (r == 0)
                r = prepare_filter(h, err);
        if (r == 0)
                r = stack_new(&h->config, h->filter, &h->stack, err);
        h->stack.resolve = resolve_datagram;
        h->stack.userdata = h;
        relay_init(&h->relays, &h->stack);
        for (size_t i = 0; r == 0 && i < h->config.access.n_publish; i++) {
                NetMessage m = {.type = NETMSG_PUBLISHED};
                NetPublish *p = &h->config.access.publish[i];
                r = p->protocol == NET_UDP ? stack_publish(&h->stack, p, err)
                                           : relay_publish(&h->relays, p, err);
                m.publish = *p;
                if (r == 0)
                        r = net_message_send(channel, &m, FD_NONE, true);
        }
        return r < 0 ? r : prepare_dns(h, err);
}

/* The loop */

static int handle_channel(Helper *h, Error *err)
{
        NetMessage m;
        CLEANUP_FD int fd = FD_NONE;
        int r = net_message_receive(h->channel, &m, &fd);
        if (r == -EAGAIN)
                return 0;
        if (r == 0) {
                h->finish = true; /* the supervisor has exited: nobody receives the report */
                return 0;
        }
        if (r < 0)
                return error_set_errno(err, r, "net helper: cannot use its channel");
        if (m.type == NETMSG_TAP && fd >= 0 && h->stack.tap < 0) {
                h->stack.tap = TAKE_FD(fd);
        } else if (m.type == NETMSG_SOCKETS && fd >= 0 && h->relays.items && h->relays.sockets < 0) {
                h->relays.sockets = TAKE_FD(fd);
        } else if (m.type == NETMSG_FINISH) {
                h->finish = h->tell = true;
        } else {
                return error_set(err, EPROTO, "net helper: unexpected message %d", (int)m.type);
        }
        return 0;
}

static size_t add_streams(Helper *h, PollSet *polls)
{
        size_t n = 0;
        for (size_t i = 0; i < HELPER_STREAMS_MAX; i++)
                if (h->streams[i].fd >= 0) {
                        polls->fds[polls->n++] = (struct pollfd){.fd = h->streams[i].fd, .events = POLLIN};
                        n++;
                }
        return n;
}

static int wait_for_events(Helper *h, bool more, size_t *ret_dns, size_t *ret_n_dns, size_t *ret_n_streams,
                           Error *err)
{
        PollSet *polls = &h->polls;
        int timeout = -1;
        bool untold = h->attempts.told < h->attempts.n;
        polls->fds[POLL_CHANNEL] =
                (struct pollfd){.fd = h->channel, .events = (short)(POLLIN | (untold ? POLLOUT : 0))};
        polls->fds[POLL_HOST] = (struct pollfd){.fd = h->host->fd, .events = POLLIN};
        polls->fds[POLL_TAP] =
                (struct pollfd){.fd = stack_wants_tap(&h->stack) ? h->stack.tap : -1, .events = POLLIN};
        polls->n = POLL_FIXED;
        *ret_dns = polls->n;
        *ret_n_dns = dns_poll(h->dns, polls->fds + polls->n, DNS_FDS_MAX, &timeout);
        polls->n += *ret_n_dns;
        *ret_n_streams = add_streams(h, polls);
        relay_poll_prepare(&h->relays, polls, &timeout);
        stack_poll_prepare(&h->stack, polls, &timeout);
        int r = poll(polls->fds, polls->n, more ? 0 : timeout);
        if (r < 0 && errno != EINTR)
                return error_set_errno(err, errno, "net helper: cannot poll");
        if (r <= 0)
                for (size_t i = 0; i < polls->n; i++)
                        polls->fds[i].revents = 0;
        return 0;
}

int helper_run(Helper *h, Error *err)
{
        bool more = false;
        while (!h->finish) {
                size_t dns, n_dns, n_streams;
                int r = wait_for_events(h, more, &dns, &n_dns, &n_streams, err);
                wall.now_ms = clock_ms();
                /* The host's addresses come before any frame: a new one is unreachable from now on. */
                if (r == 0 && h->polls.fds[POLL_HOST].revents)
                        r = take_host_addresses(h, err);
                if (r == 0 && h->polls.fds[POLL_CHANNEL].revents)
                        r = handle_channel(h, err);
                if (r < 0)
                        return r;
                dns_process(h->dns, h->polls.fds + dns, n_dns, wall.now_ms);
                if (n_streams > 0)
                        handle_streams(h);
                relay_poll_handle(&h->relays, &h->polls);
                stack_poll_handle(&h->stack, &h->polls);
                if (h->stack.tap >= 0) {
                        r = stack_read(&h->stack);
                        if (r < 0)
                                return error_set_errno(err, r, "net helper: cannot use the tap device");
                        more = r > 0;
                }
                tell_new_attempts(h);
        }
        /* No process sends any more; the last frames are in the device. */
        while (h->tell && stack_read(&h->stack) > 0)
                ;
        if (h->tell)
                tell_everything(h);
        return 0;
}
