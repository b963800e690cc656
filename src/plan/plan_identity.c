/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the payload's ids and makes the id maps. */
#include "plan/plan_internal.h"

static void map_add(IdMap *map, uint32_t inside, uint32_t outside, uint32_t count)
{
        if (count > 0 && map->n < PLAN_RANGES_MAX)
                map->items[map->n++] = (IdRange){inside, outside, count};
}

/* The kernel refuses a range that contains the user's own id, or an id of an earlier line. */
static bool range_usable(const SubRanges *ranges, size_t i, uint32_t own)
{
        uint64_t start = ranges->items[i].start, end = start + ranges->items[i].count;
        if (own >= start && own < end)
                return false;
        for (size_t j = 0; j < i; j++) {
                uint64_t s = ranges->items[j].start, e = s + ranges->items[j].count;
                if (start < e && s < end)
                        return false;
        }
        return true;
}

/* Makes the map of root inside: 0 is @outside, followed by the subordinate ids in their order. */
static void map_root(uint32_t outside, const SubRanges *ranges, IdMap *ret)
{
        uint64_t next = 1;
        *ret = (IdMap){0};
        map_add(ret, 0, outside, 1);
        for (size_t i = 0; i < ranges->n; i++) {
                if (!range_usable(ranges, i, outside))
                        continue;
                uint64_t count = ranges->items[i].count;
                if (next + count > UINT32_MAX)
                        count = UINT32_MAX - next;
                map_add(ret, (uint32_t)next, ranges->items[i].start, (uint32_t)count);
                next += count;
        }
}

void plan_map_ids(uint32_t inside, uint32_t outside, const SubRanges *ranges, IdMap *ret)
{
        IdMap root;
        map_root(outside, ranges, &root);
        if (inside == 0 || root.n < 2) {
                root.items[0].inside = inside;
                *ret = root;
                return;
        }
        /* The subordinate id of @inside in root's map; without one, the last subordinate id. */
        IdRange *last = &root.items[root.n - 1];
        uint32_t taken = last->outside + last->count - 1;
        bool found = false;
        for (size_t i = 1; i < root.n && !found; i++) {
                const IdRange *range = &root.items[i];
                found = inside >= range->inside && inside - range->inside < range->count;
                if (found)
                        taken = range->outside + (inside - range->inside);
        }
        if (!found)
                last->count--;
        *ret = (IdMap){0};
        map_add(ret, 0, taken, 1);
        for (size_t i = 1; i < root.n; i++) {
                const IdRange *range = &root.items[i];
                uint32_t before = inside - range->inside;
                if (inside < range->inside || before >= range->count) {
                        map_add(ret, range->inside, range->outside, range->count);
                        continue;
                }
                map_add(ret, range->inside, range->outside, before);
                map_add(ret, inside, outside, 1);
                map_add(ret, inside + 1, range->outside + before + 1, range->count - before - 1);
        }
        if (!found)
                map_add(ret, inside, outside, 1);
}

/* Why newuidmap or newgidmap cannot be used, with the remedy. */
static const char *const idmap_reasons[] = {
        [HOST_IDMAP_MISSING] =
                "newuidmap and newgidmap are not installed (Debian, Ubuntu: apt install uidmap)",
        [HOST_IDMAP_UNPRIVILEGED] = "newuidmap or newgidmap lacks its set-user-ID bit or file capability "
                                    "(reinstall uidmap)",
        [HOST_IDMAP_NO_NEW_PRIVS] = "kurung was started with no_new_privs, by which newuidmap has no effect "
                                    "(start it without \"setpriv --no-new-privs\" or NoNewPrivileges=)",
        [HOST_IDMAP_NOSUID] =
                "newuidmap or newgidmap is on a file system that is mounted nosuid (mount it with "
                "suid)",
        [HOST_IDMAP_BOUNDED] = "kurung was started without the capabilities that newuidmap needs (give the "
                               "container or service CAP_SETUID and CAP_SETGID)",
};

/* Returns why newuidmap and newgidmap cannot be used, with the remedy; NULL: they can. */
static const char *idmap_missing(const Host *host)
{
        bool none = host->subuids.n == 0 || host->subgids.n == 0;
        HostIdmap state =
                host->newuidmap_state != HOST_IDMAP_OK ? host->newuidmap_state : host->newgidmap_state;
        if (host->ranges_unmapped && none)
                return "your subordinate ids are not mapped in the current user namespace";
        if (state != HOST_IDMAP_OK)
                return idmap_reasons[state];
        if (none)
                return "/etc/subuid and /etc/subgid have no range for you (\"kurung doctor\" prints the "
                       "command to add one)";
        return NULL;
}

/* Returns whether newuidmap(1), or the kernel for a map of one line, accepts the map. */
static bool may_map(const IdMap *map, uint32_t own, const SubRanges *ranges)
{
        for (size_t i = 0; i < map->n; i++) {
                const IdRange *range = &map->items[i];
                bool may = range->outside == own && range->count == 1;
                for (size_t j = 0; j < ranges->n && !may; j++) {
                        const SubRange *sub = &ranges->items[j];
                        may = range->outside >= sub->start && range->outside - sub->start < sub->count &&
                              range->count <= sub->count - (range->outside - sub->start);
                }
                if (!may)
                        return false;
        }
        return true;
}

/* Takes the maps of the kept sandbox, because the ids of its files depend on them. */
static int take_kept_maps(PlanIdentity *identity, const PlanKept *kept, const SubRanges *uids,
                          const SubRanges *gids, Error *err)
{
        const PlanIdentity *before = kept->identity;
        if (identity->uid != before->uid || identity->gid != before->gid ||
            identity->map_by_newuidmap != before->map_by_newuidmap ||
            !may_map(&before->uid_map, identity->host_uid, uids) ||
            !may_map(&before->gid_map, identity->host_gid, gids))
                return error_set(err, ESTALE,
                                 "cannot resume the sandbox '%s': your ranges in /etc/subuid or /etc/subgid, "
                                 "or newuidmap and newgidmap, changed since it was created",
                                 kept->name);
        identity->uid_map = before->uid_map;
        identity->gid_map = before->gid_map;
        return 0;
}

/* The sandbox keeps the caller's groups if it has no subordinate ids, because the kernel does not let it drop
 * them then (user_namespaces(7)). */
static int tell_groups(Plan *plan, const Host *host)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < host->by_group.n && plan->identity.map_by_newuidmap; i++)
                r = plan_notice(
                        plan,
                        "you have access to '%s' only by a supplementary group, which the sandbox does not "
                        "have "
                        "(--id-map=single keeps it; or run \"setfacl -R -m u:%s:rwX\" on the directory)",
                        host->by_group.items[i], host->user ? host->user : "USER");
        return r;
}

int plan_choose_identity(Plan *plan, const Spec *spec, const Host *host, const PlanKept *kept, Error *err)
{
        plan->identity.host_uid = host->uid;
        plan->identity.host_gid = host->gid;
        plan->identity.uid = spec->run_as == RUN_AS_SELF   ? host->uid
                             : spec->run_as == RUN_AS_ROOT ? 0
                                                           : spec->run_as_uid;
        plan->identity.gid = spec->run_as == RUN_AS_SELF   ? host->gid
                             : spec->run_as == RUN_AS_ROOT ? 0
                                                           : spec->run_as_gid;

        if (spec->execution.user.source != NAMESPACE_NEW || spec->execution.maps_given) {
                plan->identity.ids_stay = spec->run_as == RUN_AS_SELF || spec->execution.maps_given;
                return 0;
        }
        const char *missing = spec->id_map == ID_MAP_SINGLE ? NULL : idmap_missing(host);
        if (missing && spec->id_map == ID_MAP_SUBID)
                return error_set(err, ENOTSUP, "IdMap=subid: %s", missing);
        if (missing && plan_notice_once(plan, "only one user id exists inside: %s", missing) < 0)
                return error_no_memory(err);
        plan->identity.map_by_newuidmap = spec->id_map != ID_MAP_SINGLE && !missing;
        if (tell_groups(plan, host) < 0)
                return error_no_memory(err);

        const SubRanges none = {0};
        const SubRanges *uids = plan->identity.map_by_newuidmap ? &host->subuids : &none;
        const SubRanges *gids = plan->identity.map_by_newuidmap ? &host->subgids : &none;
        plan_map_ids(plan->identity.uid, host->uid, uids, &plan->identity.uid_map);
        plan_map_ids(plan->identity.gid, host->gid, gids, &plan->identity.gid_map);
        int r = kept ? take_kept_maps(&plan->identity, kept, uids, gids, err) : 0;
        if (r < 0)
                return r;
        if (!plan->identity.map_by_newuidmap)
                return 0;
        plan->identity.newuidmap = strdup(host->newuidmap);
        plan->identity.newgidmap = strdup(host->newgidmap);
        return plan->identity.newuidmap && plan->identity.newgidmap ? 0 : error_no_memory(err);
}

int plan_make_identity(const Spec *spec, const Host *host, PlanIdentity *ret, Error *err)
{
        CLEANUP(plan_clear) Plan plan = {0};
        int r = plan_choose_identity(&plan, spec, host, NULL, err);
        if (r < 0)
                return r;
        *ret = plan.identity;
        plan.identity = (PlanIdentity){0};
        return 0;
}

void plan_identity_clear(PlanIdentity *identity)
{
        free(identity->newuidmap);
        free(identity->newgidmap);
        free(identity->groups);
        *identity = (PlanIdentity){0};
}
