/* SPDX-License-Identifier: Apache-2.0 */
/* kurung discard. */
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "run/discard.h"

int cmd_discard(int argc, char **argv)
{
        CLEANUP_STRLIST StrList words = {0};
        Error err = {0};
        const CmdUsage usage = {"discard NAME...", "Remove kept sandboxes with all that they wrote.", NULL,
                                NULL, 0};
        int code = 0;
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 0 && words.n == 0)
                r = error_set(&err, EINVAL, "discard: which sandbox? \"kurung discard --help\" says more");
        for (size_t i = 0; r == 0 && i < words.n; i++) {
                Error why = {0};
                if (kept_discard(words.items[i], &why) < 0) {
                        log_error("%s", why.text);
                        code = why.exit_code;
                }
        }
        if (r < 0)
                log_error("%s", err.text);
        return r < 0 ? err.exit_code : code;
}
