/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung stop". */
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/names.h"
#include "cmd/options.h"
#include "spec/values.h"
#include "state/live.h"

#define GRACE_DEFAULT_US 10000000
#define GRACE_MAX_US UINT64_C(86400000000)

static int stop(const char *name, uint64_t grace_us, Error *err)
{
        CLEANUP(live_clear) Live live = LIVE_NONE;
        char room[NAMES_ROOM];
        int r = names_complete_to_change(name, NAMES_RUNNING, room, &name, err);
        if (r >= 0)
                r = live_open(name, &live, err);
        return r < 0 ? r : live_stop(&live, (unsigned)(grace_us / 1000), err);
}

int cmd_stop(int argc, char **argv)
{
        CLEANUP_STRLIST StrList words = {0};
        Error err = {0};
        const char *time = NULL;
        uint64_t grace_us = GRACE_DEFAULT_US;
        const CmdOption options[] = {
                {"time", 't', "TIME", "time between SIGTERM and SIGKILL (default: 10s)", .value = &time},
        };
        const CmdUsage usage = {"stop [OPTIONS] NAME...",
                                "Stop running sandboxes. The command of each gets SIGTERM; after TIME, all "
                                "remaining\nprocesses are killed.",
                                NULL, options, ARRAY_LEN(options)};
        int code = 0;
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        if (r == 0 && words.n == 0)
                r = error_set(&err, EINVAL, "stop: no sandbox given; \"kurung ps\" lists running ones");
        if (r == 0 && time && (value_seconds(time, &grace_us) < 0 || grace_us > GRACE_MAX_US))
                r = error_set(&err, EINVAL,
                              "stop: --time=%.60s: must be a time of at most a day, such as 30s", time);
        if (r < 0)
                return command_failed(&err, r);
        for (size_t i = 0; i < words.n; i++) {
                Error why = {0};
                if (stop(words.items[i], grace_us, &why) < 0) {
                        log_error("%s", why.text);
                        code = why.exit_code;
                }
        }
        return code;
}
