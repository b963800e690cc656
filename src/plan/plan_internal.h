/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of plan_make() share. */
#pragma once

#include "plan/plan.h"

/** plan_add_op - append an operation; copies the strings. @source: of the first kind that the table names, or
 * NULL. Returns it (valid until the next call), or NULL when out of memory. */
PlanOp *plan_add_op(Plan *plan, FsOpKind kind, const char *source, const char *dest, unsigned flags);

/** plan_add, plan_add_mode, plan_add_layer - the same with a mode, or a layer of its own (SCRATCH, OVERLAY,
 * FUSE). 0 or -errno with @err. */
int plan_add(Plan *plan, FsOpKind kind, const char *source, const char *dest, unsigned flags, Error *err);
int plan_add_mode(Plan *plan, FsOpKind kind, const char *dest, unsigned mode, unsigned flags, Error *err);
int plan_add_layer(Plan *plan, FsOpKind kind, const char *source, const char *dest, unsigned flags,
                   Error *err);

/** plan_take_op - append what is asked for as a step at @dest, with the host's paths as they are without
 * links. The rest is as with plan_add_op(). */
PlanOp *plan_take_op(Plan *plan, const Host *host, const SpecOp *asked, const char *dest);

/** plan_notice - append a notice. 0 or -ENOMEM. */
int plan_notice(Plan *plan, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** plan_notice_once - one that is not repeated at every start. 0 or -ENOMEM. */
int plan_notice_once(Plan *plan, const char *fmt, ...) PRINTF_LIKE(2, 3);

/**
 * plan_map_ids - one id map: @inside is @outside. The others are the subordinate ranges in their order from 1
 * on, as for root inside, so that a file of a subordinate id has the same owner for whoever looks; of these
 * the one that would be @inside becomes 0.
 */
void plan_map_ids(uint32_t inside, uint32_t outside, const SubRanges *ranges, IdMap *ret);

/** plan_choose_namespaces - fill plan->namespaces; after the root. 0 or -EINVAL with @err. */
int plan_choose_namespaces(Plan *plan, const Spec *spec, Error *err);

/** plan_choose_identity - fill plan->identity; with @kept by its maps. 0 or -errno with @err. */
int plan_choose_identity(Plan *plan, const Spec *spec, const Host *host, const PlanKept *kept, Error *err);

/**
 * plan_make_execution - what only the spec's execution asks for, once the ids, the limits and the
 * capabilities are there that hold without it. 0 or -errno with @err.
 */
int plan_make_execution(Plan *plan, const Spec *spec, Error *err);

/** plan_choose_engine - the root's engine: 0 or -errno with @err. */
int plan_choose_engine(Plan *plan, const Spec *spec, const Host *host, Error *err);

/**
 * plan_add_caught - writes below @dest are caught: the kernel's overlay where it serves, else fuse-overlayfs.
 * A lower with mounts below it can't be cloned by the kernel (all of the host's mounts are locked in our
 * namespace: mount_namespaces(7)).
 *
 * Returns 0; 1 when neither serves, and nothing was added; -errno with @err.
 */
int plan_add_caught(Plan *plan, const Host *host, const char *source, const char *dest, Error *err);

/** plan_fuse_works, plan_kernel_overlay_works - whether an engine can be had here. */
bool plan_fuse_works(const Host *host);
bool plan_kernel_overlay_works(const Host *host);

/** plan_fuse_missing, plan_kernel_overlay_missing - what an engine lacks here, with the remedy. */
const char *plan_fuse_missing(const Host *host);
const char *plan_kernel_overlay_missing(const Host *host);

/** plan_has_submounts - whether the host has mounts below @dir. */
bool plan_has_submounts(const Host *host, const char *dir);

/** plan_is_emptied - whether @path is one of the host's directories that are empty in a sandbox. */
bool plan_is_emptied(const char *path);

/** plan_take_ops - the root of a spec whose operations are in order: these and nothing else. 0 or -errno with
 * @err. */
int plan_take_ops(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** plan_add_requests - what the user asks to see, in the order in which it has to be mounted. 0 or -errno
 * with @err. */
int plan_add_requests(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** plan_pin_all - the plan anew, with pins before what they are for; once all operations are there. 0 or
 * -errno with @err. */
int plan_pin_all(Plan *plan, Error *err);

/** plan_identify_sources - say of each operation's source which file it is, where @host has looked it up. */
void plan_identify_sources(Plan *plan, const Host *host);

/** plan_make_root - fill plan->root.ops and plan->payload.cwd. */
int plan_make_root(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** Spelled and without links: configuration, cache, state, running sandboxes. */
#define OWN_DIRS_MAX 8

/** plan_own_dir_at - one of kurung's own directories that @path holds or lies in, or NULL. @written: writes
 * there are real; else the configuration does not count. */
const char *plan_own_dir_at(const Plan *plan, const Host *host, const char *path, bool written);

/** plan_real_path - a host path without links, as far as host_probe_paths() was asked; else as it is. */
const char *plan_real_path(const Host *host, const char *path);

/** plan_hide_own - of @source, which is seen at @dest, kurung's own directories are empty; with @writable
 * none can be renamed away or made. 0 or -errno with @err. */
int plan_hide_own(Plan *plan, const Host *host, const char *source, const char *dest, bool writable,
                  Error *err);

/** plan_hide_people - of a root that is the host's: the user's home directories, wherever they are, and what
 * else is private, are empty. After the root and what is hidden of it. 0 or -errno with @err. */
int plan_hide_people(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** plan_check_own - refuse a wish for what is kurung's own: 0 or -EPERM with @err. */
int plan_check_own(const Plan *plan, const Host *host, const char *source, bool writable, const char *origin,
                   Error *err);

/** plan_make_env - fill plan->payload.env. */
int plan_make_env(Plan *plan, const Spec *spec, const Host *host, const char *const *environ_list,
                  Error *err);

/** plan_make_privileges - fill plan->privileges, identity.payload_userns and what the spec's execution
 * requests; last, but for the environment. 0 or -errno with @err. */
int plan_make_privileges(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** plan_make_limits - fill what plan holds of resources; before plan_make_root(). 0 or -errno with @err. */
int plan_make_limits(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** plan_bound_memory - give each file system in memory a size, so that all together leave the host a share of
 * its memory; after plan_make_root(). */
void plan_bound_memory(Plan *plan, const Host *host);

/** plan_clear_resources - free all. */
void plan_clear_resources(PlanResources *resources);

/** plan_resume - give the operations the layers of @kept (plan_make()). 0 or -errno with @err. */
int plan_resume(Plan *plan, const PlanKept *kept, Error *err);

/** plan_make_network - fill plan->network. */
int plan_make_network(Plan *plan, const Spec *spec, const Host *host, Error *err);
void plan_clear_network(PlanNetwork *net);
