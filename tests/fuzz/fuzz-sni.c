/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the first bytes of a stream. What is decided stays so, however many bytes follow. */
#include "net/sni.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char name[SNI_NAME_ROOM], first[SNI_NAME_ROOM];
        size_t len = 0, first_len = 0;
        SniResult decided = SNI_MORE;
        for (size_t n = 0; n <= size; n++) {
                /* A copy of just these bytes, so that reading behind them is seen. */
                uint8_t *copy = malloc(n + 1);
                if (!copy)
                        abort();
                if (n > 0)
                        memcpy(copy, data, n);
                uint8_t *exact = realloc(copy, n ? n : 1);
                SniResult r = sni_parse(exact ? exact : copy, n, name, &len);
                free(exact ? exact : copy);
                if (decided == SNI_MORE) {
                        decided = r;
                        if (r == SNI_NAME)
                                memcpy(first, name, first_len = len);
                } else if (r != decided ||
                           (r == SNI_NAME && (len != first_len || memcmp(name, first, len) != 0))) {
                        abort();
                }
                if (r == SNI_NAME && (len == 0 || len >= SNI_NAME_ROOM))
                        abort();
        }
        return 0;
}
