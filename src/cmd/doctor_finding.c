/* SPDX-License-Identifier: Apache-2.0 */
/* Fills in the findings of the doctor's checks. */
#include "cmd/doctor_checks.h"

#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>

void doctor_found(DoctorFinding *f, DoctorLevel level, const char *what, const char *remedy)
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

const char *doctor_install_command(const char *debian, const char *fedora, const char *arch, char *out,
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
