/* SPDX-License-Identifier: Apache-2.0 */
/* Runs "kurung PROFILE [ARG...]", the short form of "kurung run -p PROFILE". */
#include "cmd/command.h"
#include "front/profile.h"
#include "plan/host.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Reads the profile's Command=. @ret: owned; NULL: it has none. -ENOENT: there is no such profile. */
static int find_command(const char *profile, char **ret, Error *err)
{
        char here[PATH_MAX];
        CLEANUP_FREE char *home = NULL;
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP(profile_text_clear) ProfileText text = {0};
        Error missing = {0};
        if (!profile_name_is_valid(profile))
                return -ENOENT;
        int r = host_home(&home);
        if (r == 0)
                r = spec_init(&spec);
        if (r < 0)
                return error_no_memory(err);
        const ProfileContext ctx = {.home = home,
                                    .project = getcwd(here, sizeof(here)) ? here : NULL,
                                    .getenv = command_variable,
                                    .unchecked = true};
        if (profile_read(profile, &ctx, &text, &missing) == -ENOENT)
                return -ENOENT;
        r = profile_load(profile, &ctx, &spec, err);
        if (r < 0)
                return r;
        *ret = spec.command;
        spec.command = NULL;
        return 0;
}

/* Runs "run -p PROFILE -- [COMMAND] ARG...". */
static int run_words(int argc, char **argv, char *command)
{
        static char program[] = "kurung", run[] = "run", option[] = "-p", end[] = "--";
        CLEANUP_FREE char **words = calloc((size_t)argc + 6, sizeof(*words));
        Error err = {0};
        int n = 0;
        if (!words)
                return command_failed(&err, error_no_memory(&err));
        words[n++] = program;
        words[n++] = run;
        words[n++] = option;
        words[n++] = argv[0];
        words[n++] = end;
        if (command)
                words[n++] = command;
        for (int i = 1; i < argc; i++)
                words[n++] = argv[i];
        return cmd_run(n - 1, words + 1);
}

int cmd_short(int argc, char **argv)
{
        CLEANUP_FREE char *command = NULL;
        Error err = {0};
        int r = find_command(argv[0], &command, &err);
        if (r == -ENOENT && err.errnum == 0)
                return r;
        if (r == 0 && !command && argc > 1 && argv[1][0] == '-')
                r = error_set(
                        &err, EINVAL,
                        "'%.40s': options are not for the short form: kurung run -p %.64s [OPTIONS] COMMAND",
                        argv[1], argv[0]);
        return r < 0 ? command_failed(&err, r) : run_words(argc, argv, command);
}
