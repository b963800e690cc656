/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the sandbox's DNS queries. */
#include "net/dns.h"

#include "net/dns_internal.h"

#define TIMEOUT_MS 2000
#define TRIES 2

/* c-ares calls this whenever the events that it waits for change. */
static void socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
        Dns *dns = data;
        size_t i = 0;
        while (i < dns->n_fds && dns->fds[i].fd != fd)
                i++;
        if (!readable && !writable) {
                if (i < dns->n_fds)
                        dns->fds[i] = dns->fds[--dns->n_fds];
                return;
        }
        /* Without room, the socket is not polled: its queries time out. */
        if (i == DNS_FDS_MAX)
                return;
        dns->n_fds += i == dns->n_fds;
        dns->fds[i] = (struct pollfd){.fd = fd,
                                      .events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0))};
}

static int init_channel(Dns *dns, const DnsOptions *options, Error *err)
{
        struct ares_options o = {
                .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS,
                .timeout = options->timeout_ms ? (int)options->timeout_ms : TIMEOUT_MS,
                .tries = TRIES,
                .ednspsz = DNS_UDP_MAX,
                .lookups = (char[]){"b"},
                .sock_state_cb = socket_state,
                .sock_state_cb_data = dns,
        };
        int r = ares_init_options(&dns->channel, &o,
                                  ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
                                          ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
        if (r != ARES_SUCCESS)
                return error_set(err, r == ARES_ENOMEM ? ENOMEM : EIO, "cannot start the resolver: %s",
                                 ares_strerror(r));
        dns->has_channel = true;
        r = options->upstreams ? ares_set_servers_ports_csv(dns->channel, options->upstreams) : ARES_SUCCESS;
        if (r != ARES_SUCCESS)
                return error_set(err, EINVAL, "cannot use the upstream resolvers '%.100s': %s",
                                 options->upstreams, ares_strerror(r));
        return 0;
}

int dns_new(const DnsOptions *options, Dns **ret, Error *err)
{
        int r = ares_library_init(ARES_LIB_INIT_ALL);
        if (r != ARES_SUCCESS)
                return error_set(err, EIO, "cannot start the resolver: %s", ares_strerror(r));
        Dns *dns = calloc(1, sizeof(*dns));
        if (!dns) {
                ares_library_cleanup();
                return error_no_memory(err);
        }
        dns->policy = options->policy;
        dns->report = options->report;
        dns->report_userdata = options->report_userdata;
        r = options->hosts ? dns_hosts_parse(options->hosts, &dns->hosts) : 0;
        if (r < 0)
                (void)error_no_memory(err);
        else
                r = init_channel(dns, options, err);
        if (r < 0) {
                dns_free(dns);
                return r;
        }
        *ret = dns;
        return 0;
}

void dns_free(Dns *dns)
{
        if (!dns)
                return;
        /* This ends all queries by their callback. */
        if (dns->has_channel)
                ares_destroy(dns->channel);
        dns_hosts_clear(&dns->hosts);
        free(dns);
        ares_library_cleanup();
}

static void drop_query(DnsQuery *query)
{
        Dns *dns = query->dns;
        if (query->prev)
                query->prev->next = query->next;
        else
                dns->queries = query->next;
        if (query->next)
                query->next->prev = query->prev;
        dns->n_queries--;
        free(query);
}

static void send_answer(const DnsQuestion *q, bool tcp, DnsAnswer *a, DnsReply reply, void *userdata)
{
        dns_answer_end(a, q, tcp);
        if (reply)
                reply(userdata, a->bytes, a->len);
}

/* Handles the answer of an upstream. */
static void answered(void *arg, int status, int timeouts, unsigned char *abuf, int alen)
{
        DnsQuery *query = arg;
        DnsAnswer a;
        (void)timeouts;
        /* Without a waiting client, no address is learned, either. */
        if (status != ARES_EDESTRUCTION && query->reply) {
                dns_fill_answer(query->dns, &query->q, status, abuf, alen > 0 ? (size_t)alen : 0, &a);
                send_answer(&query->q, query->tcp, &a, query->reply, query->userdata);
        }
        drop_query(query);
}

static bool has_address_type(const DnsQuestion *q)
{
        return q->type == DNS_A || q->type == DNS_AAAA;
}

/* Other records are below labels such as "_http._tcp", which rules do not name; for them, the name without
 * these labels counts. */
static const char *name_for_rules(const DnsQuestion *q)
{
        const char *name = q->name;
        while (!has_address_type(q) && name[0] == '_' && strchr(name, '.'))
                name = strchr(name, '.') + 1;
        return name;
}

/* Returns whether to ask upstream; @ret: the code of the answer otherwise. */
static bool wants_upstream(Dns *dns, const DnsQuestion *q, DnsCode *ret)
{
        PolicyVerdict verdict;
        const char *name = name_for_rules(q);
        policy_check_name(dns->policy, name, strlen(name), &verdict);
        if (dns->report)
                dns->report(dns->report_userdata, q->name, &verdict);
        *ret = verdict.action == POLICY_REFUSE || q->class != DNS_CLASS_IN || q->type == DNS_AXFR ||
                               q->type == DNS_IXFR
                       ? DNS_REFUSED
                       : DNS_NOERROR;
        return *ret == DNS_NOERROR && (has_address_type(q) || q->type == DNS_MX || q->type == DNS_SRV ||
                                       q->type == DNS_PTR || q->type == DNS_TXT);
}

static void ask_upstream(Dns *dns, const DnsQuestion *q, DnsStream *stream, DnsReply reply, void *userdata)
{
        DnsAnswer a;
        DnsQuery *query = dns->n_queries < DNS_IN_FLIGHT_MAX ? calloc(1, sizeof(*query)) : NULL;
        if (!query) {
                dns_answer_begin(&a, q, DNS_SERVFAIL);
                send_answer(q, stream != NULL, &a, reply, userdata);
                return;
        }
        *query = (DnsQuery){.dns = dns,
                            .q = *q,
                            .tcp = stream != NULL,
                            .reply = reply,
                            .userdata = userdata,
                            .stream = stream,
                            .next = dns->queries};
        if (dns->queries)
                dns->queries->prev = query;
        dns->queries = query;
        dns->n_queries++;
        ares_query(dns->channel, q->name, DNS_CLASS_IN, q->type, answered, query);
}

int dns_ask(Dns *dns, const uint8_t *message, size_t len, DnsStream *stream, uint64_t now_ms, DnsReply reply,
            void *userdata)
{
        DnsQuestion q;
        DnsCode code;
        DnsAnswer a;
        dns->now_ms = now_ms;
        int r = dns_question_parse(message, len, &q, &code);
        if (r < 0)
                return r;
        size_t n = 0;
        const DnsHost *hosts = NULL;
        if (code == DNS_NOERROR && wants_upstream(dns, &q, &code)) {
                hosts = has_address_type(&q) ? dns_hosts_find(&dns->hosts, q.name, &n) : NULL;
                if (!hosts) {
                        ask_upstream(dns, &q, stream, reply, userdata);
                        return 0;
                }
        }
        if (hosts)
                dns_fill_hosts(dns, &q, hosts, n, &a);
        else
                dns_answer_begin(&a, &q, code);
        send_answer(&q, stream != NULL, &a, reply, userdata);
        return 0;
}

int dns_query(Dns *dns, const uint8_t *message, size_t len, uint64_t now_ms, DnsReply reply, void *userdata)
{
        return dns_ask(dns, message, len, NULL, now_ms, reply, userdata);
}

size_t dns_poll(Dns *dns, struct pollfd *fds, size_t room, int *timeout_ms)
{
        struct timeval tv;
        size_t n = dns->n_fds < room ? dns->n_fds : room;
        for (size_t i = 0; i < n; i++)
                fds[i] = (struct pollfd){.fd = dns->fds[i].fd, .events = dns->fds[i].events};
        if (ares_timeout(dns->channel, NULL, &tv)) {
                /* Rounded up, because the loop would otherwise spin in the last millisecond. */
                int64_t ms = (int64_t)tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000;
                if (*timeout_ms < 0 || ms < *timeout_ms)
                        *timeout_ms = (int)ms;
        }
        return n;
}

void dns_process(Dns *dns, const struct pollfd *fds, size_t n, uint64_t now_ms)
{
        dns->now_ms = now_ms;
        for (size_t i = 0; i < n; i++) {
                bool in = fds[i].revents & (POLLIN | POLLERR | POLLHUP), out = fds[i].revents & POLLOUT;
                if (in || out)
                        ares_process_fd(dns->channel, in ? fds[i].fd : ARES_SOCKET_BAD,
                                        out ? fds[i].fd : ARES_SOCKET_BAD);
        }
        /* Handles timeouts. */
        ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
