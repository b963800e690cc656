/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a plan as JSON. */
#include "cmd/plan_json.h"

#include "base/json.h"
#include "plan/plan_text.h"
#include "spec/keys.h"

static struct json_object *operation(const PlanOp *op)
{
        char flags[128];
        struct json_object *o = json_new_object();
        json_add_string(o, "op", op_kinds[op->kind].name);
        json_add_string(o, "dest", op->dest);
        if (op->source)
                json_add_string(o, "source", op->source);
        if (op->size)
                json_add_int(o, "size", (int64_t)op->size);
        json_add_string(o, "flags", plan_flag_names(op->flags, flags, sizeof(flags)));
        if (op->origin)
                json_add_string(o, "origin", op->origin);
        return o;
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

int plan_print_json(const Plan *plan, Error *err)
{
        int r = json_load(err);
        if (r < 0)
                return r;
        CLEANUP_FREE char *caps = plan_capability_names(plan->privileges.capabilities);
        struct json_object *o = json_new_object(), *ops = json_new_array();
        json_add_int(o, "uid", plan->identity.uid);
        json_add_int(o, "gid", plan->identity.gid);
        json_add_bool(o, "map_by_helpers", plan->identity.map_by_newuidmap);
        json_add(o, "uid_map", plan_map_json(&plan->identity.uid_map));
        json_add(o, "gid_map", plan_map_json(&plan->identity.gid_map));
        json_add_bool(o, "payload_user_namespace", plan->identity.payload_userns);
        json_add_string(o, "engine", plan_engine_name(plan->root.engine));
        for (size_t i = 0; i < plan->root.n_ops; i++)
                json_append(ops, operation(&plan->root.ops[i]));
        json_add(o, "ops", ops);
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
        if (plan->network.mode == NETWORK_SLIRP)
                json_add(o, "net", network(&plan->network));
        json_add_string(o, "capabilities", caps);
        json_add_bool(o, "no_new_privileges", plan->privileges.no_new_privileges);
        json_add_string(o, "seccomp",
                        plan->privileges.seccomp_file ? plan->privileges.seccomp_file
                                                      : plan_seccomp_name(plan->privileges.seccomp));
        json_add_bool(o, "set_id_bits_refused", plan->privileges.host_writable);
        json_add(o, "architectures", json_new_strings(&plan->privileges.architectures));
        json_add_bool(o, "landlock_scope", plan->privileges.landlock_scope);
        json_add(o, "env", json_new_strings(&plan->payload.env));
        json_add(o, "argv", json_new_strings(&plan->payload.argv));
        json_add(o, "notices", json_new_strings(&plan->notices));
        json_add(o, "notices_once", json_new_strings(&plan->notices_once));
        json_print(stdout, o);
        return 0;
}
