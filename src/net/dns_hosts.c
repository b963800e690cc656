/* SPDX-License-Identifier: Apache-2.0 */
/* Parses hosts(5). */
#include "net/dns_hosts.h"

static int add_host(DnsHosts *hosts, const char *word, size_t len, const NetAddress *address)
{
        char name[NET_NAME_MAX + 1];
        if (net_name_normalize(word, len, name) < 0 || hosts->n == DNS_HOSTS_MAX)
                return 0;
        if ((hosts->n & (hosts->n - 1)) == 0) {
                DnsHost *items = reallocarray(hosts->items, hosts->n == 0 ? 1 : 2 * hosts->n, sizeof(*items));
                if (!items)
                        return -ENOMEM;
                hosts->items = items;
        }
        DnsHost *host = &hosts->items[hosts->n];
        host->address = *address;
        host->name = strdup(name);
        if (!host->name)
                return -ENOMEM;
        hosts->n++;
        return 0;
}

static int add_line(DnsHosts *hosts, const char *line, size_t len)
{
        static const char space[] = " \t\r\v\f";
        char word[INET6_ADDRSTRLEN];
        NetAddress address = {0};
        int r = 0;
        for (size_t at = 0, n; r == 0 && at < len; at += n) {
                while (at < len && strchr(space, line[at]))
                        at++;
                for (n = 0; at + n < len && !strchr(space, line[at + n]);)
                        n++;
                if (n == 0)
                        break;
                if (address.family != 0) {
                        r = add_host(hosts, line + at, n, &address);
                } else {
                        if (n >= sizeof(word))
                                return 0;
                        memcpy(word, line + at, n);
                        word[n] = '\0';
                        if (net_address_parse(word, &address) < 0)
                                return 0;
                }
        }
        return r;
}

/* Used with a stable sort, because the first of several entries of a name is the first answer. */
static int compare(const void *a, const void *b)
{
        const DnsHost *x = a, *y = b;
        return strcmp(x->name, y->name);
}

static int compare_with_name(const void *name, const void *host)
{
        return strcmp(name, ((const DnsHost *)host)->name);
}

int dns_hosts_parse(const char *text, DnsHosts *ret)
{
        DnsHosts hosts = {0};
        while (*text) {
                size_t line = strcspn(text, "\n"), len = strcspn(text, "#\n");
                if (add_line(&hosts, text, len) < 0) {
                        dns_hosts_clear(&hosts);
                        return -ENOMEM;
                }
                text += line + (text[line] == '\n');
        }
        /* glibc's qsort(3) is a merge sort, which is stable; otherwise only the order of addresses would
         * differ. */
        if (hosts.n > 1)
                qsort(hosts.items, hosts.n, sizeof(*hosts.items), compare);
        *ret = hosts;
        return 0;
}

void dns_hosts_clear(DnsHosts *hosts)
{
        for (size_t i = 0; i < hosts->n; i++)
                free(hosts->items[i].name);
        free(hosts->items);
        *hosts = (DnsHosts){0};
}

const DnsHost *dns_hosts_find(const DnsHosts *hosts, const char *name, size_t *ret_n)
{
        if (hosts->n == 0)
                return NULL;
        const DnsHost *first =
                bsearch(name, hosts->items, hosts->n, sizeof(*hosts->items), compare_with_name);
        if (!first)
                return NULL;
        const DnsHost *end = hosts->items + hosts->n, *last = first;
        while (first > hosts->items && str_eq(first[-1].name, name))
                first--;
        while (last < end && str_eq(last->name, name))
                last++;
        *ret_n = (size_t)(last - first);
        return first;
}
