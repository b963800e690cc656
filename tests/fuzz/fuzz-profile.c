/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the bytes are the text that is parsed. */
#include "front/profile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP_FREE char *extends = NULL;
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        const ProfileContext ctx = {.home = "/home/u"};
        (void)spec_init(&spec);
        (void)profile_parse_text("f", (const char *)data, size, &ctx, size % 2 == 0 ? PROFILE_NARROW : 0,
                                 &spec, &extends, &err);
        return 0;
}
