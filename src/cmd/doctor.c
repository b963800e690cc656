/* SPDX-License-Identifier: Apache-2.0 */
/* kurung doctor: what this host lacks, and the exact remedy. */
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "cmd/command.h"
#include "plan/host.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#define NAMESPACES                                                                                           \
        (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |           \
         CLONE_NEWCGROUP)

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

/* The command that installs a package here, by os-release(5). */
static const char *install_command(const char *debian, const char *fedora, const char *arch, char *out,
                                   size_t room)
{
        CLEANUP_FREE char *text = NULL;
        const char *format = "sudo apt install %s", *name = debian;
        if (io_read_file_at(AT_FDCWD, "/etc/os-release", 65536, &text, NULL) == 0) {
                if (strstr(text, "fedora") || strstr(text, "rhel")) {
                        format = "sudo dnf install %s";
                        name = fedora;
                } else if (strstr(text, "ID=arch") || strstr(text, "ID_LIKE=arch")) {
                        format = "sudo pacman -S %s";
                        name = arch;
                }
        }
        /* The format is one of the three above. */
        size_t len = (size_t)snprintf(out, room, "%.*s", (int)(strlen(format) - 2), format);
        (void)snprintf(out + len, room - len, "%s", name);
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

static void check_userns(const Host *h, Finding *f)
{
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
                found(f, LEVEL_FAIL, "kept from programs without an AppArmor profile: nothing can be run",
                      "printf 'abi <abi/4.0>,\\nprofile kurung /usr{,/local}/bin/kurung flags=(unconfined) "
                      "{\\n  userns,\\n}\\n' | "
                      "sudo tee /etc/apparmor.d/kurung && sudo apparmor_parser -r /etc/apparmor.d/kurung");
                break;
        case HOST_USERNS_ABSENT:
                found(f, LEVEL_FAIL, "the kernel was built without CONFIG_USER_NS: nothing can be run",
                      "use another kernel");
                break;
        }
}

/* Really making them finds what no file says: an outer sandbox's filter, a security module, a limit of a
 * container. */
static void check_namespaces(const Host *h, Finding *f)
{
        CLEANUP_FD int pidfd = FD_NONE;
        char text[160];
        (void)h;
        pid_t pid = process_clone(NAMESPACES, &pidfd);
        if (pid == 0)
                _exit(0);
        if (pid > 0) {
                (void)process_wait(pidfd, NULL);
                found(f, LEVEL_OK, "user, mount, pid, ipc, uts, net and cgroup were made", "");
                return;
        }
        (void)snprintf(text, sizeof(text), "making them fails: %s", strerror(-(int)pid));
        found(f, LEVEL_FAIL, text,
              "look at the lines above; inside a container its own filter may be what refuses");
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

static void check_id_helper(const char *path, HostHelper state, Finding *f)
{
        char command[128], remedy[160];
        if (state == HOST_HELPER_OK) {
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
        check_id_helper(h->newuidmap, h->newuidmap_state, f);
}

static void check_newgidmap(const Host *h, Finding *f)
{
        check_id_helper(h->newgidmap, h->newgidmap_state, f);
}

/* The end of the highest range of anybody in a file: a new one may begin there. */
static uint64_t highest_end(const char *path)
{
        CLEANUP_FREE char *text = NULL;
        uint64_t highest = 100000;
        if (io_read_file_at(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
                return highest;
        char *save = NULL;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                unsigned long start, count;
                const char *colon = strchr(line, ':');
                if (colon && sscanf(colon, ":%lu:%lu", &start, &count) == 2 && start + count > highest)
                        highest = start + count;
        }
        return highest;
}

/* Whether one of the user's ranges has ids that somebody else's has, too. */
static bool overlaps_others(const char *path, const Host *h, const SubRanges *own)
{
        CLEANUP_FREE char *text = NULL;
        if (io_read_file_at(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
                return false;
        char *save = NULL;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                SubRanges mine;
                unsigned long start, count;
                const char *colon = strchr(line, ':');
                (void)host_parse_subid(line, h->user, h->uid, &mine);
                if (mine.n > 0 || !colon || sscanf(colon, ":%lu:%lu", &start, &count) != 2)
                        continue;
                for (size_t i = 0; i < own->n; i++)
                        if (start < (uint64_t)own->items[i].start + own->items[i].count &&
                            own->items[i].start < start + count)
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

static void check_ranges(const Host *h, Finding *f)
{
        char text[200], remedy[300] = "";
        uint64_t uids = total(&h->subuids), gids = total(&h->subgids);
        if (uids == 0 || gids == 0) {
                uint64_t a = highest_end("/etc/subuid"), b = highest_end("/etc/subgid"),
                         start = a > b ? a : b;
                (void)snprintf(remedy, sizeof(remedy),
                               "sudo usermod --add-subuids %llu-%llu --add-subgids %llu-%llu %s",
                               (unsigned long long)start, (unsigned long long)start + 65535,
                               (unsigned long long)start, (unsigned long long)start + 65535,
                               h->user ? h->user : "USER");
                (void)snprintf(text, sizeof(text),
                               "none in %s: one id inside only, so no chown and no other users",
                               uids == 0 && gids == 0 ? "/etc/subuid and /etc/subgid"
                               : uids == 0            ? "/etc/subuid"
                                                      : "/etc/subgid");
                found(f, LEVEL_WARN, text, remedy);
                return;
        }
        (void)snprintf(text, sizeof(text), "%llu user and %llu group ids", (unsigned long long)uids,
                       (unsigned long long)gids);
        if (overlaps_others("/etc/subuid", h, &h->subuids) || overlaps_others("/etc/subgid", h, &h->subgids))
                found(f, LEVEL_WARN, "overlap those of another user, who could own files of your sandboxes",
                      "give each user a range of his own in /etc/subuid and /etc/subgid");
        else if (uids < 65536 || gids < 65536)
                found(f, LEVEL_WARN, strcat(text, "; packages expect 65536 of each"), "");
        else
                found(f, LEVEL_OK, text, "");
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

static void check_cgroup(const Host *h, Finding *f)
{
        char text[200] = "";
        if (!h->cgroup_v2) {
                found(f, LEVEL_WARN,
                      "not version 2 at /sys/fs/cgroup: no limits of memory, processes and time",
                      "boot with systemd.unified_cgroup_hierarchy=1");
                return;
        }
        for (size_t i = 0; i < h->cgroup_controllers.n && strlen(text) < 120; i++)
                (void)strcat(strcat(text, i ? " " : ""), h->cgroup_controllers.items[i]);
        char what[256];
        (void)snprintf(what, sizeof(what), "version 2, controllers here: %s%s", text[0] ? text : "none",
                       h->cgroup_delegated ? ", delegated" : "; not delegated here, a user manager can");
        found(f, h->cgroup_delegated || h->user_manager ? LEVEL_OK : LEVEL_WARN, what,
              h->cgroup_delegated || h->user_manager ? "" : "log in through a session of systemd-logind");
}

static void check_user_manager(const Host *h, Finding *f)
{
        if (h->user_manager)
                found(f, LEVEL_OK, "answers at $XDG_RUNTIME_DIR/systemd/private", "");
        else
                found(f, LEVEL_WARN, "none: limits only in a delegated control group",
                      "sudo loginctl enable-linger \"$USER\", then log in again");
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
};

static const char *const level_names[] = {"ok", "warn", "fail"};

static void print_help(void)
{
        printf("Usage: kurung doctor [--json]\n\n"
               "Look at what this machine has, one line a requirement: ok; warn: \"kurung run\" works with "
               "less; fail: it does not\n"
               "work. Below a line stands the command that mends it.\n\n"
               "Exit status: 0 when \"kurung run\" would work, else 125.\n");
}

static void print_finding(const char *name, const Finding *f, struct json_object *array)
{
        if (!array) {
                printf("%-4s  %-16s  %s\n", level_names[f->level], name, f->what);
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
        if (host_probe(&host, &err) < 0 || (as_json && json_load(&err) < 0)) {
                log_error("%s", err.text);
                return err.exit_code;
        }
        host_probe_details(&host);
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
