/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text, for --dry-run, the plan tests, records and JSON. */
#pragma once

#include "plan/plan.h"

#include <stdio.h>

struct json_object;

/** plan_flag_names - write op->flags as "ro,recursive" to @out, of @room bytes. Returns @out. */
const char *plan_flag_names(unsigned flags, char *out, size_t room);

/** plan_propagation_name - return "none", "private", "slave", "shared" or "unbindable". */
const char *plan_propagation_name(FsPropagation propagation);

/** plan_engine_name, plan_network_name, plan_seccomp_name - return the value as profiles spell it. */
const char *plan_engine_name(OverlayEngine engine);
const char *plan_network_name(NetworkMode network);
const char *plan_seccomp_name(SeccompKind seccomp);

/** plan_cgroup_name - return "none", "delegated" or "scope". */
const char *plan_cgroup_name(PlanCgroup cgroup);

/** plan_namespace_name - return the @i-th created namespace, such as "mount", from 0; NULL: there are no
 * more. */
const char *plan_namespace_name(const PlanNamespaces *ns, size_t i);

/** plan_joined_name - return the name of a kind of namespace (NS_*) that can be joined. */
const char *plan_joined_name(size_t kind);

/** plan_capability_names - return the capabilities of a set as "CAP_CHOWN,CAP_KILL"; owned, NULL: out of
 * memory. */
char *plan_capability_names(uint64_t set);

/** plan_map_json - return a map as an array of objects, owned by the caller like that of json_new_array(). */
struct json_object *plan_map_json(const IdMap *map);

/** plan_print - write the whole plan as lines "name value", with control bytes escaped. */
void plan_print(const Plan *plan, FILE *out);
