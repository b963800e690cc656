/* SPDX-License-Identifier: Apache-2.0 */
/* Checks whether subordinate ids can be mapped. */
#include "cmd/doctor_checks.h"

#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>

#define SUBID_MAX (1 << 20) /* maximum size of /etc/subuid */

#define RANGE_LEN 65536 /* number of ids that useradd(8) assigns by default */

static void check_id_program(const Host *h, const char *path, HostIdmap state, DoctorFinding *f)
{
        char command[128], remedy[160];
        if (state == HOST_IDMAP_UNPRIVILEGED && h->ranges_unmapped) {
                doctor_found(f, DOCTOR_WARN, "unusable in the current user namespace: only one id inside",
                             "see \"subordinate ids\"");
                return;
        }
        switch (state) {
        case HOST_IDMAP_OK:
                doctor_found(f, DOCTOR_OK, path, "");
                break;
        case HOST_IDMAP_MISSING:
                doctor_found(
                        f, DOCTOR_WARN, "missing: only one id inside, hence no chown and no other users",
                        doctor_install_command("uidmap", "shadow-utils", "shadow", command, sizeof(command)));
                break;
        case HOST_IDMAP_UNPRIVILEGED:
                (void)snprintf(remedy, sizeof(remedy), "sudo chmod u+s %s", path);
                doctor_found(f, DOCTOR_WARN,
                             "neither set-user-ID nor with a file capability: only one id inside", remedy);
                break;
        case HOST_IDMAP_NO_NEW_PRIVS:
                doctor_found(f, DOCTOR_WARN,
                             "without effect in a process with no_new_privs: only one id inside",
                             "start kurung without \"setpriv --no-new-privs\" or NoNewPrivileges=yes");
                break;
        case HOST_IDMAP_NOSUID:
                doctor_found(f, DOCTOR_WARN, "on a file system that is mounted nosuid: only one id inside",
                             "mount it with suid");
                break;
        case HOST_IDMAP_BOUNDED:
                doctor_found(f, DOCTOR_WARN, "its capability is not in the bounding set: only one id inside",
                             "give the container or service CAP_SETUID and CAP_SETGID");
                break;
        }
}

void doctor_check_newuidmap(const Host *h, DoctorFinding *f)
{
        check_id_program(h, h->newuidmap, h->newuidmap_state, f);
}

void doctor_check_newgidmap(const Host *h, DoctorFinding *f)
{
        check_id_program(h, h->newgidmap, h->newgidmap_state, f);
}

/* Parses the next range of any user from the text of a subuid(5) file; false at the end. */
static bool next_range(char **text, char **ret_line, uint64_t *ret_start, uint64_t *ret_end)
{
        for (char *line; (line = strsep(text, "\n"));) {
                unsigned long start, count;
                const char *colon = strchr(line, ':');
                if (!colon || sscanf(colon, ":%10lu:%10lu", &start, &count) != 2)
                        continue;
                *ret_line = line;
                *ret_start = start;
                *ret_end = (uint64_t)start + count;
                return true;
        }
        return false;
}

/* Returns the end of the last range in the file that a range at @start would overlap, otherwise @start. */
static uint64_t pass_taken(const char *path, uint64_t start)
{
        CLEANUP_FREE char *text = NULL;
        uint64_t first, end;
        if (io_read_file_at(AT_FDCWD, path, SUBID_MAX, &text, NULL) < 0)
                return start;
        for (char *rest = text, *line; next_range(&rest, &line, &first, &end);)
                if (first < start + RANGE_LEN && start < end)
                        start = end;
        return start;
}

/* Returns the first id of a range that is unused in both files; 0: none. */
static uint64_t free_range(void)
{
        uint64_t start = 100000, before;
        do {
                before = start;
                start = pass_taken("/etc/subgid", pass_taken("/etc/subuid", start));
                if (start + RANGE_LEN > UINT32_MAX)
                        return 0;
        } while (start != before);
        return start;
}

/* Whether a range of the user overlaps one of another user. */
static bool overlaps_others(const char *path, const Host *h, const SubRanges *own)
{
        CLEANUP_FREE char *text = NULL;
        uint64_t start, end;
        if (io_read_file_at(AT_FDCWD, path, SUBID_MAX, &text, NULL) < 0)
                return false;
        for (char *rest = text, *line; next_range(&rest, &line, &start, &end);) {
                SubRanges mine;
                (void)host_parse_subid(line, h->user, h->uid, &mine);
                for (size_t i = 0; mine.n == 0 && i < own->n; i++)
                        if (start < (uint64_t)own->items[i].start + own->items[i].count &&
                            own->items[i].start < end)
                                return true;
        }
        return false;
}

static uint64_t total(const SubRanges *r)
{
        uint64_t n = 0;
        for (size_t i = 0; i < r->n; i++)
                n += r->items[i].count;
        return n;
}

static void no_ranges(const Host *h, bool uids, bool gids, DoctorFinding *f)
{
        char text[200], remedy[300], add[2][64] = {"", ""}, where[] = "/etc/subuid and /etc/subgid";
        unsigned long long start = free_range();
        if (start == 0)
                (void)snprintf(remedy, sizeof(remedy),
                               "no %d ids are free: take them from another user's range", RANGE_LEN);
        else {
                if (!uids)
                        (void)snprintf(add[0], sizeof(add[0]), " --add-subuids %llu-%llu", start,
                                       start + RANGE_LEN - 1);
                if (!gids)
                        (void)snprintf(add[1], sizeof(add[1]), " --add-subgids %llu-%llu", start,
                                       start + RANGE_LEN - 1);
                (void)snprintf(remedy, sizeof(remedy), "sudo usermod%s%s %.100s", add[0], add[1],
                               h->user ? h->user : "USER");
        }
        if (uids || gids)
                (void)snprintf(where, sizeof(where), "%s", uids ? "/etc/subgid" : "/etc/subuid");
        (void)snprintf(text, sizeof(text),
                       "none in %s: only one id inside, hence no chown and no other users", where);
        doctor_found(f, DOCTOR_WARN, text, remedy);
}

void doctor_check_ranges(const Host *h, DoctorFinding *f)
{
        char text[200];
        uint64_t uids = total(&h->subuids), gids = total(&h->subgids);
        if ((uids == 0 || gids == 0) && h->ranges_unmapped) {
                doctor_found(f, DOCTOR_WARN, "not mapped in the current user namespace: only one id inside",
                             "start the outer sandbox or container with your subordinate ids mapped");
                return;
        }
        if (uids == 0 || gids == 0) {
                no_ranges(h, uids > 0, gids > 0, f);
                return;
        }
        bool few = uids < RANGE_LEN || gids < RANGE_LEN;
        (void)snprintf(text, sizeof(text), "%llu user and %llu group ids%s", (unsigned long long)uids,
                       (unsigned long long)gids, few ? "; packages expect 65536 of each" : "");
        if (overlaps_others("/etc/subuid", h, &h->subuids) || overlaps_others("/etc/subgid", h, &h->subgids))
                doctor_found(f, DOCTOR_WARN,
                             "overlap with those of another user, who could own files of your sandboxes",
                             "give each user a separate range in /etc/subuid and /etc/subgid");
        else
                doctor_found(f, few ? DOCTOR_WARN : DOCTOR_OK, text, "");
}
