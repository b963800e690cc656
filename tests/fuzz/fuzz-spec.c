/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the bytes, split at NUL, are the lines of a kept sandbox's spec. What is taken is stored
 * and taken again, the same. */
#include "spec/keys.h"

#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP(spec_clear) Spec second = {0};
        CLEANUP_STRLIST StrList lines = {0}, stored = {0}, again = {0};
        CLEANUP_FREE char *text = fuzz_text(data, size);
        Error err = {0};
        for (const char *p = text; p < text + size; p += strlen(p) + 1)
                (void)strlist_add(&lines, p);
        if (spec_init(&spec) < 0 || spec_init(&second) < 0)
                return 0;
        int r = spec_restore(&lines, "record", &spec, &err);
        if (r < 0 && err.errnum != -r)
                abort();
        if (r < 0 || spec_store(&spec, &stored) < 0)
                return 0;
        if (spec_restore(&stored, "record", &second, &err) < 0 || spec_store(&second, &again) < 0 ||
            stored.n != again.n)
                abort();
        for (size_t i = 0; i < stored.n; i++)
                if (!str_eq(stored.items[i], again.items[i]))
                        abort();
        return 0;
}
