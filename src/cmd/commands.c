/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the commands. */
#include "cmd/command.h"

const Command commands[] = {
        {"run", "run a command in a new sandbox", cmd_run, "@command"},
        {"shell", "start a login shell in a new sandbox", cmd_shell, "@command"},
        {"try", "run a command, show its changes, ask what to apply", cmd_try, "@command"},
        {"diff", "show the changes of a kept sandbox", cmd_diff, "@kept @file..."},
        {"apply", "apply the changes of a kept sandbox to this system", cmd_apply, "@kept @file..."},
        {"export", "pack the changes of a kept sandbox as an archive", cmd_export, "@kept @file..."},
        {"discard", "remove kept sandboxes", cmd_discard, "@kept..."},
        {"ps", "list running and kept sandboxes", cmd_ps, NULL},
        {"exec", "run another command in a running sandbox", cmd_exec, "@running @command"},
        {"stop", "stop running sandboxes", cmd_stop, "@running..."},
        {"inspect", "print details of a sandbox", cmd_inspect, "@sandbox"},
        {"image", "import, list and remove images for --root", cmd_image, "@verb"},
        {"profile", "list, show, check or trust profiles", cmd_profile, "@verb"},
        {"doctor", "check this machine for what kurung needs", cmd_doctor, NULL},
};
const size_t commands_n = ARRAY_LEN(commands);

const Command *command_find(const char *name)
{
        for (size_t i = 0; i < commands_n; i++)
                if (str_eq(name, commands[i].name))
                        return &commands[i];
        return NULL;
}
