/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung doctor", which checks the host and prints remedies. */
#include "base/colour.h"
#include "base/json.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/doctor_checks.h"
#include "cmd/options.h"
#include "cmd/pager.h"

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
        {"network", doctor_check_network},
        {"directories", doctor_check_directories},
        {"seccomp", doctor_check_seccomp},
        {"Landlock", check_landlock},
        {"cgroup", doctor_check_cgroup},
        {"user manager", doctor_check_user_manager},
        {"limits", doctor_check_limits},
};

static const DoctorCheck inside_checks[] = {{"sandbox", check_outside}};

static const char *const level_names[] = {"ok", "warn", "fail"};

static const char *const level_colours[] = {COLOUR_GREEN, COLOUR_YELLOW, COLOUR_BOLD_RED};

static void print_finding(const char *name, const DoctorFinding *f, bool colour)
{
        /* Only this text may contain paths from the environment. The remedy must stay a valid shell
         * command. */
        char what[4 * sizeof(f->what) + 1];
        printf("%s%-4s%s  %-16s  %s\n", colour ? level_colours[f->level] : "", level_names[f->level],
               colour ? COLOUR_RESET : "", name, text_escape(f->what, what, sizeof(what)));
        if (f->remedy[0])
                printf("      %-16s  -> %s\n", "", f->remedy);
}

static void add_finding(const char *name, const DoctorFinding *f, struct json_object *array)
{
        struct json_object *o = json_new_object();
        json_add_string(o, "name", name);
        json_add_string(o, "level", level_names[f->level]);
        json_add_string(o, "what", f->what);
        json_add_string(o, "remedy", f->remedy[0] ? f->remedy : NULL);
        json_append(array, o);
}

/* Returns whether "kurung run" works. */
static bool check_all(const Host *host, bool colour, struct json_object *array)
{
        bool inside = host_is_inside_kurung(host), works = true;
        const DoctorCheck *checks = inside ? inside_checks : all_checks;
        size_t n = inside ? ARRAY_LEN(inside_checks) : ARRAY_LEN(all_checks);
        for (size_t i = 0; i < n; i++) {
                DoctorFinding f = {0};
                checks[i].check(host, &f);
                works = works && f.level != DOCTOR_FAIL;
                if (array)
                        add_finding(checks[i].name, &f, array);
                else
                        print_finding(checks[i].name, &f, colour);
        }
        return works;
}

static int doctor(bool as_json, ColourWhen when, bool no_pager, bool *ret_works, Error *err)
{
        CLEANUP(host_clear) Host host = {0};
        CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r = host_probe(&host, err);
        if (r == 0 && as_json)
                r = json_load(err);
        if (r < 0)
                return r;
        (void)host_probe_limits(root, &host, NULL);
        if (!as_json) {
                bool colour = colour_wanted(STDOUT_FILENO, when);
                if (!no_pager)
                        pager_start();
                *ret_works = check_all(&host, colour, NULL);
                pager_end();
                return 0;
        }
        struct json_object *array = json_new_array(), *o = json_new_object();
        *ret_works = check_all(&host, false, array);
        json_add_bool(o, "works", *ret_works);
        json_add(o, "checks", array);
        json_print(stdout, o);
        return 0;
}

int cmd_doctor(int argc, char **argv)
{
        CLEANUP_STRLIST StrList words = {0};
        Error err = {0};
        const char *colour = "auto";
        bool as_json = false, no_pager = false, works = false;
        ColourWhen when = COLOUR_AUTO;
        const CmdOption options[] = {
                {"json", 0, NULL, "print as JSON", .flag = &as_json},
                {"color", 0, "WHEN", "colours: auto, always or never", .value = &colour},
                {"no-pager", 0, NULL, "do not use a pager", .flag = &no_pager},
        };
        const CmdUsage usage = {
                "doctor [OPTIONS]", "Check this machine for what kurung needs, one line per requirement.",
                "ok; warn: \"kurung run\" works with restrictions; fail: it does not work. The line after "
                "\"->\" is "
                "the remedy.\n\n"
                "Exit status: 0 if \"kurung run\" works, otherwise 125.",
                options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        if (r == 0 && words.n > 0)
                r = error_set(&err, EINVAL, "doctor: unknown argument '%.60s'; see \"kurung doctor --help\"",
                              words.items[0]);
        if (r == 0 && colour_parse(colour, &when) < 0)
                r = error_set(&err, EINVAL, "doctor: --color=%.60s: must be auto, always or never", colour);
        if (r == 0)
                r = doctor(as_json, when, no_pager, &works, &err);
        if (r < 0)
                return command_failed(&err, r);
        return works ? 0 : EXIT_KURUNG_FAILED;
}
