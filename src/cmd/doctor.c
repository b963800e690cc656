/* SPDX-License-Identifier: Apache-2.0 */
/* kurung doctor: what this host lacks, and the exact remedy. */
#include "base/channel.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "cmd/command.h"
#include "mech/mount.h"
#include "plan/host.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

/* Those that a run makes by default. */
#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)

#define SUBID_MAX (1 << 20) /* bytes of /etc/subuid that are read */
#define RANGE_LEN 65536     /* ids that useradd(8) gives by default */

typedef enum Level {
        LEVEL_OK,
        LEVEL_WARN, /* run works, with less */
        LEVEL_FAIL, /* run does not work */
} Level;

typedef struct Finding {
        Level level;
        char what[256];   /* what is there, or missing, and what that costs */
        char remedy[512]; /* the exact command; empty when there is none */
} Finding;

static void found(Finding *f, Level level, const char *what, const char *remedy)
{
        f->level = level;
        (void)snprintf(f->what, sizeof(f->what), "%s", what);
        (void)snprintf(f->remedy, sizeof(f->remedy), "%s", remedy);
}

/* Whether ID or ID_LIKE of os-release(5) names @system. */
static bool os_is(const char *text, const char *system)
{
        for (const char *line = text; *line; line += *line == '\n') {
                size_t end = strcspn(line, "\n");
                size_t key = str_starts(line, "ID=") ? 3 : str_starts(line, "ID_LIKE=") ? 8 : end;
                for (size_t i = key; i < end;) {
                        i += strspn(line + i, " \"'");
                        size_t n = strcspn(line + i, " \"'\n");
                        if (n > 0 && n == strlen(system) && strncmp(line + i, system, n) == 0)
                                return true;
                        i += n;
                }
                line += end;
        }
        return false;
}

/* The command that installs a package here. Returns @out. */
static const char *install_command(const char *debian, const char *fedora, const char *arch, char *out,
                                   size_t room)
{
        CLEANUP_FREE char *text = NULL;
        bool known = io_read_file_at(AT_FDCWD, "/etc/os-release", 65536, &text, NULL) == 0;
        if (known && (os_is(text, "fedora") || os_is(text, "rhel")))
                (void)snprintf(out, room, "sudo dnf install %s", fedora);
        else if (known && os_is(text, "arch"))
                (void)snprintf(out, room, "sudo pacman -S %s", arch);
        else
                (void)snprintf(out, room, "sudo apt install %s", debian);
        return out;
}

static void check_user(const Host *h, Finding *f)
{
        if (h->is_root && !h->nested)
                found(f, LEVEL_FAIL,
                      "this is root: kurung refuses to run as root, which stays the host's root to its files",
                      "run kurung as an ordinary user");
        else
                found(f, LEVEL_OK, "an ordinary user", "");
}

static void check_kernel(const Host *h, Finding *f)
{
        char text[128];
        (void)snprintf(text, sizeof(text), "%u.%u%s", h->kernel_major, h->kernel_minor,
                       h->has_mount_setattr ? "" : ": mount_setattr(2) is missing, 5.12 or newer is needed");
        found(f, h->has_mount_setattr ? LEVEL_OK : LEVEL_FAIL, text,
              h->has_mount_setattr ? "" : "upgrade the kernel");
}

/* A profile that lets this very program make user namespaces (apparmor.d(5)). */
static void apparmor_remedy(char *out, size_t room)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-";
        char self[256];
        int r = process_program(self, sizeof(self));
        /* The path goes into a shell's line and an AppArmor pattern: only what is nothing special to either.
         */
        bool usable = r == 0 && self[strspn(self, plain)] == '\0';
        (void)snprintf(
                out, room,
                "printf 'abi <abi/4.0>,\\nprofile kurung %s flags=(unconfined) {\\n  userns,\\n}\\n' | "
                "sudo tee /etc/apparmor.d/kurung && sudo apparmor_parser -r /etc/apparmor.d/kurung",
                usable ? self : "/usr{,/local}/bin/kurung");
}

static void check_userns(const Host *h, Finding *f)
{
        char remedy[sizeof(f->remedy)];
        switch (h->userns) {
        case HOST_USERNS_OK:
                found(f, LEVEL_OK, "may be made", "");
                break;
        case HOST_USERNS_SYSCTL:
                found(f, LEVEL_FAIL, "switched off by kernel.unprivileged_userns_clone=0: nothing can be run",
                      "echo kernel.unprivileged_userns_clone=1 | sudo tee /etc/sysctl.d/50-kurung.conf && "
                      "sudo sysctl --system");
                break;
        case HOST_USERNS_COUNT:
                found(f, LEVEL_FAIL, "none may be made, user.max_user_namespaces is 0: nothing can be run",
                      "echo user.max_user_namespaces=15000 | sudo tee /etc/sysctl.d/50-kurung.conf && sudo "
                      "sysctl --system");
                break;
        case HOST_USERNS_APPARMOR:
                apparmor_remedy(remedy, sizeof(remedy));
                found(f, LEVEL_FAIL, "kept from programs without an AppArmor profile: nothing can be run",
                      remedy);
                break;
        case HOST_USERNS_ABSENT:
                found(f, LEVEL_FAIL, "the kernel was built without CONFIG_USER_NS: nothing can be run",
                      "use another kernel");
                break;
        }
}

/* What a run needs of its namespaces, tried in them. */
static int try_inside(uid_t uid, gid_t gid, Error *err)
{
        CLEANUP_FD int proc = FD_NONE, tmpfs = FD_NONE;
        char map[64];
        (void)snprintf(map, sizeof(map), "%u %u 1\n", uid, uid);
        int r = io_write_file_at(AT_FDCWD, "/proc/self/uid_map", map);
        if (r < 0)
                return error_set_errno(err, r, "mapping the user id");
        r = io_write_file_at(AT_FDCWD, "/proc/self/setgroups", "deny");
        (void)snprintf(map, sizeof(map), "%u %u 1\n", gid, gid);
        if (r == 0)
                r = io_write_file_at(AT_FDCWD, "/proc/self/gid_map", map);
        if (r < 0)
                return error_set_errno(err, r, "mapping the group id");
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return error_set_errno(err, errno, "making mounts private");
        r = mount_new("tmpfs", NULL, 0, mount_safe_attrs(false), &tmpfs, err);
        if (r == 0)
                r = mount_new("proc", NULL, 0, mount_safe_attrs(false) | MOUNT_ATTR_NOEXEC, &proc, err);
        return r;
}

/* 0, or -errno with the reason of a process in new namespaces. */
static int try_namespaces(const Host *h, Error *err)
{
        CLEANUP_FD int pidfd = FD_NONE, ours = FD_NONE, theirs = FD_NONE;
        int ends[2];
        Message m;
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "making a channel");
        ours = ends[0];
        theirs = ends[1];
        pid_t pid = process_clone(NAMESPACES, &pidfd);
        if (pid == 0) {
                Error failed = {0};
                if (try_inside(h->uid, h->gid, &failed) < 0)
                        (void)channel_send_error(theirs, &failed);
                else
                        (void)channel_send(theirs, MSG_SYNC, SYNC_ROOTFS, FD_NONE);
                _exit(0);
        }
        if (pid < 0)
                return error_set_errno(err, (int)pid, "making them");
        theirs = fd_close(theirs);
        r = channel_receive(ours, &m, NULL);
        (void)process_wait(pidfd, NULL);
        if (r == 1 && m.type == MSG_SYNC)
                return 0;
        if (r == 1 && m.type == MSG_ERROR)
                return error_take(err, &m.error, "a process in them");
        return error_set(err, ECONNRESET, "a process in them ended before it was done");
}

/* Really making them finds what no file says: an outer sandbox's filter, a security module that lets them be
 * made and takes the capabilities, a limit of a container. */
static void check_namespaces(const Host *h, Finding *f)
{
        char text[sizeof(f->what)];
        Error err = {0};
        if (try_namespaces(h, &err) == 0) {
                found(f, LEVEL_OK, "user, mount, pid, ipc, uts and net were made, and mounts in them", "");
                return;
        }
        (void)snprintf(text, sizeof(text), "do not serve: %.200s", err.text);
        found(f, LEVEL_FAIL, text,
              h->userns == HOST_USERNS_OK && h->proc_visible
                      ? "look into the kernel's log (sudo dmesg) for who refused; in a container its filter "
                        "may be "
                        "what does: docker, podman: --security-opt seccomp=unconfined"
                      : "see the line of user namespaces or procfs");
}

static void check_proc(const Host *h, Finding *f)
{
        if (h->proc_visible)
                found(f, LEVEL_OK, "a fresh /proc may be mounted", "");
        else
                found(f, LEVEL_FAIL,
                      "parts of /proc are masked, as in a container: no fresh one may be mounted",
                      "start the container with unmasked /proc (podman: --security-opt unmask=ALL; docker: "
                      "--security-opt "
                      "systempaths=unconfined)");
}

static void check_id_helper(const Host *h, const char *path, HostHelper state, Finding *f)
{
        char command[128], remedy[160];
        if (state == HOST_HELPER_UNPRIVILEGED && h->ranges_unmapped) {
                found(f, LEVEL_WARN,
                      "of no use in the user namespace that kurung runs in: one id inside only",
                      "see the line of subordinate ids");
        } else if (state == HOST_HELPER_OK) {
                found(f, LEVEL_OK, path, "");
        } else if (state == HOST_HELPER_MISSING) {
                found(f, LEVEL_WARN, "missing: one id inside only, so no chown and no other users",
                      install_command("uidmap", "shadow-utils", "shadow", command, sizeof(command)));
        } else {
                (void)snprintf(remedy, sizeof(remedy), "sudo chmod u+s %s", path);
                found(f, LEVEL_WARN, "neither set-user-ID nor with a file capability: one id inside only",
                      remedy);
        }
}

static void check_newuidmap(const Host *h, Finding *f)
{
        check_id_helper(h, h->newuidmap, h->newuidmap_state, f);
}

static void check_newgidmap(const Host *h, Finding *f)
{
        check_id_helper(h, h->newgidmap, h->newgidmap_state, f);
}

/* Takes the next line's range of anybody out of the text of a subuid(5) file; false at its end. */
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

/* The end of the last of a file's ranges that @start and the ids behind it would run into, else @start. */
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

/* The first id of a range that nobody has, in neither file; 0: there is none. */
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

/* Whether one of the user's ranges has ids that somebody else's has, too. */
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

static void no_ranges(const Host *h, bool uids, bool gids, Finding *f)
{
        char text[200], remedy[300], add[2][64] = {"", ""}, where[] = "/etc/subuid and /etc/subgid";
        unsigned long long start = free_range();
        if (start == 0)
                (void)snprintf(remedy, sizeof(remedy),
                               "no %d ids are free: take them from another user's line", RANGE_LEN);
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
        (void)snprintf(text, sizeof(text), "none in %s: one id inside only, so no chown and no other users",
                       where);
        found(f, LEVEL_WARN, text, remedy);
}

static void check_ranges(const Host *h, Finding *f)
{
        char text[200];
        uint64_t uids = total(&h->subuids), gids = total(&h->subgids);
        if ((uids == 0 || gids == 0) && h->ranges_unmapped) {
                found(f, LEVEL_WARN,
                      "the user namespace that kurung runs in does not have yours: one id only",
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
                found(f, LEVEL_WARN, "overlap those of another user, who could own files of your sandboxes",
                      "give each user a range of his own in /etc/subuid and /etc/subgid");
        else
                found(f, few ? LEVEL_WARN : LEVEL_OK, text, "");
}

static void check_fuse_overlayfs(const Host *h, Finding *f)
{
        char command[128];
        if (h->fuse_overlayfs)
                found(f, LEVEL_OK, h->fuse_overlayfs, "");
        else
                found(f, LEVEL_WARN, "missing: root inside cannot change files of the system",
                      install_command("fuse-overlayfs", "fuse-overlayfs", "fuse-overlayfs", command,
                                      sizeof(command)));
}

static void check_device(HostDevice state, const char *cost, const char *load, const char *open, Finding *f)
{
        char text[200];
        (void)snprintf(text, sizeof(text), "%s: %s",
                       state == HOST_DEVICE_MISSING ? "not there" : "not open to you", cost);
        if (state == HOST_DEVICE_OK)
                found(f, LEVEL_OK, "open to you", "");
        else
                found(f, LEVEL_WARN, text, state == HOST_DEVICE_MISSING ? load : open);
}

static void check_fuse_device(const Host *h, Finding *f)
{
        check_device(h->fuse_device, "root inside cannot change files of the system", "sudo modprobe fuse",
                     "sudo chmod 666 /dev/fuse", f);
}

static void check_tun_device(const Host *h, Finding *f)
{
        check_device(h->tun_device, "no network but none and host", "sudo modprobe tun",
                     "sudo chmod 666 /dev/net/tun", f);
}

static void check_kernel_overlay(const Host *h, Finding *f)
{
        if (h->kernel_overlay)
                found(f, LEVEL_OK, "may be mounted in a user namespace", "");
        else
                found(f, LEVEL_WARN, "not there: fuse-overlayfs, which is slower, does its work",
                      "sudo modprobe overlay");
}

static void check_state(const Host *h, Finding *f)
{
        if (h->cache_home)
                found(f, LEVEL_OK, h->cache_home, "");
        else
                found(f, LEVEL_WARN, "no directory to keep writes in: nothing can be written inside",
                      "set HOME or XDG_CACHE_HOME to a directory that you own");
}

static void check_seccomp(const Host *h, Finding *f)
{
        found(f, h->seccomp ? LEVEL_OK : LEVEL_FAIL,
              h->seccomp ? "filters may be loaded" : "not in this kernel (CONFIG_SECCOMP_FILTER)",
              h->seccomp ? "" : "use another kernel");
}

static void check_landlock(const Host *h, Finding *f)
{
        char text[128];
        (void)snprintf(
                text, sizeof(text), "ABI %d%s", h->landlock_abi,
                h->landlock_abi >= 6
                        ? ""
                        : ": with --net=host the host's abstract sockets stay reachable (ABI 6 is needed)");
        found(f, h->landlock_abi >= 6 ? LEVEL_OK : LEVEL_WARN, text,
              h->landlock_abi == 0 ? "boot with lsm=landlock,... if the kernel has it" : "");
}

static bool has_all(const StrList *list, char *missing, size_t room)
{
        static const char *const wanted[] = {"memory", "pids", "cpu", "io"};
        size_t len = 0;
        missing[0] = '\0';
        for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
                if (!strlist_has(list, wanted[i]) && len < room)
                        len += (size_t)snprintf(missing + len, room - len, "%s%s", len ? " " : "", wanted[i]);
        return len == 0;
}

static void check_cgroup(const Host *h, Finding *f)
{
        static const char *const versions[] = {
                [HOST_CGROUP_ABSENT] = "not there: no limits of memory, processor, processes and disks",
                [HOST_CGROUP_V1] = "version 1: no limits of memory, processor, processes and disks",
                [HOST_CGROUP_HYBRID] = "version 1, beside an empty version 2: no limits of resources",
        };
        const HostLimits *l = &h->limits;
        if (l->version != HOST_CGROUP_V2)
                found(f, LEVEL_WARN, versions[l->version],
                      "add systemd.unified_cgroup_hierarchy=1 to the kernel's command line");
        else
                found(f, LEVEL_OK,
                      l->nsdelegate ? "version 2" : "version 2, without nsdelegate: no Delegate=yes", "");
}

/* What limits can be held by: a group that is ours already, or a scope of the user manager. */
static void check_limits(const Host *h, Finding *f)
{
        static const char drop_in[] = "sudo mkdir -p /etc/systemd/system/user@.service.d && printf "
                                      "'[Service]\\nDelegate=cpu cpuset io memory "
                                      "pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf "
                                      "&& sudo systemctl daemon-reload "
                                      "(then log in again)";
        const HostLimits *l = &h->limits;
        char missing[64], text[200];
        if (!l->base && !l->manager) {
                found(f, LEVEL_WARN, "by nothing: no group is delegated here, and there is no user manager",
                      "see the line of the user manager");
                return;
        }
        bool all =
                has_all(l->base ? &l->base_controllers : &l->manager_controllers, missing, sizeof(missing));
        (void)snprintf(text, sizeof(text), "by %s%s%s",
                       l->base ? "the group that kurung runs in" : "scopes of the user manager",
                       all ? "" : ", but without: ", missing);
        found(f, all ? LEVEL_OK : LEVEL_WARN, text,
              all       ? ""
              : l->base ? "have these controllers delegated, too"
                        : drop_in);
}

static void check_user_manager(const Host *h, Finding *f)
{
        if (h->limits.manager)
                found(f, LEVEL_OK, h->limits.manager, "");
        else
                found(f, LEVEL_WARN, "none: limits only in a delegated control group",
                      "sudo loginctl enable-linger \"$USER\" (then log in again)");
}

static const struct {
        const char *name;
        void (*check)(const Host *h, Finding *f);
} checks[] = {
        {"user", check_user},
        {"kernel", check_kernel},
        {"user namespaces", check_userns},
        {"namespaces", check_namespaces},
        {"procfs", check_proc},
        {"newuidmap", check_newuidmap},
        {"newgidmap", check_newgidmap},
        {"subordinate ids", check_ranges},
        {"fuse-overlayfs", check_fuse_overlayfs},
        {"/dev/fuse", check_fuse_device},
        {"/dev/net/tun", check_tun_device},
        {"kernel overlay", check_kernel_overlay},
        {"state directory", check_state},
        {"seccomp", check_seccomp},
        {"Landlock", check_landlock},
        {"cgroup", check_cgroup},
        {"user manager", check_user_manager},
        {"limits", check_limits},
};

static const char *const level_names[] = {"ok", "warn", "fail"};

static void print_help(void)
{
        printf("Usage: kurung doctor [--json]\n\n"
               "Check this machine for what kurung needs, one line per requirement.\n"
               "ok; warn: \"kurung run\" works with restrictions; fail: it does not work. The line after "
               "\"->\" is "
               "the remedy.\n\n"
               "Exit status: 0 if \"kurung run\" works, otherwise 125.\n");
}

static void print_finding(const char *name, const Finding *f, struct json_object *array)
{
        if (!array) {
                /* Paths in it come from the environment. A remedy is ours, and stays as a shell needs it. */
                char what[4 * sizeof(f->what) + 1];
                printf("%-4s  %-16s  %s\n", level_names[f->level], name,
                       text_escape(f->what, what, sizeof(what)));
                if (f->remedy[0])
                        printf("      %-16s  -> %s\n", "", f->remedy);
                return;
        }
        struct json_object *o = json_new_object();
        json_add_string(o, "name", name);
        json_add_string(o, "level", level_names[f->level]);
        json_add_string(o, "what", f->what);
        json_add_string(o, "remedy", f->remedy[0] ? f->remedy : NULL);
        json_append(array, o);
}

int cmd_doctor(int argc, char **argv)
{
        CLEANUP(host_clear) Host host = {0};
        Error err = {0};
        bool as_json = argc == 2 && str_eq(argv[1], "--json"), works = true;
        if (argc == 2 && (str_eq(argv[1], "--help") || str_eq(argv[1], "-h"))) {
                print_help();
                return 0;
        }
        if (argc > 1 && !as_json) {
                log_error("doctor: unknown argument '%s'; \"kurung doctor --help\"", argv[1]);
                return EXIT_KURUNG_FAILED;
        }
        CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (host_probe(&host, &err) < 0 || (as_json && json_load(&err) < 0))
                return command_failed(&err, -EIO);
        (void)host_probe_limits(root, &host, NULL);
        struct json_object *array = as_json ? json_new_array() : NULL;
        for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
                Finding f = {0};
                checks[i].check(&host, &f);
                works = works && f.level != LEVEL_FAIL;
                print_finding(checks[i].name, &f, array);
        }
        if (as_json) {
                struct json_object *o = json_new_object();
                json_add_bool(o, "works", works);
                json_add(o, "checks", array);
                json_print(stdout, o);
        }
        return works ? 0 : EXIT_KURUNG_FAILED;
}
