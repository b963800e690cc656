/* SPDX-License-Identifier: Apache-2.0 */
/* Plans the network. */
#include "plan/plan_internal.h"

#include <stdio.h>

static int copy_list(const StrList *from, StrList *to)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < from->n; i++)
                r = strlist_add_once(to, from->items[i]);
        return r;
}

/* Checks for obstacles to the net helper, each with its own remedy. */
static int check_helper(const Host *host, Error *err)
{
        if (host->tun_device == HOST_DEVICE_MISSING)
                return error_set(err, ENOENT, "Mode=slirp: /dev/net/tun does not exist (sudo modprobe tun)");
        if (host->tun_device == HOST_DEVICE_CLOSED)
                return error_set(err, EACCES,
                                 "Mode=slirp: no permission to open /dev/net/tun (sudo chmod 666 "
                                 "/dev/net/tun, as udev does)");
        if (!host->net_helper)
                return error_set(
                        err, ENOENT,
                        "Mode=slirp: cannot find kurung-net in %s, owned by root or by the owner of kurung "
                        "(\"make install\" installs both)",
                        host->helpers_dir ? host->helpers_dir : "the directory of kurung");
        return 0;
}

static bool has_names(const StrList *rules)
{
        NetRule rule;
        for (size_t i = 0; i < rules->n; i++)
                if (net_rule_parse(rules->items[i], &rule, NULL) == 0 && rule.kind != NET_RULE_NETWORK)
                        return true;
        return false;
}

static int fill_ports(PlanNetwork *net, const Spec *spec)
{
        for (size_t i = 0; i < spec->net_host_loopback.n && i < NET_LOOPBACK_PORTS_MAX; i++)
                net->access.loopback_ports[net->access.n_loopback_ports++] =
                        (uint16_t)strtoul(spec->net_host_loopback.items[i], NULL, 10);
        for (size_t i = 0; i < spec->net_publish.n && i < NET_PUBLISH_MAX; i++)
                if (net_publish_parse(spec->net_publish.items[i],
                                      &net->access.publish[net->access.n_publish++]) < 0)
                        return -EINVAL;
        return 0;
}

/* Returns whether another source than the project names this host too, with the same port or the default port
 * of a protocol. */
static bool is_vouched_for(const HostSources *sources, const HostSource *wanted)
{
        NetRule rule, other;
        if (net_rule_parse(wanted->rule, &rule, NULL) < 0)
                return false;
        bool usual = rule.port_first == 22 || rule.port_first == 80 || rule.port_first == 443 ||
                     rule.port_first == 9418;
        for (size_t i = 0; i < sources->n; i++) {
                const HostSource *s = &sources->items[i];
                if (s->in_project || net_rule_parse(s->rule, &other, NULL) < 0 || other.kind != rule.kind)
                        continue;
                bool same = rule.kind == NET_RULE_NETWORK ? net_address_eq(&rule.address, &other.address)
                                                          : str_eq(rule.name, other.name);
                if (same && (usual || rule.port_first == other.port_first))
                        return true;
        }
        return false;
}

/* Returns whether the user trusted a profile of the project (kurung profile trust) when it named this
 * host. */
static bool is_trusted(const Spec *spec, const HostSource *wanted)
{
        char text[NET_RULE_TEXT_MAX + 40];
        (void)snprintf(text, sizeof(text), "%s %s", wanted->tool, wanted->rule);
        return strlist_has(&spec->net_trusted, text);
}

static int leave_out(Plan *plan, const Spec *spec, const HostSource *s)
{
        return plan_notice(plan,
                           "AllowFrom=%s: ignored a host in %s: '%s' is not in your own configuration%s. To "
                           "allow it: --allow=%s",
                           s->tool, s->where, s->rule,
                           spec->net_trusted.n > 0 ? ", and was not there when you trusted the profile" : "",
                           s->rule);
}

#define LEFT_OUT_MAX 8

static int add_sources(Plan *plan, const Spec *spec, const HostSources *sources)
{
        unsigned left_out = 0;
        int r = copy_list(&sources->notices, &plan->notices);
        for (size_t i = 0; r == 0 && i < sources->n; i++) {
                const HostSource *s = &sources->items[i];
                if (s->vouches || !strlist_has(&spec->net_allow_from, s->tool))
                        continue;
                bool vouched = !s->in_project || is_vouched_for(sources, s);
                if (!vouched && !is_trusted(spec, s)) {
                        if (left_out++ < LEFT_OUT_MAX)
                                r = leave_out(plan, spec, s);
                        continue;
                }
                r = strlist_add_once(&plan->network.access.allow, s->rule);
                if (r == 0)
                        r = strlist_add_printf(&plan->network.allow_from, "%s %s %s%s", s->tool, s->rule,
                                               s->where, vouched ? "" : " (trusted)");
        }
        if (r == 0 && left_out > LEFT_OUT_MAX)
                r = plan_notice(plan, "AllowFrom=: ignored %u more hosts of the project",
                                left_out - LEFT_OUT_MAX);
        return r;
}

/* One port of the host cannot be published twice. */
static int check_publish(const PlanNetwork *net, Error *err)
{
        char text[NET_PUBLISH_TEXT_MAX];
        for (size_t i = 0; i < net->access.n_publish; i++)
                for (size_t k = 0; k < i; k++) {
                        const NetPublish *a = &net->access.publish[i], *b = &net->access.publish[k];
                        if (a->host_port != 0 && a->host_port == b->host_port && a->protocol == b->protocol &&
                            net_address_eq(&a->address, &b->address))
                                return error_set(err, EINVAL,
                                                 "Publish=%s: this port of the host is already published",
                                                 net_publish_print(a, text, sizeof(text)));
                }
        return 0;
}

/* Requests that have no effect without a network. */
static int without_network(Plan *plan, const Spec *spec, Error *err)
{
        const char *key = spec->net_allow.n > 0           ? "Allow="
                          : spec->net_allow_from.n > 0    ? "AllowFrom="
                          : spec->net_host_loopback.n > 0 ? "HostLoopback="
                          : spec->net_publish.n > 0       ? "Publish="
                                                          : NULL;
        if (key && plan_notice(plan, "%s has no effect without a network (Mode=none)", key) < 0)
                return error_no_memory(err);
        return 0;
}

/* A rule for a loopback address allows nothing: inside, that is the sandbox itself. */
static int tell_loopback(Plan *plan, const Spec *spec)
{
        static const char *const begins[] = {"localhost", "127.", "::1", "[::1]"};
        for (size_t i = 0; i < spec->net_allow.n; i++)
                for (size_t k = 0; k < ARRAY_LEN(begins); k++) {
                        const char *rule = spec->net_allow.items[i];
                        /* "localhost.example" is another name. */
                        const char *rest = str_starts(rule, begins[k]) ? rule + strlen(begins[k]) : NULL;
                        if (rest && (k != 0 || rest[0] == '\0' || rest[0] == ':' || rest[0] == '/') &&
                            plan_notice(plan,
                                        "Allow=%s is the sandbox's own loopback; the host's is at 10.0.2.2, "
                                        "and opened by --host-loopback=PORT",
                                        rule) < 0)
                                return -ENOMEM;
                }
        return 0;
}

int plan_make_network(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        PlanNetwork *net = &plan->network;
        if (spec->network == NETWORK_NONE)
                return without_network(plan, spec, err);
        if (spec->network == NETWORK_HOST)
                return 0;
        int r = check_helper(host, err);
        if (r < 0)
                return r;
        if (!(net->helper = strdup(host->net_helper)) ||
            copy_list(&spec->net_allow, &net->access.allow) < 0 ||
            copy_list(&spec->net_deny, &net->access.deny) < 0 || tell_loopback(plan, spec) < 0 ||
            add_sources(plan, spec, &host->sources) < 0)
                return error_no_memory(err);
        /* An empty list, for example from an empty variable on a command line, does not allow the whole
         * internet. */
        net->access.has_list =
                spec_asked(spec, KEY_NETWORK_ALLOW) || spec_asked(spec, KEY_NETWORK_ALLOW_FROM);
        net->access.allow_private = spec->net_allow_private;
        net->access.rate_up = spec->net_rate_up;
        net->access.rate_down = spec->net_rate_down;
        net->access.check_sni = spec_asked(spec, KEY_NETWORK_CHECK_SNI)
                                        ? spec->net_check_sni
                                        : has_names(&net->access.allow) || has_names(&net->access.deny);
        if (fill_ports(net, spec) < 0)
                return error_set(err, EINVAL, "Publish= is malformed");
        /* init makes the sockets in the sandbox's network (net/relay.h). */
        if (spec->execution.init == INIT_PAYLOAD && net_access_has_tcp(&net->access))
                return error_set(err, ENOTSUP, "cannot publish a TCP port of a sandbox without an init");
        return check_publish(net, err);
}

void plan_clear_network(PlanNetwork *net)
{
        free(net->helper);
        net_access_clear(&net->access);
        strlist_clear(&net->allow_from);
        *net = (PlanNetwork){0};
}
