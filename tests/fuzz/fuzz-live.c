/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the bytes are a running sandbox's record. What is taken is printed and taken again, the
 * same. */
#include "state/live_record.h"

#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(live_record_clear) LiveRecord record = LIVE_RECORD_NONE;
        CLEANUP(live_record_clear) LiveRecord second = LIVE_RECORD_NONE;
        CLEANUP_FREE char *text = fuzz_text(data, size), *printed = NULL, *again = NULL;
        size_t len;
        if (live_record_parse(text, size, &record) < 0)
                return 0;
        if (live_record_print(&record, &printed, &len) < 0)
                return 0;
        if (live_record_parse(printed, len, &second) < 0 || live_record_print(&second, &again, &len) < 0 ||
            !str_eq(printed, again) || record.payload.cwd[0] != '/' || record.payload.argv.n == 0)
                abort();
        return 0;
}
