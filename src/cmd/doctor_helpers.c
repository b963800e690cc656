/* SPDX-License-Identifier: Apache-2.0 */
/* Checks kurung's own helpers, and the libraries that kurung and they need. */
#include "cmd/doctor_checks.h"

#include "base/capture.h"
#include "base/process.h"
#include "mech/seccomp.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX 65536
#define TIMEOUT_MS 10000

/* Returns whether the helper starts. Otherwise the dynamic loader says why (ld.so(8)): @ret gets its line. */
static bool starts(const char *program, char *ret, size_t room)
{
        CLEANUP_FREE char *answer = NULL;
        char *argv[] = {(char *)(uintptr_t)program, (char[]){"--version"}, NULL};
        char *env[] = {(char[]){"LC_ALL=C"}, NULL};
        int status = 0;
        int r = process_capture(argv, env, true, ANSWER_MAX, TIMEOUT_MS, &answer, NULL, &status);
        if (r == 0 && process_exit_code(status) == 0)
                return true;
        const char *why = r < 0 ? strerror(-r) : answer, *reason = r < 0 ? NULL : strstr(why, ": ");
        reason = reason ? reason + 2 : why;
        (void)snprintf(ret, room, "%.*s", (int)strcspn(reason, "\n"), reason);
        return false;
}

static void check_helper(const char *program, const char *name, const char *cost, const char *packages,
                         DoctorFinding *f)
{
        char why[160], text[sizeof(f->what)], remedy[sizeof(f->remedy)];
        (void)snprintf(text, sizeof(text), "%s is missing: %s", name, cost);
        if (!program) {
                doctor_found(f, DOCTOR_WARN, text, "make install, which installs it");
                return;
        }
        if (starts(program, why, sizeof(why))) {
                doctor_found(f, DOCTOR_OK, program, "");
                return;
        }
        (void)snprintf(text, sizeof(text), "%s does not start (%s): %s", name, why, cost);
        (void)snprintf(remedy, sizeof(remedy),
                       "install what is missing (Debian, Ubuntu: sudo apt install %s)", packages);
        doctor_found(f, DOCTOR_WARN, text, remedy);
}

void doctor_check_view(const Host *h, DoctorFinding *f)
{
        check_helper(h->view_helper, "kurung-view", "Overlay=view does not work", "libfuse3-3", f);
        if (f->level == DOCTOR_OK && (h->fuse_device != HOST_DEVICE_OK || !h->kernel_overlay))
                doctor_found(f, DOCTOR_WARN,
                             "Overlay=view does not work without /dev/fuse and the kernel's overlay",
                             "see these");
}

void doctor_check_network(const Host *h, DoctorFinding *f)
{
        check_helper(h->net_helper, "kurung-net", "only --net=none and --net=host work",
                     "libslirp0 libc-ares2", f);
}

void doctor_check_seccomp(const Host *h, DoctorFinding *f)
{
        Error err = {0};
        char text[sizeof(f->what)];
        if (!h->seccomp) {
                doctor_found(f, DOCTOR_FAIL, "the kernel was built without CONFIG_SECCOMP_FILTER",
                             "use another kernel");
                return;
        }
        if (seccomp_check(&err) == 0) {
                doctor_found(f, DOCTOR_OK, "filters can be made and loaded", "");
                return;
        }
        char command[128];
        (void)snprintf(text, sizeof(text), "no filter can be made: %.200s", err.text);
        doctor_found(
                f, DOCTOR_FAIL, text,
                doctor_install_command("libseccomp2", "libseccomp", "libseccomp", command, sizeof(command)));
}
