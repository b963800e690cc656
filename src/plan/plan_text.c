/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a plan as text. */
#include "plan/plan_text.h"

#include "base/json.h"
#include "base/log.h"

#include <sched.h>
#include <sys/capability.h>

static const struct {
        unsigned flag;
        const char *name;
} flag_names[] = {
        {OP_RDONLY, "ro"},
        {OP_ALLOW_DEV, "dev"},
        {OP_ALLOW_SUID, "suid"},
        {OP_NOEXEC, "noexec"},
        {OP_NOATIME, "noatime"},
        {OP_STRICTATIME, "strictatime"},
        {OP_NODIRATIME, "nodiratime"},
        {OP_NOSYMFOLLOW, "nosymfollow"},
        {OP_TOP_ONLY, "top-only"},
        {OP_AS_SPELLED, "as-spelled"},
        {OP_OPTIONAL, "optional"},
        {OP_RECURSIVE, "recursive"},
        {OP_ROOT_OWNED, "root-owned"},
        {OP_NO_FOLLOW, "no-follow"},
        {OP_IN_MEMORY, "in-memory"},
        {OP_VIEWED, "viewed"},
        {OP_OWN_DATA, "own-data"},
        {OP_SPECIFIERS, "specifiers"},
};

static const struct {
        uint64_t flag;
        const char *name;
} namespace_names[] = {
        {CLONE_NEWUSER, "user"}, {CLONE_NEWNS, "mount"}, {CLONE_NEWPID, "pid"},       {CLONE_NEWIPC, "ipc"},
        {CLONE_NEWUTS, "uts"},   {CLONE_NEWNET, "net"},  {CLONE_NEWCGROUP, "cgroup"},
};

const char *plan_flag_names(unsigned flags, char *out, size_t room)
{
        size_t len = 0;
        out[0] = '\0';
        for (size_t i = 0; i < ARRAY_LEN(flag_names); i++)
                if ((flags & flag_names[i].flag) && len < room)
                        len += (size_t)snprintf(out + len, room - len, "%s%s", len > 0 ? "," : "",
                                                flag_names[i].name);
        return out;
}

const char *plan_propagation_name(FsPropagation propagation)
{
        static const char *const names[] = {[FS_PROPAGATION_NONE] = "none",
                                            [FS_PROPAGATION_PRIVATE] = "private",
                                            [FS_PROPAGATION_SLAVE] = "slave",
                                            [FS_PROPAGATION_SHARED] = "shared",
                                            [FS_PROPAGATION_UNBINDABLE] = "unbindable"};
        return names[propagation];
}

const char *plan_engine_name(OverlayEngine engine)
{
        static const char *const names[] = {"auto", "fuse", "kernel", "view", "none"};
        return names[engine];
}

const char *plan_network_name(NetworkMode network)
{
        static const char *const names[] = {"none", "slirp", "host"};
        return names[network];
}

const char *plan_seccomp_name(SeccompKind seccomp)
{
        static const char *const names[] = {"default", "strict", "file"};
        return names[seccomp];
}

char *plan_capability_names(uint64_t set)
{
        char *text = NULL;
        size_t len;
        FILE *f = open_memstream(&text, &len);
        if (!f)
                return NULL;
        const char *comma = "";
        for (cap_value_t cap = 0; cap < 64; cap++) {
                if (!((set >> cap) & 1))
                        continue;
                char *name = cap_to_name(cap);
                (void)fprintf(f, "%s%s", comma, name ? name : "?");
                (void)cap_free(name);
                comma = ",";
        }
        return fclose(f) == 0 ? text : NULL;
}

static void print_value(FILE *out, const char *name, const char *value)
{
        char escaped[8192];
        (void)fprintf(out, "%s %s\n", name, text_escape(value, escaped, sizeof(escaped)));
}

static void print_map(FILE *out, const char *name, const IdMap *map)
{
        for (size_t i = 0; i < map->n; i++)
                (void)fprintf(out, "%s %u %u %u\n", name, map->items[i].inside, map->items[i].outside,
                              map->items[i].count);
}

/* Of a file whose content would fill the screen. */
#define LONG_TEXT 1024

static void print_op(FILE *out, const PlanOp *op)
{
        char flags[256], source[8192], dest[8192];
        (void)fprintf(out, "op %s %s", op_kinds[op->kind].name, text_escape(op->dest, dest, sizeof(dest)));
        if (op->source && op->source_kind == FS_SOURCE_BYTES && op->source_len > LONG_TEXT)
                (void)fputs(" from=(a long text)", out);
        else if (op->source)
                (void)fprintf(out, " from=%s", text_escape(op->source, source, sizeof(source)));
        if (op->source_kind == FS_SOURCE_DESCRIPTOR)
                (void)fprintf(out, " from-descriptor=%d", op->source_fd);
        for (size_t i = 0; i < op->n_lowers; i++)
                (void)fprintf(out, " lower=%s", text_escape(op->lowers[i].path, source, sizeof(source)));
        if (op->upper.path) {
                (void)fprintf(out, " upper=%s", text_escape(op->upper.path, source, sizeof(source)));
                (void)fprintf(out, " work=%s", text_escape(op->work.path, source, sizeof(source)));
        }
        for (size_t i = 0; i < op->options.n; i++)
                (void)fprintf(out, " option=%s", text_escape(op->options.items[i], source, sizeof(source)));
        if (op->layer)
                (void)fprintf(out, " layer=%s", op->layer);
        if (op->has_mode)
                (void)fprintf(out, " mode=%04o", op->mode);
        if (op->has_owner)
                (void)fprintf(out, " owner=%u:%u", op->uid, op->gid);
        if (op->size)
                (void)fprintf(out, " size=%llu", (unsigned long long)op->size);
        if (op->placeholders)
                (void)fputs(" placeholders", out);
        if (op->propagation)
                (void)fprintf(out, " propagation=%s%s", op->flags & OP_PROPAGATE_BELOW ? "r" : "",
                              plan_propagation_name(op->propagation));
        if (plan_flag_names(op->flags, flags, sizeof(flags))[0])
                (void)fprintf(out, " %s", flags);
        (void)fputc('\n', out);
}

const char *plan_cgroup_name(PlanCgroup cgroup)
{
        static const char *const names[] = {"none", "delegated", "scope"};
        return names[cgroup];
}

static void print_limits(const Plan *plan, FILE *out)
{
        print_value(out, "cgroup", plan_cgroup_name(plan->resources.cgroup));
        if (plan->resources.cgroup_base)
                print_value(out, "cgroup-base", plan->resources.cgroup_base);
        for (size_t i = 0; i < plan->resources.n_limits; i++)
                (void)fprintf(out, "limit %s %s\n", plan->resources.limits[i].file,
                              plan->resources.limits[i].value);
        if (plan->resources.runtime_max_us)
                (void)fprintf(out, "runtime-max %lluus\n",
                              (unsigned long long)plan->resources.runtime_max_us);
        if (plan->root.uppers_size)
                (void)fprintf(out, "uppers-size %llu\n", (unsigned long long)plan->root.uppers_size);
        if (plan->resources.disk_max)
                (void)fprintf(out, "disk-max %llu\n", (unsigned long long)plan->resources.disk_max);
        if (plan->resources.disk_inodes_max)
                (void)fprintf(out, "disk-inodes-max %llu\n",
                              (unsigned long long)plan->resources.disk_inodes_max);
        if (plan->resources.disk_keep_percent)
                (void)fprintf(out, "disk-keep-free %u%%\n", plan->resources.disk_keep_percent);
        else if (plan->resources.disk_keep_free != UINT64_MAX)
                (void)fprintf(out, "disk-keep-free %llu\n",
                              (unsigned long long)plan->resources.disk_keep_free);
        if (plan->resources.inotify_instances)
                (void)fprintf(out, "inotify instances=%llu watches=%llu\n",
                              (unsigned long long)plan->resources.inotify_instances,
                              (unsigned long long)plan->resources.inotify_watches);
        if (plan->resources.weak_tasks_max)
                (void)fprintf(out, "rlimit nproc %llu\n", (unsigned long long)plan->resources.weak_tasks_max);
}

static void print_limit(FILE *out, rlim_t limit)
{
        if (limit == RLIM_INFINITY)
                (void)fputs(" unlimited", out);
        else
                (void)fprintf(out, " %llu", (unsigned long long)limit);
}

static void print_process_limits(const PlanResources *resources, FILE *out)
{
        for (size_t i = 0; i < resources->n_rlimits; i++) {
                (void)fprintf(out, "rlimit %s", spec_rlimit_name(resources->rlimits[i].resource));
                print_limit(out, resources->rlimits[i].soft);
                print_limit(out, resources->rlimits[i].hard);
                (void)fputc('\n', out);
        }
        if (resources->has_oom_score_adj)
                (void)fprintf(out, "oom-score-adj %d\n", resources->oom_score_adj);
}

static void print_capabilities(FILE *out, const char *name, uint64_t set)
{
        CLEANUP_FREE char *text = plan_capability_names(set);
        print_value(out, name, text && text[0] ? text : "none");
}

static void print_privileges(const PlanPrivileges *privileges, FILE *out)
{
        const CapabilitySets *sets = &privileges->capability_sets;
        print_capabilities(out, "capabilities", privileges->capabilities);
        if (privileges->capability_sets_given) {
                print_capabilities(out, "capabilities-permitted", sets->permitted);
                print_capabilities(out, "capabilities-effective", sets->effective);
                print_capabilities(out, "capabilities-inheritable", sets->inheritable);
                print_capabilities(out, "capabilities-bounding", sets->bounding);
                print_capabilities(out, "capabilities-ambient", sets->ambient);
        }
        print_value(out, "no-new-privileges", privileges->no_new_privileges ? "yes" : "no");
        if (privileges->filters_given)
                print_value(out, "seccomp", privileges->n_filter_fds > 0 ? "given" : "none");
        else
                print_value(out, "seccomp",
                            privileges->seccomp_file ? privileges->seccomp_file
                                                     : plan_seccomp_name(privileges->seccomp));
        for (size_t i = 0; i < privileges->n_filter_fds; i++)
                (void)fprintf(out, "seccomp-filter descriptor=%d\n", privileges->filter_fds[i]);
        if (privileges->host_writable)
                print_value(out, "set-id-bits", "refused");
        for (size_t i = 0; i < privileges->architectures.n; i++)
                print_value(out, "architecture", privileges->architectures.items[i]);
        print_value(out, "landlock", privileges->landlock_scope ? "scope" : "none");
}

static void print_payload(const PlanPayload *payload, FILE *out)
{
        if (payload->has_umask)
                (void)fprintf(out, "umask %04o\n", payload->umask);
        for (size_t i = 0; i < payload->n_kept_fds; i++)
                (void)fprintf(out, "kept-descriptor %d\n", payload->kept_fds[i]);
        for (size_t i = 0; i < payload->env.n; i++)
                print_value(out, "env", payload->env.items[i]);
        if (payload->program)
                print_value(out, "program", payload->program);
        for (size_t i = 0; i < payload->argv.n; i++)
                print_value(out, "arg", payload->argv.items[i]);
}

static void print_list(FILE *out, const char *name, const StrList *list)
{
        for (size_t i = 0; i < list->n; i++)
                print_value(out, name, list->items[i]);
}

static void print_network(FILE *out, const PlanNetwork *net)
{
        char text[NET_PUBLISH_TEXT_MAX];
        print_value(out, "net-helper", net->helper);
        print_value(out, "net-reach", net->access.has_list ? "allowed destinations" : "the internet");
        print_list(out, "net-allow", &net->access.allow);
        print_list(out, "net-allow-from", &net->allow_from);
        print_list(out, "net-deny", &net->access.deny);
        if (net->access.allow_private)
                print_value(out, "net-allow-private", "yes");
        print_value(out, "net-check-sni", net->access.check_sni ? "yes" : "no");
        for (size_t i = 0; i < net->access.n_loopback_ports; i++)
                (void)fprintf(out, "net-host-loopback %u\n", net->access.loopback_ports[i]);
        for (size_t i = 0; i < net->access.n_publish; i++)
                print_value(out, "net-publish",
                            net_publish_print(&net->access.publish[i], text, sizeof(text)));
        if (net->access.rate_up)
                (void)fprintf(out, "net-rate-up %llu\n", (unsigned long long)net->access.rate_up);
        if (net->access.rate_down)
                (void)fprintf(out, "net-rate-down %llu\n", (unsigned long long)net->access.rate_down);
}

struct json_object *plan_map_json(const IdMap *map)
{
        struct json_object *a = json_new_array();
        for (size_t i = 0; i < map->n; i++) {
                struct json_object *o = json_new_object();
                json_add_int(o, "inside", map->items[i].inside);
                json_add_int(o, "outside", map->items[i].outside);
                json_add_int(o, "count", map->items[i].count);
                json_append(a, o);
        }
        return a;
}

const char *plan_namespace_name(const PlanNamespaces *ns, size_t i)
{
        for (size_t k = 0; k < ARRAY_LEN(namespace_names); k++)
                if ((ns->created & namespace_names[k].flag) && i-- == 0)
                        return namespace_names[k].name;
        return NULL;
}

const char *plan_joined_name(size_t kind)
{
        return kind == NS_PAYLOAD_USER ? "payload-user" : namespace_kinds[kind].name;
}

static void print_joined(FILE *out, const PlanNamespaces *ns)
{
        if (ns->join_user)
                (void)fprintf(out, "join user %d\n", ns->user_fd);
        for (size_t i = 0; i < NS_MAX; i++)
                if (ns->joined & (1U << i))
                        (void)fprintf(out, "join %s %d\n", plan_joined_name(i), ns->fds[i]);
        if (ns->no_user_namespaces)
                print_value(out, "user-namespaces", "none can be made");
}

static void print_execution(FILE *out, const PlanPayload *payload)
{
        static const char *const terminals[] = {
                [TERMINAL_INHERIT] = "inherited", [TERMINAL_SESSION] = "inherited, in a session of its own"};
        if (payload->init == INIT_PAYLOAD)
                print_value(out, "init",
                            payload->die_with_parent ? "the command, which dies with the supervisor"
                                                     : "the command");
        if (payload->detached)
                (void)fprintf(out, "start by %d\n", payload->start_socket);
        if (payload->terminal == TERMINAL_SOCKET)
                (void)fprintf(out, "terminal sent to %d\n", payload->terminal_socket);
        else if (payload->terminal != TERMINAL_OWN)
                print_value(out, "terminal", terminals[payload->terminal]);
}

void plan_print(const Plan *plan, FILE *out)
{
        (void)fputs("namespaces", out);
        const char *name;
        for (size_t i = 0; (name = plan_namespace_name(&plan->namespaces, i)); i++)
                (void)fprintf(out, " %s", name);
        (void)fputc('\n', out);
        print_joined(out, &plan->namespaces);
        (void)fprintf(out, "ids %u:%u by %s\n", plan->identity.uid, plan->identity.gid,
                      plan->identity.uid_map.n == 0     ? "the maps that are there"
                      : plan->identity.map_by_newuidmap ? "newuidmap, newgidmap"
                                                        : "a one-line map");
        print_map(out, "uid-map", &plan->identity.uid_map);
        print_map(out, "gid-map", &plan->identity.gid_map);
        for (size_t i = 0; i < plan->identity.n_groups; i++)
                (void)fprintf(out, "group %u\n", plan->identity.groups[i]);
        if (plan->identity.payload_userns)
                print_value(out, "payload-user-namespace", "below, with the same ids");
        print_value(out, "engine", plan_engine_name(plan->root.engine));
        for (size_t i = 0; i < plan->root.n_ops; i++)
                print_op(out, &plan->root.ops[i]);
        if (plan->root.propagation == FS_PROPAGATION_SLAVE)
                print_value(out, "host-mounts", "slave");
        print_value(out, "cwd", plan->payload.cwd);
        if (plan->payload.host_name)
                print_value(out, "host-name", plan->payload.host_name);
        print_value(out, "network", plan_network_name(plan->network.mode));
        print_limits(plan, out);
        print_process_limits(&plan->resources, out);
        if (plan->network.mode == NETWORK_SLIRP)
                print_network(out, &plan->network);
        print_privileges(&plan->privileges, out);
        print_execution(out, &plan->payload);
        print_payload(&plan->payload, out);
        for (size_t i = 0; i < plan->notices.n; i++)
                print_value(out, "notice", plan->notices.items[i]);
        for (size_t i = 0; i < plan->notices_once.n; i++)
                print_value(out, "notice", plan->notices_once.items[i]);
}
