/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the bytes are the text that is parsed. */
#include "plan/host.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        SubRanges r;
        CLEANUP_FREE char *text = strndup((const char *)data, size);
        if (text && host_parse_subid(text, "user", 1000, &r) == 0 && r.n > HOST_RANGES_MAX)
                abort();
        return 0;
}
