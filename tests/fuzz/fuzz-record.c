/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the bytes are a kept sandbox's record. */
#include "state/record.h"

#include "base/path.h"

#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        CLEANUP_FREE char *text = fuzz_text(data, size);
        Error err = {0};
        if (kept_record_parse(text, size, &record, &err) < 0)
                return 0;
        for (size_t i = 0; i < record.n_layers; i++)
                if (record.layers[i].dest[0] != '/' || strstr(record.layers[i].dest, "/../") ||
                    strchr(record.layers[i].name, '/'))
                        abort();
        return 0;
}
