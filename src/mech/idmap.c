/* SPDX-License-Identifier: Apache-2.0 */
/* Writes id maps and changes to the mapped ids. */
#include "mech/idmap.h"

#include "base/defence.h"
#include "base/io.h"
#include "base/process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static void program_clear(IdmapProgram *h)
{
        h->pidfd = fd_close(h->pidfd);
        h->output = fd_close(h->output);
}

static int program_start(IdmapProgram *h, const char *program, pid_t pid, const IdMap *map, Error *err)
{
        CLEANUP_STRLIST StrList argv = {0};
        int r = strlist_add(&argv, program);
        if (r == 0)
                r = strlist_add_printf(&argv, "%d", (int)pid);
        for (size_t i = 0; r == 0 && i < map->n; i++) {
                r = strlist_add_printf(&argv, "%u", map->items[i].inside);
                if (r == 0)
                        r = strlist_add_printf(&argv, "%u", map->items[i].outside);
                if (r == 0)
                        r = strlist_add_printf(&argv, "%u", map->items[i].count);
        }
        if (r < 0)
                return error_no_memory(err);
        h->program = program;
        h->output = memfd_create("kurung-idmap", MFD_CLOEXEC);
        r = process_spawn(argv.items, h->output, &h->pidfd);
        return r < 0 ? error_set_errno(err, r, "cannot start '%s'", program) : 0;
}

static int program_finish(IdmapProgram *h, Error *err)
{
        int status;
        int r = process_wait(h->pidfd, &status);
        if (r < 0)
                return error_set_errno(err, r, "cannot wait for '%s'", h->program);
        if (status == 0)
                return 0;
        char said[256] = "";
        ssize_t n = h->output >= 0 ? pread(h->output, said, sizeof(said) - 1, 0) : 0;
        said[n > 0 ? n : 0] = '\0';
        said[strcspn(said, "\n")] = '\0';
        return error_set(err, EPERM, "'%s' exited with status %d: %s (\"kurung doctor\" checks your ranges)",
                         h->program, process_exit_code(status), said[0] ? said : "it gave no reason");
}

static int write_line(const PlanIdentity *identity, pid_t pid, Error *err)
{
        char proc[32], line[64];
        (void)snprintf(proc, sizeof(proc), "/proc/%d", (int)pid);
        CLEANUP_FD int dir = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return error_set_errno(err, errno, "cannot open '%s'", proc);
        (void)snprintf(line, sizeof(line), "%u %u 1\n", identity->uid, identity->host_uid);
        int r = io_write_file_at(dir, "uid_map", line);
        if (r < 0)
                return error_set_errno(err, r, "cannot write %s/uid_map", proc);
        /* Without privilege, the kernel allows writing a gid map only after setgroups(2) is denied. */
        r = io_write_file_at(dir, "setgroups", "deny");
        if (r < 0)
                return error_set_errno(err, r, "cannot write %s/setgroups", proc);
        (void)snprintf(line, sizeof(line), "%u %u 1\n", identity->gid, identity->host_gid);
        r = io_write_file_at(dir, "gid_map", line);
        return r < 0 ? error_set_errno(err, r, "cannot write %s/gid_map", proc) : 0;
}

static int write_single(const PlanIdentity *identity, pid_t pid, Error *err)
{
        int r = write_line(identity, pid, err);
        if (r < 0)
                (void)error_at(err, ERROR_MAPS, 0);
        return r;
}

/* All lines need a single write(2) (user_namespaces(7)). */
static int write_identity(int dir, const char *name, const IdMap *map)
{
        char lines[PLAN_RANGES_MAX * 36];
        size_t len = 0;
        for (size_t i = 0; i < map->n; i++)
                len += (size_t)snprintf(lines + len, sizeof(lines) - len, "%u %u %u\n", map->items[i].inside,
                                        map->items[i].inside, map->items[i].count);
        return io_write_file_at(dir, name, lines);
}

int idmap_write_identity(const PlanIdentity *identity, int process, Error *err)
{
        int r = write_identity(process, "uid_map", &identity->uid_map);
        if (r == 0)
                r = write_identity(process, "gid_map", &identity->gid_map);
        return r < 0 ? error_set_errno(err, r, "cannot map the ids of the payload's user namespace") : 0;
}

int idmap_begin(const PlanIdentity *identity, pid_t pid, IdmapJob *job, Error *err)
{
        if (identity->uid_map.n == 0)
                return 0;
        if (!identity->map_by_newuidmap)
                return write_single(identity, pid, err);
        int r = program_start(&job->uid, identity->newuidmap, pid, &identity->uid_map, err);
        return r < 0 ? r : program_start(&job->gid, identity->newgidmap, pid, &identity->gid_map, err);
}

int idmap_finish(IdmapJob *job, Error *err)
{
        int ru = job->uid.pidfd < 0 ? 0 : program_finish(&job->uid, err);
        int rg = job->gid.pidfd < 0 ? 0 : program_finish(&job->gid, err);
        program_clear(&job->uid);
        program_clear(&job->gid);
        return ru < 0 ? ru : rg;
}

int idmap_write(const PlanIdentity *identity, pid_t pid, Error *err)
{
        IdmapJob job = IDMAP_JOB_NONE;
        int r = idmap_begin(identity, pid, &job, err);
        int finished = idmap_finish(&job, err);
        return r < 0 ? r : finished;
}

int idmap_apply(const PlanIdentity *identity, Error *err)
{
        /* In a namespace with foreign maps, a request for ids also replaces the groups. */
        bool foreign = identity->uid_map.n == 0 && !identity->ids_stay;
        bool drop = (identity->map_by_newuidmap || foreign) && defence_is_on(DEFENCE_GROUPS);
        if ((drop || identity->n_groups > 0) && setgroups(identity->n_groups, identity->groups) < 0 &&
            !(foreign && identity->n_groups == 0 && errno == EPERM))
                return error_set_errno(err, errno,
                                       identity->n_groups > 0 ? "cannot set the supplementary groups"
                                                              : "cannot drop the supplementary groups");
        if (identity->ids_stay)
                return 0;
        if (setresgid(identity->gid, identity->gid, identity->gid) < 0)
                return error_set_errno(err, errno, "cannot switch to group %u inside", identity->gid);
        /* Root of a namespace with foreign maps would lose the capabilities that build the sandbox
         * (capabilities(7), "Effect of user ID changes on capabilities"). A process that may not set this has
         * no capabilities. */
        int before = prctl(PR_GET_SECUREBITS);
        bool kept = before >= 0 && prctl(PR_SET_SECUREBITS, before | SECBIT_NO_SETUID_FIXUP) == 0;
        if (setresuid(identity->uid, identity->uid, identity->uid) < 0)
                return error_set_errno(err, errno, "cannot switch to user %u inside", identity->uid);
        return kept && prctl(PR_SET_SECUREBITS, before) < 0
                       ? error_set_errno(err, errno, "cannot restore the securebits")
                       : 0;
}
