/* SPDX-License-Identifier: Apache-2.0 */
/* Functions shared by the parts of plan_make(). */
#pragma once

#include "plan/plan.h"

/** plan_add_op - append an operation; copies the strings. @source: of the first kind that op_kinds[] lists,
 * or NULL. Returns the operation (valid until the next call); NULL: out of memory. */
PlanOp *plan_add_op(Plan *plan, FsOpKind kind, const char *source, const char *dest, unsigned flags);

/** plan_add, plan_add_mode, plan_add_layer - like plan_add_op(), with a mode, or with a new layer (SCRATCH,
 * OVERLAY, FUSE). Return 0 or -errno with @err. */
int plan_add(Plan *plan, FsOpKind kind, const char *source, const char *dest, unsigned flags, Error *err);
int plan_add_mode(Plan *plan, FsOpKind kind, const char *dest, unsigned mode, unsigned flags, Error *err);
int plan_add_layer(Plan *plan, FsOpKind kind, const char *source, const char *dest, unsigned flags,
                   Error *err);

/** plan_take_op - append a request as a step at @dest, with the links in the host's paths resolved.
 * Everything else is like plan_add_op(). */
PlanOp *plan_take_op(Plan *plan, const Host *host, const SpecOp *asked, const char *dest);

/** plan_notice - append a notice. Returns 0 or -ENOMEM. */
int plan_notice(Plan *plan, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** plan_notice_once - append a notice that is not repeated at every start. Returns 0 or -ENOMEM. */
int plan_notice_once(Plan *plan, const char *fmt, ...) PRINTF_LIKE(2, 3);

/**
 * plan_map_ids - make one id map, in which @inside is @outside. The other ids, from 1 on, are the subordinate
 * ranges in their order, as for root inside, so that a file of a subordinate id has the same owner for every
 * user inside. The id that would be @inside becomes 0.
 */
void plan_map_ids(uint32_t inside, uint32_t outside, const SubRanges *ranges, IdMap *ret);

/** plan_choose_namespaces - fill plan->namespaces; called before plan_make_root(). Returns 0 or -EINVAL with
 * @err. */
int plan_choose_namespaces(Plan *plan, const Spec *spec, Error *err);

/** plan_choose_identity - fill plan->identity, with the maps of @kept unless it is NULL. Returns 0 or -errno
 * with @err. */
int plan_choose_identity(Plan *plan, const Spec *spec, const Host *host, const PlanKept *kept, Error *err);

/**
 * plan_make_execution - add the requests of spec->execution, after the ids, limits and capabilities that
 * apply without them. Returns 0 or -errno with @err.
 */
int plan_make_execution(Plan *plan, const Spec *spec, Error *err);

/** plan_choose_engine - choose the root's engine; that of @kept, if it is resumed and the user chooses none.
 * Returns 0 or -errno with @err. */
int plan_choose_engine(Plan *plan, const Spec *spec, const Host *host, const PlanKept *kept, Error *err);

/**
 * plan_add_caught - redirect writes below @dest to a layer: by the kernel's overlay if possible, otherwise by
 * fuse-overlayfs. The kernel cannot clone a lower with mounts below it, because all mounts of the host are
 * locked in the sandbox's namespace (mount_namespaces(7)).
 *
 * Returns 0; 1 if neither engine works, and nothing was added; -errno with @err.
 */
int plan_add_caught(Plan *plan, const Host *host, const char *source, const char *dest, Error *err);

/** plan_add_image - add the layers of host->image as the root. Returns 0 or -errno with @err. */
int plan_add_image(Plan *plan, const Spec *spec, const Host *host, Error *err);

/**
 * plan_read_only_overlay_works - return whether a read-only root can be an overlay whose upper holds only the
 * mount points that the root lacks. plan_read_only_flags() returns the flags of its operation; a REMOUNT
 * makes it read-only once they exist.
 */
bool plan_read_only_overlay_works(const Plan *plan, const Host *host);
unsigned plan_read_only_flags(const Host *host);

/** plan_fuse_works, plan_kernel_overlay_works, plan_view_works - return whether an engine is available. */
bool plan_fuse_works(const Host *host);
bool plan_view_works(const Host *host);
bool plan_kernel_overlay_works(const Host *host);

/** plan_fuse_missing, plan_kernel_overlay_missing, plan_view_missing - return why an engine is not available,
 * with the remedy. */
const char *plan_fuse_missing(const Host *host);
const char *plan_view_missing(const Host *host);
const char *plan_kernel_overlay_missing(const Host *host);

/** plan_has_submounts - return whether the host has mounts below @dir. */
bool plan_has_submounts(const Host *host, const char *dir);

/** plan_is_emptied - return whether @path is one of the host's directories that are empty in a sandbox. */
bool plan_is_emptied(const char *path);

/** plan_take_ops - make the root of a spec with operations in order: these and no others. Returns 0 or -errno
 * with @err. */
int plan_take_ops(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** The directory of programs of kurung's own in PATH, for root inside; the program in it, and its content. */
#define PLAN_PROGRAMS "/run/kurung/bin"
#define PLAN_SUDO PLAN_PROGRAMS "/sudo"
extern const char plan_sudo_script[];

/** The file by which git finds the user's identity inside, in place of /etc/gitconfig, which it includes. */
#define PLAN_GIT_CONFIG "/run/kurung/gitconfig"

/** plan_check_kernel - refuse a share of a file system of the kernel; tell that a device cannot be opened.
 * Returns 0 or -EINVAL with @err. */
int plan_check_kernel(Plan *plan, const Host *host, const SpecOp *op, Error *err);

/** A directory of the user that WorkDir= or Project= shows at its own path. */
typedef struct PlanPlace {
        const char *path; /* without links; borrowed from Host */
        const char *what; /* "the working directory", for messages */
        const char *key;  /* "WorkDir" */
        WorkDirMode mode; /* never HIDDEN */
        bool asked;       /* a profile or an option set the key */
} PlanPlace;

/** The places that a plan shows, and the payload's default working directory. */
typedef struct PlanPlaces {
        PlanPlace items[3]; /* the working directory, its project, git's directory of its worktree */
        size_t n;
        const char *cwd;    /* borrowed from Host */
        bool below_project; /* the directory of its project is visible, too */
} PlanPlaces;

/** plan_choose_places - decide which places are shown and how, and refuse those that cannot be shown as
 * asked. Returns 0 or -errno with @err. */
int plan_choose_places(Plan *plan, const Spec *spec, const Host *host, PlanPlaces *ret, Error *err);

/** plan_enter_image - replace the payload's default working directory by that of the image where that counts,
 * and create it. @ret_cwd: unchanged, or borrowed from @host. Returns 0 or -errno with @err. */
int plan_enter_image(Plan *plan, const Host *host, const PlanPlaces *places, const char **ret_cwd,
                     Error *err);

/** plan_add_place - add the operations of a place. Returns 0 or -errno with @err. */
int plan_add_place(Plan *plan, const Host *host, const PlanPlace *place, Error *err);

/** plan_add_requests - add @places and the paths that the user requests, sorted for mounting. Returns 0 or
 * -errno with @err. */
int plan_add_requests(Plan *plan, const Spec *spec, const Host *host, const PlanPlaces *places, Error *err);

/** A path inside that a Hide= makes empty. */
typedef struct PlanHide {
        const SpecOp *op; /* borrowed from the spec */
        char *dest;
        bool tells_missing; /* the user should know if nothing is there */
} PlanHide;

typedef struct PlanHides {
        PlanHide *items;
        size_t n, room;
} PlanHides;

/**
 * plan_find_hides - find the paths inside that each Hide= makes empty: its own, the target if that is a link,
 * and each path at which a share, the home or another root shows the file. One that Show= undoes has none,
 * with a notice.
 *
 * @ret: empty; plan_hides_clear() frees it, also after an error.
 *
 * Returns 0; -EPERM with @err if the sandbox would show a part of a hidden directory, because links lead
 * there from a path that the user named elsewhere; -EINVAL if the whole root is hidden; -ENOMEM.
 */
int plan_find_hides(Plan *plan, const Spec *spec, const Host *host, PlanHides *ret, Error *err);
void plan_hides_clear(PlanHides *hides);

/** plan_pin_all - insert pins before the operations that need them; called after all operations are added.
 * Returns 0 or -errno with @err. */
int plan_pin_all(Plan *plan, Error *err);

/** plan_identify_sources - set the file of each operation's source, if @host has looked it up. */
void plan_identify_sources(Plan *plan, const Host *host);

/** plan_make_root - fill plan->root.ops and plan->payload.cwd. */
int plan_make_root(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** Maximum number of kurung's directories: configuration, cache, state, running sandboxes, data, each as
 * spelled and without links. */
#define OWN_DIRS_MAX 10

/** plan_own_dir_at - return a directory of kurung that contains @path or is below it; NULL: none. @written:
 * writes there reach the host; otherwise the configuration is ignored. */
const char *plan_own_dir_at(const Plan *plan, const Host *host, const char *path, bool written);

/** plan_real_path - return a path of the host without links, if host_probe_paths() looked it up; otherwise
 * @path. */
const char *plan_real_path(const Host *host, const char *path);

/** plan_hide_own - make kurung's own directories in @source, which is shown at @dest, empty; with @writable,
 * the payload can neither rename nor create them. Returns 0 or -errno with @err. */
int plan_hide_own(Plan *plan, const Host *host, const char *source, const char *dest, bool writable,
                  Error *err);

/** plan_hide_people - in a root that shows the host: make the user's home directories, wherever they are, and
 * other private directories empty. Called after the root and its hidden directories. Returns 0 or -errno with
 * @err. */
int plan_hide_people(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** plan_check_own - refuse a request for a directory of kurung. Returns 0 or -EPERM with @err. */
int plan_check_own(const Plan *plan, const Host *host, const char *source, bool writable, const char *origin,
                   Error *err);

/** plan_make_env - fill plan->payload.env. */
int plan_make_env(Plan *plan, const Spec *spec, const Host *host, const char *const *environ_list,
                  Error *err);

/** plan_make_privileges - fill plan->privileges and identity.payload_userns, and add the requests of
 * spec->execution; called last except for the environment. Returns 0 or -errno with @err. */
int plan_make_privileges(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** plan_make_limits - fill plan->resources; called before plan_make_root(). Returns 0 or -errno with @err. */
int plan_make_limits(Plan *plan, const Spec *spec, const Host *host, Error *err);

/** plan_bound_memory - give each file system in memory a size, so that all together leave the host a share of
 * its memory; called after plan_make_root(). */
void plan_bound_memory(Plan *plan, const Host *host);

/** plan_clear_resources - free the memory of @resources. */
void plan_clear_resources(PlanResources *resources);

/** plan_resume - assign the layers of @kept to the operations (plan_make()). Returns 0 or -errno with
 * @err. */
int plan_resume(Plan *plan, const PlanKept *kept, Error *err);

/** plan_make_network - fill plan->network. */
int plan_make_network(Plan *plan, const Spec *spec, const Host *host, Error *err);
void plan_clear_network(PlanNetwork *net);
