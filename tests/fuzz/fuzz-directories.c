/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the bytes are a record of the host's directories. What is taken is found, printed and
 * taken again, the same. */
#include "changes/hostdirs.h"

#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(hostdirs_clear) HostDirs dirs = {0};
        CLEANUP(hostdirs_clear) HostDirs second = {0};
        CLEANUP_FREE char *text = fuzz_text(data, size), *printed = NULL, *again = NULL;
        size_t len;
        if (hostdirs_parse(text, size, &dirs) < 0)
                return 0;
        for (size_t i = 0; i < dirs.n; i++) {
                const HostDir *line = &dirs.items[i];
                if (line->path[0] != '/' || line->mode > 07777 || line->state > HOST_DIR_DOUBTFUL ||
                    hostdirs_find(&dirs, line->layer, line->path) != line)
                        abort();
        }
        if (fields_print(&hostdirs_fields, &dirs, &printed, &len) < 0)
                return 0;
        if (hostdirs_parse(printed, len, &second) < 0 ||
            fields_print(&hostdirs_fields, &second, &again, &len) < 0 || !str_eq(printed, again))
                abort();
        return 0;
}
