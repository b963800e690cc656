/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the bytes are the text that is parsed. */
#include "plan/host.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        HostMount *m = NULL;
        size_t n = 0;
        CLEANUP_FREE char *text = strndup((const char *)data, size);
        if (text && host_parse_mountinfo(text, &m, &n) == 0)
                host_free_mounts(m, n);
        return 0;
}
