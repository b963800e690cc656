/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the bytes are a kept sandbox's record, as text or as JSON. What is taken is printed and
 * taken again, the same. */
#include "state/kept_record.h"

#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        CLEANUP(kept_record_clear) KeptRecord second = {0};
        CLEANUP_FREE char *text = fuzz_text(data, size), *printed = NULL, *again = NULL;
        Error err = {0};
        size_t len;
        if (kept_record_parse(text, size, &record, &err) < 0)
                return 0;
        for (size_t i = 0; i < record.n_layers; i++)
                if (record.layers[i].dest[0] != '/' || strstr(record.layers[i].dest, "/../") ||
                    strchr(record.layers[i].name, '/'))
                        abort();
        if (kept_record_print(&record, &printed, &len, &err) < 0)
                return 0;
        if (kept_record_parse(printed, len, &second, &err) < 0 ||
            kept_record_print(&second, &again, &len, &err) < 0 || !str_eq(printed, again))
                abort();
        return 0;
}
