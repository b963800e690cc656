/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung doctor", which checks the host and prints remedies. */
#include "base/json.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/doctor_checks.h"

#include <fcntl.h>
#include <stdio.h>

static void check_user(const Host *h, DoctorFinding *f)
{
        if (h->is_root && !h->nested)
                doctor_found(f, DOCTOR_FAIL,
                             "this is root: kurung refuses to run as root, which remains the host's root for "
                             "its files",
                             "run kurung as an ordinary user");
        else
                doctor_found(f, DOCTOR_OK, "an ordinary user", "");
}

static void check_kernel(const Host *h, DoctorFinding *f)
{
        char text[128];
        const char *missing = host_missing_call(h);
        (void)snprintf(text, sizeof(text), "%u.%u%s%s%s", h->kernel_major, h->kernel_minor,
                       missing ? ": " : "", missing ? missing : "", missing ? "(2) is not available" : "");
        doctor_found(
                f, missing ? DOCTOR_FAIL : DOCTOR_OK, text,
                missing ? "use Linux 5.12 or newer; in a container, one whose seccomp filter allows the call "
                          "(docker, podman: --security-opt seccomp=unconfined)"
                        : "");
}

static void check_seccomp(const Host *h, DoctorFinding *f)
{
        doctor_found(f, h->seccomp ? DOCTOR_OK : DOCTOR_FAIL,
                     h->seccomp ? "filters can be loaded"
                                : "the kernel was built without CONFIG_SECCOMP_FILTER",
                     h->seccomp ? "" : "use another kernel");
}

static void check_landlock(const Host *h, DoctorFinding *f)
{
        char text[128];
        (void)snprintf(
                text, sizeof(text), "ABI %d%s", h->landlock_abi,
                h->landlock_abi >= 6
                        ? ""
                        : ": with --net=host the host's abstract sockets are reachable (requires ABI 6)");
        doctor_found(f, h->landlock_abi >= 6 ? DOCTOR_OK : DOCTOR_WARN, text,
                     h->landlock_abi == 0 ? "boot with lsm=landlock,... if the kernel supports it" : "");
}

/* Advice about the machine would be wrong inside. */
static void check_outside(const Host *h, DoctorFinding *f)
{
        (void)h;
        doctor_found(f, DOCTOR_FAIL, "this is inside a sandbox of kurung, in which no other can be created",
                     "run kurung outside");
}

typedef struct DoctorCheck {
        const char *name;
        void (*check)(const Host *h, DoctorFinding *f);
} DoctorCheck;

static const DoctorCheck all_checks[] = {
        {"user", check_user},
        {"kernel", check_kernel},
        {"user namespaces", doctor_check_userns},
        {"namespaces", doctor_check_namespaces},
        {"procfs", doctor_check_proc},
        {"newuidmap", doctor_check_newuidmap},
        {"newgidmap", doctor_check_newgidmap},
        {"subordinate ids", doctor_check_ranges},
        {"fuse-overlayfs", doctor_check_fuse_overlayfs},
        {"/dev/fuse", doctor_check_fuse_device},
        {"/dev/net/tun", doctor_check_tun_device},
        {"kernel overlay", doctor_check_kernel_overlay},
        {"view", doctor_check_view},
        {"state directory", doctor_check_state},
        {"seccomp", check_seccomp},
        {"Landlock", check_landlock},
        {"cgroup", doctor_check_cgroup},
        {"user manager", doctor_check_user_manager},
        {"limits", doctor_check_limits},
};

static const DoctorCheck inside_checks[] = {{"sandbox", check_outside}};

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

static void print_finding(const char *name, const DoctorFinding *f, struct json_object *array)
{
        if (!array) {
                /* Only this text may contain paths from the environment. The remedy must stay a valid shell
                 * command. */
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
                log_error("doctor: unknown argument '%s'; see \"kurung doctor --help\"", argv[1]);
                return EXIT_KURUNG_FAILED;
        }
        CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (host_probe(&host, &err) < 0 || (as_json && json_load(&err) < 0))
                return command_failed(&err, -EIO);
        (void)host_probe_limits(root, &host, NULL);
        bool inside = host_is_inside_kurung(&host);
        const DoctorCheck *checks = inside ? inside_checks : all_checks;
        size_t n = inside ? ARRAY_LEN(inside_checks) : ARRAY_LEN(all_checks);
        struct json_object *array = as_json ? json_new_array() : NULL;
        for (size_t i = 0; i < n; i++) {
                DoctorFinding f = {0};
                checks[i].check(&host, &f);
                works = works && f.level != DOCTOR_FAIL;
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
