/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a plan as JSON. */
#include "cmd/plan_json.h"

#include "base/json.h"
#include "plan/plan_text.h"
#include "spec/keys.h"

static struct json_object *numbers(const int *items, size_t n)
{
        struct json_object *a = json_new_array();
        for (size_t i = 0; i < n; i++)
                json_append_int(a, items[i]);
        return a;
}

static void add_octal(struct json_object *o, const char *key, unsigned number)
{
        char text[16];
        (void)snprintf(text, sizeof(text), "%04o", number);
        json_add_string(o, key, text);
}

/* Where content comes from that has no path, and where the writes of an overlay go. */
static void add_source(struct json_object *o, const PlanOp *op)
{
        if (op->source)
                json_add_string(o, "source", op->source);
        if (op->source_kind == FS_SOURCE_DESCRIPTOR)
                json_add_int(o, "descriptor", op->source_fd);
        if (op->n_lowers > 0) {
                struct json_object *a = json_new_array();
                for (size_t i = 0; i < op->n_lowers; i++)
                        json_append_string(a, op->lowers[i].path);
                json_add(o, "lowers", a);
        }
        if (op->upper.path) {
                json_add_string(o, "upper", op->upper.path);
                json_add_string(o, "work", op->work.path);
        }
        if (op->options.n > 0)
                json_add(o, "options", json_new_strings(&op->options));
}

static struct json_object *operation(const PlanOp *op)
{
        char flags[128];
        struct json_object *o = json_new_object();
        json_add_string(o, "op", op_kinds[op->kind].name);
        json_add_string(o, "dest", op->dest);
        add_source(o, op);
        if (op->has_mode)
                add_octal(o, "mode", op->mode);
        if (op->has_owner) {
                json_add_int(o, "uid", op->uid);
                json_add_int(o, "gid", op->gid);
        }
        if (op->size)
                json_add_int(o, "size", (int64_t)op->size);
        if (op->propagation) {
                json_add_string(o, "propagation", plan_propagation_name(op->propagation));
                json_add_bool(o, "propagates_below", op->flags & OP_PROPAGATE_BELOW);
        }
        json_add_string(o, "flags", plan_flag_names(op->flags, flags, sizeof(flags)));
        if (op->origin)
                json_add_string(o, "origin", op->origin);
        return o;
}

static void add_joined(struct json_object *o, const PlanNamespaces *ns)
{
        if (!ns->join_user && !ns->joined)
                return;
        struct json_object *joined = json_new_object();
        if (ns->join_user)
                json_add_int(joined, "user", ns->user_fd);
        for (size_t i = 0; i < NS_MAX; i++)
                if (ns->joined & (1U << i))
                        json_add_int(joined, plan_joined_name(i), ns->fds[i]);
        json_add(o, "joined_namespaces", joined);
}

/* The namespaces of the sandbox, and those that it joins instead of the caller's. */
static void add_namespaces(struct json_object *o, const PlanNamespaces *ns)
{
        struct json_object *created = json_new_array();
        const char *name;
        for (size_t i = 0; (name = plan_namespace_name(ns, i)); i++)
                json_append_string(created, name);
        json_add(o, "namespaces", created);
        add_joined(o, ns);
        if (ns->no_user_namespaces)
                json_add_bool(o, "user_namespaces_forbidden", true);
}

static void add_groups(struct json_object *o, const PlanIdentity *identity)
{
        if (identity->n_groups == 0)
                return;
        struct json_object *a = json_new_array();
        for (size_t i = 0; i < identity->n_groups; i++)
                json_append_int(a, identity->groups[i]);
        json_add(o, "groups", a);
}

/* A value that is not limited is null. */
static void add_limit(struct json_object *o, const char *key, rlim_t limit)
{
        if (limit <= INT64_MAX)
                json_add_int(o, key, (int64_t)limit);
        else
                json_add(o, key, NULL);
}

static void add_rlimits(struct json_object *o, const PlanResources *resources)
{
        if (resources->n_rlimits == 0)
                return;
        struct json_object *rlimits = json_new_object();
        for (size_t i = 0; i < resources->n_rlimits; i++) {
                struct json_object *limit = json_new_object();
                add_limit(limit, "soft", resources->rlimits[i].soft);
                add_limit(limit, "hard", resources->rlimits[i].hard);
                json_add(rlimits, spec_rlimit_name(resources->rlimits[i].resource), limit);
        }
        json_add(o, "rlimits", rlimits);
}

static void add_process_limits(struct json_object *o, const PlanResources *resources)
{
        add_rlimits(o, resources);
        if (resources->has_oom_score_adj)
                json_add_int(o, "oom_score_adj", resources->oom_score_adj);
}

static void add_set(struct json_object *o, const char *key, uint64_t set)
{
        CLEANUP_FREE char *names = plan_capability_names(set);
        json_add_string(o, key, names);
}

static void add_privileges(struct json_object *o, const PlanPrivileges *privileges)
{
        add_set(o, "capabilities", privileges->capabilities);
        if (privileges->capability_sets_given) {
                struct json_object *sets = json_new_object();
                add_set(sets, "permitted", privileges->capability_sets.permitted);
                add_set(sets, "effective", privileges->capability_sets.effective);
                add_set(sets, "inheritable", privileges->capability_sets.inheritable);
                add_set(sets, "bounding", privileges->capability_sets.bounding);
                add_set(sets, "ambient", privileges->capability_sets.ambient);
                json_add(o, "capability_sets", sets);
        }
        json_add_bool(o, "no_new_privileges", privileges->no_new_privileges);
        json_add_string(o, "seccomp",
                        privileges->filters_given  ? privileges->n_filter_fds > 0 ? "given" : "none"
                        : privileges->seccomp_file ? privileges->seccomp_file
                                                   : plan_seccomp_name(privileges->seccomp));
        if (privileges->n_filter_fds > 0)
                json_add(o, "seccomp_descriptors", numbers(privileges->filter_fds, privileges->n_filter_fds));
        json_add_bool(o, "set_id_bits_refused", privileges->host_writable);
        json_add(o, "architectures", json_new_strings(&privileges->architectures));
        json_add_bool(o, "landlock_scope", privileges->landlock_scope);
}

static void add_payload(struct json_object *o, const PlanPayload *payload)
{
        static const char *const terminals[] = {
                [TERMINAL_INHERIT] = "inherit", [TERMINAL_SESSION] = "session", [TERMINAL_SOCKET] = "socket"};
        if (payload->init == INIT_PAYLOAD) {
                json_add_string(o, "init", "payload");
                json_add_bool(o, "die_with_parent", payload->die_with_parent);
        }
        if (payload->detached)
                json_add_int(o, "start_socket", payload->start_socket);
        if (payload->terminal != TERMINAL_OWN)
                json_add_string(o, "terminal", terminals[payload->terminal]);
        if (payload->terminal == TERMINAL_SOCKET)
                json_add_int(o, "terminal_socket", payload->terminal_socket);
        if (payload->has_umask)
                add_octal(o, "umask", payload->umask);
        if (payload->n_kept_fds > 0)
                json_add(o, "kept_descriptors", numbers(payload->kept_fds, payload->n_kept_fds));
        json_add(o, "env", json_new_strings(&payload->env));
        if (payload->program)
                json_add_string(o, "program", payload->program);
        json_add(o, "argv", json_new_strings(&payload->argv));
}

static struct json_object *limits(const Plan *plan)
{
        struct json_object *a = json_new_array();
        for (size_t i = 0; i < plan->resources.n_limits; i++) {
                const PlanLimit *limit = &plan->resources.limits[i];
                struct json_object *o = json_new_object();
                json_add_string(o, "key", keys[limit->key].name);
                json_add_string(o, "file", limit->file);
                json_add_string(o, "value", limit->value);
                json_add_bool(o, "asked", limit->asked);
                json_add_string(o, "origin", limit->origin);
                json_append(a, o);
        }
        return a;
}

static struct json_object *network(const PlanNetwork *net)
{
        struct json_object *o = json_new_object(), *ports = json_new_array(), *publish = json_new_array();
        char text[NET_PUBLISH_TEXT_MAX];
        json_add_string(o, "helper", net->helper);
        json_add_bool(o, "has_list", net->access.has_list);
        json_add(o, "allow", json_new_strings(&net->access.allow));
        json_add(o, "allow_from", json_new_strings(&net->allow_from));
        json_add(o, "deny", json_new_strings(&net->access.deny));
        json_add_bool(o, "allow_private", net->access.allow_private);
        json_add_bool(o, "check_sni", net->access.check_sni);
        for (size_t i = 0; i < net->access.n_loopback_ports; i++) {
                (void)snprintf(text, sizeof(text), "%u", net->access.loopback_ports[i]);
                json_append_string(ports, text);
        }
        json_add(o, "host_loopback", ports);
        for (size_t i = 0; i < net->access.n_publish; i++)
                json_append_string(publish, net_publish_print(&net->access.publish[i], text, sizeof(text)));
        json_add(o, "publish", publish);
        json_add_int(o, "rate_up", (int64_t)net->access.rate_up);
        json_add_int(o, "rate_down", (int64_t)net->access.rate_down);
        return o;
}

int plan_print_json(const Plan *plan, FILE *out, Error *err)
{
        int r = json_load(err);
        if (r < 0)
                return r;
        struct json_object *o = json_new_object(), *ops = json_new_array();
        add_namespaces(o, &plan->namespaces);
        json_add_int(o, "uid", plan->identity.uid);
        json_add_int(o, "gid", plan->identity.gid);
        json_add_bool(o, "map_by_helpers", plan->identity.map_by_newuidmap);
        json_add(o, "uid_map", plan_map_json(&plan->identity.uid_map));
        json_add(o, "gid_map", plan_map_json(&plan->identity.gid_map));
        add_groups(o, &plan->identity);
        json_add_bool(o, "payload_user_namespace", plan->identity.payload_userns);
        json_add_string(o, "engine", plan_engine_name(plan->root.engine));
        for (size_t i = 0; i < plan->root.n_ops; i++)
                json_append(ops, operation(&plan->root.ops[i]));
        json_add(o, "ops", ops);
        if (plan->root.propagation == FS_PROPAGATION_SLAVE)
                json_add_string(o, "host_mounts", plan_propagation_name(plan->root.propagation));
        json_add_string(o, "cwd", plan->payload.cwd);
        if (plan->payload.host_name)
                json_add_string(o, "host_name", plan->payload.host_name);
        json_add_string(o, "network", plan_network_name(plan->network.mode));
        json_add_string(o, "cgroup", plan_cgroup_name(plan->resources.cgroup));
        json_add(o, "limits", limits(plan));
        json_add_int(o, "runtime_max_us", (int64_t)plan->resources.runtime_max_us);
        if (plan->resources.disk_max)
                json_add_int(o, "disk_max", (int64_t)plan->resources.disk_max);
        if (plan->resources.disk_inodes_max)
                json_add_int(o, "disk_inodes_max", (int64_t)plan->resources.disk_inodes_max);
        if (plan->resources.disk_keep_percent)
                json_add_int(o, "disk_keep_free_percent", plan->resources.disk_keep_percent);
        else if (plan->resources.disk_keep_free != UINT64_MAX)
                json_add_int(o, "disk_keep_free", (int64_t)plan->resources.disk_keep_free);
        json_add_int(o, "inotify_instances", (int64_t)plan->resources.inotify_instances);
        json_add_int(o, "inotify_watches", (int64_t)plan->resources.inotify_watches);
        add_process_limits(o, &plan->resources);
        if (plan->network.mode == NETWORK_SLIRP)
                json_add(o, "net", network(&plan->network));
        add_privileges(o, &plan->privileges);
        add_payload(o, &plan->payload);
        json_add(o, "notices", json_new_strings(&plan->notices));
        json_add(o, "notices_once", json_new_strings(&plan->notices_once));
        json_print(out, o);
        return 0;
}
